package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// reportLimit is the most that is read of a record, in bytes.
const reportLimit = 1 << 30

// readReport returns the record in a file; - is standard input. Errors begin with
// the file.
func (e *env) readReport(name string) (*record.Report, error) {
	return e.readChecked(name, nil)
}

// readChecked returns the record in a file after checking its bytes, if check is not nil.
func (e *env) readChecked(name string, check func(place string, data []byte) error) (*record.Report, error) {
	const remedy = "name a file that -report json=FILE has written"
	place, from := name, e.stdin
	if name == "-" {
		place = "standard input"
		if _, is := e.terminal(e.stdin); is {
			return nil, errors.New("standard input is a terminal; pipe a JSON report in, or name its file")
		}
	} else {
		file, err := openPlain(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; %s", name, err, remedy)
		}
		defer file.Close()
		from = file
	}
	data, err := readUpTo(from, reportLimit, check != nil)
	switch {
	case errors.Is(err, errTooLong):
		return nil, fmt.Errorf("%s: longer than %d MiB, which no report is; %s", place, reportLimit>>20, remedy)
	case err != nil:
		return nil, fmt.Errorf("%s: %w; %s", place, reason(err), remedy)
	}
	boundMemory(len(data))
	if check != nil {
		if err := check(place, data); err != nil {
			return nil, err
		}
	}
	r, err := report.ParseJSON(data)
	if wrong := (*report.Inconsistent)(nil); errors.As(err, &wrong) {
		return nil, fmt.Errorf("%s: %w", place, wrong)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", place, strings.TrimPrefix(err.Error(), "report: "))
	}
	return r, nil
}

// openPlain opens a file that has an end: not a folder, device or named pipe, which may never
// be written to. The pipes that a shell makes for <(command) have no name and are accepted.
func openPlain(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, reason(err)
	}
	_, unnamed := filepath.EvalSymlinks(name)
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, errors.New("it is a folder")
	case mode&fs.ModeDevice != 0:
		return nil, errors.New("it is a device")
	case mode&fs.ModeNamedPipe != 0 && unnamed == nil:
		return nil, errors.New("it is a named pipe")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	return file, nil
}

var errTooLong = errors.New("too long")

// readUpTo reads everything, with one allocation if the size is known: a growing buffer holds
// a long record twice. If the input does not begin with a JSON object, it stops there, unless
// all is set.
func readUpTo(from io.Reader, limit int64, all bool) ([]byte, error) {
	start := make([]byte, 4<<10)
	n, err := io.ReadFull(from, start)
	start = start[:n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return start, nil
	}
	if err != nil {
		return nil, err
	}
	first := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	if !all && len(first) > 0 && first[0] != '{' {
		return start, nil
	}
	var b bytes.Buffer
	if file, is := from.(*os.File); is {
		info, err := file.Stat()
		switch {
		case err != nil || !info.Mode().IsRegular():
		case info.Size() > limit:
			return nil, errTooLong
		default:
			b.Grow(int(info.Size()) + bytes.MinRead)
		}
	}
	b.Write(start)
	_, err = b.ReadFrom(io.LimitReader(from, limit+1-int64(n)))
	if err == nil && int64(b.Len()) > limit {
		err = errTooLong
	}
	return b.Bytes(), err
}

// boundMemory sets a memory limit for reading a long record, which needs about twice its size,
// and would need four times its size without the limit. Each record that is read raises the
// limit.
func boundMemory(size int) {
	const long, base, factor = 8 << 20, 32 << 20, 3
	if size < long {
		return
	}
	bound := debug.SetMemoryLimit(-1)
	if bound == math.MaxInt64 {
		bound = base
	}
	debug.SetMemoryLimit(bound + factor*int64(size))
}

// An output is one report to be written.
type output struct {
	format report.Format
	file   string // "-" for stdout
}

// reportFlags are the reports to write, with their files.
type reportFlags list

func (l *reportFlags) flags(set *flag.FlagSet) {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	set.Var((*list)(l), "report", "write a report as `FORMAT=FILE`, where FORMAT is one of "+strings.Join(names, ", ")+
		" and the file - is stdout, in place of the console report; may be repeated")
}

// outputs parses the flags. Two reports must not go to one file.
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
				return nil, fmt.Errorf("-report %s: there is no folder %s; make it, or name a file in another", text,
					filepath.Dir(file))
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
