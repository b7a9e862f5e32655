package conformance

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance/internal/heads"
	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/record"
)

// The longest bodies that are kept of an exchange with a client. Longer ones are passed on
// in full: a request's is not judged, and an answer's is cut.
const (
	judgedRequest = 1 << 20
	judgedAnswer  = 64 << 10
)

// Handler returns a server that answers as h does, and whose requests are judged with the
// answers that they get. Secrets are struck out before anything is kept.
func (j *ClientJudge) Handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &Exchange{Sent: Sent{Started: j.options.Now(), Request: received(j.options.URL, r)}}
		credentials := slices.Clone(r.Header.Values("Authorization"))
		query := r.URL.Query()[tokenParameter]
		var read error
		x.Request.Body, read = peekBody(r)
		if read != nil {
			x.Lacks = []record.Part{record.RequestBody}
		}
		answer := &answerWriter{ResponseWriter: w, protocol: r.Proto}
		defer func() {
			stopped := recover()
			x.Elapsed = j.options.Now().Sub(x.Started)
			x.Response, x.Err = answer.response(), lostAnswer(stopped, r)
			tokens := tokensOf(credentials, query)
			x.Request = tokens.Request(x.Request)
			tokens.Response(x.Response, x.Request, answer.cut)
			struck := j.secrets.strike(record.Exchange{ExchangeResult: record.ExchangeResult{Request: x.Request,
				Response: x.Response}})
			x.Request, x.Response = struck.Request, struck.Response
			// All tokens are struck out alike.
			j.judge(j.suite.clientCall(x, hashed(credentials), j.options.AllPaths))
			if stopped != nil {
				panic(stopped)
			}
		}()
		h.ServeHTTP(answer, r)
	})
}

// Listener returns a listener in the place of another one, and sets up the server that serves it, so that
// [ClientJudge.Handler] knows how clients frame their bodies: a server hides a Content-Length with a
// Transfer-Encoding, and one that is there twice. It looks at HTTP/1 without TLS alone.
func (j *ClientJudge) Listener(s *http.Server, l net.Listener) net.Listener {
	s.ConnContext = heads.ConnContext
	return heads.Listener(l)
}

// received returns a request as a server got it, but for its body. Host, Transfer-Encoding and, where
// it is known, Content-Length, which a server takes out of the header, are put back.
func received(server string, r *http.Request) record.Request {
	out := record.Request{Method: r.Method, URL: strings.TrimSuffix(server, "/") + r.URL.RequestURI()}
	if server == "" || r.URL.IsAbs() {
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		out.URL = scheme + "://" + r.Host + r.URL.RequestURI()
	}
	if r.Host != "" && len(r.Header.Values("Host")) == 0 {
		out.Header = append(out.Header, record.Field{Name: "Host", Value: r.Host})
	}
	for name, value := range heads.Fields(r) {
		out.Header = append(out.Header, record.Field{Name: name, Value: value})
	}
	return out
}

// peekBody reads the judged part of a body, and puts it back. Its error says that this is
// not the whole body.
func peekBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, judgedRequest+1))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failedReader{err}
	} else if len(body) > judgedRequest {
		err = errors.New("longer than is judged")
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), r.Body}
	return body, err
}

// A failedReader returns an error.
type failedReader struct{ err error }

func (r failedReader) Read([]byte) (int, error) { return 0, r.err }

// lostAnswer says why a client did not get the answer to its request, nil where it did as far
// as a server can see.
func lostAnswer(stopped any, r *http.Request) *record.WireError {
	switch {
	case stopped != nil:
		return &record.WireError{Kind: record.Closed, Msg: "the server closed the connection before the answer"}
	case r.Context().Err() != nil:
		return &record.WireError{Kind: record.Cancelled, Msg: "the client closed the connection before the answer"}
	}
	return nil
}

// tokensOf returns the tokens of a request: whatever stands in Authorization fields but the
// names of schemes, and tokens in its query. A variable stands for them in the record, as in
// that of a run.
func tokensOf(credentials, query []string) *redact.Secrets {
	s := &redact.Secrets{}
	for _, value := range credentials {
		for _, word := range strings.Fields(value) {
			scheme := slices.ContainsFunc(append([]string{"Bearer"}, schemes...),
				func(known string) bool { return strings.EqualFold(known, word) })
			if !scheme {
				s.AddToken(redact.TokenVariable, word)
			}
		}
	}
	for _, value := range query {
		s.AddToken(redact.TokenVariable, value)
	}
	return s
}

// An answerWriter keeps the beginning of an answer on its way.
type answerWriter struct {
	http.ResponseWriter
	protocol string
	status   int
	header   http.Header
	body     bytes.Buffer
	cut      bool
}

// WriteHeader passes the status on; one of the class 1xx is no answer yet.
func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.header = status, w.Header().Clone()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write passes bytes of the body on.
func (w *answerWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status, w.header = http.StatusOK, w.Header().Clone()
	}
	kept := b[:min(len(b), judgedAnswer-w.body.Len())]
	w.body.Write(kept)
	w.cut = w.cut || len(kept) < len(b)
	return w.ResponseWriter.Write(b)
}

// Flush sends buffered data.
func (w *answerWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets [http.ResponseController] reach the connection.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// response returns what was written, nil where nothing was.
func (w *answerWriter) response() *record.Response {
	if w.status == 0 {
		return nil
	}
	return &record.Response{Status: w.status, Proto: w.protocol, Header: w.header, Body: bytes.Clone(w.body.Bytes()),
		Truncated: w.cut}
}
