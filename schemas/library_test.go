package schemas

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// shelf makes a library of schemas by name.
func shelf(docs map[string]string) library {
	files := fstest.MapFS{}
	for name, doc := range docs {
		files[name+suffix] = &fstest.MapFile{Data: []byte(
			`{"$schema": "http://json-schema.org/draft-07/schema#", "$id": "` + base + name + suffix + `", ` +
				strings.TrimPrefix(doc, "{"))}
	}
	return newLibrary(files)
}

func TestCompileRefusesWhatItWouldHaveToFetch(t *testing.T) {
	for _, row := range []struct{ ref, want string }{
		{"https://example.org/x.schema.json", "leads out of this folder; refer to a file in the same folder"},
		{"../x.schema.json", "leads out of this folder; refer to a file in the same folder"},
		{"x.json", "leads out of this folder; refer to a file in the same folder"},
		{"absent.schema.json", "no such schema; schemas are a, b"},
		{"b.schema.json#/definitions/none", "nothing is there; correct the pointer"},
		{"#/definitions/none", "nothing is there; correct the pointer"},
	} {
		_, err := shelf(map[string]string{"a": `{"properties": {"x": {"anyOf": [{"$ref": "` + row.ref + `"}]}}}`,
			"b": `{"type": "object"}`}).compile("a")
		require.Regexp(t, `^schemas/a\.schema\.json:1: \$ref `, err.Error(), row.ref)
		require.ErrorContains(t, err, row.want, row.ref)
	}
}

func TestCompileRefusesABrokenSchema(t *testing.T) {
	for _, row := range []struct{ why, doc, want string }{
		{"not JSON", "{\n\n\"type\": }", "schemas/a.schema.json:3: not JSON"},
		{"not JSON at its end", "{\"type\": \"object\"}\n\nx", "schemas/a.schema.json:3: not JSON"},
		{"a reference to nothing", "{\n\"properties\": {\"x\": {\n\"$ref\": \"#/none\"}}}",
			`schemas/a.schema.json:3: $ref "#/none": nothing is there`},
		{"a pattern that is none", `{"pattern": "("}`, "correct the file"},
		{"a type that is none", `{"type": "text"}`, "correct the file"},
		{"an annotation of nothing", `{"x-rules": [{"keyword": "pattern", "requirement": "r"}]}`,
			`x-rules at "": the same object has no keyword "pattern"; drop the entry or add the keyword`},
		{"an annotation of a member that may be missing",
			`{"required": ["a"], "x-rules": [{"keyword": "required", "member": "b"}]}`,
			`member "b" is not required; drop the entry or require it`},
		{"an annotation that is no list", `{"x-rules": {"keyword": "type"}}`, "it is a list of objects"},
		{"an inference that is no list", `{"x-inferred": {"pattern": "x"}}`, "/x-inferred: it is a list of objects"},
		{"an inference that is no object", `{"x-inferred": ["x"]}`, "/x-inferred: entry 0 is no object"},
		{"an inference without a keyword", `{"x-inferred": [{"requirement": "r", "section": "s"}]}`,
			"entry 0 has 0 keywords (); give it one"},
		{"an inference of two keywords",
			`{"x-inferred": [{"pattern": "x", "minLength": 1, "requirement": "r", "section": "s"}]}`,
			"entry 0 has 2 keywords (minLength, pattern); give it one"},
		{"an inference of nobody", `{"properties": {"x-inferred": {"x-inferred": [{"pattern": "x", "section": "s"}]}}}`,
			"/properties/x-inferred/x-inferred: entry 0 lacks its requirement or section"},
		{"an inference in no words",
			`{"x-inferred": [{"pattern": "x", "requirement": "r", "section": "s", "want": 7}]}`,
			"want of entry 0 is no text"},
		{"an inference next to a constraint",
			`{"items": [{"pattern": "y", "x-inferred": [{"pattern": "x", "requirement": "r", "section": "s"}]}]}`,
			`/items/0/x-inferred: there is another "pattern" in that place; keep one`},
		{"two inferences of one keyword",
			`{"x-inferred": [{"pattern": "x", "requirement": "r", "section": "s"}, {"pattern": "y", "requirement": "r", "section": "s"}]}`, `there is another "pattern" in that place; keep one`},
		{"two annotations of one place", `{"type": "object", "x-rules": [{"keyword": "type"}, {"keyword": "type"}]}`,
			"is annotated in schemas/a.schema.json too; keep one"},
	} {
		s, err := shelf(map[string]string{"a": row.doc}).compile("a")
		if err == nil {
			_, err = s.engine()
		}
		require.Regexp(t, `^schemas/a\.schema\.json(:[13])?: `, err.Error(), row.why)
		require.ErrorContains(t, err, row.want, row.why)
	}
}

