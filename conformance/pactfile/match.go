package pactfile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An actual is an answer that is compared with an interaction.
type actual struct {
	status int
	fields map[string]string
	body   any // decoded JSON
	none   bool
}

// A mismatch is a difference that an interaction does not allow.
type mismatch struct {
	pointer string   // in the file: of the rule, or of the expected example
	place   string   // "status", "header NAME", "body"
	at      []string // in the answer's body
	asks    string
	got     any
	missing bool // got is nothing
}

// A matcher compares answers in the same way as Pact's core library: additional members and
// header fields are allowed, a rule applies to everything below its path, and the most
// specific of several rules wins.
type matcher struct {
	i     *interaction
	found []mismatch
	odd   map[string]string // pointer → why the rule was not judged; it allows everything
	regex map[string]*regexp.Regexp
}

func newMatcher(i *interaction) *matcher {
	return &matcher{i: i, odd: maps.Clone(i.odd), regex: map[string]*regexp.Regexp{}}
}

// match returns the mismatches of an answer.
func (m *matcher) match(a actual) []mismatch {
	m.found = nil
	m.header(a)
	if m.i.said && a.none {
		m.found = append(m.found, mismatch{pointer: m.i.answer.pointer, place: "body", asks: "a body", missing: true})
	} else if m.i.said {
		m.compare(m.i.answer, a.body, nil)
	}
	return m.found
}

// statuses returns those that the interaction allows.
func (m *matcher) statuses() (out []int) {
	at := slices.IndexFunc(m.i.rules, func(r rule) bool { return r.category == "status" })
	if at < 0 {
		return []int{m.i.status}
	}
	for status := 100; status < 600; status++ {
		if m.combined(m.i.rules[at], func(n node) bool { return m.status(n, status) }) {
			out = append(out, status)
		}
	}
	return out
}

// status reports whether a matcher allows a status.
func (m *matcher) status(n node, status int) bool {
	class := status / 100
	switch word := n.at("match").text(); word {
	case "statusCode":
		for _, item := range n.at("status").items() {
			if number, ok := item.value.(json.Number); ok && number.String() == strconv.Itoa(status) {
				return true
			}
		}
		switch n.at("status").text() {
		case "info":
			return class == 1
		case "success":
			return class == 2
		case "redirect":
			return class == 3
		case "clientError":
			return class == 4
		case "serverError":
			return class == 5
		case "nonError":
			return class < 4
		case "error":
			return class >= 4
		}
		return false
	default:
		return m.scalar(n, json.Number(strconv.Itoa(m.i.status)), json.Number(strconv.Itoa(status)))
	}
}

func (m *matcher) header(a actual) {
	for _, name := range slices.Sorted(maps.Keys(m.i.fields)) {
		values := m.i.fields[name]
		pointer := m.i.at("response").at("headers").at(name).pointer
		var got string
		there := false
		for n, v := range a.fields {
			if strings.EqualFold(n, name) {
				got, there = v, true
			}
		}
		miss := mismatch{pointer: pointer, place: "header " + name, got: got, missing: !there,
			asks: "the header field " + name}
		if !there {
			m.found = append(m.found, miss)
			continue
		}
		example := strings.Join(values, ", ")
		ruled := false
		for _, r := range m.i.rules {
			if r.category != "header" || !strings.EqualFold(r.path, name) {
				continue
			}
			ruled = true
			if !m.combined(r, func(n node) bool { return m.scalar(n, example, got) }) {
				miss.pointer, miss.asks = r.pointer, asked(r, example)
				m.found = append(m.found, miss)
			}
		}
		if !ruled && !sameField(name, example, got) {
			miss.asks = "exactly " + brief(example)
			m.found = append(m.found, miss)
		}
	}
}

// sameField compares header values; parameters of a media type that only the
// answer has pass.
func sameField(name, want, got string) bool {
	if !strings.EqualFold(name, "Content-Type") {
		return strings.TrimSpace(want) == strings.TrimSpace(got)
	}
	parts := func(text string) (kind string, parameters []string) {
		all := strings.Split(text, ";")
		for _, p := range all[1:] {
			parameters = append(parameters, strings.ToLower(strings.TrimSpace(p)))
		}
		return strings.TrimSpace(all[0]), parameters
	}
	kind, parameters := parts(want)
	gotKind, gotParameters := parts(got)
	return kind == gotKind && !slices.ContainsFunc(parameters,
		func(p string) bool { return !slices.Contains(gotParameters, p) })
}

