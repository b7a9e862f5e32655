package compare

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// A Kind is one way in which a case can differ between two reports.
type Kind string

// The kinds.
const (
	NewlyFailing      Kind = "newly-failing"
	NoLongerJudged    Kind = "no-longer-judged"
	RemovedCase       Kind = "removed-case"
	ChangedReason     Kind = "changed-reason"
	NewlyDeviating    Kind = "newly-deviating"
	NewlyPassing      Kind = "newly-passing"
	JudgedNow         Kind = "judged-now"
	NotAsked          Kind = "not-asked"
	UnjudgedOtherwise Kind = "unjudged-otherwise"
	NewCase           Kind = "new-case"
)

// A KindInfo describes a kind.
type KindInfo struct {
	Kind   Kind
	Title  string // for use after a number
	Doc    string // one sentence
	Worsen string // when it is a regression: "always", "never", or the condition
}

// Kinds returns all kinds, beginning with those that can be a regression.
func Kinds() []KindInfo {
	return []KindInfo{
		{NewlyFailing, "newly failing", "Each passed or deviated in the old report, and fails in the new one.",
			"always"},
		{NoLongerJudged, "no longer judged", "Each was judged in the old report, and is errored, inconclusive, " +
			"skipped or not applicable in the new one.", "always"},
		{RemovedCase, "removed", "Each is not in the new report.", "if it was judged"},
		{ChangedReason, "with other findings", "Each still fails or deviates, with other findings.",
			"if it fails, and one of the findings that fail it is at a place without a finding of that check in the " +
				"old report"},
		{NewlyDeviating, "newly deviating", "Each passed in the old report, and breaks an inferred requirement in " +
			"the new one.", "never"},
		{NewlyPassing, "newly passing", "Each failed in the old report, and passes or deviates in the new one; or it " +
			"deviated, and passes.", "never"},
		{JudgedNow, "judged now", "Each was not judged in the old report, and is judged in the new one, with any " +
			"outcome.", "never"},
		{NotAsked, "not asked", "Each was judged in the old report; the new run was interrupted before it, or armed " +
			"for less.", "never"},
		{UnjudgedOtherwise, "not judged for another reason", "Each is judged in neither report.", "never"},
		{NewCase, "new", "Each is not in the old report.", "never"},
	}
}

// A Change is a case that differs.
type Change struct {
	Kind       Kind             `json:"kind"`
	Regression bool             `json:"regression"`
	Case       string           `json:"case"`
	Title      string           `json:"title"`
	Old        string           `json:"old,omitempty"`        // its outcome; "" if it is not in the report
	New        string           `json:"new,omitempty"`        //
	OldReason  string           `json:"old_reason,omitempty"` // why it was not judged
	NewReason  string           `json:"new_reason,omitempty"` //
	Added      []record.Finding `json:"added"`                // findings only in the new report, each once
	Gone       []record.Finding `json:"gone"`                 // findings only in the old report, each once
}

// cases compares the cases of two reports.
func (c *Comparison) cases(old, current *record.Report) {
	eachPair(old, current, func(a, b *record.CaseResult) {
		c.Totals.Cases++
		if judged(a.Outcome) && judged(b.Outcome) {
			c.Totals.Judged++
		}
		change, differs := changeOf(a, b, old, current)
		if !differs {
			c.Totals.Same++
			return
		}
		c.Changes = append(c.Changes, change)
	})
	was, is := casesOf(old), casesOf(current)
	for _, a := range old.Cases {
		if is[a.ID] == nil {
			c.Changes = append(c.Changes, Change{
				Kind: RemovedCase, Regression: judged(a.Outcome) && !c.accepts(casesRow),
				Case: a.ID, Title: a.Title, Old: a.Outcome.String(), OldReason: a.Reason, Added: []record.Finding{},
				Gone: []record.Finding{},
			})
		}
	}
	for _, b := range current.Cases {
		if was[b.ID] == nil {
			c.Changes = append(c.Changes, Change{
				Kind: NewCase, Case: b.ID, Title: b.Title, New: b.Outcome.String(), NewReason: b.Reason,
				Added: only(b.Findings, nil), Gone: []record.Finding{},
			})
		}
	}
	rank := map[Kind]int{}
	for i, k := range Kinds() {
		rank[k.Kind] = i
	}
	slices.SortStableFunc(c.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), cmp.Compare(a.Case, b.Case))
	})
}

