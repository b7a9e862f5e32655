package reference

import (
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The parts of a path as the contract writes it.
const (
	collection    = "/testwdatppreview/machines/"
	exampleID     = "fb9ab6be3965095a09c057be7c90f0a2" // of the documents' requests
	requestSample = "requestSample"
)

// documentedActions are the last segments of the documented paths.
var documentedActions = []string{requestSample, "stopAndQuarantineFile"}

func isAction(segment string) bool { return slices.Contains(documentedActions, segment) }

// segments returns the segments of a path behind that of the version.
func segments(q *asked) []string {
	return strings.Split(strings.TrimPrefix(q.URL.Path, "/testwdatppreview/"), "/")
}

// servedAt answers a path that was answered 404 as if it were the path that take
// returns, unless that is "".
func servedAt(take func(*asked) string) wrap {
	return excuse(http.StatusNotFound, func(q *asked) bool {
		path := take(q)
		q.URL.Path, q.URL.RawPath = path, ""
		return path != ""
	})
}

// besideFaults serve paths that are none of an operation, or crash there.
func besideFaults() []Fault {
	var faults []Fault
	for _, row := range []struct {
		name, says string
		path       func(*asked) string // the documented path that is taken for this one
	}{
		{"serves-unknown-action", "takes an action that it does not know for a documented one", func(q *asked) string {
			if s := segments(q); len(s) == 3 && s[0] == "machines" && !isAction(s[2]) && s[2] == "noSuchAction" {
				return collection + s[1] + "/" + requestSample
			}
			return ""
		}},
		{"serves-longer-action", "takes an action whose name only begins with a documented one", func(q *asked) string {
			return pathMeaning(q, func(action, named string) bool { return strings.HasPrefix(named, action+"X") })
		}},
		{"serves-shorter-action", "takes the beginning of a documented action for it", func(q *asked) string {
			return pathMeaning(q, func(action, named string) bool {
				return strings.HasPrefix(action, named) &&
					len(named) > 5 && named != action
			})
		}},
		{"serves-plural-action", "takes the plural of a documented action for it", func(q *asked) string {
			return pathMeaning(q, func(action, named string) bool { return named == action+"s" })
		}},
		{"serves-one-segment-more", "leaves what stands behind the path of an operation", func(q *asked) string {
			if s := segments(q); len(s) == 4 && isAction(s[2]) && s[3] == "more" {
				return collection + s[1] + "/" + s[2]
			}
			return ""
		}},
		{"serves-doubled-action", "takes a path that names the action twice", func(q *asked) string {
			if s := segments(q); len(s) == 4 && isAction(s[2]) && s[3] == s[2] {
				return collection + s[1] + "/" + s[2]
			}
			return ""
		}},
		{"serves-missing-machine", "acts on some machine where the path names none", func(q *asked) string {
			if s := segments(q); len(s) == 2 && isAction(s[1]) {
				return collection + exampleID + "/" + s[1]
			}
			return ""
		}},
		{"serves-missing-action", "takes a sample where the path names no action", func(q *asked) string {
			if s := segments(q); len(s) == 2 && s[0] == "machines" && !isAction(s[1]) && s[1] != "" {
				return collection + s[1] + "/" + requestSample
			}
			return ""
		}},
		{"serves-other-collection", "takes any word for machines", func(q *asked) string {
			if s := segments(q); len(s) == 3 && s[0] != "machines" && isAction(s[2]) {
				return collection + s[1] + "/" + s[2]
			}
			return ""
		}},
		{"serves-other-version", "takes any version before the path", func(q *asked) string {
			if _, rest, found := strings.Cut(q.URL.Path, "2/machines/"); found {
				return collection + rest
			}
			return ""
		}},
		{"serves-longer-machine-id", "reads as much of a machine id as it expects", func(q *asked) string {
			return withID(q, func(id string) bool { return isLonger(id) && strings.HasSuffix(id, "0") })
		}},
		{"serves-machine-id-in-quotes", "does not look up a machine id in quotes", func(q *asked) string {
			return withID(q, func(id string) bool { return strings.HasPrefix(id, `"`) })
		}},
		{"serves-machine-id-with-parameter", "does not look up a machine id with a parameter", func(q *asked) string {
			return withID(q, func(id string) bool { return strings.Contains(id, ";") })
		}},
		{"serves-machine-id-behind-dots", "does not look up a machine id with an escaped slash",
			func(q *asked) string {
				if s := segments(q); len(s) == 4 && s[1] == ".." && isAction(s[3]) {
					return collection + exampleID + "/" + s[3]
				}
				return ""
			}},
	} {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: ids("path.exact"),
			Wrap: servedAt(row.path)})
	}
	missing := func(change func(*answer, *asked)) wrap { return onRefused(offRoute(change), http.StatusNotFound) }
	unknownAction := func(change func(*answer, *asked)) wrap {
		return missing(func(a *answer, q *asked) {
			if s := segments(q); len(s) == 3 && s[0] == "machines" {
				change(a, q)
			}
		})
	}
	with := func(status int, body string) func(*answer, *asked) {
		return func(a *answer, _ *asked) { a.status, a.body = status, []byte(body) }
	}
	crash := ids("refusal.no-server-error", "path.exact")
	return append(faults,
		Fault{Name: "answers-200-to-unknown-path", Says: "answers 200 and an empty object to a path that it does not " +
			"know", Breaks: ids("path.exact"), Wrap: missing(with(200, "{}"))},
		Fault{Name: "answers-204-to-unknown-action", Says: "answers 204 to an action that it does not know",
			Breaks: ids("path.exact"), Wrap: unknownAction(asRefusal(http.StatusNoContent))},
		Fault{Name: "redirects-unknown-path", Says: "sends the client elsewhere from a path that it does not know",
			Breaks: ids("path.exact", "http.no-redirect"), Wrap: missing(asRefusal(http.StatusFound))},
		Fault{Name: "crashes-on-unknown-path", Says: "answers 500 to a path that it does not know", Breaks: crash,
			Wrap: missing(asRefusal(500))},
		Fault{Name: "crashes-on-unknown-action", Says: "answers 500 to an action that it does not know", Breaks: crash,
			Wrap: unknownAction(asRefusal(500))},
		Fault{Name: "acts-with-404", Says: "sends a FileMachineAction with the 404 of a path that it does not know",
			Breaks: ids("refusal.no-action"), Wrap: missing(withAction)},
		Fault{Name: "answers-200-to-longer-machine-id", Says: "answers 200 and an empty object to a machine id " +
			"that is " +
			"longer than that of a machine which it does not know", Breaks: ids("path.exact"),
			Wrap: onRefused(func(a *answer, q *asked) {
				if isLonger(machineOf(q)) {
					with(200, "{}")(a, q)
				}
			}, http.StatusNotFound)},
	)
}

