package report

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	slash "path"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/record"
	"fmaspec/conformance/term"
)

// The limits of a SARIF file. GitHub takes 25,000 results and shows 5,000, takes
// 10 MB of gzip, and shows 1,024 characters of a rule's description.
const (
	sarifResults = 5_000
	sarifBytes   = 3_000_000 // of gzip; 5,000 ordinary findings make one
	sarifWords   = 1_000     // columns of a description
	sarifPart    = 300       // columns of each text that was wanted, sent or received
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifRoot is the base of relative URIs, the root of the repository.
const sarifRoot = "%SRCROOT%"

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool            `json:"tool"`
	Invocations []sarifInvocation    `json:"invocations"`
	Bases       map[string]sarifBase `json:"originalUriBaseIds"`
	ColumnKind  string               `json:"columnKind"`
	Results     []sarifResult        `json:"results"`
	Properties  sarifRunProperties   `json:"properties"`
}

type sarifRunProperties struct {
	Verdict     string        `json:"verdict"`
	Target      string        `json:"target"`
	TargetName  string        `json:"targetName"`
	Level       string        `json:"level"`
	Strict      bool          `json:"strict"`
	Seed        string        `json:"seed"`
	Contract    string        `json:"contract"`
	Fixtures    string        `json:"fixtures"`
	Filtered    bool          `json:"filtered"`
	Interrupted bool          `json:"interrupted"`
	Totals      record.Totals `json:"totals"`
}

type sarifBase struct {
	Description sarifText `json:"description"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name          string      `json:"name"`
	Version       string      `json:"version,omitempty"`
	Rules         []sarifRule `json:"rules"`
	Notifications []sarifRule `json:"notifications"`
}

type sarifRule struct {
	ID         string           `json:"id"`
	Short      sarifText        `json:"shortDescription"`
	Full       sarifText        `json:"fullDescription"`
	Help       *sarifText       `json:"help,omitempty"`
	Default    sarifDefault     `json:"defaultConfiguration"`
	Properties *sarifProperties `json:"properties,omitempty"`
}

type sarifDefault struct {
	Level string `json:"level"`
}

type sarifProperties struct {
	Level     string   `json:"level,omitempty"`
	Tags      []string `json:"tags"`
	Precision string   `json:"precision"`
	Severity  string   `json:"problem.severity"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	Rule         string                `json:"ruleId"`
	Index        int                   `json:"ruleIndex"`
	Level        string                `json:"level"`
	Message      sarifText             `json:"message"`
	Locations    []sarifLocation       `json:"locations"`
	Related      []sarifLocation       `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string     `json:"partialFingerprints"`
	Suppressions *[]sarifSuppression   `json:"suppressions,omitempty"` // nil if no baseline was used
	Baseline     string                `json:"baselineState,omitempty"`
	Properties   *sarifFindingProperty `json:"properties,omitempty"`
}

type sarifFindingProperty struct {
	Case    string `json:"case"`
	Outcome string `json:"outcome"`
	Step    int    `json:"step"`
	Check   string `json:"check"`
	Level   string `json:"level"`
	Place   string `json:"place"`
	Want    string `json:"want"`
	Got     string `json:"got"`
}

type sarifSuppression struct {
	Kind          string         `json:"kind"`
	Status        string         `json:"status"`
	Justification string         `json:"justification"`
	Location      *sarifLocation `json:"location,omitempty"`
}

type sarifLocation struct {
	ID       int            `json:"id,omitempty"`
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

type sarifLogical struct {
	Name     string `json:"name"`
	FullName string `json:"fullyQualifiedName"`
	Kind     string `json:"kind"`
}

type sarifInvocation struct {
	Start         string              `json:"startTimeUtc"`
	End           string              `json:"endTimeUtc"`
	Successful    bool                `json:"executionSuccessful"`
	ExitCode      int                 `json:"exitCode"`
	ExitText      string              `json:"exitCodeDescription"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Descriptor sarifReference  `json:"descriptor"`
	Level      string          `json:"level"`
	Message    sarifText       `json:"message"`
	Locations  []sarifLocation `json:"locations,omitempty"`
}

