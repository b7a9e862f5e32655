package conformance

import (
	"fmt"
	"slices"

	"fmaspec/conformance/internal/httpfile"
)

// A Group says what a group of generated cases is to prove: an entry of
// requirements/groups.yaml. What the cases of the group are, the generator knows; which
// requirements they prove is a matter of the contract, and stands in the catalogue.
type Group struct {
	Name     string      // of the group, by which the generator finds it
	Proves   []string    // requirement ids; KeywordRequirement stands for that of the schema's keyword
	Expect   Expectation // of every case of the group
	Statuses []int       // that count as refusal, where Expect is Refused
	Needs    []string    // as in [Case]
	Control  string      // a further control of every case, without the operation, or "": a form that they vary
	Because  string      // why the cases are worth sending
	// their tokens are made of the one that is accepted: they show nothing where the target takes a token of nobody
	NearToken bool
	File      string // of the catalogue
	Line      int
}

// KeywordRequirement stands in [Group.Proves] for the requirement of the keyword of the
// request's schema that a case breaks.
const KeywordRequirement = "keyword"

type groupEntry struct {
	Group   string   `yaml:"group"`
	Proves  []string `yaml:"proves"`
	Expect  string   `yaml:"expect"`
	Needs   []string `yaml:"needs"`
	Control string   `yaml:"control"`
	Because string   `yaml:"because"`
	Near    bool     `yaml:"near-token"`
}

// group takes an entry of the groups into the suite.
func (l *loader) group(e groupEntry, file string, line int) {
	g := Group{Name: e.Group, Proves: e.Proves, Needs: e.Needs, Control: e.Control, Because: e.Because,
		NearToken: e.Near, File: file, Line: line}
	if problem := httpfile.CheckField("expect", e.Expect); problem != "" {
		l.failAt(file, line, "the group %s: %s", e.Group, problem)
		return
	}
	g.Expect, g.Statuses = expectation(e.Expect)
	switch {
	case e.Group == "":
		l.failAt(file, line, "a group has no name; give it one, \"group: NAME\"")
		return
	case slices.ContainsFunc(l.suite.Groups, func(o Group) bool { return o.Name == e.Group }):
		l.failAt(file, line, "the group %s is there twice; take one away", e.Group)
		return
	case len(e.Proves) == 0:
		l.failAt(file, line, "the group %s proves nothing; name requirements under \"proves:\"", e.Group)
		return
	}
	for _, need := range e.Needs {
		if problem := httpfile.CheckField("needs", need); problem != "" {
			l.failAt(file, line, "the group %s: %s", e.Group, problem)
		}
	}
	l.suite.Groups = append(l.suite.Groups, g)
}

// checkGroups reports the requirements of groups that are not in the catalogue.
func (l *loader) checkGroups() {
	for _, g := range l.suite.Groups {
		for _, id := range g.Proves {
			if id != KeywordRequirement && l.suite.requirement[id] == nil && !l.unread {
				l.failAt(g.File, g.Line, "the group %s: %s", g.Name, l.suite.unknownRequirement(id))
			}
		}
	}
}

// With returns a suite that has further cases, such as generated ones. Steps that are to be
// accepted await the status of success of their operation, whatever they say. An error
// names the case and what is wrong with it: an id that is taken, an unknown operation or
// requirement, or a control that is no accepted case, or a further one that is to be refused.
// The suite itself is not changed.
func (s *Suite) With(cases ...*Case) (*Suite, error) {
	out := *s
	out.bodies = &bodies{of: map[bodyKey]bodyPlaces{}}
	out.byID = make(map[string]*Case, len(s.byID)+len(cases))
	for id, c := range s.byID {
		out.byID[id] = c
	}
	out.Cases = slices.Grow(slices.Clone(s.Cases), len(cases))
	for _, c := range cases {
		if problem := out.unfit(c); problem != "" {
			return nil, fmt.Errorf("case %s: %s", c.ID, problem)
		}
		if c.Generator != "" && !slices.Contains(out.Generators, c.Generator) {
			out.Generators = slices.Sorted(slices.Values(append(slices.Clone(out.Generators), c.Generator)))
		}
		c.Steps = out.awaiting(c.Steps, c.Operation)
		out.charge(c)
		out.rule(c)
		out.byID[c.ID] = c
		out.Cases = append(out.Cases, c)
	}
	for _, c := range cases {
		for _, id := range c.controls() {
			control := out.byID[id]
			open := control != nil && id != c.Control && control.Steps[0].Expect == Either
			if control == nil || control == c || control.Steps[0].Expect != Accepted && !open {
				return nil, fmt.Errorf("case %s: the control %q is no other accepted case; name one that is", c.ID, id)
			}
		}
		for _, id := range c.Carries {
			if other := out.byID[id]; other == nil || other == c || other.Steps[0].Expect != Accepted {
				return nil, fmt.Errorf("case %s: the case %q, of which it has the form, is no other accepted one; "+
					"name one that is", c.ID, id)
			}
		}
	}
	slices.SortFunc(out.Cases, byCaseID)
	return &out, nil
}

// unfit returns why a case cannot be added to the suite, or "".
func (s *Suite) unfit(c *Case) string {
	switch {
	case s.byID[c.ID] != nil:
		return "there is one of that id; give it another"
	case s.terms[c.Operation] == nil:
		return fmt.Sprintf("unknown operation %q; name one of the contract", c.Operation)
	case len(c.Steps) == 0:
		return "it has no step; give it one"
	case len(c.Proves) == 0:
		return "it proves nothing; name requirements of the catalogue"
	}
	for _, id := range c.Proves {
		if s.requirement[id] == nil {
			return s.unknownRequirement(id)
		}
	}
	return ""
}
