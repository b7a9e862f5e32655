package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/term"
)

// judgedBody is how much of a request's body is looked at.
const judgedBody = 1 << 20

// A requestLog tells of each request, and of what it breaks of the contract.
type requestLog struct {
	to        *log.Logger
	suite     *conformance.Suite
	issued    reference.Config // what its server knows
	byHeaders bool             // requests choose their faults
}

// logged writes a line for each request: method, path without query, status,
// and "-" where there was no answer of HTTP's; and under it a line for each
// problem of the request itself, whatever the answer was.
func (l *requestLog) logged(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method, path := r.Method, r.URL.EscapedPath() // wrappers may change the request
		header := r.Header.Clone()
		body, err := peek(r)
		seen := &statusWriter{ResponseWriter: w}
		defer func() {
			secrets := l.secrets(header)
			lines := []string{strings.Join([]string{method, brief(l.struckPath(path, secrets)), seen.status()}, " ")}
			for _, p := range l.problems(method, path, header, body, err) {
				lines = append(lines, "  "+l.problem(p, path, secrets))
			}
			for i, line := range lines {
				lines[i] = term.Safe(line)
			}
			l.to.Print(strings.Join(lines, "\n"))
		}()
		h.ServeHTTP(seen, r)
	})
}

// peek reads a body as far as it is looked at, and puts it back. Its error says
// why the body cannot be judged.
func peek(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, judgedBody+1))
	then := io.Reader(r.Body)
	if err != nil {
		then = failing{err}
		err = errors.New("broken off and not looked at")
	} else if len(body) > judgedBody {
		err = fmt.Errorf("longer than %d bytes and not looked at", judgedBody)
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), then), r.Body}
	return body, err
}

// failing is a body that ends in an error.
type failing struct{ err error }

func (r failing) Read([]byte) (int, error) { return 0, r.err }

// problems are what a request breaks, as its text tells and as this server,
// which issued the tokens, knows.
func (l *requestLog) problems(method, path string, header http.Header, body []byte, unread error) (out []record.Finding) {
	known := true // the path, and credentials of the right form
	for _, f := range l.suite.JudgeRequest(method, path, header, body) {
		if f.Check == "request-body" && unread != nil {
			continue
		}
		known = known && f.Check != "request-path" && f.Check != "request-authorization"
		out = append(out, f)
	}
	if unread != nil {
		out = append(out, record.Finding{Place: "body", Got: unread.Error()})
	}
	for _, name := range []string{faultHeader, troubleHeader} {
		if header.Get(name) != "" && !l.byHeaders {
			out = append(out, record.Finding{Place: "header " + name, Got: "without effect; -allow-fault-header gives it one"})
		}
	}
	if !known {
		return out
	}
	_, token, _ := strings.Cut(header.Get("Authorization"), " ")
	switch strings.Trim(token, " \t") {
	case l.issued.Token, l.issued.SecurityAdminToken, l.issued.GlobalAdminToken:
	case l.issued.UnprivilegedToken:
		out = append(out, record.Finding{Requirement: l.suite.OfKind(conformance.Role), Place: "header Authorization", Want: "the token of a user who may act", Got: "that of one who may not"})
	default:
		out = append(out, record.Finding{Requirement: l.suite.OfKind(conformance.KnownToken), Place: "header Authorization", Want: "a token of this server's", Got: "another"})
	}
	for _, op := range l.suite.Operations {
		if l.issued.UnknownMachine != "" && op.PathFor(l.issued.UnknownMachine) == path {
			out = append(out, record.Finding{Requirement: l.suite.OfKind(conformance.KnownMachine), Place: "path", Want: "a machine that is known", Got: "the one that is not"})
		}
	}
	return out
}

// problem is a line on what is wrong, where, and by which requirement.
func (l *requestLog) problem(f record.Finding, path string, secrets []string) string {
	got := f.Got
	switch {
	case f.Check == "request-path":
		got = brief(l.struckPath(path, secrets))
	case f.Place != "header Authorization": // which quotes nothing
		got = struck(got, secrets)
	}
	if f.Want == "" {
		return f.Place + ": " + got
	}
	line := fmt.Sprintf("%s: want %s, got %s", f.Place, f.Want, got)
	if strings.HasPrefix(f.Place, "/") {
		line = "body " + line
	}
	if r := l.suite.Requirement(f.Requirement); r != nil {
		line += fmt.Sprintf(" — %s (%s, %s)", r.ID, r.Level, r.Source())
	}
	return line
}

// shortSecret is the length below which striking a secret out would rather
// destroy the text than hide the secret.
const shortSecret = 4

// secrets are the server's tokens, and whatever a request sends for one.
func (l *requestLog) secrets(header http.Header) (out []string) {
	all := []string{l.issued.Token, l.issued.UnprivilegedToken, l.issued.SecurityAdminToken, l.issued.GlobalAdminToken}
	for _, value := range header.Values("Authorization") {
		all = append(all, strings.Fields(value)...)
	}
	for _, s := range all {
		if len(s) >= shortSecret {
			out = append(out, s)
		}
	}
	return out
}

// struckPath strikes secrets out of a path, but leaves the operations' own
// words, of which a made-up token such as "test" may be a part.
func (l *requestLog) struckPath(path string, secrets []string) string {
	var foreign []string
	for _, s := range secrets {
		own := false
		for _, op := range l.suite.Operations {
			own = own || strings.Contains(op.Path, s)
		}
		if !own {
			foreign = append(foreign, s)
		}
	}
	return struck(path, foreign)
}

// struck overwrites secrets with asterisks, also one that was cut at the end.
func struck(text string, secrets []string) string {
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s, strings.Repeat("*", len(s)))
		whole, cut := strings.CutSuffix(text, "…")
		for n := len(s) - 1; cut && n >= shortSecret; n-- {
			if before, found := strings.CutSuffix(whole, s[:n]); found {
				text = before + strings.Repeat("*", n) + "…"
				break
			}
		}
	}
	return text
}

// A statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) status() string {
	if w.code == 0 {
		return "-"
	}
	return fmt.Sprint(w.code)
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush sends what was written so far.
func (w *statusWriter) Flush() { http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets [http.ResponseController] reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
