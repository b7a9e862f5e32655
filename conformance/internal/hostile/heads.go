package hostile

import "strings"

// heads returns behaviours that are spoilt before the body begins.
func heads() []Behaviour {
	const noHead = "head of the answer"
	line := func(name, says string, status string, e Expect) Behaviour {
		return Behaviour{Name: name, Says: says, Expect: e,
			answer: say(status + "\r\n{fields}Content-Length: {length}\r\n\r\n{body}")}
	}
	field := func(name, says string, text string, e Expect) Behaviour {
		return Behaviour{Name: name, Says: says, Expect: e,
			answer: say(start + text + "\r\nContent-Length: {length}\r\n\r\n{body}")}
	}
	return []Behaviour{
		{Name: "resets-inside-status-line", Says: "resets the connection in the status line",
			answer: acts(say("HTTP/1.1 20"), reset), Expect: failed("malformed", "(closed|reset) inside the head")},
		{Name: "closes-inside-status-line", Says: "closes the connection in the status line",
			answer: say("HTTP/1.1 20"), Expect: failed("malformed", "closed inside the head")},
		{Name: "resets-inside-head", Says: "resets the connection in the header",
			answer: acts(say(start+"X-Mo"), reset), Expect: failed("malformed", "(closed|reset) inside the head")},
		{Name: "halts-inside-head", Says: "stops in the header",
			Waits: true, answer: acts(say(start+"X-Mo"), hold), Expect: failed("slow", "inside the head")},
		{Name: "endless-status-line", Says: "sends a status line without end",
			answer: acts(say("HTTP/1.1 201 "), again("Created")),
			Expect: failed("malformed", noHead+" goes on beyond")},
		{Name: "endless-header-line", Says: "sends a header line without end",
			answer: acts(say(start+"X-More: "), again("more ")), Expect: failed("malformed", noHead+" goes on beyond")},
		{Name: "endless-header-name", Says: "sends the name of a header without end",
			answer: acts(say(start+"X-"), again("More")), Expect: failed("malformed", noHead+" goes on beyond")},
		{Name: "endless-header", Says: "sends header lines without end",
			answer: acts(say(start), again("X-More: more\r\n")), Expect: failed("malformed", noHead+" goes on beyond")},
		{Name: "endless-early-hints", Says: "sends an interim answer whose header does not end",
			answer: acts(say("HTTP/1.1 103 Early Hints\r\n"), again("Link: </>\r\n")),
			Expect: failed("malformed", noHead+" goes on beyond")},
		field("large-header", "sends a header line of 100 KiB", "X-More: "+strings.Repeat("m", 100<<10), passed()),
		field("too-large-header", "sends a header line of 300 KiB", "X-More: "+strings.Repeat("m", 300<<10),
			failed("malformed", noHead+" goes on beyond")),
		field("many-header-lines", "sends 5,000 header lines",
			strings.TrimSuffix(strings.Repeat("X-More: more\r\n", 5000), "\r\n"), passed()),
		field("folded-header", "folds a header line", "X-More: more\r\n and more", failed("malformed", noHead)),
		field("header-with-nul", "sends a header value with a NUL", "X-More: mo\x00re", failed("malformed", noHead)),
		field("header-with-bare-cr", "sends a header value with a carriage return", "X-More: mo\rre",
			failed("malformed", noHead)),
		field("header-without-colon", "sends a header line without a colon", "X-More more",
			failed("malformed", noHead)),
		field("header-without-name", "sends a header line without a name", ": more", failed("malformed", noHead)),
		field("blank-before-colon", "sends a blank between the name of a header and the colon", "X-More : more",
			failed("malformed", noHead)),
		field("blank-before-name", "begins the first header line with a blank", "", passed()).with(
			say("HTTP/1.1 {status}\r\n X-More: more\r\n{fields}Content-Length: {length}\r\n\r\n{body}"),
			failed("malformed", noHead)),
		field("header-name-of-bytes", "sends a header name that is no name", "X-\xff\x01: more",
			failed("malformed", noHead)),
		field("header-value-of-bytes", "sends a header value in Latin-1", "X-More: \xe9", passed()),
		field("header-with-escapes", "sends a header value that a terminal would obey",
			"X-More: \x1b[2J\x1b]0;owned\x07", failed("malformed", noHead)),
		{Name: "line-feeds-alone", Says: "ends its lines by a line feed alone",
			answer: func(s *scene) { s.Write([]byte(strings.ReplaceAll(s.fill(honestly), "\r\n", "\n"))) },
			Expect: failed("malformed", noHead+".*line feed")},
		{Name: "carriage-returns-alone", Says: "ends its lines by a carriage return alone",
			answer: func(s *scene) { s.Write([]byte(strings.ReplaceAll(s.fill(honestly), "\r\n", "\r"))) },
			Expect: failed("malformed", "inside the head|"+noHead)},
		line("status-000", "answers 000", "HTTP/1.1 000 Nothing", failed("malformed", noHead+".*000")),
		line("status-99", "answers 99", "HTTP/1.1 99 Few", failed("malformed", noHead+".*99")),
		line("status-999", "answers 999", "HTTP/1.1 999 Many", failed("", "999")),
		line("status-1000", "answers 1000", "HTTP/1.1 1000 More", failed("malformed", noHead+".*1000")),
		line("status-in-words", "answers Created in place of 201", "HTTP/1.1 Created",
			failed("malformed", noHead+".*Created")),
		line("status-negative", "answers -201", "HTTP/1.1 -20 Created", failed("malformed", noHead)),
		line("status-missing", "sends a status line without a status", "HTTP/1.1", failed("malformed", noHead)),
		line("status-text-with-escapes", "sends a reason that a terminal would obey",
			"HTTP/1.1 500 \x1b[2J\x1b]0;owned\x07", failed("malformed", noHead+".*first line")),
		line("status-without-space", "leaves out the space behind the status", "HTTP/1.1 201",
			failed("malformed", noHead+".*first line")),
		line("version-3.7", "answers in HTTP/3.7", "HTTP/3.7 {status}", failed("malformed", noHead+".*HTTP/3.7")),
		line("version-2.0", "answers in HTTP/2.0, in the form of HTTP/1.1", "HTTP/2.0 {status}",
			failed("malformed", noHead+".*HTTP/2.0")),
		line("version-in-small-letters", "answers in http/1.1", "http/1.1 {status}",
			failed("malformed", noHead+".*http/1.1")),
		line("version-in-words", "answers in HTTP/one", "HTTP/one {status}", failed("malformed", noHead+".*HTTP/one")),
		{Name: "version-0.9", Says: "answers in HTTP/0.9: a body and nothing else",
			answer: say("{body}"), Expect: failed("malformed", "not an HTTP answer: it begins")},
		{Name: "blank-line-first", Says: "sends an empty line before the answer",
			answer: say("\r\n" + honestly), Expect: failed("malformed", noHead+".*malformed")},
		{Name: "blank-lines-alone", Says: "sends empty lines and no answer",
			answer: say("\r\n\r\n"), Expect: failed("malformed", "not an HTTP answer: it begins")},
		{Name: "endless-interim-answers", Says: "sends interim answers without end",
			answer: again("HTTP/1.1 102 Processing\r\n\r\n"), Expect: failed("malformed", "more than 100 interim")},
		{Name: "switches-unasked", Says: "switches to another protocol that nobody asked for",
			answer: acts(say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "+
				"Upgrade\r\n\r\n\x81\x05hello"), hold), Expect: failed("", "101")},
	}
}

// with is the behaviour with another answer and expectation.
func (b Behaviour) with(answer act, e Expect) Behaviour {
	b.answer, b.Expect = answer, e
	return b
}
