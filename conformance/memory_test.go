package conformance_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/hostile"
)

// heaviest are the behaviours that want most of a client's memory.
var heaviest = []string{
	"endless-chunks", "endless-length", "many-chunk-extensions", "endless-header", "large-header", "many-header-lines",
	"gzip-bomb-unasked", "deep-arrays", "long-strings", "long-further-string", "long-member-name-twice", "long-refusal",
	"many-members", "too-many-members", "many-items", "many-instances", "too-many-instances",
}

// BenchmarkResidentMemory measures how much memory the command holds at most,
// "MiB-peak", while it judges the heaviest of hostile servers and writes a report;
// and an honest one, and one whose answers to everything are as long as
// is judged.
func BenchmarkResidentMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("only Linux reports the peak memory of another process")
	}
	command := built(b)
	measure := func(name string, behaviour hostile.Behaviour, handler http.Handler) {
		b.Run(name, func(b *testing.B) {
			server, err := hostile.Start(behaviour, handler)
			require.NoError(b, err)
			defer server.Stop()
			most := 0
			for b.Loop() {
				most = max(most, peak(b, command, server.URL))
			}
			b.ReportMetric(float64(most)/1024, "MiB-peak")
		})
	}
	measure("honest", hostile.Behaviour{}, honest())
	measure("full-bodies", hostile.Behaviour{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		w.Write(bytes.Repeat([]byte(" "), 2<<20-1))
	}))
	all := hostile.Behaviours()
	for _, name := range heaviest {
		at := slices.IndexFunc(all, func(h hostile.Behaviour) bool { return h.Name == name })
		require.GreaterOrEqual(b, at, 0, name)
		measure(name, all[at], honest())
	}
}

// BenchmarkResidentMemoryOfRecords measures how much memory the command holds at
// most where it makes or reads a long record: "MiB-peak"; "KiB/repetition", what
// each request that -repeat adds takes of it beyond the 64 MiB of a run; and
// "times-record", how many times the size of what is read.
func BenchmarkResidentMemoryOfRecords(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("only Linux reports the peak memory of another process")
	}
	command := built(b)
	server, err := hostile.Start(hostile.Behaviour{}, honest())
	require.NoError(b, err)
	defer server.Stop()
	record := filepath.Join(b.TempDir(), "record.json")
	const repeat, requests = 55, 449
	b.Run("run-repeat", func(b *testing.B) {
		for b.Loop() {
			most := watched(b, command, "wrote json report", "run", "-url", server.URL, "-report", "json="+record,
				"-repeat", fmt.Sprint(repeat))
			b.ReportMetric(float64(most)/1024, "MiB-peak")
			b.ReportMetric(max(0, float64(most-64<<10))/((repeat-1)*requests), "KiB/repetition")
		}
	})
	info, err := os.Stat(record)
	require.NoError(b, err)
	size := float64(info.Size()) / 1024
	for _, row := range [][]string{
		{"verify", record}, {"report", "-format", "console", record}, {"report", "-format", "html", record}, {"report",
			"-format", "junit", record},
		{"report", "-format", "har", record}, {"report", "-format", "sarif", record}, {"report", "-format", "json",
			record}, {"compare", record, record},
	} {
		read := size * float64(strings.Count(strings.Join(row, " "), record))
		b.Run(strings.TrimSpace(strings.ReplaceAll(strings.Join(row, " "), record, "")), func(b *testing.B) {
			for b.Loop() {
				most := watched(b, command, "", row...)
				b.ReportMetric(float64(most)/1024, "MiB-peak")
				b.ReportMetric(float64(most)/read, "times-record")
			}
		})
	}
}

// built returns the command, built.
func built(b *testing.B) string {
	b.Helper()
	command := filepath.Join(b.TempDir(), "fmaspec")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-o", command, "fmaspec/cmd/fmaspec").CombinedOutput()
	require.NoError(b, err, "%s", out)
	return command
}

// tooMuch is where a run is ended, in KiB: the machine is needed for others.
const tooMuch = 4 << 20

// peak returns how many KiB the command held at most while it judged a server.
func peak(b *testing.B, command, url string) (most int) {
	return watched(b, command, "wrote json report", "run", "-url", url, "-report", "json="+
		filepath.Join(b.TempDir(), "report.json"), "-timeout", "2s")
}

// watched runs the command and returns how many KiB it held at most. The figure
// that the system gives for a process that has ended includes what its parent held when
// it began, so the process is watched while it lives.
func watched(b *testing.B, command, says string, args ...string) (most int) {
	run := exec.CommandContext(b.Context(), command, args...)
	run.Env = append(os.Environ(), "FMASPEC_TOKEN="+token)
	var stderr bytes.Buffer
	run.Stderr = &stderr
	require.NoError(b, run.Start())
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	for tick := time.NewTicker(2 * time.Millisecond); ; {
		select {
		case <-ended:
			tick.Stop()
			if most < tooMuch {
				require.Contains(b, stderr.String(), says)
			}
			return most
		case <-tick.C:
			if most = max(most, held(run.Process.Pid)); most >= tooMuch {
				run.Process.Kill()
			}
		}
	}
}

// held returns how many KiB a process has held at most, 0 where it has ended.
func held(pid int) (n int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), "VmHWM:"); found {
			fmt.Sscan(text, &n)
		}
	}
	return n
}