type sarifReference struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
}

// SARIF writes the report as one run of SARIF 2.1.0, within the limits of GitHub's code
// scanning. A finding is a result at the line of its case, with the operation in the OpenAPI
// document and the requirement as related locations: an error if it fails the run, a warning
// if it deviates, a note if its case does not count. A known finding is suppressed. Entries of
// the baseline that are expired, unmatched or whose finding has vanished are separate results
// at the line of the entry. A case that could not be judged is a notification, and then the
// execution was not successful. If there are too many findings, the most severe are written
// and a notification counts the rest. A finding without any file has no physical location, and
// GitHub refuses it. The file names no category: the upload of several files for one commit
// must do that.
func SARIF(w io.Writer, r *record.Report) error {
	all := sarifFindings(r)
	for limit := min(sarifResults, len(all)); ; limit /= 2 {
		var b bytes.Buffer
		if err := encode(&b, "", sarifOf(r, all, limit)); err != nil {
			return err
		}
		if limit > 0 && b.Len() > sarifBytes && gzipped(b.Bytes()) > sarifBytes {
			continue
		}
		_, err := w.Write(b.Bytes())
		return err
	}
}

// gzipped returns the length of data after fast compression; a slower one is better.
func gzipped(data []byte) int {
	var n counter
	packer, _ := gzip.NewWriterLevel(&n, gzip.BestSpeed) // a valid level
	packer.Write(data)                                   // a counter never fails
	packer.Close()
	return int(n)
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// A sarifFinding is the source of a result: a finding of a case, or a problem of the baseline.
type sarifFinding struct {
	c       *record.CaseResult
	f       *record.Finding
	problem *record.BaselineProblem
	level   string
}

// rule returns the rule id of the result.
func (s sarifFinding) rule() string {
	if s.problem != nil {
		return "baseline." + cmp.Or(safe(s.problem.Kind), "unknown")
	}
	return cmp.Or(safe(s.f.Requirement), "unknown")
}

// weight orders findings, the most severe first and accepted ones last.
func (s sarifFinding) weight() int {
	if s.f != nil && s.f.Known != nil {
		return 3
	}
	return slices.Index([]string{"error", "warning", "note"}, s.level)
}

// sarifFindings returns the sources of results, the most severe first.
func sarifFindings(r *record.Report) (all []sarifFinding) {
	found := map[string]bool{}
	for i := range r.Cases {
		c := &r.Cases[i]
		for j := range c.Findings {
			f := &c.Findings[j]
			found[f.Key] = true
			all = append(all, sarifFinding{c: c, f: f, level: sarifLevel(r, c, f)})
		}
	}
	if r.Baseline != nil {
		for i := range r.Baseline.Problems {
			// A new finding is a result already.
			if p := &r.Baseline.Problems[i]; p.Kind != "new" || !found[p.Key] {
				all = append(all, sarifFinding{problem: p, level: "error"})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b sarifFinding) int { return cmp.Compare(a.weight(), b.weight()) })
	return all
}

// sarifLevel returns "error" for a finding that fails the run, "warning" for a deviation, and
// "note" for a finding of a case that does not count.
func sarifLevel(r *record.Report, c *record.CaseResult, f *record.Finding) string {
	switch {
	case c.Outcome != record.Failed && c.Outcome != record.Deviated:
		return "note"
	case fails(r, f):
		return "error"
	}
	return "warning"
}

// sarifOf returns the file with at most limit findings.
func sarifOf(r *record.Report, all []sarifFinding, limit int) sarifLog {
	asked := r.Baseline != nil || slices.ContainsFunc(all, func(s sarifFinding) bool {
		return s.f != nil &&
			s.f.Known != nil
	})
	rules, index := sarifRules(r, all[:limit])
	results := []sarifResult{}
	for _, s := range all[:limit] {
		out := s.result(r, asked)
		out.Index = index[out.Rule]
		results = append(results, out)
	}
	return sarifLog{sarifSchema, "2.1.0", []sarifRun{{
		Tool:        sarifTool{sarifDriver{"fmaspec", clip(r.Suite.Version, sarifPart), rules, sarifDescriptors()}},
		Invocations: []sarifInvocation{sarifInvoked(r, all[limit:])},
		Bases: map[string]sarifBase{sarifRoot: {sarifText{"The root of the repository that contains " +
			"the cases."}}},
		ColumnKind: "unicodeCodePoints",
		Results:    results,
		Properties: sarifRunProperties{
			Verdict: clip(r.VerdictName(), sarifPart), Target: clip(r.Target.URL, sarifPart),
			TargetName: clip(r.Target.Name, sarifPart),
			Level:      r.Suite.Level.String(), Strict: r.Suite.Strict, Seed: clip(r.Suite.Seed, sarifPart),
			Contract: clip(r.Suite.Contract, sarifPart), Fixtures: clip(r.Suite.Fixtures, sarifPart),
			Filtered: r.Filtered(), Interrupted: r.Interrupted, Totals: r.Totals,
		},
	}}}
}

// result returns the result of a finding. If a baseline was used, every result must say
// whether it is suppressed.
func (s sarifFinding) result(r *record.Report, asked bool) sarifResult {
	out := sarifResult{Rule: s.rule(), Level: s.level}
	state := "new"
	suppressions := []sarifSuppression{}
	if s.problem != nil {
		out.Message.Text = sarifSentence(clip(s.problem.Key, sarifPart) + ": " + clip(s.problem.Text, sarifPart))
		out.Locations = []sarifLocation{{Physical: sarifAt(r.Baseline.File, s.problem.Line)}}
		out.Fingerprints = sarifFingerprints("baseline " + s.problem.Kind + " " + s.problem.Key)
	} else {
		out.Locations, out.Related = s.locations(r)
		out.Message.Text = s.message(r, out.Related)
		out.Fingerprints = sarifFingerprints(s.f.Key)
		out.Properties = &sarifFindingProperty{
			Case: clip(s.c.ID, sarifPart), Outcome: s.c.Outcome.String(), Step: s.f.Step,
			Check: clip(s.f.Check, sarifPart),
			Level: s.f.Level.String(), Place: clip(s.f.Place, sarifPart), Want: clip(s.f.Want, sarifPart),
			Got: clip(s.f.Got, sarifPart),
		}
		if known := s.f.Known; known != nil {
			state = "unchanged"
			suppression := sarifSuppression{Kind: "external", Status: "accepted", Justification: clip(acceptance(known),
				sarifWords)}
			if r.Baseline != nil {
				if at := sarifAt(r.Baseline.File, known.Line); at != nil {
					suppression.Location = &sarifLocation{Physical: at}
				}
			}
			suppressions = append(suppressions, suppression)
		} else if expired(r, s.f.Key) {
			state = "unchanged"
		}
	}
	if out.Locations[0].Physical == nil && out.Locations[0].Logical == nil {
		out.Locations = []sarifLocation{}
	}
	if asked {
		out.Baseline, out.Suppressions = state, &suppressions
	}
	return out
}

// expired reports whether the finding was accepted until a past date.
func expired(r *record.Report, key string) bool {
	return r.Baseline != nil && slices.ContainsFunc(r.Baseline.Problems, func(p record.BaselineProblem) bool {
		return p.Kind == "expired" && p.Key == key
	})
}

// sarifFingerprints returns the identity of a result across runs. GitHub uses only the second
// one, which it would otherwise compute from the line: the same for all findings of a case.
func sarifFingerprints(key string) map[string]string {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(key)))
	if len(key) > 4*sarifPart {
		key = "sha256 " + sum
	}
	return map[string]string{"fmaspec/v1": key, "primaryLocationLineHash": sum[:16] + ":1"}
}

