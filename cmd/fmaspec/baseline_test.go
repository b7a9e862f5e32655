package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/baseline"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

func TestABaselineThatCannotBeWrittenIsToldWithTheVerdict(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "accepted")
	require.NoError(t, os.Mkdir(dir, 0o755))
	broken, found := reference.FindFault("drops-id")
	require.True(t, found)
	c := newCounter(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		os.RemoveAll(dir)
		broken.Wrap(honest()).ServeHTTP(w, r)
	}))
	defer c.Close()
	file := filepath.Join(dir, "b")
	got := call(t.Context(), []string{tokenVariable + "=" + testToken}, "run", "-url", c.URL, "-baseline", file,
		"-baseline-update")
	require.Equal(t, exitUnjudged, got.code)
	require.Contains(t, got.stderr, "run: "+file+": not updated: no such file or directory; make the file and its "+
		"folder writable\nthe verdict was: not-conformant\n")
	require.NotContains(t, got.stderr, "updated "+file)
	require.Contains(t, got.stdout, "\nbaseline  ")
}

func TestTheDayThatCountsIsThatOnWhichTheRunBegan(t *testing.T) {
	const key = "types a/bad#0 /status"
	accepted, err := baseline.Parse("b", strings.NewReader(key+"\n  reason: r\n  owner: o\n  expires: 2017-12-04\n"))
	require.NoError(t, err)
	for _, row := range []struct {
		began time.Time
		known int
		why   string
	}{
		{time.Date(2017, 12, 4, 23, 59, 59, 0, time.UTC), 1, "the last day counts to its end"},
		{time.Date(2017, 12, 5, 0, 0, 0, 0, time.UTC), 0, "the next one does not"},
	} {
		r := &record.Report{Started: row.began, Cases: []record.CaseResult{
			{ID: "a/bad", Outcome: record.Failed, Findings: []record.Finding{{Key: key,
				Level: record.Documented}}},
		}}
		require.NoError(t, (&baselineFlags{file: "b"}).apply(&env{}, r, accepted, nil, true))
		if r.Baseline.Known != row.known {
			t.Errorf("%s: want %d known, got %+v", row.why, row.known, r.Baseline)
		}
	}
}
