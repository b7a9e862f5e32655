package report_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// suites is JUnit XML as a build server reads it, written apart from the writer's types.
type suites struct {
	XMLName                 xml.Name `xml:"testsuites"`
	Tests, Failures, Errors int      `xml:",attr"`
	Suite                   []struct {
		Name                             string     `xml:"name,attr"`
		Tests, Failures, Errors, Skipped int        `xml:"-"`
		Attr                             []xml.Attr `xml:",any,attr"`
		Case                             []struct {
			Class   string    `xml:"classname,attr"`
			Name    string    `xml:"name,attr"`
			Failure []failure `xml:"failure"`
			Error   []failure `xml:"error"`
			Skipped []failure `xml:"skipped"`
			Out     *string   `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
	Attr []xml.Attr `xml:",any,attr"`
}

type failure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func number(t *testing.T, attrs []xml.Attr, name string) int {
	t.Helper()
	i := slices.IndexFunc(attrs, func(a xml.Attr) bool { return a.Name.Local == name })
	require.GreaterOrEqual(t, i, 0, "attribute %s", name)
	n, err := strconv.Atoi(attrs[i].Value)
	require.NoError(t, err)
	return n
}

func parse(t *testing.T, r *record.Report) suites {
	t.Helper()
	var s suites
	require.NoError(t, xml.Unmarshal([]byte(render(t, "junit", r, report.Style{})), &s))
	return s
}

func TestJUnitCarriesAnElementForEveryRedCase(t *testing.T) {
	for name, r := range map[string]*record.Report{"sample": sample(), "hostile": everywhere(hostile)} {
		s := parse(t, r)
		want := map[string]record.CaseResult{}
		for i, c := range r.Cases {
			if name == "hostile" {
				c.ID = strconv.Itoa(i)
			}
			want[c.ID] = c
		}
		all := map[string]int{}
		for _, suite := range s.Suite {
			sum := map[string]int{}
			for _, c := range suite.Case {
				id := c.Class + "/" + c.Name
				if name == "hostile" {
					id, _, _ = strings.Cut(c.Name, "<")
				}
				if c.Class == "baseline" {
					if len(c.Failure) != 1 || c.Failure[0].Message == "" {
						t.Errorf("%s: %s: want a failure with a message, got %+v", name, id, c)
					}
					sum["tests"]++
					sum["failures"]++
					continue
				}
				row, known := want[id]
				if !known {
					t.Errorf("%s: %s: want a case of the report, got another one", name, id)
					continue
				}
				delete(want, id)
				got := [3]int{len(c.Failure), len(c.Error), len(c.Skipped)}
				expected := map[record.Outcome][3]int{
					record.Failed: {1, 0, 0}, record.Errored: {0, 1, 0}, record.Skipped: {0, 0, 1},
					record.NotApplicable: {0, 0, 1}, record.Inconclusive: {0, 0, 1}, record.Passed: {},
					record.Deviated: {},
				}[row.Outcome]
				if len(row.Findings) == 1 && row.Findings[0].Known != nil {
					expected = [3]int{0, 0, 1}
				}
				if got != expected {
					t.Errorf("%s: %s is %s: want %v failures, errors, skips, got %v", name, id, row.Outcome, expected,
						got)
				}
				for _, f := range c.Failure {
					if f.Type != row.Findings[0].Requirement && f.Type != "action.types" || f.Message == "" ||
						strings.Count(f.Text, "   got ")+strings.Count(f.Text, "     got  ") < 1 {
						t.Errorf("%s: %s: want requirement, message and text, got %+v", name, id, f)
					}
				}
				for _, e := range append(c.Error, c.Skipped...) {
					if e.Message == "" {
						t.Errorf("%s: %s: want a reason, got none", name, id)
					}
				}
				if row.Outcome == record.Deviated && (c.Out == nil ||
					!strings.Contains(*c.Out, "request.comment-blank")) {
					t.Errorf("%s: %s: want the deviation in system-out, got %v", name, id, c.Out)
				}
				sum["tests"]++
				sum["failures"] += len(c.Failure)
				sum["errors"] += len(c.Error)
				sum["skipped"] += len(c.Skipped)
			}
			for _, attr := range []string{"tests", "failures", "errors", "skipped"} {
				if got := number(t, suite.Attr, attr); got != sum[attr] {
					t.Errorf("%s: suite %s: want %s=%d as its cases show, got %d", name, suite.Name, attr, sum[attr],
						got)
				}
				all[attr] += sum[attr]
			}
		}
		for _, attr := range []string{"tests", "failures", "errors"} {
			if got := number(t, s.Attr, attr); got != all[attr] {
				t.Errorf("%s: want %s=%d as the suites show, got %d", name, attr, all[attr], got)
			}
		}
		if len(want) > 0 {
			t.Errorf("%s: want every case in the file, missing are %d", name, len(want))
		}
	}
}

func TestJUnitNamesTheRequirementOnTheStrongestWord(t *testing.T) {
	s := parse(t, sample())
	for _, suite := range s.Suite {
		for _, c := range suite.Case {
			if c.Name != "body/refuses-number-for-sha1" {
				continue
			}
			f := c.Failure[0]
			if f.Type != "action.types" {
				t.Errorf("want the documented requirement before the standard ones, got %s", f.Type)
			}
			if want := "/fileInstances/0/status: want a string, got 7 (documented action.types) and 2 more " +
				"findings"; f.Message != want {
				t.Errorf("want %q, got %q", want, f.Message)
			}
			if n := strings.Count(f.Text, "refusal.no-server-error"); n != 2 || !strings.Contains(f.Text, `]]>`) {
				t.Errorf("want the texts of all findings, got %s", f.Text)
			}
			return
		}
	}
	t.Error("the case is not in the file")
}

func TestJUnitIsRedWheneverTheVerdictIs(t *testing.T) {
	for _, row := range []struct {
		verdict record.Verdict
		cases   []record.CaseResult
		errors  int
		why     string
	}{
		{record.Unjudged, nil, 1, "a run without a case is no success"},
		{record.Unjudged, []record.CaseResult{{ID: "a/b", Operation: "a", Outcome: record.Inconclusive, Reason: "x"}},
			1, "nothing was conclusive"},
		{record.Unjudged, []record.CaseResult{{ID: "a/b", Operation: "a", Outcome: record.Errored, Reason: "x"}}, 1,
			"the case is red already"},
		{record.NotConformant, []record.CaseResult{{ID: "a/b", Operation: "a", Outcome: record.Passed}}, 1,
			"a stale verdict is believed, not the case"},
		{"", nil, 1, "a report without a verdict"},
		{record.Conformant, []record.CaseResult{{ID: "a/b", Operation: "a", Outcome: record.Passed}}, 0,
			"green is green"},
		{record.Conformant, []record.CaseResult{{ID: "a/b", Operation: "a", Outcome: record.Deviated}}, 0,
			"a deviation is a pass"},
		{record.NotConformant, []record.CaseResult{{ID: "a/b", Operation: "a", Outcome: 0}}, 1,
			"an outcome nobody knows is never a pass"},
	} {
		s := parse(t, &record.Report{Verdict: row.verdict, Reason: "because", Cases: row.cases})
		if got := number(t, s.Attr, "errors"); got != row.errors {
			t.Errorf("want %d errors, got %d: %s", row.errors, got, row.why)
		}
	}
}

// junit10 is what the Jenkins xUnit plugin's junit-10.xsd allows, as far as we
// write it: the attributes, those it requires, and the children of each element.
var junit10 = map[string]struct{ attrs, required, children []string }{
	"testsuites": {attrs: []string{"name", "time", "tests", "failures", "errors"}, children: []string{"testsuite"}},
	"testsuite": {attrs: []string{"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp",
		"hostname", "id", "package", "file", "log", "url"},
		required: []string{"name", "tests", "failures", "errors"}, children: []string{"testsuite", "properties",
			"testcase", "system-out", "system-err"}},
	"properties": {children: []string{"property"}},
	"property":   {attrs: []string{"name", "value"}, required: []string{"name", "value"}},
	"testcase": {attrs: []string{"name", "time", "classname", "group"}, required: []string{"name"},
		children: []string{"skipped", "error", "failure", "system-out", "system-err"}},
	"failure":    {attrs: []string{"type", "message"}},
	"error":      {attrs: []string{"type", "message"}},
	"skipped":    {attrs: []string{"type", "message"}},
	"system-out": {},
}

// strays returns what breaks junit10.
func strays(text string) (out []string) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	var open []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return append(out, err.Error())
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if len(open) > 0 && !slices.Contains(junit10[open[len(open)-1]].children, name) {
				out = append(out, name+" in "+open[len(open)-1])
			}
			var attrs []string
			for _, a := range token.Attr {
				attrs = append(attrs, a.Name.Local)
				if !slices.Contains(junit10[name].attrs, a.Name.Local) {
					out = append(out, name+"/@"+a.Name.Local)
				}
			}
			for _, a := range junit10[name].required {
				if !slices.Contains(attrs, a) {
					out = append(out, name+" without "+a)
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

func TestXUnitKeepsTheJenkinsSchema(t *testing.T) {
	for name, r := range odd() {
		if got := strays(render(t, "xunit", r, report.Style{})); len(got) > 0 {
			t.Errorf("%s: want nothing that junit-10.xsd does not know, got %q", name, got)
		}
	}
	text := render(t, "xunit", sample(), report.Style{})
	for _, row := range breakages {
		if got := strays(strings.Replace(text, row.from, row.to, 1)); !slices.Contains(got, row.want) {
			t.Errorf("want the test itself to find %q, got %q", row.want, got)
		}
	}
}

// breakages are ways to break junit-10.xsd, and what strays says of each.
var breakages = []struct{ from, to, want string }{
	{"<testcase ", `<testcase file="x" `, "testcase/@file"},
	{"<system-out>", `<properties></properties><system-out>`, "properties in testcase"},
	{`<testsuite name="requestSample"`, `<testsuite`, "testsuite without name"},
	{`<testsuites `, `<testsuites skipped="1" `, "testsuites/@skipped"},
}

// xmllint judges a file by junit-10.xsd. Without the program the test is skipped,
// or fails where FMASPEC_XMLLINT is "required".
func xmllint(t *testing.T, text string) error {
	t.Helper()
	program, err := exec.LookPath("xmllint")
	if err != nil {
		if os.Getenv("FMASPEC_XMLLINT") == "required" {
			t.Fatalf("FMASPEC_XMLLINT=required: %v; install it (Debian: libxml2-utils)", err)
		}
		t.Skipf("SKIPPED: junit-10.xsd was not asked: %v; install it (Debian: libxml2-utils), and set "+
			"FMASPEC_XMLLINT=required to never miss it", err)
	}
	file := filepath.Join(t.TempDir(), "junit.xml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	said, err := exec.Command(program, "--noout", "--nonet", "--schema", "testdata/schemas/junit-10.xsd",
		file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

func TestJenkinsOwnSchemaAcceptsXUnit(t *testing.T) {
	for name, r := range odd() {
		if err := xmllint(t, render(t, "xunit", r, report.Style{})); err != nil {
			t.Errorf("%s: want a file that junit-10.xsd accepts, got %v", name, err)
		}
	}
	text := render(t, "xunit", sample(), report.Style{})
	for _, row := range breakages {
		broken := strings.Replace(text, row.from, row.to, 1)
		require.NotEqual(t, text, broken, "%s: the row changes nothing", row.want)
		if err := xmllint(t, broken); err == nil {
			t.Errorf("want junit-10.xsd to refuse %q, got it accepted", row.want)
		}
	}
	if err := xmllint(t, text[:len(text)/2]); err == nil {
		t.Error("want half a file refused, got it accepted")
	}
}

// placed matches the place of a test case.
var placed = regexp.MustCompile(`(<testcase [^>]*?)( file="[^"]*")( line="[0-9]+")?`)

func TestJUnitIsXUnitWithThePlaceOfEachCase(t *testing.T) {
	for name, r := range odd() {
		if diff := cmp.Diff(render(t, "xunit", r, report.Style{}),
			placed.ReplaceAllString(render(t, "junit", r, report.Style{}), "$1")); diff != "" {
			t.Errorf("%s: want nothing else to differ, got\n%s", name, diff)
		}
	}
	text := render(t, "junit", sample(), report.Style{})
	require.Contains(t, text,
		`name="body/refuses-blank-comment" file="fixtures/cases/body/refuses-blank-comment.http" line="6"`)
	require.Regexp(t, `timestamp="20[0-9-]+T[0-9:]+Z"`, text)
}

func TestJUnitAndGitHubShowOnlyPathsThatAreFound(t *testing.T) {
	const known = "fixtures/cases/body/refuses-blank-comment.http"
	style := report.Style{Locate: func(file string) string {
		if file == known {
			return "sub/" + known
		}
		return ""
	}}
	text := render(t, "junit", sample(), style)
	require.Contains(t, text, `name="body/refuses-blank-comment" file="sub/`+known+`" line="6"`)
	require.Equal(t, 1, strings.Count(text, ` file="`))
	text = render(t, "github", sample(), style)
	require.Contains(t, text, "::warning file=sub/"+known+",line=6,")
	require.Equal(t, 1, strings.Count(text, " file="))
	require.Contains(t, text, "::error title=")
}

// property reads the values of a property of a test case.
func property(out *string, name string) (values []string) {
	if out == nil {
		return nil
	}
	for line := range strings.SplitSeq(*out, "\n") {
		if value, found := strings.CutPrefix(line, "[[PROPERTY|"+name+"="); found {
			values = append(values, strings.TrimSuffix(value, "]]"))
		}
	}
	return values
}

func TestJUnitTellsWhatATestCaseIsAbout(t *testing.T) {
	want := map[string][]string{ // proves, breaks, level, file, line, outcome
		"body/refuses-blank-comment": {"request.comment-blank", "request.comment-blank", "inferred",
			"fixtures/cases/body/refuses-blank-comment.http", "6", "deviated"},
		"auth/refuses-reader": {"auth.role", "", "documented", "fixtures/cases/auth/refuses-reader.http",
			"5", "not-applicable"},
		"body/refuses-number-for-sha1": {"refusal.no-server-error", "refusal.no-server-error action.types",
			"documented", "fixtures/cases/body/refuses-number-for-sha1.http", "7", "failed"},
		"auth/refuses-missing-authorization": {"auth.required", "", "documented",
			"fixtures/cases/auth/refuses-missing-authorization.http", "5", "passed"},
	}
	for _, suite := range parse(t, sample()).Suite {
		for _, c := range suite.Case {
			row, asked := want[c.Name]
			if !asked {
				continue
			}
			delete(want, c.Name)
			for i, name := range []string{"proves", "breaks", "level", "file", "line", "outcome"} {
				if got := strings.Join(property(c.Out, name), " "); got != row[i] {
					t.Errorf("%s: want %s %q, got %q", c.Name, name, row[i], got)
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("want every row in the file, missing are %v", want)
	}
	r := sample()
	r.Cases = r.Cases[:1]
	r.Cases[0].Proves = []string{"x]]\n[[PROPERTY|outcome=passed]]"}
	out := parse(t, r).Suite[0].Case[0].Out
	if got := property(out, "outcome"); len(got) != 1 || strings.Count(*out, "]]") != 4 {
		t.Errorf("want text that cannot make a property, got %s", *out)
	}
}

func TestJUnitSkipsWhatIsKnown(t *testing.T) {
	known := func(reason string) *record.Known {
		return &record.Known{Reason: reason, Owner: "team", Expires: "2018-01-31"}
	}
	finding := func(level record.Level, k *record.Known) record.Finding {
		return record.Finding{Requirement: level.String(), Level: level, Place: "status", Want: "1", Got: "2", Known: k}
	}
	forever := known("b")
	forever.Expires = ""
	for _, row := range []struct {
		why              string
		strict           bool
		findings         []record.Finding
		skipped, failure string
	}{
		{"all are known", false, []record.Finding{finding(record.Documented, known("a")),
			finding(record.Standard, forever)}, "known: a (team, until 2018-01-31); b (team)", ""},
		{"the same reason once", false, []record.Finding{finding(record.Documented, known("a")),
			finding(record.Documented, known("a"))}, "known: a (team, until 2018-01-31)", ""},
		{"one is not", false, []record.Finding{finding(record.Documented, known("a")), finding(record.Standard, nil)},
			"", "standard"},
		{"the one that is not does not count", false, []record.Finding{finding(record.Documented, known("a")),
			finding(record.Inferred, nil)}, "known: a (team, until 2018-01-31)", ""},
		{"it counts where the run is strict", true, []record.Finding{finding(record.Documented, known("a")),
			finding(record.Inferred, nil)}, "", "inferred"},
		{"only one that does not count is known", false, []record.Finding{finding(record.Inferred, known("a"))}, "",
			"inferred"},
		{"nothing was found", false, nil, "", "unknown"},
	} {
		r := &record.Report{Verdict: record.NotConformant, Suite: record.SuiteInfo{Strict: row.strict},
			Baseline: &record.BaselineResult{Verdict: record.Conformant},
			Cases:    []record.CaseResult{{ID: "a/b", Operation: "a", Outcome: record.Failed, Findings: row.findings}}}
		s := parse(t, r)
		c := s.Suite[0].Case[0]
		skipped, failure := "", ""
		if len(c.Skipped) == 1 {
			skipped = c.Skipped[0].Message
		}
		if len(c.Failure) == 1 {
			failure = c.Failure[0].Type
		}
		if skipped != row.skipped || failure != row.failure || len(s.Suite) != 1 {
			t.Errorf("%s: want skipped %q, failure %q, got %q, %q in %d suites", row.why, row.skipped, row.failure,
				skipped, failure, len(s.Suite))
		}
		if row.skipped != "" && (c.Out == nil || !strings.Contains(*c.Out, "want 1   got 2")) {
			t.Errorf("%s: want the findings in system-out, got %v", row.why, c.Out)
		}
		if got, want := number(t, s.Suite[0].Attr, "skipped"), len(c.Skipped); got != want {
			t.Errorf("%s: want skipped=%d, got %d", row.why, want, got)
		}
	}
}

func TestJUnitFailsForTheBaseline(t *testing.T) {
	s := parse(t, sample())
	var got []string
	for _, suite := range s.Suite {
		if suite.Name != "baseline" {
			continue
		}
		for _, c := range suite.Case {
			got = append(got, strings.Join([]string{c.Class, c.Name, c.Failure[0].Type, c.Failure[0].Message,
				property(c.Out, "file")[0], property(c.Out, "line")[0]}, " | "))
		}
	}
	want := []string{
		"baseline | expired refused requestSample/body/refuses-blank-comment#0 status | expired | it was accepted " +
			"until 2017-11-30; mend it, or renew the entry | accepted.baseline | 9",
		`baseline | unmatched types requestSample/valid/accepts-plane-request#0 /status | unmatched | the suite has no such case (did you mean "requestSample/valid/accepts-plain-request"?); mend or remove the entry | accepted.baseline | 13`,
		"baseline | vanished created requestSample/valid/accepts-plain-request#0 status | vanished | the finding is " +
			"gone; remove the entry | accepted.baseline | 5",
	}
	if !slices.Equal(got, want) {
		t.Errorf("want\n%s\ngot\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	for _, row := range []struct {
		verdict record.Verdict
		errors  int
		why     string
	}{
		{record.Conformant, 0, "the baseline's verdict counts, not the run's"},
		{record.NotConformant, 1, "a baseline that is red without a red case"},
		{record.Unjudged, 1, "a run that could not be compared"},
	} {
		r := &record.Report{Verdict: record.NotConformant, Baseline: &record.BaselineResult{Verdict: row.verdict,
			Problems: []record.BaselineProblem{{Kind: "new", Key: "x"}}}}
		if got := number(t, parse(t, r).Attr, "errors"); got != row.errors {
			t.Errorf("want %d errors, got %d: %s", row.errors, got, row.why)
		}
	}
}
