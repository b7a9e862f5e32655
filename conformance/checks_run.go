package conformance

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance/internal/guard"
	"fmaspec/conformance/record"
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

	source *record.Source // of recorded traffic
}

func mentionOf(at ref, x *Judged) mention {
	return mention{at, x.File, oddness(x.Exchange), sourceOf(x)}
}

// sourceOf returns where an exchange was read that no run of the suite sent as a case; else
// nil.
func sourceOf(x *Judged) *record.Source {
	if x.Case == nil || !x.Case.Recorded {
		return nil
	}
	return x.Source
}

// name is what findings call the exchange: its case, or where it was read.
func (m mention) name() string {
	if m.source != nil {
		return "the request at " + m.source.String()
	}
	return m.c.ID
}

// nameIn is name in a finding on an exchange: of one of the same case, which it is.
func (m mention) nameIn(at ref) string {
	if m.source == nil && m.c == at.c {
		return fmt.Sprintf("request %d of this case", m.step+1)
	}
	return m.name()
}

// plainer orders mentions: those that differ from no control first, so that an odd request
// is reported to repeat a plain one.
func plainer(a, b mention) int {
	return cmp.Or(cmp.Compare(a.odd, b.odd), cmp.Compare(a.c.ID, b.c.ID), cmp.Compare(a.step, b.step))
}

// acrossRelations are the relations that hold between answers: each makes the check
// of its name.
func acrossRelations() map[string]func(check string, limit room) across {
	return map[string]func(string, room) across{
		"fresh": func(check string, limit room) across { return &idsFresh{check, newLatest[*sameID](limit)} },
		"instant-form": func(check string, _ room) across {
			return &instantForm{check, controls{},
				map[formKey]*formOf{}}
		},
		"same-for-machine": func(check string, limit room) across {
			return &byGroup{check: check, latest: newLatest[*alike](limit), controls: controls{}, by: machineGroup(),
				same: true}
		},
		"differs-by-machine": func(check string, limit room) across {
			return &byGroup{check: check, latest: newLatest[*alike](limit), controls: controls{},
				by: apartMachineGroup(), kinds: map[int][]string{}}
		},
		"same-for-token": func(check string, limit room) across {
			return &byGroup{check: check, latest: newLatest[*alike](limit), controls: controls{},
				by: tokenGroup(newFirsts(limit)), same: true}
		},
		"echoed-alike":       func(check string, limit room) across { return newEchoedAlike(check, limit) },
		"same-for-action":    func(check string, limit room) across { return newSameForAction(check, limit) },
		"stays-for-action":   func(check string, limit room) across { return newAlongAction(check, limit, stays) },
		"later-for-action":   func(check string, limit room) across { return newAlongAction(check, limit, later) },
		"near-date":          func(check string, limit room) across { return newNearDate(check, limit) },
		"not-before-earlier": func(check string, limit room) across { return newNotBefore(check, limit) },
	}
}

// A noted value is one of an answer, kept for a relation between answers.
type noted struct {
	mention
	relation *relation
	value    string
	group    string // what the request is about: a machine, or a token
	made     bool   // the case makes it up
}

// problem charges what a value breaks to its relation.
func (r *relation) problem(want, got string) []Problem {
	return []Problem{{Place: r.At[0], Want: want, Got: got, Requirement: r.Requirement}}
}

// inEvery returns the problem that one answer has at a place something else than every answer has, for the plainest.
func (r *relation) inEvery(pointer, got string, odd, plainest mention) Problem {
	if odd.ref != plainest.ref {
		got += ", in " + odd.name()
	}
	return Problem{Place: pointer, Want: r.Want + ", in every answer", Got: got, Requirement: r.Requirement}
}

