package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"fmaspec/conformance/record"
)

// An Expectation says what a conforming implementation does with a request.
type Expectation int

// The expectations.
const (
	Accepted Expectation = iota + 1 // answered with the status of success and an action
	Refused                         // answered with one of the statuses that count as refusal
	Either                          // the documents leave it open; only what holds for every answer is judged
)

func (e Expectation) String() string {
	switch e {
	case Accepted:
		return "accepted"
	case Refused:
		return "refused"
	case Either:
		return "either"
	}
	return "unset"
}

// MarshalText writes the expectation's name.
func (e Expectation) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// A Case is one thing worth asking of one operation, and what the answer has to
// show. A file that names several operations yields one Case for each.
type Case struct {
	ID        string   // operation, slash, file path without ".http": "requestSample/body/refuses-missing-comment"
	Name      string   // the file's path without ".http": "body/refuses-missing-comment"
	Title     string   // the file's first line
	Operation string   // operationId in the OpenAPI document
	Proves    []string // requirement ids, as the file lists them
	Control   string   // ID of the accepted case from which this one differs in one thing, or ""
	// further controls, of a case that differs in several things at once; what they send may be open, so that the
	// case shows something only where it is accepted
	Also  []string
	Needs []string // what the user has to supply: a variable of [Tokens], "unknown-machine" or "other-machine"
	// ID of the case that holds the violation of this one in a request that is plain otherwise, or
	// "": where that is accepted, this one shows nothing more
	Alone string
	// IDs of the cases of other operations that send one of the forms of this one alone: where such a
	// case was sent and not accepted, it is charged, and the acceptance of this one shows nothing
	Carries []string
	// ID of the open case with a token of nobody, or "": where that is not refused, the target may take
	// any token, and this one shows nothing, unless the case Vouched, for which the user names a
	// token that must not be accepted, was sent
	Stranger, Vouched string
	Because           string // why the case is worth sending, or ""
	AtOnce            bool   // the steps are sent side by side rather than in turn
	OnePiece          bool   // all steps go out before the first is answered, where the target is on this machine
	Steps             []Step // at least one
	Origin                   // where it comes from

	own     bool            // it is a user's, of a Source with Own
	open    []string        // the requirements that acceptance and refusal are charged to
	sound   bool            // the body of its request, which is recorded, breaks nothing
	weak    bool            // all of these are inferred: who does not accept the request has to refuse it
	charges chargedFor      // those below
	kinds   map[string]Kind // of Proves
	status  string          // the requirement on a refusal's status, or ""
	milder  []milder        // than status
	// the strongest requirement that it proves, to which an expectation is charged that no other is about
	main string
}

// An Origin says where a case comes from: a file that somebody wrote, a generator, or a
// record of traffic.
type Origin struct {
	File      string // that it is written down in, or was read from; "" for a generated case
	Line      int    // of its first request there
	Generator string // that made it; "" for another case
	Seed      string // that makes a generated case again
	Recorded  bool   // it was read from a record of traffic
}

// String is the place of a written or recorded case as "file:line", and of a generated
// one its generator and seed.
func (o Origin) String() string {
	if o.Generator != "" {
		return o.Generator + ", seed " + o.Seed
	}
	return fmt.Sprintf("%s:%d", o.File, o.Line)
}

// Own reports whether the case is a user's, of a [Source] with Own.
func (c *Case) Own() bool { return c.own }

// controls returns the ids of the accepted cases without which the case proves nothing.
func (c *Case) controls() []string {
	if c.Control == "" {
		return c.Also
	}
	return append([]string{c.Control}, c.Also...)
}

// place is where a step of the case is written down, and of a generated one the case.
func (c *Case) place(step *Step) string {
	if c.Generator != "" {
		return c.ID
	}
	return fmt.Sprintf("%s:%d", c.File, step.Line)
}

func byCaseID(a, b *Case) int { return cmp.Compare(a.ID, b.ID) }

// StatusRequirement returns the requirement on a refusal's status that the case proves, or
// "".
func (c *Case) StatusRequirement() string { return c.status }

// A Step is one request of a case, as written: its variables are not yet bound.
type Step struct {
	Operation string // that its path calls, where that is not the case's own
	Expect    Expectation
	Statuses  []int // the statuses that count; that of success where Accepted, those that are no error where Either
	Separate  bool  // sent on a connection of its own, closed afterwards
	Absolute  bool  // the request line names the whole URL
	Old       bool  // it says that it is of HTTP/1.0, and goes over a connection of its own
	Glued     bool  // no blank stands behind the colon of a header field
	Cookies   bool  // the cookies go with it that the answers before it have set
	Abort     bool  // sent up to the middle of its body, then the connection is cut; nothing is judged
	Index     int   // from 1; the n of {{sha1.n}}
	Method    string
	Path      string
	Header    []record.Field
	Body      string
	Line      int
}

// A Member is a member of a JSON object as a step writes it.
type Member struct {
	Name  string
	Value string // a JSON text, with its variables
}

// Members returns the members of the step's body in their order. It reports false where the
// body is no JSON object, or has none.
func (s *Step) Members() (out []Member, ok bool) {
	d := json.NewDecoder(strings.NewReader(s.Body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		out = append(out, Member{name.(string), string(value)})
	}
	return out, len(out) > 0
}

// operation is the one that the step calls.
func (s *Step) operation(c *Case) string { return cmp.Or(s.Operation, c.Operation) }
