package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// A cause explains why answers of a run are no evidence about the contract: another
// server gave them, none came, or they are about the credentials of the run. It follows
// from the exchanges and from what else a record holds.
type cause struct {
	reason string
	of     map[*Judged]bool // that it explains
	whole  bool             // it explains everything about them, and not just that they were refused
	none   bool             // no token was given, so that a server that requires one has not been asked
}

func newCause(reason string, whole bool, of []*Judged) *cause {
	c := &cause{reason: reason, of: map[*Judged]bool{}, whole: whole}
	for _, x := range of {
		c.of[x] = true
	}
	return c
}

// left returns the findings on an exchange that the cause does not explain.
func (c *cause) left(findings []record.Finding) []record.Finding {
	if c.whole {
		return nil
	}
	return slices.DeleteFunc(findings, func(f record.Finding) bool {
		return slices.Contains([]string{createdCheck, servedCheck, acceptsCheck}, f.Check)
	})
}

// causes are those of a run, the one to be reported first in front.
type causes []*cause

// find returns the cause of an exchange, or nil.
func (all causes) find(x *Judged) *cause {
	for _, c := range all {
		if c.of[x] {
			return c
		}
	}
	return nil
}

// all returns the cause that explains everything about these exchanges, or nil.
// Those that were cut off need no explanation.
func (all causes) all(exchanges []*Judged) *cause {
	var one *cause
	for _, x := range exchanges {
		c := all.find(x)
		switch {
		case x.Case.Steps[x.Step].Abort && (c == nil || c.whole):
			if one == nil {
				one = c
			}
		case c == nil || !c.whole:
			return nil
		default:
			one = c
		}
	}
	return one
}

// unasked reports whether a run was no question to the implementation, whatever else
// was found in its answers.
func (all causes) unasked() bool {
	return slices.ContainsFunc(all, func(c *cause) bool { return c.none })
}

// reason returns the reasons of all of them.
func (all causes) reason() string {
	var words []string
	for _, c := range all {
		words = append(words, c.reason)
	}
	return strings.Join(words, "; ")
}

// causesOf returns what explains the exchanges of a run, all of them in the order of
// its cases.
func causesOf(out *record.Report, all []*Judged) causes {
	look := out.LastLook
	if look == nil {
		look = &record.LastLook{}
	}
	counting := asked(all)
	if len(counting) == 0 || len(out.Panics) > 0 {
		return nil // a handler that panics is there, and what it does not answer is its own doing
	}
	if why := foreign(out.Target, counting, look); why != "" {
		return causes{newCause(why, true, all)}
	}
	var found causes
	if lost := unansweredTail(counting); len(lost) > 0 && len(lost) < len(counting) && look.Asked != "" &&
		!look.Answered {
		found = append(found, newCause(fell(all, lost, look), true, lost))
	}
	for _, s := range longest(shutOuts(counting)) {
		if s.excuses(out) {
			found = append(found, s.cause(all))
		}
	}
	if why, refused := unauthorised(out.Target, counting); why != "" {
		c := newCause(why, false, refused)
		c.none = out.Target.MadeUpToken
		found = append(found, c)
	}
	return found
}

// foreign says why no answer of a run is one of the implementation's own, or "".
func foreign(target record.TargetInfo, all []*Judged, look *record.LastLook) string {
	if look.TLS && plainRefused(all) {
		return fmt.Sprintf("the port speaks TLS, and was asked in plain HTTP; pass -url %s", httpsOf(target.URL))
	}
	if why := allToHTTPS(target, all); why != "" {
		return why
	}
	if slices.ContainsFunc(all, (*Judged).own) || look.Answered {
		return ""
	}
	n := map[string]int{}
	first := map[string]*Judged{}
	for _, x := range all {
		what := "no answer"
		switch {
		case x.busy():
			what = "gateway"
		case x.speaksOtherwise():
			what = "no HTTP"
		}
		if n[what]++; n[what] == 1 {
			first[what] = x
		}
	}
	switch {
	case n["no HTTP"] > n["no answer"]+n["gateway"]:
		return fmt.Sprintf("the target does not speak %s: %s", target.Protocol, first["no HTTP"].Err.Msg)
	case n["gateway"] > 0 && n["no answer"] > 0:
		return fmt.Sprintf("no request got an answer of the implementation itself: %s came, as from a proxy whose "+
			"server is down, or none: %s", statusesOf(all), unended(first["no answer"]))
	case n["gateway"] > 0:
		remedy := "see that it runs, or give it more time with -retry or -wait"
		if target.URL == "" { // recorded traffic
			remedy = "record it again while the server runs"
		}
		return fmt.Sprintf("no request got an answer of the implementation itself: each was answered %s, as by a "+
			"proxy whose server is down; %s", statusesOf(all), remedy)
	}
	return "no request got an answer: " + unended(first["no answer"])
}

