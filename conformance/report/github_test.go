package report_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// annotations reads a rendering as GitHub's runner does.
func annotations(t *testing.T, r *record.Report) (commands []workflowCommand, last string) {
	t.Helper()
	commands, last, err := workflowCommands(render(t, "github", r, report.Style{}))
	require.NoError(t, err)
	return commands, last
}

// titled are the annotations, each as its kind, place and title.
func titled(commands []workflowCommand) (out []string) {
	for _, c := range commands {
		out = append(out, fmt.Sprintf("%s %s:%s %s", c.name, c.properties["file"], c.properties["line"],
			c.properties["title"]))
	}
	return out
}

func TestGitHubTellsTheSampleAsAgreed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		file string
		make func() *record.Report
	}{
		{"github.txt", sample},
		{"github-conformant.txt", conformant},
	} {
		got := render(t, "github", row.make(), report.Style{})
		golden(t, row.file, got)
		if again := render(t, "github", row.make(), report.Style{}); again != got {
			t.Errorf("%s: want the same text for the same report, got another one", row.file)
		}
		if _, err := parseGitHub(got); err != nil {
			t.Errorf("%s: %v", row.file, err)
		}
	}
}

func TestGitHubAnnotatesByWeight(t *testing.T) {
	t.Parallel()
	commands, last := annotations(t, sample())
	want := []string{
		"error fixtures/cases/valid/accepts-other-order.http:5 types at /fileInstances/0/status",
		"error fixtures/cases/body/refuses-number-for-sha1.http:7 no-server-error at status",
		"error fixtures/cases/body/refuses-number-for-sha1.http:7 no-server-error at header Content-Type",
		"error accepted.baseline:9 baseline: expired",
		"error accepted.baseline:13 baseline: unmatched",
		"error accepted.baseline:5 baseline: vanished",
		"error fixtures/cases/valid/accepts-other-order.http:5 not judged: " +
			"stopAndQuarantineFile/valid/accepts-other-order",
		"warning fixtures/cases/body/refuses-blank-comment.http:6 refused at status",
		"notice : 1 known finding",
	}
	if got := titled(commands); !slices.Equal(got, want) {
		t.Errorf("want\n%s\ngot\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	if !strings.HasPrefix(last, "not conformant with accepted.baseline: ") {
		t.Errorf("want the verdict, got %s", last)
	}
	first := `want a string
got  7
breaks action.types (documented), both documents, "Response" and its example: an implementation gives each member the JSON type of the examples
in 3 cases: requestSample/valid/accepts-other-order, requestSample/valid/accepts-plain-request, stopAndQuarantineFile/body/refuses-number-for-sha1
again: fmaspec run -ca 'my authority.pem' -header 'X-Api-Key: '"$HEADER_X_API_KEY" -strict=false -run '^requestSample/valid/accepts-other-order$'
new: no entry accepts it; mend it, or add an entry`
	if got := commands[0].data; got != first {
		t.Errorf("want\n%s\ngot\n%s", first, got)
	}
}

func TestGitHubTellsWhatIsWrongWithTheBaseline(t *testing.T) {
	t.Parallel()
	deviation := sample().Cases[2].Findings[0].Key
	for _, row := range []struct {
		problem record.BaselineProblem
		want    string
		why     string
	}{
		{record.BaselineProblem{Kind: "new", Key: deviation, Text: "no entry accepts it"},
			"error fixtures/cases/body/refuses-blank-comment.http:6 refused at status",
			"a new deviation is what makes the run red"},
		{record.BaselineProblem{Kind: "new", Key: "of no case", Text: "no entry accepts it"}, "error : baseline: new",
			"a problem is reported, whether its finding is found or not"},
		{record.BaselineProblem{Kind: "vanished", Key: deviation, Line: 3, Text: "remove the entry"},
			"error accepted.baseline:3 baseline: vanished", "at the entry"},
		{record.BaselineProblem{Kind: "vanished", Key: deviation, Text: "remove the entry"},
			"error accepted.baseline:1 baseline: vanished", "a line that no file has"},
		{record.BaselineProblem{Kind: "vanished", Key: deviation, Line: -7, Text: "remove the entry"},
			"error accepted.baseline:1 baseline: vanished", "a line that no file has"},
	} {
		r := sample()
		r.Baseline.File, r.Baseline.Problems = "./accepted.baseline", []record.BaselineProblem{row.problem}
		commands, _ := annotations(t, r)
		if got := titled(commands); !slices.Contains(got, row.want) {
			t.Errorf("%s: want %s, got\n%s", row.why, row.want, strings.Join(got, "\n"))
		}
		said := slices.ContainsFunc(commands, func(c workflowCommand) bool {
			return c.name == "error" &&
				strings.Contains(c.data, row.problem.Text)
		})
		if !said {
			t.Errorf("%s: want %q in an error, got %+v", row.why, row.problem.Text, commands)
		}
	}
}

func TestGitHubShowsTenOfAKindAndTellsOfTheRest(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 9, 10, 11, 40} {
		r := failing(n, "x")
		for i := range n {
			c := r.Cases[i]
			c.ID, c.Outcome, c.Findings = fmt.Sprintf("late/%04d", i), record.Deviated, slices.Clone(c.Findings)
			c.Findings[0].Requirement, c.Findings[0].Level = "request.comment-blank", record.Inferred
			r.Cases = append(r.Cases, c)
		}
		commands, _ := annotations(t, r)
		for _, kind := range []string{"error", "warning"} {
			seen := map[string]bool{}
			shown := 0
			for _, c := range commands {
				if c.name != kind {
					continue
				}
				shown++
				lines := strings.Split(c.data, "\n")
				if c.properties["file"] != "" {
					lines = []string{c.properties["title"] + " (" + c.properties["file"] + ":" + c.properties["line"] +
						")"}
				} else if want := fmt.Sprintf("and %d more", n-9); c.properties["title"] != want {
					t.Errorf("%d %ss: want the title %q, got %q", n, kind, want, c.properties["title"])
				}
				for _, line := range lines {
					seen[line] = true
				}
			}
			for i := range n {
				if want := fmt.Sprintf("types at /%d (fixtures/cases/valid/accepts-other-order.http:5)",
					i); !seen[want] {
					t.Errorf("%d %ss: want %s shown, got %v", n, kind, want, seen)
				}
			}
			if shown != min(n, 10) || len(seen) != n {
				t.Errorf("%d %ss: want %d annotations that name them all, got %d and %d", n, kind, min(n, 10), shown,
					len(seen))
			}
		}
	}
}

