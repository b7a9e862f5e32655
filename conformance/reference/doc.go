// Package reference is a conforming server for the operations of the OpenAPI document, and a
// table of servers that break the contract. [New] returns the conforming server. It is written
// from the two documents and the standards that they use, not from the JSON Schemas, so that
// server and judge are independent. [Faults] lists named faults, each of which breaks the
// contract in one way; [Variants] lists servers that differ from it and conform too.
//
// # Adding a fault A fault is one row in the faults_*.go file of its kind:
//
//	{Name: "drops-id", Says: "leaves id out", Breaks: ids("action.members"), Wrap: onAction(drop("id"))},
//
// Name is a slug that describes the fault. Breaks lists the requirements that a judge may
// report, the most specific first, which determines the level. Wrap is composed of the
// functions of wrap.go: [onAction] and [onAccepted] change the answer to a good request,
// [onRefused] the answer to an invalid one, [refuseIf] refuses valid requests, [excuse]
// accepts invalid ones, [onWire] takes over the connection. The test
// TestEachFaultIsSeenByAProbe fails until a probe shows the difference. A row in a
// variants_*.go file is added in the same way and has no Breaks; if it breaks an inferred
// requirement, Deviates lists it.
package reference
