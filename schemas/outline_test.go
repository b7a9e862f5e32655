package schemas

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// described returns the extensions at and below a node that relations.schema.json
// describes, each as the document that it judges.
func described(node any) (found []string) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			found = append(found, described(item)...)
		}
	case map[string]any:
		for name, value := range node {
			switch name {
			case relationsKey, namesKey, resourceKey, repetitionKey:
				text, _ := json.Marshal(map[string]any{name: value})
				found = append(found, string(text))
			default:
				found = append(found, described(value)...)
			}
		}
	}
	return found
}

func TestEveryExtensionIsAsTheSchemaOfRelationsSays(t *testing.T) {
	schema, err := Compile("relations")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, name := range Names() {
		if name == "relations" {
			continue
		}
		doc, err := newLibrary(files).file(name)
		require.NoError(t, err)
		for _, text := range described(doc) {
			seen[text[2:strings.Index(text, ":")-1]] = true
			got, err := schema.Validate([]byte(text))
			require.NoError(t, err, name)
			require.Empty(t, got, "%s: %s", name, text)
		}
		_, err = Library{}.Outline(name)
		require.NoError(t, err, name)
	}
	require.Equal(t, map[string]bool{relationsKey: true, namesKey: true, resourceKey: true, repetitionKey: true}, seen)
}

// A good entry of each relation, which the rows of the tests spoil.
const goodRelations = `[
	{"check": "a", "relation": "rules", "requirement": "r"},
	{"check": "b", "relation": "equals-request", "requirement": "r", "at": ["/a"], "member": "A", "ignoreCase": true},
	{"check": "c", "relation": "equals", "requirement": "r", "at": ["/a"], "other": "/b"},
	{"check": "d", "relation": "one-of", "requirement": "r", "at": ["/a", "/list/*/c"], "values": ["x"]},
	{"check": "e", "relation": "pattern", "requirement": "r", "at": ["/a"], "pattern": "^x$", "want": "an x"},
	{"check": "f", "relation": "instant", "requirement": "r", "at": ["/a"]},
	{"check": "g", "relation": "within", "requirement": "r", "at": ["/a"], "since": "2016-01-01T00:00:00Z", "ahead": "24h", "want": "now"},
	{"check": "h", "relation": "ordered", "requirement": "r", "at": ["/a", "/b"], "want": "not before a"},
	{"check": "i", "relation": "instant-form", "requirement": "r", "at": ["/a"], "pattern": "Z$", "want": "a Z"},
	{"check": "j", "relation": "fresh", "requirement": "r", "at": ["/a"]},
	{"check": "k", "relation": "same-for-machine", "requirement": "r", "at": ["/a"]},
	{"check": "l", "relation": "differs-by-machine", "requirement": "r", "at": ["/a"]},
	{"check": "m", "relation": "same-for-token", "requirement": "r", "at": ["/a"]},
	{"check": "n", "relation": "not-before-earlier", "requirement": "r", "at": ["/a"], "tolerance": "1s", "want": "no earlier one"},
	{"check": "o", "relation": "echoed-alike", "requirement": "r", "at": ["/a"], "member": "A"},
	{"check": "p", "relation": "near-date", "requirement": "r", "at": ["/a", "/b"], "tolerance": "10m", "want": "now"},
	{"check": "q", "relation": "distinct", "requirement": "r", "at": ["/list/*/c"], "ignoreCase": true},
	{"check": "s", "relation": "same-for-action", "requirement": "r", "at": ["/a"]},
	{"check": "t", "relation": "stays-for-action", "requirement": "r", "at": ["/a"], "values": ["x"]},
	{"check": "u", "relation": "later-for-action", "requirement": "r", "at": ["/a"], "tolerance": "5s"},
	{"check": "v", "relation": "none-of", "requirement": "r", "at": ["/a"], "values": ["x"], "want": "no x"}
]`

func withRelations(entries string) library {
	return shelf(
		map[string]string{"a": `{"properties": {"a": {}, "b": {}, "list": {"items": {"properties": {"c": {}}}}}, "x-relations": ` + entries + `}`})
}

