package reference

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// stateFaults remember what they should forget, or mix up two requests.
func stateFaults() []Fault {
	isolated := ids("state.isolated")
	identity := ids("action.id", "state.isolated")
	return []Fault{
		{Name: "answers-one-id", Says: "gives every action the same id", Breaks: ids("action.id"),
			Wrap: onAction(set("id", "6f1d364c-680c-499a-b30c-dd9265ad4c9d"))},
		{Name: "answers-nil-id", Says: "gives every action the UUID of zeros", Breaks: ids("action.id"),
			Wrap: onAction(set("id", "00000000-0000-0000-0000-000000000000"))},
		{Name: "answers-nil-id-once", Says: "gives its seventh action the UUID of zeros", Breaks: ids("action.id"),
			Wrap: onCount(func(n int, a *answer, _ *asked) {
				if n == 7 {
					a.edit(set("id", "00000000-0000-0000-0000-000000000000"))
				}
			})},
		{Name: "counts-ids", Says: "gives actions the ids 1, 2, 3", Breaks: ids("action.id"),
			Wrap: onCount(func(n int, a *answer, _ *asked) { a.edit(set("id", strconv.Itoa(n))) })},
		{Name: "repeats-every-second-id", Says: "gives every second action the id of the one before", Breaks: identity,
			Wrap: carry("id", 2)},
		{Name: "answers-id-of-machine", Says: "gives all actions on a machine the same id", Breaks: ids("action.id"),
			Wrap: onAccepted(func(a *answer, q *asked) {
				a.edit(set("id", uuidOf(machineOf(q))))
			})},
		{Name: "answers-id-of-comment", Says: "gives all actions with as long a Comment the same id",
			Breaks: ids("action.id"), Wrap: onAccepted(func(a *answer, q *asked) {
				o, _ := parseObject(q.body)
				s, _ := o.Get("Comment").(string)
				a.edit(set("id", uuidOf(strconv.Itoa(len(s)))))
			})},

		{Name: "answers-previous-sha1", Says: "gives the sha1 of the request before",
			Breaks: ids("action.sha1", "state.isolated", "action.file-id"), Wrap: carry("sha1", 1)},
		{Name: "answers-first-sha1", Says: "gives everyone the sha1 of the first request",
			Breaks: ids("action.sha1", "state.isolated", "action.file-id"), Wrap: keepFirst("sha1")},
		{Name: "answers-previous-file-id", Says: "gives the fileId of the request before",
			Breaks: ids("action.file-id", "state.isolated"), Wrap: carry("fileId", 1)},
		{Name: "answers-first-type", Says: "gives everyone the type of the first request",
			Breaks: ids("action.type", "state.isolated"), Wrap: keepFirst("type")},
		{Name: "answers-previous-type", Says: "gives the type of the request before",
			Breaks: ids("action.type", "state.isolated"), Wrap: carry("type", 1)},
		{Name: "answers-previous-comment", Says: "gives the comment of the request before", Breaks: isolated,
			Wrap: carry("requestorComment", 1)},
		{Name: "answers-first-answer", Says: "gives everyone the answer to the first request",
			Breaks: ids("action.type", "action.sha1", "action.id", "state.isolated"),
			Wrap:   stale(func(*asked) string { return "" })},
		{Name: "answers-first-answer-of-path", Says: "gives everyone the first answer that the path had, as a " +
			"careless cache does", Breaks: ids("action.sha1", "action.id", "state.isolated"),
			Wrap: stale(func(q *asked) string { return q.URL.Path })},
		{Name: "answers-first-answer-of-connection", Says: "gives a connection the first answer that it had",
			Breaks: ids("action.sha1", "action.id", "state.isolated", "action.type"),
			Wrap:   stale(func(q *asked) string { return q.RemoteAddr + q.operationOf() })},
		{Name: "swaps-parallel-answers", Says: "swaps the answers of two requests that are there at once",
			Breaks: ids("action.type", "action.sha1", "state.isolated"), Intermittent: true, Wrap: swapParallel},
		{Name: "fails-in-parallel", Says: "answers 500 to a request that comes while another is there",
			Breaks: ids("response.created", "state.isolated"), Intermittent: true, Wrap: failParallel},

		{Name: "fails-second-on-connection", Says: "answers 500 to all but the first request on a connection",
			Breaks: ids("response.created", "state.isolated"),
			Wrap:   onNth(perConnection, func(n int) bool { return n > 1 })},
		{Name: "fails-every-fifth", Says: "answers 500 to every fifth good request", Breaks: ids("response.created"),
			Intermittent: true, Wrap: onNth(together, func(n int) bool { return n%5 == 0 })},
		{Name: "fails-after-the-first", Says: "answers the first good request and 500 to all that follow",
			Breaks: ids("response.created", "state.isolated"), Intermittent: true,
			Wrap: onNth(together, func(n int) bool { return n > 1 })},
		{Name: "fails-the-first", Says: "answers 500 to the first good request only", Breaks: ids("response.created"),
			Intermittent: true, Wrap: onNth(together, func(n int) bool { return n == 1 })},
		{Name: "forgets-token-after-100", Says: "answers 401 to a valid token from the hundred and first action on",
			Breaks: ids("response.created", "state.isolated"), Intermittent: true,
			Wrap: shutOut(100, http.StatusUnauthorized)},
		{Name: "forbids-after-100", Says: "answers 403 to everyone known from the hundred and first action on",
			Breaks: ids("response.created", "state.isolated"), Intermittent: true,
			Wrap: shutOut(100, http.StatusForbidden)},
		{Name: "answers-200-every-second-time", Says: "answers 200 to every second good request",
			Breaks: ids("response.created"), Wrap: onCount(func(n int, a *answer, _ *asked) {
				if n%2 == 0 {
					a.status = http.StatusOK
				}
			})},
		{Name: "drops-id-every-second-time", Says: "leaves id out of every second action",
			Breaks: ids("action.members", "action.id"), Wrap: onCount(func(n int, a *answer, _ *asked) {
				if n%2 == 0 {
					a.edit(drop("id"))
				}
			})},
		{Name: "drops-status-second-time", Says: "leaves status out of the second action only",
			Breaks: ids("action.members", "action.status"), Intermittent: true,
			Wrap: onCount(func(n int, a *answer, _ *asked) {
				if n == 2 {
					a.edit(drop("status"))
				}
			})},

		{Name: "remembers-token-of-connection", Says: "accepts a request without Authorization after a good one on " +
			"the same connection", Breaks: ids("auth.required", "state.isolated", "refusal.status-auth",
			"refusal.no-action"), Wrap: rememberUser(func(q *asked) string { return q.RemoteAddr })},
		{Name: "remembers-last-user", Says: "accepts a request without Authorization after any good one",
			Breaks: ids("auth.required", "state.isolated", "refusal.status-auth", "refusal.no-action"),
			Wrap:   rememberUser(func(*asked) string { return "" })},
		{Name: "remembers-bad-request", Says: "refuses the request that follows a refused body",
			Breaks: ids("response.created", "state.isolated"), Intermittent: true, Wrap: rememberBadRequest},
	}
}

