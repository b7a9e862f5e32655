package conformance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// WatchOptions set how a watch judges. The zero value judges every level, and is not strict.
type WatchOptions struct {
	Level  record.Level     // the weakest level judged; Inferred where zero
	Strict bool             // inferred requirements fail too
	Name   string           // what the report calls the traffic
	Now    func() time.Time // time.Now where nil
}

// A Watch judges exchanges that somebody else made: read from a record of traffic, or seen
// on their way between a client and a server. Answers are judged by the checks of a run, as
// far as the exchange shows what a run knows: which request it was, but not whether its token
// was issued, its user may act and its machine is known. Its methods may be called from several
// goroutines.
//
// A watch keeps only exchanges that show something, so that it needs no more memory the longer
// it goes on.
type Watch struct {
	suite   *Suite
	options WatchOptions
	models  *models
	secrets *passing
	client  *ClientJudge
	started time.Time

	mu      sync.Mutex               // guards what follows
	binding *binding                 // of the run that made the record that is read; nil where none did
	states  map[string]*together     // by the server that is called
	found   map[ref][]record.Finding // by the records before
	jobs    map[*Case]*watched
	common  common        // what the exchanges of the jobs have in common
	asked   *latest[bool] // the actions that were asked for in this record: operation, machine and file
	broken  []record.CaseResult
	traffic record.TrafficInfo
	clients int // exchanges of clients, and not of the suite
}

// watched is a case of which exchanges were seen.
type watched struct {
	job
	first int // round from which those of the record that is read count
	next  int // round after the last one
}

// A Verdict is what one exchange of a watch shows.
type Verdict struct {
	Operation string           // id of the operation whose path was called; "" where it is none's
	Exchange  record.Exchange  // secrets struck out; the zero value where no operation was called
	Server    []record.Finding // against the server
	Client    []record.Finding // against the client
	Unjudged  string           // why the answer is no evidence for or against the contract, or ""
}

// watchLimit is how many of the latest values each check across exchanges keeps.
const watchLimit = 1 << 13

// watchRoom is the room of a record.
func watchRoom() room { return room{values: watchLimit, alike: watchLimit} }

// Watch returns a watch that has seen nothing yet.
func (s *Suite) Watch(o WatchOptions) *Watch {
	if o.Level == 0 {
		o.Level = record.Inferred
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	w := &Watch{suite: s, options: o, models: s.newModels(), secrets: &passing{},
		client:  s.JudgeClients(ClientOptions{Level: o.Level, Strict: o.Strict, Now: o.Now}),
		started: o.Now(), found: map[ref][]record.Finding{}, jobs: map[*Case]*watched{}}
	w.states, w.asked = map[string]*together{}, newLatest[bool](watchRoom())
	return w
}

// Begin says that what follows is another record, with which no relation holds between
// answers. Where a run of the suite wrote it, its exchanges are judged as those of the run,
// whose report without the cases is run; it is nil for any other record. An error is a
// [*UsageError], where the run was made by another version or with other cases: what follows is
// then judged as other traffic.
func (w *Watch) Begin(run *record.Report) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	w.states, w.asked = map[string]*together{}, newLatest[bool](watchRoom())
	w.binding = nil
	for _, j := range w.jobs {
		j.first = j.next
	}
	if run == nil {
		return nil
	}
	if err := w.suite.wrote(run); err != nil {
		return err
	}
	v := &verifier{suite: w.suite, recorded: run}
	b, _, err := w.suite.ready(context.Background(), v.target(), optionsOf(run))
	if b == nil {
		return err
	}
	w.binding = b
	return nil
}

// settle keeps what the checks across exchanges have found so far. The caller holds mu.
func (w *Watch) settle() {
	for _, state := range w.states {
		for at, findings := range state.findings() {
			w.found[at] = findings
		}
	}
}

// Broken notes an entry of a record that cannot be read, and what is wrong with it.
func (w *Watch) Broken(at record.Source, problem string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.traffic.Broken++; len(w.broken) >= newFindings {
		return
	}
	id := fmt.Sprintf(recordedGroup+"%s:%d", at.File, at.Line)
	if at.Entry > 0 {
		id += fmt.Sprintf(":%d", at.Entry)
	}
	w.broken = append(w.broken, record.CaseResult{ID: id, Title: "An entry that cannot be read.", File: at.File,
		Line: at.Line, Outcome: record.Errored, Reason: at.String() + ": " + problem, Proves: []string{},
		Findings: []record.Finding{}, Exchanges: []record.ExchangeResult{}})
}

// Cut notes that a record ends in the middle of an entry.
func (w *Watch) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traffic.Cut = true
}

