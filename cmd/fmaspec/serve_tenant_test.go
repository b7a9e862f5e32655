package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rehearse plays a tenant in a folder, and returns the variables that it printed.
func rehearse(t *testing.T, args ...string) (s *serving, folder string, environ []string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "a tenant")
	s = serve(t, []string{tokenVariable + "=meant-for-another-command"}, append([]string{"-listen", "127.0.0.1:0",
		"-tenant", "-tenant-folder", folder}, args...)...)
	require.Regexp(t, `^https://127\.0\.0\.1:[1-9][0-9]*$`, s.url)
	for _, entry := range s.exports() {
		environ = append(environ, strings.ReplaceAll(entry, "'", ""))
	}
	require.Len(t, environ, 12)
	return s, folder, environ
}

const rehearsedFile = "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"

func TestATenantIsRehearsedAsARealOneIsRun(t *testing.T) {
	s, folder, environ := rehearse(t)
	journal := filepath.Join(t.TempDir(), "journal.ndjson")
	armed := []string{"run", "-q", "-accept-risk", "requestSample", "-sha1", rehearsedFile, "-max-actions", "2",
		"-journal", journal, "-parallel", "1", "-run", "^requestSample/(auth|valid|body)/"}
	reading := []string{"-client-id", readingClient, "-client-secret-file", filepath.Join(folder,
		"reading-client-secret")}
	for _, row := range []struct {
		why  string
		args []string
		code int
		want string
	}{
		{"what is obtained is shown", []string{"auth", "check"}, exitConformant,
			"  roles       SecurityActions.ReadWrite.All\n"},
		{"nothing is armed", []string{"run", "-q"}, exitUnjudged,
			"could not judge: https://graph.contoso.example: no request that could take effect was sent"},
		{"the machine is not named", armed, exitUnsafe, "-machine"},
		{"without a terminal, -yes is", append(armed, "-machine", labMachine), exitUnsafe, "pass -yes to continue"},
		{"the machine is not known", append(armed, "-yes", "-machine", strings.Repeat("5", 40)), exitNotConformant,
			"not conformant: https://graph.contoso.example"},
		{"the client may not act", append(append(armed, "-yes", "-machine", labMachine), reading...), exitUnjudged,
			"the token was refused (403) wherever a request is to be accepted"},
		{"the machine is offline", append(armed, "-yes", "-machine", offlineMachine), exitConformant,
			"conformant: https://graph.contoso.example"},
		{"all is armed", append(armed, "-yes", "-machine", labMachine), exitConformant,
			"conformant: https://graph.contoso.example"},
	} {
		got := call(t.Context(), environ, row.args...)
		require.Equal(t, row.code, got.code, "%s: %s%s", row.why, got.stdout, got.stderr)
		require.Contains(t, got.stdout+got.stderr, row.want, row.why)
	}
	shown := call(t.Context(), nil, "journal", journal)
	require.Contains(t, shown.stdout, "  machine     "+labMachine+"\n")
	require.Equal(t, 0, s.stop())
	log := s.stderr.String()
	for _, want := range []string{"\nPOST /contoso.example/oauth2/v2.0/token 200\n",
		"\nPOST /testwdatppreview/machines/" + labMachine + "/requestSample 201\n",
		"\nPOST /testwdatppreview/machines/" + labMachine + "/requestSample 403\n", " 429\n"} {
		require.Contains(t, log, want)
	}
	require.NotContains(t, log, "eyJ", "no token is printed")
}

func TestATenantOnThisMachineNeedsNoArming(t *testing.T) {
	s, _, environ := rehearse(t, "-q")
	got := call(t.Context(), append(environ, variable("url")+"="+s.url), "run", "-q", "-run", "/valid/")
	require.Equal(t, exitConformant, got.code, "%s%s", got.stdout, got.stderr)
}

func TestTheFilesOfATenantAreItsOwnersAlone(t *testing.T) {
	s, folder, _ := rehearse(t, "-q")
	require.Equal(t, 0, s.stop())
	names := []string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			names = append(names, d.Name())
		}
		if runtime.GOOS != "windows" { // which has no such modes
			require.Equal(t, want, info.Mode().Perm(), path)
		}
		return nil
	}))
	require.Equal(t, []string{"ca.pem", "client-secret", "expired-token", "global-admin-token",
		"reading-client-secret", "security-admin-token", "unprivileged-token"}, names)

	secret, err := os.ReadFile(filepath.Join(folder, "client-secret"))
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Join(folder, "client-secret"), 0o644))
	again := serve(t, nil, "-listen", "127.0.0.1:0", "-q", "-tenant", "-tenant-folder", folder)
	require.Equal(t, 0, again.stop())
	fresh, err := os.ReadFile(filepath.Join(folder, "client-secret"))
	require.NoError(t, err)
	require.NotEqual(t, string(secret), string(fresh), "each start makes new secrets")
	if info, err := os.Stat(filepath.Join(folder, "client-secret")); runtime.GOOS != "windows" {
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), "whatever the mode was before")
	}
}

