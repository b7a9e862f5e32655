package reference

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// needlessRefusals returns faults that refuse valid requests.
func needlessRefusals() []Fault {
	incorrect := *badBody("InvalidRequestBody", "The request body is incorrect.")
	rows := []struct {
		name, says string
		breaks     []string
		when       func(q *asked) bool
	}{
		{"refuses-reordered-members", "wants Comment before Sha1", ids("request.json-forms"), func(q *asked) bool {
			return !inOrder(q.body, "Comment", "Sha1")
		}},
		{"refuses-white-space", "wants JSON without white space", ids("response.created", "request.json",
			"request.json-forms"), outside(func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) })},
		{"refuses-line-breaks", "wants JSON in one line, which the documents' examples are not",
			ids("response.created", "request.json-forms"), outside(func(r rune) bool { return r == '\n' })},
		{"refuses-carriage-returns", "does not take carriage returns between tokens", ids("request.json-forms"),
			outside(func(r rune) bool { return r == '\r' })},
		{"refuses-tabs", "does not take tabs between tokens", ids("request.json-forms"),
			outside(func(r rune) bool { return r == '\t' })},
		{"refuses-leading-white-space", "wants the brace first", ids("request.json-forms"),
			func(q *asked) bool { return q.body[0] != '{' }},
		{"refuses-trailing-white-space", "wants the brace last", ids("request.json-forms"),
			func(q *asked) bool { return q.body[len(q.body)-1] != '}' }},
		{"refuses-escapes", "does not take escapes in strings", ids("request.json-forms"), holds(`\`)},
		{"refuses-unicode-escapes", `does not take \u escapes`, ids("request.json-forms"), holds(`\u`)},
		{"refuses-surrogate-pairs", "does not take a character escaped as a pair of surrogates",
			ids("request.json-forms"), func(q *asked) bool {
				return bytes.Contains(bytes.ToLower(q.body),
					[]byte(`\ud8`))
			}},
		{"refuses-escaped-names", "does not take escapes in names", ids("request.json-forms"), func(q *asked) bool {
			return !bytes.Contains(q.body, []byte(`"Comment"`)) || !bytes.Contains(q.body, []byte(`"Sha1"`))
		}},
		{"refuses-escaped-solidus", `does not take the escape \/`, ids("request.json-forms"), holds(`\/`)},
		{"refuses-escaped-quotes", "does not take escaped quotes", ids("request.json-forms"), holds(`\"`)},
		{"refuses-escaped-line-breaks", "does not take escaped line breaks", ids("request.json-forms"), holds(`\n`)},
		{"refuses-backslashes", "does not take escaped backslashes", ids("request.json-forms"), holds(`\\`)},
		{"refuses-unicode-comments", "wants a Comment in ASCII", ids("request.json-forms"),
			comment(func(s string) bool {
				return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) >= 0
			})},
		{"refuses-raw-unicode", "wants ASCII on the wire", ids("request.json-forms"), func(q *asked) bool {
			return bytes.IndexFunc(q.body, func(r rune) bool { return r > unicode.MaxASCII }) >= 0
		}},
		{"refuses-astral-characters", "wants a Comment in the first plane of Unicode", ids("request.json-forms"),
			comment(func(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 0xFFFF }) >= 0 })},
		{"refuses-markup", "takes <, > and & in a Comment for an attack", ids("request.json"),
			comment(func(s string) bool { return strings.ContainsAny(s, "<>&") })},
		{"refuses-apostrophes", "takes an apostrophe in a Comment for an attack", ids("request.json"),
			comment(func(s string) bool { return strings.Contains(s, "'") })},
		{"refuses-blanks-around-comment", "does not take blanks round a Comment", ids("request.json"),
			comment(func(s string) bool { return strings.TrimSpace(s) != s })},
		{"refuses-one-character", "wants a Comment of two characters or more", ids("request.comment-length"),
			comment(func(s string) bool { return utf8.RuneCountInString(s) < 2 })},
		{"refuses-over-100-characters", "wants a Comment of 100 characters or fewer", ids("request.comment-length"),
			longer(100)},
		{"refuses-over-255-characters", "wants a Comment of 255 characters or fewer", ids("request.comment-length"),
			longer(255)},
		{"refuses-over-4000-characters", "wants a Comment of 4,000 characters or fewer", ids("request.comment-length"),
			longer(4000)},
		{"refuses-over-32767-characters", "wants a Comment of 32,767 characters or fewer",
			ids("request.comment-length"), longer(32767)},
		{"refuses-over-65535-characters", "wants a Comment of 65,535 characters or fewer",
			ids("request.comment-length"), longer(65535)},
		{"refuses-extra-members", "wants no third member", ids("request.extra-members"), func(q *asked) bool {
			o, _ := parseObject(q.body)
			return len(o) > 2
		}},
		{"refuses-upper-case-sha1", "wants Sha1 in lower case", ids("request.sha1-format"), sha1Holds(strings.ToLower)},
		{"refuses-lower-case-sha1", "wants Sha1 in upper case", ids("response.created", "request.sha1-format"),
			sha1Holds(strings.ToUpper)},
		{"refuses-mixed-case-sha1", "wants Sha1 in one case", ids("request.sha1-format"), func(q *asked) bool {
			return sha1Holds(strings.ToLower)(q) && sha1Holds(strings.ToUpper)(q)
		}},
	}
	var faults []Fault
	for _, row := range rows {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks,
			Wrap: refuseIf(incorrect, row.when)})
	}
	unsupported := refusal{status: http.StatusUnsupportedMediaType, code: "UnsupportedMediaType",
		message: "The body has to be application/json."}
	incorrectType := *badBody("InvalidContentType", "The media type is unknown.")
	mediaTypes := []struct {
		name, says string
		breaks     []string
		no         refusal
		when       func(mediaType string) bool
	}{
		{"refuses-charset", "does not take application/json with a charset", ids("request.json-forms"), unsupported,
			func(t string) bool { return strings.Contains(strings.ToLower(t), "charset") }},
		{"refuses-parameters", "does not take application/json with any parameter", ids("request.json-forms"),
			unsupported, func(t string) bool { return strings.Contains(t, ";") }},
		{"refuses-quoted-charset", "does not take a charset in quotes", ids("request.json-forms"), unsupported,
			func(t string) bool { return strings.Contains(t, `"`) }},
		{"refuses-upper-case-charset", "knows the charset only as utf-8", ids("request.json-forms"), unsupported,
			func(t string) bool { return strings.Contains(t, "UTF") }},
		{"refuses-capitals-in-media-type", "compares the media type letter by letter, and answers 415 to capitals",
			ids("request.media-type-case"), unsupported, func(t string) bool {
				media, _, _ := strings.Cut(t, ";")
				return strings.ToLower(media) != media
			}},
		{"refuses-capital-json", "does not know JSON in capitals in a media type, and answers 400",
			ids("request.media-type-case"), incorrectType, func(t string) bool {
				return strings.Contains(t, "/JSON")
			}},
		{"refuses-upper-case-media-type", "takes a media type in capitals for none, and answers 400",
			ids("request.media-type-case"), incorrectType, func(t string) bool {
				return strings.HasPrefix(t, "APPLICATION/")
			}},
	}
	for _, row := range mediaTypes {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks,
			Wrap: refuseIf(row.no, func(q *asked) bool {
				return row.when(q.Header.Get("Content-Type"))
			})})
	}
	return faults
}

