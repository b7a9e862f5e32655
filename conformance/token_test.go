package conformance_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/curl"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

func TestEveryTokenHasOneRow(t *testing.T) {
	fields := map[string]bool{}
	for _, k := range conformance.Tokens() {
		var target conformance.Target
		*k.In(&target) = "x-" + k.Variable
		require.Equal(t, "x-"+k.Variable, reflect.ValueOf(target).FieldByName(k.Field).String(),
			"want the row of %s to reach Target.%s", k.Variable, k.Field)
		fields[k.Field] = true
		require.Equal(t, "FMASPEC_"+strings.ToUpper(strings.ReplaceAll(k.Name(), " ", "_")), k.Env())
		found, known := conformance.TokenNamed(k.Variable)
		require.True(t, known)
		require.Equal(t, k.Field, found.Field)
	}
	of := reflect.TypeFor[conformance.Target]()
	for i := range of.NumField() {
		if f := of.Field(i); strings.HasSuffix(f.Name, "Token") && f.Type.Kind() == reflect.String {
			require.True(t, fields[f.Name], "Target.%s has no row in Tokens, conformance/token.go", f.Name)
		}
	}
	_, known := conformance.TokenNamed("token-of-nobody")
	require.False(t, known)
}

// withoutRow lists the needs that cases may name and nothing supplies.
func withoutRow(needs []string) (out []string) {
	for _, need := range needs {
		if _, known := conformance.TokenNamed(need); !known && !httpfile.IsMachine(need) && !slices.Contains(
			conformance.DerivedTokens(), need) {
			out = append(out, need+" has no row in Tokens, conformance/token.go")
		}
	}
	return out
}

func TestEveryNeedOfCasesIsSupplied(t *testing.T) {
	require.Empty(t, withoutRow(httpfile.Needs()))
	require.Equal(t, []string{"reader-token has no row in Tokens, conformance/token.go"},
		withoutRow([]string{"invalid-token", "reader-token"}))
	require.Len(t, httpfile.Needs(), len(conformance.Tokens())+1+len(conformance.DerivedTokens()),
		"want all tokens but "+
			"the first, two machines, and what is made of the first token")
}

// derived loads derivedCases once.
var derived = sync.OnceValues(func() (*conformance.Suite, error) {
	files := fstest.MapFS{}
	for _, variable := range conformance.DerivedTokens() {
		files["refuses-"+variable+".http"] = &fstest.MapFile{Data: []byte("# Refuses " + variable + ".\n# operation: " +
			"requestSample\n" +
			"# proves: auth.token-known\n# expect: refused 401\n# control: valid/accepts-plain-request\n# needs: " +
			variable + "\n\nPOST {{path}}\nAuthorization: Bearer {{" + variable +
			"}}\nContent-Type: application/json\n\n" +
			"{\"Comment\": \"{{comment}}\", \"Sha1\": \"{{sha1}}\"}\n")}
	}
	return conformance.Load(conformance.Contract{}, conformance.BuiltIn(),
		conformance.Source{Name: "mine", Own: true, FS: files})
})

// derivedCases is a suite with a case for each token that is made of another.
func derivedCases(t *testing.T) *conformance.Suite {
	t.Helper()
	suite, err := derived()
	require.NoError(t, err)
	return suite
}

func TestWhatIsMadeOfATokenIsSentAndNotWritten(t *testing.T) {
	suite := derivedCases(t)
	for _, row := range []struct {
		token string
		sent  []string
	}{
		{"An-opaque.token_01", []string{"n-opaque.token_01", "An-opaque.token_0", "An-opaque.toke0_01",
			"aN-OPAQUE.TOKEN_01", "An-opaqu0.token_01", "eDpBbi1vcGFxdWUudG9rZW5fMDE=", "xn-opaque.token_01",
			"A-nopaque.token_01", "10_nekot.euqapo-nA", "QW4tb3BhcXVlLnRva2VuXzAx", "QW4tb3BhcXVlLnRva2VuXzAxOg==",
			"An-opadhr.gbxra_56", "416e2d6f70617175652e746f6b656e5f3031",
			"%41%6E%2D%6F%70%61%71%75%65%2E%74%6F%6B%65%6E%5F%30%31"}},
		{"abcd0fgh", []string{"bcd0fgh", "abcd0fg", "abcd1fgh", "ABCD0FGH", "abc00fgh",
			"eDphYmNkMGZnaA==", "xbcd0fgh", "acbd0fgh", "hgf0dcba", "YWJjZDBmZ2g=", "YWJjZDBmZ2g6",
			"abpq5stu", "6162636430666768", "%61%62%63%64%30%66%67%68"}},
		{"1234567a", []string{"234567a", "1234567", "1234067a", "1234567A", "1230567a",
			"eDoxMjM0NTY3YQ==", "x234567a", "1324567a", "a7654321", "MTIzNDU2N2E=", "MTIzNDU2N2E6",
			"1289012n", "3132333435363761", "%31%32%33%34%35%36%37%61"}},
		{"seven-7", nil},  // too short
		{"12345678", nil}, // no letter
		{"padded-token=", nil},
	} {
		honest := reference.New(reference.Config{Token: row.token})
		var arrived []string
		it := target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); got != row.token {
				arrived = append(arrived, got)
			}
			honest.ServeHTTP(w, r)
		}))
		it.Token = row.token
		r, err := suite.Run(t.Context(), it, conformance.Options{Run: "^requestSample/refuses-", Parallel: 1})
		require.NoError(t, err)
		require.ElementsMatch(t, row.sent, arrived, row.token)
		require.Zero(t, r.Totals.Findings)
		if row.sent == nil {
			require.Equal(t, len(conformance.DerivedTokens()), r.Totals.NotApplicable)
			require.Regexp(t, "needs a token of 8 or more characters", told(t, r))
		}
		for _, value := range append(row.sent, row.token) {
			require.NotContains(t, told(t, r), strings.ToLower(value), "want no part of the token of %s", row.token)
		}
		verified, err := suite.Verify(written(t, r))
		require.NoError(t, err)
		require.Empty(t, verified.Differences, row.token)
	}
}