// offRoute changes the 404 of a path that belongs to no operation.
func offRoute(change func(*answer, *asked)) func(*answer, *asked) {
	return func(a *answer, q *asked) {
		if !strings.Contains(string(a.body), "ResourceNotFound") {
			change(a, q)
		}
	}
}

// pathMeaning returns the path with the documented action that the predicate takes the
// path's action for.
func pathMeaning(q *asked, means func(action, named string) bool) string {
	s := segments(q)
	if len(s) != 3 || s[0] != "machines" || isAction(s[2]) {
		return ""
	}
	for _, action := range documentedActions {
		if means(action, s[2]) {
			return collection + s[1] + "/" + action
		}
	}
	return ""
}

// withID returns the path with another machine where the predicate holds for its id.
func withID(q *asked, holds func(id string) bool) string {
	if s := segments(q); len(s) == 3 && isAction(s[2]) && holds(s[1]) {
		return collection + exampleID + "/" + s[2]
	}
	return ""
}

// stumblingFaults answer 500 to a path that nobody has to serve, or to a machine id of
// another form.
func stumblingFaults() []Fault {
	var faults []Fault
	for _, row := range []struct {
		name, what string
		path       *regexp.Regexp // with its escapes
	}{
		{"crashes-on-trailing-slash", "a slash at the end of the path", regexp.MustCompile(`/$`)},
		{"crashes-on-double-slash", "two slashes in a row", regexp.MustCompile(`[^/]//[^/]+$`)},
		{"crashes-on-dot-segment", "a dot for a segment", regexp.MustCompile(`/\./`)},
		{"crashes-on-empty-machine-id", "a machine id that is empty", regexp.MustCompile(`machines//`)},
		{"crashes-on-letter-case-of-path", "a path in another letter case", regexp.MustCompile(`/Machines/`)},
		{"crashes-on-short-machine-id", "a machine id of 39 digits", regexp.MustCompile(`/[0-9a-f]{39}/`)},
		{"crashes-on-long-machine-id", "a machine id of 256 characters or more", regexp.MustCompile(`/[^/]{256,}/`)},
		{"crashes-on-machine-id-with-blank", "a machine id with a blank",
			regexp.MustCompile(`/[0-9a-f]+%20[0-9a-f]+/`)},
		{"crashes-on-machine-id-with-slash", "an escaped slash in a machine id",
			regexp.MustCompile(`(?i)%2fmachines/`)},
		{"crashes-on-null-machine-id", "null for a machine id", regexp.MustCompile(`/(null|undefined)/`)},
		{"crashes-on-zero-machine-id", "0 for a machine id", regexp.MustCompile(`/0/`)},
		{"crashes-on-uuid-machine-id", "a UUID for a machine id", regexp.MustCompile(`/[0-9a-f]{8}(-[0-9a-f]{4}){3}-`)},
		{"crashes-on-apostrophe-machine-id", "an apostrophe for a machine id", regexp.MustCompile(`/(%27|')/`)},
		{"crashes-on-nul-machine-id", "NUL in a machine id", regexp.MustCompile(`%00`)},
		{"crashes-on-machine-id-beyond-ascii", "a machine id beyond ASCII", regexp.MustCompile(`(?i)%c3%bc`)},
		{"crashes-on-machine-id-not-in-utf-8", "a machine id that is no UTF-8", regexp.MustCompile(`(?i)%ff`)},
		{"crashes-on-huge-machine-id", "a number beyond 64 bits for a machine id", regexp.MustCompile(`/9{20}/`)},
	} {
		faults = append(faults, Fault{Name: row.name, Says: "answers 500 to " + row.what,
			Breaks: ids("refusal.no-server-error"), Wrap: rewrite(func(a *answer, q *asked) {
				if row.path.MatchString(q.URL.EscapedPath()) {
					a.replace(refusal{status: 500, code: "InternalServerError",
						message: "Something went wrong."}.answer())
				}
			})})
	}
	return faults
}