func TestGitHubKeepsToWhatGitHubKeeps(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("x", 5_000), strings.Repeat("𐀀", 2_000), strings.Repeat("%:,", 1_000),
		referring, strings.Repeat("::", 1_000), strings.Repeat("##[", 1_000)} {
		r := failing(50, text)
		all := everywhere(text)
		baselineOf(all, text)
		r.Cases, r.Baseline, r.Requirements = append(r.Cases, all.Cases...), all.Baseline, all.Requirements
		for _, c := range []*record.Report{r, all} {
			got := render(t, "github", c, report.Style{})
			if _, err := parseGitHub(got); err != nil {
				t.Errorf("%.10q: %v", text, err)
			}
			if len(got) > 400_000 {
				t.Errorf("%.10q: want a few annotations, got %d bytes", text, len(got))
			}
		}
	}
	r := failing(400, "x")
	commands, _ := annotations(t, r)
	if end := commands[9].data; !strings.HasSuffix(end, "more lines") {
		t.Errorf("want what is left out counted, got %s", end[len(end)-100:])
	}
}

func TestGitHubEscapesAsTheRunnerReads(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want, why string }{
		{"a,b:c=d%e%2Cf", "a,b:c=d%e%2Cf", "what divides properties"},
		{"%0A::error::x", "%0A::error::x", "an escape of the runner's"},
		{"%250A", "%250A", "an escape of an escape"},
		{"a\nb\r", `a\nb\r`, "line breaks"},
		{"##[add-mask]x", `#\x23[add-mask]x`, "a command of the first kind"},
		{"::add-mask::x", `::add-mask::x`, "a command of the second kind"},
		{"\x1b[2J\u202e", `\x1b[2J\u202e`, "what a terminal could obey"},
	} {
		r := failing(1, row.text)
		r.Cases[0].File, r.Cases[0].Findings[0].Check = row.text, row.text
		commands, _ := annotations(t, r)
		c := commands[0]
		file := row.want
		if strings.HasPrefix(file, "::") {
			file = `\x3a` + file[1:]
		}
		if c.properties["file"] != file || c.properties["title"] != file+" at /0" || !strings.HasPrefix(c.data, "want "+
			row.want+"\ngot  "+row.want+"\n") {
			t.Errorf("%s: want %s, got %+v", row.why, row.want, c)
		}
	}
}

