package conformance

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/internal/coding"
	"fmaspec/conformance/internal/pace"
	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/record"
)

// A Verification is the result of judging the exchanges of a report again.
type Verification struct {
	Cases       int          // whose exchanges were judged again
	Exchanges   int          // judged again, wholly
	Exceptions  []Exception  // what the report says and nothing in it shows
	Differences []Difference // where the report does not follow from its exchanges
}

// An Exception is something that a report says and that cannot be derived from its
// exchanges.
type Exception struct {
	What   string   // "8 cases without an exchange"
	Places []string // ids of cases, or exchanges as "case#step", each with the reason that the report gives
}

// A Difference is one place in a report that does not follow from its exchanges.
type Difference struct {
	Place    string // "verdict", "totals", "requirement ID", "case ID", "exchange ID#STEP"
	Recorded string // what the report says
	Found    string // what follows from its exchanges
}

// Verify derives again, without a target, what a report says, and returns every
// place at which it says something else: the requests that the suite sends, what it
// withholds, findings, outcomes, totals and the verdict. Times are compared with the
// end of each exchange. The error is a [*UsageError] where the report is of another
// version, contract or fixtures than the suite, which then cannot know.
//
// What is taken as recorded is what came and when, the settings of the run, and what
// it ran on; [ReportFields] lists every field. What the report says beyond that, and
// cannot be derived, is an exception. complete adds to the derived report what a
// command adds to that of a run, such as the state "proven" and a baseline.
//
// It confirms the judgement of the exchanges, not that they took place: who can write
// the file can write another exchange.
func (s *Suite) Verify(r *record.Report, complete ...func(*record.Report)) (*Verification, error) {
	if err := s.wrote(r); err != nil {
		return nil, err
	}
	switch {
	case r.Subject != "":
		return nil, usage("the report is on clients, of whose requests it keeps a part; verify that of a run")
	case r.Traffic != nil || r.Client != nil:
		return nil, usage("the report is of recorded traffic, of which it keeps a part; judge the record again")
	case r.Merged != nil:
		return nil, usage("the report was merged from those of shards; verify each of them")
	case r.Load != nil:
		return nil, usage("the report is of a load, of whose exchanges it keeps a part; verify that of a run")
	}
	if at := slices.IndexFunc(r.Cases, func(c record.CaseResult) bool { return c.Dropped > 0 }); at >= 0 {
		return nil, usage("the report keeps a part of the exchanges of a session (case %s), so that what it says "+
			"cannot be derived again; verify that of a run", r.Cases[at].ID)
	}
	s, err := s.WithRules(r.Suite.OwnRules...)
	if err != nil {
		return nil, usage("the own rules of the report are not those of a run: %v", err)
	}
	o := optionsOf(r)
	if _, err := s.Select(o); err != nil {
		return nil, err
	}
	v := &verifier{suite: s, recorded: r, complete: complete, exceptions: map[string][]string{}}
	v.indexed()
	v.setApart()
	v.verify(o)
	v.except()
	return &v.Verification, nil
}

// wrote returns an error where a report is of another version, contract or fixtures than the
// suite.
func (s *Suite) wrote(r *record.Report) error {
	for _, row := range []struct{ what, recorded, own, remedy string }{
		{"version", r.Suite.Version, Version, "verify it with that version of fmaspec"},
		{"contract", r.Suite.Contract, s.Contract, "verify it with the fmaspec that wrote it"},
		{"fixtures", r.Suite.Fixtures, s.Fixtures, "name with -fixtures the folders that the run named, as they " +
			"were, or use the fmaspec that wrote it"},
	} {
		if row.recorded != row.own {
			return usage("the report is of %s %s, and this suite of %s; %s", row.what,
				cmp.Or(row.recorded, "none"), row.own, row.remedy)
		}
	}
	return nil
}

// optionsOf returns the options of the run that made a report; those that no report holds are zero.
func optionsOf(r *record.Report) Options {
	return Options{Level: r.Suite.Level, Strict: r.Suite.Strict, Run: r.Suite.Run, Skip: r.Suite.Skip,
		Only: r.Suite.Only, Repeat: r.Suite.Repeat, Parallel: r.Suite.Parallel, Seed: r.Suite.Seed,
		Shard:      shardOf(r.Suite.Shard),
		AcceptRisk: r.Safety.Armed, MaxActions: r.Safety.MaxActions, MinCoverage: leastCoverage(r),
		Settings: r.Settings}
}

// shardOf reads a shard of a report, the zero value where it has none.
func shardOf(text string) (s Shard) {
	if _, err := fmt.Sscanf(text, "%d/%d", &s.Index, &s.Of); err != nil || s.String() != text {
		return Shard{}
	}
	return s
}

// verifier is one verification.
type verifier struct {
	Verification
	suite      *Suite
	recorded   *record.Report
	complete   []func(*record.Report)
	binding    *binding                      // of the run, as far as the record says how it was set
	results    map[string]*record.CaseResult // by id
	exceptions map[string][]string           // places, by what they have in common
	extras     []record.Field                // header fields that settings add to every request
	actions    int                           // requests that could take effect elsewhere
	retries    int
	kept       int                 // bytes of answers in the record, as the recorder counts them
	derived    *record.Report      // what the exchanges that are recorded show
	unjudged   []record.CaseResult // of cases that a generator made up as it went
	round      int                 // of the case under way that is bound
	bound      []bound             // its steps
	// tokens that are too short or too plain to be struck out, by the variables that stand for them
	tokens map[string]string
}

