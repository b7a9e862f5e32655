package mutate

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// Written is the name of the phase of the written cases.
const Written = "written"

// A Phase is a part of a run that judges by its own cases: the written ones, or those that
// are generated.
type Phase struct {
	Name  string
	Suite *conformance.Suite
	// reports whether a case of the suite belongs to the phase; all do where Of is nil. The
	// controls of these cases are run too.
	Of func(*conformance.Case) bool
	// how many cases Judge makes up for each target; those of the suite where zero
	Made int
	// makes the report on a target in place of the Suite's Run, for a phase that makes up its
	// requests as it goes; nil for none
	Judge func(context.Context, conformance.Target, conformance.Options) (*record.Report, error)
	// it takes seconds for each server: [Needed] runs it only where the matrix is narrowed
	Slow bool
}

// cases returns the ids of the cases of the phase; nil for all of the suite.
func (p Phase) cases() []string {
	if p.Of == nil {
		return nil
	}
	out := []string{}
	for _, c := range p.Suite.Cases {
		if p.Of(c) {
			out = append(out, c.ID)
		}
	}
	return out
}

// PhaseOf returns the name of the phase whose cases have to find the fault.
func (s Subject) PhaseOf() string {
	if s.Phase == "" {
		return Written
	}
	return s.Phase
}

// OfPhase returns the subjects whose fault the cases of the phase have to find.
func OfPhase(subjects []Subject, phase string) (out []Subject) {
	for _, s := range subjects {
		if s.PhaseOf() == phase {
			out = append(out, s)
		}
	}
	return out
}

// A Choice says which subjects [RunPhases] judges by which phases.
type Choice string

// The choices. Any other one is the name of a phase, whose cases alone judge every fault and
// every conforming server.
const (
	// faults of the written phase by the written cases; each other fault by the later phases in
	// turn until one finds it, and by the written cases too if the matrix is narrowed; conforming
	// servers by the written cases, and a sample of them by each later phase; a slow phase is run
	// only if the matrix is narrowed
	Needed Choice = ""
	// each fault and each conforming server by every phase
	All Choice = "all"
)

// A Share is the number of faults that the cases of one phase alone find, with their controls.
type Share struct {
	Phase  string `json:"phase"`
	Cases  int    `json:"cases"`
	Judged int    `json:"judged"` // faults that the phase was run against
	Caught int    `json:"caught"` // of these, for a requirement that they break, at its level
	// conforming servers that the phase was run against
	Variants int `json:"variants"`
	// conforming servers with a finding, or not found conformant; those of the written cases are rows of the result
	Alarms []Row `json:"-"`
}

// Percent returns the share of the faults that were found.
func (s Share) Percent() float64 {
	if s.Judged == 0 {
		return 0
	}
	return 100 * float64(s.Caught) / float64(s.Judged)
}

// RunPhases returns the matrix of several phases, the first of which is that of the written
// cases. Faults of the written phase and conforming servers are judged as by [Run]; rows of
// the other faults are in Later. An unknown choice is an error.
func RunPhases(ctx context.Context, phases []Phase, faults, variants []Subject, narrowed bool, choice Choice,
	o Options) (*Result, error) {
	if o.Level == 0 {
		o.Level = record.Inferred
	}
	r := &phaseRun{ctx: ctx, o: o, choice: choice, caught: map[string][]string{}, row: map[string]Row{}}
	var names []string
	for _, p := range phases {
		names = append(names, p.Name)
	}
	if choice != Needed && choice != All && !slices.Contains(names, string(choice)) {
		return nil, fmt.Errorf("phase %s: there are no cases of it; give one of %s, or %s", choice,
			strings.Join(names, ", "), All)
	}
	r.later = slices.DeleteFunc(slices.Clone(faults), func(s Subject) bool { return s.PhaseOf() == Written })
	var m *Result
	for i, p := range phases {
		if choice != Needed && choice != All && string(choice) != p.Name || choice == Needed && p.Slow && !narrowed {
			continue
		}
		if i == 0 {
			var err error
			if m, err = Run(ctx, p.Suite, OfPhase(faults, Written), variants, narrowed, o); err != nil {
				return nil, err
			}
			if err = r.written(p, m); err != nil {
				return nil, err
			}
			continue
		}
		if err := r.generated(p, names, faults, variants); err != nil {
			return nil, err
		}
	}
	if m == nil {
		m = summed(phases[0].Suite, []Row{}, []Row{}, true, o.Level)
	}
	r.settle(m)
	return m, nil
}

