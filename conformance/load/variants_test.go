package load_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/load"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// TestNoConformingServerFlips puts each conforming server under a short load on connections that
// are kept: no case is judged in two ways, and the verdict is that of a run without load. With
// -soak it is each of them, else a twelfth.
func TestNoConformingServerFlips(t *testing.T) {
	s, err := builtIn()
	require.NoError(t, err)
	every := 12
	switch {
	case testing.Short():
		every = 40
	case *soak > 0:
		every = 1
	}
	for i, v := range mutate.Honest() {
		if i%every != 0 || v.Waits {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(v.Wrap(reference.New(reference.Config{Token: token})))
			defer server.Close()
			plan, err := s.Plan(t.Context(), conformance.Target{URL: server.URL, Token: token, Machine: machine},
				conformance.Options{Seed: "load", Run: "/valid/|/body/refuses", RetryTime: time.Minute,
					Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
			require.NoError(t, err)
			r, err := load.Run(t.Context(), plan,
				load.Options{Duration: time.Hour, Cases: 200, Workers: 8, Seed: "load"})
			require.NoError(t, err)
			require.Equal(t, record.Conformant, r.Verdict, "%s", r.Reason)
			require.Empty(t, r.Load.Flips, "%v", r.Load.Flips)
			require.Empty(t, r.Load.Errors)
			require.Empty(t, r.Load.Outages)
		})
	}
}
