package conformance

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// digests are the algorithms of RFC 9530 5, by the names that fields write in lower case. Those that
// are no longer to be used stand in Digest and Content-MD5 of older servers.
func digests() map[string]func([]byte) []byte {
	return map[string]func([]byte) []byte{
		"sha-256": func(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] },
		"sha-512": func(b []byte) []byte { sum := sha512.Sum512(b); return sum[:] },
		"sha":     func(b []byte) []byte { sum := sha1.Sum(b); return sum[:] },
		"md5":     func(b []byte) []byte { sum := md5.Sum(b); return sum[:] },
	}
}

// digestField is a digest in the fields of RFC 9530, between colons, or in Digest of RFC 3230.
var digestField = regexp.MustCompile(`([A-Za-z0-9-]+)=:?([A-Za-z0-9+/]+=*):?`)

// digestsOfBody judges the digests of the body that an answer carries. That of an algorithm
// which is not known here, and that of a body in a coding or one out of which what looks like a
// secret was struck, says nothing.
func digestsOfBody(x *observed) (out []Problem) {
	if !x.complete() || x.Request.Method == http.MethodHead || len(x.Response.Header.Values("Content-Encoding")) > 0 ||
		x.answer.decodeErr != nil || x.Leaked || bytes.Contains(x.answer.body, []byte(stars)) ||
		len(record.SecretVariables(string(x.answer.body))) > 0 {
		return nil
	}
	compare := func(field, algorithm, text string) {
		sum := digests()[strings.ToLower(algorithm)]
		if sum == nil {
			return
		}
		want := base64.StdEncoding.EncodeToString(sum(x.answer.body))
		if strings.TrimRight(text, "=") != strings.TrimRight(want, "=") {
			out = append(out, problem("header "+field, "the digest of the body, "+want, show(text))...)
		}
	}
	for _, field := range []string{"Content-Digest", "Repr-Digest", "Digest"} {
		for _, value := range x.Response.Header.Values(field) {
			for _, found := range digestField.FindAllStringSubmatch(value, -1) {
				compare(field, found[1], found[2])
			}
		}
	}
	for _, value := range x.Response.Header.Values("Content-MD5") {
		compare("Content-MD5", "md5", strings.TrimSpace(value))
	}
	return out
}

// oldest is the greatest Age, in seconds more than the exchange took, of an answer that no cache has stored.
const oldest = 60

// lateChange is how much later than Date a Last-Modified may be: many servers read the time for Date
// once a second, and some proxies send a Date of their own, by another clock.
const lateChange = time.Minute

// aboutTheAnswer judges fields that keep their grammar, and say of the answer what cannot be.
func aboutTheAnswer(x *observed) (out []Problem) {
	header := x.Response.Header
	single := func(name string) string {
		if values := header.Values(name); len(values) == 1 {
			return strings.TrimSpace(values[0])
		}
		return ""
	}
	sent, changed := single("Date"), single("Last-Modified")
	if isIMFDate(sent) && isIMFDate(changed) {
		at, _ := time.Parse(http.TimeFormat, sent)
		last, _ := time.Parse(http.TimeFormat, changed)
		if last.Sub(at) > lateChange {
			out = append(out, problem("header Last-Modified", "no later time than Date, "+sent, show(changed))...)
		}
	}
	age := single("Age")
	seconds, err := strconv.Atoi(age)
	if x.Request.Method == x.terms.Method && !isSafe(x.Request.Method) && isNumber(age) &&
		(err != nil || seconds > oldest+int(x.Elapsed/time.Second)) {
		out = append(out, problem("header Age", "no age, for no cache may answer "+x.Request.Method+
			" with what it has stored", show(age))...)
	}
	if values := header.Values("Allow"); x.success() && !x.besidePath() && len(values) > 0 &&
		!listsMethod(values, x.terms.Method) {
		out = append(out, problem("header Allow", "a list with "+x.terms.Method+", which the resource supports",
			show(strings.Join(values, ", ")))...)
	}
	if x.carriesAction() && x.readable() && x.terms.identity != "" {
		id, _ := x.answer.action.Text(x.terms.identity)
		for _, name := range []string{"Location", "Content-Location"} {
			other := elementNamed(x.terms.resource.Name+"s", single(name))
			if uuidForm.MatchString(id) && !strings.EqualFold(other, id) && (uuidForm.MatchString(other) ||
				other != "" && (strings.EqualFold(other, x.file) || strings.EqualFold(other, x.machine))) {
				out = append(out, problem("header "+name, "the action of the answer, "+id, show(single(name)))...)
			}
		}
	}
	return out
}

// uuidForm is that of a UUID (RFC 9562 4).
var uuidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// elementNamed returns the key of the element that a reference names in a collection, behind a slash or in parentheses
// as OData writes it, or "".
func elementNamed(collection, reference string) string {
	u, err := url.Parse(reference)
	if err != nil {
		return ""
	}
	_, rest, there := strings.Cut(strings.ToLower(u.Path), "/"+strings.ToLower(collection))
	if !there {
		return ""
	}
	return strings.TrimSuffix(strings.Trim(rest, "/()'"), "')")
}

// isSafe reports whether a cache may answer requests of a method (RFC 9111 4).
func isSafe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// isNumber reports whether a text is one or more digits.
func isNumber(text string) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return text != ""
}

// listsMethod reports whether the values of Allow list a method.
func listsMethod(values []string, method string) bool {
	for m := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if strings.TrimSpace(m) == method {
			return true
		}
	}
	return false
}
