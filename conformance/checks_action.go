package conformance

import (
	"fmt"
	"strings"
	"time"
)

// sameForAction compares an instant in the answers about one action, by the value that identifies
// it: what comes back is the same action, and was created once. A server may write it in fewer
// digits the second time, as from a store.
type sameForAction struct {
	check string
	*latest[noted]
	found map[*Case]foundAt // the first of each case
}

// A foundAt is what an answer breaks.
type foundAt struct {
	ref
	problems []Problem
}

func newSameForAction(check string, limit room) *sameForAction {
	return &sameForAction{check, newLatest[noted](room{values: limit.values / lately}), map[*Case]foundAt{}}
}

func (k *sameForAction) note(at ref, x *Judged) (shows bool) {
	text, r := x.value(k.check)
	if r == nil || x.ActionID == "" || x.Case == nil || x.Case.Recorded || x.File == "" {
		return false
	}
	n := noted{mentionOf(at, x), r, text, ""}
	// An id that actions on different files have is a finding of another check.
	key := strings.Join([]string{x.ActionID, x.terms.ID, strings.ToLower(x.machine), strings.ToLower(x.File)}, "\x00")
	before, known := k.of[key]
	if !known {
		k.put(key, n)
		return false
	}
	if _, known := k.found[x.Case]; known || sameInstant(before.value, text) {
		return false
	}
	k.found[x.Case] = foundAt{at, r.problem("the instant that "+before.name()+" got for the same action", show(text))}
	return true
}

func (k *sameForAction) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for _, f := range k.found {
		out[f.ref] = f.problems
	}
	return out
}

// sameInstant reports whether two texts are one instant to the digits that both have: a store may
// round to some units of its last digit.
func sameInstant(a, b string) bool {
	t, err := instant(a)
	u, err2 := instant(b)
	if err != nil || err2 != nil {
		return true // a finding of another check
	}
	return t.Sub(u).Abs() <= 4*max(unitOf(t), unitOf(u))
}

// unitOf returns what the last digit of a time of day stands for.
func unitOf(t time.Time) time.Duration {
	unit := time.Second
	for range digits(t) {
		unit /= 10
	}
	return unit
}

// digits returns how many digits the fraction of the second has, without zeros at its end.
func digits(t time.Time) int {
	return len(strings.TrimRight(fmt.Sprintf("%09d", t.Nanosecond()), "0"))
}
