package report

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// An htmlCase is a case in the form that the template needs.
type htmlCase struct {
	*record.CaseResult
	Anchor     string
	Group      string     // of the outcome: its name, or "other"
	Words      string     // of the outcome
	Initials   string     // of its levels
	Positions  string     // of its requirements
	Column     int        // of its operation
	Proven     []htmlLink // requirements
	Controlled htmlLink
	Told       []htmlFinding
	Exchanged  []htmlExchange
	Replay     string       // a shell command, or ""
	Diff       *requestDiff // against the control, or nil
}

// An htmlLink is a name with the anchor that describes it, or "".
type htmlLink struct{ Text, Anchor string }

// An htmlFinding is a finding with the text of its requirement.
type htmlFinding struct {
	record.Finding
	Number  int    // in its case, from 1
	Answer  string // which one, if there are several
	More    string // of exchanges that are not kept, if there are any
	Anchor  string
	Mark    string // anchor of the note in the answer, or ""
	On      htmlLink
	Says    string
	Because string
	Cite    string
}

// Brief returns the text of the finding for a folded case.
func (f htmlFinding) Brief() string {
	text, rest := split(safe(fmt.Sprintf("%s %s: want %s, got %s", f.Check, f.Place, f.Want, f.Got)), 240)
	if rest != "" {
		text += "…"
	}
	return text
}

func (p *htmlPage) caseOf(c *record.CaseResult) *htmlCase {
	out := &htmlCase{CaseResult: c, Anchor: anchor("case", c.ID), Column: p.columns[c.Operation],
		Replay: again(p.Report, c), Diff: p.diffOf(c)}
	out.Group, out.Words = outcomeWords(group(c.Outcome))
	p.anchors[out.Anchor]++
	if n := p.anchors[out.Anchor]; n > 1 { // two cases have one id; no anchor has two ~ in a row
		out.Anchor += "~~" + strconv.Itoa(n)
	}
	about := map[int]bool{}
	levels := map[record.Level]bool{}
	note := func(id string) {
		if i, known := p.requirements[id]; known {
			about[i], levels[p.Report.Requirements[i].Level] = true, true
		}
	}
	for _, id := range c.Proves {
		note(id)
		out.Proven = append(out.Proven, p.requirementLink(id))
	}
	if c.Control != "" {
		out.Controlled.Text = c.Control
		if at := anchor("case", c.Control); p.has(at) {
			out.Controlled.Anchor = at
		}
	}
	steps := map[int]bool{}
	for _, x := range c.Exchanges {
		steps[x.Step] = true
	}
	for i, f := range c.Findings {
		note(f.Requirement)
		levels[f.Level] = true
		out.Told = append(out.Told, p.findingOf(out, f, i+1, steps[f.Step]))
	}
	for _, l := range record.Levels() {
		if levels[l] {
			out.Initials += l.String()[:1]
		}
	}
	var positions []string
	for _, i := range slices.Sorted(maps.Keys(about)) {
		positions = append(positions, strconv.Itoa(i))
	}
	out.Positions = strings.Join(positions, " ")
	out.Exchanged = p.exchangesOf(c, out.Told)
	return out
}

// has reports whether a case has the anchor.
func (p *htmlPage) has(anchor string) bool {
	_, there := p.anchors[anchor]
	return there
}

func (p *htmlPage) requirementLink(id string) htmlLink {
	if _, known := p.requirements[id]; known {
		return htmlLink{id, anchor("requirement", id)}
	}
	return htmlLink{Text: id}
}

func (p *htmlPage) findingOf(c *htmlCase, f record.Finding, number int, answered bool) htmlFinding {
	out := htmlFinding{Finding: f, Number: number, Anchor: fmt.Sprintf("%s~~f%d", c.Anchor, number),
		On: p.requirementLink(f.Requirement)}
	if answered {
		out.Mark = fmt.Sprintf("%s~~m%d", c.Anchor, number)
	}
	if len(c.Exchanges) > 1 {
		out.Answer = fmt.Sprintf("answer %d of %d", f.Step+1, len(c.Exchanges))
	}
	if more := f.Times - 1; more > 0 {
		out.More = "and the same in " + count(more, "more exchange") + ", not kept"
	}
	if i, known := p.requirements[f.Requirement]; known {
		q := p.Report.Requirements[i]
		out.Says, out.Because, out.Cite = saysUnder(p.Report, q.ID, q.Says), q.Because, cite(q.Document, q.Section)
	}
	return out
}

// An htmlExchange is a request and its response, with the findings at their places.
type htmlExchange struct {
	Title   string
	Open    bool
	Sent    htmlMessage
	Came    *htmlMessage // nil if no answer came
	Remarks []htmlLine   // remarks on it
	Curl    string       // a shell command, or ""
	NoCurl  string       // why there is none, or ""
}

// An htmlMessage is a request or an answer.
type htmlMessage struct {
	Start  htmlLine
	Header []htmlLine
	Empty  bool // no body
	Body   bodyText
	Notes  []note // on the body as a whole
}

// An htmlLine is one line, with the findings about it.
type htmlLine struct {
	Text  string
	Lacks bool // it is missing, and the findings are about that
	Notes []note
}

// openAtFirst is how many exchanges of a case are unfolded with it.
const openAtFirst = 4

