// Package conformancetest judges an implementation inside its owner's own
// "go test", one subtest a case.
package conformancetest

import (
	"cmp"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
)

// Run judges the target by the suite's own cases, each in a subtest named by its
// id, so that "go test -run" selects cases. Tokens that the target does not
// name are taken from FMASPEC_TOKEN, FMASPEC_UNPRIVILEGED_TOKEN,
// FMASPEC_SECURITY_ADMIN_TOKEN, FMASPEC_GLOBAL_ADMIN_TOKEN and FMASPEC_INVALID_TOKEN. A case that breaks a documented or standard requirement
// fails; one that breaks an inferred requirement logs it and passes. A case that
// proves nothing, or needs what the target does not name, is skipped. Where
// nothing is conclusive, the test fails.
//
// Where cases fail, the test itself says first what is wrong: panics of the
// handler, the probable cause, and the requirements that were broken. What was sent
// and what came is told once for each problem, in the subtest that shows it most
// plainly; the others name that one.
//
// A target with a URL needs "go test -count=1": "go test" does not know that the
// server behind a URL has changed, and would repeat an old result. A handler is
// part of the test, so that "go test" knows when it has changed.
func Run(t *testing.T, target conformance.Target) {
	t.Helper()
	RunWith(t, target, conformance.Options{})
}

// RunWith is [Run] with options, and with other sources of cases than the suite's
// own, which is [conformance.BuiltIn]. What the options select, "go test -run"
// narrows further; the controls of selected cases are sent in any event.
func RunWith(t *testing.T, target conformance.Target, options conformance.Options, sources ...conformance.Source) {
	t.Helper()
	if target.Handler == nil && cached() {
		t.Fatalf("fmaspec: nothing was sent: go test may repeat an old result for %s, since it does not know when the server there changes; say go test -count=1", cmp.Or(term.Safe(target.URL), "a URL"))
	}
	suite, err := conformance.Load(conformance.Contract{}, sources...)
	if err != nil {
		t.Fatalf("fmaspec: %s", term.Lines(err.Error()))
	}
	target.Token = cmp.Or(target.Token, os.Getenv("FMASPEC_TOKEN"))
	target.UnprivilegedToken = cmp.Or(target.UnprivilegedToken, os.Getenv("FMASPEC_UNPRIVILEGED_TOKEN"))
	target.SecurityAdminToken = cmp.Or(target.SecurityAdminToken, os.Getenv("FMASPEC_SECURITY_ADMIN_TOKEN"))
	target.GlobalAdminToken = cmp.Or(target.GlobalAdminToken, os.Getenv("FMASPEC_GLOBAL_ADMIN_TOKEN"))
	target.InvalidToken = cmp.Or(target.InvalidToken, os.Getenv("FMASPEC_INVALID_TOKEN"))
	cases, err := suite.Select(options)
	if err != nil {
		t.Fatalf("fmaspec: %s", term.Lines(err.Error()))
	}
	options.Run, options.Skip = "", ""
	judge := func(t *testing.T, only ...string) *judged {
		t.Helper()
		options := options
		options.Only = only
		whole, err := suite.Run(t.Context(), target, options)
		if err != nil {
			t.Fatalf("fmaspec: %s", term.Lines(err.Error()))
		}
		return newJudged(whole, only)
	}
	// The selected cases are sent in one run, side by side, before the first subtest:
	// what is to be known of all of them comes first.
	var only []string
	chosen := selection()
	for _, c := range cases {
		if chosen.selects(t.Name() + "/" + c.ID) {
			only = append(only, c.ID)
		}
	}
	var all *judged
	if len(only) > 0 {
		all = judge(t, only...)
		all.summary(t, only)
	}
	run := func(id string) {
		t.Run(id, func(t *testing.T) {
			if !slices.Contains(only, id) {
				judge(t, id).tell(t, id)
				return
			}
			all.tell(t, id)
		})
	}
	// What shows a problem most plainly comes before what only names it.
	var first []string
	if all != nil {
		first = all.grouped.First()
	}
	for _, id := range first {
		run(id)
	}
	for _, c := range cases {
		if !slices.Contains(first, c.ID) {
			run(c.ID)
		}
	}
}

// cached reports whether "go test" may repeat the result of this run without a
// run: it passes this flag exactly then.
func cached() bool {
	f := flag.Lookup("test.testlogfile")
	return f != nil && f.Value.String() != ""
}

// A judged is a report whose cases are told in subtests.
type judged struct {
	report  *record.Report
	grouped *report.Grouped
	cases   map[string]record.CaseResult
}

// newJudged groups the cases that have a subtest.
func newJudged(r *record.Report, only []string) *judged {
	j := &judged{r, report.Group(r, only...), map[string]record.CaseResult{}}
	for _, c := range r.Cases {
		j.cases[c.ID] = c
	}
	return j
}

// summary says what is to be known before the subtests. only are the cases that
// have one.
func (j *judged) summary(t *testing.T, only []string) {
	t.Helper()
	r := j.report
	found, failed := false, false
	for _, c := range r.Cases {
		found = found || c.Outcome == record.Failed
		failed = failed || found || c.Outcome == record.Errored
	}
	unjudged := r.Verdict == record.Unjudged && r.Totals.NotApplicable < r.Totals.Total
	text := "\n" + report.Summary(r, report.Style{})
	switch {
	case failed || unjudged:
		if found && len(only) > 1 {
			text += "\neach problem is told in full in one of the subtests below, and the others name that one"
		}
		t.Error(text)
	case len(r.Panics) > 0: // where no answer was waited for
		t.Log(text)
	}
	for _, c := range r.Cases {
		if c.Outcome == record.Failed && !slices.Contains(only, c.ID) {
			// A control that was not selected itself decides what the others prove.
			t.Errorf("the control of selected cases\n%s", report.FindingText(c, r, report.Style{}))
		}
	}
}

// tell makes the outcome of a case that of its subtest.
func (j *judged) tell(t *testing.T, id string) {
	t.Helper()
	c, there := j.cases[id]
	if !there {
		t.Fatalf("the case is not in the report; this is a fault of fmaspec")
	}
	switch c.Outcome {
	case record.Failed:
		t.Error(j.text(t, id))
	case record.Errored:
		if len(j.cases) > 1 && strings.Contains(j.report.Reason, c.Reason) {
			t.Skip(term.Safe(c.Reason)) // the test above fails for it, and says it once
		}
		text, whole := j.grouped.Text(id, report.Style{})
		if whole {
			text = term.Safe(c.Reason) + "\n" + text
		}
		t.Errorf("could not be judged: %s", text)
	case record.Deviated:
		t.Log(j.text(t, id))
	case record.Skipped, record.NotApplicable, record.Inconclusive:
		t.Skip(term.Safe(c.Reason))
	}
}

// text is what a subtest says of its case: all of it, with the command that runs it
// again, or a line that names the subtest which does.
func (j *judged) text(t *testing.T, id string) string {
	text, whole := j.grouped.Text(id, report.Style{})
	if whole {
		return "\n" + text + "\n" + again(t)
	}
	return text
}

// again is the command that sends the case of this subtest once more.
func again(t *testing.T) string {
	parts := strings.Split(t.Name(), "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return "  here    go test -run '" + strings.Join(parts, "/") + "'"
}