// values returns what the checks between answers keep of a readable answer, each from the slot of
// its relation: of an instant-form, for each member, what it is where it is an instant of
// another form, else ""; of an echoed-alike what [observed.echo] says; of the others the value.
func (x *observed) values() []string {
	if len(x.terms.kept) == 0 {
		return nil
	}
	out := make([]string, x.terms.slots)
	for _, r := range x.terms.kept {
		for i, pointer := range r.at {
			for _, place := range x.texts(make([]int, 0, usualTexts), pointer) {
				text := x.answer.action.TextAt(place)
				switch r.Kind {
				case "echoed-alike":
					text = x.echo(r, text)
				case "instant-form":
					if r.form.MatchString(text) {
						continue
					}
					if _, err := instant(text); err != nil {
						continue
					}
					text = show(text)
				}
				if out[r.slot+i] == "" {
					out[r.slot+i] = ownCopy(out, text)
				}
			}
		}
	}
	return out
}

// ownCopy returns a text that is no part of a body, which another value may be already.
func ownCopy(values []string, text string) string {
	if i := slices.Index(values, text); i >= 0 {
		return values[i]
	}
	return strings.Clone(text)
}

// kept returns the values that a check between answers keeps of the answer, and its relation; nil
// where there are none.
func (x *Judged) kept(check string) ([]string, *relation) {
	r := x.terms.across[check]
	if r == nil || x.values == nil {
		return nil, nil
	}
	return x.values[r.slot : r.slot+len(r.At)], r
}

// value returns the value of the one member of a relation between answers, and the
// relation; nil where the answer says nothing of it. One that the record holds in part is
// passed over, for it cannot be judged again.
func (x *Judged) value(check string) (string, *relation) {
	kept, r := x.kept(check)
	if len(kept) == 0 || kept[0] == "" || x.Unjudged != "" || x.Response.Shortened {
		return "", nil
	}
	return kept[0], r
}

// writtenOut reports whether the case writes the file out that the request names, as with
// the documents' examples. The action on such a file may have been there before the run,
// with a machine, a caller and times that a mock gives to this example alone.
func (x *Exchange) writtenOut() bool {
	if x.Case == nil {
		return false
	}
	for _, piece := range strings.Split(x.Case.Steps[x.Step].Body, "{{")[1:] {
		if variable, _, _ := strings.Cut(piece, "}}"); strings.Contains(variable, "sha1") {
			return false
		}
	}
	return true
}

// firsts are the first requests for each action: a further one may be answered with the
// action that is there.
type firsts struct{ *latest[ref] }

// lately is the share of the limit of a session that is kept of what comes back, if at all,
// soon: requests for one file stand in one case.
const lately = 16

func newFirsts(limit room) firsts { return firsts{newLatest[ref](room{values: limit.values / lately})} }

// created reports whether the answer is about an action that was created for this
// request. It is taken to be where the file belongs to the request, and none before asked
// for the same.
func (k firsts) created(at ref, x *Judged) bool {
	if !slices.Contains(x.Marks, strings.ToLower(x.File)) {
		return false
	}
	key := x.terms.ID + "\x00" + strings.ToLower(x.machine+"\x00"+x.File)
	if first, known := k.of[key]; known {
		return first == at
	}
	k.put(key, at)
	return true
}

// identified is an answer with a value that identifies its action.
type identified struct {
	mention
	relation           *relation
	value              string
	operation, machine string // "" where it is not known
}

// same reports whether two answers may be about one action: on one file and one machine,
// by one operation. What is not known of an answer may be the same.
func (n identified) same(o identified) bool {
	return strings.EqualFold(n.file, o.file) &&
		(n.operation == o.operation || n.operation == "" || o.operation == "") &&
		(strings.EqualFold(n.machine, o.machine) || n.machine == "" || o.machine == "")
}

// other says for what else another answer has the value of this one.
func (n identified) other(o identified) string {
	switch {
	case !strings.EqualFold(n.file, o.file):
		return "another file"
	case n.operation != o.operation:
		return "another operation"
	}
	return "another machine"
}

