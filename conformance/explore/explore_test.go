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
	result := explored(t, longSeparator(honest()), explore.Options{Seed: "a", N: 512, Parallel: 8})
	for _, f := range result.Found {
		fmt.Println(f.Case.ID, f.First, f.Times, f.Tries, f.Unsure, f.Finding)
		d, err := explore.Write(f.Case)
		fmt.Println(string(d), err)
	}
	fmt.Println(result.Sent, result.Unsent, result.Reason, result.Dropped)
}
