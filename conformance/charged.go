package conformance

import "slices"

// A Charge says which requirements an outcome of a request is charged to, for a judge that is
// not this package, such as a script of a load tool.
type Charge struct {
	// broken where a request that is to be accepted is refused, or the other way round; those of a
	// plain request that is refused are the first of the kinds [Existence] and [Acceptance]
	Outcome []string
	// the refusal of this valid request is charged to the operation, and not to the request's form
	Plain  bool
	Status string         // broken by a refusal with another status than those of the step; "" for none
	Milder map[int]string // broken in its place by a refusal with one of these statuses
}

// Charge returns what the outcome of a step, from 0, is charged to.
func (c *Case) Charge(step int) Charge {
	x := &Exchange{Sent: Sent{Case: c, Step: step}}
	out := Charge{Outcome: x.charges(), Status: c.status, Milder: map[int]string{}}
	if x.expect() == Accepted {
		out.Plain = plainly(&observed{Exchange: x})
		if asksBoth(c) {
			out.Outcome = slices.DeleteFunc(slices.Clone(out.Outcome),
				func(id string) bool { return c.kinds[id] != Isolation })
		}
	}
	if len(out.Outcome) == 0 && c.main != "" && !out.Plain {
		out.Outcome = []string{c.main}
	}
	if out.Status == "" && len(out.Outcome) > 0 {
		out.Status = out.Outcome[0]
	}
	for _, m := range c.milder {
		for _, status := range m.Statuses {
			out.Milder[status] = m.id
		}
	}
	return out
}
