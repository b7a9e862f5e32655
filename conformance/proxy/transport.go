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
	"fmaspec/conformance/internal/wire"
)

// NewTransport returns a transport to an upstream, reached as t says. It adds no field,
// asks for no content coding and decodes none. Header, UserAgent and RequestID of t are not used.
// With HTTP2 it uses HTTP/2 over TLS where the upstream negotiates it, and in clear text without
// negotiation; an upgrade needs HTTP/1.1. Without HTTP2 the proxy sees the heads of its answers as they came,
// but over TLS through a proxy of t.
func NewTransport(upstream *url.URL, t conformance.Transport) *http.Transport {
	protocols := new(http.Protocols)
	clear := t.HTTP2 && upstream.Scheme == "http" // without negotiation there is only one protocol
	protocols.SetHTTP1(!clear)
	protocols.SetHTTP2(t.HTTP2)
	protocols.SetUnencryptedHTTP2(clear)
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if other := t.Resolve[strings.ToLower(address)]; other != "" {
			address = other
		}
		return dialer.DialContext(ctx, network, address)
	}
	secured := &tls.Config{RootCAs: t.RootCAs, Certificates: t.Certificates, InsecureSkipVerify: t.Insecure}
	out := &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        secured,
		TLSHandshakeTimeout:    handshakeLimit,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    256,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true,
		Protocols:              protocols,
	}
	if !t.HTTP2 {
		out.DialContext = lookedAt(dial)
		out.DialTLSContext = lookedAt(overTLS(dial, secured))
	}
	if t.Proxy != nil {
		out.Proxy = func(r *http.Request) (*url.URL, error) { return t.Proxy(r.URL) }
		out.OnProxyConnectResponse = func(_ context.Context, proxy *url.URL, _ *http.Request,
			answer *http.Response) error {
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			return wire.NoTunnel(proxy.Host, answer.StatusCode)
		}
	}
	return out
}

// handshakeLimit is how long a handshake of TLS may take.
const handshakeLimit = 10 * time.Second

type dialling func(ctx context.Context, network, address string) (net.Conn, error)

// lookedAt returns dial with connections that show the heads of answers.
func lookedAt(dial dialling) dialling {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return wire.LookAt(c), nil
	}
}

// overTLS returns dial with TLS on top, of which HTTP/1.1 is asked.
func overTLS(dial dialling, config *tls.Config) dialling {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		plain, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		own := config.Clone()
		own.NextProtos = []string{"http/1.1"}
		own.ServerName, _, _ = net.SplitHostPort(address)
		c := tls.Client(plain, own)
		limited, cancel := context.WithTimeout(ctx, handshakeLimit)
		defer cancel()
		if err := c.HandshakeContext(limited); err != nil {
			plain.Close()
			return nil, err
		}
		return c, nil
	}
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
