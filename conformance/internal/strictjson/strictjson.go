// Package strictjson reports whether bytes are exactly one well-formed JSON text,
// as RFC 8259 asks and encoding/json does not check.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A Kind is the way in which bytes fail to be one JSON text.
type Kind string

// The kinds.
const (
	Empty     Kind = "empty"     // nothing, or white space only
	BOM       Kind = "bom"       // begins with a byte order mark (RFC 8259 8.1)
	Encoding  Kind = "encoding"  // is not UTF-8 (RFC 8259 8.1)
	Duplicate Kind = "duplicate" // an object has two members of one name (RFC 8259 4)
	Trailing  Kind = "trailing"  // goes on after the value
	Cut       Kind = "cut"       // ends before the value does
	Syntax    Kind = "syntax"    // is not JSON at Offset
	Deep      Kind = "deep"      // is nested deeper than MaxDepth
)

// MaxDepth is the nesting that is still read; RFC 8259 9 allows a limit.
const MaxDepth = 10_000

// An Error says how bytes fail to be one JSON text, and at which byte.
type Error struct {
	Kind   Kind
	Offset int64 // bytes before the fault
	Msg    string
}

func (e *Error) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Msg) }

var bom = []byte("\xEF\xBB\xBF")

// TrimBOM returns b without a leading UTF-8 byte order mark.
func TrimBOM(b []byte) []byte { return bytes.TrimPrefix(b, bom) }

// Check returns nil where b is exactly one well-formed JSON text in UTF-8
// without a byte order mark and without duplicate member names, and an *Error
// elsewhere. Escapes of lone surrogates pass: the grammar allows them.
func Check(b []byte) error { return check(b, false) }

// CheckText is [Check] for a text in which an object may have two members of one
// name, which the grammar allows.
func CheckText(b []byte) error { return check(b, true) }

func check(b []byte, duplicates bool) error {
	if jsontext.Value(b).IsValid() {
		return nil // by stricter rules than these, and without the memory of a decoder
	}
	switch {
	case bytes.HasPrefix(b, bom):
		return &Error{BOM, 0, "a byte order mark stands before the JSON text"}
	case bytes.HasPrefix(b, []byte("\xFF\xFE")), bytes.HasPrefix(b, []byte("\xFE\xFF")):
		return &Error{Encoding, 0, "the text is UTF-16, not UTF-8"}
	case !utf8.Valid(b):
		return &Error{Encoding, firstInvalid(b), "the bytes are not UTF-8"}
	case len(bytes.Trim(b, " \t\r\n")) == 0:
		return &Error{Empty, int64(len(b)), "there is no JSON value"}
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowInvalidUTF8(true),
		jsontext.AllowDuplicateNames(duplicates))
	if err := d.SkipValue(); err != nil {
		return classify(err, b)
	}
	if rest := bytes.TrimLeft(b[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return &Error{Trailing, int64(len(b) - len(rest)), fmt.Sprintf("%d more bytes follow the JSON value",
			len(rest))}
	}
	return nil
}

// StringMember returns the string that a member of an object has, and whether it has one.
// What does not pass [Check], or is no object, has none.
func StringMember(b []byte, member string) (text string, found bool) {
	if !bytes.Contains(b, []byte(member)) && bytes.IndexByte(b, '\\') < 0 {
		return "", false // most that is no object
	}
	if tooDeep(b) || Check(b) != nil {
		return "", false
	}
	var values [1][]byte
	fill(values[:], b, []string{member})
	value := values[0]
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1]), true
	}
	return text, json.Unmarshal(value, &text) == nil
}

// tooDeep reports whether a text is nested deeper than is read, if it is JSON. It looks at few texts
// wholly.
func tooDeep(b []byte) bool {
	if bytes.Count(b, []byte{'['})+bytes.Count(b, []byte{'{'}) <= MaxDepth {
		return false
	}
	depth := 0
	for at := 0; at < len(b); at++ {
		switch b[at] {
		case '"':
			for at++; at < len(b) && b[at] != '"'; at++ {
				if b[at] == '\\' {
					at++
				}
			}
		case '[', '{':
			if depth++; depth > MaxDepth {
				return true
			}
		case ']', '}':
			depth--
		}
	}
	return false
}

// Members returns the values of the named members of an object, as they are written; nil
// for one that the object does not have. Where the text is no object there are none at all.
// The error is that of [Check].
func Members(b []byte, names ...string) (values [][]byte, err error) {
	if err := Check(b); err != nil {
		return nil, err
	}
	values = make([][]byte, len(names))
	if !fill(values, b, names) {
		return nil, nil
	}
	return values, nil
}

// Values returns how many values a JSON text has, nested ones and the names of
// members among them, or a number above most as soon as it is known to be more.
// Of what is no JSON text it counts what can be read.
func Values(b []byte, most int) (n int) {
	// Few separators, few values: most texts need no second look.
	if bytes.Count(b, []byte{','})+bytes.Count(b, []byte{':'})+bytes.Count(b, []byte{'['})+
		bytes.Count(b, []byte{'{'}) < most {
		return 0
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	for n <= most {
		if _, err := d.ReadToken(); err != nil {
			break
		}
		n++
	}
	return n
}

func classify(err error, b []byte) error {
	e := &Error{Kind: Syntax, Offset: int64(len(b)), Msg: "this is not JSON"}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		e.Offset = syntactic.ByteOffset
		if syntactic.Err != nil {
			e.Msg = syntactic.Err.Error()
		}
		if errors.Is(syntactic.Err, jsontext.ErrDuplicateName) {
			e.Kind, e.Msg = Duplicate, fmt.Sprintf("the member %s stands twice", brief(string(syntactic.JSONPointer)))
			return e
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		e.Kind, e.Msg = Cut, "the text ends inside the JSON value"
	}
	if e.Msg == "exceeded max depth" {
		e.Kind, e.Msg = Deep, fmt.Sprintf("nested deeper than %d", MaxDepth)
	}
	return e
}

// brief cuts a pointer to what a line can hold.
func brief(pointer string) string {
	const most = 80
	if runes := []rune(pointer); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return pointer
}

func firstInvalid(b []byte) int64 {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return int64(i)
		}
		i += n
	}
	return int64(len(b))
}
