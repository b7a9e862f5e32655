// Package mutate tests the suite: it runs the suite against servers that each have one named
// fault, and against conforming servers that differ in what the contract leaves open. [Run]
// does so, and [Result.Problems] reports the faults that the suite missed, and the findings on
// conforming servers.
package mutate

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// A Subject is a server to run the suite against: a fault, or a conforming server.
type Subject struct {
	Name  string `json:"name"`
	Says  string `json:"says"`            // what the server does, for a sentence with the subject "it"
	Level string `json:"level,omitempty"` // of the first of Breaks
	// ids of the requirements that a judge may report; empty for a conforming server
	Breaks []string `json:"breaks,omitempty"`
	// of a conforming server, the inferred requirements that it breaks; it must be found to break these and no others
	Deviates     []string `json:"deviates,omitempty"`
	Waits        bool     `json:"waits,omitempty"`        // only seen by a client with a timeout
	Intermittent bool     `json:"intermittent,omitempty"` // not visible in every request that could show it
	// of the cases that have to find it: "" for the written ones
	Phase string `json:"phase,omitempty"`

	Wrap func(http.Handler) http.Handler `json:"-"`
}

// Faulty returns a subject for every fault of the reference server, with the level that
// the catalogue of the suite gives to what it breaks.
func Faulty(suite *conformance.Suite) (out []Subject) {
	for _, f := range reference.Faults() {
		out = append(out, Subject{Name: f.Name, Says: f.Says, Breaks: f.Breaks, Level: Level(suite, f), Waits: f.Waits,
			Intermittent: f.Intermittent, Phase: f.Phase, Wrap: f.Wrap})
	}
	return out
}

// Level returns the level of the first requirement that a fault breaks, "" where the
// catalogue of the suite does not have it.
func Level(suite *conformance.Suite, f reference.Fault) string {
	if len(f.Breaks) == 0 {
		return ""
	}
	if r := suite.Requirement(f.Breaks[0]); r != nil {
		return r.Level.String()
	}
	return ""
}

// Honest returns the plain reference server and every variant of it.
func Honest() []Subject {
	out := []Subject{{Name: "reference", Says: "answers as the documents say",
		Wrap: func(h http.Handler) http.Handler { return h }}}
	for _, v := range reference.Variants() {
		out = append(out, Subject{Name: v.Name, Says: v.Says, Deviates: v.Deviates, Wrap: v.Wrap})
	}
	return out
}

// A Row is the result of a run against one subject. If the subject has a fault, Checks and
// Cases are those that found a requirement of Proves broken; for a conforming server, those
// with any finding.
type Row struct {
	Subject
	Verdict record.Verdict `json:"verdict"`
	Reason  string         `json:"reason,omitempty"` // why there is no verdict
	Broken  []string       `json:"broken"`           // requirements found broken, sorted
	Proves  []string       `json:"proves"`           // those of Broken that the subject does break
	AtLevel bool           `json:"at_level"`         // one of Proves has the level of the fault
	Modes   []Mode         `json:"modes"`            // the ways of running that fail the subject
	Checks  []string       `json:"checks"`           // sorted
	Cases   []string       `json:"cases"`            // ids, sorted
	Phases  []string       `json:"phases,omitempty"` // those that catch it, of those that judged it
	Due     bool           `json:"-"`                // the phase that has to find it was run
	Seed    string         `json:"seed,omitempty"`   // of the run that wrongly had a finding, or no verdict

	Findings []record.Finding `json:"-"` // the first for each requirement and check
}

// Caught reports whether the suite found something broken.
func (r Row) Caught() bool { return len(r.Broken) > 0 }

// Rightly reports whether the fault was caught for a requirement that it breaks, at its level.
func (r Row) Rightly() bool { return r.Verdict == record.NotConformant && r.AtLevel }

// Blamed returns the requirements that a conforming server was found to break and that are not
// in its Deviates.
func (r Row) Blamed() []string {
	return slices.DeleteFunc(slices.Clone(r.Broken), func(id string) bool { return slices.Contains(r.Deviates, id) })
}

// Beyond returns the requirements found broken that the subject does not name.
func (r Row) Beyond() []string {
	return slices.DeleteFunc(slices.Clone(r.Broken), func(id string) bool { return slices.Contains(r.Breaks, id) })
}

// A Mode is a way of running the suite, by the levels that fail a run.
type Mode string

