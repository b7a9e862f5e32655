package reference

import (
	"net/http"
	"slices"
	"strings"
)

// credentialHoles accept what carries no good credentials. The server behind
// them still checks everything else.
func credentialHoles() []Fault {
	required := ids("auth.required", "refusal.status-auth", "refusal.no-action")
	scheme := ids("auth.bearer", "refusal.status-auth", "refusal.no-action")
	known := ids("auth.token-known")
	role := ids("auth.role", "refusal.status-role", "refusal.no-action")
	rows := []struct {
		name, says string
		breaks     []string
		when       func(fields []string) bool
	}{
		{"needs-no-authorization", "accepts a request without Authorization", required,
			func(f []string) bool { return len(f) == 0 }},
		{"needs-no-authorization-value", "accepts an Authorization without a value", ids("auth.required", "auth.bearer",
			"refusal.status-auth", "refusal.no-action"), oneField(func(f string) bool { return f == "" })},
		{"takes-basic", "accepts the Basic scheme", scheme, hasScheme("Basic")},
		{"takes-digest", "accepts the Digest scheme", scheme, hasScheme("Digest")},
		{"takes-negotiate", "accepts the Negotiate scheme", scheme, hasScheme("Negotiate")},
		{"takes-any-scheme", "accepts any scheme but an empty Bearer", scheme, oneField(func(f string) bool {
			name, rest, ok := strings.Cut(f, " ")
			return ok && rest != "" && !strings.EqualFold(name, "Bearer")
		})},
		{"takes-bearer-prefix", "accepts a scheme that merely begins with Bearer", scheme,
			oneField(func(f string) bool {
				name, _, _ := strings.Cut(f, " ")
				return len(name) > 6 && strings.EqualFold(name[:6], "Bearer")
			})},
		{"takes-empty-bearer", "accepts Bearer without a token", scheme,
			oneField(func(f string) bool { return strings.EqualFold(strings.TrimSpace(f), "Bearer") })},
		{"takes-bare-word", "accepts a word without a scheme", scheme, oneField(func(f string) bool {
			return f != "" && !strings.Contains(f, " ") && !strings.EqualFold(f, "Bearer")
		})},
		{"takes-any-token", "accepts a bearer token that nobody issued", known,
			oneField(func(f string) bool { _, sent := bearer([]string{f}); return sent })},
		{"takes-any-long-token", "accepts any bearer token of twenty characters or more", known,
			oneField(func(f string) bool { token, sent := bearer([]string{f}); return sent && len(token) >= 20 })},
		{"takes-any-jwt", "accepts any bearer token with two dots in it", known,
			oneField(func(f string) bool {
				token, sent := bearer([]string{f})
				return sent &&
					strings.Count(token, ".") == 2
			})},
	}
	var faults []Fault
	for _, row := range rows {
		faults = append(faults, Fault{Name: row.name, Says: row.says, Breaks: row.breaks,
			Wrap: excuse(http.StatusUnauthorized, func(q *asked) bool {
				q.Request = trust(q.Request)
				return row.when(q.Header.Values("Authorization"))
			})})
	}
	return append(faults,
		Fault{Name: "asks-for-no-role", Says: "accepts a user who does not hold the role", Breaks: role,
			Wrap: excuse(http.StatusForbidden, trusts)},
		Fault{Name: "asks-for-no-role-to-sample", Says: "accepts a user who does not hold the role for " +
			"requestSample alone", Breaks: role, Wrap: onlyFor("requestSample", excuse(http.StatusForbidden, trusts))},
		Fault{Name: "refuses-security-administrator", Says: "refuses a user who is security administrator and not " +
			"global administrator", Breaks: ids("auth.either-role"), Wrap: forbids(http.StatusForbidden,
			securityAdministrator)},
		Fault{Name: "refuses-global-administrator", Says: "refuses a user who is global administrator and not " +
			"security administrator", Breaks: ids("auth.either-role"), Wrap: forbids(http.StatusForbidden,
			globalAdministrator)},
		Fault{Name: "needs-both-roles", Says: "refuses a user who holds only one of the two roles",
			Breaks: ids("auth.either-role"), Wrap: forbids(http.StatusForbidden, securityAdministrator,
				globalAdministrator)},
		Fault{Name: "hides-from-global-administrator", Says: "answers 404 to a user who is global administrator alone",
			Breaks: ids("auth.either-role"), Wrap: forbids(http.StatusNotFound, globalAdministrator)},
		Fault{Name: "needs-both-roles-to-stop", Says: "refuses a user who holds only one of the two roles for " +
			"stopAndQuarantineFile alone", Breaks: ids("auth.either-role"), Wrap: onlyFor("stopAndQuarantineFile",
			forbids(http.StatusForbidden, securityAdministrator, globalAdministrator))},
		Fault{Name: "needs-no-authorization-to-stop", Says: "accepts stopAndQuarantineFile without Authorization",
			Breaks: required, Wrap: onlyFor("stopAndQuarantineFile",
				excuse(http.StatusUnauthorized, func(q *asked) bool {
					q.Request = trust(q.Request)
					return len(q.Header.Values("Authorization")) == 0
				}))},
		Fault{Name: "knows-bearer-in-one-case", Says: "knows the scheme only as Bearer",
			Breaks: ids("auth.scheme-case"), Wrap: refuseScheme(func(name string) bool { return name != "Bearer" })},
		Fault{Name: "does-not-know-upper-bearer", Says: "does not know the scheme as BEARER",
			Breaks: ids("auth.scheme-case"), Wrap: refuseScheme(func(name string) bool { return name == "BEARER" })},
		Fault{Name: "does-not-know-lower-bearer", Says: "does not know the scheme as bearer",
			Breaks: ids("auth.scheme-case"), Wrap: refuseScheme(func(name string) bool { return name == "bearer" })},
	)
}

// forbids refuses requests of these users that would be accepted.
func forbids(status int, requestors ...string) wrap {
	return onAccepted(func(a *answer, _ *asked) {
		action, _ := parseObject(a.body)
		if requestor, _ := action.Get("requestor").(string); slices.Contains(requestors, requestor) {
			a.replace(refusal{status: status, code: "Forbidden", message: "The user does not hold " +
				"both roles."}.answer())
		}
	})
}

func trusts(q *asked) bool {
	q.Request = trust(q.Request)
	return true
}

// oneField holds for a request with one Authorization of that kind.
func oneField(is func(string) bool) func([]string) bool {
	return func(fields []string) bool { return len(fields) == 1 && is(fields[0]) }
}

func hasScheme(scheme string) func([]string) bool {
	return oneField(func(f string) bool {
		name, rest, _ := strings.Cut(f, " ")
		return strings.EqualFold(name, scheme) && rest != ""
	})
}

func refuseScheme(unknown func(string) bool) wrap {
	return refuseIf(*unauthorized(challenge), func(q *asked) bool {
		name, _, _ := strings.Cut(q.Header.Get("Authorization"), " ")
		return unknown(name)
	})
}
