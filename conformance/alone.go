package conformance

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance/internal/pace"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// A reminder is a request that was answered. Sending it again shows whether the target
// still answers.
type reminder struct {
	job         *job
	round, step int
	rank        int // how sure it is that the implementation itself answered
}

// ownRank reports how sure it is that an answer is the implementation's own, and not one
// of whatever stands before it: an action is, and rather a refusal that was expected
// than another.
func ownRank(x *Exchange) int {
	switch {
	case x.toAccept() && slices.Contains(x.statuses(), x.Response.Status):
		return 2
	case x.toRefuse() && slices.Contains(x.statuses(), x.Response.Status):
		return 1
	}
	return 0
}

// remember keeps the reminder that is surest of reaching the implementation.
func (r *runner) remember(m *reminder) {
	r.known.CompareAndSwap(nil, m)
	for {
		best := r.reached.Load()
		if best != nil && best.rank >= m.rank || r.reached.CompareAndSwap(best, m) {
			return
		}
	}
}

func (m reminder) String() string {
	return fmt.Sprintf("%s#%d", m.job.c.ID, m.round*len(m.job.c.Steps)+m.step)
}

func kindOf(c *Case, step int) kind { return kind{c.Steps[step].operation(c), c.Steps[step].Expect} }

// hopeless reports whether requests of this kind are not worth sending any more.
func (r *runner) hopeless(k kind) bool {
	return r.dead.Load() || r.outages[k].over() || r.outages[kind{}].never(r.target.Handler != nil)
}

// late reports whether the time was up before the answer was whole. Whether that is
// the target's doing shows when the request is sent once more, alone.
func (x *Exchange) late() bool {
	return x.Err != nil && (x.Err.Kind == record.Silent || x.Err.Kind == record.Slow)
}

// busy reports whether the answer reports a temporary state.
func (x *Exchange) busy() bool { return x.Response != nil && pace.Unavailable(x.Response.Status) }

// repeatable reports whether a request may be sent again when its first outcome is
// unknown: it cannot take effect outside this machine.
func (r *binding) repeatable(s wire.Sending) bool {
	return r.guard.Local() || !r.guard.Effect(s.Bytes).Can
}

// closed reports whether the connection ended before an answer began.
func (x *Exchange) closed() bool {
	return x.Response == nil && x.Err != nil && x.Err.Kind == record.Closed
}

// openings are the pauses before a request is sent again that found nobody behind the port yet.
func openings() []time.Duration {
	return []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 600 * time.Millisecond}
}

// open sends a request once more whose connection was closed before anything had been answered: what
// forwards a port may take connections, and close them, while the server behind it starts. The first
// such request waits for that, a moment, and those that were under way with it follow it.
func (r *runner) open(ctx context.Context, p *wire.Pool, b bound, x *Exchange) {
	r.calm.Lock()
	defer r.calm.Unlock()
	p.CloseIdle()
	if r.begun.Load() {
		r.alone(ctx, p, b, x, string(record.Closed))
		return
	}
	if r.opening {
		return
	}
	r.opening = true
	for _, pause := range openings() {
		if r.options.Sleep(ctx, pause) != nil {
			return
		}
		r.dialer.Release(x.Response)
		if r.alone(ctx, p, b, x, string(record.Closed)); !x.closed() {
			break
		}
	}
	if x.own() {
		r.begun.Store(true)
	}
}

