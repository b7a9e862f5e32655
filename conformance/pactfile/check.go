package pactfile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/fixtures"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// A Problem is something that an interaction takes for granted and the contract
// does not say, or says otherwise.
type Problem struct {
	Line, Column int
	Interaction  string // its description
	Pointer      string // where in the file, a JSON pointer
	Assumes      string
	Contract     string
	Might        string // what a conforming server might answer instead, or ""
	Requirement  string // of the contract that says so
	Level        record.Level
}

// A Checked is a pact file that was held against the contract.
type Checked struct {
	Consumer, Provider string
	Version            string // of the Pact specification, or "" where the file does not say
	Interactions       int    // over HTTP, judged or not
	Judged             int
	Problems           []Problem // that a conforming server could not honour, by their place in the file
	Notes              []Problem // that a conforming server might honour, and what was not judged; likewise
}

// problemLimit is how many problems and notes a check gathers at most.
const problemLimit = 1000

// A Checker holds anybody's pact files against the contract. It is not changed
// once it is made, and safe for concurrent use.
type Checker struct {
	suite    *conformance.Suite
	answers  map[string]*answer         // by operation ID
	schema   map[string]*schemas.Schema // of the answer, likewise
	rules    map[string][]schemas.Rule  // of the same schema, likewise
	refusals []refused
}

// NewChecker makes a Checker for the contract of a suite. It fails as [Build] does, and
// where no requirement has a kind by which pacts are checked.
func NewChecker(suite *conformance.Suite) (*Checker, error) {
	if err := suite.Needs(conformance.Existence, conformance.Acceptance, conformance.MediaType, conformance.RefusalBody, conformance.ServerError); err != nil {
		return nil, fmt.Errorf("pact: %w", err)
	}
	k := &Checker{suite: suite, answers: map[string]*answer{}, schema: map[string]*schemas.Schema{}, rules: map[string][]schemas.Rule{}, refusals: refusedRequests(suite)}
	for _, op := range suite.Operations {
		var err error
		if k.answers[op.ID], err = newAnswer(schemas.FS(), fixtures.FS(), op); err == nil {
			k.schema[op.ID], err = schemas.Compile(op.ResponseSchema)
		}
		if err == nil {
			k.rules[op.ID], err = schemas.Rules(op.ResponseSchema)
		}
		if err != nil {
			return nil, fmt.Errorf("pact: operation %s: %w", op.ID, err)
		}
	}
	return k, nil
}

// Check judges a file of V2, V3 or V4. Interactions at other paths than the
// operations' are no matter of the contract. The error says why the file cannot be
// read; it begins with its name, line and column.
func (k *Checker) Check(name string, data []byte) (*Checked, error) {
	d, err := read(name, data)
	if err != nil {
		return nil, err
	}
	c := &checking{Checker: k}
	out := &Checked{Consumer: d.consumer, Provider: d.provider, Version: d.version, Interactions: len(d.interactions)}
	for _, n := range d.interactions {
		if len(c.problems)+len(c.notes) >= problemLimit {
			break
		}
		c.i = d.interaction(n)
		c.m = newMatcher(c.i)
		if c.judge() {
			out.Judged++
		}
	}
	if d.messages > 0 {
		c.notes = append(c.notes, Problem{Pointer: "/messages", Assumes: fmt.Sprintf("%d of its interactions are messages", d.messages), Contract: "it is over HTTP; not judged"})
	}
	out.Problems, out.Notes = d.placed(c.problems), d.placed(c.notes)
	return out, nil
}

// placed fills in lines and columns, and sorts by them.
func (d *document) placed(all []Problem) []Problem {
	var pointers []string
	for _, p := range all {
		pointers = append(pointers, p.Pointer)
	}
	at := d.offsets(pointers)
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(at[a.Pointer], at[b.Pointer]), cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Assumes, b.Assumes))
	})
	all = all[:min(len(all), problemLimit)]
	p := pen{data: d.data}
	for i := range all {
		all[i].Line, all[i].Column = p.at(at[all[i].Pointer])
	}
	return all
}

