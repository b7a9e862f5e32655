package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// A requirementEntry is a requirement as a file of the catalogue spells it.
type requirementEntry struct {
	ID      string        `yaml:"id"`
	Level   record.Level  `yaml:"level"`
	Clauses []clauseEntry `yaml:"clauses"`
	Says    string        `yaml:"says"`
	Because string        `yaml:"because"`
	Waived  string        `yaml:"waived"`

	Kind     Kind    `yaml:"kind"`
	MilderOf *milder `yaml:"milder-of"`
}

// requirement returns the requirement of the entry at a place.
func (e requirementEntry) requirement(file string, line int) record.Requirement {
	r := record.Requirement{ID: e.ID, Level: e.Level, Says: e.Says, Because: e.Because, Waived: e.Waived, File: file,
		Line: line}
	for _, c := range e.Clauses {
		r.Clauses = append(r.Clauses, record.Clause(c))
	}
	return r
}

// A clauseEntry is a clause as a file of the catalogue spells it.
type clauseEntry record.Clause

// UnmarshalYAML reads a clause and its line. Its lines are a mapping from the keys of
// the documents: {stop: 42, sample: 39}.
func (c *clauseEntry) UnmarshalYAML(node *yaml.Node) error {
	var raw struct {
		Document, Section, Basis string
		Lines                    map[string]string
	}
	if err := knownFields(node, "document", "section", "basis", "lines"); err != nil {
		return err
	}
	if err := node.Decode(&raw); err != nil {
		return err
	}
	lines, err := readPlaces(node, raw.Lines)
	*c = clauseEntry{raw.Document, raw.Section, raw.Basis, lines, node.Line}
	return err
}

// knownFields fails where a mapping has another field than these: a node that is
// decoded by itself is not asked for known fields.
func knownFields(node *yaml.Node, names ...string) error {
	var all []string
	if node.Kind == yaml.MappingNode {
		for i := 0; i < len(node.Content); i += 2 {
			if key := node.Content[i]; !slices.Contains(names, key.Value) {
				all = append(all, fmt.Sprintf("line %d: field %s not found in type", key.Line, key.Value))
			}
		}
	}
	if all == nil {
		return nil
	}
	return &yaml.TypeError{Errors: all}
}

// readPlaces reads lines by the key of their document, in the order of the keys; the
// keys become names when all files are read.
func readPlaces(node *yaml.Node, lines map[string]string) (out []record.Places, err error) {
	for key, text := range lines {
		list, err := record.ParseSpans(text)
		if err != nil {
			return nil, &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: the lines %v", node.Line, err)}}
		}
		out = append(out, record.Places{Document: key, Spans: list})
	}
	slices.SortFunc(out, func(a, b record.Places) int { return cmp.Compare(a.Document, b.Document) })
	return out, nil
}

// clauses checks what the requirements stand on, when the documents are known.
func (l *loader) clauses() {
	l.clausesOf(l.suite.Requirements)
	l.clausesOf(l.suite.ClientRequirements)
}

func (l *loader) clausesOf(requirements []record.Requirement) {
	for i := range requirements {
		r := &requirements[i]
		if len(r.Clauses) == 0 {
			l.failAt(r.File, r.Line, "the requirement %s has no clauses; add \"clauses:\" with the places that it "+
				"stands on, each {document: RFC 9110, section: \"11.1\", basis: MUST} or the like", r.ID)
			continue
		}
		known := len(l.errs)
		for k := range r.Clauses {
			l.clause(r, &r.Clauses[k])
		}
		if known == len(l.errs) {
			l.level(r)
		}
		r.Cite()
	}
}

// clause checks one clause of a requirement, and names the documents of its lines.
func (l *loader) clause(r *record.Requirement, c *record.Clause) {
	fail := func(format string, args ...any) {
		l.failAt(r.File, c.Line, "a clause of %s %s", r.ID, fmt.Sprintf(format, args...))
	}
	b, known := record.BasisOf(c.Basis)
	keys := l.suite.keysOf(c.Document)
	switch names := record.BasisNames(func(record.Basis) bool { return true }); {
	case c.Document == "":
		fail("has no document; name what it stands in")
	case c.Section == "":
		fail("has no section; give the heading or the number")
	case !known:
		fail("has the basis %q%s; the bases are %s", c.Basis, nearest.Hint(c.Basis, names), strings.Join(names, ", "))
	case b.Of == record.OfTheDocuments && keys == nil:
		fail("has the basis %s, which is in lines of %s, not in %s; name one of these, or another basis", b.Name,
			record.Listed(append(l.suite.documentNames(), record.BothDocuments)), c.Document)
	case b.Of == record.OfAStandard && keys != nil:
		fail("has the basis %s, which is of a standard, not of %s; name the standard, or another basis", b.Name,
			c.Document)
	case b.Name == "both examples" && c.Document != record.BothDocuments:
		fail("has the basis both examples, and is of %s; give the lines in %s, or another basis", c.Document,
			record.BothDocuments)
	default:
		if what := l.suite.place(c.Lines, keys, c.Section); what != "" {
			fail("%s", what)
		}
	}
}

// level compares the level of a requirement with that of its strongest clause.
func (l *loader) level(r *record.Requirement) {
	strongest := r.Strongest()
	b, _ := record.BasisOf(strongest.Basis)
	switch {
	case r.Level == 0 || b.Level == r.Level:
	case b.Level > r.Level:
		l.failAt(r.File, strongest.Line, "the requirement %s is %s, and its strongest clause carries no more than "+
			"%s: %s; give the requirement that level, or a clause that carries %s, whose bases are %s",
			r.ID, r.Level, b.Level, strongest, r.Level,
			strings.Join(record.BasisNames(func(b record.Basis) bool { return b.Level == r.Level }), ", "))
	default:
		l.failAt(r.File, strongest.Line, "the requirement %s is %s, and a clause carries %s: %s; give the "+
			"requirement that level, or the clause a basis that carries %s, which are %s",
			r.ID, r.Level, b.Level, strongest, r.Level,
			strings.Join(record.BasisNames(func(b record.Basis) bool { return b.Level == r.Level }), ", "))
	}
}
