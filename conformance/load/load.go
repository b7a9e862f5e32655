// Package load sends the cases of a plan for a time, many at once, and judges every answer.
//
// A run under load begins as any other: each case is sent as often as was planned, which shows
// whether the target conforms at all. Then workers send accepted and refused cases in a mix,
// as fast as the target answers (the closed model) or at a given rate (the open model), over
// connections that they keep. Latencies go into HdrHistograms by operation and result; those
// of the open model count from the time at which a request was to be sent, so that a target
// that stops for a while cannot hide it (coordinated omission).
//
// What conforms and what is fast are two verdicts: the report's verdict is about the contract,
// and the gates of [record.LoadInfo] are about the load.
package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/pace"
	"fmaspec/conformance/record"
)

// DefaultWorkers is how many cases are under way at once where [Options] does not say.
const DefaultWorkers = 16

// MaxWorkers is the largest [Options.Workers].
const MaxWorkers = 10_000

// Options set how a load goes.
type Options struct {
	Duration time.Duration // of the measuring, which follows the ramp and the warm-up; required
	WarmUp   time.Duration // at full load before the measuring
	Ramp     time.Duration // in which the load grows to its full size
	Cases    int64         // the load ends after so many where its time is not up; 0 for no such bound
	Workers  int           // the most cases under way at once; DefaultWorkers where zero
	// requests in a time of the open model, on the average of the mix; the zero value is the closed
	// model
	Rate conformance.Rate
	Mix  []record.MixPart // DefaultMix where empty
	Seed string           // draws the order of the cases
	// how long a target that went away is waited for; LeastWait where less
	Wait          time.Duration
	StopOnFailure bool // ends the load as soon as a case fails
	Gates         Gates
	Live          func(Now)                                  // called once a second, never twice at once; may be nil
	Checkpoint    func(*record.Report)                       // called once a minute, never twice at once; may be nil
	Sleep         func(context.Context, time.Duration) error // by the clock where nil
	Now           func() time.Time                           // time.Now where nil
}

// LeastWait is how long a target that went away is waited for at least.
const LeastWait = 5 * time.Second

// firstPause is the time to the first checkpoint of a load, and mostPause the longest between two:
// each time is twice the one before it, so that a load that is killed early leaves something too.
const firstPause, mostPause = time.Second, time.Minute

func (o Options) prepared() Options {
	if o.Workers == 0 {
		o.Workers = DefaultWorkers
	}
	if len(o.Mix) == 0 {
		o.Mix = DefaultMix()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = pace.Sleep
	}
	o.Wait = max(o.Wait, LeastWait)
	return o
}

// Validate returns what is wrong with the options themselves.
func (o Options) Validate() error {
	switch {
	case o.Duration < time.Second:
		return fmt.Errorf("a load of %v measures nothing; give 1s or more", o.Duration)
	case o.Workers < 0 || o.Workers > MaxWorkers:
		return fmt.Errorf("%d workers: give a number from 1 to %d", o.Workers, MaxWorkers)
	case o.WarmUp < 0 || o.Ramp < 0:
		return errors.New("a time before the measuring must not be negative; give 0 or more")
	}
	return validMix(o.Mix)
}

// A Now is the state of a load under way.
type Now struct {
	At       time.Duration // since the measuring began; negative before
	Left     time.Duration // until its end
	Point    record.LoadPoint
	Requests int64 // measured so far
	Failed   int64 // exchanges with findings so far
	Errors   int64 // exchanges that could not be judged so far
}

// A run is one load under way.
type run struct {
	Options
	session *conformance.Session
	mix     *mix
	arrive  arrivals
	meter   *meter
	flips   *flips
	down    *outages

	began    time.Time // of the ramp
	measured time.Time // the begin of the measuring
	end      time.Time

	ticket atomic.Int64
	stop   context.CancelCauseFunc
}

// Run sends every case of the plan as often as it says, then puts the target under load, and
// returns the report of both. Its errors are those of [conformance.Plan.Start], and a
// [*conformance.UsageError] for a mix that has none of the plan's cases. On a target that is
// not loopback a load needs an armed operation, a rate, and a budget that reaches, or it is a
// [*conformance.SafetyError]. Where the context ends, the report has no verdict.
func Run(ctx context.Context, plan *conformance.Plan, o Options) (*record.Report, error) {
	r, err := newRun(plan, o)
	if err != nil {
		return nil, err
	}
	session, err := plan.Start(ctx)
	if err != nil {
		return nil, err
	}
	r.session = session
	session.DoAll(ctx)
	if ctx.Err() == nil {
		r.load(ctx)
	}
	report := session.Close(ctx)
	return r.complete(ctx, report), nil
}

