// Package wire sends requests, byte for byte as they are given, over HTTP/1.1 and HTTP/2,
// and returns the answer or what went wrong. A [Gate] decides before each request whether
// it is sent. Every message and every wait is bounded, whatever a server does.
package wire

import "fmaspec/conformance/record"

// A Sending is a request that is ready to be sent.
type Sending struct {
	Method     string
	Bytes      []byte // head and body
	Abort      int    // where greater than 0, send only so many bytes and close the connection
	Separate   bool   // neither take nor keep a pooled connection
	CloseAfter bool   // close the connection as soon as the request is answered
	// do not wait for a second answer where the request has chunks, which a server may take for
	// another request: it is for requests of which others show that
	Brief bool
	Case  string // the id of the case that it belongs to, for the journal and the panics of a handler
	Step  int    // its index in the case
}

// A Gate decides before each request whether it may be sent.
type Gate interface {
	// Permit allows a request, or returns the reason why it is not sent.
	Permit(Sending) (Permit, *record.WireError)
}

// A Permit allows one request.
type Permit struct {
	// the request can take effect: it is sent over a connection of its own, and once
	Effective bool
	Answered  func(*record.Response, *record.WireError) // called with the answer and what went wrong, where not nil
}
