// Package credential obtains bearer tokens, and parses their claims. Its errors never contain
// a secret.
package credential

import (
	"context"
	"errors"
	"time"

	"fmaspec/conformance/internal/httpfile"
)

// A Token is a bearer token. It is printed as its origin only.
type Token struct {
	Value  string
	Expiry time.Time // zero if the issuer did not say
	From   string    // the flag, variable or address that it comes from
}

func (t Token) String() string { return "a token from " + t.From }

// GoString keeps the value out of %#v.
func (t Token) GoString() string { return t.String() }

// Ends returns when the token expires, by its issuer or else by its claims, or the zero time.
func (t Token) Ends() time.Time {
	if !t.Expiry.IsZero() {
		return t.Expiry
	}
	claims, _ := Describe(t.Value)
	return claims.Expires
}

// A Source returns a token. It is safe for concurrent use.
type Source func(ctx context.Context) (Token, error)

// Static returns a source of one token.
func Static(value, from string) Source {
	return func(context.Context) (Token, error) { return Token{Value: value, From: from}, nil }
}

// Bare returns an error if a text is not a valid bearer token (RFC 6750 2.1).
func Bare(value string) error {
	switch {
	case value == "":
		return errors.New("there is no token; give only the token")
	case !httpfile.IsBearer(value):
		return errors.New("it has a blank, a line break, a quote, a brace or another character that is not allowed " +
			"in a bearer token (RFC 6750 section 2.1); give only the token")
	}
	return nil
}
