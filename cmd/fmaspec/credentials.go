package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"fmaspec/conformance"
	"fmaspec/conformance/credential"
)

// credentialFlags name the sources of tokens, and the unknown machine.
type credentialFlags struct {
	tokenFlags
	command, unprivilegedCommand string
	invalidFile                  string
	url, clientID, secretFile    string
	scopes                       list
	resource, audience           string
	now                          func() time.Time // the clock where nil
}

func (c *credentialFlags) flags(set *flag.FlagSet) {
	c.tokenFlags.flags(set)
	c.further(set)
}

// sourceFlags defines the flags that name the sources of tokens.
func (c *credentialFlags) sourceFlags(set *flag.FlagSet) {
	c.files(set)
	c.further(set)
}

func (c *credentialFlags) further(set *flag.FlagSet) {
	set.StringVar(&c.invalidFile, "invalid-token-file", "", "read a token that must not be accepted, such as an "+
		"expired one, from a `FILE`, in place of "+invalidVariable)
	set.StringVar(&c.command, "token-command", "", "run a shell command `LINE` that prints the token, alone or as "+
		"JSON with access_token or accessToken; it is run again when the token expires")
	set.StringVar(&c.unprivilegedCommand, "unprivileged-token-command", "", "run a shell command `LINE` that prints "+
		"the token of a user who may not act")
	set.StringVar(&c.url, "token-url", "", "ask the OAuth 2.0 token endpoint at this `URL` for the token, by client "+
		"credentials")
	set.StringVar(&c.clientID, "client-id", "", "ask the token endpoint as the application with this `ID`")
	set.StringVar(&c.secretFile, "client-secret-file", "", "read the application's secret from a `FILE`, in place of "+
		clientSecretVariable)
	set.Var(&c.scopes, "scope", "ask the token endpoint for this `SCOPE`, such as "+
		"https://graph.microsoft.com/.default; may be repeated")
	set.StringVar(&c.resource, "resource", "", "ask the token endpoint for a token for this `RESOURCE`, as v1 "+
		"endpoints require")
	set.StringVar(&c.audience, "audience", "", "ask the token endpoint for a token with this `AUDIENCE`, as some "+
		"endpoints require")
}

// credentials are the sources and secrets that flags and variables name.
type credentials struct {
	token, unprivileged        credential.Source // nil where none is named
	securityAdmin, globalAdmin credential.Source // the same
	invalid                    string            // "" where none is named
	secrets                    []string          // secrets besides the tokens
}

// sources returns the credentials. Files and variables are read now; commands and token
// endpoints when a source is asked for a token.
func (c *credentialFlags) sources(e *env, client *http.Client) (out credentials, err error) {
	if err := c.validate(); err != nil {
		return credentials{}, err
	}
	now := c.now
	if now == nil {
		now = time.Now
	}
	switch {
	case c.command != "":
		out.token = credential.Reuse(credential.Command(c.command, "-token-command", e.environ, now), now)
	case c.url != "":
		var secret string
		if out.token, secret, err = c.clientCredentials(e, client); err != nil {
			return credentials{}, err
		}
		out.token, out.secrets = credential.Reuse(out.token, now), []string{secret}
	default:
		if out.token, err = e.static("token-file", c.file, tokenVariable); err != nil {
			return credentials{}, err
		}
	}
	if c.unprivilegedCommand != "" {
		out.unprivileged = credential.Reuse(credential.Command(c.unprivilegedCommand, "-unprivileged-token-command",
			e.environ, now), now)
	} else if out.unprivileged, err = e.static("unprivileged-token-file", c.unprivilegedFile,
		unprivilegedVariable); err != nil {
		return credentials{}, err
	}
	if out.securityAdmin, err = e.static("security-admin-token-file", c.securityAdminFile,
		securityAdminVariable); err != nil {
		return credentials{}, err
	}
	if out.globalAdmin, err = e.static("global-admin-token-file", c.globalAdminFile, globalAdminVariable); err != nil {
		return credentials{}, err
	}
	if out.invalid, err = e.secret("invalid-token-file", c.invalidFile, invalidVariable); err != nil {
		return credentials{}, err
	}
	return out, nil
}

