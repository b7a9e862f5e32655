package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
)

// random returns bytes that a seed decides.
func random(seed uint64, n int) []byte {
	out := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	_, _ = source.Read(out)
	return out
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// echo answers with the body, the hash of what came in the header and in a trailer, and in chunks
// where the query asks for it.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("X-Hash", hash(body))
	w.Header().Set("X-Trailer-Came", r.Trailer.Get("X-Sum"))
	if r.URL.RawQuery == "chunked" {
		w.Header().Set("Trailer", "X-Sum")
	} else {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	}
	w.WriteHeader(http.StatusOK)
	for len(body) > 0 {
		n := min(len(body), 7000)
		_, _ = w.Write(body[:n])
		body = body[n:]
		if r.URL.RawQuery == "chunked" {
			_ = http.NewResponseController(w).Flush()
		}
	}
	if r.URL.RawQuery == "chunked" {
		w.Header().Set("X-Sum", "after")
		w.Header().Set(http.TrailerPrefix+"X-Late", "later")
	}
}

// unsized is a reader of which http cannot find the length.
type unsized struct{ io.Reader }

// h2c makes a proxy speak HTTP/2 to its upstream.
func h2c(o *proxy.Options) {
	o.Transport = proxy.NewTransport(o.Upstream, conformance.Transport{HTTP2: true})
}

func TestBodiesPassUnchanged(t *testing.T) {
	upstream := server(t, echo)
	sizes := []int{0, 1, 2, 100, 4095, 4096, 65_537, 1 << 20, 1<<20 + 1, 5_000_000}
	if testing.Short() {
		sizes = sizes[:7]
	}
	for _, path := range []string{"/other", documented} {
		for _, protocols := range []struct{ in, out bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
			var change []func(*proxy.Options)
			if protocols.out {
				change = append(change, h2c)
			}
			s, c := through(t, upstream, change...), client(t, protocols.in)
			for seed, size := range sizes {
				want := random(uint64(seed), size)
				for _, chunked := range []bool{false, true} {
					echoes(t, c, s.url+path, want, chunked, fmt.Sprintf("%s %v %d %v", path, protocols, size, chunked))
				}
			}
			require.NoError(t, s.stop())
		}
	}
}

// echoes sends a body and compares what arrives at both ends.
func echoes(t *testing.T, c *http.Client, url string, want []byte, chunked bool, name string, header ...string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, bytes.NewReader(want))
	require.NoError(t, err)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	if chunked {
		r.URL.RawQuery = "chunked"
		r.Body, r.ContentLength = io.NopCloser(unsized{bytes.NewReader(want)}), -1
		r.Trailer = http.Header{"X-Sum": {"before"}}
	}
	answer, err := c.Do(r)
	require.NoError(t, err, name)
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	require.NoError(t, err, name)
	require.Equal(t, hash(want), answer.Header.Get("X-Hash"), "the request: %s", name)
	require.Equal(t, hash(want), hash(got), "the answer: %s", name)
	if !chunked {
		require.EqualValues(t, len(want), answer.ContentLength, name)
		return
	}
	require.Equal(t, "before", answer.Header.Get("X-Trailer-Came"), name)
	if len(want) == 0 && answer.ContentLength == 0 { // a server of HTTP/2 gives the length
		return
	}
	require.EqualValues(t, -1, answer.ContentLength, name)
	require.Equal(t, "after", answer.Trailer.Get("X-Sum"), name)
	require.Equal(t, "later", answer.Trailer.Get("X-Late"), name)
}

func TestTrailersBehindALengthPass(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("Content-Length", "4")
		_, _ = io.WriteString(w, "text")
		w.Header().Set("X-Sum", "after")
	})
	s := through(t, upstream, h2c)
	for _, http2 := range []bool{false, true} {
		answer, body := do(t, client(t, http2), "GET", s.url+"/other", nil)
		require.Equal(t, "text", body)
		require.Equal(t, "after", answer.Trailer.Get("X-Sum"))
		require.EqualValues(t, map[bool]int64{false: -1, true: 4}[http2], answer.ContentLength)
	}
	answer, _ := do(t, client(t, false), "HEAD", s.url+"/other", nil)
	require.EqualValues(t, 4, answer.ContentLength)
	require.NoError(t, s.stop())
}

