package conformance

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// A Shard is one of several parts of a suite, each of which a run of its own sends, as on a
// machine of its own. The zero value is the whole suite.
type Shard struct {
	Index int // from 1
	Of    int
}

func (s Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// valid returns an error for a shard that there is none of.
func (s Shard) valid() error {
	if s.Of != 0 && (s.Of < 1 || s.Index < 1 || s.Index > s.Of) {
		return usage("shard %d of %d: there is no such part; give one from 1 of as many as there are, such as 1/4",
			s.Index, s.Of)
	}
	return nil
}

// has reports whether a case belongs to the shard: by its id alone, so that another case that
// comes to the suite moves none.
func (s Shard) has(id string) bool {
	if s.Of == 0 {
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32()%uint32(s.Of)) == s.Index-1
}

// Merge returns the report of a run that was split into shards, as one run would have given it
// but for times: the exchanges of each case are taken from the shard that the case belongs to,
// and everything is concluded from them again, with the relations between answers of different
// shards. The order of times, which two clocks may disagree on, is compared within each shard.
// A report of a load keeps a part of the exchanges: then the findings stand as the shards have
// them, and [record.MergedInfo] names the relations that were judged within each shard alone.
// The loads themselves are left out; package load merges these. complete adds what a command
// adds to the report of a run.
//
// An error is a [*UsageError] where the reports are no shards of one run, or not all of them.
func (s *Suite) Merge(shards []*record.Report, complete ...func(*record.Report)) (*record.Report, error) {
	ordered, err := s.shardsOf(shards)
	if err != nil {
		return nil, err
	}
	if s, err = s.WithRules(ordered[0].Suite.OwnRules...); err != nil {
		return nil, usage("%v", err)
	}
	whole := s.joined(ordered)
	v := &verifier{suite: s, recorded: whole, complete: nil, exceptions: map[string][]string{}}
	v.indexed()
	o := optionsOf(whole)
	o.Shard = Shard{}
	made, ok := v.rebuild(o)
	if !ok {
		return nil, usage("the shards cannot be put together: %s", v.Differences[0].Found)
	}
	out := v.derived
	out.Environment, out.Pace, out.Started, out.Elapsed = whole.Environment, whole.Pace, whole.Started, whole.Elapsed
	out.Safety, out.Settings, out.Suite.Timeout = whole.Safety, whole.Settings, whole.Suite.Timeout
	out.Merged = &record.MergedInfo{Shards: len(ordered)}
	concludes := v.binding.concludes()
	if dropped(whole) {
		out.Merged.Apart = s.apart(func(Check) bool { return true })
		concludes.conclude(out, caseRuns(made), map[ref][]record.Finding{})
		out.Cases = whole.Cases
		concludes.sum(out)
	} else {
		out.Merged.Apart = s.apart(func(c Check) bool { return c.clocked })
		concludes.conclude(out, caseRuns(made), s.betweenShards(made, len(ordered)))
	}
	if at := slices.IndexFunc(ordered, func(r *record.Report) bool { return r.Interrupted }); at >= 0 {
		out.Interrupted, out.Verdict = true, record.Unjudged
		out.Reason = fmt.Sprintf("shard %s was interrupted", ordered[at].Suite.Shard)
	}
	for _, more := range complete {
		more(out)
	}
	return out, nil
}

// dropped reports whether a report keeps a part of the exchanges.
func dropped(r *record.Report) bool {
	return slices.ContainsFunc(r.Cases, func(c record.CaseResult) bool { return c.Dropped > 0 })
}

// apart names the checks between answers that were made within each shard alone.
func (s *Suite) apart(are func(Check) bool) (out []string) {
	for _, c := range s.checks {
		if c.across != nil && are(c) {
			out = append(out, c.Name)
		}
	}
	return out
}

// shardsOf returns the reports in the order of their shards.
func (s *Suite) shardsOf(reports []*record.Report) ([]*record.Report, error) {
	if len(reports) == 0 {
		return nil, usage("there are no reports; name those of all shards")
	}
	first := reports[0]
	var of int
	by := map[int]*record.Report{}
	for _, r := range reports {
		if err := s.wrote(r); err != nil {
			return nil, err
		}
		at := shardOf(r.Suite.Shard)
		if at.Of == 0 || at.valid() != nil {
			return nil, usage("a report is of no shard; write those to merge by fmaspec run -shard I/N")
		}
		of = cmp.Or(of, at.Of)
		switch {
		case at.Of != of:
			return nil, usage("one report is of a shard of %d, and another of %d; merge those of one run", of, at.Of)
		case by[at.Index] != nil:
			return nil, usage("two reports are of the shard %s; name each once", at)
		}
		for _, row := range []struct{ what, one, other string }{
			{"target", first.Target.URL, r.Target.URL}, {"seed", first.Suite.Seed, r.Suite.Seed},
			{"level", first.Suite.Level.String(), r.Suite.Level.String()},
			{"pattern of cases", first.Suite.Run + " " + first.Suite.Skip, r.Suite.Run + " " + r.Suite.Skip},
			{"generators", strings.Join(first.Suite.Generated, " "), strings.Join(r.Suite.Generated, " ")},
			{"number of repetitions", fmt.Sprint(first.Suite.Repeat), fmt.Sprint(r.Suite.Repeat)},
			{"own rules", record.RulesText(first.Suite.OwnRules), record.RulesText(r.Suite.OwnRules)},
			{"strictness", fmt.Sprint(first.Suite.Strict), fmt.Sprint(r.Suite.Strict)},
		} {
			if row.one != row.other {
				return nil, usage("the shards %s and %s differ in their %s, %q and %q; give all the same, the seed "+
					"by -seed", first.Suite.Shard, r.Suite.Shard, row.what, row.one, row.other)
			}
		}
		by[at.Index] = r
	}
	var out, missing []string
	ordered := make([]*record.Report, 0, of)
	for i := range of {
		if by[i+1] == nil {
			missing = append(missing, Shard{i + 1, of}.String())
			continue
		}
		out = append(out, by[i+1].Suite.Shard)
		ordered = append(ordered, by[i+1])
	}
	if len(missing) > 0 {
		return nil, usage("the report of shard %s is missing, and that of %s is there; name the reports of all "+
			"shards", strings.Join(missing, ", "), strings.Join(out, ", "))
	}
	return ordered, nil
}

// joined returns one report with the cases of each shard that belong to it.
func (s *Suite) joined(shards []*record.Report) *record.Report {
	out := *shards[0]
	out.Suite.Shard, out.Cases, out.Panics, out.Load, out.Baseline = "", nil, nil, nil, nil
	out.Settings = slices.DeleteFunc(slices.Clone(out.Settings),
		func(s record.Setting) bool { return s.Flag == "shard" })
	out.Safety.Actions, out.Safety.MaxActions = 0, 0
	out.Pace = record.PaceInfo{}
	for i, r := range shards {
		own := Shard{i + 1, len(shards)}
		for _, c := range r.Cases {
			if own.has(c.ID) {
				out.Cases = append(out.Cases, c)
			}
		}
		out.Panics = append(out.Panics, r.Panics...)
		out.Safety.Actions += r.Safety.Actions
		out.Safety.MaxActions += r.Safety.MaxActions
		out.Pace.Retries += r.Pace.Retries
		out.Pace.Waited += r.Pace.Waited
		out.Elapsed = max(out.Elapsed, r.Elapsed)
		if r.Started.Before(out.Started) {
			out.Started = r.Started
		}
		if out.LastLook == nil {
			out.LastLook = r.LastLook
		}
	}
	slices.SortFunc(out.Cases, func(a, b record.CaseResult) int { return cmp.Compare(a.ID, b.ID) })
	return &out
}

// betweenShards returns what the checks across exchanges find: those that compare times by the
// clock of one machine within each shard, and the others over all of them.
func (s *Suite) betweenShards(made []*job, shards int) map[ref][]record.Finding {
	out := map[ref][]record.Finding{}
	note := func(clocked bool, has func(id string) bool) {
		t := s.newTogether(room{})
		t.only(func(c Check) bool { return c.clocked == clocked })
		for _, j := range made {
			for _, x := range j.exchanges {
				if has(j.c.ID) {
					t.note(x)
				}
			}
		}
		for at, findings := range t.findings() {
			out[at] = append(out[at], findings...)
		}
	}
	note(false, func(string) bool { return true })
	for i := range shards {
		note(true, Shard{i + 1, shards}.has)
	}
	return out
}

// only leaves out checks.
func (t *together) only(keep func(Check) bool) {
	var checks []Check
	var states []across
	for i, c := range t.checks {
		if keep(c) {
			checks, states = append(checks, c), append(states, t.states[i])
		}
	}
	t.checks, t.states = checks, states
}
