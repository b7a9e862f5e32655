package pace

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
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

// pacer returns a pacer that goes by the clock.
func (c *fakeClock) pacer(interval, retryTime time.Duration) *Pacer {
	return New(Config{Interval: interval, RetryTime: retryTime, Now: c.now, Sleep: c.sleep})
}

func answer429(retryAfter ...string) *record.Response {
	return &record.Response{Status: 429, Header: http.Header{"Retry-After": retryAfter}}
}

func answer503(retryAfter ...string) *record.Response {
	return &record.Response{Status: 503, Header: http.Header{"Retry-After": retryAfter}}
}

func TestARateSpacesRequestsEvenly(t *testing.T) {
	for _, interval := range []time.Duration{time.Second, 100 * time.Millisecond, time.Minute / 45,
		2400 * time.Millisecond, 0, -time.Second} {
		t.Run(interval.String(), func(t *testing.T) {
			clock := newFakeClock()
			p := clock.pacer(interval, 0)
			before := clock.now()
			require.NoError(t, p.Turn(t.Context()))
			require.Equal(t, before, clock.now(), "want the first request at once")
			for range 20 {
				require.NoError(t, p.Turn(t.Context()))
				require.InDelta(t, max(interval, 0), clock.now().Sub(before), float64(time.Microsecond))
				before = clock.now()
			}
			require.Zero(t, p.Info(), "want what a user asks for not counted as asked for by the target")
		})
	}
}

func TestARateIsKeptBehindAPause(t *testing.T) {
	// The sleeper is stopped by hand, so that many sleep at the same time.
	start := newFakeClock().now()
	var mu sync.Mutex
	now, asleep := start, map[time.Time]chan struct{}{}
	entered := make(chan struct{})
	p := New(Config{Interval: time.Second, RetryTime: time.Minute,
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
	require.NoError(t, p.Turn(t.Context()))
	woken := make(chan time.Time)
	const n = 4
	for range n { // they get their turn in 1, 2, 3 and 4 seconds
		go func() {
			p.Turn(context.Background())
			woken <- p.now()
		}()
		<-entered
	}
	require.True(t, p.PutOff(answer429("10"), 1)) // nothing before 10 seconds have gone
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
		{"429 with a date of RFC 850", answer429(now.Add(9 * time.Second).Format("Monday, 02-Jan-06 15:04:05 GMT")),
			true, 9 * time.Second},
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
		{"504 with seconds", &record.Response{Status: 504, Header: http.Header{"Retry-After": {"7"}}}, true,
			7 * time.Second},
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
			p := clock.pacer(0, budget)
			require.Equal(t, r.again, p.PutOff(r.r, 1))
			require.NoError(t, p.Turn(t.Context()))
			require.Equal(t, r.wait, clock.now().Sub(now))
			require.Equal(t, record.PaceInfo{Retries: map[bool]int{true: 1}[r.again], Waited: r.wait}, p.Info())

			impatient := clock.pacer(0, 0)
			require.False(t, impatient.PutOff(r.r, 1), "want no wait where none is allowed")
			require.Zero(t, impatient.Info())
			require.False(t, p.PutOff(r.r, MaxAttempts), "want an end of attempts")
		})
	}
}

func TestWaitsThatOverlapAreCountedOnce(t *testing.T) {
	clock := newFakeClock()
	p := clock.pacer(0, 10*time.Second)
	require.True(t, p.PutOff(answer429("6"), 1))
	require.True(t, p.PutOff(answer429("6"), 1))
	require.True(t, p.PutOff(answer429("4"), 1), "want a shorter wait to be part of the longer")
	require.Equal(t, record.PaceInfo{Retries: 3, Waited: 6 * time.Second}, p.Info())
	require.True(t, p.PutOff(answer429("8"), 1), "want what is longer to count by the rest")
	require.Equal(t, record.PaceInfo{Retries: 4, Waited: 8 * time.Second}, p.Info())
	require.True(t, p.PutOff(answer429("8"), 1), "want a wait that is under way to cost nothing, however little "+
		"is left")
	require.False(t, p.PutOff(answer429("11"), 1))
	require.Equal(t, record.PaceInfo{Retries: 5, Waited: 8 * time.Second}, p.Info())
	require.NoError(t, p.Turn(t.Context()))
	require.Equal(t, []time.Duration{8 * time.Second}, clock.slept)

	require.False(t, p.PutOff(answer429("3"), 1), "want no more than the budget")
	require.True(t, p.PutOff(answer429("2"), 1))
	require.NoError(t, p.Turn(t.Context()))
	require.False(t, p.PutOff(answer429("1"), 1))
	require.Equal(t, record.PaceInfo{Retries: 6, Waited: 10 * time.Second}, p.Info())
}

func TestATurnEndsWithItsRun(t *testing.T) {
	clock := newFakeClock()
	ctx, cancel := context.WithCancel(t.Context())
	p := clock.pacer(time.Second, time.Hour)
	cancel()
	require.ErrorIs(t, p.Turn(ctx), context.Canceled, "want no request of a run that was stopped")
	require.True(t, p.PutOff(answer429("5"), 1))
	require.ErrorIs(t, p.Turn(ctx), context.Canceled)

	cause := errors.New("enough")
	p.sleep = func(context.Context, time.Duration) error { return cause }
	require.ErrorIs(t, p.Turn(t.Context()), cause)
}

func TestTheClockIsReal(t *testing.T) {
	require.NoError(t, Sleep(t.Context(), time.Nanosecond))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Sleep(ctx, time.Hour), context.Canceled)
}

func TestWaitsNamesWhatIsWaitedFor(t *testing.T) {
	c := newFakeClock()
	var asked, turn time.Duration
	var p *Pacer
	p = New(Config{Interval: 10 * time.Second, RetryTime: time.Minute, Now: c.now,
		Sleep: func(ctx context.Context, d time.Duration) error {
			asked, turn = p.Waits()
			return c.sleep(ctx, d)
		}})
	require.NoError(t, p.Turn(t.Context()))
	asked, turn = p.Waits()
	require.Zero(t, asked+turn, "want no wait before the first request")
	require.NoError(t, p.Turn(t.Context()))
	require.Equal(t, []time.Duration{0, 10 * time.Second}, []time.Duration{asked, turn})
	asked, turn = p.Waits()
	require.Zero(t, asked+turn, "want no wait after the turn")
	require.True(t, p.PutOff(answer429("30"), 1))
	asked, _ = p.Waits()
	require.Equal(t, 30*time.Second, asked)
	require.NoError(t, p.Ready(t.Context()))
	asked, _ = p.Waits()
	require.Zero(t, asked)
}