// TestHeldBodiesPassUnchanged sends valid requests, whose answers are held until they are judged.
func TestHeldBodiesPassUnchanged(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		s, c := through(t, server(t, echo), func(o *proxy.Options) { o.Enforce = true }), client(t, http2)
		for _, size := range []int{1, 5000, 70_000, 1 << 20, 3 << 20} {
			body := strings.Replace(goodBody, "a comment", strings.Repeat("c", size), 1)
			for _, chunked := range []bool{false, true} {
				echoes(t, c, s.url+documented, []byte(body), chunked, fmt.Sprint(http2, size, chunked),
					"Authorization: Bearer x", "Content-Type: application/json")
			}
		}
		require.NoError(t, s.stop())
		n := s.Counts()
		require.Zero(t, n.RefusedRequests)
		require.EqualValues(t, 8, n.Unenforced[proxy.TooLong], "want both bodies of both long sizes: %v", n.Unenforced)
	}
}

// raw sends the bytes of a request, and returns all that comes back until the end of the connection.
func raw(t *testing.T, address, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, request)
	require.NoError(t, err)
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	return string(got)
}

// wire is an upstream that keeps the head of each request as it came, and answers with given bytes.
func wire(t *testing.T, answer string) (address string, heads <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	came := make(chan string, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				var head strings.Builder
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					head.WriteString(line)
					if line == "\r\n" {
						break
					}
				}
				came <- head.String()
				_, _ = io.WriteString(c, answer)
			}()
		}
	}()
	return "http://" + l.Addr().String(), came
}