func (v *verifier) differ(place, recorded, found string) {
	if recorded != found {
		v.Differences = append(v.Differences, Difference{place, recorded, found})
	}
}

// refute notes a difference where what is recorded cannot be.
func (v *verifier) refute(cannot bool, place, recorded, found string) {
	if cannot {
		v.Differences = append(v.Differences, Difference{place, recorded, found})
	}
}

// The kinds of exceptions.
const (
	withoutExchange = "case%s without an exchange"
	madeUp          = "case%s made up during the run, which are not judged again"
	withoutSome     = "case%s without some of its exchanges"
	keptInPart      = "answer%s kept in part"
)

func (v *verifier) exception(what, place string) {
	v.exceptions[what] = append(v.exceptions[what], place)
}

// except gathers the exceptions, those that count something first.
func (v *verifier) except() {
	for _, what := range []string{withoutExchange, withoutSome, keptInPart, madeUp} {
		if n := len(v.exceptions[what]); n > 0 {
			v.Exceptions = append(v.Exceptions, Exception{fmt.Sprintf("%d "+what, n,
				map[bool]string{false: "s"}[n == 1]), v.exceptions[what]})
			delete(v.exceptions, what)
		}
	}
	for _, what := range keys(v.exceptions) {
		v.Exceptions = append(v.Exceptions, Exception{what, v.exceptions[what]})
	}
}

// indexed looks the cases of the record up by their ids.
func (v *verifier) indexed() {
	v.results = map[string]*record.CaseResult{}
	for i := range v.recorded.Cases {
		c := &v.recorded.Cases[i]
		v.refute(v.results[c.ID] != nil, "case "+c.ID, "recorded twice", "one case")
		if v.results[c.ID] == nil {
			v.results[c.ID] = c
		}
		for _, x := range c.Exchanges {
			if x.Response != nil {
				v.kept += recordedSize(x.Response)
			}
		}
	}
}

// setApart finds the cases that a generator made up as it went, which the suite cannot make
// again. What they were to show is in no record, so that they count with the findings that
// are recorded.
func (v *verifier) setApart() {
	unknown := func(name string) bool { return !slices.Contains(v.suite.Generators, name) }
	if !slices.ContainsFunc(v.recorded.Suite.Generated, unknown) {
		return
	}
	for _, c := range v.recorded.Cases {
		_, name, _ := strings.Cut(c.ID, "/")
		generator, _, _ := strings.Cut(name, "/")
		if v.suite.byID[c.ID] == nil && unknown(generator) &&
			slices.Contains(v.recorded.Suite.Generated, generator) {
			v.unjudged = append(v.unjudged, c)
			v.exception(madeUp, c.ID)
		}
	}
}

// target is the target of the record, with stand-ins for what no record holds.
func (v *verifier) target() Target {
	recorded := v.recorded.Target
	t := Target{URL: recorded.URL, Name: recorded.Name, Machine: recorded.Machine,
		UnknownMachine: recorded.UnknownMachine, OtherMachine: recorded.OtherMachine, File: recorded.File,
		Token: "a-token"} // of which nothing is derived
	if recorded.URL == record.InMemory {
		t.Handler = http.NotFoundHandler() // it is asked nothing
	}
	// Whether the user supplied the other tokens shows in the cases that need them, and
	// whether values are derived of the first in those that need these.
	derived := DerivedTokens()
	for _, c := range v.suite.Cases {
		result := v.results[c.ID]
		if result == nil || len(result.Exchanges) == 0 && result.Outcome == record.NotApplicable &&
			strings.HasPrefix(result.Reason, "needs ") {
			continue
		}
		for _, need := range c.Needs {
			if k, is := TokenNamed(need); is {
				*k.In(&t) = "a-stand-in-for-the-" + k.Variable
			} else if slices.Contains(derived, need) {
				t.Token = "a-token-that-stands-in"
			}
		}
	}
	if recorded.MadeUpToken {
		t.Token = madeUpToken
	}
	t.Transport = Transport{Insecure: recorded.Insecure, HTTP2: recorded.Protocol == "HTTP/2",
		Resolve: recorded.Resolve}
	if recorded.Proxy != "" {
		t.Transport.Proxy = func(*url.URL) (*url.URL, error) {
			return &url.URL{Scheme: "http", Host: recorded.Proxy},
				nil
		}
	}
	return t
}

