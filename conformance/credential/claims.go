package credential

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode"
)

// The limits for parsing a token.
const (
	tokenLimit = 64 << 10 // bytes; a longer token counts as opaque
	claimLimit = 200      // characters of a claim
	claimCount = 50       // entries of a list
)

// An Actor is the kind of subject of a token.
type Actor string

// The actors. "" is an unknown actor.
const (
	App  Actor = "app"  // an application without a user
	User Actor = "user" // a user who signed in
)

// Claims are the claims of a token, which are not verified. Fields are empty if the token
// lacks them.
type Claims struct {
	Algorithm      string
	Issuer         string
	Audience       []string
	Tenant         string
	Actor          Actor
	App            string   // the id of the application that asked for the token
	User           string   // the name with which the user signed in
	Roles          []string // of the application
	Scopes         []string // that the user granted to the application
	DirectoryRoles []string // template ids of the user's roles in the directory
	Issued         time.Time
	NotBefore      time.Time
	Expires        time.Time
}

// Describe parses a signed JSON Web Token (RFC 7519) without verifying it. It returns false
// for any other token, which is opaque. Neither the token nor its signature is part of the
// claims.
func Describe(token string) (Claims, bool) {
	parts := strings.Split(token[:min(len(token), tokenLimit+1)], ".")
	if len(token) > tokenLimit || len(parts) != 3 || decoded(parts[2]) == nil {
		return Claims{}, false
	}
	header, payload := members(parts[0]), members(parts[1])
	if header == nil || payload == nil || text(header["alg"]) == "" {
		return Claims{}, false
	}
	p := reader{payload, parts[2]}
	c := Claims{
		Algorithm:      reader{header, parts[2]}.one("alg"),
		Issuer:         p.one("iss"),
		Audience:       p.list("aud"),
		Tenant:         p.one("tid"),
		App:            p.one("appid", "azp", "client_id"),
		User:           p.one("upn", "preferred_username", "unique_name"),
		Roles:          p.list("roles"),
		Scopes:         p.words("scp", "scope"),
		DirectoryRoles: p.list("wids"),
		Issued:         p.moment("iat"),
		NotBefore:      p.moment("nbf"),
		Expires:        p.moment("exp"),
	}
	switch kind := p.one("idtyp"); {
	case kind == string(App) || kind == string(User):
		c.Actor = Actor(kind)
	case c.User != "" || len(c.Scopes) > 0:
		c.Actor = User
	case c.App != "":
		c.Actor = App
	}
	return c, true
}

// members parses one part of a token, or returns nil.
func members(part string) (all map[string]json.RawMessage) {
	if json.Unmarshal(decoded(part), &all) != nil {
		return nil
	}
	return all
}

// decoded returns the bytes of one part of a token, or nil.
func decoded(part string) []byte {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return nil
	}
	return data
}

// A reader reads claims, and removes the signature from them.
type reader struct {
	members   map[string]json.RawMessage
	signature string
}

// one returns the first of the claims that is a string.
func (r reader) one(names ...string) string {
	for _, name := range names {
		if value := r.clean(text(r.members[name])); value != "" {
			return value
		}
	}
	return ""
}

// list returns a claim that is a string or an array of strings.
func (r reader) list(name string) (out []string) {
	var all []json.RawMessage
	if json.Unmarshal(r.members[name], &all) != nil {
		all = []json.RawMessage{r.members[name]}
	}
	for _, item := range all {
		if value := r.clean(text(item)); value != "" && len(out) < claimCount {
			out = append(out, value)
		}
	}
	return out
}

// words returns the first of the claims that is present, split at blanks.
func (r reader) words(names ...string) (out []string) {
	for _, name := range names {
		for _, item := range r.list(name) {
			out = append(out, strings.Fields(item)...)
		}
		if len(out) > 0 {
			return out[:min(len(out), claimCount)]
		}
	}
	return nil
}

// moment returns a claim that is a number of seconds since 1970.
func (r reader) moment(name string) time.Time {
	var seconds float64
	if json.Unmarshal(r.members[name], &seconds) != nil {
		return time.Time{}
	}
	return instant(seconds)
}

// instant returns the time of a number of seconds since 1970, or the zero time if it is out of
// range.
func instant(seconds float64) time.Time {
	if !(seconds >= 1 && seconds < 253402300800) { // the year 10000
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

func (r reader) clean(value string) string {
	value = cleaned(value, len(value))
	if len(r.signature) >= shortSecret {
		value = strings.ReplaceAll(value, r.signature, stars)
	}
	return cleaned(value, claimLimit)
}

func text(raw json.RawMessage) (value string) {
	if json.Unmarshal(raw, &value) != nil {
		return ""
	}
	return value
}

// cleaned returns text without control sequences, cut to limit characters. Line breaks become
// blanks.
func cleaned(text string, limit int) string {
	var out []rune
	for _, r := range strings.Join(strings.Fields(text), " ") {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			continue
		}
		if len(out) == limit {
			return string(out) + "…"
		}
		out = append(out, r)
	}
	return string(out)
}
