package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance"
)

// secretKeys returns keys that users may expect in a settings file and whose values are secrets,
// each with what to do.
func secretKeys() map[string]string {
	out := map[string]string{}
	for _, k := range conformance.Tokens() {
		out[k.Variable] = fmt.Sprintf("set %s, or name its file in %s", k.Env(), k.Flag())
	}
	out["old-token"] = "set " + oldTokenVariable + ", or name its file in old-token-file"
	out["client-secret"] = "set " + clientSecretVariable + ", or name its file in client-secret-file"
	token := out["token"]
	for _, name := range []string{"access-token", "accesstoken", "bearer", "bearer-token", "authorization", "api-key",
		"apikey", "password", "passwd", "secret", "credentials", "jwt"} {
		out[name] = token
	}
	out["clientsecret"], out["app-secret"] = out["client-secret"], out["client-secret"]
	return out
}

// secretKey returns what to do with a key whose value is a secret, or "".
func secretKey(name string) string {
	return secretKeys()[strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(name))]
}

// secretHeaders returns the fields of requests whose values are secrets.
func secretHeaders() []string {
	return []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key", "X-Auth-Token",
		"X-Access-Token", "Ocp-Apim-Subscription-Key", "X-Functions-Key", "X-Amz-Security-Token"}
}

// A secretForm is a form of text that is a secret wherever it stands.
type secretForm struct {
	pattern *regexp.Regexp
	what    string // it is, with the remedy
}

// likelySecret matches a text behind Bearer that is no word of a language.
var likelySecret = regexp.MustCompile(`[0-9=]|[a-z][A-Z]`)

// secretForms returns the forms. A variable of the shell in place of a value is no secret.
func secretForms() []secretForm {
	form := func(pattern, what string) secretForm { return secretForm{regexp.MustCompile(pattern), what} }
	return []secretForm{
		form(`eyJ[\w-]{5,}\.[\w-]+\.[\w-]*`, "a token (JWT), which others could read here; set "+tokenVariable+
			", or name its file in token-file"),
		form(`\b(?i:bearer|basic)\s+(?P<word>[\w.~+/=-]{8,})`, "credentials behind Bearer or Basic, "+
			"which others could read here; set "+tokenVariable+", or keep the field in a header-file"),
		form(`(?i)[a-z][a-z0-9+.-]*://[^\s/@'"<>$]+:[^\s/@'"<>$]+@`, "a URL with a password, which others could read "+
			"here; set the variable of the key, such as FMASPEC_PROXY, in place of it"),
		form(`-----BEGIN [A-Z ]*PRIVATE KEY-----`, "a private key, which others could read here; keep it in a file, "+
			"and name that"),
		form(`(?i)[?&](access_token|token|sig|code|key|api_?key|secret|password)=[^\s&'"$]+`, "a secret in the query "+
			"of a URL, which others could read here; set the variable of the key in place of it"),
		form(`(?i)\b[\w-]*(password|passwd|secret|api[_-]?key|access[_-]?token)\s*=\s*['"]?[^\s'"$]+`, "a secret in "+
			"a command, which others could read here; use a variable of the shell, such as $SECRET"),
		form(`(?i)\s--?(password|passwd|client-secret|secret|api-key)\s+['"]?[^\s'"$-][^\s'"]*`, "a secret in a "+
			"command, which others could read here; use a variable of the shell, such as $SECRET"),
	}
}

// secretIn returns what secret of these forms a line of a settings file has, with the remedy, or "".
// Comments are read too.
func secretIn(line string, forms []secretForm) string {
	for _, form := range forms {
		for _, found := range form.pattern.FindAllStringSubmatch(line, -1) {
			if at := form.pattern.SubexpIndex("word"); at < 0 || likelySecret.MatchString(found[at]) {
				return form.what
			}
		}
	}
	return ""
}

// secretHeader returns why a field of -header is a secret, with the remedy, or "".
func secretHeader(field string) string {
	name, _, _ := strings.Cut(field, ":")
	name = http.CanonicalHeaderKey(strings.TrimSpace(name))
	switch {
	case name == "Authorization":
		return "the value of Authorization is a secret, which others could read here; remove it, and set " +
			tokenVariable + " or name a file in token-file"
	case slices.Contains(secretHeaders(), name), strings.Contains(name, "Secret"), strings.HasSuffix(name, "-Token"):
		return "the value of " + name + " is a secret, which others could read here; keep the field in a header-file"
	}
	return ""
}
