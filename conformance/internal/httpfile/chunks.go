package httpfile

import (
	"fmt"
	"strings"
)

// A Chunk is one of a body in chunks: how many bytes it has or a few more, 0 for all that are
// left, and how its size is written.
type Chunk struct {
	Length int
	Size   string // a format for the length; "%x" where empty
}

// Chunked codes a text with variables in chunks (RFC 9112 7.1). The chunks begin with those
// that are given; what is left is one more, whose size is written as that of the last of them.
// Last is the size line of the last chunk and the trailer; "" for a plain one. A chunk does not
// end inside a variable, of whose value length returns how many bytes it has.
func Chunked(text string, chunks []Chunk, last string, length func(string) int) string {
	const end = "{{cr}}\n"
	var out strings.Builder
	pieces := Pieces(text)
	for i := 0; len(pieces) > 0; i++ {
		var c Chunk
		if len(chunks) > 0 {
			c = chunks[min(i, len(chunks)-1)]
		}
		if i >= len(chunks) {
			c.Length = 0
		}
		var part strings.Builder
		n := 0
		for len(pieces) > 0 && (c.Length == 0 || n < c.Length) {
			part.WriteString(pieces[0])
			if len(pieces[0]) == 1 {
				n++
			} else {
				n += length(pieces[0])
			}
			pieces = pieces[1:]
		}
		if n == 0 { // the last chunk alone has no byte
			continue
		}
		if c.Size == "" {
			c.Size = "%x"
		}
		fmt.Fprintf(&out, c.Size+end+"%s"+end, n, &part)
	}
	if last == "" {
		last = "0" + end
	}
	return out.String() + last + end
}

// Pieces cuts a text with variables into these and single bytes.
func Pieces(text string) (out []string) {
	for text != "" {
		n := 1
		if strings.HasPrefix(text, "{{") && !strings.HasPrefix(text, "{{{") {
			n = strings.Index(text, "}}") + 2
		}
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}
