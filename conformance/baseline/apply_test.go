package baseline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/baseline"
	"fmaspec/conformance/record"
)

func today() time.Time { return time.Date(2027, 1, 31, 23, 59, 0, 0, time.UTC) }

// parsed reads a file of keys, each with what is said of it behind a bar:
// "key", or "key | until 2027-01-31".
func parsed(t *testing.T, lines ...string) *baseline.Baseline {
	t.Helper()
	var text strings.Builder
	for _, line := range lines {
		key, until, found := strings.Cut(line, " | until ")
		text.WriteString(key + "\n  reason: because\n  owner: us\n")
		if found {
			text.WriteString("  expires: " + until + "\n")
		}
	}
	b, err := baseline.Parse("f", strings.NewReader(text.String()))
	require.NoError(t, err)
	return b
}

// found is a finding of a check at /status in the first step of a case.
func found(check string, level record.Level) record.Finding {
	return record.Finding{Check: check, Requirement: "action.types", Level: level, Place: "/status", Want: "a string",
		Got: "7"}
}

// judged is a case with an outcome, and its findings.
func judged(id string, o record.Outcome, findings ...record.Finding) record.CaseResult {
	c := record.CaseResult{ID: id, Outcome: o, Proves: []string{"action.types"}}
	for _, f := range findings {
		f.Case, f.Key = id, fmt.Sprintf("%s %s#%d %s", f.Check, id, f.Step, f.Place)
		c.Findings = append(c.Findings, f)
	}
	if o == record.Errored || o == record.Skipped || o == record.NotApplicable || o == record.Inconclusive {
		c.Reason = "it rained"
	}
	return c
}

// suite is one that has some checks, and whose cases are not known.
func suite() baseline.Suite {
	return baseline.Suite{Checks: []baseline.Check{
		{Name: "types", Requirements: []string{"action.types"}},
		{Name: "times", Requirements: []string{"action.times"}},
		{Name: "own-input", Requirements: []string{"action.requestor", "action.sha1"}},
		{Name: "media-type", Requirements: []string{"response.media-type"}},
		{Name: "ids-fresh", Requirements: []string{"action.id"}, Across: true},
		{Name: "accepts"},
	}}
}

// ran is the report of a run on this machine of all cases, at every level.
func ran(cases ...record.CaseResult) *record.Report {
	r := &record.Report{Cases: cases, Suite: record.SuiteInfo{Cases: len(cases), Level: record.Inferred},
		Safety: record.SafetyInfo{Local: true}}
	asked := map[string]bool{}
	for _, c := range suite().Checks {
		for _, id := range append(c.Requirements, "action.types") {
			if !asked[id] {
				r.Requirements = append(r.Requirements,
					record.RequirementResult{Requirement: record.Requirement{ID: id}})
			}
			asked[id] = true
		}
	}
	t := &r.Totals
	for _, c := range cases {
		t.Total++
		t.Findings += len(c.Findings)
		*map[record.Outcome]*int{
			record.Passed: &t.Passed, record.Deviated: &t.Deviated, record.Failed: &t.Failed,
			record.Errored:      &t.Errored,
			record.Inconclusive: &t.Inconclusive, record.Skipped: &t.Skipped, record.NotApplicable: &t.NotApplicable,
		}[c.Outcome]++
	}
	switch {
	case t.Failed > 0:
		r.Verdict = record.NotConformant
	case t.Errored > 0:
		r.Verdict, r.Reason = record.Unjudged, "it rained"
	case t.Passed+t.Deviated == 0:
		r.Verdict, r.Reason = record.Unjudged, "no case was conclusive"
	default:
		r.Verdict = record.Conformant
	}
	return r
}

const (
	documented = record.Documented
	inferred   = record.Inferred
)

