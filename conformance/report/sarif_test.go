package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// sarif is a SARIF file as a reader sees it, written apart from the writer's types.
type sarif struct {
	Schema string `json:"$schema"`
	Runs   []struct {
		Tool struct {
			Driver struct {
				Name, Version string
				Rules         []sarifRule
				Notifications []sarifRule
			}
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			ExitCode                   int
			ExitCodeDescription        string
			ToolExecutionNotifications []struct {
				Descriptor struct {
					ID    string
					Index int
				}
				Level     string
				Message   struct{ Text string }
				Locations []sarifLocation
			}
		}
		OriginalURIBaseIDs map[string]any `json:"originalUriBaseIds"`
		Results            []sarifResult
	}
}

type sarifRule struct {
	ID                                      string
	ShortDescription, FullDescription, Help struct{ Text string }
	DefaultConfiguration                    struct{ Level string }
	Properties                              struct {
		Level     string
		Tags      []string
		Precision string
	}
}

type sarifResult struct {
	RuleID                      string
	RuleIndex                   int
	Level                       string
	Message                     struct{ Text string }
	Locations, RelatedLocations []sarifLocation
	PartialFingerprints         map[string]string
	Suppressions                *[]struct {
		Kind, Status, Justification string
		Location                    sarifLocation
	}
	BaselineState string
	Properties    struct{ Case, Check, Place, Want, Got, Outcome string }
}

type sarifLocation struct {
	ID               int
	PhysicalLocation *struct {
		ArtifactLocation struct {
			URI       string
			URIBaseID string `json:"uriBaseId"`
		}
		Region struct{ StartLine, StartColumn, EndLine, EndColumn int }
	}
	LogicalLocations []struct{ Name, FullyQualifiedName, Kind string }
	Message          struct{ Text string }
}

func readSARIF(t *testing.T, r *record.Report) sarif {
	t.Helper()
	var s sarif
	require.NoError(t, json.Unmarshal([]byte(render(t, "sarif", r, report.Style{})), &s))
	require.Len(t, s.Runs, 1)
	return s
}

// officialSchema compiles a schema that others wrote.
func officialSchema(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/schemas/" + file)
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("https://schema.invalid/"+file, decode(t, string(data))))
	schema, err := compiler.Compile("https://schema.invalid/" + file)
	require.NoError(t, err)
	return schema
}

func TestSARIFTellsTheSampleAsAgreed(t *testing.T) {
	got := render(t, "sarif", sample(), report.Style{})
	golden(t, "report.sarif", got)
	if again := render(t, "sarif", sample(), report.Style{}); again != got {
		t.Error("want the same bytes for the same report, got others")
	}
}

// odd are reports that are unlike the sample.
func odd() map[string]*record.Report {
	far := sample()
	far.Started, far.Elapsed = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), 1<<63-1
	far.Cases[0].Exchanges[0].Started, far.Cases[0].Exchanges[0].Elapsed = time.Date(0, 1, 1, 0, 0, 0, 0,
		time.FixedZone("", 3600)), -1
	lost := sample()
	for i := range lost.Cases {
		lost.Cases[i].File, lost.Cases[i].Line = "", -1
		for j := range lost.Cases[i].Findings {
			lost.Cases[i].Findings[j].Step, lost.Cases[i].Findings[j].Requirement = -7, ""
		}
	}
	lost.Operations, lost.Requirements, lost.Baseline.File = nil,
		append(lost.Requirements, record.RequirementResult{}), ""
	alone := sample()
	alone.Baseline = nil
	known := everywhere(hostile)
	known.Cases[0].Findings, known.Cases[0].Outcome = known.Cases[3].Findings, 0
	known.Cases[0].Findings[0].Known = &record.Known{Reason: hostile, Owner: hostile, Expires: hostile, Line: -1}
	known.Cases[0].Findings[0].Key = hostile
	known.Baseline.File, known.Baseline.Reason, known.Baseline.Verdict = hostile, hostile, hostile
	for i := range known.Baseline.Problems {
		p := &known.Baseline.Problems[i]
		p.Kind, p.Key, p.Text = hostile, hostile, hostile
	}
	return map[string]*record.Report{"sample": sample(), "hostile": everywhere(hostile), "empty": {}, "far": far,
		"lost": lost, "no baseline": alone, "hostile baseline": known}
}

