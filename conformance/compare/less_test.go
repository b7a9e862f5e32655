package compare_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/compare"
	"fmaspec/conformance/record"
)

// whole is a report by everything that a report can be judged by.
func whole() *record.Report {
	r := made(spec{id: "a", outcome: record.Passed}, steady())
	r.Suite.Strict, r.Suite.Repeat, r.Suite.Timeout = true, 3, "10s"
	r.Safety = record.SafetyInfo{Armed: []string{"requestSample", "stopAndQuarantineFile"}, MaxActions: 100}
	r.Operations = []record.OperationInfo{{ID: "requestSample"}, {ID: "stopAndQuarantineFile"}}
	for _, q := range []record.Requirement{{ID: "action.id", Level: record.Documented},
		{ID: "time.format", Level: record.Standard}, {ID: "error.body", Level: record.Inferred}} {
		r.Requirements = append(r.Requirements, record.RequirementResult{Requirement: q, State: "exercised",
			Outcome: record.Passed})
	}
	return r
}

func TestAReportThatWasJudgedByLessIsNoEvidence(t *testing.T) {
	t.Parallel()
	obtained := map[string]bool{}
	for _, row := range []struct {
		what    string
		change  func(old, current *record.Report)
		verdict compare.Verdict
		why     string
	}{
		{"cases", func(_, r *record.Report) { r.Cases = r.Cases[1:] }, compare.Regression,
			"a case was taken out of the report, and its counts still say that it is whole"},
		{"cases", func(_, r *record.Report) { r.Cases, r.Suite.Cases = r.Cases[1:], 1; r.Totals.Passed = 1 },
			compare.Regression, "the suite was made smaller"},
		{"cases", func(_, r *record.Report) { r.Cases, r.Suite.Run = r.Cases[1:], "^z$" }, compare.Regression,
			"a pattern chose fewer"},
		{"cases", func(_, r *record.Report) { r.Cases, r.Suite.Skip = r.Cases[1:], "^a$" }, compare.Regression,
			"a pattern left one out"},
		{"cases", func(_, r *record.Report) { r.Cases, r.Suite.Only = r.Cases[1:], []string{"z"} }, compare.Regression,
			"cases were chosen by name"},
		{"suite", func(_, r *record.Report) { r.Suite.Version = "0.2.0" }, compare.Unjudged,
			"another version may ask for less"},
		{"contract", func(_, r *record.Report) { r.Suite.Contract = "0123" }, compare.Unjudged,
			"another contract may ask for less"},
		{"fixtures", func(_, r *record.Report) { r.Suite.Fixtures = "0123" }, compare.Unjudged,
			"a case of the same name may ask for less"},
		{"level", func(_, r *record.Report) {
			r.Suite.Level, r.Requirements = record.Standard, r.Requirements[:2]
		}, compare.Unjudged, "what is inferred was not judged"},
		{"own-rules", func(_, r *record.Report) {
			r.Suite.OwnRules = []record.OwnRule{{Requirement: "error.form", Level: "off", Was: record.Inferred}}
		}, compare.Unjudged, "a requirement was not judged"},
		{"strict", func(_, r *record.Report) { r.Suite.Strict = false }, compare.Unjudged,
			"a deviation no longer fails"},
		{"repeat", func(_, r *record.Report) { r.Suite.Repeat = 2 }, compare.Unjudged, "what fails now and then was " +
			"looked for less often"},
		{"timeout", func(_, r *record.Report) { r.Suite.Timeout = "1m0s" }, compare.Unjudged,
			"a late answer is in time"},
		{"timeout", func(_, r *record.Report) { r.Suite.Timeout = "soon" }, compare.Unjudged,
			"nobody knows how long that is"},
		{"protocol", func(_, r *record.Report) { r.Target.Protocol = "HTTP/2" }, compare.Unjudged,
			"another protocol was judged"},
		{"insecure", func(_, r *record.Report) { r.Target.Insecure = true }, compare.Unjudged,
			"the certificate was not verified"},
		{"armed", func(_, r *record.Report) { r.Safety.Armed = r.Safety.Armed[:1] }, compare.Unjudged,
			"an operation was not sent what takes effect"},
		{"armed", func(_, r *record.Report) { r.Safety = record.SafetyInfo{} }, compare.Unjudged, "neither was"},
		{"armed", func(old, r *record.Report) {
			old.Safety = record.SafetyInfo{Local: true}
			r.Safety.Armed = r.Safety.Armed[:1]
		}, compare.Unjudged, "on this machine both were"},
		{"armed", func(_, r *record.Report) {
			r.Safety.MaxActions, r.Cases[0].Outcome, r.Cases[0].Reason = 1, record.Skipped, "the budget is used up"
		}, compare.Unjudged, "the budget left a case out"},
		{"requirements", func(_, r *record.Report) { r.Requirements = r.Requirements[1:] }, compare.Unjudged,
			"a requirement is missing"},
		{"requirements", func(_, r *record.Report) { r.Requirements[0].Level = record.Inferred }, compare.Unjudged,
			"a requirement became an inference"},
		{"requirements", func(_, r *record.Report) { r.Requirements[0].Waived = "not now" }, compare.Unjudged,
			"a requirement is waived"},
	} {
		obtained[row.what] = true
		old, current := whole(), whole()
		row.change(old, current)
		c := compare.Compare(old, current, compare.Options{})
		if c.Verdict != row.verdict {
			t.Errorf("%s: want %s, got %s: %s: %s", row.what, row.verdict, c.Verdict, c.Reason, row.why)
		}
		if row.verdict == compare.Unjudged && !strings.Contains(c.Reason, row.what+" (") {
			t.Errorf("%s: want it named, got %s: %s", row.what, c.Reason, row.why)
		}
		if c := compare.Compare(old, current,
			compare.Options{AcceptLess: []string{row.what}}); c.Verdict != compare.Same &&
			c.Verdict != compare.Changed {
			t.Errorf("%s: want it accepted, got %s: %s: %s", row.what, c.Verdict, c.Reason, row.why)
		}
		var others []string
		for _, less := range compare.Lesses() {
			if less.Name != row.what {
				others = append(others, less.Name)
			}
		}
		if c := compare.Compare(old, current, compare.Options{AcceptLess: others}); c.Verdict != row.verdict {
			t.Errorf("%s: want nothing else to accept it, got %s: %s", row.what, c.Verdict, row.why)
		}
	}
	docs, err := os.ReadFile("../../docs/reports.md")
	require.NoError(t, err)
	for _, less := range compare.Lesses() {
		require.NotEmpty(t, less.Doc)
		require.Contains(t, string(docs), "`"+less.Name+"`")
		if !obtained[less.Name] {
			t.Errorf("want %s obtained above", less.Name)
		}
	}
}

