package load

import (
	"context"
	"fmt"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// The models of a load.
const (
	Closed = "closed"
	Open   = "open"
)

// Gates are bounds on what a load measures. The zero value has none.
type Gates struct {
	MaxP99        time.Duration    // of all requests
	MaxFlips      *int             // cases that were judged in several ways
	MaxErrors     *int             // requests without an answer, or whose answer is no evidence
	MinThroughput conformance.Rate // of answers
}

// check compares what was measured with the gates.
func (g Gates) check(l *record.LoadInfo) []record.Gate {
	out := []record.Gate{}
	add := func(name string, failed bool, want, got string) {
		out = append(out, record.Gate{Name: name, Want: want, Got: got, Failed: failed})
	}
	if g.MaxP99 > 0 {
		p99 := time.Duration(l.Latency[0].P99)
		add("max-p99", p99 > g.MaxP99 || l.Requests == 0, fmt.Sprintf("at most %v", g.MaxP99), got(l, Short(p99)))
	}
	if g.MinThroughput.N > 0 {
		least := float64(g.MinThroughput.N) / g.MinThroughput.Per.Seconds()
		add("min-throughput", l.Throughput < least, fmt.Sprintf("at least %s answers a second", Number(least)),
			Number(l.Throughput))
	}
	if g.MaxFlips != nil {
		add("max-flips", len(l.Flips) > *g.MaxFlips, fmt.Sprintf("at most %d", *g.MaxFlips), fmt.Sprint(len(l.Flips)))
	}
	if g.MaxErrors != nil {
		n := int64(0)
		for _, e := range l.Errors {
			n += e.Count
		}
		add("max-errors", n > int64(*g.MaxErrors), fmt.Sprintf("at most %d", *g.MaxErrors), fmt.Sprint(n))
	}
	return out
}

// got is a measured value, or that there is none.
func got(l *record.LoadInfo, text string) string {
	if l.Requests == 0 {
		return "no request"
	}
	return text
}

// Short returns a time with three digits: "1.23ms".
func Short(d time.Duration) string {
	unit := time.Nanosecond
	for unit*1000 <= d {
		unit *= 10
	}
	return d.Round(unit).String()
}

// Number returns a number with three digits at least, and no fraction from 100 on.
func Number(f float64) string {
	if f >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.3g", f)
}

// info returns what was measured so far.
func (r *run) info() *record.LoadInfo {
	out := &record.LoadInfo{Model: Closed, Workers: r.Workers, Duration: r.Duration, WarmUp: r.WarmUp, Ramp: r.Ramp,
		Mix: r.Mix, Cases: len(r.cases)}
	if r.Rate.N > 0 {
		out.Model, out.Rate = Open, rateText(r.Rate)
	}
	if r.meter == nil { // the plan was stopped before the load began
		out.Latency, out.Series, out.Errors = []record.LatencyInfo{latency(key{}, newHistogram())}, []record.LoadPoint{},
			[]record.LoadError{}
		out.Flips, out.Outages, out.Sent = []record.Flip{}, []record.Outage{}, map[string]int64{}
	} else {
		r.meter.info(out, r.Now())
		r.down.info(out)
		out.Flips = r.flips.info()
	}
	out.Gates = r.Gates.check(out)
	return out
}

// rateText is a rate as "500/s".
func rateText(rate conformance.Rate) string {
	switch rate.Per {
	case time.Hour:
		return fmt.Sprintf("%d/h", rate.N)
	case time.Minute:
		return fmt.Sprintf("%d/m", rate.N)
	case time.Second:
		return fmt.Sprintf("%d/s", rate.N)
	}
	return fmt.Sprintf("%d in %v", rate.N, rate.Per)
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
