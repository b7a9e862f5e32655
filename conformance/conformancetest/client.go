package conformancetest

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"fmaspec/conformance"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
)

// A Server is what a client needs to know of the server that [Client] starts.
type Server struct {
	URL               string // on loopback, without a slash at its end
	Token             string // of a user who may act
	UnprivilegedToken string // of a user who may not: such a request is answered 403
	ExpiredToken      string // one that the server does not know any more: such a request is answered 401
	Machine           string // a machine that the server knows, as it does every other one
	UnknownMachine    string // but for this one, which is answered 404
}

// ClientOptions set how a client is judged. The zero value judges every level, is not strict,
// and asks for a server without troubles.
type ClientOptions struct {
	Level   record.Level // the weakest level judged; Inferred where zero
	Strict  bool         // inferred requirements fail the test too
	Trouble string       // of the server, such as "throttled-every-third": see fmaspec help serve
}

// Client starts a server that keeps the contract, for the client under test, and judges each
// request and what the client does after an answer. When the test and its subtests are done,
// the server is closed, and each documented or standard requirement that the client broke
// fails the test; inferred ones are logged. A test without any request fails.
//
// What a client may not do after an answer, it may do in another test: give each its own
// server.
func Client(t testing.TB) Server {
	t.Helper()
	return ClientWith(t, ClientOptions{})
}

// ClientWith is [Client] with options.
func ClientWith(t testing.TB, o ClientOptions) Server {
	t.Helper()
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		t.Fatalf("fmaspec: %s", term.Lines(err.Error()))
	}
	s := Server{Token: randomToken(), UnprivilegedToken: randomToken(), ExpiredToken: randomToken(),
		Machine: "fb9ab6be3965095a09c057be7c90f0a2", UnknownMachine: strings.Repeat("0", 40)}
	handler := reference.New(reference.Config{Token: s.Token, UnprivilegedToken: s.UnprivilegedToken,
		UnknownMachine: s.UnknownMachine})
	if o.Trouble != "" {
		wrap, hint := trouble(o.Trouble)
		if wrap == nil {
			t.Fatalf("fmaspec: the trouble %q is unknown%s; fmaspec help serve lists them", o.Trouble, hint)
		}
		handler = wrap(handler)
	}
	judge := suite.JudgeClients(conformance.ClientOptions{Level: o.Level, Strict: o.Strict, AllPaths: true,
		NoTLS: true})
	server := httptest.NewUnstartedServer(judge.Handler(handler))
	server.Listener = judge.Listener(server.Config, server.Listener)
	server.Start()
	s.URL = server.URL
	t.Cleanup(func() {
		t.Helper()
		server.CloseClientConnections()
		server.Close()
		conclude(t, judge.Report())
	})
	return s
}

// trouble returns what adds the trouble of a name to a server, or a hint at the name that was
// meant.
func trouble(name string) (wrap func(http.Handler) http.Handler, hint string) {
	var names []string
	for _, known := range reference.Troubles(nil) {
		if known.Name == name {
			return known.Wrap, ""
		}
		names = append(names, known.Name)
	}
	return nil, nearest.Hint(name, names)
}

// conclude fails or logs what a report on a client says.
func conclude(t testing.TB, r *record.Report) {
	t.Helper()
	if r.Verdict == record.Unjudged {
		if t.Skipped() { // before it sent anything
			return
		}
		t.Errorf("fmaspec: the client was not judged: %s", term.Safe(r.Reason))
		return
	}
	// The rules that an operation broke come with those of the other operations, each once.
	var said []string
	for _, c := range r.Cases {
		_, rule, _ := strings.Cut(c.ID, "/")
		if len(c.Findings) == 0 || slices.Contains(said, rule) {
			continue
		}
		said = append(said, rule)
		text := "\n" + report.FindingText(c, r, report.Style{})
		if c.Outcome == record.Failed {
			t.Error(text)
		} else {
			t.Log(text)
		}
	}
}

// randomToken returns a token that nobody can guess.
func randomToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}