// exchange makes one exchange. A request that got no answer in time is sent once
// more, while no other is under way, and the result of that counts.
func (r *runner) exchange(ctx context.Context, p *wire.Pool, j *job, b bound, round, i int) *Exchange {
	x := &Exchange{Sent: b.sent(j.c, i, round)}
	begun := r.begun.Load()
	r.together(ctx, p, b, x)
	abort := j.c.Steps[i].Abort
	if !begun && x.closed() && !abort && r.target.Handler == nil && r.repeatable(b.sending) {
		r.open(ctx, p, b, x)
	}
	if x.late() && !abort && r.repeatable(b.sending) {
		r.dialer.Release(x.Response) // or else others wait for its place, and this for them
		r.calm.Lock()
		defer r.calm.Unlock()
		p.CloseIdle()
		if ctx.Err() == nil && !r.hopeless(kindOf(j.c, i)) {
			r.alone(ctx, p, b, x, string(x.Err.Kind))
			r.lose(ctx, x)
		}
	}
	if abort {
		return x
	}
	if !x.refusedInFront() {
		r.outages[kindOf(j.c, i)].count(x)
		r.outages[kind{}].count(x)
	}
	if x.own() {
		r.begun.Store(true)
		r.row.Store(0)
		if r.repeatable(b.sending) {
			r.remember(&reminder{j, round, i, ownRank(x)})
		}
	}
	return x
}

// together sends a request as one of several, unless one has to be alone.
func (r *runner) together(ctx context.Context, p *wire.Pool, b bound, x *Exchange) {
	// Who is alone must not wait for a connection that nothing goes over.
	if !r.calm.TryRLock() {
		p.CloseIdle()
		r.calm.RLock()
	}
	defer r.calm.RUnlock()
	r.ask(ctx, p, b, x, r.pacer.Turn)
}

// ask sends a request as soon as turn lets it, again where the target asks to come back later.
func (r *runner) ask(ctx context.Context, p *wire.Pool, b bound, x *Exchange, turn func(context.Context) error) {
	for {
		if err := turn(ctx); err != nil {
			x.Response, x.Err = nil, &record.WireError{Kind: record.Cancelled, Msg: "the run was stopped"}
			return
		}
		if cookie := p.Cookie(b.sending); cookie != "" {
			returned := r.secrets.Field(record.Field{Name: "Cookie", Value: cookie})
			x.Request.Header = append(slices.Clone(b.request.Header), record.Field{Name: "Cookie", Value: returned})
		}
		x.Started = r.options.Now()
		x.Response, x.Err = p.Send(ctx, b.sending)
		x.Elapsed = r.options.Now().Sub(x.Started)
		x.Leaked, x.TokenIn = r.secrets.Response(x.Response, x.Err != nil || x.Response != nil && x.Response.Truncated)
		if x.Err != nil && x.Err.Token {
			x.TokenIn = append(x.TokenIn, "connection")
		}
		// A gateway that lost its server does not know what that did.
		unclear := x.Response != nil && x.Response.Status != http.StatusServiceUnavailable &&
			pace.Unavailable(x.Response.Status) && !r.repeatable(b.sending)
		if x.Err != nil || unclear || !r.pacer.PutOff(x.Response, x.Retries+1) {
			return
		}
		r.dialer.Release(x.Response)
		x.Retries++
	}
}

// alone sends a request once more, for a reason. The caller sees to it that no other
// is under way.
func (r *runner) alone(ctx context.Context, p *wire.Pool, b bound, x *Exchange, why string) {
	x.Alone = why
	r.ask(ctx, p, b, x, r.pacer.Turn)
}

// lose counts the requests in a row that got no answer even alone. Some are enough
// to ask whether the target answers anything any more.
func (r *runner) lose(ctx context.Context, x *Exchange) {
	if !x.late() || r.row.Add(1) < patience || r.known.Load() == nil {
		return
	}
	r.row.Store(0)
	look := r.remind(ctx, r.known.Load())
	r.look.Store(look)
	if !look.Answered && ctx.Err() == nil {
		r.dead.Store(true)
	}
}

// remindTries is how often a request that was answered before is sent, to see
// whether the target still answers.
const remindTries = 2

// remind sends a request that was answered before, and returns the result.
func (r *runner) remind(ctx context.Context, m *reminder) *record.LastLook {
	look := &record.LastLook{Asked: m.String()}
	steps, err := r.fresh(ctx, m.job, m.round)
	if err != nil {
		look.Got = "not sent: " + r.secrets.Text(err.Error())
		return look
	}
	s := steps[m.step].sending
	s.Separate = true
	for range remindTries {
		if r.lookAt(ctx, look, s); look.Answered {
			break
		}
	}
	return look
}