// checking is the check of one file.
type checking struct {
	*Checker
	i        *interaction
	m        *matcher
	problems []Problem
	notes    []Problem
}

func (c *checking) add(list *[]Problem, p Problem) {
	p.Interaction = c.i.name
	if r := c.suite.Requirement(p.Requirement); r != nil {
		p.Level = r.Level
		p.Contract = cmp.Or(p.Contract, "an implementation "+r.Says)
	}
	*list = append(*list, p)
}

// judge looks at one interaction, and tells whether it is one of the contract.
func (c *checking) judge() bool {
	i := c.i
	findings := c.suite.JudgeRequest(i.method, i.path, i.header, i.body)
	if len(findings) > 0 && findings[0].Check == "request-path" {
		if meant := c.meant(); meant != "" {
			c.add(&c.problems, Problem{Pointer: i.at("request").at("path").pointer, Assumes: "the path " + brief(i.path), Contract: "the path is " + meant, Requirement: c.suite.OfKind(conformance.Existence)})
			return true
		}
		c.add(&c.notes, Problem{Pointer: i.pointer, Assumes: "the path " + brief(i.path), Contract: "not of this contract, so that it is not judged"})
		return false
	}
	d := c.due(findings)
	op := c.operation()
	allowed := c.m.statuses()
	c.status(d, allowed)
	for _, status := range d.statuses {
		switch {
		case !slices.Contains(allowed, status):
		case status != http.StatusCreated:
			c.refusal(d, status)
		case op != nil:
			c.accepted(*op)
		}
	}
	for _, pointer := range slices.Sorted(maps.Keys(c.m.odd)) {
		c.add(&c.notes, Problem{Pointer: pointer, Assumes: "a matching rule", Contract: c.m.odd[pointer]})
	}
	return true
}

// meant is the path of an operation that a path comes near: its last segment is
// the operation's.
func (c *checking) meant() string {
	given, _, _ := strings.Cut(c.i.path, "?")
	for _, op := range c.suite.Operations {
		if strings.EqualFold(path.Base(given), path.Base(op.Path)) {
			return op.Path
		}
	}
	return ""
}

// operation is the one that the interaction calls, or nil.
func (c *checking) operation() *openapi.Operation {
	given, _, _ := strings.Cut(c.i.path, "?")
	for n, op := range c.suite.Operations {
		if op.Method == c.i.method && regexp.MustCompile("^"+pathPattern(op.Path)+"$").MatchString(given) {
			return &c.suite.Operations[n]
		}
	}
	return nil
}

// A due is what the contract says of the answer to a request.
type due struct {
	statuses    []int // that a conforming server may answer; 201 first where it may accept
	strict      []int // the same, for one that keeps to what is inferred too
	requirement string
	refusal     string // the requirement on the status of a refusal
	why         string // what is wrong with the request, or ""
}

// due says what a request with these findings is answered.
func (c *checking) due(findings []record.Finding) due {
	if len(findings) == 0 {
		accepted := c.suite.OfKind(conformance.Acceptance)
		return due{statuses: []int{201}, strict: []int{201}, requirement: accepted, refusal: accepted}
	}
	var d due
	weak := true
	for _, f := range findings {
		r := c.nearestRefusal(f)
		if d.requirement == "" || weak && f.Level != record.Inferred {
			d.requirement, d.refusal, d.why = f.Requirement, r.requirement, fmt.Sprintf("%s: want %s, got %s", f.Place, f.Want, f.Got)
		}
		weak = weak && f.Level == record.Inferred
		d.strict = append(d.strict, r.statuses...)
	}
	slices.Sort(d.strict)
	d.strict = slices.Compact(d.strict)
	d.statuses = slices.Clone(d.strict)
	if weak {
		d.statuses = append([]int{201}, d.statuses...)
	}
	return d
}

// A refused is what a case says of a request that is refused.
type refused struct {
	finding     record.Finding // what JudgeRequest says of it
	statuses    []int
	requirement string // on the status
}