// locations returns the places of a finding: its case, or the operation or the requirement if
// the case has no file.
func (s sarifFinding) locations(r *record.Report) (at, related []sarifLocation) {
	physical := sarifAt(s.c.File, s.c.Line)
	operation := slices.IndexFunc(r.Operations, func(o record.OperationInfo) bool { return o.ID == s.c.Operation })
	if operation >= 0 {
		o := r.Operations[operation]
		if p := sarifAt(o.File, o.Line); p != nil {
			physical = cmp.Or(physical, p)
			related = append(related, sarifLocation{ID: 1, Physical: p, Message: &sarifText{
				sarifSentence("The operation " + clip(o.ID, sarifPart) + ": " + clip(o.Method+" "+o.Path, sarifPart))}})
		}
	}
	if q := requirement(r, s.f.Requirement); q != nil {
		if p := sarifAt(q.File, q.Line); p != nil {
			physical = cmp.Or(physical, p)
			related = append(related, sarifLocation{ID: 2, Physical: p, Message: &sarifText{
				sarifSentence("The requirement " + clip(q.ID, sarifPart) + ": an implementation " +
					clip(q.Says, sarifPart))}})
		}
	}
	name := clip(s.c.Operation, sarifPart)
	full := name
	if operation >= 0 {
		full = clip(r.Operations[operation].Method+" "+r.Operations[operation].Path, sarifPart)
	}
	return []sarifLocation{{Physical: physical, Logical: []sarifLogical{{name, full, "function"}}}}, related
}

