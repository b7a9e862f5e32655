package compare_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/compare"
	"fmaspec/conformance/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// text is a comparison as people read it.
func text(t *testing.T, c *compare.Comparison) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, compare.Console(&b, c, compare.Style{Verbose: true}))
	return b.String()
}

// A spec is a case of a report that is made by hand.
type spec struct {
	id       string
	outcome  record.Outcome
	findings []record.Finding
	reason   string
}

// made is a report of such cases, whole unless it is changed.
func made(cases ...spec) *record.Report {
	r := &record.Report{
		Suite: record.SuiteInfo{Name: "fmaspec", Version: "0.1.0", Contract: strings.Repeat("c", 64),
			Fixtures: strings.Repeat("f", 64), Cases: len(cases), Level: record.Inferred, Repeat: 1},
		Target:  record.TargetInfo{URL: "http://127.0.0.1:8080", Name: "http://127.0.0.1:8080", Protocol: "HTTP/1.1"},
		Safety:  record.SafetyInfo{Local: true},
		Started: time.Date(2017, 12, 4, 13, 13, 26, 0, time.UTC), Verdict: record.Conformant,
	}
	for _, s := range cases {
		r.Cases = append(r.Cases, record.CaseResult{ID: s.id, Title: "Does " + s.id + ".", Operation: "requestSample",
			Outcome: s.outcome, Findings: s.findings, Reason: s.reason})
	}
	for _, c := range r.Cases {
		switch c.Outcome {
		case record.Passed:
			r.Totals.Passed++
		case record.Deviated:
			r.Totals.Deviated++
		case record.Failed:
			r.Totals.Failed++
		}
	}
	return r
}

func found(check, place, requirement string, level record.Level) record.Finding {
	return record.Finding{Key: check + " a#0 " + place, Case: "a", Check: check, Place: place, Requirement: requirement,
		Level: level, Want: "this", Got: "that"}
}

// steady keeps both reports judged, whatever the outcome of the case a.
func steady() spec { return spec{id: "z", outcome: record.Passed} }

