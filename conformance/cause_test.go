package conformance_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// borne runs the suite and verifies the record.
func borne(t *testing.T, it conformance.Target, o conformance.Options) *record.Report {
	t.Helper()
	r := run(t, it, o)
	v, err := load(t).Verify(written(t, r))
	require.NoError(t, err)
	require.Empty(t, v.Differences)
	return r
}

func silentLog() *log.Logger { return slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) }

// aborting closes the connection in place of an answer where spoils says so.
func aborting(spoils func(*http.Request) bool) http.Handler {
	h := honest()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if spoils(r) {
			io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})
}

func TestWhoAnswersNobodyIsNotJudged(t *testing.T) {
	r := borne(t, target(aborting(func(*http.Request) bool { return true })), conformance.Options{Strict: true})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "no request got an answer: the connection was closed before an answer began")
	require.Zero(t, r.Totals.Findings)
	require.Equal(t, "GET /", r.LastLook.Asked)
	require.False(t, r.LastLook.Answered)

	// One that answers others is: they show that a server is there.
	one := conformance.Options{Run: "^requestSample/valid/accepts-plain-request$"}
	r = borne(t, target(aborting(func(r *http.Request) bool { return r.Method == "POST" })), one)
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Equal(t, []string{"http.framing"}, broken(r))
	require.True(t, r.LastLook.Answered)
	require.Equal(t, "404", r.LastLook.Got)
}

// Some of the first requests have no valid Host, or an expectation that is unknown: they are refused before the
// handler.
func TestWhoFallsSilentInTheMiddleIsJudgedUpToThere(t *testing.T) {
	var n atomic.Int64
	dying := func() http.Handler { n.Store(0); return aborting(func(*http.Request) bool { return n.Add(1) > 100 }) }
	r := borne(t, target(dying()), conformance.Options{Parallel: 1})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Regexp(t,
		`^from request 10[1-9] on, which was \S+, the target gave no answer any more: the connection was closed before an answer began; nor was one answered that had been before, \S+#0; earlier answers are judged; check the server$`, r.Reason)
	require.Zero(t, r.Totals.Findings)
	require.Positive(t, r.Totals.Passed)

	// What came before and is wrong, is wrong.
	n.Store(0)
	h := faulty(t, "drops-id")
	r = borne(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 100 {
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})), conformance.Options{Parallel: 1})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Regexp(t, "from request 10[1-9] on", r.Reason)
	require.Equal(t, []string{"action.members"}, broken(r))

	// Who closes on the last requests alone, and answers others still, is at fault.
	r = borne(t, target(aborting(func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path,
			"/stopAndQuarantineFile")
	})), conformance.Options{Parallel: 1})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Empty(t, r.Reason)
	require.True(t, r.LastLook.Answered)
	require.Contains(t, broken(r), "http.framing")
}

