package pact_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/reference"
)

var update = flag.Bool("update", false, "verify servers with every fault (with the build tag pact), and rewrite the "+
	"table of docs/pact.md")

const (
	recordFile = "testdata/faults.golden"
	matrixFile = "../mutate/testdata/matrix.golden"
	page       = "../../docs/pact.md"

	recordHead = "# Whether a verification by Pact fails a server with the fault.\n# Written by .ci/pact/run -update.\n"
)

// tabled are the faults of the table: those that show in the answers of every
// verification that waits for them, and that the written cases of the suite find.
func tabled() []reference.Fault {
	return slices.DeleteFunc(reference.Faults(),
		func(f reference.Fault) bool { return f.Waits || f.Intermittent || f.Phase != "" })
}

// recordedFaults reads what Pact was seen to catch.
func recordedFaults(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(recordFile)
	require.NoError(t, err)
	out := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if name, verdict, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && !strings.HasPrefix(name, "#") {
			out[name] = verdict == "caught"
		}
	}
	return out
}

// suite reads what the suite was seen to catch.
func suite(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(matrixFile)
	require.NoError(t, err)
	out := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if columns := strings.Fields(line); len(columns) > 2 && columns[0] != "#" {
			out[columns[0]] = columns[2] != "survives"
		}
	}
	return out
}

// table writes the shares, a row for each requirement.
func table(t *testing.T) string {
	byPact, bySuite := recordedFaults(t), suite(t)
	loaded, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	type row struct {
		requirement, level  string
		faults, pact, suite int
	}
	var rows []*row
	all := &row{requirement: "all"}
	for _, f := range tabled() {
		at := slices.IndexFunc(rows, func(r *row) bool { return r.requirement == f.Breaks[0] })
		if at < 0 {
			at, rows = len(rows), append(rows, &row{requirement: f.Breaks[0], level: mutate.Level(loaded, f)})
		}
		for _, r := range []*row{rows[at], all} {
			r.faults++
			if byPact[f.Name] {
				r.pact++
			}
			if bySuite[f.Name] {
				r.suite++
			}
		}
	}
	levels := []string{"documented", "standard", "inferred"}
	slices.SortFunc(rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(slices.Index(levels, a.level), slices.Index(levels, b.level)),
			cmp.Compare(a.requirement, b.requirement))
	})
	var b strings.Builder
	fmt.Fprintf(&b, "Of %d faults, a verification by Pact catches %d (%d %%) and the suite %d (%d %%).\n\n", all.faults,
		all.pact, 100*all.pact/all.faults, all.suite, 100*all.suite/all.faults)
	b.WriteString("| what the fault breaks | level | faults | Pact catches | the suite catches " +
		"|\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %d | %d | %d |\n", r.requirement, r.level, r.faults, r.pact, r.suite)
	}
	return b.String()
}

func TestEveryFaultHasBeenVerified(t *testing.T) {
	got := recordedFaults(t)
	for _, f := range tabled() {
		if _, ok := got[f.Name]; !ok {
			t.Errorf("conformance/pact/%s has no line for the fault %s; run .ci/pact/run -update", recordFile, f.Name)
		}
		delete(got, f.Name)
	}
	for name := range got {
		t.Errorf("conformance/pact/%s has a line for %s, which is no fault of the table; run .ci/pact/run -update",
			recordFile, name)
	}
}

func TestThePageHasTheShares(t *testing.T) {
	data, err := os.ReadFile(page)
	require.NoError(t, err)
	const begin, end = "<!-- shares:begin -->\n", "<!-- shares:end -->"
	before, rest, found := strings.Cut(string(data), begin)
	old, after, closed := strings.Cut(rest, end)
	require.True(t, found && closed, "%s: want the lines %s and %s", page, strings.TrimSpace(begin), end)
	want := table(t)
	t.Log(strings.SplitN(want, "\n", 2)[0])
	switch {
	case old == want:
	case *update:
		require.NoError(t, os.WriteFile(page, []byte(before+begin+want+end+after), 0o644))
	default:
		t.Errorf("%s: the table is not that of %s; run go test ./conformance/pact -update\nwant:\n%s", page, recordFile,
			want)
	}
}
