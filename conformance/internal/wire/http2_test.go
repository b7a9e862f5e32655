package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/record"
)

// connKey is where a request's connection is, for handlers below that spoil it.
type connKey struct{}

func connOf(r *http.Request) net.Conn { return r.Context().Value(connKey{}).(net.Conn) }

// speaking2 serves HTTP/2 by prior knowledge, and counts its connections.
func speaking2(t *testing.T, config *http.HTTP2Config, h http.HandlerFunc) (url string, conns *atomic.Int64) {
	t.Helper()
	conns = new(atomic.Int64)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: h, HTTP2: config, Protocols: new(http.Protocols),
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	server.Protocols.SetUnencryptedHTTP2(true)
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		conns.Add(1)
		return context.WithValue(ctx, connKey{}, c)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String(), conns
}

// pool2 is a pool that speaks HTTP/2.
func pool2(t *testing.T, url string, timeout time.Duration) *Pool {
	t.Helper()
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url, HTTP2: true}, Timeout: timeout, Gate: open{}})
	require.NoError(t, err)
	p := d.NewPool()
	t.Cleanup(func() { p.Close(); stop() })
	return p
}

// frame2 is one frame (RFC 9113 4.1).
func frame2(kind, flags byte, stream uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
	return string(binary.BigEndian.AppendUint32(append(head, kind, flags), stream)) + payload
}

// settled2 are the SETTINGS that come before all else.
var settled2 = frame2(4, 0, 0, "")

