package conformance

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// secrets are the values that may not appear in anything that a run leaves
// behind. They are struck out where an exchange is made: what no record holds,
// no report can tell. Tokens may join while the run goes on.
type secrets struct {
	mu     sync.RWMutex
	named  []Field  // the variable that stands for a value in a command line, and the value
	spelt  []string // every spelling of every value, the longest first
	header []Field  // of the transport: the names are kept, the values are secret
}

// The variables that stand for tokens.
const (
	tokenName        = "FMASPEC_TOKEN"
	unprivilegedName = "FMASPEC_UNPRIVILEGED_TOKEN"
	invalidName      = "FMASPEC_INVALID_TOKEN"
)

func newSecrets(t Target) *secrets {
	s := &secrets{}
	s.add(tokenName, t.Token)
	s.add(unprivilegedName, t.UnprivilegedToken)
	s.add(invalidName, t.InvalidToken)
	for _, f := range t.Transport.Header {
		s.add(headerVariable(f.Name), f.Value)
	}
	if proxy, err := t.proxy(); err == nil && proxy != nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		s.add("PROXY_PASSWORD", password)
		s.add("PROXY_AUTHORIZATION", strings.TrimPrefix(proxyAuthorization(proxy), "Basic "))
	}
	return s
}

// headerVariable names the shell variable that stands for a header field's value.
func headerVariable(name string) string {
	return "HEADER_" + strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}

// shortSecret is the length under which striking a secret out of a text would
// rather destroy the text than hide the secret.
const shortSecret = 4

// add makes a value a secret; a value that is one already, or too short to be
// one, changes nothing.
func (s *secrets) add(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(value) < shortSecret || slices.ContainsFunc(s.named, func(f Field) bool { return f.Value == value }) {
		return
	}
	s.named = append(s.named, Field{name, value})
	s.spelt = append(s.spelt, spellings(value)...)
	slices.SortStableFunc(s.spelt, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
}

// spellings are the ways in which a server may give a value back.
func spellings(value string) []string {
	out := []string{value}
	for _, other := range []string{
		url.QueryEscape(value), url.PathEscape(value),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.RawStdEncoding.EncodeToString([]byte(value)),
		base64.URLEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
		strings.ReplaceAll(value, "/", `\/`),
		jsonEscaper.Replace(value), htmlEscaper.Replace(value),
	} {
		if !slices.Contains(out, other) {
			out = append(out, other)
		}
	}
	return out
}

var (
	jsonEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "<", `\u003c`, ">", `\u003e`, "&", `\u0026`)
	htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")
)

// values returns every value with the variable that stands for it.
func (s *secrets) values() []Field {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.named)
}

func (s *secrets) spellings() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.spelt)
}

// request returns the request without its secrets: variables stand for them.
func (s *secrets) request(r Request) Request {
	out := Request{Method: r.Method, URL: r.URL, Body: r.Body, Header: slices.Clone(r.Header)}
	for _, v := range s.values() {
		variable := "$" + v.Name
		out.URL = strings.ReplaceAll(out.URL, v.Value, variable)
		if bytes.Contains(out.Body, []byte(v.Value)) {
			out.Body = bytes.ReplaceAll(out.Body, []byte(v.Value), []byte(variable))
		}
		for i := range out.Header {
			out.Header[i].Value = strings.ReplaceAll(out.Header[i].Value, v.Value, variable)
		}
	}
	return out
}

// text returns a text without secrets, and without what looks like one.
func (s *secrets) text(text string) string {
	for _, spelling := range s.spellings() {
		if strings.Contains(text, spelling) {
			text = strings.ReplaceAll(text, spelling, stars(spelling))
		}
	}
	return lookalikes(text)
}

// bytes is text for a body, and tells whether one of the user's secrets stood in
// it. Where the body may have been cut, a secret cut off at its end is struck out
// too.
func (s *secrets) bytes(body []byte, cut bool) (out []byte, found bool) {
	for _, spelling := range s.spellings() {
		if bytes.Contains(body, []byte(spelling)) {
			found = true
			body = bytes.ReplaceAll(body, []byte(spelling), []byte(stars(spelling)))
		}
		for n := min(len(spelling)-1, len(body)); cut && n >= cutSecret; n-- {
			if bytes.HasSuffix(body, []byte(spelling[:n])) {
				found = true
				body = append(body[:len(body)-n:len(body)-n], stars(spelling[:n])...)
			}
		}
	}
	if bytes.Contains(body, []byte("eyJ")) || bytes.ContainsRune(body, '=') {
		if struck := lookalikes(string(body)); struck != string(body) {
			body = []byte(struck)
		}
	}
	return body, found
}

// cutSecret is the length from which the beginning of a secret tells of it.
const cutSecret = 8

// response strikes secrets out of an answer, by as many asterisks, so that
// lengths and JSON stay as they came. It tells whether the answer held one of
// the user's.
func (s *secrets) response(r *Response, cut bool) (found bool) {
	if r == nil {
		return false
	}
	var inBody, inText bool
	r.Body, inBody = s.bytes(r.Body, cut)
	if coding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); coding != "" {
		plain, err := decode(coding, r.Body)
		struck, leaked := s.bytes(slices.Clone(plain), cut)
		switch {
		case bytes.Equal(struck, plain):
		case err != nil: // what cannot be unpacked wholly stays so
			inText, r.Body = leaked, []byte(strings.Repeat("*", len(r.Body)))
		default: // what is packed is packed again without it
			inText, r.Body = leaked, encode(struck)
		}
	}
	found = inBody || inText
	for name, values := range r.Header {
		for i, value := range values {
			struck := s.text(value)
			if http.CanonicalHeaderKey(name) == "Set-Cookie" {
				struck = withoutCookie(struck)
			}
			found = found || slices.ContainsFunc(s.spellings(), func(spelling string) bool { return strings.Contains(value, spelling) })
			values[i] = struck
		}
	}
	return found
}

func stars(of string) string { return strings.Repeat("*", len(of)) }

var (
	// A token in the form of RFC 7519, whoever it belongs to.
	jwt = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?`)
	// A parameter of a URL that gives whoever knows it access.
	secretParameter = regexp.MustCompile(`(?i)([?&;](?:sig|signature|code|key|api[_-]?key|token|[a-z_]*_token|password|passwd|secret|client_secret|assertion|x-amz-signature|x-amz-security-token)=)([^&;#\s"'<>\\]+)`)
)

// lookalikes strikes out tokens and the secret parameters of URLs that are not the
// user's: another user's, or the server's own.
func lookalikes(text string) string {
	if strings.Contains(text, "eyJ") {
		text = jwt.ReplaceAllStringFunc(text, stars)
	}
	if strings.Contains(text, "=") && strings.ContainsAny(text, "?&;") {
		text = secretParameter.ReplaceAllStringFunc(text, func(found string) string {
			name, value, _ := strings.Cut(found, "=")
			return name + "=" + stars(value)
		})
	}
	return text
}

// withoutCookie strikes the value out of a Set-Cookie field.
func withoutCookie(field string) string {
	pair, attributes, more := strings.Cut(field, ";")
	name, value, _ := strings.Cut(pair, "=")
	out := name + "=" + stars(value)
	if more {
		out += ";" + attributes
	}
	return out
}
