package schemas_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"github.com/stretchr/testify/require"

	"fmaspec/openapi"
	"fmaspec/schemas"
)

// judged are the schemas that have a table of instances in testdata.
var judged = []string{
	"action-request", "error", "file-instance", "file-machine-action",
	"file-machine-action-request-sample", "file-machine-action-stop-and-quarantine-file", "instant",
}

// A group of testdata/NAME.json: instances made from one base, in the manner
// of the JSON-Schema-Test-Suite.
type group struct {
	Description string
	Base        any
	Types       map[string]string // pointer → type: there, every other type is bad, and so is nothing
	Tests       []instance
}

// An instance is Data, or else the base less the members Drop and with Set.
type instance struct {
	Description string
	Data        *any
	Drop        []string
	Set         map[string]any
	Valid       bool
	Pointer     string // of a bad one: the one place
	Keyword     string // and the one keyword that it breaks
}

// table reads the groups of a schema, the tests that Types stands for written out.
func table(t *testing.T, name string) []group {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name + ".json")
	require.NoError(t, err)
	var groups []group
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	require.NoError(t, dec.Decode(&groups), "testdata/%s.json", name)
	for i := range groups {
		g := &groups[i]
		for _, pointer := range slices.Sorted(maps.Keys(g.Types)) {
			for kind, value := range values {
				if kind != g.Types[pointer] {
					g.Tests = append(g.Tests, instance{Description: fmt.Sprintf("%s as %s", pointer, kind),
						Set: map[string]any{pointer: value}, Pointer: pointer, Keyword: "type"})
				}
			}
			last := pointer[strings.LastIndex(pointer, "/")+1:]
			if _, err := strconv.Atoi(last); pointer != "" && err != nil {
				g.Tests = append(g.Tests, instance{Description: pointer + " missing", Drop: []string{pointer},
					Pointer: pointer, Keyword: "required"})
			}
		}
	}
	return groups
}

// values has one value of each JSON type.
var values = map[string]any{
	"null": nil, "boolean": true, "number": json.Number("7"), "string": "7", "array": []any{},
	"object": map[string]any{},
}

// document writes the instance out.
func (i instance) document(t *testing.T, base any) []byte {
	t.Helper()
	doc := clone(t, base)
	if i.Data != nil {
		doc = *i.Data
	}
	for _, pointer := range i.Drop {
		parent, last := hold(t, doc, pointer)
		delete(parent.(map[string]any), last)
	}
	for pointer, value := range i.Set {
		if pointer == "" {
			doc = value
			continue
		}
		put(t, doc, pointer, value)
	}
	data, err := json.Marshal(doc)
	require.NoError(t, err)
	return data
}

func clone(t *testing.T, value any) any {
	t.Helper()
	data, err := json.Marshal(value)
	require.NoError(t, err)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var copied any
	require.NoError(t, dec.Decode(&copied))
	return copied
}

// hold returns what holds the place, and the last name of its pointer.
func hold(t require.TestingT, doc any, pointer string) (any, string) {
	path := strings.Split(pointer, "/")[1:]
	for _, name := range path[:len(path)-1] {
		switch node := doc.(type) {
		case map[string]any:
			doc = node[name]
		case []any:
			i, err := strconv.Atoi(name)
			require.NoError(t, err)
			doc = node[i]
		}
	}
	return doc, path[len(path)-1]
}

func put(t require.TestingT, doc any, pointer string, value any) {
	parent, last := hold(t, doc, pointer)
	switch parent := parent.(type) {
	case map[string]any:
		parent[last] = value
	case []any:
		i, err := strconv.Atoi(last)
		require.NoError(t, err)
		parent[i] = value
	default:
		require.Fail(t, "nothing to put into", pointer)
	}
}

// A breach is a violation without words, by which engines are compared.
type breach struct{ Pointer, Keyword string }

