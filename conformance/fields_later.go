package conformance

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"fmaspec/schemas"
)

// The grammar that fields have in common (RFC 9110 5.6).
const (
	tokenForm = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
	// a token or a quoted string
	valueForm = `(?:` + tokenForm + `|"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*")`
	ows       = `[ \t]*`
)

// matching returns what reports whether an expression matches the whole of a value.
func matching(expr string) func(string) bool {
	return schemas.MustPattern(`^(?:` + expr + `)$`).MatchString
}

// listOf returns the expression of a list, of which elements may be empty (RFC 9110 5.6.1.2).
func listOf(element string) string {
	return `(?:[ \t,]*` + element + ows + `(?:,|$))*[ \t,]*`
}

// laterFieldRules are those of the Fetch standard, of RFC 5789 3.1, RFC 6266 4.1, RFC 7240 3, RFC 7838 3, RFC 8594 3,
// RFC 8942 3.1, RFC 9110 11.7.1, 12.5 and 14.4, RFC 9209 2, RFC 9211 2, RFC 9213 2.1, RFC 9218 4, RFC 9530 and RFC 9745
// 2.1, and of OData.
func laterFieldRules() []fieldRule {
	parameters := `(?:` + ows + `;` + ows + `(?:` + tokenForm + `=` + valueForm + `)?)*`
	ranges := matching(listOf(tokenForm + `/` + tokenForm + parameters))
	names, number, tokens := matching(tokenForm), matching(`-?[0-9]+`), []structuredKind{structuredToken}
	disposition := matching(tokenForm + `(?:` + ows + `;` + ows + `(?:` + tokenForm + ows + `=` + ows + valueForm +
		`)?)*` + ows)
	ends := matching(listOf(tokenForm + `="[^"\\\s]*:[0-9]+"` + `(?:` + ows + `;` + ows +
		`(?:(?i:ma)="?[0-9]+"?|(?i:persist)=[0-9]+|` + tokenForm + `=` + valueForm + `))*`))
	wrongAge := regexp.MustCompile(`(?i);[ \t]*ma=(?:[^"0-9]|"[^0-9])`)
	return []fieldRule{
		{"Accept", asOne, ranges, "media types and ranges of them"},
		{"Accept-CH", asOne, structuredListOf(nil, tokens...), "names of fields"},
		{"Accept-Encoding", asOne, matching(listOf(tokenForm + `(?:` + ows + `;` + ows +
			`[qQ]=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?`)), "names of codings, each with a weight behind ;q="},
		{"Accept-Patch", asOne, ranges, "media types"},
		{"Accept-Post", asOne, ranges, "media types"},
		// Many a server says false, where the standard has it leave the field out; a client reads that as it is meant.
		{"Access-Control-Allow-Credentials", single, matching("true|false"), "true"},
		{"Access-Control-Allow-Headers", listed, names, "names of fields, or *"},
		{"Access-Control-Allow-Methods", listed, names, "a list of methods, or *"},
		{"Access-Control-Expose-Headers", listed, names, "names of fields, or *"},
		{"Access-Control-Max-Age", single, number, "a number of seconds"}, // of which -1 is a custom for none
		{"Alt-Svc", asOne, func(v string) bool { return v == "clear" || ends(v) && !wrongAge.MatchString(v) },
			`clear, or names of protocols, each with a host and a port, such as h3=":443"; ma=60`},
		{"CDN-Cache-Control", asOne, isTargetedCacheControl, "directives such as max-age=60, no-store"},
		{"Cache-Status", asOne, structuredListOf(cacheParameters(), structuredToken, structuredString),
			"a list of caches, each with parameters such as hit and fwd=miss"},
		{"Content-Digest", asOne, isDigests, "digests within colons, such as sha-256=:…:"},
		{"Content-Disposition", single, func(v string) bool {
			_, once := namedParts(v)
			return once && disposition(v)
		},
			"a type, and parameters of a name, = and a value, none of them twice"},
		{"Content-Range", single, matching(tokenForm + ` (?:[0-9]+-[0-9]+/(?:[0-9]+|\*)|\*/[0-9]+)`),
			"a unit and a range, such as bytes 0-9/20"},
		// What drafts of RFC 9745 had is sent still.
		{"Deprecation", single, func(v string) bool {
			items, ok := readStructuredList(v)
			return isIMFDate(v) || strings.EqualFold(v, "true") || ok && len(items) == 1 &&
				(items[0].kind == structuredDate || items[0].kind == structuredBoolean)
		}, "a date such as @1512691200"},
		{"OData-EntityId", single, isReference, "one reference of a URI"},
		{"OData-Version", single, matching(`[0-9]+\.[0-9]+`), "a version such as 4.0"},
		{"Preference-Applied", asOne, matching(listOf(tokenForm + `(?:` + ows + `=` + ows + valueForm + `)?` +
			`(?:` + ows + `;[^,]*)?`)), "names of preferences, each with a value behind ="},
		{"Priority", asOne, isPriority, "a dictionary with u from 0 to 7 and i"},
		{"Proxy-Authenticate", asOne, func(v string) bool { _, err := readChallenges([]string{v}); return err == nil },
			"challenges by the grammar"},
		{"Proxy-Status", asOne, structuredListOf(proxyParameters(), structuredToken, structuredString),
			"a list of proxies, each with parameters such as error=dns_error"},
		{"Repr-Digest", asOne, isDigests, "digests within colons, such as sha-256=:…:"},
		{"Sunset", single, isIMFDate, "one date that exists, of the form Sun, 06 Nov 1994 08:49:37 GMT"},
		{"Trailer", listed, names, "names of fields"},
		{"Want-Content-Digest", asOne, isWantedDigests, "names of algorithms, each with a weight from 0 to 10"},
		{"Want-Repr-Digest", asOne, isWantedDigests, "names of algorithms, each with a weight from 0 to 10"},
	}
}

