// Command peers lets each tool judge the reference server, servers with one fault and conforming variants, and writes
// what they report to results.json.
//
//	peers [-faults N] [-variants N] [TOOL...]
//
// The servers are drawn by a hash of their names, so that nobody chose them. A fault is caught where a tool reports
// something that it does not report of the reference server; of a variant, the same is a false alarm.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// A Server is a row of fmaspec list.
type Server struct {
	Name, Level string
	Deviates    []string
}

// Results are what the tools report.
type Results struct {
	Faults   map[string]string `json:"faults"` // the level of each fault that was judged
	Variants []string          `json:"variants"`
	Tools    []Result          `json:"tools"`
}

// A Result is what one tool reports.
type Result struct {
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Caught      []string `json:"caught"`       // faults
	FalseAlarms []string `json:"false_alarms"` // variants
	Deducted    []string `json:"deducted"`     // what it reports of the reference server too
	Requests    int      `json:"requests"`     // the median for a server
	Seconds     float64  `json:"seconds"`      // likewise
	CPU         float64  `json:"cpu"`          // likewise, in seconds of a processor
	Megabytes   int      `json:"megabytes"`    // the largest process of all runs
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	faultCount := flags.Int("faults", 40, "how many faults are judged")
	variantCount := flags.Int("variants", 20, "how many conforming variants are judged")
	if err := flags.Parse(args); err != nil {
		return err
	}
	all, err := prepare()
	if err != nil {
		return err
	}
	faults, err := draw("faults", *faultCount)
	if err != nil {
		return err
	}
	variants, err := draw("variants", *variantCount)
	if err != nil {
		return err
	}
	now := Results{Faults: map[string]string{}}
	for _, f := range faults {
		now.Faults[f.Name] = f.Level
	}
	for _, v := range variants {
		now.Variants = append(now.Variants, v.Name)
	}
	var before Results
	if err := readJSON("results.json", &before); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, name := range flags.Args() {
		if !slices.ContainsFunc(all, func(t tool) bool { return t.name == name }) {
			return fmt.Errorf("%s: no tool has this name; see .ci/peers/tools.go", name)
		}
	}
	if flags.NArg() > 0 && len(before.Tools) > 0 &&
		(!maps.Equal(now.Faults, before.Faults) || !slices.Equal(now.Variants, before.Variants)) {
		return fmt.Errorf("results.json has %d faults and %d variants, or others; set FAULTS and VARIANTS to that, or "+
			"name no tool", len(before.Faults), len(before.Variants))
	}
	for _, t := range all {
		i := slices.IndexFunc(before.Tools, func(r Result) bool { return r.Name == t.name })
		if flags.NArg() > 0 && !slices.Contains(flags.Args(), t.name) {
			if i >= 0 {
				now.Tools = append(now.Tools, before.Tools[i])
			}
			continue
		}
		r, err := try(t, faults, variants, out)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		now.Tools = append(now.Tools, r)
	}
	return write("results.json", now)
}

