package conformance

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"fmaspec/conformance/internal/redact"
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
	Header       []record.Field                   // sent with every request that has no field of the name; each value counts as a secret, unless it is shorter than 8 bytes or the field is Accept or its like
	UserAgent    string                           // in place of "fmaspec/VERSION"
	RequestID    string                           // the name of a header field that carries an id of each request, "" for none
}

// A dialer opens connections to the one target of a run.
type dialer struct {
	open    func(context.Context) (net.Conn, error)
	scheme  string
	http2   bool
	timeout time.Duration // for a whole exchange
	long    *room         // long answers in memory
	guard   *guard
	proxy   string          // that reads every request and passes it on, "" for none
	secrets *redact.Secrets // that no message may hold
	panics  *panics         // of the handler in memory, nil for a URL
}

// newDialer returns a dialer for an http or https URL, or for one handler that
// is served in memory until stop is called.
func newDialer(t Target, timeout time.Duration, g *guard) (d *dialer, stop func(), err error) {
	d = &dialer{long: newRoom(), timeout: timeout, guard: g, secrets: cmp.Or(g.secrets, newSecrets(t))}
	if t.Handler != nil {
		l := newPipeListener()
		d.panics = &panics{}
		// What the server would log about a handler under test is a finding or a panic already.
		server := &http.Server{Handler: watching{t.Handler, d.panics}, ConnContext: connCase, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
		if t.Transport.HTTP2 {
			server.Protocols = new(http.Protocols)
			server.Protocols.SetUnencryptedHTTP2(true)
		}
		var listener net.Listener = l
		if below, is := t.Handler.(interface {
			Listen(net.Listener) net.Listener
		}); is {
			listener = below.Listen(l)
		}
		go server.Serve(listener)
		d.open, d.http2, d.scheme = l.dial, t.Transport.HTTP2, "http"
		return d, func() { server.Close() }, nil
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := t.proxy()
	if err != nil {
		return nil, nil, err
	}
	address := hostPort(u)
	dialled := cmp.Or(t.Transport.Resolve[address], address)
	switch {
	case proxy == nil:
		d.open = func(ctx context.Context) (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", dialled) }
	case u.Scheme == "http" && !t.Transport.HTTP2: // requests name the whole URL
		d.proxy = proxy.Host
		d.open = func(ctx context.Context) (net.Conn, error) { return toProxy(ctx, proxy) }
	default:
		d.open = func(ctx context.Context) (net.Conn, error) { return tunnel(ctx, proxy, dialled) }
	}
	if g.local {
		d.open = staying(d.open)
	}
	if u.Scheme == "https" {
		d.open = t.Transport.secured(d.open, u.Hostname())
	}
	d.http2, d.scheme = t.Transport.HTTP2, u.Scheme
	return d, func() {}, nil
}

// staying returns open for a target on this machine: a name that leads elsewhere
// is not dialled, whatever it looks like.
func staying(open func(context.Context) (net.Conn, error)) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		c, err := open(ctx)
		if err != nil {
			return nil, err
		}
		if at, ok := c.RemoteAddr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
			c.Close()
			return nil, settled(fmt.Sprintf("the name leads to %v, which is another machine; name it as it is", c.RemoteAddr()))
		}
		return c, nil
	}
}

// hostPort is what a URL says to dial.
func hostPort(u *url.URL) string {
	return net.JoinHostPort(strings.ToLower(u.Hostname()), cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
}

// proxy returns the proxy for the target, nil for none.
func (t Target) proxy() (*url.URL, error) {
	if t.Handler != nil || t.Transport.Proxy == nil {
		return nil, nil
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, err
	}
	proxy, err := t.Transport.Proxy(u)
	if err != nil {
		return nil, errors.New(userinfo.ReplaceAllString(err.Error(), ""))
	}
	if proxy != nil && (proxy.Scheme != "http" || proxy.Hostname() == "") {
		// The rest is not repeated: it may hold a password, wherever that was written.
		return nil, fmt.Errorf("the proxy is a %q one; only http:// proxies are known here; name one, or none", proxy.Scheme)
	}
	return proxy, nil
}

// userinfo is what may be a user and a password in a text that tells of a URL.
var userinfo = regexp.MustCompile(`[^\s"]*@`)

// absolute tells that requests name the whole URL, because they go to a proxy
// that passes them on (RFC 9112 3.2.2).
func (t Target) absolute() bool {
	proxy, err := t.proxy()
	return err == nil && proxy != nil && strings.HasPrefix(t.URL, "http://") && !t.Transport.HTTP2
}

// proxyAuthorization is the field that a proxy's user and password give, "" for none.
func proxyAuthorization(proxy *url.URL) string {
	if proxy == nil || proxy.User == nil {
		return ""
	}
	password, _ := proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password))
}

