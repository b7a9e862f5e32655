package conformance

import (
	"time"

	"fmaspec/conformance/record"
)

// A Status is the state of a run under way.
type Status = record.Status

// status returns the state of the session.
func (s *Session) status() Status {
	r := s.runner
	r.mu.Lock()
	out := s.counted
	out.Total = len(s.jobs)
	var since time.Time
	for _, j := range s.jobs {
		if j.underWay > 0 && (out.Slowest == "" || j.since.Before(since)) {
			out.Slowest, since = j.c.ID, j.since
		}
	}
	r.mu.Unlock()
	if out.Slowest != "" {
		out.For = r.options.Now().Sub(since)
	}
	out.Asked, out.Turn = r.pacer.Waits()
	if out.Asked > 0 {
		out.Turn = 0 // which follows the other wait
	}
	return out
}
