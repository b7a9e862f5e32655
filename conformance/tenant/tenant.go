// Package tenant plays a whole tenant for a rehearsal: a token endpoint of the Microsoft
// identity platform in its two forms, and in front of the reference server what accepts
// the tokens that it issued, and no other.
package tenant

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Config configures a tenant. Every field but Now has to be set.
type Config struct {
	Name     string        // the tenant in the path of the token endpoint, such as "contoso.example"
	Issuer   string        // the issuer of its tokens
	Audience string        // the resource whose tokens the API accepts
	Others   []string      // further resources for which tokens are issued, and which the API refuses
	Clients  []Client      // the applications
	Life     time.Duration // how long a token of the token endpoint is valid
	Tokens   Internal      // what the server behind accepts
	Now      func() time.Time
}

// A Client is an application with a secret.
type Client struct {
	ID, Secret string
	Acts       bool // holds the role that lets it act
}

// Internal holds the tokens that the server behind the tenant accepts. A request with a
// token that the tenant issued reaches it with one of these.
type Internal struct{ Acting, Reading, SecurityAdmin, GlobalAdmin string }

// A Tenant issues tokens and accepts them. It is safe for concurrent use.
type Tenant struct {
	config Config
	key    *rsa.PrivateKey
}

// keyBits is the length of the key that signs tokens.
const keyBits = 2048

// New returns a tenant with a new key, so that no tenant accepts the tokens of another.
func New(c Config) (*Tenant, error) {
	switch {
	case c.Name == "" || strings.Contains(c.Name, "/"):
		return nil, fmt.Errorf("tenant %q: not a segment of a path; give a name such as contoso.example", c.Name)
	case c.Audience == "":
		return nil, errors.New("tenant: no audience; give the resource whose tokens are accepted")
	case c.Life < time.Second:
		return nil, fmt.Errorf("tenant: tokens that live for %v; give a second or more", c.Life)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("tenant: no key to sign tokens with: %w; try again", err)
	}
	return &Tenant{c, key}, nil
}

// The claims that a tenant issues and asks for: the roles of an application, and the template
// ids of the directory roles of a user.
const (
	actRole, readRole = "SecurityActions.ReadWrite.All", "SecurityActions.Read.All"

	securityAdministrator = "194ae4cb-b126-40b2-bd5b-6091b380977d"
	globalAdministrator   = "62e90394-69f5-4237-9190-012177145e10"
	securityReader        = "5d6b6bb7-de71-4623-b4af-96380a352509"
)

// A User is somebody who signed in, with one directory role.
type User struct{ name, role string }

// The users of a tenant.
func SecurityAdministrator() User { return User{"security.administrator", securityAdministrator} }
func GlobalAdministrator() User   { return User{"global.administrator", globalAdministrator} }
func SecurityReader() User        { return User{"security.reader", securityReader} }

// UserToken returns the token of a user who signed in at a time, which is valid for so long.
func (t *Tenant) UserToken(u User, since time.Time, life time.Duration) (string, error) {
	return t.sign(claims{Audience: t.config.Audience, Kind: "user", User: u.name + "@" + t.config.Name,
		Scopes: "User.Read", DirectoryRoles: []string{u.role}}, since, life)
}

// API returns a handler that has h answer what the API is asked. A token that the tenant
// issued and that is still valid is replaced by one of the server's own; every other field
// and token reaches h as it was sent.
func (t *Tenant) API(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.Header.Values("Authorization")
		if !slices.ContainsFunc(values, func(v string) bool { return t.exchanged(v) != v }) {
			h.ServeHTTP(w, r)
			return
		}
		behind := r.Clone(r.Context())
		for i, v := range values {
			behind.Header["Authorization"][i] = t.exchanged(v)
		}
		h.ServeHTTP(w, behind)
	})
}

// exchanged returns the value of an Authorization field with the token of the server behind in
// place of the tenant's own.
func (t *Tenant) exchanged(value string) string {
	at := strings.LastIndexByte(value, ' ') + 1
	own, ok := t.internal(value[at:])
	if !ok {
		return value
	}
	return value[:at] + own
}

// internal returns the token of the server behind for one that the tenant issued.
func (t *Tenant) internal(token string) (string, bool) {
	c, ok := t.verified(token)
	now := t.config.Now().Unix()
	if !ok || c.Audience != t.config.Audience || now < c.NotBefore || now >= c.Expires {
		return "", false
	}
	for _, row := range []struct {
		is    bool
		token string
	}{
		{slices.Contains(c.Roles, actRole), t.config.Tokens.Acting},
		{slices.Contains(c.DirectoryRoles, securityAdministrator), t.config.Tokens.SecurityAdmin},
		{slices.Contains(c.DirectoryRoles, globalAdministrator), t.config.Tokens.GlobalAdmin},
	} {
		if row.is {
			return row.token, true
		}
	}
	return t.config.Tokens.Reading, true
}
