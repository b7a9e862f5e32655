package schemas

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

// limit is the maximum number of reported violations of one document.
const limit = 50

// A Violation is one keyword that a document breaks at one place.
type Violation struct {
	Pointer     string // JSON pointer into the document, "" for its root; of a missing member, where it would be
	Keyword     string // the keyword that is broken, such as "required"
	Requirement string // id of the requirement, from the keyword's annotation; "" if it has none
	Want        string // what the schema asks for, in a few words
	Got         string // what the document has there: compact JSON, cut to about 60 characters
}

// A Schema is a compiled schema. It is safe for concurrent use.
type Schema struct {
	name    string
	engine  func() (*gojsonschema.Schema, error) // compiles it when it is first needed
	rules   map[place]Rule
	numeric bool  // a keyword looks at the value of a number
	form    *form // nil where the schema has a keyword that Accept does not know
}

// A place is where a keyword applies: an instance pointer with "*" for items.
type place struct{ pointer, keyword string }

// Compile returns the schema of that name, which is its file's name without
// ".schema.json". It takes some milliseconds; keep the result. The engine of an embedded one is
// compiled when it is first needed, for most bodies are accepted without it.
// All that a schema refers to is taken from [FS]; nothing is ever fetched.
func Compile(name string) (*Schema, error) { return Library{}.Compile(name) }

// Compile is the function [Compile] for the library, from whose file system alone all
// that the schema refers to is taken.
func (l Library) Compile(name string) (*Schema, error) { return l.Reader().Compile(name) }

// Compile is [Library.Compile].
func (r *Reader) Compile(name string) (*Schema, error) {
	s, err := r.compile(name)
	if err == nil && !r.embedded {
		_, err = s.engine() // a test compiles the embedded ones
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (l library) compile(name string) (*Schema, error) {
	needed, err := l.closure(name)
	if err != nil {
		return nil, err
	}
	rules, err := l.rules(name)
	if err != nil {
		return nil, err
	}
	s := &Schema{name: name, rules: make(map[place]Rule, len(rules))}
	for _, r := range rules {
		s.rules[place{r.Pointer, r.Keyword}] = r
	}
	docs := map[string]any{}
	for _, name := range needed {
		docs[name] = l.docs[name]
		s.numeric = s.numeric || numeric(docs[name])
	}
	s.engine = sync.OnceValues(func() (*gojsonschema.Schema, error) { return engineOf(name, docs) })
	if f, err := l.form(name, needed); err == nil {
		s.form = f // a schema without one is left to the engine
	}
	return s, nil
}

// engineOf compiles the schema of that name, given the files that it needs.
func engineOf(name string, docs map[string]any) (*gojsonschema.Schema, error) {
	loader := gojsonschema.NewSchemaLoader()
	loader.Draft = gojsonschema.Draft7 // of a file that names no dialect
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		// The engine writes into what it is given: into a copy of its own.
		if err := loader.AddSchema(base+name+suffix, gojsonschema.NewRawLoader(
			withoutFormat(docs[name]))); err != nil {
			return nil, fmt.Errorf("schemas/%s: %w; correct the file", name+suffix, err)
		}
	}
	engine, err := loader.Compile(gojsonschema.NewReferenceLoader(base + name + suffix))
	if err != nil {
		return nil, fmt.Errorf("schemas/%s: %w; correct the file", name+suffix, err)
	}
	return engine, nil
}

// withoutFormat copies a schema without the keyword format, which is for people and
// generators. In JSON Schema since 2019-09, and so in OpenAPI 3.1, it constrains
// nothing; engines of draft-07 differ in what they take for a date-time.
func withoutFormat(node any) any {
	switch node := node.(type) {
	case []any:
		out := make([]any, len(node))
		for i, child := range node {
			out[i] = withoutFormat(child)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(node))
		for name, child := range node {
			if _, isText := child.(string); name == "format" && isText {
				continue // a member of that name has a schema, which is no text
			}
			if name != "enum" && name != "const" {
				child = withoutFormat(child)
			}
			out[name] = child
		}
		return out
	}
	return node
}

// Validate returns how the document breaks the schema: sorted by pointer and
// keyword, each place and keyword once, at most 50, nil where it does not. A
// value of the wrong type is reported only as that.
//
// An error says that the document could not be judged: it is not one JSON
// value, or, where a keyword of the schema looks at the value of a number, holds
// one of more than 64 characters or with an exponent beyond 400, on which
// engines panic or stall. Like encoding/json, Validate
// takes the last of duplicate members and replaces invalid UTF-8; ask a
// stricter reader first where that matters.
func (s *Schema) Validate(doc []byte) ([]Violation, error) {
	root, err := Decode(doc)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w; hand over one JSON value", s.name, err)
	}
	return s.ValidateValue(root)
}

// window is how many items of an array the engine is given at once: it makes the
// words for every fault before it returns the first.
const window = 100

