package compare_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/compare"
	"fmaspec/conformance/record"
	"fmaspec/openapi"
	"fmaspec/schemas"
)

// an answer with a body of JSON, changed by what follows.
func answer(status int, body string, change ...func(*record.Response)) *record.Response {
	r := &record.Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: record.Body(body)}
	for _, c := range change {
		c(r)
	}
	return r
}

// with sets a header field.
func with(name string, values ...string) func(*record.Response) {
	return func(r *record.Response) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func shortened(r *record.Response) { r.Shortened = true }

func gzipped(r *record.Response) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(r.Body)
	w.Close()
	r.Header.Set("Content-Encoding", "gzip")
	r.Body = b.Bytes()
}

// answered is a report of one case with these answers, one a step.
func answered(answers ...*record.Response) *record.Report {
	r := made(spec{id: "a", outcome: record.Passed})
	for i, a := range answers {
		r.Cases[0].Exchanges = append(r.Cases[0].Exchanges, record.ExchangeResult{Step: i, Response: a})
	}
	return r
}

func shapesOf(c *compare.Comparison) (out []string) {
	for _, s := range c.Shapes {
		out = append(out, fmt.Sprintf("%s %s → %s", s.Place, strings.Join(s.Old, "|"), strings.Join(s.New, "|")))
	}
	return out
}

