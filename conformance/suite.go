package conformance

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// Version is the suite's version; a report carries it.
const Version = "0.1.0"

// A Source is a folder of cases and, where there is one, a folder
// "requirements", next to the cases or among them.
type Source struct {
	FS   fs.FS
	Name string // stands before every path in messages and reports, such as "fixtures"
	Own  bool   // a user's: it need not prove every requirement of the catalogue
}

// BuiltIn returns the suite's own catalogue and cases.
func BuiltIn() Source { return Contract{}.source() }

// A Suite is a catalogue of requirements with the cases that prove them and the
// checks that judge them. It is not changed after Load and safe for concurrent
// use.
type Suite struct {
	Requirements []record.Requirement // on implementations
	// on clients alone: no case proves them, and no report on an implementation has them
	ClientRequirements []record.Requirement
	Contradictions     []Contradiction
	Documents          []Document          // whose sentences, tables and examples are documented
	Statements         []Statement         // of the documents, each line once
	Cases              []*Case             // sorted by ID
	Groups             []Group             // of cases that are generated
	Generators         []string            // that made some of the cases, sorted
	Operations         []openapi.Operation // sorted by ID
	Contract           string              // SHA-256, in hex, over the OpenAPI document and the schemas
	Fixtures           string              // SHA-256, in hex, over the requirements and the cases
	requirement        map[string]*record.Requirement
	onClients          map[string]*record.Requirement // those on clients alone
	clientSides        map[string]clientSide          // by the id of a requirement on implementations
	byID               map[string]*Case
	request            map[string]*schemas.Schema // by operation ID, where there is one
	terms              map[string]*terms          // by operation ID
	unknown            *terms                     // of an operation that is not known
	checks             []Check
	kinds              map[string]Kind // by requirement
	milder             []milder
	bodies             *bodies // of the requests of its cases
	thorough           bool    // see Thorough
	rules              []record.OwnRule
}

// Load reads a contract and the sources, and cross-checks them: no case proves an
// unknown requirement, no requirement of the suite's own catalogue is without a case
// unless it is waived, every control is an accepted case of the same operation, every
// requirement has the level of its strongest clause. Without a source it loads the
// contract's own fixtures. All errors are returned at once, each beginning with
// file:line.
func Load(c Contract, sources ...Source) (*Suite, error) {
	doc, err := openapi.LoadFS(c.OpenAPI, "", c.Schemas)
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		sources = []Source{c.source()}
	}
	l := &loader{
		suite: &Suite{
			Operations:  doc.Operations,
			requirement: map[string]*record.Requirement{},
			onClients:   map[string]*record.Requirement{},
			clientSides: map[string]clientSide{},
			byID:        map[string]*Case{},
			request:     map[string]*schemas.Schema{},
			kinds:       map[string]Kind{},
			bodies:      &bodies{of: map[bodyKey]bodyPlaces{}},
		},
		shapes: shapesOf(schemas.Library{FS: c.Schemas}.Reader()),
		titles: map[string]string{},
		own:    map[string]bool{},
	}
	l.terms(doc)
	l.suite.checks = checksOf(l.relations, l.suite.unknown)
	l.suite.Contract = hashOf(c.openAPI(), c.schemas())
	var read []fs.FS
	own := true
	for _, source := range sources {
		own = own && source.Own
		read = append(read, source.FS)
		l.catalogue(source)
	}
	if own { // the catalogue is always there, also under a user's cases alone
		read = append(read, c.source().FS)
		l.catalogue(c.source())
	}
	l.clauses()
	l.settleKinds()
	if len(l.errs) == 0 { // otherwise a requirement that could not be read would be missed in each statement
		l.statements()
	}
	l.suite.Fixtures = hashOf(read...)
	for i := range l.suite.Requirements {
		r := &l.suite.Requirements[i]
		l.suite.requirement[r.ID] = r
	}
	l.checkClients()
	l.checkGroups()
	l.checksOfRelations()
	for _, source := range sources {
		l.cases(source)
	}
	l.crossCheck(own)
	if len(l.errs) > 0 {
		return nil, errors.Join(once(l.errs)...)
	}
	return l.suite, nil
}

// loader gathers what is loaded and everything that is wrong with it.
type loader struct {
	suite     *Suite
	shapes    shapes
	relations []schemas.Relation // of all operations, each once
	titles    map[string]string  // title → file
	own       map[string]bool    // requirements of a user
	// a file of the catalogue cannot be read, so that what it holds is not missed elsewhere
	unread bool
	errs   []error
}

