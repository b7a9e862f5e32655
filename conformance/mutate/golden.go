package mutate

import (
	_ "embed"
	"fmt"
	"strings"

	"fmaspec/conformance/record"
)

// recorded is the golden matrix of the suite, as [Result.Golden] writes it.
//
//go:embed testdata/matrix.golden
var recorded string

const goldenHead = "# What each fault is caught for: fault, level, requirements found broken of those that it " +
	"breaks, checks that found it.\n" +
	"# Written by make golden-matrix; a fault that does not show at every request is only \"caught\".\n"

// Golden writes the matrix as text, a line for each fault, without anything that
// depends on timing.
func (m *Result) Golden() string {
	var b strings.Builder
	b.WriteString(goldenHead)
	for _, r := range m.Faults {
		b.WriteString(r.Name + "  " + r.line() + "\n")
	}
	return b.String()
}

// line returns the line of the row in the golden matrix, without the name of the
// fault.
func (r Row) line() string {
	switch {
	case !r.Rightly():
		return r.Level + "  survives"
	case r.Intermittent:
		return r.Level + "  caught"
	}
	return fmt.Sprintf("%s  %s  %s", r.Level, strings.Join(r.Proves, ","), strings.Join(r.Checks, ","))
}

// Proven returns the faults that prove each requirement, by the golden matrix: the server
// broke it, and a check found that.
func Proven() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(recorded) {
		columns := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(columns) != 4 {
			continue
		}
		for id := range strings.SplitSeq(columns[2], ",") {
			out[id] = append(out[id], columns[0])
		}
	}
	return out
}

// Prove raises the state of each requirement that a run exercised to "proven",
// if the golden matrix shows that the suite finds it broken.
func Prove(r *record.Report) {
	proven := Proven()
	for i := range r.Requirements {
		if q := &r.Requirements[i]; q.State == "exercised" && len(proven[q.ID]) > 0 {
			q.State = "proven"
		}
	}
}
