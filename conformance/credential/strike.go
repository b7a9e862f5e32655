package credential

import (
	"regexp"
	"strings"
)

// stars replaces a secret.
const stars = "***"

// shortSecret is the length below which a text is too common to be redacted.
const shortSecret = 8

// longWord is the length from which a word of letters and digits counts as a secret.
const longWord = 20

var (
	scheme = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[^\s"',;]+`)
	jwt    = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+[A-Za-z0-9_.=-]*`)
	word   = regexp.MustCompile(`[A-Za-z0-9_~+/=.-]{20,}`)
)

// labelled matches secrets by the name before them. In prose, the text after "token: " is not
// a secret, unless it has a digit.
var labelled = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:secret|passw(?:or)?d|pwd|api[_-]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;]+`),
	regexp.MustCompile(
		`(?i)((?:token|assertion|credential|signature)(?:["']\s*:|:|["']?\s*=)["'\s]*)[^\s"'&,;]*[0-9][^\s"'&,;]*`),
	regexp.MustCompile(`(?i)((?:token|assertion|credential|signature)(?:["']\s*:\s*|:|["']?\s*=\s*)["']?)[^\s"'&,;]+`),
}

// struck returns text without the given secrets and anything that looks like one. When in
// doubt, it redacts.
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

// suspect redacts a long word that has both letters and digits.
func suspect(w string) string {
	if len(w) >= longWord && strings.ContainsAny(w, "0123456789") &&
		strings.ContainsFunc(w, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }) {
		return stars
	}
	return w
}
