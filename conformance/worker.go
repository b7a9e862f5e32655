package conformance

import (
	"context"

	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// A Worker sends cases of a session one after another, over connections that it keeps from
// one case to the next. [Session.Do] gives each case connections of its own, which costs a
// dial each time, and shows nothing of what a server keeps with a connection. A worker is for
// one goroutine; several workers may send at once.
//
// A request that gets no answer in time is not sent again by itself, and a target that does
// not answer is asked as often as the caller likes.
type Worker struct {
	session *Session
	pool    *wire.Pool
}

// Worker returns a worker. Its Close closes the connections.
func (s *Session) Worker() *Worker { return &Worker{s, s.runner.dialer.NewPool()} }

// Close closes the connections of the worker. The worker can be used again.
func (w *Worker) Close() { w.pool.Close() }

// An Attempt is a case that was sent once. The session knows nothing of what a worker sent
// until Keep is called.
type Attempt struct {
	Exchanges []*Judged // in the order of the steps; those that did not come about are missing
	// Findings that count at the session's level, but for those that only several cases show
	// together, the worst first.
	Findings []record.Finding
	Outcome  record.Outcome
	Reason   string // why it was not judged, or ""

	session *Session
	job     *job
}

// Do sends a case of the plan once, with other values each time, and judges each answer. An
// answer that did not come in time is not judged: whether the target or its load is the cause
// is open. Its errors are those of [Session.Do].
func (w *Worker) Do(ctx context.Context, c *Case) (*Attempt, error) {
	s := w.session
	j, err := s.begin(c)
	if err != nil {
		return nil, err
	}
	defer s.doing.Done()
	made, failed := s.runner.attemptOver(ctx, w.pool, j, s.nextRound(j), true)
	a := s.attempt(j, made)
	if failed != nil {
		return a, failed
	}
	return a, nil
}

// attempt concludes what the exchanges of one repetition of a case show by themselves.
func (s *Session) attempt(j *job, made []*Judged) *Attempt {
	a := &Attempt{Exchanges: made, session: s, job: j}
	run := &caseRun{c: j.c, exchanges: made}
	a.Findings, a.Outcome, a.Reason = s.runner.concludes().caseOf(run, nil, nil, nil, nil, nil)
	for _, x := range made {
		if x.late() && x.Alone == "" {
			a.Findings, a.Outcome, a.Reason = nil, record.Errored, x.Err.Msg
		}
	}
	return a
}

// Attempts returns the repetitions of a case whose exchanges the session keeps, in the order
// of their rounds.
func (s *Session) Attempts(c *Case) (out []*Attempt) {
	j := s.byCase[c]
	if j == nil {
		return nil
	}
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	for from := 0; from < len(j.exchanges); {
		end := from + 1
		for end < len(j.exchanges) && j.exchanges[end].Round == j.exchanges[from].Round {
			end++
		}
		out = append(out, s.attempt(j, j.exchanges[from:end:end]))
		from = end
	}
	return out
}

// Keep adds the exchanges of an attempt to what the session knows of the case, as Do of a
// session does: its report has those that show something new, and counts the others.
func (a *Attempt) Keep() {
	s := a.session
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	a.job.ended++
	s.keep(a.job, false, a.Exchanges)
}

// Result returns an exchange as a report keeps it.
func (x *Judged) Result() record.ExchangeResult { return x.result() }

// Reached returns nil where the target accepts connections, whatever it answers, and
// otherwise the reason. It sends what [Await] sends.
func (s *Session) Reached(ctx context.Context) error {
	ask, err := s.runner.target.greeting()
	if err != nil || s.runner.target.Handler != nil {
		return nil
	}
	p := s.runner.dialer.NewPool()
	defer p.Close()
	answer, werr := p.Send(ctx, ask)
	defer s.runner.dialer.Release(answer)
	if werr != nil && werr.Kind == record.Unreachable {
		return werr
	}
	return nil
}
