package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// The files of a catalogue that hold something else than requirements.
const (
	ledgerFile    = "contradictions.yaml"
	documentsFile = "documents.yaml"
	statementFile = "statements.yaml"
	groupFile     = "groups.yaml"
	clientFile    = "clients.yaml"
)

// catalogueLimit is how many bytes of a file of requirements are read.
const catalogueLimit = 16 << 20

// catalogue reads the requirements, the documents with their statements, and the
// ledger of contradictions of a source that has them.
func (l *loader) catalogue(source Source) {
	names, err := fs.Glob(source.FS, "requirements/*.yaml")
	if err != nil {
		l.fail(fmt.Errorf("%s: %w", source.Name, err))
		return
	}
	for _, name := range names {
		full := path.Join(source.Name, name)
		data, err := httpfile.Bytes(source.FS, name, catalogueLimit)
		if err != nil {
			l.fail(fmt.Errorf("%s: %w", full, err))
			continue
		}
		switch path.Base(name) {
		case ledgerFile:
			each(l, full, data, func(c Contradiction, line int) {
				c.File, c.Line = full, line
				l.contradiction(c)
			})
		case documentsFile:
			each(l, full, data, func(d Document, line int) {
				d.File, d.Line = full, line
				l.document(d)
			})
		case statementFile:
			each(l, full, data, func(s Statement, line int) {
				s.File, s.Line = full, line
				l.suite.Statements = append(l.suite.Statements, s)
			})
		case groupFile:
			each(l, full, data, func(e groupEntry, line int) { l.group(e, full, line) })
		case clientFile:
			each(l, full, data, func(e clientEntry, line int) { l.client(e, full, line) })
		default:
			each(l, full, data, func(e requirementEntry, line int) {
				l.own[e.ID] = source.Own
				l.require(&l.suite.Requirements, e.requirement(full, line))
				l.kind(e, full, line)
			})
		}
	}
}

// each passes on every entry of a YAML list with its line.
func each[T any](l *loader, full string, data []byte, take func(T, int)) {
	entries, lines, err := readList[T](full, data)
	if err != nil {
		l.unread = true
		l.fail(err)
	}
	for i, entry := range entries {
		take(entry, lines[i])
	}
}

// readList reads a YAML list of mappings, and the line at which each begins.
func readList[T any](full string, data []byte) (entries []T, lines []int, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&entries); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, yamlError(full, err)
	}
	if lines = itemLines(data); len(lines) == len(entries) {
		return entries, lines, nil
	}
	lines = nil
	var nodes []yaml.Node
	if err := yaml.Unmarshal(data, &nodes); err != nil {
		return nil, nil, yamlError(full, err)
	}
	for _, n := range nodes {
		lines = append(lines, n.Line)
	}
	return entries, lines, nil
}

// itemLines returns the lines at which the items of a YAML list begin that is written as most are: each
// with a hyphen at the beginning of the line, and its first name behind.
func itemLines(data []byte) (lines []int) {
	n := 0
	for line := range bytes.Lines(data) {
		if n++; len(line) > 2 && line[0] == '-' && line[1] == ' ' && 'a' <= line[2] && line[2] <= 'z' {
			lines = append(lines, n)
		}
	}
	return lines
}

// yamlError puts the place that the YAML package names behind the file.
func yamlError(full string, err error) error {
	var all []error
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	for part := range strings.SplitSeq(strings.TrimPrefix(text, "unmarshal errors:\n"), "\n") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "line ")
		line, what, found := strings.Cut(part, ": ")
		if !found {
			line, what = "1", part
		}
		remedy := "write a list of mappings as the other files of requirements do"
		if before, _, named := strings.Cut(what, " not found in type"); named {
			what = before + " is unknown"
			if before == "field document" || before == "field section" {
				remedy = "give it to each entry of \"clauses:\""
			}
		}
		all = append(all, fmt.Errorf("%s:%s: %s; %s", full, line, what, remedy))
	}
	return errors.Join(all...)
}

// require adds a requirement to the list of those on implementations, or on clients.
func (l *loader) require(list *[]record.Requirement, r record.Requirement) {
	for _, field := range []struct{ name, value string }{
		{"id", r.ID}, {"says", r.Says},
	} {
		if field.value == "" {
			l.failAt(r.File, r.Line, "the requirement %s has no %s; give one", r.ID, field.name)
		}
	}
	if r.Level == 0 {
		l.failAt(r.File, r.Line, "the requirement %s has no level; give documented, standard or inferred", r.ID)
	}
	if r.Level == record.Inferred && r.Because == "" {
		l.failAt(r.File, r.Line, "the requirement %s is inferred without a because; say from what", r.ID)
	}
	for _, other := range slices.Concat(l.suite.Requirements, l.suite.ClientRequirements) {
		if other.ID == r.ID {
			l.failAt(r.File, r.Line, "the requirement %s is at %s:%d too; an id is used once", r.ID, other.File,
				other.Line)
			return
		}
	}
	*list = append(*list, r)
}

func (l *loader) contradiction(c Contradiction) {
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"id", c.ID != ""}, {"what", c.What != ""}, {"where", len(c.Where) > 0}, {"ruling", c.Ruling != ""}, {"pinned",
			len(c.Pinned) > 0},
	} {
		if !field.given {
			l.failAt(c.File, c.Line, "the contradiction %s has no %s; give one", c.ID, field.name)
		}
	}
	l.suite.Contradictions = append(l.suite.Contradictions, c)
}
