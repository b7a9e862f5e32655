package compare

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"fmaspec/conformance/record"
)

// A Shape is a difference between answers for which neither side has a finding, with all its cases.
type Shape struct {
	What string `json:"what"` // "status", "header", "body", "member" or "value"
	// "status", "header NAME", "body", or a JSON pointer with * for every item of an array
	Place string `json:"place"`
	// the values there in all answers of the kind: "absent", "present", a JSON type, "empty", "not
	// JSON", a status, or a value in quotes
	Old        []string `json:"old"`
	New        []string `json:"new"`        //
	Statuses   []int    `json:"statuses"`   // of the answers; none if the status itself differs
	Operations []string `json:"operations"` //
	Cases      []string `json:"cases"`      //
}

// mostShapes is the maximum number of listed shapes, for targets with random member names.
const mostShapes = 1000

// whats returns the values of [Shape.What], in order.
func whats() []string { return []string{"status", "header", "body", "member", "value"} }

// A group identifies answers that are likely to have the same shape.
type group struct {
	operation string
	status    int
}

// A place is one place in all answers of a group.
type place struct {
	old, new             set      // the values there
	differ               []differ // where the two sides differ
	oldValues, newValues set
	valued               []differ
	noted                int  // number of cases in which both sides are known
	objects              int  // number of cases with an object on both sides
	strict               bool // every difference counts
	members              map[string]*place
	items                *place
}

// A differ is a case with the values at a place in its answers.
type differ struct {
	id       string
	old, new set
}

func newPlace() *place {
	return &place{old: set{}, new: set{}, oldValues: set{}, newValues: set{}, members: map[string]*place{}}
}

// shapes collects the shapes of the answers of two reports.
type shapes struct {
	rules   map[string]fieldRule
	places  *closed
	headers map[group]map[string]*place
	whole   map[group]int // cases with both headers whole
	bodies  map[group]*place
	found   map[string]*Shape // the reported ones, by what they have in common
	answers int               // compared on either side, by request
	// places that a finding reports, although another case may not judge them
	reported map[string]bool
}

// reportedPlaces returns the places in bodies of which one of the reports alone has findings:
// that they differ is said by these.
func reportedPlaces(old, current *record.Report) map[string]bool {
	places := func(r *record.Report) map[string]bool {
		out := map[string]bool{}
		for _, c := range r.Cases {
			for _, f := range c.Findings {
				out[f.Place] = strings.HasPrefix(f.Place, "/")
			}
		}
		return out
	}
	out, other := places(current), places(old)
	for at, is := range other {
		out[at] = is != out[at]
	}
	return out
}

func newShapes() *shapes {
	s := &shapes{rules: map[string]fieldRule{}, places: closedTree(), headers: map[group]map[string]*place{},
		whole: map[group]int{}, bodies: map[group]*place{}, found: map[string]*Shape{}}
	for _, rule := range fieldRules() {
		s.rules[rule.name] = rule
	}
	return s
}

// An answer holds the answers to one request, in all repetitions, with one status.
type answer struct {
	n     int // how often
	cut   bool
	field map[string]*field
	body  *node
}

type field struct {
	values set
	in     int
}

// pair compares the answers of a case, request by request. It leaves out those with a finding,
// which is reported already, and those that are not evidence.
func (s *shapes) pair(a, b *record.CaseResult, repeatOld, repeatNew int) {
	if !evident(a.Outcome) || !evident(b.Outcome) {
		return
	}
	old, current := s.steps(a, repeatOld), s.steps(b, repeatNew)
	for _, step := range slices.Sorted(maps.Keys(old)) {
		was, is := old[step], current[step]
		if was == nil || is == nil || was.found || is.found || len(was.answers) == 0 || len(is.answers) == 0 ||
			aboutMachine(was, is) || aboutMachine(is, was) {
			continue
		}
		s.answers++
		if before, after := was.statuses(), is.statuses(); !slices.Equal(before, after) {
			s.addShape(Shape{What: "status", Place: "status", Old: before, New: after,
				Operations: []string{b.Operation}, Cases: []string{b.ID}})
		}
		for status, x := range was.answers {
			if y := is.answers[status]; y != nil {
				s.header(group{b.Operation, status}, b.ID, x, y)
				s.body(group{b.Operation, status}, b.ID, x, y)
			}
		}
	}
}

// evident reports whether the answers of a case are evidence about the target.
func evident(o record.Outcome) bool { return judged(o) || o == record.Inconclusive }

// A step is one request of a case, in all repetitions.
type step struct {
	answers map[int]*answer // by status
	inert   bool
	found   bool // there is a finding
}

