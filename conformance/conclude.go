package conformance

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// A caseRun is one case with its exchanges.
type caseRun struct {
	c         *Case
	skip      string         // why it was not sent, or not all of it; "" where it was
	outcome   record.Outcome // where skip is set
	exchanges []*Judged      // in the order of their steps
	stopped   bool           // by the end of the run
	dropped   int            // exchanges that showed nothing new, and are not kept
	proven    bool           // some exchange of recorded traffic is evidence, and no repetition
	times     map[string]int // of recorded traffic, how many exchanges had a finding, by its key
}

// A conclusion holds the rules by which a run is concluded from its exchanges.
type conclusion struct {
	suite  *Suite
	level  record.Level    // the weakest that is judged
	strict bool            // inferred requirements fail the run too
	wanted map[string]bool // ids of the cases that were asked for; nil for all

	leastCoverage int // the percentage that is asked for

	traffic  bool                // of others, for which it does not matter what of the contract a run covers
	unjudged []record.CaseResult // of a record, of cases that cannot be judged again; they count as they are
}

// concludes returns how a run is concluded.
func (r *binding) concludes() conclusion {
	return conclusion{suite: r.suite, level: r.options.Level, strict: r.options.Strict, wanted: r.wanted,
		leastCoverage: r.options.MinCoverage}
}

// conclude completes a report, of which the target, the safety, the last look and the
// panics are there, with what the exchanges of a run show together. It writes to nothing
// else. together holds what the exchanges of a session show together of which the runs keep
// a part; it is nil where they keep all.
func (k conclusion) conclude(out *record.Report, runs []*caseRun, together map[ref][]record.Finding) {
	var all []*Judged
	for _, run := range runs {
		all = append(all, run.exchanges...)
	}
	why := causesOf(out, all)
	if together == nil {
		state := k.suite.newTogether(room{})
		for _, x := range all {
			state.note(x)
		}
		together = state.findings()
	}
	lost := unkept(together, all)
	accepted := acceptances(runs)
	unheeding := unheedingStatuses(runs)
	for _, run := range runs {
		findings, outcome, reason := k.caseOf(run, together, lost[run.c], accepted, unheeding, why)
		out.Cases = append(out.Cases, caseResult(run, findings, outcome, reason))
	}
	if !k.traffic {
		out.Coverage = k.coverage(runs, out.Cases)
	}
	if len(k.unjudged) > 0 {
		out.Cases = append(out.Cases, k.unjudged...)
		slices.SortStableFunc(out.Cases, func(a, b record.CaseResult) int { return cmp.Compare(a.ID, b.ID) })
	}
	out.Interrupted = slices.ContainsFunc(runs, func(run *caseRun) bool { return run.stopped })
	k.sum(out)
	switch {
	case out.Interrupted:
	case out.Verdict == record.Conformant && !k.suite.relaxes(Acceptance) && uncreated(runs) != "":
		out.Verdict, out.Reason = record.Unjudged, uncreated(runs)
	case out.Verdict != record.Conformant && len(why) > 0:
		out.Reason = why.reason()
		if why.unasked() {
			out.Verdict = record.Unjudged
		}
	}
	if out.Verdict != record.Conformant {
		out.Reason = withHint(out.Reason, k.suite.unserved(out))
	}
}

// sum completes a report with what its cases come to.
func (k conclusion) sum(out *record.Report) {
	out.Totals = total(out.Cases)
	out.Operations = k.suite.operations(out.Cases)
	out.Requirements = k.requirements(out.Cases)
	out.Verdict, out.Reason = verdict(out, k.unanswered(out.Cases))
}

// unkept returns the findings on exchanges that are not kept, by case.
func unkept(together map[ref][]record.Finding, all []*Judged) map[*Case][]record.Finding {
	kept, out := map[ref]bool{}, map[*Case][]record.Finding{}
	for _, x := range all {
		kept[x.ref()] = true
	}
	for at, findings := range together {
		if !kept[at] {
			out[at.c] = append(out[at.c], findings...)
		}
	}
	return out
}

// acceptances returns, by the id of a case, why it stands for no acceptance, "" where it does.
func acceptances(runs []*caseRun) map[string]string {
	out := map[string]string{}
	for _, run := range runs {
		switch {
		case len(run.exchanges) == 0 && run.skip == checkpointReason:
			out[run.c.ID] = "was not answered yet"
		case len(run.exchanges) == 0 && run.skip == stoppedReason:
			out[run.c.ID] = "was not answered before the run was interrupted"
		case len(run.exchanges) == 0:
			out[run.c.ID] = notSent
		case run.exchanges[0].Response == nil:
			out[run.c.ID] = "was not answered"
		case !run.exchanges[0].success():
			out[run.c.ID] = notAccepted
		default:
			out[run.c.ID] = ""
		}
	}
	return out
}

