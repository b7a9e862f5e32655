package conformance

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// The names of the checks that compare the acceptance or refusal of a request
// with what the case expects. They show nothing where the control had the same outcome.
const (
	createdCheck = "created"
	servedCheck  = "served"
	acceptsCheck = "accepts"
	refusesCheck = "refuses"
	refusedWith  = "refusal-status"

	serverErrorCheck = "no-server-error"
)

func statusChecks() []Check {
	return []Check{
		{Name: createdCheck, kinds: []Kind{Acceptance}, Requirements: []string{"response.created", "response.json"},
			Doc: "A valid, authorised request is answered exactly {success}, and with the whole body; so is a " +
				"request that may be refused, where the answer carries the {resource} of a file that no " +
				"request named before.",
			on: func(x *observed) bool { return x.awaited() || x.tookOtherwise() }, judge: created},
		{Name: servedCheck, kinds: []Kind{Existence}, Requirements: []string{"operation.exists"},
			Doc: "{method} on the documented path is not answered 404, 405 or 501.",
			on:  (*observed).toAccept, judge: served},
		{Name: acceptsCheck,
			Doc: "A valid request is accepted in the form of the case; charged to what the case is to prove.",
			on:  (*observed).awaited, judge: accepts},
		{Name: refusesCheck,
			Doc: "A request that lacks what is owed is not accepted; charged to what the case is to prove.",
			on:  (*observed).toRefuse, judge: refuses},
		{Name: refusedWith, kinds: []Kind{RefusalStatus, RefusalBody, RefusalRole, MilderStatus},
			Requirements: []string{"refusal.status-auth", "refusal.status-role", "refusal.status-body",
				"refusal.media-type", "refusal.method", "refusal.method-forbidden"},
			Doc: "A refusal carries one of the statuses that count for its reason.",
			on:  func(x *observed) bool { return x.toRefuse() && x.tokenDisowned() == "" }, judge: refusalStatus},
		{Name: serverErrorCheck, kinds: []Kind{ServerError}, Requirements: []string{"refusal.no-server-error"},
			Doc: "A request that cannot be served is the client's error, not the server's.",
			on:  func(x *observed) bool { return x.refusal() || x.toAccept() && x.Case.weak }, judge: noServerError},
	}
}

// awaited is an exchange that an acceptance is to come of, where it was answered or
// the time was up.
func (x *Exchange) awaited() bool {
	return x.expect() == Accepted && (x.answered() || x.late()) && x.roleTokenRefused() == "" &&
		x.expectationUnmet() == "" && x.fieldsLimited() == ""
}

// tookOtherwise reports whether an answer to a request that may be refused carries an action on a
// file that belongs to this request, with another status than that of success.
func (x *observed) tookOtherwise() bool {
	return x.expect() == Either && x.Step == 0 && x.success() && x.complete() &&
		!x.terms.created(x.Response.Status) && slices.Contains(x.Marks, strings.ToLower(x.file)) && x.acts()
}

func created(x *observed) []Problem {
	if x.late() && (!x.answered() || x.success()) {
		return createdInTime(x)
	}
	status := x.Response.Status
	if x.terms.created(status) || status/100 != 2 && !plainly(x) {
		return nil
	}
	got := fmt.Sprint(status)
	if status == 401 || status == 403 {
		got += " (is the token one of a user who may act?)"
	}
	return problem("status", x.terms.success(), got)
}

// createdInTime charges a valid request that came to no whole answer.
func createdInTime(x *observed) []Problem {
	switch {
	case !plainly(x):
		return nil // charged to the form
	case x.answered():
		return []Problem{{"body", "the whole of it", x.Err.Msg, "response.json"}}
	}
	return problem("connection", x.terms.success(), x.Err.Msg)
}

// plainly reports whether the refusal of a valid request is charged to the operation
// rather than to the form that the request takes. In a case of several requests each
// is a plain valid one.
func plainly(x *observed) bool {
	return x.Case.proving(Acceptance) != "" || len(x.Case.Steps) > 1 && x.Case.Generator == ""
}

// unknownHint names the things of a request that an implementation may not know.
const unknownHint = " (is -url right, and does it know the machine, -machine, and the file, -sha1?)"

// wholeURLHint names what a server that looks for a path did with a whole URL.
const wholeURLHint = " (does it take the whole URL for a path?)"

func served(x *observed) []Problem {
	if !x.answered() {
		return nil
	}
	status := x.Response.Status
	if slices.Contains([]int{404, 405, 501}, status) && x.Case.proving(Existence) != "" {
		got := fmt.Sprint(status)
		if status == 404 {
			got += unknownHint
		}
		return problem("status", "the operation, answered "+x.terms.success(), got)
	}
	return nil
}

