package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// scripted serves connections one after another: serve gets the number of the connection, from 1.
func scripted(t *testing.T, serve func(n int, c net.Conn, in *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(n, c, bufio.NewReader(c))
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// read reads one request, and returns its target, "" where none comes.
func read(in *bufio.Reader) string {
	r, err := http.ReadRequest(in)
	if err != nil {
		return ""
	}
	io.Copy(io.Discard, r.Body)
	return r.URL.Path
}

func saying(text string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
}

// piece returns requests for these targets that go out in one piece.
func piece(targets ...string) (all []Sending) {
	for i, target := range targets {
		all = append(all, Sending{Method: "POST", Step: i, Along: i > 0,
			Bytes: []byte("POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")})
	}
	all[0].Ahead = all[1:]
	return all
}

func poolFor(t *testing.T, url string, timeout time.Duration) *Pool {
	t.Helper()
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url}, Timeout: timeout, Gate: permits{}})
	require.NoError(t, err)
	t.Cleanup(stop)
	p := d.NewPool()
	t.Cleanup(p.Close)
	return p
}

// permits is a gate that permits everything.
type permits struct{}

func (permits) Permit(Sending) (Permit, *record.WireError) { return Permit{}, nil }

func TestRequestsInOnePieceAreAnsweredInTheirOrder(t *testing.T) {
	var atOnce atomic.Bool
	p := poolFor(t, scripted(t, func(_ int, c net.Conn, in *bufio.Reader) {
		for target := read(in); target != ""; target = read(in) {
			if target == "/1" && in.Buffered() > 0 {
				atOnce.Store(true)
				io.WriteString(c, saying("/1")+saying("/2")[:20]) // the second answer begins with the first
				read(in)
				io.WriteString(c, saying("/2")[20:])
				continue
			}
			io.WriteString(c, saying(target))
		}
	}), time.Minute)
	for _, s := range piece("/1", "/2", "/3") {
		resp, werr := p.Send(t.Context(), s)
		require.Nil(t, werr)
		require.Equal(t, fmt.Sprint("/", s.Step+1), string(resp.Body))
	}
	require.True(t, atOnce.Load())
}

func TestAConnectionThatEndsBehindTheFirstOfOnePieceIsNoFault(t *testing.T) {
	p := poolFor(t, scripted(t, func(_ int, c net.Conn, in *bufio.Reader) {
		target := read(in)
		io.WriteString(c, saying(target))
	}), time.Minute)
	for _, s := range piece("/1", "/2", "/3") {
		resp, werr := p.Send(t.Context(), s)
		require.Nil(t, werr)
		require.Equal(t, fmt.Sprint("/", s.Step+1), string(resp.Body))
	}
}

func TestARequestThatIsLostInOnePieceIsSeen(t *testing.T) {
	p := poolFor(t, scripted(t, func(_ int, c net.Conn, in *bufio.Reader) {
		for target := read(in); target != ""; target = read(in) {
			in.Discard(in.Buffered())
			io.WriteString(c, saying(target))
		}
	}), 200*time.Millisecond)
	all := piece("/1", "/2")
	_, werr := p.Send(t.Context(), all[0])
	require.Nil(t, werr)
	_, werr = p.Send(t.Context(), all[1])
	require.NotNil(t, werr)
	require.Equal(t, record.Malformed, werr.Kind)
	require.Contains(t, werr.Msg, "in one piece with another one")
}

func TestMoreThanTheAnswersToOnePieceIsSurplus(t *testing.T) {
	p := poolFor(t, scripted(t, func(_ int, c net.Conn, in *bufio.Reader) {
		read(in)
		read(in)
		io.WriteString(c, saying("/1")+saying("/2")+saying("/2"))
		read(in)
	}), time.Minute)
	all := piece("/1", "/2")
	_, werr := p.Send(t.Context(), all[0])
	require.Nil(t, werr)
	_, werr = p.Send(t.Context(), all[1])
	require.NotNil(t, werr)
	require.Equal(t, record.Surplus, werr.Kind)
}

