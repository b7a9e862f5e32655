package conformance

import (
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// Select returns the cases that a run with these options sends, sorted by id:
// those that prove something at its level, narrowed by Run, Skip and Only, with
// the controls that they need. What Skip matches is never sent, so that it leaves
// out the cases that need it too. A pattern that matches nothing is a
// [*UsageError].
func (s *Suite) Select(o Options) ([]*Case, error) {
	chosen, err := s.choose(o.prepared())
	if err != nil {
		return nil, err
	}
	skip, err := s.pattern("skip", o.Skip)
	if err != nil {
		return nil, err
	}
	skipped := map[string]bool{}
	var controls func(*Case)
	controls = func(c *Case) {
		for _, id := range c.controls() {
			if chosen[id] == nil {
				chosen[id] = s.byID[id]
				controls(s.byID[id])
			}
		}
	}
	for _, c := range s.Cases {
		if chosen[c.ID] == nil {
			continue
		}
		controls(c)
		if at := s.byID[c.Stranger]; at != nil && chosen[at.ID] == nil && (skip == nil || !s.anyOf(skip, at, skipped)) {
			chosen[at.ID] = at
			controls(at)
		}
	}
	var out []*Case
	for _, c := range chosen {
		out = append(out, c)
	}
	slices.SortFunc(out, byCaseID)
	return out, nil
}

// wanted are the ids of the cases that options ask for, without the controls that
// these need, or nil where the options choose none.
func (s *Suite) wanted(o Options) map[string]bool {
	chosen, err := s.choose(o.prepared())
	if err != nil {
		return nil
	}
	out := map[string]bool{}
	for id := range chosen {
		out[id] = true
	}
	return out
}

// choose returns the cases that options ask for, by id.
func (s *Suite) choose(o Options) (map[string]*Case, error) {
	if err := o.Shard.valid(); err != nil {
		return nil, err
	}
	run, err := s.pattern("run", o.Run)
	if err != nil {
		return nil, err
	}
	skip, err := s.pattern("skip", o.Skip)
	if err != nil {
		return nil, err
	}
	for _, id := range o.Only {
		if s.byID[id] == nil {
			return nil, usage("unknown case %q%s", id, nearest.Hint(id, keys(s.byID)))
		}
	}
	chosen, skipped := map[string]*Case{}, map[string]bool{}
	for _, c := range s.Cases {
		switch {
		case !s.provesAt(c, o.Level),
			run != nil && !run.MatchString(c.ID),
			skip != nil && s.anyOf(skip, c, skipped),
			o.Only != nil && !slices.Contains(o.Only, c.ID),
			!o.Shard.has(c.ID):
			continue
		}
		chosen[c.ID] = c
	}
	if len(chosen) == 0 && o.Shard.Of > 0 {
		return nil, usage("no case is in the shard %s; split the suite into fewer parts", o.Shard)
	}
	if len(chosen) == 0 {
		return nil, usage("no case is left to send; widen -run, -skip or -level")
	}
	return chosen, nil
}

// anyOf reports whether a pattern matches the id of a case, of its control, or of
// that one's. It keeps in known what it reports.
func (s *Suite) anyOf(p *regexp.Regexp, c *Case, known map[string]bool) bool {
	is, there := known[c.ID]
	if !there {
		is = p.MatchString(c.ID) || slices.ContainsFunc(c.controls(),
			func(id string) bool { return s.anyOf(p, s.byID[id], known) })
		known[c.ID] = is
	}
	return is
}

// provesAt reports whether the case is to prove a requirement of the level or a
// stronger one.
func (s *Suite) provesAt(c *Case, weakest record.Level) bool {
	return slices.ContainsFunc(c.Proves, func(id string) bool { return s.requirement[id].Level <= weakest })
}

// pattern compiles a pattern that has to match some case.
func (s *Suite) pattern(flag, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	p, err := regexp.Compile(text)
	if err != nil {
		return nil, usage("-%s %q: %s; give a regular expression over case ids", flag, text,
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if !slices.ContainsFunc(s.Cases, func(c *Case) bool { return p.MatchString(c.ID) }) {
		return nil, usage("-%s %q matches no case%s; fmaspec list cases prints them", flag, text,
			nearest.Hint(strings.Trim(text, "^$"), s.nearNames()))
	}
	return p, nil
}

// nearNames are what a user may have meant: ids, and names without operation.
func (s *Suite) nearNames() (out []string) {
	for _, c := range s.Cases {
		_, base, _ := strings.Cut(c.Name, "/")
		out = append(out, c.ID, c.Name, base)
	}
	return out
}
