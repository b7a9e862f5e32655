package reference

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"strings"
	"unicode/utf8"

	"fmaspec/conformance/internal/strictjson"
)

// hostileFaults fail on JSON that a parser may need not support, whether they would have
// accepted or refused it.
func hostileFaults() (faults []Fault) {
	breaks := ids("request.hostile-json")
	crash := refusal{status: http.StatusInternalServerError, code: "InternalError", message: "The request could not " +
		"be served."}
	for _, row := range []struct {
		slug, says string
		is         func([]byte) bool
	}{
		{"deep-nesting", "a body with a thousand brackets in each other", deep},
		{"lone-surrogate", "an escape that is half of a pair", func(b []byte) bool {
			b = withoutBackslashes(b)
			return bytes.Contains(b, []byte(`\ud83d`)) && !bytes.Contains(bytes.ToLower(b), []byte(`\ud83d\ud`))
		}},
		{"nul-character", "an escaped NUL character", func(b []byte) bool {
			return bytes.Contains(withoutBackslashes(b), []byte(`\u0000`))
		}},
		{"invalid-utf-8", "bytes that are not UTF-8", func(b []byte) bool { return !utf8.Valid(b) }},
		{"byte-order-mark", "a byte order mark before the body",
			func(b []byte) bool { return bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) }},
		{"repeated-name", "a body with one name twice", namesTwice},
	} {
		faults = append(faults, Fault{Name: "crashes-on-" + row.slug, Says: "answers 500 to " + row.says,
			Breaks: breaks,
			Wrap: rewrite(func(a *answer, q *asked) {
				if row.is(q.body) {
					a.replace(crash.answer())
				}
			})})
	}
	for _, row := range []struct {
		slug, says string
		is         func([]byte) bool
	}{
		{"deep-nesting", "a body with a thousand brackets in each other", deep},
		{"long-body", "a body of more than a hundred thousand bytes", func(b []byte) bool { return len(b) > 100_000 }},
	} {
		faults = append(faults, Fault{Name: "hangs-up-on-" + row.slug, Says: "closes the connection without an " +
			"answer on " + row.says, Breaks: breaks,
			Wrap: between(func(w http.ResponseWriter, q *asked, h http.Handler) {
				a := q.serve(h)
				if !row.is(q.body) {
					a.write(w)
					return
				}
				hijack(w, a, func(net.Conn, *answer) {})
			})})
	}
	return faults
}

// deep reports whether a body has a thousand brackets in each other.
func deep(b []byte) bool { return bytes.Contains(b, []byte(strings.Repeat("[", 1000))) }

// withoutBackslashes returns a body without its escaped backslashes: behind one, u0000 is plain text.
func withoutBackslashes(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`\\`), nil) }

// namesTwice reports whether an object in a body has two members of one name.
func namesTwice(b []byte) bool {
	var e *strictjson.Error
	return errors.As(strictjson.Check(b), &e) && e.Kind == strictjson.Duplicate
}
