package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/reference"
)

// stopLimit is how long a stopping server waits for active requests.
const stopLimit = 5 * time.Second

// serveFlags are the settings of a server.
type serveFlags struct {
	tokens           tokenFlags
	listen, variant  string
	faults, troubles list
	latency          time.Duration
	allowHeader      bool
	judge            judgeFlags
	tenant           tenantFlags
	wait             reference.Wait // waits for the latency; nil for the clock
}

func serveCommand() command {
	return command{
		name:  "serve",
		short: "run a server that keeps the contract, or breaks it on purpose",
		about: "Serves both operations until it is interrupted. When it is ready, it writes its URL to stdout as one " +
			"line; everything else is written to stderr, with a line for each request, followed by one for each " +
			"violation of the contract in the request. Tokens in requests are never printed.\n" +
			"Tokens and the unknown machine that were not given are generated and printed as shell commands for " +
			"\"fmaspec run\" in another shell.\n" +
			"A fault is one named way to break the contract, a variant another way to keep it: \"fmaspec list " +
			"faults\" and \"fmaspec list variants\" show them. A trouble is a behaviour that does not break the " +
			"contract but that a client must handle.\n" +
			"With -allow-fault-header a request chooses for its own answer: \"" + faultHeader +
			": NAME, NAME\" names faults, \"" + troubleHeader + ": NAME\" troubles. Each is applied to the result of " +
			"those before it, and one with state keeps it between such requests. An unknown name is answered 400. " +
			"Without the flag both headers are ignored.\n" +
			"With -judge-clients every request and what a client does after an answer is judged. When the server " +
			"is interrupted, it writes a report on the clients to stdout and exits with 0 if they conform, 5 if they " +
			"do not, and 3 if no request came.\n" +
			"With -tenant it plays a whole tenant, for rehearsals of what is to be done on a real one: " +
			"docs/tenant.md has the commands. The printed variables have \"fmaspec run\" reach it as https://" + apiHost + ". That is not " +
			"the name of this machine, so that each operation has to be armed, as for a real tenant.\n" +
			"The troubles: " + troubles() + ".",
		examples: []string{
			"fmaspec serve",
			"fmaspec serve -listen 127.0.0.1:0 -fault drops-id",
			"fmaspec serve -trouble throttled-every-third -latency 200ms",
			"fmaspec serve -allow-fault-header",
			"fmaspec serve -judge-clients -report junit=clients.xml",
			"fmaspec serve -tenant",
		},
		flags: func(set *flag.FlagSet) work {
			f := &serveFlags{}
			f.tokens.flags(set)
			set.StringVar(&f.listen, "listen", "127.0.0.1:8080", "listen on this `ADDRESS`; port 0 selects a free port")
			set.Var(&f.faults, "fault", "break the contract by the fault of this `NAME`; may be repeated")
			set.StringVar(&f.variant, "variant", "", "keep the contract in another way, by the variant of this `NAME`")
			set.Var(&f.troubles, "trouble", "add the trouble of this `NAME`; may be repeated")
			set.DurationVar(&f.latency, "latency", 0, "delay every answer by this `DURATION`; by default by nothing")
			set.BoolVar(&f.allowHeader, "allow-fault-header", false, "let each request choose faults and troubles "+
				"for its own answer")
			set.BoolVar(&f.judge.quiet, "q", false, "do not log requests; of the report on clients, print only the "+
				"totals and the verdict")
			f.judge.flags(set)
			f.tenant.flags(set)
			return f.serve
		},
	}
}

// troubles describes each trouble.
func troubles() string {
	var all []string
	for _, t := range reference.Troubles(nil) {
		all = append(all, t.Name+" "+t.Says)
	}
	return strings.Join(all, "; ")
}

func (f *serveFlags) serve(ctx context.Context, e *env, _ []string) error {
	if err := f.judge.validate(e); err != nil {
		return err
	}
	if err := f.tenant.validate(e); err != nil {
		return err
	}
	given, unknown := issued{}, ""
	if !f.tenant.on {
		var err error
		if given, err = f.tokens.read(e); err != nil {
			return err
		}
		unknown = f.tokens.unknownMachine
	}
	config := f.tenant.configured(completed(given, unknown))
	handler, listens, err := f.handler(config)
	if err != nil {
		return err
	}
	suite, err := f.suite()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return listenError("listen", f.listen, err)
	}
	var played *playedTenant
	if f.tenant.on { // once the port is its own: the files may be those of a tenant that has it
		if played, err = f.tenant.play(config, reachable(listener.Addr())); err != nil {
			listener.Close()
			return err
		}
		defer played.leave()
	}
	url := f.announce(e, listener)
	if f.judge.judge {
		f.judge.clients = suite.JudgeClients(conformance.ClientOptions{Level: f.judge.level, Strict: f.judge.strict,
			URL: url, AllPaths: true, NoTLS: played == nil})
		handler = f.judge.clients.Handler(handler)
	}
	asLines := func(h http.Handler) http.Handler { return h }
	if !f.judge.quiet {
		handler = (&requestLog{log.New(e.stderr, "", 0), suite, config, f.allowHeader}).logged(handler)
		asLines = (&requestLog{to: log.New(e.stderr, "", 0)}).brief
	}
	if played != nil {
		handler = played.wrap(handler, asLines)
		played.announce(e.stderr, strings.TrimPrefix(url, "https://"))
	} else {
		f.export(e, url, given, &config)
	}
	server := newServer(handler)
	// A fault that blocks a request ends with the command.
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	ended := make(chan error, 1)
	if played != nil {
		listener = played.listen(listener, len(listens) == 0)
	}
	for _, listen := range listens {
		listener = listen(listener)
	}
	if f.judge.judge {
		listener = f.judge.clients.Listener(server, listener)
	}
	go func() { ended <- server.Serve(listener) }()
	fmt.Fprintln(e.stdout, url)
	select {
	case err := <-ended:
		return fmt.Errorf("%s: %w; start it again", url, err)
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if server.Shutdown(limit) != nil {
		server.Close()
	}
	return f.judge.finish(e)
}