// lines returns the sorted lines of a head, without the first.
func lines(head string) []string {
	out := strings.Split(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n")[1:]
	slices.Sort(out)
	return out
}

func TestTheHeadPassesUnchanged(t *testing.T) {
	const answer = "HTTP/1.1 299 Odd\r\nContent-Length: 2\r\nConnection: X-Hop\r\nX-Hop: 1\r\n" +
		"Keep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nX-A: 1\r\nX-A: 2\r\nServer: odd/1\r\n" +
		"Content-Encoding: gzip\r\nVary: *\r\n\r\nhi"
	upstream, heads := wire(t, answer)
	host := strings.TrimPrefix(upstream, "http://")
	s := through(t, upstream)
	got := raw(t, s.url, "GET /a HTTP/1.1\r\nHost: client.example\r\nConnection: close, X-Mine, te\r\nX-Mine: 1\r\n"+
		"Keep-Alive: 1\r\nProxy-Authorization: Basic eA==\r\nProxy-Connection: close\r\nTE: trailers\r\n"+
		"X-B: 1\r\nX-B: 2\r\nX-Forwarded-For: 10.0.0.1\r\nForwarded: for=a\r\nX-Empty:\r\nAccept: */*\r\n"+
		"Cookie: a=b; c=d\r\n\r\n")
	require.Equal(t, []string{"Accept: */*", "Cookie: a=b; c=d", "Forwarded: for=a", "Host: " + host, "Te: trailers",
		"X-B: 1", "X-B: 2", "X-Empty: ", "X-Forwarded-For: 10.0.0.1"}, lines(<-heads))
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	require.Equal(t, "hi", body)
	require.True(t, strings.HasPrefix(head, "HTTP/1.1 299 "), head)
	require.Equal(t, []string{"Connection: close", "Content-Encoding: gzip", "Content-Length: 2", "Server: odd/1",
		"Vary: *", "X-A: 1", "X-A: 2"}, lines(head+"\r\n\r\n"))
}

func TestNothingIsAddedToABareAnswer(t *testing.T) {
	upstream, heads := wire(t, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>")
	s := through(t, upstream)
	got := raw(t, s.url, "GET / HTTP/1.0\r\n\r\n")
	<-heads
	require.Equal(t, "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
		strings.Replace(strings.Replace(got, "HTTP/1.1", "HTTP/1.0", 1), "Connection: close\r\n", "", 1))
}

func TestTheTargetPassesAsItWasWritten(t *testing.T) {
	upstream, heads := wire(t, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	s := through(t, upstream)
	prefixed := through(t, upstream+"/gate%2Fway/")
	for _, row := range []struct{ sent, want string }{
		{"/", "/"},
		{"/a/../b/./c//d", "/a/../b/./c//d"},
		{"/%61%2f%2F%7e~", "/%61%2f%2F%7e~"},
		{`/a"b|c[d]{e}^`, `/a"b|c[d]{e}^`},
		{"/a?", "/a?"},
		{"/a?x=1;y=%zz&&=&x=2+3", "/a?x=1;y=%zz&&=&x=2+3"},
		{"/a?b?c", "/a?b?c"},
		{"//host/a", "//host/a"},
		{"http://other.example/a?b", "/a?b"},
		{"http://other.example", "/"},
		{"http://other.example?q", "/?q"},
	} {
		raw(t, s.url, "GET "+row.sent+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		first, _, _ := strings.Cut(<-heads, "\r\n")
		require.Equal(t, "GET "+row.want+" HTTP/1.1", first)
		raw(t, prefixed.url, "GET "+row.sent+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		first, _, _ = strings.Cut(<-heads, "\r\n")
		require.Equal(t, "GET /gate%2Fway"+row.want+" HTTP/1.1", first)
	}
	raw(t, s.url, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.Contains(t, <-heads, "OPTIONS * HTTP/1.1\r\n")
	raw(t, s.url, "SEARCH /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.Contains(t, <-heads, "SEARCH /a HTTP/1.1\r\n")
	got := raw(t, s.url, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
	require.Contains(t, got, "HTTP/1.1 501 ")
}

func TestFieldsThatAreAskedFor(t *testing.T) {
	upstream, heads := wire(t, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	s := through(t, upstream, func(o *proxy.Options) { o.PreserveHost, o.Via, o.Forwarded = true, true, true })
	got := raw(t, s.url, "GET / HTTP/1.1\r\nHost: client.example\r\nVia: 1.0 other\r\nX-Forwarded-For: 10.0.0.1\r\n"+
		"Connection: close\r\n\r\n")
	require.Equal(t, []string{"Host: client.example", "Via: 1.0 other", "Via: 1.1 fmaspec",
		"X-Forwarded-For: 10.0.0.1, 127.0.0.1", "X-Forwarded-Host: client.example", "X-Forwarded-Proto: http"},
		lines(<-heads))
	require.Contains(t, got, "Via: 1.1 fmaspec\r\n")
}

func TestAProxyOfAProxyIsGivenTheWholeURL(t *testing.T) {
	upstream, heads := wire(t, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	between, err := url.Parse(upstream)
	require.NoError(t, err)
	s := through(t, "http://server.example/x", func(o *proxy.Options) {
		o.Transport = proxy.NewTransport(o.Upstream, conformance.Transport{
			Proxy: func(*url.URL) (*url.URL, error) { return between, nil }})
	})
	raw(t, s.url, "GET //a%2fb?c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.Contains(t, <-heads, "GET http://server.example/x//a%2fb?c HTTP/1.1\r\nHost: server.example\r\n")
}

func TestAnUpgradePassesBytesBothWays(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "echo/1" || r.Header.Get("Connection") != "Upgrade" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n"+
			"X-Key: "+r.Header.Get("X-Key")+"\r\n\r\nfirst")
		_, _ = io.Copy(c, buffered)
	})
	for _, enforce := range []bool{false, true} {
		s := through(t, upstream, func(o *proxy.Options) { o.Enforce = enforce })
		c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		require.NoError(t, err)
		defer c.Close()
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo/1\r\n"+
			"X-Key: k\r\n\r\n", strings.Replace(documented, "requestSample", "other", 1))
		r := bufio.NewReader(c)
		answer, err := http.ReadResponse(r, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusSwitchingProtocols, answer.StatusCode)
		require.Equal(t, "k", answer.Header.Get("X-Key"))
		require.Equal(t, "echo/1", answer.Header.Get("Upgrade"))
		got := make([]byte, 5)
		_, err = io.ReadFull(r, got)
		require.NoError(t, err)
		require.Equal(t, "first", string(got))
		for seed := range uint64(5) {
			want := random(seed, 100_000)
			go func() { _, _ = c.Write(want) }()
			got := make([]byte, len(want))
			_, err := io.ReadFull(r, got)
			require.NoError(t, err)
			require.Equal(t, hash(want), hash(got))
		}
		// The connection is open when the proxy ends, within a limit that has passed.
		c.Close()
		require.NoError(t, s.stop())
	}
}

func TestAnUpgradedConnectionIsCutAtTheEnd(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
	})
	s := through(t, upstream, passedLimit)
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n")
	r := bufio.NewReader(c)
	_, err = http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.ErrorContains(t, s.stop(), "were active beyond the limit")
	_, err = r.ReadByte()
	require.Error(t, err)
}

func TestInterimAnswersPass(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		created(w, r)
	})
	for _, http2 := range []bool{false, true} {
		for _, enforce := range []bool{false, true} {
			s := through(t, upstream, func(o *proxy.Options) { o.Enforce = enforce })
			var links atomic.Value
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
					links.Store(fmt.Sprintf("%d %v", code, h["Link"]))
					return nil
				}})
			r, err := http.NewRequestWithContext(ctx, "POST", s.url+documented, strings.NewReader(goodBody))
			require.NoError(t, err)
			r.Header.Set("Authorization", "Bearer x")
			answer, err := client(t, http2).Do(r)
			require.NoError(t, err)
			answer.Body.Close()
			require.Equal(t, http.StatusCreated, answer.StatusCode)
			require.Equal(t, "103 [</a.css>; rel=preload]", links.Load())
			require.Empty(t, answer.Header["Link"])
		}
	}
}