// message returns the message of a finding: what was expected and received, what was sent, and
// the source, one paragraph each. Links lead to the related locations.
func (s sarifFinding) message(r *record.Report, related []sarifLocation) string {
	f := s.f
	place := clip(f.Place, sarifPart)
	if len(s.c.Exchanges) > 1 {
		place += fmt.Sprintf(" (answer %d of %d)", f.Step+1, len(s.c.Exchanges))
	}
	lines := []string{sarifSentence(fmt.Sprintf("%s: want %s, got %s", place, clip(f.Want, sarifPart),
		clip(f.Got, sarifPart)))}
	if x := s.c.Exchange(f.Step); x != nil {
		lines = append(lines, sarifSentence("Sent "+clip(x.Request.Method+" "+target(x.Request), sarifPart)+
			sarifBody(x.Request.Body)))
		came := "No answer came"
		if x.Response != nil {
			came = "Came " + strings.TrimSpace(fmt.Sprintf("%d %s", x.Response.Status,
				http.StatusText(x.Response.Status)))
			if types := x.Response.Header.Values("Content-Type"); len(types) > 0 {
				came += ", " + clip(strings.Join(types, ", "), sarifPart)
			}
			came += sarifBody(x.Response.Body)
		}
		if x.Error != "" {
			came += "; " + clip(x.Error, sarifPart)
		}
		lines = append(lines, sarifSentence(came))
	}
	if command := again(r, s.c); command != "" {
		lines = append(lines, sarifSentence("To reproduce: "+clip(command, sarifPart)))
	}
	word := "Source: " + sarifLink(f.Requirement, 2, related) + " (" + f.Level.String()
	q := requirement(r, f.Requirement)
	if q != nil {
		if source := cite(q.Document, q.Section); source != "" {
			word += "; " + sarifEscape(clip(source, sarifPart))
		}
	}
	word += ")"
	if q != nil {
		if q.Says != "" {
			word += ": an implementation " + sarifEscape(clip(saysUnder(r, q.ID, q.Says), sarifPart))
		}
		if q.Because != "" {
			word += ", because " + sarifEscape(clip(q.Because, sarifPart))
		}
	}
	word += ". The operation is " + sarifLink(s.c.Operation, 1, related) + "."
	return strings.Join(append(lines, word), "\n")
}

func sarifBody(body []byte) string {
	if len(body) == 0 {
		return ", without a body"
	}
	return ", " + count(len(body), "byte") + ": " + clip(string(body), sarifPart)
}

