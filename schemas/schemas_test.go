package schemas_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

// reports are the schemas of what is no body: the suite's own output, and what the
// schemas say in extensions. Nobody owes them, so they enforce no requirement.
var reports = []string{"exchange", "report", "relations", "settings"}

func read(t *testing.T, name string) map[string]any {
	t.Helper()
	data, err := fs.ReadFile(schemas.FS(), name+".schema.json")
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(data, &doc))
	return doc
}

func TestNamesListsEverySchema(t *testing.T) {
	files, err := fs.Glob(os.DirFS("."), "*.schema.json")
	require.NoError(t, err)
	var want []string
	for _, file := range files {
		want = append(want, strings.TrimSuffix(file, ".schema.json"))
	}
	require.Equal(t, want, schemas.Names())
	for _, name := range want {
		require.True(t, slices.Contains(judged, name) || slices.Contains(reports, name),
			"%s has no table of instances; add testdata/%s.json and its row", name, name)
	}
}

// The schemas of bodies are parts of an OpenAPI 3.1 document too, whose tools
// need not support $schema and $id; each has to be valid, by either dialect.
func TestEverySchemaIsDraft07UnderAnUnownedID(t *testing.T) {
	for _, name := range schemas.Names() {
		doc := read(t, name)
		if slices.Contains(reports, name) {
			require.Equal(t, "http://json-schema.org/draft-07/schema#", doc["$schema"], name)
			require.Equal(t, "https://fmaspec.invalid/schemas/"+name+".schema.json", doc["$id"], name)
		} else {
			require.NotContains(t, doc, "$schema", name)
			require.NotContains(t, doc, "$id", name)
		}
		for _, dialect := range dialects {
			oracle(t, name, dialect, true) // checks it against the metaschema
		}
		_, err := schemas.Compile(name)
		require.NoError(t, err)
	}
}

// constraining are the keywords of draft-07 that can fail an instance.
var constraining = []string{
	"type", "enum", "const", "required", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
	"exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "contains", "additionalItems",
	"minProperties",
	"maxProperties", "patternProperties", "additionalProperties", "propertyNames", "dependencies", "anyOf", "oneOf",
	"not", "if", "then", "else",
}

// saidByEnum reports whether the values of enum already say that the type is string.
func saidByEnum(schema map[string]any) bool {
	values, _ := schema["enum"].([]any)
	return schema["type"] == "string" && len(values) > 0 &&
		!slices.ContainsFunc(values, func(v any) bool { _, ok := v.(string); return !ok })
}

