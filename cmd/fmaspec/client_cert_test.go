package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"
)

// The files of testdata/client, made by OpenSSL, and their password.
const clientFiles, clientPassword = "testdata/client/", "correct horse"

func TestEncryptedKeysAndPKCS12AreRead(t *testing.T) {
	password := []string{keyPasswordVariable + "=" + clientPassword}
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(clientPassword+"\n"), 0o600))
	cert := []string{"-client-cert", clientFiles + "cert.pem", "-client-key"}
	for _, row := range []struct {
		environ []string
		args    []string
		chain   int
		why     string
	}{
		{nil, append(cert, clientFiles+"plain.key"), 1, "a key that is not encrypted"},
		{password, append(cert, clientFiles+"plain.key"), 1, "a variable that is not needed"},
		{password, append(cert, clientFiles+"pbes2.key"), 1, "PKCS#8"},
		{password, append(cert, clientFiles+"pbes2-des3.key"), 1, "with an old cipher"},
		{password, append(cert, clientFiles+"scrypt.key"), 1, "with scrypt"},
		{password, append(cert, clientFiles+"dek-info.key"), 1, "as it was once done"},
		{nil, append(cert, clientFiles+"pbes2.key", "-client-key-password-file", file), 1, "from a file"},
		{[]string{keyPasswordVariable + "=wrong"}, append(cert, clientFiles+"pbes2.key", "-client-key-password-file",
			file), 1, "the file counts"},
		{nil, append(cert, clientFiles+"several.key"), 1, "the second of two keys"},
		{password, []string{"-client-cert", clientFiles + "modern.p12"}, 2, "PKCS#12, with another certificate"},
		{password, []string{"-client-cert", clientFiles + "legacy.p12"}, 1, "PKCS#12 with old ciphers"},
		{password, []string{"-client-cert", clientFiles + "modern.p12", "-client-key", clientFiles + "modern.p12"}, 2,
			"the same file twice"},
		{nil, []string{"-client-cert", clientFiles + "open.p12"}, 1, "PKCS#12 with an empty password"},
		{nil, []string{"-client-cert", clientFiles + "modern.p12", "-client-key-password-file", file}, 2,
			"PKCS#12, and a file"},
	} {
		got, err := reached(t, row.environ, row.args...)
		require.NoError(t, err, row.why)
		require.Len(t, got.Certificates, 1, row.why)
		require.Len(t, got.Certificates[0].Certificate, row.chain, row.why)
		require.Equal(t, "client", got.Certificates[0].Leaf.Subject.CommonName, row.why)
	}
}

