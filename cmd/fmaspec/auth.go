package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/credential"
)

// authFlags are the settings of fmaspec auth.
type authFlags struct {
	credentials credentialFlags
	connection  connectionFlags
	json        bool
	now         func() time.Time
}

func authCommand() command {
	return command{
		name: "auth", operands: "check",
		short: "obtain the credentials of a run and describe them",
		about: "Obtains each credential that flags and variables name, and reports its source, its claims and any " +
			"problem with it. Nothing is sent to a target, and no part of a credential is shown. The claims of a " +
			"token are not verified: only its issuer and the target can verify them.\n" +
			"For client credentials of the Microsoft identity platform, -token-url is " +
			"https://login.microsoftonline.com/TENANT/oauth2/v2.0/token with -scope " +
			"https://graph.microsoft.com/.default, or https://login.microsoftonline.com/TENANT/oauth2/token with " +
			"-resource https://graph.microsoft.com. The secret is read from " + clientSecretVariable + " or a file.\n" +
			"A flag overrides the variables of the other sources of the same token, and any of these overrides " +
			tokenVariable + ".\n" +
			"With -json: an object with usable, whether all can be used, and credentials, an array of objects with " +
			"name, usable, from, error, kind (JWT or opaque), length, algorithm, issuer, audience, tenant, actor " +
			"(app or user), app, user, roles, scopes, directoryRoles, issued, notBefore, expires, expired, warnings " +
			"and notes. Unknown values are left out.\n" +
			"The exit code is 3 if a credential cannot be obtained or has expired.",
		examples: []string{
			"fmaspec auth check",
			"fmaspec auth check -token-command 'az account get-access-token'",
			"fmaspec auth check -token-url URL -client-id ID -scope SCOPE -json",
		},
		flags: func(set *flag.FlagSet) work {
			f := &authFlags{now: time.Now}
			f.credentials.sourceFlags(set)
			f.connection.reach(set)
			set.BoolVar(&f.json, "json", false, "a JSON object")
			return func(ctx context.Context, e *env, operands []string) error {
				settingsOf(set).announce(e)
				return f.auth(ctx, e, operands)
			}
		},
	}
}

// A credentialView is what is reported about one credential.
type credentialView struct {
	Name           string           `json:"name"`
	Usable         bool             `json:"usable"`
	From           string           `json:"from,omitempty"`
	Error          string           `json:"error,omitempty"`
	Kind           string           `json:"kind,omitempty"`
	Length         int              `json:"length,omitempty"`
	Algorithm      string           `json:"algorithm,omitempty"`
	Issuer         string           `json:"issuer,omitempty"`
	Audience       []string         `json:"audience,omitempty"`
	Tenant         string           `json:"tenant,omitempty"`
	Actor          credential.Actor `json:"actor,omitempty"`
	App            string           `json:"app,omitempty"`
	User           string           `json:"user,omitempty"`
	Roles          []string         `json:"roles,omitempty"`
	Scopes         []string         `json:"scopes,omitempty"`
	DirectoryRoles []string         `json:"directoryRoles,omitempty"`
	Issued         time.Time        `json:"issued,omitzero"`
	NotBefore      time.Time        `json:"notBefore,omitzero"`
	Expires        time.Time        `json:"expires,omitzero"`
	Expired        bool             `json:"expired,omitempty"`
	Warnings       []string         `json:"warnings,omitempty"`
	Notes          []string         `json:"notes,omitempty"`

	value string // never shown
}

func (f *authFlags) auth(ctx context.Context, e *env, operands []string) error {
	if !slices.Equal(operands, []string{"check"}) {
		return errors.New("want one subcommand; run fmaspec auth check")
	}
	transport, err := f.connection.transport(e)
	if err != nil {
		return err
	}
	f.credentials.now = f.now
	found, err := f.credentials.sources(e, f.connection.client(transport))
	if err != nil {
		return err
	}
	views := f.inspect(ctx, found)
	if len(views) == 0 {
		return fmt.Errorf("no credential was named; set %s, or pass -token-file, -token-command or -token-url",
			tokenVariable)
	}
	if err := f.print(e.stdout, views); err != nil {
		return &exit{exitUnjudged, fmt.Sprintf("stdout: %v; see that it can be written to", err)}
	}
	var unusable []string
	for _, v := range views {
		if !v.Usable {
			unusable = append(unusable, v.Name)
		}
	}
	if len(unusable) > 0 {
		return &exit{exitUnjudged, fmt.Sprintf("not usable: %s; see above", strings.Join(unusable, ", "))}
	}
	return nil
}