// Note judges an exchange, whose secrets need not be struck out.
func (w *Watch) Note(x record.Exchange) Verdict {
	called, preflight := w.operationAt(x.Request)
	sent := w.sent(x)
	if sent == nil && (called == nil || preflight) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.traffic.Exchanges++
		w.traffic.Other++
		return Verdict{}
	}
	client := credentialsOf(x.Request) // which are all alike when they are struck out
	out := Verdict{Exchange: w.secrets.strike(x)}
	seen := w.seen(&out.Exchange)
	if sent != nil { // the suite breaks the contract on purpose
		w.bind(seen, sent, x.Step)
	} else {
		if blanked(out.Exchange) {
			seen.Lacks = append(slices.Clip(seen.Lacks), record.Credentials)
		}
		unsent := seen.Err != nil && (seen.Err.Kind == record.Unreachable || seen.Err.Kind == record.Withheld)
		// What is no head of HTTP came as the answer.
		headless := seen.garbled() || seen.speaksOtherwise() && strings.HasPrefix(seen.Err.Msg, wire.NoHead)
		if seen.Response == nil && !unsent && !headless {
			// A server may close a connection while the next request is on its way (RFC 9112 9.5).
			seen.Err = &record.WireError{Kind: record.Cancelled,
				Msg: cmp.Or(out.Exchange.Error, "the record holds no answer")}
		}
		call := w.suite.clientCall(seen, client, false)
		call.unknown = unknownClient(x)
		w.assign(seen, w.models.caseOf(call, called), called)
		if !ofRun(x) {
			out.Client = w.judgeClient(call)
		}
	}
	out.Operation = seen.Operation
	judged := w.judged(seen)
	out.Server, out.Unjudged = judged.Findings, judged.Unjudged

	w.mu.Lock()
	defer w.mu.Unlock()
	if x := judged; x.Case.Recorded {
		if w.first(x) {
			x.Marks = []string{strings.ToLower(x.File)}
		}
		if repeated(x, nil) {
			out.Server = x.ofRepetition(x.Findings)
			if x.toAccept() && len(out.Server) == 0 {
				out.Unjudged = cmp.Or(out.Unjudged, repetition)
			}
		}
	}
	w.traffic.Exchanges++
	if out.Unjudged != "" {
		w.traffic.Unjudged++
	}
	w.keep(judged)
	return out
}

// operationAt returns the operation whose path a request names, by whatever method, and
// whether a browser asks by it whether it may call the operation.
func (w *Watch) operationAt(r record.Request) (called *openapi.Operation, preflight bool) {
	path, err := pathOf(r.URL)
	if err != nil {
		return nil, false
	}
	called, _ = openapi.Within(w.suite.Operations, r.Method, path)
	return called, called != nil && called.Method != r.Method && r.Method == http.MethodOptions &&
		record.HasHeader(r.Header, "Access-Control-Request-Method")
}

// mostSteps is how many exchanges of one case a record may have.
const mostSteps = 1 << 20

// sent returns the case of an exchange, where a run of the suite made the record; else nil.
func (w *Watch) sent(x record.Exchange) *Case {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.binding == nil || x.Step < 0 || x.Step > mostSteps {
		return nil
	}
	return w.suite.byID[x.Case]
}

// seen returns an exchange as the record shows it.
func (w *Watch) seen(x *record.Exchange) *Exchange {
	out := &Exchange{Sent: Sent{Request: x.Request, Inert: x.Inert, Started: x.Started},
		Response: x.Response, Elapsed: x.Elapsed, Retries: x.Retries, Alone: x.Alone, Leaked: x.Leaked,
		TokenIn: x.TokenIn, Source: x.Source, Lacks: x.Lacks}
	if x.Error != "" || x.ErrorKind != "" {
		out.Err = &record.WireError{Kind: cmp.Or(x.ErrorKind, record.Cancelled), Msg: x.Error}
	}
	return out
}

// bind says of an exchange of a run what the run knew: its case, and what it sent.
func (w *Watch) bind(x *Exchange, c *Case, at int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	round, step := at/len(c.Steps), at%len(c.Steps)
	x.Case, x.Step, x.Operation = c, step, c.Steps[step].operation(c)
	if steps, err := w.binding.bindRound(c, nil, round, w.binding.target.Token); err == nil {
		x.Marks, x.Inert = steps[step].marks, steps[step].inert
	}
	j := w.of(c)
	x.Round = j.first + round
	j.next = max(j.next, x.Round+1)
}

// assign makes an exchange of a client the next round of a case.
func (w *Watch) assign(x *Exchange, c *Case, called *openapi.Operation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x.Case, x.Operation = c, called.ID
	of := w.of(c)
	x.Round = of.next
	of.next++
}

