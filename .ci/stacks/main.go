// Command stacks starts each server of stacks.json, judges it by fmaspec run, and compares what it breaks with what
// stacks.json says that it breaks: with the defaults of its framework, and with the mend.
//
//	stacks [-update] [NAME...]
//
// Without names it compares docs/stacks.md too, or writes it.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Stack is a server and what is known of it.
type Stack struct {
	Name    string `json:"name"`
	Stack   string `json:"stack"`
	Version string `json:"version"`
	Dir     string `json:"dir"`     // where it is installed and started
	Install string `json:"install"` // a command of bash
	Start   string `json:"start"`   // likewise, which reads PORT and UPSTREAM
	Mended  string `json:"mended"`  // the start of the mended server; "" for the same, which reads MEND

	Breaks    map[string]string `json:"breaks"`    // the requirements that it breaks, and why that is so
	Sometimes map[string]string `json:"sometimes"` // the levels of those of them that a run may not meet
	Mend      []string          `json:"mend"`      // lines of its source that mend it
	Left      map[string]string `json:"left"`      // what the mended server still breaks, and why
}

// The tokens and machines that every server knows.
var settings = []string{
	"FMASPEC_TOKEN=RXFDDPCNA3FBZ4F36H5QJ7B74K",
	"FMASPEC_UNPRIVILEGED_TOKEN=AE2Z5FNF5IQ36OKHX7GZZE6MF6",
	"FMASPEC_INVALID_TOKEN=a-token-that-nobody-issued",
	"FMASPEC_UNKNOWN_MACHINE=b39e7164ac9d7a0ed607f04a2d18ad34f2c7f194",
	"FMASPEC_OTHER_MACHINE=9ceae4e084fbb25598623c84acc129e6e9909681",
	"MACHINES=fb9ab6be3965095a09c057be7c90f0a2,9ceae4e084fbb25598623c84acc129e6e9909681",
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "stacks:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("stacks", flag.ContinueOnError)
	update := flags.Bool("update", false, "write docs/stacks.md")
	if err := flags.Parse(args); err != nil {
		return err
	}
	stacks, err := load("stacks.json")
	if err != nil {
		return err
	}
	whole := flags.NArg() == 0
	if !whole {
		for _, name := range flags.Args() {
			if !slices.ContainsFunc(stacks, func(s Stack) bool { return s.Name == name }) {
				return fmt.Errorf("%s: no stack has this name; see .ci/stacks/stacks.json", name)
			}
		}
		stacks = slices.DeleteFunc(stacks, func(s Stack) bool { return !slices.Contains(flags.Args(), s.Name) })
	}
	var wrong []error
	judged := map[string]outcome{}
	installed := map[string]bool{}
	for _, s := range stacks {
		if key := s.Dir + " " + s.Install; !installed[key] {
			if err := shell(s.Dir, s.Install); err != nil {
				return fmt.Errorf("%s: cannot be installed: %w", s.Name, err)
			}
			installed[key] = true
		}
		asIs, err := judge(s, false)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		mended, err := judge(s, true)
		if err != nil {
			return fmt.Errorf("%s, mended: %w", s.Name, err)
		}
		judged[s.Name] = asIs
		found := append(compare(s.Name, asIs, s.Breaks, s.Sometimes),
			compare(s.Name+", mended", mended, s.Left, s.Sometimes)...)
		wrong = append(wrong, found...)
		fmt.Fprintf(out, "%-10s breaks %-3d mended %d   %s\n", s.Name, len(asIs.broken), len(mended.broken),
			strings.Join(slices.Sorted(maps.Keys(asIs.broken)), " "))
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	if !whole {
		return nil
	}
	return record(filepath.Join("..", "..", "docs", "stacks.md"), page(stacks, judged), *update)
}

func load(path string) ([]Stack, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Stacks []Stack `json:"stacks"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file.Stacks, nil
}

func shell(dir, command string) error {
	c := exec.Command("bash", "-eu", "-o", "pipefail", "-c", command)
	c.Dir, c.Stderr = dir, os.Stderr
	return c.Run()
}

// compare returns how what was broken differs from what is known to be.
func compare(name string, o outcome, known, sometimes map[string]string) (wrong []error) {
	for _, id := range slices.Sorted(maps.Keys(o.broken)) {
		if known[id] == "" {
			b := o.broken[id]
			wrong = append(wrong, fmt.Errorf("%s: breaks %s, and stacks.json does not say why that is right: "+
				"%s, want %s, got %s; look at the finding, then add a reason", name, id, b.example, b.want, b.got))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		if _, ok := o.broken[id]; !ok && sometimes[id] == "" {
			wrong = append(wrong, fmt.Errorf("%s: no longer breaks %s; drop the reason", name, id))
		}
	}
	return wrong
}

// judge starts a server on a free port of this machine, and judges it.
func judge(s Stack, mend bool) (o outcome, err error) {
	port, err := freePort()
	if err != nil {
		return o, err
	}
	upstream, err := freePort()
	if err != nil {
		return o, err
	}
	work, err := os.MkdirTemp("", "fmaspec-stacks-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(work)
	said, err := os.Create(filepath.Join(work, "said"))
	if err != nil {
		return o, err
	}
	defer said.Close()

	start, mended := s.Start, ""
	if mend {
		mended = "1"
		if s.Mended != "" {
			start = s.Mended
		}
	}
	server := exec.Command("bash", "-c", "exec "+start)
	server.Dir, server.Stdout, server.Stderr = s.Dir, said, said
	server.Env = slices.Concat(os.Environ(), settings,
		[]string{"PORT=" + port, "UPSTREAM=" + upstream, "MEND=" + mended})
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := server.Start(); err != nil {
		return o, err
	}
	ended := make(chan struct{})
	go func() { server.Wait(); close(ended) }()
	defer stop(server, ended)

	if err := answers(port, ended); err != nil {
		return o, fmt.Errorf("%w; it said:\n%s", err, tail(said.Name()))
	}
	report := filepath.Join(work, "report.json")
	command := exec.Command("bin/fmaspec", "run", "-url", "http://127.0.0.1:"+port, "-wait", "30s", "-seed", "stacks",
		"-report", "json="+report)
	command.Env = append(os.Environ(), settings...)
	text, err := command.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		return o, fmt.Errorf("%w: %s", err, text)
	}
	select {
	case <-ended:
		return o, fmt.Errorf("the server ended during the run; it said:\n%s", tail(said.Name()))
	default:
	}
	return read(report)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// answers waits until somebody listens on the port.
func answers(port string, ended <-chan struct{}) error {
	for range 600 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			return c.Close()
		}
		select {
		case <-ended:
			return errors.New("the server ended before it listened")
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("nobody listens on the port after a minute")
}

// stop ends a server and what it has started, and waits for it.
func stop(server *exec.Cmd, ended <-chan struct{}) {
	syscall.Kill(-server.Process.Pid, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
	}
	syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
	<-ended
}

func tail(path string) string {
	data, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
