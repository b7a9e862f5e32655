package schemas

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The extensions that say what no keyword can. They are described by
// relations.schema.json, and in docs/relations.md.
const (
	relationsKey  = "x-relations"  // at the root of an answer: what its members owe to others
	namesKey      = "x-names"      // at a member: what its value names
	resourceKey   = "x-resource"   // at the root of an answer: by what an action is recognised
	repetitionKey = "x-repetition" // at the root of a refusal: how it says that the action is under way
)

// A Relation is one entry of x-relations: what members of an answer owe to the
// request, to each other, or to other answers.
type Relation struct {
	Schema string `json:"-"` // the schema in whose file the entry stands
	Index  int    `json:"-"` // of the entry in its list, from 0

	Check       string   `json:"check"`       // name of the check that judges it
	Kind        string   `json:"relation"`    // one of RelationKinds
	Requirement string   `json:"requirement"` // id of the requirement
	Says        string   `json:"says"`        // what the check judges, in one sentence; in its first entry
	At          []string `json:"at"`          // pointers into the answer, "*" for every item of an array
	Member      string   `json:"member"`      // of the request
	Other       string   `json:"other"`       // pointer to another member of the answer
	IgnoreCase  bool     `json:"ignoreCase"`  // letter case is no difference
	Values      []string `json:"values"`      // those that are allowed
	Pattern     string   `json:"pattern"`     // a regular expression
	Since       string   `json:"since"`       // the first instant of a window, as of RFC 3339
	Ahead       string   `json:"ahead"`       // how far behind the end of the exchange a window ends, such as 24h
	Tolerance   string   `json:"tolerance"`   // how far an instant may be before an earlier one, such as 1s
	Want        string   `json:"want"`        // what is wanted, in plain words

	files   fs.FS  // that hold the file
	pointer string // to the entry in it
}

// A Resource is by what a body is recognised as an action, whole or in part.
type Resource struct {
	Name  string `json:"name"`
	Signs []Sign `json:"signs"` // each suffices
}

// A Sign is a member whose value marks an action.
type Sign struct {
	At     string `json:"at"`     // pointer to the member
	Part   string `json:"part"`   // a part of its value
	OfEnum bool   `json:"ofEnum"` // or the value is one that the schema's enum of the member allows
	Beside string `json:"beside"` // pointer to a member that has to be there too, or ""
	With   *Sign  `json:"with"`   // a sign that the same object has to have too, or nil
	Whole  bool   `json:"whole"`  // it marks a whole body alone, and no object within

	Values []string `json:"values"` // or the value is one of these, to which those of the enum are added
}

// A Repetition is how a refusal says that the action is under way already.
type Repetition struct {
	At     string   `json:"at"`
	Values []string `json:"values"`
}

// An Outline is what a schema says besides its keywords, with all that it refers to.
type Outline struct {
	Places     []string          // pointers to its members and items, sorted
	Relations  []Relation        // in their order
	Names      map[string]string // pointers to the members that name something, by what they name
	Resource   *Resource         // nil where it says nothing
	Repetition *Repetition       // nil where it says nothing
}

// relationKinds are the relations, with the members that an entry of each has to have.
func relationKinds() map[string][]string {
	return map[string][]string{
		"rules":              nil,
		"equals-request":     {"at", "member"},
		"equals":             {"at", "other"},
		"one-of":             {"at", "values"},
		"none-of":            {"at", "values", "want"},
		"pattern":            {"at", "pattern", "want"},
		"instant":            {"at"},
		"within":             {"at", "since", "ahead", "want"},
		"ordered":            {"at", "want"},
		"instant-form":       {"at", "pattern", "want"},
		"fresh":              {"at"},
		"same-for-machine":   {"at"},
		"differs-by-machine": {"at"},
		"same-for-token":     {"at"},
		"not-before-earlier": {"at", "tolerance", "want"},
		"echoed-alike":       {"at", "member"},
		"near-date":          {"at", "tolerance", "want"},
		"distinct":           {"at"},
		"same-for-action":    {"at"},
		"stays-for-action":   {"at", "values"},
		"later-for-action":   {"at", "tolerance"},
	}
}

