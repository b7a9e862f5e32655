package pactfile

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// matching reads a response and returns what compares answers with it.
func matching(t testing.TB, response string) *matcher {
	t.Helper()
	d, err := read("x", []byte(`{"interactions": [{"description": "x", "request": {}, "response": `+response+`}]}`))
	require.NoError(t, err)
	return newMatcher(d.interaction(d.interactions[0]))
}

func value(t testing.TB, text string) (v any) {
	t.Helper()
	decode(t, []byte(text), &v)
	return v
}

func TestBodiesAreComparedAsPactDoes(t *testing.T) {
	t.Parallel()
	one := func(matcher string) string {
		return `{"body": {"a": "x"}, "matchingRules": {"body": {"$.a": {"matchers": [` + matcher + `]}}}}`
	}
	list := func(matcher string) string {
		return `{"body": {"l": [{"a": "x"}]}, "matchingRules": {"body": {"$.l": {"matchers": [` + matcher + `]}}}}`
	}
	rows := []struct {
		why, response, body string
		passes              bool
	}{
		{"equal", `{"body": {"a": "x"}}`, `{"a": "x"}`, true},
		{"a further member", `{"body": {"a": "x"}}`, `{"a": "x", "b": null}`, true},
		{"another value", `{"body": {"a": "x"}}`, `{"a": "y"}`, false},
		{"another type", `{"body": {"a": "7"}}`, `{"a": 7}`, false},
		{"a missing member", `{"body": {"a": "x"}}`, `{}`, false},
		{"an array for an object", `{"body": {"a": "x"}}`, `[]`, false},
		{"an object for an array", `{"body": ["x"]}`, `{}`, false},
		{"numbers of one value", `{"body": {"a": 1.0}}`, `{"a": 1}`, true},
		{"an array of the same items", `{"body": ["x", "y"]}`, `["x", "y"]`, true},
		{"an array of more items", `{"body": ["x"]}`, `["x", "x"]`, false},
		{"a body of V4", `{"body": {"content": {"a": "x"}, "contentType": "application/json", "encoded": false}}`,
			`{"a": "x"}`, true},
		{"another body of V4", `{"body": {"content": {"a": "x"}, "contentType": "application/json", "encoded": false}}`,
			`{"a": "y"}`, false},
		{"a body of V4 in Base64",
			`{"body": {"content": "eyJhIjoieCJ9", "contentType": "application/json", "encoded": "base64"}}`,
			`{"a": "x"}`, true},
		{"no body", `{}`, `{"a": "y"}`, true},
		{"type", one(`{"match": "type"}`), `{"a": "y"}`, true},
		{"type of another", one(`{"match": "type"}`), `{"a": null}`, false},
		{"equality", one(`{"match": "equality"}`), `{"a": "y"}`, false},
		{"regex", one(`{"match": "regex", "regex": "^[a-z]$"}`), `{"a": "y"}`, true},
		{"regex of a part", one(`{"match": "regex", "regex": "y"}`), `{"a": "xyz"}`, true},
		{"regex that is not met", one(`{"match": "regex", "regex": "^[a-z]$"}`), `{"a": "Y"}`, false},
		{"regex of a number's text", one(`{"match": "regex", "regex": "^[0-9]$"}`), `{"a": 7}`, true},
		{"two matchers", one(`{"match": "type"}, {"match": "regex", "regex": "^[0-9]$"}`), `{"a": 7}`, false},
		{"either of two",
			`{"body": {"a": "x"}, "matchingRules": {"body": {"$.a": {"combine": "OR", "matchers": [{"match": "null"}, {"match": "type"}]}}}}`, `{"a": null}`, true},
		{"neither of two",
			`{"body": {"a": "x"}, "matchingRules": {"body": {"$.a": {"combine": "OR", "matchers": [{"match": "null"}, {"match": "type"}]}}}}`, `{"a": 7}`, false},
		{"include", one(`{"match": "include", "value": "y"}`), `{"a": "xyz"}`, true},
		{"include that is not met", one(`{"match": "include", "value": "y"}`), `{"a": "x"}`, false},
		{"number", one(`{"match": "number"}`), `{"a": 7}`, true},
		{"number as text", one(`{"match": "number"}`), `{"a": "7"}`, false},
		{"integer", one(`{"match": "integer"}`), `{"a": 7.5}`, false},
		{"decimal", one(`{"match": "decimal"}`), `{"a": 7.5}`, true},
		{"boolean", one(`{"match": "boolean"}`), `{"a": true}`, true},
		{"boolean as text", one(`{"match": "boolean"}`), `{"a": "false"}`, true},
		{"no boolean", one(`{"match": "boolean"}`), `{"a": "no"}`, false},
		{"null", one(`{"match": "null"}`), `{"a": null}`, true},
		{"not null", one(`{"match": "null"}`), `{"a": "x"}`, false},
		{"not empty", one(`{"match": "notEmpty"}`), `{"a": "y"}`, true},
		{"empty", one(`{"match": "notEmpty"}`), `{"a": ""}`, false},
		{"semver", one(`{"match": "semver"}`), `{"a": "1.2.3-a"}`, true},
		{"no semver", one(`{"match": "semver"}`), `{"a": "1.2"}`, false},
		{"a time of the example's form",
			`{"body": {"a": "2017-12-04"}, "matchingRules": {"body": {"$.a": {"matchers": [{"match": "date", "format": "yyyy-MM-dd"}]}}}}`, `{"a": "2018-01-01"}`, true},
		{"a time of another form",
			`{"body": {"a": "2017-12-04"}, "matchingRules": {"body": {"$.a": {"matchers": [{"match": "date", "format": "yyyy-MM-dd"}]}}}}`, `{"a": "2018-01-01T00:00:00Z"}`, false},
		{"a matcher of a plugin passes all", one(`{"match": "frob"}`), `{"a": []}`, true},
		{"a pattern that cannot be read passes all", one(`{"match": "regex", "regex": "(?=x)"}`), `{"a": "y"}`, true},
		{"type of an array goes for its items", list(`{"match": "type"}`), `{"l": [{"a": "y"}, {"a": "z"}]}`, true},
		{"and finds one of another type", list(`{"match": "type"}`), `{"l": [{"a": "y"}, {"a": 7}]}`, false},
		{"and one that lacks a member", list(`{"match": "type"}`), `{"l": [{}]}`, false},
		{"no item", list(`{"match": "type", "min": 0}`), `{"l": []}`, true},
		{"too few items", list(`{"match": "type", "min": 1}`), `{"l": []}`, false},
		{"too many items", list(`{"match": "type", "max": 1}`), `{"l": [{"a": "y"}, {"a": "z"}]}`, false},
		{"an array that is not empty", list(`{"match": "notEmpty"}`), `{"l": []}`, false},
		{"an array that contains", list(`{"match": "arrayContains", "variants": []}`), `{"l": []}`, false},
		{"each value is not looked into", list(`{"match": "eachValue", "rules": []}`), `{"l": [7]}`, true},
		{"a rule of all items outdoes one of the array",
			`{"body": {"l": [{"a": "x"}]}, "matchingRules": {"body": {"$.l": {"matchers": [{"match": "type"}]}, "$.l[*].a": {"matchers": [{"match": "regex", "regex": "^y$"}]}}}}`, `{"l": [{"a": "z"}]}`, false},
		{"V2", `{"body": {"a": "x"}, "matchingRules": {"$.body.a": {"match": "type"}}}`, `{"a": "y"}`, true},
		{"V2 in brackets", `{"body": {"a b": "x"}, "matchingRules": {"$.body['a b']": {"match": "type"}}}`,
			`{"a b": "y"}`, true},
		{"V2 with a minimum alone", `{"body": {"l": ["x"]}, "matchingRules": {"$.body.l": {"min": 2}}}`, `{"l": ["y"]}`,
			false},
		{"V2 of another's regex", `{"body": {"a": "x"}, "matchingRules": {"$.body.a": {"regex": "^y$"}}}`, `{"a": "y"}`,
			true},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			found := matching(t, r.response).match(actual{status: 200, body: value(t, r.body)})
			if passes := len(found) == 0; passes != r.passes {
				t.Errorf("want %v, got %v: %+v", r.passes, passes, found)
			}
		})
	}
}

