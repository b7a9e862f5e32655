package mutate

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/compare"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

func honest() http.Handler {
	return reference.New(reference.Config{Token: "test-token", UnprivilegedToken: "test-reader",
		UnknownMachine: unknownMachine})
}

// judged is the report on a server.
func judged(t *testing.T, h http.Handler, o conformance.Options) *record.Report {
	t.Helper()
	r, err := load(t).Run(t.Context(), conformance.Target{
		Handler: h, Token: "test-token", UnprivilegedToken: "test-reader", InvalidToken: "test-expired",
		UnknownMachine: unknownMachine,
	}, o)
	require.NoError(t, err)
	return r
}

// text is a comparison as people read it.
func text(t *testing.T, c *compare.Comparison) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, compare.Console(&b, c, compare.Style{Verbose: true}))
	return b.String()
}

func TestAServerBesideItselfShowsNoDifference(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite against many servers, twice each")
	}
	t.Parallel()
	const some = "^requestSample/(valid|state/accepts-(both|eight-at-once)|media|auth/refuses-user)|^stopAndQuarantineFile/(machine|body/refuses-(m|n))"
	for _, row := range []struct {
		times int
		o     conformance.Options
		why   string
	}{
		{50, conformance.Options{Run: some}, "time and again"},
		{3, conformance.Options{}, "with every case"},
		{1, conformance.Options{Repeat: 3, Parallel: 8}, "with repetitions"},
		{2, conformance.Options{Run: some, Parallel: 1}, "in turn"},
	} {
		first := judged(t, honest(), row.o)
		for range row.times {
			again := judged(t, honest(), row.o)
			c := compare.Compare(first, again, compare.Options{StrictShape: true})
			if c.Verdict != compare.Same || c.Totals.Answers < len(first.Cases) || c.Totals.Same != len(first.Cases) {
				t.Fatalf("want no difference, got one: %s\n%s", row.why, text(t, c))
			}
			first = again
		}
	}
}

func TestAServerWithHabitsOfItsOwnBesideItselfShowsNoDifference(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite against many servers, twice each")
	}
	t.Parallel()
	for _, name := range []string{
		"sequential-uuids", "uuid-version-1", "same-action-for-same-call", "documented-examples", "zips-when-asked",
		"cookies", "large-header",
		"many-headers", "rate-limit", "chunked", "closes-each-connection", "http-1.0", "inner-error", "graph-challenge",
		"answers-options", "many-instances",
	} {
		at := slices.IndexFunc(reference.Variants(), func(v reference.Variant) bool { return v.Name == name })
		require.GreaterOrEqual(t, at, 0, "want a variant %s", name)
		o := conformance.Options{Run: "^requestSample/(valid/accepts-(plain|gzip|.*example)|method/refuses-get|auth/refuses-missing)", Repeat: 2, Parallel: 8}
		wrap := reference.Variants()[at].Wrap
		c := compare.Compare(judged(t, wrap(honest()), o), judged(t, wrap(honest()), o),
			compare.Options{StrictShape: true})
		if c.Verdict != compare.Same {
			t.Errorf("%s: want no difference, got one:\n%s", name, text(t, c))
		}
	}
}

func TestAFaultyServerBesideItselfShowsNoDifference(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite against many servers, twice each")
	}
	t.Parallel()
	for _, name := range []string{"drops-id", "answers-200", "invents-status", "needs-no-comment"} {
		f, ok := reference.FindFault(name)
		require.True(t, ok, name)
		o := conformance.Options{Run: "^requestSample/(valid|body)/"}
		c := compare.Compare(judged(t, f.Wrap(honest()), o), judged(t, f.Wrap(honest()), o),
			compare.Options{StrictShape: true})
		if c.Verdict != compare.Same {
			t.Errorf("%s: want no difference, got one:\n%s", name, text(t, c))
		}
	}
}

func TestAPlantedFaultIsNamed(t *testing.T) {
	t.Parallel()
	f, ok := reference.FindFault("drops-id")
	require.True(t, ok)
	good, bad := judged(t, honest(), conformance.Options{}), judged(t, f.Wrap(honest()), conformance.Options{})
	c := compare.Compare(good, bad, compare.Options{})
	require.Equal(t, compare.Regression, c.Verdict, text(t, c))
	const id = "requestSample/valid/accepts-plain-request"
	at := slices.IndexFunc(c.Changes, func(x compare.Change) bool { return x.Case == id })
	require.GreaterOrEqual(t, at, 0)
	x := c.Changes[at]
	if x.Kind != compare.NewlyFailing || !x.Regression || x.Old != "passed" || x.New != "failed" {
		t.Errorf("want %s newly failing, got %+v", id, x)
	}
	if len(x.Added) != 1 || x.Added[0].Key != "members "+id+"#0 /id" || len(x.Gone) != 0 {
		t.Errorf("want the key of one finding, got %+v", x.Added)
	}
	if slices.ContainsFunc(c.Shapes, func(s compare.Shape) bool { return s.Place == "/id" }) {
		t.Errorf("want no shape where there is a finding, got %+v", c.Shapes)
	}

	back := compare.Compare(bad, good, compare.Options{})
	if back.Verdict != compare.Changed || len(back.Changes) != len(c.Changes) ||
		back.Changes[0].Kind != compare.NewlyPassing || back.Totals.Regressions != 0 {
		t.Errorf("want the way back to be none, got %s", text(t, back))
	}
}

func TestADriftedMockReadsAsFewLines(t *testing.T) {
	t.Parallel()
	variant := func(h http.Handler, name string) http.Handler {
		at := slices.IndexFunc(reference.Variants(), func(v reference.Variant) bool { return v.Name == name })
		require.GreaterOrEqual(t, at, 0, name)
		return reference.Variants()[at].Wrap(h)
	}
	mock := honest()
	for _, name := range []string{"422-for-400", "etag", "charset", "status-pending", "bare-challenge",
		"extra-instance-members"} {
		mock = variant(mock, name)
	}
	c := compare.Compare(judged(t, honest(), conformance.Options{}), judged(t, mock, conformance.Options{}),
		compare.Options{})
	require.Equal(t, compare.Changed, c.Verdict, text(t, c))
	var got []string
	for _, s := range c.Shapes {
		require.Equal(t, []string{"requestSample", "stopAndQuarantineFile"}, s.Operations, s.Place)
		require.True(t, slices.IsSorted(s.Cases))
		got = append(got, fmt.Sprintf("%s %s: %s → %s %v", s.What, s.Place, strings.Join(s.Old, "|"),
			strings.Join(s.New, "|"), s.Statuses))
	}
	want := []string{
		"status status: 400 → 422 []",
		`header header Content-Type: "application/json" → "application/json; charset=utf-8" [201]`,
		"member /fileInstances/*/error: absent → null [201]",
		"member /fileInstances/*/size: absent → number [201]",
		`value /fileInstances/*/status: "InProgress" → "InProgress"|"Pending" [201]`,
		`value /status: "InProgress" → "Pending" [201]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	strict := compare.Compare(judged(t, honest(), conformance.Options{}), judged(t, mock, conformance.Options{}),
		compare.Options{StrictShape: true})
	if strict.Verdict != compare.Regression || strict.Totals.Regressions != len(want) {
		t.Errorf("want a regression of %d, got %s %d", len(want), strict.Verdict, strict.Totals.Regressions)
	}
}
