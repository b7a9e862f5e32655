package redact

import "strings"

// A secretName is the name, or the end of the name, of what grants access: of a member of JSON, a field of a form or a
// header, a parameter of a URL, and in text before a colon or an equals sign. It is in small letters, and without what
// separates words.
type secretName struct {
	name string

	short  bool // it ends a name only as a word of its own: inside does not end with sid
	word   bool // it is a word of prose too: a value counts where it looks like a secret
	inURL  bool // it counts in a URL alone, where any value does
	credit bool // a field with it anywhere in its name holds credentials, which no answer repeats
}

// secretNames is the only table of such names.
var secretNames = []secretName{
	{name: "password", credit: true}, {name: "passwd", credit: true}, {name: "passphrase"}, {name: "passcode"},
	{name: "pwd", short: true},
	{name: "secret", credit: true}, {name: "secretkey"}, {name: "privatekey"}, {name: "signingkey"},
	{name: "encryptionkey"}, {name: "masterkey"}, {name: "sessionkey"}, {name: "sharedkey"}, {name: "storagekey"},
	{name: "apikey", credit: true}, {name: "accesskey", credit: true}, {name: "accountkey", credit: true},
	{name: "authkey", credit: true}, {name: "subscriptionkey", credit: true}, {name: "functionskey", credit: true},
	{name: "functionkey"}, {name: "sharedaccesssignature"},
	{name: "accesstoken"}, {name: "refreshtoken"}, {name: "idtoken", short: true}, {name: "authtoken"},
	{name: "bearertoken"},
	{name: "securitytoken"}, {name: "sessiontoken"}, {name: "clientassertion"}, {name: "samlresponse"},
	{name: "devicecode"},

	{name: "token", word: true, credit: true}, {name: "session", word: true, credit: true},
	{name: "sessionid", word: true}, {name: "sessid", word: true}, {name: "sid", short: true, word: true},
	{name: "authorization", word: true, credit: true}, {name: "auth", short: true, word: true},
	{name: "credential", word: true, credit: true}, {name: "credentials", word: true},
	{name: "signature", word: true, credit: true}, {name: "sas", short: true, word: true},
	{name: "assertion", word: true, credit: true}, {name: "cookie", word: true, credit: true},
	{name: "csrf", word: true, credit: true}, {name: "xsrf", word: true, credit: true},
	{name: "jwt", short: true, word: true, credit: true}, {name: "bearer", word: true},
	{name: "otp", short: true, word: true}, {name: "totp", short: true, word: true},
	{name: "pin", short: true, word: true}, {name: "sig", short: true, word: true},
	{name: "pass", short: true, word: true},
	{name: "dpop", word: true, credit: true}, {name: "authenticationinfo", word: true, credit: true},
	{name: "clientprincipal", word: true, credit: true},

	{name: "code", short: true, inURL: true}, {name: "key", short: true, inURL: true},
}

// longestName is the length of a name that is looked at; of a longer one it is the end.
const longestName = 64

// secretNameOf returns the row of the table for a name in any letter case, nil where it names no secret. Of more than
// one it is the longest.
func secretNameOf(name string) (found *secretName) {
	name = name[max(0, len(name)-longestName):]
	if !mayEndASecretName(name) {
		return nil
	}
	plain := make([]byte, 0, longestName)
	var starts [longestName]bool // where words begin
	start := true
	for i := range len(name) {
		c := name[i]
		if isSeparator(c) {
			start = true
			continue
		}
		before := byte(0)
		if i > 0 {
			before = name[i-1]
		}
		small := isLetter(before) || '0' <= before && before <= '9'
		starts[len(plain)] = start || small && 'A' <= c && c <= 'Z'
		plain, start = append(plain, smallLetter(c)), false
	}
	for i := range secretNames {
		s := &secretNames[i]
		from := len(plain) - len(s.name)
		if from < 0 || string(plain[from:]) != s.name || s.short && !starts[from] {
			continue
		}
		if found == nil || len(s.name) > len(found.name) {
			found = s
		}
	}
	return found
}

// mayEndASecretName reports whether a name ends with a letter with which one of the table does: most do not.
func mayEndASecretName(name string) bool {
	return name != "" && strings.IndexByte("defghlnoprsty", smallLetter(name[len(name)-1])) >= 0
}

func isSeparator(c byte) bool { return c == '_' || c == '-' || c == '.' || c == ' ' }

// unseparated takes out what separates the words of a name.
var unseparated = strings.NewReplacer("_", "", "-", "")

// isOfCredentials reports whether the name of a header field or a parameter of a URL says that it holds credentials.
func isOfCredentials(name string) bool {
	plain := unseparated.Replace(strings.ToLower(name))
	for i := range secretNames {
		if s := &secretNames[i]; s.credit && strings.Contains(plain, s.name) {
			return true
		}
	}
	return plain == "xauth" || plain == "pwd"
}
