//go:build race

package conformance_test

// The race detector looks at what runs at once, which is the same in a run of few cases as
// in one of all.
const raceEnabled = true