// phaseRun is the state of [RunPhases].
type phaseRun struct {
	ctx    context.Context
	o      Options
	choice Choice
	later  []Subject
	shares []Share
	caught map[string][]string // phases that find each fault
	row    map[string]Row      // of each fault of a later phase, the first that finds it, or else the last
	run    []string            // the phases that were run
}

// written judges the faults of later phases by the written cases, if the choice asks for it.
// Written cases with huge bodies are not sent to them.
func (r *phaseRun) written(p Phase, m *Result) error {
	share := Share{Phase: p.Name, Cases: len(p.Suite.Cases), Variants: len(m.Variants)}
	for _, row := range m.Faults {
		r.note(&share, p.Name, row)
	}
	if r.choice != Needed || m.Narrowed {
		if err := r.judge(&share, p, r.weakened(r.later), huge(p.Suite)); err != nil {
			return err
		}
	}
	r.shares, r.run = append(r.shares, share), append(r.run, p.Name)
	return nil
}

// generated judges by the cases of a later phase.
func (r *phaseRun) generated(p Phase, names []string, faults, variants []Subject) error {
	share := Share{Phase: p.Name, Cases: len(p.Suite.Cases)}
	if p.Of != nil {
		share.Cases = len(p.cases())
	}
	if p.Made > 0 {
		share.Cases = p.Made
	}
	if r.choice == Needed {
		own := slices.Index(names, p.Name)
		faults = slices.DeleteFunc(slices.Clone(r.later), func(s Subject) bool {
			at := slices.Index(names, s.PhaseOf())
			return len(r.caught[s.Name]) > 0 || at >= 0 && at < own
		})
		variants = Sampled(variants)
	}
	if err := r.judge(&share, p, r.weakened(faults), ""); err != nil {
		return err
	}
	rows, err := Matrix(r.ctx, p.Suite, variants, r.options(p, ""))
	if err != nil {
		return err
	}
	for _, row := range rows {
		share.Variants++
		if alarmed(row) {
			share.Alarms = append(share.Alarms, row)
		}
	}
	r.shares, r.run = append(r.shares, share), append(r.run, p.Name)
	return nil
}

func (r *phaseRun) options(p Phase, skip string) Options {
	o := r.o
	o.Only, o.Skip, o.judge = p.cases(), skip, p.Judge
	if o.Only == nil {
		o.Only = r.o.Only
	}
	return o
}

// weakened leaves out the faults that are weaker than the level of the run.
func (r *phaseRun) weakened(faults []Subject) []Subject {
	return slices.DeleteFunc(slices.Clone(faults), func(s Subject) bool {
		level, err := record.ParseLevel(s.Level)
		return err == nil && level > r.o.Level
	})
}

func (r *phaseRun) judge(share *Share, p Phase, faults []Subject, skip string) error {
	rows, err := Matrix(r.ctx, p.Suite, faults, r.options(p, skip))
	if err != nil {
		return err
	}
	for _, row := range rows {
		r.note(share, p.Name, row)
	}
	return nil
}

// note takes in what a phase found of a fault.
func (r *phaseRun) note(share *Share, phase string, row Row) {
	share.Judged++
	if row.Rightly() {
		share.Caught++
		r.caught[row.Name] = append(r.caught[row.Name], phase)
	}
	if old, ok := r.row[row.Name]; !ok || !old.Rightly() {
		r.row[row.Name] = row
	}
}

// settle puts what the phases found into the result.
func (r *phaseRun) settle(m *Result) {
	m.Phases = r.shares
	for i := range m.Faults {
		m.Faults[i].Phases = r.phasesOf(m.Faults[i].Name)
	}
	m.Later = []Row{}
	listed := r.later
	if len(m.Faults) == 0 && !slices.Contains(r.run, Written) { // a later phase alone: every fault is one of its rows
		listed = nil
		for _, row := range r.row {
			listed = append(listed, row.Subject)
		}
		slices.SortFunc(listed, func(a, b Subject) int { return strings.Compare(a.Name, b.Name) })
	}
	for _, s := range listed {
		row, ok := r.row[s.Name]
		if !ok {
			if slices.Contains(r.run, s.PhaseOf()) { // its level is below that of the run
				continue
			}
			row = Row{Subject: s, Modes: []Mode{}, Broken: []string{}, Proves: []string{}, Checks: []string{},
				Cases: []string{}}
		}
		row.Phases = r.phasesOf(s.Name)
		row.Due = slices.Contains(r.run, s.PhaseOf())
		m.Later = append(m.Later, row)
	}
}

