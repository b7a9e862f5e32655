package k6

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/guard"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/load"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
)

// The JavaScript around the data, and a resource of the operator.
var (
	//go:embed script.js
	template string
	//go:embed testrun.yaml
	testRun string
)

// The names of the files: of the script, and of the resource that runs it by the operator of k6.
const (
	FileName    = "fmaspec.js"
	TestRunName = "testrun.yaml"
)

// TestRun returns a resource TestRun of the operator of k6, which runs a script of [FileName] on
// several machines.
func TestRun() []byte { return []byte(testRun) }

// A Script is a suite as a script for k6.
type Script struct {
	Text    []byte
	Cases   []string   // ids of those that it has, sorted
	LeftOut []Omission // sorted by id
}

// An Omission is a case that the script does not have.
type Omission struct{ Case, Why string }

// Options say how a script is built.
type Options struct {
	Schemas fs.FS // of the contract from which the suite was loaded; the embedded ones where nil
}

// Build returns the cases of a suite as a script. It returns the same bytes for the same suite. It
// fails where a schema has a keyword that the script does not judge.
func Build(suite *conformance.Suite, o Options) (*Script, error) {
	b := &builder{suite: suite, taken: map[string]string{}}
	data := data{Prefix: guard.InertPrefix, Requirements: map[string]record.Level{}, Checks: map[string]string{},
		Operations: map[string]operation{}, Tokens: map[string]string{}, Machine: conformance.DefaultMachine,
		Settings: map[string]string{httpfile.UnknownMachine: setting(httpfile.UnknownMachine),
			httpfile.OtherMachine: setting(httpfile.OtherMachine)}}
	for _, c := range suite.Checks() {
		if len(c.Requirements) > 0 {
			data.Checks[c.Name] = c.Requirements[0]
		}
	}
	data.Existence = suite.OfKind(conformance.Existence)
	for _, r := range suite.Requirements {
		data.Requirements[r.ID] = r.Level
	}
	for _, k := range conformance.Tokens() {
		data.Tokens[k.Variable], data.Settings[k.Variable] = setting(k.Variable), setting(k.Variable)
	}
	for _, op := range suite.Operations {
		answers, err := newAnswers(o.Schemas, op)
		if err != nil {
			return nil, err
		}
		data.Operations[op.ID] = operation{Method: op.Method, Success: op.Success, Scheme: op.Scheme, answers: *answers}
	}
	s := &Script{}
	var cases []kase
	// Those without a control come first, so that the plainest of several equal requests is kept.
	ordered := slices.Clone(suite.Cases)
	slices.SortStableFunc(ordered, func(a, b *conformance.Case) int {
		return min(len(a.Control), 1) - min(len(b.Control), 1)
	})
	for _, c := range ordered {
		k, why := b.kase(c)
		if why != "" {
			s.LeftOut = append(s.LeftOut, Omission{c.ID, why})
			continue
		}
		s.Cases = append(s.Cases, c.ID)
		cases = append(cases, k)
	}
	slices.SortFunc(cases, func(a, b kase) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(s.LeftOut, func(a, b Omission) int { return strings.Compare(a.Case, b.Case) })
	slices.Sort(s.Cases)
	var err error
	s.Text, err = s.fill(data, cases)
	return s, err
}

// fill puts the data into the template.
func (s *Script) fill(d data, cases []kase) ([]byte, error) {
	contract, err := encode(d)
	if err != nil {
		return nil, err
	}
	var rows bytes.Buffer
	for _, c := range cases {
		row, err := encode(c)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&rows, "  %s,\n", row)
	}
	var left bytes.Buffer
	fmt.Fprintf(&left, "// %d cases of the suite are here, and %d are not:\n", len(s.Cases), len(s.LeftOut))
	for _, reason := range s.Reasons() {
		fmt.Fprintf(&left, "//   %4d  %s\n", reason.Cases, reason.Why)
	}
	return []byte(strings.NewReplacer("/*version*/", conformance.Version, "/*contract*/null", string(contract),
		"/*cases*/\n", rows.String(), "// left out\n", left.String()).Replace(template)), nil
}

// encode returns a value as JSON, which is JavaScript too.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("k6: %w; report it", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// A Reason says why some cases are left out.
type Reason struct {
	Why   string
	Cases int
}

// Reasons returns why cases are left out, with how many each is, the largest number first.
func (s *Script) Reasons() (out []Reason) {
	for _, o := range s.LeftOut {
		i := slices.IndexFunc(out, func(r Reason) bool { return r.Why == o.Why })
		if i < 0 {
			i, out = len(out), append(out, Reason{Why: o.Why})
		}
		out[i].Cases++
	}
	slices.SortFunc(out, func(a, b Reason) int {
		if a.Cases != b.Cases {
			return b.Cases - a.Cases
		}
		return strings.Compare(a.Why, b.Why)
	})
	return out
}

