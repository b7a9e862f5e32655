package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"fmaspec/conformance"
	"fmaspec/conformance/baseline"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
)

// baselineFlags name the file of accepted findings, and say whether the run updates it.
type baselineFlags struct {
	file   string
	update bool
}

func (f *baselineFlags) flags(set *flag.FlagSet) {
	set.StringVar(&f.file, "baseline", "", "accept the findings listed in a `FILE`: new findings fail the run, and "+
		"so do listed ones that no longer occur or have passed their date")
	set.BoolVar(&f.update, "baseline-update", false, "update the file of -baseline from this run: remove findings "+
		"that no longer occur, and add new ones, which need a reason")
}

// read returns the baseline, or nil if there is no file.
func (f *baselineFlags) read(outputs []output, dryRun bool) (*baseline.Baseline, error) {
	switch {
	case f.file == "" && f.update:
		return nil, errors.New("-baseline-update: no file to update; name a file with -baseline")
	case f.file == "":
		return nil, nil
	case f.update && dryRun:
		return nil, errors.New("-baseline-update: a dry run has no findings; drop -dry-run or -list")
	}
	for _, o := range outputs {
		if same(o.file, f.file) {
			return nil, fmt.Errorf("-baseline %s: the %s report goes there too; name another file", f.file,
				o.format.Name)
		}
	}
	if info, err := os.Stat(f.file); err == nil && info.IsDir() {
		return nil, fmt.Errorf("-baseline %s: it is a folder; name a file", f.file)
	}
	file, err := os.Open(f.file)
	if errors.Is(err, fs.ErrNotExist) && f.update {
		if info, err := os.Stat(filepath.Dir(f.file)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("-baseline %s: there is no folder %s; make it, or name a file in another", f.file,
				filepath.Dir(f.file))
		}
		return baseline.New(f.file), nil
	}
	if err != nil {
		return nil, fmt.Errorf("-baseline %s: %w; name a readable file, or have -baseline-update write one", f.file,
			reason(err))
	}
	defer file.Close()
	if f.update {
		return baseline.ParseDraft(f.file, &utf8Reader{from: file})
	}
	return baseline.Parse(f.file, &utf8Reader{from: file})
}

// same reports whether two paths name one file.
func same(a, b string) bool {
	one, err := filepath.Abs(a)
	other, err2 := filepath.Abs(b)
	return err == nil && err2 == nil && one == other && a != "-"
}

// checkComplete returns an error if a run of a part of the suite is to update the file. It is
// called before anything is sent.
func (f *baselineFlags) checkComplete(plan *conformance.Plan, all int) error {
	if f.update && (plan.Cases < all || plan.Suite.Level != record.Inferred) {
		return fmt.Errorf("-baseline-update: a run of %d of %d cases, by %s requirements and stronger ones, does not "+
			"show which findings no longer occur; drop -run, -skip and -level", plan.Cases, all, plan.Suite.Level)
	}
	return nil
}

// apply compares a finished run with the baseline, after updating the baseline if that was
// requested. The error says why it was not updated.
func (f *baselineFlags) apply(e *env, r *record.Report, accepted *baseline.Baseline, suite *conformance.Suite,
	quiet bool) error {
	if accepted == nil {
		return nil
	}
	var err error
	if f.update {
		var now *baseline.Baseline
		if now, err = baseline.Update(accepted, r); err == nil {
			err = f.write(now)
		}
		if err == nil {
			if !quiet {
				f.changes(e.stderr, accepted, now)
			}
			accepted = now
		}
	}
	accepted.Apply(r, suiteNames(suite), r.Started)
	return err
}

// write replaces the file atomically.
func (f *baselineFlags) write(b *baseline.Baseline) error {
	if err := report.WriteWhole(f.file, b.Write); err != nil {
		return fmt.Errorf("%s: not updated: %w; make the file and its folder writable", f.file, reason(err))
	}
	return nil
}

// changes writes a summary of an update.
func (f *baselineFlags) changes(w io.Writer, before, after *baseline.Baseline) {
	gone, added := without(before, after), without(after, before)
	fmt.Fprintf(w, "updated %s: %d added, %d removed, %d kept\n", f.file, len(added), len(gone),
		len(after.Entries())-len(added))
	for _, key := range gone {
		fmt.Fprintf(w, "  removed  %s\n", term.Safe(key))
	}
	for _, key := range added {
		fmt.Fprintf(w, "  added    %s\n", term.Safe(key))
	}
}

// without returns the keys of one baseline that another does not have, as written in the file.
func without(these, those *baseline.Baseline) (keys []string) {
	others := those.Entries()
	for _, e := range these.Entries() {
		if !slices.ContainsFunc(others, func(o baseline.Entry) bool { return o.Key == e.Key }) {
			keys = append(keys, baseline.Spell(e.Key))
		}
	}
	return keys
}

// verdictOf returns the verdict that decides the exit code: that of the comparison with the
// baseline if there is one, or else that of the run.
func verdictOf(r *record.Report) record.Verdict {
	if r.Baseline != nil {
		return r.Baseline.Verdict
	}
	return r.Verdict
}

// missingReasons returns a message if an updated file has entries without reason or owner, or "".
func (f *baselineFlags) missingReasons(r *record.Report) string {
	n, line := 0, 0
	if f.update && r.Baseline != nil {
		for _, p := range r.Baseline.Problems {
			if p.Kind == "new" && p.Line > 0 {
				if n++; line == 0 || p.Line < line {
					line = p.Line
				}
			}
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d: from here on, entries have no reason or owner (%d in all); write both in place of ?",
		f.file, line, n)
}

// suiteNames returns what the entries of a baseline can be about: nothing that is known
// where there is no suite.
func suiteNames(suite *conformance.Suite) (out baseline.Suite) {
	if suite == nil {
		return out
	}
	for _, c := range suite.Checks() {
		out.Checks = append(out.Checks, baseline.Check{Name: c.Name, Requirements: c.Requirements, Across: c.Across()})
	}
	for _, c := range suite.Cases {
		out.Cases = append(out.Cases, c.ID)
	}
	return out
}
