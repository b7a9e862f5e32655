package report_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// conformant is a small report without anything wrong in it.
func conformant() *record.Report {
	r := sample()
	r.Verdict, r.Baseline, r.Pace, r.Target.Insecure = record.Conformant, nil, record.PaceInfo{}, false
	r.Cases, r.Requirements = r.Cases[:1], r.Requirements[:1]
	r.Totals = record.Totals{Total: 1, Passed: 1, Requests: 1}
	return r
}

// failing is the sample with as many problems, each in a case of its own.
func failing(problems int, text string) *record.Report {
	r := sample()
	first := r.Cases[3]
	r.Cases, r.Baseline = nil, nil
	for i := range problems {
		c := first
		c.ID = fmt.Sprintf("requestSample/valid/case-%04d", i)
		f := c.Findings[0]
		f.Case, f.Place, f.Want, f.Got = c.ID, fmt.Sprintf("/%d", i), text, text
		c.Findings = []record.Finding{f}
		r.Cases = append(r.Cases, c)
	}
	r.Totals = record.Totals{Total: problems, Failed: problems, Findings: problems, Requests: problems}
	return r
}

func TestMarkdownTellsTheSampleAsAgreed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file string
		make func() *record.Report
	}{
		{"markdown.md", sample},
		{"markdown-conformant.md", conformant},
	} {
		got := render(t, "markdown", row.make(), report.Style{})
		golden(t, row.file, got)
		if !strings.HasSuffix(got, "\n") || strings.HasSuffix(got, "\n\n") {
			t.Errorf("%s: want one line break at the end, got %q", row.file, got[max(0, len(got)-20):])
		}
		if again := render(t, "markdown", row.make(), report.Style{}); again != got {
			t.Errorf("%s: want the same text for the same report, got another one", row.file)
		}
		if _, err := parseMarkdown(got); err != nil {
			t.Errorf("%s: want no markup but ours, got %v", row.file, err)
		}
	}
}

func TestMarkdownBeginsWithTheVerdictThatCounts(t *testing.T) {
	t.Parallel()
	accepted := func(v record.Verdict, reason string) *record.BaselineResult {
		return &record.BaselineResult{File: "accepted.baseline", Entries: 1, Known: 2, Verdict: v, Reason: reason}
	}
	const (
		whole = "conformant: 1 of 6 requirements kept, 2 broken, 1 deviated, 1 undecided, 1 not exercised; judged: " +
			"requestSample (5 of 6 cases), stopAndQuarantineFile (1 of 5 cases)"
		failed = "2 of 6 requirements broken, 1 undecided, 1 not exercised; 4 of 11 cases failed"
		totals = "\n\n2 of 6 requirements broken, 1 deviated, 1 kept, 1 undecided, 1 not exercised\n\n11 cases: "
	)
	for _, row := range []struct {
		verdict  record.Verdict
		reason   string
		baseline *record.BaselineResult
		want     string
	}{
		{record.Conformant, "", nil, "## Conformant: `http://127.0.0.1:8080` (server &lt;under&gt; " +
			"\"test\")\n\nVerdict: " + whole + totals},
		{record.NotConformant, "", nil, "## Not conformant: `http://127.0.0.1:8080` (server &lt;under&gt; " +
			"\"test\")\n\nVerdict: not conformant: " + failed + totals},
		{record.Unjudged, "see @octocat", nil, "## Could not judge: `http://127.0.0.1:8080` (server &lt;under&gt; " +
			"\"test\")\n\nVerdict: `could not judge: see @octocat`" + totals},
		{"", "", nil, "## Could not judge: `http://127.0.0.1:8080` (server &lt;under&gt; \"test\")\n\nVerdict: could " +
			"not judge: the report gives no reason" + totals},
		{record.NotConformant, "", accepted(record.Conformant, ""), "## Conformant: `http://127.0.0.1:8080` (server " +
			"&lt;under&gt; \"test\")\n\n" +
			"Verdict: conformant with accepted.baseline: 2 known findings\n\nThe run alone: not conformant: " + failed +
			totals},
		{record.Conformant, "", accepted(record.Unjudged, "half a run"),
			"## Could not judge: `http://127.0.0.1:8080` (server &lt;under&gt; \"test\")\n\n" +
				"Verdict: could not judge: half a run\n\nThe run alone: " + whole + totals},
	} {
		r := sample()
		r.Verdict, r.Reason, r.Baseline = row.verdict, row.reason, row.baseline
		if got := render(t, "markdown", r, report.Style{}); !strings.HasPrefix(got, row.want) {
			t.Errorf("want %s\ngot  %s", row.want, got[:min(len(got), len(row.want)+20)])
		}
	}
}

