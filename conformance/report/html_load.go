package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"fmaspec/conformance/record"
	"fmaspec/conformance/term"
)

// The size of a chart, in units of its view box, and the room of its labels.
const (
	chartWide, chartHigh = 900, 240
	chartLeft, chartFoot = 64, 26
	chartTop, chartRight = 10, 30
)

// A chart is what the page draws as SVG. All texts are of this package.
type chart struct {
	Label string // for who cannot see it
	Rows  []tick // lines across, with a label on the left
	Marks []tick // labels along the foot
	Bars  []rect
	Areas []rect // behind everything
	Lines []polyline
}

type tick struct {
	At   float64
	Text string
}

type rect struct{ X, Y, Wide, High float64 }

// A polyline is a line through points.
type polyline struct {
	Class, Name, Points string
}

// scale maps values to the height of a chart by their logarithm.
type scale struct{ from, to float64 }

func newScale(least, most float64) scale {
	from := math.Floor(math.Log10(max(least, 1000)))
	return scale{from, max(math.Ceil(math.Log10(max(most, 1000))), from+1)}
}

// at returns the height of a value, clipped to the chart.
func (s scale) at(value float64) float64 {
	share := (math.Log10(max(value, 1)) - s.from) / (s.to - s.from)
	return chartHigh - chartFoot - min(max(share, 0), 1)*(chartHigh-chartFoot-chartTop)
}

// rows returns a line for each power of ten.
func (s scale) rows() (out []tick) {
	for e := s.from; e <= s.to; e++ {
		out = append(out, tick{s.at(math.Pow(10, e)), time.Duration(math.Pow(10, e)).String()})
	}
	return out
}

// over returns where a share of the width is.
func over(share float64) float64 { return chartLeft + share*(chartWide-chartLeft-chartRight) }

// Asides reports whether something fails the run apart from its verdict.
func (p *htmlPage) Asides() bool { return len(asides(p.Report)) > 0 }

// LoadHeading and the like return what the page says of a load.
func (p *htmlPage) LoadHeading() string { return loadText(p.Load) }

func (p *htmlPage) LoadMix() string { return mixText(p.Load) }

func (p *htmlPage) LoadRate() string { return term.Number(p.Load.Throughput) }

func (p *htmlPage) LoadBehind() string { return behindText(p.Load.Behind) }

func (p *htmlPage) LatencyHead() []string { return latencyHead() }

func (p *htmlPage) LatencyName(row record.LatencyInfo) string { return latencyName(row) }

func (p *htmlPage) LatencyCells(row record.LatencyInfo) []string { return latencyCells(row) }

func (p *htmlPage) FlipText(f record.Flip) string { return flipText(f) }

func (p *htmlPage) WayText(w record.FlipWay) string { return wayText(w) }

func (p *htmlPage) NeighbourText(n record.Neighbour) string { return neighbourText(n) }

func (p *htmlPage) ErrorText(e record.LoadError) string { return errorText(e) }

func (p *htmlPage) OutageText(o record.Outage) string { return outageText(o) }

// ExchangeText names the exchange that flipped.
func (p *htmlPage) ExchangeText(x *record.ExchangeResult) string {
	return fmt.Sprintf("%s  %s in %s", clockTime(x.Started), statusText(x), shortTime(int64(x.Elapsed)))
}

// ExchangeBody returns the body of its answer, as much as is shown.
func (p *htmlPage) ExchangeBody(x *record.ExchangeResult) string {
	if x.Response == nil {
		return x.Error
	}
	return clip(string(x.Response.Body), 2000)
}

// LatencyChart draws the latency over time; nil where there is none.
func (p *htmlPage) LatencyChart() *chart {
	points := p.Load.Series
	least, most := math.Inf(1), 0.0
	for _, q := range points {
		if q.Requests > 0 {
			least, most = min(least, float64(q.P50)), max(most, float64(q.Max))
		}
	}
	if most == 0 {
		return nil
	}
	s := newScale(least, most)
	begin, end := points[0].At, points[len(points)-1].At+points[len(points)-1].Length
	x := func(at time.Duration) float64 { return over(float64(at-begin) / float64(end-begin)) }
	c := &chart{Rows: s.rows(), Label: fmt.Sprintf("Latency over %v: the median from %s to %s, the longest %s",
		end-begin, shortTime(int64(least)), shortTime(int64(mostOf(points, func(q record.LoadPoint) int64 {
			return q.P50
		}))), shortTime(int64(most)))}
	lines := []struct {
		class, name string
		of          func(record.LoadPoint) int64
	}{
		{"max", "longest", func(q record.LoadPoint) int64 { return q.Max }},
		{"p99", "p99", func(q record.LoadPoint) int64 { return q.P99 }},
		{"p50", "p50", func(q record.LoadPoint) int64 { return q.P50 }},
	}
	for _, line := range lines {
		var b strings.Builder
		for _, q := range points {
			if q.Requests > 0 {
				fmt.Fprintf(&b, "%.1f,%.1f ", x(q.At+q.Length/2), s.at(float64(line.of(q))))
			}
		}
		c.Lines = append(c.Lines, polyline{line.class, line.name, strings.TrimSpace(b.String())})
	}
	for _, q := range points {
		if q.Down {
			c.Areas = append(c.Areas, rect{x(q.At), chartTop, x(q.At+q.Length) - x(q.At),
				chartHigh - chartFoot - chartTop})
		}
	}
	const marks = 6
	for i := range marks + 1 {
		at := begin + (end-begin)*time.Duration(i)/marks
		c.Marks = append(c.Marks, tick{x(at), at.Round(time.Second).String()})
	}
	return c
}

func mostOf(points []record.LoadPoint, of func(record.LoadPoint) int64) (most int64) {
	for _, q := range points {
		most = max(most, of(q))
	}
	return most
}

// HistogramChart draws how many requests took how long; nil where that is not known.
func (p *htmlPage) HistogramChart() *chart {
	if len(p.Load.Latency) == 0 || p.Load.Latency[0].Count == 0 {
		return nil
	}
	all := p.Load.Latency[0]
	h, err := hdrhistogram.Decode([]byte(all.Histogram))
	if err != nil {
		return nil
	}
	const bins = 60
	from, to := math.Log10(float64(max(all.Min, 1000))), math.Log10(float64(max(all.Max, 2000)))
	to = max(to, from+0.1)
	counts, most := make([]float64, bins), 0.0
	for _, bar := range h.Distribution() {
		if bar.Count == 0 {
			continue
		}
		share := (math.Log10(float64(max(bar.From, 1))*1000) - from) / (to - from)
		i := min(max(int(share*bins), 0), bins-1)
		counts[i] += float64(bar.Count)
		most = max(most, counts[i])
	}
	c := &chart{Label: fmt.Sprintf("How many of %d requests took how long: half of them %s at most, 99 of 100 %s",
		all.Count, shortTime(all.P50), shortTime(all.P99))}
	high := float64(chartHigh - chartFoot - chartTop)
	for i, n := range counts {
		if n > 0 {
			tall := max(n/most*high, 1)
			c.Bars = append(c.Bars, rect{over(float64(i)/bins) + 0.5, chartTop + high - tall,
				over(1.0/bins) - over(0) - 1, tall})
		}
	}
	c.Rows = []tick{{chartTop, term.Number(most)}, {chartTop + high/2, term.Number(most / 2)}, {chartTop + high, "0"}}
	const marks = 6
	for i := range marks + 1 {
		share := float64(i) / marks
		c.Marks = append(c.Marks, tick{over(share), shortTime(int64(math.Pow(10, from+share*(to-from))))})
	}
	return c
}
