package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/baseline"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// runFlags are the settings of a run.
type runFlags struct {
	library
	credentials  credentialFlags
	connection   connectionFlags
	url, machine string
	otherMachine string
	options      conformance.Options
	generate     generateFlags
	explore      exploreFlags
	underLoad    loadFlags
	safety       safetyFlags
	pace         paceFlags
	shard        shardFlag
	reports      reportFlags
	record       runRecordFlags
	history      historyFlags
	baseline     baselineFlags
	rules        []record.OwnRule // of the settings file
	retry        retryFlags
	list         bool // the cases that would be sent, in place of sending them
	watch        bool
	again        bool                                       // a watched run that is not the first
	pause        func(context.Context, time.Duration) error // between two looks at files
	layout
}

func runCommand() command {
	return command{
		name:  "run",
		short: "judge a server",
		about: "Sends every case to the target and judges each answer. Findings, totals and the verdict are written " +
			"to stdout, everything else to stderr.\n" +
			"Without -url the target is the embedded server, which keeps the contract. To a target on another " +
			"machine, only requests that cannot take effect are sent, unless an operation is armed with " +
			"-accept-risk, and -machine and -sha1 name the machine and the file; -dry-run shows what would be sent.\n" +
			"Tokens are read from " + tokenVariable + ", " + unprivilegedVariable + ", " + securityAdminVariable +
			", " + globalAdminVariable + " and " + invalidVariable + ", from files, from what a command prints, or " +
			"from a token endpoint; a flag overrides the variable. A target on this machine is sent a generated " +
			"token if there is none. fmaspec auth check describes the credentials.",
		examples: []string{
			"fmaspec run",
			"fmaspec run -url http://127.0.0.1:8080 -token-file token.txt",
			"fmaspec run -run '^requestSample/body/' -v",
			"fmaspec run -report junit=report.xml -report json=report.json",
			"fmaspec run -report json=- -q | jq .totals",
			"fmaspec run -report json=report.json -sign-key ~/.ssh/id_ed25519",
			"fmaspec run -fixtures my-cases -builtin=false",
			"fmaspec run -fixtures my-cases -builtin=false -watch",
			"fmaspec run -baseline accepted.baseline",
			"fmaspec run -retry-failed report.json -report json=again.json",
			"fmaspec run -run '/body/' -list",
			"fmaspec run -history reports -report html=report.html",
			"fmaspec run -url http://127.0.0.1:8080 -duration 1m -max-p99 200ms",
			"fmaspec run -url https://tenant.example -token-command 'my-login' -dry-run",
		},
		flags: func(set *flag.FlagSet) work {
			return (&runFlags{layout: newLayout(), pause: timer}).define(set)
		},
	}
}

// define defines the flags and returns what uses them.
func (f *runFlags) define(set *flag.FlagSet) work {
	f.library.flags(set)
	f.credentials.flags(set)
	f.connection.flags(set)
	set.StringVar(&f.url, "url", "", "the `URL` of the target: scheme, host, and any prefix of the "+
		"documented path; the default is the embedded server")
	set.StringVar(&f.machine, "machine", "", "the `ID` of the machine in requests; for a target on this "+
		"machine, the documents' example is the default")
	otherMachineFlag(set, &f.otherMachine)
	sendingFlags(set, &f.options)
	set.BoolVar(&f.options.Strict, "strict", false, "let inferred requirements fail the run too")
	set.BoolVar(&f.options.FailFast, "fail-fast", false, "send no other case after the first that fails the "+
		"run: the cases under way are completed, and the rest is skipped; findings that -baseline accepts do "+
		"not stop it; an exploration ends after the batch in which a case failed")
	set.IntVar(&f.options.MinCoverage, "min-coverage", 0, "fail the run, with exit code 1, if less than this "+
		"`PERCENT` of the places that the report's coverage lists was met both by a valid request and by an "+
		"invalid one; by default nothing is asked for")
	set.IntVar(&f.options.Repeat, "repeat", 1, "send each case `N` times, each time with other values, to "+
		"find intermittent failures")
	f.retry.flags(set)
	set.BoolVar(&f.list, "list", false, "print the ids of the cases that would be sent, one a line, and send "+
		"nothing; fmaspec list cases prints those of the suite, whatever the target and the flags of a run")
	set.BoolVar(&f.watch, "watch", false, "run again whenever a file of -fixtures changes, until interrupted; "+
		"the exit code is that of the last run; only with a target on this machine")
	f.generate.flags(set)
	set.Var(&f.shard, "shard", "send only a part of the cases, as `I/N`: the first of five is 1/5; give the "+
		"runs of all parts the same -seed, and merge their reports with fmaspec report merge")
	f.explore.flags(set)
	f.underLoad.flags(set)
	f.safety.flags(set)
	f.pace.flags(set)
	f.reports.flags(set)
	f.record.flags(set)
	f.history.flags(set, true)
	f.sign.flags(set)
	f.baseline.flags(set)
	f.layout.flags(set)
	return func(ctx context.Context, e *env, operands []string) error {
		f.options.Settings = settings(set)
		f.layout.settings, f.rules = settingsOf(set).title(), settingsOf(set).rules()
		return f.run(ctx, e, operands)
	}
}