// data is what the script knows of the contract.
type data struct {
	Prefix       string                  `json:"prefix"`       // of what no machine and no file has
	Requirements map[string]record.Level `json:"requirements"` // levels by id
	Checks       map[string]string       `json:"checks"`       // requirements by the name of a check
	Existence    string                  `json:"existence"`    // the requirement that an operation is there
	Machine      string                  `json:"machine"`      // where the user names none, on loopback
	Tokens       map[string]string       `json:"tokens"`       // settings by variable, which are secret
	Settings     map[string]string       `json:"settings"`     // all of them
	Operations   map[string]operation    `json:"operations"`   // by id
}

// An operation is what the script knows of one.
type operation struct {
	Method  string `json:"method"`
	Success int    `json:"success"`
	Scheme  string `json:"scheme"`
	answers
}

// A kase is a case as data of the script.
type kase struct {
	ID    string   `json:"id"`
	Op    string   `json:"op"`
	Needs []string `json:"needs,omitempty"` // settings
	Steps []step   `json:"steps"`
}

// A step is a request with what is judged of its answer.
type step struct {
	Op       string         `json:"op,omitempty"` // where it is not that of the case
	Method   string         `json:"method"`
	Path     []any          `json:"path"`
	Header   map[string]any `json:"header"` // values are pieces
	Body     []any          `json:"body,omitempty"`
	Accepted bool           `json:"accepted,omitempty"`
	Statuses []int          `json:"statuses"`
	Outcome  []string       `json:"outcome,omitempty"`
	Plain    bool           `json:"plain,omitempty"`
	Served   bool           `json:"served,omitempty"` // it proves that the operation is there
	Status   string         `json:"status,omitempty"`
	Milder   map[int]string `json:"milder,omitempty"`
	Beside   bool           `json:"beside,omitempty"`  // its path is none of the operation's
	Role     bool           `json:"role,omitempty"`    // it is sent with the token of one role
	Hostile  string         `json:"hostile,omitempty"` // broken in place of all others where the server errs
}

// A variable is a piece of a text that is made anew for each sending of a case.
type variable struct {
	Name  string `json:"v"`
	Upper bool   `json:"upper,omitempty"`
}

// A repeated is a piece that stands many times.
type repeated struct {
	Times int    `json:"n"`
	Text  string `json:"t"`
}

type builder struct {
	suite *conformance.Suite
	taken map[string]string // request as k6 sends it → case
}

// setting returns the name of the variable of the environment for one of fixtures.
func setting(variable string) string { return strings.ToUpper(strings.ReplaceAll(variable, "-", "_")) }

// kase returns a case as data, or why the script cannot have it.
func (b *builder) kase(c *conformance.Case) (kase, string) {
	k := kase{ID: c.ID, Op: c.Operation}
	if why := load.Unfit(c); why != "" {
		return k, "not for a load: " + why
	}
	for _, need := range c.Needs {
		k.Needs = append(k.Needs, setting(need))
	}
	var key []byte
	for i := range c.Steps {
		s, why := b.step(c, i)
		if why != "" {
			return k, why
		}
		k.Steps = append(k.Steps, s)
		part, err := encode([]any{s.Op, s.Method, s.Path, s.Header, s.Body})
		if err != nil {
			return k, err.Error()
		}
		key = append(append(key, part...), '\n')
	}
	sent := c.Operation + "\n" + string(key)
	if _, taken := b.taken[sent]; taken {
		return k, "to k6 it is the same request as another case"
	}
	b.taken[sent] = c.ID
	return k, ""
}

// step returns a request as data, or why k6 cannot send it.
func (b *builder) step(c *conformance.Case, i int) (out step, why string) {
	s := c.Steps[i]
	op := b.operation(c, s)
	charge := c.Charge(i)
	out = step{Op: s.Operation, Method: s.Method, Accepted: s.Expect == conformance.Accepted, Statuses: s.Statuses,
		Outcome: charge.Outcome, Plain: charge.Plain, Status: charge.Status, Milder: charge.Milder,
		Header: map[string]any{}}
	for _, id := range c.Proves {
		switch b.suite.KindOf(id) {
		case conformance.ExactPath:
			out.Beside = true
		case conformance.Existence:
			out.Served = true
		case conformance.Hostile:
			out.Hostile = id
		}
	}
	switch {
	case s.Expect == conformance.Either:
		return out, "the expected answer is not specified"
	case s.Absolute:
		return out, "k6 does not send the absolute form of a target"
	case s.Glued:
		return out, "k6 writes the header fields in its own form"
	}
	if out.Path, why = pieces(s.Path, c, op); why != "" {
		return out, why
	}
	if !keptTarget(sample(out.Path)) {
		return out, "k6 does not send its target unchanged"
	}
	if why = out.header(s, c, op); why != "" {
		return out, why
	}
	if s.Body != "" {
		out.Body, why = pieces(s.Body, c, op)
	}
	if why == "" && out.Accepted && !slices.ContainsFunc(out.Body, isFile) {
		return out, "it names a file of its own, which a load would name again and again"
	}
	return out, why
}

