package report

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

// safe returns s as one line that a terminal shows and cannot obey: control
// characters and bytes that are not UTF-8 become \xNN, characters that are
// invisible or turn the reading direction become \uNNNN. Nor does it hold what
// build servers obey anywhere in a line of a log, such as ##[error] or
// ##vso[task.complete].
func safe(s string) string {
	s = strings.ReplaceAll(s, "##", `#\x23`)
	if !strings.ContainsFunc(s, func(r rune) bool { return !printable(r) }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && size == 1, r < 0x20, r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case printable(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[size:]
	}
	return b.String()
}

// printable tells whether r shows as itself. The replacement character counts
// as not printable, since decoding yields it for bytes that are not UTF-8.
func printable(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }

// columns is the width of safe text on a terminal.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// wide are the blocks whose characters take two columns, roughly: a line that is
// counted too long is cut a little early, which harms nobody.
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
}

func runeColumns(r rune) int {
	for _, block := range wide {
		if block[0] <= r && r <= block[1] {
			return 2
		}
	}
	return 1
}

// split returns the longest start of s that fits the columns, and the rest.
func split(s string, width int) (head, tail string) {
	for i, r := range s {
		if width -= runeColumns(r); width < 0 {
			return s[:i], s[i:]
		}
	}
	return s, ""
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

// uncut adds one line that is made safe and left as long as it is, because it is
// there to be copied.
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

// apart adds a line with text at both its ends, or two lines where it is too long for one.
func (p *page) apart(right string, left ...span) {
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

// block adds text under a lead, wrapped at the width, at most rows lines long;
// where something is left out, the length of the whole is told.
func (p *page) block(indent, text string, rows int) {
	room, all := p.width()-len(indent), len(text)
	text = strings.TrimSuffix(text, "\n")
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = safe(strings.TrimSuffix(line, "\r"))
		for first := true; first || line != ""; first = false {
			var head string
			head, line = split(line, room)
			if rows--; rows < 0 {
				p.line(span{dim, fmt.Sprintf("%s… %s in all", indent, count(all, "byte"))})
				return
			}
			p.line(span{"", indent + head})
		}
	}
}

// count writes a number with its noun, in the plural where it has to be.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
