package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// variable returns the value of a variable of the Makefile that is set in one line.
func variable(t *testing.T, makefile, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` := (.*)$`).FindStringSubmatch(makefile)
	require.NotNil(t, found, "Makefile: no variable %s", name)
	return found[1]
}

// testsIn returns the test functions of folders by their places and names.
func testsIn(t *testing.T, folders ...string) map[string]*ast.FuncDecl {
	t.Helper()
	var files []string
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		require.NoError(t, err)
		files = append(files, found...)
	}
	out := map[string]*ast.FuncDecl{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				out[filepath.Dir(file)+"."+f.Name.Name] = f
			}
		}
	}
	return out
}

// concurrent returns what in a function starts a goroutine, "" for nothing. t.Parallel does
// not count: it lets a test run at the same time as others.
func concurrent(f *ast.FuncDecl) (what string) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			what = "a go statement"
		case *ast.CallExpr:
			switch called := n.Fun.(type) {
			case *ast.SelectorExpr:
				if called.Sel.Name == "Go" {
					what = "a call of Go"
				}
			case *ast.Ident:
				if called.Name == "concurrently" {
					what = "a call of concurrently"
				}
			}
		}
		return what == ""
	})
	return what
}

// alternatives returns the regular expressions of ^Test(A|B).
func alternatives(t *testing.T, pattern string) (out []*regexp.Regexp) {
	t.Helper()
	names, is := strings.CutPrefix(pattern, "^Test(")
	require.True(t, is && strings.HasSuffix(names, ")"), "want ^Test(A|B), got %s", pattern)
	for name := range strings.SplitSeq(strings.TrimSuffix(names, ")"), "|") {
		out = append(out, regexp.MustCompile(`\.Test`+name))
	}
	return out
}

// What make test leaves out under the race detector starts nothing that runs at once, and
// what it takes of the command is there.
func TestTheRaceDetectorSeesWhatRunsAtOnce(t *testing.T) {
	root := filepath.FromSlash("../../..")
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	tests := testsIn(t, filepath.Join(root, "conformance"), filepath.Join(root, "conformance/*"),
		filepath.Join(root, "conformance/internal/*"))
	for _, one := range alternatives(t, variable(t, string(text), "SERIAL")) {
		found := false
		for name, f := range tests {
			if !one.MatchString(name) {
				continue
			}
			found = true
			require.Empty(t, concurrent(f), "%s: remove it from SERIAL in the Makefile", name)
		}
		require.True(t, found, "Makefile: SERIAL: no name of a test in conformance matches %s; remove it", one)
	}
	tests = testsIn(t, filepath.Join(root, "cmd/fmaspec"))
	for _, one := range alternatives(t, variable(t, string(text), "SERVING")) {
		found := false
		for name := range tests {
			found = found || one.MatchString(name)
		}
		require.True(t, found, "Makefile: SERVING: no name of a test in cmd/fmaspec matches %s; remove it", one)
	}
}

func TestWhatRunsAtOnceIsNoticed(t *testing.T) {
	for body, want := range map[string]string{
		"f()":                             "",
		"for range 3 { go f() }":          "a go statement",
		"func() { group.Go(f) }()":        "a call of Go",
		"t.Parallel()":                    "",
		"concurrently(all, 3, func() {})": "a call of concurrently",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc TestX() {\n"+body+"\n}", 0)
		require.NoError(t, err)
		require.Equal(t, want, concurrent(file.Decls[0].(*ast.FuncDecl)), body)
	}
}
