package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// located makes reports show the files of the record as paths from the root of the repository,
// to which code hosts and build servers link.
func (e *env) located(outputs []output) []output {
	locate := e.locate()
	outputs = slices.Clone(outputs)
	for i := range outputs {
		write := outputs[i].format.Write
		outputs[i].format.Write = func(w io.Writer, r *record.Report, s report.Style) error {
			s.Locate = locate
			return write(w, r, s)
		}
	}
	return outputs
}

// locate returns a function that maps a file of the record, relative to the current folder or
// the root, to its path from the root. It returns "" if there is no such file below the root:
// the suite's own cases are only in the repository of fmaspec.
func (e *env) locate() func(file string) string {
	here, err := os.Getwd()
	if err != nil {
		return nil
	}
	root := e.root(here)
	return func(file string) string {
		for _, from := range []string{here, root} {
			place := filepath.FromSlash(file)
			if !filepath.IsAbs(place) {
				place = filepath.Join(from, place)
			}
			if info, err := os.Stat(place); err != nil || !info.Mode().IsRegular() {
				continue
			}
			if path, err := filepath.Rel(plainPath(root), plainPath(place)); err == nil && filepath.IsLocal(path) {
				return filepath.ToSlash(path)
			}
		}
		return ""
	}
}

// plainPath returns a path with its symbolic links resolved, if it can be resolved.
func plainPath(path string) string {
	if plain, err := filepath.EvalSymlinks(path); err == nil {
		return plain
	}
	return path
}

// root returns the root of the repository: the folder that the GitHub workflow or GitLab job
// has checked out, if it contains the current folder, or else the nearest parent with a .git
// entry, or else the current folder.
func (e *env) root(here string) string {
	for _, variable := range []string{"GITHUB_WORKSPACE", "CI_PROJECT_DIR"} {
		value, set := e.lookup(variable)
		if path, err := filepath.Rel(plainPath(value), plainPath(here)); set && err == nil &&
			(path == "." || filepath.IsLocal(path)) {
			return value
		}
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if strings.HasSuffix(dir, string(filepath.Separator)) || filepath.Dir(dir) == dir {
			return here
		}
	}
}
