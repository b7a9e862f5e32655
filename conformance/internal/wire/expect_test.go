package wire

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// A headServer serves one connection. It has read the head of a request, and reads the body by the function.
type headServer func(c net.Conn, body func() string)

func TestABodyWaitsForAnAnswerToItsHead(t *testing.T) {
	const (
		ok       = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
		goOn     = "HTTP/1.1 100 Continue\r\n\r\n"
		expects  = "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n{}"
		expects0 = "POST /x HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"
		plain    = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
	)
	silent := func(c net.Conn, body func() string) { body(); io.WriteString(c, ok) }
	rows := []struct {
		why     string
		request string
		serve   headServer
		body    string // that the server reads, "-" where none is to be sent
		status  int
		kind    record.WireKind
		took    time.Duration
	}{
		{"100 before the body", expects, func(c net.Conn, body func() string) {
			io.WriteString(c, goOn)
			body()
			io.WriteString(c, ok)
		}, "{}", 201, "", 0},
		{"another interim answer", expects, func(c net.Conn, body func() string) {
			io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\n")
			body()
			io.WriteString(c, ok)
		}, "{}", 201, "", 0},
		{"an answer without the body", expects, func(c net.Conn, body func() string) {
			io.WriteString(c, strings.Replace(ok, "201", "417", 1))
			body()
		}, "-", 417, "", 0},
		{"no word", expects, silent, "{}", 201, record.NoContinue, continueWait},
		{"a slow answer", expects, func(c net.Conn, body func() string) {
			body()
			time.Sleep(continueWait / 4)
			io.WriteString(c, ok)
		}, "{}", 201, "", continueWait + continueWait/4},
		{"no word of HTTP/1.0", expects, func(c net.Conn, body func() string) {
			body()
			io.WriteString(c, strings.Replace(ok, "1.1", "1.0", 1))
		}, "{}", 201, "", continueWait},
		{"no word to HTTP/1.0", expects0, silent, "{}", 201, "", 0},
		{"no expectation", plain, silent, "{}", 201, "", 0},
		{"a late 100", expects, func(c net.Conn, body func() string) {
			time.Sleep(continueWait / 2)
			io.WriteString(c, goOn)
			body()
			io.WriteString(c, ok)
		}, "{}", 201, "", continueWait / 2},
		{"no answer at all", expects, func(_ net.Conn, body func() string) { body() }, "{}", 0, record.Closed,
			continueWait},
		{"a closed connection", expects, func(net.Conn, func() string) {}, "-", 0, record.Closed, 0},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requireWait(t, r.request, r.serve, r.body, r.status, r.kind, r.took)
			})
		})
	}
}

// requireWait sends a request to a server in memory, and compares what it read and what the client saw.
func requireWait(t *testing.T, request string, serve headServer, body string, status int, kind record.WireKind,
	took time.Duration) {
	t.Helper()
	near, far := net.Pipe()
	read := make(chan string, 1)
	go func() {
		defer far.Close()
		in := bufio.NewReader(far)
		req, err := http.ReadRequest(in)
		if err != nil {
			read <- err.Error()
			return
		}
		got := "-"
		serve(far, func() string {
			if b, err := io.ReadAll(req.Body); err == nil {
				got = string(b)
			}
			return got
		})
		read <- got
	}()
	d, stop, err := NewDialer(Config{Endpoint: Endpoint{URL: "http://127.0.0.1"}, Timeout: 20 * time.Second,
		Gate: open{}})
	require.NoError(t, err)
	defer stop()
	d.open = func(context.Context) (net.Conn, error) { return near, nil }
	p := d.NewPool()
	start := time.Now()
	resp, werr := p.Send(t.Context(), Sending{Method: "POST", Bytes: []byte(request), Waits: true, Separate: true})
	require.Equal(t, took, time.Since(start))
	p.Close()
	require.Equal(t, body, <-read)
	if kind == "" {
		require.Nil(t, werr)
	} else {
		require.NotNil(t, werr)
		require.Equal(t, kind, werr.Kind, werr.Msg)
	}
	if status > 0 {
		require.Equal(t, status, resp.Status)
	}
}
