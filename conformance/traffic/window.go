package traffic

import (
	"bytes"
	"io"
	"iter"
	"strings"

	"fmaspec/conformance/record"
)

// A window is the part of a stream that is in memory: what was read and not yet taken.
type window struct {
	r        io.Reader
	buf      []byte
	from, to int   // of the window in buf
	offset   int64 // of its first byte in the stream
	line     int   // of its first byte, from 1
	err      error // of the last read
}

const (
	chunk     = 64 << 10 // least bytes that are asked for in one read
	headBytes = 8        // enough to know a packed stream
)

// source returns the place of the window's first byte.
func (w *window) source(file string) record.Source {
	return record.Source{File: file, Line: w.line, Offset: w.offset}
}

// held returns what is in the window.
func (w *window) held() []byte { return w.buf[w.from:w.to] }

// fill reads more bytes, and reports whether there were some.
func (w *window) fill() bool {
	if w.err != nil {
		return false
	}
	if len(w.buf)-w.to < chunk {
		n := w.to - w.from
		switch long := len(w.buf) > 64*chunk && n < chunk; { // a long entry is over
		case !long && w.from >= n && n+chunk <= len(w.buf):
			copy(w.buf, w.held())
		default:
			moved := make([]byte, max(4*chunk, 2*n))
			copy(moved, w.held())
			w.buf = moved
		}
		w.from, w.to = 0, n
	}
	for range 100 {
		var n int
		n, w.err = w.r.Read(w.buf[w.to:])
		w.to += n
		if n > 0 || w.err != nil {
			return n > 0
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// ahead returns what is in the window, with at least n bytes where the stream has so many.
func (w *window) ahead(n int) []byte {
	for w.to-w.from < n && w.fill() {
	}
	return w.held()
}

// take removes the first n bytes from the window.
func (w *window) take(n int) {
	w.line += bytes.Count(w.buf[w.from:w.from+n], []byte{'\n'})
	w.from += n
	w.offset += int64(n)
}

// space takes white space, and reports whether something follows it.
func (w *window) space() bool {
	for {
		b := w.ahead(1)
		rest := bytes.TrimLeft(b, " \t\r\n")
		w.take(len(b) - len(rest))
		if len(rest) > 0 || len(b) == 0 {
			return len(rest) > 0
		}
	}
}

// A scan looks for the end of a value of JSON, from the window's first byte. It knows strings
// and brackets alone, so that it passes over most values that are not well-formed.
type scan struct {
	w    *window
	n    int  // bytes that were passed
	most int  // bytes that are held; more are taken from the window
	long bool // some were, so that the beginning of the value is gone
	peek bool // nothing is taken: the stream seems to end after the bytes that are held
}

// ahead returns the bytes that follow, none at the end of the stream.
func (s *scan) ahead() []byte {
	b := s.w.ahead(s.n + 1)
	s.n = min(s.n, len(b))
	if s.n > s.most {
		if s.long = true; s.peek {
			return nil
		}
		s.w.take(s.n)
		s.n, s.most = 0, chunk
		b = s.w.held()
	}
	return b[s.n:]
}

// value passes over one value and reports whether the stream holds all of it. Where no value
// begins it passes over nothing.
func (s *scan) value() bool {
	b := s.ahead()
	if len(b) == 0 {
		return false
	}
	switch b[0] {
	case '"':
		s.n++
		return s.text()
	case '{', '[':
		return s.brackets()
	}
	for {
		if len(b) == 0 {
			return false
		}
		if end := bytes.IndexAny(b, ",:]}\" \t\r\n"); end >= 0 {
			s.n += end
			return true
		}
		s.n += len(b)
		b = s.ahead()
	}
}

// brackets passes over an object or an array.
func (s *scan) brackets() bool {
	depth := 0
next:
	for {
		b := s.ahead()
		if len(b) == 0 {
			return false
		}
		for i, c := range b {
			switch c {
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					s.n += i + 1
					return true
				}
			case '"':
				s.n += i + 1
				if !s.text() {
					return false
				}
				continue next
			}
		}
		s.n += len(b)
	}
}

// text passes over the rest of a string. One without an end ends before the next line, since a
// string holds no line feed.
func (s *scan) text() bool {
	for {
		b := s.ahead()
		if len(b) == 0 {
			return false
		}
		i := 0
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] != '\n' {
			i++
		}
		s.n += i
		switch {
		case i == len(b):
		case b[i] == '\n':
			return true
		case b[i] == '"':
			s.n++
			return true
		default:
			s.n++
			if next := s.ahead(); len(next) == 0 {
				return false
			} else if next[0] != '\n' {
				s.n++
			}
		}
	}
}

// names returns those names of the members of the object at which a window begins that stand in
// the bytes that sniff looks at. It takes nothing from the window.
func names(w *window) iter.Seq[string] {
	return func(yield func(string) bool) {
		s := scan{w: w, n: 1, most: sniffed, peek: true}
		for s.pass(" \t\r\n,") == '"' {
			from := s.n
			if !s.value() || !yield(plain(w.held()[from:s.n])) {
				return
			}
			s.pass(" \t\r\n:")
			if from = s.n; !s.value() || s.n == from {
				return
			}
		}
	}
}

// pass passes over bytes of a set, and returns the one that follows, 0 at the end of the stream.
func (s *scan) pass(set string) byte {
	for b := s.ahead(); len(b) > 0; b = s.ahead() {
		if strings.IndexByte(set, b[0]) < 0 {
			return b[0]
		}
		s.n++
	}
	return 0
}