// isFile reports whether a piece is a file that is made anew for each sending.
func isFile(piece any) bool {
	v, is := piece.(variable)
	return is && strings.HasPrefix(v.Name, "sha1")
}

// operation returns the one that a step calls.
func (b *builder) operation(c *conformance.Case, s conformance.Step) (op openapi.Operation) {
	id := c.Operation
	if s.Operation != "" {
		id = s.Operation
	}
	for _, o := range b.suite.Operations {
		if o.ID == id {
			op = o
		}
	}
	return op
}

// keptTarget reports whether the client of k6 sends a target as it is.
func keptTarget(path string) bool {
	u, err := url.Parse("http://localhost" + path)
	return err == nil && u.RequestURI() == path && !strings.Contains(path, "#")
}

// ofTheEngine are the header fields that k6 sets as it needs them.
func ofTheEngine() []string {
	return []string{"Host", "Content-Length", "Transfer-Encoding", "Connection"}
}

// header adds the fields of a step to what every request has.
func (out *step) header(s conformance.Step, c *conformance.Case, op openapi.Operation) string {
	out.Header["Accept"], out.Header["Accept-Encoding"] = []any{"application/json"}, []any{"identity"}
	seen := map[string]bool{}
	for _, f := range s.Header {
		name := http.CanonicalHeaderKey(f.Name)
		switch {
		case slices.Contains(ofTheEngine(), name):
			return "k6 sets " + name + " itself"
		case seen[name]:
			return "k6 does not send a field twice"
		case name != f.Name:
			return "k6 writes the header fields in its own form"
		}
		seen[name] = true
		if f.Value == httpfile.None {
			delete(out.Header, name)
			continue
		}
		value, why := pieces(f.Value, c, op)
		if why != "" {
			return why
		}
		text := sample(value)
		if strings.TrimSpace(text) != text ||
			strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			return "k6 writes the header fields in its own form"
		}
		for _, k := range conformance.Tokens()[1:] {
			if strings.Contains(f.Value, "{{"+k.Variable+"}}") && out.Accepted {
				out.Role = true
			}
		}
		out.Header[name] = value
	}
	return ""
}

// pieces returns a text as literals and variables, or why the script cannot make it.
func pieces(text string, c *conformance.Case, op openapi.Operation) (out []any, why string) {
	add := func(literal string) {
		if last := len(out) - 1; last >= 0 {
			if before, is := out[last].(string); is {
				out[last] = before + literal
				return
			}
		}
		if literal != "" {
			out = append(out, literal)
		}
	}
	for _, p := range httpfile.Pieces(text) {
		if len(p) == 1 {
			add(p)
			continue
		}
		found, err := httpfile.Variables(p)
		if err != nil || len(found) != 1 {
			return nil, "a variable of it cannot be read"
		}
		v := found[0]
		switch base, _, _ := strings.Cut(v.Name, "."); {
		case v.Name == "path":
			machine := "machine"
			for _, other := range []string{httpfile.UnknownMachine, httpfile.OtherMachine} {
				if slices.Contains(v.Args, other) {
					machine = other
				}
			}
			const mark = "\x00"
			for i, part := range strings.Split(op.Expand(func(string) string { return mark }), mark) {
				if i > 0 {
					out = append(out, variable{Name: machine})
				}
				add(part)
			}
		case v.Name == "operation":
			add(c.Operation)
		case v.Name == "upper":
			out = append(out, variable{Name: v.Args[0], Upper: true})
		case v.Name == "repeat":
			var times int
			fmt.Sscan(v.Args[0], &times) // the loader has read it
			out = append(out, repeated{times, v.Args[1]})
		case base == "sha1" || base == "comment":
			name := v.Name
			if strings.HasSuffix(name, ".n") {
				name = base + ".n"
			}
			out = append(out, variable{Name: name})
		case isSetting(v.Name):
			out = append(out, variable{Name: v.Name})
		default:
			literal, err := httpfile.Expand(p, func(name string, _ []string) (string, error) {
				return "", fmt.Errorf("{{%s}} is not made by the script", name)
			})
			if err != nil {
				return nil, fmt.Sprintf("the script does not make {{%s}}", v.Name)
			}
			add(literal)
		}
	}
	for _, p := range out {
		if literal, is := p.(string); is && !utf8.ValidString(literal) {
			return nil, "its bytes are no UTF-8, and a script is text"
		}
	}
	return out, ""
}

// isSetting reports whether a variable is one that the user of a script sets.
func isSetting(name string) bool {
	_, token := conformance.TokenNamed(name)
	return token || slices.Contains([]string{"machine", httpfile.UnknownMachine, httpfile.OtherMachine}, name)
}

// sample returns pieces as a text, with a word for each variable.
func sample(pieces []any) string {
	var b strings.Builder
	for _, p := range pieces {
		switch p := p.(type) {
		case string:
			b.WriteString(p)
		case repeated:
			b.WriteString(strings.Repeat(p.Text, p.Times))
		case variable:
			b.WriteString("x")
		}
	}
	return b.String()
}
