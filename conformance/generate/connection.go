package generate

import (
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

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
