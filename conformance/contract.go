package conformance

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/fixtures"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// A Contract is the documents that say what an API is: its description, the schemas of
// its bodies, and the catalogue of requirements with the cases that prove them. A file
// system that is nil is the embedded one, so that the zero value is the contract of the
// two documents.
type Contract struct {
	OpenAPI  fs.FS // in its root one file *.openapi.yaml
	Schemas  fs.FS // in its root the files *.schema.json
	Fixtures fs.FS // the folders requirements and cases
}

// openAPI and the like return the file systems of the contract.
func (c Contract) openAPI() fs.FS {
	if c.OpenAPI == nil {
		return openapi.FS()
	}
	return c.OpenAPI
}

func (c Contract) schemas() fs.FS {
	if c.Schemas == nil {
		return schemas.FS()
	}
	return c.Schemas
}

// Hashes returns what [Suite.Contract] and [Suite.Fixtures] are of a suite that is loaded from
// this contract alone, without loading it.
func (c Contract) Hashes() (contract, fixtures string) {
	return hashOf(c.openAPI(), c.schemas()), hashOf(c.source().FS)
}

func (c Contract) source() Source {
	if c.Fixtures == nil {
		return Source{FS: fixtures.FS(), Name: "fixtures"}
	}
	return Source{FS: c.Fixtures, Name: "fixtures"}
}

// terms are what the documents say of the answers of one operation.
type terms struct {
	openapi.Operation
	successes []int                  // the statuses of success; several only where the operation is not known
	schema    *schemas.Schema        // of a success; nil where the operation is not known
	members   []string               // that it requires
	rules     []schemas.Rule         // of a request's schema
	errors    *schemas.Schema        // of a refusal's body; nil where none is described
	faults    []string               // the members that it describes
	resource  schemas.Resource       // by which an answer of any operation is recognised
	repeats   *schemas.Repetition    // how a refusal says that the action is under way; nil where it does not
	relations []*relation            // that hold of one answer
	byCheck   map[string][]*relation // the same, by the name of the check
	across    map[string]*relation   // that hold between answers, by the name of the check
	kept      []*relation            // the same, which keep values of an answer
	slots     int                    // how many
	identity  string                 // pointer to the member that identifies an action; "" where none does
}

// created reports whether a status is the one of success that is documented.
func (t *terms) created(status int) bool { return slices.Contains(t.successes, status) }

// success is the status of success, as a text.
func (t *terms) success() string { return record.OrStatuses(t.successes) }

// looksLikeAction reports whether a body is what a success carries, whole or in part. A
// refusal may well repeat members of the request that it refuses.
func (t *terms) looksLikeAction(body schemas.Document) bool { return body.HasSign(t.resource.Signs) }

// holdsAction reports whether an answer holds at any depth, or in its text, what a success carries.
func (t *terms) holdsAction(a *answer) bool {
	if a.action.IsObject() {
		return a.action.HoldsSign(t.resource.Signs)
	}
	return schemas.TextHoldsSign(string(a.body), t.resource.Signs)
}

// running reports whether the body of a refusal says that the action is under way.
func (t *terms) running(body schemas.Document) bool {
	if t.repeats == nil {
		return false
	}
	text, is := body.Text(t.repeats.At)
	return is && slices.Contains(t.repeats.Values, text)
}

// machineOf returns the machine that an escaped path names, before which the URL of a
// server may have put further segments; "" where it names none.
func machineOf(op openapi.Operation, path string) string {
	for more := true; more; {
		if subject, is := op.SubjectOf(path); is {
			return subject
		}
		_, path, more = strings.Cut(strings.TrimPrefix(path, "/"), "/")
		path = "/" + path
	}
	return ""
}

// sentMember reads a string member from a request's body, "" where it cannot.
func sentMember(body []byte, member string) string {
	if member == "" {
		return ""
	}
	text, _ := strictjson.StringMember(body, member)
	return text
}

// sentFile reads the file that a request names, by the first of the operations'
// members that is there; "" where it cannot.
func sentFile(body []byte, operations []openapi.Operation) string {
	var tried []string
	for _, op := range operations {
		if slices.Contains(tried, op.FileMember) {
			continue
		}
		if file := sentMember(body, op.FileMember); file != "" {
			return file
		}
		tried = append(tried, op.FileMember)
	}
	return ""
}

// actionIn reads what identifies the action in the answer of an operation, "" where
// nothing does.
func (s *Suite) actionIn(operation string, body []byte) string {
	t := s.terms[operation]
	if t == nil {
		t = s.unknown
	}
	if t.identity == "" || strictjson.Check(body) != nil {
		return ""
	}
	value, err := schemas.Decode(body)
	if err != nil {
		return ""
	}
	id, _ := schemas.DocumentOf(value).Text(t.identity)
	return id
}