// judgeClient judges a request of a client.
func (w *Watch) judgeClient(call *clientCall) []record.Finding {
	w.mu.Lock()
	w.clients++
	w.mu.Unlock()
	return w.client.judge(call)
}

// ofRun reports whether an exchange is of a run of the suite, which is no client: it breaks the contract
// on purpose. That of other traffic has no case, or one of a report on traffic or on clients.
func ofRun(x record.Exchange) bool {
	operation, name, _ := strings.Cut(x.Case, "/")
	return operation != "" && !strings.HasPrefix(x.Case, recordedGroup) && !strings.HasPrefix(name, recordedGroup) &&
		!strings.HasPrefix(name, clientGroup)
}

// of returns what is known of a case. The caller holds mu.
func (w *Watch) of(c *Case) *watched {
	j := w.jobs[c]
	if j == nil {
		j = &watched{job: job{caseRun: caseRun{c: c}}}
		w.jobs[c] = j
	}
	return j
}

// judged judges an exchange by what its record holds.
func (w *Watch) judged(x *Exchange) *Judged {
	lacks := func(p record.Part) bool { return slices.Contains(x.Lacks, p) }
	look := *x
	if x.Response != nil && (lacks(record.ResponseBody) || x.Response.Shortened) {
		r := *x.Response
		r.Truncated, look.Response = true, &r // so that no check looks at the body
	}
	j := w.suite.Judge(&look)
	j.Findings = slices.DeleteFunc(j.Findings, func(f record.Finding) bool {
		return lacks(record.ResponseHeader) && (strings.HasPrefix(f.Place, "header ") || f.Check == codingCheck) ||
			lacks(record.WireForm) && f.Check == codingCheck ||
			x.Case.Recorded && x.success() && f.Check == refusedWith // it was accepted
	})
	if j.Unjudged == "" && x.success() && lacks(record.ResponseBody) && len(j.Findings) == 0 {
		j.Unjudged = "the record does not hold the body of the answer"
	}
	return &Judged{x, j}
}

// createdWithin is how far the clocks of a server and a recorder may differ where an action is
// taken to be created for a request.
const createdWithin = time.Second

// first reports whether an answer is one to the first request for its file: no request before asked for
// the same, and the answer has an action that was created for it, or nothing by which it could say that
// the request repeats one from before the record. A run knows this of the files that it makes up. The
// caller holds mu.
func (w *Watch) first(x *Judged) bool {
	if x.File == "" {
		return false
	}
	host := ""
	if u, err := url.Parse(x.Request.URL); err == nil {
		host = u.Host
	}
	key := strings.ToLower(host + "\x00" + x.Operation + "\x00" + x.machine + "\x00" + x.File)
	before, forgets := w.asked.of[key], w.asked.full()
	w.asked.put(key, true)
	if !before && !forgets && x.silent {
		return true
	}
	if before || !x.success() || x.Started.IsZero() || slices.Contains(x.Lacks, record.Times) {
		return false
	}
	for check, r := range x.terms.across {
		if r.Kind != "not-before-earlier" {
			continue
		}
		if value, _ := x.value(check); value != "" {
			at, err := instant(value)
			return err == nil && !at.Before(x.Started.Add(-createdWithin)) &&
				!at.After(x.Started.Add(x.Elapsed+createdWithin))
		}
	}
	return false
}

// mostServers is how many servers of one record have their answers compared with each other.
const mostServers = 8

// compare takes an exchange into account in the checks across exchanges, and reports whether it
// shows something new. Answers of different servers have nothing in common. The caller holds mu.
func (w *Watch) compare(x *Judged) (shows bool) {
	server := ""
	if u, err := url.Parse(x.Request.URL); err == nil && x.Case.Recorded {
		server = strings.ToLower(u.Scheme + "://" + u.Host)
	}
	state := w.states[server]
	if state == nil {
		if len(w.states) >= mostServers {
			return false
		}
		state = w.suite.newTogether(watchRoom())
		w.states[server] = state
	}
	return state.note(x)
}

