package guard

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// oneRequest is a message that every server takes for exactly one request, the
// strictest and the most lenient: one framing, which ends where the bytes end, and
// no byte in the head at which a server could end a line or a field.
type oneRequest struct {
	method, target string
	header         []record.Field
	raw            []byte // everything behind the head
	body           []byte // raw without its chunks
	head           int    // length of the head, with its empty line
}

// parseOne reads bytes as one request of HTTP/1.1 (RFC 9112), and fails where any
// server might read something else in them.
func parseOne(b []byte) (r oneRequest, err error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		return r, errors.New("its head has no end")
	}
	r.head, r.raw = end+4, b[end+4:]
	r.body = r.raw
	lines := strings.Split(string(b[:end]), "\r\n")
	for i, line := range lines {
		if at := strings.IndexFunc(line, func(c rune) bool {
			return c < ' ' && (c != '\t' || i == 0) ||
				c >= 0x7F
		}); at >= 0 {
			return r, fmt.Errorf("line %d of its head has the byte %#02x, at which a server may end the line", i+1,
				line[at])
		}
	}
	words := strings.Split(lines[0], " ")
	if len(words) != 3 || !httpfile.IsToken(words[0]) || words[1] == "" || words[2] != "HTTP/1.1" {
		return r, errors.New("its first line is not a method, a target and HTTP/1.1 with one blank between them")
	}
	r.method, r.target = words[0], words[1]
	for _, line := range lines[1:] {
		name, value, colon := strings.Cut(line, ":")
		if !colon || !httpfile.IsToken(name) {
			return r, errors.New("a line of its head is not a field name, a colon and a value")
		}
		r.header = append(r.header, record.Field{Name: name, Value: value})
	}
	if err := r.unframe(); err != nil {
		return r, err
	}
	for i := range r.header {
		r.header[i].Value = strings.Trim(r.header[i].Value, " \t")
	}
	return r, nil
}

// framed is the name of a field as a server compares it that takes _ for -, as
// those do that hand fields on as variables.
func framed(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// unframe checks that the fields give one framing and that the bytes keep it. The
// values still have the blanks around them.
func (r *oneRequest) unframe() error {
	length, chunked := []string{}, []string{}
	for _, f := range r.header {
		switch name := framed(f.Name); {
		case (name == "content-length" || name == "transfer-encoding") && !strings.EqualFold(f.Name, name):
			return fmt.Errorf("a server may take its field %s for %s", f.Name, name)
		case name == "content-length":
			length = append(length, f.Value)
		case name == "transfer-encoding":
			chunked = append(chunked, f.Value)
		case name == "connection" && !strings.EqualFold(strings.Trim(f.Value, " \t"), "close") &&
			!strings.EqualFold(strings.Trim(f.Value, " \t"), "keep-alive"):
			return errors.New("its field Connection names another field, which a proxy may then leave out")
		case name == "upgrade" || name == "http2-settings" || name == "trailer":
			return fmt.Errorf("its field %s changes how what follows is read", f.Name)
		}
	}
	switch {
	case len(length)+len(chunked) > 1:
		return errors.New("it has two framing fields, of which a server may obey either")
	case len(chunked) == 1:
		if chunked[0] != " chunked" {
			return errors.New("its Transfer-Encoding is not the one word chunked")
		}
		var err error
		r.body, err = unchunk(r.raw)
		return err
	case len(length) == 1:
		n, err := strconv.Atoi(strings.TrimPrefix(length[0], " "))
		if err != nil || length[0] != " "+strconv.Itoa(n) || n < 0 {
			return errors.New("its Content-Length is not plain digits")
		}
		if n != len(r.raw) {
			return fmt.Errorf("its Content-Length says %d, and %d bytes stand behind its head", n, len(r.raw))
		}
	case len(r.raw) > 0:
		return fmt.Errorf("%d bytes stand behind its head, and no field says so", len(r.raw))
	}
	return nil
}

// unchunk takes the chunks from a body, of which the last has to end with the
// bytes: no extensions, no trailer, sizes written in one way.
func unchunk(raw []byte) (body []byte, err error) {
	broken := errors.New("its chunks are not plain ones, of which the last ends the request")
	for {
		line, rest, found := bytes.Cut(raw, []byte("\r\n"))
		size, err := strconv.ParseUint(string(line), 16, 31)
		if !found || err != nil || !strings.EqualFold(strconv.FormatUint(size, 16), string(line)) {
			return nil, broken
		}
		if size == 0 {
			if string(rest) != "\r\n" {
				return nil, broken
			}
			return body, nil
		}
		if uint64(len(rest)) < size+2 || string(rest[size:size+2]) != "\r\n" {
			return nil, broken
		}
		body, raw = append(body, rest[:size]...), rest[size+2:]
	}
}
