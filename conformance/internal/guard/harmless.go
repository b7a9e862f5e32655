package guard

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
	"fmaspec/schemas"
)

// A harmlessShape is a form of requests that can be sent to any server; the reason says
// why they take no effect.
type harmlessShape struct {
	name, reason string
	match        func(*reading) bool
}

// harmlessShapes is the closed list. Besides, a request of each but the first has
// the path of an operation with a machine that nobody has and names no file but
// made-up ones, by every reading; and each has fields of [plainFields] alone.
func harmlessShapes() []harmlessShape {
	return []harmlessShape{
		{"safe method", "it only reads, and its path is no operation's", func(m *reading) bool {
			return slices.Contains(safeMethods, m.method) && m.operation == "" && len(m.raw) == 0 &&
				plainPath.MatchString(m.path) && !dotted.MatchString(m.path)
		}},
		{"other method", "the operation has another method", func(m *reading) bool {
			return m.exact && !m.called && slices.Contains(otherMethods, m.method) && !slices.ContainsFunc(m.texts,
				mentionsMethod)
		}},
		{"no credentials", "nobody is named who may act", func(m *reading) bool {
			return m.exact && m.called && !m.mayIdentify() && len(m.values("authorization")) == 0
		}},
		{"bad credentials", "the credentials are not Bearer and a token of one who may act", func(m *reading) bool {
			given := m.values("authorization")
			return m.exact && m.called && !m.mayIdentify() && len(given) == 1 && m.g.unusableCredentials(given[0])
		}},
		{"other media type", "the body is declared as something else than JSON", func(m *reading) bool {
			declared := m.values("content-type")
			return m.exact && m.called && len(declared) == 1 && slices.Contains(otherMedia, declaredMedia(declared[0]))
		}},
		{"no JSON", "the body is not JSON", func(m *reading) bool {
			return m.exact && m.called && noObject(m.body)
		}},
		{"unusable JSON", "the body lacks what the operation needs", func(m *reading) bool {
			return m.exact && m.called && strictjson.Check(m.body) == nil && m.g.lacking(m.operation, m.body)
		}},
	}
}

// safeMethods change nothing (RFC 9110 9.2.1), and otherMethods are those that may
// be tried where an operation has another.
var safeMethods, otherMethods = []string{"GET", "HEAD", "OPTIONS"}, []string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH",
	"DELETE", "FROB"}

// otherMedia are media types that no server reads as JSON.
var otherMedia = []string{"text/plain", "text/html", "text/xml", "application/xml", "application/octet-stream",
	"application/x-www-form-urlencoded", "multipart/form-data"}

// noObject reports whether a body is no JSON object, and not only by its encoding, by
// a member twice or by its depth, where parsers differ.
func noObject(body []byte) bool {
	var broken *strictjson.Error
	if !errors.As(strictjson.Check(body), &broken) {
		return false
	}
	if broken.Kind == strictjson.Deep {
		return bytes.HasPrefix(bytes.TrimSpace(body), []byte("["))
	}
	_, err := schemas.Decode(body)
	return err != nil && slices.Contains([]strictjson.Kind{strictjson.Empty, strictjson.Trailing, strictjson.Cut,
		strictjson.Syntax}, broken.Kind)
}

// plainPath is a path with nothing to unescape, and dotted one that leads elsewhere
// or has an empty segment.
var plainPath, dotted = regexp.MustCompile(`^[A-Za-z0-9_.~/-]*$`), regexp.MustCompile(`//|(^|/)\.{1,2}(/|$)`)

// mentionsMethod reports whether a body may replace the method, as a form does with
// _method where a framework looks for it.
func mentionsMethod(text string) bool { return strings.Contains(strings.ToLower(text), "method") }

// plainFields are the fields that a harmless request may have, with what their
// values may be; nil for any that is short.
var plainFields = map[string]*regexp.Regexp{
	"host":              nil, // compared with the target's
	"user-agent":        nil,
	"accept":            nil,
	"accept-charset":    nil,
	"accept-encoding":   nil,
	"accept-language":   nil,
	"authorization":     nil,
	"content-type":      nil,
	"content-length":    nil, // with Transfer-Encoding checked before
	"transfer-encoding": nil,
	"connection":        nil,
	"expect":            regexp.MustCompile(`^100-continue$`),
}

