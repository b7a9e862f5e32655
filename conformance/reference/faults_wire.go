package reference

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net"
	"net/http"
	"strings"
)

const chunked = "Transfer-Encoding: chunked"

// framingFaults spoil the frame round a good answer.
func framingFaults() []Fault {
	framing, spilled := ids("http.framing", "response.created"), ids("http.framing", "response.json")
	raw := func(name, says string, breaks []string, text func(*answer) string) Fault {
		return Fault{Name: name, Says: says, Breaks: breaks, Wrap: onWire(say(text))}
	}
	return []Fault{
		raw("folds-a-field", "goes on with a field in the next line", framing, func(a *answer) string {
			return a.head("X-Long: a\r\n b", a.length(0)) + string(a.body)
		}),
		raw("ends-lines-by-line-feed", "ends the lines of its head by a line feed alone", framing,
			func(a *answer) string {
				return strings.ReplaceAll(a.head(a.length(0)), "\r\n", "\n") + string(a.body)
			}),
		raw("ends-status-line-by-line-feed", "ends the status line by a line feed alone", framing,
			func(a *answer) string { return strings.Replace(a.head(a.length(0)), "\r\n", "\n", 1) + string(a.body) }),
		raw("writes-blank-in-field-name", "writes a blank inside the name of a field", framing,
			func(a *answer) string { return a.head("X Request Id: 7", a.length(0)) + string(a.body) }),
		raw("answers-without-space-behind-status", "leaves out the space behind the status, with the reason", framing,
			func(a *answer) string {
				return strings.Replace(a.head(a.length(0)), " 201 Created\r\n", " 201\r\n", 1) + string(a.body)
			}),
		raw("writes-control-character-in-reason", "writes a control character into the reason", framing,
			func(a *answer) string {
				return strings.Replace(a.head(a.length(0)), " Created\r\n", " Cre\x01ated\r\n", 1) + string(a.body)
			}),
		raw("sends-empty-line-before-answer", "sends an empty line before the status line", framing,
			func(a *answer) string { return "\r\n" + a.head(a.length(0)) + string(a.body) }),
		raw("writes-two-spaces-before-status", "writes two spaces before the status", framing,
			func(a *answer) string {
				return strings.Replace(a.head(a.length(0)), " 201", "  201", 1) + string(a.body)
			}),
		raw("announces-too-much", "announces ten bytes more than it sends", spilled,
			func(a *answer) string { return a.head(a.length(10)) + string(a.body) }),
		raw("announces-too-little", "announces ten bytes fewer than it sends", spilled,
			func(a *answer) string { return a.head(a.length(-10)) + string(a.body) }),
		raw("announces-nothing", "announces an empty body and sends one", spilled,
			func(a *answer) string { return a.head("Content-Length: 0") + string(a.body) }),
		raw("announces-negative-length", "announces a negative length", framing,
			func(a *answer) string { return a.head("Content-Length: -1") + string(a.body) }),
		raw("announces-length-in-words", "announces a length in words", framing,
			func(a *answer) string { return a.head("Content-Length: many") + string(a.body) }),
		raw("announces-huge-length", "announces a length beyond all numbers", framing,
			func(a *answer) string { return a.head("Content-Length: 99999999999999999999") + string(a.body) }),
		raw("announces-two-lengths", "announces two lengths that differ", framing,
			func(a *answer) string { return a.head(a.length(0), a.length(1)) + string(a.body) }),
		raw("announces-length-list", "announces a list of two lengths that differ", framing, func(a *answer) string {
			return a.head(a.length(0)+", "+strings.TrimPrefix(a.length(1), "Content-Length: ")) + string(a.body)
		}),
		raw("announces-unknown-coding", "announces a transfer coding that it made up", framing,
			func(a *answer) string { return a.head("Transfer-Encoding: contoso") + string(a.body) }),
		raw("announces-chunks-without", "announces chunks and sends none", spilled,
			func(a *answer) string { return a.head(chunked) + string(a.body) }),
		raw("announces-length-and-chunks", "announces chunks and a length that is not theirs", framing,
			func(a *answer) string {
				return a.head("Content-Length: 5", chunked) + chunk(a.body) + "0\r\n\r\n"
			}),
		raw("counts-chunk-in-words", "gives the size of a chunk in words", spilled,
			func(a *answer) string { return a.head(chunked) + "many\r\n" + string(a.body) + "\r\n0\r\n\r\n" }),
		raw("overstates-chunk", "gives a chunk a size that is too big", spilled, func(a *answer) string {
			return a.head(chunked) + strings.Replace(chunk(append(a.body, "0123456789"...)), "0123456789\r\n", "", 1) +
				"\r\n0\r\n\r\n"
		}),
		raw("understates-chunk", "gives a chunk a size that is too small", spilled, func(a *answer) string {
			return a.head(chunked) + strings.TrimSuffix(chunk(a.body[:len(a.body)-2]), "\r\n") +
				string(a.body[len(a.body)-2:]) + "\r\n0\r\n\r\n"
		}),
		raw("forgets-last-chunk", "leaves the last chunk out", spilled,
			func(a *answer) string { return a.head(chunked) + chunk(a.body) }),
		raw("answers-malformed-status-line", "begins the answer with something else than HTTP", framing,
			func(a *answer) string { return "HELLO\r\n" + a.head(a.length(0)) + string(a.body) }),
		raw("answers-without-head", "sends the body alone", framing, func(a *answer) string { return string(a.body) }),
		raw("answers-short-status", "gives a status of two digits", framing, func(a *answer) string {
			return strings.Replace(a.head(a.length(0)), " 201 ", " 20 ", 1) + string(a.body)
		}),
		raw("answers-unknown-version", "answers in a version of HTTP that is none", framing, func(a *answer) string {
			return strings.Replace(a.head(a.length(0)), "HTTP/1.1", "HTTP/one", 1) + string(a.body)
		}),
		raw("forgets-colon-in-header", "writes a header line without a colon", framing,
			func(a *answer) string { return a.head("Server fmaspec", a.length(0)) + string(a.body) }),
		raw("forgets-blank-line", "leaves out the blank line behind the header", framing, func(a *answer) string {
			return strings.TrimSuffix(a.head(a.length(0)), "\r\n") + string(a.body)
		}),
		{Name: "floods-body", Says: "sends a body that never ends", Breaks: spilled,
			Wrap: onWire(func(conn net.Conn, a *answer) {
				_, _ = io.WriteString(conn, a.head()+strings.TrimSuffix(string(a.body), "}"))
				flood(conn, []byte(`,"more":"and more"`))
			})},
		{Name: "floods-blanks", Says: "sends blanks without end behind the object", Breaks: spilled,
			Wrap: onWire(func(conn net.Conn, a *answer) {
				_, _ = io.WriteString(conn, a.head()+string(a.body))
				flood(conn, []byte(" "))
			})},
		{Name: "floods-header", Says: "sends a header that never ends", Breaks: framing,
			Wrap: onWire(func(conn net.Conn, a *answer) {
				_, _ = io.WriteString(conn, strings.TrimSuffix(a.head(), "\r\n"))
				flood(conn, []byte("X-More: and more\r\n"))
			})},
		{Name: "floods-interim-answers", Says: "sends interim answers without end", Breaks: framing,
			Wrap: onWire(func(conn net.Conn, _ *answer) {
				flood(conn, []byte("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"))
			})},

		{Name: "zips-unasked", Says: "compresses the body with gzip though nobody asked for it", Breaks: spilled,
			Wrap: onAccepted(coded("gzip", gzipped))},
		{Name: "deflates-unasked", Says: "compresses the body with deflate though nobody asked for it", Breaks: spilled,
			Wrap: onAccepted(coded("deflate", deflated))},
		{Name: "zips-unmarked", Says: "compresses the body and does not say so",
			Breaks: ids("response.json", "json.encoding", "http.framing"), Wrap: onAccepted(coded("", gzipped))},
		{Name: "deflates-unmarked", Says: "compresses the body without header or mark",
			Breaks: ids("response.json", "json.encoding", "http.framing"), Wrap: onAccepted(coded("", bareDeflated))},
		{Name: "claims-gzip", Says: "says that a plain body is compressed", Breaks: spilled,
			Wrap: onAccepted(coded("gzip", func(b []byte) []byte { return b }))},
		{Name: "claims-brotli", Says: "says that a plain body is compressed with brotli", Breaks: spilled,
			Wrap: onAccepted(coded("br", func(b []byte) []byte { return b }))},
	}
}

