package conformance

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

// answering is a handler that answers each request with an action, whose id is the one
// that id returns for the number of the request.
func answering(id func(n int64) string) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id": %q}`, id(n.Add(1)))
	})
}

// opened is a session of one case.
func opened(t *testing.T, h http.Handler, o Options) (*Session, *Case) {
	t.Helper()
	suite := shared(t)
	const id = "requestSample/valid/accepts-plain-request"
	o.Run = "^" + id + "$"
	p, err := suite.Plan(t.Context(), Target{Handler: h, Token: "test-token"}, o)
	require.NoError(t, err)
	s, err := p.Start(t.Context())
	require.NoError(t, err)
	_, err = p.Start(t.Context())
	var misuse *UsageError
	require.ErrorAs(t, err, &misuse, "want a plan started once")
	return s, suite.Case(id)
}

func TestASessionKeepsWhatShowsSomethingNew(t *testing.T) {
	// The tenth answer has the id of the first, which is for another file.
	s, c := opened(t, answering(func(n int64) string {
		if n == 10 {
			n = 1
		}
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	}), Options{})
	for range 20 {
		made, err := s.Do(t.Context(), c)
		require.NoError(t, err)
		require.Len(t, made, 1)
		require.NotEmpty(t, made[0].Findings, "want each answer judged")
	}
	r := s.Close(t.Context())
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Equal(t, 20, r.Totals.Requests)
	kept := r.Cases[0]
	var steps []int
	for _, x := range kept.Exchanges {
		steps = append(steps, x.Step)
	}
	// The planned one, the first beyond it with each finding, and the one that repeats an id.
	require.Equal(t, []int{0, 1, 9}, steps)
	require.Equal(t, 17, kept.Dropped)
	var across []record.Finding
	for _, f := range kept.Findings {
		if f.Check == "ids-fresh" {
			across = append(across, f)
		}
	}
	require.Len(t, across, 1)
	require.Equal(t, 9, across[0].Step)
	require.Equal(t, "ids-fresh "+c.ID+"#0 /id", across[0].Key)

	_, err := s.runner.suite.Verify(r)
	require.ErrorContains(t, err, "keeps a part of the exchanges of a session")
}

func TestDoSaysWhyNothingWasSent(t *testing.T) {
	s, c := opened(t, answering(func(int64) string { return "x" }), Options{})
	defer s.Close(t.Context())
	var misuse *UsageError
	_, err := s.Do(t.Context(), s.runner.suite.Case("requestSample/body/refuses-missing-comment"))
	require.ErrorAs(t, err, &misuse)
	s.jobs[0].withheld, s.jobs[0].outcome, s.jobs[0].skip = true, record.Skipped, "not sent: it is not armed"
	_, err = s.Do(t.Context(), c)
	var not *NotSentError
	require.ErrorAs(t, err, &not)
	require.Equal(t, &NotSentError{c.ID, record.Skipped, "not sent: it is not armed"}, not)
}

func TestDoFromSeveralGoroutines(t *testing.T) {
	s, c := opened(t, answering(func(n int64) string { return fmt.Sprint(n) }), Options{Repeat: 3})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				_, err := s.Do(t.Context(), c)
				require.NoError(t, err)
				s.Report()
			}
		})
	}
	all.Wait()
	r := s.Close(t.Context())
	require.Equal(t, 40, r.Totals.Requests)
	for i, x := range r.Cases[0].Exchanges {
		require.GreaterOrEqual(t, x.Step, i, "want the exchanges in the order of their steps")
	}
}

// made is an exchange as a session without end makes them.
func made(s *Suite, c *Case, round int) *Judged {
	mark := fmt.Sprintf("%040x", round)
	return &Judged{
		&Exchange{Sent: Sent{Case: c, Round: round, Marks: []string{mark},
			Request: record.Request{Header: []record.Field{{Name: "Host", Value: "x"}}}},
			Response: &record.Response{Status: 201, Header: http.Header{"Date": {"now"}}}},
		Judgement{ActionID: "id-" + mark, File: mark, Traces: []string{mark}, terms: s.terms[c.Operation],
			values: slotted(s.terms[c.Operation], map[string][]string{"machine-same": {mark},
				"machine-differs": {mark}, "requestor-same": {"analyst"}, "times-monotone": {"2020-03-14T15:09:26Z"},
				"comment-intact": {"!sent\x00got"}, "creation-same": {"2020-03-14T15:09:26Z"},
				"status-stays": {"InProgress"}, "update-later": {"2020-03-14T15:09:26Z"},
				"times-current": {"2020-03-14T15:09:26Z", "2020-03-14T15:09:26Z"}}), machine: mark},
	}
}

