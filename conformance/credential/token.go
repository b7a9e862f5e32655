// Package credential obtains bearer tokens, and reads what they say of
// themselves. No error of it holds a secret.
package credential

import (
	"context"
	"errors"
	"time"

	"fmaspec/conformance/internal/httpfile"
)

// A Token is a bearer token. It prints as its place alone.
type Token struct {
	Value  string
	Expiry time.Time // zero where whoever issued it did not say
	From   string    // the flag, variable or address that it comes from
}

func (t Token) String() string { return "a token from " + t.From }

// GoString keeps the value out of %#v.
func (t Token) GoString() string { return t.String() }

// Ends tells when the token expires, by whoever issued it or else by what it says
// of itself, or the zero time.
func (t Token) Ends() time.Time {
	if !t.Expiry.IsZero() {
		return t.Expiry
	}
	claims, _ := Describe(t.Value)
	return claims.Expires
}

// A Source obtains a token. It may be called by several goroutines at once.
type Source func(ctx context.Context) (Token, error)

// Static returns a source of one token.
func Static(value, from string) Source {
	return func(context.Context) (Token, error) { return Token{Value: value, From: from}, nil }
}

// Bare says what keeps a text from being a bearer token (RFC 6750 2.1), or nil.
func Bare(value string) error {
	switch {
	case value == "":
		return errors.New("there is no token; give the bare token")
	case !httpfile.IsBearer(value):
		return errors.New("it holds a blank, a line break, a quote, a brace or another character that no bearer token has (RFC 6750 section 2.1); give the bare token")
	}
	return nil
}
