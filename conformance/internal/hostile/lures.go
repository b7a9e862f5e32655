package hostile

import "strings"

// lures try to send the client elsewhere, or to obtain its secret.
func lures() []Behaviour {
	redirect := func(name, says, status, to string) Behaviour {
		return Behaviour{Name: name, Says: says, Expect: failed("", "redirect.*"+status[:3]),
			answer: say("HTTP/1.1 " + status + "\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n")}
	}
	challenge := func(name, says, scheme string) Behaviour {
		return Behaviour{Name: name, Says: says, Expect: failed("", "401"),
			answer: say("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " + scheme + "\r\nContent-Length: 0\r\n\r\n")}
	}
	tells := func(name, says, text string, e Expect) Behaviour {
		return Behaviour{Name: name, Says: says, Expect: e, answer: say(text)}
	}
	const refusal = "body/refuses-missing-comment"
	const length = "Content-Length: {length}\r\n\r\n{body}"
	return []Behaviour{
		redirect("redirects-to-itself", "sends the client to where it is", "307 Temporary Redirect", "{here}{path}"),
		redirect("redirects-elsewhere", "sends the client to another host", "308 Permanent Redirect",
			"{elsewhere}{path}"),
		redirect("redirects-with-get", "sends the client to another host, to ask there with GET", "303 See Other",
			"{elsewhere}/"),
		redirect("redirects-nowhere", "sends the client to what is no URL", "302 Found", "http://[::1/%zz"),
		{Name: "points-elsewhere", Says: "names another host wherever a header can",
			answer: say(start + "Location: {elsewhere}\r\nContent-Location: {elsewhere}\r\nRefresh: 0; " +
				"url={elsewhere}\r\nLink: <{elsewhere}>; rel=preload\r\nAlt-Svc: h2=\"{elsewhere}\"\r\nReport-To: " +
				"{\"endpoints\":[{\"url\":\"{elsewhere}\"}]}\r\n" + length), Expect: passed()},
		{Name: "points-elsewhere-in-json", Says: "names another host in the answer",
			answer: func(s *scene) {
				body(member(always(`"$ref":"` + s.server.elsewhere + `","$schema":"` + s.server.elsewhere +
					`","@odata.nextLink":"` + s.server.elsewhere + `"`)))(s)
			}, Expect: passed()},
		challenge("asks-for-basic", "asks for a user and a password", `Basic realm="here"`),
		challenge("asks-for-ntlm", "asks for the credentials of the machine", "NTLM"),
		challenge("asks-for-token-elsewhere", "asks for a token that another host issues",
			`Bearer authorization_uri="{elsewhere}", resource_metadata="{elsewhere}"`),
		{Name: "asks-for-proxy-credentials", Says: "asks for the credentials of a proxy",
			answer: say("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: " +
				"0\r\n\r\n"), Expect: failed("", "407")},
		tells("tells-token-in-place-of-an-answer", "sends the token in place of an answer", "{token}\r\n\r\n",
			failed("malformed", "not an HTTP answer")),
		tells("tells-token-in-status", "sends the token in place of a status", "HTTP/1.1 {token}\r\n{fields}"+length,
			failed("malformed", "head of the answer")),
		tells("tells-token-in-version", "sends the token in place of a version", "HTTP/{token} {status}\r\n{fields}"+
			length, failed("malformed", "head of the answer")),
		tells("tells-token-in-header-name", "sends the token as the name of a header", start+"{token}: more\r\n"+length,
			deviated("repeats the token").in(refusal)),
		tells("tells-token-in-header", "sends the token in a header", start+"X-More: Bearer {token}\r\n"+length,
			deviated("repeats the token").in(refusal)),
		tells("tells-token-in-bad-header", "sends the token in a header line without a colon", start+"{token}\r\n"+
			length, failed("malformed", "head of the answer")),
		tells("tells-token-in-length", "sends the token as the length", start+"Content-Length: {token}\r\n\r\n{body}",
			failed("malformed", "Content-Length")),
		tells("tells-token-in-transfer-coding", "sends the token as a transfer coding", start+
			"Transfer-Encoding: {token}\r\n\r\n{body}", failed("malformed", "transfer encoding|Transfer-Encoding")),
		tells("tells-token-in-content-coding", "sends the token as a content coding", start+
			"Content-Encoding: {token}\r\n"+length, failed("", "coding")),
		tells("tells-token-in-media-type", "sends the token as the media type", "HTTP/1.1 {status}\r\nContent-Type: "+
			"{token}\r\n"+length, failed("", "application/json")),
		tells("tells-token-in-location", "sends the token in a redirect", "HTTP/1.1 302 Found\r\nLocation: "+
			"{elsewhere}/?t={token}\r\nContent-Length: 0\r\n\r\n", failed("", "302")),
		tells("tells-token-in-chunk-size", "sends the token as the size of a chunk", chunked+"{token}\r\n",
			failed("cut", "chunks")),
		{Name: "tells-token-in-body", Says: "sends the token in a further member",
			answer: func(s *scene) { body(member(always(`"more":"` + s.fill("{token}") + `"`)))(s) },
			Expect: deviated("repeats the token").in(refusal)},
		{Name: "tells-token-behind-body", Says: "sends the token in place of an object",
			answer: func(s *scene) { body(becomes(s.fill("{token}")))(s) },
			Expect: failed("", "one well-formed JSON object")},
		{Name: "tells-token-as-member-name", Says: "sends the token as the name of two members",
			answer: func(s *scene) {
				body(member(always(s.fill(`"{token}":0,"{token}":0`))))(s)
			}, Expect: deviated("stands twice")},
		{Name: "tells-token-in-escapes", Says: "sends the token in escapes of JSON, where a finding shows it",
			answer: func(s *scene) { body(becomes(`{"sha1":"` + escaped(s.fill("{token}")) + `"}`))(s) },
			Expect: failed("", "sha1")},
		{Name: "tells-token-packed", Says: "sends the token packed, where a finding shows it",
			answer: func(s *scene) {
				say(start + "Content-Encoding: gzip\r\n" + length)(s.with(packed(s.fill(`{"sha1":"{token}"}`))))
			}, Expect: failed("", "sha1").in("valid/accepts-gzip")},
		{Name: "tells-token-without-end", Says: "sends the token again and again, also across the end of what is read",
			answer: acts(say(start+"Connection: close\r\n\r\n"), again("{token} ")),
			Expect: failed("endless", "goes on beyond")},
	}
}

// escaped writes each character as an escape of JSON.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		b.WriteString(`\u00`)
		b.WriteString(string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
	}
	return b.String()
}
