package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// The most that is read of a folder of earlier reports: of each file, what is before its cases.
const (
	historyFiles = 200
	historyBytes = 64 << 20
	historyNames = 1000 // entries of the folder that are in memory at once, a folder has any number
)

// historyFlags name the folder of earlier reports.
type historyFlags struct {
	folder string
	past   []*report.Past // nil without a folder
}

// flags defines -history; writes says that the command adds its own report.
func (f *historyFlags) flags(set *flag.FlagSet, writes bool) {
	text := "compare with the JSON reports of earlier runs in this `FOLDER`: the HTML report then shows the trend, " +
		"and since when each broken requirement has been broken"
	if writes {
		text += "; the JSON report of this run is added to the folder, which is made if there is none, in a file " +
			"whose name is the time at which the run started"
	}
	set.StringVar(&f.folder, "history", "", text)
}

// read reads the earlier reports. What cannot be read is named and left out.
func (f *historyFlags) read(e *env, create bool) error {
	if f.folder == "" {
		return nil
	}
	if create {
		if err := os.MkdirAll(f.folder, 0o755); err != nil {
			return fmt.Errorf("-history %s: %w; name a folder, or one that can be made", f.folder, reason(err))
		}
	}
	names, more, err := reportNames(f.folder)
	if err != nil {
		return fmt.Errorf("-history %s: %w; name the folder of earlier JSON reports", f.folder, reason(err))
	}
	if more > 0 {
		e.note("-history %s: only the last %d of %d reports by name are read; move older ones elsewhere\n",
			f.folder, len(names), len(names)+more)
	}
	f.past = []*report.Past{}
	for _, name := range names {
		past, err := readPast(filepath.Join(f.folder, name))
		if err != nil {
			e.note("-history: %s: %s; it is left out, remove it or write it anew\n", filepath.Join(f.folder, name),
				reason(err))
			continue
		}
		f.past = append(f.past, past)
	}
	return nil
}

// reportNames returns the last names of JSON files in a folder, sorted, and how many others there
// are. Names that begin with the time of a run sort by it.
func reportNames(folder string) (names []string, more int, err error) {
	at, err := os.Open(folder)
	if err != nil {
		return nil, 0, err
	}
	defer at.Close()
	for {
		entries, err := at.ReadDir(historyNames)
		for _, entry := range entries {
			name := entry.Name()
			if strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, ".") && !entry.IsDir() {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if old := len(names) - historyFiles; old > 0 {
			names, more = slices.Clone(names[old:]), more+old
		}
		switch {
		case errors.Is(err, io.EOF):
			return names, more, nil
		case err != nil:
			return nil, 0, err
		}
	}
}

// readPast reads what is known of an earlier run from its report.
func readPast(name string) (*report.Past, error) {
	file, err := openPlain(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	limited := &io.LimitedReader{R: file, N: historyBytes}
	past, err := report.ReadPast(limited)
	if err != nil && limited.N == 0 {
		return nil, fmt.Errorf("more than %d MiB before its cases", historyBytes>>20)
	}
	return past, err
}

// shown makes reports show the earlier runs.
func (f *historyFlags) shown(outputs []output) []output {
	if f.past == nil {
		return outputs
	}
	outputs = slices.Clone(outputs)
	for i := range outputs {
		write := outputs[i].format.Write
		outputs[i].format.Write = func(w io.Writer, r *record.Report, s report.Style) error {
			s.History = f.past
			return write(w, r, s)
		}
	}
	return outputs
}

// add writes the report of a run into the folder.
func (f *historyFlags) add(e *env, r *record.Report, quiet bool) error {
	if f.folder == "" {
		return nil
	}
	json, err := report.Find("json")
	if err != nil {
		return err
	}
	name, err := reserve(filepath.Join(f.folder, historyName(r.Started)))
	if err != nil {
		return fmt.Errorf("-history %s: %w; name a folder that can be written to", f.folder, reason(err))
	}
	if err := report.WriteFile(name, json, r); err != nil {
		os.Remove(name) // there is nothing in it
		return fmt.Errorf("-history: %w", err)
	}
	if !quiet {
		fmt.Fprintf(e.stderr, "added json report %s\n", name)
	}
	return nil
}

// reserve makes an empty file that no other run has, since two runs may start in one millisecond.
func reserve(stem string) (name string, err error) {
	name = stem + ".json"
	for i := 2; ; i++ {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil {
			return name, file.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		name = fmt.Sprintf("%s-%d.json", stem, i)
	}
}

// historyName is the name of a report in a history, without its extension.
func historyName(started time.Time) string { return started.UTC().Format("20060102T150405.000Z") }