// fill obtains the tokens and sets them in a target. A token that expires during the run is
// obtained again.
func (c credentials) fill(ctx context.Context, t *conformance.Target) error {
	if c.token != nil {
		token, err := c.token(ctx)
		if err != nil {
			return &exit{exitUnjudged, err.Error()}
		}
		t.Token = token.Value
		t.TokenSource = func(ctx context.Context) (string, error) {
			token, err := c.token(ctx)
			return token.Value, err
		}
	}
	for _, further := range []struct {
		source credential.Source
		to     *string
	}{{c.unprivileged, &t.UnprivilegedToken}, {c.securityAdmin, &t.SecurityAdminToken},
		{c.globalAdmin, &t.GlobalAdminToken}} {
		if further.source == nil {
			continue
		}
		token, err := further.source(ctx)
		if err != nil {
			return &exit{exitUnjudged, err.Error()}
		}
		*further.to = token.Value
	}
	return nil
}

// static returns a source of the token in a file or a variable, or nil.
func (e *env) static(flag, file, variable string) (credential.Source, error) {
	token, err := e.secret(flag, file, variable)
	if err != nil || token == "" {
		return nil, err
	}
	if file != "" {
		variable = "-" + flag
	}
	return credential.Static(token, variable), nil
}

func (c *credentialFlags) clientCredentials(e *env, client *http.Client) (credential.Source, string, error) {
	if c.clientID == "" {
		return nil, "", errors.New("-token-url without -client-id; add the id of the application")
	}
	_, secret, err := e.hidden("client-secret-file", c.secretFile, clientSecretVariable, "secret")
	if err != nil {
		return nil, "", err
	}
	if secret == "" {
		return nil, "", fmt.Errorf("-token-url without the application's secret; set %s or pass -client-secret-file",
			clientSecretVariable)
	}
	ask, err := credential.ClientCredentials(credential.Config{
		TokenURL: c.url, ID: c.clientID, Secret: secret, Scopes: c.scopes, Resource: c.resource, Audience: c.audience,
		Client: client,
	})
	if err != nil {
		return nil, "", fmt.Errorf("-token-url: %w", err)
	}
	return func(ctx context.Context) (credential.Token, error) {
		token, err := ask(ctx)
		if err != nil {
			return credential.Token{}, fmt.Errorf("-token-url %w", err)
		}
		token.From = "-token-url " + token.From
		return token, nil
	}, secret, nil
}

// A named is a flag and its value.
type named struct{ flag, value string }

// validate checks what package flag cannot: that no credential has two sources and no flag is
// without effect.
func (c *credentialFlags) validate() error {
	if err := oneInput(c.allInputs()...); err != nil {
		return err
	}
	if err := oneWay("token", named{"token-file", c.file}, named{"token-command", c.command},
		named{"token-url", c.url}); err != nil {
		return err
	}
	if err := oneWay("unprivileged token", named{"unprivileged-token-file", c.unprivilegedFile},
		named{"unprivileged-token-command", c.unprivilegedCommand}); err != nil {
		return err
	}
	for _, f := range []named{{"client-id", c.clientID}, {"client-secret-file", c.secretFile},
		{"scope", c.scopes.String()}, {"resource", c.resource}, {"audience", c.audience}} {
		if f.value != "" && c.url == "" {
			return fmt.Errorf("-%s without -token-url has no effect; add -token-url, or drop it", f.flag)
		}
	}
	return nil
}

// oneWay returns an error for two sources of one credential.
func oneWay(what string, ways ...named) error {
	first := ""
	for _, way := range ways {
		if way.value != "" && first != "" {
			return fmt.Errorf("-%s and -%s (or their variables) both name a source of the %s; drop one", first,
				way.flag, what)
		}
		if way.value != "" {
			first = way.flag
		}
	}
	return nil
}

// allInputs are the files of all credentials, by their flags.
func (c *credentialFlags) allInputs() []named {
	return append(c.inputs(), named{"invalid-token-file", c.invalidFile}, named{"client-secret-file", c.secretFile})
}

// oneInput returns an error if two files are both standard input.
func oneInput(files ...named) error {
	first := ""
	for _, file := range files {
		if file.value != "-" {
			continue
		}
		if first != "" {
			return fmt.Errorf("-%s and -%s both read standard input; name a file for one of them", first, file.flag)
		}
		first = file.flag
	}
	return nil
}