// rebuild makes the jobs of the run again, with the exchanges that are recorded, and begins the
// report that is derived from them. It reports false where no run is set so.
func (v *verifier) rebuild(o Options) (made []*job, ok bool) {
	r, jobs, err := v.suite.ready(context.Background(), v.target(), o)
	if err != nil && jobs == nil {
		v.refute(true, "target", "one of a run", err.Error())
		return nil, false
	}
	v.refute(err != nil, "safety", "a run", fmt.Sprint(err)) // none may be sent
	v.binding = r
	selected := map[string]bool{}
	for _, j := range jobs {
		selected[j.c.ID] = true
	}
	for _, c := range v.unjudged {
		selected[c.ID] = true
	}
	for _, c := range v.recorded.Cases {
		v.refute(!selected[c.ID], "case "+c.ID, "one of the run", "none that a run with these settings selects")
	}
	// What was planned is known; what was made of it is in the record.
	for _, j := range jobs {
		result := v.results[j.c.ID]
		if result == nil {
			v.differ("case "+j.c.ID, "absent", "one that a run with these settings selects")
			continue
		}
		if j.skip == "" && result.Outcome == record.NotApplicable && result.Reason == ownTokenReason &&
			len(result.Exchanges) == 0 && len(j.c.madeUpTokens()) > 0 { // no record holds the token of the run
			j.outcome, j.skip = record.NotApplicable, ownTokenReason
		}
		v.gatherExtras(j, result)
		made = append(made, j)
	}
	for _, j := range made {
		v.job(j, v.results[j.c.ID])
	}
	v.derived = &record.Report{Schema: record.ReportSchema, Suite: r.suiteInfo(), Target: r.target.info(),
		Settings: r.settings(), Safety: r.guard.Info(), LastLook: v.recorded.LastLook, Panics: v.recorded.Panics,
		Exploration: v.recorded.Exploration}
	v.derived.Safety.Actions = v.actions
	if len(v.unjudged) > 0 {
		v.derived.Suite.Generated = v.recorded.Suite.Generated
	}
	return made, true
}

func (v *verifier) verify(o Options) {
	made, ok := v.rebuild(o)
	if !ok {
		return
	}
	r, out := v.binding, v.derived
	concludes := r.concludes()
	concludes.unjudged = v.unjudged
	concludes.conclude(out, caseRuns(made), nil)
	for _, more := range v.complete {
		more(out)
	}
	v.outages(made)
	v.passingStates(made)
	v.lastLook(made)
	v.settings()
	v.compare(out)
}

// job fills in what the report holds of a case that was planned.
func (v *verifier) job(j *job, result *record.CaseResult) {
	c, place := j.c, "case "+j.c.ID
	for _, row := range [][2]string{
		{result.Title, c.Title}, {result.Operation, c.Operation}, {result.Control, c.Control}, {result.File, c.File},
		{fmt.Sprint(result.Line), fmt.Sprint(c.Line)}, {fmt.Sprintf("%q", result.Proves), fmt.Sprintf("%q", c.Proves)},
	} {
		v.differ(place, row[0], row[1])
	}
	if j.skip != "" { // it is never sent
		if v.refute(len(result.Exchanges) > 0, place, "exchanges", j.skip); len(result.Exchanges) == 0 {
			v.exception(withoutExchange, c.ID+" ("+j.skip+")")
		}
		return
	}
	whole, last := len(c.Steps)*v.binding.options.Repeat, -1
	v.round = 0
	for i := range result.Exchanges {
		x := &result.Exchanges[i]
		if x.Step <= last || x.Step >= whole {
			v.refute(true, fmt.Sprintf("exchange %s#%d", c.ID, x.Step), "one of the run",
				"none that a run with these settings makes, or not in its place")
			continue
		}
		v.order(c, result.Exchanges[:i], x)
		last = x.Step
		j.exchanges = append(j.exchanges, v.exchange(j, result, x))
	}
	if len(j.exchanges) > 0 {
		v.Cases++
	}
	if len(j.exchanges) == whole {
		return
	}
	// Why an exchange is missing, the record alone can say; it has to be something
	// that happens.
	j.outcome, j.skip = result.Outcome, result.Reason
	if j.outcome == record.Failed && result.Reason == "" && len(j.exchanges) > 0 {
		j.outcome, j.skip = record.Skipped, "exchanges are missing" // what was found before fails the case
		j.stopped = v.recorded.Interrupted
	} else if why := missing(j.outcome, j.skip); why == nil && len(j.exchanges) > 0 {
		// What explains the exchanges that there are may stand in place of the outage.
		j.outcome, j.skip = record.Skipped, outageReason
	} else if why == nil {
		v.refute(true, place, outcomeText(result), "a case of which exchanges are missing")
	} else {
		j.stopped = why.stopped
	}
	if len(j.exchanges) == 0 {
		v.exception(withoutExchange, c.ID+" ("+cmp.Or(result.Reason, result.Outcome.String())+")")
	} else {
		v.exception(withoutSome, c.ID+" ("+cmp.Or(result.Reason, result.Outcome.String())+")")
	}
}

// A lack is a reason for which a run makes fewer exchanges than it planned.
type lack struct {
	outcome record.Outcome
	reason  string // how it begins
	stopped bool   // the run was
}

// missing returns why a run made fewer exchanges of a case than it planned, nil where
// that is no reason.
func missing(outcome record.Outcome, reason string) *lack {
	for _, l := range []lack{
		{record.Skipped, stoppedReason, true},
		{record.Skipped, checkpointReason, true},
		{record.Skipped, outageReason, false},
		{record.Skipped, slowReason, false},
		{record.Skipped, record.StoppedAtFailure, false},
		{record.Errored, tokenReason, false},
		{record.Errored, panicReason, false},
	} {
		if l.outcome == outcome && (reason == l.reason || strings.HasSuffix(l.reason, ": ") &&
			strings.HasPrefix(reason, l.reason)) {
			return &l
		}
	}
	return nil
}

