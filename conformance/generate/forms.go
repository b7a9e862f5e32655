package generate

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
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
			{"edges", "escapes at the edges of lengths", `"\u007f\u0080\u07ff\u0800\ud800\udc00\ue000\ufffd"`, once},
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
		{"true-cut", "true without its last letter", "tru", once},
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

// sets is a change of the values of header fields: a name, its value, and so on.
func sets(fields ...string) func(*request) {
	return func(r *request) {
		for i := 0; i+1 < len(fields); i += 2 {
			r.field(fields[i], fields[i+1])
		}
	}
}

// dealt are items each of which one operation alone has, but for those that meet others.
func dealt(items []item) []item {
	for i, it := range items {
		if it.dimension == "" && !it.combined {
			items[i].once = true
		}
	}
	return items
}

// typed are requests with another Content-Type.
func typed(values []value) func(*builder) []item {
	return func(*builder) (out []item) {
		for _, v := range values {
			out = append(out, item{name: v.name, title: "a media type " + v.title, dimension: v.use.dimension(),
				combined: v.name == "text", change: sets("Content-Type", v.text)})
		}
		return out
	}
}

func mediaTypes(b *builder) []item {
	out := typed([]value{
		{"charset", "with a charset", "application/json; charset=utf-8", ""},
		{"charset-upper", "with a charset in upper case", "application/json; charset=UTF-8", "media-type"},
		{"charset-quoted", "with a charset in quotes", `application/json; charset="utf-8"`, "media-type"},
		{"charset-name", "with the parameter's name in upper case", "application/json; CHARSET=Utf-8", ""},
		{"no-blank", "with no blank behind the semicolon", "application/json;charset=utf-8", "media-type"},
		{"blank-before", "with a blank before the semicolon", "application/json ; charset=utf-8", ""},
		{"tab", "with a tab behind the semicolon", "application/json;\tcharset=utf-8", ""},
	})(b)
	return append(out, item{name: "two-blanks", title: "a media type with two blanks behind the semicolon", once: true,
		change: sets("Content-Type", "application/json;  charset=utf-8")})
}

func mediaTypeCases(b *builder) []item {
	out := dealt(typed([]value{
		{"first", "with capital letters at the beginning of its words", "Application/Json", "media-type"},
		{"upper", "in upper case", "APPLICATION/JSON", ""},
		{"type", "with its type in upper case", "APPLICATION/json", ""},
		{"subtype", "with its subtype in upper case", "application/JSON", ""},
		{"one", "with one capital letter", "application/jsoN", ""},
		{"charset", "in upper case with a charset", "APPLICATION/JSON; CHARSET=UTF-8", ""},
	})(b))
	for i := range out {
		out[i].once = out[i].once && out[i].name != "upper" // a control of both
	}
	return out
}

func openMediaTypes(b *builder) []item {
	out := dealt(typed([]value{
		{"escaped", "with an escape in a quoted charset", `application/json; charset="ut\f-8"`, ""},
		{"odata", "with a parameter of OData", "application/json;odata.metadata=minimal", ""},
		{"ieee754", "with another one of OData", "application/json;IEEE754Compatible=true", ""},
		{"quality", "with a quality, which is for Accept", "application/json;q=0.9", ""},
		{"version", "with a version", "application/json; version=1", ""},
		{"quoted", "with a parameter that holds a semicolon", `application/json; note="a;b"`, ""},
		{"semicolon", "with a semicolon at its end", "application/json;", ""},
		{"two-charsets", "with two charsets", "application/json; charset=utf-8; charset=utf-8", ""},
		{"ascii", "with the charset of ASCII", "application/json; charset=us-ascii", ""},
		{"unknown-charset", "with a charset that nobody knows", "application/json; charset=none-such", ""},
		{"utf-16", "with a charset of two bytes", "application/json; charset=utf-16", ""},
		{"empty", "without a value", "", ""},
		{"text-json", "that JSON had before it was registered", "text/json", ""},
		{"problem", "of a +json type", "application/problem+json", ""},
		{"vendor", "of a vendor", "application/vnd.example+json", ""},
		{"many-parameters", "with many parameters",
			`application/json; boundary=a; profile="http://127.0.0.1/p"; ` +
				`x-any=b; odata.metadata=full; type=entry; charset=utf8`, ""},
		{"odata-streaming", "with parameters of OData that no client of it sends",
			"application/json;odata.metadata=none;odata.streaming=true;ExponentialDecimals=true", ""},
		{"long", "with a parameter of 300 letters", "application/json; note=" + strings.Repeat("a", 300), ""},
		{"broken", "with parameters that are none", `application/json; charset=; =b; ; c d; größe="`, ""},
	})(b))
	return out
}

func otherMediaTypes(b *builder) []item {
	return dealt(typed([]value{
		{"longer", "that goes on behind json", "application/jsonx", ""},
		{"shorter", "that ends before json does", "application/jso", ""},
		{"json5", "of JSON5", "application/json5", ""},
		{"lines", "of JSON in lines", "application/x-ndjson", ""},
		{"sequence", "of a sequence of JSON", "application/json-seq", ""},
		{"script", "of a script", "application/javascript", ""},
		{"text", "of plain text with a charset", "text/plain; charset=utf-8", ""},
		{"markdown", "of Markdown", "text/markdown", ""},
		{"yaml", "of YAML", "application/yaml", ""},
		{"csv", "of CSV", "text/csv", ""},
		{"image", "of an image", "image/png", ""},
		{"bytes", "of bytes", "application/octet-stream", ""},
		{"range", "that is a range", "application/*", ""},
		{"bad-charset", "of text in an unknown charset", "text/plain; charset=none-such", ""},
		{"no-type", "without a type", "/json", ""},
		{"type-only", "without a subtype", "application", ""},
		{"subtype-only", "that is json alone", "json", ""},
		{"in-parameter", "that names JSON in a parameter", "text/plain; format=application/json", ""},
		{"in-text", "of text that is named json", "text/plain;json", ""},
		{"reversed", "the wrong way round", "json/application", ""},
		{"text-xml", "of XML as text", "text/xml", ""},
		{"soap", "of a message of SOAP", "application/soap+xml", ""},
		{"cbor", "of CBOR", "application/cbor", ""},
		{"any-range", "that is the range of all", "*/*", ""},
		{"graphql", "of GraphQL", "application/graphql", ""},
		{"text-script", "of a script as text", "text/javascript", ""},
		{"third-part", "with a third part", "application/json/x", ""},
		{"jsonp", "of JSON in a call", "application/jsonp", ""},
		{"parameters", "of text with many parameters",
			`text/plain; charset=us-ascii; charset=utf8; type=entry; q=1; ` +
				`version=1; profile="a\"b";	note=` + strings.Repeat("a", 300), ""},
	})(b))
}

func accepts(*builder) (out []item) {
	for _, v := range []value{
		{"any", "anything", "*/*", "accept"},
		{"any-weight", "anything with a weight", "*/*;q=0.1", ""},
		{"range", "the range of its type", "application/*", ""},
		{"weight", "JSON with a weight", "application/json;q=0.5", ""},
		{"weight-one", "JSON with the weight one", "application/json;q=1.000", ""},
		{"list", "JSON last in a list",
			"text/html, application/xhtml+xml, application/json;q=0.9, */*;q=0.8", "accept"},
		{"no-blank", "a list without blanks", "application/json,text/plain,*/*", "accept"},
		{"capitals", "JSON in capital letters", "APPLICATION/JSON", ""},
		{"empty-element", "a list with an empty element", "application/json, , */*", ""},
	} {
		out = append(out, item{name: v.name, title: "a request whose client accepts " + v.title,
			dimension: v.use.dimension(), change: sets("Accept", v.text)})
	}
	out = append(out, item{name: "missing", title: "a request whose client does not say what it accepts",
		dimension: "accept", change: sets("Accept", "{{none}}")})
	for _, v := range []value{
		{"parameters", "JSON with parameters, and anything else less",
			"application/json;odata.metadata=minimal;IEEE754Compatible=true;indent=2;charset=utf-8, */*;q=0.1", ""},
		{"other-json", "types of +json before JSON, and anything else with a parameter",
			`application/vnd.example.v1+json, application/problem+json, text/plain;note="a, b", ` +
				`application/json;odata.metadata=full;q=0.9, */*;charset=utf-8;q=0.001`, ""},
	} {
		out = append(out, item{name: v.name, title: "a request whose client accepts " + v.title, once: true,
			change: sets("Accept", v.text)})
	}
	return dealt(out)
}

