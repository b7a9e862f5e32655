package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"fmaspec/conformance/internal/heads"
)

// Serve serves the proxy on a listener, in HTTP/1.1 and in HTTP/2: over TLS where certificates are
// given, by negotiation, and else in clear text. When the context ends it accepts nothing more,
// waits for the active exchanges, but not longer than [Options.Grace], and then cancels them. Then
// it waits for the judge, as long. It returns nil where everything ended in time.
func (p *Proxy) Serve(ctx context.Context, l net.Listener, certificates ...tls.Certificate) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(len(certificates) > 0)
	protocols.SetUnencryptedHTTP2(len(certificates) == 0)
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{Handler: p, Protocols: protocols, DisableGeneralOptionsHandler: true,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		BaseContext:       func(net.Listener) context.Context { return hard },
		ConnContext:       connContext,
		ConnState:         connState,
		TLSConfig:         &tls.Config{Certificates: certificates},
		ReadHeaderTimeout: time.Minute, IdleTimeout: 3 * time.Minute}
	ended := make(chan error, 1)
	go func() {
		if len(certificates) > 0 {
			ended <- server.ServeTLS(l, "", "")
			return
		}
		ended <- server.Serve(unservedListener{heads.Listener(l), p.unserved})
	}()
	var failed error
	select {
	case failed = <-ended:
	case <-ctx.Done():
	}
	limit, done := p.options.Until(p.options.Grace)
	defer done()
	unfinished := errors.Join(server.Shutdown(limit), p.idle(limit))
	cancel()
	if unfinished != nil {
		server.Close()
		failed = errors.Join(failed, errors.New("proxy: exchanges were active beyond the limit and were cut"))
	}
	limit, done = p.options.Until(p.options.Grace)
	defer done()
	_ = p.idle(limit) // what was cut is an exchange too, and counted
	return errors.Join(failed, p.Close(limit))
}

// unserved counts a request that is none.
func (p *Proxy) unserved(status string) {
	if slices.Contains(unservedStatuses(), status) {
		p.tally.add(func(c *Counts) { c.Unserved[status]++ })
	}
}

// idle waits until no exchange is active: upgraded connections are not the server's any more.
func (p *Proxy) idle(ctx context.Context) error {
	for p.tally.inFlight.Load() > 0 {
		select {
		case <-p.left:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
