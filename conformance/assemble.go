package conformance

import (
	"fmt"
	"runtime"
	"slices"

	"fmaspec/conformance/record"
)

// report makes the record of a run from what was exchanged.
func (r *runner) report(jobs []*job) *record.Report {
	out := &record.Report{
		Schema:      record.ReportSchema,
		Suite:       r.suiteInfo(),
		Environment: record.Environment{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.NumCPU()},
		Target:      r.target.info(),
		Settings:    r.settings(),
		Safety:      r.guard.Info(),
		Pace:        r.pacer.Info(),
		LastLook:    r.look.Load(),
	}
	if r.dialer != nil {
		out.Panics = r.dialer.Panics()
	}
	r.conclude(out, jobs)
	return out
}

// conclude fills in what the exchanges come to.
func (r *runner) conclude(out *record.Report, jobs []*job) {
	var all []*Exchange
	accepted := map[string]string{} // by case: "", or why it stands for no acceptance
	for _, j := range jobs {
		all = append(all, j.exchanges...)
		switch {
		case len(j.exchanges) == 0 && j.skip == checkpointReason:
			accepted[j.c.ID] = "was not answered yet"
		case len(j.exchanges) == 0 && j.skip == stoppedReason:
			accepted[j.c.ID] = "was not answered before the run was interrupted"
		case len(j.exchanges) == 0:
			accepted[j.c.ID] = "was not sent"
		case j.exchanges[0].Response == nil:
			accepted[j.c.ID] = "was not answered"
		case !success(j.exchanges[0]):
			accepted[j.c.ID] = "was not accepted"
		}
	}
	why := causesOf(out, all)
	r.clearIsolation(jobs)
	across := r.suite.judgeAcross(all)
	for _, j := range jobs {
		findings, outcome, reason := r.judged(j, across, accepted, why)
		if c := why.all(j.exchanges); c != nil {
			findings, outcome, reason = nil, record.Errored, c.reason
		}
		out.Cases = append(out.Cases, r.caseResult(j, findings, outcome, reason))
	}
	out.Totals = total(out.Cases)
	out.Operations = r.suite.operations(out.Cases)
	out.Requirements = r.requirements(out.Cases)
	out.Interrupted = slices.ContainsFunc(jobs, func(j *job) bool { return j.stopped })
	out.Verdict, out.Reason = verdict(out, r.unanswered(out.Cases))
	switch {
	case out.Interrupted:
	case out.Verdict == record.Conformant && uncreated(jobs) != "":
		out.Verdict, out.Reason = record.Unjudged, uncreated(jobs)
	case out.Verdict != record.Conformant && len(why) > 0:
		out.Reason = why.reason()
		if why.unasked() {
			out.Verdict = record.Unjudged
		}
	}
	if out.Verdict != record.Conformant {
		out.Reason = withHint(out.Reason, r.suite.unserved(out))
	}
}

func (r *runner) suiteInfo() record.SuiteInfo {
	o := r.options
	return record.SuiteInfo{
		Name: "fmaspec", Version: Version, Contract: r.suite.Contract, Fixtures: r.suite.Fixtures,
		Cases: len(r.suite.Cases), Run: o.Run, Skip: o.Skip, Only: o.Only,
		Level: o.Level, Strict: o.Strict, Seed: o.Seed, Repeat: o.Repeat, Parallel: o.Parallel, Timeout: o.Timeout.String(),
	}
}

// clearIsolation takes back what was charged to isolation where the target
// accepts such a request on its own too: then it remembers nothing, it only
// does not look.
func (r *runner) clearIsolation(jobs []*job) {
	accepts := map[string]bool{} // operation and requirement on the status, of requests sent on their own
	key := func(j *job) string { return j.c.Operation + " " + j.c.statusRequirement() }
	for _, j := range jobs {
		for _, x := range j.exchanges {
			if len(j.c.Steps) == 1 && slices.ContainsFunc(x.findings, func(f record.Finding) bool { return f.Check == refusesCheck }) {
				accepts[key(j)] = true
			}
		}
	}
	for _, j := range jobs {
		if len(j.c.Steps) == 1 || !accepts[key(j)] {
			continue
		}
		for _, x := range j.exchanges {
			x.findings = r.suite.withoutIsolation(j.c, x.findings)
		}
	}
}

// withoutIsolation returns the findings without those that charge isolation with
// an acceptance. Where nothing else is charged with it, the strongest of the
// other requirements is that the case proves: its expectation counts.
func (s *Suite) withoutIsolation(c *Case, findings []record.Finding) (out []record.Finding) {
	charges := func(f record.Finding) bool { return f.Check == refusesCheck }
	isolation := func(f record.Finding) bool { return charges(f) && f.Requirement == "state.isolated" }
	alone := !slices.ContainsFunc(findings, func(f record.Finding) bool { return charges(f) && !isolation(f) })
	other := s.requirement[s.strongest(slices.DeleteFunc(slices.Clone(c.Proves), func(id string) bool { return id == "state.isolated" }))]
	for _, f := range findings {
		switch {
		case !isolation(f), alone && other == nil:
		case alone:
			f.Requirement, f.Level = other.ID, other.Level
		default:
			continue
		}
		out = append(out, f)
	}
	return out
}

