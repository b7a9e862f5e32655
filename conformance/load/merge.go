package load

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"fmaspec/conformance/record"
)

// Merge returns the load of several shards that ran at the same time, nil where none was under
// load. The histograms are merged exactly. Percentiles of an interval are the largest of the
// shards, since an interval has no histogram of its own. A gate on the 99th percentile asks the
// same of the merged load; the other gates ask for as much as those of the shards together.
// An error names a shard whose histogram cannot be read, or which has no load where others do.
func Merge(shards []*record.Report) (*record.LoadInfo, error) {
	var loads []*record.LoadInfo
	for i, r := range shards {
		if (r.Load == nil) != (shards[0].Load == nil) {
			return nil, fmt.Errorf("shard %s: its target was put under load, or that of another was, and not both; "+
				"merge "+"runs with the same -duration", shards[i].Suite.Shard)
		}
		if r.Load != nil {
			loads = append(loads, r.Load)
		}
	}
	if len(loads) == 0 {
		return nil, nil
	}
	out := *loads[0]
	out.Sent, out.Stopped, out.Behind = map[string]int64{}, "", nil
	out.Requests, out.Judged, out.Throughput, out.Workers, out.Cases = 0, 0, 0, 0, 0
	out.Series, out.Errors, out.Flips, out.Outages = nil, nil, nil, nil
	all := map[key]*hdrhistogram.Histogram{}
	for i, l := range loads {
		out.Workers, out.Cases = out.Workers+l.Workers, out.Cases+l.Cases
		out.Requests, out.Judged, out.Throughput = out.Requests+l.Requests, out.Judged+l.Judged,
			out.Throughput+l.Throughput
		out.Elapsed = max(out.Elapsed, l.Elapsed)
		if l.Started.Before(out.Started) {
			out.Started = l.Started
		}
		out.Stopped = cmp.Or(out.Stopped, l.Stopped)
		if b := l.Behind; b != nil {
			if out.Behind == nil {
				out.Behind = &record.BehindInfo{}
			}
			out.Behind.Late += b.Late
			out.Behind.Most = max(out.Behind.Most, b.Most)
		}
		for id, n := range l.Sent {
			out.Sent[id] += n
		}
		for _, row := range l.Latency {
			h, err := decoded(row)
			if err != nil {
				return nil, fmt.Errorf("shard %s: %w; merge the reports as they were written", shards[i].Suite.Shard,
					err)
			}
			k := key{row.Operation, row.Result}
			if all[k] == nil {
				all[k] = newHistogram()
			}
			if lost := all[k].Merge(h); lost > 0 {
				return nil, fmt.Errorf("shard %s: %d values of its histogram of %s %s are out of range; merge "+
					"reports of "+"the same version", shards[i].Suite.Shard, lost, row.Operation, row.Result)
			}
		}
		out.Flips = append(out.Flips, l.Flips...)
		out.Outages = append(out.Outages, l.Outages...)
	}
	out.Latency = nil
	for k, h := range all {
		out.Latency = append(out.Latency, latency(k, h))
	}
	slices.SortFunc(out.Latency, func(a, b record.LatencyInfo) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Result, b.Result))
	})
	slices.SortStableFunc(out.Flips, func(a, b record.Flip) int { return cmp.Compare(a.Case, b.Case) })
	slices.SortStableFunc(out.Outages, func(a, b record.Outage) int { return a.Began.Compare(b.Began) })
	out.Series, out.Errors = mergedSeries(loads), mergedErrors(loads)
	if len(loads) > 1 && out.Rate != "" {
		out.Rate = fmt.Sprintf("%d times %s", len(loads), out.Rate)
	}
	out.Gates = mergedGates(&out, loads)
	return &out, nil
}

// mergedSeries adds up the intervals at the same time since the measuring began.
func mergedSeries(loads []*record.LoadInfo) (out []record.LoadPoint) {
	at := map[time.Duration]int{}
	for _, l := range loads {
		for _, p := range l.Series {
			i, known := at[p.At]
			if !known {
				at[p.At] = len(out)
				out = append(out, p)
				continue
			}
			q := &out[i]
			q.Requests, q.Errors, q.Findings = q.Requests+p.Requests, q.Errors+p.Errors, q.Findings+p.Findings
			q.P50, q.P99, q.Max = max(q.P50, p.P50), max(q.P99, p.P99), max(q.Max, p.Max)
			q.Down = q.Down || p.Down
		}
	}
	slices.SortFunc(out, func(a, b record.LoadPoint) int { return cmp.Compare(a.At, b.At) })
	return out
}

// mergedErrors adds up the errors of each cause.
func mergedErrors(loads []*record.LoadInfo) []record.LoadError {
	out := []record.LoadError{}
	for _, l := range loads {
		for _, e := range l.Errors {
			i := slices.IndexFunc(out, func(o record.LoadError) bool { return o.Cause == e.Cause })
			if i < 0 {
				out = append(out, e)
				continue
			}
			o := &out[i]
			o.Count += e.Count
			if e.First.Before(o.First) {
				o.First, o.Case, o.Text = e.First, e.Case, e.Text
			}
			if e.Last.After(o.Last) {
				o.Last = e.Last
			}
		}
	}
	slices.SortStableFunc(out, func(a, b record.LoadError) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// mergedGates compares the merged load with the gates of the shards together.
func mergedGates(merged *record.LoadInfo, loads []*record.LoadInfo) []record.Gate {
	bounds := map[string]float64{}
	for _, l := range loads {
		for _, g := range l.Gates {
			bounds[g.Name] += g.Bound
		}
	}
	out := []record.Gate{}
	for _, row := range gateRows() {
		bound, asked := bounds[row.name]
		if !asked {
			continue
		}
		if row.same {
			bound /= float64(len(loads))
		}
		out = append(out, row.gate(merged, bound))
	}
	return out
}
