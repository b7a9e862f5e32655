package reference

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
)

// alikeFaults are about what is equal to one part of a server and not to the client: texts that a database keeps once,
// names in an object inside the body, and tokens and fields with which a service is set up for its tests.
func alikeFaults() []Fault {
	intact := ids("action.comment-intact", "state.isolated")
	known := ids("auth.token-known", "refusal.status-auth", "refusal.no-action")
	required := ids("auth.required", "refusal.status-auth", "refusal.no-action")
	role := ids("auth.role", "refusal.status-role", "refusal.no-action")
	var faults []Fault
	for _, row := range []struct {
		name, says string
		key        func(string) string
	}{
		{"keeps-comments-once-without-accents", "regardless of accents",
			strings.NewReplacer("é", "e", "ü", "u", "ö", "o", "ä", "a", "à", "a").Replace},
		{"keeps-comments-once-by-sharp-s", "and takes ß for ss", strings.NewReplacer("ß", "ss").Replace},
		{"keeps-comments-once-beyond-bmp", "and takes all that UTF-16 needs two units for as one", eachRune(
			func(r rune) rune {
				if r > 0xffff {
					return '?'
				}
				return r
			})},
		{"keeps-comments-once-of-any-width", "regardless of the width of letters", eachRune(func(r rune) rune {
			if r >= '！' && r <= '～' {
				return r - '！' + '!'
			}
			return r
		})},
		{"keeps-comments-once-of-any-kana", "and takes katakana for hiragana", eachRune(func(r rune) rune {
			if r >= 'ァ' && r <= 'ヶ' {
				return r - 'ァ' + 'ぁ'
			}
			return r
		})},
		{"keeps-comments-once-by-hash", "and finds them by the hash of Java's strings", javaHash},
		{"keeps-comments-once-decoded", "and finds them with character references decoded",
			strings.NewReplacer("&amp;", "&").Replace},
	} {
		faults = append(faults, Fault{Name: row.name, Says: "keeps each comment once, " + row.says +
			", and gives back the first that it kept", Breaks: intact, Phase: Coverage, Wrap: keepOnce(row.key)})
	}
	for _, row := range []struct{ name, says, value string }{
		{"takes-token-of-tests", "the token debug", "Bearer debug"},
		{"takes-token-of-guests", "the token guest", "Bearer guest"},
	} {
		value := row.value
		faults = append(faults, Fault{Name: row.name, Says: "accepts " + row.says, Breaks: known, Phase: Coverage,
			Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
				return q.Header.Get("Authorization") == value && trusts(q)
			})})
	}
	for _, row := range []struct {
		name, says string
		spoil      func(string) string
	}{
		{"gives-instant-of-comment-in-utc", "turns a comment that is an instant of another zone to UTC",
			func(s string) string {
				if t, err := time.Parse(time.RFC3339, s); err == nil {
					return t.UTC().Format(time.RFC3339)
				}
				return s
			}},
		{"gives-instant-of-comment-with-zone", "adds a Z to a comment that is an instant of no zone",
			func(s string) string {
				if _, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
					return s + "Z"
				}
				return s
			}},
		{"halves-dollars-of-comment", "writes one dollar sign for two, as a replacement in JavaScript does",
			strings.NewReplacer("$$", "$").Replace},
		{"splits-pair-of-comment", "cuts a comment behind the 1,000th unit of UTF-16, and joins the parts as text",
			func(s string) string {
				if units := utf16.Encode([]rune(s)); len(units) > 1000 {
					return string(utf16.Decode(units[:1000])) + string(utf16.Decode(units[1000:]))
				}
				return s
			}},
		{"masks-card-number-of-comment", "puts asterisks in the place of a card number in the comment",
			rewritten(`(\d{4} ?){4}`, "****")},
		{"masks-address-of-comment", "puts asterisks in the place of a mail address in the comment",
			rewritten(`\S+@\S+`, "***@***")},
		{"cuts-comment-at-nul", "gives the comment back up to its first NUL, as a string of C ends there",
			func(s string) string { return s[:strings.IndexByte(s+"\x00", 0)] }},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: intact, Phase: Coverage,
			Wrap: onAction(alterText("requestorComment", row.spoil))})
	}
	return append(faults,
		Fault{Name: "sends-field-of-comment", Says: "writes the Comment into its head, so that a field behind a line " +
			"end in it is a field of the answer", Breaks: ids("response.media-type"), Phase: Coverage,
			Wrap: onAccepted(func(a *answer, q *asked) {
				o, _ := parseObject(q.body)
				text, _ := o.Get("Comment").(string)
				for _, line := range strings.Split(text, "\r\n")[1:] {
					if name, value, is := strings.Cut(line, ": "); is && strings.EqualFold(name, "Content-Type") {
						a.header.Set(name, value)
					}
				}
			})},
		Fault{Name: "takes-any-token-of-shared-key", Says: "accepts every token whose head names the algorithm HS256",
			Breaks: known, Phase: Coverage, Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
				return strings.HasPrefix(q.Header.Get("Authorization"), "Bearer eyJhbGciOiJIUzI1NiI") && trusts(q)
			})},
		Fault{Name: "takes-any-token-beyond-4096", Says: "accepts every token of more than 4,096 characters",
			Breaks: known, Phase: Coverage, Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
				return len(q.Header.Get("Authorization")) > 4096+len("Bearer ") && trusts(q)
			})},
		Fault{Name: "takes-word-of-gateway", Says: "accepts a request without Authorization that has " +
			"X-Consumer-Username", Breaks: required, Phase: Coverage, Wrap: excuseField("X-Consumer-Username")},
		Fault{Name: "asks-no-role-of-impersonated", Says: "does not ask for the role of a user who impersonates " +
			"another by Impersonate-User", Breaks: role, Phase: Coverage,
			Wrap: excuse(http.StatusForbidden, func(q *asked) bool {
				return q.Header.Get("Impersonate-User") != "" && trusts(q)
			})},
		Fault{Name: "reads-first-comment-of-body", Says: "gives back the first Comment that stands in the body, also " +
			"one inside another member", Breaks: intact, Phase: Coverage, Wrap: onAccepted(giveFirstComment())},
		Fault{Name: "refuses-escape-of-both-letter-cases", Says: "refuses an escape with hexadecimal digits in both " +
			"letter cases", Breaks: breaksForms, Phase: Coverage, Wrap: refuseIf(refusal{status: 400, code: "Refused"},
			mixedEscape())},
		Fault{Name: "crashes-on-escape-across-64k", Says: "crashes where an escape lies across the 65,536th byte of " +
			"the body", Breaks: breaksForms, Phase: Coverage, Wrap: onAccepted(func(a *answer, q *asked) {
			const at = 1 << 16
			if len(q.body) > at+5 && strings.Contains(string(q.body[at-5:at]), `\u`) {
				crash(a, q)
			}
		})},
		Fault{Name: "refuses-plus-in-exponent", Says: "refuses a number with a plus sign behind a small e",
			Breaks: ids("request.extra-members", "response.created"), Phase: Coverage,
			Wrap: refuseIf(refusal{status: 400, code: "Refused"}, bodyLike(`[0-9]e\+`))},
		Fault{Name: "refuses-hyphen-in-name", Says: "refuses a further member with a hyphen in its name",
			Breaks: ids("request.extra-members", "response.created"), Phase: Coverage,
			Wrap: refuseIf(refusal{status: 400, code: "Refused"}, bodyLike(`"[A-Za-z.]*-[A-Za-z.:-]*":`))},
	)
}

