package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
	"fmaspec/conformance/traffic"
)

// checkFlags are the settings of a check of recorded traffic.
type checkFlags struct {
	library
	options conformance.WatchOptions
	reports reportFlags
	clients clientReportFlags
	failOn  choice
	rules   []record.OwnRule // of the settings file
	layout
}

func checkCommand() command {
	return command{
		name:     "check",
		operands: "FILE…",
		short:    "judge recorded traffic",
		about: "Reads recorded exchanges and judges those on a documented path: each answer by the checks of " +
			"fmaspec run, and each request by what the contract asks of clients. Nothing is sent. The file - is " +
			"standard input.\n" +
			"A file is a HAR 1.2 as browsers and proxies write it, a .har.zip of Playwright, or the lines of JSON " +
			"that fmaspec run -record and fmaspec proxy -record write, each of them as it is or packed by gzip or " +
			"zstd; the content decides, not the name. A record of fmaspec run is judged by the cases that were " +
			"sent. In other traffic it is not known whether a token was issued, its user may act, and a machine " +
			"and a file are known, so that a refusal of a valid request is no finding. What a record does not hold " +
			"is not judged. Answers are compared with each other within one file.\n" +
			"Secrets in the files are struck out of everything that is written. A broken entry is reported and the " +
			"rest is judged; a file that ends in the middle of an entry is judged up to there.\n" +
			"The exit code is 0 if nothing failed, 1 if a server broke the contract, 5 if only a client did, 2 if a " +
			"file is no recorded traffic, and 3 if nothing was conclusive. -fail-on chooses whose findings decide.",
		examples: []string{
			"fmaspec check recorded.har",
			"fmaspec check -strict -report html=traffic.html a.har b.har.gz",
			"fmaspec run -record ndjson=run.ndjson && fmaspec check run.ndjson",
			"fmaspec check - <log.ndjson.zst",
		},
		flags: func(set *flag.FlagSet) work {
			f := &checkFlags{layout: newLayout(), failOn: newFailOn()}
			f.library.flags(set)
			levelFlag(set, &f.options.Level)
			set.BoolVar(&f.options.Strict, "strict", false, "let inferred requirements fail too")
			f.reports.flags(set)
			f.clients.flags(set)
			failOnFlag(set, &f.failOn)
			f.layout.flags(set)
			return func(ctx context.Context, e *env, files []string) error {
				f.rules = settingsOf(set).rules()
				return f.check(ctx, e, files)
			}
		},
	}
}

// newFailOn returns the choice of whose findings decide the exit code.
func newFailOn() choice { return choice{"any", []string{"any", "server", "client", "none"}} }

func failOnFlag(set *flag.FlagSet, of *choice) {
	set.Var(of, "fail-on", "`WHOSE` findings decide the exit code: any, server, client or none")
}

// clientReportFlags are the reports on clients to write, with their files.
type clientReportFlags list

func (l *clientReportFlags) flags(set *flag.FlagSet) {
	set.Var((*list)(l), "client-report", "write the report on the clients as `FORMAT=FILE`, as -report does that "+
		"on the server; may be repeated")
}

func (f *checkFlags) check(ctx context.Context, e *env, files []string) error {
	if len(files) == 0 {
		return errors.New("no file; name recorded traffic, such as a HAR file, or - for standard input")
	}
	if err := f.layout.validate(); err != nil {
		return err
	}
	outputs, err := bothOutputs(f.reports, f.clients)
	if err != nil {
		return err
	}
	if err := outputs.spare(files); err != nil {
		return err
	}
	suite, _, err := f.load()
	if err != nil {
		return err
	}
	if suite, err = withRules(suite, f.rules); err != nil {
		return err
	}
	f.options.Name = strings.Join(files, ", ")
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(checkMemory))
	c := &checker{env: e, suite: suite, options: f.options, quiet: f.quiet}
	c.watch = suite.Watch(c.options)
	show, clear := f.progress(e, files)
	interrupted := false
	for _, name := range files {
		switch err := c.file(ctx, name, show); {
		case errors.Is(err, context.Canceled):
			interrupted = true
		case err != nil:
			clear()
			return err
		}
	}
	clear()
	debug.FreeOSMemory() // which the report needs
	r := c.watch.Report()
	c.watch = nil // what it remembers needs memory that the reports can have
	for _, of := range []*record.Report{r, r.Client} {
		if of != nil {
			mutate.Prove(of)
		}
	}
	if interrupted {
		r.Interrupted, r.Verdict = true, record.Unjudged
		r.Reason = fmt.Sprintf("interrupted after %s", counted(r.Traffic.Exchanges, "exchange"))
	}
	if err := outputs.write(e, &f.layout, r); err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	return trafficExit(r, f.failOn.value)
}

// checkMemory is the memory that a check may take before the garbage collector works harder,
// in bytes: files may be long, and what is kept of them is not.
const checkMemory = 28 << 20

// trafficExit returns the error that decides the exit code of recorded or passing traffic.
func trafficExit(r *record.Report, failOn string) error {
	server, client := r.Verdict, record.Unjudged
	if r.Client != nil {
		client = r.Client.Verdict
	}
	decides := func(side string) bool { return failOn == "any" || failOn == side }
	switch {
	case failOn == "none":
		return nil
	case decides("server") && server == record.NotConformant:
		return &exit{code: exitNotConformant}
	case decides("client") && client == record.NotConformant:
		return &exit{code: exitClient}
	case decides("server") && server == record.Unjudged, failOn == "client" && client == record.Unjudged,
		r.Interrupted:
		return &exit{code: exitUnjudged}
	}
	return nil
}

// trafficOutputs are the reports on a server and on its clients.
type trafficOutputs struct{ server, client []output }