// shutting answers in place of the server from one request on, up to another.
func shutting(from, to int64, in http.HandlerFunc) http.Handler {
	var n atomic.Int64
	h := honest()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i := n.Add(1); i > from && i <= to {
			io.Copy(io.Discard, r.Body)
			in(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func TestWhoIsShutOutJudgesNothingThen(t *testing.T) {
	never := int64(1 << 30)
	expired := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	for _, row := range []struct {
		why, reason string
		from, to    int64
		in          http.HandlerFunc
	}{
		{"a token that expires", `^from request \d+ on, which was \S+, the target answered 401 wherever the token was ` +
			`sent, which it had accepted before, as one is answered that has expired; other answers are judged; give ` +
			`a token that lasts longer \(fmaspec auth check describes it\)$`, 250, never, expired},
		{"a firewall", `^from request \d+ on, which was \S+, the target answered 403 wherever the token was sent, ` +
			`which it had accepted before, as a firewall answers or a limiter of the rate; other answers are judged; ` +
			`send fewer with -rate, such as 10/s$`, 250, never, refusing(403).ServeHTTP},
		{"a firewall for a while", `^from request \d+, which was \S+, to request \d+ the target answered 403 wherever ` +
			`the token was sent, which it accepted before and afterwards, as a firewall`, 150, 300,
			refusing(403).ServeHTTP},
	} {
		t.Run(row.why, func(t *testing.T) {
			it, o := target(shutting(row.from, row.to, row.in)), conformance.Options{Strict: true}
			require.Equal(t, record.NotConformant, borne(t, it, o).Verdict, "want a server on this machine, which has "+
				"just accepted its token, to be at fault")
			var seconds atomic.Int64
			begun := time.Now()
			o.Now = func() time.Time { return begun.Add(time.Duration(seconds.Add(1)) * time.Second) }
			r := borne(t, target(shutting(row.from, row.to, row.in)), o)
			require.Regexp(t, row.reason, r.Reason)
			require.Empty(t, broken(r))
			require.Equal(t, record.Unjudged, r.Verdict)
			require.Positive(t, r.Totals.Passed)
			require.Positive(t, r.Totals.Errored)
		})
	}
	// Who shuts out a few, or all but what is to be refused, is at fault.
	r := borne(t, target(shutting(250, 260, refusing(403).ServeHTTP)), conformance.Options{Parallel: 1})
	require.Equal(t, record.NotConformant, r.Verdict)
	h := honest()
	r = borne(t, target(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.Contains(q.Header.Get("Authorization"), " ") && q.Header.Get("Content-Type") != "application/json" {
			refusing(403).ServeHTTP(w, q)
			return
		}
		h.ServeHTTP(w, q)
	})), conformance.Options{})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Empty(t, r.Reason)
}

// closingFirst closes the first connections that it accepts, as what forwards a port does until the server
// behind it has started.
type closingFirst struct {
	net.Listener
	left atomic.Int64
}

func (l *closingFirst) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.left.Add(-1) < 0 {
			return c, err
		}
		c.Close()
	}
}

func TestATargetThatBeginsToAnswerAMomentLaterIsJudged(t *testing.T) {
	for left, verdict := range map[int64]record.Verdict{1: record.Conformant, 3: record.Conformant,
		1 << 30: record.Unjudged} {
		t.Run(fmt.Sprint(left), func(t *testing.T) {
			server := httptest.NewUnstartedServer(honest())
			l := &closingFirst{Listener: server.Listener}
			l.left.Store(left)
			server.Listener = l
			server.Start()
			defer server.Close()
			it := target(nil)
			it.URL = server.URL
			var slept atomic.Int64
			r := borne(t, it, conformance.Options{Strict: true, Parallel: 2, Run: few("/(valid|auth)/"),
				Sleep: func(context.Context, time.Duration) error { slept.Add(1); return nil }})
			require.Equal(t, verdict, r.Verdict, r.Reason)
			require.Zero(t, r.Totals.Findings)
			require.LessOrEqual(t, slept.Load(), int64(3))
			require.True(t, left == 1 || slept.Load() > 0, "want a pause where nobody has answered yet")
		})
	}
}

func TestAServerThatHangsForGoodIsNotWaitedForLong(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for several seconds")
	}
	var n atomic.Int64
	h := honest()
	r := borne(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 100 {
			io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		h.ServeHTTP(w, r)
	})), conformance.Options{Timeout: 500 * time.Millisecond, Parallel: 2})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "the target gave no answer any more: nothing more came within 500ms")
	require.Zero(t, r.Totals.Findings)
	require.Less(t, n.Load(), int64(120), "want the rest not sent")
}

