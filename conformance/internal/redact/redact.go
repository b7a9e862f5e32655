// Package redact strikes the secrets of a run out of its records: tokens, passwords and
// what looks like one, in every form in which a server may return it.
package redact

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/record"
)

// Secrets are the values that no record of a run may hold. They are struck out when
// an exchange is made: a report cannot show what its record does not hold. Tokens may
// be added during the run. The zero value holds none.
type Secrets struct {
	mu    sync.RWMutex
	named []record.Field // the variable that stands for a value in a command line, and the value; longest first
	spelt [][]byte       // every spelling of every value, in lower case

	byValue *strings.Replacer // puts variables in the place of the values; nil where there are none
}

// TokenVariable is the variable that stands for the token of a user who may act.
const TokenVariable = "FMASPEC_TOKEN"

// IsOrdinary reports whether the value of a header field is no secret, but a word that
// answers contain too, such as true, prod or application/json: striking it out would
// change the answer that is judged.
func IsOrdinary(f record.Field) bool {
	name := strings.ToLower(f.Name)
	return len(f.Value) < ordinaryWord || strings.HasPrefix(name, "accept") || name == "content-type"
}

// ordinaryWord is the length from which a header field's value may be a secret.
const ordinaryWord = 8

// HeaderVariable returns the name of the shell variable that stands for the value of a
// header field.
func HeaderVariable(name string) string {
	return "HEADER_" + strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}

// Shortest is the length from which a value is a secret: a shorter one stands in too
// many texts by chance.
const Shortest = 4

// Add adds a value, with the name of the variable that stands for it. A value that is
// there already, or too short to be a secret, changes nothing.
func (s *Secrets) Add(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(value) < Shortest || slices.ContainsFunc(s.named, func(f record.Field) bool { return f.Value == value }) {
		return
	}
	s.named = append(s.named, record.Field{Name: name, Value: value})
	slices.SortStableFunc(s.named, func(a, b record.Field) int { return cmp.Compare(len(b.Value), len(a.Value)) })
	var pairs []string
	for _, v := range s.named {
		pairs = append(pairs, v.Value, "$"+v.Name)
	}
	s.byValue = strings.NewReplacer(pairs...)
	for _, spelling := range spellings(value) {
		s.spelt = append(s.spelt, small([]byte(spelling)))
	}
}

// spellings are the forms in which a server may return a value, besides those that
// [escapes] undo.
func spellings(value string) []string {
	out := []string{value}
	for _, other := range append(packed(value), url.QueryEscape(value)) {
		if !slices.Contains(out, other) {
			out = append(out, other)
		}
	}
	return out
}

// packed are the spellings of a value in base64, alone and as part of a longer text:
// the text before it shifts the digits by up to two bytes.
func packed(value string) (out []string) {
	for _, coding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		out = append(out, coding.EncodeToString([]byte(value)), coding.WithPadding(base64.NoPadding).EncodeToString(
			[]byte(value)))
		for before := range 3 {
			if len(value) < cutSecret {
				break
			}
			// A digit is six bits: the first and the last ones hold a neighbour's too.
			from, to := (before*8+5)/6, (before+len(value))*8/6
			out = append(out, coding.EncodeToString([]byte(strings.Repeat("-", before) + value))[from:to])
		}
	}
	return out
}

// Values returns every value with the variable that stands for it.
func (s *Secrets) Values() []record.Field {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.named)
}

// Request returns a request with variables in the place of the secrets.
func (s *Secrets) Request(r record.Request) record.Request {
	variables, values := s.variables(), s.Values()
	out := record.Request{Method: r.Method, Absolute: r.Absolute, URL: variables.Replace(r.URL), Body: r.Body,
		Header: slices.Clone(r.Header)}
	if slices.ContainsFunc(values, func(v record.Field) bool { return bytes.Contains(r.Body, []byte(v.Value)) }) {
		out.Body = []byte(variables.Replace(string(r.Body)))
	}
	for i := range out.Header {
		out.Header[i].Value = variables.Replace(out.Header[i].Value)
	}
	return out
}

// variables returns a replacer that puts variables in the place of the secrets.
func (s *Secrets) variables() *strings.Replacer {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.byValue == nil {
		return strings.NewReplacer()
	}
	return s.byValue
}

// Text returns a text without the secrets, and without what looks like one.
func (s *Secrets) Text(text string) string {
	struck, _ := s.Bytes([]byte(text), false)
	return string(struck)
}

