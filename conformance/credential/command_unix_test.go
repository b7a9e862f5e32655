//go:build unix

package credential

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// from is the place that the tests' tokens come from.
const from = "-token-command"

func clock() time.Time { return time.Unix(1500000000, 0) }

func TestCommandTakesWhatALinePrints(t *testing.T) {
	for _, row := range []struct {
		line string
		want Token
		why  string
	}{
		{"echo abc", Token{Value: "abc", From: from}, "the bare token"},
		{`printf '{"access_token":"%s","expires_in":60}' "$NAME"`,
			Token{Value: "of-name", Expiry: clock().Add(time.Minute), From: from}, "a line of a shell, with its " +
				"variables"},
		{"echo warning >&2; echo abc", Token{Value: "abc", From: from}, "what it says besides does not matter"},
		{"cat; echo abc", Token{Value: "abc", From: from}, "there is nothing to read"},
	} {
		got, err := Command(row.line, from, []string{"NAME=of-name", "PATH=" + os.Getenv("PATH")}, clock)(t.Context())
		require.NoError(t, err, row.why)
		if got.Value != row.want.Value || !got.Expiry.Equal(row.want.Expiry) || got.From != row.want.From {
			t.Errorf("want %#v, got %#v: %s", row.want, got, row.why)
		}
	}
}

func TestWhatACommandLeavesBehindIsNotWaitedFor(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	s := shell{"(read line <'" + fifo + "') & echo abc", from, nil, clock, commandLimit, time.Millisecond}
	got, err := s.token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "abc", got.Value)
	left, err := os.OpenFile(fifo, os.O_WRONLY, 0) // which waits for the reader, so it still lives
	require.NoError(t, err)
	require.NoError(t, left.Close())
}

func TestACommandSeesTheGivenVariablesAlone(t *testing.T) {
	t.Setenv("FMASPEC_OF_THE_PROCESS", "abc")
	_, err := Command(`echo "$FMASPEC_OF_THE_PROCESS"`, from, nil, clock)(t.Context())
	require.EqualError(t, err, "-token-command: the command printed nothing; let it print the token")
}

func TestCommandSaysWhyThereIsNoToken(t *testing.T) {
	jwt := made(`{"alg":"none"}`, `{}`)
	for _, row := range []struct{ line, want, why string }{
		{"echo please log in >&2; exit 3", "-token-command: the command ended with exit status 3, saying: please log " +
			"in; run it in a shell and correct it", "a code, and words"},
		{"exit 3", "-token-command: the command ended with exit status 3; run it in a shell and correct it",
			"a code alone"},
		{"kill -9 $$", "-token-command: the command ended with signal: killed; run it in a shell and correct it",
			"a signal"},
		{"echo " + jwt + "; echo had secret-77-x, " + jwt + " >&2; exit 1", "-token-command: the command ended with " +
			"exit status 1, saying: had secret-77-x, ***; run it in a shell and correct it",
			"no token in what it says"},
		{"echo secret-77; echo got secret-77 >&2; exit 1", "-token-command: the command ended with exit status 1, " +
			"saying: got ***; run it in a shell and correct it", "nor what it printed"},
		{"echo try again >&2", "-token-command: the command printed nothing; let it print the token, saying: try again",
			"nothing"},
		{"echo two words", "-token-command: the command printed a blank, a line break or another character that is " +
			"not allowed in a bearer token; let it print only the token", "too many words"},
		{"yes", "-token-command: the command printed more than 64 KiB; let it print only the token",
			"too much, without an end"},
	} {
		_, err := Command(row.line, from, []string{"PATH=" + os.Getenv("PATH")}, clock)(t.Context())
		if err == nil || err.Error() != row.want {
			t.Errorf("%s: want %q, got %v", row.why, row.want, err)
		}
	}
}

func TestALineIsNoPartOfAnError(t *testing.T) {
	_, err := Command("echo secret-77 | false", from, nil, clock)(t.Context())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret-77")
}

func TestWithoutAShellThereIsNoCommand(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Command("echo abc", from, nil, clock)(t.Context())
	require.ErrorContains(t, err, "-token-command: the shell that runs the command cannot be started: ")
}

// waiting returns a line whose shell and whose child wait for long, and what ends
// when both are gone: both hold the writing end of a pipe.
func waiting(t *testing.T) (line string, begun func() io.ReadCloser) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	return "exec 9>'" + fifo + "'; echo to whom >&2; sleep 600 & sleep 600; wait", func() io.ReadCloser {
		f, err := os.Open(fifo) // once the shell has opened it too
		require.NoError(t, err)
		return f
	}
}

func TestACommandAndItsChildrenEndWithTheContext(t *testing.T) {
	line, begun := waiting(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Command(line, from, []string{"PATH=" + os.Getenv("PATH")}, clock)(ctx)
		ended <- err
	}()
	pipe := begun()
	defer pipe.Close()
	cancel()
	require.EqualError(t, <-ended, "-token-command: the command was stopped: context canceled; run it again")
	rest, err := io.ReadAll(pipe)
	require.NoError(t, err)
	require.Empty(t, rest)
}

func TestACommandEndsInTime(t *testing.T) {
	line, begun := waiting(t)
	gone := make(chan error, 1)
	go func() {
		pipe := begun()
		defer pipe.Close()
		_, err := io.ReadAll(pipe)
		gone <- err
	}()
	s := shell{line, from, []string{"PATH=" + os.Getenv("PATH")}, clock, 200 * time.Millisecond, time.Minute}
	_, err := s.token(t.Context())
	require.ErrorContains(t, err, "-token-command: the command did not end within 200ms")
	require.True(t, strings.HasSuffix(err.Error(), "; run it in a shell to see why it waits"), err)
	require.NoError(t, <-gone)
}
