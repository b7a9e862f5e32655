package wire

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/record"
)

// A conn2 is a connection of HTTP/2.
type conn2 struct {
	*http.ClientConn
	greeting *greeting

	// The pool's lock guards these.
	served bool // it gave an answer, so that it is known how many requests it takes at once
	users  int  // requests under way
	shared bool // by more than one request
}

// A greeting keeps the first bytes of a connection, and lets others wait for them.
type greeting struct {
	net.Conn
	heard chan struct{} // closed when first or err is there

	mu     sync.Mutex
	first  []byte
	err    error // of reading
	broken error // of writing
}

// greetingLength is how much is kept of it.
const greetingLength = 40

func (g *greeting) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil && len(g.first) == 0 && (n > 0 || err != nil) {
		close(g.heard)
	}
	g.first = append(g.first, b[:min(n, greetingLength-len(g.first))]...)
	if g.err == nil {
		g.err = err
	}
	return n, err
}

func (g *greeting) Write(b []byte) (int, error) {
	n, err := g.Conn.Write(b)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = cmp.Or(g.broken, err)
	return n, err
}

// ended is how the server ended the connection, nil where it did not.
func (g *greeting) ended() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return cmp.Or(g.err, g.broken)
}

// foreignProtocol returns an error where a server does not begin with SETTINGS, as
// HTTP/2 does (RFC 9113 3.4), that says what it sent or why it sent nothing; or nil.
func (g *greeting) foreignProtocol(s *redact.Secrets) *record.WireError {
	g.mu.Lock()
	defer g.mu.Unlock()
	const kind, settings = 3, 4 // where a frame has its type, and the type
	switch {
	case len(g.first) == 0 && isRefusal(g.err):
		return refused(g.err)
	case len(g.first) <= kind || g.first[kind] == settings:
		return nil
	case bytes.HasPrefix(g.first, []byte("HTTP/")):
		return &record.WireError{Kind: record.Unreachable, Msg: errNoHTTP2.Error()}
	}
	first, _ := s.Bytes(g.first, true)
	return &record.WireError{Kind: record.Malformed, Msg: fmt.Sprintf("not an answer of HTTP/2: it begins %q", first)}
}

// connect2 returns a connection of the pool that takes one more request, or a new
// one. All stay open until the pool is closed: requests may be under way there.
func (p *Pool) connect2(ctx context.Context, alone bool) (*conn2, *record.WireError) {
	if !alone {
		if c := p.idle2(); c != nil {
			return c, nil
		}
	}
	raw, err := p.d.open(ctx)
	if err != nil {
		return nil, dialError(ctx, err, p.d.timeout)
	}
	c := &conn2{greeting: &greeting{Conn: raw, heard: make(chan struct{})}}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true) // where there is TLS, it is beneath
	t := &http.Transport{
		Protocols: protocols, DisableCompression: true, MaxResponseHeaderBytes: headLimit,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return c.greeting, nil },
		// A server that reads nothing more would block every writer, and a
		// deadline of the request does not end that.
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 1 << 20, MaxReceiveBufferPerConnection: 2 << 20,
			WriteByteTimeout: p.d.timeout},
	}
	if c.ClientConn, err = t.NewClientConn(ctx, "http", "target:0"); err != nil {
		raw.Close()
		return nil, dialError(ctx, err, p.d.timeout)
	}
	select {
	case <-c.greeting.heard:
		if werr := c.greeting.foreignProtocol(p.d.secrets); werr != nil {
			c.Close()
			return nil, werr
		}
	case <-ctx.Done(): // RoundTrip says so
	}
	_ = c.Reserve() // where that fails, RoundTrip says why
	c.users = 1
	if !alone {
		p.mu.Lock()
		p.two = append(p.two, c)
		p.mu.Unlock()
	}
	return c, nil
}

// idle2 returns a connection that takes one more request, or nil. Where more is
// reserved than the server turns out to take, the library would wait for ever.
func (p *Pool) idle2() *conn2 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.two {
		if c.served && c.Reserve() == nil {
			c.shared = true
			c.users++
			return c
		}
	}
	return nil
}

