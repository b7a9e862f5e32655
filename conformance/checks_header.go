package conformance

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

func headerChecks() []Check {
	return []Check{
		{Name: "media-type", Requirements: []string{"response.media-type"},
			Doc: "A {success} says that its body is application/json; parameters are free.",
			on:  (*observed).carriesAction, judge: mediaType},
		{Name: "challenge", Requirements: []string{"refusal.status-auth"},
			Doc: "A 401 carries a WWW-Authenticate that names the Bearer scheme.",
			on:  (*observed).refusal, judge: challenge},
		{Name: "challenge-form", Requirements: []string{"refusal.challenge"},
			Doc: "A WWW-Authenticate, of whatever answer, is a list of challenges by the grammar, each with a " +
				"scheme, no parameter twice, realm in quotes, and in those of RFC 6750 the characters that it allows.",
			on: (*observed).answered, judge: challengeForm},
		{Name: "challenge-error", Requirements: []string{"refusal.challenge-error"},
			Doc: "The error that a challenge of the Bearer scheme names, of those of RFC 6750, is the one that has " +
				"the status of the answer.",
			on: (*observed).refusal, judge: challengeError},
		{Name: "allow", Requirements: []string{"refusal.method"},
			Doc: "A 405 carries an Allow that lists {method}, and neither GET, PUT, PATCH nor DELETE where that was " +
				"refused. A request by HEAD, OPTIONS or TRACE creates nothing: it is not answered as {method} is.",
			on:    func(x *observed) bool { return x.refusal() || changesNothing(x) },
			judge: func(x *observed) []Problem { return append(safeMethod(x), allow(x)...) }},
	}
}

// changesNothing reports whether a method was sent that changes nothing and that is open to the server.
func changesNothing(x *observed) bool {
	return x.answered() && x.expect() == Either && x.Case != nil &&
		slices.Contains([]string{http.MethodHead, http.MethodOptions, http.MethodTrace}, x.Request.Method)
}

// safeMethod judges what answers a method that changes nothing (RFC 9110 9.2.1).
func safeMethod(x *observed) []Problem {
	what := ""
	switch {
	case x.besidePath():
		return nil
	case x.terms.created(x.Response.Status):
		what = fmt.Sprint(x.Response.Status)
	case x.success() && x.complete() && x.terms.looksLikeAction(x.answer.action):
		what = "a " + x.terms.resource.Name
	default:
		return nil
	}
	return problem("status", "nothing that "+x.Request.Method+" has created, for it changes nothing", what)
}

func mediaType(x *observed) []Problem {
	values := x.Response.Header.Values("Content-Type")
	const place, want = "header Content-Type", "application/json"
	switch {
	case len(values) == 0:
		return problem(place, want, "no such header")
	case len(values) > 1:
		return problem(place, "one value", show(values))
	case x.answer.media != want:
		return problem(place, want, show(values[0]))
	}
	return nil
}

var (
	quotedString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	bearerScheme = regexp.MustCompile(`(?i)(?:^|,)[ \t]*bearer(?:[ \t,]|$)`)
)

func challenge(x *observed) []Problem {
	if x.Response.Status != http.StatusUnauthorized {
		return nil
	}
	const place, want = "header WWW-Authenticate", "a challenge of the Bearer scheme"
	values := x.Response.Header.Values("WWW-Authenticate")
	if len(values) == 0 {
		return problem(place, want, "no such header")
	}
	challenges, err := readChallenges(values)
	if slices.ContainsFunc(challenges, func(c challengeRead) bool { return strings.EqualFold(c.scheme, "Bearer") }) {
		return nil
	}
	// What cannot be read is a finding of another check, and may name the scheme.
	if err != nil && slices.ContainsFunc(values, func(v string) bool {
		return bearerScheme.MatchString(quotedString.ReplaceAllString(v, `""`))
	}) {
		return nil
	}
	return problem(place, want, show(strings.Join(values, ", ")))
}

func challengeForm(x *observed) []Problem {
	values := x.Response.Header["Www-Authenticate"]
	if len(values) == 0 {
		return nil
	}
	if _, err := readChallenges(values); err != nil {
		return problem("header WWW-Authenticate", "challenges by the grammar, such as Bearer realm=\"…\", error=\"…\"",
			err.Error()+", in WWW-Authenticate: "+brief(strings.Join(values, ", ")))
	}
	return nil
}

// bearerErrors are the errors of RFC 6750 3.1, with the status of each.
func bearerErrors() map[string]int {
	return map[string]int{"invalid_request": http.StatusBadRequest, "invalid_token": http.StatusUnauthorized,
		"insufficient_scope": http.StatusForbidden}
}

func challengeError(x *observed) (out []Problem) {
	challenges, err := readChallenges(x.Response.Header.Values("WWW-Authenticate"))
	if err != nil {
		return nil // a finding of another check
	}
	for _, c := range challenges {
		if !strings.EqualFold(c.scheme, "Bearer") {
			continue
		}
		for _, param := range c.params {
			status, known := bearerErrors()[param.Value]
			if known && status != x.Response.Status && strings.EqualFold(param.Name, "error") {
				out = append(out, problem("header WWW-Authenticate", fmt.Sprintf("error=%q with %d alone", param.Value,
					status), fmt.Sprintf("it with %d", x.Response.Status))...)
			}
		}
	}
	return out
}

func allow(x *observed) []Problem {
	if x.Response.Status != http.StatusMethodNotAllowed || x.elsewhere() {
		return nil // where another check asks for an Allow of whatever methods
	}
	place, want := "header Allow", "a list with "+x.terms.Method
	values := x.Response.Header.Values("Allow")
	if len(values) == 0 {
		return problem(place, want, "no such header")
	}
	all := strings.Join(values, ",")
	lists := func(method string) bool { return listsMethod(values, method) }
	// What reads HTTP may know others, and list them with those of the resource.
	own := []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete}
	switch {
	case !lists(x.terms.Method):
		return problem(place, want, show(all))
	case slices.Contains(own, x.Request.Method) && lists(x.Request.Method):
		return problem(place, want+" and without "+x.Request.Method+", which was refused", show(all))
	}
	return nil
}
