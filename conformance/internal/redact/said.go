package redact

import (
	"bytes"
	"strings"

	"fmaspec/conformance/record"
)

// A said holds what a request says besides its credentials. A server may repeat it, and what it has in common with
// a token, such as 0123456789abcdef in a hash, is no part that a server gives away. It is of one goroutine.
type said struct {
	request record.Request // with variables in the place of the secrets
	text    [][]byte       // in lower case, as it is and without escapes; nil before it is asked for
}

// asked reports whether a part of a token was looked for in the request.
func (s *said) asked() bool { return s != nil && s.text != nil }

// holds reports whether a request, which may be nil, holds a text in lower case.
func (s *said) holds(part []byte) bool {
	if s == nil {
		return false
	}
	if s.text == nil {
		var all bytes.Buffer
		all.WriteString(s.request.URL)
		for _, f := range s.request.Header {
			if name := strings.ToLower(f.Name); !strings.HasSuffix(name, "authorization") && name != "cookie" {
				all.WriteString("\n" + f.Value)
			}
		}
		all.WriteByte('\n')
		all.Write(s.request.Body)
		for v := range views(&view{text: small(all.Bytes())}, 1) {
			s.text = append(s.text, v.text)
		}
	}
	for _, text := range s.text {
		if bytes.Contains(text, part) {
			return true
		}
	}
	return false
}
