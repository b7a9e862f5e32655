package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// WithRules returns a suite that judges by own rules: requirements at another level or switched off, and
// other statuses that count as refusal. Reports of its runs hold the rules. Apply it to a suite that has
// all its generated cases, so that the same are sent as without; cases that are added later are judged by
// the rules too. All errors are returned at once, each beginning with the rule's place: an unknown
// requirement, one with two rules, a rule without a reason, one that changes nothing, statuses of a
// requirement that is not on the status of a refusal. The suite itself is not changed.
func (s *Suite) WithRules(rules ...record.OwnRule) (*Suite, error) {
	if len(rules) == 0 {
		return s, nil
	}
	if len(s.rules) > 0 {
		return nil, errors.New("the suite has own rules already; give all of them at once")
	}
	var errs []error
	out, seen := *s, map[string]string{}
	out.rules = nil
	for _, rule := range rules {
		place := cmp.Or(rule.Place, "own rule")
		fail := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s: the rule on %s: %s", place, rule.Requirement,
				fmt.Sprintf(format, args...)))
		}
		r := s.Requirement(rule.Requirement)
		if r == nil {
			ids := append(keys(s.requirement), keys(s.onClients)...)
			errs = append(errs, fmt.Errorf("%s: unknown requirement %q%s; fmaspec list requirements lists them", place,
				rule.Requirement, nearest.Hint(rule.Requirement, ids)))
			continue
		}
		if other, twice := seen[r.ID]; twice {
			fail("there is one at %s too; write one rule with both changes", other)
		}
		seen[r.ID] = place
		rule.Was, rule.Counted = r.Level, nil
		if rule.Reason == "" {
			fail("it has no reason; say why the requirement is judged in another way")
		}
		if rule.Level == "" && len(rule.Statuses) == 0 {
			fail("it changes nothing; give a level, or statuses")
		}
		if level, err := record.ParseOwnLevel(rule.Level); rule.Level != "" && err != nil {
			fail("%v", err)
		} else if level == r.Level {
			fail("the requirement is %s already; take the level out", level)
		}
		if len(rule.Statuses) > 0 {
			rule.Statuses = slices.Compact(slices.Sorted(slices.Values(rule.Statuses)))
			rule.Counted = s.counted(r.ID)
			s.checkStatuses(rule, fail)
		}
		out.rules = append(out.rules, rule)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	out.settle()
	return &out, nil
}

// Rules returns the own rules by which the suite judges, nil for none.
func (s *Suite) Rules() []record.OwnRule { return slices.Clone(s.rules) }

// rulesOnServers returns the own rules that can change how a server is judged: not those on requirements of
// clients alone.
func (s *Suite) rulesOnServers() []record.OwnRule {
	return slices.DeleteFunc(s.Rules(), func(r record.OwnRule) bool { return s.requirement[r.Requirement] == nil })
}

// checkStatuses reports what is wrong with the statuses of a rule.
func (s *Suite) checkStatuses(rule record.OwnRule, fail func(string, ...any)) {
	if !s.kinds[rule.Requirement].aboutStatus() {
		fail("it is not on the status of a refusal, so that it takes no statuses; those that do are %s",
			strings.Join(s.ofKinds([]Kind{RefusalStatus, RefusalBody, RefusalRole}, nil), ", "))
		return
	}
	for _, status := range rule.Statuses {
		if status < 400 || status > 599 {
			fail("%d is no status of a refusal; give numbers from 400 to 599", status)
		}
	}
	if slices.Equal(rule.Statuses, rule.Counted) {
		fail("these statuses count already; take them out")
	}
}

// counted returns the statuses that count in every written case of a requirement on the status of a
// refusal, ascending.
func (s *Suite) counted(id string) (out []int) {
	first := true
	for _, c := range s.Cases {
		if c.Generator != "" || c.status != id {
			continue
		}
		for _, step := range c.Steps {
			switch {
			case step.Expect != Refused:
			case first:
				out, first = slices.Sorted(slices.Values(step.Statuses)), false
			default:
				out = slices.DeleteFunc(out, func(status int) bool { return !slices.Contains(step.Statuses, status) })
			}
		}
	}
	return out
}

// settle makes what hangs on the rules: the levels of the requirements, and what the cases are charged to.
func (s *Suite) settle() {
	levels := map[string]record.Level{}
	for _, rule := range s.rules {
		if level, err := record.ParseOwnLevel(rule.Level); err == nil {
			levels[rule.Requirement] = level
		}
	}
	changed := func(all []record.Requirement) ([]record.Requirement, map[string]*record.Requirement) {
		all = slices.Clone(all)
		byID := make(map[string]*record.Requirement, len(all))
		for i := range all {
			all[i].Level = cmp.Or(levels[all[i].ID], all[i].Level)
			byID[all[i].ID] = &all[i]
		}
		return all, byID
	}
	s.Requirements, s.requirement = changed(s.Requirements)
	s.ClientRequirements, s.onClients = changed(s.ClientRequirements)
	s.bodies = &bodies{of: map[bodyKey]bodyPlaces{}}
	s.byID = make(map[string]*Case, len(s.Cases))
	s.Cases = slices.Clone(s.Cases)
	for i, c := range s.Cases {
		own := *c
		s.charge(&own)
		s.rule(&own)
		s.Cases[i], s.byID[own.ID] = &own, &own
	}
}

// rule gives the steps of a case the statuses that count by the suite's own rules. A case that holds a
// violation in a request of another form may be refused for the form too, so that it loses no status.
func (s *Suite) rule(c *Case) {
	for _, rule := range s.rules {
		if rule.Requirement != c.status || len(rule.Statuses) == 0 {
			continue
		}
		c.Steps = slices.Clone(c.Steps)
		for i := range c.Steps {
			if c.Steps[i].Expect != Refused {
				continue
			}
			statuses := slices.Concat(rule.Statuses, c.Steps[i].Statuses)
			if c.Alone == "" {
				statuses = slices.DeleteFunc(statuses, func(status int) bool {
					return slices.Contains(rule.Counted, status) && !slices.Contains(rule.Statuses, status)
				})
			}
			c.Steps[i].Statuses = slices.Compact(slices.Sorted(slices.Values(statuses)))
		}
	}
}

// relaxes reports whether an own rule makes a requirement of the kind weaker.
func (s *Suite) relaxes(k Kind) bool {
	return slices.ContainsFunc(s.rules, func(rule record.OwnRule) bool {
		r := s.requirement[rule.Requirement]
		return r != nil && r.Level > rule.Was && s.kinds[r.ID] == k
	})
}

// isOff reports whether an own rule switches a requirement off.
func (s *Suite) isOff(requirement string) bool {
	r := s.requirement[requirement]
	return r != nil && r.Level == record.Off
}