// refusedRequests are the requests of the suite that are refused for one reason.
func refusedRequests(suite *conformance.Suite) (out []refused) {
	for _, c := range suite.Cases {
		// A query is left aside where requests are judged.
		if len(c.Steps) != 1 || c.Steps[0].Expect != conformance.Refused || strings.Contains(c.Steps[0].Path, "?") {
			continue
		}
		r, err := sample(suite, c)
		if err != nil {
			continue
		}
		for _, f := range suite.JudgeRequest(r.method, r.path, r.header, r.body) {
			out = append(out, refused{f, c.Steps[0].Statuses, cmp.Or(c.StatusRequirement(), suite.OfKind(conformance.ServerError))})
		}
	}
	return out
}

// nearestRefusal is what cases say of the same fault, or else of faults at the same
// place, or else of the same requirement.
func (k *Checker) nearestRefusal(f record.Finding) refused {
	for _, like := range []func(record.Finding) bool{
		func(o record.Finding) bool {
			return o.Requirement == f.Requirement && o.Place == f.Place && o.Got == f.Got
		},
		func(o record.Finding) bool { return o.Requirement == f.Requirement && o.Place == f.Place },
		func(o record.Finding) bool { return o.Requirement == f.Requirement },
	} {
		var found refused
		for _, r := range k.refusals {
			if like(r.finding) {
				found.statuses = append(found.statuses, r.statuses...)
				found.requirement = cmp.Or(found.requirement, r.requirement)
			}
		}
		if found.statuses != nil {
			return found
		}
	}
	return refused{f, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, k.suite.OfKind(conformance.RefusalBody)}
}

// byState are the statuses that a sound request may meet for what the provider
// was brought into: no valid token, no role, no such machine.
var byState = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}

// status holds the statuses that the interaction lets pass against those due.
func (c *checking) status(d due, allowed []int) {
	pointer := c.i.at("response").at("status").pointer
	for _, r := range c.i.rules {
		if r.category == "status" {
			pointer = r.pointer
		}
	}
	assumes := "status " + Listed(allowed)
	within := func(s int) bool { return slices.Contains(allowed, s) }
	outside := func(s int) bool { return !within(s) }
	accepts := slices.ContainsFunc(allowed, func(s int) bool { return s/100 == 2 })
	if len(c.i.states) > 0 && len(allowed) > 0 && !slices.ContainsFunc(allowed, func(s int) bool { return !slices.Contains(byState, s) }) {
		return // the state is the reason
	}
	switch {
	case !slices.ContainsFunc(d.strict, within):
		p := Problem{Pointer: pointer, Assumes: assumes, Requirement: d.requirement}
		switch {
		case d.why == "":
			p.Contract = "this request is answered 201"
			if len(allowed) > 0 && !accepts && slices.Contains(byState, allowed[0]) {
				p.Contract += "; where its token or its machine is the reason, say so by a provider state"
			}
		default:
			p.Contract = fmt.Sprintf("this request is refused with %s (%s)", Listed(d.strict), d.why)
			if !accepts {
				p.Requirement = d.refusal
			}
		}
		c.add(&c.problems, p)
	case slices.ContainsFunc(d.strict, outside):
		c.add(&c.problems, Problem{Pointer: pointer, Assumes: assumes, Contract: fmt.Sprintf("each of %s will do for this request (%s); V4 of Pact can say so by the matcher statusCode", Listed(d.strict), d.why), Requirement: d.refusal})
	case slices.ContainsFunc(d.statuses, outside):
		c.add(&c.notes, Problem{Pointer: pointer, Assumes: assumes, Contract: fmt.Sprintf("that this request is refused (%s) is inferred alone", d.why), Requirement: d.requirement})
	}
}

// listed is a list of statuses in words; a long one by its ends.
func Listed(statuses []int) string {
	if len(statuses) == 0 {
		return "none"
	}
	if len(statuses) > 6 {
		return fmt.Sprintf("%d … %d", statuses[0], statuses[len(statuses)-1])
	}
	var parts []string
	for _, s := range statuses {
		parts = append(parts, strconv.Itoa(s))
	}
	return strings.Join(parts, " or ")
}

