// Package term makes text that came from outside (a server, a file, a report, a
// command) safe for a terminal and for the log of a build server.
//
// A terminal obeys control characters; a build server obeys commands that it finds
// in the lines of a log, such as ##vso[task.complete] or ::set-output. [Safe]
// returns text of one line, [Lines] of several, in which both are escaped and can
// be read, and [JSON] respells JSON text without changing its values.
//
// It imports the standard library alone, so that every package that prints or
// renders can use it.
package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A command is how a command to a build server begins.
type command struct {
	begins string // the sign that is looked for
	at     int    // of begins, the byte that is escaped
	where  where
	who    string // obeys it
}

// where in a line a command is obeyed.
type where int

const (
	anywhere   where = iota
	bracket          // anywhere, before a word or none and an opening bracket
	first            // at the start of the line
	afterBlank       // at the start of the line, or behind blanks there
)

// commands are what build servers obey. What they obey only beside a control
// character is here too, for a log may lose that character on its way.
var commands = [...]command{
	{"##", 1, bracket, "Azure Pipelines: ##vso[…] and ##[…]; TeamCity: ##teamcity[…]; GitHub Actions: ##[…]"},
	{"::", 0, afterBlank, "GitHub Actions: ::set-output …, ::error …, ::add-mask …, ::stop-commands …"},
	{"section_start:", 7, anywhere, "GitLab: a collapsed section"},
	{"section_end:", 7, anywhere, "GitLab: its end"},
	{"travis_fold:", 6, anywhere, "Travis CI: a fold"},
	{"travis_time:", 6, anywhere, "Travis CI: a timer"},
	{"[[ATTACHMENT|", 1, anywhere, "Jenkins and GitLab: a file to attach, in the output of a JUnit report"},
	{"[[PROPERTY|", 1, anywhere, "test management: a property, in the output of a JUnit report"},
	{"--- ", 0, first, "Buildkite: a collapsed group"},
	{"+++ ", 0, first, "Buildkite: an expanded group"},
	{"~~~ ", 0, first, "Buildkite: a muted group"},
	{"^^^ ", 0, first, "Buildkite: opens the group before"},
}

// Printable reports whether r shows as itself. The replacement character does
// not, since decoding yields it for bytes that are not UTF-8.
func Printable(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }

// Safe returns text as one line that a terminal shows and does not obey, and that
// no build server takes for a command, wherever in a line it is put: control
// characters and bytes that are not UTF-8 become \xNN, characters that are
// invisible or change the reading direction become \uNNNN, and of what begins a
// command one sign becomes \xNN. Safe text stays as it is.
func Safe(text string) string { return disarm(shown(text)) }

// shown escapes what is not printable.
func shown(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !Printable(r) }) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && size == 1, r < 0x20, r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case Printable(r):
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

// disarm escapes commands in one line.
func disarm(line string) string {
	for _, c := range commands {
		switch c.where {
		case anywhere:
			for strings.Contains(line, c.begins) {
				line = strings.ReplaceAll(line, c.begins, escaped(c))
			}
		case bracket:
			line = brackets(line, c)
		case first:
			if rest, is := strings.CutPrefix(line, c.begins); is {
				line = escaped(c) + rest
			}
		case afterBlank:
			if text := strings.TrimLeft(line, " "); strings.HasPrefix(text, c.begins) {
				line = line[:len(line)-len(text)] + escaped(c) + text[len(c.begins):]
			}
		}
	}
	return line
}

// brackets escapes a command that is one before a bracket alone, since its signs
// stand in many texts.
func brackets(line string, c command) string {
	var b strings.Builder
	for {
		at := strings.Index(line, c.begins)
		if at < 0 {
			b.WriteString(line)
			return b.String()
		}
		if opens(line[at+len(c.begins):]) {
			b.WriteString(line[:at] + escaped(c))
			line = line[at+len(c.begins):]
			continue
		}
		b.WriteString(line[:at+1])
		line = line[at+1:]
	}
}

// opens reports whether text begins with an opening bracket, behind a word or none.
func opens[text string | []byte](t text) bool {
	for i := range len(t) {
		if c := t[i]; c == '[' {
			return true
		} else if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return false
}

// escaped is the beginning of a command with one sign as an escape.
func escaped(c command) string {
	return fmt.Sprintf(`%s\x%02x%s`, c.begins[:c.at], c.begins[c.at], c.begins[c.at+1:])
}

// Lines returns text of several lines, each as [Safe] makes it. Line breaks stay;
// a carriage return before one does not.
func Lines(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(Safe(strings.TrimSuffix(line, "\r")))
	}
	return b.String()
}

// Clip returns text as [Safe] makes it, at most so many columns of it, and an
// ellipsis in the place of the rest.
func Clip(text string, columns int) string {
	// The rest of a long text is not worth being made safe.
	head, rest := Split(Safe(text[:min(len(text), 4*columns+4)]), columns)
	if rest != "" {
		head += "…"
	}
	return head
}

// ClipLines returns text as [Lines] makes it, each line cut to so many columns.
func ClipLines(text string, columns int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Clip(strings.TrimSuffix(line, "\r"), columns)
	}
	return strings.Join(lines, "\n")
}

// JSON returns JSON text with the same values, in whose lines no terminal and no
// build server finds anything to obey: what is not printable is written as \uNNNN,
// and so is a sign of each command. The text is valid JSON, so that both stand in
// strings alone.
func JSON(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/16)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\\' && len(text) > 1:
			size = 2
			out = append(out, text[:2]...)
		case (r == '#' || r == ':' || r == '[') && sign(out, text):
			out = fmt.Appendf(out, `\u%04x`, r)
		case r == '\n' || Printable(r):
			out = append(out, text[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}

// sign reports whether the first byte of what follows is a sign of a command that
// is obeyed within a line, behind what was written before it. A string never
// begins a line of JSON, so that the others are not.
func sign(before, after []byte) bool {
	ends := func(word string) bool { return strings.HasSuffix(string(before[max(len(before)-len(word), 0):]), word) }
	switch after[0] {
	case '#':
		return ends("#") && opens(after[1:])
	case ':':
		return ends("section_start") || ends("section_end") || ends("travis_fold") || ends("travis_time")
	}
	return ends("[") && (strings.HasPrefix(string(after[:min(len(after), 12)]), "[ATTACHMENT|") || strings.HasPrefix(string(after[:min(len(after), 10)]), "[PROPERTY|"))
}