// Why a case stands for no acceptance.
const (
	notSent     = "was not sent"
	notAccepted = "was not accepted"
)

// discerns reports whether the target is known to tell a token from another one, as a case needs it,
// and why not.
func discerns(c *Case, accepted map[string]string) (why string, ok bool) {
	vouched, known := accepted[c.Vouched]
	stranger, asked := accepted[c.Stranger]
	switch {
	case c.Stranger == "", known && vouched != notSent, asked && stranger == notAccepted:
		return "", true
	case asked && stranger == "":
		stranger = "was accepted"
	case !asked:
		stranger = notSent
	}
	return fmt.Sprintf("%s %s, so the target may take any token; give one that must not be accepted with -%s",
		c.Stranger, stranger, Token{Variable: httpfile.InvalidToken}.Flag()), false
}

// A refusalKind is what requests have in common that are to be refused for one reason.
type refusalKind struct{ operation, status string }

func refusalKindOf(c *Case) refusalKind { return refusalKind{c.Operation, c.status} }

// unheedingStatuses returns the kinds of requests that are to be refused, and that the
// target accepts on their own. In a case of several requests it then remembers nothing,
// it only does not look, so that nothing is charged to isolation.
func unheedingStatuses(runs []*caseRun) map[refusalKind]bool {
	out := map[refusalKind]bool{}
	for _, run := range runs {
		for _, x := range run.exchanges {
			if len(run.c.Steps) == 1 && slices.ContainsFunc(x.Findings,
				func(f record.Finding) bool { return f.Check == refusesCheck }) {
				out[refusalKindOf(run.c)] = true
			}
		}
	}
	return out
}

// counts returns the outcome that a finding gives its case.
func (k conclusion) counts(f record.Finding) record.Outcome {
	if f.Level == record.Inferred && !k.strict {
		return record.Deviated
	}
	return record.Failed
}

// fails reports whether a finding fails a run.
func (k conclusion) fails(f record.Finding) bool {
	return k.counts(f) == record.Failed && f.Level <= k.level
}

// caseOf returns the findings of a case that count at the run's level, the worst first,
// and the outcome that they give the case, with its reason. lost are the findings on its
// exchanges that are not kept.
func (k conclusion) caseOf(run *caseRun, together map[ref][]record.Finding, lost []record.Finding,
	accepted map[string]string, unheeding map[refusalKind]bool, why causes) (findings []record.Finding,
	outcome record.Outcome, reason string) {
	if c := why.all(run.exchanges); c != nil {
		return nil, record.Errored, c.reason
	}
	findings = slices.Clone(lost)
	repeats, refused, unjudged := "", "", ""
	for _, x := range run.exchanges {
		of := slices.Concat(x.Findings, together[x.ref()])
		if len(run.c.Steps) > 1 && unheeding[refusalKindOf(run.c)] {
			of = k.suite.withoutIsolation(run.c, of)
		}
		unanswered := x.Unjudged
		if c := why.find(x); c != nil {
			of, unanswered = c.left(of), c.reason
		}
		if repeated(x, run.exchanges) {
			of = x.ofRepetition(of)
			if x.toAccept() {
				repeats = repetition
			}
		}
		refused = cmp.Or(refused, x.roleTokenRefused(), x.tokenDisowned(), x.expectationUnmet(),
			x.fieldsLimited())
		findings = append(findings, of...)
		unjudged = cmp.Or(unjudged, unanswered)
	}
	inconclusive := cmp.Or(repeats, refused)
	unproven := ""
	for _, control := range run.c.controls() {
		if why := accepted[control]; why != "" && unproven == "" {
			unproven = fmt.Sprintf("its control %s %s, so this answer proves nothing", control, why)
		}
	}
	for _, id := range run.c.Carries {
		if why := accepted[id]; why == notAccepted && unproven == "" {
			unproven = fmt.Sprintf("%s, which has a form of it alone, %s, so this answer proves nothing more", id, why)
		}
	}
	if why, ok := discerns(run.c, accepted); !ok && unproven == "" {
		unproven = why
		findings = selected(findings, func(f record.Finding) bool { return f.Check != refusesCheck })
	}
	if why, sent := accepted[run.c.Alone]; run.c.Alone != "" && unproven == "" && sent && why == "" {
		unproven = fmt.Sprintf("%s was accepted too, so this answer shows nothing more", run.c.Alone)
		findings = selected(findings, func(f record.Finding) bool { return f.Check != refusesCheck })
	}
	if unproven == "" && slices.ContainsFunc(run.exchanges, (*Judged).aboutTheMachine) {
		unproven = "the answer may be about the machine, which was made up so that nothing could take effect; it " +
			"proves nothing of the rest"
	}
	inconclusive = cmp.Or(unproven, inconclusive)
	findings = selected(findings, func(f record.Finding) bool {
		// The status proves nothing then; the form of the answer does.
		return f.Level <= k.level && (unproven == "" || !aboutAcceptance(run.c, f))
	})
	slices.SortStableFunc(findings, func(a, b record.Finding) int {
		return cmp.Or(cmp.Compare(k.counts(b), k.counts(a)), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Check, b.Check),
			cmp.Compare(a.Place, b.Place), cmp.Compare(a.Requirement, b.Requirement))
	})
	counted(findings, run.times)
	worst := record.Outcome(0)
	for _, f := range findings {
		worst = max(worst, k.counts(f))
	}
	switch {
	case worst == record.Failed:
		return findings, record.Failed, ""
	case run.skip != "":
		return findings, run.outcome, run.skip
	case unjudged != "" && run.c.Recorded: // of exchanges that somebody else made
		if worst == 0 && run.proven {
			return findings, record.Passed, ""
		}
		return findings, max(worst, record.Inconclusive), unjudged
	case unjudged != "":
		return findings, record.Errored, unjudged
	case inconclusive != "" && !(run.c.Recorded && run.proven && inconclusive == repetition):
		return findings, max(worst, record.Inconclusive), inconclusive
	case worst != 0:
		return findings, worst, ""
	}
	return findings, record.Passed, ""
}