func TestAnswersOfAnotherShapeAreNamed(t *testing.T) {
	t.Parallel()
	type response = *record.Response
	deep := strings.Repeat(`{"a":[`, 40) + strings.Repeat(`]}`, 40)
	for _, row := range []struct {
		old, new response
		want     string // with commas between several
		why      string
	}{
		{answer(201, `{"a":1}`), answer(201, `{"a":2.5e9}`), "", "numbers are numbers"},
		{answer(201, `{"a":"x","b":true}`), answer(201, `{"b":false,"a":"y"}`), "", "order and values are free"},
		{answer(201, `{"a":1}`), answer(201, ` { "a" : 1 } `), "", "white space is free"},
		{answer(201, `{"a":1}`), answer(201, `{"a":1,"b":null}`), "/b absent → null", "one member more"},
		{answer(201, `{"a":1,"b":{"c":1}}`), answer(201, `{"a":1}`), "/b object → absent", "one less, reported once"},
		{answer(201, `{"a":1}`), answer(201, `{"a":"1"}`), "/a number → string", "another type"},
		{answer(201, `{"a":"x"}`), answer(201, `{"a":null}`), "/a string → null", "null is a type"},
		{answer(201, `{"a":[]}`), answer(201, `{"a":[{"b":1}]}`), "", "an empty array shows nothing about items"},
		{answer(201, `{"a":[{"b":1}]}`), answer(201, `{"a":[{"b":1},{"b":2}]}`), "", "nor is their number compared"},
		{answer(201, `{"a":[{"b":1}]}`), answer(201, `{"a":[{"b":1},{}]}`), "/a/*/b number → absent|number",
			"one item lacks a member"},
		{answer(201, `{"a":[]}`), answer(201, `{"a":{}}`), "/a array → object", "another type"},
		{answer(201, `{"a":[1]}`), answer(201, `{"a":[1,"x"]}`), "/a/* number → number|string", "items of two types"},
		{answer(201, `{"a/b":1,"c~d":1}`), answer(201, `{}`), "/a~1b number → absent,/c~0d number → absent",
			"names are escaped"},
		{answer(201, `{"a":1}`), answer(200, `{}`), "status 201 → 200", "another status, reported alone"},
		{answer(400, `{}`), answer(400, ``), "body object → empty", "no body"},
		{answer(400, `{}`), answer(400, `[]`), "body object → array", "another kind of JSON"},
		{answer(400, `{}`), answer(400, `<p>`), "body object → not JSON", "no JSON"},
		{answer(400, `{}`), answer(400, `{} {}`), "body object → not JSON", "two values are no JSON"},
		{answer(400, `{}`), answer(400, `{"a":}`), "body object → not JSON", "nor is this"},
		{answer(400, `{"a":1}`), answer(400, `{"a":`), "body object → not JSON", "a text that ends early is no JSON"},
		{answer(400, `{"a":1,"b":2}`), answer(400, `{"a":1,`, shortened), "", "what a record has not kept is " +
			"not known"},
		{answer(400, `{"a":1,"b":2}`), answer(400, `{"a":"1`, shortened), "", "nor the type of what was cut"},
		{answer(400, `{"a":1,"b":2}`), answer(400, `{"a":"1","b`, shortened), "/a number → string",
			"what it has kept is"},
		{answer(400, `{"a":1}`), answer(400, ``, shortened), "", "a body that was not kept is not empty"},
		{answer(400, `{"a":1}`), answer(400, `{"a":1}`, gzipped), `header Content-Encoding absent → "gzip"`,
			"what is packed is unpacked"},
		{answer(400, `{"a":1}`, with("Content-Encoding", "br")), answer(400, `{"b":1}`, with("Content-Encoding", "br")),
			"", "what cannot be unpacked is not known"},
		{answer(400, `{"a":1}`, gzipped), answer(400, `{"b":1}`, with("Content-Encoding", "gzip")), "",
			"nor what is not packed as it says"},
		{answer(201, deep), answer(201, deep), "", "deep texts are read to a depth"},

		{answer(201,
			`{"id":"1","sha1":"a","requestorComment":"x","creationDateTimeUtc":"2017-12-04T12:18:27.1293487Z"}`),
			answer(201, `{"id":"2","sha1":"b","requestorComment":"y","creationDateTimeUtc":"2018-01-01T00:00:00Z"}`),
			"", "what varies by nature"},
		{answer(201, `{"status":"InProgress"}`), answer(201, `{"status":"Pending"}`),
			`/status "InProgress" → "Pending"`, "another word of an enumeration"},
		{answer(201, `{"status":"InProgress"}`), answer(201, `{"status":7}`), `/status string → number`,
			"another type is reported alone"},
		{answer(201, `{"type":"RequestSample"}`), answer(201, `{"type":"requestSample"}`),
			`/type "RequestSample" → "requestSample"`, "letter case counts"},
		{answer(201, `{"fileInstances":[{"status":"A"},{"status":"B"}]}`),
			answer(201, `{"fileInstances":[{"status":"B"}]}`), `/fileInstances/*/status "A"|"B" → "B"`,
			"words of items"},
		{answer(400, `{"error":{"code":"A","message":"x"}}`), answer(400, `{"error":{"code":"B","message":"y"}}`),
			`/error/code "A" → "B"`, "error codes are distinguished by programs, messages by people"},

		{answer(201, `{}`), answer(201, `{}`, with("X-Powered-By", "PHP")), "header X-Powered-By absent → present",
			"a field more"},
		{answer(201, `{}`, with("Request-Id", "1")), answer(201, `{}`, with("Request-Id", "2")), "",
			"its value is free"},
		{answer(201, `{}`, with("Date", "x"), with("Content-Length", "2"), with("Connection", "close"),
			with("Etag", "1"), with("Set-Cookie", "a")), answer(201, `{}`), "", "some fields are left out"},
		{answer(201, `{}`), answer(201, `{}`, with("Content-Type", `Application/JSON`)), "",
			"letter case of a media type is free"},
		{answer(201, `{}`, with("Content-Type", `application/json;charset="UTF-8";a=b`)),
			answer(201, `{}`, with("Content-Type", `application/json; a=b; charset=utf-8`)), "",
			"spelling of parameters is too"},
		{answer(201, `{}`), answer(201, `{}`, with("Content-Type", `text/json`)),
			`header Content-Type "application/json" → "text/json"`, "another media type"},
		{answer(201, `{}`), answer(201, `{}`, with("Content-Type", `<b>`)),
			`header Content-Type "application/json" → "<b>"`, "or none that can be read"},
		{answer(405, `{}`, with("Allow", "POST, OPTIONS")), answer(405, `{}`, with("Allow", "options", "POST")), "",
			"lists have no order"},
		{answer(405, `{}`, with("Cache-Control", "no-store")), answer(405, `{}`, with("Cache-Control", "no-cache")),
			`header Cache-Control "no-store" → "no-cache"`, "another directive"},
		{answer(401, `{}`, with("Www-Authenticate", `Bearer realm="a, Basic"`)),
			answer(401, `{}`, with("Www-Authenticate", `bearer error="x\", y", nonce=7`)), "",
			"parameters of a challenge are free"},
		{answer(401, `{}`, with("Www-Authenticate", `Bearer`)),
			answer(401, `{}`, with("Www-Authenticate", `Bearer`, `Basic realm="x"`)),
			`header Www-Authenticate "bearer" → "basic, bearer"`, "schemes are not"},
		{answer(201, `{}`, with("X-A", "1")), answer(201, `{}`, shortened, with("X-B", strings.Repeat("x", 4000))),
			"header X-B absent → present", "what was cut off a header is not known"},
		{answer(201, `{}`, with("X-A", "1")), answer(201, `{}`, shortened), "header X-A present → absent",
			"a short header is never cut"},
	} {
		c := compare.Compare(answered(row.old), answered(row.new), compare.Options{})
		if got := strings.Join(shapesOf(c), ","); got != row.want {
			t.Errorf("%s → %s: want %q, got %q: %s", row.old.Body, row.new.Body, row.want, got, row.why)
		}
		require.Equal(t, 1, c.Totals.Answers, row.why)
	}
}

