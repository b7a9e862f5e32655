package schemas_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

var mutants = flag.Int("mutants", 5_000, "texts of each schema that are made to mislead Schema.Accept")

// bodies are the schemas of what a client or a server sends.
var bodies = []string{"action-request", "error", "file-machine-action", "file-machine-action-request-sample",
	"file-machine-action-stop-and-quarantine-file"}

// likelyTexts are the texts of a schema from which mutants are made.
func likelyTexts(t *testing.T, name string) (out []string) {
	for _, g := range table(t, name) {
		text, err := json.Marshal(g.Base)
		require.NoError(t, err)
		out = append(out, string(text))
	}
	if name == "error" {
		out = append(out, `{"error":{"code":"Forbidden","message":"no \u00e4ccess\n","target":null}}`, `[1,"x"]`, `"x"`)
	}
	return out
}

// pieces are what a mutation puts into a text.
var pieces = []string{`"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, ` `, "\n", "\t", "\x00", "\x1f", "\x7f", "\x80", "\xff",
	"\xef\xbb\xbf", "\u00e4", "\u2028", "\U0001F600", "\xed\xa0\x80", `0`, `-`, `-0`, `01`, `1.`, `.5`, `1e5`, `1E400`,
	`1.50`, `12345678901234567890`, `true`, `false`, `null`, `nul`, `{}`, `[]`, `""`, `\u0041`, `\u00`, `\ud83d`,
	`\ud83d\ude00`, `\u0000`, `\/`, `\x`, `\n`, `"id":"x",`, `"error":{},`, `,"Sha1":"x"`, `"type":null,`, `[[[[`,
	`{"a":`, `]]]]`, `"a":1,"a":2,`, `"\u0061":1,"a":2,`, `RequestSample`, `StopAndQuarantineFile`, `Z`, `T`, `60`,
	strings.Repeat("[", 70) + strings.Repeat("]", 70), strings.Repeat("9", 40)}

// mutate returns a text with some changes.
func mutate(r *rand.Rand, text string) string {
	b := []byte(text)
	for range 1 + r.IntN(2) {
		at := r.IntN(len(b) + 1)
		end := min(len(b), at+r.IntN(6))
		if r.IntN(4) == 0 { // a whole token, or some
			if n := bytes.IndexAny(b[at:], `",:{}[]`); n >= 0 {
				at += n
				if n = bytes.IndexAny(b[min(at+1, len(b)):], `",:{}[]`); n >= 0 {
					end = min(at+1, len(b)) + n
				}
			}
			end = max(at, end)
		}
		var with []byte
		switch r.IntN(6) {
		case 0: // takes something away
		case 1: // repeats something
			with = append(bytes.Clone(b[at:end]), b[at:end]...)
		case 2: // another byte
			with = []byte{byte(r.IntN(256))}
		default:
			with = []byte(pieces[r.IntN(len(pieces))])
			if r.IntN(2) == 0 {
				end = at
			}
		}
		b = slices.Concat(b[:at], with, b[end:])
	}
	return string(b)
}

// Accept reads a text as strictly as any of four readers, or leaves it to them: it accepts
// nothing in which one of them finds a fault, and makes the same value of it.
func TestAcceptAcceptsNothingThatAnEngineRefuses(t *testing.T) {
	for _, name := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schema, err := schemas.Compile(name)
			require.NoError(t, err)
			var oracles []*jsonschema.Schema
			for _, dialect := range dialects {
				oracles = append(oracles, oracle(t, name, dialect, true))
			}
			texts := likelyTexts(t, name)
			random := rand.New(rand.NewPCG(7, uint64(len(name))))
			accepted, left := 0, 0
			for i := range *mutants {
				text := []byte(texts[i%len(texts)])
				if i >= len(texts) {
					text = []byte(mutate(random, texts[i%len(texts)]))
				}
				value, ok := schema.Accept(text)
				if !ok {
					if violations, err := schema.Validate(text); err == nil && violations == nil &&
						jsontext.Value(text).IsValid() {
						left++
						require.GreaterOrEqual(t, i, len(texts), "an unaltered text is left to the engine: %s", text)
					}
					continue
				}
				accepted++
				if why := refused(schema, oracles, text, value); why != "" {
					t.Fatalf("want %q refused, or left to the engine, got it accepted: %s", text, why)
				}
			}
			t.Logf("of %d mutants %d were accepted; %d valid ones were left to the engine", *mutants, accepted, left)
			require.Greater(t, accepted, *mutants/50, "too few mutants are valid, so that they show little")
			require.Less(t, left, *mutants/10, "Accept leaves too much to the engine")
		})
	}
}

