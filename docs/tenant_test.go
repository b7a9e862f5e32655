package docs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/reference"
)

// The guide is rehearsed, and then done on the two hosts.
func TestTheGuideOfATenantHasWhatIsRun(t *testing.T) {
	page := read(t, "docs/tenant.md")
	require.NotEmpty(t, variables(page), "want the variables of the tenant")
	marks := map[string]int{}
	for _, b := range blocks(page) {
		marks[b.mark]++
	}
	require.Equal(t, 1, marks["serve"])
	require.Greater(t, marks["run there"], 5, "want what is rehearsed to be run")
	require.Equal(t, 4, marks["run on the tenant"], "want each step on the real one to be run")
	for _, b := range blocks(page) {
		if b.mark == "run on the tenant" {
			for _, c := range commands(b.text) {
				rehearsed := strings.NewReplacer("microsoft.com", "contoso.example", "allowed.txt", "rehearsed.txt").
					Replace(c.line)
				other := strings.Contains(c.line, "journal") || strings.Contains(c.line, " -parallel 1 ")
				require.True(t, other || strings.Contains(page, "$ "+rehearsed), "it is not rehearsed: %s", c.line)
			}
		}
	}
}

// A tenant plays the two hosts of the guide's section "The real tenant": the
// token service and the API, by https and under their own names, for any client that
// resolves these as env says and trusts its certificate.
type tenant struct {
	env []string

	mu      sync.Mutex
	arrived []string // method, path and body of each request to the API
}

// The names of the hosts, and what the token service asks for.
const (
	tokenHost, apiHost     = "login.microsoftonline.com:443", "graph.microsoft.com:443"
	clientID, clientSecret = "6731de76-14a6-49ae-97bc-6eba6914391e", "a-secret-of-the-guide"
)

func newTenant(t *testing.T) *tenant {
	out := &tenant{}
	certificate, ca := issued(t, "login.microsoftonline.com", "graph.microsoft.com")
	serve := func(h http.Handler) string {
		s := httptest.NewUnstartedServer(h)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	now := time.Now().Unix()
	part := func(v map[string]any) string {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	token := part(map[string]any{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": "https://sts.windows.net/contoso.example/", "aud": "https://graph.microsoft.com",
		"tid": "contoso.example", "appid": clientID, "idtyp": "app",
		"roles": []string{"SecurityActions.ReadWrite.All"}, "iat": now, "nbf": now, "exp": now + 3599,
	}) + "." + base64.RawURLEncoding.EncodeToString([]byte("signed by nobody"))
	tokens := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, basic := r.BasicAuth()
		if !basic {
			id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
		}
		if r.URL.Path != "/contoso.example/oauth2/v2.0/token" || id != clientID || secret != clientSecret ||
			r.PostFormValue("scope") != "https://graph.microsoft.com/.default" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": token})
	}))
	honest := reference.New(reference.Config{Token: token})
	api := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		out.mu.Lock()
		out.arrived = append(out.arrived, r.Method+" "+r.URL.Path+" "+string(body))
		out.mu.Unlock()
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(string(body)), ended{err}))
		honest.ServeHTTP(w, r)
	}))
	out.env = []string{
		"FMASPEC_RESOLVE=" + tokenHost + ":" + tokens + "," + apiHost + ":" + api,
		"FMASPEC_CA=" + ca, "FMASPEC_CLIENT_SECRET=" + clientSecret, "FMASPEC_PROXY=none",
	}
	return out
}

// ended ends a body as it ended when it was read.
type ended struct{ err error }

func (e ended) Read([]byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	return 0, io.EOF
}

// issued returns a certificate for the names, and the file of the authority that
// vouches for it.
func issued(t *testing.T, names ...string) (tls.Certificate, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	is := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fmaspec's own"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, is, is, &key.PublicKey, key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// variables are those that the page has a reader export for the tenant.
func variables(page string) (out []string) {
	block := regexp.MustCompile("(?s)<!-- variables of the tenant -->\n```sh\n(.*?)```").FindStringSubmatch(page)
	if block == nil {
		return nil
	}
	for _, line := range regexp.MustCompile(`(?m)^export (\w+=\S+)`).FindAllStringSubmatch(block[1], -1) {
		out = append(out, line[1])
	}
	return out
}

// effective returns the requests that named a machine of somebody's.
func (t *tenant) effective() (out []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.arrived {
		if strings.Contains(a, "/machines/") && !strings.Contains(a, "/machines/0000000000") {
			out = append(out, a)
		}
	}
	return out
}
