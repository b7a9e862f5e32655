package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const watchedCase = `# Accepts a request of mine.
# operation: requestSample
# proves: response.created, action.members
# expect: accepted
POST {{path}}
Authorization: Bearer {{token}}
Content-Type: application/json

{"Comment": "{{comment}}", "Sha1": "{{sha1}}"}
`

// watched runs with -watch, where each look at the folder comes after the next of the steps, and
// the last one ends in an interrupt.
func watched(t *testing.T, folder string, environ []string, steps []func(), args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	f := &runFlags{layout: newLayout()}
	set := flagSet(runCommand())
	f.pause = func(ctx context.Context, d time.Duration) error {
		require.Equal(t, watchPause, d)
		if len(steps) == 0 {
			interrupt()
			return ctx.Err()
		}
		step := steps[0]
		steps = steps[1:]
		step()
		return nil
	}
	do := f.define(set)
	explainErrors(set)
	_, err := parse(set, append([]string{"-watch", "-fixtures", folder, "-builtin=false", "-generate", "none"},
		args...))
	require.NoError(t, err)
	e := &env{[]string{"run"}, strings.NewReader(""), &stdout, &stderr, environ, noTerminal}
	code := e.fail("run", do(ctx, e, nil))
	return result{code, stdout.String(), stderr.String()}
}

func TestWatchRunsAgainWhenAFileHasChanged(t *testing.T) {
	c := newCounter(honest())
	defer c.Close()
	folder := t.TempDir()
	file := filepath.Join(folder, "accepts-mine.http")
	later := time.Now()
	write := func(name, text string) func() {
		return func() {
			require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
			later = later.Add(time.Second)
			require.NoError(t, os.Chtimes(name, later, later))
		}
	}
	write(file, watchedCase)()
	nothing := func() {}
	broken := strings.Replace(watchedCase, "operation: requestSample", "operation: requestSampel", 1)
	wrong := strings.Replace(watchedCase, `"Comment": "{{comment}}", `, "", 1)
	got := watched(t, folder, []string{tokenVariable + "=" + testToken}, []func(){
		nothing,
		write(filepath.Join(folder, ".hidden"), "x"), nothing,
		write(filepath.Join(folder, "accepts-mine.http~"), "x"), nothing,
		write(file, broken), nothing,
		write(file, watchedCase[:40]), write(file, watchedCase[:80]), write(file, wrong), nothing,
	}, "-url", c.URL)
	require.Equal(t, exitNotConformant, got.code, "want the exit code of the last run")
	require.Equal(t, 1, strings.Count(got.stdout, "\nconformant: "), got.stdout)
	require.Equal(t, 1, strings.Count(got.stdout, "\nnot conformant: "), got.stdout)
	require.Equal(t, 2, strings.Count(got.stderr, "\nchanged: "+file+"\n"), "want one run for each change")
	require.Equal(t, 3, strings.Count(got.stderr, "watching "+folder+"; interrupt to end\n"))
	require.Contains(t, got.stderr, "requestSampel")
	require.Contains(t, got.stderr, "run: the fixtures cannot be used; fix the errors listed above\n")
	require.Equal(t, 1, strings.Count(got.stderr, "suite    fmaspec"), "want one header")
	require.Equal(t, int64(2), c.sent.Load())
}

func TestWatchSeesWhatIsRemovedAndWhatComes(t *testing.T) {
	c := newCounter(honest())
	defer c.Close()
	folder := t.TempDir()
	first, second := filepath.Join(folder, "accepts-mine.http"), filepath.Join(folder, "more", "accepts-more.http")
	require.NoError(t, os.WriteFile(first, []byte(watchedCase), 0o600))
	nothing := func() {}
	got := watched(t, folder, []string{tokenVariable + "=" + testToken}, []func(){
		func() {
			require.NoError(t, os.Mkdir(filepath.Dir(second), 0o700))
			more := strings.Replace(watchedCase, "of mine", "of more", 1)
			require.NoError(t, os.WriteFile(second, []byte(more), 0o600))
		}, nothing,
		func() { require.NoError(t, os.Remove(first)) }, nothing,
		func() { require.NoError(t, os.RemoveAll(filepath.Dir(second))) }, nothing,
	}, "-url", c.URL, "-q")
	require.Equal(t, exitMisuse, got.code, "want the exit code of a run without cases: %s", got.stderr)
	require.Contains(t, got.stdout, "2 cases: 2 passed")
	require.Equal(t, 2, strings.Count(got.stdout, "1 cases: 1 passed")+strings.Count(got.stdout, "1 case: 1 passed"))
}

func TestWatchEndsWhereNoFileMendsIt(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "accepts-mine.http"), []byte(watchedCase), 0o600))
	token := []string{tokenVariable + "=" + testToken}
	for _, row := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-url", "http://tenant.example"}, exitUnsafe, "run: -watch: http://tenant.example is not loopback, " +
			"and every saved file would send requests to it; watch against a server on this machine, or drop -watch\n"},
		{[]string{"-list"}, exitMisuse, "run: -watch: nothing would be sent; drop -list and -dry-run\n"},
		{[]string{"-duration", "1s"}, exitMisuse, "run: -watch repeats a run that ends; drop -duration and -generate " +
			"explore\n"},
		{[]string{"-baseline", "b", "-baseline-update"}, exitMisuse, "run: -watch: each run would rewrite the " +
			"baseline; drop -baseline-update\n"},
		{[]string{"-token-file", "-"}, exitMisuse, "run: -watch: standard input of -token-file can be read " +
			"only once; name a file\n"},
		{[]string{"-sign-key", "k"}, exitMisuse, "run: -watch: reports of a watched run are not signed, and " +
			"-retry-failed must name a file; drop -sign-key, or name the file\n"},
		{[]string{"-token-file", "nowhere"}, exitMisuse, "run: -token-file: no such file or directory; name a " +
			"readable file that contains only the token\n"},
	} {
		got := watched(t, folder, token, nil, row.args...)
		require.Equal(t, row.code, got.code, got.stderr)
		require.Equal(t, row.want, got.stderr)
	}
	got := call(t.Context(), token, "run", "-watch")
	require.Equal(t, exitMisuse, got.code)
	require.Equal(t, "run: -watch: no folder to watch; add -fixtures with a folder of .http files\n", got.stderr)
}

// The clock of a watched run is that of the machine, and an interrupt ends it at once.
func TestTheTimerEndsWithItsContext(t *testing.T) {
	require.NoError(t, timer(t.Context(), 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, timer(ctx, time.Hour), context.Canceled)
}
