package mutate

import (
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// The exam of levels asks whether a requirement has the level that it is given:
// whoever breaks it has to fail a run at that level, and at no stronger one.

// strongest returns the strongest level of a finding on the subject; 0 where it
// has none.
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

// exact lists the faults that are about a requirement, the first of those that
// they break, and were found at its level and at no stronger one.
func exact(faults []Row, id string, level record.Level) []string {
	out := []string{}
	for _, r := range faults {
		if !r.Intermittent && len(r.Breaks) > 0 && r.Breaks[0] == id && slices.Contains(r.Proves, id) && r.strongest() == level {
			out = append(out, r.Name)
		}
	}
	return out
}

// mislevelled says, a line each, which faults are found at a stronger level than
// all that they break, and which inferred ones name something stronger that
// nobody finds: under its name, such a finding would pass.
func (m *Result) mislevelled() (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, r := range m.Faults {
		bound := record.Level(0)
		var vain []string
		for _, id := range r.Breaks {
			level := m.levels[id]
			if bound == 0 || level < bound {
				bound = level
			}
			if r.Level == record.Inferred.String() && level < record.Inferred && level != 0 && !slices.Contains(r.Broken, id) {
				vain = append(vain, id)
			}
		}
		if strongest := r.strongest(); strongest != 0 && strongest < bound {
			f := r.Findings[slices.IndexFunc(r.Findings, func(f record.Finding) bool { return f.Level == strongest })]
			say("fault %s is found at the level %s, and breaks nothing stronger than %s: it %s, and %s finds %s broken in %s, %s: want %s, got %s; mend the check or the case, or name the requirement", r.Name, strongest, bound, r.Says, f.Check, f.Requirement, f.Case, f.Place, f.Want, f.Got)
		}
		if len(vain) > 0 && !m.Narrowed && m.Level == record.Inferred.String() {
			say("fault %s is inferred, and names %s, which nothing finds broken: it %s; take that off its list", r.Name, strings.Join(vain, ", "), r.Says)
		}
	}
	return out
}
