package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"fmaspec/conformance"
)

// NewTransport returns a transport to an upstream, reached as t says. It adds no field,
// asks for no content coding and decodes none. Header, UserAgent and RequestID of t are not used.
// With HTTP2 it uses HTTP/2 over TLS where the upstream negotiates it, and in clear text without
// negotiation; an upgrade needs HTTP/1.1.
func NewTransport(upstream *url.URL, t conformance.Transport) *http.Transport {
	protocols := new(http.Protocols)
	clear := t.HTTP2 && upstream.Scheme == "http" // without negotiation there is only one protocol
	protocols.SetHTTP1(!clear)
	protocols.SetHTTP2(t.HTTP2)
	protocols.SetUnencryptedHTTP2(clear)
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	out := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if other := t.Resolve[strings.ToLower(address)]; other != "" {
				address = other
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{RootCAs: t.RootCAs, Certificates: t.Certificates,
			InsecureSkipVerify: t.Insecure},
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    256,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true,
		Protocols:              protocols,
	}
	if t.Proxy != nil {
		out.Proxy = func(r *http.Request) (*url.URL, error) { return t.Proxy(r.URL) }
	}
	return out
}

// absolute reports whether a request to a URL has to name the whole URL, because it goes to a
// proxy that passes it on (RFC 9112 3.2.2).
func absolute(transport http.RoundTripper, to *url.URL) bool {
	t, ok := transport.(*http.Transport)
	if !ok || t.Proxy == nil || to.Scheme != "http" {
		return false
	}
	u, err := t.Proxy(&http.Request{URL: to, Host: to.Host, Header: http.Header{}})
	return err == nil && u != nil
}
