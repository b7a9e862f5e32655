package conformance

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"fmaspec/conformance/record"
)

// A Rate is a number of requests in a time. The zero value is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// A pacer says when the next request may go out, and counts how long a run has
// waited because it was asked to.
type pacer struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
	limit *rate.Limiter // nil for none

	mu      sync.Mutex
	until   time.Time     // nothing is sent before
	waits   bool          // at all
	left    time.Duration // that may still be waited
	retries int
	waited  time.Duration
}

func newPacer(o Options) *pacer {
	p := &pacer{now: o.Now, sleep: o.Sleep, waits: o.RetryTime > 0, left: o.RetryTime}
	if o.Rate.N > 0 {
		p.limit = rate.NewLimiter(rate.Every(o.Rate.Per/time.Duration(o.Rate.N)), 1)
	}
	return p
}

// turn waits until a request may go out. Its error is that of ctx.
func (p *pacer) turn(ctx context.Context) error {
	for {
		now := p.now()
		at := later(p.earliest(), now)
		if p.limit != nil {
			at = at.Add(p.limit.ReserveN(at, 1).DelayFrom(at))
		}
		if wait := at.Sub(now); wait > 0 {
			if err := p.sleep(ctx, wait); err != nil {
				return err
			}
		}
		// Meanwhile the target may have asked to come back later still.
		if !p.earliest().After(at) {
			return ctx.Err()
		}
	}
}

// earliest is the time before which nothing is sent.
func (p *pacer) earliest() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// attempts is how often one request is sent at most, where it is put off.
const attempts = 10

// defaultPause is the wait where a 429, 502, 503 or 504 does not say how long: RFC
// 6585 section 4 and RFC 9110 section 15.6.4 leave Retry-After to the server.
const defaultPause = time.Second

// putOff reports whether the answer tells of a state that passes and the run has
// the time left. Then all requests wait.
func (p *pacer) putOff(r *record.Response, attempt int) bool {
	if r == nil || attempt >= attempts {
		return false
	}
	pause, asked := retryAfter(r.Header.Get("Retry-After"), p.now())
	switch {
	case r.Status != http.StatusTooManyRequests && !passing(r.Status):
		return false
	case !asked:
		pause = defaultPause
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// Requests that are put off at the same time wait at the same time.
	now := p.now()
	until := now.Add(pause)
	more := max(until.Sub(later(p.until, now)), 0)
	if !p.waits || more > p.left {
		return false
	}
	p.retries++
	p.until, p.left, p.waited = later(until, p.until), p.left-more, p.waited+more
	return true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// retryAfter reads the field's value, seconds or a date (RFC 9110 10.2.3). A
// date that has passed is no wait.
func retryAfter(value string, now time.Time) (pause time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	switch seconds, err := strconv.ParseUint(value, 10, 31); {
	case err == nil:
		return time.Duration(seconds) * time.Second, true
	case errors.Is(err, strconv.ErrRange):
		return math.MaxInt64, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}

// byTheClock is the sleep of a run that is given none.
func byTheClock(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// info is what a report says of it.
func (p *pacer) info() record.PaceInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return record.PaceInfo{Retries: p.retries, Waited: p.waited}
}
