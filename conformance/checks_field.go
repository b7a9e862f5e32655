package conformance

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// fieldCheck is the name of the check of the grammar of fields.
const fieldCheck = "field-form"

// meaningCheck is the name of the check for what the fields of an answer say of it.
const meaningCheck = "field-meaning"

func fieldChecks() []Check {
	rules := slices.SortedFunc(slices.Values(slices.Concat(fieldRules(), laterFieldRules())),
		func(a, b fieldRule) int { return strings.Compare(a.name, b.name) })
	byName := map[string]*fieldRule{}
	for i := range rules {
		byName[http.CanonicalHeaderKey(rules[i].name)] = &rules[i]
	}
	return []Check{
		{Name: fieldCheck, Requirements: []string{"http.fields"},
			Doc: "The fields of an answer for which a standard has a grammar keep it, where they are there: " +
				namesOf(rules) + ". A refusal has one Content-Type.",
			on: (*observed).answered, judge: func(x *observed) []Problem {
				if fieldsKept(byName, x.Response.Header) {
					return nil // most answers
				}
				return fieldForm(rules, x)
			}},
		{Name: meaningCheck, Requirements: []string{"http.fields-true"},
			Doc: "What fields of an answer say of it is so, where they are there: Last-Modified is no more " +
				"than a minute later than Date, Age is none of a stored answer to {method}, Allow of a " +
				"success lists {method}, Location and Content-Location name the action of the answer where they " +
				"name one, and Content-Digest, Repr-Digest, Digest and Content-MD5 have the " +
				"digest of a body that is in no coding and in which nothing was struck out.",
			on:    (*observed).answered,
			judge: func(x *observed) []Problem { return append(aboutTheAnswer(x), digestsOfBody(x)...) }},
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
	asOne                    // its values as one
)

// fieldRules are those of RFC 9110 7.6.1, 7.6.3, 7.8, 8, 10.2, 12.5.5 and 14.3, RFC 9111 5.1 to 5.3, RFC 8288 3 and
// RFC 6797 6.1. [laterFieldRules] are those of fields that came later, or that few servers send.
func fieldRules() []fieldRule {
	comment := `\([^()]*\)`
	for range 6 { // comments within comments, and brackets that a backslash takes for text (RFC 9110 5.6.5)
		comment = `\((?:[^()\x00-\x08\x0a-\x1f\x7f]|\\[()]|` + comment + `)*\)`
	}
	via := matching(`[ \t,]*(?:(?:` + tokenForm + `/)?` + tokenForm + `[ \t]+[^\s,;()"]+(?:[ \t]+` + comment +
		`)?[ \t]*(?:,[ \t,]*|$))*`)
	tag, number := matching(`(?:W/)?"[^\x00-\x20"\x7f]*"`), matching(`[0-9]+`)
	// Which type it is another check judges, and so a second value.
	mediaType := matching(`(?:` + tokenForm + `/` + tokenForm + `)?(?:` + ows + `;` + ows + `(?:` + tokenForm + `=` +
		valueForm + `)?)*` + ows)
	directive := tokenForm + `(?:=` + valueForm + `)?`
	directives := matching(`[ \t]*(?:` + directive + `)?(?:[ \t]*,[ \t]*(?:` + directive + `)?)*[ \t]*`)
	const ages = `max-age|s-maxage|stale-while-revalidate|stale-if-error` // RFC 9111 5.2.2, RFC 5861
	each, seconds := regexp.MustCompile(directive), matching(`(?i:`+ages+`)=[0-9]+`)
	age := regexp.MustCompile(`^(?i:` + ages + `)(?:=|$)`)
	isCacheControl := func(v string) bool { // what is within the quotes of a directive is none
		return directives(v) && !slices.ContainsFunc(each.FindAllString(v, -1),
			func(d string) bool { return age.MatchString(d) && !seconds(d) })
	}
	return []fieldRule{
		{"Accept-Ranges", listed, matching(tokenForm), "names of units, such as bytes, or none"},
		{"Access-Control-Allow-Origin", single, matching(`\*|null|[A-Za-z][A-Za-z0-9+.-]*://[^\s/,;*?#"]+`),
			"one origin, *, or null"},
		{"Age", single, number, "a number of seconds"},
		{"Allow", listed, matching(tokenForm), "a list of methods"},
		{"Cache-Control", apart, isCacheControl, "directives such as no-store or max-age=60, with commas between them"},
		{"Connection", listed, matching(tokenForm), "a list of options, such as keep-alive"},
		{"Content-Language", listed, matching(`[A-Za-z]{1,8}(?:-[0-9A-Za-z]{1,8})*`),
			"tags of languages, such as en-US"},
		{"Content-Type", apart, mediaType,
			"a type, / and a subtype, and parameters of a name, = and a value, with no blank between them, such as " +
				"; charset=utf-8"},
		{"Content-Location", single, isReference, "one reference of a URI"},
		{"ETag", single, tag, `one tag in quotes, such as "a" or W/"a"`},
		{"Expires", single, func(v string) bool { return isIMFDate(v) || isNumber(strings.TrimPrefix(v, "-")) },
			"a date of the form Sun, 06 Nov 1994 08:49:37 GMT"}, // or what many send, and every cache takes for past
		{"Last-Modified", single, isIMFDate, "one date that exists, of the form Sun, 06 Nov 1994 08:49:37 GMT"},
		{"Link", asOne, isLinks, "references within < and >, each with one rel and parameters behind ;, none of " +
			"title, type and media twice"},
		{"Location", single, isReference, "one reference of a URI"},
		{"Retry-After", single, func(v string) bool { return number(v) || isIMFDate(v) },
			"a number of seconds, or a date of the form Sun, 06 Nov 1994 08:49:37 GMT"},
		// Jetty puts no blank before a comment, which is plain all the same.
		{"Server", single, matching(`(?:[ \t]*(?:` + tokenForm + `(?:/` + tokenForm + `)?|` + comment + `))*[ \t]*`),
			"names of products, each with a version behind /, and comments within ( and )"},
		{"Strict-Transport-Security", single, isTransportSecurity,
			"directives with max-age and a number of seconds, and none twice"},
		{"Upgrade", listed, matching(tokenForm + `(?:/` + tokenForm + `)?`), "names of protocols, such as h2c"},
		{"Vary", listed, matching(tokenForm), "names of fields, or *"},
		{"Via", apart, via, "versions of protocols, each with the name of a proxy behind it, such as 1.1 proxy"},
	}
}

// namesOf returns the names of the fields of rules, and that of Content-Length, of which [fieldForm] knows by itself.
func namesOf(rules []fieldRule) string {
	names := []string{"Content-Length"}
	for _, rule := range rules {
		names = append(names, rule.name)
	}
	slices.Sort(names)
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
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
		if rule.shape == asOne && len(values) > 0 {
			values = []string{strings.Join(values, ", ")}
		}
		// Of an answer with an action another check asks for one type.
		if len(values) > 1 && (rule.shape == single || rule.name == "Content-Type" && !x.carriesAction()) {
			out = append(out, problem("header "+rule.name, rule.want, show(recorded(strings.Join(values, ", "))))...)
			continue
		}
		for _, value := range values {
			judged := value
			if rule.name == "Content-Type" && x.success() { // whose type another check judges
				_, parameters, _ := strings.Cut(value, ";")
				judged = "any/type;" + parameters
			}
			if !rule.keeps(judged) {
				out = append(out, problem("header "+rule.name, rule.want, show(recorded(value)))...)
				break
			}
		}
	}
	return out
}
