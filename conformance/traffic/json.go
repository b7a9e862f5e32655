package traffic

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A decoder reads one value of JSON from memory, member by member. Its errors are those of the
// text: *syntaxError, or *typeError.
type decoder struct {
	d     *jsontext.Decoder
	b     *bytes.Buffer
	words map[string]string // values that come again and again, to have each in memory once
	keys  map[string]string // names of fields in their canonical form, likewise
	n     int64             // bytes of the text

	garbled bool // the last body is not what came
}

// A syntaxError is the place where a text is not JSON.
type syntaxError struct {
	offset int64
	msg    string
	cut    bool // the text ends before the value
}

func (e *syntaxError) Error() string { return e.msg }

// A typeError is a value of JSON that is not what it is to be.
type typeError struct {
	member string // with those around it, such as "request.header"
	want   string
}

func (e *typeError) Error() string { return e.member + ": want " + e.want }

// reset begins to read a text.
func (j *decoder) reset(text []byte) {
	j.b, j.n = bytes.NewBuffer(text), int64(len(text))
	options := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	if j.d == nil {
		j.d, j.words, j.keys = jsontext.NewDecoder(j.b, options...), map[string]string{}, map[string]string{}
		return
	}
	j.d.Reset(j.b, options...)
}

func (j *decoder) broken(err error) error {
	e := &syntaxError{offset: j.d.InputOffset(), msg: "it is not JSON"}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		if e.offset = syntactic.ByteOffset; syntactic.Err != nil {
			e.msg = syntactic.Err.Error()
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		e.cut, e.offset, e.msg = true, j.n, "it ends inside a value"
	}
	return e
}

// kind returns the kind of the next value: one of { [ " 0 t f n, or 0 where none is well-formed.
func (j *decoder) kind() byte { return byte(j.d.PeekKind()) }

// value reads the next value, whatever it is. It is valid until the next call.
func (j *decoder) value() ([]byte, error) {
	v, err := j.d.ReadValue()
	if err != nil {
		return nil, j.broken(err)
	}
	return v, nil
}

func (j *decoder) skip() error {
	if err := j.d.SkipValue(); err != nil {
		return j.broken(err)
	}
	return nil
}

// end returns an error where something follows the value.
func (j *decoder) end() error {
	if _, err := j.d.ReadToken(); err == nil || !errors.Is(err, io.EOF) {
		return &syntaxError{offset: j.d.InputOffset(), msg: "more follows the object"}
	}
	return nil
}

// object calls f for each member of an object. f reads the value; the name is valid until then.
func (j *decoder) object(f func(name []byte) error) error { return j.group('{', f) }

// array calls f for each element of an array.
func (j *decoder) array(f func() error) error {
	return j.group('[', func([]byte) error { return f() })
}

func (j *decoder) group(open byte, f func(name []byte) error) error {
	if _, err := j.d.ReadToken(); err != nil {
		return j.broken(err)
	}
	for {
		switch j.kind() {
		case open + 2: // } or ]
			if _, err := j.d.ReadToken(); err != nil {
				return j.broken(err)
			}
			return nil
		case 0: // reading says what is wrong
			if _, err := j.value(); err != nil {
				return err
			}
		}
		var name []byte
		if open == '{' {
			raw, err := j.value()
			if err != nil {
				return err
			}
			if name = raw[1 : len(raw)-1]; bytes.IndexByte(name, '\\') >= 0 {
				name, _ = unquote(raw)
			}
		}
		if err := f(name); err != nil {
			return err
		}
	}
}

const mostWords, longestWord = 1024, 128

// word returns the text of a string that is likely to come again.
func (j *decoder) word(raw []byte) string {
	if s, known := j.words[string(raw)]; known {
		return s
	}
	s := plain(raw)
	if len(j.words) < mostWords && len(raw) < longestWord {
		j.words[string(raw)] = s
	}
	return s
}

// key returns the canonical form of the name of a field.
func (j *decoder) key(name []byte) string {
	if k, known := j.keys[string(name)]; known {
		return k
	}
	k := http.CanonicalHeaderKey(string(name))
	if len(j.keys) < mostWords && len(name) < longestWord {
		j.keys[string(name)] = k
	}
	return k
}

// plain returns the text of a string of JSON.
func plain(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && len(raw) >= 2 {
		return string(raw[1 : len(raw)-1])
	}
	text, _ := unquote(raw)
	return string(text)
}

