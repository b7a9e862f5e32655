package generate

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"fmaspec/openapi"
	"fmaspec/schemas"
)

// textMembers are the names of the members whose plain value is a comment, and hashMembers of
// those whose value is a hash.
func (b *builder) textMembers() []string { return b.membersWith("comment") }

func (b *builder) hashMembers() []string { return b.membersWith("sha1") }

func (b *builder) membersWith(variable string) (out []string) {
	for _, m := range b.plain.members {
		if isVariable(m.value, variable) {
			out = append(out, unquoted(m.name))
		}
	}
	return out
}

// rule returns what the schema of the request says of a member by a keyword, or nil.
func (b *builder) rule(member, keyword string) *schemas.Rule {
	for i, r := range b.rules {
		if r.Pointer == "/"+member && r.Keyword == keyword {
			return &b.rules[i]
		}
	}
	return nil
}

// A value is a text that a member may have, and what it is called.
type value struct {
	name, title string
	text        string
	use         use
}

// A use is the dimension of which a value is a form that is combined with others; "" for none.
type use string

// One operation alone has a value of this use, and combines it with no other.
const once use = "once"

func (u use) dimension() string {
	if u == once {
		return ""
	}
	return string(u)
}

// turns are texts each of which one operation alone is sent.
type turns func() []value

// mark is a text with a mark of punctuation.
func mark(c rune) value {
	return value{fmt.Sprintf("mark-%02x", c), fmt.Sprintf("the mark %c at its ends and between letters", c),
		string(c) + "a" + string(c) + "b" + string(c), ""}
}

// asciiTurns are single marks of punctuation, all of which stand in one text of every operation too, words
// that software takes for something else, and what firewalls look for.
func asciiTurns() (out []value) {
	for c := '!'; c <= '~'; c++ {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '%' {
			out = append(out, mark(c))
		}
	}
	return append(out, []value{
		{"not-applicable", "a word for nothing", "n/a", ""},
		{"full-stop", "a full stop alone", ".", ""},
		{"tilde", "a tilde alone", "~", ""},
		{"word-false", "the word false", "false", ""},
		{"device-nul", "the name of a device that is empty", "NUL", ""},
		{"attacks", "the signs of several attacks",
			"<img onerror=alert(1)> javascript:alert(1) sleep(5) xp_cmdshell " +
				"wget http://127.0.0.1/a () { :; };", ""},
		{"test-virus", "the text that scanners take for a virus",
			`X5O!P%@AP[4\PZX54(P^)7CC)7}$` +
				"EICAR-STANDARD-ANTIVIRUS-" +
				"TEST-FILE!$H+H*", ""},
		{"references", "numbers of a vulnerability, a technique and a telephone, and an object of JavaScript",
			"CVE-2021-44228 T1059.001 +49 170 1234567 [object Object]", ""},
		{"comments", "comments of a language, a comma before a brace, and signs of marked text",
			"a /* b */ c // d ,} e :-) **f** _g_ ё .", ""},
		{"facts", "addresses, numbers of cards, of accounts and of persons, times and amounts",
			"10.0.0.1 ::1 fe80::1%eth0 00:1b:44:11:3a:b7 4111 1111 1111 1111 DE89370400440532013000 078-05-1120 " +
				"2026-11-29 12:30:59 2026-02-30T25:61:00Z 3.14 1,000.00 $5 5% 12kg 1/2 #17 @all " +
				"eyJhbGciOiJub25lIn0.e30. HKLM\\Software " +
				"c083f601-012f-4955-b4cc-fab50fb69d79 /etc/shadow C:/Windows/System32 *.exe T+1 O'Brien R&D", ""},
		{"status", "the name of a status alone", "Failed", ""},
		{"capitals", "capitals alone", "STOP THIS FILE", ""},
		{"one-mark", "one mark", "-", ""},
		{"one-digit", "one digit", "7", ""},
		{"two-equal", "one letter twice", "xx", ""},
		{"status-pending", "the name of another status alone", "Pending", ""},
		{"word-none", "a word for nothing of a language", "None", ""},
		{"word-yes", "the word yes", "yes", ""},
		{"date-alone", "a date alone", "2017-12-04", ""},
		{"clock-alone", "a time of day alone", "12:30:45", ""},
		{"infinity", "the word Infinity", "Infinity", ""},
		{"formula-tab", "a formula behind a tab", "\t=1+1", ""},
		{"percentage", "a percentage alone", "50%", ""},
		{"thousands", "a number with commas", "1,000,000", ""},
		{"date-offset", "an instant of another zone", "2017-12-04T14:39:24+01:00", ""},
		{"date-local", "an instant of no zone", "2017-12-04T13:39:24", ""},
		{"date-american", "a date of America", "12/04/2017", ""},
		{"exponent", "a number with an exponent", "1e5", ""},
		{"word-capital", "a word for a truth value of a language", "True", ""},
		{"words", "what other software says of a file",
			"Re: success error warning exception stack trace undefined null " +
				"deleted restored quarantined blocked allowed test demo admin root " +
				"select insert update delete from where", ""},
	}...)
}

