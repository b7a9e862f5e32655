package conformance_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/curl"
	"fmaspec/conformance/record"
)

// command is the curl command of an exchange, or "".
func command(r *record.Report, x *record.ExchangeResult) string {
	line, _ := curl.Command(r, x)
	return line
}

// needsCurl skips a test where there is no curl, or fails it where FMASPEC_CURL is
// "required".
func needsCurl(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("FMASPEC_CURL") == "required" {
			t.Fatalf("FMASPEC_CURL=required: %v; install it", err)
		}
		t.Skipf("SKIPPED: no command was tried: %v; install curl, and set FMASPEC_CURL=required to never miss it", err)
	}
}

// arrivals keeps the requests that a handler is sent, in one spelling, and refuses
// them all.
type arrivals struct {
	mu  sync.Mutex
	all []string
}

func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var header []string
	for name, values := range r.Header {
		header = append(header, fmt.Sprintf("%s: %q", name, values))
	}
	slices.Sort(header)
	shown := "no certificate"
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		shown = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	a.mu.Lock()
	a.all = append(a.all, fmt.Sprintf("%s %s %s %s %s %d %q\n%s\n%s", r.Proto, r.Method, r.RequestURI, r.Host, shown,
		r.ContentLength, r.TransferEncoding, strings.Join(header, "\n"), body))
	a.mu.Unlock()
	w.WriteHeader(400)
}

func (a *arrivals) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.all
	a.all = nil
	return out
}

// pemFile writes a certificate and, where there is one, its key.
func pemFile(t *testing.T, c *signer, key bool) string {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.certificate.Raw})
	if key {
		der, err := x509.MarshalPKCS8PrivateKey(c.key)
		require.NoError(t, err)
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	}
	name := filepath.Join(t.TempDir(), "it's a file.pem")
	require.NoError(t, os.WriteFile(name, text, 0o600))
	return name
}

func TestCurlSendsWhatTheRunSentByEveryWay(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts curl for each request of a run")
	}
	needsCurl(t)
	t.Parallel()
	ca := newSigner(t)
	client := ca.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "a client"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	authority, both := pemFile(t, ca, false), pemFile(t, client, true)
	a := &arrivals{}
	secured := secure(t, a, &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()},
		ClientAuth: tls.RequestClientCert})
	plain := httptest.NewServer(a)
	defer plain.Close()
	two := httptest.NewUnstartedServer(a)
	two.EnableHTTP2, two.TLS = true, &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()}}
	two.StartTLS()
	defer two.Close()
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	port := func(s *httptest.Server) string { return host(s)[strings.LastIndex(host(s), ":")+1:] }
	forward, tunnel := through(t, host(plain)), through(t, host(secured))
	set := func(pairs ...string) (out []record.Setting) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, record.Setting{Flag: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	by := func(p *proxy) []record.Setting {
		return set("proxy", "http://user:secret@"+p.Listener.Addr().String(), "ca", authority)
	}
	for _, row := range []struct {
		why, url string
		by       conformance.Transport
		settings []record.Setting
		has      string
	}{
		{"directly", plain.URL, conformance.Transport{}, nil, ""},
		{"by an authority of the user's", secured.URL, conformance.Transport{RootCAs: ca.roots()}, set("ca", authority),
			"--cacert '"},
		{"with a certificate of the user's", secured.URL, conformance.Transport{RootCAs: ca.roots(),
			Certificates: []tls.Certificate{client.shown()}}, set("ca", authority, "client-cert", both, "client-key",
			both), "--cert '"},
		{"with any certificate", secured.URL, conformance.Transport{Insecure: true}, set("insecure", "true"), " -k "},
		{"over HTTP/2 and TLS", two.URL, conformance.Transport{RootCAs: ca.roots(), HTTP2: true}, set("ca", authority),
			" --http2 "},
		{"over HTTP/2 by prior knowledge", plain2(t, a), conformance.Transport{HTTP2: true}, nil,
			" --http2-prior-knowledge "},
		{"at another address", "http://localhost:" + port(plain),
			conformance.Transport{Resolve: map[string]string{"localhost:" + port(plain): host(plain)}}, nil,
			"--resolve 'localhost:"},
		{"at another port", "http://localhost:1", conformance.Transport{Resolve: map[string]string{"localhost:1": host(
			plain)}}, nil, "--connect-to 'localhost:1:"},
		{"by a proxy", plain.URL, conformance.Transport{Proxy: forward.of}, by(forward),
			`--proxy-user "$PROXY_USER"':'"$PROXY_PASSWORD"`},
		{"by a tunnel", secured.URL, conformance.Transport{Proxy: tunnel.of, RootCAs: ca.roots()}, by(tunnel), " -p "},
	} {
		t.Run(row.why, func(t *testing.T) {
			r := run(t, at(row.url, row.by),
				conformance.Options{Run: "^requestSample/(valid/accepts-plain|method/|auth/refuses-empty)",
					Settings: row.settings})
			sent := a.take()
			require.NotEmpty(t, sent)
			tried := 0
			for i := range r.Cases {
				for j := range r.Cases[i].Exchanges {
					line := command(r, &r.Cases[i].Exchanges[j])
					require.NotEmpty(t, line)
					require.Contains(t, line, row.has)
					shell := exec.Command("bash", "-c", line)
					shell.Env = []string{"PATH=" + os.Getenv("PATH"), "FMASPEC_TOKEN=" + token, "PROXY_USER=user",
						"PROXY_PASSWORD=" + proxyPassword}
					said, err := shell.CombinedOutput()
					require.NoError(t, err, "%s\n%s", line, said)
					got := a.take()
					require.Len(t, got, 1, line)
					require.Contains(t, sent, got[0], line)
					tried++
				}
			}
			require.Greater(t, tried, 5)
		})
	}
	_, allowed := forward.saw()
	require.Len(t, allowed, 1, "want curl to give the proxy the user and the password that the run gave it")
}

