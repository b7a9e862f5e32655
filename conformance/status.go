package conformance

import "time"

// A Status is the state of a run under way.
type Status struct {
	Done, Total, Failed int           // cases
	Broken              int           // requirements
	Slowest             string        // the case that is under way for the longest time; "" for none
	For                 time.Duration // how long that one is
	Asked               time.Duration // how long nothing is sent, because the target asked to come back later
	Turn                time.Duration // how long it is until the rate lets the next request go
}

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
