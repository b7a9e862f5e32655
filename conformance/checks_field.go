package conformance

import (
	"regexp"
	"slices"
	"strings"
)

func fieldChecks() []Check {
	rules := fieldRules()
	return []Check{
		{Name: "field-form", Requirements: []string{"http.fields"},
			Doc: "The fields of an answer for which HTTP has a grammar keep it, where they are there: Allow, " +
				"Content-Language, Content-Location, ETag, Last-Modified, Location, Retry-After and Vary.",
			on: (*observed).answered, judge: func(x *observed) []Problem { return fieldForm(rules, x) }},
	}
}

// A fieldRule is what the grammar says of a field. A field that is no list stands once.
type fieldRule struct {
	name string
	list bool
	is   func(value string) bool
	want string
}

// fieldRules are those of RFC 9110 8, 10.2 and 12.5.5.
func fieldRules() []fieldRule {
	matching := func(expr string) func(string) bool { return regexp.MustCompile(`^(?:` + expr + `)$`).MatchString }
	const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	reference := matching(`[!#$%&'()*+,./:;=?@\[\]_~0-9A-Za-z-]*`)
	tag, number := matching(`(?:W/)?"[^\x00-\x20"\x7f]*"`), matching(`[0-9]+`)
	return []fieldRule{
		{"Allow", true, matching(token), "a list of methods"},
		{"Content-Language", true, matching(`[A-Za-z]{1,8}(?:-[0-9A-Za-z]{1,8})*`), "tags of languages, such as en-US"},
		{"Content-Location", false, reference, "one reference of a URI"},
		{"ETag", false, tag, `one tag in quotes, such as "a" or W/"a"`},
		{"Last-Modified", false, isIMFDate, "one date that exists, of the form Sun, 06 Nov 1994 08:49:37 GMT"},
		{"Location", false, reference, "one reference of a URI"},
		{"Retry-After", false, func(v string) bool { return number(v) || isIMFDate(v) },
			"a number of seconds, or a date of the form Sun, 06 Nov 1994 08:49:37 GMT"},
		{"Vary", true, matching(token), "names of fields, or *"},
	}
}

// recorded returns a text as a record in JSON keeps it: each byte that is not of UTF-8 is U+FFFD.
func recorded(text string) string { return string([]rune(text)) }

func fieldForm(rules []fieldRule, x *observed) (out []Problem) {
	for _, rule := range rules {
		values := x.Response.Header.Values(rule.name)
		if len(values) > 1 && !rule.list {
			out = append(out, problem("header "+rule.name, rule.want, show(recorded(strings.Join(values, ", "))))...)
			continue
		}
		for _, value := range values {
			elements := []string{value}
			if rule.list {
				elements = slices.DeleteFunc(strings.Split(value, ","),
					func(e string) bool { return strings.Trim(e, " \t") == "" })
			}
			if slices.ContainsFunc(elements, func(e string) bool { return !rule.is(strings.Trim(e, " \t")) }) {
				out = append(out, problem("header "+rule.name, rule.want, show(recorded(value)))...)
				break
			}
		}
	}
	return out
}
