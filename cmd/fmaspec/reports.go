package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/report"
)

// reportLimit bounds what is read of a record, in bytes.
const reportLimit = 1 << 30

// readReport returns the record in a file; - is standard input. Errors begin with
// the file.
func (e *env) readReport(name string) (*conformance.Report, error) {
	return e.readChecked(name, func(string, []byte) error { return nil })
}

// readChecked returns the record in a file whose bytes pass a check.
func (e *env) readChecked(name string, check func(place string, data []byte) error) (*conformance.Report, error) {
	place, from := name, e.stdin
	if name == "-" {
		place = "standard input"
		if _, is := e.terminal(e.stdin); is {
			return nil, errors.New("standard input is a terminal; pipe a JSON report in, or name its file")
		}
	} else {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; name a file that -report json=FILE has written", name, reason(err))
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s: it is a folder; name a file that -report json=FILE has written", name)
		}
		from = file
	}
	data, err := io.ReadAll(&io.LimitedReader{R: from, N: reportLimit + 1})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w; name a file that -report json=FILE has written", place, reason(err))
	case len(data) > reportLimit:
		return nil, fmt.Errorf("%s: longer than %d MiB, which no report is; name a file that -report json=FILE has written", place, reportLimit>>20)
	}
	if err := check(place, data); err != nil {
		return nil, err
	}
	r, err := report.ParseJSON(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", place, strings.TrimPrefix(err.Error(), "report: "))
	}
	return r, nil
}

// An output is one report to be written.
type output struct {
	format report.Format
	file   string // "-" for stdout
}

// reportFlags say which reports are written where.
type reportFlags list

func (l *reportFlags) flags(set *flag.FlagSet) {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	set.Var((*list)(l), "report", "write a report as `FORMAT=FILE`, where FORMAT is one of "+strings.Join(names, ", ")+" and the file - is stdout, in place of the console report; may be repeated")
}

// outputs reads the flags. No two reports may go to one file.
func (l reportFlags) outputs() (out []output, err error) {
	taken := map[string]bool{}
	for _, text := range l {
		name, file, found := strings.Cut(text, "=")
		if !found || file == "" {
			return nil, fmt.Errorf("-report %s: no file; give FORMAT=FILE, such as junit=report.xml", text)
		}
		format, err := report.Find(name)
		if err != nil {
			return nil, fmt.Errorf("-report %s: %w", text, err)
		}
		place := file
		if file != "-" {
			if place, err = filepath.Abs(file); err != nil {
				return nil, fmt.Errorf("-report %s: %w; give a path", text, err)
			}
			folder := filepath.Dir(place)
			if info, err := os.Stat(folder); err != nil || !info.IsDir() {
				return nil, fmt.Errorf("-report %s: there is no folder %s; make it, or name a file in another", text, filepath.Dir(file))
			}
			if info, err := os.Stat(place); err == nil && info.IsDir() {
				return nil, fmt.Errorf("-report %s: %s is a folder; name a file", text, file)
			}
		}
		if taken[place] {
			return nil, fmt.Errorf("-report %s: another report goes to %s too; name another file", text, file)
		}
		taken[place] = true
		out = append(out, output{format, file})
	}
	return out, nil
}