// complaints returns what is wrong with the annotations at and below a schema.
func complaints(at string, schema map[string]any) []string {
	var found []string
	annotated := map[string]bool{}
	entries, _ := schema["x-rules"].([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		keyword, _ := entry["keyword"].(string)
		annotated[keyword] = true
		if _, ok := schema[keyword]; !ok {
			found = append(found, fmt.Sprintf("%s: %q is annotated but not there", at, keyword))
		}
		for _, key := range []string{"requirement", "level", "section"} {
			if text, _ := entry[key].(string); text == "" {
				found = append(found, fmt.Sprintf("%s: %q is annotated without %s", at, keyword, key))
			}
		}
	}
	for _, keyword := range constraining {
		if keyword == "type" && saidByEnum(schema) {
			continue // it is there for generators of code
		}
		if _, ok := schema[keyword]; ok && !annotated[keyword] {
			found = append(found, fmt.Sprintf("%s: %q is not annotated", at, keyword))
		}
	}
	if _, ok := schema["$ref"]; ok && len(schema) > 1 {
		found = append(found, at+": draft-07 ignores the members next to $ref")
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		found = append(found, complaints(at+"/"+name, properties[name].(map[string]any))...)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		found = append(found, complaints(at+"/*", items)...)
	}
	all, _ := schema["allOf"].([]any)
	for _, part := range all {
		found = append(found, complaints(at, part.(map[string]any))...)
	}
	return found
}

func TestEveryConstrainingKeywordIsAnnotated(t *testing.T) {
	for _, name := range judged {
		require.Empty(t, complaints(name, read(t, name)))
	}
}

func TestTheAnnotationCheckRings(t *testing.T) {
	var bad map[string]any
	require.NoError(t, json.Unmarshal([]byte(`{
		"type": "object", "required": ["a"],
		"x-rules": [{"keyword": "type", "requirement": "x", "level": "documented", "section": "y"}, {"keyword": "pattern", "requirement": "x"}],
		"properties": {"a": {"minLength": 1, "allOf": [{"$ref": "b", "format": "uuid"}]}},
		"items": {"enum": [1]}}`), &bad))
	require.Equal(t, []string{
		`x: "pattern" is annotated but not there`,
		`x: "pattern" is annotated without level`,
		`x: "pattern" is annotated without section`,
		`x: "required" is not annotated`,
		`x/a: "minLength" is not annotated`,
		`x/a: draft-07 ignores the members next to $ref`,
		`x/*: "enum" is not annotated`,
	}, complaints("x", bad))
}

func TestWhatIsInferredIsNoConstraint(t *testing.T) {
	for _, name := range judged {
		rules, err := schemas.Rules(name)
		require.NoError(t, err)
		require.Empty(t, inferredConstraints(read(t, name), rules), name)
	}
}

// inferredConstraints returns the inferred keywords of a schema that every JSON
// Schema engine judges by, although the schema is not inferred as a whole.
func inferredConstraints(schema map[string]any, rules []schemas.Rule) (found []string) {
	if schema["x-level"] == "inferred" {
		return nil
	}
	for _, r := range rules {
		if r.Level == "inferred" && !r.Beside {
			found = append(found, r.Pointer+" "+r.Keyword)
		}
	}
	return found
}

func TestTheCheckForInferredConstraintsRings(t *testing.T) {
	rules := []schemas.Rule{{Pointer: "/a", Keyword: "type", Level: "documented"}, {Pointer: "/b", Keyword: "pattern",
		Level: "inferred"}, {Pointer: "/c", Keyword: "pattern", Level: "inferred", Beside: true}}
	require.Equal(t, []string{"/b pattern"}, inferredConstraints(map[string]any{}, rules))
	require.Empty(t, inferredConstraints(map[string]any{"x-level": "inferred"}, rules),
		"all of the schema is inferred, and says so")
}

// What other engines make of a request or an answer that breaks an inference
// alone: nothing.
func TestOtherEnginesTakeWhatBreaksAnInferenceAlone(t *testing.T) {
	for name, doc := range map[string]string{
		"action-request": `{"Comment": " ", "Sha1": "x"}`,
		"file-instance":  `{"filePath": "", "status": ""}`,
	} {
		ours, oracle, kin := load(t, name).verdicts(t, []byte(doc))
		require.Len(t, ours, 2, name)
		require.Equal(t, ours, oracle, name)
		require.Empty(t, kin, name)
	}
}

func TestRulesNameTheRequirements(t *testing.T) {
	rules, err := schemas.Rules("file-machine-action-request-sample")
	require.NoError(t, err)
	byPlace := map[string]schemas.Rule{}
	for _, r := range rules {
		byPlace[r.Pointer+" "+r.Keyword] = r
	}
	for _, want := range []struct{ place, requirement, schema string }{
		{" type", "response.json", "file-machine-action"},
		{"/status required", "action.members", "file-machine-action"},
		{"/@odata.context pattern", "action.context", "file-machine-action"},
		{"/type type", "action.types", "file-machine-action"},
		{"/type enum", "action.type", "file-machine-action-request-sample"},
		{"/creationDateTimeUtc pattern", "time.format", "instant"},
		{"/lastUpdateDateTimeUtc type", "action.types", "instant"},
		{"/fileInstances type", "action.types", "file-machine-action"},
		{"/fileInstances/* type", "action.types", "file-instance"},
		{"/fileInstances/*/status required", "action.instances", "file-instance"},
		{"/fileInstances/*/filePath type", "action.instances", "file-instance"},
		{"/fileInstances/*/filePath minLength", "action.instances-filled", "file-instance"},
	} {
		require.Equal(t, want.requirement, byPlace[want.place].Requirement, want.place)
		require.Equal(t, want.schema, byPlace[want.place].Schema, want.place)
	}
	required := 0
	for _, r := range rules {
		if r.Requirement == "action.members" {
			required++
		}
	}
	require.Equal(t, 12, required, "the documents show twelve members")
}

func TestValidateSaysWhatWhereWantAndGot(t *testing.T) {
	const typ, members, instances = "action.types", "action.members", "action.instances"
	base := table(t, "file-machine-action-request-sample")[0].Base
	for _, row := range []struct {
		why, schema string
		test        instance
		want        []schemas.Violation
	}{
		{"nothing to say", "file-machine-action-request-sample", instance{}, nil},
		{"an at sign and a dot in the name", "file-machine-action-request-sample",
			instance{Drop: []string{"/@odata.context"}},
			[]schemas.Violation{{"/@odata.context", "required", members, `the member "@odata.context"`,
				"no such member"}}},
		{"no regular expression in the words", "file-machine-action-request-sample",
			instance{Set: map[string]any{"/@odata.context": "x"}},
			[]schemas.Violation{{"/@odata.context", "pattern", "action.context",
				"a string that ends in /testwdatppreview/$metadata#FileMachineActions/$entity", `"x"`}}},
		{"a wrong type is reported once, not as a wrong value too", "file-machine-action-request-sample",
			instance{Set: map[string]any{"/type": 7}},
			[]schemas.Violation{{"/type", "type", typ, "a string", "7"}}},
		{"one value is allowed", "file-machine-action-request-sample", instance{Set: map[string]any{"/type": "<&>"}},
			[]schemas.Violation{{"/type", "enum", "action.type", `"RequestSample"`, `"<&>"`}}},
		{"an item's place has its number", "file-machine-action-request-sample",
			instance{Set: map[string]any{"/fileInstances": []any{map[string]any{"filePath": "a", "status": ""}, nil,
				map[string]any{"status": "b"}}}},
			[]schemas.Violation{
				{"/fileInstances/0/status", "minLength", "action.instances-filled", "a string that is not empty", `""`},
				{"/fileInstances/1", "type", typ, "an object", "null"},
				{"/fileInstances/2/filePath", "required", instances, `the member "filePath"`, "no such member"},
			}},
		{"what was got is cut", "file-machine-action-request-sample",
			instance{Set: map[string]any{"/id": []any{strings.Repeat("é", 100)}}},
			[]schemas.Violation{{"/id", "type", typ, "a string", `["` + strings.Repeat("é", 58) + "…"}}},
		{"the form of a time", "file-machine-action-request-sample",
			instance{Set: map[string]any{"/creationDateTimeUtc": "2017-12-04"}},
			[]schemas.Violation{{"/creationDateTimeUtc", "pattern", "time.format", "an RFC 3339 date-time with an " +
				"offset of zero", `"2017-12-04"`}}},
		{"the root", "file-machine-action-request-sample", instance{Set: map[string]any{"": []any{}}},
			[]schemas.Violation{{"", "type", "response.json", "an object", "[]"}}},
		{"each required member has its own requirement", "action-request",
			instance{Set: map[string]any{"": map[string]any{}}},
			[]schemas.Violation{
				{"/Comment", "required", "request.comment-required", `the member "Comment"`, "no such member"},
				{"/Sha1", "required", "request.sha1-required", `the member "Sha1"`, "no such member"},
			}},
		{"inferred patterns of a request", "action-request",
			instance{Set: map[string]any{"": map[string]any{"Comment": " ", "Sha1": "x"}}},
			[]schemas.Violation{
				{"/Comment", "pattern", "request.comment-blank", "a string that is not blank", `" "`},
				{"/Sha1", "pattern", "request.sha1-format", "40 hexadecimal digits", `"x"`},
			}},
		{"an error body", "error",
			instance{Set: map[string]any{"": map[string]any{"error": map[string]any{"code": 400}}}},
			[]schemas.Violation{
				{"/error/code", "type", "error.form", "a string", "400"},
				{"/error/message", "required", "error.form", `the member "message"`, "no such member"},
			}},
	} {
		schema, err := schemas.Compile(row.schema)
		require.NoError(t, err)
		got, err := schema.Validate(row.test.document(t, base))
		require.NoError(t, err)
		require.Equal(t, row.want, got, row.why)
	}
}

func TestValidateIsCappedAndTheSameEveryTime(t *testing.T) {
	schema, err := schemas.Compile("file-machine-action")
	require.NoError(t, err)
	doc := []byte(`{"fileInstances": [` + strings.Repeat(`{"filePath": 7}, `, 999) + `{}]}`)
	first, err := schema.Validate(doc)
	require.NoError(t, err)
	require.Len(t, first, 50)
	require.True(t, slices.IsSortedFunc(first, func(a, b schemas.Violation) int {
		return strings.Compare(a.Pointer+"\x00"+a.Keyword, b.Pointer+"\x00"+b.Keyword)
	}))
	for range 5 {
		again, err := schema.Validate(doc)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func TestValidateSaysWhereItCannotJudge(t *testing.T) {
	schema, err := schemas.Compile("report") // which has numeric keywords
	require.NoError(t, err)
	for _, row := range []struct{ doc, want, why string }{
		{"", "not JSON", "nothing"},
		{"{", "not JSON", "half an object"},
		{"{} {}", "something follows the value, which ends at byte 2", "the engine alone would stop after the first"},
		{"{}]", "not JSON", "a stray bracket"},
		{"\ufeff{}", "not JSON", "a byte order mark"},
		{`{"a": [{},]}`, "not JSON", "the comma of the first document's example"},
		{`{"x": 1e1000001}`, "keep its exponent within 400", "engines panic on it under a numeric keyword"},
		{`{"x": [-1E-401]}`, "keep its exponent within 400", "a small one stalls them as well"},
		{`{"x": 1e99999999999999999999}`, "keep its exponent within 400", "an exponent that no int holds"},
		{`{"x": ` + strings.Repeat("1", 65) + `}`, "a number of 65 characters cannot be judged",
			"a million digits take seconds"},
	} {
		got, err := schema.Validate([]byte(row.doc))
		require.Nil(t, got, row.why)
		require.ErrorContains(t, err, "schema report: ", row.why)
		require.ErrorContains(t, err, row.want, row.why)
	}
	for _, doc := range []string{`{"x": 1e400}`, `{"x": ` + strings.Repeat("1", 64) + `}`, " \n{} \r\n"} {
		_, err := schema.Validate([]byte(doc))
		require.NoError(t, err, doc)
	}
}

func TestHugeNumbersAreJudgedWhereNoKeywordLooksAtTheirValue(t *testing.T) {
	schema, err := schemas.Compile("file-machine-action-request-sample")
	require.NoError(t, err)
	base := table(t, "file-machine-action-request-sample")[0].Base
	for _, number := range []string{"4E31322574", "-1e-99999999999999999999", strings.Repeat("9", 100_000)} {
		doc := instance{Set: map[string]any{
			"/id": json.Number(number), "/further": []any{json.Number(number)},
			"/fileInstances": []any{map[string]any{"filePath": json.Number(number), "status": "x"}},
		}}.document(t, base)
		got, err := schema.Validate(doc)
		require.NoError(t, err, "%.20s", number)
		shown := number
		if len(number) > 60 {
			shown = number[:60] + "…"
		}
		require.Equal(t, []schemas.Violation{
			{"/fileInstances/0/filePath", "type", "action.instances", "a string", shown},
			{"/id", "type", "action.types", "a string", shown},
		}, got)
	}
}

func TestValidateServesManyAtOnce(t *testing.T) {
	schema, err := schemas.Compile("file-machine-action-request-sample")
	require.NoError(t, err)
	good := instance{}.document(t, table(t, "file-machine-action-request-sample")[0].Base)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if v, err := schema.Validate(good); v != nil || err != nil {
					t.Errorf("want no violation, got %v, %v", v, err)
				}
				if v, err := schema.Validate([]byte(`{}`)); len(v) != 12 || err != nil {
					t.Errorf("want 12 violations, got %v, %v", v, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestCompileAndRulesNameTheSchemasThereAre(t *testing.T) {
	_, err := schemas.Compile("file-machine-actoin")
	require.ErrorContains(t, err, `schema "file-machine-actoin": no such schema; schemas are action-request, error,`)
	_, again := schemas.Rules("file-machine-actoin")
	require.Equal(t, err, again)
}

// The pattern spells white space out, because \s means less in RE2 than in
// ECMA-262. It is what Unicode calls White_Space, as in unicode.IsSpace.
func TestBlankCommentsAreThoseOfWhiteSpace(t *testing.T) {
	properties := read(t, "action-request")["properties"].(map[string]any)
	inferred := properties["Comment"].(map[string]any)["x-inferred"].([]any)
	visible := regexp.MustCompile(inferred[0].(map[string]any)["pattern"].(string))
	var every, blank strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue // surrogates are no characters
		}
		every.WriteRune(r)
		if unicode.IsSpace(r) {
			blank.WriteRune(r)
		}
	}
	require.Equal(t, blank.String(), visible.ReplaceAllString(every.String(), ""))
}

func BenchmarkValidate(b *testing.B) {
	schema, err := schemas.Compile("file-machine-action-stop-and-quarantine-file")
	require.NoError(b, err)
	data, err := os.ReadFile("testdata/file-machine-action-stop-and-quarantine-file.json")
	require.NoError(b, err)
	var groups []struct{ Base json.RawMessage }
	require.NoError(b, json.Unmarshal(data, &groups))
	body := groups[0].Base
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("unmarshal", func() error {
		var v any
		return json.Unmarshal(body, &v)
	})
	run("strict parse", func() error {
		if !jsontext.Value(body).IsValid() {
			return errors.New("want a JSON text")
		}
		return nil
	})
	run("accept", func() error {
		if _, ok := schema.Accept(body); !ok {
			return errors.New("want it accepted")
		}
		return nil
	})
	run("validate", func() error {
		v, err := schema.Validate(body)
		if v != nil {
			return fmt.Errorf("want no violation, got %v", v)
		}
		return err
	})
}