func TestSARIFKeepsTheOfficialSchema(t *testing.T) {
	schema := officialSchema(t, "sarif-2.1.0.schema.json")
	for name, r := range odd() {
		if err := schema.Validate(decode(t, render(t, "sarif", r, report.Style{}))); err != nil {
			t.Errorf("%s: want a file that keeps the schema, got %v", name, err)
		}
	}
	text := render(t, "sarif", sample(), report.Style{})
	for _, row := range []struct{ from, to, why string }{
		{`"version": "2.1.0"`, `"version": "2.2.0"`, "another version"},
		{`"level": "error"`, `"level": "fatal"`, "an unknown level"},
		{`"startLine": 5`, `"startLine": 0`, "lines count from 1"},
		{`"uri": "fixtures/`, `"uri": "%zz/`, "a URI has no broken escapes"},
		{`"kind": "external"`, `"kind": "internal"`, "a suppression is in the source or external"},
		{`"baselineState": "new"`, `"baselineState": "news"`, "an unknown state"},
		{`"executionSuccessful": false,`, ``, "an invocation says whether it went well"},
		{`"ruleIndex"`, `"ruleindex"`, "an unknown member"},
		{`"startTimeUtc": "2017`, `"startTimeUtc": "in 2017`, "no time"},
	} {
		broken := strings.Replace(text, row.from, row.to, 1)
		require.NotEqual(t, text, broken, "%s: the row changes nothing", row.why)
		if schema.Validate(decode(t, broken)) == nil {
			t.Errorf("want the schema to refuse %s: %s", row.to, row.why)
		}
	}
}

var lineHash = regexp.MustCompile(`^[0-9a-f]{16}:[0-9]+$`)

// gitHubRefuses lists what GitHub's code scanning would refuse, or not show: what
// its documentation calls required, and its limits.
func gitHubRefuses(text string, s sarif) (out []string) {
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	w.Write([]byte(text))
	w.Close()
	refuse(packed.Len() > 10_000_000, "a file of %d bytes", packed.Len())
	run := s.Runs[0]
	driver := run.Tool.Driver
	refuse(driver.Name == "", "a tool without a name")
	refuse(len(driver.Rules) > 25_000, "%d rules", len(driver.Rules))
	refuse(len(run.Results) > 5_000, "%d results, of which 5000 are shown", len(run.Results))
	ids := map[string]bool{}
	for i, rule := range driver.Rules {
		refuse(rule.ID == "" || ids[rule.ID], "rule %d: an id that is empty or was there", i)
		ids[rule.ID] = true
		for _, text := range []string{rule.ShortDescription.Text, rule.FullDescription.Text, rule.Help.Text} {
			refuse(text == "", "rule %s: a description that is empty", rule.ID)
		}
		refuse(len([]rune(rule.ShortDescription.Text)) > 1024 || len([]rune(rule.FullDescription.Text)) > 1024,
			"rule %s: a long description", rule.ID)
		refuse(len(rule.Properties.Tags) > 10, "rule %s: many tags", rule.ID)
		refuse(!slices.Contains([]string{"very-high", "high", "medium", "low"}, rule.Properties.Precision),
			"rule %s: precision %q", rule.ID, rule.Properties.Precision)
	}
	fingerprints := map[string]bool{}
	for i, r := range run.Results {
		refuse(r.RuleIndex >= len(driver.Rules) || driver.Rules[r.RuleIndex].ID != r.RuleID,
			"result %d: the rule %s is not at %d", i, r.RuleID, r.RuleIndex)
		refuse(r.Message.Text == "", "result %d: no message", i)
		refuse(len(r.Locations) != 1, "result %d: %d locations", i, len(r.Locations))
		hash := r.PartialFingerprints["primaryLocationLineHash"]
		refuse(!lineHash.MatchString(hash), "result %d: fingerprint %q", i, hash)
		refuse(fingerprints[r.RuleID+hash], "result %d: a fingerprint that was there", i)
		fingerprints[r.RuleID+hash] = true
		for _, l := range slices.Concat(r.Locations, r.RelatedLocations) {
			if l.PhysicalLocation == nil {
				refuse(true, "result %d: a location without a file", i)
				continue
			}
			at := l.PhysicalLocation
			refuse(min(at.Region.StartLine, at.Region.StartColumn, at.Region.EndColumn) < 1 ||
				at.Region.EndLine < at.Region.StartLine, "result %d: region %v", i, at.Region)
			u, err := url.Parse(at.ArtifactLocation.URI)
			refuse(err != nil, "result %d: %v", i, err)
			refuse(err == nil && u.IsAbs() == (at.ArtifactLocation.URIBaseID != ""), "result %d: %s with the base %q",
				i, u, at.ArtifactLocation.URIBaseID)
			refuse(at.ArtifactLocation.URIBaseID != "" && run.OriginalURIBaseIDs[at.ArtifactLocation.URIBaseID] == nil,
				"result %d: an unknown base", i)
		}
	}
	return out
}

