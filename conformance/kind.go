package conformance

import (
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// A Kind says what a requirement is to the code that judges by it: the catalogue states
// it under "kind:". An id is a name, and decides nothing. Most requirements have no kind.
type Kind string

// The kinds; [Kinds] says what each means.
const (
	Acceptance    Kind = "acceptance"
	Existence     Kind = "existence"
	RequestForm   Kind = "request-form"
	MediaType     Kind = "media-type"
	RefusalStatus Kind = "refusal-status"
	RefusalBody   Kind = "refusal-body"
	RefusalRole   Kind = "refusal-role"
	MilderStatus  Kind = "milder-status"
	ServerError   Kind = "server-error"
	Hostile       Kind = "hostile"
	Isolation     Kind = "isolation"
	KnownToken    Kind = "known-token"
	Role          Kind = "role"
	KnownMachine  Kind = "known-machine"
	ExactPath     Kind = "exact-path"
)

// A KindInfo is one row of the table of kinds.
type KindInfo struct {
	Kind Kind
	Doc  string // one sentence

	status bool // it is about the status of a refusal
	// needed reports whether a case cannot be judged where no requirement has the kind; nil for never.
	needed func(*Case) bool
	why    string // what such a case has, in words that follow "the case"
}

// Kinds returns every kind, in the order of documentation.
func Kinds() []KindInfo {
	accepted := func(c *Case) bool {
		return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Expect == Accepted })
	}
	refused := func(c *Case) bool {
		return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Expect == Refused })
	}
	const toAccept = "has a request that is to be accepted"
	return []KindInfo{
		{Kind: Acceptance,
			Doc: "A valid request is answered with the status of success; the refusal of a plain one is " +
				"charged to it.",
			needed: accepted, why: toAccept,
		},
		{Kind: Existence,
			Doc:    "The operation exists; the answer 404, 405 or 501 to a plain valid request is charged to it.",
			needed: accepted, why: toAccept,
		},
		{Kind: RequestForm,
			Doc: "A valid request may be written in another form; the pact has an interaction for each.",
		},
		{Kind: MediaType,
			Doc: "A success declares its media type; what a pact asks of Content-Type is compared with it.",
		},
		{Kind: RefusalStatus, status: true,
			Doc: "A request is refused with one of the statuses that count for its reason; a case proves at most one " +
				"requirement of the kinds refusal-….",
			needed: refused, why: "has a request that is to be refused",
		},
		{Kind: RefusalBody, status: true,
			Doc: "The same for a body that cannot be used, and for a refusal of which no case says the status.",
		},
		{Kind: RefusalRole, status: true,
			Doc: "The same for a token that lacks the right, so that 403 is about the token and not about a machine " +
				"that was made up.",
		},
		{Kind: MilderStatus,
			Doc: "It is charged in the place of a requirement on a refusal's status, under \"milder-of:\", for " +
				"statuses that no standard forbids.",
		},
		{Kind: ServerError,
			Doc: "A request at fault is not answered 5xx; a refusal is charged to it whose case proves no " +
				"requirement " +
				"on the status.",
		},
		{Kind: Hostile,
			Doc: "JSON that a parser need not support is answered; a 5xx or a closed connection is charged to it " +
				"alone.",
		},
		{Kind: Isolation,
			Doc:    "No request changes the answer to another; the first request of several is not charged to it.",
			needed: asksBoth, why: "has both requests to be accepted and requests to be refused",
		},
		{Kind: KnownToken, Doc: "A token has to be one that was issued; the log of the reference server names it."},
		{Kind: Role,
			Doc: "A token has to be that of a user who may act; the log of the reference server names it.",
		},
		{Kind: KnownMachine, Doc: "A machine has to be known; the log of the reference server names it."},
		{Kind: ExactPath,
			Doc: "The path of a request is next to those of the operations: where it is open whether it is served, " +
				"neither the action nor a redirect is judged, and the Allow of a 405 is about another resource.",
		},
	}
}

// asksBoth reports whether a case expects both acceptance and refusal.
func asksBoth(c *Case) bool {
	has := func(e Expectation) bool {
		return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Expect == e })
	}
	return has(Accepted) && has(Refused)
}

// info returns the row of a kind, and whether there is one.
func (k Kind) info() (KindInfo, bool) {
	for _, row := range Kinds() {
		if row.Kind == k {
			return row, true
		}
	}
	return KindInfo{}, false
}

// aboutStatus reports whether a requirement of the kind is about the status of a refusal.
func (k Kind) aboutStatus() bool {
	row, _ := k.info()
	return row.status
}

// A milder requirement is the one that a refusal breaks whose status no standard speaks
// against, in the place of the requirement on its status.
type milder struct {
	Of       string `yaml:"requirement"`
	Statuses []int  `yaml:"statuses"`
	id       string // of the milder one
}

// selectedMilder returns those that are milder than a requirement.
func selectedMilder(all []milder, than string) (out []milder) {
	for _, m := range all {
		if m.Of == than && than != "" {
			out = append(out, m)
		}
	}
	return out
}

