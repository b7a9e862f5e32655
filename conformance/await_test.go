package conformance_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

// A clock stands still but for those who sleep.
type clock struct{ now atomic.Int64 }

func (c *clock) options() conformance.Options {
	return conformance.Options{
		Now: func() time.Time { return time.Unix(1_500_000_000, c.now.Load()) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			c.now.Add(int64(d))
			return ctx.Err()
		},
	}
}

func TestAwaitReturnsWhenTheTargetAnswers(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" || r.Header.Get("Authorization") != "" {
			t.Errorf("want GET without credentials, got %s %v", r.Method, r.Header)
		}
		w.WriteHeader(map[bool]int{true: 503, false: 404}[asked.Add(1) < 5])
	}))
	defer server.Close()
	var c clock
	require.NoError(t, conformance.Await(t.Context(), conformance.Target{URL: server.URL}, c.options(), time.Minute))
	require.EqualValues(t, 5, asked.Load())
	require.NoError(t, conformance.Await(t.Context(), conformance.Target{Handler: server.Config.Handler}, c.options(),
		time.Minute))
}

func TestAwaitSaysWhyTheTargetWasNotReady(t *testing.T) {
	busy := httptest.NewServer(refusing(502))
	defer busy.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	var c clock
	err = conformance.Await(t.Context(), conformance.Target{URL: busy.URL}, c.options(), time.Minute)
	require.ErrorContains(t, err, "was not ready within 1m0s: it answers 502")
	require.LessOrEqual(t, time.Duration(c.now.Load()), time.Minute)
	require.Greater(t, time.Duration(c.now.Load()), 50*time.Second)
	require.ErrorContains(t, conformance.Await(t.Context(), conformance.Target{URL: "http://" + l.Addr().String()},
		c.options(), time.Minute), "refused")
	ctx, cancel := context.WithCancel(t.Context())
	o := c.options()
	o.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	require.ErrorContains(t, conformance.Await(ctx, conformance.Target{URL: busy.URL}, o, time.Minute),
		"when the wait was stopped")
}

func TestAwaitTakesNoLongerThanItMay(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for several seconds")
	}
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		<-r.Context().Done()
	}))
	defer silent.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	require.NoError(t, err)
	defer l.Close()
	for _, url := range []string{silent.URL, "http://" + l.Addr().String(), "https://" + l.Addr().String()} {
		for _, timeout := range []time.Duration{900 * time.Millisecond, time.Hour} {
			err := conformance.Await(t.Context(), conformance.Target{URL: url},
				conformance.Options{Timeout: timeout}, time.Second)
			require.ErrorContains(t, err, "was not ready within 1s", url)
		}
	}
}