// longField is how long the value of such a field may be. Some servers read so many
// bytes of a line, and take the rest for another.
const longField = 4096

// requestIDs is the form of the ids that a run gives its requests.
var requestIDs = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// version is the end of a request line, with the blank before it.
var version = regexp.MustCompile(`(?i)[\s\x00]HTTP/[0-9]`)

// unlisted names what keeps the request from being harmless whatever its shape, ""
// for nothing.
func (m *reading) unlisted() string {
	if m.host == hostElsewhere {
		return "it names another host than the target's"
	}
	if strings.ContainsAny(m.target, "?#") {
		return "its target has a query"
	}
	seen := map[string]bool{}
	for _, f := range m.header {
		name := framed(f.Name)
		if seen[name] {
			return fmt.Sprintf("it has the field %s twice", f.Name)
		}
		seen[name] = true
		if m.g.ofUser(f) {
			if misleading(f) {
				return fmt.Sprintf("a server may read another request out of its field %s", f.Name)
			}
			continue
		}
		want, listed := plainFields[name]
		switch {
		case !listed || !strings.EqualFold(name, f.Name):
			return fmt.Sprintf("its field %s is none of those that a request without effect may have; -header adds "+
				"one to every request", f.Name)
		case want != nil && !want.MatchString(f.Value) || name != "authorization" && len(f.Value) > longField ||
			version.MatchString(" "+f.Value):
			return fmt.Sprintf("the value of its field %s is none that a request without effect may have", f.Name)
		}
	}
	if !plainCharset(m.values("content-type")) {
		return "its body is in a charset in which it may name something else"
	}
	return m.hides()
}

// hides says how the body may hold more than it shows, "" where it does not.
func (m *reading) hides() string {
	if !utf8.Valid(m.body) || bytes.ContainsFunc(m.body, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\r' &&
			r != '\n' || r == 0x7F || r == 0xFEFF
	}) {
		return "its body has bytes that are not plain text"
	}
	if !m.read {
		return "its body holds packed data, or more escapes than can be undone"
	}
	if second := m.second(); second != "" {
		return second
	}
	for _, text := range slices.Backward(m.texts) { // the last is the plainest
		if strings.Contains(strings.ToUpper(text), "<!DOCTYPE") || strings.Contains(strings.ToUpper(text), "<!ENTITY") {
			return "its body defines entities"
		}
		if !m.exact {
			continue
		}
		if otherScript(text) {
			return "its body has digits and letters of different scripts in one word, which may be the name of a file"
		}
		for _, name := range hexNames(text, wideGaps) {
			if !madeUp(name) {
				return "its body names " + shorten(name) + ", which somebody may have; {{sha1}} and {{machine}} are " +
					"replaced by made-up ids"
			}
		}
	}
	return ""
}

// second says that a server which does not find the end of the request may find
// another one behind, "" where it cannot.
func (m *reading) second() string {
	for _, text := range append([]string{string(m.raw)}, m.texts...) {
		if strings.Contains(text, "/") && version.MatchString(" "+text) {
			return "its body holds what a server may take for a second request"
		}
		lower := strings.ToLower(text)
		if slices.ContainsFunc(m.g.tails(), func(tail string) bool { return strings.Contains(lower, tail) }) {
			return "its body holds the path of an operation"
		}
	}
	return ""
}

// plainCharset reports whether what the type declares has ASCII for ASCII.
func plainCharset(declared []string) bool {
	for _, text := range declared {
		_, parameters, err := mime.ParseMediaType(text)
		charset, _, _ := strings.Cut(strings.ToLower(text), "charset")
		switch {
		case len(charset) == len(text):
		case err != nil:
			return false
		case !slices.Contains([]string{"", "utf-8", "us-ascii", "iso-8859-1", "windows-1252"},
			strings.ToLower(parameters["charset"])):
			return false
		}
	}
	return true
}