// run judges one target, once or whenever a file changes.
func (f *runFlags) run(ctx context.Context, e *env, _ []string) error {
	if f.watch {
		return f.watching(ctx, e)
	}
	return f.once(ctx, e)
}

// A prepared run is what one run of a [runFlags] reads and plans before it sends anything.
type prepared struct {
	outputs    []output
	recordFile string             // that exchanges are written to, or ""
	accepted   *baseline.Baseline // findings, or nil
	given      credentials
	target     conformance.Target
	suite      *conformance.Suite
	plan       *conformance.Plan
	failed     int // how many cases of -retry-failed are sent again
	stop       func()
}

// once judges one target. It reports errors in flags before anything is sent.
func (f *runFlags) once(ctx context.Context, e *env) error {
	defer f.sign.end()
	r := &prepared{stop: func() {}}
	if err := f.readFiles(e, r); err != nil {
		return err
	}
	defer func() { r.stop() }()
	if err := f.reachTarget(ctx, e, r); err != nil {
		return err
	}
	if err := f.chooseCases(r); err != nil {
		return err
	}
	switch {
	case f.retry.before != nil && r.failed == 0 && f.list:
		return nil
	case f.retry.before != nil && r.failed == 0:
		return f.retry.nothing(e)
	}
	if err := f.makePlan(ctx, r); err != nil {
		return err
	}
	if f.list {
		return f.listSent(e, r.plan)
	}
	if err := f.introduce(ctx, e, r); err != nil {
		return err
	}
	if f.safety.dryRun {
		return f.safety.rehearsal(e, r.plan)
	}
	return f.send(ctx, e, r)
}

// readFiles reads what the flags name, and reports flags that do not go together.
func (f *runFlags) readFiles(e *env, r *prepared) (err error) {
	for _, name := range []string{"report", "record"} { // those of a settings file are for other runs
		if f.list && !f.quiet && e.names(name) {
			e.note("run: warning: -%s writes nothing, since -list sends nothing; drop one of them\n", name)
		}
	}
	if r.outputs, err = f.reports.outputs(); err != nil {
		return err
	}
	if r.recordFile, err = f.record.name(r.outputs); err != nil {
		return err
	}
	if err := f.validate(); err != nil {
		return err
	}
	if r.accepted, err = f.baseline.read(r.outputs, f.safety.dryRun || f.list); err != nil {
		return err
	}
	if err := f.retry.read(e, r.outputs, f.generate.phase); err != nil {
		return err
	}
	f.generate.phase = f.retry.generates(f.generate.phase)
	if f.url != "" {
		if f.url, err = conformance.TargetURL(f.url); err != nil {
			return err
		}
	}
	if err := f.sign.read(e, r.outputs, f.baseline.file); err != nil {
		return err
	}
	if err := f.history.read(e, !f.safety.dryRun); err != nil {
		return err
	}
	r.outputs = f.history.shown(e.located(r.outputs))
	return nil
}

// reachTarget loads the suite and gets the target with its credentials; without a URL it starts the embedded server,
// until the run ends.
func (f *runFlags) reachTarget(ctx context.Context, e *env, r *prepared) error {
	transport, err := f.connection.transport(e)
	if err != nil {
		return err
	}
	if r.given, err = f.credentials.sources(e, f.connection.client(transport)); err != nil {
		return err
	}
	r.target = conformance.Target{
		URL: f.url, Machine: f.machine, File: f.safety.sha1, UnknownMachine: f.credentials.unknownMachine,
		OtherMachine: f.otherMachine,
		InvalidToken: r.given.invalid, Transport: transport,
	}
	if r.suite, _, err = f.load(); err != nil {
		return err
	}
	if err := r.given.fill(ctx, &r.target); err != nil {
		return err
	}
	if f.url != "" {
		return r.given.valid(ctx, time.Now())
	}
	stop, err := embedded(&r.target)
	if err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	r.stop = stop
	return nil
}

