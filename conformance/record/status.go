package record

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
