// Package conformancetest judges an implementation inside its owner's own
// "go test", one subtest a case.
package conformancetest

import (
	"cmp"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fmaspec/conformance"
	"fmaspec/conformance/report"
)

// Run judges the target by the suite's own cases, each in a subtest named by its
// id, so that "go test -run" selects cases. Tokens that the target does not
// name are taken from FMASPEC_TOKEN, FMASPEC_UNPRIVILEGED_TOKEN and
// FMASPEC_INVALID_TOKEN. A case that breaks a documented or standard requirement
// fails; one that breaks an inferred requirement logs it and passes. A case that
// proves nothing, or needs what the target does not name, is skipped. Where
// nothing is conclusive, the test fails.
func Run(t *testing.T, target conformance.Target) {
	t.Helper()
	RunWith(t, target, conformance.Options{})
}

// RunWith is [Run] with options, and with other sources of cases than the suite's
// own, which is [conformance.BuiltIn]. What the options select, "go test -run"
// narrows further; the controls of selected cases are sent in any event.
func RunWith(t *testing.T, target conformance.Target, options conformance.Options, sources ...conformance.Source) {
	t.Helper()
	suite, err := conformance.Load(sources...)
	if err != nil {
		t.Fatalf("fmaspec: %v", err)
	}
	target.Token = cmp.Or(target.Token, os.Getenv("FMASPEC_TOKEN"))
	target.UnprivilegedToken = cmp.Or(target.UnprivilegedToken, os.Getenv("FMASPEC_UNPRIVILEGED_TOKEN"))
	target.InvalidToken = cmp.Or(target.InvalidToken, os.Getenv("FMASPEC_INVALID_TOKEN"))
	cases, err := suite.Select(options)
	if err != nil {
		t.Fatalf("fmaspec: %v", err)
	}
	// A subtest that "go test -run" selects reports here and then waits, so that
	// the selected cases are sent in one run, side by side.
	var only []string
	results := map[string]conformance.CaseResult{}
	var whole *conformance.Report
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			only = append(only, c.ID)
			t.Parallel()
			if whole == nil {
				t.Skip("not sent; the test above this one failed and says why")
			}
			tell(t, whole, results[c.ID])
		})
	}
	if len(only) == 0 {
		return
	}
	options.Run, options.Skip, options.Only = "", "", only
	whole, err = suite.Run(t.Context(), target, options)
	if err != nil {
		t.Fatalf("fmaspec: %v", err)
	}
	for _, c := range whole.Cases {
		results[c.ID] = c
	}
	for _, c := range whole.Cases {
		if c.Outcome == conformance.Failed && !slices.Contains(only, c.ID) {
			// A control that was not selected itself decides what the others prove.
			t.Errorf("the control of selected cases\n%s", report.FindingText(c, whole, report.Style{}))
		}
	}
	if whole.Verdict == conformance.Unjudged && whole.Totals.NotApplicable < whole.Totals.Total {
		t.Errorf("fmaspec could not judge: %s", whole.Reason)
	}
}

// tell makes the outcome of a case that of its subtest.
func tell(t *testing.T, whole *conformance.Report, c conformance.CaseResult) {
	t.Helper()
	switch c.Outcome {
	case conformance.Failed:
		t.Errorf("\n%s\n%s", report.FindingText(c, whole, report.Style{}), again(t))
	case conformance.Errored:
		t.Errorf("could not be judged: %s", c.Reason)
	case conformance.Deviated:
		t.Logf("\n%s\n%s", report.FindingText(c, whole, report.Style{}), again(t))
	case conformance.Skipped, conformance.NotApplicable, conformance.Inconclusive:
		t.Skip(c.Reason)
	}
}

// again is the command that sends the case of this subtest once more.
func again(t *testing.T) string {
	parts := strings.Split(t.Name(), "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return "  here    go test -run '" + strings.Join(parts, "/") + "'"
}
