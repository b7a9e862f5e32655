package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// Faults returns the faulty clients, each of which breaks what it names and nothing else.
func Faults() []Client {
	return slices.Concat(requestFaults(), headerFaults(), bodyFaults(), sequenceFaults())
}

func ids(all ...string) []string { return all }

// path returns an edit that changes the path.
func path(change func(string) string) func(*http.Request) {
	return func(r *http.Request) { r.URL.Path = change(r.URL.Path) }
}

// replaced returns a change of one text into another.
func replaced(from, to string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, from, to) }
}

// method returns an edit that changes the method.
func method(name string) func(*http.Request) { return func(r *http.Request) { r.Method = name } }

// token returns an edit that writes the Authorization field in another way.
func token(form func(token string) []string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header["Authorization"] = form(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	}
}

// requestFaults call in another way than is documented.
func requestFaults() []Client {
	exists := ids("operation.exists")
	return []Client{
		{Name: "misspells-path", Says: "calls the operations in small letters", Breaks: exists,
			Run: edits(path(strings.ToLower))},
		{Name: "calls-machine-in-singular", Says: "calls machine in the place of machines", Breaks: exists,
			Run: edits(path(replaced("/machines/", "/machine/")))},
		{Name: "calls-successor", Says: "calls the path of the API that followed", Breaks: exists,
			Run: edits(path(replaced("/testwdatppreview/", "/api/")))},
		{Name: "adds-slash", Says: "ends the path with a slash", Breaks: exists,
			Run: edits(path(func(p string) string { return p + "/" }))},
		{Name: "forgets-machine", Says: "leaves the machine empty", Breaks: exists,
			Run: with(func(c *caller) { c.Machine = "" })},
		{Name: "calls-by-get", Says: "calls by GET", Breaks: exists, Run: edits(method(http.MethodGet))},
		{Name: "calls-by-put", Says: "calls by PUT", Breaks: exists, Run: edits(method(http.MethodPut))},
		{Name: "sends-token-in-query", Says: "sends the token in the query in place of the header",
			Breaks: ids("client.token-in-query", "auth.required"),
			Run: edits(func(r *http.Request) {
				r.URL.RawQuery = url.Values{"access_token": {r.Header.Get("Authorization")[len("Bearer "):]}}.Encode()
				r.Header.Del("Authorization")
			})},
		{Name: "sends-token-twice", Says: "sends the token in the query too",
			Breaks: ids("client.token-in-query", "client.one-token-method"),
			Run: edits(func(r *http.Request) {
				r.URL.RawQuery = url.Values{"access_token": {r.Header.Get("Authorization")[len("Bearer "):]}}.Encode()
			})},
		{Name: "sends-token-in-the-clear", Says: "sends the token to another machine by plain HTTP",
			Breaks: ids("client.tls"), Run: edits(func(r *http.Request) { r.Host = "graph.example" })},
	}
}

