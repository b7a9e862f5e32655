package conformance

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance/internal/pace"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// A Session sends the cases of a plan to its target, each as often as it is asked to,
// and judges every answer. [Plan.Start] opens one. Its methods may be called from
// several goroutines.
//
// The report of a session holds the exchanges of the repetitions that were planned
// ([Options.Repeat]), and of those beyond only what shows something new, so that a
// session needs no more memory the longer it goes on.
type Session struct {
	runner  *runner
	jobs    []*job // in the order of the ids of their cases
	byCase  map[*Case]*job
	started time.Time
	hangUp  func()

	fast    *failFast      // what ends the run at its first failure; nil where it goes on
	tried   *together      // compares the answers of cases that were tried; nil before the first; guarded by runner.mu
	doing   sync.WaitGroup // calls of Do and Try
	counted Status         // cases that are done, and that failed; guarded by runner.mu
	closed  *record.Report // by Close; nil before
	ending  bool           // Close has begun; guarded by runner.mu, as closed is
}

// A NotSentError says why a case was not sent, or not all of it.
type NotSentError struct {
	Case    string
	Outcome record.Outcome // NotApplicable, Skipped or Errored
	Reason  string
}

func (e *NotSentError) Error() string { return e.Case + ": " + e.Reason }

// Ends reports whether the case is not worth sending again in this run.
func (e *NotSentError) Ends() bool {
	return e.Reason == stoppedReason || strings.HasPrefix(e.Reason, tokenReason)
}

// Start opens a session. A plan is started once. An error is a [*UsageError] or a
// [*SafetyError].
func (p *Plan) Start(context.Context) (*Session, error) {
	b := p.binding
	if err := b.recorded(); err != nil {
		return nil, err
	}
	if p.started.Swap(true) {
		return nil, usage("the plan was started before; make another with Suite.Plan")
	}
	d, stop, err := wire.NewDialer(wire.Config{
		Endpoint: b.target.endpoint(), Timeout: b.options.Timeout, Gate: b.guard, Secrets: b.secrets,
	})
	if err != nil {
		return nil, usage("target %s: %v", b.target.URL, err)
	}
	r := &runner{binding: b, dialer: d, pacer: b.newPacer(), outages: map[kind]*outage{{}: {}}}
	s := &Session{runner: r, jobs: p.jobs, byCase: map[*Case]*job{}, started: b.options.Now(), hangUp: stop}
	for operation := range b.ops {
		for _, e := range []Expectation{Accepted, Refused, Either} {
			r.outages[kind{operation, e}] = &outage{}
		}
	}
	for _, j := range p.jobs {
		s.byCase[j.c] = j
	}
	return s, nil
}

// Do sends a case of the plan once and returns the result of each of its requests. The
// values of its variables are others each time. An error is a [*UsageError] where the
// plan does not have the case or the session is closed, and a [*NotSentError] where not all of it was sent, as when
// ctx ended.
func (s *Session) Do(ctx context.Context, c *Case) ([]*Judged, error) {
	j, err := s.begin(c)
	if err != nil {
		return nil, err
	}
	defer s.doing.Done()
	return s.do(ctx, j)
}

// begin returns the job of a case that is about to be sent, which is counted in s.doing then.
func (s *Session) begin(c *Case) (*job, error) {
	j := s.byCase[c]
	switch {
	case j == nil:
		return nil, usage("the plan has no such case; ask for one of those that it selects")
	case j.withheld:
		return nil, &NotSentError{c.ID, j.outcome, j.skip}
	}
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	if s.ending {
		return nil, usage("the session is closed; start another with Suite.Plan")
	}
	s.doing.Add(1)
	return j, nil
}

// nextRound counts a repetition of a case, from 0.
func (s *Session) nextRound(j *job) int {
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	if j.underWay == 0 {
		j.since = s.runner.options.Now()
	}
	j.underWay++
	j.begun++
	return j.begun - 1
}

// endRound counts the end of a repetition.
func (s *Session) endRound(j *job) {
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	j.underWay--
}

// do sends a case once.
func (s *Session) do(ctx context.Context, j *job) ([]*Judged, error) {
	r := s.runner
	round := s.nextRound(j)
	defer s.endRound(j)
	made, failed := r.attempt(ctx, j, round)
	r.mu.Lock()
	defer r.mu.Unlock()
	j.ended++
	s.keep(j, round < r.options.Repeat || j.whole < r.options.Repeat, made)
	if failed == nil {
		j.whole++
		if j.stopped { // an attempt before, whose context ended
			j.outcome, j.skip, j.stopped = 0, "", false
		}
		return made, nil
	}
	if j.outcome != record.Errored { // which outweighs that later requests were not sent
		j.outcome, j.skip, j.stopped = failed.Outcome, failed.Reason, failed.Reason == stoppedReason
	}
	return made, failed
}

