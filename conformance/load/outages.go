package load

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"fmaspec/conformance/record"
)

// doubtTime is how long the judgement of a request waits that got no whole answer: where the
// target cannot be reached within that time, it went away, and broke no rule.
const doubtTime = 2 * time.Second

// mostDoubts is how many judgements wait at most; the eldest is settled before.
const mostDoubts = 1 << 10

// mostOutages is how many outages are kept apart.
const mostOutages = 200

// The pauses between two looks whether the target is back: the first, and the longest.
const firstLook, longestLook = 50 * time.Millisecond, 800 * time.Millisecond

// outages keeps the times in which the target could not be reached.
type outages struct {
	mu       sync.Mutex
	measured time.Time
	list     []record.Outage
	back     chan struct{} // closed when the target is back; nil where it is not away
	doubts   []*held       // in the order of their ends
}

func newOutages(measured time.Time) *outages { return &outages{measured: measured} }

// doubt holds an attempt whose request got no whole answer until it is clear whether the
// target went away.
func (d *outages) doubt(r *run, h *held) {
	d.mu.Lock()
	last := len(d.list) - 1
	if d.back != nil || last >= 0 && h.planned.Before(d.list[last].Ended) && !h.ended.Before(d.list[last].Began) {
		d.list[last].Lost += int64(len(h.a.Exchanges))
		d.mu.Unlock()
		return
	}
	d.doubts = append(d.doubts, h)
	var settled []*held
	if more := len(d.doubts) - mostDoubts; more > 0 {
		settled, d.doubts = d.doubts[:more], slices.Clone(d.doubts[more:])
	}
	d.mu.Unlock()
	for _, h := range settled {
		r.settle(h)
	}
}

// review settles what has waited for long enough, and all of it where that is asked for.
func (d *outages) review(r *run, all bool) {
	d.mu.Lock()
	n := 0
	for n < len(d.doubts) && (all || r.Now().Sub(d.doubts[n].ended) > doubtTime) {
		n++
	}
	settled := d.doubts[:n]
	d.doubts = slices.Clone(d.doubts[n:])
	d.mu.Unlock()
	for _, h := range settled {
		r.settle(h)
	}
}

// wait returns when the target can be reached again, ctx has ended, or the load was stopped
// because it stayed away. lost requests could not be sent, for the reason of text.
func (d *outages) wait(ctx context.Context, r *run, lost int64, text string) {
	d.mu.Lock()
	for _, h := range d.doubts {
		lost += int64(len(h.a.Exchanges))
	}
	d.doubts = nil
	if back := d.back; back != nil {
		d.list[len(d.list)-1].Lost += lost
		d.mu.Unlock()
		select {
		case <-back:
		case <-ctx.Done():
		}
		return
	}
	now := r.Now()
	if len(d.list) >= mostOutages { // the last one goes on
		d.list[len(d.list)-1].Ended = time.Time{}
		d.list[len(d.list)-1].Lost += lost
	} else {
		d.list = append(d.list, record.Outage{Began: now.UTC(), Lost: lost, Text: text, After: now.Sub(d.measured)})
	}
	back := make(chan struct{})
	d.back = back
	d.mu.Unlock()
	defer close(back)
	for pause := firstLook; ; pause = min(2*pause, longestLook) {
		if r.Sleep(ctx, pause) != nil {
			return // and the outage has not ended
		}
		if r.session.Reached(ctx) == nil {
			break
		}
		if gone := r.Now().Sub(now); gone >= r.Wait {
			r.stop(fmt.Errorf("the target could not be reached for %v: %s", gone.Round(time.Second), text))
			return
		}
	}
	d.mu.Lock()
	d.back = nil
	d.list[len(d.list)-1].Ended = r.Now().UTC()
	d.mu.Unlock()
}

// lost reports whether a case of the open model was to be sent while the target was away, and
// counts it.
func (d *outages) lost(planned time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := len(d.list) - 1; i >= 0; i-- {
		o := &d.list[i]
		if o.Ended.IsZero() {
			continue
		}
		if !planned.Round(0).Before(o.Ended) {
			return false
		}
		if planned.Round(0).After(o.Began) {
			o.Lost++
			return true
		}
	}
	return false
}

// close settles what waits. A target that is away at the end is looked at once more.
func (d *outages) close(r *run) { d.review(r, true) }

// info returns the outages, and marks the points in which one was.
func (d *outages) info(out *record.LoadInfo) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out.Outages = append([]record.Outage{}, d.list...)
	for i := range out.Series {
		p := &out.Series[i]
		for _, o := range out.Outages {
			end := o.After + o.Ended.Sub(o.Began)
			if o.Ended.IsZero() {
				end = out.Elapsed + p.Length
			}
			p.Down = p.Down || o.After < p.At+p.Length && p.At <= end
		}
	}
}
