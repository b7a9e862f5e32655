package reference

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// breaksChunks is what a fault breaks that fails on a body in chunks.
var breaksChunks = ids("request.json-forms", "refusal.no-server-error", "http.framing")

// chunkFaults take a body in one plain chunk, and fail on another legal form of chunks.
func chunkFaults() []conditional {
	const size = `\r\n[0-9A-Fa-f]+`
	rows := []conditional{
		{name: "refuses-chunk-extension", says: "answers 400 to a chunk with an extension",
			when: rawLike(size + `;[^\r\n]*\r\n`)},
		{name: "refuses-chunk-extension-in-quotes", says: "answers 400 to an extension of a chunk in quotes",
			when: rawLike(size + `;[^\r\n"]*"[^\r\n]*\r\n`)},
		{name: "refuses-chunk-extension-without-value", says: "answers 400 to an extension of a chunk without a value",
			when: rawLike(size + `;[^\r\n=]*\r\n`)},
		{name: "refuses-extension-of-last-chunk", says: "answers 400 to an extension of the last chunk",
			when: rawLike(`\r\n0+;[^\r\n]*\r\n`)},
		{name: "refuses-last-chunk-of-zeros", says: "answers 400 where the size of the last chunk has several zeros",
			when: rawLike(`\r\n00+\r\n`)},
		{name: "refuses-zeros-in-chunk-size", says: "answers 400 to a chunk size with zeros before it",
			when: rawLike(`\r\n0+[1-9A-Fa-f][0-9A-Fa-f]*\r\n`)},
		{name: "refuses-capital-chunk-size", says: "answers 400 to a chunk size with capitals",
			when: rawLike(`\r\n[0-9]*[A-F][0-9A-F]*\r\n`)},
		{name: "refuses-trailer", says: "answers 400 to a field behind the last chunk",
			when: rawLike(`\r\n0+\r\n[A-Za-z-]+:`)},
		{name: "refuses-announced-trailer", says: "answers 400 to a request with Trailer",
			when: rawLike(`\r\nTrailer:`)},
		{name: "refuses-many-chunks", says: "answers 400 to a body in more than twenty chunks",
			when: rawLike(`(?s)(\r\n[0-9A-Fa-f]{1,4}\r\n.*?){20}`)},
		// Half of a character is read as U+FFFD.
		{name: "refuses-chunk-inside-character", says: "answers 400 to a chunk that ends inside a character",
			when: rawLike(`\x{fffd}\r\n`)},
		{name: "refuses-long-body-in-chunks", says: "answers 400 to a Comment of 1,000 bytes or more in chunks",
			when: commentBytes(1000, maxBody), breaks: ids("request.comment-length")},
		{name: "refuses-chunks-beyond-ascii", says: "answers 400 to a Comment beyond ASCII in chunks",
			when: beyondASCII},
		{name: "refuses-lower-case-coding-name", says: "answers 411 to transfer-encoding in small letters",
			when: rawLike(`\r\ntransfer-encoding:`), then: refuse(http.StatusLengthRequired)},
		{name: "refuses-capital-coding", says: "answers 501 to the transfer coding Chunked in capitals",
			when: rawLike(`\r\n[Tt]ransfer-[Ee]ncoding: *C`), then: refuse(http.StatusNotImplemented)},
	}
	for i := range rows {
		row := &rows[i]
		row.when, row.phase, row.raw = both(chunky, row.when), Coverage, true
		if row.breaks == nil {
			row.breaks = breaksChunks
		}
		if row.then == nil {
			row.then = refuse(http.StatusBadRequest)
		}
	}
	return rows
}

// headFaults fail on how the fields of the head are written.
func headFaults() []conditional {
	rows := []conditional{
		{name: "refuses-tab-behind-colon", says: "answers 400 to a tab behind the colon of a field",
			when: rawLike(`\r\n[A-Za-z-]+:\t`)},
		{name: "refuses-authorization-in-front", says: "looks for Authorization behind Host, and answers 401",
			when: rawLike(`^\S+ \S+ HTTP/1\.1\r\n(?i:authorization):`), then: refuse(http.StatusUnauthorized)},
		{name: "refuses-authorization-at-the-end", says: "overlooks Authorization in the last line, and answers 401",
			when: rawLike(`(?i)\r\nauthorization:[^\r\n]*\r\n\r\n`), then: refuse(http.StatusUnauthorized)},
		{name: "refuses-host-behind-others", says: "answers 400 where Host is not the first field",
			when: rawLike(`^\S+ \S+ HTTP/1\.1\r\n([^Hh]|[Hh][^Oo])`)},
		{name: "refuses-lower-case-host-name", says: "knows Host with a capital alone, and answers 400",
			when: rawLike(`\r\nhost:`)},
		{name: "refuses-lower-case-content-length", says: "answers 411 to content-length in small letters",
			when: rawLike(`\r\ncontent-length:`), then: refuse(http.StatusLengthRequired)},
	}
	for i := range rows {
		row := &rows[i]
		row.breaks, row.phase, row.raw = breaksHTTP, Coverage, true
		if row.then == nil {
			row.then = refuse(http.StatusBadRequest)
		}
	}
	return rows
}

