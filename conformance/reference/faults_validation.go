package reference

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// bodyHoles accept bodies that lack a parameter, give it another type, or are
// no JSON object.
func bodyHoles() []Fault {
	var faults []Fault
	for _, p := range []struct{ name, slug, value string }{{"Comment", "comment", "-"}, {"Sha1", "sha1", freshHash}} {
		required := ids("request."+p.slug+"-required", "refusal.status-body", "refusal.no-action")
		mistyped := ids("request."+p.slug+"-string", "refusal.status-body", "refusal.no-action")
		faults = append(faults, Fault{Name: "needs-no-" + p.slug, Says: "accepts a body without " + p.name,
			Breaks: required, Wrap: excuseObject(func(o Object) (Object, bool) {
				if slices.ContainsFunc(o, func(m Member) bool { return m.Name == p.name }) {
					return o, false
				}
				return append(o, Member{p.name, p.value}), true
			})})
		for _, kind := range []struct {
			word string
			is   func(any) bool
		}{
			{"null", func(v any) bool { return v == nil }},
			{"number", func(v any) bool { _, ok := v.(json.Number); return ok }},
			{"boolean", func(v any) bool { _, ok := v.(bool); return ok }},
			{"array", func(v any) bool { _, ok := v.([]any); return ok }},
			{"object", func(v any) bool { _, ok := v.(Object); return ok }},
		} {
			faults = append(faults, Fault{Name: "takes-" + kind.word + "-for-" + p.slug, Says: "accepts " +
				article(kind.word) + " for " + p.name, Breaks: mistyped, Wrap: excuseMember(p.name, kind.is, p.value)})
		}
	}
	rows := []struct {
		name, says string
		mend       func([]byte) ([]byte, bool)
	}{
		{"takes-array-body", "accepts an array for the body", kindOfBody('[')},
		{"takes-string-body", "accepts a string for the body", kindOfBody('"')},
		{"takes-null-body", "accepts null for the body", kindOfBody('n')},
		{"takes-number-body", "accepts a number for the body", kindOfBody('0', '1', '2', '3', '4', '5', '6', '7', '8',
			'9', '-')},
		{"takes-boolean-body", "accepts a boolean for the body", kindOfBody('t', 'f')},
		{"takes-empty-body", "accepts a request without a body", func(b []byte) ([]byte, bool) {
			return goodBody(b),
				len(b) == 0
		}},
		{"takes-blank-body", "accepts a body of white space", func(b []byte) ([]byte, bool) {
			return goodBody(b),
				len(b) > 0 && len(bytes.TrimSpace(b)) == 0
		}},
		{"takes-broken-json", "accepts a body that is not JSON", func(b []byte) ([]byte, bool) {
			return goodBody(b),
				len(bytes.TrimSpace(b)) > 0 && !json.Valid(b)
		}},
		{"takes-word-body", "accepts a bare word for the body", func(b []byte) ([]byte, bool) {
			return goodBody(b), !json.Valid(b) && len(b) > 0 &&
				bytes.IndexFunc(b, func(r rune) bool { return r < 'A' || r > 'z' }) < 0
		}},
		{"takes-truncated-object", "accepts an object that is not closed", func(b []byte) ([]byte, bool) {
			closed := append(bytes.TrimSpace(b), '}')
			return closed, !json.Valid(b) && json.Valid(closed)
		}},
		{"takes-form-in-json", "accepts a form declared as JSON", func(b []byte) ([]byte, bool) {
			return goodBody(b), bytes.Contains(b, []byte("Sha1=")) && !json.Valid(b)
		}},
	}
	for _, row := range rows {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("request.object", "request.grammar",
			"refusal.status-body", "refusal.no-action"), Wrap: excuseBody(row.mend)})
	}
	return append(faults, grammarHoles()...)
}