// idsFresh keeps for each value that identifies an action the requests whose answers
// have it.
type idsFresh struct {
	check string
	*latest[*sameID]
}

// A sameID is the answers with one value.
type sameID struct {
	all []identified
	// what these are about: another answer differs from one of them where it differs from one of two
	files, operations, machines two
}

// two are the first two different texts of many; "" is none.
type two [2]string

// add adds a text.
func (t *two) add(text string) {
	switch {
	case t[0] == "":
		t[0] = text
	case t[1] == "" && t[0] != text:
		t[1] = text
	}
}

// differs reports whether one of many texts is another than this one. One that is not known may
// be the same.
func (t two) differs(text string) bool {
	return text != "" && (t[0] != "" && t[0] != text || t[1] != "")
}

// differs reports whether one of the answers is about another action than n.
func (s *sameID) differs(n identified) bool {
	return s.files.differs(strings.ToLower(n.file)) || s.operations.differs(n.operation) ||
		s.machines.differs(strings.ToLower(n.machine))
}

// add adds an answer.
func (s *sameID) add(n identified) {
	s.all = append(s.all, n)
	s.files.add(strings.ToLower(n.file))
	s.operations.add(n.operation)
	s.machines.add(strings.ToLower(n.machine))
}

// sameIDs is how many answers with one value a session without end keeps in any case.
const sameIDs = 64

// identifier returns the value that identifies the action: of the member that is the
// identity of all actions the one that a record keeps even of a long answer.
func (k *idsFresh) identifier(x *Judged, r *relation) string {
	if r.At[0] == x.terms.identity {
		return x.ActionID
	}
	value, _ := x.value(k.check)
	return strings.ToLower(value)
}

func (k *idsFresh) note(at ref, x *Judged) (shows bool) {
	r := x.terms.across[k.check]
	if r == nil || x.File == "" {
		return false
	}
	id := k.identifier(x, r)
	if id == "" {
		return false
	}
	n, with := identified{mentionOf(at, x), r, id, x.terms.ID, x.machine}, k.of[id]
	if with == nil {
		with = &sameID{}
	}
	shows = with.differs(n)
	if k.mayAdd(len(with.all)) {
		with.add(n)
		k.put(id, with)
	}
	return shows
}

// problems charges each answer that has the value of the plainest and is about another action.
func (k *idsFresh) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for id, with := range k.of {
		if len(with.all) == 1 {
			continue
		}
		all := slices.SortedFunc(slices.Values(with.all),
			func(a, b identified) int { return plainer(a.mention, b.mention) })
		for _, n := range all[1:] {
			if !n.same(all[0]) {
				out[n.ref] = n.relation.problem("an id of its own", fmt.Sprintf("%q, which %s got for %s", id,
					all[0].nameIn(n.ref), n.other(all[0])))
			}
		}
	}
	return out
}

// byGroup compares a value of the answers with what the requests are about, such as the
// machine that the path names: for one of these it is the same, or for different ones it is
// another. It keeps for each of them the plainest answer with each value, or for each value
// the plainest one about each of them.
type byGroup struct {
	check string
	controls
	*latest[*alike]
	by    group
	same  bool             // for one of them
	named noted            // the first answer about one that the user names
	apart bool             // two that the user names have values of their own
	kinds map[int][]string // of those that cases make up, by the length of their names, the first values
}

// enoughApart is how many values made-up machines with ids of one length have where a target is taken to keep such
// machines apart. One that does not know them may give all of them one value, and those of another length another.
const enoughApart = 3

// alike are answers that stand under one key, and have different values in common.
type alike struct {
	all []noted
	at  map[string]int // where each stands, by what it has in common; nil where there are few

	looks int // how many of all were looked at
}

// fewAlike is how many answers are looked at one by one.
const fewAlike = 8