// refused returns what one of four readers has against a text, or "".
func refused(schema *schemas.Schema, oracles []*jsonschema.Schema, text []byte, d schemas.Document) string {
	if !jsontext.Value(text).IsValid() {
		return "it is not strict JSON"
	}
	decoded, err := schemas.Decode(text)
	if err != nil {
		return err.Error()
	}
	if got, want := fmt.Sprintf("%#v", d.Value()), fmt.Sprintf("%#v", decoded); got != want {
		return "its value is " + got + ", and that of Decode " + want
	}
	if violations, err := schema.Validate(text); err != nil || violations != nil {
		return fmt.Sprint("gojsonschema: ", violations, err)
	}
	for _, o := range oracles {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return err.Error()
		}
		if err := o.Validate(value); err != nil {
			return "santhosh-tekuri/jsonschema: " + err.Error()
		}
	}
	return ""
}

// Each keyword that Accept knows refuses what breaks it, at its bound and within an allOf.
func TestAcceptKnowsItsKeywords(t *testing.T) {
	for _, row := range []struct {
		schema    string
		good, bad []string // bad ones are left to the engine
	}{
		{`{"type": "string"}`, []string{`"x"`, " \"x\"\n"}, []string{`1`, `null`, `[]`, `{}`, `true`, `"x`, `"x"y`, ``}},
		{`{"type": ["null", "boolean"]}`, []string{`null`, `true`, `false`}, []string{`"null"`, `0`, `tru`, `falsey`}},
		{`{"type": "number"}`, []string{`0`, `-1`, `1.50`}, []string{`01`, `1.`, `-`, `.5`, `1e3`, `"1"`}},
		{`{"enum": ["a", "b"]}`, []string{`"a"`, `"b"`, `"\u0061"`}, []string{`"c"`, `1`, `null`, `["a"]`, `{}`}},
		{`{"const": "a"}`, []string{`"a"`}, []string{`"b"`, `true`}},
		{`{"pattern": "^a+$"}`, []string{`"aa"`, `1`, `[]`}, []string{`"b"`, `""`}},
		{`{"minLength": 2, "maxLength": 3}`, []string{`"äö"`, `"abc"`, `7`}, []string{`"ä"`, `"abcd"`}},
		{`{"minItems": 1, "maxItems": 2, "items": {"type": "null"}}`, []string{`[null]`, `[null,null]`, `{}`},
			[]string{`[]`, `[null,null,null]`, `[1]`, `[null,]`, `[null`, `[null null]`}},
		{`{"required": ["a"], "properties": {"a": {"type": "null"}, "b": {"type": "string"}}}`,
			[]string{`{"a":null}`, `{"b":"", "a" : null , "c": [1]}`, `[]`},
			[]string{`{}`, `{"b":""}`, `{"a":1}`, `{"a":null,"b":1}`, `{"a":null,"a":null}`, `{"a":null,"\u0061":null}`,
				`{"a":null,}`, `{a:null}`, `{"a" null}`}},
		{`{"allOf": [{"type": "object", "required": ["a"]}, {"required": ["b"]}], "properties": {"a": {"maxLength": 1}}}`,
			[]string{`{"a":"x","b":0}`}, []string{`{"a":"x"}`, `{"b":0}`, `{"a":"xy","b":0}`, `1`}},
		{`{"allOf": [{"items": {"type": "string"}}, {"items": {"minLength": 2}, "maxItems": 9}, {"maxItems": 1}]}`,
			[]string{`["ab"]`, `[]`}, []string{`["a"]`, `[1]`, `["ab","ab"]`}},
		{`{"$ref": "#/definitions/x", "definitions": {"x": {"type": "null"}}}`, []string{`null`}, []string{`1`}},
		{`{"properties": {"a": true}}`, []string{`{"a":1}`, `1`}, []string{`{"a"}`}},
	} {
		s := compiled(t, row.schema)
		for _, text := range row.good {
			value, ok := s.Accept([]byte(text))
			require.True(t, ok, "%s: %s", row.schema, text)
			require.Empty(t, refused(s, nil, []byte(text), value))
		}
		for _, text := range row.bad {
			_, ok := s.Accept([]byte(text))
			require.False(t, ok, "%s: %s", row.schema, text)
		}
	}
}

