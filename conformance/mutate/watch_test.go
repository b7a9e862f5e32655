package mutate

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
)

// recordOf runs the suite against a subject, and returns its report, the head of its record,
// and what was recorded.
func recordOf(t testing.TB, suite *conformance.Suite, s Subject, o conformance.Options) (r, head *record.Report,
	all []record.Exchange) {
	t.Helper()
	var mu sync.Mutex
	o = withTimeout(s, o)
	o.Record = func(x record.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, x)
	}
	p, err := suite.Plan(context.Background(), target(s), o)
	require.NoError(t, err)
	r, err = p.Run(context.Background())
	require.NoError(t, err)
	return r, p.Head(), all
}

// found returns what the findings of a report are about, each once: the case, the check and
// the requirement. Which of the requests that are sent at once comes first is chance.
func found(r *record.Report) (out []string) {
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			out = append(out, fmt.Sprintf("%s %s %s %s", f.Case, f.Check, f.Place, f.Requirement))
		}
	}
	return sortedSet(out)
}

// summary counts what was found by check and requirement.
func summary(all []string) string {
	n := map[string]int{}
	for _, text := range all {
		words := strings.Split(text, " ")
		n[words[1]+" "+words[len(words)-1]]++
	}
	var out []string
	for what, times := range n {
		out = append(out, fmt.Sprintf("%s ×%d", what, times))
	}
	return strings.Join(sortedSet(out), ", ")
}

// reread writes a record as NDJSON, reads it and judges it, as fmaspec check does.
func reread(t testing.TB, suite *conformance.Suite, head *record.Report, all []record.Exchange) *record.Report {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, traffic.WriteHead(&b, head))
	for _, x := range all {
		require.NoError(t, traffic.Write(&b, x))
	}
	w := suite.Watch(conformance.WatchOptions{})
	sum, err := traffic.Read(&b, traffic.Options{Name: "run.ndjson", Head: w.Begin}, func(e traffic.Entry) error {
		require.Empty(t, e.Problem)
		w.Note(*e.Exchange)
		return nil
	})
	require.NoError(t, err)
	require.False(t, sum.Cut)
	return w.Report()
}

// someFaults returns the conforming server and fifty faulty ones, by a hash of their names.
func someFaults(suite *conformance.Suite) []Subject {
	faults := slices.DeleteFunc(OfPhase(Faulty(suite), Written),
		func(s Subject) bool { return s.Waits || s.Intermittent })
	hash := func(s Subject) uint32 {
		h := fnv.New32a()
		h.Write([]byte(s.Name))
		return h.Sum32()
	}
	slices.SortFunc(faults, func(a, b Subject) int { return cmp.Compare(hash(a), hash(b)) })
	return append(Honest()[:1], faults[:50]...)
}

// counted is a number of findings in a summary.
var counted = regexp.MustCompile(` ×[0-9]+`)

// roundsVariable says how often each case is sent; 136 make a hundred thousand exchanges.
const roundsVariable = "FMASPEC_RECORDED_ROUNDS"

// TestARecordedRunIsJudgedAsTheRunWas judges some records of runs; with a number of rounds, those of
// all servers that the golden file names.
func TestARecordedRunIsJudgedAsTheRunWas(t *testing.T) {
	suite, err := builtIn()
	require.NoError(t, err)
	file := filepath.Join("testdata", "recorded.golden")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	rounds, _ := strconv.Atoi(os.Getenv(roundsVariable))
	golden := map[string]string{}
	all := append(Honest()[:1], OfPhase(Faulty(suite), Written)...)
	var subjects []Subject
	for line := range strings.Lines(string(data)) {
		name, what, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		golden[name] = what
		i := slices.IndexFunc(all, func(s Subject) bool { return s.Name == name })
		require.True(t, i >= 0 || *rewrite, "%s: no fault is named %s; run make golden-matrix", file, name)
		if i >= 0 {
			subjects = append(subjects, all[i])
		}
	}
	require.GreaterOrEqual(t, len(subjects), 51, "%s: want the conforming server and 50 faults; "+
		"run make golden-matrix", file)
	switch {
	case *rewrite:
		subjects = someFaults(suite)
	case rounds > 0:
	case testing.Short():
		subjects = subjects[1:2]
	default:
		subjects = subjects[:4]
	}
	var lines []string
	for _, s := range subjects {
		r, head, all := recordOf(t, suite, s, conformance.Options{Seed: "1", Repeat: max(rounds, 1)})
		again := reread(t, suite, head, all)
		assert.Equal(t, r.Verdict, again.Verdict, s.Name)
		assert.Equal(t, found(r), found(again), s.Name)
		assert.Equal(t, len(all), again.Traffic.Exchanges, s.Name)
		lines = append(lines, s.Name+"\t"+summary(found(r))+"\n")
		switch want, got := golden[s.Name], summary(found(r)); {
		case *rewrite:
		case rounds > 1: // in how many cases an answer of 503 counts depends on how long the run may ask again
			assert.Equal(t, counted.ReplaceAllString(want, ""), counted.ReplaceAllString(got, ""), s.Name)
		default:
			assert.Equal(t, want, got, s.Name)
		}
		t.Logf("%s: %d exchanges, %s", s.Name, len(all), r.Verdict)
	}
	if *rewrite {
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "")), 0o644))
	}
}

// TestAConformingServerHasNoFindingInOtherTraffic judges records of runs as those of other tools,
// which do not say what a request was to show.
func TestAConformingServerHasNoFindingInOtherTraffic(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the suite against many servers")
	}
	suite, err := builtIn()
	require.NoError(t, err)
	honest := Honest()
	if !*rewrite {
		honest = append(honest[:1], Sampled(honest)...)
	}
	for _, s := range honest {
		if s.Waits {
			continue
		}
		_, _, all := recordOf(t, suite, s, conformance.Options{Seed: "1"})
		w := suite.Watch(conformance.WatchOptions{Strict: true})
		for _, x := range all {
			x.Case, x.Step = "", 0
			w.Note(x)
		}
		for _, c := range w.Report().Cases {
			for _, f := range c.Findings {
				require.Contains(t, s.Deviates, f.Requirement, "%s: %+v", s.Name, f)
			}
		}
	}
}

// TestFaultsAreFoundInOtherTraffic shows that what an answer breaks by itself is found without the
// case that was sent.
func TestFaultsAreFoundInOtherTraffic(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the suite against many servers")
	}
	suite, err := builtIn()
	require.NoError(t, err)
	caught := 0
	sample := someFaults(suite)[1:9]
	for _, s := range sample {
		_, _, all := recordOf(t, suite, s, conformance.Options{Seed: "1"})
		w := suite.Watch(conformance.WatchOptions{Strict: true})
		for _, x := range all {
			x.Case, x.Step = "", 0
			w.Note(x)
		}
		if w.Report().Verdict == record.NotConformant {
			caught++
		}
	}
	require.GreaterOrEqual(t, caught, 6, "of %d faults", len(sample))
}
