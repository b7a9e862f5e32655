package wire

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/record"
)

// A Config says what a [dialer] connects to.
type Config struct {
	Endpoint Endpoint
	Timeout  time.Duration   // for a whole exchange, from dialling to the last byte
	Gate     Gate            // asked before each request; required
	Secrets  *redact.Secrets // that no message may hold; none where nil
}

// A Dialer opens connections to one endpoint.
type Dialer struct {
	open    func(context.Context) (net.Conn, error)
	scheme  string
	http2   bool
	timeout time.Duration // for a whole exchange
	long    *room         // long answers in memory
	gate    Gate
	proxy   string          // that reads every request and passes it on, "" for none
	secrets *redact.Secrets // that no message may hold
	panics  *panics         // of the handler in memory, nil for a URL

	leftOpen atomic.Bool // a connection was not closed that was to be
	answered atomic.Bool // an answer came

	ended      atomic.Int32 // connections that were closed behind an answer that did not say so
	reused     atomic.Bool  // a connection carried more than one answer
	endsUnsaid atomic.Bool  // it was reported that none does
}

// errNoGate is the error for a [WireConfig] without a gate.
var errNoGate = errors.New("the wire has no gate, so that nothing decides what may be sent; set one")

// NewDialer returns a dialer for an http or https URL, or for a handler that is served
// in memory until stop is called. Without a gate it is an error.
func NewDialer(c Config) (d *Dialer, stop func(), err error) {
	if c.Gate == nil {
		return nil, nil, errNoGate
	}
	e := c.Endpoint
	d = &Dialer{long: newRoom(), timeout: c.Timeout, gate: c.Gate, secrets: cmp.Or(c.Secrets, &redact.Secrets{})}
	if e.Handler != nil {
		l := newPipeListener()
		d.panics = &panics{}
		// What the server would log about a handler under test is a finding or a panic already.
		server := &http.Server{Handler: watching{e.Handler, d.panics}, ConnContext: connCase,
			ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
		if e.HTTP2 {
			server.Protocols = new(http.Protocols)
			server.Protocols.SetUnencryptedHTTP2(true)
		}
		var listener net.Listener = l
		if below, is := e.Handler.(interface {
			Listen(net.Listener) net.Listener
		}); is {
			listener = below.Listen(l)
		}
		go server.Serve(listener)
		d.open, d.http2, d.scheme = l.dial, e.HTTP2, "http"
		return d, func() { server.Close() }, nil
	}
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := e.ProxyURL()
	if err != nil {
		return nil, nil, err
	}
	address := HostPort(u)
	dialled := cmp.Or(e.Resolve[address], address)
	switch {
	case proxy == nil:
		d.open = func(ctx context.Context) (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", dialled) }
	case u.Scheme == "http" && !e.HTTP2: // requests name the whole URL
		d.proxy = proxy.Host
		d.open = func(ctx context.Context) (net.Conn, error) { return toProxy(ctx, proxy) }
	default:
		d.open = func(ctx context.Context) (net.Conn, error) { return tunnel(ctx, proxy, dialled) }
	}
	if e.Local() {
		d.open = loopbackOnly(d.open)
	}
	if u.Scheme == "https" {
		d.open = e.overTLS(d.open, u.Hostname())
	}
	d.http2, d.scheme = e.HTTP2, u.Scheme
	return d, func() {}, nil
}

// loopbackOnly returns open for an endpoint on this machine: a connection to another
// machine is closed before anything is sent, whatever the name looks like.
func loopbackOnly(open func(context.Context) (net.Conn, error)) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		c, err := open(ctx)
		if err != nil {
			return nil, err
		}
		if at, ok := c.RemoteAddr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
			c.Close()
			return nil, finalError(fmt.Sprintf("the name leads to %v, which is another machine; name it as it is",
				c.RemoteAddr()))
		}
		return c, nil
	}
}

