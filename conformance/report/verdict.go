package report

import (
	"strings"

	"fmaspec/conformance/record"
)

// verdictLine is the verdict that counts, with the target that it is about behind
// its first words: what stands alone in a log has to say of whom it speaks.
func verdictLine(r *record.Report) (text, code string) {
	if r.Baseline != nil {
		text, code = baselineText(r.Baseline)
		for _, head := range []string{"conformant with " + r.Baseline.File, "not conformant with " + r.Baseline.File} {
			if rest, found := strings.CutPrefix(text, head); found {
				return withTarget(head, r.Target) + rest, code
			}
		}
		return placed(text, r.Target), code
	}
	return runLine(r)
}

// runLine is [verdictLine] of the run itself, whatever is accepted.
func runLine(r *record.Report) (text, code string) {
	text, code = verdictText(r)
	return placed(text, r.Target), code
}

// placed puts the target behind the first words of a verdict.
func placed(text string, target record.TargetInfo) string {
	head, rest, found := strings.Cut(text, ": ")
	if found {
		rest = ": " + rest
	}
	return withTarget(head, target) + rest
}

func withTarget(head string, t record.TargetInfo) string {
	if where := targetText(t); where != "" {
		return head + ": " + where
	}
	return head // a report need not name one
}

// targetText is a target's URL, and its name where it has another.
func targetText(t record.TargetInfo) string {
	switch {
	case t.Name == "" || t.Name == t.URL:
		return t.URL
	case t.URL == "":
		return t.Name
	}
	return t.URL + " (" + t.Name + ")"
}