// outages refutes that requests were not sent although others were answered.
func (v *verifier) outages(jobs []*job) {
	all := outage{}
	for _, j := range jobs {
		for _, x := range j.exchanges {
			if !x.aborted() {
				all.count(x.Exchange)
			}
		}
	}
	silent := all.silent + all.refused
	if all.answered == 0 {
		silent += all.ended
	}
	for _, j := range jobs {
		v.refute(j.skip == outageReason && silent < patience, "case "+j.c.ID, "skipped: "+j.skip,
			fmt.Sprintf("a run in which %d requests got no answer", silent))
	}
}

// exchange judges one exchange again.
func (v *verifier) exchange(j *job, of *record.CaseResult, recorded *record.ExchangeResult) *Judged {
	c, place := j.c, fmt.Sprintf("exchange %s#%d", j.c.ID, recorded.Step)
	round, step := recorded.Step/len(c.Steps), recorded.Step%len(c.Steps)
	switch {
	case round == 0:
		v.bound = j.steps
	case round != v.round:
		// what can be wrong was wrong in the first round
		v.bound, _ = v.binding.bindRound(c, nil, round, v.binding.target.Token)
	}
	v.round = round
	b := v.bound[step]
	dropped := v.request(place, j, recorded, b.request, round)
	v.differ(place+" inert", fmt.Sprint(recorded.Inert), fmt.Sprint(b.inert))
	v.refute(recorded.Source != nil || len(recorded.Lacks) > 0, place, "read from a record", "sent by the run")
	v.wire(place, recorded)
	v.retries += recorded.Retries
	if !v.binding.guard.Local() && v.binding.guard.Effect(b.sending.Bytes).Can {
		v.actions += recorded.Retries
		if recorded.ErrorKind != record.Withheld {
			v.actions++
		}
	}
	sent := b.sent(c, step, round)
	sent.Request, sent.Started = recorded.Request, recorded.Started
	x := &Exchange{Sent: sent, Response: recorded.Response, Elapsed: recorded.Elapsed, Retries: recorded.Retries,
		Alone: recorded.Alone, Leaked: recorded.Leaked, TokenIn: recorded.TokenIn}
	if dropped {
		x.Request.Body = b.request.Body
	}
	if recorded.Error != "" {
		x.Err = &record.WireError{Kind: recorded.ErrorKind, Msg: recorded.Error}
	}
	if x.Response == nil || !x.Response.Shortened {
		v.Exchanges++
		return &Judged{x, v.suite.Judge(x)}
	}
	return &Judged{x, v.shortened(place, x, of, recorded, dropped)}
}

// headChecks look at the status, the header and the connection alone, so that their
// findings can be derived of an answer that is kept in part.
func headChecks() []string {
	return []string{"answer-complete", redirectCheck, createdCheck, servedCheck, acceptsCheck, refusesCheck,
		serverErrorCheck, hostileCheck, "media-type", "challenge", "allow", tokenCheck}
}

// shortened judges an answer of which the beginning is kept: by its head again, and
// the rest as recorded.
func (v *verifier) shortened(place string, x *Exchange, of *record.CaseResult, recorded *record.ExchangeResult,
	dropped bool) Judgement {
	v.exception(keptInPart, strings.TrimPrefix(place, "exchange "))
	v.length(place, x, of, recorded, dropped)
	own := v.suite.Judge(x)
	out := Judgement{File: own.File, ActionID: recorded.Action, Unjudged: own.Unjudged, running: own.running,
		erring: own.erring, acting: own.acting, silent: own.silent, terms: own.terms, machine: own.machine}
	if out.Unjudged == "" && of.Outcome == record.Errored {
		out.Unjudged = of.Reason
	}
	head := func(f record.Finding) bool {
		return slices.Contains(headChecks(), f.Check) && (!strings.HasPrefix(f.Place, "header ") ||
			!headerCut(x.Response.Header))
	}
	out.Findings = selected(own.Findings, head)
	for _, f := range of.Findings {
		if f.Step == recorded.Step && !head(f) && !v.suite.fresh(f.Check) { // the id is kept
			f.Known = nil
			out.Findings = append(out.Findings, f)
		}
	}
	return out
}

// fresh reports whether a check compares the ids of actions, which a record keeps of all answers.
func (s *Suite) fresh(check string) bool {
	for _, t := range s.terms {
		if r := t.across[check]; r != nil && r.Kind == "fresh" && r.At[0] == t.identity {
			return true
		}
	}
	return false
}