// A command of a report needs the token alone: a shell makes the others of it.
func TestAShellMakesWhatIsMadeOfAToken(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	for token, want := range map[string]map[string]string{
		"An-opaque.token_01": {"SHORTER": "An-opaque.token_0", "TAIL": "n-opaque.token_01",
			"ALTERED": "An-opaque.toke0_01",
			"SWAPPED": "aN-OPAQUE.TOKEN_01", "MIDDLE": "An-opaqu0.token_01", "BASIC": "eDpBbi1vcGFxdWUudG9rZW5fMDE="},
		"abcd0fgh": {"ALTERED": "abcd1fgh", "MIDDLE": "abc00fgh", "FIRST": "xbcd0fgh", "EXCHANGED": "acbd0fgh",
			"REVERSED": "hgf0dcba", "BASE64": "YWJjZDBmZ2g=", "HEXADECIMAL": "6162636430666768",
			"ESCAPED": "%61%62%63%64%30%66%67%68", "BASIC_USER": "YWJjZDBmZ2g6"},
		"xaabcdefg":  {"FIRST": "yaabcdefg", "EXCHANGED": "xabacdefg"},
		"a0b1N2.Zz-": {"STRANGER": "a0b6A7.Mm-"},
		"mnopqrst":   {"HEXADECIMAL": "6d6e6f7071727374", "ESCAPED": "%6D%6E%6F%70%71%72%73%74"},
		"abcdefghi":  {"MIDDLE": "abcd0fghi"},
	} {
		for name, value := range want {
			shell := exec.Command("sh", "-c", "printf %s "+curl.ShellWord("Bearer $FMASPEC_"+name+"_TOKEN"))
			shell.Env = append(os.Environ(), "FMASPEC_TOKEN="+token)
			out, err := shell.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Equal(t, "Bearer "+value, string(out), name)
		}
	}
}

func TestAServerThatTakesWhatIsMadeOfATokenIsFound(t *testing.T) {
	for name, accepts := range map[string]func(got string) bool{
		"refuses-shorter-token": func(got string) bool { return strings.HasPrefix(token, got) },
		"refuses-tail-token":    func(got string) bool { return strings.HasSuffix(token, got) },
		"refuses-altered-token": func(got string) bool {
			return len(got) == len(token) && got[:len(got)-4] == token[:len(got)-4]
		},
		"refuses-middle-token": func(got string) bool {
			return len(got) == len(token) && got[:4] == token[:4] && got[len(got)-4:] == token[len(got)-4:]
		},
		"refuses-basic-token": func(got string) bool {
			return got == base64.StdEncoding.EncodeToString([]byte("x:"+token))
		},
		"refuses-swapped-token": func(got string) bool { return strings.EqualFold(got, token) },
		"refuses-first-token":   func(got string) bool { return len(got) == len(token) && got[1:] == token[1:] },
		"refuses-base64-token": func(got string) bool {
			return got == base64.StdEncoding.EncodeToString([]byte(token))
		},
	} {
		honest := honest()
		it := target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); is && accepts(got) {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			honest.ServeHTTP(w, r)
		}))
		r, err := derivedCases(t).Run(t.Context(), it, conformance.Options{Run: "^requestSample/refuses-",
			Strict: true})
		require.NoError(t, err)
		require.Equal(t, record.NotConformant, r.Verdict, name)
		for _, c := range r.Cases {
			require.Equal(t, c.ID == "requestSample/"+name, c.Outcome == record.Failed, "%s: %s", name, c.ID)
		}
	}
}
