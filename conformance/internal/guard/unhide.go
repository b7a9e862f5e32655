package guard

import (
	"bytes"
	"encoding/base64"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A disguise is an encoding that hides text, and how a lenient reader undoes it. Where there is
// nothing to undo, the text is returned as it is.
type disguise struct {
	name string
	undo func(string) string
}

// disguises are all that a text is freed of, one after the other and of each
// behind the others.
func disguises() []disguise {
	return []disguise{
		{"escapes of JSON and JavaScript", undoBackslashes},
		{"percent escapes", undoPercent},
		{"entities of HTML and XML", undoEntities},
		{"comments and sections of XML", undoMarkup},
		{"UTF-7", undoUTF7},
		{"quoted-printable", undoQuotedPrintable},
		{"UTF-16 and UTF-32", func(s string) string { return strings.ReplaceAll(s, "\x00", "") }},
		{"digits and letters of other blocks, and what has no width", undoLookalikes},
	}
}

// The bounds within which a text has to be read to its end.
const maxReadings, maxRead = 256, 32 << 20

// readings are a text and everything that a lenient reader may find in it, with
// every disguise undone until there is none left. ok is false where that has no
// end within bounds, or where there is packed data that cannot be read here.
func readings(text string) (all []string, ok bool) {
	all, seen, size := []string{text}, map[string]bool{text: true}, len(text)
	for i := 0; i < len(all); i++ {
		var next []string
		for _, d := range disguises() {
			next = append(next, d.undo(all[i]))
		}
		unpacked, whole := undoBase64(all[i])
		if !whole {
			return all, false
		}
		for _, text := range append(next, unpacked...) {
			if seen[text] {
				continue
			}
			if size += len(text); size > maxRead || len(all) == maxReadings {
				return all, false
			}
			seen[text] = true
			all = append(all, text)
		}
	}
	return all, true
}

var backslashes = regexp.MustCompile(
	`\\(?:u\{([0-9A-Fa-f]{1,6})\}|[uU]([0-9A-Fa-f]{4,8})|x([0-9A-Fa-f]{2})|([0-7]{1,3})|(\r?\n)|([^uUx0-7]))`)

func undoBackslashes(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return replaceFound(s, backslashes, func(group int, text string) string {
		switch group {
		case 1, 3:
			return character(text, 16)
		case 2: // four digits, of which the rest is text, unless there are eight
			return character(text[:4], 16) + text[4:]
		case 4:
			return character(text, 8)
		case 5:
			return ""
		}
		if at := strings.Index("bfnrt", text); at >= 0 {
			return string("\b\f\n\r\t"[at])
		}
		return text
	})
}

var percents = regexp.MustCompile(`%(?:[uU]([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))`)

func undoPercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return replaceFound(s, percents, func(group int, text string) string {
		if group == 1 {
			return character(text, 16)
		}
		b, _ := strconv.ParseUint(text, 16, 8)
		return string([]byte{byte(b)})
	})
}

func undoEntities(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return html.UnescapeString(s)
}

var markup = regexp.MustCompile(`(?s)<!--.*?-->|<!\[CDATA\[|\]\]>|<\?.*?\?>|/\*.*?\*/`)

func undoMarkup(s string) string {
	if !strings.Contains(s, "<") && !strings.Contains(s, "/*") {
		return s
	}
	return markup.ReplaceAllString(s, "")
}

var utf7 = regexp.MustCompile(`\+([A-Za-z0-9/]{2,})-?`)

func undoUTF7(s string) string {
	if !strings.Contains(s, "+") {
		return s
	}
	return replaceFound(s, utf7, func(_ int, text string) string {
		units, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil && len(units) == 0 {
			return "+" + text
		}
		var wide []uint16
		for i := 0; i+1 < len(units); i += 2 {
			wide = append(wide, uint16(units[i])<<8|uint16(units[i+1]))
		}
		return string(utf16.Decode(wide))
	})
}

var quotedPrintable = regexp.MustCompile(`=(?:([0-9A-Fa-f]{2})|(\r?\n))`)

// undoQuotedPrintable leaves a text that does not speak of it: a hash behind an
// equals sign looks alike.
func undoQuotedPrintable(s string) string {
	if !strings.Contains(s, "=") || !strings.Contains(strings.ToLower(s), "quoted-printable") {
		return s
	}
	return replaceFound(s, quotedPrintable, func(group int, text string) string {
		if group == 2 {
			return ""
		}
		b, _ := strconv.ParseUint(text, 16, 8)
		return string([]byte{byte(b)})
	})
}

// undoLookalikes writes digits of every script and wide letters in ASCII, and
// leaves out what has no width.
func undoLookalikes(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r > 0x7F }) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r <= 0x7F || r == utf8.RuneError:
			return r
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFF01 + '!'
		case unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me) || r == 0x034F || r == 0x3164:
			return -1
		}
		for _, of := range unicode.Nd.R16 {
			if rune(of.Lo) <= r && r <= rune(of.Hi) {
				return '0' + (r-rune(of.Lo))%10
			}
		}
		for _, of := range unicode.Nd.R32 {
			if rune(of.Lo) <= r && r <= rune(of.Hi) {
				return '0' + (r-rune(of.Lo))%10
			}
		}
		return r
	}, s)
}

