package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/nearest"
	"fmaspec/schemas"
)

// A relation is an entry of x-relations that is ready to judge.
type relation struct {
	schemas.Relation
	at    []schemas.Pointer // At
	form  *schemas.Pattern  // nil where it has none
	since time.Time
	ahead time.Duration
	// how far an instant may be before an earlier one
	tolerance time.Duration
	// where values are to be distinct, the members that the schema has where they stand
	named []string
	judge func(*observed, *relation) []Problem // nil where it holds between answers
	slot  int                                  // of the first value that is kept of an answer, where it does
}

// same reports whether two relations are made of one entry.
func (r *relation) same(other *relation) bool {
	return r.Schema == other.Schema && r.Index == other.Index
}

// relationJudges are the relations that hold of one answer.
func relationJudges() map[string]func(*observed, *relation) []Problem {
	return map[string]func(*observed, *relation) []Problem{
		"rules":          rulesKept,
		"equals-request": equalsRequest,
		"equals":         equalsOther,
		"one-of":         oneOf,
		"none-of":        otherThan,
		"pattern":        matchesForm,
		"instant":        instants,
		"within":         within,
		"ordered":        ordered,
		"distinct":       distinct,
	}
}

// relation adds one entry to the terms of an operation.
func (l *loader) relation(t *terms, entry schemas.Relation) error {
	r := &relation{Relation: entry, judge: relationJudges()[entry.Kind]}
	r.at = pointersOf(entry.At)
	if entry.Pattern != "" {
		r.form, _ = l.shapes.pattern(entry.Pattern)
	}
	r.since, _ = time.Parse(time.RFC3339, entry.Since) // all are known to be readable
	r.ahead, _ = time.ParseDuration(entry.Ahead)
	r.tolerance, _ = time.ParseDuration(entry.Tolerance)
	if entry.Kind == "equals-request" && entry.Member != t.FileMember {
		outline, err := l.shapes.outline(t.RequestSchema)
		if err != nil || !slices.Contains(outline.Places, "/"+entry.Member) {
			return fmt.Errorf("%s: the request of %s has no member %q; name one of its schema", entry.Place(), t.ID,
				entry.Member)
		}
	}
	if entry.Kind == "distinct" {
		outline, err := l.shapes.outline(t.ResponseSchema)
		if err != nil {
			return err
		}
		for _, place := range outline.Places {
			if i := strings.LastIndexByte(place, '/'); slices.ContainsFunc(r.At, func(at string) bool {
				return strings.HasPrefix(at, place[:i+1]) && strings.LastIndexByte(at, '/') == i
			}) {
				r.named = append(r.named, place[i+1:])
			}
		}
	}
	if r.judge != nil {
		t.relations = append(t.relations, r)
		return nil
	}
	if acrossRelations()[entry.Kind] == nil {
		return fmt.Errorf("%s: the engine does not judge %q; add a function for it in conformance/checks_relation.go",
			entry.Place(), entry.Kind)
	}
	if other := t.across[entry.Check]; other != nil {
		return fmt.Errorf("%s: the check %s is at %d too, and one between answers has one relation; give it "+
			"another name", entry.Place(), entry.Check, other.Index)
	}
	t.across[entry.Check] = r
	r.slot, t.slots = t.slots, t.slots+len(r.At)
	if entry.Kind == "fresh" && t.identity == "" {
		t.identity = r.At[0]
	}
	return nil
}

func pointersOf(texts []string) (out []schemas.Pointer) {
	for _, text := range texts {
		out = append(out, schemas.PointerOf(text))
	}
	return out
}

// relationChecks returns the checks that are made of the entries of x-relations: those
// of one answer, and those between answers.
func relationChecks(all []schemas.Relation) (one, between []Check) {
	for _, r := range all {
		list, acrossCheck := &one, acrossRelations()[r.Kind]
		if acrossCheck != nil {
			list = &between
		}
		i := slices.IndexFunc(*list, func(c Check) bool { return c.Name == r.Check })
		if i < 0 {
			i = len(*list)
			c := Check{Name: r.Check}
			if acrossCheck == nil {
				c.on, c.judge = (*observed).readable, relationsOf(r.Check)
			} else {
				c.across = func(limit room) across { return acrossCheck(r.Check, limit) }
				c.clocked = r.Kind == "not-before-earlier"
			}
			*list = append(*list, c)
		}
		c := &(*list)[i]
		if c.Doc == "" {
			c.Doc = r.Says
		}
		if !slices.Contains(c.Requirements, r.Requirement) {
			c.Requirements = append(c.Requirements, r.Requirement)
		}
	}
	return one, between
}

