package conformance

import (
	"fmt"
	"time"
)

// A Rate is a number of requests in a time. The zero value is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// String returns the rate as "500/s", and "" for no limit.
func (r Rate) String() string {
	switch {
	case r.N <= 0:
		return ""
	case r.Per == time.Second:
		return fmt.Sprintf("%d/s", r.N)
	case r.Per == time.Minute:
		return fmt.Sprintf("%d/m", r.N)
	case r.Per == time.Hour:
		return fmt.Sprintf("%d/h", r.N)
	}
	return fmt.Sprintf("%d in %v", r.N, r.Per)
}

// interval is the time between two requests, zero for no limit.
func (r Rate) interval() time.Duration {
	if r.N <= 0 {
		return 0
	}
	return r.Per / time.Duration(r.N)
}