func TestTheLoaderAndTheSchemaOfRelationsAgree(t *testing.T) {
	schema, err := Compile("relations")
	require.NoError(t, err)
	out, err := withRelations(goodRelations).outline("a")
	require.NoError(t, err)
	var kinds []string
	for _, r := range out.Relations {
		kinds = append(kinds, r.Kind)
	}
	require.ElementsMatch(t, RelationKinds(), kinds, "want a good entry of each relation")
	got, err := schema.Validate([]byte(`{"x-relations": ` + goodRelations + `}`))
	require.NoError(t, err)
	require.Empty(t, got)
	for _, row := range []struct{ why, old, new, want string }{
		{"an unknown relation", `"equals-request"`, `"equal-request"`,
			`x-relations/1: unknown relation "equal-request"; the relations are differs-by-machine, distinct, `},
		{"an unknown member", `"ignoreCase"`, `"ignorecase2"`,
			`x-relations/1: unknown field "ignorecase2"; relations.schema.json says what an entry may have`},
		{"no check", `"check": "a", `, ``, "x-relations/0: the relation rules has no check; give it one"},
		{"no requirement", `"requirement": "r"}`, `"says": "r"}`, "x-relations/0: the relation rules has no " +
			"requirement; give it one"},
		{"an empty requirement", `"requirement": "r"}`, `"requirement": ""}`, "x-relations/0: the relation rules has " +
			"an empty requirement; fill it in"},
		{"no member of the request", `"member": "A", `, ``, "x-relations/1: the relation equals-request has no " +
			"member; give it one"},
		{"no other member", `, "other": "/b"`, ``, "x-relations/2: the relation equals has no other; give it one"},
		{"no values", `, "values": ["x"]`, ``, "x-relations/3: the relation one-of has no values; give it one"},
		{"empty values", `["x"]`, `[]`, "x-relations/3: the relation one-of has an empty values; fill it in"},
		{"no pattern", `"pattern": "^x$", `, ``, "x-relations/4: the relation pattern has no pattern; give it one"},
		{"no words for a pattern", `, "want": "an x"`, ``, "x-relations/4: the relation pattern has no want; " +
			"give it one"},
		{"no place", `"relation": "instant", "requirement": "r", "at": ["/a"]`,
			`"relation": "instant", "requirement": "r"`, "x-relations/5: the relation instant has no at; give it one"},
		{"a window without a beginning", `"since": "2016-01-01T00:00:00Z", `, ``, "x-relations/6: the relation " +
			"within has no since; give it one"},
		{"a window that begins at no instant", `"2016-01-01T00:00:00Z"`, `"2016"`,
			`x-relations/6: since is "2016", which is no instant; write one such as 2016-01-01T00:00:00Z`},
		{"an order of one", `["/a", "/b"]`, `["/a"]`, "x-relations/7: an order is of two members at least; name them " +
			"under at, the earlier first"},
		{"two members of a relation of one", `"relation": "fresh", "requirement": "r", "at": ["/a"]`,
			`"relation": "fresh", "requirement": "r", "at": ["/a", "/b"]`, "x-relations/9: the relation fresh is of " +
				"one member, and at names 2; give each an entry with a check of its own"},
		{"no tolerance", `"tolerance": "1s", `, ``, "x-relations/13: the relation not-before-earlier has no " +
			"tolerance; give it one"},
	} {
		spoilt := strings.Replace(goodRelations, row.old, row.new, 1)
		require.NotEqual(t, goodRelations, spoilt, row.why)
		_, err := withRelations(spoilt).outline("a")
		require.Regexp(t, `^schemas/a\.schema\.json:[0-9]+: `, err.Error(), row.why)
		require.ErrorContains(t, err, row.want, row.why)
		got, err := schema.Validate([]byte(`{"x-relations": ` + spoilt + `}`))
		require.NoError(t, err)
		require.NotEmpty(t, got, row.why)
	}
}

