package arch

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const root = "../../.."

// An exemption is a place where a rule on text does not apply.
type exemption struct {
	path string // a file, or with /... a folder and all below it, or with /* its files
	why  string
}

// longLines are the places where lines may be longer than maxColumns.
func longLines() []exemption {
	return []exemption{
		{".ci/generate/client/client_test.go", "gofmt aligns its table of generated names"},
		{"docs/commands.md", "it is generated"},
		{"docs/contract.md", "it is generated"},
		{"docs/faults.md", "it is generated"},
		{"docs/generated.md", "it is generated"},
		{"docs/requirements.md", "it is generated"},
		{"docs/sources.md", "it is generated"},
		{"fixtures/requirements/...", "each text of an entry is one line, so that a change shows it whole"},
		{"openapi/fmaspec.bundled.yaml", "it is generated"},
		{"openapi/fmaspec.openapi.yaml", "an example of the documents has a long path"},
		{"openapi/released/...", "it is a copy of what was released"},
	}
}

// unedited are the places where banned phrases may stand.
func unedited() []exemption {
	return []exemption{
		{"conformance/internal/arch/text_test.go", "it lists the phrases"},
		{"openapi/released/...", "it is a copy of what was released"},
	}
}

// A phrase is a turn of speech with the term to use in its place.
type phrase struct {
	pattern string // a regular expression, matched in any letter case between word boundaries
	use     string
}

func phrases() []phrase {
	return []phrase{
		{`tells? (whether|that|what|of|how|which)`, "reports whether, returns, describes"},
		{`is told|are told|was told|were told|told apart`, "is reported, is distinguished"},
		{`whose word|on the word of|strongest word`, "source, level"},
		{`(held|hold|holds|holding) (\S+ ){0,5}against`, "compare with"},
		{`sound (request|answer|body|JSON|corpus|file)s?`, "valid"},
		{`whoever|of its own accord`, "the user, the caller, the reader"},
		{`stumbles?|stumbled over`, "fails"},
		{`to be had`, "available"},
		{`borne out|bears? out`, "matches"},
		{`sins?|sinners?`, "fault"},
		{`how (it|they) fares?|fared`, "the result of"},
		{`can it tell|can tell|cannot tell`, "finds, detects"},
		{`beside [a-z0-9$%]+`, "next to, with, in the same folder, in addition to, at the same time as"},
		{`as far as (it|they) (was|were|is|are) armed|as far as (it|they) fits?`, "only what was sent, as many as fit"},
		{`(becomes|became|become|comes|came|come) of (it|them|that|the|a|an|one|each|every|deriving)`,
			"the result of, the outcome of"},
		{`speaks? against`, "forbids, contradicts"},
		{`that there is not|of now`, "that does not exist, the current one"},
		{`tells more|tells the rest|tells all|tells nothing|tells alone`, "describes, prints"},
	}
}

// exempt reports whether a path is in a list.
func exempt(list []exemption, path string) bool {
	for _, e := range list {
		if files, ok := strings.CutSuffix(e.path, "/*"); ok && filepath.ToSlash(filepath.Dir(path)) == files {
			return true
		}
		if under(path, e.path) {
			return true
		}
	}
	return false
}

// texts returns the files under a folder with one of the endings, by path.
func texts(t *testing.T, dir string, endings ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			in := filepath.Base(filepath.Dir(path))
			generated := in == "generate" && name == "out" || in == "release" && name == "dist" ||
				path == filepath.Join(dir, "site")
			if generated || name == "testdata" || name == "node_modules" || name == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		for _, ending := range endings {
			if strings.HasSuffix(name, ending) {
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				rel, err := filepath.Rel(dir, path)
				out[filepath.ToSlash(rel)] = string(data)
				return err
			}
		}
		return nil
	}))
	return out
}

// maxColumns is the length of a line, with tabs as four columns.
const maxColumns = 120

// long returns the lines of a file that are too long. A line with a URL may be longer,
// and so may a raw string of Go, which is data, a row of a table of Markdown, and a block
// of code in it.
func long(path, text string) (out []int) {
	free := map[int]bool{}
	if strings.HasSuffix(path, ".go") {
		free = rawStrings(text)
	}
	code := false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasSuffix(path, ".md") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				code = !code
			}
			if code || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "- ") && generated(text, i) {
				continue
			}
		}
		columns := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    "))
		if columns > maxColumns && !free[i+1] && !strings.Contains(line, "://") {
			out = append(out, i+1)
		}
	}
	return out
}

// generated reports whether a line of Markdown is between the marks of a generated list.
func generated(text string, line int) bool {
	open := false
	for i, l := range strings.Split(text, "\n") {
		if i == line {
			return open
		}
		switch {
		case strings.HasPrefix(l, "<!-- ") && strings.HasSuffix(l, ":begin -->"):
			open = true
		case strings.HasPrefix(l, "<!-- ") && strings.HasSuffix(l, ":end -->"):
			open = false
		}
	}
	return open
}

// rawStrings returns the lines with a part of a raw string, and those of struct tags.
func rawStrings(text string) map[int]bool {
	lines := map[int]bool{}
	each(text, func(line int, tok token.Token, lit string) {
		if tok == token.STRING && strings.HasPrefix(lit, "`") {
			for i := range strings.Count(lit, "\n") + 1 {
				lines[line+i] = true
			}
		}
	})
	return lines
}