func TestCompareTellsEveryKindOfChange(t *testing.T) {
	t.Parallel()
	const P, D, F, E = record.Passed, record.Deviated, record.Failed, record.Errored
	const I, S, N = record.Inconclusive, record.Skipped, record.NotApplicable
	one := []record.Finding{found("types", "/id", "action.types", record.Documented)}
	reworded := []record.Finding{found("types", "/id", "action.types", record.Documented)}
	reworded[0].Got = "something else"
	other := []record.Finding{found("types", "/sha1", "action.types", record.Documented)}
	elsewhere := []record.Finding{found("types", "/id", "action.id", record.Documented)}
	weak := []record.Finding{found("types", "/sha1", "action.id", record.Inferred)}
	item := []record.Finding{found("types", "/fileInstances/0/status", "action.types", record.Documented)}
	items := []record.Finding{found("types", "/fileInstances/3/status", "action.types", record.Documented),
		found("types", "/fileInstances/4/status", "action.types", record.Documented)}
	interrupted := func(old, current *record.Report) { current.Interrupted = true }
	elsewhereUnarmed := func(old, current *record.Report) { current.Safety = record.SafetyInfo{} }
	strict := func(old, current *record.Report) { current.Suite.Strict = true }
	narrowed := func(old, current *record.Report) { current.Suite.Cases = 348 }
	rows := []struct {
		old, new   record.Outcome // 0 where it is not there
		before     []record.Finding
		after      []record.Finding
		change     func(old, current *record.Report)
		want       compare.Kind // "" for no change
		regression bool
		why        string
	}{
		{P, F, nil, one, nil, compare.NewlyFailing, true, "it passed"},
		{D, F, weak, one, nil, compare.NewlyFailing, true, "it deviated"},
		{P, E, nil, nil, nil, compare.NoLongerJudged, true, "an error proves nothing"},
		{F, E, one, nil, nil, compare.NoLongerJudged, true, "nor of what failed"},
		{D, I, weak, nil, nil, compare.NoLongerJudged, true, "what is inconclusive proves nothing"},
		{P, S, nil, nil, nil, compare.NoLongerJudged, true, "what is not sent neither"},
		{P, N, nil, nil, nil, compare.NoLongerJudged, true, "a token that is missing hides what it is for"},
		{P, S, nil, nil, interrupted, compare.NotAsked, false, "the run did not come to it"},
		{P, E, nil, nil, interrupted, compare.NoLongerJudged, true, "it did come to this"},
		{P, S, nil, nil, elsewhereUnarmed, compare.NotAsked, false, "it could take effect there"},
		{P, I, nil, nil, elsewhereUnarmed, compare.NotAsked, false, "its control could"},
		{P, N, nil, nil, elsewhereUnarmed, compare.NoLongerJudged, true, "arming changes nothing about a token"},
		{P, 0, nil, nil, nil, compare.RemovedCase, true, "it was judged"},
		{S, 0, nil, nil, nil, compare.RemovedCase, false, "it was not"},
		{P, 0, nil, nil, narrowed, compare.RemovedCase, true, "it was left out, which is no evidence that it passes"},
		{F, F, one, other, nil, compare.ChangedReason, true, "another place is wrong"},
		{F, F, one, append(slices.Clone(one), weak...), nil, compare.ChangedReason, false,
			"what is added would not fail it"},
		{F, F, one, append(slices.Clone(one), weak...), strict, compare.ChangedReason, true, "but for a strict run"},
		{F, F, append(slices.Clone(one), other...), one, nil, compare.ChangedReason, false,
			"one is gone, none is added"},
		{F, F, one, elsewhere, nil, compare.ChangedReason, false, "the same place breaks another requirement"},
		{F, F, one, reworded, nil, "", false, "words are no difference"},
		{F, F, item, items, nil, "", false, "nor is which item of an array it is"},
		{F, F, one, append(slices.Clone(one), one...), nil, "", false, "nor how often it was met"},
		{D, D, weak, other, nil, compare.ChangedReason, false, "it deviates only"},
		{P, D, nil, weak, nil, compare.NewlyDeviating, false, "an inference is no promise"},
		{F, P, one, nil, nil, compare.NewlyPassing, false, "it is mended"},
		{F, D, append(slices.Clone(one), weak...), weak, nil, compare.NewlyPassing, false, "what failed is mended"},
		{D, P, weak, nil, nil, compare.NewlyPassing, false, "it no longer deviates"},
		{S, P, nil, nil, nil, compare.JudgedNow, false, "more is known"},
		{N, F, nil, one, nil, compare.JudgedNow, false, "nobody knows what it was before"},
		{S, N, nil, nil, nil, compare.UnjudgedOtherwise, false, "neither proves anything"},
		{S, E, nil, nil, nil, compare.UnjudgedOtherwise, false, "nor an error"},
		{S, S, nil, nil, nil, "", false, "the reason is prose"},
		{0, F, nil, one, nil, compare.NewCase, false, "it is not known what it was"},
		{P, P, nil, nil, nil, "", false, "nothing differs"},
	}
	obtained := map[compare.Kind]bool{}
	for _, row := range rows {
		specs := func(outcome record.Outcome, findings []record.Finding, reason string) []spec {
			if outcome == 0 {
				return []spec{steady()}
			}
			return []spec{{"a", outcome, findings, reason}, steady()}
		}
		old, current := made(specs(row.old, row.before, "one reason")...),
			made(specs(row.new, row.after, "another reason")...)
		if row.change != nil {
			row.change(old, current)
		}
		c := compare.Compare(old, current, compare.Options{})
		if row.want == "" {
			if len(c.Changes) != 0 {
				t.Errorf("%v → %v: want no change, got %+v: %s", row.old, row.new, c.Changes, row.why)
			}
			continue
		}
		obtained[row.want] = true
		if len(c.Changes) != 1 || c.Changes[0].Kind != row.want || c.Changes[0].Regression != row.regression ||
			c.Changes[0].Case != "a" {
			t.Errorf("%v → %v: want %s (regression %v), got %+v: %s", row.old, row.new, row.want, row.regression,
				c.Changes, row.why)
		}
		if want := map[bool]int{true: 1}[row.regression]; c.Totals.Regressions != want {
			t.Errorf("%v → %v: want %d regressions, got %d: %s", row.old, row.new, want, c.Totals.Regressions, row.why)
		}
	}
	unknown := compare.Compare(made(spec{"a", N, nil, "one reason"}, steady()), made(spec{"a", F, one, ""}, steady()),
		compare.Options{})
	if unknown.Verdict != compare.Unjudged || !strings.Contains(unknown.Reason, "1 case fails that the old report "+
		"did not judge") {
		t.Errorf("want no verdict where a case fails of which nothing is known, got %s: %s", unknown.Verdict,
			unknown.Reason)
	}
	for _, k := range compare.Kinds() {
		if !obtained[k.Kind] || k.Title == "" || k.Doc == "" {
			t.Errorf("want the kind %s explained and obtained above", k.Kind)
		}
		bad := false
		for _, row := range rows {
			bad = bad || row.want == k.Kind && row.regression
		}
		if bad == (k.Worsen == "never") {
			t.Errorf("%s: want it to be a regression %s, got %v above", k.Kind, k.Worsen, bad)
		}
	}
}

