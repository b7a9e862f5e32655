package pactfile

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatCannotBeReadIsNamedWithItsPlace(t *testing.T) {
	t.Parallel()
	rows := []struct{ why, text, want string }{
		{"nothing", "", "a.json:1:1: there is no JSON value; name a pact file, which is JSON"},
		{"no JSON", "{\n  \"consumer\": {,}\n}", "a.json:2:16: "},
		{"one name twice", "{\"a\": 1,\n \"a\": 2}",
			`a.json:2:2: the member /a stands twice; name a pact file, which is JSON`},
		{"a byte order mark", "\xEF\xBB\xBF{}", "a.json:1:1: a byte order mark stands before the JSON text; name a " +
			"pact file, which is JSON"},
		{"characters, not bytes, are counted", `{"ä": 1, x}`, "a.json:1:10: "},
		{"no list of interactions", "{\"interactions\": {}}", "a.json:1:2: there is no list of interactions; name a " +
			"pact file from a consumer's test"},
		{"something else", `[]`, "a.json:1:1: there is no list of interactions; name a pact file from a " +
			"consumer's test"},
		{"no request", "{\"interactions\": [\n  {\"response\": {}}]}", "a.json:2:3: the interaction has no request; " +
			"let the consumer's test write the file again"},
		{"a text for a response", "{\"interactions\": [\n  {\"request\": {}, \"response\": \"x\"}]}",
			"a.json:2:3: the interaction has no response; let the consumer's test write the file again"},
		{"an unknown version", `{"interactions": [], "metadata": {"pactSpecification": {"version": "5.0"}}}`,
			`a.json:1:57: the version "5.0" of the Pact specification is not supported; versions are 1 to 4, such as "4.0"`},
		{"a version that is none", `{"interactions": [], "metadata": {"pactSpecificationVersion": "latest"}}`,
			`: the version "latest" of the Pact specification is not supported`},
		{"a version of another type", `{"interactions": [], "metadata": {"pact-specification": {"version": {}}}}`,
			`: the version {} of the Pact specification is not supported`},
		{"a status in quotes", "{\"interactions\": [\n  {\"request\": {}, \"response\": {\n\"status\": \"201\"}}]}",
			`a.json:3:1: want a number, got a string, "201"; correct it, or let the consumer's test write the file again`},
		{"a status that is none", "{\"interactions\": [\n  {\"request\": {}, \"response\": {\n\"status\": 2010}}]}",
			`a.json:3:1: 2010 is not a status; give a whole number from 100 to 599`},
		{"half a status", `{"interactions": [{"request": {}, "response": {"status": 201.5}}]}`,
			`: 201.5 is not a status`},
		{"a method that is no text", `{"interactions": [{"request": {"method": 1}, "response": {}}]}`,
			`: want a string, got a number, 1; correct it`},
		{"rules that are no object", `{"interactions": [{"request": {}, "response": {"matchingRules": []}}]}`,
			`: want an object, got an array, []; correct it`},
		{"too deep", strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), "a.json:1:201: nested deeper " +
			"than 200; name a pact file"},
		{"too long", strings.Repeat(" ", MaxSize+1), "a.json: longer than 16 MiB; name a pact file"},
	}
	k := checker(t)
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			_, err := k.Check("a.json", []byte(r.text))
			require.ErrorContains(t, err, r.want)
		})
	}
}

func TestBracketsInsideTextsAreNoDepth(t *testing.T) {
	t.Parallel()
	require.Equal(t, int64(-1), tooDeep([]byte(`{"a": "`+strings.Repeat(`[\"`, maxDepth+1)+`"}`)))
}

