package reference

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
)

// laterFieldFaults write fields that came later, or that few servers send, against their grammar, or leave out what
// another field owes.
func laterFieldFaults() []Fault {
	var faults []Fault
	add := func(broken []string, name, says, field string, values ...string) {
		faults = append(faults, Fault{Name: name, Says: says, Breaks: broken,
			Wrap: onAccepted(func(a *answer, _ *asked) { a.header[http.CanonicalHeaderKey(field)] = values })})
	}
	for _, row := range []struct{ name, says, field, value string }{
		{"links-without-rel", "gives a Link no rel", "Link", `</docs>; title="x"`},
		{"links-with-rel-twice", "gives a Link two rels", "Link", `</docs>; rel="help"; rel="next"`},
		{"links-with-title-twice", "gives a Link two titles", "Link", `</docs>; rel=help; title=a; title=b`},
		{"links-with-broken-escape", "writes a percent sign before other letters into Link", "Link",
			`</docs%zz>; rel=help`},
		{"quotes-max-age", "writes the number of max-age in quotes", "Cache-Control", `private, max-age="60"`},
		{"revalidates-in-words", "writes a word into stale-while-revalidate", "Cache-Control",
			"no-store, stale-while-revalidate=soon"},
		{"ends-as-iso", "writes Sunset in the form of ISO 8601", "Sunset", "2027-12-31T23:59:59Z"},
		{"deprecates-in-words", "writes words into Deprecation", "Deprecation", "since 2018"},
		{"offers-service-without-quotes", "writes the host of Alt-Svc without quotes", "Alt-Svc", "h3=:443"},
		{"versions-odata-in-words", "writes a word into OData-Version", "OData-Version", "four"},
		{"names-entity-with-blanks", "writes blanks into OData-EntityId", "OData-EntityId", "file machine action 1"},
		{"names-cache-hit-in-words", "writes words into Cache-Status", "Cache-Status", "HIT from cdn"},
		{"names-time-to-live-in-words", "writes a word into ttl of Cache-Status", "Cache-Status", "cdn; hit; ttl=long"},
		{"targets-cache-with-quotes", "writes the number of max-age in CDN-Cache-Control in quotes",
			"CDN-Cache-Control", `max-age="60"`},
		{"names-proxy-error-in-words", "writes words into Proxy-Status", "Proxy-Status", "proxy said no"},
		{"ranks-beyond-seven", "gives a Priority beyond its range", "Priority", "u=9"},
		{"digests-without-colons", "writes a Content-Digest without colons", "Content-Digest", "sha-256=abc"},
		{"wants-digest-in-words", "writes a word into Want-Repr-Digest", "Want-Repr-Digest", "sha-256=high"},
		{"asks-for-hints-in-words", "writes words into Accept-CH", "Accept-CH", "Sec CH UA"},
		{"allows-credentials-in-capitals", "writes True into Access-Control-Allow-Credentials",
			"Access-Control-Allow-Credentials", "True"},
		{"allows-methods-with-semicolons", "lists methods with semicolons in Access-Control-Allow-Methods",
			"Access-Control-Allow-Methods", "GET; POST"},
		{"allows-fields-with-blanks", "lists fields with blanks in Access-Control-Allow-Headers",
			"Access-Control-Allow-Headers", "Authorization Content-Type"},
		{"exposes-fields-with-semicolons", "lists fields with semicolons in Access-Control-Expose-Headers",
			"Access-Control-Expose-Headers", "ETag; Link"},
		{"keeps-preflight-in-words", "writes words into Access-Control-Max-Age", "Access-Control-Max-Age", "1 day"},
		{"secures-transport-twice", "gives max-age twice in Strict-Transport-Security", "Strict-Transport-Security",
			"max-age=1; max-age=2"},
		{"secures-subdomains-with-value", "gives includeSubDomains a value", "Strict-Transport-Security",
			"max-age=1; includeSubDomains=true"},
		{"names-file-without-quotes", "writes a filename with blanks without quotes", "Content-Disposition",
			"inline; filename=my action.json"},
		{"names-file-twice", "gives two filenames", "Content-Disposition", "inline; filename=a; filename=b"},
		{"sends-range-in-words", "writes words into Content-Range", "Content-Range", "bytes one to ten"},
		{"accepts-bare-subtype", "writes a subtype alone into Accept-Post", "Accept-Post", "json"},
		{"accepts-patch-in-words", "writes two words into Accept-Patch", "Accept-Patch", "application/json patch"},
		{"accepts-type-in-words", "writes a type without / into Accept", "Accept", "application json"},
		{"accepts-coding-in-words", "writes a word for a weight into Accept-Encoding", "Accept-Encoding",
			"gzip;q=high"},
		{"announces-trailer-in-words", "writes two words into Trailer", "Trailer", "Server Timing"},
		{"prefers-in-words", "writes two words into Preference-Applied", "Preference-Applied", "return minimal"},
		{"challenges-for-proxy-with-bare-realm", "writes realm without quotes into Proxy-Authenticate",
			"Proxy-Authenticate", "Basic realm=api"},
	} {
		add(ids("http.fields"), row.name, row.says, row.field, row.value)
	}
	add(ids("http.fields"), "sends-two-servers", "sends two Server fields", "Server", "a", "b")
	add(ids("http.fields"), "sends-two-transport-securities", "sends two Strict-Transport-Security fields",
		"Strict-Transport-Security", "max-age=1", "max-age=2")
	return append(faults, owingFaults()...)
}