// unquote returns the bytes of a string of JSON, those that are not UTF-8 as they are, and
// whether they are all known: of a surrogate without its other half they are not.
func unquote(raw []byte) (out []byte, whole bool) {
	if len(raw) < 2 {
		return nil, false
	}
	raw, whole = raw[1:len(raw)-1], true
	out = make([]byte, 0, len(raw))
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			return append(out, raw...), whole
		}
		out = append(out, raw[:i]...)
		c := raw[i+1]
		raw = raw[i+2:]
		if c != 'u' {
			if at := strings.IndexByte("bfnrt", c); at >= 0 {
				c = "\b\f\n\r\t"[at]
			}
			out = append(out, c)
			continue
		}
		r := hex4(raw)
		raw = raw[min(4, len(raw)):]
		if 0xD800 <= r && r < 0xE000 {
			low := rune(-1)
			if len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' {
				low = hex4(raw[2:])
			}
			if r < 0xDC00 && 0xDC00 <= low && low < 0xE000 {
				r, raw = (r-0xD800)<<10|(low-0xDC00)+0x10000, raw[6:]
			} else {
				r, whole = utf8.RuneError, false
			}
		}
		out = utf8.AppendRune(out, r)
	}
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// The following read a value that is to have a type. Those of a HAR accept what is near it, and
// report whether there is a value; those of NDJSON, below, accept nothing else.

// loose reads a string, or a number, true or false as its text. null and others are none.
func (j *decoder) loose() (text string, found bool, err error) {
	switch j.kind() {
	case '"':
		v, err := j.value()
		if err != nil {
			return "", false, err
		}
		return plain(v), true, nil
	case '0', 't', 'f':
		v, err := j.value()
		return string(v), err == nil, err
	}
	return "", false, j.skip()
}

// looseNumber reads a number, or a string that is one.
func (j *decoder) looseNumber() (n float64, found bool, err error) {
	text, found, err := j.loose()
	if err != nil || !found {
		return 0, false, err
	}
	n, err = strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, false, nil
	}
	return n, true, nil
}

// looseSize reads a number of bytes, -1 where it is not known.
func (j *decoder) looseSize() (int64, error) {
	n, found, err := j.looseNumber()
	if !found || n < 0 || n > 1<<53 {
		return -1, err
	}
	return int64(n), nil
}

// looseObject calls f for each member of an object, and reports whether the value is one.
func (j *decoder) looseObject(f func(name []byte) error) (found bool, err error) {
	if j.kind() != '{' {
		return false, j.skip()
	}
	return true, j.object(f)
}

// looseArray calls f for each element of an array, and reports whether the value is one.
func (j *decoder) looseArray(f func() error) (found bool, err error) {
	if j.kind() != '[' {
		return false, j.skip()
	}
	return true, j.array(f)
}

// want returns an error where the next value is not of one of the kinds.
func (j *decoder) want(member, kinds, want string) error {
	k := j.kind()
	if k == 0 {
		_, err := j.value()
		return err
	}
	if strings.IndexByte(kinds, k) < 0 {
		return &typeError{member, want}
	}
	return nil
}

// of reads a value of one of the kinds.
func (j *decoder) of(member, kinds, want string) ([]byte, error) {
	v, err := j.value()
	if err != nil {
		return nil, err
	}
	kind := v[0]
	if kind == '-' || '0' <= kind && kind <= '9' {
		kind = '0'
	}
	if strings.IndexByte(kinds, kind) < 0 {
		return nil, &typeError{member, want}
	}
	return v, nil
}

// text reads a string.
func (j *decoder) text(member string) (string, error) {
	v, err := j.of(member, `"`, "a string")
	if err != nil {
		return "", err
	}
	return plain(v), nil
}

// often reads a string that is likely to come again.
func (j *decoder) often(member string) (string, error) {
	v, err := j.of(member, `"`, "a string")
	if err != nil {
		return "", err
	}
	return j.word(v), nil
}

// integer reads a number without a fraction.
func (j *decoder) integer(member string) (int64, error) {
	v, err := j.of(member, "0", "a number")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return 0, &typeError{member, fmt.Sprintf("a whole number of at most 64 bits, got %.40s", v)}
	}
	return n, nil
}

// yes reads true or false.
func (j *decoder) yes(member string) (bool, error) {
	v, err := j.of(member, "tf", "true or false")
	return string(v) == "true", err
}

// looseYes reads true, and takes everything else for false.
func (j *decoder) looseYes() (bool, error) {
	text, _, err := j.loose()
	return text == "true", err
}
