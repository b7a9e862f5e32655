//go:build race

package mutate

// The race detector looks at our code, which is the same for every fault. So a
// sample shows it as much as all of them, which take many minutes with it.
const raceEnabled = true