func (r *runner) caseResult(j *job, findings []record.Finding, outcome record.Outcome, reason string) record.CaseResult {
	c := record.CaseResult{
		ID: j.c.ID, Title: j.c.Title, Operation: j.c.Operation, Proves: j.c.Proves, Control: j.c.Control,
		File: j.c.File, Line: j.c.Line, Outcome: outcome, Reason: reason,
		Findings: append([]record.Finding{}, findings...), Exchanges: []record.ExchangeResult{},
	}
	for _, x := range j.exchanges {
		e := record.ExchangeResult{
			Step: x.step(), Request: x.Request, Response: x.Response, Retries: x.Retries, Alone: x.Alone, Inert: x.inert, Leaked: x.Leaked,
			Started: x.Started.UTC(), Elapsed: x.Elapsed,
		}
		if x.Err != nil {
			e.Error, e.ErrorKind = x.Err.Msg, x.Err.Kind
		}
		if x.Response != nil && x.Response.Shortened {
			e.Action = x.id
		}
		c.Exchanges = append(c.Exchanges, e)
	}
	return c
}

// operations are those of the cases.
func (s *Suite) operations(cases []record.CaseResult) (out []record.OperationInfo) {
	for _, op := range s.Operations {
		if slices.ContainsFunc(cases, func(c record.CaseResult) bool { return c.Operation == op.ID }) {
			out = append(out, record.OperationInfo{ID: op.ID, Method: op.Method, Path: op.Path, File: op.File, Line: op.Line})
		}
	}
	return out
}

func total(cases []record.CaseResult) (t record.Totals) {
	t.Total = len(cases)
	for _, c := range cases {
		t.Requests += len(c.Exchanges)
		t.Findings += len(c.Findings)
		switch c.Outcome {
		case record.Passed:
			t.Passed++
		case record.Deviated:
			t.Deviated++
		case record.Failed:
			t.Failed++
		case record.Errored:
			t.Errored++
		case record.Inconclusive:
			t.Inconclusive++
		case record.Skipped:
			t.Skipped++
		case record.NotApplicable:
			t.NotApplicable++
		}
	}
	return t
}

// requirements sums the cases up by what they were to prove.
func (r *runner) requirements(cases []record.CaseResult) (out []record.RequirementResult) {
	for _, q := range r.suite.Requirements {
		if q.Level > r.options.Level {
			continue
		}
		result := record.RequirementResult{Requirement: q, State: "declared", Outcome: record.Skipped}
		for _, c := range cases {
			against := 0
			for _, f := range c.Findings {
				if f.Requirement == q.ID {
					against++
					result.Outcome = max(result.Outcome, r.counts(f))
				}
			}
			result.Findings += against
			if !slices.Contains(c.Proves, q.ID) {
				continue
			}
			switch outcome := c.Outcome; {
			case outcome == record.Passed || outcome == record.Deviated || outcome == record.Failed && (against > 0 || wholly(c)):
				result.State = "exercised"
				result.Cases++
				result.Outcome = max(result.Outcome, record.Passed)
			case outcome == record.Failed || outcome == record.Inconclusive || outcome == record.Errored:
				if result.State == "declared" {
					result.Outcome = max(result.Outcome, record.Inconclusive)
				}
			}
		}
		if result.State == "exercised" && result.Outcome == record.Inconclusive {
			result.Outcome = record.Passed
		}
		out = append(out, result)
	}
	return out
}

// wholly reports whether each request of a case got an answer: one that got none says
// nothing of what the answer was to prove.
func wholly(c record.CaseResult) bool {
	return !slices.ContainsFunc(c.Exchanges, func(e record.ExchangeResult) bool { return e.Response == nil })
}

// verdict sums a whole run up; unanswered is why nothing that was asked for was
// judged, or "". Nothing conclusive is never success, and half a
// run is no verdict.
func verdict(r *record.Report, unanswered string) (record.Verdict, string) {
	t := r.Totals
	switch {
	case r.Interrupted && t.Failed > 0:
		return record.Unjudged, fmt.Sprintf("the run was interrupted, when %d of %d cases had failed", t.Failed, t.Total)
	case r.Interrupted:
		return record.Unjudged, "the run was interrupted"
	case t.Failed > 0:
		return record.NotConformant, ""
	case t.Errored > 0:
		first := r.Cases[slices.IndexFunc(r.Cases, func(c record.CaseResult) bool { return c.Outcome == record.Errored })]
		return record.Unjudged, fmt.Sprintf("%d of %d cases could not be judged: %s", t.Errored, t.Total, first.Reason)
	case !r.Safety.Local && r.Safety.MaxActions == 0:
		// What is to be accepted is half of the contract, and the other half's control.
		return record.Unjudged, "nothing that could take effect was sent, so that no acceptance was seen; arm it with -accept-risk, -machine and -sha1"
	case unanswered != "":
		return record.Unjudged, unanswered
	}
	// A case that was given up says nothing, and its like may be all that breaks.
	if left := count(r.Cases, outageReason); left > 0 {
		return record.Unjudged, fmt.Sprintf("%d of %d cases were not sent, since too many requests like theirs got no answer", left, t.Total)
	}
	switch {
	case !r.Safety.Local && t.Skipped > 0:
		return record.Conformant, fmt.Sprintf("as far as it was armed; %d of %d cases were not sent", t.Skipped, t.Total)
	}
	return record.Conformant, ""
}

// count returns how many cases have a reason.
func count(cases []record.CaseResult, reason string) (n int) {
	for _, c := range cases {
		if c.Reason == reason {
			n++
		}
	}
	return n
}
