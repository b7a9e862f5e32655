package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/record"
)

// retryFlags name an earlier report, of which only the cases that failed are sent.
type retryFlags struct {
	file string

	before *record.Report // nil if no report was named
}

func (f *retryFlags) flags(set *flag.FlagSet) {
	set.StringVar(&f.file, "retry-failed", "", "send only the cases that failed, errored or were inconclusive in an "+
		"earlier `REPORT` in JSON, with -strict also those that deviated, and their control cases; -run, -skip and "+
		"-shard narrow them further; generated cases of that report are generated again")
}

// read reads the report. Reading it first makes sure that no output replaces it unread.
func (f *retryFlags) read(e *env, outputs []output, phase string) (err error) {
	if f.file == "" {
		return nil
	}
	if phase == generateExplore {
		return errors.New("-retry-failed: an exploration sends cases that no report has; drop -generate explore, or " +
			"-retry-failed; explored cases that failed were saved, and -fixtures " + savedCases + " sends them again")
	}
	for _, o := range outputs {
		if same(o.file, f.file) {
			return fmt.Errorf("-retry-failed %s: the %s report goes there too, and an interrupted run would lose what "+
				"failed; name another file", f.file, o.format.Name)
		}
	}
	if f.before, err = e.readReport(f.file); err != nil {
		return fmt.Errorf("-retry-failed: %w", err)
	}
	return nil
}

// generates returns the phase of generated cases: that of the report if no other was asked for.
func (f *retryFlags) generates(phase string) string {
	if f.before == nil || phase != generateAuto {
		return phase
	}
	if slices.Contains(f.before.Suite.Generated, generate.Generator) {
		return generateCoverage
	}
	return generateNone
}

// again reports whether a case of the report is sent again.
func again(c record.CaseResult, strict bool) bool {
	switch c.Outcome {
	case record.Failed, record.Errored, record.Inconclusive:
		return true
	case record.Deviated:
		return strict
	}
	return false
}

// choose makes the options send only those cases, and returns how many there are. A case that the
// suite no longer has is an error: leaving it out would turn its failure into success.
// phase is that of this run's generated cases.
func (f *retryFlags) choose(suite *conformance.Suite, o *conformance.Options, phase string) (int, error) {
	var gone []string
	o.Only = []string{}
	for _, c := range f.before.Cases {
		switch {
		case !again(c, o.Strict):
		case suite.Case(c.ID) == nil:
			gone = append(gone, c.ID)
		default:
			o.Only = append(o.Only, c.ID)
		}
	}
	if len(gone) > 0 {
		return 0, fmt.Errorf("-retry-failed %s: the suite does not have %s of it: %s; %s, or run without "+
			"-retry-failed if they were removed", f.file, counted(len(gone), "case"),
			firstOf(gone, 5), f.madeWith(gone, phase))
	}
	return len(o.Only), nil
}

// madeWith returns with which cases the report was made, where this run lacks those that are gone.
func (f *retryFlags) madeWith(gone []string, phase string) string {
	isGenerated := func(id string) bool { return strings.Contains(id, "/"+generate.Generator+"/") }
	if phase == generateNone && slices.ContainsFunc(gone, isGenerated) {
		return "this run leaves generated cases out by -generate none, and the report has some: drop it, or give " +
			"-generate coverage"
	}
	var flags []string
	for _, s := range f.before.Settings {
		if s.Flag == "fixtures" || s.Flag == "builtin" || s.Flag == "generate" {
			flags = append(flags, fmt.Sprintf("-%s=%s", s.Flag, s.Value))
		}
	}
	if len(flags) == 0 {
		return "the report was made without -fixtures, -builtin and -generate: run so too"
	}
	return "the report was made with " + strings.Join(flags, " ") + ": give the same"
}

// announce writes what is sent again, and what makes the report and this run differ.
func (f *retryFlags) announce(w io.Writer, plan *conformance.Plan, n int, quiet bool) {
	of, now := f.before.Suite, plan.Suite
	var b strings.Builder
	switch {
	case of.Contract != now.Contract:
		fmt.Fprintf(&b, "warning: %s was made by the contract %.12s, and this run judges by %.12s; run all cases "+
			"once to see what that changes\n", f.file, of.Contract, now.Contract)
	case of.Fixtures != now.Fixtures:
		fmt.Fprintf(&b, "warning: requirements or cases have changed since %s was made; run all cases once to see "+
			"what that changes\n", f.file)
	}
	if !quiet {
		fmt.Fprintf(&b, "again    %s of %s that did not pass, with their controls\n", counted(n, "case"), f.file)
		left := 0
		for _, c := range f.before.Cases {
			if c.Outcome == record.Skipped {
				left++
			}
		}
		if left > 0 {
			fmt.Fprintf(&b, "         %s that it skipped are not sent\n", counted(left, "case"))
		}
	}
	if b.Len() > 0 {
		io.WriteString(w, harmless(b.String())+"\n")
	}
}

// nothing ends a run that has nothing to send: its exit code is that of the verdict of the report.
func (f *retryFlags) nothing(e *env) error {
	r := f.before
	text := fmt.Sprintf("nothing was sent, since no case of %s failed; its verdict was: %s\n", filepath.ToSlash(f.file),
		verdictText(r))
	if _, err := io.WriteString(e.stdout, harmless(text)); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the outcome was not written: %v", err)}
	}
	return verdictExit(r)
}

// verdictText returns the verdict of a report in words, with its reason.
func verdictText(r *record.Report) string {
	words := map[record.Verdict]string{record.Conformant: "conformant", record.NotConformant: "not conformant"}
	text := words[verdictOf(r)]
	if text != "" {
		text = record.VerdictUnder(r.Suite.OwnRules, text)
	} else {
		text = "could not judge"
	}
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return text
}
