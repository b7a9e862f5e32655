package main

import (
	"fmt"

	"fmaspec/conformance"
)

// maxExchanges is the maximum number of exchanges of a run: its record must stay below the
// limit for reading one, even if each answer is as long as a record keeps it.
const maxExchanges = 150_000

// checkSize returns an error if the record of a run would be too large to read again.
func checkSize(plan *conformance.Plan, repeat int) error {
	each := len(plan.Requests)
	if each*repeat <= maxExchanges {
		return nil
	}
	if each > maxExchanges {
		return fmt.Errorf("%d requests are more than the %d that a record may hold; narrow the run with -run", each,
			maxExchanges)
	}
	return fmt.Errorf("-repeat %d: %d requests each time are %d in total, more than the %d that a record may hold; "+
		"narrow the run with -run, or give at most %d", repeat, each, each*repeat, maxExchanges, maxExchanges/each)
}

// The memory limit of a run, in bytes: above it the garbage collector runs more often. Without
// it, long answers would double the memory in use. The record keeps every exchange, those of
// repetitions in few bytes. A limit that is too near what is kept costs more than half of the
// processor's time.
const memoryGoal, memoryPerExchange, memoryPerRepetition = 40 << 20, 8 << 10, 2 << 10

// memoryLimit returns the memory limit of a run.
func memoryLimit(plan *conformance.Plan, repeat int) int64 {
	n := int64(len(plan.Requests))
	return memoryGoal + n*memoryPerExchange + n*int64(repeat-1)*memoryPerRepetition
}
