package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

const securityAdmin, globalAdmin = "token-of-a-security-administrator", "token-of-a-global-administrator"

const token, unprivileged, invalid, unknownMachine = "token-of-one-who-may-0123456789",
	"token-of-one-who-may-not-987654", "token.of.nobody-at-all-and-expired", "ffffffffffffffffffffffffffffffffffffffff"

func honest() http.Handler {
	return reference.New(reference.Config{Token: token, UnprivilegedToken: unprivileged,
		SecurityAdminToken: securityAdmin, GlobalAdminToken: globalAdmin, UnknownMachine: unknownMachine})
}

func target(h http.Handler) conformance.Target {
	return conformance.Target{Handler: h, Token: token, UnprivilegedToken: unprivileged,
		SecurityAdminToken: securityAdmin, GlobalAdminToken: globalAdmin, InvalidToken: invalid,
		UnknownMachine: unknownMachine, OtherMachine: otherMachine}
}

// otherMachine has 40 digits, as the answers in the documents have it and not as their paths.
const otherMachine = "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f"

func faulty(t *testing.T, name string) http.Handler {
	t.Helper()
	f, ok := reference.FindFault(name)
	require.True(t, ok, "fault %s", name)
	return f.Wrap(honest())
}

// load returns the suite that most tests share.
func load(t testing.TB) *conformance.Suite {
	t.Helper()
	s, err := conformance.BuiltInSuite()
	require.NoError(t, err)
	return s
}

// sampled reports whether a test takes a sample: with -short under the race detector, where
// a run takes ten times as long and shows once what runs at once in it.
func sampled() bool { return raceEnabled && testing.Short() }

// every returns all of some rows, or where a sample is taken the first of each n.
func every[T any](n int, rows []T) (out []T) {
	for i, row := range rows {
		if i%n == 0 || !sampled() {
			out = append(out, row)
		}
	}
	return out
}

// few is a pattern that leaves cases out where a sample is taken.
func few(pattern string) string {
	if sampled() {
		return pattern
	}
	return ""
}

func run(t *testing.T, target conformance.Target, o conformance.Options) *record.Report {
	t.Helper()
	r, err := load(t).Run(t.Context(), target, o)
	require.NoError(t, err)
	require.Equal(t, r.Totals.Total, len(r.Cases))
	sum := r.Totals
	require.Equal(t, sum.Total, sum.Passed+sum.Deviated+sum.Failed+sum.Errored+sum.Inconclusive+sum.Skipped+
		sum.NotApplicable, "want totals that add up")
	return r
}

