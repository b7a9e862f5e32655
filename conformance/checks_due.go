package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// dueCheck is the name of the check for fields that go with others.
const dueCheck = "fields-due"

func dueChecks() []Check {
	return []Check{
		{Name: dueCheck, Requirements: []string{"http.fields-due"},
			Doc: "A 405 has an Allow, a 407 a Proxy-Authenticate and a 426 an Upgrade; Connection names Upgrade and " +
				"Keep-Alive where they are there and it does not say close, and no field that is meant for all " +
				"recipients.",
			on: (*observed).answered, judge: fieldsDue},
		{Name: "cookie-form", Requirements: []string{"http.cookies"},
			Doc: "A Set-Cookie that is there begins with a name, which is a token, and =; Max-Age in it is a " +
				"number, Expires a date, SameSite Strict, Lax or None, and no attribute is there twice. No two " +
				"cookies of one answer have the same name, path and domain.",
			on: (*observed).answered, judge: cookieForm},
	}
}

// fieldsDue judges which fields are there together.
func fieldsDue(x *observed) (out []Problem) {
	header := x.Response.Header
	there := func(name string) bool { return len(header.Values(name)) > 0 }
	if name := dueWith(x.Response.Status); name != "" && !there(name) && (name != "Allow" || x.elsewhere()) {
		out = append(out, problem("header "+name, fmt.Sprintf("one, as %d owes it", x.Response.Status),
			"no such header")...)
	}
	options := header.Values("Connection")
	for _, name := range []string{"Upgrade", "Keep-Alive"} {
		// A client that recorded the exchange may have dropped Connection, and libraries write close in its place, or
		// nothing to HTTP/1.0.
		if there(name) && x.Request.Version != "1.0" && !httpguts.HeaderValuesContainsToken(options, name) &&
			!httpguts.HeaderValuesContainsToken(options, "close") &&
			(len(options) > 0 || x.Case != nil && !x.Case.Recorded) {
			out = append(out, problem("header Connection", strings.ToLower(name)+", for there is a field "+name,
				show(recorded(strings.Join(options, ", "))))...)
		}
	}
	for option := range strings.SplitSeq(strings.Join(options, ","), ",") {
		if name := strings.Trim(option, " \t"); isForAll(name) {
			out = append(out, problem("header Connection", "no field that is meant for all recipients", show(name))...)
		}
	}
	return out
}

// dueWith returns the name of the field that a status owes, or "". What Allow lists on the path itself is a matter of
// another check.
func dueWith(status int) string {
	switch status {
	case http.StatusMethodNotAllowed:
		return "Allow"
	case http.StatusProxyAuthRequired:
		return "Proxy-Authenticate"
	case http.StatusUpgradeRequired:
		return "Upgrade"
	}
	return ""
}

// isForAll reports whether a field is meant for all recipients, so that no intermediary may take it away.
func isForAll(name string) bool {
	name = http.CanonicalHeaderKey(name)
	return strings.HasPrefix(name, "Content-") || strings.HasPrefix(name, "Access-Control-") || slices.Contains(
		[]string{"Age", "Allow", "Cache-Control", "Date", "Etag", "Expires", "Last-Modified", "Link", "Location",
			"Retry-After", "Server", "Set-Cookie", "Strict-Transport-Security", "Vary", "Www-Authenticate"}, name)
}

// cookieForm judges what a record keeps of cookies, which is all but their values.
func cookieForm(x *observed) (out []Problem) {
	const place = "header Set-Cookie"
	seen := map[string]bool{}
	for _, cookie := range x.Response.Header.Values("Set-Cookie") {
		pair, rest, _ := strings.Cut(cookie, ";")
		name, _, named := strings.Cut(pair, "=")
		if name = strings.Trim(name, " \t"); !named || !httpguts.ValidHeaderFieldName(name) {
			out = append(out, problem(place, "a name, = and a value", show(recorded(cookie)))...)
			continue
		}
		attributes, want := cookieAttributes(rest)
		if want != "" {
			out = append(out, problem(place, want, show(recorded(cookie)))...)
			continue
		}
		key := strings.Join([]string{name, attributes["path"], attributes["domain"]}, ";")
		if seen[key] {
			out = append(out, problem(place, "one cookie of the name "+name, "two")...)
		}
		seen[key] = true
	}
	return out
}

// cookieAttributes returns the attributes of a cookie, by their names in lower case, or what is wanted of one.
func cookieAttributes(text string) (attributes map[string]string, want string) {
	attributes = map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.ToLower(strings.Trim(name, " \t")), strings.Trim(value, " \t")
		if name == "" && value == "" {
			continue
		}
		_, twice := attributes[name]
		switch {
		case twice:
			return nil, "no attribute twice, as " + name + " is"
		case name == "max-age" && !isNumber(strings.TrimPrefix(value, "-")):
			return nil, "a number of seconds as Max-Age"
		case name == "expires" && !isCookieDate(value):
			return nil, "a date as Expires, of the form Sun, 06 Nov 1994 08:49:37 GMT"
		case name == "samesite" && !slices.Contains([]string{"strict", "lax", "none"}, strings.ToLower(value)):
			return nil, "Strict, Lax or None as SameSite"
		}
		attributes[name] = value
	}
	return attributes, ""
}

// isCookieDate reports whether a text is a date of the form that Expires of a cookie has, or of an older one, which
// servers send still.
func isCookieDate(text string) bool {
	return isIMFDate(text) || slices.ContainsFunc([]string{"Mon, 02-Jan-2006 15:04:05 MST",
		"Mon, 02-Jan-06 15:04:05 MST", time.RFC850, time.ANSIC, time.RFC1123}, func(layout string) bool {
		_, err := time.Parse(layout, text)
		return err == nil
	})
}