// request compares a request with the one that the suite sends, and reports whether
// its body was dropped, as that of a long repetition is in which nothing was found.
func (v *verifier) request(place string, j *job, recorded *record.ExchangeResult, own record.Request,
	round int) (dropped bool) {
	v.differ(place+" method", recorded.Request.Method, own.Method)
	v.refute(recorded.Request.Absolute != own.Absolute, place+" form of the target",
		fmt.Sprintf("absolute: %t", recorded.Request.Absolute), fmt.Sprintf("absolute: %t", own.Absolute))
	v.differ(place+" version", recorded.Request.Version, own.Version)
	v.refute(!v.alike(recorded.Request.URL, own.URL), place+" URL", recorded.Request.URL, own.URL)
	dropped = round > 0 && len(recorded.Request.Body) == 0 && len(own.Body) > keptBody
	if !dropped && !bytes.Equal(recorded.Request.Body, own.Body) {
		v.differ(place+" request body", string(recorded.Request.Body), string(own.Body))
	}
	extra, absent := v.besides(recorded.Request.Header, own.Header)
	for _, f := range absent {
		v.differ(place+" header "+f.Name, "absent, another, or not in its place", f.Value)
	}
	if len(absent) > 0 {
		return dropped
	}
	var want []record.Field
	for _, f := range v.extras {
		if !record.HasHeader(j.c.Steps[recorded.Step%len(j.c.Steps)].Header, f.Name) {
			want = append(want, f)
		}
	}
	for _, f := range extra {
		v.refute(slices.Contains(caseFields(), http.CanonicalHeaderKey(f.Name)), place+" header "+f.Name, f.Value,
			"no such field, which the case alone decides")
	}
	extra = slices.DeleteFunc(extra, func(f record.Field) bool { return v.isOwn(j.c, recorded.Step, f) })
	v.refute(!slices.Equal(extra, want), place+" header", fmt.Sprintf("%q", extra),
		fmt.Sprintf("%q, which stand in other requests", want))
	return dropped
}

// caseFields are the header fields that a case decides, and no setting.
func caseFields() []string {
	return []string{"Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Host",
		"Transfer-Encoding"}
}

// isID reports whether a field carries the id of a request.
func (v *verifier) isID(c *Case, step int, f record.Field) bool {
	b := binder{seed: fmt.Sprintf("%s.%d", v.binding.options.Seed, step/len(c.Steps))}
	return f.Value == b.requestID(c, &c.Steps[step%len(c.Steps)])
}

// isOwn reports whether a field is one of a single request: its id, or the cookies that answers before it had set,
// whose values no record has.
func (v *verifier) isOwn(c *Case, step int, f record.Field) bool {
	return v.isID(c, step, f) || f.Name == "Cookie" && c.Steps[step%len(c.Steps)].Cookies
}

// gatherExtras notes the fields that a request has in addition to the suite's own.
func (v *verifier) gatherExtras(j *job, result *record.CaseResult) {
	if j.skip != "" {
		return
	}
	for i := range result.Exchanges {
		step := result.Exchanges[i].Step
		if step < 0 || step >= len(j.steps) { // of a repetition, or of nothing
			continue
		}
		extra, _ := v.besides(result.Exchanges[i].Request.Header, j.steps[step].request.Header)
		for _, f := range extra {
			if !slices.Contains(v.extras, f) && !v.isOwn(j.c, step, f) {
				v.extras = append(v.extras, f)
			}
		}
	}
}

// besides returns the fields of a request that are not the suite's own, and those of
// the suite's that are not there. User-Agent is one that a setting may replace.
func (v *verifier) besides(recorded, own []record.Field) (extra, absent []record.Field) {
	rest := recorded
	for _, f := range own {
		at := slices.IndexFunc(rest, func(o record.Field) bool { return o.Name == f.Name && v.alike(o.Value, f.Value) })
		if at < 0 && strings.EqualFold(f.Name, "User-Agent") {
			continue
		}
		if at < 0 {
			absent = append(absent, f)
			continue
		}
		extra, rest = append(extra, rest[:at]...), rest[at+1:]
	}
	return append(extra, rest...), absent
}

// mayStand reports whether a record may hold a token or the beginning of one: it is too short or too plain to be
// struck out, or a case says it anyway.
func (b *binding) mayStand(token string) bool {
	return len(token) < redact.Shortest || redact.IsPlain(token) || b.target.says(b.cases, token)
}

// alike reports whether a text of the record is the suite's own. A token that is too
// short or too plain to be struck out may stand there itself, the same in all of the record.
func (v *verifier) alike(recorded, own string) bool {
	if recorded == own {
		return true
	}
	for _, span := range record.SecretVariables(own) {
		name := own[span[0]:span[1]]
		at := strings.Index(own, name)
		for n := 1; at+n <= len(recorded) && v.binding.mayStand(recorded[at:at+n]); n++ {
			token := recorded[at : at+n]
			if known, is := v.tokens[name]; is && known != token ||
				strings.ReplaceAll(own, name, token) != strings.ReplaceAll(recorded, name, token) {
				continue
			}
			if v.tokens == nil {
				v.tokens = map[string]string{}
			}
			v.tokens[name] = token
			return true
		}
	}
	return false
}