// engines judge by one schema in three ways. kin's answers are its built-in
// validator's, which is code of its own; by the rules of OpenAPI 3.1 it has to
// come to the same verdict.
//
// To the oracle, what stands in x-inferred is a constraint as it is to this
// package; to kin it is nothing, and so it is to plain, the oracle by the file as
// it stands.
type engines struct {
	ours   *schemas.Schema
	oracle []*jsonschema.Schema // by each dialect
	plain  []*jsonschema.Schema // likewise
	kin    *openapi3.Schema
	beside map[breach]bool // what stands in x-inferred, with "*" for items
}

func load(t testing.TB, name string) engines {
	t.Helper()
	ours, err := schemas.Compile(name)
	require.NoError(t, err)
	all := engines{ours: ours, kin: described(t, name), beside: map[breach]bool{}}
	for _, dialect := range dialects {
		all.oracle = append(all.oracle, oracle(t, name, dialect, true))
		all.plain = append(all.plain, oracle(t, name, dialect, false))
	}
	rules, err := schemas.Rules(name)
	require.NoError(t, err)
	for _, r := range rules {
		if r.Beside {
			all.beside[breach{r.Pointer, r.Keyword}] = true
		}
	}
	return all
}

// constraints are the breaches of what is a constraint to every engine.
func (e engines) constraints(found []breach) []breach {
	found = slices.DeleteFunc(slices.Clone(found), func(b breach) bool {
		return e.beside[breach{item.ReplaceAllString(b.Pointer, "/*$1"), b.Keyword}]
	})
	if len(found) == 0 {
		return nil
	}
	return found
}

var item = regexp.MustCompile(`/[0-9]+(/|$)`)

// dialects are those by which a schema without $schema is read: by this package,
// and where OpenAPI 3.1 refers to it.
var dialects = []*jsonschema.Draft{jsonschema.Draft7, jsonschema.Draft2020}

// oracle compiles a schema with santhosh-tekuri/jsonschema, which checks it
// against the metaschema of the dialect too; with what stands in x-inferred as
// constraints, or by the file as it stands. That it asserts date-time in draft-07 is
// not asked for: format constrains nothing here.
func oracle(t testing.TB, name string, dialect *jsonschema.Draft, inferred bool) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(dialect)
	compiler.RegisterFormat(&jsonschema.Format{Name: "date-time", Validate: func(any) error { return nil }})
	for _, n := range schemas.Names() {
		file, err := schemas.FS().Open(n + ".schema.json")
		require.NoError(t, err)
		doc, err := jsonschema.UnmarshalJSON(file)
		require.NoError(t, err)
		if inferred {
			constrain(doc)
		}
		require.NoError(t, compiler.AddResource("https://fmaspec.invalid/schemas/"+n+".schema.json", doc))
	}
	schema, err := compiler.Compile("https://fmaspec.invalid/schemas/" + name + ".schema.json")
	require.NoError(t, err)
	return schema
}

// constrain makes constraints of what stands in x-inferred.
func constrain(node any) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			constrain(child)
		}
	case map[string]any:
		for _, child := range node {
			constrain(child)
		}
		entries, _ := node["x-inferred"].([]any)
		for _, e := range entries {
			for keyword, value := range e.(map[string]any) {
				if !slices.Contains([]string{"requirement", "section", "want"}, keyword) {
					node[keyword] = value
				}
			}
		}
	}
}

// described returns the schema as kin-openapi reads it: from the embedded
// description where that refers to it, else from one that does nothing else.
func described(t testing.TB, name string) *openapi3.Schema {
	t.Helper()
	d, err := openapi.Load()
	require.NoError(t, err)
	if schema := referred(d.T, name); schema != nil {
		return formatless(schema)
	}
	const other = `{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"post": {"operationId": "x",
		"responses": {"201": {"description": "x", "content": {"application/json": {"schema": {"$ref": "../schemas/%s.schema.json"}}}}}}}}}`
	d, err = openapi.LoadFS(fstest.MapFS{"x.json": {Data: fmt.Appendf(nil, other, name)}}, "x.json", nil)
	require.NoError(t, err)
	schema := referred(d.T, name)
	require.NotNil(t, schema)
	return formatless(schema)
}

