package conformance

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/openapi"
)

// Options set how a run goes. The zero value judges every level, is not strict,
// and sends every case.
type Options struct {
	Level      Level                         // the weakest level judged; Inferred where zero
	Strict     bool                          // inferred requirements fail the run too
	Run, Skip  string                        // regular expressions over case ids; empty for all, and none
	Only       []string                      // where not nil, exactly these case ids, and their controls
	Parallel   int                           // cases under way at once; 8 where zero
	Timeout    time.Duration                 // for one exchange, from dialling to the last byte; 10 s where zero
	Seed       string                        // repeats the values of {{sha1}} and {{comment}}; random where empty
	AcceptRisk []string                      // operations that may take effect on a target that is not loopback
	Now        func() time.Time              // time.Now where nil
	Progress   func(done, total, failed int) // called after each case, never twice at once
}

// The defaults of [Options].
const (
	DefaultParallel = 8
	DefaultTimeout  = 10 * time.Second
)

func (o Options) prepared() Options {
	o.Level = cmp.Or(o.Level, Inferred)
	o.Parallel = cmp.Or(max(o.Parallel, 0), DefaultParallel)
	o.Timeout = cmp.Or(max(o.Timeout, 0), DefaultTimeout)
	if o.Seed == "" {
		var b [8]byte
		rand.Read(b[:])
		o.Seed = hex.EncodeToString(b[:])
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(int, int, int) {}
	}
	return o
}

// patience is how many requests of one kind (operation and expectation), or of
// all, may go without an answer before the rest is not sent. It bounds the time
// of a run against a server that hangs; the first ones say it already.
const patience = 5

// outage counts the requests of one kind that got an answer, and that did not.
type outage struct {
	mu       sync.Mutex
	answered int
	silent   int
}

func (o *outage) over() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answered == 0 && o.silent >= patience
}

func (o *outage) count(x *Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case x.Err == nil:
		o.answered++
	case x.Err.Kind != Cancelled:
		o.silent++
	}
}

// kind is what a server may treat alike. The zero kind is all requests.
type kind struct {
	operation string
	expect    Expectation
}

// runner is one run.
type runner struct {
	suite   *Suite
	target  Target
	options Options
	dialer  *dialer
	shared  *pool
	outages map[kind]*outage
}

// job is a case on its way: bound before anything is sent, then exchanged.
type job struct {
	c         *Case
	bound     []bound
	skip      string // why it is not sent
	outcome   Outcome
	exchanges []*Exchange
}

// Run sends the selected cases to the target and judges every answer. An error
// is a [*UsageError] or a [*SafetyError], and then nothing was sent; whatever
// the target does is in the report. When ctx ends, Run returns at once what is
// known so far, and the report says that it was interrupted.
func (s *Suite) Run(ctx context.Context, target Target, options Options) (*Report, error) {
	o := options.prepared()
	target, err := target.prepared()
	if err != nil {
		return nil, err
	}
	cases, err := s.Select(o)
	if err != nil {
		return nil, err
	}
	var operations []string
	for _, c := range cases {
		if !slices.Contains(operations, c.Operation) {
			operations = append(operations, c.Operation)
		}
	}
	if err := target.guard(operations, o.AcceptRisk); err != nil {
		return nil, err
	}
	r := &runner{suite: s, target: target, options: o, outages: map[kind]*outage{{}: {}}}
	jobs, err := r.bind(cases)
	if err != nil {
		return nil, err
	}
	d, stop, err := newDialer(target, o.Timeout)
	if err != nil {
		return nil, usage("target %s: %v", target.URL, err)
	}
	defer stop()
	r.dialer, r.shared = d, &pool{d: d}
	defer r.shared.close()

	started := o.Now()
	r.sendAll(ctx, jobs)
	report := r.report(ctx, jobs)
	report.Started, report.Elapsed = started.UTC(), o.Now().Sub(started)
	return report, nil
}

// bind gives every variable of every case its value, before anything is sent.
func (r *runner) bind(cases []*Case) ([]*job, error) {
	b := &binder{target: r.target, seed: r.options.Seed, ops: map[string]openapi.Operation{}}
	for _, op := range r.suite.Operations {
		b.ops[op.ID] = op
	}
	var jobs []*job
	for _, c := range cases {
		j := &job{c: c}
		jobs = append(jobs, j)
		if missing := r.target.lacks(c); missing != "" {
			j.outcome, j.skip = NotApplicable, missing
			continue
		}
		for i := range c.Steps {
			bound, err := b.bind(c, &c.Steps[i])
			if err != nil {
				return nil, usage("%v", err)
			}
			j.bound = append(j.bound, bound)
			k := kind{c.Operation, c.Steps[i].Expect}
			if r.outages[k] == nil {
				r.outages[k] = &outage{}
			}
		}
	}
	return jobs, nil
}

