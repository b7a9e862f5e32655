package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Verification says what became of judging a report's exchanges again.
type Verification struct {
	Cases       int          // whose exchanges were judged again
	Exchanges   int          // judged again, wholly
	Taken       []string     // exchanges of which the record holds only the beginning, so that their findings were taken over: "case#step"
	Absent      int          // cases of the report without an exchange, whose outcome rests on the record's word
	Differences []Difference // where the report does not say what its exchanges come to
}

// A Difference is one place in a report that its exchanges do not bear out.
type Difference struct {
	Place    string // "verdict", "totals", "requirement ID", "case ID", "exchange ID#STEP"
	Recorded string // what the report says
	Found    string // what its exchanges come to
}

// Verify judges the exchanges of a report again, without a target, and returns
// everything that the report does not say as they come to: requests that the
// suite does not send, findings, outcomes, totals and the verdict. Times are held
// against the end of each exchange. The error is a [*UsageError] where the report
// is of another version, contract or fixtures than the suite, which then cannot
// tell.
//
// It bears out what was made of the exchanges, not that they took place: whoever
// can write the file can write another exchange.
func (s *Suite) Verify(r *Report) (*Verification, error) {
	for _, row := range []struct{ what, recorded, own, remedy string }{
		{"version", r.Suite.Version, Version, "verify it with that version of fmaspec"},
		{"contract", r.Suite.Contract, s.Contract, "verify it with the fmaspec that wrote it"},
		{"fixtures", r.Suite.Fixtures, s.Fixtures, "name with -fixtures the folders that the run named, as they were, or use the fmaspec that wrote it"},
	} {
		if row.recorded != row.own {
			return nil, usage("the report is of %s %s, and this suite of %s; %s", row.what, cmp.Or(row.recorded, "none"), row.own, row.remedy)
		}
	}
	options := Options{Level: r.Suite.Level, Strict: r.Suite.Strict, Run: r.Suite.Run, Skip: r.Suite.Skip, Only: r.Suite.Only,
		Repeat: r.Suite.Repeat, Parallel: r.Suite.Parallel, Seed: r.Suite.Seed}.prepared()
	selected, err := s.Select(options)
	if err != nil {
		return nil, err
	}
	v := &verifier{suite: s, recorded: r, options: options, rebuilt: map[string]*job{}}
	v.binder = &binder{
		target: Target{URL: r.Target.URL, Token: "a-token-that-stands-in", UnprivilegedToken: "an-unprivileged-one-that-does", InvalidToken: "and-one-that-is-invalid",
			Machine: r.Target.Machine, UnknownMachine: r.Target.UnknownMachine, Sha1: r.Target.Sha1},
		ops: s.operationsByID(),
	}
	v.binder.secrets = newSecrets(v.binder.target)
	return v.verify(selected), nil
}

// verifier is one verification.
type verifier struct {
	Verification
	suite    *Suite
	recorded *Report
	options  Options
	binder   *binder
	rebuilt  map[string]*job // by the id of the case
}

func (v *verifier) differ(place, recorded, found string) {
	if recorded != found {
		v.Differences = append(v.Differences, Difference{place, recorded, found})
	}
}

func (v *verifier) verify(selected []*Case) *Verification {
	recorded := map[string]*CaseResult{}
	for i := range v.recorded.Cases {
		c := &v.recorded.Cases[i]
		if recorded[c.ID] != nil {
			v.differ("case "+c.ID, "told twice", "one case")
			continue
		}
		recorded[c.ID] = c
		if !slices.ContainsFunc(selected, func(o *Case) bool { return o.ID == c.ID }) {
			v.differ("case "+c.ID, "one of the run", "none that a run with these settings selects")
		}
	}
	var jobs []*job
	for _, c := range selected {
		if recorded[c.ID] == nil {
			v.differ("case "+c.ID, "absent", "one that a run with these settings selects")
			continue
		}
		jobs = append(jobs, v.job(c, recorded[c.ID]))
	}
	// What is known besides the exchanges is taken over.
	out := &Report{Suite: v.recorded.Suite, Target: v.recorded.Target, Safety: v.recorded.Safety, LastLook: v.recorded.LastLook}
	(&runner{suite: v.suite, options: v.options}).conclude(out, jobs)
	v.compare(recorded, out)
	return &v.Verification
}

// job makes a job of what the report holds of a case.
func (v *verifier) job(c *Case, recorded *CaseResult) *job {
	place := "case " + c.ID
	for _, row := range [][2]string{
		{recorded.Title, c.Title}, {recorded.Operation, c.Operation}, {recorded.Control, c.Control}, {recorded.File, c.File},
		{fmt.Sprint(recorded.Line), fmt.Sprint(c.Line)}, {strings.Join(recorded.Proves, ", "), strings.Join(c.Proves, ", ")},
	} {
		v.differ(place, row[0], row[1])
	}
	j := &job{c: c, stopped: v.recorded.Interrupted}
	last := -1
	for i := range recorded.Exchanges {
		x := &recorded.Exchanges[i]
		if x.Step <= last || x.Step >= len(c.Steps)*v.options.Repeat {
			v.differ(fmt.Sprintf("exchange %s#%d", c.ID, x.Step), "one of the run", "none that a run with these settings makes, or not in its place")
			continue
		}
		last = x.Step
		j.exchanges = append(j.exchanges, v.exchange(c, recorded, x))
	}
	if len(j.exchanges) == len(c.Steps)*v.options.Repeat {
		j.stopped = false
	} else {
		// Why an exchange is missing, only the record knows.
		j.outcome, j.skip = recorded.Outcome, recorded.Reason
		if !slices.Contains([]Outcome{Skipped, NotApplicable, Errored}, j.outcome) {
			j.outcome, j.skip = Skipped, "exchanges are missing"
		}
	}
	if recorded.Outcome == NotApplicable && len(c.Needs) == 0 && v.recorded.Target.Protocol != "HTTP/2" {
		v.differ(place, outcomeText(recorded), "a case that needs nothing from the user")
	}
	if len(j.exchanges) > 0 {
		v.Cases++
	} else {
		v.Absent++
	}
	return j
}