// formatless takes format out of a schema: kin-openapi asserts it, by the letters
// that Go writes.
func formatless(schema *openapi3.Schema) *openapi3.Schema {
	schema.Format = ""
	for _, part := range schema.AllOf {
		formatless(part.Value)
	}
	for _, member := range schema.Properties {
		formatless(member.Value)
	}
	if schema.Items != nil {
		formatless(schema.Items.Value)
	}
	return schema
}

// referred returns the schema of that file, to which a body refers, directly or by
// the name that components gives it.
func referred(doc *openapi3.T, name string) *openapi3.Schema {
	if doc.Components == nil {
		doc.Components = &openapi3.Components{}
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			contents := []openapi3.Content{}
			if op.RequestBody != nil {
				contents = append(contents, op.RequestBody.Value.Content)
			}
			for _, r := range op.Responses.Map() {
				contents = append(contents, r.Value.Content)
			}
			for _, c := range contents {
				m := c.Get("application/json")
				if m == nil {
					continue
				}
				for _, ref := range []*openapi3.SchemaRef{m.Schema, doc.Components.Schemas[path.Base(m.Schema.Ref)]} {
					if ref != nil && strings.HasSuffix(ref.Ref, "/"+name+".schema.json") {
						return ref.Value
					}
				}
			}
		}
	}
	return nil
}

// verdicts returns what each engine finds in the document, sorted, each once,
// and only the type where that is wrong.
func (e engines) verdicts(t require.TestingT, doc []byte) (ours, oracle, kin []breach) {
	violations, err := e.ours.Validate(doc)
	require.NoError(t, err, "%s", doc)
	for _, v := range violations {
		ours = append(ours, breach{v.Pointer, v.Keyword})
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	require.NoError(t, err)
	for i, dialect := range e.oracle {
		found := settle(oracleBreaches(t, dialect.Validate(value)))
		require.True(t, i == 0 || slices.Equal(oracle, found), "%s: by draft-07 %v, by 2020-12 %v", doc, oracle, found)
		oracle = found
		plain := settle(oracleBreaches(t, e.plain[i].Validate(value)))
		require.ElementsMatch(t, e.constraints(oracle), plain, "santhosh-tekuri/jsonschema by the file as it "+
			"stands: %s", doc)
	}
	kin = settle(kinBreaches(t, e.kin.VisitJSON(value, openapi3.MultiErrors())))
	strict := e.kin.VisitJSON(value, openapi3.MultiErrors(), openapi3.EnableJSONSchema2020())
	require.Equal(t, len(kin) == 0, strict == nil, "kin-openapi by OpenAPI 3.1 and by its own validator: %s: %v", doc,
		strict)
	return ours, oracle, kin
}

func settle(found []breach) []breach {
	slices.SortFunc(found, func(a, b breach) int {
		return strings.Compare(a.Pointer+"\x00"+a.Keyword, b.Pointer+"\x00"+b.Keyword)
	})
	found = slices.Compact(found)
	return slices.DeleteFunc(slices.Clone(found), func(b breach) bool {
		return b.Keyword != "type" && slices.Contains(found, breach{b.Pointer, "type"})
	})
}

func oracleBreaches(t require.TestingT, err error) []breach {
	if err == nil {
		return nil
	}
	var tree *jsonschema.ValidationError
	require.ErrorAs(t, err, &tree)
	var found []breach
	if len(tree.Causes) == 0 {
		at := pointer(tree.InstanceLocation...)
		if missing, ok := tree.ErrorKind.(*kind.Required); ok {
			for _, name := range missing.Missing {
				found = append(found, breach{at + pointer(name), "required"})
			}
			return found
		}
		keywords := tree.ErrorKind.KeywordPath()
		return []breach{{at, keywords[len(keywords)-1]}}
	}
	for _, cause := range tree.Causes {
		found = append(found, oracleBreaches(t, cause)...)
	}
	return found
}

// kinBreaches unwraps kin's errors: what an allOf says is in its origin, and
// null of the wrong type is "nullable".
func kinBreaches(t require.TestingT, err error) []breach {
	if err == nil {
		return nil
	}
	var found []breach
	if several, ok := err.(openapi3.MultiError); ok {
		for _, e := range several {
			found = append(found, kinBreaches(t, e)...)
		}
		return found
	}
	if one, ok := err.(*openapi3.SchemaError); ok {
		at := pointer(one.JSONPointer()...)
		switch one.SchemaField {
		case "allOf":
			return kinBreaches(t, one.Origin)
		case "nullable":
			return []breach{{at, "type"}}
		}
		return []breach{{at, one.SchemaField}}
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			found = append(found, kinBreaches(t, e)...)
		}
		return found
	}
	inner := errors.Unwrap(err)
	require.NotNil(t, inner, "kin-openapi says %T: %v", err, err)
	if list := fmt.Sprintf("%T", inner); list == "openapi3.multiErrorForAllOf" {
		var several openapi3.MultiError
		require.ErrorAs(t, inner, &several)
		return kinBreaches(t, several)
	}
	return kinBreaches(t, inner)
}

