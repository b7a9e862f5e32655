package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/signature"
)

// layout holds the settings of text output.
type layout struct {
	verbose, quiet bool
	color          choice
	sign           signFlags // of a run
	settings       string    // the settings file, for the header
}

func newLayout() layout { return layout{color: choice{"auto", []string{"auto", "always", "never"}}} }

func (l *layout) flags(set *flag.FlagSet) {
	set.BoolVar(&l.verbose, "v", false, "print every case, and every finding in full")
	set.BoolVar(&l.quiet, "q", false, "print only the totals and the verdict")
	set.Var(&l.color, "color", "colours: `WHEN` is auto (on a terminal, unless NO_COLOR is set or TERM is dumb), "+
		"always or never")
}

// validate checks what package flag cannot.
func (l *layout) validate() error {
	if l.verbose && l.quiet {
		return errors.New("-v and -q exclude each other; drop one")
	}
	return nil
}

// style returns the style of text for a stream.
func (l *layout) style(e *env, stream io.Writer) report.Style {
	width, is := e.terminal(stream)
	_, plain := e.lookup("NO_COLOR")
	if term, _ := e.lookup("TERM"); term == "dumb" {
		plain = true
	}
	return report.Style{
		Color: l.color.value == "always" || l.color.value == "auto" && is && !plain,
		Width: width, Verbose: l.verbose, Quiet: l.quiet, Settings: l.settings,
	}
}

// write writes every report, files atomically. An error with one report does not stop the others.
func (l *layout) write(e *env, r *record.Report, outputs []output) error {
	var errs []error
	if at := slices.IndexFunc(outputs, func(o output) bool { return o.file == "-" }); at >= 0 {
		if err := outputs[at].format.Write(e.stdout, r, l.style(e, e.stdout)); err != nil {
			errs = append(errs, fmt.Errorf("stdout: the report was not written: %w; write it to a file with -report",
				err))
		}
	}
	for _, o := range outputs {
		if o.file == "-" {
			continue
		}
		write := func() error { return report.WriteFile(o.file, o.format, r) }
		signed := l.sign.signed(o)
		if signed {
			write = func() error { return l.sign.write(o, r) }
		}
		if err := write(); err != nil {
			errs = append(errs, err)
			continue
		}
		if !l.quiet {
			fmt.Fprintf(e.stderr, "wrote %s report %s\n", o.format.Name, o.file)
		}
		if signed && !l.quiet {
			fmt.Fprintf(e.stderr, "wrote its signature %s, by %v\n", o.file+signature.Suffix, l.sign.signer.Key())
		}
	}
	return errors.Join(errs...)
}
