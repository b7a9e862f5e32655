package record

import "strings"

// A WireKind is the way in which an exchange fails below HTTP's semantics.
type WireKind string

// The kinds. Withheld, Unreachable, TooLong, Cancelled, Refused and Unanswered say nothing about
// the contract; the others break HTTP itself. The last two are in records of a proxy alone, which
// has the client's request whole, so that the client can be judged.
const (
	Withheld    WireKind = "withheld"    // not sent: it was not permitted, not recorded, or there was no token
	Unreachable WireKind = "unreachable" // no connection came about
	Cancelled   WireKind = "cancelled"   // the run was stopped
	TooLong     WireKind = "too-long"    // a complete body, but longer than is judged
	Silent      WireKind = "silent"      // no answer began before the deadline
	Closed      WireKind = "closed"      // the connection ended before an answer began
	Malformed   WireKind = "malformed"   // what came is not an HTTP/1 answer
	Cut         WireKind = "cut"         // the body ended before its length or last chunk, or its chunks are broken
	Slow        WireKind = "slow"        // the answer began, and was not complete at the deadline
	Endless     WireKind = "endless"     // the body went on beyond every limit
	Surplus     WireKind = "surplus"     // bytes came behind the end of the body
	Conflict    WireKind = "conflict"    // the head gives two framings (RFC 9112 6.1, 6.3)
	Refused     WireKind = "refused"     // a proxy refused the request, and did not send it to the server
	Unanswered  WireKind = "unanswered"  // a proxy got the request, and no answer from the server
)

// A WireError says what went wrong on the wire.
type WireError struct {
	Kind WireKind `json:"kind"`
	Msg  string   `json:"msg"`
	// what came, and is not HTTP, held a token, which was struck out of the message
	Token bool `json:"token,omitempty"`
}

func (e *WireError) Error() string { return e.Msg }

// HeadNotHTTP begins the message on an answer that began as one of HTTP/1, and whose head is none.
const HeadNotHTTP = "the head of the answer is not HTTP"

// InHead reports whether what is malformed is the head of an answer that began as one of HTTP: what
// sent it speaks HTTP, and breaks its rules.
func (e *WireError) InHead() bool {
	return e.Kind == Malformed && strings.HasPrefix(e.Msg, HeadNotHTTP)
}