func TestCurlSaysWhyThereIsNoCommand(t *testing.T) {
	request := func(change func(*record.Request)) *record.ExchangeResult {
		x := &record.ExchangeResult{Response: &record.Response{Status: 400}, Request: record.Request{Method: "POST",
			URL: "http://127.0.0.1:1/a", Header: []record.Field{{Name: "Host", Value: "127.0.0.1:1"}}}}
		change(&x.Request)
		return x
	}
	add := func(name, value string) func(*record.Request) {
		return func(r *record.Request) { r.Header = append(r.Header, record.Field{Name: name, Value: value}) }
	}
	chunked := func(body string) func(*record.Request) {
		return func(r *record.Request) {
			r.Body = record.Body(body)
			add("Transfer-Encoding", "chunked")(r)
		}
	}
	for _, row := range []struct {
		why, want string // what the command holds, or the reason
		change    func(*record.Request)
	}{
		{"another host", ` -H 'Host: other.example' `, func(r *record.Request) { r.Header[0].Value = "other.example" }},
		{"no host", ` -H 'Host:' `, func(r *record.Request) { r.Header = nil }},
		{"two hosts", "curl sends one Host field, and there are several", add("host", "other.example")},
		{"a line break in a field", `the field "X" holds a line break or a zero byte, which curl does not send`,
			add("X", "a\r\nb")},
		{"a name that is none", `the field name "@x" is none, which curl does not send`, add("@x", "a")},
		{"one chunk", ` --data-binary 'abc' `, chunked("3\r\nabc\r\n0\r\n\r\n")},
		{"two chunks", "curl frames chunks in its own way, and would send other bytes",
			chunked("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")},
		{"an extension of a chunk", "curl frames chunks in its own way, and would send other bytes",
			chunked("3;x=y\r\nabc\r\n0\r\n\r\n")},
		{"bytes behind the chunks", "curl frames chunks in its own way, and would send other bytes",
			chunked("3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n")},
		{"a length that is not the body's", ` -H 'Content-Length: 7' `, add("Content-Length", "7")},
		{"dots in the path", ` --path-as-is `, func(r *record.Request) { r.URL += "/../b" }},
		{"what curl takes for a pattern", ` --request-target '/a?{b}[1]' 'http://127.0.0.1:1/'`,
			func(r *record.Request) { r.URL += "?{b}[1]" }},
		{"a body that was dropped", "its body of 9000 bytes is not in the record", add("Content-Length", "9000")},
		{"a longer body", "its body of 9000 bytes is too long for a command",
			func(r *record.Request) { r.Body = make([]byte, 9000) }},
		{"an option for a URL", "it is no request of HTTP", func(r *record.Request) { r.URL = "-K/etc/passwd" }},
		{"an option for a method", "it is no request of HTTP", func(r *record.Request) { r.Method = "GET -K" }},
		{"no Expect", ` -H 'Expect:' `, func(r *record.Request) { r.Body = record.Body(strings.Repeat("x", 2000)) }},
		{"HTTP/1.0", ` --http1.0 `, func(r *record.Request) { r.Version = "1.0" }},
		{"HEAD", ` -I `, func(r *record.Request) { r.Method = "HEAD" }},
	} {
		line, why := curl.Command(&record.Report{}, request(row.change))
		if !strings.Contains(line+why, row.want) || line != "" && why != "" {
			t.Errorf("%s: want %q, got %q and %q", row.why, row.want, line, why)
		}
	}
	_, why := curl.Command(nil, &record.ExchangeResult{})
	require.Equal(t, "it was cut off in the middle of its body, which curl cannot do", why)
}

func TestACommandOfARecordLeavesTheFramingToCurl(t *testing.T) {
	x := &record.ExchangeResult{Response: &record.Response{Status: 400}, Lacks: []record.Part{record.WireForm},
		Request: record.Request{Method: "POST", URL: "https://h/x", Body: record.Body(`{}`), Header: []record.Field{
			{Name: "authorization", Value: "Bearer ********"}, {Name: "Content-Type", Value: "application/json"}}}}
	got := command(nil, x)
	require.NotContains(t, got, "Host:")
	require.NotContains(t, got, "Content-Length:")
	require.Contains(t, got, `-H 'authorization: Bearer '"$FMASPEC_TOKEN"`)
	x.Lacks = nil // then the request had none
	require.Contains(t, command(nil, x), "-H 'Host:'")
}