// newFindings is how many findings and reasons of a case a session keeps the exchanges of,
// in addition to those that were planned.
const newFindings = 64

// keep adds exchanges to what is known of a case: all of a repetition that was planned,
// and of another one those that show something new. The caller holds runner.mu.
func (s *Session) keep(j *job, planned bool, made []*Judged) {
	r := s.runner
	if !planned && r.beyond == nil {
		r.beyond = r.suite.newTogether(sessionRoom())
		for range 2 { // an answer may be noted before the request whose value it holds
			for _, known := range s.jobs {
				for _, x := range known.exchanges {
					r.beyond.note(x)
				}
			}
		}
	}
	for _, x := range made {
		shows := r.beyond != nil && r.beyond.note(x) && j.shown < newFindings
		if shows && !planned {
			j.shown++
		}
		if planned || j.isNew(x) || shows {
			j.exchanges = append(j.exchanges, r.compacted(x))
		} else {
			j.dropped++
		}
	}
	slices.SortStableFunc(j.exchanges, func(a, b *Judged) int { return cmp.Compare(a.step(), b.step()) })
}

// isNew reports whether an exchange has a finding, or a reason why it cannot be judged,
// that none of its case has had in a repetition that was not planned.
func (j *job) isNew(x *Judged) (is bool) {
	note := func(what string) {
		if !j.seen[what] && len(j.seen) < newFindings {
			if j.seen == nil {
				j.seen = map[string]bool{}
			}
			j.seen[what], is = true, true
		}
	}
	for _, f := range x.Findings {
		note(f.Key)
	}
	if x.Unjudged != "" {
		note("not judged: " + x.Unjudged)
	}
	return is
}

// Report returns what is known so far, which is no verdict. A case stands in it as one that
// was not judged yet until it was sent as often as was planned.
func (s *Session) Report() *record.Report {
	out, _ := s.soFar()
	return out
}

// soFar returns the report of what is known so far, and how many cases that are known it holds.
func (s *Session) soFar() (out *record.Report, known int) {
	r := s.runner
	r.mu.Lock()
	var runs []*caseRun
	for _, j := range s.jobs {
		run := j.caseRun
		if j.isKnown(r.options.Repeat) {
			known++
		} else {
			run = caseRun{c: j.c, outcome: record.Skipped, skip: checkpointReason, stopped: true}
		}
		run.exchanges = slices.Clone(run.exchanges)
		runs = append(runs, &run)
	}
	found := r.beyond.findings()
	r.mu.Unlock()
	out = r.timedReport(runs, found, s.started)
	out.Interrupted, out.Verdict, out.Reason = true, record.Unjudged, unfinishedReason
	return out, known
}

// known counts the cases that are known.
func (s *Session) known() (n int) {
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	for _, j := range s.jobs {
		if j.isKnown(s.runner.options.Repeat) {
			n++
		}
	}
	return n
}

// Close waits for the calls of Do, ends the session and returns its report; called again,
// it returns the same one. Before, it sends once more, by itself, what was answered by a
// temporary state, and finds out whether the target still answers, where the answers leave
// that open; ctx bounds both. A case that was not sent as often as was planned is skipped.
func (s *Session) Close(ctx context.Context) *record.Report {
	r := s.runner
	r.mu.Lock()
	s.ending = true
	r.mu.Unlock()
	s.doing.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed != nil {
		return s.closed
	}
	defer s.hangUp()
	r.sendAgain(ctx, s.jobs)
	r.lookLast(ctx, s.jobs)
	for _, j := range s.jobs {
		if !j.withheld && !j.done && j.ended < r.options.Repeat && j.skip == "" {
			j.outcome, j.skip = record.Skipped, unsentReason
		}
	}
	s.closed = r.timedReport(caseRuns(s.jobs), r.beyond.findings(), s.started)
	return s.closed
}

// timedReport returns the report with start and elapsed time set.
func (r *runner) timedReport(runs []*caseRun, beyond map[ref][]record.Finding, started time.Time) *record.Report {
	report := r.report(runs, beyond)
	report.Started, report.Elapsed = started.UTC(), r.options.Now().Sub(started)
	return report
}

// Run sends every case of the plan as often as its options say, and returns the report.
// Its errors are those of [Plan.Start].
func (p *Plan) Run(ctx context.Context) (*record.Report, error) {
	s, err := p.Start(ctx)
	if err != nil {
		return nil, err
	}
	s.doAll(ctx)
	return s.Close(ctx), nil
}