func TestTheUpstreamDecidesOnAnExpectation(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Expect") != "100-continue" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if r.URL.Path == "/refuses" {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		echo(w, r)
	})
	s := through(t, upstream)
	request := func(path string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n" +
			"Content-Length: 5\r\n\r\n"
	}
	got := raw(t, s.url, request("/refuses")) // no body is sent
	require.True(t, strings.HasPrefix(got, "HTTP/1.1 417 "), got)
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, request("/"))
	require.NoError(t, err)
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	_, err = r.ReadString('\n')
	require.NoError(t, err)
	_, err = io.WriteString(c, "hello")
	require.NoError(t, err)
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(rest), "HTTP/1.1 200 "), string(rest))
	require.True(t, strings.HasSuffix(string(rest), "hello"), string(rest))
}

// The server of the proxy sends 100 when the body is read: those of the upstream would come on top.
func TestAClientIsToldToContinueOnce(t *testing.T) {
	twice := strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 2)
	upstream, _ := wire(t, twice+"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
	for _, path := range []string{"/", documented} {
		got := raw(t, through(t, upstream).url, "POST "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+
			"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
		require.LessOrEqual(t, strings.Count(got, " 100 "), 1, got)
		require.Contains(t, got, "HTTP/1.1 201 ")
	}
	got := raw(t, through(t, upstream).url, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+
		"Content-Length: 5\r\n\r\nhello")
	require.Equal(t, 2, strings.Count(got, " 100 "), "want those that nobody asked for passed on, got %s", got)
}

func TestBytesPassAsTheyCome(t *testing.T) {
	step, gone := make(chan string), make(chan struct{})
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.EnableFullDuplex()
		first := make([]byte, 1)
		_, _ = io.ReadFull(r.Body, first) // the request goes on
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write(first)
		_ = control.Flush()
		for text := range step {
			_, _ = io.WriteString(w, text)
			_ = control.Flush()
		}
		_, _ = io.Copy(io.Discard, r.Body) // a server of HTTP/1.1 sees an abort where it reads
		<-r.Context().Done()
		close(gone)
	})
	for _, path := range []string{"/stream", documented} {
		gone = make(chan struct{})
		step = make(chan string)
		s := through(t, upstream)
		ctx, cancel := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		r, err := http.NewRequestWithContext(ctx, "POST", s.url+path, reader)
		require.NoError(t, err)
		go func() { _, _ = writer.Write([]byte("a")) }()
		answer, err := client(t, true).Do(r)
		require.NoError(t, err)
		next := func(want string) {
			t.Helper()
			got := make([]byte, len(want))
			_, err := io.ReadFull(answer.Body, got)
			require.NoError(t, err)
			require.Equal(t, want, string(got))
		}
		next("a")
		for _, text := range []string{"data: 1\n\n", "data: 2\n\n"} {
			step <- text
			next(text)
		}
		close(step)
		cancel() // what the client aborts is aborted at the upstream
		answer.Body.Close()
		writer.Close()
		<-gone
		require.NoError(t, s.stop())
	}
}