func TestMarkdownTellsOneProblemOfManyCasesOnce(t *testing.T) {
	t.Parallel()
	r := failing(60, "a string")
	for i := range r.Cases {
		r.Cases[i].Findings[0].Place = "/status"
	}
	known := r.Cases[41].Findings[0]
	known.Known = &record.Known{Reason: "the mock", Owner: "us", Line: 7}
	r.Cases[41].Findings[0] = known
	got := render(t, "markdown", r, report.Style{})
	for _, row := range []struct {
		text string
		want int
		why  string
	}{
		{"#### `types` at `/status`\n", 2, "once for what is new, once for what is known"},
		{"- **in** 59 cases: `requestSample/valid/case-0000`, `requestSample/valid/case-0001`, " +
			"`requestSample/valid/case-0002`, `requestSample/valid/case-0003`, `requestSample/valid/case-0004` and " +
			"54 more\n", 1, "the first five are named"},
		{"- **accepted** by us, in line 7 of the baseline: the mock\n- **in** 1 case: " +
			"`requestSample/valid/case-0041`\n", 1, "who accepted the other one"},
		{"\n### Failed\n", 1, "what fails the run comes first"},
		{"\n### Known\n", 1, "what is known comes last"},
	} {
		if n := strings.Count(got, row.text); n != row.want {
			t.Errorf("%q: want %d times, got %d: %s\n%s", row.text, row.want, n, row.why, got)
		}
	}
	if failed, known := strings.Index(got, "### Failed"), strings.Index(got, "### Known"); failed > known {
		t.Errorf("want what fails before what is known, got it at %d and %d", failed, known)
	}
}

func TestMarkdownTellsOfDeviationsByTheLevelThatCounts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		strict bool
		want   string
	}{
		{false, "\n### Deviated\n\n#### `refused` at `status`\n"},
		{true, "at `header Content-Type`"},
	} {
		r := sample()
		r.Suite.Strict = row.strict
		got := render(t, "markdown", r, report.Style{})
		if !strings.Contains(got, row.want) || strings.Contains(got, "### Deviated") == row.strict {
			t.Errorf("strict %v: want %q, got\n%s", row.strict, row.want, got)
		}
	}
}

func TestMarkdownTellsOfCasesThatNoFindingExplains(t *testing.T) {
	t.Parallel()
	r := &record.Report{Cases: []record.CaseResult{
		{ID: "a/failed", Outcome: record.Failed}, {ID: "a/deviated", Outcome: record.Deviated}, {ID: "a/errored",
			Outcome: record.Errored},
		{ID: "a/unknown", Outcome: 99, Reason: "nobody knows"}, {ID: "a/passed", Outcome: record.Passed},
	}}
	got := render(t, "markdown", r, report.Style{})
	want := `### Not judged

- **failed** it is called failed without a finding, in 1 case: ` + "`a/failed`" + `
- **deviated** it is called deviated without a finding, in 1 case: ` + "`a/deviated`" + `
- **errored** the report gives no reason, in 1 case: ` + "`a/errored`" + `
- **errored** nobody knows, in 1 case: ` + "`a/unknown`" + `

`
	if !strings.Contains(got, want) {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
}

func TestMarkdownLeavesNoReferenceToGitHub(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want, why string }{
		{"plain words, 404 or 405", "plain words, 404 or 405", "nothing to escape"},
		{"a_b *c* [d] #e `f` ~g~ {{h}} \\i", "a\\_b \\*c\\* \\[d\\] \\#e \\`f\\` \\~g\\~ \\{\\{h\\}\\} \\\\i",
			"emphasis, links and code"},
		{"<b> & | >", "&lt;b&gt; &amp; &#124; &gt;", "markup, and what divides cells"},
		{"for @octocat", "`for @octocat`", "a mention, which no escape stops"},
		{"me@example.com", "`me@example.com`", "an address"},
		{"as in #12", "`as in #12`", "an issue"},
		{"as in org/repo#12", "`as in org/repo#12`", "an issue elsewhere"},
		{"as in gh-12", "`as in gh-12`", "an issue, the old way"},
		{"see https://e.example", "`see https://e.example`", "a link"},
		{"see WWW.e.example", "`see WWW.e.example`", "a link without a scheme"},
		{"so :tada:", "`so :tada:`", "a picture"},
		{"so $x$", "`so $x$`", "a formula"},
		{"at 0123abc", "`at 0123abc`", "a commit"},
		{"`@a` | \\|@b|", "`` `@a`  ``&#124;`  \\ `&#124;`@b`&#124;", "code with backticks and bars"},
		{"\u202e\x1b", "\\\\u202e\\\\x1b", "what a terminal or a reader could obey"},
		{"a\n# b\n- c", "a\\\\n\\# b\\\\n- c", "lines"},
	} {
		r := conformant()
		r.Requirements[0].Says = row.text
		got := render(t, "markdown", r, report.Style{})
		_, got, _ = strings.Cut(got, "| kept | 1 | 0 | ")
		got, _, _ = strings.Cut(got, " (both documents")
		if got != row.want {
			t.Errorf("%s: want %s, got %s", row.why, row.want, got)
		}
	}
}

