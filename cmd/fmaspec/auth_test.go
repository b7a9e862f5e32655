package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

const (
	testSecret   = "client-secret-2b~7c"
	graph        = "https://graph.microsoft.com"
	securityRole = "194ae4cb-b126-40b2-bd5b-6091b380977d"
)

// claims are the payload of a token.
type claims map[string]any

// jwt returns a token that says what the claims do, and that nobody signed.
func jwt(c claims) string {
	payload, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part(payload) + "." +
		part([]byte("signed by nobody at all"))
}

// A tokenEndpoint issues tokens by client credentials, as both endpoints of the
// Microsoft identity platform do.
type tokenEndpoint struct{ now func() time.Time }

func (s tokenEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code, words string) {
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": words})
	}
	w.Header().Set("Content-Type", "application/json")
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	audience := r.PostFormValue("resource")
	if r.URL.Path == "/oauth2/v2.0/token" {
		audience, _ = strings.CutSuffix(r.PostFormValue("scope"), "/.default")
	}
	switch {
	case r.URL.Path == "/moved":
		http.Redirect(w, r, "/oauth2/token", http.StatusTemporaryRedirect)
	case r.URL.Path != "/oauth2/v2.0/token" && r.URL.Path != "/oauth2/token" || r.Method != "POST":
		http.NotFound(w, r)
	case r.PostFormValue("grant_type") != "client_credentials":
		refuse(400, "unsupported_grant_type", "want client_credentials")
	case id != "test-app" || secret != testSecret:
		refuse(401, "invalid_client", "AADSTS7000215: Invalid client secret provided: "+secret+"\r\nTrace ID: 1")
	case audience != graph:
		refuse(400, "invalid_scope", "AADSTS70011: the scope of "+id+" is not valid")
	default:
		now := s.now().Unix()
		json.NewEncoder(w).Encode(map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": jwt(claims{
			"iss": "https://sts.windows.net/test-tenant/", "aud": audience, "tid": "test-tenant", "appid": id,
			"idtyp": "app",
			"roles": []string{"SecurityActions.ReadWrite.All"}, "iat": now, "nbf": now, "exp": now + 3599,
			"jti": rand.Text(),
		})})
	}
}

// serveTokens gives a script a token endpoint by http at $TOKENS and by https at
// $TOKENS_TLS, with the certificate in $TOKENS_CA; at $PROXY a proxy, for which every
// host is the latter; and tokens in variables.
func serveTokens(e *testscript.Env) error {
	plain := httptest.NewServer(tokenEndpoint{time.Now})
	secure := httptest.NewUnstartedServer(tokenEndpoint{time.Now})
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	proxy := httptest.NewServer(tunnelTo(secure.Listener.Addr().String()))
	for _, s := range []*httptest.Server{plain, secure, proxy} {
		e.Defer(s.Close)
	}
	ca := filepath.Join(e.WorkDir, "tokens-ca.pem")
	now := time.Now()
	for name, value := range map[string]string{
		"TOKENS": plain.URL, "TOKENS_TLS": secure.URL, "TOKENS_CA": ca, "PROXY": proxy.URL, "TOKENS_SECRET": testSecret,
		"TOKEN_OF_USER": jwt(claims{"aud": graph, "upn": "anna@example.com", "scp": "User.Read openid",
			"wids": []string{securityRole}, "exp": now.Add(30 * time.Hour).Unix()}),
		"TOKEN_OF_OTHER": jwt(claims{"aud": graph, "upn": "otto@example.com",
			"wids": []string{"5d6b6bb7-de71-4623-b4af-96380a352509"}, "exp": now.Add(30 * time.Hour).Unix()}),
		"TOKEN_OF_HISTORY": jwt(claims{"aud": graph, "upn": "anna@example.com", "exp": 1500000000}),
	} {
		e.Setenv(name, value)
	}
	return os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600)
}

// tunnelTo is a proxy that leads everybody to one address.
func tunnelTo(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		out, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer out.Close()
		in, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer in.Close()
		io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(out, in)
			out.Close()
		}()
		io.Copy(in, out)
	})
}

// noon is the time in the tests of this file.
func noon() time.Time { return time.Date(2018, 1, 19, 12, 0, 0, 0, time.UTC) }

// checks runs auth check at noon.
func checks(t *testing.T, f *authFlags, environ ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	f.now = noon
	e := &env{nil, strings.NewReader(""), &stdout, &stderr, environ, noTerminal}
	code := e.fail("auth", f.auth(t.Context(), e, []string{"check"}))
	return result{code, stdout.String(), stderr.String()}
}