func TestGitHubIsRedWheneverTheVerdictIs(t *testing.T) {
	t.Parallel()
	passed := []record.CaseResult{{ID: "a/b", Outcome: record.Passed}}
	green := &record.BaselineResult{Verdict: record.Conformant, File: "x", Known: 1}
	stale := &record.BaselineResult{Verdict: record.NotConformant, File: "x", Reason: "of another target"}
	for _, row := range []struct {
		verdict  record.Verdict
		baseline *record.BaselineResult
		cases    []record.CaseResult
		want     []string
		last     string
		why      string
	}{
		{record.Unjudged, nil, nil, []string{"error : verdict"}, "could not judge: because",
			"a run without a case is no success"},
		{record.Unjudged, nil, []record.CaseResult{{ID: "a/b", Outcome: record.Inconclusive}},
			[]string{"error : verdict"}, "could not judge: because", "nothing was conclusive"},
		{record.NotConformant, nil, passed, []string{"error : verdict"}, "not conformant: 0 of 0 requirements " +
			"broken; 0 of 0 cases failed; because", "a stale verdict is believed, not the case"},
		{"", nil, passed, []string{"error : verdict"}, "could not judge: because", "a report without a verdict"},
		{record.Conformant, nil, passed, []string{"notice : conformant"}, "conformant: because", "green is green"},
		{record.Conformant, stale, passed, []string{"error : verdict"}, "not conformant with x: no problem is " +
			"listed; 0 known findings; of another target", "the baseline's verdict counts"},
		{record.NotConformant, green, passed, []string{"notice : conformant"}, "conformant with x: 1 known finding",
			"the baseline's verdict counts"},
		{record.NotConformant, nil, []record.CaseResult{{ID: "a/b", Outcome: record.Failed}},
			[]string{"error : failed: a/b"}, "not conformant: 0 of 0 requirements broken; 0 of 0 cases failed; " +
				"because",
			"a failure without a finding"},
		{record.Conformant, nil, []record.CaseResult{{ID: "a/b", Outcome: record.Deviated}},
			[]string{"warning : deviated: a/b", "notice : conformant"}, "conformant: because",
			"a deviation without a finding"},
		{record.Unjudged, nil, []record.CaseResult{{ID: "a/b", Outcome: 99}}, []string{"error : not judged: a/b"},
			"could not judge: because", "an outcome nobody knows is never a pass"},
	} {
		commands, last := annotations(t, &record.Report{Verdict: row.verdict, Reason: "because", Baseline: row.baseline,
			Cases: row.cases})
		if got := titled(commands); !slices.Equal(got, row.want) {
			t.Errorf("%s: want %q, got %q", row.why, row.want, got)
		}
		if last != row.last {
			t.Errorf("%s: want %s, got %s", row.why, row.last, last)
		}
	}
}

func TestGitHubOffersNoCommandThatWouldDoSomethingElse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		id, url string
		offered bool
	}{
		{"requestSample/valid/x", "http://127.0.0.1:8080", true},
		{"requestSample/valid/x", record.InMemory, false},
		{strings.Repeat("x", 700), "http://127.0.0.1:8080", false},
		{"a\nb", "http://127.0.0.1:8080", false},
		{"##[add-mask]x", "http://127.0.0.1:8080", true}, // as a pattern it is no command: ##\[
	} {
		r := failing(1, "x")
		r.Cases[0].ID, r.Target.URL = row.id, row.url
		commands, _ := annotations(t, r)
		if got := strings.Contains(commands[0].data, "fmaspec run"); got != row.offered {
			t.Errorf("%.20q: want a command %v, got %v: %s", row.id, row.offered, got, commands[0].data)
		}
	}
}

func TestGitHubTellsOneProblemOfManyCasesOnce(t *testing.T) {
	t.Parallel()
	r := failing(60, "x")
	for i := range r.Cases {
		r.Cases[i].Findings[0].Place = "/status"
	}
	commands, _ := annotations(t, r)
	want := "\nin 60 cases: requestSample/valid/case-0000, requestSample/valid/case-0001, " +
		"requestSample/valid/case-0002, requestSample/valid/case-0003, requestSample/valid/case-0004 and 55 more\n"
	if len(commands) != 1 || !strings.Contains(commands[0].data, want) {
		t.Errorf("want one annotation with %q, got %+v", want, commands)
	}
}
