package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A settingsProblem is one error in a settings file, with its remedy. It shows no value that may
// be a secret.
type settingsProblem struct {
	line int
	text string
}

// A settingsText is the text of a settings file as keys with their lines, and its problems.
type settingsText struct {
	pairs    []settingsPair
	problems []settingsProblem
}

// A settingsPair is a key of a map and its value.
type settingsPair struct{ key, value *yaml.Node }

func (t *settingsText) fail(line int, format string, args ...any) {
	t.problems = append(t.problems, settingsProblem{line, fmt.Sprintf(format, args...)})
}

// mostBroken is the maximum number of syntax errors that are reported at once.
const mostBroken = 40

// readSettingsText parses a settings file. If YAML refuses it, each key with what is below it is
// parsed by itself, so that one error hides no other; the library's own line numbers are not
// used then, because they are often one too low.
func readSettingsText(data []byte) *settingsText {
	t := &settingsText{}
	data, err := decoded(data)
	if err != nil {
		t.fail(1, "%v", err)
		return t
	}
	lines := strings.Split(string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))), "\n")
	for i, line := range lines {
		if !utf8.ValidString(line) {
			t.fail(i+1, "a byte that is not UTF-8; save the file as UTF-8")
			lines[i] = strings.ToValidUTF8(line, "?")
		}
		if at := strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }); at >= 0 {
			t.fail(i+1, "a control character; remove it")
			lines[i] = strings.Map(func(r rune) rune {
				if r < ' ' && r != '\t' || r == 0x7F {
					return '?'
				}
				return r
			}, lines[i])
		}
	}
	t.oneDocument(lines)
	if root, err := parseYAML(lines); err == nil && (root == nil || root.Kind == yaml.MappingNode) {
		t.add(root, 0)
		return t
	}
	t.parts(lines)
	return t
}

// oneDocument reports the marks and directives of YAML streams, and replaces them by empty
// lines. A first line --- is allowed.
func (t *settingsText) oneDocument(lines []string) {
	begun := false
	for i, line := range lines {
		word, _, _ := strings.Cut(strings.TrimRight(line, " \t"), " ")
		switch {
		case word == "---" && !begun:
			lines[i], begun = strings.Replace(line, "---", "", 1), true
		case word == "---", word == "...":
			t.fail(i+1, "a second document; keep one, and put several targets under profiles")
			lines[i] = ""
		case strings.HasPrefix(line, "%"):
			t.fail(i+1, "a directive; remove the line")
			lines[i] = ""
		case word != "" && word[0] != '#':
			begun = true
		}
	}
}

// parseYAML parses lines and returns the root, or nil if there is nothing but comments.
func parseYAML(lines []string) (*yaml.Node, error) {
	var doc yaml.Node
	err := yaml.NewDecoder(strings.NewReader(strings.Join(lines, "\n") + "\n")).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil || len(doc.Content) == 0 {
		return nil, err
	}
	return doc.Content[0], nil
}

// parts parses each key of the outermost level with what is below it.
func (t *settingsText) parts(lines []string) {
	for begin := 0; begin < len(lines) && len(t.problems) <= mostProblems; {
		end := begin + 1
		for end < len(lines) && !beginsKey(lines[end]) {
			end++
		}
		t.part(slices.Clone(lines[begin:end]), begin)
		begin = end
	}
}

// beginsKey reports whether a line belongs to none above it.
func beginsKey(line string) bool {
	return line != "" && !strings.ContainsAny(line[:1], " \t#]}") && !strings.HasPrefix(line, "- ")
}

