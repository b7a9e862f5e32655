package k6

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"fmaspec/openapi"
	"fmaspec/schemas"
)

// answers are what the contract says of the answers of an operation.
type answers struct {
	Action    any        `json:"action,omitempty"` // the schema of a success
	Error     any        `json:"error,omitempty"`  // that of a refusal
	File      string     `json:"file,omitempty"`   // the member of the request that names the file
	Relations []relation `json:"relations,omitempty"`
	Signs     []sign     `json:"signs,omitempty"`   // each marks a body as an action
	Repeats   *repeats   `json:"repeats,omitempty"` // how a refusal says that the action is under way
}

// A relation is an entry of x-relations that one answer shows by itself.
type relation struct {
	Check       string   `json:"check"`
	Kind        string   `json:"kind"`
	Requirement string   `json:"requirement"`
	At          []string `json:"at,omitempty"`
	Member      string   `json:"member,omitempty"`
	Other       string   `json:"other,omitempty"`
	IgnoreCase  bool     `json:"ignoreCase,omitempty"`
	Values      []string `json:"values,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Since       string   `json:"since,omitempty"`
	Ahead       int64    `json:"ahead,omitempty"` // in seconds
}

// A sign is a member whose value marks an action.
type sign struct {
	At     string   `json:"at"`
	Part   string   `json:"part,omitempty"`
	Values []string `json:"values,omitempty"`
	Beside string   `json:"beside,omitempty"`
	With   *sign    `json:"with,omitempty"`
}

// repeats is how a refusal says that the action is under way.
type repeats struct {
	At     string   `json:"at"`
	Values []string `json:"values"`
}

// judgedKinds are the relations that the script judges.
func judgedKinds() []string {
	return []string{"rules", "equals-request", "equals", "one-of", "pattern", "instant", "within", "ordered",
		"instant-form"}
}

// newAnswers reads what the schemas of an operation's answers say.
func newAnswers(files fs.FS, op openapi.Operation) (*answers, error) {
	a := &answers{File: op.FileMember}
	library := schemas.Library{FS: files}
	if files == nil {
		files = schemas.FS()
	}
	for name, into := range map[string]*any{op.ResponseSchema: &a.Action, op.ErrorSchema: &a.Error} {
		if name == "" {
			continue
		}
		schema, err := whole(files, name, nil)
		if err != nil {
			return nil, err
		}
		*into = schema
	}
	if op.ResponseSchema != "" {
		outline, err := library.Outline(op.ResponseSchema)
		if err != nil {
			return nil, err
		}
		for _, r := range outline.Relations {
			if !slices.Contains(judgedKinds(), r.Kind) {
				continue
			}
			ahead, _ := time.ParseDuration(r.Ahead) // the outline has read it
			a.Relations = append(a.Relations, relation{r.Check, r.Kind, r.Requirement, r.At, r.Member, r.Other,
				r.IgnoreCase, r.Values, r.Pattern, r.Since, int64(ahead / time.Second)})
		}
		if outline.Resource != nil {
			for _, s := range outline.Resource.Signs {
				a.Signs = append(a.Signs, *signOf(&s))
			}
		}
	}
	if op.ErrorSchema != "" {
		outline, err := library.Outline(op.ErrorSchema)
		if err != nil {
			return nil, err
		}
		if r := outline.Repetition; r != nil {
			a.Repeats = &repeats{r.At, r.Values}
		}
	}
	return a, nil
}

// signOf returns a sign as the script has it; it looks at whole bodies alone.
func signOf(s *schemas.Sign) *sign {
	if s == nil {
		return nil
	}
	return &sign{s.At, s.Part, s.Values, s.Beside, signOf(s.With)}
}

// A role is what a keyword of a schema is to the script.
type role int

const (
	judged  role = iota + 1
	schema       // its value is one
	list         // its value is a list of schemas
	members      // its value has a schema for each member
	rules        // which requirements the keywords enforce
	folded       // inferred keywords, which stand on their own
	dropped      // no constraint
)

// keywords are what the script knows of JSON Schema.
func keywords() map[string]role {
	return map[string]role{
		"type": judged, "required": judged, "enum": judged, "const": judged, "pattern": judged, "minLength": judged,
		"maxLength": judged, "minimum": judged, "maximum": judged,
		"items": schema, "allOf": list, "properties": members, "x-rules": rules, "x-inferred": folded,
		"$schema": dropped, "$id": dropped, "title": dropped, "description": dropped, "format": dropped,
		"default": dropped, "examples": dropped, "$comment": dropped, "x-level": dropped, "x-relations": dropped,
		"x-resource": dropped, "x-repetition": dropped, "x-names": dropped,
	}
}

// whole returns the schema of a name with those that it refers to in place of the references, and
// without what constrains nothing.
func whole(files fs.FS, name string, inside []string) (any, error) {
	file := name + ".schema.json"
	if slices.Contains(inside, name) {
		return nil, fmt.Errorf("schemas/%s: it refers to itself, which the script for k6 does not follow; write it "+
			"without", file)
	}
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, fmt.Errorf("schemas/%s: %w; name a schema that is there", file, err)
	}
	var node any
	if err := json.Unmarshal(text, &node); err != nil {
		return nil, fmt.Errorf("schemas/%s: %w; correct it", file, err)
	}
	return reduced(files, name, node, append(inside, name))
}

// reduced returns one schema of a file as the script reads it.
func reduced(files fs.FS, name string, node any, inside []string) (any, error) {
	object, is := node.(map[string]any)
	if !is {
		return node, nil // true and false
	}
	if ref, is := object["$ref"].(string); is {
		target, is := strings.CutSuffix(path.Base(ref), ".schema.json")
		if !is {
			return nil, fmt.Errorf("schemas/%s.schema.json: $ref %q leads into a file; refer to a file as a whole",
				name, ref)
		}
		return whole(files, target, inside)
	}
	out := map[string]any{}
	for keyword, value := range object {
		var err error
		switch keywords()[keyword] {
		case dropped:
			continue
		case judged, folded:
			out[keyword] = value
		case rules:
			out[keyword] = ruled(value)
		case schema:
			out[keyword], err = reduced(files, name, value, inside)
		case list:
			var all []any
			parts, _ := value.([]any)
			for _, part := range parts {
				one, failed := reduced(files, name, part, inside)
				if failed != nil {
					return nil, failed
				}
				all = append(all, one)
			}
			out[keyword] = all
		case members:
			all := map[string]any{}
			each, _ := value.(map[string]any)
			for member, part := range each {
				one, failed := reduced(files, name, part, inside)
				if failed != nil {
					return nil, failed
				}
				all[member] = one
			}
			out[keyword] = all
		default:
			return nil, fmt.Errorf("schemas/%s.schema.json: the script for k6 does not judge the keyword %q; add it "+
				"to conformance/k6/answers.go and to valid in script.js", name, keyword)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ruled returns the requirement of each keyword, and for a required member its own.
func ruled(value any) map[string]any {
	out := map[string]any{}
	entries, _ := value.([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		keyword, _ := entry["keyword"].(string)
		if member, _ := entry["member"].(string); member != "" {
			keyword += "/" + member
		}
		out[keyword] = entry["requirement"]
	}
	return out
}