func (s *step) statuses() (out []string) {
	for _, status := range slices.Sorted(maps.Keys(s.answers)) {
		out = append(out, strconv.Itoa(status))
	}
	return out
}

// aboutMachine reports whether one request named a machine that does not exist, so that the
// answer may be about that.
func aboutMachine(a, b *step) bool {
	return a.inert && !b.inert && (a.answers[http.StatusNotFound] != nil || a.answers[http.StatusForbidden] != nil)
}

// steps merges the exchanges of all repetitions.
func (s *shapes) steps(c *record.CaseResult, repeat int) map[int]*step {
	last := 0
	for _, x := range c.Exchanges {
		last = max(last, x.Step)
	}
	round := max(last/max(repeat, 1)+1, 1) // how many requests the case has
	out := map[int]*step{}
	at := func(n int) *step {
		if out[n%round] == nil {
			out[n%round] = &step{answers: map[int]*answer{}}
		}
		return out[n%round]
	}
	for _, f := range c.Findings {
		at(f.Step).found = true
	}
	for i := range c.Exchanges {
		x := &c.Exchanges[i]
		if x.Response == nil || x.Error != "" {
			continue
		}
		to := at(x.Step)
		to.inert = to.inert || x.Inert
		a := to.answers[x.Response.Status]
		if a == nil {
			a = &answer{field: map[string]*field{}, body: newNode()}
			to.answers[x.Response.Status] = a
		}
		s.add(a, x.Response)
	}
	return out
}

func (s *shapes) add(a *answer, r *record.Response) {
	a.n++
	a.cut = a.cut || !wholeHeader(r.Header, r.Shortened)
	for name, values := range r.Header {
		name = http.CanonicalHeaderKey(name)
		rule, known := s.rules[name]
		if known && rule.value == nil {
			continue
		}
		f := a.field[name]
		if f == nil {
			f = &field{values: set{}}
			a.field[name] = f
		}
		f.in++
		value := present
		if known {
			value = quoted(rule.value(values))
		}
		f.values[value] = true
	}
	a.body.body(r, s.places)
}

// words returns the values of a header field, none if nothing is known.
func (a *answer) words(name string) set {
	out := set{}
	f := a.field[name]
	if f != nil {
		maps.Copy(out, f.values)
	}
	if !a.cut && (f == nil || f.in < a.n) {
		out[absent] = true
	}
	return out
}

func (s *shapes) header(g group, id string, x, y *answer) {
	all := s.headers[g]
	if all == nil {
		all = map[string]*place{}
		s.headers[g] = all
	}
	if !x.cut && !y.cut {
		s.whole[g]++
	}
	for name := range both(x.field, y.field) {
		if all[name] == nil {
			all[name] = newPlace()
			all[name].strict = s.rules[name].value != nil
		}
		all[name].note(id, x.words(name), y.words(name))
	}
}

func (s *shapes) body(g group, id string, x, y *answer) {
	if s.bodies[g] == nil {
		s.bodies[g] = newPlace()
		s.bodies[g].strict = true
	}
	s.bodies[g].compare(id, x.body, y.body, x.body.types, y.body.types)
}