// pathVariants route as frameworks and gateways do.
func pathVariants() []variant {
	redirect := func(status int) wrap {
		return rewrite(func(a *answer, q *asked) {
			if cut, ok := strings.CutSuffix(q.URL.Path, "/"); ok && a.status == http.StatusNotFound {
				a.replace(&answer{status: status, header: http.Header{"Location": {cut}}})
			}
		})
	}
	unrouted := func(change func(*answer, *asked)) wrap { return onRefused(offRoute(change), http.StatusNotFound) }
	return []variant{
		{"takes-paths-in-any-letter-case", "takes paths in any letter case, as ASP.NET does",
			servedAt(func(q *asked) string {
				s := segments(q)
				if len(s) != 3 || !strings.EqualFold(s[0], "machines") {
					return ""
				}
				for _, action := range documentedActions {
					if strings.EqualFold(action, s[2]) {
						return collection + s[1] + "/" + action
					}
				}
				return ""
			})},
		{"takes-trailing-slash", "takes a slash at the end of a path", servedAt(func(q *asked) string {
			path, ok := strings.CutSuffix(q.URL.Path, "/")
			if !ok {
				return ""
			}
			return path
		})},
		{"merges-slashes", "takes several slashes in a row for one, as nginx does", servedAt(func(q *asked) string {
			merged := regexp.MustCompile(`//+`).ReplaceAllString(q.URL.Path, "/")
			if merged == q.URL.Path {
				return ""
			}
			return merged
		})},
		{"redirects-trailing-slash", "redirects with 308 from a path with a slash at its end", redirect(308)},
		{"moves-trailing-slash", "redirects with 301 from a path with a slash at its end", redirect(301)},
		{"redirects-dot-segments", "redirects with 307 from a path with dot segments to the one without",
			rewrite(func(a *answer, q *asked) {
				if clean := path.Clean(q.URL.Path); a.status == http.StatusNotFound && strings.Contains(q.URL.Path,
					"/../") {
					to := url.URL{Path: clean}
					a.replace(&answer{status: http.StatusTemporaryRedirect,
						header: http.Header{"Location": {to.String()}}})
				}
			})},
		{"403-for-unknown-routes", "answers 403 to a path that it does not know, as a gateway does",
			unrouted(asRefusal(http.StatusForbidden))},
		{"401-for-unknown-routes", "answers 401 to a path that it does not know, as a gateway does",
			unrouted(asRefusal(http.StatusUnauthorized))},
		{"400-for-unknown-routes", "answers 400 to a path that it does not know", unrouted(asRefusal(400))},
		{"405-for-the-machine", "lets a machine be read, and answers 405 to POST there", unrouted(
			func(a *answer, q *asked) {
				if s := segments(q); len(s) == 2 && s[0] == "machines" {
					a.status = http.StatusMethodNotAllowed
					a.header.Set("Allow", "GET")
				}
			})},
		{"refuses-other-forms-of-machine-ids", "answers 400 to a machine id that is not hexadecimal digits",
			refuseIf(refusal{status: 400, code: "InvalidMachineId", message: "The machine id is malformed."},
				func(q *asked) bool { return !isHex(machineOf(q)) })},
	}
}

