package proxy

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"sync/atomic"

	"fmaspec/conformance/internal/heads"
)

// unservedStatuses returns the statuses that package net/http answers itself to what is no request.
func unservedStatuses() []string { return []string{"400", "417", "431", "501", "505"} }

// An unservedListener counts the requests that no handler sees, because the server of package net/http
// answers them itself: to a request without Host, with two of them, with a blank in its target or with an
// expectation that it does not know.
type unservedListener struct {
	net.Listener
	count func(status string)
}

// Accept returns the next connection.
func (l unservedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &unservedConn{Conn: c, count: l.count}, nil
}

// An unservedConn is a connection in clear text from a client.
type unservedConn struct {
	net.Conn
	count   func(status string)
	pending atomic.Bool // a request came, and nobody answers it yet
}

// CloseWrite closes the half of the connection that is written to.
func (c *unservedConn) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}

// Write writes, and counts an answer that is not a handler's.
func (c *unservedConn) Write(b []byte) (int, error) {
	if c.pending.Load() {
		if text, is := bytes.CutPrefix(b, []byte("HTTP/1.1 ")); is && len(text) > 3 && c.pending.Swap(false) {
			c.count(string(text[:3]))
		}
	}
	return c.Conn.Write(b)
}

type unservedKey struct{}

// connState notes that a request came: the server says so when it has read one, or could not.
func connState(c net.Conn, state http.ConnState) {
	if own, is := c.(*unservedConn); is && state == http.StateActive {
		own.pending.Store(true)
	}
}

// connContext is that of a server with both kinds of connections.
func connContext(ctx context.Context, c net.Conn) context.Context {
	if own, is := c.(*unservedConn); is {
		return heads.ConnContext(context.WithValue(ctx, unservedKey{}, own), own.Conn)
	}
	return heads.ConnContext(ctx, c)
}

// served notes that a handler answers the request.
func served(ctx context.Context) {
	if own, is := ctx.Value(unservedKey{}).(*unservedConn); is {
		own.pending.Store(false)
	}
}
