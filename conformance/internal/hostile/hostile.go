// Package hostile serves the two operations with faults, accidental and malicious, in every
// layer from the socket up. Each behaviour is one row of a table that also has the expected
// result of a run.
package hostile

import (
	"crypto/tls"
	"slices"
)

// Operation is the operation that a behaviour spoils if it can distinguish requests. All
// others get conforming answers.
const Operation = "requestSample"

// A Behaviour is one way in which a server is hostile or broken.
type Behaviour struct {
	Name   string // describes the fault: "resets-inside-body"
	Says   string // the same in a sentence, without its subject
	HTTP2  bool   // uses HTTP/2
	Waits  bool   // ends only with the client's deadline
	Stuck  bool   // net/http deadlocks on it, so waiting goroutines never end
	Expect Expect

	nobody bool                         // nobody listens
	secure bool                         // the URL is https, whatever the protocol is
	tls    func(*authority) *tls.Config // the TLS configuration, nil for none
	early  bool                         // answer begins before the request's body is read
	accept act                          // runs on each connection from its first byte
	answer act                          // runs in place of each answer of Operation
}

// Everywhere reports whether a behaviour spoils all operations because it works below requests.
func (b Behaviour) Everywhere() bool { return b.answer == nil }

// An Expect is the expected result of a run for a behaviour.
type Expect struct {
	Case    string // the name of the case that shows it
	Outcome string // of that case: "passed", "deviated", "failed" or "errored"; "failed or errored" if packets race
	Kind    string // how the exchange fails on the wire, "" if it does not
	Cause   string // a regular expression for the reported reason
}

// plain is the default case, an ordinary request.
const plain = "valid/accepts-plain-request"

func passed() Expect { return Expect{Case: plain, Outcome: "passed"} }

// deviated expects that the server breaks only inferred requirements.
func deviated(cause string) Expect { return Expect{plain, "deviated", "", cause} }

// failed expects that the server breaks the contract.
func failed(kind, cause string) Expect { return Expect{plain, "failed", kind, cause} }

// errored expects that the server could not be judged.
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
