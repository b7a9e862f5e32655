//go:build pact

package pact_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/pact"
	"fmaspec/conformance/reference"
)

// Verify fails its test, so faulty servers are verified by tests of another
// process. These variables name it and where to write the verdicts.
const (
	faultsVariable   = "FMASPEC_PACT_TEST_FAULTS"
	verdictsVariable = "FMASPEC_PACT_TEST_VERDICTS"
)

// TestVerifyNamedFaults is for that other process, and nothing in this one.
func TestVerifyNamedFaults(t *testing.T) {
	names := strings.Fields(os.Getenv(faultsVariable))
	for _, name := range names {
		f, ok := reference.FindFault(name)
		require.True(t, ok, name)
		t.Run(name, func(t *testing.T) {
			pact.Verify(t, target(f.Wrap(honest())), only(plain))
			if !t.Failed() { // most are caught by the two plain requests, which take a twentieth of the time
				pact.Verify(t, target(f.Wrap(honest())))
			}
			line, err := json.Marshal(map[string]bool{name: t.Failed()})
			require.NoError(t, err)
			file, err := os.OpenFile(os.Getenv(verdictsVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			require.NoError(t, err)
			defer file.Close()
			fmt.Fprintf(file, "%s\n", line)
		})
	}
}

// verdicts verifies a server with each of the faults.
func verdicts(t *testing.T, names []string) map[string]bool {
	t.Helper()
	dir, out := t.TempDir(), map[string]bool{}
	const chunk, processes, attempts = 20, 2, 3 // each verification leaves a listener open
	for attempt := range attempts {
		var left []string
		for _, name := range names {
			if _, done := out[name]; !done {
				left = append(left, name)
			}
		}
		var work sync.WaitGroup
		room := make(chan struct{}, processes)
		said := make([]string, 0)
		var mu sync.Mutex
		for n, part := range slices.Collect(slices.Chunk(left, chunk)) {
			work.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				file := filepath.Join(dir, fmt.Sprintf("%d-%d", attempt, n))
				c := exec.Command(os.Args[0], "-test.run=^TestVerifyNamedFaults$", "-test.timeout=15m")
				c.Env = append(os.Environ(), faultsVariable+"="+strings.Join(part, " "), verdictsVariable+"="+file)
				text, _ := c.CombinedOutput() // it fails where a fault is caught
				data, _ := os.ReadFile(file)
				mu.Lock()
				defer mu.Unlock()
				for line := range strings.Lines(string(data)) {
					json.Unmarshal([]byte(line), &out)
				}
				said = append(said, string(text))
			})
		}
		work.Wait()
		if len(out) == len(names) {
			return out
		}
		// Pact-go looks for a free port and takes it a moment later, when somebody
		// else may have it.
		t.Logf("%d of %d faults have no verdict yet", len(names)-len(out), len(names))
		if attempt == attempts-1 {
			t.Fatalf("want a verdict for each fault; the verifiers said\n%s", strings.Join(said, "\n"))
		}
	}
	return out
}

func TestTheRecordOfFaultsHolds(t *testing.T) {
	var names []string
	want := recordedFaults(t)
	for i, f := range tabled() {
		if _, recorded := want[f.Name]; *update && !recorded || i%sampleStep == 0 {
			names = append(names, f.Name)
		}
	}
	got := verdicts(t, names)
	if *update {
		var b strings.Builder
		b.WriteString(recordHead)
		for _, f := range tabled() {
			caught, now := got[f.Name]
			if !now {
				caught = want[f.Name]
			}
			fmt.Fprintf(&b, "%s  %s\n", f.Name, map[bool]string{true: "caught", false: "missed"}[caught])
		}
		require.NoError(t, os.WriteFile(recordFile, []byte(b.String()), 0o644))
		return
	}
	for _, name := range names {
		if got[name] != want[name] {
			t.Errorf("%s: want caught %v, got %v; run .ci/pact/run -update where the change is meant", name, want[name],
				got[name])
		}
	}
}

// sampleStep leaves ten of the faults, because all of them take ten minutes; with
// -update those that have no line in the record are verified too.
const sampleStep = 68
