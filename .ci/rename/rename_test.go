package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const home = "example.com/x/fmaspec"

// copied returns a copy of the checkout in a folder of its own.
func copied(t *testing.T) string {
	t.Helper()
	list, err := git("../..", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	for _, name := range strings.FieldsFunc(list, func(r rune) bool { return r == 0 }) {
		from := filepath.Join("../..", name)
		info, err := os.Stat(from)
		if os.IsNotExist(err) { // deleted, and not yet committed
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), data, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// command runs a command in a folder and returns what it printed.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off", "GOPROXY=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// remains lists the places of a tree where a path of the module is left.
func remains(t *testing.T, root, path string) (out []string) {
	t.Helper()
	names, err := tracked(root)
	if err != nil {
		t.Fatal(err)
	}
	left := regexp.MustCompile(`(^|[^\w./@~-])` + regexp.QuoteMeta(path) + `/[a-z.]|^\W*(module|require|replace) ` +
		regexp.QuoteMeta(path) + `\s`)
	// What the product calls itself in a header and in a report.
	own := regexp.MustCompile(`"fmaspec/v1"|"fmaspec/VERSION"|/fmaspec/|"fmaspec/'`)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, ".ci/rename/") || strings.Contains(string(data), "\x00") {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if at := left.FindString(line); at != "" && !own.MatchString(line) {
				out = append(out, name+": "+strings.TrimSpace(line))
			}
		}
	}
	return out
}

// The whole of a renamed copy is built and tested by make check, which takes minutes. Here each
// package and test file is loaded with all that it imports, and a sample is compiled and tested.
func TestARenamedCopyHasNothingOfTheOldPath(t *testing.T) {
	root := copied(t)
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	from := modfile.ModulePath(data) // fmaspec, until it is renamed
	before := command(t, root, "go", "list", "-tags", "pact", "./...")
	said, err := rename(root, home)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(said, from+" is now "+home+", in ") {
		t.Error(said)
	}
	for _, line := range remains(t, root, from) {
		t.Errorf("left: %s", line)
	}
	after := command(t, root, "go", "list", "-tags", "pact", "./...")
	if want := regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(from)+`\b`).ReplaceAllString(before, home); after != want {
		t.Errorf("want the packages\n%s\ngot\n%s", want, after)
	}
	// Every import of every package and test, ours among them, leads somewhere.
	command(t, root, "go", "list", "-deps", "-test", "-f", "{{if .Error}}{{.Error}}{{end}}", "./...")
	command(t, filepath.Join(root, "docs/example"), "go", "list", "-deps", "-test", "./...")
	for _, dir := range []string{".ci/k6", ".ci/kubernetes", ".ci/load", ".ci/rename"} {
		data, err := os.ReadFile(filepath.Join(root, dir, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(data), "module "+home+"/ci/") {
			t.Errorf("%s/go.mod begins %.40q", dir, data)
		}
	}
	command(t, root, "go", "vet", "./conformance/internal/arch", "./openapi", "./fixtures")
	command(t, root, "go", "test", "-vet=off", "./conformance/internal/arch", "-run",
		"Arrow|Ban|LinesAreShort|LongLine")
	if bad := command(t, root, "gofmt", "-l", "cmd", "conformance", "docs", "openapi", "schemas"); bad != "" {
		t.Errorf("not formatted:\n%s", bad)
	}

	if said, err = rename(root, home); err != nil || said != "the module is called "+home+" already; nothing was "+
		"changed" {
		t.Errorf("the second time: %s, %v", said, err)
	}
	if _, err = rename(root, "example.org/other"); err != nil {
		t.Error(err)
	}
	for _, line := range remains(t, root, home) {
		t.Errorf("left of the second name: %s", line)
	}
	if got := command(t, root, "go", "list", "./openapi"); got != "example.org/other/openapi\n" {
		t.Errorf("after the third name: %s", got)
	}
}

func TestOnlyThePathOfTheModuleIsReplaced(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"a.go", "package a\n\nimport (\n\t\"fmaspec/openapi\"\n\t\"golang.org/x\"\n)\n",
			"package a\n\nimport (\n\t\"example.com/x/fmaspec/openapi\"\n\t\"golang.org/x\"\n)\n"},
		{"a.go", "package a\n\nimport (\n\t\"example.org/x\"\n\t\"fmaspec/openapi\"\n)\n",
			"package a\n\nimport (\n\t\"example.com/x/fmaspec/openapi\"\n\t\"example.org/x\"\n)\n"},
		{"a.go", "package a\n\nconst b = \"fmaspec/...\"\n",
			"package a\n\nconst b = \"example.com/x/fmaspec/...\"\n"},
		{"a.go", "package a\n\nconst b = \"fmaspec/\" + \"0.1.0\"\n", ""},
		{"a.go", "package a\n\nvar b = []string{\"-require\", \"fmaspec@v0.0.0\", \"-replace\", \"fmaspec=\" + c}\n",
			"package a\n\nvar b = []string{\"-require\", \"example.com/x/fmaspec@v0.0.0\", \"-replace\", " +
				"\"example.com/x/fmaspec=\" + c}\n"},
		{"a.md", "go get fmaspec/conformance fmaspec/openapi && ./bin/fmaspec/cmd run", "go get " + home +
			"/conformance " + home + "/openapi && ./bin/fmaspec/cmd run"},
		{"a.md", "go mod edit -require=fmaspec@v0.0.0 -replace=fmaspec=../x", "go mod edit -require=" + home +
			"@v0.0.0 -replace=" + home + "=../x"},
		{"a.md", "ok  \tfmaspec/cmd/fmaspec\t1.0s", "ok  \t" + home + "/cmd/fmaspec\t1.0s"},
		{"a.md", "User-Agent: fmaspec/0.1.0, fmaspec run, ./fmaspec/conformance, x/fmaspec/docs, a-fmaspec/docs", ""},
		{"a.sarif", "{\"fmaspec/v1\": 1}", ""},
		{"go.mod", "module fmaspec\n\nrequire fmaspec v0.0.0\n\nreplace fmaspec => ..\n",
			"module " + home + "\n\nrequire " + home + " v0.0.0\n\nreplace " + home + " => ..\n"},
		{"go.mod", "require (\n\tfmaspec v0.0.0\n)\n", "require (\n\t" + home + " v0.0.0\n)\n"},
		{"go.mod", "module fmaspec-peers\n", ""},
		{"go.sum", "fmaspec/docs", ""},
		{"a.bin", "\x00fmaspec/docs", ""},
	} {
		if row.want == "" {
			row.want = row.text
		}
		got, err := renamed(row.name, []byte(row.text), "fmaspec", home)
		if err != nil || string(got) != row.want {
			t.Errorf("%s: %q\nwant %q\ngot  %q, %v", row.name, row.text, row.want, got, err)
		}
	}
}

