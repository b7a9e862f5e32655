package explore

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// isControl reports whether a character has to be escaped in JSON, or is a control one.
func isControl(r rune) bool { return r < ' ' || r == 0x7F }

// isSpecial reports whether a character is neither a letter nor a digit of ASCII.
func isSpecial(r rune) bool {
	return r > 0x7E || !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
}

// isHash reports whether a text is 40 hexadecimal digits.
func isHash(text string) bool {
	return len(text) == 40 && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// isHostile reports whether a character is NUL or a noncharacter of Unicode (RFC 7493 2.1).
// Few stores keep these, so that a text with one may be accepted or refused.
func isHostile(r rune) bool { return r == 0 || r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE }

// An alphabet is a class of characters that software is known to fail on.
type alphabet struct {
	name  string
	runes []rune
}

func alphabets() []alphabet {
	return []alphabet{
		{"letters", []rune("abcxyz")},
		{"capitals", []rune("ABCXYZ")},
		{"digits", []rune("0123456789")},
		{"blanks inside", []rune("a b")},
		{"quotes and backslashes", []rune(`"'\/`)},
		{"markup", []rune("<>&;=")},
		{"format verbs", []rune("%s%d%n%x$@{0}")},
		{"percent", []rune("%")},
		{"braces", []rune("{}[]()$#")},
		{"shell", []rune("`|;&$!*?~")},
		{"line breaks", []rune("\r\na")},
		{"control characters", []rune{1, 2, 7, 8, 9, 0x0B, 0x0C, 0x1B, 0x1F, 0x7F}},
		{"NUL", []rune{0, 'a'}},
		{"C1 controls", []rune{0x80, 0x85, 0x9F, 'a'}},
		{"Latin-1", []rune("äöüßéñ×÷")},
		{"Greek and Cyrillic", []rune("ΑΩσςЖя")},
		{"Turkish letters", []rune("İıŞş")},
		{"letters that grow in upper case", []rune("ßŉǰΐﬁ")},
		{"Arabic and Hebrew", []rune("العربעברית")},
		{"directions", []rune{0x202A, 0x202E, 0x2066, 0x2069, 'a'}},
		{"Thai and Devanagari", []rune("ไทยहिन्दी")},
		{"Han", []rune("病毒漢字")},
		{"Kana and Hangul", []rune("ウイルス한글")},
		{"wide forms", []rune("ＡＺ０９")},
		{"combining marks", []rune{'a', 0x300, 0x301, 0x35C, 0x489, 0x20DD}},
		{"line separator", []rune{0x2028}},
		{"paragraph separator", []rune{0x2029}},
		{"spaces of Unicode", []rune{0xA0, 0x1680, 0x2003, 0x202F, 0x3000, 'a'}},
		{"zero width", []rune{0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 'a'}},
		{"soft hyphen", []rune{0xAD, 'a'}},
		{"emoji", []rune("😀👩🏽\u200d💻🇩🇪")},
		{"other planes", []rune{0x10000, 0x1D54F, 0x20000, 0xE0001, 0x10FFFD}},
		{"private use", []rune{0xE000, 0xF8FF}},
		{"unassigned", []rune{0x0378, 0x2FE0}},
		{"noncharacters", []rune{0xFFFE, 0xFFFF, 0xFDD0, 0x1FFFE}},
		{"replacement character", []rune{0xFFFD}},
		{"symbols", []rune("€™№√∞≠")},
		{"numbers of other scripts", []rune("٣४Ⅷ½²")},
	}
}

// naughty are whole values that software is known to fail on, of the kinds that the
// Big List of Naughty Strings has.
func naughty() []string {
	return []string{
		"undefined", "null", "NULL", "(null)", "nil", "None", "true", "false", "NaN", "Infinity", "-1", "0x0", "1e1000",
		"1/0", "{}", "[]", "\\", "\\\\", "\"", "''", "--", "/*", "*/", "//", "<!--", "-->", "]]>", "${7*7}", "{{7*7}}",
		"#{7*7}", "<%= 7*7 %>", "%00", "%2e%2e%2f", "../../etc/passwd", "C:\\CON", "' OR '1'='1", "1; DROP TABLE users",
		"<script>alert(1)</script>", "javascript:alert(1)", "&lt;&amp;", "\u202egnp.exe", "=1+1", "+1", "@SUM(1)",
		"$(id)", "`id`", "| id", "%s%s%s%n", "%d", "%", "%%", "\\u0000", "\\x00", "__proto__", "constructor",
		"a\u0000b",
		"Ω≈ç√∫", "ﷺ", "(╯°□°）╯︵ ┻━┻", "ﾟ･✿ヾ╲(｡◕‿◕｡)╱✿･ﾟ", "\ufeff", "xn--", "file:///",
		"http://a/%%30%30", "CON", "\r\nX: y",
	}
}

// The ways to write the characters of a JSON string.
const (
	escapeNeeded = iota // only what has to be escaped
	escapeLower         // every character as \u and small digits
	escapeUpper         // every character as \u and capital digits
	escapeShort         // every one that has a short escape, and what is not ASCII
	escapings           // how many there are
)

// escaped returns a character as it stands in a JSON string.
func escaped(r rune, how int) string {
	hex := func(form string) string {
		if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
			return fmt.Sprintf(form+form, r1, r2)
		}
		return fmt.Sprintf(form, r)
	}
	at := strings.IndexRune("\"\\\b\f\n\r\t/", r)
	switch {
	case how == escapeLower:
		return hex(`\u%04x`)
	case how == escapeUpper:
		return hex(`\u%04X`)
	case at >= 0 && (r != '/' || how == escapeShort):
		return `\` + `"\bfnrt/`[at:at+1]
	case r < ' ', how == escapeShort && r > 0x7E:
		return hex(`\u%04x`)
	}
	return string(r)
}

