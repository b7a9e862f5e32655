package explore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/explore"
	"fmaspec/conformance/reference"
)

const token, machine = "token-of-the-test-0123456789", "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"

// builtIn is the suite that the tests share: a Suite is not changed after Load.
var builtIn = sync.OnceValues(func() (*conformance.Suite, error) { return conformance.Load(conformance.Contract{}) })

func suite(t *testing.T) *conformance.Suite {
	t.Helper()
	s, err := builtIn()
	require.NoError(t, err)
	return s
}

func honest() http.Handler { return reference.New(reference.Config{Token: token}) }

// session opens a session that sends to a handler over connections in memory.
func session(t *testing.T, s *conformance.Suite, h http.Handler) *conformance.Session {
	t.Helper()
	plan, err := s.Plan(t.Context(), conformance.Target{Handler: h, Token: token, Machine: machine},
		conformance.Options{Seed: "test", Run: "/valid/accepts-plain-request$"})
	require.NoError(t, err)
	session, err := plan.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { session.Close(context.Background()) })
	return session
}

func explored(t *testing.T, h http.Handler, o explore.Options) explore.Result {
	t.Helper()
	s := suite(t)
	result, err := explore.Explore(t.Context(), s, session(t, s, h), o)
	require.NoError(t, err)
	return result
}

// body reads a request's body and puts it back.
func body(r *http.Request) (all []byte, members map[string]any) {
	all, _ = io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(all))
	_ = json.Unmarshal(all, &members)
	return all, members
}

