package baseline

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// A Suite names what the entries of a baseline can be about.
type Suite struct {
	Checks []Check
	Cases  []string // ids of all cases, selected or not; nil if unknown
}

// A Check is what a baseline needs to know of a check of a suite.
type Check struct {
	Name         string
	Requirements []string // that it charges; empty where it charges those of the case
	Across       bool     // it compares the answers of all cases of a run
}

// Apply compares a run with the entries: it sets Known of each finding that an entry accepts,
// and r.Baseline. It does not change the report's own verdict: a known failure is still a
// failure. A problem is a finding that fails the run and is not accepted (new), an entry whose
// last day is before today (expired), one whose case was judged without the finding
// (vanished), and one that names no check or case of the suite, or a case that a complete run
// did not judge (unmatched). An entry has at most one problem, and none if a narrowed or
// interrupted run, or one that stopped at the first failure, could not have shown its finding.
func (b *Baseline) Apply(r *record.Report, suite Suite, today time.Time) {
	h := &held{r: r, today: today.Format(time.DateOnly), entries: map[string]Entry{}, found: map[string]bool{},
		cases: map[string]*record.CaseResult{}}
	for _, e := range b.Entries() {
		h.entries[e.Key] = e
	}
	h.result = &record.BaselineResult{File: b.name, Entries: len(h.entries), Problems: []record.BaselineProblem{}}
	h.names(suite)
	for i := range r.Cases {
		h.look(&r.Cases[i])
	}
	for _, e := range b.Entries() {
		h.entry(e)
	}
	slices.SortFunc(h.result.Problems, func(a, b record.BaselineProblem) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	h.result.Verdict, h.result.Reason = h.verdict()
	r.Baseline = h.result
}

// held is the state of comparing a run with a baseline.
type held struct {
	r                    *record.Report
	result               *record.BaselineResult
	today                string
	entries              map[string]Entry
	found                map[string]bool // keys of findings
	cases                map[string]*record.CaseResult
	checks               []Check
	ids                  []string // of all cases; nil if unknown
	beyond               bool     // a finding fails the run and is not accepted, or no longer
	failedWithoutFinding string   // a failed case without a finding that fails it
	errored              string   // why the first case could not be judged
}

// names collects the ids that an entry can name.
func (h *held) names(suite Suite) {
	h.checks = suite.Checks
	for i := range h.r.Cases {
		h.cases[h.r.Cases[i].ID] = &h.r.Cases[i]
	}
	switch {
	case suite.Cases != nil:
		h.ids = suite.Cases
	case !h.r.Filtered():
		for _, c := range h.r.Cases {
			h.ids = append(h.ids, c.ID)
		}
	}
}

// counts reports whether a finding fails the run.
func counts(r *record.Report, f *record.Finding) bool {
	return f.Level < record.Inferred || r.Suite.Strict
}

// look compares the findings of a case with the entries.
func (h *held) look(c *record.CaseResult) {
	fails := false
	for i := range c.Findings {
		f := &c.Findings[i]
		f.Known = nil
		e, listed := h.entries[f.Key]
		before := h.found[f.Key]
		h.found[f.Key] = true
		counting := counts(h.r, f)
		fails = fails || counting
		switch {
		case listed && e.explained() && !h.over(e):
			f.Known = &record.Known{Reason: e.Reason, Owner: e.Owner, Expires: e.Expires, Line: e.Line}
			h.result.Known++
		case counting:
			h.beyond = true
		}
		if counting && !listed && !before {
			h.problem("new", Entry{Key: f.Key}, "it is not accepted; fix it, or add an entry with reason and owner")
		}
	}
	switch {
	case c.Outcome == record.Failed && !fails:
		h.failedWithoutFinding = c.ID
	case c.Outcome == record.Errored:
		h.errored = cmp.Or(h.errored, c.Reason)
	}
}

// Accepts reports whether an entry accepts the finding of a key on a day: it says why and by whom,
// and its last day is not before.
func (b *Baseline) Accepts(key string, today time.Time) bool {
	h := &held{today: today.Format(time.DateOnly)}
	return slices.ContainsFunc(b.Entries(), func(e Entry) bool {
		return e.Key == key && e.explained() && !h.over(e)
	})
}

// over reports whether an entry's last day is past.
func (h *held) over(e Entry) bool { return e.Expires != "" && h.today > e.Expires }

func (h *held) problem(kind string, e Entry, text string) {
	h.result.Problems = append(h.result.Problems, record.BaselineProblem{Kind: kind, Key: e.Key, Line: e.Line,
		Text: text})
}

// entry reports the problem of an entry, if it has one.
func (h *held) entry(e Entry) {
	gone := "the finding is gone; remove the entry"
	check, id, _, _ := parts(e.Key)
	c := h.cases[id]
	found := h.found[e.Key]
	switch unknown := h.unknown(check, id); {
	case h.over(e) && !found && h.shows(check, c):
		h.problem("expired", e, fmt.Sprintf("it was accepted until %s, and %s", e.Expires, gone))
	case h.over(e):
		h.problem("expired", e, fmt.Sprintf("it was accepted until %s; fix it, or agree on a new date", e.Expires))
	case found && !e.explained():
		h.problem("new", e, "its entry has no reason or owner yet; write them in place of ?")
	case found:
	case unknown != "":
		h.problem("unmatched", e, unknown+"; correct or remove the entry")
	case h.shows(check, c):
		h.problem("vanished", e, gone)
	case c != nil && !judged(c) && !h.r.Filtered() && !h.r.Interrupted && c.Reason != record.StoppedAtFailure:
		h.problem("unmatched", e, fmt.Sprintf("its case was not judged (%s); make sure that it is, or remove the entry",
			why(c)))
	}
}

// unknown returns which check or case the suite does not have, or "".
func (h *held) unknown(check, id string) string {
	if !slices.ContainsFunc(h.checks, func(c Check) bool { return c.Name == check }) {
		var names []string
		for _, c := range h.checks {
			names = append(names, c.Name)
		}
		return fmt.Sprintf("the suite has no check %q%s", check, nearest.Hint(check, names))
	}
	if h.ids != nil && !slices.Contains(h.ids, id) {
		return fmt.Sprintf("the suite has no case %q%s", id, nearest.Hint(id, h.ids))
	}
	return ""
}

// judged reports whether a case has a conclusive outcome: an inconclusive one does not show
// that a finding is gone.
func judged(c *record.CaseResult) bool {
	return c.Outcome == record.Passed || c.Outcome == record.Deviated || c.Outcome == record.Failed
}

func why(c *record.CaseResult) string {
	if c.Reason == "" {
		return c.Outcome.String()
	}
	return c.Outcome.String() + ": " + c.Reason
}

// shows reports whether the run would have found a finding of the check in the case: the case
// was judged, at a level that includes all requirements of the check, and, for a check that
// compares the answers of all cases, in a complete run.
func (h *held) shows(check string, c *record.CaseResult) bool {
	at := slices.IndexFunc(h.checks, func(c Check) bool { return c.Name == check })
	if h.r.Interrupted || c == nil || !judged(c) || at < 0 {
		return false
	}
	if h.checks[at].Across && (h.r.Filtered() || h.r.Stopped() > 0) {
		return false
	}
	charged := h.checks[at].Requirements
	if len(charged) == 0 {
		charged = c.Proves
	}
	return !slices.ContainsFunc(charged, func(id string) bool { // a report has the requirements of its level
		return !slices.ContainsFunc(h.r.Requirements, func(q record.RequirementResult) bool { return q.ID == id })
	})
}

// verdict returns the verdict of the run without known findings, and its reason. It follows
// the report's own rules: an interrupted run has no verdict, a failure outweighs cases that
// could not be judged, and a run that proves nothing is no success.
func (h *held) verdict() (record.Verdict, string) {
	r, t := h.r, h.r.Totals
	switch {
	case r.Interrupted, r.Verdict != record.Conformant && r.Verdict != record.NotConformant:
		return record.Unjudged, cmp.Or(r.Reason, "the run was not judged")
	case h.beyond:
		return record.NotConformant, ""
	case h.failedWithoutFinding != "":
		return record.Unjudged, fmt.Sprintf("%s failed without a finding in the report", h.failedWithoutFinding)
	case t.Errored > 0:
		return record.Unjudged, fmt.Sprintf("%d of %d cases could not be judged: %s", t.Errored, t.Total, h.errored)
	case !r.Safety.Local && r.Safety.MaxActions == 0:
		return record.Unjudged, "no request that could take effect was sent, so no acceptance was seen; arm an " +
			"operation with -accept-risk, -machine and -sha1"
	case t.Passed+t.Deviated+t.Failed == 0:
		return record.Unjudged, "no case was conclusive"
	case len(h.result.Problems) > 0:
		return record.NotConformant, ""
	case r.Verdict == record.NotConformant && !r.Safety.Local && t.Skipped > 0:
		return record.Conformant, fmt.Sprintf("only the cases that were sent were judged; %d of %d were not sent",
			t.Skipped, t.Total)
	case r.Verdict == record.Conformant:
		return record.Conformant, r.Reason
	}
	return record.Conformant, ""
}