// broken lists the requirements that have findings.
func broken(r *record.Report) (ids []string) {
	for _, q := range r.Requirements {
		if q.Findings > 0 {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// refusing answers everything with one status.
func refusing(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.Header().Set("Allow", "POST")
		w.WriteHeader(status)
	})
}

func TestRunFindsNothingWithTheHonestServer(t *testing.T) {
	r := run(t, target(honest()), conformance.Options{Strict: true})
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.GreaterOrEqual(t, r.Totals.Passed, 200)
	require.Equal(t, r.Totals.Total, r.Totals.Passed)
	for _, q := range r.Requirements {
		require.Equal(t, record.Passed, q.Outcome, q.ID)
		require.Equal(t, "exercised", q.State, q.ID)
	}
	require.True(t, slices.IsSortedFunc(r.Cases, func(a, b record.CaseResult) int {
		return strings.Compare(a.ID,
			b.ID)
	}))
}

func TestRunOverAPortAndInMemoryComeToTheSame(t *testing.T) {
	for _, fault := range every(2, []string{"answers-200", "drops-id"}) {
		server := httptest.NewServer(faulty(t, fault))
		defer server.Close()
		byPort := target(nil)
		byPort.URL = server.URL
		a := run(t, byPort, conformance.Options{})
		b := run(t, target(faulty(t, fault)), conformance.Options{})
		require.Equal(t, record.NotConformant, a.Verdict)
		require.Equal(t, a.Totals, b.Totals)
		require.Equal(t, broken(a), broken(b))
	}
}

func TestARefusalProvesNothingBesideARefusedControl(t *testing.T) {
	r := run(t, target(refusing(401)), conformance.Options{})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Positive(t, r.Totals.Inconclusive)
	for _, c := range r.Cases {
		switch {
		case c.ID == "requestSample/valid/accepts-plain-request":
			require.Equal(t, record.Errored, c.Outcome)
		case strings.Contains(c.ID, "/auth/refuses-missing-authorization"),
			strings.Contains(c.ID, "/body/refuses-missing-comment"):
			require.Equal(t, record.Inconclusive, c.Outcome, c.ID)
			require.Contains(t, c.Reason, "its control")
		}
	}
	// The refusals of bodies came as 401 rather than 400, for which the token is to
	// blame and not the body.
	require.NotContains(t, broken(r), "refusal.status-body")
}

func TestRunSendsTheControlOfASelectedCase(t *testing.T) {
	r := run(t, target(honest()), conformance.Options{Run: "^requestSample/body/refuses-missing-comment$"})
	var ids []string
	for _, c := range r.Cases {
		ids = append(ids, c.ID)
	}
	require.Equal(t, []string{"requestSample/body/refuses-missing-comment",
		"requestSample/valid/accepts-plain-request"}, ids)
}

func TestTheLevelNarrowsWhatIsJudged(t *testing.T) {
	h := faulty(t, "omits-challenge")
	require.NotContains(t, broken(run(t, target(h), conformance.Options{Level: record.Documented})),
		"refusal.status-auth")
	require.Equal(t, record.Conformant, run(t, target(h), conformance.Options{Level: record.Documented}).Verdict)
	r := run(t, target(h), conformance.Options{Level: record.Standard})
	require.Equal(t, []string{"refusal.status-auth"}, broken(r))
	require.Equal(t, record.NotConformant, r.Verdict)
	for _, q := range r.Requirements {
		require.NotEqual(t, record.Inferred, q.Level)
	}
}

func TestStrictTurnsADeviationIntoAFailure(t *testing.T) {
	h := faulty(t, "takes-blank-comment")
	lenient := run(t, target(h), conformance.Options{})
	require.Equal(t, record.Conformant, lenient.Verdict)
	require.Positive(t, lenient.Totals.Deviated)
	require.Zero(t, lenient.Totals.Failed)
	strict := run(t, target(h), conformance.Options{Strict: true})
	require.Equal(t, record.NotConformant, strict.Verdict)
	require.Equal(t, lenient.Totals.Deviated, strict.Totals.Failed)
}

func TestASeedRepeatsEveryRequest(t *testing.T) {
	bodies := func(seed string) string {
		var mu sync.Mutex
		var all []string
		h := honest()
		run(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			all = append(all, string(body))
			mu.Unlock()
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			h.ServeHTTP(w, r)
		})), conformance.Options{Seed: seed, Run: "/valid/"})
		slices.Sort(all)
		return strings.Join(all, "\n")
	}
	require.Equal(t, bodies("a"), bodies("a"))
	require.NotEqual(t, bodies("a"), bodies("b"))
}

func TestEachCaseAsksForAFileOfItsOwn(t *testing.T) {
	r := run(t, target(honest()), conformance.Options{Run: "/valid/accepts-plain|/auth/refuses-missing"})
	seen := map[string]string{}
	for _, c := range r.Cases {
		var body struct{ Sha1 string }
		require.NoError(t, json.Unmarshal(c.Exchanges[0].Request.Body, &body))
		require.Regexp(t, regexp.MustCompile(`^[0-9a-f]{40}$`), body.Sha1)
		require.Empty(t, seen[body.Sha1], "want a Sha1 that no other case has")
		seen[body.Sha1] = c.ID
	}
}

func TestAnInterruptedRunKeepsWhatIsKnown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var answered atomic.Int32
	h := honest()
	stopping := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answered.Add(1) > 20 {
			cancel()
			<-r.Context().Done() // the client goes away
			return
		}
		h.ServeHTTP(w, r)
	})
	r, err := load(t).Run(ctx, target(stopping), conformance.Options{Timeout: time.Hour, Parallel: 4})
	require.NoError(t, err)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Equal(t, "the run was interrupted", r.Reason)
	require.Positive(t, r.Totals.Passed)
	require.Positive(t, r.Totals.Skipped)
	require.Zero(t, r.Totals.Failed, "want no case failed for an answer that the run did not wait for")
}

func TestASilentServerIsNotAskedForEver(t *testing.T) {
	var asked atomic.Int32
	silent := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	r := run(t, target(silent), conformance.Options{Timeout: 100 * time.Millisecond})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "no request got an answer: nothing more came within 100ms")
	require.Empty(t, broken(r))
	require.Positive(t, r.Totals.Skipped)
	require.Less(t, int(asked.Load()), r.Totals.Total/4, "want the rest not sent when nothing is answered")
}