// character is the one of a number in digits.
func character(digits string, base int) string {
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return ""
	}
	return string(rune(n))
}

// replaceFound replaces everything that is found; with is called with the group that is
// not empty, and its text.
func replaceFound(s string, pattern *regexp.Regexp, with func(group int, text string) string) string {
	var b strings.Builder
	end := 0
	for _, at := range pattern.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[end:at[0]])
		for group := 1; group < len(at)/2; group++ {
			if at[2*group] >= 0 {
				b.WriteString(with(group, s[at[2*group]:at[2*group+1]]))
				break
			}
		}
		end = at[1]
	}
	return b.String() + s[end:]
}

var packedText = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}={0,2}`)

// blanks are what base64 may be wrapped with.
var blanks = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", `\r`, "", `\n`, "")

// undoBase64 returns the texts that stand in base64 in a text. whole is false where
// it holds compressed data, or the 20 bytes of a hash.
func undoBase64(s string) (texts []string, whole bool) {
	for _, s := range []string{s, blanks.Replace(s)} {
		for _, found := range packedText.FindAllString(s, -1) {
			plain := strings.TrimRight(found, "=")
			if hexRun := strings.TrimLeft(strings.ToLower(plain), "0123456789abcdef"); hexRun == "" {
				continue
			}
			for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				// A digit more in front, as of a neighbour, shifts all that follow.
				for skip := range 4 {
					unpacked, _ := coding.DecodeString(plain[min(skip, len(plain)):])
					switch {
					case bytes.HasPrefix(unpacked, []byte("\x1f\x8b")):
						return nil, false
					case skip == 0 && len(unpacked) == hashDigits/2 && len(plain) == 27 && mixed(plain) &&
						!isText(unpacked):
						return nil, false
					case len(unpacked) >= 12 && isText(unpacked):
						texts = append(texts, string(unpacked))
					}
				}
			}
		}
	}
	return texts, true
}

// mixed reports whether capitals, small letters and digits stand in a text, as in
// base64 of anything but text.
func mixed(s string) bool {
	return strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
		strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz") && strings.ContainsAny(s, "0123456789")
}

// isText reports whether bytes are characters and blanks, in ASCII or as UTF-16.
func isText(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool {
		return r < ' ' && r != 0 && r != '\t' && r != '\r' && r != '\n' ||
			r > '~'
	})
}

// longHex is the length from which hexadecimal digits may name a machine or a file.
const longHex = 32

// What may part the digits of one name: narrowly, and where nothing may be missed.
const narrowGaps, wideGaps = " \t\r\n-_.:", " \t\r\n-_:.,;+*'\"`[](){}\\/|"

// hexNames returns the runs of hexadecimal digits in a text that may name a
// machine or a file, in small letters. Runs that are shorter count together where
// nothing but gaps part them.
func hexNames(text, gaps string) (out []string) {
	group := ""
	add := func(run string) {
		switch {
		case len(run) >= longHex:
			out = append(out, strings.ToLower(run))
			group = ""
		default:
			group += run
		}
	}
	flush := func() {
		if len(group) >= hashDigits {
			out = append(out, strings.ToLower(group))
		}
		group = ""
	}
	from := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && IsHexDigit(text[i]) {
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 {
			add(text[from:i])
			from = -1
		}
		if i == len(text) || !strings.ContainsRune(gaps, rune(text[i])) {
			flush()
		}
	}
	return out
}

// madeUp reports whether digits are an id that nobody has: however a server
// shortens them, they begin with zeros.
func madeUp(digits string) bool {
	return inert(digits) && (len(digits) <= hashDigits+1 || strings.Trim(digits, "0") == "")
}

// otherScript reports whether a text has a word as long as a hash in which
// characters of another script stand among hexadecimal digits: some servers write
// them as the digits and letters that they look like.
func otherScript(text string) bool {
	const some = 8
	length, digits, others := 0, 0, 0
	for _, r := range text + " " {
		switch {
		case r <= 0x7F && IsHexDigit(byte(r)):
			digits++
		case r >= 0xFF01 && r <= 0xFF5E || r > 0x7F && unicode.Is(unicode.Nd, r): // undone in another reading
		case r > 0x7F && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSymbol(r)):
			others++
		default:
			if length >= hashDigits && digits >= some && others > 0 {
				return true
			}
			length, digits, others = 0, 0, 0
			continue
		}
		length++
	}
	return false
}

// hashDigits is the length of a hash in hexadecimal digits.
const hashDigits = 40

// AllHex reports whether a text consists of hexadecimal digits.
func AllHex(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7F || !IsHexDigit(byte(r)) })
}

// IsHexDigit reports whether a byte is a hexadecimal digit, in either letter case.
func IsHexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// shorten returns what a message shows of a long name in ASCII.
func shorten(name string) string {
	const most = 60
	if len(name) <= most {
		return name
	}
	return name[:most] + "…"
}
