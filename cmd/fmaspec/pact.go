package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/pactfile"
	"fmaspec/conformance/report"
)

// pactFlags are the settings of fmaspec pact.
type pactFlags struct {
	spec, consumer, provider string
	quiet                    bool
}

func pactCommand() command {
	return command{
		name: "pact", operands: "write [FILE] | check FILE…",
		short: "write the contract as a Pact file, or check one against it",
		about: "fmaspec pact write builds a Pact file from the cases that test a documented requirement and that " +
			"Pact can express, and writes it to FILE, or to stdout without one or for -. It is never stricter than " +
			"the contract; cases that were left out are reported on stderr with the reason.\n" +
			"fmaspec pact check reads Pact files of V2, V3 or V4, - for standard input, and reports what their " +
			"interactions expect and the contract does not require: a status, a request that the contract would " +
			"refuse or accept, a member or a header field that is not required, a matcher that a conforming answer " +
			"does not pass. A note does not fail the check: it reports what only the inferred part of the contract " +
			"requires, what the consumer does not use, what is at another path, and what cannot be judged. Nothing " +
			"is sent.\n" +
			"check exits with 0 if there is no problem, 1 if there is one, 2 if a file cannot be read, and 3 if no " +
			"interaction of a file belongs to this contract.",
		examples: []string{
			"fmaspec pact write contract.json",
			"fmaspec pact write -spec V3 -consumer portal -provider files v3.json",
			"fmaspec pact check pacts/portal-file-actions.json",
		},
		flags: func(set *flag.FlagSet) work {
			f := &pactFlags{}
			set.StringVar(&f.spec, "spec", "V4", "write this `VERSION` of the Pact specification: V4, or V3, which "+
				"can express less")
			set.StringVar(&f.consumer, "consumer", pactfile.Consumer, "write this `NAME` of the consumer")
			set.StringVar(&f.provider, "provider", pactfile.Provider, "write this `NAME` of the provider")
			set.BoolVar(&f.quiet, "q", false, "report only problems, and not what was left out")
			return f.pact
		},
	}
}

func (f *pactFlags) pact(_ context.Context, e *env, operands []string) error {
	do := map[string]func(*env, *conformance.Suite, []string) error{"write": f.write, "check": f.check}
	if len(operands) == 0 || do[operands[0]] == nil {
		return errors.New("want write or check; run fmaspec pact write [FILE], or fmaspec pact check FILE…")
	}
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		return &fixtureError{err}
	}
	return do[operands[0]](e, suite, operands[1:])
}

// write builds the pact file.
func (f *pactFlags) write(e *env, suite *conformance.Suite, operands []string) error {
	if len(operands) > 1 {
		return fmt.Errorf("write: %d files; name one, or none for stdout", len(operands))
	}
	version, err := pactfile.ParseVersion(f.spec)
	if err != nil {
		return fmt.Errorf("-spec: %w", err)
	}
	if f.consumer == "" || f.provider == "" {
		return errors.New("-consumer, -provider: a broker needs both names; give each, or leave the flags out")
	}
	p, err := pactfile.Build(suite, version)
	if err != nil {
		return err
	}
	p.Consumer, p.Provider = f.consumer, f.provider
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		return err
	}
	name := "-"
	if len(operands) == 1 {
		name = operands[0]
	}
	if name == "-" {
		if _, err := e.stdout.Write(text.Bytes()); err != nil {
			return &exit{exitUnjudged, fmt.Sprintf("stdout: the pact was not written: %v", err)}
		}
	} else if err := report.WriteWhole(name, func(w io.Writer) error {
		_,
			err := w.Write(text.Bytes())
		return err
	}); err != nil {
		return fmt.Errorf("%s: %w; name a file that can be written", name, reason(err))
	}
	if !f.quiet {
		var left page
		left.line("%s of %v; %s left out:", counted(len(p.Interactions), "interaction"), version,
			counted(len(p.LeftOut), "case"))
		for _, o := range p.LeftOut {
			left.line("  %s: %s", o.Case, o.Why)
		}
		io.WriteString(e.stderr, left.String())
	}
	return nil
}

// check judges all pact files before it reports the first.
func (f *pactFlags) check(e *env, suite *conformance.Suite, operands []string) error {
	if len(operands) == 0 {
		return errors.New("check: no file; name a pact file that a consumer's tests have written")
	}
	checker, err := pactfile.NewChecker(suite)
	if err != nil {
		return err
	}
	var p page
	problems := 0
	var foreign []string
	for _, name := range operands {
		place, data, err := e.readPact(name)
		if err != nil {
			return err
		}
		c, err := checker.Check(place, data)
		if err != nil {
			return err
		}
		f.print(&p, place, c)
		problems += len(c.Problems)
		if c.Judged == 0 {
			foreign = append(foreign, place)
		}
	}
	if _, err := io.WriteString(e.stdout, p.String()); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the problems were not written: %v", err)}
	}
	switch {
	case problems > 0:
		return &exit{code: exitNotConformant}
	case foreign != nil:
		return &exit{exitUnjudged, fmt.Sprintf("no interaction of %s belongs to this contract; name the pact of a "+
			"consumer of these operations", strings.Join(foreign, ", "))}
	}
	return nil
}

// readPact returns the bytes of a file, or of standard input for -, and its name for messages.
func (e *env) readPact(name string) (place string, data []byte, err error) {
	from := e.stdin
	place = "standard input"
	if name != "-" {
		place = name
		file, err := os.Open(name)
		if err != nil {
			return place, nil, fmt.Errorf("%s: %w; name a pact file that can be read", name, reason(err))
		}
		defer file.Close()
		from = file
	} else if _, is := e.terminal(e.stdin); is {
		return place, nil, errors.New("standard input is a terminal; pipe a pact file in, or name it")
	}
	if data, err = io.ReadAll(io.LimitReader(from, pactfile.MaxSize+1)); err != nil {
		return place, nil, fmt.Errorf("%s: %w; name a pact file that can be read", place, reason(err))
	}
	return place, data, nil
}

func (f *pactFlags) print(p *page, place string, c *pactfile.Checked) {
	for _, list := range []struct {
		word string
		of   []pactfile.Problem
	}{{"PROBLEM", c.Problems}, {"NOTE   ", c.Notes}} {
		if f.quiet && list.word != "PROBLEM" {
			continue
		}
		for _, x := range list.of {
			p.line("%s %s:%d:%d %s", list.word, place, x.Line, x.Column, x.Interaction)
			p.field("at", x.Pointer)
			p.field("assumes", x.Assumes)
			p.field("contract", x.Contract)
			p.field("might be", x.Might)
			if x.Requirement != "" {
				p.field("word of", fmt.Sprintf("%s (%v)", x.Requirement, x.Level))
			}
		}
	}
	if f.quiet {
		return
	}
	if len(c.Problems)+len(c.Notes) > 0 {
		p.line("")
	}
	p.line("%s: %s for %s, Pact %s: %d of %s judged, %s, %s", place, cmp.Or(c.Consumer, "nobody"),
		cmp.Or(c.Provider, "nobody"),
		cmp.Or(c.Version, "of no version"), c.Judged, counted(c.Interactions, "interaction"),
		counted(len(c.Problems), "problem"), counted(len(c.Notes), "note"))
}