func TestSendNamesWhatGoesWrongInHTTP2(t *testing.T) {
	begun := func(w http.ResponseWriter, body string) {
		w.WriteHeader(201)
		io.WriteString(w, body)
		http.NewResponseController(w).Flush()
	}
	// raw answers in frames of its own.
	raw := func(frames string) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			io.WriteString(connOf(r), settled2+frames)
			<-r.Context().Done()
		}
	}
	rows := []struct {
		why   string
		serve http.HandlerFunc
		kind  record.WireKind // "" where nothing is wrong
		msg   string          // or of the body, where nothing is
	}{
		{"an answer", func(w http.ResponseWriter, r *http.Request) { begun(w, "{}") }, "", "{}"},
		{"an empty answer", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(201) }, "", ""},
		{"an answer before the request is read, and interim ones", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(103)
			begun(w, "{}")
		}, "", "{}"},
		{"a body as long as is judged", func(w http.ResponseWriter,
			r *http.Request) {
			begun(w, strings.Repeat(" ", coding.Limit))
		}, "", strings.Repeat(" ", coding.Limit)},

		{"nothing, for ever", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, record.Silent,
			"nothing more came within 500ms before an answer began"},
		{"nothing behind the beginning", func(w http.ResponseWriter,
			r *http.Request) {
			begun(w, "{")
			<-r.Context().Done()
		}, record.Slow, "it was not whole within 500ms: the time was up after 1 bytes of the body"},
		{"the stream reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, record.Closed,
			"the stream ended before an answer began"},
		{"the stream reset in the body", func(w http.ResponseWriter,
			r *http.Request) {
			begun(w, "{")
			panic(http.ErrAbortHandler)
		}, record.Cut, "the stream ended after 1 bytes of the body"},
		{"the stream reset for an error of ours, says the server", raw(frame2(3, 0, 1, "\x00\x00\x00\x01")),
			record.Closed, "received from peer"},
		{"the stream refused", raw(frame2(3, 0, 1, "\x00\x00\x00\x07")), record.Closed, "REFUSED_STREAM"},
		{"the connection closed", func(_ http.ResponseWriter, r *http.Request) { connOf(r).Close() }, record.Closed,
			"before an answer began"},
		{"the connection reset", func(_ http.ResponseWriter, r *http.Request) {
			connOf(r).(*net.TCPConn).SetLinger(0)
			connOf(r).Close()
		}, record.Closed, "before an answer began"},
		{"the connection closed in the body", func(_ http.ResponseWriter, r *http.Request) {
			io.WriteString(connOf(r), settled2+frame2(1, 4, 1, "\x08\x03201")+frame2(0, 0, 1, "{"))
			connOf(r).Close()
		}, record.Cut, "after 1 bytes of the body"},
		{"GOAWAY for an error, and the end", func(_ http.ResponseWriter, r *http.Request) {
			io.WriteString(connOf(r), settled2+frame2(7, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x01malformed, frame "+
				"too large"))
			connOf(r).Close()
		}, record.Closed, "GOAWAY"},
		{"GOAWAY without an error", raw(frame2(7, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x00")), record.Closed, "GOAWAY"},
		{"less than the length", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "9")
			begun(w, "{}")
		}, record.Cut, "after 2 bytes of the body, Content-Length said 9"},
		{"more than the length", raw(frame2(1, 4, 1, "\x08\x03201\x0f\x0d\x011") + frame2(0, 1, 1, "{}")),
			record.Surplus, "more bytes came than Content-Length gives"},
		{"a header block that is none", raw(frame2(1, 4, 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")),
			record.Malformed, "COMPRESSION_ERROR"},
		{"a status that is none", raw(frame2(1, 5, 1, "\x08\x03two")), record.Malformed, "non-numeric status"},
		{"a status below all", raw(frame2(1, 5, 1, "\x08\x0299")), record.Malformed, "the status 99 is none"},
		{"a status beyond all", raw(frame2(1, 5, 1, "\x08\x042000")), record.Malformed, "the status 2000 is none"},
		{"a status below nothing", raw(frame2(1, 5, 1, "\x08\x04-201")), record.Malformed, "the status -201 is none"},
		{"no status", raw(frame2(1, 5, 1, "\x0f\x0d\x011")), record.Malformed, "missing status"},
		{"a body before its head", raw(frame2(0, 0, 1, "{}")), record.Malformed, "PROTOCOL_ERROR"},
		{"a head without end", func(w http.ResponseWriter, r *http.Request) {
			for i := range 70 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 4000))
			}
			begun(w, "{}")
		}, record.Malformed, "not HTTP/2"},
		{"a body without end", func(w http.ResponseWriter, r *http.Request) {
			for block := bytes.Repeat([]byte(" "), 1<<20); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, record.Endless, "goes on beyond"},
		{"a body longer than is judged", func(w http.ResponseWriter,
			r *http.Request) {
			begun(w, strings.Repeat(" ", coding.Limit+9))
		}, record.TooLong, fmt.Sprint(coding.Limit + 9)},
		{"a long body that is cut", func(w http.ResponseWriter, r *http.Request) {
			begun(w, strings.Repeat(" ", coding.Limit+9))
			panic(http.ErrAbortHandler)
		}, record.Cut, fmt.Sprintf("after %d bytes of the body", coding.Limit)},
	}
	for _, r := range rows {
		for _, separate := range []bool{false, true} {
			if separate && r.kind != "" && r.kind != record.Closed {
				continue // one of either is enough of what takes time
			}
			t.Run(fmt.Sprintf("%s, separate %v", r.why, separate), func(t *testing.T) {
				t.Parallel()
				url, _ := speaking2(t, nil, r.serve)
				timeout := 20 * time.Second
				if r.kind == record.Silent || r.kind == record.Slow {
					timeout = 500 * time.Millisecond
				}
				resp, werr := pool2(t, url, timeout).Send(t.Context(), plainSending(separate))
				if r.kind != "" {
					require.NotNil(t, werr, "got %+v", resp)
					require.Equal(t, r.kind, werr.Kind, "%v", werr)
					require.Contains(t, werr.Msg, r.msg)
					return
				}
				require.Nil(t, werr)
				require.Equal(t, 201, resp.Status)
				require.Equal(t, "HTTP/2.0", resp.Proto)
				require.Equal(t, r.msg, string(resp.Body))
			})
		}
	}
}