// terms reads what the documents say of the answers of each operation, and of those
// of an operation that is not known: what all have in common.
func (l *loader) terms(doc *openapi.Document) {
	all := map[string]*terms{}
	other := &terms{across: map[string]*relation{}}
	for i, op := range doc.Operations {
		t := &terms{Operation: op, successes: []int{op.Success}, across: map[string]*relation{}}
		all[op.ID] = t
		fail := func(err error) { l.fail(fmt.Errorf("openapi: operation %s: %w", op.ID, err)) }
		if op.RequestSchema != "" {
			var err error
			if l.suite.request[op.ID], err = l.shapes.compile(op.RequestSchema); err != nil {
				fail(err)
			} else if t.rules, err = l.shapes.rules(op.RequestSchema); err != nil {
				fail(err)
			}
		}
		if op.ErrorSchema != "" {
			if err := t.readErrors(l.shapes); err != nil {
				fail(err)
			}
		}
		outline, err := t.readAnswer(l.shapes)
		if err != nil {
			fail(err)
			continue
		}
		for _, r := range outline.Relations {
			if err := l.relation(t, r); err != nil {
				l.fail(err)
			}
		}
		for _, r := range outline.Relations {
			if !slices.ContainsFunc(l.relations, func(o schemas.Relation) bool {
				return o.Schema == r.Schema &&
					o.Index == r.Index
			}) {
				l.relations = append(l.relations, r)
			}
		}
		if !slices.Contains(strings.Split(other.Method, " or "), op.Method) {
			other.Method = strings.TrimPrefix(other.Method+" or "+op.Method, " or ")
		}
		if r := outline.Resource; r != nil {
			if other.resource.Name == "" {
				other.resource.Name = r.Name
			} else if !slices.Contains(strings.Split(other.resource.Name, " or "), r.Name) {
				other.resource.Name += " or " + r.Name
			}
			other.resource.Signs = append(other.resource.Signs, r.Signs...)
		}
		if !slices.Contains(other.successes, op.Success) {
			other.successes = append(other.successes, op.Success)
		}
		if i == 0 || t.ErrorSchema == other.ErrorSchema {
			other.ErrorSchema, other.errors, other.faults, other.repeats = t.ErrorSchema, t.errors, t.faults, t.repeats
		} else {
			other.errors, other.faults, other.repeats = nil, nil, nil
		}
		other.inCommon(t, i == 0)
	}
	for _, t := range all {
		t.resource = other.resource
		t.index()
	}
	other.index()
	l.suite.terms, l.suite.unknown = all, other
}

// shapes reads what the schemas of a library say, each once: operations share them.
type shapes struct {
	compile func(name string) (*schemas.Schema, error)
	rules   func(name string) ([]schemas.Rule, error)
	outline func(name string) (schemas.Outline, error)
	pattern func(expr string) (*schemas.Pattern, error)
}

func shapesOf(r *schemas.Reader) shapes {
	return shapes{onceEach(r.Compile), onceEach(r.Rules), onceEach(r.Outline), r.Pattern}
}

// onceEach returns a function that calls another once for each name. It is for one goroutine.
func onceEach[V any](read func(name string) (V, error)) func(name string) (V, error) {
	type result struct {
		value V
		err   error
	}
	known := map[string]result{}
	return func(name string) (V, error) {
		r, is := known[name]
		if !is {
			r.value, r.err = read(name)
			known[name] = r
		}
		return r.value, r.err
	}
}

// readAnswer reads what a success of the operation is.
func (t *terms) readAnswer(s shapes) (outline schemas.Outline, err error) {
	if t.schema, err = s.compile(t.ResponseSchema); err != nil {
		return outline, err
	}
	rules, err := s.rules(t.ResponseSchema)
	if err != nil {
		return outline, err
	}
	for _, r := range rules {
		if name := strings.TrimPrefix(r.Pointer, "/"); r.Keyword == "required" && !strings.Contains(name, "/") {
			t.members = append(t.members, name)
		}
	}
	return s.outline(t.ResponseSchema)
}

// readErrors reads what the body of a refusal is.
func (t *terms) readErrors(s shapes) (err error) {
	if t.errors, err = s.compile(t.ErrorSchema); err != nil {
		return err
	}
	outline, err := s.outline(t.ErrorSchema)
	for _, at := range outline.Places {
		if name := strings.TrimPrefix(at, "/"); name != "" && !strings.Contains(name, "/") {
			t.faults = append(t.faults, name)
		}
	}
	t.repeats = outline.Repetition
	return err
}

// index looks relations up by the check that they belong to.
func (t *terms) index() {
	for _, check := range keys(t.across) {
		t.kept = append(t.kept, t.across[check])
	}
	t.byCheck = map[string][]*relation{}
	for _, r := range t.relations {
		t.byCheck[r.Check] = append(t.byCheck[r.Check], r)
	}
}

// inCommon keeps of the relations those that an operation has too.
func (t *terms) inCommon(with *terms, first bool) {
	if first {
		t.relations, t.identity, t.slots = with.relations, with.identity, with.slots
		for check, r := range with.across {
			t.across[check] = r
		}
		return
	}
	t.relations = slices.DeleteFunc(slices.Clone(t.relations), func(r *relation) bool {
		return !slices.ContainsFunc(with.relations, r.same)
	})
	for check, r := range t.across {
		if other := with.across[check]; other == nil || !r.same(other) {
			delete(t.across, check)
		}
	}
	if t.identity != with.identity {
		t.identity = ""
	}
}

// instant reads an RFC 3339 time, whose letters may be small (RFC 3339 5.6). A
// leap second is taken for the second before it, which Go does not distinguish.
func instant(text string) (time.Time, error) {
	if strings.IndexByte(text, 't') >= 0 || strings.IndexByte(text, 'z') >= 0 {
		text = strings.ToUpper(text)
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil && len(text) > 19 && text[16:19] == ":60" {
		return time.Parse(time.RFC3339Nano, text[:16]+":59"+text[19:])
	}
	return t, err
}
