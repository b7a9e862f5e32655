package strictjson

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFirstKeepsTheFirstOfMembersOfOneName(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"no name twice", `{"a":1,"b":[{"a":2},{"a":3}]}`, `{"a":1,"b":[{"a":2},{"a":3}]}`},
		{"one name twice", `{"a": 1, "b": 2, "a": {"a": 3}}`, `{"a":1,"b":2}`},
		{"one name three times", `{"a":1,"a":2,"a":3,"b":4}`, `{"a":1,"b":4}`},
		{"one name twice, once escaped", `{"a":1,"\u0061":2}`, `{"a":1}`},
		{"in an object inside", `[{"x":{"a":"a","a":"b"}},"a","a"]`, `[{"x":{"a":"a"}},"a","a"]`},
		{"numbers as they are", `{"n":1e1000001,"n":0.10}`, `{"n":1e1000001}`},
		{"a scalar", ` "x" `, `"x"`},
		{"deep", strings.Repeat(`{"a":1,"a":2,"b":`, 1000) + "0" + strings.Repeat("}", 1000),
			strings.Repeat(`{"a":1,"b":`, 1000) + "0" + strings.Repeat("}", 1000)},
		{"nothing", ``, ``},
		{"half a text", `{"a":1,"a":[`, ``},
	} {
		require.Equal(t, row.want, string(First([]byte(row.text))), row.why)
	}
}

func TestCheckTextLeavesNamesAside(t *testing.T) {
	require.NoError(t, CheckText([]byte(`{"a":1,"a":{"b":1,"b":2}}`)))
	for _, text := range []string{`{"a":1,"a":2,}`, `{"a":1,"a":2} x`, `{"a":1,"a":"` + "\xFF" + `"}`, ``} {
		require.Error(t, CheckText([]byte(text)), text)
	}
}
