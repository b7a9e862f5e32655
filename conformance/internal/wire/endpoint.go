package wire

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// A Endpoint says where requests go, and how it is reached. The zero value of each
// field but the first two is the default.
type Endpoint struct {
	URL string // http or https; ignored where Handler is set
	// served in memory, without a port; one with a method Listen(net.Listener) net.Listener on the
	// listener which that returns
	Handler      http.Handler
	RootCAs      *x509.CertPool                   // trusted in place of the system's roots, where not nil
	Certificates []tls.Certificate                // shown to a server that asks for one
	Insecure     bool                             // take any certificate
	Proxy        func(*url.URL) (*url.URL, error) // the http:// proxy for a URL, nil for none
	HTTP2        bool                             // speak HTTP/2: over TLS by ALPN, else by prior knowledge
	Resolve      map[string]string                // dial another address: "host:port" → "address:port"
}

// Local reports whether nothing that is sent leaves this machine.
func (e Endpoint) Local() bool { return e.Elsewhere() == "" }

// Elsewhere says why what is sent may leave this machine: by the name in the URL, by
// what is dialled for it, or by a proxy. It is "" where it does not.
func (e Endpoint) Elsewhere() string {
	if e.Handler != nil {
		return ""
	}
	u, err := url.Parse(e.URL)
	if err != nil || !isLoopback(u.Hostname()) {
		return e.URL + " is not loopback"
	}
	if dialled := e.Resolve[HostPort(u)]; dialled != "" {
		host, _, err := net.SplitHostPort(dialled)
		if err != nil || !isLoopback(host) {
			return fmt.Sprintf("%s is dialled at %s (-resolve), which is not loopback", e.URL, dialled)
		}
	}
	switch proxy, err := e.ProxyURL(); {
	case err != nil:
		return fmt.Sprintf("%s goes through a proxy that cannot be read (-proxy)", e.URL)
	case proxy != nil && !isLoopback(proxy.Hostname()):
		return fmt.Sprintf("%s goes through the proxy %s (-proxy), which is not loopback", e.URL, HostPort(proxy))
	}
	return ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// ProxyURL returns the proxy for the endpoint, nil for none.
func (e Endpoint) ProxyURL() (*url.URL, error) {
	if e.Handler != nil || e.Proxy == nil {
		return nil, nil
	}
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, err
	}
	proxy, err := e.Proxy(u)
	if err != nil {
		return nil, errors.New(userinfo.ReplaceAllString(err.Error(), ""))
	}
	if proxy != nil && (proxy.Scheme != "http" || proxy.Hostname() == "") {
		// The rest is not repeated: it may hold a password, wherever that was written.
		return nil, fmt.Errorf("the proxy is a %q one; only http:// proxies are known here; name one, or none",
			proxy.Scheme)
	}
	return proxy, nil
}

// userinfo matches what may be a user and a password in a message about a URL.
var userinfo = regexp.MustCompile(`[^\s"]*@`)

// Absolute reports whether requests name the whole URL, because they go to a proxy
// that passes them on (RFC 9112 3.2.2).
func (e Endpoint) Absolute() bool {
	proxy, err := e.ProxyURL()
	return err == nil && proxy != nil && strings.HasPrefix(e.URL, "http://") && !e.HTTP2
}

// HostPort returns the address that a URL says to dial.
func HostPort(u *url.URL) string {
	return net.JoinHostPort(strings.ToLower(u.Hostname()),
		cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
}

// ProxyAuthorization returns the value of Proxy-Authorization for the user and password
// in the URL of a proxy, "" for none.
func ProxyAuthorization(proxy *url.URL) string {
	if proxy == nil || proxy.User == nil {
		return ""
	}
	password, _ := proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password))
}
