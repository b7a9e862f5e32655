package conformance

import (
	"context"
	"slices"

	"fmaspec/conformance/record"
)

// A Tried is the outcome of a case that the plan does not have.
type Tried struct {
	Exchanges []*Judged
	Findings  []record.Finding // that count at the session's level, the worst first
}

// DoAll sends every case of the plan as often as its options say. It reports whether it stopped at a
// case that failed, as [Options.FailFast] asks.
func (s *Session) DoAll(ctx context.Context) (stopped bool) {
	s.doAll(ctx)
	return s.fast.ended()
}

// Try sends a case that the plan does not have, once, and judges it as [Suite.Run] does
// where the control of the case was accepted. Its answers are compared with those of the
// plan and of earlier tries. The guard, the budget, the pace and the journal of the session
// apply. The report of the session does not have the case unless [Session.Keep] adds it.
// Try writes to the case, so that no two calls may share one. Its errors are those of
// [Session.Do].
func (s *Session) Try(ctx context.Context, c *Case) (Tried, error) {
	r := s.runner
	r.mu.Lock()
	if s.ending {
		r.mu.Unlock()
		return Tried{}, usage("the session is closed; start another with Suite.Plan")
	}
	s.doing.Add(1)
	r.mu.Unlock()
	defer s.doing.Done()
	j, err := s.bindFurther(ctx, c)
	if err != nil {
		return Tried{}, err
	}
	made, failed := r.attempt(ctx, j, 0)
	found := s.compareTried(c, made)
	run := &caseRun{c: c, exchanges: made}
	k := r.concludes()
	findings, _, _ := k.caseOf(run, found, nil, nil, nil, nil)
	out := Tried{made, findings}
	if failed != nil {
		return out, failed
	}
	return out, nil
}

// Keep adds a case that was tried to the report of the session, with the exchanges that Try
// returned. An id that the session has already is an error.
func (s *Session) Keep(ctx context.Context, c *Case, made []*Judged) error {
	r := s.runner
	j, err := s.bindFurther(ctx, c)
	if err != nil {
		return err
	}
	for _, x := range made {
		j.exchanges = append(j.exchanges, r.compacted(x))
	}
	j.done = true
	j.begun, j.ended, j.whole = 1, r.options.Repeat, r.options.Repeat
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case s.ending:
		return usage("the session is closed; start another with Suite.Plan")
	case slices.ContainsFunc(s.jobs, func(other *job) bool { return other.c.ID == c.ID }):
		return usage("the session has a case %s already; give this one another id", c.ID)
	}
	s.jobs = append(slices.Clone(s.jobs), j) // the plan has the slice too
	slices.SortFunc(s.jobs, func(a, b *job) int { return byCaseID(a.c, b.c) })
	return nil
}

// bindFurther binds a case that the plan does not have.
func (s *Session) bindFurther(ctx context.Context, c *Case) (*job, error) {
	b := *s.runner.binding // a copy: withhold sets what was planned
	b.suite.charge(c)
	jobs, err := b.bind(ctx, []*Case{c})
	if err != nil {
		return nil, err
	}
	j := jobs[0]
	if err := b.withhold(jobs); err != nil {
		return nil, &NotSentError{c.ID, record.Skipped, err.Error()}
	}
	if j.skip != "" {
		return nil, &NotSentError{c.ID, j.outcome, j.skip}
	}
	return j, nil
}

// compareTried returns the findings on the exchanges of a case when they are compared with
// those of the plan and of earlier tries.
func (s *Session) compareTried(c *Case, made []*Judged) map[ref][]record.Finding {
	r := s.runner
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.tried == nil {
		s.tried = r.suite.newTogether(sessionRoom())
		for _, known := range s.jobs {
			for _, x := range known.exchanges {
				s.tried.note(x)
			}
		}
	}
	shows := false
	for _, x := range made {
		shows = s.tried.note(x) || shows
	}
	if !shows {
		return nil
	}
	out := map[ref][]record.Finding{}
	for at, findings := range s.tried.findings() {
		if at.c == c {
			out[at] = findings
		}
	}
	return out
}
