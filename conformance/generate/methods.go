package generate

import (
	"strings"
)

// openMethods are methods to which a server may have an answer of its own.
func openMethods(*builder) (out []item) {
	for _, method := range []string{"HEAD", "OPTIONS", "TRACE"} {
		out = append(out, item{name: slug(method), title: "the method " + method, unreadable: true,
			change: func(r *request) {
				r.method = method
				if method != "OPTIONS" { // which may have a body that means nothing (RFC 9110 9.3.7)
					bodiless(method)(r)
				}
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