// withTrailer returns a text of an answer in chunks with a trailer.
func withTrailer(trailer string) func(*answer) string {
	return func(a *answer) string {
		return a.head("Transfer-Encoding: chunked") + chunk(a.body) + "0\r\n" + trailer + "\r\n"
	}
}

// chunkAs returns a text of an answer in one chunk, whose size is written so.
func chunkAs(size string) func(*answer) string {
	return func(a *answer) string {
		return a.head("Transfer-Encoding: chunked") + fmt.Sprintf(size, len(a.body)) + "\r\n" + string(a.body) +
			"\r\n0\r\n\r\n"
	}
}

// owingFaults leave out fields that others or a status owe, or write cookies that a browser drops.
func owingFaults() []Fault {
	due, cookies := ids("http.fields-due"), ids("http.cookies")
	sets := func(field string, values ...string) wrap {
		return onAccepted(func(a *answer, _ *asked) { a.header[field] = values })
	}
	return []Fault{
		{Name: "offers-protocol-unlisted", Says: "sends Upgrade, which Connection does not name", Breaks: due,
			Wrap: sets("Upgrade", "h2c")},
		{Name: "keeps-alive-unlisted", Says: "sends Keep-Alive, which Connection does not name", Breaks: due,
			Wrap: sets("Keep-Alive", "timeout=5")},
		{Name: "lists-cache-control-in-connection", Says: "names Cache-Control in Connection", Breaks: due,
			Wrap: onWire(say(func(a *answer) string {
				return a.head("Connection: Cache-Control", "Cache-Control: no-store", a.length(0)) + string(a.body)
			}))},
		{Name: "forgets-allow-beside-path", Says: "answers 405 without Allow to a path that it does not know",
			Breaks: due, Wrap: onRefused(offRoute(func(a *answer, _ *asked) {
				a.status = http.StatusMethodNotAllowed
			}), http.StatusNotFound)},
		{Name: "forgets-protocol-of-426", Says: "answers 426 to HTTP/1.0, and does not say to what to upgrade",
			Breaks: due, Phase: Coverage, Wrap: rewrite(func(a *answer, q *asked) {
				if !q.ProtoAtLeast(1, 1) {
					a.replace(refusal{status: http.StatusUpgradeRequired, code: "UpgradeRequired",
						message: "Use HTTP/1.1."}.answer())
				}
			})},
		{Name: "answers-304-to-condition", Says: "answers 304 to a POST with If-None-Match",
			Breaks: ids("http.not-modified"), Phase: Coverage, Wrap: onAccepted(func(a *answer, q *asked) {
				if q.Header.Get("If-None-Match") != "" {
					a.replace(&answer{status: http.StatusNotModified, header: http.Header{}})
				}
			})},
		{Name: "answers-304-to-other-methods", Says: "answers 304 to PUT, PATCH and DELETE",
			Breaks: ids("http.not-modified", "refusal.method"), Wrap: onRefused(func(a *answer, q *asked) {
				if !slices.Contains([]string{http.MethodGet, http.MethodHead}, q.Method) {
					a.replace(&answer{status: http.StatusNotModified, header: http.Header{}})
				}
			}, http.StatusMethodNotAllowed)},
		{Name: "sends-length-twice", Says: "sends the same Content-Length twice", Breaks: ids("http.fields"),
			Wrap: onWire(say(func(a *answer) string { return a.head(a.length(0), a.length(0)) + string(a.body) }))},
		{Name: "writes-blank-behind-chunk-size", Says: "writes a blank behind the size of a chunk",
			Breaks: ids("http.framing"), Wrap: onWire(say(chunkAs("%x ")))},
		{Name: "names-no-chunk-extension", Says: "gives a chunk an extension without a name",
			Breaks: ids("http.framing"), Wrap: onWire(say(chunkAs("%x;=a")))},
		{Name: "opens-quote-in-chunk-extension", Says: "does not end the quotes of the extension of a chunk",
			Breaks: ids("http.framing"), Wrap: onWire(say(chunkAs(`%x;a="b`)))},
		{Name: "writes-blank-in-trailer-name", Says: "writes a blank inside the name of a field of the trailer",
			Breaks: ids("http.framing"), Wrap: onWire(say(withTrailer("X A: b\r\n")))},
		{Name: "errs-with-problem-type-in-words", Says: "writes words into the type of problem details",
			Breaks: ids("error.problem"), Wrap: onRefused(func(a *answer, _ *asked) {
				a.header["Content-Type"] = []string{"application/problem+json"}
				a.body = []byte(`{"type":"not a reference","title":"Refused"}`)
			})},
		{Name: "sets-cookie-in-trailer", Says: "sets a cookie in the trailer", Breaks: ids("http.framing"),
			Wrap: onWire(say(withTrailer("Set-Cookie: a=1\r\n")))},
		{Name: "keeps-from-caches-in-trailer", Says: "sends Cache-Control in the trailer", Breaks: ids("http.framing"),
			Wrap: onWire(say(withTrailer("Cache-Control: no-store\r\n")))},
		{Name: "sets-cookie-without-name", Says: "sets a cookie without a name", Breaks: cookies,
			Wrap: sets("Set-Cookie", "=abc; Path=/")},
		{Name: "sets-cookie-without-value", Says: "sets a cookie of one word", Breaks: cookies,
			Wrap: sets("Set-Cookie", "abcdef; Path=/")},
		{Name: "sets-cookie-for-ever", Says: "writes a word into Max-Age of a cookie", Breaks: cookies,
			Wrap: sets("Set-Cookie", "a=1; Max-Age=forever")},
		{Name: "ends-cookie-as-iso", Says: "writes Expires of a cookie in the form of ISO 8601", Breaks: cookies,
			Wrap: sets("Set-Cookie", "a=1; Expires=2027-12-31T23:59:59Z")},
		{Name: "sets-cookie-for-some-sites", Says: "gives a cookie a SameSite of its own", Breaks: cookies,
			Wrap: sets("Set-Cookie", "a=1; SameSite=Maybe")},
		{Name: "gives-cookie-two-paths", Says: "gives a cookie two paths", Breaks: cookies,
			Wrap: sets("Set-Cookie", "a=1; Path=/a; Path=/b")},
		{Name: "sets-cookie-twice", Says: "sets a cookie twice in one answer", Breaks: cookies,
			Wrap: sets("Set-Cookie", "a=1; Path=/", "a=2; Path=/")},
	}
}

