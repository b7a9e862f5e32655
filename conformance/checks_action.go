package conformance

import (
	"fmt"
	"slices"
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

// actionKey is what answers about one action have in common, "" of an answer that is not compared.
// An id that actions on different files have is a finding of another check.
func actionKey(x *Judged) string {
	if x.ActionID == "" || x.Case == nil || x.Case.Recorded || x.File == "" {
		return ""
	}
	return strings.Join([]string{x.ActionID, x.terms.ID, strings.ToLower(x.machine), strings.ToLower(x.File)}, "\x00")
}

func (k *sameForAction) note(at ref, x *Judged) (shows bool) {
	text, r := x.value(k.check)
	key := actionKey(x)
	if r == nil || key == "" {
		return false
	}
	n := noted{mention: mentionOf(at, x), relation: r, value: text}
	before, known := k.of[key]
	if !known {
		k.put(key, n)
		return false
	}
	if _, known := k.found[x.Case]; known || sameInstant(before.value, text) {
		return false
	}
	k.found[x.Case] = foundAt{at, r.problem("the instant that "+before.nameIn(at)+" got for the same action",
		show(text))}
	return true
}

func (k *sameForAction) problems() map[ref][]Problem { return problemsFound(k.found) }

func problemsFound(found map[*Case]foundAt) map[ref][]Problem {
	out := map[ref][]Problem{}
	for _, f := range found {
		out[f.ref] = f.problems
	}
	return out
}

// alongAction compares a member in the answers about one action with that in the answer before:
// an action goes on, and not back.
type alongAction struct {
	check string
	*latest[during]
	back  func(r *relation, before, text string) (want string, back bool)
	found map[*Case]foundAt // the first of each case
}

// during is an answer with a value, and when the exchange was.
type during struct {
	noted
	ended time.Time
}

func newAlongAction(check string, limit room, back func(r *relation, before, text string) (string, bool)) *alongAction {
	return &alongAction{check, newLatest[during](room{values: limit.values / lately}), back, map[*Case]foundAt{}}
}

func (k *alongAction) note(at ref, x *Judged) (shows bool) {
	text, r := x.value(k.check)
	key := actionKey(x)
	if r == nil || key == "" {
		return false
	}
	n := during{noted{mention: mentionOf(at, x), relation: r, value: text}, x.Started.Add(x.Elapsed)}
	before, known := k.of[key]
	switch {
	case !known:
		k.put(key, n)
		return false
	case x.Started.Before(before.ended):
		return false // both were under way at once
	}
	k.of[key] = n
	want, back := k.back(r, before.value, text)
	if _, known := k.found[x.Case]; known || !back {
		return false
	}
	k.found[x.Case] = foundAt{at, r.problem(fmt.Sprintf("%s, for %s got %s for the same action before", want,
		before.nameIn(at), show(before.value)), show(text))}
	return true
}

func (k *alongAction) problems() map[ref][]Problem { return problemsFound(k.found) }

// stays reports whether a value is another one although one that stays was there before.
func stays(r *relation, before, text string) (want string, back bool) {
	return show(before), text != before && slices.Contains(r.Values, before)
}

// later reports whether an instant is before an earlier one by more than the tolerance.
func later(r *relation, before, text string) (want string, back bool) {
	t, err := instant(before)
	u, err2 := instant(text)
	if err != nil || err2 != nil {
		return "", false // a finding of another check
	}
	return "no earlier time", u.Add(r.tolerance).Before(t)
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
