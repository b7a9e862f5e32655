package hostile

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// The kinds of HTTP/2 frames (RFC 9113 6) that are written here.
const (
	dataFrame         = 0x0
	headersFrame      = 0x1
	resetFrame        = 0x3
	settingsFrame     = 0x4
	pushFrame         = 0x5
	pingFrame         = 0x6
	goAwayFrame       = 0x7
	windowFrame       = 0x8
	continuationFrame = 0x9
)

// The flags of frames. An acknowledgement has the bit of the end of a stream.
const (
	endStream  = 0x1
	endHeaders = 0x4
	padded     = 0x8
)

// A frame is one of HTTP/2 (RFC 9113 4.1).
type frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

func (f frame) bytes() []byte {
	n := len(f.payload)
	head := []byte{byte(n >> 16), byte(n >> 8), byte(n), f.kind, f.flags}
	return append(binary.BigEndian.AppendUint32(head, f.stream), f.payload...)
}

func readFrame(r io.Reader) (f frame, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return f, err
	}
	f = frame{head[3], head[4], binary.BigEndian.Uint32(head[5:]),
		make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))}
	_, err = io.ReadFull(r, f.payload)
	return f, err
}

// block writes a header block that indexes nothing (RFC 7541 6.2.2): names and
// values in turn.
func block(fields ...string) (out []byte) {
	for i, text := range fields {
		if i%2 == 0 {
			out = append(out, 0)
		}
		out = append(integer(out, 7, len(text)), text...)
	}
	return out
}

// integer appends a number behind an empty prefix of so many bits (RFC 7541 5.1).
func integer(b []byte, bits, n int) []byte {
	most := 1<<bits - 1
	if n < most {
		return append(b, byte(n))
	}
	b = append(b, byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// head is the header block of the honest answer, with further fields behind it.
func (s *scene) head(more ...string) []byte {
	fields := []string{":status", fmt.Sprint(s.honest.status), "date", "Sun, 06 Nov 1994 08:49:37 GMT"}
	for name, values := range s.honest.header {
		for _, value := range values {
			fields = append(fields, strings.ToLower(name), value)
		}
	}
	return block(append(fields, more...)...)
}

// send writes frames.
func send(frames ...frame) act {
	return func(s *scene) {
		for _, f := range frames {
			s.Write(f.bytes())
		}
	}
}

// reply writes frames on the stream of the request.
func reply(frames func(*scene) []frame) act {
	return func(s *scene) {
		for _, f := range frames(s) {
			f.stream = s.stream
			s.Write(f.bytes())
		}
	}
}

// flood writes a frame again and again, on a stream or the whole connection.
func flood(f frame, onStream bool) act {
	return func(s *scene) {
		f := f
		if onStream {
			f.stream = s.stream
		}
		again(string(f.bytes()))(s)
	}
}
