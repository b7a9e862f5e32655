package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/journal"
)

// journalFile writes a journal of lines that hold what a row says of its one
// request, and returns its path.
func journalFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "j")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return path
}

const journalLine = `{"event":"answered","time":"2018-01-19T12:00:00Z","run":"first","number":1,"case":"forgetFile/x","step":0,"operation":"forgetFile","target":"https://tenant.example","machine":"m1","sha1":"","status":201}`

func TestJournalTellsOfAnOperationThatNobodyCanUndo(t *testing.T) {
	got := call(t.Context(), nil, "journal", journalFile(t, journalLine))
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, `caused: the target accepted it
  2018-01-19 12:00:00 UTC  forgetFile
  machine     m1
  target      https://tenant.example
  case        forgetFile/x#0, request 1 of run first
  answer      201

to undo forgetFile
  the OpenAPI document does not describe it
  machine m1

1 request that could take effect: 0 unknown, 1 caused, 0 refused, 0 unsent
`, got.stdout)
}

func TestAnEmptyJournalIsNoError(t *testing.T) {
	path := journalFile(t)
	require.NoError(t, os.Truncate(path, 0))
	got := call(t.Context(), nil, "journal", path)
	require.Equal(t, result{0, "0 requests that could take effect: 0 unknown, 0 caused, 0 refused, 0 unsent\n", ""},
		got)
	got = call(t.Context(), nil, "journal", "-json", path)
	require.Equal(t, result{0, "[]\n", ""}, got)
}

// An author of the file, or a server, must not reach the terminal.
func TestJournalShowsWhatATerminalWouldObey(t *testing.T) {
	const hostile = `\u001b[2J\u202e\u009b\udb40\udc41x\n  machine m9\r`
	line := journalLine
	for _, name := range []string{"first", "forgetFile/x", "forgetFile", "https://tenant.example", "m1"} {
		line = strings.Replace(line, `"`+name+`"`, `"`+hostile+`"`, 1)
	}
	line = strings.Replace(line, `"status":201`, `"status":201,"action":"`+hostile+`","error":"`+hostile+`"`, 1)
	require.Equal(t, 7, strings.Count(line, hostile))
	twice := `{"\u001b[2J":1,"\u001b[2J":2}`
	for _, args := range [][]string{nil, {"-json"}} {
		got := call(t.Context(), nil, append([]string{"journal", journalFile(t, line, twice)}, args...)...)
		require.Equal(t, exitMisuse, got.code, "the second line is none")
		require.NotEmpty(t, got.stdout)
		for _, text := range []string{got.stdout, got.stderr} {
			if at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); at >= 0 {
				t.Errorf("%q: want characters that show, got %q", args, text[at:min(len(text), at+20)])
			}
			if strings.Contains(text, "\n  machine m9") {
				t.Errorf("%q: want no line that the file made up, got %s", args, text)
			}
		}
		if args == nil {
			continue
		}
		var actions []journal.Action
		require.NoError(t, json.Unmarshal([]byte(got.stdout), &actions))
		require.Len(t, actions, 1)
		require.Equal(t, "\x1b[2J\u202e\u009b\U000e0041x\n  machine m9\r", actions[0].ID,
			"a program gets what the file holds")
	}
}

func TestJournalTellsThatStdoutCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{"journal"}, {"journal", "-json"}} {
		var stderr bytes.Buffer
		args = append(args, journalFile(t, journalLine))
		code := run(t.Context(), &env{args, strings.NewReader(""), failingWriter{}, &stderr, nil, noTerminal})
		require.Equal(t, exitUnjudged, code)
		require.Contains(t, stderr.String(), "journal: stdout: the list was not written: ")
	}
}

func TestJournalTellsThatAFolderIsNone(t *testing.T) {
	dir := t.TempDir()
	got := call(t.Context(), nil, "journal", dir)
	require.Equal(t, exitMisuse, got.code)
	require.Contains(t, got.stderr, dir+":1: is a directory; name a file that can be read")
}
