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

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/explore"
	"fmaspec/conformance/reference"
)

const token, machine = "token-of-the-test-0123456789", "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"

func suite(t *testing.T) *conformance.Suite {
	t.Helper()
	s, err := conformance.Load(conformance.Contract{})
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
	require.Equal(t, `{"Comment":"{{bytes E2 80 A8}}{{repeat 298 a}}","Sha1":"{{sha1.1}}"}`, f.Case.Steps[0].Body)
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
