package report

import (
	"fmt"
	"strings"
	"time"

	"fmaspec/conformance/record"
	"fmaspec/conformance/term"
)

// An aside is what fails a run apart from its verdict: the target may keep the contract all the
// same.
type aside struct {
	title    string
	name     string // of the flag that asks for it
	sentence string
	lines    []string
}

// asides returns what fails a run apart from its verdict. A run without a verdict fails for that.
func asides(r *record.Report) (out []aside) {
	if sentence := coverageFailed(r); sentence != "" {
		out = append(out, aside{"coverage", "min-coverage", sentence, missedTexts(r)})
	}
	if r.Load == nil || deciding(r) == record.Unjudged {
		return out
	}
	for _, g := range r.Load.Gates {
		if g.Failed {
			out = append(out, aside{"load", g.Name, "the load fails the run: " + gateText(g), nil})
		}
	}
	return out
}

// deciding returns the verdict of the run, or of its baseline where there is one.
func deciding(r *record.Report) record.Verdict {
	if r.Baseline != nil {
		return r.Baseline.Verdict
	}
	return r.Verdict
}

// withAsides adds the sentences of what fails a run to its verdict.
func withAsides(text string, r *record.Report) string {
	for _, a := range asides(r) {
		text += "; " + a.sentence
	}
	return text
}

// gateText says what a gate asks for and what came.
func gateText(g record.Gate) string {
	return fmt.Sprintf("%s is %s, and -%s asks for %s", gateNoun(g.Name), g.Got, g.Name, g.Want)
}

// gateNoun names what a gate is about.
func gateNoun(name string) string {
	nouns := map[string]string{"max-p99": "the 99th percentile", "min-throughput": "the rate of answers",
		"max-flips": "the number of cases that flipped", "max-errors": "the number of errors"}
	if noun, is := nouns[name]; is {
		return noun
	}
	return name
}

// shortTime returns nanoseconds as a time with three digits.
func shortTime(nanos int64) string { return term.Duration(time.Duration(nanos)) }

// loadText says what load was put on the target.
func loadText(l *record.LoadInfo) string {
	text := fmt.Sprintf("%s, closed model", count(l.Workers, "worker"))
	if l.Model == record.OpenModel {
		text = fmt.Sprintf("%s, open model with %s at most", l.Rate, count(l.Workers, "worker"))
	}
	text += fmt.Sprintf(", %s of %v", l.Elapsed.Round(100*time.Millisecond), l.Duration)
	if l.Ramp > 0 {
		text += fmt.Sprintf(", after a ramp of %v", l.Ramp)
	}
	if l.WarmUp > 0 {
		text += fmt.Sprintf(", after a warm-up of %v", l.WarmUp)
	}
	return text
}

// mixText lists the parts of a mix.
func mixText(l *record.LoadInfo) string {
	var parts []string
	for _, m := range l.Mix {
		parts = append(parts, fmt.Sprintf("%s=%g", m.Cases, m.Weight))
	}
	return strings.Join(parts, " ") + ", " + count(l.Cases, "case")
}

// latencyName names a row of latencies.
func latencyName(row record.LatencyInfo) string {
	if row.Operation == "" && row.Result == "" {
		return "all"
	}
	return strings.TrimSpace(row.Operation + " " + row.Result)
}

// latencyCells are the columns of a row of latencies.
func latencyCells(row record.LatencyInfo) []string {
	return []string{
		fmt.Sprint(row.Count),
		shortTime(row.Mean),
		shortTime(row.P50),
		shortTime(row.P90),
		shortTime(row.P95),
		shortTime(row.P99),
		shortTime(row.P999),
		shortTime(row.Max),
	}
}