// isLonger reports whether a machine id has one digit more than the documents show.
func isLonger(id string) bool { return isHex(id) && (len(id) == 33 || len(id) == 41) }

// unguardedFaults look at credentials by one reading of the path, and serve it by another.
func unguardedFaults() []Fault {
	plain := func(take func(path string) string) func(*asked) string {
		return func(q *asked) string {
			taken := take(q.URL.Path)
			if s := strings.Split(taken, "/"); taken == q.URL.Path || len(s) != 5 || !isAction(s[4]) {
				return ""
			}
			return taken
		}
	}
	withoutSlash := plain(func(path string) string { return strings.TrimSuffix(path, "/") })
	merged := plain(func(path string) string { return strings.ReplaceAll(path, "//", "/") })
	small := plain(func(path string) string { return strings.Replace(path, "/Machines/", "/machines/", 1) })
	withoutDot := plain(func(path string) string { return strings.Replace(path, "/./", "/", 1) })
	upwards := plain(func(path string) string { return strings.Replace(path, "/none/../", "/", 1) })
	withoutFormat := plain(func(path string) string { return strings.TrimSuffix(path, ".json") })
	escapedSlash := func(q *asked) string {
		if strings.Contains(q.URL.EscapedPath(), "%2F") {
			return q.URL.Path
		}
		return ""
	}
	twiceUnescaped := func(q *asked) string {
		if path := strings.Replace(q.URL.Path, "/%74", "/t", 1); path != q.URL.Path {
			return path
		}
		return ""
	}
	unescaped := func(q *asked) string {
		if strings.HasPrefix(q.URL.EscapedPath(), "/%74") {
			return q.URL.Path
		}
		return ""
	}
	var faults []Fault
	for _, row := range []struct {
		name, where string
		path        func(*asked) string // the documented path that is served
		ofUser      bool                // the user without the role, and not everyone
	}{
		{"trusts-behind-slash", "where a slash stands at the end of the path", withoutSlash, false},
		{"trusts-behind-two-slashes", "where the path has two slashes in a row", merged, false},
		{"trusts-in-other-letter-case", "where the path is in another letter case", small, false},
		{"trusts-behind-dot", "where a segment of the path is a dot", withoutDot, false},
		{"trusts-behind-escape", "where the path has a letter as an escape", unescaped, false},
		{"trusts-behind-two-dots", "where a segment of the path is two dots, and leads back", upwards, false},
		{"trusts-behind-format", "where the path ends in the name of a format", withoutFormat, false},
		{"trusts-behind-escaped-slash", "where the path has a slash as an escape", escapedSlash, false},
		{"trusts-behind-escaped-escape", "where the path has a letter as an escape of an escape", twiceUnescaped,
			false},
		{"permits-behind-slash", "where a slash stands at the end of the path", withoutSlash, true},
		{"permits-behind-two-slashes", "where the path has two slashes in a row", merged, true},
		{"permits-in-other-letter-case", "where the path is in another letter case", small, true},
	} {
		says, breaks := "accepts a request without Authorization ", ids("auth.required")
		if row.ofUser {
			says, breaks = "accepts a user without the role ", ids("auth.role")
		}
		faults = append(faults, Fault{Name: row.name, Says: says + row.where, Breaks: breaks,
			Wrap: excuse(http.StatusNotFound, func(q *asked) bool {
				path, anyone := row.path(q), len(q.Header.Values("Authorization")) == 0
				q.URL.Path, q.URL.RawPath = path, ""
				return path != "" && row.ofUser != anyone && trusts(q)
			})})
	}
	return append(faults, unusualFaults()...)
}