// slotted returns the values that checks between answers keep, each in the slot of its relation.
func slotted(t *terms, values map[string][]string) []string {
	out := make([]string, t.slots)
	for check, kept := range values {
		copy(out[t.across[check].slot:], kept)
	}
	return out
}

// endless is a session that keeps exchanges which the test makes.
func endless(t testing.TB) (*Session, *job) {
	suite := shared(t)
	j := &job{caseRun: caseRun{c: suite.Case("requestSample/valid/accepts-plain-request")}}
	o := Options{Repeat: 1, Level: record.Inferred}
	b := &binding{suite: suite, options: o, wanted: suite.wanted(o)}
	return &Session{runner: &runner{binding: b}, jobs: []*job{j}}, j
}

// BenchmarkResidentMemoryOfASession reports the memory of a session after a tenth of
// them, and after all.
func BenchmarkResidentMemoryOfASession(b *testing.B) {
	for b.Loop() {
		s, j := endless(b)
		for round := range 1_000_000 {
			s.keep(j, round == 0, []*Judged{made(s.runner.suite, j.c, round)})
			if round == 100_000 || round == 999_999 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(m.HeapAlloc)/1e6, fmt.Sprintf("MB-after-%d", (round+1)/1000*1000))
			}
		}
	}
}

func TestASessionWithoutEndKeepsABoundedPart(t *testing.T) {
	s, j := endless(t)
	c := j.c
	const n = 2*sessionLimit + 100
	for round := range n {
		s.keep(j, round == 0, []*Judged{made(s.runner.suite, c, round)})
	}
	require.Len(t, j.exchanges, 1)
	require.Equal(t, n-1, j.dropped)
	kept := func() (ids, owners, traces int) {
		for _, state := range s.runner.beyond.states {
			switch k := state.(type) {
			case *idsFresh:
				require.LessOrEqual(t, len(k.keys), sessionLimit)
				ids = len(k.of)
			case *ownInput:
				owners, traces = len(k.owners.of), len(k.traces)
			case *instantForm:
				require.Len(t, k.of, 1)
			case *byGroup:
				require.LessOrEqual(t, len(k.keys), sessionLimit)
			case *notBefore:
				require.LessOrEqual(t, len(k.kept), sessionLimit/lately)
				require.LessOrEqual(t, len(k.front), sessionLimit/lately)
			case *dateSent:
				require.Empty(t, k.without)
			case *echoedAlike:
				require.LessOrEqual(t, len(k.keys), sessionLimit/lately)
				require.Len(t, k.altered, 1)
			case *sameForAction:
				require.LessOrEqual(t, len(k.keys), sessionLimit/lately)
				require.Empty(t, k.found)
			case *alongAction:
				require.LessOrEqual(t, len(k.keys), sessionLimit/lately)
				require.Empty(t, k.found)
			case *nearDate:
				require.LessOrEqual(t, len(k.keys), sessionLimit/lately)
				require.LessOrEqual(t, len(k.first)+len(k.far)+len(k.times), 5)
			default:
				t.Errorf("want a bound on what %T keeps, and a row of it here", state)
			}
		}
		return ids, owners, traces
	}
	ids, owners, traces := kept()
	require.Equal(t, sessionLimit, ids)
	require.Equal(t, sessionLimit, owners)
	require.Zero(t, traces)

	// What is kept still shows: an id of late, and a value that another request sent.
	again := made(s.runner.suite, c, n)
	again.ActionID = "id-" + fmt.Sprintf("%040x", n-2)
	again.Traces = append(again.Traces, fmt.Sprintf("%040x", n-3))
	s.keep(j, false, []*Judged{again})
	require.Len(t, j.exchanges, 2, "want the one that shows something kept")
	var checks []string
	for at, findings := range s.runner.beyond.findings() {
		require.Equal(t, ref{c, n}, at)
		for _, f := range findings {
			checks = append(checks, f.Check)
		}
	}
	require.ElementsMatch(t, []string{"ids-fresh", "own-input"}, checks)
	// One server with one id for all, and with the values of another in every answer.
	for round := n + 1; round < n+5*newFindings; round++ {
		x := made(s.runner.suite, c, round)
		x.ActionID, x.Traces = "one", []string{fmt.Sprintf("%040x", n-3)}
		s.keep(j, false, []*Judged{x})
	}
	require.LessOrEqual(t, len(j.exchanges), 2+newFindings)
	for _, state := range s.runner.beyond.states {
		if k, is := state.(*idsFresh); is {
			require.LessOrEqual(t, len(k.of["one"].all), sameIDs)
		}
	}
}

