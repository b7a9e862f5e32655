package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// DefaultMaxActions is how many requests may take effect on a target that is not
// loopback, where the user names no number.
const DefaultMaxActions = 4

// armable says what is missing before an operation can take effect.
func (g *guard) armable() error {
	known := operationIDs(g.operations)
	for _, name := range g.armed { // a misspelt one would arm nothing
		if !slices.Contains(known, name) {
			return usage("-accept-risk %s: unknown operation%s; operations are %s", name, meant(name, known), strings.Join(known, ", "))
		}
	}
	switch {
	case g.local || len(g.armed) == 0:
		return nil
	case g.target.Machine == "":
		return &SafetyError{g.target.elsewhere() + ", and no machine was named; pass -machine with the id of one that may be acted on (in Go, Target.Machine)"}
	case g.target.Sha1 == "":
		return &SafetyError{g.target.elsewhere() + ", and no file was named; pass -sha1 with the hash of one that may be acted on (in Go, Target.Sha1)"}
	}
	if g.allow != nil {
		return g.allow(g.target.URL, g.target.Machine, g.target.Sha1)
	}
	return nil
}

// recorded tells that what takes effect will be on record.
func (g *guard) recorded() error {
	if g.local || len(g.armed) == 0 || g.journal != nil {
		return nil
	}
	return &SafetyError{g.target.elsewhere() + ", and nothing records what is caused there; pass -journal (in Go, Options.Journal)"}
}

func operationIDs(operations []openapi.Operation) (ids []string) {
	for _, op := range operations {
		ids = append(ids, op.ID)
	}
	return ids
}

// withhold takes out of the jobs what may not be sent. Where nothing is left, that
// is a [*SafetyError].
func (r *runner) withhold(jobs []*job) error {
	if r.guard.local {
		return nil
	}
	first, left := "", 0
	var candidates []*job
	effects := map[*job]int{}
	for _, j := range jobs {
		if j.skip != "" {
			continue
		}
		for _, b := range j.steps {
			e := r.guard.effect(b.sending.Bytes)
			why, unlisted := r.guard.objects(e)
			if unlisted != nil {
				// What the user wrote or named is for the user to mend; what a case of the suite
				// writes out, such as the documents' own file, is left out.
				if j.c.own || r.guard.ofFlags(e) {
					return unlisted
				}
				why = unlisted.Error()
			}
			if line, _, _ := bytes.Cut(b.sending.Bytes, []byte("\r\n")); bytes.Contains(line, []byte(r.target.Token)) {
				why = "it puts the token into the URL, which logs keep"
			}
			if why != "" && j.skip == "" {
				j.outcome, j.skip = record.Skipped, "not sent: "+why
				first = cmp.Or(first, why)
			}
			if e.can {
				effects[j] += r.options.Repeat
			}
		}
		if j.skip == "" && effects[j] > 0 {
			candidates = append(candidates, j)
		} else if j.skip == "" {
			left++
		}
	}
	// The budget goes to what the most depends on.
	control := controls(jobs)
	slices.SortStableFunc(candidates, func(a, b *job) int {
		return cmp.Or(cmp.Compare(rank(a, control), rank(b, control)), cmp.Compare(effects[a], effects[b]), cmp.Compare(a.c.Name, b.c.Name), cmp.Compare(a.c.ID, b.c.ID))
	})
	budget := r.options.MaxActions
	for _, j := range candidates {
		if effects[j] > budget {
			j.outcome, j.skip = record.Skipped, fmt.Sprintf("not sent: it could take effect, and the budget of %d such requests does not reach for it; raise -max-actions", r.options.MaxActions)
			first = cmp.Or(first, strings.TrimPrefix(j.skip, "not sent: "))
			continue
		}
		budget -= effects[j]
		left++
	}
	r.planned = r.options.MaxActions - budget
	if left == 0 && first != "" {
		return &SafetyError{fmt.Sprintf("%s, and of the %d cases none may be sent: %s", r.target.elsewhere(), len(jobs), first)}
	}
	return nil
}

// rank orders jobs by how much depends on them: controls, then what is to be
// accepted, then the rest.
func rank(j *job, control map[string]bool) int {
	switch {
	case control[j.c.ID]:
		return 0
	case !slices.ContainsFunc(j.c.Steps, func(s Step) bool { return s.Expect != Accepted }):
		return 1
	}
	return 2
}

// Permit allows a request or returns the reason why it is not sent. One that
// could take effect is counted against the budget and is in the journal before this
// returns.
func (g *guard) Permit(s wire.Sending) (wire.Permit, *record.WireError) {
	if g.local {
		return wire.Permit{}, nil
	}
	e := g.effect(s.Bytes)
	if why := g.forbids(e); why != "" {
		return wire.Permit{}, withheld("%s", why)
	}
	if head := bytes.Index(s.Bytes, []byte("\r\n\r\n")); s.Abort > 0 && s.Abort < head+len("\r\n\r\n") {
		return wire.Permit{}, withheld("it would be cut inside its head")
	}
	if !e.can {
		return wire.Permit{}, nil
	}
	entry := record.JournalEntry{
		Event: record.Sending, Run: g.run, Case: s.Case, Step: s.Step,
		Operation: e.operation, Target: g.target.URL, Machine: e.machines[0], Sha1: e.files[0],
	}
	// In the lock: the journal is in the order of sending, and nothing is sent that it
	// could not record.
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sent >= g.budget {
		return wire.Permit{}, withheld("the budget of %d requests that could take effect is used up; raise -max-actions", g.budget)
	}
	entry.Number, entry.Time = g.sent+1, g.now().UTC()
	if err := g.journal(entry); err != nil {
		return wire.Permit{}, withheld("the journal did not take it: %s", wire.ErrorText(err))
	}
	g.sent++
	return wire.Permit{Effective: true, Answered: func(r *record.Response, werr *record.WireError) { g.answered(entry, r, werr) }}, nil
}

// withheld is the error of a request that is not sent, for a reason.
func withheld(format string, args ...any) *record.WireError {
	return &record.WireError{Kind: record.Withheld, Msg: "not sent: " + fmt.Sprintf(format, args...)}
}

// answered puts the answer to a request that could take effect into the journal, beside
// the entry that was made before it was sent.
func (g *guard) answered(entry record.JournalEntry, r *record.Response, werr *record.WireError) {
	entry.Event = record.Answered
	if r != nil {
		entry.Status = r.Status
		id := g.secrets.Text(actionID(r.Body)) // struck before it is cut
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

// actionID reads the id of the action in an answer, "" where there is none.
func actionID(body []byte) string {
	var action struct {
		ID string `json:"id"`
	}
	if strictjson.Check(body) != nil || json.Unmarshal(body, &action) != nil {
		return ""
	}
	return action.ID
}

// info is what a report says of what was allowed and tried.
func (g *guard) info() record.SafetyInfo {
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
