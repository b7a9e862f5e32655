package redact

import (
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// IsSecretName reports whether the value of a field is a secret by its name.
func IsSecretName(name string) bool {
	switch name {
	case "Host", "Content-Type", "Content-Length", "Date", "Accept", "Accept-Encoding", "User-Agent", "Connection",
		"Server", "Cache-Control":
		return false // of most messages
	}
	if strings.EqualFold(name, "Access-Control-Allow-Credentials") {
		return false // a flag (Fetch, 3.3.3)
	}
	if s := secretNameOf(name); s != nil && !s.inURL {
		return true
	}
	return isOfCredentials(name)
}

// clientPrincipal is part of the names of fields in which a gateway says who the user is.
const clientPrincipal = "client-principal"

// longSecret is the length from which the value of a field is distinct enough to be searched for.
const longSecret = 12

// Credentials returns the credentials in a field, each with the variable that stands for it, that
// are to be struck out wherever else they stand: those that are long enough to be no word. A
// variable is [TokenVariable] where the value is to be added as a token. The name of a user is
// struck out in the field alone, since answers may name users.
func Credentials(f record.Field) (out []record.Field) {
	add := func(name, value string) {
		if value = strings.TrimSpace(value); len(value) >= longSecret && !StandsFor(value) {
			out = append(out, record.Field{Name: name, Value: value})
		}
	}
	switch name := strings.ToLower(f.Name); {
	case name == "authorization" || name == "proxy-authorization":
		scheme, token, more := strings.Cut(strings.TrimSpace(f.Value), " ")
		if !more {
			token = scheme
		}
		add(TokenVariable, token)
	case name == "cookie" || name == "set-cookie":
		for pair := range strings.SplitSeq(f.Value, ";") {
			if _, value, named := strings.Cut(pair, "="); named {
				add("COOKIE", value)
			}
			if name == "set-cookie" {
				break
			}
		}
	case strings.Contains(name, clientPrincipal) || strings.Contains(name, "expires"):
	case isOfCredentials(name):
		add(HeaderVariable(f.Name), f.Value)
	}
	return out
}

// StandsFor reports whether a value stands for a secret that was struck out already.
func StandsFor(value string) bool {
	if strings.HasPrefix(value, "$") || strings.Trim(value, "*xX.<>[]") == "" {
		return true
	}
	small := strings.ToLower(value)
	return slices.ContainsFunc([]string{"redacted", "hidden", "removed", "masked", "sanitized"},
		func(word string) bool { return strings.Contains(small, word) })
}

// Field returns the value of a field without secrets: where its name says that it holds
// credentials, without all of them. Of those the scheme and the number of words stay, by which a
// request is judged, and what stands for a secret already.
func (s *Secrets) Field(f record.Field) string {
	if !IsSecretName(f.Name) {
		return s.Short(f.Value)
	}
	switch http.CanonicalHeaderKey(f.Name) {
	case "Authorization", "Proxy-Authorization":
		value := strings.TrimLeft(f.Value, " \t")
		words := strings.Split(value, " ")
		from := 1
		if len(words) == 1 && !strings.EqualFold(words[0], "Bearer") {
			from = 0
		}
		for i := from; i < len(words); i++ {
			words[i] = struck(words[i])
		}
		if out := f.Value[:len(f.Value)-len(value)] + strings.Join(words, " "); out != f.Value {
			return out
		}
		return f.Value
	case "Set-Cookie":
		pair, attributes, more := strings.Cut(f.Value, ";")
		if pair = withoutValue(pair); more {
			pair += ";" + attributes
		}
		return s.Text(pair)
	case "Cookie":
		pairs := strings.Split(f.Value, ";")
		for i, pair := range pairs {
			pairs[i] = withoutValue(pair)
		}
		return s.Text(strings.Join(pairs, ";"))
	}
	return struck(f.Value)
}

// withoutValue returns a cookie without its value. What has no name is a value.
func withoutValue(pair string) string {
	if name, value, named := strings.Cut(pair, "="); named {
		return name + "=" + struck(value)
	}
	return struck(pair)
}

// struck returns asterisks in the place of a value, but for one that stands for a secret.
func struck(value string) string {
	if StandsFor(value) {
		return value
	}
	return stars(value)
}