// headerFaults send another header than is documented.
func headerFaults() []Client {
	required, bearer := ids("auth.required"), ids("auth.bearer")
	media, single := ids("refusal.media-type"), ids("client.single-fields")
	return []Client{
		{Name: "omits-authorization", Says: "sends no Authorization", Breaks: required,
			Run: edits(func(r *http.Request) { r.Header.Del("Authorization") })},
		{Name: "empties-authorization", Says: "sends Authorization without a value", Breaks: required,
			Run: edits(sets("Authorization", ""))},
		{Name: "authorizes-by-basic", Says: "sends the token by the scheme Basic", Breaks: bearer,
			Run: edits(token(func(t string) []string { return []string{"Basic " + t} }))},
		{Name: "omits-scheme", Says: "sends the token without Bearer", Breaks: bearer,
			Run: edits(token(func(t string) []string { return []string{t} }))},
		{Name: "omits-token", Says: "sends Bearer without a token", Breaks: bearer,
			Run: edits(sets("Authorization", "Bearer "))},
		{Name: "joins-scheme-and-token", Says: "writes a colon between Bearer and the token", Breaks: bearer,
			Run: edits(token(func(t string) []string { return []string{"Bearer:" + t} }))},
		{Name: "repeats-authorization", Says: "sends Authorization twice", Breaks: bearer,
			Run: edits(token(func(t string) []string { return []string{"Bearer " + t, "Bearer " + t} }))},
		{Name: "declares-text", Says: "declares its body as text", Breaks: media,
			Run: edits(sets("Content-Type", "text/plain; charset=utf-8"))},
		{Name: "declares-form", Says: "declares its body as a form", Breaks: media,
			Run: edits(sets("Content-Type", "application/x-www-form-urlencoded"))},
		{Name: "repeats-content-type", Says: "sends Content-Type twice", Breaks: media,
			Run: edits(sets("Content-Type", "application/json", "application/json"))},
		{Name: "compresses", Says: "sends its body compressed", Breaks: media,
			Run: with(func(c *caller) {
				plain := c.body
				c.body = func(a action) []byte { return compressed(plain(a)) }
				c.edit = sets("Content-Encoding", "gzip")
			})},
		{Name: "takes-xml-alone", Says: "takes XML alone", Breaks: ids("client.accept"),
			Run: edits(sets("Accept", "application/xml, text/xml;q=0.9"))},
		{Name: "rules-json-out", Says: "takes everything but JSON", Breaks: ids("client.accept"),
			Run: edits(sets("Accept", "*/*, application/json;q=0"))},
		{Name: "repeats-host", Says: "sends Host twice", Breaks: single,
			Run: edits(sets("Host", "one.example", "other.example"))},
		{Name: "repeats-content-length", Says: "sends Content-Length twice", Breaks: single,
			Run: edits(sets("Content-Length", "81", "82"))},
		{Name: "frames-twice", Says: "sends Content-Length and Transfer-Encoding", Breaks: ids("client.framing"),
			Run: edits(func(r *http.Request) {
				r.Header.Set("Content-Length", "81")
				r.Header.Set("Transfer-Encoding", "chunked")
			})},
	}
}

func compressed(plain []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(plain)
	_ = w.Close()
	return b.Bytes()
}

