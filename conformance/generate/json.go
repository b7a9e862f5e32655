package generate

import (
	"fmt"
	"strings"
)

// escapes are bodies whose texts and names are written with escapes.
func escapes(b *builder) (out []item) {
	for _, name := range b.textMembers() {
		for _, v := range []value{
			{"letters", "letters of ASCII as escapes", `"\u0041\u0062\u0063"`, "text"},
			{"lower-digits", "escapes with small digits", `"caf\u00e9 \u4e2d"`, ""},
			{"upper-digits", "escapes with capital digits", `"caf\u00E9 \u4E2D"`, ""},
			{"pair", "a surrogate pair as escapes", `"\ud83d\ude00"`, "text"},
			{"pair-upper", "the same with capital digits", `"\uD83D\uDE00"`, once},
			{"slash", "an escaped slash", `"a\/b"`, ""},
			{"quote", "an escaped quote", `"a\"b"`, ""},
			{"backslash", "an escaped backslash", `"a\\b"`, ""},
			{"backslash-u", "an escaped backslash before u0041", `"a\\u0041"`, ""},
			{"short", "the short escapes", `"a\b\f\n\r\tb"`, ""},
			{"blank", "a blank as an escape", `"a\u0020b"`, once},
			{"percent", "a percent sign as an escape", `"100\u0025"`, once},
			{"less", "markup as escapes", `"\u003cb\u003e\u0026"`, once},
			{"line-separator", "a line separator as an escape", `"a\u2028b"`, once},
			{"bom", "a byte order mark as an escape", `"\ufeffa"`, once},
			{"delete", "DEL as an escape", `"a\u007fb"`, once},
			{"quote-as-number", "a quote as a number", `"a\u0022b"`, once},
			{"backslash-as-number", "a backslash as a number", `"a\u005cb"`, once},
			{"edges", "escapes at the edges of lengths",
				`"\u007f\u0080\u07ff\u0800\ud7ff\ud800\udc00\ud83c\udfff\udbff\udffd\ue000\ufffd"`, once},
			{"mixed", "escapes and characters side by side", `"\u00e9é\u006e\n😀\ud83D\uDe00"`, ""},
		} {
			out = append(out, item{name: slug(name, v.name), title: fmt.Sprintf("%s in %s", v.title, name),
				dimension: v.use.dimension(),
				once:      v.use == once,
				change:    func(r *request) { r.set(name, v.text) }})
		}
	}
	for _, name := range b.textMembers() {
		// The escapes of the one lie over the ends of the buffers that those of the other may not.
		for _, v := range []value{
			{"many-behind-four", "1,400 escapes behind four letters", `"abcd{{repeat 1400 \u00e9}}"`, ""},
			{"many-behind-one", "11,000 escapes behind one letter", `"a{{repeat 11000 \u00e9}}"`, ""},
			{"backslash-quote", "an escaped backslash before an escaped quote", `"a\\\"b"`, ""},
		} {
			out = append(out, item{name: slug(name, v.name), title: fmt.Sprintf("%s in %s", v.title, name), once: true,
				change: func(r *request) { r.set(name, v.text) }})
		}
	}
	for _, m := range b.plain.members {
		name := unquoted(m.name)
		for _, v := range []value{
			{"name-first", "its first letter as an escape", fmt.Sprintf(`"\u%04x%s"`, name[0], name[1:]), "name"},
			{"name-last", "its last letter as an escape",
				fmt.Sprintf(`"%s\u%04X"`, name[:len(name)-1],
					name[len(name)-1]), ""},
			{"name-all", "every letter as an escape", `"` + escaped(name) + `"`, ""},
		} {
			out = append(out, item{name: slug(name, v.name), title: fmt.Sprintf("the name %s with %s", name, v.title),
				dimension: v.use.dimension(), change: func(r *request) {
					if found := r.find(name); found != nil {
						found.name = v.text
					}
				}})
		}
	}
	return out
}

// escaped writes each character of a text of ASCII as an escape.
func escaped(text string) string {
	var out strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&out, `\u%04x`, c)
	}
	return out.String()
}

