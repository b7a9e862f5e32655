package report

import (
	"fmt"
	"strings"

	"fmaspec/conformance/record"
)

// shownFrames is the number of stack frames shown, unless all are.
const shownFrames = 8

// panics adds the panics of a handler before all findings, because they explain closed connections.
func (p *page) panics(r *record.Report) {
	for _, q := range r.Panics {
		p.panicked(&q)
		p.line()
	}
}

func (p *page) panicked(q *record.Panic) {
	p.line(span{red, "PANIC"}, span{bold, " of the handler"})
	p.block("  ", q.Value, 8)
	p.uncut("  ", panicMet(q))
	for i, frame := range q.Stack {
		if i == shownFrames && !p.Verbose {
			p.line(span{dim, fmt.Sprintf("  … and %s", count(len(q.Stack)-i, "more frame"))})
			break
		}
		name, place, found := strings.Cut(frame, " ")
		if !found || strings.HasPrefix(frame, "…") {
			p.line(span{dim, "  " + frame})
			continue
		}
		p.line(span{"", "  " + name})
		p.uncut("      ", place)
	}
}

// panicMet describes the effect of a panic.
func panicMet(q *record.Panic) string {
	text := "in " + count(q.Requests, "request") + ", whose connections were closed without an answer"
	if q.Requests == 1 {
		text = "in 1 request, whose connection was closed without an answer"
	}
	if q.Case != "" {
		text += "; first in " + q.Case
	}
	return text
}

// panicText returns a panic as plain text without a line limit.
func panicText(q *record.Panic) string {
	p := &page{Style: Style{Width: 160, Verbose: true}}
	p.panicked(q)
	return p.String()
}

// panicsOf returns the panics that occurred first in a case.
func panicsOf(r *record.Report, c *record.CaseResult) (text string) {
	for i := range r.Panics {
		if r.Panics[i].Case == c.ID {
			text += panicText(&r.Panics[i])
		}
	}
	return text
}

// panicsRoom is the space for panics in a Markdown summary, in bytes.
const panicsRoom = 8_000

func mdPanics(r *record.Report) string {
	if len(r.Panics) == 0 {
		return ""
	}
	text := "\n### The handler panicked\n"
	items := fit(len(r.Panics), panicsRoom-len(text), func(i int) string {
		q := r.Panics[i]
		q.Value = clip(q.Value, 400)
		return "\n" + mdFence(panicText(&q))
	})
	return text + strings.Join(items, "") + rest(len(r.Panics)-len(items), "panic")
}