// kind takes the kind of a requirement into the suite.
func (l *loader) kind(e requirementEntry, file string, line int) {
	var names []string
	for _, row := range Kinds() {
		names = append(names, string(row.Kind))
	}
	switch known := slices.Contains(names, string(e.Kind)); {
	case e.Kind == "" && e.MilderOf == nil:
		return
	case e.Kind != "" && !known:
		l.failAt(file, line,
			"the requirement %s has the unknown kind %q%s; leave \"kind:\" out, or give one of %s",
			e.ID, e.Kind, nearest.Hint(string(e.Kind), names), strings.Join(names, ", "))
		return
	case e.Kind == MilderStatus && (e.MilderOf == nil || e.MilderOf.Of == "" || len(e.MilderOf.Statuses) == 0):
		l.failAt(file, line,
			"the requirement %s has the kind %s and does not say of what; add \"milder-of: {requirement: "+
				"ID, statuses: [403]}\"", e.ID, e.Kind)
		return
	case e.Kind != MilderStatus && e.MilderOf != nil:
		l.failAt(file, line,
			"the requirement %s has milder-of, which goes with the kind %s; add \"kind: %[2]s\", or take "+
				"milder-of away", e.ID, MilderStatus)
		return
	}
	l.suite.kinds[e.ID] = e.Kind
	if e.MilderOf != nil {
		m := *e.MilderOf
		m.id = e.ID
		l.suite.milder = append(l.suite.milder, m)
	}
}

// settleKinds completes what hangs on the kinds when the whole catalogue is read: the
// requirements of the checks, and the milder ones.
func (l *loader) settleKinds() {
	s := l.suite
	for i := range s.checks {
		if c := &s.checks[i]; c.kinds != nil {
			c.Requirements = s.ofKinds(c.kinds, c.Requirements)
		}
	}
	for _, m := range s.milder {
		r := slices.IndexFunc(s.Requirements, func(r record.Requirement) bool { return r.ID == m.id })
		if r >= 0 && !s.kinds[m.Of].aboutStatus() {
			l.failAt(s.Requirements[r].File, s.Requirements[r].Line,
				"the requirement %s is milder than %q, which is none on the status of a refusal; name one of "+
					"the kinds refusal-…: %s",
				m.id, m.Of, strings.Join(s.ofKinds([]Kind{RefusalStatus, RefusalBody, RefusalRole}, nil), ", "))
		}
	}
}

// ofKinds returns the requirements of the kinds, in the order of the ids and then of the
// catalogue, and behind them the ids that have none of the kinds.
func (s *Suite) ofKinds(kinds []Kind, ids []string) (out []string) {
	has := func(id string) bool { return s.kinds[id] != "" && slices.Contains(kinds, s.kinds[id]) }
	out = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !has(id) })
	for _, r := range s.Requirements {
		if has(r.ID) && !slices.Contains(out, r.ID) {
			out = append(out, r.ID)
		}
	}
	for _, id := range ids {
		if !has(id) && slices.ContainsFunc(s.Requirements, func(r record.Requirement) bool { return r.ID == id }) {
			out = append(out, id)
		}
	}
	return out
}

// neededKinds reports the kinds that no requirement has and a case needs, each at the
// first such case.
func (l *loader) neededKinds() {
	for _, row := range Kinds() {
		if row.needed == nil || l.has(row) {
			continue
		}
		if i := slices.IndexFunc(l.suite.Cases, row.needed); i >= 0 {
			c := l.suite.Cases[i]
			l.failAt(c.File, c.Line,
				"the case %s, and no requirement has the kind %s by which it is judged; give it to one in "+
					"fixtures/requirements, \"kind: %[2]s\"", row.why, row.Kind)
		}
	}
}

// has reports whether some requirement has the kind, or where it is about the status of a
// refusal, any kind that is.
func (l *loader) has(row KindInfo) bool {
	for _, k := range l.suite.kinds {
		if k == row.Kind || row.status && k.aboutStatus() {
			return true
		}
	}
	return false
}

// KindOf returns the kind of a requirement, "" where it has none.
func (s *Suite) KindOf(requirement string) Kind { return s.kinds[requirement] }

// OfKind returns the id of the first requirement in the catalogue that has the kind, or
// "".
func (s *Suite) OfKind(k Kind) string {
	for _, r := range s.Requirements {
		if s.kinds[r.ID] == k {
			return r.ID
		}
	}
	return ""
}

// Needs returns an error that names the first of the kinds that no requirement of the
// catalogue has.
func (s *Suite) Needs(kinds ...Kind) error {
	for _, k := range kinds {
		if s.OfKind(k) == "" {
			return fmt.Errorf("fixtures/requirements: no requirement has the kind %s; give it to one, \"kind: "+
				"%[1]s\"", k)
		}
	}
	return nil
}

// proving returns the first requirement of the case that has the kind, or "".
func (c *Case) proving(k Kind) string {
	for _, id := range c.Proves {
		if c.kinds[id] == k {
			return id
		}
	}
	return ""
}

// withoutKind returns the ids whose requirement has another kind.
func withoutKind(kinds map[string]Kind, k Kind, ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return kinds[id] == k })
}
