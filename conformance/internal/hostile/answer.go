package hostile

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
)

// requestLimit is the maximum number of bytes read of a request's body.
const requestLimit = 8 << 20

// An answer is the conforming answer, before it is written.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// first returns the first n bytes of the body, or all of a shorter one.
func (a *answer) first(n int) []byte { return a.body[:min(n, len(a.body))] }

// ask passes a request to a handler and records its answer.
func ask(h http.Handler, r *http.Request) *answer {
	text, _ := io.ReadAll(io.LimitReader(r.Body, requestLimit)) // the handler sees the same missing part
	r.Body = io.NopCloser(bytes.NewReader(text))
	a := &answer{header: http.Header{}}
	h.ServeHTTP(recorder{a}, r)
	a.header.Del("Content-Length")
	return a
}

// recorder is a ResponseWriter that keeps the answer.
type recorder struct{ *answer }

func (r recorder) Header() http.Header { return r.header }

func (r recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
}

func (r recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.body = append(r.body, b...)
	return len(b), nil
}

// fields returns the header's lines.
func (a *answer) fields() string {
	var names []string
	for name := range a.header {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")
	for _, name := range names {
		for _, value := range a.header[name] {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	return b.String()
}
