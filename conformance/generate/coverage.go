package generate

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// Generator is [conformance.Origin.Generator] of the cases of the coverage phase.
const Generator = "coverage"

// A Result is a suite with generated cases, and what became of those that were made.
type Result struct {
	Suite   *conformance.Suite
	Cases   int      // that were added
	Dropped []string // ids of cases that were not: their body holds no violation, another one, or more than one
}

// Coverage returns the suite with the cases of the coverage phase. They depend on the
// contract alone. The body of each is validated by the schema of the request: a case that is
// to be accepted has no violation, and one that is to break a keyword has that alone; any
// other is dropped, and named in the result.
func Coverage(suite *conformance.Suite) (Result, error) {
	out, judged := Result{Suite: suite}, map[string][]schemas.Violation{}
	var cases []*conformance.Case
	var builders []*builder
	for _, op := range suite.Operations {
		if b := newBuilder(suite, op, judged); b != nil {
			builders = append(builders, b)
		}
	}
	var peers []string
	for _, b := range builders {
		peers = append(peers, b.op.ID)
	}
	for i, b := range builders {
		b.turn, b.peers = i, peers
		for _, group := range Groups() {
			b.items[group.Name] = group.items(b)
			b.group(group.Name, b.items[group.Name])
		}
		b.pairs()
		b.repeats()
		b.behindAccepted()
		b.doubles()
		b.far()
		b.together()
		cases = append(cases, b.cases...)
		out.Dropped = append(out.Dropped, b.dropped...)
	}
	out.Cases = len(cases)
	made := map[string]bool{}
	for _, c := range cases {
		made[c.ID] = true
	}
	for _, c := range cases { // what the other operation could not be sent alone either, no case carries
		c.Carries = slices.DeleteFunc(c.Carries, func(id string) bool { return !made[id] })
	}
	var err error
	out.Suite, err = suite.With(cases...)
	return out, err
}

// builder makes the cases of one operation.
type builder struct {
	suite      *conformance.Suite
	op         openapi.Operation
	control    *conformance.Case // the plain accepted case
	plain      request
	rules      []schemas.Rule // of the request's body
	body       *schemas.Schema
	judged     map[string][]schemas.Violation // by schema and body; operations may have both in common
	rows       map[string]conformance.Group   // of the contract, by name
	levels     []level                        // of the dimensions that are combined
	violations []violation                    // that are combined with them
	items      map[string][]item              // by group
	cases      []*conformance.Case
	dropped    []string
	riders     map[string][]rider // by group
	met        map[string]bool    // the violations that were combined with some form
	turn       int                // its place among those of all operations
	peers      []string           // all operations, in turn
}

// mine reports whether the operation is the one that the n-th of what is dealt out goes to.
func (b *builder) mine(n int) bool { return n%len(b.peers) == b.turn }

// ofTurn returns the text that this operation has, of those that the operations have in turn.
func (b *builder) ofTurn(texts ...string) string { return texts[b.turn%len(texts)] }

// newBuilder returns nil where the operation has no plain accepted case with a body of JSON.
func newBuilder(suite *conformance.Suite, op openapi.Operation, judged map[string][]schemas.Violation) *builder {
	b := &builder{suite: suite, op: op, judged: judged, rows: map[string]conformance.Group{},
		items: map[string][]item{}, riders: map[string][]rider{}, met: map[string]bool{}}
	for _, g := range suite.Groups {
		b.rows[g.Name] = g
	}
	for _, c := range suite.Cases {
		accepting := slices.ContainsFunc(c.Proves,
			func(id string) bool { return suite.KindOf(id) == conformance.Acceptance })
		if c.Operation == op.ID && accepting && c.Control == "" && len(c.Needs) == 0 && len(c.Steps) == 1 &&
			c.Steps[0].Expect == conformance.Accepted && isControl(suite, c) {
			b.control = c
			break
		}
	}
	if b.control == nil || len(b.rows) == 0 {
		return nil
	}
	var readable bool
	if b.plain, readable = requestOf(b.control.Steps[0]); !readable {
		return nil
	}
	if b.body, b.rules = suite.RequestSchema(op); b.body == nil {
		return nil
	}
	return b
}

// isControl reports whether another case differs from this one in one thing.
func isControl(suite *conformance.Suite, c *conformance.Case) bool {
	return slices.ContainsFunc(suite.Cases, func(o *conformance.Case) bool { return o.Control == c.ID })
}

