package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Clause is a place that a requirement stands on, and what is found there.
type Clause struct {
	Document string   `yaml:"document" json:"document"`    // the name of one of [Suite.Documents], [BothDocuments], or a standard such as "RFC 9110"
	Section  string   `yaml:"section" json:"section"`      // the heading or the number of the section in Document
	Basis    string   `yaml:"basis" json:"basis"`          // the name of one of [Bases]
	Lines    []Places `yaml:"lines" json:"lines,omitzero"` // in each of the documents; none in a standard
	Line     int      `yaml:"-" json:"-"`                  // of the catalogue's file
}

// BothDocuments is the Document of a clause that stands in each of [Suite.Documents].
const BothDocuments = "both documents"

// String is a clause on one line, such as
// `table, both documents, "Request headers" (Stop and quarantine file API:42, Request sample API:39)`.
func (c Clause) String() string {
	section := c.Section
	if !numbered(section) {
		section = strconv.Quote(section)
	}
	text := c.Basis + ", " + c.Document + ", " + section
	if len(c.Lines) > 0 {
		var at []string
		for _, p := range c.Lines {
			at = append(at, p.String())
		}
		text += " (" + strings.Join(at, "; ") + ")"
	}
	return text
}

// numbered reports whether a section is called by its number.
func numbered(section string) bool {
	return section != "" && section[0] >= '0' && section[0] <= '9'
}

// A Basis is what a clause is, which decides the strongest level that it carries.
type Basis struct {
	Name  string
	Level Level
	Of    Origin
	Says  string // what stands in the place that is cited
}

// An Origin is the kind of text that a basis is found in.
type Origin int

// The origins.
const (
	Anywhere       Origin = iota // lines are given where it is one of the documents
	OfTheDocuments               // in lines of [Suite.Documents]
	OfAStandard                  // in a section of a standard
)

// Bases returns every basis, those of the strongest level first. It is the one table
// that maps what a clause says to the level of what stands on it.
func Bases() []Basis {
	return []Basis{
		{"sentence", Documented, OfTheDocuments, "a sentence, or the request line that stands for one"},
		{"table", Documented, OfTheDocuments, "a row of a table"},
		{"both examples", Documented, OfTheDocuments, "a name, a JSON type or a fixed value that both examples show alike"},
		{"MUST", Standard, OfAStandard, "the keyword"},
		{"MUST NOT", Standard, OfAStandard, "the keyword"},
		{"SHALL", Standard, OfAStandard, "the keyword"},
		{"SHALL NOT", Standard, OfAStandard, "the keyword"},
		{"REQUIRED", Standard, OfAStandard, "the keyword"},
		{"syntax", Standard, OfAStandard, "the syntax of a protocol element"},
		{"definition", Standard, OfAStandard, "the meaning of a protocol element, such as a status code"},
		{"SHOULD", Inferred, OfAStandard, "the keyword"},
		{"SHOULD NOT", Inferred, OfAStandard, "the keyword"},
		{"RECOMMENDED", Inferred, OfAStandard, "the keyword"},
		{"MAY", Inferred, OfAStandard, "the keyword"},
		{"OPTIONAL", Inferred, OfAStandard, "the keyword"},
		{"remark", Inferred, OfAStandard, "a statement without a keyword that defines no protocol element"},
		{"one example", Inferred, OfTheDocuments, "what one example shows, or both do and differ"},
		{"form of values", Inferred, OfTheDocuments, "what the values in the examples have in common, beyond their JSON type"},
		{"relation", Inferred, OfTheDocuments, "values in the examples that depend on each other"},
		{"omission", Inferred, OfTheDocuments, "that the documents forbid nothing there"},
		{"sibling page", Inferred, Anywhere, "a page on another action of the product, or of its successor"},
		{"plain sense", Inferred, Anywhere, "what follows by plain sense from what is there"},
	}
}

func basisNames(which func(Basis) bool) (names []string) {
	for _, b := range Bases() {
		if which(b) {
			names = append(names, b.Name)
		}
	}
	return names
}

// basis returns the basis of that name.
func basis(name string) (Basis, bool) {
	all := Bases()
	i := slices.IndexFunc(all, func(b Basis) bool { return b.Name == name })
	if i < 0 {
		return Basis{}, false
	}
	return all[i], true
}

// Places are lines of one document.
type Places struct {
	Document string
	Spans    []Span
}

// A Span is a range of lines, from 1, both ends included.
type Span struct{ From, To int }

func (s Span) String() string {
	if s.From == s.To {
		return strconv.Itoa(s.From)
	}
	return fmt.Sprintf("%d-%d", s.From, s.To)
}

// String is the document and its lines: "Request sample API:39, 45-48".
func (p Places) String() string { return p.Document + ":" + spans(p.Spans) }

func spans(list []Span) string {
	var out []string
	for _, s := range list {
		out = append(out, s.String())
	}
	return strings.Join(out, ", ")
}

// MarshalText writes the places as String does.
func (p Places) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (p *Places) UnmarshalText(text []byte) (err error) {
	i := strings.LastIndexByte(string(text), ':')
	if i < 0 {
		return fmt.Errorf("%q names no lines; write a document, a colon and lines", text)
	}
	p.Document = string(text[:i])
	p.Spans, err = parseSpans(string(text[i+1:]))
	return err
}

// parseSpans reads "7" and "7, 9-12".
func parseSpans(text string) (list []Span, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA != nil || errB != nil || a < 1 || b < a || len(list) > 0 && a <= list[len(list)-1].To {
			return nil, fmt.Errorf("%q is no list of lines; write numbers and ranges in their order, as in \"7, 9-12\"", text)
		}
		list = append(list, Span{a, b})
	}
	return list, nil
}