// spaces are bodies with white space in the places that the grammar has for it.
func spaces(*builder) []item {
	form := func(name, title, dimension string, s spacing) item {
		return item{name: name, title: title, dimension: dimension, change: func(r *request) { r.space = s }}
	}
	out := []item{
		form("none", "no white space", "space", spacing{}),
		form("blanks", "a blank in every place", "", everywhere(" ")),
		form("tabs", "a tab in every place", "space", everywhere("\t")),
		form("line-feeds", "a line feed in every place", "", everywhere("\n")),
		form("carriage-returns", "a carriage return in every place", "", everywhere("\r")),
		form("lines", "a line end of two characters in every place", "space", everywhere("\r\n")),
		form("all", "all white space in every place", "", everywhere(" \t\r\n ")),
		form("many", "many blanks in every place", "", everywhere(strings.Repeat(" ", 200))),
		form("around", "white space before and behind the body", "space", spacing{around: "\r\n \t", afterColon: " ",
			afterComma: " "}),
		form("before-colon", "a blank before each colon", "", spacing{colon: " ", afterColon: " ", afterComma: " "}),
		form("before-comma", "a blank before each comma", "", spacing{comma: " ", afterColon: " "}),
		form("many-behind", "4,000 blanks behind the body", "", spacing{around: strings.Repeat(" ", 4000),
			afterColon: " "}),
	}
	indented := form("tab-indented", "a line with a tab before it for each member", "",
		spacing{open: "\n\t", afterColon: " ", afterComma: "\n\t", end: "\n"})
	indented.once = true
	out = append(out, indented)
	for n := 256; n <= 65536; n *= 2 {
		out = append(out, item{name: fmt.Sprintf("%d-bytes", n), once: true,
			title:  fmt.Sprintf("as many blanks as make %d bytes", n),
			change: func(r *request) { r.space.end = strings.Repeat(" ", n-sent(r.body())) }})
	}
	return out
}

// whole is a change of the whole body.
func whole(text string) func(*request) { return func(r *request) { r.raw = &text } }

// notObjects are bodies that are JSON, and no object.
func notObjects(b *builder) (out []item) {
	object := b.plain.body()
	var values []string
	for _, m := range b.plain.members {
		if values = append(values, m.value); b.turn > 0 {
			values[len(values)-1] = "[" + m.name + ", " + m.value + "]" // as pairs
		}
	}
	for _, v := range []value{
		{"array-of-it", "an array of the object", "[" + object + "]", ""},
		{"array-of-two", "an array of two objects", "[" + object + "," + object + "]", ""},
		{"array-of-values", "an array of its values", "[" + strings.Join(values, ", ") + "]", ""},
		{"empty-array", "an empty array", "[]", ""},
		{"string-of-it", "a string that holds the object", quoteTemplate(object), ""},
		{"empty-string", "an empty string", `""`, ""},
		{"zero", "zero", "0", ""},
		{"exponent", "a number", "-1e3", ""},
		{"false", "false", "false", ""},
		{"null-with-blanks", "null between blanks", " null ", ""},
	} {
		out = append(out, item{name: v.name, title: "a body that is " + v.title, change: whole(v.text),
			unreadable: true,
			combined:   v.name == "array-of-it"})
	}
	return out
}

// quoteTemplate writes a template that is JSON as a string of JSON: its variables stay.
func quoteTemplate(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }

// nearJSON are bodies that are nearly JSON.
func nearJSON(b *builder) (out []item) {
	object := b.plain.body()
	put := func(name, title, body string, use use) {
		out = append(out, item{name: name, title: title, change: whole(body), unreadable: true,
			once: use == once, combined: name == "trailing-comma" || name == "behind-word",
			attacks: strings.Contains(body, "\x00") || strings.Contains(strings.ToLower(body), `\u0000`)})
	}
	add := func(name, title, body string) { put(name, title, body, "") }
	addOnce := func(name, title, body string) { put(name, title, body, once) }
	inside := func(v value) {
		put(v.name, v.title+" in a further member", strings.TrimSuffix(object, "}")+`, "Further": `+v.text+"}",
			v.use)
	}
	for _, v := range []value{
		{"leading-zero", "a number with a zero before it", "01", ""},
		{"plus", "a number with a plus sign", "+1", ""},
		{"no-integer", "a number that begins with a point", ".5", ""},
		{"no-fraction", "a number that ends in a point", "1.", once},
		{"no-exponent", "a number that ends in e", "1e", once},
		{"hexadecimal", "a number in hexadecimal", "0x1F", ""},
		{"infinity", "Infinity", "Infinity", ""},
		{"minus-infinity", "-Infinity", "-Infinity", once},
		{"underscore", "a number with an underscore", "1_000", once},
		{"capital-true", "True", "True", ""},
		{"none", "None", "None", ""},
		{"undefined", "undefined", "undefined", once},
		{"single-quoted", "a string in single quotes", `'a'`, ""},
		{"back-quoted", "a string in back quotes", "`a`", once},
		{"escape-x", "the escape \\x41", `"\x41"`, once},
		{"escape-quote", "an escaped single quote", `"\'"`, once},
		{"escape-short", "an escape of three digits", `"\u041"`, once},
		{"escape-braces", "an escape with braces", `"\u{41}"`, once},
		{"escape-octal", "an escape of digits", `"\101"`, once},
		{"escape-line", "an escaped line end", "\"a\\\nb\"", once},
		{"tab-inside", "a tab inside a string", "\"a\tb\"", ""},
		{"feed-inside", "a line feed inside a string", "\"a\nb\"", ""},
		{"control-inside", "a control character inside a string", "\"a\x01b\"", once},
		{"nul-inside", "NUL inside a string", "\"a\x00b\"", once},
		{"array-comma", "a comma before the end of an array", "[1,]", once},
		{"array-hole", "an array with a hole", "[1,,2]", once},
		{"array-open", "an array that another bracket ends", "[1}", once},
		{"string-open", "a string without its end", `"a`, once},
		{"expression", "a sum", "1+1", once},
		{"date", "a call", "new Date(0)", once},
	} {
		inside(v)
	}
	for _, v := range []value{
		{"minus-alone", "a minus sign alone", "-", once},
		{"two-minuses", "a number with two minus signs", "--1", once},
		{"binary", "a number in binary", "0b1", once},
		{"number-suffix", "a number with a letter behind it", "1L", once},
		{"point-exponent", "a number with a point before its e", "1.e5", once},
		{"true-changed", "true with another last letter", "trux", once},
		{"true-longer", "true with a letter behind it", "truex", once},
		{"no-value", "no value", "", once},
		{"escape-zero", "the escape \\0", `"\0"`, once},
		{"escape-v", "the escape \\v", `"\v"`, once},
		{"escape-a", "the escape \\a", `"\a"`, once},
		{"escape-e", "the escape \\e", `"\e"`, once},
		{"escape-q", "the escape \\q", `"\q"`, once},
		{"escape-blank", "an escaped blank", `"\ "`, once},
		{"escape-long", "an escape of eight digits", `"\U00000041"`, once},
		{"escape-letter", "an escape with a letter that is no digit", `"\u004g"`, once},
		{"escape-sign", "an escape with a plus sign", `"\u+041"`, once},
		{"return-inside", "a carriage return inside a string", "\"a\rb\"", once},
		{"backspace-inside", "a backspace inside a string", "\"a\bb\"", once},
		{"escape-character-inside", "the character ESC inside a string", "\"a\x1bb\"", once},
		{"three-quotes", "a string in three quotes", `"""a"""`, once},
		{"two-strings", "two strings in a row", `"a" "b"`, once},
	} {
		inside(v)
	}
	cut := strings.TrimSuffix(object, "}")
	addOnce("line-comment", "a comment behind two slashes before the object", "// comment\n"+object)
	addOnce("markup-comment", "a comment as in HTML before the object", "<!-- comment -->"+object)
	addOnce("dashes-comment", "a comment behind two dashes before the object", "-- comment\n"+object)
	addOnce("end-comma", "an object that ends behind a comma", cut+",")
	addOnce("name-alone", "a name alone", cut+`, "Further"}`)
	addOnce("no-name", "a value without a name", cut+`, : 1}`)
	addOnce("string-between", "a string between the members", strings.Replace(object, `, "`, `, "text", "`, 1))
	addOnce("two-colons", "two colons in a row", strings.Replace(object, `":`, `"::`, 1))
	addOnce("number-name", "a number for a name", cut+`, 1: 2}`)
	addOnce("word-name", "null for a name", cut+`, null: 2}`)
	addOnce("before-number", "a number before the object", "1"+object)
	addOnce("before-comma", "a comma before the object", ","+object)
	addOnce("behind-array", "an empty array behind the object", object+"[]")
	addOnce("mark-inside", "a byte order mark for white space", "{\uFEFF"+object[1:])
	addOnce("mark-behind", "a byte order mark behind the object", object+"\uFEFF")
	addOnce("line-separator", "a line separator for white space", "{\u2028"+object[1:])
	addOnce("wide-blank", "an ideographic space for white space", "{\u3000"+object[1:])
	addOnce("next-line", "the character NEL for white space", "{\u0085"+object[1:])
	addOnce("zero-width-space", "a zero-width space for white space", "{\u200B"+object[1:])
	addOnce("end-of-file", "the end of a file of old systems behind the object", object+"\x1a")
	addOnce("record-separator", "a record separator before the object", "\x1e"+object)
	addOnce("loop", "a loop before the object", "while(1);"+object)
	add("trailing-comma", "a comma before the closing brace", strings.TrimSuffix(object, "}")+",}")
	addOnce("leading-comma", "a comma behind the opening brace", "{,"+object[1:])
	addOnce("two-commas", "two commas in a row", strings.Replace(object, ",", ",,", 1))
	addOnce("semicolon", "a semicolon for a comma", strings.Replace(object, `",`, `";`, 1))
	addOnce("equals", "an equals sign for a colon", strings.Replace(object, `":`, `"=`, 1))
	addOnce("arrow", "an arrow for a colon", strings.Replace(object, `":`, `"=>`, 1))
	addOnce("no-colon", "a blank for a colon", strings.Replace(object, `":`, `" `, 1))
	addOnce("yaml", "its members in YAML", strings.NewReplacer("{", "", "}", "", ",", "\n").Replace(object))
	addOnce("hash-comment", "a comment behind a hash sign", "# comment\n"+object)
	addOnce("comment-behind", "a comment behind the object", object+" // comment")
	addOnce("comment-inside", "a comment inside the object", "{/* comment */"+object[1:])
	add("no-end", "an object without its closing brace", strings.TrimSuffix(object, "}"))
	addOnce("no-begin", "an object without its opening brace", strings.TrimPrefix(object, "{"))
	addOnce("other-end", "an object that a bracket ends", strings.TrimSuffix(object, "}")+"]")
	addOnce("two-ends", "an object with two closing braces", object+"}")
	addOnce("two-begins", "an object with two opening braces", "{{bytes 7B}}"+object)
	add("behind-word", "a word behind the object", object+" true")
	addOnce("behind-comma", "a comma behind the object", object+",")
	addOnce("behind-semicolon", "a semicolon behind the object", object+";")
	addOnce("behind-nul", "NUL behind the object", object+"\x00")
	addOnce("behind-object", "an empty object behind the object", object+"{}")
	addOnce("parentheses", "parentheses around the object", "("+object+")")
	addOnce("call", "a call around the object", "callback("+object+")")
	addOnce("guard", "a guard against inclusion before the object", ")]}',\n"+object)
	addOnce("assignment", "an assignment before the object", "request = "+object)
	addOnce("form-feed", "a form feed for white space", "\f"+object)
	addOnce("no-break-space", "a no-break space for white space", "{\u00A0"+object[1:])
	addOnce("vertical-tab", "a vertical tab for white space", object+"\v")
	add("bare-name", "a name without quotes", strings.Replace(strings.Replace(object, `"`, "", 1), `":`, ":", 1))
	add("single-quoted-name", "a name in single quotes", strings.Replace(strings.Replace(object, `"`, "'", 1), `":`,
		"':", 1))
	addOnce("wide-quotes", "quotation marks for quotes", strings.Replace(strings.Replace(object, `"`, "“", 1), `":`, "”:",
		1))
	return out
}
