package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// underLoad returns a report with a load that has everything that one can have. text stands in
// all that may come from outside.
func underLoad(t testing.TB, r *record.Report, text string) *record.Report {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h := hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3)
	for i := range int64(1000) {
		require.NoError(t, h.RecordValue(800+i*i/100))
	}
	encoded, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	require.NoError(t, err)
	row := record.LatencyInfo{Count: h.TotalCount(), Min: h.Min() * 1000, Mean: int64(h.Mean() * 1000),
		P50: h.ValueAtQuantile(50) * 1000, P90: h.ValueAtQuantile(90) * 1000, P95: h.ValueAtQuantile(95) * 1000,
		P99: h.ValueAtQuantile(99) * 1000, P999: h.ValueAtQuantile(99.9) * 1000, Max: h.Max() * 1000,
		Histogram: string(encoded)}
	refused := row
	refused.Operation, refused.Result = "requestSample", record.ResultRefused
	near := record.Neighbour{Case: "requestSample/" + text, Started: at, Elapsed: time.Millisecond, Worker: 3,
		Status: 201}
	l := &record.LoadInfo{
		Model: "open", Workers: 64, Rate: "500/s", Duration: 10 * time.Second, WarmUp: time.Second,
		Ramp: 2 * time.Second, Mix: []record.MixPart{{Cases: "accepted", Weight: 9}, {Cases: text, Weight: 1}},
		Cases: 300, Started: at, Elapsed: 8 * time.Second, Stopped: "stopped: " + text, Requests: 4000,
		Throughput: 500.25, Judged: 5000, Behind: &record.BehindInfo{Late: 7, Most: 30 * time.Millisecond},
		Latency: []record.LatencyInfo{row, refused},
		Errors: []record.LoadError{{Cause: "503", Count: 2, First: at, Last: at.Add(time.Second),
			Case: "requestSample/" + text, Text: text}},
		Flips: []record.Flip{{Case: "requestSample/" + text, Judged: 100, Ways: []record.FlipWay{
			{Findings: []string{}, Count: 98, First: at, Last: at},
			{Findings: []string{"schema requestSample/x#0 /id " + text}, Count: 2, First: at, Last: at}},
			Exchange: &record.ExchangeResult{Step: 4, Started: at, Elapsed: time.Millisecond,
				Request:  record.Request{Method: "POST", URL: "http://127.0.0.1/x"},
				Response: &record.Response{Status: 201, Proto: "HTTP/1.1", Body: record.Body(text)}},
			Before: []record.Neighbour{near}, After: []record.Neighbour{near}, Connection: &near}},
		Outages: []record.Outage{{Began: at, Ended: at.Add(time.Second), Lost: 9, Text: text, After: 3 * time.Second}},
		Gates: []record.Gate{{Name: "max-p99", Bound: 5e6, Want: "at most 5ms", Got: "10.6ms", Failed: true},
			{Name: "max-flips", Bound: 3, Want: "at most 3", Got: "1"}},
		Sent: map[string]int64{"requestSample/x": 100},
	}
	for i := range 13 {
		l.Series = append(l.Series, record.LoadPoint{At: time.Duration(i-3) * time.Second, Length: time.Second,
			Requests: int64(
				400 + 10*i), Errors: 1, Findings: 1, P50: int64(900+i) * 1000, P99: int64(5000+100*i) * 1000,
			Max: int64(20000+1000*i) * 1000, Down: i == 6})
	}
	out := *r
	out.Load, out.Merged, out.Suite.Shard = l, &record.MergedInfo{Shards: 2, Apart: []string{"ids-fresh"}}, "2/5"
	return &out
}

func TestALoadInEachFormat(t *testing.T) {
	r := underLoad(t, conformant(), "plain")
	golden(t, "load-console.txt", render(t, "console", r, report.Style{}))
	golden(t, "load-markdown.md", render(t, "markdown", r, report.Style{}))
	golden(t, "load.html", render(t, "html", r, report.Style{}))

	sentence := "the load fails the run: the 99th percentile is 10.6ms, and -max-p99 asks for at most 5ms"
	for _, format := range []string{"console", "markdown", "html", "junit", "github", "sarif"} {
		got := render(t, format, r, report.Style{})
		require.Contains(t, strings.ReplaceAll(got, `\-`, "-"), sentence, format)
	}
	require.Contains(t, render(t, "junit", r, report.Style{}), `failures="1"`)
	require.Contains(t, render(t, "sarif", r, report.Style{}), `"exitCode": 1`)

	r.Verdict, r.Reason = record.Unjudged, "nothing answered"
	require.NotContains(t, render(t, "console", r, report.Style{}), sentence, "a run without a verdict fails for that")
}

// What a server sent stays harmless in every format.
func TestALoadOfHostileText(t *testing.T) {
	r := underLoad(t, conformant(), hostile)
	for _, format := range []string{"console", "markdown", "html", "junit", "github", "sarif", "json"} {
		got := render(t, format, r, report.Style{})
		require.NotContains(t, got, "\x1b", format)
		require.NotContains(t, got, "<script>alert", format)
	}
}

func TestALoadLine(t *testing.T) {
	point := record.LoadPoint{Length: time.Second, Requests: 4812, P50: 1_200_000, P99: 4_300_000, Max: 20_000_000}
	require.Equal(t, "12s         4812/s  p50 1.2ms   p99 4.3ms   max 20ms    1 with findings, 2 errors, 9m48s left",
		report.LoadLine(12*time.Second, point, 1, 2, 588*time.Second))
	require.Contains(t, report.LoadLine(-time.Second, point, 0, 0, 0), "warm-up")
}
