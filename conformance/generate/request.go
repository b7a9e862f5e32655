package generate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// A request is what a case sends, in parts that can be changed one at a time. Texts are
// templates: {{…}} is a variable.
type request struct {
	method   string
	path     string
	header   []record.Field
	members  []member
	raw      *string // the whole body, in the place of members
	space    spacing
	chunks   []chunk       // how the body is cut, from its beginning; nil where it is sent with its length
	last     string        // the last chunk and the trailer; "0\r\n" where empty
	coding   *record.Field // that announces the chunks; nil for the usual one
	glued    bool          // no blank stands behind the colon of a header field
	absolute bool          // the target is the whole URL
	old      bool          // it is of HTTP/1.0
	prior    []prior       // go over the connection before it
	calls    string        // the operation; "" for that of the case
	oneFile  bool          // these and it name one file
	oneText  bool          // and have the same texts besides
}

// A prior request goes before another one over its connection.
type prior struct {
	request
	expect conformance.Expectation
	open   []int // the statuses that are no error, where expect is Either
}

// A member of the body: the JSON texts of its name and its value.
type member struct{ name, value string }

// is reports whether the member has a name, however it is escaped.
func (m member) is(name string) bool {
	var got string
	return json.Unmarshal([]byte(m.name), &got) == nil && got == name
}

// spacing is the white space of a body.
type spacing struct{ front, around, open, colon, afterColon, comma, afterComma, end string }

// plainSpacing writes {"a": 1, "b": 2}.
var plainSpacing = spacing{afterColon: " ", afterComma: " "}

// everywhere is the same white space in every place that the grammar has for it.
func everywhere(space string) spacing {
	return spacing{"", space, space, space, space, space, space, space}
}

type chunk = httpfile.Chunk

// requestOf reads a step as a request; ok is false where its body is no object.
func requestOf(s conformance.Step) (r request, ok bool) {
	r = request{method: s.Method, path: s.Path, header: slices.Clone(s.Header), space: plainSpacing}
	members, ok := s.Members()
	for _, m := range members {
		r.members = append(r.members, member{quote(m.Name), m.Value})
	}
	return r, ok
}

func (r request) clone() request {
	r.header, r.members, r.chunks = slices.Clone(r.header), slices.Clone(r.members), slices.Clone(r.chunks)
	r.prior = slices.Clone(r.prior)
	return r
}

// find returns the member of a name, or nil.
func (r *request) find(name string) *member {
	i := slices.IndexFunc(r.members, func(m member) bool { return m.is(name) })
	if i < 0 {
		return nil
	}
	return &r.members[i]
}

// set gives a member the JSON text of another value, where it is there.
func (r *request) set(name, value string) {
	if m := r.find(name); m != nil {
		m.value = value
	}
}

// rename gives a member the JSON text of another name, where it is there.
func (r *request) rename(name, other string) {
	if m := r.find(name); m != nil {
		m.name = other
	}
}

// without takes a member out.
func (r *request) without(name string) {
	r.members = slices.DeleteFunc(r.members, func(m member) bool { return m.is(name) })
}

// field sets a header field in the place of that of its name, or behind the others.
func (r *request) field(name, value string) {
	for i, f := range r.header {
		if strings.EqualFold(f.Name, name) {
			r.header[i].Value = value
			return
		}
	}
	r.header = append(r.header, record.Field{Name: name, Value: value})
}

// withoutField takes a header field out, however often it is there.
func (r *request) withoutField(name string) {
	r.header = slices.DeleteFunc(r.header, func(f record.Field) bool { return strings.EqualFold(f.Name, name) })
}