// onCount changes the answers to good requests, which it counts from 1.
func onCount(change func(n int, a *answer, q *asked)) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		n := 0
		return onAccepted(func(a *answer, q *asked) {
			mu.Lock()
			n++
			mine := n
			mu.Unlock()
			change(mine, a, q)
		})(h)
	}
}

// shutOut answers every request with a valid token with the status once there were n actions.
func shutOut(n, status int) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		actions := 0
		return rewrite(func(a *answer, q *asked) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case a.status == http.StatusCreated && actions < n:
				actions++
			case actions == n && a.status != http.StatusUnauthorized:
				refuse(status)(a, q)
			}
		})(h)
	}
}

func together(*asked) string        { return "" }
func perConnection(q *asked) string { return q.RemoteAddr }

// onNth answers 500 to those good requests of a kind whose number, from 1, fails.
func onNth(kind func(*asked) string, fails func(n int) bool) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		count := map[string]int{}
		return onAccepted(func(a *answer, q *asked) {
			mu.Lock()
			count[kind(q)]++
			n := count[kind(q)]
			mu.Unlock()
			if fails(n) {
				withStatus(http.StatusInternalServerError)(a, q)
			}
		})(h)
	}
}

// carry gives every nth action a member of the action before it.
func carry(name string, every int) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		var before any
		n := 0
		return onAction(alter(name, func(v any) any {
			mu.Lock()
			defer mu.Unlock()
			n++
			old := before
			before = v
			if old == nil || n%every != 0 {
				return v
			}
			return old
		}))(h)
	}
}