// unended says what came in place of an answer, with a remedy.
func unended(x *Judged) string {
	switch x.Err.Kind {
	case record.Closed:
		return x.Err.Msg + "; see that a server of HTTP runs there"
	case record.Silent:
		return x.Err.Msg + "; see that the server is not stuck, or give it more time with -timeout"
	}
	return x.Err.Msg // of connections that did not come about, with a remedy
}

// allToHTTPS returns the URL to which every answer redirects, where it is https in
// place of http, or "".
func allToHTTPS(target record.TargetInfo, all []*Judged) string {
	if !strings.HasPrefix(target.URL, "http://") {
		return ""
	}
	host := ""
	for _, x := range all {
		if x.Response == nil || x.Response.Status/100 != 3 {
			return ""
		}
		to, err := url.Parse(x.Response.Header.Get("Location"))
		if err != nil || to.Scheme != "https" || to.Host == "" || host != "" && to.Host != host {
			return ""
		}
		host = to.Host
	}
	here, err := url.Parse(target.URL)
	if err != nil {
		return ""
	}
	if there := (&url.URL{Host: host}).Hostname(); !strings.EqualFold(there, here.Hostname()) {
		return fmt.Sprintf("every request was redirected to https://%s, which is another host; pass the -url of the "+
			"API itself", host)
	}
	return fmt.Sprintf("every request was redirected to https; pass -url https://%s", host+here.EscapedPath())
}

// fell says from which request on a target gave no answer any more.
func fell(all, lost []*Judged, look *record.LastLook) string {
	first := lost[0]
	for _, x := range lost {
		if x.Started.Before(first.Started) {
			first = x
		}
	}
	what := "gave no answer any more"
	got := ""
	switch {
	case first.busy():
		what = fmt.Sprintf("answered no request itself any more, but %s came, as from a proxy whose server is down",
			statusesOf(lost))
		if statusesOf(lost) == "503" {
			what += " or that limits the rate of requests (send fewer with -rate, such as 10/s)"
		}
	case first.Err != nil:
		got = ": " + first.Err.Msg
	}
	return fmt.Sprintf("from request %d on, which was %s, the target %s%s; nor was one answered that had been "+
		"before, %s; earlier answers are judged; check the server",
		nth(all, first), first.Case.ID, what, got, look.Asked)
}

// unauthorised says that the token of a run is the reason why nothing was accepted,
// and which requests were refused for it, or "". Those that differ from no control
// have to be among them: what is refused otherwise, for another reason, is judged.
func unauthorised(target record.TargetInfo, all []*Judged) (why string, refused []*Judged) {
	var statuses []*Judged
	for _, x := range all {
		if x.expect() != Accepted || x.Response == nil || x.Unjudged != "" || x.Case.Steps[x.Step].roleToken() != "" {
			continue
		}
		forbidden := x.Response.Status == http.StatusUnauthorized || x.Response.Status == http.StatusForbidden
		switch {
		case x.success(), x.Case.Control == "" && !forbidden:
			return "", nil
		case forbidden:
			refused = append(refused, x)
			if x.Case.Control == "" {
				statuses = append(statuses, x)
			}
		}
	}
	if len(statuses) == 0 {
		return "", nil
	}
	status := statusesOf(statuses)
	switch {
	case target.MadeUpToken:
		why = fmt.Sprintf("no token was given, and the made-up one was refused (%s); set FMASPEC_TOKEN or pass "+
			"-token-file", status)
	case status == "403":
		why = "the token was refused (403) wherever a request is to be accepted; give the token of a user who may " +
			"act (fmaspec auth check describes it)"
	default:
		why = fmt.Sprintf("the token was refused (%s) wherever a request is to be accepted, as one is that has "+
			"expired or is for another server; give another (fmaspec auth check describes it)", status)
	}
	return why, refused
}

// repetition is what is said of an answer to one.
const repetition = "the request may repeat one that was made before, and the answer says so, which the contract " +
	"leaves open; it proves nothing of a first one"