// ValidateValue is [Schema.Validate] for a document that [Decode] has read. Of a
// member of the root that is a long array it looks at some items at a time, and at
// no more once there are enough violations.
func (s *Schema) ValidateValue(root any) ([]Violation, error) {
	if err := checkNumbers(root); err != nil {
		if s.numeric {
			return nil, fmt.Errorf("schema %s: %w", s.name, err)
		}
		return s.validateTamed(root)
	}
	return s.validateWhole(root)
}

// validateWhole is ValidateValue for a document whose numbers no engine minds.
func (s *Schema) validateWhole(root any) ([]Violation, error) {
	object, _ := root.(map[string]any)
	long := map[string][]any{}
	for name, value := range object {
		if items, ok := value.([]any); ok && len(items) > window {
			long[name] = items
		}
	}
	if len(long) == 0 {
		return s.validate(root)
	}
	shown := maps.Clone(object)
	for name, items := range long {
		shown[name] = items[:window]
	}
	all, err := s.validate(shown)
	for _, name := range slices.Sorted(maps.Keys(long)) {
		items := long[name]
		for from := window; from < len(items) && len(all) < limit && err == nil; from += window {
			shown[name] = items[from:min(from+window, len(items))]
			var more []Violation
			more, err = s.validate(shown)
			for _, v := range more {
				if shifted, ok := shift(v, name, from); ok {
					all = append(all, shifted)
				}
			}
		}
		shown[name] = items[:window]
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Keyword, b.Keyword))
	})
	return all[:min(len(all), limit)], nil
}

// shift gives a violation in an array's window its place in the array. Those
// elsewhere were reported with the first window.
func shift(v Violation, name string, by int) (Violation, bool) {
	before := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name) + "/"
	rest, inside := strings.CutPrefix(v.Pointer, before)
	index, rest, deeper := strings.Cut(rest, "/")
	n, err := strconv.Atoi(index)
	if !inside || err != nil {
		return v, false
	}
	v.Pointer = before + strconv.Itoa(n+by)
	if deeper {
		v.Pointer += "/" + rest
	}
	return v, true
}

// validate has the engine look at a document.
func (s *Schema) validate(root any) (violations []Violation, err error) {
	defer func() {
		if p := recover(); p != nil {
			violations, err = nil, fmt.Errorf("schema %s: the engine panicked: %v; keep the document and report it",
				s.name, p)
		}
	}()
	engine, err := s.engine()
	if err != nil {
		return nil, err
	}
	result, err := engine.Validate(gojsonschema.NewRawLoader(root))
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w; keep the document and report it", s.name, err)
	}
	if result.Valid() {
		return nil, nil
	}
	return s.translate(root, result.Errors())
}

// A broken is a violation before its words are made.
type broken struct {
	Violation
	general string // Pointer with "*" for items
	word    word
	err     gojsonschema.ResultError
}

// translate turns what the engine says into violations.
func (s *Schema) translate(root any, results []gojsonschema.ResultError) ([]Violation, error) {
	var all []broken
	for _, e := range results {
		w, ok := words[e.Type()]
		if !ok {
			return nil, fmt.Errorf("schema %s: the engine says %q: %s; teach package schemas that word", s.name,
				e.Type(), e.Description())
		}
		if w.keyword == "" {
			continue
		}
		b := broken{word: w, err: e}
		b.Keyword = w.keyword
		b.Pointer, b.general = pointers(root, segments(e))
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b broken) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Keyword, b.Keyword))
	})
	mistyped := map[string]bool{}
	for _, b := range all {
		if b.Keyword == "type" {
			mistyped[b.Pointer] = true
		}
	}
	all = slices.DeleteFunc(all, func(b broken) bool { return b.Keyword != "type" && mistyped[b.Pointer] })
	all = slices.CompactFunc(all, func(a, b broken) bool { return a.Pointer == b.Pointer && a.Keyword == b.Keyword })

	violations := make([]Violation, 0, min(len(all), limit))
	for _, b := range all[:min(len(all), limit)] {
		rule := s.rules[place{b.general, b.Keyword}]
		b.Requirement = rule.Requirement
		b.Want = cmp.Or(rule.Want, b.word.want(b.err.Details()))
		b.Got = "no such member"
		if b.Keyword != "required" {
			b.Got = brief(b.err.Value())
		}
		violations = append(violations, b.Violation)
	}
	return violations, nil
}

// segments returns the path to what an error is about. The engine joins a path
// by any text; a byte that no decoded JSON string can hold keeps "." and "/"
// in names apart from joints.
func segments(e gojsonschema.ResultError) []string {
	const joint = "\xff"
	path := strings.Split(e.Context().String(joint), joint)[1:] // without "(root)"
	switch e.Type() {
	case "required", "additional_property_not_allowed", "invalid_property_name":
		path = append(path, fmt.Sprint(e.Details()["property"]))
	}
	return path
}