// laterVariants use the liberties of fields that came later, and of those that go with others.
func laterVariants() []variant {
	fields := map[string]string{
		"Alt-Svc":                `h3=":443"; ma=86400, h2="alt.example:8000"; persist=1`,
		"Accept":                 "application/json;q=0.5, text/*;q=0",
		"Accept-Ch":              "Sec-CH-UA, DPR",
		"Accept-Encoding":        "gzip;q=1.0, identity; q=0.5, *;q=0",
		"Accept-Post":            `application/json; charset="utf-8", text/*`,
		"Cache-Status":           `OriginCache; hit; ttl=1100; collapsed=?0, "CDN, and more"; fwd=miss; key="x"`,
		"Cdn-Cache-Control":      "max-age=60;x, no-store, y=(1 2)",
		"Content-Disposition":    `attachment ; filename = "a b.json"; filename*=UTF-8''a%20b.json`,
		"Deprecation":            "true",
		"Odata-Version":          "4.01",
		"Odata-Entityid":         "https://graph.example/x('1')",
		"Preference-Applied":     `return=minimal, odata.include-annotations="*", respond-async`,
		"Priority":               "u=0, i=?0, z=9.5",
		"Proxy-Status":           `"p, q"; error=http_request_error; received-status=503; next-hop=a.example`,
		"Proxy-Authenticate":     `Basic realm="x", Negotiate`,
		"Want-Content-Digest":    "sha-512=3, sha-256=10, unixsum=0",
		"Access-Control-Max-Age": "-1", "Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Methods": "*", "Access-Control-Expose-Headers": "",
		"Strict-Transport-Security": `max-age="31536000" ; IncludeSubDomains; preload;`,
		"Link": `</a>; title="a; rel=b, <c>"; REL="help https://a.example/rel"; hreflang=de; hreflang=en, ` +
			`<?p=2>; rel=prev; anchor="#x"`,
	}
	return []variant{
		{"fields-of-every-standard", "sends fields that came later, as their standards allow", rewrite(
			func(a *answer, _ *asked) {
				for name, value := range fields {
					a.header.Set(name, value)
				}
			})},
		{"cookies-of-every-age", "sets cookies with dates of older forms, none, and for two paths", rewrite(
			func(a *answer, _ *asked) {
				a.header["Set-Cookie"] = []string{"a=1; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/",
					"a=; Path=/x;", `b="1"; Expires=Sunday, 06-Nov-94 08:49:37 GMT; Version=1`,
					"__Host-c=d=e==; samesite=NONE; Secure; Partitioned; Max-Age=-1"}
			})},
		{"offers-protocol-and-closes", "offers another protocol, and closes the connection", onWire(say(
			func(a *answer) string {
				return a.head("Connection: Upgrade, Keep-Alive", "Upgrade: h2,h2c", "Keep-Alive: timeout=5, max=100",
					a.length(0)) + string(a.body)
			}))},
		{"405-for-paths-beside", "answers 405 to paths that it does not know, and allows GET there", onRefused(
			offRoute(func(a *answer, _ *asked) {
				a.status = http.StatusMethodNotAllowed
				a.header.Set("Allow", http.MethodGet)
			}), http.StatusNotFound)},
		{"trailers-of-every-kind", "sends the digest, the tag and times of its body in a trailer", butToOld(onWire(say(
			func(a *answer) string {
				sum := sha256.Sum256(a.body)
				return withTrailer("Repr-Digest: sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) +
					":\r\nETag: \"1\"\r\nServer-Timing: db;dur=1\r\n")(a)
			})))},
	}
}