// bodyFaults send another body than is documented.
func bodyFaults() []Client {
	object := ids("request.object")
	row := func(name, says string, breaks []string, form string) Client {
		return Client{Name: name, Says: says, Breaks: breaks, Run: writes(text(form))}
	}
	return []Client{
		row("sends-nothing", "sends no body", object, ``),
		row("sends-form", "sends a form", object, `Comment=COMMENT&Sha1=SHA1`),
		row("sends-array", "sends an array of one object", object, `[{"Comment":"COMMENT","Sha1":"SHA1"}]`),
		row("sends-json-in-a-string", "sends the JSON text in a string", object,
			`"{\"Comment\":\"COMMENT\",\"Sha1\":\"SHA1\"}"`),
		row("leaves-comma", "leaves a comma before the closing bracket", object,
			`{"Comment":"COMMENT","Sha1":"SHA1",}`),
		row("quotes-in-single-quotes", "writes strings in single quotes", object,
			`{'Comment':'COMMENT','Sha1':'SHA1'}`),
		row("sends-two-objects", "sends two objects one after the other", object,
			`{"Comment":"COMMENT","Sha1":"SHA1"}{"Comment":"COMMENT","Sha1":"SHA1"}`),
		row("sends-byte-order-mark", "sends a byte order mark", ids("json.encoding"),
			"\ufeff"+`{"Comment":"COMMENT","Sha1":"SHA1"}`),
		row("encodes-as-latin-1", "encodes its body in ISO 8859-1", ids("json.encoding"),
			"{\"Comment\":\"COMMENT caf\xe9\",\"Sha1\":\"SHA1\"}"),
		{Name: "encodes-as-utf-16", Says: "encodes its body in UTF-16", Breaks: ids("json.encoding"),
			Run: writes(func(a action) []byte { return inUTF16(asJSON(a)) })},
		row("omits-comment", "sends no Comment", ids("request.comment-required"), `{"Sha1":"SHA1"}`),
		row("sends-null-comment", "sends null as Comment", ids("request.comment-string"),
			`{"Comment":null,"Sha1":"SHA1"}`),
		row("sends-number-as-comment", "sends a number as Comment", ids("request.comment-string"),
			`{"Comment":32123,"Sha1":"SHA1"}`),
		row("sends-empty-comment", "sends an empty Comment", ids("request.comment-blank"),
			`{"Comment":"","Sha1":"SHA1"}`),
		row("omits-sha1", "sends no Sha1", ids("request.sha1-required"), `{"Comment":"COMMENT"}`),
		row("sends-list-of-sha1", "sends a list of hashes as Sha1", ids("request.sha1-string"),
			`{"Comment":"COMMENT","Sha1":["SHA1"]}`),
		row("sends-sha256", "sends a SHA-256 as Sha1", ids("request.sha1-format"),
			`{"Comment":"COMMENT","Sha1":"`+strings.Repeat("8d25682b", 8)+`"}`),
		row("sends-md5", "sends an MD5 as Sha1", ids("request.sha1-format"),
			`{"Comment":"COMMENT","Sha1":"`+strings.Repeat("8d25682b", 4)+`"}`),
		row("sends-sha1-in-base64", "sends the hash in base64", ids("request.sha1-format"),
			`{"Comment":"COMMENT","Sha1":"jSVoKzqCryW0LckCkcNf8yk9qmg="}`),
		row("separates-digits", "separates the digits of the hash by colons", ids("request.sha1-format"),
			`{"Comment":"COMMENT","Sha1":"8d:25:68:2b:3a:82:af:25:b4:2d:c9:02:91:c3:5f:f3:29:3d:aa:68"}`),
		row("keeps-blank-behind-sha1", "leaves a blank behind the hash", ids("request.sha1-format"),
			`{"Comment":"COMMENT","Sha1":"SHA1 "}`),
		row("spells-names-small", "spells the names of members in small letters",
			ids("request.name-case", "request.comment-required", "request.sha1-required"),
			`{"comment":"COMMENT","sha1":"SHA1"}`),
		row("spells-sha1-in-capitals", "spells SHA1", ids("request.name-case", "request.sha1-required"),
			`{"Comment":"COMMENT","\u0053HA1":"SHA1"}`),
		row("repeats-member", "sends Sha1 twice", ids("client.names-unique"),
			`{"Comment":"COMMENT","Sha1":"`+otherFile+`","Sha1":"SHA1"}`),
		row("cuts-characters", "cuts a comment inside a character", ids("client.surrogates"),
			`{"Comment":"COMMENT \ud83d","Sha1":"SHA1"}`),
	}
}

func inUTF16(plain []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(string(plain))) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

// The troubles of the server under which clients show how they deal with its answers.
const (
	throttled   = "throttled-every-third"
	unavailable = "unavailable-once"
	loses       = "loses-every-third-answer"
)

// waits returns what a client does that waits in this way before it repeats a request.
func waits(pause func(*http.Response, time.Time) time.Duration) func(context.Context, Setting) {
	return with(func(c *caller) { c.pause = pause })
}

func notAtAll(*http.Response, time.Time) time.Duration { return 0 }

// repeats returns what a client does that sends a request this often that is refused.
func repeats(change func(*caller)) func(context.Context, Setting) {
	return with(func(c *caller) {
		c.times = 5
		change(c)
	})
}

