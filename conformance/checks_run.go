package conformance

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"fmaspec/schemas"
)

func runChecks() []Check {
	return []Check{
		{Name: "ids-fresh", Requirements: []string{"action.id"},
			Doc:    "Actions on different files have different ids.",
			across: newIDsFresh},
		{Name: "times-with-z", Requirements: []string{"time.utc-z"},
			Doc:    "Over all answers of an operation, both times end in Z and have at most 7 fraction digits; charged to the plainest answer.",
			across: newTimesWithZ},
		{Name: "own-input", kinds: []Kind{Isolation}, Requirements: []string{"state.isolated"},
			Doc:    "An answer holds nothing of another request.",
			across: newOwnInput},
	}
}

// A mention is what a check across exchanges keeps of one.
type mention struct {
	ref
	file string
	odd  int // see oddness
}

func mentionOf(at ref, x *Judged) mention { return mention{at, x.File, oddness(x.Exchange)} }

// plainer orders mentions: those that differ from no control first, so that an odd request
// is reported to repeat a plain one.
func plainer(a, b mention) int {
	return cmp.Or(cmp.Compare(a.odd, b.odd), cmp.Compare(a.c.ID, b.c.ID), cmp.Compare(a.step, b.step))
}

// idsFresh keeps for each action's id the requests whose answers have it.
type idsFresh struct{ *latest[[]mention] }

// sameIDs is how many answers with one id a session without end keeps.
const sameIDs = 64

func newIDsFresh(limit int) across { return idsFresh{newLatest[[]mention](limit)} }

func (k idsFresh) note(at ref, x *Judged) (shows bool) {
	if x.ActionID == "" || x.File == "" {
		return false
	}
	m, with := mentionOf(at, x), k.of[x.ActionID]
	shows = slices.ContainsFunc(with, func(o mention) bool { return !strings.EqualFold(o.file, m.file) })
	if k.limit == 0 || len(with) < sameIDs {
		k.put(x.ActionID, append(with, m))
	}
	return shows
}

func (k idsFresh) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for id, all := range k.of {
		if len(all) == 1 {
			continue
		}
		all = slices.SortedFunc(slices.Values(all), plainer)
		for _, m := range all[1:] {
			if !strings.EqualFold(m.file, all[0].file) {
				out[m.ref] = problem("/id", "an id of its own", fmt.Sprintf("%q, which %s got for another file", id, all[0].c.ID))
			}
		}
	}
	return out
}

// timeWithZ is the form in which the documents' examples show a time.
var timeWithZ = regexp.MustCompile(`^[^.]*(\.[0-9]{1,7})?[Zz]$`)

// oddTimes returns, for each of the times of a readable answer, what it is where
// it is a time of another form than that of the examples, else "".
func (x *observed) oddTimes() []string {
	out := make([]string, len(timeMembers()))
	for i, name := range timeMembers() {
		text, ok := x.answer.member(name)
		bad := slices.ContainsFunc(x.answer.violations, func(v schemas.Violation) bool { return v.Pointer == "/"+name })
		if _, err := instant(text); ok && !bad && err == nil && !timeWithZ.MatchString(text) {
			out[i] = strings.Clone(show(text))
		}
	}
	return out
}

// timesWithZ judges the form of times once for each operation and member: whether
// one answer has more than seven digits depends on chance, where trailing zeros are
// left out. It is charged to the plainest answer. One that the record holds in
// part is passed over where there is another, for it cannot be judged again.
type timesWithZ struct {
	controls
	of map[timesKey]map[*Case]*timesOf
}

// A timesKey is what the answers have in common that are judged together.
type timesKey struct {
	operation string
	shortened bool
}

// timesOf is what is kept of the answers of one case.
type timesOf struct {
	first mention   // the plainest
	odd   []mention // for each member, the plainest in which it has another form; a zero one where none has
	got   []string  // that form
}

func newTimesWithZ(int) across {
	return &timesWithZ{controls{}, map[timesKey]map[*Case]*timesOf{}}
}

func (k *timesWithZ) note(at ref, x *Judged) (shows bool) {
	k.controls.note(at)
	if x.times == nil || x.Unjudged != "" {
		return false
	}
	key := timesKey{x.Case.Steps[x.Step].operation(x.Case), x.Response.Shortened}
	if k.of[key] == nil {
		k.of[key] = map[*Case]*timesOf{}
	}
	m := mentionOf(at, x)
	kept := k.of[key][at.c]
	if kept == nil {
		kept = &timesOf{m, make([]mention, len(x.times)), make([]string, len(x.times))}
		k.of[key][at.c] = kept
	}
	if plainer(m, kept.first) < 0 {
		kept.first = m
	}
	for i, got := range x.times {
		if got != "" && (kept.got[i] == "" || plainer(m, kept.odd[i]) < 0) {
			shows = shows || kept.got[i] == ""
			kept.odd[i], kept.got[i] = m, got
		}
	}
	return shows
}

