package mutate

import (
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// The exam of levels tests whether each requirement has the right level: a server that breaks
// it must fail a run at that level, and at no stronger one.

// strongest returns the strongest level of a finding on the subject; 0 for none.
func (r Row) strongest() record.Level {
	switch len(r.Modes) {
	case 3:
		return record.Documented
	case 2:
		return record.Standard
	case 1:
		return record.Inferred
	}
	return 0
}

// exact returns the faults whose first requirement is id and that were found at its level and
// at no stronger one.
func exact(faults []Row, id string, level record.Level) []string {
	out := []string{}
	for _, r := range faults {
		if !r.Intermittent && len(r.Breaks) > 0 && r.Breaks[0] == id && slices.Contains(r.Proves, id) &&
			r.strongest() == level {
			out = append(out, r.Name)
		}
	}
	return out
}

// unknown returns a line for each requirement that the catalogue does not have and a fault or
// variant names, or a check charged to it.
func (m *Result) unknown(kind string, r Row) (out []string) {
	if m.levels == nil {
		return nil
	}
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, id := range slices.Concat(r.Breaks, r.Deviates) {
		if m.levels[id] == 0 {
			say("%s %s names %s, which is no requirement; correct its row in conformance/reference/%ss_*.go, or add "+
				"the requirement to fixtures/requirements", kind, r.Name, id, kind)
		}
	}
	for _, f := range r.Findings {
		if m.levels[f.Requirement] == 0 {
			say("check %s charges %s, which is no requirement; correct its row in conformance/checks_*.go, or add the "+
				"requirement to fixtures/requirements", f.Check, f.Requirement)
		}
	}
	return out
}

// mislevelled returns a line for each fault that is found at a stronger level than all its
// requirements, and for each inferred fault that names a stronger requirement which is never
// found: such a finding would pass under its name.
func (m *Result) mislevelled() (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, r := range m.Faults {
		if len(m.unknown("fault", r)) > 0 {
			continue // whose levels are not known
		}
		bound := record.Level(0)
		var vain []string
		for _, id := range r.Breaks {
			level := m.levels[id]
			if bound == 0 || level < bound {
				bound = level
			}
			if r.Level == record.Inferred.String() && level < record.Inferred && level != 0 &&
				!slices.Contains(r.Broken, id) {
				vain = append(vain, id)
			}
		}
		if strongest := r.strongest(); strongest != 0 && strongest < bound {
			f := r.Findings[slices.IndexFunc(r.Findings, func(f record.Finding) bool { return f.Level == strongest })]
			say("fault %s is found at the level %s, and breaks nothing stronger than %s: it %s, and %s finds %s "+
				"broken in %s, %s: want %s, got %s; correct the check or the case, or name the requirement", r.Name,
				strongest, bound, r.Says, f.Check, f.Requirement, f.Case, f.Place, f.Want, f.Got)
		}
		if len(vain) > 0 && !m.Narrowed && m.Level == record.Inferred.String() {
			say("fault %s is inferred, and names %s, which is never found broken: it %s; remove that from its list",
				r.Name, strings.Join(vain, ", "), r.Says)
		}
	}
	return out
}
