package hostile

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// An act is a sequence of operations on a connection, which is closed afterwards.
type act func(*scene)

// A scene is a connection on which acts run, with the request.
type scene struct {
	net.Conn
	server  *Server
	request *http.Request // nil if the acts run from the first byte
	honest  *answer       // the conforming answer to the request
	stream  uint32        // of the request, in HTTP/2
}

// acts runs one after the other.
func acts(all ...act) act {
	return func(s *scene) {
		for _, a := range all {
			a(s)
		}
	}
}

// start is the conforming status line and header, without a length.
const start = "HTTP/1.1 {status}\r\n{fields}"

// honestly is the conforming answer.
const honestly = start + "Content-Length: {length}\r\n\r\n{body}"

// chunked begins an answer in chunks.
const chunked = start + "Transfer-Encoding: chunked\r\n\r\n"

// say writes a text with {names} for parts of the conforming answer and of the scene.
func say(text string) act {
	return func(s *scene) { io.WriteString(s, s.fill(text)) }
}

func (s *scene) fill(text string) string {
	pairs := []string{"{elsewhere}", s.server.elsewhere, "{here}", s.server.URL}
	if s.honest != nil {
		body := string(s.honest.body)
		pairs = append(pairs,
			"{status}", fmt.Sprintf("%d %s", s.honest.status, http.StatusText(s.honest.status)), "{fields}",
			s.honest.fields(),
			"{length}", fmt.Sprint(len(body)), "{hex}", fmt.Sprintf("%x", len(body)), "{body}", body, "{half}",
			body[:len(body)/2],
			"{path}", s.request.URL.RequestURI(), "{token}", strings.TrimPrefix(s.request.Header.Get("Authorization"),
				"Bearer "))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// reset makes the following close a reset.
func reset(s *scene) {
	if tcp := s.tcp(); tcp != nil {
		tcp.SetLinger(0)
		tcp.Close()
	}
}

// cut closes without close_notify.
func cut(s *scene) {
	if tcp := s.tcp(); tcp != nil {
		tcp.Close()
	}
}

// tcp returns the connection below TLS.
func (s *scene) tcp() *net.TCPConn {
	c := s.Conn
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	tcp, _ := c.(*net.TCPConn)
	return tcp
}

// hear waits for the client's first bytes.
func hear(s *scene) { s.Read(make([]byte, 16<<10)) }

// hold sends nothing more until the client closes.
func hold(s *scene) { io.Copy(io.Discard, s) }

// deaf reads nothing more until the connection ends.
func deaf(s *scene) { <-s.server.done }

// again writes a text repeatedly until the client closes.
func again(text string) act {
	return func(s *scene) {
		block := []byte(s.fill(text))
		block = bytes.Repeat(block, 1+32<<10/len(block))
		for {
			if _, err := s.Write(block); err != nil {
				return
			}
		}
	}
}

// drip writes a text byte by byte, repeatedly, until the client closes.
func drip(text string) act {
	return func(s *scene) {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for block := []byte(s.fill(text)); ; {
			for i := range block {
				if _, err := s.Write(block[i : i+1]); err != nil {
					return
				}
				select {
				case <-tick.C:
				case <-s.server.done:
					return
				}
			}
		}
	}
}

// body answers with another body, of the right length.
func body(change func(string) string) act {
	return func(s *scene) { say(honestly)(s.with(change(string(s.honest.body)))) }
}

// with returns the scene with another body.
func (s *scene) with(body string) *scene {
	other, answer := *s, *s.honest
	answer.body = []byte(body)
	other.honest = &answer
	return &other
}

// member adds a member, in JSON, to the object of the answer.
func member(json func() string) func(string) string {
	return func(body string) string { return strings.TrimSuffix(body, "}") + "," + json() + "}" }
}

// always returns a function that returns a text.
func always(text string) func() string { return func() string { return text } }

// becomes replaces the whole body.
func becomes(text string) func(string) string { return func(string) string { return text } }