// chooseCases adds the generated cases to the suite, applies own rules, and sets the options of the run.
func (f *runFlags) chooseCases(r *prepared) (err error) {
	if err := f.watchableAt(r.target); err != nil {
		return err
	}
	if r.suite, err = f.generate.extend(r.suite, r.target); err != nil {
		return err
	}
	if r.suite, err = withRules(r.suite, f.rules); err != nil {
		return err
	}
	o := &f.options
	o.Shard = f.shard.Shard
	if err := f.safety.allow(o); err != nil {
		return err
	}
	if r.accepted != nil {
		o.Accepted = func(found record.Finding) bool { return r.accepted.Accepts(found.Key, time.Now()) }
	}
	o.AcceptRisk, o.MaxActions, o.Rate, o.RetryTime = f.safety.risks, f.safety.maxActions, f.pace.rate.Rate,
		f.pace.retry
	f.underLoad.prepare(o, f.pace.wait)
	if f.retry.before != nil {
		r.failed, err = f.retry.choose(r.suite, o, f.generate.phase)
	}
	return err
}

// makePlan plans the run, and reports what a plan of this size or against this target does not allow.
func (f *runFlags) makePlan(ctx context.Context, r *prepared) (err error) {
	o := &f.options
	if err := f.explore.begins(r.suite, o.Run); err != nil {
		return err
	}
	if r.plan, err = r.suite.Plan(ctx, r.target, *o); err != nil {
		return err
	}
	if err := f.explore.permitted(r.plan); err != nil {
		return err
	}
	if err := f.underLoad.permitted(r.plan); err != nil {
		return err
	}
	if err := checkSize(r.plan, o.Repeat); err != nil {
		return err
	}
	o.Seed, f.underLoad.options.Seed = r.plan.Suite.Seed, r.plan.Suite.Seed
	return f.baseline.checkComplete(r.plan, len(r.suite.Cases))
}

// introduce writes the header of the run and remarks on what it uses.
func (f *runFlags) introduce(ctx context.Context, e *env, r *prepared) error {
	if !f.again {
		if err := f.header(e, r.plan, len(r.suite.Cases)); err != nil {
			return err
		}
	}
	if f.retry.before != nil {
		f.retry.announce(e.stderr, r.plan, r.failed, f.quiet)
	}
	if note := r.given.audience(ctx); note != "" && f.url != "" && !f.quiet {
		fmt.Fprintf(e.stderr, "%s\n\n", note)
	}
	if hint := r.suite.DoubledHint(r.plan.Target.URL); hint != "" {
		fmt.Fprintf(e.stderr, "%s\n\n", hint)
	}
	if r.target.Token == "" && !f.quiet && !f.again {
		fmt.Fprintf(e.stderr, "no token was given, so a generated one is sent; set %s or pass -token-file\n\n",
			tokenVariable)
	}
	return nil
}

// send asks where a person has to agree, waits for the target, judges it, and writes the results.
func (f *runFlags) send(ctx context.Context, e *env, r *prepared) error {
	o := &f.options
	f.underLoad.announce(e, r.plan)
	if err := f.safety.announce(ctx, e, r.plan); err != nil {
		return err
	}
	if f.pace.wait > 0 {
		if err := f.await(ctx, e, r.target); err != nil {
			return &exit{exitUnjudged, err.Error() + "; nothing else was sent"}
		}
	}
	done, err := f.safety.record(o, r.plan)
	if err != nil {
		return err
	}
	defer done()
	if err := f.sign.clear(r.outputs); err != nil {
		return err
	}
	exchanges, err := newRunRecorder(r.recordFile, r.plan.Head())
	if err != nil {
		return err
	}
	if exchanges != nil {
		o.Record = exchanges.record
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit(r.plan, o.Repeat)))
	clear := f.progress(ctx, e)
	o.Checkpoint = f.checkpoint(r.outputs, func(known *record.Report) {
		mutate.Prove(known)
		if r.accepted != nil {
			r.accepted.Apply(known, suiteNames(r.suite), known.Started)
		}
	})
	result, err := f.judge(ctx, e, r.suite, r.target)
	clear()
	recorded := exchanges.close()
	if err != nil {
		return err
	}
	mutate.Prove(result)
	stale := f.baseline.apply(e, result, r.accepted, r.suite, f.quiet)
	return f.finish(e, result, r.outputs, errors.Join(stale, f.explore.unsaved, recorded))
}