func TestAReportThatWasJudgedByMoreIsCompared(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		change func(old, current *record.Report)
		why    string
	}{
		{func(old, _ *record.Report) {
			old.Suite.Level, old.Requirements = record.Documented, old.Requirements[:1]
		}, "a stronger level before"},
		{func(old, _ *record.Report) { old.Suite.Strict = false }, "strict now"},
		{func(old, _ *record.Report) {
			old.Suite.OwnRules = []record.OwnRule{{Requirement: "error.form", Level: "off", Was: record.Inferred}}
		}, "without own rules now"},
		{func(old, _ *record.Report) { old.Suite.Repeat = 1 }, "asked more often"},
		{func(old, _ *record.Report) { old.Suite.Timeout = "1m0s" }, "less time"},
		{func(old, _ *record.Report) { old.Target.Insecure = true }, "a certificate that is verified now"},
		{func(old, _ *record.Report) { old.Cases, old.Suite.Run = old.Cases[1:], "^z$" }, "more cases"},
		{func(old, r *record.Report) { old.Suite.Run, r.Suite.Run = "a|z", "z|a" }, "another pattern that chose " +
			"the same"},
		{func(old, _ *record.Report) { old.Safety.Armed = old.Safety.Armed[:1] }, "armed for more"},
		{func(_, r *record.Report) { r.Safety.MaxActions = 20 }, "a smaller budget that was large enough"},
		{func(_, r *record.Report) { r.Safety = record.SafetyInfo{Local: true} }, "on this machine nothing has to " +
			"be armed"},
		{func(old, _ *record.Report) { old.Cases[0].Outcome = record.Skipped; old.Totals.Passed-- },
			"a case that is judged now"},
		{func(_, r *record.Report) {
			r.Requirements = append(r.Requirements, record.RequirementResult{Requirement: record.Requirement{ID: "new",
				Level: record.Documented}})
		}, "one requirement more"},
		{func(_, r *record.Report) { r.Requirements[2].Level = record.Standard }, "a requirement at a stronger level"},
	} {
		old, current := whole(), whole()
		row.change(old, current)
		if c := compare.Compare(old, current, compare.Options{}); c.Verdict != compare.Same &&
			c.Verdict != compare.Changed {
			t.Errorf("want it compared, got %s: %s: %s", c.Verdict, c.Reason, row.why)
		}
	}
}

func TestWhatBecameWorseIsToldBesideLess(t *testing.T) {
	t.Parallel()
	old, current := whole(), whole()
	current.Suite.Strict = false
	current.Cases[0].Outcome = record.Failed
	current.Cases[0].Findings = []record.Finding{found("types", "/id", "action.id", record.Documented)}
	c := compare.Compare(old, current, compare.Options{})
	require.Equal(t, compare.Regression, c.Verdict, c.Reason)
	require.True(t, slices.ContainsFunc(c.Different, func(d compare.Difference) bool {
		return d.What == "strict" &&
			d.Less && !d.Accepted
	}))
}
