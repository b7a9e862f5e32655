package strictjson

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// fill sets values to those of the named members of an object, for a text that passes [Check], so
// that a value ends where its quotation marks and brackets say. It reports whether the text is an object.
func fill(values [][]byte, b []byte, names []string) bool {
	at := blanks(b, 0)
	if b[at] != '{' {
		return false
	}
	for at = blanks(b, at+1); b[at] != '}'; {
		end := valueEnd(b, at)
		name := b[at+1 : end-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			name, _ = jsontext.AppendUnquote(nil, b[at:end])
		}
		from := blanks(b, blanks(b, end)+1) // behind the colon
		end = valueEnd(b, from)
		if i := slices.IndexFunc(names, func(n string) bool { return n == string(name) }); i >= 0 {
			values[i] = b[from:end]
		}
		if at = blanks(b, end); b[at] == ',' {
			at = blanks(b, at+1)
		}
	}
	return true
}

// blanks returns where the white space ends that begins at a place.
func blanks(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\t' || b[at] == '\n' || b[at] == '\r') {
		at++
	}
	return at
}

// valueEnd returns where a value ends that begins at a place.
func valueEnd(b []byte, at int) int {
	depth := 0
	for ; at < len(b); at++ {
		switch b[at] {
		case '"':
			for at++; b[at] != '"'; at++ {
				if b[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at // of the object that the value is in
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}
