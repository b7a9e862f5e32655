package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/curl"
	"fmaspec/conformance/explore"
	"fmaspec/conformance/record"
)

// exploreFlags are the settings of the exploration.
type exploreFlags struct {
	on       bool
	n        int
	duration time.Duration
	save     string

	unsaved error // why not every case was saved, or nil
}

// savedCases is the folder that the cases of an exploration are saved in by default.
const savedCases = "testdata/fmaspec"

func (f *exploreFlags) flags(set *flag.FlagSet) {
	set.IntVar(&f.n, "n", 0, fmt.Sprintf("with -generate explore, send `N` generated cases; the default is %d, or "+
		"what -for allows", explore.DefaultN))
	set.DurationVar(&f.duration, "for", 0, "with -generate explore, send generated cases for this `TIME`")
	set.StringVar(&f.save, "save", savedCases, "with -generate explore, save the smallest case of each cause of "+
		"failure as an .http file in the `FOLDER`; pass it to -fixtures to send these cases before random ones; with "+
		"an empty name, save none")
}

// validate checks what package flag cannot. phase is the value of -generate.
func (f *exploreFlags) validate(phase string) error {
	f.on = phase == generateExplore
	switch {
	case f.n < 0:
		return fmt.Errorf("-n %d: must not be negative; give 1 or more", f.n)
	case f.duration < 0:
		return fmt.Errorf("-for %v: must not be negative; give a time such as 30s", f.duration)
	case !f.on && (f.n > 0 || f.duration > 0 || f.save != "" && f.save != savedCases):
		return fmt.Errorf("-n, -for and -save are of an exploration; add -generate explore")
	}
	return nil
}

// asked returns how many cases are to be sent, 0 where a time alone is given.
func (f *exploreFlags) asked() int {
	if f.n == 0 && f.duration == 0 {
		return explore.DefaultN
	}
	return f.n
}

// begins returns an error if -run matches no case of the suite, with which an exploration begins.
func (f *exploreFlags) begins(suite *conformance.Suite, run string) error {
	p, err := regexp.Compile(run)
	if !f.on || err != nil || run == "" || // a broken pattern is reported with those of all runs
		slices.ContainsFunc(suite.Cases, func(c *conformance.Case) bool { return p.MatchString(c.ID) }) {
		return nil
	}
	for _, op := range suite.Operations {
		if p.MatchString(explore.DrawnID(op.ID, "any", 0)) || strings.Contains(run, "/"+explore.Generator+"/") {
			plain := "/valid/accepts-plain-request$"
			return fmt.Errorf("-run %q: matches explored cases alone, and an exploration begins with a case of the "+
				"suite; give -run '(%s)|%s'", run, run, plain)
		}
	}
	return nil
}

// permitted returns an error if the target is on another machine and no operation is armed.
func (f *exploreFlags) permitted(plan *conformance.Plan) error {
	if !f.on || plan.Safety.Local || len(plan.Safety.Armed) > 0 {
		return nil
	}
	return &conformance.SafetyError{Msg: fmt.Sprintf("-generate explore: %s is not loopback, and no operation is "+
		"armed, so that no generated request would be accepted; pass -accept-risk with an operation, -machine and "+
		"-sha1, and a -max-actions that reaches", plan.Target.URL)}
}

