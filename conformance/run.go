package conformance

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"fmaspec/conformance/internal/guard"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/internal/pace"
	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// Options set how a run goes. The zero value judges every level, is not strict,
// and sends every case.
type Options struct {
	Level  record.Level // the weakest level judged; Inferred where zero
	Strict bool         // inferred requirements fail the run too
	// own rules, by which the plan of a suite that has none judges; see [Suite.WithRules]
	Rules     []record.OwnRule
	Run, Skip string   // regular expressions over case ids; empty for all, and none
	Only      []string // where not nil, exactly these case ids, and their controls
	Shard     Shard    // the part of the cases that is sent, with their controls
	// how often each case is sent, each time with other values; once where zero
	Repeat   int
	Parallel int // cases under way at once; 8 where zero
	// for one exchange, from dialling to the last byte; 10 s where zero
	Timeout time.Duration
	// repeats the values of {{sha1}} and {{comment}}; random where empty
	Seed string
	// operations that may take effect on a target that is not loopback
	AcceptRisk []string
	// what may be acted on there: asked of every request that could take effect; its error ends
	// the run. Where nil, what the target names may
	Allow func(target, machine, sha1 string) error
	// how many requests may take effect there; DefaultMaxActions where zero
	MaxActions int
	// told of each such request before it is sent, and of its answer; what it cannot record is not
	// sent. Required where AcceptRisk arms something
	Journal func(record.JournalEntry) error
	// given each exchange as soon as it is complete, with the whole answer, from several goroutines;
	// an exchange that was sent once more by itself stands in the place of the one before
	Record func(record.Exchange)
	// the percentage of the places that the report's coverage has to reach; 0 for none. It is for
	// the caller to heed: see [record.Coverage.Fails]
	MinCoverage int
	// [Plan.Run] and [Session.DoAll] send no other case after the first that fails the run; those
	// under way are completed, and the rest is skipped
	FailFast bool
	// reports whether a finding was accepted, so that FailFast goes on after it; where nil, none is
	Accepted func(record.Finding) bool
	Rate     Rate // at most so many requests; the zero value is no limit
	// how long a run waits in all where a 429 or 503 asks it to come back later; zero for not at all
	RetryTime time.Duration
	// the flags that the user set, for the report, which holds no secret of them
	Settings []record.Setting
	// called now and then with what is known so far, never twice at once
	Checkpoint func(*record.Report)
	Sleep      func(context.Context, time.Duration) error // by the clock where nil
	Now        func() time.Time                           // time.Now where nil
	// called after each case, never twice at once, with the numbers of cases and of broken requirements
	Progress func(done, total, failed, broken int)
	// given, before anything is sent, what returns the state of the run at any time
	Observe func(status func() Status)
}

// MaxRepeat is the largest [Options.Repeat]: a report holds every exchange.
const MaxRepeat = 1000

// The defaults of [Options].
const (
	DefaultParallel = 8
	DefaultTimeout  = 10 * time.Second
)

func (o Options) prepared() Options {
	o.Level = cmp.Or(o.Level, record.Inferred)
	o.Repeat = min(max(o.Repeat, 1), MaxRepeat)
	o.Parallel = cmp.Or(max(o.Parallel, 0), DefaultParallel)
	o.Timeout = cmp.Or(max(o.Timeout, 0), DefaultTimeout)
	if o.Seed == "" {
		var b [8]byte
		rand.Read(b[:])
		o.Seed = hex.EncodeToString(b[:])
	}
	o.MaxActions = cmp.Or(max(o.MaxActions, 0), DefaultMaxActions)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = pace.Sleep
	}
	if o.Progress == nil {
		o.Progress = func(int, int, int, int) {}
	}
	return o
}

// patience is how many requests of one kind (operation and expectation), or of
// all, may go without an answer before the rest is not sent. It bounds the time
// of a run against a server that hangs; the first ones say it already. endurance
// is how many of a kind may go without an answer though others get one. Each was
// sent twice, the second time alone. refusals is how many may fail to connect,
// or, where none was answered, have the connection closed.
const patience, endurance, refusals = 3, 4, 24

// Fails reports whether a finding fails a run with these options, and was not accepted.
func (o Options) Fails(f record.Finding) bool {
	k := conclusion{level: cmp.Or(o.Level, record.Inferred), strict: o.Strict}
	return k.fails(f) && (o.Accepted == nil || !o.Accepted(f))
}

// outage counts the requests of one kind that got an answer, and those that were
// not answered in time.
type outage struct {
	mu       sync.Mutex
	answered int
	silent   int
	refused  int // connections
	ended    int // connections, without an answer
}

