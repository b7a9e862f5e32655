package compare

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

// safe returns text as one line without control sequences for a terminal or a build server.
func safe(text string) string { return term.Safe(text) }

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
}

func (p *page) layout() term.Layout { return term.Layout{Width: p.Width, Color: p.Color} }

// line adds one line of spans, made safe and, if there is a width, cut to it.
func (p *page) line(spans ...span) { p.WriteString(p.layout().Line(termSpans(spans)...)) }

// uncut adds one line that is made safe and not cut.
func (p *page) uncut(spans ...span) { p.WriteString(p.layout().Uncut(termSpans(spans)...)) }

// count returns a number with its noun, in the plural where it has to be.
func count(n int, noun string) string { return term.Count(n, noun) }