// wire refutes what no exchange of this protocol is.
func (v *verifier) wire(place string, x *record.ExchangeResult) {
	v.refute((x.Error == "") != (x.ErrorKind == ""), place+" error", x.Error, "a kind of error "+string(x.ErrorKind))
	v.refute(x.ErrorKind != "" && !slices.Contains(wireKinds(), x.ErrorKind), place+" error", string(x.ErrorKind),
		"one of the kinds that there are")
	v.refute(x.ErrorKind == record.Cancelled, place+" error", string(x.ErrorKind), "an exchange, which is not "+
		"recorded where the run was stopped in it")
	v.refute(x.Retries < 0 || x.Retries >= pace.MaxAttempts, place+" retries", fmt.Sprint(x.Retries),
		fmt.Sprintf("fewer than %d", pace.MaxAttempts))
	v.refute(x.Elapsed < 0, place+" elapsed", x.Elapsed.String(), "a length of time")
	v.refute(x.ErrorKind == record.Withheld && v.binding.guard.Local() && v.recorded.Target.Protocol == "HTTP/1.1",
		place+" error", string(x.ErrorKind), "a request to this machine, of which none is withheld")
	r := x.Response
	inRecord := slices.ContainsFunc(x.TokenIn, func(place string) bool {
		return place == "body" || strings.HasPrefix(place, "header ")
	})
	v.refute(inRecord && !x.Leaked, place+" token_in", strings.Join(x.TokenIn, ", "), "an answer in which nothing was "+
		"struck out")
	if r == nil {
		v.refute(x.Leaked, place+" leaked", "true", "no answer, which holds no secret")
		v.refute(x.Action != "", place+" action", x.Action, "no answer, which names no action")
		return
	}
	one := v.recorded.Target.Protocol == "HTTP/1.1"
	v.refute(one != strings.HasPrefix(r.Proto, "HTTP/1."), place+" protocol", v.recorded.Target.Protocol, r.Proto)
	v.refute(r.Status < 100 || r.Status > 999, place+" status", fmt.Sprint(r.Status), "a status of HTTP")
	v.refute(x.Action != "" && !r.Shortened, place+" action", x.Action, "an answer that is kept whole, so that the "+
		"record has no action with it")
	beyond := []record.WireKind{record.TooLong, record.Endless, record.Slow, record.Cut, record.Malformed,
		record.Surplus}
	v.refute(r.Truncated && !slices.Contains(beyond, x.ErrorKind), place+" truncated", "true",
		"an answer that ended within the limit")
	if !r.Shortened {
		most := longestKept(len(x.Request.Body))
		v.refute(len(r.Body) > most, place+" body", fmt.Sprintf("%d bytes, all of the answer", len(r.Body)),
			fmt.Sprintf("a record that keeps at most %d", most))
		v.refute(x.Leaked && !struck(r), place+" leaked", "true", "an answer in which nothing was struck out")
	}
}

// wireKinds are all kinds of errors on the wire.
func wireKinds() []record.WireKind {
	return []record.WireKind{record.Withheld, record.Unreachable, record.Cancelled, record.TooLong, record.Silent,
		record.Closed, record.Malformed, record.Cut, record.Slow, record.Endless, record.Surplus, record.Conflict,
		record.NoContinue}
}

// struck reports whether asterisks stand in an answer in the place of a secret.
func struck(r *record.Response) bool {
	body, err := coding.Decode(strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))), r.Body)
	if err != nil || bytes.IndexByte(body, '*') >= 0 || bytes.IndexByte(r.Body, '*') >= 0 {
		return true
	}
	for name, values := range r.Header {
		if strings.Contains(name, "*") || slices.ContainsFunc(values,
			func(v string) bool { return strings.Contains(v, "*") }) {
			return true
		}
	}
	return false
}

// longestKept is how much of an answer's body a record holds, of a request of a length.
func longestKept(request int) int { return max(keptLong, request+keptShort) }

// headerCut reports whether a header may have been cut: it is as long as what a
// record keeps.
func headerCut(header http.Header) bool { return headerSize(header) >= keptShort }

// length refutes that an answer was shortened whose length is none that the recorder
// cuts to.
func (v *verifier) length(place string, x *Exchange, of *record.CaseResult, recorded *record.ExchangeResult,
	dropped bool) {
	r := recorded.Response
	found := slices.ContainsFunc(of.Findings, func(f record.Finding) bool { return f.Step == recorded.Step })
	v.refute(dropped && found, place+" request body", "dropped", "one that is kept, for something was found")
	long, short := longestKept(len(recorded.Request.Body)), max(keptShort, len(recorded.Request.Body)+keptShort)
	switch n := len(r.Body); {
	case n == long:
	case n == short && (v.kept > keptAll || v.recorded.Interrupted):
	case n == 0 && x.Round > 0 && !found:
	case headerCut(r.Header):
	default:
		v.refute(true, place+" shortened", fmt.Sprintf("true, with %d bytes of the body", n),
			fmt.Sprintf("an answer that is kept whole: the record cuts to %d bytes, or to %d when it is long", long,
				short))
	}
}

// clockSlack is how far times of a record may be apart from the order of things: a
// clock may be set right while a run goes on.
const clockSlack = 5 * time.Second

// order refutes times that are out of order.
func (v *verifier) order(c *Case, before []record.ExchangeResult, x *record.ExchangeResult) {
	place := fmt.Sprintf("exchange %s#%d started", c.ID, x.Step)
	from, to := v.recorded.Started, v.recorded.Started.Add(v.recorded.Elapsed)
	v.refute(x.Started.Before(from.Add(-clockSlack)) || x.Started.Add(x.Elapsed).After(to.Add(clockSlack)), place,
		fmt.Sprintf("%s, for %v", x.Started.Format(time.RFC3339Nano), x.Elapsed),
		fmt.Sprintf("a run from %s to %s", from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano)))
	along := c.AtOnce || c.OnePiece // with those before it of the same round
	if n := len(before); n > 0 && (!along || before[n-1].Step/len(c.Steps) < x.Step/len(c.Steps)) {
		ended := before[n-1].Started.Add(before[n-1].Elapsed)
		v.refute(x.Started.Before(ended.Add(-clockSlack)), place, x.Started.Format(time.RFC3339Nano), "after "+
			ended.Format(time.RFC3339Nano)+", when the exchange before it ended")
	}
}

