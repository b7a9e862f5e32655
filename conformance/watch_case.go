package conformance

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"regexp"
	"slices"
	"strings"
	"sync"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// models make the cases by which exchanges are judged that nobody sent as a case: like the
// written case whose request breaks the same.
type models struct {
	suite   *Suite
	refused map[violation][]*Case // the written cases whose request breaks this, the simplest first
	written map[string]bool       // files that written cases name, in small letters
	made    sync.Map              // the cases that were made, by id
}

// A violation is what a request breaks. Place and got are "" where they do not matter.
type violation struct {
	operation, check, requirement, place, got string

	object bool // its body has the braces of an object
}

// beforeBody reports whether a request breaks something before its body is read.
func beforeBody(f record.Finding) bool {
	return f.Place == "path" || f.Place == "method" || strings.HasPrefix(f.Place, "header ")
}

// violationsOf returns a violation with ever less of what it is about.
func violationsOf(operation string, f record.Finding, body []byte) []violation {
	whole := violation{operation, f.Check, f.Requirement, f.Place, f.Got, braced(body)}
	place, wide := whole, whole
	place.got, wide.got, wide.place = "", "", ""
	return []violation{whole, place, wide}
}

// braced reports whether a body has the braces of an object, so that a reader of more than
// JSON may find one in it.
func braced(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) && bytes.Contains(body, []byte("}"))
}

func (s *Suite) newModels() *models {
	m := &models{suite: s, refused: map[violation][]*Case{}, written: map[string]bool{}}
	breaks := map[*Case]int{}
	for _, c := range s.Cases {
		if c.Generator == "" {
			for i := range c.Steps {
				if file := sentFile([]byte(c.Steps[i].Body), s.Operations); isHash(file) {
					m.written[strings.ToLower(file)] = true
				}
			}
		}
		if len(c.Steps) != 1 || c.Steps[0].Expect != Refused || c.Generator != "" || c.Own() {
			continue
		}
		broken := s.brokenBy(c)
		if len(broken) == 0 {
			continue
		}
		breaks[c] = len(broken)
		for _, f := range broken {
			for _, key := range violationsOf(c.Operation, f, []byte(c.Steps[0].Body)) {
				m.refused[key] = append(m.refused[key], c)
			}
		}
	}
	for key, all := range m.refused {
		least := slices.MinFunc(all, func(a, b *Case) int { return breaks[a] - breaks[b] })
		all = slices.DeleteFunc(all, func(c *Case) bool { return breaks[c] > breaks[least] })
		// One that differs from the documented path too, as by a token in the query, is about that.
		slices.SortStableFunc(all, func(a, b *Case) int {
			return cmp.Or(len(a.Steps[0].Path)-len(b.Steps[0].Path), len(a.Proves)-len(b.Proves))
		})
		m.refused[key] = all
	}
	return m
}

// brokenBy returns what the request of a written case breaks.
func (s *Suite) brokenBy(c *Case) []record.Finding {
	step := &c.Steps[0]
	path := ""
	for _, op := range s.Operations {
		if op.ID == step.operation(c) {
			path = op.PathFor(DefaultMachine)
		}
	}
	if !strings.HasPrefix(step.Path, "{{path}}") {
		return nil // a path next to it
	}
	header := http.Header{}
	for _, f := range step.Header {
		header.Add(f.Name, Sample(f.Value))
	}
	return withoutMisspelt(s.JudgeRequest(step.Method, path, header, []byte(Sample(step.Body))))
}

// withoutMisspelt returns findings without those of a missing member that the request has in
// another letter case, of which a finding behind it says so: what it breaks is the letter case.
func withoutMisspelt(found []record.Finding) (out []record.Finding) {
	for i, f := range found {
		if !slices.ContainsFunc(found[i+1:], func(o record.Finding) bool {
			return o.Place != f.Place && strings.EqualFold(o.Place, f.Place)
		}) {
			out = append(out, f)
		}
	}
	return out
}

// mostNames is how many things at once a request may break to be judged by them: no client
// breaks more by mistake, and each set of them makes a case.
const mostNames = 4

