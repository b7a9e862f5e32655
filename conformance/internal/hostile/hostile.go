// Package hostile serves the two operations badly: by accident, by malice, and
// in every layer from the socket up. Each behaviour is one row of a table that
// also says what a run has to make of it.
package hostile

import (
	"crypto/tls"
	"slices"
)

// Operation is the one operation that a behaviour spoils where it can distinguish
// requests apart. All others are answered honestly.
const Operation = "requestSample"

// A Behaviour is one way in which a server is hostile or broken.
type Behaviour struct {
	Name   string // describes the fault: "resets-inside-body"
	Says   string // the same in a sentence, without its subject
	HTTP2  bool   // spoken in HTTP/2
	Waits  bool   // ends with the client's deadline alone
	Stuck  bool   // net/http locks itself up at it, so that what waits there never ends
	Expect Expect

	nobody bool                         // nobody listens
	secure bool                         // the URL is https, whatever is spoken there
	tls    func(*authority) *tls.Config // what is spoken beneath HTTP, nil for none
	early  bool                         // answer begins before the request's body is read
	accept act                          // plays on each connection, from its first byte on
	answer act                          // plays in place of each answer of Operation
}

// Everywhere reports whether a behaviour spoils all operations: it works below the
// requests.
func (b Behaviour) Everywhere() bool { return b.answer == nil }

// An Expect is what a run has to make of a behaviour.
type Expect struct {
	Case    string // the name of the case that shows it
	Outcome string // of that case: "passed", "deviated", "failed" or "errored"; "failed or errored" where packets race
	Kind    string // how the exchange fails on the wire, "" where it does not
	Cause   string // a regular expression for the reported reason
}

// plain is the case that shows most of it: nothing is odd about its request.
const plain = "valid/accepts-plain-request"

func passed() Expect { return Expect{Case: plain, Outcome: "passed"} }

// deviated says that the server breaks what is inferred alone.
func deviated(cause string) Expect { return Expect{plain, "deviated", "", cause} }

// failed says that the server is to blame.
func failed(kind, cause string) Expect { return Expect{plain, "failed", kind, cause} }

// errored says that nothing is known of the server's contract.
func errored(kind, cause string) Expect { return Expect{plain, "errored", kind, cause} }

// in moves an expectation to another case.
func (e Expect) in(name string) Expect {
	e.Case = name
	return e
}

// Behaviours returns every behaviour, from the socket up.
func Behaviours() []Behaviour {
	return slices.Concat(connections(), secured(), heads(), framings(), bodies(), lures(), http2Behaviours())
}
