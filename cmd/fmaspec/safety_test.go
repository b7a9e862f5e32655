package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnATerminalItAsksBeforeSomethingTakesEffect(t *testing.T) {
	server := newCounter(honest())
	defer server.Close()
	t.Chdir(t.TempDir())
	args := []string{"run", "-url", "http://tenant.example", "-resolve", "tenant.example:80:" +
		server.Listener.Addr().String(),
		"-accept-risk", "requestSample", "-machine", "m1", "-sha1", "87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "-run",
		"^requestSample/valid/accepts-plain"}
	for _, row := range []struct {
		why, answer string
		more        []string
		code        int
		asks        bool
		nobody      bool // at a terminal
	}{
		{"yes", "yes\n", nil, exitConformant, true, false},
		{"YES without a line break", "YES", nil, exitConformant, true, false},
		{"no", "no\n", nil, exitUnsafe, true, false},
		{"a letter", "y\n", nil, exitUnsafe, true, false},
		{"nothing", "", nil, exitUnsafe, true, false},
		{"a long answer", strings.Repeat("yes ", 1000) + "\n", nil, exitUnsafe, true, false},
		{"answered beforehand", "", []string{"-yes"}, exitConformant, false, false},
		{"nothing takes effect", "", []string{"-dry-run"}, exitConformant, false, false},
		{"nobody, who says yes", "yes\n", nil, exitUnsafe, false, true},
		{"nobody, answered beforehand", "", []string{"-yes"}, exitConformant, false, true},
		{"nobody, and nothing takes effect", "", []string{"-dry-run"}, exitConformant, false, true},
	} {
		t.Run(row.why, func(t *testing.T) {
			server.sent.Store(0)
			in := strings.NewReader(row.answer)
			var stdout, stderr bytes.Buffer
			terminal := func(of any) (int, bool) { return 80, of == io.Reader(in) && !row.nobody }
			code := run(t.Context(), &env{slices.Concat(args, row.more), in, &stdout, &stderr,
				[]string{tokenVariable + "=" + testToken}, terminal})
			require.Equal(t, row.code, code, stderr.String())
			require.Equal(t, row.asks, strings.Contains(stderr.String(), "continue? (yes/no) "))
			if row.code == exitUnsafe {
				require.Zero(t, server.sent.Load())
				why := "run: nothing was sent, because the answer was not yes; pass -yes to skip the question"
				if row.nobody {
					why = "run: nothing was sent, because requests could take effect and there is no terminal to ask " +
						"on; pass -yes to continue, or -dry-run to see every request first"
				}
				require.Contains(t, stderr.String(), why)
			}
		})
	}
}

// mute is a terminal at which nobody answers until the test is over.
type mute struct{ over <-chan struct{} }

func (s mute) Read([]byte) (int, error) {
	<-s.over
	return 0, io.EOF
}

func TestAnInterruptEndsTheQuestion(t *testing.T) {
	server := newCounter(honest())
	defer server.Close()
	t.Chdir(t.TempDir())
	ctx, interrupt := context.WithCancel(t.Context())
	in := mute{t.Context().Done()}
	var stdout bytes.Buffer
	stderr := onText{text: "continue? (yes/no) ", call: interrupt}
	terminal := func(of any) (int, bool) { return 80, of == any(in) }
	code := run(ctx, &env{[]string{"run", "-url", "http://tenant.example", "-resolve", "tenant.example:80:" +
		server.Listener.Addr().String(),
		"-accept-risk", "requestSample", "-machine", "m1", "-sha1", "87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "-run",
		"^requestSample/valid/accepts-plain"},
		in, &stdout, &stderr, []string{tokenVariable + "=" + testToken}, terminal})
	require.Equal(t, exitUnjudged, code, stderr.String())
	require.Contains(t, stderr.String(), "run: interrupted before anything was sent")
	require.Zero(t, server.sent.Load())
}

// onText keeps what is written, and calls a function when a text has been.
type onText struct {
	bytes.Buffer
	text string
	call func()
}

func (w *onText) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.text) {
		w.call()
	}
	return n, err
}

// WriteString is Write, which [bytes.Buffer]'s own would go around.
func (w *onText) WriteString(text string) (int, error) { return w.Write([]byte(text)) }
