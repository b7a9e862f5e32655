package main

import (
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
)

// A proxyLog writes the findings of a proxy, and on a terminal a line with its counters.
type proxyLog struct {
	to       io.Writer
	suite    *conformance.Suite
	quiet    bool
	terminal bool

	mu      sync.Mutex
	longest int             // of the lines with counters so far
	given   map[string]bool // reasons why there was no answer
}

func newProxyLog(e *env, suite *conformance.Suite, l *layout) *proxyLog {
	_, terminal := e.terminal(e.stderr)
	return &proxyLog{to: e.stderr, suite: suite, quiet: l.quiet, terminal: terminal && !l.quiet}
}

// verdict writes a line for each finding.
func (l *proxyLog) verdict(v conformance.Verdict) {
	if l.quiet || len(v.Server)+len(v.Client) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	for _, of := range []struct {
		side     string
		findings []record.Finding
	}{{"server", v.Server}, {"client", v.Client}} {
		for _, f := range of.findings {
			io.WriteString(l.to, harmless(l.line(v.Exchange, of.side, f))+"\n")
		}
	}
}

// line returns a finding on one line: exchange, side, place, want, got, requirement.
func (l *proxyLog) line(x record.Exchange, side string, f record.Finding) string {
	path := x.Request.URL
	if u, err := url.Parse(path); err == nil {
		path = u.EscapedPath()
	}
	status := "-"
	if x.Response != nil {
		status = fmt.Sprint(x.Response.Status)
	}
	place := f.Place
	if strings.HasPrefix(place, "/") {
		place = "body " + place
	}
	line := fmt.Sprintf("%s %s %s: %s: %s: want %s, got %s", x.Request.Method, brief(path), status, side, place, f.Want,
		f.Got)
	if r := l.suite.Requirement(f.Requirement); r != nil {
		line += fmt.Sprintf(" — %s (%s, %s)", r.ID, r.Level, r.Source())
	}
	return line
}

// mostReasons is how many reasons are written.
const mostReasons = 20

// noAnswer writes why the upstream gave no answer, each reason once.
func (l *proxyLog) noAnswer(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.quiet || l.given[text] || len(l.given) >= mostReasons {
		return
	}
	if l.given == nil {
		l.given = map[string]bool{}
	}
	l.given[text] = true
	l.erase()
	io.WriteString(l.to, harmless("no answer from the upstream: "+text)+"\n")
}

// note writes a line of its own.
func (l *proxyLog) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	io.WriteString(l.to, text+"\n")
}

// erase removes the line with counters.
func (l *proxyLog) erase() {
	if l.longest > 0 {
		io.WriteString(l.to, "\r"+strings.Repeat(" ", l.longest)+"\r")
	}
}

// liveInterval is the time between two lines with counters.
const liveInterval = 500 * time.Millisecond

// live shows the counters on a terminal until stop is called.
func (l *proxyLog) live(p *proxy.Proxy) (stop func()) {
	if !l.terminal {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	l.counters(p.Counts())
	go func() {
		defer close(ended)
		ticker := time.NewTicker(liveInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.counters(p.Counts())
			case <-end:
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
		l.mu.Lock()
		defer l.mu.Unlock()
		l.erase()
		l.longest = 0
	}
}

func (l *proxyLog) counters(n proxy.Counts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := proxyLine(n)
	l.longest = max(l.longest, len(text))
	fmt.Fprintf(l.to, "\r%-*s", l.longest, text)
}

// proxyLine returns the counters on one line.
func proxyLine(n proxy.Counts) string {
	return fmt.Sprintf("%d passed, %d active, %s, findings: %d server, %d client; %d not judged", n.Passed,
		n.InFlight, judgedText(n), n.Server, n.Client, n.NotJudgedTotal())
}

// judgedText returns the numbers of exchanges that were judged, as the report has them.
func judgedText(n proxy.Counts) string {
	text := fmt.Sprintf("%d judged", n.Judged)
	if n.NoEvidence > 0 {
		text += fmt.Sprintf(", %d no evidence", n.NoEvidence)
	}
	return text
}

// proxySummary returns what passed, in lines.
func proxySummary(n proxy.Counts) string {
	var p page
	p.line("%s passed: %s, %d not judged%s, %d on no documented path", many(n.Passed, "exchange"), judgedText(n),
		n.NotJudgedTotal(), reasons(n.NotJudged), n.NotApplicable)
	if n.UpstreamErrors > 0 {
		p.line("%s answered 502 by the proxy, because the upstream gave no answer%s", wasOrWere(n.UpstreamErrors),
			reasons(n.NoAnswer))
	}
	if n.UnservedTotal() > 0 {
		p.line("%s answered by the proxy and not passed on, because no request of HTTP has that form%s",
			wasOrWere(n.UnservedTotal()), reasons(n.Unserved))
	}
	if n.BrokenRequests > 0 {
		p.line("%s answered 400 by the proxy, or not at all, because the body of the request is broken",
			wasOrWere(n.BrokenRequests))
	}
	if n.RefusedRequests+n.ReplacedAnswers+n.UnenforcedTotal() > 0 {
		p.line("%s refused, %s replaced; %s passed on without the judge%s", many(n.RefusedRequests, "request"),
			many(n.ReplacedAnswers, "answer"), many(n.UnenforcedTotal(), "message"), reasons(n.Unenforced))
	}
	return p.String()
}

// many returns a number of things.
func many(n int64, of string) string { return counted(int(n), of) }

// wasOrWere returns a number with the verb behind it.
func wasOrWere(n int64) string {
	if n == 1 {
		return "1 was"
	}
	return fmt.Sprintf("%d were", n)
}

// reasons returns the counters by reason, in brackets.
func reasons(of map[string]int64) string {
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%s %d", reason, of[reason]))
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}
