package conformance_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// index panics as a slice does.
func index(list []string, i int) string { return list[i] }

func TestThePanicsOfAHandlerAreInTheReport(t *testing.T) {
	t.Parallel()
	suite := load(t)
	good := reference.New(reference.Config{Token: "test-token"})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "GET":
			index(nil, 3)
		case r.Method == "PUT":
			panic(errors.New("the token was " + r.Header.Get("Authorization") + strings.Repeat("x", 1<<20)))
		case r.Method == "DELETE":
			panic(http.ErrAbortHandler)
		}
		good.ServeHTTP(w, r)
	})
	for _, http2 := range []bool{false, true} {
		target := conformance.Target{Handler: handler, Token: "test-token",
			Transport: conformance.Transport{HTTP2: http2}}
		r, err := suite.Run(t.Context(), target,
			conformance.Options{Run: "^requestSample/method/refuses-(get|put|delete)$"})
		require.NoError(t, err)
		require.Equal(t, record.NotConformant, r.Verdict)
		require.Len(t, r.Panics, 2, "a panic that closes the connection on purpose is none")

		p := r.Panics[0]
		require.Equal(t, "runtime error: index out of range [3] with length 0", p.Value)
		require.Equal(t, "requestSample/method/refuses-get", p.Case)
		require.GreaterOrEqual(t, p.Requests, 1)
		require.Contains(t, p.Stack[0], "fmaspec/conformance_test.index ")
		require.Contains(t, p.Stack[0], "panics_test.go:18")
		require.Contains(t, p.Stack[1], "fmaspec/conformance_test.TestThePanicsOfAHandlerAreInTheReport.func1 ")
		for _, frame := range p.Stack {
			require.NotContains(t, frame, "internal/wire.watching")
			require.NotContains(t, frame, "net/http.(*conn)")
		}

		p = r.Panics[1]
		require.Equal(t, "requestSample/method/refuses-put", p.Case)
		require.True(t, strings.HasPrefix(p.Value, "the token was Bearer **********x"), "%.60s", p.Value)
		require.Less(t, len(p.Value), 3<<10)
	}
}

func TestAHandlerWithoutAPanicHasNone(t *testing.T) {
	t.Parallel()
	suite := load(t)
	r, err := suite.Run(t.Context(), conformance.Target{Handler: reference.New(reference.Config{Token: "test-token"}),
		Token: "test-token"}, conformance.Options{})
	require.NoError(t, err)
	require.Nil(t, r.Panics)
}

func TestPanicsOfOneStackAreOne(t *testing.T) {
	t.Parallel()
	suite := load(t)
	r, err := suite.Run(t.Context(), conformance.Target{Token: "test-token",
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			panic("no answer to " + r.Header.Get("Authorization") + r.Method + r.URL.Path)
		})}, conformance.Options{Run: "^requestSample/(method|auth)"})
	require.NoError(t, err)
	require.Len(t, r.Panics, 1)
	require.GreaterOrEqual(t, r.Panics[0].Requests, 20)
	first := slices.IndexFunc(r.Cases, func(c record.CaseResult) bool { return len(c.Exchanges) > 0 })
	require.Equal(t, r.Cases[first].ID, r.Panics[0].Case)
}

func TestPanicsAreBounded(t *testing.T) {
	t.Parallel()
	suite := load(t)
	var deep func(n int)
	deep = func(n int) {
		if n == 0 {
			panic("at the bottom")
		}
		deep(n - 1)
	}
	r, err := suite.Run(t.Context(), conformance.Target{Token: "test-token",
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				deep(200)
			}
			panic(r.RemoteAddr) // another value each time
		})}, conformance.Options{})
	require.NoError(t, err)
	require.LessOrEqual(t, len(r.Panics), 20)
	met := 0
	for _, p := range r.Panics {
		met += p.Requests
		require.LessOrEqual(t, len(p.Stack), 33)
		if p.Value == "at the bottom" {
			require.Regexp(t, "^… and [0-9]+ more$", p.Stack[len(p.Stack)-1])
		}
	}
	require.GreaterOrEqual(t, met, 300)
}