func TestClientCertificatesThatCannotBeUsedAreNamed(t *testing.T) {
	password, wrong := []string{keyPasswordVariable + "=" + clientPassword}, []string{keyPasswordVariable +
		"=secret-77"}
	dir := t.TempDir()
	file := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(file, []byte("secret-77\n"), 0o600))
	damaged := filepath.Join(dir, "damaged.p12")
	data, err := os.ReadFile(clientFiles + "modern.p12")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(damaged, data[:len(data)/2], 0o600))
	short := filepath.Join(dir, "short.key") // whose encrypted data is no multiple of a block
	text, err := os.ReadFile(clientFiles + "dek-info.key")
	require.NoError(t, err)
	b, _ := pem.Decode(text)
	b.Bytes = b.Bytes[:len(b.Bytes)-3]
	require.NoError(t, os.WriteFile(short, pem.EncodeToMemory(b), 0o600))
	locked := filepath.Join(dir, "locked.key")
	require.NoError(t, os.WriteFile(locked, []byte(encoded("ENCRYPTED PRIVATE KEY", []byte("locked"))), 0o600))
	later := laterCertificate(t, dir)
	cert := []string{"-client-cert", clientFiles + "cert.pem", "-client-key"}
	needs := "; set FMASPEC_CLIENT_KEY_PASSWORD or pass -client-key-password-file"
	for _, row := range []struct {
		environ []string
		args    []string
		want    string
	}{
		{nil, append(cert, clientFiles+"pbes2.key"), "-client-key testdata/client/pbes2.key:1: the key is encrypted" +
			needs},
		{nil, append(cert, clientFiles+"dek-info.key"), "-client-key testdata/client/dek-info.key:1: the key is " +
			"encrypted" + needs},
		{wrong, append(cert, clientFiles+"pbes2.key"), "-client-key testdata/client/pbes2.key:1: the password is " +
			"wrong; correct FMASPEC_CLIENT_KEY_PASSWORD"},
		{wrong, append(cert, clientFiles+"scrypt.key"), "-client-key testdata/client/scrypt.key:1: the password is " +
			"wrong; correct FMASPEC_CLIENT_KEY_PASSWORD"},
		{nil, append(cert, clientFiles+"pbes2.key", "-client-key-password-file", file), "-client-key " +
			"testdata/client/pbes2.key:1: the password is wrong; correct the file of -client-key-password-file"},
		{wrong, append(cert, clientFiles+"dek-info.key"), "-client-key testdata/client/dek-info.key:1: the key " +
			"cannot be decrypted; correct FMASPEC_CLIENT_KEY_PASSWORD, or write the key again with openssl pkcs8 " +
			"-topk8"},
		{password, append(cert, short), "-client-key " + short + ":1: the key cannot be decrypted; correct " +
			"FMASPEC_CLIENT_KEY_PASSWORD, or write the key again with openssl pkcs8 -topk8"},
		{password, append(cert, clientFiles+"pbes1.key"), "-client-key testdata/client/pbes1.key:1: the encrypted " +
			"key cannot be read: only PBES2 supported; write it again, as openssl pkcs8 -topk8 does"},
		{password, append(cert, locked), "-client-key " + locked + ":1: the encrypted key cannot be read: only PKCS " +
			"#5 v2.0 supported; write it again, as openssl pkcs8 -topk8 does"},
		{nil, append(cert, clientFiles+"plain.key", "-client-key-password-file", file), "-client-key-password-file: " +
			"the key in testdata/client/plain.key is not encrypted; drop the flag"},
		{nil, append(cert, clientFiles+"other.key"), "-client-cert testdata/client/cert.pem with -client-key " +
			"testdata/client/other.key: private key does not match public key; name a certificate and its own key"},
		{nil, []string{"-client-key-password-file", file}, "-client-key-password-file without -client-cert; add the " +
			"file with the certificate"},
		{password, append(cert, clientFiles+"pbes2.key", "-client-key-password-file", "nowhere"),
			"-client-key-password-file: no such file or directory; name a readable file that contains only the " +
				"password"},
		{nil, []string{"-client-cert", clientFiles + "modern.p12"}, "-client-cert testdata/client/modern.p12: it has " +
			"a password" + needs},
		{wrong, []string{"-client-cert", clientFiles + "modern.p12"}, "-client-cert testdata/client/modern.p12: the " +
			"password is wrong; correct FMASPEC_CLIENT_KEY_PASSWORD"},
		{wrong, []string{"-client-cert", clientFiles + "legacy.p12"}, "-client-cert testdata/client/legacy.p12: the " +
			"password is wrong; correct FMASPEC_CLIENT_KEY_PASSWORD"},
		{password, []string{"-client-cert", clientFiles + "modern.p12", "-client-key", clientFiles + "plain.key"},
			"-client-cert testdata/client/modern.p12 is PKCS#12, which contains the key; drop -client-key"},
		{password, []string{"-client-cert", clientFiles + "no-key.p12"}, "-client-cert testdata/client/no-key.p12: " +
			"no key in it; export the certificate with its key, as openssl pkcs12 -export does"},
		{password, []string{"-client-cert", clientFiles + "expired.p12"}, "-client-cert testdata/client/expired.p12: " +
			"the certificate expired on 2021-01-01; name one that is valid"},
		{nil, []string{"-client-cert", later}, "-client-cert " + later + ": the certificate is valid from "},
		{password, []string{"-client-cert", damaged}, "-client-cert " + damaged + ": it is neither PEM nor PKCS#12 " +
			"that can be read: "},
	} {
		_, err := reached(t, row.environ, row.args...)
		require.ErrorContains(t, err, row.want)
		require.NotContains(t, err.Error(), "secret-77")
		require.NotContains(t, err.Error(), clientPassword)
	}
}

// laterCertificate writes PKCS#12 without password, with a certificate that is not valid yet.
func laterCertificate(t *testing.T, dir string) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(clientFiles+"cert.pem", clientFiles+"plain.key")
	require.NoError(t, err)
	like := *pair.Leaf
	like.NotBefore, like.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, &like, &like, like.PublicKey, pair.PrivateKey)
	require.NoError(t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	data, err := pkcs12.Passwordless.Encode(pair.PrivateKey, c, nil, "")
	require.NoError(t, err)
	file := filepath.Join(dir, "later.p12")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	return file
}

// A server that asks for a certificate sees the one of PKCS#12, and no output has the password.
func TestARunPresentsTheCertificateOfPKCS12(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) == 0 || r.TLS.PeerCertificates[0].Subject.CommonName != "client" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		honest().ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	defer server.Close()
	dir := t.TempDir()
	environ := []string{tokenVariable + "=" + testToken, keyPasswordVariable + "=" + clientPassword}
	args := []string{"run", "-url", server.URL, "-insecure", "-run", "valid/accepts-plain-request", "-report",
		"json=" + filepath.Join(dir, "r.json")}
	got := call(t.Context(), environ, append(args, "-client-cert", clientFiles+"modern.p12", "-v")...)
	require.Equal(t, 0, got.code, got.stdout+got.stderr)
	record, err := os.ReadFile(filepath.Join(dir, "r.json"))
	require.NoError(t, err)
	for _, output := range []string{got.stdout, got.stderr, string(record)} {
		require.NotContains(t, output, clientPassword)
	}
	require.NotEqual(t, 0, call(t.Context(), environ, args...).code, "want it refused without the certificate")
	args = append(args[:len(args)-2], "-client-cert", clientFiles+"modern.p12", "-dry-run")
	dry := call(t.Context(), environ, args...)
	require.Contains(t, dry.stdout, " --cert 'testdata/client/modern.p12' --cert-type 'P12' ")
}