// grammarHoles accept bodies that are an object only by an extension of JSON.
func grammarHoles() (faults []Fault) {
	for _, row := range []struct {
		name, says string
		mend       func([]byte) ([]byte, bool)
	}{
		{"takes-trailing-garbage", "reads the first value of the body and ignores the rest",
			func(b []byte) ([]byte, bool) {
				var first json.RawMessage
				d := json.NewDecoder(bytes.NewReader(b))
				return first, d.Decode(&first) == nil && !json.Valid(b)
			}},
		{"takes-trailing-comma", "accepts a comma before a closing brace", func(b []byte) ([]byte, bool) {
			return trailingComma.ReplaceAll(b, []byte("$1")), trailingComma.Match(b)
		}},
		{"takes-single-quotes", "accepts strings in single quotes", func(b []byte) ([]byte, bool) {
			return bytes.ReplaceAll(b, []byte("'"), []byte(`"`)), !bytes.ContainsRune(b, '"') &&
				bytes.ContainsRune(b, '\'')
		}},
		{"takes-comments", "accepts comments in the body", func(b []byte) ([]byte, bool) {
			return jsonComment.ReplaceAll(b, nil), jsonComment.Match(b)
		}},
		{"takes-bare-names", "accepts names without quotes", func(b []byte) ([]byte, bool) {
			return bareName.ReplaceAll(b, []byte(`$1"$2"$3`)), bareName.Match(b)
		}},
		{"takes-not-a-number", "accepts NaN for a value, as a plain Python server does", func(b []byte) ([]byte, bool) {
			return bytes.Replace(b, []byte("NaN"), []byte("0"), 1), bytes.Contains(b, []byte("NaN"))
		}},
		{"takes-raw-line-breaks", "accepts a line break inside a string", func(b []byte) ([]byte, bool) {
			return bytes.ReplaceAll(b, []byte("\n"), []byte(" ")), !json.Valid(b) && bytes.ContainsRune(b, '\n')
		}},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("request.grammar"),
			Wrap: excuseBody(row.mend)})
	}
	return faults
}

var (
	jsonComment = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	bareName    = regexp.MustCompile(`([{,]\s*)([A-Za-z][A-Za-z0-9]*)(\s*:)`)
)

// article puts the word in a sentence.
func article(kind string) string {
	switch kind[0] {
	case 'a', 'o':
		return "an " + kind
	case 'n':
		if kind == "null" {
			return kind
		}
	}
	return "a " + kind
}

var trailingComma = regexp.MustCompile(`,(\s*[}\]])`)

// formatHoles accept strings that cannot be meant, and names in another case.
func formatHoles() []Fault {
	format := ids("request.sha1-format")
	blank := ids("request.comment-blank")
	names := ids("request.name-case")
	rows := []struct {
		name, says string
		breaks     []string
		member     string
		is         func(string) bool
	}{
		{"takes-empty-sha1", "accepts an empty Sha1", format, "Sha1", func(s string) bool { return s == "" }},
		{"takes-short-sha1", "accepts a Sha1 of 1 to 39 digits", format, "Sha1",
			func(s string) bool { return s != "" && len(s) < 40 && isHex(s) }},
		{"takes-md5", "accepts an MD5 hash for Sha1", format, "Sha1", func(s string) bool {
			return len(s) == 32 &&
				isHex(s)
		}},
		{"takes-39-digits", "accepts a Sha1 that lacks a digit", format, "Sha1",
			func(s string) bool { return len(s) == 39 && isHex(s) }},
		{"takes-long-sha1", "accepts a Sha1 of more than 40 digits", format, "Sha1",
			func(s string) bool { return len(s) > 40 && isHex(s) }},
		{"takes-41-digits", "accepts a Sha1 with a digit too many", format, "Sha1",
			func(s string) bool { return len(s) == 41 && isHex(s) }},
		{"takes-sha256", "accepts a SHA-256 hash for Sha1", format, "Sha1", func(s string) bool {
			return len(s) == 64 &&
				isHex(s)
		}},
		{"takes-non-hex-sha1", "accepts 40 characters that are not all digits", format, "Sha1",
			func(s string) bool { return len(s) == 40 && !isHex(s) }},
		{"takes-any-sha1", "accepts any string for Sha1", format, "Sha1", func(string) bool { return true }},
		{"takes-blanks-around-sha1", "trims blanks off Sha1", format, "Sha1",
			func(s string) bool { return len(strings.TrimSpace(s)) == 40 }},
		{"takes-empty-comment", "accepts an empty Comment", blank, "Comment", func(s string) bool { return s == "" }},
		{"takes-blank-comment", "accepts a Comment of blanks", blank, "Comment",
			func(s string) bool { return s != "" && strings.Trim(s, " ") == "" }},
		{"takes-white-comment", "accepts a Comment of any white space", blank, "Comment",
			func(s string) bool { return s != "" && strings.TrimSpace(s) == "" }},
	}
	var faults []Fault
	for _, row := range rows {
		value := "-"
		if row.member == "Sha1" {
			value = freshHash
		}
		is := func(v any) bool { s, ok := v.(string); return ok && row.is(s) }
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks,
			Wrap: excuseMember(row.member, is, value)})
	}
	return append(faults,
		Fault{Name: "ignores-name-case", Says: "takes comment and sha1, in any letter case, for Comment and Sha1, as " +
			"a plain Go server does", Breaks: names, Wrap: excuseObject(recase("Comment", "Sha1"))},
		Fault{Name: "ignores-case-of-comment", Says: "takes comment for Comment", Breaks: names,
			Wrap: excuseObject(recase("Comment"))},
		Fault{Name: "ignores-case-of-sha1", Says: "takes sha1 and SHA1 for Sha1", Breaks: names,
			Wrap: excuseObject(recase("Sha1"))},
	)
}

