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

// issued holds the tokens that a server knows, by their variables in fixtures; "" for none.
type issued map[string]string

// known returns where the configuration of a server holds a token, nil for one that it
// is not to accept.
func known(c *reference.Config, token conformance.Token) *string {
	return map[string]*string{
		"Token": &c.Token, "UnprivilegedToken": &c.UnprivilegedToken, "SecurityAdminToken": &c.SecurityAdminToken,
		"GlobalAdminToken": &c.GlobalAdminToken,
	}[token.Field]
}

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
		return nil, err
	}
	out = issued{}
	for _, k := range conformance.Tokens() {
		for _, file := range t.inputs() {
			if file.flag != k.Flag() {
				continue
			}
			if out[k.Variable], err = e.secret(k.Flag(), file.value, k.Env()); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// otherMachineFlag defines the flag of a second machine.
func otherMachineFlag(set *flag.FlagSet, to *string) {
	set.StringVar(to, "other-machine", "", "the `ID` of a second machine, which requests may act on as on that of "+
		"-machine; some cases need one")
}

// completed returns the configuration of a server, with generated tokens and machine in place
// of "".
func completed(tokens issued, unknownMachine string) reference.Config {
	config := reference.Config{UnknownMachine: cmp.Or(unknownMachine, madeUpMachine())}
	for _, k := range conformance.Tokens() {
		if to := known(&config, k); to != nil {
			*to = cmp.Or(tokens[k.Variable], rand.Text())
		}
	}
	return config
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
	tokens := issued{}
	for _, k := range conformance.Tokens() {
		tokens[k.Variable] = *k.In(target)
	}
	config := completed(tokens, target.UnknownMachine)
	target.InvalidToken = cmp.Or(target.InvalidToken, madeUpJWT())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port on 127.0.0.1 for the embedded server: %w; name a target with -url", err)
	}
	server := newServer(reference.New(config))
	go server.Serve(listener)
	target.URL, target.Name = "http://"+listener.Addr().String(), "fmaspec's own server"
	target.UnknownMachine = config.UnknownMachine
	target.OtherMachine = cmp.Or(target.OtherMachine, madeUpMachine())
	for _, k := range conformance.Tokens() {
		if from := known(&config, k); from != nil {
			*k.In(target) = *from
		}
	}
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