func TestApplyNamesEveryProblem(t *testing.T) {
	good := judged("a/good", record.Passed)
	bad := judged("a/bad", record.Failed, found("types", documented))
	odd := judged("a/odd", record.Deviated, found("types", inferred))
	const key = "types a/bad#0 /status"
	for _, row := range []struct {
		accepted []string
		run      *record.Report
		want     []string // kind, line and key of each problem, and the text behind a colon
		known    int
		verdict  record.Verdict
		reason   string
		why      string
	}{
		{nil, ran(good), nil, 0, record.Conformant, "", "nothing is accepted and nothing found"},
		{nil, ran(good, bad), []string{"new 0 " + key + ": it is not accepted; fix it, or add an entry with reason " +
			"and owner"},
			0, record.NotConformant, "", "a finding that nobody has accepted"},
		{[]string{key}, ran(good, bad), nil, 1, record.Conformant, "", "a finding that somebody has"},
		{nil, ran(good, odd), nil, 0, record.Conformant, "", "what does not fail the run need not be accepted"},
		{[]string{"types a/odd#0 /status"}, ran(good, odd), nil, 1, record.Conformant, "", "and may be"},
		{[]string{key + " | until 2027-01-31"}, ran(good, bad), nil, 1, record.Conformant, "",
			"the last day still counts"},
		{[]string{key + " | until 2027-01-30"}, ran(good, bad),
			[]string{"expired 1 " + key + ": it was accepted until 2027-01-30; fix it, or agree on a new date"},
			0, record.NotConformant, "", "the day after does not"},
		{[]string{"types a/good#0 /status | until 2027-01-30"}, ran(good),
			[]string{"expired 1 types a/good#0 /status: it was accepted until 2027-01-30, and the finding is gone; " +
				"remove the entry"},
			0, record.NotConformant, "", "an entry expires whether its finding is there or not"},
		{[]string{"types a/good#0 /status"}, ran(good),
			[]string{"vanished 1 types a/good#0 /status: the finding is gone; remove the entry"},
			0, record.NotConformant, "", "the case passed"},
		{[]string{key, "media-type a/bad#0 /status"}, ran(good, bad),
			[]string{"vanished 4 media-type a/bad#0 /status: the finding is gone; remove the entry"},
			1, record.NotConformant, "", "the case failed by another check"},
		{[]string{"types a/odd#1 /status"}, ran(good, odd),
			[]string{"vanished 1 types a/odd#1 /status: the finding is gone; remove the entry"},
			0, record.NotConformant, "", "the finding is in another answer"},
		{[]string{"type a/good#0 /status"}, ran(good),
			[]string{`unmatched 1 type a/good#0 /status: the suite has no check "type" (did you mean "types"?); correct or remove the entry`},
			0, record.NotConformant, "", "no such check"},
		{[]string{"types a/god#0 /status"}, ran(good),
			[]string{`unmatched 1 types a/god#0 /status: the suite has no case "a/god" (did you mean "a/good"?); correct or remove the entry`},
			0, record.NotConformant, "", "no such case"},
		{[]string{"types a/x#0 /status"}, ran(good, judged("a/x", record.Skipped)),
			[]string{"unmatched 1 types a/x#0 /status: its case was not judged (skipped: it rained); make sure that " +
				"it is, or remove the entry"},
			0, record.NotConformant, "", "the case was not sent"},
		{[]string{"types a/x#0 /status"}, ran(good, judged("a/x", record.NotApplicable)),
			[]string{"unmatched 1 types a/x#0 /status: its case was not judged (not-applicable: it rained); make " +
				"sure that it is, or remove the entry"},
			0, record.NotConformant, "", "the case needs something"},
		{[]string{"types a/x#0 /status"}, ran(good, judged("a/x", record.Inconclusive)),
			[]string{"unmatched 1 types a/x#0 /status: its case was not judged (inconclusive: it rained); make sure " +
				"that it is, or remove the entry"},
			0, record.NotConformant, "", "an answer that proves nothing does not show that the finding is gone"},
		{[]string{"types a/x#0 /status"}, ran(good, judged("a/x", record.Errored)),
			[]string{"unmatched 1 types a/x#0 /status: its case was not judged (errored: it rained); make sure that " +
				"it is, or remove the entry"},
			0, record.Unjudged, "it rained", "nor does one that could not be judged, and that is no verdict"},
		{[]string{"types a/x#0 /status"}, ran(good, judged("a/x", record.Inconclusive, found("types", inferred))), nil,
			1, record.Conformant, "", "what is found in an inconclusive case is found"},
		{[]string{key}, ran(good, bad, judged("a/x", record.Errored)), nil, 1, record.Unjudged,
			"1 of 3 cases could not be judged: it rained", "known failures hide no errors"},
		{nil, ran(good, bad, judged("a/x", record.Errored)),
			[]string{"new 0 " + key + ": it is not accepted; fix it, or add an entry with reason and owner"},
			0, record.NotConformant, "", "a new failure outweighs them, as in every run"},
		{[]string{key}, ran(bad), nil, 1, record.Conformant, "", "where all fails as is known, nothing fails " +
			"beyond it"},
		{[]string{key}, ran(judged("a/x", record.Inconclusive)),
			[]string{`unmatched 1 ` + key + `: the suite has no case "a/bad"; correct or remove the entry`}, 0,
			record.Unjudged, "no case was conclusive", "what the run cannot judge, its baseline cannot"},
		{nil, ran(good, judged("a/x", record.Failed)), nil, 0, record.Unjudged, "a/x failed without a finding in " +
			"the report", "a failure without a finding cannot be known"},
	} {
		was := row.run.Verdict
		parsed(t, row.accepted...).Apply(row.run, suite(), today())
		var got []string
		for _, p := range row.run.Baseline.Problems {
			got = append(got, fmt.Sprintf("%s %d %s: %s", p.Kind, p.Line, p.Key, p.Text))
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.why, diff)
		}
		b := row.run.Baseline
		if b.Known != row.known || b.Verdict != row.verdict || b.Reason != row.reason ||
			b.Entries != len(row.accepted) || b.File != "f" {
			t.Errorf("%s: want %d known, %s %q, got %d, %s %q", row.why, row.known, row.verdict, row.reason, b.Known,
				b.Verdict, b.Reason)
		}
		if row.run.Verdict != was {
			t.Errorf("%s: want the run's own verdict %s left alone, got %s", row.why, was, row.run.Verdict)
		}
	}
}

