package redact

import (
	"regexp"
	"strings"
)

var (
	// A token in the form of RFC 7519, signed or encrypted, of any user.
	jwt = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.(?:[A-Za-z0-9_-]{8,}|\.[A-Za-z0-9_-]{8,})(?:\.[A-Za-z0-9_-]*){0,3}`)
	// Credentials as they stand in a field Authorization (RFC 6750 2.1, RFC 7617).
	schemeAndToken = regexp.MustCompile(`(?i)(\b(?:bearer|basic)(?: |%20|\+))` +
		`((?:[a-z0-9._~+/-]|\\/|\\u002b)+(?:=|%3d|\\u003d)*)`)
	// The password of a user in a URL.
	password = regexp.MustCompile(`(:(?://|\\/\\/)[^\s/:@"'<>\\]*:)([^\s/?#"'<>\\]+)@`)
	// A word of prose, or the name of a parameter of a challenge (RFC 9110 11.6.1).
	word = regexp.MustCompile(`^[A-Z]?[a-z]*[a-z_-]*[.=]*$`)
)

// shortToken is the length up to which what follows a scheme is no token.
const shortToken = 7

// lookalikes strikes out tokens and secret parameters that are not the user's: another user's, or
// the server's own. A value is struck out in the same way whether it is escaped as JSON or not,
// so that texts that were equal stay so.
func lookalikes(text string) string {
	if strings.Contains(text, "eyJ") {
		text = jwt.ReplaceAllStringFunc(text, stars)
	}
	text = named(text)
	if strings.Contains(text, "@") && (hasUser(text, "://") || hasUser(text, `:\/\/`)) {
		text = behind(password, text, nil)
	}
	if strings.Contains(text, "earer") || strings.Contains(text, "EARER") || strings.Contains(text, "asic ") {
		text = behind(schemeAndToken, text, func(token string) bool {
			return len(token) <= shortToken || word.MatchString(token)
		})
	}
	return text
}

// hasUser reports whether a text may hold a URL with a user, after these slashes.
func hasUser(text, slashes string) bool {
	for {
		var found bool
		if _, text, found = strings.Cut(text, slashes); !found {
			return false
		}
		authority := text
		if end := strings.IndexAny(text, "/\"'<>\\ \t\r\n\f"); end >= 0 {
			authority = text[:end]
		}
		if strings.Contains(authority, "@") {
			return true
		}
	}
}

// behind strikes out the second group of an expression, but for what is kept.
func behind(of *regexp.Regexp, text string, kept func(string) bool) string {
	at := of.FindAllStringSubmatchIndex(text, -1)
	if at == nil {
		return text
	}
	var b strings.Builder
	done := 0
	for _, m := range at {
		value := text[m[4]:m[5]]
		if kept != nil && kept(value) {
			continue
		}
		b.WriteString(text[done:m[4]])
		b.WriteString(starsInJSON(value))
		done = m[5]
	}
	return b.String() + text[done:]
}

// starsInJSON returns as many bytes as a value has, that are a text of JSON where the value is,
// and the same text whether the value is escaped or not: characters that have a short escape stay.
func starsInJSON(value string) string {
	out := []byte(value)
	for i := 0; i < len(out); i++ {
		switch {
		case out[i] == '\\' && i+5 < len(out) && out[i+1] == 'u':
			if code := strings.ToLower(string(out[i+2 : i+6])); code != "002f" && code != "005c" && code != "0022" {
				copy(out[i+2:], "002a")
			}
			i += 5
		case out[i] == '\\':
			i++
		case out[i] != '/':
			out[i] = '*'
		}
	}
	return string(out)
}
