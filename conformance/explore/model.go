package explore

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// A script is the structured form of a case, from which the case is built.
type script struct {
	operation string
	steps     []request
	atOnce    bool
}

// A request is the structured form of a step. It is about the machine under test; another
// one would be a further field here, rendered into the path by [grammar.step].
type request struct {
	operation string // that it calls
	members   []member
	spelling  spelling
	media     string // the value of Content-Type
	scheme    string // what stands before the token, with its blank; "" for the token alone
	noAuth    bool   // Authorization is not sent
	fields    []record.Field
	reversed  bool  // the header fields stand in reverse order
	names     int   // the letter case of their names
	chunks    []int // sizes of the chunks; the rest of the body follows as one. nil for Content-Length
	fault     int   // index into faults, counted from 1; 0 for none
	at        int   // where the fault is, for those that need a place
}

// A member is a member of the body.
type member struct {
	name    string
	file    bool   // it names the file, so that hash is its value
	text    []rune // the value of another one
	hash    string // "" for {{sha1.N}}, one of hashForms for one made of it, or the text itself
	raw     string // JSON in place of either
	further bool   // the contract does not name it
	escaped bool   // the name is written with escapes
	like    string // the written case that has such a further member
}

// A spelling is how the JSON text of a body is written.
type spelling struct {
	escape  int    // index into escapings
	between string // white space between two tokens
	around  string // and before and behind the whole
}

// The letter cases of header field names.
const (
	namesAsUsual = iota
	namesLower
	namesUpper
)

// The written cases whose requirements and expectation apply to requests of a form. Where a
// suite has no such case, the form is not generated.
const (
	likeText          = "valid/accepts-unicode-comment"
	likeLongText      = "valid/accepts-long-comment"
	likeControls      = "valid/accepts-control-characters-as-escapes"
	likeHostileText   = "body/answers-nul-character"
	likeUpperHash     = "valid/accepts-upper-case-sha1"
	likeOtherHash     = "valid/accepts-mixed-case-sha1"
	likeOrder         = "valid/accepts-sha1-before-comment"
	likeEscapedNames  = "valid/accepts-escaped-letters-in-names"
	likeEscapedValues = "valid/accepts-escaped-letters-in-values"
	likeSpaceBetween  = "valid/accepts-tabs-between-tokens"
	likeSpaceAround   = "valid/accepts-white-space-around-body"
	likeFieldOrder    = "valid/accepts-header-in-the-other-order"
	likeLowerNames    = "valid/accepts-lower-case-header-names"
	likeUpperNames    = "valid/accepts-upper-case-header-names"
	likeMediaCase     = "valid/accepts-capitals-in-media-type"
	likeParameter     = "valid/accepts-quoted-charset"
	likeSchemeCase    = "valid/accepts-mixed-case-scheme"
	likeChunks        = "body/answers-chunked-body"
)

// longText is the length above which a text may exceed a limit that no document states.
const longText = 100

// shortText is the text of a plain request.
const shortText = "aa"

// A grammar generates requests for a suite.
type grammar struct {
	suite *conformance.Suite
	plain map[string]*plain // by operation
	names []string          // of the operations that have a plain case, sorted
}

// A plain is the control of an operation, from which other requests differ.
type plain struct {
	control *conformance.Case
	request request
}

// newGrammar finds the plain case of each operation: the accepted one that the most
// others have as control.
func newGrammar(s *conformance.Suite) (*grammar, error) {
	g := &grammar{suite: s, plain: map[string]*plain{}}
	count := map[string]int{}
	for _, c := range s.Cases {
		count[c.Control]++
	}
	for _, op := range s.Operations {
		var best *conformance.Case
		for _, c := range s.Cases {
			if c.Operation == op.ID && len(c.Steps) == 1 && c.Steps[0].Expect == conformance.Accepted &&
				len(c.Needs) == 0 && count[c.ID] > 0 && (best == nil || count[c.ID] > count[best.ID]) {
				best = c
			}
		}
		if best == nil {
			continue
		}
		if r, ok := g.read(op, best); ok {
			g.plain[op.ID] = &plain{best, r}
			g.names = append(g.names, op.ID)
		}
	}
	if len(g.names) == 0 {
		return nil, errors.New("fixtures/cases: no operation has an accepted case with a JSON object as body that is " +
			"the control of others; add one to explore from")
	}
	return g, nil
}

// read returns the structured form of a written case of one request.
func (g *grammar) read(op openapi.Operation, c *conformance.Case) (r request, ok bool) {
	step := c.Steps[0]
	r = request{operation: op.ID}
	for _, f := range step.Header {
		scheme, is := strings.CutSuffix(f.Value, "{{token}}")
		switch {
		case strings.EqualFold(f.Name, "Authorization") && is:
			r.scheme = scheme
		case strings.EqualFold(f.Name, "Content-Type"):
			r.media = f.Value
		default:
			r.fields = append(r.fields, f)
		}
	}
	members, _ := step.Members()
	for _, of := range members {
		m := member{name: of.Name, raw: of.Value}
		var text string
		if json.Unmarshal([]byte(of.Value), &text) == nil {
			m.raw, m.text, m.file = "", []rune(shortText), m.name == op.FileMember
		}
		r.members = append(r.members, m)
	}
	return r, r.media != "" && r.scheme != "" && len(r.members) > 0
}