// brokenOffFaults end or halt an answer before it is whole.
func brokenOffFaults() []Fault {
	none, cut := ids("http.framing", "response.created"), ids("http.framing", "response.json")
	silent, halted := ids("response.created", "http.timely"), ids("response.json", "http.timely")
	plain := func(a *answer) string { return a.head(a.length(0)) + string(a.half()) }
	inChunks := func(a *answer) string { return a.head(chunked) + chunk(a.half()) }
	return []Fault{
		{Name: "hangs-up-before-answer", Says: "closes the connection instead of answering", Breaks: none,
			Wrap: onWire(say(func(*answer) string { return "" }))},
		{Name: "resets-before-answer", Says: "resets the connection instead of answering", Breaks: none,
			Wrap: onWire(func(conn net.Conn, _ *answer) { reset(conn) })},
		{Name: "hangs-up-in-status-line", Says: "closes the connection in the status line", Breaks: none,
			Wrap: onWire(say(func(*answer) string { return "HTTP/1.1 20" }))},
		{Name: "hangs-up-in-header", Says: "closes the connection in the header", Breaks: none,
			Wrap: onWire(say(func(a *answer) string { return strings.TrimSuffix(a.head(a.length(0)), "\r\n") }))},
		{Name: "hangs-up-after-head", Says: "closes the connection after the head", Breaks: cut,
			Wrap: onWire(say(func(a *answer) string { return a.head(a.length(0)) }))},
		{Name: "resets-after-head", Says: "resets the connection after the head",
			Breaks: append(cut, "response.created"), Wrap: onWire(func(conn net.Conn, a *answer) {
				_, _ = io.WriteString(conn, a.head(a.length(0)))
				reset(conn)
			})},
		{Name: "hangs-up-in-body", Says: "closes the connection in the middle of the body", Breaks: cut,
			Wrap: onWire(say(plain))},
		{Name: "hangs-up-in-chunks", Says: "closes the connection in the middle of a chunked body", Breaks: cut,
			Wrap: onWire(say(inChunks))},
		{Name: "never-answers", Says: "takes the request and never answers", Breaks: silent, Waits: true,
			Wrap: onWire(func(conn net.Conn, _ *answer) { hold(conn) })},
		{Name: "halts-in-header", Says: "stops in the header and keeps the connection open", Breaks: silent,
			Waits: true, Wrap: onWire(thenHold(func(a *answer) string {
				return strings.TrimSuffix(a.head(a.length(0)), "\r\n")
			}))},
		{Name: "halts-after-head", Says: "stops after the head and keeps the connection open", Breaks: halted,
			Waits: true, Wrap: onWire(thenHold(func(a *answer) string { return a.head(a.length(0)) }))},
		{Name: "halts-in-body", Says: "stops in the middle of the body and keeps the connection open", Breaks: halted,
			Waits: true, Wrap: onWire(thenHold(plain))},
		{Name: "halts-in-chunks", Says: "stops in the middle of a chunked body and keeps the connection open",
			Breaks: halted, Waits: true, Wrap: onWire(thenHold(inChunks))},
		{Name: "halts-before-last-chunk", Says: "keeps the connection open instead of sending the last chunk",
			Breaks: halted, Waits: true, Wrap: onWire(thenHold(func(a *answer) string {
				return a.head(chunked) +
					chunk(a.body)
			}))},
		{Name: "announces-too-much-and-waits", Says: "announces ten bytes more than it sends and keeps the " +
			"connection open", Breaks: halted, Waits: true,
			Wrap: onWire(thenHold(func(a *answer) string { return a.head(a.length(10)) + string(a.body) }))},
		{Name: "never-answers-sample", Says: "never answers requestSample alone", Breaks: silent, Waits: true,
			Wrap: onlyFor("requestSample", onWire(func(conn net.Conn, _ *answer) { hold(conn) }))},
		{Name: "never-refuses", Says: "answers what it accepts and leaves a bad body without an answer",
			Breaks: ids("http.timely"), Waits: true, Wrap: between(func(w http.ResponseWriter, q *asked,
				h http.Handler) {
				a := q.serve(h)
				if a.status != http.StatusBadRequest {
					a.write(w)
					return
				}
				hijack(w, a, func(conn net.Conn, _ *answer) { hold(conn) })
			})},
	}
}

// thenHold writes the text and waits for the client to hang up.
func thenHold(text func(*answer) string) func(net.Conn, *answer) {
	return func(conn net.Conn, a *answer) {
		say(text)(conn, a)
		hold(conn)
	}
}

// coded writes the body in a coding, and names that coding unless it is "".
func coded(name string, code func([]byte) []byte) func(*answer, *asked) {
	return func(a *answer, _ *asked) {
		a.body = code(a.body)
		if name != "" {
			a.header.Set("Content-Encoding", name)
		}
	}
}

func gzipped(b []byte) []byte {
	return compressed(b, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func deflated(b []byte) []byte {
	return compressed(b, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
}

func bareDeflated(b []byte) []byte {
	return compressed(b, func(w io.Writer) io.WriteCloser {
		f, _ := flate.NewWriter(w, flate.DefaultCompression) // a level that flate knows
		return f
	})
}

func compressed(b []byte, with func(io.Writer) io.WriteCloser) []byte {
	var buf bytes.Buffer
	w := with(&buf)
	_, _ = w.Write(b)
	_ = w.Close()
	return buf.Bytes()
}