func TestMarkdownCodeShowsEveryCharacter(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{"7", "`7`"},
		{"", "(empty)"},
		{"a`b", "``a`b``"},
		{"`", "`` ` ``"},
		{"``a```", "```` ``a``` ````"},
		{" a ", "`  a  `"},
		{"<b>|*@a*", "`<b>|*@a*`"},
		{"a\\", "`a\\`"},
	} {
		r := failing(1, "")
		r.Cases[0].Findings[0].Got = row.text
		got := render(t, "markdown", r, report.Style{})
		_, got, _ = strings.Cut(got, "- **got** ")
		got, _, _ = strings.Cut(got, "\n")
		if got != row.want {
			t.Errorf("%q: want %s, got %s", row.text, row.want, got)
		}
	}
}

func TestMarkdownFenceIsLongerThanAnyInside(t *testing.T) {
	t.Parallel()
	r := failing(1, "x")
	r.Cases[0].Exchanges[0].Response.Body = record.Body("```\n</details>\n`````\n# heading\n")
	got := render(t, "markdown", r, report.Style{})
	if !strings.Contains(got, "\n``````text\n  sent ") || !strings.Contains(got, "\n``````\n\n</details>\n") {
		t.Errorf("want a fence of six, got\n%s", got)
	}
	if _, err := parseMarkdown(got); err != nil {
		t.Error(err)
	}
}

func TestMarkdownShowsAnExchangeOnce(t *testing.T) {
	t.Parallel()
	got := render(t, "markdown", sample(), report.Style{})
	if n := strings.Count(got, "500 Internal Server Error"); n != 1 {
		t.Errorf("want the answer once, though two problems were found in it, got it %d times", n)
	}
	for _, row := range []struct {
		change func(*record.Report)
		want   string
		not    string
	}{
		{func(r *record.Report) { r.Cases[0].Exchanges[0].Request.URL += strings.Repeat("x", 3000) },
			"too long for this report", "curl -sS"},
		{func(r *record.Report) { r.Cases[0].Exchanges[0].Request.Method = "a\nb" }, "no curl command: it is no " +
			"request of HTTP", "curl -sS"},
		{func(r *record.Report) { r.Target.URL = record.InMemory }, "  sent ", "fmaspec run"},
		{func(r *record.Report) { r.Cases[0].ID = "a\nb" }, "  sent ", "fmaspec run"},
		{func(r *record.Report) { r.Cases[0].Findings[0].Step = -1 }, "- **want** `x`", "<details>\n<summary>What"},
		{func(r *record.Report) { r.Cases[0].Exchanges = nil }, "- **want** `x`", "<details>\n<summary>What"},
	} {
		r := failing(1, "x")
		row.change(r)
		got := render(t, "markdown", r, report.Style{})
		if !strings.Contains(got, row.want) || strings.Contains(got, row.not) {
			t.Errorf("want %q and not %q, got\n%s", row.want, row.not, got)
		}
	}
}