func negotiation(b *builder) (out []item) {
	for _, v := range []struct{ name, title, field, value string }{
		{"language", "a language", "Accept-Language", "de-DE,de;q=0.9,en;q=0.8"}, {"any-language", "any language",
			"Accept-Language", "*"},
		{"charset", "a charset", "Accept-Charset", "utf-8, *;q=0.1"}, {"no-coding", "no coding", "Accept-Encoding", ""},
		{"no-gzip", "no gzip", "Accept-Encoding", "gzip;q=0"},
		{"zip", "gzip", "Accept-Encoding", "gzip"},
		{"identity", "the coding identity", "Accept-Encoding", "identity;q=1, *;q=0"},
	} {
		it := item{name: v.name, title: "a request whose client prefers " + v.title, change: sets(v.field, v.value)}
		if v.name == "zip" || v.name == "language" {
			it.dimension = "negotiation"
		}
		out = append(out, it)
	}
	// Another library each, with another language each.
	for _, v := range []struct{ name, title, language, agent string }{
		{"english", "English", "en-US,en;q=0.9", "python-requests/2.32.3"},
		{"chinese", "Chinese", "zh-CN,zh;q=0.9", "Java/21.0.4"},
		{"french", "French, and then any language", "fr-FR,fr;q=0.9,*;q=0.5",
			"Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.26100.1"},
		{"thai", "Thai", "th-TH", "PostmanRuntime/7.43.0"},
		{"arabic", "Arabic", "ar-SA", "Apache-HttpClient/4.5.14 (Java/17.0.12)"},
		{"japanese", "Japanese", "ja-JP", "okhttp/4.12.0"},
		{"turkish", "Turkish", "tr-TR,tr;q=0.9", "axios/1.7.9"},
	} {
		out = append(out, item{name: v.name, title: "a request whose client prefers " + v.title, once: true,
			change: sets("Accept-Language", v.language, "User-Agent", v.agent)})
	}
	for _, v := range []value{
		{"no-coding-of-six", "none of six codings",
			"gzip;q=0.0, x-gzip;q=0.0, compress;q=0.0, deflate;q=0.0, br;q=0.0, zstd;q=0.0", ""},
		{"no-new-coding", "none of the new codings", "br;q=0.0, zstd;q=0.0", ""},
	} {
		out = append(out, item{name: v.name, title: "a request whose client prefers " + v.title, once: true,
			change: sets("Accept-Encoding", v.text)})
	}
	for _, name := range b.textMembers() {
		out = append(out, item{name: slug(name, "gzip"), title: "a request whose client prefers gzip, with a long " +
			name + " beyond ASCII", once: true, change: func(r *request) {
			r.field("Accept-Encoding", "gzip")
			r.set(name, `"{{repeat 400 ß}}"`)
		}})
	}
	return dealt(out)
}

// renamed is a change of the names of all header fields, that of Host among them.
func renamed(change func(string) string) func(*request) {
	return func(r *request) {
		r.field("Host", authority)
		for i := range r.header {
			r.header[i].Name = change(r.header[i].Name)
		}
	}
}

