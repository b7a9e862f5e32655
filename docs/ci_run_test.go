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
// nothing but to print; make FAILS fails.
func ci(t *testing.T, fails, events string) (out string, code int) {
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
	for _, name := range []string{"gcc", "xmllint", "curl", "ssh-keygen", "chromium", "npm", "mvn", "javac", "renice"} {
		script(name, "exit 0")
	}
	script("node", "echo 22")
	script("go", `[ "$1" = env ] && echo 1; exit 0`)
	script("make",
		`echo "first line of $1"; [ "$1" = test ] && cat "$EVENTS"; echo "last line of $1"; [ "$1" != "$FAILS" ]`)
	text, err := os.ReadFile(filepath.Join(root, ".ci/run"))
	require.NoError(t, err)
	run := filepath.Join(dir, ".ci/run")
	require.NoError(t, os.WriteFile(run, text, 0o755))
	list := filepath.Join(dir, "events")
	require.NoError(t, os.WriteFile(list, []byte(events), 0o644))
	c := exec.Command(filepath.Join(bin, "bash"), run)
	c.Env = []string{"PATH=" + bin, "FAILS=" + fails, "EVENTS=" + list, "TMPDIR=" + dir}
	both, err := c.CombinedOutput()
	if err != nil {
		require.IsType(t, (*exec.ExitError)(nil), err)
	}
	return string(bytes.TrimSpace(both)), c.ProcessState.ExitCode()
}

const onePassed = `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n"

func TestAStepThatFailsFailsTheWholeRun(t *testing.T) {
	out, code := ci(t, "none", onePassed)
	require.Zero(t, code, out)
	require.True(t, strings.HasSuffix(out, "\n1 passed, 0 failed, 0 skipped"), out)
	require.NotContains(t, out, "FAILED")
	require.NotContains(t, out, "SKIPPED")
	for _, step := range []string{"verify", "test", "run", "contract", "lint", "generators", "prism", "pact-js",
		"browser"} {
		require.Contains(t, out, "\nfirst line of "+step+"\n", "want each step to run")
		require.Contains(t, out, "\nlast line of "+step+"\n")
		if step != "test" {
			require.Contains(t, out, "\nfirst line of "+step+"\nlast line of "+step+"\n",
				"want what a step prints in one piece")
		}
		failed, code := ci(t, step, onePassed)
		require.Equal(t, 1, code, failed)
		require.Regexp(t, `(?m)^FAILED   (tests|(env FMASPEC_JAVA=required )?make `+step+`)$`, failed)
		require.True(t, strings.HasSuffix(failed, "\n1 passed, 0 failed, 0 skipped"), failed)
	}
}

// A test that runs in more than one of the runs of make test counts once.
func TestEachTestIsCountedOnce(t *testing.T) {
	event := func(action, test string) string {
		return `{"Action":"` + action + `","Package":"p","Test":"` + test + `"}` + "\n"
	}
	for _, row := range []struct{ why, events, want string }{
		{"twice", event("pass", "TestA") + event("pass", "TestA"), "1 passed, 0 failed, 0 skipped"},
		{"skipped by the second run", event("pass", "TestA") + event("skip", "TestA"), "1 passed, 0 failed, 0 skipped"},
		{"skipped by the first run", event("skip", "TestA") + event("pass", "TestA"), "1 passed, 0 failed, 0 skipped"},
		{"skipped by both", event("skip", "TestA") + event("skip", "TestA"), "0 passed, 0 failed, 1 skipped"},
		{"failed in the second run", event("pass", "TestA") + event("fail", "TestA"), "0 passed, 1 failed, 0 skipped"},
		{"failed in the first run", event("fail", "TestA") + event("pass", "TestA"), "0 passed, 1 failed, 0 skipped"},
		{"a package that does not build", onePassed + `{"Action":"fail","Package":"q"}` + "\n",
			"1 passed, 1 failed, 0 skipped"},
	} {
		out, code := ci(t, "none", row.events)
		require.True(t, strings.HasSuffix(out, "\n"+row.want), "%s: %s", row.why, out)
		require.Equal(t, strings.Contains(row.events, `"Action":"fail","Package":"q"`), code != 0, row.why)
	}
}
