package conformance_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// A signer signs certificates, the first its own.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	return (*signer)(nil).sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "an authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
}

// sign makes a certificate from a template, valid for an hour where it does not say
// otherwise; without a signer, it is signed by itself.
func (s *signer) sign(t *testing.T, template *x509.Certificate) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	by := s
	if by == nil {
		by = &signer{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, &key.PublicKey, by.key)
	require.NoError(t, err)
	made, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &signer{made, key}
}

func (s *signer) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.certificate)
	return pool
}

func (s *signer) shown() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{s.certificate.Raw}, PrivateKey: s.key}
}

// local is a template for a server on this machine that calls itself tenant.example too.
func local() *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: "a server"},
		DNSNames: []string{"localhost", "tenant.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
}

// secure serves a handler over TLS.
func secure(t *testing.T, h http.Handler, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.TLS = config
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// at is the target of the honest server's tokens at a URL.
func at(url string, transport conformance.Transport) conformance.Target {
	it := target(nil)
	it.URL, it.Transport = url, transport
	return it
}

// armed lets everything take effect, on nobody's machine.
func armed(o conformance.Options) conformance.Options {
	o.AcceptRisk, o.MaxActions = []string{"requestSample", "stopAndQuarantineFile"}, 10_000
	o.Journal = func(record.JournalEntry) error { return nil }
	return o
}

// abroad is a target elsewhere, as it looks, that is dialled at an address here.
func abroad(scheme, address string, transport conformance.Transport) conformance.Target {
	it := at(scheme+"://tenant.example", transport)
	it.Transport.Resolve = map[string]string{"tenant.example:" + map[string]string{"http": "80",
		"https": "443"}[scheme]: address}
	it.Machine, it.File = conformance.DefaultMachine, "0123456789abcdef0123456789abcdef01234567"
	return it
}

const plainCase = "^requestSample/valid/accepts-plain-request$"

func TestATargetIsReachedOverTLS(t *testing.T) {
	ca := newSigner(t)
	server := secure(t, honest(), &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()}})
	r := run(t, at(server.URL, conformance.Transport{RootCAs: ca.roots()}),
		conformance.Options{Strict: true, Run: few("/(valid|auth|state)/")})
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.Equal(t, r.Totals.Total, r.Totals.Passed)
	require.False(t, r.Target.Insecure)
	require.Equal(t, "HTTP/1.1", r.Target.Protocol)
	require.True(t, r.Safety.Local)
}

func TestACertificateIsNotTrustedForNothing(t *testing.T) {
	ca, other := newSigner(t), newSigner(t)
	leaf := func(change func(*x509.Certificate)) tls.Certificate {
		template := local()
		change(template)
		return ca.sign(t, template).shown()
	}
	rows := []struct {
		why   string
		shown tls.Certificate
		roots *x509.CertPool
		want  []string
	}{
		{"the authority is not known", leaf(func(*x509.Certificate) {}), nil,
			[]string{"certificate signed by unknown authority", "name the authority that signed it with -ca (in Go, " +
				"Target.Transport)"}},
		{"another authority is", leaf(func(*x509.Certificate) {}), other.roots(),
			[]string{"certificate signed by unknown authority", "-ca"}},
		{"it signed itself", (*signer)(nil).sign(t, local()).shown(), ca.roots(),
			[]string{"certificate signed by unknown authority", "-ca"}},
		{"it has expired", leaf(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
		}), ca.roots(), []string{"expired", "have it renewed, or set the clock right"}},
		{"it is not valid yet", leaf(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
		}), ca.roots(), []string{"not yet valid", "set the clock right"}},
		{"it is for another address",
			leaf(func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 2)} }), ca.roots(),
			[]string{"valid for 127.0.0.2, not 127.0.0.1", "name the target as its certificate does; -resolve"}},
		{"it is for clients",
			leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }),
			ca.roots(),
			[]string{"incompatible key usage", "have the target show one that is for servers"}},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			var asked atomic.Int64
			h := honest()
			server := secure(t, http.HandlerFunc(func(w http.ResponseWriter,
				r *http.Request) {
				asked.Add(1)
				h.ServeHTTP(w, r)
			}), &tls.Config{Certificates: []tls.Certificate{row.shown}})
			r := run(t, at(server.URL, conformance.Transport{RootCAs: row.roots}),
				conformance.Options{Run: "accepts-plain-request"})
			require.Equal(t, record.Unjudged, r.Verdict)
			require.Equal(t, r.Totals.Total, r.Totals.Errored)
			require.Empty(t, broken(r))
			require.Zero(t, asked.Load(), "want nothing sent to a target that is not trusted")
			for _, want := range append(row.want, "the target's certificate is not trusted") {
				require.Contains(t, r.Reason, want)
			}

			r = run(t, at(server.URL, conformance.Transport{RootCAs: row.roots, Insecure: true}),
				conformance.Options{Run: "accepts-plain-request"})
			require.Equal(t, record.Conformant, r.Verdict, r.Reason)
			require.True(t, r.Target.Insecure)
			require.Contains(t, command(r, &r.Cases[0].Exchanges[0]), " -k ")
		})
	}
}

