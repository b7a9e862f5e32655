package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// JudgeRequest returns what a client's request breaks of the contract, in the
// order of method and path, header, body; nil where it breaks nothing. The path
// is that of the request line, escaped; a query is left aside. Of a path that is
// no operation's nothing else is judged, of another method than the
// operation's only the credentials.
//
// It looks at the request alone: whether a token was issued, its user holds a
// role and the machine is known is for a server to say, and so is Host, which a server
// of HTTP takes out of the header. What the contract leaves
// open is no finding, such as a body without Content-Type. No finding holds
// anything of Authorization but the name of a known scheme; the others may quote
// the request.
func (s *Suite) JudgeRequest(method, path string, header http.Header, body []byte) []record.Finding {
	path, _, _ = strings.Cut(path, "?")
	return s.requestFindings(s.called(method, path, header, body))
}

// called returns a request as the checks see it.
func (s *Suite) called(method, path string, header http.Header, body []byte) *called {
	c := &called{method: method, path: path, header: header, body: body, operations: s.Operations,
		unique: len(s.ClientRequirements) > 0}
	for i, op := range s.Operations {
		if op.Matches(path) {
			c.paths = append(c.paths, op.Path)
			c.methods = append(c.methods, op.Method)
			if op.Method == method {
				c.operation, c.schema = &s.Operations[i], s.request[op.ID]
			}
		}
	}
	if c.schema != nil && !s.thorough && requestCoding(c) == nil {
		d, ok := c.schema.Accept(body)
		c.accepted = ok && d.IsObject()
	}
	return c
}

// requestFindings returns what every check finds in a request.
func (s *Suite) requestFindings(c *called) (out []record.Finding) {
	for _, check := range requestChecks() {
		if !check.on(c) {
			continue
		}
		for _, p := range check.judge(c) {
			f := s.finding(Check{Name: check.name, Requirements: []string{check.requirement}}, ref{}, p)
			if r := s.onClients[f.Requirement]; r != nil {
				f.Level = r.Level
			}
			f.Key = fmt.Sprintf("%s %s", f.Check, f.Place)
			out = append(out, f)
		}
	}
	return out
}

// called is a request on its way through the checks.
type called struct {
	method, path   string
	header         http.Header
	body           []byte
	operations     []openapi.Operation
	schema         *schemas.Schema    // of the operation's request; nil where it has none
	paths, methods []string           // of the operations at the path
	operation      *openapi.Operation // at path and method, or nil
	unique         bool               // the catalogue says what clients owe, such as unique names
	accepted       bool               // the body is an object that certainly keeps the schema, and strict JSON
}

// A requestCheck judges one aspect of a request.
type requestCheck struct {
	name        string
	requirement string // charged where a problem names none
	on          func(*called) bool
	judge       func(*called) []Problem
}

func requestChecks() []requestCheck {
	always := func(*called) bool { return true }
	served := func(c *called) bool { return c.paths != nil }
	whole := func(c *called) bool { return c.operation != nil }
	return []requestCheck{
		{"request-path", "operation.exists", always, requestPath},
		{"request-method", "operation.exists", served, requestMethod},
		{"request-authorization", "auth.bearer", served, requestAuthorization},
		{"request-media-type", "refusal.media-type", whole, requestMediaType},
		{"request-coding", "refusal.media-type", whole, requestCoding},
		{"request-body", "request.object", whole, requestBody},
	}
}

func requestPath(c *called) []Problem {
	if c.paths != nil {
		return nil
	}
	var known []string
	for _, op := range c.operations {
		known = append(known, op.Path)
	}
	return problem("path", strings.Join(known, " or "), brief(c.path))
}

func requestMethod(c *called) []Problem {
	if c.operation != nil {
		return nil
	}
	return problem("method", strings.Join(c.methods, " or "), brief(c.method))
}

// schemes are those of the IANA registry that clients are seen to send. Only
// they are named: what stands in the place of a scheme may be a token.
var schemes = []string{"Basic", "Digest", "DPoP", "Negotiate", "NTLM", "OAuth"}

