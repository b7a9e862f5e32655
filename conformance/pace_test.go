package conformance

import (
	"context"
	"errors"
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

func (c *fakeClock) options(o Options) Options {
	o.Now, o.Sleep = c.now, c.sleep
	return o
}

func answer429(retryAfter ...string) *record.Response {
	return &record.Response{Status: 429, Header: http.Header{"Retry-After": retryAfter}}
}

func answer503(retryAfter ...string) *record.Response {
	return &record.Response{Status: 503, Header: http.Header{"Retry-After": retryAfter}}
}

func TestARateSpacesRequestsEvenly(t *testing.T) {
	rows := []struct {
		rate Rate
		gap  time.Duration
	}{
		{Rate{1, time.Second}, time.Second},
		{Rate{10, time.Second}, 100 * time.Millisecond},
		{Rate{45, time.Minute}, time.Minute / 45},
		{Rate{100, time.Minute}, 600 * time.Millisecond},
		{Rate{1500, time.Hour}, 2400 * time.Millisecond},
		{Rate{}, 0},
		{Rate{-1, time.Second}, 0},
		{Rate{5, 0}, 0},
	}
	for _, r := range rows {
		t.Run(fmt.Sprint(r.rate), func(t *testing.T) {
			clock := newFakeClock()
			p := newPacer(clock.options(Options{Rate: r.rate}))
			before := clock.now()
			require.NoError(t, p.turn(t.Context()))
			require.Equal(t, before, clock.now(), "want the first request at once")
			for range 20 {
				require.NoError(t, p.turn(t.Context()))
				require.InDelta(t, r.gap, clock.now().Sub(before), float64(time.Microsecond))
				before = clock.now()
			}
			require.Zero(t, p.info(), "want what a user asks for not counted as asked for by the target")
		})
	}
}

func TestARateIsKeptBehindAPause(t *testing.T) {
	// The sleeper is stopped by hand, so that many sleep at the same time.
	start := newFakeClock().now()
	var mu sync.Mutex
	now, asleep := start, map[time.Time]chan struct{}{}
	entered := make(chan struct{})
	p := newPacer(Options{Rate: Rate{1, time.Second}, RetryTime: time.Minute,
		Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Sleep: func(_ context.Context, d time.Duration) error {
			mu.Lock()
			wake := make(chan struct{})
			asleep[now.Add(d)] = wake
			mu.Unlock()
			entered <- struct{}{}
			<-wake
			return nil
		}})
	require.NoError(t, p.turn(t.Context()))
	woken := make(chan time.Time)
	const n = 4
	for range n { // they get their turn in 1, 2, 3 and 4 seconds
		go func() {
			p.turn(context.Background())
			woken <- p.now()
		}()
		<-entered
	}
	require.True(t, p.putOff(answer429("10"), 1)) // nothing before 10 seconds have gone
	var went []time.Duration
	for len(went) < n {
		mu.Lock()
		first := slices.MinFunc(slices.Collect(keysOf(asleep)), time.Time.Compare)
		wake := asleep[first]
		delete(asleep, first)
		now = first
		mu.Unlock()
		close(wake)
		select {
		case <-entered: // not yet
		case at := <-woken:
			went = append(went, at.Sub(start))
		}
	}
	require.GreaterOrEqual(t, went[0], 10*time.Second, "want a request that slept already to wait on: %v", went)
	for i := 1; i < n; i++ {
		require.GreaterOrEqual(t, went[i]-went[i-1], time.Second, "want the rate kept behind the pause: %v", went)
	}
}

func keysOf(m map[time.Time]chan struct{}) func(func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestARequestIsPutOffAsTheTargetAsks(t *testing.T) {
	now := newFakeClock().now()
	in := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	const budget = 100 * time.Second
	rows := []struct {
		why   string
		r     *record.Response
		again bool
		wait  time.Duration
	}{
		{"429 with seconds", answer429("7"), true, 7 * time.Second},
		{"429 with blanks", answer429("  7 "), true, 7 * time.Second},
		{"429 with a date", answer429(in(9 * time.Second)), true, 9 * time.Second},
		{"429 with a date of RFC 850", answer429(now.Add(9 * time.Second).Format("Monday, 02-Jan-06 15:04:05 GMT")), true, 9 * time.Second},
		{"429 with a date of asctime", answer429(now.Add(9 * time.Second).Format(time.ANSIC)), true, 9 * time.Second},
		{"429 with a date that has passed", answer429(in(-time.Hour)), true, 0},
		{"429 with nothing", answer429(), true, defaultPause},
		{"429 with an empty value", answer429(""), true, defaultPause},
		{"429 with garbage", answer429("soon"), true, defaultPause},
		{"429 with a fraction", answer429("1.5"), true, defaultPause},
		{"429 with less than nothing", answer429("-5"), true, defaultPause},
		{"429 with two values", answer429("3", "9"), true, 3 * time.Second},
		{"429 with no time at all", answer429("0"), true, 0},
		{"429 with as much as there is", answer429("100"), true, budget},
		{"429 with more than there is", answer429("101"), false, 0},
		{"429 with a century", answer429("3155760000"), false, 0},
		{"429 with more than a number holds", answer429("99999999999999999999999999"), false, 0},
		{"429 with a date in a thousand years", answer429("Fri, 02 Jan 3026 03:04:05 GMT"), false, 0},
		{"503 with seconds", answer503("7"), true, 7 * time.Second},
		{"503 with a date", answer503(in(time.Second)), true, time.Second},
		{"503 with nothing", answer503(), true, defaultPause},
		{"503 with garbage", answer503("soon"), true, defaultPause},
		{"502 with nothing", &record.Response{Status: 502}, true, defaultPause},
		{"504 with seconds", &record.Response{Status: 504, Header: http.Header{"Retry-After": {"7"}}}, true, 7 * time.Second},
		{"503 with more than there is", answer503("99999999999999999999999999"), false, 0},
		{"201", &record.Response{Status: 201, Header: http.Header{"Retry-After": {"7"}}}, false, 0},
		{"301", &record.Response{Status: 301, Header: http.Header{"Retry-After": {"7"}}}, false, 0},
		{"400", &record.Response{Status: 400, Header: http.Header{"Retry-After": {"7"}}}, false, 0},
		{"500", &record.Response{Status: 500, Header: http.Header{"Retry-After": {"7"}}}, false, 0},
		{"no answer", nil, false, 0},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			clock := newFakeClock()
			p := newPacer(clock.options(Options{RetryTime: budget}))
			require.Equal(t, r.again, p.putOff(r.r, 1))
			require.NoError(t, p.turn(t.Context()))
			require.Equal(t, r.wait, clock.now().Sub(now))
			require.Equal(t, record.PaceInfo{Retries: map[bool]int{true: 1}[r.again], Waited: r.wait}, p.info())

			impatient := newPacer(clock.options(Options{}))
			require.False(t, impatient.putOff(r.r, 1), "want no wait where none is allowed")
			require.Zero(t, impatient.info())
			require.False(t, p.putOff(r.r, attempts), "want an end of attempts")
		})
	}
}