// keepOnce keeps each comment under a key, and gives back what is kept.
func keepOnce(key func(string) string) wrap {
	return func(h http.Handler) http.Handler {
		var kept sync.Map
		return onAction(alterText("requestorComment", func(s string) string {
			first, _ := kept.LoadOrStore(key(s), s)
			return first.(string)
		}))(h)
	}
}

// mixedEscape reports whether an escape of the body has letters of both cases for its digits.
func mixedEscape() condition {
	escape := regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	return func(q *asked) bool {
		return slices.ContainsFunc(escape.FindAllSubmatch(q.body, -1), func(m [][]byte) bool {
			return strings.ContainsAny(string(m[1]), "ABCDEF") && strings.ContainsAny(string(m[1]), "abcdef")
		})
	}
}

// javaHash returns the hash that Java gives a string of the basic plane.
func javaHash(s string) string {
	hash := int32(0)
	for _, r := range s {
		hash = 31*hash + r
	}
	return strconv.Itoa(int(hash))
}

// giveFirstComment returns an effect that gives the first Comment of the text of the body back.
func giveFirstComment() effect {
	first := regexp.MustCompile(`"Comment"\s*:\s*("(?:[^"\\]|\\.)*")`)
	return func(a *answer, q *asked) {
		var text string
		if m := first.FindSubmatch(q.body); m != nil && json.Unmarshal(m[1], &text) == nil {
			a.edit(set("requestorComment", text))
		}
	}
}

// rewritten returns a function that puts a text in the place of what matches an expression.
func rewritten(expr, by string) func(string) string {
	re := regexp.MustCompile(expr)
	return func(s string) string { return re.ReplaceAllLiteralString(s, by) }
}
