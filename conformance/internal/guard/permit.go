package guard

import (
	"bytes"
	"fmt"
	"slices"

	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// Permit allows a request or returns the reason why it is not sent. One that
// could take effect is counted against the budget and is in the journal before this
// returns.
func (g *Guard) Permit(s wire.Sending) (wire.Permit, *record.WireError) {
	if g.local {
		return wire.Permit{}, nil
	}
	e := g.Effect(s.Bytes)
	if why := g.forbids(e); why != "" {
		return wire.Permit{}, withheld("%s", why)
	}
	if head := bytes.Index(s.Bytes, []byte("\r\n\r\n")); s.Abort > 0 && s.Abort < head+len("\r\n\r\n") {
		return wire.Permit{}, withheld("it would be cut inside its head")
	}
	if !e.Can {
		return wire.Permit{}, nil
	}
	entry := record.JournalEntry{
		Event: record.Sending, Run: g.run, Case: s.Case, Step: s.Step,
		Operation: e.operation, Target: g.target.URL, Machine: e.Machines[0], File: e.Files[0],
	}
	// In the lock: the journal is in the order of sending, and nothing is sent that it
	// could not record.
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.journal == nil {
		return wire.Permit{}, withheld("nothing records what it causes; pass -journal")
	}
	if g.sent >= g.budget {
		return wire.Permit{}, withheld("the budget of %d requests that could take effect is used up; raise "+
			"-max-actions", g.budget)
	}
	entry.Number, entry.Time = g.sent+1, g.now().UTC()
	if err := g.journal(entry); err != nil {
		return wire.Permit{}, withheld("the journal did not take it: %s", wire.ErrorText(err))
	}
	g.sent++
	return wire.Permit{Effective: true, Answered: func(r *record.Response, werr *record.WireError) {
		g.answered(entry,
			r, werr)
	}}, nil
}

// withheld is the error of a request that is not sent, for a reason.
func withheld(format string, args ...any) *record.WireError {
	return &record.WireError{Kind: record.Withheld, Msg: "not sent: " + fmt.Sprintf(format, args...)}
}

// answered puts the answer to a request that could take effect into the journal, beside
// the entry that was made before it was sent.
func (g *Guard) answered(entry record.JournalEntry, r *record.Response, werr *record.WireError) {
	entry.Event = record.Answered
	if r != nil {
		entry.Status = r.Status
		id := g.secrets.Text(g.action(entry.Operation, r.Body)) // struck before it is cut
		entry.Action = id[:min(len(id), longID)]
	}
	if werr != nil {
		entry.Error, entry.Unsent = werr.Msg, werr.Kind == record.Unreachable || werr.Kind == record.Withheld
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	entry.Time = g.now().UTC()
	// The request was sent already: where this entry is missing, the journal says that
	// the outcome is not known.
	_ = g.journal(entry)
}

// longID is how much of an action's id is kept, which a server chooses.
const longID = 100

// Info returns what a report says of what was armed and sent.
func (g *Guard) Info() record.SafetyInfo {
	out := record.SafetyInfo{Local: g.local, Armed: []string{}}
	if g.local {
		return out
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	out.Actions = g.sent
	if len(g.armed) > 0 {
		out.Armed, out.MaxActions = slices.Sorted(slices.Values(g.armed)), g.budget
	}
	return out
}