// each calls a function for each token of a Go file, with its line.
func each(text string, f func(line int, tok token.Token, lit string)) {
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return
		}
		f(file.Line(pos), tok, lit)
	}
}

func TestLinesAreShort(t *testing.T) {
	for path, text := range texts(t, root, ".go", ".md", ".yaml", ".yml") {
		if exempt(longLines(), path) {
			continue
		}
		// A longer path of the module, which make rename gives it, makes no line too long.
		for _, line := range long(path, strings.ReplaceAll(text, ours(), "fmaspec/")) {
			t.Errorf("%s:%d: the line is longer than %d columns; wrap it", path, line, maxColumns)
		}
	}
}

func TestALongLineIsSeen(t *testing.T) {
	words := strings.Repeat("word ", 25)
	for _, row := range []struct {
		path, text string
		want       []int
		why        string
	}{
		{"a.go", "package a\n\n// " + words + "\n", []int{3}, "a comment"},
		{"a.go", "package a\n\nconst b = \"" + words + "\"\n", []int{3}, "a string"},
		{"a.go", "package a\n\nconst b = `x\n" + words + "`\n\nconst c = \"" + words + "\"\n", []int{6},
			"no raw string"},
		{"a.go", "package a\n\n// https://example.com/" + strings.Repeat("x", 120) + "\n", nil, "a URL"},
		{"a.md", "# A\n\n" + words + "\n", []int{3}, "a paragraph"},
		{"a.md", "| a |\n|---|\n| " + words + " |\n\n```\n" + words + "\n```\n", nil, "a table and a block of code"},
		{"a.md", "<!-- x:begin -->\n- " + words + "\n<!-- x:end -->\n- " + words + "\n", []int{4},
			"a list after a generated one"},
		{"a.yaml", "a: " + words + "\n", []int{1}, "a value"},
	} {
		require.Equal(t, row.want, long(row.path, row.text), row.why)
	}
}

// prose returns the text in a file that people read, by line: comments and strings of
// Go, and the whole of other files.
func prose(path, text string) map[int]string {
	out := map[int]string{}
	add := func(line int, text string) {
		for i, l := range strings.Split(text, "\n") {
			out[line+i] += " " + l
		}
	}
	if !strings.HasSuffix(path, ".go") {
		add(1, text)
		return out
	}
	each(text, func(line int, tok token.Token, lit string) {
		if tok == token.COMMENT || tok == token.STRING {
			add(line, lit)
		}
	})
	return out
}

// banned returns the banned phrases in a file, as line, phrase and replacement.
func banned(path, text string, list []phrase) (out []string) {
	lines := prose(path, text)
	for _, p := range list {
		re := regexp.MustCompile(`(?i)\b(` + p.pattern + `)\b`)
		for line, l := range lines {
			if found := re.FindString(l); found != "" {
				out = append(out, fmt.Sprintf("%s:%d: %q; use %s", path, line, found, p.use))
			}
		}
	}
	return out
}

func TestTextIsPlain(t *testing.T) {
	endings := []string{".go", ".md", ".yaml", ".yml", ".http", ".sh", ".html", "Makefile", "schema.json"}
	for path, text := range texts(t, root, endings...) {
		if exempt(unedited(), path) {
			continue
		}
		for _, found := range banned(path, text, phrases()) {
			t.Error(found)
		}
	}
}

func TestABannedPhraseIsSeen(t *testing.T) {
	samples := []string{
		"it tells whether a is b", "each is told once", "on whose word", "held it up against that", "a sound request",
		"whoever reads", "a parser stumbles", "where it is to be had", "the record is borne out", "a named sin",
		"how it fares", "the suite cannot tell", "a file beside it", "as far as it was armed", "what became of it",
		"no standard speaks against", "a row that there is not", "help tells the rest",
	}
	require.Len(t, samples, len(phrases()), "want a sample of each phrase")
	for i, p := range phrases() {
		one := []phrase{p}
		require.NotEmpty(t, banned("a.go", "package a\n\n// A is one: "+samples[i]+".\n", one), "a comment: %s",
			p.pattern)
		require.NotEmpty(t, banned("a.go", "package a\n\nconst a = \""+samples[i]+"\"\n", one), "a string: %s",
			p.pattern)
		require.NotEmpty(t, banned("a.md", samples[i], one), "a page: %s", p.pattern)
		require.Empty(t, banned("a.go", "package a\n\n// A is a foretelling soundness of sinews.\n", one), p.pattern)
	}
}

func TestExemptionsAreNeeded(t *testing.T) {
	files := texts(t, root, ".go", ".md", ".yaml", ".yml")
	for _, e := range longLines() {
		needed := false
		for path, text := range files {
			needed = needed || exempt([]exemption{e}, path) && len(long(path, text)) > 0
		}
		require.True(t, needed, "%s has no line longer than %d columns; remove its row", e.path, maxColumns)
	}
	for _, e := range unedited() {
		needed := false
		for path, text := range files {
			needed = needed || exempt([]exemption{e}, path) && len(banned(path, text, phrases())) > 0
		}
		require.True(t, needed, "%s has no banned phrase; remove its row", e.path)
	}
}