// has reports whether a line is among the places.
func (p Places) has(line int) bool {
	return slices.ContainsFunc(p.Spans, func(s Span) bool { return s.From <= line && line <= s.To })
}

// UnmarshalYAML reads a clause and remembers its line. Its lines are a mapping from the
// keys of the documents: {stop: 42, sample: 39}.
func (c *Clause) UnmarshalYAML(node *yaml.Node) error {
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
	*c = Clause{raw.Document, raw.Section, raw.Basis, lines, node.Line}
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
func readPlaces(node *yaml.Node, lines map[string]string) (out []Places, err error) {
	for key, text := range lines {
		list, err := parseSpans(text)
		if err != nil {
			return nil, &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: the lines %v", node.Line, err)}}
		}
		out = append(out, Places{key, list})
	}
	slices.SortFunc(out, func(a, b Places) int { return cmp.Compare(a.Document, b.Document) })
	return out, nil
}

// cite fills in the document and section of a requirement from its clauses.
func (r *Requirement) cite() {
	var documents []string
	sections := map[string][]string{}
	for _, c := range r.Clauses {
		if !slices.Contains(documents, c.Document) {
			documents = append(documents, c.Document)
		}
		if !slices.Contains(sections[c.Document], c.Section) {
			sections[c.Document] = append(sections[c.Document], c.Section)
		}
	}
	var all []string
	for _, d := range documents {
		all = append(all, d+" "+listed(sections[d]))
	}
	r.Document, r.Section = strings.Join(documents, ", "), strings.Join(all, ", ")
	if len(documents) == 1 {
		r.Section = listed(sections[documents[0]])
	}
}

// listed joins words: "a", "a and b", "a, b and c".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// clauses checks what the requirements stand on, when the documents are known.
func (l *loader) clauses() {
	for i := range l.suite.Requirements {
		r := &l.suite.Requirements[i]
		if len(r.Clauses) == 0 {
			l.failAt(r.File, r.Line, "the requirement %s has no clauses; add \"clauses:\" with the places that it stands on, each {document: RFC 9110, section: \"11.1\", basis: MUST} or the like", r.ID)
			continue
		}
		known := len(l.errs)
		for k := range r.Clauses {
			l.clause(r, &r.Clauses[k])
		}
		if known == len(l.errs) {
			l.level(r)
		}
		r.cite()
	}
}

// clause checks one clause of a requirement, and names the documents of its lines.
func (l *loader) clause(r *Requirement, c *Clause) {
	fail := func(format string, args ...any) {
		l.failAt(r.File, c.Line, "a clause of %s %s", r.ID, fmt.Sprintf(format, args...))
	}
	b, known := basis(c.Basis)
	keys := l.suite.keysOf(c.Document)
	switch names := basisNames(func(Basis) bool { return true }); {
	case c.Document == "":
		fail("has no document; name what it stands in")
	case c.Section == "":
		fail("has no section; give the heading or the number")
	case !known:
		fail("has the basis %q%s; the bases are %s", c.Basis, meant(c.Basis, names), strings.Join(names, ", "))
	case b.Of == OfTheDocuments && keys == nil:
		fail("has the basis %s, which is in lines of %s, not in %s; name one of these, or another basis", b.Name, listed(append(l.suite.documentNames(), BothDocuments)), c.Document)
	case b.Of == OfAStandard && keys != nil:
		fail("has the basis %s, which is of a standard, not of %s; name the standard, or another basis", b.Name, c.Document)
	case b.Name == "both examples" && c.Document != BothDocuments:
		fail("has the basis both examples, and is of %s; give the lines in %s, or another basis", c.Document, BothDocuments)
	default:
		if what := l.suite.place(c.Lines, keys, c.Section); what != "" {
			fail("%s", what)
		}
	}
}

// strongest returns the first of the clauses that carry the strongest level. There has
// to be one.
func (r *Requirement) strongest() Clause {
	return slices.MinFunc(r.Clauses, func(a, b Clause) int {
		x, _ := basis(a.Basis)
		y, _ := basis(b.Basis)
		return cmp.Compare(x.Level, y.Level)
	})
}

// Source names the one place that decides the level of a requirement of a suite, such
// as "Request headers" or "RFC 9110 15.5.16".
func (r *Requirement) Source() string {
	c := r.strongest()
	if numbered(c.Section) {
		return c.Document + " " + c.Section
	}
	return c.Section
}

// level compares the level of a requirement with that of its strongest clause.
func (l *loader) level(r *Requirement) {
	strongest := r.strongest()
	b, _ := basis(strongest.Basis)
	switch {
	case r.Level == 0 || b.Level == r.Level:
	case b.Level > r.Level:
		l.failAt(r.File, strongest.Line, "the requirement %s is %s, and its strongest clause carries no more than %s: %s; give the requirement that level, or a clause that carries %s, whose bases are %s",
			r.ID, r.Level, b.Level, strongest, r.Level, strings.Join(basisNames(func(b Basis) bool { return b.Level == r.Level }), ", "))
	default:
		l.failAt(r.File, strongest.Line, "the requirement %s is %s, and a clause carries %s: %s; give the requirement that level, or the clause a basis that carries %s, which are %s",
			r.ID, r.Level, b.Level, strongest, r.Level, strings.Join(basisNames(func(b Basis) bool { return b.Level == r.Level }), ", "))
	}
}
