package load_test

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/load"
	"fmaspec/conformance/record"
)

// shardOf is the report of a shard whose server takes so long for each answer.
func shardOf(t *testing.T, takes time.Duration, gates load.Gates) *record.Report {
	t.Helper()
	c := newClock()
	h := honest(c)
	h.takes = func(n int64) time.Duration { return takes + time.Duration(n%100)*takes/100 }
	r := put(t, t.Context(), h, c, load.Options{Duration: 2 * time.Second, Workers: 1, Gates: gates})
	r.Suite.Shard = "1/2"
	return r
}

// Merged histograms are those of one run with all the requests.
func TestHistogramsMergeExactly(t *testing.T) {
	none := 0
	gates := load.Gates{MaxP99: 10 * time.Millisecond, MaxFlips: &none}
	a, b := shardOf(t, time.Millisecond, gates), shardOf(t, 5*time.Millisecond, gates)
	merged, err := load.Merge([]*record.Report{a, b})
	require.NoError(t, err)
	want := hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3)
	for _, r := range []*record.Report{a, b} {
		h, err := hdrhistogram.Decode([]byte(r.Load.Latency[0].Histogram))
		require.NoError(t, err)
		require.Zero(t, want.Merge(h))
	}
	all := merged.Latency[0]
	require.Equal(t, want.TotalCount(), all.Count)
	for q, got := range map[float64]int64{50: all.P50, 90: all.P90, 95: all.P95, 99: all.P99, 99.9: all.P999} {
		require.Equal(t, want.ValueAtQuantile(q)*1000, got, q)
	}
	got, err := hdrhistogram.Decode([]byte(all.Histogram))
	require.NoError(t, err)
	require.True(t, want.Equals(got))
	require.Equal(t, a.Load.Requests+b.Load.Requests, merged.Requests)
	require.InDelta(t, a.Load.Throughput+b.Load.Throughput, merged.Throughput, 1e-9)
	require.Len(t, merged.Series, len(a.Load.Series))
	require.Equal(t, a.Load.Series[0].Requests+b.Load.Series[0].Requests, merged.Series[0].Requests)
	require.Equal(t, 2, merged.Workers)
	require.False(t, merged.Fails(), "%v", merged.Gates)
	require.Equal(t, 10*time.Millisecond, time.Duration(merged.Gates[0].Bound), "the bound of a percentile is no sum")

	a.Load.Gates[0].Bound, b.Load.Gates[0].Bound = 2e6, 2e6
	merged, err = load.Merge([]*record.Report{a, b})
	require.NoError(t, err)
	require.True(t, merged.Fails(), "one shard is too slow for the whole: %v", merged.Gates)
}

func TestLoadsThatCannotBeMerged(t *testing.T) {
	a, b := shardOf(t, time.Millisecond, load.Gates{}), shardOf(t, time.Millisecond, load.Gates{})
	none, err := load.Merge([]*record.Report{{}, {}})
	require.NoError(t, err)
	require.Nil(t, none, "no shard was under load")
	_, err = load.Merge([]*record.Report{a, {Suite: record.SuiteInfo{Shard: "2/2"}}})
	require.ErrorContains(t, err, "shard 2/2: its target was put under load, or that of another was, and not both")
	b.Load.Latency[0].Histogram = "broken"
	_, err = load.Merge([]*record.Report{a, b})
	require.ErrorContains(t, err, "histogram")
	require.ErrorContains(t, err, "merge the reports as they were written")
}