func TestAuthTellsWhatEachCredentialIs(t *testing.T) {
	got := checks(t, &authFlags{},
		tokenVariable+"="+jwt(claims{
			"iss": "https://sts.windows.net/t/", "aud": []string{graph, "b"}, "tid": "t", "appid": "a-b-c",
			"upn": "anna@example.com",
			"scp": "User.Read openid", "roles": []string{"One", "Two"}, "wids": []string{securityRole, "x"},
			"iat": noon().Add(-time.Minute).Unix(), "nbf": noon().Add(-50 * time.Second).Unix(),
			"exp": noon().Add(time.Hour).Unix(),
		}),
		unprivilegedVariable+"=opaque-token-77",
		invalidVariable+"="+jwt(claims{"exp": noon().Add(-72 * time.Hour).Unix()}))
	want := `token
  from        FMASPEC_TOKEN
  kind        JWT, none, 440 characters
  issuer      https://sts.windows.net/t/
  audience    https://graph.microsoft.com
              b
  tenant      t
  actor       user
  app         a-b-c
  user        anna@example.com
  roles       One
              Two
  scopes      User.Read openid
  directory   194ae4cb-b126-40b2-bd5b-6091b380977d (Security administrator)
              x
  issued      2018-01-19 11:59:00 UTC, 1 min ago
  valid from  2018-01-19 11:59:10 UTC, 50 s ago
  expires     2018-01-19 13:00:00 UTC, in 1 h 0 min

unprivileged token
  from        FMASPEC_UNPRIVILEGED_TOKEN
  kind        opaque, 15 characters
  warning     its expiry is unknown; it may expire during a long run

invalid token
  from        FMASPEC_INVALID_TOKEN
  kind        JWT, none, 92 characters
  expires     2018-01-16 12:00:00 UTC, 3 days ago
  note        it has expired, which is allowed here
`
	require.Equal(t, exitConformant, got.code, got.stderr)
	require.Empty(t, got.stderr)
	if got.stdout != want {
		t.Errorf("want\n%s\ngot\n%s", want, got.stdout)
	}
}

func TestAuthSaysWhatSpeaksAgainstACredential(t *testing.T) {
	in := func(d time.Duration) int64 { return noon().Add(d).Unix() }
	fine := claims{"upn": "u", "exp": in(time.Hour)}
	for _, row := range []struct {
		name            string
		claims          claims
		warnings, notes []string
		usable          bool
		why             string
	}{
		{privilegedName, fine, nil, nil, true, "nothing does"},
		{privilegedName, claims{"upn": "u", "exp": in(0)}, []string{"it has expired; get another"}, nil, false,
			"the moment of its end is its end"},
		{privilegedName, claims{"upn": "u", "exp": in(time.Hour), "nbf": in(time.Second)},
			[]string{"it is not valid yet; wait, or set the clock of this machine"}, nil, true, "it begins later"},
		{privilegedName, claims{"upn": "u"}, []string{"its expiry is unknown; it may expire during a long run"}, nil,
			true, "it has no end"},
		{privilegedName, claims{"appid": "a", "exp": in(time.Hour)},
			[]string{"app-only token: the documents require directory roles of a user"}, nil, true,
			"it is an application's"},
		{privilegedName, claims{"upn": "u", "exp": in(time.Hour), "wids": []string{"x"}},
			[]string{"none of its directory roles is Security administrator or Global admin, one of which the " +
				"documents require"}, nil, true, "its user may not act"},
		{privilegedName, claims{"upn": "u", "exp": in(time.Hour), "wids": []string{"x", strings.ToUpper(securityRole)}},
			nil, nil, true, "its user may act"},
		{privilegedName, claims{"upn": "u", "exp": in(time.Hour), "aud": "https://management.azure.com"}, nil,
			[]string{"its audience is neither Microsoft Graph nor the security center; a server may require another"},
			true, "it is for something else"},
		{privilegedName, claims{"upn": "u", "exp": in(time.Hour),
			"aud": []string{"x", "https://api.SecurityCenter.microsoft.com"}}, nil, nil, true,
			"it is for the security center too"},
		{unprivilegedName, fine, nil, nil, true, "nothing does"},
		{unprivilegedName, claims{"upn": "u", "exp": in(-time.Hour)}, []string{"it has expired; get another"}, nil,
			false, "it has to be valid too"},
		{unprivilegedName, claims{"upn": "u", "exp": in(time.Hour), "wids": []string{securityRole}},
			[]string{"its user may act, as Security administrator; give the token of a user who may not act"}, nil,
			true, "its user may act"},
		{invalidName, claims{"upn": "u", "exp": in(-time.Hour)}, nil, []string{"it has expired, which is allowed here"},
			true, "it cannot be accepted"},
		{invalidName, fine, nil, []string{"it has not expired; make sure that no server accepts it"}, true,
			"it may be accepted"},
	} {
		name := map[string]string{privilegedName: tokenVariable, unprivilegedName: unprivilegedVariable,
			invalidName: invalidVariable}[row.name]
		got := checks(t, &authFlags{json: true}, name+"="+jwt(row.claims))
		var report struct {
			Usable      bool
			Credentials []credentialView
		}
		require.NoError(t, json.Unmarshal([]byte(got.stdout), &report), row.why)
		require.Len(t, report.Credentials, 1)
		v := report.Credentials[0]
		if v.Name != row.name || v.Usable != row.usable || report.Usable != row.usable ||
			!slices.Equal(v.Warnings, row.warnings) || !slices.Equal(v.Notes, row.notes) {
			t.Errorf("%s: %s: want %v %q %q, got %v %q %q", row.name, row.why, row.usable, row.warnings, row.notes,
				v.Usable, v.Warnings, v.Notes)
		}
		want, says := exitConformant, ""
		if !row.usable {
			want, says = exitUnjudged, "auth: not usable: "+row.name+"; see above\n"
		}
		if got.code != want || got.stderr != says {
			t.Errorf("%s: %s: want exit code %d and %q, got %d and %q", row.name, row.why, want, says, got.code,
				got.stderr)
		}
	}
}

