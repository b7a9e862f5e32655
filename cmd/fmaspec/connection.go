package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// connectionFlags are the settings of the connection to a target.
type connectionFlags struct {
	ca, cert, key, proxy             string
	keyPassword                      string // the file
	insecure, http2                  bool
	resolve                          list
	headers                          lines
	headerFile, userAgent, requestID string
}

func (c *connectionFlags) flags(set *flag.FlagSet) {
	c.reach(set)
	set.BoolVar(&c.http2, "http2", false, "use HTTP/2: over TLS if the target negotiates it, in clear text with "+
		"prior knowledge")
	set.Var(&c.headers, "header", "send this `FIELD`, 'Name: value', with every request; may be repeated; others on "+
		"this machine can read arguments, so keep secrets in a -header-file")
	set.StringVar(&c.headerFile, "header-file", "", "send the fields of a `FILE`, one a line, with every request; "+
		"lines that begin with # are comments")
	set.StringVar(&c.userAgent, "user-agent", "", "send this `TEXT` as User-Agent, in place of fmaspec and its version")
	set.StringVar(&c.requestID, "request-id", "", "send an id of each request in the field of this `NAME`, such as "+
		"client-request-id")
}

// reach defines the flags that apply to a token endpoint too.
func (c *connectionFlags) reach(set *flag.FlagSet) {
	set.StringVar(&c.ca, "ca", "", "trust the certificates in a `FILE` (PEM), in place of the system's")
	set.StringVar(&c.cert, "client-cert", "", "present the certificate in a `FILE`: PEM, followed by its "+
		"intermediate certificates, or PKCS#12, which contains its key (.p12, .pfx)")
	set.StringVar(&c.key, "client-key", "", "the `FILE` (PEM) with the key of -client-cert; it may be the same file")
	set.StringVar(&c.keyPassword, "client-key-password-file", "", "the `FILE` with the password of an encrypted key "+
		"or of PKCS#12, in place of "+keyPasswordVariable)
	set.BoolVar(&c.insecure, "insecure", false, "accept any certificate: an attacker on the path can read tokens")
	set.StringVar(&c.proxy, "proxy", "env", "go through a `PROXY`: an http:// URL; env for HTTPS_PROXY, HTTP_PROXY "+
		"and NO_PROXY; or none")
	set.Var(&c.resolve, "resolve", "dial another address for a host and port, as `HOST:PORT:ADDRESS`; the address "+
		"may have its own port; IPv6 in brackets; may be repeated")
}

// transport returns the transport that the flags describe. It reads the files that they name.
func (c *connectionFlags) transport(e *env) (t conformance.Transport, err error) {
	t.Insecure, t.HTTP2 = c.insecure, c.http2
	if t.RootCAs, err = c.roots(); err != nil {
		return conformance.Transport{}, err
	}
	if t.Certificates, err = c.certificates(e); err != nil {
		return conformance.Transport{}, err
	}
	if t.Proxy, err = c.proxies(e); err != nil {
		return conformance.Transport{}, err
	}
	if t.Resolve, err = c.addresses(); err != nil {
		return conformance.Transport{}, err
	}
	if t.Header, err = c.fields(); err != nil {
		return conformance.Transport{}, err
	}
	t.UserAgent, t.RequestID = c.userAgent, c.requestID
	return t, c.identified(t.Header)
}

// fileLimit bounds what is read of a file of certificates or header fields.
const fileLimit = 1 << 20

// content returns the text of a file that a flag names.
func content(flag, file, holds string) ([]byte, error) {
	data, err := rawContent(flag, file, holds)
	if err != nil {
		return nil, err
	}
	if data, err = decoded(data); err != nil {
		return nil, fmt.Errorf("-%s %s: %w", flag, file, err)
	}
	return data, nil
}

// rawContent returns the bytes of a file that a flag names.
func rawContent(flag, file, holds string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("-%s %s: %w; name a readable file that contains %s", flag, file, reason(err), holds)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("-%s %s: %w; name a readable file that contains %s", flag, file, reason(err), holds)
	case len(data) > fileLimit:
		return nil, fmt.Errorf("-%s %s: longer than %d KiB; name a file that contains %s", flag, file, fileLimit>>10,
			holds)
	}
	return data, nil
}

// A block is one block of a PEM file.
type block struct {
	*pem.Block
	line int
}

func (b block) isCertificate() bool { return b.Type == "CERTIFICATE" }

func (b block) isKey() bool { return strings.HasSuffix(b.Type, "PRIVATE KEY") }

func (b block) isEncrypted() bool {
	return b.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED")
}

