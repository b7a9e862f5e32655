package conformance

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// Judge returns what one exchange shows: what [Suite.Run] concludes from it, but for
// relations between answers. It writes to nothing, so that one exchange may be judged
// from several goroutines, and again with another answer.
//
// The Case is one of the suite, or made like one; without a Case the request may be
// accepted or refused. What the checks compare an answer with, such as the file and
// the Accept-Encoding that were sent, is read from x.Request, whose body has to be
// complete. Times are compared with the end of the exchange, where its start is known.
func (s *Suite) Judge(x *Exchange) Judgement {
	return s.judgement(s.observe(x))
}

// Thorough returns a copy of the suite that judges each body by the engines. A suite takes one
// for good that it certainly knows to be ([schemas.Schema.Accept]), which is several times as
// fast; both judge alike, which comparing them shows.
func (s *Suite) Thorough() *Suite {
	out := *s
	out.thorough = true
	return &out
}

// termsOf returns what the documents say of the answers of the operation that the
// exchange called.
func (s *Suite) termsOf(x *Exchange) *terms {
	if t := s.terms[s.operationOf(x)]; t != nil {
		return t
	}
	return s.unknown
}

// observe returns an exchange as the checks see it.
func (s *Suite) observe(x *Exchange) *observed {
	if c := x.Case; c != nil && !s.isCharged(c) {
		own, like := *x, *c
		s.charge(&like)
		own.Case = &like
		x = &own
	}
	v := &observed{Exchange: x, now: x.Started.Add(x.Elapsed), terms: s.termsOf(x), thorough: s.thorough}
	switch {
	case x.read != nil:
		v.subject = *x.read
	case v.terms == s.unknown:
		v.file = sentFile(unchunked(x.Request), s.Operations)
		v.machine = namedMachine(x.Request.URL, v.terms.Operation)
	default:
		v.subject = subjectOf(x.Request, v.terms.Operation)
	}
	v.own = v.look()
	v.answer = &v.own
	return v
}

// judgement judges an exchange.
func (s *Suite) judgement(v *observed) Judgement {
	out := Judgement{Unjudged: v.unjudged(), File: v.file, running: v.running(), erring: v.erring(), acting: v.acts(),
		silent: v.silent(), terms: v.terms, machine: v.machine}
	switch {
	case v.aborted():
	case out.Unjudged == "":
		out.Findings = s.findings(v)
	case v.limited(): // which says nothing of the request, and has a form of its own
		out.Findings = selected(s.findings(v), func(f record.Finding) bool {
			return slices.Contains(aboutLimits(), f.Check)
		})
	}
	if v.complete() {
		out.Traces = traces(v.answer.body)
	}
	if v.readable() && !v.tookForMachine() { // which may be the id of another machine to the server
		if v.terms.identity != "" {
			id, _ := v.answer.action.Text(v.terms.identity)
			out.ActionID = strings.ToLower(strings.Clone(id)) // not a part of the body
		}
		out.values = v.values()
	}
	return out
}

// limited reports whether the target limits the rate of requests.
func (x *Exchange) limited() bool {
	return x.answered() && x.Response.Status == http.StatusTooManyRequests
}

// aboutLimits are the checks that hold for an answer to which a limit of the rate has led.
func aboutLimits() []string {
	return []string{fieldCheck, dateCheck, insideCheck, tokenCheck}
}

// erring reports whether the body is an error object, and no action.
func (v *observed) erring() bool {
	return v.complete() && slices.ContainsFunc(v.terms.faults, v.answer.action.HasMember) &&
		!v.terms.looksLikeAction(v.answer.action)
}

// silent reports whether an answer is 200 or 202 in place of the contract's status, with nothing that
// could say why: it is no JSON object with a text.
func (v *observed) silent() bool {
	if !v.complete() || v.Response.Status != http.StatusOK && v.Response.Status != http.StatusAccepted ||
		v.terms.created(v.Response.Status) {
		return false
	}
	members, _ := v.answer.action.Value().(map[string]any)
	for _, value := range members {
		if text, is := value.(string); is && strings.TrimSpace(text) != "" {
			return false
		}
	}
	return true
}

// findings returns what every check finds in an exchange.
func (s *Suite) findings(x *observed) (out []record.Finding) {
	for i := range s.checks {
		c := &s.checks[i]
		if c.judge == nil {
			continue
		}
		for _, p := range c.problems(x) {
			if f := s.finding(*c, x.ref(), p); !s.isOff(f.Requirement) {
				out = append(out, f)
			}
		}
	}
	return out
}