func TestWaitsThatOverlapAreCountedOnce(t *testing.T) {
	clock := newFakeClock()
	p := newPacer(clock.options(Options{RetryTime: 10 * time.Second}))
	require.True(t, p.putOff(answer429("6"), 1))
	require.True(t, p.putOff(answer429("6"), 1))
	require.True(t, p.putOff(answer429("4"), 1), "want a shorter wait to be part of the longer")
	require.Equal(t, record.PaceInfo{Retries: 3, Waited: 6 * time.Second}, p.info())
	require.True(t, p.putOff(answer429("8"), 1), "want what is longer to count by the rest")
	require.Equal(t, record.PaceInfo{Retries: 4, Waited: 8 * time.Second}, p.info())
	require.True(t, p.putOff(answer429("8"), 1), "want a wait that is under way to cost nothing, however little is left")
	require.False(t, p.putOff(answer429("11"), 1))
	require.Equal(t, record.PaceInfo{Retries: 5, Waited: 8 * time.Second}, p.info())
	require.NoError(t, p.turn(t.Context()))
	require.Equal(t, []time.Duration{8 * time.Second}, clock.slept)

	require.False(t, p.putOff(answer429("3"), 1), "want no more than the budget")
	require.True(t, p.putOff(answer429("2"), 1))
	require.NoError(t, p.turn(t.Context()))
	require.False(t, p.putOff(answer429("1"), 1))
	require.Equal(t, record.PaceInfo{Retries: 6, Waited: 10 * time.Second}, p.info())
}

