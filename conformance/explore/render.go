package explore

import (
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/internal/httpfile"
)

// body renders the body of a step, without chunks, as a text with variables.
func (r request) body(number int) string {
	space := written(r.spelling.between)
	var members []string
	for _, m := range r.members {
		name := quoted([]rune(m.name), escapeNeeded)
		if m.escaped {
			name = quoted([]rune(m.name), escapeUpper)
		}
		members = append(members, name+space+":"+space+m.value(r.spelling.escape, number))
	}
	text := "{" + space + strings.Join(members, space+","+space) + space + "}"
	if r.fault > 0 && faults()[r.fault-1].spoil != nil {
		text = faults()[r.fault-1].spoil(text, r.at)
	}
	around := written(r.spelling.around)
	return around + text + around
}

// value renders the value of a member.
func (m member) value(escape, number int) string {
	switch {
	case m.raw != "":
		return written(m.raw)
	case !m.file:
		return quoted(m.text, escape)
	case m.hash == "":
		return fmt.Sprintf(`"{{sha1.%d}}"`, number)
	case slices.Contains(hashForms(), m.hash):
		return fmt.Sprintf(`"{{%s sha1.%d}}"`, m.hash, number)
	}
	return quoted([]rune(m.hash), escape)
}

// A furtherField is a header field that a request may have besides.
type furtherField struct{ name, value, like string }

func furtherFields() []furtherField {
	return []furtherField{
		{"Accept", "*/*", "valid/accepts-any-accept"},
		{"Accept", "{{none}}", "valid/accepts-missing-accept"},
		{"Accept", "application/json;q=0.9, text/plain;q=0.1", "media/answers-accept-with-parameters"},
		{"Accept", "text/html", "media/answers-unacceptable-accept"},
		{"Accept-Encoding", "gzip", "valid/accepts-gzip"},
		{"X-Client-Name", "fmaspec", "valid/accepts-unknown-header"},
		{"Cookie", "a=b", "valid/accepts-unknown-header"},
		{"Accept-Language", "tr", "valid/accepts-unknown-header"},
		{"X-HTTP-Method-Override", "POST", "valid/accepts-unknown-header"},
		{"Expect", "100-continue", "valid/accepts-expect-continue"},
	}
}

// A furtherMember is a member that the contract does not name.
type furtherMember struct{ raw, like string }

// sameNames stands for an object with the members of the request, all of them null.
const sameNames = "{names}"

func furtherMembers() []furtherMember {
	return []furtherMember{
		{`null`, "valid/accepts-further-null-member"},
		{`true`, "valid/accepts-further-boolean-member"},
		{`0`, "valid/accepts-further-number-member"},
		{`-0`, "valid/accepts-further-number-member"},
		{`1.5E+3`, "valid/accepts-further-number-member"},
		{`9007199254740993`, "valid/accepts-further-number-member"},
		{`-9223372036854775808`, "valid/accepts-further-number-member"},
		{`""`, "valid/accepts-further-string-member"},
		{`"x"`, "valid/accepts-further-string-member"},
		{`[]`, "valid/accepts-further-array-member"},
		{`[[[1,"a",null]]]`, "valid/accepts-further-array-member"},
		{`{}`, "valid/accepts-further-object-member"},
		{sameNames, "valid/accepts-further-object-member"},
		{strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100), "body/answers-deep-further-member"},
	}
}

// A fault makes a valid request invalid in one way.
type fault struct {
	like string                            // the written case that is refused for the same reason
	make func(g *grammar, r *request) bool // changes the request; false where that does not apply
	// changes the text of the body, at a place that was drawn; nil for no change
	spoil func(text string, at int) string
}