// bothOutputs parses the flags. Two reports must not go to one file.
func bothOutputs(server reportFlags, client clientReportFlags) (trafficOutputs, error) {
	all, err := reportFlags(slices.Concat(server, reportFlags(client))).outputs()
	if err != nil {
		return trafficOutputs{}, err
	}
	return trafficOutputs{all[:len(server)], all[len(server):]}, nil
}

// spare returns an error where a report would replace one of the files that are read.
func (o trafficOutputs) spare(files []string) error {
	for _, out := range slices.Concat(o.server, o.client) {
		to, err := os.Stat(out.file)
		if err != nil || out.file == "-" {
			continue // a new file
		}
		for _, name := range files {
			if from, err := os.Stat(name); err == nil && name != "-" && os.SameFile(from, to) {
				return fmt.Errorf("%s: a report would replace the traffic in it; write the report to another file",
					name)
			}
		}
	}
	return nil
}

// write writes the reports; that on the server to stdout where none goes there.
func (o trafficOutputs) write(e *env, l *layout, r *record.Report) error {
	toStdout := func(o output) bool { return o.file == "-" }
	server := slices.Clone(o.server)
	if !slices.ContainsFunc(server, toStdout) && !slices.ContainsFunc(o.client, toStdout) {
		console, err := report.Find("console")
		if err != nil {
			return err
		}
		server = append(server, output{console, "-"})
	}
	err := l.write(e, r, server)
	if r.Client == nil {
		return err
	}
	return errors.Join(err, l.write(e, r.Client, o.client))
}

// checker judges files of recorded traffic.
type checker struct {
	*env
	suite   *conformance.Suite
	options conformance.WatchOptions
	watch   *conformance.Watch
	quiet   bool
	seen    bool // the watch has judged something
}

// file judges the exchanges of one file.
func (c *checker) file(ctx context.Context, name string, show func(int64)) error {
	o := traffic.Options{Name: name, Progress: show, Head: c.head}
	from := c.stdin
	if name == "-" {
		if _, is := c.terminal(c.stdin); is {
			return errors.New("standard input is a terminal; pipe recorded traffic in, or name its file")
		}
	} else {
		file, err := openPlain(name)
		if err != nil {
			return fmt.Errorf("%s: %w; name a HAR file, or a record of fmaspec run or proxy", name, err)
		}
		defer file.Close()
		from = file
		// No file outside the folder can be opened, by whatever name or link.
		if folder, err := os.OpenRoot(filepath.Dir(name)); err == nil {
			defer folder.Close()
			o.Open = func(name string) (io.ReadCloser, error) {
				name = filepath.FromSlash(name)
				// To open a pipe waits until somebody writes to it.
				if info, err := folder.Stat(name); err != nil || !info.Mode().IsRegular() {
					return nil, fs.ErrNotExist
				}
				return folder.Open(name)
			}
		}
	}
	if err := c.watch.Begin(nil); err != nil {
		return err
	}
	sum, err := traffic.Read(from, o, func(entry traffic.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.seen = true
		if entry.Exchange == nil {
			c.watch.Broken(entry.Source, entry.Problem)
			return nil
		}
		c.watch.Note(*entry.Exchange)
		return nil
	})
	if sum.Cut {
		c.watch.Cut()
	}
	return err
}

// head prepares for the exchanges of a run.
func (c *checker) head(run *record.Report) error {
	if missing := len(run.Suite.Generated) > 0 && len(c.suite.Generators) == 0; missing {
		if c.seen {
			return errors.New("a record of generated cases stands behind other traffic; check it alone, or name it " +
				"first")
		}
		suite, err := generated(c.suite, run.Suite.Generated...)
		if err != nil {
			return err
		}
		c.suite, c.watch = suite, suite.Watch(c.options)
	}
	if err := c.watch.Begin(run); err != nil && !c.quiet {
		fmt.Fprintf(c.stderr, "%v; its exchanges are judged as those of other traffic\n\n", err)
	}
	return nil
}

// progress returns what shows on a terminal how much of the files was read, and how long the rest
// takes; clear erases it.
func (f *checkFlags) progress(e *env, files []string) (show func(int64), clear func()) {
	if _, is := e.terminal(e.stderr); !is || f.quiet {
		return nil, func() {}
	}
	size, known := int64(0), true
	for _, name := range files {
		info, err := os.Stat(name)
		if known = known && err == nil && info.Mode().IsRegular(); known {
			size += info.Size()
		}
	}
	started, last, longest := time.Now(), time.Time{}, 0
	before, read := int64(0), int64(0) // of the files that are done, and of this one
	show = func(n int64) {
		if n < read {
			before += read
		}
		read = n
		now := time.Now()
		if now.Sub(last) < 100*time.Millisecond {
			return
		}
		last = now
		text := progressText(before+read, size, known, now.Sub(started))
		longest = max(longest, len(text))
		fmt.Fprintf(e.stderr, "\r%-*s", longest, text)
	}
	return show, func() { fmt.Fprintf(e.stderr, "\r%s\r", strings.Repeat(" ", longest)) }
}

// progressText says how much was read, how fast, and how long the rest takes.
func progressText(done, size int64, known bool, took time.Duration) string {
	const mega = 1 << 20
	rate := float64(done) / mega / max(took.Seconds(), 1e-3)
	text := fmt.Sprintf("%.1f MiB, %.1f MiB/s", float64(done)/mega, rate)
	if known && size > 0 && done > 0 {
		left := time.Duration(float64(took) * float64(size-done) / float64(done))
		text = fmt.Sprintf("%d %%, %s, %s left", done*100/size, text, max(left, 0).Round(time.Second))
	}
	return text
}
