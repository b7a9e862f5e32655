package pactfile

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/fixtures"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// bodyLimit is the maximum length of a request body, so that the file stays readable.
const bodyLimit = 1 << 10

// Build returns a pact with the cases of a suite that test a documented requirement and that
// Pact can express. It returns an error if the schema of an operation's answer cannot be
// expressed, or if there is no recorded example.
func Build(suite *conformance.Suite, version Version) (*Pact, error) {
	p := &Pact{Version: version, Consumer: Consumer, Provider: Provider}
	b := &builder{suite: suite, version: version, answers: map[string]*answer{}, caseOf: map[string]string{}}
	for _, op := range suite.Operations {
		a, err := newAnswer(schemas.FS(), fixtures.FS(), op)
		if err != nil {
			return nil, fmt.Errorf("pact: operation %s: %w", op.ID, err)
		}
		b.answers[op.ID] = a
	}
	// Cases without a control come first, so that the simplest one is kept of several equal
	// requests.
	cases := slices.Clone(suite.Cases)
	slices.SortStableFunc(cases, func(a, b *conformance.Case) int {
		return cmp.Compare(min(len(a.Control), 1),
			min(len(b.Control), 1))
	})
	for _, c := range cases {
		i, why := b.interaction(c)
		if why != "" {
			p.LeftOut = append(p.LeftOut, Omission{c.ID, why})
			continue
		}
		p.Interactions = append(p.Interactions, *i)
	}
	slices.SortFunc(p.Interactions, func(a, b Interaction) int { return cmp.Compare(a.Case, b.Case) })
	slices.SortFunc(p.LeftOut, func(a, b Omission) int { return cmp.Compare(a.Case, b.Case) })
	return p, nil
}

type builder struct {
	suite   *conformance.Suite
	version Version
	answers map[string]*answer // by operation ID
	caseOf  map[string]string  // request as Pact compares it → name of its case
}

// interaction returns a case as an interaction, or the reason why it cannot be expressed.
func (b *builder) interaction(c *conformance.Case) (*Interaction, string) {
	if why := b.inexpressible(c); why != "" {
		return nil, why
	}
	step := c.Steps[0]
	op := operation(b.suite, c.Operation)
	i := &Interaction{
		Name: c.Operation + " " + lowerFirst(strings.TrimSuffix(c.Title, ".")),
		Case: c.ID, Operation: c.Operation, Accepted: step.Expect == conformance.Accepted,
		Response: Response{Status: step.Statuses[0], Statuses: step.Statuses},
	}
	for _, id := range c.Proves {
		if r := b.suite.Requirement(id); r != nil && b.rests(r, step) {
			i.Proves = append(i.Proves, fmt.Sprintf("%s: an implementation %s", r.ID, r.Says))
		}
	}
	if why := b.request(i, step, op); why != "" {
		return nil, why
	}
	key := c.Operation + "\n" + i.Request.words()
	if other, taken := b.caseOf[key]; taken {
		return nil, fmt.Sprintf("to Pact it is the same request as %s", other)
	}
	b.caseOf[key] = c.Name
	if strings.Contains(step.Body, "{{sha1}}") {
		// A server may refuse a second action on one file, so each interaction has its own file.
		i.Request.Body = bytes.ReplaceAll(i.Request.Body, []byte(Sha1), []byte(ownSha1(c)))
	}
	if len(step.Statuses) > 1 {
		i.Response.Rules = append(i.Response.Rules, Rule{Category: "status",
			Matchers: []Matcher{{Match: "statusCode", Status: step.Statuses}}})
	}
	if i.Accepted {
		b.answers[c.Operation].fill(i)
	}
	return i, ""
}

// ownSha1 returns a hash that is unique to the case.
func ownSha1(c *conformance.Case) string {
	sum := sha1.Sum([]byte(c.ID))
	return hex.EncodeToString(sum[:])
}

// inexpressible returns why Pact cannot express a case, or "", by the case alone.
func (b *builder) inexpressible(c *conformance.Case) string {
	step := c.Steps[0]
	switch r := b.suite.Requirement(c.Proves[0]); {
	case len(c.Steps) > 1:
		return "it has more than one request"
	case step.Expect == conformance.Either:
		return "the expected answer is not specified"
	case !b.rests(r, step):
		return fmt.Sprintf("it tests %s, which is %s", r.ID, r.Level)
	case step.Operation != "" && step.Operation != c.Operation:
		return "it calls a different operation"
	case b.version < V4 && len(step.Statuses) > 1:
		return fmt.Sprintf("more than one status is valid, which %v cannot express", b.version)
	case step.Absolute:
		return "its target is in absolute form, which Pact cannot express"
	case step.Old:
		return "it is of HTTP/1.0, which Pact cannot express"
	case strings.Contains(step.Path, "?"):
		return "it has a query, and no operation has one"
	}
	return ""
}