// lacks says what the case needs and the user did not name.
func (t Target) lacks(c *Case) string {
	needs := map[string]struct{ value, remedy string }{
		httpfile.UnprivilegedToken: {t.UnprivilegedToken, "the token of a user without the roles; set FMASPEC_UNPRIVILEGED_TOKEN or pass -unprivileged-token-file"},
		httpfile.InvalidToken:      {t.InvalidToken, "a token that must not be accepted; set FMASPEC_INVALID_TOKEN or pass -invalid-token-file"},
		httpfile.UnknownMachine:    {t.UnknownMachine, "the id of a machine that the target does not know; pass -unknown-machine"},
	}
	for _, need := range c.Needs {
		if needs[need].value == "" {
			return "needs " + needs[need].remedy
		}
	}
	return ""
}

// sendAll works through the jobs, at most Parallel at once.
func (r *runner) sendAll(ctx context.Context, jobs []*job) {
	next := make(chan *job)
	var workers sync.WaitGroup
	var mu sync.Mutex
	done, failed := 0, 0
	for range min(r.options.Parallel, len(jobs)) {
		workers.Go(func() {
			for j := range next {
				if j.skip == "" {
					r.send(ctx, j)
				}
				bad := false
				for _, x := range j.exchanges {
					x.findings = r.suite.Judge(x, r.options.Now())
					bad = bad || slices.ContainsFunc(x.findings, func(f Finding) bool { return r.counts(f) == Failed && f.Level <= r.options.Level })
				}
				mu.Lock()
				done++
				if bad {
					failed++
				}
				r.options.Progress(done, len(jobs), failed)
				mu.Unlock()
			}
		})
	}
	for _, j := range controlsFirst(jobs) {
		next <- j
	}
	close(next)
	workers.Wait()
}

// controlsFirst returns the jobs in the order of sending: what others are held
// against goes first, so that it meets the target as it was found.
func controlsFirst(jobs []*job) []*job {
	control := map[string]bool{}
	for _, j := range jobs {
		control[j.c.Control] = true
	}
	out := slices.Clone(jobs)
	slices.SortStableFunc(out, func(a, b *job) int {
		return cmp.Compare(btoi(control[b.c.ID]), btoi(control[a.c.ID]))
	})
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// send makes the exchanges of one job. Plain accepted requests of all cases
// share connections. A case of several requests has its own, so that they share
// one; so has a request that may be refused, lest a server that leaves a refused
// body unread spoil the request of an innocent case.
func (r *runner) send(ctx context.Context, j *job) {
	p := r.shared
	if len(j.bound) > 1 || j.c.Steps[0].Expect != Accepted {
		p = &pool{d: r.dialer}
		defer p.close()
	}
	exchanges := make([]*Exchange, len(j.bound))
	one := func(i int) {
		k := kind{j.c.Operation, j.c.Steps[i].Expect}
		if ctx.Err() != nil || r.outages[k].over() || r.outages[kind{}].over() {
			return
		}
		exchanges[i] = r.exchange(ctx, p, j, i)
		if !j.c.Steps[i].Abort {
			r.outages[k].count(exchanges[i])
			r.outages[kind{}].count(exchanges[i])
		}
	}
	if j.c.AtOnce {
		var all sync.WaitGroup
		for i := range j.bound {
			all.Go(func() { one(i) })
		}
		all.Wait()
	} else {
		for i := range j.bound {
			one(i)
		}
	}
	for _, x := range exchanges {
		if x != nil && (x.Err == nil || x.Err.Kind != Cancelled) {
			j.exchanges = append(j.exchanges, x)
		}
	}
	switch {
	case len(j.exchanges) == len(j.bound):
	case ctx.Err() != nil:
		j.outcome, j.skip = Skipped, "the run was interrupted"
	default:
		j.outcome, j.skip = Skipped, fmt.Sprintf("not sent: the first %d or more such requests got no answer", patience)
	}
}

func (r *runner) exchange(ctx context.Context, p *pool, j *job, i int) *Exchange {
	b := j.bound[i]
	x := &Exchange{Case: j.c, Step: i, Request: b.request, Started: r.options.Now(), curl: b.curl, header: b.header, sha1: b.sha1, marks: b.marks}
	x.Response, x.Err = p.send(ctx, b.sending)
	x.Elapsed = r.options.Now().Sub(x.Started)
	x.leaked = r.target.strike(x.Response)
	return x
}
