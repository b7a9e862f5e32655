package main

import (
	"fmt"
	"strings"
	"unicode"
)

// A page gathers lines of plain text.
type page struct{ strings.Builder }

// line adds one line, made harmless to terminals: what it holds may come from
// a user's files.
func (p *page) line(format string, args ...any) {
	p.WriteString(shown(strings.TrimRight(fmt.Sprintf(format, args...), " ")) + "\n")
}

func (p *page) heading(text string) { p.line("\n%s", text+":") }

// paragraph adds text, wrapped at helpWidth columns.
func (p *page) paragraph(indent, text string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(indent)+len([]rune(line))+1+len([]rune(word)) > helpWidth {
			p.line("%s%s", indent, line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	p.line("%s%s", indent, line)
}

// labelWidth is the room for a label in front of a field.
const labelWidth = 14

// field adds text under a label, wrapped; nothing where the text is empty.
func (p *page) field(label, text string) {
	if text == "" {
		return
	}
	var wrapped page
	wrapped.paragraph(strings.Repeat(" ", labelWidth), text)
	p.WriteString(fmt.Sprintf("%-*s", labelWidth, "  "+label) + wrapped.String()[labelWidth:])
}

// fields adds texts under one label, each wrapped.
func (p *page) fields(label string, texts []string) {
	for _, text := range texts {
		p.field(label, text)
		label = ""
	}
}

// items adds lines under a label, each as it is.
func (p *page) items(label string, lines []string) {
	for i, text := range lines {
		if i > 0 {
			label = ""
		}
		p.line("%-*s%s", labelWidth, "  "+label, text)
	}
}

// shown returns text in which every character that a terminal could obey, but
// the line break, is an escape.
func shown(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\n' || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

// columns lays rows out, each column as wide as its widest entry.
func columns(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var p page
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += fmt.Sprintf("%-*s  ", widths[i], cell)
		}
		p.line("%s", line)
	}
	return p.String()
}
