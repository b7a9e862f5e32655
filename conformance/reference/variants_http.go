package reference

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// headerVariants say more, or the same otherwise, in the header.
func headerVariants() []variant {
	header := func(name string, values ...string) wrap {
		return rewrite(func(a *answer, _ *asked) { a.header[http.CanonicalHeaderKey(name)] = values })
	}
	mediaType := func(value string) wrap { return onAccepted(withType(value)) }
	return []variant{
		{"charset", "says that the JSON is UTF-8", mediaType("application/json; charset=utf-8")},
		{"quoted-upper-case-charset", "says so in capitals and quotes", mediaType(`application/json; Charset="UTF-8"`)},
		{"odata-parameters", "sends the parameters of OData",
			mediaType("application/json;odata.metadata=minimal;odata.streaming=true")},
		{"odata-parameters-and-charset", "sends the parameters of OData and a charset",
			mediaType("application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; " +
				"charset=utf-8")},
		{"capital-media-type", "writes the media type with capitals", mediaType("Application/JSON")},
		{"location", "says where the action can be read", onAccepted(func(a *answer, q *asked) {
			o, _ := parseObject(a.body)
			id, _ := o.Get("id").(string)
			a.header.Set("Location", "/testwdatppreview/filemachineactions/"+id)
		})},
		{"many-headers", "sends all the headers of a large service", rewrite(func(a *answer, _ *asked) {
			for name, value := range map[string]string{
				"OData-Version": "4.0", "Request-Id": "1b0d5f4e-6a3f-4a77-9d47-4e2a3f3c0f11",
				"Client-Request-Id":         "1b0d5f4e-6a3f-4a77-9d47-4e2a3f3c0f11",
				"X-Ms-Ags-Diagnostic":       `{"ServerInfo":{"DataCenter":"West Europe","Ring":"4"}}`,
				"Strict-Transport-Security": "max-age=31536000",
				"Cache-Control":             "no-store, no-cache", "Pragma": "no-cache",
				"Vary": "Accept, Accept-Encoding", "Server": "Microsoft-IIS/10.0",
				"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*", "X-Powered-By": "ASP.NET",
			} {
				a.header.Set(name, value)
			}
		})},
		{"cache-directives", "sends directives with quotes, commas in them and no value, and offers HTTP/2",
			rewrite(func(a *answer, _ *asked) {
				a.header.Set("Cache-Control", `private="set-cookie, x-a" , max-age=0,s-maxage=0, no-cache="x-b", `+
					`community="UCI, max-age=none"`)
				a.header.Set("Connection", "Upgrade")
				a.header.Set("Upgrade", "h2c")
			})},
		{"cookies", "sets two cookies", header("Set-Cookie", "a=1; Path=/; HttpOnly", "b=2; Path=/; Secure")},
		{"large-header", "sends a header of 16 KiB", header("X-Diagnostics", strings.Repeat("d", 16<<10))},
		{"announces-deprecation", "says in every answer that the API is deprecated, since when and until when",
			rewrite(func(a *answer, _ *asked) {
				a.header.Set("Deprecation", "@1512691200")
				a.header.Set("Sunset", "Fri, 31 Dec 2027 23:59:59 GMT")
				a.header.Set("Link", `</docs/deprecate>; rel="deprecation"; type="text/html"`)
			})},
		{"true-fields", "sends the digests of its body, times up to now, an age of nothing, and other fields at " +
			"their limits",
			rewrite(func(a *answer, _ *asked) {
				now := time.Now().UTC().Format(http.TimeFormat)
				sum, long, old := sha256.Sum256(a.body), sha512.Sum512(a.body), md5.Sum(a.body)
				for name, value := range map[string]string{
					"Date": now, "Last-Modified": now, "Age": "0", "Expires": "-1",
					"Content-Digest": "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":, unixsum=:AAAA:",
					"Repr-Digest":    "sha-512=:" + base64.StdEncoding.EncodeToString(long[:]) + ":",
					"Digest":         "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:]),
					"Content-MD5":    base64.StdEncoding.EncodeToString(old[:]),
					"Allow":          "POST", "Accept-Ranges": "none",
					"Access-Control-Allow-Origin": "https://a.example:8443",
					"Strict-Transport-Security":   `includeSubDomains ; Max-Age="31536000"; preload`,
					"X-Request-Id":                "at 12:00, in line 7 of the queue",
				} {
					a.header.Set(name, value)
				}
			})},
		{"date-of-a-proxy", "sends the Date of a proxy, and a Last-Modified by a clock that is three seconds " +
			"ahead of it",
			rewrite(func(a *answer, _ *asked) {
				a.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
				a.header.Set("Last-Modified", time.Now().Add(3*time.Second).UTC().Format(http.TimeFormat))
			})},
		{"slow-clock", "sends the Date of an hour ago", rewrite(func(a *answer, _ *asked) {
			a.header.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		})},
		{"slow-machine", "has a clock that is an hour slow, for the Date and for actions",
			rewrite(func(a *answer, q *asked) {
				a.header.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
				if a.status == http.StatusCreated {
					for _, name := range times {
						a.edit(alterText(name, func(s string) string {
							t, _ := time.Parse(time.RFC3339Nano, s)
							return t.Add(-time.Hour).Format(timeLayout)
						}))
					}
				}
			})},
		{"no-date-with-400", "sends no Date with a 400, as what reads HTTP for some frameworks",
			rewrite(func(a *answer, _ *asked) {
				if a.status == http.StatusBadRequest {
					a.header["Date"] = nil // so that none is added
				}
			})},
		{"leap-second", "sends the Date of a leap second", header("Date", "Sat, 31 Dec 2016 23:59:60 GMT")},
		{"etag", "sends an ETag", header("ETag", `W/"1"`)},
		{"rate-limit", "sends how many calls are left, and Retry-After", rewrite(func(a *answer, _ *asked) {
			a.header.Set("X-RateLimit-Remaining", "99")
			a.header.Set("Retry-After", "1")
		})},
		{"zips-when-asked", "compresses the body where the client takes gzip", rewrite(func(a *answer, q *asked) {
			a.header.Set("Vary", "Accept-Encoding")
			if takesGzip(q.Header.Get("Accept-Encoding")) && len(a.body) > 0 {
				coded("gzip", gzipped)(a, q)
			}
		})},
		{"zips-by-old-name", "compresses the body where the client takes gzip, and calls it x-gzip",
			rewrite(func(a *answer, q *asked) {
				a.header.Set("Vary", "Accept-Encoding")
				if takesGzip(q.Header.Get("Accept-Encoding")) && len(a.body) > 0 {
					coded("x-gzip", gzipped)(a, q)
				}
			})},
	}
}

