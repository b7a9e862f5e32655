package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
)

// selftestFlags are the settings of fmaspec selftest.
type selftestFlags struct {
	chosenFaults, chosenVariants list
	options                      mutate.Options
	json, markdown               string
	verbose                      bool
	phase                        string
	faults, variants             []mutate.Subject // the available ones; all faults where faults is nil
	phases                       []mutate.Phase   // the available ones; those of [phases] where nil
}

// exploredCases is how many random cases the exploration of a self-test sends to each server.
const exploredCases = 1000

// explored makes the report of an exploration, from the same seed where none is given.
func explored(ctx context.Context, suite *conformance.Suite, target conformance.Target, o conformance.Options) (
	*record.Report, error) {
	f := exploreFlags{on: true, n: exploredCases}
	o.Seed = cmp.Or(o.Seed, "selftest")
	return f.run(ctx, &env{stderr: io.Discard}, suite, target, o)
}

// phases returns the phases of a self-test, of which the first is that of the written cases.
func phases(suite *conformance.Suite) ([]mutate.Phase, error) {
	with, err := generated(suite, generate.Generator)
	if err != nil {
		return nil, err
	}
	return []mutate.Phase{
		{Name: mutate.Written, Suite: suite},
		{Name: reference.Coverage, Suite: with,
			Of: func(c *conformance.Case) bool { return c.Generator == generate.Generator }},
		{Name: reference.Exploration, Suite: suite, Slow: true, Made: exploredCases,
			Of: func(c *conformance.Case) bool { return c.Name == "valid/accepts-plain-request" },
			Judge: func(ctx context.Context, target conformance.Target, o conformance.Options) (*record.Report, error) {
				return explored(ctx, suite, target, o)
			}},
	}, nil
}

func selftestCommand() command {
	return command{
		name:  "selftest",
		short: "run the suite against every fault and conforming server",
		about: "Runs the suite against every faulty and every conforming server that \"fmaspec serve\" provides. " +
			"Each fault must be found at its level, for a requirement that it breaks, and at no stronger level than " +
			"that of this requirement; no conforming server may have a finding; each check must report a finding, " +
			"and each requirement must be proven by a fault, and by one that fails a run at exactly its level. " +
			"Violations are listed.\n" +
			"Most faults have to be found by the written cases. Those that show for one input condition, or for two " +
			"together, may be of a later phase, whose cases are generated: coverage or exploration. By default such " +
			"a fault is judged by the later phases in turn until one finds it, and by the written cases too where " +
			"it is named; the exploration takes seconds for each server, and is run only for faults that are named. " +
			"With -phase the cases of that phase alone, or of every phase, judge every fault and every conforming " +
			"server; which phases catch each fault is printed, and what share of the faults each phase catches " +
			"alone. A fault whose phase was not run is counted, and no problem.\n" +
			"The servers run in memory: no port is opened and nothing is sent anywhere. With -fault or -variant only " +
			"those are run, and checks and requirements that they do not concern are not reported.\n" +
			"An interrupted self-test prints the false alarms that it found.\n" +
			"Exits with 0 if the self-test passes, 1 if it does not, 2 for misuse and 3 if it was interrupted.",
		examples: []string{"fmaspec selftest", "fmaspec selftest -fault drops-id -v", "fmaspec selftest -markdown " +
			"matrix.md -json matrix.json", "fmaspec selftest -phase coverage -variant reference -seeds 50"},
		flags: func(set *flag.FlagSet) work {
			f := &selftestFlags{variants: mutate.Honest()}
			set.Var(&f.chosenFaults, "fault", "run only against the fault of this `NAME`; may be repeated")
			set.Var(&f.chosenVariants, "variant", "run only against the conforming server of this `NAME`, such as "+
				"reference; may be repeated")
			set.TextVar(&f.options.Level, "level", record.Inferred, "judge by requirements of this `LEVEL` and "+
				"every stronger one, and leave weaker faults out: documented, standard, inferred")
			set.StringVar(&f.phase, "phase", "", "judge every fault and every conforming server by the cases of this "+
				"`PHASE` alone: written, coverage, exploration; or by each phase: all")
			set.IntVar(&f.options.Parallel, "parallel", 0, "run against `N` servers at once; by default twice as "+
				"many as there are processors")
			set.IntVar(&f.options.Seeds, "seeds", 1, "judge each conforming server `N` times, each time with another "+
				"seed, to find false alarms that show for some values alone")
			set.StringVar(&f.json, "json", "", "write the whole matrix as JSON into a `FILE`")
			set.StringVar(&f.markdown, "markdown", "", "write the matrix as a Markdown page into a `FILE`")
			set.BoolVar(&f.verbose, "v", false, "print for each server the requirements that it was found to break, "+
				"and by which checks")
			return f.selftest
		},
	}
}