// find returns where the answer with a common value stands, -1 where there is none.
func (l *alike) find(common string, of func(noted) string) int {
	if l.at == nil {
		return slices.IndexFunc(l.all, func(n noted) bool {
			l.looks++
			return of(n) == common
		})
	}
	if i, there := l.at[common]; there {
		return i
	}
	return -1
}

// add adds an answer with a common value that no other has.
func (l *alike) add(n noted, of func(noted) string) {
	l.all = append(l.all, n)
	switch {
	case l.at != nil:
		l.at[of(n)] = len(l.all) - 1
	case len(l.all) > fewAlike:
		l.at = map[string]int{}
		for i, n := range l.all {
			l.looks++
			l.at[of(n)] = i
		}
	}
}

// A group is what requests are about.
type group struct {
	name string                          // of its kind
	of   func(at ref, x *Judged) string  // of the request; "" where it says nothing
	show func(name string) (text string) // as findings have it
	made func(x *Judged) bool            // whether the case makes it up, so that the target need not know it; or nil
}

// machineGroup is the machine that the path names, in any letter case.
func machineGroup() group {
	return group{name: "machine", of: func(_ ref, x *Judged) string {
		if x.Case != nil && x.Case.Recorded && !plainMachine.MatchString(x.machine) {
			return "" // a machine may have more names, and a name may go to another machine
		}
		return strings.ToLower(x.machine)
	}, show: func(name string) string { return " " + name }}
}

// apartMachineGroup is machineGroup in which the machines that generated cases write out count once the target keeps
// two apart that the user names, or several of these: it need not know them, and may keep none of them apart.
func apartMachineGroup() group {
	g := machineGroup()
	g.made = (*Judged).machineWrittenOut
	return g
}

// machineWrittenOut reports whether the case is a generated one that writes the machine out which the path names.
func (x *Judged) machineWrittenOut() bool {
	if x.Case == nil || x.Case.Recorded || x.Case.Generator == "" {
		return false
	}
	machine := machineOf(x.terms.Operation, x.Case.Steps[x.Step].Path)
	return machine != "" && !strings.Contains(machine, "{{")
}

// plainMachine is an id of a machine in one of the documents' forms, spelt in one way.
var plainMachine = regexp.MustCompile(`^(?:[0-9a-f]{32}|[0-9a-f]{40})$`)

// tokenGroup is the token that the request carries, by the name of its variable.
func tokenGroup(first firsts) group {
	return group{name: "token", of: func(at ref, x *Judged) string {
		if x.Case == nil || !first.created(at, x) {
			return ""
		}
		return x.Case.Steps[x.Step].token()
	}, show: func(string) string { return "" }}
}

// value returns a noted value as it is compared.
func (k *byGroup) value(n noted) string {
	if n.relation.IgnoreCase {
		return strings.ToLower(n.value)
	}
	return n.value
}

// key returns what a noted value is kept under.
func (k *byGroup) key(n noted) string {
	switch {
	case k.same:
		return n.group
	case n.c.Recorded: // a machine may have an id of either form
		return fmt.Sprintf("%s\x00%d", k.value(n), len(n.group))
	}
	return k.value(n)
}

// common returns what tells a noted value from the others that are kept under its key.
func (k *byGroup) common(n noted) string {
	if k.same {
		return k.value(n)
	}
	return n.group
}

func (k *byGroup) note(at ref, x *Judged) (shows bool) {
	k.controls.note(at)
	value, r := x.value(k.check)
	if r == nil || x.writtenOut() {
		return false
	}
	of := k.by.of(at, x)
	if of == "" {
		return false
	}
	n := noted{mentionOf(at, x), r, value, of, k.by.made != nil && k.by.made(x)}
	key := k.key(n)
	switch {
	case n.made:
		if kind := k.kinds[len(of)]; len(kind) < enoughApart && !slices.Contains(kind, key) {
			k.kinds[len(of)] = append(kind, key)
		}
	case k.named.group == "":
		k.named = n
	case k.named.group != of && !k.apart:
		k.apart = k.key(k.named) != key
	}
	with := k.of[key]
	if with == nil {
		with = &alike{}
	}
	i := with.find(k.common(n), k.common)
	switch {
	case i >= 0 && plainer(n.mention, with.all[i].mention) < 0:
		with.all[i] = n
	case i < 0 && k.mayAdd(len(with.all)):
		shows = len(with.all) > 0
		with.add(n, k.common)
	}
	k.put(key, with)
	return shows
}

