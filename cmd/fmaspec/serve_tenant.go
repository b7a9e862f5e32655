package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/curl"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/tenant"
)

// What a played tenant is called. The names end in .example, which nothing on the network does
// (RFC 2606), so that a rehearsal that forgets -resolve reaches nobody.
const (
	tenantName = "contoso.example"
	apiHost    = "graph." + tenantName
	loginHost  = "login." + tenantName

	audience      = "https://graph.microsoft.com" // of the tokens that its API accepts
	otherAudience = "https://api.securitycenter.microsoft.com"

	actingClient  = "6731de76-14a6-49ae-97bc-6eba6914391e"
	readingClient = "0f7e1c58-92f4-4c5a-8a36-d1f0b9b9a1c2"

	labMachine     = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	secondMachine  = "9b0e4c1b7d5f4f0f8f6f3e9a2c7d1b5e8a604d3c"
	offlineMachine = "5c1f0d2a8be94736a1d85e0cf3729b640d8ea1f7"
)

// How long the tokens of a played tenant are valid: so short that a long run has to renew its
// own, while the files of users last for a day of work.
const (
	clientTokenLife = 5 * time.Minute
	userTokenLife   = 8 * time.Hour
)

// madeHere begins the file of the certificate authority, by which a folder of an earlier start is
// known.
const madeHere = "Made by fmaspec serve -tenant for this machine alone; trust it nowhere else."

// tenantFlags are the settings of a played tenant.
type tenantFlags struct {
	on     bool
	folder string
	now    func() time.Time // the clock where nil
}

func (f *tenantFlags) flags(set *flag.FlagSet) {
	set.BoolVar(&f.on, "tenant", false, "play a whole tenant: https with an authority of its own, a token endpoint, "+
		"clients and users with and without roles, machines that are there, offline and unknown, and 429 for every "+
		"hundredth request")
	set.StringVar(&f.folder, "tenant-folder", "fmaspec-tenant", "with -tenant, write the authority, the secrets and "+
		"the tokens to this `FOLDER`, which only you can read; it is made, or rewritten if an earlier start made "+
		"it and has ended")
}

// validate checks what package flag cannot, before anything is served. Variables may be meant for
// other commands, so that only flags are misuse.
func (f *tenantFlags) validate(e *env) error {
	if !f.on {
		if e.names("tenant-folder") {
			return errors.New("-tenant-folder: no tenant is played; add -tenant")
		}
		return nil
	}
	if f.folder == "" {
		return errors.New("-tenant-folder: no folder; name one that does not exist yet")
	}
	for _, k := range conformance.Tokens() {
		if e.names(k.Flag()) {
			return fmt.Errorf("-%s: a tenant issues its own tokens; drop it, or -tenant", k.Flag())
		}
	}
	if e.names("unknown-machine") {
		return errors.New("-unknown-machine: of the machines of a tenant, those that it prints are known and all " +
			"others are not; drop it, or -tenant")
	}
	return nil
}

// A playedTenant is a tenant with what its users need.
type playedTenant struct {
	*tenant.Tenant
	folder      string
	certificate tls.Certificate
	exported    [][2]string // variables of a run and their values, but those with the address
}

// configured adds the machines of a tenant to the configuration of its server.
func (f *tenantFlags) configured(c reference.Config) reference.Config {
	if f.on {
		c.Machines = []string{labMachine, secondMachine, offlineMachine, conformance.DefaultMachine}
		c.OfflineMachine = offlineMachine
	}
	return c
}

// addressFile is the file with the address of a tenant that runs.
const addressFile = "address"

