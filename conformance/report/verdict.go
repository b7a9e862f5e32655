package report

import (
	"strings"

	"fmaspec/conformance/record"
)

// verdictLine returns the deciding verdict, with the target after its first words, because a
// single line in a log must name its target. Coverage and gates of a load that fail the run have
// sentences of their own at the end.
func verdictLine(r *record.Report) (text, code string) {
	text, code = judgedLine(r)
	if len(asides(r)) > 0 && code == green {
		code = red
	}
	return withAsides(text, r), code
}

// judgedLine returns [verdictLine] without the coverage and the load.
func judgedLine(r *record.Report) (text, code string) {
	if r.Baseline != nil {
		text, code = baselineText(r)
		for _, head := range []string{"conformant with " + r.Baseline.File, "not conformant with " + r.Baseline.File} {
			if rest, found := strings.CutPrefix(text, head); found {
				return withTarget(head, r.Target) + rest, code
			}
		}
		return placed(text, r.Target), code
	}
	return runLine(r)
}

// runLine returns [judgedLine] for the run without its baseline.
func runLine(r *record.Report) (text, code string) {
	text, code = verdictText(r)
	return placed(text, r.Target), code
}

// placed inserts the target after the first words of a verdict.
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

// targetText returns the URL of a target, and its name if it has one.
func targetText(t record.TargetInfo) string {
	switch {
	case t.Name == "" || t.Name == t.URL:
		return t.URL
	case t.URL == "":
		return t.Name
	}
	return t.URL + " (" + t.Name + ")"
}