func TestOutlineRefusesWhatNoSchemaSees(t *testing.T) {
	for _, row := range []struct{ why, old, new, want string }{
		{"a member that is not there", `"other": "/b"`, `"other": "/bb"`,
			`x-relations/2: there is no member at "/bb"; the members are /a, /b, /list, /list/*, /list/*/c`},
		{"an item that is not there", `/list/*/c`, `/list/c`, `x-relations/3: there is no member at "/list/c"`},
		{"a pattern that is none", `"^x$"`, `"("`, "x-relations/4: the pattern is invalid: "},
		{"a duration that is none", `"24h"`, `"1 day"`,
			`x-relations/6: ahead is "1 day", which is no duration; write one such as 24h`},
		{"a tolerance that is none", `"1s"`, `"-1s"`,
			`x-relations/13: tolerance is "-1s", which is no duration; write one such as 1s`},
	} {
		spoilt := strings.Replace(goodRelations, row.old, row.new, 1)
		require.NotEqual(t, goodRelations, spoilt, row.why)
		_, err := withRelations(spoilt).outline("a")
		require.Regexp(t, `^schemas/a\.schema\.json:[0-9]+: `, err.Error(), row.why)
		require.ErrorContains(t, err, row.want, row.why)
	}
	for _, row := range []struct{ why, doc, want string }{
		{"relations that are no list", `{"x-relations": {}}`, "x-relations: it is a list of objects"},
		{"relations inside", `{"properties": {"a": {"x-relations": []}}}`,
			`x-relations at "/a": it stands at the root of a schema`},
		{"a name of nothing", `{"properties": {"a": {"x-names": "fiel"}}}`,
			`x-names at "/a": fiel is nothing that a member can name; write "file"`},
		{"two names of one thing", `{"properties": {"a": {"x-names": "file"}, "b": {"x-names": "file"}}}`,
			"names the file too; leave it to one of them"},
		{"a resource without form", `{"x-resource": {"names": []}}`,
			`x-resource at "": unknown field "names"; it is an object with a name and signs`},
		{"a sign of nothing", `{"x-resource": {"name": "A", "signs": [{"at": "/a", "part": "x"}]}}`,
			`x-resource: there is no member at "/a"`},
		{"a repetition without form", `{"x-repetition": [7]}`, "it is an object with at and values"},
		{"a repetition of nothing", `{"x-repetition": {"at": "/a", "values": ["x"]}}`,
			`x-repetition: there is no member at "/a"`},
	} {
		_, err := shelf(map[string]string{"a": row.doc}).outline("a")
		require.ErrorContains(t, err, "schemas/a.schema.json:1: ", row.why)
		require.ErrorContains(t, err, row.want, row.why)
	}
}

func TestOutlineReadsWhatASchemaRefersTo(t *testing.T) {
	out, err := Library{}.Outline("file-machine-action-request-sample")
	require.NoError(t, err)
	require.Equal(t, "FileMachineAction", out.Resource.Name)
	require.Equal(t, []string{"RequestSample"}, out.Resource.Signs[1].Values,
		"want the values of the operation's own enum")
	require.Equal(t, "file-machine-action", out.Relations[0].Schema)
	out, err = Library{}.Outline("action-request")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"file": "/Sha1"}, out.Names)
	out, err = Library{}.Outline("error")
	require.NoError(t, err)
	require.Equal(t, "/error/code", out.Repetition.At)
}

// An error names the line on which what is wrong begins, also behind a reference.
func TestErrorsNameTheLineOfTheirPlace(t *testing.T) {
	for _, row := range []struct{ why, doc, want string }{
		{"a rule of a member", "{\n\"properties\": {\n\"x\": {\n\"x-rules\": [{\"keyword\": \"type\"}]}}}",
			`schemas/a.schema.json:4: x-rules at "/x": the same object has no keyword "type"`},
		{"a rule within an allOf", "{\n\"allOf\": [{},\n{\n\"x-rules\": [{\"keyword\": \"type\"}]}]}",
			`schemas/a.schema.json:4: x-rules at "": `},
		{"a rule of an item", "{\n\"items\": {\n\"x-rules\": 7}}", `schemas/a.schema.json:3: x-rules at "/*": `},
		{"a rule behind a reference", "{\n\"properties\": {\"y\": {\"$ref\": \"#/definitions/d\"}},\n" +
			"\"definitions\": {\n\"d\": {\n\"x-rules\": 7}}}", `schemas/a.schema.json:5: x-rules at "/y": `},
		{"a relation", "{\n\"x-relations\": [\n{\"check\": \"a\"}]}",
			`schemas/a.schema.json:3: x-relations/0: unknown relation`},
		{"a member that names nothing", "{\n\"properties\": {\n\"x\": {\n\n\"x-names\": \"fiel\"}}}",
			`schemas/a.schema.json:5: x-names at "/x": `},
		{"a sign of nothing", "{\n\n\"x-resource\": {\"name\": \"A\", \"signs\": [{\"at\": \"/a\", \"part\": \"x\"}]}}",
			`schemas/a.schema.json:3: x-resource: there is no member at "/a"`},
	} {
		_, err := shelf(map[string]string{"a": row.doc}).outline("a")
		require.ErrorContains(t, err, row.want, row.why)
	}
}
