package httpfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance/internal/httpfile"
)

// head is the shortest valid head; the request line stands in line 4.
const head = "# Accepts x.\n# proves: a.b\n# expect: accepted\n"

func TestParseReadsEveryPart(t *testing.T) {
	text := `# Accepts one request and leaves another open.
# operation: all
# proves: a.b, c.d
// a free comment

# expect: accepted
# times: 2
POST {{path}} HTTP/1.1
Authorization:   Bearer {{token}}` + "\t" + `
X-Empty:
x-TWICE: a: b
x-TWICE: c

{"Sha1": "{{sha1.n}}"}

### the other
# expect: either
GET /elsewhere?x=1
`
	got, err := httpfile.Parse("x.http", []byte(text))
	require.NoError(t, err)
	want := &httpfile.File{
		Title: "Accepts one request and leaves another open.",
		Fields: []httpfile.Field{
			{Key: "operation", Value: "all", Line: 2}, {Key: "proves", Value: "a.b, c.d", Line: 3},
			{Key: "expect", Value: "accepted", Line: 6}, {Key: "times", Value: "2", Line: 7},
		},
		Requests: []httpfile.Request{
			{
				Method: "POST", Target: "{{path}}", Line: 8,
				Header: []httpfile.Field{
					{Key: "Authorization", Value: "Bearer {{token}}", Line: 9}, {Key: "X-Empty", Line: 10},
					{Key: "x-TWICE", Value: "a: b", Line: 11}, {Key: "x-TWICE", Value: "c", Line: 12},
				},
				HasBody: true, Body: []byte("{\"Sha1\": \"{{sha1.n}}\"}\n"),
			},
			{
				Label: "the other", Fields: []httpfile.Field{{Key: "expect", Value: "either", Line: 17}},
				Method: "GET", Target: "/elsewhere?x=1", Line: 18,
			},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(httpfile.Request{})); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestParseKeepsBodiesByteForByte(t *testing.T) {
	for _, row := range []struct {
		file, why string
		body      string
		has       bool
	}{
		{"POST /\n", "no empty line, no body", "", false},
		{"POST /", "nor without a last line break", "", false},
		{"POST /\nA: b\n\n", "an empty body is a body", "", true},
		{"POST /\n\nx", "a file may end without a line break", "x", true},
		{"POST /\n\nx\n", "the last line break ends the file, not the body", "x", true},
		{"POST /\n\nx\n\n", "an empty line at the end gives the body a line break", "x\n", true},
		{"POST /\n\nx\n### y\n# expect: either\nGET /\n", "the line break before a separator is not the body's", "x",
			true},
		{"POST /\n\nx\n\n### y\n# expect: either\nGET /\n", "an empty line before a separator is", "x\n", true},
		{"POST /\n\n\xEF\xBB\xBF\xFF\r\n\x00\t \n", "bytes of every kind stay", "\xEF\xBB\xBF\xFF\r\n\x00\t ", true},
	} {
		t.Run(row.why, func(t *testing.T) {
			f, err := httpfile.Parse("x.http", []byte(head+row.file))
			require.NoError(t, err)
			require.Equal(t, row.has, f.Requests[0].HasBody)
			require.Equal(t, row.body, string(f.Requests[0].Body))
		})
	}
}

func TestParseSaysWhereWhatAndHowToMend(t *testing.T) {
	const variables = "those that the file defines above, as @name = value (environment files are not read), and " +
		"token, unprivileged-token, security-admin-token, global-admin-token, invalid-token, shorter-token, " +
		"tail-token, altered-token, swapped-token, middle-token, first-token, exchanged-token, reversed-token, " +
		"base64-token, hexadecimal-token, escaped-token, basic-token, basic-user-token, stranger-token, machine, " +
		"unknown-machine, other-machine, authority, operation, path, sha1, sha1.n, sha1.2, upper, mixed, " +
		"digits, letters, zeros, trailing, halves, last-digit, " +
		"first-digit, magic, exponent, comment, comment.n, comment.2, " +
		"repeat, bytes, cr, lf, tab, space, none"
	for _, row := range []struct{ file, want string }{
		// The title.
		{"", "x.http:1: the file is empty; begin with \"# \" and one sentence saying what a conforming server does\n" +
			"x.http:1: the head has no request under it; add a line such as \"POST {{path}}\""},
		{"POST /\n", "x.http:1: the title is missing; begin with \"# \" and one sentence saying what a conforming " +
			"server does\n" +
			"x.http:1: field \"proves\" is missing; add \"# proves: requirement ids with commas\" above the request\n" +
			"x.http:1: field \"expect\" is missing; add \"# expect: accepted, refused STATUS … or either\" above the " +
			"request"},
		{"# proves: a.b\n# expect: either\nGET /\n", "x.http:1: the title is missing; begin with \"# \" and one " +
			"sentence saying what a conforming server does"},
		{"# Accepts x\n# proves: a.b\n# expect: either\nGET /\n", "x.http:1: the title does not end with a full " +
			"stop; write a sentence, such as \"Refuses a body without Comment.\""},
		{"# It should accept x.\n# proves: a.b\n# expect: either\nGET /\n", "x.http:1: the title says \"should\"; " +
			"say what a conforming server does, in the present tense"},
		// Fields.
		{head + "# prove: a.b\nGET /\n", "x.http:4: unknown field \"prove\" (did you mean \"proves\"?); fields are " +
			"operation, proves, control, needs, because, send, expect, connection, times, abort, target, cookies, " +
			"version"},
		{head + "# priority: high\nGET /\n", "x.http:4: unknown field \"priority\"; fields are operation, proves, " +
			"control, needs, because, send, expect, connection, times, abort, target, cookies, version"},
		{head + "# expect: either\nGET /\n", "x.http:4: field \"expect\" stands already in line 3; keep one of " +
			"the two"},
		{head + "# just a note\nGET /\n", "x.http:4: \"# just a note\" is no field; write \"# key: value\", or a " +
			"comment as \"// text\""},
		{head + "GET /\n### y\n# proves: a.b\n# expect: either\nGET /\n", "x.http:6: field \"proves\" is of the " +
			"whole case; move it above the first request"},
		{head + "GET /\n### y\nGET /\n", "x.http:6: field \"expect\" is missing; add \"# expect: accepted, refused " +
			"STATUS … or either\" above the request"},
		{head + "# operation:\nGET /\n", "x.http:4: field \"operation\": \"\" is no list; write names with a comma " +
			"between"},
		{head + "# operation: a, a\nGET /\n", "x.http:4: field \"operation\": \"a\" is listed twice; name it once"},
		{head + "# control: a.http\nGET /\n", "x.http:4: field \"control\": \"a.http\" is no case name; write its " +
			"path under the cases without .http"},
		{head + "# needs: unknown-machin\nGET {{path unknown-machine}}\n", "x.http:4: field \"needs\": " +
			"\"unknown-machin\" is unknown (did you mean \"unknown-machine\"?); write unprivileged-token, " +
			"security-admin-token, global-admin-token, invalid-token, unknown-machine, other-machine, " +
			"shorter-token, tail-token, altered-token, swapped-token, middle-token, first-token, exchanged-token, " +
			"reversed-token, base64-token, hexadecimal-token, escaped-token, basic-token, basic-user-token or " +
			"stranger-token\n" +
			"x.http:5: {{unknown-machine}} is used but not needed; add \"# needs: unknown-machin, unknown-machine\" " +
			"to the first head"},
		{head + "# needs: a b\nGET /\n", "x.http:4: field \"needs\": \"a b\" is no list; write names with a comma " +
			"between"},
		{head + "# needs: unknown-machine\nGET /\n", "x.http:4: field \"needs\": {{unknown-machine}} is nowhere " +
			"used; take unknown-machine away"},
		{head + "GET /\nAuthorization: Bearer {{unprivileged-token}}\n", "x.http:5: {{unprivileged-token}} is used " +
			"but not needed; add \"# needs: unprivileged-token\" to the first head"},
		{head + "GET /\nAuthorization: Bearer {{invalid-token}}\n", "x.http:5: {{invalid-token}} is used but not " +
			"needed; add \"# needs: invalid-token\" to the first head"},
		{head + "# needs: invalid-token\nGET /\n", "x.http:4: field \"needs\": {{invalid-token}} is nowhere used; " +
			"take invalid-token away"},
		{head + "# because:\nGET /\n", "x.http:4: field \"because\": the value is empty; give one, or take the " +
			"line away"},
		{head + "# send: at once\nGET /\n", "x.http:4: field \"send\": \"at once\" is unknown (did you mean " +
			"\"at-once\"?); write in-turn, at-once or in-one-piece"},
		{head + "# connection: keep\nGET /\n", "x.http:4: field \"connection\": \"keep\" is unknown; write shared or " +
			"separate"},
		{head + "# times: 65\nGET /\n", "x.http:4: field \"times\": \"65\" is no count; write a number from 1 to 64"},
		{head + "# times: twice\nGET /\n", "x.http:4: field \"times\": \"twice\" is no count; write a number from " +
			"1 to 64"},
		{head + "# abort: early\nGET /\n\nx\n", "x.http:4: field \"abort\": \"early\" is unknown; write mid-body"},
		{head + "# abort: mid-body\nGET /\n", "x.http:4: field \"abort\": the request has no body to cut; give it " +
			"one, or take the line away"},
		{"# X.\n# proves: a\n# expect: either 404\nGET /\n", "x.http:3: field \"expect\": 404 is open anyway; " +
			"list behind either none but statuses from 500 on"},
		{"# X.\n# proves: a\n# expect: maybe\nGET /\n", "x.http:3: field \"expect\": \"maybe\" is no expectation; " +
			"write accepted, either, or refused and the statuses that count, such as \"refused 400 422\""},
		{"# X.\n# proves: a\n# expect: refused\nGET /\n", "x.http:3: field \"expect\": \"refused\" is no " +
			"expectation; write accepted, either, or refused and the statuses that count, such as \"refused 400 422\""},
		{"# X.\n# proves: a\n# expect: refused 201\nGET /\n", "x.http:3: field \"expect\": \"201\" is no status of a " +
			"refusal; write accepted, either, or refused and the statuses that count, such as \"refused 400 422\""},
		{"# X.\n# proves: a\n# expect: refused 400 400\nGET /\n", "x.http:3: field \"expect\": status 400 is listed " +
			"twice; name it once"},
		// The request line.
		{head, "x.http:3: the head has no request under it; add a line such as \"POST {{path}}\""},
		{head + "### y\n# expect: either\nGET /\n", "x.http:3: the head has no request under it; add a line such as " +
			"\"POST {{path}}\""},
		{head + "POST:/\n", "x.http:4: \"POST:/\" is no request line; write METHOD, one blank and a target, such as " +
			"\"POST {{path}}\""},
		{head + "POST\n", "x.http:4: the target \"\" begins neither with / nor with {{path}}; write \"POST {{path}}\""},
		{head + "POST https://x.test/\n", "x.http:4: the target \"https://x.test/\" begins neither with / nor with " +
			"{{path}}; write \"POST {{path}}\""},
		{head + "POST /a b\n", "x.http:4: the target \"/a b\" holds a blank; write it as %20"},
		{head + "POST / HTTP/2\n", "x.http:4: the request line ends in HTTP/2; leave the version out, or write " +
			"HTTP/1.1"},
		{head + " \nPOST /\n", "x.http:4: the line holds nothing but blanks; empty it"},
		// The header.
		{head + "POST /\n \nx\n", "x.http:5: the line holds nothing but blanks; empty it to begin the body, or take " +
			"it away\n" +
			"x.http:6: \"x\" is no header line; write \"Name: value\", and an empty line before the body"},
		{head + "POST /\n# times: 2\n", "x.http:5: fields and comments stand above the request line, not in the " +
			"header; move \"# times: 2\" up"},
		{head + "POST /\n// note\n", "x.http:5: fields and comments stand above the request line, not in the header; " +
			"move \"// note\" up"},
		{head + "POST /\nA: b\n c\n", "x.http:6: a header line begins with a blank; write a field in one line"},
		{head + "POST /\nA b: c\n", "x.http:5: \"A b\" is no header name; use letters, digits and - directly before " +
			"the colon"},
		{head + "POST /\nA : c\n", "x.http:5: \"A \" is no header name; use letters, digits and - directly before " +
			"the colon"},
		{head + "POST /\n{{sha1}}: c\n", "x.http:5: \"{{sha1}}\" is no header name; use letters, digits and - " +
			"directly before the colon"},
		{head + "POST /\n: c\n", "x.http:5: \"\" is no header name; use letters, digits and - directly before " +
			"the colon"},
		// Bytes.
		{head + "POST /\r\n\nx\r\n", "x.http:4: a carriage return stands outside a body; save the file with LF " +
			"line ends"},
		{head + "POST /\nA: \x07\n", "x.http:5: control character 0x07 stands outside a body; write it as " +
			"{{bytes 07}}"},
		{head + "POST /\nA: \xFF\n", "x.http:5: bytes that are not UTF-8 stand outside a body; write them as " +
			"{{bytes …}}"},
		{strings.Repeat("x", 1<<20+1), "x.http:1: the file has 1048577 bytes; keep it within 1048576, with {{repeat " +
			"N TEXT}} for long bodies"},
		// Variables.
		{head + "POST /\n\na\n{{tokem}}\n", "x.http:7: unknown variable {{tokem}} (did you mean \"token\"?); " +
			"variables are " + variables},
		{head + "POST /\n\n{{ sha1 }}\n", "x.http:6: no name stands directly behind {{; write {{sha1}}, without " +
			"blanks, or two braces as {{bytes 7B 7B}}"},
		{head + "POST /\n\n{{sha1.0}}\n", "x.http:6: unknown variable {{sha1.0}} (did you mean \"sha1.n\"?); " +
			"variables are " + variables},
		{head + "POST /\n\n{{sha1.65}}\n", "x.http:6: unknown variable {{sha1.65}} (did you mean \"sha1.n\"?); " +
			"variables are " + variables},
		{head + "POST /{{token\n", "x.http:4: {{ is not closed in its line; add }}, or write two braces as {{bytes " +
			"7B 7B}}"},
		{head + "POST /\n\n{{token\n}}\n", "x.http:6: {{ is not closed in its line; add }}, or write two braces as " +
			"{{bytes 7B 7B}}"},
		{head + "POST /\nA: {{token now}}\n", "x.http:5: \"now\" stands behind a variable that takes nothing; take " +
			"it away"},
		{head + "POST {{path a b}}\n", "x.http:4: \"a b\" stands behind {{path}}; write {{path}}, {{path " +
			"unknown-machine}}, {{path other-machine}}, or {{path OPERATION}} for another operation"},
		{head + "# needs: other-machine\nPOST {{path other-machine requestSample}}\n", "x.http:5: " +
			"\"other-machine requestSample\" stands behind {{path}}; write {{path}}, {{path unknown-machine}}, " +
			"{{path other-machine}}, or {{path OPERATION}} for another operation"},
		{head + "POST /\n\n{{upper token}}\n", "x.http:6: \"token\" is no hash; write sha1, sha1.n or sha1.2 behind " +
			"the name, such as {{upper sha1}}"},
		{head + "POST /\n\n{{repeat}}\n", "x.http:6: {{repeat}} lacks its count or its text; write {{repeat N " +
			"TEXT}}, such as {{repeat 1000 x}}"},
		{head + "POST /\n\n{{repeat x y}}\n", "x.http:6: \"x\" is no count; write {{repeat N TEXT}}, such as " +
			"{{repeat 1000 x}}"},
		{head + "POST /\n\n{{repeat 500001 xy}}\n", "x.http:6: {{repeat 500001 …}} comes to more than 1000000 bytes; " +
			"repeat less"},
		{head + "POST /\n\n{{repeat 600000 x}}\n{{repeat 600000 x}}\n", "x.http:7: the {{repeat}} of the file come " +
			"to more than 1000000 bytes; repeat less"},
		{head + "POST /\n\n{{bytes}}\n", "x.http:6: {{bytes}} lacks its bytes; write two hexadecimal digits each, " +
			"such as {{bytes EF BB BF}}"},
		{head + "POST /\n\n{{bytes EFBB}}\n", "x.http:6: \"EFBB\" is no byte; write two hexadecimal digits each, " +
			"such as {{bytes EF BB BF}}"},
		{head + "POST /\n\n{{bytes xy}}\n", "x.http:6: \"xy\" is no byte; write two hexadecimal digits each, such as " +
			"{{bytes EF BB BF}}"},
		// Every fault at once, in the order of their lines.
		{"# Accepts x\n# prove: a\n# proves: b\n# expect: either\nPOST nowhere\nA\n\n{{b}}\n",
			"x.http:1: the title does not end with a full stop; write a sentence, such as \"Refuses a body without " +
				"Comment.\"\n" +
				"x.http:2: unknown field \"prove\" (did you mean \"proves\"?); fields are operation, proves, " +
				"control, needs, because, send, expect, connection, times, abort, target, cookies, version\n" +
				"x.http:5: the target \"nowhere\" begins neither with / nor with {{path}}; write \"POST {{path}}\"\n" +
				"x.http:6: \"A\" is no header line; write \"Name: value\", and an empty line before the body\n" +
				"x.http:8: unknown variable {{b}}; variables are " + variables},
	} {
		t.Run(fmt.Sprintf("%.60q", strings.TrimPrefix(row.file, head)), func(t *testing.T) {
			file, err := httpfile.Parse("x.http", []byte(row.file))
			require.Error(t, err)
			require.Nil(t, file)
			if got := err.Error(); got != row.want {
				t.Errorf("want\n%s\ngot\n%s", row.want, got)
			}
		})
	}
}

func TestParseGivesErrorsWithTheirLine(t *testing.T) {
	_, err := httpfile.Parse("x.http", []byte(head+"POST nowhere\n"))
	var fault *httpfile.Error
	require.True(t, errors.As(err, &fault))
	require.Equal(t, 4, fault.Line)
	require.Equal(t, "x.http", fault.Name)
}

func TestExpandReplacesEveryVariable(t *testing.T) {
	lookup := func(name string, args []string) (string, error) {
		return "<" + strings.Join(append([]string{name}, args...), "+") + ">", nil
	}
	for _, row := range []struct{ text, want, why string }{
		{"", "", "nothing stays nothing"},
		{"plain }} text", "plain }} text", "closing braces alone are text"},
		{"{{token}}{{sha1}}", "<token><sha1>", "neighbours do not mix"},
		{"{{sha1.n}} {{sha1.2}} {{comment.64}}", "<sha1.n> <sha1.2> <comment.64>", "names reach the lookup as written"},
		{"{{path}} {{path unknown-machine}}", "<path> <path+unknown-machine>", "words behind the name reach it too"},
		{"{{path requestSample other-machine}}", "<path+requestSample+other-machine>", "an operation and a machine"},
		{"{{upper sha1.2}}", "<SHA1.2>", "upper case is made here"},
		{"{{repeat 3 ab }}|", "ab ab ab |", "the text of a repeat keeps its blanks"},
		{"{{repeat 2 {\"a\":}}", "{\"a\":{\"a\":", "the text of a repeat may hold a brace"},
		{"{{repeat 2 [}}{{repeat 2 ]}}", "[[]]", "brackets nest"},
		{"{{{cr}}", "{\r", "of three braces the first is text"},
		{"{{bytes EF bb 7B 7B}}", "\xEF\xBB{{", "bytes are bytes, and are not read again"},
		{"{{cr}}{{lf}}{{tab}}{{space}}", "\r\n\t ", "white space has names"},
	} {
		got, err := httpfile.Expand(row.text, lookup)
		require.NoError(t, err, row.text)
		if got != row.want {
			t.Errorf("Expand(%q): want %q, got %q: %s", row.text, row.want, got, row.why)
		}
	}
}

func TestExpandReportsWhatHasNoValue(t *testing.T) {
	broken := errors.New("no such machine")
	lookup := func(string, []string) (string, error) { return "", broken }
	for _, row := range []struct{ text, want string }{
		{"{{token}}", "no such machine"},
		{"{{upper sha1}}", "no such machine"},
		{"a\n{{none}}", "line 2: {{none}} has no value; use it as the whole value of a header field"},
		{"{{cr now}}", "line 1: \"now\" stands behind a variable that takes nothing; take it away"},
		{"{{cr", "line 1: {{ is not closed in its line; add }}, or write two braces as {{bytes 7B 7B}}"},
	} {
		got, err := httpfile.Expand(row.text, lookup)
		require.EqualError(t, err, row.want, row.text)
		require.Empty(t, got)
	}
}

func TestVariablesListsThemInOrder(t *testing.T) {
	got, err := httpfile.Variables("{{path unknown-machine}}\n{{repeat 2 a b}} {{sha1.n}}")
	require.NoError(t, err)
	require.Equal(t, []httpfile.Variable{
		{Name: "path", Args: []string{"unknown-machine"}, Line: 1},
		{Name: "repeat", Args: []string{"2", "a b"}, Line: 2},
		{Name: "sha1.n", Args: []string{}, Line: 2},
	}, got)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "###", "### x\n### y\n", head, head + "POST {{path}}\nA: {{none}}\n\n{{repeat 9 x}}\n",
		head + "POST / HTTP/1.1\r\nA:b\n c\n\n\n###\n# times: 3\n# abort: mid-body\nGET /\n",
		"# X.\n# needs: unknown-machine\nGET {{path unknown-machine}}\n\n{{{bytes FF}}}}{{",
		"\ufeff" + head + "# @name x\n@a = {\"b\": {{sha1}}}\n@c={{a}}{{a}}\nPOST /{{c}}\nA: " +
			"{{a}}\n\n{{{a}}{{c}}}\n####x\n// y\n###\n",
		head + "POST /\n\n< ./x\n###y\n@a=\n# expect: either\nGET /\n  ?a=b\n\n> {% x %}\n# c\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := httpfile.Parse("x.http", data)
		if (file == nil) == (err == nil) {
			t.Fatalf("want either a file or an error, got %v and %v", file, err)
		}
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "x.http:") {
					t.Fatalf("want every error to begin with its place, got %q", line)
				}
			}
			return
		}
		lookup := func(name string, _ []string) (string, error) { return "{{" + name + "}}", nil }
		for _, r := range file.Requests {
			for _, text := range []string{r.Target, string(r.Body)} {
				if _, err := httpfile.Expand(text, lookup); err != nil && !strings.Contains(text, httpfile.None) {
					t.Fatalf("want what was parsed to expand, got %v of %q", err, text)
				}
			}
		}
	})
}
