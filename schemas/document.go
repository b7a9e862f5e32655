package schemas

import (
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Document is a JSON value that is looked at by pointers: fewer and smaller pieces of memory than
// the maps of [Decode], and as fast to look at where objects have few members. The zero value is no
// value at all.
type Document struct {
	nodes []node // each before those within it
}

// A node is a value within a document.
type node struct {
	kind kind
	end  int32  // behind the nodes within it
	name string // of a member
	text string // of a string, and of a number as it is written
}

// A kind says what a node is, by the first byte of its text.
type kind byte

const (
	kindNull   kind = 'n'
	kindTrue   kind = 't'
	kindFalse  kind = 'f'
	kindNumber kind = '0'
	kindString kind = '"'
	kindArray  kind = '['
	kindObject kind = '{'
)

// DocumentOf returns the document of a value as [Decode] returns it.
func DocumentOf(value any) (d Document) {
	d.add("", value)
	return d
}

func (d *Document) add(name string, value any) {
	at := len(d.nodes)
	n := node{kind: kindNull, name: name}
	d.nodes = append(d.nodes, n)
	switch value := value.(type) {
	case bool:
		n.kind = map[bool]kind{false: kindFalse, true: kindTrue}[value]
	case json.Number:
		n.kind, n.text = kindNumber, string(value)
	case string:
		n.kind, n.text = kindString, value
	case []any:
		n.kind = kindArray
		for _, item := range value {
			d.add("", item)
		}
	case map[string]any:
		n.kind = kindObject
		for _, name := range slices.Sorted(maps.Keys(value)) {
			d.add(name, value[name])
		}
	}
	n.end = int32(len(d.nodes))
	d.nodes[at] = n
}

// Value returns the value as [Decode] does; nil where there is none.
func (d Document) Value() any {
	if len(d.nodes) == 0 {
		return nil
	}
	return d.value(0)
}

func (d Document) value(at int) any {
	n := d.nodes[at]
	switch n.kind {
	case kindTrue, kindFalse:
		return n.kind == kindTrue
	case kindNumber:
		return json.Number(n.text)
	case kindString:
		return n.text
	case kindArray:
		out := []any{}
		for child := range d.within(at) {
			out = append(out, d.value(child))
		}
		return out
	case kindObject:
		out := map[string]any{}
		for child := range d.within(at) {
			out[d.nodes[child].name] = d.value(child)
		}
		return out
	}
	return nil
}

// within returns where the members of an object and the items of an array are.
func (d Document) within(at int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for child := at + 1; child < int(d.nodes[at].end) && yield(child); child = int(d.nodes[child].end) {
		}
	}
}

// Around returns the object or array in which the value at a place stands, as [Decode] does; nil around
// the whole value.
func (d Document) Around(place int) any {
	for at := place - 1; at >= 0; at-- {
		if place < int(d.nodes[at].end) {
			return d.value(at)
		}
	}
	return nil
}

// IsObject reports whether the value is an object.
func (d Document) IsObject() bool { return len(d.nodes) > 0 && d.nodes[0].kind == kindObject }

// at returns where the value is to which a pointer leads through objects alone, -1 where none is.
func (d Document) at(from int, pointer string) int {
	for pointer != "" && from >= 0 {
		var name string
		name, pointer = segment(pointer)
		from = d.member(from, name)
	}
	return from
}

// segment returns the name with which a JSON pointer begins, and the rest.
func segment(pointer string) (name, rest string) {
	name = pointer[1:] // without the slash
	if end := strings.IndexByte(name, '/'); end >= 0 {
		name, rest = name[:end], name[end:]
	}
	if strings.IndexByte(name, '~') >= 0 {
		name = unescape(name)
	}
	return name, rest
}

// member returns where the member of an object is, -1 where there is none.
func (d Document) member(at int, name string) int {
	if d.nodes[at].kind != kindObject {
		return -1
	}
	for child, end := at+1, int(d.nodes[at].end); child < end; child = int(d.nodes[child].end) {
		if d.nodes[child].name == name {
			return child
		}
	}
	return -1
}

// Has reports whether a JSON pointer leads to a value, even if it is null.
func (d Document) Has(pointer string) bool { return len(d.nodes) > 0 && d.at(0, pointer) >= 0 }

// HasMember reports whether the value has a member of that name which is not null.
func (d Document) HasMember(name string) bool {
	if !d.IsObject() {
		return false
	}
	at := d.member(0, name)
	return at >= 0 && d.nodes[at].kind != kindNull
}

// Text returns the string to which a JSON pointer leads, and whether it leads to one.
func (d Document) Text(pointer string) (text string, is bool) {
	if len(d.nodes) == 0 {
		return "", false
	}
	at := d.at(0, pointer)
	if at < 0 || d.nodes[at].kind != kindString {
		return "", false
	}
	return d.nodes[at].text, true
}

// TextAt returns the string at a place.
func (d Document) TextAt(place int) string { return d.nodes[place].text }

// A Pointer is a JSON pointer that was read: the names that lead to a value, of which "*" stands for
// every item of an array.
type Pointer []string

// PointerOf reads a JSON pointer.
func PointerOf(text string) (p Pointer) {
	for text != "" {
		var name string
		name, text = segment(text)
		p = append(p, name)
	}
	return p
}

// AppendTexts appends the places of the strings to which a pointer leads.
func (d Document) AppendTexts(to []int, p Pointer) []int {
	if len(d.nodes) == 0 {
		return to
	}
	return d.appendTexts(to, 0, p)
}

func (d Document) appendTexts(to []int, at int, p Pointer) []int {
	for i, name := range p {
		if name == "*" && d.nodes[at].kind == kindArray {
			for item, end := at+1, int(d.nodes[at].end); item < end; item = int(d.nodes[item].end) {
				to = d.appendTexts(to, item, p[i+1:])
			}
			return to
		}
		if at = d.member(at, name); at < 0 {
			return to
		}
	}
	if d.nodes[at].kind == kindString {
		to = append(to, at)
	}
	return to
}

// Pointer returns the JSON pointer to a place.
func (d Document) Pointer(place int) string {
	out := ""
	for at := 0; at != place; {
		i := 0
		for child := range d.within(at) {
			if place < int(d.nodes[child].end) {
				name := strconv.Itoa(i)
				if d.nodes[at].kind == kindObject {
					name = escape(d.nodes[child].name)
				}
				out, at = out+"/"+name, child
				break
			}
			i++
		}
	}
	return out
}