// checksOfRelations checks what the entries of x-relations name, when the catalogue is
// known: requirements, and checks that are theirs and say something.
func (l *loader) checksOfRelations() {
	engine := checksOf(nil, l.suite.unknown)
	said := map[string]bool{}
	for _, r := range l.relations {
		said[r.Check] = said[r.Check] || r.Says != ""
		switch {
		case slices.ContainsFunc(engine, func(c Check) bool { return c.Name == r.Check }):
			l.fail(fmt.Errorf("%s: the check %s is one of the engine; give it another name", r.Place(), r.Check))
		case l.suite.requirement[r.Requirement] == nil && !l.unread:
			l.fail(fmt.Errorf("%s: unknown requirement %q%s; the catalogue is in fixtures/requirements", r.Place(),
				r.Requirement, nearest.Hint(r.Requirement, keys(l.suite.requirement))))
		case !said[r.Check]:
			l.fail(fmt.Errorf("%s: the check %s says nothing; add says, a sentence, to its first entry", r.Place(),
				r.Check))
		}
	}
}

// relationsOf judges the relations of one check in their order, up to the first that
// finds something: the others may rest on it.
func relationsOf(check string) func(*observed) []Problem {
	return func(x *observed) []Problem {
		for _, r := range x.terms.byCheck[check] {
			if x.tookForMachine() && x.terms.namesMachine(r) {
				continue // it may be given back
			}
			found := r.judge(x, r)
			for i := range found {
				found[i].Requirement = r.Requirement
			}
			if len(found) > 0 {
				return found
			}
		}
		return nil
	}
}

// namesMachine reports whether a relation is about a member by which answers tell machines apart.
func (t *terms) namesMachine(r *relation) bool {
	for _, other := range t.across {
		if other.Kind == "same-for-machine" && slices.Equal(other.At, r.At) {
			return true
		}
	}
	return false
}

// rulesKept reports what the keywords find that are annotated with the requirement.
func rulesKept(x *observed, r *relation) (out []Problem) {
	for _, v := range x.answer.violations {
		if v.Requirement == r.Requirement {
			out = append(out, Problem{Place: v.Pointer, Want: v.Want, Got: v.Got})
		}
	}
	return out
}

// mostItems is how many items of arrays a relation reports.
const mostItems = 20

// texts appends the places of the strings that a pointer of a relation leads to. A member that is
// missing, no string, or breaks its schema is a finding of another check.
func (x *observed) texts(to []int, pointer schemas.Pointer) []int {
	before := len(to)
	to = x.answer.action.AppendTexts(to, pointer)
	if len(x.answer.violations) == 0 {
		return to
	}
	return to[:before+len(slices.DeleteFunc(to[before:], func(place int) bool {
		return x.broken(x.answer.action.Pointer(place))
	}))]
}

// usualTexts is how many strings a pointer usually leads to, at most.
const usualTexts = 16

// broken reports whether what stands at a place breaks its schema.
func (x *observed) broken(pointer string) bool {
	return slices.ContainsFunc(x.answer.violations, func(v schemas.Violation) bool { return v.Pointer == pointer })
}

// each judges every string at the places of a relation.
func (r *relation) each(x *observed, good func(string) bool, want func() string) (out []Problem) {
	for _, pointer := range r.at {
		for _, place := range x.texts(make([]int, 0, usualTexts), pointer) {
			if text := x.answer.action.TextAt(place); !good(text) {
				out = append(out, Problem{Place: x.answer.action.Pointer(place), Want: want(), Got: show(text)})
			}
		}
	}
	return out[:min(len(out), mostItems)]
}

// equal compares two texts as the relation says.
func (r *relation) equal(a, b string) bool {
	return a == b || r.IgnoreCase && strings.EqualFold(a, b)
}

func matchesForm(x *observed, r *relation) []Problem {
	return r.each(x, r.form.MatchString, func() string { return r.Want })
}