// blocks reads a PEM file. Unlike pem.Decode it does not skip malformed blocks.
func blocks(flag, file, holds string) (out []block, err error) {
	data, err := content(flag, file, holds)
	if err != nil {
		return nil, err
	}
	begin := []byte("-----BEGIN ")
	for at := bytes.Index(data, begin); at >= 0; {
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		b, rest := pem.Decode(data[at:])
		end := len(data) - len(rest)
		if b == nil || bytes.LastIndex(data[at:end], begin) > 0 {
			return nil, fmt.Errorf("-%s %s:%d: the PEM block cannot be read; write it again", flag, file, line)
		}
		out = append(out, block{b, line})
		if at = bytes.Index(rest, begin); at >= 0 {
			at += end
		}
	}
	return out, nil
}

// roots returns the certificates of -ca, or nil for the system's.
func (c *connectionFlags) roots() (*x509.CertPool, error) {
	switch {
	case c.ca == "":
		return nil, nil
	case c.insecure:
		return nil, errors.New("-insecure accepts any certificate, so -ca has no effect; drop one")
	}
	all, err := blocks("ca", c.ca, "certificates")
	if err != nil {
		return nil, err
	}
	pool, some := x509.NewCertPool(), false
	for _, b := range all {
		if !b.isCertificate() {
			continue
		}
		certificate, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("-ca %s:%d: the certificate cannot be read: %w; write it again", c.ca, b.line, err)
		}
		pool.AddCert(certificate)
		some = true
	}
	if !some {
		return nil, fmt.Errorf("-ca %s: no certificate in it; give PEM, which begins -----BEGIN CERTIFICATE-----", c.ca)
	}
	return pool, nil
}

// proxyVariables are those that net/http reads.
func proxyVariables() []string {
	return []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"}
}

// proxies returns the proxy for each URL, or nil for none. No error holds the URL of a proxy,
// which may contain a password.
func (c *connectionFlags) proxies(e *env) (func(*url.URL) (*url.URL, error), error) {
	switch c.proxy {
	case "none", "":
		return nil, nil
	case "env":
		if !slices.ContainsFunc(proxyVariables(), func(name string) bool { _, set := e.lookup(name); return set }) {
			return nil, nil
		}
		return environmentProxy, nil
	}
	u, err := url.Parse(c.proxy)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" ||
		u.Fragment != "" {
		return nil, errors.New("-proxy: only http:// proxies are supported; give http://HOST:PORT, env or none")
	}
	host, err := conformance.ASCIIHost(u.Hostname())
	if err != nil {
		return nil, fmt.Errorf("-proxy: %w", err)
	}
	if host != u.Hostname() { // a name: there is no address in Unicode
		u.Host = strings.TrimSuffix(host+":"+u.Port(), ":")
	}
	return func(*url.URL) (*url.URL, error) { return u, nil }, nil
}

// environmentProxy is the proxy that the variables of this process name for a URL.
// net/http reads them once, and never for a target on this machine.
func environmentProxy(target *url.URL) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target})
	if err != nil || proxy != nil && (proxy.Scheme != "http" || proxy.Hostname() == "") {
		return nil, fmt.Errorf("the proxy that %s names: only http:// proxies are supported; correct it or pass -proxy",
			strings.Join(proxyVariables(), " or "))
	}
	return proxy, nil
}

// addresses reads -resolve.
func (c *connectionFlags) addresses() (map[string]string, error) {
	var out map[string]string
	for _, text := range c.resolve {
		wrong := func(why string) error {
			return fmt.Errorf("-resolve %s: %s; give HOST:PORT:ADDRESS, such as graph.example.com:443:127.0.0.1 or "+
				"graph.example.com:443:[::1]", text, why)
		}
		host, rest, ok := cutHost(text)
		port, address, found := strings.Cut(rest, ":")
		if !ok || !found || host == "" {
			return nil, wrong("one of host, port and address is missing")
		}
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 || port != strconv.Itoa(n) {
			return nil, wrong("the port is not a number from 1 to 65535")
		}
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			bare, bracketed := strings.CutPrefix(address, "[")
			bare, closed := strings.CutSuffix(bare, "]")
			ip, err := netip.ParseAddr(bare)
			if err != nil || bracketed != closed || bracketed != ip.Is6() {
				return nil, wrong("the address is not an IP address")
			}
			to = netip.AddrPortFrom(ip, uint16(n))
		}
		if host, err = conformance.ASCIIHost(host); err != nil {
			return nil, wrong("the host is not a valid internationalized name")
		}
		from := net.JoinHostPort(strings.ToLower(host), port)
		if out[from] != "" {
			return nil, wrong("another value has the same host and port")
		}
		if out == nil {
			out = map[string]string{}
		}
		out[from] = to.String()
	}
	return out, nil
}

// cutHost cuts text behind a host and its colon.
func cutHost(text string) (host, rest string, ok bool) {
	if inside, ok := strings.CutPrefix(text, "["); ok {
		return strings.Cut(inside, "]:")
	}
	return strings.Cut(text, ":")
}