func TestSARIFKeepsWhatGitHubAsks(t *testing.T) {
	for _, name := range []string{"sample", "empty", "far", "no baseline"} {
		r := odd()[name]
		if got := gitHubRefuses(render(t, "sarif", r, report.Style{}), readSARIF(t, r)); len(got) > 0 {
			t.Errorf("%s: want nothing refused, got %q", name, got)
		}
	}
	r := odd()["lost"]
	got := gitHubRefuses("", readSARIF(t, r))
	if all := strings.Join(got, "\n"); !strings.Contains(all, "0 locations") ||
		!strings.Contains(all, "a location without a file") {
		t.Errorf("want the test itself to miss the locations of findings without any file, got %q", got)
	}
	s := readSARIF(t, sample())
	s.Runs[0].Tool.Driver.Name, s.Runs[0].Results[1].PartialFingerprints = "", s.Runs[0].Results[0].PartialFingerprints
	s.Runs[0].Results[2].Locations[0].PhysicalLocation.ArtifactLocation.URIBaseID = ""
	if got := gitHubRefuses("", s); len(got) < 3 {
		t.Errorf("want the test itself to miss three things, got %q", got)
	}
}

func TestSARIFFilesEachFindingByWhatItDoes(t *testing.T) {
	at := func(uri string, line int) string { return uri + ":" + strconv.Itoa(line) }
	type row struct{ rule, level, at, state, suppressed string }
	table := func(r *record.Report) (out []row) {
		for _, x := range readSARIF(t, r).Runs[0].Results {
			p := x.Locations[0].PhysicalLocation
			got := row{x.RuleID, x.Level, at(p.ArtifactLocation.URI, p.Region.StartLine), x.BaselineState, ""}
			if x.Suppressions == nil {
				got.suppressed = "nobody asked"
			} else if len(*x.Suppressions) == 1 {
				s := (*x.Suppressions)[0]
				where := s.Location.PhysicalLocation
				got.suppressed = strings.Join([]string{s.Kind, s.Status, s.Justification,
					at(where.ArtifactLocation.URI, where.Region.StartLine)}, " | ")
			}
			out = append(out, got)
		}
		return out
	}
	want := []row{
		{"action.types", "error", "fixtures/cases/valid/accepts-other-order.http:5", "new", ""},
		{"action.types", "error", "fixtures/cases/valid/accepts-plain-request.http:5", "new", ""},
		{"refusal.no-server-error", "error", "fixtures/cases/body/refuses-number-for-sha1.http:7", "new", ""},
		{"refusal.no-server-error", "error", "fixtures/cases/body/refuses-number-for-sha1.http:7", "new", ""},
		{"action.types", "error", "fixtures/cases/body/refuses-number-for-sha1.http:7", "new", ""},
		{"baseline.expired", "error", "accepted.baseline:9", "new", ""},
		{"baseline.unmatched", "error", "accepted.baseline:13", "new", ""},
		{"baseline.vanished", "error", "accepted.baseline:5", "new", ""},
		{"request.comment-blank", "warning", "fixtures/cases/body/refuses-blank-comment.http:6", "unchanged", ""},
		{"action.types", "error", "fixtures/cases/valid/accepts-white-space.http:5", "unchanged",
			`external | accepted | the mock knows <no> words yet & "says" so (team@example.com, until 2018-01-31) | accepted.baseline:1`},
	}
	if got := table(sample()); !slices.Equal(got, want) {
		t.Errorf("want\n%v\ngot\n%v", want, got)
	}

	r := sample()
	r.Suite.Strict = true
	if got := table(r); got[0].level != "error" || !slices.ContainsFunc(got,
		func(r row) bool { return r.rule == "request.comment-blank" && r.level == "error" }) {
		t.Errorf("strict: want every finding to fail the run, got %v", got)
	}
	r = sample()
	r.Cases[2].Outcome = record.Errored
	if got := table(r); !slices.ContainsFunc(got, func(r row) bool {
		return r.rule == "request.comment-blank" &&
			r.level == "note"
	}) {
		t.Errorf("want a note for a finding of a case that does not count, got %v", got)
	}
	r = sample()
	r.Baseline.Problems[1].Key = "a finding that the report does not hold"
	if got := table(r); !slices.ContainsFunc(got, func(r row) bool { return r.rule == "baseline.new" }) {
		t.Errorf("want a new finding reported that is no result, got %v", got)
	}
	r = sample()
	r.Baseline, r.Cases[5].Findings[0].Known = nil, nil
	for _, got := range table(r) {
		if got.state != "" || got.suppressed != "nobody asked" {
			t.Errorf("without a baseline: want no state and no suppression, got %v", got)
		}
	}
}

