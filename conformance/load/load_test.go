package load_test

import (
	"context"
	"fmt"
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
	"fmaspec/conformance/load"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

const token, machine = "token-of-the-test-0123456789", "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"

// builtIn is the suite that the tests share: a Suite is not changed after Load.
var builtIn = sync.OnceValues(func() (*conformance.Suite, error) { return conformance.Load(conformance.Contract{}) })

// A clock goes on when somebody sleeps or says so. Who sleeps for a second, as what reports the
// state of a load does, waits until others have made that second pass.
type clock struct {
	mu   sync.Mutex
	gone *sync.Cond
	at   time.Time
}

func newClock() *clock {
	c := &clock{at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	c.gone = sync.NewCond(&c.mu)
	return c
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.gone.Broadcast()
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	if d != time.Second {
		c.add(d)
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer context.AfterFunc(ctx, func() { c.add(0) })()
	for until := c.at.Add(d); c.at.Before(until) && ctx.Err() == nil; {
		c.gone.Wait()
	}
	return ctx.Err()
}

// server is the embedded server by a clock, which takes a time for each answer.
type server struct {
	http.Handler
	clock *clock
	takes func(n int64) time.Duration
	n     atomic.Int64
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Handler.ServeHTTP(w, r)
	s.clock.add(s.takes(s.n.Add(1)))
}

// honest is a server that takes a millisecond for each answer.
func honest(c *clock) *server {
	return &server{Handler: reference.New(reference.Config{Token: token, Now: c.now}), clock: c,
		takes: func(int64) time.Duration { return time.Millisecond }}
}

const plain = "/valid/accepts-plain-request$|/body/refuses-missing-comment$"

// put puts a handler under load.
func put(t *testing.T, ctx context.Context, h http.Handler, c *clock, o load.Options) *record.Report {
	t.Helper()
	return putTarget(t, ctx, conformance.Target{Handler: h, Token: token, Machine: machine}, c, o)
}

func putTarget(t *testing.T, ctx context.Context, target conformance.Target, c *clock, o load.Options) *record.Report {
	t.Helper()
	s, err := builtIn()
	require.NoError(t, err)
	plan, err := s.Plan(t.Context(), target, conformance.Options{Seed: "test", Run: plain, Parallel: 1, Now: c.now,
		Sleep: c.sleep})
	require.NoError(t, err)
	o.Seed, o.Now, o.Sleep = "test", c.now, c.sleep
	r, err := load.Run(ctx, plan, o)
	require.NoError(t, err)
	require.NotNil(t, r.Load)
	return r
}

func TestClosedModel(t *testing.T) {
	c := newClock()
	h := honest(c)
	h.takes = func(n int64) time.Duration { // nine of ten take 1 ms, one takes 20 ms
		if n%10 == 0 {
			return 20 * time.Millisecond
		}
		return time.Millisecond
	}
	r := put(t, t.Context(), h, c, load.Options{Duration: 3 * time.Second, WarmUp: time.Second, Workers: 1})
	l := r.Load
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.Equal(t, record.ClosedModel, l.Model)
	require.Empty(t, l.Flips)
	require.Empty(t, l.Errors)
	require.Nil(t, l.Behind)
	require.InDelta(t, 3/0.0029, float64(l.Requests), 20, "one answer takes 2.9 ms on average")
	require.InDelta(t, 1/0.0029, l.Throughput, 7)
	require.InDelta(t, time.Millisecond, l.Latency[0].P50, 2e3)
	require.InDelta(t, 20*time.Millisecond, l.Latency[0].P95, 4e4)
	require.Len(t, l.Series, 4)
	require.Equal(t, -time.Second, l.Series[0].At, "the warm-up is in the series, and nowhere else")
	count := int64(0)
	for _, row := range l.Latency[1:] {
		count += row.Count
	}
	require.Equal(t, l.Requests, count)
	require.Len(t, l.Latency, 5, "two operations, each with accepted and refused requests")
	for id, n := range l.Sent {
		require.InDelta(t, float64(l.Judged)/4, float64(n), float64(l.Judged)/20, id)
	}
	for _, cases := range r.Cases {
		require.LessOrEqual(t, len(cases.Exchanges), 4, "what shows nothing new is counted alone")
		require.Positive(t, cases.Dropped)
	}
}

// A server that stops for a second cannot hide it from the open model: what was to be sent
// meanwhile counts as slow.
func TestOpenModelIsCorrectedForCoordinatedOmission(t *testing.T) {
	for _, model := range []string{record.ClosedModel, record.OpenModel} {
		c := newClock()
		h := honest(c)
		h.takes = func(n int64) time.Duration {
			if n == 100 {
				return 200 * time.Millisecond
			}
			return time.Millisecond
		}
		o := load.Options{Duration: 2 * time.Second, Workers: 1}
		if model == record.OpenModel {
			o.Rate = conformance.Rate{N: 100, Per: time.Second}
		}
		l := put(t, t.Context(), h, c, o).Load
		require.Equal(t, model, l.Model)
		p95 := time.Duration(l.Latency[0].P95)
		if model == record.ClosedModel {
			require.Less(t, p95, 2*time.Millisecond)
			continue
		}
		require.Equal(t, "100/s", l.Rate)
		require.InDelta(t, 200, float64(l.Requests), 1)
		// Of 200 requests twenty were to be sent in that time: they waited from 0 to 200 ms.
		require.InDelta(t, 100*time.Millisecond, p95, float64(30*time.Millisecond))
		require.InDelta(t, 22, float64(l.Behind.Late), 3)
		require.InDelta(t, 200*time.Millisecond, l.Behind.Most, float64(20*time.Millisecond))
	}
}

// onceIn answers one request in n in another way.
func onceIn(n int64, h http.Handler, other http.HandlerFunc) http.Handler {
	var count atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1)%n == 0 {
			other(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func TestACaseThatFlipsIsShownWithItsNeighbours(t *testing.T) {
	c := newClock()
	flips := 0
	broken := func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		reference.New(reference.Config{Token: token, Now: c.now}).ServeHTTP(answer, r)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.WriteHeader(answer.Code)
		w.Write([]byte(strings.ReplaceAll(answer.Body.String(), `"id"`, `"identity"`)))
	}
	r := put(t, t.Context(), onceIn(101, honest(c), broken), c, load.Options{Duration: time.Second, Workers: 1,
		Gates: load.Gates{MaxFlips: &flips}})
	require.Equal(t, record.NotConformant, r.Verdict)
	require.NotEmpty(t, r.Load.Flips)
	require.True(t, r.Load.Fails())
	require.Equal(t, []record.Gate{{Name: "max-flips", Want: "at most 0", Got: fmt.Sprint(len(r.Load.Flips)),
		Failed: true}}, r.Load.Gates)
	f := r.Load.Flips[0]
	require.Len(t, f.Ways, 2)
	require.Empty(t, f.Ways[0].Findings, "it mostly passed")
	require.Positive(t, f.Ways[1].Count)
	require.Contains(t, f.Ways[1].Findings[0], "/id")
	require.Equal(t, f.Judged, f.Ways[0].Count+f.Ways[1].Count)
	require.Contains(t, string(f.Exchange.Response.Body), `"identity"`)
	require.Len(t, f.Before, 4)
	require.Len(t, f.After, 4)
	require.NotNil(t, f.Connection)
	require.Equal(t, f.Before[3], *f.Connection, "there is one worker with one connection")
	require.NotContains(t, fmt.Sprint(r.Load), token)
}

func TestALoadStopsOnAFailure(t *testing.T) {
	c := newClock()
	r := put(t, t.Context(),
		onceIn(100, honest(c), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }), c,
		load.Options{Duration: time.Hour, Workers: 1, StopOnFailure: true})
	require.Contains(t, r.Load.Stopped, "failed, and the load was to stop on a failure")
	require.Less(t, r.Load.Judged, int64(200))
	require.Equal(t, record.NotConformant, r.Verdict)
}

func TestGates(t *testing.T) {
	c := newClock()
	none, errors := 0, onceIn(50, honest(c), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	o := load.Options{Duration: time.Second, Workers: 1, Gates: load.Gates{MaxP99: 500 * time.Microsecond,
		MinThroughput: conformance.Rate{N: 2000, Per: time.Second}, MaxErrors: &none}}
	r := put(t, t.Context(), errors, c, o)
	for _, g := range r.Load.Gates {
		require.True(t, g.Failed, g.Name)
	}
	require.Len(t, r.Load.Gates, 3)
	require.Equal(t, "503", r.Load.Errors[0].Cause)
	require.Positive(t, r.Load.Errors[0].Count)
	require.Empty(t, r.Load.Flips, "a temporary state is no verdict")

	many := 1000
	o.Gates = load.Gates{MaxP99: 2 * time.Millisecond, MinThroughput: conformance.Rate{N: 900, Per: time.Second},
		MaxErrors: &many, MaxFlips: &none}
	r = put(t, t.Context(), honest(c), c, o)
	require.Len(t, r.Load.Gates, 4)
	require.False(t, r.Load.Fails(), "%v", r.Load.Gates)
}

// A target that goes away and comes back is waited for: what it lost is in the series, and in
// no verdict.
func TestAnOutageIsNoVerdict(t *testing.T) {
	for _, back := range []bool{true, false} {
		c := newClock()
		h := honest(c)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := listener.Addr().String()
		var mu sync.Mutex
		var current *http.Server
		serve := func(l net.Listener) {
			mu.Lock()
			defer mu.Unlock()
			current = &http.Server{Handler: h}
			go current.Serve(l)
		}
		h.takes = func(n int64) time.Duration {
			if n == 300 {
				mu.Lock()
				defer mu.Unlock()
				go current.Close()
			}
			return time.Millisecond
		}
		serve(listener)
		looks := 0
		o := load.Options{Duration: 4 * time.Second, Workers: 1, Wait: 7 * time.Second}
		s, err := builtIn()
		require.NoError(t, err)
		plan, err := s.Plan(t.Context(), conformance.Target{URL: "http://" + address, Token: token, Machine: machine},
			conformance.Options{Seed: "test", Run: plain, Parallel: 1, Now: c.now, Sleep: c.sleep})
		require.NoError(t, err)
		o.Seed, o.Now = "test", c.now
		o.Sleep = func(ctx context.Context, d time.Duration) error {
			if d == time.Second {
				return c.sleep(ctx, d)
			}
			if looks++; looks == 3 && back {
				l, err := net.Listen("tcp", address)
				require.NoError(t, err)
				serve(l)
			}
			return c.sleep(ctx, d)
		}
		r, err := load.Run(t.Context(), plan, o)
		require.NoError(t, err)
		require.NotEmpty(t, r.Load.Outages)
		require.Empty(t, r.Load.Flips)
		require.Positive(t, r.Load.Outages[0].Lost)
		if !back {
			require.Contains(t, r.Load.Stopped, "the target could not be reached for")
			require.Zero(t, r.Load.Outages[0].Ended)
			continue
		}
		require.Equal(t, record.Conformant, r.Verdict, "%s", r.Reason)
		require.Empty(t, r.Load.Stopped)
		require.NotZero(t, r.Load.Outages[0].Ended)
		require.Greater(t, r.Load.Requests, int64(1000))
		down := 0
		for _, p := range r.Load.Series {
			if p.Down {
				down++
			}
		}
		require.Equal(t, 1, down)
		mu.Lock()
		current.Close()
		mu.Unlock()
	}
}

func TestAnInterruptedLoadHasNoVerdict(t *testing.T) {
	c := newClock()
	ctx, cancel := context.WithCancel(t.Context())
	h := honest(c)
	h.takes = func(n int64) time.Duration {
		if n == 300 {
			cancel()
		}
		return time.Millisecond
	}
	r := put(t, ctx, h, c, load.Options{Duration: time.Hour, Workers: 2})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.True(t, r.Interrupted)
	require.Positive(t, r.Load.Requests, "what was measured so far is there")
}

func TestACheckpointAMinute(t *testing.T) {
	c := newClock()
	var loads []int64
	o := load.Options{Duration: 10 * time.Minute, Workers: 1, Checkpoint: func(r *record.Report) {
		loads = append(loads, r.Load.Requests)
	}}
	h := honest(c)
	h.takes = func(int64) time.Duration { return 200 * time.Millisecond }
	put(t, t.Context(), h, c, o)
	require.InDelta(t, 6+9, len(loads), 1, "after 1, 2, 4, 8, 16 and 32 seconds, and then once a minute")
	require.IsIncreasing(t, loads)
}

func TestOptionsThatMeasureNothing(t *testing.T) {
	s, err := builtIn()
	require.NoError(t, err)
	for _, row := range []struct {
		o    load.Options
		says string
	}{
		{load.Options{}, "a load of 0s measures nothing; give 1s or more"},
		{load.Options{Duration: time.Second, Workers: -1}, "-1 workers: give a number from 1 to 10000"},
		{load.Options{Duration: time.Second, WarmUp: -1}, "must not be negative"},
		{load.Options{Duration: time.Second, Mix: []record.MixPart{{Cases: "(", Weight: 1}}}, "mix (: "},
		{load.Options{Duration: time.Second, Mix: []record.MixPart{{Cases: "accepted", Weight: -1}}}, "no such weight"},
		{load.Options{Duration: time.Second, Mix: []record.MixPart{{Cases: "accepted"}}}, "every weight is 0"},
		{load.Options{Duration: time.Second, Mix: []record.MixPart{{Cases: "nothing", Weight: 1}}},
			"no case of the run"},
	} {
		plan, err := s.Plan(t.Context(),
			conformance.Target{Handler: honest(newClock()), Token: token, Machine: machine},
			conformance.Options{Run: plain})
		require.NoError(t, err)
		_, err = load.Run(t.Context(), plan, row.o)
		var misuse *conformance.UsageError
		require.ErrorAs(t, err, &misuse)
		require.ErrorContains(t, err, row.says)
	}
}

// A load on another machine needs an operation that is armed, a rate, and a budget that reaches.
func TestALoadElsewhereIsBounded(t *testing.T) {
	s, err := builtIn()
	require.NoError(t, err)
	plan := func(o conformance.Options) *conformance.Plan {
		o.Run = plain
		p, err := s.Plan(t.Context(), conformance.Target{URL: "https://tenant.example", Token: token, Machine: machine,
			File: "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}, o)
		require.NoError(t, err)
		return p
	}
	armed := conformance.Options{AcceptRisk: []string{"requestSample"}, MaxActions: 100,
		Allow: func(_, _, _ string) error { return nil }, Journal: func(record.JournalEntry) error { return nil }}
	slow := conformance.Rate{N: 6, Per: time.Minute}
	for _, row := range []struct {
		plan conformance.Options
		load load.Options
		says string
	}{
		{conformance.Options{}, load.Options{Duration: time.Minute, Rate: slow}, "no operation is armed"},
		{armed, load.Options{Duration: time.Minute}, "have no bound; pass -rate, such as 5/s"},
		{armed, load.Options{Duration: time.Hour, Rate: slow},
			"where at most 100 may; pass a -max-actions that reaches"},
	} {
		_, err := load.Run(t.Context(), plan(row.plan), row.load)
		var unsafe *conformance.SafetyError
		require.ErrorAs(t, err, &unsafe)
		require.ErrorContains(t, err, row.says)
		require.ErrorContains(t, err, "https://tenant.example is not loopback")
	}
	p := plan(armed)
	n, err := load.Effects(p, load.Options{Duration: 10 * time.Minute, WarmUp: time.Minute, Rate: slow})
	require.NoError(t, err)
	// Of 66 requests half are to be accepted, all of the operation that is armed.
	require.Positive(t, p.Actions)
	require.InDelta(t, p.Actions+66/2, n, 9)
}
