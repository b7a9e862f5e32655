package term

import (
	"fmt"
	"strings"
)

// A Span is a piece of a line in one style: [Bold], [Red] or another of the control
// sequences, several of them, or none.
type Span struct{ Code, Text string }

// A Layout says how lines are laid out. The zero Layout is plain text for 100 columns, in
// which a longer line is not cut.
type Layout struct {
	Width int  // columns, to which lines are cut; 0 where it is no terminal's, and fewer than 40 count as 40
	Color bool // with control sequences
}

// The columns of a layout without a width, and the least that count.
const plainWidth, leastWidth = 100, 40

// Columns returns how many columns a line has room for.
func (l Layout) Columns() int {
	if l.Width == 0 {
		return plainWidth
	}
	return max(l.Width, leastWidth)
}

// Line returns one line of spans, made safe and, where there is a width, cut to it. It
// ends in a line break.
func (l Layout) Line(spans ...Span) string {
	total := 0
	texts := make([]string, len(spans))
	for i, s := range spans {
		texts[i] = Safe(s.Text)
		total += Columns(texts[i])
	}
	room, mark := l.Columns(), ""
	switch {
	case l.Width == 0:
		room = total
	case total > room:
		room, mark = room-1, "…"
	}
	var b strings.Builder
	for i, s := range spans {
		text, rest := Split(texts[i], room)
		b.WriteString(l.Paint(s.Code, text))
		if rest != "" {
			break
		}
		room -= Columns(text)
	}
	return b.String() + mark + "\n"
}

// Uncut returns one line of spans that is made safe and left as long as it is, because
// it is there to be copied.
func (l Layout) Uncut(spans ...Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(l.Paint(s.Code, Safe(s.Text)))
	}
	return b.String() + "\n"
}

// Apart returns a line with text at both its ends, or two lines where it is too long for
// one.
func (l Layout) Apart(right string, left ...Span) string {
	used := Columns(Safe(right))
	for _, s := range left {
		used += Columns(Safe(s.Text))
	}
	if gap := l.Columns() - used; gap >= 2 {
		return l.Line(append(left[:len(left):len(left)], Span{Dim, strings.Repeat(" ", gap) + right})...)
	}
	return l.Line(left...) + l.Line(Span{Dim, "  " + right})
}

// Block returns text under an indent, wrapped at the width, at most rows lines long; the
// last line says how long the whole is where something is left out.
func (l Layout) Block(indent, text string, rows int) string {
	var b strings.Builder
	room, all := l.Columns()-len(indent), len(text)
	text = strings.TrimSuffix(text, "\n")
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = Safe(strings.TrimSuffix(line, "\r"))
		for first := true; first || line != ""; first = false {
			var head string
			head, line = wrap(line, room)
			if rows--; rows < 0 {
				return b.String() + l.Line(Span{Dim, fmt.Sprintf("%s… %s in total", indent, Count(all, "byte"))})
			}
			b.WriteString(l.Line(Span{"", indent + head}))
		}
	}
	return b.String()
}

// wrap splits safe text like [Split], and escapes what would be obeyed at the start of
// the line that it becomes. What no longer fits then stays in the rest.
func wrap(line string, room int) (head, rest string) {
	head, rest = Split(line, room)
	if text := Safe(head); text != head {
		head, rest = Split(text+rest, room)
	}
	return head, rest
}

// Paint returns safe text in a style, where the layout has colours.
func (l Layout) Paint(code, text string) string {
	if l.Color && code != "" && text != "" {
		return code + text + Reset
	}
	return text
}

// Paragraph returns text in lines of so many columns, broken between words, each with
// the indent. A longer word has a line of its own.
func Paragraph(indent, text string, columns int) string {
	var b strings.Builder
	line := ""
	for word := range strings.FieldsSeq(Safe(text)) {
		if line != "" && Columns(indent)+Columns(line)+1+Columns(word) > columns {
			b.WriteString(Safe(indent+line) + "\n")
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return b.String() + strings.TrimRight(Safe(indent+line), " ") + "\n"
}

// Table returns rows of cells as lines, each column as wide as its widest cell.
func Table(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Columns(Safe(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			cell = Safe(cell)
			line += cell + strings.Repeat(" ", widths[i]-Columns(cell)+2)
		}
		b.WriteString(Safe(strings.TrimRight(line, " ")) + "\n")
	}
	return b.String()
}

// Count returns a number with its noun, in the plural where the number is not one.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
