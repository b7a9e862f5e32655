package schemas

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormatConstrainsNothing(t *testing.T) {
	s, err := shelf(map[string]string{"a": `{"properties": {"when": {"type": "string", "format": "date-time"},
		"format": {"type": "string"}, "list": {"items": [{"format": "uuid"}]}, "one": {"enum": [{"format": "uuid"}]}}}`}).compile("a")
	require.NoError(t, err)
	for doc, want := range map[string][]string{
		`{"when": "at noon", "list": ["none"]}`: nil,
		`{"when": 7}`:                           {"/when type"},
		`{"format": 7}`:                         {"/format type"}, // a member of that name
		`{"one": {"format": "uuid"}}`:           nil,
		`{"one": {}}`:                           {"/one enum"}, // a value that holds the word
	} {
		found, err := s.Validate([]byte(doc))
		require.NoError(t, err)
		var got []string
		for _, v := range found {
			got = append(got, v.Pointer+" "+v.Keyword)
		}
		require.Equal(t, want, got, doc)
	}
}
