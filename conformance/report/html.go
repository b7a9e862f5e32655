package report

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"fmaspec/conformance/record"
)

//go:embed html/page.html html/page.css html/page.js html/site.html html/site.css
var htmlFiles embed.FS

// HTML writes the report as one page that needs nothing else: no network, no
// other file, and no script but for filters, search, copying and keys. The page
// forbids itself every request and every script but its own. It holds one case
// in memory at a time; of a body it shows the first 32 KiB, and less
// where there are very many.
//
// Its first screen says whether it is safe to ship, what is broken, and since when, where
// [Style.History] has earlier runs.
func HTML(w io.Writer, r *record.Report, look Style) error {
	style, err := htmlFiles.ReadFile("html/page.css")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	script, err := htmlFiles.ReadFile("html/page.js")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	t, err := template.New("page.html").Funcs(template.FuncMap{"safe": safe, "ruleReason": ruleReason, "count": count,
		"panicMet": func(q record.Panic) string { return safe(panicMet(&q)) }, "to": to}).ParseFS(htmlFiles,
		"html/page.html")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	buffered := bufio.NewWriter(w)
	if err := t.Execute(buffered, newHTMLPage(r, look, string(style), string(script))); err != nil {
		return err
	}
	return buffered.Flush()
}

// An htmlPage is a report in the form that the template needs. Text from outside is passed to
// the function safe in the template, or is safe here.
type htmlPage struct {
	*record.Report
	Style  template.CSS
	Script template.JS
	Policy string

	history      *history // nil where there is none
	broken       []htmlBroken
	spent        int // bytes of bodies that are shown by now
	operations   []string
	columns      map[string]int // positions of operations, by id
	requirements map[string]int // positions, by id
	byID         map[string]int // positions of cases, the first of an id
	anchors      map[string]int // of cases, with how many have been written under each
}

func newHTMLPage(r *record.Report, look Style, style, script string) *htmlPage {
	p := &htmlPage{Report: r, history: historyOf(r, look.History), Style: template.CSS(style),
		Script: template.JS(script), columns: map[string]int{}, requirements: map[string]int{}, byID: map[string]int{},
		anchors: map[string]int{}}
	p.Policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; "+
		"form-action 'none'",
		sourceHash(style), sourceHash(script))
	for i, q := range r.Requirements {
		p.requirements[q.ID] = i
	}
	add := func(operation string) {
		if _, known := p.columns[operation]; !known {
			p.columns[operation] = len(p.operations)
			p.operations = append(p.operations, operation)
		}
	}
	for _, o := range r.Operations {
		add(o.ID)
	}
	for i := range r.Cases {
		add(r.Cases[i].Operation)
		if _, known := p.byID[r.Cases[i].ID]; !known {
			p.byID[r.Cases[i].ID] = i
		}
		p.anchors[anchor("case", r.Cases[i].ID)] = 0
	}
	p.broken = p.brokenOf()
	return p
}

// sourceHash returns the hash by which a content security policy names an inline style or script.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// anchor returns an element id that is unique for the text: letters, digits and ./-_ stay,
// other bytes become ~ and two digits. It can stand in a URL as it is.
func anchor(kind, id string) string {
	var b strings.Builder
	b.WriteString(kind + "-")
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("./-_", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "~%02x", c)
		}
	}
	return b.String()
}

// to returns the URL of an anchor on the same page.
func to(anchor string) template.URL { return template.URL("#" + anchor) }

// Heading returns the verdict in two or three words. Sentence returns the rest of it.
func (p *htmlPage) Heading() string {
	text, _ := verdictText(p.Report)
	head, _, _ := strings.Cut(text, ": ")
	return strings.ToUpper(head[:1]) + head[1:]
}

func (p *htmlPage) Sentence() string {
	text, _ := verdictText(p.Report)
	_, rest, _ := strings.Cut(text, ": ")
	return strings.TrimPrefix(withAsides(rest, p.Report), "; ")
}

// Tone returns the CSS class of a verdict.
func (p *htmlPage) Tone() string { return tone(p.Verdict) }

func tone(v record.Verdict) string {
	switch v {
	case record.Conformant:
		return "good"
	case record.NotConformant:
		return "bad"
	}
	return "unsure"
}

// A tally is an outcome with its number of cases.
type tally struct {
	Outcome string // with hyphens
	Words   string
	N, From int // From is the number of those before it
	page    *htmlPage
	outcome record.Outcome
}

// Tallies returns the outcomes in the order of the report. Outcomes that this package does not
// know are under "other".
func (p *htmlPage) Tallies() (out []tally) {
	counts := map[record.Outcome]int{}
	for i := range p.Report.Cases {
		counts[group(p.Report.Cases[i].Outcome)]++
	}
	from := 0
	for _, o := range outcomeOrder() {
		t := tally{N: counts[o], From: from, page: p, outcome: o}
		t.Outcome, t.Words = outcomeWords(o)
		if o == 0 && t.N == 0 {
			continue
		}
		from += t.N
		out = append(out, t)
	}
	return out
}