// runs cuts a text where the character changes.
func runs(text []rune) (out [][]rune) {
	for len(text) > 0 {
		n := slices.IndexFunc(text, func(r rune) bool { return r != text[0] })
		if n < 0 {
			n = len(text)
		}
		out, text = append(out, text[:n]), text[n:]
	}
	return out
}

// manyTimes is from how many equal characters on a text has {{repeat}}.
const manyTimes = 40

// quoted returns a text as JSON string in a text with variables.
func quoted(text []rune, how int) string {
	var out, plain strings.Builder
	plain.WriteByte('"')
	for _, run := range runs(text) {
		unit := escaped(run[0], how)
		if once := written(unit); len(run) >= manyTimes && !strings.ContainsAny(once, " {}") {
			out.WriteString(written(plain.String()))
			plain.Reset()
			fmt.Fprintf(&out, "{{repeat %d %s}}", len(run), once)
			continue
		}
		for range run {
			plain.WriteString(unit)
		}
	}
	plain.WriteByte('"')
	return out.String() + written(plain.String())
}

// written returns a text as it stands in a file of requests, where it means itself in
// every place: what is not plainly visible is a variable.
func written(text string) string {
	var out strings.Builder
	var hidden []byte
	show := func() {
		if len(hidden) > 0 {
			fmt.Fprintf(&out, "{{bytes % X}}", hidden)
		}
		hidden = hidden[:0]
	}
	names := map[rune]string{'\r': "{{cr}}", '\n': "{{lf}}", '\t': "{{tab}}"}
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch name := names[r]; {
		case name != "":
			show()
			out.WriteString(name)
		case r == '{', r == utf8.RuneError && n == 1, !unicode.IsPrint(r), unicode.Is(unicode.M, r):
			hidden = append(hidden, text[:n]...)
		default:
			show()
			out.WriteRune(r)
		}
		text = text[n:]
	}
	show()
	return out.String()
}