func declaredMedia(declared string) string {
	media, _, _ := strings.Cut(declared, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// ofUser reports whether a field is there because the user asks for it in every
// request, or because the way to the target needs it.
func (g *Guard) ofUser(f record.Field) bool {
	t := g.target
	if t.RequestID != "" && strings.EqualFold(f.Name, t.RequestID) && requestIDs.MatchString(f.Value) {
		return true
	}
	if strings.EqualFold(f.Name, "Proxy-Authorization") {
		proxy, err := g.target.ProxyURL()
		return err == nil && g.target.Absolute() && f.Value == wire.ProxyAuthorization(proxy)
	}
	return slices.ContainsFunc(t.Header, func(of record.Field) bool {
		return strings.EqualFold(of.Name, f.Name) && strings.Trim(of.Value, " \t") == f.Value &&
			!isPlain(framed(f.Name))
	})
}

func isPlain(name string) bool { _, listed := plainFields[name]; return listed }

// misleading reports whether a server may take the request for another because of a
// field: for its name, or because it names another host (RFC 7239 5.3).
func misleading(f record.Field) bool {
	name := framed(f.Name)
	return mistakable(name) || name == "forwarded" && strings.Contains(strings.ToLower(f.Value), "host")
}

// mistakable reports whether a server may take the request for another because of a
// field of that name.
func mistakable(name string) bool {
	if slices.Contains([]string{"te", "trailer", "upgrade", "destination", "content-encoding", "x-host", "x-http-host"},
		name) {
		return true
	}
	return slices.ContainsFunc([]string{"method", "override", "rewrite", "original-", "forwarded-host",
		"forwarded-server", "forwarded-prefix", "forwarded-path", "forwarded-u", "request-u", "verb", "-url", "-uri",
		"-path", "machine", "sha1"}, func(part string) bool { return strings.Contains(name, part) })
}

// mayIdentify reports whether something besides Authorization may identify the user: a
// field of such a name, or a token of one who may act.
func (m *reading) mayIdentify() bool {
	tokens := m.g.tokens()
	holds := func(text string) bool {
		return slices.ContainsFunc(tokens, func(token string) bool { return strings.Contains(text, token) })
	}
	return slices.ContainsFunc(m.texts, holds) || holds(m.target) || slices.ContainsFunc(m.header,
		func(f record.Field) bool {
			name := strings.ToLower(f.Name)
			return name != "authorization" && name != "proxy-authorization" && (holds(f.Value) ||
				slices.ContainsFunc([]string{"auth", "token", "cookie", "session", "credential", "jwt", "secret"},
					func(part string) bool { return strings.Contains(name, part) }))
		})
}

// unusableCredentials reports whether the value of Authorization identifies no user who
// may act.
func (g *Guard) unusableCredentials(value string) bool {
	scheme, rest, blank := strings.Cut(value, " ")
	rest = strings.TrimLeft(rest, " ")
	if strings.ContainsAny(value, "\t") || strings.Contains(strings.ToLower(rest), "bearer") {
		return false
	}
	switch scheme = strings.ToLower(scheme); {
	case !blank: // nothing, the scheme alone, the token alone, or the two without a blank
		return scheme == "" || scheme == "bearer" || g.mayAct(value) || strings.HasPrefix(scheme, "bearer") &&
			g.mayAct(value[len("bearer"):])
	case scheme == "bearer":
		return rest == "" || !g.mayAct(rest) && (rest == g.target.UnprivilegedToken || rest == g.target.InvalidToken ||
			g.longer(rest))
	}
	return slices.Contains([]string{"basic", "digest", "negotiate", "ntlm", "bearertoken"}, scheme)
}

// tokens are those of users who may act.
func (g *Guard) tokens() (out []string) {
	if g.target.Token != "" {
		out = append(out, g.target.Token)
	}
	for _, token := range []string{g.target.SecurityAdminToken, g.target.GlobalAdminToken} {
		if token != "" {
			out = append(out, token)
		}
	}
	for _, s := range g.secrets.Values() {
		if s.Name == redact.TokenVariable {
			out = append(out, s.Value)
		}
	}
	return out
}

func (g *Guard) mayAct(token string) bool { return slices.Contains(g.tokens(), token) }

// longer reports whether a word is such a token with the one behind it that must
// not be accepted.
func (g *Guard) longer(word string) bool {
	token, found := strings.CutSuffix(word, g.target.InvalidToken)
	return found && g.target.InvalidToken != "" && g.mayAct(token)
}

// lacking reports whether the operation cannot use a JSON text: it breaks the
// schema of its requests. Where nothing is known of these, any can be used.
func (g *Guard) lacking(operation string, body []byte) bool {
	value, err := schemas.Decode(body)
	schema := g.request[operation]
	if err != nil || schema == nil {
		return false
	}
	violations, err := schema.ValidateValue(value)
	return err == nil && len(violations) > 0
}
