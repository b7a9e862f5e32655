package conformance_test

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// overHTTP2 serves a handler that answers to HTTP/2 alone: over TLS by ALPN, over
// plain TCP by prior knowledge, and in memory.
func overHTTP2(t *testing.T, h http.Handler) map[string]conformance.Target {
	t.Helper()
	alone := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("want HTTP/2 alone, got %s", r.Proto)
		}
		h.ServeHTTP(w, r)
	})
	ca := newSigner(t)
	secured := httptest.NewUnstartedServer(alone)
	secured.EnableHTTP2 = true
	secured.TLS = &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()}}
	secured.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secured.StartTLS()
	t.Cleanup(secured.Close)

	inMemory := target(alone)
	inMemory.Transport.HTTP2 = true
	return map[string]conformance.Target{
		"over TLS":           at(secured.URL, conformance.Transport{RootCAs: ca.roots(), HTTP2: true}),
		"by prior knowledge": at(plain2(t, alone), conformance.Transport{HTTP2: true}),
		"in memory":          inMemory,
	}
}

// plain2 serves a handler over HTTP/2 by prior knowledge.
func plain2(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: h, Protocols: new(http.Protocols), ErrorLog: slog.NewLogLogger(slog.DiscardHandler,
		slog.LevelError)}
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String()
}

func TestTheSuiteIsTheSameOverHTTP2(t *testing.T) {
	for name, it := range overHTTP2(t, honest()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, it, conformance.Options{Strict: true})
			require.Equal(t, record.Conformant, r.Verdict, r.Reason)
			require.Equal(t, "HTTP/2", r.Target.Protocol)
			require.Equal(t, r.Totals.Total, r.Totals.Passed+r.Totals.NotApplicable)
			require.Positive(t, r.Totals.NotApplicable)
			require.Less(t, r.Totals.NotApplicable, 20) // ten of them about Host and the request line
			for _, c := range r.Cases {
				if c.Outcome == record.NotApplicable {
					require.Contains(t, []string{"this request is one of HTTP/1.1 alone", "HTTP/2 has no such target " +
						"and no Host; leave -http2 out"}, c.Reason, c.ID)
					require.Empty(t, c.Exchanges)
					continue
				}
				for _, x := range c.Exchanges {
					if x.Response != nil {
						require.Equal(t, "HTTP/2.0", x.Response.Proto)
					}
				}
			}
		})
	}
}

func TestFaultsAreFoundOverHTTP2(t *testing.T) {
	o := conformance.Options{Run: "/(valid/accepts-plain|body/refuses-missing|auth/|state/accepts-twelve)"}
	for _, fault := range []string{"answers-200", "drops-id", "needs-no-comment", "omits-challenge"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			h := faulty(t, fault)
			want := run(t, target(h), o)
			require.NotEmpty(t, broken(want))
			for name, it := range overHTTP2(t, h) {
				got := run(t, it, o)
				require.Equal(t, broken(want), broken(got), name)
				require.Equal(t, want.Verdict, got.Verdict, name)
			}
		})
	}
}

func TestACommandSpeaksHTTP2Too(t *testing.T) {
	for name, flag := range map[string]string{"over TLS": " --http2 ",
		"by prior knowledge": " --http2-prior-knowledge "} {
		r := run(t, overHTTP2(t, honest())[name], conformance.Options{Run: plainCase})
		require.Contains(t, command(r, &exchangesOf(t, r, "requestSample/valid/accepts-plain-request")[0]), flag)
	}
}

