package record

import "time"

// A LoadInfo is what was measured while cases were sent for a time. Its gates are apart from
// the report's verdict on conformance. Requests of the warm-up and of the ramp are judged, and
// are not measured.
type LoadInfo struct {
	Model    string        `json:"model"`          // "closed": each worker sends at once again; "open": at a given rate
	Workers  int           `json:"workers"`        // the most cases under way at once
	Rate     string        `json:"rate,omitempty"` // of cases, of the open model, such as "500/s"
	Duration time.Duration `json:"duration_ns"`    // that was asked for
	WarmUp   time.Duration `json:"warm_up_ns,omitzero"`
	Ramp     time.Duration `json:"ramp_ns,omitzero"`
	Mix      []MixPart     `json:"mix"` // in the order that was given
	Cases    int           `json:"cases"`

	Started    time.Time     `json:"started"`           // of the measuring
	Elapsed    time.Duration `json:"elapsed_ns"`        // of the measuring
	Stopped    string        `json:"stopped,omitempty"` // why it ended before its time
	Requests   int64         `json:"requests"`          // answered or not, but for those of outages
	Throughput float64       `json:"throughput"`        // answers in a second
	Judged     int64         `json:"judged"`            // exchanges judged, with those of the warm-up and the ramp
	Behind     *BehindInfo   `json:"behind,omitempty"`  // nil for the closed model
	Latency    []LatencyInfo `json:"latency"`           // the total first, then by operation and result
	Series     []LoadPoint   `json:"series"`            // in order of time
	Errors     []LoadError   `json:"errors"`            // the most frequent first
	Flips      []Flip        `json:"flips"`             // in the order of the ids of the cases
	Outages    []Outage      `json:"outages"`           // in order of time
	Gates      []Gate        `json:"gates"`
	// how often each case was sent, by its id
	Sent map[string]int64 `json:"sent"`
}

// The models of a load.
const (
	ClosedModel = "closed" // each worker sends the next case as soon as it has the answer
	OpenModel   = "open"   // cases are sent at a given rate
)

// A MixPart is the weight of some cases in a load.
type MixPart struct {
	Cases  string  `json:"cases"` // "accepted", "refused", "either", or a pattern of case ids
	Weight float64 `json:"weight"`
}

// BehindInfo says how well an open model kept to its times. Latencies count from the time at
// which a request was to be sent, so that what was sent late counts as slow.
type BehindInfo struct {
	Late int64         `json:"late"` // cases that began later than planned by more than a millisecond
	Most time.Duration `json:"most_ns"`
}

// The results of a request under load.
const (
	ResultAccepted   = "accepted"   // an answer of the class 2xx
	ResultRefused    = "refused"    // of the class 4xx
	ResultOther      = "other"      // of another class
	ResultUnanswered = "unanswered" // no whole answer
)

// LatencyInfo is how long requests of one operation with one result took, in nanoseconds.
type LatencyInfo struct {
	Operation string `json:"operation"` // "" for all operations
	Result    string `json:"result"`    // "" for all results
	Count     int64  `json:"count"`
	Min       int64  `json:"min_ns"`
	Mean      int64  `json:"mean_ns"`
	P50       int64  `json:"p50_ns"`
	P90       int64  `json:"p90_ns"`
	P95       int64  `json:"p95_ns"`
	P99       int64  `json:"p99_ns"`
	P999      int64  `json:"p999_ns"`
	Max       int64  `json:"max_ns"`
	// the whole HdrHistogram in microseconds, with three significant digits, in the V2 form of its
	// log, base64
	Histogram string `json:"histogram"`
}

// A LoadPoint is one interval of a load.
type LoadPoint struct {
	At       time.Duration `json:"at_ns"` // of its begin, since the measuring began; negative in the warm-up and ramp
	Length   time.Duration `json:"length_ns"`
	Requests int64         `json:"requests"`
	Errors   int64         `json:"errors"`   // unanswered, or not to be judged
	Findings int64         `json:"findings"` // exchanges with findings
	P50      int64         `json:"p50_ns"`
	P99      int64         `json:"p99_ns"`
	Max      int64         `json:"max_ns"`
	Down     bool          `json:"down,omitempty"` // the target could not be reached in some of it
}

// A LoadError counts exchanges that are no evidence, or got no answer, by their cause.
type LoadError struct {
	Cause string    `json:"cause"` // such as "no answer in time" or "503"
	Count int64     `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Case  string    `json:"case"` // of the first
	Text  string    `json:"text"` // of the first: what came instead
}

// A Flip is a case that was judged one way at one time and another way at another.
type Flip struct {
	Case   string `json:"case"`
	Judged int64  `json:"judged"` // how often it was judged
	// how it was judged, the most frequent first; at least two
	Ways []FlipWay `json:"ways"`
	// the first exchange that was judged otherwise than the one that is most frequent
	Exchange *ExchangeResult `json:"exchange,omitempty"`
	Before   []Neighbour     `json:"before"` // what was under way or ended before it, in order of time
	After    []Neighbour     `json:"after"`  // what ended after it
	// the exchange before it on its connection; nil where it was the first, or is not known
	Connection *Neighbour `json:"connection,omitempty"`
}

// A FlipWay is one way in which a case was judged.
type FlipWay struct {
	Findings []string  `json:"findings"` // keys; none where it passed
	Count    int64     `json:"count"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// A Neighbour is an exchange that went on near another one.
type Neighbour struct {
	Case    string        `json:"case"`
	Started time.Time     `json:"started"`
	Elapsed time.Duration `json:"elapsed_ns"`
	Worker  int           `json:"worker"` // from 1
	Status  int           `json:"status"` // 0 where no answer came
}

// An Outage is a time in which the target could not be reached. What was under way when it
// began is not judged.
type Outage struct {
	Began time.Time     `json:"began"`
	Ended time.Time     `json:"ended,omitzero"` // zero where it had not ended
	Lost  int64         `json:"lost"`           // requests that got no answer for it
	Text  string        `json:"text"`           // what the first of them got instead
	After time.Duration `json:"after_ns"`       // since the measuring began
}

// A Gate is a bound on what a load measured.
type Gate struct {
	Name   string  `json:"name"`  // the flag that sets it, without its hyphen
	Bound  float64 `json:"bound"` // in nanoseconds, answers in a second, or a number
	Want   string  `json:"want"`
	Got    string  `json:"got"`
	Failed bool    `json:"failed"`
}

// Fails reports whether a gate failed. A nil LoadInfo has none.
func (l *LoadInfo) Fails() bool {
	if l == nil {
		return false
	}
	for _, g := range l.Gates {
		if g.Failed {
			return true
		}
	}
	return false
}