// settings compares what the user is said to have set with what was done.
func (v *verifier) settings() {
	r := v.recorded
	has := func(flag string) bool {
		return slices.ContainsFunc(r.Settings, func(s record.Setting) bool { return s.Flag == flag })
	}
	for _, row := range []struct{ flag, done string }{
		{"level", fmt.Sprint(r.Suite.Level)}, {"strict", fmt.Sprint(r.Suite.Strict)}, {"repeat",
			fmt.Sprint(r.Suite.Repeat)}, {"min-coverage", fmt.Sprint(leastCoverage(r))},
		{"parallel", fmt.Sprint(r.Suite.Parallel)},
		{"timeout", r.Suite.Timeout}, {"seed", r.Suite.Seed}, {"machine", r.Target.Machine}, {"shard",
			r.Suite.Shard}, {"unknown-machine",
			r.Target.UnknownMachine}, {"other-machine", r.Target.OtherMachine}, {"sha1", r.Target.File},
		{"insecure", fmt.Sprint(r.Target.Insecure)}, {"http2", fmt.Sprint(r.Target.Protocol == "HTTP/2")},
	} {
		if has(row.flag) {
			v.differ("setting "+row.flag, record.SettingOf(r.Settings, row.flag), row.done)
		}
	}
	kinds := record.SettingKinds()
	for _, s := range r.Settings {
		v.refute(kinds[s.Flag] != record.Carried && kinds[s.Flag] != record.Hidden, "setting "+s.Flag, s.Value,
			"a flag that no report holds")
	}
}

// leastCoverage returns the percentage of coverage that a report says was asked for.
func leastCoverage(r *record.Report) int {
	if r.Coverage == nil {
		return 0
	}
	return r.Coverage.Least
}

// compare notes where the recorded report and the derived one are not alike, in the
// order of the report.
func (v *verifier) compare(out *record.Report) {
	r := v.recorded
	v.differ("$schema", r.Schema, out.Schema)
	out.Suite.Timeout = r.Suite.Timeout // a setting, in the form of a duration
	if d, err := time.ParseDuration(r.Suite.Timeout); err != nil || d < time.Millisecond ||
		d.String() != r.Suite.Timeout {
		v.refute(true, "suite timeout", r.Suite.Timeout, "a duration that a run takes")
	}
	v.differ("suite", fmt.Sprintf("%+v", r.Suite), fmt.Sprintf("%+v", out.Suite))
	e := r.Environment
	v.refute(e.Go == "" || e.OS == "" || e.Arch == "" || e.Processors < 1, "environment", fmt.Sprintf("%+v", e),
		"a release of Go, a system, an architecture and a processor")
	v.differ("target", fmt.Sprintf("%+v", r.Target), fmt.Sprintf("%+v", out.Target))
	v.differ("settings", fmt.Sprintf("%+v", append([]record.Setting{}, r.Settings...)),
		fmt.Sprintf("%+v", out.Settings))
	v.safety(out)
	v.pace()
	v.refute(r.Elapsed < 0, "elapsed", r.Elapsed.String(), "a length of time")
	v.caseResults(out)
	v.requirements(out)
	v.differ("operations", fmt.Sprintf("%+v", r.Operations), fmt.Sprintf("%+v", out.Operations))
	v.differ("totals", fmt.Sprintf("%+v", r.Totals), fmt.Sprintf("%+v", out.Totals))
	v.coverage(out)
	v.baseline(out)
	v.verdict(out)
}

// coverage compares which places were met, each by itself.
func (v *verifier) coverage(out *record.Report) {
	if v.recorded.Coverage == nil {
		v.refute(true, "coverage", "none", out.Coverage.String())
		return
	}
	if len(v.unjudged) > 0 {
		v.exception("which places the cases met that were made up", fmt.Sprintf("%d", len(v.unjudged)))
		return
	}
	recorded, own := *v.recorded.Coverage, *out.Coverage
	if len(recorded.Rows) != len(own.Rows) {
		v.differ("coverage", fmt.Sprintf("%d places", len(recorded.Rows)), fmt.Sprintf("%d places", len(own.Rows)))
		return
	}
	for i, row := range own.Rows {
		v.differ(fmt.Sprintf("coverage %s %s", row.Operation, row.Place), fmt.Sprintf("%+v", recorded.Rows[i]),
			fmt.Sprintf("%+v", row))
	}
	recorded.Rows, own.Rows = nil, nil
	v.differ("coverage", fmt.Sprintf("%+v", recorded), fmt.Sprintf("%+v", own))
}

// safety compares what was allowed and caused. A run that was stopped may have caused
// something in exchanges that are not recorded.
func (v *verifier) safety(out *record.Report) {
	recorded, own := v.recorded.Safety, out.Safety
	if (v.recorded.Interrupted || len(v.unjudged) > 0) && !own.Local && recorded.Actions >= own.Actions &&
		recorded.Actions <= recorded.MaxActions {
		if recorded.Actions > own.Actions {
			v.exception("the number of requests that could take effect", fmt.Sprintf("%d, of which %d are recorded",
				recorded.Actions, own.Actions))
		}
		own.Actions = recorded.Actions
	}
	v.refute(own.Actions > recorded.MaxActions && !own.Local, "safety max_actions", fmt.Sprint(recorded.MaxActions),
		fmt.Sprintf("%d requests that could take effect", own.Actions))
	v.differ("safety", fmt.Sprintf("%+v", recorded), fmt.Sprintf("%+v", own))
}

