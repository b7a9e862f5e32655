package schemas

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Accept reads one JSON text and reports whether it certainly keeps the schema, in one pass
// over its bytes. Then the document has the value that [Decode] makes of it, [Schema.Validate]
// finds nothing, and the text is strict JSON: UTF-8, no byte order mark, no name twice in one
// object.
//
// Where it reports false nothing is said: the text may be valid all the same, such as one
// with a number of many digits, with half of a surrogate pair, or nested deeply. The engine
// decides then, and words what is wrong. A schema with a keyword that Accept does not know
// has it always report false.
//
// The strings of the document are parts of one copy of the text, which lives as long as one of
// them does.
func (s *Schema) Accept(text []byte) (d Document, ok bool) {
	if s.form == nil || !utf8.Valid(text) {
		return Document{}, false
	}
	r := reader{text: string(text), nodes: make([]node, 0, usualNodes)}
	ok = r.value("", s.form, acceptedDepth)
	r.blanks()
	if !ok || r.at != len(r.text) {
		return Document{}, false
	}
	return Document{r.nodes}, true
}

// usualNodes is how many values an answer usually has, at most.
const usualNodes = 24

// What Accept leaves to the engine: texts that are deeper, hold more values, have an object of
// more members, or a number of more characters.
const acceptedDepth, acceptedValues, acceptedMembers, acceptedNumber = 64, 5_000, 64, 32

// A form is what a schema asks of a value, with all that it refers to. A nil form asks for
// nothing.
type form struct {
	types    types
	enums    [][]string // the value is in each of them
	patterns []*Pattern
	shortest int // characters of a string
	longest  int // -1 for no bound
	fewest   int // items of an array
	most     int // -1 for no bound
	items    *form
	members  []member
	required uint64 // the bits of the members that have to be there
}

// A member is one that a form describes or requires. Its bit is that of its place among those of the
// form.
type member struct {
	name string
	form *form
}

// types is a set of JSON types.
type types uint8

const (
	typeNull types = 1 << iota
	typeBoolean
	typeNumber
	typeString
	typeArray
	typeObject

	anyType = typeNull | typeBoolean | typeNumber | typeString | typeArray | typeObject
)

// typesByName are the types that a schema may name. An integer is none of them: whether a
// number is one depends on its value.
func typesByName() map[string]types {
	return map[string]types{"null": typeNull, "boolean": typeBoolean, "number": typeNumber, "string": typeString,
		"array": typeArray, "object": typeObject}
}

// annotation reports whether a keyword constrains nothing.
func annotation(keyword string) bool {
	switch keyword {
	case "title", "description", "default", "examples", "definitions", "format", "$schema", "$id", "$comment":
		return true
	}
	return strings.HasPrefix(keyword, "x-")
}

// A formReader reads the schemas of one file.
type formReader struct {
	library  library
	name     string   // of the file
	open     []string // the references on the way to the schema: of one that leads to itself there is no form
	keywords map[string]func(f *form, value any, r formReader) error
}

// form returns what the schema of that name asks for, given the files that it needs. Its error
// names a keyword that [Schema.Accept] does not know.
func (l library) form(name string, files []string) (*form, error) {
	for _, file := range files {
		if hasOtherID(l.docs[file], base+file+suffix) {
			return nil, fmt.Errorf("the keyword $id, which leads references elsewhere")
		}
	}
	return formReader{l, name, []string{name + "#"}, keywords()}.form(l.docs[name])
}

// hasOtherID reports whether a schema has an $id within it other than the address of its file:
// a reference may go to it, or to what it is the base of.
func hasOtherID(node any, own string) bool {
	switch node := node.(type) {
	case []any:
		return slices.ContainsFunc(node, func(child any) bool { return hasOtherID(child, own) })
	case map[string]any:
		for name, child := range node {
			id, is := child.(string)
			if name == "$id" && is && id != own || hasOtherID(child, own) {
				return true
			}
		}
	}
	return false
}