// fieldValue returns the value of a header field, "" where there is none.
func (r *request) fieldValue(name string) string {
	for _, f := range r.header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// body returns the body before it is cut into chunks.
func (r request) body() string {
	if r.raw != nil {
		return *r.raw
	}
	var out strings.Builder
	s := r.space
	out.WriteString(s.front + s.around + "{" + s.open)
	for i, m := range r.members {
		if i > 0 {
			out.WriteString(s.comma + "," + s.afterComma)
		}
		out.WriteString(m.name + s.colon + ":" + s.afterColon + m.value)
	}
	out.WriteString(s.end + "}" + s.around)
	return out.String()
}

// steps returns the request as the steps of a case, behind those that go before it.
func (r request) steps(expect conformance.Expectation, statuses []int) (out []conformance.Step) {
	for _, p := range r.prior {
		out = append(out, p.step(p.expect, p.open, len(out)+1))
	}
	out = append(out, r.step(expect, statuses, len(out)+1))
	if len(out) > 1 {
		for i := range out {
			names := []string{"sha1", "comment"}
			if r.oneFile {
				names = names[1:]
			}
			if r.oneText {
				names = nil
			}
			out[i].Body = numbered(out[i].Body, i+1, names)
		}
	}
	return out
}

// bodyLength stands in the value of a field for the length of the body, which later changes may alter.
const bodyLength = "\x00length"

func (r request) step(expect conformance.Expectation, statuses []int, index int) conformance.Step {
	s := conformance.Step{Operation: r.calls, Expect: expect, Statuses: statuses, Index: index, Method: r.method,
		Path:   r.path,
		Header: slices.Clone(r.header), Body: r.body(), Glued: r.glued, Absolute: r.absolute, Old: r.old}
	for i, f := range s.Header {
		s.Header[i].Value = strings.ReplaceAll(f.Value, bodyLength, fmt.Sprint(sent(s.Body)))
	}
	if r.chunks != nil {
		coding := record.Field{Name: "Transfer-Encoding", Value: "chunked"}
		if r.coding != nil {
			coding = *r.coding
		}
		s.Body = httpfile.Chunked(s.Body, r.chunks, r.last, sent)
		s.Header = append(s.Header, record.Field{Name: "Content-Length", Value: httpfile.None}, coding)
	}
	return s
}

// numbered gives each request of a case values of its own for the named variables.
func numbered(body string, n int, names []string) string {
	for _, name := range names {
		body = strings.ReplaceAll(body, name+"}}", fmt.Sprintf("%s.%d}}", name, n))
	}
	return body
}

// sent returns how many bytes of a text with variables are sent: every value of a variable is
// as long as its sample.
func sent(text string) int { return len(conformance.Sample(text)) }

// quote writes a text as a string of JSON, with no escape but those that it needs, and so that
// no part of it is a variable.
func quote(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, c := range []byte(text) {
		switch {
		case c == '"', c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c < ' ':
			fmt.Fprintf(&out, "\\u%04x", c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return literal(out.String())
}

// literal protects two opening braces from being taken for a variable.
func literal(text string) string { return strings.ReplaceAll(text, "{{", "{{bytes 7B 7B}}") }

// isVariable reports whether a value is a string that is one variable, whose name begins so.
func isVariable(value, name string) bool {
	return strings.HasPrefix(value, `"{{`+name) && strings.HasSuffix(value, `}}"`)
}

// terseCase shows that a server takes a Comment however short. Without it, that a short one is refused
// says nothing of what else it is.
const terseCase, terse = "valid/accepts-one-character-comment", 10

// isTerse reports whether some text of the body is so short that a server may refuse it for that.
func (r request) isTerse() bool {
	var members map[string]any
	if json.Unmarshal([]byte(conformance.Sample(r.body())), &members) != nil {
		return false
	}
	for _, value := range members {
		if text, is := value.(string); is && len(utf16.Encode([]rune(text))) < terse {
			return true
		}
	}
	return false
}

// small is how many bytes a body has at most that no server finds too large: one may limit the size of
// the texts that it takes (RFC 8259 9).
const small = 1000

// largeCase names the case, without the operation, that shows that a server takes a text member, and so a
// body, of at least as many bytes. That all texts may be so long is inferred alone.
func largeCase(member string, size int) string {
	const long, longest = 5000, 65536
	if size <= long {
		return fmt.Sprintf("%s/text-length/%s-%05d", Generator, member, long)
	}
	return fmt.Sprintf("%s/text-length/%s-%05d", Generator, member, longest)
}
