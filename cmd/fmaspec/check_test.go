package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

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

func TestTheProgressOfACheckSaysHowMuchIsLeft(t *testing.T) {
	const mega = 1 << 20
	for _, row := range []struct {
		done, size int64
		known      bool
		took       time.Duration
		want       string
	}{
		{10 * mega, 40 * mega, true, 2 * time.Second, "25 %, 10.0 MiB, 5.0 MiB/s, 6s left"},
		{40 * mega, 40 * mega, true, 8 * time.Second, "100 %, 40.0 MiB, 5.0 MiB/s, 0s left"},
		{10 * mega, 0, false, 2 * time.Second, "10.0 MiB, 5.0 MiB/s"},
		{0, 40 * mega, true, time.Second, "0.0 MiB, 0.0 MiB/s"},
	} {
		require.Equal(t, row.want, progressText(row.done, row.size, row.known, row.took))
	}
}
