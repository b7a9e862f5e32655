package compare

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The only control sequences that this package ever writes.
const (
	reset  = "\x1b[0m"
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
)

// printable tells whether r shows as itself. The replacement character counts as
// not printable, since decoding yields it for bytes that are not UTF-8.
func printable(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }

// safe returns text as one line that a terminal shows and cannot obey: what is no
// printable character becomes \xNN or \uNNNN.
func safe(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !printable(r) }) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == utf8.RuneError && size == 1, r < 0x20, r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case printable(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		text = text[size:]
	}
	return b.String()
}

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

// line adds one line of spans, made safe and, where there is a width, cut to it.
func (p *page) line(spans ...span) {
	total := 0
	for i := range spans {
		spans[i].text = safe(spans[i].text)
		total += utf8.RuneCountInString(spans[i].text)
	}
	room, mark := p.width(), ""
	switch {
	case p.Width == 0:
		room = total
	case total > room:
		room, mark = room-1, "…"
	}
	for _, s := range spans {
		runes := []rune(s.text)
		p.paint(s.code, string(runes[:min(len(runes), room)]))
		room -= min(len(runes), room)
	}
	p.WriteString(mark + "\n")
}

// uncut adds one line that is made safe and left as long as it is.
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

// count writes a number with its noun, in the plural where it has to be.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