// sequenceFaults do something else after an answer than a client owes.
func sequenceFaults() []Client {
	later, refused := ids("client.retry-after"), ids("client.repeat-refused")
	renewed, once := ids("client.token-renewed"), ids("client.effect-once")
	return []Client{
		{Name: "repeats-at-once-after-429", Says: "repeats a request at once after a 429", Breaks: later,
			Trouble: throttled, Run: waits(notAtAll)},
		{Name: "repeats-at-once-after-503", Says: "repeats a request at once after a 503", Breaks: later,
			Trouble: unavailable, Run: waits(notAtAll)},
		{Name: "waits-half", Says: "waits half as long as Retry-After asks", Breaks: later, Trouble: throttled,
			Run: waits(func(r *http.Response, now time.Time) time.Duration { return retryAfter(r, now) / 2 })},
		{Name: "waits-milliseconds", Says: "takes the seconds of Retry-After for milliseconds", Breaks: later,
			Trouble: throttled, Run: waits(func(r *http.Response, now time.Time) time.Duration {
				return retryAfter(r, now) / 1000
			})},
		{Name: "cannot-read-dates", Says: "waits no time where Retry-After is a date", Breaks: later,
			Trouble: throttled,
			Dates:   true, Run: waits(func(r *http.Response, now time.Time) time.Duration {
				if strings.Contains(r.Header.Get("Retry-After"), "GMT") {
					return 0
				}
				return retryAfter(r, now)
			})},
		{Name: "goes-on-after-429", Says: "gives a request up after a 429, and sends the next one at once",
			Breaks:  later,
			Trouble: throttled, Run: func(ctx context.Context, s Setting) {
				c := honest(s)
				for _, file := range []string{oneFile, otherFile} {
					for _, operation := range []string{sample, stop} {
						if answer, err := c.send(ctx, action{operation, s.Machine, "alert", file}); err == nil {
							_ = answer.Body.Close()
						}
					}
				}
			}},
		{Name: "repeats-after-400", Says: "repeats a request five times that is answered 400",
			Breaks: ids("client.repeat-refused", "request.sha1-format"),
			Run:    repeats(func(c *caller) { c.body = text(`{"Comment":"COMMENT","Sha1":"unknown"}`) })},
		{Name: "repeats-after-403", Says: "repeats a request five times that is answered 403", Breaks: refused,
			Run: repeats(func(c *caller) { c.Token = c.Unprivileged })},
		{Name: "repeats-after-404", Says: "repeats a request five times that is answered 404", Breaks: refused,
			Run: repeats(func(c *caller) { c.Machine = c.Unknown })},
		{Name: "repeats-after-415", Says: "repeats a request five times that is answered 415",
			Breaks: ids("client.repeat-refused", "refusal.media-type"),
			Run:    repeats(func(c *caller) { c.edit = sets("Content-Type", "application/xml") })},
		{Name: "keeps-expired-token", Says: "goes on with a token that has expired", Breaks: renewed,
			Run: with(func(c *caller) { c.Token = c.Expired })},
		{Name: "repeats-with-expired-token", Says: "repeats a request five times with a token that has expired",
			Breaks: renewed, Run: repeats(func(c *caller) { c.Token = c.Expired })},
		{Name: "repeats-lost-request", Says: "repeats a request whose answer was lost", Breaks: once, Trouble: loses,
			Run: with(func(c *caller) { c.again = func(a action) (action, bool) { return a, true } })},
		{Name: "repeats-lost-request-with-other-comment", Says: "repeats a request whose answer was lost, with a " +
			"counter " +
			"in the comment", Breaks: once, Trouble: loses, Run: with(func(c *caller) {
			c.again = func(a action) (action, bool) {
				a.Comment += " (attempt 2)"
				return a, true
			}
		})},
		{Name: "repeats-lost-request-in-capitals", Says: "repeats a request whose answer was lost, with the hash in " +
			"capitals", Breaks: once, Trouble: loses, Run: with(func(c *caller) {
			c.again = func(a action) (action, bool) {
				a.Sha1 = strings.ToUpper(a.Sha1)
				return a, true
			}
		})},
	}
}

