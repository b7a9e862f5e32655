package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/openapi"
)

// Judge returns what one exchange breaks, sorted by check and place. It looks at
// the exchange alone: relations between answers are judged by [Suite.Run]. An
// exchange without a Case is judged as one that may be accepted or refused.
// Times are held against now.
func (s *Suite) Judge(x *Exchange, now time.Time) []Finding {
	if x.schema == nil {
		operation := s.operationOf(x)
		x.schema, x.members, x.errors = s.schema[operation], s.members[operation], s.errors
	}
	if x.Case == nil && x.sha1 == "" {
		x.sha1 = sentSha1(x.Request.Body)
		x.header = x.Request.Header
	}
	if x.unjudged() != "" || x.Case != nil && x.Case.Steps[x.Step].Abort {
		return nil
	}
	var out []Finding
	for _, c := range s.checks {
		if c.judge == nil || !c.on(x) {
			continue
		}
		for _, p := range c.judge(x, now) {
			out = append(out, s.finding(c, x, p))
		}
	}
	return out
}

// judgeAcross returns what the exchanges of one run break together.
func (s *Suite) judgeAcross(all []*Exchange) map[*Exchange][]Finding {
	out := map[*Exchange][]Finding{}
	for _, c := range s.checks {
		if c.across == nil {
			continue
		}
		for x, problems := range c.across(all) {
			for _, p := range problems {
				out[x] = append(out[x], s.finding(c, x, p))
			}
		}
	}
	return out
}

// finding charges a problem to its requirement.
func (s *Suite) finding(c Check, x *Exchange, p Problem) Finding {
	id := p.Requirement
	if id == "" {
		id = c.Requirements[0]
	}
	f := Finding{Check: c.Name, Requirement: id, Step: x.Step, Place: cmp.Or(p.Place, "body"), Want: p.Want, Got: p.Got}
	if r := s.requirement[id]; r != nil {
		f.Level = r.Level
	}
	if x.Case != nil {
		f.Case = x.Case.ID
		f.Step = x.step()
	}
	f.Key = fmt.Sprintf("%s %s#%d %s", f.Check, f.Case, x.Step, f.Place)
	return f
}

func (s *Suite) operationsByID() map[string]openapi.Operation {
	out := map[string]openapi.Operation{}
	for _, op := range s.Operations {
		out[op.ID] = op
	}
	return out
}

// step counts the exchanges of a case through all its repetitions, from 0.
func (x *Exchange) step() int { return x.round*len(x.Case.Steps) + x.Step }

// operationOf returns the operation that the exchange called, "" where it called
// none.
func (s *Suite) operationOf(x *Exchange) string {
	if x.Case != nil {
		return x.Case.Steps[x.Step].operation(x.Case)
	}
	u, err := url.Parse(x.Request.URL)
	if err != nil {
		return ""
	}
	for _, op := range s.Operations {
		before, after, _ := strings.Cut(op.Path, "{id}")
		if op.Method == x.Request.Method && strings.Contains(u.Path, before) && strings.HasSuffix(u.Path, after) {
			return op.ID
		}
	}
	return ""
}

// unjudged says why an exchange is no evidence for or against the contract, or "".
func (x *Exchange) unjudged() string {
	if x.Err != nil {
		switch x.Err.Kind {
		case Withheld, Unreachable, TooLong, Cancelled:
			return x.Err.Msg
		}
	}
	if x.Response == nil {
		return ""
	}
	if x.Response.Status == http.StatusTooManyRequests {
		return "the target answered 429: it limits the rate of requests, which the contract leaves open; send fewer at once with -parallel"
	}
	if complete(x) && x.view().err != nil {
		return "the body could not be judged: " + x.view().err.Error()
	}
	return ""
}

// sentSha1 reads Sha1 from a request's body, "" where it cannot.
func sentSha1(body []byte) string {
	var members map[string]json.RawMessage // a long Comment is left as it is
	var sha1 string
	if strictjson.Check(body) != nil || json.Unmarshal(body, &members) != nil || json.Unmarshal(members["Sha1"], &sha1) != nil {
		return ""
	}
	return sha1
}

// underWay tells that a target refused an action as a repetition of one that it
// is at. That can meet only a request whose Sha1 is written out, as in the
// documents' examples: all others ask for a file of their own.
func underWay(x *Exchange) bool {
	if !toAccept(x) || x.Response.Status/100 != 4 || slices.Contains(x.marks, strings.ToLower(x.sha1)) {
		return false
	}
	fault, _ := x.view().action["error"].(map[string]any)
	return fault["code"] == "ActiveRequestAlreadyExists"
}

// aboutTheMachine tells that a request to be refused for one reason may have been
// refused for another: its machine was made up, on a target that is not loopback.
func aboutTheMachine(x *Exchange) bool {
	return x.inert && answered(x) && (x.Response.Status == http.StatusNotFound || x.Response.Status == http.StatusForbidden && x.Case.statusRequirement() != "refusal.status-role")
}

// counts tells what a finding makes of its case.
func (r *runner) counts(f Finding) Outcome {
	if f.Level == Inferred && !r.options.Strict {
		return Deviated
	}
	return Failed
}

// judged returns the findings of a case that count at the run's level, and what
// they come to.
func (r *runner) judged(j *job, across map[*Exchange][]Finding, accepted map[string]string) (findings []Finding, outcome Outcome, reason string) {
	for _, x := range j.exchanges {
		findings = append(append(findings, x.findings...), across[x]...)
		if x.reason != "" && reason == "" {
			outcome, reason = Errored, x.reason
		}
	}
	findings = slices.DeleteFunc(findings, func(f Finding) bool { return f.Level > r.options.Level })
	inconclusive := ""
	if slices.ContainsFunc(j.exchanges, underWay) {
		inconclusive = "the target says that this very action is under way already, which the contract leaves open; ask again when it has ended"
	}
	if why := accepted[j.c.Control]; j.c.Control != "" && why != "" {
		inconclusive = fmt.Sprintf("its control %s %s, so this answer proves nothing", j.c.Control, why)
	} else if slices.ContainsFunc(j.exchanges, aboutTheMachine) {
		inconclusive = "the answer may be about the machine, which was made up so that nothing could take effect; it proves nothing of the rest"
	}
	if inconclusive != "" {
		// What became of the request says nothing; what the answer looks like does.
		findings = slices.DeleteFunc(findings, func(f Finding) bool {
			return slices.Contains([]string{createdCheck, servedCheck, acceptsCheck, refusedWith}, f.Check) ||
				f.Check == serverErrorCheck && j.c.weak
		})
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(r.counts(b), r.counts(a)), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Requirement, b.Requirement))
	})
	worst := Outcome(0)
	for _, f := range findings {
		worst = max(worst, r.counts(f))
	}
	switch {
	case worst == Failed:
		return findings, Failed, ""
	case j.skip != "":
		return findings, j.outcome, j.skip
	case outcome == Errored:
		return findings, Errored, reason
	case inconclusive != "":
		return findings, max(worst, Inconclusive), inconclusive
	case worst != 0:
		return findings, worst, ""
	}
	return findings, Passed, ""
}