func TestAServerThatHangsNowAndThenIsNotAskedForEver(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for several seconds")
	}
	var hung atomic.Int32
	h := honest()
	moody := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sum := 0
		for _, b := range body {
			sum += int(b)
		}
		if sum%3 == 0 { // and again, when the request is sent again
			hung.Add(1)
			<-r.Context().Done()
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	})
	// each worker may be one beyond the limit
	r := run(t, target(moody), conformance.Options{Timeout: 100 * time.Millisecond, Parallel: 2, Seed: "moody"})
	require.Equal(t, record.NotConformant, r.Verdict, r.Reason)
	require.Contains(t, broken(r), "http.timely")
	require.Contains(t, broken(r), "response.created")
	require.Positive(t, r.Totals.Skipped)
	require.Less(t, int(hung.Load()), 80, "want the rest not sent after some two dozen time-outs, each of them twice")
}

func TestWhatSaysNothingAboutTheContractIsErrored(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()
	foreign, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer foreign.Close()
	go func() {
		for {
			c, err := foreign.Accept()
			if err != nil {
				return
			}
			go func() {
				io.WriteString(c, "220 mail.example ESMTP\r\n")
				io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	rows := []struct {
		why    string
		target conformance.Target
		reason string
	}{
		{"nobody listens", conformance.Target{URL: "http://" + closed.Addr().String()}, "refused"},
		{"another protocol is spoken", conformance.Target{URL: "http://" + foreign.Addr().String()},
			"does not speak HTTP"},
		{"the rate is limited", target(refusing(429)), "429"},
		{"the body is longer than is judged", target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(201)
			io.WriteString(w, strings.Repeat(" ", 5<<20))
		})), "at most"},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			got := run(t, r.target, conformance.Options{Run: "accepts-plain-request|aborted"})
			require.Equal(t, record.Unjudged, got.Verdict)
			require.Contains(t, got.Reason, r.reason)
			require.Positive(t, got.Totals.Errored)
			require.Equal(t, got.Totals.Total, got.Totals.Errored+got.Totals.Skipped)
			require.Empty(t, broken(got))
		})
	}
}

func TestACaseNeedsWhatTheUserDidNotName(t *testing.T) {
	bare := target(honest())
	bare.UnprivilegedToken, bare.InvalidToken, bare.UnknownMachine, bare.OtherMachine = "", "", "", ""
	bare.SecurityAdminToken, bare.GlobalAdminToken = "", ""
	r := run(t, bare, conformance.Options{})
	require.Equal(t, record.Conformant, r.Verdict)
	require.GreaterOrEqual(t, r.Totals.NotApplicable, 10)
	for _, c := range r.Cases {
		if c.Outcome == record.NotApplicable {
			require.Regexp(t,
				`^needs .* pass -(unprivileged-token-file|security-admin-token-file|global-admin-token-file|invalid-token-file|unknown-machine|other-machine)$`, c.Reason)
			require.Empty(t, c.Exchanges)
		}
	}
}

func TestNothingConclusiveIsNoSuccess(t *testing.T) {
	bare := target(honest())
	bare.UnprivilegedToken = ""
	s, err := conformance.Load(conformance.Contract{}, own(strings.NewReplacer("# expect: accepted",
		"# expect: refused 403\n# needs: unprivileged-token", "{{token}}", "{{unprivileged-token}}").Replace(sound)))
	require.NoError(t, err)
	r, err := s.Run(t.Context(), bare, conformance.Options{})
	require.NoError(t, err)
	require.Equal(t, 1, r.Totals.NotApplicable)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Regexp(t, "^the case that was asked for could not be judged: needs the token of a user without the "+
		"roles; .* pass -unprivileged-token-file$", r.Reason)
}

