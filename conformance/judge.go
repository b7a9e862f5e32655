package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// Judge returns what one exchange breaks, sorted by check and place: the findings
// that [Suite.Run] has on it, but for relations between answers. It needs the
// exported fields of the exchange alone and writes to nothing, so that one exchange
// may be judged from several goroutines, and again with another answer.
//
// The Case is one of the suite, or made like one; without a Case the request may be
// accepted or refused. What the checks compare an answer with, such as the Sha1 and
// the Accept-Encoding that were sent, is read from x.Request, whose body has to be
// complete. Times are compared with now, the end of the exchange.
func (s *Suite) Judge(x *Exchange, now time.Time) []record.Finding {
	return s.findings(s.viewed(x), now)
}

// viewed returns a copy of an exchange with what the checks look at.
func (s *Suite) viewed(x *Exchange) *Exchange {
	v := *x
	if c := x.Case; c != nil && s.byID[c.ID] != c {
		own := *c
		s.charge(&own)
		v.Case = &own
	}
	operation := s.operationOf(x)
	v.schema, v.members, v.errors = s.schema[operation], s.members[operation], s.errors
	v.sha1 = sentSha1(x.Request.Body)
	v.seen = new(v.look())
	return &v
}

// findings judges an exchange that was viewed.
func (s *Suite) findings(x *Exchange, now time.Time) []record.Finding {
	if x.unjudged() != "" || x.aborted() {
		return nil
	}
	var out []record.Finding
	for _, c := range s.checks {
		if c.judge == nil {
			continue
		}
		for _, p := range c.problems(x, now) {
			out = append(out, s.finding(c, x, p))
		}
	}
	return out
}

// problems returns what a check finds in an exchange that was viewed. Where a name
// stands twice in the answer most readers take the last value and some the first
// (RFC 8259 4), so that the check looks at what each of them reads: no server may
// show a good value to the one and a bad one to the other. A problem that both
// have is told once, and of the last value.
func (c Check) problems(x *Exchange, now time.Time) (out []Problem) {
	if c.on(x) {
		out = c.judge(x, now)
	}
	if x.seen == nil || x.seen.first == nil {
		return out
	}
	other := *x
	if other.seen = x.seen.first; !c.on(&other) {
		return out
	}
	for _, p := range c.judge(&other, now) {
		if !slices.ContainsFunc(out, func(q Problem) bool { return q.Place == p.Place && q.Requirement == p.Requirement }) {
			out = append(out, p)
		}
	}
	return out
}

// aborted reports whether the connection was cut inside the request, so that no
// answer is waited for.
func (x *Exchange) aborted() bool { return x.Case != nil && x.Case.Steps[x.Step].Abort }

// judgeAcross returns what the exchanges of one run break together.
func (s *Suite) judgeAcross(all []*Exchange) map[*Exchange][]record.Finding {
	out := map[*Exchange][]record.Finding{}
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
func (s *Suite) finding(c Check, x *Exchange, p Problem) record.Finding {
	id := p.Requirement
	if id == "" {
		id = c.Requirements[0]
	}
	f := record.Finding{Check: c.Name, Requirement: id, Step: x.Step, Place: cmp.Or(p.Place, "body"), Want: p.Want, Got: p.Got}
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
func (x *Exchange) step() int { return x.Round*len(x.Case.Steps) + x.Step }

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
	if op := openapi.Find(s.Operations, x.Request.Method, u.EscapedPath()); op != nil {
		return op.ID
	}
	return ""
}

// unjudged says why an exchange is no evidence for or against the contract, or "".
func (x *Exchange) unjudged() string {
	if x.Err != nil {
		switch x.Err.Kind {
		case record.Withheld, record.Unreachable, record.TooLong, record.Cancelled:
			return x.Err.Msg
		case record.Silent, record.Slow:
			if x.Case != nil && x.Alone == "" {
				return x.Err.Msg + "; the request was not sent once more by itself, which would show whose fault that is"
			}
		}
	}
	if x.Response == nil {
		return ""
	}
	if x.Case != nil && x.Alone == "" && busy(x) {
		return fmt.Sprintf("the target answered %d, which tells of a state that passes; run it again when the target is ready, or give it more time with -retry", x.Response.Status)
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

// aboutTheMachine tells that a request to be refused for one reason may have been
// refused for another: its machine was made up, on a target that is not loopback.
func aboutTheMachine(x *Exchange) bool {
	return x.inert && answered(x) && (x.Response.Status == http.StatusNotFound || x.Response.Status == http.StatusForbidden && x.Case.statusRequirement() != "refusal.status-role")
}

// counts tells what a finding makes of its case.
func (r *runner) counts(f record.Finding) record.Outcome {
	if f.Level == record.Inferred && !r.options.Strict {
		return record.Deviated
	}
	return record.Failed
}

// judged returns the findings of a case that count at the run's level, and what
// they come to.
func (r *runner) judged(j *job, across map[*Exchange][]record.Finding, accepted map[string]string, why causes) (findings []record.Finding, outcome record.Outcome, reason string) {
	inconclusive := ""
	for _, x := range j.exchanges {
		of, unjudged := append(slices.Clone(x.findings), across[x]...), x.reason
		if c := why.find(x); c != nil {
			of, unjudged = c.left(of), c.reason
		}
		if repeated(x, j.exchanges) {
			of = slices.DeleteFunc(of, func(f record.Finding) bool { return !slices.Contains(aboutForm(), f.Check) })
			if toAccept(x) {
				inconclusive = repetition
			}
		}
		inconclusive = cmp.Or(inconclusive, roleTokenRefused(x))
		findings = append(findings, of...)
		if unjudged != "" && reason == "" {
			outcome, reason = record.Errored, unjudged
		}
	}
	findings = slices.DeleteFunc(findings, func(f record.Finding) bool { return f.Level > r.options.Level })
	repeats := inconclusive != ""
	if fared := accepted[j.c.Control]; j.c.Control != "" && fared != "" {
		inconclusive, repeats = fmt.Sprintf("its control %s %s, so this answer proves nothing", j.c.Control, fared), false
	} else if slices.ContainsFunc(j.exchanges, aboutTheMachine) {
		inconclusive, repeats = "the answer may be about the machine, which was made up so that nothing could take effect; it proves nothing of the rest", false
	}
	if inconclusive != "" && !repeats {
		// What became of the request says nothing; what the answer looks like does.
		findings = slices.DeleteFunc(findings, func(f record.Finding) bool {
			return slices.Contains([]string{createdCheck, servedCheck, acceptsCheck, refusedWith, hostileCheck}, f.Check) ||
				f.Check == serverErrorCheck && j.c.weak
		})
	}
	slices.SortStableFunc(findings, func(a, b record.Finding) int {
		return cmp.Or(cmp.Compare(r.counts(b), r.counts(a)), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Requirement, b.Requirement))
	})
	worst := record.Outcome(0)
	for _, f := range findings {
		worst = max(worst, r.counts(f))
	}
	switch {
	case worst == record.Failed:
		return findings, record.Failed, ""
	case j.skip != "":
		return findings, j.outcome, j.skip
	case outcome == record.Errored:
		return findings, record.Errored, reason
	case inconclusive != "":
		return findings, max(worst, record.Inconclusive), inconclusive
	case worst != 0:
		return findings, worst, ""
	}
	return findings, record.Passed, ""
}
