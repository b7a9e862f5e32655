package record

import "time"

// A JournalEvent is what an entry of a journal tells.
type JournalEvent string

// The events, in the order in which they come about.
const (
	Sending  JournalEvent = "sending"  // written, and on the disk, before the request goes out
	Answered JournalEvent = "answered" // written after it: what the target said, or that it said nothing
)

// A JournalEntry is one line of the record of what a run caused, or may have
// caused, on somebody's machine. It holds no secret.
type JournalEntry struct {
	Event JournalEvent `json:"event"`
	Time  time.Time    `json:"time"`
	Run   string       `json:"run"` // the run's seed
	// of the request among those of the run that could take effect, from 1; the two entries of a request share it
	Number    int    `json:"number"`
	Case      string `json:"case"`
	Step      int    `json:"step"` // index into the case's requests
	Operation string `json:"operation"`
	Target    string `json:"target"` // URL without path
	Machine   string `json:"machine"`
	File      string `json:"sha1"`
	Status    int    `json:"status,omitempty"` // of the answer; 0 where none came
	Action    string `json:"action,omitempty"` // the id of the action in the answer, "" where none can be read
	Error     string `json:"error,omitempty"`  // what went wrong on the wire
	Unsent    bool   `json:"unsent,omitempty"` // no connection came about, so that nothing went out
}