// doAll works through the cases, at most Options.Parallel at once.
func (s *Session) doAll(ctx context.Context) {
	o, next := s.runner.options, make(chan *job)
	if o.Observe != nil {
		o.Observe(s.status)
	}
	var workers sync.WaitGroup
	var mu sync.Mutex
	broken := map[string]bool{}
	fails := s.runner.concludes().fails
	defer s.checkpoints(ctx)()
	s.fast = s.newFailFast()
	for range min(o.Parallel, len(s.jobs)) {
		workers.Go(func() {
			for j := range next {
				var against []string // ids of requirements, any number of times
				for range o.Repeat {
					if j.withheld {
						break
					}
					if s.fast.ended() {
						s.leave(j, record.StoppedAtFailure)
						break
					}
					made, err := s.do(ctx, j)
					s.fast.sent(j, made)
					for _, x := range made {
						for _, f := range selected(x.Findings, fails) {
							against = append(against, f.Requirement)
						}
					}
					var not *NotSentError
					if errors.As(err, &not) && not.Ends() {
						break
					}
				}
				mu.Lock()
				for _, id := range against {
					broken[id] = true
				}
				s.runner.mu.Lock()
				j.done = true
				s.counted.Done++
				if len(against) > 0 {
					s.counted.Failed++
				}
				s.counted.Broken = len(broken)
				now := s.counted
				s.runner.mu.Unlock()
				o.Progress(now.Done, len(s.jobs), now.Failed, now.Broken)
				mu.Unlock()
			}
		})
	}
	started, end := o.Now(), time.Time{}
	for _, j := range sendingOrder(s.jobs) {
		if j.c.Generator != "" && !j.withheld {
			now := o.Now()
			if end.IsZero() {
				end = now.Add(max(generatedTime, generatedShare*now.Sub(started)))
			}
			if now.After(end) {
				s.leave(j, slowReason)
			}
		}
		next <- j
	}
	close(next)
	workers.Wait()
}

// leave sends a case no more, and skips it for a reason unless it has another.
func (s *Session) leave(j *job, reason string) {
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	if !j.withheld && j.skip == "" {
		j.outcome, j.skip = record.Skipped, reason
	}
	j.withheld = true
}

// The time between two checkpoints, and how many times as long as a checkpoint
// took a run goes on before the next.
const checkpointPause, checkpointShare = 250 * time.Millisecond, 10

// generatedTime is how long the generated cases of a plan may take, and generatedShare how
// many times as long as those before them where that is longer: a slow target is judged by
// the written cases first, and by as many others as there is time for.
const generatedTime, generatedShare = time.Minute, 4

// checkpoints hands out the report as far as it is known, at once and from then on
// whenever more cases are known, until it is stopped.
func (s *Session) checkpoints(ctx context.Context) (stop func()) {
	o := s.runner.options
	if o.Checkpoint == nil {
		return func() {}
	}
	checkpoint := func() (cost time.Duration, known int) {
		from := o.Now()
		out, known := s.soFar()
		o.Checkpoint(out)
		return o.Now().Sub(from), known
	}
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	cost, reported := checkpoint()
	writer.Go(func() {
		for o.Sleep(ctx, max(checkpointPause, cost*checkpointShare)) == nil {
			if n := s.known(); n > reported && n < len(s.jobs) { // the whole report follows at once
				cost, reported = checkpoint()
			}
		}
	})
	return func() {
		cancel()
		writer.Wait()
	}
}

// attempt makes the exchanges of one repetition of a case, which have connections of
// their own: what a server keeps with a connection shows in the cases of several
// requests, and in no other. It also returns why not all of them were made, or nil.
func (r *runner) attempt(ctx context.Context, j *job, round int) (made []*Judged, failed *NotSentError) {
	p := r.dialer.NewPool()
	defer p.Close()
	return r.attemptOver(ctx, p, j, round, false)
}

// attemptOver makes the exchanges of one repetition of a case over the connections of a pool,
// which are kept for other cases where it is steady.
func (r *runner) attemptOver(ctx context.Context, p *wire.Pool, j *job, round int, steady bool) (made []*Judged,
	failed *NotSentError) {
	not := func(outcome record.Outcome, reason string) *NotSentError {
		return &NotSentError{j.c.ID, outcome, reason}
	}
	defer func() {
		if p := recover(); p != nil { // of ours, or of the user's source of tokens
			failed = not(record.Errored, r.panicked(p))
		}
	}()
	steps, err := r.fresh(ctx, j, round)
	switch {
	case ctx.Err() != nil:
		return nil, not(record.Skipped, stoppedReason)
	case err != nil:
		return nil, not(record.Errored, tokenReason+r.secrets.Text(err.Error()))
	}
	made, panicked := r.round(ctx, p, j, round, steps, steady)
	switch {
	case panicked != "": // of ours, which spoils one case
		return made, not(record.Errored, panicked)
	case len(made) == len(j.c.Steps):
		return made, nil
	case ctx.Err() != nil:
		return made, not(record.Skipped, stoppedReason)
	}
	return made, not(record.Skipped, outageReason)
}

// newPacer returns what spaces the requests of a run.
func (b *binding) newPacer() *pace.Pacer {
	o := b.options
	return pace.New(pace.Config{Interval: o.Rate.interval(), RetryTime: o.RetryTime, Now: o.Now, Sleep: o.Sleep})
}
