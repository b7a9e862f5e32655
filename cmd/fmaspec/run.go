package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/report"
)

// runFlags are the settings of a run.
type runFlags struct {
	library
	tokens         tokenFlags
	url, machine   string
	invalidFile    string
	options        conformance.Options
	risks, reports list
	verbose, quiet bool
	color          choice
}

func runCommand() command {
	return command{
		name:  "run",
		short: "judge a server",
		about: "Sends every case to the target and judges each answer. Findings, totals and the verdict go to stdout, everything else to stderr.\n" +
			"Without -url the target is a server of its own that keeps the contract: try the suite on it, or narrow a question down. A target on another machine is sent nothing unless each operation is armed with -accept-risk and -machine names what may be acted on.\n" +
			"Tokens are read from " + tokenVariable + ", " + unprivilegedVariable + " and " + invalidVariable + ", or from files; where a file is named, the file counts. A target on this machine is sent a made-up token where there is none.",
		examples: []string{
			"fmaspec run",
			"fmaspec run -url http://127.0.0.1:8080 -token-file token.txt",
			"fmaspec run -run '^requestSample/body/' -v",
			"fmaspec run -report junit=report.xml -report json=report.json",
			"fmaspec run -report json=- -q | jq .totals",
			"fmaspec run -fixtures my-cases -builtin=false",
		},
		flags: func(set *flag.FlagSet) work {
			f := &runFlags{color: choice{"auto", []string{"auto", "always", "never"}}}
			f.library.flags(set)
			f.tokens.flags(set)
			set.StringVar(&f.url, "url", "", "the `URL` of the target: scheme, host, and what stands before the documented path; without it, a server of fmaspec's own")
			set.StringVar(&f.invalidFile, "invalid-token-file", "", "read a token that must not be accepted, such as an expired one, from a `FILE`, in place of "+invalidVariable)
			set.StringVar(&f.machine, "machine", "", "the `ID` of the machine that requests name; on this machine, the documents' example where it is left out")
			set.StringVar(&f.options.Run, "run", "", "send only cases whose id matches the `PATTERN`, a regular expression, and the cases that they are held against")
			set.StringVar(&f.options.Skip, "skip", "", "leave out cases whose id matches the `PATTERN`")
			set.TextVar(&f.options.Level, "level", conformance.Inferred, "judge by requirements of this `LEVEL` and every stronger one: documented, standard, inferred")
			set.BoolVar(&f.options.Strict, "strict", false, "let inferred requirements fail the run too")
			set.IntVar(&f.options.Repeat, "repeat", 1, "send each case `N` times, each time with other values, to meet what fails now and then")
			set.IntVar(&f.options.Parallel, "parallel", conformance.DefaultParallel, "have at most `N` cases under way at once")
			set.DurationVar(&f.options.Timeout, "timeout", conformance.DefaultTimeout, "give each exchange this `TIME`, from dialling to the last byte")
			set.StringVar(&f.options.Seed, "seed", "", "repeat the values of an earlier run, whose header shows its `SEED`")
			set.Var(&f.risks, "accept-risk", "let an `OPERATION` take effect on a target that is not this machine; may be repeated")
			set.Var(&f.reports, "report", "write a report as `FORMAT=FILE`, where FORMAT is one of "+formats()+" and the file - is stdout, in place of the console report; may be repeated")
			set.BoolVar(&f.verbose, "v", false, "tell every case, and every finding in full")
			set.BoolVar(&f.quiet, "q", false, "tell the totals and the verdict alone")
			set.Var(&f.color, "color", "colours: `WHEN` is auto (on a terminal, unless NO_COLOR is set), always or never")
			return f.run
		},
	}
}

func formats() string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// run judges one target. Whatever is wrong with the flags is found before
// anything is sent.
func (f *runFlags) run(ctx context.Context, e *env, _ []string) error {
	outputs, err := f.outputs()
	if err != nil {
		return err
	}
	if err := f.sound(); err != nil {
		return err
	}
	target := conformance.Target{URL: f.url, Machine: f.machine, UnknownMachine: f.tokens.unknownMachine}
	if target.Token, target.UnprivilegedToken, err = f.tokens.read(e); err != nil {
		return err
	}
	if target.InvalidToken, err = e.secret("invalid-token-file", f.invalidFile, invalidVariable); err != nil {
		return err
	}
	suite, _, err := f.load()
	if err != nil {
		return err
	}
	if err := f.armed(suite); err != nil {
		return err
	}
	if f.url == "" {
		stop, err := embedded(&target)
		if err != nil {
			return &exit{exitUnjudged, err.Error()}
		}
		defer stop()
	}
	f.options.AcceptRisk = f.risks
	if err := f.rehearse(suite, target, e); err != nil {
		return err
	}
	clear := f.progress(e)
	result, err := suite.Run(ctx, target, f.options)
	clear()
	if err != nil {
		return err
	}
	mutate.Prove(result)
	return f.tell(e, result, outputs)
}

// sound checks what package flag cannot.
func (f *runFlags) sound() error {
	switch {
	case f.verbose && f.quiet:
		return errors.New("-v and -q exclude each other; drop one")
	case f.options.Repeat < 1 || f.options.Repeat > conformance.MaxRepeat:
		return fmt.Errorf("-repeat %d: give a number from 1 to %d", f.options.Repeat, conformance.MaxRepeat)
	case f.options.Parallel < 1:
		return fmt.Errorf("-parallel %d: no case could be sent; give 1 or more", f.options.Parallel)
	case f.options.Timeout < time.Millisecond:
		return fmt.Errorf("-timeout %v: no answer comes so soon; give 1ms or more", f.options.Timeout)
	}
	return nil
}

