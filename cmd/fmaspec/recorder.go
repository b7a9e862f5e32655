package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
)

// recordFlags say where a run writes its exchanges.
type recordFlags struct{ file string }

func (f *recordFlags) flags(set *flag.FlagSet) {
	set.StringVar(&f.file, "record", "", "write each exchange to this `FILE` as soon as it is complete, as a line of "+
		"JSON that \"fmaspec check\" judges again")
}

// A recorder writes exchanges to a file, one line each: what is written stays where the run is
// killed.
type recorder struct {
	mu   sync.Mutex
	file *os.File
	err  error // the first one; nothing is written after it
}

// open opens the file and writes the head. It returns nil without a file to write.
func (f *recordFlags) open(head *record.Report) (*recorder, error) {
	if f.file == "" {
		return nil, nil
	}
	if info, err := os.Stat(f.file); err == nil && info.IsDir() {
		return nil, fmt.Errorf("-record %s: it is a folder; name a file", f.file)
	}
	if info, err := os.Stat(filepath.Dir(f.file)); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("-record %s: there is no folder %s; make it, or name a file in another", f.file,
			filepath.Dir(f.file))
	}
	file, err := os.Create(f.file)
	if err != nil {
		return nil, fmt.Errorf("-record %s: %w; name a file that can be written", f.file, reason(err))
	}
	r := &recorder{file: file}
	r.err = traffic.WriteHead(file, head)
	return r, nil
}

// record writes an exchange.
func (r *recorder) record(x record.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = traffic.Write(r.file, x)
	}
}

// close ends the record, and returns the first error.
func (r *recorder) close() error {
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
