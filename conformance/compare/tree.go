package compare

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"fmaspec/conformance/record"
)

// A set holds words.
type set map[string]bool

// The words for the values at a place of a body, besides the JSON types.
const (
	absent  = "absent"
	present = "present" // a header field whose value is not compared
	empty   = "empty"   // an empty body
	noJSON  = "not JSON"
)

// A node holds the values at one place of one answer, or of several to the same request. The
// items of an array share one node.
type node struct {
	types   set
	values  set // of strings, if the place has a closed set of them
	members map[string]*node
	items   *node
	objects int // complete objects here
	in      int // number of the parent objects with this member
}

func newNode() *node { return &node{types: set{}} }

// closed is a tree of the places whose values are a closed set. A nil closed has none.
type closed struct {
	here    bool
	members map[string]*closed // "*" for the items of an array
}

func (c *closed) at(name string) *closed {
	if c == nil {
		return nil
	}
	return c.members[name]
}

// closedPlaces returns the places whose values are a closed set, with the reason.
func closedPlaces() map[string]string {
	return map[string]string{
		"/type":                   "its schema has one value for each operation",
		"/status":                 "it is one of six words that the suite knows",
		"/fileInstances/*/status": "it is one of the same words",
		"/error/code":             "programs distinguish errors by it, and a server has few",
	}
}

func closedTree() *closed {
	root := &closed{}
	for pointer := range closedPlaces() {
		at := root
		for _, name := range strings.Split(pointer, "/")[1:] {
			if at.members == nil {
				at.members = map[string]*closed{}
			}
			if at.members[name] == nil {
				at.members[name] = &closed{}
			}
			at = at.members[name]
		}
		at.here = true
	}
	return root
}

// The limits for a body: its depth, its decoded length, and the number of different values of
// a closed set, above which it is not closed.
const deepest, longest, mostValues = 64, 4 << 20, 16

// body adds the body of an answer to a node. Members missing in an incomplete body are unknown.
func (n *node) body(r *record.Response, places *closed) {
	text, whole, readable := plain(r)
	switch {
	case !readable || len(text) == 0 && !whole:
		return
	case len(text) == 0:
		n.types[empty] = true
		return
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	read := newNode()
	err := read.read(d, 0, places)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			n.add(read)
			return
		}
	}
	if !whole && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		n.add(read)
		return
	}
	n.types[noJSON] = true
}

// plain returns the decoded body, and whether it is complete.
func plain(r *record.Response) (text []byte, whole, readable bool) {
	whole = !r.Shortened && !r.Truncated
	switch coding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"),
		","))); coding {
	case "", "identity":
		return r.Body, whole, true
	case "gzip", "x-gzip":
		packed, err := gzip.NewReader(bytes.NewReader(r.Body))
		if err != nil {
			return nil, false, false
		}
		text, err = io.ReadAll(io.LimitReader(packed, longest+1))
		return text, whole && err == nil && len(text) <= longest, true
	}
	return nil, false, false
}

// read adds the next value of a text.
func (n *node) read(d *json.Decoder, depth int, places *closed) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case nil:
		n.types["null"] = true
	case bool:
		n.types["boolean"] = true
	case json.Number:
		n.types["number"] = true
	case string:
		n.types["string"] = true
		if places != nil && places.here {
			if n.values == nil {
				n.values = set{}
			}
			if len(n.values) <= mostValues {
				n.values[quoted(t)] = true
			}
		}
	case json.Delim:
		if t == '{' {
			n.types["object"] = true
		} else {
			n.types["array"] = true
		}
		switch {
		case depth == deepest:
			return skip(d)
		case t == '{':
			return n.object(d, depth, places)
		}
		return n.array(d, depth, places)
	}
	return nil
}

func (n *node) object(d *json.Decoder, depth int, places *closed) error {
	held := map[string]*node{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		child := n.member(name)
		held[name] = child
		if err := child.read(d, depth+1, places.at(name)); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	n.objects++
	for _, child := range held {
		child.in++
	}
	return nil
}

func (n *node) array(d *json.Decoder, depth int, places *closed) error {
	if n.items == nil {
		n.items = newNode()
	}
	for d.More() {
		if err := n.items.read(d, depth+1, places.at("*")); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// skip reads to the end of an open array or object.
func skip(d *json.Decoder) error {
	for open := 1; open > 0; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		if delim, is := t.(json.Delim); is && (delim == '{' || delim == '[') {
			open++
		} else if is {
			open--
		}
	}
	return nil
}

func (n *node) member(name string) *node {
	if n.members == nil {
		n.members = map[string]*node{}
	}
	if n.members[name] == nil {
		n.members[name] = newNode()
	}
	return n.members[name]
}

// add merges another node into this one.
func (n *node) add(other *node) {
	for word := range other.types {
		n.types[word] = true
	}
	for word := range other.values {
		if n.values == nil {
			n.values = set{}
		}
		n.values[word] = true
	}
	n.objects += other.objects
	n.in += other.in
	for name, child := range other.members {
		n.member(name).add(child)
	}
	if other.items != nil {
		if n.items == nil {
			n.items = newNode()
		}
		n.items.add(other.items)
	}
}

// of returns a member of the objects here: its node, or nil, and the words for it, none if
// nothing is known.
func (n *node) of(name string) (*node, set) {
	child := n.members[name]
	words := set{}
	if child != nil {
		for word := range child.types {
			words[word] = true
		}
	}
	if child == nil && n.objects > 0 || child != nil && child.in < n.objects {
		words[absent] = true
	}
	return child, words
}
