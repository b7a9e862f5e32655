package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

func TestConsoleOfABaselineEndsWithWhatBothComeTo(t *testing.T) {
	problem := func(kind string) record.BaselineProblem {
		return record.BaselineProblem{Kind: kind, Key: "types a/b#0 /status"}
	}
	for _, row := range []struct {
		result record.BaselineResult
		want   string
		why    string
	}{
		{record.BaselineResult{Verdict: record.Conformant, Known: 12}, "conformant with f: 12 known findings",
			"the gate is green though the run failed"},
		{record.BaselineResult{Verdict: record.Conformant, Reason: "1 of 3 were not sent"},
			"conformant with f: 0 known findings; 1 of 3 were not sent", "with a remark"},
		{record.BaselineResult{Verdict: record.NotConformant, Known: 1,
			Problems: []record.BaselineProblem{problem("new"), problem("new"), problem("vanished")}},
			"not conformant with f: 2 new, 1 vanished; 1 known finding", "what is wrong is counted by kind"},
		{record.BaselineResult{Verdict: record.NotConformant, Reason: "it rained"}, "not conformant with f: no " +
			"problem is listed; 0 known findings; it rained", "a report that does not say why"},
		{record.BaselineResult{Verdict: record.Unjudged, Reason: "it rained"}, "could not judge: it rained",
			"no verdict"},
		{record.BaselineResult{}, "could not judge: the report gives no reason", "nothing at all"},
	} {
		r := sample()
		r.Baseline = &row.result
		r.Baseline.File = "f"
		for _, style := range []report.Style{{}, {Quiet: true}, {Verbose: true}} {
			got := render(t, "console", r, style)
			lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
			if last := lines[len(lines)-1]; last != named(row.want) {
				t.Errorf("%s: want %q, got %q", row.why, named(row.want), last)
			}
			if alone := strings.Contains(got, "the run   not conformant: "); alone == style.Quiet {
				t.Errorf("%s: want the run's own verdict shown unless quiet, got\n%s", row.why, got)
			}
		}
	}
}

func TestConsoleColoursTheVerdictThatCounts(t *testing.T) {
	r := sample()
	r.Baseline = &record.BaselineResult{File: "f", Verdict: record.Conformant, Known: 7}
	got := render(t, "console", r, report.Style{Color: true})
	if want := "\n\x1b[1m\x1b[32m" + named("conformant with f: 7 known findings") + "\x1b[0m\n"; !strings.HasSuffix(got,
		want) {
		t.Errorf("want a green last line, got %q", got[max(0, len(got)-200):])
	}
	if strings.Contains(got, "\x1b[31mnot conformant") {
		t.Errorf("want the run's own verdict in no colour, got\n%s", got)
	}
}

func TestConsoleTellsKnownFindingsApart(t *testing.T) {
	r := sample()
	accepted := func(reason string) *record.Known {
		return &record.Known{Reason: reason, Owner: "us", Line: 3}
	}
	r.Cases[3].Findings[0].Known, r.Cases[4].Findings[0].Known, r.Cases[5].Findings[0].Known = accepted("one"),
		accepted("one"), accepted("two")
	r.Cases[7].Findings[0].Known = accepted("three")
	for _, row := range []struct {
		style report.Style
		text  string
		want  int
		why   string
	}{
		{report.Style{}, "\nKNOWN requestSample/valid/", 2, "two cases of one reason are shown once, another " +
			"by itself"},
		{report.Style{}, "… and the same in 1 more case: requestSample/valid/accepts-plain-request\n", 1,
			"the second of one reason is named under the first"},
		{report.Style{}, "     known   us   accepted.baseline:3\n     accepted because ", 3,
			"with owner, line and reason, in a case that fails otherwise too"},
		{report.Style{}, "FAIL stopAndQuarantineFile/body/refuses-number-for-sha1", 1, "one known finding does not " +
			"make a case known"},
		{report.Style{}, `-strict=false -run '^requestSample/valid/`, 0, "what is known need not be seen again"},
		{report.Style{Verbose: true}, `-strict=false -run '^requestSample/valid/`, 3, "unless everything is asked for"},
		{report.Style{Verbose: true}, "\nKNOWN        requestSample/valid/", 3, "in the list of all cases too"},
		{report.Style{Quiet: true}, "KNOWN", 0, "quiet prints no case"},
	} {
		got := render(t, "console", r, row.style)
		if n := strings.Count(got, row.text); n != row.want {
			t.Errorf("%q: want %d times, got %d: %s\n%s", row.text, row.want, n, row.why, got)
		}
	}
	got := render(t, "console", r, report.Style{})
	if known := strings.Index(got, "\nKNOWN "); known < strings.Index(got, "\nERROR ") {
		t.Errorf("want what is known below what is not, got\n%s", got)
	}
	r.Suite.Strict = true
	r.Cases[2].Outcome, r.Cases[2].Findings[0].Known = record.Failed, accepted("four")
	if got := render(t, "console", r, report.Style{}); !strings.Contains(got,
		"KNOWN requestSample/body/refuses-blank-comment") {
		t.Errorf("want an inferred finding known in a strict run, got\n%s", got)
	}
}

func TestConsoleListsManyProblemsOfABaselineInPart(t *testing.T) {
	r := sample()
	r.Baseline.Problems = nil
	for i := range 50 {
		r.Baseline.Problems = append(r.Baseline.Problems, record.BaselineProblem{Kind: "new",
			Key: fmt.Sprintf("types a/%02d#0 /status", i)})
	}
	r.Baseline.Problems = append(r.Baseline.Problems, record.BaselineProblem{Kind: "vanished",
		Key: "types a/x#0 /status", Line: 3, Text: strings.Repeat("long ", 60)})
	for _, row := range []struct {
		style report.Style
		text  string
		want  int
	}{
		{report.Style{}, "  new        types a/", 20}, {report.Style{}, "  … and 30 more new\n", 1}, {report.Style{},
			"  vanished   types a/x#0 /status\n", 1},
		{report.Style{Verbose: true}, "  new        types a/", 50}, {report.Style{Verbose: true}, "more new", 0},
	} {
		if got := render(t, "console", r, row.style); strings.Count(got, row.text) != row.want {
			t.Errorf("%q: want %d times, got\n%s", row.text, row.want, got)
		}
	}
}

func TestFormatsForPeopleCountWhatWasDrawn(t *testing.T) {
	r := sample()
	r.Exploration = &record.Exploration{Asked: 9, Drawn: 9, Sent: 5, Unsent: 1, Left: 2, Causes: 1}
	const text = "xploration: 9 cases drawn of 9 asked for, 5 sent, 2 left out by -run and -skip, " +
		"1 not sent as a whole, 1 that nobody can judge; causes of failure: 1"
	for _, format := range []string{"console", "markdown", "html"} {
		require.Contains(t, render(t, format, r, report.Style{}), text, format)
	}
}
