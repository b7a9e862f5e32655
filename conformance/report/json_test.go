package report_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

func TestReadJSONReturnsWhatJSONWrote(t *testing.T) {
	want := sample()
	text := render(t, "json", want, report.Style{})
	got, err := report.ReadJSON(strings.NewReader(text))
	require.NoError(t, err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if again := render(t, "json", got, report.Style{}); again != text {
		t.Error("want the same bytes when it is written again, got others")
	}
	for _, format := range []string{"console", "junit"} {
		if render(t, format, got, report.Style{}) != render(t, format, want, report.Style{}) {
			t.Errorf("%s: want the same text from the record as from the run, got another one", format)
		}
	}
}

func TestJSONKeepsEveryByteOfABody(t *testing.T) {
	r := sample()
	for _, body := range []string{"", "text", "\xff\xfe\x00", hostile, "\u2028\ufffd", `\u003c <&> \\u003c`,
		strings.Repeat("\x00", 100)} {
		r.Cases[0].Exchanges[0].Response.Body = record.Body(body)
		got, err := report.ReadJSON(strings.NewReader(render(t, "json", r, report.Style{})))
		require.NoError(t, err)
		if back := string(got.Cases[0].Exchanges[0].Response.Body); back != body {
			t.Errorf("want %q, got %q", body, back)
		}
	}
}

func TestJSONWritesMarkupAsItIs(t *testing.T) {
	r := sample()
	r.Target.Name = `<&>"`
	r.Cases[0].Exchanges[0].Response.Body = record.Body(`<&>"`)
	text := render(t, "json", r, report.Style{})
	for _, want := range []string{`"name": "<&>\""`, `"body": "<&>\""`} {
		if !strings.Contains(text, want) {
			t.Errorf("want %s in the record", want)
		}
	}
}

func TestJSONWritesNoNullInThePlaceOfAList(t *testing.T) {
	r := &record.Report{
		Suite: record.SuiteInfo{Level: record.Documented}, Verdict: record.Conformant,
		Totals: record.Totals{Total: 1, Passed: 1},
		Requirements: []record.RequirementResult{{Requirement: record.Requirement{ID: "x", Level: record.Documented},
			State: "declared"}},
		Cases: []record.CaseResult{{ID: "x", Outcome: record.Passed, Exchanges: []record.ExchangeResult{
			{Response: &record.Response{Header: http.Header{"Empty": nil}}}}}},
	}
	before := *r
	text := render(t, "json", r, report.Style{})
	require.NoError(t, oracle(t).Validate(decode(t, text)))
	if n := strings.Count(text, "null"); n != 0 {
		t.Errorf("want no null, got %d in\n%s", n, text)
	}
	if diff := cmp.Diff(&before, r); diff != "" || r.Cases[0].Findings != nil {
		t.Errorf("want the caller's report untouched, got\n%s", diff)
	}
	_, err := report.ReadJSON(strings.NewReader(text))
	require.NoError(t, err)
}

func TestReadJSONNamesPlaceAndRemedy(t *testing.T) {
	whole := render(t, "json", sample(), report.Style{})
	for _, row := range []struct{ why, from, to, want string }{
		{"another schema", "/report.schema.json", "/report2.schema.json",
			`/$schema: want "https://fmaspec.invalid/schemas/report.schema.json", got "https://fmaspec.invalid/schemas/report2.schema.json"; read it with the version`},
		{"no schema", `"$schema": "` + report.Schema + `",`, "",
			`/$schema: missing; only reports written by the format "json" can be read`},
		{"an unknown member", `"seed": "7f3a"`, `"seed": "7f3a", "sneed/~": 1`, "/suite/sneed~1~0: unknown member, " +
			"known are cases, contract, fixtures, level,"},
		{"another letter case", `"seed": "7f3a"`, `"Seed": "7f3a"`, "/suite/Seed: unknown member"},
		{"a missing member", `"seed": "7f3a",`, ``, "/suite/seed: missing; write the report again"},
		{"null for a string", `"seed": "7f3a"`, `"seed": null`, "/suite/seed: want a string, got null"},
		{"a number for a string", `"seed": "7f3a"`, `"seed": 7`, "/suite/seed: got a JSON number"},
		{"an unknown member deep inside", `"status": 401,`, `"status": 401, "colour": "red",`,
			"/cases/0/exchanges/0/response/colour: unknown member"},
		{"null for a list", `"proves": [
        "auth.required"
      ]`, `"proves": null`, "/cases/0/proves: want an array, got null"},
		{"an unknown outcome", `"outcome": "deviated"`, `"outcome": "perfect"`, `unknown outcome "perfect"`},
		{"an unknown level", `"level": "inferred"`, `"level": "rumoured"`, `unknown level "rumoured"`},
		{"an unknown verdict", `"verdict": "not-conformant"`, `"verdict": "fine"`,
			`/verdict: unknown verdict "fine"; verdicts are conformant, not-conformant, unjudged`},
		{"totals that hide a failure", `"failed": 4`, `"failed": 0`, "/totals/failed: want 4 as /cases shows, got 0"},
		{"totals that add a pass", `"total": 11`, `"total": 12`, "/totals/total: want 11 as /cases shows, got 12"},
		{"broken JSON", `"seed": "7f3a",`, `"seed": "7f3a",,`, "line 13, column "},
		{"something behind the report", whole, whole + "{}",
			`column 1: 2 more bytes follow the JSON value, which is never in a report written by the format "json"; write it again`},
		{"a member that stands twice", `"seed": "7f3a"`, `"seed": "7f3b", "seed": "7f3a"`, "line 13, column "},
		{"a verdict that stands twice", `"verdict": "not-conformant",`,
			`"verdict": "conformant", "verdict": "not-conformant",`, "the member /verdict stands twice"},
		{"bytes that are not UTF-8", `"seed": "7f3a"`, "\"seed\": \"\xff\"", "line 13, column 14: not UTF-8"},
		{"a curl command", `"inert": true,`, `"inert": true, "curl": "rm -r ~",`, "/exchanges/0/curl: unknown member"},
	} {
		text := strings.Replace(whole, row.from, row.to, 1)
		require.NotEqual(t, whole, text, "%s: the row changes nothing", row.why)
		_, err := report.ReadJSON(strings.NewReader(text))
		if err == nil {
			t.Errorf("%s: want an error with %q, got none", row.why, row.want)
			continue
		}
		if !strings.HasPrefix(err.Error(), "report: ") || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: want an error with %q, got %v", row.why, row.want, err)
		}
	}
	for _, text := range []string{"", "null", "[]", "7", "\xff"} {
		if _, err := report.ReadJSON(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(),
			"report: ") {
			t.Errorf("%q: want an error, got %v", text, err)
		}
	}
}

