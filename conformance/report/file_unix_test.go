//go:build unix

package report_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/report"
)

// A pipe stands in for every file that must not be replaced by a regular one,
// /dev/null among them.
func TestWriteFileWritesIntoAPipeAndLeavesItOne(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	format, err := report.Find("console")
	require.NoError(t, err)

	type result struct {
		text []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := os.ReadFile(pipe)
		read <- result{text, err}
	}()
	require.NoError(t, report.WriteFile(pipe, format, sample()))
	info, err := os.Lstat(pipe)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeNamedPipe, "want the pipe to stay one, got %v", info.Mode())
	got := <-read
	require.NoError(t, got.err)
	if want := render(t, "console", sample(), report.Style{}); string(got.text) != want {
		t.Errorf("want the report through the pipe, got %q", got.text)
	}
}
