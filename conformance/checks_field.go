package conformance

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"fmaspec/schemas"
)

func fieldChecks() []Check {
	rules := fieldRules()
	byName := map[string]*fieldRule{}
	for i := range rules {
		byName[http.CanonicalHeaderKey(rules[i].name)] = &rules[i]
	}
	return []Check{
		{Name: "field-form", Requirements: []string{"http.fields"},
			Doc: "The fields of an answer for which HTTP has a grammar keep it, where they are there: Age, Allow, " +
				"Cache-Control, Connection, Content-Language, Content-Length, Content-Location, the parameters of " +
				"Content-Type, ETag, Last-Modified, Location, Retry-After and Vary.",
			on: (*observed).answered, judge: func(x *observed) []Problem {
				if fieldsKept(byName, x.Response.Header) {
					return nil // most answers
				}
				return fieldForm(rules, x)
			}},
	}
}

// A fieldRule is what the grammar says of a field. A field that is no list stands once.
type fieldRule struct {
	name  string
	shape fieldShape
	is    func(value string) bool
	want  string
}

// A fieldShape says what of a field a rule is about.
type fieldShape int

const (
	single fieldShape = iota // its one value
	listed                   // each element of its list
	apart                    // each value; another check asks for one
)

// fieldRules are those of RFC 9110 7.6.1, 8, 10.2 and 12.5.5, and RFC 9111 5.1 and 5.2.
func fieldRules() []fieldRule {
	matching := func(expr string) func(string) bool { return schemas.MustPattern(`^(?:` + expr + `)$`).MatchString }
	const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	const value = `(?:` + token + `|"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*")` // or a quoted string
	reference := matching(`(?:[!#$&'()*+,./:;=?@\[\]_~0-9A-Za-z-]|%[0-9A-Fa-f]{2})*`)
	tag, number := matching(`(?:W/)?"[^\x00-\x20"\x7f]*"`), matching(`[0-9]+`)
	// The type itself is judged by another check, and so is a second value.
	parameters := matching(`[^;]*(?:[ \t]*;[ \t]*(?:` + token + `=` + value + `)?)*[ \t]*`)
	directive := token + `(?:=` + value + `)?`
	directives := matching(`[ \t]*(?:` + directive + `)?(?:[ \t]*,[ \t]*(?:` + directive + `)?)*[ \t]*`)
	each, seconds := regexp.MustCompile(directive), matching(`(?i:max-age|s-maxage)=(?:[0-9]+|".*")`)
	age := regexp.MustCompile(`^(?i:max-age|s-maxage)=`)
	isCacheControl := func(v string) bool { // what is within the quotes of a directive is none
		return directives(v) && !slices.ContainsFunc(each.FindAllString(v, -1),
			func(d string) bool { return age.MatchString(d) && !seconds(d) })
	}
	return []fieldRule{
		{"Age", single, number, "a number of seconds"},
		{"Allow", listed, matching(token), "a list of methods"},
		{"Cache-Control", apart, isCacheControl, "directives such as no-store or max-age=60, with commas between them"},
		{"Connection", listed, matching(token), "a list of options, such as keep-alive"},
		{"Content-Language", listed, matching(`[A-Za-z]{1,8}(?:-[0-9A-Za-z]{1,8})*`),
			"tags of languages, such as en-US"},
		{"Content-Type", apart, parameters,
			"parameters of a name, = and a value, with no blank between them, such as " +
				"; charset=utf-8"},
		{"Content-Location", single, reference, "one reference of a URI"},
		{"ETag", single, tag, `one tag in quotes, such as "a" or W/"a"`},
		{"Last-Modified", single, isIMFDate, "one date that exists, of the form Sun, 06 Nov 1994 08:49:37 GMT"},
		{"Location", single, reference, "one reference of a URI"},
		{"Retry-After", single, func(v string) bool { return number(v) || isIMFDate(v) },
			"a number of seconds, or a date of the form Sun, 06 Nov 1994 08:49:37 GMT"},
		{"Vary", listed, matching(token), "names of fields, or *"},
	}
}

// recorded returns a text as a record in JSON keeps it: each byte that is not of UTF-8 is U+FFFD.
func recorded(text string) string { return string([]rune(text)) }

// fieldsKept reports whether each field has one value, which is good.
func fieldsKept(rules map[string]*fieldRule, header http.Header) bool {
	for name, values := range header {
		if rule := rules[name]; rule != nil && (len(values) != 1 || !rule.keeps(values[0])) ||
			name == "Content-Length" && len(values) > 1 {
			return false
		}
	}
	return true
}

// keeps reports whether a value of the field is good.
func (rule *fieldRule) keeps(value string) bool {
	if rule.shape != listed {
		return rule.is(strings.Trim(value, " \t"))
	}
	for element := range strings.SplitSeq(value, ",") {
		if element = strings.Trim(element, " \t"); element != "" && !rule.is(element) {
			return false
		}
	}
	return true
}

func fieldForm(rules []fieldRule, x *observed) (out []Problem) {
	if lengths := x.Response.Header.Values("Content-Length"); len(lengths) > 1 &&
		!slices.ContainsFunc(lengths, func(v string) bool { return v != lengths[0] }) { // others are no framing
		out = problem("header Content-Length", "one number of bytes", show(recorded(strings.Join(lengths, ", "))))
	}
	for _, rule := range rules {
		values := x.Response.Header.Values(rule.name)
		if len(values) > 1 && rule.shape == single {
			out = append(out, problem("header "+rule.name, rule.want, show(recorded(strings.Join(values, ", "))))...)
			continue
		}
		for _, value := range values {
			if !rule.keeps(value) {
				out = append(out, problem("header "+rule.name, rule.want, show(recorded(value)))...)
				break
			}
		}
	}
	return out
}
