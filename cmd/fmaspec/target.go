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

// tokenFlags name the files of tokens, and the unknown machine.
type tokenFlags struct {
	file, unprivilegedFile             string
	securityAdminFile, globalAdminFile string
	unknownMachine                     string
}

// issued holds the tokens that a server knows, "" for none.
type issued struct{ token, unprivileged, securityAdmin, globalAdmin string }

func (t *tokenFlags) flags(set *flag.FlagSet) {
	t.files(set)
	set.StringVar(&t.unknownMachine, "unknown-machine", "", "the `ID` of a machine that is unknown to the server; "+
		"some cases need one")
}

func (t *tokenFlags) files(set *flag.FlagSet) {
	set.StringVar(&t.file, "token-file", "", "read the bearer token of a user who may act from a `FILE`, in place of "+
		tokenVariable+"; - is standard input")
	set.StringVar(&t.unprivilegedFile, "unprivileged-token-file", "", "read the token of a user who may not act from "+
		"a `FILE`, in place of "+unprivilegedVariable)
	set.StringVar(&t.securityAdminFile, "security-admin-token-file", "", "read the token of a user who is security "+
		"administrator and not global administrator from a `FILE`, in place of "+securityAdminVariable)
	set.StringVar(&t.globalAdminFile, "global-admin-token-file", "", "read the token of a user who is global "+
		"administrator and not security administrator from a `FILE`, in place of "+globalAdminVariable)
}

// inputs are the files, by their flags.
func (t *tokenFlags) inputs() []named {
	return []named{{"token-file", t.file}, {"unprivileged-token-file", t.unprivilegedFile},
		{"security-admin-token-file", t.securityAdminFile}, {"global-admin-token-file", t.globalAdminFile}}
}

// read returns the tokens, "" for none.
func (t *tokenFlags) read(e *env) (out issued, err error) {
	if err := oneInput(t.inputs()...); err != nil {
		return issued{}, err
	}
	for _, token := range []struct {
		to                   *string
		flag, file, variable string
	}{
		{&out.token, "token-file", t.file, tokenVariable},
		{&out.unprivileged, "unprivileged-token-file", t.unprivilegedFile, unprivilegedVariable},
		{&out.securityAdmin, "security-admin-token-file", t.securityAdminFile, securityAdminVariable},
		{&out.globalAdmin, "global-admin-token-file", t.globalAdminFile, globalAdminVariable},
	} {
		if *token.to, err = e.secret(token.flag, token.file, token.variable); err != nil {
			return issued{}, err
		}
	}
	return out, nil
}

// completed returns the configuration of a server, with generated tokens and machine in place
// of "".
func completed(tokens issued, unknownMachine string) reference.Config {
	return reference.Config{
		Token:              cmp.Or(tokens.token, rand.Text()),
		UnprivilegedToken:  cmp.Or(tokens.unprivileged, rand.Text()),
		SecurityAdminToken: cmp.Or(tokens.securityAdmin, rand.Text()),
		GlobalAdminToken:   cmp.Or(tokens.globalAdmin, rand.Text()),
		UnknownMachine:     cmp.Or(unknownMachine, madeUpMachine()),
	}
}

// madeUpJWT returns a text of the form of a JWT that no token service issued.
func madeUpJWT() string {
	part := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	return part(`{"alg":"RS256","typ":"JWT"}`) + "." + part(`{"sub":"nobody"}`) + "." + part(rand.Text())
}

// madeUpMachine returns a random machine id of the documented form.
func madeUpMachine() string {
	sum := sha1.Sum([]byte(rand.Text()))
	return hex.EncodeToString(sum[:])
}

// embedded starts the reference server on a loopback port and completes the target, so that
// every case applies.
func embedded(target *conformance.Target) (stop func(), err error) {
	config := completed(issued{target.Token, target.UnprivilegedToken, target.SecurityAdminToken,
		target.GlobalAdminToken}, target.UnknownMachine)
	target.InvalidToken = cmp.Or(target.InvalidToken, madeUpJWT())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port on 127.0.0.1 for the embedded server: %w; name a target with -url", err)
	}
	server := newServer(reference.New(config))
	go server.Serve(listener)
	target.URL, target.Name = "http://"+listener.Addr().String(), "fmaspec's own server"
	target.Token, target.UnprivilegedToken, target.UnknownMachine = config.Token, config.UnprivilegedToken,
		config.UnknownMachine
	target.SecurityAdminToken, target.GlobalAdminToken = config.SecurityAdminToken, config.GlobalAdminToken
	return func() { server.Close() }, nil
}

// newServer returns a server of HTTP/1.1, and of HTTP/2 without TLS, that writes no log.
func newServer(h http.Handler) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{Handler: h, Protocols: protocols, ErrorLog: slog.NewLogLogger(slog.DiscardHandler,
		slog.LevelError)}
}
