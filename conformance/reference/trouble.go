package reference

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"fmaspec/conformance/internal/pace"
)

// A Trouble is one named way in which a server that keeps the contract is hard
// to use all the same, as services are when they are busy. It says nothing
// against a server, and a lot about its clients.
type Trouble struct {
	Name string                          // a slug that says what happens
	Says string                          // what the server does, for a sentence with the subject "it"
	Wrap func(http.Handler) http.Handler // starts with new state
}

// A Wait returns nil once the time has passed, and the context's error where
// that ends first.
type Wait func(ctx context.Context, d time.Duration) error

// lateness is how long the trouble "late" lasts.
const lateness = 3 * time.Second

// Troubles returns the table of troubles. They wait by wait; nil is by the clock.
func Troubles(wait Wait) []Trouble {
	throttled := busy(refusal{status: http.StatusTooManyRequests, code: "TooManyRequests",
		message: "Too many requests. You can send requests again in 2 seconds."}, "2")
	briefly := busy(refusal{status: http.StatusTooManyRequests, code: "TooManyRequests",
		message: "Too many requests. You can send requests again in 1 second."}, "1")
	unavailable := busy(refusal{status: http.StatusServiceUnavailable, code: "ServiceUnavailable",
		message: "The service is not available. Try again later."}, "2")
	return []Trouble{
		{"throttled", "answers 429 with Retry-After to every request", throttled(func(int64) bool { return true })},
		{"throttled-every-third", "answers 429 with Retry-After to every third request",
			throttled(func(n int64) bool { return n%3 == 0 })},
		{"throttled-every-hundredth", "answers 429 with Retry-After to every hundredth request",
			briefly(func(n int64) bool { return n%100 == 0 })},
		{"unavailable", "answers 503 with Retry-After to every request", unavailable(func(int64) bool { return true })},
		{"unavailable-once", "answers 503 with Retry-After to the first request alone",
			unavailable(func(n int64) bool { return n == 1 })},
		{"loses-every-third-answer", "carries out every third request and closes the connection without an answer",
			loseAnswer(func(n int64) bool { return n%3 == 0 })},
		{"late", "takes three seconds for every answer", Late(lateness, wait)},
	}
}

// busy returns a wrap that answers with the refusal, and after how many seconds to come back
// (RFC 9110 section 10.2.3), the requests whose number, from 1, is turned away.
func busy(no refusal, seconds string) func(turnsAway func(n int64) bool) wrap {
	no.header = http.Header{"Retry-After": {seconds}}
	return func(turnsAway func(n int64) bool) wrap {
		return func(h http.Handler) http.Handler {
			var n atomic.Int64
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !turnsAway(n.Add(1)) {
					h.ServeHTTP(w, r)
					return
				}
				_, _ = readBody(r.Body) // keeps the connection usable
				no.answer().write(w)
			})
		}
	}
}

// loseAnswer returns a wrap that carries out every request, and leaves those without an answer
// whose number, from 1, is lost. What was to be the answer is written, so that an observer in
// front sees what was done, and is dropped with the connection.
func loseAnswer(lost func(n int64) bool) wrap {
	return func(h http.Handler) http.Handler {
		var n atomic.Int64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !lost(n.Add(1)) {
				h.ServeHTTP(w, r)
				return
			}
			h.ServeHTTP(unflushed{w}, r)
			panic(http.ErrAbortHandler)
		})
	}
}

// unflushed hides how an answer is sent before its end: less than the buffer of the server,
// such as an action, is never sent.
type unflushed struct{ w http.ResponseWriter }

func (u unflushed) Header() http.Header         { return u.w.Header() }
func (u unflushed) Write(b []byte) (int, error) { return u.w.Write(b) }
func (u unflushed) WriteHeader(status int)      { u.w.WriteHeader(status) }

// Late delays every answer by d, by wait or where that is nil by the clock. A
// request whose context ends first, since its client or the server goes away,
// is left without an answer.
func Late(d time.Duration, wait Wait) func(http.Handler) http.Handler {
	if wait == nil {
		wait = pace.Sleep
	}
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// A server sees a client go away only when it has read the body.
			body, err := readBody(r.Body)
			if err == nil {
				err = io.EOF
			}
			if wait(r.Context(), d) != nil {
				panic(http.ErrAbortHandler)
			}
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
			h.ServeHTTP(w, r)
		})
	}
}
