package httpfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Syntax that editors share is read as they read it: "###" with any text after it, "# @name",
// variables of the file, and "< ./file" for a body. Syntax that only some of them have, or
// that means something else to them, is refused.

// isSeparator reports whether a line parts two requests: every editor takes one that
// begins with "###" for it, whatever follows.
func isSeparator(line []byte) bool { return bytes.HasPrefix(line, []byte("###")) }

// label returns the text after the number signs of a separator.
func label(line string) string { return strings.TrimSpace(strings.TrimLeft(line, "#")) }

// inclusion matches a body in another file.
var inclusion = regexp.MustCompile(`^<[ \t]+(\S.*?)[ \t]*$`)

// definition matches a variable of the file.
var definition = regexp.MustCompile(`^@([A-Za-z_][A-Za-z0-9_-]*)[ \t]*=[ \t]*(.*?)[ \t]*$`)

// directive matches a comment that an editor interprets.
var directive = regexp.MustCompile(`^(?:#+|//+)[ \t]*@(\S+)[ \t]*(.*?)[ \t]*$`)

// A foreign is a line that an editor interprets, with its meaning there and the remedy.
type foreign struct {
	sign       byte // with which it begins, behind blanks
	line       *regexp.Regexp
	is, remedy string
}

// foreigners are the lines that are refused everywhere.
var foreigners = []foreign{
	{'>', regexp.MustCompile(`^[ \t]*>[ \t]*\{%|^[ \t]*>[ \t]+\S`), "a handler of the answer, which is not run",
		"take it away, and say in \"# expect:\" what has to come; a body's own > is {{bytes 3E}}"},
	{'>', regexp.MustCompile(`^[ \t]*>>!?[ \t]*\S`), "a file for the answer, which is not written",
		"take it away; a body's own > is {{bytes 3E}}"},
	{'<', regexp.MustCompile(`^[ \t]*<[ \t]*\{%`), "a script before the request, which is not run",
		"take it away, and write the values themselves"},
	{'<', regexp.MustCompile(`^[ \t]*<>[ \t]`), "an answer of an earlier time, which is not read", "take it away"},
	{'<', regexp.MustCompile(`^[ \t]*<@`), "a file with variables or of another encoding, which is not read",
		"write \"< ./FILE\", whose bytes are sent as they are"},
	{'?', regexp.MustCompile(`^[ \t]*\?\?[ \t]`), "an assertion, which is not judged", "take it away, and say in \"# " +
		"expect:\" what has to come; a body's own ? is {{bytes 3F}}"},
	{'@', regexp.MustCompile(`^[ \t]*@@?[^\s=:]+[ \t]*:?=`), "a variable, which cannot be defined here",
		"write \"@name = value\" above the request line; a body's own @ is {{bytes 40}}"},
}

// bodyOnly are the lines that are refused in bodies.
var bodyOnly = []foreign{
	{'#', regexp.MustCompile(`^[ \t]*#`), "a comment to editors, which do not send it",
		"move it above the request line; " +
			"a body's own # is {{bytes 23}}"},
	{'/', regexp.MustCompile(`^[ \t]*//`), "a comment to editors, which do not send it",
		"move it above the request line; " +
			"a body's own // is {{bytes 2F 2F}}"},
	{'<', inclusion, "another file, which can only be the whole of a body", "write it as the one line of the body; a " +
		"body's own < is {{bytes 3C}}"},
}

// obeyed reports a line that an editor obeys and this package does not.
func (p *parser) obeyed(text string, line int, tables ...[]foreign) bool {
	rest := strings.TrimLeft(text, " \t")
	if rest == "" {
		return false
	}
	for _, table := range tables {
		for _, f := range table {
			if f.sign == rest[0] && f.line.MatchString(text) {
				p.fault(line, "%q is %s; %s", clip(text), f.is, f.remedy)
				return true
			}
		}
	}
	return false
}

// clip returns a line for messages.
func clip(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}

// directive parses a comment that editors interpret, and reports whether the line is one.
func (p *parser) directive(r *Request, text string, line int) bool {
	m := directive.FindStringSubmatch(text)
	switch {
	case m == nil:
		return false
	case m[1] != "name":
		p.fault(line, "@%s is a directive of an editor, which is not obeyed; take the line away", clip(m[1]))
	case m[2] == "" || strings.ContainsAny(m[2], " \t"):
		p.fault(line, "%q is no name; write \"# @name NAME\", or take the line away", clip(text))
	case r.named > 0:
		p.fault(line, "the request has a name in line %d already; keep one of the two", r.named)
	default:
		r.named = line
		if r.Label == "" {
			r.Label = m[2]
		}
	}
	return true
}

// An own is a variable that the file defines.
type own struct {
	value string // as it stands in texts: without references to others
	line  int
}

