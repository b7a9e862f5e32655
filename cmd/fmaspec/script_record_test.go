package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// silence takes the exchanges and findings of a case out of a report, gives it an
// outcome and a reason, and has totals and verdict fit: silence FILE CASE OUTCOME REASON.
func silence(ts *testscript.TestScript, _ bool, args []string) {
	r, err := report.ReadJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	i := slices.IndexFunc(r.Cases, func(c record.CaseResult) bool { return c.ID == args[1] })
	if i < 0 {
		ts.Fatalf("%s: there is no case %s", args[0], args[1])
	}
	c, t := &r.Cases[i], &r.Totals
	t.Requests, t.Findings = t.Requests-len(c.Exchanges), t.Findings-len(c.Findings)
	counts := map[record.Outcome]*int{record.Failed: &t.Failed, record.Passed: &t.Passed,
		record.Skipped: &t.Skipped, record.NotApplicable: &t.NotApplicable}
	*counts[c.Outcome]--
	ts.Check(c.Outcome.UnmarshalText([]byte(args[2])))
	*counts[c.Outcome]++
	c.Reason, c.Findings, c.Exchanges = args[3], nil, nil
	if t.Failed == 0 {
		r.Verdict = record.Conformant
	}
	var b bytes.Buffer
	ts.Check(report.JSON(&b, r))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// A watcher answers every request with a redirect, which is a finding of every case,
// and keeps the bytes that arrive.
type watcher struct {
	mu      sync.Mutex
	arrived []string
}

func (w *watcher) serve(c net.Conn) {
	defer c.Close()
	var raw bytes.Buffer
	r := bufio.NewReader(io.TeeReader(c, &raw))
	q, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	if q.Header.Get("Expect") != "" {
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	if _, err := io.Copy(io.Discard, q.Body); err != nil {
		return // cut off
	}
	w.mu.Lock()
	w.arrived = append(w.arrived, evened(raw.String()[:raw.Len()-r.Buffered()])) // without what came in one piece
	w.mu.Unlock()
	io.WriteString(c, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	c.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, r)
}

// take returns what has arrived since it was last asked.
func (w *watcher) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.arrived
	w.arrived = nil
	return out
}

// evened is a request with its header fields in the order of their names, in small
// letters: curl has an order of its own.
func evened(request string) string {
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	for i, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		lines[i+1] = strings.ToLower(name) + ": " + strings.TrimSpace(value)
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n\n" + body
}

// watch starts a server that keeps what arrives, and sets WATCH to its URL.
func watch(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	w := &watcher{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.serve(c)
		}
	}()
	ts.Setenv("WATCH", "http://"+l.Addr().String())
	watchers.Store(ts.Getenv("WATCH"), w)
}

// watchers are the servers that scripts have started, by their URLs.
var watchers sync.Map

// arrived runs every command of a kind that a report in a file shows, and compares
// what arrives at $WATCH with what has arrived there before: arrived replay|again FILE.
func arrived(ts *testscript.TestScript, _ bool, args []string) {
	found, ok := watchers.Load(ts.Getenv("WATCH"))
	if !ok || len(args) != 2 {
		ts.Fatalf("usage: watch, then arrived replay|again FILE")
	}
	w := found.(*watcher)
	if _, err := exec.LookPath("curl"); err != nil && args[0] == "replay" {
		if os.Getenv("FMASPEC_CURL") == "required" {
			ts.Fatalf("there is no curl, and FMASPEC_CURL says that there has to be")
		}
		ts.Logf("there is no curl: install it to have its commands tried")
		return
	}
	before := w.take()
	commands := regexp.MustCompile(`(?m)^  (?:replay  (curl .*)|again   (fmaspec .*))$`).FindAllStringSubmatch(
		ts.ReadFile(args[1]), -1)
	tried := 0
	for _, m := range commands {
		command := map[string]string{"replay": m[1], "again": m[2]}[args[0]]
		if command == "" {
			continue
		}
		tried++
		err := ts.Exec("bash", "-c", command+" >/dev/null 2>&1")
		if args[0] == "replay" && err != nil {
			ts.Fatalf("%v: %s", err, command)
		}
		after := w.take()
		if len(after) == 0 || args[0] == "replay" && len(after) != 1 {
			ts.Fatalf("want what the command says to arrive, got %d requests: %s", len(after), command)
		}
		for _, got := range after {
			if !slices.Contains(before, got) {
				ts.Fatalf("%s\nsends what the run did not:\n%q\nwhich sent\n%s", command, got, nearestOf(got, before))
			}
		}
	}
	if tried == 0 {
		ts.Fatalf("%s: there is no %s line in it", args[1], args[0])
	}
	fmt.Fprintf(ts.Stdout(), "%d commands tried\n", tried)
	w.mu.Lock()
	w.arrived = before
	w.mu.Unlock()
}

// nearestOf is the request with the same body, or the first.
func nearestOf(got string, all []string) string {
	_, body, _ := strings.Cut(got, "\n\n")
	for _, one := range all {
		if _, other, _ := strings.Cut(one, "\n\n"); other == body {
			return fmt.Sprintf("%q", one)
		}
	}
	return "nothing with that body"
}
