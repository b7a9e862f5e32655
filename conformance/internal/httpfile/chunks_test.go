package httpfile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/httpfile"
)

func TestChunksEndBesideVariables(t *testing.T) {
	length := func(piece string) int {
		if strings.HasPrefix(piece, "{{") {
			return 20
		}
		return len(piece)
	}
	ones := []httpfile.Chunk{{Length: 1}, {Length: 1}, {Length: 1}}
	for _, row := range []struct {
		why, text string
		chunks    []httpfile.Chunk
		last      string
		want      string
	}{
		{"no body", "", ones, "", "0\n\n"},
		{"one chunk", "ab{{a}}", nil, "", "16\nab{{a}}\n0\n\n"},
		{"a variable in the way", `{{a}}bc`, ones, "", "14\n{{a}}\n1\nb\n1\nc\n0\n\n"},
		{"a brace before a variable", `{{{a}}b`, ones, "", "1\n{\n14\n{{a}}\n1\nb\n0\n\n"},
		{"a rest", "abcdefghijklmno", []httpfile.Chunk{{Length: 2}, {Size: "%06X"}}, "",
			"2\nab\n00000D\ncdefghijklmno\n0\n\n"},
		{"another end", "a", nil, "0;a=b\r\nX: y\r\n", "1\na\n0;a=b\nX: y\n\n"},
	} {
		got := httpfile.Chunked(row.text, row.chunks, row.last, length)
		require.Equal(t, row.want, strings.NewReplacer("{{cr}}", "", "\r", "").Replace(got), row.why)
	}
}