// form returns what a schema in the file asks for.
func (r formReader) form(node any) (*form, error) {
	if node == true {
		return nil, nil
	}
	schema, is := node.(map[string]any)
	if !is {
		return nil, fmt.Errorf("a schema that is no object")
	}
	f := newForm()
	known := 0
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		if annotation(keyword) {
			continue
		}
		known++
		read := r.keywords[keyword]
		if read == nil {
			return nil, fmt.Errorf("the keyword %s", keyword)
		}
		if err := read(f, schema[keyword], r); err != nil {
			return nil, err
		}
	}
	if schema["$ref"] != nil && known > 1 {
		return nil, fmt.Errorf("a keyword next to $ref, which draft-07 ignores and later drafts do not")
	}
	return f, nil
}

// newForm returns a form that asks for nothing yet.
func newForm() *form {
	return &form{types: anyType, longest: -1, most: -1}
}

// keywords are those that [Schema.Accept] knows, with what each adds to a form.
func keywords() map[string]func(f *form, value any, r formReader) error {
	return map[string]func(f *form, value any, r formReader) error{
		"$ref": func(f *form, value any, r formReader) error {
			ref, _ := value.(string)
			file, node, err := r.library.resolve(r.name, ref)
			if err != nil {
				return err
			}
			_, pointer, _ := strings.Cut(ref, "#")
			if pointer != "" && pointer[0] != '/' {
				return fmt.Errorf("a $ref to a name, %s", ref)
			}
			place := file + "#" + pointer
			if slices.Contains(r.open, place) {
				return fmt.Errorf("a $ref that leads to itself, %s", ref)
			}
			other, err := formReader{r.library, file, append(slices.Clip(r.open), place), r.keywords}.form(node)
			return f.add(other, err)
		},
		"allOf": func(f *form, value any, r formReader) error {
			for _, node := range list(value) {
				other, err := r.form(node)
				if err := f.add(other, err); err != nil {
					return err
				}
			}
			return nil
		},
		"type": func(f *form, value any, _ formReader) error {
			var allowed types
			for _, t := range list(value) {
				name, _ := t.(string)
				known := typesByName()[name]
				if known == 0 {
					return fmt.Errorf("the type %v", t)
				}
				allowed |= known
			}
			f.types &= allowed
			return nil
		},
		"const": func(f *form, value any, r formReader) error {
			return r.keywords["enum"](f, []any{value}, r)
		},
		"enum": func(f *form, value any, _ formReader) error {
			var texts []string
			for _, v := range list(value) {
				text, is := v.(string)
				if !is {
					return fmt.Errorf("a value of enum that is no string")
				}
				texts = append(texts, text)
			}
			f.enums = append(f.enums, texts)
			f.types &= typeString
			return nil
		},
		"pattern": func(f *form, value any, r formReader) error {
			text, _ := value.(string)
			pattern, err := r.library.pattern(text)
			f.patterns = append(f.patterns, pattern)
			return err
		},
		"minLength": bound(func(f *form, n int) { f.shortest = max(f.shortest, n) }),
		"maxLength": bound(func(f *form, n int) { f.longest = tighter(f.longest, n) }),
		"minItems":  bound(func(f *form, n int) { f.fewest = max(f.fewest, n) }),
		"maxItems":  bound(func(f *form, n int) { f.most = tighter(f.most, n) }),
		"items": func(f *form, value any, r formReader) error {
			items, err := r.form(value)
			if err != nil {
				return err
			}
			f.items, err = both(f.items, items)
			return err
		},
		"required": func(f *form, value any, _ formReader) error {
			for _, v := range list(value) {
				name, _ := v.(string)
				if err := f.require(name); err != nil {
					return err
				}
			}
			return nil
		},
		"properties": func(f *form, value any, r formReader) error {
			described, _ := value.(map[string]any)
			for _, name := range slices.Sorted(maps.Keys(described)) {
				other, err := r.form(described[name])
				if err == nil {
					err = f.describe(name, other)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// bound returns the reader of a keyword whose value is a small whole number.
func bound(set func(*form, int)) func(*form, any, formReader) error {
	return func(f *form, value any, _ formReader) error {
		number, _ := value.(json.Number)
		n, err := number.Int64()
		if err != nil || n < 0 || n > 1<<30 {
			return fmt.Errorf("the bound %v", value)
		}
		set(f, int(n))
		return nil
	}
}

// tighter returns the smaller of two upper bounds, of which -1 is none.
func tighter(a, b int) int {
	if a < 0 {
		return b
	}
	return min(a, b)
}

// require has a member be there.
func (f *form) require(name string) error {
	i, err := f.member(name)
	f.required |= 1 << i
	return err
}

// member returns which of the members has a name, and adds one where none has.
func (f *form) member(name string) (i int, err error) {
	i = f.named(name)
	if i < 0 {
		i = len(f.members)
		f.members = append(f.members, member{name: name})
	}
	if i >= acceptedMembers {
		return 0, fmt.Errorf("more than %d members that it describes", acceptedMembers)
	}
	return i, nil
}

// named returns which of the members has a name, -1 where none has.
func (f *form) named(name string) int {
	for i := range f.members {
		if f.members[i].name == name {
			return i
		}
	}
	return -1
}

// describe adds what a member has to be.
func (f *form) describe(name string, other *form) error {
	i, err := f.member(name)
	if err != nil {
		return err
	}
	m := &f.members[i]
	m.form, err = both(m.form, other)
	return err
}

// both returns the form that asks for what two do.
func both(a, b *form) (*form, error) {
	if a == nil || b == nil {
		return cmp.Or(a, b), nil
	}
	out := newForm()
	return out, out.add(a, out.add(b, nil))
}

// add has a form ask for what another does, too.
func (f *form) add(other *form, err error) error {
	if err != nil || other == nil {
		return err
	}
	f.types &= other.types
	f.enums = append(f.enums, other.enums...)
	f.patterns = append(f.patterns, other.patterns...)
	f.shortest, f.fewest = max(f.shortest, other.shortest), max(f.fewest, other.fewest)
	if other.longest >= 0 {
		f.longest = tighter(f.longest, other.longest)
	}
	if other.most >= 0 {
		f.most = tighter(f.most, other.most)
	}
	if f.items, err = both(f.items, other.items); err != nil {
		return err
	}
	for i, m := range other.members {
		if err := f.describe(m.name, m.form); err != nil {
			return err
		}
		if other.required&(1<<i) == 0 {
			continue
		}
		if err := f.require(m.name); err != nil {
			return err
		}
	}
	return nil
}

// allows reports whether a form lets a value have a type.
func (f *form) allows(t types) bool { return f == nil || f.types&t != 0 }

// text reports whether a string is as the form has it.
func (f *form) text(s string) bool {
	if f == nil {
		return true
	}
	for _, values := range f.enums {
		if !slices.Contains(values, s) {
			return false
		}
	}
	for _, p := range f.patterns {
		if !p.MatchString(s) {
			return false
		}
	}
	if f.shortest > 0 || f.longest >= 0 {
		n := utf8.RuneCountInString(s)
		return n >= f.shortest && (f.longest < 0 || n <= f.longest)
	}
	return true
}

// A reader reads a JSON text, which is UTF-8, from its beginning.
type reader struct {
	text  string
	at    int
	nodes []node // what was read
}

// blanks passes over white space.
func (r *reader) blanks() {
	at := r.at
	for at < len(r.text) && (r.text[at] == ' ' || r.text[at] == '\n' || r.text[at] == '\r' || r.text[at] == '\t') {
		at++
	}
	r.at = at
}

// next passes over white space and one byte, where it is c.
func (r *reader) next(c byte) bool {
	r.blanks()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

// value reads a value that is as a form has it.
func (r *reader) value(name string, f *form, depth int) bool {
	r.blanks()
	at := len(r.nodes)
	if at == acceptedValues || depth == 0 || r.at == len(r.text) {
		return false
	}
	r.nodes = append(r.nodes, node{kind: kind(r.text[r.at]), name: name, end: int32(at + 1)})
	n := &r.nodes[at]
	switch n.kind {
	case kindObject:
		return r.object(at, f, depth-1)
	case kindArray:
		return r.array(at, f, depth-1)
	case kindString:
		ok := false
		n.text, ok = r.str()
		return ok && f.allows(typeString) && f.text(n.text)
	case kindTrue:
		return r.word("true") && f.allows(typeBoolean) && f.listless()
	case kindFalse:
		return r.word("false") && f.allows(typeBoolean) && f.listless()
	case kindNull:
		return r.word("null") && f.allows(typeNull) && f.listless()
	}
	ok := false
	n.kind = kindNumber
	n.text, ok = r.number()
	return ok && f.allows(typeNumber) && f.listless()
}

// listless reports whether a form has no list of values, all of which are strings.
func (f *form) listless() bool { return f == nil || len(f.enums) == 0 }

// word passes over a literal name.
func (r *reader) word(name string) bool {
	if !strings.HasPrefix(r.text[r.at:], name) {
		return false
	}
	r.at += len(name)
	return true
}

// number reads a number without an exponent.
func (r *reader) number() (string, bool) {
	from := r.at
	digits := func() (n int) {
		for r.at < len(r.text) && '0' <= r.text[r.at] && r.text[r.at] <= '9' {
			r.at++
			n++
		}
		return n
	}
	if r.text[r.at] == '-' {
		r.at++
	}
	first := r.at
	n := digits()
	if n == 0 || n > 1 && r.text[first] == '0' {
		return "", false
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		r.at++
		if digits() == 0 {
			return "", false
		}
	}
	if r.at < len(r.text) && (r.text[r.at] == 'e' || r.text[r.at] == 'E') {
		return "", false
	}
	return r.text[from:r.at], r.at-from <= acceptedNumber
}

// str reads a string.
func (r *reader) str() (string, bool) {
	from := r.at + 1 // behind the quotation mark
	text := r.text[from:]
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			r.at = from + i + 1
			return text[:i], true
		case c == '\\':
			r.at = from + i
			return r.escaped(from)
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// escaped reads the rest of a string that begins at from and has its first escape here.
func (r *reader) escaped(from int) (string, bool) {
	var room [128]byte
	out := append(room[:0], r.text[from:r.at]...)
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return string(out), true
		case c < ' ':
			return "", false
		case c != '\\':
			out = append(out, c)
			continue
		case r.at == len(r.text):
			return "", false
		}
		c = r.text[r.at]
		r.at++
		switch at := strings.IndexByte(`"\/bfnrt`, c); {
		case at >= 0:
			out = append(out, "\"\\/\b\f\n\r\t"[at])
		case c == 'u' && r.at+4 <= len(r.text):
			var code rune
			for _, digit := range []byte(r.text[r.at : r.at+4]) {
				n := strings.IndexByte("0123456789abcdef", digit|0x20)
				if n < 0 || digit < '0' {
					return "", false
				}
				code = code<<4 | rune(n)
			}
			if 0xD800 <= code && code < 0xE000 {
				return "", false // half of a character
			}
			r.at += 4
			out = utf8.AppendRune(out, code)
		default:
			return "", false
		}
	}
	return "", false
}

// array reads the rest of an array, whose node is at a place.
func (r *reader) array(at int, f *form, depth int) bool {
	if !f.allows(typeArray) || !f.listless() {
		return false
	}
	r.at++ // the bracket
	var items *form
	if f != nil {
		items = f.items
	}
	n := 0
	for ; !r.next(']'); n++ {
		if n > 0 && !r.next(',') || !r.value("", items, depth) {
			return false
		}
	}
	r.nodes[at].end = int32(len(r.nodes))
	return f == nil || n >= f.fewest && (f.most < 0 || n <= f.most)
}

// object reads the rest of an object, whose node is at a place.
func (r *reader) object(at int, f *form, depth int) bool {
	if !f.allows(typeObject) || !f.listless() {
		return false
	}
	r.at++           // the brace
	var there uint64 // the bits of the members that were read
	for n := 0; !r.next('}'); n++ {
		if n == acceptedMembers || n > 0 && !r.next(',') || !r.next('"') {
			return false
		}
		r.at-- // str expects the quotation mark
		name, ok := r.str()
		if !ok || !r.next(':') {
			return false
		}
		var form *form
		twice, i := false, -1
		if f != nil {
			i = f.named(name)
		}
		if i >= 0 {
			form = f.members[i].form
			twice = there&(1<<i) != 0
			there |= 1 << i
		} else {
			r.nodes[at].end = int32(len(r.nodes))
			twice = Document{r.nodes}.member(at, name) >= 0
		}
		if twice || !r.value(name, form, depth) {
			return false
		}
	}
	r.nodes[at].end = int32(len(r.nodes))
	return f == nil || there&f.required == f.required
}