func TestPlainHTTPOnAPortOfTLSIsNamed(t *testing.T) {
	server := httptest.NewUnstartedServer(honest())
	server.Config.ErrorLog = silentLog()
	server.StartTLS()
	defer server.Close()
	it := target(nil)
	it.URL = "http" + strings.TrimPrefix(server.URL, "https")
	part := few("^requestSample/(valid|auth)/")
	r := borne(t, it, conformance.Options{Run: part})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Equal(t, "the port speaks TLS, and was asked in plain HTTP; pass -url "+server.URL, r.Reason)
	require.Zero(t, r.Totals.Findings)

	// One that wants a certificate of the client speaks it too.
	strict := httptest.NewUnstartedServer(honest())
	strict.Config.ErrorLog = silentLog()
	strict.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}
	strict.StartTLS()
	defer strict.Close()
	it.URL = "http" + strings.TrimPrefix(strict.URL, "https")
	require.Contains(t, borne(t, it, conformance.Options{Run: "plain"}).Reason, "the port speaks TLS")

	// Who answers 400 to everything in plain HTTP is judged.
	plain := httptest.NewServer(refusing(400))
	defer plain.Close()
	it.URL = plain.URL
	r = borne(t, it, conformance.Options{Run: part})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Nil(t, r.LastLook)
}

func TestAStateThatPassesIsNoFinding(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite for each status")
	}
	for _, status := range []int{502, 503, 504} {
		var n atomic.Int64
		h := honest()
		once := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if at := n.Add(1); at == 1 || at == 40 || at == 41 {
				io.Copy(io.Discard, r.Body)
				w.WriteHeader(status)
				return
			}
			h.ServeHTTP(w, r)
		})
		r := borne(t, target(once), conformance.Options{Strict: true, Parallel: 1, Skip: "huge|very-long|deep"})
		require.Equal(t, record.Conformant, r.Verdict, "%d: %s", status, r.Reason)
		require.Zero(t, r.Totals.Findings)
	}
}

func TestAStateThatStaysForSomeIsAFinding(t *testing.T) {
	r := borne(t, target(faulty(t, "answers-503")), conformance.Options{Run: "valid/accepts-plain|refuses-missing",
		Skip: "on-other-machine$|in-one-piece"}) // so few that each is sent again
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Contains(t, broken(r), "response.created")
	for _, c := range r.Cases {
		for _, x := range c.Exchanges {
			if x.Response.Status == 503 {
				require.Equal(t, "503", x.Alone, c.ID)
			}
		}
	}
}

func TestASilentRequestIsSentOnceMoreAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for several seconds")
	}
	var under atomic.Int64
	var alone atomic.Bool
	alone.Store(true)
	var mu sync.Mutex
	seen, silenced := map[string]bool{}, map[string]bool{} // bodies; some cases send the same one
	h := honest()
	shy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := under.Add(1)
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		fresh, again := !seen[string(body)], silenced[string(body)]
		seen[string(body)] = true
		silent := strings.HasSuffix(r.URL.Path, "/requestSample") && strings.Contains(string(body), "Comment") &&
			fresh && len(seen)%9 == 0
		silenced[string(body)] = again || silent
		mu.Unlock()
		if silent {
			under.Add(-1) // it counts no more when its client has given it up
			<-r.Context().Done()
			return
		}
		if again {
			alone.Store(alone.Load() && at == 1)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		under.Add(-1) // before the answer, or else the next request may come first
		h.ServeHTTP(w, r)
	})
	r := borne(t, target(shy), conformance.Options{Strict: true, Timeout: time.Second, Run: "/(valid|body)/",
		Skip: "huge|very-long|deep"})
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	n := 0
	for _, c := range r.Cases {
		for _, x := range c.Exchanges {
			if x.Alone != "" {
				require.Equal(t, "silent", x.Alone)
				n++
			}
		}
	}
	require.Positive(t, n)
	require.True(t, alone.Load(), "want no other request while one is sent once more")
}