// compare compares a value with the example at the same place.
func (m *matcher) compare(example node, got any, at []string) {
	r, whole := m.best(at)
	fail := func(pointer, asks string) {
		m.found = append(m.found, mismatch{pointer: pointer, place: "body", at: slices.Clone(at), asks: asks, got: got})
	}
	switch want := example.value.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			fail(example.pointer, "an object")
			return
		}
		if r != nil && whole && !m.combined(*r, func(n node) bool {
			return m.collection(n, want, object,
				len(object))
		}) {
			fail(r.pointer, asked(*r, example.value))
			return
		}
		for _, name := range example.names() {
			if r != nil && m.ignoresKeys(*r) {
				break
			}
			inner := append(slices.Clone(at), name)
			value, there := object[name]
			if !there {
				m.found = append(m.found, mismatch{pointer: example.at(name).pointer, place: "body", at: inner,
					asks: fmt.Sprintf("the member %q", name), missing: true})
				continue
			}
			m.compare(example.at(name), value, inner)
		}
	case []any:
		array, ok := got.([]any)
		if !ok {
			fail(example.pointer, "an array")
			return
		}
		items := example.items()
		switch {
		case r != nil && whole && !m.combined(*r, func(n node) bool {
			return m.collection(n, want, array,
				len(array))
		}):
			fail(r.pointer, asked(*r, example.value))
			return
		case r == nil && len(array) != len(items):
			fail(example.pointer, fmt.Sprintf("exactly %d of the items", len(items)))
			return
		}
		if len(items) == 0 || r != nil && m.ignoresKeys(*r) {
			return
		}
		for i, value := range array {
			example := items[0] // also for items beyond the last
			if i < len(items) {
				example = items[i]
			}
			m.compare(example, value, append(slices.Clone(at), strconv.Itoa(i)))
		}
	default:
		if r == nil {
			if !same(want, got) {
				fail(example.pointer, "exactly "+brief(want))
			}
			return
		}
		if !m.combined(*r, func(n node) bool { return m.scalar(n, want, got) }) {
			fail(r.pointer, asked(*r, want))
		}
	}
}

// best returns the rule that applies at a place, and whether its path is that place.
func (m *matcher) best(at []string) (found *rule, whole bool) {
	most := 0
	for n := range m.i.rules {
		r := &m.i.rules[n]
		if r.category != "body" || len(r.steps) > len(at) {
			continue
		}
		weight := 2
		for k, s := range r.steps {
			switch {
			case s.any:
			case s.name == at[k]:
				weight *= 2
			default:
				weight = 0
			}
		}
		if weight *= len(r.steps) + 1; weight > most {
			most, found, whole = weight, r, len(r.steps) == len(at)
		}
	}
	return found, whole
}

// combined applies all matchers of a rule. An unknown one passes, and is recorded.
func (m *matcher) combined(r rule, passes func(node) bool) bool {
	if len(r.matchers) == 0 {
		return true
	}
	for _, n := range r.matchers {
		if passes(n) == r.or {
			return r.or
		}
	}
	return !r.or
}

// ignoresKeys reports whether a rule compares the values of a collection in a special way.
func (m *matcher) ignoresKeys(r rule) bool {
	return slices.ContainsFunc(r.matchers, func(n node) bool {
		word := n.at("match").text()
		if slices.Contains([]string{"values", "eachKey", "eachValue", "arrayContains"}, word) {
			m.odd[r.pointer] = fmt.Sprintf("the matcher %q is not judged for the values inside", word)
			return true
		}
		return false
	})
}

// collection applies a matcher to the array or object at its place.
func (m *matcher) collection(n node, want, got any, length int) bool {
	switch n.at("match").text() {
	case "equality":
		return same(want, got)
	case "notEmpty", "arrayContains":
		return length > 0
	case "null", "boolean", "number", "integer", "decimal":
		return false
	}
	limit := func(name string, otherwise int) int {
		number, _ := n.at(name).value.(json.Number)
		value, err := strconv.Atoi(number.String())
		if err != nil {
			return otherwise
		}
		return value
	}
	return length >= limit("min", 0) && length <= limit("max", length)
}

// word returns the name of a matcher, also of an old one without a name.
func word(n node) string {
	if w := n.at("match").text(); w != "" {
		return w
	}
	for _, guess := range []string{"regex", "min", "max", "timestamp", "time", "date"} {
		if n.has(guess) {
			return guess
		}
	}
	return ""
}