// outside reports whether a body has such a character outside of strings.
func outside(is func(rune) bool) func(*asked) bool {
	return func(q *asked) bool {
		inside, escaped := false, false
		for _, r := range string(q.body) {
			switch {
			case escaped:
				escaped = false
			case inside && r == '\\':
				escaped = true
			case r == '"':
				inside = !inside
			case !inside && is(r):
				return true
			}
		}
		return false
	}
}

func holds(text string) func(*asked) bool {
	return func(q *asked) bool { return bytes.Contains(q.body, []byte(text)) }
}

func comment(is func(string) bool) func(*asked) bool {
	return func(q *asked) bool {
		o, _ := parseObject(q.body)
		s, _ := o.Get("Comment").(string)
		return is(s)
	}
}

func longer(limit int) func(*asked) bool {
	return comment(func(s string) bool { return utf8.RuneCountInString(s) > limit })
}

// sha1Holds reports whether the change changes the Sha1.
func sha1Holds(change func(string) string) func(*asked) bool {
	return func(q *asked) bool {
		o, _ := parseObject(q.body)
		s, _ := o.Get("Sha1").(string)
		return change(s) != s
	}
}

func inOrder(body []byte, first, second string) bool {
	o, _ := parseObject(body)
	index := func(name string) int { return slices.IndexFunc(o, func(m Member) bool { return m.Name == name }) }
	return index(first) < index(second)
}