func (f *selftestFlags) selftest(ctx context.Context, e *env, _ []string) error {
	if f.options.Parallel < 0 {
		return fmt.Errorf("-parallel %d: no server could be run; give 1 or more, or 0 for twice as many as there are "+
			"processors", f.options.Parallel)
	}
	if f.options.Seeds < 1 {
		return fmt.Errorf("-seeds %d: no conforming server could be judged; give 1 or more", f.options.Seeds)
	}
	if f.json != "" && f.json == f.markdown {
		return fmt.Errorf("-markdown %s: the JSON goes to that file too; name another", f.markdown)
	}
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		return &fixtureError{err}
	}
	if f.faults == nil {
		f.faults = mutate.Faulty(suite)
	}
	if f.phases == nil {
		if f.phases, err = phases(suite); err != nil {
			return err
		}
	}
	if names := f.phaseNames(); f.phase != "" && !slices.Contains(names, f.phase) {
		return fmt.Errorf("-phase %s: there are no cases of that phase; give one of %s", f.phase,
			strings.Join(names, ", "))
	}
	faults, variants, err := f.chosen()
	if err != nil {
		return err
	}
	// The results of a server become garbage soon: collecting them less often saves a sixth of the
	// time, and the memory limit still holds.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(512 << 20))
	clear := f.progress(e)
	soFar := f.soFar()
	started := time.Now()
	m, err := mutate.RunPhases(ctx, f.phases, faults, variants, f.narrowed(), mutate.Choice(f.phase), f.options)
	elapsed := time.Since(started)
	clear()
	if ctx.Err() != nil {
		return soFar.interrupted(e)
	}
	if err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	return f.finish(e, m, elapsed)
}

// phaseNames returns the values of -phase.
func (f *selftestFlags) phaseNames() (names []string) {
	for _, p := range f.phases {
		names = append(names, p.Name)
	}
	return append(names, string(mutate.All))
}

func (f *selftestFlags) narrowed() bool { return len(f.chosenFaults)+len(f.chosenVariants) > 0 }

// chosen returns the subjects that the flags select.
func (f *selftestFlags) chosen() (faults, variants []mutate.Subject, err error) {
	if !f.narrowed() {
		return f.faults, f.variants, nil
	}
	pick := func(flag string, from []mutate.Subject, wanted list) []mutate.Subject {
		out, unknown := mutate.Selected(from, wanted)
		if len(unknown) > 0 && err == nil {
			err = fmt.Errorf("-%s %s: unknown name%s; fmaspec list %ss prints the names", flag, unknown[0],
				nearest.Hint(unknown[0], subjectNames(from)), flag)
		}
		return out
	}
	return pick("fault", f.faults, f.chosenFaults), pick("variant", f.variants, f.chosenVariants), err
}

func subjectNames(subjects []mutate.Subject) (names []string) {
	for _, s := range subjects {
		names = append(names, s.Name)
	}
	return names
}

// progress shows the progress of the self-test on a terminal; clear erases it.
func (f *selftestFlags) progress(e *env) (clear func()) {
	if _, is := e.terminal(e.stderr); !is {
		return func() {}
	}
	longest := 0
	f.options.Progress = func(done, total int) {
		text := fmt.Sprintf("%*d/%d servers", len(fmt.Sprint(total)), done, total)
		longest = max(longest, len(text))
		io.WriteString(e.stderr, "\r"+text)
	}
	return func() { io.WriteString(e.stderr, "\r"+strings.Repeat(" ", longest)+"\r") }
}

// judgedServers is what is known of a self-test before it ends.
type judgedServers struct {
	done   int
	alarms []string
}

// soFar returns what the self-test brings up to date with each server.
func (f *selftestFlags) soFar() *judgedServers {
	s := &judgedServers{}
	show := f.options.Progress
	f.options.Progress = func(done, total int) {
		s.done++
		if show != nil {
			show(done, total)
		}
	}
	f.options.Alarm = func(problem string) { s.alarms = append(s.alarms, problem) }
	return s
}