func TestWhatIsInferredIsFoldedIntoSchemasAlone(t *testing.T) {
	l := shelf(
		map[string]string{"a": `{"enum": [{"a": "xy", "x-inferred": [{"no": "schema"}]}, {"a": "y"}], "properties": {"a": {"type": "string",
		"x-rules": [{"keyword": "type", "requirement": "r", "level": "documented", "section": "s"}],
		"x-inferred": [{"pattern": "^x", "requirement": "i", "section": "t", "want": "an x"}, {"minLength": 2, "requirement": "j", "section": "u"}]}}}`})
	rules, err := l.rules("a")
	require.NoError(t, err)
	require.Equal(t, []Rule{
		{"a", "/a", "minLength", "j", "inferred", "u", "", true},
		{"a", "/a", "pattern", "i", "inferred", "t", "an x", true},
		{"a", "/a", "type", "r", "documented", "s", "", false},
	}, rules)
	schema, err := l.compile("a")
	require.NoError(t, err)
	got, err := schema.Validate([]byte(`{"a": "y"}`))
	require.NoError(t, err)
	require.Equal(t, []Violation{{"/a", "minLength", "j", "a string of at least 2 characters", `"y"`},
		{"/a", "pattern", "i", "an x", `"y"`}}, got)
}

func TestRulesFollowWhatRefersToItselfOnce(t *testing.T) {
	l := shelf(map[string]string{"tree": `{"type": "object", "x-rules": [{"keyword": "type", "requirement": "r"}],
		"properties": {"kids": {"items": {"$ref": "tree.schema.json"}}, "leaf": {"$ref": "#/definitions/a~1b~0c"}},
		"definitions": {"a/b~c": {"type": "string", "x-rules": [{"keyword": "type", "requirement": "s"}]}}}`})
	rules, err := l.rules("tree")
	require.NoError(t, err)
	var places []string
	for _, r := range rules {
		places = append(places, r.Pointer+" "+r.Requirement)
	}
	require.Equal(t, []string{" r", "/kids/* r", "/kids/*/leaf s", "/leaf s"}, places)

	schema, err := l.compile("tree")
	require.NoError(t, err)
	got, err := schema.Validate([]byte(`{"kids": [{"kids": [{"kids": [7], "leaf": 1}]}]}`))
	require.NoError(t, err)
	require.Equal(t, []Violation{
		{"/kids/0/kids/0/kids/0", "type", "", "an object", "7"},
		{"/kids/0/kids/0/leaf", "type", "", "a string", "1"},
	}, got, "deeper than the rules go, the requirement is unknown but the violation is not")
}

func TestPointersKeepOddNamesApart(t *testing.T) {
	schema, err := shelf(
		map[string]string{"a": `{"properties": {"x.y": {"properties": {"z": {"type": "null"}}}, "x": {"properties": {"y": {"properties": {"z": {"type": "null"}}}}},
		"~/": {"required": ["a/b", "(root)"]}, "0": {"items": {"type": "null"}}, "": {"type": "null"}}}`}).compile("a")
	require.NoError(t, err)
	got, err := schema.Validate([]byte(`{"x.y": {"z": 1}, "x": {"y": {"z": 2}}, "~/": {}, "0": [null, 3], "": 4}`))
	require.NoError(t, err)
	var places []string
	for _, v := range got {
		places = append(places, v.Pointer+" "+v.Got)
	}
	require.Equal(t, []string{"/ 4", "/0/1 3", "/x.y/z 1", "/x/y/z 2", "/~0~1/(root) no such member",
		"/~0~1/a~1b no such member"}, places)
}

