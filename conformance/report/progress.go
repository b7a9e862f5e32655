package report

import (
	"fmt"
	"strings"
	"time"

	"fmaspec/conformance/record"
	"fmaspec/conformance/term"
)

// A Progress is the state of a run that its progress line shows.
type Progress record.Status

// slow is how long a case is under way before the progress line names it.
const slow = time.Second

// Line returns the line, without a line break or control characters, in at most so many columns;
// with 0, in as many as it needs; where there is no room for all, the number of failed cases is left
// out first. The caller that owns a terminal writes "\r" before it. It names
// what is waited for: a time that the target asked for, the rate, or the slowest case.
func (p Progress) Line(columns int) string {
	text, waits := ProgressLine(p.Done, p.Total, p.Failed, p.Broken), ""
	switch {
	case p.Asked > 0:
		waits = fmt.Sprintf("; the target asks to wait, %s left", wholeSeconds(p.Asked))
	case p.Turn >= slow:
		waits = fmt.Sprintf("; next request in %s (-rate)", wholeSeconds(p.Turn))
	case p.Slowest != "" && p.For >= slow:
		waits = fmt.Sprintf("; waiting %s for %s", wholeSeconds(p.For), p.Slowest)
	}
	if columns > 0 && waits != "" && term.Columns(term.Safe(text+waits)) > columns {
		text, _, _ = strings.Cut(text, "; cases failed") // requirements come first, and what is waited for
	}
	return fitting(text+waits, columns)
}

// AwaitLine returns the line that is shown while a run waits for its target.
func AwaitLine(target string, waited, within time.Duration, columns int) string {
	text := fmt.Sprintf("waiting for %s, %s of %s", target, wholeSeconds(waited), wholeSeconds(within))
	return fitting(text, columns)
}

// wholeSeconds returns a time in whole seconds, as 1m5s, rounded up: what is left is not 0s.
func wholeSeconds(d time.Duration) string {
	return ((d + time.Second - 1) / time.Second * time.Second).String()
}

// fitting returns text in at most so many columns, with an ellipsis in place of what does not fit.
func fitting(text string, columns int) string {
	safe := term.Safe(text)
	if columns == 0 || term.Columns(safe) <= columns {
		return safe
	}
	return term.Clip(text, columns-1)
}
