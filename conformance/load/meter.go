package load

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"fmaspec/conformance/record"
)

// The histograms count microseconds, up to an hour, with three significant digits.
const longest, digits = int64(time.Hour / time.Microsecond), 3

// mostPoints is about how many intervals the series of a load has.
const mostPoints = 600

// mostCauses is how many causes of errors are kept apart.
const mostCauses = 64

// key is what latencies are kept apart by.
type key struct{ operation, result string }

// A meter counts and measures what a load does.
type meter struct {
	mu              sync.Mutex
	began, measured time.Time
	end, closed     time.Time
	stopped         string
	every           time.Duration // the length of a point

	of       map[key]*hdrhistogram.Histogram
	requests int64
	answers  int64
	judged   int64
	failed   int64
	failing  int64 // of all errors
	sent     map[string]int64
	errors   map[string]*record.LoadError
	behind   record.BehindInfo

	points []record.LoadPoint
	point  *hdrhistogram.Histogram // of the last point
}

func newMeter(began, measured, end time.Time) *meter {
	every := max(time.Second, (end.Sub(began)/mostPoints).Truncate(time.Second)+time.Second)
	if end.Sub(began) <= mostPoints*time.Second {
		every = time.Second
	}
	return &meter{began: began, measured: measured, end: end, every: every, of: map[key]*hdrhistogram.Histogram{},
		sent: map[string]int64{}, errors: map[string]*record.LoadError{}, point: newHistogram()}
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, digits) }

// resultOf is the result of an exchange.
func resultOf(r *record.Response, err *record.WireError) string {
	switch {
	case r == nil || err != nil && err.Kind != record.TooLong:
		return record.ResultUnanswered
	case r.Status/100 == 2:
		return record.ResultAccepted
	case r.Status/100 == 4:
		return record.ResultRefused
	}
	return record.ResultOther
}

// note measures an attempt.
func (m *meter) note(r *run, h *held) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.at(h.ended)
	inTime := !h.planned.Before(m.measured)
	for i, x := range h.a.Exchanges {
		took := x.Elapsed
		if i == 0 && r.arrive.each > 0 { // from when it was to be sent
			took = x.Started.Add(x.Elapsed).Sub(h.planned)
		}
		micro := min(max(took.Microseconds(), 1), longest)
		result := resultOf(x.Response, x.Err)
		m.judged++
		at.Requests++
		if len(x.Findings) > 0 {
			at.Findings++
			m.failed++
		}
		if x.Unjudged != "" || result == record.ResultUnanswered {
			at.Errors++
			m.note1(causeOf(x.Response, x.Err, x.Unjudged), h.c.ID, textOf(x.Response, x.Err, x.Unjudged), h.ended)
		}
		m.point.RecordValue(micro)
		if !inTime {
			continue
		}
		m.requests++
		if x.Response != nil {
			m.answers++
		}
		k := key{x.Operation, result}
		if m.of[k] == nil {
			m.of[k] = newHistogram()
		}
		m.of[k].RecordValue(micro)
	}
	m.sent[h.c.ID]++
	if r.arrive.each > 0 && inTime {
		if h.late > time.Millisecond {
			m.behind.Late++
		}
		m.behind.Most = max(m.behind.Most, h.late)
	}
}

// causeOf is the cause for which an exchange is no evidence, or had no answer.
func causeOf(r *record.Response, err *record.WireError, unjudged string) string {
	switch {
	case err != nil:
		return string(err.Kind)
	case r != nil && unjudged != "":
		return fmt.Sprint(r.Status)
	}
	return "no answer"
}

// textOf says what came in place of evidence.
func textOf(r *record.Response, err *record.WireError, unjudged string) string {
	if err != nil {
		return err.Msg
	}
	return cmp.Or(unjudged, "no answer came")
}

// error counts a case that was not sent, or lost.
func (m *meter) error(cause, id, text string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at(at).Errors++
	m.note1(cause, id, text, at)
}

// note1 counts an error. The caller holds m.mu.
func (m *meter) note1(cause, id, text string, at time.Time) {
	m.failing++
	e := m.errors[cause]
	if e == nil {
		if len(m.errors) >= mostCauses {
			cause = "other causes"
		}
		if e = m.errors[cause]; e == nil {
			e = &record.LoadError{Cause: cause, First: at.UTC(), Case: id, Text: text}
			m.errors[cause] = e
		}
	}
	e.Count++
	e.Last = at.UTC()
}

