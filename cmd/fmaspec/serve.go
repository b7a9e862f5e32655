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

	"fmaspec/conformance/reference"
)

// stopLimit is how long a stopping server waits for requests under way.
const stopLimit = 5 * time.Second

// serveFlags are the settings of a server.
type serveFlags struct {
	tokens          tokenFlags
	listen, variant string
	faults          list
	quiet           bool
}

func serveCommand() command {
	return command{
		name:  "serve",
		short: "be a server that keeps the contract, or breaks it on purpose",
		about: "Serves both operations until it is interrupted. When it is ready, its URL goes to stdout, one line; everything else goes to stderr, with a line for each request.\n" +
			"Tokens and the unknown machine that nobody gave are made up and printed as shell commands, so that \"fmaspec run\" in another shell can use them.\n" +
			"A fault is one named sin, a variant another way to keep the contract: \"fmaspec list faults\" and \"fmaspec list variants\" show them.",
		examples: []string{
			"fmaspec serve",
			"fmaspec serve -listen 127.0.0.1:0 -fault drops-id",
		},
		flags: func(set *flag.FlagSet) work {
			f := &serveFlags{}
			f.tokens.flags(set)
			set.StringVar(&f.listen, "listen", "127.0.0.1:8080", "listen on this `ADDRESS`; port 0 takes any that is free")
			set.Var(&f.faults, "fault", "break the contract by the fault of this `NAME`; may be repeated")
			set.StringVar(&f.variant, "variant", "", "be as honest in another way, the variant of this `NAME`")
			set.BoolVar(&f.quiet, "q", false, "no line for each request")
			return f.serve
		},
	}
}

func (f *serveFlags) serve(ctx context.Context, e *env, _ []string) error {
	token, unprivileged, err := f.tokens.read(e)
	if err != nil {
		return err
	}
	config := completed(token, unprivileged, f.tokens.unknownMachine)
	handler, err := f.handler(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("-listen %s: %w; give a free address such as 127.0.0.1:0", f.listen, opened(err))
	}
	url := f.announce(e, listener)
	for _, made := range []struct{ given, variable, value string }{
		{"", variable("url"), url},
		{token, tokenVariable, config.Token},
		{unprivileged, unprivilegedVariable, config.UnprivilegedToken},
		{"", invalidVariable, madeUpJWT()},
		{f.tokens.unknownMachine, variable("unknown-machine"), config.UnknownMachine},
	} {
		if made.given == "" {
			fmt.Fprintf(e.stderr, "export %s=%s\n", made.variable, made.value)
		}
	}
	if !f.quiet {
		handler = logged(handler, log.New(e.stderr, "", 0))
	}
	server := newServer(handler)
	// A fault that keeps a request waiting ends with the command.
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	ended := make(chan error, 1)
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

// handler returns the server with the chosen faults and variant.
func (f *serveFlags) handler(config reference.Config) (http.Handler, error) {
	handler := reference.New(config)
	if f.variant != "" {
		var names []string
		var found *reference.Variant
		for _, v := range reference.Variants() {
			if names = append(names, v.Name); v.Name == f.variant {
				found = &v
			}
		}
		if found == nil {
			return nil, fmt.Errorf("-variant %s: no such variant%s; fmaspec list variants shows them", f.variant, meant(f.variant, names))
		}
		handler = found.Wrap(handler)
	}
	for _, name := range f.faults {
		fault, ok := reference.FindFault(name)
		if !ok {
			var names []string
			for _, known := range reference.Faults() {
				names = append(names, known.Name)
			}
			return nil, fmt.Errorf("-fault %s: no such fault%s; fmaspec list faults shows them", name, meant(name, names))
		}
		handler = fault.Wrap(handler)
	}
	return handler, nil
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

// logged writes a line for each request: method, path without query, status, and
// "-" where the connection was taken over.
func logged(h http.Handler, to *log.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method, path := r.Method, r.URL.EscapedPath() // wrappers may change the request
		seen := &statusWriter{ResponseWriter: w}
		defer func() { to.Print(strings.Join([]string{method, path, seen.status()}, " ")) }()
		h.ServeHTTP(seen, r)
	})
}

// A statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) status() string {
	if w.code == 0 {
		return "-"
	}
	return fmt.Sprint(w.code)
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush sends what was written so far.
func (w *statusWriter) Flush() { http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets [http.ResponseController] reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