// An item is one case of a group: a change to the plain request.
type item struct {
	name   string // what the case's id ends in
	title  string // completes "Accepts …", "Refuses …" or "Answers …"
	change func(*request)
	breaks *schemas.Rule // the keyword of the request's schema that the body is to break; nil for none
	owed   string        // the requirement of what it breaks, where no keyword has it and not all of the group break it
	// the body is no JSON, or no object, so that the schema says nothing of it
	unreadable bool
	// the dimension of which it is a form, where that is combined with the others
	dimension string
	// it is combined with the forms of all dimensions
	combined bool
	// other requests go before it
	before bool
	// the group that says what such a form proves, of one that a server may refuse
	group string
	// one operation alone has it: those of a group that are so are dealt out to the operations
	once bool
	// it is sent in combinations alone, where there is room for it
	ridesOnly bool
	needs     string   // as the group's; "" for nothing more
	also      []string // further controls, by their names without the operation
	// the cases of other operations that have one of its forms alone
	carries []string
	// the case, by its name without the operation, that shows all that this one can where it is accepted
	alone string
	// it has what a firewall before the server takes for an attack, and forbids with 403 (RFC 9110 15.5.4)
	attacks bool
}

// A level is one form of one dimension, which is accepted by itself: of any two dimensions,
// each form of the one meets each of the other in some request.
type level struct {
	item
	caseID   string       // of the case that has this form alone
	id       string       // the requirement on which its acceptance rests
	strength record.Level // of it
}

// A violation is a change for which a request is refused, whatever its form.
type violation struct {
	item
	row conformance.Group
}

// group adds the cases of a group of the contract.
func (b *builder) group(name string, items []item) {
	row, there := b.rows[name]
	if !there || row.Control != "" && b.suite.Case(b.op.ID+"/"+row.Control) == nil {
		return // nothing shows that a server takes the form
	}
	dealt := 0
	for _, it := range items {
		if it.once {
			mine, other := b.mine(dealt), b.peers[dealt%len(b.peers)]
			dealt++
			if mine == it.ridesOnly {
				b.ride(name, it, row, other)
			}
			if !mine || it.ridesOnly {
				continue
			}
		}
		r := b.plain.clone()
		it.change(&r)
		c := b.newCase(row, name, it, r)
		if !b.holds(it, row, r) {
			b.dropped = append(b.dropped, c.ID)
			continue
		}
		b.cases = append(b.cases, c)
		if it.dimension != "" && row.Expect == conformance.Accepted {
			id := weakest(b.suite, c.Proves)
			b.levels = append(b.levels, level{it, c.ID, id, b.suite.Requirement(id).Level})
		}
		if it.combined && row.Expect == conformance.Refused {
			b.violations = append(b.violations, violation{it, row})
		}
	}
}

// nameIn returns the name of the case that is made in a folder.
func nameIn(folder, name string) string { return strings.Join([]string{Generator, folder, name}, "/") }

func (b *builder) newCase(row conformance.Group, folder string, it item, r request) *conformance.Case {
	verb := map[conformance.Expectation]string{conformance.Accepted: "Accepts", conformance.Refused: "Refuses",
		conformance.Either: "Answers"}[row.Expect]
	name := nameIn(folder, it.name)
	needs := row.Needs
	if it.needs != "" {
		needs = append(slices.Clone(needs), it.needs)
	}
	var also []string
	for _, control := range append([]string{row.Control}, it.also...) {
		if control != "" {
			also = append(also, b.op.ID+"/"+control)
		}
	}
	proves, statuses := b.proves(row, it), row.Statuses
	if it.attacks {
		statuses = append(slices.Clone(statuses), http.StatusForbidden)
	}
	if row.Expect == conformance.Accepted && r.isTerse() && b.suite.Case(b.op.ID+"/"+terseCase) != nil {
		also = append(also, b.op.ID+"/"+terseCase)
	}
	if size := len(conformance.Sample(r.body())); size > small {
		owed := b.suite.Requirement(weakest(b.suite, proves))
		switch {
		case row.Expect == conformance.Refused:
			statuses = append(slices.Clone(statuses), http.StatusRequestEntityTooLarge)
		case row.Expect == conformance.Accepted && owed.Level != record.Inferred && len(b.textMembers()) > 0:
			also = append(also, b.op.ID+"/"+largeCase(slug(b.textMembers()[0]), size))
		}
	}
	alone := ""
	if it.alone != "" {
		alone = b.op.ID + "/" + it.alone
	}
	stranger, vouched := "", ""
	if row.NearToken {
		stranger = b.op.ID + "/" + nameIn("stranger", strangerName)
		vouched = b.op.ID + "/auth/refuses-invalid-token"
	}
	return &conformance.Case{
		Alone: alone, Carries: slices.Clone(it.carries), Stranger: stranger, Vouched: vouched,
		ID: b.op.ID + "/" + name, Name: name, Title: verb + " " + it.title + ".", Operation: b.op.ID,
		Control: b.control.ID, Also: also, Needs: needs, Because: row.Because, Proves: proves,
		Steps:  r.steps(row.Expect, statuses),
		Origin: conformance.Origin{Generator: Generator, Seed: folder + "/" + it.name},
	}
}