// at returns the point of a time, with those between the last one and it. The caller holds m.mu.
func (m *meter) at(now time.Time) *record.LoadPoint {
	most := int((m.end.Sub(m.began) - 1) / m.every) // what ends later counts there too
	n := min(int(max(now.Sub(m.began), 0)/m.every), most)
	for len(m.points) <= n {
		m.finish()
		from := time.Duration(len(m.points)) * m.every
		m.points = append(m.points, record.LoadPoint{At: m.began.Add(from).Sub(m.measured), Length: m.every})
	}
	return &m.points[len(m.points)-1] // a time before it counts there too
}

// finish sets the percentiles of the last point. The caller holds m.mu.
func (m *meter) finish() {
	if len(m.points) == 0 {
		return
	}
	m.measure(&m.points[len(m.points)-1])
	m.point.Reset()
}

// measure sets the percentiles of the last point.
func (m *meter) measure(p *record.LoadPoint) {
	p.P50, p.P99, p.Max = nanos(m.point.ValueAtQuantile(50)), nanos(m.point.ValueAtQuantile(99)), nanos(m.point.Max())
}

func nanos(micro int64) int64 { return micro * int64(time.Microsecond) }

// now returns the state at a time, and the interval before.
func (m *meter) now(now time.Time) Now {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at(now)
	out := Now{At: now.Sub(m.measured), Left: max(m.end.Sub(now), 0), Requests: m.requests, Failed: m.failed,
		Errors: m.failing}
	n := len(m.points)
	switch {
	case now.Sub(m.began) >= time.Duration(n)*m.every: // the last one is over
		m.measure(&m.points[n-1])
		out.Point = m.points[n-1]
	case n > 1:
		out.Point = m.points[n-2]
	}
	return out
}

// close ends the measuring.
func (m *meter) close(now time.Time, cause error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finish()
	m.closed = now
	if cause != nil {
		m.stopped = cause.Error()
	}
}

// latencies returns the histograms: that of all, then by operation and result.
func (m *meter) latencies() (out []record.LatencyInfo) {
	all := newHistogram()
	for _, h := range m.of {
		all.Merge(h)
	}
	out = append(out, latency(key{}, all))
	keys := slices.SortedFunc(maps.Keys(m.of), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.operation, b.operation), cmp.Compare(a.result, b.result))
	})
	for _, k := range keys {
		out = append(out, latency(k, m.of[k]))
	}
	return out
}

// latency returns a histogram as a report keeps it.
func latency(k key, h *hdrhistogram.Histogram) record.LatencyInfo {
	at := func(q float64) int64 { return nanos(h.ValueAtQuantile(q)) }
	encoded, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil { // of a form that the library does not know
		encoded = nil
	}
	return record.LatencyInfo{Operation: k.operation, Result: k.result, Count: h.TotalCount(), Min: nanos(h.Min()),
		Mean: int64(h.Mean() * float64(time.Microsecond)), P50: at(50), P90: at(90), P95: at(95), P99: at(99),
		P999: at(99.9), Max: nanos(h.Max()), Histogram: string(encoded)}
}

// decoded reads a histogram of a report.
func decoded(l record.LatencyInfo) (*hdrhistogram.Histogram, error) {
	if _, err := base64.StdEncoding.DecodeString(l.Histogram); err != nil {
		return nil, fmt.Errorf("histogram of %s %s: %w", l.Operation, l.Result, err)
	}
	h, err := hdrhistogram.Decode([]byte(l.Histogram))
	if err != nil {
		return nil, fmt.Errorf("histogram of %s %s: %w", l.Operation, l.Result, err)
	}
	return h, nil
}

// info fills in what was measured.
func (m *meter) info(out *record.LoadInfo, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	end := m.closed
	if end.IsZero() {
		end = now
	}
	out.Started, out.Elapsed = m.measured.UTC(), max(end.Sub(m.measured), 0)
	out.Stopped, out.Requests, out.Judged = m.stopped, m.requests, m.judged
	if out.Elapsed > 0 {
		out.Throughput = float64(m.answers) / out.Elapsed.Seconds()
	}
	out.Latency, out.Series = m.latencies(), slices.Clone(m.points)
	out.Sent = maps.Clone(m.sent)
	out.Errors = []record.LoadError{}
	for _, e := range m.errors {
		out.Errors = append(out.Errors, *e)
	}
	slices.SortFunc(out.Errors, func(a, b record.LoadError) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cause, b.Cause))
	})
	if out.Model == record.OpenModel {
		out.Behind = new(m.behind)
	}
}
