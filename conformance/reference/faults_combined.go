package reference

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"unicode/utf16"
)

// combinedFaults show only where two violations stand in one request, where a violation follows
// an accepted request with the same texts, or where more machines than two are compared.
func combinedFaults() []Fault {
	server := ids("refusal.no-server-error")
	machines := ids("action.machine-differs", "action.machine-id")
	needed := ids("request.comment-required", "request.comment-string", "refusal.status-body", "refusal.no-action",
		"state.isolated")
	anyone := ids("auth.required", "refusal.status-auth", "refusal.challenge", "refusal.no-action", "state.isolated")
	bad := func(conditions ...condition) wrap {
		when := both(conditions...)
		return onRefused(func(a *answer, q *asked) {
			if when(q) {
				crash(a, q)
			}
		})
	}
	return []Fault{
		{Name: "maps-machine-by-first-31-digits",
			Says:   "takes machines whose ids begin with the same 31 digits for one",
			Breaks: machines, Phase: Coverage,
			Wrap: keepFirstOf(func(q *asked) string { return machineOf(q)[:min(31, len(machineOf(q)))] }, "machineId")},
		{Name: "maps-machine-by-last-8-digits", Says: "takes machines whose ids end in the same 8 digits for one",
			Breaks: machines, Phase: Coverage,
			Wrap: keepFirstOf(func(q *asked) string { return machineOf(q)[max(0, len(machineOf(q))-8):] },
				"machineId")},
		{Name: "maps-machine-by-sum", Says: "takes machines whose ids have the same digits in another order for one",
			Breaks: machines, Phase: Coverage, Wrap: keepFirstOf(digitsOf, "machineId")},
		{Name: "maps-machine-without-zeros",
			Says:   "takes machines whose ids differ in zeros at their beginning for one",
			Breaks: machines, Phase: Coverage,
			Wrap: keepFirstOf(func(q *asked) string { return strings.TrimLeft(machineOf(q), "0") }, "machineId")},
		{Name: "keeps-comment-for-null",
			Says:   "takes the Comment of the last request of the connection where it is null",
			Breaks: needed, Phase: Coverage, Wrap: keepsFor(kindIs("Comment", "null"), connectionOf)},
		{Name: "keeps-comment-of-file-for-number",
			Says: "takes the Comment of the last request for the file where it " +
				"is a number", Breaks: needed, Phase: Coverage, Wrap: keepsFor(kindIs("Comment", "number"), fileOf)},
		{Name: "keeps-comment-of-other-operation", Says: "accepts a body without Comment for a file that another " +
			"operation has accepted", Breaks: needed, Phase: Coverage, Wrap: behindOperation(
			http.StatusCreated, func(q *asked, a *answer, h http.Handler) *answer {
				if a.status != http.StatusBadRequest || !kindIs("Comment", "missing")(q) {
					return a
				}
				mendBody(q)
				return q.serve(h)
			})},
		{Name: "cuts-sha1-to-known", Says: "accepts a Sha1 that begins with one that it knows", Phase: Coverage,
			Breaks: ids("request.sha1-format", "refusal.status-body", "refusal.no-action", "state.isolated"),
			Wrap: keepsFor(both(kindIs("Sha1", "string"), not(sha1Like(`^[0-9a-fA-F]{40}$`))),
				func(q *asked) string { return fileOf(q)[:min(40, len(fileOf(q)))] })},
		{Name: "accepts-refused-body-again", Says: "accepts a body that it has refused before", Phase: Coverage,
			Breaks: append(ids("request.comment-blank", "request.sha1-required",
				"request.sha1-format"), needed...), Wrap: secondAttempt},
		{Name: "lets-in-behind-other-operation", Says: "accepts a request without Authorization for a file that " +
			"another operation has accepted", Breaks: anyone, Phase: Coverage, Wrap: behindOperation(
			http.StatusCreated, func(q *asked, a *answer, h http.Handler) *answer {
				if a.status != http.StatusUnauthorized || len(q.Header.Values("Authorization")) > 0 {
					return a
				}
				trusts(q)
				return q.serve(h)
			})},
		{Name: "refuses-file-refused-elsewhere", Says: "answers 400 to a good request for a file of which another " +
			"operation has refused a request", Breaks: ids("state.isolated"), Phase: Coverage, Wrap: behindOperation(
			http.StatusBadRequest, func(q *asked, a *answer, _ http.Handler) *answer {
				if a.status == http.StatusCreated {
					refuse(http.StatusBadRequest)(a, q)
				}
				return a
			})},

		{Name: "accepts-null-next-to-number", Says: "accepts a body whose Comment is null and whose Sha1 is a number",
			Breaks: ids("request.comment-string", "request.sha1-string", "refusal.status-body", "refusal.no-action"),
			Phase:  Coverage, Wrap: acceptsBad(kindIs("Comment", "null"), kindIs("Sha1", "number"))},
		{Name: "accepts-number-without-sha1", Says: "accepts a body whose Comment is a number and that has no Sha1",
			Breaks: ids("request.comment-string", "request.sha1-required", "refusal.status-body", "refusal.no-action"),
			Phase:  Coverage, Wrap: acceptsBad(kindIs("Comment", "number"), kindIs("Sha1", "missing"))},
		{Name: "crashes-on-bad-sha1-without-comment", Says: "answers 500 to a body without Comment whose Sha1 has 39 " +
			"digits",
			Breaks: append(server, "refusal.status-body"), Phase: Coverage, Wrap: bad(kindIs("Comment", "missing"),
				sha1Like(`^[0-9a-f]{39}$`))},
		{Name: "crashes-on-bad-json-of-anyone", Says: "answers 500 to a body that is cut off in a request without " +
			"Authorization", Breaks: ids("refusal.no-server-error", "refusal.status-auth", "auth.required"),
			Phase: Coverage,
			Wrap:  bad(without("Authorization"), bodyLike(`^\{[^}]*$`))},
		{Name: "challenges-no-bad-body", Says: "leaves WWW-Authenticate out of the 401 to a body without Comment",
			Breaks: ids("refusal.status-auth", "refusal.challenge"), Phase: Coverage,
			Wrap: onRefused(func(a *answer, q *asked) {
				if kindIs("Comment", "missing")(q) {
					a.header.Del("Www-Authenticate")
				}
			}, http.StatusUnauthorized)},
		{Name: "crashes-on-blank-comment-of-reader", Says: "answers 500 to a blank Comment of a user without the role",
			Breaks: ids("refusal.no-server-error", "refusal.status-role", "auth.role"), Phase: Coverage,
			Wrap: onRefused(func(a *answer, q *asked) {
				if commentLike(`^\s*$`)(q) {
					crash(a, q)
				}
			}, http.StatusForbidden)},
		{Name: "accepts-null-without-media-type", Says: "accepts a Comment that is null where the request has no " +
			"Content-Type", Breaks: ids("request.comment-string", "refusal.status-body", "refusal.no-action"),
			Phase: Coverage, Wrap: acceptsBad(without("Content-Type"), kindIs("Comment", "null"))},
		{Name: "looks-at-first-64k", Says: "accepts a Sha1 of 39 digits behind 64 KiB of blanks or of other members",
			Breaks: ids("request.sha1-format", "refusal.status-body", "refusal.no-action"), Phase: Coverage,
			Wrap: acceptsBad(bodyBytes(1<<16, maxBody), sha1Like(`^[0-9a-f]{39}$`))},
		{Name: "unwraps-data", Says: "takes the members of the member data for those of the body",
			Breaks: ids("request.comment-required", "request.sha1-required", "refusal.status-body",
				"refusal.no-action"),
			Phase: Coverage, Wrap: acceptsBad(furtherName("data"), kindIs("Sha1", "missing"))},
		{Name: "crashes-on-spaces-alone", Says: "answers 500 to a Comment of spaces beyond ASCII alone",
			Breaks: server, Phase: Coverage, Wrap: onRefused(func(a *answer, q *asked) {
				if comment(func(s string) bool {
					return strings.TrimSpace(s) == "" && strings.Trim(s, " \t\r\n\v\f") != ""
				})(q) {
					crash(a, q)
				}
			})},
		{Name: "crashes-on-marks-not-seen-alone", Says: "answers 500 to a Comment of which nothing is seen",
			Breaks: ids("refusal.no-server-error", "response.created"), Phase: Coverage,
			Wrap: onAccepted(func(a *answer,
				q *asked) {
				if commentLike(`^[\x{200b}-\x{200f}\x{2060}\x{feff}\x{ad}\x{61c}\x{180e}\x{202e}\x{e0020}]+$`)(q) {
					crash(a, q)
				}
			})},
		{Name: "cuts-pair-at-128-units",
			Says:   "cuts a longer Comment behind 128 units of UTF-16, which may be half a pair",
			Breaks: ids("action.comment-intact", "response.json", "json.encoding"), Phase: Coverage,
			Wrap: onAccepted(func(a *answer, q *asked) {
				if cut := cutUnits(memberText(q, "Comment"), 128); strings.HasSuffix(cut, "\uFFFD") {
					a.edit(set("requestorComment", cut))
				}
			})},
		{Name: "answers-null-for-none", Says: "gives null for a Comment that is the word None", Phase: Coverage,
			Breaks: ids("action.types"), Wrap: onAccepted(func(a *answer, q *asked) {
				if memberText(q, "Comment") == "None" {
					a.edit(set("requestorComment", nil))
				}
			})},
	}
}

