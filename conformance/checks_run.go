package conformance

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fmaspec/conformance/internal/guard"
)

func runChecks() []Check {
	return []Check{
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

// acrossRelations are the relations that hold between answers: each makes the check
// of its name.
func acrossRelations() map[string]func(check string, limit int) across {
	return map[string]func(string, int) across{
		"fresh": func(check string, limit int) across { return &idsFresh{check, newLatest[[]noted](limit)} },
		"instant-form": func(check string, _ int) across {
			return &instantForm{check, controls{},
				map[formKey]*formOf{}}
		},
		"same-for-machine": func(check string, limit int) across {
			return &byMachine{check, controls{}, newLatest[[]noted](limit), true}
		},
		"differs-by-machine": func(check string, limit int) across {
			return &byMachine{check, controls{}, newLatest[[]noted](limit), false}
		},
	}
}

// A noted value is one of an answer, kept for a relation between answers.
type noted struct {
	mention
	relation *relation
	value    string
	machine  string
}

// problem charges what a value breaks to its relation.
func (n noted) problem(want, got string) []Problem {
	return []Problem{{Place: n.relation.At[0], Want: want, Got: got, Requirement: n.relation.Requirement}}
}

// values returns what the checks between answers keep of a readable answer, by their
// names: of an instant-form, for each member, what it is where it is an instant of
// another form, else ""; of the others the value.
func (x *observed) values() map[string][]string {
	out := map[string][]string{}
	for check, r := range x.terms.across {
		kept := make([]string, len(r.At))
		for i, pointer := range r.At {
			for _, p := range x.texts(pointer) {
				text := p.value.(string)
				if r.Kind == "instant-form" {
					if _, err := instant(text); err != nil || r.form.MatchString(text) {
						continue
					}
					text = show(text)
				}
				kept[i] = strings.Clone(text)
				break
			}
		}
		out[check] = kept
	}
	return out
}

// idsFresh keeps for each value that identifies an action the requests whose answers
// have it.
type idsFresh struct {
	check string
	*latest[[]noted]
}

// sameIDs is how many answers with one value a session without end keeps.
const sameIDs = 64

func (k *idsFresh) note(at ref, x *Judged) (shows bool) {
	r := x.terms.across[k.check]
	if r == nil || x.ActionID == "" || x.File == "" {
		return false
	}
	n, with := noted{mention: mentionOf(at, x), relation: r}, k.of[x.ActionID]
	shows = slices.ContainsFunc(with, func(o noted) bool { return !strings.EqualFold(o.file, n.file) })
	if k.limit == 0 || len(with) < sameIDs {
		k.put(x.ActionID, append(with, n))
	}
	return shows
}

func (k *idsFresh) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for id, all := range k.of {
		if len(all) == 1 {
			continue
		}
		all = slices.SortedFunc(slices.Values(all), func(a, b noted) int { return plainer(a.mention, b.mention) })
		for _, n := range all[1:] {
			if !strings.EqualFold(n.file, all[0].file) {
				out[n.ref] = n.problem("an id of its own", fmt.Sprintf("%q, which %s got for another file", id,
					all[0].c.ID))
			}
		}
	}
	return out
}

// byMachine compares a value of the answers with the machine that the path names: for
// one machine it is the same, or for different machines it is another. It keeps for each
// machine the plainest answer with each value, or for each value the plainest one about
// each machine.
type byMachine struct {
	check string
	controls
	*latest[[]noted]
	same bool // for one machine
}

// parts returns what a noted value is kept under, and what all under that have in common.
func (k *byMachine) parts(n noted) (key, common string) {
	value := n.value
	if n.relation.IgnoreCase {
		value = strings.ToLower(value)
	}
	if k.same {
		return n.machine, value
	}
	return value, n.machine
}

func (k *byMachine) note(at ref, x *Judged) (shows bool) {
	k.controls.note(at)
	r, kept := x.terms.across[k.check], x.values[k.check]
	if r == nil || len(kept) == 0 || kept[0] == "" || x.machine == "" || x.Unjudged != "" {
		return false
	}
	n := noted{mentionOf(at, x), r, kept[0], x.machine}
	key, common := k.parts(n)
	all := slices.Clone(k.of[key])
	i := slices.IndexFunc(all, func(o noted) bool {
		_, other := k.parts(o)
		return other == common
	})
	switch {
	case i >= 0 && plainer(n.mention, all[i].mention) < 0:
		all[i] = n
	case i < 0 && (k.limit == 0 || len(all) < sameIDs):
		shows = len(all) > 0
		all = append(all, n)
	}
	k.put(key, all)
	return shows
}

// problems charges all that stand under one key but the plainest.
func (k *byMachine) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for _, all := range k.of {
		all = slices.SortedFunc(slices.Values(all), func(a, b noted) int { return k.order(a.mention, b.mention) })
		for first, rest := all[0], all[1:]; len(rest) > 0; rest = rest[1:] {
			n := rest[0]
			want := "another value than for another machine"
			got := fmt.Sprintf("%s, which %s got for the machine %s", show(n.value), first.c.ID, first.machine)
			if k.same {
				want, got = fmt.Sprintf("%s, as %s got for the same machine", show(first.value), first.c.ID),
					show(n.value)
			}
			out[n.ref] = append(out[n.ref], n.problem(want, got)...)
		}
	}
	return out
}