// referenceForm is that of the characters of a reference (RFC 3986 4.1).
var referenceForm = sync.OnceValue(func() func(string) bool {
	return matching(`(?:[!#$&'()*+,./:;=?@\[\]_~0-9A-Za-z-]|%[0-9A-Fa-f]{2})*`)
})

// isReference reports whether a value is a reference of a URI. Brackets stand round an address alone (RFC 3986 3.2.2).
func isReference(v string) bool {
	_, err := url.Parse(v)
	return referenceForm()(v) && (err == nil || !strings.Contains(v, "["))
}

// A linkForm is the grammar of Link (RFC 8288 3).
type linkForm struct {
	whole       func(string) bool
	link, param *regexp.Regexp // the parts of it
}

var linkForms = sync.OnceValue(func() linkForm {
	const param = ows + `;` + ows + `(?:(` + tokenForm + `)(?:` + ows + `=` + ows + `(` + valueForm + `))?)?`
	const link = `<([^<>\s]*)>((?:` + param + `)*)`
	return linkForm{matching(listOf(link)), regexp.MustCompile(link), regexp.MustCompile(param)}
})

// isLinks reports whether a value is a list of links, each with one rel (RFC 8288 3.3) and none of the parameters
// that stand once (RFC 8288 3.4.1) twice.
func isLinks(v string) bool {
	form := linkForms()
	if !form.whole(v) {
		return false
	}
	for _, link := range form.link.FindAllStringSubmatch(v, -1) {
		seen := map[string]int{}
		for _, param := range form.param.FindAllStringSubmatch(link[2], -1) {
			name, text := strings.ToLower(param[1]), strings.Trim(param[2], `" `)
			seen[name]++
			if name == "rel" && text == "" || name == "anchor" && !isReference(text) || name == "type" &&
				!strings.Contains(text, "/") {
				return false
			}
		}
		if !isReference(link[1]) || seen["rel"] != 1 || max(seen["title"], seen["type"], seen["media"]) > 1 {
			return false
		}
	}
	return true
}

