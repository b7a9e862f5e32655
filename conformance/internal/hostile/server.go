package hostile

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Server serves a behaviour on a loopback port.
type Server struct {
	URL   string
	Roots *x509.CertPool // the authority for clients; nil if the URL is http

	behaviour Behaviour
	honest    http.Handler
	config    *tls.Config
	elsewhere string // the URL of another host, which no client may contact

	done      chan struct{}
	listeners []net.Listener
	work      sync.WaitGroup
	requests  atomic.Int64
	mu        sync.Mutex
	conns     map[net.Conn]bool
	strayed   []string
	stopped   bool
}

// Start serves the behaviour; the conforming handler answers what it does not spoil. Stop ends it.
func Start(b Behaviour, honest http.Handler) (*Server, error) {
	s := &Server{behaviour: b, honest: honest, done: make(chan struct{}), conns: map[net.Conn]bool{}}
	scheme := "http"
	if b.secure || b.tls != nil {
		scheme = "https"
		a, err := newAuthority()
		if err != nil {
			return nil, err
		}
		s.Roots = a.roots()
		if b.tls != nil {
			s.config = b.tls(a)
		}
	}
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.Stop()
			return nil, fmt.Errorf("hostile: no loopback port: %w; free one", err)
		}
		s.listeners = append(s.listeners, l)
	}
	here, elsewhere := s.listeners[0].Addr(), s.listeners[1].Addr()
	if b.nobody {
		c, err := net.Dial("tcp", elsewhere.String())
		if err != nil {
			s.Stop()
			return nil, fmt.Errorf("hostile: no loopback port: %w; free one", err)
		}
		// The near end of a connection is an address where nobody listens or can.
		s.keep(c)
		here = c.LocalAddr()
	}
	s.URL, s.elsewhere = scheme+"://"+here.String(), "http://"+elsewhere.String()
	s.work.Go(func() { s.accept(s.listeners[0], s.serve) })
	s.work.Go(func() { s.accept(s.listeners[1], s.stray) })
	return s, nil
}

// Stop closes everything and waits for active connections.
func (s *Server) Stop() {
	s.mu.Lock()
	if !s.stopped {
		s.stopped = true
		close(s.done)
	}
	for _, l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

// Requests returns the number of requests received.
func (s *Server) Requests() int { return int(s.requests.Load()) }

// Strayed returns the requests to the other host, of which there should be none. It is
// complete when the server has stopped.
func (s *Server) Strayed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.strayed)
}

// accept serves each connection, until the server is stopped.
func (s *Server) accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.work.Go(func() {
			defer s.drop(c)
			if s.keep(c) {
				serve(c)
			}
		})
	}
}

// keep records a connection for Stop, and reports whether it may be served.
func (s *Server) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[c] = true; s.stopped {
		c.Close()
	}
	return !s.stopped
}

func (s *Server) drop(c net.Conn) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// stray records requests to the other host.
func (s *Server) stray(c net.Conn) {
	b := make([]byte, 16<<10)
	n, _ := c.Read(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.behaviour.nobody || n > 0 {
		s.strayed = append(s.strayed, string(b[:n]))
	}
}

// serve serves one connection from its first byte.
func (s *Server) serve(c net.Conn) {
	if s.config != nil {
		secure := tls.Server(c, s.config)
		if secure.Handshake() != nil {
			return
		}
		defer secure.Close()
		c = secure
	}
	switch {
	case s.behaviour.accept != nil:
		s.behaviour.accept(&scene{Conn: c, server: s})
	case s.behaviour.HTTP2:
		s.serveHTTP2(c)
	default:
		s.serveHTTP1(c)
	}
}

// serveHTTP1 answers requests until one whose answer is to be spoilt.
func (s *Server) serveHTTP1(c net.Conn) {
	for r := bufio.NewReader(c); ; {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		s.requests.Add(1)
		at := &scene{Conn: c, server: s, request: request}
		if s.spoils(request) && s.behaviour.early {
			s.behaviour.answer(at)
			return
		}
		if strings.EqualFold(request.Header.Get("Expect"), "100-continue") {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		if at.honest = ask(s.honest, request); s.spoils(request) {
			s.behaviour.answer(at)
			return
		}
		if say(honestly)(at); request.Close {
			return
		}
	}
}

// spoils reports whether the answer to a request is spoilt.
func (s *Server) spoils(r *http.Request) bool {
	return s.behaviour.answer != nil && strings.HasSuffix(r.URL.Path, "/"+Operation)
}
