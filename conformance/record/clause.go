package record

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Clause is a place that a requirement stands on, and what is found there.
type Clause struct {
	// the name of one of the documents of a suite, [BothDocuments], or a standard such as "RFC 9110"
	Document string   `json:"document"`
	Section  string   `json:"section"`        // the heading or the number of the section in Document
	Basis    string   `json:"basis"`          // the name of one of [Bases]
	Lines    []Places `json:"lines,omitzero"` // in each of the documents; none in a standard
	Line     int      `json:"-"`              // of the catalogue's file
}

// BothDocuments is the Document of a clause that stands in each of the documents of a suite.
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
	OfTheDocuments               // in lines of the documents of a suite
	OfAStandard                  // in a section of a standard
)

// Bases returns every basis, those of the strongest level first. It is the one table
// that maps what a clause says to the level of what stands on it.
func Bases() []Basis {
	return []Basis{
		{"sentence", Documented, OfTheDocuments, "a sentence, or the request line that stands for one"},
		{"table", Documented, OfTheDocuments, "a row of a table"},
		{"both examples", Documented, OfTheDocuments, "a name, a JSON type or a fixed value that both examples " +
			"show alike"},
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
		{"form of values", Inferred, OfTheDocuments, "what the values in the examples have in common, beyond their " +
			"JSON type"},
		{"relation", Inferred, OfTheDocuments, "values in the examples that depend on each other"},
		{"omission", Inferred, OfTheDocuments, "that the documents forbid nothing there"},
		{"sibling page", Inferred, Anywhere, "a page on another action of the product, or of its successor"},
		{"plain sense", Inferred, Anywhere, "what follows by plain sense from what is there"},
	}
}

func BasisNames(which func(Basis) bool) (names []string) {
	for _, b := range Bases() {
		if which(b) {
			names = append(names, b.Name)
		}
	}
	return names
}

// BasisOf returns the basis of that name.
func BasisOf(name string) (Basis, bool) {
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
func (p Places) String() string { return p.Document + ":" + Spans(p.Spans) }

func Spans(list []Span) string {
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
	p.Spans, err = ParseSpans(string(text[i+1:]))
	return err
}

// ParseSpans reads "7" and "7, 9-12".
func ParseSpans(text string) (list []Span, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA != nil || errB != nil || a < 1 || b < a || len(list) > 0 && a <= list[len(list)-1].To {
			return nil, fmt.Errorf("%q is no list of lines; write numbers and ranges in their order, as in \"7, 9-12\"",
				text)
		}
		list = append(list, Span{a, b})
	}
	return list, nil
}

// Has reports whether a line is among the places.
func (p Places) Has(line int) bool {
	return slices.ContainsFunc(p.Spans, func(s Span) bool { return s.From <= line && line <= s.To })
}

// Cite fills in the document and section of a requirement from its clauses.
func (r *Requirement) Cite() {
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
		all = append(all, d+" "+Listed(sections[d]))
	}
	r.Document, r.Section = strings.Join(documents, ", "), strings.Join(all, ", ")
	if len(documents) == 1 {
		r.Section = Listed(sections[documents[0]])
	}
}

// Listed joins words: "a", "a and b", "a, b and c".
func Listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Strongest returns the first of the clauses that carry the strongest level. There has
// to be one.
func (r *Requirement) Strongest() Clause {
	return slices.MinFunc(r.Clauses, func(a, b Clause) int {
		x, _ := BasisOf(a.Basis)
		y, _ := BasisOf(b.Basis)
		return cmp.Compare(x.Level, y.Level)
	})
}

// Source names the one place that decides the level of a requirement of a suite, such
// as "Request headers" or "RFC 9110 15.5.16".
func (r *Requirement) Source() string {
	c := r.Strongest()
	if numbered(c.Section) {
		return c.Document + " " + c.Section
	}
	return c.Section
}
