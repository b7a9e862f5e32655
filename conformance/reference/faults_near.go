package reference

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// nearConditionals fail on what is next to what other faults fail on: another length, another
// make-up of a hash, other words.
func nearConditionals() []conditional {
	return []conditional{
		{name: "crashes-on-box-drawing", says: "answers 500 to a character that draws boxes", breaks: breaksForms,
			phase: Coverage, when: commentLike(`[\x{2500}-\x{257f}]`), then: crash},
		{name: "refuses-unseen-fillers", says: "does not take characters of Korean that fill a place",
			breaks: breaksForms,
			phase:  Coverage, when: commentLike(`[\x{115f}\x{3164}\x{ffa0}]`), then: refuse(400)},
		{name: "crashes-on-emoji-alone", says: "answers 500 to a Comment of emoji alone", breaks: breaksForms,
			phase: Coverage, when: commentLike(`^[\x{1f300}-\x{1faff}]+$`), then: crash},
		{name: "refuses-two-scripts-in-a-word", says: "does not take letters of Latin and Cyrillic next to each other",
			breaks: breaksForms, phase: Coverage, when: commentLike(`\p{Latin}\p{Cyrillic}|\p{Cyrillic}\p{Latin}`),
			then: refuse(400)},
		{name: "forbids-card-numbers", says: "does not take what looks like the number of a card", breaks: breaksWords,
			phase: Coverage, when: commentLike(`(?:\d{4} ){3}\d{4}`), then: refuse(403)},
		{name: "takes-status-from-comment", says: "gives an unknown status where the Comment is the name of one",
			breaks: ids("action.status"), phase: Coverage, when: commentLike(`^(?:Pending|Failed)$`),
			then: edits(set("status", "Requested"))},
		{name: "refuses-capitals-alone", says: "does not take a Comment in capitals", breaks: breaksWords,
			phase: Coverage, when: commentLike(`^[A-Z ]{8,}$`), then: refuse(400)},
		{name: "crashes-on-sha1-of-capital-letters", says: "answers 500 to a Sha1 of capital letters alone",
			breaks: breaksHash, phase: Coverage, when: sha1Like(`^[A-F]{40}$`), then: crash},
		{name: "crashes-on-first-capital-in-sha1", says: "answers 500 to a Sha1 whose first digit alone is a capital",
			breaks: breaksHash, phase: Coverage, when: sha1Like(`^[A-F][0-9a-f]{39}$`), then: crash},
		{name: "forbids-sha1-of-test-virus", says: "does not take the Sha1 of the file that scanners take for a virus",
			breaks: breaksHash, phase: Coverage, when: sha1Like(`(?i)^3395856ce81f2b7382dee72602f798b642f14140$`),
			then: refuse(403)},
		{name: "crashes-on-mirrored-sha1", says: "answers 500 to a Sha1 that is the same from its end",
			breaks: breaksHash, phase: Coverage, when: mirrored, then: crash},
		{name: "trims-line-end-of-sha1", says: "leaves 0a at the end of sha1 out",
			breaks: ids("action.sha1", "action.file-id"), phase: Coverage, when: sha1Like(`0a$`),
			then: edits(alterText("sha1", func(s string) string { return strings.TrimSuffix(s, "0a") }))},
		{name: "crashes-on-turkish", says: "answers 500 to who prefers Turkish", breaks: breaksHTTP, phase: Coverage,
			when: field("Accept-Language", `^tr`), then: crash},
		{name: "crashes-on-callback-in-query", says: "answers 500 to a query that names a callback",
			breaks: breaksEither,
			phase:  Coverage, when: inQuery(`(?:^|&)callback=`), then: crash},
		{name: "crashes-on-query-not-in-utf-8", says: "answers 500 to a query that is no UTF-8", breaks: breaksEither,
			phase: Coverage, when: inQuery(`%F[EF]`), then: crash},
		{name: "takes-sha1-from-query", says: "acts on the file of the query where it names one",
			breaks: ids("action.sha1", "action.file-id"), phase: Coverage, when: inQuery(`(?:^|&)Sha1=`),
			then: edits(set("sha1", strings.Repeat("0f", 20)))},
		{name: "crashes-on-broken-parameters", says: "answers 500 to a media type with a parameter without a value",
			breaks: breaksEither, phase: Coverage, when: field("Content-Type", `charset=;`), then: crash},
	}
}

// mirrored holds where Sha1 is the same from its end.
func mirrored(q *asked) bool {
	s := []byte(memberText(q, "Sha1"))
	t := slices.Clone(s)
	slices.Reverse(t)
	return len(s) > 0 && string(s) == string(t)
}

// inQuery holds for a request whose query matches.
func inQuery(expr string) condition {
	re := regexp.MustCompile(expr)
	return func(q *asked) bool { return queried(q) && re.MatchString(q.URL.RawQuery) }
}