func TestWhatIsNotJudgedIsSaid(t *testing.T) {
	t.Parallel()
	rows := []struct{ why, matcher, want string }{
		{"a plugin's", `{"match": "frob"}`, `the matcher "frob" is unknown; not judged`},
		{"a pattern of another engine", `{"match": "regex", "regex": "(?=x)"}`, "the pattern is not supported"},
		{"a long pattern", `{"match": "regex", "regex": "` + strings.Repeat("x", patternLimit+1) + `"}`,
			"a pattern longer than 4096 bytes is not judged"},
	}
	for _, r := range rows {
		m := matching(t, `{"body": {"a": "x"}, "matchingRules": {"body": {"$.a": {"matchers": [`+r.matcher+`]}}}}`)
		m.match(actual{body: value(t, `{"a": "y"}`)})
		require.Len(t, m.odd, 1)
		for pointer, got := range m.odd {
			require.Equal(t, "/interactions/0/response/matchingRules/body/$.a/matchers/0", pointer)
			require.Equal(t, r.want, got, r.why)
		}
	}
	m := matching(t, `{"body": ["x"], "matchingRules": {"body": {"$": {"matchers": [{"match": "eachValue"}]}}}}`)
	m.match(actual{body: value(t, `["y"]`)})
	require.Equal(t,
		map[string]string{"/interactions/0/response/matchingRules/body/$": `the matcher "eachValue" is not judged for the values inside`}, m.odd)
	require.Equal(t, map[string]string{"/interactions/0/response/matchingRules/body/a": unreadable},
		matching(t, `{"matchingRules": {"body": {"a": {"matchers": []}}}}`).i.odd)
	require.Equal(t, map[string]string{"/interactions/0/response/matchingRules/$.body[": unreadable},
		matching(t, `{"matchingRules": {"$.body[": {}}}`).i.odd)
}

