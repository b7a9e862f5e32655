package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
)

// writeSite writes a page of results from the JSON reports in folders and files: index.html, and for
// each implementation its report as HTML and its badge.
func (f *renderFlags) writeSite(e *env, operands []string) error {
	if f.format != "" || len(f.reports) > 0 || e.names("history") {
		return errors.New("-site: it has its own files; drop -format, -report and -history")
	}
	all, err := f.sitePasts(e, operands)
	if err != nil {
		return err
	}
	site, left, err := report.NewSite(all)
	if err != nil {
		return fmt.Errorf("-site: %w", err)
	}
	for _, file := range left {
		e.note("%s: a later report of this implementation is there; it is left out\n", file)
	}
	if err := os.MkdirAll(f.site, 0o755); err != nil {
		return fmt.Errorf("-site %s: %w; name a folder, or one that can be made", f.site, reason(err))
	}
	html, err := report.Find("html")
	if err != nil {
		return err
	}
	badge, err := report.Find("badge")
	if err != nil {
		return err
	}
	for _, entry := range site.Entries() {
		r, err := e.readReport(entry.File)
		if err != nil {
			return &exit{exitUnjudged, fmt.Sprintf("%v; the page was not written", err)}
		}
		for _, o := range []output{{html, entry.Page + ".html"}, {badge, entry.Page + ".svg"}} {
			if err := report.WriteFile(filepath.Join(f.site, o.file), o.format, r); err != nil {
				return &exit{exitUnjudged, err.Error()}
			}
		}
	}
	index := filepath.Join(f.site, "index.html")
	if err := report.WriteWhole(index, site.Write); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("%s: the page was not written: %v; name a folder that can be written to",
			index, err)}
	}
	if !f.quiet {
		e.note("wrote %s, of %s\n", index, counted(len(site.Entries()), "implementation"))
	}
	return nil
}

// sitePasts reads what is before the cases of each report. In a folder, what is no report is named and
// left out; a file that was named has to be one.
func (f *renderFlags) sitePasts(e *env, operands []string) (map[string]*report.Past, error) {
	all := map[string]*report.Past{}
	for _, name := range operands {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; name folders of JSON reports, or the reports", name, reason(err))
		}
		if !info.IsDir() {
			if all[name], err = readPast(name); err != nil {
				return nil, fmt.Errorf("%s: %w; name a file that -report json=FILE has written", name, reason(err))
			}
			continue
		}
		names, more, err := reportNames(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; name folders of JSON reports, or the reports", name, reason(err))
		}
		if more > 0 {
			return nil, fmt.Errorf("%s: %d reports, and a folder may have %d at most; name fewer", name,
				len(names)+more, historyFiles)
		}
		for _, file := range names {
			file = filepath.Join(name, file)
			past, err := readPast(file)
			if err != nil {
				e.note("%s: %v; it is left out\n", file, reason(err))
				continue
			}
			all[file] = past
		}
		if len(names) == 0 {
			e.note("%s: no report in this folder; name the folder that -report json=FILE writes to\n", name)
		}
	}
	return all, nil
}

// note writes a line to stderr; text from a file is escaped, and adds no line.
func (e *env) note(format string, args ...any) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			args[i] = term.Safe(arg)
		case error:
			args[i] = term.Safe(arg.Error())
		}
	}
	fmt.Fprintf(e.stderr, format, args...)
}
