package pactfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/openapi"
	"fmaspec/schemas"
)

// A group of schemas/testdata/NAME.json, and an instance of it; see package schemas.
type group struct {
	Description string
	Base        any
	Types       map[string]string
	Tests       []instance
}

type instance struct {
	Description string
	Data        *any
	Drop        []string
	Set         map[string]any
	Valid       bool
	Pointer     string
	Keyword     string
}

func decode(t testing.TB, data []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	require.NoError(t, d.Decode(into))
}

// instances writes a table out, as package schemas does. What breaks an inference
// alone is valid, as it is to every engine that does not know x-inferred.
func instances(t *testing.T, name string) (docs map[string]any, valid map[string]bool) {
	t.Helper()
	data, err := os.ReadFile("../../schemas/testdata/" + name + ".json")
	require.NoError(t, err)
	var groups []group
	decode(t, data, &groups)
	values := map[string]any{"null": nil, "boolean": true, "number": json.Number("7"), "string": "7", "array": []any{},
		"object": map[string]any{}}
	docs, valid = map[string]any{}, map[string]bool{}
	rules, err := schemas.Rules(name)
	require.NoError(t, err)
	inferred := map[string]bool{}
	for _, r := range rules {
		inferred[strings.ReplaceAll(r.Pointer, "*", "0")+" "+r.Keyword] = r.Beside
		inferred[strings.ReplaceAll(r.Pointer, "*", "1")+" "+r.Keyword] = r.Beside
	}
	for _, g := range groups {
		for pointer, of := range g.Types {
			for kind, value := range values {
				if kind != of {
					g.Tests = append(g.Tests, instance{Description: pointer + " as " + kind,
						Set: map[string]any{pointer: value}})
				}
			}
			last := pointer[strings.LastIndex(pointer, "/")+1:]
			if _, err := strconv.Atoi(last); pointer != "" && err != nil {
				g.Tests = append(g.Tests, instance{Description: pointer + " missing", Drop: []string{pointer}})
			}
		}
		for _, i := range g.Tests {
			var doc any
			text, err := json.Marshal(g.Base)
			require.NoError(t, err)
			decode(t, text, &doc)
			if i.Data != nil {
				doc = *i.Data
			}
			for _, pointer := range i.Drop {
				parent, last := hold(t, doc, pointer)
				delete(parent.(map[string]any), last)
			}
			for _, pointer := range slices.Sorted(maps.Keys(i.Set)) {
				if pointer == "" {
					doc = i.Set[pointer]
					continue
				}
				switch parent, last := hold(t, doc, pointer); parent := parent.(type) {
				case map[string]any:
					parent[last] = i.Set[pointer]
				case []any:
					n, err := strconv.Atoi(last)
					require.NoError(t, err)
					parent[n] = i.Set[pointer]
				}
			}
			title := g.Description + ": " + i.Description
			docs[title], valid[title] = doc, i.Valid || inferred[i.Pointer+" "+i.Keyword]
		}
	}
	return docs, valid
}

func hold(t *testing.T, doc any, pointer string) (any, string) {
	t.Helper()
	path := strings.Split(pointer, "/")[1:]
	for _, name := range path[:len(path)-1] {
		switch node := doc.(type) {
		case map[string]any:
			doc = node[name]
		case []any:
			n, err := strconv.Atoi(name)
			require.NoError(t, err)
			doc = node[n]
		}
	}
	return doc, path[len(path)-1]
}

// namedFile is the file that an interaction names.
func namedFile(t *testing.T, p *Pact, name string) (sha1 string) {
	t.Helper()
	for _, i := range p.Interactions {
		if i.Name == name {
			var body struct{ Sha1 string }
			decode(t, i.Request.Body, &body)
			sha1 = body.Sha1
		}
	}
	require.Len(t, sha1, 40)
	return sha1
}

// beyond are what a schema refuses and its matchers let pass, with the reason. It is
// empty: Pact has words for all that the schemas of answers say.
var beyond = map[string]string{}

func TestMatchersAgreeWithTheSchemasOnEveryTable(t *testing.T) {
	t.Parallel()
	doc, err := openapi.Load()
	require.NoError(t, err)
	passed := map[string]bool{}
	for _, op := range doc.Operations {
		for _, v := range []Version{V3, V4} {
			p, _ := built(t, v)
			m := matcherOf(t, p, op.ID+" accepts a plain request")
			docs, valid := instances(t, op.ResponseSchema)
			require.Greater(t, len(docs), 80)
			for title, instance := range docs {
				if object, ok := instance.(map[string]any); ok && valid[title] && object["sha1"] != nil {
					// the echo, which is beyond a schema
					object["sha1"] = namedFile(t, p, op.ID+" accepts a plain request")
				}
				found := m.match(actual{status: 201, fields: map[string]string{"Content-Type": "application/json"},
					body: instance})
				switch passes := len(found) == 0; {
				case valid[title] && !passes:
					t.Errorf("%s %v: %s: want what the schema allows to pass, got %+v", op.ID, v, title, found)
				case !valid[title] && passes:
					passed[title] = true
					if beyond[title] == "" {
						t.Errorf("%s %v: %s: the schema refuses it and the matchers let it pass; say in beyond why",
							op.ID, v, title)
					}
				}
			}
			require.Empty(t, m.odd, "the evaluator has a word for every matcher")
		}
	}
	for title, why := range beyond {
		if !passed[title] {
			t.Errorf("%s: nothing of that name passes (%s); take it out of beyond", title, why)
		}
	}
}

