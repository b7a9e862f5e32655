package conformance

import (
	"fmt"
	"net/http"
	"time"
)

// nearDate compares the instants of actions that were created for a request with the Date of
// the answer and with the clock here: a server's own clock may be wrong, and so may that of a
// proxy which sends the Date or the one here, but an action is created at the time of one of them.
// A server all of whose actions have one creation has no clock and is not judged. It is judged
// once for each operation and member, and charged to the plainest answer; and so are fractions
// of a second that lack the zeros at their beginning.
type nearDate struct {
	check string
	controls
	firsts
	relation *relation
	first    map[string]mention // of each operation, the plainest answer
	far      map[farKey]farFrom // the plainest that is far from the times
	times    map[string]bool    // the first member, as it is written; at most two
	digits   map[farKey]fractions
}

// A farKey is what is judged once: a member of the answers of an operation.
type farKey struct {
	operation string
	member    int
}

// A farFrom is an answer with an instant that is far from its Date.
type farFrom struct {
	mention
	relation *relation
	got      string
}

func newNearDate(check string, limit room) *nearDate {
	return &nearDate{check, controls{}, newFirsts(limit), nil, map[string]mention{}, map[farKey]farFrom{},
		map[string]bool{}, map[farKey]fractions{}}
}

func (k *nearDate) note(at ref, x *Judged) (shows bool) {
	k.controls.note(at)
	text, r := x.value(k.check)
	if r == nil || x.Case == nil || x.Case.Recorded || x.Started.IsZero() || x.Alone != "" || x.Retries > 0 ||
		!k.created(at, x) {
		return false
	}
	dates := x.Response.Header.Values("Date")
	if len(dates) != 1 {
		return false // another check finds more than one
	}
	date, err := http.ParseTime(dates[0])
	if err != nil {
		return false
	}
	m, operation := mentionOf(at, x), x.terms.ID
	k.relation = r
	if plainest, is := k.first[operation]; !is || k.order(m, plainest) < 0 {
		k.first[operation] = m
	}
	if len(k.times) < 2 {
		k.times[text] = true
	}
	kept, _ := x.kept(k.check)
	for i, text := range kept {
		t, err := instant(text)
		if err == nil {
			k.fractions(farKey{operation, i}).add(m, text, t, x)
		}
		if err != nil || t.Sub(date).Abs() <= r.tolerance || t.Sub(x.Started).Abs() <= r.tolerance+x.Elapsed {
			continue
		}
		key := farKey{operation, i}
		if plainest, is := k.far[key]; !is || k.order(m, plainest.mention) < 0 {
			shows = shows || !is
			k.far[key] = farFrom{m, r, fmt.Sprintf("%s, under the Date %s and at %s here", show(text), dates[0],
				x.Started.UTC().Format(time.RFC3339))}
		}
	}
	return shows
}

// fractions returns what is kept of the fractions of a member.
func (k *nearDate) fractions(key farKey) fractions {
	if k.digits[key] == nil {
		k.digits[key] = fractions{}
	}
	return k.digits[key]
}

func (k *nearDate) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	if len(k.times) < 2 {
		return out
	}
	for key, n := range k.far {
		to := k.first[key.operation]
		out[to.ref] = append(out[to.ref], n.relation.inEvery(n.relation.At[key.member], n.got, n.mention, to))
	}
	for key, all := range k.digits {
		n, is := all.unpadded(k.order)
		if to := k.first[key.operation]; is && k.far[key].relation == nil {
			r := *k.relation
			r.Want = "a fraction of a second with the zeros at its beginning"
			got := show(n.text) + ", which lacks them by the clock here"
			out[to.ref] = append(out[to.ref], r.inEvery(r.At[key.member], got, n.mention, to))
		}
	}
	return out
}