func TestAClientShowsItsCertificate(t *testing.T) {
	ca := newSigner(t)
	client := func(by *signer) tls.Certificate {
		return by.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "a client"},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}).shown()
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", tls.VersionName(version), http2), func(t *testing.T) {
				server := secure(t, honest(), &tls.Config{
					Certificates: []tls.Certificate{ca.sign(t, local()).shown()},
					ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: ca.roots(),
					MinVersion: version, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"},
				})
				o := conformance.Options{Run: "accepts-plain-request|state/accepts-twelve"}
				with := conformance.Transport{RootCAs: ca.roots(), Certificates: []tls.Certificate{client(ca)},
					HTTP2: http2}
				require.Equal(t, record.Conformant, run(t, at(server.URL, with), o).Verdict)

				for why, none := range map[string][]tls.Certificate{"none": nil,
					"one of another authority": {client(newSigner(t))}} {
					without := with
					without.Certificates = none
					r := run(t, at(server.URL, without), o)
					require.Equal(t, record.Unjudged, r.Verdict, why)
					require.Contains(t, r.Reason, "certificate", why)
					require.Contains(t, r.Reason, "client certificate", why)
					require.Empty(t, broken(r), why)
				}
			})
		}
	}
}

func TestAMistakenPortIsNamed(t *testing.T) {
	ca := newSigner(t)
	plain := httptest.NewServer(honest())
	defer plain.Close()
	secured := secure(t, honest(), &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()}})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	o := conformance.Options{Run: plainCase, Timeout: 20 * time.Second}

	r := run(t, at("https://"+plain.Listener.Addr().String(), conformance.Transport{RootCAs: ca.roots()}), o)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "the target does not speak TLS there; is the port one for https?")

	r = run(t, at("http://"+secured.Listener.Addr().String(), conformance.Transport{}), o)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "the port speaks TLS")
	require.Equal(t, "Client sent an HTTP request to an HTTPS server.\n", string(r.Cases[0].Exchanges[0].Response.Body))

	o.Timeout = 100 * time.Millisecond
	r = run(t, at("https://"+silent.Addr().String(), conformance.Transport{RootCAs: ca.roots()}), o)
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "the TLS handshake was not complete within 100ms; is the port one for https?")

	r = run(t, at("https://"+strings.TrimPrefix(saying(t, func(*http.Request) string { return "" }), "http://"),
		conformance.Transport{RootCAs: ca.roots()}), conformance.Options{Run: plainCase})
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "is the port one for https")
}

func TestANameIsDialledElsewhereAndKept(t *testing.T) {
	ca := newSigner(t)
	var hosts, names sync.Map
	h := honest()
	kept := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts.Store(r.Host, true)
		if r.TLS != nil {
			names.Store(r.TLS.ServerName, true)
		}
		h.ServeHTTP(w, r)
	})
	all := func(m *sync.Map) (out []any) {
		m.Range(func(name, _ any) bool { out = append(out, name); return true })
		return out
	}
	secured := secure(t, kept, &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()},
		NextProtos: []string{"h2", "http/1.1"}})
	plain := httptest.NewServer(kept)
	defer plain.Close()
	for _, it := range []conformance.Target{
		abroad("https", secured.Listener.Addr().String(), conformance.Transport{RootCAs: ca.roots()}),
		abroad("https", secured.Listener.Addr().String(), conformance.Transport{RootCAs: ca.roots(), HTTP2: true}),
		abroad("http", plain.Listener.Addr().String(), conformance.Transport{}),
	} {
		r := run(t, it,
			armed(conformance.Options{Run: "/(valid/accepts-plain|body/refuses-missing|auth/|state/accepts-twelve)"}))
		require.Equal(t, record.Conformant, r.Verdict, r.Reason)
		require.False(t, r.Safety.Local, "want a name elsewhere to be elsewhere, wherever it is dialled")
		require.Positive(t, r.Safety.Actions)
		require.Equal(t, it.URL, r.Target.URL)
		require.Equal(t, []any{"tenant.example"}, all(&hosts))
		require.Contains(t, command(r, &r.Cases[0].Exchanges[0]), "--connect-to 'tenant.example:")
	}
	require.Equal(t, []any{"tenant.example"}, all(&names))

	it := abroad("https", secured.Listener.Addr().String(), conformance.Transport{RootCAs: ca.roots()})
	it.URL = "https://Tenant.Example"
	require.Equal(t, record.Conformant, run(t, it, armed(conformance.Options{Run: plainCase})).Verdict,
		"want a name in capitals to be the same name")
	it.URL = "https://other.example"
	it.Transport.Resolve["other.example:443"] = secured.Listener.Addr().String()
	r := run(t, it, armed(conformance.Options{Run: plainCase}))
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "is valid for localhost, tenant.example, not other.example")

	it.Transport.Resolve = map[string]string{"other.example:443": "127.0.0.1"}
	_, err := load(t).Run(t.Context(), it, conformance.Options{})
	var misuse *conformance.UsageError
	require.ErrorAs(t, err, &misuse)
	require.ErrorContains(t, err, `other.example:443 cannot be dialled at "127.0.0.1"; give host and port`)
}