func (p *htmlPage) exchangesOf(c *record.CaseResult, shown []htmlFinding) (out []htmlExchange) {
	notes := map[int][]htmlFinding{}
	for _, f := range shown {
		notes[f.Step] = append(notes[f.Step], f)
	}
	open := 0
	for i := range c.Exchanges {
		x := &c.Exchanges[i]
		e := exchangeOf(p.Report, x, notes[x.Step], p.room(x))
		e.Title = "Exchange"
		if len(c.Exchanges) > 1 {
			e.Title = fmt.Sprintf("Exchange %d of %d", x.Step+1, len(c.Exchanges))
		}
		e.Title += ": " + inShort(x)
		if n := len(notes[x.Step]); n > 0 {
			e.Title += ", " + count(n, "finding")
		}
		if e.Open = open < openAtFirst && (len(notes[x.Step]) > 0 || x.Error != "" || len(c.Exchanges) == 1); e.Open {
			open++
		}
		delete(notes, x.Step) // a second exchange of one step has none
		out = append(out, e)
	}
	if open == 0 && len(out) > 0 {
		out[0].Open = true
	}
	return out
}

// inShort returns a short description of the answer.
func inShort(x *record.ExchangeResult) string {
	took := " in " + x.Elapsed.Round(time.Microsecond).String()
	if x.Response == nil {
		return "no answer" + took
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", x.Response.Status, http.StatusText(x.Response.Status))) + took
}

// room returns how much is shown of the bodies of an exchange, and counts it. Those of the cases that
// failed come first on a page.
func (p *htmlPage) room(x *record.ExchangeResult) int {
	if p.spent > bodyRoom {
		return shownShort
	}
	p.spent += min(len(x.Request.Body), shownText)
	if x.Response != nil {
		p.spent += min(len(x.Response.Body), shownText)
	}
	return shownText
}

func exchangeOf(r *record.Report, x *record.ExchangeResult, findings []htmlFinding, limit int) (out htmlExchange) {
	out.Sent.Start.Text = x.Request.Method + " " + x.Request.URL
	for _, f := range x.Request.Header {
		out.Sent.Header = append(out.Sent.Header, htmlLine{Text: f.Name + ": " + f.Value})
	}
	out.Sent.Body, _ = shownBody(x.Request.Body, nil, nil, limit)
	out.Sent.Empty = len(x.Request.Body) == 0

	var adrift []note // findings without a place in the answer
	inBody := map[string][]note{}
	inHeader := map[string][]note{} // by name in small letters
	var lacking []htmlLine
	var onStatus []note
	if x.Response != nil {
		for name := range x.Response.Header {
			inHeader[strings.ToLower(name)] = nil
		}
	}
	for _, f := range findings {
		n := note{f.Number, f.Mark, f.Anchor}
		name, header := strings.CutPrefix(f.Place, "header ")
		_, came := inHeader[strings.ToLower(name)]
		switch {
		case x.Response == nil:
			adrift = append(adrift, n)
		case f.Place == "status":
			onStatus = append(onStatus, n)
		case header && came:
			inHeader[strings.ToLower(name)] = append(inHeader[strings.ToLower(name)], n)
		case header:
			lacking = append(lacking, htmlLine{name + ": did not come", true, []note{n}})
		case f.Place == "body" || strings.HasPrefix(f.Place, "/"):
			inBody[f.Place] = append(inBody[f.Place], n)
		default:
			adrift = append(adrift, n)
		}
	}
	if r := x.Response; r != nil {
		m := &htmlMessage{Empty: len(r.Body) == 0}
		m.Start = htmlLine{Text: strings.TrimSpace(fmt.Sprintf("%s %d %s", r.Proto, r.Status,
			http.StatusText(r.Status))), Notes: onStatus}
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			for i, value := range r.Header[name] {
				line := htmlLine{Text: name + ": " + value}
				if i == 0 {
					line.Notes = inHeader[strings.ToLower(name)]
					delete(inHeader, strings.ToLower(name))
				}
				m.Header = append(m.Header, line)
			}
		}
		m.Header = append(m.Header, lacking...)
		m.Body, m.Notes = shownBody(r.Body, r.Header, inBody, limit)
		out.Came = m
	}
	out.Remarks = remarksOf(x, adrift)
	out.Curl, out.NoCurl = replayCommand(r, x)
	return out
}

// remarksOf describes what the bytes do not show. Findings without a place in an answer are
// attached to the first remark.
func remarksOf(x *record.ExchangeResult, adrift []note) (out []htmlLine) {
	add := func(text string) { out = append(out, htmlLine{Text: text}) }
	if x.Error != "" {
		kind := ""
		if x.ErrorKind != "" {
			kind = " (" + string(x.ErrorKind) + ")"
		}
		add("On the wire" + kind + ": " + x.Error)
	}
	if x.Response == nil {
		add("No answer came.")
	} else if len(adrift) > 0 && len(out) == 0 {
		add("The exchange as a whole:")
	}
	if len(out) > 0 {
		out[0].Notes = adrift
	}
	if x.Retries > 0 {
		add(fmt.Sprintf("The target postponed the request, with 429 or 503; it was sent again %s.",
			count(x.Retries, "time")))
	}
	if x.Response != nil && x.Response.Truncated {
		add("The answer is longer than the limit: only its beginning was read and judged.")
	}
	if x.Response != nil && x.Response.Shortened {
		add("The whole answer was judged; it is too long for a record, which keeps only its beginning.")
	}
	if x.Action != "" {
		add("The answer named the action " + x.Action + ".")
	}
	if x.Inert {
		add("Machine and file do not exist, so that nothing could take effect.")
	}
	if x.Leaked {
		add("The answer contained a secret, which was redacted.")
	}
	return out
}
