package proxy_test

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
)

// folded is an answer of which net/http reads what is not HTTP.
const folded = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nX-Long: a\r\n b\r\nContent-Length: 2\r\n" +
	"Connection: close\r\n\r\n{}"

func TestAHeadThatIsNotHTTPIsFound(t *testing.T) {
	upstream, _ := wire(t, folded)
	for _, enforce := range []bool{false, true} {
		s := through(t, upstream, watching(t), func(o *proxy.Options) { o.Enforce = enforce })
		answer, body := s.post(client(t, false))
		if enforce {
			require.Equal(t, http.StatusBadGateway, answer.StatusCode)
			require.Equal(t, "http.framing", problems(t, answer, body).Violations[0].Requirement)
		} else {
			require.Equal(t, http.StatusCreated, answer.StatusCode, "want it passed on")
			require.Equal(t, "a b", answer.Header.Get("X-Long"))
		}
		require.NoError(t, s.stop())
		charge := proxy.Charge{Requirement: "http.framing", Side: "server"}
		require.EqualValues(t, 1, s.Counts().Findings[charge], "%v", s.Counts().Findings)
	}
}

func TestAnAnswerThatCannotBeReadIsFound(t *testing.T) {
	for name, row := range map[string]struct {
		answer string
		found  bool
	}{
		"another protocol":       {"SSH-2.0-OpenSSH secret-77\r\n\r\n", true},
		"a header without colon": {"HTTP/1.1 201 Created\r\nServer fmaspec\r\n\r\n{}", true},
		"an end inside the head": {"HTTP/1.1 201 Created\r\nServer: fm", false}, // as one inside a body
		"no answer":              {"", false},
	} {
		upstream, _ := wire(t, row.answer)
		s := through(t, upstream, watching(t))
		answer, _ := s.post(client(t, false))
		require.Equal(t, http.StatusBadGateway, answer.StatusCode, name)
		require.NoError(t, s.stop())
		n := s.Counts()
		require.Equal(t, row.found, n.Findings[proxy.Charge{Requirement: "http.framing", Side: "server"}] == 1, name)
		require.Equal(t, !row.found, n.NoEvidence == 1, "%s: %+v", name, n)
		require.EqualValues(t, 1, n.UpstreamErrors, name)
		require.NotContains(t, n.LastNoAnswer, "secret-77")
	}
}

// TestTheRecordHasWhatTheLibraryTakesOut of the header: net/http hides both.
func TestTheRecordHasWhatTheLibraryTakesOut(t *testing.T) {
	upstream, _ := wire(t, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nContent-Length: 2\r\nConnection: close, "+
		"X-A\r\nX-A: 1\r\n\r\n{}")
	s := through(t, upstream)
	answer, _ := s.post(client(t, false))
	require.Equal(t, []string{"2"}, answer.Header["Content-Length"])
	require.NoError(t, s.stop())
	header := s.judge.exchanges()[0].Response.Header
	require.Equal(t, []string{"2", "2"}, header["Content-Length"])
	require.Equal(t, []string{"close, X-A"}, header["Connection"])
}

func TestHeadsAreSeenOverTLS(t *testing.T) {
	upstream := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, folded)
	}))
	t.Cleanup(upstream.Close)
	roots := x509.NewCertPool()
	roots.AddCert(upstream.Certificate())
	s := through(t, upstream.URL, watching(t), func(o *proxy.Options) {
		o.Transport = proxy.NewTransport(o.Upstream, conformance.Transport{RootCAs: roots})
	})
	answer, _ := s.post(client(t, false))
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	require.NoError(t, s.stop())
	require.EqualValues(t, 1, s.Counts().Findings[proxy.Charge{Requirement: "http.framing", Side: "server"}])
}