// outcomeOrder returns the outcomes in the order of the report; 0 stands for all unknown ones.
func outcomeOrder() []record.Outcome {
	return []record.Outcome{record.Failed, record.Errored, record.Deviated, record.Inconclusive,
		record.Passed, record.Skipped, record.NotApplicable, 0}
}

func group(o record.Outcome) record.Outcome {
	if slices.Contains(record.Outcomes(), o) {
		return o
	}
	return 0
}

// outcomeWords returns the name of an outcome with hyphens and with blanks.
func outcomeWords(o record.Outcome) (name, text string) {
	if o == 0 {
		return "other", "other"
	}
	return o.String(), words(o)
}

// Cases returns an iterator over the cases of that outcome.
func (t tally) Cases() iter.Seq[*htmlCase] {
	return func(yield func(*htmlCase) bool) {
		for i := range t.page.Report.Cases {
			if c := &t.page.Report.Cases[i]; group(c.Outcome) == t.outcome && !yield(t.page.caseOf(c)) {
				return
			}
		}
	}
}

// A fact is one row of the description of a run.
type fact struct {
	Name, Value string
	Code        bool // a value in a fixed-width font
}

// Facts describes target, suite and environment; unset values are left out.
func (p *htmlPage) Facts() (out []fact) {
	add := func(name, value string, code bool) {
		if value != "" {
			out = append(out, fact{name, safe(value), code})
		}
	}
	number := func(n int) string {
		if n <= 1 {
			return ""
		}
		return strconv.Itoa(n)
	}
	s, t, e := p.Suite, p.Target, p.Environment
	add("Machine", t.Machine, true)
	add("Unknown machine", t.UnknownMachine, true)
	add("Other machine", t.OtherMachine, true)
	add("File", t.File, true)
	add("Protocol", t.Protocol, false)
	add("Suite", strings.TrimSpace(s.Name+" "+s.Version), false)
	add("Level", map[bool]string{true: s.Level.String() + ", strict", false: s.Level.String()}[s.Strict], false)
	add("Cases", fmt.Sprintf("%d of %d", len(p.Report.Cases), max(s.Cases, len(p.Report.Cases))), false)
	add("Chosen by", s.Run, true)
	add("Left out by", s.Skip, true)
	add("Seed", s.Seed, true)
	add("Repeated", number(s.Repeat), false)
	add("At once", number(s.Parallel), false)
	add("Timeout", s.Timeout, false)
	if !p.Started.IsZero() {
		add("Started", p.Started.UTC().Format("2006-01-02 15:04:05 UTC"), false)
	}
	add("Took", seconds(p.Elapsed)+", "+count(p.Totals.Requests, "request"), false)
	add("Built with", strings.TrimSpace(e.Go+" "+strings.Trim(e.OS+"/"+e.Arch, "/")), false)
	if e.Processors > 0 {
		add("Processors", strconv.Itoa(e.Processors), false)
	}
	add("Contract", s.Contract, true)
	add("Fixtures", s.Fixtures, true)
	return out
}

// Remarks returns remarks on the run that matter for its totals.
func (p *htmlPage) Remarks() (out []string) {
	if p.Interrupted {
		out = append(out, "The run was stopped before its end.")
	}
	if t := p.Traffic; t != nil {
		text := trafficText(*t)
		out = append(out, strings.ToUpper(text[:1])+text[1:]+".")
	} else if p.Filtered() {
		out = append(out, fmt.Sprintf("Only %d of the suite's %s were chosen.", len(p.Report.Cases),
			count(p.Suite.Cases, "case")))
	}
	if p.Target.Insecure {
		out = append(out, "The target's certificate was not verified (-insecure).")
	}
	if p.Target.Proxy != "" {
		out = append(out, "Requests were sent through a proxy: "+safe(p.Target.Proxy)+".")
	}
	if p.Pace.Retries > 0 {
		out = append(out, fmt.Sprintf("The target postponed %s, for %s in total; they were sent again.",
			count(p.Pace.Retries, "request"), seconds(p.Pace.Waited)))
	}
	if x := p.Exploration; x != nil {
		text := explorationText(*x)
		out = append(out, strings.ToUpper(text[:1])+text[1:]+".")
	}
	if len(p.Safety.Armed) > 0 {
		out = append(out, fmt.Sprintf("Armed were %s: %s that could take effect, of at most %d. The journal has each.",
			safe(strings.Join(p.Safety.Armed, ", ")), count(p.Safety.Actions, "request"), p.Safety.MaxActions))
	}
	return out
}

// BaselineHeading returns the verdict with the baseline applied.
func (p *htmlPage) BaselineHeading() string {
	text := verdictName(strings.ReplaceAll(string(p.Baseline.Verdict), "-", " "), p.Report)
	if p.Baseline.Verdict == record.Unjudged {
		text = "could not judge"
	}
	if p.Baseline.Reason != "" {
		text += ": " + p.Baseline.Reason
	}
	return safe(text)
}

func (p *htmlPage) BaselineTone() string { return tone(p.Baseline.Verdict) }