// aboutForm are the checks that hold for whatever answer comes.
func aboutForm() []string { return []string{completeCheck, codingCheck, timelyCheck, tokenCheck} }

// ofRepetition returns those of the findings on an answer to a repetition that hold of it. The contract
// leaves open how a repetition is answered: what a run sends again is judged by its form alone. In
// recorded traffic, where a call is repeated by chance, the action in the answer is judged too, and so is
// a refusal, but neither its status nor whether it carries an action.
func (x *Judged) ofRepetition(all []record.Finding) []record.Finding {
	return selected(all, func(f record.Finding) bool {
		switch {
		case slices.Contains(aboutForm(), f.Check):
			return true
		case !x.Case.Recorded || aboutAcceptance(x.Case, f) || f.Check == redirectCheck || f.Check == noActionCheck:
			return false
		}
		return !x.success() || x.acting || slices.Contains(aboutFields(), f.Check)
	})
}

// aboutFields are the checks of fields that hold whatever the answer carries.
func aboutFields() []string { return []string{dateCheck, fieldCheck, meaningCheck} }

// repeated reports whether an answer is one to a repetition: that the action is
// under way or done already, or where it is. That can meet only a request whose
// file is written out, as in the documents' examples, or is the user's file, or
// stands in another request of the case, which was not refused, for the same machine and by the same operation,
// or by whatever way where the answer has the code of the contract that says so: all
// others ask for a file of their own.
func repeated(x *Judged, beside []*Judged) bool {
	if !x.answered() || x.expect() == Refused || len(x.Request.Body) == 0 && !x.Case.Recorded {
		return false // a request without a body names no file
	}
	// A body in chunks is no JSON, so that the file in it is not known.
	own := slices.Contains(x.Marks, strings.ToLower(x.File)) || x.File == "" && slices.ContainsFunc(x.Marks, isHash)
	if own && !slices.ContainsFunc(beside, func(o *Judged) bool {
		return o != x && o.Round == x.Round && o.mayHaveActed() && strings.EqualFold(o.File, x.File) &&
			(x.running || o.machine == x.machine && o.terms == x.terms) && (o.Step < x.Step || x.Case.AtOnce)
	}) {
		return false
	}
	if x.terms.created(x.Response.Status) {
		return false
	}
	switch x.Response.Status {
	case http.StatusOK, http.StatusAccepted, http.StatusAlreadyReported:
		return !x.erring
	case http.StatusSeeOther, http.StatusConflict:
		return true
	}
	return x.running
}

// mayHaveActed reports whether a request may have created an action: it was not refused, or only
// as one that repeats another.
func (x *Judged) mayHaveActed() bool {
	return !x.answered() || x.Response.Status/100 != 4 || x.Response.Status == http.StatusConflict || x.running
}

// isHash reports whether a mark is a value of {{sha1}}.
func isHash(mark string) bool { return len(mark) == sha1Digits }

// running reports whether a refusal says that the action is under way.
func (x *observed) running() bool {
	if !x.answered() || x.Response.Status/100 != 4 {
		return false
	}
	return x.terms.running(x.answer.action)
}

// uncreated says that no request of a run was answered with the status of success, and some as if they were
// repetitions, or "".
func uncreated(runs []*caseRun) string {
	some := false
	for _, run := range runs {
		for _, x := range run.exchanges {
			if x.expect() != Accepted || !x.answered() {
				continue
			}
			if x.terms.created(x.Response.Status) || run.proven {
				return ""
			}
			some = some || repeated(x, run.exchanges)
		}
	}
	if !some {
		return ""
	}
	return "no action was seen to be created: every request to be accepted was answered as one that repeats another; " +
		"name a file that was not acted on yet with -sha1, or run it when the actions have ended"
}

// unanswered says that nothing of what was asked for could be judged, and why, or "".
// Controls that were not asked for do not count.
func (k conclusion) unanswered(cases []record.CaseResult) string {
	n, first := 0, ""
	for _, c := range cases {
		if k.wanted != nil && !k.wanted[c.ID] {
			continue
		}
		switch c.Outcome {
		case record.Passed, record.Deviated, record.Failed:
			return ""
		}
		if n++; first == "" {
			first = c.Reason
		}
	}
	switch {
	case n == len(cases) && first == "":
		return "no case was conclusive"
	case n == 1:
		return "the case that was asked for could not be judged: " + first
	case n == len(cases):
		return "no case was conclusive: " + first
	}
	return fmt.Sprintf("none of the %d cases that were asked for could be judged: %s", n, first)
}
