//go:build unix && !aix && !solaris

package journal

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASecondRunIsKeptOut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	first := openAt(t, path)
	_, err := Open(path)
	require.EqualError(t, err, path+": the journal cannot be opened: another run is writing to it; wait until it "+
		"ends, or name another file")
	require.NoError(t, first.Close())
	second := openAt(t, path)
	require.NoError(t, second.Record(full()))
}

// Opening a pipe to write would wait for a reader.
func TestOpenDoesNotWaitAtAPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := Open(path)
	require.ErrorContains(t, err, "it is not a regular file")
}

func TestOpenSaysThatAFolderCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, syncFolder(filepath.Join(t.TempDir(), "none")), os.ErrNotExist)
}
