// Package wire sends requests, byte for byte as they are given, over HTTP/1.1 and HTTP/2,
// and returns the answer or what went wrong. A [Gate] decides before each request whether
// it is sent. Every message and every wait is bounded, whatever a server does.
package wire

import (
	"bytes"
	"slices"

	"fmaspec/conformance/record"
)

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
	// where it expects 100 (Continue), have its body wait for that, or for an answer, for a while, over HTTP/1.1
	// without a proxy
	Waits bool
	// requests that go out in one piece with this one, over HTTP/1.1 without a proxy, and that are sent next: each
	// of them is Along
	Ahead []Sending
	Along bool // it went out with an earlier one, unless that is not to be; then it is sent
	// the cookies that earlier answers set go with it
	Cookies bool
	Case    string // the id of the case that it belongs to, for the journal and the panics of a handler
	Step    int    // its index in the case
}

// inOnePiece returns the bytes of a request and of those that go out with it.
func (s Sending) inOnePiece() []byte {
	if len(s.Ahead) == 0 {
		return s.Bytes
	}
	all := slices.Clone(s.Bytes)
	for _, other := range s.Ahead {
		all = append(all, other.Bytes...)
	}
	return all
}

// old reports whether a request says that it is of HTTP/1.0.
func (s Sending) old() bool {
	line, _, _ := bytes.Cut(s.Bytes, []byte("\r\n"))
	return bytes.HasSuffix(line, []byte(" HTTP/1.0"))
}

// closes reports whether a request asks the server to close the connection.
func (s Sending) closes() bool {
	head, _, _ := bytes.Cut(s.Bytes, []byte("\r\n\r\n"))
	return hasValue(head, "Connection", "close")
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
