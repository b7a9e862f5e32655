package generate

import (
	"fmt"
	"strings"
	"unicode"

	"fmaspec/conformance"
)

// targets are requests whose target is written in the other form.
func targets(*builder) []item {
	return []item{{name: "whole-url", title: "a target that is the whole URL", dimension: "target",
		change: func(r *request) { r.absolute = true }}}
}

// openPaths are paths that lead to nothing.
func openPaths(b *builder) (out []item) {
	machine := func(id string) string { return b.op.Expand(func(string) string { return id }) }
	for _, v := range []value{
		{"root", "the root", "/", ""},
		{"star", "the path of a machine that is a star", machine("*"), ""},
		{"dollar", "the path of a machine that begins with a dollar sign", machine("$batch"), ""},
		{"long", "a path of more than 3,000 characters", machine("{{machine}}") + "/{{repeat 1500 a/}}", ""},
	} {
		out = append(out, item{name: v.name, title: v.title, change: func(r *request) { r.path = v.text }})
	}
	for _, v := range []value{
		{"signs", "the path of a machine with signs", machine("a:b@c,d%25e%3Cf%5Cg%0Ah"), ""},
		{"signs-and-more", "a path with signs that leads nowhere",
			machine("$a:b@c,d%25e%3Cf%5Cg%0Ah*__proto__") + "X", ""},
	} {
		out = append(out, item{name: v.name, title: v.title, once: true,
			change: func(r *request) { r.path = v.text }})
	}
	return out
}

// nearPaths are paths that are nearly that of the operation, in ways in which no server writes the same path.
func nearPaths(b *builder) (out []item) {
	at := strings.LastIndex(b.op.Path, "/") + 1
	last := b.op.Path[at:]
	segments := strings.Split(strings.Trim(b.op.Path, "/"), "/")
	if strings.ContainsAny(last, "{}") || len(segments) < 4 {
		return nil
	}
	path := b.op.Expand(func(string) string { return "{{machine}}" })
	before := strings.TrimSuffix(path, last)
	collection := segments[1]
	for _, v := range []value{
		{"argument", "with an argument in parentheses behind it", path + "(1)", ""},
		{"hyphens", "with hyphens between its words", before + spelled(last, "-"), ""},
		{"underscores", "with underscores between its words", before + spelled(last, "_"), ""},
		{"comma", "with a comma and a word behind it", path + ",a", ""},
		{"escaped-query", "with a query behind an escaped question mark", path + "%3Fa=b", ""},
		{"escaped-fragment", "with a word behind an escaped hash sign", path + "%23a", ""},
		{"nul", "with NUL behind it", path + "%00", ""},
		{"star", "with a star behind it", path + "*", ""},
		{"value", "with $value behind it", path + "/$value", ""},
		{"devices", "with the collection devices", strings.Replace(path, "/"+collection+"/", "/devices/", 1), ""},
		{"twice", "with its first segment twice", "/" + segments[0] + path, ""},
		{"no-first", "without its first segment", strings.TrimPrefix(path, "/"+segments[0]), ""},
		{"prefix", "behind another segment", "/none-such" + path, ""},
	} {
		out = append(out, item{name: v.name, title: "the path " + v.title, once: true,
			change: func(r *request) { r.path = v.text }})
	}
	return out
}

// spelled writes a name as its words, in small letters, with a separator between them.
func spelled(name, separator string) string {
	var out strings.Builder
	for _, c := range name {
		if unicode.IsUpper(c) {
			out.WriteString(separator)
		}
		out.WriteRune(unicode.ToLower(c))
	}
	return out.String()
}

// otherActions are paths of actions that other operations of such an API have, and that need
// more than the body has.
func otherActions(b *builder) (out []item) {
	at := strings.LastIndex(b.op.Path, "/") + 1
	if strings.ContainsAny(b.op.Path[at:], "{}") {
		return nil
	}
	path := b.op.Expand(func(string) string { return "{{machine}}" })
	for _, action := range []string{"runAntiVirusScan"} {
		out = append(out, item{name: slug(action), title: "the action " + action,
			change: func(r *request) { r.path = path[:strings.LastIndex(path, "/")+1] + action }})
	}
	return out
}

