package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/record"
)

// FuzzAnswer reads whatever a server may send.
func FuzzAnswer(f *testing.F) {
	const ok = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
	for _, seed := range []string{
		"", "\r\n", "HTTP/1.1", "HTTP/1.1 201 Created\r\n\r\n", ok + "Content-Length: 2\r\n\r\n{}",
		ok + "Content-Length: 9\r\n\r\n{}", ok + "Content-Length: 1\r\n\r\n{}",
		ok + "Content-Length: -1\r\n\r\n", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		ok + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		ok + "Transfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\n{}\r\n0\r\nX: y\r\n\r\n",
		ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
		ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n",
		strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 11), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: " +
			"x\r\n\r\nx", "HTTP/1.1 204 No Content\r\n\r\n{}", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.0 201 Created\r\n\r\n{}", "HTTP/2.0 201 Created\r\n\r\n{}", "HTTP/9.9 999 \r\n\r\n",
		"HTTP/1.1 000 None\r\n\r\n", "HTTP/1.1 099 None\r\n\r\n", "HTTP/1.1 2" + strings.Repeat("0", 500) + "\r\n\r\n",
		"HTTP/1.1 201 Created\r\nno colon\r\n\r\n",
		"HTTP/1.1 201 Created\nX: y\n\n{}", "HTTP/1.1 201 Created\r\nX: a\r\n folded\r\n\r\n{}",
		ok + "X: secret-of-mine\r\nContent-Length: 14\r\n\r\nsecret-of-mine", "secret-of-mine", "secret-of-",
		"\x16\x03\x03\x00\x02\x02\x28",
		"HTTP/1.1 secret-of-mine\r\n\r\n", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
		ok + "Connection: close\r\n\r\n{}", ok + "Content-Length: 2\r\n\r\n{}HTTP/1.1 201 Created\r\nContent-Length: " +
			"2\r\n\r\n{}",
	} {
		f.Add([]byte(seed))
	}
	kinds := []record.WireKind{record.Unreachable, record.TooLong, record.Closed, record.Malformed, record.Cut,
		record.Endless, record.Surplus, record.Conflict}
	s := &redact.Secrets{}
	s.Add(redact.TokenVariable, "secret-of-mine")
	f.Fuzz(func(t *testing.T, says []byte) {
		for _, method := range []string{"POST", "HEAD"} {
			d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: "http://127.0.0.1:1"}, Timeout: time.Minute,
				Gate: open{}, Secrets: s})
			require.NoError(t, err)
			defer stop()
			d.proxy = "proxy.example"
			d.open = func(context.Context) (net.Conn, error) {
				near, far := net.Pipe()
				go io.Copy(io.Discard, far)
				go func() {
					far.Write(says)
					far.Close()
				}()
				return near, nil
			}
			p := d.NewPool()
			request := plainSending(false)
			request.Method, request.Bytes = method, bytes.Replace(request.Bytes, []byte("POST"), []byte(method), 1)
			for range 2 { // the second may meet what is left of the first
				r, werr := p.Send(t.Context(), request)
				switch {
				case r == nil && werr == nil:
					t.Fatal("want an answer or what went wrong")
				case r != nil && (len(r.Body) > coding.Limit || r.Status < 100 || r.Header == nil):
					t.Fatalf("want an answer that can be judged, got %d, %d bytes", r.Status, len(r.Body))
				case werr != nil && !slices.Contains(kinds, werr.Kind):
					t.Fatalf("want one of the kinds, and none of a server that is waited for, got %q: %s", werr.Kind,
						werr.Msg)
				case werr != nil && (werr.Msg == "" || len(werr.Msg) > longMessage ||
					strings.Contains(strings.ToLower(werr.Msg), "secret-of-mine")):
					t.Fatalf("want a message without a secret, got %q", werr.Msg)
				}
				s.Response(r, record.Request{}, werr != nil)
				if r != nil && (bytes.Contains(bytes.ToLower(r.Body), []byte("secret-of-mine")) ||
					strings.Contains(strings.ToLower(fmt.Sprint(r.Header)), "secret-of-mine")) {
					t.Fatalf("want an answer without a secret, got %+v", r)
				}
				p.d.Release(r)
			}
			p.Close()
		}
	})
}

func FuzzTunnelHead(f *testing.F) {
	for _, seed := range []string{"", "\r\n\r\n", "\n\n", "HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: y\r\n\r\n\x16\x03\x01", "HTTP/1.1 200 OK\n\nx", "HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\n\r", "HTTP/1.1 200 OK\n\r\nx",
		strings.Repeat("x", tunnelLimit-4) + "\r\n\r\n", "\r\n\n", "\n\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, says []byte) {
		near, far := net.Pipe()
		defer near.Close()
		go func() {
			far.Write(says)
			far.Close()
		}()
		head, err := tunnelHead(near)
		if err != nil {
			if at := bytes.Index(says, []byte("\n\r\n")); at >= 0 && at+3 <= tunnelLimit {
				t.Fatalf("want the head of %q, got %v", says, err)
			}
			return
		}
		rest, err := io.ReadAll(near)
		require.NoError(t, err)
		if len(head) > tunnelLimit || string(head)+string(rest) != string(says) ||
			!bytes.HasSuffix(head, []byte("\n\r\n")) && !bytes.HasSuffix(head, []byte("\n\n")) {
			t.Fatalf("want %q parted behind the first empty line, got %q and %q", says, head, rest)
		}
	})
}