// newRun draws up what will be sent, and returns an error where it may not be.
func newRun(plan *conformance.Plan, o Options) (*run, error) {
	if err := o.Validate(); err != nil {
		return nil, &conformance.UsageError{Msg: err.Error()}
	}
	if !plan.Safety.Local && len(plan.Safety.Armed) == 0 {
		return nil, &conformance.SafetyError{Msg: plan.Target.URL + " is not loopback, and no operation is armed, so " +
			"that no request under load would be accepted; pass -accept-risk with an operation, -machine and -sha1"}
	}
	r := &run{Options: o.prepared()}
	var err error
	if r.mix, err = newMix(r.Mix, plan.Sent(), r.Seed); err != nil {
		return nil, &conformance.UsageError{Msg: err.Error()}
	}
	r.arrive = arrivals{ramp: r.Ramp}
	if r.Rate.N > 0 {
		r.arrive.each = time.Duration(float64(r.Rate.Per) / float64(r.Rate.N) * r.mix.steps())
	}
	return r, r.permitted(plan)
}

// Effects returns how many requests of a run under load could take effect elsewhere than on
// this machine: those of the plan, and about as many of the load as its rate allows. Its errors
// are those of [Run] before anything is sent.
func Effects(plan *conformance.Plan, o Options) (int, error) {
	r, err := newRun(plan, o)
	if r == nil {
		return 0, err
	}
	return r.effects(plan), err
}

// effects returns what [Effects] returns.
func (r *run) effects(plan *conformance.Plan) int {
	type at struct {
		id   string
		step int
	}
	takes := map[at]bool{}
	for _, q := range plan.Requests {
		takes[at{q.Case, q.Step}] = q.Effect
	}
	share := r.mix.share(func(c *conformance.Case, step int) bool { return takes[at{c.ID, step}] })
	if share == 0 || r.Rate.N == 0 {
		return plan.Actions
	}
	requests := float64(r.Rate.N) * float64(r.Ramp/2+r.WarmUp+r.Duration) / float64(r.Rate.Per)
	return plan.Actions + int(math.Ceil(requests*share))
}

// permitted returns an error for a load on another machine without a rate, or that could take
// effect there more often than it may.
func (r *run) permitted(plan *conformance.Plan) error {
	if plan.Safety.Local {
		return nil
	}
	where := plan.Target.URL + " is not loopback"
	if r.Rate.N == 0 {
		return &conformance.SafetyError{Msg: where + ", and workers that send as fast as it answers have no bound; " +
			"pass -rate, such as 5/s"}
	}
	if n := r.effects(plan); n > plan.Safety.MaxActions {
		return &conformance.SafetyError{Msg: fmt.Sprintf("%s, and the load would send about %d requests that could "+
			"take effect there, where at most %d may; pass a -max-actions that reaches, or a lower -rate or "+
			"-duration", where, n, plan.Safety.MaxActions)}
	}
	return nil
}

// load puts the target under load.
func (r *run) load(ctx context.Context) {
	r.began = r.Now()
	r.measured = r.began.Add(r.Ramp + r.WarmUp)
	r.end = r.measured.Add(r.Duration)
	r.meter = newMeter(r.began, r.measured, r.end)
	r.flips = newFlips()
	r.down = newOutages(r.measured)
	r.flips.known(r.session.Report())
	for _, c := range r.mix.cases {
		for _, a := range r.session.Attempts(c) {
			r.flips.note(c.ID, a, nil)
		}
	}
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	ticks, done := r.tick(ctx)
	var workers sync.WaitGroup
	for n := range r.Workers {
		workers.Go(func() { r.work(ctx, n) })
	}
	workers.Wait()
	ticks()
	<-done
	r.down.close(r)
	r.meter.close(r.Now(), context.Cause(ctx))
}