// keepFirst gives every action a member of the first one.
func keepFirst(name string) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		var first any
		return onAction(alter(name, func(v any) any {
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = v
			}
			return first
		}))(h)
	}
}

// stale gives good requests of one kind the first answer that the kind had.
func stale(kind func(*asked) string) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		first := map[string][]byte{}
		return onAccepted(func(a *answer, q *asked) {
			mu.Lock()
			defer mu.Unlock()
			if body, ok := first[kind(q)]; ok {
				a.body = body
				return
			}
			first[kind(q)] = a.body
		})(h)
	}
}

// meeting is how long a request waits for another one to be mixed up with.
const meeting = 20 * time.Millisecond

// swapParallel swaps the bodies of two good requests that meet.
func swapParallel(h http.Handler) http.Handler {
	type offer struct {
		body []byte
		back chan []byte
	}
	meet := make(chan offer)
	return onAccepted(func(a *answer, _ *asked) {
		late := time.NewTimer(meeting)
		defer late.Stop()
		mine := offer{a.body, make(chan []byte, 1)}
		select {
		case other := <-meet:
			other.back <- a.body
			a.body = other.body
		case meet <- mine:
			a.body = <-mine.back
		case <-late.C:
		}
	})(h)
}

// failParallel answers 500 to a good request that comes while one is served.
func failParallel(h http.Handler) http.Handler {
	busy := make(chan struct{}, 1)
	return onAccepted(func(a *answer, q *asked) {
		select {
		case busy <- struct{}{}:
			time.Sleep(meeting / 4)
			<-busy
		default:
			withStatus(http.StatusInternalServerError)(a, q)
		}
	})(h)
}

// rememberUser takes a request without Authorization for one of the last user
// of its kind who was accepted.
func rememberUser(kind func(*asked) string) wrap {
	return func(h http.Handler) http.Handler {
		var known sync.Map
		return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			if _, ok := known.Load(kind(q)); ok && len(q.Header.Values("Authorization")) == 0 {
				q.Request = trust(q.Request)
			}
			a := q.serve(h)
			if a.status == http.StatusCreated {
				known.Store(kind(q), true)
			}
			a.write(w)
		})(h)
	}
}

// rememberBadRequest answers 400 to a good request that follows a refused body.
func rememberBadRequest(h http.Handler) http.Handler {
	var mu sync.Mutex
	spoilt := false
	return rewrite(func(a *answer, _ *asked) {
		mu.Lock()
		defer mu.Unlock()
		if spoilt && a.status == http.StatusCreated {
			a.replace(badBody("InvalidRequestBody", "The request body is incorrect.").answer())
			spoilt = false
			return
		}
		spoilt = spoilt || a.status == http.StatusBadRequest
	})(h)
}

// uuidOf derives a UUID from text.
func uuidOf(text string) string {
	h := hashOf([]byte(text))
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

// machineOf returns the path's last segment but one.
func machineOf(q *asked) string {
	segments := strings.Split(q.URL.Path, "/")
	return segments[max(len(segments)-2, 0)]
}
