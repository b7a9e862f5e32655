package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/record"
)

// rawServer serves every connection of a loopback listener with a function that
// gets the connection after one request was read from it.
func rawServer(t *testing.T, serve func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	return "http://" + behind(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		if req, err := http.ReadRequest(r); err == nil {
			io.Copy(io.Discard, req.Body)
			serve(c, r)
		}
	})
}

// untilGone keeps a connection open until the client has gone.
func untilGone(c net.Conn) { io.Copy(io.Discard, c) }

// asked is a connection that the server is asked to close behind its answer, and does not wait on.
type asked struct{ net.Conn }

func (asked) Read([]byte) (int, error) { return 0, io.EOF }

func plainSending(separate bool) Sending {
	connection := ""
	if separate {
		connection = "Connection: close\r\n"
	}
	return Sending{Method: "POST", Separate: separate, Bytes: []byte("POST /x HTTP/1.1\r\nHost: h\r\n" + connection +
		"Content-Length: 2\r\n\r\n{}")}
}

func TestSendNamesWhatGoesWrongOnTheWire(t *testing.T) {
	const ok = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
	rows := []struct {
		why   string
		serve func(net.Conn)
		kind  record.WireKind // "" where nothing is wrong
		body  string          // of the answer, where it is complete
	}{
		{"a length", func(c net.Conn) { io.WriteString(c, ok+"Content-Length: 2\r\n\r\n{}"); untilGone(c) }, "", "{}"},
		{"chunks", func(c net.Conn) {
			io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n")
			untilGone(c)
		}, "", "{}"},
		{"up to the end of the connection", func(c net.Conn) { io.WriteString(c, ok+"Connection: close\r\n\r\n{}") },
			"", "{}"},
		{"HTTP/1.0", func(c net.Conn) { io.WriteString(c, "HTTP/1.0 201 Created\r\n\r\n{}") }, "", "{}"},
		{"interim answers first", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"+ok+
				"Content-Length: 2\r\n\r\n{}")
			untilGone(c)
		}, "", "{}"},
		{"a long head", func(c net.Conn) {
			io.WriteString(c, ok+"X-Long: "+strings.Repeat("x", 50_000)+"\r\nContent-Length: 2\r\n\r\n{}")
			untilGone(c)
		}, "", "{}"},

		{"nothing, for ever", untilGone, record.Silent, ""},
		{"the connection closed at once", func(net.Conn) {}, record.Closed, ""},
		{"the connection reset at once", func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }, record.Closed, ""},
		{"not HTTP", func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") }, record.Malformed, ""},
		{"HTTP/0.9", func(c net.Conn) { io.WriteString(c, "{}") }, record.Malformed, ""},
		{"a head that ends early", func(c net.Conn) { io.WriteString(c, ok+"Content-Le") }, record.Malformed, ""},
		{"a head that stops", func(c net.Conn) { io.WriteString(c, ok+"Content-Le"); untilGone(c) }, record.Slow, ""},
		{"a head without end", func(c net.Conn) {
			for i := 0; ; i++ {
				if _, err := fmt.Fprintf(c, "%sX-%d: x\r\n", map[bool]string{true: ok}[i == 0], i); err != nil {
					return
				}
			}
		}, record.Malformed, ""},
		{"two lengths that differ", func(c net.Conn) {
			io.WriteString(c, ok+"Content-Length: 2\r\nContent-Length: "+
				"3\r\n\r\n{}")
		}, record.Malformed, ""},
		{"a length that is no number", func(c net.Conn) { io.WriteString(c, ok+"Content-Length: two\r\n\r\n{}") },
			record.Malformed, ""},
		{"an unknown transfer coding", func(c net.Conn) { io.WriteString(c, ok+"Transfer-Encoding: br\r\n\r\n{}") },
			record.Malformed, ""},
		{"interim answers without end", func(c net.Conn) {
			for {
				if _, err := io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n"); err != nil {
					return
				}
			}
		}, record.Malformed, ""},
		{"both a length and chunks", func(c net.Conn) {
			io.WriteString(c, ok+"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
		}, record.Conflict, ""},
		{"less than the length", func(c net.Conn) { io.WriteString(c, ok+"Content-Length: 9\r\n\r\n{}") }, record.Cut,
			""},
		{"less than the length, and waiting", func(c net.Conn) {
			io.WriteString(c,
				ok+"Content-Length: 9\r\n\r\n{}")
			untilGone(c)
		}, record.Slow, ""},
		{"reset inside the body", func(c net.Conn) {
			io.WriteString(c, ok+"Content-Length: 9\r\n\r\n{}")
			c.(*net.TCPConn).SetLinger(0)
		}, record.Cut, ""},
		{"a chunk size that is none", func(c net.Conn) {
			io.WriteString(c,
				ok+"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
		}, record.Cut, ""},
		{"no last chunk", func(c net.Conn) { io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n") },
			record.Cut, ""},
		{"a body without end", func(c net.Conn) {
			io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n")
			chunk := "100000\r\n" + strings.Repeat(" ", 1<<20) + "\r\n"
			for {
				if _, err := io.WriteString(c, chunk); err != nil {
					return
				}
			}
		}, record.Endless, ""},
		{"a body longer than is judged", func(c net.Conn) {
			fmt.Fprintf(c, "%sContent-Length: %d\r\n\r\n%s", ok, coding.Limit+9, strings.Repeat(" ", coding.Limit+9))
		}, record.TooLong, ""},
		{"a body as long as is judged", func(c net.Conn) {
			fmt.Fprintf(c, "%sContent-Length: %d\r\n\r\n%s", ok, coding.Limit, strings.Repeat(" ", coding.Limit))
		}, "", strings.Repeat(" ", coding.Limit)},
		{"more than the length, in one go", func(c net.Conn) { io.WriteString(c, ok+"Content-Length: 2\r\n\r\n{}{}") },
			record.Surplus, ""},
		{"a length that cuts the JSON off, the rest in another packet", func(c net.Conn) {
			io.WriteString(c, ok+"Content-Length: 1\r\n\r\n{")
			io.WriteString(c, "}")
			untilGone(c)
		}, record.Surplus, ""},
		{"more than the last chunk", func(c net.Conn) {
			io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n{}")
		}, record.Surplus, ""},
	}
	for _, r := range rows {
		for _, separate := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, separate %v", r.why, separate), func(t *testing.T) {
				t.Parallel()
				url := rawServer(t, func(c net.Conn, _ *bufio.Reader) {
					if separate && r.kind == "" {
						c = asked{c}
					}
					r.serve(c)
				})
				timeout := 20 * time.Second
				if r.kind == record.Silent || r.kind == record.Slow {
					timeout = 500 * time.Millisecond
				}
				d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url}, Timeout: timeout, Gate: open{}})
				require.NoError(t, err)
				defer stop()
				p := d.NewPool()
				defer p.Close()
				resp, werr := p.Send(t.Context(), plainSending(separate))
				if r.kind != "" {
					require.NotNil(t, werr, "got %+v", resp)
					require.Equal(t, r.kind, werr.Kind, "%v", werr)
					require.NotEmpty(t, werr.Msg)
					return
				}
				require.Nil(t, werr)
				require.Equal(t, 201, resp.Status)
				require.Equal(t, r.body, string(resp.Body))
			})
		}
	}
}

