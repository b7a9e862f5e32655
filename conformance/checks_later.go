package conformance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// notBefore compares the instants of actions with the order in which they were asked for:
// one that was asked for after the answer about another one had come is not created before
// that one, but for a tolerance. It is judged once for each operation, and charged to the
// plainest answer, for which answers show it depends on chance. A session without end keeps
// the latest of them, and what those before them showed.
type notBefore struct {
	check string
	controls
	firsts
	limit int
	shown laters
	kept  []timed // in the order of their coming
	front []timed // those before which none ended with a later instant, in the order of both
}

// laters are what answers show of each operation.
type laters struct {
	first map[string]timed    // the plainest answer
	back  map[string][2]timed // the plainest whose instant is before that of an earlier one, and that one
}

// timed is an answer with an instant, and when the exchange was.
type timed struct {
	mention
	relation       *relation
	operation      string
	started, ended time.Time
	at             time.Time
	text           string // the instant as it was written
}

func newNotBefore(check string, limit room) *notBefore {
	return &notBefore{check: check, controls: controls{}, firsts: newFirsts(limit), limit: limit.values / lately,
		shown: laters{map[string]timed{}, map[string][2]timed{}}}
}

// timedOf returns what is kept of an exchange. A request that was sent again may have been
// carried out before, and one whose file others name too may be answered with an action
// that is there.
func (k *notBefore) timedOf(at ref, x *Judged) (n timed, is bool) {
	text, r := x.value(k.check)
	if r == nil || x.Started.IsZero() || x.Alone != "" || x.Retries > 0 || !k.created(at, x) {
		return n, false
	}
	t, err := instant(text)
	return timed{mentionOf(at, x), r, x.terms.ID, x.Started, x.Started.Add(x.Elapsed), t, text}, err == nil
}

// goesBack reports whether the instant is before that of an answer that had come before. An
// instant in whole seconds may be any of its second.
func (n timed) goesBack(before timed) bool {
	latest := n.at.Add(n.relation.tolerance)
	if n.at.Nanosecond() == 0 {
		latest = latest.Add(time.Second - 1)
	}
	return latest.Before(before.at)
}

// latestBefore returns of the front, which is in the order of both times, the answer with
// the latest instant of those that had come before a request was sent.
func latestBefore(front []timed, started time.Time) (timed, bool) {
	i, _ := slices.BinarySearchFunc(front, started, func(n timed, t time.Time) int { return n.ended.Compare(t) })
	if i == 0 {
		return timed{}, false
	}
	return front[i-1], true
}

// advance adds an answer to a front, unless one that came no later has as late an instant.
func advance(front []timed, n timed) []timed {
	i, _ := slices.BinarySearchFunc(front, n, func(o, n timed) int {
		return cmp.Or(o.ended.Compare(n.ended), o.at.Compare(n.at))
	})
	if i > 0 && !front[i-1].at.Before(n.at) {
		return front
	}
	past := i
	for past < len(front) && !front[past].at.After(n.at) {
		past++
	}
	return slices.Replace(front, i, past, n)
}

func (k *notBefore) note(at ref, x *Judged) (shows bool) {
	k.controls.note(at)
	n, is := k.timedOf(at, x)
	if !is {
		return false
	}
	if before, is := latestBefore(k.front, n.started); is {
		shows = n.goesBack(before)
	}
	k.kept, k.front = append(k.kept, n), advance(k.front, n)
	if k.limit > 0 {
		past := max(len(k.kept)-k.limit, 0)
		k.look(k.shown, k.kept[:past])
		k.kept = k.kept[past:]
		k.front = k.front[max(len(k.front)-k.limit, 0):]
	}
	return shows
}

// look adds what answers show.
func (k *notBefore) look(shown laters, at []timed) {
	for _, n := range at {
		if plainest, is := shown.first[n.operation]; !is || k.order(n.mention, plainest.mention) < 0 {
			shown.first[n.operation] = n
		}
		before, is := latestBefore(k.front, n.started)
		if !is || !n.goesBack(before) {
			continue
		}
		if known, is := shown.back[n.operation]; !is || k.order(n.mention, known[0].mention) < 0 {
			shown.back[n.operation] = [2]timed{n, before}
		}
	}
}

func (k *notBefore) problems() map[ref][]Problem {
	shown := laters{maps.Clone(k.shown.first), maps.Clone(k.shown.back)}
	k.look(shown, k.kept)
	out := map[ref][]Problem{}
	for operation, pair := range shown.back {
		to, n, before := shown.first[operation], pair[0], pair[1]
		got := show(n.text)
		if n.ref != to.ref {
			got += ", in " + n.name()
		}
		out[to.ref] = n.relation.problem(fmt.Sprintf("%s, such as %s in %s, in every answer", n.relation.Want,
			show(before.text), before.name()), got)
	}
	return out
}