func TestFramingThatIsForbidden(t *testing.T) {
	one := func(version string) Sending {
		return Sending{Method: "POST", Separate: true,
			Bytes: []byte("POST / HTTP/" + version + "\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")}
	}
	inChunks := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
	for _, row := range []struct{ version, answer, fault string }{
		{"1.1", inChunks + "\r\n", ""},
		{"1.0", inChunks + "\r\n", "HTTP/1.0 has Transfer-Encoding"},
		{"1.1", inChunks + "Server-Timing: a\r\n\r\n", ""},
		{"1.1", inChunks + "Content-Type: text/html\r\n\r\n", "Content-Type came behind the body"},
		{"1.1", inChunks + "content-length: 3\r\n\r\n", "Content-Length came behind the body"},
		{"1.1", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + saying("{}"), ""},
		{"1.0", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + saying("{}"), "which knows none"},
		{"1.1", "HTTP/1.1 102 Processing\r\nContent-Length: 0\r\n\r\n" + saying("{}"), "no interim answer has a body"},
		{"1.1", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", ""},
		{"1.1", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", "204 has a Content-Length of 2"},
		{"1.1", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "204 has Transfer-Encoding"},
	} {
		t.Run(row.version+" "+row.fault, func(t *testing.T) {
			p := poolFor(t, scripted(t, func(_ int, c net.Conn, in *bufio.Reader) {
				read(in)
				io.WriteString(c, row.answer)
			}), time.Minute)
			_, werr := p.Send(t.Context(), one(row.version))
			requireFault(t, werr, row.fault)
		})
	}
}

// requireFault requires an error that says what is wrong, or none where that is "".
func requireFault(t *testing.T, werr *record.WireError, says string) {
	t.Helper()
	if says == "" {
		require.Nil(t, werr)
		return
	}
	require.NotNil(t, werr)
	require.Contains(t, werr.Msg, says)
}

func TestAConnectionThatIsToEndIsWaitedFor(t *testing.T) {
	for _, row := range []struct{ request, answer, why string }{
		{"Connection: Close\r\n", "", "the request says Connection: close"},
		{"", "Connection: close\r\n", "its answer says Connection: close"},
		{"", "", ""},
	} {
		release := make(chan struct{})
		p := poolFor(t, scripted(t, func(_ int, c net.Conn, in *bufio.Reader) {
			read(in)
			io.WriteString(c, strings.Replace(saying("{}"), "\r\n\r\n", "\r\n"+row.answer+"\r\n", 1))
			<-release
		}), time.Minute)
		_, werr := p.Send(t.Context(), Sending{Method: "POST",
			Bytes: []byte("POST / HTTP/1.1\r\nHost: a\r\n" + row.request + "Content-Length: 2\r\n\r\n{}")})
		close(release)
		requireFault(t, werr, row.why)
	}
}

// A server may close a connection before it has a request: it was opened long ago by the server's clock.
func TestANewConnectionThatEndsBeforeItIsUsedIsNoFault(t *testing.T) {
	p := poolFor(t, scripted(t, func(n int, c net.Conn, in *bufio.Reader) {
		if n == 2 || n == 3 {
			return
		}
		io.WriteString(c, saying(read(in)))
	}), time.Minute)
	dial, dialled := p.d.open, 0
	p.d.open = func(ctx context.Context) (net.Conn, error) {
		c, err := dial(ctx)
		if dialled++; dialled == 2 || dialled == 3 {
			tcp, err := c.(*net.TCPConn).SyscallConn()
			if err != nil {
				return nil, err
			}
			for peeks && nothingToRead(tcp) {
				runtime.Gosched()
			}
		}
		return c, err
	}
	if !peeks {
		t.Skip("a socket does not show what is there to read")
	}
	for range 2 {
		_, werr := p.Send(t.Context(), Sending{Method: "POST", Separate: true,
			Bytes: []byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")})
		require.Nil(t, werr)
	}
	require.Equal(t, 4, dialled)
}

func TestCookiesComeBack(t *testing.T) {
	seen := make(chan string, 2)
	p := poolFor(t, scripted(t, func(_ int, c net.Conn, in *bufio.Reader) {
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			seen <- r.Header.Get("Cookie")
			io.WriteString(c, strings.Replace(saying("{}"), "\r\n\r\n", "\r\nSet-Cookie: a=1; Secure; HttpOnly\r\n"+
				"Set-Cookie: b=2; Path=/elsewhere\r\nSet-Cookie: c=3; Max-Age=0\r\n"+
				"Set-Cookie: d=4; Domain=other.example\r\n\r\n", 1))
		}
	}), time.Minute)
	for _, want := range []string{"", "a=1"} {
		_, werr := p.Send(t.Context(), Sending{Method: "POST", Cookies: true,
			Bytes: []byte("POST /here HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Length: 2\r\n\r\n{}")})
		require.Nil(t, werr)
		require.Equal(t, want, <-seen)
	}
}

// One long answer is held at a time, and the first of these is while the others are read.
func TestLongAnswersToOnePieceDoNotWaitForEachOther(t *testing.T) {
	p := poolFor(t, scripted(t, func(_ int, c net.Conn, in *bufio.Reader) {
		for target := read(in); target != ""; target = read(in) {
			io.WriteString(c, saying(target+strings.Repeat("x", 2*largeBody)))
		}
	}), time.Minute)
	for _, s := range piece("/1", "/2", "/3") {
		resp, werr := p.Send(t.Context(), s)
		require.Nil(t, werr)
		require.Len(t, resp.Body, 2+2*largeBody)
		p.d.Release(resp)
	}
}
