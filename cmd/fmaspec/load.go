package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/load"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// loadFlags are the settings of a run under load.
type loadFlags struct {
	options    load.Options
	mix        mixFlag
	throughput rateFlag
	flips      countFlag
	errors     countFlag

	effects int // requests that could take effect elsewhere, of all that are sent
}

func (f *loadFlags) flags(set *flag.FlagSet) {
	o := &f.options
	set.DurationVar(&o.Duration, "duration", 0, "put the target under load for this `TIME` after each case was sent "+
		"once: send accepted and refused cases and judge every answer; with -rate at that rate, else as fast as the "+
		"target answers")
	set.IntVar(&o.Workers, "workers", 0, fmt.Sprintf("with -duration, have at most `N` cases under way at once; the "+
		"default is %d", load.DefaultWorkers))
	set.DurationVar(&o.WarmUp, "warm-up", 0, "with -duration, judge but do not measure the first `TIME` at full load")
	set.DurationVar(&o.Ramp, "ramp", 0, "with -duration, let the load grow to its full size for this `TIME` before")
	set.Var(&f.mix, "mix", "with -duration, give cases a weight: `CASES=WEIGHT`, where CASES is accepted, refused, "+
		"either or a regular expression over case ids; may be repeated, and the last one that has a case counts; "+
		"the default is accepted=1 and refused=1")
	set.BoolVar(&o.StopOnFailure, "stop-on-failure", false, "with -duration, end the load as soon as a case fails or "+
		"is judged in another way than before")
	set.DurationVar(&o.Gates.MaxP99, "max-p99", 0, "with -duration, exit with 1 if the 99th percentile of all "+
		"requests is above this `TIME`")
	set.Var(&f.flips, "max-flips", "with -duration, exit with 1 if more than `N` cases are judged in different ways "+
		"at different times")
	set.Var(&f.errors, "max-errors", "with -duration, exit with 1 if more than `N` requests get no answer, or one "+
		"that is no evidence")
	set.Var(&f.throughput, "min-throughput", "with -duration, exit with 1 if there are fewer than `N/UNIT` answers: "+
		"500/s, 100/m or 1500/h")
}

// on reports whether the target is put under load.
func (f *loadFlags) on() bool { return f.options.Duration != 0 }

// validate checks what package flag cannot. explores says that random cases are sent.
func (f *loadFlags) validate(explores bool) error {
	o := &f.options
	o.Mix, o.Gates.MinThroughput, o.Gates.MaxFlips, o.Gates.MaxErrors = f.mix, f.throughput.Rate, f.flips.n, f.errors.n
	given := o.Workers != 0 || o.WarmUp != 0 || o.Ramp != 0 || len(o.Mix) > 0 || o.StopOnFailure
	asked := o.Gates.MaxP99 != 0 || o.Gates.MaxFlips != nil || o.Gates.MaxErrors != nil || o.Gates.MinThroughput.N > 0
	switch {
	case !f.on() && (given || asked):
		return errors.New("-workers, -warm-up, -ramp, -mix, -stop-on-failure, -max-p99, -max-flips, -max-errors and " +
			"-min-throughput are of a load; add -duration, such as -duration 1m")
	case !f.on():
		return nil
	case explores:
		return errors.New("-duration: a load repeats written cases, and an exploration sends random ones; leave " +
			"-duration or -generate explore out")
	case o.Gates.MaxP99 < 0:
		return fmt.Errorf("-max-p99 %v: must not be negative; give a time such as 200ms", o.Gates.MaxP99)
	}
	if err := o.Validate(); err != nil {
		return fmt.Errorf("-duration: %w", err)
	}
	return nil
}

// prepare completes the options of a load, and of the run that it is part of: the rate is that
// of the load, and a target may ask to come back later for as long as the load takes.
func (f *loadFlags) prepare(o *conformance.Options, wait time.Duration) {
	if !f.on() {
		return
	}
	f.options.Rate, f.options.Seed, f.options.Wait = o.Rate, o.Seed, wait
	if o.RetryTime > 0 {
		o.RetryTime = max(o.RetryTime, f.options.Duration+f.options.WarmUp+f.options.Ramp)
	}
}

// permitted returns an error if the load has nothing to send, or may not be sent.
func (f *loadFlags) permitted(plan *conformance.Plan) (err error) {
	if f.on() {
		f.effects, err = load.Effects(plan, f.options)
	}
	return err
}

// announce says how many requests of a load could take effect.
func (f *loadFlags) announce(e *env, plan *conformance.Plan) {
	if f.on() && !plan.Safety.Local {
		fmt.Fprintf(e.stderr, "the load sends about %d requests that could take effect on %s, in addition to those of "+
			"each case sent once, which are listed here\n\n", f.effects-plan.Actions, harmless(plan.Target.URL))
	}
}

// run puts the target under load and returns the report.
func (f *loadFlags) run(ctx context.Context, e *env, plan *conformance.Plan, quiet bool,
	checkpoint func(*record.Report)) (*record.Report, error) {
	clear := func() {}
	if !quiet {
		f.options.Live, clear = liveLines(e)
	}
	f.options.Checkpoint = checkpoint
	r, err := load.Run(ctx, plan, f.options)
	clear()
	return r, err
}

// liveLines shows the state of a load: one line that changes on a terminal, and else one line a
// second.
func liveLines(e *env) (show func(load.Now), clear func()) {
	line := func(n load.Now) string { return report.LoadLine(n.At, n.Point, n.Failed, n.Errors, n.Left) }
	if _, is := e.terminal(e.stderr); !is {
		return func(n load.Now) { fmt.Fprintln(e.stderr, line(n)) }, func() {}
	}
	longest := 0
	return func(n load.Now) {
			text := line(n)
			longest = max(longest, len(text))
			fmt.Fprintf(e.stderr, "\r%-*s", longest, text)
		}, func() {
			io.WriteString(e.stderr, "\r"+strings.Repeat(" ", longest)+"\r")
		}
}

// A mixFlag is a flag of the form "CASES=WEIGHT", with blanks between several, that may be
// repeated.
type mixFlag []record.MixPart

func (m *mixFlag) String() string {
	var parts []string
	for _, p := range *m {
		parts = append(parts, fmt.Sprintf("%s=%g", p.Cases, p.Weight))
	}
	return strings.Join(parts, " ")
}

func (m *mixFlag) Set(text string) error {
	for word := range strings.FieldsSeq(text) {
		at := strings.LastIndexByte(word, '=')
		if at < 1 {
			return errors.New("want CASES=WEIGHT, such as accepted=9 or 'requestSample/=2'")
		}
		weight, err := strconv.ParseFloat(word[at+1:], 64)
		if err != nil {
			return fmt.Errorf("the weight %q is no number; want CASES=WEIGHT, such as accepted=9", word[at+1:])
		}
		*m = append(*m, record.MixPart{Cases: word[:at], Weight: weight})
	}
	return nil
}

// A countFlag is a number of 0 or more, or not set.
type countFlag struct{ n *int }

func (c *countFlag) String() string {
	if c.n == nil {
		return ""
	}
	return strconv.Itoa(*c.n)
}

func (c *countFlag) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return errors.New("want a number of 0 or more")
	}
	c.n = &n
	return nil
}