// caseOf returns the case by which an exchange is judged.
func (m *models) caseOf(call *clientCall, called *openapi.Operation) *Case {
	x, body := call.x, call.body
	broken, whole := call.shown()
	switch {
	case !x.success() && unusual(body) && !slices.ContainsFunc(broken, beforeBody):
		return m.hostile(called)
	case x.success() && len(broken) == 0, len(broken) == 0 && whole && x.answered() && (x.Response.Status ==
		http.StatusMethodNotAllowed || x.Response.Status >= 500 && !x.busy()):
		return m.accepted(called, m.written[strings.ToLower(sentMember(body, called.FileMember))])
	case len(broken) == 0:
		return m.open(called)
	}
	var like, models []*Case
	var names []string
	title := ""
	for _, f := range broken {
		var found []*Case
		for _, key := range violationsOf(called.ID, f, body) {
			if len(found) == 0 {
				found = m.refused[key]
			}
		}
		if len(found) == 0 {
			return m.open(called) // whether it is to be refused is open
		}
		like, models = append(like, found...), append(models, found[0])
		name, says := m.nameOf(called.ID, f, body, found[0])
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		if title == "" || says != found[0].Title {
			title = says
		}
	}
	if len(names) > mostNames {
		return m.open(called)
	}
	sound := whole && !slices.ContainsFunc(broken, func(f record.Finding) bool {
		return !strings.HasPrefix(f.Place, "header Authorization")
	})
	// Who accepts it accepts all that it breaks, of which the strongest requirement is charged.
	model := slices.MinFunc(models, func(a, b *Case) int { return cmp.Compare(m.level(a), m.level(b)) })
	if len(names) == 1 || title == "" {
		return m.like(called, names[0], title, model, like, sound)
	}
	return m.like(called, strings.Join(names, "+"), model.Title, model, like, sound)
}

// nameOf returns the name and the title of the case of a request that breaks something, of which a
// written case is the nearest: those of the written case where it breaks the very same, and else those of
// the requirement.
func (m *models) nameOf(operation string, f record.Finding, body []byte, nearest *Case) (name, title string) {
	_, name, _ = strings.Cut(nearest.Name, "/")
	r := m.suite.Requirement(f.Requirement)
	exact := slices.Contains(m.refused[violationsOf(operation, f, body)[0]], nearest)
	if exact || r == nil {
		return name, nearest.Title
	}
	return "breaks-" + strings.ReplaceAll(f.Requirement, ".", "-"), "Refuses a recorded request: an implementation " +
		r.Says + "."
}

// shown returns what a request breaks that the record shows, and whether the record holds the
// whole request.
func (c *clientCall) shown() (broken []record.Finding, whole bool) {
	lacks := func(p record.Part) bool { return slices.Contains(c.x.Lacks, p) }
	for _, f := range c.findings {
		hidden := false
		switch {
		case strings.HasPrefix(f.Place, "header "):
			hidden = lacks(record.RequestHeader) || f.Place == "header Authorization" && lacks(record.Credentials)
		case f.Place == "body" || strings.HasPrefix(f.Place, "/"):
			hidden = lacks(record.RequestBody)
		}
		if !hidden {
			broken = append(broken, f)
		}
	}
	return withoutMisspelt(broken), !lacks(record.RequestHeader) && !lacks(record.RequestBody)
}

// unchunked returns the body of a request, without the framing that a record may hold of it.
func unchunked(r record.Request) []byte {
	if coding := record.HeaderValue(r.Header, "Transfer-Encoding"); coding == nil ||
		!strings.EqualFold(strings.TrimSpace(*coding), "chunked") {
		return r.Body
	}
	body, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(r.Body)))
	if err != nil {
		return r.Body
	}
	return body
}

// accepted is the case of a request that was accepted, or was to be.
// known says that its file is one of the documents' examples, on which an action may have been
// there before.
func (m *models) accepted(op *openapi.Operation, known bool) *Case {
	name := "accepted"
	if known {
		name = "accepted-example"
	}
	return m.once(op, name, "Accepts a recorded request.", func(c *Case) {
		step := &c.Steps[0]
		if known {
			step.Body = ""
		}
		step.Expect, step.Statuses = Accepted, []int{op.Success}
		for _, like := range m.suite.Cases {
			if like.Operation == op.ID && like.Control == "" && len(like.Steps) == 1 &&
				like.Steps[0].Expect == Accepted && like.proving(Acceptance) != "" && like.proving(Existence) != "" {
				c.Proves = like.Proves
				break
			}
		}
	})
}

