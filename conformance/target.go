package conformance

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// DefaultMachine is the machine id of the documents' example requests; it is
// sent where the user names none.
const DefaultMachine = "fb9ab6be3965095a09c057be7c90f0a2"

// A Target is an implementation to be judged: a URL, or a handler that is served
// in memory.
type Target struct {
	URL     string       // scheme, host and whatever stands before the documented path; ignored where Handler is set
	Handler http.Handler // judged through real HTTP/1.1, without a port
	Name    string       // what reports call it; empty for the URL

	Token             string                                // of a user who may act; a made-up one where empty and on loopback
	TokenSource       func(context.Context) (string, error) // asked for the token before each request, in place of Token, where not nil; keeps it until it expires
	UnprivilegedToken string                                // of a user without the roles; cases that need one do not apply where empty
	InvalidToken      string                                // one that must not be accepted, such as an expired one; cases that need one do not apply where empty
	Machine           string                                // DefaultMachine where empty
	UnknownMachine    string                                // an id that the implementation does not know; cases that need one do not apply where empty
	Sha1              string                                // of the file that accepted requests name; on loopback a made-up one for each where empty

	Transport Transport // how it is reached
}

// InMemory is the URL that a report gives for a handler: nobody can send there.
const InMemory = "http://in-memory"

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
func (t Target) prepared() (Target, error) {
	if t.Handler != nil {
		t.URL, t.Name = InMemory, cmp.Or(t.Name, "a handler in memory")
	} else {
		u, err := url.Parse(t.URL)
		switch {
		case err != nil:
			// The text is not repeated: it may hold a password.
			return t, usage("target: the URL cannot be read; give one such as http://127.0.0.1:8080")
		case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
			return t, usage("target %q: want http:// or https:// and a host, such as http://127.0.0.1:8080", u.Redacted())
		case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
			return t, usage("target %q: a query, a fragment or a user has no place here; give scheme, host and path alone", u.Redacted())
		}
		t.URL = strings.TrimRight(t.URL, "/")
	}
	if t.Name == "" {
		t.Name = t.URL
	}
	if t.Machine == "" && t.loopback() {
		t.Machine = DefaultMachine
	}
	if t.Token == "" && t.loopback() {
		t.Token = madeUpToken
	}
	if t.Token == "" {
		return t, usage("target %s: no token; set FMASPEC_TOKEN or pass -token-file (in Go, Target.Token)", t.URL)
	}
	for _, secret := range []struct{ name, value string }{{"token", t.Token}, {"unprivileged token", t.UnprivilegedToken}, {"invalid token", t.InvalidToken}} {
		if strings.ContainsFunc(secret.value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return t, usage("the %s holds a blank, a line break or another character that no header can carry; give the bare token", secret.name)
		}
	}
	for _, id := range []struct{ name, value string }{{"machine", t.Machine}, {"unknown machine", t.UnknownMachine}} {
		if id.value != url.PathEscape(id.value) {
			return t, usage("the %s id %q has characters that a path segment cannot carry; give the bare id", id.name, id.value)
		}
	}
	return t, nil
}

// loopback tells that nothing which is sent leaves this machine.
func (t Target) loopback() bool {
	if t.Handler != nil {
		return true
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// guard refuses what could take effect elsewhere than on this machine, unless
// each operation is armed by name and the machine was named by the user.
func (t Target) guard(operations, armed []string) error {
	if t.loopback() {
		return nil
	}
	for _, op := range operations {
		if !slices.Contains(armed, op) {
			return &SafetyError{fmt.Sprintf("%s is not loopback, and %s takes effect on a machine; pass -accept-risk=%s to let it (in Go, Options.AcceptRisk), or -run to choose other cases", t.URL, op, op)}
		}
	}
	if t.Machine == "" {
		return &SafetyError{fmt.Sprintf("%s is not loopback, and no machine was named; pass -machine with the id of one that may be acted on (in Go, Target.Machine)", t.URL)}
	}
	return nil
}