func TestApplyMarksEveryFindingOfAKey(t *testing.T) {
	f := found("types", documented)
	r := ran(judged("a/good", record.Passed), judged("a/bad", record.Failed, f, f, found("media-type", documented)))
	parsed(t, "types a/bad#0 /status | until 2027-02-28").Apply(r, suite(), today())
	want := &record.Known{Reason: "because", Owner: "us", Expires: "2027-02-28", Line: 1}
	for i, known := range []*record.Known{want, want, nil} {
		if diff := cmp.Diff(known, r.Cases[1].Findings[i].Known); diff != "" {
			t.Errorf("finding %d (-want +got):\n%s", i, diff)
		}
	}
	if r.Baseline.Known != 2 || len(r.Baseline.Problems) != 1 {
		t.Errorf("want 2 known and 1 new, got %+v", r.Baseline)
	}
	parsed(t).Apply(r, suite(), today())
	if r.Cases[1].Findings[0].Known != nil || r.Baseline.Known != 0 || len(r.Baseline.Problems) != 2 {
		t.Errorf("want nothing left of another file, and one problem a key, got %+v", r.Baseline)
	}
}

func TestApplyFollowsStrictness(t *testing.T) {
	r := ran(judged("a/good", record.Passed), judged("a/odd", record.Failed, found("types", inferred)))
	r.Suite.Strict = true
	parsed(t).Apply(r, suite(), today())
	if b := r.Baseline; b.Verdict != record.NotConformant || len(b.Problems) != 1 || b.Problems[0].Kind != "new" {
		t.Errorf("want an inferred requirement to count in a strict run, got %+v", b)
	}
}

