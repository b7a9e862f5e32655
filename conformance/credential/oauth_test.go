package credential

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const clientSecret = "s3cret ~77/+x"

// answering serves one answer, and counts the requests.
func answering(t *testing.T, status int, kind, body string) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	n := &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s, n
}

func source(t *testing.T, c Config) Source {
	t.Helper()
	s, err := ClientCredentials(c)
	require.NoError(t, err)
	return s
}

func TestClientCredentialsSendsWhatTheEndpointWants(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("id:"+url.QueryEscape(clientSecret)))
	for _, row := range []struct {
		config Config
		header bool // whether the endpoint takes the secret from the header, or from the body
		want   url.Values
		why    string
	}{
		{Config{Scopes: []string{"https://graph.microsoft.com/.default"}}, true,
			url.Values{"scope": {"https://graph.microsoft.com/.default"}}, "v2.0"},
		{Config{Resource: "https://graph.microsoft.com"}, false, url.Values{"resource": {"https://graph.microsoft.com"},
			"client_id": {"id"}, "client_secret": {clientSecret}}, "v1"},
		{Config{Scopes: []string{"a", "b"}, Audience: "x"}, true, url.Values{"scope": {"a b"}, "audience": {"x"}},
			"another"},
	} {
		row.want.Set("grant_type", "client_credentials")
		endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if auth := r.Header.Get("Authorization"); row.header != (auth == basic) {
				w.WriteHeader(http.StatusUnauthorized)
				io.WriteString(w, `{"error":"invalid_client"}`)
				return
			}
			r.ParseForm()
			if got := r.PostForm.Encode(); r.Method != "POST" || got != row.want.Encode() {
				t.Errorf("%s: want POST %s, got %s %s", row.why, row.want.Encode(), r.Method, got)
			}
			io.WriteString(w, `{"access_token":"abc","token_type":"bearer","expires_in":3600}`)
		}))
		row.config.TokenURL, row.config.ID, row.config.Secret, row.config.Client = endpoint.URL+"/t?p=1", "id",
			clientSecret, endpoint.Client()
		got, err := source(t, row.config)(t.Context())
		endpoint.Close()
		require.NoError(t, err, row.why)
		require.False(t, got.Expiry.IsZero(), row.why)
		require.Equal(t, Token{Value: "abc", Expiry: got.Expiry, From: endpoint.URL + "/t"}, got, row.why)
	}
}

func TestAConfigThatCannotWorkIsRefused(t *testing.T) {
	good := Config{TokenURL: "https://login.example.com/t", ID: "id", Secret: clientSecret}
	for _, row := range []struct {
		change func(*Config)
		want   string
		why    string
	}{
		{func(c *Config) {}, "", "a good one"},
		{func(c *Config) { c.TokenURL = "http://127.0.0.1:1/t" }, "", "the clear is good enough for this machine"},
		{func(c *Config) { c.TokenURL = "http://[::1]:1/t" }, "", "in any notation"},
		{func(c *Config) { c.TokenURL = "http://localhost:1/t" }, "", "or by its name"},
		{func(c *Config) { c.TokenURL = "http://login.example.com/t" }, "the token endpoint at login.example.com: " +
			"http:// would send the secret in clear text; give an https:// URL", "but not for others"},
		{func(c *Config) { c.TokenURL = "http://127.0.0.1.example.com/t" },
			"the token endpoint at 127.0.0.1.example.com: http:// would ", "whatever they are called"},
		{func(c *Config) { c.TokenURL = "https://u:secret-77@login.example.com/t" },
			"the token endpoint at login.example.com: a user or a fragment is not allowed in its URL; ",
			"a password in the URL"},
		{func(c *Config) { c.TokenURL = "https://login.example.com/t#x" }, "a user or a fragment", "a fragment"},
		{func(c *Config) { c.TokenURL = "" }, "the URL of the token endpoint cannot be used; ", "none"},
		{func(c *Config) { c.TokenURL = "secret-77" }, "the URL of the token endpoint cannot be used; ", "no host"},
		{func(c *Config) { c.TokenURL = "ftp://login.example.com" }, "the URL of the token endpoint cannot be used; ",
			"another protocol"},
		{func(c *Config) { c.TokenURL = "https://[::secret-77" }, "the URL of the token endpoint cannot be used; ",
			"no URL"},
		{func(c *Config) { c.ID = "" }, "the token endpoint at login.example.com: no client id; ", "no id"},
		{func(c *Config) { c.Secret = "" }, "the token endpoint at login.example.com: no client secret; ", "no secret"},
	} {
		c := good
		row.change(&c)
		_, err := ClientCredentials(c)
		if row.want == "" {
			require.NoError(t, err, row.why)
			continue
		}
		require.ErrorContains(t, err, row.want, row.why)
		require.NotContains(t, err.Error(), "secret-77", row.why)
	}
}

