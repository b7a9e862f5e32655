package pactfile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/fixtures"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// A Problem is an assumption of an interaction that the contract does not make, or contradicts.
type Problem struct {
	Line, Column int
	Interaction  string // its description
	Pointer      string // where in the file, a JSON pointer
	Assumes      string
	Contract     string
	Might        string // what a conforming server may answer instead, or ""
	Requirement  string // of the contract, the source
	Level        record.Level
}

// A Checked is the result of checking a pact file.
type Checked struct {
	Consumer, Provider string
	Version            string // of the Pact specification, or "" if unknown
	Interactions       int    // over HTTP, judged or not
	Judged             int
	Problems           []Problem // that a conforming server may violate, by place in the file
	Notes              []Problem // that a conforming server may satisfy, and what was not judged; likewise
}

// problemLimit is the maximum number of problems and of notes.
const problemLimit = 1000

// A Checker checks pact files against the contract. It is immutable and safe for concurrent use.
type Checker struct {
	suite    *conformance.Suite
	answers  map[string]*answer         // by operation ID
	schema   map[string]*schemas.Schema // of the answer, likewise
	rules    map[string][]schemas.Rule  // of the same schema, likewise
	refusals []refused
}

// NewChecker returns a Checker for the contract of a suite. Its errors are those of [Build],
// and one where no requirement has a kind by which pacts are checked.
func NewChecker(suite *conformance.Suite) (*Checker, error) {
	if err := suite.Needs(conformance.Existence, conformance.Acceptance, conformance.MediaType, conformance.RefusalBody,
		conformance.ServerError); err != nil {
		return nil, fmt.Errorf("pact: %w", err)
	}
	k := &Checker{suite: suite, answers: map[string]*answer{}, schema: map[string]*schemas.Schema{},
		rules: map[string][]schemas.Rule{}, refusals: refusedRequests(suite)}
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

// Check judges a file of V2, V3 or V4. Interactions at paths of no operation are not part of
// the contract. The error describes why the file cannot be read; it begins with its name, line
// and column.
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
		c.notes = append(c.notes, Problem{Pointer: "/messages",
			Assumes:  fmt.Sprintf("%d of its interactions are messages", d.messages),
			Contract: "it is over HTTP; not judged"})
	}
	out.Problems, out.Notes = d.placed(c.problems), d.placed(c.notes)
	return out, nil
}

// placed sets lines and columns, and sorts by them.
func (d *document) placed(all []Problem) []Problem {
	var pointers []string
	for _, p := range all {
		pointers = append(pointers, p.Pointer)
	}
	at := d.offsets(pointers)
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(at[a.Pointer], at[b.Pointer]), cmp.Compare(a.Pointer, b.Pointer),
			cmp.Compare(a.Assumes, b.Assumes))
	})
	all = all[:min(len(all), problemLimit)]
	p := pen{data: d.data}
	for i := range all {
		all[i].Line, all[i].Column = p.at(at[all[i].Pointer])
	}
	return all
}

// checking is the state of checking one file.
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