// reserved returns the header fields that cannot be set for all requests, with the reason.
func reserved() map[string]string {
	const connection, cases, method = "it belongs to the connection, which fmaspec controls", "the cases set it",
		"it would change the method of each request"
	return map[string]string{
		"Host":                   "it is the host of -url; -resolve dials another address for it",
		"Connection":             connection,
		"Content-Length":         connection,
		"Http2-Settings":         connection,
		"Keep-Alive":             connection,
		"Proxy-Connection":       connection,
		"Te":                     connection,
		"Trailer":                connection,
		"Transfer-Encoding":      connection,
		"Upgrade":                connection,
		"Accept":                 cases,
		"Accept-Encoding":        cases,
		"Content-Encoding":       cases,
		"Content-Type":           cases,
		"Expect":                 cases,
		"Authorization":          "the cases set it; name the token with -token-file, -token-command or -token-url",
		"Proxy-Authorization":    "it is for the proxy; give user and password in the URL of -proxy",
		"User-Agent":             "-user-agent sets it",
		"X-Http-Method":          method,
		"X-Http-Method-Override": method,
		"X-Method-Override":      method,
	}
}

// fields reads -header and -header-file. No error holds a value, which may be a
// secret.
func (c *connectionFlags) fields() (out []record.Field, err error) {
	for i, text := range c.headers {
		place := "-header"
		if len(c.headers) > 1 {
			place = fmt.Sprintf("-header, number %d", i+1)
		}
		f, err := field(place, text)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	if c.headerFile == "" {
		return out, nil
	}
	data, err := content("header-file", c.headerFile, "header fields, one a line")
	if err != nil {
		return nil, err
	}
	some := false
	for i, line := range strings.Split(string(data), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f, err := field(fmt.Sprintf("-header-file %s:%d", c.headerFile, i+1), line)
		if err != nil {
			return nil, err
		}
		out, some = append(out, f), true
	}
	if !some {
		return nil, fmt.Errorf("-header-file %s: no field in it; write one a line, as Name: value", c.headerFile)
	}
	return out, nil
}

func field(place, text string) (record.Field, error) {
	name, value, found := strings.Cut(text, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !found:
		return record.Field{}, fmt.Errorf("%s: no colon; give a name and a value, as in 'X-Name: value'", place)
	case !isName(name):
		return record.Field{}, fmt.Errorf("%s: the text before the colon is not a header field name; use only "+
			"letters, digits and dashes", place)
	case strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && r < ' ' || r > '~' }):
		return record.Field{}, fmt.Errorf("%s: the value of %s has a character that is not allowed in a header; "+
			"use ASCII on one line", place, name)
	}
	if why := reserved()[http.CanonicalHeaderKey(name)]; why != "" {
		return record.Field{}, fmt.Errorf("%s: %s cannot be set for every request: %s", place, name, why)
	}
	return record.Field{Name: name, Value: value}, nil
}

// isName reports whether text is a valid header field name (RFC 9110 5.6.2).
func isName(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// identified checks -user-agent and -request-id.
func (c *connectionFlags) identified(fields []record.Field) error {
	if strings.ContainsFunc(c.userAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("-user-agent: it has a character that is not allowed in a header; use ASCII on one line")
	}
	if c.requestID == "" {
		return nil
	}
	if !isName(c.requestID) {
		return fmt.Errorf("-request-id %q: not a header field name; use one such as client-request-id", c.requestID)
	}
	if why := reserved()[http.CanonicalHeaderKey(c.requestID)]; why != "" {
		return fmt.Errorf("-request-id %s cannot carry an id: %s", c.requestID, why)
	}
	if slices.ContainsFunc(fields, func(f record.Field) bool { return strings.EqualFold(f.Name, c.requestID) }) {
		return fmt.Errorf("-request-id %s: -header or -header-file sets it too; drop one", c.requestID)
	}
	return nil
}

// endpointLimit is the timeout for a request to a token endpoint.
const endpointLimit = 30 * time.Second

// client returns a client for token endpoints that connects as the transport connects to the
// target. A token endpoint on this machine is asked without a proxy, and the fields of -header
// are not sent to any token endpoint.
func (c *connectionFlags) client(t conformance.Transport) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if other := t.Resolve[strings.ToLower(address)]; other != "" {
			address = other
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	proxy := func(r *http.Request) (*url.URL, error) {
		ip := net.ParseIP(r.URL.Hostname())
		if t.Proxy == nil || strings.EqualFold(r.URL.Hostname(), "localhost") || ip != nil && ip.IsLoopback() {
			return nil, nil
		}
		return t.Proxy(r.URL)
	}
	return &http.Client{Timeout: endpointLimit, Transport: &http.Transport{
		Proxy: proxy, DialContext: dial, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig: &tls.Config{RootCAs: t.RootCAs, Certificates: t.Certificates, InsecureSkipVerify: t.Insecure},
	}}
}