// methodHoles serve requests by another method, of another media type, or for
// a machine that is not there.
func methodHoles() []Fault {
	method := ids("refusal.method", "refusal.no-action")
	media := ids("refusal.media-type", "refusal.no-action")
	var faults []Fault
	for _, name := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		faults = append(faults, Fault{Name: "takes-" + strings.ToLower(name), Says: "takes " + name + " for POST",
			Breaks: method, Wrap: excuse(http.StatusMethodNotAllowed, func(q *asked) bool {
				if q.Method != name {
					return false
				}
				asPost(q)
				return true
			})})
	}
	faults = append(faults, Fault{Name: "takes-any-method", Says: "takes any method for POST", Breaks: method,
		Wrap: excuse(http.StatusMethodNotAllowed, func(q *asked) bool {
			asPost(q)
			return true
		})})
	for _, row := range []struct {
		name, says string
		is         func(string) bool
	}{
		{"takes-text-plain", "accepts a body declared as plain text",
			func(t string) bool { return strings.HasPrefix(t, "text/plain") }},
		{"takes-xml-type", "accepts a body declared as XML",
			func(t string) bool { return strings.Contains(t, "/xml") }},
		{"takes-form-type", "accepts a body declared as a form",
			func(t string) bool { return strings.Contains(t, "form") }},
		{"takes-octet-stream", "accepts a body declared as mere bytes",
			func(t string) bool { return t == "application/octet-stream" }},
		{"takes-any-media-type", "accepts a body whatever its Content-Type says", func(string) bool { return true }},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: media,
			Wrap: excuse(http.StatusUnsupportedMediaType, func(q *asked) bool {
				is := row.is(strings.ToLower(q.Header.Get("Content-Type")))
				q.Header.Set("Content-Type", "application/json")
				if !json.Valid(q.body) {
					q.body = goodBody(q.body)
				}
				return is
			})})
	}
	for _, row := range []struct{ name, says, kind, part string }{
		{"binds-web-form", "reads the members from a web form that is declared as one",
			"application/x-www-form-urlencoded", "Sha1="},
		{"binds-multipart-form", "reads the members from a multipart form that is declared as one",
			"multipart/form-data", `name="Sha1"`},
		{"binds-xml", "reads the members from XML that is declared as such", "application/xml", "<Sha1>"},
		{"binds-yaml", "reads the members from YAML that is declared as such", "application/yaml", "Sha1: "},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: media,
			Wrap: excuse(http.StatusUnsupportedMediaType, func(q *asked) bool {
				is := strings.HasPrefix(q.Header.Get("Content-Type"), row.kind) && !json.Valid(q.body) &&
					bytes.Contains(q.body, []byte(row.part))
				q.Header.Set("Content-Type", "application/json")
				q.body = goodBody(q.body)
				return is
			})})
	}
	unknown := ids("machine.unknown", "refusal.no-action")
	return append(faults,
		Fault{Name: "knows-every-machine", Says: "accepts a machine that nobody has seen", Breaks: unknown,
			Wrap: excuse(http.StatusNotFound, onKnownMachine)},
		Fault{Name: "learns-unknown-machine", Breaks: unknown,
			Says: "refuses a machine that nobody has seen, and accepts it from then on",
			Wrap: func(h http.Handler) http.Handler {
				var seen sync.Map
				return excuse(http.StatusNotFound, func(q *asked) bool {
					_, again := seen.LoadOrStore(machineOf(q), true)
					return again && onKnownMachine(q)
				})(h)
			}})
}

