package generate

import (
	"strings"

	"fmaspec/conformance/record"
)

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
		dimension: "accept", change: sets("Accept", "{{none}}")},
		item{name: "two-lines",
			title: "a request whose client accepts JSON with the weight one, and text in a line of its own",
			change: func(r *request) {
				r.field("Accept", "application/json;q=1.000")
				r.header = append(r.header, record.Field{Name: "Accept", Value: "text/plain;q=0.5"})
			}})
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