func TestAnswersThatAreNoEvidenceAreNotCompared(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		change func(old, current *record.Report)
		why    string
	}{
		{func(_, current *record.Report) {
			current.Cases[0].Findings = []record.Finding{found("types", "/a", "action.types", record.Inferred)}
			current.Cases[0].Outcome = record.Deviated
		}, "a finding says more"},
		{func(old, _ *record.Report) {
			old.Cases[0].Findings = []record.Finding{found("types", "/a", "action.types", record.Inferred)}
		}, "on either side"},
		{func(_, current *record.Report) { current.Cases[0].Outcome = record.Errored },
			"what is errored was answered 429, or not at all"},
		{func(_, current *record.Report) { current.Cases[0].Exchanges[0].Error = "it broke off" },
			"half an answer is none"},
		{func(_, current *record.Report) { current.Cases[0].Exchanges[0].Response = nil }, "no answer"},
		{func(_, current *record.Report) { current.Cases[0].Exchanges = nil }, "nothing was sent"},
		{func(_, current *record.Report) { current.Cases[0].ID = "b" }, "another case"},
		{func(_, current *record.Report) {
			current.Cases[0].Exchanges[0].Inert = true
			current.Cases[0].Exchanges[0].Response.Status = 404
		}, "it answers that the machine is not known"},
	} {
		old, current := answered(answer(400, `{"a":1}`)), answered(answer(400, `{"a":"1"}`))
		require.Len(t, compare.Compare(old, current, compare.Options{}).Shapes, 1)
		row.change(old, current)
		if c := compare.Compare(old, current, compare.Options{}); len(c.Shapes) != 0 || c.Totals.Answers != 0 {
			t.Errorf("want nothing compared, got %q: %s", shapesOf(c), row.why)
		}
	}
	current := answered(answer(400, `{"a":"1"}`))
	current.Cases[0].Outcome, current.Cases[0].Exchanges[0].Inert = record.Inconclusive, true
	if c := compare.Compare(answered(answer(400, `{"a":1}`)), current, compare.Options{}); len(c.Shapes) != 1 {
		t.Errorf("want a refusal compared though it proves nothing, got %q", shapesOf(c))
	}
}

// many is a report of several cases with one answer each.
func many(answers ...*record.Response) *record.Report {
	var specs []spec
	for i := range answers {
		specs = append(specs, spec{id: string(rune('a' + i)), outcome: record.Passed})
	}
	r := made(specs...)
	for i, a := range answers {
		r.Cases[i].Exchanges = []record.ExchangeResult{{Response: a}}
	}
	return r
}