// The modes, from the most lenient to the strictest.
const (
	DocumentedAlone Mode = "documented" // -level documented
	Default         Mode = "default"    // documented and standard requirements
	Strict          Mode = "strict"     // -strict: inferred requirements too
)

// modesOf returns the modes in which a finding of this level fails a run.
func modesOf(l record.Level) []Mode {
	return []Mode{DocumentedAlone, Default, Strict}[min(max(int(l), 1), 3)-1:]
}

// Options configure a matrix. The zero value judges every subject by every
// requirement.
type Options struct {
	Level    record.Level  // the weakest level judged; Inferred where zero
	Only     []string      // of the suite, these cases and their controls; all where nil
	Skip     string        // a regular expression over case ids; empty for none
	Parallel int           // subjects at once, not counting those that wait; twice GOMAXPROCS where zero
	Timeout  time.Duration // for one exchange with a subject that waits; 500 ms where zero
	// how often each conforming server is judged, by seeds from 1; once by a random one where below 2
	Seeds    int
	Progress func(done, total int) // called after each subject, never twice at once
	Alarm    func(problem string)  // called with each false alarm as it is found, never twice at once

	// called with each run if not nil, concurrently; its error ends the matrix
	Report func(Subject, *record.Report) error

	// makes the report in place of the Run of the suite; nil for none
	judge func(context.Context, conformance.Target, conformance.Options) (*record.Report, error)
}

// The tokens and machines that every subject of a matrix knows.
const (
	token          = "matrix-token-of-a-user-who-may"
	unprivileged   = "matrix-token-of-a-user-who-may-not"
	securityAdmin  = "matrix-token-of-a-security-administrator"
	globalAdmin    = "matrix-token-of-a-global-administrator"
	invalid        = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.matrix-token-of-nobody"
	unknownMachine = "0000000000000000000000000000000000000000"
	// of 40 digits, as the answers in the documents have it and not as their paths
	otherMachine = "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f"
)