// lookAt sends one request and notes the result.
func (r *runner) lookAt(ctx context.Context, look *record.LastLook, s wire.Sending) {
	p := r.dialer.NewPool()
	defer p.Close()
	x := &Exchange{}
	x.Response, x.Err = p.Send(ctx, s)
	defer r.dialer.Release(x.Response)
	look.Answered = x.own()
	switch {
	case x.Response != nil:
		look.Got = strconv.Itoa(x.Response.Status)
	case x.Err != nil:
		look.Got = x.Err.Msg
	}
}

// sendAgain sends once more, each by itself and when all others are done, the
// requests whose answers report a temporary state. That there were other answers
// says that the state is none of the whole target.
func (r *runner) sendAgain(ctx context.Context, jobs []*job) {
	if !slices.ContainsFunc(jobs, func(j *job) bool { return slices.ContainsFunc(j.exchanges, (*Judged).own) }) {
		return
	}
	unanswered := map[kind]int{}
	for _, j := range sendingOrder(jobs) {
		for at, x := range j.exchanges {
			k := kindOf(j.c, x.Step)
			if ctx.Err() != nil || !x.busy() || j.c.Steps[x.Step].Abort || x.Alone != "" || unanswered[k] >= endurance {
				continue
			}
			again, limited := r.again(ctx, j, x)
			if limited {
				return
			}
			if again != nil {
				j.exchanges[at] = again
				if again.busy() || again.late() {
					unanswered[k]++
				} else {
					unanswered[k] = 0
				}
			}
		}
	}
}

// again returns the exchange that a request comes to when it is sent once more, or
// nil where it cannot be sent. It reports a target that turns away others as well, as
// one does that limits the rate, so that the answer says nothing of the request.
func (r *runner) again(ctx context.Context, j *job, x *Judged) (out *Judged, limited bool) {
	steps, err := r.fresh(ctx, j, x.Round)
	if err != nil || !r.repeatable(steps[x.Step].sending) {
		return nil, false
	}
	p := r.dialer.NewPool()
	defer p.Close()
	b := steps[x.Step]
	b.sending.CloseAfter = true
	made := &Exchange{Sent: b.sent(j.c, x.Step, x.Round), Retries: x.Retries}
	// Once before, between and behind others that are answered is no chance.
	for range remindTries {
		r.dialer.Release(made.Response)
		r.alone(ctx, p, b, made, strconv.Itoa(x.Response.Status))
		reached := r.reached.Load()
		if !made.busy() || reached == nil {
			break
		}
		if reached.rank == 0 || !r.remind(ctx, reached).Answered {
			r.dialer.Release(made.Response)
			return nil, ctx.Err() == nil
		}
	}
	if made.Err != nil && made.Err.Kind == record.Cancelled {
		return nil, false
	}
	defer r.dialer.Release(made.Response)
	return r.keep(made), false
}

// handshakeTime is how long a last TLS handshake may take.
const handshakeTime = 2 * time.Second

// lookLast sends what distinguishes an implementation from a server in its place,
// where the answers of the cases leave that open.
func (r *runner) lookLast(ctx context.Context, jobs []*job) {
	var all []*Judged
	for _, j := range jobs {
		all = append(all, j.exchanges...)
	}
	all = asked(all)
	if ctx.Err() != nil || len(all) == 0 || r.dead.Load() {
		return
	}
	var look *record.LastLook
	switch {
	case plainRefused(all) && r.shakesHands(ctx):
		look = &record.LastLook{TLS: true}
	case !slices.ContainsFunc(all, (*Judged).own):
		// A gateway answers for itself, and says so.
		if !slices.ContainsFunc(all, (*Judged).busy) && !slices.ContainsFunc(all, (*Judged).speaksOtherwise) {
			look = r.greet(ctx)
		}
	case len(unansweredTail(all)) > 0 && r.known.Load() != nil:
		look = r.remind(ctx, r.known.Load())
	}
	r.look.Store(look)
}