// accepted holds what the interaction asks of an action against answers that keep
// the contract.
func (c *checking) accepted(op openapi.Operation) {
	var request struct{ Sha1 string }
	json.Unmarshal(c.i.body, &request)
	told := map[string]bool{}
	all := c.conforming(op, c.answers[op.ID].witnesses(request.Sha1))
	for _, inferred := range []bool{false, true} {
		for _, w := range all {
			if w.inferred != inferred {
				continue
			}
			for _, miss := range c.m.match(w.actual) {
				if told[miss.pointer] {
					continue
				}
				told[miss.pointer] = true
				p := Problem{Pointer: miss.pointer, Assumes: assumed(miss)}
				p.Requirement, p.Contract = c.word(op, w, miss)
				if !miss.missing {
					p.Might = brief(miss.got)
				}
				if inferred {
					c.add(&c.notes, p)
				} else {
					c.add(&c.problems, p)
				}
			}
		}
	}
	c.example(op, told)
}

// conforming are the witnesses that the contract allows as its schema says it: one that
// breaks what is inferred alone counts as such, and one that breaks more is none.
func (k *Checker) conforming(op openapi.Operation, all []witness) (out []witness) {
	for _, w := range all {
		data, err := json.Marshal(w.body)
		if err != nil {
			continue
		}
		broken, err := k.schema[op.ID].Validate(data)
		if err != nil {
			continue
		}
		allowed := true
		for _, v := range broken {
			r := k.suite.Requirement(v.Requirement)
			inferred := r != nil && r.Level == record.Inferred
			allowed, w.inferred = allowed && inferred, w.inferred || inferred
		}
		if allowed {
			out = append(out, w)
		}
	}
	return out
}

// assumed words a mismatch with its place.
func assumed(m mismatch) string {
	if m.place != "body" || len(m.at) == 0 || m.missing {
		return m.asks
	}
	return fmt.Sprintf("%s is %s", m.at[len(m.at)-1], m.asks)
}

// word is the requirement by which a mismatch is none of the contract's, and what it
// says.
func (c *checking) word(op openapi.Operation, w witness, m mismatch) (requirement, contract string) {
	switch {
	case strings.EqualFold(m.place, "header Content-Type"):
		return c.suite.OfKind(conformance.MediaType), ""
	case strings.HasPrefix(m.place, "header "):
		return c.suite.OfKind(conformance.Acceptance), "nobody owes this header field with a 201"
	}
	place := "/" + strings.Join(m.at, "/")
	general := pointerOf(m.at)
	description := described(schemas.FS(), op.ResponseSchema+".schema.json", m.at)
	if m.missing {
		if description == "" {
			return c.requirementOfMembers(op, "required"), fmt.Sprintf("nobody owes the member %s; further ones are allowed and none of them is required", place)
		}
		return cmp.Or(c.requirementAt(op, general, "required"), c.requirementOfMembers(op, "required")), description
	}
	if len(m.at) > 0 && m.at[0] == w.member && (len(m.at) == 1 || w.inferred) {
		requirement = w.requirement
	}
	requirement = cmp.Or(requirement, c.requirementAt(op, general, "type"))
	return cmp.Or(requirement, c.requirementAt(op, "/"+first(m.at), "type"), c.requirementOfMembers(op, "type")), description
}

func first(at []string) string {
	if len(at) == 0 {
		return ""
	}
	return escape(at[0])
}

// pointerOf is a place as schemas have it, items as "*".
func pointerOf(at []string) string {
	var b strings.Builder
	for _, name := range at {
		if _, err := strconv.Atoi(name); err == nil {
			name = "*"
		}
		b.WriteString("/" + escape(name))
	}
	return b.String()
}

// requirementAt is the requirement that a schema's keyword enforces at a place.
func (k *Checker) requirementAt(op openapi.Operation, pointer, keyword string) string {
	for _, r := range k.rules[op.ID] {
		if r.Pointer == pointer && r.Keyword == keyword {
			return r.Requirement
		}
	}
	return ""
}

