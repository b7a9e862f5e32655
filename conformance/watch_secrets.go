package conformance

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"fmaspec/conformance/internal/redact"
	"fmaspec/conformance/record"
)

// passing strikes the secrets out of exchanges as they pass.
type passing struct {
	mu      sync.Mutex
	secrets *redact.Secrets
	known   map[string]bool
}

// mostSecrets is how many values are struck out of all exchanges that follow; then the eldest
// are forgotten.
const mostSecrets = 64

// longSecret is the length from which a value is searched for in everything else.
const longSecret = 12

// strike returns an exchange without the secrets that it shows: the credentials of its header
// and URL, wherever else they stand, and what looks like one.
func (p *passing) strike(x record.Exchange) record.Exchange {
	s := p.with(secretsOf(x))
	header := make([]record.Field, len(x.Request.Header))
	for i, f := range x.Request.Header {
		header[i] = record.Field{Name: s.Text(f.Name), Value: struckField(s, f)}
	}
	x.Request.Header = header
	x.Request.URL = s.Text(withoutUser(x.Request.URL))
	x.Request.Method = s.Text(x.Request.Method)
	x.Request.Body, _ = s.Bytes(x.Request.Body, false)
	if x.Response != nil {
		r := *x.Response
		leaked, in := s.Response(&r, r.Truncated || r.Shortened)
		for name, values := range r.Header {
			if secretName(name) {
				own := slices.Clone(values)
				for i := range own {
					own[i] = struckField(s, record.Field{Name: name, Value: own[i]})
				}
				r.Header[name] = own
			}
		}
		x.Leaked = x.Leaked || leaked
		for _, place := range in {
			if !slices.Contains(x.TokenIn, place) {
				x.TokenIn = append(slices.Clip(x.TokenIn), place)
			}
		}
		x.Response = &r
	}
	x.Error = s.Text(x.Error)
	return x
}

// with returns the secrets with further ones.
func (p *passing) with(more []record.Field) *redact.Secrets {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.secrets == nil || len(p.known)+len(more) > mostSecrets {
		p.secrets, p.known = &redact.Secrets{}, map[string]bool{}
	}
	for _, f := range more {
		if !p.known[f.Value] {
			p.known[f.Value] = true
			if f.Name == redact.TokenVariable {
				p.secrets.AddToken(f.Name, f.Value)
			} else {
				p.secrets.Add(f.Name, f.Value)
			}
		}
	}
	return p.secrets
}

// secretsOf returns the credentials that an exchange shows and that are long enough to be
// told from words.
func secretsOf(x record.Exchange) (out []record.Field) {
	add := func(name, value string) {
		if value = strings.TrimSpace(value); len(value) >= longSecret && !standsFor(value) {
			out = append(out, record.Field{Name: name, Value: value})
		}
	}
	of := func(f record.Field) {
		switch name := strings.ToLower(f.Name); {
		case name == "authorization" || name == "proxy-authorization":
			scheme, token, more := strings.Cut(strings.TrimSpace(f.Value), " ")
			if !more {
				token = scheme
			}
			add(redact.TokenVariable, token)
		case name == "cookie" || name == "set-cookie":
			for pair := range strings.SplitSeq(f.Value, ";") {
				if _, value, named := strings.Cut(pair, "="); named {
					add("COOKIE", value)
				}
				if name == "set-cookie" {
					break
				}
			}
		case secretName(name):
			add(redact.HeaderVariable(f.Name), f.Value)
		}
	}
	for _, f := range x.Request.Header {
		of(f)
	}
	if x.Response != nil {
		for name, values := range x.Response.Header {
			for _, v := range values {
				of(record.Field{Name: name, Value: v})
			}
		}
	}
	if u, err := url.Parse(x.Request.URL); err == nil {
		if u.User != nil {
			password, _ := u.User.Password()
			add("PASSWORD", password)
		}
		for name, values := range u.Query() {
			if secretName(name) {
				for _, v := range values {
					add(redact.HeaderVariable(name), v)
				}
			}
		}
	}
	return out
}

// secretName reports whether a field or parameter of a name holds credentials.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"authorization", "cookie", "token", "secret", "api-key", "apikey", "api_key",
		"subscription-key", "functions-key", "access-key", "account-key", "auth-key", "password", "passwd",
		"credential",
		"signature", "session", "assertion", "csrf", "xsrf", "dpop", "authentication-info"} {
		if strings.Contains(name, part) && name != "www-authenticate" {
			return true
		}
	}
	return name == "x-auth"
}

// standsFor reports whether a value stands for a secret that was struck out already.
func standsFor(value string) bool {
	return strings.HasPrefix(value, "$") || strings.Trim(value, "*xX.<>[]") == "" ||
		slices.ContainsFunc([]string{"redacted", "hidden", "removed", "masked", "sanitized"},
			func(word string) bool { return strings.Contains(strings.ToLower(value), word) })
}

// blanked reports whether a recorder wrote something in the place of credentials that does not
// show their form: a mark without a scheme, or in a HAR the scheme alone.
func blanked(x record.Exchange) bool {
	values := record.HeaderValues(x.Request.Header, "Authorization")
	return len(values) > 0 && !slices.ContainsFunc(values, func(value string) bool {
		value = strings.TrimSpace(value)
		if slices.Contains(x.Lacks, record.WireForm) && strings.EqualFold(value, "Bearer") {
			return false
		}
		return value == "" || strings.HasPrefix(value, "$") || !standsFor(strings.Trim(value, "()•-_ "))
	})
}

// struckField returns the value of a field without its secrets. Of credentials the scheme and
// the number of words stay, by which a request is judged.
func struckField(s *redact.Secrets, f record.Field) string {
	if !secretName(f.Name) {
		return s.Text(f.Value)
	}
	stars := func(word string) string {
		if standsFor(word) {
			return word
		}
		return strings.Repeat("*", len(word))
	}
	switch strings.ToLower(f.Name) {
	case "authorization", "proxy-authorization":
		value := strings.TrimLeft(f.Value, " \t")
		words := strings.Split(value, " ")
		from := 1
		if len(words) == 1 && !strings.EqualFold(words[0], "Bearer") {
			from = 0
		}
		for i := from; i < len(words); i++ {
			words[i] = stars(words[i])
		}
		return f.Value[:len(f.Value)-len(value)] + strings.Join(words, " ")
	case "set-cookie":
		pair, attributes, more := strings.Cut(f.Value, ";")
		name, value, named := strings.Cut(pair, "=")
		if !named {
			name, value = "", pair
		} else {
			name += "="
		}
		if out := name + stars(value); more {
			return out + ";" + attributes
		} else {
			return out
		}
	case "cookie":
		pairs := strings.Split(f.Value, ";")
		for i, pair := range pairs {
			if name, value, named := strings.Cut(pair, "="); named {
				pairs[i] = name + "=" + stars(value)
			} else {
				pairs[i] = stars(pair)
			}
		}
		return strings.Join(pairs, ";")
	}
	return stars(f.Value)
}

// withoutUser returns a URL without the password that it holds.
func withoutUser(text string) string {
	scheme, rest, is := strings.Cut(text, "://")
	if !is {
		return text
	}
	authority, _, _ := strings.Cut(rest, "/")
	user, _, is := cutLast(authority, "@")
	if !is {
		return text
	}
	name, _, _ := strings.Cut(user, ":")
	return scheme + "://" + name + ":***" + rest[len(user):]
}

// cutLast cuts a text at the last occurrence of a separator.
func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}