func pointer(path ...string) string {
	var p strings.Builder
	for _, name := range path {
		p.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	return p.String()
}

func TestEnginesAgreeOnEveryTable(t *testing.T) {
	for _, name := range judged {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := load(t, name)
			titles := map[string]bool{}
			good, bad := 0, 0
			for _, g := range table(t, name) {
				for _, test := range g.Tests {
					title := g.Description + ": " + test.Description
					require.False(t, titles[title], "%s stands twice", title)
					titles[title] = true
					doc := test.document(t, g.Base)
					var want []breach
					if test.Valid {
						good++
					} else {
						bad++
						want = []breach{{test.Pointer, test.Keyword}}
					}
					ours, oracle, kin := all.verdicts(t, doc)
					require.Equal(t, want, ours, "%s: this package; %s", title, doc)
					require.Equal(t, want, oracle, "%s: santhosh-tekuri/jsonschema; %s", title, doc)
					require.Equal(t, all.constraints(want), kin, "%s: kin-openapi; %s", title, doc)
				}
			}
			require.Positive(t, good, "a table shows good instances")
			require.Positive(t, bad, "a table shows bad instances")
		})
	}
}

// The engines' comparison can fail: an engine that judges by another schema is
// distinguished.
func TestEnginesAgreementRings(t *testing.T) {
	one, other := load(t, "file-machine-action-request-sample"), load(t, "file-machine-action-stop-and-quarantine-file")
	mixed := engines{ours: one.ours, oracle: other.oracle, plain: other.plain, kin: one.kin, beside: one.beside}
	g := table(t, "file-machine-action-request-sample")[0]
	ours, oracle, kin := mixed.verdicts(t, instance{}.document(t, g.Base))
	require.Empty(t, ours)
	require.Empty(t, kin)
	require.Equal(t, []breach{{"/type", "enum"}}, oracle)
}

func TestEveryTableCoversEveryRule(t *testing.T) {
	for _, name := range judged {
		covered := map[breach]bool{}
		for _, g := range table(t, name) {
			for _, test := range g.Tests {
				covered[breach{test.Pointer, test.Keyword}] = !test.Valid || covered[breach{test.Pointer, test.Keyword}]
			}
		}
		rules, err := schemas.Rules(name)
		require.NoError(t, err)
		require.NotEmpty(t, rules)
		for _, r := range rules {
			at := strings.ReplaceAll(r.Pointer, "*", "0")
			again := strings.ReplaceAll(r.Pointer, "*", "1")
			require.True(t, covered[breach{at, r.Keyword}] || covered[breach{again, r.Keyword}],
				"testdata/%s.json: no bad instance breaks %s at %q; add one", name, r.Keyword, r.Pointer)
		}
	}
}