// pointers returns the JSON pointer of a path into root, and the same with "*"
// for items.
func pointers(root any, path []string) (exact, general string) {
	for _, name := range path {
		exact += "/" + escape(name)
		if _, ok := root.([]any); ok {
			general += "/*"
		} else {
			general += "/" + escape(name)
		}
		root, _ = child(root, name)
	}
	return exact, general
}

// A word is how this package says what the engine calls by another name.
type word struct {
	keyword string // "" where others of its words already say it
	want    func(gojsonschema.ErrorDetails) string
}

// words has every word that the engine speaks but "internal", which is no violation,
// and "format", which it is never asked for.
var words = map[string]word{
	"number_all_of":  {},
	"condition_then": {},
	"condition_else": {},

	"invalid_type":                    {"type", wantType},
	"required":                        {"required", say("the member %q", "property")},
	"enum":                            {"enum", wantEnum},
	"const":                           {"const", say("%v", "allowed")},
	"pattern":                         {"pattern", say("a string that matches %v", "pattern")},
	"string_gte":                      {"minLength", wantMinLength},
	"string_lte":                      {"maxLength", say("a string of at most %v characters", "max")},
	"array_min_items":                 {"minItems", say("an array of at least %v items", "min")},
	"array_max_items":                 {"maxItems", say("an array of at most %v items", "max")},
	"array_no_additional_items":       {"additionalItems", say("no further items")},
	"unique":                          {"uniqueItems", say("no item twice")},
	"contains":                        {"contains", say("an item of the asked kind")},
	"array_min_properties":            {"minProperties", say("an object of at least %v members", "min")},
	"array_max_properties":            {"maxProperties", say("an object of at most %v members", "max")},
	"additional_property_not_allowed": {"additionalProperties", say("no such member")},
	"invalid_property_name":           {"propertyNames", say("another member name than %q", "property")},
	"multiple_of":                     {"multipleOf", say("a multiple of %v", "multiple")},
	"number_gte":                      {"minimum", say("a number not below %v", "min")},
	"number_gt":                       {"exclusiveMinimum", say("a number above %v", "min")},
	"number_lte":                      {"maximum", say("a number not above %v", "max")},
	"number_lt":                       {"exclusiveMaximum", say("a number below %v", "max")},
	"number_any_of":                   {"anyOf", say("one of the allowed forms")},
	"number_one_of":                   {"oneOf", say("exactly one of the allowed forms")},
	"number_not":                      {"not", say("something else")},
	"missing_dependency":              {"dependencies", say("the member %q too", "dependency")},
	"false":                           {"false", say("nothing here")},
}

// say words a keyword by a format and the engine's details of these names.
func say(format string, names ...string) func(gojsonschema.ErrorDetails) string {
	return func(details gojsonschema.ErrorDetails) string {
		args := make([]any, len(names))
		for i, name := range names {
			args[i] = details[name]
		}
		return fmt.Sprintf(format, args...)
	}
}

// articles is how the types of JSON Schema are called in a sentence.
var articles = map[string]string{
	"string": "a string", "number": "a number", "integer": "an integer", "boolean": "true or false",
	"array": "an array", "object": "an object", "null": "null",
}

// wantType words the keyword type, which the engine gives as "string" or,
// where several are allowed, as "[string,null]".
func wantType(details gojsonschema.ErrorDetails) string {
	types := strings.Split(strings.Trim(fmt.Sprint(details["expected"]), "[]"), ",")
	for i, t := range types {
		types[i] = cmp.Or(articles[strings.TrimSpace(t)], t)
	}
	return strings.Join(types, " or ")
}

func wantEnum(details gojsonschema.ErrorDetails) string {
	allowed := fmt.Sprint(details["allowed"])
	if strings.Contains(allowed, ", ") {
		return "one of " + allowed
	}
	return allowed
}

func wantMinLength(details gojsonschema.ErrorDetails) string {
	if details["min"] == 1 {
		return "a string that is not empty"
	}
	return fmt.Sprintf("a string of at least %v characters", details["min"])
}

// brief writes a value as compact JSON, cut after 60 characters.
func brief(value any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return "something that is not JSON"
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}

// checkNumbers fails for a number on which an engine would panic or stall.
func checkNumbers(value any) error {
	switch value := value.(type) {
	case json.Number:
		return checkNumber(string(value))
	case []any:
		for _, item := range value {
			if err := checkNumbers(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, member := range value {
			if err := checkNumbers(member); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkNumber(number string) error {
	if len(number) > 64 {
		return fmt.Errorf("a number of %d characters cannot be judged; write it in at most 64", len(number))
	}
	_, exponent, ok := strings.Cut(strings.ToLower(number), "e")
	if !ok {
		return nil
	}
	if n, err := strconv.Atoi(exponent); errors.Is(err, strconv.ErrRange) || n > 400 || n < -400 {
		return fmt.Errorf("the number %s cannot be judged; keep its exponent within 400", number)
	}
	return nil
}
