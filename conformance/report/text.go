package report

import (
	"strings"

	"fmaspec/conformance/term"
)

// The only control sequences that this package ever writes.
const (
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

// termSpans are the spans as package term has them.
func termSpans(spans []span) (out []term.Span) {
	for _, s := range spans {
		out = append(out, term.Span{Code: s.code, Text: s.text})
	}
	return out
}

// A page gathers lines in a style.
type page struct {
	Style
	strings.Builder
	commands int // maximum length of a command; 0 for no limit
}

func (p *page) layout() term.Layout { return term.Layout{Width: p.Width, Color: p.Color} }

func (p *page) width() int { return p.layout().Columns() }

// line adds one line of spans, made safe and, where there is a width, cut to it.
func (p *page) line(spans ...span) { p.WriteString(p.layout().Line(termSpans(spans)...)) }

// uncut adds one line that is made safe and not cut, because it is meant to be copied.
func (p *page) uncut(lead, text string) {
	p.WriteString(p.layout().Uncut(term.Span{Code: dim, Text: lead}, term.Span{Text: text}))
}

// paint adds safe text in a colour.
func (p *page) paint(code, text string) { p.WriteString(p.layout().Paint(code, text)) }

// bothEnds adds a line with text at both its ends, or two lines where it is too long for one.
func (p *page) bothEnds(right string, left ...span) {
	p.WriteString(p.layout().Apart(right, termSpans(left)...))
}

// block adds text below an indent, wrapped at the width, with at most rows lines; if text is left
// out, it adds the total length.
func (p *page) block(indent, text string, rows int) {
	p.WriteString(p.layout().Block(indent, text, rows))
}

// count returns a number with its noun, in the plural where it has to be.
func count(n int, noun string) string { return term.Count(n, noun) }