// problems charges all that stand under one key but the plainest.
func (k *byGroup) problems() map[ref][]Problem {
	out := map[ref][]Problem{}
	for _, with := range k.of {
		of := slices.SortedFunc(slices.Values(with.all), func(a, b noted) int { return k.order(a.mention, b.mention) })
		for _, all := range k.comparable(of) {
			k.charge(all, out)
		}
	}
	return out
}

// comparable returns the answers under one key in parts that are compared: those about what the
// target has to know, and those about what cases make up, by the length of its name, where it
// keeps such apart.
func (k *byGroup) comparable(all []noted) [][]noted {
	if k.apart || k.by.made == nil {
		return [][]noted{all}
	}
	var known []noted
	made := map[int][]noted{}
	for _, n := range all {
		switch size := len(n.group); {
		case !n.made:
			known = append(known, n)
		case len(k.kinds[size]) >= enoughApart:
			made[size] = append(made[size], n)
		}
	}
	return append(slices.Collect(maps.Values(made)), known)
}

// charge adds a problem for each of the answers but the first.
func (k *byGroup) charge(all []noted, out map[ref][]Problem) {
	for i := 1; i < len(all); i++ {
		first, n := all[0], all[i]
		want := "another value than for another " + k.by.name
		got := fmt.Sprintf("%s, which %s got for the %s%s", show(n.value), first.nameIn(n.ref), k.by.name,
			k.by.show(first.group))
		if k.same {
			want, got = fmt.Sprintf("%s, as %s got for the same %s", show(first.value), first.nameIn(n.ref),
				k.by.name),
				show(n.value)
		}
		out[n.ref] = append(out[n.ref], n.relation.problem(want, got)...)
	}
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
	values, r := x.kept(k.check)
	if r == nil || x.Unjudged != "" {
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
			out[first.ref] = append(out[first.ref], all.relation.inEvery(pointer, got, odd, first))
		}
	}
	return out
}

// traces returns what in a text has the form of a value of {{sha1}} or
// {{comment}}, in lower case. It is a scan by hand, for it reads every answer of
// a run: a regular expression here took a third of the run's time. Of so many digits in
// a row one stands wherever it looks.
func traces(text []byte) (out []string) {
	for at := markDigits - 1; at < len(text); at += markDigits {
		if !guard.IsHexDigit(text[at]) {
			continue
		}
		from, to := at, at
		for from > 0 && guard.IsHexDigit(text[from-1]) {
			from--
		}
		for to < len(text) && guard.IsHexDigit(text[to]) {
			to++
		}
		trace := ""
		switch {
		case to-from == sha1Digits:
			trace = strings.ToLower(string(text[from:to]))
		case to-from == markDigits && bytes.HasSuffix(text[:from], []byte(markPrefix)):
			trace = markPrefix + string(text[from:to])
		}
		if trace != "" {
			if out == nil {
				out = make([]string, 0, usualTraces)
			}
			out = append(out, trace)
		}
		at = to
	}
	return out
}

const sha1Digits, markDigits = 40, 16

// usualTraces is how many traces an answer usually has, at most.
const usualTraces = 4

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

func newOwnInput(limit room) across { return &ownInput{owners: newLatest[[]mention](limit)} }

func (k *ownInput) note(at ref, x *Judged) (shows bool) {
	if x.Case != nil && x.Case.Recorded {
		return false // values of requests that others sent may stand in any answer
	}
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
				other.nameIn(t.ref)))
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
