package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"fmaspec/conformance/term"
)

// A page gathers lines of plain text.
type page struct{ strings.Builder }

// line adds one line, or several if the format has line breaks. Arguments may come from a
// user's files: they cannot add lines, and control sequences for a terminal or a build server
// are escaped.
func (p *page) line(format string, args ...any) {
	for i, arg := range args {
		if text, is := arg.(string); is {
			args[i] = term.Safe(text)
		}
	}
	p.WriteString(term.Lines(strings.TrimRight(fmt.Sprintf(format, args...), " ")) + "\n")
}

func (p *page) heading(text string) { p.line("\n%s", text+":") }

// paragraph adds text, wrapped at helpWidth columns.
func (p *page) paragraph(indent, text string) {
	p.WriteString(term.Paragraph(indent, text, helpWidth))
}

// labelWidth is the width of the label of a field.
const labelWidth = 14

// field adds wrapped text under a label, or nothing if the text is empty.
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

// items adds lines under a label, not wrapped.
func (p *page) items(label string, lines []string) {
	for i, text := range lines {
		if i > 0 {
			label = ""
		}
		p.line("%-*s%s", labelWidth, "  "+label, text)
	}
}

// harmless returns text of several lines for stderr. Parts of it may come from a server or a
// file, so control sequences are escaped and long lines are cut.
func harmless(text string) string { return term.ClipLines(text, 4000) }

// encode writes a value as indented JSON without control sequences for a terminal or a build
// server.
func encode(w io.Writer, v any) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(term.JSON(text.Bytes()))
	return err
}
