package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// FuzzAnswer reads whatever a server may send.
func FuzzAnswer(f *testing.F) {
	const ok = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
	for _, seed := range []string{
		"", "\r\n", "HTTP/1.1", "HTTP/1.1 201 Created\r\n\r\n", ok + "Content-Length: 2\r\n\r\n{}", ok + "Content-Length: 9\r\n\r\n{}", ok + "Content-Length: 1\r\n\r\n{}",
		ok + "Content-Length: -1\r\n\r\n", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		ok + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", ok + "Transfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\n{}\r\n0\r\nX: y\r\n\r\n", ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
		ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n",
		strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 11), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nx", "HTTP/1.1 204 No Content\r\n\r\n{}", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.0 201 Created\r\n\r\n{}", "HTTP/2.0 201 Created\r\n\r\n{}", "HTTP/9.9 999 \r\n\r\n", "HTTP/1.1 000 None\r\n\r\n", "HTTP/1.1 099 None\r\n\r\n", "HTTP/1.1 2" + strings.Repeat("0", 500) + "\r\n\r\n", "HTTP/1.1 201 Created\r\nno colon\r\n\r\n",
		"HTTP/1.1 201 Created\nX: y\n\n{}", "HTTP/1.1 201 Created\r\nX: a\r\n folded\r\n\r\n{}", ok + "X: secret-of-mine\r\nContent-Length: 14\r\n\r\nsecret-of-mine", "secret-of-mine", "secret-of-", "\x16\x03\x03\x00\x02\x02\x28",
		"HTTP/1.1 secret-of-mine\r\n\r\n", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", ok + "Connection: close\r\n\r\n{}", ok + "Content-Length: 2\r\n\r\n{}HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
	} {
		f.Add([]byte(seed))
	}
	kinds := []record.WireKind{record.Unreachable, record.TooLong, record.Silent, record.Closed, record.Malformed, record.Cut, record.Slow, record.Endless, record.Surplus, record.Conflict}
	s := &secrets{}
	s.add(tokenName, "secret-of-mine")
	f.Fuzz(func(t *testing.T, says []byte) {
		for _, method := range []string{"POST", "HEAD"} {
			d, stop, err := newDialer(Target{URL: "http://127.0.0.1:1"}, 5*time.Second, &guard{local: true, secrets: s})
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
			p := &pool{d: d}
			request := plainSending(false)
			request.method, request.bytes = method, bytes.Replace(request.bytes, []byte("POST"), []byte(method), 1)
			started := time.Now()
			for range 2 { // the second may meet what is left of the first
				r, werr := p.send(t.Context(), request)
				switch {
				case r == nil && werr == nil:
					t.Fatal("want an answer or what went wrong")
				case r != nil && (len(r.Body) > bodyLimit || r.Status < 100 || r.Header == nil):
					t.Fatalf("want an answer that can be judged, got %d, %d bytes", r.Status, len(r.Body))
				case werr != nil && !slices.Contains(kinds, werr.Kind):
					t.Fatalf("want one of the kinds, got %q: %s", werr.Kind, werr.Msg)
				case werr != nil && (werr.Msg == "" || len(werr.Msg) > longMessage || strings.Contains(strings.ToLower(werr.Msg), "secret-of-mine")):
					t.Fatalf("want a message without a secret, got %q", werr.Msg)
				}
				s.response(r, werr != nil)
				if r != nil && (bytes.Contains(bytes.ToLower(r.Body), []byte("secret-of-mine")) || strings.Contains(strings.ToLower(fmt.Sprint(r.Header)), "secret-of-mine")) {
					t.Fatalf("want an answer without a secret, got %+v", r)
				}
				p.d.long.release(r)
			}
			p.close()
			if took := time.Since(started); took > 2*time.Second {
				t.Fatalf("want an end as soon as the bytes are out, got %v", took)
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, seed := range []string{"", "0", "7", " 7 ", "-1", "+1", "1.5", "1e9", "2147483647", "2147483648", "99999999999999999999", "Fri, 02 Jan 2026 03:04:14 GMT", "Friday, 02-Jan-26 03:04:14 GMT",
		"Fri Jan  2 03:04:14 2026", "Fri, 02 Jan 9999 03:04:14 GMT", "Fri, 31 Feb 2026 03:04:14 GMT", "soon", "7, 9", "０", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		pause, ok := retryAfter(value, now)
		trimmed := strings.TrimSpace(value)
		digits := trimmed != "" && strings.Trim(trimmed, "0123456789") == ""
		switch {
		case pause < 0 || !ok && pause != 0:
			t.Fatalf("want no wait below zero, nor one that nobody asked for: %q gave %v, %v", value, pause, ok)
		case digits != ok && digits:
			t.Fatalf("want every number of seconds understood: %q", value)
		}
		clock := newFakeClock()
		p := newPacer(clock.options(Options{RetryTime: time.Hour}))
		for attempt := 1; p.putOff(answer429(value), attempt); attempt++ {
			require.NoError(t, p.turn(t.Context()))
		}
		if waited := clock.now().Sub(now); waited > time.Hour || waited != p.info().Waited || p.info().Retries >= attempts {
			t.Fatalf("want no more than what may be waited: %q gave %v, %+v", value, waited, p.info())
		}
	})
}

func FuzzStrike(f *testing.F) {
	f.Add("secret-of-mine", "Bearer ", ", and more")
	f.Add(`a"b\c/d+e`, `{"x":"`, `"}`)
	f.Add("a+b c", `\u00`, "%4")
	f.Add("aaaa", "aaa", "aaaaaa")
	f.Add("abcabcab", "abc", "cab")
	f.Add("%41%42", "%", "%25")
	f.Add("&amp;amp;", "&", ";")
	f.Add("\\u0041bcd", "\\", "\\u")
	f.Add("ﬀ-ÄÖÜ", "Ä", "K")
	f.Add("?sig=x", "?sig=", "&sig=")
	f.Add("eyJhbGci", "eyJhbGciOiJub25lIn0.", ".eyJzdWIiOiJ4In0.")
	f.Add("\x00\x00a\x00", "\x00", "\x00")
	f.Fuzz(func(t *testing.T, secret, before, behind string) {
		s := &secrets{}
		s.add("NAME", secret)
		// What holds asterisks may come about by what others are replaced by.
		known := len(secret) >= shortSecret && !strings.Contains(secret, "*")
		for _, spelling := range append([]string{secret}, spellings(secret)...) {
			text := before + spelling + behind
			got, found := s.bytes([]byte(text), true)
			if len(got) != len(text) {
				t.Fatalf("want as many bytes as before: %q became %q", text, got)
			}
			if known && (!found || bytes.Contains(small(got), small([]byte(spelling)))) {
				t.Fatalf("want no %q in %q, found %v", spelling, got, found)
			}
			r := &record.Response{Header: http.Header{"X": {text}, text: {"x"}, "Set-Cookie": {text}}, Body: record.Body(text)}
			s.response(r, false)
			if known && strings.Contains(string(small([]byte(fmt.Sprint(r.Header)+string(r.Body)))), string(small([]byte(spelling)))) && !strings.Contains("map[X:[] ]Set-Cookie", spelling) {
				t.Fatalf("want no %q in %q, %q", spelling, r.Header, r.Body)
			}
		}
	})
}

func FuzzTunnelHead(f *testing.F) {
	for _, seed := range []string{"", "\r\n\r\n", "\n\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nX: y\r\n\r\n\x16\x03\x01", "HTTP/1.1 200 OK\n\nx", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r", "HTTP/1.1 200 OK\n\r\nx",
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
		if len(head) > tunnelLimit || string(head)+string(rest) != string(says) || !bytes.HasSuffix(head, []byte("\n\r\n")) && !bytes.HasSuffix(head, []byte("\n\n")) {
			t.Fatalf("want %q parted behind the first empty line, got %q and %q", says, head, rest)
		}
	})
}

// FuzzEffect reads whatever may be about to go out: what is not known to be without
// effect is taken to have one.
func FuzzEffect(f *testing.F) {
	suite, err := Load(Contract{})
	require.NoError(f, err)
	s := &secrets{}
	s.add(tokenName, "token-of-one-who-may")
	g := &guard{target: Target{URL: "https://tenant.example"}, operations: suite.Operations, request: suite.request, secrets: s, now: time.Now}
	const good = "POST /testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample HTTP/1.1\r\nHost: tenant.example\r\nAuthorization: Bearer token-of-one-who-may\r\nContent-Type: application/json\r\n\r\n" +
		`{"Comment":"x","Sha1":"0123456789abcdef0123456789abcdef01234567"}`
	inertly := strings.NewReplacer("fb9ab6be3965095a09c057be7c90f0a2", inertPrefix+"abc", "0123456789abcdef", inertPrefix+"abcdef")
	f.Add([]byte(good), "fb9ab6be3965095a09c057be7c90f0a2")
	f.Add([]byte(inertly.Replace(good)), "real")
	for _, change := range [][2]string{{"POST", "GET"}, {"POST", "post"}, {" HTTP/1.1", ""}, {"\r\n\r\n", ""}, {"Bearer", "bEARER"}, {"Authorization", "X-Http-Method-Override: POST\r\nX"}, {"/machines/", "/MACHINES//"}, {"/machines/", "/%6dachines/"},
		{"/requestSample", "/requestSample?x=y"}, {"/requestSample", "/requestSample/"}, {"/requestSample", "/stopAndQuarantineFile"}, {"/testwdatppreview", "http://tenant.example/testwdatppreview"}, {"{", "["}, {`"Sha1"`, `"sha1"`}, {"\r\n", "\n"}, {"POST /", "POST //"}} {
		f.Add([]byte(strings.Replace(good, change[0], change[1], 1)), "0000000000")
		f.Add([]byte(strings.Replace(inertly.Replace(good), change[0], change[1], 1)), "00000000001")
	}
	f.Add([]byte{}, "")
	f.Add([]byte("\r\n\r\n\r\n"), "../real")
	f.Add([]byte("POST"), "0000000000/../real")
	f.Fuzz(func(t *testing.T, request []byte, machine string) {
		e := g.effect(request)
		if again := g.effect(request); !reflect.DeepEqual(again, e) {
			t.Fatalf("want the same effect each time, got %+v and %+v", e, again)
		}
		if why := g.forbids(e); e.can && why == "" {
			t.Fatalf("want nothing sent that can take effect, for nothing is armed: %+v", e)
		}
		if acted := allActions(request); !e.can && len(acted) > 0 {
			t.Fatalf("want nothing sent that a lenient server acts on, got %+v: %q", acted, request)
		}
		line, _, _ := bytes.Cut(request, []byte("\r\n"))
		words := strings.Split(string(line), " ")
		if len(words) > 1 && !e.can {
			path := words[1]
			if u, err := url.Parse(path); err == nil {
				path = u.Path
			}
			for _, op := range suite.Operations {
				before, after, _ := strings.Cut(strings.ToLower(op.Path), "{id}")
				if id, ok := strings.CutSuffix(strings.ToLower(path), after); ok && strings.HasPrefix(id, before) && !inert(strings.TrimPrefix(id, before)) {
					t.Fatalf("want a request that names the machine %q to take effect: %q", id, request)
				}
			}
		}

		// The same request for a machine of its own.
		if machine == "" || machine != url.PathEscape(machine) || inert(strings.ToLower(machine)) {
			return
		}
		_, rest, _ := bytes.Cut(request, []byte("\r\n"))
		for _, op := range suite.Operations {
			for _, method := range []string{"POST", "GET", "DELETE", "post"} {
				text := fmt.Sprintf("%s %s HTTP/1.1\r\n%s", method, op.PathFor(machine), rest)
				if e := g.effect([]byte(text)); !e.can || e.broken == "" && (e.operation != op.ID || e.machine != strings.ToLower(machine)) {
					t.Fatalf("want a request that names the machine %q to take effect, got %+v: %q", machine, e, text)
				}
			}
		}
	})
}