// Matrix runs the suite, strictly, against each subject, several at once, and
// returns a row for each in the order of the subjects. Those that wait cost time
// but no work, so they all run at the same time as the others. An error is the suite's own,
// or that of a context that ended.
func Matrix(ctx context.Context, suite *conformance.Suite, subjects []Subject, o Options) ([]Row, error) {
	if o.Parallel <= 0 {
		o.Parallel = 2 * runtime.GOMAXPROCS(0) // some servers wait
	}
	if o.Timeout <= 0 {
		o.Timeout = waiting
	}
	rows := make([]Row, len(subjects))
	errs := make([]error, len(subjects))
	done := 0
	var mu sync.Mutex
	plans := &plans{of: map[time.Duration]*conformance.Plan{}}
	concurrently(subjects, o.Parallel, func(i int) {
		rows[i], errs[i] = run(ctx, suite, subjects[i], o, plans)
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil || errs[i] != nil { // such a row says nothing of the server
			return
		}
		if text := rows[i].alarm(); text != "" && o.Alarm != nil {
			o.Alarm(text)
		}
		if done++; o.Progress != nil {
			o.Progress(done, len(subjects))
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", subjects[i].Name, err)
		}
	}
	return rows, nil
}

// concurrently calls f with the index of each subject: for all that wait at once,
// and for so many of the others.
func concurrently(subjects []Subject, parallel int, f func(i int)) {
	var all sync.WaitGroup
	for i, s := range subjects {
		if s.Waits {
			all.Go(func() { f(i) })
		}
	}
	next := make(chan int)
	for range parallel {
		all.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i, s := range subjects {
		if !s.Waits {
			next <- i
		}
	}
	close(next)
	all.Wait()
}

// run judges a subject, a conforming one once for each seed: its row is that of the first
// run that has an unexpected finding, or else of the last.
func run(ctx context.Context, suite *conformance.Suite, s Subject, o Options, plans *plans) (r Row, err error) {
	for n := range max(o.Seeds, 1) {
		if ctx.Err() != nil {
			return Row{}, nil // Matrix returns the error
		}
		seed := ""
		if o.Seeds > 1 {
			seed = strconv.Itoa(n + 1)
		}
		if r, err = runOnce(ctx, suite, s, o, seed, plans); err != nil || len(s.Breaks) > 0 {
			break
		}
		if alarmed(r) {
			r.Seed = seed
			break
		}
	}
	return r, err
}

func runOnce(ctx context.Context, suite *conformance.Suite, s Subject, o Options, seed string, plans *plans) (Row,
	error) {
	options := withTimeout(s, conformance.Options{Level: o.Level, Only: o.Only, Skip: o.Skip, Strict: true,
		Timeout: o.Timeout, Seed: seed})
	judge := o.judge
	switch {
	case judge != nil:
	case seed == "":
		judge = plans.judge(suite)
	default:
		judge = suite.Run
	}
	report, err := judge(ctx, target(s), options)
	if err != nil {
		return Row{}, err
	}
	if o.Report != nil {
		err = o.Report(s, report)
	}
	return row(s, report), err
}

// plans are those of a matrix, by the timeout of an exchange, which each subject that has no seed
// of its own is judged by: the requests of all are bound once.
type plans struct {
	mu sync.Mutex
	of map[time.Duration]*conformance.Plan
}

// judge returns a function that runs the plan of a matrix against a target.
func (p *plans) judge(suite *conformance.Suite) func(context.Context, conformance.Target, conformance.Options) (
	*record.Report, error) {
	return func(ctx context.Context, t conformance.Target, o conformance.Options) (*record.Report, error) {
		p.mu.Lock()
		shared, err := p.of[o.Timeout], error(nil)
		if shared == nil {
			if shared, err = suite.Plan(ctx, t, o); err == nil {
				p.of[o.Timeout] = shared
			}
		}
		p.mu.Unlock()
		if err != nil {
			return nil, err
		}
		own, err := shared.For(t.Handler, t.Name)
		if err != nil {
			return nil, err
		}
		return own.Run(ctx)
	}
}

// target returns a subject in front of a separate reference server.
func target(s Subject) conformance.Target {
	honest := reference.New(reference.Config{Token: token, UnprivilegedToken: unprivileged,
		SecurityAdminToken: securityAdmin, GlobalAdminToken: globalAdmin, UnknownMachine: unknownMachine})
	return conformance.Target{
		Handler: s.Wrap(honest), Name: s.Name,
		Token: token, UnprivilegedToken: unprivileged, SecurityAdminToken: securityAdmin, GlobalAdminToken: globalAdmin,
		InvalidToken: invalid, UnknownMachine: unknownMachine, OtherMachine: otherMachine,
	}
}

// withTimeout sets a short timeout only for a subject that waits: answers of the others are
// never late, but the machine may be busy.
func withTimeout(s Subject, o conformance.Options) conformance.Options {
	if !s.Waits {
		o.Timeout = patient
	} else if o.Timeout == 0 {
		o.Timeout = waiting
	}
	return o
}

// waiting is how long one exchange with a subject that waits may take, and patient how
// long one with another: chunks of one byte take long where the machine is busy.
const waiting, patient = 500 * time.Millisecond, time.Minute

// row summarizes a report. The report itself is not kept: hundreds of reports with all
// exchanges would fill the memory.
func row(s Subject, report *record.Report) Row {
	r := Row{Subject: s, Verdict: report.Verdict, Reason: report.Reason, Modes: []Mode{}}
	honest := len(s.Breaks) == 0
	seen := map[string]bool{}
	for _, c := range report.Cases {
		for _, f := range c.Findings {
			r.Broken = append(r.Broken, f.Requirement)
			if modes := modesOf(f.Level); len(modes) > len(r.Modes) {
				r.Modes = modes
			}
			named := slices.Contains(s.Breaks, f.Requirement)
			if named {
				r.Proves = append(r.Proves, f.Requirement)
				r.AtLevel = r.AtLevel || f.Level.String() == s.Level
			}
			if named || honest {
				r.Checks = append(r.Checks, f.Check)
				r.Cases = append(r.Cases, f.Case)
			}
			if key := f.Requirement + " " + f.Check; !seen[key] {
				seen[key] = true
				f.Want, f.Got = strings.Clone(f.Want), strings.Clone(f.Got)
				r.Findings = append(r.Findings, f)
			}
		}
	}
	for _, list := range []*[]string{&r.Broken, &r.Proves, &r.Checks, &r.Cases} {
		*list = sortedSet(*list)
	}
	return r
}

// sortedSet returns the words sorted, each once; never nil.
func sortedSet(words []string) []string {
	slices.Sort(words)
	return append([]string{}, slices.Compact(words)...)
}
