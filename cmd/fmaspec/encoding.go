package main

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
)

// decoded returns a text file of a user as UTF-8 without a mark: editors and shells of
// Windows begin UTF-8 with one, and write UTF-16. Line ends are left as they are.
func decoded(data []byte) ([]byte, error) {
	low := bytes.HasPrefix(data, []byte{0xFF, 0xFE})
	switch {
	case low || bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
	case len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return nil, errors.New("it is in UTF-16 and does not say so; save it as UTF-8")
	default:
		return bytes.TrimPrefix(data, []byte("\ufeff")), nil
	}
	if len(data)%2 != 0 {
		return nil, errors.New("it begins as UTF-16 and is none; save it as UTF-8")
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

// textLimit bounds what is read of a text file, in bytes; whoever reads it has a
// smaller bound of its own.
const textLimit = 4 << 20

// A utf8Reader reads a text file of a user as [decoded] has it.
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