// play makes a tenant in front of a server with this configuration that is reached at an address, and
// writes its files.
func (f *tenantFlags) play(behind reference.Config, address string) (*playedTenant, error) {
	now := f.now
	if now == nil {
		now = time.Now
	}
	if err := f.prepare(); err != nil {
		return nil, err
	}
	secret, readerSecret := rand.Text(), rand.Text()
	played, err := tenant.New(tenant.Config{
		Name: tenantName, Issuer: "https://" + loginHost + "/" + tenantName + "/",
		Audience: audience, Others: []string{otherAudience}, Life: clientTokenLife, Now: now,
		Clients: []tenant.Client{{ID: actingClient, Secret: secret, Acts: true},
			{ID: readingClient, Secret: readerSecret}},
		Tokens: tenant.Internal{Acting: behind.Token, Reading: behind.UnprivilegedToken,
			SecurityAdmin: behind.SecurityAdminToken, GlobalAdmin: behind.GlobalAdminToken},
	})
	if err != nil {
		return nil, err
	}
	certificate, authority, err := certified(now())
	if err != nil {
		return nil, err
	}
	out := &playedTenant{Tenant: played, folder: f.folder, certificate: certificate}
	files := []struct{ name, flag, content string }{
		{"ca.pem", "ca", madeHere + "\n" + string(authority)},
		{"client-secret", "client-secret-file", secret + "\n"},
		{"reading-client-secret", "", readerSecret + "\n"},
		{addressFile, "", address + "\n"},
	}
	for _, u := range []struct {
		name, flag string
		user       tenant.User
		since      time.Time
	}{
		{"unprivileged-token", "unprivileged-token-file", tenant.SecurityReader(), now()},
		{"security-admin-token", "security-admin-token-file", tenant.SecurityAdministrator(), now()},
		{"global-admin-token", "global-admin-token-file", tenant.GlobalAdministrator(), now()},
		{"expired-token", "invalid-token-file", tenant.SecurityAdministrator(), now().Add(-2 * userTokenLife)},
	} {
		token, err := played.UserToken(u.user, u.since, userTokenLife)
		if err != nil {
			return nil, fmt.Errorf("-tenant: %w", err)
		}
		files = append(files, struct{ name, flag, content string }{u.name, u.flag, token + "\n"})
	}
	for _, file := range files {
		place := filepath.Join(f.folder, file.name)
		if err := writeSecret(place, file.content); err != nil {
			return nil, fmt.Errorf("-tenant-folder %s: %w; name a folder that you can write to", f.folder, reason(err))
		}
		if file.flag != "" {
			out.exported = append(out.exported, [2]string{variable(file.flag), place})
		}
	}
	return out, nil
}

// prepare makes the folder. One that holds anything else than what an earlier start left is
// refused, so that nobody's secrets are overwritten, and so is one into which anybody may write.
func (f *tenantFlags) prepare() error {
	if info, err := os.Stat(f.folder); err == nil && info.IsDir() && openToAll(info) {
		return fmt.Errorf("-tenant-folder %s: any user may write into it, and so replace its secrets; run chmod o-w "+
			"on it, or name a folder that does not exist yet", f.folder)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("-tenant-folder %s: it is a file; name a folder that does not exist yet", f.folder)
	}
	if address := f.running(); address != "" {
		return fmt.Errorf("-tenant-folder %s: it has the files of a tenant that runs at %s; stop that one first, or "+
			"name another folder", f.folder, address)
	}
	entries, err := os.ReadDir(f.folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.MkdirAll(f.folder, 0o700)
	case err == nil && len(entries) > 0:
		first := make([]byte, len(madeHere))
		var file *os.File
		if file, err = os.Open(filepath.Join(f.folder, "ca.pem")); err == nil {
			_, err = io.ReadFull(file, first)
			file.Close()
		}
		if err != nil || !bytes.Equal(first, []byte(madeHere)) {
			return fmt.Errorf("-tenant-folder %s: it holds files that no earlier start wrote; name a folder that does "+
				"not exist yet", f.folder)
		}
	}
	if err != nil {
		return fmt.Errorf("-tenant-folder %s: %w; name a folder that does not exist yet", f.folder, reason(err))
	}
	return nil
}

// answerTime is how long a tenant on this machine may take to present its certificate.
const answerTime = 2 * time.Second

