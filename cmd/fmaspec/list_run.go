package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"

	"fmaspec/conformance"
	"fmaspec/conformance/term"
)

// listSent writes the ids of the cases that a run would send to stdout, one a line, and to stderr
// why others are left out.
func (f *runFlags) listSent(e *env, p *conformance.Plan) error {
	w := bufio.NewWriter(e.stdout)
	for _, c := range p.Sent() {
		fmt.Fprintln(w, term.Safe(c.ID))
	}
	if err := w.Flush(); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: the ids were not written: %v", err)}
	}
	if f.quiet {
		return nil
	}
	leftOut(e.stderr, p)
	if f.explore.on {
		io.WriteString(e.stderr, "explored cases are drawn during the run, and are not listed\n")
	}
	return nil
}

// leftOut writes why cases of a plan are not sent, and how many for each reason.
func leftOut(w io.Writer, p *conformance.Plan) {
	reasons := map[string]int{}
	for _, c := range p.Withheld {
		reasons[c.Reason]++
	}
	for _, text := range slices.Sorted(maps.Keys(reasons)) {
		io.WriteString(w, harmless(fmt.Sprintf("%d × left out: %s\n", reasons[text], text)))
	}
}