// judge judges one interaction, and reports whether it belongs to the contract.
func (c *checking) judge() bool {
	i := c.i
	findings := c.suite.JudgeRequest(i.method, i.path, i.header, i.body)
	if len(findings) > 0 && findings[0].Check == "request-path" {
		if similar := c.similarPath(); similar != "" {
			c.add(&c.problems, Problem{Pointer: i.at("request").at("path").pointer, Assumes: "the path " +
				brief(i.path), Contract: "the path is " + similar, Requirement: c.suite.OfKind(conformance.Existence)})
			return true
		}
		c.add(&c.notes, Problem{Pointer: i.pointer, Assumes: "the path " + brief(i.path),
			Contract: "not part of this contract; not judged"})
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

// similarPath returns the path of the operation with the same last segment, or "".
func (c *checking) similarPath() string {
	given, _, _ := strings.Cut(c.i.path, "?")
	for _, op := range c.suite.Operations {
		if strings.EqualFold(path.Base(given), path.Base(op.Path)) {
			return op.Path
		}
	}
	return ""
}

// operation returns the operation that the interaction calls, or nil.
func (c *checking) operation() *openapi.Operation {
	given, _, _ := strings.Cut(c.i.path, "?")
	for n, op := range c.suite.Operations {
		if _, is := op.Match(given); is && op.Method == c.i.method {
			return &c.suite.Operations[n]
		}
	}
	return nil
}

// A due is the answer to a request by the contract.
type due struct {
	statuses    []int // that a conforming server may answer; 201 first if it may accept
	strict      []int // the same, for one that keeps inferred requirements too
	requirement string
	refusal     string // the requirement on the status of a refusal
	why         string // the problem of the request, or ""
}

// due returns the answer to a request with these findings.
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
			d.requirement, d.refusal, d.why = f.Requirement, r.requirement, fmt.Sprintf("%s: want %s, got %s", f.Place,
				f.Want, f.Got)
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

// A refused holds the data of a case whose request is refused.
type refused struct {
	finding     record.Finding // of JudgeRequest
	statuses    []int
	requirement string // on the status
}

// refusedRequests returns the requests of the suite that are refused for one reason.
func refusedRequests(suite *conformance.Suite) (out []refused) {
	for _, c := range suite.Cases {
		// JudgeRequest ignores a query and an expectation, for which a case may allow another status.
		if len(c.Steps) != 1 || c.Steps[0].Expect != conformance.Refused || strings.Contains(c.Steps[0].Path, "?") ||
			record.HasHeader(c.Steps[0].Header, "Expect") {
			continue
		}
		r, err := sample(suite, c)
		if err != nil {
			continue
		}
		for _, f := range suite.JudgeRequest(r.method, r.path, r.header, r.body) {
			out = append(out, refused{f, c.Steps[0].Statuses,
				cmp.Or(c.StatusRequirement(), suite.OfKind(conformance.ServerError))})
		}
	}
	return out
}

// nearestRefusal returns the case with the same problem, or else with a problem at the same
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
	return refused{f, []int{http.StatusBadRequest, http.StatusUnprocessableEntity},
		k.suite.OfKind(conformance.RefusalBody)}
}

// byState are the statuses with which a valid request may be refused because of a provider
// state: no valid token, no role, no such machine.
var byState = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}

// status compares the statuses that the interaction allows with those of the contract.
func (c *checking) status(d due, allowed []int) {
	pointer := c.i.at("response").at("status").pointer
	for _, r := range c.i.rules {
		if r.category == "status" {
			pointer = r.pointer
		}
	}
	assumes := "status " + listed(allowed)
	within := func(s int) bool { return slices.Contains(allowed, s) }
	outside := func(s int) bool { return !within(s) }
	accepts := slices.ContainsFunc(allowed, func(s int) bool { return s/100 == 2 })
	if len(c.i.states) > 0 && len(allowed) > 0 && !slices.ContainsFunc(allowed,
		func(s int) bool { return !slices.Contains(byState, s) }) {
		return // the state is the reason
	}
	switch {
	case !slices.ContainsFunc(d.strict, within):
		p := Problem{Pointer: pointer, Assumes: assumes, Requirement: d.requirement}
		switch {
		case d.why == "":
			p.Contract = "this request is answered 201"
			if len(allowed) > 0 && !accepts && slices.Contains(byState, allowed[0]) {
				p.Contract += "; if its token or its machine is the reason, declare it by a provider state"
			}
		default:
			p.Contract = fmt.Sprintf("this request is refused with %s (%s)", listed(d.strict), d.why)
			if !accepts {
				p.Requirement = d.refusal
			}
		}
		c.add(&c.problems, p)
	case slices.ContainsFunc(d.strict, outside):
		c.add(&c.problems, Problem{Pointer: pointer, Assumes: assumes,
			Contract: fmt.Sprintf("each of %s is valid for this request (%s); V4 of Pact can express that with the "+
				"matcher statusCode", listed(d.strict), d.why), Requirement: d.refusal})
	case slices.ContainsFunc(d.statuses, outside):
		c.add(&c.notes, Problem{Pointer: pointer, Assumes: assumes,
			Contract:    fmt.Sprintf("the refusal of this request (%s) is only inferred", d.why),
			Requirement: d.requirement})
	}
}

