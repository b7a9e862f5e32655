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

// safe returns s as one line that neither a terminal nor a build server obeys.
func safe(s string) string { return term.Safe(s) }

// printable reports whether r shows as itself.
func printable(r rune) bool { return term.Printable(r) }

// columns is the width of safe text on a terminal.
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
	commands int // how long a command may be; 0 for any length
}

func (p *page) layout() term.Layout { return term.Layout{Width: p.Width, Color: p.Color} }

func (p *page) width() int { return p.layout().Columns() }

// line adds one line of spans, made safe and, where there is a width, cut to it.
func (p *page) line(spans ...span) { p.WriteString(p.layout().Line(termSpans(spans)...)) }

// uncut adds one line that is made safe and left as long as it is, because it is
// there to be copied.
func (p *page) uncut(lead, text string) {
	p.WriteString(p.layout().Uncut(term.Span{Code: dim, Text: lead}, term.Span{Text: text}))
}

// paint adds safe text in a colour.
func (p *page) paint(code, text string) { p.WriteString(p.layout().Paint(code, text)) }

// apart adds a line with text at both its ends, or two lines where it is too long for one.
func (p *page) apart(right string, left ...span) {
	p.WriteString(p.layout().Apart(right, termSpans(left)...))
}

// block adds text under an indent, wrapped at the width, at most rows lines long.
func (p *page) block(indent, text string, rows int) {
	p.WriteString(p.layout().Block(indent, text, rows))
}

// count returns a number with its noun, in the plural where it has to be.
func count(n int, noun string) string { return term.Count(n, noun) }
