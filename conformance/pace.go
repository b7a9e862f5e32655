package conformance

import "time"

// A Rate is a number of requests in a time. The zero value is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// DefaultMaxActions is how many requests may take effect on a target that is not
// loopback, where the user names no number.
const DefaultMaxActions = 4
