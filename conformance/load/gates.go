package load

import (
	"context"
	"fmt"
	"math"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/term"
)

// Gates are bounds on what a load measures. The zero value has none.
type Gates struct {
	MaxP99        time.Duration    // of all requests
	MaxFlips      *int             // cases that were judged in several ways
	MaxErrors     *int             // requests without an answer, or whose answer is no evidence
	MinThroughput conformance.Rate // of answers
}

// A gateRow is one kind of gate.
type gateRow struct {
	name string // of the flag
	same bool   // shards that are merged keep the bound of one
	// the bound that is asked for: nanoseconds, answers in a second, or a number
	asked func(Gates) (bound float64, is bool)
	got   func(*record.LoadInfo) float64
	least bool // the bound is the least, and else the most
	text  func(float64) string
}

// gateRows are the gates in the order in which they are reported.
func gateRows() []gateRow {
	number := func(f float64) string { return fmt.Sprintf("%.0f", f) }
	count := func(n *int) (float64, bool) {
		if n == nil {
			return 0, false
		}
		return float64(*n), true
	}
	return []gateRow{
		{name: "max-p99", same: true,
			asked: func(g Gates) (float64, bool) { return float64(g.MaxP99), g.MaxP99 > 0 },
			got: func(l *record.LoadInfo) float64 {
				if l.Requests == 0 { // none is no fast one
					return math.Inf(1)
				}
				return float64(l.Latency[0].P99)
			},
			text: func(f float64) string {
				if math.IsInf(f, 1) {
					return "no request"
				}
				return term.Duration(time.Duration(f))
			}},
		{name: "min-throughput", least: true,
			asked: func(g Gates) (float64, bool) {
				if g.MinThroughput.N == 0 {
					return 0, false
				}
				return float64(g.MinThroughput.N) / g.MinThroughput.Per.Seconds(), true
			},
			got:  func(l *record.LoadInfo) float64 { return l.Throughput },
			text: func(f float64) string { return term.Number(f) + " answers a second" }},
		{name: "max-flips", asked: func(g Gates) (float64, bool) { return count(g.MaxFlips) },
			got: func(l *record.LoadInfo) float64 { return float64(len(l.Flips)) }, text: number},
		{name: "max-errors", asked: func(g Gates) (float64, bool) { return count(g.MaxErrors) },
			got: func(l *record.LoadInfo) (n float64) {
				for _, e := range l.Errors {
					n += float64(e.Count)
				}
				return n
			}, text: number},
	}
}

// gate compares what was measured with a bound.
func (row gateRow) gate(l *record.LoadInfo, bound float64) record.Gate {
	got, word, failed := row.got(l), "at most ", row.got(l) > bound
	if row.least {
		word, failed = "at least ", got < bound
	}
	return record.Gate{Name: row.name, Bound: bound, Want: word + row.text(bound), Got: row.text(got), Failed: failed}
}

// check compares what was measured with the gates.
func (g Gates) check(l *record.LoadInfo) []record.Gate {
	out := []record.Gate{}
	for _, row := range gateRows() {
		if bound, is := row.asked(g); is {
			out = append(out, row.gate(l, bound))
		}
	}
	return out
}

// info returns what was measured so far.
func (r *run) info() *record.LoadInfo {
	out := &record.LoadInfo{Model: record.ClosedModel, Workers: r.Workers, Rate: r.Rate.String(), Duration: r.Duration,
		WarmUp: r.WarmUp, Ramp: r.Ramp, Mix: r.Mix, Cases: len(r.mix.cases)}
	if r.Rate.N > 0 {
		out.Model = record.OpenModel
	}
	if r.meter != nil { // nil where the plan was stopped before the load began
		r.meter.info(out, r.Now())
		r.down.info(out)
		out.Flips = r.flips.info()
	}
	out.Gates = r.Gates.check(out)
	return out
}

// complete adds the load to the report of the session.
func (r *run) complete(ctx context.Context, report *record.Report) *record.Report {
	if r.flips != nil {
		r.flips.compare(report)
	}
	report.Load = r.info()
	if ctx.Err() != nil && !report.Interrupted {
		report.Interrupted, report.Verdict = true, record.Unjudged
		report.Reason = "the run was interrupted"
	}
	return report
}
