package proxy

import (
	"context"
	"errors"
	"fmt"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// The reasons for which an exchange on a documented path is not judged, and those for which
// [Options.Enforce] passes a message on without the judge.
const (
	QueueFull = "queue-full"     // too many exchanges wait for the judge
	NoMemory  = "no-memory"      // the copies together have no more room
	Panicked  = "judge-panicked" // the judge panicked
	Ended     = "ended"          // the proxy ended before the judge was ready
	TooLong   = "too-long"       // the body is longer than is copied
	Dropped   = "dropped"        // the answer was not judged, for a reason that is counted on its own
	TooLate   = "too-late"       // the message or its verdict was not complete in time
)

// A waiting exchange is complete and waits for the judge.
type waiting struct {
	exchange record.Exchange
	size     int64 // of its bodies
	verdict  chan conformance.Verdict
}

// offer queues an exchange without waiting.
func (p *Proxy) offer(item waiting) {
	p.queueing.Lock()
	defer p.queueing.Unlock()
	reason := Ended
	if !p.closed {
		select {
		case p.queue <- item:
			return
		default:
			reason = QueueFull
		}
	}
	p.budget.give(item.size)
	p.drop(item.verdict, reason)
}

// drop counts an exchange that is not judged.
func (p *Proxy) drop(verdict chan conformance.Verdict, reason string) {
	p.tally.add(func(c *Counts) { c.NotJudged[reason]++ })
	close(verdict)
}

// judge judges what is queued until the queue is closed.
func (p *Proxy) judge() {
	defer close(p.judged)
	for item := range p.queue {
		v, err := p.note(item.exchange)
		p.budget.give(item.size)
		if err != nil {
			p.drop(item.verdict, Panicked)
			continue
		}
		p.tally.verdict(v)
		item.verdict <- v
		p.report(v)
	}
}

// note has the judge judge an exchange. It returns an error where the judge panics.
func (p *Proxy) note(x record.Exchange) (v conformance.Verdict, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("proxy: the judge panicked: %v", recovered)
		}
	}()
	return p.options.Judge.Note(x), nil
}

// report calls Each.
func (p *Proxy) report(v conformance.Verdict) {
	defer func() {
		if recover() != nil {
			p.tally.add(func(c *Counts) { c.Unreported++ })
		}
	}()
	p.options.Each(v)
}

// Close ends the judging: what is queued is judged until the context ends, and what is left is
// counted as not judged. What passes afterwards is not judged.
func (p *Proxy) Close(ctx context.Context) error {
	p.queueing.Lock()
	if !p.closed {
		p.closed = true
		close(p.queue)
	}
	p.queueing.Unlock()
	select {
	case <-p.judged:
		return nil
	default:
	}
	select {
	case <-p.judged:
		return nil
	case <-ctx.Done():
	}
	left := int64(1) // the one that the judge has
	for {
		select {
		case item, more := <-p.queue:
			if more {
				left++
				p.budget.give(item.size)
				close(item.verdict)
				continue
			}
		default:
		}
		break
	}
	p.tally.add(func(c *Counts) { c.NotJudged[Ended] += left })
	if left == 1 {
		return errors.New("proxy: the judge did not end in time; 1 exchange was not judged")
	}
	return fmt.Errorf("proxy: the judge did not end in time; %d exchanges were not judged", left)
}

// Report returns the judge's report. It returns an error where the judge panics, or the context
// ends before it answers.
func (p *Proxy) Report(ctx context.Context) (*record.Report, error) {
	type result struct {
		report *record.Report
		err    error
	}
	made := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if recovered := recover(); recovered != nil {
				r.err = fmt.Errorf("proxy: the judge panicked: %v", recovered)
			}
			made <- r
		}()
		r.report = p.options.Judge.Report()
		if r.report != nil && r.report.Traffic != nil {
			p.complete(r.report.Traffic)
		}
	}()
	select {
	case r := <-made:
		return r.report, r.err
	case <-ctx.Done():
		return nil, errors.New("proxy: the judge did not report in time")
	}
}

// complete adds to the counts of a watch what was not judged.
func (p *Proxy) complete(t *record.TrafficInfo) {
	n := p.Counts()
	dropped := 0
	for _, of := range n.NotJudged {
		dropped += int(of)
	}
	t.Exchanges += int(n.NotApplicable) + dropped
	t.Other += int(n.NotApplicable)
	t.Dropped += dropped
}
