package conformance

import (
	"time"

	"fmaspec/conformance/record"
)

// Sent is a request with everything that is known of it when it is sent. The zero value
// of each field but Request says that it is not known, as of recorded traffic.
type Sent struct {
	Case      *Case          // of the suite that judges, or one made like it
	Step      int            // index into Case.Steps
	Round     int            // which repetition of the case, from 0
	Operation string         // id of the operation that is called; read from Request where empty
	Request   record.Request // secrets struck out
	Marks     []string       // values that no other request holds, in small letters
	Inert     bool           // machine and file were made up, so that nothing could take effect
	Started   time.Time      // when the request was sent

	read *subject // what Request names, where that is known already
}

// A subject is what a request of an operation is about.
type subject struct {
	file    string // that the body names; "" where it cannot be read
	machine string // that the path names; "" where it names none
}

// An Exchange is one request and its answer, from any source. It is complete when it
// is made: judging reads it and writes to nothing.
type Exchange struct {
	Sent
	Response *record.Response  // nil where no answer came
	Err      *record.WireError // what went wrong on the wire, or nil; Response may still hold what came
	Elapsed  time.Duration     // until the answer was complete, or the attempt ended
	Retries  int               // how often the request was put off, by 429, 502, 503 or 504, and sent again
	// why the request was sent once more, with no other under way: "silent", "slow", "closed", "502",
	// "503" or "504"; "" where it was not
	Alone  string
	Leaked bool // the answer held a secret of the request, which was struck out
	// the places of the answer that held a token, or a part of one, which was struck out
	TokenIn []string
	Source  *record.Source // where it was read; nil where it was not
	Lacks   []record.Part  // what the record that it was read from does not hold
}

// A Judgement is what one exchange shows.
type Judgement struct {
	Findings []record.Finding // sorted by check and place
	Unjudged string           // why the exchange is no evidence for or against the contract, or ""
	ActionID string           // of the action in a readable answer, in small letters
	File     string           // the file that the request names; "" where it cannot be read
	Traces   []string         // values in the answer that have the form of a mark, in small letters

	running bool     // the answer says that the action is under way already
	erring  bool     // the answer is an error object, and no action
	acting  bool     // the answer carries an action on the machine of the path
	silent  bool     // the answer is none of the contract's, and has no text that could say why
	terms   *terms   // of the operation
	machine string   // that the path names; "" where it names none
	values  []string // of a readable answer: what the checks between answers keep of it
}

// A Judged is an exchange and what it shows.
type Judged struct {
	*Exchange
	Judgement
}

// ref returns the name of the exchange.
func (x *Exchange) ref() ref {
	if x.Case == nil {
		return ref{nil, x.Step}
	}
	return ref{x.Case, x.step()}
}
