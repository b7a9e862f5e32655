package conformance

import (
	"slices"
	"sync/atomic"

	"fmaspec/conformance/record"
)

// A failFast ends a run at the first case that fails it ([Options.FailFast]). A finding on an
// exchange is not enough: whether it counts hangs on other answers, as those of the controls.
// Its case is concluded as the report concludes it.
type failFast struct {
	session  *Session
	controls map[string]int // how many cases differ from each, by id
	suspects atomic.Bool    // some case has a finding that may fail the run
	over     atomic.Bool    // a case failed
	state    *together      // what exchanges show together; guarded by runner.mu
	seen     atomic.Int64   // cases since the beginning that may have failed the run
	next     atomic.Int64   // how many of them there are when all are concluded again
}

// seldom is of how many cases that may have failed one more is waited for before all are concluded again.
const seldom = 8

// newFailFast returns what ends a run at its first failure, or nil where it goes on.
func (s *Session) newFailFast() *failFast {
	if !s.runner.options.FailFast {
		return nil
	}
	return &failFast{session: s, controls: controlsOf(s.jobs), state: s.runner.suite.newTogether(room{})}
}

// ended reports whether nothing more is to be sent.
func (f *failFast) ended() bool { return f != nil && f.over.Load() }

// sent takes into account that a case was sent once more.
func (f *failFast) sent(j *job, made []*Judged) {
	if f == nil || f.ended() {
		return
	}
	if f.suspicious(made) {
		f.suspects.Store(true)
	} else if !f.suspects.Load() || f.controls[j.c.ID] == 0 {
		return
	}
	// To conclude takes as long as there are cases. Where many of them prove nothing, such as with a
	// token that the target refuses, it is done ever more rarely.
	n := f.seen.Add(1)
	if next := f.next.Load(); n < next || !f.next.CompareAndSwap(next, n+1+n/seldom) {
		return
	}
	if f.failed() {
		f.over.Store(true)
	}
}

// suspicious reports whether exchanges have a finding that may fail the run, by themselves or
// together with others.
func (f *failFast) suspicious(made []*Judged) (is bool) {
	r := f.session.runner
	fails := r.concludes().fails
	for _, x := range made {
		is = is || slices.ContainsFunc(x.Findings, fails)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range made {
		is = f.state.note(x) || is
	}
	return is
}

// failed reports whether a case that was sent fails the run. One whose answer reports a temporary
// state is open, since it is sent once more when all others are done.
func (f *failFast) failed() bool {
	r := f.session.runner
	r.mu.Lock()
	var runs []*caseRun
	for _, j := range f.session.jobs {
		run := j.caseRun
		run.exchanges = slices.Clone(run.exchanges)
		if !j.withheld && len(run.exchanges) == 0 || slices.ContainsFunc(run.exchanges, (*Judged).sentAgain) {
			run = caseRun{c: j.c, outcome: record.Skipped, skip: checkpointReason}
		}
		runs = append(runs, &run)
	}
	r.mu.Unlock()
	out, k := &record.Report{Target: r.target.info(), Safety: r.guard.Info(), Panics: r.dialer.Panics()}, r.concludes()
	k.conclude(out, runs, nil)
	return out.Verdict == record.NotConformant && slices.ContainsFunc(out.Cases, func(c record.CaseResult) bool {
		return c.Outcome == record.Failed && slices.ContainsFunc(c.Findings, r.options.Fails)
	})
}

// sentAgain reports whether a request is sent once more, by itself, at the end of the run.
func (x *Judged) sentAgain() bool { return x.busy() && x.Alone == "" && !x.Case.Steps[x.Step].Abort }