// A server that leaves chunks unread answers them as if they were another request, a
// moment later. Whether that is seen must not hang on chance.
func TestSendWaitsForAnAnswerToChunksThatWereNotRead(t *testing.T) {
	const no = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n"
	url := rawServer(t, func(c net.Conn, _ *bufio.Reader) {
		io.WriteString(c, no)
		for _, b := range []byte("{}" + no) { // each in a packet of its own
			c.Write([]byte{b})
		}
		untilGone(c)
	})
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url}, Timeout: 20 * time.Second, Gate: open{}})
	require.NoError(t, err)
	defer stop()
	p := d.NewPool()
	defer p.Close()
	chunked := Sending{Method: "POST", Bytes: []byte("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: " +
		"chunked\r\n\r\n0\r\n\r\n")}
	for range 20 {
		resp, werr := p.Send(t.Context(), chunked)
		require.NotNil(t, werr)
		require.Equal(t, record.Surplus, werr.Kind, "%v", werr)
		require.Equal(t, 400, resp.Status)
	}
}

func TestSendSaysWhyThereIsNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "http://" + l.Addr().String()
	l.Close()
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url}, Timeout: time.Second, Gate: open{}})
	require.NoError(t, err)
	defer stop()
	_, werr := d.NewPool().Send(t.Context(), plainSending(false))
	require.NotNil(t, werr)
	require.Equal(t, record.Unreachable, werr.Kind)
	require.Contains(t, werr.Msg, "refused")
}