func TestAuthSeesOneTokenInTwoPlaces(t *testing.T) {
	one := jwt(claims{"upn": "u", "exp": noon().Add(time.Hour).Unix()})
	got := checks(t, &authFlags{}, tokenVariable+"="+one, unprivilegedVariable+"="+one, invalidVariable+"="+one)
	require.Equal(t, exitConformant, got.code, got.stderr)
	for want, n := range map[string]int{"it is the same as the token; give a different one": 2,
		"it is the same as the unprivileged token; give": 1} {
		if found := strings.Count(got.stdout, want); found != n {
			t.Errorf("want %q %d times, got %d times:\n%s", want, n, found, got.stdout)
		}
	}
}

func TestAuthShowsNothingOfACredential(t *testing.T) {
	endpoint := httptest.NewServer(tokenEndpoint{noon})
	defer endpoint.Close()
	unprivileged := jwt(claims{"upn": "u", "exp": noon().Add(time.Hour).Unix()})
	secrets := append(strings.Split(unprivileged, "."), "opaque-token-77", testSecret)
	for _, secret := range []string{testSecret, "wrong-secret-33"} {
		for _, asJSON := range []bool{false, true} {
			f := &authFlags{json: asJSON}
			f.credentials = credentialFlags{url: endpoint.URL + "/oauth2/token", clientID: "test-app", resource: graph}
			got := checks(t, f, clientSecretVariable+"="+secret, unprivilegedVariable+"="+unprivileged, invalidVariable+
				"=opaque-token-77")
			for _, hidden := range append(secrets, secret) {
				if strings.Contains(got.stdout+got.stderr, hidden) {
					t.Errorf("want nothing of %q, got %s%s", hidden, got.stdout, got.stderr)
				}
			}
			if secret == testSecret && (got.code != exitConformant || !strings.Contains(got.stdout, "test-tenant")) {
				t.Errorf("want the token described, got %d %s%s", got.code, got.stdout, got.stderr)
			}
			if secret != testSecret && (got.code != exitUnjudged || !strings.Contains(got.stdout, "AADSTS7000215")) {
				t.Errorf("want the refusal reported, got %d %s%s", got.code, got.stdout, got.stderr)
			}
		}
	}
}

func TestEveryMemberOfTheJSONIsDocumented(t *testing.T) {
	about := authCommand().about
	words := strings.FieldsFunc(about, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') })
	for f := range reflect.TypeFor[credentialView]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !slices.Contains(words, name) {
			t.Errorf("want %s in the help, got %s", name, about)
		}
	}
}

func TestAuthThatCannotTellIsNoSuccess(t *testing.T) {
	f, stderr := &authFlags{now: noon}, &bytes.Buffer{}
	e := &env{nil, strings.NewReader(""), failingWriter{}, stderr, []string{tokenVariable + "=abc"}, noTerminal}
	require.Equal(t, exitUnjudged, e.fail("auth", f.auth(t.Context(), e, []string{"check"})))
	require.Equal(t, "auth: stdout: io: read/write on closed pipe; see that it can be written to\n", stderr.String())
}

func TestTimesAreToldInTwoUnits(t *testing.T) {
	for _, row := range []struct {
		away time.Duration
		want string
	}{
		{0, "2018-01-19 12:00:00 UTC, 0 s ago"},
		{time.Second, "2018-01-19 12:00:01 UTC, in 1 s"},
		{-time.Hour + time.Second, "2018-01-19 11:00:01 UTC, 59 min ago"},
		{26*time.Hour + 5*time.Minute, "2018-01-20 14:05:00 UTC, in 26 h 5 min"},
		{48 * time.Hour, "2018-01-21 12:00:00 UTC, in 2 days"},
	} {
		if got := moment(noon().Add(row.away), noon()); got != row.want {
			t.Errorf("want %q, got %q", row.want, got)
		}
	}
	require.Empty(t, moment(time.Time{}, noon()))
}