// Variants returns honest clients, each of which does what a client owes in another way.
func Variants() []Client {
	return []Client{
		{Name: "plain", Says: "sends what the documents show", Run: with(func(*caller) {})},
		{Name: "omits-content-type", Says: "sends no Content-Type, which is not marked required",
			Run: edits(func(r *http.Request) { r.Header.Del("Content-Type") })},
		{Name: "names-charset", Says: "names a charset behind the media type",
			Run: edits(sets("Content-Type", "Application/JSON; charset=utf-8"))},
		{Name: "spells-scheme-small", Says: "writes bearer in small letters",
			Run: edits(token(func(t string) []string { return []string{"bearer " + t} }))},
		{Name: "omits-accept", Says: "sends no Accept", Run: edits(func(r *http.Request) { r.Header.Del("Accept") })},
		{Name: "takes-anything", Says: "takes any media type, JSON least",
			Run: edits(sets("Accept", "text/plain, application/*;q=0.1"))},
		{Name: "says-identity", Says: "names the coding identity", Run: edits(sets("Content-Encoding", "identity"))},
		{Name: "adds-query", Says: "sends a query without a token",
			Run: edits(func(r *http.Request) { r.URL.RawQuery = "api-version=1" })},
		{Name: "escapes-path", Says: "escapes characters of the machine",
			Run: edits(func(r *http.Request) {
				r.URL.RawPath = strings.Replace(r.URL.EscapedPath(), "/machines/f", "/machines/%66", 1)
			})},
		{Name: "streams-body", Says: "sends a body whose length it does not say",
			Run: edits(func(r *http.Request) {
				r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(r.Body))
			})},
		{Name: "writes-hash-in-capitals", Says: "writes the hash in capitals",
			Run: writes(func(a action) []byte { a.Sha1 = strings.ToUpper(a.Sha1); return asJSON(a) })},
		{Name: "adds-members", Says: "sends a further member",
			Run: writes(text(`{"Ticket":{"Comment":1,"Sha1":null},"Comment":"COMMENT","Sha1":"SHA1"}`))},
		{Name: "indents", Says: "indents its JSON", Run: writes(text("{\r\n\t\"Sha1\" : \"SHA1\",\r\n\t\"Comment\" : " +
			"\"COMMENT\"\r\n}\r\n"))},
		{Name: "escapes-characters", Says: "escapes characters, one beyond the basic plane among them",
			Run: writes(text(`{"Comm\u0065nt":"COMMENT \ud83d\ude00 \\ud83d","Sha1":"SHA1"}`))},
		{Name: "writes-unicode", Says: "writes characters beyond ASCII",
			Run: writes(text("{\"Comment\":\"COMMENT caf\u00e9 \U0001f600\",\"Sha1\":\"SHA1\"}"))},
		{Name: "waits-after-429", Says: "waits as long as Retry-After asks after a 429", Trouble: throttled,
			Run: with(func(*caller) {})},
		{Name: "waits-for-date", Says: "waits for the date of Retry-After", Trouble: throttled, Dates: true,
			Run: with(func(*caller) {})},
		{Name: "waits-after-503", Says: "waits as long as Retry-After asks after a 503", Trouble: unavailable,
			Run: with(func(*caller) {})},
		{Name: "waits-longer", Says: "waits longer than Retry-After asks", Trouble: throttled,
			Run: waits(func(r *http.Response, now time.Time) time.Duration { return 3 * retryAfter(r, now) })},
		{Name: "gives-up-when-throttled", Says: "gives up after some repetitions", Trouble: "throttled",
			Run: with(func(*caller) {})},
		{Name: "renews-token", Says: "obtains another token after a 401", Run: with(func(c *caller) {
			c.Token, c.renew = c.Expired, func(c *caller) bool {
				other := c.Setting.Token != c.fresh
				c.Token = c.fresh
				return other
			}
		})},
		{Name: "repeats-once", Says: "repeats a refused request once", Run: with(func(c *caller) {
			c.Machine, c.times = c.Unknown, 2
		})},
		{Name: "reports-refusals", Says: "reports a 403 to its user",
			Run: with(func(c *caller) { c.Token = c.Unprivileged })},
		{Name: "reports-lost-answers", Says: "reports a lost answer to its user", Trouble: loses,
			Run: with(func(*caller) {})},
		{Name: "repeats-where-running-actions-are-refused", Says: "repeats a request whose answer was lost, at a " +
			"server " +
			"that refuses an action that is under way", Trouble: loses, Variant: "refuses-running-action",
			Run: with(func(c *caller) { c.again = func(a action) (action, bool) { return a, true } })},
		{Name: "repeats-where-actions-are-found-again", Says: "repeats a request whose answer was lost, at a " +
			"server that " +
			"answers with the action that is under way", Trouble: loses, Variant: "same-action-for-same-call",
			Run: with(func(c *caller) { c.again = func(a action) (action, bool) { return a, true } })},
	}
}
