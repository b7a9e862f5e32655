package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	elapsed    time.Duration
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	File    string       `xml:"file,attr,omitempty"`
	Line    int          `xml:"line,attr,omitempty"`
	Time    string       `xml:"time,attr"`
	Failure *junitResult `xml:"failure"`
	Error   *junitResult `xml:"error"`
	Skipped *junitResult `xml:"skipped"`
	Out     *junitText   `xml:"system-out"`
	Err     *junitText   `xml:"system-err"`
}

type junitResult struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

type junitText struct {
	Text string `xml:",cdata"`
}

// JUnit writes the report as JUnit XML: one suite per operation, with the run's settings as
// the suite's properties, and one test case per case, with its file and line as GitLab,
// CircleCI and others read them. Apart from these two attributes it is valid against the
// Jenkins xUnit plugin's junit-10.xsd; see [XUnit]. That schema has no properties for a test
// case, so what it proves and breaks, the level, the file and the line are in <system-out> as
// lines of the form [[PROPERTY|name=value]], which test management reads as properties, and
// Jenkins shows as the case's output.
// A panic of the handler is in the <system-err> of the first case in which it occurred.
//
// Failed cases carry one <failure> with all their findings, Errored ones <error>; Skipped,
// NotApplicable and Inconclusive ones carry <skipped> with the reason. A case that fails only
// by known findings is <skipped> too, and names who accepts them. A Deviated case passes and
// has its findings in <system-out>: a strict run makes it Failed, not this function. Other
// problems of the baseline are failures in a suite "baseline", and coverage that fails the run is
// one in a suite "coverage". If the verdict is not success
// but no test failed, a suite with one failed test case "verdict" is added, because a file
// without a failed test is read as success.
func JUnit(w io.Writer, r *record.Report, style Style) error {
	return writeJunit(w, r, style.locate)
}

// XUnit writes what [JUnit] writes, without the file and the line of a test case: junit-10.xsd
// has no such attributes, and the xUnit plugin of Jenkins refuses an invalid file. (Its junit
// step accepts both.)
func XUnit(w io.Writer, r *record.Report) error {
	return writeJunit(w, r, func(string) string { return "" })
}