// part parses one key, without the lines on which YAML fails. Those are reported.
func (t *settingsText) part(lines []string, before int) {
	for at := 0; ; {
		root, err := parseYAML(lines)
		switch {
		case err == nil && root == nil:
			return
		case err == nil && root.Kind == yaml.MappingNode:
			t.add(root, before)
			return
		case err == nil && root.Kind == yaml.SequenceNode:
			t.fail(before+root.Line, "a list where a key has to be; write key: value, and indent the values of a list "+
				"below their key")
			return
		case err == nil:
			t.fail(before+root.Line, "no key; write key: value, with a blank behind the colon")
			return
		}
		if len(t.problems) >= mostBroken {
			return
		}
		at, err = firstBroken(lines, at)
		t.fail(before+at+1, "%s", saidByYAML(err, lines[at]))
		if at == 0 {
			return // what is below belongs to no key
		}
		lines[at] = ""
	}
}

// lookahead is how many further lines may make lines parse that did not: a flow of YAML, or a
// quoted text, may be longer than one line.
const lookahead = 60

// firstBroken returns the line, from 0, after the longest beginning that parses, and the error
// there. So many lines are known to parse.
func firstBroken(lines []string, parsed int) (at int, err error) {
	at = parsed
	for n := at + 1; n <= len(lines) && n <= at+lookahead; n++ {
		if _, failed := parseYAML(lines[:n]); failed == nil {
			at, err = n, nil
		} else if err == nil {
			err = failed
		}
	}
	return min(at, len(lines)-1), err
}

// saidByYAML describes an error of the library, with its remedy.
func saidByYAML(err error, line string) string {
	if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
		return "a tab in the indentation; use blanks"
	}
	said := ""
	if err != nil {
		said = err.Error()
	}
	for _, row := range []struct{ has, text string }{
		{"did not find expected ',' or", "a [ or { without its end, or without a comma between two values; close it"},
		{"mapping values are not allowed", "a second colon, or a line that is indented too far; put a value that " +
			"has a colon in quotes, and indent all keys of one level alike"},
		{"cannot start any token", "a value begins with a sign that YAML keeps for itself; put the value in quotes"},
		{"could not find expected ':'", "no colon; write key: value, with a blank behind the colon"},
		{"tab character", "a tab in the indentation; use blanks"},
		{"unexpected end of stream", "a quote without its end; close it on the same line"},
		{"unexpected document indicator", "a quote without its end; close it on the same line"},
		{"escape character", "a backslash that YAML reads as an escape; use single quotes"},
		{"escape sequence", "a backslash that YAML reads as an escape; use single quotes"},
		{"unknown anchor", "an alias; write the value out"},
		{"anchor", "an anchor or an alias; write the value out"},
		{"exceeded max depth", "too many levels; settings have at most three"},
		{"did not find expected", "it does not follow from the line above: a text behind a closed quote or bracket, " +
			"or another indentation; put the whole value in quotes, and indent all keys of one level alike"},
	} {
		if strings.Contains(said, row.has) {
			return row.text
		}
	}
	return strings.TrimPrefix(said, "yaml: ") + "; correct the line"
}

// add appends the pairs of a map that begins so many lines below the beginning of the file.
func (t *settingsText) add(root *yaml.Node, before int) {
	if root == nil {
		return
	}
	t.plain(root, before, 0)
	for i := 0; i+1 < len(root.Content); i += 2 {
		t.pairs = append(t.pairs, settingsPair{root.Content[i], root.Content[i+1]})
	}
}

// mostDeep is the maximum depth of nodes: profiles, a profile, its rules, a rule, its statuses.
const mostDeep = 12

// plain moves the lines of a node, and reports what makes YAML hard to read and is not needed.
// Nothing expands an alias, so that none can make a text longer.
func (t *settingsText) plain(n *yaml.Node, before, depth int) {
	n.Line += before
	switch {
	case depth > mostDeep:
		t.fail(n.Line, "too many levels; settings have at most three")
		n.Content = nil
	case n.Kind == yaml.AliasNode:
		t.fail(n.Line, "an alias; write the value out")
	case n.Anchor != "":
		t.fail(n.Line, "an anchor; write the value where it is needed, without &")
	case n.Style&yaml.TaggedStyle != 0:
		t.fail(n.Line, "a tag of YAML; write the value alone")
	}
	for _, child := range n.Content {
		t.plain(child, before, depth+1)
	}
}