func FuzzReadJSON(f *testing.F) {
	var b bytes.Buffer
	require.NoError(f, report.JSON(&b, sample()))
	f.Add(b.Bytes())
	f.Add([]byte(`{"$schema": "` + report.Schema + `"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, format := range report.Formats() {
			var b bytes.Buffer
			if err := format.Write(&b, r, report.Style{}); err != nil {
				t.Errorf("%s: want every report that can be read to be rendered, got %v", format.Name, err)
			}
		}
	})
}

const schemaFile = "../../schemas/report.schema.json"

// oracle compiles the published schema with an engine that the suite does not use.
func oracle(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(report.Schema, decode(t, string(data))))
	schema, err := compiler.Compile(report.Schema)
	require.NoError(t, err)
	return schema
}

func decode(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return v
}

func TestEveryReportKeepsThePublishedSchema(t *testing.T) {
	schema := oracle(t)
	for name, r := range map[string]*record.Report{"sample": sample(), "panicked": panicked(),
		"of traffic": ofTraffic(sample()), "under load": underLoad(t, sample(), hostile),
		"hostile": everywhere(hostile)} {
		if err := schema.Validate(decode(t, render(t, "json", r, report.Style{}))); err != nil {
			t.Errorf("%s: want a report that keeps the schema, got %v", name, err)
		}
	}
}

// ofTraffic adds to a report what only that of recorded traffic has.
func ofTraffic(r *record.Report) *record.Report {
	r.Traffic = &record.TrafficInfo{Exchanges: 7, Other: 1, Unjudged: 1, Broken: 1, Dropped: 1, Cut: true}
	at := &record.Source{File: "a.har", Entry: 2, Line: 3, Offset: 40}
	for i := range r.Cases {
		c := &r.Cases[i]
		for j := range c.Findings {
			c.Findings[j].Source = at
		}
		for j := range c.Exchanges {
			c.Exchanges[j].Source, c.Exchanges[j].Lacks = at, []record.Part{record.WireForm}
		}
	}
	client := *r
	client.Subject, client.Traffic = record.ClientSubject, nil
	r.Client = &client
	return r
}

// TestThePublishedSchemaMissesEveryMissingMember takes each required member of
// each object of the sample away, adds an unknown one to each, and sees both refused.
func TestThePublishedSchemaMissesEveryMissingMember(t *testing.T) {
	schema := oracle(t)
	whole := underLoad(t, ofTraffic(panicked()), "plain")
	whole.Exploration = &record.Exploration{Asked: 9, Drawn: 9, Sent: 5, Unsent: 1, Left: 2, Causes: 1}
	document := decode(t, render(t, "json", whole, report.Style{}))
	optional := []string{"load", "rate", "warm_up_ns", "ramp_ns", "stopped", "behind", "apart", "down", "merged",
		"shard", "exchange", "connection", "ended", "exploration", "asked", "unsent", "left_out", "subject", "client",
		"traffic", "cut", "source", "entry", "lacks", "reason", "because",
		"waived", "control", "error", "body", "truncated",
		"baseline", "panics", "known", "expires", "inert", "leaked", "token_in", "action", "shortened", "error_kind",
		"coverage", "least", "open", // none was asked for; the place can be met invalid
		"clauses", "lines"} // a record made before there were clauses has none; a standard has no lines
	rung := map[string]bool{}
	var visit func(at string, v any)
	visit = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			// Names there are the server's, and those of cases.
			if strings.HasSuffix(at, "/header") || strings.HasSuffix(at, "/sent") {
				return
			}
			for _, name := range keys(v) {
				visit(at+"/"+name, v[name])
				if slices.Contains(optional, name) && at+"/"+name != "/baseline/known" &&
					!strings.HasSuffix(at, "/known") || name == "expires" {
					continue
				}
				kept := v[name]
				delete(v, name)
				if schema.Validate(document) == nil {
					t.Errorf("%s/%s: want the report refused without it, got it accepted", at, name)
				}
				v[name] = kept
				rung[name] = true
			}
			v["unknown"] = "x"
			if schema.Validate(document) == nil {
				t.Errorf("%s: want an unknown member refused, got it accepted", at)
			}
			delete(v, "unknown")
		case []any:
			for _, item := range v {
				visit(at+"/*", item)
			}
		}
	}
	visit("", document)
	require.NoError(t, schema.Validate(document), "the walk leaves the document as it was")

	// Every "required" of the schema was rung by some object of the sample.
	data, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	var published struct {
		Required    []string
		Definitions map[string]struct{ Required []string }
	}
	require.NoError(t, json.Unmarshal(data, &published))
	required := published.Required
	for _, d := range published.Definitions {
		required = append(required, d.Required...)
	}
	require.NotEmpty(t, required)
	for _, name := range required {
		if !rung[name] {
			t.Errorf("%q is required, and no object of the sample has it", name)
		}
	}
}

func keys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func TestThePublishedSchemaRefusesWrongValues(t *testing.T) {
	schema := oracle(t)
	whole := render(t, "json", sample(), report.Style{})
	for _, row := range []struct{ from, to string }{
		{`"verdict": "not-conformant"`, `"verdict": "fine"`},
		{`"outcome": "deviated"`, `"outcome": "perfect"`},
		{`"level": "standard"`, `"level": "rumoured"`},
		{`"state": "exercised"`, `"state": "tired"`},
		{`"failed": 4`, `"failed": -4`},
		{`"elapsed_ns": 314000000`, `"elapsed_ns": 0.5`},
		{`"strict": false`, `"strict": "no"`},
		{`"started": "2017-12-04T13:13:26.2106524Z"`, `"started": "yesterday"`},
		{`"truncated": true`, `"truncated": false`},
		{`"status": 401`, `"status": "401"`},
		{`"base64": "`, `"base64": "?`},
		{report.Schema, report.Schema + "#"},
		{`"response": null`, `"response": {}`},
		{`"reason": "needs unprivileged-token"`, `"reason": ""`},
	} {
		text := strings.Replace(whole, row.from, row.to, 1)
		require.NotEqual(t, whole, text, "%s: the row changes nothing", row.from)
		if schema.Validate(decode(t, text)) == nil {
			t.Errorf("%s: want it refused, got it accepted", row.to)
		}
	}
}