func (l *loader) fail(err error) { l.errs = append(l.errs, err) }

func (l *loader) failAt(file string, line int, format string, args ...any) {
	l.fail(fmt.Errorf("%s:%d: %s", file, line, fmt.Sprintf(format, args...)))
}

// hashOf is SHA-256, in hex, over every file of the file systems, by name and content.
func hashOf(of ...fs.FS) string {
	var all []byte
	for _, fsys := range of {
		fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && plain(fsys, name) {
				data, _ := fs.ReadFile(fsys, name)
				sum := sha256.Sum256(data)
				all = append(append(append(all, name...), 0), sum[:]...)
			}
			return nil
		})
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:])
}

// plain reports whether a name leads to a plain file: anything else could keep a
// reader waiting for ever.
func plain(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.Mode().IsRegular()
}

// cases reads every .http file of a source.
func (l *loader) cases(source Source) {
	found := false
	err := fs.WalkDir(source.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			l.fail(fmt.Errorf("%s: %w; give a folder of .http files that can be read", path.Join(source.Name, name),
				err))
			return nil
		}
		if d.IsDir() || path.Ext(name) != ".http" {
			return nil
		}
		found = true
		file, err := httpfile.Read(source.FS, name, path.Join(source.Name, name))
		if err != nil {
			l.fail(err)
			return nil
		}
		l.file(source, name, file)
		return nil
	})
	if err != nil {
		l.fail(fmt.Errorf("%s: %w", source.Name, err))
	}
	if !found && len(l.errs) == 0 {
		l.fail(fmt.Errorf("%s: no .http file in this folder; see the grammar in docs/fixtures.md", source.Name))
	}
}

// file makes the cases of one file, one for each operation that it names.
func (l *loader) file(source Source, name string, file *httpfile.File) {
	full := path.Join(source.Name, name)
	line := file.Requests[0].Line
	caseName := strings.TrimSuffix(strings.TrimPrefix(name, "cases/"), ".http")
	if other, taken := l.titles[file.Title]; taken {
		l.failAt(full, 1, "the title is that of %s too; give each file its own", other)
	}
	l.titles[file.Title] = full

	head := func(key string) string { return fieldValue(file.Fields, key) }
	operations := []string{"all"}
	if v := head("operation"); v != "" {
		operations = httpfile.List(v)
	}
	var known []string
	for _, op := range l.suite.Operations {
		known = append(known, op.ID)
	}
	if slices.Equal(operations, []string{"all"}) {
		operations = known
	}
	proves := httpfile.List(head("proves"))
	for _, id := range proves {
		if l.suite.requirement[id] == nil && !l.unread {
			l.failAt(full, fieldLine(file.Fields, "proves"), "%s", l.suite.unknownRequirement(id))
		}
	}
	steps := l.steps(full, file, known)
	for _, op := range operations {
		if !slices.Contains(known, op) {
			l.failAt(full, fieldLine(file.Fields, "operation"), "unknown operation %q%s; the operations are %s, or all",
				op, nearest.Hint(op, known), strings.Join(known, ", "))
			continue
		}
		c := &Case{
			ID: op + "/" + caseName, Name: caseName, Title: file.Title, Operation: op,
			Proves: proves, Because: head("because"), AtOnce: head("send") == "at-once",
			OnePiece: head("send") == "in-one-piece",
			Steps:    l.suite.awaiting(steps, op), Origin: Origin{File: full, Line: line}, own: source.Own,
		}
		if v := head("needs"); v != "" {
			c.Needs = httpfile.List(v)
		}
		if v := head("control"); v != "" {
			c.Control = op + "/" + v
		}
		if other := l.suite.byID[c.ID]; other != nil {
			l.failAt(full, 1, "the case %s is in %s too; give the file another name", c.ID, other.File)
			continue
		}
		l.suite.byID[c.ID] = c
		l.suite.Cases = append(l.suite.Cases, c)
	}
}

