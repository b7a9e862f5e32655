package credential

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReuseRenewsShortlyBeforeTheEnd(t *testing.T) {
	start := time.Unix(1500000000, 0)
	claims := made(`{"alg":"none"}`, fmt.Sprintf(`{"exp":%d}`, start.Add(time.Hour).Unix()))
	for _, row := range []struct {
		token Token
		after time.Duration
		want  int
		why   string
	}{
		{Token{Value: "a", Expiry: start.Add(time.Hour)}, 59*time.Minute - time.Second, 1,
			"it is still good for more than a minute"},
		{Token{Value: "a", Expiry: start.Add(time.Hour)}, 59 * time.Minute, 2, "a minute before the end it is renewed"},
		{Token{Value: "a", Expiry: start.Add(100 * time.Second)}, 89 * time.Second, 1, "of a short life"},
		{Token{Value: "a", Expiry: start.Add(100 * time.Second)}, 90 * time.Second, 2, "a tenth is left"},
		{Token{Value: claims}, 59*time.Minute - time.Second, 1, "a token says itself"},
		{Token{Value: claims}, 59 * time.Minute, 2, "when it ends"},
		{Token{Value: "a"}, 1000 * time.Hour, 1, "without an end it is kept for good"},
		{Token{Value: "a", Expiry: start.Add(-time.Hour)}, 0, 2, "one that has ended is never kept"},
	} {
		calls, now := 0, start
		source := Reuse(func(context.Context) (Token, error) { calls++; return row.token, nil },
			func() time.Time { return now })
		for range 2 {
			got, err := source(t.Context())
			require.NoError(t, err)
			require.Equal(t, row.token, got)
			now = start.Add(row.after)
		}
		if calls != row.want {
			t.Errorf("want %d calls, got %d: %s", row.want, calls, row.why)
		}
	}
}

func TestReuseAsksOnceHoweverManyWait(t *testing.T) {
	const callers = 50
	var calls atomic.Int64
	hold := make(chan struct{})
	source := Reuse(func(context.Context) (Token, error) {
		calls.Add(1)
		<-hold
		return Token{Value: "a"}, nil
	}, time.Now)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			got, err := source(t.Context())
			if err != nil || got.Value != "a" {
				t.Errorf("want the token, got %v, %v", got, err)
			}
		})
	}
	close(hold)
	all.Wait()
	if n := calls.Load(); n != 1 {
		t.Errorf("want 1 call, got %d", n)
	}
}

// flying returns a source with one call under way, which ends as end says.
func flying(t *testing.T, ctx context.Context, end chan error) (source Source, calls *atomic.Int64, first chan error) {
	t.Helper()
	calls, first = &atomic.Int64{}, make(chan error, 1)
	begun := make(chan struct{})
	source = Reuse(func(ctx context.Context) (Token, error) {
		if calls.Add(1) > 1 {
			return Token{Value: "second"}, nil
		}
		close(begun)
		return Token{Value: "first"}, <-end
	}, time.Now)
	go func() {
		_, err := source(ctx)
		first <- err
	}()
	<-begun
	return source, calls, first
}

func TestReuseTellsAFailureToAllWhoWait(t *testing.T) {
	end := make(chan error)
	source, calls, first := flying(t, t.Context(), end)
	second := make(chan error, 1)
	waiting := awaited(t.Context())
	go func() {
		_, err := source(waiting)
		second <- err
	}()
	<-waiting.asked // it waits for the first
	end <- errors.New("refused")
	require.EqualError(t, <-first, "refused")
	require.EqualError(t, <-second, "refused")
	require.Equal(t, int64(1), calls.Load())
	got, err := source(t.Context())
	require.NoError(t, err)
	require.Equal(t, "second", got.Value, "a failure is not kept")
}

func TestWhoGivesUpDoesNotSpoilItForOthers(t *testing.T) {
	end := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	source, _, first := flying(t, ctx, end)
	second := make(chan Token, 1)
	waiting := awaited(t.Context())
	go func() {
		got, err := source(waiting)
		if err != nil {
			t.Errorf("want a token, got %v", err)
		}
		second <- got
	}()
	<-waiting.asked
	cancel()
	end <- ctx.Err()
	require.ErrorIs(t, <-first, context.Canceled)
	if got := <-second; got.Value != "second" {
		t.Errorf("want a token of another call, got %q", got.Value)
	}
}

func TestWaitingForATokenEndsWithTheContext(t *testing.T) {
	end := make(chan error)
	source, _, first := flying(t, t.Context(), end)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := source(ctx)
	require.EqualError(t, err, "waiting for a token: context canceled; give it more time")
	end <- nil
	require.NoError(t, <-first)
}

// A waiter is a context that reports when somebody waits for its end.
type waiter struct {
	context.Context
	asked chan struct{}
	once  *sync.Once
}

func awaited(ctx context.Context) waiter {
	return waiter{ctx, make(chan struct{}), &sync.Once{}}
}

func (w waiter) Done() <-chan struct{} {
	w.once.Do(func() { close(w.asked) })
	return w.Context.Done()
}