// A proxy passes on what it is asked to, and notes what it saw.
type proxy struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []string // method and request target
	allowed []string // Proxy-Authorization
}

const proxyPassword = "pass:word/of-the-proxy"

// through starts a proxy. It knows one address alone, whatever it is asked for.
func through(t *testing.T, to string) *proxy {
	t.Helper()
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked, p.allowed = append(p.asked, r.Method+" "+r.RequestURI),
			append(p.allowed, r.Header.Get("Proxy-Authorization"))
		p.mu.Unlock()
		far, err := net.Dial("tcp", to)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer far.Close()
		near, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer near.Close()
		if r.Method == http.MethodConnect {
			io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		} else { // the proxy's own field goes no further
			r.Header.Del("Proxy-Authorization")
			r.URL.Scheme, r.URL.Host = "", ""
			var b bytes.Buffer
			r.Header.Set("Connection", "close")
			r.Write(&b)
			far.Write(b.Bytes())
			io.Copy(near, far)
			return
		}
		go func() {
			io.Copy(far, buffered)
			far.Close()
		}()
		io.Copy(near, far)
	}))
	t.Cleanup(p.Close)
	return p
}

// of is the proxy for all URLs, with user and password.
func (p *proxy) of(*url.URL) (*url.URL, error) {
	return &url.URL{Scheme: "http", Host: p.Listener.Addr().String(), User: url.UserPassword("user", proxyPassword)},
		nil
}

func (p *proxy) saw() (asked, allowed []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.asked)
	slices.Sort(p.allowed)
	return slices.Compact(slices.Clone(p.asked)), slices.Compact(slices.Clone(p.allowed))
}

