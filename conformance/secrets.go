package conformance

import (
	"slices"
	"strings"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/internal/wire"
)

// newSecrets returns the secrets of a target: its tokens, the values of the header
// fields that the user sends, and the password of its proxy.
func newSecrets(t Target) *redact.Secrets {
	s := &redact.Secrets{}
	for _, f := range t.tokens() {
		s.AddToken(f.Name, f.Value)
	}
	addDerived(s, t.Token)
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

// addDerived adds what cases send in the place of a token. Its parts are those of the token
// itself, and are found as such.
func addDerived(s *redact.Secrets, token string) {
	if !derivable(token) {
		return
	}
	for _, d := range derivedTokens() {
		switch value := d.from(token); {
		case value == token:
		case redact.IsPlain(value): // as the token is
			s.AddToken(d.env, value)
		default:
			s.Add(d.env, value)
		}
	}
}
