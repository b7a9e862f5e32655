package mutate

import (
	"context"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// recordOf runs the suite against a subject, and returns its report and what was recorded.
func recordOf(t testing.TB, suite *conformance.Suite, s Subject, o conformance.Options) (*record.Report, *record.Report,
	[]record.Exchange) {
	t.Helper()
	var mu sync.Mutex
	var all []record.Exchange
	o = withTimeout(s, o)
	o.Record = func(x record.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, x)
	}
	p, err := suite.Plan(context.Background(), target(s), o)
	require.NoError(t, err)
	r, err := p.Run(context.Background())
	require.NoError(t, err)
	return r, p.Head(), all
}

// keysOf returns the keys of the findings of a report, each once.
func keysOf(r *record.Report) []string {
	var out []string
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			out = append(out, f.Key+" "+f.Requirement)
		}
	}
	sort.Strings(out)
	return slices.Compact(out)
}

func TestExploreWatch(t *testing.T) {
	if os.Getenv("WATCH") == "" {
		t.Skip()
	}
	suite, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	caught, same, n, alarms := 0, 0, 0, 0
	subjects := append(OfPhase(Faulty(suite), Written), Honest()...)
	for _, s := range subjects {
		if only := os.Getenv("ONLY"); only != "" && !slices.Contains(strings.Split(only, ","), s.Name) {
			continue
		}
		if s.Waits || os.Getenv("WATCH") != "all" && len(s.Breaks) > 0 && !slices.ContainsFunc(Sampled(subjects), func(o Subject) bool { return o.Name == s.Name }) {
			continue
		}
		r, head, all := recordOf(t, suite, s, conformance.Options{Strict: true, Seed: "1"})
		w := suite.Watch(conformance.WatchOptions{Strict: true})
		require.NoError(t, w.Begin(head))
		for _, x := range all {
			w.Note(x)
		}
		again := w.Report()
		n++
		if want, got := keysOf(r), keysOf(again); slices.Equal(want, got) && r.Verdict == again.Verdict {
			same++
		} else {
			t.Logf("%s: %s %s | %d %d\n run  %.600q\n else %.600q %s %s", s.Name, r.Verdict, again.Verdict, len(want), len(got), minus(want, got), minus(got, want), r.Reason, again.Reason)
		}
		w = suite.Watch(conformance.WatchOptions{Strict: true})
		for _, x := range all {
			x.Case, x.Step = "", 0
			w.Note(x)
		}
		other := w.Report()
		bad := false
		for _, c := range other.Cases {
			for _, f := range c.Findings {
				if len(s.Breaks) == 0 && !slices.Contains(s.Deviates, f.Requirement) {
					bad = true
					t.Logf("ALARM %s: %s %s %s want %s got %s case %s; %s %.200q", s.Name, f.Check, f.Requirement, f.Place, f.Want, f.Got, f.Case, c.Exchange(f.Step).Request.URL, c.Exchange(f.Step).Request.Body)
					break
				}
			}
		}
		if bad {
			alarms++
		}
		if len(s.Breaks) > 0 && other.Verdict == record.NotConformant {
			caught++
		}
	}
	t.Logf("%d: same %d, caught blind %d, alarms %d", n, same, caught, alarms)
}

func minus(a, b []string) (out []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}
