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

// A Document is a text whose sentences, tables and examples make a requirement
// documented. It is cited by line, so the very text is named by its hash.
type Document struct {
	Name      string    `yaml:"name"`      // its title, such as "Request sample API"
	Key       string    `yaml:"key"`       // a short name, for the lines of clauses and statements
	Published string    `yaml:"published"` // where it was published
	SHA256    string    `yaml:"sha256"`    // of the text, in hex
	Lines     int       `yaml:"lines"`     // how many it has
	Headings  []Heading `yaml:"headings"`  // in their order, the first at line 1
	File      string    `yaml:"-"`         // where it is written down
	Line      int       `yaml:"-"`
}

// A Heading is where a section of a document begins.
type Heading struct {
	Name string `yaml:"name"`
	Line int    `yaml:"line"`
}

// heading is the name of the section that a line is in.
func (d Document) heading(line int) (name string) {
	for _, h := range d.Headings {
		if h.Line <= line {
			name = h.Name
		}
	}
	return name
}

// A Statement is what some lines of the documents say, in words of the suite: one that
// obliges an implementation names the requirements that hold it. The statements
// together have each line of each document once.
type Statement struct {
	Lines        []record.Places // in each document that says so
	Document     string          // a standard, where there are no lines
	Section      string          // of that standard
	Says         string          // what is said
	Obliges      []string        // the requirements that hold it
	Unobservable string          // why no exchange shows whether it is kept
	Nothing      string          // why it asks nothing of an implementation
	File         string
	Line         int
}

// UnmarshalYAML reads a statement.
func (s *Statement) UnmarshalYAML(node *yaml.Node) error {
	var raw struct {
		Document, Section, Says, Unobservable, Nothing string
		Lines                                          map[string]string
		Obliges                                        []string
	}
	if err := knownFields(node, "lines", "document", "section", "says", "obliges", "unobservable",
		"nothing"); err != nil {
		return err
	}
	if err := node.Decode(&raw); err != nil {
		return err
	}
	lines, err := readPlaces(node, raw.Lines)
	*s = Statement{Lines: lines, Document: raw.Document, Section: raw.Section, Says: raw.Says, Obliges: raw.Obliges,
		Unobservable: raw.Unobservable, Nothing: raw.Nothing, Line: node.Line}
	return err
}

// Places are the lines of a statement, or the section of a standard, as one text.
func (s Statement) Places() string {
	if len(s.Lines) == 0 {
		return s.Document + ", " + s.Section
	}
	var all []string
	for _, p := range s.Lines {
		all = append(all, p.String())
	}
	return strings.Join(all, "; ")
}

// documentNames are the names of the documents.
func (s *Suite) documentNames() (names []string) {
	for _, d := range s.Documents {
		names = append(names, d.Name)
	}
	return names
}

// keysOf are the keys under which a clause of a document has lines; nil for a standard.
func (s *Suite) keysOf(document string) (keys []string) {
	for _, d := range s.Documents {
		if d.Name == document || document == record.BothDocuments {
			keys = append(keys, d.Key)
		}
	}
	return keys
}

// place checks lines that are by the keys of documents, and puts their names in the
// place of the keys. Where a section is given, its heading is that of all lines.
func (s *Suite) place(lines []record.Places, keys []string, section string) string {
	var got []string
	for _, p := range lines {
		got = append(got, p.Document)
	}
	slices.Sort(keys)
	if !slices.Equal(got, keys) {
		if len(keys) == 0 {
			return "has lines, and is of no document that is cited by line; take them away"
		}
		return fmt.Sprintf("has lines of [%s]; give those of [%s], as in {%s: 7}", strings.Join(got, " "),
			strings.Join(keys, " "), keys[0])
	}
	heading, _, _ := strings.Cut(section, ",")
	heading, _, _ = strings.Cut(heading, " (")
	for i, p := range lines {
		d := s.Documents[slices.IndexFunc(s.Documents, func(d Document) bool { return d.Key == p.Document })]
		for _, span := range p.Spans {
			if span.To > d.Lines {
				return fmt.Sprintf("has the line %d of %s, which has %d; give one that exists", span.To, d.Name,
					d.Lines)
			}
			for line := span.From; line <= span.To && section != ""; line++ {
				if under := d.heading(line); under != heading {
					return fmt.Sprintf("has the section %q and line %d of %s, which is under %q; mend one of them",
						section, line, d.Name, under)
				}
			}
		}
		lines[i].Document = d.Name
	}
	// In the order of the documents, not of the keys.
	slices.SortFunc(lines, func(a, b record.Places) int {
		return cmp.Compare(slices.Index(s.documentNames(), a.Document), slices.Index(s.documentNames(), b.Document))
	})
	return ""
}

func (l *loader) document(d Document) {
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"name", d.Name != ""}, {"key", d.Key != ""}, {"published", d.Published != ""}, {"sha256", len(d.SHA256) == 64},
		{"lines", d.Lines > 0},
		{"headings that begin at line 1", len(d.Headings) > 0 && d.Headings[0].Line == 1 &&
			slices.IsSortedFunc(d.Headings, func(a, b Heading) int { return cmp.Compare(a.Line, b.Line) })},
	} {
		if !field.given {
			l.failAt(d.File, d.Line, "the document %s has no %s; give it", d.Name, field.name)
		}
	}
	for _, other := range l.suite.Documents {
		if other.Name == d.Name || other.Key == d.Key {
			l.failAt(d.File, d.Line, "the name or the key of the document %s is used at %s:%d too; give it its own",
				d.Name, other.File, other.Line)
			return
		}
	}
	l.suite.Documents = append(l.suite.Documents, d)
}

