package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strings"
	"sync"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/internal/strictjson"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// jsonType is the media type of the bodies that the schemas describe.
const jsonType = "application/json"

// The places of a request that are no keyword of its schema.
const (
	authorizationField  = "header Authorization: one field"
	authorizationScheme = "header Authorization: scheme"
	authorizationCase   = "header Authorization: scheme in another letter case"
	authorizationToken  = "header Authorization: token"
	authorizationKnown  = "header Authorization: token that was issued"
	authorizationRole   = "header Authorization: token of a user with the role"
	contentField        = "header Content-Type: one field"
	contentMedia        = "header Content-Type: media type"
	contentCase         = "header Content-Type: media type in another letter case"
	contentParameter    = "header Content-Type: parameter"
	bodyText            = "body JSON text"
)

// A headerForm is a form of a request that HTTP or JSON gives it, as a place of coverage.
type headerForm struct {
	place string
	open  string                               // as in [record.CoverageRow]
	of    func(*Suite, openapi.Operation) bool // whether an operation has it
}

// headerForms returns the forms of the header and the body that are looked for.
func headerForms() []headerForm {
	authorized := func(_ *Suite, op openapi.Operation) bool { return op.Scheme != "" }
	withBody := func(_ *Suite, op openapi.Operation) bool { return op.RequestSchema != "" }
	known := func(k Kind) func(*Suite, openapi.Operation) bool {
		return func(s *Suite, op openapi.Operation) bool { return op.Scheme != "" && s.OfKind(k) != "" }
	}
	return []headerForm{
		{bodyText, "", withBody},
		{authorizationField, "", authorized},
		{authorizationScheme, "", authorized},
		{authorizationCase, "a scheme has no letter case (RFC 9110 11.1)", authorized},
		{authorizationToken, "", authorized},
		{authorizationKnown, "", known(KnownToken)},
		{authorizationRole, "", known(Role)},
		{contentField, "a recipient may assume the media type of a body without Content-Type (RFC 9110 8.3)",
			withBody},
		{contentMedia, "", withBody},
		{contentCase, "a media type has no letter case (RFC 9110 8.3.1)", withBody},
		{contentParameter, "JSON defines no parameter, and readers ignore those that there are (RFC 8259 11)",
			withBody},
	}
}

// Why no request can be asked for that meets a status invalid.
const (
	successOpen = "only a target at fault answers so to a request that is to be refused"
	refusalOpen = "several statuses count for one refusal, and the target chooses"
)

// A coverer counts which places of one operation were met.
type coverer struct {
	suite  *Suite
	op     openapi.Operation
	schema *schemas.Schema // of the request; nil where it has none
	rules  []schemas.Rule  // of the schema
	rows   []record.CoverageRow
	at     map[string]int // position in rows, by place, of those that count at the run's level
	status map[int]*record.CoverageRow
}

// A bodyKey is a body as a case writes it, with the schema that it is judged by.
type bodyKey struct{ schema, text string }

// bodies keeps what the bodies of a suite's cases meet, for all of its runs.
type bodies struct {
	mu sync.Mutex
	of map[bodyKey]bodyPlaces
}

// bodyPlaces are the places that a body meets.
type bodyPlaces struct {
	met    []string
	faults []string // "" for one that is no place
	known  bool     // false where the body cannot be judged
}

// A meeting is a place that a case meets in one way.
type meeting struct {
	operation, place string
	valid            bool
}

// coverage counts which places of the contract the runs met. Nothing is counted by repetition,
// so that what a session does not keep is not missed.
func (k conclusion) coverage(runs []*caseRun, cases []record.CaseResult) *record.Coverage {
	out := &record.Coverage{Least: k.leastCoverage, Rows: []record.CoverageRow{}}
	by := map[string]*coverer{}
	for _, op := range k.suite.Operations {
		by[op.ID] = k.newCoverer(op)
	}
	for i, run := range runs {
		if o := cases[i].Outcome; o != record.Passed && o != record.Deviated && o != record.Failed {
			continue
		}
		var seen map[meeting]bool // one exchange meets nothing twice
		if len(run.exchanges) > 1 {
			seen = map[meeting]bool{}
		}
		for _, x := range run.exchanges {
			if c := by[k.suite.operationOf(x.Exchange)]; c != nil && x.Response != nil && x.Unjudged == "" &&
				!x.aborted() {
				c.note(x, seen)
			}
		}
	}
	for _, op := range k.suite.Operations {
		c := by[op.ID]
		out.Rows = append(out.Rows, c.rows...)
		for _, status := range slices.Sorted(maps.Keys(c.status)) {
			out.Rows = append(out.Rows, *c.status[status])
		}
	}
	for _, r := range out.Rows {
		if r.Open != "" {
			continue
		}
		if out.Places++; r.Lacks() == "" {
			out.Met++
		}
	}
	return out
}