// both returns the keys of two maps.
func both[V any](a, b map[string]V) set {
	names := set{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	return names
}

// note adds the values here in one case, if both sides are known.
func (p *place) note(id string, old, current set) {
	if len(old) == 0 || len(current) == 0 {
		return
	}
	p.noted++
	maps.Copy(p.old, old)
	maps.Copy(p.new, current)
	if !maps.Equal(old, current) {
		p.differ = append(p.differ, differ{id, old, current})
	}
}

// compare notes the values here and below.
func (p *place) compare(id string, x, y *node, old, current set) {
	p.note(id, old, current)
	if x == nil || y == nil {
		return
	}
	if len(x.values) > 0 && len(y.values) > 0 {
		maps.Copy(p.oldValues, x.values)
		maps.Copy(p.newValues, y.values)
		p.valued = append(p.valued, differ{id, x.values, y.values})
	}
	if x.objects > 0 && y.objects > 0 {
		p.objects++
	}
	for name := range both(x.members, y.members) {
		below := p.members[name]
		if below == nil {
			below = newPlace()
			p.members[name] = below
		}
		a, before := x.of(name)
		b, after := y.of(name)
		below.compare(id, a, b, before, after)
	}
	if x.items != nil && y.items != nil {
		if p.items == nil {
			p.items = newPlace()
		}
		p.items.compare(id, x.items, y.items, x.items.types, y.items.types)
	}
}

// missing notes that in some cases neither side has this place.
func (p *place) missing(of int) {
	if p.noted < of {
		p.old[absent], p.new[absent] = true, true
	}
}

// cases returns those that differ. A place where both sides vary in the same way in answers of
// the same kind is ignored, unless its value depends on the request.
func (p *place) cases() (ids []string) {
	for _, d := range p.differ {
		chance := !p.strict
		for _, words := range []set{d.old, d.new} {
			for word := range words {
				chance = chance && p.old[word] && p.new[word]
			}
		}
		if !chance {
			ids = append(ids, d.id)
		}
	}
	return ids
}

// otherValues returns the cases with a value that the other side never has, none if there are
// too many values for a closed set.
func (p *place) otherValues() (ids []string) {
	if len(p.oldValues) > mostValues || len(p.newValues) > mostValues {
		return nil
	}
	for _, d := range p.valued {
		other := false
		for word := range d.old {
			other = other || !p.newValues[word]
		}
		for word := range d.new {
			other = other || !p.oldValues[word]
		}
		if other {
			ids = append(ids, d.id)
		}
	}
	return ids
}

// list returns the differences, each once for several answers, and how many more there are.
func (s *shapes) list() (out []Shape, more int) {
	for g, fields := range s.headers {
		for name, p := range fields {
			p.missing(s.whole[g])
			s.addPlace("header", "header "+brief(name), g, p)
		}
	}
	for g, p := range s.bodies {
		s.addTree("", g, p)
	}
	out = []Shape{}
	for _, x := range s.found {
		x.Operations, x.Cases, x.Statuses = sorted(x.Operations), sorted(x.Cases), sorted(x.Statuses)
		out = append(out, *x)
	}
	rank := whats()
	slices.SortFunc(out, func(a, b Shape) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, a.What), slices.Index(rank, b.What)),
			cmp.Compare(a.Place, b.Place), slices.Compare(a.Old, b.Old), slices.Compare(a.New, b.New))
	})
	if len(out) > mostShapes {
		out, more = out[:mostShapes:mostShapes], len(out)-mostShapes
	}
	return out, more
}

func sorted[T cmp.Ordered](s []T) []T {
	slices.Sort(s)
	return append([]T{}, slices.Compact(s)...)
}

// addTree adds the differences at a place of bodies and below.
func (s *shapes) addTree(pointer string, g group, p *place) {
	if pointer == "" {
		s.addPlace("body", "body", g, p)
	} else {
		s.addPlace("member", pointer, g, p)
	}
	if ids := p.otherValues(); len(ids) > 0 {
		s.addShape(Shape{What: "value", Place: cmp.Or(pointer, "body"), Old: listed(p.oldValues),
			New: listed(p.newValues), Statuses: []int{g.status}, Operations: []string{g.operation}, Cases: ids})
	}
	for name, below := range p.members {
		below.missing(p.objects)
		s.addTree(pointer+"/"+escape.Replace(brief(name)), g, below)
	}
	if p.items != nil {
		s.addTree(pointer+"/*", g, p.items)
	}
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

func (s *shapes) addPlace(what, at string, g group, p *place) {
	if ids := p.cases(); len(ids) > 0 {
		s.addShape(Shape{What: what, Place: at, Old: listed(p.old), New: listed(p.new), Statuses: []int{g.status},
			Operations: []string{g.operation}, Cases: ids})
	}
}

// addShape merges a difference with the same one elsewhere.
func (s *shapes) addShape(x Shape) {
	if s.reported[x.Place] {
		return
	}
	key := strings.Join([]string{x.What, x.Place, strings.Join(x.Old, "\x00"), strings.Join(x.New, "\x00")}, "\x01")
	have := s.found[key]
	if have == nil {
		s.found[key] = &x
		return
	}
	have.Statuses = append(have.Statuses, x.Statuses...)
	have.Operations = append(have.Operations, x.Operations...)
	have.Cases = append(have.Cases, x.Cases...)
}

// listed returns the words of a set in order, only the first ones if there are many.
func listed(words set) []string {
	out := slices.Sorted(maps.Keys(words))
	if len(out) > mostValues {
		out = append(out[:mostValues:mostValues], "…")
	}
	return out
}

// quoted returns a value in quotes, cut to the length of a line.
func quoted(value string) string { return `"` + brief(value) + `"` }

// brief cuts text to the length of a line.
func brief(text string) string {
	const most = 60
	n := 0
	for i := range text {
		if n++; n > most {
			return text[:i] + "…"
		}
	}
	return text
}