// interrupted prints the false alarms that were found before the interruption. A fault that was
// missed until then is no problem yet: another phase may find it.
func (s *judgedServers) interrupted(e *env) error {
	for _, text := range s.alarms {
		fmt.Fprintln(e.stdout, strings.ReplaceAll(text, "\n", " "))
	}
	return &exit{exitUnjudged, fmt.Sprintf("interrupted after %d %s, with %d false %s; there is no result before "+
		"every server was judged", s.done, plural(s.done, "server"), len(s.alarms), plural(len(s.alarms), "alarm"))}
}

// finish prints the result, writes the files and returns the error that decides the exit code.
func (f *selftestFlags) finish(e *env, m *mutate.Result, elapsed time.Duration) error {
	var p page
	switch {
	case f.verbose:
		p.WriteString(term.Table(matrixRows(m)) + "\n")
	case f.phase != "":
		p.WriteString(term.Table(phaseRows(m)) + "\n")
	}
	problems := m.Problems()
	for _, text := range problems {
		p.line("%s", strings.ReplaceAll(text, "\n", " "))
	}
	if len(problems) > 0 {
		p.line("")
	}
	// The totals are those of the written cases: without them they are all 0, and say nothing.
	if len(m.Faults)+len(m.Variants) > 0 {
		p.line("%s", m.Summary(elapsed))
		modes := m.ByMode()
		p.line("a run fails %d of the faults with -level documented, %d by default, %d with -strict",
			modes[mutate.DocumentedAlone], modes[mutate.Default], modes[mutate.Strict])
	} else {
		p.line("no server was judged by the written cases; in %.1fs", elapsed.Seconds())
	}
	for _, text := range m.PhaseLines() {
		p.line("%s", text)
	}
	if len(problems) == 0 {
		p.line("self-test passed")
	} else {
		p.line("self-test failed: %d %s above", len(problems), plural(len(problems), "problem"))
	}
	var errs []error
	if _, err := io.WriteString(e.stdout, p.String()); err != nil {
		errs = append(errs, fmt.Errorf("stdout: the result was not written: %w; write it to a file with -markdown",
			err))
	}
	for _, out := range []struct {
		file, name string
		write      func(io.Writer) error
	}{{f.json, "selftest JSON", m.WriteJSON}, {f.markdown, "selftest Markdown", m.WriteMarkdown}} {
		if out.file == "" {
			continue
		}
		format := report.Format{Name: out.name, Write: func(w io.Writer, _ *record.Report,
			_ report.Style) error {
			return out.write(w)
		}}
		if err := report.WriteFile(out.file, format, nil); err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(e.stderr, "wrote %s report %s\n", out.name, out.file)
	}
	if err := errors.Join(errs...); err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	if len(problems) > 0 {
		return &exit{code: exitNotConformant}
	}
	return nil
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// matrixRows returns the rows of -v.
func matrixRows(m *mutate.Result) (out [][]string) {
	for _, r := range slices.Concat(m.Faults, m.Later) {
		out = append(out, []string{faultWord(r), r.Name, r.Level, strings.Join(r.Proves, ","),
			strings.Join(r.Checks, ","), someCases(r.Cases), phaseText(r)})
	}
	for _, r := range m.Variants {
		word := "honest"
		switch {
		case len(r.Blamed()) > 0, !r.Caught() && r.Verdict != record.Conformant:
			word = "BLAMED"
		case r.Caught():
			word = "deviates"
		}
		out = append(out, []string{word, r.Name, "", strings.Join(r.Broken, ","), strings.Join(r.Checks, ","),
			someCases(r.Cases), ""})
	}
	return out
}

// faultWord returns the first column of the row of a fault.
func faultWord(r mutate.Row) string {
	switch {
	case r.Rightly():
		return "caught"
	case r.Phase == reference.Unfound:
		return "missed"
	case r.Phase != "" && !r.Due:
		return "waits"
	case !r.Caught():
		return "SURVIVES"
	}
	return "ASTRAY"
}

// phaseText names the phases that catch a fault.
func phaseText(r mutate.Row) string {
	if len(r.Phases) == 0 {
		return "in no phase"
	}
	return "in " + strings.Join(r.Phases, ",")
}

// phaseRows returns the rows of -phase: each fault with the phases that catch it.
func phaseRows(m *mutate.Result) (out [][]string) {
	for _, r := range slices.Concat(m.Faults, m.Later) {
		out = append(out, []string{faultWord(r), r.Name, "is of " + r.PhaseOf(), phaseText(r)})
	}
	return out
}

// someCases counts cases and names the first.
func someCases(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s, first %s", len(ids), plural(len(ids), "case"), ids[0])
}
