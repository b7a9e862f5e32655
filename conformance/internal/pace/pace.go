// Package pace spaces the requests of a run: it keeps a rate, and waits where the target
// answers that it is unavailable for a while.
package pace

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

// A Config says how fast requests may be sent.
type Config struct {
	Interval time.Duration // between two requests at least; zero for no limit
	// how long to wait in all where the target asks for it; zero for not at all
	RetryTime time.Duration
	Now       func() time.Time                           // the clock; required
	Sleep     func(context.Context, time.Duration) error // by the same clock; required
}

// A Pacer says when the next request may be sent, and counts how long a run has waited
// because the target asked it to.
type Pacer struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
	limit *rate.Limiter // nil for none

	mu      sync.Mutex
	until   time.Time     // nothing is sent before
	waits   bool          // at all
	left    time.Duration // that may still be waited
	retries int
	waited  time.Duration
	turns   map[int]time.Time // of the requests that wait for theirs, by the number of the wait
	waiting int               // the number of the last wait
}

// New returns a pacer that has waited for nothing yet.
func New(c Config) *Pacer {
	p := &Pacer{now: c.Now, sleep: c.Sleep, waits: c.RetryTime > 0, left: c.RetryTime}
	if c.Interval > 0 {
		p.limit = rate.NewLimiter(rate.Every(c.Interval), 1)
	}
	return p
}

// Turn waits until a request may be sent. Its error is that of ctx, or of the sleep.
func (p *Pacer) Turn(ctx context.Context) error {
	for {
		now := p.now()
		at := later(p.earliest(), now)
		if p.limit != nil {
			at = at.Add(p.limit.ReserveN(at, 1).DelayFrom(at))
		}
		if wait := at.Sub(now); wait > 0 {
			done := p.waitsUntil(at)
			err := p.sleep(ctx, wait)
			done()
			if err != nil {
				return err
			}
		}
		// Meanwhile the target may have asked to come back later still.
		if !p.earliest().After(at) {
			return ctx.Err()
		}
	}
}

// Ready waits where the target has asked to come back later, and keeps no rate. Its error is
// that of ctx, or of the sleep.
func (p *Pacer) Ready(ctx context.Context) error {
	for {
		wait := p.earliest().Sub(p.now())
		if wait <= 0 {
			return ctx.Err()
		}
		if err := p.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// waitsUntil notes that a request waits for its turn, until done.
func (p *Pacer) waitsUntil(at time.Time) (done func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.turns == nil {
		p.turns = map[int]time.Time{}
	}
	p.waiting++
	number := p.waiting
	p.turns[number] = at
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.turns, number)
	}
}

// Waits returns how long nothing is sent because the target asked to come back later, and how long
// it is until the next turn if every request that is not under way waits for one; zero for neither.
func (p *Pacer) Waits() (asked, turn time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for _, at := range p.turns {
		if left := at.Sub(now); left > 0 && (turn == 0 || left < turn) {
			turn = left
		}
	}
	return max(p.until.Sub(now), 0), turn
}

// earliest is the time before which nothing is sent.
func (p *Pacer) earliest() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// MaxAttempts is how often one request is sent at most where it is put off.
const MaxAttempts = 10

// defaultPause is the wait where a 429, 502, 503 or 504 does not say how long: RFC
// 6585 section 4 and RFC 9110 section 15.6.4 leave Retry-After to the server.
const defaultPause = time.Second

// PutOff reports whether the answer says that the target is unavailable for a while,
// and there is time left to wait. Then all requests wait. attempt is how often the
// request was sent.
func (p *Pacer) PutOff(r *record.Response, attempt int) bool {
	if r == nil || attempt >= MaxAttempts {
		return false
	}
	pause, asked := RetryAfter(r.Header.Get("Retry-After"), p.now())
	switch {
	case r.Status != http.StatusTooManyRequests && !Unavailable(r.Status):
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

// Unavailable reports whether a status says that the target is unavailable for a while. A
// gateway or a proxy in front of an implementation may answer so (RFC 9110 15.6.3 to
// 15.6.5).
func Unavailable(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable ||
		status == http.StatusGatewayTimeout
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// RetryAfter reads the value of the field Retry-After, seconds or a date (RFC 9110 10.2.3),
// and returns how long after now it asks to wait. A date that has passed is no wait.
func RetryAfter(value string, now time.Time) (pause time.Duration, ok bool) {
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

// Sleep sleeps by the clock of the machine, until ctx ends at most.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Info returns what a report says of the waits.
func (p *Pacer) Info() record.PaceInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return record.PaceInfo{Retries: p.retries, Waited: p.waited}
}