// onKnownMachine gives a request the path of a machine that the server knows, and reports whether
// its path names one.
func onKnownMachine(q *asked) bool {
	segments := strings.Split(q.URL.Path, "/")
	if len(segments) < 2 || segments[len(segments)-2] == "" {
		return false
	}
	segments[len(segments)-2] = strings.Repeat("0f", 20)
	q.URL.Path, q.URL.RawPath = strings.Join(segments, "/"), ""
	return true
}

func asPost(q *asked) {
	q.Method = http.MethodPost
	q.Header.Set("Content-Type", "application/json")
	if !json.Valid(q.body) {
		q.body = goodBody(q.body)
	}
}

// goodBody returns a body that the server takes, always the same for the same b.
func goodBody(b []byte) []byte { return Object{{"Comment", "-"}, {"Sha1", hashOf(b)}}.JSON() }

func hashOf(b []byte) string {
	sum := sha1.Sum(b)
	return hex.EncodeToString(sum[:])
}

// excuseBody accepts what the mend turns into a good body.
//
//go:noinline
func excuseBody(mend func([]byte) ([]byte, bool)) wrap {
	return excuse(http.StatusBadRequest, func(q *asked) bool {
		body, ok := mend(q.body)
		q.body = body
		return ok
	})
}

// freshHash stands, in what a mend returns, for a hash made of the body.
const freshHash = "\x00"

// excuseObject accepts what the mend turns into a good object.
func excuseObject(mend func(Object) (Object, bool)) wrap {
	return excuseBody(func(b []byte) ([]byte, bool) {
		o, err := parseObject(b)
		if err != nil || !wellFormed(b) {
			return b, false
		}
		o, ok := mend(o)
		for i := range o {
			if o[i].Value == freshHash {
				o[i].Value = hashOf(b)
			}
		}
		return o.JSON(), ok
	})
}

// excuseMember accepts a parameter whose value the predicate holds for.
func excuseMember(name string, is func(any) bool, value string) wrap {
	return excuseObject(func(o Object) (Object, bool) {
		for i, m := range o {
			if m.Name == name && is(m.Value) {
				o[i].Value = value
				return o, true
			}
		}
		return o, false
	})
}

// recase gives members that differ from a name in letter case that name.
func recase(names ...string) func(Object) (Object, bool) {
	return func(o Object) (found Object, ok bool) {
		for i, m := range o {
			for _, name := range names {
				if m.Name != name && strings.EqualFold(m.Name, name) {
					o[i].Name, ok = name, true
				}
			}
		}
		return o, ok
	}
}

// kindOfBody mends a JSON body that begins with one of these bytes.
func kindOfBody(first ...byte) func([]byte) ([]byte, bool) {
	return func(b []byte) ([]byte, bool) {
		trimmed := bytes.TrimSpace(b)
		return goodBody(b), len(trimmed) > 0 && bytes.IndexByte(first, trimmed[0]) >= 0 && json.Valid(b)
	}
}
