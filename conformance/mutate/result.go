package mutate

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// A Result is a whole matrix: the result of each fault and each conforming server, and of each
// check and requirement.
type Result struct {
	Contract string `json:"contract"` // SHA-256 of the contract, as in every report
	Level    string `json:"level"`    // the weakest level judged
	// some subjects or cases were left out, so coverage is not complete
	Narrowed     bool          `json:"narrowed"`
	Faults       []Row         `json:"faults"`       // in the order of the table
	Variants     []Row         `json:"variants"`     // the conforming servers
	Checks       []Check       `json:"checks"`       // those that judge at the level
	Requirements []Requirement `json:"requirements"` // those of the level and every stronger one
	Waivers      []Waiver      `json:"waivers"`
	Later        []Row         `json:"later,omitempty"`  // faults that other phases than the written cases have to find
	Phases       []Share       `json:"phases,omitempty"` // those that were run, in order

	levels map[string]record.Level // of every requirement of the suite
}

// A Check is a check of the suite, with the faults that it finds for a requirement that they break.
type Check struct {
	Name   string   `json:"name"`
	Faults []string `json:"faults"`
}

// A Requirement is a requirement of the suite, with the faults that prove it: each breaks it
// and was found to break it.
type Requirement struct {
	ID     string   `json:"id"`
	Level  string   `json:"level"`
	Faults []string `json:"faults"`
	// faults for which it is the first requirement, and that fail a run at its level and at no stronger one
	Exact []string `json:"exact"`
}

// A Waiver is the reason why something is missing in the matrix. A waiver that is not needed
// is a problem.
type Waiver struct {
	// "fault" that survives, "check" that no fault trips, "requirement" that no fault proves,
	// "level" of a requirement that no fault fails exactly at
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Because string `json:"because"`
}

// Waivers returns the table of waivers. It is empty: the suite finds every fault.
func Waivers() []Waiver { return []Waiver{} }

// Selected returns the subjects with these names, in the order of subjects, and the unknown names.
func Selected(subjects []Subject, names []string) (out []Subject, unknown []string) {
	left := map[string]bool{}
	for _, n := range names {
		left[n] = true
	}
	for _, s := range subjects {
		if slices.Contains(names, s.Name) {
			out = append(out, s)
			delete(left, s.Name)
		}
	}
	for n := range left {
		unknown = append(unknown, n)
	}
	return out, sortedSet(unknown)
}

// Run returns the matrix of the suite against faults and conforming servers. At a level
// stronger than Inferred, faults of weaker levels are left out, because they could not be
// found. Narrowed reports whether the caller left out subjects. Cases with huge bodies, which
// take as long as all others together, are only sent to conforming servers, and to faults that
// no other case finds.
func Run(ctx context.Context, suite *conformance.Suite, faults, variants []Subject, narrowed bool, o Options) (*Result,
	error) {
	if o.Level == 0 {
		o.Level = record.Inferred
	}
	faults = slices.DeleteFunc(slices.Clone(faults), func(s Subject) bool {
		level, err := record.ParseLevel(s.Level)
		return err == nil && level > o.Level
	})
	progress := o.Progress
	if progress == nil {
		progress = func(int, int) {}
	}
	light, total := o, len(faults)+len(variants)
	light.Skip = huge(suite)
	light.Progress = func(done, _ int) { progress(done, total) }
	rows, err := Matrix(ctx, suite, faults, light)
	if err != nil {
		return nil, err
	}
	var hidden []int
	rest := slices.Clone(variants)
	for i, r := range rows {
		if !r.Rightly() {
			hidden = append(hidden, i)
			rest = append(rest, r.Subject)
		}
	}
	total += len(hidden)
	o.Progress = func(done, _ int) { progress(len(faults)+done, total) }
	whole, err := Matrix(ctx, suite, rest, o)
	if err != nil {
		return nil, err
	}
	for n, i := range hidden {
		rows[i] = whole[len(variants)+n]
	}
	return summed(suite, rows, whole[:len(variants)], narrowed || o.Only != nil, o.Level), nil
}

// huge returns a pattern of the cases whose bodies repeat something a hundred thousand times
// or more, or "".
func huge(suite *conformance.Suite) string {
	var ids []string
	for _, c := range suite.Cases {
		if slices.ContainsFunc(c.Steps, func(s conformance.Step) bool { return manyTimes.MatchString(s.Body) }) {
			ids = append(ids, "^"+regexp.QuoteMeta(c.ID)+"$")
		}
	}
	return strings.Join(ids, "|")
}