// greet asks for the root by GET, without credentials, as [Await] does.
func (r *runner) greet(ctx context.Context) *record.LastLook {
	look := &record.LastLook{Asked: "GET /"}
	s, err := r.target.greeting()
	if err != nil {
		return nil
	}
	r.lookAt(ctx, look, s)
	return look
}

// greeting is a request by GET for the path of the target's URL, without credentials.
func (t Target) greeting() (wire.Sending, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return wire.Sending{}, err
	}
	path := u.EscapedPath() + "/"
	if t.absolute() {
		path = t.URL + "/"
	}
	return wire.Sending{Method: "GET", Separate: true, Bytes: fmt.Appendf(nil,
			"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: fmaspec/%s\r\nConnection: close\r\n\r\n", path, u.Host,
			Version)},
		nil
}

// shakesHands reports whether TLS is spoken at a port that was asked in plain HTTP.
func (r *runner) shakesHands(ctx context.Context) bool {
	u, err := url.Parse(r.target.URL)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(min(r.options.Timeout, handshakeTime), handshakeTime))
	defer cancel()
	return r.dialer.SpeaksTLS(ctx, u.Hostname())
}

// speaksOtherwise reports whether what came is not HTTP.
func (x *Exchange) speaksOtherwise() bool {
	return x.Err != nil && x.Err.Kind == record.Malformed && !x.Err.InHead()
}

// asked leaves out exchanges that say nothing of the target, whatever came.
func asked(all []*Judged) []*Judged {
	return slices.DeleteFunc(slices.Clone(all), func(x *Judged) bool {
		return x.Case.Steps[x.Step].Abort || x.Err != nil && x.Err.Kind == record.Withheld || x.refusedInFront()
	})
}

// own reports whether an answer came that is the implementation's own, or may be.
func (x *Exchange) own() bool {
	if x.refusedInFront() {
		return false
	}
	if x.Response != nil {
		return !pace.Unavailable(x.Response.Status)
	}
	return x.Err != nil && (x.Err.InHead() || slices.Contains([]record.WireKind{record.Cut, record.Slow, record.Endless,
		record.Surplus, record.Conflict, record.TooLong}, x.Err.Kind))
}

// plainRefused reports whether nothing came but what a port for https answers to
// plain HTTP: 400 or its like, something else than HTTP, or nothing.
func plainRefused(all []*Judged) bool {
	return !slices.ContainsFunc(all, func(x *Judged) bool {
		if x.Response != nil {
			return !slices.Contains([]int{400, 421, 426, 497}, x.Response.Status)
		}
		return x.Err == nil || !slices.Contains([]record.WireKind{record.Closed, record.Malformed, record.Silent},
			x.Err.Kind)
	})
}

// ended is when an exchange was over, by the clock that a record keeps.
func (x *Exchange) ended() time.Time { return x.Started.Round(0).Add(x.Elapsed) }

// unansweredTail returns the exchanges without an answer that ended when the last request to be
// answered was under way, or later.
func unansweredTail(all []*Judged) (out []*Judged) {
	var last time.Time
	for _, x := range all {
		if began := x.Started.Round(0); (x.own() || x.speaksOtherwise()) && began.After(last) {
			last = began
		}
	}
	for _, x := range all {
		if !x.own() && !x.speaksOtherwise() && x.ended().After(last) {
			out = append(out, x)
		}
	}
	return out
}

// nth is the place of an exchange in the order of sending, from 1.
func nth(all []*Judged, of *Judged) int {
	n := 1
	for i, at := 0, slices.Index(all, of); i < len(all); i++ {
		if c := all[i].Started.Round(0).Compare(of.Started.Round(0)); c < 0 || c == 0 && i < at {
			n++
		}
	}
	return n
}

// statusesOf lists the statuses of answers, each once, as "502 or 503".
func statusesOf(all []*Judged) string {
	var out []int
	for _, x := range all {
		if x.Response != nil {
			out = append(out, x.Response.Status)
		}
	}
	slices.Sort(out)
	return record.OrStatuses(slices.Compact(out))
}

// httpsOf is the URL with https in place of http.
func httpsOf(raw string) string { return "https" + strings.TrimPrefix(raw, "http") }