// clone returns a copy that shares no memory that is written to.
func (r request) clone() request {
	r.members, r.fields, r.chunks = slices.Clone(r.members), slices.Clone(r.fields), slices.Clone(r.chunks)
	for i := range r.members {
		r.members[i].text = slices.Clone(r.members[i].text)
	}
	return r
}

func (s script) clone() script {
	s.steps = slices.Clone(s.steps)
	for i := range s.steps {
		s.steps[i] = s.steps[i].clone()
	}
	return s
}

// valid returns a request without its fault and with the values that are valid.
func (g *grammar) valid(r request) request {
	p := g.plain[r.operation].request
	r = r.clone()
	r.fault, r.noAuth = 0, false
	if !strings.EqualFold(r.scheme, p.scheme) {
		r.scheme = p.scheme
	}
	if media, _, _ := strings.Cut(r.media, ";"); !strings.EqualFold(media, p.media) {
		r.media = p.media
	}
	for i := range r.members {
		m := &r.members[i]
		switch {
		case m.further:
		case m.file && !slices.Contains(hashForms(), m.hash) && !isHash(m.hash):
			m.raw, m.hash = "", ""
		case m.raw != "":
			m.raw, m.text = "", []rune(shortText)
		}
	}
	for i, m := range p.members {
		if !slices.ContainsFunc(r.members, func(o member) bool { return o.name == m.name }) {
			r.members = slices.Insert(r.members, min(i, len(r.members)), m)
		}
	}
	return r
}

// likes returns the written cases whose forms a request has, by name without operation.
func (g *grammar) likes(r request) (out []string) {
	p := g.plain[r.operation].request
	add := func(is bool, like string) {
		if is && !slices.Contains(out, like) {
			out = append(out, like)
		}
	}
	last := -1
	for _, m := range r.members {
		at := slices.IndexFunc(p.members, func(o member) bool { return o.name == m.name })
		if m.further {
			add(true, m.like)
			continue
		}
		add(at < last, likeOrder)
		last = max(at, last)
		add(m.escaped, likeEscapedNames)
		if m.file {
			add(m.hash == "upper", likeUpperHash)
			add(m.hash != "" && m.hash != "upper", likeOtherHash)
			continue
		}
		add(slices.ContainsFunc(m.text, isSpecial), likeText)
		add(len(m.text) > longText || len(m.text) < len(shortText), likeLongText)
		add(slices.ContainsFunc(m.text, isControl), likeControls)
		add(slices.ContainsFunc(m.text, isHostile), likeHostileText)
	}
	add(r.spelling.escape != 0, likeEscapedValues)
	add(r.spelling.between != "", likeSpaceBetween)
	add(r.spelling.around != "", likeSpaceAround)
	add(r.reversed, likeFieldOrder)
	add(r.names == namesLower, likeLowerNames)
	add(r.names == namesUpper, likeUpperNames)
	media, parameter, _ := strings.Cut(r.media, ";")
	plainMedia, _, _ := strings.Cut(p.media, ";")
	add(media != plainMedia && strings.EqualFold(media, plainMedia), likeMediaCase)
	add(parameter != "" && strings.EqualFold(media, plainMedia), likeParameter)
	add(!r.noAuth && r.scheme != p.scheme && strings.EqualFold(r.scheme, p.scheme), likeSchemeCase)
	add(r.chunks != nil, likeChunks)
	for _, f := range r.fields {
		for _, row := range furtherFields() {
			add(row.name == f.Name && row.value == f.Value, row.like)
		}
	}
	return out
}

// A verdict is what is expected of a request.
type verdict struct {
	expect   conformance.Expectation
	statuses []int
	proves   []string
}

// expected returns the expectation of the written cases that have the forms of a request.
// For a valid request with several forms, the case that proves the weakest requirement
// applies, so that a refusal is not charged to a stronger one than it shows. It reports false
// where [conformance.Suite.JudgeRequest] disagrees, or finds more than one violation.
func (g *grammar) expected(r request, body string) (v verdict, ok bool) {
	broken := map[string]bool{}
	for _, f := range g.contradicts(r, body) {
		broken[f.Requirement] = true
	}
	if r.fault > 0 != (len(broken) > 0) || len(broken) > 1 {
		return v, false
	}
	p := g.plain[r.operation]
	if r.fault > 0 {
		return g.refused(r)
	}
	v = verdict{expect: conformance.Accepted, statuses: p.control.Steps[0].Statuses, proves: p.control.Proves}
	var weakest *record.Requirement
	for _, name := range g.likes(r) {
		c := g.suite.Case(r.operation + "/" + name)
		if c == nil {
			return v, false
		}
		step := c.Steps[0]
		of := g.suite.Requirement(c.Proves[0])
		switch {
		case step.Expect == conformance.Either && v.expect != conformance.Either:
			v = verdict{conformance.Either, nil, c.Proves}
		case v.expect == conformance.Accepted && (weakest == nil || of.Level > weakest.Level):
			weakest, v.proves = of, c.Proves
		}
	}
	return v, true
}

