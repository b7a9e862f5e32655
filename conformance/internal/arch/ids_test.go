package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/fixtures"
)

// exemptIDs are the ids outside a row that stay, with the reason.
func exemptIDs() map[string]string {
	return map[string]string{}
}

// requirementIDs are those of the catalogue.
func requirementIDs(t *testing.T) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	names, err := fs.Glob(fixtures.FS(), "requirements/*.yaml")
	require.NoError(t, err)
	for _, name := range names {
		data, err := fs.ReadFile(fixtures.FS(), name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^- id: ([a-z]+\.\S+)$`).FindAllSubmatch(data, -1) {
			ids[string(m[1])] = true
		}
	}
	require.Greater(t, len(ids), 50)
	return ids
}

// beginsOne reports whether a text is the beginning of an id up to a dot or a hyphen, as
// for a comparison with several of them.
func beginsOne(text string, ids map[string]bool) bool {
	if !strings.Contains(text, ".") || !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "-") {
		return false
	}
	for id := range ids {
		if strings.HasPrefix(id, text) {
			return true
		}
	}
	return false
}

// A finder looks for ids that stand elsewhere than as a value in a row of a table.
type finder struct {
	ids   map[string]bool
	name  string
	row   bool // inside a row
	begin bool // inside a call such as [strings.HasPrefix]
	found *[]string
}

// Visit implements [ast.Visitor]. A row is a composite literal; the elements of a list, a
// map's keys, and what stands in a call, a comparison or a case clause are none of its
// values.
func (f finder) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(n.Value)
		if n.Kind == token.STRING && err == nil && (f.ids[text] && !f.row || f.begin && beginsOne(text, f.ids)) {
			*f.found = append(*f.found, fmt.Sprintf("%s: %q outside a row", f.name, text))
		}
	case *ast.CompositeLit:
		switch kind := n.Type.(type) {
		case *ast.ArrayType:
			if element, ok := kind.Elt.(*ast.Ident); !ok || element.Name != "string" {
				f.row = true
			}
		case *ast.MapType:
			f.row = false
		default:
			f.row = true
		}
	case *ast.CallExpr:
		called, selects := n.Fun.(*ast.SelectorExpr)
		f.row, f.begin = false, selects && (called.Sel.Name == "HasPrefix" || called.Sel.Name == "CutPrefix")
	case *ast.BinaryExpr, *ast.CaseClause, *ast.IndexExpr, *ast.BlockStmt:
		f.row = false
	}
	return f
}

// idsOutsideRows returns where a file names a requirement elsewhere than in a row.
func idsOutsideRows(name string, src any, ids map[string]bool) (out []string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	ast.Walk(finder{ids: ids, name: name, found: &out}, file)
	return out, nil
}

func TestNoRequirementIsACondition(t *testing.T) {
	ids := requirementIDs(t)
	stale := exemptIDs()
	const root = "../../.."
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "testdata" ||
			d.Name() == "node_modules" || name == "conformance/reference" || name == "conformance/client" ||
			name == "docs") {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found, err := idsOutsideRows(name, src, ids)
		for _, f := range found {
			if exemptIDs()[f] == "" {
				t.Errorf("%s; an id is a name and decides nothing: give the requirement a kind (conformance/kind.go, "+
					"fixtures/requirements), or charge it in a row of a check", f)
			}
			delete(stale, f)
		}
		return err
	}))
	for f := range stale {
		t.Errorf("%s is gone; take its row out of exemptIDs", f)
	}
}

func TestARequirementThatIsAConditionIsSeen(t *testing.T) {
	ids := map[string]bool{"state.isolated": true, "refusal.status-body": true}
	for _, row := range []struct {
		why, code string
		found     bool
	}{
		{"a comparison", `_ = id == "state.isolated"`, true},
		{"a case", `switch id { case "state.isolated": }`, true},
		{"a call", `_ = has(all, "state.isolated")`, true},
		{"a constant", `const id = "state.isolated"`, true},
		{"a beginning", `_ = strings.HasPrefix(id, "refusal.status-")`, true},
		{"a list", `_ = []string{"state.isolated"}`, true},
		{"a key of a map", `_ = map[string]int{"state.isolated": 1}`, true},
		{"an index", `_ = all["state.isolated"]`, true},
		{"a function in a row", `_ = Check{on: func() bool { return id == "state.isolated" }}`, true},
		{"a call in a row", `_ = Check{judge: says("state.isolated")}`, true},
		{"a row", `_ = Check{Name: "x", Requirements: []string{"state.isolated"}}`, false},
		{"a row of a list", `_ = []Check{{"x", "state.isolated"}}`, false},
		{"a problem", `return []Problem{{"body", "a", "b", "state.isolated"}}`, false},
		{"another text", `_ = id == "state"`, false},
	} {
		t.Run(row.why, func(t *testing.T) {
			var src bytes.Buffer
			fmt.Fprintf(&src, "package p\n\nfunc f() {\n%s\n}\n", row.code)
			found, err := idsOutsideRows("x.go", src.Bytes(), ids)
			require.NoError(t, err)
			require.Equal(t, row.found, len(found) > 0, "%v", found)
		})
	}
}