// try lets a tool judge every server.
func try(t tool, faults, variants []Server, out io.Writer) (r Result, err error) {
	r = Result{Name: t.name, Version: t.version}
	var requests []int
	var seconds, cpu []float64
	honest := map[string]bool{}
	judge := func(flags ...string) (found []string, err error) {
		s, err := serve(flags...)
		if err != nil {
			return nil, fmt.Errorf("fmaspec serve %s: %w", strings.Join(flags, " "), err)
		}
		j, err := t.judge(s.url)
		count := s.stop()
		if err != nil {
			return nil, fmt.Errorf("fmaspec serve %s: %w", strings.Join(flags, " "), err)
		}
		requests, seconds, cpu = append(requests, count), append(seconds, j.seconds), append(cpu, j.cpu)
		r.Megabytes = max(r.Megabytes, int(j.megabyte))
		for _, f := range j.failures {
			if !honest[f] {
				found = append(found, f)
			}
		}
		return found, nil
	}
	// Twice, for what is not the same in each run.
	for range 2 {
		found, err := judge()
		if err != nil {
			return r, err
		}
		for _, f := range found {
			honest[f] = true
			r.Deducted = append(r.Deducted, f)
		}
	}
	for _, f := range faults {
		found, err := judge("-fault", f.Name)
		if err != nil {
			return r, err
		}
		if len(found) > 0 {
			r.Caught = append(r.Caught, f.Name)
		}
	}
	for _, v := range variants {
		found, err := judge("-variant", v.Name)
		if err != nil {
			return r, err
		}
		if len(found) > 0 {
			r.FalseAlarms = append(r.FalseAlarms, v.Name)
			fmt.Fprintf(out, "%s: false alarm on %s: %s\n", t.name, v.Name, found[0])
		}
	}
	slices.Sort(requests)
	r.Requests, r.Seconds, r.CPU = requests[len(requests)/2], median(seconds), median(cpu)
	fmt.Fprintf(out, "%-14s %d of %d faults, %d false alarms on %d variants, %d requests, %.1f s, CPU %.1f s, %d MB, "+
		"deducted %q\n", t.name, len(r.Caught), len(faults), len(r.FalseAlarms), len(variants), r.Requests, r.Seconds,
		r.CPU, r.Megabytes, r.Deducted)
	return r, nil
}

// median returns the median, to a tenth.
func median(values []float64) float64 {
	slices.Sort(values)
	return math.Round(values[len(values)/2]*10) / 10
}

// draw returns servers by a hash of their names: faults that the written cases find, and variants that break nothing
// at any level.
func draw(kind string, n int) ([]Server, error) {
	text, err := exec.Command("bin/fmaspec", "list", "-json", kind).Output()
	if err != nil {
		return nil, err
	}
	var all []struct {
		Name, Level, Phase string
		Deviates           []string
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	var out []Server
	for _, s := range all {
		if s.Phase == "" && len(s.Deviates) == 0 {
			out = append(out, Server{Name: s.Name, Level: s.Level})
		}
	}
	slices.SortFunc(out, func(a, b Server) int {
		x, y := sha256.Sum256([]byte(a.Name)), sha256.Sum256([]byte(b.Name))
		return cmp.Or(bytes.Compare(x[:], y[:]), strings.Compare(a.Name, b.Name))
	})
	return out[:min(n, len(out))], nil
}

// A served is a server that runs.
type served struct {
	url     string
	command *exec.Cmd
	logged  *bytes.Buffer
	drained *sync.WaitGroup
}

// serve starts fmaspec serve on a free port of this machine.
func serve(flags ...string) (served, error) {
	c := exec.Command("bin/fmaspec", append([]string{"serve", "-listen", "127.0.0.1:0"}, flags...)...)
	c.Env = append(os.Environ(), "FMASPEC_TOKEN="+token, "FMASPEC_UNPRIVILEGED_TOKEN="+unprivileged,
		"FMASPEC_UNKNOWN_MACHINE="+unknown)
	s := served{command: c, logged: &bytes.Buffer{}, drained: &sync.WaitGroup{}}
	c.Stderr = s.logged
	said, err := c.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := c.Start(); err != nil {
		return s, err
	}
	scanner := bufio.NewScanner(said)
	for scanner.Scan() {
		if strings.HasPrefix(scanner.Text(), "http://") {
			s.url = scanner.Text()
			s.drained.Go(func() { io.Copy(io.Discard, said) })
			return s, nil
		}
	}
	c.Process.Kill()
	c.Wait()
	return s, fmt.Errorf("no URL: %s", s.logged)
}

var request = regexp.MustCompile(`(?m)^\S+ \S+ [0-9]{3}$`)

// stop ends the server, and returns how many requests it had.
func (s served) stop() int {
	s.command.Process.Signal(syscall.SIGTERM)
	s.drained.Wait()
	s.command.Wait()
	return len(request.FindAll(s.logged.Bytes(), -1))
}

// own gives a command a group of processes, which can be ended as a whole.
func own(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func end(c *exec.Cmd) { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }

// resident returns the memory of the largest process of a command that has ended, in MB.
func resident(c *exec.Cmd) float64 {
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss) / 1024
}

func write(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
