package conformance

import (
	"slices"
	"strings"
	"time"

	"fmaspec/schemas"
)

// A Check judges one aspect of an answer, or of all answers of a run. Each check
// is one row of a table in a checks_*.go file.
type Check struct {
	Name         string   // says what holds: "times-ordered"
	Requirements []string // what it charges; empty where it charges what the case is to prove
	Doc          string   // one sentence

	kinds  []Kind               // what it charges besides, whatever the catalogue calls it
	on     func(*observed) bool // where it applies
	judge  func(*observed) []Problem
	across func(limit room) across // in place of judge: over all exchanges of a run
	// it compares when exchanges were with one another, so that it needs one clock for all
	clocked bool
}

// An observed exchange is an exchange as the checks see it.
type observed struct {
	*Exchange
	own    answer
	answer *answer   // own, or the one to a reader who takes the first of members of one name
	now    time.Time // the end of the exchange
	subject
	terms *terms // of the operation
	// the engines judge each body, also what certainly keeps its schema
	thorough bool
}

// Across reports whether the check compares the answers of all cases of a run, so that
// a run of a few may not find what a whole one does.
func (c Check) Across() bool { return c.across != nil }

// A Problem is one place in an answer that is not as it has to be.
type Problem struct {
	Place, Want, Got string
	Requirement      string // where empty, the first requirement of the check
}

// checksOf returns every check of a contract, in the order in which findings are
// listed: relations are the entries of x-relations, and terms what all of its operations
// have in common.
func checksOf(relations []schemas.Relation, terms *terms) []Check {
	one, between := relationChecks(relations)
	all := slices.Concat(wireChecks(), statusChecks(), headerChecks(), dateChecks(), fieldChecks(), dueChecks(),
		bodyChecks(), one, refusalChecks(), hostileChecks(), between, runChecks())
	fill := strings.NewReplacer("{success}", terms.success(), "{method}", terms.Method, "{resource}",
		terms.resource.Name)
	for i := range all {
		all[i].Doc = fill.Replace(all[i].Doc)
	}
	return all
}

// charged returns the requirements that are broken when a request meant to be
// accepted is not, or one meant to be refused is accepted: those of the case
// that no check of their own judges, and isolation, which breaks in both ways.
func (c *Case) charged(checks []Check, proves []string) (out []string) {
	for _, id := range proves {
		owned := slices.ContainsFunc(checks, func(k Check) bool { return slices.Contains(k.Requirements, id) })
		if !owned || c.kinds[id] == Isolation {
			out = append(out, id)
		}
	}
	if len(out) == 0 && c.status != "" {
		out = append(out, c.status)
	}
	return out
}

// chargedAlone returns the requirements that acceptance is charged to where it has nothing to do with
// the requests before.
func (c *Case) chargedAlone(checks []Check) []string {
	proves := withoutKind(c.kinds, Isolation, c.Proves)
	if charged := c.charged(checks, proves); len(charged) > 0 {
		return charged
	}
	return proves
}

// statusCharge returns the requirement that a refusal with a status breaks where the
// requirement on its status is broken: that one, or a milder one in its place.
func (c *Case) statusCharge(status int) string {
	for _, m := range c.milder {
		if slices.Contains(m.Statuses, status) {
			return m.id
		}
	}
	return c.status
}

// expect is what the exchange's step expects; Either for recorded traffic.
func (x *Exchange) expect() Expectation {
	if x.Case == nil {
		return Either
	}
	return x.Case.Steps[x.Step].Expect
}

func (x *Exchange) statuses() []int {
	if x.Case == nil {
		return nil
	}
	return x.Case.Steps[x.Step].Statuses
}

// The predicates below say where a check applies.

func (x *Exchange) answered() bool { return x.Response != nil }

func always(*observed) bool { return true }

func (x *Exchange) success() bool { return x.answered() && x.Response.Status/100 == 2 }

func (x *Exchange) toAccept() bool { return x.answered() && x.expect() == Accepted }

func (x *Exchange) toRefuse() bool { return x.answered() && x.expect() == Refused }

// refusal is an answer of the 4xx or 5xx class to a request that need not be
// accepted.
func (x *Exchange) refusal() bool {
	return x.answered() && x.Response.Status >= 400 && x.expect() != Accepted
}

// complete reports whether the whole body is there, so that it can be judged.
func (x *Exchange) complete() bool { return x.answered() && x.Err == nil && !x.Response.Truncated }

// carriesAction is a success that owes an action in its body.
func (x *observed) carriesAction() bool {
	if !x.success() || !x.complete() {
		return false
	}
	switch status := x.Response.Status; x.expect() {
	case Accepted:
		return status != 204 && status != 205 // these have no body
	case Either:
		return x.terms.created(status) && (!x.besidePath() || x.tookForMachine())
	case Refused: // a finding of its own
		return x.Case.sound && x.terms.created(status)
	}
	return false
}

// tookForMachine reports whether an answer is that of the operation to a path next to those that
// are documented, of which the operation took a part for the id of a machine.
func (x *observed) tookForMachine() bool {
	return x.besidePath() && x.acts()
}

// acts reports whether an answer to the operation's method carries an action on the machine of the path.
func (x *observed) acts() bool {
	return x.machine != "" && x.Request.Method == x.terms.Method && x.terms.looksLikeAction(x.answer.action)
}

// besidePath reports whether the path of the request is none of the operation's, but one
// next to it.
func (x *Exchange) besidePath() bool { return x.Case != nil && x.Case.proving(ExactPath) != "" }

// readable is an answer that carries an action in one well-formed JSON object.
func (v *observed) readable() bool { return v.carriesAction() && v.answer.action.IsObject() }

func problem(place, want, got string) []Problem {
	return []Problem{{Place: place, Want: want, Got: got}}
}