func TestSARIFMessageSaysWhatWasSentAndTheSource(t *testing.T) {
	var got sarifResult
	for _, x := range readSARIF(t, sample()).Runs[0].Results {
		if x.RuleID == "request.comment-blank" {
			got = x
		}
	}
	want := `status: want 400 or 422, got 201.
Sent POST /testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample, 74 bytes: {{"Comment": "fmaspec", "Sha1": "000000000000000000000000000000000000c0de"}}.
Came 201 Created, application/json, 101 bytes: {{"id": "c083f601-012f-4955-b4cc-fab50fb69d79", "fileInstances": [{{"filePath": "C:\\a", "status": 7}}]}}.
To reproduce: fmaspec run -ca 'my authority.pem' -header 'X-Api-Key: '"$HEADER_X_API_KEY" -strict=false -run '^requestSample/body/refuses-blank-comment$'.
Source: [request.comment-blank](2) (inferred; both documents, "Request body"): an implementation refuses a blank Comment, because a comment that says nothing is none. The operation is [requestSample](1).`
	if got.Message.Text != want {
		t.Errorf("want\n%s\ngot\n%s", want, got.Message.Text)
	}
	for i, row := range []struct {
		uri, text string
		line      int
	}{
		{"openapi/fmaspec.openapi.yaml", "The operation requestSample: POST " +
			"/testwdatppreview/machines/{{id}}/requestSample.", 30},
		{"fixtures/requirements/inferred.yaml", "The requirement request.comment-blank: an implementation refuses a " +
			"blank Comment.", 3},
	} {
		l := got.RelatedLocations[i]
		if l.ID != i+1 || l.PhysicalLocation.ArtifactLocation.URI != row.uri ||
			l.PhysicalLocation.Region.StartLine != row.line || l.Message.Text != row.text {
			t.Errorf("want %+v, got %+v", row, l)
		}
	}
	if l := got.Locations[0].LogicalLocations[0]; l.Name != "requestSample" || l.FullyQualifiedName != "POST "+
		"/testwdatppreview/machines/{id}/requestSample" {
		t.Errorf("want the operation as logical location, got %+v", l)
	}
	if p := got.Properties; p.Case != "requestSample/body/refuses-blank-comment" || p.Want != "400 or 422" ||
		p.Got != "201" || p.Outcome != "deviated" {
		t.Errorf("want the finding's parts as properties, got %+v", p)
	}
	r := sample()
	r.Target.URL = record.InMemory
	r.Cases[2].Exchanges[0].Request.Body, r.Cases[2].Exchanges[0].Response, r.Cases[2].Exchanges[0].Error = nil, nil,
		"refused"
	short := ""
	for _, x := range readSARIF(t, r).Runs[0].Results {
		if x.RuleID == "request.comment-blank" {
			short = x.Message.Text
		}
	}
	if !strings.Contains(short, "/requestSample, without a body.\nNo answer came; refused.\nSource: ") {
		t.Errorf("want neither body, answer nor command, got\n%s", short)
	}
	if key := got.PartialFingerprints["fmaspec/v1"]; key != "refused "+
		"requestSample/body/refuses-blank-comment#0 status" {
		t.Errorf("want the finding's key as fingerprint, got %q", key)
	}
}

