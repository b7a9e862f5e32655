package conformance_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

func TestACheckpointHoldsWhatIsKnownSoFar(t *testing.T) {
	var asked atomic.Int64
	release, looks := make(chan struct{}), make(chan struct{})
	h := honest()
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 20 {
			<-release
		}
		h.ServeHTTP(w, r)
	})
	var told []*record.Report
	o := conformance.Options{
		Seed: "one", Parallel: 4, Run: few("^requestSample/(body|valid)/"),
		Checkpoint: func(r *record.Report) { told = append(told, r) },
		Sleep: func(ctx context.Context, _ time.Duration) error {
			select {
			case looks <- struct{}{}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	}
	go func() {
		// Every look that is granted ends before the next one is asked for.
		for asked.Load() <= 20+3 {
			<-looks
		}
		<-looks
		<-looks
		close(release)
	}()
	r := run(t, target(server), o)
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.GreaterOrEqual(t, len(told), 2)
	for i, c := range told {
		require.Equal(t, record.Unjudged, c.Verdict, "want no verdict before the end")
		require.Equal(t, "the run had not ended when this was written", c.Reason)
		require.Equal(t, r.Totals.Total, c.Totals.Total)
		require.Equal(t, r.Target, c.Target)
		require.Zero(t, c.Totals.Findings)
		if i == 0 {
			require.Zero(t, known(c))
		} else {
			require.Greater(t, known(c), known(told[i-1]), "want a checkpoint only where more is known")
		}
		for _, of := range c.Cases {
			require.NotContains(t, of.Reason, "was not sent", "want no control called so that is under way: %s", of.ID)
		}
		for _, f := range report.Formats() {
			require.NoError(t, f.Write(discard{}, c, report.Style{}))
		}
	}
}

// known is how many cases of a checkpoint were done. Not all of them passed: of one that
// came before its control it is not known what it proves.
func known(r *record.Report) int { return r.Totals.Total - r.Totals.Skipped }

func TestACheckpointCallsNoControlUnsentThatIsUnderWay(t *testing.T) {
	release, looked := make(chan struct{}), make(chan struct{}, 1)
	h := honest()
	var waiting atomic.Bool
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "" && waiting.CompareAndSwap(false, true) {
			<-release // the control, which goes first
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	})
	var found []string
	o := conformance.Options{
		Run: "^requestSample/auth/refuses-missing-authorization$", Parallel: 2,
		Checkpoint: func(r *record.Report) {
			for _, c := range r.Cases {
				if c.Outcome == record.Inconclusive {
					found = append(found, c.Reason)
					looked <- struct{}{}
				}
			}
		},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	go func() {
		<-looked
		close(release)
	}()
	r := run(t, target(server), o)
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.NotEmpty(t, found)
	for _, reason := range found {
		require.Equal(t, "its control requestSample/valid/accepts-plain-request was not answered yet, so this answer "+
			"proves nothing", reason)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func TestAPanicOfOursIsTheOutcomeOfOneCase(t *testing.T) {
	var asked atomic.Int64
	o := conformance.Options{Run: "^requestSample/valid/accepts-(plain|unicode|gzip)", Parallel: 1,
		Sleep: func(context.Context, time.Duration) error { panic("secret " + token) }, RetryTime: time.Hour}
	h := honest()
	r := run(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 2 {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(429)
			return
		}
		h.ServeHTTP(w, r)
	})), o)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "fmaspec itself failed: secret ****")
	require.NotContains(t, r.Reason, token)
	require.GreaterOrEqual(t, r.Totals.Errored, 1)
	require.GreaterOrEqual(t, r.Totals.Passed, 1, "want the other cases to be judged")
}