func TestATargetIsReachedThroughAProxy(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the suite through each kind of proxy")
	}
	ca := newSigner(t)
	var leaked atomic.Int64
	h := honest()
	seen := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "" || r.Host != "tenant.example" &&
			!strings.HasPrefix(r.Host, "127.0.0.1:") {
			leaked.Add(1)
		}
		h.ServeHTTP(w, r)
	})
	plain := httptest.NewServer(seen)
	defer plain.Close()
	secured := secure(t, seen, &tls.Config{Certificates: []tls.Certificate{ca.sign(t, local()).shown()},
		NextProtos: []string{"h2", "http/1.1"}})
	const path = "/testwdatppreview/machines/" + conformance.DefaultMachine + "/requestSample"
	rows := []struct {
		why    string
		target func(transport conformance.Transport) conformance.Target
		to     string
		asked  string
		local  bool
	}{
		{"http, by the whole URL", func(tr conformance.Transport) conformance.Target { return at(plain.URL, tr) },
			plain.Listener.Addr().String(),
			"POST " + plain.URL, true},
		{"https, through a tunnel", func(tr conformance.Transport) conformance.Target { return at(secured.URL, tr) },
			secured.Listener.Addr().String(),
			"CONNECT " + secured.Listener.Addr().String(), true},
		{"HTTP/2, through a tunnel", func(tr conformance.Transport) conformance.Target {
			tr.HTTP2 = true
			return at(secured.URL, tr)
		}, secured.Listener.Addr().String(), "CONNECT " + secured.Listener.Addr().String(), true},
		{"http elsewhere, by the whole URL", func(tr conformance.Transport) conformance.Target {
			it := abroad("http", "", tr)
			it.Transport.Resolve = nil
			return it
		}, plain.Listener.Addr().String(), "POST http://tenant.example/", false},
		{"https elsewhere, through a tunnel to what its name is dialled at",
			func(tr conformance.Transport) conformance.Target { return abroad("https", "192.0.2.1:443", tr) },
			secured.Listener.Addr().String(), "CONNECT 192.0.2.1:443", false},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			p := through(t, row.to)
			r := run(t, row.target(conformance.Transport{RootCAs: ca.roots(), Proxy: p.of}),
				armed(
					conformance.Options{
						Run: "valid/accepts-plain|auth/|body/refuses-missing|state/accepts-twelve-in-turn"}))
			require.Equal(t, record.Conformant, r.Verdict, r.Reason)
			require.Equal(t, row.local, r.Safety.Local)
			asked, allowed := p.saw()
			require.True(t, slices.ContainsFunc(asked, func(a string) bool { return strings.HasPrefix(a, row.asked) }),
				"want %q asked for, got %q", row.asked, asked)
			require.Equal(t, []string{"Basic dXNlcjpwYXNzOndvcmQvb2YtdGhlLXByb3h5"}, allowed)
			require.Zero(t, leaked.Load(), "want nothing of the proxy's at the target, and its host as it is named")
			require.Equal(t, p.Listener.Addr().String(), r.Target.Proxy)
			for _, secret := range []string{proxyPassword, url.QueryEscape(proxyPassword),
				"dXNlcjpwYXNzOndvcmQvb2YtdGhlLXByb3h5", "proxy-authorization"} {
				require.NotContains(t, told(t, r), strings.ToLower(secret))
			}
		})
	}
}

func TestAProxyThatRefusesIsNotTheTarget(t *testing.T) {
	says := func(t *testing.T, text string) func(*url.URL) (*url.URL, error) {
		u, err := url.Parse(strings.Replace(saying(t, func(r *http.Request) string {
			return strings.ReplaceAll(text, "PASSWORD", r.Header.Get("Proxy-Authorization")+" "+proxyPassword)
		}), "//", "//user:"+url.QueryEscape(proxyPassword)+"@", 1))
		require.NoError(t, err)
		return func(*url.URL) (*url.URL, error) { return u, nil }
	}
	rows := []struct {
		why, url, says string
		want           string // of the reason
	}{
		{"407 to a tunnel", "https://tenant.example", "HTTP/1.1 407 PASSWORD\r\nX: PASSWORD\r\n\r\n",
			"answered 407 to CONNECT; give it a user and a password, in its URL"},
		{"502 to a tunnel", "https://tenant.example", "HTTP/1.1 502 PASSWORD\r\n\r\nPASSWORD",
			"answered 502 to CONNECT; can it reach the target?"},
		{"garbage to a tunnel", "https://tenant.example", "PASSWORD\r\n\r\n", "gave no HTTP answer to CONNECT; is it " +
			"a proxy?"},
		{"nothing to a tunnel", "https://tenant.example", "", "gave no HTTP answer to CONNECT; is it a proxy?"},
		{"no TLS behind a tunnel", "https://tenant.example", "HTTP/1.1 200 OK\r\n\r\nPASSWORD",
			"the target does not speak TLS there; is the port one for https?"},
		{"407 to a request", "http://tenant.example", "HTTP/1.1 407 PASSWORD\r\nX: PASSWORD\r\nContent-Length: " +
			"0\r\n\r\n", "answered 407; give it a user and a password, in its URL"},
		{"garbage to a request", "http://tenant.example", "PASSWORD\r\n\r\n", "the target does not speak HTTP"},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			it := at(row.url, conformance.Transport{Proxy: says(t, row.says)})
			r := run(t, it, conformance.Options{Run: "^requestSample/auth/refuses-missing-authorization$",
				Timeout: 20 * time.Second})
			require.Equal(t, record.Unjudged, r.Verdict)
			require.Positive(t, r.Totals.Errored)
			require.Empty(t, broken(r), "want nothing of it charged to the target")
			require.Contains(t, r.Reason, row.want)
			require.NotContains(t, told(t, r), proxyPassword)
			require.NotContains(t, told(t, r), strings.ToLower("dXNlcjpwYXNzOndvcmQvb2YtdGhlLXByb3h5"))
		})
	}
	t.Run("a 502 to a request may be the target's", func(t *testing.T) {
		r := run(t, at("http://tenant.example", conformance.Transport{Proxy: says(t,
			"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")}),
			conformance.Options{Run: "^requestSample/auth/refuses-missing-authorization$"})
		require.Equal(t, 502, exchangesOf(t, r, "requestSample/auth/refuses-missing-authorization")[0].Response.Status)
	})
	t.Run("nobody listens", func(t *testing.T) {
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		closed.Close()
		for _, url := range []string{"http://tenant.example", "https://tenant.example"} {
			r := run(t, at(url, conformance.Transport{Proxy: (&proxy{Server: &httptest.Server{Listener: closed}}).of}),
				conformance.Options{Run: "^requestSample/auth/refuses-missing-authorization$"})
			require.Contains(t, r.Reason, "the proxy "+closed.Addr().String()+": the connection failed: connection "+
				"refused; is its address right, and can it reach the target?")
		}
	})
	t.Run("it never answers", func(t *testing.T) {
		mute, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer mute.Close()
		for url, want := range map[string]string{
			"https://tenant.example": "the proxy " + mute.Addr().String() + ": no connection within 1s; is its " +
				"address right, and can it reach the target?",
			"http://tenant.example": "nothing more came within 1s before an answer began",
		} {
			r := run(t, at(url, conformance.Transport{Proxy: (&proxy{Server: &httptest.Server{Listener: mute}}).of}),
				conformance.Options{Run: "^requestSample/auth/refuses-missing-authorization$",
					Timeout: time.Second})
			require.Contains(t, exchangesOf(t, r, "requestSample/auth/refuses-missing-authorization")[0].Error, want)
		}
	})
}