func TestMisuseSendsNothing(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	loopback := conformance.Target{URL: server.URL, Token: token}
	with := func(change func(*conformance.Target)) conformance.Target {
		t := loopback
		change(&t)
		return t
	}
	rows := []struct {
		why    string
		target conformance.Target
		o      conformance.Options
		want   string
	}{
		{"a pattern that matches nothing", loopback, conformance.Options{Run: "accepts-plain-reqest"},
			`-run "accepts-plain-reqest" matches no case (did you mean "accepts-plain-request"?)`},
		{"a skip that matches nothing", loopback, conformance.Options{Skip: "nothing-at-all"},
			`-skip "nothing-at-all" matches no case`},
		{"a pattern that is none", loopback, conformance.Options{Run: "("}, `-run "(": missing closing )`},
		{"a control that is skipped", loopback, conformance.Options{Run: "requestSample/body/refuses-missing-comment$",
			Skip: "accepts-plain-request"}, "no case is left to send"},
		{"an unknown machine that is the machine", with(func(t *conformance.Target) {
			t.Machine,
				t.UnknownMachine = "00ff", "00FF"
		}), conformance.Options{}, "the unknown machine 00FF is the machine too"},
		{"another machine that is the machine", with(func(t *conformance.Target) {
			t.Machine, t.OtherMachine = "00ff", "00FF"
		}), conformance.Options{}, "the other machine 00FF is the machine too"},
		{"another machine that is the one of the documents", with(func(t *conformance.Target) {
			t.OtherMachine = strings.ToUpper(conformance.DefaultMachine)
		}), conformance.Options{}, "is the machine too"},
		{"another machine that is unknown", with(func(t *conformance.Target) {
			t.UnknownMachine, t.OtherMachine = "00ff", "00FF"
		}), conformance.Options{}, "the other machine 00FF is the unknown machine too"},
		{"another machine that is a path", with(func(t *conformance.Target) { t.OtherMachine = "a/b" }),
			conformance.Options{}, `the other machine id "a/b"`},
		{"nothing left", loopback, conformance.Options{Run: "missing-comment", Skip: "missing-comment"},
			"no case is left to send"},
		{"an unknown case", loopback, conformance.Options{Only: []string{"requestSample/x"}},
			`unknown case "requestSample/x"`},
		{"no URL", with(func(t *conformance.Target) { t.URL = "" }), conformance.Options{}, "want http:// or https://"},
		{"a URL without a scheme", with(func(t *conformance.Target) { t.URL = "localhost:80" }), conformance.Options{},
			"want http:// or https://"},
		{"a URL that is none", with(func(t *conformance.Target) { t.URL = "http://[::1" }), conformance.Options{},
			"cannot be read"},
		{"a URL with a password that cannot be read", with(
			func(t *conformance.Target) { t.URL = "http://user:hunter2@127.0.0.1:%zz" }), conformance.Options{},
			"cannot be read"},
		{"a password in the URL", with(func(t *conformance.Target) { t.URL = "http://user:hunter2@127.0.0.1:1" }),
			conformance.Options{}, "has no place here"},
		{"a query in the URL", with(func(t *conformance.Target) { t.URL += "?key=1" }), conformance.Options{},
			"has no place here"},
		{"a token with a line break", with(func(t *conformance.Target) { t.Token = "a\nb" }), conformance.Options{},
			"the token holds a blank"},
		{"a machine that is a path", with(func(t *conformance.Target) { t.Machine = "a/b" }), conformance.Options{},
			`the machine id "a/b"`},
		{"no token for a server elsewhere", conformance.Target{URL: "https://example.invalid"}, conformance.Options{},
			"no token; set FMASPEC_TOKEN"},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			_, err := load(t).Run(t.Context(), r.target, r.o)
			var usage *conformance.UsageError
			require.ErrorAs(t, err, &usage)
			require.ErrorContains(t, err, r.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	require.Zero(t, asked.Load())
}

func TestASecretReachesNoReport(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"error":{"code":"x","message":%q}}`, r.Header.Get("Authorization")+r.URL.String()+string(body))
	})
	r := run(t, target(echo), conformance.Options{})
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.NotContains(t, string(text), token)
	require.NotContains(t, string(text), unprivileged)
	require.NotContains(t, string(text), invalid)
	require.Contains(t, string(text), "$FMASPEC_TOKEN", "want the variable in the secret's place")
	require.Contains(t, broken(r), "error.inside", "want an answer that repeats the token to be found")
}

func TestAnActionThatIsUnderWayProvesNothing(t *testing.T) {
	at := slices.IndexFunc(reference.Variants(),
		func(v reference.Variant) bool { return v.Name == "refuses-running-action" })
	require.GreaterOrEqual(t, at, 0)
	server := reference.Variants()[at].Wrap(honest())
	o := conformance.Options{Run: "example$|plain-request$"}
	require.Equal(t, record.Conformant, run(t, target(server), o).Verdict)
	again := run(t, target(server), o)
	require.Equal(t, record.Conformant, again.Verdict, "want a second run against the same server to blame nobody")
	require.Equal(t, 2, again.Totals.Inconclusive, "want the documents' examples, whose files are written out, to "+
		"say nothing")
}

func TestRepeatMeetsWhatFailsNowAndThen(t *testing.T) {
	var asked atomic.Int32
	h := honest()
	rare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 30 {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		h.ServeHTTP(w, r)
	})
	const one = "^requestSample/valid/accepts-plain-request$"
	require.Equal(t, record.Conformant, run(t, target(rare), conformance.Options{Run: one}).Verdict)
	r := run(t, target(rare), conformance.Options{Run: one, Repeat: 50})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Equal(t, 50, r.Totals.Requests)
	require.Len(t, r.Cases, 1)
	require.Len(t, r.Cases[0].Findings, 1)
	f := r.Cases[0].Findings[0]
	require.Equal(t, 28, f.Step, "want the finding at the answer that failed")
	require.Equal(t, 500, r.Cases[0].Exchanges[f.Step].Response.Status)
	bodies := map[string]bool{}
	for _, x := range r.Cases[0].Exchanges {
		bodies[string(x.Request.Body)] = true
	}
	require.Len(t, bodies, 50, "want other values each time")
}

func TestEveryVerdictIsTheSameEveryTime(t *testing.T) {
	times := 8
	if testing.Short() {
		times = 2
	}
	r := run(t, target(honest()), conformance.Options{Strict: true, Repeat: times, Parallel: 16,
		Skip: "huge|very-long|deep"})
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.Zero(t, r.Totals.Findings)
}

func TestAHandlerSeesAnAddressForEachConnection(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	h := honest()
	r := run(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil || host != "127.0.0.1" {
			t.Errorf("want host and port, got %q: %v", r.RemoteAddr, err)
		}
		mu.Lock()
		seen[r.RemoteAddr]++
		mu.Unlock()
		h.ServeHTTP(w, r)
	})), conformance.Options{Run: "valid/accepts-plain|state/accepts-twelve-in-turn"})
	require.Equal(t, record.Conformant, r.Verdict)
	require.Len(t, seen, 4, "want a connection for each case")
	require.Contains(t, slices.Collect(maps.Values(seen)), 12, "want the requests of a case on one connection")
}

func TestProgressCountsEveryCase(t *testing.T) {
	var last, calls int
	r := run(t, target(honest()), conformance.Options{Progress: func(done, total, failed, broken int) {
		calls++
		require.Equal(t, calls, done)
		require.Zero(t, failed+broken)
		last = total
	}})
	require.Equal(t, r.Totals.Total, calls)
	require.Equal(t, calls, last)
}

func TestProgressCountsBrokenRequirementsOnce(t *testing.T) {
	h := honest()
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
	var failures, requirements int
	r := run(t, target(plain), conformance.Options{Run: "/valid/", Progress: func(_, _, failed, broken int) {
		failures, requirements = failed, broken
	}})
	against := map[string]bool{}
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			against[f.Requirement] = true
		}
	}
	require.Equal(t, r.Totals.Failed, failures)
	require.Len(t, against, requirements)
	require.Greater(t, failures, requirements)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer elsewhere.Close()
	r := run(t, target(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect)),
		conformance.Options{Run: "accepts-plain-request"})
	require.Equal(t, []string{"response.created", "http.no-redirect"}, broken(r))
	require.Zero(t, followed.Load())
}

func TestARequirementWhoseCasesGotNoAnswerIsUndecided(t *testing.T) {
	h := honest()
	shy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != "" { // the target is in absolute form
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})
	r := run(t, target(shy),
		conformance.Options{Run: "^requestSample/(host/accepts-absolute-form|valid/accepts-plain-request)$"})
	require.Equal(t, record.NotConformant, r.Verdict)
	for _, q := range r.Requirements {
		switch q.ID {
		case "request.absolute-form":
			require.Equal(t, record.Inconclusive, q.Outcome)
		case "http.framing":
			require.Equal(t, record.Failed, q.Outcome)
		case "response.created":
			require.Equal(t, record.Passed, q.Outcome)
		}
	}
}

// What answers each request in HTTP, with a head that breaks its rules, is no other protocol.
func TestAHeadThatIsMalformedInEveryAnswerIsAFinding(t *testing.T) {
	const created = "HTTP/1.1 201 Created"
	for _, start := range []string{created + "\r\nX-Note : a", created + "\r\nX-Note: a\x01b",
		created + "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "HTTP/1.1 201", "\r\n" + created,
		"http/1.1 201 Created", "HTTP/2.0 201 Created", "HTTP/1.1 099 Few", created + "\r\nContent Type: text/plain",
		"debug: a request\n" + created, "HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n" + created,
		strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100) + created} {
		t.Run(start[:min(len(start), 80)], func(t *testing.T) {
			url := saying(t, func(*http.Request) string { return start + "\r\nConnection: close\r\n\r\n0\r\n\r\n" })
			got := run(t, conformance.Target{URL: url}, conformance.Options{Run: "accepts-plain-request"})
			require.Equal(t, record.NotConformant, got.Verdict, got.Reason)
			require.Equal(t, []string{"http.framing"}, broken(got))
		})
	}
}
