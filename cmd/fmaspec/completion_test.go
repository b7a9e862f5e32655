package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// offers returns the kind of an answer, and its words.
func offers(t *testing.T, words ...string) (kind string, all []string) {
	t.Helper()
	got := call(t.Context(), nil, append([]string{"completion", "words", "--"}, words...)...)
	require.Equal(t, 0, got.code, got.stderr)
	lines := strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n")
	for _, line := range lines[1:] {
		word, _, _ := strings.Cut(line, "\t")
		all = append(all, word)
	}
	return lines[0], all
}

func TestCompletionOffersWhatFits(t *testing.T) {
	mine := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(mine, "accepts-mine.http"), []byte(watchedCase), 0o600))
	for _, row := range []struct {
		words []string
		kind  string
		want  []string // all words
	}{
		{[]string{"ru"}, "values", []string{"run"}},
		{[]string{"help", "ver"}, "values", []string{"verify", "version"}},
		{[]string{"run", "-fail"}, "values", []string{"-fail-fast"}},
		{[]string{"run", "--fail"}, "values", []string{"--fail-fast"}},
		{[]string{"run", "-level", ""}, "values", []string{"documented", "standard", "inferred"}},
		{[]string{"run", "-level=st"}, "values", []string{"-level=standard"}},
		{[]string{"run", "-strict", "-color", "a"}, "values", []string{"auto", "always"}},
		{[]string{"run", "-strict="}, "values", []string{"-strict=true", "-strict=false"}},
		{[]string{"run", "-generate", "e"}, "values", []string{"explore"}},
		{[]string{"run", "-report", "js"}, "parts", []string{"json="}},
		{[]string{"run", "-report", "json=o"}, "files json=", nil},
		{[]string{"run", "-report=json=o"}, "files -report=json=", nil},
		{[]string{"run", "-report=jun"}, "parts", []string{"-report=junit="}},
		{[]string{"run", "-ca", ""}, "files", nil},
		{[]string{"run", "-ca="}, "files -ca=", nil},
		{[]string{"run", "-fixtures", "m"}, "folders", nil},
		{[]string{"run", "-fixtures", "a,m"}, "folders a,", nil},
		{[]string{"run", "-accept-risk", "req"}, "values", []string{"requestSample"}},
		{[]string{"run", "-seed", ""}, "values", nil},
		{[]string{"run", "-fixtures", mine, "-run", "requestSample/accepts-m"}, "values",
			[]string{"requestSample/accepts-mine"}},
		{[]string{"run", "-fixtures=" + mine, "-run", "'requestSample/accepts-m"}, "values",
			[]string{"requestSample/accepts-mine"}},
		{[]string{"serve", "-fault", "drops-id,answers-one-i"}, "values", []string{"drops-id,answers-one-id"}},
		{[]string{"serve", "-variant", "reversed-m"}, "values", []string{"reversed-members"}},
		{[]string{"explain", "action.memb"}, "values", []string{"action.members"}},
		{[]string{"explain", "answers-one-i"}, "values", []string{"answers-one-id"}},
		{[]string{"explain", "requestSample/valid/accepts-plain-r"}, "values",
			[]string{"requestSample/valid/accepts-plain-request"}},
		{[]string{"list", "con"}, "values", []string{"contradictions"}},
		{[]string{"list", "cases", ""}, "values", nil},
		{[]string{"completion", ""}, "values", []string{"bash", "zsh", "fish", "powershell"}},
		{[]string{"verify", "r"}, "files", nil},
		{[]string{"verify", "--", "-r"}, "files", nil},
		{[]string{"lint", "a", "b"}, "folders", nil},
		{[]string{"run", "x"}, "values", nil},
		{[]string{"nothing", "-"}, "values", nil},
		{[]string{"version", "-"}, "values", nil},
	} {
		kind, got := offers(t, row.words...)
		require.Equal(t, row.kind, kind, "%q", row.words)
		require.Equal(t, row.want, got, "%q", row.words)
	}
	_, all := offers(t)
	require.Len(t, all, len(commands()))
	_, all = offers(t, "run", "-")
	set := flagSet(runCommand())
	runCommand().flags(set)
	n := 0
	set.VisitAll(func(*flag.Flag) { n++ })
	require.Len(t, all, n)
}

// A new flag, and a new command with operands, needs a row.
func TestEveryFlagAndOperandHasValues(t *testing.T) {
	for _, c := range commands() {
		set := flagSet(c)
		c.flags(set)
		set.VisitAll(func(f *flag.Flag) {
			if valuesOf(c, f).kind == "unknown" {
				operand, _ := flag.UnquoteUsage(f)
				t.Errorf("%s -%s %s: want a row in flagValues, got none", c.name, f.Name, operand)
			}
		})
		if rows := operandValues()[c.name]; (len(rows) > 0) != (c.operands != "") {
			t.Errorf("%s %s: want a row in operandValues exactly where there are operands", c.name, c.operands)
		}
	}
	require.Equal(t, "unknown", valuesOf(runCommand(), &flag.Flag{Name: "new", Usage: "a `NOVELTY`",
		Value: &list{}}).kind)
}

func TestCompletionWarnsOfNoVariable(t *testing.T) {
	environ := []string{"FMASPEC_UNKNOWN=1"}
	require.Empty(t, call(t.Context(), environ, "completion", "words", "--", "ru").stderr)
	require.Contains(t, call(t.Context(), environ, "version").stderr, "FMASPEC_UNKNOWN is not known")
}

