package conformance

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"

	"fmaspec/conformance/internal/guard"
	"fmaspec/conformance/internal/wire"
	"fmaspec/conformance/record"
)

// A Transport says how a target is reached. The zero value dials it directly,
// trusts the system's roots, and speaks HTTP/1.1.
type Transport struct {
	RootCAs      *x509.CertPool                   // trusted in place of the system's roots, where not nil
	Certificates []tls.Certificate                // shown to a target that asks for one
	Insecure     bool                             // take any certificate; every report says so
	Proxy        func(*url.URL) (*url.URL, error) // the http:// proxy for a URL, nil for none
	HTTP2        bool                             // speak HTTP/2: over TLS by ALPN, else by prior knowledge
	Resolve      map[string]string                // dial another address: "host:port" → "address:port"
	// sent with every request that has no field of the name; each value counts as a secret, unless
	// it is shorter than 8 bytes or the field is Accept or its like
	Header    []record.Field
	UserAgent string // in place of "fmaspec/VERSION"
	// the name of a header field that carries an id of each request, "" for none
	RequestID string
}

// endpoint is what the wire needs to know of a target.
func (t Target) endpoint() wire.Endpoint {
	return wire.Endpoint{
		URL: t.URL, Handler: t.Handler,
		RootCAs: t.Transport.RootCAs, Certificates: t.Transport.Certificates, Insecure: t.Transport.Insecure,
		Proxy: t.Transport.Proxy, HTTP2: t.Transport.HTTP2, Resolve: t.Transport.Resolve,
	}
}

// proxy returns the proxy for the target, nil for none.
func (t Target) proxy() (*url.URL, error) { return t.endpoint().ProxyURL() }

// absolute reports whether requests name the whole URL, because they go to a proxy
// that passes them on (RFC 9112 3.2.2).
func (t Target) absolute() bool { return t.endpoint().Absolute() }

// Local reports whether nothing that is sent to the target leaves this machine.
func (t Target) Local() bool { return t.local() }

// local reports whether nothing that is sent leaves this machine.
func (t Target) local() bool { return t.elsewhere() == "" }

// elsewhere says why what is sent may leave this machine, "" where it does not.
func (t Target) elsewhere() string { return t.endpoint().Elsewhere() }

// guarded is what the guard needs to know of a target.
func (t Target) guarded() guard.Target {
	return guard.Target{
		Endpoint: t.endpoint(), Token: t.Token, SecurityAdminToken: t.SecurityAdminToken,
		GlobalAdminToken:  t.GlobalAdminToken,
		UnprivilegedToken: t.UnprivilegedToken, InvalidToken: t.InvalidToken, Machine: t.Machine,
		UnknownMachine: t.UnknownMachine,
		File:           t.File, Header: t.Transport.Header, RequestID: t.Transport.RequestID,
	}
}