func TestAnAbortOfTheUpstreamIsNoEnd(t *testing.T) {
	for _, sized := range []bool{false, true} {
		for _, out := range []bool{false, true} {
			upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
				if sized {
					w.Header().Set("Content-Length", "100")
				}
				_, _ = io.WriteString(w, "half")
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			})
			for _, in := range []bool{false, true} {
				var change []func(*proxy.Options)
				if out {
					change = append(change, h2c)
				}
				s := through(t, upstream, change...)
				r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+documented, nil)
				require.NoError(t, err)
				answer, err := client(t, in).Do(r)
				if err == nil {
					_, err = io.ReadAll(answer.Body)
					answer.Body.Close()
				}
				require.Error(t, err, "sized %v, h2c out %v, h2c in %v", sized, out, in)
				require.False(t, errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF), err)
			}
		}
	}
}

func TestABrokenBodyIsTheClientsFault(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			w.WriteHeader(http.StatusCreated)
		}
	})
	for _, enforce := range []bool{false, true} {
		s := through(t, upstream, func(o *proxy.Options) { o.Enforce = enforce })
		c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		require.NoError(t, err)
		defer c.Close()
		_, err = io.WriteString(c, "POST "+documented+" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"+
			"Content-Type: application/json\r\n\r\nno length\r\n")
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, answer.StatusCode, "enforced: %v, %s", enforce, body)
		require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
		require.NoError(t, s.stop())
		if enforce {
			continue // the judge of requests answers first
		}
		require.Contains(t, string(body), `"title":"the body of the request is broken"`)
		require.EqualValues(t, 1, s.Counts().BrokenRequests)
		require.Zero(t, s.Counts().UpstreamErrors)
		seen := s.judge.exchanges()
		require.Len(t, seen, 1)
		require.Equal(t, record.Cancelled, seen[0].ErrorKind)
	}
}

func TestNoAnswerIsTheProxysOwn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	defer l.Close()
	s := through(t, "http://"+l.Addr().String())
	answer, body := s.post(client(t, false))
	require.Equal(t, http.StatusBadGateway, answer.StatusCode)
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	require.Contains(t, body, `"title":"no answer from the upstream"`)
	require.NoError(t, s.stop())
	seen := s.judge.exchanges()
	require.Len(t, seen, 1)
	require.Equal(t, "unanswered", string(seen[0].ErrorKind))
	require.Nil(t, seen[0].Response)
	require.EqualValues(t, 1, s.Counts().UpstreamErrors)
}
