package wire

import (
	"bytes"
	"regexp"
	"strconv"

	"fmaspec/conformance/record"
)

// A chunkWatch looks at the bytes of a body in chunks, whose sizes and extensions the library reads more freely than
// their grammar is (RFC 9112 7.1). The zero value is at the beginning of a body.
type chunkWatch struct {
	line []byte // of a size, up to where it is read
	left int64  // bytes of the data of a chunk and the line end behind it
	done bool   // the last chunk is there, or what the library refuses
	bad  bool   // a line breaks the grammar
}

// longChunkLine is the length of a line from which the library refuses it.
const longChunkLine = 4 << 10

// chunkLine is the size of a chunk and its extensions, between which a sender writes no blanks (RFC 9110 5.6.3).
var chunkLine = regexp.MustCompile("^([0-9A-Fa-f]+)(?:;" + chunkName + "(?:=(?:" + chunkName +
	`|"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*"))?)*` + "\r\n$")

const chunkName = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

// Write takes what was read of a body, and what came behind it.
func (c *chunkWatch) Write(b []byte) (int, error) {
	all := len(b)
	for len(b) > 0 && !c.done {
		if c.left > 0 {
			n := min(c.left, int64(len(b)))
			c.left -= n
			b = b[n:]
			continue
		}
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			end = len(b)
		}
		c.line = append(c.line, b[:end]...)
		b = b[end:]
		if c.done = len(c.line) > longChunkLine; c.done || c.line[len(c.line)-1] != '\n' {
			continue
		}
		c.size()
		c.line = c.line[:0]
	}
	return all, nil
}

// size reads the line of a size.
func (c *chunkWatch) size() {
	found := chunkLine.FindSubmatch(c.line)
	if found == nil {
		c.bad, c.done = true, true
		return
	}
	n, err := strconv.ParseInt(string(found[1]), 16, 62)
	c.done = err != nil || n == 0
	c.left = n + int64(len("\r\n"))
}

// brokenChunk says that a line of a size breaks the grammar.
func brokenChunk() *record.WireError {
	return &record.WireError{Kind: record.Malformed, Msg: "a chunk of the body does not begin with its size, " +
		"extensions of a name and a value, and a line end"}
}
