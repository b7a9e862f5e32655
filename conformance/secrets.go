package conformance

import (
	"iter"
	"strings"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/internal/wire"
)

// newSecrets returns the secrets of a target: its tokens, the values of the header
// fields that the user sends, and the password of its proxy. What a suite sends is public; it may be nil.
func newSecrets(t Target, suite *Suite) *redact.Secrets {
	s := &redact.Secrets{}
	if suite != nil {
		s.Public(suite.publicTexts(t))
	}
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
		switch value := d.from(token); {
		case value == token:
		case s.IsPlain(value): // as the token is
			s.AddToken(d.env, value)
		default:
			s.Add(d.env, value)
		}
	}
}

// publicTexts returns what every request to a target holds or may hold besides its credentials: the
// texts of the cases, and the ids that the user names.
func (s *Suite) publicTexts(t Target) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, text := range []string{t.URL, t.Machine, t.OtherMachine, t.UnknownMachine, t.File} {
			if !yield(text) {
				return
			}
		}
		for _, op := range s.Operations {
			if !yield(op.Path) {
				return
			}
		}
		for _, c := range s.Cases {
			for i := range c.Steps {
				if !c.Steps[i].texts(yield) {
					return
				}
			}
		}
	}
}

// texts yields the target of a step, its body, and its fields but for those of credentials, with
// their variables.
func (s *Step) texts(yield func(string) bool) bool {
	for _, f := range s.Header {
		if !redact.IsSecretName(f.Name) && !yield(f.Value) {
			return false
		}
	}
	return yield(s.Path) && yield(s.Body)
}
