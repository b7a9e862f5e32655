package conformance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"

	"fmaspec/conformance/internal/guard"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// DefaultMachine is the machine id of the documents' example requests; it is
// sent where the user names none.
const DefaultMachine = "fb9ab6be3965095a09c057be7c90f0a2"

// A Target is an implementation to be judged: a URL, or a handler that is served
// in memory.
type Target struct {
	URL string // scheme, host and whatever stands before the documented path; ignored where Handler is set
	// judged through real HTTP/1.1, without a port; one with a method Listen(net.Listener)
	// net.Listener on the listener which that returns
	Handler http.Handler
	Name    string // what reports call it; empty for the URL

	// of a user who may act; a made-up one where empty and on loopback
	Token string
	// asked for the token before each request, in place of Token, where not nil; keeps it until it expires
	TokenSource func(context.Context) (string, error)
	// of a user without the roles; cases that need one do not apply where empty
	UnprivilegedToken string
	// of a user who is security administrator and nothing else that may act; the same
	SecurityAdminToken string
	// of a user who is global administrator and nothing else that may act; the same
	GlobalAdminToken string
	// one that must not be accepted, such as an expired one; cases that need one do not apply where empty
	InvalidToken string
	Machine      string // DefaultMachine where empty
	// an id that the implementation does not know; cases that need one do not apply where empty
	UnknownMachine string
	// a second one that may be acted on, in addition to Machine; cases that need one do not apply where empty
	OtherMachine string
	// of the file that accepted requests name; on loopback a made-up one for each where empty
	File string

	// further values by name that no record may hold, such as the secrets of another target;
	// values of ordinary words are left
	Hidden    []record.Field
	Transport Transport // how it is reached
}

// madeUpToken is sent to a loopback target for which the user gave no token.
const madeUpToken = "fmaspec-made-up-token"

// A SafetyError says what was refused because it could take effect on somebody's
// machine. Nothing was sent.
type SafetyError struct{ Msg string }

func (e *SafetyError) Error() string { return e.Msg }

// A UsageError says what the caller got wrong. Nothing was sent.
type UsageError struct{ Msg string }

func (e *UsageError) Error() string { return e.Msg }

func usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// prepared returns the target with its defaults filled in and its parts checked.
func (t Target) prepared(ctx context.Context) (Target, error) {
	if t.Handler != nil {
		t.URL, t.Name = record.InMemory, cmp.Or(t.Name, "a handler in memory")
	} else {
		var err error
		if t.URL, err = TargetURL(t.URL); err != nil {
			return t, err
		}
	}
	if t.Name == "" {
		t.Name = t.URL
	}
	if _, err := t.proxy(); err != nil {
		return t, usage("target %s: %v", t.URL, err)
	}
	for from, to := range t.Transport.Resolve {
		if _, _, err := net.SplitHostPort(to); err != nil {
			return t, usage("target %s: %s cannot be dialled at %q; give host and port", t.URL, from, to)
		}
	}
	if t.Token == "" && t.TokenSource != nil {
		var err error
		if t.Token, err = t.TokenSource(ctx); err != nil {
			return t, usage("target %s: there is no token: %v", t.URL, err)
		}
	}
	if t.Machine == "" && t.local() {
		t.Machine = DefaultMachine
	}
	if t.Token == "" && t.local() {
		t.Token = madeUpToken
	}
	if t.Token == "" {
		return t, usage("target %s: no token; set FMASPEC_TOKEN or pass -token-file (in Go, Target.Token)", t.URL)
	}
	for _, k := range Tokens() {
		if value := *k.In(&t); value != "" && !httpfile.IsBearer(value) {
			return t, usage("the %s holds a blank, a line break, a quote, a brace or another character that no "+
				"bearer token has (RFC 6750 section 2.1); give the bare token", k.Name())
		}
	}
	if err := t.ValidIDs(); err != nil {
		return t, err
	}
	for _, f := range t.Transport.Header {
		if strings.ContainsFunc(f.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }) ||
			!httpfile.IsToken(f.Name) {
			return t, usage("the header field %q: it has a character that no header can carry; mend it", f.Name)
		}
	}
	for _, f := range []record.Field{{Name: "request id", Value: t.Transport.RequestID},
		{Name: "user agent", Value: t.Transport.UserAgent}} {
		if strings.ContainsFunc(f.Value, func(r rune) bool { return r < ' ' || r >= 0x7F }) || f.Name == "request id" &&
			f.Value != "" && !httpfile.IsToken(f.Value) {
			return t, usage("the %s %q: it has a character that no header can carry; mend it", f.Name, f.Value)
		}
	}
	if t.UnknownMachine != "" && strings.EqualFold(t.UnknownMachine, t.Machine) {
		return t, usage("the unknown machine %s is the machine too; name one that the target does not know, or none",
			t.UnknownMachine)
	}
	for _, id := range []struct{ name, value string }{{"machine", t.Machine}, {"unknown machine", t.UnknownMachine}} {
		if t.OtherMachine != "" && strings.EqualFold(t.OtherMachine, id.value) {
			return t, usage("the other machine %s is the %s too; name a second one that may be acted on, or none",
				t.OtherMachine, id.name)
		}
	}
	return t, nil
}

// ValidIDs returns an error, a [*UsageError], for a file's hash or a machine's id that no request can
// carry. An empty one is valid.
func (t Target) ValidIDs() error {
	if t.File != "" && !isSha1(t.File) {
		return usage("the sha1 %q: want 40 hexadecimal digits, as of a file that may be acted on", t.File)
	}
	for _, id := range []struct{ name, value string }{{"machine", t.Machine}, {"unknown machine", t.UnknownMachine},
		{"other machine", t.OtherMachine}} {
		if id.value != url.PathEscape(id.value) {
			return usage("the %s id %q has characters that a path segment cannot carry; give the bare id", id.name,
				id.value)
		}
	}
	return nil
}

func isSha1(text string) bool { return len(text) == sha1Digits && guard.AllHex(text) }

// info is what a report says of the target.
func (t Target) info() record.TargetInfo {
	out := record.TargetInfo{URL: t.URL, Name: t.Name, Machine: t.Machine, UnknownMachine: t.UnknownMachine,
		File: t.File, Protocol: "HTTP/1.1", Insecure: t.Transport.Insecure, Resolve: maps.Clone(t.Transport.Resolve),
		MadeUpToken: t.Token == madeUpToken, OtherMachine: t.OtherMachine}
	if t.Transport.HTTP2 {
		out.Protocol = "HTTP/2"
	}
	if proxy, err := t.proxy(); err == nil && proxy != nil {
		out.Proxy = wire.HostPort(proxy)
	}
	return out
}
