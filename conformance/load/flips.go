package load

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// Bounds of what is kept of flips.
const (
	mostWays   = 16  // in which one case was judged, kept apart
	recent     = 256 // exchanges that may be neighbours
	neighbours = 4   // before an exchange, and after it
)

// flips keeps how each case was judged.
type flips struct {
	mu     sync.Mutex
	of     map[string]*judged
	latest []record.Neighbour // a ring of the latest exchanges
	next   int                // in the ring
	open   []*way             // whose neighbours after them are still to come
	before map[string]bool    // checks that had a finding before the load
}

// judged is how one case was judged.
type judged struct {
	total int64
	ways  map[string]*way
	order []*way // as they came
}

// A way is one way in which a case was judged, with the first exchange that shows it.
type way struct {
	record.FlipWay
	alone      bool // an exchange shows it by itself
	exchange   record.ExchangeResult
	before     []record.Neighbour
	after      []record.Neighbour
	connection *record.Neighbour
}

func newFlips() *flips { return &flips{of: map[string]*judged{}, before: map[string]bool{}} }

// known takes the findings of a report from before the load into account: what a check found
// then is no news when it finds it under load.
func (f *flips) known(r *record.Report) {
	for _, c := range r.Cases {
		for _, finding := range c.Findings {
			f.before[finding.Check] = true
		}
	}
}

// neighbour is an exchange as others near it are shown it.
func neighbour(id string, x *conformance.Judged, worker int) record.Neighbour {
	n := record.Neighbour{Case: id, Started: x.Started.UTC(), Elapsed: x.Elapsed, Worker: worker}
	if x.Response != nil {
		n.Status = x.Response.Status
	}
	return n
}

// verdict reports whether an attempt was judged at all.
func verdict(a *conformance.Attempt) bool {
	return a.Outcome == record.Passed || a.Outcome == record.Deviated || a.Outcome == record.Failed
}

// keysOf returns the findings of an attempt by which verdicts are compared.
func keysOf(findings []record.Finding) (out []string) {
	for _, f := range findings {
		out = append(out, f.Key)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// note counts an attempt, and reports whether its case was judged otherwise before. h is nil for one
// that was sent before the load.
func (f *flips) note(id string, a *conformance.Attempt, h *held) (flipped bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	worker := 0
	if h != nil {
		worker = h.worker
	}
	defer func() {
		for _, x := range a.Exchanges {
			f.remember(neighbour(id, x, worker))
		}
	}()
	if !verdict(a) || len(a.Exchanges) == 0 {
		return false
	}
	j := f.of[id]
	if j == nil {
		j = &judged{ways: map[string]*way{}}
		f.of[id] = j
	}
	j.total++
	keys := keysOf(a.Findings)
	name := strings.Join(keys, "\n")
	w := j.ways[name]
	if w == nil && len(j.ways) >= mostWays {
		w = j.order[len(j.order)-1]
	}
	if w == nil {
		x := shown(a)
		w = &way{alone: true, exchange: x.Result(), before: f.earlier(x.Started)}
		w.Findings, w.First = append([]string{}, keys...), x.Started.UTC()
		if h != nil {
			w.connection = h.before
			f.open = append(f.open, w)
		}
		j.ways[name], j.order = w, append(j.order, w)
	}
	w.Count++
	w.Last = a.Exchanges[0].Started.UTC()
	return len(j.order) > 1 && w != j.order[0]
}

// shown returns the exchange that shows how an attempt was judged: the first with a finding.
func shown(a *conformance.Attempt) *conformance.Judged {
	for _, x := range a.Exchanges {
		if len(x.Findings) > 0 {
			return x
		}
	}
	return a.Exchanges[len(a.Exchanges)-1]
}

// remember adds to the latest exchanges. The caller holds f.mu.
func (f *flips) remember(n record.Neighbour) {
	if len(f.latest) < recent {
		f.latest = append(f.latest, n)
	} else {
		f.latest[f.next] = n
	}
	f.next = (f.next + 1) % recent
	f.open = slices.DeleteFunc(f.open, func(w *way) bool {
		if n.Started.After(w.exchange.Started) {
			w.after = append(w.after, n)
		}
		return len(w.after) >= neighbours
	})
}

// earlier returns what began last before a time, in order. The caller holds f.mu.
func (f *flips) earlier(at time.Time) (out []record.Neighbour) {
	for _, n := range f.latest {
		if !n.Started.After(at.Round(0)) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, byStart)
	return slices.Clone(out[max(len(out)-neighbours, 0):])
}

func byStart(a, b record.Neighbour) int { return a.Started.Compare(b.Started) }

// info returns the cases that were judged in several ways.
func (f *flips) info() []record.Flip {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []record.Flip{}
	for id, j := range f.of {
		if len(j.order) < 2 {
			continue
		}
		flip := record.Flip{Case: id, Judged: j.total}
		usual := slices.MaxFunc(j.order, func(a, b *way) int { return cmp.Compare(a.Count, b.Count) })
		var first *way
		for _, w := range j.order {
			flip.Ways = append(flip.Ways, w.FlipWay)
			if w != usual && (first == nil || w.First.Before(first.First)) {
				first = w
			}
		}
		slices.SortStableFunc(flip.Ways, func(a, b record.FlipWay) int { return cmp.Compare(b.Count, a.Count) })
		slices.SortFunc(first.after, byStart)
		flip.Exchange, flip.Connection = new(first.exchange), first.connection
		flip.Before, flip.After = append([]record.Neighbour{}, first.before...),
			append([]record.Neighbour{}, first.after...)
		out = append(out, flip)
	}
	slices.SortFunc(out, func(a, b record.Flip) int { return cmp.Compare(a.Case, b.Case) })
	return out
}

// compare adds the findings that only several exchanges show together, which the report of the
// session has, of checks that found nothing before the load: a case that is otherwise judged
// without them is judged in two ways.
func (f *flips) compare(r *record.Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range r.Cases {
		c := &r.Cases[i]
		j := f.of[c.ID]
		if j == nil {
			continue
		}
		for _, finding := range c.Findings {
			if f.before[finding.Check] || j.knows(finding.Key) {
				continue
			}
			w := j.ways[finding.Key]
			x := c.Exchange(finding.Step)
			switch {
			case w != nil:
			case x == nil:
				continue
			default:
				w = &way{exchange: *x, FlipWay: record.FlipWay{Findings: []string{finding.Key}, First: x.Started}}
				j.ways[finding.Key], j.order = w, append(j.order, w)
			}
			w.Count++
			if x != nil {
				w.Last = x.Started
			}
		}
	}
}

// knows reports whether a finding was there when an exchange was judged by itself.
func (j *judged) knows(key string) bool {
	for name := range j.ways {
		if name != key && slices.Contains(strings.Split(name, "\n"), key) {
			return true
		}
	}
	w := j.ways[key]
	return w != nil && w.alone
}