// listed returns a list of statuses as text; a long one by its first and last.
func listed(statuses []int) string {
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

// accepted compares what the interaction requires of an action with conforming answers.
func (c *checking) accepted(op openapi.Operation) {
	var request struct{ Sha1 string }
	json.Unmarshal(c.i.body, &request)
	shown := map[string]bool{}
	all := c.conforming(op, c.answers[op.ID].witnesses(request.Sha1))
	for _, inferred := range []bool{false, true} {
		for _, w := range all {
			if w.inferred != inferred {
				continue
			}
			for _, miss := range c.m.match(w.actual) {
				if shown[miss.pointer] {
					continue
				}
				shown[miss.pointer] = true
				p := Problem{Pointer: miss.pointer, Assumes: assumed(miss)}
				p.Requirement, p.Contract = c.source(op, w, miss)
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
	c.example(op, shown)
}

// conforming returns the witnesses that are valid against the schema. One that breaks only
// inferred requirements counts as inferred, and one that breaks others is left out.
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

// assumed returns the text of a mismatch with its place.
func assumed(m mismatch) string {
	if m.place != "body" || len(m.at) == 0 || m.missing {
		return m.asks
	}
	return fmt.Sprintf("%s is %s", m.at[len(m.at)-1], m.asks)
}

// source returns the requirement that decides on a mismatch, and the text of the contract.
func (c *checking) source(op openapi.Operation, w witness, m mismatch) (requirement, contract string) {
	switch {
	case strings.EqualFold(m.place, "header Content-Type"):
		return c.suite.OfKind(conformance.MediaType), ""
	case strings.HasPrefix(m.place, "header "):
		return c.suite.OfKind(conformance.Acceptance), "this header field is not required with a 201"
	}
	place := "/" + strings.Join(m.at, "/")
	general := pointerOf(m.at)
	description := described(schemas.FS(), op.ResponseSchema+".schema.json", m.at)
	if m.missing {
		if description == "" {
			return c.requirementOfMembers(op, "required"), fmt.Sprintf("the member %s is not required; additional "+
				"members are allowed and none is required", place)
		}
		return cmp.Or(c.requirementAt(op, general, "required"), c.requirementOfMembers(op, "required")), description
	}
	if len(m.at) > 0 && m.at[0] == w.member && (len(m.at) == 1 || w.inferred) {
		requirement = w.requirement
	}
	requirement = cmp.Or(requirement, c.requirementAt(op, general, "type"))
	return cmp.Or(requirement, c.requirementAt(op, "/"+first(m.at), "type"), c.requirementOfMembers(op, "type")),
		description
}

func first(at []string) string {
	if len(at) == 0 {
		return ""
	}
	return escape(at[0])
}

// pointerOf returns a place in the form of schemas, with items as "*".
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

// requirementAt returns the requirement that a schema's keyword enforces at a place.
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

// described returns the description of a place in a schema, or "".
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

// example validates the consumer's example answer against the schema. The consumer does not
// use a member that the example lacks.
func (c *checking) example(op openapi.Operation, shown map[string]bool) {
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
		if shown[pointer] || c.ruled(v.Pointer, shown) {
			continue
		}
		if r := c.suite.Requirement(v.Requirement); r != nil && r.Level == record.Inferred {
			c.add(&c.notes, Problem{Pointer: pointer, Assumes: fmt.Sprintf("an answer with %s", v.Got),
				Contract: "only an inferred requirement says otherwise: want " + v.Want, Requirement: v.Requirement})
		} else {
			c.add(&c.problems, Problem{Pointer: pointer, Assumes: fmt.Sprintf("an answer with %s", v.Got),
				Contract: "no conforming server gives this answer: want " + v.Want, Requirement: v.Requirement})
		}
	}
	if len(without) > 0 {
		c.add(&c.notes, Problem{Pointer: c.i.answer.pointer, Assumes: "an answer without " + cutList(without),
			Contract:    "a conforming server sends them; a consumer may ignore them",
			Requirement: c.requirementOfMembers(op, "required")})
	}
}

func cutList(names []string) string {
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

// ruled reports whether the rule of a place was reported already.
func (c *checking) ruled(pointer string, shown map[string]bool) bool {
	r, whole := c.m.best(strings.Split(strings.TrimPrefix(pointer, "/"), "/"))
	return r != nil && whole && shown[r.pointer]
}

// refusal compares what the interaction requires of a refusal with conforming answers.
func (c *checking) refusal(d due, status int) {
	shown := map[string]bool{}
	for _, w := range refusals(status) {
		for _, miss := range c.m.match(w.actual) {
			if shown[miss.pointer] || len(miss.at) > 0 && shown[c.i.answer.pointer] {
				continue
			}
			shown[miss.pointer] = true
			p := Problem{Pointer: miss.pointer, Assumes: assumed(miss), Requirement: "error.form",
				Contract: "a refusal may have any body or none, such as text, an OData error or problem details; no " +
					"more is required"}
			if strings.HasPrefix(miss.place, "header ") && !strings.EqualFold(miss.place, "header Content-Type") {
				p.Requirement, p.Contract = d.refusal, "this header field is not required in this form"
			}
			if !miss.missing {
				p.Might = brief(miss.got)
			}
			c.add(&c.problems, p)
		}
	}
}
