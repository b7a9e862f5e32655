//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// An owned is a file with an owner.
type owned struct {
	fs.FileInfo
	mode  fs.FileMode
	owner uint32
}

func (o owned) Mode() fs.FileMode { return o.mode }
func (o owned) Sys() any          { return &syscall.Stat_t{Uid: o.owner} }

func TestASettingsFileThatAnotherUserMayHavePutThereIsNotRead(t *testing.T) {
	me := uint32(os.Geteuid())
	for _, row := range []struct {
		owner   uint32
		folder  fs.FileMode
		planted bool
		why     string
	}{
		{me, 0o777 | fs.ModeSticky, false, "my own"},
		{0, 0o777 | fs.ModeSticky, false, "of the administrator"},
		{me + 1, 0o777 | fs.ModeSticky, true, "of another user, in a folder of everybody"},
		{me + 1, 0o755, false, "of another user, in a folder of somebody: a checkout that a container uses"},
	} {
		require.Equal(t, row.planted, planted(owned{mode: 0o644, owner: row.owner}, owned{mode: row.folder}), row.why)
	}
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile(configName, nil, 0o644))
	require.NoError(t, os.Chmod(".", 0o777))
	if err := os.Chown(configName, int(me)+1, -1); err != nil {
		t.Skip("only an administrator can give a file away")
	}
	got := call(t.Context(), nil, "run")
	require.Equal(t, exitMisuse, got.code)
	require.Equal(t, "run: fmaspec.yaml: another user owns it, and anybody may write to its folder, so it is not "+
		"read; pass -config with its name to use it, or -config none\n", got.stderr)
}