func TestCompletionNamesItsShells(t *testing.T) {
	for _, s := range shells() {
		got := call(t.Context(), nil, "completion", s.name)
		require.Equal(t, 0, got.code)
		require.Contains(t, got.stdout, "fmaspec completion "+s.name)
		require.Contains(t, strings.Join(strings.Fields(helpOn(completionCommand())), " "),
			strings.Join(strings.Fields(s.install), " "))
	}
	got := call(t.Context(), nil, "completion", "bsh")
	require.Equal(t, exitMisuse, got.code)
	require.Equal(t, "completion: unknown shell \"bsh\" (did you mean \"bash\"?); name one of bash, zsh, fish, "+
		"powershell\n", got.stderr)
	require.Equal(t, "completion: no shell; name one of bash, zsh, fish, powershell\n",
		call(t.Context(), nil, "completion").stderr)
	require.Equal(t, "completion: unexpected argument \"zsh\"; name one shell\n",
		call(t.Context(), nil, "completion", "bash", "zsh").stderr)
}

// typed runs an interactive shell in a folder with a report, types lines into it, and returns what
// it showed. Each line is shown as the arguments that the shell made of it.
func typed(t *testing.T, start, shell string, lines ...string) string {
	t.Helper()
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("there is no script(1), which gives a shell a terminal")
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "results.json"), []byte("{}"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "cases-of-mine"), 0o700))
	input := start + "\n"
	for _, line := range lines {
		input += line + "\x01printf '<%s>' \x05\n"
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // of a shell that waits
	defer cancel()
	c := exec.CommandContext(ctx, "script", "-qfec", shell, "/dev/null")
	c.Dir, c.Stdin = folder, strings.NewReader(input+"exit\n")
	c.Env = append(os.Environ(), "TERM=xterm", "HOME="+folder, "COLUMNS=200")
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// shellLines are lines with a tab at the end of each word to complete, and the words that come of
// them.
func shellLines() map[string]string {
	return map[string]string{
		"fmaspec lin\t":                   "<lint>",
		"fmaspec run -fail-f\t":           "<-fail-fast>",
		"fmaspec run -level sta\t":        "<standard>",
		"fmaspec run -level=docu\t":       "<-level=documented>",
		"fmaspec explain answers-one-i\t": "<answers-one-id>",
		"fmaspec explain stopAndQuarantineFile/valid/accepts-plain-r\t": "<stopAndQuarantineFile/valid/" +
			"accepts-plain-request>",
		"fmaspec verify res\t":          "<results.json>",
		"fmaspec run -report=js\tres\t": "<-report=json=results.json>",
		"fmaspec run -report js\tres\t": "<json=results.json>",
		"fmaspec run -fixtures cas\t":   "<cases-of-mine", // with a slash or without
	}
}

func TestShellsCompleteWhatIsTyped(t *testing.T) {
	for _, row := range []struct{ name, start, shell string }{
		{"bash", "PS1=; source <(fmaspec completion bash)", "bash --norc --noprofile -i"},
		{"zsh", "autoload -U compinit; compinit -u -D; source <(fmaspec completion zsh)", "zsh -f -i"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("a shell takes seconds")
			}
			if _, err := exec.LookPath(row.name); err != nil {
				t.Skipf("%s is not installed", row.name)
			}
			var lines []string
			for line := range shellLines() {
				lines = append(lines, line)
			}
			out := typed(t, row.start, row.shell, lines...)
			for line, want := range shellLines() {
				require.Contains(t, out, want, "%q", line)
			}
		})
	}
}

func TestFishCompletes(t *testing.T) {
	if _, err := exec.LookPath("fish"); err != nil {
		t.Skip("fish is not installed")
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "results.json"), []byte("{}"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "cases-of-mine"), 0o700))
	for line, want := range map[string]string{
		"fmaspec lin":                   "lint",
		"fmaspec run -fail-f":           "-fail-fast",
		"fmaspec run -level sta":        "standard",
		"fmaspec run -level=docu":       "-level=documented",
		"fmaspec explain answers-one-i": "answers-one-id",
		"fmaspec verify res":            "results.json",
		"fmaspec run -report=json=res":  "-report=json=results.json",
		"fmaspec run -report js":        "json=",
		"fmaspec run -fixtures cas":     "cases-of-mine/",
		"fmaspec run -fixtures res":     "",
	} {
		c := exec.Command("fish", "--no-config", "-c", "fmaspec completion fish | source; complete -C $argv[1]", line)
		c.Dir, c.Env = folder, append(os.Environ(), "HOME="+folder)
		out, err := c.CombinedOutput()
		require.NoError(t, err, string(out))
		word, _, _ := strings.Cut(strings.TrimSuffix(string(out), "\n"), "\t")
		require.Equal(t, want, word, "%q", line)
	}
}

// The syntax of the script for PowerShell is checked where there is one.
func TestPowerShellReadsItsScript(t *testing.T) {
	if _, err := exec.LookPath("pwsh"); err != nil {
		t.Skip("pwsh is not installed")
	}
	out, err := exec.Command("pwsh", "-NoProfile", "-Command", "fmaspec completion powershell | Out-String | "+
		"Invoke-Expression; (TabExpansion2 'fmaspec run -fail-f' 19).CompletionMatches.CompletionText").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "-fail-fast", strings.TrimSpace(string(out)))
}
