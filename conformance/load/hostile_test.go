package load_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/hostile"
	"fmaspec/conformance/load"
	"fmaspec/conformance/reference"
)

// TestALoadOfHostileServersEnds puts hostile servers under load: it ends, with a report that is
// bounded and holds no secret.
func TestALoadOfHostileServersEnds(t *testing.T) {
	s, err := builtIn()
	require.NoError(t, err)
	every := 16
	if testing.Short() {
		every = 50
	}
	for i, b := range hostile.Behaviours() {
		if i%every != 0 {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			server, err := hostile.Start(b, reference.New(reference.Config{Token: token}))
			require.NoError(t, err)
			plan, err := s.Plan(t.Context(), conformance.Target{URL: server.URL, Token: token, Machine: machine,
				Transport: conformance.Transport{RootCAs: server.Roots, HTTP2: b.HTTP2}},
				conformance.Options{Seed: "hostile", Run: plain, Timeout: 200 * time.Millisecond})
			require.NoError(t, err)
			r, err := load.Run(t.Context(), plan, load.Options{Duration: time.Hour, Cases: 24, Workers: 8,
				Seed: "hostile", Wait: time.Second})
			require.NoError(t, err)
			server.Stop()
			text, err := json.Marshal(r)
			require.NoError(t, err)
			require.Less(t, len(text), 8<<20, b.Name)
			require.NotContains(t, string(text), token, b.Name)
		})
	}
}