// longSeparator fails for the comments that hold a line separator and have more than 300
// bytes.
func longSeparator(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, members := body(r)
		comment, _ := members["Comment"].(string)
		if strings.ContainsRune(comment, 0x2028) && len(comment) > 300 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// thirdUpper fails for the third request of a connection where its hash is in upper case.
func thirdUpper(h http.Handler) http.Handler {
	var mu sync.Mutex
	count := map[string]int{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		count[r.RemoteAddr]++
		n := count[r.RemoteAddr]
		mu.Unlock()
		_, members := body(r)
		hash, _ := members["Sha1"].(string)
		if n == 3 && hash != strings.ToLower(hash) {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// server serves a handler over connections of its own, each with another address.
func server(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestABugOfTwoConditionsIsFoundAndShrunk(t *testing.T) {
	result := explored(t, longSeparator(honest()), explore.Options{Seed: "a", N: 384, Parallel: 8})
	require.Len(t, result.Found, 1)
	f := result.Found[0]
	require.Greater(t, f.Times, 1, "the same cause is reported once")
	require.LessOrEqual(t, f.Tries, explore.MaxTries)
	require.False(t, f.Unsure)
	require.Len(t, f.Case.Steps, 1)
	var members map[string]string
	require.NoError(t, json.Unmarshal(f.Tried.Exchanges[0].Request.Body, &members))
	comment := members["Comment"]
	require.Len(t, comment, 301)
	require.Equal(t, strings.Repeat("a", 298), strings.Replace(comment, "\u2028", "", 1))
}

func TestABugOfASequenceIsFoundAndShrunk(t *testing.T) {
	result := explored(t, thirdUpper(honest()), explore.Options{Seed: "a", N: 256, Parallel: 8})
	require.Len(t, result.Found, 1)
	f := result.Found[0]
	require.Greater(t, f.Times, 1, "the same cause is reported once")
	require.LessOrEqual(t, f.Tries, explore.MaxTries)
	require.False(t, f.Unsure)
	require.False(t, f.Case.AtOnce)
	require.Equal(t, 2, f.Finding.Step)
	var bodies []string
	for _, step := range f.Case.Steps {
		require.Equal(t, conformance.Accepted, step.Expect)
		bodies = append(bodies, step.Body)
	}
	require.Equal(t, []string{`{"Comment":"aa","Sha1":"{{sha1.1}}"}`, `{"Comment":"aa","Sha1":"{{sha1.2}}"}`,
		`{"Comment":"aa","Sha1":"{{upper sha1.3}}"}`}, bodies)
}

func TestTheHonestServerHasNoFinding(t *testing.T) {
	for _, seed := range []string{"a", "b", "c"} {
		result := explored(t, honest(), explore.Options{Seed: seed, N: 96, Parallel: 8})
		require.Empty(t, findings(result), seed)
		require.Equal(t, 96, result.Sent)
		require.Zero(t, result.Unsent)
	}
}

// findings are what was found, as text.
func findings(r explore.Result) (out []string) {
	for _, f := range r.Found {
		file, _ := explore.Write(f.Case)
		out = append(out, fmt.Sprintf("%+v\n%s", f.Finding, file))
	}
	return out
}

func TestNoConformingServerHasAFinding(t *testing.T) {
	for i, v := range reference.Variants() {
		if len(v.Deviates) > 0 || i%9 != 0 {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			result := explored(t, v.Wrap(honest()), explore.Options{Seed: v.Name, N: 24, Parallel: 8})
			require.Empty(t, findings(result))
		})
	}
}

// requests are the bodies and headers of cases, as text.
func requests(cases []*conformance.Case) (out []string) {
	for _, c := range cases {
		text := fmt.Sprintln(c.ID, c.Proves, c.AtOnce, c.Control)
		for _, s := range c.Steps {
			text += fmt.Sprintln(s.Operation, s.Expect, s.Statuses, s.Method, s.Path, s.Header, s.Body)
		}
		out = append(out, text)
	}
	return out
}

func TestTheSameSeedDrawsTheSameCases(t *testing.T) {
	s := suite(t)
	first, err := explore.Cases(s, "a", 100)
	require.NoError(t, err)
	again, err := explore.Cases(s, "a", 100)
	require.NoError(t, err)
	require.Equal(t, requests(first), requests(again))
	other, err := explore.Cases(s, "b", 100)
	require.NoError(t, err)
	require.NotEqual(t, requests(first), requests(other))
}

// A recorder notes what is sent through it.
type recorder struct {
	explore.Sender
	mu   sync.Mutex
	sent []string
}

func (r *recorder) Try(ctx context.Context, c *conformance.Case) (conformance.Tried, error) {
	r.mu.Lock()
	r.sent = append(r.sent, requests([]*conformance.Case{c})...)
	r.mu.Unlock()
	return r.Sender.Try(ctx, c)
}

func TestTheSameSeedSendsTheSameRequestsWhateverTheParallelism(t *testing.T) {
	s := suite(t)
	all := map[int]*recorder{}
	var found [][]string
	for _, parallel := range []int{1, 8} {
		all[parallel] = &recorder{Sender: session(t, s, longSeparator(honest()))}
		result, err := explore.Explore(t.Context(), s, all[parallel], explore.Options{Seed: "a", N: 160,
			Parallel: parallel})
		require.NoError(t, err)
		require.Len(t, result.Found, 1)
		found = append(found, findings(result))
	}
	require.ElementsMatch(t, all[1].sent, all[8].sent)
	require.Equal(t, found[0], found[1])
}

func TestACaseIsExpectedAsTheWrittenOnesAre(t *testing.T) {
	s := suite(t)
	cases, err := explore.Cases(s, "a", 300)
	require.NoError(t, err)
	require.Len(t, cases, 300)
	seen := map[conformance.Expectation]int{}
	sequences := 0
	for _, c := range cases {
		require.Equal(t, explore.Generator, c.Generator)
		require.NotNil(t, s.Case(c.Control))
		require.NotEmpty(t, c.Proves)
		for _, id := range c.Proves {
			require.NotNil(t, s.Requirement(id), "%s proves %s", c.ID, id)
		}
		for _, step := range c.Steps {
			seen[step.Expect]++
		}
		if len(c.Steps) > 1 {
			sequences++
		}
	}
	for _, e := range []conformance.Expectation{conformance.Accepted, conformance.Refused, conformance.Either} {
		require.Greater(t, seen[e], 20, e)
	}
	require.Greater(t, sequences, 50)
}

func TestACaseIsWrittenAsAFileThatReadsAsTheSameCase(t *testing.T) {
	s := suite(t)
	cases, err := explore.Cases(s, "a", 200)
	require.NoError(t, err)
	files := fstest.MapFS{}
	for _, c := range cases {
		data, err := explore.Write(c)
		require.NoError(t, err)
		files[c.Name+".http"] = &fstest.MapFile{Data: data}
	}
	read, err := conformance.Load(conformance.Contract{}, conformance.BuiltIn(),
		conformance.Source{FS: files, Name: "saved", Own: true})
	require.NoError(t, err)
	for _, c := range cases {
		got := read.Case(c.ID)
		require.NotNil(t, got, c.ID)
		require.Equal(t, requests([]*conformance.Case{c}), requests([]*conformance.Case{got}))
	}
}

func TestWhatAFileCannotHoldIsAnError(t *testing.T) {
	cases, err := explore.Cases(suite(t), "a", 1)
	require.NoError(t, err)
	cases[0].Steps[0].Header[0].Value = " blanks "
	_, err = explore.Write(cases[0])
	require.ErrorContains(t, err, "of request 1 does not read back as it is; send the case again by its seed")
}

func TestNothingIsExploredWhereThePlainRequestIsRefused(t *testing.T) {
	s := suite(t)
	refusing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	r := &recorder{Sender: session(t, s, refusing)}
	_, err := explore.Explore(t.Context(), s, r, explore.Options{Seed: "a", N: 10})
	require.ErrorContains(t, err, "explore: the plain request of requestSample was not accepted")
	require.Len(t, r.sent, 1)
}

func TestTheTimeBoundsAnExploration(t *testing.T) {
	s := suite(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	result, err := explore.Explore(t.Context(), s, session(t, s, honest()), explore.Options{Seed: "a",
		For: time.Second, Parallel: 8, Now: func() time.Time { now = now.Add(600 * time.Millisecond); return now }})
	require.NoError(t, err)
	require.Equal(t, 128, result.Sent)
}

func TestAFaultOfOneAnswerComesToItsRequest(t *testing.T) {
	lenient := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			all, members := body(r)
			if hash, is := members["Sha1"].(string); is && len(hash) == 41 {
				all = bytes.Replace(all, []byte(hash), []byte(hash[:40]), 1)
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(all)), int64(len(all))
			}
			h.ServeHTTP(w, r)
		})
	}
	result := explored(t, lenient(honest()), explore.Options{Seed: "a", N: 384, Parallel: 8})
	require.Len(t, result.Found, 1, findings(result))
	f := result.Found[0]
	require.Equal(t, "request.sha1-format", f.Finding.Requirement)
	require.Equal(t, "refuses", f.Finding.Check)
	require.Len(t, f.Case.Steps, 1)
}

// What -run and -skip leave out is not sent, and an operation of which nothing is left is in no
// sequence.
func TestCasesThatAreNotWantedAreNotSent(t *testing.T) {
	var mu sync.Mutex
	paths := map[string]int{}
	server := honest()
	counting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		paths[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]++
		mu.Unlock()
		server.ServeHTTP(w, r)
	})
	result := explored(t, counting, explore.Options{Seed: "1", N: 64,
		Wanted: func(id string) bool { return strings.HasPrefix(id, "requestSample/") }})
	require.Equal(t, 64, result.Sent+result.Dropped)
	require.Zero(t, paths["stopAndQuarantineFile"])
	result = explored(t, counting, explore.Options{Seed: "1", N: 300,
		Wanted: func(id string) bool { return strings.HasSuffix(id, "/1-270") }})
	require.Equal(t, 1, result.Sent)
	require.Equal(t, 300, result.Sent+result.Left+result.Dropped)
	s := suite(t)
	_, err := explore.Explore(t.Context(), s, session(t, s, counting), explore.Options{Seed: "1",
		Wanted: func(string) bool { return false }})
	require.EqualError(t, err, "explore: no case is left to send, since none has an id such as "+
		"requestSample/explore/1-0 that is asked for; widen -run or -skip")
}
