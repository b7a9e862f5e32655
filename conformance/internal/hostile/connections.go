package hostile

// connections returns behaviours that are spoilt below HTTP, or use another protocol.
func connections() []Behaviour {
	const elsewhat = `does not speak HTTP/1.1: .*`
	return []Behaviour{
		{Name: "refuses-connections", Says: "does not listen",
			nobody: true, Expect: errored("unreachable", "connection refused")},
		{Name: "says-nothing", Says: "takes connections and says nothing",
			Waits: true, accept: hold, Expect: errored("silent", "no request got an answer: nothing more came within "+
				".* before an answer began")},
		{Name: "reads-nothing", Says: "takes connections and does not even read",
			Waits: true, accept: deaf, Expect: errored("silent", "no request got an answer: nothing more came within "+
				".* before an answer began")},
		{Name: "reads-nothing-of-a-long-request", Says: "stops reading behind the head of a request",
			Waits: true, early: true, answer: deaf, Expect: deviated("answer-in-time connection: .* nothing more " +
				"came within").in("body/answers-huge-comment")},
		{Name: "closes-at-once", Says: "closes each connection at once",
			accept: acts(), Expect: errored("closed", "no request got an answer: .*(closed|reset) before an "+
				"answer began")},
		{Name: "resets-at-once", Says: "resets each connection at once",
			accept: reset, Expect: errored("", "no request got an answer: .*(reset|closed)")},
		{Name: "resets-at-first-word", Says: "resets each connection when the client says something",
			accept: acts(hear, reset), Expect: errored("closed", "no request got an answer: .*(closed|reset) before "+
				"an answer began")},
		{Name: "resets-behind-head", Says: "resets the connection when it has the head of a request",
			early: true, answer: reset, Expect: failed("closed", "(closed|reset) before an answer began")},
		{Name: "resets-behind-request", Says: "resets the connection when it has the request",
			answer: reset, Expect: failed("closed", "(closed|reset) before an answer began")},
		{Name: "closes-behind-request", Says: "closes the connection in place of an answer",
			answer: acts(), Expect: failed("closed", "closed before an answer began")},
		{Name: "closes-with-request-unread", Says: "answers 503 and closes before it has read the body",
			early: true, answer: say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: " +
				"close\r\n\r\n"),
			Expect: failed("", "503")},
		{Name: "answers-unasked", Says: "answers 408 before anything was asked, and closes",
			accept: say("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
			Expect: Expect{plain, "failed or errored", "", "408|reset|closed"}},
		{Name: "greets-as-ssh", Says: "speaks SSH",
			accept: acts(say("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), hold),
			Expect: errored("malformed", elsewhat+"SSH-2.0")},
		{Name: "greets-as-smtp", Says: "speaks SMTP",
			accept: acts(say("220 mail.example ESMTP\r\n"), hold), Expect: errored("malformed", elsewhat+"220 mail")},
		{Name: "greets-in-binary", Says: "speaks a protocol of bytes",
			accept: acts(say("\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00\x1b[2J\xff\xfe"), hold),
			Expect: errored("malformed", elsewhat+`it begins "J`)},
		{Name: "speaks-tls-on-a-plain-port", Says: "answers http with an alert of TLS",
			accept: acts(hear, say("\x15\x03\x01\x00\x02\x02\x46")),
			Expect: errored("malformed", "the port speaks TLS, and was asked in plain HTTP; pass -url https://")},
		{Name: "speaks-http2-unasked", Says: "answers HTTP/1.1 with the SETTINGS of HTTP/2 and waits",
			Waits: true, accept: acts(say(string(frame{kind: settingsFrame}.bytes())), hold),
			Expect: errored("malformed", elsewhat+`\\x04`)},
		{Name: "echoes", Says: "sends back what it is sent",
			accept: acts(echo, hold), Expect: errored("malformed", elsewhat+"POST /")},
		{Name: "drips-status-line", Says: "begins an answer byte by byte and never gets anywhere",
			Waits: true, answer: acts(say("HTTP/1.1 201 "), drip("C")),
			Expect: failed("slow", "it was not whole within .*: the time was up inside the head")},
		{Name: "drips-header", Says: "sends a header byte by byte, without end",
			Waits: true, answer: acts(say(start), drip("X-More: more\r\n")),
			Expect: failed("slow", "it was not whole within .*: the time was up inside the head")},
		{Name: "drips-body", Says: "sends a body byte by byte, without end",
			Waits: true, answer: acts(say(chunked), drip("1\r\n \r\n")),
			Expect: failed("slow", "it was not whole within .*: the time was up after .* of the body")},
	}
}

// echo sends back what the client said first.
func echo(s *scene) {
	b := make([]byte, 16<<10)
	n, _ := s.Read(b)
	s.Write(b[:n])
}