// The tables of the parts, each in its place in a whole answer. Those of requests
// and of errors are not here: a pact sends examples, and says nothing of a refusal's
// body.
func TestMatchersAgreeWithTheTablesOfTheParts(t *testing.T) {
	t.Parallel()
	p, _ := built(t, V4)
	i := matcherOf(t, p, "requestSample accepts a plain request").i
	base := func() map[string]any {
		var copied map[string]any
		text, err := json.Marshal(i.answer.value)
		require.NoError(t, err)
		decode(t, text, &copied)
		return copied
	}
	places := map[string]func(whole map[string]any, part any) any{
		"instant": func(whole map[string]any,
			part any) any {
			whole["lastUpdateDateTimeUtc"] = part
			return whole
		},
		"file-instance": func(whole map[string]any,
			part any) any {
			whole["fileInstances"] = []any{part}
			return whole
		},
		"file-machine-action": func(_ map[string]any, part any) any {
			object, ok := part.(map[string]any)
			if !ok {
				return part
			}
			for name, value := range map[string]string{"type": "RequestSample", "sha1": base()["sha1"].(string)} {
				if _, isText := object[name].(string); isText {
					object[name] = value
				}
			}
			return object
		},
	}
	for table, put := range places {
		docs, valid := instances(t, table)
		require.NotEmpty(t, docs)
		for title, part := range docs {
			found := newMatcher(i).match(actual{status: 201,
				fields: map[string]string{"Content-Type": "application/json"}, body: put(base(), part)})
			if passes := len(found) == 0; passes != valid[title] {
				t.Errorf("%s: %s: want %v, got %v: %+v", table, title, valid[title], passes, found)
			}
		}
	}
}

// A schema and matchers that disagree are seen, on both sides.
func TestTheAgreementRings(t *testing.T) {
	t.Parallel()
	p, _ := built(t, V4)
	m := matcherOf(t, p, "requestSample accepts a plain request")
	docs, valid := instances(t, "file-machine-action-stop-and-quarantine-file")
	stricter, weaker := 0, 0
	for title, instance := range docs {
		if object, ok := instance.(map[string]any); ok && object["sha1"] != nil {
			object["sha1"] = namedFile(t, p, "requestSample accepts a plain request")
		}
		found := m.match(actual{status: 201, fields: map[string]string{"Content-Type": "application/json"},
			body: instance})
		if valid[title] && len(found) > 0 {
			stricter++
		}
		if !valid[title] && len(found) == 0 {
			weaker++
		}
	}
	require.Positive(t, stricter, "the type of the other operation is refused")
	require.Positive(t, weaker, "this operation's own type is let pass")
}

// matcherOf reads an interaction of a pact back from its file.
func matcherOf(t testing.TB, p *Pact, name string) *matcher {
	t.Helper()
	_, text := built(t, p.Version)
	d, err := read("pact.json", text)
	require.NoError(t, err)
	for _, n := range d.interactions {
		if i := d.interaction(n); i.name == name {
			return newMatcher(i)
		}
	}
	t.Fatalf("no interaction %q", name)
	return nil
}

func TestASchemaThatPactHasNoWordsForIsAnError(t *testing.T) {
	t.Parallel()
	rows := []struct{ why, schema, want string }{
		{"a keyword of numbers", `{"properties": {"n": {"type": "number", "minimum": 3}}, "required": ["n"]}`,
			`schemas/x.schema.json: at $.n: Pact cannot express "minimum"; add the nearest rule that is not stricter to package pactfile`},
		{"several values", `{"properties": {"n": {"enum": ["a", "b"]}}, "required": ["n"]}`,
			"schemas/x.schema.json: at $.n: Pact cannot express several values; write them as a pattern"},
		{"a member that may be missing", `{"properties": {"n": {"type": "string"}}}`,
			`schemas/x.schema.json: at $: Pact cannot express an optional member; require "n" or leave it out`},
		{"one of two types", `{"properties": {"n": {"type": ["string", "null"]}}, "required": ["n"]}`,
			"Pact cannot express it"},
		{"a reference that leads nowhere", `{"allOf": [{"$ref": "y.schema.json"}]}`, "schemas/y.schema.json: open " +
			"y.schema.json: file does not exist; name an existing schema"},
		{"no JSON", `{`, "Pact cannot express it"},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			_, err := Rules(fstest.MapFS{"x.schema.json": {Data: []byte(r.schema)}}, "x")
			require.ErrorContains(t, err, r.want)
		})
	}
}

func TestPatternsAreWhole(t *testing.T) {
	t.Parallel()
	rows := []struct{ pattern, want string }{
		{`^a$`, `^a$`},
		{`a`, `^[\s\S]*a[\s\S]*$`},
		{`^a`, `^a[\s\S]*$`},
		{`/\$entity$`, `^[\s\S]*/\$entity$`},
		{`^cost \$`, `^cost \$[\s\S]*$`},
	}
	for _, r := range rows {
		if got := whole(r.pattern); got != r.want {
			t.Errorf("%s: want %s, got %s", r.pattern, r.want, got)
		}
	}
}

func TestAnOperationWithoutARecordedAnswerIsAnError(t *testing.T) {
	t.Parallel()
	op := load(t).Operations[0]
	_, err := newAnswer(schemas.FS(), fstest.MapFS{"traffic/a.json": {Data: []byte(`{"id": 7}`)},
		"traffic/b.raw.json": {Data: []byte(`{`)}}, op)
	require.EqualError(t, err, fmt.Sprintf("no answer in fixtures/traffic is valid against %s; add one",
		op.ResponseSchema))
	op.ResponseSchema = "nothing"
	_, err = newAnswer(schemas.FS(), fstest.MapFS{}, op)
	require.ErrorContains(t, err, "name an existing schema")
}