var manyTimes = regexp.MustCompile(`\{\{repeat [0-9]{6,} `)

// summed returns the result of rows.
func summed(suite *conformance.Suite, faults, variants []Row, narrowed bool, level record.Level) *Result {
	m := &Result{
		Contract: suite.Contract, Level: level.String(), Narrowed: narrowed,
		Faults: faults, Variants: variants, Waivers: Waivers(),
	}
	at := map[string]record.Level{}
	for _, q := range suite.Requirements {
		if at[q.ID] = q.Level; q.Level <= level {
			m.Requirements = append(m.Requirements, Requirement{ID: q.ID, Level: q.Level.String(),
				Faults: names(faults, func(r Row) []string { return r.Proves }, q.ID),
				Exact:  exact(faults, q.ID, q.Level)})
		}
	}
	m.levels = at
	for _, c := range suite.Checks() {
		judges := func(id string) bool { return at[id] <= level }
		if len(c.Requirements) > 0 && !slices.ContainsFunc(c.Requirements, judges) {
			continue
		}
		m.Checks = append(m.Checks, Check{Name: c.Name, Faults: names(faults, func(r Row) []string { return r.Checks },
			c.Name)})
	}
	return m
}

// names returns the rows whose list has the word.
func names(rows []Row, list func(Row) []string, word string) []string {
	out := []string{}
	for _, r := range rows {
		if slices.Contains(list(r), word) {
			out = append(out, r.Name)
		}
	}
	return out
}

// Counts are the totals of a result.
type Counts struct {
	Faults, Caught, Rightly int // faults; caught; caught at their level for a requirement that they break
	Variants, FalseAlarms   int // conforming servers; those with an unexpected finding, or not found conformant
	Checks, Fired           int
	Requirements, Proven    int
}

// Counts returns the totals of the result.
func (m *Result) Counts() Counts {
	c := Counts{Faults: len(m.Faults), Variants: len(m.Variants), Checks: len(m.Checks),
		Requirements: len(m.Requirements)}
	for _, r := range m.Faults {
		c.Caught += one(r.Caught())
		c.Rightly += one(r.Rightly())
	}
	for _, r := range m.Variants {
		c.FalseAlarms += one(alarmed(r))
	}
	for _, k := range m.Checks {
		c.Fired += one(len(k.Faults) > 0)
	}
	for _, q := range m.Requirements {
		c.Proven += one(len(q.Faults) > 0)
	}
	return c
}

// ByMode returns the number of faults that a run in each mode fails.
func (m *Result) ByMode() map[Mode]int {
	out := map[Mode]int{}
	for _, r := range m.Faults {
		for _, mode := range r.Modes {
			out[mode]++
		}
	}
	return out
}

// alarmed reports whether a conforming server has an unexpected finding, or is not found
// conformant.
func alarmed(r Row) bool {
	want := record.Conformant
	if r.Caught() {
		want = record.NotConformant // because of its deviations, as the run is strict
	}
	return len(r.Blamed()) > 0 || r.Verdict != want
}

// alarm says what is wrong with what the suite says of a conforming server; "" for nothing, and for a fault.
func (r Row) alarm() string {
	switch {
	case len(r.Breaks) > 0 || !alarmed(r):
		return ""
	case len(r.Blamed()) > 0:
		return fmt.Sprintf("variant %s conforms and has a finding: it %s, and %s%s; correct the check or the case",
			r.Name, r.Says, r.blame(), seedText(r))
	default:
		return fmt.Sprintf("variant %s conforms and is not found conformant: it %s, and the suite says %s%s", r.Name,
			r.Says, verdictText(r), seedText(r))
	}
}

// blame says which requirement a conforming server was first found to break, and by what.
func (r Row) blame() string {
	f := r.Findings[slices.IndexFunc(r.Findings,
		func(f record.Finding) bool { return slices.Contains(r.Blamed(), f.Requirement) })]
	return fmt.Sprintf("%s finds %s broken in %s, %s: want %s, got %s", f.Check, f.Requirement, f.Case, f.Place, f.Want,
		f.Got)
}

