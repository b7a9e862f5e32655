package conformance

import (
	"bytes"
	"cmp"
	"net/http"
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

// strike returns an exchange without the secrets that it shows: the credentials of its header
// and URL, wherever else they stand, and what looks like one.
func (p *passing) strike(x record.Exchange) record.Exchange {
	sent, all := secretsOf(x)
	s := p.with(all)
	header := make([]record.Field, len(x.Request.Header))
	for i, f := range x.Request.Header {
		header[i] = record.Field{Name: s.Short(f.Name), Value: s.Field(f)}
	}
	x.Request.Header = header
	x.Request.URL = s.Text(x.Request.URL)
	x.Request.Method = s.Text(x.Request.Method)
	x.Request.Body, _ = s.Bytes(x.Request.Body, false)
	if x.Response != nil {
		r := *x.Response
		// A field such as Set-Cookie may give the client what it sent; a body has no reason to.
		x.Leaked = x.Leaked || slices.ContainsFunc(sent, func(f record.Field) bool {
			return bytes.Contains(r.Body, []byte(f.Value))
		})
		_, in := s.Response(&r, x.Request, r.Truncated || r.Shortened)
		for name, values := range r.Header {
			if http.CanonicalHeaderKey(name) != "Set-Cookie" && redact.IsSecretName(name) {
				for i, value := range values {
					values[i] = s.Field(record.Field{Name: name, Value: value})
				}
			}
		}
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

// secretsOf returns the credentials that an exchange shows: those of its request, and all.
func secretsOf(x record.Exchange) (sent, all []record.Field) {
	for _, f := range x.Request.Header {
		sent = append(sent, redact.Credentials(f)...)
	}
	if _, plain := plainPath(x.Request.URL); plain {
		// it holds no credentials
	} else if u, err := url.Parse(x.Request.URL); err == nil {
		if u.User != nil {
			password, _ := u.User.Password()
			sent = append(sent, redact.Credentials(record.Field{Name: "password", Value: password})...)
		}
		for name, values := range u.Query() {
			for _, v := range values {
				sent = append(sent, redact.Credentials(record.Field{Name: name, Value: v})...)
			}
		}
	}
	all = sent
	if x.Response != nil {
		for name, values := range x.Response.Header {
			for _, v := range values {
				all = append(all, redact.Credentials(record.Field{Name: name, Value: v})...)
			}
		}
	}
	return sent, all
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
		return value == "" || strings.HasPrefix(value, "$") || !redact.StandsFor(strings.Trim(value, "()•-_ "))
	})
}

// unknownClient reports whether a record leaves out, or strikes out, the credentials of a request, by
// which its client is distinguished.
func unknownClient(x record.Exchange) bool {
	if len(lackingOf(x.Lacks, []record.Part{record.Credentials})) > 0 {
		return true
	}
	return slices.ContainsFunc(record.HeaderValues(x.Request.Header, "Authorization"), func(value string) bool {
		scheme, token, _ := strings.Cut(strings.TrimSpace(value), " ")
		return redact.StandsFor(strings.Trim(cmp.Or(strings.TrimSpace(token), scheme), "()•-_ "))
	})
}