// takesGzip reads an Accept-Encoding.
func takesGzip(accepted string) bool {
	for coding := range strings.SplitSeq(accepted, ",") {
		name, q, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";q=")
		if name == "gzip" && strings.Trim(q, "0.") != "" || name == "gzip" && q == "" {
			return true
		}
	}
	return false
}

// wireVariants frame the answer otherwise.
func wireVariants() []variant {
	return []variant{
		{"chunked", "sends bodies in chunks", between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			sendChunked(w, q.serve(h), 100)
		})},
		{"tiny-chunks", "sends bodies in chunks of one byte",
			between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				sendChunked(w, q.serve(h), 1)
			})},
		{"chunk-extensions-and-trailer", "sends one chunk with an extension, and a trailer",
			butToOld(onWire(say(func(a *answer) string {
				return a.head(chunked, "Trailer: X-Checksum") + strings.Replace(chunk(a.body), "\r\n", ";part=1\r\n",
					1) + "0\r\nX-Checksum: 1\r\n\r\n"
			})))},
		{"lower-case-header-names", "writes header names in small letters",
			onWire(say(func(a *answer) string {
				return recaseHead(a.head(a.length(0)), strings.ToLower) +
					string(a.body)
			}))},
		{"upper-case-header-names", "writes header names in capitals",
			onWire(say(func(a *answer) string {
				return recaseHead(a.head(a.length(0)), strings.ToUpper) +
					string(a.body)
			}))},
		{"no-blank-behind-colon", "writes no blank behind the colon of a header",
			onWire(say(func(a *answer) string {
				return strings.ReplaceAll(a.head(a.length(0)), ": ", ":") +
					string(a.body)
			}))},
		{"no-reason-phrase", "writes no reason behind the status", onWire(say(func(a *answer) string {
			return strings.Replace(a.head(a.length(0)), "201 Created", "201 ", 1) + string(a.body)
		}))},
		{"other-reason-phrase", "writes another reason behind the status", onWire(say(func(a *answer) string {
			return strings.Replace(a.head(a.length(0)), "201 Created", "201 Angelegt", 1) + string(a.body)
		}))},
		{"http-1.0", "answers in HTTP/1.0 and ends the body by closing the connection",
			onWire(say(func(a *answer) string {
				return strings.Replace(a.head(), "HTTP/1.1", "HTTP/1.0", 1) + string(a.body)
			}))},
		{"close-delimited", "ends the body by closing the connection",
			onWire(say(func(a *answer) string { return a.head() + string(a.body) }))},
		{"in-small-pieces", "writes the answer in pieces of seven bytes", onWire(func(conn net.Conn, a *answer) {
			for text := a.head(a.length(0)) + string(a.body); text != ""; {
				n := min(7, len(text))
				if _, err := io.WriteString(conn, text[:n]); err != nil {
					return
				}
				text = text[n:]
			}
		})},
		{"closes-each-connection", "closes the connection after each answer", func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Connection", "close")
				h.ServeHTTP(w, r)
			})
		}},
		{"says-continue", "sends 100 before every answer", interim(http.StatusContinue)},
		{"says-early-hints", "sends 103 before every answer", interim(http.StatusEarlyHints)},
		{"says-processing-twice", "sends 102 twice before every answer",
			interim(http.StatusProcessing, http.StatusProcessing)},
	}
}

