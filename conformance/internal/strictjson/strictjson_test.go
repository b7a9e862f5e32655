package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckNamesTheFaultAndItsPlace(t *testing.T) {
	rows := []struct {
		why, text string
		kind      Kind // "" where the text is fine
		offset    int64
	}{
		{"an object", `{"a":[1,{"b":null}]}`, "", 0},
		{"white space around it", " \r\n\t{} \n", "", 0},
		{"a scalar", `"x"`, "", 0},
		{"a lone surrogate escape is within the grammar", `"\ud800"`, "", 0},
		{"a number beyond every float", `{"n":1e1000001}`, "", 0},
		{"one name in two objects", `[{"a":1},{"a":2}]`, "", 0},
		{"nothing", ``, Empty, 0},
		{"blanks only", " \n", Empty, 2},
		{"a byte order mark", "\xEF\xBB\xBF{}", BOM, 0},
		{"UTF-16 with its mark", "\xFF\xFE{\x00}\x00", Encoding, 0},
		{"a Latin-1 byte", "{\"a\":\"\xE4\"}", Encoding, 6},
		{"one name twice", `{"a":1,"a":2}`, Duplicate, 7},
		{"one name twice, once escaped", `{"a":1,"\u0061":2}`, Duplicate, 7},
		{"one name twice, deep inside", `{"x":[{"a":1,"a":2}]}`, Duplicate, 13},
		{"a second value", `{} {}`, Trailing, 3},
		{"garbage behind", `{}x`, Trailing, 2},
		{"cut inside a string", `{"a":"b`, Cut, 7},
		{"cut after a name", `{"a"`, Cut, 4},
		{"a comma before the bracket, as in the documents' first example", `{"a":[1,]}`, Syntax, 7},
		{"a comment", `{/* */}`, Syntax, 1},
		{"single quotes", `{'a':1}`, Syntax, 1},
		{"NaN", `{"a":NaN}`, Syntax, 5},
		{"a leading zero", `[01]`, Syntax, 2},
		{"a raw control character", "[\"a\nb\"]", Syntax, 3},
		{"a guard before the object", `)]}',{}`, Syntax, 0},
		{"nested too deep", strings.Repeat("[", MaxDepth+1), Deep, MaxDepth},
	}
	for _, r := range rows {
		t.Run(r.why, func(t *testing.T) {
			err := Check([]byte(r.text))
			if r.kind == "" {
				require.NoError(t, err)
				return
			}
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, r.kind, e.Kind, "%v", e)
			require.Equal(t, r.offset, e.Offset, "%v", e)
			require.NotEmpty(t, e.Msg)
		})
	}
}

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"a":2}`, "\xEF\xBB\xBF{}", `[1,]`, `{} x`, "\"\xff\"", ``,
		`{"b":2, "\u0061" : [1, {"a":2}] }`, `{"a":1,}`, `{"a"}`, `null`, `{"a":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if Check(b) == nil && !json.Valid(b) {
			t.Fatalf("want what is strictly JSON to be JSON for encoding/json too, got a difference for %q", b)
		}
		values, err := Members(b, "a")
		if !reflect.DeepEqual(err, Check(b)) {
			t.Fatalf("want the error of Check, %v, for %q, got %v", Check(b), b, err)
		}
		var members map[string]json.RawMessage
		if is := json.Unmarshal(b, &members) == nil && members != nil && err == nil; is != (values != nil) ||
			is && string(values[0]) != string(members["a"]) {
			t.Fatalf("want the members of an object alone, %s, for %q, got %q", members["a"], b, values)
		}
	})
}

func TestStringMember(t *testing.T) {
	for _, c := range []struct {
		body, want string
		found      bool
	}{
		{`{"a":"b"}`, "b", true},
		{` {"x":{"a":"inside"},"y":["a"],"a":"\u0062\ud800"} `, "b\uFFFD", true},
		{`{"\u0061":""}`, "", true},
		{`{"A":"b"}`, "", false},
		{`{"a":1}`, "", false},
		{`{"a":"b","a":"b"}`, "", false},
		{`{"a":"b"`, "", false},
		{`["a","b"]`, "", false},
		{`"a"`, "", false},
		{``, "", false},
	} {
		if got, found := StringMember([]byte(c.body), "a"); got != c.want || found != c.found {
			t.Errorf("%s: got %q, %v; want %q, %v", c.body, got, found, c.want, c.found)
		}
	}
}

// What is nested too deeply has no member, and what is as deep as may be has, whatever stands in its strings.
func TestStringMemberOfDeepTexts(t *testing.T) {
	for _, row := range []struct {
		depth int
		found bool
	}{{MaxDepth, false}, {MaxDepth - 1, true}} {
		text := `{"s":"\\\"[[{{","a":"x","b":` + strings.Repeat("[", row.depth) + `"]"` + strings.Repeat("]", row.depth) +
			`,"c":[` + strings.Repeat("[],", MaxDepth) + `0]}`
		require.Equal(t, row.found, Check([]byte(text)) == nil)
		_, found := StringMember([]byte(text), "a")
		require.Equal(t, row.found, found)
	}
	_, found := StringMember([]byte(`{"\u0061":"x"`+strings.Repeat(" ", 9)+`}`), "a")
	require.True(t, found, "want an escaped name found")
	_, found = StringMember([]byte(strings.Repeat("[", MaxDepth+1)), "a")
	require.False(t, found)
}