// seedText names the seed of a run that gave a false alarm, where the servers were judged by several.
func seedText(r Row) string {
	if r.Seed == "" {
		return ""
	}
	return ", with the seed " + r.Seed
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Problems returns the problems of the suite, one line each: faults that survive, or are
// caught for another reason or at a stronger level than that of their requirements, conforming
// servers with findings, checks without a fault, requirements that are not proven, or not by a
// fault at exactly their level, and waivers that are not needed. If the result is narrowed,
// checks, requirements and waivers are not included.
func (m *Result) Problems() (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	add := func(lines []string) {
		for _, line := range lines {
			if !slices.Contains(out, line) {
				out = append(out, line)
			}
		}
	}
	waived := func(kind, name string) bool {
		return slices.ContainsFunc(m.Waivers, func(w Waiver) bool { return w.Kind == kind && w.Name == name })
	}
	for _, r := range m.Faults {
		unknown := m.unknown("fault", r)
		add(unknown)
		switch {
		case r.Rightly(), waived("fault", r.Name), len(unknown) > 0: // with another remedy for the same mistake
		case !r.Caught():
			say("fault %s survives: it %s, and the suite says %s; write a case in fixtures/cases or a check in "+
				"conformance/checks_*.go that finds it", r.Name, r.Says, verdictText(r))
		default:
			say("fault %s is caught for another reason: it %s; want broken, at the level %s, one of %s; got %s, "+
				"broken %s", r.Name, r.Says, r.Level, strings.Join(r.Breaks, ", "), verdictText(r),
				strings.Join(r.Broken, ", "))
		}
	}
	out = append(append(out, m.mislevelled()...), m.laterProblems()...)
	for _, r := range m.Variants {
		add(m.unknown("variant", r))
		if text := r.alarm(); text != "" {
			out = append(out, text)
		}
	}
	if m.Narrowed {
		return out
	}
	for _, r := range m.Variants {
		for _, id := range r.Deviates {
			if m.Level == record.Inferred.String() && !slices.Contains(r.Broken, id) {
				say("variant %s is not found to deviate from %s: it %s; write a case or a check that finds it, or "+
					"remove the requirement from its list", r.Name, id, r.Says)
			}
		}
	}
	for _, c := range m.Checks {
		if len(c.Faults) == 0 && !waived("check", c.Name) {
			say("check %s never fired for a requirement that a fault breaks; add a fault that trips it to "+
				"conformance/reference/faults_*.go", c.Name)
		}
	}
	for _, q := range m.Requirements {
		if len(q.Faults) == 0 && !waived("requirement", q.ID) {
			say("requirement %s is proven by no fault; add one that breaks it to conformance/reference/faults_*.go",
				q.ID)
		}
		if len(q.Faults) > 0 && len(q.Exact) == 0 && !waived("level", q.ID) {
			say("requirement %s is %s, and no fault with it as first requirement is found at that level and at no "+
				"stronger one; add one that breaks only this requirement to conformance/reference/faults_*.go, or "+
				"correct the other findings", q.ID, q.Level)
		}
	}
	needed := m.needed()
	for _, w := range m.Waivers {
		is, known := needed[w.Kind+" "+w.Name]
		switch {
		case w.Because == "":
			say("waiver of %s %s has no reason; give one", w.Kind, w.Name)
		case !known && m.Level == record.Inferred.String():
			say("waiver of %s %s: unknown name; remove the waiver", w.Kind, w.Name)
		case known && !is:
			say("waiver of %s %s is stale: the suite finds it; remove the waiver", w.Kind, w.Name)
		}
	}
	return out
}

// needed reports for everything that can be waived whether a waiver is needed.
func (m *Result) needed() map[string]bool {
	out := map[string]bool{}
	for _, r := range m.Faults {
		out["fault "+r.Name] = !r.Rightly()
	}
	for _, c := range m.Checks {
		out["check "+c.Name] = len(c.Faults) == 0
	}
	for _, q := range m.Requirements {
		out["requirement "+q.ID] = len(q.Faults) == 0
		out["level "+q.ID] = len(q.Exact) == 0
	}
	return out
}

// verdictText returns the verdict with its reason.
func verdictText(r Row) string {
	if r.Reason == "" {
		return string(r.Verdict)
	}
	return string(r.Verdict) + " (" + r.Reason + ")"
}
