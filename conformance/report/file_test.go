package report_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

func TestWriteFileWritesAndReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	format, err := report.Find("json")
	require.NoError(t, err)
	want := render(t, "json", sample(), report.Style{})

	require.NoError(t, report.WriteFile(path, format, sample()))
	assertFile(t, path, want, 0o644)

	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, report.WriteFile(path, format, sample()))
	assertFile(t, path, want, 0o600) // a file that others may not read stays so
	assertAlone(t, path)
}

func assertFile(t *testing.T, path, want string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	if string(got) != want {
		t.Errorf("%s: want %d bytes of the report, got %d others", path, len(want), len(got))
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	if info.Mode().Perm() != mode {
		t.Errorf("%s: want mode %o, got %o", path, mode, info.Mode().Perm())
	}
}

// assertAlone sees that no half-written file was left next to the report.
func assertAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	if len(entries) != 1 {
		t.Errorf("want the report alone in its folder, got %v", entries)
	}
}

func TestWriteFileLeavesTheOldFileWhenWritingFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.txt")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o644))
	half := report.Format{Name: "half", Write: func(w io.Writer, _ *record.Report, _ report.Style) error {
		_, err := io.WriteString(w, strings.Repeat("half of it ", 1000))
		return errors.Join(err, errFull)
	}}
	err := report.WriteFile(path, half, sample())
	if !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), path+": the half report was not written: ") {
		t.Errorf("want an error that names the path and the cause, got %v", err)
	}
	assertFile(t, path, "old", 0o644)
	assertAlone(t, path)
}

func TestWriteFileNamesAPathThatCannotBe(t *testing.T) {
	format, err := report.Find("junit")
	require.NoError(t, err)
	folder := t.TempDir()
	for _, path := range []string{filepath.Join(folder, "none", "report.xml"), folder} {
		if err := report.WriteFile(path, format, sample()); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: want an error that names it, got %v", path, err)
		}
	}
}

func TestWriteFileFollowsLinks(t *testing.T) {
	folder := t.TempDir()
	format, err := report.Find("console")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "real"), 0o755))
	target, link := filepath.Join(folder, "real", "report.txt"), filepath.Join(folder, "link.txt")
	require.NoError(t, os.WriteFile(target, []byte("old"), 0o644))
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, report.WriteFile(link, format, sample()))
	assertFile(t, target, render(t, "console", sample(), report.Style{}), 0o644)
	info, err := os.Lstat(link)
	require.NoError(t, err)
	if info.Mode()&os.ModeSymlink == 0 {
		t.Error("want the link to stay a link, got a file")
	}
}