func TestAnAnswerSaysWhyThereIsNone(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := closed.Addr().String()
	require.NoError(t, closed.Close())
	secure := httptest.NewTLSServer(http.HandlerFunc(created))
	t.Cleanup(secure.Close)
	plain := server(t, created)
	cut, _ := wire(t, "")
	long, _ := wire(t, "HTTP/1.1 201 Created\r\nX-Long: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")
	for _, row := range []struct{ upstream, reason, client, operator string }{
		{"http://" + nobody, "no-connection", "No connection to it came about", "is the address right, and"},
		{"http://name.invalid", "unknown-name", "Its name has no address", "the name name.invalid of the target has no"},
		{secure.URL, "not-trusted", "Its certificate is not trusted", "signed it with -ca"},
		{strings.Replace(plain, "http:", "https:", 1), "tls", "The TLS handshake with it", "is the port one"},
		{cut, "ended", "the connection ended before an answer was there", "was closed before an answer"},
		{long, "not-http", "got no answer that it can pass on", "the header of its answer is too long"},
	} {
		var mu sync.Mutex
		var given []string
		s := through(t, row.upstream, func(o *proxy.Options) {
			o.NoAnswer = func(text string) {
				mu.Lock()
				defer mu.Unlock()
				given = append(given, text)
			}
		})
		answer, body := s.post(client(t, false))
		require.Equal(t, http.StatusBadGateway, answer.StatusCode)
		require.Contains(t, problems(t, answer, body).Detail, row.client)
		u, err := url.Parse(row.upstream)
		require.NoError(t, err)
		require.NotContains(t, body, u.Hostname(), "a client need not know where the server is")
		require.NoError(t, s.stop())
		require.Len(t, given, 1)
		require.Contains(t, given[0], row.operator)
		n := s.Counts()
		require.Equal(t, map[string]int64{row.reason: 1}, n.NoAnswer)
		require.Equal(t, given[0], n.LastNoAnswer)
		x := s.judge.exchanges()[0]
		if x.ErrorKind == record.Unanswered {
			require.Contains(t, x.Error, given[0])
		}
	}
}

func TestWhatIsNoRequestIsCounted(t *testing.T) {
	s := through(t, server(t, created))
	const good = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	for _, row := range []struct{ sent, status string }{
		{"GET / HTTP/1.1\r\n\r\n", "400"},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
		{"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{good + good + "GET / HTTP/1.1\r\n\r\n", "400"}, // the first two are requests
		{"POST / HTTP/1.1\r\nHost: a\r\nExpect: much\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", "417"},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", "431"},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
		{strings.Replace(good, "1.1", "7.1", 1), "505"},
		{strings.Replace(good, "Host", "Connection: close\r\nHost", 1), ""},
		{"GET / HTTP/1.1\r\nHost: h", "400"}, // the client goes away
	} {
		before := s.Counts().Unserved
		answer := rawly(t, s.url, row.sent, !strings.HasSuffix(row.sent, "\r\n\r\n"))
		if row.status != "" {
			until(t, func() bool { return s.Counts().Unserved[row.status] == before[row.status]+1 })
			require.True(t, len(row.sent) > 1<<20 || strings.Contains(answer, "HTTP/1.1 "+row.status), answer)
		}
		if row.status != "" {
			before[row.status]++
		}
		require.Equal(t, before, s.Counts().Unserved, "%.60q", row.sent)
	}
	for _, http2 := range []bool{false, true} {
		for range 3 {
			do(t, client(t, http2), "POST", s.url+documented, strings.NewReader(goodBody), "Expect: 100-continue")
		}
	}
	require.NoError(t, s.stop())
	n := s.Counts()
	require.EqualValues(t, 9, n.UnservedTotal())
	require.EqualValues(t, 2+1+6, n.Passed)
}

func TestAnExchangeThatIsCutAtTheEndIsCounted(t *testing.T) {
	began := make(chan struct{})
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		close(began)
		<-r.Context().Done()
	})
	calls := 0
	s := through(t, upstream, watching(t), func(o *proxy.Options) {
		o.Until = func(time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			if calls++; calls == 1 { // the active exchange is waited for in vain
				cancel()
			}
			return ctx, cancel
		}
	})
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+documented, strings.NewReader(goodBody))
	require.NoError(t, err)
	answer, err := client(t, false).Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	<-began
	require.ErrorContains(t, s.stop(), "were cut")
	n := s.Counts()
	require.EqualValues(t, 1, n.Passed)
	require.EqualValues(t, 1, n.NoEvidence, "%+v", n)
	report, err := s.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, report.Traffic.Exchanges)
	require.Equal(t, 1, report.Traffic.Unjudged)
}