func TestInteractionsOfEveryVersionAreReadAlike(t *testing.T) {
	t.Parallel()
	const path = `"method": "post", "path": "/x"`
	rows := []struct{ why, text, body string }{
		{"V2", `{"providerState": "s", "request": {` + path +
			`, "headers": {"Content-Type": "application/json", "X": "y"}, "body": {"a": 1}}, "response": {"status": 201}}`, `{"a":1}`},
		{"V3", `{"providerStates": [{"name": "s"}], "request": {` + path +
			`, "headers": {"content-type": "application/json", "X": ["y"]}, "body": {"a": 1}}, "response": {"status": 201}}`, `{"a":1}`},
		{"V4", `{"type": "Synchronous/HTTP", "providerStates": [{"name": "s"}], "request": {` + path +
			`, "headers": {"Content-Type": ["application/json"], "X": ["y"]}, "body": {"content": {"a": 1}, "contentType": "application/json", "encoded": false}}, "response": {"status": 201}}`, `{"a":1}`},
		{"V4 in Base64", `{"type": "Synchronous/HTTP", "providerStates": [{"name": "s"}], "request": {` + path +
			`, "headers": {"Content-Type": ["application/json"], "X": ["y"]}, "body": {"content": "eyJhIjoxfQ==", "contentType": "application/json", "encoded": "base64"}}, "response": {"status": 201}}`, `{"a":1}`},
		{"V4 in what is no Base64", `{"type": "Synchronous/HTTP", "providerStates": [{"name": "s"}], "request": {` +
			path +
			`, "headers": {"Content-Type": ["application/json"], "X": ["y"]}, "body": {"content": "{}", "contentType": "application/json", "encoded": "base64"}}, "response": {"status": 201}}`, `{}`},
		{"V4 of a JSON string", `{"type": "Synchronous/HTTP", "providerStates": [{"name": "s"}], "request": {` + path +
			`, "headers": {"Content-Type": ["application/json"], "X": ["y"]}, "body": {"content": "a", "contentType": "application/json", "encoded": false}}, "response": {"status": 201}}`, `"a"`},
		{"V3 of JSON in a text", `{"providerStates": [{"name": "s"}], "request": {` + path +
			`, "headers": {"Content-Type": "application/json", "X": "y"}, "body": "{\"a\": 1}"}, "response": {"status": 201}}`, `{"a": 1}`},
		{"no body", `{"provider_state": "s", "request": {` + path +
			`, "headers": {"Content-Type": "application/json", "X": "y"}}, "response": {"status": 201}}`, ``},
		{"V4 without contents", `{"type": "Synchronous/HTTP", "providerStates": [{"name": "s"}], "request": {` + path +
			`, "headers": {"Content-Type": ["application/json"], "X": ["y"]}, "body": {}}, "response": {"status": 201, "body": {}}}`, ``},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			d, err := read("a.json", []byte(`{"interactions": [`+r.text+`]}`))
			require.NoError(t, err)
			i := d.interaction(d.interactions[0])
			require.Equal(t, []string{"s"}, i.states)
			require.Equal(t, http.MethodPost, i.method)
			require.Equal(t, http.Header{"Content-Type": {"application/json"}, "X": {"y"}}, i.header)
			require.Equal(t, r.body, string(i.body))
			require.Equal(t, 201, i.status)
			require.False(t, i.said)
		})
	}
}

func TestTheVersionIsFoundUnderEachName(t *testing.T) {
	t.Parallel()
	for _, metadata := range []string{`{"pactSpecification": {"version": "2.0.0"}}`,
		`{"pact-specification": {"version": "2.0.0"}}`, `{"pactSpecificationVersion": "2.0.0"}`} {
		d, err := read("a.json", []byte(`{"interactions": [], "metadata": `+metadata+`}`))
		require.NoError(t, err)
		require.Equal(t, "2.0.0", d.version)
	}
}

func TestOffsetsLeadToTheNearestPlaceThereIs(t *testing.T) {
	t.Parallel()
	d := &document{data: []byte(`{"a": [ {"b/c": 1} , 2]}`)}
	got := d.offsets([]string{"/a", "/a/0/b~1c", "/a/1", "/a/0/x/y", "/z", ""})
	require.Equal(t, map[string]int64{"/a": 1, "/a/0/b~1c": 9, "/a/1": 21, "/a/0/x/y": 8, "/z": 0, "": 0}, got)
}

// Whatever a file holds, it is judged or refused, the same every time.
func FuzzCheck(f *testing.F) {
	k := checker(f)
	_, text := built(f, V4)
	first := text[:strings.Index(string(text), "    },\n    {")]
	f.Add([]byte(string(first) + "}]}"))
	for _, seed := range []string{
		"", "{}", `{"interactions": []}`, `{"messages": [{}]}`, `{"interactions": [{"type": "Asynchronous/Messages"}]}`,
		`{"interactions": [` + strict + `]}`,
		`{"interactions": [{"request": {"method": "POST", "path": "` + sample1 +
			`"}, "response": {"status": "x", "body": [[]], "matchingRules": {"$.body[*]": {"match": "type"}, "status": {"matchers": [{}]}}}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := k.Check("a.json", data)
		again, err2 := k.Check("a.json", data)
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("want one answer, got %v and %v", err, err2)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "a.json:") {
				t.Fatalf("want an error that begins with its place, got %v", err)
			}
			return
		}
		require.Equal(t, c, again)
		for _, p := range append(c.Problems, c.Notes...) {
			if p.Line < 1 || p.Column < 1 || p.Assumes == "" || p.Contract == "" {
				t.Fatalf("want a place and words, got %+v", p)
			}
		}
	})
}
