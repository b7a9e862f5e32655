package conformance

import (
	"net/http"
	"time"

	"fmaspec/schemas"
)

// A Request is one request with every variable bound, secrets struck out where
// it is part of a [Report].
type Request struct {
	Method string  `json:"method"`
	URL    string  `json:"url"`
	Header []Field `json:"header"`
	Body   Body    `json:"body,omitzero"`
}

// A Response is one answer, as far as it came.
type Response struct {
	Status    int         `json:"status"`
	Proto     string      `json:"proto"`
	Header    http.Header `json:"header"`
	Body      Body        `json:"body,omitzero"`      // at most the run's body limit
	Truncated bool        `json:"truncated,omitzero"` // the answer went on beyond the limit: only the beginning is here, and was judged
	Shortened bool        `json:"shortened,omitzero"` // the whole answer was judged; it is too long for a record, which keeps only the beginning of Header or Body
}

// An Exchange is one request and its answer, whoever made them.
type Exchange struct {
	Case     *Case // nil for recorded traffic
	Step     int   // index into Case.Steps
	Request  Request
	Response *Response     // nil where no answer came
	Err      *WireError    // what went wrong on the wire, or nil; Response may still hold what came
	Started  time.Time     //
	Elapsed  time.Duration // until the answer was complete, or the attempt ended
	Retries  int           // how often the request was put off, by 429 or 503, and sent again

	round  int      // which repetition of the case, from 0
	curl   string   // sends the request again
	header []Field  // of the request, as sent
	sha1   string   // the value of Sha1 in the request's body, where one can be read
	marks  []string // the values of {{sha1}} and {{comment}} in the request
	inert  bool     // machine and file were made up, so that nothing could take effect
	leaked bool     // the answer held a secret, which was struck out

	schema   *schemas.Schema // of a 201's body; nil where the operation is not known
	members  []string        // that the schema requires
	errors   *schemas.Schema // of a refusal's body
	seen     bool            // answer below is filled
	answer   answer          // what the checks look at
	findings []Finding       // of the checks that look at one exchange
	id       string          // of the action in a readable answer, in small letters
	odd      []string        // of a readable answer: each of its times, in order, that is not of the examples' form, else ""
	traces   []string        // what in the answer may be of another request
	reason   string          // why it cannot be judged, or ""
}
