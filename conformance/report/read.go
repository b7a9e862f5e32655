package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"fmaspec/conformance/record"
)

// plainText returns the text of a record without a byte order mark. Text in an encoding other
// than UTF-8 is an error that names the encoding. It is not converted, because a shell that
// re-encodes output has often damaged characters before.
func plainText(data []byte) ([]byte, error) {
	again := "a shell's > re-encodes what it writes; have the run write the file itself, with -report json=FILE"
	for _, mark := range []struct{ text, name string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, // before UTF-16, of which one is a prefix
		{"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
		{"{\x00\x00\x00", "UTF-32"}, {"\x00\x00\x00{", "UTF-32"}, {"{\x00", "UTF-16"}, {"\x00{", "UTF-16"},
	} {
		if bytes.HasPrefix(data, []byte(mark.text)) {
			return nil, fmt.Errorf("report: the text is in %s, and JSON is in UTF-8: %s", mark.name, again)
		}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		at := 0
		for at < len(data) {
			r, size := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		line, column := position(data, at)
		return nil, fmt.Errorf("report: line %d, column %d: not UTF-8: %s", line, column, again)
	}
	return data, nil
}

// position returns the line and the column of a byte, both from 1.
func position(data []byte, at int) (line, column int) {
	before := data[:at]
	return 1 + bytes.Count(before, []byte("\n")), at - bytes.LastIndexByte(before, '\n')
}

// apart returns a report without its cases, and its cases. The text must be an object.
func apart(data []byte) (text, cases []byte) {
	var head bytes.Buffer
	head.WriteByte('{')
	for name, value := range members(data) {
		if string(name) == `"cases"` && value[0] == '[' {
			cases, value = value, []byte("[]")
		}
		if head.Len() > 1 {
			head.WriteByte(',')
		}
		head.Write(name)
		head.WriteByte(':')
		head.Write(value)
	}
	head.WriteByte('}')
	return head.Bytes(), cases
}

// parts reads a report in pieces: first everything but the cases, then each case, so that
// temporary data exists for one case at a time.
func parts(head, cases []byte) (*record.Report, error) {
	var r record.Report
	if err := json.Unmarshal(head, &r); err != nil {
		return nil, readError("", head, err)
	}
	if err := sameShape("", head, filled(&r)); err != nil {
		return nil, err
	}
	shared := interned{}
	for i, text := range items(cases) {
		at := fmt.Sprintf("/cases/%d", i)
		var c record.CaseResult
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, readError(at, text, err)
		}
		if err := sameShape(at, text, filled(&record.Report{Cases: []record.CaseResult{c}}).Cases[0]); err != nil {
			return nil, err
		}
		shared.exchanges(c.Exchanges)
		r.Cases = append(r.Cases, c)
	}
	return &r, nil
}

// interned stores texts that many exchanges have in common once.
type interned map[string]string

func (t interned) text(s *string) {
	const long = 512 // longer texts are unlikely to be repeated
	if len(*s) > long {
		return
	}
	if known, is := t[*s]; is {
		*s = known
	} else {
		t[*s] = *s
	}
}

func (t interned) exchanges(all []record.ExchangeResult) {
	for i := range all {
		x := &all[i]
		t.text(&x.Request.Method)
		t.text(&x.Request.URL)
		for j := range x.Request.Header {
			t.text(&x.Request.Header[j].Name)
			t.text(&x.Request.Header[j].Value)
		}
		if x.Response == nil {
			continue
		}
		t.text(&x.Response.Proto)
		for _, values := range x.Response.Header {
			for j := range values {
				t.text(&values[j])
			}
		}
	}
}

// members returns the members of an object in JSON text that is known to be
// valid: each name with its quotes, and the text of its value.
func members(object []byte) func(yield func(name, value []byte) bool) {
	return func(yield func(name, value []byte) bool) {
		at := space(object, space(object, 0)+1)
		for at < len(object) && object[at] != '}' {
			end := skip(object, at)
			name := object[at:end]
			from := space(object, space(object, end)+1)
			end = skip(object, from)
			if !yield(name, object[from:end]) {
				return
			}
			if at = space(object, end); at < len(object) && object[at] == ',' {
				at = space(object, at+1)
			}
		}
	}
}

// items returns the items of an array in JSON text that is known to be valid.
func items(array []byte) func(yield func(i int, value []byte) bool) {
	return func(yield func(i int, value []byte) bool) {
		at := space(array, 1)
		for i := 0; at < len(array) && array[at] != ']'; i++ {
			end := skip(array, at)
			if !yield(i, array[at:end]) {
				return
			}
			if at = space(array, end); at < len(array) && array[at] == ',' {
				at = space(array, at+1)
			}
		}
	}
}

// space returns the end of the white space that begins at a byte.
func space(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t') {
		at++
	}
	return at
}

// skip returns the end of the value that begins at a byte.
func skip(text []byte, at int) int {
	depth := 0
	for ; at < len(text); at++ {
		switch c := text[at]; {
		case c == '"':
			for at++; at < len(text) && text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
			if depth == 0 {
				return min(at+1, len(text))
			}
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return at + 1
			}
			if depth < 0 {
				return at
			}
		case depth == 0 && (c == ',' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t'):
			return at
		}
	}
	return len(text)
}