// patternLimit is the maximum length of a regular expression that is judged.
const patternLimit = 4 << 10

// scalar applies a matcher to a scalar value.
func (m *matcher) scalar(n node, want, got any) bool {
	text := plain(got)
	_, isText := got.(string)
	number, isNumber := got.(json.Number)
	whole := isNumber && !strings.ContainsAny(number.String(), ".eE")
	switch w := word(n); w {
	case "equality":
		return same(want, got)
	case "type", "min", "max":
		return kind(want) == kind(got)
	case "regex":
		return m.pattern(n, text)
	case "include":
		return strings.Contains(text, n.at("value").text())
	case "number":
		return isNumber
	case "integer":
		return whole
	case "decimal", "real":
		return isNumber && !whole
	case "boolean":
		return text == "true" || text == "false"
	case "null":
		return got == nil
	case "notEmpty":
		return kind(want) == kind(got) && text != ""
	case "semver":
		return semver.MatchString(text)
	case "date", "time", "datetime", "timestamp":
		// A Java format defines the numbers of digits and the separators, and so does its example.
		return isText && digits.ReplaceAllString(text, "9") == digits.ReplaceAllString(plain(want), "9")
	case "values", "eachKey", "eachValue", "arrayContains", "contentType", "statusCode":
		return true
	default:
		m.odd[n.pointer] = fmt.Sprintf("the matcher %s is unknown; not judged", brief(w))
		return true
	}
}

var (
	semver = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	digits = regexp.MustCompile(`[0-9]`)
)

// pattern matches a regular expression against a part of a text, as Pact's core library does.
// Syntax that package regexp does not support is not judged.
func (m *matcher) pattern(n node, text string) bool {
	source := n.at("regex").text()
	if m.odd[n.pointer] != "" {
		return true
	}
	compiled, ok := m.regex[source]
	if !ok {
		var err error
		switch {
		case len(source) > patternLimit:
			m.odd[n.pointer] = fmt.Sprintf("a pattern longer than %d bytes is not judged", patternLimit)
			return true
		default:
			if compiled, err = regexp.Compile(source); err != nil {
				m.odd[n.pointer] = "the pattern is not supported"
				return true
			}
		}
		m.regex[source] = compiled
	}
	return compiled.MatchString(text)
}

// plain returns a value as text.
func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	data, _ := json.Marshal(value) // it was decoded
	return string(data)
}

func kind(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case nil:
		return "null"
	case []any:
		return "an array"
	}
	return "an object"
}

// same reports whether values are equal; numbers by their text, or else by their value.
func same(a, b any) bool {
	x, isNumber := a.(json.Number)
	y, too := b.(json.Number)
	if isNumber && too {
		f, err := x.Float64()
		g, err2 := y.Float64()
		return x == y || cmp.Or(err, err2) == nil && f == g
	}
	return reflect.DeepEqual(a, b)
}

// asked returns a description of a rule.
func asked(r rule, example any) string {
	var parts []string
	for _, n := range r.matchers {
		parts = append(parts, wording(n, example))
	}
	joint := " and "
	if r.or {
		joint = " or "
	}
	return strings.Join(parts, joint)
}

func wording(n node, example any) string {
	switch w := word(n); w {
	case "equality":
		return "exactly " + brief(example)
	case "regex":
		return "a match of /" + cut(n.at("regex").text()) + "/"
	case "type", "min", "max":
		said := kind(example)
		for _, limit := range []struct{ name, words string }{{"min", "at least"}, {"max", "at most"}} {
			if number, ok := n.at(limit.name).value.(json.Number); ok && said == "an array" {
				said += fmt.Sprintf(" of %s %s", limit.words, number)
			}
		}
		return said
	case "include":
		return "a text with " + brief(n.at("value").text()) + " in it"
	case "null":
		return "null"
	case "date", "time", "datetime", "timestamp":
		return fmt.Sprintf("a %s of the format %s", w, brief(cmp.Or(n.at("format").text(), n.at(w).text())))
	case "notEmpty":
		return "something that is not empty"
	default:
		return "a value for the matcher " + brief(w)
	}
}

// shownLength is the maximum length of a value in a message.
const shownLength = 60

func cut(text string) string {
	if runes := []rune(text); len(runes) > shownLength {
		return string(runes[:shownLength]) + "…"
	}
	return text
}

// brief returns a value as JSON, cut to the length of a line.
func brief(value any) string {
	if text, ok := value.(string); ok {
		return string(encoded(cut(text)))
	}
	return cut(plain(value))
}
