// Package httpfile reads the files in which cases are written down: requests as
// they go over the wire, with a head of fields above each and variables inside.
// It implements the grammar and nothing of requirements or operations.
package httpfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"fmaspec/conformance/nearest"
)

// The bounds of a file.
const (
	MaxFile   = 1 << 20   // bytes of one file
	MaxRepeat = 1_000_000 // bytes that all {{repeat}} of one file come to
	MaxTimes  = 64        // how often a request is sent at most
)

// None is the header value that keeps the runner from adding the field itself.
const None = "{{none}}"

// A File is one case: a title, fields and at least one request.
type File struct {
	Title    string
	Fields   []Field // of the first head: those of the case, and those of the first request
	Requests []Request
}

// A Field is one "# key: value" line of a head.
type Field struct {
	Key, Value string
	Line       int // in the file, from 1
}

// A Request is one request as written: its variables are not expanded.
type Request struct {
	Label   string // the text after "###" or "# @name", or ""
	Fields  []Field
	Method  string
	Target  string
	Header  []Field // Key is the name in its own letter case
	Body    []byte
	HasBody bool // an empty line follows the header; Body may be empty all the same
	Line    int  // of the request line, from 1

	bodyLine int // of the body's first byte, from 1
	named    int // the line of its name, 0 for none
}

// An Error is one error in a file.
type Error struct {
	Name string // as given to Parse; "" from Variables and Expand
	Line int    // from 1
	Msg  string // what is wrong; what to do
}

func (e *Error) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Msg)
}

// Parse parses one file. It reports every error at once, as joined *Error values
// in the order of their lines, each ending with the remedy. The name is only
// used in those. A body in another file needs [Read].
func Parse(name string, data []byte) (*File, error) { return parse(name, data, nil) }

func parse(name string, data []byte, include func(string) ([]byte, error)) (*File, error) {
	p := &parser{name: name, include: include}
	if len(data) > MaxFile {
		p.fault(1, "the file has %d bytes; keep it within %d, with {{repeat N TEXT}} for long bodies", len(data),
			MaxFile)
		return nil, errors.Join(p.faults...)
	}
	if data = p.prepared(data); data == nil && len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	p.lines = lines(data)
	file := p.file()
	p.values(file)
	if len(p.faults) > 0 {
		return nil, errors.Join(p.sorted()...)
	}
	return file, nil
}

// A parser walks the lines of one file. Lines keep their line break.
type parser struct {
	name   string
	lines  [][]byte
	at     int // index of the next line
	faults []error

	own     map[string]own // by name
	grown   int            // bytes that these have come to
	include func(name string) ([]byte, error)
}

func lines(data []byte) [][]byte {
	all := bytes.SplitAfter(data, []byte("\n"))
	if len(all[len(all)-1]) == 0 {
		all = all[:len(all)-1]
	}
	return all
}

func (p *parser) fault(line int, format string, args ...any) {
	p.faults = append(p.faults, &Error{p.name, line, fmt.Sprintf(format, args...)})
}

// next returns the next line without its line break, and its number. It reports
// what a line outside a body must not hold.
func (p *parser) next() (text string, number int) {
	raw := bytes.TrimSuffix(p.lines[p.at], []byte("\n"))
	p.at++
	switch at := bytes.IndexFunc(raw, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }); {
	case at >= 0 && raw[at] == '\r':
		p.fault(p.at, "a carriage return stands outside a body; save the file with LF line ends")
		raw = bytes.ReplaceAll(raw, []byte("\r"), nil)
	case at >= 0:
		p.fault(p.at, "control character %#02x stands outside a body; write it as {{bytes %02X}}", raw[at], raw[at])
	case !utf8.Valid(raw):
		p.fault(p.at, "bytes that are not UTF-8 stand outside a body; write them as {{bytes …}}")
	}
	return string(raw), p.at
}

func (p *parser) file() *File {
	file := &File{Title: p.title()}
	for first := true; first || !p.trailing(); first = false {
		request := Request{}
		if !first {
			separator, _ := p.next() // request stopped here because it is one
			request.Label = label(separator)
		}
		p.request(&request, first)
		if first {
			file.Fields, request.Fields = request.Fields, nil
		}
		file.Requests = append(file.Requests, request)
	}
	return file
}

// title reads the first line.
func (p *parser) title() string {
	const remedy = "begin with \"# \" and one sentence saying what a conforming server does"
	if len(p.lines) == 0 {
		p.fault(1, "the file is empty; %s", remedy)
		return ""
	}
	first := string(bytes.TrimSpace(p.lines[0]))
	title, marked := strings.CutPrefix(first, "# ")
	key, _, colon := strings.Cut(title, ":")
	switch {
	case !marked, colon && fieldNamed(key) != nil, directive.MatchString(first):
		p.fault(1, "the title is missing; %s", remedy)
		return ""
	}
	title, line := p.next()
	title = strings.TrimSpace(strings.TrimPrefix(title, "# "))
	if !strings.HasSuffix(title, ".") {
		p.fault(line, "the title does not end with a full stop; write a sentence, such as \"Refuses a body without "+
			"Comment.\"")
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(title), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if word == "should" {
			p.fault(line, "the title says \"should\"; say what a conforming server does, in the present tense")
			break
		}
	}
	return title
}