// sarifLink returns a name, with a link to the related location of that id if there is one.
func sarifLink(name string, id int, related []sarifLocation) string {
	text := clip(name, sarifPart)
	if !slices.ContainsFunc(related, func(l sarifLocation) bool { return l.ID == id }) {
		return sarifEscape(text)
	}
	for _, c := range []string{`\`, `[`, `]`} {
		text = strings.ReplaceAll(text, c, `\`+c)
	}
	return fmt.Sprintf("[%s](%d)", sarifBraces(text), id)
}

// sarifSentence ends safe text with a full stop and escapes it.
func sarifSentence(text string) string { return sarifEscape(text) + "." }

// sarifEscape keeps text from being read as a placeholder or a link: braces are doubled, as
// SARIF requires (3.11.5), and brackets that could form a link are separated (3.11.6).
func sarifEscape(text string) string {
	return strings.ReplaceAll(sarifBraces(text), `](`, `]\(`)
}

func sarifBraces(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "{", "{{"), "}", "}}")
}

// sarifAt returns a line of a file, or nil if there is no file. The column is the first:
// GitHub requires one.
func sarifAt(file string, line int) *sarifPhysical {
	if file == "" {
		return nil
	}
	line = max(line, 1)
	at := &sarifPhysical{Artifact: sarifArtifact{Base: sarifRoot}, Region: sarifRegion{line, 1, line, 1}}
	at.Artifact.URI = percent(slash.Clean(file), uriPath)
	if strings.HasPrefix(at.Artifact.URI, "/") {
		at.Artifact = sarifArtifact{URI: "file://" + at.Artifact.URI}
	}
	return at
}

// sarifRules returns the report's requirements, other ids that findings name, and the kinds of
// baseline problems that occur, with the index of each.
func sarifRules(r *record.Report, shown []sarifFinding) (rules []sarifRule, index map[string]int) {
	rules, index = []sarifRule{}, map[string]int{}
	add := func(rule sarifRule) {
		if _, known := index[rule.ID]; !known {
			index[rule.ID] = len(rules)
			rules = append(rules, rule)
		}
	}
	for i := range r.Requirements {
		add(sarifRequirement(r, &r.Requirements[i].Requirement))
	}
	others := map[string]sarifRule{}
	for _, s := range shown {
		if s.problem == nil {
			others[s.rule()] = sarifRequirement(r, &record.Requirement{ID: s.f.Requirement, Level: s.f.Level})
			continue
		}
		text := cmp.Or(map[string]string{
			"expired":   "A finding was accepted for a time that has passed.",
			"vanished":  "A finding that is accepted is no longer found.",
			"unmatched": "An entry of the baseline names no check or case of the suite.",
			"new":       "A finding is not accepted.",
		}[s.problem.Kind], "The run does not match its baseline.")
		others[s.rule()] = sarifRule{s.rule(), sarifText{text}, sarifText{text},
			&sarifText{text + " The message has the remedy."}, sarifDefault{"error"},
			&sarifProperties{Tags: []string{"conformance", "baseline"}, Precision: "very-high", Severity: "error"}}
	}
	for _, id := range slices.Sorted(maps.Keys(others)) {
		add(others[id])
	}
	return rules, index
}

// sarifRequirement describes a requirement as a rule. GitHub refuses empty text.
func sarifRequirement(r *record.Report, q *record.Requirement) sarifRule {
	rule := sarifRule{ID: cmp.Or(safe(q.ID), "unknown"), Default: sarifDefault{"error"},
		Properties: &sarifProperties{Level: q.Level.String(), Tags: []string{"conformance", q.Level.String()},
			Precision: "very-high", Severity: "error"}}
	if q.Level == record.Inferred {
		rule.Properties.Precision = "medium"
		if !r.Suite.Strict {
			rule.Default.Level, rule.Properties.Severity = "warning", "warning"
		}
	}
	rule.Short.Text = sarifEscape(cmp.Or(clip(q.Says, sarifWords/4), rule.ID))
	full := cmp.Or(clip(q.Says, sarifWords/4), "keeps "+rule.ID)
	rule.Full.Text = sarifSentence("An implementation " + full)
	help := []string{rule.Full.Text}
	if source := cite(q.Document, q.Section); source != "" {
		help = append(help, sarifSentence("Source: "+clip(source, sarifPart)+" ("+q.Level.String()+")"))
	}
	if q.Because != "" {
		help = append(help, sarifSentence("Because "+clip(q.Because, sarifPart)))
	}
	if q.File != "" {
		help = append(help, sarifSentence("It is written down in "+clip(fmt.Sprintf("%s:%d", q.File, q.Line),
			sarifPart)))
	}
	rule.Help = &sarifText{strings.Join(help, "\n")}
	return rule
}

// The notifications, by their index in the descriptors.
const (
	caseErrored = iota
	runUnjudged
	findingsLeftOut
)

func sarifDescriptors() (out []sarifRule) {
	for _, row := range [...]struct{ id, level, text string }{
		caseErrored:     {"case-errored", "error", "A case could not be judged."},
		runUnjudged:     {"run-unjudged", "error", "The run has no verdict."},
		findingsLeftOut: {"findings-left-out", "warning", "The file has fewer findings than the report."},
	} {
		out = append(out, sarifRule{ID: row.id, Short: sarifText{row.text}, Full: sarifText{row.text},
			Default: sarifDefault{row.level}})
	}
	return out
}

// sarifInvoked describes the run: the exit code of its verdict, and a notification for each
// case that could not be judged and for findings that were left out.
func sarifInvoked(r *record.Report, left []sarifFinding) sarifInvocation {
	verdict, _ := gate(r)
	text, _ := verdictLine(r)
	out := sarifInvocation{
		Start: stamp(r.Started), End: stamp(r.Started.Add(r.Elapsed)), Successful: true, ExitCode: 3,
		ExitText: clip(text, sarifWords), Notifications: []sarifNotification{},
	}
	switch verdict {
	case record.Conformant:
		out.ExitCode = 0
		if len(asides(r)) > 0 {
			out.ExitCode = 1
		}
	case record.NotConformant:
		out.ExitCode = 1
	}
	descriptors := sarifDescriptors()
	notify := func(kind int, text string, at *sarifPhysical) {
		d := descriptors[kind]
		n := sarifNotification{Descriptor: sarifReference{d.ID, kind}, Level: d.Default.Level, Message: sarifText{text}}
		if at != nil {
			n.Locations = []sarifLocation{{Physical: at}}
		}
		out.Notifications = append(out.Notifications, n)
		out.Successful = out.Successful && d.Default.Level != "error"
	}
	errored := 0
	for i := range r.Cases {
		c := &r.Cases[i]
		if c.Outcome != record.Errored {
			continue
		}
		if errored++; errored <= sarifResults {
			notify(caseErrored, sarifSentence(clip(c.ID, sarifPart)+" could not be judged: "+clip(c.Reason, sarifPart)),
				sarifAt(c.File, c.Line))
		}
	}
	if more := errored - sarifResults; more > 0 {
		notify(caseErrored, sarifSentence(count(more, "more case")+" could not be judged; the JSON report has "+
			"them all"), nil)
	}
	if out.ExitCode == 3 || r.Interrupted {
		notify(runUnjudged, sarifSentence(clip(text, sarifWords)), nil)
	}
	if len(left) > 0 {
		n := map[string]int{}
		for _, s := range left {
			n[s.level]++
		}
		notify(findingsLeftOut, sarifSentence(fmt.Sprintf("%s not in this file: %d at level error, %d warning, %d "+
			"note; the JSON report has them all",
			map[bool]string{true: "1 finding is", false: fmt.Sprintf("%d findings are", len(left))}[len(left) == 1],
			n["error"], n["warning"], n["note"])), nil)
	}
	return out
}

// clip makes text safe and cuts it to the columns.
func clip(text string, columns int) string { return term.Clip(text, columns) }

// stamp returns a time in ISO 8601 with milliseconds. A year that cannot be written becomes
// the first one.
func stamp(t time.Time) string {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		t = time.Time{}
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// The characters that a URI may contain besides letters and digits (RFC 3986 2, 3.3). A colon
// in a path could be read as the end of a scheme.
const (
	uriPath = "/-._~!$&'()*+,;=@"
	uriAny  = uriPath + ":?#[]%"
)

// percent escapes every byte that is not a letter, a digit, or to be kept.
func percent(text, keep string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
