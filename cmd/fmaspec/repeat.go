package main

import (
	"fmt"

	"fmaspec/conformance"
)

// maxExchanges is how many exchanges a run makes at most: its record has to stay
// below what is read of one, also where each answer is kept as far as it may be.
const maxExchanges = 150_000

// manageable refuses repetitions whose record could not be read again, before
// anything is sent.
func manageable(plan *conformance.Plan, repeat int) error {
	each := len(plan.Requests)
	if each*repeat <= maxExchanges {
		return nil
	}
	if each > maxExchanges {
		return fmt.Errorf("%d requests are more than the %d of which a record can be read again; narrow the run with -run", each, maxExchanges)
	}
	return fmt.Errorf("-repeat %d: %d requests a time come to %d, more than the %d of which a record can be read again; narrow the run with -run, or give at most %d", repeat, each, each*repeat, maxExchanges, maxExchanges/each)
}

// What a run is to get by with, in bytes: from there on memory is collected rather
// than taken. Long answers would else double what they need. The record keeps
// every exchange, so that repetitions need more.
const memoryGoal, memoryPerRepetition = 44 << 20, 2 << 10

// goal is the memory that a run is to get by with.
func goal(plan *conformance.Plan, repeat int) int64 {
	return memoryGoal + int64(len(plan.Requests)*(repeat-1))*memoryPerRepetition
}
