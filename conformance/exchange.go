package conformance

import (
	"time"

	"fmaspec/conformance/record"
	"fmaspec/schemas"
)

// An Exchange is one request and its answer, whoever made them. Judging reads the
// exported fields and writes to none.
type Exchange struct {
	Case     *Case // of the suite that judges; nil for recorded traffic
	Step     int   // index into Case.Steps
	Round    int   // which repetition of the case, from 0
	Request  record.Request
	Response *record.Response  // nil where no answer came
	Err      *record.WireError // what went wrong on the wire, or nil; Response may still hold what came
	Started  time.Time         //
	Elapsed  time.Duration     // until the answer was complete, or the attempt ended
	Retries  int               // how often the request was put off, by 429, 502, 503 or 504, and sent again
	Alone    string            // why the request was sent once more, with no other under way: "silent", "slow", "502", "503" or "504"; "" where it was not
	Leaked   bool              // the answer held a secret of the request, which was struck out

	// What a run keeps of an exchange, to conclude from all of them.
	marks    []string         // the values of {{sha1}} and {{comment}} in the request
	inert    bool             // machine and file were made up, so that nothing could take effect
	findings []record.Finding // of the checks that look at one exchange
	sha1     string           // the value of Sha1 in the request's body, where one can be read
	id       string           // of the action in a readable answer, in small letters
	traces   []string         // what in the answer may be of another request
	odd      []string         // of a readable answer: each of its times, in order, that is not of the examples' form, else ""
	running  bool             // the answer says that the action is under way already
	reason   string           // why it cannot be judged, or ""

	// Set in the copy that checks look at; see [Suite.viewed].
	seen    *answer
	schema  *schemas.Schema // of a 201's body; nil where the operation is not known
	members []string        // that the schema requires
	errors  *schemas.Schema // of a refusal's body
}
