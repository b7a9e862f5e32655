package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance"
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
	Time    string       `xml:"time,attr"`
	Failure *junitResult `xml:"failure"`
	Error   *junitResult `xml:"error"`
	Skipped *junitResult `xml:"skipped"`
	Out     *junitText   `xml:"system-out"`
}

type junitResult struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

type junitText struct {
	Text string `xml:",cdata"`
}

// JUnit writes the report as JUnit XML that keeps the Jenkins xUnit plugin's
// junit-10.xsd: one suite an operation, with the run's settings as the suite's
// properties (that schema has none for a test case, so requirement and level
// stand in the type and the text of a failure). Failed cases carry one <failure>
// with all their findings, Errored ones <error>; Skipped, NotApplicable and
// Inconclusive ones carry <skipped> with the reason. A Deviated case is a pass
// and tells its findings in <system-out>: a strict run makes it Failed, not this
// function. Where the verdict is red and no case is, one more suite with one
// test case "verdict" says so, for a file without a red test reads as success.
func JUnit(w io.Writer, r *conformance.Report) error {
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
				suite.add(junitCaseOf(c, r), elapsed(c))
			}
		}
		root.add(suite)
	}
	if r.Verdict != conformance.Conformant && root.Failures+root.Errors == 0 {
		text, _ := verdictText(r)
		suite := newJunitSuite(r, "run")
		suite.add(junitCase{Class: "run", Name: "verdict", Error: &junitResult{Type: safe(string(r.Verdict)), Message: safe(text)}}, 0)
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

func newJunitSuite(r *conformance.Report, name string) junitSuite {
	suite := junitSuite{Name: safe(name), Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05")}
	for _, row := range [][2]string{
		{"suite.version", r.Suite.Version}, {"suite.contract", r.Suite.Contract}, {"suite.level", r.Suite.Level.String()},
		{"suite.strict", strconv.FormatBool(r.Suite.Strict)}, {"suite.seed", r.Suite.Seed},
		{"target.url", r.Target.URL}, {"target.name", r.Target.Name}, {"target.machine", r.Target.Machine},
		{"target.sha1", r.Target.Sha1}, {"target.protocol", r.Target.Protocol}, {"target.insecure", strconv.FormatBool(r.Target.Insecure)}, {"target.proxy", r.Target.Proxy},
		{"safety.armed", strings.Join(r.Safety.Armed, ",")}, {"safety.actions", strconv.Itoa(r.Safety.Actions)}, {"pace.retries", strconv.Itoa(r.Pace.Retries)}, {"verdict", string(r.Verdict)},
	} {
		suite.Properties = append(suite.Properties, junitProperty{row[0], safe(row[1])})
	}
	return suite
}

// add counts a case in. What is counted is what the case carries.
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

func junitCaseOf(c *conformance.CaseResult, r *conformance.Report) junitCase {
	out := junitCase{Class: safe(c.Operation), Name: safe(strings.TrimPrefix(c.ID, c.Operation+"/"))}
	// Every line of the text is safe, so it holds no character that XML forbids.
	text := "\n" + FindingText(*c, r, Style{Width: 160}) + "\n"
	switch c.Outcome {
	case conformance.Passed:
	case conformance.Deviated:
		out.Out = &junitText{text}
	case conformance.Failed:
		kind, message := worst(c)
		out.Failure = &junitResult{kind, message, text}
	case conformance.Skipped, conformance.NotApplicable, conformance.Inconclusive:
		out.Skipped = &junitResult{Message: safe(words(c.Outcome) + ": " + c.Reason)}
		if len(c.Findings) > 0 {
			out.Out = &junitText{text}
		}
	default: // Errored, and whatever this package does not know: never a pass
		out.Error = &junitResult{safe(c.Outcome.String()), safe(c.Reason), text}
	}
	return out
}

// worst names the requirement of the finding on the strongest word, and says what it is.
func worst(c *conformance.CaseResult) (kind, message string) {
	if len(c.Findings) == 0 {
		return "unknown", safe("failed without a finding: " + c.Reason)
	}
	f := slices.MinFunc(c.Findings, func(a, b conformance.Finding) int { return int(a.Level) - int(b.Level) })
	message = fmt.Sprintf("%s: want %s, got %s (%s %s)", f.Place, f.Want, f.Got, f.Level, f.Requirement)
	message, rest := split(safe(message), 400)
	if rest != "" {
		message += "…"
	}
	if more := len(c.Findings) - 1; more > 0 {
		message += fmt.Sprintf(" and %s", count(more, "more finding"))
	}
	return safe(f.Requirement), message
}

func elapsed(c *conformance.CaseResult) (sum time.Duration) {
	for _, x := range c.Exchanges {
		sum += x.Elapsed
	}
	return sum
}

func junitSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
