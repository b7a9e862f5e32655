package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
)

// proxyFlags are the settings of a proxy.
type proxyFlags struct {
	connection       connectionFlags
	upstream, listen string
	status           string
	cert, key        string
	mode, failOn     choice
	watch            conformance.WatchOptions
	options          proxy.Options
	bodyLimit        int
	reports          reportFlags
	clients          clientReportFlags
	records          recordFlags
	rules            []record.OwnRule // of the settings file
	layout

	judge func(*conformance.Suite, conformance.WatchOptions) proxy.Judge // nil for that of the suite
}

func proxyCommand() command {
	return command{
		name:  "proxy",
		short: "pass requests on to a server, and judge each exchange",
		about: "Passes everything on to the server at -upstream and back, unchanged, until it is interrupted, and " +
			"judges each exchange on a documented path by the checks of fmaspec run, the requests too. Findings are " +
			"written to stderr as they occur; at the end, the report is written to stdout. The address that it " +
			"listens on is written to stderr.\n" +
			"In the mode observe nothing waits for the judge: what cannot be judged in time, or without too much " +
			"memory, is passed on and counted. In the mode enforce a request that breaks a documented or standard " +
			"requirement is answered 400 and not sent on, and such an answer is replaced by 502; with -strict, " +
			"inferred requirements count too. What is too long or too slow to be judged is passed on and counted.\n" +
			"Host is replaced by the upstream's, and the fields of the connection are removed (RFC 9110 7.6.1). " +
			"Nothing else is changed or added; no redirect is followed. The proxy sends only what its clients send, " +
			"so nothing needs to be armed.\n" +
			"Secrets are redacted in everything that is written. docs/proxy.md describes the proxy.\n" +
			"The exit code is 1 if the server broke the contract, 5 if only clients did, 3 if the server could not " +
			"be judged or a report could not be written, and else 0; -fail-on chooses what counts.",
		examples: []string{
			"fmaspec proxy -upstream http://127.0.0.1:8080",
			"fmaspec proxy -upstream https://tenant.example -mode enforce",
			"fmaspec proxy -upstream http://127.0.0.1:8080 -status 127.0.0.1:9090",
			"fmaspec proxy -upstream http://127.0.0.1:8080 -record ndjson=a.ndjson",
		},
		flags: func(set *flag.FlagSet) work {
			f := newProxyFlags(set)
			return func(ctx context.Context, e *env, operands []string) error {
				if !f.quiet {
					settingsOf(set).announce(e)
				}
				f.rules = settingsOf(set).rules()
				return f.proxy(ctx, e, operands)
			}
		},
	}
}

// newProxyFlags defines the flags.
func newProxyFlags(set *flag.FlagSet) *proxyFlags {
	f := &proxyFlags{layout: newLayout(), mode: choice{"observe", []string{"observe", "enforce"}},
		failOn: newFailOn()}
	set.StringVar(&f.upstream, "upstream", "", "the `URL` of the server: scheme, host, and any path to put "+
		"before the path of each request")
	set.StringVar(&f.listen, "listen", "127.0.0.1:8081", "listen on this `ADDRESS`; port 0 selects a free port")
	set.StringVar(&f.cert, "tls-cert", "", "serve TLS to clients with the certificate in a `FILE` (PEM), "+
		"followed by its intermediate certificates")
	set.StringVar(&f.key, "tls-key", "", "the `FILE` (PEM) with the key of -tls-cert; it may be the same file")
	f.connection.reach(set)
	set.BoolVar(&f.connection.http2, "http2", false, "use HTTP/2: over TLS if the target negotiates it, in "+
		"clear text with prior knowledge")
	set.Var(&f.mode, "mode", "the `MODE`: observe passes everything on; enforce refuses what breaks the contract")
	levelFlag(set, &f.watch.Level)
	set.BoolVar(&f.watch.Strict, "strict", false, "let inferred requirements fail the run too")
	failOnFlag(set, &f.failOn)
	set.BoolVar(&f.options.PreserveHost, "preserve-host", false, "send the client's Host to the upstream, in "+
		"place of the upstream's")
	set.BoolVar(&f.options.Forwarded, "forwarded", false, "add X-Forwarded-For, X-Forwarded-Host and "+
		"X-Forwarded-Proto to requests")
	set.BoolVar(&f.options.Via, "via", false, "add Via to requests and answers, as RFC 9110 7.6.3 asks of "+
		"proxies")
	set.IntVar(&f.bodyLimit, "body-limit", proxy.DefaultBodyLimit, "copy at most so many `BYTES` of each "+
		"body for the judge; a longer body is passed on and not judged")
	set.IntVar(&f.options.Queue, "queue", proxy.DefaultQueue, "let at most `N` exchanges wait for the judge")
	set.StringVar(&f.status, "status", "", "serve a status page at /-/ and Prometheus metrics at /-/metrics "+
		"on this `ADDRESS`")
	f.records.flags(set)
	f.reports.flags(set)
	f.clients.flags(set)
	f.layout.flags(set)
	return f
}