// ofOneMember are the relations that compare one member with that of other answers.
func ofOneMember() []string {
	return []string{"fresh", "same-for-machine", "differs-by-machine", "same-for-token", "not-before-earlier",
		"echoed-alike", "same-for-action", "stays-for-action", "later-for-action"}
}

// RelationKinds returns the names of all relations, sorted.
func RelationKinds() []string { return slices.Sorted(maps.Keys(relationKinds())) }

// Outline returns the outline of the schema of that name. An entry of an extension
// that cannot be read is an error, as is a pointer to what the schema does not have.
func (l Library) Outline(name string) (Outline, error) { return l.Reader().Outline(name) }

// Outline is [Library.Outline].
func (r *Reader) Outline(name string) (Outline, error) { return r.outline(name) }

func (l library) outline(name string) (Outline, error) {
	w, err := l.walked(name)
	if err != nil {
		return Outline{}, err
	}
	out := w.out
	out.Places = slices.Sorted(maps.Keys(w.places))
	for i := range out.Relations {
		r := &out.Relations[i]
		for _, at := range slices.Concat(r.At, []string{r.Other}) {
			if at != "" && !w.places[at] {
				return Outline{}, fmt.Errorf("%s: %s", r.Place(), nothingAt(at, out.Places))
			}
		}
	}
	if out.Resource != nil {
		for i := range out.Resource.Signs {
			for sign := &out.Resource.Signs[i]; sign != nil; sign = sign.With {
				for _, at := range []string{sign.At, sign.Beside} {
					if at != "" && !w.places[at] {
						return Outline{}, fmt.Errorf("%s: %s: %s", l.placeOf(name, "/"+resourceKey), resourceKey,
							nothingAt(at, out.Places))
					}
				}
				if sign.OfEnum {
					sign.Values = slices.Concat(sign.Values, w.enums[sign.At])
				}
			}
		}
	}
	if r := out.Repetition; r != nil && !w.places[r.At] {
		return Outline{}, fmt.Errorf("%s: %s: %s", l.placeOf(name, "/"+repetitionKey), repetitionKey,
			nothingAt(r.At, out.Places))
	}
	return out, nil
}

func nothingAt(at string, places []string) string {
	members := slices.DeleteFunc(slices.Clone(places), func(p string) bool { return p == "" })
	return fmt.Sprintf("there is no member at %q; the members are %s", at, strings.Join(members, ", "))
}

// Place is where the entry stands, with the line of its file, as errors have it.
func (r *Relation) Place() string {
	return fmt.Sprintf("%s: %s/%d", library{files: r.files}.placeOf(r.Schema, r.pointer), relationsKey, r.Index)
}

// extensions reads what a schema says besides its keywords.
func (w *walker) extensions(name, where, pointer string, schema map[string]any) error {
	fail := func(key, format string, args ...any) error {
		return fmt.Errorf("%s: %s at %q: %s", w.placeOf(name, where+"/"+key), key, pointer,
			fmt.Sprintf(format, args...))
	}
	w.places[pointer] = true
	values, _ := schema["enum"].([]any)
	for _, v := range values {
		if text, is := v.(string); is {
			w.enums[pointer] = append(w.enums[pointer], text)
		}
	}
	if what, there := schema[namesKey]; there {
		text, _ := what.(string)
		if text != "file" {
			return fail(namesKey, "%v is nothing that a member can name; write \"file\"", what)
		}
		if other, taken := w.out.Names[text]; taken && other != pointer {
			return fail(namesKey, "%q names the %s too; leave it to one of them", other, text)
		}
		w.out.Names[text] = pointer
	}
	for _, key := range []string{relationsKey, resourceKey, repetitionKey} {
		if schema[key] != nil && pointer != "" {
			return fail(key, "it stands at the root of a schema; move it there, and write pointers from there")
		}
	}
	if value := schema[resourceKey]; value != nil {
		w.out.Resource = &Resource{}
		if err := strictly(value, w.out.Resource); err != nil {
			return fail(resourceKey, "%v; it is an object with a name and signs, as relations.schema.json says", err)
		}
	}
	if value := schema[repetitionKey]; value != nil {
		w.out.Repetition = &Repetition{}
		if err := strictly(value, w.out.Repetition); err != nil {
			return fail(repetitionKey, "%v; it is an object with at and values, as relations.schema.json says", err)
		}
	}
	if value := schema[relationsKey]; value != nil {
		return w.relations(name, where+"/"+relationsKey, value)
	}
	return nil
}