func TestAnEndpointsRefusalIsToldWithoutSecrets(t *testing.T) {
	const json = "application/json; charset=utf-8"
	escaped := url.QueryEscape(clientSecret)
	for _, row := range []struct {
		status           int
		kind, body, want string
		why              string
	}{
		{401, json,
			`{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"}`, "401 Unauthorized: invalid_client: AADSTS7000215: Invalid client secret provided. Trace ID: 1; check that id and secret belong together and that the secret has not expired", "a wrong secret"},
		{400, json, `{"error":"invalid_scope","error_description":"` + strings.Repeat("x", 300) + `"}`,
			"400 Bad Request: invalid_scope: " + strings.Repeat("x", 200) + "…; give a scope that the endpoint knows",
			"long words are cut"},
		{400, json, `{"error":"odd\u001b[2J","error_description":"of id with ` + clientSecret + ` and ` + escaped +
			` and ` + base64.StdEncoding.EncodeToString([]byte("id:"+escaped)) + `"}`, "400 Bad Request: odd[2J: of " +
			"id with *** and *** and ***; check that this is a token endpoint, and its requirements",
			"the secret is struck, the id may stay"},
		{400, "text/plain", "error=invalid_target&error_description=s3cr%00et+~77/%2Bx",
			"400 Bad Request: invalid_target: ***; give a resource that the endpoint knows",
			"in another form, and with a control character in it"},
		{404, "text/html", "<h1>secret-77</h1>", "404 Not Found; check that this is a token endpoint, and its " +
			"requirements", "no words of its own"},
		{302, "text/html", "", "302 Found: a redirect is not followed, because it would pass on the secret; give the " +
			"URL that it leads to", "a redirect"},
		{307, json, `{}`, "307 Temporary Redirect: a redirect is not followed, because it would pass on the secret; " +
			"give the URL that it leads to", "a redirect that keeps the body"},
		{429, json, `{"error":"slow_down"}`, "429 Too Many Requests: slow_down; try again later", "too much"},
		{503, "text/plain", "%zz", "503 Service Unavailable; try again later", "out of order"},
		{599, json, "{", "599; try again later", "a status without a name"},
		{200, json, `{"error":"invalid_client"}`, "200 OK: invalid_client; check that id and secret belong together " +
			"and that the secret has not expired", "a refusal with the wrong status"},
		{200, json, `{"token":"secret-77"}`, "its answer has no readable access_token; check that this is a token " +
			"endpoint", "no token"},
		{200, json, `{"access_token":"secret-77","expires_in":"secret-77"}`, "its answer has no readable " +
			"access_token; check that this is a token endpoint", "an end that is none"},
		{200, "text/html", "<h1>secret-77</h1>", "its answer has no readable access_token; check that this is a " +
			"token endpoint", "a page"},
		{200, json, `{"access_token":"secret-77","token_type":"DPoP"}`,
			`want a bearer token, got one of type "DPoP"; check the configuration of the application`,
			"a token that needs a proof"},
		{200, json, `{"access_token":"secret 77\n"}`, "its token has a character that is not allowed in a bearer " +
			"token (RFC 6750 section 2.1); check that this is a token endpoint", "a token that cannot be sent"},
	} {
		endpoint, _ := answering(t, row.status, row.kind, row.body)
		_, err := source(t, Config{TokenURL: endpoint.URL + "/t", ID: "id", Secret: clientSecret,
			Client: endpoint.Client()})(t.Context())
		require.Error(t, err, row.why)
		if got, want := err.Error(), endpoint.URL+"/t: "+row.want; got != want {
			t.Errorf("%s: want %q, got %q", row.why, want, got)
		}
		for _, secret := range []string{"secret-77", clientSecret, escaped} {
			require.NotContains(t, err.Error(), secret, row.why)
		}
	}
}

func TestTheSecretGoesNowhereElse(t *testing.T) {
	elsewhere, sent := answering(t, 200, "application/json", `{"access_token":"abc"}`)
	for _, status := range []int{301, 302, 303, 307, 308} {
		endpoint := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		_, err := source(t, Config{TokenURL: endpoint.URL, ID: "id", Secret: clientSecret})(t.Context())
		endpoint.Close()
		require.ErrorContains(t, err, fmt.Sprintf("%d ", status))
	}
	if n := sent.Load(); n > 0 {
		t.Errorf("want no redirect followed, got %d requests", n)
	}
}

func TestAnEndpointOutOfReachIsTold(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	_, err := source(t, Config{TokenURL: closed.URL, ID: "id", Secret: clientSecret})(t.Context())
	require.ErrorContains(t, err, closed.URL+": dial tcp ")
	require.ErrorContains(t, err, "; check the address")

	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	_, err = source(t, Config{TokenURL: untrusted.URL, ID: "id", Secret: clientSecret})(t.Context())
	require.ErrorContains(t, err, untrusted.URL+": its certificate is not trusted: x509: ")
	require.ErrorContains(t, err, "; name the certificate of its authority with -ca (in Go, Config.Client)")
	require.ErrorContains(t, err, "; name the certificate of its authority")
}

func TestAnEndpointThatHangsIsLeft(t *testing.T) {
	asked, hold := make(chan struct{}, 2), make(chan struct{})
	endpoint := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-hold
	}))
	defer endpoint.Close()
	defer close(hold)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := source(t, Config{TokenURL: endpoint.URL, ID: "id", Secret: clientSecret})(ctx)
	require.EqualError(t, err, endpoint.URL+": the request was stopped: context canceled; try again")

	client := endpoint.Client()
	client.Timeout = 20 * time.Millisecond
	_, err = source(t, Config{TokenURL: endpoint.URL, ID: "id", Secret: clientSecret, Client: client})(t.Context())
	require.EqualError(t, err, endpoint.URL+": no answer came in time; check the address")
}
