package report

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

// safe returns s as one line without control sequences for a terminal or a build server.
func safe(s string) string { return term.Safe(s) }

// printable reports whether r is printable.
func printable(r rune) bool { return term.Printable(r) }

// columns returns the width of safe text on a terminal.
func columns(s string) int { return term.Columns(s) }

// split returns the longest start of s that fits the columns, and the rest.
func split(s string, width int) (head, tail string) { return term.Split(s, width) }

// A span is a piece of a line in one colour, or in none.
type span struct{ code, text string }

// A page gathers lines in a style.
type page struct {
	Style
	strings.Builder
	commands int // maximum length of a command; 0 for no limit
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
		total += columns(spans[i].text)
	}
	room, mark := p.width(), ""
	switch {
	case p.Width == 0:
		room = total
	case total > room:
		room, mark = room-1, "…"
	}
	for _, s := range spans {
		text, rest := split(s.text, room)
		p.paint(s.code, text)
		if rest != "" {
			break
		}
		room -= columns(text)
	}
	p.WriteString(mark + "\n")
}

// uncut adds one line that is made safe and not cut, because it is meant to be copied.
func (p *page) uncut(lead, text string) {
	p.paint(dim, lead)
	p.WriteString(safe(text) + "\n")
}

func (p *page) paint(code, text string) {
	if p.Color && code != "" && text != "" {
		text = code + text + reset
	}
	p.WriteString(text)
}

// bothEnds adds a line with text at both ends, or two lines if it is too long.
func (p *page) bothEnds(right string, left ...span) {
	used := columns(safe(right))
	for _, s := range left {
		used += columns(safe(s.text))
	}
	if gap := p.width() - used; gap >= 2 {
		p.line(append(left, span{dim, strings.Repeat(" ", gap) + right})...)
		return
	}
	p.line(left...)
	p.line(span{dim, "  " + right})
}

// block adds text below a lead, wrapped at the width, with at most rows lines; if text is left
// out, it adds the total length.
func (p *page) block(indent, text string, rows int) {
	room, all := p.width()-len(indent), len(text)
	text = strings.TrimSuffix(text, "\n")
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = safe(strings.TrimSuffix(line, "\r"))
		for first := true; first || line != ""; first = false {
			var head string
			head, line = wrapped(line, room)
			if rows--; rows < 0 {
				p.line(span{dim, fmt.Sprintf("%s… %s in total", indent, count(all, "byte"))})
				return
			}
			p.line(span{"", indent + head})
		}
	}
}

// wrapped splits safe text like split, and escapes commands at the start of the resulting
// line. Text that no longer fits then is in the rest.
func wrapped(line string, room int) (head, rest string) {
	head, rest = split(line, room)
	if text := safe(head); text != head {
		head, rest = split(text+rest, room)
	}
	return head, rest
}

// count returns a number with its noun, in the plural if needed.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