// armed checks the names of -accept-risk: a misspelt one would arm nothing.
func (f *runFlags) armed(suite *conformance.Suite) error {
	var known []string
	for _, op := range suite.Operations {
		known = append(known, op.ID)
	}
	for _, name := range f.risks {
		if !slices.Contains(known, name) {
			return fmt.Errorf("-accept-risk %s: unknown operation%s; operations are %s", name, meant(name, known), strings.Join(known, ", "))
		}
	}
	return nil
}

// An output is one report to be written.
type output struct {
	format report.Format
	file   string // "-" for stdout
}

// outputs reads -report.
func (f *runFlags) outputs() (out []output, err error) {
	taken := map[string]bool{}
	for _, text := range f.reports {
		name, file, found := strings.Cut(text, "=")
		if !found || file == "" {
			return nil, fmt.Errorf("-report %s: no file; give FORMAT=FILE, such as junit=report.xml", text)
		}
		format, err := report.Find(name)
		if err != nil {
			return nil, fmt.Errorf("-report %s: %w", text, err)
		}
		place := file
		if file != "-" {
			if place, err = filepath.Abs(file); err != nil {
				return nil, fmt.Errorf("-report %s: %w; give a path", text, err)
			}
			folder := filepath.Dir(place)
			if info, err := os.Stat(folder); err != nil || !info.IsDir() {
				return nil, fmt.Errorf("-report %s: there is no folder %s; make it, or name a file in another", text, filepath.Dir(file))
			}
			if info, err := os.Stat(place); err == nil && info.IsDir() {
				return nil, fmt.Errorf("-report %s: %s is a folder; name a file", text, file)
			}
		}
		if taken[place] {
			return nil, fmt.Errorf("-report %s: another report goes to %s too; name another file", text, file)
		}
		taken[place] = true
		out = append(out, output{format, file})
	}
	return out, nil
}

// rehearse does everything of a run but sending: its context has ended. What
// keeps a run from beginning shows here, and the header says what will be.
func (f *runFlags) rehearse(suite *conformance.Suite, target conformance.Target, e *env) error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	plan, err := suite.Run(ended, target, f.options)
	if err != nil {
		return err
	}
	f.options.Seed = plan.Suite.Seed
	style := f.style(e, e.stderr)
	if err := report.Header(e.stderr, plan.Suite, plan.Target, plan.Totals.Total, len(suite.Cases), style); err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	if target.Token == "" && !f.quiet {
		fmt.Fprintf(e.stderr, "no token was given, so a made-up one is sent; set %s or pass -token-file\n\n", tokenVariable)
	}
	return nil
}

// progress shows on a terminal how far the run is; clear takes that away.
func (f *runFlags) progress(e *env) (clear func()) {
	if _, is := e.terminal(e.stderr); !is || f.quiet {
		return func() {}
	}
	longest := 0
	f.options.Progress = func(done, total, failed int) {
		text := report.ProgressLine(done, total, failed)
		longest = max(longest, len(text))
		io.WriteString(e.stderr, "\r"+text)
	}
	return func() { io.WriteString(e.stderr, "\r"+strings.Repeat(" ", longest)+"\r") }
}

// style is how text for a stream is laid out.
func (f *runFlags) style(e *env, stream io.Writer) report.Style {
	width, is := e.terminal(stream)
	_, plain := e.lookup("NO_COLOR")
	return report.Style{
		Color: f.color.value == "always" || f.color.value == "auto" && is && !plain,
		Width: width, Verbose: f.verbose, Quiet: f.quiet,
	}
}

// tell writes every report; its error is what the run comes to.
func (f *runFlags) tell(e *env, r *conformance.Report, outputs []output) error {
	at := slices.IndexFunc(outputs, func(o output) bool { return o.file == "-" })
	write := report.Console
	if at >= 0 {
		write = outputs[at].format.Write
	}
	var errs []error
	if err := write(e.stdout, r, f.style(e, e.stdout)); err != nil {
		errs = append(errs, fmt.Errorf("stdout: the report was not written: %w; write it to a file with -report", err))
	}
	for _, o := range outputs {
		if o.file == "-" {
			continue
		}
		if err := report.WriteFile(o.file, o.format, r); err != nil {
			errs = append(errs, err)
			continue
		}
		if !f.quiet {
			fmt.Fprintf(e.stderr, "wrote %s report %s\n", o.format.Name, o.file)
		}
	}
	if f.url == "" && !f.quiet {
		fmt.Fprintln(e.stderr, "this was fmaspec's own server; pass -url to judge another")
	}
	if err := errors.Join(errs...); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("%v\nthe verdict was: %s", err, cmp.Or(string(r.Verdict), "none"))}
	}
	switch r.Verdict {
	case conformance.Conformant:
		return nil
	case conformance.NotConformant:
		return &exit{code: exitNotConformant}
	}
	if r.Totals.Errored > 0 && !answered(r) {
		return &exit{exitUnjudged, fmt.Sprintf("no HTTP answer came from %s; see that a server runs there, or name another with -url", r.Target.URL)}
	}
	return &exit{code: exitUnjudged}
}

// answered tells whether any request got an answer.
func answered(r *conformance.Report) bool {
	return slices.ContainsFunc(r.Cases, func(c conformance.CaseResult) bool {
		return slices.ContainsFunc(c.Exchanges, func(x conformance.ExchangeResult) bool { return x.Response != nil })
	})
}