func TestWhatSpeaksNoHTTP2IsNamed(t *testing.T) {
	rows := []struct {
		why, says string
		kind      record.WireKind
		want      string
	}{
		{"an HTTP/1.1 server", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", record.Unreachable,
			"the target does not offer HTTP/2; ask it over HTTP/1.1, without -http2"},
		{"another protocol", "220 mail.example ESMTP\r\n", record.Malformed,
			`not an answer of HTTP/2: it begins "220 mail.example ESMTP\r\n"`},
		{"another protocol, in few words", "220\r\n", record.Malformed, `it begins "220\r\n"`},
		{"too little to tell", "22", record.Closed, "before an answer began"},
		{"an end at once", "", record.Closed, "the connection was closed before an answer began"},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			address := behind(t, func(c net.Conn) {
				io.WriteString(c, r.says)
				c.(*net.TCPConn).CloseWrite()
				// what is not read would make a reset of the end
				eachRequest2(c, func(int, uint32) bool { asked.Add(1); return true })
			})
			_, werr := pool2(t, "http://"+address, 20*time.Second).Send(t.Context(), plainSending(false))
			require.NotNil(t, werr)
			require.Equal(t, r.kind, werr.Kind, werr.Msg)
			require.Contains(t, werr.Msg, r.want)
			if len(r.says) > 3 {
				require.Zero(t, asked.Load(), "want no request, and so no token, sent to what is known to speak "+
					"no HTTP/2")
			}
		})
	}
}

func TestAConnectionThatBrokeBeforeItsFirstRequestIsNamed(t *testing.T) {
	for says, want := range map[string]*record.WireError{
		frame2(4, 0, 0, "12345"): {Kind: record.Malformed, Msg: "the answer is not HTTP/2: what the connection " +
			"began with breaks its rules"},
		settled2 + frame2(6, 0, 0, ""): {Kind: record.Malformed, Msg: "the answer is not HTTP/2: what the connection " +
			"began with breaks its rules"},
		settled2: {Kind: record.Closed, Msg: "the connection was closed before an answer began"},
	} {
		address := behind(t, func(c net.Conn) {
			io.WriteString(c, says)
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
		})
		p := pool2(t, "http://"+address, 20*time.Second)
		c, werr := p.connect2(t.Context(), false)
		require.Nil(t, werr)
		for c.Err() == nil {
			<-time.After(time.Millisecond) // until the library has seen what came
		}
		r, err := request2(t.Context(), plainSending(false))
		require.NoError(t, err)
		r.URL.Scheme = "http"
		_, _, werr = p.exchange2(t.Context(), c, r, false)
		require.Equal(t, want, werr)
	}
}

func TestSendStopsAtOnceInHTTP2(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url, _ := speaking2(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/begun" {
			w.WriteHeader(201)
			http.NewResponseController(w).Flush()
		}
		cancel()
		<-r.Context().Done()
	})
	for _, path := range []string{"/x", "/begun"} {
		ctx, cancel = context.WithCancel(t.Context())
		s := plainSending(false)
		s.Bytes = bytes.Replace(s.Bytes, []byte("/x"), []byte(path), 1)
		_, werr := pool2(t, url, time.Hour).Send(ctx, s)
		require.NotNil(t, werr)
		require.Equal(t, record.Cancelled, werr.Kind)
		cancel()
	}
}