func TestTheOriginOfACase(t *testing.T) {
	for want, o := range map[string]Origin{
		"fixtures/cases/a.http:7": {File: "fixtures/cases/a.http", Line: 7},
		"relations, seed 4a":      {Generator: "relations", Seed: "4a"},
		"traffic.har:12":          {File: "traffic.har", Line: 12, Recorded: true},
	} {
		require.Equal(t, want, o.String())
	}
	suite := shared(t)
	for _, c := range suite.Cases {
		require.True(t, strings.HasPrefix(c.Origin.String(), "fixtures/cases/"), c.ID)
	}
}

func TestASessionSkipsWhatItDidNotSend(t *testing.T) {
	suite := shared(t)
	p, err := suite.Plan(t.Context(), Target{Handler: answering(func(n int64) string { return fmt.Sprint(n) }),
		Token: "test-token"}, Options{Run: "^requestSample/valid/accepts-(plain-request|other-order)$"})
	require.NoError(t, err)
	s, err := p.Start(t.Context())
	require.NoError(t, err)
	sent := suite.Case("requestSample/valid/accepts-plain-request")
	_, err = s.Do(t.Context(), sent)
	require.NoError(t, err)
	now := s.Report()
	require.True(t, now.Interrupted, "want no verdict before the end")
	r := s.Close(t.Context())
	require.Same(t, r, s.Close(t.Context()), "want one report of a session")
	for _, c := range r.Cases {
		if c.ID == sent.ID {
			require.Equal(t, record.Failed, c.Outcome)
			continue
		}
		require.Equal(t, record.Skipped, c.Outcome, c.ID)
		require.Equal(t, unsentReason, c.Reason)
	}
	_, err = s.Do(t.Context(), sent)
	var misuse *UsageError
	require.ErrorAs(t, err, &misuse, "want nothing sent after the end")
}

func TestAnAttemptThatWasStoppedIsForgottenWhenAnotherCompletes(t *testing.T) {
	s, c := opened(t, answering(func(n int64) string { return fmt.Sprint(n) }), Options{})
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := s.Do(ended, c)
	var not *NotSentError
	require.ErrorAs(t, err, &not)
	_, err = s.Do(t.Context(), c)
	require.NoError(t, err)
	r := s.Close(t.Context())
	require.False(t, r.Interrupted)
	require.Len(t, r.Cases[0].Exchanges, 1)
	require.Zero(t, r.Cases[0].Dropped)
}

func TestAFindingOnAnExchangeThatIsNotKeptIsReported(t *testing.T) {
	s, j := endless(t)
	other := &job{caseRun: caseRun{c: s.runner.suite.Case("stopAndQuarantineFile/valid/accepts-plain-request")}}
	s.jobs = append(s.jobs, other)
	s.keep(j, true, []*Judged{made(s.runner.suite, j.c, 0)})
	s.keep(other, true, []*Judged{made(s.runner.suite, other.c, 1)})
	s.keep(other, false, []*Judged{made(s.runner.suite, other.c, 2)})
	x := made(s.runner.suite, j.c, 3)
	x.ActionID = made(s.runner.suite, other.c, 2).ActionID // of an exchange that was dropped
	s.keep(j, false, []*Judged{x})
	require.Len(t, other.exchanges, 1)
	out := &record.Report{}
	s.runner.concludes().conclude(out, caseRuns(s.jobs), s.runner.beyond.findings())
	var found []string
	for _, c := range out.Cases {
		for _, f := range c.Findings {
			found = append(found, f.Check+" "+c.ID)
		}
	}
	require.Equal(t, []string{"ids-fresh " + other.c.ID}, found)
}
