package reference

import "net/http"

// grammarFaults write fields of the answer against their grammar.
func grammarFaults() []Fault {
	header := func(name string, values ...string) effect {
		return func(a *answer, _ *asked) { a.header[http.CanonicalHeaderKey(name)] = values }
	}
	broken := ids("http.fields")
	var faults []Fault
	for _, row := range []struct{ name, says, field, value string }{
		{"sends-bare-etag", "writes ETag without quotes", "ETag", "5d8c72a5"},
		{"sends-local-last-modified", "writes Last-Modified without a zone", "Last-Modified", "2017-12-04 12:09:24"},
		{"sends-location-with-blanks", "writes blanks into Location", "Location",
			"/testwdatppreview/file machine actions/1"},
		{"sends-content-location-in-quotes", "writes Content-Location in quotes", "Content-Location", `"/a"`},
		{"sends-language-in-words", "names the language in Content-Language in words", "Content-Language",
			"english (us)"},
		{"sends-location-with-broken-escape", "writes a percent sign before other letters into Location", "Location",
			"/testwdatppreview/filemachineactions/100%zz"},
		{"sends-negative-age", "writes a negative number into Age", "Age", "-1"},
		{"sends-empty-charset", "writes a charset without a value", "Content-Type", "application/json; charset="},
		{"sends-blanks-round-equals", "writes blanks round the equals sign of a charset", "Content-Type",
			"application/json; charset = utf-8"},
		{"sends-open-quote-in-type", "does not end the quotes of a charset", "Content-Type",
			`application/json; charset="utf-8`},
		{"sends-bare-charset", "writes the charset without its name", "Content-Type", "application/json; utf-8"},
		{"sends-vary-in-words", "lists fields in Vary with semicolons", "Vary", "Accept; Origin"},
		{"sends-cache-control-with-semicolons", "lists directives in Cache-Control with semicolons", "Cache-Control",
			"no-store; max-age=0"},
		{"sends-max-age-in-words", "writes a word into max-age of Cache-Control", "Cache-Control", "max-age=never"},
		{"sends-max-age-without-number", "gives no number to max-age of Cache-Control", "Cache-Control",
			"private, max-age"},
		{"sends-expires-as-iso", "writes Expires in the form of ISO 8601", "Expires", "2017-12-04T12:09:24Z"},
		{"sends-two-origins", "lists two origins in Access-Control-Allow-Origin", "Access-Control-Allow-Origin",
			"https://a.example, https://b.example"},
		{"sends-transport-security-of-number", "writes a number alone into Strict-Transport-Security",
			"Strict-Transport-Security", "31536000"},
		{"sends-ranges-in-words", "writes two words into Accept-Ranges", "Accept-Ranges", "no ranges"},
		{"offers-protocol-in-words", "writes two words into Upgrade", "Upgrade", "HTTP 2"},
		{"sends-connection-in-words", "writes two words into Connection", "Connection", "keep alive"},
		{"links-without-brackets", "writes a reference without < and > into Link", "Link", "/a; rel=next"},
		{"links-with-open-bracket", "does not close the bracket of a Link", "Link", "</a; rel=next"},
		{"names-proxy-alone", "writes the name of a proxy without a version into Via", "Via", "proxy"},
		{"opens-comment-in-server", "does not close the comment in Server", "Server", "nginx/1.2 (unclosed"},
		{"sends-content-location-of-open-bracket", "does not close the bracket of an address in Content-Location",
			"Content-Location", "http://[::1/a"},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: broken,
			Wrap: onAccepted(header(row.field, row.value))})
	}
	return append(faults,
		Fault{Name: "sends-two-etags", Says: "sends two ETag fields", Breaks: broken,
			Wrap: onAccepted(header("ETag", `"a"`, `"b"`))},
		Fault{Name: "types-refusals-twice", Says: "writes two media types into Content-Type of a refusal",
			Breaks: broken, Wrap: onRefused(header("Content-Type", "application/json, application/json"))},
		Fault{Name: "sends-second-type-with-refusal", Says: "sends a second Content-Type with a refusal",
			Breaks: broken, Wrap: onRefused(func(a *answer, _ *asked) {
				a.header["Content-Type"] = append(a.header["Content-Type"], "text/html")
			})},
		Fault{Name: "sends-type-of-401-twice", Says: "sends the Content-Type of a 401 twice", Breaks: broken,
			Wrap: onRefused(func(a *answer, _ *asked) {
				a.header["Content-Type"] = append(a.header["Content-Type"], a.header.Get("Content-Type"))
			}, http.StatusUnauthorized)},
		Fault{Name: "retries-in-words", Says: "writes a word into Retry-After", Breaks: broken,
			Wrap: onAccepted(header("Retry-After", "soon"))},
		Fault{Name: "retries-with-fraction", Says: "writes a fraction of a second into Retry-After",
			Breaks: broken, Wrap: onAccepted(header("Retry-After", "0.5"))},
	)
}
