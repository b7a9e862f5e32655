package conformance

import (
	"slices"
	"strings"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// newSecrets returns the secrets of a target that is sent these cases: its tokens, the values of the header
// fields that the user sends, and the password of its proxy.
func newSecrets(t Target, cases []*Case) *redact.Secrets {
	s := &redact.Secrets{}
	for _, f := range t.tokens() {
		addToken(s, t, cases, f.Name, f.Value)
	}
	addDerived(s, t, cases, t.Token)
	for _, f := range slices.Concat(t.Transport.Header, t.Hidden) {
		s.AddField(f)
	}
	if proxy, err := t.proxy(); err == nil && proxy != nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		s.Add("PROXY_PASSWORD", password)
		s.Add("PROXY_AUTHORIZATION", strings.TrimPrefix(wire.ProxyAuthorization(proxy), "Basic "))
	}
	return s
}

// addToken adds a token. One that a case sends as its own text is no secret, and the answer to that case holds it.
func addToken(s *redact.Secrets, t Target, cases []*Case, name, token string) {
	if t.says(cases, token) {
		s.AddPlain(name, token)
	} else {
		s.AddToken(name, token)
	}
}

// says reports whether a token stands in the text of a case, as 0123456789abcdef0123456789abcdef does in a hash, or in
// the id of a machine or a file of the user.
func (t Target) says(cases []*Case, token string) bool {
	if len(token) < redact.Shortest {
		return false
	}
	small := strings.ToLower(token)
	holds := func(text string) bool { return strings.Contains(text, small) || strings.Contains(text, token) }
	return slices.ContainsFunc([]string{t.Machine, t.OtherMachine, t.UnknownMachine, t.File}, holds) ||
		slices.ContainsFunc(cases, func(c *Case) bool {
			return slices.ContainsFunc(c.Steps, func(s Step) bool {
				return holds(s.Path) || holds(s.Body) || slices.ContainsFunc(s.Header, func(f record.Field) bool {
					return holds(f.Value)
				})
			})
		})
}

// addDerived adds what cases send in the place of a token. Its parts are those of the token
// itself, and are found as such.
func addDerived(s *redact.Secrets, t Target, cases []*Case, token string) {
	if !derivable(token) {
		return
	}
	plain := redact.IsPlain(token) || t.says(cases, token)
	for _, d := range derivedTokens() {
		switch value := d.from(token); {
		case value == token:
		case plain || redact.IsPlain(value):
			s.AddPlain(d.env, value)
		default:
			s.Add(d.env, value)
		}
	}
}
