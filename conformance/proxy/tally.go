package proxy

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// Counts are what a proxy has passed and judged.
type Counts struct {
	InFlight      int64
	Passed        int64 // exchanges that ended
	NotApplicable int64 // of them, those on no documented path, which are not judged
	Sent          int64 // bytes of request bodies
	Received      int64 // bytes of answer bodies

	Judged          int64             // exchanges whose answer is evidence for or against the contract
	NoEvidence      int64             // exchanges whose answer is none, or that have no answer
	Outcomes        map[Outcome]int64 // of both
	Server, Client  int64             // findings
	Findings        map[Charge]int64
	NotJudged       map[string]int64 // by reason
	Unenforced      map[string]int64 // messages that Enforce passed on without the judge, by reason
	RefusedRequests int64            // by Enforce, with 400
	ReplacedAnswers int64            // by Enforce, with 502
	UpstreamErrors  int64            // exchanges without an answer, which the proxy answered 502
	NoAnswer        map[string]int64 // of them, by reason
	LastNoAnswer    string           // the last of the reasons in words, with its remedy; it may name addresses
	Unserved        map[string]int64 // requests that are none, and which Serve answered itself, by status
	BrokenRequests  int64            // exchanges with a broken request body, which the proxy answered 400
	Unreported      int64            // verdicts for which Each panicked
}

// An Outcome is the result of an exchange of an operation.
type Outcome struct {
	Operation string // its id
	Result    string // "conformant", "server", "client", "both" or "unjudged"
}

// A Charge is a requirement that a server or a client broke.
type Charge struct {
	Requirement string // its id
	Side        string // "server" or "client"
}

// NotJudgedTotal returns the number of exchanges on documented paths that were not judged.
func (c Counts) NotJudgedTotal() int64 { return sum(c.NotJudged) }

// UnenforcedTotal returns the number of messages that Enforce passed on without the judge.
func (c Counts) UnenforcedTotal() int64 { return sum(c.Unenforced) }

// UnservedTotal returns the number of requests that are none, and which [Proxy.Serve] answered itself.
func (c Counts) UnservedTotal() int64 { return sum(c.Unserved) }

func sum(of map[string]int64) (n int64) {
	for _, v := range of {
		n += v
	}
	return n
}

// A Recent is a finding of the last exchanges.
type Recent struct {
	At      time.Time
	Method  string
	URL     string // secrets struck out
	Side    string // "server" or "client"
	Finding record.Finding
}

// recentLimit is the most findings that the status page shows.
const recentLimit = 20

// A tally counts.
type tally struct {
	sent, received, inFlight, passed, notApplicable atomic.Int64

	mu     sync.Mutex
	counts Counts
	recent []Recent // the last is the newest
}

func newTally() *tally {
	return &tally{counts: Counts{Outcomes: map[Outcome]int64{}, Findings: map[Charge]int64{},
		NotJudged: map[string]int64{}, Unenforced: map[string]int64{}, NoAnswer: map[string]int64{},
		Unserved: map[string]int64{}}}
}

func (t *tally) add(change func(*Counts)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.counts)
}

// verdict counts a verdict.
func (t *tally) verdict(v conformance.Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.counts
	if v.Unjudged == "" {
		c.Judged++
	} else {
		c.NoEvidence++
	}
	c.Outcomes[Outcome{v.Operation, result(v)}]++
	c.Server, c.Client = c.Server+int64(len(v.Server)), c.Client+int64(len(v.Client))
	t.charge(v, "server", v.Server)
	t.charge(v, "client", v.Client)
}

func (t *tally) charge(v conformance.Verdict, side string, findings []record.Finding) {
	for _, f := range findings {
		t.counts.Findings[Charge{f.Requirement, side}]++
		t.recent = append(t.recent, Recent{v.Exchange.Started, v.Exchange.Request.Method, v.Exchange.Request.URL,
			side, f})
	}
	if more := len(t.recent) - recentLimit; more > 0 {
		t.recent = slices.Delete(t.recent, 0, more)
	}
}

func result(v conformance.Verdict) string {
	switch {
	case len(v.Server) > 0 && len(v.Client) > 0:
		return "both"
	case len(v.Server) > 0:
		return "server"
	case len(v.Client) > 0:
		return "client"
	case v.Unjudged != "":
		return "unjudged"
	}
	return "conformant"
}

// look returns the counts and the last findings, the newest first.
func (t *tally) look() (Counts, []Recent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts
	c.Outcomes, c.Findings = maps.Clone(c.Outcomes), maps.Clone(c.Findings)
	c.NotJudged, c.Unenforced = maps.Clone(c.NotJudged), maps.Clone(c.Unenforced)
	c.NoAnswer, c.Unserved = maps.Clone(c.NoAnswer), maps.Clone(c.Unserved)
	c.InFlight, c.Passed, c.NotApplicable = t.inFlight.Load(), t.passed.Load(), t.notApplicable.Load()
	c.Sent, c.Received = t.sent.Load(), t.received.Load()
	recent := slices.Clone(t.recent)
	slices.Reverse(recent)
	return c, recent
}
