package pactfile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Rules says a schema in matchers, sorted by path. A required member needs none:
// to Pact, whatever the example has is required. What Pact has no words for is an
// error.
func Rules(shapes fs.FS, schema string) ([]Rule, error) {
	w := &words{shapes: shapes, at: map[string]*shape{}}
	if err := w.walk("$", schema+".schema.json", nil); err != nil {
		return nil, err
	}
	var rules []Rule
	for path, s := range w.at {
		if m := s.matchers(); m != nil && path != "$" {
			rules = append(rules, Rule{"body", path, m})
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.Path, b.Path) })
	return rules, nil
}

// A shape is what schemas say together of the value at one path.
type shape struct {
	kind     string
	patterns []string
	one      bool // equal to the example
}

// anything is a pattern for one or more characters, a line break among them.
const anything = `[\s\S]`

func (s *shape) matchers() (out []Matcher) {
	switch {
	case s.one:
		return []Matcher{{Match: "equality"}}
	case s.kind == "array":
		none := 0 // or else some engines ask for as many as the example has
		return []Matcher{{Match: "type", Min: &none}}
	case s.kind != "":
		out = []Matcher{{Match: "type"}}
	}
	for _, p := range s.patterns {
		out = append(out, Matcher{Match: "regex", Regex: p})
	}
	return out
}

// whole is a pattern that some engines hold against a part of a text, and others
// against all of it, as one that means the same to both.
func whole(pattern string) string {
	if !strings.HasPrefix(pattern, "^") {
		pattern = "^" + anything + "*" + pattern
	}
	if !strings.HasSuffix(pattern, "$") || strings.HasSuffix(pattern, `\$`) {
		pattern += anything + "*$"
	}
	return pattern
}

type words struct {
	shapes fs.FS
	at     map[string]*shape
}

// A keyworded is a schema's keywords that are said in Pact; the others of
// draft-07 are refused, but for those that constrain nothing.
type keyworded struct {
	Ref        string                     `json:"$ref"`
	AllOf      []json.RawMessage          `json:"allOf"`
	Type       string                     `json:"type"`
	Properties map[string]json.RawMessage `json:"properties"`
	Required   []string                   `json:"required"`
	Items      json.RawMessage            `json:"items"`
	Pattern    string                     `json:"pattern"`
	MinLength  int                        `json:"minLength"`
	Enum       []any                      `json:"enum"`
}

// silent are keywords that constrain nothing.
var silent = []string{"$schema", "$id", "title", "description", "x-rules", "x-inferred", "x-level", "x-relations", "x-names", "x-resource", "x-repetition", "default", "examples", "format"}

// walk gathers what a schema says of the value at a path. Without a node it is
// the root of the file.
func (w *words) walk(at, file string, node json.RawMessage) error {
	if node == nil {
		data, err := fs.ReadFile(w.shapes, file)
		if err != nil {
			return fmt.Errorf("schemas/%s: %w; name a schema that there is", file, err)
		}
		node = data
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("schemas/%s: at %s: %s", file, at, fmt.Sprintf(format, args...))
	}
	var k keyworded
	var every map[string]json.RawMessage
	if err := cmp.Or(json.Unmarshal(node, &every), json.Unmarshal(node, &k)); err != nil {
		return fail("%v; Pact has no words for it", err)
	}
	for name := range every {
		if !slices.Contains(silent, name) && !slices.Contains([]string{"$ref", "allOf", "type", "properties", "required", "items", "pattern", "minLength", "enum"}, name) {
			return fail("Pact has no words for %q; teach package pactfile what comes nearest and is not stricter", name)
		}
	}
	if k.Ref != "" {
		return w.walk(at, path.Base(k.Ref), nil)
	}
	s := w.at[at]
	if s == nil {
		s = &shape{}
		w.at[at] = s
	}
	for _, part := range k.AllOf {
		if err := w.walk(at, file, part); err != nil {
			return err
		}
	}
	s.kind = cmp.Or(k.Type, s.kind)
	s.one = s.one || len(k.Enum) == 1
	if len(k.Enum) > 1 {
		return fail("Pact has no words for several values; say them as a pattern")
	}
	if k.Pattern != "" {
		s.patterns = append(s.patterns, whole(k.Pattern))
	}
	if k.MinLength > 0 {
		s.patterns = append(s.patterns, fmt.Sprintf("^%s{%d,}$", anything, k.MinLength))
	}
	for name, property := range k.Properties {
		if !slices.Contains(k.Required, name) && !w.required(at, name) {
			return fail("Pact has no words for a member that may be missing; require %q or leave it out", name)
		}
		if err := w.walk(at+step(name), file, property); err != nil {
			return err
		}
	}
	if k.Items != nil {
		return w.walk(at+"[*]", file, k.Items)
	}
	return nil
}

// required tells whether another schema of the same place has asked for a member:
// the one with the words on it is read first.
func (w *words) required(at, name string) bool { return w.at[at+step(name)] != nil }

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// step is one step of a path, to a member.
func step(name string) string {
	if plainName.MatchString(name) {
		return "." + name
	}
	return "['" + name + "']"
}
