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
	"fmaspec/conformance/reference"
)

// stopLimit is how long a stopping server waits for requests under way.
const stopLimit = 5 * time.Second

// serveFlags are the settings of a server.
type serveFlags struct {
	tokens           tokenFlags
	listen, variant  string
	faults, troubles list
	latency          time.Duration
	allowHeader      bool
	quiet            bool
	wait             reference.Wait // how latency passes; nil for by the clock
}

func serveCommand() command {
	return command{
		name:  "serve",
		short: "be a server that keeps the contract, or breaks it on purpose",
		about: "Serves both operations until it is interrupted. When it is ready, its URL goes to stdout, one line; everything else goes to stderr, with a line for each request and below it one for each thing that is wrong with it by the contract. Tokens that requests send are never printed.\n" +
			"Tokens and the unknown machine that nobody gave are made up and printed as shell commands, so that \"fmaspec run\" in another shell can use them.\n" +
			"A fault is one named sin, a variant another way to keep the contract: \"fmaspec list faults\" and \"fmaspec list variants\" show them. A trouble is something that a client has to live with although it breaks no contract.\n" +
			"With -allow-fault-header a request chooses for its own answer: \"" + faultHeader + ": NAME, NAME\" names faults, \"" + troubleHeader + ": NAME\" troubles. Each gets the answer that those before it left, and what remembers does so from one such request to the next. An unknown name is answered 400. Without the flag both headers mean nothing.\n" +
			"The troubles: " + troubles() + ".",
		examples: []string{
			"fmaspec serve",
			"fmaspec serve -listen 127.0.0.1:0 -fault drops-id",
			"fmaspec serve -trouble throttled-every-third -latency 200ms",
			"fmaspec serve -allow-fault-header",
		},
		flags: func(set *flag.FlagSet) work {
			f := &serveFlags{}
			f.tokens.flags(set)
			set.StringVar(&f.listen, "listen", "127.0.0.1:8080", "listen on this `ADDRESS`; port 0 takes any that is free")
			set.Var(&f.faults, "fault", "break the contract by the fault of this `NAME`; may be repeated")
			set.StringVar(&f.variant, "variant", "", "be as honest in another way, the variant of this `NAME`")
			set.Var(&f.troubles, "trouble", "be hard to use by the trouble of this `NAME`; may be repeated")
			set.DurationVar(&f.latency, "latency", 0, "take this `DURATION` longer for every answer")
			set.BoolVar(&f.allowHeader, "allow-fault-header", false, "let each request choose faults and troubles for its own answer")
			set.BoolVar(&f.quiet, "q", false, "tell nothing of requests")
			return f.serve
		},
	}
}

// troubles tells what each trouble does.
func troubles() string {
	var all []string
	for _, t := range reference.Troubles(nil) {
		all = append(all, t.Name+" "+t.Says)
	}
	return strings.Join(all, "; ")
}

func (f *serveFlags) serve(ctx context.Context, e *env, _ []string) error {
	given, err := f.tokens.read(e)
	if err != nil {
		return err
	}
	config := completed(given, f.tokens.unknownMachine)
	handler, listens, err := f.handler(config)
	if err != nil {
		return err
	}
	if !f.quiet {
		suite, err := conformance.Load(conformance.Contract{})
		if err != nil {
			return err
		}
		handler = (&requestLog{log.New(e.stderr, "", 0), suite, config, f.allowHeader}).logged(handler)
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("-listen %s: %w; give a free address such as 127.0.0.1:0", f.listen, opened(err))
	}
	url := f.announce(e, listener)
	for _, made := range []struct{ given, variable, value string }{
		{"", variable("url"), url},
		{given.token, tokenVariable, config.Token},
		{given.unprivileged, unprivilegedVariable, config.UnprivilegedToken},
		{given.securityAdmin, securityAdminVariable, config.SecurityAdminToken},
		{given.globalAdmin, globalAdminVariable, config.GlobalAdminToken},
		{"", invalidVariable, madeUpJWT()},
		{f.tokens.unknownMachine, variable("unknown-machine"), config.UnknownMachine},
	} {
		if made.given == "" {
			fmt.Fprintf(e.stderr, "export %s=%s\n", made.variable, made.value)
		}
	}
	server := newServer(handler)
	// A fault that keeps a request waiting ends with the command.
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	ended := make(chan error, 1)
	for _, listen := range listens {
		listener = listen(listener)
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
	return nil
}

// handler returns the server with all that was chosen, and what a listener has to pass
// through for it to show.
func (f *serveFlags) handler(config reference.Config) (handler http.Handler, listens []func(net.Listener) net.Listener, err error) {
	handler = reference.New(config)
	if f.variant != "" {
		var names []string
		var found *reference.Variant
		for _, v := range reference.Variants() {
			if names = append(names, v.Name); v.Name == f.variant {
				found = &v
			}
		}
		if found == nil {
			return nil, nil, fmt.Errorf("-variant %s: no such variant%s; fmaspec list variants shows them", f.variant, meant(f.variant, names))
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
		return nil, nil, fmt.Errorf("-latency %s: no answer is early; give 0s or more", f.latency)
	case f.latency > 0:
		handler = reference.Late(f.latency, f.wait)(handler)
	}
	return handler, listens, nil
}

// announce returns the URL of the server, and warns where others can reach it.
func (f *serveFlags) announce(e *env, listener net.Listener) string {
	address := listener.Addr().String()
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintf(e.stderr, "serve: warning: %s can be reached from other machines; -listen 127.0.0.1:%d keeps them out\n", address, tcp.Port)
		if tcp.IP.IsUnspecified() {
			address = fmt.Sprintf("127.0.0.1:%d", tcp.Port)
		}
	}
	return "http://" + address
}

// opened is why a port was not opened, without the address and the system call.
func opened(err error) error {
	var at *net.OpError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
