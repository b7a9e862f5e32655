package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestManualPagesHaveWhatHelpHas(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "man1")
	got := call(t.Context(), nil, "man", "-o", folder)
	require.Equal(t, 0, got.code, got.stderr)
	require.Empty(t, got.stdout)
	files, err := filepath.Glob(folder + "/*")
	require.NoError(t, err)
	require.Len(t, files, len(commands())+1)
	for _, c := range commands() {
		page := call(t.Context(), nil, "man", c.name)
		require.Equal(t, 0, page.code, page.stderr)
		written, err := os.ReadFile(filepath.Join(folder, "fmaspec-"+c.name+".1"))
		require.NoError(t, err)
		require.Equal(t, string(written), page.stdout)
		set := flagSet(c)
		c.flags(set)
		set.VisitAll(func(f *flag.Flag) {
			require.Contains(t, page.stdout, "\n\\fB"+(&roff{}).escaped("-"+f.Name)+`\fR`)
			require.Contains(t, page.stdout, "("+variable(f.Name)+")")
		})
		for _, example := range c.examples {
			require.Contains(t, page.stdout, (&roff{}).escaped(example))
		}
	}
	overall := call(t.Context(), nil, "man")
	require.Regexp(t, `(?m)^\.TH "FMASPEC" "1" "[0-9]{4}-[0-9]{2}-[0-9]{2}" `, overall.stdout)
	for _, want := range []string{".TH \"FMASPEC\" \"1\" ", "\n.SH \"ENVIRONMENT\"\n", "\n.SH \"EXIT STATUS\"\n",
		"fmaspec\\-run(1)"} {
		require.Contains(t, overall.stdout, want)
	}
}

func TestManualPagesAreSoundRoff(t *testing.T) {
	macros := []string{".TH ", ".SH ", ".PP", ".TP", ".RS ", ".RE", ".nf", ".fi"}
	for _, c := range append(commands(), command{}) {
		text := manual().String()
		if c.name != "" {
			text = manualOf(c).String()
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "'") {
				t.Errorf("%s: want no line that begins with ', got %q", c.name, line)
			}
			if strings.HasPrefix(line, ".") {
				known := false
				for _, m := range macros {
					known = known || strings.HasPrefix(line, m)
				}
				require.True(t, known, "%s: %q", c.name, line)
			}
		}
	}
	require.Equal(t, `\&.x\-y \e \(aq`, (&roff{}).escaped(`.x-y \ '`))
}

func TestMandocFindsNothingInManualPages(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Skip("mandoc is not installed")
	}
	folder := t.TempDir()
	require.Equal(t, 0, call(t.Context(), nil, "man", "-o", folder).code)
	files, err := filepath.Glob(folder + "/*")
	require.NoError(t, err)
	for _, file := range files {
		out, _ := exec.Command("mandoc", "-T", "lint", "-W", "warning", file).CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if !strings.Contains(line, "missing date") { // a test binary does not know its commit
				t.Errorf("%s", line)
			}
		}
	}
	bad := filepath.Join(folder, "bad.1")
	require.NoError(t, os.WriteFile(bad, []byte(".TH X 1\n.SH NAME\n.PP\nx\n.RE\n"), 0o600))
	out, err := exec.Command("mandoc", "-T", "lint", "-W", "warning", bad).CombinedOutput()
	require.Error(t, err, string(out))
}

func TestManRefusesWhatItCannotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"man", "rum"}, `man: unknown command "rum" (did you mean "run"?); commands are `},
		{[]string{"man", "run", "list"}, "man: unexpected argument \"list\"; name one command\n"},
		{[]string{"man", "-o", "x", "run"}, "man: unexpected argument \"run\"; -o writes the pages of all commands\n"},
		{[]string{"man", "-o", file}, "man: -o " + file + ": not a directory; name a folder that can be written to\n"},
	} {
		got := call(t.Context(), nil, row.args...)
		require.Equal(t, exitMisuse, got.code, got.stderr)
		require.Contains(t, got.stderr, row.want)
	}
}