func TestStatusesAreComparedAsPactDoes(t *testing.T) {
	t.Parallel()
	rows := []struct {
		why, response string
		pass, fail    []int
	}{
		{"none is 200", `{}`, []int{200}, []int{201}},
		{"one", `{"status": 201}`, []int{201}, []int{200}},
		{"a list",
			`{"status": 400, "matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": [400, 422]}]}}}`, []int{400, 422}, []int{401}},
		{"a list under $",
			`{"status": 400, "matchingRules": {"status": {"$": {"matchers": [{"match": "statusCode", "status": [400, 422]}]}}}}`, []int{400, 422}, []int{401}},
		{"info", `{"matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "info"}]}}}`, []int{100},
			[]int{200}},
		{"success", `{"matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "success"}]}}}`,
			[]int{200, 201}, []int{300}},
		{"redirect", `{"matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "redirect"}]}}}`,
			[]int{302}, []int{200}},
		{"clientError",
			`{"matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "clientError"}]}}}`,
			[]int{400, 499}, []int{399, 500}},
		{"serverError",
			`{"matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "serverError"}]}}}`,
			[]int{500}, []int{400}},
		{"nonError", `{"matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "nonError"}]}}}`,
			[]int{201, 302}, []int{400}},
		{"error", `{"matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "error"}]}}}`,
			[]int{400, 500}, []int{201}},
		{"a class that does not exist",
			`{"matchingRules": {"status": {"matchers": [{"match": "statusCode", "status": "fine"}]}}}`, nil,
			[]int{200}},
		{"an integer", `{"status": 200, "matchingRules": {"status": {"matchers": [{"match": "integer"}]}}}`, []int{201},
			nil},
	}
	for _, r := range rows {
		got := matching(t, r.response).statuses()
		for _, s := range r.pass {
			require.Contains(t, got, s, r.why)
		}
		for _, s := range r.fail {
			require.NotContains(t, got, s, r.why)
		}
	}
}