func oneOf(x *observed, r *relation) []Problem {
	return r.each(x, func(text string) bool { return slices.Contains(r.Values, text) },
		func() string { return "one of " + strings.Join(r.Values, ", ") })
}

// otherThan leaves out the blanks around a value.
func otherThan(x *observed, r *relation) []Problem {
	return r.each(x, func(text string) bool { return !slices.Contains(r.Values, strings.TrimSpace(text)) },
		func() string { return r.Want })
}

func equalsRequest(x *observed, r *relation) []Problem {
	sent := x.file
	if r.Member != x.terms.FileMember {
		sent = sentMember(unchunked(x.Request), r.Member)
	}
	if sent == "" {
		return nil // the request cannot be read, or names nothing
	}
	return r.each(x, func(text string) bool { return r.equal(text, sent) },
		func() string { return fmt.Sprintf("the request's %s, %q", r.Member, sent) })
}

func equalsOther(x *observed, r *relation) []Problem {
	other, is := x.answer.action.Text(r.Other)
	if !is {
		return nil
	}
	return r.each(x, func(text string) bool { return r.equal(text, other) },
		func() string { return fmt.Sprintf("the value of %s, %s", r.Other[1:], show(other)) })
}

func instants(x *observed, r *relation) []Problem {
	return r.each(x, func(text string) bool {
		_, err := instant(text)
		return err == nil
	}, func() string { return "an instant that exists" })
}

// A moment is an instant of an answer.
type moment struct {
	time.Time
	text  string
	place int // in the answer
}

// moments appends the instants at the places of a relation, nothing where one of them
// cannot be read: that is a finding of another check.
func (r *relation) moments(to []moment, x *observed) []moment {
	before := len(to)
	for _, pointer := range r.at {
		places := x.texts(make([]int, 0, usualTexts), pointer)
		for _, place := range places {
			text := x.answer.action.TextAt(place)
			t, err := instant(text)
			if err != nil {
				return to[:before]
			}
			to = append(to, moment{t, text, place})
		}
		if len(places) == 0 {
			return to[:before]
		}
	}
	return to
}

// usualMoments is how many instants a relation usually has, at most.
const usualMoments = 4

func within(x *observed, r *relation) (out []Problem) {
	for _, m := range r.moments(make([]moment, 0, usualMoments), x) {
		if m.Before(r.since) || !x.Started.IsZero() && m.After(x.now.Add(r.ahead)) {
			out = append(out, Problem{Place: x.answer.action.Pointer(m.place), Want: r.Want, Got: show(m.text)})
		}
	}
	return out[:min(len(out), mostItems)]
}

// ordered reports instants that come before those that stand before them in the list, by more than
// what is lost where one of the two is rounded or cut behind its last digit.
func ordered(x *observed, r *relation) (out []Problem) {
	all := r.moments(make([]moment, 0, usualMoments), x)
	for i := 1; i < len(all); i++ {
		if early := all[i-1].Sub(all[i].Time); early > 0 && early >= max(unitOf(all[i].Time), unitOf(all[i-1].Time)) {
			out = append(out, Problem{Place: x.answer.action.Pointer(all[i].place),
				Want: fmt.Sprintf("%s at %s", r.Want, all[i-1].text), Got: show(all[i].text)})
		}
	}
	return out
}

// distinct reports the first value that stands at the places of a relation a second time. In objects
// whose further members, which the schema does not have, differ it may.
func distinct(x *observed, r *relation) []Problem {
	seen := map[string]int{}
	for _, pointer := range r.at {
		for _, place := range x.texts(make([]int, 0, usualTexts), pointer) {
			text := x.answer.action.TextAt(place)
			if r.IgnoreCase {
				text = strings.ToLower(text)
			}
			first, again := seen[text]
			if !again {
				seen[text] = place
				continue
			}
			if r.further(x, place) == r.further(x, first) {
				return problem(x.answer.action.Pointer(place), "a value that none before has", show(text))
			}
		}
	}
	return nil
}

// further returns the members that the schema does not have of the object around a place, as JSON.
func (r *relation) further(x *observed, place int) string {
	object, _ := x.answer.action.Around(place).(map[string]any)
	out := map[string]any{}
	for name, member := range object {
		if !slices.Contains(r.named, name) {
			out[name] = member
		}
	}
	text, _ := json.Marshal(out)
	return string(text)
}