func TestSendUsesAConnectionOfHTTP2Again(t *testing.T) {
	url, conns := speaking2(t, nil, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	p := pool2(t, url, 20*time.Second)
	for range 5 {
		resp, werr := p.Send(t.Context(), plainSending(false))
		require.Nil(t, werr)
		require.Equal(t, "{}", string(resp.Body))
	}
	require.Equal(t, int64(1), conns.Load(), "want one connection for requests in turn")

	_, werr := p.Send(t.Context(), plainSending(true))
	require.Nil(t, werr)
	require.Equal(t, int64(2), conns.Load(), "want a connection of its own where one is asked for")
	_, werr = p.send2(t.Context(), plainSending(false), true)
	require.Nil(t, werr)
	require.Equal(t, int64(3), conns.Load(), "want a connection of its own for what can take effect")
}

func TestSendRepeatsARequestThatMetAClosingConnectionOfHTTP2(t *testing.T) {
	rows := []struct {
		why    string
		behind func(stream uint32) string // what comes in place of the second answer
		goes   bool                       // the connection ends then
	}{
		{"without a word", func(uint32) string { return "" }, true},
		{"with GOAWAY, and an end", func(uint32) string { return frame2(7, 0, 0, "\x00\x00\x00\x01\x00\x00\x00\x00") },
			true},
		{"with GOAWAY, and no end yet", func(uint32) string {
			return frame2(7, 0, 0,
				"\x00\x00\x00\x01\x00\x00\x00\x00")
		}, false},
		{"for the number of requests", func(stream uint32) string { return frame2(3, 0, stream, "\x00\x00\x00\x07") },
			false},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			var conns atomic.Int64
			address := behind(t, func(c net.Conn) {
				conns.Add(1)
				io.WriteString(c, settled2)
				eachRequest2(c, func(n int, stream uint32) bool {
					if n == 1 {
						io.WriteString(c, frame2(1, 5, stream, "\x08\x03201"))
						return true
					}
					io.WriteString(c, r.behind(stream))
					return !r.goes
				})
			})
			p := pool2(t, "http://"+address, 20*time.Second)
			for i := range 4 {
				resp, werr := p.Send(t.Context(), plainSending(false))
				require.Nil(t, werr, "request %d", i)
				require.Equal(t, 201, resp.Status)
			}
			require.Greater(t, conns.Load(), int64(1))
		})
	}

	url, conns := speaking2(t, nil, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // GOAWAY
		w.WriteHeader(201)
	})
	p := pool2(t, url, 20*time.Second)
	for range 50 {
		_, werr := p.Send(t.Context(), plainSending(false))
		require.Nil(t, werr)
	}
	require.Greater(t, conns.Load(), int64(1))
}

// eachRequest2 calls answer for each request on a connection, when its body is there,
// until it returns false.
func eachRequest2(c net.Conn, answer func(n int, stream uint32) bool) {
	io.ReadFull(c, make([]byte, 24)) // the preface
	for n, head := 0, make([]byte, 9); ; {
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(head)>>8))
		if head[3] <= 1 && head[4]&1 != 0 { // the end of a stream
			if n++; !answer(n, binary.BigEndian.Uint32(head[5:])) {
				return
			}
		}
	}
}

func TestAnAnswerInHTTP2ComesOnce(t *testing.T) {
	var asked atomic.Int64
	url, _ := speaking2(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			panic(http.ErrAbortHandler) // RST_STREAM is an answer too, on a connection that lives
		}
	})
	p := pool2(t, url, 20*time.Second)
	_, werr := p.Send(t.Context(), plainSending(false))
	require.Nil(t, werr)
	_, werr = p.Send(t.Context(), plainSending(false))
	require.Equal(t, record.Closed, werr.Kind)
	require.Equal(t, int64(2), asked.Load(), "want what the server refused not sent again")
}

func TestRequestsAtOnceAreAnsweredWhateverAConnectionHolds(t *testing.T) {
	arrived, answered := make(chan struct{}), make(chan struct{})
	url, conns := speaking2(t, &http.HTTP2Config{MaxConcurrentStreams: 1},
		func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if r.URL.Path == "/waits" {
				close(arrived)
				<-answered
			}
		})
	p := pool2(t, url, 20*time.Second)
	send := func(path string) {
		s := plainSending(false)
		s.Bytes = bytes.Replace(s.Bytes, []byte("/x"), []byte(path), 1)
		if _, werr := p.Send(t.Context(), s); werr != nil {
			t.Errorf("want an answer to %s, got %v", path, werr)
		}
	}
	send("/x") // from now on the limit is known
	var all sync.WaitGroup
	all.Go(func() { send("/waits") })
	<-arrived
	send("/x")
	require.GreaterOrEqual(t, conns.Load(), int64(2), "want another connection where one is full")
	close(answered)
	all.Wait()
	for range 20 {
		all.Go(func() { send("/x") })
	}
	all.Wait()
}

