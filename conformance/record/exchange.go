package record

import "fmt"

// A Source is where an exchange was read: a place in a file of recorded traffic.
type Source struct {
	File   string `json:"file"`            // "-" for standard input; "archive.zip/har.har" for a file in an archive
	Entry  int    `json:"entry,omitempty"` // of a HAR, from 1
	Line   int    `json:"line"`            // where the exchange begins, from 1
	Offset int64  `json:"offset"`          // of its first byte, from 0; of what was decompressed, where it was
}

// String is the place in the form "FILE:LINE (entry N, byte B)".
func (s Source) String() string {
	if s.Entry > 0 {
		return fmt.Sprintf("%s:%d (entry %d, byte %d)", s.File, s.Line, s.Entry, s.Offset)
	}
	return fmt.Sprintf("%s:%d (byte %d)", s.File, s.Line, s.Offset)
}

// A Part is a part of an exchange that a record may not hold.
type Part string

// The parts. What depends on a part that is lacking cannot be judged.
const (
	RequestHeader  Part = "request-header"
	Credentials    Part = "credentials" // Authorization and cookies alone, which recorders leave out for safety
	RequestBody    Part = "request-body"
	ResponseHeader Part = "response-header"
	ResponseBody   Part = "response-body"
	WireForm       Part = "wire-form" // the message as it was sent: its framing and codings are those of the recorder
	Times          Part = "times"
)

// An Exchange is one exchange on its own, as a record of traffic holds it: a line of NDJSON.
type Exchange struct {
	Case string `json:"case,omitempty"` // ID of the case that was sent; "" where no run of the suite sent it
	ExchangeResult
}
