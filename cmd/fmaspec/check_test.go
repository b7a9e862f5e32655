package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAReportOfACheckReplacesNoFileThatItReads(t *testing.T) {
	read := filepath.Join(t.TempDir(), "a.har")
	require.NoError(t, os.WriteFile(read, []byte("{}"), 0o600))
	one := []output{{file: filepath.Join(filepath.Dir(read), ".", "a.har")}}
	require.ErrorContains(t, trafficOutputs{server: one}.spare([]string{"-", read}), "would replace the traffic")
	require.ErrorContains(t, trafficOutputs{client: one}.spare([]string{read}), "would replace the traffic")
	require.NoError(t, trafficOutputs{server: []output{{file: read + ".html"}, {file: "-"}}}.spare([]string{"-", read}))
}
