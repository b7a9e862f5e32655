package redact

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
)

const canary = "8Zk3mXw7Lp2QvT5n"

func TestWhatGrantsAccessIsStruckOut(t *testing.T) {
	for _, text := range []string{
		"Bearer " + canary,
		"bearer " + canary + "==",
		`{"message":"not Bearer ` + canary + `"}`,
		`{"message":"Authorization: Basic ` + canary + `="}`,
		"authorization=Bearer%20" + canary,
		"password=" + canary,
		"grant_type=password&password=" + canary + "&x=y",
		"client_id=a&client_secret=" + canary,
		"client_secret=" + canary,
		"access_token=" + canary,
		"refresh_token=" + canary,
		"https://h/?access_token=" + canary,
		"https://h/#id_token=" + canary,
		"Server=db;Password=" + canary + ";",
		`{"message":"failed\npassword=` + canary + `"}`,
		`{"message":"x\u0026client_secret=` + canary + `"}`,
		`{"password":"` + canary + `"}`,
		`{"client_secret": "` + canary + `"}`,
		`{"message":"{\"access_token\":\"` + canary + `\"}"}`,
		"AccountKey=" + canary,
		"dial https://user:" + canary + "@h/: refused",
		`{"x":"https:\/\/user:` + canary + `@h"}`,
		`{"clientSecret":"` + canary + `","a":1}`,
		`{"apiKey":"` + canary + `"}`,
		`{"AccessToken" : "` + canary + `"}`,
	} {
		got := (&Secrets{}).Text(text)
		require.NotContains(t, got, canary, text)
		require.Len(t, got, len(text), text)
		require.Equal(t, json.Valid([]byte(text)), json.Valid([]byte(got)), got)
	}
}

func TestWhatOnlyResemblesASecretStays(t *testing.T) {
	for _, text := range []string{
		`Bearer realm="x", error="invalid_token", error_description="The token has expired"`,
		`Bearer authorization_uri="https://login.example/common", resource_metadata=https://x.example/y`,
		"The Bearer authentication is required.",
		"Bearer token",
		"basic authentication",
		"the code=5 and key=7",
		`{"token":"invalid_token","code":"Unauthorized"}`,
		"text/html; charset=utf-8",
		"https://h:8080/machines/a@b",
		"https://user@h/a:b@c",
		`{"@odata.context":"https://h/$metadata#machineactions/$entity"}`,
	} {
		require.Equal(t, text, (&Secrets{}).Text(text))
	}
}

// A judge compares what was sent with what came back, which servers escape in different ways.
func TestATextIsStruckOutInTheSameWayHoweverItIsEscaped(t *testing.T) {
	for _, text := range []string{"Bearer a1+b2/c3.d4==", "password=a+b/c", "https://h/?sig=a+b/c%3D",
		"pwd=x/y+z and more", "token: a1+b2/c3=", `secret: "a1<b2>c3d4e5"`, `{"token":"a1/b2+c3"}`} {
		plain, err := json.Marshal(text)
		require.NoError(t, err)
		want := ""
		for _, spelling := range []string{string(plain), strings.ReplaceAll(string(plain), "+", `\u002B`),
			strings.ReplaceAll(string(plain), "+", `\u002b`), strings.ReplaceAll(string(plain), "/", `\/`)} {
			got := ""
			require.NoError(t, json.Unmarshal([]byte((&Secrets{}).Text(spelling)), &got), spelling)
			require.NotEqual(t, text, got)
			if want == "" {
				want = got
			}
			require.Equal(t, want, got, spelling)
		}
	}
}

func TestAFieldOfCredentialsKeepsItsForm(t *testing.T) {
	for _, row := range []struct{ name, value, want string }{
		{"Authorization", "Bearer " + canary, "Bearer " + stars(canary)},
		{"authorization", "Bearer", "Bearer"},
		{"Authorization", canary, stars(canary)},
		{"Authorization", "Bearer $FMASPEC_TOKEN", "Bearer $FMASPEC_TOKEN"},
		{"Cookie", "a=" + canary + "; " + canary, "a=" + stars(canary) + ";" + stars(" "+canary)},
		{"Set-Cookie", "a=" + canary + "; Path=/", "a=" + stars(canary) + "; Path=/"},
		{"set-cookie", canary + "; Path=/", stars(canary) + "; Path=/"},
		{"X-Ms-Client-Principal", canary, stars(canary)},
		{"WWW-Authenticate", "Bearer error=x", "Bearer error=x"},
		{"X-Request-Id", canary, canary},
	} {
		require.Equal(t, row.want, (&Secrets{}).Field(record.Field{Name: row.name, Value: row.value}), row.name)
	}
}
