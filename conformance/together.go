package conformance

import (
	"slices"

	"fmaspec/conformance/record"
)

// An across is a check over all exchanges of a run, under way. It keeps of each exchange
// the few values that it needs, and of a session without end only so many of them as its
// limit says.
type across interface {
	note(at ref, x *Judged) (shows bool) // takes one exchange into account, and reports whether it shows something new
	problems() map[ref][]Problem         // of all that were noted
}

// A ref names an exchange after it is gone.
type ref struct {
	c    *Case // nil only where Judge was given none
	step int   // of the case, counted through all its repetitions from 0
}

// sessionLimit is how many of the latest values each check across exchanges keeps of a
// session in which cases are sent more often than was planned: the ids of actions, and
// the values that requests sent. A value that comes back later than that is not noticed.
const sessionLimit = 1 << 16

// sessionRoom is the room of a session.
func sessionRoom() room { return room{values: sessionLimit} }

// together holds the checks across exchanges of one run.
type together struct {
	suite  *Suite
	checks []Check
	states []across
}

// A room says how much each check across exchanges keeps. The zero value is no limit.
type room struct {
	values int // the latest ones
	alike  int // answers with one value, beyond sameIDs of each, in all
}

// newTogether returns the checks across exchanges.
func (s *Suite) newTogether(limit room) *together {
	t := &together{suite: s}
	for _, c := range s.checks {
		if c.across != nil {
			t.checks, t.states = append(t.checks, c), append(t.states, c.across(limit))
		}
	}
	return t
}

// note takes an exchange into account, and reports whether it shows something new.
func (t *together) note(x *Judged) (shows bool) {
	for _, state := range t.states {
		shows = state.note(x.ref(), x) || shows
	}
	return shows
}

// findings returns what the checks find, nil where t is nil.
func (t *together) findings() map[ref][]record.Finding {
	if t == nil {
		return nil
	}
	out := map[ref][]record.Finding{}
	for i, state := range t.states {
		for at, problems := range state.problems() {
			for _, p := range problems {
				if f := t.suite.finding(t.checks[i], at, p); !t.suite.isOff(f.Requirement) {
					out[at] = append(out[at], f)
				}
			}
		}
	}
	return out
}

// latest is a map that keeps the values of the latest keys.
type latest[V any] struct {
	of    map[string]V
	keys  []string // in the order of their coming, where there is a limit
	limit int      // 0 for none
	extra int      // by how much the lists of all keys are longer than sameIDs together
	more  int      // the most of that
}

func newLatest[V any](limit room) *latest[V] {
	return &latest[V]{of: map[string]V{}, limit: limit.values, more: limit.alike}
}

// mayAdd reports whether one more may be put into a list of so many, and counts it.
func (m *latest[V]) mayAdd(long int) bool {
	if m.limit == 0 || long < sameIDs {
		return true
	}
	if m.extra >= m.more {
		return false
	}
	m.extra++
	return true
}

// put sets the value of a key, and forgets the eldest where there are too many.
func (m *latest[V]) put(key string, value V) {
	if _, known := m.of[key]; !known && m.limit > 0 {
		if len(m.keys) >= m.limit {
			delete(m.of, m.keys[0])
			m.keys = m.keys[1:]
		}
		m.keys = append(m.keys, key)
	}
	m.of[key] = value
}

// full reports whether a further key makes it forget the eldest.
func (m *latest[V]) full() bool { return m.limit > 0 && len(m.keys) >= m.limit }

// drop forgets a key.
func (m *latest[V]) drop(key string) {
	if _, known := m.of[key]; known {
		delete(m.of, key)
		m.keys = slices.DeleteFunc(m.keys, func(k string) bool { return k == key })
	}
}