func writeJunit(w io.Writer, r *record.Report, locate func(string) string) error {
	root := junitSuites{Name: safe(r.Suite.Name)}
	var operations []string
	for _, c := range r.Cases {
		if !slices.Contains(operations, c.Operation) {
			operations = append(operations, c.Operation)
		}
	}
	slices.Sort(operations)
	for _, operation := range operations {
		suite := newJunitSuite(r, operation)
		for i := range r.Cases {
			if c := &r.Cases[i]; c.Operation == operation {
				suite.add(junitCaseOf(c, r).at(locate(c.File), c.Line), elapsed(c))
			}
		}
		root.add(suite)
	}
	if suite := junitBaseline(r, locate); suite.Tests > 0 {
		root.add(suite)
	}
	for _, a := range asides(r) {
		suite := newJunitSuite(r, a.title)
		suite.add(junitCase{Class: a.title, Name: a.name, Failure: &junitResult{a.name, safe(a.sentence),
			"\n" + safe(strings.Join(a.lines, "\n")) + "\n"}}, 0)
		root.add(suite)
	}
	if verdict, _ := gate(r); verdict != record.Conformant && root.Failures+root.Errors == 0 {
		text, _ := verdictLine(r)
		suite := newJunitSuite(r, "run")
		suite.add(junitCase{Class: "run", Name: "verdict", Error: &junitResult{Type: safe(string(verdict)),
			Message: safe(text)}}, 0)
		root.add(suite)
	}
	root.Time = junitSeconds(r.Elapsed)

	var b strings.Builder
	b.WriteString(xml.Header)
	encoder := xml.NewEncoder(&b)
	encoder.Indent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return fmt.Errorf("report: cannot be written as JUnit XML: %w", err)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func newJunitSuite(r *record.Report, name string) junitSuite {
	suite := junitSuite{Name: safe(name), Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05Z")}
	n := countStandings(r)
	for _, row := range [][2]string{
		{"suite.version", r.Suite.Version}, {"suite.contract", r.Suite.Contract}, {"suite.level",
			r.Suite.Level.String()},
		{"suite.strict", strconv.FormatBool(r.Suite.Strict)}, {"suite.seed", r.Suite.Seed},
		{"target.url", r.Target.URL}, {"target.name", r.Target.Name}, {"target.machine", r.Target.Machine},
		{"target.sha1", r.Target.File}, {"target.protocol", r.Target.Protocol}, {"target.insecure",
			strconv.FormatBool(r.Target.Insecure)}, {"target.proxy", r.Target.Proxy},
		{"safety.armed", strings.Join(r.Safety.Armed, ",")}, {"safety.actions", strconv.Itoa(r.Safety.Actions)},
		{"pace.retries", strconv.Itoa(r.Pace.Retries)}, {"verdict", r.VerdictName()},
		{"requirements", strconv.Itoa(n.all())}, {"requirements.broken", strconv.Itoa(n[broken])},
		{"requirements.deviated", strconv.Itoa(n[deviated])}, {"requirements.kept", strconv.Itoa(n[kept])},
		{"requirements.undecided", strconv.Itoa(n[undecided])},
		{"requirements.not-exercised", strconv.Itoa(n[notExercised])},
	} {
		suite.Properties = append(suite.Properties, junitProperty{row[0], safe(row[1])})
	}
	for _, rule := range r.Suite.OwnRules {
		suite.Properties = append(suite.Properties, junitProperty{"own-rule", safe(rule.Change() + "; " +
			ruleReason(rule))})
	}
	return suite
}

// add adds a case and counts its result.
func (s *junitSuite) add(c junitCase, took time.Duration) {
	c.Time = junitSeconds(took)
	s.Cases = append(s.Cases, c)
	s.Tests++
	s.elapsed += took
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Time = junitSeconds(s.elapsed)
}

func (s *junitSuites) add(suite junitSuite) {
	s.Suites = append(s.Suites, suite)
	s.Tests += suite.Tests
	s.Failures += suite.Failures
	s.Errors += suite.Errors
}

// junitBaseline returns the suite of problems of the baseline, without new findings, which are
// failures in the suite of their operation.
func junitBaseline(r *record.Report, locate func(string) string) junitSuite {
	suite := newJunitSuite(r, "baseline")
	if r.Baseline == nil {
		return suite
	}
	for _, p := range r.Baseline.Problems {
		if p.Kind == "new" {
			continue
		}
		at := fmt.Sprintf("%s:%d", safe(r.Baseline.File), p.Line)
		problem := junitCase{Class: "baseline", Name: safe(p.Kind + " " + p.Key), Failure: &junitResult{safe(p.Kind),
			safe(p.Text), "\n" + at + ": " + safe(p.Key) + "\n" + safe(p.Text) + "\n"},
			Out: &junitText{junitProperties([][2]string{{"file", r.Baseline.File}, {"line", strconv.Itoa(p.Line)}})}}
		suite.add(problem.at(locate(r.Baseline.File), p.Line), 0)
	}
	return suite
}

// at returns the test case with its place, if there is one.
func (c junitCase) at(file string, line int) junitCase {
	if file != "" {
		c.File, c.Line = safe(file), max(line, 0)
	}
	return c
}

func junitCaseOf(c *record.CaseResult, r *record.Report) junitCase {
	out := junitCase{Class: safe(c.Operation), Name: safe(strings.TrimPrefix(c.ID, c.Operation+"/"))}
	about := junitAbout(c, r)
	// Every line of the text is safe, so it holds no character that XML forbids.
	text := "\n" + FindingText(*c, r, Style{Width: 160}) + "\n"
	switch c.Outcome {
	case record.Passed:
	case record.Deviated:
		about += text
	case record.Failed:
		if why := allKnown(c, r); why != "" {
			out.Skipped = &junitResult{Message: safe("known: " + why)}
			about += text
			break
		}
		kind, message := worst(c)
		out.Failure = &junitResult{kind, message, text}
	case record.Skipped, record.NotApplicable, record.Inconclusive:
		out.Skipped = &junitResult{Message: safe(words(c.Outcome) + ": " + c.Reason)}
		if len(c.Findings) > 0 {
			about += text
		}
	default: // Errored and unknown outcomes: never a pass
		out.Error = &junitResult{safe(c.Outcome.String()), safe(c.Reason), text}
	}
	out.Out = &junitText{about}
	if text := panicsOf(r, c); text != "" {
		out.Err = &junitText{"\n" + text}
	}
	return out
}

// junitAbout returns the data for which a test case has no attributes.
func junitAbout(c *record.CaseResult, r *record.Report) string {
	var rows [][2]string
	level := record.Level(0)
	stronger := func(l record.Level) {
		if l != 0 && (level == 0 || l < level) {
			level = l
		}
	}
	for _, id := range c.Proves {
		rows = append(rows, [2]string{"proves", id})
	}
	for _, f := range c.Findings {
		if row := [2]string{"breaks", f.Requirement}; !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
		stronger(f.Level)
	}
	if len(c.Findings) == 0 {
		for _, id := range c.Proves {
			if q := requirement(r, id); q != nil {
				stronger(q.Level)
			}
		}
	}
	if level != 0 {
		rows = append(rows, [2]string{"level", level.String()})
	}
	if c.File != "" {
		rows = append(rows, [2]string{"file", c.File}, [2]string{"line", strconv.Itoa(c.Line)})
	}
	return junitProperties(append(rows, [2]string{"outcome", c.Outcome.String()}))
}

// junitProperties writes properties as lines of text. A value cannot end its line
// or its brackets.
func junitProperties(rows [][2]string) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, row := range rows {
		fmt.Fprintf(&b, "[[PROPERTY|%s=%s]]\n", row[0], strings.ReplaceAll(safe(row[1]), "]]", `]\]`))
	}
	return b.String()
}

// fails reports whether a finding fails its case rather than making it deviate.
func fails(r *record.Report, f *record.Finding) bool {
	return f.Level != record.Inferred || r.Suite.Strict
}

// allKnown returns who accepts the findings that fail the case, or "" if one of them is not
// accepted, or there is none.
func allKnown(c *record.CaseResult, r *record.Report) string {
	var why []string
	for i := range c.Findings {
		switch f := &c.Findings[i]; {
		case !fails(r, f):
		case f.Known == nil:
			return ""
		default:
			if text := acceptance(f.Known); !slices.Contains(why, text) {
				why = append(why, text)
			}
		}
	}
	return strings.Join(why, "; ")
}

// acceptance returns why a finding is accepted, by whom, and until when.
func acceptance(k *record.Known) string {
	until := ""
	if k.Expires != "" {
		until = ", until " + k.Expires
	}
	return fmt.Sprintf("%s (%s%s)", k.Reason, k.Owner, until)
}

// worst returns the requirement and the text of the finding with the strongest level. Known
// findings come last.
func worst(c *record.CaseResult) (kind, message string) {
	if len(c.Findings) == 0 {
		return "unknown", safe("failed without a finding: " + c.Reason)
	}
	f := slices.MinFunc(c.Findings, func(a, b record.Finding) int {
		known := map[bool]int{true: 1}
		return cmp.Or(known[a.Known != nil]-known[b.Known != nil], int(a.Level)-int(b.Level))
	})
	message = fmt.Sprintf("%s: want %s, got %s (%s %s)", f.Place, f.Want, f.Got, f.Level, f.Requirement)
	message = clip(message, 400)
	if more := len(c.Findings) - 1; more > 0 {
		message += fmt.Sprintf(" and %s", count(more, "more finding"))
	}
	return safe(f.Requirement), message
}

func elapsed(c *record.CaseResult) (sum time.Duration) {
	for _, x := range c.Exchanges {
		sum += x.Elapsed
	}
	return sum
}

func junitSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
