package schemas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/schemas"
)

// documentOf reads a document from JSON.
func documentOf(t *testing.T, text string) schemas.Document {
	t.Helper()
	value, err := schemas.Decode([]byte(text))
	require.NoError(t, err)
	d := schemas.DocumentOf(value)
	require.Equal(t, value, d.Value())
	return d
}

func TestPointersLeadToEveryItem(t *testing.T) {
	body := documentOf(t, `{"a":[{"b/c":"x"},"no object",{"b/c":"y"},{"b/c":1}],"d":null,"e":{"~":["z"],"n":-0.10},"f":true}`)
	all := func(d schemas.Document, pointer string) map[string]string {
		out := map[string]string{}
		for _, place := range d.AppendTexts(nil, schemas.PointerOf(pointer)) {
			out[d.Pointer(place)] = d.TextAt(place)
		}
		return out
	}
	require.Equal(t, map[string]string{"/a/0/b~1c": "x", "/a/2/b~1c": "y"}, all(body, "/a/*/b~1c"))
	require.Equal(t, map[string]string{"/e/~0/0": "z"}, all(body, "/e/~0/*"))
	require.Equal(t, map[string]string{"/a/1": "no object"}, all(body, "/a/*"))
	for _, pointer := range []string{"/a/b~1c", "/g", "/d", "/d/*", "/e/*", ""} {
		require.Empty(t, all(body, pointer), pointer)
	}
	lists := documentOf(t, `[["1"],"2",["3","4"]]`)
	require.Equal(t, map[string]string{"/0/0": "1", "/2/0": "3", "/2/1": "4"}, all(lists, "/*/*"))
	require.Equal(t, map[string]string{"": "x"}, all(documentOf(t, `"x"`), ""))
}

func TestDocumentsAreLookedAt(t *testing.T) {
	body := documentOf(t, `{"a":{"b":"x"},"c":null,"d":[]}`)
	require.True(t, body.IsObject())
	require.True(t, body.Has("/c"), "want a null to be there")
	require.False(t, body.Has("/e"))
	require.False(t, body.HasMember("c"))
	require.False(t, body.HasMember("e"))
	require.True(t, body.HasMember("d"))
	text, is := body.Text("/a/b")
	require.True(t, is)
	require.Equal(t, "x", text)
	for _, pointer := range []string{"/a", "/a/b/c", "/d/0", "/c"} {
		_, is = body.Text(pointer)
		require.False(t, is, pointer)
	}
	var none schemas.Document
	require.False(t, none.IsObject() || none.Has("") || none.HasMember("a"))
	_, is = none.Text("")
	require.False(t, is)
	require.Nil(t, none.Value())
	require.Empty(t, none.AppendTexts(nil, nil))
	require.False(t, documentOf(t, `[]`).IsObject())
}