// The names of the credentials.
const (
	privilegedName    = "token"
	unprivilegedName  = "unprivileged token"
	securityAdminName = "security admin token"
	globalAdminName   = "global admin token"
	invalidName       = "invalid token"
)

// inspect obtains every credential and reports the problems with it.
func (f *authFlags) inspect(ctx context.Context, found credentials) (views []credentialView) {
	var invalid credential.Source
	if found.invalid != "" {
		place := invalidVariable
		if f.credentials.invalidFile != "" {
			place = "-invalid-token-file"
		}
		invalid = credential.Static(found.invalid, place)
	}
	now := f.now()
	for _, c := range []struct {
		name   string
		source credential.Source
		judge  func(*credentialView, time.Time)
	}{
		{privilegedName, found.token, judgePrivileged},
		{unprivilegedName, found.unprivileged, judgeUnprivileged},
		{securityAdminName, found.securityAdmin, judgeRole(securityAdminRole)},
		{globalAdminName, found.globalAdmin, judgeRole(globalAdminRole)},
		{invalidName, invalid, judgeInvalid},
	} {
		if c.source == nil {
			continue
		}
		token, err := c.source(ctx)
		if err != nil {
			views = append(views, credentialView{Name: c.name, Error: err.Error()})
			continue
		}
		v := viewed(c.name, token)
		v.Expired = !v.Expires.IsZero() && !now.Before(v.Expires)
		c.judge(&v, now)
		for _, other := range views {
			if other.value == v.value {
				v.Warnings = append(v.Warnings, "it is the same as the "+other.Name+"; give a different one")
			}
		}
		views = append(views, v)
	}
	return views
}

func viewed(name string, token credential.Token) credentialView {
	v := credentialView{Name: name, Usable: true, From: token.From, Kind: "opaque", Length: len(token.Value),
		Expires: token.Ends().UTC(), value: token.Value}
	c, ok := credential.Describe(token.Value)
	if !ok {
		return v
	}
	v.Kind, v.Algorithm, v.Issuer, v.Audience, v.Tenant = "JWT", c.Algorithm, c.Issuer, c.Audience, c.Tenant
	v.Actor, v.App, v.User, v.Roles, v.Scopes, v.DirectoryRoles = c.Actor, c.App, c.User, c.Roles, c.Scopes,
		c.DirectoryRoles
	v.Issued, v.NotBefore = c.Issued, c.NotBefore
	return v
}

// The names that the documents give the two directory roles.
const securityAdminRole, globalAdminRole = "Security administrator", "Global admin"

// The directory roles that the documents name, by their template ids.
func actingRoles() map[string]string {
	return map[string]string{
		"194ae4cb-b126-40b2-bd5b-6091b380977d": securityAdminRole,
		"62e90394-69f5-4237-9190-012177145e10": globalAdminRole,
	}
}

// acting returns the directory roles of a token that let a user act.
func acting(v *credentialView) (names []string) {
	for _, id := range v.DirectoryRoles {
		if name := actingRoles()[strings.ToLower(id)]; name != "" {
			names = append(names, name)
		}
	}
	return names
}

// audiences returns parts of the audiences that servers of this contract are known to use.
func audiences() []string {
	return []string{
		"graph.microsoft.com", "00000003-0000-0000-c000-000000000000",
		"securitycenter", "fc780465-2017-40d4-a0c5-307022471b92",
	}
}

func knownAudience(audience string) bool {
	return slices.ContainsFunc(audiences(), func(part string) bool {
		return strings.Contains(strings.ToLower(audience),
			part)
	})
}

// judgeValid reports the problems with a token that is to be accepted.
func judgeValid(v *credentialView, now time.Time) {
	if v.Expired {
		v.Usable = false
		v.Warnings = append(v.Warnings, "it has expired; get another")
	}
	if v.Expires.IsZero() {
		v.Warnings = append(v.Warnings, "its expiry is unknown; it may expire during a long run")
	}
	if now.Before(v.NotBefore) {
		v.Warnings = append(v.Warnings, "it is not valid yet; wait, or set the clock of this machine")
	}
	if v.Actor == credential.App {
		v.Warnings = append(v.Warnings, "app-only token: the documents require directory roles of a user")
	}
	if len(v.Audience) > 0 && !slices.ContainsFunc(v.Audience, knownAudience) {
		v.Notes = append(v.Notes, "its audience is neither Microsoft Graph nor the security center; a server may "+
			"require another")
	}
}