// toProxy dials a proxy.
func toProxy(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", HostPort(proxy))
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

// proxyRemedies are the remedies where a proxy answers in place of the target.
var proxyRemedies = map[int]string{
	http.StatusProxyAuthRequired:  "give it a user and a password, in its URL",
	http.StatusBadGateway:         "can it reach the target?",
	http.StatusServiceUnavailable: "can it reach the target?",
	http.StatusGatewayTimeout:     "can it reach the target?",
}

// tunnelLimit is how many bytes a proxy may send before the tunnel is open.
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
	if a := ProxyAuthorization(proxy); a != "" {
		ask += "Proxy-Authorization: " + a + "\r\n"
	}
	_, err = c.Write([]byte(ask + "\r\n"))
	var answer *http.Response
	if err == nil {
		var head []byte
		if head, err = tunnelHead(c); err == nil {
			answer, err = http.ReadResponse(bufio.NewReader(bytes.NewReader(head)),
				&http.Request{Method: http.MethodConnect})
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = &proxyError{proxy.Host, ctx.Err()}
	case err != nil:
		err = finalError(fmt.Sprintf("the proxy %s gave no HTTP answer to CONNECT; is it a proxy?", proxy.Host))
	case answer.StatusCode/100 != 2:
		err = NoTunnel(proxy.Host, answer.StatusCode)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// NoTunnel is the error where a proxy answers CONNECT with a status that opens no tunnel.
func NoTunnel(proxy string, status int) error {
	return finalError(fmt.Sprintf("the proxy %s answered %d to CONNECT; %s", proxy, status,
		cmp.Or(proxyRemedies[status], "does it let this target through?")))
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

// overTLS returns open with TLS on top.
func (e Endpoint) overTLS(open func(context.Context) (net.Conn, error), host string) func(context.Context) (net.Conn,
	error) {
	unoffered := errNoHTTP1
	config := &tls.Config{ServerName: host, NextProtos: []string{"http/1.1"}, RootCAs: e.RootCAs,
		Certificates: e.Certificates, InsecureSkipVerify: e.Insecure}
	if e.HTTP2 {
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
		if e.HTTP2 && c.ConnectionState().NegotiatedProtocol != "h2" {
			plain.Close()
			return nil, errNoHTTP2
		}
		return c, nil
	}
}

// A handshakeError is a failure of TLS.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "the TLS handshake failed: " + ErrorText(e.err) }
func (e *handshakeError) Unwrap() error { return e.err }

// A finalError is shown as it is: it names its remedy.
type finalError string

func (e finalError) Error() string { return string(e) }

const (
	errNoHTTP2 = finalError("the target does not offer HTTP/2; ask it over HTTP/1.1, without -http2")
	errNoHTTP1 = finalError("the target does not offer HTTP/1.1; ask it over HTTP/2, with -http2")
)

// dialError returns the reason why there is no connection, with a remedy.
func dialError(ctx context.Context, err error, timeout time.Duration) *record.WireError {
	where, remedy := "", "; is the address right, and the server running?"
	var secure *handshakeError
	var final finalError
	var proxy *proxyError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &record.WireError{Kind: record.Cancelled, Msg: "the run was stopped"}
	case errors.As(err, &final):
		return &record.WireError{Kind: record.Unreachable, Msg: final.Error()}
	case errors.As(err, &secure):
		return &record.WireError{Kind: record.Unreachable, Msg: secureError(secure, timeout)}
	case errors.As(err, &proxy):
		where, remedy = "the proxy "+proxy.host+": ", "; is its address right, and can it reach the target?"
	}
	if isTimeout(err) || errors.Is(err, context.DeadlineExceeded) {
		return &record.WireError{Kind: record.Unreachable, Msg: where + fmt.Sprintf("no connection within %v",
			timeout) + remedy}
	}
	reason := ErrorText(err)
	if at := (*net.OpError)(nil); errors.As(err, &at) {
		reason = "the connection failed: " + ErrorText(at.Err)
		if cause := (syscall.Errno)(0); errors.As(err, &cause) {
			reason = "the connection failed: " + cause.Error()
		}
	}
	return &record.WireError{Kind: record.Unreachable, Msg: where + reason + remedy}
}

// secureError describes a failed handshake, with the remedy for its cause.
func secureError(e *handshakeError, timeout time.Duration) string {
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	switch {
	case isTimeout(e.err) || errors.Is(e.err, context.DeadlineExceeded):
		return fmt.Sprintf("the TLS handshake was not complete within %v; is the port one for https?", timeout)
	case errors.As(e.err, &certificate):
		return "the target's certificate is not trusted: " + ErrorText(certificate.Err) + "; " +
			certificateRemedy(certificate.Err)
	case errors.As(e.err, &notTLS):
		return "the target does not speak TLS there; is the port one for https?"
	case isReset(e.err):
		return "the connection was reset in the TLS handshake; is the port one for https?"
	}
	return e.Error() + "; is the port one for https, and does the target want a client certificate?"
}

// certificateRemedy returns the remedy for a certificate that is not trusted.
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
	return "name the authority that signed it with -ca" + inGo
}

// inGo says where a setting is in Go.
const inGo = " (in Go, Target.Transport)"

// isAlert reports whether an error is a TLS alert with one of the words.
func isAlert(err error, words ...string) bool {
	var at *net.OpError
	return errors.As(err, &at) && at.Op == "remote error" &&
		slices.ContainsFunc(words, func(w string) bool { return strings.Contains(at.Error(), w) })
}

// isRefusal reports whether the target refused the client's certificate, or asks for
// one: in TLS 1.3 it does so when the connection is open already. It has not read what
// was sent until then.
func isRefusal(err error) bool { return isAlert(err, "certificate", "access denied") }

// refused describes such a refusal, with a remedy.
func refused(err error) *record.WireError {
	var at *net.OpError
	errors.As(err, &at)
	return &record.WireError{Kind: record.Unreachable, Msg: "the target refused the TLS connection: " +
		ErrorText(at.Err) + "; does it want a client certificate, or another one?"}
}

// SpeaksTLS reports whether an endpoint that is asked in plain HTTP speaks TLS. Nothing
// is sent but the handshake, so that the gate is not asked.
func (d *Dialer) SpeaksTLS(ctx context.Context, host string) bool {
	if d.panics != nil || d.scheme != "http" || d.proxy != "" {
		return false
	}
	plain, err := d.open(ctx)
	if err != nil {
		return false
	}
	defer plain.Close()
	err = tls.Client(plain, &tls.Config{ServerName: host, InsecureSkipVerify: true}).HandshakeContext(ctx)
	return err == nil || isAlert(err, "")
}

// NewPool returns a pool without connections.
func (d *Dialer) NewPool() *Pool { return &Pool{d: d} }

// Release ends the hold of an answer that was judged, so that the next long one may be
// read. What is no answer, or not a long one, changes nothing.
func (d *Dialer) Release(r *record.Response) { d.long.release(r) }

// Panics returns the panics of the handler in memory, in stable order and without
// secrets; nil where there was none.
func (d *Dialer) Panics() []record.Panic {
	if d.panics == nil {
		return nil
	}
	return d.panics.list(d.secrets)
}