func requestAuthorization(c *called) []Problem {
	const place, want = "header Authorization", "Bearer and a token"
	values := c.header.Values("Authorization")
	if len(values) == 0 {
		return []Problem{{place, want, "no such header", "auth.required"}}
	}
	if len(values) > 1 {
		return problem(place, "one field", fmt.Sprintf("%d fields", len(values)))
	}
	value := strings.Trim(values[0], " \t")
	if value == "" {
		return []Problem{{place, want, "an empty header", "auth.required"}}
	}
	scheme, token, _ := strings.Cut(value, " ")
	token = strings.TrimLeft(token, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer") && token == "":
		return problem(place, want, "Bearer alone")
	case strings.EqualFold(scheme, "Bearer") && strings.ContainsAny(token, " \t"):
		return problem(place, want, "Bearer, a token, and more behind it")
	case strings.EqualFold(scheme, "Bearer"):
		return nil
	case len(scheme) > len("Bearer") && strings.EqualFold(scheme[:len("Bearer")], "Bearer"):
		return problem(place, "a blank between Bearer and the token", "something else, or nothing")
	}
	for _, known := range schemes {
		if strings.EqualFold(scheme, known) {
			return problem(place, want, "the scheme "+known)
		}
	}
	return problem(place, want, "no scheme, or an unknown one")
}

// requestMediaType passes a body without Content-Type: the documents list the
// header without calling it required.
func requestMediaType(c *called) []Problem {
	const place, want = "header Content-Type", "application/json"
	values := c.header.Values("Content-Type")
	switch len(values) {
	case 0:
		return nil
	case 1:
		if media, _ := mediaOf(values[0]); media == want {
			return nil
		}
		return problem(place, want, show(values[0]))
	}
	return problem(place, "one field", fmt.Sprintf("%d fields", len(values)))
}

func requestCoding(c *called) []Problem {
	coding := strings.Join(c.header.Values("Content-Encoding"), ", ")
	if coding == "" || strings.EqualFold(coding, "identity") {
		return nil
	}
	return problem("header Content-Encoding", "no such header, for no coding is documented", show(coding))
}

// encodingKinds are the ways not to be JSON that are about bytes rather than
// text, and in which a server may be lenient.
var encodingKinds = []strictjson.Kind{strictjson.BOM, strictjson.Encoding}

// requestBody judges the body as strict JSON, and by its schema where it is.
func requestBody(c *called) (out []Problem) {
	if c.accepted || requestCoding(c) != nil {
		return nil // or the bytes are no text yet
	}
	check := strictjson.Check
	if c.unique {
		check = strictjson.CheckText
	}
	var broken *strictjson.Error
	if errors.As(check(c.body), &broken) {
		if slices.Contains(encodingKinds, broken.Kind) {
			return []Problem{{"body", "UTF-8 without a byte order mark", broken.Error(), "json.encoding"}}
		}
		return problem("body", "one JSON object", broken.Error())
	}
	if errors.As(strictjson.Check(c.body), &broken) {
		// The grammar allows it, so that the rest is judged as most servers read it: by the last value.
		out = []Problem{{"body", "each name once", broken.Error(), "client.names-unique"}}
	}
	if c.schema == nil {
		return out // the operation says nothing of a body
	}
	violations, err := c.schema.Validate(c.body)
	if err != nil {
		return out // a number beyond what can be judged, which the contract does not forbid
	}
	for _, v := range violations {
		out = append(out, Problem{v.Pointer, v.Want, v.Got, v.Requirement})
		if name := strings.TrimPrefix(v.Pointer, "/"); v.Keyword == "required" {
			out = append(out, misspelt(c.body, name)...)
		}
	}
	return out
}

// misspelt finds the members that are a missing one in another letter case.
func misspelt(body []byte, name string) (out []Problem) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil
	}
	for _, other := range keys(members) {
		if strings.EqualFold(other, name) {
			out = append(out, Problem{"/" + other, "the name " + name, "another letter case", "request.name-case"})
		}
	}
	return out
}