// Bytes returns a body without the secrets, and without what looks like one, and
// reports whether it held one of the user's. Where the body may have been cut, a secret
// that is cut off at its end is struck out too. The body itself is not changed.
func (s *Secrets) Bytes(body []byte, cut bool) (out []byte, found bool) {
	s.mu.RLock()
	spelt := s.spelt
	s.mu.RUnlock()
	out = body
	for {
		// What is struck out may, together with the text around it, spell another secret that
		// holds asterisks.
		struck := strike(out, spelt, cut)
		if struck == nil {
			break
		}
		out, found = struck, true
	}
	if struck := lookalikes(string(out)); struck != string(out) {
		out = []byte(struck)
	}
	return out, found
}

// strike returns a text without the spellings, or nil where it holds none.
func strike(body []byte, spelt [][]byte, cut bool) []byte {
	var out []byte
	mark := func(from, to int) {
		for ; from < to; from++ {
			if body[from] != '*' && out == nil {
				out = slices.Clone(body)
			}
			if out != nil {
				out[from] = '*'
			}
		}
	}
	deep := deepest
	if len(body) > longText {
		deep = 1 // a long one costs memory
	}
	for v := range views(view{text: small(body)}, deep) {
		for _, spelling := range spelt {
			for at := 0; ; at += len(spelling) {
				next := bytes.Index(v.text[at:], spelling)
				if next < 0 {
					break
				}
				at += next
				mark(v.at(at), v.at(at+len(spelling)))
			}
			for n := min(len(spelling)-1, len(v.text)); cut && n >= cutSecret; n-- {
				if bytes.HasSuffix(v.text, spelling[:n]) {
					mark(v.at(len(v.text)-n), len(body))
				}
			}
		}
	}
	return out
}

// small returns a copy in lower case, as long as the text.
func small(text []byte) []byte {
	out := slices.Clone(text)
	for i, c := range out {
		out[i] = smallLetter(c)
	}
	return out
}

func smallLetter(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// cutSecret is the length from which the beginning of a secret gives it away.
const cutSecret = 8

// Response strikes the secrets out of an answer, by as many asterisks, so that lengths
// and JSON stay as they came. It reports whether the answer held one of the user's.
func (s *Secrets) Response(r *record.Response, cut bool) (found bool) {
	if r == nil {
		return false
	}
	var inBody, inText bool
	r.Body, inBody = s.Bytes(r.Body, cut)
	if name := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); name != "" {
		plain, err := coding.Decode(name, r.Body)
		struck, leaked := s.Bytes(plain, cut || err != nil)
		switch {
		case bytes.Equal(struck, plain):
		case err != nil: // what cannot be unpacked wholly stays so
			inText, r.Body = leaked, []byte(strings.Repeat("*", len(r.Body)))
		default: // what is packed is packed again without it
			inText, r.Body = leaked, coding.Encode(struck)
		}
	}
	found = inBody || inText
	header := http.Header{}
	for name, values := range r.Header {
		struckName, inName := s.Bytes([]byte(name), false)
		found = found || inName
		for _, value := range values {
			struck, inValue := s.Bytes([]byte(value), false)
			found = found || inValue
			if http.CanonicalHeaderKey(name) == "Set-Cookie" {
				struck = []byte(withoutCookie(string(struck)))
			}
			header[string(struckName)] = append(header[string(struckName)], string(struck))
		}
	}
	r.Header = header
	return found
}

func stars(of string) string { return strings.Repeat("*", len(of)) }

