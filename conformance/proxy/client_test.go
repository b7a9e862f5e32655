package proxy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
)

// watching has the suite judge what passes.
func watching(t *testing.T) func(*proxy.Options) {
	t.Helper()
	s, err := suite()
	require.NoError(t, err)
	return func(o *proxy.Options) { o.Judge = s.Watch(conformance.WatchOptions{}) }
}

// rawly sends bytes over a connection of its own, and returns what comes until it ends. Where it is cut,
// the sender closes its half.
func rawly(t *testing.T, url, sent string, cut bool) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, sent)
	require.NoError(t, err)
	if cut {
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
	}
	answer, _ := io.ReadAll(c) // that it is reset is no matter
	return string(answer)
}

// rawHead is the head of a good request, without its framing.
const rawHead = "POST " + documented + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer secret-77\r\n" +
	"Content-Type: application/json\r\nConnection: close\r\n"

func chunkedBody(text string) string {
	return fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(text), text)
}

func TestWhatIsRefusedIsTheClientsViolationAllTheSame(t *testing.T) {
	var reports []*record.Report
	for _, enforce := range []bool{false, true} {
		s := through(t, server(t, created), watching(t), func(o *proxy.Options) { o.Enforce = enforce })
		do(t, client(t, false), "POST", s.url+documented, strings.NewReader(`{"Sha1":"x"}`),
			"Authorization: Bearer secret-77", "Content-Type: application/json")
		require.NoError(t, s.stop())
		r, err := s.Report(t.Context())
		require.NoError(t, err)
		require.NotNil(t, r.Client)
		require.Equal(t, record.NotConformant, r.Client.Verdict)
		reports = append(reports, r.Client)
		n := s.Counts()
		require.EqualValues(t, 2, n.Client, "of Comment and of Sha1")
		if enforce {
			require.EqualValues(t, 1, n.RefusedRequests)
			require.EqualValues(t, 1, n.Outcomes[proxy.Outcome{Operation: "requestSample", Result: "client"}],
				"%v", n.Outcomes)
			require.EqualValues(t, 0, n.Server)
			require.Equal(t, record.Unjudged, r.Verdict)
		}
	}
	require.Equal(t, reports[0].Totals, reports[1].Totals)
}

func TestAClientIsJudgedWhereNoUpstreamAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + l.Addr().String()
	require.NoError(t, l.Close())
	for _, enforce := range []bool{false, true} {
		s := through(t, nobody, watching(t), func(o *proxy.Options) { o.Enforce = enforce })
		answer, _ := do(t, client(t, false), "POST", s.url+documented, strings.NewReader(`{"Sha1":"x","Comment":"y"}`),
			"Authorization: Basic x", "Content-Type: application/json")
		require.Equal(t, map[bool]int{false: http.StatusBadGateway, true: http.StatusBadRequest}[enforce],
			answer.StatusCode)
		require.NoError(t, s.stop())
		n := s.Counts()
		charge := proxy.Charge{Requirement: "auth.bearer", Side: "client"}
		require.EqualValues(t, 1, n.Findings[charge], "%v", n.Findings)
		require.EqualValues(t, 0, n.Server)
	}
}

func TestNothingOfABrokenRequestReachesTheUpstreamWhereItIsEnforced(t *testing.T) {
	var reached atomic.Int64
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		created(w, r)
	})
	for name, row := range map[string]struct {
		rest string
		cut  bool
	}{
		"chunks that cannot be read": {"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + goodBody + "\r\n0\r\n\r\n", false},
		"a chunk without its end":    {"Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n0\r\n\r\n", false},
		"a cut body":                 {fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(goodBody)+9, goodBody), true},
		"cut chunks":                 {"Transfer-Encoding: chunked\r\n\r\n5\r\nab", true},
	} {
		s := through(t, upstream, watching(t), func(o *proxy.Options) { o.Enforce = true })
		answer := rawly(t, s.url, rawHead+row.rest, row.cut)
		if !row.cut {
			require.Contains(t, answer, "400 Bad Request", name)
			require.Contains(t, answer, "the body of the request is broken", name)
		}
		until(t, func() bool { return s.Counts().Passed == 1 })
		require.NoError(t, s.stop())
		require.EqualValues(t, 0, reached.Load(), name)
		n := s.Counts()
		require.EqualValues(t, 1, n.BrokenRequests, name)
		require.Empty(t, n.Unenforced, name)
		require.EqualValues(t, 0, n.RefusedRequests, name)
	}
}

func TestAClientThatFramesTwiceIsFound(t *testing.T) {
	length := fmt.Sprintf("Content-Length: %d\r\n", len(goodBody))
	for _, row := range []struct{ rest, broken string }{
		{length + chunkedBody(goodBody), "client.framing"},
		{length + length + "\r\n" + goodBody, "client.single-fields"},
		{chunkedBody(goodBody), ""},
		{length + "\r\n" + goodBody, ""},
	} {
		for _, enforce := range []bool{false, true} {
			s := through(t, server(t, created), watching(t), func(o *proxy.Options) { o.Enforce = enforce })
			answer := rawly(t, s.url, rawHead+row.rest, false)
			require.NoError(t, s.stop())
			n := s.Counts()
			if row.broken == "" {
				require.EqualValues(t, 0, n.Client, "%v", n.Findings)
				continue
			}
			require.EqualValues(t, 1, n.Client, "%v", n.Findings)
			charge := proxy.Charge{Requirement: row.broken, Side: "client"}
			require.EqualValues(t, 1, n.Findings[charge], "%v", n.Findings)
			require.Equal(t, enforce, strings.Contains(answer, "400 Bad Request"), answer)
		}
	}
}

func TestAnOldClientGetsNoInterimAnswerAndNoUpgrade(t *testing.T) {
	upgrade := make(chan string, 1)
	s := through(t, server(t, func(w http.ResponseWriter, r *http.Request) {
		upgrade <- r.Header.Get("Upgrade") + r.Header.Get("Connection")
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusProcessing)
		w.Header().Del("Link")
		created(w, r)
	}))
	answer := rawly(t, s.url, "GET /x HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false)
	require.True(t, strings.HasPrefix(answer, "HTTP/1.0 201 Created\r\n"), answer)
	require.NotContains(t, answer, "103")
	require.NotContains(t, answer, "Link")
	require.Empty(t, <-upgrade)
}

func TestAnAnswerThatEndsInsideItsBodyIsReplacedWhereItIsEnforced(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	for _, http2 := range []bool{false, true} {
		s := through(t, upstream, watching(t), func(o *proxy.Options) {
			if o.Enforce = true; http2 {
				h2c(o)
			}
		})
		answer, body := s.post(client(t, http2))
		require.Equal(t, http.StatusBadGateway, answer.StatusCode)
		require.Equal(t, "http.framing", problems(t, answer, body).Violations[0].Requirement)
		require.NoError(t, s.stop())
		n := s.Counts()
		require.EqualValues(t, 1, n.ReplacedAnswers)
		require.Empty(t, n.Unenforced)
	}
}
