package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// ruled is the sample, judged by two own rules.
func ruled() *record.Report {
	r := sample()
	id := ""
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			id = f.Requirement
		}
	}
	r.Suite.OwnRules = []record.OwnRule{
		{Requirement: "refusal.status-body", Was: record.Standard, Statuses: []int{400, 409}, Counted: []int{400, 422},
			Reason: "the <gateway> answers 409", Place: "fmaspec.yaml:2"},
		{Requirement: id, Was: record.Standard, Level: "documented", Reason: "we promise it", Place: "fmaspec.yaml:5"},
	}
	return r
}

func TestAVerdictUnderOwnRulesIsCalledSo(t *testing.T) {
	r := ruled()
	const change = "refusal.status-body counts 400 or 409 in place of 400 or 422"
	for format, wants := range map[string][]string{
		"console": {"not conformant under own rules: ", "own rules " + change,
			"fmaspec.yaml:2: the <gateway> answers 409", "own rule: "},
		"markdown": {"Not conformant under own rules", "### Own rules",
			"400 or 409 in place of 400 or 422", "answers 409"},
		"html": {"<h1>Not conformant under own rules</h1>", change,
			"fmaspec.yaml:2: the &lt;gateway&gt; answers 409"},
		"junit": {`name="own-rule" value="` + change + "; fmaspec.yaml:2: the &lt;gateway&gt; answers 409",
			`name="verdict" value="not-conformant under own rules"`},
		"badge": {"broken, own rules"},
		"json":  {`"own_rules"`, `"place": "fmaspec.yaml:2"`},
		"sarif": {`"verdict": "not-conformant under own rules"`},
	} {
		f, err := report.Find(format)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, f.Write(&b, r, report.Style{}))
		for _, want := range wants {
			require.Contains(t, b.String(), want, format)
		}
		b.Reset()
		require.NoError(t, f.Write(&b, sample(), report.Style{}))
		require.NotContains(t, strings.ToLower(b.String()), "own rule", format)
	}
}

func TestWhatARequirementSaysHasTheOwnRule(t *testing.T) {
	r := ruled()
	says := ""
	for _, q := range r.Requirements {
		if q.ID == r.Suite.OwnRules[1].Requirement {
			says = q.Says
		}
	}
	require.NotEmpty(t, says)
	for _, format := range []string{"markdown", "html", "github", "sarif"} {
		f, err := report.Find(format)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, f.Write(&b, r, report.Style{}))
		require.Contains(t, b.String(), "(own rule: documented, because we promise it)", format)
	}
}

func TestGitHubSaysThatAVerdictIsUnderOwnRules(t *testing.T) {
	r := ruled()
	r.Verdict, r.Cases, r.Totals, r.Baseline = record.Conformant, nil, record.Totals{}, nil
	var b bytes.Buffer
	require.NoError(t, report.GitHub(&b, r, report.Style{}))
	require.Contains(t, b.String(), "title=conformant under own rules::conformant under own rules")
}

func TestABaselineUnderOwnRulesIsCalledSo(t *testing.T) {
	r := ruled()
	r.Baseline = &record.BaselineResult{File: "accepted.baseline", Verdict: record.Conformant}
	var b bytes.Buffer
	require.NoError(t, report.Console(&b, r, report.Style{}))
	require.Regexp(t, `(?m)^conformant with accepted.baseline: .*; under own rules$`, b.String())
}

func TestAnAcceptedVerdictUnderOwnRulesIsCalledSo(t *testing.T) {
	r := ruled()
	r.Baseline = &record.BaselineResult{File: "accepted.baseline", Verdict: record.Conformant}
	require.Contains(t, render(t, "badge", r, report.Style{}), "broken, accepted, own rules</text>")
	require.Contains(t, shown(render(t, "html", r, report.Style{})), "conformant under own rules")
	r.Baseline = nil
	r.Verdict = record.Unjudged
	require.NotContains(t, render(t, "badge", r, report.Style{}), ", own rules</text>")
}

func TestPagesOfSeveralReportsNameVerdictsUnderOwnRules(t *testing.T) {
	rules := func(reason string, statuses ...int) func(*record.Report) {
		return func(r *record.Report) {
			r.Suite.OwnRules = []record.OwnRule{{Requirement: "refusal.status-body", Was: record.Standard,
				Statuses: statuses, Counted: []int{400, 422}, Reason: reason}}
		}
	}
	page, _, _ := siteOf(t, map[string]*record.Report{"a.json": runOf(1, rules("a", 400))})
	require.Regexp(t, `<td><strong class="\w+">[^<]+, own rules</strong></td>`, page)

	now := runOf(20, rules("a", 400))
	html := shown(render(t, "html", now, report.Style{History: past(t, runOf(1, nil), runOf(2, rules("b", 409)),
		runOf(3, rules("c", 400)))}))
	require.Contains(t, html, "Left out: 2 under other own rules.")
	require.Regexp(t, `(?s)<th scope="row">[^<]*</th><td><strong class="\w+">(not )?conformant under own rules<`, html)
}

func TestTheHeaderOfARunListsOwnRules(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.Header(&b, ruled().Suite, record.TargetInfo{}, 1, 1, report.Style{}))
	require.Contains(t, b.String(), "own rules refusal.status-body counts 400 or 409 in place of 400 or 422\n"+
		"          fmaspec.yaml:2: the <gateway> answers 409\n")
}