// cutUnits returns the first units of a text in UTF-16.
func cutUnits(text string, n int) string {
	units := utf16.Encode([]rune(text))
	return string(utf16.Decode(units[:min(n, len(units))]))
}

// digitsOf is how often the id of the machine has each digit.
func digitsOf(q *asked) string {
	var out []byte
	for _, digit := range []byte("0123456789abcdef") {
		out = append(out, byte(strings.Count(machineOf(q), string(digit))), digit)
	}
	return string(out)
}

func connectionOf(q *asked) string { return q.RemoteAddr }

// kindIs reports whether a member of the body is of a kind: missing, null, number or string.
func kindIs(name, kind string) condition {
	value := regexp.MustCompile(`"` + name + `"\s*:\s*(null|"|-?[0-9])`)
	return func(q *asked) bool {
		o, err := parseObject(q.body)
		if err != nil {
			return false
		}
		for _, m := range o {
			if m.Name != name {
				continue
			}
			found := value.FindSubmatch(q.body)
			if found == nil {
				return false
			}
			switch string(found[1]) {
			case "null":
				return kind == "null"
			case `"`:
				return kind == "string"
			}
			return kind == "number"
		}
		return kind == "missing"
	}
}

// mendBody makes the body of a request a valid one, which keeps a valid Sha1.
func mendBody(q *asked) bool {
	hash := fileOf(q)
	if len(hash) < 40 || !isHex(hash[:40]) {
		hash = strings.Repeat("0a", 20)
	}
	q.body = Object{{"Comment", "none"}, {"Sha1", hash[:40]}}.JSON()
	q.Header.Set("Content-Type", "application/json")
	return true
}

