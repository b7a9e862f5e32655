package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
)

func TestTheProgressLineNamesWhatIsWaitedFor(t *testing.T) {
	const counts = "0/9 cases; requirements broken:  0; cases failed: 0"
	slowest := "requestSample/valid/accepts-plain-request"
	for _, row := range []struct {
		progress  report.Progress
		columns   int
		want, why string
	}{
		{report.Progress{Done: 3, Total: 248, Failed: 1, Broken: 2}, 0,
			"  3/248 cases; requirements broken:  2; cases failed:   1", "the counts"},
		{report.Progress{Total: 9, Slowest: slowest, For: 900 * time.Millisecond}, 0, counts,
			"a case is not slow at once"},
		{report.Progress{Total: 9, Slowest: slowest, For: 1100 * time.Millisecond}, 0, counts + "; waiting " +
			"2s for " + slowest, "a slow case"},
		{report.Progress{Total: 9, Slowest: slowest, For: 70 * time.Second}, 48,
			"0/9 cases; requirements broken:  0; waiting 1m1…", "a narrow terminal"},
		{report.Progress{Total: 9, Slowest: slowest, For: 70 * time.Second, Asked: 29100 * time.Millisecond}, 0,
			counts + "; the target asks to wait, 30s left", "a Retry-After"},
		{report.Progress{Total: 9, Slowest: slowest, For: 70 * time.Second, Turn: 36 * time.Second}, 0,
			counts + "; next request in 36s (-rate)", "a rate"},
		{report.Progress{Total: 9, Turn: 100 * time.Millisecond}, 0, counts, "a fast rate"},
		{report.Progress{Total: 9, Slowest: "a\x1b[2Jb", For: time.Second}, 0,
			counts + `; waiting 1s for a\x1b[2Jb`, "no control characters"},
		{report.Progress{Total: 9}, 10, "0/9 cases…", "a very narrow terminal"},
	} {
		got := row.progress.Line(row.columns)
		require.Equal(t, row.want, got, row.why)
		if row.columns > 0 {
			require.LessOrEqual(t, term.Columns(got), row.columns, row.why)
		}
	}
	require.Equal(t, "waiting for http://127.0.0.1:1, 3s of 30s",
		report.AwaitLine("http://127.0.0.1:1", 2500*time.Millisecond, 30*time.Second, 0))
	require.Equal(t, "waiting for http…", report.AwaitLine("http://127.0.0.1:1", 0, 30*time.Second, 17))
}
