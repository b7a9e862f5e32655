package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ci runs a copy of .ci/run with commands in the place of go, make and npm that do
// nothing but to print; make FAILS fails. The events are those that make test and make
// browser print.
func ci(t *testing.T, fails, events, browser string) (out string, code int) {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".ci"), 0o755))
	require.NoError(t, os.Mkdir(bin, 0o755))
	script := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	for _, name := range []string{"bash", "sh", "awk", "cat", "mktemp", "mkdir", "rm", "rmdir", "sleep", "dirname",
		"id", "env", "timeout"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skip("no " + name)
		}
		require.NoError(t, os.Symlink(path, filepath.Join(bin, name)))
	}
	for _, name := range []string{"gcc", "xmllint", "curl", "ssh-keygen", "zsh", "fish", "mandoc", "chromium", "npm",
		"mvn", "javac", "renice", "python3"} {
		script(name, "exit 0")
	}
	script("node", "echo 22")
	script("go", `[ "$1" = env ] && echo 1; exit 0`)
	script("make",
		`echo "first line of $1"; [ -e "$EVENTS.$1" ] && cat "$EVENTS.$1"; echo "last line of $1"; [ "$1" != "$FAILS" ]`)
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".ci/venv"), []byte("#!/bin/sh\n[ -z \"$VENV\" ] && exit\n"+
		"echo \"$VENV\"; exit 1\n"), 0o755))
	text, err := os.ReadFile(filepath.Join(root, ".ci/run"))
	require.NoError(t, err)
	run := filepath.Join(dir, ".ci/run")
	require.NoError(t, os.WriteFile(run, text, 0o755))
	list := filepath.Join(dir, "events")
	require.NoError(t, os.WriteFile(list+".test", []byte(events), 0o644))
	require.NoError(t, os.WriteFile(list+".browser", []byte(browser), 0o644))
	c := exec.Command(filepath.Join(bin, "bash"), run)
	c.Env = []string{"PATH=" + bin, "FAILS=" + fails, "RELEASE=required", "EVENTS=" + list, "TMPDIR=" + dir,
		"VENV=" + os.Getenv("VENV")}
	both, err := c.CombinedOutput()
	if err != nil {
		require.IsType(t, (*exec.ExitError)(nil), err)
	}
	return string(bytes.TrimSpace(both)), c.ProcessState.ExitCode()
}

const onePassed = `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n"

func TestAStepThatFailsFailsTheWholeRun(t *testing.T) {
	out, code := ci(t, "none", onePassed, "")
	require.Zero(t, code, out)
	require.True(t, strings.HasSuffix(out, "\n1 passed, 0 failed, 0 skipped"), out)
	require.NotContains(t, out, "FAILED")
	require.NotContains(t, out, "SKIPPED")
	for _, step := range []string{"verify", "test", "run", "contract", "lint", "generators", "prism", "pact-js",
		"docs", "browser", "rename-test", "windows", "release-snapshot"} {
		require.Contains(t, out, "\nfirst line of "+step+"\n", "want each step to run")
		require.Contains(t, out, "\nlast line of "+step+"\n")
		if step != "test" {
			require.Contains(t, out, "\nfirst line of "+step+"\nlast line of "+step+"\n",
				"want what a step prints in one piece")
		}
		failed, code := ci(t, step, onePassed, "")
		require.Equal(t, 1, code, failed)
		require.Regexp(t, `(?m)^FAILED   (tests|browser|(env FMASPEC_JAVA=required )?make `+step+`)$`, failed)
		require.True(t, strings.HasSuffix(failed, "\n1 passed, 0 failed, 0 skipped"), failed)
	}
}

// Where no package can be installed the site is left out, and the summary says why; a
// package with another hash fails.
func TestTheSiteIsLeftOutOnlyWhereNothingCanBeInstalled(t *testing.T) {
	t.Setenv("VENV", "ERROR: No matching distribution found")
	out, code := ci(t, "none", onePassed, "")
	require.Zero(t, code, out)
	require.Contains(t, out, "\nSKIPPED  make docs: MkDocs cannot be installed: "+os.Getenv("VENV"))
	require.NotContains(t, out, "first line of docs")
	t.Setenv("VENV", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES")
	out, code = ci(t, "docs", onePassed, "")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "FAILED   make docs")
}

// A test that runs in more than one of the runs of make test counts once.
func TestEachTestIsCountedOnce(t *testing.T) {
	event := func(action, test string) string {
		return `{"Action":"` + action + `","Package":"p","Test":"` + test + `"}` + "\n"
	}
	quoted := func(action string) string {
		return event(action, `TestA/\"b\"`) + event(action, `TestA/\"c\"`) + event("pass", "TestA")
	}
	for _, row := range []struct{ why, events, want string }{
		{"twice", event("pass", "TestA") + event("pass", "TestA"), "1 passed, 0 failed, 0 skipped"},
		{"with quotes in the names", quoted("pass"), "3 passed, 0 failed, 0 skipped"},
		{"with quotes in the names, one failed", quoted("pass") + event("fail", `TestA/\"c\"`),
			"2 passed, 1 failed, 0 skipped"},
		{"skipped by the second run", event("pass", "TestA") + event("skip", "TestA"), "1 passed, 0 failed, 0 skipped"},
		{"skipped by the first run", event("skip", "TestA") + event("pass", "TestA"), "1 passed, 0 failed, 0 skipped"},
		{"skipped by both", event("skip", "TestA") + event("skip", "TestA"), "0 passed, 0 failed, 1 skipped"},
		{"failed in the second run", event("pass", "TestA") + event("fail", "TestA"), "0 passed, 1 failed, 0 skipped"},
		{"failed in the first run", event("fail", "TestA") + event("pass", "TestA"), "0 passed, 1 failed, 0 skipped"},
		{"a package that does not build", onePassed + `{"Action":"fail","Package":"q"}` + "\n",
			"1 passed, 1 failed, 0 skipped"},
	} {
		out, code := ci(t, "none", row.events, "")
		require.True(t, strings.HasSuffix(out, "\n"+row.want), "%s: %s", row.why, out)
		require.Equal(t, strings.Contains(row.events, `"Action":"fail","Package":"q"`), code != 0, row.why)
	}
}