// acceptsBad answers a body for which all conditions hold as if it were valid.
func acceptsBad(conditions ...condition) wrap {
	when := both(conditions...)
	return excuse(http.StatusBadRequest, func(q *asked) bool { return when(q) && mendBody(q) })
}

// keepsFor answers a bad body for which the condition holds as if it were valid, where an accepted
// request had the same key.
func keepsFor(when condition, key func(*asked) string) wrap {
	return func(h http.Handler) http.Handler {
		var known sync.Map
		return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			a := q.serve(h)
			switch k := key(q); a.status {
			case http.StatusCreated:
				known.Store(k, true)
			case http.StatusBadRequest:
				if _, is := known.Load(k); is && when(q) && mendBody(q) {
					a = q.serve(h)
				}
			}
			a.write(w)
		})(h)
	}
}

// secondAttempt accepts an object that was refused before.
func secondAttempt(h http.Handler) http.Handler {
	var known sync.Map
	return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
		a := q.serve(h)
		if a.status == http.StatusBadRequest && bytes.HasPrefix(bytes.TrimSpace(q.body), []byte("{")) {
			if _, again := known.LoadOrStore(q.URL.Path+string(q.body), true); again && mendBody(q) {
				a = q.serve(h)
			}
		}
		a.write(w)
	})(h)
}

// behindOperation changes the answer to a request for a file for which another operation gave an
// answer with the status.
func behindOperation(status int, change func(*asked, *answer, http.Handler) *answer) wrap {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		operations := map[string]map[string]bool{}
		return between(func(w http.ResponseWriter, q *asked, h http.Handler) {
			a, key, own := q.serve(h), machineOf(q)+fileOf(q), q.operationOf()
			mu.Lock()
			known := operations[key]
			behind := len(known) > 0 && !known[own] && fileOf(q) != ""
			if a.status == status {
				if known == nil {
					known = map[string]bool{}
					operations[key] = known
				}
				known[own] = true
			}
			mu.Unlock()
			if behind {
				a = change(q, a, h)
			}
			a.write(w)
		})(h)
	}
}
