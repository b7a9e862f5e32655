package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// render writes a report in a format.
func render(t *testing.T, format string, r *record.Report, style report.Style) string {
	t.Helper()
	f, err := report.Find(format)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, f.Write(&b, r, style))
	return b.String()
}

func TestEveryFormatTellsTheSampleAsAgreed(t *testing.T) {
	for _, row := range []struct {
		file, format string
		style        report.Style
	}{
		{"console.txt", "console", report.Style{}},
		{"console-colour.txt", "console", report.Style{Color: true, Width: 80}},
		{"console-verbose.txt", "console", report.Style{Verbose: true, Width: 120}},
		{"console-quiet.txt", "console", report.Style{Quiet: true}},
		{"report.json", "json", report.Style{}},
		{"junit.xml", "junit", report.Style{}},
	} {
		t.Run(row.file, func(t *testing.T) {
			got := render(t, row.format, sample(), row.style)
			golden(t, row.file, got)
			if !strings.HasSuffix(got, "\n") || strings.HasSuffix(got, "\n\n") {
				t.Errorf("want one line break at the end, got %q", got[max(0, len(got)-20):])
			}
			if again := render(t, row.format, sample(), row.style); again != got {
				t.Error("want the same text for the same report, got another one")
			}
		})
	}
}

// ours are the only control sequences that a rendering may hold.
var ours = regexp.MustCompile("\x1b\\[(0|1|2|31|32|33)m")

func TestNoFormatLetsAServerSpeakToTheTerminal(t *testing.T) {
	for _, f := range report.Formats() {
		for _, style := range []report.Style{{}, {Color: true}, {Verbose: true},
			{Color: true, Verbose: true, Width: 60}, {Quiet: true, Color: true}} {
			got := render(t, f.Name, everywhere(hostile), style)
			if !utf8.ValidString(got) {
				t.Errorf("%s %+v: want UTF-8, got bytes that are none", f.Name, style)
			}
			if style.Color {
				// A server's own colour code would be hidden by this, so the plain styles are written too.
				got = ours.ReplaceAllString(got, "")
			}
			for i, r := range got {
				if r != '\n' && r != unicode.ReplacementChar && !unicode.IsPrint(r) {
					t.Fatalf("%s %+v: want no character that a terminal obeys, got %U in %q", f.Name, style, r,
						got[max(0, i-40):i+1])
				}
			}
		}
	}
}

// everywhere returns the sample with text in every place that a stranger can fill.
func everywhere(text string) *record.Report {
	r := sample()
	r.Reason = text
	r.Target = record.TargetInfo{URL: text, Name: text, Machine: text, Protocol: "HTTP/2", Proxy: text}
	r.Safety.Armed = []string{text}
	r.Suite.Name, r.Suite.Version, r.Suite.Contract, r.Suite.Seed, r.Suite.Timeout = text, text, text, text, text
	r.Baseline.File, r.Baseline.Reason = text, text
	for i := range r.Baseline.Problems {
		p := &r.Baseline.Problems[i]
		p.Key, p.Text = text, text
	}
	for i := range r.Coverage.Rows {
		row := &r.Coverage.Rows[i]
		row.Operation, row.Place = text, text
	}
	r.Coverage.Rows[2].Open = text
	for i := range r.Requirements {
		q := &r.Requirements[i]
		q.Document, q.Section, q.Says, q.Because, q.Waived = text, text, text, text, text
	}
	for i := range r.Cases {
		c := &r.Cases[i]
		c.ID, c.Title, c.Operation, c.File, c.Reason = strconv.Itoa(i)+text, text, text, text, text
		for j := range c.Findings {
			f := &c.Findings[j]
			f.Check, f.Place, f.Want, f.Got = text, text, text, text
			if f.Known != nil {
				f.Known.Reason, f.Known.Owner = text, text
			}
		}
		for j := range c.Exchanges {
			x := &c.Exchanges[j]
			x.Request.Method, x.Request.URL, x.Request.Body, x.Error = text, text, record.Body(text), text
			if x.Response != nil {
				x.Response.Header["Content-Type"] = []string{text}
				x.Response.Body = record.Body(text)
			}
		}
	}
	return r
}

func TestConsoleKeepsEveryLineWithinTheWidth(t *testing.T) {
	key := regexp.MustCompile(`^  (new|expired|unmatched|vanished)  `)
	for _, width := range []int{40, 80, 100} {
		for _, line := range strings.Split(render(t, "console", everywhere(strings.Repeat("wide text ", 40)),
			report.Style{Width: width}), "\n") {
			uncut := strings.HasPrefix(line, "  replay  ") || strings.HasPrefix(line, "  again   ") ||
				strings.HasPrefix(line, "11 cases: ") || strings.HasPrefix(line, "2 of 6 requirements ") ||
				strings.HasPrefix(line, "the run   ") || strings.HasPrefix(line, "not conformant with ") ||
				key.MatchString(line)
			if n := utf8.RuneCountInString(line); n > width && !uncut {
				t.Errorf("width %d: want at most that many columns, got %d: %s", width, n, line)
			}
		}
	}
}