// keep adds an exchange to what is known. The caller holds mu.
func (w *Watch) keep(x *Judged) {
	j := w.of(x.Case)
	if x.Alone != "" { // in the place of the one that was sent before
		j.exchanges = slices.DeleteFunc(j.exchanges, func(o *Judged) bool { return o.step() == x.step() })
	}
	shows := w.compare(x) && j.shown < newFindings
	if x.Case.Recorded {
		j.count(x)
	}
	// Of the records of many runs the first one that shows how a step was answered is kept.
	first := x.Round == j.first && !slices.ContainsFunc(j.exchanges, func(o *Judged) bool {
		return x.Case.Recorded || o.Round != x.Round && o.Case == x.Case && o.Step == x.Step && o.Unjudged == ""
	})
	isNew := j.isNew(x)
	if shows && !first && !isNew {
		j.shown++
	}
	if !first && !isNew && !shows {
		j.dropped++
		return
	}
	kept, most := *x.Exchange, keptShort
	if shows || len(x.Findings) > 0 {
		most = keptLong
	}
	kept.Request.Body = head(kept.Request.Body, most)
	if x.Response != nil {
		kept.Response = shortenedTo(x.Response, most)
	}
	w.common.compact(&kept)
	judged := &Judged{&kept, x.Judgement}
	judged.values, judged.Traces = nil, nil // of which the checks across exchanges keep what they need
	j.exchanges = append(j.exchanges, judged)
	slices.SortStableFunc(j.exchanges, func(a, b *Judged) int { return cmp.Compare(a.step(), b.step()) })
}

// count counts what an exchange of a client shows. No case of recorded traffic has several requests.
func (j *watched) count(x *Judged) {
	of := x.Findings
	again := repeated(x, nil)
	if again {
		of = x.ofRepetition(of)
	}
	j.proven = j.proven || x.Unjudged == "" && !(again && x.toAccept())
	if j.times == nil {
		j.times = map[string]int{}
	}
	for _, f := range of {
		if _, known := j.times[f.Key]; known || len(j.times) < newFindings {
			j.times[f.Key]++
		}
	}
}

// head returns the beginning of bytes, in memory of its own where it is shorter.
func head(b []byte, most int) []byte {
	if len(b) <= most {
		return b
	}
	return slices.Clone(b[:most])
}

// Report returns the report on the server of everything noted so far; that on its clients is
// its Client.
func (w *Watch) Report() *record.Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle()
	out := &record.Report{Schema: record.ReportSchema, Target: record.TargetInfo{Name: w.options.Name},
		Safety: record.SafetyInfo{Local: true, Armed: []string{}}, Settings: []record.Setting{},
		Suite: record.SuiteInfo{Name: "fmaspec", Version: Version, Contract: w.suite.Contract,
			Fixtures: w.suite.Fixtures, Cases: len(w.suite.Cases), Generated: w.suite.Generators,
			Level: w.options.Level, Strict: w.options.Strict, OwnRules: w.suite.Rules()}}
	k := conclusion{suite: w.suite, level: w.options.Level, strict: w.options.Strict, traffic: true,
		unjudged: w.broken}
	var runs []*caseRun
	for _, j := range w.jobs {
		run := j.caseRun
		run.exchanges, run.times = slices.Clone(run.exchanges), maps.Clone(run.times)
		runs = append(runs, &run)
	}
	slices.SortFunc(runs, func(a, b *caseRun) int { return cmp.Compare(a.c.ID, b.c.ID) })
	found := w.found
	k.conclude(out, runs, found)
	info := w.traffic
	out.Traffic = &info
	if len(runs) == 0 && out.Verdict != record.NotConformant {
		out.Verdict, out.Reason = record.Unjudged, w.nothing()
	}
	out.Started, out.Elapsed = w.started.UTC(), w.options.Now().Sub(w.started)
	if w.clients > 0 {
		out.Client = w.client.Report()
	}
	return out
}

// nothing says why nothing was judged.
func (w *Watch) nothing() string {
	if w.traffic.Exchanges == 0 && w.traffic.Broken == 0 {
		return "there is no exchange"
	}
	var paths []string
	for _, op := range w.suite.Operations {
		paths = append(paths, op.Path)
	}
	if w.traffic.Exchanges == 0 {
		return "nothing conclusive: " + noneOf(w.traffic.Broken, "entry", "entries", "could be read") + "; " +
			w.broken[0].Reason
	}
	text := "nothing conclusive: " + noneOf(w.traffic.Exchanges, "exchange", "exchanges",
		"is on a path of the contract") + ": " + strings.Join(paths, ", ")
	switch w.traffic.Broken {
	case 0:
	case 1:
		text += "; 1 entry could not be read"
	default:
		text += fmt.Sprintf("; %d entries could not be read", w.traffic.Broken)
	}
	return text
}

// noneOf says of a number of things that none of them does something.
func noneOf(n int, one, many, does string) string {
	if n == 1 {
		if rest, is := strings.CutPrefix(does, "is "); is {
			return "the one " + one + " is not " + rest
		}
		return "the one " + one + " " + strings.Replace(does, "could", "could not", 1)
	}
	return fmt.Sprintf("none of %d %s %s", n, many, does)
}
