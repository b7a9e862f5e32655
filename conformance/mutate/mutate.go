// Package mutate proves that the suite can tell: it runs the suite against
// servers that each have one named fault, and against honest servers that differ
// in what the contract leaves open.
package mutate

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/reference"
)

// A Subject is a server to run the suite against.
type Subject struct {
	Name   string
	Says   string
	Breaks []string // requirement ids a judge may rightly name; empty for an honest server
	Level  string   // of the first of Breaks
	Waits  bool     // shows itself only in a time-out
	Wrap   func(http.Handler) http.Handler
}

// Faulty returns a subject for every fault of the reference server.
func Faulty() (out []Subject) {
	for _, f := range reference.Faults() {
		out = append(out, Subject{Name: f.Name, Says: f.Says, Breaks: f.Breaks, Level: f.Level, Waits: f.Waits, Wrap: f.Wrap})
	}
	return out
}

// Honest returns the plain reference server and every variant of it.
func Honest() []Subject {
	out := []Subject{{Name: "reference", Says: "answers as the documents say", Wrap: func(h http.Handler) http.Handler { return h }}}
	for _, v := range reference.Variants() {
		out = append(out, Subject{Name: v.Name, Says: v.Says, Wrap: v.Wrap})
	}
	return out
}

// A Row is what a run against one subject came to.
type Row struct {
	Subject
	Verdict  conformance.Verdict
	Findings []conformance.Finding // at most one for each requirement and check
	Caught   []string              // requirements found broken, sorted
	Checks   []string              // checks that fired, sorted
	Report   *conformance.Report
}

// Rightly tells that the fault was caught for a requirement that it names.
func (r Row) Rightly() bool {
	return slices.ContainsFunc(r.Caught, func(id string) bool { return slices.Contains(r.Breaks, id) })
}

// Options set how a matrix is made. The zero value is sound.
type Options struct {
	Run      conformance.Options // of each run; Timeout is replaced for subjects that wait
	Parallel int                 // subjects at once; 4 where zero
	Timeout  time.Duration       // for one exchange with a subject that waits; 500 ms where zero
}

// The identities that every subject of a matrix knows.
const (
	token          = "matrix-token-of-a-user-who-may"
	unprivileged   = "matrix-token-of-a-user-who-may-not"
	invalid        = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.matrix-token-of-nobody"
	unknownMachine = "0000000000000000000000000000000000000000"
)

// Matrix runs the suite against each subject, several at once, and returns a row
// for each in the order of the subjects. An error is the suite's own.
func Matrix(ctx context.Context, suite *conformance.Suite, subjects []Subject, o Options) ([]Row, error) {
	if o.Parallel <= 0 {
		o.Parallel = 4
	}
	if o.Timeout <= 0 {
		o.Timeout = 500 * time.Millisecond
	}
	rows := make([]Row, len(subjects))
	errs := make([]error, len(subjects))
	free := make(chan struct{}, o.Parallel)
	var all sync.WaitGroup
	for i, s := range subjects {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			rows[i], errs[i] = run(ctx, suite, s, o)
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", subjects[i].Name, err)
		}
	}
	return rows, nil
}

func run(ctx context.Context, suite *conformance.Suite, s Subject, o Options) (Row, error) {
	honest := reference.New(reference.Config{Token: token, UnprivilegedToken: unprivileged, UnknownMachine: unknownMachine})
	if s.Waits {
		o.Run.Timeout = o.Timeout
	}
	target := conformance.Target{
		Handler: s.Wrap(honest), Name: s.Name,
		Token: token, UnprivilegedToken: unprivileged, InvalidToken: invalid, UnknownMachine: unknownMachine,
	}
	report, err := suite.Run(ctx, target, o.Run)
	if err != nil {
		return Row{}, err
	}
	row := Row{Subject: s, Verdict: report.Verdict, Report: report}
	seen := map[string]bool{}
	for _, c := range report.Cases {
		for _, f := range c.Findings {
			if key := f.Requirement + " " + f.Check; !seen[key] {
				seen[key] = true
				row.Findings = append(row.Findings, f)
				row.Caught = append(row.Caught, f.Requirement)
				row.Checks = append(row.Checks, f.Check)
			}
		}
	}
	row.Caught, row.Checks = sortedSet(row.Caught), sortedSet(row.Checks)
	return row, nil
}

func sortedSet(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}