func TestATurnEndsWithItsRun(t *testing.T) {
	clock := newFakeClock()
	ctx, cancel := context.WithCancel(t.Context())
	p := newPacer(clock.options(Options{RetryTime: time.Hour, Rate: Rate{1, time.Second}}))
	cancel()
	require.ErrorIs(t, p.turn(ctx), context.Canceled, "want no request of a run that was stopped")
	require.True(t, p.putOff(answer429("5"), 1))
	require.ErrorIs(t, p.turn(ctx), context.Canceled)

	cause := errors.New("enough")
	p.sleep = func(context.Context, time.Duration) error { return cause }
	require.ErrorIs(t, p.turn(t.Context()), cause)
}

func TestTheClockIsReal(t *testing.T) {
	require.NoError(t, byTheClock(t.Context(), time.Nanosecond))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, byTheClock(ctx, time.Hour), context.Canceled)
}

// patient runs part of the suite against a server, by a fake clock.
func patient(t *testing.T, h http.Handler, o Options) (*record.Report, *fakeClock) {
	t.Helper()
	clock := newFakeClock()
	s, err := remoteSuite()
	require.NoError(t, err)
	o = clock.options(o)
	r, err := s.Run(t.Context(), Target{Handler: h, Token: "token-of-one-who-may"}, o)
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
				r, clock := patient(t, troubled(t, name), Options{Run: fewCases, Parallel: parallel, RetryTime: time.Hour, Level: record.Documented})
				require.Equal(t, record.Conformant, r.Verdict, r.Reason)
				require.Zero(t, r.Totals.Errored)
				require.Positive(t, r.Pace.Retries)
				require.Equal(t, r.Pace.Retries, retriesOf(r))
				require.Positive(t, r.Pace.Waited)
				require.LessOrEqual(t, r.Pace.Waited, time.Duration(r.Pace.Retries)*2*time.Second, "want waits that overlap counted once")
				require.NotEmpty(t, clock.slept)
			})
		}
	}
}

func TestARunThatMayNotWaitSaysSo(t *testing.T) {
	r, clock := patient(t, troubled(t, "throttled-every-third"), Options{Run: fewCases})
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
		{"unavailable for ever", troubled(t, "unavailable"), 20 * time.Second, "each was answered 503, as by a proxy", 20 * time.Second},
		{"unavailable, without a time", refusingWith(503), 20 * time.Second, "each was answered 503, as by a proxy", 20 * time.Second},
		{"no gateway's server", refusingWith(502), 0, "each was answered 502, as by a proxy", 0},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			r, clock := patient(t, row.h, Options{Run: fewCases, RetryTime: row.budget})
			require.Equal(t, record.Unjudged, r.Verdict)
			require.Zero(t, r.Totals.Findings)
			require.LessOrEqual(t, r.Pace.Waited, row.most)
			for _, c := range r.Cases {
				for _, x := range c.Exchanges {
					require.Less(t, x.Retries, attempts)
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
		s, err := remoteSuite()
		require.NoError(t, err)
		r, err := s.Run(t.Context(), Target{Handler: limited, Token: "token-of-one-who-may"}, clock.options(Options{RetryTime: row.budget, Strict: true, Parallel: 1}))
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
	s, err := remoteSuite()
	require.NoError(t, err)
	r, err := s.Run(t.Context(), Target{Token: "token-of-one-who-may", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		at = append(at, clock.now())
		mu.Unlock()
		h.ServeHTTP(w, r)
	})}, clock.options(Options{Run: fewCases, Parallel: 1, Rate: Rate{2, time.Second}}))
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
	s, err := remoteSuite()
	require.NoError(t, err)
	h := refusingWith(429, "3600")
	r, err := s.Run(ctx, Target{Token: "token-of-one-who-may", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		h.ServeHTTP(w, r)
	})}, Options{Run: fewCases, RetryTime: math.MaxInt64, Parallel: 1, Sleep: func(ctx context.Context, d time.Duration) error {
		cancel() // as somebody does who sees that it will take an hour
		return ctx.Err()
	}})
	require.NoError(t, err)
	require.Equal(t, int64(1), asked.Load())
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "interrupted")
	require.Equal(t, r.Totals.Total, r.Totals.Skipped+r.Totals.NotApplicable)
}