// define parses a variable of the file, and reports whether the line is one.
func (p *parser) define(text string, line int) bool {
	m := definition.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	name, value := m[1], m[2]
	before, again := p.own[name]
	found, err := Variables(p.expandOwn(value, line))
	var broken *Error
	switch {
	case again:
		p.fault(line, "{{%s}} is defined in line %d already, and editors differ in which counts; keep one of the two",
			name, before.line)
		return true
	case known(name):
		p.fault(line, "{{%s}} is one of fmaspec's own variables; give yours another name", name)
	case strings.Contains(value, `\`):
		p.fault(line, "the value of {{%s}} holds a backslash, which some editors take for the beginning of a "+
			"character; write it where it is used", name)
	case errors.As(err, &broken):
		p.fault(line, "%s", broken.Msg)
	}
	for _, v := range found {
		if v.Name == "none" {
			p.fault(line, "{{none}} has no value; use it as the whole value of a header field")
		}
	}
	if p.own == nil {
		p.own = map[string]own{}
	}
	p.own[name] = own{escaped(p.expandOwn(value, line)), line}
	return true
}

// known reports whether a variable is in the table.
func known(name string) bool {
	for _, doc := range variables() {
		if doc.Name == generic(name) {
			return true
		}
	}
	return false
}

// escaped is a value in which braces that belong to no variable are bytes, so that
// they make none with the text around them.
func escaped(value string) string {
	pieces, err := split(value)
	if err != nil {
		return ""
	}
	var out strings.Builder
	rest := value
	for _, piece := range pieces {
		if piece.variable == nil {
			out.WriteString(strings.ReplaceAll(piece.text, "{", "{{bytes 7B}}"))
			rest = rest[len(piece.text):]
			continue
		}
		end := strings.Index(rest, "}}") + len("}}")
		out.WriteString(rest[:end])
		rest = rest[end:]
	}
	return out.String()
}

// reference matches a reference to a variable of the file.
var reference = regexp.MustCompile(`\{\{([A-Za-z_][A-Za-z0-9_-]*)\}\}`)

// expandOwn replaces the variables that the file defines.
func (p *parser) expandOwn(text string, line int) string {
	if len(p.own) == 0 {
		return text
	}
	return reference.ReplaceAllStringFunc(text, func(match string) string {
		v, is := p.own[match[2:len(match)-2]]
		switch {
		case !is || p.grown > MaxFile:
			return match
		}
		if p.grown += len(v.value); p.grown > MaxFile {
			p.fault(line, "what the file's own variables stand for comes to more than %d bytes; use them less", MaxFile)
		}
		return v.value
	})
}

// editorVariables are the variables that editors make, with what to write instead.
func editorVariable(name string) string {
	switch {
	case strings.HasPrefix(name, "$"):
		return fmt.Sprintf("{{%s}} is made anew by an editor at each sending, so that no run could be repeated; "+
			"write {{sha1}}, {{comment}} or a value", name)
	case strings.Contains(name, ".response.") || strings.Contains(name, ".request."):
		return fmt.Sprintf("{{%s}} is taken from another request, which is not done; write a value", name)
	}
	return ""
}

// included returns the bytes of the file that a body's one line names, as a text in
// which no variable is found.
func (p *parser) included(name string, line int) []byte {
	if p.include == nil {
		p.fault(line, "%q: there is no folder to read it from; write the body itself", name)
		return nil
	}
	data, err := p.include(name)
	if err != nil {
		p.fault(line, "< %s: %v", clip(name), err)
		return nil
	}
	return bytes.ReplaceAll(data, []byte("{{"), []byte("{{bytes 7B 7B}}"))
}

// prepared returns the text of a file without a byte order mark, with normalized line endings.
func (p *parser) prepared(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) || len(data) > 1 &&
		(data[0] == 0 || data[1] == 0) {
		p.fault(1, "the file is in UTF-16; save it as UTF-8")
		return nil
	}
	if first, _, found := bytes.Cut(data, []byte("\n")); found && bytes.HasSuffix(first, []byte("\r")) {
		p.fault(1, "the lines end in CRLF, so that bodies would hold carriage returns which nobody sees; save the "+
			"file with LF, and have git keep it so by \"*.http text eol=lf\" in .gitattributes")
		data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	}
	return data
}

// trailing reports whether nothing but blank lines, comments and separators follow: a
// lone "###" ends a file in many editors.
func (p *parser) trailing() bool {
	for _, raw := range p.lines[p.at:] {
		if text := strings.TrimSpace(string(raw)); text != "" && !isSeparator(raw) &&
			!(strings.HasPrefix(text, "//") && !directive.MatchString(text)) {
			return false
		}
	}
	return true
}
