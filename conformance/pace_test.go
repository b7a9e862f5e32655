package conformance_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/pace"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// A fakeClock goes on when somebody sleeps, and not otherwise. Who sleeps at the same
// time as others wakes when the latest of them does.
type fakeClock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func newFakeClock() *fakeClock {
	return &fakeClock{at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fakeClock) sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	c.at = c.at.Add(d)
	return nil
}

// options returns options that go by the clock.
func (c *fakeClock) options(o conformance.Options) conformance.Options {
	o.Now, o.Sleep = c.now, c.sleep
	return o
}

// patient runs part of the suite against a server, by a fake clock.
func patient(t *testing.T, h http.Handler, o conformance.Options) (*record.Report, *fakeClock) {
	t.Helper()
	clock := newFakeClock()
	s := load(t)
	o = clock.options(o)
	r, err := s.Run(t.Context(), conformance.Target{Handler: h, Token: "token-of-one-who-may"}, o)
	require.NoError(t, err)
	return r, clock
}

// timely is the honest server by the same clock.
func timely(now func() time.Time) http.Handler {
	return reference.New(reference.Config{Token: "token-of-one-who-may", Now: now})
}

func troubled(t *testing.T, name string) http.Handler {
	t.Helper()
	for _, trouble := range reference.Troubles(nil) {
		if trouble.Name == name {
			return trouble.Wrap(timely(newFakeClock().now))
		}
	}
	t.Fatalf("no trouble %s", name)
	return nil
}

func retriesOf(r *record.Report) (n int) {
	for _, c := range r.Cases {
		for _, x := range c.Exchanges {
			n += x.Retries
		}
	}
	return n
}

const fewCases = "/(valid/accepts-plain|body/refuses-missing|auth/|state/accepts-twelve)"

func TestARunWaitsWhereTheTargetAsksForIt(t *testing.T) {
	for _, name := range []string{"throttled-every-third", "unavailable-once"} {
		for _, parallel := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s, %d at once", name, parallel), func(t *testing.T) {
				r, clock := patient(t, troubled(t, name), conformance.Options{Run: fewCases, Parallel: parallel,
					RetryTime: time.Hour, Level: record.Documented})
				require.Equal(t, record.Conformant, r.Verdict, r.Reason)
				require.Zero(t, r.Totals.Errored)
				require.Positive(t, r.Pace.Retries)
				require.Equal(t, r.Pace.Retries, retriesOf(r))
				require.Positive(t, r.Pace.Waited)
				require.LessOrEqual(t, r.Pace.Waited, time.Duration(r.Pace.Retries)*2*time.Second,
					"want waits that overlap counted once")
				require.NotEmpty(t, clock.slept)
			})
		}
	}
}

func TestARunThatMayNotWaitSaysSo(t *testing.T) {
	r, clock := patient(t, troubled(t, "throttled-every-third"), conformance.Options{Run: fewCases})
	require.Positive(t, r.Totals.Errored)
	require.NotEqual(t, record.Conformant, r.Verdict)
	require.Zero(t, r.Pace)
	require.Zero(t, retriesOf(r))
	require.Empty(t, clock.slept)
}

func TestATargetThatThrottlesEverythingIsNotJudged(t *testing.T) {
	rows := []struct {
		why    string
		h      http.Handler
		budget time.Duration
		reason string
		most   time.Duration
	}{
		{"for ever", troubled(t, "throttled"), 20 * time.Second, "429", 20 * time.Second},
		{"for ever, with time enough", troubled(t, "throttled"), time.Hour, "429", time.Hour},
		{"without a time", refusingWith(429), 20 * time.Second, "429", 20 * time.Second},
		{"at once again", refusingWith(429, "0"), 20 * time.Second, "429", 0},
		{"for a thousand years", refusingWith(429, "31556952000"), 20 * time.Second, "429", 0},
		{"unavailable for ever", troubled(t, "unavailable"), 20 * time.Second, "each was answered 503, as by a proxy",
			20 * time.Second},
		{"unavailable, without a time", refusingWith(503), 20 * time.Second, "each was answered 503, as by a proxy",
			20 * time.Second},
		{"no gateway's server", refusingWith(502), 0, "each was answered 502, as by a proxy", 0},
	}
	for _, row := range every(4, rows) {
		t.Run(row.why, func(t *testing.T) {
			r, clock := patient(t, row.h, conformance.Options{Run: fewCases, RetryTime: row.budget})
			require.Equal(t, record.Unjudged, r.Verdict)
			require.Zero(t, r.Totals.Findings)
			require.LessOrEqual(t, r.Pace.Waited, row.most)
			for _, c := range r.Cases {
				for _, x := range c.Exchanges {
					require.Less(t, x.Retries, pace.MaxAttempts)
				}
			}
			slept := time.Duration(0)
			for _, d := range clock.slept {
				slept = max(slept, d)
			}
			require.LessOrEqual(t, slept, row.most)
			require.Contains(t, r.Reason, row.reason)
		})
	}
}