// The tests in a browser are skipped by make test, because make browser runs them.
func TestTheTestsInABrowserAreCountedWhereTheyRun(t *testing.T) {
	event := func(action, test string) string {
		return `{"Action":"` + action + `","Package":"p/browser","Test":"` + test + `","Elapsed":1}` + "\n"
	}
	skipped := onePassed + event("skip", "TestInABrowser")
	for _, row := range []struct{ browser, want string }{
		{event("pass", "TestInABrowser/a") + event("pass", "TestInABrowser"), "3 passed, 0 failed, 0 skipped"},
		{event("fail", "TestInABrowser/a") + event("fail", "TestInABrowser"), "1 passed, 2 failed, 0 skipped"},
		{event("skip", "TestInABrowser"), "1 passed, 0 failed, 1 skipped"},
	} {
		out, _ := ci(t, "none", skipped, row.browser)
		require.True(t, strings.HasSuffix(out, "\n"+row.want), out)
	}
	text, err := os.ReadFile(filepath.Join(root, ".ci/run"))
	require.NoError(t, err)
	require.Contains(t, string(text), "export FMASPEC_BROWSER=none", "want them skipped by make test")
}

// What a failed test printed is printed, and so is what a package printed that does
// not build, or that ended within a test.
func TestWhatFailsIsPrinted(t *testing.T) {
	output := func(test, text string) string {
		return `{"Time":"2026-01-01T00:00:00Z","Action":"output","Package":"p","Test":"` + test + `","Output":"` +
			text + `","OutputType":"error"}` + "\n"
	}
	long := strings.Repeat("x", 5000)
	out, code := ci(t, "none", `{"ImportPath":"p","Action":"build-output","Output":"p.go:1:2: wrong\n"}`+"\n"+
		output("TestGood", `=== RUN   TestGood\n`)+output("TestGood", `nothing\n`)+
		`{"Action":"pass","Package":"p","Test":"TestGood","Elapsed":0}`+"\n"+
		output("TestBad", `=== RUN   TestBad\n`)+output("TestBad", `\tgot \u003ca href=\"b\"\u003e\n`)+
		output("TestBad", "first "+long+`\n`)+output("TestBad", "second "+long+`\n`)+output("TestBad", `third\n`)+
		`{"Action":"fail","Package":"p","Test":"TestBad","Elapsed":0}`+"\n"+
		output("TestCut", `panic: test timed out after 1s\n`)+output("TestCut", `running tests:\n`)+
		output("TestStopped", `without a reason\n`)+
		`{"Action":"output","Package":"p","Output":"FAIL\tp\t1s\n"}`+"\n"+
		`{"Action":"fail","Package":"p","Elapsed":1}`+"\n", "")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "p.go:1:2: wrong\n")
	require.Contains(t, out, "\tgot <a href=\"b\">\nfirst "+long+"\nsecond "+long+"\nthird\n")
	require.Contains(t, out, "FAIL\tp\t1s\n")
	require.Contains(t, out, "panic: test timed out after 1s\nrunning tests:\n")
	for _, quiet := range []string{"nothing", "=== RUN", "without a reason"} {
		require.NotContains(t, out, quiet)
	}
}
