package main

import (
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/report"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"fmaspec": main})
}

// A counter is a server under test that counts what it is sent.
type counter struct {
	*httptest.Server
	handler atomic.Pointer[http.Handler]
	sent    atomic.Int64
}

func newCounter(h http.Handler) *counter {
	c := &counter{}
	c.handler.Store(&h)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.sent.Add(1)
		(*c.handler.Load()).ServeHTTP(w, r)
	}))
	return c
}

const (
	testToken   = "test-token-0d5ac7"
	testMachine = "00000000000000000000000000000000000000ff"
)

func honest() http.Handler {
	return reference.New(reference.Config{Token: testToken, UnprivilegedToken: "test-unprivileged-9c1e",
		SecurityAdminToken: "test-security-admin-3f70", GlobalAdminToken: "test-global-admin-b21d",
		UnknownMachine: testMachine})
}

// closedURL returns a URL on which nobody listens: its port is held by the
// client's end of a connection.
func closedURL(t require.TestingT, cleanup func(func())) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cleanup(func() { l.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	cleanup(func() { c.Close() })
	return "http://" + c.LocalAddr().String()
}

// garbageURL returns a URL at which something else than HTTP is spoken.
func garbageURL(t require.TestingT, cleanup func(func())) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("SSH-2.0-OpenSSH_9.9\r\n"))
			c.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

// lengthy are the scripts that start many commands, or wait: go test -short leaves
// them out.
var lengthy = []string{
	"baseline", "compare", "conformant", "killed", "levels", "misuse", "pact", "report", "report-files",
	"retry-failed", "roles", "safety", "selftest", "settings",
	"trust-again", "trust-compare", "trust-fixtures", "trust-guard", "trust-outage", "trust-output", "trust-rules",
	"trust-signature",
	"trust-target", "trust-token", "trust-variables", "trust-verify", "verify", "watch",
}

// compared matches where a script compares output with a file.
var compared = regexp.MustCompile(`(?m)^cmp \S+ (\S+)$`)

// scripts are the files of the scripts to run: all; the short ones; or, with
// -update, those that compare output with a file of their own.
func scripts(t *testing.T, short, update bool) (out []string) {
	t.Helper()
	all, err := filepath.Glob("testdata/script/*.txtar")
	require.NoError(t, err)
	left := map[string]bool{}
	for _, name := range lengthy {
		left[name] = true
	}
	for _, file := range all {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		switch {
		case update:
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			if slices.ContainsFunc(compared.FindAllStringSubmatch(string(text), -1), func(with []string) bool {
				return strings.Contains(string(text), "\n-- "+with[1]+" --\n")
			}) {
				out = append(out, file)
			}
		case !short || !left[name]:
			out = append(out, file)
		}
		delete(left, name)
	}
	require.Empty(t, left, "the list of lengthy scripts names some that there are not")
	return out
}

func TestOnlyShortTestsLeaveScriptsOut(t *testing.T) {
	all, short := scripts(t, false, false), scripts(t, true, false)
	require.Len(t, all, len(short)+len(lengthy))
	require.NotEmpty(t, short)
	written := scripts(t, false, true)
	require.Contains(t, written, "testdata/script/help.txtar")
	require.Less(t, len(written), len(all))
}

func TestScripts(t *testing.T) {
	suite, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Files: scripts(t, testing.Short(), *update), RequireExplicitExec: true, UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			c := newCounter(honest())
			e.Defer(c.Close)
			e.Values["counter"] = c
			e.Setenv("URL", c.URL)
			targetURLs(e, c)
			e.Setenv("NL", "\n")
			recipes, err := filepath.Abs("../../docs/ci")
			require.NoError(t, err)
			e.Setenv("RECIPES", recipes)
			e.Setenv(variable("generate"), generateNone) // generate.txt sends generated cases
			// A name that is not this machine's leads to the same server, so that a
			// command takes it for one elsewhere.
			e.Setenv("TENANT", "http://tenant.example")
			e.Setenv("TO_TENANT", "tenant.example:80:"+c.Listener.Addr().String())
			e.Setenv("CLOSED", closedURL(t, e.Defer))
			e.Setenv("GARBAGE", garbageURL(t, e.Defer))
			e.Setenv("FMASPEC_TOKEN", testToken)
			e.Setenv("GOGC", "400")                 // a command ends before its memory is worth collecting
			e.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each process otherwise
			e.Setenv("CASES", strconv.Itoa(len(suite.Cases)))
			lineServer(t, e)
			return serveTokens(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "fault": fault, "sent": sent, "hold": hold, "until": until, "readable": readable,
			"edit":    edit,
			"silence": silence, "watch": watch, "arrived": arrived,
			"port":   port,
			"honest": faultless, "fifo": fifo, "utf16": wide, "bom": marked, "full": full,
			"variant": variant,
			"hostile": hostileAnswers, "unobeyed": unobeyed,
			"elsewhere": elsewhere,
			"sshkey":    sshkey, "sshagent": sshagent, "reencode": reencode,
		},
	})
}

// exits runs a command and compares its exit code: exits CODE COMMAND ARGS…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS…]")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if want := args[0]; want != strconv.Itoa(got) {
		ts.Fatalf("want exit code %s, got %d", want, got)
	}
}

// fault gives the server at $URL a fault: fault NAME
func fault(ts *testscript.TestScript, _ bool, args []string) {
	f, ok := reference.FindFault(args[0])
	if !ok {
		ts.Fatalf("no fault %s", args[0])
	}
	h := f.Wrap(honest())
	ts.Value("counter").(*counter).handler.Store(&h)
}

// sent reports whether the server at $URL got a request since it was last asked:
// sent, or ! sent
func sent(ts *testscript.TestScript, neg bool, _ []string) {
	n := ts.Value("counter").(*counter).sent.Swap(0)
	if neg && n > 0 {
		ts.Fatalf("want nothing sent, got %d requests", n)
	}
	if !neg && n == 0 {
		ts.Fatalf("want something sent, got nothing")
	}
}

// hold lets the server at $URL answer so many requests, and keep all others
// waiting until they are given up: hold N
func hold(ts *testscript.TestScript, _ bool, args []string) {
	left, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	var n atomic.Int64
	h := honest()
	held := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > left {
			io.Copy(io.Discard, r.Body) // a server sees a client go away only when it has read the body
			<-r.Context().Done()
			return
		}
		h.ServeHTTP(w, r)
	}))
	ts.Value("counter").(*counter).handler.Store(&held)
}

// until waits until a file is there and a pattern is found in it: until FILE PATTERN
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[1])
	for {
		if data, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && pattern.Match(data) {
			return
		}
		runtime.Gosched()
	}
}

// readable reads a report in JSON, strictly: readable FILE
func readable(ts *testscript.TestScript, _ bool, args []string) {
	_, err := report.ReadJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
}

// edit puts one text in the place of another in a file: edit FILE OLD NEW.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s: there is no %q in it", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o644))
}