// Every word of the engine is obtained once, so that none is unknown.
func TestEveryWordOfTheEngineIsSpoken(t *testing.T) {
	spoken := map[string]bool{}
	for _, row := range []struct{ word, schema, doc, pointer, want string }{
		{"invalid_type", `{"type": ["string", "null"]}`, `7`, "", "a string or null"},
		{"required", `{"required": ["a"]}`, `{}`, "/a", `the member "a"`},
		{"enum", `{"enum": ["a", 7]}`, `"b"`, "", `one of "a", 7`},
		{"const", `{"const": "a"}`, `"b"`, "", `"a"`},
		{"pattern", `{"pattern": "^a$"}`, `"b"`, "", "a string that matches ^a$"},
		{"string_gte", `{"minLength": 2}`, `"b"`, "", "a string of at least 2 characters"},
		{"string_lte", `{"maxLength": 2}`, `"bbb"`, "", "a string of at most 2 characters"},
		{"array_min_items", `{"minItems": 1}`, `[]`, "", "an array of at least 1 items"},
		{"array_max_items", `{"maxItems": 1}`, `[1, 2]`, "", "an array of at most 1 items"},
		{"array_no_additional_items", `{"items": [{}], "additionalItems": false}`, `[1, 2]`, "", "no further items"},
		{"unique", `{"uniqueItems": true}`, `[1, 1]`, "", "no item twice"},
		{"contains", `{"contains": {"type": "null"}}`, `[]`, "", "an item of the asked kind"},
		{"array_min_properties", `{"minProperties": 1}`, `{}`, "", "an object of at least 1 members"},
		{"array_max_properties", `{"maxProperties": 1}`, `{"a": 1, "b": 2}`, "", "an object of at most 1 members"},
		{"additional_property_not_allowed", `{"additionalProperties": false}`, `{"a.b": 1}`, "/a.b", "no such member"},
		{"invalid_property_name", `{"propertyNames": {"enum": ["b"]}}`, `{"a": 1}`, "/a",
			`another member name than "a"`},
		{"multiple_of", `{"multipleOf": 2}`, `3`, "", "a multiple of 2"},
		{"number_gte", `{"minimum": 2}`, `1`, "", "a number not below 2"},
		{"number_gt", `{"exclusiveMinimum": 2}`, `2`, "", "a number above 2"},
		{"number_lte", `{"maximum": 2}`, `3`, "", "a number not above 2"},
		{"number_lt", `{"exclusiveMaximum": 2}`, `2`, "", "a number below 2"},
		{"number_any_of", `{"anyOf": [{"const": 1}, {"const": 2}]}`, `3`, "", "one of the allowed forms"},
		{"number_one_of", `{"oneOf": [{}, {}]}`, `3`, "", "exactly one of the allowed forms"},
		{"number_not", `{"not": {}}`, `3`, "", "something else"},
		{"missing_dependency", `{"dependencies": {"a": ["b"]}}`, `{"a": 1}`, "", `the member "b" too`},
		{"false", `{"properties": {"a": false}}`, `{"a": 1}`, "/a", "nothing here"},
		{"number_all_of", `{"allOf": [{"type": "null"}]}`, `3`, "", "null"},
		{"condition_then", `{"if": {}, "then": {"type": "null"}}`, `3`, "", "null"},
		{"condition_else", `{"if": false, "else": {"type": "null"}}`, `3`, "", "null"},
	} {
		spoken[row.word] = true
		schema, err := shelf(map[string]string{"a": row.schema}).compile("a")
		require.NoError(t, err, row.word)
		got, err := schema.Validate([]byte(row.doc))
		require.NoError(t, err, row.word)
		keyword := words[row.word].keyword
		if keyword == "" {
			keyword = "type" // what the part says stands for the whole
		}
		found := false
		for _, v := range got {
			if v.Keyword == keyword {
				found = true
				require.Equal(t, row.pointer, v.Pointer, row.word)
				require.Equal(t, row.want, v.Want, row.word)
			} else {
				require.NotContains(t, []string{"allOf", ""}, v.Keyword, row.word)
			}
		}
		require.True(t, found, "%s: want keyword %q, got %v", row.word, keyword, got)
	}
	for word := range words {
		require.True(t, spoken[word], "no row obtains the engine's word %q", word)
	}
}

func TestValidateSurvivesAPanicOfTheEngine(t *testing.T) {
	got, err := (&Schema{name: "none"}).Validate([]byte(`{}`)) // there is no engine to call
	require.Nil(t, got)
	require.ErrorContains(t, err, "schema none: the engine panicked: ")
}