// over reports whether no more of the kind need be sent.
func (o *outage) over() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answered == 0 && o.silent+o.refused >= patience || o.silent >= endurance || o.refused >= refusals
}

// never reports whether none was answered, and enough were tried. A handler in memory
// that ends every request, as by a panic, is there.
func (o *outage) never(inMemory bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answered == 0 && (o.silent+o.refused >= patience || !inMemory && o.silent+o.refused+o.ended >= refusals)
}

func (o *outage) count(x *Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case x.Err == nil:
		o.answered++
	case x.late() || x.Err.Kind == record.Endless:
		o.silent++
	case x.Err.Kind == record.Unreachable:
		o.refused++
	case x.Err.Kind != record.Withheld && x.Response == nil:
		o.ended++
	}
}

// kind is what a server may treat alike. The zero kind is all requests.
type kind struct {
	operation string
	expect    Expectation
}

// binding is everything of a run but sending: what is sent where, under which rules.
type binding struct {
	suite   *Suite
	target  Target
	options Options
	guard   *guard.Guard
	secrets *redact.Secrets
	cases   []*Case                      // that are sent
	ops     map[string]openapi.Operation // by ID
	wanted  map[string]bool              // the cases that the options ask for, without their controls, by ID
	base    *url.URL                     // of the target
	// the texts of the steps with variables, which are read once
	templates map[string]httpfile.Template
	planned   int // requests that could take effect, of all jobs that are not withheld
}

// runner is one run.
type runner struct {
	*binding
	dialer  *wire.Dialer
	pacer   *pace.Pacer
	outages map[kind]*outage
	kept    atomic.Int64 // bytes of the bodies in the record
	common  common       // what exchanges have in common

	mu     sync.Mutex // guards what the jobs keep, and beyond
	beyond *together  // nil until a case is sent more often than was planned

	// held for reading by each request under way, and for writing by one that has to be alone
	calm    sync.RWMutex
	known   atomic.Pointer[reminder] // a request that was answered
	reached atomic.Pointer[reminder] // one whose answer is the implementation's own, as far as that can be seen
	row     atomic.Int32             // requests in a row that got no answer even alone
	begun   atomic.Bool              // an answer came
	opening bool                     // it was waited for the first answer; guarded by calm
	dead    atomic.Bool              // the target answers nothing any more
	look    atomic.Pointer[record.LastLook]

	tokens sync.Mutex // guards token
	token  string     // the last one of the source of tokens, which is struck out
}

// Why a run makes fewer exchanges than it planned, as reports have it; what ends in a
// colon goes on.
const (
	outageReason     = "not sent: too many requests like this one got no answer"
	slowReason       = "not sent: the generated cases had taken as long as they may"
	tokenReason      = "not sent: there is no token: "
	panicReason      = "fmaspec itself failed: "
	stoppedReason    = "the run was interrupted"
	checkpointReason = "not judged yet when this was written"
	unsentReason     = "not sent as often as was planned before the session was closed"
)

// unfinishedReason is why a report that is written while a run goes on has no verdict.
const unfinishedReason = "the run had not ended when this was written"

// job is a case on its way: bound before anything is sent, then exchanged.
type job struct {
	caseRun
	steps    []bound         // of the first round; those of a repetition are bound when it is sent
	withheld bool            // the plan leaves it out
	begun    int             // repetitions
	underWay int             // repetitions
	since    time.Time       // when the first of these began
	ended    int             // of them
	whole    int             // of these, all requests were sent
	done     bool            // no more repetitions follow in this run
	seen     map[string]bool // findings and reasons of the repetitions that were not planned
	shown    int             // exchanges of these that show something together with others
}

// isKnown reports whether the case was sent as often as it will be, where so many times were
// planned.
func (j *job) isKnown(repeat int) bool { return j.withheld || j.done || j.ended >= repeat }

// Run sends the selected cases to the target and judges every answer: [Suite.Plan] and
// [Plan.Run] in one. An error is a [*UsageError] or a [*SafetyError], and then nothing
// was sent; whatever the target does is in the report. When ctx ends, Run returns at
// once what is known so far, and the report says that it was interrupted.
func (s *Suite) Run(ctx context.Context, target Target, options Options) (*record.Report, error) {
	p, err := s.Plan(ctx, target, options)
	if err != nil {
		return nil, err
	}
	return p.Run(ctx)
}

