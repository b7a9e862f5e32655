// Command rename gives the module another path: in go.mod, in imports, in the modules that require
// it, and wherever else the path of one of its packages is written. The command fmaspec, its files
// and what it sends keep their name.
//
//	rename ROOT MODULE
//
// The Makefile runs it: make rename MODULE=example.com/you/fmaspec.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "rename: want the folder of the module and its new path; run make rename "+
			"MODULE=example.com/you/fmaspec")
		os.Exit(2)
	}
	said, err := rename(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "rename:", err)
		os.Exit(1)
	}
	fmt.Println(said)
}

// rename renames the module in a folder and says what it did. Where it returns an error, it has
// changed nothing, unless a file could not be written.
func rename(root, to string) (said string, err error) {
	if err := valid(to); err != nil {
		return "", err
	}
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("%w; run it on a checkout of the module", err)
	}
	from := modfile.ModulePath(data)
	switch {
	case from == "":
		return "", fmt.Errorf("%s: it names no module; restore it", filepath.Join(root, "go.mod"))
	case from == to:
		return "the module is called " + to + " already; nothing was changed", nil
	}
	names, err := tracked(root)
	if err != nil {
		return "", err
	}
	changed := map[string][]byte{}
	for _, name := range names {
		old, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("%w; see that it can be read", err)
		}
		text, err := renamed(name, old, from, to)
		if err != nil {
			return "", fmt.Errorf("%s: %w; mend it first", name, err)
		}
		if !bytes.Equal(text, old) {
			changed[name] = text
		}
	}
	for name, text := range changed {
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil { // keeps the mode of the file
			return "", fmt.Errorf("%w; see that it can be written to, restore the files, and run it again", err)
		}
	}
	return fmt.Sprintf("%s is now %s, in %d files; run make check, and commit it by itself", from, to,
		len(changed)), nil
}

// valid returns an error for a path that go get could not fetch.
func valid(path string) error {
	const remedy = "give a host and a path, such as MODULE=example.com/you/fmaspec"
	switch {
	case path == "":
		return errors.New("MODULE is not set; " + remedy)
	case strings.Contains(path, "://"):
		return fmt.Errorf("MODULE=%s: it is a URL; %s", path, remedy)
	}
	if err := module.CheckPath(path); err != nil {
		var bad *module.InvalidPathError
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return fmt.Errorf("MODULE=%s: %w; %s", path, err, remedy)
	}
	if _, major, _ := module.SplitPathVersion(path); major != "" {
		return fmt.Errorf("MODULE=%s: it ends with a major version, and there is no such release yet; leave %s out",
			path, major)
	}
	return nil
}

// tracked returns the files of the module, by their paths below its folder. In a checkout these are
// the files in git, none of which may have changes; in a plain folder all but what is built there.
func tracked(root string) (names []string, err error) {
	if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
		dirty, err := git(root, "status", "--porcelain")
		if err != nil {
			return nil, err
		}
		if dirty != "" {
			return nil, fmt.Errorf("the checkout has changes, so that the rename could not be undone by itself; "+
				"commit or stash them first:\n%s", strings.TrimRight(dirty, "\n"))
		}
		list, err := git(root, "ls-files", "-z")
		if err != nil {
			return nil, err
		}
		return strings.FieldsFunc(list, func(r rune) bool { return r == 0 }), nil
	}
	skip := []string{".git", "node_modules", "bin", "dist", "out"}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && slices.Contains(skip, d.Name()):
			return filepath.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		name, err := filepath.Rel(root, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w; see that the folder can be read", err)
	}
	return names, nil
}

func git(root string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = root
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s; see that git can read the checkout", args[0], err,
			strings.TrimSpace(complaint.String()))
	}
	return string(out), nil
}

// below are the first parts of the paths of packages and modules below the module, and of patterns.
const below = `(?:cmd|conformance|docs|fixtures|openapi|schemas|ci|\.\.\.)`

// renamed returns the text of a file with the path of the module replaced. A bare name, which is
// that of the command or of the suite, is replaced only where it can be nothing but the module.
func renamed(name string, text []byte, from, to string) ([]byte, error) {
	if bytes.IndexByte(text, 0) >= 0 || !bytes.Contains(text, []byte(from)) || isSum(name) || isOwn(name) {
		return text, nil
	}
	old := regexp.QuoteMeta(from)
	with := strings.ReplaceAll(to, "$", "$$")
	for _, row := range []struct{ pattern, with string }{
		// The path of a package, or a pattern: nothing of a path stands before it.
		{`(?m)(^|[^\w./@~-])` + old + `/(` + below + `)`, "${1}" + with + "/${2}"},
		// go get fmaspec@v0.0.0; go mod edit -replace=fmaspec=DIR, also as arguments in Go.
		{`(?m)(^|[^\w./@~-])` + old + `@v`, "${1}" + with + "@v"},
		{`(-(?:replace|require|droprequire|module)(?:=|", "| ))` + old + `([=@"\s])`, "${1}" + with + "${2}"},
	} {
		text = regexp.MustCompile(row.pattern).ReplaceAll(text, []byte(row.with))
	}
	switch {
	case filepath.Base(name) == "go.mod":
		return regexp.MustCompile(`(?m)^((?:module|require|replace)?[ \t]*)`+old+`([ \t\r]|$)`).
			ReplaceAll(text, []byte("${1}"+with+"${2}")), nil
	case strings.HasSuffix(name, ".go"): // imports are sorted by their paths
		return format.Source(text)
	}
	return text, nil
}

// isOwn reports whether a file is code of this command, whose examples have a name of their own.
func isOwn(name string) bool {
	return strings.HasPrefix(name, ".ci/rename/") && strings.HasSuffix(name, ".go")
}

// isSum reports whether a file has checksums, or is a list of an npm package.
func isSum(name string) bool {
	return filepath.Base(name) == "go.sum" || filepath.Base(name) == "package-lock.json"
}