// placeholders and links are what a reader of a message obeys (SARIF 3.11.5, 3.11.6).
var (
	links        = regexp.MustCompile(`\[(?:[^\[\]\\]|\\.)*\]\(([^)]*)\)`)
	placeholders = regexp.MustCompile(`\{\d+\}`)
)

func TestSARIFLetsNoServerWriteALinkOrAPlaceholder(t *testing.T) {
	const evil = `[click](https://evil.invalid) ![x](1) {0} {{1}} {"a": 2} [a\](2) ]( `
	r := everywhere(evil)
	for i := range r.Cases {
		r.Cases[i].Operation = "requestSample"
	}
	s := readSARIF(t, r)
	var texts []string
	for _, x := range s.Runs[0].Results {
		texts = append(texts, x.Message.Text)
		for _, l := range x.RelatedLocations {
			texts = append(texts, l.Message.Text)
		}
	}
	for _, rule := range s.Runs[0].Tool.Driver.Rules {
		texts = append(texts, rule.ShortDescription.Text, rule.FullDescription.Text, rule.Help.Text)
	}
	for _, n := range s.Runs[0].Invocations[0].ToolExecutionNotifications {
		texts = append(texts, n.Message.Text)
	}
	seen := 0
	for _, text := range texts {
		for _, link := range links.FindAllStringSubmatch(text, -1) {
			if link[1] != "1" && link[1] != "2" || strings.Contains(link[0], "click") ||
				strings.HasPrefix(link[0], "[x]") {
				t.Errorf("want no link but to related locations, got %q in %q", link[0], text)
			}
			seen++
		}
		if rest := strings.NewReplacer("{{", "", "}}", "").Replace(text); placeholders.MatchString(rest) ||
			strings.ContainsAny(rest, "{}") {
			t.Errorf("want every brace doubled, got %q", text)
		}
	}
	if seen == 0 {
		t.Error("want the links that are ours, got none: the test looks at nothing")
	}
	if !links.MatchString(evil) || !placeholders.MatchString(evil) {
		t.Error("want the test itself to see links and placeholders, got none")
	}
}

