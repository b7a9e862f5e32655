package conformance

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
)

// A Transport says how a target is reached. The zero value dials it directly,
// trusts the system's roots, and speaks HTTP/1.1.
type Transport struct {
	RootCAs      *x509.CertPool                   // trusted in place of the system's roots, where not nil
	Certificates []tls.Certificate                // shown to a target that asks for one
	Insecure     bool                             // take any certificate; every report says so
	Proxy        func(*url.URL) (*url.URL, error) // the http:// proxy for a URL, nil for none; such as http.ProxyFromEnvironment
	HTTP2        bool                             // speak HTTP/2: over TLS by ALPN, else by prior knowledge
	Resolve      map[string]string                // dial another address: "host:port" → "address:port"
	Header       []Field                          // sent with every request; each value counts as a secret
	UserAgent    string                           // in place of "fmaspec/VERSION"
	RequestID    string                           // the name of a header field that carries an id of each request, "" for none
}
