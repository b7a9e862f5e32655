package reference_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/reference"
)

// says returns a probe with this Comment, of which nothing is escaped.
func says(comment string) probe {
	return body(`"`+comment+`"`, `"`+hash+`"`)
}

// of returns a probe with this Sha1.
func of(sha1 string) probe { return body(`"a comment"`, `"`+sha1+`"`) }

// with returns a probe with these further members.
func with(members string) probe { return probe{body: good[:len(good)-1] + "," + members + "}"} }

// headed returns a probe with these fields.
func headed(lines ...string) probe { return probe{header: lines} }

// wired returns a probe that is sent as it stands, with these fields and this body.
func wired(requestLine string, fields []string, body string) probe {
	return probe{wire: strings.Join(append([]string{requestLine}, fields...), "\r\n") + "\r\n\r\n" + body}
}

// sent returns a probe that is sent as it stands, with the fields that a valid request needs.
func sent(requestLine, host, body string) probe {
	return wired(requestLine, []string{"Host: " + host, "Authorization: Bearer " + token,
		"Content-Length: " + length(body),
		"Connection: close"}, body)
}

// posted returns a probe that is sent as it stands, with these fields in front of the usual ones.
func posted(fields ...string) probe {
	return wired("POST "+samplePath+" HTTP/1.1", append(fields, "Host: HOST", "Authorization: Bearer "+token,
		"Content-Type: application/json", "Content-Length: "+length(good), "Connection: close"), good)
}

// chunkedBody returns a probe that is sent as it stands, in chunks.
func chunkedBody(chunks string, fields ...string) probe {
	return wired("POST "+samplePath+" HTTP/1.1", append(fields, "Host: HOST", "Authorization: Bearer "+token,
		"Transfer-Encoding: chunked", "Connection: close"), chunks)
}

// pieces returns the body as chunks of one byte.
func pieces(body string) string {
	var b strings.Builder
	for i := range len(body) {
		b.WriteString("1\r\n" + body[i:i+1] + "\r\n")
	}
	return b.String() + "0\r\n\r\n"
}

func length(body string) string { return strconv.Itoa(len(body)) }

// chunkOf returns the body as one chunk, whose size is written so.
func chunkOf(size, body string) string { return size + "\r\n" + body + "\r\n0\r\n\r\n" }

// inCapitals is a valid body whose Sha1 is in capitals.
var inCapitals = strings.Replace(good, hash, strings.ToUpper(hash), 1)

