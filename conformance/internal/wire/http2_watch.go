package wire

import (
	"context"
	"time"

	"fmaspec/conformance/record"
)

// overdue is how long after its deadline an exchange over HTTP/2 is given up: long enough for a busy
// machine to end what the deadline ends.
const overdue = 3 * time.Second

// watched is send2 with an end that no server can put off: there are frames at
// which the standard library's HTTP/2 waits for itself. What it holds then is
// left behind.
func (p *Pool) watched(ctx context.Context, s Sending, can bool) (*record.Response, *record.WireError) {
	type result struct {
		resp *record.Response
		werr *record.WireError
	}
	done, abandoned := make(chan result), make(chan struct{})
	go func() {
		resp, werr := p.send2(ctx, s, can)
		select {
		case done <- result{resp, werr}:
		case <-abandoned:
			p.d.long.release(resp)
		}
	}()
	late := time.NewTimer(p.d.timeout + overdue)
	defer late.Stop()
	defer context.AfterFunc(ctx, func() { late.Reset(overdue) })()
	select {
	case r := <-done:
		return r.resp, r.werr
	case <-late.C:
		close(abandoned)
	}
	if ctx.Err() != nil {
		return nil, &record.WireError{Kind: record.Cancelled, Msg: "the run was stopped"}
	}
	return nil, &record.WireError{Kind: record.Malformed, Msg: "what came brought the HTTP/2 of this program to a " +
		"standstill"}
}

// close2 closes the connections of HTTP/2, in a goroutine of its own: where the
// library waits for itself, this waits too.
func (p *Pool) close2() {
	p.mu.Lock()
	two := p.two
	p.two = nil
	p.mu.Unlock()
	for _, c := range two {
		c.Close()
	}
}
