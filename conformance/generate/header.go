package generate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// sets is a change of the values of header fields: a name, its value, and so on.
func sets(fields ...string) func(*request) {
	return func(r *request) {
		for i := 0; i+1 < len(fields); i += 2 {
			r.field(fields[i], fields[i+1])
		}
	}
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
