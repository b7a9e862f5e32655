package arch

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/fixtures"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// checkout commits what the contract and the cases are made of, with a
// .gitattributes, and returns the folder of a clone as Windows has it by default.
func checkout(t *testing.T, attributes []byte) string {
	t.Helper()
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = from
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "git %v: %s", args, out)
	}
	for name, fsys := range parts() {
		require.NoError(t, os.CopyFS(filepath.Join(from, name), fsys))
	}
	if attributes != nil {
		require.NoError(t, os.WriteFile(filepath.Join(from, ".gitattributes"), attributes, 0o644))
	}
	git("init", "-q", "-b", "main")
	git("add", "-A")
	git("commit", "-q", "-m", "all")
	git("clone", "-q", "-c", "core.autocrlf=true", from, to)
	return to
}

// parts are the folders over which the hashes of contract and fixtures go.
func parts() map[string]fs.FS {
	return map[string]fs.FS{"fixtures": fixtures.FS(), "schemas": schemas.FS(), "openapi": openapi.FS()}
}

// changed counts the files that a checkout has with other bytes.
func changed(t *testing.T, folder string) (n int) {
	t.Helper()
	for name, fsys := range parts() {
		require.NoError(t, fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			want, err := fs.ReadFile(fsys, path)
			require.NoError(t, err)
			got, err := os.ReadFile(filepath.Join(folder, name, filepath.FromSlash(path)))
			require.NoError(t, err)
			if !bytes.Equal(want, got) {
				n++
			}
			return nil
		}))
	}
	return n
}

func TestACheckoutOnWindowsHasTheSameBytes(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here to check out with")
	}
	attributes, err := os.ReadFile("../../../.gitattributes")
	require.NoError(t, err)
	if n := changed(t, checkout(t, attributes)); n > 0 {
		t.Errorf("want the same bytes in a checkout with core.autocrlf=true, got %d files with others", n)
	}
	if changed(t, checkout(t, nil)) == 0 {
		t.Error("want core.autocrlf=true to change files where there is no .gitattributes, or this test shows nothing")
	}
}
