package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

// A stack is a row of .ci/stacks/stacks.json, which make stacks judges.
type stack struct {
	Name, Stack, Version, Dir string
	Breaks, Sometimes, Left   map[string]string
	Mend                      []string
}

func stacks(t *testing.T) []stack {
	t.Helper()
	var file struct{ Stacks []stack }
	require.NoError(t, json.Unmarshal([]byte(read(t, ".ci/stacks/stacks.json")), &file))
	return file.Stacks
}

// stackSource is the text of all files in the folder of a stack that a person wrote.
func stackSource(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	for _, pattern := range []string{"*", "*/*.go", "src/*", "src/main/java/*", "src/main/java/*/*"} {
		files, err := filepath.Glob(filepath.Join(root, ".ci", "stacks", dir, pattern))
		require.NoError(t, err)
		for _, file := range files {
			if slices.Contains([]string{".go", ".js", ".py", ".java", ".rs", ".conf"}, filepath.Ext(file)) {
				data, err := os.ReadFile(file)
				require.NoError(t, err)
				text.Write(data)
			}
		}
	}
	return text.String()
}

var (
	stackRow   = regexp.MustCompile(`(?m)^\| \[([^]]+)\]\(#([^)]+)\) \| ([^|]*) \|(.*)\| [0-9]+ \|$`)
	stackBreak = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([a-z]+) \\|")
	quotedID   = regexp.MustCompile("`([^`]+)`")
)

// staleStacks returns how a page differs from the stacks, their sources and the requirements of the suite.
func staleStacks(suite *conformance.Suite, page string, all []stack, source func(dir string) string) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	var names, want []string
	rows := map[string][]string{}
	for _, row := range stackRow.FindAllStringSubmatch(page, -1) {
		names = append(names, row[2])
		rows[row[2]] = row
	}
	for _, s := range all {
		want = append(want, s.Name)
	}
	if !slices.Equal(names, want) {
		return []string{fmt.Sprintf("the table lists %q, want %q", names, want)}
	}
	for _, s := range all {
		row := rows[s.Name]
		if row[1] != s.Stack || row[3] != s.Version {
			bad("%s: the table has %s %s, want %s %s", s.Name, row[1], row[3], s.Stack, s.Version)
		}
		_, section, _ := strings.Cut(page, "\n### "+s.Name+"\n")
		section, _, _ = strings.Cut(section, "\n### ")
		section, _, _ = strings.Cut(section, "\n## ")
		listed := map[string]string{}
		for _, line := range stackBreak.FindAllStringSubmatch(section, -1) {
			listed[line[1]] = line[2]
		}
		var inTable []string
		for _, id := range quotedID.FindAllStringSubmatch(row[4], -1) {
			inTable = append(inTable, id[1])
		}
		if len(inTable) != len(s.Breaks) || len(listed) != len(s.Breaks) {
			bad("%s: the page has %d and %d requirements, want %d", s.Name, len(inTable), len(listed), len(s.Breaks))
		}
		for id, why := range s.Breaks {
			r := suite.Requirement(id)
			switch {
			case r == nil:
				bad("%s: %s is no requirement", s.Name, id)
			case listed[id] != r.Level.String():
				bad("%s: %s is %q on the page, want %s", s.Name, id, listed[id], r.Level)
			case !slices.Contains(inTable, id):
				bad("%s: %s is not in the table", s.Name, id)
			case !strings.Contains(section, why):
				bad("%s: the page does not give the reason for %s", s.Name, id)
			}
		}
		for _, extra := range []map[string]string{s.Sometimes, s.Left} {
			for id := range extra {
				if s.Breaks[id] == "" {
					bad("%s: %s is not among what it breaks", s.Name, id)
				}
			}
		}
		for _, line := range s.Mend {
			if !strings.Contains(source(s.Dir), line) || !strings.Contains(section, line) {
				bad("%s: the line %q of the mend is not in its source, or not on the page", s.Name, line)
			}
		}
	}
	return wrong
}

func TestThePageOfStacksHoldsWhatTheTableOfStacksSays(t *testing.T) {
	for _, wrong := range staleStacks(load(t), read(t, "docs/stacks.md"), stacks(t),
		func(dir string) string { return stackSource(t, dir) }) {
		t.Errorf("docs/stacks.md: %s; run .ci/stacks/run -update", wrong)
	}
}

func TestAStalePageOfStacksIsSeen(t *testing.T) {
	suite := load(t)
	page := "| [Some](#some) | 1.0 |  | `request.host` |  | 6 |\n\n### some\n\n" +
		"| `request.host` | standard | 6 | for example | Because. |\n\nmend()\n"
	good := stack{Name: "some", Stack: "Some", Version: "1.0", Breaks: map[string]string{"request.host": "Because."},
		Mend: []string{"mend()"}}
	source := func(string) string { return "if mend { mend() }" }
	require.Empty(t, staleStacks(suite, page, []stack{good}, source))
	for _, row := range []struct {
		name   string
		change func(s *stack)
		page   string
	}{
		{"another stack", func(s *stack) { s.Name = "other" }, page},
		{"another version", func(s *stack) { s.Version = "2.0" }, page},
		{"an unknown requirement", func(s *stack) { s.Breaks = map[string]string{"request.hoost": "Because."} }, page},
		{"one more requirement", func(s *stack) { s.Breaks["action.id"] = "Because." }, page},
		{"another reason", func(s *stack) { s.Breaks["request.host"] = "No." }, page},
		{"another level", func(*stack) {}, strings.Replace(page, "| standard |", "| inferred |", 1)},
		{"something left that it does not break",
			func(s *stack) { s.Left = map[string]string{"action.id": "x"} }, page},
		{"a mend that is not in the source", func(s *stack) { s.Mend = []string{"mend(2)"} }, page},
	} {
		s := good
		s.Breaks = map[string]string{"request.host": "Because."}
		row.change(&s)
		require.NotEmpty(t, staleStacks(suite, row.page, []stack{s}, source), row.name)
	}
}