func judgePrivileged(v *credentialView, now time.Time) {
	judgeValid(v, now)
	if len(v.DirectoryRoles) > 0 && len(acting(v)) == 0 {
		v.Warnings = append(v.Warnings, "none of its directory roles is Security administrator or Global admin, one "+
			"of which the documents require")
	}
}

func judgeUnprivileged(v *credentialView, now time.Time) {
	judgeValid(v, now)
	if roles := acting(v); len(roles) > 0 {
		v.Warnings = append(v.Warnings, "its user may act, as "+strings.Join(roles, " and ")+"; give the token of a "+
			"user who may not act")
	}
}

// judgeRole returns a function that reports the problems with the token of a user who must
// have one of the two roles and not the other.
func judgeRole(role string) func(*credentialView, time.Time) {
	return func(v *credentialView, now time.Time) {
		judgeValid(v, now)
		switch roles := acting(v); {
		case len(v.DirectoryRoles) == 0: // the token has no claim about roles
		case !slices.Contains(roles, role):
			v.Warnings = append(v.Warnings, "none of its directory roles is "+role+"; give the token of a user "+
				"who has it")
		case len(roles) > 1:
			v.Warnings = append(v.Warnings, "its user has both roles, so it cannot test "+role+
				" alone; give the token of a user who has only that role")
		}
	}
}

func judgeInvalid(v *credentialView, _ time.Time) {
	if v.Expired {
		v.Notes = append(v.Notes, "it has expired, which is allowed here")
		return
	}
	v.Notes = append(v.Notes, "it has not expired; make sure that no server accepts it")
}

func (f *authFlags) print(w io.Writer, views []credentialView) error {
	if f.json {
		return encode(w, struct {
			Usable      bool             `json:"usable"`
			Credentials []credentialView `json:"credentials"`
		}{!slices.ContainsFunc(views, func(v credentialView) bool { return !v.Usable }), views})
	}
	var p page
	for i, v := range views {
		if i > 0 {
			p.line("")
		}
		v.write(&p, f.now())
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// write adds a table of the known values.
func (v credentialView) write(p *page, now time.Time) {
	p.line("%s", v.Name)
	p.field("from", v.From)
	p.field("error", v.Error)
	switch v.Kind {
	case "JWT":
		p.field("kind", fmt.Sprintf("JWT, %s, %d characters", v.Algorithm, v.Length))
	case "opaque":
		p.field("kind", fmt.Sprintf("opaque, %d characters", v.Length))
	}
	p.field("issuer", v.Issuer)
	p.fields("audience", v.Audience)
	p.field("tenant", v.Tenant)
	p.field("actor", string(v.Actor))
	p.field("app", v.App)
	p.field("user", v.User)
	p.fields("roles", v.Roles)
	p.field("scopes", strings.Join(v.Scopes, " "))
	p.fields("directory", v.directory())
	p.field("issued", moment(v.Issued, now))
	p.field("valid from", moment(v.NotBefore, now))
	p.field("expires", moment(v.Expires, now))
	p.fields("warning", v.Warnings)
	p.fields("note", v.Notes)
}

// directory returns the directory roles, with the names of those that let a user act.
func (v credentialView) directory() (out []string) {
	for _, id := range v.DirectoryRoles {
		if name := actingRoles()[strings.ToLower(id)]; name != "" {
			id += " (" + name + ")"
		}
		out = append(out, id)
	}
	return out
}

// moment returns a time and its distance from now, or "" for the zero time.
func moment(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	text := t.UTC().Format("2006-01-02 15:04:05 UTC")
	away := t.Sub(now)
	if away > 0 {
		return text + ", in " + rough(away)
	}
	return text + ", " + rough(-away) + " ago"
}

// rough returns a duration in its two largest units.
func rough(d time.Duration) string {
	hours := int(d / time.Hour)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	case hours < 48:
		return fmt.Sprintf("%d h %d min", hours, int(d/time.Minute)%60)
	}
	return fmt.Sprintf("%d days", hours/24)
}
