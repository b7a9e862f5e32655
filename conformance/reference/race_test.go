//go:build race

package reference_test

// The race detector looks at what runs at once, which a sample of the servers shows: those
// that keep state all do.
const raceEnabled = true
