package compare

import (
	"fmt"
	"strings"

	"fmaspec/conformance/term"
)

// The only control sequences that this package ever writes.
const (
	reset  = term.Reset
	bold   = term.Bold
	dim    = term.Dim
	red    = term.Red
	green  = term.Green
	yellow = term.Yellow
)

// safe returns text as one line without control sequences for a terminal or a build server.
func safe(text string) string { return term.Safe(text) }

// A span is a piece of a line in one colour, or in none.
type span struct{ code, text string }

// A page gathers lines in a style.
type page struct {
	Style
	strings.Builder
}

func (p *page) width() int {
	if p.Width == 0 {
		return 100
	}
	return max(p.Width, 40)
}

// line adds one line of spans, made safe and, if there is a width, cut to it.
func (p *page) line(spans ...span) {
	total := 0
	for i := range spans {
		spans[i].text = safe(spans[i].text)
		total += term.Columns(spans[i].text)
	}
	room, mark := p.width(), ""
	switch {
	case p.Width == 0:
		room = total
	case total > room:
		room, mark = room-1, "…"
	}
	for _, s := range spans {
		text, rest := term.Split(s.text, room)
		p.paint(s.code, text)
		if rest != "" {
			break
		}
		room -= term.Columns(text)
	}
	p.WriteString(mark + "\n")
}

// uncut adds one line that is made safe and not cut.
func (p *page) uncut(spans ...span) {
	for _, s := range spans {
		p.paint(s.code, safe(s.text))
	}
	p.WriteString("\n")
}

func (p *page) paint(code, text string) {
	if p.Color && code != "" && text != "" {
		text = code + text + reset
	}
	p.WriteString(text)
}

// count returns a number with its noun, in the plural if needed.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
