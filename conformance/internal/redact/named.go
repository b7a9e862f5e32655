package redact

import (
	"slices"
	"strconv"
	"strings"
)

// named strikes out the values that stand behind the name of a secret: a member of JSON, also of JSON that is itself
// a string, a parameter of a URL or a form, an element of XML, and in text "name: value" and "name=value".
func named(text string) string {
	var out []byte
	done := 0 // up to where the text is searched
	for i := 0; i < len(text); {
		long := separator(text, i)
		if long == 0 {
			i++
			continue
		}
		from, to := valueBehind(text, done, i, i+long)
		i += long
		if from >= to {
			continue
		}
		if out == nil {
			out = []byte(text)
		}
		copy(out[from:to], starsInJSON(text[from:to]))
		i, done = to, to
	}
	if out == nil {
		return text
	}
	return string(out)
}

// separator returns the length of what separates a name from its value at a place of a text, 0 where nothing does.
func separator(text string, at int) int {
	switch text[at] {
	case ':', '=', '>':
		return 1
	case '%':
		if next := at + 3; next <= len(text) && (strings.EqualFold(text[at:next], "%3d") || text[at:next] == "%3A" ||
			text[at:next] == "%3a") {
			return 3
		}
	case '\\':
		if next := at + 6; next <= len(text) && (strings.EqualFold(text[at:next], `\u003d`) ||
			strings.EqualFold(text[at:next], `\u003e`)) {
			return 6
		}
	}
	return 0
}

// valueBehind returns where a value to be struck out begins and ends, which stands behind the separator between two
// places; its name does not begin before done. It returns two equal places where there is none.
func valueBehind(text string, done, separator, behind int) (from, to int) {
	end := separator
	for end > done && isSpace(text[end-1]) {
		end--
	}
	quoted := end
	end -= len(quoteBefore(text[done:end]))
	isQuoted := end < quoted
	start := end
	for start > done && end-start < longestName && isName(text[start-1]) {
		start--
	}
	if start == end || !mayEndASecretName(text[start:end]) {
		return 0, 0
	}
	start += escapeBefore(text, start, end)
	name := secretNameOf(text[start:end])
	if name == nil {
		return 0, 0
	}
	direct := behind
	for behind < len(text) && isSpace(text[behind]) {
		behind++
	}
	quote := quoteBehind(text[behind:])
	is := sign(text[separator:])
	switch {
	case is == '>':
		if isQuoted || name.inURL || !strings.HasSuffix(text[:start], "<") && !escapedAt(text, start, "3c") {
			return 0, 0
		}
		to = strings.IndexAny(text[direct:], `<\"`)
		if to < 0 {
			return 0, 0
		}
		return member(text, name, direct, direct+to)
	case isQuoted && (quote != text[end:quoted] || name.inURL):
		return 0, 0 // a number, true, an object; or a word
	case isQuoted && strings.HasSuffix(quote, `"`):
		from = behind + len(quote)
		return member(text, name, from, endOfString(text, from, len(quote)-1))
	case isQuoted:
		from = behind + len(quote)
		return member(text, name, from, endOfWord(text, from, endsIn(quote)))
	}
	from = behind + len(quote)
	first := text[:min(len(text), from+enoughOfWord)] // or else a text of names alone would be read over and over
	to = endOfWord(first, from, endsIn(quote))
	isParameter := is == '=' && (inURL(text, start) || start == 0 && to < len(first) && text[to] == '&')
	if name.inURL && !isParameter {
		return 0, 0
	}
	if quote == "" && behind == direct && is == '=' && (isParameter || !name.word) {
		return from, endOfWord(text, from, endsIn(quote))
	}
	if name.word && is == ':' && quote == "" && behind == direct && !behindBlank(text, start) {
		return 0, 0 // in an id, such as urn:session:1, which is compared with others
	}
	start, end = inProse(first, name, from, to)
	if start < end {
		end = endOfWord(text, start, endsIn(quote))
	}
	return start, end
}

// enoughOfWord is how much of a value shows whether it is a secret.
const enoughOfWord = 256

// behindBlank reports whether a place of a text is behind white space, which may be escaped as JSON.
func behindBlank(text string, at int) bool {
	return at > 0 && isSpace(text[at-1]) || at > 1 && text[at-2] == '\\' && strings.IndexByte("nrt", text[at-1]) >= 0
}