// steps unrolls the requests of a file, each as often as it is sent.
func (l *loader) steps(full string, file *httpfile.File, operations []string) (steps []Step) {
	for i, r := range file.Requests {
		fields := r.Fields
		if i == 0 {
			fields = file.Fields
		}
		step := Step{
			Separate: fieldValue(fields, "connection") == "separate",
			Absolute: fieldValue(fields, "target") == "absolute-form",
			Abort:    fieldValue(fields, "abort") != "",
			Old:      fieldValue(fields, "version") == "1.0",
			Cookies:  fieldValue(fields, "cookies") != "",
			Method:   r.Method, Path: r.Target, Body: string(r.Body), Line: r.Line,
		}
		step.Expect, step.Statuses = expectation(fieldValue(fields, "expect"))
		for _, f := range r.Header {
			step.Header = append(step.Header, record.Field{Name: f.Key, Value: f.Value})
		}
		variables, _ := httpfile.Variables(r.Target)
		for _, v := range variables {
			if v.Name != "path" || len(v.Args) == 0 || httpfile.IsMachine(v.Args[0]) {
				continue
			}
			if step.Operation = v.Args[0]; !slices.Contains(operations, step.Operation) {
				l.failAt(full, r.Line, "unknown operation %q behind {{path}}%s; the operations are %s", step.Operation,
					nearest.Hint(step.Operation, operations), strings.Join(operations, ", "))
			}
		}
		times := 1
		if v := fieldValue(fields, "times"); v != "" {
			fmt.Sscan(v, &times)
		}
		for range times {
			step.Index = len(steps) + 1
			steps = append(steps, step)
		}
	}
	return steps
}

// awaiting returns the steps as they are for an operation: those to be accepted await
// the status of success of the one that they call.
func (s *Suite) awaiting(steps []Step, operation string) []Step {
	steps = slices.Clone(steps)
	for i := range steps {
		if t := s.terms[cmp.Or(steps[i].Operation, operation)]; t != nil && steps[i].Expect == Accepted {
			steps[i].Statuses = t.successes
		}
	}
	return steps
}

// expectation reads a value that httpfile has found sound.
func expectation(value string) (Expectation, []int) {
	words := strings.Fields(value)
	switch {
	case len(words) == 0:
		return Either, nil
	case words[0] == "accepted":
		return Accepted, nil // that of the operation
	}
	var statuses []int
	for _, w := range words[1:] {
		var n int
		fmt.Sscan(w, &n)
		statuses = append(statuses, n)
	}
	if words[0] == "either" {
		return Either, statuses
	}
	return Refused, statuses
}

