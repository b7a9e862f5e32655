package credential

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// signature is what the tests' tokens end in.
const signature = "c2lnbmF0dXJlLW9mLW5vYm9keQ"

// made returns a token of a header and claims, in JSON.
func made(header, claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(header)) + "." + part([]byte(claims)) + "." + signature
}

func TestDescribeReadsWhatATokenSays(t *testing.T) {
	const header = `{"alg":"RS256","typ":"JWT"}`
	for _, row := range []struct {
		claims string
		want   Claims
		why    string
	}{
		{`{}`, Claims{Algorithm: "RS256"}, "nothing but the algorithm"},
		{`{"iss":"https://sts.windows.net/t/","aud":"https://graph.microsoft.com","tid":"t","appid":"a","roles":["Ti.ReadWrite.All","X"],"idtyp":"app","iat":1500000000,"nbf":1500000001,"exp":1500003600}`,
			Claims{Algorithm: "RS256", Issuer: "https://sts.windows.net/t/",
				Audience: []string{"https://graph.microsoft.com"}, Tenant: "t", Actor: App, App: "a",
				Roles:  []string{"Ti.ReadWrite.All", "X"},
				Issued: time.Unix(1500000000, 0).UTC(), NotBefore: time.Unix(1500000001, 0).UTC(),
				Expires: time.Unix(1500003600, 0).UTC()}, "an application's"},
		{`{"aud":["a","b"],"azp":"c","scp":"User.Read Mail.Read","preferred_username":"u@x.org","wids":["w"]}`,
			Claims{Algorithm: "RS256", Audience: []string{"a", "b"}, Actor: User, App: "c", User: "u@x.org",
				Scopes: []string{"User.Read", "Mail.Read"}, DirectoryRoles: []string{"w"}}, "a user's"},
		{`{"idtyp":"user","client_id":"c"}`, Claims{Algorithm: "RS256", Actor: User, App: "c"}, "its subject is known"},
		{`{"idtyp":"device","appid":"c"}`, Claims{Algorithm: "RS256", Actor: App, App: "c"},
			"a kind that is neither leaves it to the other claims"},
		{`{"appid":"c","scope":["a b","c"]}`, Claims{Algorithm: "RS256", Actor: User, App: "c",
			Scopes: []string{"a", "b", "c"}}, "scopes are a user's (RFC 9068)"},
		{`{"iss":7,"aud":{"x":1},"roles":[1,"r",null],"scp":null,"exp":"soon","nbf":-1,"iat":1e300,"tid":["t"]}`,
			Claims{Algorithm: "RS256", Roles: []string{"r"}}, "what is of another type is left out"},
		{`{"exp":1500003600.75}`, Claims{Algorithm: "RS256", Expires: time.Unix(1500003600, 0).UTC()},
			"a time may have a fraction (RFC 7519 2)"},
		{`{"iss":"a\u001b[2J\u202eb\r\n c","tid":"` + signature + `"}`, Claims{Algorithm: "RS256", Issuer: "a[2Jb c",
			Tenant: "***"}, "a terminal is not obeyed, and the signature not repeated"},
		{`{"iss":"` + strings.Repeat("x", 300) + `"}`, Claims{Algorithm: "RS256",
			Issuer: strings.Repeat("x", claimLimit) + "…"}, "a long claim is cut"},
		{`{"roles":["r"` + strings.Repeat(`,"r"`, 80) + `],"scp":"` + strings.Repeat("s ", 80) + `"}`,
			Claims{Algorithm: "RS256", Actor: User, Roles: strings.Fields(strings.Repeat("r ", claimCount)),
				Scopes: strings.Fields(strings.Repeat("s ", claimCount))}, "so is a long list"},
	} {
		got, ok := Describe(made(header, row.claims))
		require.True(t, ok, row.why)
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", row.why, diff)
		}
	}
	_, ok := Describe(strings.TrimSuffix(made(header, `{}`), signature))
	require.True(t, ok, "an unsigned token is one too")
}

func TestDescribeTakesTheRestForOpaque(t *testing.T) {
	good := made(`{"alg":"none"}`, `{}`)
	for _, row := range []struct{ token, why string }{
		{"", "none at all"},
		{"test-token-0d5ac7", "a word"},
		{"a.b", "two parts"},
		{good + ".x.y", "five parts are encrypted"},
		{"!." + good, "four"},
		{made(`{"alg":"none"}`, `[]`), "claims that are no object"},
		{made(`{"alg":"none"}`, `{`), "claims that are cut"},
		{made(`{"alg":"none"}`, `null`), "claims that are null"},
		{made(`{"typ":"JWT"}`, `{}`), "no algorithm"},
		{made(`"alg"`, `{}`), "a header that is no object"},
		{strings.Replace(good, ".", ".!", 1), "a part that is no base64"},
		{good + "!", "a signature that is none"},
		{made(`{"alg":"none"}`, `{"a":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}`),
			"claims without a bottom"},
		{made(`{"alg":"none"}`, `{"iss":"`+strings.Repeat("x", tokenLimit)+`"}`), "a token beyond every header"},
	} {
		if got, ok := Describe(row.token); ok {
			t.Errorf("%s: want opaque, got %+v", row.why, got)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	for _, token := range []string{
		"", "opaque", "..", "a.b.c", made(`{"alg":"RS256"}`,
			`{"exp":1500000000,"aud":["a"],"scp":"a b","roles":["r"],"wids":[]}`),
		made(`{"alg":"none"}`, `{"iss":"`+signature+`"}`), made(`{"alg":1}`, `{}`),
		made(`{"alg":"x"}`, `{"iss":"\u001b","exp":1e309}`),
	} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, ok := Describe(token)
		if !ok {
			require.Equal(t, Claims{}, c)
			return
		}
		all := append([]string{c.Algorithm, c.Issuer, c.Tenant, c.App, c.User}, c.Audience...)
		for _, list := range [][]string{c.Roles, c.Scopes, c.DirectoryRoles} {
			require.LessOrEqual(t, len(list), claimCount)
			all = append(all, list...)
		}
		sign := token[strings.LastIndex(token, ".")+1:]
		for _, claim := range all {
			if len([]rune(claim)) > claimLimit+1 || claim != cleaned(claim, len(claim)) {
				t.Errorf("want a short, clean claim, got %q", claim)
			}
			if strings.Contains(claim, token) || len(sign) >= shortSecret && strings.Contains(claim, sign) {
				t.Errorf("want neither token nor signature, got %q", claim)
			}
		}
		if _, err := json.Marshal(c); err != nil { // a time beyond the year 9999 has no JSON
			t.Error(err)
		}
	})
}
