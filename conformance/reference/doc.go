// Package reference is an honest server for the operations of the OpenAPI
// document, and a table of servers that are not.
//
// [New] returns the honest server. It is written from the two documents and
// the standards under them, never from the JSON Schemas, so that it and the
// judge are two witnesses rather than one. [Faults] lists its named sins, each
// with one thing wrong; [Variants] lists servers that differ from it and are
// as honest.
//
// # Adding a fault
//
// A fault is one row in the faults_*.go file of its kind:
//
//	{Name: "drops-id", Says: "leaves id out", Breaks: ids("action.members"), Wrap: onAction(drop("id"))},
//
// Name is a slug that says the sin. Breaks lists what a judge may rightly name,
// the most specific first; the level follows from it. Wrap is put together from
// the functions of wrap.go: [onAction] and [onAccepted] change the answer to a
// good request, [onRefused] the answer to a bad one, [refuseIf] refuses what is
// good, [excuse] accepts what is bad, [onWire] takes over the connection. The
// test TestEachFaultIsSeenByAProbe fails until some probe shows the difference.
// A row in a variants_*.go file is added in the same way and has no Breaks; one
// that breaks an inferred requirement says so in Deviates.
package reference