// running returns the address of a tenant that runs with the files of the folder, or "": who answers there
// has to present a certificate of the folder's authority, since another may have the port by now.
func (f *tenantFlags) running() string {
	text, err := os.ReadFile(filepath.Join(f.folder, addressFile))
	if err != nil || len(text) > 100 {
		return ""
	}
	authority, err := os.ReadFile(filepath.Join(f.folder, "ca.pem"))
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(authority) {
		return ""
	}
	address := strings.TrimSpace(string(text))
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: answerTime}, "tcp", address,
		&tls.Config{RootCAs: pool, ServerName: "localhost"})
	if err != nil {
		return ""
	}
	connection.Close()
	return address
}

// leave removes the address, which another tenant may have from now on.
func (p *playedTenant) leave() { os.Remove(filepath.Join(p.folder, addressFile)) }

// writeSecret writes a file that only its owner can read, in place of another one. It writes into no
// file that somebody else makes meanwhile, nor through a link.
func writeSecret(place, content string) error {
	if err := os.Remove(place); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(place, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Close())
}

// certified returns a certificate for the hosts of a tenant and for this machine, and the
// authority that vouches for it, which vouches for nothing else: its key is not kept.
func certified(now time.Time) (tls.Certificate, []byte, error) {
	fail := func(err error) (tls.Certificate, []byte, error) {
		return tls.Certificate{}, nil, fmt.Errorf("-tenant: no certificate could be made: %w; try again", err)
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fmaspec serve -tenant"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{tenantName, "localhost"},
		PermittedIPRanges: []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)}},
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey,
		authorityKey)
	if err != nil {
		return fail(err)
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: apiHost},
		DNSNames:    []string{apiHost, loginHost, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:   authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, server, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return fail(err)
	}
	return tls.Certificate{Certificate: [][]byte{der, authorityDER}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityDER}), nil
}

// wrap puts the tenant in front of its API. The log of requests has those for tokens too.
func (p *playedTenant) wrap(api http.Handler, logged func(http.Handler) http.Handler) http.Handler {
	api, tokens := p.API(api), logged(p.TokenEndpoint())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tenant.IsTokenPath(r.URL.Path) {
			tokens.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// listen returns a listener that speaks TLS. HTTP/2 is offered where what is read of a
// connection is not looked at before.
func (p *playedTenant) listen(l net.Listener, http2 bool) net.Listener {
	config := &tls.Config{Certificates: []tls.Certificate{p.certificate}, NextProtos: []string{"http/1.1"},
		MinVersion: tls.VersionTLS12}
	if http2 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	return tls.NewListener(l, config)
}

// announce prints what the tenant has, and the variables by which a run reaches it as it would
// reach a real one.
func (p *playedTenant) announce(w io.Writer, address string) {
	fmt.Fprintf(w, "a tenant for rehearsals; %s has its authority, secrets and tokens\n", p.folder)
	for _, line := range [][2]string{
		{"client", actingClient + "  may act"},
		{"client", readingClient + "  may not (" + filepath.Join(p.folder, "reading-client-secret") + ")"},
		{"machine", labMachine},
		{"machine", secondMachine + "  a second one, for -other-machine"},
		{"machine", offlineMachine + "  offline: its actions wait"},
		{"", "every other machine is unknown"},
	} {
		fmt.Fprintf(w, "  %-8s %s\n", line[0], line[1])
	}
	variables := append([][2]string{
		{variable("url"), "https://" + apiHost},
		{variable("token-url"), "https://" + loginHost + "/" + tenantName + "/oauth2/v2.0/token"},
		{variable("scope"), audience + "/.default"},
		{variable("client-id"), actingClient},
		{variable("resolve"), apiHost + ":443:" + address + "," + loginHost + ":443:" + address},
		{variable("proxy"), "none"},
	}, p.exported...)
	for _, v := range variables {
		fmt.Fprintf(w, "export %s=%s\n", v[0], curl.ShellWord(v[1]))
	}
}
