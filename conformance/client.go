package conformance

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// ClientOptions set how clients are judged. The zero value judges every level, and is not
// strict.
type ClientOptions struct {
	Level    record.Level     // the weakest level judged; Inferred where zero
	Strict   bool             // inferred requirements fail too
	Name     string           // what the report calls the clients; "clients" where empty
	URL      string           // of the server that they called, for the report
	AllPaths bool             // a request on a path that no operation has is a finding, not the business of others
	NoTLS    bool             // the server speaks plain HTTP alone, so that no client can do better
	Now      func() time.Time // the clock; time.Now where nil
	Settings []record.Setting // of the command that judges
}

// A ClientJudge judges the requests of clients: each by itself, and in the order of their
// coming what a client does after an answer. Its methods may be called from several
// goroutines. It keeps a bounded number of exchanges, so that it needs no more memory the
// longer it goes on.
type ClientJudge struct {
	suite   *Suite
	options ClientOptions
	rules   map[string][]*clientTally // by operation
	started time.Time
	secrets *passing // of the exchanges of Handler

	mu       sync.Mutex
	memory   *clientMemory
	requests int // that were judged
}

// keptOfRule is how many exchanges with findings are kept of one rule and operation.
const keptOfRule = 16

// A clientTally is what one rule has seen of the requests for one operation.
type clientTally struct {
	clientRule
	id        string // of the case of the report
	judged    int
	broken    int
	times     map[string]int // exchanges with a finding, by its key
	lacks     []record.Part  // of a request that could not be judged
	findings  []record.Finding
	exchanges []record.ExchangeResult
}

// JudgeClients returns a judge that has seen nothing yet.
func (s *Suite) JudgeClients(o ClientOptions) *ClientJudge {
	o.Level = cmp.Or(o.Level, record.Inferred)
	o.Name = cmp.Or(o.Name, "clients")
	if o.Now == nil {
		o.Now = time.Now
	}
	j := &ClientJudge{suite: s, options: o, rules: map[string][]*clientTally{}, started: o.Now(),
		secrets: &passing{}, memory: newClientMemory()}
	for _, op := range s.Operations {
		for _, rule := range s.clientRules(op) {
			if r := s.clientRequirement(rule.requirement); r != nil && r.Level <= o.Level {
				j.rules[op.ID] = append(j.rules[op.ID], &clientTally{clientRule: rule,
					id: op.ID + "/" + clientGroup + rule.name})
			}
		}
	}
	return j
}

// Note judges an exchange, whose secrets are struck out: it returns what its client breaks
// by it. Exchanges are noted when they end. A client is known by its Authorization field, as
// far as that can still be told from others, and by the server that it calls.
func (j *ClientJudge) Note(x *Exchange) []record.Finding {
	return j.judge(j.suite.clientCall(x, credentialsOf(x.Request), j.options.AllPaths))
}

// Look returns what a request breaks of the requirements on clients alone, by itself. It keeps
// nothing. What the transport decides, such as whether there is TLS, is not looked at.
func (j *ClientJudge) Look(r record.Request) (out []record.Finding) {
	c := j.suite.clientCall(&Exchange{Sent: Sent{Request: r}}, "", j.options.AllPaths)
	if c.operation == nil {
		return nil
	}
	for _, tally := range j.rules[c.operation.ID] {
		if !tally.alone {
			continue
		}
		if _, problems := tally.judge(c); len(problems) > 0 {
			out = append(out, j.findings(tally, problems)...)
		}
	}
	return out
}

// credentialsOf returns a text by which the client of a request is distinguished from others.
func credentialsOf(r record.Request) string {
	return hashed(record.HeaderValues(r.Header, "Authorization"))
}

// hashed returns a hash of credentials, which are not kept.
func hashed(credentials []string) string {
	sum := sha256.Sum256([]byte(strings.Join(credentials, "\x00")))
	return string(sum[:])
}

// probes reports whether a request asks whether a server is there, as scripts do that wait for it, or
// for the icon that a browser shows. That is no call of a client.
func (c *clientCall) probes() bool {
	return (c.method == http.MethodGet || c.method == http.MethodHead) &&
		(c.path == "" || c.path == "/" || c.path == "/favicon.ico")
}

