package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
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
			Class   string  `xml:"classname,attr"`
			Name    string  `xml:"name,attr"`
			Failure []told  `xml:"failure"`
			Error   []told  `xml:"error"`
			Skipped []told  `xml:"skipped"`
			Out     *string `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
	Attr []xml.Attr `xml:",any,attr"`
}

type told struct {
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

func parse(t *testing.T, r *conformance.Report) suites {
	t.Helper()
	var s suites
	require.NoError(t, xml.Unmarshal([]byte(render(t, "junit", r, report.Style{})), &s))
	return s
}

func TestJUnitCarriesAnElementForEveryRedCase(t *testing.T) {
	for name, r := range map[string]*conformance.Report{"sample": sample(), "hostile": everywhere(hostile)} {
		s := parse(t, r)
		want := map[string]conformance.CaseResult{}
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
				row, known := want[id]
				if !known {
					t.Errorf("%s: %s: want a case of the report, got another one", name, id)
					continue
				}
				delete(want, id)
				got := [3]int{len(c.Failure), len(c.Error), len(c.Skipped)}
				expected := map[conformance.Outcome][3]int{
					conformance.Failed: {1, 0, 0}, conformance.Errored: {0, 1, 0}, conformance.Skipped: {0, 0, 1},
					conformance.NotApplicable: {0, 0, 1}, conformance.Inconclusive: {0, 0, 1}, conformance.Passed: {}, conformance.Deviated: {},
				}[row.Outcome]
				if got != expected {
					t.Errorf("%s: %s is %s: want %v failures, errors, skips, got %v", name, id, row.Outcome, expected, got)
				}
				for _, f := range c.Failure {
					if f.Type != row.Findings[0].Requirement && f.Type != "action.types" || f.Message == "" || strings.Count(f.Text, "   got ")+strings.Count(f.Text, "     got  ") < 1 {
						t.Errorf("%s: %s: want requirement, message and text, got %+v", name, id, f)
					}
				}
				for _, e := range append(c.Error, c.Skipped...) {
					if e.Message == "" {
						t.Errorf("%s: %s: want a reason, got none", name, id)
					}
				}
				if row.Outcome == conformance.Deviated && (c.Out == nil || !strings.Contains(*c.Out, "request.comment-blank")) {
					t.Errorf("%s: %s: want the deviation in system-out, got %v", name, id, c.Out)
				}
				sum["tests"]++
				sum["failures"] += len(c.Failure)
				sum["errors"] += len(c.Error)
				sum["skipped"] += len(c.Skipped)
			}
			for _, attr := range []string{"tests", "failures", "errors", "skipped"} {
				if got := number(t, suite.Attr, attr); got != sum[attr] {
					t.Errorf("%s: suite %s: want %s=%d as its cases show, got %d", name, suite.Name, attr, sum[attr], got)
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
			if want := "/fileInstances/0/status: want a string, got 7 (documented action.types) and 2 more findings"; f.Message != want {
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
		verdict conformance.Verdict
		cases   []conformance.CaseResult
		errors  int
		why     string
	}{
		{conformance.Unjudged, nil, 1, "a run without a case is no success"},
		{conformance.Unjudged, []conformance.CaseResult{{ID: "a/b", Operation: "a", Outcome: conformance.Inconclusive, Reason: "x"}}, 1, "nothing was conclusive"},
		{conformance.Unjudged, []conformance.CaseResult{{ID: "a/b", Operation: "a", Outcome: conformance.Errored, Reason: "x"}}, 1, "the case is red already"},
		{conformance.NotConformant, []conformance.CaseResult{{ID: "a/b", Operation: "a", Outcome: conformance.Passed}}, 1, "a stale verdict is believed, not the case"},
		{"", nil, 1, "a report without a verdict"},
		{conformance.Conformant, []conformance.CaseResult{{ID: "a/b", Operation: "a", Outcome: conformance.Passed}}, 0, "green is green"},
		{conformance.Conformant, []conformance.CaseResult{{ID: "a/b", Operation: "a", Outcome: conformance.Deviated}}, 0, "a deviation is a pass"},
		{conformance.NotConformant, []conformance.CaseResult{{ID: "a/b", Operation: "a", Outcome: 0}}, 1, "an outcome nobody knows is never a pass"},
	} {
		s := parse(t, &conformance.Report{Verdict: row.verdict, Reason: "because", Cases: row.cases})
		if got := number(t, s.Attr, "errors"); got != row.errors {
			t.Errorf("want %d errors, got %d: %s", row.errors, got, row.why)
		}
	}
}

// junit10 is what the Jenkins xUnit plugin's junit-10.xsd allows, as far as we
// write it: the attributes, those it requires, and the children of each element.
var junit10 = map[string]struct{ attrs, required, children []string }{
	"testsuites": {attrs: []string{"name", "time", "tests", "failures", "errors"}, children: []string{"testsuite"}},
	"testsuite": {attrs: []string{"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
		required: []string{"name", "tests", "failures", "errors"}, children: []string{"testsuite", "properties", "testcase", "system-out", "system-err"}},
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

func TestJUnitKeepsTheJenkinsSchema(t *testing.T) {
	for _, r := range []*conformance.Report{sample(), everywhere(hostile), {}} {
		if got := strays(render(t, "junit", r, report.Style{})); len(got) > 0 {
			t.Errorf("want nothing that junit-10.xsd does not know, got %q", got)
		}
	}
	text := render(t, "junit", sample(), report.Style{})
	for _, row := range []struct{ from, to, want string }{
		{"<testcase ", `<testcase file="x" `, "testcase/@file"},
		{"<system-out>", `<properties></properties><system-out>`, "properties in testcase"},
		{`<testsuite name="requestSample"`, `<testsuite`, "testsuite without name"},
	} {
		if got := strays(strings.Replace(text, row.from, row.to, 1)); !slices.Contains(got, row.want) {
			t.Errorf("want the test itself to find %q, got %q", row.want, got)
		}
	}
}
