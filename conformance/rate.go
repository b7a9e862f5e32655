package conformance

import (
	"time"
)

// A Rate is a number of requests in a time. The zero value is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// interval is the time between two requests, zero for no limit.
func (r Rate) interval() time.Duration {
	if r.N <= 0 {
		return 0
	}
	return r.Per / time.Duration(r.N)
}