func TestApplySortsProblemsByKindThenKey(t *testing.T) {
	r := ran(judged("a/good", record.Passed), judged("a/bad", record.Failed, found("types", documented),
		found("media-type", documented)))
	parsed(t, "types a/good#0 x", "types a/none#0 x", "times a/good#0 x", "own-input a/good#0 x | until "+
		"1999-01-01").Apply(r, suite(), today())
	var got []string
	for _, p := range r.Baseline.Problems {
		got = append(got, p.Kind+" "+p.Key)
	}
	want := []string{"expired own-input a/good#0 x", "new media-type a/bad#0 /status", "new types a/bad#0 /status",
		"unmatched types a/none#0 x",
		"vanished times a/good#0 x", "vanished types a/good#0 x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestANarrowedRunLeavesAloneWhatItCannotSee(t *testing.T) {
	const id, other = "b/first", "b/second"
	all := suite()
	all.Cases = []string{id, other, "b/third"}
	for _, row := range []struct {
		key  string
		mend func(*record.Report)
		want string // kind of the problem
		why  string
	}{
		{"types " + other + "#0 /status", nil, "", "its case was left out"},
		{"types " + id + "#0 /status", nil, "vanished", "its case was judged"},
		{"ids-fresh " + id + "#0 /id", nil, "", "the check compares the answers of all cases"},
		{"types " + id + "x#0 /status", nil, "unmatched", "the suite has no such case"},
		{"typos " + other + "#0 /status", nil, "unmatched", "the suite has no such check"},
		{"types " + other + "#0 /status | until 1999-01-31", nil, "expired", "the day is over all the same"},
		{"types " + id + "#0 /status", func(r *record.Report) { r.Requirements = r.Requirements[:0] }, "",
			"the level leaves out what the check is about"},
		{"accepts " + id + "#0 status", func(r *record.Report) { r.Cases[0].Proves = []string{"weaker"} }, "",
			"and here what the case is to prove"},
		{"accepts " + id + "#0 status", nil, "vanished", "a check of what the case is to prove"},
		{"types " + id + "#0 /status", func(r *record.Report) { r.Cases[0].Outcome = record.Skipped }, "",
			"its case was not judged, and need not be"},
	} {
		r := ran(judged(id, record.Passed), judged("a/good", record.Passed))
		r.Suite.Cases = len(all.Cases)
		if row.mend != nil {
			row.mend(r)
		}
		parsed(t, row.key).Apply(r, all, today())
		got := ""
		for _, p := range r.Baseline.Problems {
			got += p.Kind
		}
		if got != row.want {
			t.Errorf("%s: want %q, got %q: %s", row.key, row.want, got, row.why)
		}
	}
}

func TestAnInterruptedRunIsNoVerdictWhateverIsAccepted(t *testing.T) {
	r := ran(judged("a/good", record.Passed), judged("a/bad", record.Failed, found("types", documented)),
		judged("a/new", record.Failed, found("types", documented)), judged("a/x", record.Skipped))
	r.Interrupted, r.Verdict, r.Reason = true, record.Unjudged, "the run was interrupted"
	parsed(t, "types a/bad#0 /status", "types a/good#0 /status", "types a/x#0 /status").Apply(r, suite(), today())
	b := r.Baseline
	if b.Verdict != record.Unjudged || b.Reason != r.Reason || b.Known != 1 || len(b.Problems) != 1 ||
		b.Problems[0].Key != "types a/new#0 /status" {
		t.Errorf("want unjudged, one known, one new, and nothing of what had not come yet, got %+v", b)
	}
	r.Reason = ""
	parsed(t).Apply(r, suite(), today())
	if r.Baseline.Reason == "" {
		t.Error("want a reason, got none")
	}
}

func TestARunElsewhereIsJudgedAsFarAsItWasArmed(t *testing.T) {
	for _, row := range []struct {
		actions int
		verdict record.Verdict
		reason  string
		why     string
	}{
		{0, record.Unjudged, "no request that could take effect was sent, so no acceptance was seen; arm an " +
			"operation with -accept-risk, -machine and -sha1", "no acceptance was seen"},
		{4, record.Conformant, "only the cases that were sent were judged; 1 of 3 were not sent",
			"the rest was not sent"},
	} {
		r := ran(judged("a/good", record.Passed), judged("a/bad", record.Failed, found("types", documented)),
			judged("a/x", record.Skipped))
		r.Safety = record.SafetyInfo{MaxActions: row.actions}
		parsed(t, "types a/bad#0 /status").Apply(r, suite(), today())
		if b := r.Baseline; b.Verdict != row.verdict || b.Reason != row.reason {
			t.Errorf("%s: want %s %q, got %s %q", row.why, row.verdict, row.reason, b.Verdict, b.Reason)
		}
	}
}

func TestWithoutFailuresTheVerdictIsThatOfTheRun(t *testing.T) {
	for _, reason := range []string{"", "only the cases that were sent were judged"} {
		r := ran(judged("a/good", record.Passed))
		r.Reason = reason
		parsed(t).Apply(r, suite(), today())
		if b := r.Baseline; b.Verdict != r.Verdict || b.Reason != reason {
			t.Errorf("want %s %q, got %s %q", r.Verdict, reason, b.Verdict, b.Reason)
		}
	}
}

func TestAnOutcomeWithoutAReasonIsToldAsItIs(t *testing.T) {
	c := judged("a/x", record.Skipped)
	c.Reason = ""
	r := ran(judged("a/good", record.Passed), c)
	parsed(t, "types a/x#0 /status").Apply(r, suite(), today())
	want := "its case was not judged (skipped); make sure that it is, or remove the entry"
	if got := r.Baseline.Problems[0].Text; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestApplyDoesNotPanicOnAnEmptyReport(t *testing.T) {
	r := &record.Report{}
	parsed(t, "types a/bad#0 /status").Apply(r, baseline.Suite{}, time.Time{})
	if r.Baseline.Verdict != record.Unjudged {
		t.Errorf("want unjudged, got %+v", r.Baseline)
	}
	(&baseline.Baseline{}).Apply(r, suite(), time.Time{})
	if r.Baseline.Entries != 0 {
		t.Errorf("want the zero value to have no entry, got %+v", r.Baseline)
	}
}
