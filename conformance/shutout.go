package conformance

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"fmaspec/conformance/record"
)

// What shows that it is the token, or the sender, that a target refuses, and none of the requests:
// how many requests there are in a row at least, how many of them are to be refused for another
// reason, and how many to be accepted; one of these is enough where the others are to be refused for
// several reasons, of which each has a requirement of its own.
const shutOutLeast, shutOutKind, shutOutReasons = 20, 5, 3

// shutOutSoonest is how long after the beginning of a run a target on this machine may shut its sender out. A token
// lasts longer, and no firewall stands before it: one that refuses sooner forgets whom it knows.
const shutOutSoonest = 5 * time.Minute

// A shutOut is a time in which a target answered every request with the token of the run with one
// status that says that the sender may not act, after it had accepted others: the token expired,
// or a firewall or a limiter stands before the implementation.
type shutOut struct {
	status        int
	requests      []*Judged // that sent the token, in the order of sending
	before, after *Judged   // those with the token around them; after is nil where there is none
	begun         time.Time // when the first request with the token was sent
}

// shutOuts returns the times of a run in which its sender was shut out.
func shutOuts(all []*Judged) (out []shutOut) {
	var sent []*Judged
	for _, x := range all {
		if x.answered() && !x.Started.IsZero() && !x.busy() && x.Case.Steps[x.Step].token() == tokens()[0].Variable {
			sent = append(sent, x)
		}
	}
	slices.SortStableFunc(sent, func(a, b *Judged) int { return a.Started.Round(0).Compare(b.Started.Round(0)) })
	acted := false
	for from := 0; from < len(sent); {
		status, to := sent[from].Response.Status, from
		for acted && aboutSender(status) && to < len(sent) && sent[to].shutOut(status) {
			to++
		}
		if isShutOut(status, sent[from:to]) {
			s := shutOut{status: status, requests: sent[from:to], before: sent[from-1], begun: sent[0].Started}
			if to < len(sent) {
				s.after = sent[to]
			}
			out = append(out, s)
			from = to
			continue
		}
		acted = acted || sent[from].success() && sent[from].expect() == Accepted
		from++
	}
	return out
}

// excuses reports whether it may be for something else than the implementation that the sender was shut out.
func (s shutOut) excuses(out *record.Report) bool {
	return !out.Safety.Local || s.requests[0].Started.Sub(s.begun) >= shutOutSoonest
}

// shutOut reports whether the answer may come in a time in which the sender is shut out by a
// status: it has that, or refuses what is to be refused, as the server does that stands in front.
func (x *Judged) shutOut(status int) bool {
	return x.Response.Status == status || x.expect() != Accepted && x.Response.Status/100 == 4
}

// aboutSender reports whether a status says that the sender may not act.
func aboutSender(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// isShutOut reports whether a status, which came to those of these requests that are to be accepted,
// is about their sender.
func isShutOut(status int, all []*Judged) bool {
	if len(all) < shutOutLeast {
		return false
	}
	accepted, refused, reasons := 0, 0, map[string]bool{}
	for _, x := range all {
		switch {
		case x.Response.Status != status:
		case x.expect() == Accepted:
			accepted++
		case x.expect() == Refused && !slices.Contains(x.statuses(), status):
			refused++
			reasons[x.Case.status] = true
		}
	}
	return refused >= shutOutKind && (accepted >= shutOutKind || accepted > 0 && len(reasons) >= shutOutReasons)
}

// cause explains the answers of that time, but for those that have the status in any case. Of
// requests that were under way at the same time, a server may answer the last one first.
func (s shutOut) cause(all []*Judged) *cause {
	first, last := s.requests[0], s.requests[len(s.requests)-1]
	var of []*Judged
	for _, x := range all {
		if x.answered() && x.Response.Status == s.status && !slices.Contains(x.statuses(), s.status) &&
			!x.ended().Before(s.before.Started.Round(0)) &&
			(s.after == nil || !x.Started.Round(0).After(s.after.ended())) {
			of = append(of, x)
		}
	}
	what := fmt.Sprintf("from request %d on, which was %s, the target answered %d wherever the token was sent, which "+
		"it had accepted before", nth(all, first), first.Case.ID, s.status)
	if s.after != nil {
		what = fmt.Sprintf("from request %d, which was %s, to request %d the target answered %d wherever the token "+
			"was sent, which it accepted before and afterwards", nth(all, first), first.Case.ID, nth(all, last),
			s.status)
	}
	remedies := map[int]string{
		http.StatusUnauthorized: ", as one is answered that has expired; other answers are judged; give a token that " +
			"lasts longer (fmaspec auth check describes it)",
		http.StatusForbidden: ", as a firewall answers or a limiter of the rate; other answers are judged; send " +
			"fewer with -rate, such as 10/s",
	}
	return newCause(what+remedies[s.status], true, of)
}

// longest returns the time of most requests first.
func longest(all []shutOut) []shutOut {
	slices.SortStableFunc(all, func(a, b shutOut) int { return cmp.Compare(len(b.requests), len(a.requests)) })
	return all
}
