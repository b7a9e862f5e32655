package conformance_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// faultyCounted is a server with a fault that counts its requests.
func faultyCounted(t *testing.T, name string, asked *atomic.Int64) http.Handler {
	t.Helper()
	f, ok := reference.FindFault(name)
	require.True(t, ok)
	h := f.Wrap(honest())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		h.ServeHTTP(w, r)
	})
}

func TestFailFastSendsNothingAfterTheFirstFailure(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		var asked atomic.Int64
		o := conformance.Options{Seed: "one", Parallel: parallel, FailFast: true, Run: "^requestSample/(body|valid)/"}
		r := run(t, target(faultyCounted(t, "drops-id", &asked)), o)
		require.Equal(t, record.NotConformant, r.Verdict)
		require.GreaterOrEqual(t, r.Totals.Failed, 1)
		require.LessOrEqual(t, r.Totals.Failed, parallel, "want no case but those under way")
		require.LessOrEqual(t, asked.Load(), int64(2*parallel))
		require.Equal(t, r.Totals.Total, r.Totals.Failed+r.Totals.Passed+r.Totals.Inconclusive+r.Stopped())
		require.Contains(t, r.Reason, "the run stopped at the first case that failed; ")
		require.False(t, r.Interrupted)
		for _, c := range r.Cases {
			if c.Outcome == record.Skipped {
				require.Equal(t, record.StoppedAtFailure, c.Reason)
				require.Empty(t, c.Exchanges)
			}
		}
	}
}

func TestFailFastEndsRepetitions(t *testing.T) {
	var asked atomic.Int64
	o := conformance.Options{Seed: "one", Parallel: 1, FailFast: true, Repeat: 50, Run: few("^requestSample/valid/")}
	r := run(t, target(faultyCounted(t, "drops-id", &asked)), o)
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Equal(t, 1, r.Totals.Failed)
	require.Equal(t, int64(1), asked.Load())
}

func TestFailFastGoesOnAfterWhatFailsNoRun(t *testing.T) {
	var asked atomic.Int64
	o := conformance.Options{Seed: "one", Parallel: 2, FailFast: true, Run: "^requestSample/(body|valid)/"}
	r := run(t, target(faultyCounted(t, "answers-one-id", &asked)), o)
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.Positive(t, r.Totals.Deviated)
	require.Zero(t, r.Stopped())

	accepting := o
	accepting.Accepted = func(record.Finding) bool { return true }
	r = run(t, target(faultyCounted(t, "drops-id", &asked)), accepting)
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Greater(t, r.Totals.Failed, 2, "want what was accepted not to stop the run")
	require.Zero(t, r.Stopped())
}

// An answer that looks wrong and proves nothing, since the control was refused, is no failure.
func TestFailFastWaitsForTheControl(t *testing.T) {
	refusing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if r.Header.Get("Authorization") != "" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"error":{"code":"Unauthorized","message":"no","target":"x"}}`)
			return
		}
		honest().ServeHTTP(w, r)
	})
	o := conformance.Options{Seed: "one", Parallel: 2, FailFast: true, Run: few("^requestSample/(auth|valid)/")}
	r := run(t, target(refusing), o)
	without := o
	without.FailFast = false
	whole := run(t, target(refusing), without)
	require.Equal(t, whole.Verdict, r.Verdict, "%s, and %s", whole.Reason, r.Reason)
	require.Equal(t, whole.Totals.Failed > 0, r.Totals.Failed > 0)
}

// A busy answer is asked for again at the end, so that it stops nothing before.
func TestFailFastStopsAtNoTemporaryState(t *testing.T) {
	var asked atomic.Int64
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		honest().ServeHTTP(w, r)
	})
	o := conformance.Options{Seed: "one", Parallel: 1, FailFast: true, Run: few("^requestSample/(body|valid)/")}
	r := run(t, target(server), o)
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
}

// What only several answers show together stops a run too.
func TestFailFastStopsAtWhatAnswersShowTogether(t *testing.T) {
	var asked atomic.Int64
	o := conformance.Options{Seed: "one", Parallel: 1, FailFast: true, Strict: true,
		Run: "^requestSample/(body|valid)/"}
	r := run(t, target(faultyCounted(t, "answers-one-id", &asked)), o)
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Positive(t, r.Stopped())
}

func TestFailsFollowsTheOptions(t *testing.T) {
	inferred, documented := record.Finding{Level: record.Inferred}, record.Finding{Level: record.Documented}
	require.False(t, conformance.Options{}.Fails(inferred))
	require.True(t, conformance.Options{Strict: true}.Fails(inferred))
	require.False(t, conformance.Options{Strict: true, Level: record.Standard}.Fails(inferred))
	require.True(t, conformance.Options{}.Fails(documented))
	require.False(t, conformance.Options{Accepted: func(record.Finding) bool { return true }}.Fails(documented))
}