// namedPart finds the parameters or directives between semicolons, and steps over quoted strings.
var namedPart = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|;)` + ows + `(` + tokenForm + `)(?:` + ows + `=` + ows + `(` + valueForm + `))?`)
})

// namedParts returns the parameters or directives of a value, by their names in lower case, and whether each of them
// stands there once.
func namedParts(v string) (parts map[string]string, once bool) {
	parts, once = map[string]string{}, true
	for _, found := range namedPart().FindAllStringSubmatch(v, -1) {
		name := strings.ToLower(found[1])
		if _, twice := parts[name]; twice {
			once = false
		}
		parts[name] = strings.Trim(found[2], `"`)
	}
	return parts, once
}

// transportSecurity is the grammar of Strict-Transport-Security (RFC 6797 6.1).
var transportSecurity = sync.OnceValue(func() func(string) bool {
	const directive = ows + `(?:` + tokenForm + `(?:` + ows + `=` + ows + valueForm + `)?)?` + ows
	return matching(directive + `(?:;` + directive + `)*`)
})

func isTransportSecurity(v string) bool {
	directives, once := namedParts(v)
	return transportSecurity()(v) && once && isNumber(directives["max-age"]) && directives["includesubdomains"] == ""
}

// structuredListOf returns what reports whether a value is a list of items of these kinds, whose parameters of
// these names have these kinds.
func structuredListOf(parameters map[string][]structuredKind, kinds ...structuredKind) func(string) bool {
	return func(v string) bool {
		items, ok := readStructuredList(v)
		for _, item := range items {
			ok = ok && slices.Contains(kinds, item.kind)
			for _, p := range item.params {
				wanted, known := parameters[p.key]
				ok = ok && (!known || slices.Contains(wanted, p.kind))
			}
		}
		return ok
	}
}

// structuredMembers returns what reports whether a value is a dictionary of members that are good.
func structuredMembers(good func(structuredItem) bool) func(string) bool {
	return func(v string) bool {
		items, ok := readStructuredDictionary(v)
		return ok && !slices.ContainsFunc(items, func(i structuredItem) bool { return !good(i) })
	}
}

// cacheParameters are those of RFC 9211 2.
func cacheParameters() map[string][]structuredKind {
	return map[string][]structuredKind{"hit": {structuredBoolean}, "fwd": {structuredToken},
		"fwd-status": {structuredInteger}, "ttl": {structuredInteger}, "stored": {structuredBoolean},
		"collapsed": {structuredBoolean}, "key": {structuredString}, "detail": {structuredString, structuredToken}}
}

// proxyParameters are those of RFC 9209 2.1.
func proxyParameters() map[string][]structuredKind {
	return map[string][]structuredKind{"error": {structuredToken}, "received-status": {structuredInteger},
		"next-protocol": {structuredToken, structuredBytes}, "details": {structuredString}}
}

func isTargetedCacheControl(v string) bool {
	return structuredMembers(func(i structuredItem) bool {
		return !slices.Contains([]string{"max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"}, i.key) ||
			i.kind == structuredInteger && i.number >= 0
	})(v)
}

func isPriority(v string) bool {
	return structuredMembers(func(i structuredItem) bool {
		return i.key != "u" && i.key != "i" || i.key == "i" && i.kind == structuredBoolean ||
			i.key == "u" && i.kind == structuredInteger && i.number >= 0 && i.number <= 7
	})(v)
}

func isDigests(v string) bool {
	return structuredMembers(func(i structuredItem) bool { return i.kind == structuredBytes })(v)
}

func isWantedDigests(v string) bool {
	return structuredMembers(func(i structuredItem) bool {
		return i.kind == structuredInteger && i.number >= 0 && i.number <= 10
	})(v)
}
