package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
)

// fifo makes a named pipe: fifo FILE
func fifo(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(exec.Command("mkfifo", ts.MkAbs(args[0])).Run())
}

// rewrite replaces the content of a file.
func rewrite(ts *testscript.TestScript, file string, by func([]byte) []byte) {
	ts.Check(os.WriteFile(ts.MkAbs(file), by([]byte(ts.ReadFile(file))), 0o644))
}

// wide writes files in UTF-16 as PowerShell does: utf16 FILE…
func wide(ts *testscript.TestScript, _ bool, files []string) {
	for _, file := range files {
		rewrite(ts, file, func(data []byte) []byte { return inUTF16(strings.TrimPrefix(string(data), "\ufeff")) })
	}
}

// inUTF16 is a text in UTF-16 with its mark, the low byte first.
func inUTF16(text string) []byte {
	out := []byte{0xFF, 0xFE}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

// marked has files begin with the mark of UTF-8 and end their lines in CRLF, as
// Notepad does: bom FILE…
func marked(ts *testscript.TestScript, _ bool, files []string) {
	for _, file := range files {
		rewrite(ts, file, func(data []byte) []byte {
			text := strings.ReplaceAll(string(bytes.TrimPrefix(data, []byte("\ufeff"))), "\r\n", "\n")
			return []byte("\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"))
		})
	}
}

// full runs a command whose standard output is a full disk, and wants the exit code
// and the message that all have for it: full ARGS…
func full(ts *testscript.TestScript, _ bool, args []string) {
	disk, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	ts.Check(err)
	defer disk.Close()
	var stderr bytes.Buffer
	e := &env{args: args, stdin: strings.NewReader(""), stdout: disk, stderr: &stderr,
		environ: []string{tokenVariable + "=" + testToken}, terminal: func(any) (int, bool) { return 0, false }}
	for i, arg := range args {
		if arg == "mine" {
			args[i] = ts.MkAbs(arg)
		}
	}
	if code := run(context.Background(), e); code != exitUnjudged {
		ts.Fatalf("fmaspec %v: want exit code %d, got %d", args, exitUnjudged, code)
	}
	if text := stderr.String(); !strings.Contains(text, ": stdout: ") || !strings.Contains(text, " not written: ") {
		ts.Fatalf("fmaspec %v: want a message on what was not written, got %q", args, text)
	}
}