// left reads how much a summary says that it leaves out.
func left(t *testing.T, text, noun string) (n int) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^… and ([0-9]+) more `+noun+
		`s?, for which there is no room here; the JSON report has all\.$`).FindAllStringSubmatch(text, -1) {
		i, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		n += i
	}
	return n
}

func TestMarkdownKeepsItsLimitAndCountsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	// Each makes the most bytes of a column in some place.
	for _, text := range []string{"x", "|", "<", "&", "@|", "𐀀", "`", strings.Repeat("|", 1000),
		strings.Repeat("@|", 500), strings.Repeat("𐀀", 1000), strings.Repeat("`", 1000), referring} {
		r := failing(250, text)
		everywhereElse := everywhere(text)
		r.Requirements, r.Target, r.Suite, r.Reason, r.Baseline = nil, everywhereElse.Target, everywhereElse.Suite,
			text, everywhereElse.Baseline
		r.Suite.Contract, r.Suite.Fixtures, r.Suite.Run, r.Suite.Skip, r.Target.UnknownMachine, r.Target.File = text,
			text, text, text, text, text
		r.Environment = record.Environment{Go: text, OS: text, Arch: text}
		baselineOf(r, text)
		for i := range r.Baseline.Problems {
			r.Baseline.Problems[i].Line = 9
		}
		for i := range 300 {
			q := everywhereElse.Requirements[1]
			q.ID = fmt.Sprintf("%d %s", i, text)
			if i%2 == 0 {
				q.Findings, q.Outcome = 0, record.Passed
			}
			r.Requirements = append(r.Requirements, q)
			r.Baseline.Problems = append(r.Baseline.Problems, r.Baseline.Problems[0])
			r.Cases = append(r.Cases, record.CaseResult{ID: text, Outcome: record.Errored,
				Reason: fmt.Sprintf("%d %s", i, text)})
		}
		got := render(t, "markdown", r, report.Style{})
		if _, err := parseMarkdown(got); err != nil {
			t.Errorf("%.10q: %v", text, err)
		}
		problems := strings.Count(got, "\n#### ")
		if problems == 0 {
			t.Errorf("%.10q: want some problems, got none", text)
		}
		shown := regexp.MustCompile(`(?m)^\| .* \| (\*\*broken\*\*|kept) \| [0-9]`)
		accepted := regexp.MustCompile(`(?m)^\| .* \| 9 \|`)
		for _, row := range []struct {
			noun             string
			shown, all, more int
		}{
			{"requirement", len(shown.FindAllString(got, -1)), 300, left(t, got, "requirement")},
			{"reason", strings.Count(got, "\n- **errored** "), 300, left(t, got, "reason")},
			{"problem", problems + len(accepted.FindAllString(got, -1)), 250 + 304, left(t, got, "problem")},
		} {
			if row.shown+row.more != row.all {
				t.Errorf("%.10q: want all %d %ss shown or counted, got %d and %d", text, row.all, row.noun, row.shown,
					row.more)
			}
		}
	}
}

func TestMarkdownLeavesExchangesOutBeforeProblems(t *testing.T) {
	t.Parallel()
	got := render(t, "markdown", failing(60, "x"), report.Style{})
	exchanges := strings.Count(got, "<summary>Request and response")
	if n := strings.Count(got, "\n#### "); n != 60 {
		t.Errorf("want all 60 problems, got %d", n)
	}
	if more := left(t, got, "exchange"); exchanges == 0 || exchanges == 60 || exchanges+more != 60 {
		t.Errorf("want some exchanges, and the others counted, got %d and %d", exchanges, more)
	}
	if len(got) < report.MarkdownLimit*9/10 {
		t.Errorf("want the room used, got %d bytes", len(got))
	}
}

func TestMarkdownTellsHowCasesWereChosen(t *testing.T) {
	t.Parallel()
	r := conformant()
	r.Suite.Only, r.Suite.Strict, r.Suite.Skip = []string{"a", "b"}, true, "auth"
	want := "\n- **suite** `fmaspec v0.1.0`, 1 of 348 cases, run `valid|body|auth|state`, skip `auth`, only 2 cases " +
		"by name, level inferred, strict\n"
	if got := render(t, "markdown", r, report.Style{}); !strings.Contains(got, want) {
		t.Errorf("want %s\ngot\n%s", want, got)
	}
}