func TestOnlyWhatATokenExplainsIsExcused(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite for each way of being refused")
	}
	wrong := target(faulty(t, "omits-challenge"))
	wrong.Token = "nobody-issued-this-one"
	r := borne(t, wrong, conformance.Options{})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Contains(t, r.Reason, "the token was refused (401) wherever a request is to be accepted")
	require.Equal(t, []string{"refusal.status-auth"}, broken(r))

	wrong = target(honest())
	wrong.Token, wrong.UnprivilegedToken = unprivileged, ""
	r = borne(t, wrong, conformance.Options{Strict: true})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "the token was refused (403)")
	require.Zero(t, r.Totals.Findings)

	// A server that refuses some of what is valid is at fault.
	r = borne(t, target(faulty(t, "answers-401")), conformance.Options{})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Empty(t, r.Reason)
	require.Contains(t, broken(r), "response.created")

	none := target(faulty(t, "omits-challenge"))
	none.Token = ""
	r = borne(t, none, conformance.Options{})
	require.Equal(t, record.Unjudged, r.Verdict, "want no verdict on who was never given a token")
	require.Contains(t, r.Reason, "no token was given, and the made-up one was refused (401)")
	require.True(t, r.Target.MadeUpToken)
}

func TestControlsAloneAreNoAnswer(t *testing.T) {
	bare := target(honest())
	bare.InvalidToken = ""
	r := borne(t, bare, conformance.Options{Run: "refuses-invalid-token"})
	require.Positive(t, r.Totals.Passed)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Regexp(t, "^none of the 2 cases that were asked for could be judged: needs a token that must not be "+
		"accepted; ", r.Reason)
	r = borne(t, bare, conformance.Options{Only: []string{"requestSample/auth/refuses-invalid-token"}})
	require.Equal(t, record.Unjudged, r.Verdict)
	r = borne(t, bare, conformance.Options{Run: "refuses-invalid-token|refuses-missing-authorization"})
	require.Equal(t, record.Conformant, r.Verdict)
}

func TestTheTokenOfASingleRoleIsJudgedByWhatRefusesIt(t *testing.T) {
	const security, global = "/auth/accepts-security-administrator", "/auth/accepts-global-administrator"
	options := conformance.Options{Run: "auth/accepts-", Strict: true}

	r := borne(t, target(honest()), options)
	require.Equal(t, record.Conformant, r.Verdict)
	require.Equal(t, record.Passed, caseOf(t, r, "requestSample"+security).Outcome)

	// 403 and 404 are about the role.
	for name, id := range map[string]string{"refuses-security-administrator": security,
		"hides-from-global-administrator": global} {
		r = borne(t, target(faulty(t, name)), options)
		require.Equal(t, record.NotConformant, r.Verdict, name)
		require.Equal(t, []string{"auth.either-role"}, broken(r), name)
		require.Equal(t, record.Failed, caseOf(t, r, "requestSample"+id).Outcome, name)
	}

	// 401 is about the token.
	wrong := target(honest())
	wrong.GlobalAdminToken = "nobody-issued-this-one"
	r = borne(t, wrong, options)
	require.Equal(t, record.Conformant, r.Verdict)
	require.Empty(t, broken(r))
	require.Equal(t, record.Passed, caseOf(t, r, "requestSample"+security).Outcome)
	c := caseOf(t, r, "requestSample"+global)
	require.Equal(t, record.Inconclusive, c.Outcome)
	require.Regexp(t, "^the global admin token was answered 401, as one is that has expired .* so that this proves "+
		"nothing of the role; give another", c.Reason)

	// Each case needs its own token alone.
	wrong.GlobalAdminToken = ""
	r = borne(t, wrong, options)
	require.Equal(t, record.Passed, caseOf(t, r, "requestSample"+security).Outcome)
	require.Equal(t, record.NotApplicable, caseOf(t, r, "requestSample"+global).Outcome)

	// That such a token is accepted does not make the plain one a good one.
	wrong = target(honest())
	wrong.Token = "nobody-issued-this-one"
	r = borne(t, wrong, conformance.Options{})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "the token was refused (401) wherever a request is to be accepted")
	require.Empty(t, broken(r))
}