func TestWhatBothSidesDoBothWaysIsLeftToChance(t *testing.T) {
	t.Parallel()
	hit, miss := answer(200, `{}`, with("X-Cache", "hit")), answer(200, `{}`)
	some, none := answer(200, `{"error":null}`), answer(200, `{}`)
	text, number := answer(200, `{"a":"x"}`), answer(200, `{"a":1}`)
	html := answer(200, `{}`, with("Content-Type", "text/html"))
	for _, row := range []struct {
		old, new *record.Report
		want     string
		why      string
	}{
		{many(hit, miss, miss), many(miss, hit, miss), "", "a field that comes and goes"},
		{many(hit, hit, miss), many(hit, miss, miss), "", "also where it is missing on both sides elsewhere"},
		{many(hit, hit), many(hit, miss), "header X-Cache present → absent|present", "on one side it never went"},
		{many(miss, miss), many(hit, miss), "header X-Cache absent → absent|present", "on one side it never came"},
		{many(some, none), many(none, some), "", "a member that comes and goes"},
		{many(some, some, none), many(some, none, none), "", "also where it is missing on both sides elsewhere"},
		{many(some, some), many(some, none), "/error null → absent|null", "on one side it never went"},
		{many(text, number), many(number, text), "", "a type that changes"},
		{many(html, miss), many(miss, html),
			`header Content-Type "application/json"|"text/html" → "application/json"|"text/html"`,
			"a media type is chosen by the request"},
		{many(answer(200, `{}`), answer(200, `x`)), many(answer(200, `x`), answer(200, `{}`)),
			"body not JSON|object → not JSON|object", "so is the kind of a body"},
		{many(answer(400, `{}`), answer(422, `{}`)), many(answer(422, `{}`), answer(400, `{}`)),
			"status 400 → 422,status 422 → 400", "so is a status"},
		{many(answer(200, `{"status":"A"}`), answer(200, `{"status":"B"}`)), many(answer(200, `{"status":"B"}`),
			answer(200, `{"status":"A"}`)), "", "words are compared over the whole run"},
	} {
		if got := strings.Join(shapesOf(compare.Compare(row.old, row.new, compare.Options{})), ","); got != row.want {
			t.Errorf("want %q, got %q: %s", row.want, got, row.why)
		}
	}
}

func TestTheSameDifferenceOfManyAnswersIsOne(t *testing.T) {
	t.Parallel()
	var old, current []*record.Response
	for i := range 20 {
		old = append(old, answer(200+i%4, `{"a":1}`))
		current = append(current, answer(200+i%4, `{"a":1,"b":1}`))
	}
	c := compare.Compare(many(old...), many(current...), compare.Options{})
	require.Len(t, c.Shapes, 1)
	if s := c.Shapes[0]; len(s.Cases) != 20 || !slices.Equal(s.Statuses, []int{200, 201, 202, 203}) ||
		!slices.Equal(s.Operations, []string{"requestSample"}) {
		t.Errorf("want 20 cases with four statuses, got %+v", s)
	}
}

func TestRepetitionsCountAsOneRequest(t *testing.T) {
	t.Parallel()
	// Two requests a case, three times: the third repetition has another status.
	old := answered(answer(200, `{"a":1}`), answer(400, `{"b":1}`))
	current := answered(answer(200, `{"a":1}`), answer(400, `{"b":1}`), answer(200, `{"a":1}`), answer(400, `{"b":1}`),
		answer(200, `{"a":1}`), answer(503, ``))
	current.Suite.Repeat = 3
	c := compare.Compare(old, current, compare.Options{})
	if got := strings.Join(shapesOf(c), ","); got != "status 400 → 400|503" || c.Totals.Answers != 2 {
		t.Errorf("want one status more in the second request, got %q of %d", got, c.Totals.Answers)
	}
}

func TestManyWordsAreNoClosedSet(t *testing.T) {
	t.Parallel()
	var old, current []*record.Response
	for i := range 18 {
		old = append(old, answer(400, fmt.Sprintf(`{"error":{"code":"x%d"}}`, i)))
		current = append(current, answer(400, fmt.Sprintf(`{"error":{"code":"y%d"}}`, i)))
	}
	if got := shapesOf(compare.Compare(many(old...), many(current...), compare.Options{})); len(got) != 0 {
		t.Errorf("want none, got %q", got)
	}
	if got := shapesOf(compare.Compare(many(old[:3]...), many(current[:3]...), compare.Options{})); len(got) != 1 {
		t.Errorf("want one, got %q", got)
	}
}

