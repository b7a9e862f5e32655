//go:build race

package traffic_test

// The race detector makes long streams slow, and nothing of this package runs at the same time.
const raceEnabled = true