// A limiter turns away what comes too fast, whatever it is, which says nothing of the
// requests that it happens to turn away.
func TestWhatALimiterTurnsAwayIsNoFinding(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite several times")
	}
	for _, row := range []struct {
		budget time.Duration
		passes int // at once
	}{{0, 12}, {5 * time.Second, 12}, {0, 0}} {
		clock := newFakeClock()
		h := timely(clock.now)
		var mu sync.Mutex
		left, since := row.passes, clock.now()
		limited := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.Header.Values("Authorization")) > 1 { // as nginx does before it looks at the rate
				refusingWith(400).ServeHTTP(w, r)
				return
			}
			mu.Lock()
			now := clock.now()
			left = min(left+2*int(now.Sub(since)/time.Second), 12)
			since = now
			left--
			over := left < 0
			mu.Unlock()
			if over {
				refusingWith(503).ServeHTTP(w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
		s := load(t)
		r, err := s.Run(t.Context(), conformance.Target{Handler: limited, Token: "token-of-one-who-may"},
			clock.options(conformance.Options{RetryTime: row.budget, Strict: true, Parallel: 1}))
		require.NoError(t, err)
		require.Zero(t, r.Totals.Findings, "%+v", row)
		require.Positive(t, r.Totals.Passed)
		require.Equal(t, record.Unjudged, r.Verdict)
		require.Contains(t, r.Reason, "503")
	}
}

// refusingWith answers everything with a status and a time to come back.
func refusingWith(status int, retryAfter ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header()["Retry-After"] = retryAfter
		w.WriteHeader(status)
	})
}

func TestARunAtARateSendsNoFaster(t *testing.T) {
	clock := newFakeClock()
	var mu sync.Mutex
	var at []time.Time
	h := timely(clock.now)
	s := load(t)
	r, err := s.Run(t.Context(), conformance.Target{Token: "token-of-one-who-may",
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			at = append(at, clock.now())
			mu.Unlock()
			h.ServeHTTP(w, r)
		})}, clock.options(conformance.Options{Run: fewCases, Parallel: 1, Rate: conformance.Rate{2, time.Second}}))
	require.NoError(t, err)
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.Greater(t, len(at), 20)
	took := slices.MaxFunc(at, time.Time.Compare).Sub(slices.MinFunc(at, time.Time.Compare))
	require.GreaterOrEqual(t, took, time.Duration(len(at)-1)*500*time.Millisecond, "want %d requests spaced", len(at))
	require.Zero(t, r.Pace)
}

func TestARunThatIsStoppedDoesNotWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked atomic.Int64
	s := load(t)
	h := refusingWith(429, "3600")
	r, err := s.Run(ctx, conformance.Target{Token: "token-of-one-who-may",
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			h.ServeHTTP(w, r)
		})}, conformance.Options{Run: fewCases, RetryTime: math.MaxInt64, Parallel: 1, Sleep: func(ctx context.Context,
		d time.Duration) error {
		cancel() // as somebody does who sees that it will take an hour
		return ctx.Err()
	}})
	require.NoError(t, err)
	require.Equal(t, int64(1), asked.Load())
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "interrupted")
	require.Equal(t, r.Totals.Total, r.Totals.Skipped+r.Totals.NotApplicable)
}
