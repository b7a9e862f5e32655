package reference

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// sameFaults keep what they answered to one request for another that differs from it in what
// they do not look at, or are led by a part of the request that is none of their business.
func sameFaults() []Fault {
	anyone := ids("auth.required", "refusal.status-auth", "refusal.challenge", "refusal.no-action", "state.isolated")
	mixed := ids("action.sha1", "action.id", "action.file-id", "action.type", "action.comment-intact")
	whole := func(q *asked) string { return q.URL.Path + "\n" + string(q.body) }
	field := func(name string) func(*asked) string {
		return func(q *asked) string { return q.Header.Get(name) }
	}
	skips := func(name string) wrap {
		return excuse(http.StatusUnauthorized, func(q *asked) bool {
			return len(q.Header.Values(name)) > 0 && trusts(q)
		})
	}
	faults := []Fault{
		{Name: "replays-body-to-anyone", Says: "gives the answer to an accepted request again to everyone who " +
			"sends the same body to the same path", Breaks: anyone, Phase: Coverage,
			Wrap: replay(whole, http.StatusCreated)},
		{Name: "replays-refused-body", Says: "gives the answer to any request again to everyone who sends the " +
			"same body to the same path with the same credentials", Breaks: ids("state.isolated"),
			Phase: Coverage,
			Wrap:  replay(func(q *asked) string { return whole(q) + q.Header.Get("Authorization") }, 0)},
		{Name: "replays-by-request-id", Says: "gives the answer to an accepted request again to the next with its " +
			"X-Request-Id", Breaks: append(mixed, anyone...), Phase: Coverage,
			Wrap: replay(field("X-Request-Id"), http.StatusCreated)},
		{Name: "replays-by-trace", Says: "gives the answer to an accepted request again to the next of its trace",
			Breaks: append(mixed, anyone...), Phase: Coverage, Wrap: replay(field("Traceparent"), http.StatusCreated)},
		{Name: "replays-by-key-alone", Says: "gives the answer to an accepted request again to the next with its " +
			"Idempotency-Key, of any user and for any file", Breaks: append(mixed, anyone...), Phase: Coverage,
			Wrap: replay(field("Idempotency-Key"), http.StatusCreated)},
		{Name: "lets-in-second-attempt", Says: "accepts a request without Authorization that it has refused before",
			Breaks: anyone, Phase: Coverage, Wrap: letInAgain},
		{Name: "trusts-connection-of-options", Says: "accepts requests without Authorization on a connection " +
			"that has carried an OPTIONS", Breaks: anyone, Phase: Coverage, Wrap: trustAfterOptions},
		{Name: "acts-on-preflight", Says: "takes the OPTIONS of a browser that asks whether it may send a POST " +
			"for that POST, and asks for no Authorization", Breaks: ids("refusal.method"), Phase: Coverage,
			Wrap: between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				if q.Method == http.MethodOptions && q.Header.Get("Access-Control-Request-Method") == http.MethodPost {
					asPost(q)
					trusts(q)
				}
				q.serve(h).write(w)
			})},
		{Name: "denies-post-in-preflight", Says: "answers the OPTIONS of a browser 200, with an Allow that lacks POST",
			Breaks: ids("http.fields-true"), Phase: Coverage,
			Wrap: between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				if q.Method == http.MethodOptions && q.Header.Get("Access-Control-Request-Method") != "" {
					w.Header().Set("Allow", "GET, OPTIONS")
					w.WriteHeader(http.StatusOK)
					return
				}
				q.serve(h).write(w)
			})},
		{Name: "acts-on-options", Says: "takes OPTIONS with the body of a valid request for POST",
			Breaks: ids("refusal.method"), Phase: Coverage,
			Wrap: between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				if q.Method == http.MethodOptions && len(q.body) > 0 {
					asPost(q)
				}
				q.serve(h).write(w)
			})},
		{Name: "acts-on-query-of-get", Says: "takes a GET with the members in its query for a POST",
			Breaks: ids("refusal.method", "refusal.no-action"), Phase: Coverage,
			Wrap: excuse(http.StatusMethodNotAllowed, func(q *asked) bool {
				if q.Method != http.MethodGet || !fromQuery(q, "Comment", "Sha1") {
					return false
				}
				asPost(q)
				return true
			})},
		{Name: "prefers-query-to-body", Says: "takes the Sha1 of the query in place of that of the body",
			Breaks: ids("action.sha1", "action.file-id", "state.isolated"), Phase: Coverage,
			Wrap: between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				if hash := q.URL.Query().Get("Sha1"); len(hash) == 40 && q.Method == http.MethodPost {
					o, _ := parseObject(q.body)
					if was, is := o.Get("Sha1").(string); is {
						q.body = []byte(strings.Replace(string(q.body), was, hash, 1))
					}
				}
				q.serve(h).write(w)
			})},
	}
	for _, name := range []string{"Max-Forwards", "Range", "CF-Connecting-IP", "Idempotency-Key", "X-Original-URL"} {
		faults = append(faults, Fault{Name: "trusts-with-" + strings.ToLower(name), Says: "accepts a request " +
			"without a valid token that has the field " + name,
			Breaks: append(ids("auth.bearer", "auth.token-known"), anyone...),
			Phase:  Coverage, Wrap: skips(name)})
	}
	return faults
}

