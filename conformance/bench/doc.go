// Package bench compares what the suite costs with what the work costs that nobody can
// leave out: sending the same requests, and reading the same bytes. Each benchmark has its
// alternatives take turns in one process, so that a machine that slows down slows all of
// them, and reports ratios: their median, and the least and the greatest of the turns.
//
// It holds benchmarks alone. make bench runs them, and make bench-compare compares them with
// the figures of docs/bench.txt.
package bench