// closeIdle2 closes the connections that no request goes over.
func (p *Pool) closeIdle2() {
	p.mu.Lock()
	var idle []*conn2
	p.two = slices.DeleteFunc(p.two, func(c *conn2) bool {
		if c.users == 0 {
			idle = append(idle, c)
		}
		return c.users == 0
	})
	p.mu.Unlock()
	for _, c := range idle {
		c.Close()
	}
}

// errUnfit says why a request cannot be sent over HTTP/2.
var errUnfit = errors.New("this request is one of HTTP/1.1 alone")

// request2 is the request of the bytes that HTTP/1.1 would send. HTTP/2 has no
// framing fields of its own to get wrong, and no bytes that no field may hold.
func request2(ctx context.Context, s Sending) (*http.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(s.Bytes)))
	if err != nil || len(r.TransferEncoding) > 0 || r.Host == "" || !r.ProtoAtLeast(1, 1) || aboutConnection(r.Header) {
		return nil, errUnfit
	}
	r = r.WithContext(ctx)
	r.URL.Host, r.RequestURI = r.Host, ""
	for _, name := range []string{"Connection", "Content-Length", "Expect"} {
		r.Header.Del(name)
	}
	if _, there := r.Header["User-Agent"]; !there {
		r.Header.Set("User-Agent", "") // or else one is made up
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, errUnfit
	}
	r.Body, r.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if s.Abort > 0 {
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{}))
	}
	return r, nil
}

// aboutConnection reports whether a request has a field that is about a connection of HTTP/1.1, and makes
// a request of HTTP/2 malformed (RFC 9113 8.2.2), apart from Connection itself.
func aboutConnection(header http.Header) bool {
	for _, name := range []string{"Upgrade", "Keep-Alive", "Proxy-Connection", "Http2-Settings"} {
		if header.Values(name) != nil {
			return true
		}
	}
	return slices.ContainsFunc(header.Values("Te"), func(value string) bool {
		return !strings.EqualFold(strings.Trim(value, " \t"), "trailers")
	})
}

// CheckHTTP2 returns an error where a request cannot be sent over HTTP/2.
func (s Sending) CheckHTTP2() error {
	_, err := request2(context.Background(), s)
	return err
}

// failing is a body that breaks off.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// send2 makes one exchange over HTTP/2, by the standard library: its framing is
// binary, and what breaks it, breaks the whole connection. One that can take effect
// goes over a connection of its own, as over HTTP/1.1.
func (p *Pool) send2(ctx context.Context, s Sending, can bool) (*record.Response, *record.WireError) {
	ctx, cancel := context.WithTimeout(ctx, p.d.timeout)
	defer cancel()
	for alone := s.Separate || can; ; alone = true {
		r, err := request2(ctx, s)
		if err != nil {
			return nil, &record.WireError{Kind: record.Withheld, Msg: "not sent: " + err.Error()}
		}
		r.URL.Scheme = p.d.scheme
		c, werr := p.connect2(ctx, alone)
		if werr != nil {
			return nil, werr
		}
		resp, unserved, werr := p.exchange2(ctx, c, r, s.Abort > 0)
		p.mu.Lock()
		c.served = c.served || resp != nil
		c.users--
		shared := c.shared
		p.mu.Unlock()
		switch {
		case alone:
			c.Close()
		case s.CloseAfter:
			p.closeIdle2()
		}
		// A server may close an idle connection at any moment, here too, and may refuse
		// what is beyond the number of requests that it takes at once.
		if !unserved || !shared || ctx.Err() != nil {
			return resp, werr
		}
	}
}