func TestEveryVerdictHasItsReason(t *testing.T) {
	t.Parallel()
	one := []record.Finding{found("types", "/id", "action.types", record.Documented)}
	pass, fail, skip := spec{id: "a", outcome: record.Passed}, spec{"a", record.Failed, one, ""},
		spec{id: "a", outcome: record.Skipped, reason: "the run was interrupted"}
	broken := spec{id: "a", outcome: record.Errored, reason: "connection refused"}
	for _, row := range []struct {
		old, new *record.Report
		change   func(old, current *record.Report)
		want     compare.Verdict
		reason   string
	}{
		{made(pass), made(pass), nil, compare.Same, "no difference"},
		{made(fail), made(pass), nil, compare.Changed, "1 case newly passing"},
		{made(pass, steady()), made(fail, steady()), nil, compare.Regression, "1 case newly failing"},
		{made(pass, spec{"b", record.Failed, one, ""}), made(fail, spec{id: "b", outcome: record.Passed}), nil,
			compare.Regression, "1 case newly failing; besides, 1 case newly passing"},
		{made(pass), made(broken), func(_, current *record.Report) { current.Reason = "connection refused" },
			compare.Unjudged, "the new report has no case that was judged: connection refused"},
		{made(broken), made(pass), nil, compare.Unjudged, "the old report has no case that was judged: it gives " +
			"no reason"},
		{made(), made(), nil, compare.Unjudged, "the old report has no case that was judged: it gives no reason"},
		{made(pass), made(steady()), nil, compare.Unjudged, "no case was judged in both reports"},
		{made(pass, steady()), made(skip, steady()), func(_, current *record.Report) { current.Interrupted = true },
			compare.Unjudged, "a run was interrupted; there is no regression in its part"},
		{made(skip, steady()), made(pass, steady()), func(old, _ *record.Report) { old.Interrupted = true },
			compare.Unjudged, "a run was interrupted; there is no regression in its part"},
		{made(pass, spec{id: "b", outcome: record.Passed}), made(fail, spec{id: "b", outcome: record.Skipped}),
			func(_, current *record.Report) {
				current.Interrupted = true
				current.Totals.Passed++ // another case of it, so that it is judged
			}, compare.Regression, "1 case newly failing; besides, 1 case not asked"},
	} {
		if row.change != nil {
			row.change(row.old, row.new)
		}
		c := compare.Compare(row.old, row.new, compare.Options{})
		if c.Verdict != row.want || c.Reason != row.reason {
			t.Errorf("want %s: %s, got %s: %s", row.want, row.reason, c.Verdict, c.Reason)
		}
	}
}

func TestWhatWasNotJudgedAlikeIsToldFirst(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		change func(*record.Report)
		want   string
	}{
		{func(r *record.Report) { r.Suite.Version = "0.2.0" }, "suite: fmaspec 0.1.0 → fmaspec 0.2.0"},
		{func(r *record.Report) { r.Suite.Contract = "0123" }, "contract: " + strings.Repeat("c", 64) + " → 0123"},
		{func(r *record.Report) { r.Suite.Fixtures = "0123" }, "fixtures: " + strings.Repeat("f", 64) + " → 0123"},
		{func(r *record.Report) { r.Suite.Level = record.Standard }, "level: inferred → standard"},
		{func(r *record.Report) { r.Suite.Strict = true }, "strict: false → true"},
		{func(r *record.Report) { r.Suite.Run = "valid" }, "run:  → valid"},
		{func(r *record.Report) { r.Suite.Skip = "auth" }, "skip:  → auth"},
		{func(r *record.Report) { r.Suite.Repeat = 3 }, "repeat: 1 → 3"},
		{func(r *record.Report) { r.Target.Protocol = "HTTP/2" }, "protocol: HTTP/1.1 → HTTP/2"},
		{func(r *record.Report) { r.Safety = record.SafetyInfo{} }, "armed: all, on this machine → nothing"},
		{func(r *record.Report) {
			r.Safety = record.SafetyInfo{Armed: []string{"requestSample"}, MaxActions: 4}
		}, "armed: all, on this machine → requestSample, at most 4"},
		{func(r *record.Report) { r.Suite.Cases = 2 }, "the new report has 1 of the 2 cases of its suite"},
		{func(r *record.Report) { r.Interrupted = true }, "the new run was interrupted, and its part is compared"},
	} {
		current := made(steady())
		row.change(current)
		c := compare.Compare(made(steady()), current, compare.Options{})
		got := slices.Clone(c.Notes)
		for _, d := range c.Different {
			require.NotEmpty(t, d.Means)
			got = append(got, fmt.Sprintf("%s: %s → %s", d.What, d.Old, d.New))
		}
		if len(got) != 1 || got[0] != row.want {
			t.Errorf("want %q, got %q", row.want, got)
		}
	}
	for _, same := range []func(*record.Report){
		func(r *record.Report) { r.Suite.Seed = "7f3a" }, func(r *record.Report) { r.Suite.Parallel = 2 },
		func(r *record.Report) { r.Started = time.Now() },
		func(r *record.Report) { r.Target.URL = "http://127.0.0.1:1" },
	} {
		current := made(steady())
		same(current)
		if c := compare.Compare(made(steady()), current, compare.Options{}); len(c.Different)+len(c.Notes) > 0 ||
			c.Verdict != compare.Same {
			t.Errorf("want no difference, got %+v %q", c.Different, c.Notes)
		}
	}
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	want, err := os.ReadFile(path)
	if *update && (err != nil || string(want) != got) {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		want, err = os.ReadFile(path)
	}
	require.NoError(t, err, "run the test with -update to write it")
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), rewrite with -update:\n%s", path, diff)
	}
}