// ready does everything of a run but sending.
func (s *Suite) ready(ctx context.Context, target Target, options Options) (*binding, []*job, error) {
	o := options.prepared()
	s, err := s.WithRules(o.Rules...)
	if err != nil {
		return nil, nil, usage("%v", err)
	}
	if !printable(o.Seed) {
		return nil, nil, usage("the seed %.100q holds a character that cannot be printed; give printable text", o.Seed)
	}
	if o.MinCoverage < 0 || o.MinCoverage > 100 {
		return nil, nil, usage("a coverage of %d %% is asked for; give a percentage from 1 to 100, or 0 for none",
			o.MinCoverage)
	}
	if target, err = target.prepared(ctx); err != nil {
		return nil, nil, err
	}
	cases, err := s.Select(o)
	if err != nil {
		return nil, nil, err
	}
	r := &binding{suite: s, templates: templatesOf(cases), target: target, options: o,
		secrets: newSecrets(target, cases), cases: cases,
		ops:    s.operationsByID(),
		wanted: s.wanted(o)}
	if r.base, err = url.Parse(target.URL); err != nil {
		return nil, nil, usage("%v", err)
	}
	r.guard = r.newGuard()
	if err := r.armable(); err != nil {
		return nil, nil, err
	}
	jobs, err := r.bind(ctx, cases)
	if err != nil {
		return nil, nil, err
	}
	return r, jobs, r.withhold(jobs)
}

// templatesOf reads the texts of cases that have variables.
func templatesOf(cases []*Case) map[string]httpfile.Template {
	out := map[string]httpfile.Template{}
	add := func(text string) {
		if _, known := out[text]; !known && strings.Contains(text, "{{") {
			out[text] = httpfile.ParseTemplate(text)
		}
	}
	for _, c := range cases {
		for i := range c.Steps {
			step := &c.Steps[i]
			add(step.Path)
			add(step.Body)
			for _, f := range step.Header {
				add(f.Value)
			}
		}
	}
	return out
}

// newGuard returns the guard of one run.
func (r *binding) newGuard() *guard.Guard {
	s, o := r.suite, r.options
	return guard.New(guard.Config{
		File:   func(body []byte) string { return sentFile(body, s.Operations) },
		Action: s.actionIn,
		Target: r.target.guarded(), Operations: s.Operations, Requests: s.request, Secrets: r.secrets,
		Armed: o.AcceptRisk, Allow: o.Allow, Budget: o.MaxActions, Run: o.Seed, Now: o.Now, Journal: o.Journal,
	})
}

// printable reports whether text can be shown and repeated on a command line.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// bind gives every variable of every case its value, before anything is sent.
func (r *binding) bind(ctx context.Context, cases []*Case) (jobs []*job, err error) {
	for _, c := range cases {
		j := &job{caseRun: caseRun{c: c}}
		jobs = append(jobs, j)
		if missing := r.target.lacks(c); missing != "" {
			j.outcome, j.skip = record.NotApplicable, missing
			continue
		}
		if r.target.makesUp(c) {
			j.outcome, j.skip = record.NotApplicable, ownTokenReason
			continue
		}
		if j.steps, err = r.bindRound(c, nil, 0, r.target.Token); err != nil {
			return nil, usage("%v", err)
		}
		for i := range c.Steps {
			if why := r.target.unaskable(j.steps[i]); why != "" {
				j.outcome, j.skip = record.NotApplicable, why
				continue
			}
			if !r.target.Transport.HTTP2 {
				continue
			}
			if err := j.steps[i].sending.CheckHTTP2(); err != nil {
				j.outcome, j.skip = record.NotApplicable, err.Error()
			}
		}
	}
	return jobs, nil
}

// bindRound binds the steps of a case for one repetition. before are those of an earlier one, or
// nil.
func (r *binding) bindRound(c *Case, before []bound, round int, token string) ([]bound, error) {
	b := &binder{target: r.target, templates: r.templates, base: r.base,
		seed: fmt.Sprintf("%s.%d", r.options.Seed, round), ops: r.ops, secrets: r.secrets,
		local: r.guard.Local(), armed: r.options.AcceptRisk, before: before}
	b.target.Token = token
	steps := make([]bound, len(c.Steps))
	for i := range c.Steps {
		step := &c.Steps[i]
		inert := b.inert(c, step)
		var err error
		if steps[i], err = b.bind(c, step, inert); err != nil {
			return nil, err
		}
		// What is valid but for an inference may be accepted: then it needs what the
		// user named, and counts. What has a shape without effect, and something else that
		// is not known, is withheld.
		e := guard.Effect{}
		if inert && slices.Contains(b.armed, step.operation(c)) {
			e = r.guard.Effect(steps[i].sending.Bytes)
		}
		if e.Can && e.Broken == "" && e.Odd == "" {
			if steps[i], err = b.bind(c, step, false); err != nil {
				return nil, err
			}
		}
	}
	return steps, nil
}