func exchangesOf(t *testing.T, r *record.Report, id string) []record.ExchangeResult {
	t.Helper()
	i := slices.IndexFunc(r.Cases, func(c record.CaseResult) bool { return c.ID == id })
	require.GreaterOrEqual(t, i, 0, id)
	require.NotEmpty(t, r.Cases[i].Exchanges, r.Cases[i].Reason)
	return r.Cases[i].Exchanges
}

func TestAMisusedTransportSendsNothing(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	named := func(proxy string) func(*url.URL) (*url.URL, error) {
		return func(*url.URL) (*url.URL, error) { return url.Parse(proxy) }
	}
	field := func(name, value string) conformance.Transport {
		return conformance.Transport{Header: []record.Field{{Name: name, Value: value}}}
	}
	rows := []struct {
		why       string
		transport conformance.Transport
		want      string
	}{
		{"a proxy over TLS", conformance.Transport{Proxy: named("https://user:hunter2@proxy.example")},
			`the proxy is a "https" one; only http:// proxies are known here; name one, or none`},
		{"a SOCKS proxy", conformance.Transport{Proxy: named("socks5://user:hunter2@proxy.example:1080")},
			`the proxy is a "socks5" one; only http:// proxies`},
		{"a proxy without a scheme", conformance.Transport{Proxy: named("user:hunter2@proxy.example:3128")},
			"only http:// proxies are known here"},
		{"a proxy that cannot be read", conformance.Transport{Proxy: named("http://user:hunter2@proxy.example:%zz")},
			"proxy.example"},
		{"an address without a port", conformance.Transport{Resolve: map[string]string{"127.0.0.1:80": "127.0.0.1"}},
			"give host and port"},
		{"a field without a name", field("", "hunter2"), `the header field ""`},
		{"a field name with a blank", field("X More", "hunter2"),
			`the header field "X More": it has a character that no header can carry; mend it`},
		{"a field name with a colon", field("X:", "hunter2"), `the header field "X:"`},
		{"a field name beyond ASCII", field("Schlüssel", "hunter2"), "the header field"},
		{"a value with a line break", field("X-Key", "hunter2\r\nX-Other: y"), `the header field "X-Key"`},
		{"a value with NUL", field("X-Key", "hunter2\x00"), `the header field "X-Key"`},
		{"a user agent with a line break", conformance.Transport{UserAgent: "a\nb"},
			`the user agent "a\nb": it has a character`},
		{"a user agent beyond ASCII", conformance.Transport{UserAgent: "prüfer"}, "the user agent"},
		{"a request id that is no name", conformance.Transport{RequestID: "request id"},
			`the request id "request id": it has a character`},
		{"a request id with a line break", conformance.Transport{RequestID: "a\r\nb"}, "the request id"},
	}
	s := load(t)
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			_, err := s.Run(t.Context(), at(server.URL, row.transport), conformance.Options{})
			var misuse *conformance.UsageError
			require.ErrorAs(t, err, &misuse)
			require.ErrorContains(t, err, row.want)
			require.NotContains(t, err.Error(), "hunter2")
			_, err = s.Plan(t.Context(), at(server.URL, row.transport), conformance.Options{})
			require.ErrorAs(t, err, &misuse)
		})
	}
	require.Zero(t, asked.Load())
}

func TestFurtherFieldsGoWithEveryRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite several times")
	}
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %v", http2), func(t *testing.T) {
			const key = "key-of-the-gateway-0123456789"
			var mu sync.Mutex
			var ids, wrong []string
			h := honest()
			it := target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				ids = append(ids, r.Header.Get("Client-Request-Id"))
				if r.Header.Get("X-Api-Key") != key || r.UserAgent() != "a gateway/1.0" ||
					len(r.Header.Values("Client-Request-Id")) != 1 {
					wrong = append(wrong, fmt.Sprint(r.Header))
				}
				mu.Unlock()
				w.Header().Set("X-More", r.Header.Get("X-Api-Key"))
				h.ServeHTTP(w, r)
			}))
			it.Transport = conformance.Transport{HTTP2: http2, Header: []record.Field{{Name: "X-Api-Key", Value: key}},
				UserAgent: "a gateway/1.0", RequestID: "client-request-id"}
			r := run(t, it, conformance.Options{Strict: true, Repeat: 2,
				Run: "/(valid/accepts-plain|body/refuses-missing|auth/|state/)"})
			require.Equal(t, record.NotConformant, r.Verdict, "want refusals that repeat the key to be found")
			require.Equal(t, []string{"error.inside"}, broken(r))
			require.Empty(t, wrong)

			recorded := map[string]int{}
			for _, c := range r.Cases {
				for _, x := range c.Exchanges {
					for _, f := range x.Request.Header {
						switch f.Name {
						case "client-request-id":
							recorded[f.Value]++
							require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
								f.Value)
						case "X-Api-Key":
							require.Equal(t, "$HEADER_X_API_KEY", f.Value)
						}
					}
				}
			}
			require.Len(t, recorded, r.Totals.Requests, "want an id of its own for each request, in the record")
			for _, id := range ids {
				require.Equal(t, 1, recorded[id], "want the id %q that came in the record", id)
			}
			require.NotContains(t, told(t, r), key)
			require.Contains(t, told(t, r), "$header_x_api_key")
		})
	}
}

func TestACommandSendsFurtherFieldsAsVariables(t *testing.T) {
	server := httptest.NewServer(honest())
	defer server.Close()
	r := run(t,
		at(server.URL, conformance.Transport{Header: []record.Field{{Name: "X-Api-Key",
			Value: "it's a \"key\" of mine"}}, RequestID: "X-Id"}), conformance.Options{Run: plainCase})
	command := command(r, &exchangesOf(t, r, "requestSample/valid/accepts-plain-request")[0])
	require.Contains(t, command, `-H 'X-Api-Key: '"$HEADER_X_API_KEY"`)
	require.Contains(t, command, `-H 'Authorization: Bearer '"$FMASPEC_TOKEN"`)
	require.Contains(t, command, "-H 'X-Id: ")
	require.NotContains(t, command, "of mine")
}

func TestAnIPv6TargetIsDialled(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6")
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: honest()}}
	server.Start()
	defer server.Close()
	require.Equal(t, record.Conformant, run(t, at(server.URL, conformance.Transport{}),
		conformance.Options{Run: plainCase}).Verdict)
}

// What a target is asked through a proxy is one request a connection or many, but
// never an answer that belongs to another.
func TestRequestsThroughAProxyAreKeptApart(t *testing.T) {
	h := honest()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.IsAbs() {
			r.URL.Scheme, r.URL.Host = "", ""
		}
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	u, err := url.Parse(server.URL) // the target takes the whole URL itself, so that it can be its own proxy
	require.NoError(t, err)
	r := run(t, at(server.URL, conformance.Transport{Proxy: func(*url.URL) (*url.URL, error) { return u, nil }}),
		conformance.Options{Strict: true})
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.Equal(t, r.Totals.Total, r.Totals.Passed+r.Totals.NotApplicable)
	for _, c := range r.Cases {
		if c.Outcome == record.NotApplicable {
			require.Regexp(t, "/host/|absolute-form", c.ID, "want nothing else that a proxy writes anew")
		}
	}
}
