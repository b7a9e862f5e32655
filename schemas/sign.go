package schemas

import (
	"encoding/json"
	"slices"
	"strings"
)

// HasSign reports whether the value is an object with one of the signs.
func (d Document) HasSign(signs []Sign) bool {
	return d.IsObject() && slices.ContainsFunc(signs, func(s Sign) bool { return d.signAt(0, s, Document.at) })
}

// HoldsSign reports whether an object at any depth has one of the signs, with its names in any
// letter case, also an object that a string within the value holds as JSON. Signs of a whole body
// count of the value alone.
func (d Document) HoldsSign(signs []Sign) bool {
	return d.IsObject() && d.marked(0, signs) || d.holdsSign(withinBody(signs), textLevels)
}

// TextHoldsSign is [Document.HoldsSign] of the objects that a text holds as JSON, whatever is around them.
// Signs of a whole body do not count.
func TextHoldsSign(text string, signs []Sign) bool {
	return textHoldsSign(text, withinBody(signs), textLevels)
}

// withinBody returns the signs that mark an object within a body too.
func withinBody(signs []Sign) []Sign {
	return slices.DeleteFunc(slices.Clone(signs), func(s Sign) bool { return s.Whole })
}

// marked reports whether the object at a place has one of the signs, with its names in any letter case.
func (d Document) marked(at int, signs []Sign) bool {
	return slices.ContainsFunc(signs, func(s Sign) bool { return d.signAt(at, s, Document.atInAnyCase) })
}

// textLevels is how many texts within texts are read, and objectsOfText how many objects of each.
const (
	textLevels    = 3
	objectsOfText = 16
)

func (d Document) holdsSign(signs []Sign, levels int) bool {
	for at, n := range d.nodes {
		switch n.kind {
		case kindObject:
			if d.marked(at, signs) {
				return true
			}
		case kindString:
			if textHoldsSign(n.text, signs, levels) {
				return true
			}
		}
	}
	return false
}

func textHoldsSign(text string, signs []Sign, levels int) bool {
	if levels == 0 || !strings.Contains(text, "{") {
		return false
	}
	for range objectsOfText {
		found := strings.IndexByte(text, '{')
		for found >= 0 && !strings.HasPrefix(strings.TrimLeft(text[found+1:], " \t\r\n"), `"`) {
			next := strings.IndexByte(text[found+1:], '{')
			if next < 0 {
				return false
			}
			found += 1 + next
		}
		if found < 0 {
			return false
		}
		text = text[found:]
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var value any
		if d.Decode(&value) != nil {
			text = text[1:]
			continue
		}
		if DocumentOf(value).holdsSign(signs, levels-1) {
			return true
		}
		text = text[d.InputOffset():]
	}
	return false
}

// signAt reports whether the object at a place has a sign, whose members the function finds.
func (d Document) signAt(at int, s Sign, find func(d Document, from int, pointer string) int) bool {
	if s.Beside != "" && find(d, at, s.Beside) < 0 || s.With != nil && !d.signAt(at, *s.With, find) {
		return false
	}
	text := ""
	if found := find(d, at, s.At); found >= 0 && d.nodes[found].kind == kindString {
		text = d.nodes[found].text
	}
	return s.Part != "" && strings.Contains(text, s.Part) || slices.Contains(s.Values, text)
}

// atInAnyCase is at, with names in any letter case.
func (d Document) atInAnyCase(from int, pointer string) int {
	for pointer != "" && from >= 0 {
		var name string
		name, pointer = segment(pointer)
		from = d.memberInAnyCase(from, name)
	}
	return from
}

// memberInAnyCase returns where the member of an object is whose name is equal in any letter case,
// -1 where there is none.
func (d Document) memberInAnyCase(at int, name string) int {
	if d.nodes[at].kind == kindObject {
		for child := range d.within(at) {
			if strings.EqualFold(d.nodes[child].name, name) {
				return child
			}
		}
	}
	return -1
}