// statements checks what the documents say against what the requirements cite, when
// both are known: each line is in one statement, and a requirement and a statement of
// its lines name each other.
func (l *loader) statements() {
	for i := range l.suite.Statements {
		l.statement(&l.suite.Statements[i])
	}
	if len(l.errs) > 0 {
		return // lines may have no document
	}
	for _, d := range l.suite.Documents {
		at := make([]*Statement, d.Lines+1)
		for i := range l.suite.Statements {
			s := &l.suite.Statements[i]
			for line := range s.lines(d.Name) {
				if other := at[line]; other != nil {
					l.failAt(s.File, s.Line, "line %d of %s is in the statement at line %d too; leave it to one "+
						"of them", line, d.Name, other.Line)
				}
				at[line] = s
			}
		}
		for line := 1; line <= d.Lines; line++ {
			if at[line] == nil {
				l.failAt(d.File, d.Line, "line %d of %s is in no statement; add one that says what it asks, or that "+
					"it asks nothing", line, d.Name)
			}
		}
		for _, r := range l.suite.Requirements {
			for _, c := range r.Clauses {
				l.stated(r, c, d, at)
			}
		}
	}
}

// stated reports lines of a clause whose statement does not name the requirement.
func (l *loader) stated(r record.Requirement, c record.Clause, d Document, at []*Statement) {
	seen := map[*Statement]bool{}
	for _, p := range c.Lines {
		for line := 1; line <= d.Lines && p.Document == d.Name; line++ {
			s := at[line]
			if !p.Has(line) || s == nil || seen[s] || slices.Contains(s.Obliges, r.ID) || l.own[r.ID] {
				continue
			}
			seen[s] = true
			l.failAt(r.File, c.Line, "a clause of %s has line %d of %s, whose statement at %s:%d does not name it; "+
				"add it there under obliges, or take the line away", r.ID, line, d.Name, s.File, s.Line)
		}
	}
}

// lines yields the lines of a statement in a document.
func (s Statement) lines(document string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for _, p := range s.Lines {
			for _, span := range p.Spans {
				for line := span.From; line <= span.To && p.Document == document; line++ {
					if !yield(line) {
						return
					}
				}
			}
		}
	}
}

// statement checks one statement by itself, and names the documents of its lines.
func (l *loader) statement(s *Statement) {
	fail := func(format string, args ...any) { l.failAt(s.File, s.Line, format, args...) }
	kinds := 0
	for _, is := range []bool{len(s.Obliges) > 0, s.Unobservable != "", s.Nothing != ""} {
		if is {
			kinds++
		}
	}
	var keys []string
	for _, p := range s.Lines {
		keys = append(keys, p.Document)
	}
	switch {
	case s.Says == "":
		fail("the statement has no says; write in your own words what the lines say")
	case kinds != 1:
		fail("the statement has %d of obliges, unobservable and nothing; give one: the requirements that hold it, "+
			"why no exchange shows it, or why it asks nothing", kinds)
	case len(s.Lines) == 0 && (s.Document == "" || s.Section == ""):
		fail("the statement has neither lines nor document and section of a standard; give one of them")
	case len(s.Lines) > 0 && s.Document != "":
		fail("the statement has lines and the document %s; lines name their document themselves", s.Document)
	default:
		for _, key := range keys {
			if !slices.ContainsFunc(l.suite.Documents, func(d Document) bool { return d.Key == key }) {
				fail("the statement has lines of %q, which is the key of no document; keys are in documents.yaml", key)
				return
			}
		}
		if what := l.suite.place(s.Lines, keys, ""); what != "" {
			fail("the statement %s", what)
		}
	}
	for _, id := range s.Obliges {
		i := slices.IndexFunc(l.suite.Requirements, func(r record.Requirement) bool { return r.ID == id })
		if i < 0 {
			var ids []string
			for _, r := range l.suite.Requirements {
				ids = append(ids, r.ID)
			}
			fail("the statement obliges the unknown requirement %q%s; fmaspec list requirements prints them", id,
				nearest.Hint(id, ids))
			continue
		}
		for _, p := range s.Lines {
			if !cites(l.suite.Requirements[i], p) {
				fail("the statement obliges %s, which has no clause with any of the lines %s; add one there, or take "+
					"the requirement away here", id, p)
			}
		}
	}
}

// cites reports whether a clause of a requirement has one of these lines.
func cites(r record.Requirement, lines record.Places) bool {
	return slices.ContainsFunc(r.Clauses, func(c record.Clause) bool {
		return slices.ContainsFunc(c.Lines, func(p record.Places) bool {
			return p.Document == lines.Document && slices.ContainsFunc(lines.Spans, func(s record.Span) bool {
				return slices.ContainsFunc(p.Spans, func(o record.Span) bool {
					return s.From <= o.To &&
						o.From <= s.To
				})
			})
		})
	})
}