// newCoverer returns a coverer with a row for each place of the operation, before any case.
func (k conclusion) newCoverer(op openapi.Operation) *coverer {
	c := &coverer{suite: k.suite, op: op, at: map[string]int{}, status: map[int]*record.CoverageRow{}}
	add := func(place, open string) {
		c.at[place] = len(c.rows)
		c.rows = append(c.rows, record.CoverageRow{Operation: op.ID, Place: place, Open: open})
	}
	c.schema, c.rules = k.suite.RequestSchema(op)
	for _, r := range c.rules {
		if q := k.suite.requirement[r.Requirement]; q == nil || q.Level <= k.level {
			add(keywordPlace(r), "")
		}
	}
	for _, f := range headerForms() {
		if f.of(k.suite, op) {
			add(f.place, f.open)
		}
	}
	c.statusRow(op.Success)
	return c
}

// keywordPlace returns the place of a keyword, such as "body /Comment type".
func keywordPlace(r schemas.Rule) string {
	return strings.Join(slices.DeleteFunc([]string{"body", r.Pointer, r.Keyword},
		func(s string) bool { return s == "" }), " ")
}

func (c *coverer) statusRow(status int) *record.CoverageRow {
	if c.status[status] == nil {
		open := refusalOpen
		if status == c.op.Success {
			open = successOpen
		}
		c.status[status] = &record.CoverageRow{Operation: c.op.ID, Place: fmt.Sprintf("status %d", status), Open: open}
	}
	return c.status[status]
}

// note counts an exchange. seen are the places that its case has met already, nil where it has one exchange.
func (c *coverer) note(x *Judged, seen map[meeting]bool) {
	step := x.Case.Steps[x.Step]
	count := func(row *record.CoverageRow, valid bool) {
		key := meeting{row.Operation, row.Place, valid}
		if seen[key] {
			return
		}
		if seen != nil {
			seen[key] = true
		}
		of := &row.Written
		if x.Case.Generator != "" {
			of = &row.Generated
		}
		if valid {
			of.Valid++
		} else {
			of.Invalid++
		}
	}
	if step.Expect != Either && len(step.Statuses) > 0 {
		count(c.statusRow(x.Response.Status), slices.Contains(step.Statuses, x.Response.Status))
	}
	switch {
	case step.Expect == Accepted:
		if met, faults, known := c.places(x); known && len(faults) == 0 {
			for _, place := range met {
				count(&c.rows[c.at[place]], true)
			}
		}
	case step.Expect == Refused && c.addressed(x):
		if _, faults, known := c.places(x); known && len(faults) == 1 {
			if at, counts := c.at[faults[0]]; counts {
				count(&c.rows[at], false)
			}
		}
	}
}

// addressed reports whether a request has the method and the path of the operation, so that
// what it is refused for may be in its header or body.
func (c *coverer) addressed(x *Judged) bool {
	u, err := url.Parse(x.Request.URL)
	return err == nil && x.Request.Method == c.op.Method && machineOf(c.op, u.EscapedPath()) != ""
}

// places returns the places that a request meets, and those of them at which it is at fault. It
// reports false where the body cannot be judged.
func (c *coverer) places(x *Judged) (met, faults []string, known bool) {
	note := func(place string, fault bool) {
		if _, there := c.at[place]; !there {
			return
		}
		met = append(met, place)
		if fault {
			faults = append(faults, place)
		}
	}
	c.authorization(x, note)
	if c.op.RequestSchema == "" {
		return met, faults, true
	}
	if !c.contentType(x, note) {
		return met, faults, true // the schema says nothing of another media type
	}
	body := c.body(x)
	for _, place := range body.met {
		note(place, false)
	}
	return met, append(faults, body.faults...), body.known
}

// body returns the places that the body of a request meets. Bodies that are written alike are
// alike in the schema, whatever the values of their variables.
func (c *coverer) body(x *Judged) bodyPlaces {
	all := c.suite.bodies
	if c.suite.byID[x.Case.ID] != x.Case { // it is none of the suite, which keeps nothing of it
		return c.judgeBody(x.Request.Body)
	}
	key := bodyKey{c.op.RequestSchema, x.Case.Steps[x.Step].Body}
	all.mu.Lock()
	out, known := all.of[key]
	all.mu.Unlock()
	if !known {
		out = c.judgeBody(x.Request.Body)
		all.mu.Lock()
		all.of[key] = out
		all.mu.Unlock()
	}
	return out
}

