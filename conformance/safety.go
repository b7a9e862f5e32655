package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/internal/strictjson"
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
	case g.target.File == "":
		return &SafetyError{g.target.elsewhere() + ", and no file was named; pass -sha1 with the hash of one that may be acted on (in Go, Target.File)"}
	}
	if g.allow != nil {
		return g.allow(g.target.URL, g.target.Machine, g.target.File)
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
func (r *binding) withhold(jobs []*job) error {
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
			e := r.guard.effect(b.sending.bytes)
			why, unlisted := r.guard.objects(e)
			if unlisted != nil {
				// What the user wrote or named is for the user to mend; what a case of the suite
				// writes out, such as the documents' own file, is left out.
				if j.c.own || r.guard.ofFlags(e) {
					return unlisted
				}
				why = unlisted.Error()
			}
			if line, _, _ := bytes.Cut(b.sending.bytes, []byte("\r\n")); bytes.Contains(line, []byte(r.target.Token)) {
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
	control := controlsOf(jobs)
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

// A permit lets one request pass.
type permit struct {
	can   bool // take effect
	g     *guard
	entry record.JournalEntry
}

// permit lets a request pass or says why not. One that could take effect is taken
// from the budget and is in the journal before this returns.
func (g *guard) permit(s sending) (permit, *record.WireError) {
	if g.local {
		return permit{}, nil
	}
	e := g.effect(s.bytes)
	if why := g.forbids(e); why != "" {
		return permit{}, &record.WireError{Kind: record.Withheld, Msg: "not sent: " + why}
	}
	if head := bytes.Index(s.bytes, []byte("\r\n\r\n")); s.abort > 0 && s.abort < head+len("\r\n\r\n") {
		return permit{}, &record.WireError{Kind: record.Withheld, Msg: "not sent: it would be cut inside its head"}
	}
	if !e.can {
		return permit{}, nil
	}
	p := permit{can: true, g: g, entry: record.JournalEntry{
		Event: record.Sending, Run: g.run, Case: s.id, Step: s.step,
		Operation: e.operation, Target: g.target.URL, Machine: e.machines[0], File: e.files[0],
	}}
	// In the lock: the journal is in the order of sending, and nothing goes out
	// beside what it could not record.
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sent >= g.budget {
		return permit{}, &record.WireError{Kind: record.Withheld, Msg: fmt.Sprintf("not sent: the budget of %d requests that could take effect is used up; raise -max-actions", g.budget)}
	}
	p.entry.Number, p.entry.Time = g.sent+1, g.now().UTC()
	if err := g.journal(p.entry); err != nil {
		return permit{}, &record.WireError{Kind: record.Withheld, Msg: "not sent: the journal did not take it: " + cleanError(err)}
	}
	g.sent++
	return p, nil
}

// answered puts into the journal what came of a request that could take effect.
func (p permit) answered(r *record.Response, werr *record.WireError) {
	if !p.can {
		return
	}
	p.entry.Event = record.Answered
	if r != nil {
		p.entry.Status = r.Status
		p.entry.Action = string(cutTo([]byte(p.g.secrets.text(actionID(r.Body))), longID)) // struck before it is cut
	}
	if werr != nil {
		p.entry.Error, p.entry.Unsent = werr.Msg, werr.Kind == record.Unreachable || werr.Kind == record.Withheld
	}
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	p.entry.Time = p.g.now().UTC()
	// The request is out already: where this is missing, the journal says that its
	// outcome is not known.
	_ = p.g.journal(p.entry)
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