// judge judges a request of a client.
func (j *ClientJudge) judge(c *clientCall) (out []record.Finding) {
	x := c.x
	if x.Err != nil && x.Err.Kind == record.Unreachable || x.Response == nil && x.Err != nil &&
		x.Err.Kind == record.Withheld {
		return nil // nothing was sent, and nobody refused it
	}
	if c.paths == nil && (!j.options.AllPaths || len(j.suite.Operations) == 0 || c.probes()) {
		return nil
	}
	c.noTLS = j.options.NoTLS
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests++
	c.memory = j.memory
	for _, tally := range j.rules[c.charged()] {
		if c.operation == nil && !tally.anywhere {
			continue
		}
		lacking := lackingOf(x.Lacks, tally.needs)
		if c.unknown && slices.Contains(tally.needs, record.Times) { // it compares with what the client sent before
			lacking = append(lacking, record.Credentials)
		}
		if len(lacking) > 0 {
			if tally.lacks == nil {
				tally.lacks = lacking
			}
			continue
		}
		judged, problems := tally.judge(c)
		if !judged {
			continue
		}
		tally.judged++
		out = append(out, j.keep(tally, c, problems)...)
	}
	j.memory.note(c)
	return out
}

// keep returns the findings of a rule in an exchange, and keeps both where there is room.
func (j *ClientJudge) keep(t *clientTally, c *clientCall, problems []Problem) (out []record.Finding) {
	if len(problems) == 0 {
		return nil
	}
	out = j.findings(t, problems)
	for _, f := range out {
		if t.times == nil {
			t.times = map[string]int{}
		}
		if _, known := t.times[f.Key]; known || len(t.times) < newFindings {
			t.times[f.Key]++
		}
	}
	if t.broken++; t.broken <= keptOfRule {
		t.findings = append(t.findings, out...)
		t.exchanges = append(t.exchanges, c.x.result(out[0].Step))
	}
	return out
}

// findings returns what a rule found.
func (j *ClientJudge) findings(t *clientTally, problems []Problem) (out []record.Finding) {
	for _, p := range problems {
		f := j.suite.finding(Check{Name: cmp.Or(t.check, t.name), Requirements: []string{t.requirement}}, ref{}, p)
		f.Level = j.suite.clientRequirement(f.Requirement).Level
		f.Case, f.Step = t.id, t.broken
		f.Key = fmt.Sprintf("%s %s#0 %s", f.Check, t.id, f.Place)
		out = append(out, f)
	}
	return out
}

// lackingOf returns those of the parts that a record lacks.
func lackingOf(lacks, parts []record.Part) (out []record.Part) {
	for _, p := range parts {
		if slices.Contains(lacks, p) || p == record.Credentials && slices.Contains(lacks, record.RequestHeader) {
			out = append(out, p)
		}
	}
	return out
}

// lackReason says that records lack what a rule judges by.
func lackReason(parts []record.Part) string {
	names := map[record.Part]string{
		record.RequestHeader: "the header", record.Credentials: "the credentials", record.RequestBody: "the body",
		record.WireForm: "the framing", record.Times: "the times"}
	var all []string
	for _, p := range parts {
		all = append(all, cmp.Or(names[p], string(p)))
	}
	return "no record of a request holds what the rule judges by: " + strings.Join(all, " and ")
}

// Report returns the report on the clients of everything noted so far. Its cases are the
// rules, each with every operation.
func (j *ClientJudge) Report() *record.Report {
	j.mu.Lock()
	defer j.mu.Unlock()
	s, o := j.suite, j.options
	out := &record.Report{
		Schema:  record.ReportSchema,
		Subject: record.ClientSubject,
		Suite: record.SuiteInfo{Name: "fmaspec", Version: Version, Contract: s.Contract, Fixtures: s.Fixtures,
			Level: o.Level, Strict: o.Strict, OwnRules: s.Rules(), Repeat: 1, Parallel: 1,
			Timeout: time.Duration(0).String()},
		Environment: record.Environment{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
			Processors: runtime.NumCPU()},
		Target:   record.TargetInfo{URL: o.URL, Name: o.Name, Protocol: "HTTP/1.1"},
		Settings: o.Settings,
		Safety:   record.SafetyInfo{Local: true}, // nothing was sent by this suite
		Started:  j.started.UTC(),
		Elapsed:  o.Now().Sub(j.started),
	}
	owed := *s
	var charged []string
	// Requirements are summed up as those on implementations, from the list of the suite.
	k := conclusion{suite: &owed, level: o.Level, strict: o.Strict}
	for _, op := range s.Operations {
		for _, t := range j.rules[op.ID] {
			charged = append(charged, t.requirement)
			out.Cases = append(out.Cases, k.ruleResult(t, op))
		}
	}
	owed.Requirements = s.clientRequirements(charged)
	slices.SortStableFunc(out.Cases, func(a, b record.CaseResult) int { return cmp.Compare(a.ID, b.ID) })
	out.Suite.Cases = len(out.Cases)
	out.Totals = total(out.Cases)
	out.Totals.Requests = j.requests // each was judged by many rules
	out.Operations = s.operations(out.Cases)
	out.Requirements = k.requirements(out.Cases)
	unanswered := ""
	if j.requests == 0 {
		unanswered = "no request came that could be judged; let the client call " + j.paths()
	}
	out.Verdict, out.Reason = verdict(out, unanswered)
	return out
}

