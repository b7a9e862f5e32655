package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/traffic"
)

// recordFlags are the files that judged exchanges are written to.
type recordFlags list

func (l *recordFlags) flags(set *flag.FlagSet) {
	set.Var((*list)(l), "record", "write each judged exchange as `FORMAT=FILE`, secrets redacted, where FORMAT is "+
		"ndjson, which appends lines to the file, or har, which replaces it at the end; may be repeated")
}

// A recording is one file of exchanges.
type recording struct {
	format string // "ndjson" or "har"
	file   string
}

// outputs parses the flags. No file is named twice, or is a report's too.
func (l recordFlags) outputs(reports []output) (out []recording, err error) {
	taken := map[string]bool{}
	for _, o := range reports {
		if place, err := filepath.Abs(o.file); err == nil && o.file != "-" {
			taken[place] = true
		}
	}
	for _, text := range l {
		format, file, found := strings.Cut(text, "=")
		switch {
		case !found || file == "":
			return nil, fmt.Errorf("-record %s: no file; give FORMAT=FILE, such as ndjson=traffic.ndjson", text)
		case format != "ndjson" && format != "har":
			return nil, fmt.Errorf("-record %s: there is no format %q; formats are ndjson and har", text, format)
		}
		place, err := filepath.Abs(file)
		if err != nil {
			return nil, fmt.Errorf("-record %s: %w; give a path", text, err)
		}
		if info, err := os.Stat(filepath.Dir(place)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("-record %s: there is no folder %s; make it, or name a file in another", text,
				filepath.Dir(file))
		}
		if info, err := os.Stat(place); err == nil && info.IsDir() {
			return nil, fmt.Errorf("-record %s: %s is a folder; name a file", text, file)
		}
		if taken[place] {
			return nil, fmt.Errorf("-record %s: something else is written to %s too; name another file", text, file)
		}
		taken[place] = true
		out = append(out, recording{format, file})
	}
	return out, nil
}

// A recorder writes exchanges. After an error it writes nothing more.
type recorder interface {
	write(conformance.Verdict) error
	close() error
}

// recorders are those of all files.
type recorders struct {
	all  []recorder
	errs []error // by recorder
}

// open opens the files.
func open(list []recording, upstream string) (*recorders, error) {
	out := &recorders{}
	for _, r := range list {
		var one recorder
		var err error
		if r.format == "har" {
			one, err = newHARRecorder(r.file, upstream)
		} else {
			one, err = newLineRecorder(r.file)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("-record %s=%s: %w; name a file that can be written to", r.format,
				r.file, reason(err)), out.close())
		}
		out.all, out.errs = append(out.all, one), append(out.errs, nil)
	}
	return out, nil
}

func (r *recorders) write(v conformance.Verdict) {
	for i, one := range r.all {
		if r.errs[i] == nil {
			r.errs[i] = one.write(v)
		}
	}
}

// close ends the files and returns what went wrong.
func (r *recorders) close() error {
	for i, one := range r.all {
		r.errs[i] = errors.Join(r.errs[i], one.close())
	}
	return errors.Join(r.errs...)
}

// A lineRecorder appends one line of JSON for each exchange, each by one write, so that the file
// ends with a whole line whenever the process ends.
type lineRecorder struct{ file *os.File }

func newLineRecorder(name string) (*lineRecorder, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err := file.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			_, err = file.WriteString("\n") // an earlier writer was killed inside a line
			if err != nil {
				file.Close()
				return nil, err
			}
		}
	}
	return &lineRecorder{file}, nil
}

func (r *lineRecorder) write(v conformance.Verdict) error {
	if err := traffic.Write(r.file, v.Exchange); err != nil {
		return fmt.Errorf("%s: the exchanges from here on were not recorded: %w; name a file that can be written to",
			r.file.Name(), reason(err))
	}
	return nil
}

func (r *lineRecorder) close() error { return r.file.Close() }

// ownComment matches the comment of a HAR.
var ownComment = regexp.MustCompile(`(?m)^    "comment": .*,$`)

// A harRecorder writes a HAR to a temporary file in the same folder, and renames it at the end.
type harRecorder struct {
	name  string
	pipe  *io.PipeWriter
	ended chan error
	tail  string
	some  bool
}

func newHARRecorder(name, upstream string) (*harRecorder, error) {
	var b bytes.Buffer
	empty := &record.Report{Suite: record.SuiteInfo{Version: conformance.Version}}
	if err := report.HAR(&b, empty); err != nil {
		return nil, err
	}
	const tail = "]\n  }\n}\n"
	head, found := strings.CutSuffix(b.String(), tail)
	if !found {
		return nil, errors.New("entries are not the last member of a HAR; this is a bug of fmaspec")
	}
	comment, err := json.Marshal("exchanges that passed through fmaspec proxy to " + upstream)
	if err != nil {
		return nil, err
	}
	// The comment of a report's HAR is its verdict.
	head = ownComment.ReplaceAllLiteralString(head, `    "comment": `+string(comment)+",")
	from, to := io.Pipe()
	r := &harRecorder{name: name, pipe: to, ended: make(chan error, 1), tail: tail}
	go func() {
		err := report.WritePrivate(name, func(w io.Writer) error {
			_, err := io.Copy(w, from)
			return err
		})
		from.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		r.ended <- err
	}()
	if _, err := io.WriteString(to, head); err != nil {
		return nil, <-r.ended
	}
	return r, nil
}

func (r *harRecorder) write(v conformance.Verdict) error {
	entry, err := harEntry(v)
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	separator := ",\n      "
	if !r.some {
		separator = "\n      "
	}
	r.some = true
	_, err = io.WriteString(r.pipe, separator+entry)
	if err != nil {
		return fmt.Errorf("%s: the exchanges from here on were not recorded", r.name)
	}
	return nil
}

// harEntry returns an exchange as an entry of a HAR, as the report of a run has it.
func harEntry(v conformance.Verdict) (string, error) {
	x := v.Exchange.ExchangeResult
	c := record.CaseResult{ID: v.Exchange.Case, Exchanges: []record.ExchangeResult{x}}
	for _, f := range append(append([]record.Finding(nil), v.Server...), v.Client...) {
		f.Step = x.Step
		c.Findings = append(c.Findings, f)
	}
	c.Outcome = record.Passed
	if len(v.Server) > 0 {
		c.Outcome = record.Failed
	}
	var b bytes.Buffer
	if err := report.HAR(&b, &record.Report{Cases: []record.CaseResult{c}}); err != nil {
		return "", err
	}
	var file struct {
		Log struct{ Entries []json.RawMessage }
	}
	if err := json.Unmarshal(b.Bytes(), &file); err != nil || len(file.Log.Entries) != 1 {
		return "", fmt.Errorf("an entry cannot be written as HAR (%w); this is a bug of fmaspec", err)
	}
	// The exchanges of a proxy are on no page.
	return strings.Replace(string(file.Log.Entries[0]), "\"pageref\": \"\",\n        ", "", 1), nil
}

func (r *harRecorder) close() error {
	end := r.tail
	if r.some {
		end = "\n    " + r.tail
	}
	_, _ = io.WriteString(r.pipe, end) // an error of the file is that of its writer
	r.pipe.Close()
	if err := <-r.ended; err != nil {
		return fmt.Errorf("%s: the HAR was not written: %w; name a file in a folder that can be written to", r.name,
			reason(err))
	}
	return nil
}