func TestConsoleCutsNoLineWithoutAWidth(t *testing.T) {
	long := strings.Repeat("wide text ", 40) + "and its end"
	text := render(t, "console", everywhere(long), report.Style{})
	require.Contains(t, text, "     an implementation "+long)
	require.Contains(t, text, "     because "+long)
	require.NotContains(t, text, "wide te…")
}

func TestConsoleTellsOneProblemOfManyCasesOnce(t *testing.T) {
	r := sample()
	r.Cases = nil
	for i := range 60 {
		id := fmt.Sprintf("requestSample/valid/case-%02d", i)
		f := record.Finding{Case: id, Check: "types", Requirement: "action.types", Level: record.Documented,
			Place: "/status", Want: "a string", Got: strconv.Itoa(i)}
		c := record.CaseResult{ID: id, Operation: "requestSample", Outcome: record.Failed,
			Findings: []record.Finding{f}}
		if i == 41 {
			f.Place = "/id"
			c.Findings = append(c.Findings, f)
		}
		r.Cases = append(r.Cases, c)
	}
	got := render(t, "console", r, report.Style{})
	for _, row := range []struct {
		text string
		want int
		why  string
	}{
		{"FAIL ", 2, "the first case, and the one that has a further problem"},
		{"… and the same in 59 more cases: requestSample/valid/case-01 … (+58)\n", 1, "as many of the other cases as " +
			"fit are named under the first"},
		{"types   /id   want a string   got 41", 1, "the further problem is shown in its own case"},
		{"as in requestSample/valid/case-00", 1, "the known problem of that case is pointed at"},
	} {
		if n := strings.Count(got, row.text); n != row.want {
			t.Errorf("%q: want %d times, got %d: %s\n%s", row.text, row.want, n, row.why, got)
		}
	}
	got = render(t, "console", r, report.Style{Verbose: true})
	if n := strings.Count(got, "want a string"); n != 61 {
		t.Errorf("verbose: want all 61 findings, got %d", n)
	}
}

func TestConsoleTellsOneReasonOfManyErrorsOnce(t *testing.T) {
	r := sample()
	r.Cases, r.Verdict, r.Reason, r.Baseline = nil, record.Unjudged, "no case could be judged", nil
	for i := range 230 {
		r.Cases = append(r.Cases, record.CaseResult{ID: fmt.Sprintf("requestSample/case-%03d", i),
			Outcome: record.Errored, Reason: "connection refused"})
	}
	got := render(t, "console", r, report.Style{})
	if n := strings.Count(got, "connection refused"); n != 1 {
		t.Errorf("want the reason once, got it %d times", n)
	}
	if !strings.Contains(got, "… and the same in 229 more cases: ") {
		t.Errorf("want the number of the other cases, got\n%s", got)
	}
	if !strings.HasSuffix(got, "\n"+named("could not judge: no case could be judged")+"\n") {
		t.Errorf("want the verdict as the last line, got\n%s", got)
	}
}

func TestFindingTextRepeatsNoProblemOfOneCase(t *testing.T) {
	c := sample().Cases[3]
	for step := range 64 {
		f := c.Findings[0]
		f.Step = step
		if step > 0 {
			c.Findings = append(c.Findings, f)
			c.Exchanges = append(c.Exchanges, c.Exchanges[0])
		}
	}
	got := report.FindingText(c, sample(), report.Style{})
	if n := strings.Count(got, "want a string"); n != 1 {
		t.Errorf("want the problem once, got it %d times:\n%s", n, got)
	}
	if !strings.Contains(got, "… and the same in 63 more answers of this case") {
		t.Errorf("want the number of the other answers, got\n%s", got)
	}
}

func TestFindingTextOfFirstCaseIsWhatTheConsoleShows(t *testing.T) {
	r := sample()
	for _, i := range []int{2, 7} {
		text := report.FindingText(r.Cases[i], r, report.Style{})
		head, _, _ := strings.Cut(text, "\n")
		if console := render(t, "console", r, report.Style{}); !strings.Contains(console, head) {
			t.Errorf("want the console to hold %q, got\n%s", head, console)
		}
	}
	if text := report.FindingText(r.Cases[2], nil, report.Style{}); !strings.Contains(text,
		"inferred   request.comment-blank") {
		t.Errorf("want level and requirement without a report too, got\n%s", text)
	}
}

