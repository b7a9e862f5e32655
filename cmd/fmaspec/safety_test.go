package main

import (
	"bytes"
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
	args := []string{"run", "-url", "http://tenant.example", "-resolve", "tenant.example:80:" + server.Listener.Addr().String(),
		"-accept-risk", "requestSample", "-machine", "m1", "-sha1", "87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "-run", "^requestSample/valid/accepts-plain"}
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
			code := run(t.Context(), &env{slices.Concat(args, row.more), in, &stdout, &stderr, []string{tokenVariable + "=" + testToken}, terminal})
			require.Equal(t, row.code, code, stderr.String())
			require.Equal(t, row.asks, strings.Contains(stderr.String(), "go on? (yes/no) "))
			if row.code == exitUnsafe {
				require.Zero(t, server.sent.Load())
				why := "run: nothing was sent, for the answer was not yes; -yes answers beforehand"
				if row.nobody {
					why = "run: nothing was sent, for it could take effect and nobody is at a terminal to be asked; pass -yes to go on, or -dry-run to look at every request first"
				}
				require.Contains(t, stderr.String(), why)
			}
		})
	}
}
