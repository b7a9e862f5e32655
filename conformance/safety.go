package conformance

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// DefaultMaxActions is how many requests may take effect on a target that is not
// loopback, where the user names no number.
const DefaultMaxActions = 4

// inertPrefix begins the machine ids and hashes that are made up for a target
// that is not loopback. No machine and no file has them, so that a request which
// is accepted against all expectation still has no effect.
const inertPrefix = "0000000000"

// A guard stands before every request of a run. It looks at the bytes that are
// about to go out, not at the case that they were made from, so that no mistake
// before it reaches a machine: on a target that is not loopback it lets pass what
// cannot take effect, and of the rest what the user armed, up to the budget, and
// on record.
type guard struct {
	local      bool
	target     Target
	operations []openapi.Operation
	request    map[string]*schemas.Schema // of a body that can be used, by operation ID
	armed      []string
	budget     int
	run        string
	now        func() time.Time
	journal    func(JournalEntry) error
	secrets    *secrets

	mu   sync.Mutex
	sent int // that could take effect
}

// An effect is what a request would do if it were accepted.
type effect struct {
	operation     string // "" where it calls none
	machine, sha1 string
	can           bool // take effect: neither is the request unusable, nor its machine and file inert
}

// effect reads a request as a server would, and in doubt finds that it can take
// effect.
func (g *guard) effect(request []byte) (e effect) {
	head, body, _ := bytes.Cut(request, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	method, rest, _ := strings.Cut(lines[0], " ")
	path, _, _ := strings.Cut(rest, " ")
	if u, err := url.Parse(path); err == nil {
		path = u.Path // without the escapes that may hide a machine
	}
	path = strings.ToLower(path)
	for _, op := range g.operations {
		before, after, _ := strings.Cut(strings.ToLower(op.Path), "{id}")
		if _, id, found := strings.Cut(path, before); found && strings.HasSuffix(id, after) {
			e.operation, e.machine = op.ID, strings.TrimSuffix(id, after)
		}
	}
	// A body may be in chunks, or longer or shorter than it says: whichever way a
	// server reads it counts.
	bodies, readable, declared := [][]byte{body}, true, ""
	if r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request))); err != nil {
		readable = false
	} else {
		declared, _, _ = strings.Cut(r.Header.Get("Content-Type"), ";")
		if whole, err := io.ReadAll(r.Body); err == nil {
			bodies = append(bodies, whole)
		}
	}
	usable, files := false, true
	for _, body := range bodies {
		sha1 := sentSha1(body)
		e.sha1 = cmp.Or(e.sha1, sha1, onlyHash(body))
		usable = usable || g.usable(e.operation, body)
		files = files && inertHashes(body, sha1)
	}
	// A header field that replaces the method takes effect where it is obeyed.
	post := method == "POST" || strings.Contains(strings.ToLower(string(head)), "\r\nx-http-method")
	if e.operation == "" {
		e.can = post || !slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, method)
		return e
	}
	json := declared == "" || isJSONMedia(strings.ToLower(strings.TrimSpace(declared)))
	unusable := readable && (!post || !g.authorises(lines[1:]) || !usable || !json)
	e.can = !unusable || !inert(e.machine) || !files
	return e
}

// authorises tells that the head carries a token of one who may act, as a bearer
// token is carried (RFC 6750 2.1).
func (g *guard) authorises(fields []string) bool {
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ":")
		if !strings.EqualFold(strings.TrimSpace(name), "Authorization") {
			continue
		}
		words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
		if len(words) == 0 || !strings.EqualFold(words[0], "Bearer") {
			continue
		}
		for _, s := range g.secrets.values() {
			if s.Name == tokenName && slices.Contains(words[1:], s.Value) {
				return true
			}
		}
	}
	return false
}

// usable tells that the body is one that the operation takes, if its server reads
// JSON as most do: with a byte order mark, or a member twice. Where nothing is
// known of its bodies, any can be used.
func (g *guard) usable(operation string, body []byte) bool {
	value, err := schemas.Decode(strictjson.TrimBOM(body))
	if err != nil {
		return false
	}
	schema := g.request[operation]
	if schema == nil {
		return true
	}
	violations, err := schema.ValidateValue(value)
	return err != nil || len(violations) == 0
}

// inert tells an id that was made up: digits alone, so that no path can hide
// another behind it.
func inert(id string) bool {
	return strings.HasPrefix(id, inertPrefix) && allHex(id)
}

// onlyHash is the one file that a body names that cannot be read otherwise, "" for
// none or several.
func onlyHash(body []byte) string {
	found := slices.DeleteFunc(traces(body), func(h string) bool { return len(h) != sha1Digits })
	if slices.Sort(found); len(slices.Compact(found)) != 1 {
		return ""
	}
	return found[0]
}