// exchange judges one exchange again.
func (v *verifier) exchange(c *Case, of *CaseResult, recorded *ExchangeResult) *Exchange {
	place := fmt.Sprintf("exchange %s#%d", c.ID, recorded.Step)
	round, step := recorded.Step/len(c.Steps), &c.Steps[recorded.Step%len(c.Steps)]
	v.binder.seed = fmt.Sprintf("%s.%d", v.options.Seed, round)
	b, err := v.binder.bind(c, step, recorded.Inert)
	if err != nil {
		v.differ(place, "a request of this case", err.Error())
	}
	v.request(place, recorded, b.request, round)
	x := &Exchange{
		Case: c, Step: recorded.Step % len(c.Steps), round: round, Request: recorded.Request, Response: recorded.Response, Started: recorded.Started, Elapsed: recorded.Elapsed,
		Retries: recorded.Retries, Alone: recorded.Alone, header: b.header, sha1: b.sha1, marks: b.marks, inert: recorded.Inert, leaked: recorded.Leaked,
	}
	if recorded.Error != "" {
		x.Err = &WireError{recorded.ErrorKind, recorded.Error}
	}
	if x.Response == nil || !x.Response.Shortened {
		v.Exchanges++
		x.findings = v.suite.Judge(x, x.Started.Add(x.Elapsed))
		x.note()
		return x
	}
	v.Taken = append(v.Taken, fmt.Sprintf("%s#%d", c.ID, recorded.Step))
	x.id, x.seen = recorded.Action, true // so that the beginning is not judged
	if of.Outcome == Errored {
		x.reason = of.Reason
	}
	for _, f := range of.Findings {
		if f.Step == recorded.Step {
			f.Known = nil
			x.findings = append(x.findings, f)
		}
	}
	return x
}

// request compares a request with the one that the suite sends. Fields that a
// setting adds or replaces may stand beside the suite's own.
func (v *verifier) request(place string, recorded *ExchangeResult, own Request, round int) {
	v.differ(place+" method", recorded.Request.Method, own.Method)
	v.differ(place+" URL", recorded.Request.URL, own.URL)
	if round == 0 || len(recorded.Request.Body) > 0 || len(own.Body) <= keptBody {
		v.differ(place+" request body", string(recorded.Request.Body), string(own.Body))
	}
	rest := recorded.Request.Header
	for _, f := range own.Header {
		if strings.EqualFold(f.Name, "User-Agent") {
			continue
		}
		at := slices.Index(rest, f)
		if at < 0 {
			v.differ(place+" header "+f.Name, "absent, another, or not in its place", f.Value)
			continue
		}
		rest = rest[at+1:]
	}
}

// compare notes where the recorded report and the one made again are not alike.
func (v *verifier) compare(recorded map[string]*CaseResult, out *Report) {
	for i := range out.Cases {
		own := &out.Cases[i]
		told := recorded[own.ID]
		v.differ("case "+own.ID, outcomeText(told), outcomeText(own))
		v.findings(told.Findings, own.Findings)
	}
	if len(v.recorded.Requirements) != len(out.Requirements) {
		v.differ("requirements", fmt.Sprint(len(v.recorded.Requirements)), fmt.Sprint(len(out.Requirements)))
	} else {
		for i, own := range out.Requirements {
			told := v.recorded.Requirements[i]
			if told.State == "proven" && own.State == "exercised" {
				own.State = told.State // the selftest's word, which is not of this run
			}
			v.differ("requirement "+own.ID, fmt.Sprintf("%+v", told), fmt.Sprintf("%+v", own))
		}
	}
	v.differ("operations", fmt.Sprintf("%+v", v.recorded.Operations), fmt.Sprintf("%+v", out.Operations))
	v.differ("totals", fmt.Sprintf("%+v", v.recorded.Totals), fmt.Sprintf("%+v", out.Totals))
	if v.recorded.Interrupted && v.recorded.Verdict == Unjudged {
		return // it is no verdict, whatever the exchanges come to
	}
	v.differ("verdict", strings.TrimSpace(string(v.recorded.Verdict)+" "+v.recorded.Reason), strings.TrimSpace(string(out.Verdict)+" "+out.Reason))
}

func outcomeText(c *CaseResult) string {
	if c.Reason == "" {
		return c.Outcome.String()
	}
	return c.Outcome.String() + ": " + c.Reason
}

// findings compares the findings of one case.
func (v *verifier) findings(recorded, own []Finding) {
	recorded = slices.Clone(recorded)
	for i := range recorded {
		recorded[i].Known = nil // no matter of the exchanges
	}
	for _, f := range recorded {
		if !slices.Contains(own, f) {
			v.differ("finding "+f.Key, findingText(f), "not found")
		}
	}
	for _, f := range own {
		if !slices.Contains(recorded, f) {
			v.differ("finding "+f.Key, "absent", findingText(f))
		}
	}
}

func findingText(f Finding) string {
	return fmt.Sprintf("%s %s (%s) at answer %d: want %s, got %s", f.Level, f.Requirement, f.Check, f.Step+1, f.Want, f.Got)
}
