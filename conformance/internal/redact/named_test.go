package redact

import (
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"fmaspec/conformance/record"
)

// someNames are names of secrets as people spell them.
func someNames() []string {
	return strings.Fields(`token access_token accessToken id_token idToken refresh_token auth_token authToken jwt session
		sessionid session_id sessionId sid password passwd pwd passphrase secret client_secret clientSecret api_key
		apiKey private_key privateKey PrivateKey account_key AccountKey SharedAccessSignature sas signature credential
		credentials authorization Authorization auth cookie csrf csrf_token xsrf otp assertion client_assertion
		SAMLResponse subscription_key Ocp-Apim-Subscription-Key secretKey secret_key signing_key webhook_secret
		AWS_SECRET_ACCESS_KEY security_token securityToken user_password x-api-key bearerToken device_code JSESSIONID
		connect.sid userPwd x-sid sig pass`)
}

func TestTheValueOfASecretNameIsStruckOutWhereverItStands(t *testing.T) {
	for _, name := range someNames() {
		for why, text := range map[string]string{
			"a member":                        `{"a":1,"` + name + `":"` + canary + `","b":2}`,
			"a member of JSON in a string":    `{"m":"{\"a\":1,\"` + name + `\":\"` + canary + `\",\"b\":2}"}`,
			"the same, deeper":                `{"m":"{\\\"` + name + `\\\":\\\"` + canary + `\\\"}"}`,
			"a member of a map of Python":     `{'a': 1, '` + name + `': '` + canary + `'}`,
			"the first field of a form":       name + "=" + canary + "&a=b",
			"a field of a form":               "a=b&" + name + "=" + canary,
			"a parameter":                     "https://h/p?" + name + "=" + canary + "#x",
			"a parameter with word for value": "https://h/p?a=b&" + name + "=" + "hunterhunter",
			"a parameter within a parameter":  "/p?u=" + url.QueryEscape("/q?"+name+"=") + canary,
			"text":                            "failed: " + name + ": " + canary + " is wrong",
			"text with an equals sign":        "error: " + name + "=" + canary + " failed",
			"text with quotation marks":       name + ` = "` + canary + `"`,
			"text in JSON":                    `{"m":"x\n` + name + `: \"` + canary + `\""}`,
			"text in HTML":                    html.EscapeString(`<p>` + name + `: "` + canary + `"</p>`),
			"an element":                      "<r><" + name + ">" + canary + "</" + name + "></r>",
			"an element in JSON":              `{"m":"\u003c` + name + `\u003e` + canary + `\u003c/x\u003e"}`,
		} {
			got := (&Secrets{}).Text(text)
			require.NotContains(t, got, canary, "%s: %s", why, text)
			require.NotContains(t, got, "hunterhunter", "%s: %s", why, text)
			require.Len(t, got, len(text), text)
			require.Equal(t, json.Valid([]byte(text)), json.Valid([]byte(got)), got)
			require.Equal(t, got, (&Secrets{}).Text(got), "want nothing more struck out the second time")
		}
		field := record.Field{Name: "X-" + name, Value: canary}
		require.Equal(t, stars(canary), (&Secrets{}).Field(field), name)
	}
}

func TestWhatIsASecretInText(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"login failed: password: hunter2hunter2 client_secret: s3cr3tvalue99 token=tok_live_9f8e7d6c5b4a; retry",
			"login failed: password: ************** client_secret: ************* " +
				"token=*********************; retry"},
		{"password: correcthorsebatterystaple.", "password: **************************"},
		{"secret: aBcDeFgHiJkLmNoPqR", "secret: ******************"},
		{`{"secret":"my-secret-value","token":"tok-77"}`, `{"secret":"***************","token":"******"}`},
		{`{"password":"correct horse"}`, `{"password":"*************"}`},
		{`{"password":"ab\"cd\\","a":"b"}`, `{"password":"**\"**\\","a":"b"}`},
		{`{"private_key":"-----BEGIN KEY-----\nMIIE\n"}`, `{"private_key":"*******************\n****\n"}`},
		{`{"authorization":"SharedKey acct:Zm9v77=="}`, `{"authorization":"SharedKey *************"}`},
		{"Authorization: SharedKey acct:Zm9v77==", "Authorization: SharedKey *************"},
		{"a session:a1b2c3d4 b", "a session:******** b"},
		{`{"m":"a\nX-Token:a1b2c3d4"}`, `{"m":"a\nX-Token:********"}`},
		{"token=hunterhunter&a=b", "token=************&a=b"},
		{"password:a1b2c3d4", "password:********"},
		{"otp: 123456", "otp: ******"},
	} {
		got := (&Secrets{}).Text(row.text)
		require.Equal(t, row.want, got)
	}
}

