package tenant_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/tenant"
)

const graph, other = "https://graph.example", "https://other.example"

// A clock is set by hand.
type clock struct{ now time.Time }

func started(t *testing.T) (*tenant.Tenant, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	played, err := tenant.New(tenant.Config{Name: "contoso.example", Issuer: "https://login.example/", Audience: graph,
		Others: []string{other}, Life: 5 * time.Minute, Now: func() time.Time { return c.now },
		Clients: []tenant.Client{{"acting", "a+secret/1", true}, {"reading", "b-secret", false}},
		Tokens:  tenant.Internal{Acting: "ACT", Reading: "READ", SecurityAdmin: "SA", GlobalAdmin: "GA"}})
	require.NoError(t, err)
	return played, c
}

// asked returns the answer of the token endpoint to a form.
func asked(played *tenant.Tenant, path string, form url.Values, basic ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic != nil {
		r.SetBasicAuth(url.QueryEscape(basic[0]), url.QueryEscape(basic[1]))
	}
	w := httptest.NewRecorder()
	played.TokenEndpoint().ServeHTTP(w, r)
	return w
}

const v1, v2 = "/contoso.example/oauth2/token", "/contoso.example/oauth2/v2.0/token"

func form(pairs ...string) url.Values {
	out := url.Values{"grant_type": {"client_credentials"}}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

// token returns the token in an answer.
func token(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	require.Equal(t, 200, w.Code, "%s", w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var body struct {
		Token string `json:"access_token"`
		Type  string `json:"token_type"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Equal(t, "Bearer", body.Type)
	return body.Token
}

// behind returns the Authorization fields that reach the server behind the tenant.
func behind(played *tenant.Tenant, fields ...string) (got []string) {
	r := httptest.NewRequest("POST", "/", nil)
	for _, f := range fields {
		r.Header.Add("Authorization", f)
	}
	played.API(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header.Values("Authorization")
	})).ServeHTTP(httptest.NewRecorder(), r)
	return got
}

func TestTheTokenEndpointIssuesByBothForms(t *testing.T) {
	played, _ := started(t)
	scope := []string{"scope", graph + "/.default"}
	for _, row := range []struct {
		why  string
		got  *httptest.ResponseRecorder
		want string
	}{
		{"v2.0, basic", asked(played, v2, form(scope...), "acting", "a+secret/1"), "ACT"},
		{"v2.0, body", asked(played, v2, form(append(scope, "client_id", "acting", "client_secret", "a+secret/1")...)),
			"ACT"},
		{"v1", asked(played, v1, form("resource", graph), "acting", "a+secret/1"), "ACT"},
		{"v1, a resource with a slash", asked(played, v1, form("resource", graph+"/"), "acting", "a+secret/1"), "ACT"},
		{"a client without the role", asked(played, v2, form(scope...), "reading", "b-secret"), "READ"},
	} {
		require.Equal(t, []string{"bearer  " + row.want}, behind(played, "bearer  "+token(t, row.got)), row.why)
	}
	require.Contains(t, asked(played, v1, form("resource", graph), "acting", "a+secret/1").Body.String(),
		`"expires_in":"300"`, "v1 writes its numbers as texts")
}

func TestTheTokenEndpointSaysWhyItIssuesNothing(t *testing.T) {
	played, _ := started(t)
	good := form("scope", graph+"/.default")
	for _, row := range []struct {
		why    string
		got    *httptest.ResponseRecorder
		status int
		code   string
	}{
		{"another secret", asked(played, v2, good, "acting", "b-secret"), 401, "invalid_client"},
		{"another client", asked(played, v2, good, "nobody", "a+secret/1"), 401, "invalid_client"},
		{"no client", asked(played, v2, good), 401, "invalid_client"},
		{"another tenant", asked(played, "/fabrikam.example/oauth2/token", good, "acting", "a+secret/1"),
			400, "invalid_request"},
		{"another grant", asked(played, v2, url.Values{"grant_type": {"password"}}, "acting", "a+secret/1"), 400,
			"unsupported_grant_type"},
		{"a scope without .default", asked(played, v2, form("scope", graph), "acting", "a+secret/1"), 400,
			"invalid_scope"},
		{"an unknown scope", asked(played, v2, form("scope", "https://x.example/.default"), "acting", "a+secret/1"), 400,
			"invalid_scope"},
		{"an unknown resource", asked(played, v1, form("resource", "https://x.example"), "acting", "a+secret/1"), 400,
			"invalid_resource"},
		{"a body that is too long", asked(played, v2, form("x", strings.Repeat("x", 70_000)), "acting", "?"), 400,
			"invalid_request"},
	} {
		require.Equal(t, row.status, row.got.Code, row.why)
		require.Contains(t, row.got.Body.String(), `{"error":"`+row.code+`","error_description":"`, row.why)
		require.Equal(t, row.status == 401, row.got.Header().Get("WWW-Authenticate") != "", row.why)
	}
	w := httptest.NewRecorder()
	played.TokenEndpoint().ServeHTTP(w, httptest.NewRequest("GET", v2, nil))
	require.Equal(t, 405, w.Code)
	require.Equal(t, "POST", w.Header().Get("Allow"))
}

func TestOnlyWhatWasIssuedAndIsValidIsAccepted(t *testing.T) {
	played, at := started(t)
	issued := token(t, asked(played, v2, form("scope", graph+"/.default"), "acting", "a+secret/1"))
	elsewhere := token(t, asked(played, v2, form("scope", other+"/.default"), "acting", "a+secret/1"))
	another, _ := started(t)
	foreign := token(t, asked(another, v2, form("scope", graph+"/.default"), "acting", "a+secret/1"))
	parts := strings.Split(issued, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	longer := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"exp":1`, `"exp":2`, 1)))
	require.NotEqual(t, parts[1], longer)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for why, sent := range map[string]string{
		"a token for another resource":      "Bearer " + elsewhere,
		"a token of another tenant":         "Bearer " + foreign,
		"another expiry":                    "Bearer " + parts[0] + "." + longer + "." + parts[2],
		"no signature":                      "Bearer " + parts[0] + "." + parts[1] + ".",
		"no algorithm":                      "Bearer " + none + "." + parts[1] + ".",
		"the unused bits of the last digit": "Bearer " + issued[:len(issued)-1] + next(issued[len(issued)-1]),
		"a line break in the signature":     "Bearer " + issued[:len(issued)-4] + "\n" + issued[len(issued)-4:],
		"padding":                           "Bearer " + issued + "==",
		"half":                              "Bearer " + issued[:len(issued)/2],
		"no token":                          "Bearer ",
		"the token of the server behind it": "Bearer ACTING",
	} {
		require.Equal(t, []string{sent}, behind(played, sent), why)
	}
	require.Equal(t, []string{"Bearer ACT", "Basic eA=="}, behind(played, "Bearer "+issued, "Basic eA=="),
		"the server behind it judges how many fields there are")
	at.now = at.now.Add(5*time.Minute - time.Second)
	require.Equal(t, []string{"Bearer ACT"}, behind(played, "Bearer "+issued))
	at.now = at.now.Add(time.Second)
	require.Equal(t, []string{"Bearer " + issued}, behind(played, "Bearer "+issued), "it has expired")
	at.now = at.now.Add(-time.Hour)
	require.Equal(t, []string{"Bearer " + issued}, behind(played, "Bearer "+issued), "it is not valid yet")
}

// next returns the digit of base64 that differs in the last bit alone.
func next(c byte) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(digits[strings.IndexByte(digits, c)^1])
}

func TestUsersHaveOneRoleEach(t *testing.T) {
	played, at := started(t)
	for want, user := range map[string]tenant.User{
		"SA": tenant.SecurityAdministrator(), "GA": tenant.GlobalAdministrator(), "READ": tenant.SecurityReader(),
	} {
		issued, err := played.UserToken(user, at.now, time.Hour)
		require.NoError(t, err)
		require.Equal(t, []string{"Bearer " + want}, behind(played, "Bearer "+issued))
	}
}

func TestATenantThatCannotBePlayedIsRefused(t *testing.T) {
	for want, c := range map[string]tenant.Config{
		`tenant "a/b": not a segment of a path; give a name such as contoso.example`: {Name: "a/b"},
		`tenant: no audience; give the resource whose tokens are accepted`:           {Name: "a"},
		`tenant: tokens that live for 0s; give a second or more`:                     {Name: "a", Audience: "b"},
	} {
		_, err := tenant.New(c)
		require.EqualError(t, err, want)
	}
}

func TestTokenPathsAreThoseOfATenant(t *testing.T) {
	for path, want := range map[string]bool{
		v1: true, v2: true, "/common/oauth2/token": true, "/oauth2/token": false, "/a/b/oauth2/token": false,
		"//oauth2/token": false, "/a/oauth2/token/": false, "/": false,
	} {
		require.Equal(t, want, tenant.IsTokenPath(path), path)
	}
}