func queries(b *builder) (out []item) {
	for _, v := range []value{
		{"empty", "an empty query", "?", ""},
		{"unknown", "a parameter that nobody knows", "?unknown=1", ""},
		{"version", "a version", "?api-version=2026-01-01", ""},
		{"select", "an option of OData", "?$select=*", ""},
		{"two", "a parameter twice", "?a=1&a=2", ""},
		{"escapes", "escapes", "?a=%20%2F%3F", ""},
		{"plain", "no parameter", "?abc", ""},
		{"brackets", "brackets", "?a[]=1&b[c]=2", ""},
		{"quote", "a quote", "?a='", ""},
		{"long", "1,000 characters", "?a=" + strings.Repeat("b", 1000), ""},
		{"broken", "a percent sign at its end", "?a=%", ""},
	} {
		out = append(out, item{name: v.name, title: "a query with " + v.title, once: v.name != "empty",
			change: func(r *request) { r.path += v.text }})
	}
	for _, v := range []value{
		{"signs", "letters beyond ASCII and every other sign", "?id=1&debug=true&q=%C3%A9+a;b/c?d%3f", ""},
		{"filter", "a filter of OData", "?$filter=a%20eq%20'b'&$expand=c", ""},
		{"invalid", "NUL and bytes that are no UTF-8", "?a=%00&b=%FF%FE", ""},
		{"digits", "digits alone", "?17", ""},
	} {
		out = append(out, item{name: v.name, title: "a query with " + v.title, once: true,
			change: func(r *request) { r.path += v.text }})
	}
	out = append(out, item{name: "members", title: "a query with members of the body and other values", once: true,
		change: func(r *request) {
			r.path += "?" + memberQuery(r.members, func(m member) string {
				if b.kindOf(unquoted(m.name)) != "" {
					return strings.Repeat("0a1b2c3d", 5)
				}
				return "other"
			})
		}})
	return append(out, item{name: "known", title: "a query with names that software gives a meaning", once: true,
		change: func(r *request) {
			r.path += "?=&&$top=1&$format=json&%24select=*&callback=a&_method=GET&next=https://127.0.0.1/" +
				"&a=..%2F..%2F&b=%3Cscript%3E&c=%27%20OR%20a=a&d=%0D%0AX-A:b&e=[0]&f=%2B"
			for _, m := range r.members {
				r.path += "&" + unquoted(m.name) + "=a"
			}
			for _, name := range b.suite.AnswerMembers(b.op) {
				r.path += "&" + strings.TrimPrefix(name, "@") + "=a"
			}
		}})
}

func unquoted(text string) string { return strings.Trim(text, `"`) }

// memberQuery writes members as a query, with these values.
func memberQuery(members []member, value func(member) string) string {
	var out []string
	for _, m := range members {
		out = append(out, unquoted(m.name)+"="+value(m))
	}
	return strings.Join(out, "&")
}

// plainQuery writes the required members of a valid request as a query.
func (b *builder) plainQuery() string {
	return memberQuery(b.plain.members, func(m member) string { return unquoted(m.value) })
}

func pathForms(b *builder) (out []item) {
	// The last segment of the template is text.
	at := strings.LastIndex(b.op.Path, "/") + 1
	last := b.op.Path[at:]
	if strings.ContainsAny(last, "{}") || len(last) == 0 {
		return nil
	}
	into := func(segment string) func(*request) {
		return func(r *request) {
			r.path = strings.Replace(b.op.Expand(func(string) string { return "{{machine}}" }), "/"+last,
				"/"+segment, 1)
		}
	}
	out = []item{
		{name: "escaped-letter", title: "a letter of the path as an escape",
			change: into(fmt.Sprintf("%%%02x", last[0]) + last[1:])},
		{name: "lower-case", title: "the path in lower case", change: into(strings.ToLower(last))},
		{name: "parameters", title: "parameters of a segment", change: into(last + ";a=b")},
		{name: "parentheses", title: "the parentheses of a function of OData", change: into(last + "()")},
		{name: "format", title: "what names a format behind the path", once: true, change: into(last + ".json")},
		{name: "next-machine", title: "a machine of 40 digits behind a request for the same file on another machine",
			change: same(func(r *request) { b.onFortyDigits(r) },
				prior{request: b.plain, expect: conformance.Accepted})},
	}
	id := fortyDigits()
	for _, v := range []value{
		{"last", "differs from that of another in its last digit", id[:39] + "e", ""},
		{"first", "differs from that of another in its first digit", "1" + id[1:], ""},
		{"middle", "differs from that of another in a digit in its middle", id[:20] + "7" + id[21:], ""},
		{"reversed", "is that of another from its end", reversed(id), ""},
		{"rotated", "is that of another with its first digit at the end", id[1:] + id[:1], ""},
		{"cut", "is the beginning of that of another", id[:32], ""},
		{"zeros", "is that of another with zeros before it", "00000000" + id[:32], ""},
		{"number", "is a number beyond 53 bits", strings.Repeat("1234567890", 4), ""},
		{"next-number", "is the next number", strings.Repeat("1234567890", 3) + "1234567891", ""},
	} {
		out = append(out, item{once: true, name: "machine-" + v.name, title: "a machine whose id " + v.title,
			change: func(r *request) { r.path = b.op.Expand(func(string) string { return v.text }) }})
	}
	return out
}

// fortyDigits is the id of a machine of 40 digits, which is the longer form.
func fortyDigits() string { return strings.Repeat("0a1b2c3d", 5) }

// onFortyDigits gives a request the path of a machine whose id has 40 digits.
func (b *builder) onFortyDigits(r *request) {
	r.path = b.op.Expand(func(string) string { return fortyDigits() })
}
