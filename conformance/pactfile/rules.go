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

// Rules converts a schema to matchers, sorted by path. A required member needs none: to Pact,
// every member of the example is required. A keyword that Pact cannot express is an error.
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

// A shape holds the constraints of all schemas on the value at one path.
type shape struct {
	kind     string
	patterns []string
	one      bool // equal to the example
}

// anything is a pattern for any character, including a line break.
const anything = `[\s\S]`

func (s *shape) matchers() (out []Matcher) {
	switch {
	case s.one:
		return []Matcher{{Match: "equality"}}
	case s.kind == "array":
		none := 0 // otherwise some engines require as many as the example has
		return []Matcher{{Match: "type", Min: &none}}
	case s.kind != "":
		out = []Matcher{{Match: "type"}}
	}
	for _, p := range s.patterns {
		out = append(out, Matcher{Match: "regex", Regex: p})
	}
	return out
}

// whole returns a pattern that means the same to engines that match a part of a text and to
// those that match all of it.
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

// A keyworded holds a schema's keywords that can be expressed in Pact; the others of draft-07
// are errors, except those that constrain nothing.
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
var silent = []string{"$schema", "$id", "title", "description", "x-rules", "x-inferred", "x-level", "x-relations",
	"x-names", "x-resource", "x-repetition", "default", "examples", "format"}

// walk collects the constraints of a schema on the value at a path. A nil node means the root
// of the file.
func (w *words) walk(at, file string, node json.RawMessage) error {
	if node == nil {
		data, err := fs.ReadFile(w.shapes, file)
		if err != nil {
			return fmt.Errorf("schemas/%s: %w; name an existing schema", file, err)
		}
		node = data
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("schemas/%s: at %s: %s", file, at, fmt.Sprintf(format, args...))
	}
	var k keyworded
	var every map[string]json.RawMessage
	if err := cmp.Or(json.Unmarshal(node, &every), json.Unmarshal(node, &k)); err != nil {
		return fail("%v; Pact cannot express it", err)
	}
	for name := range every {
		if !slices.Contains(silent, name) && !slices.Contains([]string{"$ref", "allOf", "type", "properties",
			"required", "items", "pattern", "minLength", "enum"}, name) {
			return fail("Pact cannot express %q; add the nearest rule that is not stricter to package pactfile", name)
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
		return fail("Pact cannot express several values; write them as a pattern")
	}
	if k.Pattern != "" {
		s.patterns = append(s.patterns, whole(k.Pattern))
	}
	if k.MinLength > 0 {
		s.patterns = append(s.patterns, fmt.Sprintf("^%s{%d,}$", anything, k.MinLength))
	}
	for name, property := range k.Properties {
		if !slices.Contains(k.Required, name) && !w.required(at, name) {
			return fail("Pact cannot express an optional member; require %q or leave it out", name)
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

// required reports whether another schema of the same place requires a member: the one that
// describes it is read first.
func (w *words) required(at, name string) bool { return w.at[at+step(name)] != nil }

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// step returns the step of a path to a member.
func step(name string) string {
	if plainName.MatchString(name) {
		return "." + name
	}
	return "['" + name + "']"
}
