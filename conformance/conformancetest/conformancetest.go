// Package conformancetest judges an implementation inside its owner's own
// "go test", with one subtest per case.
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
	"fmaspec/conformance/generate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
)

// generateVariable is the variable that turns generated cases off, with the value "none".
const generateVariable = "FMASPEC_GENERATE"

// Run judges the target by the suite's own cases, each in a subtest with its id as name, so
// that "go test -run" selects cases. Tokens that the target does not name are taken from
// FMASPEC_TOKEN, FMASPEC_UNPRIVILEGED_TOKEN, FMASPEC_SECURITY_ADMIN_TOKEN,
// FMASPEC_GLOBAL_ADMIN_TOKEN and FMASPEC_INVALID_TOKEN. A case that breaks a documented or
// standard requirement fails; one that breaks an inferred requirement logs it and passes. A
// case that proves nothing, or needs a setting that the target lacks, is skipped. If nothing
// is conclusive, the test fails. If cases fail, the test itself first reports the summary:
// panics of the handler, the probable cause, and the broken requirements. Request and response
// are logged once for each problem, in the subtest that shows it most directly; the others
// name that one.
//
// A handler, and a target on this machine, is sent generated cases too, as by fmaspec run;
// "go test -short", or FMASPEC_GENERATE=none, leaves them out.
//
// A target with a URL needs "go test -count=1": "go test" does not know that the server behind
// a URL has changed, and would repeat a cached result. A handler is part of the test, so "go
// test" knows when it has changed.
func Run(t *testing.T, target conformance.Target) {
	t.Helper()
	RunWith(t, target, conformance.Options{})
}

// RunWith is [Run] with options, and with other sources of cases than [conformance.BuiltIn].
// "go test -run" narrows the selection of the options further; the controls of selected cases
// are always sent. The test fails where the coverage is below Options.MinCoverage, apart from what
// the cases show; a selection by "go test -run" is not measured.
func RunWith(t *testing.T, target conformance.Target, options conformance.Options, sources ...conformance.Source) {
	t.Helper()
	if target.Handler == nil && cached() {
		t.Fatalf("fmaspec: nothing was sent: go test may repeat a cached result for %s, because it does not know "+
			"when the server there changes; run go test -count=1", cmp.Or(term.Safe(target.URL), "a URL"))
	}
	suite, err := conformance.Load(conformance.Contract{}, sources...)
	if err != nil {
		t.Fatalf("fmaspec: %s", term.Lines(err.Error()))
	}
	if target.Local() && !testing.Short() && os.Getenv(generateVariable) != "none" {
		with, err := generate.Coverage(suite)
		if err != nil {
			t.Fatalf("fmaspec: %s", term.Lines(err.Error()))
		}
		suite = with.Suite
	}
	for _, k := range conformance.Tokens() {
		*k.In(&target) = cmp.Or(*k.In(&target), os.Getenv(k.Env()))
	}
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
	// The selected cases are sent in one run, in parallel, before the first subtest, because the
	// summary comes first.
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
	if all != nil && len(only) == len(cases) && all.report.Coverage.Fails() {
		t.Errorf("less was met than the %d %% that MinCoverage asks for\n%s", options.MinCoverage,
			report.Coverage(all.report, report.Style{}))
	}
	run := func(id string) {
		t.Run(id, func(t *testing.T) {
			if !slices.Contains(only, id) {
				judge(t, id).apply(t, id)
				return
			}
			all.apply(t, id)
		})
	}
	// Cases that show a problem come before those that only name it.
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

// cached reports whether "go test" may cache the result of this run: it passes this flag
// exactly then.
func cached() bool {
	f := flag.Lookup("test.testlogfile")
	return f != nil && f.Value.String() != ""
}

// A judged is a report whose cases are reported in subtests.
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

// summary reports the result before the subtests. only are the cases that have one.
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
			text += "\neach problem is reported in full in one of the subtests below, and the others name that one"
		}
		t.Error(text)
	case len(r.Panics) > 0: // if no answer was awaited
		t.Log(text)
	}
	for _, c := range r.Cases {
		if c.Outcome == record.Failed && !slices.Contains(only, c.ID) {
			// An unselected control decides what the selected cases prove.
			t.Errorf("the control of selected cases\n%s", report.FindingText(c, r, report.Style{}))
		}
	}
}

// apply gives the subtest the outcome of its case.
func (j *judged) apply(t *testing.T, id string) {
	t.Helper()
	c, there := j.cases[id]
	if !there {
		t.Fatalf("the case is not in the report; this is a bug of fmaspec")
	}
	switch c.Outcome {
	case record.Failed:
		t.Error(j.text(t, id))
	case record.Errored:
		if len(j.cases) > 1 && strings.Contains(j.report.Reason, c.Reason) {
			t.Skip(term.Safe(c.Reason)) // the parent test fails for it, once
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

// text returns the message of a subtest: the full description with the command that runs it
// again, or a line with the name of the subtest that has it.
func (j *judged) text(t *testing.T, id string) string {
	text, whole := j.grouped.Text(id, report.Style{})
	if whole {
		return "\n" + text + "\n" + again(t)
	}
	return text
}

// again returns the command that runs the case of this subtest again.
func again(t *testing.T) string {
	parts := strings.Split(t.Name(), "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return "  here    go test -run '" + strings.Join(parts, "/") + "'"
}
