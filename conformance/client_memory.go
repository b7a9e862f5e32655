package conformance

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/internal/pace"
	"fmaspec/conformance/record"
)

// The bounds of what is kept of the requests before.
const (
	// how many clients, and requests, are remembered
	rememberedRequests = 4096
	// how often a request, or a token that is called invalid, may be refused before it is sent once more
	mostRefusals = 3
	// how long after an answer a like request counts as its repetition, and not as a new wish
	repeatWindow = time.Minute
	// the same for one whose answer was lost, since clients wait for that
	lostWindow = 5 * time.Minute
)

// A clientMemory holds what the rules across requests need to know of those before. All of
// it is bounded.
type clientMemory struct {
	throttled *latest[pause]   // by client: the last 429
	away      *latest[pause]   // by request: the last 503
	refused   *latest[repeats] // by request
	invalid   *latest[repeats] // by client
	lost      *latest[effect]  // by action
}

func newClientMemory() *clientMemory {
	most := room{values: rememberedRequests}
	return &clientMemory{throttled: newLatest[pause](most), away: newLatest[pause](most),
		refused: newLatest[repeats](most), invalid: newLatest[repeats](most), lost: newLatest[effect](most)}
}

// A pause is an answer that asks to come back later.
type pause struct {
	status    int
	answered  time.Time
	until     time.Time
	requested string // the value of Retry-After
}

// repeats counts answers of one kind that followed each other.
type repeats struct {
	n      int
	status int
	at     time.Time // when the last one was complete
}

// An effect is an action that the server carried out, whose answer the client did not get.
type effect struct {
	at     time.Time
	action string // its id; "" where it cannot be read
}

// note remembers a request that was judged.
func (m *clientMemory) note(c *clientCall) {
	if c.operation == nil || c.unknown || slices.Contains(c.x.Lacks, record.Times) || c.x.Started.IsZero() {
		return
	}
	client, request := c.client, c.request()
	if at := m.throttled.of[client]; !c.began().Before(at.until) {
		m.throttled.drop(client)
	}
	m.away.drop(request)
	if p := c.pause(); p.status == http.StatusTooManyRequests {
		m.throttled.put(client, p)
	} else if p.status != 0 {
		m.away.put(request, p)
	}
	next := func(counts *latest[repeats], key string, again bool) {
		before := counts.of[key]
		switch {
		case !again && before.n > 0 && c.answered():
			counts.drop(key)
		case again && c.follows(before.at, repeatWindow):
			counts.put(key, repeats{before.n + 1, c.status(), c.ended()})
		case again:
			counts.put(key, repeats{1, c.status(), c.ended()})
		}
	}
	next(m.invalid, client, c.invalidToken())
	next(m.refused, request, slices.Contains(refusalStatuses, c.status()) && !c.invalidToken())
	switch key := c.action(); {
	case key == "" || !c.x.success():
	case c.x.Err != nil:
		m.lost.put(key, effect{c.ended(), c.actionID()})
	default:
		m.lost.drop(key)
	}
}

// refusalStatuses are the statuses that find fault with the request or its credentials.
var refusalStatuses = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
	http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusGone, http.StatusUnsupportedMediaType,
	http.StatusUnprocessableEntity}

func waitsAfter429(c *clientCall) (bool, []Problem) {
	return c.waits(c.memory.throttled.of[c.client])
}

func waitsAfter503(c *clientCall) (bool, []Problem) {
	return c.waits(c.memory.away.of[c.request()])
}

// waits judges a request after an answer that asked to come back later.
func (c *clientCall) waits(p pause) (bool, []Problem) {
	if p.status == 0 || c.began().Before(p.answered) {
		return false, nil
	}
	if c.began().Before(p.until) {
		return true, problem("sequence", fmt.Sprintf("no request within %v of a %d with Retry-After %s",
			p.until.Sub(p.answered).Round(time.Millisecond), p.status, brief(p.requested)),
			fmt.Sprintf("one after %v", c.began().Sub(p.answered).Round(time.Millisecond)))
	}
	return true, nil
}

func stopsAfterRefusal(c *clientCall) (bool, []Problem) {
	before := c.memory.refused.of[c.request()]
	if before.n == 0 || !c.follows(before.at, repeatWindow) {
		return false, nil
	}
	if before.n >= mostRefusals {
		return true, problem("sequence", fmt.Sprintf("another request, or none, after %d", before.status),
			fmt.Sprintf("the same request, which was refused %d times, within %v of the last", before.n, repeatWindow))
	}
	return true, nil
}

