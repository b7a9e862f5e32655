package mutate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

// BenchmarkWatch judges the exchanges of a run of the conforming server, as those of the run and as
// other traffic.
func BenchmarkWatch(b *testing.B) {
	suite, err := builtIn()
	require.NoError(b, err)
	_, head, all := recordOf(b, suite, Honest()[0], conformance.Options{Seed: "1"})
	b.Run("of-a-run", func(b *testing.B) {
		b.ReportAllocs()
		w := suite.Watch(conformance.WatchOptions{})
		require.NoError(b, w.Begin(head))
		for n := range b.N {
			w.Note(all[n%len(all)])
		}
	})
	b.Run("other-traffic", func(b *testing.B) {
		b.ReportAllocs()
		w := suite.Watch(conformance.WatchOptions{})
		for n := range b.N {
			x := all[n%len(all)]
			x.Case, x.Step = "", 0
			w.Note(x)
		}
	})
}