// unicodeTurns are texts with control characters in a row.
func unicodeTurns() []value {
	return []value{
		{"mail-end", "an empty line, the end of a mail, and a tab at the end", "a\r\n\r\nb\r\n.\r\nc\t", ""},
		{"separators", "separators of files, groups and records", "a\x1cb\x1dc\x1ed", ""},
		{"blocks", "a character of each block of letters and symbols",
			"Āſƀ ɐ ʰ Ḁ ἀ ⁰₀ ℀K ⅐ ← ∀ ⌀ ␀ ⑀ ① ─ ▀ ■ ☀ ✀ ⟀ ⠁ ⤀ " +
				"⦀ ⨀ ⬀ ⸀ ㈀ ㌀ ㍘ 㐀 豈 ﬀ ﭐ ︐ ︰ ﹐ ﹰ ｡ｱ ﾡ \uFFDC 𝐀 🀀 🂠 🄀 😀 🚀 🤀 丽 ᠀ • a\u200Cb µ \u212A 𐌰 Ԁ Ꙁ ꜀ Ꭰ Ა " +
				"\U00010000", ""},
		{"edges", "characters at the edges of lengths and planes", "\u0080\u07FF\u0800\uE000\uFFFD\U00010000", ""},
		{"invisible", "characters that are not seen",
			"a\u00ADb\u034Fc\u061Cd\u115Fe\u17B4f\u180Eg\u2060h\u2061i" +
				"\u206Aj\u3164k\uFE00l\uFFA0m\uFFF9n\uFFFAo\uFFFBp\uFFFCq\U000E0001r\U000E0100s\U0001D173t", ""},
		{"composed", "the same letters composed and not",
			"é e\u0301 한 \u1112\u1161\u11AB Å A\u030A \u212B Ω \u2126", ""},
		{"mixed", "letters of scripts that look alike, mixed", "аdmin раураl Αlpha ро́lice", ""},
		{"none-of-ascii", "no character of ASCII", "файл", ""},
		{"emoji-alone", "emoji alone", "🚫🔒", ""},
		{"one-ideograph", "one character beyond ASCII", "漢", ""},
	}
}