// relations reads the x-relations of one schema.
func (w *walker) relations(name, where string, value any) error {
	entries, ok := value.([]any)
	if !ok {
		return fmt.Errorf("%s: %s: it is a list of objects, each with check, relation and requirement, "+
			"as relations.schema.json says", w.placeOf(name, where), relationsKey)
	}
	for i, e := range entries {
		r := Relation{Schema: name, Index: i, files: w.files, pointer: fmt.Sprintf("%s/%d", where, i)}
		if err := strictly(e, &r); err != nil {
			return fmt.Errorf("%s: %w; relations.schema.json says what an entry may have", r.Place(), err)
		}
		if why := r.flaw(e); why != "" {
			return fmt.Errorf("%s: %s", r.Place(), why)
		}
		w.out.Relations = append(w.out.Relations, r)
	}
	return nil
}

// flaw returns what is wrong with an entry of x-relations, with a remedy, or "".
func (r *Relation) flaw(entry any) string {
	owed, known := relationKinds()[r.Kind]
	if !known {
		return fmt.Sprintf("unknown relation %q; the relations are %s", r.Kind, strings.Join(RelationKinds(), ", "))
	}
	members, _ := entry.(map[string]any)
	for _, name := range slices.Concat([]string{"check", "requirement"}, owed) {
		switch v := members[name].(type) {
		case nil:
			return fmt.Sprintf("the relation %s has no %s; give it one", r.Kind, name)
		case string:
			if v == "" {
				return fmt.Sprintf("the relation %s has an empty %s; fill it in", r.Kind, name)
			}
		case []any:
			if len(v) == 0 {
				return fmt.Sprintf("the relation %s has an empty %s; fill it in", r.Kind, name)
			}
		}
	}
	if _, err := regexp.Compile(r.Pattern); err != nil {
		return fmt.Sprintf("the pattern is invalid: %v; correct it", err)
	}
	if _, err := time.Parse(time.RFC3339, r.Since); r.Since != "" && err != nil {
		return fmt.Sprintf("since is %q, which is no instant; write one such as 2016-01-01T00:00:00Z", r.Since)
	}
	if _, err := time.ParseDuration(cmp.Or(r.Ahead, "0s")); err != nil {
		return fmt.Sprintf("ahead is %q, which is no duration; write one such as 24h", r.Ahead)
	}
	if d, err := time.ParseDuration(cmp.Or(r.Tolerance, "0s")); err != nil || d < 0 {
		return fmt.Sprintf("tolerance is %q, which is no duration; write one such as 1s", r.Tolerance)
	}
	if slices.Contains(ofOneMember(), r.Kind) && len(r.At) > 1 {
		return fmt.Sprintf("the relation %s is of one member, and at names %d; give each an entry with a check of "+
			"its own", r.Kind, len(r.At))
	}
	if r.Kind == "ordered" && len(r.At) < 2 {
		return "an order is of two members at least; name them under at, the earlier first"
	}
	return ""
}

// strictly decodes a value, and fails for members that the target does not have.
func strictly(value, into any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err = d.Decode(into)
	if err != nil {
		return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
