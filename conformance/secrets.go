package conformance

import (
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
	for _, f := range t.Transport.Header {
		if !redact.IsOrdinary(f) {
			s.Add(redact.HeaderVariable(f.Name), f.Value)
		}
	}
	for _, f := range t.Hidden {
		if !redact.IsOrdinary(f) {
			s.Add(redact.HeaderVariable(f.Name), f.Value)
		}
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
		if value := d.from(token); value != token {
			s.Add(d.env, value)
		}
	}
}