// alikeTexts are a text and others that differ from it in one thing that a collation, a normal form or a hash leaves
// out.
func alikeTexts() []string {
	const text = "Prüfung 007: Résumé, Straße, ﬁle ＡＢ パン AaAa in a/b's & \U0001F363 No² ①"
	out := []string{text, strings.ToUpper(text), text + ".", strings.ReplaceAll(text, " ", "  ")}
	for _, r := range [][2]string{
		// of collations
		{"é", "e"}, {"ü", "u"}, {"ü", "ue"}, {"ß", "ss"}, {"in", "ın"}, {"パ", "ぱ"}, {"パ", "ハ"}, {"パ", "ﾊﾟ"},
		{"\U0001F363", "\U0001F37A"}, {"\U0001F363", "\U0001F363\uFE0F"}, {"fung", "f\u200Bung"},
		// of normal forms, and of letters that look alike
		{"ﬁ", "fi"}, {"ＡＢ", "AB"}, {"²", "2"}, {"①", "1"}, {"a/b", "а/b"}, {"'", "’"},
		// of hashes: that of Java is equal, and so are the sums and the words
		{"AaAa", "BBBB"}, {"in a/b's", "a/b's in"},
		// of what is decoded
		{"&", "&amp;"}, {"&", "%26"}, {"/", `\`}, {"007", "7"}, {"in a", "in\na"},
	} {
		out = append(out, strings.ReplaceAll(text, r[0], r[1]))
	}
	return out
}

// unseenTexts are texts of which nothing is seen, of other characters than the white space that every
// language trims: whether they are blank is the server's matter.
func unseenTexts() []value { return nil }

func unseenTurns() []value {
	return []value{
		{"spaces-alone", "spaces beyond ASCII alone", "\u00A0\u1680\u2003\u2028\u2029\u202F\u205F\u3000\u0085", ""},
		{"format-alone", "characters alone that are not seen",
			"\u200B\u200C\u200D\u2060\uFEFF\u00AD\u061C\u180E\u200E" + "\u202E\U000E0020", ""},
		{"fillers-alone", "fillers alone", "\u3164\uFFA0\u115F\u2800\u034F\uFE0F", ""},
		{"controls-alone", "control characters alone", "\x01\b\x1b\x1f\x7f", ""},
		{"mark-alone", "a combining mark alone", "\u0301", ""},
		{"form-feed-alone", "a form feed and a carriage return alone", "\f\r", ""},
	}
}

func openTurns() []value {
	return []value{{"nul-first", "NUL at the beginning of a text", "\x00ab", ""}}
}

// asciiTexts are texts of ASCII: one with each mark of punctuation, and those that software is
// known to fail with, as in the Big List of Naughty Strings.
func asciiTexts() (out []value) {
	percent := mark('%')
	percent.use = "text"
	return append(out, []value{
		percent,
		{"every-mark", "every character of ASCII that is printed", printable(), ""},
		{"format-verbs", "verbs of a format", "%s %d %n %x %v {0} %1$s %% %u0041", ""},
		{"percent-escape", "an escape of a URL", "50%25 %41 %2F", ""},
		{"percent-null", "the escape of a URL for NUL", "a%00b", ""},
		{"percent-broken", "a percent sign before other letters", "100%zz", ""},
		{"percent-end", "a percent sign at the end", "done to 100%", ""},
		{"plus", "plus signs, which a form reads as blanks", "a+b c++", ""},
		{"template", "an expression of a template", "{{7*7}} ${7*7} <%= 7*7 %> #{7*7} <?php 7 ?>", ""},
		{"lookup", "a lookup of a logging library", "${jndi:ldap://127.0.0.1/a}", ""},
		{"shell", "commands of a shell", "$(id) `id`; id | id && id; cmd.exe /c %PATH%", ""},
		{"single-quotes", "single quotes", "it's 'so'", ""},
		{"sql", "a condition of SQL", "' OR '1'='1' UNION SELECT 1; DROP TABLE a --", ""},
		{"double-quotes", "double quotes, and markup", `"quoted" <b>&</b> ""so""`, "text"},
		{"backslashes", "a path with backslashes", `C:\temp\new\report.txt`, "text"},
		{"backslash-end", "a backslash at the end", `ends in \`, ""},
		{"escape-letters", "what would be an escape in JSON, in C and in a replacement", `\u0041 \n \x41 \101 \1 $1 $& $$`, ""},
		{"markup", "elements of HTML", "<script>alert(1)</script><b>", ""},
		{"entities", "entities of HTML", "&amp; &lt;tag&gt; &#65;", ""},
		{"xml-end", "the end of a section of XML", "]]> <!-- -->", ""},
		{"formula", "a formula of a spreadsheet", "=1+1", ""},
		{"formula-at", "another one", "@SUM(1,1)", ""},
		{"leading-plus", "a plus sign before a digit", "+1", ""},
		{"leading-minus", "a minus sign before a digit", "-1", ""},
		{"leading-dashes", "an option of a command", "--help", ""},
		{"leading-hash", "a hash sign at the beginning", "# not a comment", ""},
		{"leading-blank", "a blank at the beginning", " begins with a blank", ""},
		{"trailing-blank", "a blank at the end", "ends with a blank ", ""},
		{"two-blanks", "two blanks in a row", "two  blanks", ""},
		{"word-null", "the word null in capitals", "NULL", ""},
		{"word-true", "the word true", "true", ""},
		{"word-undefined", "the word undefined", "undefined", ""},
		{"word-nan", "the word NaN", "NaN", ""},
		{"zero", "a zero", "0", ""},
		{"digits", "digits alone", "12345678901234567890", "text"},
		{"leading-zeros", "digits with zeros before them", "007", ""},
		{"float", "a number with an exponent", "1e400", ""},
		{"hexadecimal", "a number in hexadecimal", "0x1F", ""},
		{"date", "an instant", "2017-12-04T13:39:24Z", ""},
		{"address", "an address", "http://127.0.0.1/a?b=c&d=e#f https://A.Example/ ftp://a.example", ""},
		{"mail", "a mail address", "analyst@example.com", ""},
		{"share", "a path of a share", `\\server\share\file`, ""},
		{"device", "the name of a device", "CON", ""},
		{"decimal", "a decimal number", "12.50", ""},
		{"guid", "a GUID in braces", "{C083F601-012F-4955-B4CC-FAB50FB69D79}", ""},
		{"json-object", "an object of JSON", `{"status": "Done", "id": 7}`, ""},
		{"json-array", "an array of JSON", "[1, 2]", ""},
		{"dots", "a path upwards", "../../etc/passwd", ""},
		{"name", "a name of a prototype", "__proto__", ""},
		{"one-letter", "one letter", "n", ""},
		{"hash", "a hash", strings.Repeat("0123456789", 4), ""},
		{"word-no", "the word no, which YAML reads as false", "no", ""},
		{"marks-alone", "marks alone", "?!...", ""},
		{"empty-object", "an empty object of JSON", "{}", ""},
		{"empty-array", "an empty array of JSON", "[]", ""},
		{"base64", "what looks like base64", "cXVhcmFudGluZSB0aGUgZmlsZQ==", ""},
		{"date-json", "an instant of old JSON", "/Date(1512393206210)/", ""},
		{"semicolons", "the separators of lists", "a,b;c|d\\e", ""},
		{"bearer", "what looks like credentials", "Bearer of news, password=none", ""},
	}...)
}

// printable is every character of ASCII that is printed.
func printable() string {
	var out []byte
	for c := byte(' '); c <= '~'; c++ {
		out = append(out, c)
	}
	return string(out)
}

// unicodeTexts are texts with characters beyond ASCII: one of each general category, and those
// at which software is known to fail; and with control characters, which JSON escapes.
func unicodeTexts() []value {
	return []value{
		{"lu", "an upper-case letter", "Ärger", ""},
		{"ll", "lower-case letters", "straße über café λόγος", "text"},
		{"lt", "a title-case letter", "ǅ", ""},
		{"lm", "a modifier letter", "aʰ", ""},
		{"lo", "ideographs", "漢字とかな", ""},
		{"mn", "a letter with a combining mark", "e\u0301 a\u0308", ""},
		{"mc", "a spacing mark", "का", ""},
		{"me", "an enclosing mark", "a\u20DD", ""},
		{"nd", "digits of another script", "٣٤ ५", ""},
		{"nl", "a letter number", "Ⅷ", ""},
		{"no", "a fraction", "½ ²", ""},
		{"pc", "a connector", "a‿b", ""},
		{"pd", "dashes", "a–b—c", ""},
		{"ps", "brackets", "⁅a⁆", ""},
		{"pi", "quotation marks", "«a» “b” ‘c’", ""},
		{"po", "other punctuation", "¿a? ¡b! …", ""},
		{"sm", "mathematical symbols", "∑ ≠ ∞", ""},
		{"sc", "currency symbols", "€ £ ¥", ""},
		{"sk", "modifier symbols", "˄ ´ ¨", ""},
		{"so", "other symbols", "☃ © ™", ""},
		{"zs", "every space beyond ASCII", "a\u00A0b\u1680c\u2000d\u2003e\u2009f\u202Fg\u205Fh\u3000i", ""},
		{"zl", "a line separator", "a\u2028b", "text"},
		{"zp", "a paragraph separator", "a\u2029b", ""},
		{"c1", "control characters beyond ASCII", "a\u0080b\u0085c\u008Dd\u009Fe", ""},
		{"delete", "the character DEL", "a\u007Fb", ""},
		{"zwj", "a zero-width joiner", "a\u200Db", ""},
		{"zwsp", "a zero-width space", "a\u200Bb", ""},
		{"rlo", "marks and overrides of the direction", "a\u202Eb\u202Cc\u200Ed\u200Fe\u2066f\u2069g", ""},
		{"bom", "a byte order mark inside the text", "a\uFEFFb", ""},
		{"soft-hyphen", "a soft hyphen", "a\u00ADb", ""},
		{"co", "characters for private use", "a\uE000b\uF8FFc\U000F0000d\U0010FFFDe", ""},
		{"replacement", "the replacement character", "a\uFFFDb", ""},
		{"astral", "characters beyond the first plane", "😀 𝒳 𠀀", "text"},
		{"emoji-sequence", "a sequence of emoji",
			"👨\u200D👩\u200D👧 🇩🇪 👍🏽 ❤\uFE0F 1\uFE0F\u20E3 " + "🏴\U000E0067\U000E0062\U000E007F", ""},
		{"scripts", "letters of many scripts", "Աאबঅਅઅଅஅఅಅഅකกກཀကა ᄀ가ሀᎠᐁᚁᚠកᠠあアㄅ漢ꀀ𐎀𐤀𐐀𒀀𓀀ⲀⴰⰀ", ""},
		{"leading-mark", "a combining mark at the beginning", "\u0301a", ""},
		{"hebrew", "a text from right to left", "שלום", ""},
		{"arabic", "letters that join", "السلام عليكم", ""},
		{"thai", "a script without blanks", "ภาษาไทย", ""},
		{"turkish", "the two letters i of Turkish", "İstanbul ısı", ""},
		{"ligature", "a ligature", "ﬁle ﷺ", ""},
		{"wide", "full-width letters", "ＡＢＣ１２３", ""},
		{"kelvin", "letters whose lower case is one of ASCII", "\u212A ſ", ""},
		{"zalgo", "many marks on one letter", "a" + strings.Repeat("\u0300\u0301\u0302\u0303", 8), ""},
		{"cyrillic", "letters that look like those of ASCII", "а е о", ""},
		{"tab", "a tab", "a\tb", ""},
		{"line-feed", "line feeds at its ends, and 60 lines", "\na\nb\n\nc\n" + strings.Repeat("d\n", 60), ""},
		{"carriage-return", "a carriage return and a line feed, before what looks like a field",
			"a\r\nContent-Type: text/html\r\nb", ""},
		{"backspace", "a backspace", "a\bb", ""},
		{"form-feed", "a form feed", "a\fb", ""},
		{"vertical-tab", "a vertical tab", "a\vb", ""},
		{"escape", "a sequence of a terminal", "\x1b[31mred\x1b[0m", ""},
		{"bell", "a bell", "a\ab", ""},
		{"unit-separator", "a unit separator", "a\x1fb", ""},
		{"end-of-file", "the end of a file of old systems", "a\x1ab", ""},
	}
}

// openTexts are texts of characters that a reader may refuse or replace: NUL, characters that
// are not assigned, and those that never are.
func openTexts() []value {
	return []value{
		{"nul", "NUL inside a text", "a\x00b", ""},
		{"nul-end", "NUL at the end of a text", "ab\x00", ""},
		{"cn", "a character that is not assigned", "a\u0378b", ""},
		{"noncharacter", "a code point that is no character", "a\uFFFEb\uFFFFc", ""},
		{"noncharacter-bmp", "another one", "a\uFDD0b", ""},
		{"last", "the last code points of planes", "a\U0001FFFFb\U0010FFFFc", ""},
	}
}

// texts are texts in each text member, those that one operation alone is sent, and further values
// of it that are templates of JSON.
func texts(of func() []value, dealt turns, templates ...value) func(*builder) []item {
	alone := []string{"format-verbs", "percent-escape", "percent-null", "percent-broken", "percent-end", "template",
		"lookup", "shell", "single-quotes", "sql", "escape-letters", "entities", "xml-end", "device", "share", "dots",
		"base64", "semicolons", "bearer", "leading-dashes", "leading-hash", "mail", "guid", "plus", "two-blanks",
		"address", "name", "date-json", "formula-at", "leading-minus"}
	return func(b *builder) (out []item) {
		for _, name := range b.textMembers() {
			add := func(v value, json string, once bool) {
				out = append(out, item{name: slug(name, v.name), title: fmt.Sprintf("%s in %s", v.title, name),
					change: func(r *request) { r.set(name, json) }, dimension: v.use.dimension(), once: once})
			}
			for _, v := range of() {
				add(v, quote(v.text), slices.Contains(alone, v.name))
			}
			for _, v := range templates {
				add(v, v.text, slices.Contains(alone, v.name))
			}
			for _, v := range dealt() {
				add(v, quote(v.text), true)
			}
		}
		return out
	}
}

// followed are the items of one function, and behind them those of another.
func followed(last, first func(*builder) []item) func(*builder) []item {
	return func(b *builder) []item { return append(first(b), last(b)...) }
}

// ownNames are texts that look like the members of the request, with other values.
func ownNames(b *builder) (out []item) {
	for _, name := range b.textMembers() {
		var members []string
		for _, m := range b.plain.members {
			value := "b"
			if isVariable(m.value, "sha1") {
				value = strings.Repeat("0a1b2c3d", 5)
			}
			members = append(members, fmt.Sprintf(`%s: "%s"`, m.name, value))
		}
		object := "{" + strings.Join(members, ", ") + "}"
		var operations []string
		for _, op := range b.suite.Operations {
			operations = append(operations, op.ID, spelled(op.ID, " "))
			if op.ID != b.op.ID {
				out = append(out, item{name: slug(name, "other", op.ID),
					title:  "the name of another operation in " + name,
					change: func(r *request) { r.set(name, quote(op.ID)) }})
			}
		}
		out = append(out, item{name: slug(name, "own-operation"), once: true,
			title:  "the name of the operation itself in " + name,
			change: func(r *request) { r.set(name, quote(b.op.ID)) }})
		for _, m := range b.plain.members {
			out = append(out, item{name: slug(name, "named", unquoted(m.name)), once: true,
				title:  "the name of the member " + unquoted(m.name) + " in " + name,
				change: func(r *request) { r.set(name, m.name) }})
		}
		out = append(out, item{name: slug(name, "operations"), title: "the names of all operations in " + name,
			change: func(r *request) { r.set(name, quote("as "+strings.Join(operations, ", "))) }})
		for _, hash := range b.hashMembers() {
			out = append(out, item{name: slug(name, "ends-in", hash), title: hash + " at the end of " + name,
				once:   true,
				change: func(r *request) { r.set(name, `"for {{sha1}}"`) }})
		}
		out = append(out, item{name: slug(name, "own-names"), title: "what looks like the members of the request in " +
			name, change: func(r *request) { r.set(name, quote(object)) }})
	}
	return out
}

// lengths are texts of as many letters as powers of two, and one off.
func lengths(b *builder) (out []item) {
	// Of each operation: what columns of databases hold, and one more. Of one: further limits that people choose.
	both := []int{2, 10, 100, 255, 256, 1000, 5000, 65536}
	numbers := []int{3, 4, 5, 8, 16, 20, 25, 30, 40, 50, 80, 99, 101, 120, 140, 150, 160, 180,
		199, 200, 240, 249, 250, 251, 253, 254, 280, 400, 499, 500, 501, 600,
		800, 999, 1001, 1200, 1500, 1536, 1999, 2000, 2001, 2500, 3000, 3999,
		4000, 4001, 6000, 8000, 9000, 10000, 15000, 16000, 20000, 24000, 25000, 30000, 32000, 40000,
		50000, 60000, 64000, 65000, 65534, 65535}
	for n := 32; n < 65536; n *= 2 {
		numbers = append(numbers, n-1, n, n+1)
	}
	slices.Sort(numbers)
	numbers = slices.DeleteFunc(slices.Compact(numbers), func(n int) bool { return slices.Contains(both, n) })
	for _, name := range b.textMembers() {
		for i, n := range slices.Concat(both, numbers) {
			out = append(out, item{name: fmt.Sprintf("%s-%05d", slug(name), n), once: i >= len(both),
				title:  fmt.Sprintf("%s of %d letters", name, n),
				change: func(r *request) { r.set(name, fmt.Sprintf(`"{{repeat %d x}}"`, n)) }})
		}
		for _, n := range []int{300, 1024, 4096} {
			out = append(out, item{name: fmt.Sprintf("%s-longer-%05d", slug(name), n),
				title: fmt.Sprintf("%s with %d letters behind its text", name, n), dimension: "length",
				change: func(r *request) { r.lengthen(name, n) }})
		}
		for _, n := range []int{1, 64, 127, 128, 129, 255, 256, 257, 1024, 4096, 21846} {
			for i, c := range []string{"ß", "漢", "😀"} {
				before := "" // or a letter, so that a limit falls between the halves of a pair too
				if i == 2 && (n%2 == 1 || n > 4096) {
					before = "x"
				}
				out = append(out, item{once: true, name: fmt.Sprintf("%s-%05d-of-%d-bytes", slug(name), n, len(c)),
					title:  fmt.Sprintf("%s of %d characters of %d bytes", name, n, len(c)),
					change: func(r *request) { r.set(name, fmt.Sprintf(`"%s{{repeat %d %s}}"`, before, n, c)) }})
			}
		}
	}
	return out
}

// lengthen makes the text of a member longer by n letters.
func (r *request) lengthen(name string, n int) {
	if m := r.find(name); m != nil && strings.HasSuffix(m.value, `"`) {
		m.value = strings.TrimSuffix(m.value, `"`) + fmt.Sprintf(`{{repeat %d x}}"`, n)
	}
}

// blanks are texts that the pattern of a member refuses, of the white space alone that every
// language takes for such: many trim neither a form feed nor what is beyond ASCII.
func blanks(b *builder) (out []item) {
	for _, name := range b.textMembers() {
		rule := b.rule(name, "pattern")
		if rule == nil {
			continue
		}
		turn := b.ofTurn
		for _, v := range []value{
			{"empty", "no character", "", ""},
			{"one-blank", "one blank", " ", ""},
			{"blanks", "blanks", "     ", ""},
			{"tab", "a tab, or two", turn("\t", "\t\t"), ""},
			{"line-feed", "a line end", turn("\n", "\r\n"), ""},
			{"mixed", "white space", " \r\n\t ", ""},
			{"vertical-tab", "a vertical tab", "\v", ""},
			{"many", "many blanks", strings.Repeat(" ", 300), ""},
		} {
			out = append(out, item{name: slug(name, v.name), title: fmt.Sprintf("%s that is %s", name, v.title),
				change: func(r *request) { r.set(name, quote(v.text)) }, breaks: rule, combined: v.name == "one-blank"})
		}
	}
	return out
}

// hashes are hashes of every make-up.
func hashes(b *builder) (out []item) {
	for _, name := range b.hashMembers() {
		for _, form := range []struct{ name, title, dimension string }{
			{"upper", "in upper case", "hash"}, {"mixed", "in both letter cases", "hash"},
			{"digits", "of digits alone", "hash"}, {"letters", "of letters alone", "hash"},
			{"zeros", "that begins with zeros", "hash"}, {"trailing", "that ends in zeros", ""},
			{"halves", "with its first half in upper case", ""}, {"magic", "that reads as zero with an exponent", ""},
			{"exponent", "that reads as a number with an exponent",
				"hash"},
		} {
			out = append(out, item{name: slug(name, form.name), title: name + " " + form.title,
				dimension: form.dimension,
				change:    func(r *request) { r.hashAs(name, form.name) }})
		}
	}
	for _, name := range b.hashMembers() {
		at := slices.IndexFunc(b.suite.Operations, func(o openapi.Operation) bool { return o.ID == b.op.ID })
		digit := "0fabcde123456789"[at%16] // first those that software takes for no hash
		out = append(out, item{name: slug(name, "one-digit"), title: name + " of one digit alone",
			change: func(r *request) { r.set(name, quote(strings.Repeat(string(digit), 40))) }})
		nothing := sha1.Sum(slices.Repeat([]byte{'\n'}, at)) // of no bytes, for the first operation
		out = append(out, item{name: slug(name, "of-nothing"), title: name + " of a file of no bytes, or of line ends",
			change: func(r *request) { r.set(name, quote(hex.EncodeToString(nothing[:]))) }})
		own := b.ownHash("0123456789abcdef", name)
		out = append(out, item{name: slug(name, "escaped"), title: name + " with digits as escapes",
			change: func(r *request) { r.set(name, fmt.Sprintf(`"\u%04x%s\u%04X"`, own[0], own[1:39], own[39])) }})
		capital := b.ownHash("0123456789", name+" with a capital letter")
		out = append(out, item{name: slug(name, "exponent-upper"), once: true,
			title:  name + " that reads as a number with a capital letter before its exponent",
			change: func(r *request) { r.set(name, quote(capital[:12]+"E"+capital[13:])) }})
		small := b.ownHash("0123456789abcdef", name+" with capitals at its ends")
		for _, v := range []value{
			{"last-capital", "whose last digit alone is a capital letter", small[:39] + "A", ""},
			{"first-capital", "whose first digit alone is a capital letter", "F" + small[1:], ""},
			{"capital-letters", "of capital letters alone", strings.ToUpper(b.ownHash("abcdef", name)), ""},
			{"words", "with words and digits in a row", "deadbeef01234567feedfacecafebabe0badf00d", ""},
			{"test-virus", "of the file that scanners take for a virus",
				"3395856ce81f2b7382dee72602f798b642f14140", ""},
			{"mirrored", "that is the same from its end", small[:20] + reversed(small[:20]), ""},
			{"equal-halves", "of two equal halves", small[:20] + small[:20], ""},
			{"line-end", "that ends in the code of a line end", small[:38] + "0a", ""},
		} {
			out = append(out, item{name: slug(name, v.name), title: name + " " + v.title, once: true,
				change: func(r *request) { r.set(name, quote(v.text)) }})
		}
		all := b.ownHash("0123456789abcdef", name+" in escapes")
		out = append(out, item{name: slug(name, "all-escaped"), title: name + " with every digit as an escape",
			once: true, change: func(r *request) { r.set(name, `"`+escaped(all)+`"`) }})
	}
	return out
}

// ownHash is a hash that no other operation sends: what is written out stands in one case alone.
func (b *builder) ownHash(digits string, name string) string {
	sum := sha1.Sum([]byte(b.op.ID + name))
	out := []byte(hex.EncodeToString(sum[:]))
	for i := range out {
		out[i] = digits[int(sum[i/2])%len(digits)]
	}
	return string(out)
}

func reversed(text string) string {
	out := []byte(text)
	slices.Reverse(out)
	return string(out)
}

// hashAs writes a hash in one of the forms for which there is a variable.
func (r *request) hashAs(name, form string) {
	if m := r.find(name); m != nil {
		m.value = strings.Replace(m.value, "{{sha1", "{{"+form+" sha1", 1)
	}
}

// notHashes are texts that are nearly a hash.
func notHashes(b *builder) (out []item) {
	for _, name := range b.hashMembers() {
		rule := b.rule(name, "pattern")
		if rule == nil {
			continue
		}
		const digits = "8d25682b3a82af25b42dc90291c35ff3293daa6" // one too few
		all := digits + "8"
		// What stands for a digit stands in another place for each operation.
		place := func(at ...int) func(sign string) string {
			n := at[b.turn%len(at)]
			return func(sign string) string { return all[:n] + sign + all[n+1:] }
		}
		turn := b.ofTurn
		for _, v := range []value{
			{"empty", "no character", "", ""},
			{"1-digit", "one digit", turn("a", "0"), ""},
			{"32-digits", "32 digits", all[:32], ""},
			{"39-digits", "39 digits", digits, ""},
			{"41-digits", "41 digits", all + "0", ""},
			{"42-digits", "42 digits", all + "00", once},
			{"64-digits", "64 digits", all + all[:24], ""},
			{"80-digits", "it twice", all + turn("", " ") + all, once},
			{"128-digits", "128 digits", all + all + all + all[:8], once},
			{"other-letter-first", "another letter at the beginning", "g" + digits, ""},
			{"other-letter-inside", "another letter inside", place(20, 8)("z"), ""},
			{"other-letter-last", "another letter at the end", digits + "g", ""},
			{"capital-letter", "a capital letter that is no digit", place(20, 1)("G"), once},
			{"letter-o", "the letter O for a zero", "O" + digits, once},
			{"blank-before", "a blank before it", turn(" ", "\u00A0") + all, ""},
			{"blank-behind", "a blank behind it", all + " ", ""},
			{"blank-inside", "a blank inside", all[:20] + " " + all[20:], ""},
			{"blank-for-digit", "a blank for a digit", place(0, 8)(" "), ""},
			{"line-feed-behind", "a line end behind it", all + turn("\n", "\r\n"), ""},
			{"line-feed-for-digit", "white space for its last digit", digits + turn("\n", " "), ""},
			{"two-lines", "it and a second line", all + "\n" + all, once},
			{"tab-behind", "a tab behind it", all + "\t", once},
			{"apostrophe", "an apostrophe", all[:39] + "'", once},
			{"sql", "a condition of SQL behind it", all + "' OR '1'='1", once},
			{"41-capitals", "41 digits in capitals", strings.ToUpper(all) + "0", once},
			{"56-digits", "some digits more", all + all[:[]int{16, 5}[b.turn%2]], ""},
			{"96-digits", "96 digits", all + all + all[:16], once},
			{"20-digits", "20 digits", all[:20], once},
			{"38-digits", "some digits too few", all[:[]int{38, 35}[b.turn%2]], ""},
			{"underscore-for-digit", "an underscore for a digit", place(20, 8)("_"), once},
			{"minus-for-digit", "a minus sign at its beginning", "-" + turn(digits, all), ""},
			{"list", "a separator and it again", all + turn(",", ";") + all, once},
			{"zero-width-behind", "a mark that is not seen behind it", all + turn("\u200B", "\u0301"), ""},
			{"prefix", "the prefix 0x", turn("0x", "0X") + all, ""},
			{"prefix-instead", "the prefix 0x for two digits", "0x" + all[2:], once},
			{"named", "its name before it", turn("sha1:", "SHA1=") + all, once},
			{"colons", "signs between its bytes", strings.Join(pairsOf(all), turn(":", " ")), ""},
			{"hyphens", "hyphens as in a GUID",
				all[:8] + "-" + all[8:12] + "-" + all[12:16] + "-" + all[16:20] + "-" + all[20:], once},
			{"hyphen-for-digit", "a hyphen for a digit", place(8, 1)("-"), once},
			{"quotes", "quotes around it", turn(`"`, "'") + all + turn(`"`, "'"), once},
			{"braces", "braces around it", "{" + all + "}", once},
			{"wide-digits", "full-width digits", turn(strings.Repeat("０", 40), "０"+digits), once},
			{"arabic-digits", "digits of another script", strings.Repeat("٣", 40), once},
			{"look-alike", "a letter that looks like one of its digits", turn("а"+digits, digits+"l"), once},
			{"base32", "the hash in base32", "RVSWQKZ2QKXSLNBNZEBJDQ27GKJ5VJUI", once},
			{"base64", "the hash in base64", "jSVoKzqCryW0LckCkcNf8yk9qmg=", ""},
			{"words", "a word", turn("null", "true"), once},
			{"path", "a name of a file", `C:\temp\malware.exe`, once},
			{"percent", "an escape of a URL for a digit", "%38" + all[1:], once},
			{"question-marks", "question marks", strings.Repeat("?", 40), once},
			{"long", "1,000 digits", strings.Repeat("0", 1000), once},
		} {
			out = append(out, item{name: slug(name, v.name), title: fmt.Sprintf("%s with %s", name, v.title),
				change: func(r *request) { r.set(name, quote(v.text)) }, breaks: rule,
				attacks:  v.name == "sql",
				once:     v.use == once,
				combined: v.name == "39-digits" || v.name == "other-letter-last" || v.name == "64-digits"})
		}
		for _, v := range []value{
			{"40-bytes", "20 characters of two bytes", strings.Repeat("ß", 20), ""},
			{"file-name", "what makes it the name of a file", all + ".exe", ""},
			{"line-feeds-inside", "a line feed between its halves", all[:20] + "\n" + all[20:], ""},
			{"star", "a star behind its first digits", all[:8] + "*", ""},
			{"parentheses", "parentheses around it", "(" + all + ")", ""},
			{"angles", "angle brackets around it", "<" + all + ">", ""},
			{"space-beyond-ascii", "a no-break space behind it", all + "\u00A0", ""},
			{"return-behind", "a carriage return behind it", all + "\r", ""},
			{"plus-before", "a plus sign for its first digit", "+" + digits, ""},
			{"dot-inside", "a point for a digit", all[:20] + "." + all[21:], ""},
		} {
			out = append(out, item{once: true, name: slug(name, v.name), title: fmt.Sprintf("%s with %s", name,
				v.title),
				change: func(r *request) { r.set(name, quote(v.text)) }, breaks: rule})
		}
	}
	return out
}

// openNotHashes are texts that are nearly hashes, of characters that a reader may refuse.
func openNotHashes(b *builder) (out []item) {
	for _, name := range b.hashMembers() {
		if rule := b.rule(name, "pattern"); rule != nil {
			text := strings.Repeat("8d25682b3a", 4) + "\x00"
			out = append(out, item{name: slug(name, "nul-behind"), title: name + " with NUL behind it", breaks: rule,
				attacks: true,
				change:  func(r *request) { r.set(name, quote(text)) }})
		}
	}
	return out
}

// pairsOf cuts a text into pieces of two.
func pairsOf(text string) (out []string) {
	for i := 0; i+1 < len(text); i += 2 {
		out = append(out, text[i:i+2])
	}
	return out
}

// types are the values of every other JSON type than string.
func types(b *builder) (out []item) {
	const digits = "1234567890123456789012345678901234567890"
	for _, m := range b.plain.members {
		name := unquoted(m.name)
		rule := b.rule(name, "type")
		if rule == nil {
			continue
		}
		turn := b.ofTurn
		for _, v := range []value{
			{"null", "null", "null", ""},
			{"true", "true", "true", ""},
			{"false", "false", "false", ""},
			{"zero", "zero", "0", ""},
			{"one", "one", "1", ""},
			{"minus-one", "a number with a minus sign", turn("-1", "-0"), ""},
			{"fraction", "a fraction", turn("0.5", "1.0"), ""},
			{"exponent", "a number with an exponent", turn("1e2", "1E-2"), ""},
			{"large", "a number of 40 digits, or of 17", turn(digits, digits[:17]), ""},
			{"array", "an empty array", "[]", ""},
			{"array-of-it", "an array of its value", "[" + m.value + "]", ""},
			{"array-of-two", "an array of it twice", "[" + m.value + "," + m.value + "]", once},
			{"array-in-array", "an array in an array, or of null", turn("[["+m.value+"]]", "[null]"), once},
			{"object", "an empty object", "{}", ""},
			{"object-of-it", "an object that has it",
				turn(`{"value": `+m.value+"}",
					`{"value": {"value": `+m.value+"}}"), ""},
			{"object-named", "an object that has it under its own name", "{" + m.name + ": " + m.value + "}", once},
		} {
			out = append(out, item{name: slug(name, v.name), title: fmt.Sprintf("%s that is %s", name, v.title),
				change: func(r *request) { r.set(name, v.text) }, breaks: rule,
				once:     v.use == once,
				combined: v.name == "null" || v.name == "one" || v.name == "array-of-it"})
		}
	}
	return out
}

// slug joins names, in small letters and digits.
func slug(names ...string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(strings.Join(names, "-")))
}