var (
	// A token in the form of RFC 7519, signed or encrypted, of any user.
	jwt = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.(?:[A-Za-z0-9_-]{8,}|\.[A-Za-z0-9_-]{8,})(?:\.[A-Za-z0-9_-]*){0,3}`)
	// A parameter of a URL that grants access.
	secretParameter = regexp.MustCompile(
		`(?i)((?:[?&;#]|%3f|%26|\\u003f|\\u0026)(?:sig|signature|code|key|api[_-]?key|token|[a-z_]*_token|password|passwd|secret|client_secret|assertion|x-amz-signature|x-amz-security-token)(?:=|%3d|\\u003d))([^&;#\s"'<>\\]+)`)
)

// lookalikes strikes out tokens and the secret parameters of URLs that are not the
// user's: another user's, or the server's own.
func lookalikes(text string) string {
	if strings.Contains(text, "eyJ") {
		text = jwt.ReplaceAllStringFunc(text, stars)
	}
	if strings.Contains(text, "=") || strings.Contains(text, "%3") || strings.Contains(text, `\u003`) {
		text = secretParameter.ReplaceAllStringFunc(text, func(found string) string {
			parts := secretParameter.FindStringSubmatch(found)
			return parts[1] + stars(parts[2])
		})
	}
	return text
}

// withoutCookie strikes the value out of a Set-Cookie field. What has no name is a
// value.
func withoutCookie(field string) string {
	pair, attributes, more := strings.Cut(field, ";")
	out := stars(pair)
	if name, value, named := strings.Cut(pair, "="); named {
		out = name + "=" + stars(value)
	}
	if more {
		out += ";" + attributes
	}
	return out
}

// A view is a text without some of its escapes, in lower case.
type view struct {
	text []byte
	// where each byte begins in the text that it was made of, and where the last ends; nil where
	// each stands at its own place
	from []int32
}

// at returns where a byte of the view begins in the text.
func (v view) at(i int) int {
	if v.from == nil {
		return i
	}
	return int(v.from[i])
}

// deepest is how many escapes are undone one after the other, as in JSON inside JSON.
const deepest = 2

// longText is the length from which a text is freed of one kind of escape at a time.
const longText = 256 << 10

// views yields the text as it is, and without each kind of escape, one after the
// other: undone together, they would make escapes of text that was none.
func views(v view, deep int) iter.Seq[view] {
	return func(yield func(view) bool) {
		if !yield(v) {
			return
		}
		for _, e := range escapes {
			if deep == 0 || bytes.IndexByte(v.text, e.begin) < 0 {
				continue
			}
			for w := range views(v.without(e), deep-1) {
				if !yield(w) {
					return
				}
			}
		}
	}
}

func (v view) without(e escape) view {
	out := view{make([]byte, 0, len(v.text)), make([]int32, 0, len(v.text)+1)}
	for i := 0; i < len(v.text); {
		c, n := int(v.text[i]), 1
		if v.text[i] == e.begin {
			if plain, long := e.read(v.text[i:]); long > 0 {
				c, n = plain, long
			}
		}
		if c >= 0 {
			out.text, out.from = append(out.text, smallLetter(byte(c))), append(out.from, int32(v.at(i)))
		}
		i += n
	}
	out.from = append(out.from, int32(v.at(len(v.text))))
	return out
}

// An escape is a kind of spelling of single characters.
type escape struct {
	begin byte
	// the character that the text begins with, -1 for none, and how long its escape is, 0 where it is none
	read func([]byte) (c, n int)
}

var escapes = []escape{
	{'\\', func(text []byte) (c, n int) { // of JSON
		switch {
		case len(text) > 5 && text[1] == 'u':
			return number(text[2:6], 16, 6)
		case len(text) > 1 && strings.IndexByte(`"\/`, text[1]) >= 0:
			return int(text[1]), 2
		case len(text) > 1 && text[1] == 't':
			return '\t', 2
		}
		return 0, 0
	}},
	{'%', func(text []byte) (c, n int) { // of URLs
		if len(text) < 3 {
			return 0, 0
		}
		return number(text[1:3], 16, 3)
	}},
	{'&', func(text []byte) (c, n int) { // of HTML
		end := bytes.IndexByte(text[:min(len(text), longestEntity)], ';')
		if end < 0 {
			return 0, 0
		}
		name := string(text[1:end])
		switch {
		case entities[name] != 0:
			return int(entities[name]), end + 1
		case strings.HasPrefix(name, "#x"):
			return number(text[3:end], 16, end+1)
		case strings.HasPrefix(name, "#"):
			return number(text[2:end], 10, end+1)
		}
		return 0, 0
	}},
	{0, func([]byte) (c, n int) { return -1, 1 }}, // of UTF-16
}

// number returns the character of ASCII that the digits give, and the length of the
// escape; 0 and 0 where they give none.
func number(digits []byte, base, long int) (c, n int) {
	v, err := strconv.ParseUint(string(digits), base, 16)
	if err != nil || v >= 0x80 {
		return 0, 0
	}
	return int(v), long
}

// The named escapes of HTML for what a server is likely to escape.
var entities = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// longestEntity is the length up to which an escape of HTML is read.
const longestEntity = len("&#x00000000;")
