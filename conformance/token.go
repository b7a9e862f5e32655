package conformance

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// A Token is one row of the table of the tokens that a user may name. Its names in
// fixtures, in the environment and on the command line follow from one.
type Token struct {
	Variable string // of fixtures, and what a case needs, such as "unprivileged-token"
	Field    string // of [Target]
	Of       string // what it is, "the token of a user without the roles"

	in func(*Target) *string
}

// Tokens returns every token that a user may name, that of a user who may act first: no
// case needs to say that it needs it.
func Tokens() []Token { return slices.Clone(tokens()) }

// tokens is the table of [Tokens], made once: it is searched for each variable of a request.
var tokens = sync.OnceValue(func() []Token {
	return []Token{
		{"token", "Token", "the token of a user who may act",
			func(t *Target) *string { return &t.Token }},
		{httpfile.UnprivilegedToken, "UnprivilegedToken", "the token of a user without the roles",
			func(t *Target) *string { return &t.UnprivilegedToken }},
		{httpfile.SecurityAdminToken, "SecurityAdminToken", "the token of a user who is security administrator alone",
			func(t *Target) *string { return &t.SecurityAdminToken }},
		{httpfile.GlobalAdminToken, "GlobalAdminToken", "the token of a user who is global administrator alone",
			func(t *Target) *string { return &t.GlobalAdminToken }},
		{httpfile.InvalidToken, "InvalidToken", "a token that must not be accepted",
			func(t *Target) *string { return &t.InvalidToken }},
	}
})

// TokenNamed returns the token with a variable of fixtures, and whether there is one.
func TokenNamed(variable string) (Token, bool) {
	for _, k := range tokens() {
		if k.Variable == variable {
			return k, true
		}
	}
	return Token{}, false
}

// A derivedToken is one row of the table of the values that are made of the token of a
// user who may act, and that must not be accepted in its place (RFC 6750 section 3.1). A
// record holds none of them, since a part of a secret is one.
type derivedToken struct {
	variable string // of fixtures, and what a case needs
	env      string // stands for the value in a record
	from     func(token string) string
}

// DerivedTokens returns the variables of fixtures that stand for a value made of the token of
// a user who may act. Cases may need them; a target has them where its token has 8 characters
// or more, one of them a letter, and no = at its end.
func DerivedTokens() (out []string) {
	for _, d := range derivedTokens() {
		out = append(out, d.variable)
	}
	return out
}

func derivedTokens() []derivedToken {
	return []derivedToken{
		{httpfile.ShorterToken, "FMASPEC_SHORTER_TOKEN", func(token string) string { return token[:len(token)-1] }},
		{httpfile.TailToken, "FMASPEC_TAIL_TOKEN", func(token string) string { return token[1:] }},
		// The last digit of a signature in base64 has bits that no decoder needs to read.
		{httpfile.AlteredToken, "FMASPEC_ALTERED_TOKEN", func(token string) string {
			at, other := len(token)-4, "0"
			if token[at] == '0' {
				other = "1"
			}
			return token[:at] + other + token[at+1:]
		}},
		{httpfile.MiddleToken, "FMASPEC_MIDDLE_TOKEN", func(token string) string {
			at, other := (len(token)-1)/2, "0" // never the place of the altered one
			if token[at] == '0' {
				other = "1"
			}
			return token[:at] + other + token[at+1:]
		}},
		{httpfile.FirstToken, "FMASPEC_FIRST_TOKEN", func(token string) string {
			if token[0] == 'x' {
				return "y" + token[1:]
			}
			return "x" + token[1:]
		}},
		{httpfile.SwitchToken, "FMASPEC_EXCHANGED_TOKEN", func(token string) string {
			for at := 1; at+1 < len(token); at++ {
				if token[at] != token[at+1] {
					return token[:at] + token[at+1:at+2] + token[at:at+1] + token[at+2:]
				}
			}
			return token
		}},
		{httpfile.ReverseToken, "FMASPEC_REVERSED_TOKEN", func(token string) string {
			out := []byte(token)
			slices.Reverse(out)
			return string(out)
		}},
		{httpfile.Base64Token, "FMASPEC_BASE64_TOKEN", func(token string) string {
			return base64.StdEncoding.EncodeToString([]byte(token))
		}},
		{httpfile.HexToken, "FMASPEC_HEXADECIMAL_TOKEN", func(token string) string {
			return hex.EncodeToString([]byte(token))
		}},
		{httpfile.EscapedToken, "FMASPEC_ESCAPED_TOKEN", func(token string) string {
			var out strings.Builder
			for _, c := range []byte(token) {
				fmt.Fprintf(&out, "%%%02X", c)
			}
			return out.String()
		}},
		// It begins like the token, so that a target that takes every token with a prefix takes it too.
		{httpfile.StrangerToken, "FMASPEC_STRANGER_TOKEN", func(token string) string {
			at := len(token) / 3
			return token[:at] + strings.Map(stranger, token[at:])
		}},
		{httpfile.BasicToken, "FMASPEC_BASIC_TOKEN", func(token string) string {
			return base64.StdEncoding.EncodeToString([]byte("x:" + token))
		}},
		{httpfile.UserToken, "FMASPEC_BASIC_USER_TOKEN", func(token string) string {
			return base64.StdEncoding.EncodeToString([]byte(token + ":"))
		}},
		{httpfile.SwappedToken, "FMASPEC_SWAPPED_TOKEN", func(token string) string {
			return strings.Map(func(r rune) rune {
				if unicode.IsUpper(r) {
					return unicode.ToLower(r)
				}
				return unicode.ToUpper(r)
			}, token)
		}},
	}
}

