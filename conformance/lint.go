package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/internal/httpfile"
)

// A LintFinding is what is wrong with a case that can be sent all the same.
type LintFinding struct {
	Case string // its name
	File string
	Line int
	Text string // what is wrong; what to do
}

func (f LintFinding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text) }

// Lint returns what is wrong with the users' cases, or with all where there are none of
// a user, by file and line: a request that is to be refused proves something with a
// control that is one accepted request and differs from it in one thing.
func (s *Suite) Lint() (out []LintFinding) {
	users := slices.ContainsFunc(s.Cases, func(c *Case) bool { return c.own })
	seen := map[string]bool{}
	for _, c := range s.Cases {
		key := fmt.Sprintf("%s:%d", c.File, c.Line)
		if c.own != users || seen[key] || len(c.Steps) != 1 || c.Steps[0].Expect != Refused {
			continue
		}
		text := s.lint(c)
		if text == "" {
			continue
		}
		seen[key] = true // a file's cases for several operations have one request
		out = append(out, LintFinding{c.Name, c.File, c.Line, text})
	}
	slices.SortFunc(out, func(a, b LintFinding) int {
		return cmp.Or(cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line))
	})
	return out
}

// lint returns what is wrong with a case of one request that is to be refused, or "".
func (s *Suite) lint(c *Case) string {
	control := s.byID[c.Control]
	if control == nil {
		return "a refusal proves nothing without an accepted request to compare it with; add \"# control: \" and the " +
			"name of a case that differs in one thing"
	}
	name := control.Name
	if len(control.Steps) != 1 {
		return fmt.Sprintf("its control %s has several requests; name a case of one accepted request", name)
	}
	switch found := httpfile.Differences(written(c.Steps[0]), written(control.Steps[0])); len(found) {
	case 1:
		return ""
	case 0:
		return fmt.Sprintf("it does not differ from its control %s, which is to be accepted; change the one thing "+
			"that it is about", name)
	default:
		return fmt.Sprintf("it differs from its control %s in %d things: %s; so that its refusal does not show which "+
			"of them counts; change one thing, or name a control that is nearer", name, len(found),
			strings.Join(found, ", "))
	}
}

// written is a step as its file has it.
func written(s Step) httpfile.Request {
	r := httpfile.Request{Method: s.Method, Target: s.Path, Body: []byte(s.Body), HasBody: s.Body != ""}
	for _, f := range s.Header {
		r.Header = append(r.Header, httpfile.Field{Key: f.Name, Value: f.Value})
	}
	return r
}