// behindFaults fail on a valid request because of the one before it on its connection.
func behindFaults() (faults []Fault) {
	for _, row := range []struct {
		name, says string
		before     func(*asked, *answer) bool
	}{
		{"crashes-behind-head", "HEAD", func(q *asked, _ *answer) bool { return q.Method == http.MethodHead }},
		{"crashes-behind-404", "one that was answered 404",
			func(_ *asked, a *answer) bool { return a.status == http.StatusNotFound }},
		{"crashes-behind-405", "one that was answered 405",
			func(_ *asked, a *answer) bool { return a.status == http.StatusMethodNotAllowed }},
		{"crashes-behind-chunks", "one whose body was in chunks", func(q *asked, _ *answer) bool { return chunky(q) }},
		{"crashes-behind-expectation", "one with Expect",
			func(q *asked, _ *answer) bool { return q.Header.Get("Expect") != "" }},
		{"crashes-behind-long-body", "one whose body had 8,000 bytes or more",
			func(q *asked, _ *answer) bool { return len(q.body) >= 8000 }},
	} {
		faults = append(faults, behindFault(row.name, row.says, row.before))
	}
	return faults
}

// behindFault fails on a valid request behind one for which before holds, on its connection.
func behindFault(name, says string, before func(*asked, *answer) bool) Fault {
	return Fault{Name: name, Phase: Coverage,
		Says:   "answers 500 to a request behind " + says + " on the same connection",
		Breaks: ids("state.isolated", "response.created"),
		Wrap: remembering(func(past map[string]int, q *asked, a *answer) bool {
			after := past[q.RemoteAddr] > 0
			past[q.RemoteAddr] = 0
			if before(q, a) {
				past[q.RemoteAddr] = 1
			}
			return after
		}, crash)}
}

// beyondFaults answer what is no request of an operation with 500, or with what it is not
// to be answered with.
func beyondFaults() []Fault {
	crashed := ids("refusal.no-server-error")
	crashing := func(name, says string, when condition) Fault {
		return Fault{Name: name, Says: "answers 500 to " + says, Breaks: crashed, Phase: Coverage,
			Wrap: rewrite(func(a *answer, q *asked) {
				if when(q) {
					crash(a, q)
				}
			})}
	}
	method := func(of ...string) condition {
		return func(q *asked) bool { return slices.Contains(of, q.Method) }
	}
	return []Fault{
		crashing("crashes-on-head", "HEAD", method(http.MethodHead)),
		crashing("crashes-on-options", "OPTIONS", method(http.MethodOptions)),
		crashing("crashes-on-trace", "TRACE", method(http.MethodTrace)),
		crashing("crashes-on-odd-method", "a method with a sign in it",
			func(q *asked) bool { return strings.ContainsAny(q.Method, "!#$%&'*+-.^_`|~") }),
		crashing("crashes-on-root", "a request for the root", func(q *asked) bool { return q.URL.Path == "/" }),
		crashing("crashes-on-star-as-machine", "a star for the machine id",
			func(q *asked) bool { return strings.Contains(q.URL.Path, "/*/") }),
		crashing("crashes-on-long-path", "a path of 2,000 characters or more",
			func(q *asked) bool { return len(q.URL.Path) >= 2000 }),
		crashing("crashes-on-dollar-in-path", "a dollar sign in the path",
			func(q *asked) bool { return strings.Contains(q.URL.Path, "$") }),
		{Name: "serves-scan", Says: "takes the action runAntiVirusScan for a documented one", Breaks: ids("path.exact"),
			Phase: Coverage, Wrap: servedAt(func(q *asked) string {
				return pathMeaning(q, func(_, named string) bool { return named == "runAntiVirusScan" })
			})},
		{Name: "takes-chunks-of-those-without-role",
			Says:   "does not look for the role where the body is in chunks",
			Breaks: ids("auth.role", "refusal.status-role", "refusal.no-action"), Phase: Coverage,
			Wrap: excuse(http.StatusForbidden, func(q *asked) bool {
				q.Request = trust(q.Request)
				return chunky(q)
			})},
		{Name: "takes-whole-url-of-anyone", Says: "accepts a request without Authorization whose target is a whole URL",
			Breaks: ids("auth.required", "refusal.no-action"), Phase: Coverage,
			Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
				whole := q.URL.IsAbs() && len(q.Header.Values("Authorization")) == 0
				q.Request = trust(q.Request)
				return whole
			})},
		{Name: "takes-bad-token-behind-good-one",
			Says:   "takes any token on a connection that has sent a valid one",
			Breaks: ids("auth.token-known", "refusal.status-auth", "refusal.no-action"), Phase: Coverage,
			Wrap: trusting()},
		{Name: "takes-hash-name", Says: "takes Hash for Sha1", Phase: Coverage,
			Breaks: ids("request.sha1-required", "refusal.status-body", "refusal.no-action"),
			Wrap:   renamed("Hash", "Sha1")},
		{Name: "takes-long-s-name", Says: "takes ſha1, whose first letter is S in upper case, for Sha1",
			Phase: Coverage, Breaks: ids("request.name-case", "refusal.status-body", "refusal.no-action"),
			Wrap: renamed("ſha1", "Sha1")},
	}
}

// trusting takes any bearer token on a connection over which a request was accepted.
func trusting() wrap {
	return func(h http.Handler) http.Handler {
		var accepted sync.Map // by address of the client
		return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			a := q.serve(h)
			switch {
			case a.status == http.StatusCreated:
				accepted.Store(q.RemoteAddr, true)
			case a.status == http.StatusUnauthorized && strings.HasPrefix(q.Header.Get("Authorization"), "Bearer "):
				if _, known := accepted.Load(q.RemoteAddr); known {
					mended := q.clone()
					mended.Request = trust(mended.Request)
					a = mended.serve(h)
				}
			}
			a.write(w)
		})(h)
	}
}
