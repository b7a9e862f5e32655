package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a settings file holds, it is read without a panic, and each problem has a line of it.
func FuzzSettings(f *testing.F) {
	text, err := starterSettings()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(text), "a: [1\nb: *x\n", "profiles:\n  a:\n    url: http://a\n", "- a\n", "\t",
		"rules:\n  a: {statuses: [400], reason: b}\n", "? a\n: b\n", "<<: {a: 1}\n", "a: |\n x\n", "\xff\xfea\x00",
		"---\n---\n", "header: ['Authorization: x']\n", "'\n'", "[{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, problems := parseSettings(configName, []byte(text))
		for _, p := range problems {
			if p.line < 1 || p.line > strings.Count(text, "\n")+2 || p.text == "" {
				t.Errorf("want a problem at a line of the file, got %+v", p)
			}
		}
	})
}

func TestAFileOfErrorsIsBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), configName)
	for line, want := range map[string]int{"x\n": mostProblems + 1, "a: [\n": mostProblems + 1,
		"parallel: x\n": mostProblems + 1} {
		text := strings.Repeat(line, 2*mostProblems)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		f, problems, err := loadSettings(file)
		require.NoError(t, err)
		err = f.errorOf(problems)
		require.ErrorContains(t, err, configName+":1: ")
		require.LessOrEqual(t, strings.Count(err.Error(), "\n")+1, want)
	}
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("# nothing\n", configLimit)), 0o644))
	_, _, err := loadSettings(file)
	require.ErrorContains(t, err, "longer than 64 KiB, so it is no settings file; name a readable file with -config")
}