// fromQuery makes the body of what the query says of these members, and reports whether it has all.
func fromQuery(q *asked, names ...string) bool {
	var out []string
	for _, name := range names {
		value := q.URL.Query().Get(name)
		if value == "" {
			return false
		}
		out = append(out, `"`+name+`": "`+value+`"`)
	}
	q.body = []byte("{" + strings.Join(out, ", ") + "}")
	return true
}

// replay gives the first answer with a status, 0 for any, to each further POST of the same key.
func replay(key func(*asked) string, status int) wrap {
	return func(h http.Handler) http.Handler {
		var known sync.Map
		return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			k := key(q)
			if q.Method != http.MethodPost || strings.TrimSpace(k) == "" {
				q.serve(h).write(w)
				return
			}
			if a, is := known.Load(k); is {
				again := *a.(*answer)
				again.header = again.header.Clone()
				again.write(w)
				return
			}
			a := q.serve(h)
			if status == 0 || a.status == status {
				kept := *a
				kept.header = a.header.Clone()
				known.Store(k, &kept)
			}
			a.write(w)
		})(h)
	}
}

// letInAgain accepts what it refused once for the lack of Authorization.
func letInAgain(h http.Handler) http.Handler {
	var known sync.Map
	return excuse(http.StatusUnauthorized, func(q *asked) bool {
		if len(q.Header.Values("Authorization")) > 0 {
			return false
		}
		_, is := known.LoadOrStore(q.URL.Path+string(q.body), true)
		return is && trusts(q)
	})(h)
}

// trustAfterOptions accepts requests without Authorization on connections that carried OPTIONS.
func trustAfterOptions(h http.Handler) http.Handler {
	var known sync.Map
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		if q.Method == http.MethodOptions {
			known.Store(q.RemoteAddr, true)
		}
		if _, is := known.Load(q.RemoteAddr); is && len(q.Header.Values("Authorization")) == 0 {
			trusts(q)
		}
		q.serve(h).write(w)
	})(h)
}

// limitFaults are faults of what a server answers when it limits the rate of requests, which it may.
func limitFaults() []Fault {
	limits := func(then effect) wrap {
		return onCount(func(n int, a *answer, q *asked) {
			if n%40 == 0 {
				then(a, q)
			}
		})
	}
	return []Fault{
		{Name: "limits-with-retry-in-words", Says: "answers 429 to some requests, and writes the seconds in " +
			"words into Retry-After", Breaks: ids("http.fields"), Wrap: limits(func(a *answer, q *asked) {
			refuse(http.StatusTooManyRequests)(a, q)
			a.header.Set("Retry-After", "8 seconds")
		})},
		{Name: "limits-and-repeats-token", Says: "answers 429 to some requests, and repeats their token",
			Breaks: ids("error.inside", "response.no-token"), Wrap: limits(func(a *answer, q *asked) {
				refuse(http.StatusTooManyRequests)(a, q)
				a.header.Set("X-Limited", q.Header.Get("Authorization"))
			})},
	}
}

// untrueFaults write into fields of the answer, by their grammar, what is not so.
func untrueFaults() []Fault {
	untrue := ids("http.fields-true")
	header := func(name string, value func() string) effect {
		return func(a *answer, _ *asked) { a.header.Set(name, value()) }
	}
	fixed := func(value string) func() string { return func() string { return value } }
	faults := []Fault{}
	for _, row := range []struct {
		name, says, field string
		value             func() string
	}{
		{"changes-in-future", "gives for Last-Modified a time that is to come", "Last-Modified",
			func() string { return time.Now().Add(time.Hour).UTC().Format(http.TimeFormat) }},
		{"sends-age-of-stored-answer", "says by Age that a cache has kept the answer for ten minutes", "Age",
			fixed("600")},
		{"locates-other-action", "names another action in Location", "Location",
			fixed("/testwdatppreview/FileMachineActions('6f1d364c-680c-499a-b30c-dd9265ad4c9d')")},
		{"locates-content-elsewhere", "names another action in Content-Location", "Content-Location",
			fixed("https://graph.microsoft.com/testwdatppreview/filemachineactions/" +
				"6f1d364c-680c-499a-b30c-dd9265ad4c9d")},
		{"allows-get-alone", "says in Allow of a 201 that there is GET alone", "Allow", fixed("GET, HEAD")},
		{"digests-nothing", "gives in Content-Digest the digest of no body", "Content-Digest",
			fixed("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")},
		{"digests-other-representation", "gives in Repr-Digest the digest of something else", "Repr-Digest",
			fixed("sha-256=:AAAAQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")},
		{"sums-nothing", "gives in Content-MD5 the sum of no body", "Content-MD5", fixed("1B2M2Y8AsgTpgAmY7PhCfg==")},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: untrue,
			Wrap: onAccepted(header(row.field, row.value))})
	}
	return append(faults,
		Fault{Name: "locates-file", Says: "names the file in Location, in the place of the action", Breaks: untrue,
			Wrap: onAccepted(func(a *answer, _ *asked) {
				o, _ := parseObject(a.body)
				sha1, _ := o.Get("sha1").(string)
				a.header.Set("Location", "/testwdatppreview/filemachineactions/"+sha1)
			})},
		Fault{Name: "digests-refusals-wrongly", Says: "gives in Digest of a refusal the sum of no body", Breaks: untrue,
			Wrap: onRefused(header("Digest", fixed("SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")))},
	)
}