// refused returns the expectation for a request with a fault. It reports false where a form of
// the request may be refused too, because the refusal could then be about either.
func (g *grammar) refused(r request) (v verdict, ok bool) {
	for _, name := range g.likes(r) {
		c := g.suite.Case(r.operation + "/" + name)
		if c == nil || c.Steps[0].Expect != conformance.Accepted || name == likeLongText {
			return v, false
		}
	}
	c := g.suite.Case(r.operation + "/" + faults()[r.fault-1].like)
	if c == nil || c.Steps[0].Expect != conformance.Refused {
		return v, false
	}
	return verdict{conformance.Refused, c.Steps[0].Statuses, c.Proves}, true
}

// contradicts returns the findings of the contract on a request with a body.
func (g *grammar) contradicts(r request, body string) []record.Finding {
	header := http.Header{}
	for _, f := range g.header(r) {
		if f.Value != httpfile.None {
			header.Add(f.Name, conformance.Sample(f.Value))
		}
	}
	method := g.plain[r.operation].control.Steps[0].Method
	return g.suite.JudgeRequest(method, g.path(r.operation), header, []byte(conformance.Sample(body)))
}

// path returns the path of an operation for some machine.
func (g *grammar) path(operation string) string {
	for _, op := range g.suite.Operations {
		if op.ID == operation {
			return op.PathFor(strings.Repeat("0", 40))
		}
	}
	return ""
}

// build returns the case of a script, and whether it can be judged.
func (g *grammar) build(s script, id, title, seed string) (c *conformance.Case, ok bool) {
	c = &conformance.Case{ID: id, Title: title, Operation: s.operation, AtOnce: s.atOnce,
		Control: g.plain[s.operation].control.ID,
		Origin:  conformance.Origin{Generator: Generator, Seed: seed}}
	_, c.Name, _ = strings.Cut(id, "/")
	var broken string
	var weakest *record.Requirement
	for i, r := range s.steps {
		body := r.body(i + 1)
		v, ok := g.expected(r, body)
		if !ok {
			return nil, false
		}
		step := g.step(r, i+1, body)
		step.Expect, step.Statuses = v.expect, v.statuses
		if r.operation != s.operation {
			step.Operation, step.Path = r.operation, "{{path "+r.operation+"}}"
		}
		c.Steps = append(c.Steps, step)
		of := g.suite.Requirement(v.proves[0])
		switch {
		case v.expect == conformance.Refused && broken != "" && broken != v.proves[0]:
			return nil, false // a case is to refuse for one reason
		case v.expect == conformance.Refused:
			broken, c.Proves = v.proves[0], v.proves
		case broken == "" && (weakest == nil || of.Level > weakest.Level):
			weakest, c.Proves = of, v.proves
		}
	}
	if len(c.Steps) > 1 {
		if isolated := g.suite.OfKind(conformance.Isolation); isolated != "" && !slices.Contains(c.Proves, isolated) {
			c.Proves = append(slices.Clone(c.Proves), isolated)
		}
	}
	return c, true
}

// step renders a request as the step of that number, without its expectation.
func (g *grammar) step(r request, number int, body string) conformance.Step {
	step := conformance.Step{Index: number, Method: g.plain[r.operation].control.Steps[0].Method, Path: "{{path}}",
		Header: g.header(r), Body: body}
	if r.chunks != nil {
		step.Body = r.chunked(body)
	}
	return step
}

// header renders the header of a request.
func (g *grammar) header(r request) (out []record.Field) {
	if !r.noAuth {
		out = append(out, record.Field{Name: "Authorization", Value: r.scheme + "{{token}}"})
	}
	out = append(out, record.Field{Name: "Content-Type", Value: r.media})
	out = append(out, r.fields...)
	if r.chunks != nil {
		out = append(out, record.Field{Name: "Content-Length", Value: httpfile.None},
			record.Field{Name: "Transfer-Encoding", Value: "chunked"})
	}
	if r.reversed {
		slices.Reverse(out)
	}
	for i := range out {
		switch r.names {
		case namesLower:
			out[i].Name = strings.ToLower(out[i].Name)
		case namesUpper:
			out[i].Name = strings.ToUpper(out[i].Name)
		}
	}
	return out
}

// chunked returns a body in chunks.
func (r request) chunked(body string) string {
	var chunks []httpfile.Chunk
	for _, size := range r.chunks {
		chunks = append(chunks, httpfile.Chunk{Length: size})
	}
	return httpfile.Chunked(body, chunks, "", func(text string) int { return len(conformance.Sample(text)) })
}