// unaskable says why a request that hangs on its Host or on the form of its target
// cannot be asked of the target, "" where it can: a proxy writes both anew, and HTTP/2
// has neither.
func (t Target) unaskable(b bound) string {
	switch {
	case !b.absolute && hasValidHost(b.request):
		return ""
	case t.Transport.HTTP2:
		return "HTTP/2 has no such target and no Host; leave -http2 out"
	case t.absolute():
		return "the proxy writes the target and Host of a request itself; ask without a proxy (-proxy none)"
	}
	return ""
}

// lacks says what the case needs and the user did not name.
func (t Target) lacks(c *Case) string {
	for _, need := range c.Needs {
		if value, remedy, _ := t.need(need); value == "" {
			return "needs " + remedy
		}
	}
	return ""
}

// keptBody is the length up to which the bodies of a repetition that found
// nothing are kept.
const keptBody = 4 << 10

// keptLong is how much is kept of a longer body, and keptShort as soon as those of
// a run come to keptAll: a server that answers every request with megabytes fills
// no memory.
const keptLong, keptShort, keptAll = 32 << 10, 2 << 10, 4 << 20

// keep judges an exchange and returns what a record keeps of it, so that a run of many
// repetitions and long answers fits into memory.
func (r *runner) keep(x *Exchange) *Judged {
	kept, found := *x, r.suite.Judge(x)
	if r.options.Record != nil {
		r.options.Record(record.Exchange{Case: x.Case.ID, ExchangeResult: (&Judged{x, found}).result()})
	}
	nothing := x.Round > 0 && len(found.Findings) == 0
	if nothing && len(x.Request.Body) > keptBody {
		kept.Request.Body = nil
	}
	if x.Response != nil {
		kept.Response = r.shortened(x, len(kept.Request.Body), nothing)
		r.kept.Add(int64(recordedSize(kept.Response)))
	}
	return &Judged{&kept, found}
}

// compacted returns an exchange in little memory, for one that a session keeps.
func (r *runner) compacted(x *Judged) *Judged {
	kept := *x.Exchange
	if x.Response != nil {
		kept.Response = new(*x.Response)
	}
	r.common.compact(&kept)
	return &Judged{&kept, x.Judgement}
}

// shortened returns as much of an answer as a record keeps, given the length of the request.
func (r *runner) shortened(x *Exchange, request int, nothing bool) *record.Response {
	keep := keptLong
	if r.kept.Load() > keptAll {
		keep = keptShort
	}
	out := shortenedTo(x.Response, max(keep, request+keptShort)) // what repeats a long request
	if nothing && len(out.Body) > keptBody {
		out.Body, out.Shortened = nil, true
	}
	return out
}

// shortenedTo returns an answer with so many bytes of its header and of its body at most.
func shortenedTo(r *record.Response, keep int) *record.Response {
	out := *r
	if header, cut := shortHeader(out.Header, keep); cut {
		out.Header, out.Shortened = header, true
	}
	if len(out.Body) > keep {
		out.Body, out.Shortened = slices.Clone(out.Body[:keep]), true
	}
	return &out
}

// fieldSize is what a header field takes besides its text.
const fieldSize = 32

// recordedSize is what an answer takes in a record.
func recordedSize(r *record.Response) int {
	n := len(r.Body)
	for _, values := range r.Header {
		for _, v := range values {
			n += len(v) + fieldSize
		}
	}
	return n
}

// headerSize is what a header takes in a record, with its names.
func headerSize(header http.Header) (n int) {
	for name, values := range header {
		for _, v := range values {
			n += len(name) + len(v) + fieldSize
		}
	}
	return n
}

// shortHeader returns a header of which at most so many bytes are kept: those of the
// first fields by name, and of the field that reaches beyond, the beginning.
func shortHeader(header http.Header, most int) (out http.Header, cut bool) {
	if headerSize(header) <= most {
		return header, false
	}
	out = http.Header{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, v := range header[name] {
			if most -= len(name) + len(v) + fieldSize; most < 0 {
				out[strings.Clone(name)] = append(out[name], strings.Clone(v[:max(len(v)+most, 0)]))
				return out, true
			}
			out[strings.Clone(name)] = append(out[name], strings.Clone(v))
		}
	}
	return out, true
}

