package baseline

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fmaspec/conformance/nearest"
)

// fileLimit is the maximum size of a file, lineLimit of a key, a value or a comment, in bytes.
// errorLimit is the maximum number of reported errors: a file of another kind has one in each
// line.
const fileLimit, lineLimit, errorLimit = 8 << 20, 4 << 10, 100

// Parse parses a file of that name. A duplicate key, a key without a reason or an owner, or
// with "?" in their place, an unknown field, an invalid date, and bytes that are not text are
// errors, each with name:line, and all are returned at once.
func Parse(name string, r io.Reader) (*Baseline, error) { return parse(name, r, false) }

// ParseDraft is [Parse] for a file that is to be updated: a "?" in place of a
// reason or an owner is no error. Such an entry accepts nothing.
func ParseDraft(name string, r io.Reader) (*Baseline, error) { return parse(name, r, true) }

// A field is a field of a block.
type field struct {
	name  string
	of    func(*said) *string
	wrong func(value string) error
}

// fields returns the table of fields, in the order of Write, for a draft or not.
func fields(draft bool) []field {
	present := func(value string) error {
		if value == unsaid && !draft {
			return errors.New("it is missing; write it in place of ?")
		}
		return nil
	}
	return []field{
		{"reason", func(s *said) *string { return &s.reason }, present},
		{"owner", func(s *said) *string { return &s.owner }, present},
		{"expires", func(s *said) *string { return &s.expires }, func(value string) error {
			if _, err := time.Parse(time.DateOnly, value); err != nil {
				return fmt.Errorf("%.40q is not a date; use one such as 2027-01-31", value)
			}
			return nil
		}},
	}
}

// A parser is the state of parsing a file.
type parser struct {
	b        *Baseline
	draft    bool
	line     int
	comments []string       // that belong to no block yet
	open     *block         // that the line may add to
	filled   bool           // the open block has a field, so another key begins a new block
	seen     map[string]int // lines of keys
	errs     []lineError
	more     int // errors that are not reported
}

// A lineError is an error at a line.
type lineError struct {
	line int
	error
}

func parse(name string, r io.Reader, draft bool) (*Baseline, error) {
	data, err := io.ReadAll(io.LimitReader(r, fileLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w; name a file that can be read", name, err)
	case len(data) > fileLimit:
		return nil, fmt.Errorf("%s: longer than %d MiB; name a file of accepted findings", name, fileLimit>>20)
	}
	p := &parser{b: New(name), draft: draft, seen: map[string]int{}}
	// some editors begin a file with a byte order mark
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		p.line++
		p.read(strings.TrimRight(line, " \t\r\n"))
	}
	p.end()
	if len(p.b.blocks) == 0 {
		p.header()
	}
	p.b.footer = p.comments
	if len(p.errs) > 0 {
		slices.SortStableFunc(p.errs, func(a, b lineError) int { return cmp.Compare(a.line, b.line) })
		var all []error
		for _, e := range p.errs {
			all = append(all, e.error)
		}
		if p.more > 0 {
			all = append(all, fmt.Errorf("%s: and %d more errors; is it a list of accepted findings?", name, p.more))
		}
		return nil, errors.Join(all...)
	}
	p.b.sort()
	return p.b, nil
}

func (p *parser) fail(line int, format string, args ...any) {
	if len(p.errs) == errorLimit {
		p.more++
		return
	}
	p.errs = append(p.errs, lineError{line, fmt.Errorf("%s:%d: %w", p.b.name, line, fmt.Errorf(format, args...))})
}

// read parses one line, without its line ending.
func (p *parser) read(line string) {
	text := strings.TrimLeft(line, " \t")
	switch {
	case text == "":
		p.end()
		if len(p.b.blocks) == 0 {
			p.header()
		}
	case text[0] == '#':
		if p.valid(text) {
			p.comments = append(p.comments, text)
		}
	case text == line:
		p.key(line)
	default:
		p.field(text)
	}
}

// valid reports whether a text can be written again.
func (p *parser) valid(text string) bool {
	switch {
	case !utf8.ValidString(text):
		p.fail(p.line, `not UTF-8; save the file as UTF-8, and write other bytes of a key as \xNN`)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }):
		p.fail(p.line, `it has a control character; remove it, or write it as \xNN in a key`)
	case len(text) > lineLimit:
		p.fail(p.line, "longer than %d KiB; shorten it", lineLimit>>10)
	default:
		return true
	}
	return false
}

// header keeps comments that an empty line separates from the first entry.
func (p *parser) header() {
	if len(p.comments) == 0 {
		return
	}
	if len(p.b.header) > 0 {
		p.b.header = append(p.b.header, "")
	}
	p.b.header, p.comments = append(p.b.header, p.comments...), nil
}

// key parses a line with a key.
func (p *parser) key(line string) {
	if p.open == nil || p.filled {
		p.end()
		p.open = &block{}
		p.b.blocks = append(p.b.blocks, p.open)
	}
	p.open.comments, p.comments = append(p.open.comments, p.comments...), nil
	if !p.valid(line) {
		return
	}
	text, err := read(line)
	if err != nil {
		p.fail(p.line, "%w", err)
		return
	}
	before := p.seen[text]
	switch _, _, _, ok := parts(text); {
	case !ok:
		p.fail(p.line, "%.80q is not a key; want \"check case#step place\", as in the JSON report", text)
	case before > 0:
		p.fail(p.line, "the key is in line %d already; remove one of them", before)
	case len(Spell(text)) > lineLimit:
		p.fail(p.line, "longer than %d KiB with every character made visible; shorten it", lineLimit>>10)
	default:
		p.seen[text] = p.line
		p.open.keys = append(p.open.keys, key{text, p.line})
	}
}

// field parses a line with a field of a block.
func (p *parser) field(text string) {
	if !p.valid(text) {
		return
	}
	if p.open == nil {
		p.fail(p.line, "there is no key directly above; begin a key in the first column")
		return
	}
	p.open.comments, p.comments, p.filled = append(p.open.comments, p.comments...), nil, true
	name, value, _ := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	var names []string
	for _, f := range fields(p.draft) {
		names = append(names, f.name)
		if f.name != name {
			continue
		}
		at := f.of(&p.open.said)
		switch err := f.wrong(value); {
		case value == "":
			p.fail(p.line, "%s: no value; write it on this line", name)
			value = unsaid // do not report it as missing again
		case *at != "":
			p.fail(p.line, "%s: duplicate field; keep one of them", name)
		case len(name)+len(": ")+len(value) > lineLimit:
			p.fail(p.line, "%s: longer than %d KiB; shorten it", name, lineLimit>>10)
		case err != nil:
			p.fail(p.line, "%s: %w", name, err)
		}
		*at = value
		return
	}
	near := nearest.Hint(name, names)
	p.fail(p.line, "unknown field %.40q%s; fields are %s", name, near, strings.Join(names, ", "))
}

// end closes the open block.
func (p *parser) end() {
	if p.open == nil {
		return
	}
	open := p.open
	p.open, p.filled = nil, false
	if len(open.keys) == 0 { // they are invalid, which is reported
		return
	}
	for _, missing := range []struct{ name, value string }{{"reason", open.said.reason}, {"owner", open.said.owner}} {
		if missing.value == "" {
			p.fail(open.keys[0].line, "the key has no %s; write one below it, indented: \"  %s: …\"", missing.name,
				missing.name)
		}
	}
}
