package main

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
)

// decoded returns a text file as UTF-8 without a byte order mark: editors and shells on
// Windows write UTF-8 with a mark, and UTF-16. Line endings are not changed.
func decoded(data []byte) ([]byte, error) {
	low := bytes.HasPrefix(data, []byte{0xFF, 0xFE})
	switch {
	case low || bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
	case len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return nil, errors.New("it is UTF-16 without a byte order mark; save it as UTF-8")
	default:
		return bytes.TrimPrefix(data, []byte("\ufeff")), nil
	}
	if len(data)%2 != 0 {
		return nil, errors.New("it begins with a UTF-16 byte order mark and is not UTF-16; save it as UTF-8")
	}
	var units []uint16
	for i := 2; i < len(data); i += 2 {
		a, b := uint16(data[i]), uint16(data[i+1])
		if !low {
			a, b = b, a
		}
		units = append(units, b<<8|a)
	}
	return []byte(string(utf16.Decode(units))), nil
}

// textLimit is the most that is read of a text file, in bytes; its parser has a smaller limit.
const textLimit = 4 << 20

// A utf8Reader reads a text file as [decoded] returns it.
type utf8Reader struct {
	from io.Reader
	rest *bytes.Reader // nil before the first Read
	err  error
}

func (r *utf8Reader) Read(p []byte) (int, error) {
	if r.rest == nil {
		data, err := io.ReadAll(io.LimitReader(r.from, textLimit))
		if err == nil {
			data, err = decoded(data)
		}
		r.rest, r.err = bytes.NewReader(data), err
	}
	if r.err != nil {
		return 0, r.err
	}
	return r.rest.Read(p)
}
