package main

import (
	"cmp"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"fmaspec/conformance"
	"fmaspec/conformance/reference"
)

// tokenFlags say where tokens are, and which machine is not known.
type tokenFlags struct{ file, unprivilegedFile, unknownMachine string }

func (t *tokenFlags) flags(set *flag.FlagSet) {
	t.files(set)
	set.StringVar(&t.unknownMachine, "unknown-machine", "", "the `ID` of a machine that the server does not know; some cases need one")
}

func (t *tokenFlags) files(set *flag.FlagSet) {
	set.StringVar(&t.file, "token-file", "", "read the bearer token of a user who may act from a `FILE`, in place of "+tokenVariable+"; - is standard input")
	set.StringVar(&t.unprivilegedFile, "unprivileged-token-file", "", "read the token of a user who may not act from a `FILE`, in place of "+unprivilegedVariable)
}

// read returns both tokens, "" where there is none.
func (t *tokenFlags) read(e *env) (token, unprivileged string, err error) {
	if err := oneInput(named{"token-file", t.file}, named{"unprivileged-token-file", t.unprivilegedFile}); err != nil {
		return "", "", err
	}
	if token, err = e.secret("token-file", t.file, tokenVariable); err != nil {
		return "", "", err
	}
	unprivileged, err = e.secret("unprivileged-token-file", t.unprivilegedFile, unprivilegedVariable)
	return token, unprivileged, err
}

// completed returns the configuration of a server with tokens and machine made
// up where they are "".
func completed(token, unprivileged, unknownMachine string) reference.Config {
	return reference.Config{
		Token:             cmp.Or(token, rand.Text()),
		UnprivilegedToken: cmp.Or(unprivileged, rand.Text()),
		UnknownMachine:    cmp.Or(unknownMachine, madeUpMachine()),
	}
}

// madeUpJWT returns what looks like a token of a token service, and is none.
func madeUpJWT() string {
	part := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	return part(`{"alg":"RS256","typ":"JWT"}`) + "." + part(`{"sub":"nobody"}`) + "." + part(rand.Text())
}

// madeUpMachine returns a machine id of the form that the documents show.
func madeUpMachine() string {
	sum := sha1.Sum([]byte(rand.Text()))
	return hex.EncodeToString(sum[:])
}

// embedded serves the honest server on a loopback port and completes the target
// with what it needs, so that every case applies.
func embedded(target *conformance.Target) (stop func(), err error) {
	config := completed(target.Token, target.UnprivilegedToken, target.UnknownMachine)
	target.InvalidToken = cmp.Or(target.InvalidToken, madeUpJWT())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port on 127.0.0.1 for the server of fmaspec's own: %w; name a target with -url", err)
	}
	server := newServer(reference.New(config))
	go server.Serve(listener)
	target.URL, target.Name = "http://"+listener.Addr().String(), "fmaspec's own server"
	target.Token, target.UnprivilegedToken, target.UnknownMachine = config.Token, config.UnprivilegedToken, config.UnknownMachine
	return func() { server.Close() }, nil
}

// newServer returns a server of HTTP/1.1, and of HTTP/2 without TLS, that logs
// nothing of its own.
func newServer(h http.Handler) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{Handler: h, Protocols: protocols, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
}