// open is the case of a request that may be accepted or refused: the record does not show
// whether its token was issued, its user may act, and the machine and the file are known.
func (m *models) open(op *openapi.Operation) *Case {
	return m.once(op, "answered", "Answers a recorded request, which may be refused.", func(c *Case) {
		c.Steps[0].Expect = Either
		if id := m.suite.OfKind(ServerError); id != "" {
			c.Proves = append(c.Proves, id)
		}
		for _, check := range refusalChecks() {
			c.Proves = append(c.Proves, check.Requirements[0])
		}
	})
}

// hostile is the case of a request whose body a parser need not support by the standard.
func (m *models) hostile(op *openapi.Operation) *Case {
	return m.once(op, "answered-hostile", "Answers a recorded request that a parser need not support.", func(c *Case) {
		c.Steps[0].Expect = Either
		if id := m.suite.OfKind(Hostile); id != "" {
			c.Proves = append(c.Proves, id)
		}
	})
}

// usualBody is the length up to which a body is usual.
const usualBody = 8 << 10

// unusual reports whether a parser may fail on a body although it is JSON, or is JSON but for
// its bytes.
func unusual(body []byte) bool {
	var broken *strictjson.Error
	if errors.As(strictjson.Check(body), &broken) {
		return slices.Contains([]strictjson.Kind{strictjson.BOM, strictjson.Encoding, strictjson.Duplicate,
			strictjson.Deep}, broken.Kind)
	}
	return len(body) > usualBody || surrogateOrNUL.Match(body) || bytes.Count(body, []byte("[")) > 20 ||
		bytes.Count(body, []byte("{")) > 20 || longNumber.Match(body)
}

var (
	surrogateOrNUL = regexp.MustCompile(`\\u(?:0000|[dD][89a-fA-F])`)
	longNumber     = regexp.MustCompile(`(?:^|[:,\[ \t\r\n])-?[0-9](?:[0-9.]{15}|[0-9.]*[eE][+-]?[0-9]{3})`)
)

// level returns the level of the requirement that a case is about.
func (m *models) level(c *Case) record.Level {
	if r := m.suite.Requirement(c.Proves[0]); r != nil {
		return r.Level
	}
	return record.Inferred
}

// like is the case of a request that is to be refused as that of a model is, with the statuses of
// all written cases that break the same.
func (m *models) like(op *openapi.Operation, name, title string, model *Case, all []*Case, sound bool) *Case {
	return m.once(op, name, title, func(c *Case) {
		c.Proves, c.sound = model.Proves, sound
		step := &c.Steps[0]
		step.Expect = Refused
		for _, other := range all {
			step.Statuses = append(step.Statuses, other.Steps[0].Statuses...)
		}
		// The credentials and the machine may be looked at first.
		step.Statuses = append(step.Statuses, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound)
		slices.Sort(step.Statuses)
		step.Statuses = slices.Compact(step.Statuses)
	})
}

// The groups of the cases of reports on traffic and on clients.
const (
	recordedGroup = "recorded/"
	clientGroup   = "client/"
)

// once returns the case of an id, which is made once.
func (m *models) once(op *openapi.Operation, name, title string, fill func(*Case)) *Case {
	id := op.ID + "/" + recordedGroup + name
	if c, is := m.made.Load(id); is {
		return c.(*Case)
	}
	c := &Case{ID: id, Name: recordedGroup + name, Title: title, Operation: op.ID, Proves: []string{},
		Steps:  []Step{{Index: 1, Method: op.Method, Path: "{{path}}", Body: "{{sha1}}"}},
		Origin: Origin{Recorded: true}}
	fill(c)
	m.suite.charge(c)
	made, _ := m.made.LoadOrStore(id, c)
	return made.(*Case)
}