// latencyHead are the names of these columns.
func latencyHead() []string {
	return []string{"requests", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"}
}

// behindText says how well an open model kept to its times.
func behindText(b *record.BehindInfo) string {
	if b == nil || b.Late == 0 {
		return ""
	}
	return fmt.Sprintf("%d began later than planned, by %s at most; their latencies count from the planned time",
		b.Late, shortTime(int64(b.Most)))
}

// flipText sums a flip up.
func flipText(f record.Flip) string {
	other := f.Judged
	if len(f.Ways) > 0 {
		other -= f.Ways[0].Count
	}
	return fmt.Sprintf("%s: %d of %d times otherwise", f.Case, other, f.Judged)
}

// wayText names one way in which a case was judged.
func wayText(w record.FlipWay) string {
	if len(w.Findings) == 0 {
		return fmt.Sprintf("%d × passed", w.Count)
	}
	return fmt.Sprintf("%d × %s, first at %s, last at %s", w.Count, strings.Join(w.Findings, "; "),
		clockTime(w.First), clockTime(w.Last))
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// neighbourText names an exchange near another one.
func neighbourText(n record.Neighbour) string {
	status := "no answer"
	if n.Status > 0 {
		status = fmt.Sprint(n.Status)
	}
	return fmt.Sprintf("%s  %s, %s in %s, worker %d", clockTime(n.Started), n.Case, status, shortTime(int64(n.Elapsed)),
		n.Worker)
}

// errorText sums up the errors of one cause.
func errorText(e record.LoadError) string {
	return fmt.Sprintf("%d × %s, first at %s in %s: %s", e.Count, e.Cause, clockTime(e.First), e.Case, e.Text)
}

// outageText describes an outage.
func outageText(o record.Outage) string {
	end := "and had not ended"
	if !o.Ended.IsZero() {
		end = "for " + shortTime(int64(o.Ended.Sub(o.Began)))
	}
	return fmt.Sprintf("away at %s, %s, %s not judged: %s", clockTime(o.Began), end, count(int(o.Lost), "request"),
		o.Text)
}

// load adds what was measured under load.
func (p *page) load(r *record.Report) {
	l := r.Load
	if l == nil || p.Quiet {
		return
	}
	p.line(span{bold, "load"}, span{"", "   " + loadText(l)})
	p.line(span{"", "  mix  " + mixText(l)})
	if l.Stopped != "" {
		p.line(span{yellow, "  stopped: " + safe(l.Stopped)})
	}
	p.line(span{"", fmt.Sprintf("  %d requests measured, %s answers a second; %d judged in all", l.Requests,
		term.Number(l.Throughput), l.Judged)})
	if text := behindText(l.Behind); text != "" {
		p.line(span{yellow, "  " + text})
	}
	p.latencies(l)
	p.flips(l)
	for _, e := range l.Errors {
		p.line(span{yellow, "  error: " + safe(errorText(e))})
	}
	for _, o := range l.Outages {
		p.line(span{yellow, "  " + safe(outageText(o))})
	}
	for _, g := range l.Gates {
		code, word := green, "kept"
		if g.Failed {
			code, word = red, "failed"
		}
		p.line(span{code, fmt.Sprintf("  gate %s: -%s %s: %s", word, g.Name, g.Want, g.Got)})
	}
	p.line()
}

// latencies adds the table of latencies.
func (p *page) latencies(l *record.LoadInfo) {
	wide := len("latency")
	for _, row := range l.Latency {
		wide = max(wide, len(latencyName(row)))
	}
	format := func(cells []string) string {
		text := ""
		for _, c := range cells {
			text += fmt.Sprintf(" %9s", c)
		}
		return text
	}
	p.line(span{dim, fmt.Sprintf("  %-*s%s", wide, "latency", format(latencyHead()))})
	for _, row := range l.Latency {
		p.line(span{"", fmt.Sprintf("  %-*s%s", wide, latencyName(row), format(latencyCells(row)))})
	}
}

// flips adds the cases that were judged in several ways.
func (p *page) flips(l *record.LoadInfo) {
	for i, f := range l.Flips {
		if i == shownProblems && !p.Verbose {
			p.line(span{dim, fmt.Sprintf("  … and %d more cases that flipped", len(l.Flips)-i)})
			break
		}
		p.line(span{red, "  flipped: " + safe(flipText(f))})
		for _, w := range f.Ways {
			p.line(span{"", "    " + safe(wayText(w))})
		}
		for _, n := range f.Before {
			p.line(span{dim, "    before:     " + safe(neighbourText(n))})
		}
		if x := f.Exchange; x != nil {
			p.line(span{"", fmt.Sprintf("    this one:   %s  %s in %s", clockTime(x.Started), statusText(x),
				shortTime(int64(x.Elapsed)))})
		}
		for _, n := range f.After {
			p.line(span{dim, "    after:      " + safe(neighbourText(n))})
		}
		if f.Connection != nil {
			p.line(span{dim, "    connection: " + safe(neighbourText(*f.Connection))})
		}
	}
}

// statusText returns the status of an exchange, or that there is none.
func statusText(x *record.ExchangeResult) string {
	if x.Response == nil {
		return "no answer"
	}
	return fmt.Sprint(x.Response.Status)
}

// LoadLine returns one line on a load under way: the time, the rate and percentiles of the last
// interval, the failures so far and the time left.
func LoadLine(at time.Duration, point record.LoadPoint, failed, errors int64, left time.Duration) string {
	phase := at.Truncate(time.Second).String()
	if at < 0 {
		phase = "warm-up"
	}
	rate := 0.0
	if point.Length > 0 {
		rate = float64(point.Requests) / point.Length.Seconds()
	}
	return fmt.Sprintf("%-8s %7s/s  p50 %-7s p99 %-7s max %-7s %d with findings, %d errors, %s left", phase,
		term.Number(rate), shortTime(point.P50), shortTime(point.P99), shortTime(point.Max), failed, errors,
		left.Round(time.Second))
}

// mdLoad is the section of a load in Markdown.
func mdLoad(r *record.Report) string {
	l := r.Load
	if l == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n### Load\n\n%s. %s answers a second, %d requests measured, %s judged in two ways, %d "+
		"outages.\n\n", mdProse(clip(loadText(l), 300)), term.Number(l.Throughput), l.Requests,
		count(len(l.Flips), "case"), len(l.Outages))
	for _, g := range l.Gates {
		word := "kept"
		if g.Failed {
			word = "**failed**"
		}
		fmt.Fprintf(&b, "- gate %s: `-%s` %s: %s\n", word, g.Name, mdProse(g.Want), mdProse(g.Got))
	}
	b.WriteString("\n" + mdRow(append([]string{"latency"}, latencyHead()...)...) +
		mdRow("---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:"))
	for _, row := range l.Latency {
		b.WriteString(mdRow(append([]string{mdCell(clip(latencyName(row), 80))}, latencyCells(row)...)...))
	}
	lines := []string{}
	for _, f := range l.Flips {
		lines = append(lines, "- flipped: "+mdProse(clip(flipText(f), 300))+"\n")
	}
	for _, e := range l.Errors {
		lines = append(lines, "- error: "+mdProse(clip(errorText(e), 300))+"\n")
	}
	for _, o := range l.Outages {
		lines = append(lines, "- outage: "+mdProse(clip(outageText(o), 300))+"\n")
	}
	shown := fit(len(lines), loadRoom-b.Len(), func(i int) string { return lines[i] })
	if len(lines) > 0 {
		b.WriteString("\n" + strings.Join(shown, "") + rest(len(lines)-len(shown), "line"))
	}
	return b.String()
}

// loadRoom is how many bytes of a summary a load takes at most.
const loadRoom = 8_000
