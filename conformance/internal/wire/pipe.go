package wire

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

// A pipeListener serves connections in memory, so that a handler can be judged
// through real HTTP without a port.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once

	dialled atomic.Int64
}

// pipeConn is the server's end of a connection, from an address of its own.
type pipeConn struct {
	net.Conn
	remote net.Addr
	id     string // of the case that dialled
}

func (c pipeConn) RemoteAddr() net.Addr { return c.remote }

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, end := net.Pipe()
	// Handlers read RemoteAddr, and take it for host and port.
	id, _ := ctx.Value(caseKey{}).(string)
	far := pipeConn{end, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1024 + int(l.dialled.Add(1))%64000}, id}
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "in-memory" }
