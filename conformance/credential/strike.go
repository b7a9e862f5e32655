package credential

import (
	"regexp"
	"strings"
)

// stars stand where a secret was.
const stars = "***"

// shortSecret is the length under which a text is too common to be struck as a
// secret that somebody else chose.
const shortSecret = 8

// longWord is the length from which a word of letters and digits is taken for a
// secret.
const longWord = 20

var (
	scheme = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[^\s"',;]+`)
	jwt    = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+[A-Za-z0-9_.=-]*`)
	word   = regexp.MustCompile(`[A-Za-z0-9_~+/=.-]{20,}`)
)

// labelled are the values that a name in front of them gives away. "token: " in
// prose is followed by what is wrong with the token, unless there is a digit in it.
var labelled = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:secret|passw(?:or)?d|pwd|api[_-]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;]+`),
	regexp.MustCompile(`(?i)((?:token|assertion|credential|signature)(?:["']\s*:|:|["']?\s*=)["'\s]*)[^\s"'&,;]*[0-9][^\s"'&,;]*`),
	regexp.MustCompile(`(?i)((?:token|assertion|credential|signature)(?:["']\s*:\s*|:|["']?\s*=\s*)["']?)[^\s"'&,;]+`),
}

// struck returns text without the given secrets, and without anything else that
// looks like one. It rather strikes too much.
func struck(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, stars)
		}
	}
	text = scheme.ReplaceAllString(text, "$1 "+stars)
	for _, l := range labelled {
		text = l.ReplaceAllString(text, "${1}"+stars)
	}
	text = jwt.ReplaceAllString(text, stars)
	return word.ReplaceAllStringFunc(text, func(w string) string {
		if !strings.HasPrefix(strings.TrimLeft(w, ".~"), "/") {
			return suspect(w)
		}
		parts := strings.Split(w, "/") // a path, or the end of a URL
		for i, part := range parts {
			parts[i] = suspect(part)
		}
		return strings.Join(parts, "/")
	})
}

// suspect strikes a long word that has both letters and digits.
func suspect(w string) string {
	if len(w) >= longWord && strings.ContainsAny(w, "0123456789") && strings.ContainsFunc(w, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }) {
		return stars
	}
	return w
}