// unusualFaults look at credentials in the usual requests alone.
func unusualFaults() []Fault {
	var faults []Fault
	for _, row := range []struct {
		what, says string
		is         func(*asked) bool
	}{
		{"missing-type", "that has no Content-Type", func(q *asked) bool { return q.Header.Get("Content-Type") == "" }},
		{"long-body", "with a body of more than 8,192 bytes, as a gateway does that looks at no more",
			func(q *asked) bool { return len(q.body) > 8192 }},
		{"picture", "whose query ends as the name of a picture",
			func(q *asked) bool { return strings.HasSuffix(q.URL.RawQuery, ".png") }},
		{"method-field", "that names its method in X-HTTP-Method too",
			func(q *asked) bool { return q.Header.Get("X-HTTP-Method") != "" }},
		{"upgrade", "that asks for another protocol", func(q *asked) bool { return q.Header.Get("Upgrade") != "" }},
	} {
		faults = append(faults,
			Fault{Name: "trusts-" + row.what, Says: "accepts a request without Authorization " + row.says,
				Breaks: ids("auth.required"), Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
					return row.is(q) && len(q.Header.Values("Authorization")) == 0 && trusts(q)
				})},
			Fault{Name: "permits-" + row.what, Says: "accepts a request of a user without the role " + row.says,
				Breaks: ids("auth.role"), Wrap: excuse(http.StatusForbidden, func(q *asked) bool {
					return row.is(q) && trusts(q)
				})})
	}
	return append(faults,
		Fault{Name: "errs-for-nobody-without-body", Says: "answers 500 to a request with neither Authorization nor a " +
			"body", Breaks: ids("refusal.status-auth", "auth.required"), Wrap: onRefused(func(a *answer, q *asked) {
			if a.status == http.StatusUnauthorized && len(q.body) == 0 && len(q.Header.Values("Authorization")) == 0 &&
				q.Method == http.MethodPost {
				crash(a, q)
			}
		})})
}