func TestAnAbortedRequestIsSeenAsOneInHTTP2(t *testing.T) {
	got := make(chan string, 1)
	url, _ := speaking2(t, nil, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		got <- fmt.Sprintf("%s, broken off: %v", body, err != nil)
	})
	s := plainSending(false)
	s.Abort = len(s.Bytes) - 1
	resp, werr := pool2(t, url, 20*time.Second).Send(t.Context(), s)
	require.Nil(t, resp)
	require.Nil(t, werr)
	require.Equal(t, "{, broken off: true", <-got)
}

func TestARequestIsTheSameInHTTP2(t *testing.T) {
	var got *http.Request
	var body []byte
	url, _ := speaking2(t, nil, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	p := pool2(t, url, 20*time.Second)
	send := func(text string) {
		t.Helper()
		method, _, _ := strings.Cut(text, " ")
		_, werr := p.Send(t.Context(), Sending{Method: method, Bytes: []byte(text)})
		require.Nil(t, werr)
	}
	send("POST /a%20b/c?d=e HTTP/1.1\r\nHost: tenant.example\r\nX-More: 1\r\nX-More: 2\r\nAccept-Encoding: " +
		"identity\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")
	require.Equal(t, "POST /a%20b/c?d=e tenant.example", got.Method+" "+got.RequestURI+" "+got.Host)
	require.Equal(t, http.Header{"X-More": {"1", "2"}, "Accept-Encoding": {"identity"}, "Content-Length": {"2"}},
		got.Header)
	require.Equal(t, "{}", string(body))

	send("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: mine\r\n\r\n")
	require.Equal(t, http.Header{"User-Agent": {"mine"}}, got.Header)
	require.Empty(t, body)
	require.Zero(t, got.ContentLength, "want a request without a body to say so")

	send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
	require.Equal(t, http.Header{"Content-Length": {"0"}}, got.Header)

	send("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: mine\r\nTE: trailers\r\n\r\n")
	require.Equal(t, http.Header{"User-Agent": {"mine"}, "Te": {"trailers"}}, got.Header)
}

func TestARequestOfHTTP1AloneIsNotSentInHTTP2(t *testing.T) {
	url, conns := speaking2(t, nil, func(http.ResponseWriter, *http.Request) {})
	for why, text := range map[string]string{
		"chunks":                     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"no request":                 "POST\r\n\r\n",
		"a body that is too short":   "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n{}",
		"a bad method":               "PO(ST / HTTP/1.1\r\nHost: h\r\n\r\n",
		"a byte that no field holds": "POST / HTTP/1.1\r\nHost: h\r\nX-More: a\x01b\r\n\r\n",
		"a wish for a protocol":      "POST / HTTP/1.1\r\nHost: h\r\nUpgrade: example/2\r\nConnection: Upgrade\r\n\r\n",
		"how long it is kept":        "POST / HTTP/1.1\r\nHost: h\r\nKeep-Alive: timeout=5\r\n\r\n",
		"a coding of the transfer":   "POST / HTTP/1.1\r\nHost: h\r\nTE: gzip;q=0.5\r\n\r\n",
	} {
		_, werr := pool2(t, url, 20*time.Second).Send(t.Context(), Sending{Method: "POST", Bytes: []byte(text)})
		require.Equal(t, &record.WireError{Kind: record.Withheld, Msg: "not sent: this request is one of " +
			"HTTP/1.1 alone"}, werr, why)
	}
	require.Zero(t, conns.Load())
}

// A server that reads nothing cannot hold up the one that answers.
func TestADeafServerOfHTTP2IsLeft(t *testing.T) {
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	address := behind(t, func(c net.Conn) {
		c.(*net.TCPConn).SetReadBuffer(1 << 10)
		// SETTINGS with windows beyond all measure, and then deaf.
		io.WriteString(c, frame2(4, 0, 0, "\x00\x04\x7f\xff\xff\xff")+frame2(8, 0, 0, "\x7f\xff\x00\x00"))
		io.ReadFull(c, make([]byte, 24+9+4096))
		io.WriteString(c, frame2(1, 4, 1, "\x08\x03201"))
		<-stop
	})
	huge := Sending{Method: "POST", Bytes: []byte("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n" +
		strings.Repeat("x", 8_000_000))}
	p := pool2(t, "http://"+address, time.Second)
	done := make(chan *record.WireError, 1)
	go func() {
		_, werr := p.Send(context.Background(), huge)
		done <- werr
	}()
	select {
	case werr := <-done:
		require.NotNil(t, werr)
		require.Contains(t, []record.WireKind{record.Slow, record.Silent, record.Cut, record.Closed}, werr.Kind,
			werr.Msg)
	case <-time.After(time.Minute):
		t.Fatal("want an end")
	}
}

func TestNoGoroutineIsLeftOfHTTP2(t *testing.T) {
	url, _ := speaking2(t, &http.HTTP2Config{MaxConcurrentStreams: 2}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/aborts":
			panic(http.ErrAbortHandler)
		case "/hangs":
			<-r.Context().Done()
		case "/closes":
			connOf(r).Close()
		case "/endless":
			for block := make([]byte, 1<<16); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}
	})
	pprof.Do(t.Context(), pprof.Labels("http2", t.Name()), func(ctx context.Context) {
		d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url, HTTP2: true}, Timeout: 300 * time.Millisecond,
			Gate: open{}})
		require.NoError(t, err)
		defer stop()
		p := d.NewPool()
		var all sync.WaitGroup
		for _, path := range []string{"/x", "/aborts", "/hangs", "/closes", "/endless", "/x"} {
			for _, separate := range []bool{false, true} {
				all.Go(func() {
					s := plainSending(separate)
					s.Bytes = bytes.Replace(s.Bytes, []byte("/x"), []byte(path), 1)
					p.Send(ctx, s)
				})
			}
		}
		all.Wait()
		p.Close()
	})
	var left string
	for range 2000 {
		var stacks bytes.Buffer
		require.NoError(t, pprof.Lookup("goroutine").WriteTo(&stacks, 1))
		left = ""
		for one := range strings.SplitSeq(stacks.String(), "\n\n") {
			if strings.Contains(one, fmt.Sprintf(`"http2":%q`, t.Name())) {
				left += one + "\n\n"
			}
		}
		if left == "" {
			return
		}
		<-time.After(time.Millisecond)
	}
	require.Empty(t, left)
}