// requirementOfMembers is the requirement that a schema's keyword enforces at the first
// of its members that has the keyword.
func (k *Checker) requirementOfMembers(op openapi.Operation, keyword string) string {
	for _, r := range k.rules[op.ID] {
		if strings.Count(r.Pointer, "/") == 1 && r.Keyword == keyword {
			return r.Requirement
		}
	}
	return ""
}

// described is what a schema says in words of a place, or "" where it knows of none.
func described(shapes fs.FS, file string, at []string) string {
	data, err := fs.ReadFile(shapes, file)
	if err != nil {
		return ""
	}
	return describedIn(shapes, file, data, at)
}

func describedIn(shapes fs.FS, file string, node json.RawMessage, at []string) (found string) {
	var k struct {
		keyworded
		Description string `json:"description"`
	}
	if json.Unmarshal(node, &k) != nil {
		return ""
	}
	if len(at) == 0 && k.Description != "" {
		return k.Description
	}
	if k.Ref != "" {
		return described(shapes, path.Base(k.Ref), at)
	}
	if len(at) > 0 {
		if property, ok := k.Properties[at[0]]; ok {
			found = describedIn(shapes, file, property, at[1:])
		} else if k.Items != nil {
			found = describedIn(shapes, file, k.Items, at[1:])
		}
	}
	for _, part := range k.AllOf {
		found = cmp.Or(found, describedIn(shapes, file, part, at))
	}
	return found
}

// example holds the answer that the consumer was tested with against the schema.
// A member that it leaves out is one that the consumer does without.
func (c *checking) example(op openapi.Operation, told map[string]bool) {
	if !c.i.said {
		return
	}
	data, err := json.Marshal(c.i.answer.value)
	if err != nil {
		return
	}
	broken, err := c.schema[op.ID].Validate(data)
	if err != nil {
		return
	}
	var without []string
	for _, v := range broken {
		if v.Keyword == "required" {
			without = append(without, v.Pointer)
			continue
		}
		pointer := c.i.answer.pointer + v.Pointer
		if told[pointer] || c.ruled(v.Pointer, told) {
			continue
		}
		if r := c.suite.Requirement(v.Requirement); r != nil && r.Level == record.Inferred {
			c.add(&c.notes, Problem{Pointer: pointer, Assumes: fmt.Sprintf("an answer with %s", v.Got), Contract: "it is inferred alone that a server answers otherwise: want " + v.Want, Requirement: v.Requirement})
		} else {
			c.add(&c.problems, Problem{Pointer: pointer, Assumes: fmt.Sprintf("an answer with %s", v.Got), Contract: "no conforming server answers so: want " + v.Want, Requirement: v.Requirement})
		}
	}
	if len(without) > 0 {
		c.add(&c.notes, Problem{Pointer: c.i.answer.pointer, Assumes: "an answer without " + cutList(without), Contract: "a conforming server sends them; a consumer may do without", Requirement: c.requirementOfMembers(op, "required")})
	}
}

func cutList(names []string) string {
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

// ruled tells that the rule of a place was told of already.
func (c *checking) ruled(pointer string, told map[string]bool) bool {
	r, whole := c.m.best(strings.Split(strings.TrimPrefix(pointer, "/"), "/"))
	return r != nil && whole && told[r.pointer]
}

// refusal holds what the interaction asks of a refusal against answers that keep
// the contract.
func (c *checking) refusal(d due, status int) {
	told := map[string]bool{}
	for _, w := range refusals(status) {
		for _, miss := range c.m.match(w.actual) {
			if told[miss.pointer] || len(miss.at) > 0 && told[c.i.answer.pointer] {
				continue
			}
			told[miss.pointer] = true
			p := Problem{Pointer: miss.pointer, Assumes: assumed(miss), Requirement: "error.form", Contract: "a refusal may have any body or none, such as text, an OData error or problem details; nobody owes more"}
			if strings.HasPrefix(miss.place, "header ") && !strings.EqualFold(miss.place, "header Content-Type") {
				p.Requirement, p.Contract = d.refusal, "nobody owes this header field in this form"
			}
			if !miss.missing {
				p.Might = brief(miss.got)
			}
			c.add(&c.problems, p)
		}
	}
}