func renewsToken(c *clientCall) (bool, []Problem) {
	before := c.memory.invalid.of[c.client]
	if before.n == 0 || !c.hasToken() || !c.follows(before.at, repeatWindow) {
		return false, nil
	}
	if before.n >= mostRefusals {
		return true, problem("sequence", "another token after the error invalid_token",
			fmt.Sprintf("the same token, which was refused %d times, within %v of the last", before.n, repeatWindow))
	}
	return true, nil
}

// effectOnce charges the second of two actions, where both were carried out and the first
// answer was lost. A refusal of the second, or the first action once more, is no second effect.
func effectOnce(c *clientCall) (bool, []Problem) {
	first, is := c.memory.lost.of[c.action()]
	if !is || !c.follows(first.at, lostWindow) {
		return false, nil
	}
	if id := c.actionID(); !c.x.success() || id != "" && id == first.action {
		return true, nil
	}
	return true, problem("sequence", "no second action on the file and machine of a request whose answer was lost",
		fmt.Sprintf("a request that was answered %d too, within %v", c.status(), lostWindow))
}

// request is what makes a request the same as another one.
func (c *clientCall) request() string {
	if c.same == "" {
		sum := sha256.Sum256(c.body)
		c.same = strings.Join([]string{c.client, c.method, c.x.Request.URL, string(sum[:])}, "\x00")
	}
	return c.same
}

// action is what makes an action the same as another one, "" where it cannot be read.
func (c *clientCall) action() string {
	if c.acts == nil {
		c.acts = new(c.readAction())
	}
	return *c.acts
}

func (c *clientCall) readAction() string {
	t := c.suite.terms[c.operation.ID]
	if t == nil {
		return ""
	}
	machine, file := machineOf(t.Operation, c.path), sentMember(c.body, t.FileMember)
	if machine == "" || file == "" {
		return ""
	}
	return strings.Join([]string{c.client, c.operation.ID, strings.ToLower(machine), strings.ToLower(file)}, "\x00")
}

// actionID returns the id of the action in the answer, in small letters, "" where it cannot
// be read.
func (c *clientCall) actionID() string {
	whole := *c.x
	whole.Err = nil // an answer that did not reach the client can be read all the same
	v := c.suite.observe(&whole)
	if !v.readable() || v.terms.identity == "" {
		return ""
	}
	id, _ := v.answer.action.Text(v.terms.identity)
	return strings.ToLower(id)
}

func (c *clientCall) began() time.Time { return c.x.Started }

func (c *clientCall) ended() time.Time { return c.x.Started.Add(c.x.Elapsed) }

func (c *clientCall) answered() bool { return c.x.Response != nil }

// status is that of the answer, 0 where none came.
func (c *clientCall) status() int {
	if c.x.Response == nil {
		return 0
	}
	return c.x.Response.Status
}

// follows reports whether the request began after a time and no later than a while after it.
func (c *clientCall) follows(at time.Time, within time.Duration) bool {
	return !at.IsZero() && !c.began().Before(at) && !c.began().After(at.Add(within))
}

// invalidToken reports whether the answer says that the token is not valid (RFC 6750 3.1).
func (c *clientCall) invalidToken() bool {
	if c.status() != http.StatusUnauthorized {
		return false
	}
	challenges, _ := readChallenges(c.x.Response.Header.Values("WWW-Authenticate"))
	for _, challenge := range challenges {
		for _, p := range challenge.params {
			if strings.EqualFold(p.Name, "error") && p.Value == "invalid_token" {
				return true
			}
		}
	}
	return false
}

// pause returns what the answer asks for, the zero value where that is nothing. A date is
// taken by the clock that lets the client come back sooner: that of the record, or that of
// the server, which Date gives.
func (c *clientCall) pause() pause {
	if s := c.status(); s != http.StatusTooManyRequests && s != http.StatusServiceUnavailable {
		return pause{}
	}
	value := c.x.Response.Header.Get("Retry-After")
	now := c.ended()
	wait, ok := pace.RetryAfter(value, now)
	if !ok || wait > longestPause {
		return pause{}
	}
	if date, err := http.ParseTime(c.x.Response.Header.Get("Date")); err == nil {
		if other, _ := pace.RetryAfter(value, date); other < wait {
			wait = other
		}
	}
	return pause{c.status(), now, now.Add(wait), value}
}

// longestPause is the longest wait that a client is held to.
const longestPause = 24 * time.Hour
