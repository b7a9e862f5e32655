package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// An issuer makes certificates.
type issuer struct {
	certificate *x509.Certificate
	key         ed25519.PrivateKey
	pem         string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	i.pem, _ = i.issue(t, "test issuer")
	b, _ := pem.Decode([]byte(i.pem))
	var err error
	i.certificate, err = x509.ParseCertificate(b.Bytes)
	require.NoError(t, err)
	return i
}

// issue returns a certificate and its key in PEM; the first one vouches for itself.
func (i *issuer) issue(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := i.certificate, i.key
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		parent, signer, i.key = template, private, private
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return encoded("CERTIFICATE", der), encoded("PRIVATE KEY", secret)
}

func encoded(kind string, bytes []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
}

// reached returns the transport of flags and variables.
func reached(t *testing.T, environ []string, args ...string) (conformance.Transport, error) {
	t.Helper()
	f, e := &connectionFlags{}, &env{environ: environ}
	set := flag.NewFlagSet("x", flag.ContinueOnError)
	f.flags(set)
	_, err := parse(set, args)
	require.NoError(t, err)
	require.NoError(t, e.fill(set))
	return f.transport(e)
}

func TestWithoutFlagsTheTransportIsPlain(t *testing.T) {
	got, err := reached(t, nil)
	require.NoError(t, err)
	require.Equal(t, conformance.Transport{}, got)
}

func TestTheTransportIsWhatTheFlagsSay(t *testing.T) {
	file := written(t, "# mine\n\n  X-Two: b: c \r\nx-three:\n")
	got, err := reached(t, []string{"FMASPEC_HEADER=X-Zero: a, b\nX-One: c"}, "-http2", "-insecure", "-resolve",
		"Graph.example.com:443:127.0.0.1,[::1]:80:[::2]", "-resolve", "h:1:10.0.0.1,p:443:127.0.0.1:8443",
		"-header-file", file, "-user-agent", "Example/1.0 (x)", "-request-id", "client-request-id")
	require.NoError(t, err)
	require.Equal(t, conformance.Transport{
		HTTP2: true, Insecure: true, UserAgent: "Example/1.0 (x)", RequestID: "client-request-id",
		Resolve: map[string]string{"graph.example.com:443": "127.0.0.1:443", "[::1]:80": "[::2]:80",
			"h:1": "10.0.0.1:1", "p:443": "127.0.0.1:8443"},
		Header: []record.Field{{Name: "X-Zero", Value: "a, b"}, {Name: "X-One", Value: "c"},
			{Name: "X-Two", Value: "b: c"}, {Name: "x-three", Value: ""}},
	}, got)
	got, err = reached(t, nil, "-header", "A: b, c", "-header", "A: d")
	require.NoError(t, err)
	require.Equal(t, []record.Field{{Name: "A", Value: "b, c"}, {Name: "A", Value: "d"}}, got.Header)
}