// sign returns the sign for which a separator stands, escaped or not.
func sign(separator string) byte {
	for i := range min(len(separator), len(`\u003d`)) {
		switch c := separator[i]; {
		case c == ':' || c == '=' || c == '>':
			return c
		case c|0x20 == 'a':
			return ':'
		case c|0x20 == 'd':
			return '='
		}
	}
	return '>'
}

// member returns a value of a name that stands apart from it, where it is to be struck out.
func member(text string, name *secretName, from, to int) (int, int) {
	if name.word && !looksSecret(unescape(text[from:to]), true) {
		if blank := strings.IndexByte(text[from:to], ' '); blank > 0 && isWords(text[from:from+blank]) &&
			looksSecret(unescape(text[from+blank+1:to]), true) {
			return from + blank + 1, to // behind a scheme
		}
		return 0, 0
	}
	return from, to
}

// inProse is member for a value that prose may stand in the place of.
func inProse(text string, name *secretName, from, to int) (int, int) {
	if from < to && strings.IndexByte(",:}])", text[from]) >= 0 {
		return 0, 0 // nothing, such as behind the quotation mark that ends a string of JSON
	}
	if looksSecret(strings.TrimRight(unescape(text[from:to]), ".,:!?)]}"), name.word) {
		return from, to
	}
	if name.name != "authorization" || to+1 >= len(text) || text[to] != ' ' || !isWords(text[from:to]) {
		return 0, 0
	}
	next := endOfWord(text, to+1, endsIn("")) // behind a scheme
	if !looksSecret(unescape(text[to+1:next]), true) {
		return 0, 0
	}
	return to + 1, next
}

// The lengths from which a value may be a secret, and from which one of small letters alone is.
const (
	shortestValue = 6
	longestWord   = 16
)

// looksSecret reports whether a value is more than a word of prose, a place or a time. For a name that is a word of
// prose more may be one.
func looksSecret(value string, word bool) bool {
	if len(value) < shortestValue || isMark(value) ||
		strings.ContainsAny(value, " \t\r\n") ||
		strings.HasPrefix(value, "/") || strings.Contains(value, "://") || strings.Contains(value, `:\`) ||
		isDate(value) {
		return false
	}
	if isWords(value) {
		return !word && isLongWord(value)
	}
	for _, known := range []string{"oauth", "sha", "utf"} {
		if strings.HasPrefix(strings.ToLower(value), known) && len(value) < longestWord/2 {
			return false
		}
	}
	hasDigit := strings.ContainsAny(value, "0123456789")
	isMail := word && strings.Contains(value, "@") && strings.Contains(value, ".")
	return !isMail && (hasDigit || strings.ContainsAny(value, "!$%^~+|@") || isMixed(value))
}

// isMark reports whether a value stands for a secret: asterisks, or the name of a variable.
func isMark(value string) bool {
	if name, is := strings.CutPrefix(value, "$"); is {
		return strings.Trim(name, "{}_ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	}
	small := strings.ToLower(strings.Trim(value, "*xX.<>[]()"))
	return strings.Contains(value, "***") ||
		slices.Contains([]string{"", "redacted", "hidden", "masked", "removed"}, small)
}

// isDate reports whether a value begins with a date.
func isDate(value string) bool {
	const form = "0000-00-00"
	if len(value) < len(form) {
		return false
	}
	for i := range len(form) {
		if digit := '0' <= value[i] && value[i] <= '9'; digit != (form[i] == '0') || !digit && value[i] != '-' {
			return false
		}
	}
	return true
}

// isWords reports whether a value is made of letters, and of words rather than of letters at random.
func isWords(value string) bool {
	for i := range len(value) {
		if c := smallLetter(value[i]); !isLetter(c) && !isSeparator(c) && c < 0x80 {
			return false
		}
	}
	return !isMixed(value)
}

// isMixed reports whether capitals and small letters are mixed as they are at random, and in no name.
func isMixed(value string) bool {
	capitals, smalls := 0, 0
	for i := range len(value) {
		switch c := value[i]; {
		case 'A' <= c && c <= 'Z':
			capitals++
		case isLetter(c):
			smalls++
		}
	}
	return len(value) >= longestWord && capitals*3 >= len(value) && smalls*4 >= len(value)
}

// isLongWord reports whether small letters follow each other that are too many for a word.
func isLongWord(value string) bool {
	n := 0
	for i := range len(value) {
		if n++; !isLetter(value[i]) {
			n = 0
		}
		if n >= longestWord {
			return true
		}
	}
	return false
}

// unescape returns a value as JSON has it: of what [endOfWord] passes over.
func unescape(value string) string {
	if !strings.Contains(value, `\`) {
		return value
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' || i+1 == len(value) {
			b.WriteByte(value[i])
			continue
		}
		i++
		if value[i] != 'u' || i+5 > len(value) {
			b.WriteByte(value[i])
			continue
		}
		if code, err := strconv.ParseUint(value[i+1:i+5], 16, 16); err == nil {
			b.WriteRune(rune(code))
			i += 4
		}
	}
	return b.String()
}

// endsIn returns the signs that end a value in prose or in a URL behind a quotation mark, or behind none.
func endsIn(quote string) string {
	if quote == "" || quote[0] == '&' || quote[0] == '%' {
		return `&;#"'<>\`
	}
	return `"'\`
}

// endOfWord returns where a value ends that has neither blanks nor some signs, and may be escaped as JSON.
func endOfWord(text string, at int, ends string) int {
	isEnd := func(c byte) bool { return isSpace(c) || strings.IndexByte(ends, c) >= 0 }
	for at < len(text) {
		switch c := text[at]; {
		case strings.HasPrefix(text[at:], `\/`):
			at++
		case c == '\\' && at+6 <= len(text) && text[at+1] == 'u':
			code, err := strconv.ParseUint(text[at+2:at+6], 16, 16)
			if err != nil || code < 0x80 && isEnd(byte(code)) {
				return at
			}
			at += 5
		case isEnd(c):
			return at
		}
		at++
	}
	return at
}

// endOfString returns where a string of JSON ends, whose quotation marks stand behind so many backslashes, or where one
// ends that it stands in.
func endOfString(text string, at, deep int) int {
	for i := at; i < len(text); i++ {
		run := i
		for i < len(text) && text[i] == '\\' {
			i++
		}
		if i == len(text) || text[i] != '"' {
			continue
		}
		for before := 0; before <= deep; before = 2*before + 1 { // 0, 1, 3, 7: each level doubles them
			if (i-run)%(2*before+2) == before {
				return i - before
			}
		}
	}
	return len(text)
}

// quotes are quotation marks as they stand in texts, but for that of JSON, which stands behind backslashes.
func quotes() []string {
	return []string{`'`, `\u0022`, `\u0027`, "&quot;", "&#34;", "&#39;", "&#x22;", "&#x27;", "&apos;", "%22", "%27"}
}