func TestFindingTextOfWrongStepsDoesNotPanic(t *testing.T) {
	c := sample().Cases[3]
	for _, step := range []int{-1, 1, 99} {
		c.Findings[0].Step = step
		if text := report.FindingText(c, nil, report.Style{}); !strings.Contains(text, "want a string") {
			t.Errorf("step %d: want the finding, got\n%s", step, text)
		}
	}
}

func TestFindingTextOffersNoCommandThatWouldSendSomethingElse(t *testing.T) {
	for _, row := range []struct {
		why, body, want string
	}{
		{"a line break", "one\ntwo", `--data-binary $'one\x0atwo' `},
		{"what a terminal obeys", "\x1b[2J\u202e##[error]", `--data-binary $'\x1b[2J\xe2\x80\xae\x23\x23[error]' `},
		{"a zero byte", "a\x00", "replay  (no curl command: its body holds a zero byte, which no command line can)"},
		{"the name of a file", "@/etc/passwd", "--data-raw '@/etc/passwd' "},
	} {
		c := sample().Cases[7]
		c.Exchanges[0].Request.Body = record.Body(row.body)
		if text := report.FindingText(c, nil, report.Style{}); !strings.Contains(text, row.want) {
			t.Errorf("%s: want %q, got\n%s", row.why, row.want, text)
		}
	}
}

func TestConsoleTotalsAddUp(t *testing.T) {
	r := sample()
	r.Baseline = nil
	lines := strings.Split(strings.TrimSpace(render(t, "console", r, report.Style{})), "\n")
	totals := lines[len(lines)-2]
	if want := "11 cases: 1 passed, 1 deviated, 4 failed, 2 errored, 1 inconclusive, 1 skipped, 1 not applicable; 11 " +
		"requests in 0.31s"; totals != want {
		t.Errorf("want %q\ngot  %q", want, totals)
	}
	cases, rest, _ := strings.Cut(totals, " cases: ")
	parts, _, _ := strings.Cut(rest, ";")
	sum := 0
	for _, n := range regexp.MustCompile(`\d+`).FindAllString(parts, -1) {
		i, err := strconv.Atoi(n)
		require.NoError(t, err)
		sum += i
	}
	if strconv.Itoa(sum) != cases {
		t.Errorf("want the outcomes to add up to %s, got %d", cases, sum)
	}
}

func TestConsoleEndsWithTheVerdict(t *testing.T) {
	for _, row := range []struct {
		verdict record.Verdict
		reason  string
		strict  bool
		want    string
	}{
		{record.Conformant, "", false, "conformant: 1 of 6 requirements kept, 2 broken, 1 deviated, 1 undecided, " +
			"1 not exercised; judged: requestSample (5 of 6 cases), stopAndQuarantineFile (1 of 5 cases)"},
		{record.NotConformant, "", false, "not conformant: 2 of 6 requirements broken, 1 undecided, 1 not " +
			"exercised; 4 of 11 cases failed"},
		{record.NotConformant, "", true, "not conformant: 3 of 6 requirements broken, 1 undecided, 1 not " +
			"exercised; 4 of 11 cases failed"},
		{record.NotConformant, "interrupted", false, "not conformant: 2 of 6 requirements broken, 1 undecided, 1 not " +
			"exercised; 4 of 11 cases failed; interrupted"},
		{record.Unjudged, "nothing was conclusive", false, "could not judge: nothing was conclusive"},
		{record.Unjudged, "", false, "could not judge: the report gives no reason"},
		{"", "", false, "could not judge: the report gives no reason"},
	} {
		r := sample()
		r.Verdict, r.Reason, r.Suite.Strict, r.Baseline = row.verdict, row.reason, row.strict, nil
		for _, style := range []report.Style{{}, {Quiet: true}, {Verbose: true}} {
			lines := strings.Split(strings.TrimSuffix(render(t, "console", r, style), "\n"), "\n")
			if got := lines[len(lines)-1]; got != named(row.want) {
				t.Errorf("%q: want %q, got %q", row.verdict, named(row.want), got)
			}
		}
	}
}

func TestConsoleOfAnEmptyReportStillHasAVerdict(t *testing.T) {
	got := render(t, "console", &record.Report{}, report.Style{})
	want := "0 cases: 0 passed, 0 deviated, 0 failed, 0 errored, 0 inconclusive, 0 skipped, 0 not applicable; 0 " +
		"requests in 0.00s\n" +
		"could not judge: the report gives no reason\n"
	if got != want {
		t.Errorf("want %q\ngot  %q", want, got)
	}
}

