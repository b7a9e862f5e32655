package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// bodies returns behaviours with complete bodies that are hard to read.
func bodies() []Behaviour {
	with := func(name, says string, change func(string) string, e Expect) Behaviour {
		return Behaviour{Name: name, Says: says, Expect: e, answer: body(change)}
	}
	coded := func(name, says, coding string, code func(string) string, e Expect) Behaviour {
		return Behaviour{Name: name, Says: says, Expect: e, answer: func(s *scene) {
			say(start + "Content-Encoding: " + coding + "\r\nContent-Length: {length}\r\n\r\n{body}")(s.with(
				code(string(s.honest.body))))
		}}
	}
	const unasked, undone, noObject = "Accept-Encoding did not ask|no coding", "cannot be decoded",
		"one well-formed JSON object"
	const tooMany = "holds more than .* values"
	const takesGzip = "valid/accepts-gzip"
	return []Behaviour{
		coded("gzip-unasked", "packs the body though nobody asked for it", "gzip", packed, failed("", unasked)),
		coded("gzip-broken", "calls a plain body packed", "gzip", same, failed("", undone).in(takesGzip)),
		coded("gzip-cut", "packs the body and leaves out the end", "gzip",
			func(b string) string { return firstHalf(packed(b)) }, failed("", undone).in(takesGzip)),
		coded("gzip-bomb", "sends a megabyte that unpacks to more than a gigabyte", "gzip",
			func(string) string { return bomb() }, failed("", undone).in(takesGzip)),
		coded("gzip-bomb-unasked", "sends that to those who did not ask for gzip", "gzip",
			func(string) string { return bomb() }, failed("", unasked)),
		coded("gzip-twice", "packs the body twice", "gzip, gzip", func(b string) string { return packed(packed(b)) },
			failed("", unasked+"|"+undone).in(takesGzip)),
		coded("deflate-unasked", "calls the body deflated", "deflate", same, failed("", unasked)),
		coded("brotli-unasked", "calls the body packed by brotli", "br", same, failed("", unasked)),
		coded("coding-unknown", "calls the body coded in a way that it made up", "\"contoso\"", same,
			failed("", unasked)),

		with("deep-arrays", "nests 100,000 arrays in a further member",
			member(always(`"more":`+nested("[", "]", 100_000))), failed("", "nested deeper")),
		with("deep-objects", "nests 100,000 objects in a further member",
			member(always(`"more":`+nested(`{"more":`, "}", 100_000))), failed("", "nested deeper")),
		with("deep-without-end", "opens a million arrays and closes none", becomes(strings.Repeat("[", 1_000_000)),
			failed("", "nested deeper")),
		with("long-further-string", "sends a further string of 1.5 MiB",
			member(func() string { return `"more":"` + strings.Repeat("m", 3<<19) + `"` }), passed()),
		with("long-strings", "sends half a megabyte in place of each string", func(b string) string {
			return regexp.MustCompile(`"(sha1|requestor|requestorComment)":"[^"]*"`).ReplaceAllString(b, `"$1":"`+
				strings.Repeat("m", 1<<19)+`"`)
		}, failed("", "mmmm")),
		with("long-member-name", "sends a member whose name is half a megabyte long",
			member(func() string { return `"` + strings.Repeat("m", 1<<19) + `":0` }), passed()),
		with("long-member-name-twice", "sends that member twice",
			member(func() string { return listed(`"`+strings.Repeat("m", 1<<19)+`":0`, 2) }), deviated("stands twice")),
		with("many-items", "sends 4,000 items in a further member",
			member(func() string { return `"more":[` + listed("0", 4_000) + `]` }), passed()),
		with("too-many-items", "sends 900,000 items in a further member",
			member(func() string { return `"more":[` + listed("0", 900_000) + `]` }), errored("", tooMany)),
		with("many-instances", "sends 4,000 empty file instances", instances(4_000), failed("", "filePath")),
		with("too-many-instances", "sends 300,000 empty file instances", instances(300_000), errored("", tooMany)),
		with("many-members", "sends 4,000 further members", members(4_000), passed()),
		with("too-many-members", "sends 100,000 further members", members(100_000), errored("", tooMany)),
		with("same-member-often", "sends one member a hundred thousand times",
			member(func() string { return listed(`"m":0`, 100_000) }), errored("", tooMany)),
		with("same-member-thousands-of-times", "sends one member 4,000 times",
			member(func() string { return listed(`"m":0`, 4_000) }), deviated("stands twice")),
		with("vast-further-number", "sends 1e1000001 in a further member", member(always(`"more":1e1000001`)),
			passed()),
		with("vast-number", "sends 1e1000001 in place of a string", func(b string) string {
			return regexp.MustCompile(`"requestor":"[^"]*"`).ReplaceAllString(b, `"requestor":1e1000001`)
		}, failed("", "want a string, got 1e1000001")),
		with("long-number", "sends a number of a hundred thousand digits in a further member",
			member(always(`"more":`+strings.Repeat("9", 100_000))), passed()),
		with("not-utf-8", "sends bytes that are not UTF-8 in a further member",
			member(always("\"more\":\"\xff\xfe\xc0\xaf\"")), failed("", "UTF-8")),
		with("lone-surrogates", "escapes half a character in a further member", member(always(`"more":"\ud800"`)),
			passed()),
		with("nul-bytes", "puts NUL behind the object", func(b string) string { return b + "\x00\x00" },
			failed("", noObject)),
		with("nul-in-a-string", "puts NUL into a string", member(always("\"more\":\"\x00\"")), failed("", noObject)),
		with("binary", "sends bytes that are no text", becomes("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xd8\xff\xe0"),
			failed("", "UTF-8|"+noObject)),
		with("empty", "sends no body", becomes(""), failed("", noObject)),
		with("white-space-alone", "sends one and a half million blanks", becomes(blanks(1_500_000)),
			failed("", noObject)),
		with("escapes", "sends a body that a terminal would obey", becomes("\x1b[2J\x1b]0;owned\x07\u202e\u009b31m"),
			failed("", noObject)),
		with("escapes-in-json", "sends strings that a terminal would obey", func(b string) string {
			return regexp.MustCompile(`"type":"[^"]*"`).ReplaceAllString(b,
				`"type":"\u001b[2J\u001b]0;owned\u0007\u202e\u009b31m"`)
		}, failed("", "type-name")),
		with("page", "answers every request with a page of its own",
			becomes("<!DOCTYPE html><html><script>alert(1)</script></html>"), failed("", noObject)),
		{Name: "long-refusal", Says: "refuses everything with 1.5 MiB of text",
			answer: func(s *scene) {
				say("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: " +
					"{length}\r\n\r\n{body}")(s.with(strings.Repeat("at x (1:1)\n", 3<<19/11)))
			}, Expect: failed("", "400")},
	}
}

// listed is one item again and again.
func listed(item string, times int) string {
	return strings.TrimSuffix(strings.Repeat(item+",", times), ",")
}

func instances(n int) func(string) string {
	const open = `"fileInstances":[`
	return func(b string) string { return strings.Replace(b, open, open+strings.Repeat("{},", n), 1) }
}

func members(n int) func(string) string {
	return member(func() string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"m%d":0`, i)
		}
		return b.String()[1:]
	})
}

func same(b string) string { return b }

func blanks(n int) string { return strings.Repeat(" ", n) }

func nested(open, end string, n int) string {
	return strings.Repeat(open, n) + "0" + strings.Repeat(end, n)
}

func firstHalf(b string) string { return b[:len(b)/2] }

func packed(b string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	io.WriteString(w, b)
	w.Close()
	return out.String()
}

// bomb unpacks to more than a gigabyte: a gzip file is what its parts unpack to,
// one after the other (RFC 1952 2.2).
func bomb() string { return strings.Repeat(packed(blanks(1<<20)), 1100) }
