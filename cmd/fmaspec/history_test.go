package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunsThatStartTogetherHaveFilesOfTheirOwnInAHistory(t *testing.T) {
	t.Parallel()
	stem := filepath.Join(t.TempDir(), "20261130T000000.000Z")
	var wait sync.WaitGroup
	names := make([]string, 20)
	for i := range names {
		wait.Go(func() { names[i], _ = reserve(stem) })
	}
	wait.Wait()
	seen := map[string]bool{}
	for _, name := range names {
		require.NotEmpty(t, name)
		require.False(t, seen[name], name)
		seen[name] = true
	}
	_, err := reserve(filepath.Join(stem, "none"))
	require.Error(t, err)
}

func TestTheLastReportsOfAHistoryAreReadHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	const all = 2*historyNames + 50
	for i := range all {
		require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d.json", i)), nil, 0o644))
	}
	names, more, err := reportNames(folder)
	require.NoError(t, err)
	require.Equal(t, all-historyFiles, more)
	require.Equal(t, fmt.Sprintf("%05d.json", all-historyFiles), names[0])
	require.Equal(t, fmt.Sprintf("%05d.json", all-1), names[historyFiles-1])
}

func TestNamesOfFilesInAHistoryAddNoLines(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a\n::error::b\x1b[31m.json"), nil, 0o644); err != nil {
		t.Skipf("a name with a line feed: %v", err)
	}
	var b bytes.Buffer
	require.NoError(t, (&historyFlags{folder: folder}).read(&env{stderr: &b}, false))
	require.Equal(t, 1, strings.Count(b.String(), "\n"), b.String())
	require.NotContains(t, b.String(), "\x1b")

	b.Reset()
	_, err := (&renderFlags{}).sitePasts(&env{stderr: &b}, []string{folder})
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(b.String(), "\n"), b.String())
}
