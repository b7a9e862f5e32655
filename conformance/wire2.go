package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
)

// connect2 returns the pool's HTTP/2 connection, or a new one. The ones before it
// stay open until the pool is closed: requests may be under way there.
func (p *pool) connect2(ctx context.Context, alone bool) (c *http.ClientConn, used bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.two) - 1; !alone && last >= 0 && p.two[last].Err() == nil && p.two[last].Available() > 0 {
		return p.two[last], true, nil
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	raw, err := p.d.open(ctx)
	if err != nil {
		return nil, false, err
	}
	once := func(context.Context, string, string) (net.Conn, error) { return raw, nil }
	t := &http.Transport{
		Protocols: protocols, DialContext: once, DialTLSContext: once, DisableCompression: true, MaxResponseHeaderBytes: headLimit,
		// A server that reads nothing more would hold up whoever wants to write, and a
		// deadline of the request does not end that.
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 1 << 20, MaxReceiveBufferPerConnection: 2 << 20, WriteByteTimeout: p.d.timeout},
	}
	c, err = t.NewClientConn(ctx, p.d.scheme, "target:0") // once has the connection already
	if err != nil {
		raw.Close()
		return nil, false, err
	}
	if !alone {
		p.two = append(p.two, c)
	}
	return c, false, nil
}

// errUnfit says why a request cannot be asked over HTTP/2.
var errUnfit = errors.New("this request is one of HTTP/1.1 alone")

// request2 is the request of the bytes that HTTP/1.1 would send. HTTP/2 has no
// framing fields of its own to get wrong, and no bytes that no field may hold.
func request2(ctx context.Context, s sending) (*http.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(s.bytes)))
	if err != nil || len(r.TransferEncoding) > 0 || !fit(r.Header) {
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
	if s.abort > 0 {
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{}))
	}
	return r, nil
}

// fit tells that no field holds a byte that the library refuses to send.
func fit(header http.Header) bool {
	for _, values := range header {
		for _, value := range values {
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }) {
				return false
			}
		}
	}
	return true
}

// failing is a body that breaks off.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// send2 makes one exchange over HTTP/2, by the standard library: its framing is
// binary, and what breaks it, breaks the whole connection. One that can take effect
// goes over a connection of its own, as over HTTP/1.1.
func (p *pool) send2(ctx context.Context, s sending, can bool) (*Response, *WireError) {
	ctx, cancel := context.WithTimeout(ctx, p.d.timeout)
	defer cancel()
	for {
		r, err := request2(ctx, s)
		if err != nil {
			return nil, &WireError{Withheld, "not sent: " + err.Error()}
		}
		r.URL.Scheme = p.d.scheme
		alone := s.separate || can
		c, used, err := p.connect2(ctx, alone)
		if err != nil {
			return nil, dialError(ctx, err, p.d.timeout)
		}
		resp, gone, werr := p.exchange2(ctx, c, r, s.abort > 0)
		if alone {
			c.Close()
		}
		// A server may close an idle connection at any moment, here too.
		if gone && used && ctx.Err() == nil {
			continue
		}
		return resp, werr
	}
}

// exchange2 sends on c and reads the answer. It tells whether there is none because
// the connection had ended, or was about to.
func (p *pool) exchange2(ctx context.Context, c *http.ClientConn, r *http.Request, aborts bool) (resp *Response, gone bool, werr *WireError) {
	answer, err := c.RoundTrip(r)
	if aborts {
		if err == nil {
			answer.Body.Close()
		}
		return nil, false, nil
	}
	if err != nil {
		werr = p.error2(ctx, err, Silent, Closed, "before an answer began")
		return nil, werr.Kind == Closed && (c.Err() != nil || strings.Contains(err.Error(), "graceful shutdown")), werr
	}
	defer answer.Body.Close()
	resp = &Response{Status: answer.StatusCode, Proto: answer.Proto, Header: answer.Header}
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyLimit))
	resp.Body = body
	if err == nil && len(body) == bodyLimit {
		var more int64
		more, err = io.CopyN(io.Discard, answer.Body, discardLimit)
		resp.Truncated = more > 0
		switch {
		case err == nil:
			return resp, false, &WireError{Endless, fmt.Sprintf("the body goes on beyond %d MiB", (bodyLimit+discardLimit)>>20)}
		case errors.Is(err, io.EOF) && more > 0:
			return resp, false, &WireError{TooLong, fmt.Sprintf("the body is %d bytes long; at most %d are judged", bodyLimit+more, bodyLimit)}
		case errors.Is(err, io.EOF):
			err = nil
		}
	}
	if err != nil {
		at := fmt.Sprintf("after %d bytes of the body", len(body))
		if answer.ContentLength >= 0 {
			at += fmt.Sprintf(", Content-Length said %d", answer.ContentLength)
		}
		return resp, false, p.error2(ctx, err, Slow, Cut, at)
	}
	return resp, false, nil
}

// error2 tells apart what the library says of a broken exchange. It has no types
// for it, so the words have to do.
func (p *pool) error2(ctx context.Context, err error, late, ended WireKind, where string) *WireError {
	text := strings.TrimPrefix(cleanError(err), "http2: ")
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case ctx.Err() != nil || isTimeout(err) || isReset(err) || isRefusal(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = ctx.Err()
		}
		return p.readError(ctx, err, late, ended, where)
	case has("more than declared Content-Length"):
		return &WireError{Surplus, "more bytes came than Content-Length gives"}
	case has("received from peer", "GOAWAY"): // it is what the server says of us
	case has("PROTOCOL_ERROR", "COMPRESSION_ERROR", "FRAME_SIZE_ERROR", "FLOW_CONTROL_ERROR", "malformed", "frame too large", "header list", "HTTP/1.1 header", "invalid", "unexpected", "bad frame"):
		return &WireError{Malformed, "the answer is not HTTP/2: " + text}
	}
	return &WireError{ended, "the stream ended " + where + ": " + text}
}
