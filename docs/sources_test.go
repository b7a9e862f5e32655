package docs_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// sourcesPage has each requirement with what it stands on, and each line of the two
// documents with what stands on it.
func sourcesPage(suite *conformance.Suite) string {
	var b strings.Builder
	b.WriteString("# Sources\n\n" + generated)
	b.WriteString("The sources of each requirement, and the requirements of each line of the two documents.\n\n" +
		"- [the two documents](#the-two-documents), and how to know that the lines are of the same text\n" +
		"- [levels and bases](#levels-and-bases): which level a clause carries\n" +
		"- [requirements and their clauses](#requirements-and-their-clauses)\n")
	for _, d := range suite.Documents {
		fmt.Fprintf(&b, "- [lines of %s](#%s)\n", d.Name, anchors("# lines of " + d.Name)[0])
	}
	b.WriteString("- [what cannot be observed](#what-cannot-be-observed)\n")

	b.WriteString("\n## The two documents\n\nThey are not part of this repository. Lines are counted from 1, with " +
		"the front matter; compare them with `sha256sum` and `wc -l` of a copy.\n\n| document | lines | SHA-256 | " +
		"published in |\n|---|---:|---|---|\n")
	for _, d := range suite.Documents {
		fmt.Fprintf(&b, "| %s | %d | `%s` | %s |\n", prose(d.Name), d.Lines, d.SHA256, prose(d.Published))
	}
	b.WriteString("\nTo compare a folder that has both with what is cited: `CITED_DOCUMENTS=/path/to/folder go test " +
		"./conformance -run TestTheDocumentsAreTheOnesThatAreCited`.\n")

	b.WriteString("\n## Levels and bases\n\n" + levelsTable() + "\nA requirement has the level of its strongest " +
		"clause, by this table; otherwise the suite does not load.\n\n| basis | level | content of the cited place " +
		"|\n|---|---|---|\n")
	for _, x := range record.Bases() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", x.Name, x.Level, prose(x.Says))
	}

	b.WriteString("\n## Requirements and their clauses\n\nThe basis of a clause is what the requirement takes from " +
		"the place: a keyword, a syntax or a meaning of a standard, or, if it requires more or less than the place, " +
		"a remark or plain sense.\n\n| requirement | level | basis | place |")
	rule := "|---|---|---|---|"
	for _, d := range suite.Documents {
		fmt.Fprintf(&b, " lines of %s |", prose(d.Name))
		rule += "---|"
	}
	b.WriteString("\n" + rule + "\n")
	for _, r := range suite.Requirements {
		for i, c := range r.Clauses {
			name, level := requirementLink(r.ID), r.Level.String()
			if i > 0 {
				name, level = "", ""
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s, %s |", name, level, c.Basis, prose(c.Document), prose(c.Section))
			for _, d := range suite.Documents {
				fmt.Fprintf(&b, " %s |", lines(c.Lines, d.Name))
			}
			b.WriteString("\n")
		}
	}

	for _, d := range suite.Documents {
		fmt.Fprintf(&b, "\n## Lines of %s\n\nThe content is in words of this suite.\n\n| lines | content | "+
			"requirements |\n|---|---|---|\n", prose(d.Name))
		for _, s := range statementsOf(suite, d.Name) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", lines(s.Lines, d.Name), prose(s.Says), heldBy(s))
		}
	}
	b.WriteString("\n## What cannot be observed\n\n" + unobservable(suite))
	return b.String()
}

func requirementLink(id string) string {
	return fmt.Sprintf("[`%s`](requirements.md#%s)", id, anchors("### `" + id + "`")[0])
}

// lines are those of one document.
func lines(all []record.Places, document string) string {
	for _, p := range all {
		if p.Document == document {
			return strings.TrimPrefix(p.String(), document+":")
		}
	}
	return ""
}

// statementsOf are those of a document, by line.
func statementsOf(suite *conformance.Suite, document string) (out []conformance.Statement) {
	from := func(s conformance.Statement) int {
		for _, p := range s.Lines {
			if p.Document == document {
				return p.Spans[0].From
			}
		}
		return 0
	}
	for _, s := range suite.Statements {
		if from(s) > 0 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b conformance.Statement) int { return cmp.Compare(from(a), from(b)) })
	return out
}

func heldBy(s conformance.Statement) string {
	switch {
	case s.Unobservable != "":
		return "**cannot be observed**: " + prose(s.Unobservable)
	case s.Nothing != "":
		return "asks nothing: " + prose(s.Nothing)
	}
	var out []string
	for _, id := range s.Obliges {
		out = append(out, requirementLink(id))
	}
	return strings.Join(out, ", ")
}

// unobservable lists what is asked and no exchange shows.
func unobservable(suite *conformance.Suite) (text string) {
	for _, s := range suite.Statements {
		if s.Unobservable != "" {
			text += fmt.Sprintf("- %s (%s): %s.\n", prose(first(s.Says)), prose(s.Places()), prose(s.Unobservable))
		}
	}
	return text
}

// levelsTable has the words for each level.
func levelsTable() string {
	text := "| level | source of a requirement | consequence |\n|---|---|---|\n"
	for _, l := range record.Levels() {
		text += fmt.Sprintf("| *%s* | %s | %s |\n", l, prose(l.Meaning()), strings.ReplaceAll(prose(l.Consequence()),
			"-strict", "`-strict`"))
	}
	return text
}

// wordsOf is a text on one line, without the signs of Markdown, comments and emphasis.
func wordsOf(text string) string {
	text = regexp.MustCompile(`(?m)^\s*(//|#)`).ReplaceAllString(text, " ")
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}

func TestEveryPlaceSaysOfALevelTheSameWords(t *testing.T) {
	texts := map[string]string{
		"fmaspec help list": fmaspec(t, "help", "list"),
	}
	for _, l := range record.Levels() {
		texts["fmaspec explain "+l.String()] = fmaspec(t, "explain", l.String())
	}
	for _, file := range []string{"README.md", "docs/requirements.md", "docs/sources.md",
		"conformance/record/requirement.go",
		"openapi/fmaspec.openapi.yaml", "schemas/report.schema.json"} {
		data, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		texts[file] = string(data)
	}
	for _, r := range load(t).Requirements {
		if r.ID == "action.members" || r.ID == "auth.scheme-case" || r.ID == "action.id" {
			text := wordsOf(fmaspec(t, "explain", r.ID))
			require.Contains(t, text, wordsOf(r.Level.Meaning()), "fmaspec explain %s", r.ID)
			for _, c := range r.Clauses {
				require.Contains(t, text, wordsOf(c.String()), "fmaspec explain %s", r.ID)
			}
		}
	}
	for place, text := range texts {
		for _, l := range record.Levels() {
			if name, is := strings.CutPrefix(place, "fmaspec explain "); is && name != l.String() {
				continue
			}
			require.Contains(t, wordsOf(text), wordsOf(l.Meaning()), "%s: want the words of Level.Meaning", place)
		}
	}
	require.NotContains(t, wordsOf("// documented: the documents\n// say so"),
		wordsOf(record.Documented.Meaning()), "want other words seen")
}

func TestNoStatementIsLeftWithoutAnswer(t *testing.T) {
	suite := load(t)
	page := read(t, "docs/sources.md")
	for _, s := range suite.Statements {
		require.NotEmpty(t, heldBy(s), s.Places())
		if s.Unobservable != "" {
			require.Contains(t, page, prose(s.Unobservable))
			require.Contains(t, read(t, "docs/decisions.md"), prose(s.Unobservable))
		}
	}
}
