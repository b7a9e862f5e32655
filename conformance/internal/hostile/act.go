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

// An act is what is done on a connection; the connection is closed behind it.
type act func(*scene)

// A scene is a connection on which acts play, and the request that they play to.
type scene struct {
	net.Conn
	server  *Server
	request *http.Request // nil where the acts play from the first byte on
	honest  *answer       // what the honest server answers to the request
	stream  uint32        // that the request came on, in HTTP/2
}

// acts plays one after the other.
func acts(all ...act) act {
	return func(s *scene) {
		for _, a := range all {
			a(s)
		}
	}
}

// start is the honest status line and header, without a length.
const start = "HTTP/1.1 {status}\r\n{fields}"

// honestly is the honest answer.
const honestly = start + "Content-Length: {length}\r\n\r\n{body}"

// chunked begins an answer in chunks.
const chunked = start + "Transfer-Encoding: chunked\r\n\r\n"

// say writes a text in which {names} stand for parts of the honest answer and of
// the scene.
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

// reset makes the close behind it a reset.
func reset(s *scene) {
	if tcp := s.tcp(); tcp != nil {
		tcp.SetLinger(0)
		tcp.Close()
	}
}

// cut closes without the word that TLS has for it.
func cut(s *scene) {
	if tcp := s.tcp(); tcp != nil {
		tcp.Close()
	}
}

// tcp is the connection beneath TLS.
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

// hold says nothing more until the client has gone.
func hold(s *scene) { io.Copy(io.Discard, s) }

// deaf reads nothing more, and waits for the end.
func deaf(s *scene) { <-s.server.done }

// again writes a text again and again, until the client has gone.
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

// drip writes a text byte by byte, again and again, until the client has gone.
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

// with is the scene with another honest body.
func (s *scene) with(body string) *scene {
	other, answer := *s, *s.honest
	answer.body = []byte(body)
	other.honest = &answer
	return &other
}

// member adds a member to the honest object, as it is written in JSON.
func member(json func() string) func(string) string {
	return func(body string) string { return strings.TrimSuffix(body, "}") + "," + json() + "}" }
}

// always is a text for those who ask.
func always(text string) func() string { return func() string { return text } }

// becomes replaces the whole body.
func becomes(text string) func(string) string { return func(string) string { return text } }
