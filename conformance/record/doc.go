// Package record holds the nouns of a run: what was sent and what came back, what was
// found, and the report that keeps both.
//
// A [Report] is the record of a run; every format is rendered from it, and
// conformance.Suite.Verify derives it again from its exchanges. The package imports
// the standard library alone, so that whatever reads a record need not know the judge.
package record