func TestHeadersAreComparedAsPactDoes(t *testing.T) {
	t.Parallel()
	rows := []struct {
		why, response, name, value string
		passes                     bool
	}{
		{"another letter case of the name", `{"headers": {"content-type": "application/json"}}`, "Content-Type",
			"application/json", true},
		{"a further parameter", `{"headers": {"Content-Type": "application/json"}}`, "Content-Type",
			"application/json; charset=utf-8", true},
		{"a missing parameter", `{"headers": {"Content-Type": "application/json;charset=UTF-8"}}`, "Content-Type",
			"application/json", false},
		{"a parameter in other letter case", `{"headers": {"Content-Type": "application/json;charset=UTF-8"}}`,
			"Content-Type", "application/json; charset=utf-8", true},
		{"a list of V4", `{"headers": {"X-Team": ["blue"]}}`, "X-Team", "blue", true},
		{"another value", `{"headers": {"X-Team": "blue"}}`, "X-Team", "red", false},
		{"none", `{"headers": {"X-Team": "blue"}}`, "X-Other", "blue", false},
		{"a matcher of V3",
			`{"headers": {"X-Team": "blue"}, "matchingRules": {"header": {"x-team": {"matchers": [{"match": "regex", "regex": "^r"}]}}}}`, "X-Team", "red", true},
		{"a matcher of V3 under a path",
			`{"headers": {"X-Team": "blue"}, "matchingRules": {"header": {"$.X-Team": {"matchers": [{"match": "regex", "regex": "^r"}]}}}}`, "X-Team", "red", true},
		{"a matcher of V2",
			`{"headers": {"X-Team": "blue"}, "matchingRules": {"$.headers.X-Team": {"match": "regex", "regex": "^r"}}}`,
			"X-Team", "red", true},
		{"a matcher that is not met",
			`{"headers": {"X-Team": "blue"}, "matchingRules": {"$.headers.X-Team": {"match": "regex", "regex": "^r"}}}`,
			"X-Team", "green", false},
	}
	for _, r := range rows {
		found := matching(t, r.response).match(actual{fields: map[string]string{r.name: r.value}})
		if passes := len(found) == 0; passes != r.passes {
			t.Errorf("%s: want %v, got %v", r.why, r.passes, passes)
		}
	}
}

func TestPathsAreReadInEverySpelling(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"$": "", "$.a.b": "a b", "$['a']": "a", `$["a.b"].c`: "a.b c", "$.a[0]": "a 0", "$.a[*].b": "a * b", "$.*": "*",
		"$['@odata.context']": "@odata.context",
	} {
		steps, err := parsePath(path)
		require.NoError(t, err, path)
		var got []string
		for _, s := range steps {
			got = append(got, s.name)
			require.Equal(t, s.name == "*", s.any)
		}
		require.Equal(t, want, strings.Join(got, " "))
	}
	for _, path := range []string{"", "a", "$a", "$..a", "$.", "$['a", "$[0", "$[]"} {
		_, err := parsePath(path)
		require.Error(t, err, path)
	}
}

func TestAnsweredMatchersAreWorded(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		`{"match": "equality"}`:               `exactly "x"`,
		`{"match": "regex", "regex": "^a"}`:   "a match of /^a/",
		`{"match": "type"}`:                   "a string",
		`{"match": "include", "value": "y"}`:  `a text with "y" in it`,
		`{"match": "null"}`:                   "null",
		`{"match": "date", "format": "yyyy"}`: `a date of the format "yyyy"`,
		`{"match": "notEmpty"}`:               "something that is not empty",
		`{"match": "number"}`:                 `a value for the matcher "number"`,
		`{"match": "regex", "regex": "` + strings.Repeat("a", 100) + `"}`: "a match of /" + strings.Repeat("a", 60) +
			"…/",
	}
	for text, want := range rows {
		if got := asked(rule{matchers: []node{{value: value(t, text)}}}, "x"); got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
	number := json.Number("2")
	require.Equal(t, "an array of at least 2 and null",
		asked(rule{matchers: []node{{value: map[string]any{"match": "type", "min": number}},
			{value: map[string]any{"match": "null"}}}}, []any{}))
	require.Equal(t, "an array of at most 2", asked(rule{or: true,
		matchers: []node{{value: map[string]any{"max": number}}}}, []any{}))
}
