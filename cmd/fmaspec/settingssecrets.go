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
	out["client-key-password"] = "set " + keyPasswordVariable + ", or name its file in client-key-password-file"
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
	name = strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(name))
	return secretKeys()[strings.TrimPrefix(name, "fmaspec-")] // a key may be spelled as its variable
}

// commentedKey matches a key in a comment, and a value that is one word, or that is in quotes.
var commentedKey = regexp.MustCompile(`\A\s*#[\s#-]*([A-Za-z][\w-]*)\s*[:=]\s*([^\s"'$<{(*.…]\S*|"[^"$<]+"|'[^'$<]+')\s*\z`)

// secretComment returns what to do with a comment that is a key whose value is a secret, or "". Prose of
// several words is none, and neither is a variable of the shell or a placeholder such as <token>.
func secretComment(line string) string {
	found := commentedKey.FindStringSubmatch(strings.TrimRight(line, "\r"))
	if found == nil {
		return ""
	}
	remedy := secretKey(found[1])
	if remedy == "" {
		return ""
	}
	return found[1] + ": a secret in a comment, which others could read here; " + remedy
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

// likelySecret matches a text behind Bearer or an assignment that is no word of a language.
var likelySecret = regexp.MustCompile(`[0-9=]|[a-z][A-Z]`)

// knownTokens matches what services issue in a form of their own: tokens of GitHub, GitLab and Slack, keys
// of AWS, Google and Stripe, and client secrets of Microsoft Entra.
const knownTokens = `\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abeprs]-[\w-]{10,}|` +
	`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\b[sr]k_live_\w{16,}|[\w~.-]{3}\dQ~[\w~.-]{20,}`

// secretForms returns the forms. A variable of the shell in place of a value is no secret.
func secretForms() []secretForm {
	form := func(pattern, what string) secretForm { return secretForm{regexp.MustCompile(pattern), what} }
	const inCommand = "a secret in a command, which others could read here; use a variable of the shell, such as " +
		"$SECRET"
	variable := `\b(?:` + strings.Join(secretVariables(), "|") + `)`
	return []secretForm{
		form(variable+`\s*=\s*['"]?[^\s'"$<(….]`, "the value of a variable that holds a secret, which others could read "+
			"here; set the variable in the environment"),
		form(knownTokens, "what has the form of a token or a key, which others could read here; set the variable of "+
			"what it is for, such as "+tokenVariable+", or name a file"),
		form(`\bcurl\b.*\s(?:-[a-zA-Z]*[uU]|--(?:proxy-)?user)[\s=]*['"]?[^\s'":$]+:[^\s'"$]`, inCommand),
		form(`\b\w*(?i:token)=['"]?(?P<word>[\w+=~-][\w.~+/=-]{7,})`, inCommand),
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
		form(`(?i)\b[\w-]*(password|passwd|secret|api[_-]?key|access[_-]?token)\s*=\s*['"]?[^\s'"$]+`, inCommand),
		form(`(?i)\s--?(password|passwd|client-secret|secret|api-key)\s+['"]?[^\s'"$-][^\s'"]*`, inCommand),
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
	is := func(part string) bool { return strings.Contains(strings.ToLower(name), part) }
	switch {
	case name == "Authorization":
		return "the value of Authorization is a secret, which others could read here; remove it, and set " +
			tokenVariable + " or name a file in token-file"
	case slices.Contains(secretHeaders(), name), strings.HasSuffix(strings.ToLower(name), "token"),
		slices.ContainsFunc(secretParts(), is):
		return "the value of " + name + " is a secret, which others could read here; keep the field in a header-file"
	}
	return ""
}

// secretParts returns parts of the names of fields whose values are secrets.
func secretParts() []string {
	return []string{"authorization", "cookie", "secret", "password", "passwd", "credential", "api-key", "apikey",
		"access-key", "account-key", "subscription-key", "functions-key"}
}