func accepts(x *observed) (out []Problem) {
	place, got := "status", ""
	switch {
	case x.late() && (!x.answered() || x.success()):
		place, got = "connection", x.Err.Msg
	case x.Response.Status/100 == 2:
		return nil
	default:
		got = fmt.Sprint(x.Response.Status)
		switch {
		case x.Response.Status == 404 && x.Request.Absolute:
			got += wholeURLHint
		case x.Response.Status == 404:
			got += unknownHint
		}
	}
	for _, id := range x.charges() {
		if asksBoth(x.Case) && x.Case.kinds[id] != Isolation {
			continue // what the case proves by a refusal is no matter of its valid requests
		}
		out = append(out, Problem{place, x.terms.success() + ", for the request is valid", got, id})
	}
	// What the case expects counts, whatever it is to prove.
	if len(out) == 0 && len(created(x)) == 0 && len(served(x)) == 0 && x.Case.main != "" {
		out = append(out, Problem{place, x.terms.success() + ", for the request is valid", got, x.Case.main})
	}
	return out
}

// isPage reports whether an answer to GET or HEAD is a page for people, as servers have that give one
// for every path on which nothing else is: it is no action, and no standard forbids it.
func (x *observed) isPage() bool {
	return isSafe(x.Request.Method) && x.Response.Status == http.StatusOK && x.complete() &&
		x.answer.media == "text/html" && !x.terms.looksLikeAction(x.answer.action)
}

func refuses(x *observed) (out []Problem) {
	if x.Response.Status/100 != 2 || x.isPage() || x.aside() {
		return nil
	}
	charges := x.charges()
	if len(charges) == 0 && x.Case.main != "" {
		charges = []string{x.Case.main}
	}
	for _, id := range charges {
		out = append(out, Problem{"status", "a refusal: " + record.OrStatuses(x.statuses()),
			fmt.Sprint(x.Response.Status), id})
	}
	return out
}

// aside reports whether an answer shows nothing of credentials: it is no action, nor an error, on a path that is
// written otherwise, which the case asks behind a valid request on the path itself. What is served there is a matter
// of the cases about paths.
func (x *observed) aside() bool {
	return x.Response.Status < 400 && len(x.Case.Steps) > 1 && x.Case.Steps[0].Expect == Accepted &&
		x.Case.status != "" && x.elsewhere() && !x.besidePath() && !x.terms.looksLikeAction(x.answer.action)
}

// charges are the requirements that acceptance and refusal are charged to. What
// the first request of several meets is no matter of isolation.
func (x *Exchange) charges() []string {
	if x.Step == 0 && len(x.Case.Steps) > 1 && !x.Case.AtOnce {
		return withoutKind(x.Case.kinds, Isolation, x.Case.open)
	}
	return x.Case.open
}

func refusalStatus(x *observed) (out []Problem) {
	if x.stumbled() || x.tidies() || x.secures() || x.isPage() || x.aside() {
		return nil // a finding of another check, or no answer yet
	}
	status := x.Response.Status
	if status == http.StatusNotFound && strings.Contains(x.Request.URL, "?") {
		return nil // a query is a part of what names a resource, and nothing need be there
	}
	// A success with an action is acceptance, which is a finding of another check.
	if slices.Contains(x.statuses(), status) || status/100 == 2 && x.terms.looksLikeAction(x.answer.action) {
		return nil
	}
	charged := x.Case.status
	// That a redirect is none is a finding of another check, but where nothing is to be at all.
	if charged == "" && status/100 != 2 && (status/100 != 3 || x.Case.proving(ExactPath) != "") {
		charged = cmp.Or(slices.Concat(x.Case.open, []string{x.Case.main})...)
	}
	if charged == "" || status/100 == 2 && slices.Contains(x.Case.open, charged) {
		return nil
	}
	if charged == x.Case.status {
		charged = x.Case.statusCharge(status)
	}
	got := fmt.Sprint(status)
	if status == http.StatusUnauthorized && x.Case.Steps[x.Step].sends(httpfile.UnprivilegedToken) {
		got += " (is the unprivileged token valid still?)"
	}
	return []Problem{{"status", record.OrStatuses(x.statuses()), got, charged}}
}

func noServerError(x *observed) []Problem {
	status := x.Response.Status
	if status < 500 || slices.Contains(x.statuses(), status) || x.stumbled() {
		return nil
	}
	want := "an answer or a refusal, and no 5xx" // it is open whether anything is at fault
	switch x.expect() {
	case Accepted:
		want = x.terms.success() + ", or a refusal with 4xx"
	case Refused:
		want = "no 5xx, for the request is at fault"
	}
	return problem("status", want, fmt.Sprint(status))
}