// toProxy dials a proxy.
func toProxy(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", hostPort(proxy))
	if err != nil {
		return nil, &proxyError{proxy.Host, err}
	}
	return c, nil
}

// A proxyError is a failure on the way to a proxy, or to the target behind it.
type proxyError struct {
	host string
	err  error
}

func (e *proxyError) Error() string { return "the proxy " + e.host + ": " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

// proxyRemedies say what helps where a proxy answers for itself.
var proxyRemedies = map[int]string{
	http.StatusProxyAuthRequired:  "give it a user and a password, in its URL",
	http.StatusBadGateway:         "can it reach the target?",
	http.StatusServiceUnavailable: "can it reach the target?",
	http.StatusGatewayTimeout:     "can it reach the target?",
}

// tunnelLimit bounds what a proxy may say before the tunnel is open.
const tunnelLimit = 64 << 10

// tunnel asks a proxy for a connection to an address (RFC 9110 9.3.6).
func tunnel(ctx context.Context, proxy *url.URL, address string) (net.Conn, error) {
	c, err := toProxy(ctx, proxy)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	ask := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if a := proxyAuthorization(proxy); a != "" {
		ask += "Proxy-Authorization: " + a + "\r\n"
	}
	_, err = c.Write([]byte(ask + "\r\n"))
	var answer *http.Response
	if err == nil {
		var head []byte
		if head, err = tunnelHead(c); err == nil {
			answer, err = http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), &http.Request{Method: http.MethodConnect})
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = &proxyError{proxy.Host, ctx.Err()}
	case err != nil:
		err = settled(fmt.Sprintf("the proxy %s gave no HTTP answer to CONNECT; is it a proxy?", proxy.Host))
	case answer.StatusCode/100 != 2:
		err = settled(fmt.Sprintf("the proxy %s answered %d to CONNECT; %s", proxy.Host, answer.StatusCode,
			cmp.Or(proxyRemedies[answer.StatusCode], "does it let this target through?")))
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// tunnelHead reads the head of an answer byte by byte, for what follows it belongs
// to the target.
func tunnelHead(c net.Conn) (head []byte, err error) {
	for b := make([]byte, 1); len(head) < tunnelLimit; {
		if _, err := io.ReadFull(c, b); err != nil {
			return nil, err
		}
		if head = append(head, b[0]); bytes.HasSuffix(head, []byte("\n\r\n")) || bytes.HasSuffix(head, []byte("\n\n")) {
			return head, nil
		}
	}
	return nil, errLongHead
}

// secured returns open with TLS on top.
func (t Transport) secured(open func(context.Context) (net.Conn, error), host string) func(context.Context) (net.Conn, error) {
	unoffered := errNoHTTP1
	config := &tls.Config{ServerName: host, NextProtos: []string{"http/1.1"}, RootCAs: t.RootCAs, Certificates: t.Certificates, InsecureSkipVerify: t.Insecure}
	if t.HTTP2 {
		config.NextProtos, unoffered = []string{"h2"}, errNoHTTP2
	}
	return func(ctx context.Context) (net.Conn, error) {
		plain, err := open(ctx)
		if err != nil {
			return nil, err
		}
		c := tls.Client(plain, config)
		if err := c.HandshakeContext(ctx); err != nil {
			plain.Close()
			if isAlert(err, "no application protocol") { // RFC 7301 3.2
				return nil, unoffered
			}
			return nil, &handshakeError{err}
		}
		if t.HTTP2 && c.ConnectionState().NegotiatedProtocol != "h2" {
			plain.Close()
			return nil, errNoHTTP2
		}
		return c, nil
	}
}

// A handshakeError is a failure of TLS.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "the TLS handshake failed: " + cleanError(e.err) }
func (e *handshakeError) Unwrap() error { return e.err }

// A settled error is told as it is: it names its remedy.
type settled string

func (e settled) Error() string { return string(e) }

const (
	errNoHTTP2 = settled("the target does not offer HTTP/2; ask it over HTTP/1.1, without -http2")
	errNoHTTP1 = settled("the target does not offer HTTP/1.1; ask it over HTTP/2, with -http2")
)

// dialError words why no connection came about, with a remedy.
func dialError(ctx context.Context, err error, timeout time.Duration) *record.WireError {
	where, remedy := "", "; is the address right, and the server running?"
	var secure *handshakeError
	var told settled
	var proxy *proxyError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &record.WireError{Kind: record.Cancelled, Msg: "the run was stopped"}
	case errors.As(err, &told):
		return &record.WireError{Kind: record.Unreachable, Msg: told.Error()}
	case errors.As(err, &secure):
		return &record.WireError{Kind: record.Unreachable, Msg: secureError(secure, timeout)}
	case errors.As(err, &proxy):
		where, remedy = "the proxy "+proxy.host+": ", "; is its address right, and can it reach the target?"
	}
	if isTimeout(err) || errors.Is(err, context.DeadlineExceeded) {
		return &record.WireError{Kind: record.Unreachable, Msg: where + fmt.Sprintf("no connection within %v", timeout) + remedy}
	}
	reason := cleanError(err)
	if at := (*net.OpError)(nil); errors.As(err, &at) {
		reason = "the connection failed: " + cleanError(at.Err)
		if cause := (syscall.Errno)(0); errors.As(err, &cause) {
			reason = "the connection failed: " + cause.Error()
		}
	}
	return &record.WireError{Kind: record.Unreachable, Msg: where + reason + remedy}
}

// secureError words a failed handshake, with the remedy for its cause.
func secureError(e *handshakeError, timeout time.Duration) string {
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	switch {
	case isTimeout(e.err) || errors.Is(e.err, context.DeadlineExceeded):
		return fmt.Sprintf("the TLS handshake was not complete within %v; is the port one for https?", timeout)
	case errors.As(e.err, &certificate):
		return "the target's certificate is not trusted: " + cleanError(certificate.Err) + "; " + certificateRemedy(certificate.Err)
	case errors.As(e.err, &notTLS):
		return "the target does not speak TLS there; is the port one for https?"
	case isReset(e.err):
		return "the connection was reset in the TLS handshake; is the port one for https?"
	}
	return e.Error() + "; is the port one for https, and does the target want a client certificate?"
}

// certificateRemedy says what helps against a certificate that is not trusted.
func certificateRemedy(err error) string {
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &host):
		return "name the target as its certificate does; -resolve dials any address for a name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "have it renewed, or set the clock right"
	case errors.As(err, &invalid):
		return "have the target show one that is for servers"
	}
	return "name the authority that signed it with -ca (in Go, Target.Transport)"
}

// isAlert tells of a TLS alert that has one of the words.
func isAlert(err error, words ...string) bool {
	var at *net.OpError
	return errors.As(err, &at) && at.Op == "remote error" && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(at.Error(), w) })
}

// isRefusal tells that the target did not take the client's certificate, or wants
// one: in TLS 1.3 it says so only when there is a connection already. What was sent
// until then it has not read.
func isRefusal(err error) bool { return isAlert(err, "certificate", "access denied") }

// refused words such a refusal, with a remedy.
func refused(err error) *record.WireError {
	var at *net.OpError
	errors.As(err, &at)
	return &record.WireError{Kind: record.Unreachable, Msg: "the target refused the TLS connection: " + cleanError(at.Err) + "; does it want a client certificate, or another one?"}
}