// rests reports whether an interaction may test a requirement: a documented one, and, if the
// request is accepted, a standard one of that kind, about the forms of a request that a client may send. No
// client needs other spellings of the scheme.
func (b *builder) rests(r *record.Requirement, step conformance.Step) bool {
	return r.Level == record.Documented || r.Level == record.Standard && step.Expect == conformance.Accepted &&
		b.suite.KindOf(r.ID) == conformance.RequestForm
}

// request fills in the request, or returns why it cannot be expressed.
func (b *builder) request(i *Interaction, step conformance.Step, op openapi.Operation) string {
	r := &i.Request
	used := map[string]bool{}
	expand := func(text string, values map[string]string) (string, error) {
		return httpfile.Expand(text, func(name string, args []string) (string, error) {
			if value, ok := values[name]; ok && len(args) == 0 {
				used[name] = true
				return value, nil
			}
			return "", fmt.Errorf("{{%s}} is unknown to Pact", name)
		})
	}
	plain := map[string]string{"machine": Machine, "operation": op.ID, "path": op.PathFor(Machine), "sha1": Sha1,
		"comment": Comment}
	state := func(name string) string { return "${" + name + "}" }
	injected := map[string]string{"machine": state(ParamMachine), "path": op.Expand(func(string) string {
		return state(ParamMachine)
	})}
	for _, t := range TokenStates() {
		plain[t.Variable], injected[t.Variable] = t.Value, state(t.Parameter)
	}

	path, err := expand(step.Path, plain)
	if err != nil {
		return "it uses a variable of the suite in its path"
	}
	r.Method, r.Path = step.Method, path
	if used["path"] || used["machine"] {
		expression, _ := expand(step.Path, injected)
		r.Generators = append(r.Generators, Generator{Category: "path", Expression: expression})
		r.Rules = append(r.Rules, Rule{Category: "path",
			Matchers: []Matcher{{Match: "regex", Regex: "^" + pathPattern(op.Path) + "$"}}})
		i.States = append(i.States, State{MachineExists, map[string]string{ParamMachine: Machine}})
	}
	if why := r.fill(step, plain, injected, expand); why != "" {
		return why
	}
	for _, t := range TokenStates() {
		if used[t.Variable] {
			i.States = append(i.States, State{t.State, map[string]string{t.Parameter: t.Value}})
		}
	}
	return r.body(step, plain, expand)
}

type expander func(text string, values map[string]string) (string, error)

// fill adds the header fields.
func (r *Request) fill(step conformance.Step, plain, injected map[string]string, expand expander) string {
	seen := map[string]bool{}
	for _, f := range step.Header {
		name := http.CanonicalHeaderKey(f.Name)
		value, err := expand(f.Value, plain)
		switch {
		case seen[name]:
			return "a header field is repeated"
		case f.Value == httpfile.None:
			return fmt.Sprintf("Pact cannot express the absence of %s", name)
		case err != nil:
			return "it uses a variable of the suite in a header field"
		case value == "" || strings.TrimSpace(value) != value:
			return "a header field is empty or ends in a blank"
		case strings.Contains(value, ","):
			return "a header field has a comma, at which Pact splits it"
		case slices.Contains([]string{"Accept-Encoding", "Connection", "Content-Length", "Expect", "Transfer-Encoding"},
			name):
			return fmt.Sprintf("the verifier sets %s", name)
		}
		seen[name] = true
		r.Header = append(r.Header, record.Field{Name: name, Value: value})
		if expression, err := expand(f.Value, injected); err == nil && expression != value {
			r.Generators = append(r.Generators, Generator{"header", name, expression})
			token := "[^ \\t]+" // any token of a test
			anyToken := map[string]string{}
			for _, t := range TokenStates() {
				anyToken[t.Variable] = "\x00"
			}
			pattern, _ := expand(f.Value, anyToken)
			r.Rules = append(r.Rules, Rule{"header", name,
				[]Matcher{{Match: "regex", Regex: "^" + strings.ReplaceAll(quoted(pattern), "\x00", token) + "$"}}})
		}
	}
	return ""
}

// body adds the body.
func (r *Request) body(step conformance.Step, plain map[string]string, expand expander) string {
	if step.Body == "" {
		if step.Method == http.MethodPost {
			return "the body is not JSON"
		}
		return ""
	}
	text, err := expand(step.Body, plain)
	switch {
	case err != nil:
		return "it uses a variable of the suite in its body"
	case len(text) > bodyLimit:
		return fmt.Sprintf("the body is longer than %d bytes", bodyLimit)
	case strictjson.Check([]byte(text)) != nil:
		return "the body is not JSON"
	case strings.TrimSpace(text) == "null":
		return "to Pact a null body is no body"
	case strings.Contains(text, `\u`) || strings.Contains(text, `\/`):
		return "it tests a spelling of JSON, and Pact keeps only values"
	}
	r.Body = compact([]byte(text))
	var members map[string]any
	if json.Unmarshal(r.Body, &members) == nil && members["Comment"] == Comment {
		r.Rules = append(r.Rules, Rule{"body", "$.Comment", []Matcher{{Match: "type"}}})
	}
	return ""
}

