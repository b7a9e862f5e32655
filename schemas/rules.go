package schemas

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Rule is one keyword of a schema, and the requirement that it enforces.
type Rule struct {
	Schema string // the schema in whose file the keyword stands
	// pointer into the instance, "*" for every item of an array: "/fileInstances/*/status"; for
	// required, that of the member
	Pointer     string
	Keyword     string // such as "pattern"
	Requirement string // id of the requirement
	Level       string // "documented", "standard" or "inferred"
	Section     string // where that is written
	Want        string // the keyword in plain words, or "" where it speaks for itself
	Beside      bool   // the keyword stands in x-inferred, so that this package alone judges by it
}

// Rules returns every annotated keyword of the schema, sorted by pointer and
// keyword. It follows $ref, allOf, properties and items, and yields one rule
// for each member that is required; what refers to itself is followed once. An
// annotation without its keyword, and two of one place and keyword, are errors.
func Rules(name string) ([]Rule, error) { return Library{}.Rules(name) }

// Rules is the function [Rules] for the library.
func (l Library) Rules(name string) ([]Rule, error) { return l.Reader().Rules(name) }

// Rules is [Library.Rules].
func (r *Reader) Rules(name string) ([]Rule, error) { return r.rules(name) }

func (l library) rules(name string) ([]Rule, error) {
	w, err := l.walked(name)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(w.rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Keyword, b.Keyword))
	})
	for i, r := range w.rules[:max(len(w.rules)-1, 0)] {
		if next := w.rules[i+1]; r.Pointer == next.Pointer && r.Keyword == next.Keyword {
			return nil, fmt.Errorf("schemas/%s: %q at %q is annotated in schemas/%s too; keep one", r.Schema+suffix,
				r.Keyword, r.Pointer, next.Schema+suffix)
		}
	}
	return w.rules, nil
}

// walked returns what a walk through the schema of that name has gathered.
func (l library) walked(name string) (*walker, error) {
	root, err := l.file(name)
	if err != nil {
		return nil, err
	}
	w := &walker{
		library: l, inside: map[string]bool{}, places: map[string]bool{}, enums: map[string][]string{},
		out: Outline{Names: map[string]string{}},
	}
	return w, w.walk(name, "", "", root)
}

type walker struct {
	library
	rules  []Rule
	inside map[string]bool // the references that are being followed
	places map[string]bool
	enums  map[string][]string // the strings of each enum, by place
	out    Outline
}

// walk gathers the rules of a schema that stands in the file of schema name, there at the
// pointer at, and applies to the instance at pointer.
func (w *walker) walk(name, at, pointer string, node any) error {
	schema, ok := node.(map[string]any)
	if !ok {
		return nil // true and false have no keywords
	}
	if ref, ok := schema["$ref"].(string); ok { // draft-07 ignores the other members
		if w.inside[ref] {
			return nil
		}
		w.inside[ref] = true
		defer delete(w.inside, ref)
		target, node, err := w.resolve(name, ref)
		if err != nil {
			return err
		}
		_, at, _ := strings.Cut(ref, "#")
		return w.walk(target, at, pointer, node)
	}
	if err := w.annotations(name, at, pointer, schema); err != nil {
		return err
	}
	if err := w.extensions(name, at, pointer, schema); err != nil {
		return err
	}
	all, _ := schema["allOf"].([]any)
	for i, part := range all {
		if err := w.walk(name, at+"/allOf/"+strconv.Itoa(i), pointer, part); err != nil {
			return err
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for member, node := range properties {
		if err := w.walk(name, at+"/properties/"+escape(member), pointer+"/"+escape(member), node); err != nil {
			return err
		}
	}
	return w.walk(name, at+"/items", pointer+"/*", schema["items"])
}

// annotations adds a rule for each entry of the schema's own x-rules.
func (w *walker) annotations(name, at, pointer string, schema map[string]any) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: x-rules at %q: %s", w.placeOf(name, at+"/x-rules"), pointer,
			fmt.Sprintf(format, args...))
	}
	if schema["x-rules"] == nil {
		return nil
	}
	text, err := json.Marshal(schema["x-rules"])
	if err != nil {
		return fail("%v", err)
	}
	var entries []struct {
		Keyword, Member, Requirement, Level, Section, Want string
		Beside                                             bool `json:"x-inferred"`
	}
	if err := json.Unmarshal(text, &entries); err != nil {
		return fail("%v; it is a list of objects with keyword, requirement, level, section", err)
	}
	for _, e := range entries {
		value, ok := schema[e.Keyword]
		if !ok {
			return fail("the same object has no keyword %q; drop the entry or add the keyword", e.Keyword)
		}
		rule := Rule{name, pointer, e.Keyword, e.Requirement, e.Level, e.Section, e.Want, e.Beside}
		if e.Keyword != "required" {
			w.rules = append(w.rules, rule)
			continue
		}
		found := false
		members, _ := value.([]any)
		for _, m := range members {
			member, _ := m.(string)
			if e.Member == "" || e.Member == member {
				found = true
				rule.Pointer = pointer + "/" + escape(member)
				w.rules = append(w.rules, rule)
			}
		}
		if !found {
			return fail("member %q is not required; drop the entry or require it", e.Member)
		}
	}
	return nil
}
