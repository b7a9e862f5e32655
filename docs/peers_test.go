package docs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/mutate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// peerResults are what make peers records in .ci/peers/results.json.
type peerResults struct {
	Faults   map[string]string
	Variants []string
	Tools    []peer
}

type peer struct {
	Name, Version       string
	Caught, FalseAlarms []string
	Deducted            []string
	Requests, Megabytes int
	Seconds, CPU        float64
}

// UnmarshalJSON reads the names of results.json.
func (p *peer) UnmarshalJSON(data []byte) error {
	type plain peer
	read := struct {
		*plain
		FalseAlarms []string `json:"false_alarms"`
	}{plain: (*plain)(p)}
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	p.FalseAlarms = read.FalseAlarms
	return nil
}

func readPeers(t *testing.T) (r peerResults) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(read(t, ".ci/peers/results.json")), &r))
	return r
}

// of counts the faults of a level, and those of them that were caught.
func (r peerResults) of(level string, caught []string) (found, all int) {
	for name, l := range r.Faults {
		if l == level {
			all++
			if slices.Contains(caught, name) {
				found++
			}
		}
	}
	return found, all
}

// peersTable returns the table of the tools, whole or with the numbers of faults alone.
func (r peerResults) table(whole bool) string {
	var b strings.Builder
	b.WriteString("| tool | documented | standard | inferred | false alarms |")
	if whole {
		b.WriteString(" requests | CPU | time | memory |")
	}
	b.WriteString("\n|---|---:|---:|---:|---:|")
	if whole {
		b.WriteString("---:|---:|---:|---:|")
	}
	b.WriteString("\n")
	for _, p := range r.Tools {
		fmt.Fprintf(&b, "| %s |", strings.TrimSpace(p.Name+" "+p.Version))
		for _, level := range record.Levels() {
			found, all := r.of(level.String(), p.Caught)
			fmt.Fprintf(&b, " %d of %d |", found, all)
		}
		fmt.Fprintf(&b, " %d of %d |", len(p.FalseAlarms), len(r.Variants))
		if whole {
			fmt.Fprintf(&b, " %d | %.1f s | %.1f s | %d MB |", p.Requests, p.CPU, p.Seconds, p.Megabytes)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// peersDetails returns what each tool caught.
func (r peerResults) details() string {
	var b strings.Builder
	b.WriteString("\n| fault | level |")
	for _, p := range r.Tools {
		b.WriteString(" " + p.Name + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(r.Tools)) + "\n")
	for _, level := range record.Levels() {
		for _, name := range slices.Sorted(maps.Keys(r.Faults)) {
			if r.Faults[name] != level.String() {
				continue
			}
			fmt.Fprintf(&b, "| `%s` | %s |", name, level)
			for _, p := range r.Tools {
				if slices.Contains(p.Caught, name) {
					b.WriteString(" yes |")
				} else {
					b.WriteString(" no |")
				}
			}
			b.WriteString("\n")
		}
	}
	for _, p := range r.Tools {
		if len(p.FalseAlarms) > 0 {
			fmt.Fprintf(&b, "\n%s has a false alarm on `%s`.\n", p.Name, strings.Join(p.FalseAlarms, "`, `"))
		}
		if len(p.Deducted) > 0 {
			fmt.Fprintf(&b, "\nOf %s, %d reports were deducted, which it makes of the reference server too.\n", p.Name,
				len(p.Deducted))
		}
	}
	return b.String()
}

func TestThePageOfPeersIsCurrent(t *testing.T) {
	r := readPeers(t)
	for page, text := range map[string]string{
		"docs/peers.md": r.table(true) + r.details(),
		"README.md":     r.table(false),
	} {
		was := read(t, page)
		head, rest, begun := strings.Cut(was, "<!-- peers:begin -->\n")
		_, foot, ended := strings.Cut(rest, "<!-- peers:end -->")
		require.True(t, begun && ended,
			"%s has no lines <!-- peers:begin --> and <!-- peers:end -->; put them back", page)
		now := head + "<!-- peers:begin -->\n" + text + "<!-- peers:end -->" + foot
		if *update {
			write(t, page, now)
		}
		if read(t, page) != now {
			t.Errorf("%s: the table of other tools is stale; run go test ./docs -update", page)
		}
	}
}

func TestWhatPeersWereGivenExists(t *testing.T) {
	suite, r := load(t), readPeers(t)
	for name, level := range r.Faults {
		fault, ok := reference.FindFault(name)
		require.True(t, ok, "results.json names the fault %s, which there is not; run .ci/peers/run", name)
		require.Equal(t, mutate.Level(suite, fault), level, "%s: another level; run .ci/peers/run", name)
	}
	for _, name := range r.Variants {
		require.True(t, slices.ContainsFunc(reference.Variants(), func(v reference.Variant) bool {
			return v.Name == name && len(v.Deviates) == 0
		}), "results.json names the variant %s, which there is not; run .ci/peers/run", name)
	}
	for _, p := range r.Tools {
		for _, name := range p.Caught {
			require.Contains(t, r.Faults, name, p.Name)
		}
		require.Subset(t, r.Variants, p.FalseAlarms, p.Name)
		if p.Name == "fmaspec" {
			require.Len(t, p.Caught, len(r.Faults), "fmaspec misses a fault that it knows")
			require.Empty(t, p.FalseAlarms)
		}
	}
}
