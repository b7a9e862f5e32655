package conformance

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// BuiltInSuite loads the embedded suite once for all tests that do not change it: a Suite
// is not changed after Load, which takes a tenth of a second, a whole one with the race
// detector.
var BuiltInSuite = sync.OnceValues(func() (*Suite, error) { return Load(Contract{}) })

func shared(t testing.TB) *Suite {
	t.Helper()
	s, err := BuiltInSuite()
	require.NoError(t, err)
	return s
}
