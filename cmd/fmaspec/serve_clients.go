package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"slices"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// judgeFlags are the settings by which serve judges its clients.
type judgeFlags struct {
	judge   bool
	reports reportFlags
	level   record.Level
	strict  bool
	layout

	outputs []output
	clients *conformance.ClientJudge
}

func (f *judgeFlags) flags(set *flag.FlagSet) {
	f.layout = newLayout()
	set.BoolVar(&f.judge, "judge-clients", false, "judge every request and what each client does after an answer; at "+
		"the end write a report on the clients to stdout, and exit with 5 if they break a documented or standard "+
		"requirement")
	f.reports.flags(set)
	set.TextVar(&f.level, "level", record.Inferred, "with -judge-clients, judge by requirements of this `LEVEL` and "+
		"every stronger one: documented, standard, inferred")
	set.BoolVar(&f.strict, "strict", false, "with -judge-clients, let inferred requirements fail the clients too")
}

// validate checks what package flag cannot, before anything is served. Variables may be meant for
// other commands, so that they are no misuse where nothing is judged.
func (f *judgeFlags) validate(e *env) (err error) {
	if !f.judge {
		for _, flag := range []struct {
			name  string
			given bool
		}{{"report", len(f.reports) > 0}, {"level", f.level != 0 && f.level != record.Inferred}, {"strict", f.strict}} {
			if _, is := e.lookup(variable(flag.name)); flag.given && !is {
				return fmt.Errorf("-%s: nothing is judged; add -judge-clients", flag.name)
			}
		}
		return nil
	}
	if f.outputs, err = f.reports.outputs(); err != nil {
		return err
	}
	if slices.ContainsFunc(f.outputs, func(o output) bool { return o.file == "-" && o.format.Name != "console" }) {
		return errors.New("-report: stdout begins with the URL of the server; name a file")
	}
	return nil
}

// finish writes the reports on the clients and returns the error that decides the exit code.
func (f *judgeFlags) finish(e *env) error {
	if !f.judge {
		return nil
	}
	r := f.clients.Report()
	outputs := f.outputs
	if !slices.ContainsFunc(outputs, func(o output) bool { return o.file == "-" }) {
		console, err := report.Find("console")
		if err != nil {
			return err
		}
		outputs = append(slices.Clone(outputs), output{console, "-"})
	}
	if err := f.layout.write(e, r, outputs); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("%v\nthe verdict was: %s", err, cmp.Or(string(r.Verdict), "none"))}
	}
	switch r.Verdict {
	case record.Conformant:
		return nil
	case record.NotConformant:
		return &exit{code: exitClient} // the report names the findings
	}
	return &exit{code: exitUnjudged} // the report says why
}