func TestConnectionFlagsThatCannotWorkAreRefused(t *testing.T) {
	i := newIssuer(t)
	certificate, key := i.issue(t, "client")
	_, otherKey := i.issue(t, "other")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"ca.pem": i.pem, "cert.pem": certificate, "key.pem": key, "other.pem": otherKey, "text.txt": "no PEM\n",
		"empty.txt": "# nothing\n", "long.txt": strings.Repeat("x", fileLimit+1),
		"cut.pem": "# two\n" + i.pem + strings.TrimSuffix(certificate, "-----END CERTIFICATE-----\n"),
		"bad.pem": i.pem + encoded("CERTIFICATE", []byte("none")), "broken.pem": "x\n" + strings.Replace(i.pem, "MII",
			"M!I", 1) + i.pem,
		"locked.pem": certificate + encoded("ENCRYPTED PRIVATE KEY", []byte("locked")),
		"old.pem": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY",
			Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"},
			Bytes:   []byte("locked")})),
		"fields.txt": "# mine\nX-A: b\n\nsecret-77\n", "host.txt": "Host: secret-77\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	t.Chdir(dir)
	for _, row := range []struct {
		args      []string
		want, why string
	}{
		{[]string{"-ca", "nowhere"}, "-ca nowhere: no such file or directory; name a readable file that contains " +
			"certificates", "no file"},
		{[]string{"-ca", "."}, "-ca .: is a directory; name a readable file that contains certificates", "a folder"},
		{[]string{"-ca", "long.txt"}, "-ca long.txt: longer than 1024 KiB; name a file that contains certificates",
			"too long"},
		{[]string{"-ca", "text.txt"}, "-ca text.txt: no certificate in it; give PEM, which begins -----BEGIN " +
			"CERTIFICATE-----", "no PEM"},
		{[]string{"-ca", "key.pem"}, "-ca key.pem: no certificate in it", "another PEM"},
		{[]string{"-ca", "bad.pem"}, "-ca bad.pem:10: the certificate cannot be read: x509: malformed certificate; " +
			"write it again", "the second is none"},
		{[]string{"-ca", "cut.pem"}, "-ca cut.pem:11: the PEM block cannot be read; write it again",
			"the second is cut"},
		{[]string{"-ca", "broken.pem"}, "-ca broken.pem:2: the PEM block cannot be read; write it again",
			"the first is broken, the second is not"},
		{[]string{"-ca", "ca.pem", "-insecure"}, "-insecure accepts any certificate, so -ca has no effect; drop one",
			"both"},
		{[]string{"-client-cert", "cert.pem"}, "-client-cert without -client-key; add the file with its key, which " +
			"may be the same", "no key"},
		{[]string{"-client-key", "key.pem"}, "-client-key without -client-cert; add the file with its certificate, " +
			"which may be the same", "no certificate"},
		{[]string{"-client-cert", "nowhere", "-client-key", "key.pem"}, "-client-cert nowhere: no such file or " +
			"directory; name a readable file that contains a certificate", "no such certificate"},
		{[]string{"-client-cert", "cert.pem", "-client-key", "nowhere"}, "-client-key nowhere: no such file or " +
			"directory; name a readable file that contains a key", "no such key"},
		{[]string{"-client-cert", "key.pem", "-client-key", "key.pem"}, "-client-cert key.pem: no certificate in it",
			"a key alone"},
		{[]string{"-client-cert", "cert.pem", "-client-key", "cert.pem"}, "-client-key cert.pem: no key in it; give " +
			"PEM with a line -----BEGIN PRIVATE KEY-----", "a certificate alone"},
		{[]string{"-client-cert", "cert.pem", "-client-key", "locked.pem"}, "-client-key locked.pem:10: the key is " +
			"encrypted; set FMASPEC_CLIENT_KEY_PASSWORD or pass -client-key-password-file", "an encrypted key"},
		{[]string{"-client-cert", "cert.pem", "-client-key", "old.pem"}, "-client-key old.pem:1: the key is encrypted",
			"as it was once done"},
		{[]string{"-client-cert", "cert.pem", "-client-key", "other.pem"}, "-client-cert cert.pem with -client-key " +
			"other.pem: private key does not match public key; name a certificate and its own key", "another's key"},
		{[]string{"-proxy", "socks5://127.0.0.1:1080"}, "-proxy: only http:// proxies are supported; give " +
			"http://HOST:PORT, env or none", "another protocol"},
		{[]string{"-proxy", "https://u:secret-77@proxy"}, "-proxy: only http:// proxies", "TLS to the proxy"},
		{[]string{"-proxy", "proxy:3128"}, "-proxy: only http:// proxies", "no protocol"},
		{[]string{"-proxy", "http://"}, "-proxy: only http:// proxies", "no host"},
		{[]string{"-proxy", "http://proxy/secret-77"}, "-proxy: only http:// proxies", "a path"},
		{[]string{"-proxy", "http://[::secret-77"}, "-proxy: only http:// proxies", "no URL"},
		{[]string{"-resolve", "h:443"}, "-resolve h:443: one of host, port and address is missing; give " +
			"HOST:PORT:ADDRESS, such as ", "no address"},
		{[]string{"-resolve", ":443:127.0.0.1"}, "one of host, port and address is missing", "no host"},
		{[]string{"-resolve", "[::1:443:127.0.0.1"}, "one of host, port and address is missing", "an open bracket"},
		{[]string{"-resolve", "h:https:127.0.0.1"}, "-resolve h:https:127.0.0.1: the port is not a number from 1 to " +
			"65535; ", "a service"},
		{[]string{"-resolve", "h:0:127.0.0.1"}, "the port is not a number", "no port"},
		{[]string{"-resolve", "h:65536:127.0.0.1"}, "the port is not a number", "a port beyond the last"},
		{[]string{"-resolve", "h:+1:127.0.0.1"}, "the port is not a number", "an odd number"},
		{[]string{"-resolve", "h:443:other"}, "-resolve h:443:other: the address is not an IP address; ", "a name"},
		{[]string{"-resolve", "h:443:::1"}, "the address is not an IP address", "IPv6 without brackets"},
		{[]string{"-resolve", "h:443:[127.0.0.1]"}, "the address is not an IP address", "IPv4 with brackets"},
		{[]string{"-resolve", "h:443:[::1"}, "the address is not an IP address", "half a bracket"},
		{[]string{"-resolve", "h:443:127.0.0.1,H:443:127.0.0.2"}, "-resolve H:443:127.0.0.2: another value has the " +
			"same host and port; ", "twice"},
		{[]string{"-header", "secret-77"}, "-header: no colon; give a name and a value, as in 'X-Name: value'",
			"no colon"},
		{[]string{"-header", "A: b", "-header", ": secret-77"}, "-header, number 2: the text before the colon is not " +
			"a header field name; use only letters, digits and dashes", "no name"},
		{[]string{"-header", "X Y: secret-77"}, "not a header field name", "two words"},
		{[]string{"-header", ":path: secret-77"}, "not a header field name", "a field of HTTP/2 itself"},
		{[]string{"-header", "X-A: secret-77\x00"}, "-header: the value of X-A has a character that is not allowed " +
			"in a header; use ASCII on one line", "a control character"},
		{[]string{"-header", "X-A: secret-77é"}, "the value of X-A has a character", "beyond ASCII"},
		{[]string{"-header-file", "nowhere"}, "-header-file nowhere: no such file or directory; name a readable file " +
			"that contains header fields, one a line", "no file"},
		{[]string{"-header-file", "empty.txt"}, "-header-file empty.txt: no field in it; write one a line, as " +
			"Name: value", "an empty file"},
		{[]string{"-header-file", "fields.txt"}, "-header-file fields.txt:4: no colon; ", "a wrong line"},
		{[]string{"-header-file", "host.txt"}, "-header-file host.txt:1: Host cannot be set for every request: it is " +
			"the host of -url; -resolve dials another address for it", "a field of the runner's"},
		{[]string{"-header", "authorization: secret-77"}, "-header: authorization cannot be set for every request: " +
			"the cases set it; name the token with -token-file, ", "in any letter case"},
		{[]string{"-user-agent", "a\nb"}, "-user-agent: it has a character that is not allowed in a header; use " +
			"ASCII on one line", "a line break"},
		{[]string{"-request-id", "a b"}, "-request-id \"a b\": not a header field name; use one such as " +
			"client-request-id", "no name"},
		{[]string{"-request-id", "content-type"}, "-request-id content-type cannot carry an id: the cases set it",
			"a field of the runner's"},
		{[]string{"-request-id", "x-id", "-header", "X-ID: 1"}, "-request-id x-id: -header or -header-file sets it " +
			"too; drop one", "twice"},
	} {
		_, err := reached(t, nil, row.args...)
		require.Error(t, err, row.why)
		require.ErrorContains(t, err, row.want, row.why)
		require.NotContains(t, err.Error(), "secret-77", row.why)
	}
}