// witnesses returns for each conditional fault the requests that show it.
func witnesses() map[string][]probe {
	digits := strings.Repeat("1234567890", 4)
	upper := strings.ToUpper(hash)
	reverse := func(comment, sha1 string) probe {
		return probe{body: `{"Sha1":"` + sha1 + `","Comment":"` + comment + `"}`}
	}
	long := func(n int) probe { return says(strings.Repeat("c", n)) }
	hexLength := hexOf(len(good))
	out := map[string][]probe{}
	one := func(name string, p probe) { out[name] = append(out[name], p) }
	for _, name := range []string{"sends-chunks-to-old-version", "sends-interim-answer-to-old-version",
		"forgets-protocol-of-426"} {
		one(name, sent("POST "+samplePath+" HTTP/1.0", "HOST", good))
	}
	one("answers-304-to-condition", headed(`If-None-Match: "a"`))
	one("keeps-connection-of-capital-close", wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST",
		"Authorization: Bearer " + token, "Content-Type: application/json", "Content-Length: " + length(good),
		"Connection: Close"}, good))
	one("announces-body-of-204", probe{method: "OPTIONS", body: "none"})
	for name, comment := range map[string]string{
		"crashes-on-line-separator": "a\u2028b", "refuses-paragraph-separator": "a\u2029b",
		"crashes-on-joined-emoji": "👩\u200d💻", "refuses-zero-width-space": "a\u200bb",
		"refuses-bidirectional-override": "a\u202eb", "refuses-right-to-left-letters": "שלום",
		"crashes-on-inner-byte-order-mark": "a\ufeffb", "drops-comment-with-combining-marks": "e\u0301",
		"crashes-on-delete-character": "a\x7fb", "refuses-c1-controls": "a\u0085b",
		"refuses-no-break-space": "a\u00a0b", "crashes-on-soft-hyphen": "a\u00adb",
		"crashes-on-private-use": "\ue001", "crashes-on-noncharacters": "\uffff",
		"refuses-replacement-character": "\ufffd", "crashes-on-dotted-capital-i": "İ",
		"answers-number-for-letter-number": "Ⅻ", "crashes-on-currency-signs": "€",
		"refuses-ideographs-beyond-bmp": "𠀋", "crashes-on-surrogate-range-neighbours": "\ud7ff",
		"crashes-on-old-letters-of-korean": "\u1100", "refuses-wide-space": "a\u3000b",
		"crashes-on-directional-mark": "a\u200fb", "crashes-on-keycap": "1\u20e3",
		"crashes-on-tag-characters": "\U000e0067", "crashes-on-private-planes": "\U000f0000",
		"crashes-on-final-sigma": "ς", "crashes-on-leading-mark": "\u0301a", "refuses-line-feed-at-end": `a\n`,
		"refuses-many-lines": `a\nb\nc\nd\ne\nf`, "refuses-leading-slash": "/a", "refuses-question": "a?",
		"crashes-on-colon-at-end": "a:", "refuses-marks-alone": "?!", "forbids-secure-url": "https://a",
		"forbids-union": "union select", "forbids-command": "cmd.exe", "refuses-word-password": "password",
		"answers-array-for-brackets": "[]", "answers-object-for-braces": "{}",
		"crashes-on-instant-of-json": "/Date(0)/", "crashes-on-base64": "cXVhcmFudGluZSBpdA==",
		"crashes-on-percent-sign": "50 %", "crashes-on-format-verb": "a %n", "refuses-percent-zero": "a%00",
		"forbids-lookup": "${jndi:x}", "crashes-on-placeholder": "${x}", "crashes-on-template": "{{7*7}}",
		"refuses-backtick": "`a`", "crashes-on-apostrophe": "it's", "forbids-two-hyphens": "a -- b",
		"forbids-script": "<script>", "crashes-on-end-of-cdata": "]]>", "forbids-path-up": "../a",
		"forbids-url": "http://a", "refuses-formula": "=1", "crashes-on-leading-at-sign": "@a",
		"refuses-leading-sign": "-1", "crashes-on-share": `\\\\a`, "crashes-on-trailing-backslash": `a\\`,
		"unescapes-twice": `a\\u0041`, "refuses-line-break-in-comment": `a\r\nb`, "refuses-leading-blank": " a",
		"refuses-trailing-blank": "a ", "answers-number-for-digits": "007", "answers-number-for-decimal": "1.5",
		"answers-number-for-exponent": "1e5", "answers-boolean-for-true": "true", "answers-boolean-for-yes": "no",
		"answers-null-for-the-word": "null", "crashes-on-word-nan": "NaN", "crashes-on-date-as-comment": "2020-01-01",
		"refuses-hash-as-comment": hash, "crashes-on-device-name": "NUL", "crashes-on-comment-of-punctuation": "?!",
		"unescapes-markup-in-comment": "a &amp; b", "decodes-percent-in-comment": "a%20b",
		"joins-blanks-of-comment": "a  b",
		"expands-entities":        "a &amp; b", "crashes-on-escaped-backspace": `a\bb`,
		"crashes-on-escaped-form-feed":  `a\fb`,
		"crashes-on-upper-case-escapes": `\u00E9`, "crashes-on-lower-case-escapes": `\u00e9`,
		"refuses-last-escaped-low-surrogate":  `\ud83c\udfff`,
		"refuses-last-escaped-high-surrogate": `\udbff\udffd`,
		"crashes-on-escape-before-surrogates": `\ud7ff`,
		"refuses-escaped-capital":             `\u0041`, "crashes-on-quote-by-number": `\u0022`,
		"crashes-on-backslash-by-number": `\u005c`, "refuses-escaped-separator": `a\u2028b`,
		"refuses-solidus-by-number":            `\u002F`,
		"crashes-on-long-line-separator":       strings.Repeat("c", 300) + "\u2028",
		"crashes-on-long-comment-beyond-ascii": strings.Repeat("ä", 200),
		"counts-comment-in-utf-16":             strings.Repeat("👍", 200),
		"drops-status-of-long-comment":         strings.Repeat("c", 5000),
		"refuses-257-to-512-characters":        strings.Repeat("c", 300),
		"refuses-length-1000-to-1100":          strings.Repeat("c", 1000),
		"crashes-on-body-of-4096-bytes":        strings.Repeat("c", 4096-len(says("").body)),
	} {
		one(name, says(comment))
	}
	one("refuses-weighted-range", headed("Accept: */*;q=0.1"))
	one("crashes-on-broken-accept", headed("Accept: json"))
	one("crashes-without-coding", headed("Accept-Encoding: identity;q=0, *;q=0"))
	one("crashes-on-charset-of-two-bytes", headed("Accept-Charset: utf-16"))
	one("sets-machine-of-body", with(`"machineId":"none"`))
	one("sets-requestor-of-body", with(`"requestor":" "`))
	one("sets-instances-of-body", with(`"fileInstances":"none"`))
	one("takes-propfind", sent("PROPFIND "+samplePath+" HTTP/1.1", "HOST", good))
	one("takes-long-method", sent(strings.Repeat("POST", 10)+" "+samplePath+" HTTP/1.1", "HOST", good))
	ofJSON := "Content-Type: application/json"
	one("crashes-on-full-stop", says("."))
	one("refuses-test-virus", says(`X5O!P%@AP[4\\PZX54`))
	one("crashes-on-escape-over-4096", says(strings.Repeat(`\u00e9`, 700)))
	one("refuses-body-of-4096-bytes", probe{body: good + strings.Repeat(" ", 4096-len(good))})
	one("refuses-two-blanks-in-content-type", typed("application/json;  charset=utf-8"))
	one("translates-type", headed("Accept-Language: ja"))
	one("crashes-on-new-coding", headed("Accept-Encoding: zstd;q=0"))
	one("crashes-on-idempotency-key", headed(`Idempotency-Key: "a"`))
	one("crashes-on-preference-to-wait", headed("Prefer: wait=10"))
	one("takes-file-hash-name", probe{body: strings.Replace(good, "Sha1", "FileHash", 1)})
	one("takes-escaped-v", with(`"a":"\v"`))
	one("takes-number-before", probe{body: "1" + good})
	one("takes-name-alone", with(`"a"`))
	one("takes-requests-of-probes", probe{bare: true, header: []string{ofJSON, "User-Agent: kube-probe/1.31"}})
	one("takes-sha1-of-object-inside", with(`"a":{"Sha1":"b"}`))
	one("refuses-own-name", says("requestSample"))
	one("crashes-on-name-of-member", says("Sha1"))
	one("takes-placeholder", auth("Bearer {token}"))
	one("takes-word-undefined", auth("Bearer undefined"))
	one("crashes-on-broken-body-of-anyone", probe{bare: true, header: []string{ofJSON}, body: good[:len(good)-1]})
	one("takes-query-of-anyone", wired("POST "+samplePath+"?a=b HTTP/1.1", []string{"Host: HOST",
		"Content-Length: " + length(good), "Connection: close"}, good))
	one("takes-chunks-of-anyone", wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST",
		"Transfer-Encoding: chunked", "Connection: close"}, chunkOf(hexOf(len(good)), good)))
	out["zips-long-comment-unasked"] = []probe{wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST",
		"Authorization: Bearer " + token, "Content-Length: 1070", "Connection: close"},
		says(strings.Repeat("c", 1070-len(says("").body))).body)}
	for name, n := range map[string]int{
		"10": 10, "200": 200, "2000": 2000, "255": 255, "256": 256, "257": 257, "1024": 1024, "4095": 4095,
		"4096": 4096, "8192": 8192, "32767": 32767,
		"32768": 32768, "65535": 65535, "65536": 65536,
	} {
		one("crashes-at-"+name+"-characters", long(n))
	}
	for name, sha1 := range map[string]string{
		"answers-sha1-of-digits-as-number": digits, "refuses-sha1-of-digits": digits,
		"crashes-on-sha1-of-letters": strings.Repeat("abcdefABCD", 4),
		"trims-zeros-of-sha1":        "0000" + hash[4:], "trims-trailing-zeros-of-sha1": hash[:36] + "0000",
		"answers-sha1-like-float-as-number": "1e" + digits[:38], "takes-magic-hash-for-zero": "0e" + digits[:38],
		"refuses-sha1-in-two-cases":           upper[:20] + hash[20:],
		"crashes-on-one-capital-in-sha1":      hash[:39] + "A",
		"crashes-on-alternating-case":         strings.Repeat("aB", 20),
		"refuses-sha1-of-zeros":               strings.Repeat("0", 40),
		"crashes-on-sha1-of-one-digit":        strings.Repeat("7", 40),
		"refuses-sha1-of-nothing":             "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"answers-file-id-of-lower-case-alone": upper,
		"takes-41-upper-case-digits":          upper + "A", "takes-line-break-behind-sha1": hash + `\n`,
		"takes-blank-before-sha1": " " + hash, "takes-blank-behind-sha1": hash + " ",
		"takes-tab-behind-sha1": hash + `\t`, "takes-nul-behind-sha1": hash + `\u0000`,
		"takes-20-digits": hash[:20], "takes-38-digits": hash[:38], "takes-list-of-sha1": hash + "," + hash,
		"takes-underscore-in-sha1": hash[:20] + "_" + hash[21:], "takes-invisible-behind-sha1": hash + "\u200b",
		"takes-hex-prefix": "0x" + hash[:38], "takes-hex-prefix-before-40-digits": "0x" + hash,
		"takes-escaped-sha1":     "%38" + hash[1:],
		"takes-algorithm-prefix": "sha1:" + hash, "takes-wide-digits": "０" + hash[1:],
		"takes-arabic-digits": "٣" + hash[1:], "takes-letter-behind-f": "g" + hash[1:],
		"takes-hyphens-in-sha1": hash[:8] + "-" + hash[8:],
		"takes-colons-in-sha1":  strings.Repeat("aa:", 19) + "aa",
		"takes-base64-sha1":     "2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "takes-80-digits": hash + hash,
		"takes-40-digits-and-more": hash + " x", "takes-sha224": hash + hash[:16],
		"takes-sha512": strings.Repeat(hash[:32], 4), "takes-signed-sha1": "-" + hash[:39],
		"takes-percent-escaped-sha1":     "%38" + hash[1:],
		"crashes-on-sha1-of-1000-digits": strings.Repeat("a", 1000), "crashes-on-emoji-in-sha1": "👍",
		"crashes-on-percent-in-sha1": "%", "shows-stack-on-long-sha1": strings.Repeat("a", 101),
		"shows-sql-on-apostrophe-in-sha1": "'",
	} {
		one(name, of(sha1))
	}
	for name, members := range map[string]string{
		"crashes-on-proto-member": `"__proto__":1`, "crashes-on-constructor-member": `"constructor":1`,
		"crashes-on-type-hint-member": `"$type":"a"`, "crashes-on-odata-type-member": `"@odata.type":"a"`,
		"crashes-on-nameless-member": `"":1`, "takes-id-from-body": `"id":"1"`, "takes-type-from-body": `"type":"a"`,
		"takes-status-from-body": `"status":"a"`, "takes-sha1-over-right-one": `"sha1":"a"`,
		"refuses-lower-case-comment-beside": `"comment":"a"`, "refuses-further-null": `"a":null`,
		"refuses-blank-before-comma-of-array": `"a":[1 ,2]`, "refuses-blank-in-empty-object": `"a":{ }`,
		"crashes-on-blank-in-empty-array": `"a":[ ]`, "crashes-on-blank-before-inner-colon": `"a":{"b" :1}`,
		"refuses-further-empty-array": `"a":[]`, "crashes-on-further-empty-object": `"a":{}`,
		"crashes-on-huge-number": `"a":1e400`, "crashes-on-long-integer": `"a":123456789012345678901`,
		"crashes-on-negative-zero": `"a":-0`, "refuses-exponent": `"a":1e2`,
		"refuses-nesting-of-20":    `"a":` + strings.Repeat("[", 20) + strings.Repeat("]", 20),
		"crashes-on-nesting-of-64": `"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64),
		"crashes-on-50-members":    `"a":1` + manyMembers(50),
		"refuses-long-name":        `"` + strings.Repeat("a", 256) + `":1`,
		"crashes-on-dotted-name":   `"a.b":1`, "refuses-name-beyond-ascii": `"ä":1`,
		"takes-leading-zero": `"a":01`, "takes-plus-sign": `"a":+1`, "takes-hexadecimal-number": `"a":0x1F`,
		"takes-word-by-first-letter": `"a":trux`,
		"takes-infinity":             `"a":Infinity`,
		"takes-capital-true":         `"a":True`, "takes-trailing-comma-in-array": `"a":[1,]`,
	} {
		one(name, with(members))
	}
	for name, text := range map[string]string{
		"refuses-escaped-digits-in-sha1":                  `{"Comment":"a","Sha1":"\u0038` + hash[1:] + `"}`,
		"refuses-blank-before-colon":                      strings.Replace(good, `":`, `" :`, 1),
		"refuses-blank-before-comma":                      strings.Replace(good, `",`, `" ,`, 1),
		"crashes-on-bare-carriage-return":                 strings.Replace(good, `,`, ",\r", 1),
		"refuses-long-white-space":                        strings.Repeat(" ", 64) + good,
		"refuses-long-white-space-behind":                 good + strings.Repeat(" ", 64),
		"answers-sha1-in-half-at-escapes":                 strings.Replace(inCapitals, "look", `\u006cook`, 1),
		"crashes-on-escaped-emoji-in-reverse":             reverse(`\ud83d\udc4d`, hash).body,
		"refuses-sha1-first-with-blanks":                  strings.Replace(reverse("a", hash).body, `":`, `" :`, 1),
		"drops-file-id-of-digits-in-reverse":              reverse("a", digits).body,
		"takes-empty-object":                              "{}",
		"takes-comments-name":                             strings.Replace(good, "Comment", "Comments", 1),
		"takes-comment-name-with-blank":                   strings.Replace(good, "Comment", "Comment ", 1),
		"takes-comment-name-cut":                          strings.Replace(good, "Comment", "Commen", 1),
		"takes-sha256-name":                               strings.Replace(good, "Sha1", "Sha256", 1),
		"takes-sha-1-name":                                strings.Replace(good, "Sha1", "Sha-1", 1),
		"takes-wide-sha1-name":                            strings.Replace(good, "Sha1", "Ｓha1", 1),
		"takes-upper-case-names-alone":                    `{"COMMENT":"a","SHA1":"` + hash + `"}`,
		"takes-wrapped-body":                              `{"value":` + good + `}`,
		"takes-members-of-prototype":                      `{"__proto__":` + good + `}`,
		"takes-false-for-comment-alone":                   body("false", `"`+hash+`"`).body,
		"takes-zero-for-comment":                          body("0", `"`+hash+`"`).body,
		"takes-decimal-for-comment":                       body("1.5", `"`+hash+`"`).body,
		"takes-empty-array-for-comment":                   body("[]", `"`+hash+`"`).body,
		"takes-empty-object-for-comment":                  body("{}", `"`+hash+`"`).body,
		"takes-hash-in-array":                             body(`"a"`, `["`+hash+`"]`).body,
		"takes-number-of-40-digits":                       body(`"a"`, digits).body,
		"takes-number-for-comment-with-upper-case-sha1":   body("7", `"`+upper+`"`).body,
		"takes-bare-tab-in-string":                        strings.Replace(good, "look", "look\t", 1),
		"takes-hexadecimal-escape":                        strings.Replace(good, "look", `\x41`, 1),
		"takes-escaped-apostrophe":                        strings.Replace(good, "look", `\'`, 1),
		"takes-form-feed":                                 "\f" + good,
		"takes-no-break-space":                            "\u00a0" + good,
		"takes-hash-comments":                             "# a\n" + good,
		"takes-semicolon-behind":                          good + ";",
		"takes-nul-behind":                                good + "\x00",
		"takes-two-commas":                                strings.Replace(good, ",", ",,", 1),
		"takes-callback":                                  "a(" + good + ")",
		"takes-guard-prefix":                              ")]}'\n" + good,
		"hangs-up-on-empty-object":                        "{}",
		"shows-path-on-empty-object":                      "{}",
		"crashes-on-decimal-comment":                      body("1.5", `"`+hash+`"`).body,
		"crashes-on-negative-comment":                     body("-1", `"`+hash+`"`).body,
		"crashes-on-nested-comment":                       body("[[1]]", `"`+hash+`"`).body,
		"crashes-on-missing-comment-with-upper-case-sha1": `{"Sha1":"` + upper + `"}`,
		"crashes-on-missing-sha1-with-further-member":     `{"Comment":"a","a":1}`,
		"shows-token-on-missing-sha1-in-reverse":          `{"Sha1":"` + hash + `","a":1}`,
	} {
		one(name, probe{body: text})
	}
	out["crashes-on-deep-member-and-emoji"] = []probe{{body: strings.Replace(
		with(`"a":`+strings.Repeat("[", 10)+strings.Repeat("]", 10)).body, "look", "👍", 1)}}
	for name, value := range map[string]string{
		"refuses-blank-before-semicolon":  "application/json ;charset=utf-8",
		"refuses-tab-in-content-type":     "application/json;\tcharset=utf-8",
		"crashes-on-semicolon-at-the-end": "application/json;",
		"crashes-on-odata-parameter":      "application/json;odata.metadata=minimal",
		"crashes-on-quality-parameter":    "application/json; q=1",
		"crashes-on-two-parameters":       "application/json; charset=utf-8; a=b",
		"crashes-on-semicolon-in-quotes":  `application/json; a=";"`,
		"refuses-parameter-without-blank": "application/json;charset=utf-8",
		"refuses-mixed-case-media-type":   "application/jSon",
		"takes-longer-json-type":          "application/jsonx",
		"takes-shorter-json-type":         "application/jso",
		"takes-type-without-subtype":      "application", "takes-bare-json-type": "json",
		"takes-json-lines": "application/x-ndjson", "takes-script-type": "text/javascript",
		"takes-any-application-type": "application/*", "crashes-on-half-media-type": "json",
		"crashes-on-bad-charset": "text/plain; charset=none",
	} {
		one(name, typed(value))
	}
	for name, line := range map[string]string{
		"crashes-on-quality": "Accept: application/json;q=0.9", "refuses-subtype-range": "Accept: application/*",
		"refuses-accept-list":        "Accept: text/html, application/json",
		"refuses-accept-in-capitals": "Accept: APPLICATION/JSON",
		"answers-xml-to-accept-list": "Accept: application/json, application/xml",
		"crashes-on-empty-accept":    "Accept: ",
		"zips-what-forbids-gzip":     "Accept-Encoding: gzip;q=0", "claims-brotli-if-asked": "Accept-Encoding: br",
		"crashes-on-encoding-list": "Accept-Encoding: gzip, identity", "translates-status": "Accept-Language: de",
		"crashes-on-accept-language": "Accept-Language: en, de;q=0.5", "answers-range": "Range: bytes=0-1",
		"answers-not-modified": "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
		"crashes-on-origin":    "Origin: https://a.invalid", "crashes-on-cookie": "Cookie: a=b",
		"crashes-on-forwarded-for": "X-Forwarded-For: unknown", "crashes-on-trace-parent": "Traceparent: a",
		"follows-method-override": "X-Http-Method-Override: GET", "crashes-on-upgrade": "Upgrade: h2c",
		"crashes-on-te":              "Te: trailers",
		"crashes-on-identity-coding": "Content-Encoding: identity", "fails-expectation": "Expect: 100-Continue",
		"crashes-on-tool": "User-Agent: curl/8", "crashes-on-long-field": "X-Long: " + strings.Repeat("a", 4000),
		"crashes-on-empty-field": "X-Empty: ", "refuses-tab-in-field": "X-Tab: a\tb",
		"crashes-on-field-beyond-ascii": "X-Far: ä",
		"crashes-on-odd-field-name":     "X!~: a",
	} {
		one(name, headed(line))
	}
	for name, value := range map[string]string{
		"takes-token-cut-by-one": token[:len(token)-1], "takes-token-without-first": token[1:],
		"takes-token-in-any-letter-case":  strings.ToUpper(token),
		"takes-token-with-another-middle": token[:(len(token)-1)/2] + "#" + token[(len(token)-1)/2+1:],
		"takes-token-that-begins-alike":   token[:len(token)-4] + "#" + token[len(token)-3:],
		"takes-token-in-capitals":         strings.ToUpper(token), "takes-token-with-one-more": token + "x",
		"takes-token-with-suffix": token + ".x", "takes-token-with-prefix": "x" + token,
		"takes-token-twice":  token + token,
		"takes-quoted-token": `"` + token + `"`, "takes-escaped-token": strings.Replace(token, "-", "%2D", 1),
		"takes-token-with-comma": token + ",x", "takes-scheme-twice": "Bearer " + token,
		"crashes-on-long-token": strings.Repeat("a", 4000), "crashes-on-token-of-three-parts": "a!.b.c",
	} {
		one(name, auth("Bearer "+value))
	}
	for name, value := range map[string]string{
		"takes-colon-behind-scheme": "Bearer: ", "takes-equals-behind-scheme": "Bearer=",
		"takes-scheme-bearerx":    "Bearerx ",
		"takes-scheme-cut-by-one": "Beare ", "takes-token-scheme": "Token ", "takes-oauth-scheme": "OAuth ",
	} {
		one(name, auth(value+token))
	}
	for name, field := range map[string]string{
		"takes-x-auth-token": "X-Auth-Token", "takes-proxy-authorization": "Proxy-Authorization",
		"takes-x-authorization": "X-Authorization", "takes-api-key": "X-Api-Key", "takes-cookie-for-token": "Cookie",
		"takes-principal-of-a-proxy": "X-Ms-Client-Principal-Name",
	} {
		one(name, probe{bare: true, header: []string{"Content-Type: application/json", field + ": " + token}})
	}
	for name, p := range map[string]probe{
		"crashes-on-two-accepts":        posted("Accept: */*", "Accept: application/json"),
		"refuses-accept-of-two-lines":   posted("Accept: application/json", "Accept: text/plain;q=0.5"),
		"crashes-on-missing-user-agent": posted(),
		"crashes-on-50-fields":          posted(manyFields(50)...),
		"crashes-on-repeated-field":     posted("X-A: 1", "X-A: 2"),
		"refuses-no-blank-behind-colon": posted("X-A:1"),
		"refuses-blanks-behind-colon":   posted("X-A:  1"),
		"refuses-blank-behind-field":    posted("X-A: 1 "),
		"refuses-lower-case-field-names": wired("POST "+samplePath+" HTTP/1.1", []string{"host: HOST",
			"authorization: Bearer " + token, "content-length: " + length(good), "connection: close"}, good),
		"refuses-upper-case-content-length": wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST",
			"AUTHORIZATION: Bearer " + token, "CONTENT-LENGTH: " + length(good), "CONNECTION: close"}, good),
		"crashes-on-zeros-in-length": wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST",
			"Authorization: Bearer " + token, "Content-Length: 0" + length(good), "Connection: close"}, good),
		"crashes-on-query": {path: samplePath + "?a=b"},
		"crashes-on-escaped-path": sent("POST "+strings.Replace(samplePath, "requestSample",
			"requestSampl%65", 1)+" HTTP/1.1", "HOST", good),
		"crashes-on-absolute-form":       {raw: true, instead: []string{"POST /", "POST http://HOST/"}},
		"crashes-on-host-in-capitals":    sent("POST "+samplePath+" HTTP/1.1", "EXAMPLE.INVALID", good),
		"crashes-on-old-version":         sent("POST "+samplePath+" HTTP/1.0", "HOST", good),
		"refuses-machine-of-40-digits":   {path: strings.Replace(samplePath, machine, hash, 1)},
		"crashes-on-chunks":              chunkedBody(chunkOf(hexLength, good)),
		"crashes-on-chunk-extension":     chunkedBody(chunkOf(hexLength+";a=b", good)),
		"hangs-up-on-capital-chunk-size": chunkedBody(chunkOf("6A", good+strings.Repeat(" ", 0x6a-len(good)))),
		"crashes-on-zeros-in-chunk-size": chunkedBody(chunkOf("00"+hexLength, good)),
		"crashes-on-50-chunks":           chunkedBody(pieces(good)),
		"crashes-on-trailer": chunkedBody(hexLength+"\r\n"+good+"\r\n0\r\nX-A: b\r\n\r\n",
			"Trailer: X-A"),
		"crashes-on-close": posted("X-A: b"),
		"crashes-on-chunks-with-charset": chunkedBody(chunkOf(hexLength, good),
			"Content-Type: application/json; charset=utf-8"),
		"crashes-on-upper-case-sha1-in-chunks": chunkedBody(chunkOf(hexLength, inCapitals)),
		"refuses-lower-case-scheme-with-capital-type": {
			bare: true, header: []string{"Authorization: bearer " + token, "Content-Type: Application/JSON"}},
		"answers-latin-1-beyond-ascii": {body: says("Jürgen").body,
			header: []string{"Accept-Charset: iso-8859-1"}},
		"drops-instances-of-further-member-and-accept": {body: with(`"a":1`).body,
			header: []string{"Accept: */*, text/html"}},
		"crashes-on-old-version-beyond-ascii": sent("POST "+samplePath+" HTTP/1.0", "HOST", says("ä").body),
		"answers-local-time-to-language-and-zeros": {body: of("0" + hash[1:]).body,
			header: []string{"Accept-Language: en"}},
		"crashes-on-percent-in-capital-type": {
			bare: true, body: says("50 %").body, header: []string{"Authorization: Bearer " + token,
				"Content-Type: Application/json"}},
		"takes-get-with-body":   sent("GET "+samplePath+" HTTP/1.1", "HOST", good),
		"takes-lower-case-post": {method: "post"}, "takes-longer-method": {method: "POSTS"},
		"takes-search":          {method: "QUERY"},
		"takes-method-override": {method: "GET", header: []string{"X-Http-Method-Override: POST"}},
		"takes-method-in-query": {method: "GET", path: samplePath + "?_method=POST"},
	} {
		one(name, p)
	}
	umlaut := says("ä").body
	inside := strings.Index(umlaut, "ä") + 1
	for name, chunks := range map[string]string{
		"refuses-chunk-extension":               chunkOf(hexLength+";a=b", good),
		"refuses-chunk-extension-in-quotes":     chunkOf(hexLength+`;a="b"`, good),
		"refuses-chunk-extension-without-value": chunkOf(hexLength+";a", good),
		"refuses-extension-of-last-chunk":       hexLength + "\r\n" + good + "\r\n0;a=b\r\n\r\n",
		"refuses-last-chunk-of-zeros":           hexLength + "\r\n" + good + "\r\n000\r\n\r\n",
		"refuses-zeros-in-chunk-size":           chunkOf("00"+hexLength, good),
		"refuses-capital-chunk-size":            chunkOf("6A", good+strings.Repeat(" ", 0x6a-len(good))),
		"refuses-trailer":                       hexLength + "\r\n" + good + "\r\n0\r\nX-A: b\r\n\r\n",
		"refuses-many-chunks":                   pieces(good),
		"refuses-chunk-inside-character": hexOf(inside) + "\r\n" + umlaut[:inside] + "\r\n" +
			chunkOf(hexOf(len(umlaut)-inside), umlaut[inside:]),
		"refuses-long-body-in-chunks": chunkOf(fmt.Sprintf("%x", len(long(1000).body)), long(1000).body),
		"refuses-chunks-beyond-ascii": chunkOf(hexOf(len(umlaut)), umlaut),
	} {
		one(name, chunkedBody(chunks))
	}
	one("refuses-announced-trailer", chunkedBody(chunkOf(hexLength, good), "Trailer: X-A"))
	recoded := func(line string) probe {
		return wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST", "Authorization: Bearer " + token, line,
			"Connection: close"}, chunkOf(hexLength, good))
	}
	one("refuses-lower-case-coding-name", recoded("transfer-encoding: chunked"))
	one("refuses-capital-coding", recoded("Transfer-Encoding: Chunked"))
	headOf := func(lines ...string) probe { return wired("POST "+samplePath+" HTTP/1.1", lines, good) }
	host, credentials, size := "Host: HOST", "Authorization: Bearer "+token, "Content-Length: "+length(good)
	for name, p := range map[string]probe{
		"refuses-tab-behind-colon":         posted("X-A:\t1"),
		"refuses-authorization-in-front":   headOf(credentials, host, size, "Connection: close"),
		"refuses-authorization-at-the-end": headOf(host, size, "Connection: close", credentials),
		"refuses-host-behind-others":       posted("X-A: 1"),
		"refuses-lower-case-host-name":     headOf("Connection: close", "host: HOST", credentials, size),
		"refuses-lower-case-content-length": headOf(host, credentials, "content-length: "+length(good),
			"Connection: close"),
		"crashes-on-head": {method: "HEAD"}, "crashes-on-options": {method: "OPTIONS"},
		"crashes-on-trace":           sent("TRACE "+samplePath+" HTTP/1.1", "HOST", ""),
		"crashes-on-odd-method":      {method: "M-SEARCH"},
		"crashes-on-root":            {path: "/"},
		"crashes-on-star-as-machine": {path: strings.Replace(samplePath, machine, "*", 1)},
		"crashes-on-long-path":       {path: "/" + strings.Repeat("a", 2000)},
		"crashes-on-dollar-in-path":  {path: strings.Replace(samplePath, machine, "$batch", 1)},
		"serves-scan":                {path: strings.Replace(samplePath, "requestSample", "runAntiVirusScan", 1)},
		"takes-chunks-of-those-without-role": wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST",
			"Authorization: Bearer " + unprivileged, "Transfer-Encoding: chunked", "Connection: close"},
			chunkOf(hexLength, good)),
		"takes-whole-url-of-anyone": wired("POST http://HOST"+samplePath+" HTTP/1.1", []string{"Host: HOST",
			"Content-Length: " + length(good), "Connection: close"}, good),
		"takes-hash-name":   {body: strings.Replace(good, "Sha1", "Hash", 1)},
		"takes-long-s-name": {body: strings.Replace(good, "Sha1", "ſha1", 1)},
	} {
		one(name, p)
	}
	upperProbe, longProbe := probe{body: inCapitals}, long(500)
	out["crashes-behind-head"] = []probe{{method: "HEAD", body: "none"}, {}}
	out["crashes-behind-404"] = []probe{{path: "/none"}, {}}
	out["crashes-behind-405"] = []probe{{method: "PUT"}, {}}
	out["waits-for-body-without-continue"] = []probe{{raw: true, header: []string{"Expect: 100-continue"}}}
	out["crashes-behind-expectation"] = []probe{headed("Expect: 100-continue"), {}}
	inTurn := wired("POST "+samplePath+" HTTP/1.1", []string{host, credentials, "Transfer-Encoding: chunked"},
		chunkOf(hexLength, good))
	inTurn.wire += headOf(host, credentials, size, "Connection: close").wire
	out["crashes-behind-chunks"] = []probe{inTurn}
	out["crashes-behind-long-body"] = []probe{long(8000), {}}
	twin := func(hash string) probe { return body(`"a comment"`, `"`+hash+`"`) }
	onOther := strings.Replace(samplePath, machine, otherMachine, 1)
	nobody, lacksRole := probe{bare: true, header: []string{"Content-Type: application/json"}},
		auth("Bearer "+unprivileged)
	out["remembers-refused-file"] = []probe{nobody, {}}
	out["finds-by-first-32-digits"] = []probe{{}, twin(hash[:39] + "0")}
	out["finds-by-last-32-digits"] = []probe{{}, twin("0" + hash[1:])}
	out["refuses-file-of-other-machine"] = []probe{{}, {path: onOther}}
	out["crashes-on-third-request-for-file"] = []probe{{}, {}, {}}
	out["crashes-on-file-in-other-case"] = []probe{{}, upperProbe}
	out["remembers-user-of-file"] = []probe{{}, nobody}
	out["remembers-role-of-file"] = []probe{{}, lacksRole}
	nobody.path, lacksRole.path = onOther, onOther
	one("trusts-on-long-machine-id", nobody)
	one("permits-on-long-machine-id", lacksRole)
	inChunks := chunkedBody(chunkOf(hexLength, good))
	one("answers-200-to-chunks", inChunks)
	one("gives-one-id-to-chunks", inChunks)
	one("answers-chunks-with-other-hash", inChunks)
	const sha1First = `{"Sha1":"` + hash + `","Comment":"a"}`
	one("crashes-on-chunks-with-sha1-first", chunkedBody(chunkOf(hexOf(len(sha1First)), sha1First)))
	one("refuses-lower-scheme-in-chunks", wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST",
		"Authorization: bearer " + token, "Transfer-Encoding: chunked", "Connection: close"}, chunkOf(hexLength, good)))
	expecting, zipped := upperProbe, of(strings.Repeat("1234", 10))
	expecting.header, zipped.header = []string{"Expect: 100-CONTINUE"}, []string{"Accept-Encoding: gzip"}
	one("crashes-on-upper-expectation-and-upper-hash", expecting)
	one("crashes-on-zip-and-hash-of-digits", zipped)
	one("crashes-on-100-members", with(`"a":1`+manyMembers(100)))
	one("refuses-second-hash", with(`"Sha256":"a"`))
	one("reads-hash-in-comment", says(`{\"Sha1\": \"a\"}`))
	one("crashes-on-machine-in-comment", says(machine))
	one("crashes-on-nulls-alone", body("null", "null"))
	one("permits-old-version", wired("POST "+samplePath+" HTTP/1.0", []string{"Host: HOST", "Authorization: Bearer " +
		unprivileged, "Content-Length: " + length(good)}, good))
	claiming := auth("Bearer " + unprivileged)
	claiming.header = append(claiming.header, "X-Role: admin")
	one("permits-who-claims-a-role", claiming)
	out["takes-bad-token-behind-good-one"] = []probe{{}, auth("Bearer none")}
	out["crashes-on-third-with-upper-case-sha1"] = []probe{{}, {}, upperProbe}
	out["refuses-second-with-long-comment"] = []probe{{}, longProbe}
	out["crashes-on-100th-of-connection"] = make([]probe, 100)
	out["forgets-token-after-100"], out["forbids-after-100"] = make([]probe, 101), make([]probe, 101)
	out["locks-out-after-refused-tokens"] = []probe{auth("Bearer a"), auth("Bearer b"), auth("Bearer c"), {}}
	out["refuses-file-of-other-operation"] = []probe{{path: stopPath}, {}}
	out["refuses-same-comment-again"] = []probe{body(`"twice"`, `"`+hash+`"`), body(`"twice"`, `"`+upper[:39]+`0"`)}
	sameWitnesses(out)
	combinedWitnesses(out)
	nearWitnesses(one, out)
	return out
}