// pace compares how often the target asked to come back later.
func (v *verifier) pace() {
	recorded := v.recorded.Pace
	v.refute(recorded.Retries < v.retries || recorded.Retries > v.retries && !v.recorded.Interrupted &&
		len(v.unjudged) == 0, "pace retries",
		fmt.Sprint(recorded.Retries), fmt.Sprint(v.retries))
	v.refute(recorded.Waited < 0 || recorded.Waited > 0 && recorded.Retries == 0, "pace waited",
		recorded.Waited.String(), fmt.Sprintf("%d requests that were put off", recorded.Retries))
}

// caseResults compares cases and findings.
func (v *verifier) caseResults(out *record.Report) {
	var order []string
	for _, c := range v.recorded.Cases {
		order = append(order, c.ID)
	}
	v.refute(!slices.IsSorted(order), "cases", "another order", "that of their ids")
	for i := range out.Cases {
		own := &out.Cases[i]
		result := v.results[own.ID]
		v.differ("case "+own.ID, outcomeText(result), outcomeText(own))
		v.findings(result, own, v.recorded.Baseline != nil && out.Baseline != nil)
	}
}

// requirements compares the results of the requirements.
func (v *verifier) requirements(out *record.Report) {
	recorded := v.recorded.Requirements
	if len(recorded) != len(out.Requirements) {
		v.differ("requirements", fmt.Sprint(len(recorded)), fmt.Sprint(len(out.Requirements)))
		return
	}
	for i, own := range out.Requirements {
		switch state := recorded[i].State; {
		case state == "exercised" && own.State == "proven": // nobody has completed the report
			own.State = state
		case state == "proven" && own.State == "exercised" && len(v.complete) == 0:
			own.State = state
			v.exception(`which requirements are "proven"`, own.ID)
		}
		v.differ("requirement "+own.ID, fmt.Sprintf("%+v", recorded[i]), fmt.Sprintf("%+v", own))
	}
}

// baseline compares what the file of accepted findings makes of the run, where the
// derived report was completed with it.
func (v *verifier) baseline(out *record.Report) {
	recorded, known := v.recorded.Baseline, 0
	for _, c := range v.recorded.Cases {
		for _, f := range c.Findings {
			if f.Known != nil {
				known++
			}
		}
	}
	switch {
	case recorded == nil:
		v.refute(known > 0, "baseline", "none", fmt.Sprintf("one that accepts %d findings", known))
		return
	case out.Baseline == nil:
		v.exception("what is accepted by "+recorded.File, recorded.File)
		v.differ("baseline known", fmt.Sprint(recorded.Known), fmt.Sprint(known))
		return
	}
	own := *out.Baseline
	own.File = recorded.File // it may have been named in another way
	v.differ("baseline", fmt.Sprintf("%+v", *recorded), fmt.Sprintf("%+v", own))
}

func (v *verifier) verdict(out *record.Report) {
	r := v.recorded
	v.differ("interrupted", fmt.Sprint(r.Interrupted), fmt.Sprint(out.Interrupted))
	if out.Interrupted && r.Interrupted {
		v.exception("a run that was interrupted", r.Reason)
		if r.Verdict == record.Unjudged && r.Reason == unfinishedReason {
			return
		}
	}
	v.differ("verdict", strings.TrimSpace(string(r.Verdict)+" "+r.Reason), strings.TrimSpace(string(out.Verdict)+" "+
		out.Reason))
}

func outcomeText(c *record.CaseResult) string {
	if c.Reason == "" {
		return c.Outcome.String()
	}
	return c.Outcome.String() + ": " + c.Reason
}

// findings compares the findings of one case, and who accepted them where that was
// derived too.
func (v *verifier) findings(result, derived *record.CaseResult, known bool) {
	recorded, own := slices.Clone(result.Findings), derived.Findings
	if !known {
		for i := range recorded {
			recorded[i].Known = nil
		}
	}
	same := func(f record.Finding) func(record.Finding) bool {
		return func(o record.Finding) bool {
			a, b := f, o
			a.Known, b.Known = nil, nil
			return a == b && (f.Known == nil) == (o.Known == nil) && (f.Known == nil || *f.Known == *o.Known)
		}
	}
	for _, f := range recorded {
		v.refute(!slices.ContainsFunc(own, same(f)), "finding "+f.Key, findingText(f), "not found")
	}
	for _, f := range own {
		v.refute(!slices.ContainsFunc(recorded, same(f)), "finding "+f.Key, "absent", findingText(f))
	}
	if n := len(v.Differences); len(recorded) == len(own) && n == 0 {
		v.refute(!slices.EqualFunc(recorded, own, func(a, b record.Finding) bool { return same(a)(b) }), "case "+
			result.ID+" findings", "another order", "that of step, check and place")
	}
}

func findingText(f record.Finding) string {
	text := fmt.Sprintf("%s %s (%s) at answer %d: want %s, got %s", f.Level, f.Requirement, f.Check, f.Step+1, f.Want,
		f.Got)
	if f.Known != nil {
		text += fmt.Sprintf("; accepted: %+v", *f.Known)
	}
	return text
}
