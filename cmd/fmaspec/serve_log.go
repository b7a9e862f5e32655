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

// judgedBody is the maximum length of a request body that is judged.
const judgedBody = 1 << 20

// A requestLog logs each request, and its violations of the contract.
type requestLog struct {
	to        *log.Logger
	suite     *conformance.Suite
	issued    reference.Config // the configuration of its server
	byHeaders bool             // requests choose their faults
}

// logged writes a line for each request: method, path without query, and status, or "-" if
// there was no HTTP answer; followed by a line for each problem of the request itself,
// whatever the answer was.
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

// brief writes the line of each request alone. No part of a query or a body is in it.
func (l *requestLog) brief(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line, seen := r.Method+" "+brief(r.URL.EscapedPath()), &statusWriter{ResponseWriter: w}
		defer func() { l.to.Print(term.Safe(line + " " + seen.status())) }()
		h.ServeHTTP(seen, r)
	})
}

// peek reads the judged part of a body, and puts it back. Its error says why the body cannot
// be judged.
func peek(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, judgedBody+1))
	then := io.Reader(r.Body)
	if err != nil {
		then = failing{err}
		err = errors.New("incomplete and not judged")
	} else if len(body) > judgedBody {
		err = fmt.Errorf("longer than %d bytes and not judged", judgedBody)
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), then), r.Body}
	return body, err
}

// failing is a reader that returns an error.
type failing struct{ err error }

func (r failing) Read([]byte) (int, error) { return 0, r.err }

// problems returns the violations in a request, judged by its text and by the tokens and
// machines that this server knows.
func (l *requestLog) problems(method, path string, header http.Header, body []byte,
	unread error) (out []record.Finding) {
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
			out = append(out, record.Finding{Place: "header " + name, Got: "ignored; pass -allow-fault-header " +
				"to enable it"})
		}
	}
	if !known {
		return out
	}
	_, token, _ := strings.Cut(header.Get("Authorization"), " ")
	switch strings.Trim(token, " \t") {
	case l.issued.Token, l.issued.SecurityAdminToken, l.issued.GlobalAdminToken:
	case l.issued.UnprivilegedToken:
		out = append(out, record.Finding{Requirement: l.suite.OfKind(conformance.Role), Place: "header Authorization",
			Want: "the token of a user who may act", Got: "the token of a user who may not act"})
	default:
		out = append(out, record.Finding{Requirement: l.suite.OfKind(conformance.KnownToken),
			Place: "header Authorization", Want: "a token of this server", Got: "another token"})
	}
	for _, op := range l.suite.Operations {
		if values, is := op.Match(path); is && l.issued.UnknownMachine != "" &&
			op.Subject(values) == l.issued.UnknownMachine {
			out = append(out, record.Finding{Requirement: l.suite.OfKind(conformance.KnownMachine), Place: "path",
				Want: "a known machine", Got: "the unknown machine"})
		}
	}
	return out
}

// problem returns a line with the place, the problem and the requirement.
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

// shortSecret is the length below which a secret is not redacted, because this would destroy
// the text rather than hide the secret.
const shortSecret = 4

// secrets returns the server's tokens, and any token in the request.
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

// struckPath redacts secrets in a path, but not in the names of operations, of which a token
// such as "test" may be a part.
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

// struck replaces secrets by asterisks, including one that is cut off at the end.
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

// Flush sends buffered data.
func (w *statusWriter) Flush() { http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets [http.ResponseController] reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
