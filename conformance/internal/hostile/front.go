package hostile

import (
	"io"
	"net"
	"net/http"
	"sync"
)

// A front stands between a client and an honest HTTP/2 server, and lets through
// what either says until a request comes that is to be spoilt.
type front struct {
	client net.Conn
	near   net.Conn // to the honest server
	spoilt chan *scene

	greeted chan struct{} // closed when the honest server has begun

	mu     sync.Mutex
	stream uint32 // of the latest request
	silent bool   // the honest server says no more
}

// serveHTTP2 lets net/http answer, and plays on the same connection when it is
// asked for what is to be spoilt.
func (s *Server) serveHTTP2(c net.Conn) {
	near, far := net.Pipe()
	f := &front{client: c, near: near, spoilt: make(chan *scene, 1), greeted: make(chan struct{})}
	honest := &http.Server{Protocols: &http.Protocols{},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.requests.Add(1)
			a := ask(s.honest, r)
			if s.spoils(r) {
				select {
				case f.spoilt <- &scene{Conn: c, server: s, request: r, honest: a}:
				default: // a second one beside the first is left without an answer
				}
				<-r.Context().Done()
				return
			}
			for name, values := range a.header {
				w.Header()[name] = values
			}
			w.WriteHeader(a.status)
			w.Write(a.body)
		})}
	honest.Protocols.SetUnencryptedHTTP2(true)
	l := &oneConn{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conn <- far

	gone := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { honest.Serve(l) })
	work.Go(func() { f.down() })
	work.Go(func() { f.up(); close(gone) })
	select {
	case at := <-f.spoilt:
		<-f.greeted
		f.mu.Lock()
		f.silent, at.stream = true, f.stream
		f.mu.Unlock()
		s.behaviour.answer(at)
	case <-gone:
	}
	c.Close()
	near.Close()
	honest.Close()
	work.Wait()
}

// up carries what the client says.
func (f *front) up() {
	preface := make([]byte, len(preface))
	io.ReadFull(f.client, preface)
	f.near.Write(preface)
	for {
		frame, err := readFrame(f.client)
		if err != nil {
			return
		}
		f.mu.Lock()
		if frame.kind == headersFrame {
			f.stream = frame.stream
		}
		f.mu.Unlock()
		if _, err := f.near.Write(frame.bytes()); err != nil {
			io.Copy(io.Discard, f.client)
			return
		}
	}
}

// down carries what the honest server says, as long as it is asked.
func (f *front) down() {
	for begun := false; ; begun = true {
		frame, err := readFrame(f.near)
		if err != nil {
			return
		}
		f.mu.Lock()
		if !f.silent {
			f.client.Write(frame.bytes())
		}
		f.mu.Unlock()
		if !begun {
			close(f.greeted)
		}
	}
}

// preface is what a client says first (RFC 9113 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// A oneConn is a listener with one connection.
type oneConn struct {
	conn   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