func fieldValue(fields []httpfile.Field, key string) string {
	for _, f := range fields {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

func fieldLine(fields []httpfile.Field, key string) int {
	for _, f := range fields {
		if f.Key == key {
			return f.Line
		}
	}
	return 1
}

// crossCheck compares cases, controls and catalogue with each other.
func (l *loader) crossCheck(own bool) {
	slices.SortFunc(l.suite.Cases, byCaseID)
	proven := map[string]bool{}
	for _, c := range l.suite.Cases {
		l.suite.charge(c)
		for _, id := range c.Proves {
			proven[id] = true
		}
		if c.Control == "" {
			continue
		}
		control := l.suite.byID[c.Control]
		switch {
		case control == nil && l.suite.byID[strings.TrimPrefix(c.Control, c.Operation+"/")] != nil:
			l.failAt(c.File, c.Line, "the control %s is named with its operation; write %s, which is the case of the "+
				"same operation", strings.TrimPrefix(c.Control, c.Operation+"/"),
				l.suite.byID[strings.TrimPrefix(c.Control, c.Operation+"/")].Name)
		case control == nil:
			l.failAt(c.File, c.Line, "the control %q is no case%s; name an accepted case of the same operation",
				strings.TrimPrefix(c.Control, c.Operation+"/"),
				nearest.Hint(strings.TrimPrefix(c.Control, c.Operation+"/"), l.names(c.Operation)))
		case control.Steps[0].Expect != Accepted:
			l.failAt(c.File, c.Line, "the control %s is not an accepted case; name one that is", c.Control)
		case control == c:
			l.failAt(c.File, c.Line, "the case is its own control; name another")
		default:
			l.circle(c)
		}
	}
	if len(l.errs) == 0 { // otherwise a kind that could not be read would be missed here
		l.neededKinds()
	}
	if own {
		return
	}
	for _, r := range l.suite.Requirements {
		switch {
		case !proven[r.ID] && r.Waived == "":
			l.failAt(r.File, r.Line, "no case proves %s; write one in fixtures/cases that names it under proves, or "+
				"say here under waived why there is none", r.ID)
		case proven[r.ID] && r.Waived != "":
			l.failAt(r.File, r.Line, "%s is waived, yet a case proves it; take the waiver away", r.ID)
		}
	}
	for _, c := range l.suite.Contradictions {
		for _, pin := range c.Pinned {
			kind, name, _ := strings.Cut(pin, " ")
			if kind == "case" && !slices.ContainsFunc(l.suite.Cases, func(k *Case) bool { return k.Name == name }) {
				l.failAt(c.File, c.Line, "%s is pinned by the case %q, which does not exist; name one that does", c.ID,
					name)
			}
		}
	}
}

// charge fills in what acceptance and refusal of a case are charged to.
func (s *Suite) charge(c *Case) {
	c.kinds = map[string]Kind{}
	for _, id := range c.Proves {
		if c.kinds[id] = s.kinds[id]; c.status == "" && s.kinds[id].aboutStatus() {
			c.status = id
		}
	}
	c.milder = selectedMilder(s.milder, c.status)
	c.open = c.charged(s.checks, c.Proves)
	c.weak = len(c.open) > 0 && !slices.ContainsFunc(c.open, func(id string) bool {
		r := s.requirement[id]
		return r == nil || r.Level < record.Inferred
	})
	c.main = s.strongest(c.Proves)
	c.charges = chargedFor{c, s.unknown}
}

// chargedFor says for which case, and by the terms of which contract, charges were filled in. A
// copy of a case has those of the original, and may prove something else.
type chargedFor struct {
	c  *Case
	by *terms
}

// isCharged reports whether charges are filled in for a case.
func (s *Suite) isCharged(c *Case) bool {
	return s.byID[c.ID] == c || c.charges == chargedFor{c, s.unknown}
}

// circle reports a case whose control is, over others, the case itself: each would
// wait for the other to be accepted.
func (l *loader) circle(c *Case) {
	names := []string{c.Name}
	seen := map[string]bool{c.ID: true}
	for at := l.suite.byID[c.Control]; at != nil; at = l.suite.byID[at.Control] {
		names = append(names, at.Name)
		if at == c {
			l.failAt(c.File, c.Line, "the controls go round in a circle, %s; name an accepted case that needs none",
				strings.Join(names, " → "))
		}
		if seen[at.ID] {
			return
		}
		seen[at.ID] = true
	}
}

// strongest returns the first of the requirements that have the strongest level,
// "" where there is none.
func (s *Suite) strongest(ids []string) (strongest string) {
	for _, id := range ids {
		r, best := s.requirement[id], s.requirement[strongest]
		if r != nil && (best == nil || r.Level < best.Level) {
			strongest = id
		}
	}
	return strongest
}

// names lists the cases of an operation, without it.
func (l *loader) names(operation string) (out []string) {
	for _, c := range l.suite.Cases {
		if c.Operation == operation {
			out = append(out, c.Name)
		}
	}
	return out
}

// once leaves out an error that was met again under another operation.
func once(errs []error) (out []error) {
	seen := map[string]bool{}
	for _, err := range errs {
		if !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	return out
}

func keys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// unknownRequirement says that there is no requirement of an id.
func (s *Suite) unknownRequirement(id string) string {
	return fmt.Sprintf("unknown requirement %q%s; the catalogue is in fixtures/requirements (fmaspec list "+
		"requirements)", id, nearest.Hint(id, keys(s.requirement)))
}

// Requirement returns the requirement of that id, on implementations or on clients alone, or
// nil.
func (s *Suite) Requirement(id string) *record.Requirement {
	return cmp.Or(s.requirement[id], s.onClients[id])
}

// RequestSchema returns the schema of an operation's request and what its keywords enforce,
// nil where the operation has none.
func (s *Suite) RequestSchema(op openapi.Operation) (*schemas.Schema, []schemas.Rule) {
	if s.request[op.ID] == nil {
		return nil, nil
	}
	return s.request[op.ID], slices.Clone(s.terms[op.ID].rules)
}

// AnswerMembers returns the names of the members that a success of the operation has to have.
func (s *Suite) AnswerMembers(op openapi.Operation) []string {
	if t := s.terms[op.ID]; t != nil {
		return slices.Clone(t.members)
	}
	return nil
}

// Case returns the case of that id, or nil.
func (s *Suite) Case(id string) *Case { return s.byID[id] }

// Checks returns the checks that judge, in their order.
func (s *Suite) Checks() []Check { return s.checks }