func TestSendStopsAtOnceWhenTheRunDoes(t *testing.T) {
	arrived := make(chan struct{})
	url := rawServer(t, func(c net.Conn, _ *bufio.Reader) { close(arrived); untilGone(c) })
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url}, Timeout: time.Hour, Gate: open{}})
	require.NoError(t, err)
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, werr := d.NewPool().Send(ctx, plainSending(false))
	require.NotNil(t, werr)
	require.Equal(t, record.Cancelled, werr.Kind)
}

func TestSendUsesAConnectionAgain(t *testing.T) {
	conns := map[string]int{}
	url := rawServer(t, func(c net.Conn, r *bufio.Reader) {
		for {
			conns[c.RemoteAddr().String()]++
			io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
		}
	})
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url}, Timeout: 20 * time.Second, Gate: open{}})
	require.NoError(t, err)
	defer stop()
	p := d.NewPool()
	for range 5 {
		_, werr := p.Send(t.Context(), plainSending(false))
		require.Nil(t, werr)
	}
	require.Len(t, conns, 1, "want one connection for requests in turn")
	p.Close()
}

func TestSendRepeatsARequestThatMetAClosingConnection(t *testing.T) {
	// The server closes each connection after one answer without saying so, which
	// RFC 9112 9.5 lets it do; that it does so behind every answer is reported later.
	url := rawServer(t, func(c net.Conn, _ *bufio.Reader) {
		io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
	})
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url}, Timeout: 20 * time.Second, Gate: open{}})
	require.NoError(t, err)
	defer stop()
	p := d.NewPool()
	defer p.Close()
	for range 50 {
		resp, werr := p.Send(t.Context(), plainSending(false))
		require.Nil(t, werr)
		require.Equal(t, 201, resp.Status)
	}
}

func TestSendReportsOnceThatEachConnectionEndsUnsaid(t *testing.T) {
	for name, server := range map[string]struct {
		field string
		again bool // the first connection carries a second answer
		want  int
	}{
		"each ends":          {want: 1},
		"each says so":       {field: "Connection: close\r\n"},
		"one was used again": {again: true},
	} {
		t.Run(name, func(t *testing.T) {
			var conns atomic.Int32
			url := rawServer(t, func(c net.Conn, r *bufio.Reader) {
				text := "HTTP/1.1 201 Created\r\n" + server.field + "Content-Length: 2\r\n\r\n{}"
				io.WriteString(c, text)
				if conns.Add(1) == 1 && server.again {
					if req, err := http.ReadRequest(r); err == nil {
						io.Copy(io.Discard, req.Body)
						io.WriteString(c, text)
					}
				}
			})
			d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: url}, Timeout: 20 * time.Second, Gate: open{}})
			require.NoError(t, err)
			defer stop()
			p := d.NewPool()
			defer p.Close()
			found := 0
			for range 3 * manyEnds {
				if _, werr := p.Send(t.Context(), plainSending(false)); werr != nil {
					require.Contains(t, werr.Msg, "the server closed the connection behind the answer")
					found++
				}
			}
			require.Equal(t, server.want, found)
		})
	}
}

func TestSendAbortsInTheMiddleOfABody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			got <- err.Error()
			return
		}
		all, _ := io.ReadAll(c)
		got <- string(all)
	}()
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: "http://" + l.Addr().String()}, Timeout: 20 * time.Second,
		Gate: open{}})
	require.NoError(t, err)
	defer stop()
	s := plainSending(false)
	s.Abort = len(s.Bytes) - 1
	resp, werr := d.NewPool().Send(t.Context(), s)
	require.Nil(t, resp)
	require.Nil(t, werr)
	require.Equal(t, string(s.Bytes[:s.Abort]), <-got)
}

func TestAHandlerIsServedWithoutAPort(t *testing.T) {
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{Handler: http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		w.WriteHeader(http.StatusCreated) // before the body was read
		io.WriteString(w, "{}")
	})}, Timeout: 20 * time.Second, Gate: open{}})
	require.NoError(t, err)
	defer stop()
	p := d.NewPool()
	defer p.Close()
	large := Sending{Method: "POST", Bytes: []byte("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" +
		strings.Repeat("x", 1_000_000))}
	resp, werr := p.Send(t.Context(), large)
	require.Nil(t, werr)
	require.Equal(t, 201, resp.Status)
}
