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
// beside them an honest one, and one whose answers to everything are as long as
// is judged.
func BenchmarkResidentMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("only Linux tells of another process how much it held at most")
	}
	command := filepath.Join(b.TempDir(), "fmaspec")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-o", command, "fmaspec/cmd/fmaspec").CombinedOutput()
	require.NoError(b, err, "%s", out)

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

// tooMuch is where a run is ended, in KiB: the machine is needed for others.
const tooMuch = 4 << 20

// peak runs the command and returns how many KiB it held at most. What the system
// tells of a process that has ended includes what its parent held when it began,
// so the process is watched while it lives.
func peak(b *testing.B, command, url string) (most int) {
	run := exec.CommandContext(b.Context(), command, "run", "-url", url, "-report", "json="+filepath.Join(b.TempDir(), "report.json"), "-timeout", "2s")
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
				require.Contains(b, stderr.String(), "wrote json report")
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