// judge sends what was asked for and returns the report.
func (f *runFlags) judge(ctx context.Context, e *env, suite *conformance.Suite, target conformance.Target) (
	*record.Report, error) {
	if !f.underLoad.on() {
		return f.explore.run(ctx, e, suite, target, f.options)
	}
	plan, err := suite.Plan(ctx, target, f.options)
	if err != nil {
		return nil, err
	}
	return f.underLoad.run(ctx, e, plan, f.quiet, f.options.Checkpoint)
}

// checkpoint writes every report file in its current state, so that a killed run leaves its
// findings so far. Errors are reported at the end of the run.
func (f *runFlags) checkpoint(outputs []output, complete func(*record.Report)) func(*record.Report) {
	files := slices.DeleteFunc(slices.Clone(outputs), func(o output) bool { return o.file == "-" || !regular(o.file) })
	if len(files) == 0 {
		return nil
	}
	return func(r *record.Report) {
		complete(r)
		for _, o := range files {
			_ = report.WriteFile(o.file, o.format, r)
		}
	}
}

// regular reports whether a file can be written more than once: it does not exist yet, or is a
// regular file.
func regular(file string) bool {
	info, err := os.Stat(file)
	return err != nil || info.Mode().IsRegular()
}

// validate checks what package flag cannot.
func (f *runFlags) validate() error {
	switch {
	case f.options.Repeat < 1 || f.options.Repeat > conformance.MaxRepeat:
		return fmt.Errorf("-repeat %d: give a number from 1 to %d", f.options.Repeat, conformance.MaxRepeat)
	case f.options.MinCoverage < 0 || f.options.MinCoverage > 100:
		return fmt.Errorf("-min-coverage %d: no such percentage; give a number from 1 to 100, or 0 for none",
			f.options.MinCoverage)
	case f.list && f.safety.dryRun:
		return errors.New("-list and -dry-run exclude each other: one prints ids, the other requests; drop one")
	case f.options.FailFast && f.underLoad.on():
		return errors.New("-fail-fast: a load has a stop of its own; pass -stop-on-failure with -duration, or drop " +
			"-duration")
	case f.options.FailFast && f.baseline.update:
		return errors.New("-fail-fast: a run that stops does not show which findings no longer occur; drop it, or " +
			"-baseline-update")
	case f.options.Parallel < 1:
		return fmt.Errorf("-parallel %d: no case could be run; give 1 or more", f.options.Parallel)
	case f.options.Timeout < time.Millisecond:
		return fmt.Errorf("-timeout %v: too short for any answer; give 1ms or more", f.options.Timeout)
	}
	return cmp.Or(f.generate.validate(), f.explore.validate(f.generate.phase), f.underLoad.validate(f.explore.on),
		f.layout.validate(), f.safety.validate(), f.pace.validate())
}

// header writes what will be judged, and warnings.
func (f *runFlags) header(e *env, plan *conformance.Plan, all int) error {
	if err := report.Header(e.stderr, plan.Suite, plan.Target, plan.Cases, all, f.style(e, e.stderr)); err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	if !plan.Safety.Local && strings.HasPrefix(plan.Target.URL, "http:") {
		fmt.Fprint(e.stderr, "the token is sent over plain HTTP, where others can read it; use https:// if the "+
			"target supports it\n\n")
	}
	return nil
}

// finish writes every report and returns the error that decides the exit code. stale says why
// the baseline was not updated, or a case not saved.
func (f *runFlags) finish(e *env, r *record.Report, outputs []output, stale error) error {
	if !slices.ContainsFunc(outputs, func(o output) bool { return o.file == "-" }) {
		console, err := report.Find("console")
		if err != nil {
			return err
		}
		outputs = append(outputs, output{console, "-"})
	}
	err := errors.Join(f.layout.write(e, r, outputs), f.history.add(e, r, f.quiet))
	if f.url == "" && !f.quiet && !f.again {
		fmt.Fprintln(e.stderr, "this was the embedded server; pass -url to judge another")
	}
	if err := errors.Join(err, stale); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("%v\nthe verdict was: %s", err, cmp.Or(string(verdictOf(r)), "none"))}
	}
	if verdictOf(r) == record.NotConformant {
		return &exit{exitNotConformant, f.baseline.missingReasons(r)}
	}
	return verdictExit(r)
}

// verdictExit returns the error that gives the exit code of a report.
func verdictExit(r *record.Report) error {
	switch verdictOf(r) {
	case record.Conformant:
		if r.Coverage.Fails() || r.Load.Fails() {
			return &exit{code: exitNotConformant} // the report names the places and the gates
		}
		return nil
	case record.NotConformant:
		return &exit{code: exitNotConformant}
	}
	return &exit{code: exitUnjudged} // the report says why
}