// instantForm judges the form of times once for each operation and member: whether
// one answer has more than seven digits depends on chance, where trailing zeros are
// left out. It is charged to the plainest answer. One that the record holds in
// part is passed over where there is another, for it cannot be judged again.
type instantForm struct {
	check string
	controls
	of map[formKey]*formOf
}

// A formKey is what the answers have in common that are judged together.
type formKey struct {
	operation string
	shortened bool
}

// formOf is what is kept of the answers of an operation, by their case.
type formOf struct {
	relation *relation
	cases    map[*Case]*formOfCase
}

// formOfCase is what is kept of the answers of one case.
type formOfCase struct {
	first mention   // the plainest
	odd   []mention // for each member, the plainest in which it has another form; a zero one where none has
	got   []string  // that form
}

func (k *instantForm) note(at ref, x *Judged) (shows bool) {
	k.controls.note(at)
	r, values := x.terms.across[k.check], x.values[k.check]
	if r == nil || values == nil || x.Unjudged != "" {
		return false
	}
	key := formKey{x.terms.ID, x.Response.Shortened}
	if k.of[key] == nil {
		k.of[key] = &formOf{r, map[*Case]*formOfCase{}}
	}
	m := mentionOf(at, x)
	kept := k.of[key].cases[at.c]
	if kept == nil {
		kept = &formOfCase{m, make([]mention, len(values)), make([]string, len(values))}
		k.of[key].cases[at.c] = kept
	}
	if plainer(m, kept.first) < 0 {
		kept.first = m
	}
	for i, got := range values {
		if got != "" && (kept.got[i] == "" || plainer(m, kept.odd[i]) < 0) {
			shows = shows || kept.got[i] == ""
			kept.odd[i], kept.got[i] = m, got
		}
	}
	return shows
}

func (k *instantForm) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for key, all := range k.of {
		if _, whole := k.of[formKey{key.operation, false}]; key.shortened && whole {
			continue
		}
		first := slices.MinFunc(slices.Collect(maps.Values(all.cases)),
			func(a, b *formOfCase) int { return k.order(a.first, b.first) }).first
		for i, pointer := range all.relation.At {
			var odd mention
			got := ""
			for _, kept := range all.cases {
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
			out[first.ref] = append(out[first.ref], Problem{
				Place: pointer, Want: all.relation.Want + ", in every answer", Got: got,
				Requirement: all.relation.Requirement,
			})
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
		if i < len(text) && guard.IsHexDigit(text[i]) {
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

// oddness returns how far a request is from a plain one.
func oddness(x *Exchange) int {
	switch {
	case x.Case.Generator != "":
		return 3
	case x.expect() != Accepted:
		return 2
	case x.Case.Control != "":
		return 1
	}
	return 0
}

// controls are the ids of the cases from which others differ.
type controls map[string]bool

func (k controls) note(at ref) {
	for _, id := range at.c.controls() {
		k[id] = true
	}
}

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
	foreign := slices.DeleteFunc(slices.Clone(x.Traces),
		func(mark string) bool { return slices.Contains(x.Marks, mark) })
	if len(foreign) == 0 {
		return false
	}
	t := traced{m, foreign}
	_, _, shows = k.foreign(t)
	k.traces = append(k.traces, t) // the request with the value may be noted later
	if n := k.owners.limit; n > 0 && len(k.traces) > n {
		k.traces = k.traces[1:]
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
			out[t.ref] = problem("body", "nothing of another request", fmt.Sprintf("%q, which %s sent", mark,
				other.c.ID))
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