// A schema with something that Accept does not know is left to the engine as a whole.
func TestAcceptLeavesUnknownKeywordsToTheEngine(t *testing.T) {
	for _, schema := range []string{`{"minimum": 1}`, `{"type": "integer"}`, `{"enum": [1]}`, `{"const": null}`,
		`{"anyOf": [{}]}`, `{"not": {"type": "string"}}`, `{"additionalProperties": false}`, `{"items": [{}]}`,
		`{"properties": {"a": {"uniqueItems": true}}}`, `{"allOf": [{"properties": {"a": false}}]}`,
		`{"properties": {"a": {"$ref": "#"}}}`, `{"$ref": "#/definitions/x", "maxLength": 1, "definitions": {"x": {}}}`,
		`{"minLength": 2147483648}`, `{"unheardOf": 1}`} {
		_, ok := compiled(t, schema).Accept([]byte(`{}`))
		require.False(t, ok, schema)
	}
}

// What Accept does not decide: texts that are deep, long, or hold what readers differ on.
func TestAcceptLeavesDoubtsToTheEngine(t *testing.T) {
	s := compiled(t, `{}`)
	for _, text := range []string{"\xef\xbb\xbf{}", "\"\xff\"", `"\ud83d\ude00"`, `"\ud83d"`, strings.Repeat("9", 33),
		strings.Repeat("[", 65) + strings.Repeat("]", 65), "[" + strings.Repeat("1,", 5_000) + "1]", "\"\x1f\"", `1E3`} {
		_, ok := s.Accept([]byte(text))
		require.False(t, ok, "%.40q", text)
	}
	for _, text := range []string{strings.Repeat("9", 32), strings.Repeat("[", 64) + strings.Repeat("]", 64),
		"[" + strings.Repeat("1,", 4_998) + "1]", `"` + "\u2028\x7f" + `"`, `"\"\\\/\b\f\n\r\t\u00e4"`} {
		value, ok := s.Accept([]byte(text))
		require.True(t, ok, "%.40q", text)
		require.Empty(t, refused(s, nil, []byte(text), value))
	}
}

// compiled compiles one schema.
func compiled(t *testing.T, text string) *schemas.Schema {
	t.Helper()
	files := fstest.MapFS{"x.schema.json": {Data: []byte(
		`{"$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://fmaspec.invalid/schemas/x.schema.json", ` +
			strings.TrimPrefix(text, "{"))}}
	if text == "{}" {
		files["x.schema.json"].Data = []byte(text)
	}
	s, err := schemas.Library{FS: files}.Compile("x")
	require.NoError(t, err)
	return s
}

func FuzzAccept(f *testing.F) {
	schema, err := schemas.Compile("file-machine-action")
	require.NoError(f, err)
	for _, p := range pieces {
		f.Add([]byte(p))
	}
	data, err := json.Marshal(map[string]any{"id": "x", "fileInstances": []any{map[string]any{"filePath": "x"}}})
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, text []byte) {
		if value, ok := schema.Accept(text); ok {
			if why := refused(schema, nil, text, value); why != "" {
				t.Fatalf("want %q left to the engine, got it accepted: %s", text, why)
			}
		}
	})
}

// Where a reference leads by an $id is for the engine to say.
func TestAcceptLeavesReferencesByAnIDToTheEngine(t *testing.T) {
	const b = `{"definitions":{"f":{"$id":"#foo","type":"string"}}}`
	for _, a := range []string{
		`{"type":"object","properties":{"a":{"$ref":"b.schema.json#foo"}}}`,
		`{"type":"object","properties":{"a":{"$id":"https://fmaspec.invalid/schemas/c","definitions":{"x":` +
			`{"type":"string"}},"$comment":"","allOf":[{"$ref":"#/definitions/x"}]}},"definitions":{"x":{"type":"number"}}}`,
		`{"type":"object","properties":{"a":{"$ref":"#/definitions/f/properties/p"}},"definitions":{"x":{},"f":{"$id":` +
			`"https://fmaspec.invalid/schemas/c","definitions":{"x":{"type":"string"}},"properties":{"p":` +
			`{"allOf":[{"$ref":"#/definitions/x"}]}}}}}`,
	} {
		files := fstest.MapFS{"a.schema.json": {Data: []byte(a)}, "b.schema.json": {Data: []byte(b)}}
		schema, err := schemas.Library{FS: files}.Compile("a")
		require.NoError(t, err)
		_, ok := schema.Accept([]byte(`{"a":1}`))
		require.False(t, ok, "%s", a)
	}
}