func headers(b *builder) []item {
	out := []item{
		{name: "lower", title: "header names in lower case", dimension: "header", change: renamed(strings.ToLower)},
		{name: "upper", title: "header names in upper case", dimension: "header", change: renamed(strings.ToUpper)},
		{name: "reversed", title: "header fields from the last to the first", dimension: "header",
			change: func(r *request) { slices.Reverse(r.header) }},
		{name: "media-type-first", title: "Content-Type before all others", change: func(r *request) {
			value := r.fieldValue("Content-Type")
			r.withoutField("Content-Type")
			r.header = append([]record.Field{{Name: "Content-Type", Value: value}}, r.header...)
		}},
		{name: "empty-value", title: "a field with no value", change: sets("X-Empty", "")},
		{name: "20-fields", title: "20 further fields", dimension: "header", change: moreFields(20)},
		{name: "long-value", title: "a field of 900 characters", dimension: "header",
			change: sets("X-Long", strings.Repeat("v", 900))},
		{name: "long-name", title: "a field with a name of 60 letters", change: sets("X-"+strings.Repeat("n", 58),
			"v")},
		{name: "marks", title: "a field with every mark",
			change: sets("X-Marks", "!#$%&'*+-.^_`|~ ()<>@,;:\\\"/[]?={}")},
		{name: "blanks-inside", title: "a field with blanks inside its value", change: sets("X-Blanks", "a   b\tc")},
		{name: "twice", title: "an unknown field twice", change: func(r *request) {
			r.header = append(r.header, record.Field{Name: "X-Twice", Value: "a"},
				record.Field{Name: "X-Twice", Value: "b"})
		}},
		{name: "cookie", title: "a cookie", dimension: "cookie", change: sets("Cookie", "a=b; c=d")},
		{name: "close", title: "a wish to close the connection", dimension: "end", change: sets("Connection", "close")},
		{name: "trace", title: "a context of a trace", change: sets("Traceparent",
			"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
		{name: "forwarded", title: "the fields of a proxy", change: sets("X-Forwarded-For", "127.0.0.1",
			"X-Forwarded-Proto", "https", "Via", "1.1 proxy")},
		{name: "no-cache", title: "the fields of a reload", change: sets("Cache-Control", "no-cache",
			"Pragma", "no-cache")},
		{name: "no-user-agent", title: "no User-Agent", dimension: "agent", change: sets("User-Agent", "{{none}}")},
		{name: "keep-alive", title: "a wish to keep the connection", change: sets("Connection", "keep-alive",
			"Keep-Alive", "timeout=5, max=100")},
		{name: "signs-in-name", title: "a field with every sign in its name", change: sets("X!#$%&'*+-.^_`|~", "v")},
		{name: "no-blank", title: "fields without a blank behind the colon",
			change: func(r *request) { r.glued = true }},
		{name: "two-blanks", title: "fields with two blanks behind the colon", change: valued("{{space}}", "")},
		{name: "tab", title: "fields with a tab behind the colon", change: func(r *request) {
			r.glued = true
			valued("{{tab}}", "")(r)
		}},
		{name: "tab-behind", title: "fields with a tab and a blank behind their values",
			change: valued("", "{{tab}}{{space}}")},
		{name: "upper-length", title: "the length in a field named in upper case",
			change: func(r *request) {
				r.header = append(r.header, record.Field{Name: "CONTENT-LENGTH", Value: bodyLength})
			}},
		{name: "lower-length", title: "the length and the host in fields named in lower case",
			change: func(r *request) {
				r.header = append(r.header, record.Field{Name: "content-length", Value: bodyLength},
					record.Field{Name: "host", Value: authority})
			}},
		{name: "authorization-first", title: "Authorization before all others and Host behind them",
			change: func(r *request) {
				r.ordered("Authorization", "User-Agent", "Accept", "Accept-Encoding",
					"Content-Type", "Host")
			}},
		{name: "authorization-last", title: "Authorization behind all others",
			change: func(r *request) { r.ordered("Host", "Content-Type", "Content-Length", "Authorization") }},
		{name: "expect-upper", title: "an expectation in upper case", dimension: "expectation", change: sets("Expect",
			"100-CONTINUE")},
		{name: "if-modified-since", title: "a condition that is for GET alone",
			change: sets("If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT")},
		{name: "range", title: "a range that is for GET alone", change: sets("Range", "bytes=0-10")},
		{name: "referer", title: "an address that it comes from", change: sets("Referer", "http://127.0.0.1/")},
		{name: "ajax", title: "the mark of a script", change: sets("X-Requested-With", "XMLHttpRequest")},
		{name: "browser", title: "the fields of a browser", change: sets("Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode",
			"cors", "Sec-Fetch-Site", "same-origin", "DNT", "1", "Upgrade-Insecure-Requests", "1")},
		{name: "tool", title: "the User-Agent of a tool", change: sets("User-Agent", "curl/8.5.0")},
		{name: "long-agent", title: "a User-Agent of 500 characters",
			change: sets("User-Agent", "Mozilla/5.0 ("+strings.Repeat("like Gecko; ", 40)+")")},
		{name: "short-name", title: "a field with a name of one letter", change: sets("X", "v")},
		{name: "request-id", title: "an id of the request",
			change: sets("Client-Request-Id", "7b1d0c7e-5c1f-4a52-8f6e-0a2f7b0f6a5d")},
		{name: "trace-ids", title: "the ids that tools for tracing give a request", once: true, change: sets(
			"Idempotency-Key", `"{{comment}}"`,
			"x-ms-client-request-id", "0f2b6f0e-5f2c-4f6f-9a51-2d9c7d0d8e12",
			"x-ms-correlation-id", "0f2b6f0e-5f2c-4f6f-9a51-2d9c7d0d8e13",
			"X-Correlation-Id", "0f2b6f0e-5f2c-4f6f-9a51-2d9c7d0d8e14",
			"Request-Id", "|7b1d0c7e5c1f4a52.8f6e0a2f.", "baggage", "userId=a,key=b;c=d",
			"b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
			"X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678", "X-CSRF-Token", "0f2b6f0e",
			"X-Request-Id", "0f2b6f0e-5f2c-4f6f-9a51-2d9c7d0d8e15", "Return-Client-Request-Id", "true",
			"Tracestate", "a=b,c=d", "X-B3-TraceId", "80f198ee56343ba864fe8b2a57d3eff7", "X-B3-SpanId",
			"e457b5a2e4d86bd1", "X-B3-Sampled", "1")},
		{name: "preferences", title: "the preferences that clients are known to have", once: true, change: sets(
			"ConsistencyLevel", "eventual", "OData-MaxVersion", "4.0",
			"Prefer", `wait=10, return=representation, odata.include-annotations="*", outlook.timezone="UTC"`,
			"Priority", "u=3, i", "Sec-GPC", "1", "Save-Data", "on", "From", "analyst@example.com",
			"Want-Digest", "sha-256", "MIME-Version", "1.0", "Access-Control-Request-Method", "POST",
			"Accept-Datetime", "Sun, 06 Nov 1994 08:49:37 GMT", "Device-Memory", "8", "Downlink", "10",
			"Sec-CH-UA-Mobile", "?0", "Purpose", "prefetch")},
		{name: "more-forwarded", title: "more fields of a proxy", once: true, change: sets(
			"X-Forwarded-Host", authority, "X-Forwarded-Prefix", "/", "X-Forwarded-For", "2001:db8::1, 192.0.2.1",
			"X-Forwarded-Port", "443", "X-Forwarded-Server", "proxy", "X-Real-IP", "2001:db8::1", "True-Client-IP",
			"192.0.2.1")},
	}
	return dealt(out)
}

// targets are requests whose target is written in the other form.
func targets(*builder) []item {
	return []item{{name: "whole-url", title: "a target that is the whole URL", dimension: "target",
		change: func(r *request) { r.absolute = true }}}
}

// openForms are forms that a server may refuse, and that are combined with those that it has to take.
func openForms(b *builder) []item {
	return []item{
		{name: "a query and the fields of a program", group: "query", change: func(r *request) {
			sets(programFields()...)(r)
			r.path += "?a=b"
		}},
		{name: "a machine of 40 digits", group: "path-form", change: b.onFortyDigits},
		{name: "the fields of a browser and a proxy", group: "header-open", change: sets(browserFields()...)},
		{name: "HTTP/1.0", group: "old-version", change: func(r *request) { r.old = true }},
	}
}

// browserFields are fields that a browser and the proxies behind it add: names and values. What
// looks at any of them instead of what it has to look at, sees it here.
func browserFields() []string {
	return []string{"Origin", "http://other.example", "Referer", "http://other.example/a", "Cookie",
		"JSESSIONID=a; session=b; XSRF-TOKEN=c; access_token=d", "User-Agent",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 MSIE", "Accept-Language",
		"es-ES,es;q=0.9", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "X-Requested-With",
		"XMLHttpRequest", "Access-Control-Request-Method", "POST", "DNT", "1", "Cache-Control",
		"no-cache, no-transform", "X-Forwarded-For", "127.0.0.1, unknown", "X-Forwarded-Host", authority,
		"X-Forwarded-Proto", "https", "X-Forwarded-Scheme", "https", "X-Forwarded-Path", "/", "X-Original-Host",
		authority, "X-Host", authority, "Front-End-Https", "on", "X-Original-URL", "{{path}}", "X-Rewrite-URL",
		"{{path}}", "Forwarded", "for=_hidden, for=unknown", "Via", "1.1 proxy", "X-Real-IP", "127.0.0.1",
		"CF-Connecting-IP", "127.0.0.1", "Max-Forwards", "10", "X-WEBAUTH-USER", "admin", "X-Roles", "admin",
		"X-Tenant-Id", "a", "X-Envoy-Internal", "true", "X-AppEngine-Cron", "true", "X-Healthcheck", "1",
		"X-Ms-Gateway", "1", "Proxy-Connection", "keep-alive"}
}

// programFields are such fields that programs and the libraries within them add.
func programFields() []string {
	return []string{"Idempotency-Key", `"{{comment}}"`, "Repeatability-First-Sent", "Sun, 06 Nov 1994 08:49:37 GMT",
		"X-Request-Id", "a/b:c_d", "X-Correlation-Id", "a b", "Client-Request-Id",
		"7b1d0c7e-5c1f-4a52-8f6e-0a2f7b0f6a5d", "x-ms-client-request-id", "7b1d0c7e-5c1f-4a52-8f6e-0a2f7b0f6a5d",
		"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Tracestate", "a=b", "baggage", "a=b",
		"uber-trace-id", "1:2:3:4", "X-Cloud-Trace-Context", "105445aa7843bc8bf206b12000100000/1;o=1",
		"X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678", "If-None-Match", `W/"a", "b"`,
		"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT", "If-Unmodified-Since", "Fri, 31 Dec 2100 23:59:59 GMT",
		"Range", "bytes=0-10", "Prefer", "respond-async, handling=lenient", "OData-Version", "4.0", "OData-MaxVersion",
		"4.0", "DataServiceVersion", "3.0;NetFx", "MaxDataServiceVersion", "3.0;NetFx", "ConsistencyLevel", "eventual",
		"X-Ms-Version", "2026-01-01", "Api-Version", "1.0", "X-Api-Version", "1", "Accept-Version", "1", "SdkVersion",
		"a/1", "Ocp-Apim-Trace", "true", "X-AnchorMailbox", "a@example.com", "X-Csrftoken", "a", "Slug", "a",
		"Content-Encoding", "identity", "Content-Version", "1", "Date", "Sun, 06 Nov 1994 08:49:37 GMT", "Early-Data",
		"1", "Accept-Charset", "utf-8", "Accept", "application/json, text/json;q=0.9, text/event-stream;q=0.1",
		"X-Scheduler", "1", "X-Service-Token", "a"}
}

// authority is the variable of the value of Host.
const authority = "{{authority}}"

// valued is a change of the values of all header fields, with texts before and behind them.
func valued(before, behind string) func(*request) {
	return func(r *request) {
		r.field("Host", authority)
		for i := range r.header {
			r.header[i].Value = before + r.header[i].Value + behind
		}
	}
}

// ordered gives the request the header fields of these names, in this order.
func (r *request) ordered(names ...string) {
	values := map[string]string{"Host": authority, "User-Agent": "fmaspec", "Accept": "application/json",
		"Accept-Encoding": "identity", "Content-Length": bodyLength}
	var out []record.Field
	for _, name := range names {
		out = append(out, record.Field{Name: name, Value: cmp.Or(r.fieldValue(name), values[name])})
	}
	r.header = out
}

func moreFields(n int) func(*request) {
	return func(r *request) {
		for i := range n {
			r.field(fmt.Sprintf("X-Further-%d", i), fmt.Sprintf("value %d", i))
		}
	}
}

func openHeaders(*builder) []item {
	return dealt([]item{
		{name: "100-fields", title: "100 further fields", change: moreFields(100)},
		{name: "8k-value", title: "a field of 8,000 characters", change: sets("X-Long", strings.Repeat("v", 8000))},
		{name: "origin", title: "an origin of another site", change: sets("Origin", "http://other.example")},
		{name: "content-language", title: "a language of the body", change: sets("Content-Language", "de")},
		{name: "length-with-zeros", title: "a length with zeros before it",
			change: sets("Content-Length", "000"+bodyLength)},
		{name: "identity", title: "a body in the coding identity", change: sets("Content-Encoding", "identity")},
		{name: "accept-broken", title: "an Accept that is no media type", change: sets("Accept", "json;q=5")},
		{name: "no-coding-at-all", title: "a client that takes no coding, nor none",
			change: sets("Accept-Encoding", "identity;q=0, *;q=0")},
		{name: "if-match", title: "a condition that holds for anything", change: sets("If-Match", "*")},
		{name: "prefer", title: "a preference", change: sets("Prefer", "return=minimal")},
		{name: "empty-accept", title: "an empty Accept", change: sets("Accept", "")},
		{name: "two-accepts", title: "two Accept fields", change: func(r *request) {
			r.field("Accept", "text/plain;q=0.1")
			r.header = append(r.header, record.Field{Name: "accept", Value: "application/json"})
		}},
		{name: "te", title: "a wish for trailers", change: sets("TE", "trailers", "Connection", "TE")},
		{name: "upgrade", title: "a wish for another protocol", change: sets("Upgrade", "example/2", "Connection",
			"Upgrade")},
		{name: "forwarded-chain", title: "the path through two proxies", change: sets(
			"Forwarded", `for=192.0.2.1;proto=http, for="[2001:db8::1]:4711"`, "X-Forwarded-Proto", "http",
			"X-Real-IP", "192.0.2.1", "Max-Forwards", "0")},
		{name: "other-path", title: "another path in the fields that a proxy sets", change: sets(
			"X-Original-URL", "/none-such", "X-Rewrite-URL", "/none-such")},
		{name: "if-none-match", title: "a condition that no resource meets", change: sets("If-None-Match", "*")},
		{name: "50-fields", title: "50 further fields", change: moreFields(50)},
		{name: "latin", title: "charsets other than UTF-8 that are preferred",
			change: sets("Accept-Charset", "iso-8859-1, utf-16;q=0.5")},
		{name: "null-origin", title: "an origin that is hidden", change: sets("Origin", "null")},
		{name: "forwarded-unknown", title: "a proxy that hides the client",
			change: sets("X-Forwarded-For", "unknown, _hidden")},
		{name: "method-override", title: "a wish to be taken for GET", change: sets("X-HTTP-Method-Override", "GET")},
		// A server may refuse a request that is long on its way.
		{name: "date", title: "a time of the request that is long past",
			change: sets("Date", "Sun, 06 Nov 1994 08:49:37 GMT")},
		{name: "odata-version", title: "a version of OData", change: sets("OData-Version", "4.0")},
		{name: "beyond-ascii", title: "a field beyond ASCII", change: sets("X-Name", "größe")},
		{name: "fields-of-answers", title: "fields that are for answers, or for other requests", once: true,
			change: sets("Content-Location", "/a", "Content-Disposition", `attachment; filename="a.json"`,
				"Link", `</a>; rel="next"`, "Warning", `199 - "any"`, "If-Range", `"a"`,
				"HTTP2-Settings", "AAMAAABkAAQAAP__", "TE", "gzip;q=0.5", "Connection", "TE",
				"Content-Digest", "sha-256=:AAAA:", "Digest", "sha-256=AAAA")},
		{name: "broken-fields", title: "fields whose values are broken", once: true,
			change: sets("Date", "1994-11-06T08:49:37Z", "Cookie", `a={"b":1}; c=%zz`, "Accept-Language", "en_US",
				"Origin", "chrome-extension://abcdef", "OData-MaxVersion", "3.0", "Traceparent", "00-xyz-1",
				"Forwarded", "for", "Range", "lines=a-b", "If-Modified-Since", "yesterday", "Accept-Charset", ";q=2",
				"Via", "proxy", "From", "@", "Prefer", "=;", "Client-Request-Id", "x")},
		{name: "unknown-coding", title: "a body in a coding that nobody knows", once: true,
			change: sets("Content-Encoding", "none-such")},
		{name: "not-coded", title: "a body that is said to be in gzip", once: true,
			change: sets("Content-Encoding", "gzip")},
		{name: "not-deflated", title: "a body that is said to be in deflate", change: sets("Content-Encoding",
			"deflate")},
		{name: "not-brotli", title: "a body that is said to be in br and zstd", change: sets("Content-Encoding",
			"br, zstd")},
		{name: "whole-url-and-query", title: "a target that is the whole URL, with a query", change: func(r *request) {
			r.absolute = true
			r.path += "?a=b"
		}},
		{name: "expectation-and-chunks", title: "an expectation and a body in chunks", once: true,
			change: func(r *request) {
				r.field("Expect", "100-continue")
				r.chunks = []chunk{{Length: 20}, {}}
			}},
		{name: "two-authorizations", title: "two Authorization fields, the first of which is nobody's", once: true,
			change: func(r *request) {
				r.header = append([]record.Field{{Name: "Authorization", Value: "Bearer null"}}, r.header...)
			}},
		{name: "scanner", title: "the User-Agent of a scanner, in early data", once: true,
			change: sets("User-Agent", "sqlmap/1.8 (Nikto bot)", "Early-Data", "1")},
	})
}

func connections(b *builder) []item {
	return []item{{name: "behind-1", title: "a request behind 1 on its connection", before: true,
		dimension: "connection",
		change:    after(unchanged, prior{request: b.plain, expect: conformance.Accepted})}}
}

// behindOthers are plain requests behind one of another kind on their connection.
func behindOthers(b *builder) (out []item) {
	for _, v := range []struct {
		name, title string
		change      func(*request)
		open        []int
	}{
		{"head", "HEAD", bodiless("HEAD"), []int{http.StatusNotImplemented}},
		{"get", "GET", bodiless("GET"), nil},
		{"options", "OPTIONS", bodiless("OPTIONS"), []int{http.StatusNotImplemented}},
		{"other-path", "one to a path that is none", func(r *request) { r.path += "X" }, nil},
		{"chunks", "one whose body is in chunks", func(r *request) { r.chunks = []chunk{{Length: 20}, {}} }, nil},
		{"expectation", "one with an expectation", sets("Expect", "100-continue"), nil},
		{"long", "one with a body of 12,000 bytes", func(r *request) {
			r.members = append(r.members, member{`"Further"`, `"{{repeat 12000 x}}"`})
		}, nil},
		{"forms", "one of many other forms", func(r *request) {
			for _, name := range b.hashMembers() {
				r.hashAs(name, "upper")
			}
			for _, name := range b.textMembers() {
				r.set(name, quote("größer 漢字 😀"))
			}
			slices.Reverse(r.members)
			r.members = append(r.members, member{`"Further"`, `["text"]`})
			r.space = everywhere("\n")
			r.path += "?a=b"
			sets("Content-Type", "Application/Json; charset=utf-8", "Accept-Encoding", "gzip", "Accept-Language",
				"de", "Accept", "*/*", "Cookie", "a=b")(r)
		}, nil},
		{"whole-url", "one whose target is the whole URL", func(r *request) { r.absolute = true }, nil},
		{"media-type", "one of another media type", sets("Content-Type", "text/plain"), nil},
		{"no-authorization", "one without Authorization",
			func(r *request) { r.withoutField("Authorization") }, nil},
	} {
		first := b.plain.clone()
		v.change(&first)
		out = append(out, item{once: true, name: v.name, title: "a request behind " + v.title + " on its connection",
			change: after(unchanged, prior{first, conformance.Either, v.open})})
	}
	first := b.plain.clone()
	roles(b)[0].change(&first)
	return append(out, item{once: true, name: "role", needs: httpfile.UnprivilegedToken,
		title:  "a request behind one of a user without the role on its connection",
		change: after(unchanged, prior{request: first, expect: conformance.Either})})
}

// bodiless is a change into a request of another method, without a body.
func bodiless(method string) func(*request) {
	return func(r *request) {
		r.method, r.raw = method, new(string)
		r.withoutField("Content-Type")
	}
}

func chunkedBodies(b *builder) (out []item) {
	add := func(name, title string, chunks []chunk, changes ...func(*request)) {
		out = append(out, item{once: true, name: name, title: "a body in chunks: " + title, change: func(r *request) {
			r.chunks = chunks
			for _, change := range changes {
				change(r)
			}
		}})
	}
	ends := func(last string) func(*request) { return func(r *request) { r.last = last } }
	announced := func(name, value string) func(*request) {
		return func(r *request) { r.coding = &record.Field{Name: name, Value: value} }
	}
	one := []chunk{{}}
	add("one", "one chunk", one)
	add("two", "two chunks", []chunk{{Length: 10}, {}})
	two := &out[len(out)-1]
	two.once, two.dimension = false, "transfer"
	add("small", "a chunk of one byte first", []chunk{{Length: 1}, {}})
	add("upper", "sizes with capital digits", []chunk{{Length: 10, Size: "%X"}, {Size: "%X"}})
	add("zeros", "sizes with zeros before them", []chunk{{Size: "%06x"}})
	add("last-zeros", "a last chunk of several zeros", one, ends("0000\r\n"))
	add("extension", "an extension of a chunk", []chunk{{Size: "%x;name=value"}})
	add("bare-extension", "extensions without a value", []chunk{{Size: "%x;name;other"}})
	add("quoted-extension", "an extension with a quoted value", []chunk{{Size: `%x;name="a;b"`}})
	add("last-extension", "an extension of the last chunk", one, ends("0;name=value\r\n"))
	add("trailer", "a trailer", one, ends("0\r\nX-Trailer: value\r\n"))
	add("announced-trailer", "a trailer that is announced", one, ends("0\r\nX-Trailer: value\r\n"),
		sets("Trailer", "X-Trailer"))
	add("lower", "a field name in lower case", one, announced("transfer-encoding", "chunked"))
	add("capital", "a name of the coding with a capital letter", one, announced("Transfer-Encoding", "Chunked"))
	add("charset", "a charset", []chunk{{Length: 20}, {}}, sets("Content-Type", "application/json; charset=utf-8"))
	for _, name := range b.textMembers() {
		const text = "größer 漢字 😀"
		add("many", "many chunks of one byte", slices.Repeat([]chunk{{Length: 1}}, 100),
			func(r *request) { r.set(name, quote(strings.Repeat("many ", 12))) })
		add("unicode", "a text beyond ASCII", []chunk{{Length: 20}, {}}, func(r *request) { r.set(name, quote(text)) })
		add("inside-character", "a chunk that ends inside a character", nil, func(r *request) {
			r.set(name, quote(text))
			before, _, _ := strings.Cut(r.body(), "ö")
			r.chunks = []chunk{{Length: sent(before) + 1}, {}}
		})
	}
	return out
}

// chunkedCapitals are bodies in chunks whose media type is in capitals.
func chunkedCapitals(*builder) []item {
	return []item{{name: "upper", title: "a body in chunks, with a media type in capitals",
		also: []string{Generator + "/media-type-case/upper"}, change: func(r *request) {
			r.field("Content-Type", "APPLICATION/JSON")
			r.chunks = []chunk{{Length: 20}, {}}
		}}}
}

// chunkedHashes are bodies in chunks whose hash is in upper case.
func chunkedHashes(b *builder) (out []item) {
	for _, name := range b.hashMembers() {
		out = append(out, item{name: slug(name, "upper"), title: "a body in chunks, with " + name + " in upper case",
			also: []string{Generator + "/hash/" + slug(name, "upper")}, change: func(r *request) {
				r.hashAs(name, "upper")
				r.chunks = []chunk{{Length: 20}, {}}
			}})
	}
	return out
}

// chunkedLengths are long bodies in chunks.
func chunkedLengths(b *builder) (out []item) {
	for _, name := range b.textMembers() {
		out = append(out, item{name: slug(name, "long"), title: "a body in chunks, with a long " + name,
			also: []string{Generator + "/text-length/" + slug(name) + "-05000"}, change: func(r *request) {
				r.set(name, `"{{repeat 5000 x}}"`)
				r.chunks = []chunk{{Length: 20}, {}}
			}})
	}
	return out
}

// openMethods are methods to which a server may have an answer of its own.
func openMethods(*builder) (out []item) {
	for _, method := range []string{"HEAD", "OPTIONS", "TRACE"} {
		out = append(out, item{name: slug(method), title: "the method " + method, unreadable: true,
			change: func(r *request) {
				bodiless(method)(r)
				if method == "TRACE" { // a client sends no credentials in it (RFC 9110 9.3.8)
					r.withoutField("Authorization")
				}
			}})
	}
	return append(out, item{name: "preflight", title: "OPTIONS of a browser that asks whether it may send the request",
		unreadable: true, once: true, change: func(r *request) {
			bodiless("OPTIONS")(r)
			r.withoutField("Authorization")
			sets("Origin", "http://other.example", "Access-Control-Request-Method", "POST",
				"Access-Control-Request-Headers", "authorization,content-type")(r)
		}})
}

// openPaths are paths that lead to nothing.
func openPaths(b *builder) (out []item) {
	machine := func(id string) string { return b.op.Expand(func(string) string { return id }) }
	for _, v := range []value{
		{"root", "the root", "/", ""},
		{"star", "the path of a machine that is a star", machine("*"), ""},
		{"dollar", "the path of a machine that begins with a dollar sign", machine("$batch"), ""},
		{"long", "a path of more than 3,000 characters", machine("{{machine}}") + "/{{repeat 1500 a/}}", ""},
	} {
		out = append(out, item{name: v.name, title: v.title, change: func(r *request) { r.path = v.text }})
	}
	for _, v := range []value{
		{"signs", "the path of a machine with signs", machine("a:b@c,d%25e%3Cf%5Cg%0Ah"), ""},
		{"signs-and-more", "a path with signs that leads nowhere",
			machine("$a:b@c,d%25e%3Cf%5Cg%0Ah*__proto__") + "X", ""},
	} {
		out = append(out, item{name: v.name, title: v.title, once: true,
			change: func(r *request) { r.path = v.text }})
	}
	return out
}

// nearPaths are paths that are nearly that of the operation, in ways in which no server writes the same path.
func nearPaths(b *builder) (out []item) {
	at := strings.LastIndex(b.op.Path, "/") + 1
	last := b.op.Path[at:]
	segments := strings.Split(strings.Trim(b.op.Path, "/"), "/")
	if strings.ContainsAny(last, "{}") || len(segments) < 4 {
		return nil
	}
	path := b.op.Expand(func(string) string { return "{{machine}}" })
	before := strings.TrimSuffix(path, last)
	collection := segments[1]
	for _, v := range []value{
		{"argument", "with an argument in parentheses behind it", path + "(1)", ""},
		{"hyphens", "with hyphens between its words", before + spelled(last, "-"), ""},
		{"underscores", "with underscores between its words", before + spelled(last, "_"), ""},
		{"comma", "with a comma and a word behind it", path + ",a", ""},
		{"escaped-query", "with a query behind an escaped question mark", path + "%3Fa=b", ""},
		{"escaped-fragment", "with a word behind an escaped hash sign", path + "%23a", ""},
		{"nul", "with NUL behind it", path + "%00", ""},
		{"star", "with a star behind it", path + "*", ""},
		{"value", "with $value behind it", path + "/$value", ""},
		{"devices", "with the collection devices", strings.Replace(path, "/"+collection+"/", "/devices/", 1), ""},
		{"twice", "with its first segment twice", "/" + segments[0] + path, ""},
		{"no-first", "without its first segment", strings.TrimPrefix(path, "/"+segments[0]), ""},
		{"prefix", "behind another segment", "/none-such" + path, ""},
	} {
		out = append(out, item{name: v.name, title: "the path " + v.title, once: true,
			change: func(r *request) { r.path = v.text }})
	}
	return out
}

// spelled writes a name as its words, in small letters, with a separator between them.
func spelled(name, separator string) string {
	var out strings.Builder
	for _, c := range name {
		if unicode.IsUpper(c) {
			out.WriteString(separator)
		}
		out.WriteRune(unicode.ToLower(c))
	}
	return out.String()
}

// otherActions are paths of actions that other operations of such an API have, and that need
// more than the body has.
func otherActions(b *builder) (out []item) {
	at := strings.LastIndex(b.op.Path, "/") + 1
	if strings.ContainsAny(b.op.Path[at:], "{}") {
		return nil
	}
	path := b.op.Expand(func(string) string { return "{{machine}}" })
	for _, action := range []string{"runAntiVirusScan"} {
		out = append(out, item{name: slug(action), title: "the action " + action,
			change: func(r *request) { r.path = path[:strings.LastIndex(path, "/")+1] + action }})
	}
	return out
}

func queries(b *builder) (out []item) {
	for _, v := range []value{
		{"empty", "an empty query", "?", ""},
		{"unknown", "a parameter that nobody knows", "?unknown=1", ""},
		{"version", "a version", "?api-version=2026-01-01", ""},
		{"select", "an option of OData", "?$select=*", ""},
		{"two", "a parameter twice", "?a=1&a=2", ""},
		{"escapes", "escapes", "?a=%20%2F%3F", ""},
		{"plain", "no parameter", "?abc", ""},
		{"brackets", "brackets", "?a[]=1&b[c]=2", ""},
		{"quote", "a quote", "?a='", ""},
		{"long", "1,000 characters", "?a=" + strings.Repeat("b", 1000), ""},
		{"broken", "a percent sign at its end", "?a=%", ""},
	} {
		out = append(out, item{name: v.name, title: "a query with " + v.title, once: v.name != "empty",
			change: func(r *request) { r.path += v.text }})
	}
	for _, v := range []value{
		{"signs", "letters beyond ASCII and every other sign", "?id=1&debug=true&q=%C3%A9+a;b/c?d%3f", ""},
		{"filter", "a filter of OData", "?$filter=a%20eq%20'b'&$expand=c", ""},
		{"invalid", "NUL and bytes that are no UTF-8", "?a=%00&b=%FF%FE", ""},
		{"digits", "digits alone", "?17", ""},
	} {
		out = append(out, item{name: v.name, title: "a query with " + v.title, once: true,
			change: func(r *request) { r.path += v.text }})
	}
	out = append(out, item{name: "members", title: "a query with members of the body and other values", once: true,
		change: func(r *request) {
			r.path += "?" + memberQuery(r.members, func(m member) string {
				if b.kindOf(unquoted(m.name)) != "" {
					return strings.Repeat("0a1b2c3d", 5)
				}
				return "other"
			})
		}})
	return append(out, item{name: "known", title: "a query with names that software gives a meaning", once: true,
		change: func(r *request) {
			r.path += "?=&&$top=1&$format=json&%24select=*&callback=a&_method=GET&next=https://127.0.0.1/" +
				"&a=..%2F..%2F&b=%3Cscript%3E&c=%27%20OR%20a=a&d=%0D%0AX-A:b&e=[0]&f=%2B"
			for _, m := range r.members {
				r.path += "&" + unquoted(m.name) + "=a"
			}
			for _, name := range b.suite.AnswerMembers(b.op) {
				r.path += "&" + strings.TrimPrefix(name, "@") + "=a"
			}
		}})
}

func unquoted(text string) string { return strings.Trim(text, `"`) }

// memberQuery writes members as a query, with these values.
func memberQuery(members []member, value func(member) string) string {
	var out []string
	for _, m := range members {
		out = append(out, unquoted(m.name)+"="+value(m))
	}
	return strings.Join(out, "&")
}

// plainQuery writes the required members of a valid request as a query.
func (b *builder) plainQuery() string {
	return memberQuery(b.plain.members, func(m member) string { return unquoted(m.value) })
}

func pathForms(b *builder) (out []item) {
	// The last segment of the template is text.
	at := strings.LastIndex(b.op.Path, "/") + 1
	last := b.op.Path[at:]
	if strings.ContainsAny(last, "{}") || len(last) == 0 {
		return nil
	}
	into := func(segment string) func(*request) {
		return func(r *request) {
			r.path = strings.Replace(b.op.Expand(func(string) string { return "{{machine}}" }), "/"+last,
				"/"+segment, 1)
		}
	}
	out = []item{
		{name: "escaped-letter", title: "a letter of the path as an escape",
			change: into(fmt.Sprintf("%%%02x", last[0]) + last[1:])},
		{name: "lower-case", title: "the path in lower case", change: into(strings.ToLower(last))},
		{name: "parameters", title: "parameters of a segment", change: into(last + ";a=b")},
		{name: "parentheses", title: "the parentheses of a function of OData", change: into(last + "()")},
		{name: "format", title: "what names a format behind the path", once: true, change: into(last + ".json")},
		{name: "next-machine", title: "a machine of 40 digits behind a request for the same file on another machine",
			change: same(func(r *request) { b.onFortyDigits(r) },
				prior{request: b.plain, expect: conformance.Accepted})},
	}
	id := fortyDigits()
	for _, v := range []value{
		{"last", "differs from that of another in its last digit", id[:39] + "e", ""},
		{"first", "differs from that of another in its first digit", "1" + id[1:], ""},
		{"middle", "differs from that of another in a digit in its middle", id[:20] + "7" + id[21:], ""},
		{"reversed", "is that of another from its end", reversed(id), ""},
		{"rotated", "is that of another with its first digit at the end", id[1:] + id[:1], ""},
		{"cut", "is the beginning of that of another", id[:32], ""},
		{"zeros", "is that of another with zeros before it", "00000000" + id[:32], ""},
		{"number", "is a number beyond 53 bits", strings.Repeat("1234567890", 4), ""},
		{"next-number", "is the next number", strings.Repeat("1234567890", 3) + "1234567891", ""},
	} {
		out = append(out, item{once: true, name: "machine-" + v.name, title: "a machine whose id " + v.title,
			change: func(r *request) { r.path = b.op.Expand(func(string) string { return v.text }) }})
	}
	return out
}

// fortyDigits is the id of a machine of 40 digits, which is the longer form.
func fortyDigits() string { return strings.Repeat("0a1b2c3d", 5) }

// onFortyDigits gives a request the path of a machine whose id has 40 digits.
func (b *builder) onFortyDigits(r *request) {
	r.path = b.op.Expand(func(string) string { return fortyDigits() })
}

// scheme is a change of the scheme of the credentials.
func scheme(change func(scheme string) string) func(*request) {
	return func(r *request) {
		name, token, _ := strings.Cut(r.fieldValue("Authorization"), " ")
		r.field("Authorization", change(name)+" "+token)
	}
}

func schemeCases(b *builder) (out []item) {
	for _, v := range []value{{"lower", "in lower case", "bearer", "scheme"}, {"upper", "in upper case", "BEARER",
		"scheme"},
		{"mixed", "in both letter cases", "bEaReR", ""}, {"last", "with its last letter in upper case", "BeareR", ""}} {
		out = append(out, item{name: v.name, title: "a scheme " + v.title, dimension: v.use.dimension(),
			change: scheme(func(string) string { return v.text })})
	}
	return out
}

func schemes(*builder) (out []item) {
	value := func(name, title string, credentials func(scheme, token string) string) item {
		return item{name: name, title: "credentials " + title, combined: name == "shorter", change: func(r *request) {
			s, token, _ := strings.Cut(r.fieldValue("Authorization"), " ")
			r.field("Authorization", credentials(s, token))
		}}
	}
	out = []item{
		value("shorter", "of a scheme that lacks a letter", func(s, t string) string { return s[:len(s)-1] + " " + t }),
		value("longer", "of a scheme with a letter more", func(s, t string) string { return s + "s " + t }),
		value("before", "of a scheme with a letter before it", func(s, t string) string { return "X" + s + " " + t }),
		value("letter-x", "of a scheme with an x behind it", func(s, t string) string { return s + "x " + t }),
		value("hyphen", "of a scheme that goes on behind a hyphen", func(s, t string) string {
			return s + "-Token " +
				t
		}),
		value("colon", "with a colon behind the scheme", func(s, t string) string { return s + ": " + t }),
		value("equals", "with an equals sign", func(s, t string) string { return s + "=" + t }),
		value("comma", "with a comma", func(s, t string) string { return s + "," + t }),
		value("slash", "with a slash", func(s, t string) string { return s + "/" + t }),
		value("token", "of the scheme Token", func(_, t string) string { return "Token " + t }),
		value("oauth", "of the scheme OAuth", func(_, t string) string { return "OAuth " + t }),
		value("jwt", "of the scheme JWT", func(_, t string) string { return "JWT " + t }),
		value("mac", "of the scheme MAC", func(_, t string) string { return "MAC " + t }),
		value("api-key", "of the scheme ApiKey", func(_, t string) string { return "ApiKey " + t }),
		value("scheme-alone", "of the scheme alone", func(s, _ string) string { return s }),
	}
	out = dealt(out)
	for _, v := range []struct {
		name, title string
		credentials func(scheme, token string) string
	}{
		{"basic", "of the scheme Basic with a short name", func(_, _ string) string { return "Basic YTpi" }},
		{"basic-alone", "of the scheme Basic alone", func(_, _ string) string { return "Basic" }},
		{"basic-admin", "of the scheme Basic with a name and a password that many have",
			func(_, _ string) string { return "Basic YWRtaW46YWRtaW4=" }},
		{"basic-no-colon", "of the scheme Basic without a colon", func(_, _ string) string { return "Basic YWJj" }},
		{"digest", "of the scheme Digest", func(_, t string) string { return "Digest " + t }},
		{"negotiate", "of the scheme Negotiate", func(_, t string) string { return "Negotiate " + t }},
		{"dpop", "of the scheme DPoP", func(_, t string) string { return "DPoP " + t }},
		{"pop", "of the scheme PoP", func(_, t string) string { return "PoP " + t }},
		{"session", "of the scheme Session", func(_, t string) string { return "Session " + t }},
		{"key", "of the scheme Key", func(_, t string) string { return "Key " + t }},
		{"access", "of the scheme Access", func(_, t string) string { return "Access " + t }},
		{"shared-key", "of the scheme SharedKey", func(_, t string) string { return "SharedKey " + t }},
		{"escaped-blank", "with an escape for the blank", func(s, t string) string { return s + "%20" + t }},
		{"underscore", "with an underscore for the blank", func(s, t string) string { return s + "_" + t }},
		{"in-quotes", "in quotes as a whole", func(s, t string) string { return `"` + s + " " + t + `"` }},
		{"behind-another", "behind those of another scheme", func(s, t string) string {
			return "Basic YTpi, " + s + " " + t
		}},
	} {
		it := value(v.name, v.title, v.credentials)
		it.once = true
		out = append(out, it)
	}
	for _, v := range []struct{ name, title, variable string }{
		{"basic-password", "password", httpfile.BasicToken}, {"basic-user", "user", httpfile.UserToken},
	} {
		basic := value(v.name, "of the scheme Basic with the token as the "+v.title,
			func(_, _ string) string { return "Basic {{" + v.variable + "}}" })
		basic.once, basic.needs = true, v.variable
		out = append(out, basic)
	}
	return out
}

// authorization are requests without Authorization, and with another field in its place.
func authorization(*builder) (out []item) {
	for _, v := range []struct{ name, title, field, before string }{
		{"missing", "a request without Authorization", "", ""},
		{"other-name", "the credentials in X-Authorization", "X-Authorization", "Bearer "},
		{"proxy", "the credentials for a proxy", "Proxy-Authorization", "Bearer "},
		{"cookie", "the token in a cookie", "Cookie", "access_token="},
		{"auth-token", "the token in X-Auth-Token", "X-Auth-Token", ""},
		{"access-token", "the token in X-Access-Token", "X-Access-Token", ""},
		{"api-key", "the token in X-Api-Key", "X-Api-Key", ""},
		{"plural", "the credentials in Authorizations", "Authorizations", "Bearer "},
	} {
		out = append(out, item{name: v.name, title: v.title, combined: v.name == "missing", once: v.name != "missing",
			change: func(r *request) {
				r.withoutField("Authorization")
				if v.field != "" {
					r.field(v.field, v.before+"{{token}}")
				}
			}})
	}
	out = append(out, item{name: "probe", title: "a request of a probe, over a path that is known",
		once: true, change: func(r *request) {
			r.withoutField("Authorization")
			sets("X-Requested-With", "XMLHttpRequest", "User-Agent", "kube-probe/1.31 curl/8.5.0", "Accept", "{{none}}",
				"Forwarded", "for=127.0.0.1", "X-Forwarded-For", "127.0.0.1")(r)
		}})
	out = append(out, item{name: "browser", title: "a request of a browser, without Authorization", once: true,
		change: func(r *request) {
			r.withoutField("Authorization")
			sets("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept",
				"text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8", "Accept-Language", "en-US,en;q=0.5",
				"Sec-Fetch-Mode", "navigate", "Upgrade-Insecure-Requests", "1")(r)
		}})
	return append(out, item{name: "principal", title: "a name that a proxy has authenticated",
		change: func(r *request) {
			r.withoutField("Authorization")
			for _, name := range []string{"X-Ms-Client-Principal-Name", "X-Forwarded-User", "X-Remote-User"} {
				r.field(name, "analyst@example.com")
			}
		}})
}

// credentialFields are fields in which programs send a token, or a proxy hands one on.
func credentialFields() []string {
	return []string{"Access-Token", "Api-Key", "Auth", "Auth-Token", "Authentication", "Bearer", "Id-Token", "Jwt",
		"Ocp-Apim-Subscription-Key", "Sec-WebSocket-Protocol", "Subscription-Key", "Token", "WWW-Authenticate",
		"X-Access-Key", "X-Amz-Security-Token", "X-Amzn-Authorization", "X-Amzn-Oidc-Data", "X-Auth",
		"X-Authentication", "X-Bearer-Token", "X-CSRF-Token", "X-Forwarded-Access-Token",
		"X-Forwarded-Authorization", "X-Functions-Key", "X-Goog-Iap-Jwt-Assertion", "X-Id-Token", "X-Jwt",
		"X-Jwt-Assertion", "X-Ms-Token-Aad-Access-Token", "X-Ms-Token-Aad-Id-Token", "X-Original-Authorization",
		"X-Secret", "X-Session-Token", "X-Token", "X-User-Token", "X-Vault-Token", "X-Zumo-Auth"}
}

// claimFields are fields by which a proxy, or a client in its place, says who calls.
func claimFields() []string {
	return []string{"Remote-User", "User", "X-Admin", "X-Auth-Request-User", "X-Authenticated", "X-Authenticated-User",
		"X-Client-Cert", "X-Forwarded-Client-Cert", "X-Forwarded-Email", "X-Forwarded-Preferred-Username",
		"X-Ms-Client-Principal", "X-Ms-Client-Principal-Id", "X-Role", "X-Ssl-Client-Verify", "X-User", "X-User-Id",
		"X-User-Name", "X-Username", "Impersonate-User", "X-Amzn-Oidc-Identity", "X-Anonymous-Consumer",
		"X-Arr-ClientCert", "X-Azure-Ref", "X-Consumer-Username", "X-Forwarded-User",
		"X-Goog-Authenticated-User-Email", "X-Groups", "X-Health-Check", "X-Impersonate-User",
		"X-Ms-Client-Principal-Name", "X-Remote-User", "X-Scope", "X-Service-Name", "X-User-Role", "X-Webauth-User"}
}

// claimed gives a request the fields by which a proxy, a test or a client says who calls, and from where.
func claimed(r *request) {
	for _, name := range claimFields() {
		r.field(name, "admin")
	}
	sets("X-Real-Ip", "127.0.0.1", "Client-Ip", "127.0.0.1", "X-Client-Ip", "127.0.0.1", "X-Originating-Ip",
		"127.0.0.1", "True-Client-Ip", "127.0.0.1", "From", "analyst@example.com", "Via", "1.1 localhost",
		"X-Internal", "1", "X-Debug", "true", "X-Test", "1", "X-Skip-Auth", "1", "X-Bypass", "1", "X-Trusted", "1")(r)
}

// tokenNames are names under which a query or a body may have a token.
func tokenNames() []string {
	return []string{"access_token", "accessToken", "token", "auth", "authorization", "Authorization", "jwt", "api_key",
		"apikey", "subscription-key", "key", "bearer", "sig", "id_token", "code", "session", "password", "user", "test",
		"debug", "admin"}
}

// roles are requests of a user without a role that permits the action.
func roles(*builder) []item {
	unprivileged := tokenAs("{{unprivileged-token}}")
	return []item{
		{name: "none", title: "a user without the role", combined: true, change: unprivileged},
	}
}

// chunkedRoles are such requests with a body in chunks.
func chunkedRoles(b *builder) (out []item) {
	for _, it := range roles(b) {
		change := it.change
		it.title, it.combined = it.title+" whose body is in chunks", false
		it.change = func(r *request) {
			change(r)
			r.chunks = []chunk{{Length: 20}, {}}
		}
		out = append(out, it)
	}
	return out
}

// openAuthorization are requests without Authorization in forms that a server may refuse anyway.
func openAuthorization(b *builder) (out []item) {
	add := func(name, title string, change func(*request)) {
		out = append(out, item{name: name, title: "a request without Authorization, with " + title,
			change: func(r *request) {
				r.withoutField("Authorization")
				change(r)
			}})
	}
	add("chunks", "its body in chunks", func(r *request) { r.chunks = []chunk{{Length: 20}, {}} })
	add("query", "a query", func(r *request) { r.path += "?a=b" })
	add("whole-url", "the whole URL for its target", func(r *request) { r.absolute = true })
	for _, form := range pathForms(b) {
		if form.name == "escaped-letter" || form.name == "parameters" {
			add(form.name, form.title, form.change)
		}
	}
	plain := len(out)
	add("expectation", "an expectation", sets("Expect", "100-continue"))
	add("broken-body", "a body that is cut", whole(strings.TrimSuffix(b.plain.body(), "}")))
	add("override", "a wish to be taken for GET", sets("X-HTTP-Method-Override", "GET"))
	add("get", "the method GET", bodiless("GET"))
	add("credentials-in-fields", "the credentials in every other field that has some", func(r *request) {
		for _, name := range credentialFields() {
			r.field(name, "Bearer {{token}}")
		}
	})
	add("tokens-in-fields", "the token in every other field that has one", func(r *request) {
		for _, name := range credentialFields() {
			r.field(name, "{{token}}")
		}
	})
	add("claims", "the fields by which a proxy or a test says who calls", func(r *request) {
		claimed(r)
		sets("X-Forwarded-Host", authority, "Origin", "null")(r)
	})
	add("tokens-in-query", "the token in a query under every name", func(r *request) {
		for i, name := range tokenNames() {
			r.path += []string{"?", "&"}[min(i, 1)] + name + "={{token}}"
		}
	})
	for i := range out[plain:] {
		out[plain+i].once, out[plain+i].unreadable = true, true
		if out[plain+i].name == "get" { // what GET reads may be there for everyone
			out[plain+i].alone = "method/refuses-get"
		}
	}
	return out
}

// claimedRoles are requests of a user without the role that say that he has it.
func claimedRoles(*builder) (out []item) {
	claim := func(name, title string, change func(*request)) {
		it := roles(nil)[0]
		unprivileged := it.change
		it.name, it.title, it.combined, it.once = name, it.title+" and "+title, false, true
		it.change = func(r *request) {
			unprivileged(r)
			change(r)
		}
		out = append(out, it)
	}
	claim("field", "fields that say that he has it", sets("X-Role", "Global admin", "X-User-Role", "admin", "X-Roles",
		"Security administrator, Global admin", "X-Admin", "true", "X-Ms-Client-Roles", "admin", "X-Forwarded-Groups",
		"admin"))
	claim("member", "further members that say that he has it", func(r *request) {
		r.members = append(r.members, member{`"role"`, `"Global admin"`}, member{`"roles"`, `["admin"]`},
			member{`"Role"`, `"admin"`}, member{`"isAdmin"`, "true"}, member{`"admin"`, "true"})
	})
	claim("query", "a query that says that he has it", func(r *request) {
		r.path += "?role=admin&roles=admin&admin=true"
	})
	claim("chain", "fields of a proxy on the machine itself", sets("X-Forwarded-For", "127.0.0.1", "Forwarded",
		"for=127.0.0.1", "X-Real-IP", "127.0.0.1", "Origin", "http://127.0.0.1"))
	return out
}

// openRoles are requests of a user without the role that a server may refuse for something else.
func openRoles(b *builder) (out []item) {
	for _, v := range []struct {
		name, title string
		change      func(*request)
	}{
		{"broken-body", "whose body is cut", whole(strings.TrimSuffix(b.plain.body(), "}"))},
		{"query", "with a query", func(r *request) { r.path += "?a=b" }},
		{"whole-url", "with the whole URL for the target", func(r *request) { r.absolute = true }},
		{"two-blanks", "with two blanks behind the scheme", scheme(func(name string) string { return name + " " })},
		{"fields", "with fields of a browser and of a proxy", func(r *request) {
			claimed(r)
			sets("User-Agent", "Mozilla/5.0", "Origin", "null", "Referer", "http://127.0.0.1/", "X-Requested-With",
				"XMLHttpRequest", "X-Csrf-Token", "a", "X-Forwarded-For", "::1", "Expect", "100-continue",
				"Content-Type", "APPLICATION/JSON; charset=utf-8")(r)
		}},
	} {
		it := roles(b)[0]
		unprivileged := it.change
		it.name, it.title = v.name, it.title+" "+v.title
		it.combined, it.unreadable, it.once = false, true, true
		it.change = func(r *request) {
			unprivileged(r)
			v.change(r)
		}
		out = append(out, it)
	}
	return out
}

// oldVersions are requests of HTTP/1.0.
func oldVersions(b *builder) []item {
	old := func(name, title string, changes ...func(*request)) item {
		return item{name: name, title: "a request of HTTP/1.0" + title, change: func(r *request) {
			r.old = true
			for _, change := range changes {
				change(r)
			}
		}}
	}
	out := []item{old("plain", "")}
	for _, it := range []item{
		old("no-host", " without Host", sets("Host", "{{none}}")),
		old("keep-alive", " with a wish to keep the connection", sets("Connection", "keep-alive")),
		old("gzip", " whose client prefers gzip", sets("Accept-Encoding", "gzip")),
		old("get", " by GET", bodiless("GET")),
	} {
		it.once, it.unreadable = true, it.name == "get"
		out = append(out, it)
	}
	for _, name := range b.textMembers() {
		it := old(slug(name, "unicode"), " whose "+name+" is beyond ASCII",
			func(r *request) { r.set(name, quote("größer 漢字 😀")) })
		it.once = true
		out = append(out, it)
	}
	return out
}

// oldAuthorization is a request of HTTP/1.0 without Authorization.
func oldAuthorization(*builder) []item {
	return []item{{name: "missing", title: "a request of HTTP/1.0 without Authorization", change: func(r *request) {
		r.old = true
		r.withoutField("Authorization")
	}}}
}

// oldRoles are requests of HTTP/1.0 of a user without the role.
func oldRoles(b *builder) (out []item) {
	for _, it := range roles(b) {
		change := it.change
		it.title, it.combined = it.title+" in HTTP/1.0", false
		it.change = func(r *request) {
			change(r)
			r.old = true
		}
		out = append(out, it)
	}
	return out
}

// tokenAs is a change of the token into another one.
func tokenAs(form string) func(*request) {
	return func(r *request) {
		r.field("Authorization", strings.Replace(r.fieldValue("Authorization"), "{{token}}", form, 1))
	}
}

// strangers are requests with a token that no comparison can take for the one that is accepted. A target that
// refuses it tells tokens apart, so that it has to refuse the nearer ones.
func strangers(*builder) []item {
	return []item{{name: strangerName, title: "a token that begins like the right one, and goes on otherwise",
		needs: httpfile.StrangerToken, change: tokenAs("{{" + httpfile.StrangerToken + "}}")}}
}

const strangerName = "token"

// credentials are tokens that are nearly the one that is accepted.
func credentials(b *builder) (out []item) {
	token := func(name, title, form string) item {
		return item{name: name, title: "a token " + title, combined: name == "longer" || name == "altered",
			change: tokenAs(form)}
	}
	derived := func(name, title, variable string) item {
		it := token(name, title, "{{"+variable+"}}")
		it.needs = variable
		return it
	}
	single := func(it item) item {
		it.once = true
		return it
	}
	words := func(forms ...string) (out []item) {
		for i := 0; i+1 < len(forms); i += 2 {
			it := token(forms[i], "that is "+forms[i+1], forms[i+1])
			it.once = true
			out = append(out, it)
		}
		return out
	}
	behind := token("behind-good", "with a character more, behind a request with the right one", "{{token}}.")
	behind.combined = false
	behind.change = after(behind.change, prior{request: b.plain, expect: conformance.Accepted})
	return slices.Concat([]item{
		behind,
		derived("shorter", "without its last character", "shorter-token"),
		derived("tail", "without its first character", "tail-token"),
		derived("altered", "with another character near its end", "altered-token"),
		derived("middle", "with another character in its middle", "middle-token"),
		derived("swapped", "with the other letter case of each letter", "swapped-token"),
		single(derived("first", "with another first character", httpfile.FirstToken)),
		single(derived("exchanged", "with two neighbours exchanged", httpfile.SwitchToken)),
		single(derived("reversed", "from its last character to its first", httpfile.ReverseToken)),
		single(derived("base64", "in base64", httpfile.Base64Token)),
		single(derived("hexadecimal", "in hexadecimal digits", httpfile.HexToken)),
		token("longer", "with a character more", "{{token}}."),
		single(token("before", "with a character before it", "x{{token}}")),
		single(token("segment", "with another segment", "{{token}}.x")),
		single(token("twice", "that is it twice", "{{token}}{{token}}")),
		single(token("path", "with a path behind it", "{{token}}/x")),
		single(token("three-parts", "of three parts that are no JSON", "abc.def.ghi")),
		single(token("unsigned", "that is signed by nobody", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.")),
		single(token("word", "that is a word", "null")),
	}, words("undefined", "undefined", "true", "true", "admin", "admin", "zeros", "0", "dots", "..", "dashes", "---",
		"letter", "x"),
		aboardAlone(words(defaultTokens()...)))
}

// aboardAlone are items that are sent in combinations alone.
func aboardAlone(items []item) []item {
	for i := range items {
		items[i].aboard = true
	}
	return items
}

// defaultTokens are the names and the texts of tokens with which a service may be set up, or be open for its tests.
func defaultTokens() []string {
	out := []string{"signed-by-secret",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJub2JvZHkiLCJyb2xlIjoiR2xvYmFsIGFkbWluIn0.c2lnbmF0dXJl"}
	for _, word := range []string{"test", "debug", "anonymous", "guest", "dev", "secret", "token", "none", "root"} {
		out = append(out, "word-"+word, word)
	}
	return out
}

// credentialForms are credentials in forms that no token has, or of a length that a server may refuse. They are none
// without a token, and none of another scheme: a server that takes every token takes them too.
// White space of Unicode before the token is not among them: functions that trim a text take it away
// in many languages, and the token is known.
func credentialForms(*builder) (out []item) {
	for _, v := range []struct{ name, title, form string }{
		{"quoted", "in quotes", `"{{token}}"`},
		{"comma", "with a comma and another behind it", "{{token}},x"},
		{"long", "of 5,000 letters", strings.Repeat("x", 5000)},
		{"single-quotes", "in single quotes", "'{{token}}'"}, {"angles", "in angle brackets", "<{{token}}>"},
		{"semicolon", "with a semicolon and a word behind it", "{{token}};x"},
		{"hash-sign", "with a hash sign and a word behind it", "{{token}}#x"},
		{"named", "with a name before it", "token={{token}}"}, {"sql", "that is a condition of SQL", "' OR '1'='1' --"},
		{"escaped", "with each character as an escape of a URL", "{{escaped-token}}"},
		{"scheme", "that is the name of the scheme", "Bearer"},
		{"scheme-before", "with the name of the scheme before it", "Bearer {{token}}"},
		{"word-behind", "with a word behind it", "{{token}} x"},
		{"comma-behind", "with a comma behind it", "{{token}},"},
		{"placeholder", "that is a placeholder", "{token}"}, {"empty-quotes", "of two quotes", `""`},
		{"star", "that is a star", "*"}, {"beyond-ascii", "of characters beyond ASCII and an escape", "tök%20n"},
		{"parameter", "as a parameter", `token="{{token}}"`},
	} {
		it := item{name: v.name, title: "a token " + v.title, change: tokenAs(v.form), once: v.name != "long"}
		if v.name == "escaped" {
			it.needs = httpfile.EscapedToken
		}
		out = append(out, it)
	}
	return out
}

func methods(*builder) (out []item) {
	for _, v := range []value{{"lower", "in lower case", "post", ""}, {"first", "with a capital letter alone", "Post",
		""},
		{"longer", "with a letter more", "POSTS", ""}, {"shorter", "with a letter less", "POS", ""},
		{"propfind", "PROPFIND", "PROPFIND", ""},
		{"long", "of 40 letters", strings.Repeat("POST", 10), ""},
		{"merge", "MERGE", "MERGE", ""}, {"copy", "COPY", "COPY", ""}, {"report", "REPORT", "REPORT", ""}, {"link",
			"LINK", "LINK", ""}, {"search", "M-SEARCH", "M-SEARCH", ""}, {"query", "QUERY", "QUERY", ""},
		{"lock", "LOCK", "LOCK", ""}, {"purge", "PURGE", "PURGE", ""}, {"digits", "with digits", "POST2", ""}} {
		out = append(out, item{name: v.name, title: "the method " + v.title, once: true,
			change: func(r *request) { r.method = v.text }})
	}
	return out
}

func overrides(b *builder) (out []item) {
	var fields []item // for each operation: any of them is one too much
	out = append(out, item{name: "get-members", title: "GET with the members of a valid request in its query",
		unreadable: true, change: func(r *request) {
			bodiless("GET")(r)
			r.path += "?" + b.plainQuery()
		}})
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		out = append(out, item{name: "body-" + strings.ToLower(method), title: method + " with the body of a valid " +
			"request",
			change: func(r *request) { r.method = method }})
		fields = append(fields, item{name: slug(method, "fields"), title: method + " that asks by every field for it " +
			"to be POST",
			change: func(r *request) {
				r.method = method
				sets("X-HTTP-Method-Override", "POST", "X-HTTP-Method", "POST", "X-Method-Override", "POST",
					"X-HTTP-Verb", "POST", "X-Method", "POST")(r)
			}})
		out = append(out, item{name: slug(method, "query"), title: method + " that asks by its query to be POST",
			change: func(r *request) {
				r.method = method
				r.path += "?_method=POST"
			}})
	}
	return append(dealt(out), fields...)
}