func TestWhatCannotBeAPathIsRefused(t *testing.T) {
	const remedy = "; give a host and a path, such as MODULE=example.com/you/fmaspec"
	for path, want := range map[string]string{
		"":                       "MODULE is not set" + remedy,
		"fmaspec":                "MODULE=fmaspec: missing dot in first path element" + remedy,
		"https://example.com/x":  "MODULE=https://example.com/x: it is a URL" + remedy,
		"example.com/a b":        "MODULE=example.com/a b: invalid char ' '" + remedy,
		"example.com/x/":         "MODULE=example.com/x/: trailing slash" + remedy,
		"example.com/$(rm -r x)": "MODULE=example.com/$(rm -r x): invalid char '$'" + remedy,
		"example.com/fmaspec/v2": "MODULE=example.com/fmaspec/v2: it ends with a major version, and there is no " +
			"such release yet; leave /v2 out",
	} {
		root := t.TempDir()
		if _, err := rename(root, path); err == nil || err.Error() != want {
			t.Errorf("%q: want %s, got %v", path, want, err)
		}
	}
	if _, err := rename(t.TempDir(), home); err == nil || !strings.HasSuffix(err.Error(),
		"; run it on a checkout of the module") {
		t.Errorf("without a go.mod: %v", err)
	}
}

func TestACheckoutWithChangesIsRefused(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module fmaspec\n")
	write("left.txt", "fmaspec/docs, not in git")
	write(".gitignore", "left.txt\n")
	command(t, root, "git", "init", "-q")
	command(t, root, "git", "add", ".")
	command(t, root, "git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "a")
	write("go.mod", "module fmaspec\n\ngo 1.26\n")
	_, err := rename(root, home)
	want := "the checkout has changes, so that the rename could not be undone by itself; commit or stash them " +
		"first:\n M go.mod"
	if err == nil || err.Error() != want {
		t.Errorf("want %s, got %v", want, err)
	}
	command(t, root, "git", "checkout", "-q", "go.mod")
	if said, err := rename(root, home); err != nil || !strings.HasSuffix(said, ", in 1 files; run make check, and "+
		"commit it by itself") {
		t.Errorf("%s, %v", said, err)
	}
	data, err := os.ReadFile(filepath.Join(root, "left.txt"))
	if err != nil || string(data) != "fmaspec/docs, not in git" {
		t.Errorf("a file that is not in git: %s, %v", data, err)
	}
}