func TestATargetWithoutHTTP2IsNamed(t *testing.T) {
	ca := newSigner(t)
	var asked atomic.Int64
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != "PRI" { // so an HTTP/1.1 server reads the preface
			asked.Add(1)
		}
	})
	secured := secure(t, h, &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()},
		NextProtos: []string{"http/1.1"}})
	// One that knows nothing of ALPN says nothing of protocols at all.
	unaware, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{ca.sign(t,
		local()).shown()}})
	require.NoError(t, err)
	defer unaware.Close()
	go http.Serve(unaware, h)
	plain := httptest.NewServer(h)
	defer plain.Close()
	for _, it := range []conformance.Target{
		at(secured.URL, conformance.Transport{RootCAs: ca.roots(), HTTP2: true}),
		at("https://"+unaware.Addr().String(), conformance.Transport{RootCAs: ca.roots(), HTTP2: true}),
		at(plain.URL, conformance.Transport{HTTP2: true}),
	} {
		r := run(t, it, conformance.Options{Run: "valid/accepts-plain"})
		require.Equal(t, record.Unjudged, r.Verdict)
		require.Equal(t, r.Totals.Total, r.Totals.Errored)
		require.Empty(t, broken(r))
		require.Contains(t, r.Reason, "the target does not offer HTTP/2; ask it over HTTP/1.1, without -http2")
	}
	require.Zero(t, asked.Load())

	alone := secure(t, h, &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()},
		NextProtos: []string{"h3"}})
	r := run(t, at(alone.URL, conformance.Transport{RootCAs: ca.roots()}), conformance.Options{Run: plainCase})
	require.Contains(t, r.Reason, "the target does not offer HTTP/1.1; ask it over HTTP/2, with -http2")
}

func TestAnAnswerThatBreaksOffIsFoundOverHTTP2(t *testing.T) {
	h := honest()
	// spoiling answers the plain request in its own way, and all others honestly.
	spoiling := func(spoil http.HandlerFunc) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/requestSample") && r.Header.Get("Authorization") != "" {
				io.Copy(io.Discard, r.Body)
				spoil(w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
	begin := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		io.WriteString(w, `{"id":`)
		http.NewResponseController(w).Flush()
	}
	rows := []struct {
		why   string
		spoil http.HandlerFunc
		want  string
	}{
		{"a stream reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"the stream ended before an answer began"},
		{"a stream reset in the body", func(w http.ResponseWriter,
			_ *http.Request) {
			begin(w)
			panic(http.ErrAbortHandler)
		}, "the stream ended after 6 bytes of the body"},
		{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			"nothing more came within 300ms before an answer began"},
		{"no end", func(w http.ResponseWriter, r *http.Request) { begin(w); <-r.Context().Done() },
			"it was not whole within 300ms: the time was up after 6 bytes of the body"},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			timeout := 20 * time.Second
			if strings.Contains(row.want, "300ms") {
				timeout = 300 * time.Millisecond
			}
			r := run(t, at(plain2(t, spoiling(row.spoil)), conformance.Transport{HTTP2: true}),
				conformance.Options{Run: "/valid/accepts-plain-request$|auth/refuses-missing-authorization",
					Timeout: timeout})
			require.Equal(t, record.NotConformant, r.Verdict)
			require.Contains(t, exchangesOf(t, r, "requestSample/valid/accepts-plain-request")[0].Error, row.want)
			requirement := "http.framing"
			if strings.Contains(row.want, "300ms") {
				requirement = "http.timely"
			}
			require.Contains(t, broken(r), requirement)
			for _, c := range r.Cases {
				if c.Operation != "requestSample" {
					require.Equal(t, record.Passed, c.Outcome, c.ID)
				}
			}
		})
	}
}

func TestSecretsAreStruckOutOfHTTP2Too(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("X-More", loudly(", "))
		w.Header().Set(strings.NewReplacer("/", "", "=", "").Replace(loudToken), "x")
		w.Header().Set("Trailer", "X-Last")
		w.WriteHeader(400)
		io.WriteString(w, loudly(" "))
		w.Header().Set("X-Last", loudToken)
	})
	it := loudTarget(plain2(t, h))
	it.Transport.HTTP2 = true
	r := run(t, it, conformance.Options{Run: "valid/accepts-plain|body/refuses-missing|unprivileged"})
	require.Equal(t, record.NotConformant, r.Verdict)
	quiet(t, r)

	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer garbage.Close()
	go func() {
		for {
			c, err := garbage.Accept()
			if err != nil {
				return
			}
			go func() {
				io.ReadFull(c, make([]byte, 24))
				io.WriteString(c, loudToken[:30])
				c.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	it.URL = "http://" + garbage.Addr().String()
	r = run(t, it, conformance.Options{Run: plainCase})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, `not an answer of HTTP/2: it begins "`+strings.Repeat("*", 30)+`"`)
	quiet(t, r)
}
