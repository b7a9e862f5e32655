//go:build !race

package mutate

// All of the matrix is made; race_test.go says when only a sample is.
const raceEnabled = false