func TestWhatHTTP2SaysIsToldApart(t *testing.T) {
	p := &Pool{d: &Dialer{timeout: time.Second}}
	rows := []struct {
		err  error
		late record.WireKind
		want *record.WireError
	}{
		{errors.New("http2: client connection lost"), record.Silent, &record.WireError{Kind: record.Closed,
			Msg: "the stream ended before: client connection lost"}},
		{errors.New("stream error: stream ID 1; PROTOCOL_ERROR; received from peer"), record.Slow,
			&record.WireError{Kind: record.Cut, Msg: "the stream ended before: stream error: stream ID 1; " +
				"PROTOCOL_ERROR; received from peer"}},
		{errors.New("connection error: FLOW_CONTROL_ERROR"), record.Slow, &record.WireError{Kind: record.Malformed,
			Msg: "the answer is not HTTP/2: connection error: FLOW_CONTROL_ERROR"}},
		{&net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}, record.Silent,
			&record.WireError{Kind: record.Closed, Msg: "the connection was closed before"}},
		{&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, record.Slow, &record.WireError{Kind: record.Cut,
			Msg: "the connection was reset before"}},
		{io.ErrUnexpectedEOF, record.Slow, &record.WireError{Kind: record.Cut,
			Msg: "the connection was closed before"}},
	}
	for _, r := range rows {
		ended := map[record.WireKind]record.WireKind{record.Silent: record.Closed, record.Slow: record.Cut}[r.late]
		require.Equal(t, r.want, p.error2(t.Context(), r.err, r.late, ended, "before"))
	}
}

func TestHTTP2AsksForTheHostOfTheCase(t *testing.T) {
	r, err := request2(t.Context(), Sending{Bytes: []byte("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n")})
	require.NoError(t, err)
	require.Equal(t, "other.example", r.Host)
	_, err = request2(t.Context(), Sending{Bytes: []byte("GET / HTTP/1.1\r\n\r\n")})
	require.ErrorIs(t, err, errUnfit, "want a request without a host left to HTTP/1.1")
}