func TestSARIFTellsHowTheRunWent(t *testing.T) {
	for _, row := range []struct {
		why        string
		change     func(*record.Report)
		successful bool
		code       int
		ids        []string
	}{
		{"errored cases leave a run incomplete", func(*record.Report) {}, false, 1,
			[]string{"case-errored", "case-errored"}},
		{"everything was judged", func(r *record.Report) { r.Cases = r.Cases[:9] }, true, 1, nil},
		{"conformant", func(r *record.Report) { r.Cases, r.Baseline, r.Verdict = r.Cases[:1], nil, record.Conformant },
			true, 0, nil},
		{"all that failed is known", func(r *record.Report) {
			r.Cases, r.Baseline.Verdict = r.Cases[5:6],
				record.Conformant
		}, true, 0, nil},
		{"no verdict", func(r *record.Report) { r.Cases, r.Baseline, r.Verdict = r.Cases[:1], nil, record.Unjudged },
			false, 3, []string{"run-unjudged"}},
		{"a verdict that nobody knows", func(r *record.Report) { *r = record.Report{} }, false, 3,
			[]string{"run-unjudged"}},
		{"interrupted", func(r *record.Report) { r.Cases, r.Interrupted = r.Cases[:9], true }, false, 1,
			[]string{"run-unjudged"}},
	} {
		r := sample()
		row.change(r)
		s := readSARIF(t, r)
		got := s.Runs[0].Invocations[0]
		var ids []string
		for _, n := range got.ToolExecutionNotifications {
			ids = append(ids, n.Descriptor.ID)
			if d := s.Runs[0].Tool.Driver.Notifications[n.Descriptor.Index]; d.ID != n.Descriptor.ID {
				t.Errorf("%s: want the descriptor of %s, got %s", row.why, n.Descriptor.ID, d.ID)
			}
		}
		if got.ExecutionSuccessful != row.successful || got.ExitCode != row.code || !slices.Equal(ids, row.ids) ||
			got.ExitCodeDescription == "" {
			t.Errorf("%s: want successful %v, code %d, %q, got %+v", row.why, row.successful, row.code, row.ids, got)
		}
	}
	many := sample()
	for range 5_001 {
		many.Cases = append(many.Cases, many.Cases[9])
	}
	notes := readSARIF(t, many).Runs[0].Invocations[0].ToolExecutionNotifications
	if last := notes[len(notes)-1].Message.Text; len(notes) != 5_001 || last != "3 more cases could not be judged; "+
		"the JSON report has them all." {
		t.Errorf("want 5000 cases reported and the rest counted, got %d and %q", len(notes), last)
	}
	n := readSARIF(t, sample()).Runs[0].Invocations[0].ToolExecutionNotifications[0]
	if want := "stopAndQuarantineFile/valid/accepts-other-order could not be judged: the answer did not " +
		"come whole."; n.Message.Text != want || n.Level != "error" {
		t.Errorf("want %q, got %+v", want, n)
	}
	at := n.Locations[0].PhysicalLocation
	if at.ArtifactLocation.URI != "fixtures/cases/valid/accepts-other-order.http" || at.Region.StartLine != 5 {
		t.Errorf("want the case's line, got %+v", at)
	}
}

func TestSARIFEscapesPaths(t *testing.T) {
	for _, row := range []struct{ file, uri, base, why string }{
		{"fixtures/cases/a b%1.http", "fixtures/cases/a%20b%251.http", "%SRCROOT%", "blanks and percent signs"},
		{"c:a/é#?[x].http", "c%3Aa/%C3%A9%23%3F%5Bx%5D.http", "%SRCROOT%", "what would end the path, or be a scheme"},
		{"./fixtures//x/../y.http", "fixtures/y.http", "%SRCROOT%", "detours"},
		{"/tmp/my cases/x.http", "file:///tmp/my%20cases/x.http", "", "an absolute path"},
		{"../x.http", "../x.http", "%SRCROOT%", "outside the root"},
	} {
		r := sample()
		r.Cases[3].File = row.file
		got := readSARIF(t, r).Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation
		if got.URI != row.uri || got.URIBaseID != row.base {
			t.Errorf("%s: want %s with the base %q, got %+v", row.why, row.uri, row.base, got)
		}
	}
}

// crowd is a report with many findings, each about an exchange of its own. With
// a random text it packs badly.
func crowd(findings int, text func() string) *record.Report {
	r := sample()
	c := &r.Cases[3]
	x := c.Exchanges[0]
	c.Findings, c.Exchanges = nil, nil
	for i := range findings {
		f := record.Finding{Case: c.ID, Step: i, Check: "types", Requirement: "request.comment-blank",
			Level: record.Inferred, Place: fmt.Sprint("/", i, text()), Want: text(), Got: text()}
		if i == findings-1 {
			f.Level, f.Requirement = record.Documented, "action.types"
		}
		f.Key = fmt.Sprintf("types %s#%d %s", c.ID, i, f.Place)
		c.Findings = append(c.Findings, f)
		answer := *x.Response
		answer.Header = http.Header{"Content-Type": {text()}}
		answer.Body = record.Body(text())
		x.Step, x.Request.Body, x.Error, x.Response = i, record.Body(text()), text(), &answer
		c.Exchanges = append(c.Exchanges, x)
	}
	return r
}

