package conformance

import (
	"fmt"
	"strings"

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
func Tokens() []Token {
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
}

// TokenNamed returns the token with a variable of fixtures, and whether there is one.
func TokenNamed(variable string) (Token, bool) {
	for _, k := range Tokens() {
		if k.Variable == variable {
			return k, true
		}
	}
	return Token{}, false
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
// "". The needs are the tokens but the first, and two machines.
func (t Target) need(name string) (value, remedy string, known bool) {
	if name == httpfile.UnknownMachine {
		return t.UnknownMachine, "the id of a machine that the target does not know; pass -unknown-machine", true
	}
	if name == httpfile.OtherMachine {
		return t.OtherMachine, "the id of a second machine that may be acted on; pass -other-machine", true
	}
	k, known := TokenNamed(name)
	if !known {
		return "", "", false
	}
	return *k.In(&t), fmt.Sprintf("%s; set %s or pass -%s", k.Of, k.Env(), k.Flag()), true
}