// proxy runs a proxy until the context ends.
func (f *proxyFlags) proxy(ctx context.Context, e *env, _ []string) error {
	outputs, err := bothOutputs(f.reports, f.clients)
	if err != nil {
		return err
	}
	if err := f.validate(); err != nil {
		return err
	}
	records, err := f.records.outputs(slices.Concat(outputs.server, outputs.client))
	if err != nil {
		return err
	}
	upstream, certificates, err := f.ends(e)
	if err != nil {
		return err
	}
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		return err
	}
	if suite, err = withRules(suite, f.rules); err != nil {
		return err
	}
	listener, err := f.open(e, "listen", f.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if sameAddress(upstream, listener.Addr().String()) {
		return fmt.Errorf("-upstream %s: this is where the proxy listens; name another server, or another -listen",
			f.upstream)
	}
	log := newProxyLog(e, suite, &f.layout)
	o := &f.options
	f.watch.Name = "traffic to " + upstream.String()
	if f.judge == nil {
		f.judge = func(s *conformance.Suite, o conformance.WatchOptions) proxy.Judge { return s.Watch(o) }
	}
	o.Suite, o.Judge = suite, f.judge(suite, f.watch)
	o.Enforce, o.Strict, o.BodyLimit = f.mode.value == "enforce", f.watch.Strict, int64(f.bodyLimit)
	recorders, err := open(records, upstream.String())
	if err != nil {
		return err
	}
	o.Each = func(v conformance.Verdict) {
		recorders.write(v)
		log.verdict(v)
	}
	o.NoAnswer = log.noAnswer
	p, err := proxy.New(*o)
	if err != nil {
		return errors.Join(err, recorders.close())
	}
	endStatus, err := f.serveStatus(e, p)
	if err != nil {
		return errors.Join(err, recorders.close())
	}
	defer endStatus()
	scheme := "http://"
	if len(certificates) > 0 {
		scheme = "https://"
	}
	stopLive := log.live(p)
	log.note(fmt.Sprintf("listening on %s%s, passing on to %s", scheme, reachable(listener.Addr()), upstream))
	served := p.Serve(ctx, listener, certificates...)
	stopLive()
	if served != nil {
		fmt.Fprintf(e.stderr, "%s\n", harmless(served.Error()))
	}
	return f.conclude(e, p, outputs, recorders.close())
}

// validate checks what package flag cannot.
func (f *proxyFlags) validate() error {
	switch {
	case f.upstream == "":
		return errors.New("no -upstream; give the URL of the server to pass requests on to")
	case f.bodyLimit < 1:
		return fmt.Errorf("-body-limit %d: no body could be judged; give 1 or more", f.bodyLimit)
	case f.options.Queue < 1:
		return fmt.Errorf("-queue %d: nothing could be judged; give 1 or more", f.options.Queue)
	}
	return f.layout.validate()
}