// tick reports the state once a second, and makes a checkpoint once a minute, and more often at
// first.
func (r *run) tick(ctx context.Context) (stop func(), done chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	done = make(chan struct{})
	go func() {
		defer close(done)
		saved, pause := r.Now(), firstPause
		for r.Sleep(ctx, time.Second) == nil {
			r.down.review(r, false)
			now := r.Now()
			state := r.meter.now(now)
			if r.Live != nil {
				r.Live(state)
			}
			if r.Checkpoint != nil && now.Sub(saved) >= pause {
				report := r.session.Report()
				report.Load = r.info()
				r.Checkpoint(report)
				saved, pause = r.Now(), min(2*pause, mostPause)
			}
		}
	}()
	return cancel, done
}

// work sends cases until the time is up.
func (r *run) work(ctx context.Context, n int) {
	w := &worker{run: r, n: n + 1, sender: r.session.Worker()}
	defer w.sender.Close()
	if r.arrive.each == 0 && r.Ramp > 0 && r.Sleep(ctx, r.Ramp*time.Duration(n)/time.Duration(r.Workers)) != nil {
		return
	}
	for ctx.Err() == nil {
		ticket := r.ticket.Add(1) - 1
		planned := r.Now()
		if r.arrive.each > 0 {
			planned = r.began.Add(r.arrive.at(ticket))
		}
		if !planned.Before(r.end) || r.Cases > 0 && ticket >= r.Cases {
			return
		}
		if wait := planned.Sub(r.Now()); wait > 0 && r.Sleep(ctx, wait) != nil {
			return
		}
		if r.arrive.each > 0 && r.down.lost(planned) {
			continue
		}
		w.send(ctx, r.mix.pick(ticket), planned)
	}
}

// A worker sends cases in turn.
type worker struct {
	*run
	n      int // from 1
	sender *conformance.Worker
	last   *record.Neighbour // on the connection
}

// errBudget ends a load whose requests are not permitted any more.
var errBudget = errors.New("no further request is permitted")

// send sends one case.
func (w *worker) send(ctx context.Context, c *conformance.Case, planned time.Time) {
	late := w.Now().Sub(planned)
	a, err := w.sender.Do(ctx, c)
	var not *conformance.NotSentError
	switch {
	case ctx.Err() != nil:
		return
	case errors.As(err, &not):
		w.meter.error(not.Reason, c.ID, not.Reason, w.Now())
		if not.Ends() {
			w.stop(fmt.Errorf("%w: %s", errBudget, not.Reason))
		}
		return
	case err != nil:
		w.stop(err)
		return
	}
	w.take(ctx, c, a, planned, late)
}

// take adds an attempt to what is known.
func (w *worker) take(ctx context.Context, c *conformance.Case, a *conformance.Attempt, planned time.Time,
	late time.Duration) {
	h := &held{c, a, planned, late, w.n, w.last, w.Now()}
	w.last = nil
	for _, x := range a.Exchanges {
		switch {
		case x.Err == nil || x.Response != nil && x.Err.Kind == record.TooLong:
		case x.Err.Kind == record.Withheld:
			w.stop(fmt.Errorf("%w: %s", errBudget, x.Err.Msg))
			return
		case x.Err.Kind == record.Unreachable:
			w.away(ctx, a, x.Err.Msg)
			return
		case x.Response == nil || x.Err.Kind == record.Cut:
			// The target may be on its way out: that shows within a moment.
			w.down.doubt(w.run, h)
			return
		}
	}
	w.settle(h)
	last := a.Exchanges[len(a.Exchanges)-1]
	w.last = new(neighbour(c.ID, last, w.n))
}

// away waits until the target can be reached again.
func (w *worker) away(ctx context.Context, a *conformance.Attempt, text string) {
	w.sender.Close()
	w.down.wait(ctx, w.run, int64(len(a.Exchanges)), text)
}

// A held is an attempt with all that is noted of it.
type held struct {
	c       *conformance.Case
	a       *conformance.Attempt
	planned time.Time
	late    time.Duration
	worker  int
	before  *record.Neighbour // on its connection
	ended   time.Time
}

// settle notes an attempt for good.
func (r *run) settle(h *held) {
	h.a.Keep()
	r.meter.note(r, h)
	flipped := r.flips.note(h.c.ID, h.a, h)
	if r.StopOnFailure && (h.a.Outcome == record.Failed || flipped) {
		r.stop(fmt.Errorf("%s failed, and the load was to stop on a failure", h.c.ID))
	}
}