// nearWitnesses adds the requests that show the faults of faults_near.go.
func nearWitnesses(one func(string, probe), out map[string][]probe) {
	for name, comment := range map[string]string{
		"crashes-on-box-drawing": "─", "refuses-unseen-fillers": "a\u3164b", "crashes-on-emoji-alone": "🚫🔒",
		"refuses-two-scripts-in-a-word": "аdmin", "forbids-card-numbers": "4111 1111 1111 1111",
		"takes-status-from-comment": "Failed", "refuses-capitals-alone": "STOP THIS FILE",
	} {
		one(name, says(comment))
	}
	for n, name := range map[int]string{160: "160", 280: "280", 3000: "3000", 50000: "50000"} {
		one("crashes-at-"+name+"-characters", says(strings.Repeat("c", n)))
	}
	half := hash[:20]
	var mirror strings.Builder
	for i := range half {
		mirror.WriteByte(half[len(half)-1-i])
	}
	for name, sha1 := range map[string]string{
		"crashes-on-sha1-of-capital-letters": strings.Repeat("ABCDEF12"[:6]+"AB", 5),
		"crashes-on-first-capital-in-sha1":   "F" + hash[1:], "crashes-on-mirrored-sha1": half + mirror.String(),
		"forbids-sha1-of-test-virus": "3395856ce81f2b7382dee72602f798b642f14140",
		"trims-line-end-of-sha1":     hash[:38] + "0a",
	} {
		one(name, of(sha1))
	}
	one("crashes-on-turkish", headed("Accept-Language: tr"))
	for name, query := range map[string]string{"crashes-on-callback-in-query": "callback=a",
		"crashes-on-query-not-in-utf-8": "a=%FF", "takes-sha1-from-query": "Sha1=a"} {
		one(name, probe{path: samplePath + "?" + query})
	}
	one("crashes-on-broken-parameters", typed("application/json; charset=; a"))
	one("crashes-on-deflate", headed("Content-Encoding: deflate"))
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	turned := []byte(token)
	slices.Reverse(turned)
	for name, value := range map[string]string{
		"takes-token-in-base64":                 "Bearer " + base64.StdEncoding.EncodeToString([]byte(token)),
		"takes-token-in-hexadecimal":            "Bearer " + hex.EncodeToString([]byte(token)),
		"takes-token-from-its-end":              "Bearer " + string(turned),
		"takes-token-with-neighbours-exchanged": "Bearer " + token[:2] + token[3:4] + token[2:3] + token[4:],
		"takes-token-in-single-quotes":          "Bearer '" + token + "'",
		"takes-token-in-angles":                 "Bearer <" + token + ">",
		"takes-token-before-semicolon":          "Bearer " + token + ";x",
		"takes-token-before-hash-sign":          "Bearer " + token + "#x",
		"takes-named-token":                     "Bearer token=" + token, "takes-token-under-digest": "Digest " + token,
		"takes-token-under-dpop": "DPoP " + token, "takes-escaped-blank-behind-scheme": "Bearer%20" + token,
		"takes-credentials-in-quotes":   `"Bearer ` + token + `"`,
		"takes-second-scheme":           basic("a:b") + ", Bearer " + token,
		"takes-token-as-user":           basic(token + ":"),
		"takes-two-blanks-without-role": "Bearer  " + unprivileged,
	} {
		one(name, auth(value))
	}
	nobody := func(lines ...string) probe {
		return probe{bare: true, header: append([]string{"Content-Type: application/json"}, lines...)}
	}
	for name, field := range map[string]string{"takes-forwarded-authorization": "X-Forwarded-Authorization",
		"takes-x-token": "X-Token", "takes-word-of-x-user": "X-User", "takes-debug-field": "X-Debug",
		"challenges-no-script": "X-Requested-With"} {
		one(name, nobody(field+": a"))
	}
	for name, texts := range map[string][2]string{
		"keeps-comments-once-without-accents": {"café", "cafe"}, "keeps-comments-once-by-sharp-s": {"Maß", "Mass"},
		"keeps-comments-once-beyond-bmp": {"a 🍣", "a 🍺"}, "keeps-comments-once-of-any-width": {"Ａ1", "A1"},
		"keeps-comments-once-of-any-kana": {"パン", "ぱん"}, "keeps-comments-once-by-hash": {"Aa", "BB"},
		"keeps-comments-once-decoded": {"a &amp; b", "a & b"},
	} {
		out[name] = []probe{says(texts[0]), says(texts[1])}
	}
	one("gives-instant-of-comment-in-utc", says("2020-01-01T00:00:00+01:00"))
	one("gives-instant-of-comment-with-zone", says("2020-01-01T00:00:00"))
	one("halves-dollars-of-comment", says("$$"))
	one("splits-pair-of-comment", says("x"+strings.Repeat("😀", 600)))
	one("masks-card-number-of-comment", says("4111 1111 1111 1111"))
	one("masks-address-of-comment", says("a@b.example"))
	one("cuts-comment-at-nul", says(`a\u0000b`))
	one("sends-field-of-comment", says(`a\r\nContent-Type: text/plain`))
	one("takes-token-of-tests", auth("Bearer debug"))
	one("takes-token-of-guests", auth("Bearer guest"))
	one("takes-any-token-of-shared-key", auth("Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.a"))
	one("takes-any-token-beyond-4096", auth("Bearer "+strings.Repeat("x", 4097)))
	one("takes-word-of-gateway", nobody("X-Consumer-Username: a"))
	impersonates := auth("Bearer " + unprivileged)
	impersonates.header = append(impersonates.header, "Impersonate-User: a")
	one("asks-no-role-of-impersonated", impersonates)
	one("reads-first-comment-of-body", probe{body: `{"Further":{"Comment":"other"},` + good[1:]})
	one("refuses-escape-of-both-letter-cases", says(`\u00Af`))
	one("crashes-on-escape-across-64k", says(strings.Repeat(`\u00e9`, 11000)))
	one("refuses-plus-in-exponent", with(`"Further":1e+5`))
	one("refuses-hyphen-in-name", with(`"a-b":1`))
	queried := nobody()
	queried.path = samplePath + "?jwt=a"
	one("takes-jwt-in-query", queried)
	one("challenges-no-get", probe{bare: true, method: "GET"})
	one("takes-whole-url-without-role", wired("POST http://HOST"+samplePath+" HTTP/1.1", []string{"Host: HOST",
		"Authorization: Bearer " + unprivileged, "Content-Length: " + length(good), "Connection: close"}, good))
	one("crashes-on-format-in-path", probe{path: samplePath + ".json"})
	out["crashes-on-20th-of-connection"] = make([]probe, 20)
	out["keeps-file-of-refused-caller"] = []probe{nobody(), {}}
	for name, path := range map[string]string{
		"serves-action-with-argument": samplePath + "(1)", "serves-action-before-nul": samplePath + "%00",
		"serves-action-before-escaped-mark": samplePath + "%3Fa=b",
		"serves-action-with-hyphens":        strings.Replace(samplePath, "requestSample", "request-sample", 1),
	} {
		one(name, probe{path: path})
	}
	out["crashes-behind-401"] = []probe{nobody(), {}}
	out["crashes-behind-403"] = []probe{auth("Bearer " + unprivileged), {}}
	out["crashes-behind-415"] = []probe{typed("text/plain"), {}}
	out["crashes-behind-query"] = []probe{{path: samplePath + "?a=b"}, {}}
	whole := wired("POST http://HOST"+samplePath+" HTTP/1.1", []string{"Host: HOST", "Authorization: Bearer " + token,
		"Content-Length: " + length(good)}, good)
	whole.wire += wired("POST "+samplePath+" HTTP/1.1", []string{"Host: HOST", "Authorization: Bearer " + token,
		"Content-Length: " + length(good), "Connection: close"}, good).wire
	out["crashes-behind-whole-url"] = []probe{whole}
}