// problems returns what a check finds in an exchange. Where a name stands twice in the
// answer most readers take the last value and some the first (RFC 8259 4), so that the
// check looks at what each of them reads: no server may show a good value to the one
// and a bad one to the other. A problem that both have is reported once, and of the
// last value.
func (c *Check) problems(x *observed) (out []Problem) {
	if c.on(x) {
		out = c.judge(x)
	}
	if x.answer.first == nil {
		return out
	}
	other := *x
	if other.answer = x.answer.first; !c.on(&other) {
		return out
	}
	for _, p := range c.judge(&other) {
		if !slices.ContainsFunc(out, func(q Problem) bool {
			return q.Place == p.Place &&
				q.Requirement == p.Requirement
		}) {
			out = append(out, p)
		}
	}
	return out
}

// aborted reports whether the connection was cut inside the request, so that no
// answer is waited for.
func (x *Exchange) aborted() bool { return x.Case != nil && x.Case.Steps[x.Step].Abort }

// finding charges a problem to its requirement.
func (s *Suite) finding(c Check, at ref, p Problem) record.Finding {
	id := p.Requirement
	if id == "" {
		id = c.Requirements[0]
	}
	f := record.Finding{Check: c.Name, Requirement: id, Step: at.step, Place: cmp.Or(p.Place, "body"), Want: p.Want,
		Got: p.Got}
	if r := s.requirement[id]; r != nil {
		f.Level = r.Level
	}
	step := at.step
	if at.c != nil {
		f.Case = at.c.ID
		step %= len(at.c.Steps)
	}
	f.Key = fmt.Sprintf("%s %s#%d %s", f.Check, f.Case, step, f.Place)
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
	switch {
	case x.Operation != "":
		return x.Operation
	case x.Case != nil:
		return x.Case.Steps[x.Step].operation(x.Case)
	}
	path, err := pathOf(x.Request.URL)
	if err != nil {
		return ""
	}
	if op := openapi.Find(s.Operations, x.Request.Method, path); op != nil {
		return op.ID
	}
	return ""
}

// unjudged says why an exchange is no evidence for or against the contract, or "".
func (x *observed) unjudged() string {
	if x.Err != nil {
		switch x.Err.Kind {
		case record.Withheld, record.Unreachable, record.TooLong, record.Cancelled, record.Refused,
			record.Unanswered:
			return x.Err.Msg
		case record.Silent, record.Slow:
			if x.Case != nil && x.Alone == "" {
				return x.Err.Msg + "; the request was not sent once more by itself, which would show whose fault " +
					"that is"
			}
		}
	}
	if x.Response == nil {
		return ""
	}
	recorded := x.Case != nil && x.Case.Recorded
	if x.Case != nil && x.Alone == "" && x.busy() {
		if recorded {
			return fmt.Sprintf("the server answered %d, which reports a temporary state, and proves nothing; record "+
				"it again when the server is ready", x.Response.Status)
		}
		return fmt.Sprintf("the target answered %d, which reports a temporary state; run it again when the target is "+
			"ready, or give it more time with -retry", x.Response.Status)
	}
	if x.limited() {
		if recorded {
			return "the server answered 429: it limits the rate of requests, which the contract leaves open; record " +
				"it again with fewer requests at once"
		}
		return "the target answered 429: it limits the rate of requests, which the contract leaves open; send fewer " +
			"at once with -parallel"
	}
	if x.complete() && x.answer.err != nil {
		return "the body could not be judged: " + x.answer.err.Error()
	}
	return ""
}

// subjectOf returns what a request of an operation is about.
func subjectOf(r record.Request, op openapi.Operation) subject {
	return subject{sentMember(unchunked(r), op.FileMember), namedMachine(r.URL, op)}
}

// namedMachine returns the machine that the path of a URL names, "" where it names none.
func namedMachine(address string, op openapi.Operation) string {
	path, err := pathOf(address)
	if err != nil {
		return ""
	}
	return machineOf(op, path)
}

// pathOf returns the escaped path of a URL.
func pathOf(address string) (string, error) {
	if path, is := plainPath(address); is {
		return path, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	return u.EscapedPath(), nil
}

// plainPath returns the path of a URL in which nothing is escaped or has to be, so that it is the
// one of [url.Parse], and false of another URL.
func plainPath(address string) (path string, is bool) {
	scheme, rest, _ := strings.Cut(address, "://")
	at := strings.IndexByte(rest, '/')
	if at < 0 || scheme != "http" && scheme != "https" || !isPlainHost(rest[:at]) {
		return "", false
	}
	path = rest[at:]
	for _, c := range []byte(path) {
		if !isPlainByte(c) {
			return "", false
		}
	}
	return path, true
}

// isPlainByte reports whether a byte of a path stands for itself.
func isPlainByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '/' || c == '-' || c == '.' ||
		c == '_'
}