func TestEveryFormatReturnsTheErrorOfItsWriter(t *testing.T) {
	for _, f := range report.Formats() {
		if err := f.Write(fullDisk{}, sample(), report.Style{}); !errors.Is(err, errFull) {
			t.Errorf("%s: want %v, got %v", f.Name, errFull, err)
		}
	}
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestFindSuggestsTheNearestFormat(t *testing.T) {
	for _, row := range []struct{ name, want string }{
		{"jsn",
			`format "jsn": unknown format (did you mean "json"?); formats are badge, console, github, har, html, json, junit, markdown, sarif, xunit`},
		{"JUnit",
			`format "JUnit": unknown format (did you mean "junit"?); formats are badge, console, github, har, html, json, junit, markdown, sarif, xunit`},
		{"spreadsheet",
			`format "spreadsheet": unknown format; formats are badge, console, github, har, html, json, junit, markdown, sarif, xunit`},
	} {
		if _, err := report.Find(row.name); err == nil || err.Error() != row.want {
			t.Errorf("%s: want %s\ngot  %v", row.name, row.want, err)
		}
	}
}

func TestFormatsAreDescribedAndSorted(t *testing.T) {
	last := ""
	for _, f := range report.Formats() {
		if f.Name <= last || !strings.HasSuffix(f.Doc, ".") || !strings.HasPrefix(f.Extension, ".") {
			t.Errorf("want a name after %q, a sentence and an extension, got %+v", last, f)
		}
		last = f.Name
	}
}

func TestHeaderNamesWhatIsAboutToRun(t *testing.T) {
	r := sample()
	r.Suite.Strict = true
	var b bytes.Buffer
	require.NoError(t, report.Header(&b, r.Suite, r.Target, 11, 231, report.Style{}))
	want := `target   http://127.0.0.1:8080 (server <under> "test")   machine fb9ab6be3965095a09c057be7c90f0a2
file     87662bc3d60e4200ceaf7aae249d1c343f4b83c9
way      HTTP/2, by the proxy proxy:3128, certificate not verified
suite    fmaspec v0.1.0   contract 5f0c2a9d41e7
level    inferred, strict
cases    11 of 231 cases   seed 7f3a

`
	if b.String() != want {
		t.Errorf("want\n%s\ngot\n%s", want, b.String())
	}
	b.Reset()
	require.NoError(t, report.Header(&b, r.Suite, r.Target, 11, 231, report.Style{Quiet: true}))
	if b.Len() > 0 {
		t.Errorf("quiet: want nothing, got %q", b.String())
	}
	if err := report.Header(fullDisk{}, r.Suite, r.Target, 1, 1, report.Style{}); !errors.Is(err, errFull) {
		t.Errorf("want %v, got %v", errFull, err)
	}
}

func TestProgressLineKeepsItsLength(t *testing.T) {
	for _, row := range []struct {
		done, failed, broken int
		want                 string
	}{
		{0, 0, 0, "  0/231 cases; requirements broken:  0; cases failed:   0"},
		{120, 3, 2, "120/231 cases; requirements broken:  2; cases failed:   3"},
		{231, 231, 69, "231/231 cases; requirements broken: 69; cases failed: 231"},
	} {
		if got := report.ProgressLine(row.done, 231, row.failed, row.broken); got != row.want {
			t.Errorf("want %q, got %q", row.want, got)
		}
	}
}

func TestConsoleShowsWhatCameInTime(t *testing.T) {
	c := sample().Cases[3]
	c.Exchanges[0].Elapsed = 1500 * time.Millisecond
	if got := report.FindingText(c, nil, report.Style{}); !strings.Contains(got, "201 Created   application/json   "+
		"101 bytes in 1.5s") {
		t.Errorf("want status, media type, size and time, got\n%s", got)
	}
}

func TestConsoleCountsEachRequirementOnce(t *testing.T) {
	for _, row := range []struct {
		state    string
		outcome  record.Outcome
		findings int
		want     string
		why      string
	}{
		{"exercised", record.Passed, 0, "  documented      1       0         0          0              0", "kept"},
		{"exercised", record.Failed, 0, "  documented      1       0         0          0              0",
			"the case failed against another requirement"},
		{"exercised", record.Failed, 2, "  documented      0       1         0          0              0", "broken"},
		{"declared", record.Failed, 1, "  documented      0       1         0          0              0",
			"broken by a case that was to prove something else"},
		{"exercised", record.Errored, 0, "  documented      0       0         0          1              0",
			"could not be judged"},
		{"declared", record.Inconclusive, 0, "  documented      0       0         0          1              0",
			"every case was inconclusive"},
		{"declared", record.Skipped, 0, "  documented      0       0         0          0              1",
			"no case was sent"},
		{"declared", 0, 0, "  documented      0       0         0          0              1", "nothing is known"},
	} {
		r := &record.Report{Requirements: []record.RequirementResult{{
			Requirement: record.Requirement{ID: "x", Level: record.Documented}, State: row.state, Outcome: row.outcome,
			Findings: row.findings}}}
		if got := render(t, "console", r, report.Style{}); !strings.Contains(got, "\n"+row.want+"\n") {
			t.Errorf("%s: want %q in\n%s", row.why, row.want, got)
		}
	}
}