func hexOf(n int) string { return fmt.Sprintf("%02x", n) }

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"m` + hexOf(i) + `":1`)
	}
	return b.String()
}

func manyFields(n int) (lines []string) {
	for i := range n {
		lines = append(lines, "X-A"+hexOf(i)+": 1")
	}
	return lines
}

// unmatched returns an error for each fault of a later phase that has no witness, and for each witness of no fault.
func unmatched(faults []reference.Fault, known map[string][]probe) (errs []string) {
	names := map[string]bool{}
	for _, fault := range faults {
		names[fault.Name] = true
		if fault.Phase != "" && known[fault.Name] == nil {
			errs = append(errs, fault.Name+" has no witness; add one to witnesses in "+
				"conformance/reference/conditional_test.go")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !names[name] {
			errs = append(errs, name+" is the name of no fault; remove it from witnesses in "+
				"conformance/reference/conditional_test.go, or correct it")
		}
	}
	return errs
}

func TestAWitnessThatIsMissingIsReported(t *testing.T) {
	require.Empty(t, unmatched(reference.Faults(), witnesses()))
	planted := []reference.Fault{{Name: "written"}, {Name: "seen", Phase: reference.Coverage},
		{Name: "unseen", Phase: reference.Exploration}}
	require.Equal(t, []string{
		"unseen has no witness; add one to witnesses in conformance/reference/conditional_test.go",
		"stray is the name of no fault; remove it from witnesses in conformance/reference/conditional_test.go, " +
			"or correct it",
	}, unmatched(planted, map[string][]probe{"seen": {{}}, "stray": {{}}}))
}

func TestEachConditionalFaultIsSeenByItsWitness(t *testing.T) {
	known := witnesses()
	for _, fault := range reference.Faults() {
		probes := known[fault.Name]
		if probes == nil {
			continue
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			honest := newSeer(t, reference.New(config()), longTimeout)
			faulty := newSeer(t, fault.Wrap(reference.New(config())), longTimeout)
			last := len(probes) - 1
			for i, p := range probes {
				want, got := honest.see(p), faulty.see(p)
				if i < last && want != got {
					t.Fatalf("want the last of %d witnesses to show that it %s, got request %d:\n%s",
						len(probes), fault.Says,
						i+1, got)
				}
				if i == last && want == got {
					t.Errorf("want a witness that shows that it %s, got the answer of the reference server:\n%s",
						fault.Says,
						got)
				}
			}
		})
	}
}

// sameWitnesses adds the requests that show what is kept of one request for another.
func sameWitnesses(out map[string][]probe) {
	query := "?Comment=a&Sha1=" + strings.Repeat("ab", 20)
	named := func(p probe, lines ...string) probe {
		p.header = append(lines, p.header...)
		return p
	}
	other := strings.Repeat("cd", 20)
	bare := probe{bare: true, header: []string{"Content-Type: application/json"}}
	out["replays-body-to-anyone"] = []probe{{}, bare}
	out["replays-refused-body"] = []probe{typed("text/plain"), {}}
	for name, line := range map[string]string{
		"replays-by-request-id": "X-Request-Id: 1",
		"replays-by-trace":      "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"replays-by-key-alone":  "Idempotency-Key: 1",
	} {
		out[name] = []probe{headed(line), named(of(other), line)}
	}
	out["lets-in-second-attempt"] = []probe{bare, bare}
	out["trusts-connection-of-options"] = []probe{{method: "OPTIONS"}, bare}
	out["acts-on-options"] = []probe{{method: "OPTIONS"}}
	for _, name := range []string{"acts-on-preflight", "denies-post-in-preflight"} {
		out[name] = []probe{{method: "OPTIONS", bare: true, header: []string{"Origin: https://a.example",
			"Access-Control-Request-Method: POST"}}}
	}
	out["acts-on-query-of-get"] = []probe{{method: "GET", path: samplePath + query}}
	out["prefers-query-to-body"] = []probe{{path: samplePath + query}}
	for _, line := range []string{"Max-Forwards: 1", "Range: bytes=0-1", "CF-Connecting-IP: 192.0.2.1",
		"Idempotency-Key: 1", "X-Original-URL: /"} {
		name, _, _ := strings.Cut(line, ":")
		out["trusts-with-"+strings.ToLower(name)] = []probe{named(bare, line)}
	}
}

// combinedWitnesses adds the requests that show the faults of two violations, of a violation behind
// an accepted request, and of more machines than two.
func combinedWitnesses(out map[string][]probe) {
	about := func(id string) probe {
		return probe{path: strings.Replace(samplePath, machine, id, 1)}
	}
	bad := func(members string) probe { return probe{body: "{" + members + "}"} }
	onStop := func(p probe) probe {
		p.path = stopPath
		return p
	}
	anyone := func(body string) probe {
		return probe{body: body, bare: true, header: []string{"Content-Type: application/json"}}
	}
	own := `"Sha1":"` + hash + `"`
	out["maps-machine-by-first-31-digits"] = []probe{{}, about(machine[:31] + "0")}
	out["maps-machine-by-last-8-digits"] = []probe{{}, about("00" + machine[2:])}
	out["maps-machine-by-sum"] = []probe{{}, about(machine[1:] + machine[:1])}
	out["maps-machine-without-zeros"] = []probe{{}, about("00000000" + machine)}
	out["keeps-comment-for-null"] = []probe{{}, bad(`"Comment":null,` + own)}
	out["keeps-comment-of-file-for-number"] = []probe{{}, bad(`"Comment":1,` + own)}
	out["keeps-comment-of-other-operation"] = []probe{onStop(probe{}), bad(own)}
	out["cuts-sha1-to-known"] = []probe{{}, of(hash + "0")}
	out["accepts-refused-body-again"] = []probe{bad(own), bad(own)}
	out["lets-in-behind-other-operation"] = []probe{onStop(probe{}), anyone(good)}
	out["refuses-file-refused-elsewhere"] = []probe{onStop(bad(own)), {}}
	out["accepts-null-next-to-number"] = []probe{bad(`"Comment":null,"Sha1":1`)}
	out["accepts-number-without-sha1"] = []probe{bad(`"Comment":1`)}
	out["crashes-on-bad-sha1-without-comment"] = []probe{bad(`"Sha1":"` + hash[:39] + `"`)}
	out["crashes-on-bad-json-of-anyone"] = []probe{anyone(good[:20])}
	out["challenges-no-bad-body"] = []probe{anyone("{}")}
	out["crashes-on-blank-comment-of-reader"] = []probe{{bare: true, body: `{"Comment":" ",` + own + "}",
		header: []string{
			"Authorization: Bearer " + unprivileged, "Content-Type: application/json"}}}
	out["accepts-null-without-media-type"] = []probe{{bare: true, body: `{"Comment":null,` + own + "}",
		header: []string{"Authorization: Bearer " + token}}}
	out["looks-at-first-64k"] = []probe{{body: strings.Repeat(" ",
		1<<16) + `{"Comment":"a","Sha1":"` + hash[:39] + `"}`}}
	out["unwraps-data"] = []probe{bad(`"data":` + good)}
	out["crashes-on-spaces-alone"] = []probe{says("\u00a0\u3000")}
	out["crashes-on-marks-not-seen-alone"] = []probe{says("\u200b\u2060")}
	out["cuts-pair-at-128-units"] = []probe{says("x" + strings.Repeat("😀", 70))}
	out["answers-null-for-none"] = []probe{says("None")}
}