func (c *coverer) judgeBody(text []byte) (out bodyPlaces) {
	out.met = append(out.met, bodyText)
	if strictjson.CheckText(text) != nil {
		return bodyPlaces{out.met, []string{bodyText}, true}
	}
	body, err := schemas.Decode(text)
	if err != nil || c.schema == nil {
		return out
	}
	violations, err := c.schema.ValidateValue(body)
	if err != nil {
		return out
	}
	for _, r := range c.rules {
		if applies(r, body) {
			out.met = append(out.met, keywordPlace(r))
		}
	}
	for _, v := range violations {
		place := ""
		if i := slices.IndexFunc(c.rules, func(r schemas.Rule) bool { return breaks(v, r) }); i >= 0 {
			place = keywordPlace(c.rules[i])
		}
		out.faults = append(out.faults, place)
	}
	out.known = true
	return out
}

// authorization notes the forms of the credentials.
func (c *coverer) authorization(x *Judged, note func(place string, fault bool)) {
	values := record.HeaderValues(x.Request.Header, "Authorization")
	if note(authorizationField, len(values) != 1); len(values) != 1 {
		return
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	same := strings.EqualFold(scheme, c.op.Scheme)
	if note(authorizationScheme, !same); !same {
		return
	}
	if usual := strings.ToUpper(c.op.Scheme[:1]) + c.op.Scheme[1:]; scheme != usual {
		note(authorizationCase, false)
	}
	whole := isToken(strings.TrimLeft(token, " "))
	if note(authorizationToken, !whole); !whole {
		return
	}
	refused := x.Case.Steps[x.Step].Expect == Refused
	note(authorizationKnown, refused && x.Case.proving(KnownToken) != "")
	note(authorizationRole, refused && x.Case.proving(Role) != "")
}

// isToken reports whether a text has the form of a bearer token (RFC 6750 2.1), where a
// variable stands for a secret.
func isToken(text string) bool {
	if strings.Contains(text, "$") {
		for _, span := range slices.Backward(record.SecretVariables(text)) {
			text = text[:span[0]] + "x" + text[span[1]:]
		}
	}
	return httpfile.IsBearer(text)
}

// contentType notes the forms of the media type, and reports whether it is that of the body.
func (c *coverer) contentType(x *Judged, note func(place string, fault bool)) bool {
	values := record.HeaderValues(x.Request.Header, "Content-Type")
	if note(contentField, len(values) != 1); len(values) != 1 {
		return false
	}
	media, parameters, err := mime.ParseMediaType(values[0])
	is := err == nil && media == jsonType
	if note(contentMedia, !is); !is {
		return false
	}
	if written, _, _ := strings.Cut(values[0], ";"); strings.TrimSpace(written) != jsonType {
		note(contentCase, false)
	}
	if len(parameters) > 0 {
		note(contentParameter, false)
	}
	return true
}

// applies reports whether a keyword says anything of a body: there is a value of its kind at its
// place, or the object that is to have the member.
func applies(r schemas.Rule, body any) bool {
	pointer := r.Pointer
	if r.Keyword == "required" {
		pointer = pointer[:strings.LastIndex(pointer, "/")]
	}
	return slices.ContainsFunc(valuesAt(body, pointer), func(v any) bool { return ofKind(r.Keyword, v) })
}

// ofKind reports whether a keyword says anything of values such as this one.
func ofKind(keyword string, value any) bool {
	is := false
	switch keyword {
	case "required", "minProperties", "maxProperties", "additionalProperties", "propertyNames", "dependencies":
		_, is = value.(map[string]any)
	case "pattern", "minLength", "maxLength":
		_, is = value.(string)
	case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
		_, is = value.(json.Number)
	case "minItems", "maxItems", "uniqueItems", "contains", "additionalItems":
		_, is = value.([]any)
	default:
		is = true
	}
	return is
}

var pointerName = strings.NewReplacer("~1", "/", "~0", "~")

// valuesAt returns the values of a body at a pointer, in which "*" stands for every item.
func valuesAt(body any, pointer string) []any {
	found := []any{body}
	for _, name := range strings.Split(pointer, "/")[1:] {
		var next []any
		for _, v := range found {
			switch v := v.(type) {
			case map[string]any:
				if member, there := v[pointerName.Replace(name)]; there {
					next = append(next, member)
				}
			case []any:
				if name == "*" {
					next = append(next, v...)
				}
			}
		}
		found = next
	}
	return found
}

// breaks reports whether a violation is one of the keyword.
func breaks(v schemas.Violation, r schemas.Rule) bool {
	if v.Keyword != r.Keyword {
		return false
	}
	exact, general := strings.Split(v.Pointer, "/"), strings.Split(r.Pointer, "/")
	return slices.EqualFunc(exact, general, func(a, b string) bool { return a == b || b == "*" })
}