func TestSARIFTellsTheGravestOfTooManyFindings(t *testing.T) {
	t.Parallel()
	// Letters of scripts that few write in: many, narrow, and long in UTF-8.
	var letters []rune
	for _, script := range []*unicode.RangeTable{unicode.Canadian_Aboriginal, unicode.Cuneiform,
		unicode.Egyptian_Hieroglyphs, unicode.Bamum, unicode.Anatolian_Hieroglyphs} {
		for c := rune(0x1000); c < 0x20000; c++ {
			if unicode.Is(script, c) && unicode.IsPrint(c) {
				letters = append(letters, c)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := func() string {
		var b strings.Builder
		for range 300 {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	for _, row := range []struct {
		findings, want int
		text           func() string
		why            string
	}{
		{1, 11, func() string { return "x" }, "ten are the other cases' and the baseline's"},
		{5_001, 5_000, func() string { return "x" }, "GitHub shows no more"},
		{1_000, 505, noise, "GitHub takes no more bytes"},
	} {
		r := crowd(row.findings, row.text)
		text := render(t, "sarif", r, report.Style{})
		var s sarif
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		if got := gitHubRefuses(text, s); len(got) > 0 {
			t.Errorf("%s: want nothing refused, got %q", row.why, got)
		}
		results := s.Runs[0].Results
		if len(results) != row.want {
			t.Errorf("%s: want %d results, got %d", row.why, row.want, len(results))
		}
		notes := s.Runs[0].Invocations[0].ToolExecutionNotifications
		last := notes[len(notes)-1]
		if left := row.findings + 10 - len(results); left == 0 {
			if last.Descriptor.ID == "findings-left-out" {
				t.Errorf("%s: want no remainder, got %s", row.why, last.Message.Text)
			}
		} else if want := fmt.Sprintf("%d findings are not in this file: 1 at level error, %d warning, 0 note; the "+
			"JSON report has them all.", left, left-1); last.Message.Text != want || last.Level != "warning" {
			t.Errorf("%s: want %q, got %+v", row.why, want, last)
		}
		if !slices.ContainsFunc(results, func(x sarifResult) bool {
			return strings.HasPrefix(x.Properties.Place, fmt.Sprint("/", row.findings-1)) && x.Level == "error"
		}) {
			t.Errorf("%s: want the most severe reported, which is the last, got it left out", row.why)
		}
	}
}

func TestSARIFBoundsWhatAServerSends(t *testing.T) {
	size := func(text string) int {
		return len(render(t, "sarif", crowd(20, func() string { return text }), report.Style{}))
	}
	// Eight texts a finding, of which three are written twice.
	if small, large := size("x"), size(strings.Repeat("{\xff", 1_000_000)); large > small+20*11*2_000 {
		t.Errorf("want a file that hardly grows with what a server sends, got %d bytes instead of %d", large, small)
	}
}

func TestEveryFormatForMachinesIsReadAgain(t *testing.T) {
	for name, r := range odd() {
		for _, format := range []string{"sarif", "har", "junit"} {
			text := render(t, format, r, report.Style{})
			if format == "junit" {
				parse(t, r)
			} else if decode(t, text); !strings.HasSuffix(text, "}\n") {
				t.Errorf("%s %s: want one line break at the end, got %q", format, name, text[max(0, len(text)-20):])
			}
			// What a record holds renders as the run itself does.
			if name == "sample" || name == "no baseline" {
				again, err := report.ReadJSON(strings.NewReader(render(t, "json", r, report.Style{})))
				require.NoError(t, err)
				if render(t, format, again, report.Style{}) != text {
					t.Errorf("%s %s: want the same bytes from the record as from the run, got others", format, name)
				}
			}
		}
	}
}