func TestATenantThatGetsNoPortLeavesTheFilesOfTheOther(t *testing.T) {
	s, folder, _ := rehearse(t, "-q")
	secret := filepath.Join(folder, "client-secret")
	before, err := os.ReadFile(secret)
	require.NoError(t, err)
	got := call(t.Context(), nil, "serve", "-tenant", "-tenant-folder", folder, "-listen",
		strings.TrimPrefix(s.url, "https://"))
	require.Equal(t, exitMisuse, got.code)
	require.Contains(t, got.stderr, "; give a free address such as 127.0.0.1:0\n")
	after, err := os.ReadFile(secret)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestATenantLeavesTheFilesOfOneThatRuns(t *testing.T) {
	s, folder, _ := rehearse(t, "-q")
	secret := filepath.Join(folder, "client-secret")
	before, err := os.ReadFile(secret)
	require.NoError(t, err)
	second := []string{"serve", "-q", "-tenant", "-tenant-folder", folder, "-listen", "127.0.0.1:0"}
	got := call(t.Context(), nil, second...)
	require.Equal(t, exitMisuse, got.code)
	require.Equal(t, "serve: -tenant-folder "+folder+": it has the files of a tenant that runs at "+
		strings.TrimPrefix(s.url, "https://")+"; stop that one first, or name another folder\n", got.stderr)
	after, err := os.ReadFile(secret)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))

	// One that was killed leaves its address, which is somebody else's by now.
	require.Equal(t, 0, s.stop())
	other, _, _ := rehearse(t, "-q")
	require.NoError(t, os.WriteFile(filepath.Join(folder, addressFile),
		[]byte(strings.TrimPrefix(other.url, "https://")), 0o600))
	again := serve(t, nil, second[1:]...)
	require.Equal(t, 0, again.stop())
}

func TestATenantThatCannotBePlayedSaysWhy(t *testing.T) {
	mine := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(mine, "client-secret"), []byte("mine"), 0o600))
	foreign := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "ca.pem"), []byte("-----BEGIN CERTIFICATE-----"), 0o600))
	file := filepath.Join(mine, "client-secret")
	if runtime.GOOS != "windows" {
		open := t.TempDir()
		require.NoError(t, os.Chmod(open, 0o777))
		got := call(t.Context(), nil, "serve", "-listen", "127.0.0.1:0", "-tenant", "-tenant-folder", open)
		require.Equal(t, exitMisuse, got.code, "%s", got.stderr)
		require.Equal(t, "serve: -tenant-folder "+open+": any user may write into it, and so replace its secrets; run "+
			"chmod o-w on it, or name a folder that does not exist yet\n", got.stderr)
	}
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"-tenant-folder", "x"}, "serve: -tenant-folder: no tenant is played; add -tenant\n"},
		{[]string{"-tenant", "-tenant-folder", ""}, "serve: -tenant-folder: no folder; name one that does " +
			"not exist yet\n"},
		{[]string{"-tenant", "-token-file", "x"}, "serve: -token-file: a tenant issues its own tokens; drop it, or " +
			"-tenant\n"},
		{[]string{"-tenant", "-unknown-machine", "x"}, "serve: -unknown-machine: of the machines of a tenant, those " +
			"that it prints are known and all others are not; drop it, or -tenant\n"},
		{[]string{"-tenant", "-tenant-folder", mine}, "serve: -tenant-folder " + mine + ": it holds files that no " +
			"earlier start wrote; name a folder that does not exist yet\n"},
		{[]string{"-tenant", "-tenant-folder", foreign}, "serve: -tenant-folder " + foreign + ": it holds files that " +
			"no earlier start wrote; name a folder that does not exist yet\n"},
		{[]string{"-tenant", "-tenant-folder", file}, "serve: -tenant-folder " + file + ": it is a file; name a " +
			"folder that does not exist yet\n"},
	} {
		got := call(t.Context(), nil, append([]string{"serve", "-listen", "127.0.0.1:0"}, row.args...)...)
		require.Equal(t, exitMisuse, got.code, "%s", got.stderr)
		require.Equal(t, row.want, got.stderr)
	}
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "mine", string(kept), "nobody's secret is overwritten")
}
