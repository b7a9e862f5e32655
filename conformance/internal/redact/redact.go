// Package redact strikes the secrets of a run out of its records: tokens, passwords and
// what looks like one, in every form in which a server may return it.
package redact

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"iter"
	"maps"
	"net/http"
	"net/url"
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
	named []record.Field  // the variable that stands for a value in a command line, and the value; longest first
	spelt []spelling      // every spelling of every value
	least int             // length of the shortest of them
	plain []record.Field  // values that are no secrets, with the variables that stand for them in fields of a request
	known [][]form        // those of each token among the values
	index *index          // of spelt and known, but for the last ones, which are added when it is needed
	clean map[string]bool // short texts in which nothing is struck out: most fields come again and again
	added int             // how many times a value was added

	byValue *strings.Replacer // puts variables in the place of the values; nil where there are none
}

// A spelling is one way to write a value, in lower case.
type spelling struct {
	text  []byte
	token bool // it is one of a token that is long enough to be told from a word
}

// TokenVariable is the variable that stands for the token of a user who may act.
const TokenVariable = "FMASPEC_TOKEN"

// IsOrdinary reports whether the value of a header field is no secret, but a word that
// answers contain too, such as true, prod or application/json: striking it out would
// change the answer that is judged.
func IsOrdinary(f record.Field) bool {
	name, value := strings.ToLower(f.Name), strings.ToLower(f.Value)
	return len(value) < ordinaryWord || strings.HasPrefix(name, "accept") || name == "content-type" ||
		strings.HasPrefix(value, "application/") || strings.HasPrefix(value, "text/")
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

// IsPlain reports whether a value is a word or a short number, such as test, InProgress or 2026.
// A mock may have it for a token, or a gateway for the name of a route, and an answer holds it in its own right,
// in a name, a path or a time: striking it out would change the answer that is judged.
func IsPlain(value string) bool {
	isOf := func(signs string) bool { return strings.Trim(strings.ToLower(value), signs) == "" }
	return len(value) < plainNumber && isOf("0123456789abcdef") ||
		len(value) < plainWord && isOf("abcdefghijklmnopqrstuvwxyz")
}

// The lengths from which a value is no plain number, and no plain word.
const (
	plainNumber = 8
	plainWord   = 16
)

// Add adds a value, with the name of the variable that stands for it. A value that is
// there already, or too short to be a secret, changes nothing.
func (s *Secrets) Add(name, value string) { s.add(name, value, false) }

// AddField adds the value of a header field, unless it is ordinary. One that is plain is hidden in the fields of
// requests alone.
func (s *Secrets) AddField(f record.Field) {
	switch name := HeaderVariable(f.Name); {
	case IsOrdinary(f):
	case IsPlain(f.Value):
		s.AddPlain(name, f.Value)
	default:
		s.Add(name, f.Value)
	}
}

// AddPlain adds a value that answers hold in their own right. It is hidden in the fields of requests alone.
func (s *Secrets) AddPlain(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.has(value) {
		s.plain = append(slices.Clip(s.plain), record.Field{Name: name, Value: value})
	}
}

// AddToken adds a token of which no part of 16 characters may come back either. Those of
// the header of a JSON Web Token are no such part, nor is the name of a user in a token
// that is named after its user. A token that is plain is hidden in the fields of requests alone.
func (s *Secrets) AddToken(name, value string) {
	if IsPlain(value) {
		s.AddPlain(name, value)
		return
	}
	s.add(name, value, true)
}

// has reports whether a value is there already, or too short to be a secret, with s.mu locked.
func (s *Secrets) has(value string) bool {
	same := func(f record.Field) bool { return f.Value == value }
	return len(value) < Shortest || slices.ContainsFunc(s.named, same) || slices.ContainsFunc(s.plain, same)
}

func (s *Secrets) add(name, value string, token bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(value) {
		return
	}
	s.named = append(s.named, record.Field{Name: name, Value: value})
	slices.SortStableFunc(s.named, func(a, b record.Field) int { return cmp.Compare(len(b.Value), len(a.Value)) })
	var pairs []string
	for _, v := range s.named {
		pairs = append(pairs, v.Value, "$"+v.Name)
	}
	s.byValue = strings.NewReplacer(pairs...)
	token = token && len(value) >= shortestPart
	if token {
		s.known = append(s.known, formsOf(value))
	}
	for _, text := range spellings(value) {
		s.spelt = append(s.spelt, spelling{small([]byte(text)), token})
		if s.least == 0 || len(text) < s.least {
			s.least = len(text)
		}
	}
	s.clean = nil
	s.added++
}

// indexed locks s.mu for reading, and returns the index of all values, nil where there are none. Secrets are added many
// at once, and one by one in traffic with many tokens: each is added to the index when it is needed, and once.
func (s *Secrets) indexed() *index {
	for {
		s.mu.RLock()
		if len(s.spelt) == 0 || s.index != nil && s.index.spelt == len(s.spelt) {
			return s.index
		}
		s.mu.RUnlock()
		s.mu.Lock()
		if s.index == nil {
			s.index = newIndex()
		}
		s.index.extend(s.spelt, s.known)
		s.mu.Unlock()
	}
}

// spellings are the forms in which a server may return a value, besides those that
// [escapes] undo.
func spellings(value string) []string {
	out := []string{value}
	for _, other := range append(packed(value), url.QueryEscape(value), hex.EncodeToString([]byte(value))) {
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
	variables, values, plain := s.variables(), s.Values(), s.plainValues()
	out := record.Request{Method: r.Method, Absolute: r.Absolute, Version: r.Version, URL: variables.Replace(r.URL),
		Body:   r.Body,
		Header: slices.Clone(r.Header)}
	if slices.ContainsFunc(values, func(v record.Field) bool { return bytes.Contains(r.Body, []byte(v.Value)) }) {
		out.Body = []byte(variables.Replace(string(r.Body)))
	}
	for i := range out.Header {
		value := &out.Header[i].Value
		if slices.ContainsFunc(values, func(v record.Field) bool { return strings.Contains(*value, v.Value) }) {
			*value = variables.Replace(*value)
		}
		for _, p := range plain {
			before, is := strings.CutSuffix(*value, p.Value)
			credentials := strings.HasSuffix(strings.ToLower(out.Header[i].Name), "authorization") &&
				(before == "" || strings.HasSuffix(before, " "))
			if is && (credentials || before == "" && !IsOrdinary(out.Header[i])) {
				*value = before + "$" + p.Name
			}
		}
	}
	return out
}

// plainValues returns the values that are no secrets.
func (s *Secrets) plainValues() []record.Field {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.plain
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
	if struck, _ := s.Bytes([]byte(text), false); string(struck) != text {
		return string(struck)
	}
	return text // which many records may have in common
}

// Short is [Secrets.Text] for a text that is likely to come again, such as a field of a header.
func (s *Secrets) Short(text string) string {
	out, _, _ := s.strikeShort(text, nil)
	return out
}

// Bytes returns a body without the secrets, and without what looks like one, and
// reports whether it held one of the user's. Where the body may have been cut, a secret
// that is cut off at its end is struck out too. The body itself is not changed.
func (s *Secrets) Bytes(body []byte, cut bool) (out []byte, found bool) {
	out, found, _ = s.strike(body, cut, nil)
	return out, found
}

// HoldsToken reports whether a text holds a token, or a part of one.
func (s *Secrets) HoldsToken(text []byte) bool {
	_, _, token := s.strike(text, false, nil)
	return token
}

// strike is Bytes, and reports besides whether what it found is of a token. A part of a token that the request has
// too, whose text may be nil, is none.
func (s *Secrets) strike(body []byte, cut bool, request *said) (out []byte, found, token bool) {
	out, found, token = s.strikeKnown(body, cut, request)
	text := string(out)
	if struck := lookalikes(text); struck != text {
		out = []byte(struck)
	}
	return out, found, token
}

// strikeKnown is strike for the values that are known.
func (s *Secrets) strikeKnown(body []byte, cut bool, request *said) (out []byte, found, token bool) {
	index := s.indexed()
	defer s.mu.RUnlock()
	least := s.least
	if cut {
		least = min(least, cutSecret)
	}
	out = body
	for index != nil && len(out) >= min(least, shortestPart) {
		// What is struck out may, together with the text around it, spell another secret that
		// holds asterisks.
		struck, ofToken := strike(out, s.spelt, index, cut, request)
		if struck == nil {
			break
		}
		out, found, token = struck, true, token || ofToken
	}
	return out, found, token
}

// The bounds of what is known to be clean.
const cleanText, cleanTexts = 128, 1024

// strikeShort is strike for a text that may well have come before, such as the name of a field.
func (s *Secrets) strikeShort(text string, request *said) (out string, found, token bool) {
	s.mu.RLock()
	known, added := s.clean[text], s.added
	s.mu.RUnlock()
	if known {
		return text, false, false
	}
	struck, found, token := s.strike([]byte(text), false, request)
	if found || string(struck) != text {
		return string(struck), found, token
	}
	if !request.asked() { // or else it may be clean for this request alone
		s.noteClean(text, added)
	}
	return text, false, false
}

// noteClean notes that nothing is struck out in a text, as it is after so many additions.
func (s *Secrets) noteClean(text string, added int) {
	if len(text) > cleanText {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.added != added {
		return // a secret was added meanwhile, be it the first
	}
	if s.clean == nil || len(s.clean) >= cleanTexts {
		s.clean = map[string]bool{}
	}
	s.clean[strings.Clone(text)] = true
}

// strike returns a text without the spellings and without parts of tokens, or nil where
// it holds none, and reports whether one was of a token.
func strike(body []byte, spelt []spelling, index *index, cut bool, request *said) (out []byte, token bool) {
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
	for v := range views(&view{text: small(body)}, deep) {
		holdsAny := index.holdsAny(v.text)
		for _, s := range spelt {
			text := s.text
			for at := 0; holdsAny || len(text) < 2*gram-1; at += len(text) {
				next := bytes.Index(v.text[at:], text)
				if next < 0 {
					break
				}
				at += next
				token = token || s.token && !index.namesUser(v.text, at, at+len(text), text)
				mark(v.at(at), v.at(at+len(text)))
			}
			for n := min(len(text)-1, len(v.text)); cut && n >= cutSecret; n-- {
				if bytes.HasSuffix(v.text, text[:n]) {
					mark(v.at(len(v.text)-n), len(body))
				}
			}
		}
		if holdsAny {
			index.tokenParts(v.text, func(from, to int) {
				if request.holds(v.text[from:to]) {
					return
				}
				token = true
				mark(v.at(from), v.at(to))
			})
		}
	}
	return out, token
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
// and JSON stay as they came. It reports whether the answer held one of the user's, and
// the places that held a token or a part of one, such as "body" or "header X-More".
// What no record keeps of an answer is searched too, and dropped. The request is the one that
// was answered, as [Secrets.Request] returns it: what an answer repeats of it gives no token away.
func (s *Secrets) Response(r *record.Response, to record.Request, cut bool) (found bool, tokenIn []string) {
	if r == nil {
		return false, nil
	}
	request := &said{request: to}
	note := func(kind, name string, inPlace, token bool) {
		found = found || inPlace
		if place := kind + name; token && !slices.Contains(tokenIn, place) {
			tokenIn = append(tokenIn, place)
		}
	}
	var inBody, token bool
	r.Body, inBody, token = s.strike(r.Body, cut, request)
	note("body", "", inBody, token)
	if name := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); name != "" {
		plain, err := coding.Decode(name, r.Body)
		struck, leaked, token := s.strike(plain, cut || err != nil, request)
		switch {
		case bytes.Equal(struck, plain):
		case err != nil: // what cannot be unpacked wholly stays so
			note("body", "", leaked, token)
			r.Body = []byte(strings.Repeat("*", len(r.Body)))
		default: // what is packed is packed again without it
			note("body", "", leaked, token)
			r.Body = coding.Encode(struck)
		}
	}
	header := make(http.Header, len(r.Header))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		struckName, inName, token := s.strikeShort(name, request)
		note("the name of a header field", "", inName, token)
		for _, value := range r.Header[name] {
			struck, inValue, token := s.strikeShort(value, request)
			note("header ", struckName, inValue, token)
			if http.CanonicalHeaderKey(name) == "Set-Cookie" {
				struck = s.Field(record.Field{Name: name, Value: struck})
			}
			header[struckName] = append(header[struckName], struck)
		}
	}
	r.Header = header
	for _, other := range r.Unkept {
		_, _, token := s.strike([]byte(other.Value), false, request)
		note(other.Name, "", false, token)
	}
	r.Unkept = nil
	return found, tokenIn
}

func stars(of string) string { return strings.Repeat("*", len(of)) }

// A view is a text without some of its escapes, in lower case.
type view struct {
	text []byte
	of   *view // that it was made of; nil for the text as it is
	cuts []cut // in order; most texts have few escapes
}

// A cut is a place of a view from which on it lags behind the view that it was made of.
type cut struct{ at, behind int32 }

// at returns where a byte of the view begins in the text, or where the last ends.
func (v *view) at(i int) int {
	for ; v.of != nil; v = v.of {
		next, _ := slices.BinarySearchFunc(v.cuts, i, func(c cut, i int) int {
			if int(c.at) <= i {
				return -1
			}
			return 1
		})
		if next > 0 {
			i += int(v.cuts[next-1].behind)
		}
	}
	return i
}

// deepest is how many escapes are undone one after the other, as in JSON inside JSON.
const deepest = 2

// longText is the length from which a text is freed of one kind of escape at a time.
const longText = 256 << 10

// views yields the text as it is, and without each kind of escape, one after the
// other: undone together, they would make escapes of text that was none.
func views(v *view, deep int) iter.Seq[*view] {
	return func(yield func(*view) bool) {
		if !yield(v) {
			return
		}
		for _, e := range escapes {
			if deep == 0 {
				continue
			}
			w := v.without(e)
			if w == nil {
				continue
			}
			for w := range views(w, deep-1) {
				if !yield(w) {
					return
				}
			}
		}
	}
}

// without returns the view without the escapes of a kind, or nil where it has none.
func (v *view) without(e escape) *view {
	var out *view
	done := 0 // up to where the text is copied
	for i := 0; i < len(v.text); {
		next := bytes.IndexByte(v.text[i:], e.begin)
		if next < 0 {
			break
		}
		i += next
		c, long := e.read(v.text[i:])
		if long == 0 {
			i++
			continue
		}
		if out == nil {
			out = &view{text: make([]byte, 0, len(v.text)), of: v}
		}
		out.text = append(out.text, v.text[done:i]...)
		if c >= 0 {
			out.text = append(out.text, smallLetter(byte(c)))
		}
		i += long
		done = i
		out.cuts = append(out.cuts, cut{int32(len(out.text)), int32(i - len(out.text))})
	}
	if out != nil {
		out.text = append(out.text, v.text[done:]...)
	}
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