func TestEveryFieldOfTheRunnersIsKept(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(reserved())) {
		require.Equal(t, http.CanonicalHeaderKey(name), name, "or it is never found")
		_, err := reached(t, nil, "-header", strings.ToLower(name)+": x")
		require.ErrorContains(t, err, " cannot be set for every request: ", name)
		_, err = reached(t, nil, "-request-id", name)
		require.ErrorContains(t, err, " cannot carry an id: ", name)
	}
	var set lines
	require.EqualError(t, set.Set(" \n"), "want a text, or several with line breaks between them")
}

// asked returns what a client gets from a URL, or why it gets nothing.
func asked(t *testing.T, address string, args ...string) (string, error) {
	t.Helper()
	transport, err := reached(t, nil, args...)
	require.NoError(t, err)
	resp, err := (&connectionFlags{}).client(transport).Get(address)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body), nil
}

func TestATokenEndpointIsReachedAsTheTargetIs(t *testing.T) {
	ours, theirs := newIssuer(t), newIssuer(t)
	certificate, key := ours.issue(t, "server")
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	require.NoError(t, err)
	clients := x509.NewCertPool()
	clients.AddCert(ours.certificate)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			who = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		io.WriteString(w, who+" at "+r.Host+r.Header.Get("X-A"))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: clients,
		ClientAuth: tls.VerifyClientCertIfGiven}
	server.StartTLS()
	defer server.Close()
	proxy := httptest.NewServer(tunnelTo(server.Listener.Addr().String()))
	defer proxy.Close()

	ca, other, both := written(t, "of ours\n"+ours.pem), written(t, theirs.pem),
		written(t, strings.Join([]string{key, certificate, ours.pem}, "\n"))
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	named := "https://example.com:" + u.Port()
	for _, row := range []struct {
		url       string
		args      []string
		want, err string
		why       string
	}{
		{server.URL, nil, "", "certificate signed by unknown authority", "the system does not know it"},
		{server.URL, []string{"-ca", ca}, "nobody at " + u.Host, "", "-ca does"},
		{server.URL, []string{"-ca", other}, "", "certificate signed by unknown authority", "another does not"},
		{server.URL, []string{"-insecure"}, "nobody at " + u.Host, "", "any will do"},
		{server.URL, []string{"-ca", ca, "-client-cert", both, "-client-key", both}, "server at " + u.Host, "",
			"a certificate is shown, and key and certificate may be in one file"},
		{server.URL, []string{"-ca", ca, "-header", "X-A: b"}, "nobody at " + u.Host, "", "the fields for the target " +
			"are not sent"},
		{named, []string{"-ca", ca, "-resolve", "EXAMPLE.com:" + u.Port() + ":127.0.0.1"}, "nobody at example.com:" +
			u.Port(), "", "another address is dialled"},
		{"https://example.com:1", []string{"-ca", ca, "-proxy", proxy.URL}, "nobody at example.com:1", "",
			"a proxy leads there"},
		{server.URL, []string{"-ca", ca, "-proxy", closedURL(t, t.Cleanup)}, "nobody at " + u.Host, "",
			"which this machine does not need"},
	} {
		got, err := asked(t, row.url, row.args...)
		if row.err != "" {
			require.ErrorContains(t, err, row.err, row.why)
			continue
		}
		require.NoError(t, err, row.why)
		if got != row.want {
			t.Errorf("%s: want %q, got %q", row.why, row.want, got)
		}
	}
}

func TestTheProxyOfTheEnvironmentCountsWhereItIsNamed(t *testing.T) {
	for _, row := range []struct {
		environ, args []string
		want          bool
		why           string
	}{
		{nil, nil, false, "none is named"},
		{[]string{"HTTPS_PROXY=http://127.0.0.1:1"}, nil, true, "one is named"},
		{[]string{"http_proxy=http://127.0.0.1:1"}, nil, true, "in small letters too"},
		{[]string{"HTTPS_PROXY="}, nil, false, "an empty variable counts as not set"},
		{[]string{"HTTPS_PROXY=http://127.0.0.1:1"}, []string{"-proxy", "none"}, false, "it is not wanted"},
		{nil, []string{"-proxy", "http://127.0.0.1:1"}, true, "a flag names one"},
		{[]string{"FMASPEC_PROXY=http://127.0.0.1:1"}, nil, true, "or its variable"},
	} {
		got, err := reached(t, row.environ, row.args...)
		require.NoError(t, err, row.why)
		if (got.Proxy != nil) != row.want {
			t.Errorf("%s: want a proxy %v, got %v", row.why, row.want, got.Proxy != nil)
		}
	}
}