// paths are those of the operations.
func (j *ClientJudge) paths() string {
	var all []string
	for _, op := range j.suite.Operations {
		all = append(all, op.Path)
	}
	return strings.Join(all, " or ")
}

// ruleResult returns a rule as a case of the report.
func (k conclusion) ruleResult(t *clientTally, op openapi.Operation) record.CaseResult {
	r := k.suite.clientRequirement(t.requirement)
	c := record.CaseResult{ID: t.id, Title: t.title, Operation: op.ID, Proves: []string{t.requirement}, File: r.File,
		Line: r.Line, Outcome: record.Passed, Findings: slices.Clone(t.findings), Exchanges: slices.Clone(t.exchanges),
		Dropped: max(t.broken-keptOfRule, 0)}
	counted(c.Findings, t.times)
	switch {
	case t.judged == 0 && t.lacks != nil:
		c.Outcome, c.Reason = record.NotApplicable, lackReason(t.lacks)
	case t.judged == 0:
		c.Outcome, c.Reason = record.NotApplicable, t.idle
	}
	for _, f := range t.findings {
		c.Outcome = max(c.Outcome, k.counts(f))
	}
	if c.Findings == nil {
		c.Findings, c.Exchanges = []record.Finding{}, []record.ExchangeResult{}
	}
	return c
}

// A clientCall is a request of a client on its way through the rules.
type clientCall struct {
	*called
	suite    *Suite
	x        *Exchange
	client   string  // who sent it
	same     string  // what makes a request the same as another one; "" before it is asked for
	acts     *string // what makes an action the same as another one; nil before it is asked for
	url      *url.URL
	near     string           // the operation of the nearest path
	findings []record.Finding // of the request by itself
	noTLS    bool
	unknown  bool          // the record does not hold by what its clients are distinguished
	memory   *clientMemory // of the requests before
}

// clientCall returns the request of an exchange as the rules see it. The client is known by a
// text and the server that it calls. A path that is not fixed may stand behind others.
func (s *Suite) clientCall(x *Exchange, client string, fixed bool) *clientCall {
	header := map[string][]string{}
	for _, f := range x.Request.Header {
		name := canonical(f.Name)
		header[name] = append(header[name], f.Value)
	}
	c := &clientCall{suite: s, x: x}
	path := x.Request.URL
	if u, err := url.Parse(x.Request.URL); err == nil {
		c.url, path = u, u.EscapedPath()
	} else {
		c.url = &url.URL{}
	}
	c.client = strings.ToLower(c.url.Host) + "\x00" + client
	if _, within := openapi.Within(s.Operations, x.Request.Method, path); within != "" && !fixed {
		path = within
	}
	c.called = s.called(x.Request.Method, path, header, unchunked(x.Request))
	c.findings = s.requestFindings(c.called)
	if c.called.operation == nil {
		c.near = s.nearestOperation(c.called)
	}
	return c
}

// charged is the operation that is called, or else the one that was meant most likely.
func (c *clientCall) charged() string {
	if c.operation != nil {
		return c.operation.ID
	}
	return c.near
}

// nearestOperation returns the operation whose path is nearest to that of a request, of those
// that are there at all.
func (s *Suite) nearestOperation(c *called) string {
	names := map[string]string{}
	for _, op := range s.Operations {
		if op.Matches(c.path) {
			return op.ID
		}
		names[lastSegment(op.Path)] = op.ID
	}
	if id := names[nearest.Nearest(lastSegment(c.path), keys(names))]; id != "" || len(s.Operations) == 0 {
		return id
	}
	return s.Operations[0].ID
}

func lastSegment(path string) string {
	path = strings.TrimRight(path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}