func interim(statuses ...int) wrap {
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		for _, status := range statuses {
			if !q.ProtoAtLeast(1, 1) {
				break // HTTP/1.0 knows no interim answer (RFC 9110 15.2)
			}
			w.WriteHeader(status)
		}
		q.serve(h).write(w)
	})
}

// sendChunked writes an answer in pieces of n bytes, without a length.
func sendChunked(w http.ResponseWriter, a *answer, n int) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	flusher, _ := w.(http.Flusher)
	for body := a.body; len(body) > 0 && bodyAllowed(a.status); body = body[min(n, len(body)):] {
		_, _ = w.Write(body[:min(n, len(body))])
		if flusher != nil {
			flusher.Flush()
		}
	}
}

// recaseHead changes the letter case of the header names in a head.
func recaseHead(head string, change func(string) string) string {
	lines := strings.Split(head, "\r\n")
	for i, line := range lines {
		if name, value, ok := strings.Cut(line, ":"); ok && i > 0 {
			lines[i] = change(name) + ":" + value
		}
	}
	return strings.Join(lines, "\r\n")
}

// refusalVariants refuse the same requests in other words.
func refusalVariants() []variant {
	status := func(from, to int) wrap { return onRefused(inRoute(asRefusal(to)), from) }
	challenges := func(lines ...string) wrap {
		return onRefused(func(a *answer, _ *asked) { a.header["Www-Authenticate"] = lines }, http.StatusUnauthorized)
	}
	carries := func(mediaType string, body func(*answer, *asked) string) wrap {
		return onRefused(func(a *answer, q *asked) {
			a.body = []byte(body(a, q))
			a.header.Set("Content-Type", mediaType)
		})
	}
	return []variant{
		{"404-for-405", "answers 404 to other methods", status(405, 404)},
		{"411-for-chunks", "asks for the length of a body in chunks", refuseIf(
			refusal{status: http.StatusLengthRequired, code: "LengthRequired", message: "Give a length."}, chunky)},
		{"417-for-expectation", "supports no expectation of 100-continue", refuseIf(refusal{
			status: http.StatusExpectationFailed, code: "ExpectationFailed", message: "Expect nothing."},
			func(q *asked) bool { return strings.EqualFold(q.Header.Get("Expect"), "100-continue") })},
		{"414-for-long-paths", "answers 414 to paths of 1,000 characters or more", onRefused(
			func(a *answer, q *asked) {
				if len(q.URL.Path) >= 1000 {
					asRefusal(http.StatusRequestURITooLong)(a, q)
				}
			})},
		{"echoes-trace-without-credentials", "answers TRACE with the request, but for its credentials",
			rewrite(func(a *answer, q *asked) {
				if q.Method == http.MethodTrace {
					a.replace(&answer{status: http.StatusOK, header: http.Header{"Content-Type": {"message/http"}},
						body: []byte("TRACE " + q.URL.Path + " HTTP/1.1\r\nHost: " + q.Host + "\r\n\r\n")})
				}
			})},
		{"501-for-unknown-methods", "answers 501 to methods that it does not know",
			onRefused(func(a *answer, q *asked) {
				switch q.Method {
				case "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT":
				default:
					asRefusal(http.StatusNotImplemented)(a, q)
				}
			}, http.StatusMethodNotAllowed)},
		{"501-for-all-but-get", "answers 501 to every other method than GET and HEAD, which alone a server has to know",
			onRefused(func(a *answer, q *asked) {
				if q.Method != http.MethodGet && q.Method != http.MethodHead {
					asRefusal(http.StatusNotImplemented)(a, q)
				}
			}, http.StatusMethodNotAllowed)},
		{"400-for-other-schemes", "answers 400 to credentials of another scheme than Bearer",
			onRefused(func(a *answer, q *asked) {
				if scheme, _, ok := strings.Cut(q.Header.Get("Authorization"), " "); ok &&
					!strings.EqualFold(scheme, "Bearer") {
					asRefusal(http.StatusBadRequest)(a, q)
				}
			}, http.StatusUnauthorized)},
		{"404-for-missing-role", "answers 404 to a user without the role, to hide what is there", status(403, 404)},
		{"404-for-unknown-query", "answers 404 to a query that it does not know, as CherryPy does",
			onRefused(func(a *answer, q *asked) {
				if q.URL.RawQuery != "" {
					asRefusal(http.StatusNotFound)(a, q)
				}
			})},
		{"page-for-every-path", "answers GET and HEAD with a page for people, whatever the path",
			rewrite(func(a *answer, q *asked) {
				if q.Method == http.MethodGet || q.Method == http.MethodHead {
					a.replace(&answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/html"}},
						body: []byte("<!doctype html><title>Response actions</title><div id=root></div>")})
				}
			})},
		{"firewall-against-nul", "answers 403 to NUL and to a condition of SQL in what is refused anyway, as a " +
			"firewall does", onRefused(func(a *answer, q *asked) {
			if bytes.Contains(q.body, []byte("\x00")) || bytes.Contains(q.body, []byte(`\u0000"`)) ||
				bytes.Contains(q.body, []byte("' OR '1'")) {
				a.status = http.StatusForbidden
			}
		}, 400)},
		{"403-for-other-sites", "answers 403 to a request that a browser says comes from another site, before all else",
			rewrite(func(a *answer, q *asked) {
				if http.NewCrossOriginProtection().Check(q.Request) != nil {
					a.replace(&answer{status: http.StatusForbidden, header: http.Header{"Content-Type": {"text/plain"}},
						body: []byte("cross-origin request detected from Sec-Fetch-Site header")})
				}
			})},
		{"https-for-plain-proxied", "redirects to HTTPS where a proxy says that the request came without",
			rewrite(func(a *answer, q *asked) {
				if strings.EqualFold(q.Header.Get("X-Forwarded-Proto"), "http") {
					a.replace(&answer{status: http.StatusPermanentRedirect,
						header: http.Header{"Location": {"https://" + q.Host + q.RequestURI}}})
				}
			})},
		{"allows-many", "lists OPTIONS too in Allow", onRefused(
			func(a *answer, _ *asked) { a.header.Set("Allow", "OPTIONS,POST") }, 405)},
		{"allows-in-two-lines", "lists the methods in two Allow lines",
			onRefused(func(a *answer, _ *asked) { a.header["Allow"] = []string{"OPTIONS", "POST"} }, 405)},
		{"answers-options", "answers OPTIONS with 204 and Allow",
			between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				a := q.serve(h)
				if q.Method == http.MethodOptions && a.status == http.StatusMethodNotAllowed {
					a = &answer{status: http.StatusNoContent, header: http.Header{"Allow": {"POST, OPTIONS"}}}
				}
				a.write(w)
			})},
		{"422-for-400", "answers 422 to bodies that it cannot use", status(400, 422)},
		{"422-for-content-only", "answers 400 to what is not JSON and 422 to what is",
			onRefused(func(a *answer, q *asked) {
				if wellFormed(q.body) {
					a.status = http.StatusUnprocessableEntity
				}
			}, 400)},
		{"400-for-415", "answers 400 to other media types", status(415, 400)},
		{"415-for-missing-type", "answers 415 to a body without Content-Type",
			refuseIf(refusal{status: 415, code: "UnsupportedMediaType", message: "The body has to be " +
				"application/json."}, func(q *asked) bool {
				return q.Header.Get("Content-Type") == ""
			})},
		{"400-for-long-integers", "answers 400 to an integer beyond 64 bits, which a parser may limit (RFC 8259 9)",
			refuseIf(*badBody("BadRequest", "The number is too big."), func(q *asked) bool {
				return bytes.Contains(q.body, []byte(":18446744073709551616")) ||
					bytes.Contains(q.body, []byte(": 18446744073709551616"))
			})},
		{"400-for-missing-type", "answers 400 to a body without Content-Type",
			refuseIf(*badBody("BadRequest", "The body has no media type."), func(q *asked) bool {
				return q.Header.Get("Content-Type") == ""
			})},
		{"empty-refusals", "refuses without a body", onRefused(
			func(a *answer, _ *asked) { a.body = nil; a.header.Del("Content-Type") })},
		{"typed-empty-refusals", "refuses without a body and still says that it is JSON",
			onRefused(func(a *answer, _ *asked) { a.body = nil })},
		{"problem-details", "refuses with problem details", carries("application/problem+json",
			text(`{"type":"about:blank","title":"Refused","detail":"The request cannot be served.","instance":null}`))},
		{"problem-details-with-charset", "refuses with problem details and a charset",
			carries("application/problem+json; charset=utf-8", func(a *answer, _ *asked) string {
				return string(Object{{"type", "https://contoso.com/problems/refused"}, {"title", "Refused"},
					{"status", a.status}}.JSON())
			})},
		{"inner-error", "refuses with an inner error, as Microsoft Graph does",
			carries("application/json; charset=utf-8", text(
				`{"error":{"code":"BadRequest","message":"Refused.","innerError":{"request-id":"1b0d5f4e-6a3f-4a77-9d47-4e2a3f3c0f11","date":"2020-01-01T00:00:00"}}}`))},
		{"error-target", "refuses with a target and details, as the successor does",
			carries("application/json",
				text(`{"error":{"code":"ResourceNotFound","message":"Not found.","target":"|3b0d.","details":[]}}`))},
		{"error-without-message-text", "refuses with an empty message",
			carries("application/json", text(`{"error":{"code":"","message":""}}`))},
		{"odata-typed-error", "refuses with OData parameters on the media type",
			carries("application/json;odata.metadata=minimal;odata.streaming=true", unchanged)},
		{"pretty-error", "refuses with indented JSON", onRefused(
			func(a *answer, _ *asked) { a.body = indented(a.body, "  ") })},
		{"several-challenges", "offers Basic too, in one line",
			challenges(`Basic realm="x, Bearer", Bearer realm="fmaspec"`)},
		{"challenge-lines", "offers Basic too, in a line of its own", challenges("Negotiate", `Basic realm="x"`,
			`Bearer realm="fmaspec", error="invalid_token", error_description="expired, or never issued"`)},
		{"bare-challenge", "sends the challenge without parameters", challenges("Bearer")},
		{"lower-case-challenge", "writes the challenge in small letters", challenges(`bearer realm="fmaspec"`)},
		{"challenge-with-blanks", "writes blanks around the = and the commas of a challenge, which nobody has to " +
			"send and everybody has to read", challenges(
			`Bearer realm = "fmaspec" , error	=	"invalid_token",, error_description="expired or never issued",`)},
		{"challenge-beside-token", "offers Bearer, and Negotiate with a token of its own",
			challenges(`Negotiate oQ==, Bearer realm="fmaspec"`)},
		{"challenge-among-many", "offers Bearer between two schemes with parameters of their own",
			challenges(
				`Newauth realm="apps", type=1, title="Login to \"apps\"", Bearer scope="actions.write", realm="", DPoP algs="ES256 PS256"`)},
		{"graph-challenge", "sends the challenge of Microsoft Graph",
			challenges(
				`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`)},
		{"challenge-with-action", "sends a challenge with a 201 too, as the last step of Negotiate does",
			onAccepted(func(a *answer, _ *asked) {
				a.header.Set("WWW-Authenticate", "Negotiate oRQwEqADCgEAoQsGCSqGSIb3EgECAg==")
			})},
		{"insufficient-scope", "says insufficient_scope with a 403", onRefused(func(a *answer, _ *asked) {
			a.header.Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="Machine.StopAndQuarantine"`)
		}, 403)},
		{"body-before-credentials", "reads the body before it looks at credentials, and answers 422 to what is no " +
			"JSON, as FastAPI does",
			onRefused(func(a *answer, q *asked) {
				if len(q.body) > 0 && !wellFormed(q.body) {
					asRefusal(http.StatusUnprocessableEntity)(a, q)
				}
			}, http.StatusUnauthorized)},
		{"credentials-before-method", "looks at credentials before the method",
			between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				a := q.serve(h)
				if a.status == http.StatusMethodNotAllowed {
					posted := q.clone()
					asPost(posted)
					if b := posted.serve(h); b.status == http.StatusUnauthorized || b.status == http.StatusForbidden {
						a = b
					}
				}
				a.write(w)
			})},
	}
}