// controlsOf returns the ids of the cases from which others differ, with how many do.
func controlsOf(jobs []*job) map[string]int {
	out := map[string]int{}
	for _, j := range jobs {
		for _, id := range j.c.controls() {
			out[id]++
		}
	}
	return out
}

// sendingOrder returns the jobs in the order of sending: written cases before generated
// ones, and of each the controls first, so that they meet the target as it was found.
func sendingOrder(jobs []*job) []*job {
	control := controlsOf(jobs)
	rank := func(j *job) (n int) {
		if j.c.Generator != "" {
			n = 2
		}
		if control[j.c.ID] == 0 {
			n++
		}
		return n
	}
	return slices.SortedStableFunc(slices.Values(jobs), func(a, b *job) int { return cmp.Compare(rank(a), rank(b)) })
}

// fresh returns the steps of a round, with the current token.
func (r *runner) fresh(ctx context.Context, j *job, round int) ([]bound, error) {
	token := r.target.Token
	if r.target.TokenSource != nil {
		var err error
		if token, err = r.target.TokenSource(ctx); err != nil {
			return nil, err
		}
		r.hide(token)
	}
	if round == 0 && token == r.target.Token {
		return j.steps, ctx.Err()
	}
	steps, _ := r.bindRound(j.c, j.steps, round, token) // what can be wrong was wrong in the first round
	return steps, ctx.Err()
}

// hide has the token of a source struck out. A source gives the same one many times, and to look through
// all cases for it takes longer than an exchange.
func (r *runner) hide(token string) {
	r.tokens.Lock()
	defer r.tokens.Unlock()
	if token == r.token {
		return
	}
	addToken(r.secrets, r.target, r.cases, redact.TokenVariable, token)
	addDerived(r.secrets, r.target, r.cases, token)
	r.token = token
}

// round makes the exchanges of one repetition, in turn or at once, and returns
// those that came about, and the panic of ours that one of them met, if any. Where it is
// steady, the connections are kept, and no request is sent again by itself.
func (r *runner) round(ctx context.Context, p *wire.Pool, j *job, round int, steps []bound, steady bool) (
	made []*Judged, panicked string) {
	exchanges := make([]*Judged, len(j.c.Steps))
	last := len(steps) - 1
	for last > 0 && steps[last].sending.Separate {
		last--
	}
	if j.c.OnePiece && r.target.local() {
		steps[0].sending.Ahead = nil
		for i := range steps[1:] {
			steps[i+1].sending.Along = true
			steps[0].sending.Ahead = append(steps[0].sending.Ahead, steps[i+1].sending)
		}
	}
	var first atomic.Pointer[string]
	var sent time.Time // when the requests went out that go out in one piece
	one := func(i int) {
		defer func() {
			if p := recover(); p != nil {
				text := r.panicked(p)
				first.CompareAndSwap(nil, &text)
			}
		}()
		if ctx.Err() != nil || !steady && r.hopeless(kindOf(j.c, i)) {
			return
		}
		// A connection is kept for the requests of the case that follow on it.
		steps[i].sending.CloseAfter = !steady && (j.c.AtOnce || i >= last)
		steps[i].sending.Brief = j.c.Generator != "" // the written cases have some of each form
		steps[i].sending.Waits = j.c.Generator == "" && !steady
		var x *Exchange
		if steady {
			x = &Exchange{Sent: steps[i].sent(j.c, i, round)}
			r.ask(ctx, p, steps[i], x, r.pacer.Ready)
		} else {
			x = r.exchange(ctx, p, j, steps[i], round, i)
		}
		switch {
		case !j.c.OnePiece:
		case i == 0:
			sent = x.Started
		case steps[i].sending.Along && !sent.IsZero() && x.Alone == "" && !x.Started.IsZero():
			x.Started, x.Elapsed = sent, x.Elapsed+x.Started.Sub(sent)
		}
		defer r.dialer.Release(x.Response)
		exchanges[i] = r.keep(x)
	}
	if j.c.AtOnce {
		var all sync.WaitGroup
		for i := range exchanges {
			all.Go(func() { one(i) })
		}
		all.Wait()
	} else {
		for i := range exchanges {
			one(i)
		}
	}
	for _, x := range exchanges {
		if x != nil && (x.Err == nil || x.Err.Kind != record.Cancelled) {
			made = append(made, x)
		}
	}
	if text := first.Load(); text != nil {
		panicked = *text
	}
	return made, panicked
}

// panicked returns the reason for which a panic of ours, or of what the user supplied,
// leaves a case unjudged.
func (r *runner) panicked(value any) string {
	return panicReason + r.secrets.Text(fmt.Sprint(value)) + "; please report it with the case and the answer"
}
