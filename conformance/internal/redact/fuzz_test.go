package redact

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fmaspec/conformance/record"
)

func FuzzStrike(f *testing.F) {
	f.Add("secret-of-mine", "Bearer ", ", and more")
	f.Add(`a"b\c/d+e`, `{"x":"`, `"}`)
	f.Add("a+b c", `\u00`, "%4")
	f.Add("aaaa", "aaa", "aaaaaa")
	f.Add("abcabcab", "abc", "cab")
	f.Add("%41%42", "%", "%25")
	f.Add("&amp;amp;", "&", ";")
	f.Add("\\u0041bcd", "\\", "\\u")
	f.Add("ﬀ-ÄÖÜ", "Ä", "K")
	f.Add("?sig=x", "?sig=", "&sig=")
	f.Add("eyJhbGci", "eyJhbGciOiJub25lIn0.", ".eyJzdWIiOiJ4In0.")
	f.Add("\x00\x00a\x00", "\x00", "\x00")
	f.Fuzz(func(t *testing.T, secret, before, behind string) {
		s := &Secrets{}
		s.Add("NAME", secret)
		// What holds asterisks may come about by what others are replaced by.
		known := len(secret) >= Shortest && !strings.Contains(secret, "*")
		for _, spelling := range append([]string{secret}, spellings(secret)...) {
			text := before + spelling + behind
			got, found := s.Bytes([]byte(text), true)
			if len(got) != len(text) {
				t.Fatalf("want as many bytes as before: %q became %q", text, got)
			}
			if known && (!found || bytes.Contains(small(got), small([]byte(spelling)))) {
				t.Fatalf("want no %q in %q, found %v", spelling, got, found)
			}
			r := &record.Response{Header: http.Header{"X": {text}, text: {"x"}, "Set-Cookie": {text}},
				Body: record.Body(text)}
			s.Response(r, record.Request{}, false)
			if known && strings.Contains(string(small([]byte(fmt.Sprint(r.Header)+string(r.Body)))),
				string(small([]byte(spelling)))) && !strings.Contains("map[X:[] ]Set-Cookie", spelling) {
				t.Fatalf("want no %q in %q, %q", spelling, r.Header, r.Body)
			}
		}
	})
}
