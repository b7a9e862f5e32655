package report_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// covered is a conformant run that asked for some percentage, of which half was met.
func covered(least int) *record.Report {
	r := sample()
	r.Verdict, r.Reason, r.Baseline, r.Cases = record.Conformant, "", nil, r.Cases[:0:0]
	r.Totals = record.Totals{}
	r.Coverage.Least = least
	return r
}

func TestEveryFormatShowsThatTheCoverageFailsTheRun(t *testing.T) {
	const sentence = "overage fails the run: 1 of 2 places met valid and invalid (50 %), and -min-coverage asks " +
		"for 51 %"
	const missed = "requestSample header Authorization: scheme: no invalid request"
	for format, want := range map[string][]string{
		"console": {"conformant: http://127.0.0.1:8080 (server <under> \"test\"): 1 of 6 requirements kept, 2 broken, " +
			"1 deviated, 1 undecided, 1 not exercised; c" + sentence + "\n", missed},
		"github": {"::error title=coverage::", missed, "; c" + sentence + "\n"},
		"junit":  {`failures="1"`, `<testcase classname="coverage" name="min-coverage"`, "c" + sentence, missed},
		"markdown": {"Verdict: conformant: 1 of 6 requirements kept, ", "; coverage fails the run: ",
			"not met: no invalid request"},
		"html":  {`<strong class="bad">c` + sentence, "not met: no invalid request"},
		"sarif": {`"exitCode": 1,`, "c" + sentence},
		"json":  {`"least": 51`, `"met": 1`},
	} {
		got := render(t, format, covered(51), report.Style{})
		for _, text := range want {
			require.Contains(t, got, text, format)
		}
		// The coverage that was asked for is met, and nothing is said of a failure.
		got = render(t, format, covered(50), report.Style{})
		require.NotContains(t, got, "fails the run", format)
		require.NotContains(t, got, `failures="1"`, format)
	}
}

func TestTheVerdictStandsApartFromTheCoverage(t *testing.T) {
	got := render(t, "console", covered(51), report.Style{Color: true})
	require.Contains(t, got, "\x1b[31mconformant: ", "want a run that fails in red")
	quiet := render(t, "console", covered(51), report.Style{Quiet: true})
	require.Contains(t, quiet, "not met: ", "want the places named although the run is quiet")
	r := covered(51)
	r.Verdict, r.Reason = record.Unjudged, "nothing was sent"
	require.NotContains(t, render(t, "console", r, report.Style{}), "fails the run",
		"want a run that fails for want of a verdict")
}

func TestTheConsoleShowsTheCoverageWhereItWasAskedFor(t *testing.T) {
	const line = "coverage: 1 of 2 places met valid and invalid (50 %)\n"
	for _, row := range []struct {
		least int
		style report.Style
		shown bool
	}{
		{0, report.Style{}, false}, {0, report.Style{Verbose: true}, true}, {50, report.Style{}, true},
		{50, report.Style{Quiet: true}, false}, {51, report.Style{Quiet: true}, true},
	} {
		got := render(t, "console", covered(row.least), row.style)
		require.Equal(t, row.shown, strings.Contains(got, line), "%+v", row)
	}
	r := covered(0)
	for range 30 {
		r.Coverage.Rows = append(r.Coverage.Rows, r.Coverage.Rows[1])
	}
	r.Coverage.Least = 51
	require.Contains(t, report.Coverage(r, report.Style{}), "\n  … and 11 more")
	require.Equal(t, 31, strings.Count(report.Coverage(r, report.Style{Verbose: true}), "not met: "))
	r.Coverage = nil
	require.Empty(t, report.Coverage(r, report.Style{}))
}

func TestPercentIsRoundedDown(t *testing.T) {
	for _, row := range []struct {
		places, met, least, percent int
		fails                       bool
	}{
		{0, 0, 0, 0, false}, {0, 0, 1, 0, true}, {200, 199, 100, 99, true}, {3, 2, 66, 66, false}, {3, 2, 67, 66, true},
		{28, 28, 100, 100, false},
	} {
		c := &record.Coverage{Places: row.places, Met: row.met, Least: row.least}
		require.Equal(t, row.percent, c.Percent(), "%+v", row)
		require.Equal(t, row.fails, c.Fails(), "%+v", row)
	}
	require.False(t, (*record.Coverage)(nil).Fails())
}
