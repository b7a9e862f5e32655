package conformance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// shards runs a suite against a handler in parts, and whole.
func shards(t *testing.T, s *conformance.Suite, h http.Handler, of int) (parts []*record.Report, whole *record.Report) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	it := target(nil)
	it.URL = server.URL
	o := conformance.Options{Seed: "shards", Run: "/(valid|body|auth|state)/"}
	run := func(o conformance.Options) *record.Report {
		r, err := s.Run(t.Context(), it, o)
		require.NoError(t, err)
		return written(t, r)
	}
	for i := range of {
		o.Shard = conformance.Shard{Index: i + 1, Of: of}
		parts = append(parts, run(o))
	}
	o.Shard = conformance.Shard{}
	return parts, run(o)
}

// withoutTimes returns a report without what differs from run to run: times, and the values of
// answers.
func withoutTimes(r *record.Report) *record.Report {
	out := *r
	out.Started, out.Elapsed, out.Merged = time.Time{}, 0, nil
	out.Cases = nil
	for _, c := range r.Cases {
		for i := range c.Findings {
			c.Findings[i].Got = ""
		}
		for i := range c.Exchanges {
			x := &c.Exchanges[i]
			x.Started, x.Elapsed, x.Response = time.Time{}, 0, nil
		}
		out.Cases = append(out.Cases, c)
	}
	return &out
}

func TestMergedShardsAreTheWhole(t *testing.T) {
	t.Parallel()
	s := load(t)
	for name, h := range map[string]http.Handler{
		"honest": honest(),
		"one id for all": reference.New(reference.Config{Token: token, UnprivilegedToken: unprivileged,
			NewID: func() string { return "5382f7ea-7557-4ab7-9782-d50480024a4e" }}),
		"no id": withoutID(honest()),
	} {
		parts, whole := shards(t, s, h, 4)
		cases := 0
		for _, p := range parts {
			require.NotEmpty(t, p.Cases)
			require.Less(t, len(p.Cases), len(whole.Cases))
			require.Contains(t, p.Suite.Shard, "/4")
			cases += len(p.Cases)
		}
		require.Greater(t, cases, len(whole.Cases), "controls are sent in each shard that needs them")
		merged, err := s.Merge(parts)
		require.NoError(t, err)
		require.Equal(t, 4, merged.Merged.Shards)
		require.NotEmpty(t, merged.Merged.Apart, "clocks of two machines are not compared")
		require.Equal(t, name == "no id" || name == "one id for all", whole.Totals.Findings > 0, name)
		require.Equal(t, withoutTimes(whole), withoutTimes(written(t, merged)), name)
	}
	ruled, err := s.WithRules(record.OwnRule{Requirement: "refusal.status-body", Statuses: []int{422}, Reason: "r"})
	require.NoError(t, err)
	parts, whole := shards(t, ruled, honest(), 2)
	merged, err := s.Merge(parts)
	require.NoError(t, err)
	require.Equal(t, record.NotConformant, merged.Verdict)
	require.Equal(t, withoutTimes(whole), withoutTimes(written(t, merged)), "want the own rules of the shards")
}

// withoutID takes the id out of each answer.
func withoutID(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		io.WriteString(w, strings.Replace(answer.Body.String(), `"id"`, `"identity"`, 1))
	})
}

func TestWhatCannotBeMerged(t *testing.T) {
	t.Parallel()
	s := load(t)
	parts, whole := shards(t, s, honest(), 2)
	other := *parts[1]
	other.Suite.Seed = "another"
	three := *parts[1]
	three.Suite.Shard = "2/3"
	old := *parts[1]
	old.Suite.Fixtures = strings.Repeat("0", 64)
	ruled := *parts[1]
	ruled.Suite.OwnRules = []record.OwnRule{{Requirement: "error.form", Level: "off",
		Was: record.Inferred, Reason: "r"}}
	for _, row := range []struct {
		shards []*record.Report
		says   string
	}{
		{nil, "there are no reports"},
		{[]*record.Report{whole}, "a report is of no shard; write those to merge by fmaspec run -shard I/N"},
		{parts[:1], "the report of shard 2/2 is missing, and that of 1/2 is there"},
		{[]*record.Report{parts[0], parts[0]}, "two reports are of the shard 1/2"},
		{[]*record.Report{parts[0], &other}, `differ in their seed, "shards" and "another"`},
		{[]*record.Report{parts[0], &three}, "one report is of a shard of 2, and another of 3"},
		{[]*record.Report{parts[0], &old}, "the report is of fixtures 0000"},
		{[]*record.Report{parts[0], &ruled}, `differ in their own rules, "" and "error.form is off in place of inferred"`},
	} {
		_, err := s.Merge(row.shards)
		var misuse *conformance.UsageError
		require.ErrorAs(t, err, &misuse)
		require.ErrorContains(t, err, row.says)
	}
	_, err := s.Verify(parts[0])
	require.NoError(t, err, "a shard is a run, and can be verified")
	merged, err := s.Merge(parts)
	require.NoError(t, err)
	_, err = s.Verify(merged)
	require.ErrorContains(t, err, "merged from those of shards; verify each of them")
	_, err = s.Select(conformance.Options{Shard: conformance.Shard{Index: 3, Of: 2}})
	require.ErrorContains(t, err, "shard 3 of 2: there is no such part")
}
