package journal

import (
	"encoding/json"
	"net/http"
	"time"

	"fmaspec/conformance/record"
)

// A State is what is known about the effect of a request.
type State string

// The states, beginning with those that need attention.
const (
	Unknown State = "unknown" // it may have taken effect: there is no answer
	Caused  State = "caused"  // the target accepted it
	Refused State = "refused" // the target refused it
	Unsent  State = "unsent"  // no connection was made
)

// States returns the states, beginning with those that need attention.
func States() []State { return []State{Unknown, Caused, Refused, Unsent} }

// An Action is one request that could take effect, and its result.
type Action struct {
	State     State     `json:"state"`
	Sent      time.Time `json:"sent,omitzero"`     // zero if the journal has only the answer
	Answered  time.Time `json:"answered,omitzero"` // zero if the journal has no answer
	Run       string    `json:"run"`
	Number    int       `json:"number"`
	Case      string    `json:"case"`
	Step      int       `json:"step"`
	Operation string    `json:"operation"`
	Target    string    `json:"target"`
	Machine   string    `json:"machine"`
	File      string    `json:"sha1"`
	Status    int       `json:"status,omitempty"`
	ID        string    `json:"id,omitempty"` // of the action, from the target; "" if none can be read
	Error     string    `json:"error,omitempty"`
}

// Summarize joins the two entries of each request, in the order in which the requests were
// sent. A run that is repeated with its seed uses the same numbers, so an answer belongs to
// the last request with its number.
func Summarize(entries []record.JournalEntry) []Action {
	type key struct {
		run    string
		number int
	}
	out := []Action{}
	open := map[key]int{} // index in out of the requests without an answer yet
	for _, e := range entries {
		k := key{e.Run, e.Number}
		at, waiting := open[k]
		if e.Event == record.Sending || !waiting {
			at = len(out)
			out = append(out, Action{
				State: Unknown, Run: e.Run, Number: e.Number, Case: e.Case, Step: e.Step,
				Operation: e.Operation, Target: e.Target, Machine: e.Machine, File: e.File,
			})
		}
		a := &out[at]
		if e.Event == record.Sending {
			a.Sent = e.Time
			open[k] = at
			continue
		}
		a.Answered, a.Status, a.ID, a.Error = e.Time, e.Status, e.Action, e.Error
		if a.State = state(e.Status); e.Unsent {
			a.State = Unsent
		}
		delete(open, k)
	}
	return out
}

// JSON returns the actions as an array, indented, in ASCII as a journal is.
func JSON(actions []Action) ([]byte, error) {
	text, err := json.MarshalIndent(append([]Action{}, actions...), "", "  ")
	return append(ascii(text), '\n'), err
}

// state returns the state for a status. A server that failed, or one behind a failing gateway,
// may have acted before.
func state(status int) State {
	switch {
	case status >= 200 && status < 300:
		return Caused
	case status >= 400 && status < 500, status == http.StatusNotImplemented, status == http.StatusServiceUnavailable:
		return Refused
	}
	return Unknown
}
