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
	"strings"
)

// connect2 returns the pool's HTTP/2 connection, or a new one.
func (p *pool) connect2(ctx context.Context, separate bool) (*http.ClientConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !separate && p.two != nil && p.two.Err() == nil && p.two.Available() > 0 {
		return p.two, nil
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	raw, err := p.d.open(ctx)
	if err != nil {
		return nil, err
	}
	once := func(context.Context, string, string) (net.Conn, error) { return raw, nil }
	t := &http.Transport{
		Protocols: protocols, DialContext: once, DialTLSContext: once, DisableCompression: true, MaxResponseHeaderBytes: headLimit,
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 1 << 20, MaxReceiveBufferPerConnection: 2 << 20},
	}
	c, err := t.NewClientConn(ctx, p.d.scheme, "target:0") // once has the connection already
	if err != nil {
		raw.Close()
		return nil, err
	}
	if !separate {
		if p.two != nil {
			p.two.Close()
		}
		p.two = c
	}
	return c, nil
}

// errUnfit says why a request cannot be asked over HTTP/2.
var errUnfit = errors.New("this request is one of HTTP/1.1 alone")

// request2 is the request of the bytes that HTTP/1.1 would send. HTTP/2 has no
// framing fields of its own to get wrong, and no bytes that no field may hold.
func request2(ctx context.Context, s sending) (*http.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(s.bytes)))
	if err != nil || len(r.TransferEncoding) > 0 {
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
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if s.abort > 0 {
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{}))
	}
	return r, nil
}

// failing is a body that breaks off.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// send2 makes one exchange over HTTP/2, by the standard library: its framing is
// binary, and what breaks it, breaks the whole connection.
func (p *pool) send2(ctx context.Context, s sending) (*Response, *WireError) {
	ctx, cancel := context.WithTimeout(ctx, p.d.timeout)
	defer cancel()
	r, err := request2(ctx, s)
	if err != nil {
		return nil, &WireError{Withheld, "not sent: " + err.Error()}
	}
	r.URL.Scheme = p.d.scheme
	c, err := p.connect2(ctx, s.separate)
	if err != nil {
		return nil, dialError(ctx, err, p.d.timeout)
	}
	if s.separate {
		defer c.Close()
	}
	answer, err := c.RoundTrip(r)
	if s.abort > 0 {
		if err == nil {
			answer.Body.Close()
		}
		return nil, nil
	}
	if err != nil {
		return nil, p.error2(ctx, err, Silent, "before an answer began")
	}
	defer answer.Body.Close()
	resp := &Response{Status: answer.StatusCode, Proto: answer.Proto, Header: answer.Header}
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyLimit))
	resp.Body = body
	if err == nil && len(body) == bodyLimit {
		more, err := io.CopyN(io.Discard, answer.Body, discardLimit)
		switch resp.Truncated = more > 0; {
		case err == nil:
			return resp, &WireError{Endless, fmt.Sprintf("the body goes on beyond %d MiB", (bodyLimit+discardLimit)>>20)}
		case errors.Is(err, io.EOF) && more > 0:
			return resp, &WireError{TooLong, fmt.Sprintf("the body is %d bytes long; at most %d are judged", bodyLimit+more, bodyLimit)}
		}
	}
	if err != nil {
		return resp, p.error2(ctx, err, Slow, fmt.Sprintf("after %d bytes of the body", len(body)))
	}
	return resp, nil
}

// error2 tells apart what the library says of a broken exchange. It has no types
// for it, so the words have to do.
func (p *pool) error2(ctx context.Context, err error, late WireKind, where string) *WireError {
	text := strings.TrimPrefix(cleanError(err), "http2: ")
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &WireError{Cancelled, "the run was stopped"}
	case ctx.Err() != nil || isTimeout(err):
		return &WireError{late, fmt.Sprintf("nothing more came within %v %s", p.d.timeout, where)}
	case has("more than declared Content-Length"):
		return &WireError{Surplus, "more bytes came than Content-Length gives"}
	case has("PROTOCOL_ERROR", "COMPRESSION_ERROR", "FRAME_SIZE_ERROR", "FLOW_CONTROL_ERROR", "malformed", "frame too large", "invalid", "unexpected", "bad frame"):
		return &WireError{Malformed, "the answer is not HTTP/2: " + text}
	case late == Slow:
		return &WireError{Cut, "the stream ended " + where + ": " + text}
	}
	return &WireError{Closed, "the stream ended " + where + ": " + text}
}