func TestProseAndOtherNamesStay(t *testing.T) {
	for _, text := range []string{
		"the token is expired", "token: missing", "token: expired", "token=invalid",
		"Token: InvalidAuthenticationToken",
		"token: INVALID_TOKEN", "session: not found", "password: must have 12 characters", "password: required",
		`password: "must have a digit"`, "secret: none", "authorization: denied", "Authorization: Bearer",
		"authorization: required for /machines/0123456789", "token: OAuth2", "signature: SHA-256",
		"unexpected token: StartObject", "session: 2026-11-30T13:39:24Z", "token: /var/run/secrets/token1",
		"token: https://login.example/oauth2", "token: analyst1@contoso.com", "session: /a/b1",
		`{"error":"invalid_token","error_description":"The token has expired at 2026-11-30."}`,
		`{"token":"invalid_token","session":"the session of 12 users","auth":"OAuth2"}`,
		`{"token_type":"Bearer","expires_in":3600,"scope":"a1b2c3d4"}`, `{"otp":123456,"secret":true,"token":null}`,
		`{"m":"{\"otp\":123456,\"secret\":null}"}`, `["token:",1234567,"pwd=",7654321]`, `{"a":"token: ","b1234567":1}`,
		`{"Comment":"c-1234567","Sha1":"87662bc3a60e4200ceaf7aae249d1c343f4b83c9","requestor":"a1@contoso.com",` +
			`"requestorComment":"c-1234567","fileId":"87662bc3","machineId":"f46b9bb2","code":"Unauthorized401"}`,
		`Bearer realm="x1234567", authorization_uri="https://login.example/common", nonce="a1b2c3d4"`,
		"the inside: a1b2c3d4, residual=a1b2c3d4, mapping: a1b2c3d4, key: a1b2c3d4, code=a1b2c3d4",
		`{"tokenEndpoint":"a1b2c3d4","passwordPolicy":"a1b2c3d4","key":"a1b2c3d4","keyboard":"a1b2c3d4"}`,
		`{"id":"session:a1b2c3d4","machineId":"urn:sid:a1b2c3d4"}`, "auth:a1b2c3d4",
		"idempotency-key: a1b2c3d4", "token: ***********", "password: $FMASPEC_TOKEN", "token: [REDACTED]",
	} {
		require.Equal(t, text, (&Secrets{}).Text(text))
	}
	for _, name := range []string{"X-Request-Id", "Idempotency-Key", "Content-Security-Policy", "X-Inside", "ETag",
		"WWW-Authenticate", "X-Status-Code", "Sec-WebSocket-Key", "X-Mapping", "Retry-After", "Location"} {
		require.False(t, IsSecretName(name), name)
	}
}

// An answer that repeats a field of a request such as this gives no secret away.
func TestCredentialsAreOfNamesThatSayNothingElse(t *testing.T) {
	for _, name := range []string{"sid", "otp", "X-Pin", "sas", "private_key"} {
		require.Empty(t, Credentials(record.Field{Name: name, Value: canary}), name)
	}
	require.NotEmpty(t, Credentials(record.Field{Name: "Ocp-Apim-Subscription-Key", Value: canary}))
}

// Whatever stands in a text of JSON, it is one after values were struck out of it, and of strings it is the same
// text that is struck out however they are escaped.
func TestStrikingKeepsJSON(t *testing.T) {
	piece := rapid.OneOf(rapid.SampledFrom(append(someNames(), `"`, `\`, ":", "=", ": ", `": "`, "<", ">", "&", "?", "/",
		"\n", "'", "é", "{", "}", ",", "%3d", `\u0022`, "*", "$")), rapid.StringMatching(`[a-zA-Z0-9 ]{0,9}`))
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) string { return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, name), "") }
		v := map[string]any{draw("n1"): draw("v1"), draw("n2"): []any{draw("v2"), 1234567, nil, draw("v3")},
			draw("n3"): map[string]any{draw("n4"): 1234567}}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got := (&Secrets{}).Text(string(text))
		if len(got) != len(text) || !json.Valid([]byte(got)) {
			t.Fatalf("want JSON of the same length: %s became %s", text, got)
		}
		if again := (&Secrets{}).Text(got); again != got {
			t.Fatalf("want nothing more struck out: %s became %s", got, again)
		}
	})
}

// A text of names alone is no reason to read it over and over: without a bound a test of this would take minutes.
func TestATextOfNamesIsReadOnce(t *testing.T) {
	for _, name := range []string{"token=", "<token>", `"token":"a b `, "token: ", `'token':'`, `token\u003e`} {
		text := strings.Repeat(name, 1<<18/len(name))
		require.Len(t, named(text), len(text))
	}
}