// exchange2 sends on c and reads the answer. It reports whether the connection, and not
// the request, is the reason that there is none.
func (p *Pool) exchange2(ctx context.Context, c *conn2, r *http.Request, aborts bool) (resp *record.Response,
	unserved bool, werr *record.WireError) {
	answer, err := c.RoundTrip(r)
	if aborts {
		if err == nil {
			answer.Body.Close()
		}
		return nil, false, nil
	}
	if err != nil {
		if werr := c.greeting.foreignProtocol(p.d.secrets); werr != nil && ctx.Err() == nil {
			return nil, false, werr
		}
		if strings.Contains(err.Error(), "could not be established") { // it ended before the request
			if err = c.greeting.ended(); err == nil {
				return nil, false, &record.WireError{Kind: record.Malformed, Msg: "the answer is not HTTP/2: what " +
					"the connection began with breaks its rules"}
			}
		}
		werr = p.error2(ctx, err, record.Silent, record.Closed, "before an answer began")
		refused := slices.ContainsFunc([]string{"graceful shutdown", "not usable", "REFUSED_STREAM"},
			func(w string) bool { return strings.Contains(err.Error(), w) })
		return nil, werr.Kind == record.Closed && (c.Err() != nil || refused), werr
	}
	defer answer.Body.Close()
	if answer.StatusCode < 100 || answer.StatusCode > 999 {
		return nil, false, &record.WireError{Kind: record.Malformed,
			Msg: fmt.Sprintf("the answer is not HTTP/2: the status %d is none", answer.StatusCode)}
	}
	resp = &record.Response{Status: answer.StatusCode, Proto: answer.Proto, Header: answer.Header}
	if lengths := slices.Compact(slices.Clone(answer.Header["Content-Length"])); len(lengths) > 1 {
		return resp, false, &record.WireError{Kind: record.Conflict, Msg: fmt.Sprintf("the answer gives the lengths "+
			"%s, so the body was not read", strings.Join(lengths, " and "))}
	}
	if name := ofConnections(answer.Header); name != "" {
		return resp, false, &record.WireError{Kind: record.Malformed, Msg: "the answer is not HTTP/2: it has " +
			"the field " + name + ", which belongs to connections of HTTP/1.1"}
	}
	// The wait for others counts here: the library has no deadline that can be put off.
	err, werr = p.d.receive(ctx, answer.Body, resp, answer.ContentLength, func(time.Duration) {})
	if werr != nil {
		return resp, false, werr
	}
	if err != nil {
		at := fmt.Sprintf("after %d bytes of the body", len(resp.Body))
		if answer.ContentLength >= 0 {
			at += fmt.Sprintf(", Content-Length said %d", answer.ContentLength)
		}
		return resp, false, p.error2(ctx, err, record.Slow, record.Cut, at)
	}
	resp.Unkept = append(resp.Unkept, trailers(answer)...)
	if name := misplaced(answer.Trailer); name != "" {
		return resp, false, misplacedError(name)
	}
	return resp, false, nil
}

// error2 distinguishes the errors of the library for a broken exchange by their text:
// it has no types for them.
func (p *Pool) error2(ctx context.Context, err error, late, ended record.WireKind, where string) *record.WireError {
	text := strings.TrimPrefix(ErrorText(err), "http2: ")
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case ctx.Err() != nil || isTimeout(err) || ofNetwork(err) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF):
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = ctx.Err()
		}
		return p.readError(ctx, err, late, ended, where)
	case has("more than declared Content-Length"):
		return &record.WireError{Kind: record.Surplus, Msg: "more bytes came than Content-Length gives"}
	case has("received from peer", "GOAWAY"): // it is what the server says of us
	case has("PROTOCOL_ERROR", "COMPRESSION_ERROR", "FRAME_SIZE_ERROR", "FLOW_CONTROL_ERROR", "malformed",
		"frame too large", "invalid", "unexpected", "bad frame"):
		return &record.WireError{Kind: record.Malformed, Msg: "the answer is not HTTP/2: " + text}
	}
	return &record.WireError{Kind: ended, Msg: "the stream ended " + where + ": " + text}
}

// ofConnections returns the name of a field that no answer of HTTP/2 may have
// (RFC 9113 8.2.2), or "".
func ofConnections(header http.Header) string {
	for _, name := range []string{"Connection", "Proxy-Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade"} {
		if _, there := header[name]; there {
			return name
		}
	}
	return ""
}

// ofNetwork reports whether an error is one of the connection beneath HTTP.
func ofNetwork(err error) bool {
	var at *net.OpError
	return errors.As(err, &at)
}