func (r *phaseRun) phasesOf(name string) []string { return append([]string{}, r.caught[name]...) }

// Sampled returns every sixteenth of the subjects, by a hash of the name.
func Sampled(subjects []Subject) (out []Subject) {
	for _, s := range subjects {
		h := fnv.New32a()
		h.Write([]byte(s.Name))
		if h.Sum32()%16 == 0 {
			out = append(out, s)
		}
	}
	return out
}

// laterProblems returns the problems of the later phases, one line each: faults that their
// phase does not find, or that a phase before it finds, and findings on conforming servers.
func (m *Result) laterProblems() (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	order := []string{}
	for _, s := range m.Phases {
		order = append(order, s.Phase)
	}
	for _, r := range m.Later {
		switch own := slices.Index(order, r.PhaseOf()); {
		case len(r.Phases) == 0 && r.Due && r.Phase == "":
			// the written cases find it
		case len(r.Phases) == 0 && r.Due && r.Caught():
			say("fault %s is caught for another reason by the phase %s: it %s; want broken, at the level %s, one of "+
				"%s; got %s, broken %s", r.Name, r.PhaseOf(), r.Says, r.Level, strings.Join(r.Breaks, ", "),
				verdictText(r), strings.Join(r.Broken, ", "))
		case len(r.Phases) == 0 && r.Due:
			say("fault %s survives the phase %s: it %s, and the suite says %s; add what shows it to the generator, or "+
				"correct the phase of its row in conformance/reference/faults_conditional.go", r.Name, r.PhaseOf(),
				r.Says, verdictText(r))
		case len(r.Phases) > 0 && r.Phase != "" && (own < 0 || slices.Index(order, r.Phases[0]) < own):
			say("fault %s is of the phase %s, and the phase %s finds it: it %s; correct the phase of its row in "+
				"conformance/reference/faults_conditional.go", r.Name, r.PhaseOf(), r.Phases[0], r.Says)
		}
	}
	for _, s := range m.Phases {
		for _, r := range s.Alarms {
			text := verdictText(r)
			if len(r.Blamed()) > 0 {
				text += ": " + r.blame()
			}
			say("variant %s conforms and is not found conformant by the phase %s: it %s, and the suite says %s%s",
				r.Name, s.Phase, r.Says, text, seedText(r))
		}
	}
	return out
}

// PhaseLines returns a line for each phase, with the share of the faults that it finds, and
// one for the faults of phases that were not run.
func (m *Result) PhaseLines() (out []string) {
	for _, s := range m.Phases {
		out = append(out, fmt.Sprintf("the phase %s alone catches %d of %d faults (%.1f %%), by %d cases; %d "+
			"conforming "+
			"servers: %d with a finding", s.Phase, s.Caught, s.Judged, s.Percent(), s.Cases, s.Variants,
			m.alarmsOf(s)))
	}
	waiting := map[string]int{}
	order := []string{}
	for _, r := range m.Later {
		if !r.Due && len(r.Phases) == 0 {
			if waiting[r.PhaseOf()]++; waiting[r.PhaseOf()] == 1 {
				order = append(order, r.PhaseOf())
			}
		}
	}
	for _, phase := range order {
		if phase == reference.Unfound {
			out = append(out, fmt.Sprintf("%d faults are known that no phase finds", waiting[phase]))
			continue
		}
		out = append(out, fmt.Sprintf("%d faults wait for the phase %s, which was not run", waiting[phase], phase))
	}
	return out
}

// alarmsOf returns the number of conforming servers with a finding in a phase.
func (m *Result) alarmsOf(s Share) int {
	if s.Phase == Written {
		return m.Counts().FalseAlarms
	}
	return len(s.Alarms)
}
