package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"

	"fmaspec/openapi"
)

var errNoStatus = errors.New("the upstream's answer has a status that is none")

// A target is what a request asks for, as the client wrote it.
type target struct {
	path      string // escaped
	query     string
	hasQuery  bool
	operation string // id of the operation of the path, by any method; "" where it is none
	within    string // the part of the path that is the operation's
}

// raw returns path and query as they were written.
func (t target) raw() string {
	if t.hasQuery {
		return t.path + "?" + t.query
	}
	return t.path
}

// targetOf returns the target of a request without scheme and authority (RFC 9112 3.2).
func (p *Proxy) targetOf(r *http.Request) (t target) {
	raw := r.RequestURI
	if _, rest, whole := strings.Cut(raw, "://"); whole && !strings.HasPrefix(raw, "/") {
		raw = "/"
		if at := strings.IndexAny(rest, "/?"); at >= 0 {
			raw = rest[at:]
		}
		if strings.HasPrefix(raw, "?") {
			raw = "/" + raw
		}
	}
	t.path, t.query, t.hasQuery = strings.Cut(raw, "?")
	var op *openapi.Operation
	if op, t.within = openapi.Within(p.options.Suite.Operations, r.Method, t.path); op != nil {
		t.operation = op.ID
	}
	return t
}

// url returns where a request is sent, with path and query as the client wrote them. net/url
// writes a path in a normal form unless it is opaque.
func (p *Proxy) url(t target) *url.URL {
	u := p.options.Upstream
	out := &url.URL{Scheme: u.Scheme, Host: u.Host, RawQuery: t.query, ForceQuery: t.hasQuery}
	path := p.options.prefix() + t.path
	switch {
	case p.absolute:
		out.Opaque = "//" + u.Host + path
	case strings.HasPrefix(path, "//"): // which would be an authority
		unescaped, err := url.PathUnescape(path)
		if err != nil {
			unescaped = path
		}
		out.Path, out.RawPath = unescaped, path
	default:
		out.Opaque = path
	}
	if t.path == "*" {
		out.Opaque = "*"
	}
	return out
}

func passageOf(ctx context.Context) *passage { return ctx.Value(passageKey{}).(*passage) }

// rewrite undoes what ReverseProxy changes beyond the fields of the connection.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	via := passageOf(r.In.Context())
	r.Out.URL = p.url(via.at)
	r.Out.Host = ""
	if p.options.PreserveHost {
		r.Out.Host = r.In.Host
	}
	named := connectionNames(r.In.Header)
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values := r.In.Header[name]; values != nil && !named[name] {
			r.Out.Header[name] = values
		}
	}
	if p.options.Forwarded {
		r.SetXForwarded()
	}
	if p.options.Via {
		addVia(r.Out.Header, r.In.ProtoMajor, r.In.ProtoMinor)
	}
	// The upgrade to h2c was withdrawn (RFC 9113 3.1), and one of HTTP/1.0 is to be ignored (RFC 9110 7.8).
	if strings.EqualFold(r.Out.Header.Get("Upgrade"), "h2c") || !r.In.ProtoAtLeast(1, 1) {
		r.Out.Header.Del("Upgrade")
		r.Out.Header.Del("Connection")
	}
	// The trailer is complete when the body has ended: body fills in the map.
	r.Out.Trailer = nil
	if len(via.in.Trailer) > 0 || len(via.in.TransferEncoding) > 0 {
		trailer := http.Header{}
		for name := range via.in.Trailer {
			trailer[name] = nil
		}
		r.Out.Trailer = trailer
		r.Out.Body = &trailing{ReadCloser: r.Out.Body, of: via.in, to: trailer}
	}
}

// connectionNames returns the names that Connection lists.
func connectionNames(h http.Header) map[string]bool {
	out := map[string]bool{}
	for _, value := range h["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			out[http.CanonicalHeaderKey(strings.TrimSpace(name))] = true
		}
	}
	return out
}

// addVia adds this proxy to Via.
func addVia(h http.Header, major, minor int) {
	version := strconv.Itoa(major)
	if major < 2 {
		version += "." + strconv.Itoa(minor)
	}
	h.Add("Via", version+" fmaspec")
}

// prepare adds Via to an answer, if asked for. An answer of HTTP/2 may have both a length and
// trailers, and one of HTTP/1.1 has trailers only in chunks.
func (p *Proxy) prepare(answer *http.Response) error {
	in := passageOf(answer.Request.Context()).in
	if answer.ProtoMajor == 2 && len(answer.Trailer) > 0 && in.ProtoMajor == 1 && in.ProtoAtLeast(1, 1) &&
		in.Method != http.MethodHead {
		answer.Header.Del("Content-Length")
	}
	if p.options.Via {
		addVia(answer.Header, answer.ProtoMajor, answer.ProtoMinor)
	}
	return nil
}

// unreachable answers where the upstream did not.
func (p *Proxy) unreachable(w http.ResponseWriter, r *http.Request, err error) {
	x, why := exchangeOf(r.Context()), whyNone(err)
	x.failed(r.Context(), why)
	if own, is := w.(*plain); is {
		w = own.ResponseWriter // the answer is not the upstream's
	}
	if r.Context().Err() != nil { // nobody reads it
		panic(http.ErrAbortHandler)
	}
	if x.broken.Load() {
		p.answerBroken(w)
		return
	}
	p.tally.add(func(c *Counts) {
		c.UpstreamErrors++
		c.NoAnswer[why.kind]++
		c.LastNoAnswer = why.text
	})
	p.options.NoAnswer(why.text)
	if r.ProtoMajor == 1 && r.ContentLength != 0 { // nobody reads what is left of the body, where the next one begins
		w.Header().Set("Connection", "close")
	}
	writeProblem(w, problem{Title: "no answer from the upstream", Status: http.StatusBadGateway,
		Detail: why.says() + " This answer is the proxy's own."})
}

// answerBroken answers a request whose body cannot be read to its end.
func (p *Proxy) answerBroken(w http.ResponseWriter) {
	p.tally.add(func(c *Counts) { c.BrokenRequests++ })
	writeProblem(w, problem{Title: "the body of the request is broken", Status: http.StatusBadRequest,
		Detail: "It ends early, or its chunks cannot be read (RFC 9112 7.1), so that the proxy could not send " +
			"the whole of it. This answer is the proxy's own."})
}

// A plain writer has the server add neither Date nor Content-Type to an answer without them, and
// sends its head at once. It passes no interim answer to a client of HTTP/1.0 (RFC 9110 15.2), and no 100 (Continue)
// where the server sends one itself, as soon as the body is read.
type plain struct {
	http.ResponseWriter
	old   bool // the client speaks HTTP/1.0
	waits bool // the client waits for 100 (Continue) with the body
}

// answerer returns what the answer to a request is written with.
func answerer(w http.ResponseWriter, r *http.Request) *plain {
	// The server has refused every other expectation (net/http), and sends no 100 where there is no body.
	return &plain{ResponseWriter: w, old: !r.ProtoAtLeast(1, 1), waits: r.Header.Get("Expect") != "" &&
		r.ContentLength != 0}
}

func (w *plain) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader writes the head of an answer.
func (w *plain) WriteHeader(status int) {
	if w.old && status < 200 || w.waits && status == http.StatusContinue {
		return
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		for _, name := range []string{"Date", "Content-Type"} {
			if h := w.Header(); h[name] == nil {
				h[name] = nil
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
	if status >= 200 && w.Header()["Content-Length"] == nil {
		// Otherwise the server gives the answer a Content-Length where its body is short.
		_ = http.NewResponseController(w.ResponseWriter).Flush()
	}
}