// nearFaults accept or refuse what is next to what other faults do.
func nearFaults() (faults []Fault) {
	known := ids("auth.token-known", "refusal.status-auth", "refusal.no-action")
	scheme := ids("auth.bearer", "refusal.status-auth", "refusal.no-action")
	required := ids("auth.required", "refusal.status-auth", "refusal.no-action")
	role := ids("auth.role", "refusal.status-role", "refusal.no-action")
	decoded := func(decode func(string) ([]byte, error)) func(string) []string {
		return func(value string) []string {
			token, sent := bearer([]string{value})
			if text, err := decode(token); sent && err == nil && len(text) > 0 {
				return []string{"Bearer " + string(text)}
			}
			return nil
		}
	}
	for _, row := range []struct {
		name, says string
		breaks     []string
		near       func(value string) []string
	}{
		{"takes-token-in-base64", "accepts a token in base64", known, decoded(base64.StdEncoding.DecodeString)},
		{"takes-token-in-hexadecimal", "accepts a token in hexadecimal digits", known, decoded(hex.DecodeString)},
		{"takes-token-from-its-end", "accepts a token that is turned round", known, decoded(func(s string) ([]byte,
			error) {
			out := []byte(s)
			slices.Reverse(out)
			return out, nil
		})},
		{"takes-token-with-neighbours-exchanged", "compares the sums of tokens", known,
			func(value string) (out []string) {
				token, _ := bearer([]string{value})
				for i := range max(len(token)-1, 0) {
					out = append(out, "Bearer "+token[:i]+token[i+1:i+2]+token[i:i+1]+token[i+2:])
				}
				return out
			}},
		{"takes-token-in-single-quotes", "accepts a token in single quotes", known,
			replaceToken(`^Bearer '(.+)'$`, "Bearer $1")},
		{"takes-token-in-angles", "accepts a token in angle brackets", known, replaceToken(`^Bearer <(.+)>$`,
			"Bearer $1")},
		{"takes-token-before-semicolon", "accepts a token with a semicolon and more behind it", known,
			replaceToken(`^Bearer ([^;]+);.*$`, "Bearer $1")},
		{"takes-token-before-hash-sign", "accepts a token with a hash sign and more behind it", known,
			replaceToken(`^Bearer ([^#]+)#.*$`, "Bearer $1")},
		{"takes-named-token", "accepts token= before the token", known, replaceToken(`^Bearer token=([^"].*)$`,
			"Bearer $1")},
		{"takes-token-under-digest", "accepts a token under the scheme Digest", scheme,
			replaceToken(`^Digest (.+)$`, "Bearer $1")},
		{"takes-token-under-dpop", "accepts a token under the scheme DPoP", scheme, replaceToken(`^DPoP (.+)$`,
			"Bearer $1")},
		{"takes-escaped-blank-behind-scheme", "accepts an escape for the blank behind the scheme", scheme,
			replaceToken(`^Bearer%20(.+)$`, "Bearer $1")},
		{"takes-credentials-in-quotes", "accepts credentials in quotes as a whole", scheme,
			replaceToken(`^"(Bearer .+)"$`, "$1")},
		{"takes-second-scheme", "accepts the second of two credentials in one field", scheme,
			replaceToken(`^Basic .+, (Bearer .+)$`, "$1")},
		{"takes-token-as-user", "accepts a token as the user of the scheme Basic", scheme, func(value string) []string {
			text, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(value, "Basic "))
			if token, ends := strings.CutSuffix(string(text), ":"); err == nil && ends {
				return []string{"Bearer " + token}
			}
			return nil
		}},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks, Phase: Coverage,
			Wrap: excuseToken(row.near)})
	}
	for _, row := range []struct{ name, field string }{
		{"takes-forwarded-authorization", "X-Forwarded-Authorization"}, {"takes-x-token", "X-Token"},
		{"takes-word-of-x-user", "X-User"}, {"takes-debug-field", "X-Debug"},
	} {
		faults = append(faults, Fault{Name: row.name,
			Says:   "accepts a request without Authorization that has " + row.field,
			Breaks: required, Phase: Coverage, Wrap: excuseField(row.field)})
	}
	excused := func(status int, when condition) wrap {
		return excuse(status, func(q *asked) bool {
			yes := when(q)
			q.Request = trust(q.Request)
			return yes
		})
	}
	unnamed := func(q *asked) bool { return len(q.Header.Values("Authorization")) == 0 }
	challenged := func(when condition) wrap {
		return rewrite(func(a *answer, q *asked) {
			if a.status == http.StatusUnauthorized && when(q) {
				a.header.Del("WWW-Authenticate")
			}
		})
	}
	crashed := func(when condition) wrap {
		return rewrite(func(a *answer, q *asked) {
			if when(q) {
				crash(a, q)
			}
		})
	}
	faults = append(faults,
		Fault{Name: "takes-jwt-in-query", Says: "accepts a request without Authorization whose query has jwt",
			Breaks: required, Phase: Coverage,
			Wrap: excused(http.StatusUnauthorized, both(unnamed, inQuery(`(?:^|&)jwt=`)))},
		Fault{Name: "takes-whole-url-without-role", Says: "does not look for the role where the target is a whole URL",
			Breaks: role, Phase: Coverage,
			Wrap: excused(http.StatusForbidden, func(q *asked) bool { return q.URL.IsAbs() })},
		Fault{Name: "takes-two-blanks-without-role",
			Says:   "does not look for the role where two blanks are behind the scheme",
			Breaks: role, Phase: Coverage,
			Wrap: excused(http.StatusForbidden, field("Authorization", `^Bearer {2}`))},
		Fault{Name: "challenges-no-script", Says: "leaves WWW-Authenticate out where a script asks",
			Breaks: ids("refusal.status-auth"), Phase: Coverage, Wrap: challenged(field("X-Requested-With", "."))},
		Fault{Name: "challenges-no-get", Says: "answers 401 to GET without WWW-Authenticate",
			Breaks: ids("refusal.status-auth"), Phase: Coverage,
			Wrap: rewrite(func(a *answer, q *asked) {
				if q.Method == http.MethodGet && unnamed(q) {
					a.replace(unauthorized("").answer())
					a.header.Del("WWW-Authenticate")
				}
			})},
		Fault{Name: "crashes-on-deflate", Says: "answers 500 to a body that is said to be in deflate",
			Breaks: ids("refusal.no-server-error"), Phase: Coverage, Wrap: crashed(field("Content-Encoding",
				`^deflate$`))},
		Fault{Name: "crashes-on-format-in-path", Says: "answers 500 to a path that ends in .json",
			Breaks: ids("refusal.no-server-error"), Phase: Coverage,
			Wrap: crashed(func(q *asked) bool { return strings.HasSuffix(q.URL.Path, ".json") })},
		Fault{Name: "crashes-on-20th-of-connection", Says: "answers 500 to the twentieth request of a connection",
			Breaks: ids("state.isolated", "response.created"), Phase: Coverage,
			Wrap: nthOfConnection(20, func(*asked) bool { return true }, crash)},
		Fault{Name: "keeps-file-of-refused-caller", Phase: Coverage,
			Says:   "answers 409 to a valid request for a file that was asked for without Authorization before",
			Breaks: ids("state.isolated", "response.created"),
			Wrap: remembering(func(past map[string]int, q *asked, a *answer) bool {
				file := strings.ToLower(memberText(q, "Sha1"))
				if a.status == http.StatusUnauthorized && file != "" && unnamed(q) {
					past[file] = 1
					return false
				}
				return past[file] > 0
			}, refuse(http.StatusConflict))},
	)
	for _, row := range []struct {
		name, says string
		means      func(action, named string) bool
	}{
		{"serves-action-with-argument", "leaves parentheses behind the action out",
			func(action, named string) bool { return named == action+"(1)" }},
		{"serves-action-before-nul", "takes the action to end at NUL",
			func(action, named string) bool { return named == action+"\x00" }},
		{"serves-action-before-escaped-mark", "takes an escaped question mark for the beginning of the query",
			func(action, named string) bool { return strings.HasPrefix(named, action+"?") }},
		{"serves-action-with-hyphens", "takes the words of the action between hyphens", func(action,
			named string) bool {
			return strings.Contains(named, "-") && strings.EqualFold(strings.ReplaceAll(named, "-", ""), action)
		}},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("path.exact"), Phase: Coverage,
			Wrap: servedAt(func(q *asked) string { return pathMeaning(q, row.means) })})
	}
	for _, row := range []struct {
		name, says string
		before     func(*asked, *answer) bool
	}{
		{"crashes-behind-401", "one that was answered 401",
			func(_ *asked, a *answer) bool { return a.status == http.StatusUnauthorized }},
		{"crashes-behind-403", "one that was answered 403",
			func(_ *asked, a *answer) bool { return a.status == http.StatusForbidden }},
		{"crashes-behind-415", "one that was answered 415",
			func(_ *asked, a *answer) bool { return a.status == http.StatusUnsupportedMediaType }},
		{"crashes-behind-query", "one that had a query", func(q *asked, _ *answer) bool { return queried(q) }},
		{"crashes-behind-whole-url", "one whose target was a whole URL",
			func(q *asked, _ *answer) bool { return q.URL.IsAbs() }},
	} {
		faults = append(faults, behindFault(row.name, row.says, row.before))
	}
	return faults
}