// proves returns the requirements of a group, with that of the keyword that the item breaks, and before them what the
// item alone is owed for: where that is inferred, to accept the item breaks nothing stronger.
func (b *builder) proves(row conformance.Group, it item) (out []string) {
	if it.owed != "" {
		out = append(out, it.owed)
	}
	for _, id := range row.Proves {
		switch {
		case id != conformance.KeywordRequirement:
			out = append(out, id)
		case it.breaks != nil:
			out = append(out, it.breaks.Requirement)
		}
	}
	return out
}

// holds reports whether the body of an item holds exactly the violation that it is to hold, by
// the schema of the request.
func (b *builder) holds(it item, row conformance.Group, r request) bool {
	if it.unreadable {
		return true
	}
	text := conformance.Sample(r.body())
	key := b.op.RequestSchema + " " + text
	found, known := b.judged[key]
	if !known {
		var err error
		if found, err = b.body.Validate([]byte(text)); err != nil {
			return false
		}
		b.judged[key] = found
	}
	if it.breaks == nil {
		return len(found) == 0 || row.Expect != conformance.Accepted
	}
	return len(found) > 0 && !slices.ContainsFunc(found, func(v schemas.Violation) bool {
		return v.Keyword != it.breaks.Keyword
	}) && slices.ContainsFunc(found, func(v schemas.Violation) bool { return v.Requirement == it.breaks.Requirement })
}

// weakest returns the first of the requirements that have the weakest level: what rests on
// several is owed by no stronger one.
func weakest(suite *conformance.Suite, ids []string) string {
	return slices.MaxFunc(ids, func(a, b string) int {
		return cmp.Compare(suite.Requirement(a).Level, suite.Requirement(b).Level)
	})
}

// pairs adds the cases in which two things meet: a covering array of strength two over the
// forms that are accepted by themselves, and one over the violations and these forms.
func (b *builder) pairs() {
	var dimensions []string
	by := map[string][]level{}
	for _, l := range b.levels {
		if by[l.dimension] == nil {
			dimensions = append(dimensions, l.dimension)
		}
		by[l.dimension] = append(by[l.dimension], l)
	}
	var sizes, alone []int
	for _, d := range dimensions {
		size := len(by[d]) + 1 // and the plain form
		sizes = append(sizes, size)
		if by[d][0].before {
			size = 1 // the requests before it are as valid as ever
		}
		alone = append(alone, size)
	}
	formsOf := func(row []int) (of []level) {
		for i, at := range row {
			if at > 0 {
				of = append(of, by[dimensions[i]][at-1])
			}
		}
		return of
	}
	// First those that no inference is about, so that what they show has a stronger level.
	inferred := func(i int) bool {
		return slices.ContainsFunc(by[dimensions[i]], func(l level) bool { return l.strength == record.Inferred })
	}
	strict := slices.Clone(sizes)
	for i := range strict {
		if inferred(i) {
			strict[i] = 1
		}
	}
	n := 0
	for _, array := range []struct {
		sizes []int
		meet  func(i, j int) bool
	}{
		{strict, func(i, j int) bool { return !inferred(i) && !inferred(j) }},
		{sizes, func(i, j int) bool { return inferred(i) || inferred(j) }},
	} {
		rows := covering(array.sizes, array.meet)
		for i, d := range dimensions {
			if by[d][0].before {
				spare(rows, i, array.meet)
			}
		}
		for _, row := range rows {
			if of := formsOf(row); len(of) > 1 {
				b.pair(n, of)
				n++
			}
		}
	}
	if len(b.violations) == 0 {
		return
	}
	// The rows are dealt out to the operations, as what one request shows is.
	for n, row := range crossed(len(b.violations), alone) {
		if of := formsOf(row[1:]); len(of) > 0 && b.mine(n) {
			b.violationIn(n, b.violations[row[0]], of)
		}
	}
	open := openForms(b)
	for n, row := range crossed(len(open), alone) {
		if of := formsOf(row[1:]); b.mine(n) {
			b.open(n, open[row[0]:row[0]+1], of)
		}
	}
	n = 0
	for i, v := range b.violations {
		for j, it := range open {
			if n++; b.mine(i + j) {
				b.violationInOpen(n-1, v, it)
			}
		}
	}
	n = len(crossed(len(open), alone))
	for i := range open {
		for j := range i {
			if n++; b.mine(n) {
				b.open(n-1, []item{open[j], open[i]}, nil)
			}
		}
	}
}

