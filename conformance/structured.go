package conformance

import (
	"encoding/base64"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// A structuredKind is a type of a structured field (RFC 9651 3.3).
type structuredKind byte

const (
	structuredInteger structuredKind = iota + 1
	structuredDecimal
	structuredString // a display string too
	structuredToken
	structuredBytes
	structuredBoolean
	structuredDate
	structuredList // an inner list
)

// A structuredItem is an item of a structured field, or a member of its dictionary, which has a key.
type structuredItem struct {
	key    string
	kind   structuredKind
	number int64 // of an integer
	params []structuredItem
}

// param returns the parameter of a name, or the zero item.
func (i structuredItem) param(name string) structuredItem {
	for _, p := range i.params {
		if p.key == name {
			return p
		}
	}
	return structuredItem{}
}

// A structuredReader reads a structured field from the left.
type structuredReader struct{ text string }

// readStructuredList reads a list (RFC 9651 4.2.1).
func readStructuredList(text string) (out []structuredItem, ok bool) {
	return readStructured(text, (*structuredReader).member)
}

// readStructuredDictionary reads a dictionary (RFC 9651 4.2.2).
func readStructuredDictionary(text string) (out []structuredItem, ok bool) {
	return readStructured(text, (*structuredReader).keyed)
}

// readStructured reads members with commas between them. A field without any is not to be sent, and is read as empty.
func readStructured(text string, member func(*structuredReader) (structuredItem, bool)) ([]structuredItem, bool) {
	r := &structuredReader{strings.Trim(text, " ")}
	var out []structuredItem
	for r.text != "" {
		item, ok := member(r)
		if !ok {
			return nil, false
		}
		out = append(out, item)
		r.text = strings.TrimLeft(r.text, " \t")
		if r.text == "" {
			break
		}
		if !r.take(',') {
			return nil, false
		}
		if r.text = strings.TrimLeft(r.text, " \t"); r.text == "" {
			return nil, false
		}
	}
	return out, true
}

// take takes a byte from the front of the text, where it is there.
func (r *structuredReader) take(c byte) bool {
	if r.text == "" || r.text[0] != c {
		return false
	}
	r.text = r.text[1:]
	return true
}

// while takes bytes from the front of the text.
func (r *structuredReader) while(is func(c byte) bool) string {
	n := 0
	for n < len(r.text) && is(r.text[n]) {
		n++
	}
	out := r.text[:n]
	r.text = r.text[n:]
	return out
}

// name takes a key.
func (r *structuredReader) name() (string, bool) {
	if r.text == "" || !isSmallLetter(r.text[0]) && r.text[0] != '*' {
		return "", false
	}
	isOfName := func(c byte) bool { return isSmallLetter(c) || isDigit(c) || strings.IndexByte("_-.*", c) >= 0 }
	return r.while(isOfName), true
}

// keyed takes a member of a dictionary.
func (r *structuredReader) keyed() (item structuredItem, ok bool) {
	key, ok := r.name()
	switch {
	case !ok:
		return item, false
	case r.take('='):
		item, ok = r.member()
	default:
		item.kind = structuredBoolean
		item.params, ok = r.parameters()
	}
	item.key = key
	return item, ok
}

// member takes an item or an inner list, with its parameters.
func (r *structuredReader) member() (item structuredItem, ok bool) {
	if !r.take('(') {
		return r.item()
	}
	item.kind = structuredList
	for {
		r.text = strings.TrimLeft(r.text, " ")
		if r.take(')') {
			item.params, ok = r.parameters()
			return item, ok
		}
		if _, ok := r.item(); !ok || r.text == "" || r.text[0] != ' ' && r.text[0] != ')' {
			return item, false
		}
	}
}

// item takes an item with its parameters.
func (r *structuredReader) item() (item structuredItem, ok bool) {
	if item, ok = r.bare(); ok {
		item.params, ok = r.parameters()
	}
	return item, ok
}

// parameters takes the parameters of an item.
func (r *structuredReader) parameters() (out []structuredItem, ok bool) {
	for r.take(';') {
		r.text = strings.TrimLeft(r.text, " ")
		key, ok := r.name()
		if !ok {
			return nil, false
		}
		value := structuredItem{kind: structuredBoolean}
		if r.take('=') {
			if value, ok = r.bare(); !ok {
				return nil, false
			}
		}
		value.key = key
		out = append(out, value)
	}
	return out, true
}

// bare takes a value without parameters.
func (r *structuredReader) bare() (item structuredItem, ok bool) {
	if r.text == "" {
		return item, false
	}
	switch c := r.text[0]; {
	case c == '-' || isDigit(c):
		return r.number()
	case c == '"':
		return structuredItem{kind: structuredString}, r.quoted()
	case c == '*' || isSmallLetter(c|0x20):
		r.while(func(c byte) bool { return httpguts.IsTokenRune(rune(c)) || c == ':' || c == '/' })
		return structuredItem{kind: structuredToken}, true
	case c == ':':
		text, rest, closed := strings.Cut(r.text[1:], ":")
		r.text = rest
		_, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		return structuredItem{kind: structuredBytes}, closed && err == nil
	case c == '?':
		r.text = r.text[1:]
		return structuredItem{kind: structuredBoolean}, r.take('0') || r.take('1')
	case c == '@':
		r.text = r.text[1:]
		item, ok = r.number()
		return structuredItem{kind: structuredDate, number: item.number}, ok && item.kind == structuredInteger
	case c == '%':
		r.text = r.text[1:]
		return structuredItem{kind: structuredString}, r.quoted()
	}
	return item, false
}

// number takes an integer of at most 15 digits, or a decimal of at most 12 and 3.
func (r *structuredReader) number() (item structuredItem, ok bool) {
	sign := ""
	if r.take('-') {
		sign = "-"
	}
	digits := r.while(isDigit)
	if !r.take('.') {
		item.number, _ = strconv.ParseInt(sign+digits, 10, 64)
		item.kind = structuredInteger
		return item, digits != "" && len(digits) <= 15
	}
	behind := r.while(isDigit)
	item.kind = structuredDecimal
	return item, digits != "" && len(digits) <= 12 && behind != "" && len(behind) <= 3
}

// quoted takes a string.
func (r *structuredReader) quoted() bool {
	if !r.take('"') {
		return false
	}
	for r.text != "" {
		switch c := r.text[0]; {
		case r.take('"'):
			return true
		case r.take('\\'):
			if !r.take('"') && !r.take('\\') {
				return false
			}
		case c < ' ' || c >= 0x7F:
			return false
		default:
			r.text = r.text[1:]
		}
	}
	return false
}

func isSmallLetter(c byte) bool { return 'a' <= c && c <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