func (k *timesWithZ) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for key, cases := range k.of {
		if _, whole := k.of[timesKey{key.operation, false}]; key.shortened && whole {
			continue
		}
		first := slices.MinFunc(slices.Collect(maps.Values(cases)), func(a, b *timesOf) int { return k.order(a.first, b.first) }).first
		for i, name := range timeMembers() {
			var odd mention
			got := ""
			for _, kept := range cases {
				if kept.got[i] != "" && (got == "" || k.order(kept.odd[i], odd) < 0) {
					odd, got = kept.odd[i], kept.got[i]
				}
			}
			if got == "" {
				continue
			}
			if odd.ref != first.ref {
				got += ", in " + odd.c.ID
			}
			out[first.ref] = append(out[first.ref], Problem{Place: "/" + name, Want: "a time with Z and at most 7 fraction digits, in every answer", Got: got})
		}
	}
	return out
}

// traces returns what in a text has the form of a value of {{sha1}} or
// {{comment}}, in lower case. It is a scan by hand, for it reads every answer of
// a run: a regular expression here took a third of the run's time.
func traces(text []byte) (out []string) {
	run := 0 // hexadecimal digits up to here
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isHex(text[i]) {
			run++
			continue
		}
		from := i - run
		switch {
		case run == sha1Digits:
			out = append(out, strings.ToLower(string(text[from:i])))
		case run == markDigits && bytes.HasSuffix(text[:from], []byte(markPrefix)):
			out = append(out, markPrefix+string(text[from:i]))
		}
		run = 0
	}
	return out
}

const sha1Digits, markDigits = 40, 16

// allHex reports whether a text is hexadecimal digits and nothing else.
func allHex(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7F || !isHex(byte(r)) })
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// oddness returns how far a request is from a plain one.
func oddness(x *Exchange) int {
	switch {
	case x.expect() != Accepted:
		return 2
	case x.Case.Control != "":
		return 1
	}
	return 0
}

// controls are the ids of the cases from which others differ.
type controls map[string]bool

func (k controls) note(at ref) { k[at.c.Control] = true }

// order orders mentions, the plainest first, which a problem of many answers is charged
// to: those of controls, then by oddness.
func (k controls) order(a, b mention) int {
	if c, d := k[a.c.ID], k[b.c.ID]; c != d {
		return map[bool]int{true: -1, false: 1}[c]
	}
	return plainer(a, b)
}

// ownInput keeps who sent which mark, and the marks in answers to other requests.
type ownInput struct {
	owners *latest[[]mention]
	traces []traced
}

// A traced is an answer with values that it may have from another request.
type traced struct {
	mention
	marks []string
}

func newOwnInput(limit int) across { return &ownInput{owners: newLatest[[]mention](limit)} }

func (k *ownInput) note(at ref, x *Judged) (shows bool) {
	m := mentionOf(at, x)
	for _, mark := range x.Marks {
		k.owners.put(mark, append(k.owners.of[mark], m))
	}
	foreign := slices.DeleteFunc(slices.Clone(x.Traces), func(mark string) bool { return slices.Contains(x.Marks, mark) })
	if len(foreign) == 0 {
		return false
	}
	t := traced{m, foreign}
	_, _, shows = k.foreign(t)
	if k.owners.limit == 0 || shows && len(k.traces) < sessionLimit {
		k.traces = append(k.traces, t) // without a limit, the request with the mark may come behind the answer
	}
	return shows
}

// foreign returns the first value in an answer that another request sent, and that one.
func (k *ownInput) foreign(t traced) (mark string, other mention, is bool) {
	for _, mark := range t.marks {
		if other, is := foreignOwner(t.mention, k.owners.of[mark]); is {
			return mark, other, true
		}
	}
	return "", mention{}, false
}

func (k *ownInput) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for _, t := range k.traces {
		if mark, other, is := k.foreign(t); is {
			out[t.ref] = problem("body", "nothing of another request", fmt.Sprintf("%q, which %s sent", mark, other.c.ID))
		}
	}
	return out
}

// foreignOwner returns the first of the exchanges that sent a value, where none of them
// asked for the same file as the one whose answer holds it: an implementation may answer
// equal calls with one action.
func foreignOwner(x mention, owners []mention) (mention, bool) {
	if len(owners) == 0 || slices.ContainsFunc(owners, func(o mention) bool {
		return o.ref == x.ref || x.file != "" && strings.EqualFold(o.file, x.file)
	}) {
		return mention{}, false
	}
	return slices.MinFunc(owners, func(a, b mention) int {
		return cmp.Or(cmp.Compare(a.c.ID, b.c.ID), cmp.Compare(a.step, b.step))
	}), true
}