// quoteBefore returns the quotation mark with which a text ends, with the backslashes before it.
func quoteBefore(text string) string {
	for _, quote := range quotes() {
		if strings.HasSuffix(text, quote) {
			return quote
		}
	}
	if !strings.HasSuffix(text, `"`) {
		return ""
	}
	plain := strings.TrimRight(text[:len(text)-1], `\`)
	return text[len(plain):]
}

// quoteBehind is quoteBefore for the beginning of a text.
func quoteBehind(text string) string {
	for _, quote := range quotes() {
		if strings.HasPrefix(text, quote) {
			return quote
		}
	}
	plain := strings.TrimLeft(text, `\`)
	if !strings.HasPrefix(plain, `"`) {
		return ""
	}
	return text[:len(text)-len(plain)+1]
}

// escapeBefore returns how much of a name is the rest of an escape that stands before it.
func escapeBefore(text string, start, end int) int {
	long := 0
	switch {
	case start == 0:
	case text[start-1] == '\\' && text[start] == 'u' && start+5 <= end:
		long = 5
	case text[start-1] == '\\' && strings.IndexByte("nrtbf", text[start]) >= 0:
		long = 1
	case text[start-1] == '%' && start+2 <= end:
		long = 2
	}
	return long
}

// inURL reports whether a parameter of a URL or a form may begin at a place of a text.
func inURL(text string, at int) bool {
	if at == 0 {
		return false
	}
	if strings.IndexByte("?&;#", text[at-1]) >= 0 {
		return true
	}
	for _, code := range []string{"3f", "26", "23", "3b"} {
		if escapedAt(text, at, code) {
			return true
		}
	}
	return false
}

// escapedAt reports whether an escaped character stands before a place of a text.
func escapedAt(text string, at int, code string) bool {
	for _, escape := range []string{"%", `\u00`} {
		if from := at - len(escape) - 2; from >= 0 && strings.EqualFold(text[from:at], escape+code) {
			return true
		}
	}
	return false
}

func isName(c byte) bool {
	small := smallLetter(c)
	return isLetter(small) || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
