package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// writtenChallenges writes challenges in one way.
func writtenChallenges(all []challengeRead) string {
	var out []string
	for _, c := range all {
		text := c.scheme
		if c.token68 != "" {
			text += " " + c.token68
		}
		for i, p := range c.params {
			text += fmt.Sprintf("%s%s=%q", map[bool]string{true: " ", false: ", "}[i == 0], p.Name, p.Value)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestChallengesAreReadByTheGrammar(t *testing.T) {
	for _, row := range []struct {
		why   string
		lines []string
		want  string // written in one way
	}{
		{"RFC 9110 11.6.1", []string{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`},
			`Basic realm="simple", Newauth realm="apps", type="1", title="Login to \"apps\""`},
		{"the same, the other way round",
			[]string{`Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"`},
			`Newauth realm="apps", type="1", title="Login to \"apps\"", Basic realm="simple"`},
		{"RFC 6750 3, the first", []string{`Bearer realm="example"`}, `Bearer realm="example"`},
		{"RFC 6750 3, the second",
			[]string{`Bearer realm="example", error="invalid_token", error_description="The access token expired"`},
			`Bearer realm="example", error="invalid_token", error_description="The access token expired"`},
		{"RFC 7616 3.9.1",
			[]string{`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`}, `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm="SHA-256", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`},
		{"RFC 4559 4.1", []string{"Negotiate"}, "Negotiate"},
		{"RFC 4559 5", []string{"Negotiate oQ=="}, "Negotiate oQ=="},
		{"a token of one character", []string{"Negotiate a"}, "Negotiate a"},
		{"every character of such a token", []string{"New abcXYZ019-._~+/==="}, "New abcXYZ019-._~+/==="},
		{"a name and =, which are such a token", []string{"Bearer realm="}, "Bearer realm="},
		{"such a token, struck out", []string{"Negotiate ******=="}, "Negotiate ******=="},
		{"a scheme alone", []string{"Bearer"}, "Bearer"},
		{"a scheme with a blank behind it", []string{"Bearer "}, "Bearer"},
		{"three schemes alone", []string{"Bearer, Basic,Negotiate"}, "Bearer, Basic, Negotiate"},
		{"two lines", []string{"Negotiate", `Bearer realm="a"`}, `Negotiate, Bearer realm="a"`},
		{"one challenge over two lines", []string{`Bearer realm="a"`, `error="invalid_token"`},
			`Bearer realm="a", error="invalid_token"`},
		{"a token between others", []string{`Basic realm="a", Negotiate oQ==, Bearer`},
			`Basic realm="a", Negotiate oQ==, Bearer`},
		{"empty list elements", []string{`, ,Bearer realm="a",, error="invalid_token" , ,`},
			`Bearer realm="a", error="invalid_token"`},
		{"an empty field", []string{""}, ""},
		{"no field", nil, ""},
		{"several blanks behind the scheme", []string{`Bearer   realm="a"`}, `Bearer realm="a"`},
		{"white space around =", []string{"Bearer realm = \"a\", error\t=\tinvalid_token"},
			`Bearer realm="a", error="invalid_token"`},
		{"no blank behind the comma", []string{`Bearer realm="a",error="invalid_token"`},
			`Bearer realm="a", error="invalid_token"`},
		{"an empty value", []string{`Bearer realm=""`}, `Bearer realm=""`},
		{"letters beyond ASCII, in quotes", []string{"Basic realm=\"caf\xE9\""}, `Basic realm="caf\xe9"`},
		{"a comma and a scheme in quotes", []string{`Basic realm="x, Bearer y=z"`}, `Basic realm="x, Bearer y=z"`},
		{"one name in two challenges", []string{`Basic realm="a", Bearer realm="a"`},
			`Basic realm="a", Bearer realm="a"`},
		{"a quoted backslash", []string{`Basic realm="a\\"`}, `Basic realm="a\\"`},
		{"a tab in quotes", []string{"Basic realm=\"a\tb\""}, `Basic realm="a\tb"`},
	} {
		t.Run(row.why, func(t *testing.T) {
			got, err := readChallenges(row.lines)
			require.NoError(t, err)
			require.Equal(t, row.want, writtenChallenges(got))
		})
	}
}

func TestWhatIsNoChallengeIsNamed(t *testing.T) {
	for _, row := range []struct{ field, want string }{
		{`Bearer error_description=not a token`, `a comma is missing before "a token"`},
		{`Bearer realm="a`, `the quotes of realm do not end`},
		{`Bearer realm="a\"`, `the quotes of realm do not end`},
		{`Bearer realm="a\`, `the quotes of realm do not end`},
		{`Bearer realm="a" error="b"`, `a comma is missing before "error=\"b\""`},
		{`Bearer realm="a"; error="b"`, `a comma is missing before "; error=\"b\""`},
		{`Bearer realm="a"x`, `a comma is missing before "x"`},
		{`Bearer realm="a", Realm="a"`, `the parameter Realm is there twice in one challenge`},
		{`Bearer a=1, a=2`, `the parameter a is there twice in one challenge`},
		{`Bearer realm=a`, `the value of realm is not in quotes`},
		{`Bearer realm=, x=y`, `the parameter x belongs to no scheme`},
		{`Bearer a=b, realm=, x=y`, `the parameter realm has no value: behind its = stands ", x=y"`},
		{`Bearer realm: "a"`,
			`behind the scheme Bearer stands no parameter, which is a name, = and a value, but "realm: \"a\""`},
		{`Bearer {"realm": "a"}`,
			`behind the scheme Bearer stands no parameter, which is a name, = and a value, but "{\"realm\": \"a\"}"`},
		{`Bearer "a"`, `behind the scheme Bearer stands no parameter`},
		{`Bearer a b`, `behind the scheme Bearer stands no parameter`},
		{`Bearer, a b c`, `behind the scheme a stands no parameter`},
		{`realm="a", Bearer`, `the parameter realm belongs to no scheme`},
		{`Negotiate oQ==, realm="a"`, `the parameter realm belongs to no scheme`},
		{`Bearer, realm="a"`, `the parameter realm belongs to no scheme`},
		{`="a"`, `no scheme and no parameter begins with "=\"a\""`},
		{`"Bearer"`, `no scheme and no parameter begins with "\"Bearer\""`},
		{"Bearer\trealm=\"a\"", `a comma is missing before "realm=\"a\""`},
		{"Bearer realm=\"a\x01\"", `the value of realm has the byte 0x01`},
		{"Bearer realm=\"a\x7f\"", `the value of realm has the byte 0x7f`},
		{`Bearer error_description="a \"b\""`,
			`the value of error_description has a character that RFC 6750 3 leaves out: "\""`},
		{"Bearer error=\"\xE9\"", `the value of error has a character that RFC 6750 3 leaves out`},
		{`Bearer error_uri="a b"`, `the value of error_uri has a character that RFC 6750 3 leaves out: " "`},
		{`Bearer scope="a\\b"`, `the value of scope has a character that RFC 6750 3 leaves out: "\\"`},
		{"Be\xE9rer", `a comma is missing before`},
	} {
		t.Run(row.field, func(t *testing.T) {
			_, err := readChallenges([]string{row.field})
			require.ErrorContains(t, err, row.want)
		})
	}
}

// FuzzChallenges reads whatever a server may send, and reads what it wrote again.
func FuzzChallenges(f *testing.F) {
	for _, seed := range []string{"", "Bearer", `Bearer realm="a", error="b"`,
		`Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"`, "Negotiate oQ==",
		`, a = "\\" ,,`, `Bearer "`, "a b=c d", "x=\x00"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		all, err := readChallenges([]string{first, second})
		if err != nil {
			require.Nil(t, all)
			require.NotEmpty(t, err.Error())
			require.Less(t, len(err.Error()), 400)
			return
		}
		var fields []string
		for _, c := range all {
			text := c.scheme
			require.NotEmpty(t, c.scheme)
			if c.token68 != "" {
				require.Empty(t, c.params)
				text += " " + c.token68
			}
			for i, p := range c.params {
				value := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Value)
				text += map[bool]string{true: " ", false: ", "}[i == 0] + p.Name + `="` + value + `"`
			}
			fields = append(fields, text)
		}
		again, err := readChallenges(fields)
		require.NoError(t, err, "%q", fields)
		require.Equal(t, all, again)
	})
}