// judged reports whether an outcome is a result about the target.
func judged(o record.Outcome) bool {
	return o == record.Passed || o == record.Deviated || o == record.Failed
}

// changeOf returns how a case differs. The wording of reasons and findings is not a difference.
func changeOf(a, b *record.CaseResult, old, current *record.Report) (Change, bool) {
	out := Change{
		Case: b.ID, Title: b.Title, Old: a.Outcome.String(), New: b.Outcome.String(), OldReason: a.Reason,
		NewReason: b.Reason,
		Added:     only(b.Findings, a.Findings), Gone: only(a.Findings, b.Findings),
	}
	worse := func(k Kind) (Change, bool) { out.Kind, out.Regression = k, true; return out, true }
	changed := func(k Kind) (Change, bool) { out.Kind = k; return out, true }
	switch {
	case judged(a.Outcome) && !judged(b.Outcome):
		if notAsked(b, old, current) {
			return changed(NotAsked)
		}
		return worse(NoLongerJudged)
	case !judged(a.Outcome) && judged(b.Outcome):
		return changed(JudgedNow)
	case !judged(a.Outcome):
		out.Kind = UnjudgedOtherwise
		return out, a.Outcome != b.Outcome
	case a.Outcome != record.Failed && b.Outcome == record.Failed:
		return worse(NewlyFailing)
	case a.Outcome < b.Outcome:
		return changed(NewlyDeviating)
	case a.Outcome > b.Outcome:
		return changed(NewlyPassing)
	case len(out.Added)+len(out.Gone) == 0:
		return out, false
	}
	places := map[string]bool{}
	for _, f := range a.Findings {
		places[placeOf(f)] = true
	}
	out.Kind = ChangedReason
	out.Regression = b.Outcome == record.Failed && slices.ContainsFunc(out.Added, func(f record.Finding) bool {
		return !places[placeOf(f)] && (f.Level != record.Inferred || current.Suite.Strict)
	})
	return out, true
}

// notAsked reports whether a case is not judged because the new run sent less than the old
// one, so that nothing is known about the target.
func notAsked(b *record.CaseResult, old, current *record.Report) bool {
	switch b.Outcome {
	case record.Skipped:
		return current.Interrupted || armed(old) != armed(current)
	case record.Inconclusive:
		// Its control was not sent, or its machine does not exist.
		return armed(old) != armed(current)
	}
	return false
}

// only returns the findings of one list that the other does not have, each once.
func only(of, other []record.Finding) []record.Finding {
	out := []record.Finding{}
	have := map[string]bool{}
	for _, f := range other {
		have[identity(f)] = true
	}
	for _, f := range of {
		if id := identity(f); !have[id] {
			have[id] = true
			out = append(out, f)
		}
	}
	return out
}

// identity returns what identifies a finding in two reports: its key and its requirement, but
// not its wording or the index in an array.
func identity(f record.Finding) string { return placeOf(f) + "\x00" + f.Requirement }

func placeOf(f record.Finding) string {
	return strings.TrimSuffix(f.Key, f.Place) + folded(f.Place)
}

var index = regexp.MustCompile(`/[0-9]+(/|$)`)

// folded replaces the indexes of a JSON pointer by *.
func folded(place string) string {
	if !strings.HasPrefix(place, "/") {
		return place
	}
	for index.MatchString(place) {
		place = index.ReplaceAllString(place, "/*$1")
	}
	return place
}