// export prints what a run needs and was not given.
func (f *serveFlags) export(e *env, url string, given issued, config *reference.Config) {
	export := func(given, variable, value string) {
		if given == "" {
			fmt.Fprintf(e.stderr, "export %s=%s\n", variable, value)
		}
	}
	export("", variable("url"), url)
	for _, k := range conformance.Tokens() {
		if token := known(config, k); token != nil {
			export(given[k.Variable], k.Env(), *token)
		} else {
			export("", k.Env(), madeUpJWT())
		}
	}
	export(f.tokens.unknownMachine, variable("unknown-machine"), config.UnknownMachine)
	export("", variable("other-machine"), madeUpMachine()) // every machine but that one is known
}

// suite loads what requests are judged by, nil where they are not.
func (f *serveFlags) suite() (*conformance.Suite, error) {
	if f.judge.quiet && !f.judge.judge {
		return nil, nil
	}
	return conformance.Load(conformance.Contract{})
}

// handler returns the server with the chosen faults and troubles, and the wrappers that its
// listener needs.
func (f *serveFlags) handler(config reference.Config) (handler http.Handler, listens []func(net.Listener) net.Listener,
	err error) {
	handler = reference.New(config)
	if f.tenant.on {
		f.troubles = append(f.troubles, "throttled-every-hundredth")
	}
	if f.variant != "" {
		var names []string
		var found *reference.Variant
		for _, v := range reference.Variants() {
			if names = append(names, v.Name); v.Name == f.variant {
				found = &v
			}
		}
		if found == nil {
			return nil, nil, fmt.Errorf("-variant %s: unknown variant%s; fmaspec list variants prints the names",
				f.variant, nearest.Hint(f.variant, names))
		}
		handler = found.Wrap(handler)
	}
	faults, troubles := faultShelf(), troubleShelf(f.wait)
	for _, chosen := range []struct {
		flag  string
		names list
		of    *shelf
	}{{"fault", f.faults, faults}, {"trouble", f.troubles, troubles}} {
		for _, name := range chosen.names {
			wrap, ok := chosen.of.wraps[name]
			if !ok {
				return nil, nil, fmt.Errorf("-%s %s: %s", chosen.flag, name, chosen.of.unknown(name))
			}
			handler = wrap(handler)
			if below, is := handler.(reference.Listening); is {
				listens = append(listens, below.Listen)
			}
		}
	}
	if f.allowHeader {
		handler = byHeader(handler, faults, troubles)
	}
	switch {
	case f.latency < 0:
		return nil, nil, fmt.Errorf("-latency %s: must not be negative; give 0s or more", f.latency)
	case f.latency > 0:
		handler = reference.Late(f.latency, f.wait)(handler)
	}
	return handler, listens, nil
}

// announce returns the URL of the server, and warns where others can reach it.
func (f *serveFlags) announce(e *env, listener net.Listener) string {
	address := listener.Addr().String()
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintf(e.stderr, "serve: warning: %s can be reached from other machines; use -listen 127.0.0.1:%d to "+
			"prevent that\n", address, tcp.Port)
		if tcp.IP.IsUnspecified() {
			address = fmt.Sprintf("127.0.0.1:%d", tcp.Port)
		}
	}
	scheme := "http"
	if f.tenant.on {
		scheme = "https"
	}
	return scheme + "://" + address
}

// listenError returns the error of a failed listen at the address that a flag gives, with the remedy.
func listenError(flag, address string, err error) error {
	if _, _, split := net.SplitHostPort(address); split != nil {
		if host := strings.Trim(address, "[]"); net.ParseIP(host) != nil || host == "localhost" {
			return fmt.Errorf("-%s %s: it has no port; give %s, or port 0 for a free one", flag, address,
				net.JoinHostPort(host, "8080"))
		}
	}
	return fmt.Errorf("-%s %s: %w; give a free address such as 127.0.0.1:0", flag, address, opened(err))
}

// opened returns the error of a failed listen without the address and the system call.
func opened(err error) error {
	var at *net.OpError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
