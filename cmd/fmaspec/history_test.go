package main

import (
	"path/filepath"
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