// inertHashes tells that the body names no file but made-up ones.
func inertHashes(body []byte, sha1 string) bool {
	if len(sha1) == sha1Digits && !inert(sha1) {
		return false
	}
	return !slices.ContainsFunc(traces(body), func(h string) bool { return len(h) == sha1Digits && !inert(h) })
}

// forbids says why a request with this effect may not be sent, or "".
func (g *guard) forbids(e effect) string {
	switch {
	case g.local || !e.can:
		return ""
	case e.operation == "":
		return "it calls no operation of the contract"
	case !slices.Contains(g.armed, e.operation):
		return fmt.Sprintf("it could take effect, and %s is not armed; pass -accept-risk=%[1]s with -machine and -sha1", e.operation)
	case e.machine != strings.ToLower(g.target.Machine) && (g.target.UnknownMachine == "" || e.machine != strings.ToLower(g.target.UnknownMachine)):
		return fmt.Sprintf("it names the machine %q, which is not the one of -machine", e.machine)
	case !strings.EqualFold(e.sha1, g.target.Sha1):
		return fmt.Sprintf("it names the file %s, which is not the one of -sha1", cmp.Or(e.sha1, "in a way that cannot be read"))
	}
	return ""
}

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
		return &SafetyError{fmt.Sprintf("%s is not loopback, and no machine was named; pass -machine with the id of one that may be acted on (in Go, Target.Machine)", g.target.URL)}
	case g.target.Sha1 == "":
		return &SafetyError{fmt.Sprintf("%s is not loopback, and no file was named; pass -sha1 with the hash of one that may be acted on (in Go, Target.Sha1)", g.target.URL)}
	}
	return nil
}

// recorded tells that what takes effect will be on record.
func (g *guard) recorded() error {
	if g.local || len(g.armed) == 0 || g.journal != nil {
		return nil
	}
	return &SafetyError{fmt.Sprintf("%s is not loopback, and nothing records what is caused there; pass -journal (in Go, Options.Journal)", g.target.URL)}
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
			e := r.guard.effect(b.sending.bytes)
			why := r.guard.forbids(e)
			if line, _, _ := bytes.Cut(b.sending.bytes, []byte("\r\n")); why == "" && bytes.Contains(line, []byte(r.target.Token)) {
				why = "it puts the token into the URL, which logs keep"
			}
			if why != "" && j.skip == "" {
				j.outcome, j.skip = Skipped, "not sent: "+why
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
			j.outcome, j.skip = Skipped, fmt.Sprintf("not sent: it could take effect, and the budget of %d such requests does not reach for it; raise -max-actions", r.options.MaxActions)
			first = cmp.Or(first, strings.TrimPrefix(j.skip, "not sent: "))
			continue
		}
		budget -= effects[j]
		left++
	}
	r.planned = r.options.MaxActions - budget
	if left == 0 && first != "" {
		return &SafetyError{fmt.Sprintf("%s is not loopback, and of the %d cases none may be sent: %s", r.target.URL, len(jobs), first)}
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
	entry JournalEntry
}

// permit lets a request pass or says why not. One that could take effect is taken
// from the budget and is in the journal before this returns.
func (g *guard) permit(s sending) (permit, *WireError) {
	if g.local {
		return permit{}, nil
	}
	e := g.effect(s.bytes)
	if why := g.forbids(e); why != "" {
		return permit{}, &WireError{Withheld, "not sent: " + why}
	}
	if !e.can {
		return permit{}, nil
	}
	p := permit{can: true, g: g, entry: JournalEntry{
		Event: Sending, Run: g.run, Case: s.id, Step: s.step,
		Operation: e.operation, Target: g.target.URL, Machine: e.machine, Sha1: e.sha1,
	}}
	// In the lock: the journal is in the order of sending, and nothing goes out
	// beside what it could not record.
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sent >= g.budget {
		return permit{}, &WireError{Withheld, fmt.Sprintf("not sent: the budget of %d requests that could take effect is used up; raise -max-actions", g.budget)}
	}
	p.entry.Number, p.entry.Time = g.sent+1, g.now().UTC()
	if err := g.journal(p.entry); err != nil {
		return permit{}, &WireError{Withheld, "not sent: the journal did not take it: " + cleanError(err)}
	}
	g.sent++
	return p, nil
}

// answered puts into the journal what came of a request that could take effect.
func (p permit) answered(r *Response, werr *WireError) {
	if !p.can {
		return
	}
	p.entry.Event = Answered
	if r != nil {
		p.entry.Status = r.Status
		p.entry.Action = string(cutTo([]byte(p.g.secrets.text(actionID(r.Body))), longID)) // struck before it is cut
	}
	if werr != nil {
		p.entry.Error, p.entry.Unsent = werr.Msg, werr.Kind == Unreachable || werr.Kind == Withheld
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
func (g *guard) info() SafetyInfo {
	out := SafetyInfo{Local: g.local, Armed: []string{}}
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