// words returns the request as Pact compares it.
func (r *Request) words() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.Path)
	fields := slices.Clone(r.Header)
	slices.SortFunc(fields, func(a, b record.Field) int { return cmp.Compare(a.Name, b.Name) })
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.UseNumber()
	if d.Decode(&value) == nil {
		sorted, _ := json.Marshal(value) // decoded values can be encoded
		b.Write(sorted)
	}
	return b.String()
}

// Key returns a short name of the interaction that does not depend on its description.
func (i *Interaction) Key() string {
	sum := sha256.Sum256([]byte(i.Case))
	return hex.EncodeToString(sum[:8])
}

// An answer holds the common data of the accepting interactions of an operation.
type answer struct {
	example map[string]json.RawMessage
	order   []string
	rules   []Rule
}

// newAnswer finds the recorded answer that is valid against the operation's schema, and
// converts the schema to matchers.
func newAnswer(shapes, recorded fs.FS, op openapi.Operation) (*answer, error) {
	rules, err := Rules(shapes, op.ResponseSchema)
	if err != nil {
		return nil, err
	}
	schema, err := schemas.Compile(op.ResponseSchema)
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(recorded, "traffic/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		data, err := fs.ReadFile(recorded, name)
		if err != nil || strings.HasSuffix(name, ".raw.json") {
			continue
		}
		if broken, err := schema.Validate(data); err != nil || len(broken) > 0 {
			continue
		}
		a := &answer{rules: rules}
		if a.example, a.order, err = membersOf(data); err != nil {
			return nil, fmt.Errorf("fixtures/%s: %w", name, err)
		}
		a.shorten()
		return a, nil
	}
	return nil, fmt.Errorf("no answer in fixtures/traffic is valid against %s; add one", path.Base(op.ResponseSchema))
}

// membersOf parses an object, and returns the order of its members.
func membersOf(data []byte) (members map[string]json.RawMessage, order []string, err error) {
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, nil, fmt.Errorf("%w; record an object", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.Token()
	for d.More() {
		name, _ := d.Token()
		order = append(order, fmt.Sprint(name))
		var skipped json.RawMessage
		d.Decode(&skipped)
	}
	return members, order, nil
}

// shorten keeps the first item of each array as the example of all.
func (a *answer) shorten() {
	for name, value := range a.example {
		var items []json.RawMessage
		if json.Unmarshal(value, &items) == nil && len(items) > 1 {
			a.example[name], _ = json.Marshal(items[:1])
		}
	}
}

// fill adds the answer to an accepting interaction: the recorded one, with the hash of the request.
func (a *answer) fill(i *Interaction) {
	var sent struct{ Sha1 string }
	json.Unmarshal(i.Request.Body, &sent) // it is valid, or it would not be accepted
	r := &i.Response
	r.Header = []record.Field{{Name: "Content-Type", Value: mediaType}}
	r.Rules = append(r.Rules, Rule{"header", "Content-Type", []Matcher{{Match: "regex", Regex: mediaPattern()}}})
	var body bytes.Buffer
	for n, name := range a.order {
		value := a.example[name]
		if sent.Sha1 != "" && (name == "sha1" || name == "fileId") {
			value, _ = json.Marshal(sent.Sha1)
		}
		if n > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, "%s:%s", encoded(name), value)
	}
	r.Body = compact([]byte("{" + body.String() + "}"))
	for _, rule := range a.rules {
		// A schema cannot express the echo: a relation of the suite checks it.
		if rule.Path == "$.sha1" && sent.Sha1 != "" {
			rule.Matchers = append(slices.Clone(rule.Matchers),
				Matcher{Match: "regex", Regex: "^" + eitherCase(sent.Sha1) + "$"})
		}
		r.Rules = append(r.Rules, rule)
	}
}

// mediaPattern returns a pattern for the media type in any letter case, with any parameters.
func mediaPattern() string { return "^" + eitherCase(mediaType) + `[ \t]*(;[\s\S]*)?$` }

// eitherCase returns a pattern for a text in any letter case. It uses no flag, because engines
// spell flags differently.
func eitherCase(text string) string {
	var b strings.Builder
	for _, r := range text {
		lower, upper := unicode.ToLower(r), unicode.ToUpper(r)
		if lower == upper {
			b.WriteString(quoted(string(r)))
			continue
		}
		fmt.Fprintf(&b, "[%c%c]", lower, upper)
	}
	return b.String()
}

// quoted returns a pattern for a literal text. It escapes only characters that every engine
// allows to be escaped.
func quoted(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(`\.+*?()|[]{}^$`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// pathPattern returns a pattern for an operation's path with any machine.
func pathPattern(template string) string {
	var parts []string
	for _, segment := range strings.Split(template, "/") {
		if strings.HasPrefix(segment, "{") {
			parts = append(parts, "[^/]+")
			continue
		}
		parts = append(parts, quoted(segment))
	}
	return strings.Join(parts, "/")
}

func lowerFirst(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(r)) + text[n:]
}

func compact(data []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return data
	}
	return b.Bytes()
}

func encoded(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(text) // a string can always be encoded
	return bytes.TrimSpace(b.Bytes())
}