// faults is the table of violations. [grammar.expected] verifies that a request has exactly
// one.
func faults() []fault {
	return []fault{
		{"body/refuses-missing-comment", dropText, nil},
		{"body/refuses-missing-sha1", dropFile, nil},
		{"body/refuses-null-as-comment", textRaw("null"), nil},
		{"body/refuses-number-as-comment", textRaw("12"), nil},
		{"body/refuses-boolean-as-comment", textRaw("true"), nil},
		{"body/refuses-array-as-comment", textRaw(`["a"]`), nil},
		{"body/refuses-object-as-comment", textRaw(`{"a":"b"}`), nil},
		{"body/refuses-null-as-sha1", fileRaw("null"), nil},
		{"body/refuses-number-as-sha1", fileRaw("1234567890"), nil},
		{"body/refuses-boolean-as-sha1", fileRaw("false"), nil},
		{"body/refuses-array-as-sha1", fileRaw("[]"), nil},
		{"body/refuses-object-as-sha1", fileRaw("{}"), nil},
		{"body/refuses-sha1-of-39-digits", hash(strings.Repeat("0a1", 13)), nil},
		{"body/refuses-sha1-of-41-digits", hash(strings.Repeat("0a", 20) + "1"), nil},
		{"body/refuses-sha1-of-64-digits", hash(strings.Repeat("0a", 32)), nil},
		{"body/refuses-sha1-with-another-letter", hash(strings.Repeat("0a", 19) + "0g"), nil},
		{"body/refuses-sha1-with-blanks-around", hash(" " + strings.Repeat("0a", 20) + " "), nil},
		{"body/refuses-empty-sha1", fileRaw(`""`), nil},
		{"body/refuses-empty-comment", textRaw(`""`), nil},
		{"body/refuses-blank-comment", textRaw(`" \t\u00a0\u2028"`), nil},
		{"body/refuses-array-as-body", nil, func(s string, _ int) string { return "[" + s + "]" }},
		{"body/refuses-cut-off-body", nil, cut},
		{"body/refuses-comma-before-closing-brace", nil,
			func(s string, _ int) string { return strings.TrimSuffix(s, "}") + ",}" }},
		{"body/refuses-comma-before-first-member", nil,
			func(s string, _ int) string { return "{," + strings.TrimPrefix(s, "{") }},
		{"body/refuses-second-closing-brace", nil,
			func(s string, _ int) string { return s + "}" }},
		{"body/refuses-word-behind-the-object", nil,
			func(s string, _ int) string { return s + " x" }},
		{"body/refuses-block-comment-in-body", nil,
			func(s string, _ int) string { return "{/* x */" + strings.TrimPrefix(s, "{") }},
		{"body/refuses-two-objects", nil, func(s string, _ int) string { return s + s }},
		{"body/refuses-empty-body", nil, func(string, int) string { return "" }},
		{"media/refuses-xml", media("application/xml"), nil},
		{"media/refuses-plain-text", media("text/plain"), nil},
		{"media/refuses-web-form", media("application/x-www-form-urlencoded"), nil},
		{"auth/refuses-missing-authorization",
			func(_ *grammar, r *request) bool { r.noAuth = true; return true }, nil},
		{"auth/refuses-token-without-scheme", scheme(""), nil},
		{"auth/refuses-token-under-basic", scheme("Basic "), nil},
		{"auth/refuses-token-glued-to-scheme", scheme("Bearer"), nil},
	}
}

func cut(text string, at int) string {
	all := httpfile.Pieces(text)
	return strings.Join(all[:1+at%(len(all)-1)], "")
}

func media(value string) func(*grammar, *request) bool {
	return func(_ *grammar, r *request) bool { r.media = value; return true }
}

func scheme(value string) func(*grammar, *request) bool {
	return func(_ *grammar, r *request) bool { r.scheme = value; return true }
}

// dropText drops the first member whose value is a text.
func dropText(_ *grammar, r *request) bool { return dropMember(r, false) }

// dropFile drops the member that names the file.
func dropFile(_ *grammar, r *request) bool { return dropMember(r, true) }

func dropMember(r *request, file bool) bool {
	for i, m := range r.members {
		if m.file == file && !m.further {
			r.members = append(r.members[:i:i], r.members[i+1:]...)
			return true
		}
	}
	return false
}

func textRaw(raw string) func(*grammar, *request) bool { return rawMember(raw, false) }
func fileRaw(raw string) func(*grammar, *request) bool { return rawMember(raw, true) }

func rawMember(raw string, file bool) func(*grammar, *request) bool {
	return func(_ *grammar, r *request) bool {
		for i, m := range r.members {
			if m.file == file && !m.further {
				r.members[i].raw = raw
				return true
			}
		}
		return false
	}
}

func hash(value string) func(*grammar, *request) bool {
	return func(_ *grammar, r *request) bool {
		for i, m := range r.members {
			if m.file {
				r.members[i].hash = value
				return true
			}
		}
		return false
	}
}