// stranger exchanges a letter or a digit for another one of its kind.
func stranger(r rune) rune {
	shift := func(first, n rune) rune { return first + (r-first+n/2)%n }
	switch {
	case '0' <= r && r <= '9':
		return shift('0', 10)
	case 'a' <= r && r <= 'z':
		return shift('a', 26)
	case 'A' <= r && r <= 'Z':
		return shift('A', 26)
	}
	return r
}

// shortestDerivable is the length from which values are derived of a token.
const shortestDerivable = 8

// derivable reports whether a token is one of which each derived token differs. Padding at the
// end of one that is coded in base64 may be left out.
func derivable(token string) bool {
	return len(token) >= shortestDerivable && !strings.HasSuffix(token, "=") && strings.ContainsFunc(token,
		func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' })
}

// derived returns the value of a variable of a derived token, "" where the target's token
// has none, and whether it is such a variable.
func (t Target) derived(variable string) (value string, is bool) {
	for _, d := range derivedTokens() {
		if d.variable == variable {
			if !derivable(t.Token) {
				return "", true
			}
			if value = d.from(t.Token); value == t.Token { // as one that reads the same from its end
				return "", true
			}
			return value, true
		}
	}
	return "", false
}

// In returns where a target holds the token.
func (k Token) In(t *Target) *string { return k.in(t) }

// Name returns the token's name in messages, such as "unprivileged token".
func (k Token) Name() string { return strings.ReplaceAll(k.Variable, "-", " ") }

// Env returns the variable of the environment that holds the token.
func (k Token) Env() string {
	return "FMASPEC_" + strings.ToUpper(strings.ReplaceAll(k.Variable, "-", "_"))
}

// Flag returns the flag, without its hyphen, that names a file with the token.
func (k Token) Flag() string { return k.Variable + "-file" }

// tokens returns the target's tokens by the variables that stand for them, "" where it
// has none.
func (t Target) tokens() (out []record.Field) {
	for _, k := range Tokens() {
		out = append(out, record.Field{Name: k.Env(), Value: *k.In(&t)})
	}
	return out
}

// need returns what the target holds for a need of a case, and what to do where that is
// "". The needs are the tokens but the first, those derived of the first, and two machines.
func (t Target) need(name string) (value, remedy string, known bool) {
	if name == httpfile.UnknownMachine {
		return t.UnknownMachine, "the id of a machine that the target does not know; pass -unknown-machine", true
	}
	if name == httpfile.OtherMachine {
		return t.OtherMachine, "the id of a second machine that may be acted on; pass -other-machine", true
	}
	if value, is := t.derived(name); is {
		return value, fmt.Sprintf("a token of %d or more characters that has a letter and no = at its end; give such "+
			"a token", shortestDerivable), true
	}
	k, known := TokenNamed(name)
	if !known {
		return "", "", false
	}
	return *k.In(&t), fmt.Sprintf("%s; set %s or pass -%s", k.Of, k.Env(), k.Flag()), true
}

// ownTokenReason is why a case is not sent whose made-up token is one of the user's, such as test.
const ownTokenReason = "the token that it makes up is one of this target"

// madeUpTokens returns the words that stand for tokens in the credentials of a case itself.
func (c *Case) madeUpTokens() (out []string) {
	if c.Stranger == "" {
		return nil
	}
	for i := range c.Steps {
		for _, f := range c.Steps[i].Header {
			if strings.EqualFold(f.Name, "Authorization") {
				out = append(out, strings.Fields(f.Value)...)
			}
		}
	}
	return out
}

// makesUp reports whether a token that a case makes up is one of the target.
func (t Target) makesUp(c *Case) bool {
	words := c.madeUpTokens()
	return len(words) > 0 &&
		slices.ContainsFunc(t.tokens(), func(own record.Field) bool { return slices.Contains(words, own.Value) })
}
