package schemas

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASignIsFoundAtAnyDepth(t *testing.T) {
	signs := []Sign{{At: "/context", Part: "#Actions"}, {At: "/state", Values: []string{"Running"}, Beside: "/id"},
		{At: "/kind", Values: []string{"Stop"}, Beside: "/id", Whole: true},
		{At: "/kind", Values: []string{"Stop"}, With: &Sign{At: "/phase", Values: []string{"Begun"}}}}
	for _, row := range []struct {
		why, text   string
		root, holds bool
	}{
		{"the object itself", `{"state":"Running","id":"7"}`, true, true},
		{"a member", `{"error":{"inner":{"context":"x#Actions"}}}`, false, true},
		{"an item of a list of lists", `[[{"id":null,"state":"Running"}]]`, false, true},
		{"names in capitals", `{"a":{"Id":"7","State":"Running"}}`, false, true},
		{"JSON in a string", `{"message":"Made {\"id\":1,\"state\":\"Running\"} of it"}`, false, true},
		{"JSON in a string of JSON in a string", `{"m":"{\"m\":\"{\\\"id\\\":1,\\\"state\\\":\\\"Running\\\"}\"}"}`, false, true},
		{"JSON behind a text", "Bad Request {}\n{\"no\": {\n { \"id\":1,\"state\":\"Running\"} ", false, true},
		{"JSON in a page", `<style>a{color:red}</style><pre>{"context":"#Actions"}</pre>`, false, true},
		{"a sign of two values", `{"error":{"Kind":"Stop","phase":"Begun"}}`, false, true},
		{"one of its values alone", `{"error":{"kind":"Stop","phase":"Failed"}}`, false, false},
		{"a sign of a whole body within one", `{"error":{"kind":"Stop","id":"7"}}`, false, false},
		{"no member next to it", `{"error":{"state":"Running"},"id":"7"}`, false, false},
		{"another value", `{"id":"7","state":"Refused"}`, false, false},
		{"a value that is no string", `{"id":"7","state":["Running"]}`, false, false},
		{"no JSON", `Running, id 7 { "id": `, false, false},
		{"nothing", ``, false, false},
	} {
		if value, err := Decode([]byte(row.text)); err == nil {
			d := DocumentOf(value)
			require.Equal(t, row.root, d.HasSign(signs), row.why)
			require.Equal(t, row.holds, d.HoldsSign(signs), row.why)
		}
		require.Equal(t, row.holds, TextHoldsSign(row.text, signs), row.why)
	}
	whole := DocumentOf(map[string]any{"Kind": "Stop", "Id": "7"})
	require.False(t, whole.HasSign(signs))
	require.True(t, whole.HoldsSign(signs), "a sign of a whole body, in capitals")
	require.False(t, Document{}.HasSign(signs))
	require.False(t, Document{}.HoldsSign(signs))
}