// request reads a head, a request line, a header and a body, up to the next
// separator or the end of the file.
func (p *parser) request(r *Request, first bool) {
	seen := map[string]int{}
	for {
		if p.atEnd() {
			p.fault(max(1, p.at), "the head has no request under it; add a line such as \"POST {{path}}\"")
			return
		}
		text, line := p.next()
		switch {
		case text == "", p.directive(r, text, line), strings.HasPrefix(text, "//"), p.define(text, line),
			p.obeyed(text, line, foreigners):
		case strings.TrimSpace(text) == "":
			p.fault(line, "the line holds nothing but blanks; empty it")
		case strings.HasPrefix(text, "#"):
			p.field(r, seen, first, text, line)
		default:
			p.requestLine(r, text, line)
			p.header(r)
			return
		}
	}
}

func (p *parser) atEnd() bool {
	return p.at >= len(p.lines) || isSeparator(p.lines[p.at])
}

func (p *parser) field(r *Request, seen map[string]int, first bool, text string, line int) {
	key, value, colon := strings.Cut(strings.TrimPrefix(text, "#"), ":")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	known := fieldNamed(key)
	switch {
	case !colon || key == "" || strings.ContainsAny(key, " \t#"):
		p.fault(line, "%q is no field; write \"# key: value\", or a comment as \"// text\"", text)
	case known == nil:
		p.fault(line, "unknown field %q%s; fields are %s", key, nearest.Hint(key, fieldKeys(first)),
			strings.Join(fieldKeys(first), ", "))
	case !first && known.Of == OfCase:
		p.fault(line, "field %q is of the whole case; move it above the first request", key)
	case seen[key] > 0:
		p.fault(line, "field %q stands already in line %d; keep one of the two", key, seen[key])
	default:
		seen[key] = line
		r.Fields = append(r.Fields, Field{key, value, line})
		if problem := known.check(value); problem != "" {
			p.fault(line, "field %q: %s", key, problem)
		}
	}
}

func (p *parser) requestLine(r *Request, text string, line int) {
	r.Line = line
	method, target, _ := strings.Cut(text, " ")
	if rest, version, found := cutLast(target, " HTTP/"); found {
		if version != "1.1" {
			p.fault(line, "the request line ends in HTTP/%s; leave the version out, or write HTTP/1.1", version)
		}
		target = rest
	}
	target = p.expandOwn(target, line)
	r.Method, r.Target = method, target
	switch pieces, _ := split(target); {
	case !IsToken(method):
		p.fault(line, "%q is no request line; write METHOD, one blank and a target, such as \"POST {{path}}\"", text)
	case target == "" || !strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "{{path"):
		p.fault(line, "the target %q begins neither with / nor with {{path}}; write \"%s {{path}}\"", target, method)
	default:
		for _, piece := range pieces {
			if piece.variable == nil && strings.ContainsAny(piece.text, " \t") {
				p.fault(line, "the target %q holds a blank; write it as %%20", target)
				return
			}
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// IsBearer reports whether a text is a bearer token by RFC 6750 2.1.
func IsBearer(s string) bool {
	s = strings.TrimRight(s, "=")
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("-._~+/",
			r))
	})
}

// IsToken reports whether the text is, by RFC 9110 5.6.2, a method or a field name.
func IsToken(s string) bool {
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', strings.ContainsRune("!#$%&'*+-.^_`|~",
			r):
		default:
			return false
		}
	}
	return s != ""
}

func (p *parser) header(r *Request) {
	for !p.atEnd() {
		text, line := p.next()
		name, value, colon := strings.Cut(text, ":")
		switch {
		case text == "":
			p.body(r)
			return
		case strings.TrimSpace(text) == "":
			p.fault(line, "the line holds nothing but blanks; empty it to begin the body, or take it away")
		case p.obeyed(text, line, foreigners):
		case strings.HasPrefix(text, "#"), strings.HasPrefix(text, "//"):
			p.fault(line, "fields and comments stand above the request line, not in the header; move %q up", text)
		case strings.HasPrefix(strings.TrimSpace(text), "?"), strings.HasPrefix(strings.TrimSpace(text), "&"):
			p.fault(line, "%q goes on with the target, which some editors allow; write the target in one line",
				clip(text))
		case text[0] == ' ' || text[0] == '\t':
			p.fault(line, "a header line begins with a blank; write a field in one line")
		case !colon:
			p.fault(line, "%q is no header line; write \"Name: value\", and an empty line before the body", text)
		case !IsToken(name):
			p.fault(line, "%q is no header name; use letters, digits and - directly before the colon", name)
		default:
			r.Header = append(r.Header, Field{name, p.expandOwn(strings.Trim(value, " \t"), line), line})
		}
	}
}

// body takes every byte up to the separator or the end, but the last line break; or
// the file that its one line names.
func (p *parser) body(r *Request) {
	start := p.at
	for !p.atEnd() {
		p.at++
	}
	r.HasBody, r.bodyLine = true, start+1
	r.Body = bytes.TrimSuffix(bytes.Join(p.lines[start:p.at], nil), []byte("\n"))
	if m := inclusion.FindSubmatch(bytes.TrimSpace(r.Body)); m != nil && !bytes.Contains(bytes.TrimSpace(r.Body),
		[]byte("\n")) && !p.obeyedBody(start, foreigners) {
		r.Body = p.included(string(m[1]), start+1)
		return
	}
	p.obeyedBody(start, foreigners, bodyOnly)
	r.Body = []byte(p.expandOwn(string(r.Body), start+1))
}

// obeyedBody reports the lines of a body that editors obey.
func (p *parser) obeyedBody(start int, tables ...[]foreign) (some bool) {
	for i := start; i < p.at; i++ {
		some = p.obeyed(string(bytes.TrimRight(p.lines[i], "\r\n")), i+1, tables...) || some
	}
	return some
}