// refusedInAnyForm returns the statuses of a refusal for the form of a request, where a server may refuse that.
func refusedInAnyForm() []int {
	return []int{400, 401, 403, 404, 405, 409, 411, 412, 415, 416, 417, 422, 425, 426, 428, 431, 505}
}

// union returns what lists hold, in order, and once each.
func union[T cmp.Ordered](lists ...[]T) []T {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(lists...))))
}

// violationInOpen adds a case that holds a violation in a request of a form that a server may refuse.
func (b *builder) violationInOpen(n int, v violation, open item) {
	r := b.plain.clone()
	open.change(&r)
	alone := b.op.ID + "/" + nameIn(v.row.Name, v.name)
	v = b.swapped(v, r)
	v.change(&r)
	it := v.item
	it.name = fmt.Sprintf("%03d-%s", n+1, v.name)
	it.title += " in a request with " + open.name
	v.row.Because = "a server may look for the violation in plain requests alone"
	v.row.Statuses = union(v.row.Statuses, refusedInAnyForm())
	if c := b.combination(v.row, "open-violations", it, r, nil); c != nil {
		c.Alone = alone
	}
}

// open adds a case that has forms that a server may refuse, together with forms that it has to take.
func (b *builder) open(n int, open []item, of []level) {
	r := b.plain.clone()
	var names []string
	for _, it := range open {
		it.change(&r)
		names = append(names, it.name)
	}
	var taken []level
	for _, l := range of {
		// A request of HTTP/1.0 has no chunks and no expectation.
		if r.old && slices.Contains([]string{"transfer", "expectation"}, l.dimension) {
			continue
		}
		path := r.path
		l.change(&r)
		if r.path != path {
			return // both write the path
		}
		names, taken = append(names, l.dimension+" "+l.name), append(taken, l)
	}
	if len(names) < 2 {
		return
	}
	row := b.rows[open[0].group]
	row.Statuses = nil
	for _, it := range open {
		row.Statuses = union(row.Statuses, b.rows[it.group].Statuses)
	}
	row.Because = "a server may refuse some of these forms, and fail on them together"
	more, it := b.aboard(&r, record.Inferred, "header-open", "query", "media-type-open")
	it.name, it.title = fmt.Sprintf("%03d", n+1), "at once: "+strings.Join(append(names, more...), ", ")
	b.combination(row, "open-pairs", it, r, taken)
}

// pair adds a case that has several forms at once.
func (b *builder) pair(n int, of []level) {
	r := b.plain.clone()
	var names []string
	weak := of[0]
	for _, l := range of {
		l.change(&r)
		names = append(names, l.dimension+" "+l.name)
		if l.strength > weak.strength {
			weak = l
		}
	}
	row := conformance.Group{Proves: []string{weak.id}, Expect: conformance.Accepted,
		Because: "a server may take each of these forms, and not all of them at once"}
	more, it := b.aboard(&r, weak.strength, takenAlong()...)
	it.name, it.title = fmt.Sprintf("%03d", n+1), "at once: "+strings.Join(append(names, more...), ", ")
	b.combination(row, "pairs", it, r, of)
}

// violationIn adds a case that holds a violation in a request of other forms.
func (b *builder) violationIn(n int, v violation, of []level) {
	r := b.plain.clone()
	var names []string
	for _, l := range of {
		l.change(&r)
		names = append(names, l.dimension+" "+l.name)
	}
	alone := b.op.ID + "/" + nameIn(v.row.Name, v.name)
	v = b.swapped(v, r)
	v.change(&r)
	it := v.item
	it.name = fmt.Sprintf("%03d-%s", n+1, v.name)
	it.title += " in a request with " + strings.Join(names, ", ")
	v.row.Because = "a server may look for the violation in plain requests alone"
	if c := b.combination(v.row, "violations", it, r, of); c != nil {
		c.Alone = alone
	}
}

func (b *builder) combination(row conformance.Group, folder string, it item, r request, of []level) *conformance.Case {
	c := b.newCase(row, folder, it, r)
	if !b.holds(it, row, r) {
		b.dropped = append(b.dropped, c.ID)
		return nil
	}
	for _, l := range of {
		c.Also = append(c.Also, l.caseID)
	}
	b.cases = append(b.cases, c)
	return c
}
