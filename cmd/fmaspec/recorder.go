package main

import (
	"flag"
	"fmt"
	"os"
	"sync"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
)

// runRecordFlags say where a run writes its exchanges.
type runRecordFlags struct{ records recordFlags }

func (f *runRecordFlags) flags(set *flag.FlagSet) {
	set.Var((*list)(&f.records), "record", "write each exchange as soon as it is complete, as `ndjson=FILE`: lines of "+
		"JSON that \"fmaspec check\" judges again, secrets redacted")
}

// A runRecorder writes the exchanges of a run to a file, one line each: what is written stays
// where the run is killed.
type runRecorder struct {
	mu   sync.Mutex
	file *os.File
	err  error // the first one; nothing is written after it
}

// name returns the file to write, "" without one.
func (f *runRecordFlags) name(reports []output) (string, error) {
	all, err := f.records.outputs(reports)
	if err != nil || len(all) == 0 {
		return "", err
	}
	for _, r := range all {
		if r.format != "ndjson" {
			return "", fmt.Errorf("-record %s=%s: a run records ndjson; -report %[1]s=%[2]s writes the other form at "+
				"the end", r.format, r.file)
		}
	}
	if len(all) > 1 {
		return "", fmt.Errorf("-record: %d files; name one", len(all))
	}
	return all[0].file, nil
}

// newRunRecorder makes the file and writes the head. It returns nil without a name.
func newRunRecorder(name string, head *record.Report) (*runRecorder, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("-record ndjson=%s: %w; name a file that can be written to", name, reason(err))
	}
	return &runRecorder{file: file, err: traffic.WriteHead(file, head)}, nil
}

// record writes an exchange.
func (r *runRecorder) record(x record.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = traffic.Write(r.file, x)
	}
}

// close ends the record, and returns the first error.
func (r *runRecorder) close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.file.Close(); r.err == nil {
		r.err = err
	}
	if r.err != nil {
		return fmt.Errorf("%s: the record is not complete: %w; see that there is room, and run it again", r.file.Name(),
			reason(r.err))
	}
	return nil
}
