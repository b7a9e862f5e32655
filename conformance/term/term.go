// Package term makes text that came from outside (a server, a file, a report, a command) safe
// for a terminal and for the log of a build server. A terminal interprets control characters;
// a build server executes commands in the lines of a log, such as ##vso[task.complete] or
// ::set-output. [Safe] escapes both in text of one line, [Lines] in text of several lines, and
// [JSON] in JSON text, without changing its values.
// It imports only the standard library, so that every package that prints or renders can use it.
package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A command is the prefix of a command of a build server.
type command struct {
	begins string // the prefix
	at     int    // of begins, the byte that is escaped
	where  where
	who    string // the build server that executes it
}

// where is the position in a line at which a command is executed.
type where int

const (
	anywhere   where = iota
	bracket          // anywhere, before an optional word and an opening bracket
	first            // at the start of the line
	afterBlank       // at the start of the line, or after blanks there
)

// commands are the commands of build servers, including those that need a control character,
// which a log may lose.
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

// Printable reports whether r is printable. The replacement character is not, because decoding
// yields it for bytes that are not UTF-8.
func Printable(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }

// Safe returns text as one line without control sequences for a terminal or commands for a
// build server, at any position in a line: control characters and bytes that are not UTF-8
// become \xNN, characters that are invisible or change the reading direction become \uNNNN,
// and one character of the prefix of a command becomes \xNN. Safe text is not changed.
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

// brackets escapes a command that counts only before a bracket, because its prefix occurs in
// many texts.
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

// opens reports whether text begins with an optional word and an opening bracket.
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

// escaped returns the prefix of a command with one character escaped.
func escaped(c command) string {
	return fmt.Sprintf(`%s\x%02x%s`, c.begins[:c.at], c.begins[c.at], c.begins[c.at+1:])
}

// Lines returns text of several lines, each made safe by [Safe]. Line breaks are kept; a
// carriage return before one is removed.
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

// Clip returns text made safe by [Safe], cut to the columns, with an ellipsis in place of the rest.
func Clip(text string, columns int) string {
	// The rest of a long text need not be made safe.
	head, rest := Split(Safe(text[:min(len(text), 4*columns+4)]), columns)
	if rest != "" {
		head += "…"
	}
	return head
}

// ClipLines returns text made safe by [Lines], with each line cut to the columns.
func ClipLines(text string, columns int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Clip(strings.TrimSuffix(line, "\r"), columns)
	}
	return strings.Join(lines, "\n")
}

// JSON returns JSON text with the same values, without control sequences for a terminal or
// commands for a build server: characters that are not printable, and one character of each
// command, are written as \uNNNN. The text must be valid JSON, in which both occur only in
// strings.
func JSON(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/16)
	for len(text) > 0 {
		plain := 0 // most of the text stays as it is
		for plain < len(text) && (text[plain] == '\n' || ' ' <= text[plain] && text[plain] < 0x7f) &&
			strings.IndexByte(`\#:[`, text[plain]) < 0 {
			plain++
		}
		if plain > 0 {
			out, text = append(out, text[:plain]...), text[plain:]
			continue
		}
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

// sign reports whether the first byte of after belongs to a command that is executed within a
// line, given the text before it. A string never begins a line of JSON, so the other commands
// do not count.
func sign(before, after []byte) bool {
	ends := func(word string) bool { return strings.HasSuffix(string(before[max(len(before)-len(word), 0):]), word) }
	switch after[0] {
	case '#':
		return ends("#") && opens(after[1:])
	case ':':
		return ends("section_start") || ends("section_end") || ends("travis_fold") || ends("travis_time")
	}
	return ends("[") && (strings.HasPrefix(string(after[:min(len(after), 12)]), "[ATTACHMENT|") ||
		strings.HasPrefix(string(after[:min(len(after), 10)]), "[PROPERTY|"))
}
