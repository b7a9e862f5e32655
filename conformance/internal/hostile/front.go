package hostile

import (
	"io"
	"net"
	"net/http"
	"sync"
)

// A front is a proxy between a client and a conforming HTTP/2 server, which forwards data
// until a request comes whose answer is to be spoilt.
type front struct {
	client net.Conn
	near   net.Conn // to the conforming server
	spoilt chan *scene

	greeted chan struct{} // closed when the conforming server has begun

	mu     sync.Mutex
	stream uint32 // of the latest request
	silent bool   // the conforming server sends no more
}

// serveHTTP2 lets net/http answer, and runs the act on the same connection for a request whose
// answer is to be spoilt.
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
				default: // a second request gets no answer
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

// up forwards the data of the client.
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

// down forwards the data of the conforming server, until it is silenced.
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

// preface is the connection preface of a client (RFC 9113 3.4).
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