// run sends the cases of a suite, and then random ones if that is asked for, and returns the
// report. Of the random cases it has the smallest of each cause of failure.
func (f *exploreFlags) run(ctx context.Context, e *env, suite *conformance.Suite, target conformance.Target,
	o conformance.Options) (*record.Report, error) {
	if !f.on {
		return suite.Run(ctx, target, o)
	}
	plan, err := suite.Plan(ctx, target, o)
	if err != nil {
		return nil, err
	}
	s, err := plan.Start(ctx)
	if err != nil {
		return nil, err
	}
	if s.DoAll(ctx) {
		fmt.Fprint(e.stderr, "nothing was explored, since a case of the suite had failed (-fail-fast)\n\n")
		return s.Close(ctx), nil
	}
	ends := explore.Options{Seed: plan.Suite.Seed, N: f.n, For: f.duration, Parallel: o.Parallel, Wanted: wanted(o)}
	if o.FailFast {
		ends.Until = o.Fails
	}
	result, failed := explore.Explore(ctx, suite, s, ends)
	saved, err := f.saveAll(suite, result)
	f.unsaved = err
	kept := false
	for _, found := range result.Found {
		if suite.Case(found.Case.ID) != nil {
			continue // saved by an earlier exploration, and sent with the suite
		}
		if err := s.Keep(ctx, found.Case, found.Tried.Exchanges); err != nil {
			return s.Close(ctx), err
		}
		kept = true
	}
	report := s.Close(ctx)
	report.Exploration = &record.Exploration{Asked: f.asked(), Sent: result.Sent, Unsent: result.Unsent,
		Left: result.Left, Causes: len(result.Found),
		Drawn: result.Sent + result.Unsent + result.Left + result.Dropped}
	if kept {
		report.Suite.Generated = append(slices.Clone(report.Suite.Generated), generateExplore)
	}
	if failed != nil {
		fmt.Fprintf(e.stderr, "%v\n\n", failed)
		if report.Verdict == record.Conformant { // what was asked for was not done
			report.Verdict, report.Reason = record.Unjudged, failed.Error()
		}
		return report, nil
	}
	f.summary(e.stderr, plan, result)
	for _, name := range saved {
		fmt.Fprintf(e.stderr, "saved %s; send it again with -fixtures %s\n", name, f.save)
	}
	if folder := (record.Setting{Flag: "fixtures", Value: f.save}); len(saved) > 0 && !slices.Contains(report.Settings,
		folder) {
		report.Settings = append(report.Settings, folder) // by which the case can be sent again
	}
	return report, nil
}

// wanted returns whether -run and -skip ask for a case by its id; nil where they ask for all.
// The patterns were checked with the plan.
func wanted(o conformance.Options) func(id string) bool {
	if o.Run == "" && o.Skip == "" {
		return nil
	}
	run, skip := regexp.MustCompile(o.Run), regexp.MustCompile(o.Skip)
	return func(id string) bool { return run.MatchString(id) && (o.Skip == "" || !skip.MatchString(id)) }
}

// summary writes the outcome of an exploration, with a command for each request that failed.
func (f *exploreFlags) summary(w io.Writer, plan *conformance.Plan, result explore.Result) {
	fmt.Fprintf(w, "explored %d generated cases from the seed %s", result.Sent, plan.Suite.Seed)
	if result.Left > 0 {
		fmt.Fprintf(w, "; %d were left out by -run and -skip", result.Left)
	}
	if result.Unsent > 0 {
		fmt.Fprintf(w, "; %d were not sent: %s", result.Unsent, result.Reason)
	}
	fmt.Fprintf(w, "; causes of failure: %d\n\n", len(result.Found))
	for _, found := range result.Found {
		fmt.Fprintf(w, "%s: %s, want %s, got %s\n", found.Case.ID, found.Finding.Place, found.Finding.Want,
			found.Finding.Got)
		fmt.Fprintf(w, "  failed %d times, first as %s; reduced in %d tries", found.Times, found.First, found.Tries)
		if found.Unsure {
			fmt.Fprint(w, "; it does not always fail")
		}
		fmt.Fprintln(w)
		for _, x := range found.Tried.Exchanges {
			command, why := curl.Line(x.Request, plan.Target, plan.Settings)
			fmt.Fprintf(w, "  %s\n", cmp.Or(command, "# not as a curl command: "+cmp.Or(why, "the target cannot be "+
				"reached by curl")))
		}
		fmt.Fprintln(w)
	}
}

// saveAll writes a file for each case that the suite does not have, sets its place in the case,
// and returns the names.
func (f *exploreFlags) saveAll(suite *conformance.Suite, result explore.Result) (saved []string, err error) {
	for _, found := range result.Found {
		if f.save == "" || suite.Case(found.Case.ID) != nil {
			continue
		}
		name := filepath.Join(f.save, filepath.FromSlash(found.Case.Name)+".http")
		data, err := explore.Write(found.Case)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(name), 0o777)
		}
		if err == nil {
			err = os.WriteFile(name, data, 0o666)
		}
		if err != nil {
			return saved, fmt.Errorf("-save %s: %w; name a folder that can be written to", f.save, err)
		}
		found.Case.File, found.Case.Line = filepath.ToSlash(name), found.Case.Steps[0].Line
		saved = append(saved, name)
	}
	return saved, nil
}