// counted says in the first finding of each kind for how many exchanges it stands, where some of
// them are not kept.
func counted(findings []record.Finding, times map[string]int) {
	kept := map[string]int{}
	for _, f := range findings {
		kept[f.Key]++
	}
	for i := range findings {
		f := &findings[i]
		if more := times[f.Key] - kept[f.Key]; kept[f.Key] > 0 && more > 0 {
			f.Times = more + 1
		}
		kept[f.Key] = 0 // the first one alone
	}
}

// aboutAcceptance reports whether a finding is about the acceptance or refusal of a request, and
// not about the form of the answer.
func aboutAcceptance(c *Case, f record.Finding) bool {
	return slices.Contains([]string{createdCheck, servedCheck, acceptsCheck, refusedWith, hostileCheck}, f.Check) ||
		f.Check == serverErrorCheck && c.weak
}

// selected returns the findings that count.
func selected(all []record.Finding, counts func(record.Finding) bool) (out []record.Finding) {
	for _, f := range all {
		if counts(f) {
			out = append(out, f)
		}
	}
	return out
}

// withoutIsolation returns the findings without those that charge isolation with
// an acceptance. Where nothing else is charged with it, what the same request is charged to
// in a case of its own is: its expectation counts.
func (s *Suite) withoutIsolation(c *Case, findings []record.Finding) (out []record.Finding) {
	charges := func(f record.Finding) bool { return f.Check == refusesCheck }
	isolation := func(f record.Finding) bool { return charges(f) && s.kinds[f.Requirement] == Isolation }
	alone := !slices.ContainsFunc(findings, func(f record.Finding) bool { return charges(f) && !isolation(f) })
	other := s.requirement[s.strongest(c.chargedAlone(s.checks))]
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

// aboutTheMachine reports whether a request to be refused for one reason may have been
// refused for another: its machine was made up, on a target that is not loopback.
func (x *Exchange) aboutTheMachine() bool {
	return x.Inert && x.answered() && (x.Response.Status == http.StatusNotFound ||
		x.Response.Status == http.StatusForbidden && x.Case.kinds[x.Case.status] != RefusalRole)
}

// caseResult returns a case as a report keeps it.
func caseResult(run *caseRun, findings []record.Finding, outcome record.Outcome, reason string) record.CaseResult {
	c := record.CaseResult{
		ID: run.c.ID, Title: run.c.Title, Operation: run.c.Operation, Proves: run.c.Proves, Control: run.c.Control,
		File: run.c.File, Line: run.c.Line, Outcome: outcome, Reason: reason,
		Findings: append([]record.Finding{}, findings...), Exchanges: []record.ExchangeResult{}, Dropped: run.dropped,
	}
	for _, x := range run.exchanges {
		c.Exchanges = append(c.Exchanges, x.result())
	}
	for i := range c.Findings {
		if x := c.Exchange(c.Findings[i].Step); x != nil {
			c.Findings[i].Source = x.Source
		}
	}
	if run.c.Recorded {
		c.File, c.Line = readAt(c)
	}
	return c
}

// readAt returns where the exchange was read that a case of recorded traffic is about first.
func readAt(c record.CaseResult) (file string, line int) {
	for _, f := range c.Findings {
		if f.Source != nil {
			return f.Source.File, f.Source.Line
		}
	}
	for _, x := range c.Exchanges {
		if x.Source != nil {
			return x.Source.File, x.Source.Line
		}
	}
	return "", 0
}

// result returns an exchange as a report keeps it, where it is that of a step.
func (x *Exchange) result(step int) record.ExchangeResult {
	out := record.ExchangeResult{Step: step, Request: x.Request, Response: x.Response, Retries: x.Retries,
		Alone: x.Alone, Inert: x.Inert, Leaked: x.Leaked, TokenIn: x.TokenIn, Started: x.Started.UTC(),
		Elapsed: x.Elapsed, Source: x.Source, Lacks: x.Lacks}
	if x.Err != nil {
		out.Error, out.ErrorKind = x.Err.Msg, x.Err.Kind
	}
	return out
}

// result returns an exchange of a case as a report keeps it.
func (x *Judged) result() record.ExchangeResult {
	out := x.Exchange.result(x.ref().step)
	if x.Response != nil && x.Response.Shortened {
		out.Action = x.ActionID
	}
	return out
}

// operations are those of the cases.
func (s *Suite) operations(cases []record.CaseResult) (out []record.OperationInfo) {
	for _, op := range s.Operations {
		if slices.ContainsFunc(cases, func(c record.CaseResult) bool { return c.Operation == op.ID }) {
			out = append(out, record.OperationInfo{ID: op.ID, Method: op.Method, Path: op.Path, File: op.File,
				Line: op.Line})
		}
	}
	return out
}

func total(cases []record.CaseResult) (t record.Totals) {
	t.Total = len(cases)
	for _, c := range cases {
		t.Requests += len(c.Exchanges) + c.Dropped
		for _, f := range c.Findings {
			t.Findings += f.Count()
		}
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
func (k conclusion) requirements(cases []record.CaseResult) (out []record.RequirementResult) {
	for _, q := range k.suite.Requirements {
		if q.Level > k.level {
			continue
		}
		result := record.RequirementResult{Requirement: q, State: "declared", Outcome: record.Skipped}
		for _, c := range cases {
			against := 0
			for _, f := range c.Findings {
				if f.Requirement == q.ID {
					against += f.Count()
					result.Outcome = max(result.Outcome, k.counts(f))
				}
			}
			result.Findings += against
			if !slices.Contains(c.Proves, q.ID) {
				continue
			}
			switch outcome := c.Outcome; {
			case outcome == record.Passed || outcome == record.Deviated || outcome == record.Failed &&
				(against > 0 || wholly(c)):
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
		return record.Unjudged, fmt.Sprintf("the run was interrupted, when %d of %d cases had failed", t.Failed,
			t.Total)
	case r.Interrupted:
		return record.Unjudged, "the run was interrupted"
	case t.Failed > 0 && r.Stopped() > 0:
		return record.NotConformant, fmt.Sprintf("the run stopped at the first case that failed; %d of %d cases were "+
			"not sent, or not as often as was planned", r.Stopped(), t.Total)
	case t.Failed > 0:
		return record.NotConformant, ""
	case r.Stopped() > 0: // the case that failed proves nothing after all
		return record.Unjudged, fmt.Sprintf("the run stopped at a case that seemed to fail, and %d of %d cases were "+
			"not sent; run again without -fail-fast", r.Stopped(), t.Total)
	case t.Errored > 0:
		first := r.Cases[slices.IndexFunc(r.Cases,
			func(c record.CaseResult) bool { return c.Outcome == record.Errored })]
		return record.Unjudged, fmt.Sprintf("%d of %d cases could not be judged: %s", t.Errored, t.Total, first.Reason)
	case !r.Safety.Local && r.Safety.MaxActions == 0:
		// What is to be accepted is half of the contract, and the other half's control.
		return record.Unjudged, "no request that could take effect was sent, so no acceptance was seen; arm an " +
			"operation with -accept-risk, -machine and -sha1"
	case unanswered != "":
		return record.Unjudged, unanswered
	}
	// A case that was not sent shows nothing, and its kind may be all that fails.
	if left := count(r.Cases, outageReason); left > 0 {
		return record.Unjudged, fmt.Sprintf("%d of %d cases were not sent, since too many requests like theirs got "+
			"no answer", left, t.Total)
	}
	switch left := count(r.Cases, slowReason); {
	case left > 0:
		return record.Conformant, fmt.Sprintf("%d of %d cases were not sent, since the generated ones had taken as "+
			"long as they may", left, t.Total)
	case !r.Safety.Local && t.Skipped > 0:
		return record.Conformant, fmt.Sprintf("only the cases that were sent were judged; %d of %d were not sent",
			t.Skipped, t.Total)
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