func TestATargetThatMakesUpNamesFillsNoMemory(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, `,"%s%d":{}`, strings.Repeat("n", 200), i)
	}
	wide := "{" + b.String()[1:] + "}"
	for _, body := range []string{wide, strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 100_000),
		strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000)} {
		c := compare.Compare(answered(answer(200, `{}`)), answered(answer(200, body)),
			compare.Options{StrictShape: true})
		if len(c.Shapes) > 1000 {
			t.Errorf("want at most 1000, got %d", len(c.Shapes))
		}
		for _, s := range c.Shapes {
			if len(s.Place) > 5000 {
				t.Fatalf("want a short place, got %d bytes", len(s.Place))
			}
		}
	}
	names := many(answer(200, `{}`))
	var list []string
	for i := range 1200 {
		list = append(list, fmt.Sprintf(`"%d":1`, i))
	}
	c := compare.Compare(names, many(answer(200, "{"+strings.Join(list, ",")+"}")), compare.Options{})
	if len(c.Shapes) != 1000 || c.Totals.MoreShapes != 200 {
		t.Errorf("want 1000 and 200 more, got %d and %d", len(c.Shapes), c.Totals.MoreShapes)
	}
	require.Contains(t, text(t, c), "  … and 200 more\n")
}

func TestEveryEnumerationOfTheContractIsCompared(t *testing.T) {
	t.Parallel()
	doc, err := openapi.Load()
	require.NoError(t, err)
	some := false
	for _, op := range doc.Operations {
		rules, err := schemas.Rules(op.ResponseSchema)
		require.NoError(t, err)
		for _, r := range rules {
			if r.Keyword != "enum" {
				continue
			}
			some = true
			body := func(word string) *record.Report {
				text := fmt.Sprintf("%q", word)
				names := strings.Split(r.Pointer, "/")[1:]
				for _, name := range slices.Backward(names) {
					if name == "*" {
						text = "[" + text + "]"
					} else {
						text = fmt.Sprintf(`{"%s":%s}`, name, text)
					}
				}
				return answered(answer(201, text))
			}
			c := compare.Compare(body("One"), body("Other"), compare.Options{})
			if got := shapesOf(c); len(got) != 1 || got[0] != r.Pointer+` "One" → "Other"` {
				t.Errorf("%s: want its words compared, got %q", r.Pointer, got)
			}
		}
	}
	require.True(t, some, "want an enum in the schemas")
}

func FuzzShapes(f *testing.F) {
	for _, seed := range []string{`{"a":[{"b":null}]}`, `[`, `{"status":"x","error":{"code":"y"}}`, "", "{\"a\":1}{",
		`{"a":1,"a":"2"}`} {
		f.Add([]byte(seed), []byte(`{"a":1}`), "Bearer x", false)
		f.Add([]byte(`{"a":[1]}`), []byte(seed), `a="b, c`, true)
	}
	f.Fuzz(func(t *testing.T, a, b []byte, field string, cut bool) {
		names := []string{"Content-Type", "Www-Authenticate", "Content-Encoding", "Allow", "X-" + field}
		report := func(body []byte) *record.Report {
			r := answered(answer(400, string(body)))
			for _, name := range names {
				r.Cases[0].Exchanges[0].Response.Header[name] = []string{field, field}
			}
			r.Cases[0].Exchanges[0].Response.Shortened = cut
			return r
		}
		if c := compare.Compare(report(a), report(a), compare.Options{}); len(c.Shapes) != 0 {
			t.Errorf("want the same answer to have the same shape, got %q", shapesOf(c))
		}
		there, back := compare.Compare(report(a), report(b), compare.Options{}), compare.Compare(report(b), report(a),
			compare.Options{})
		if len(there.Shapes) != len(back.Shapes) {
			t.Errorf("want as many differences there as back, got %q and %q", shapesOf(there), shapesOf(back))
		}
		harmless(t, there)
	})
}