// ends returns the upstream, after setting the transport to it, and the certificates for clients.
func (f *proxyFlags) ends(e *env) (*url.URL, []tls.Certificate, error) {
	text, err := conformance.TargetURL(f.upstream)
	if err != nil {
		return nil, nil, fmt.Errorf("-upstream: %w", err)
	}
	upstream, err := url.Parse(text)
	if err != nil {
		return nil, nil, fmt.Errorf("-upstream: %w", err)
	}
	transport, err := f.connection.transport(e)
	if err != nil {
		return nil, nil, err
	}
	f.options.Upstream, f.options.Transport = upstream, proxy.NewTransport(upstream, transport)
	switch {
	case f.cert == "" && f.key == "":
		return upstream, nil, nil
	case f.key == "":
		return nil, nil, errors.New("-tls-cert without -tls-key; add the file with its key, which may be the same")
	case f.cert == "":
		return nil, nil, errors.New("-tls-key without -tls-cert; add the file with its certificate, which may be the " +
			"same")
	}
	chain, err := content("tls-cert", f.cert, "a certificate")
	if err != nil {
		return nil, nil, err
	}
	key, err := content("tls-key", f.key, "a key")
	if err != nil {
		return nil, nil, err
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil { // which quotes nothing of the key
		return nil, nil, fmt.Errorf("-tls-cert %s with -tls-key %s: %w; name a certificate and its own key, in PEM "+
			"and without a passphrase", f.cert, f.key, err)
	}
	return upstream, []tls.Certificate{pair}, nil
}

// open listens on an address, and warns where others can reach it.
func (f *proxyFlags) open(e *env, flag, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, listenError(flag, address, err)
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintf(e.stderr, "proxy: warning: %s can be reached from other machines; use -%s 127.0.0.1:%d to prevent "+
			"that\n", tcp, flag, tcp.Port)
	}
	return listener, nil
}

// reachable returns an address by which this machine reaches a listener.
func reachable(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return a.String()
}

// sameAddress reports whether a URL leads to an address.
func sameAddress(u *url.URL, address string) bool {
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	host, all, _ := net.SplitHostPort(address)
	if port != all {
		return false
	}
	own := net.ParseIP(host)
	for _, of := range []string{u.Hostname(), map[string]string{"localhost": "127.0.0.1"}[u.Hostname()]} {
		ip := net.ParseIP(of)
		if ip != nil && (ip.Equal(own) || own.IsUnspecified() && (ip.IsLoopback() || ip.IsUnspecified())) {
			return true
		}
	}
	return false
}

// serveStatus serves the pages about the proxy, where they are asked for.
func (f *proxyFlags) serveStatus(e *env, p *proxy.Proxy) (end func(), err error) {
	if f.status == "" {
		return func() {}, nil
	}
	listener, err := f.open(e, "status", f.status)
	if err != nil {
		return nil, err
	}
	server := newServer(p.Status())
	go func() { _ = server.Serve(listener) }()
	fmt.Fprintf(e.stderr, "status page on http://%s/-/\n", reachable(listener.Addr()))
	return func() { server.Close() }, nil
}

// reportTime is how long the judge may take for the report.
const reportTime = 30 * time.Second

// conclude writes the reports and returns the error that decides the exit code.
func (f *proxyFlags) conclude(e *env, p *proxy.Proxy, outputs trafficOutputs, unrecorded error) error {
	limit, cancel := context.WithTimeout(context.Background(), reportTime)
	defer cancel()
	n := p.Counts()
	if !f.quiet {
		fmt.Fprint(e.stderr, proxySummary(n))
	}
	r, err := p.Report(limit)
	if err != nil {
		return &exit{exitUnjudged, errors.Join(err, unrecorded).Error()}
	}
	outputs.server = e.located(outputs.server)
	if err := errors.Join(outputs.write(e, &f.layout, r), unrecorded); err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	return trafficExit(r, f.failOn.value) // the report says why
}

var _ http.Handler = (*proxy.Proxy)(nil)
