package conformance

import (
	"fmt"
	"slices"

	"fmaspec/conformance/record"
)

// hostileCheck judges the answer to JSON that a parser need not support by the standard.
// It is charged to the requirement of that kind alone: no standard forbids a parser to
// fail on such a body, so that no requirement at that level is broken.
const hostileCheck = "hostile-json"

func hostileChecks() []Check {
	return []Check{
		{Name: hostileCheck, kinds: []Kind{Hostile}, Requirements: []string{"request.hostile-json"},
			Doc: "JSON that a parser need not support by the standard is answered, and without a 5xx.",
			on:  (*observed).stumbled, judge: hostileAnswer},
	}
}

// stumbled reports whether a body of JSON that a parser need not support was answered
// 5xx, or had the connection closed on it.
func (x *Exchange) stumbled() bool {
	if x.Case == nil || x.expect() == Accepted || x.Case.proving(Hostile) == "" {
		return false
	}
	if x.answered() {
		return x.Response.Status >= 500 && !slices.Contains(x.statuses(), x.Response.Status)
	}
	return x.Err != nil && x.Err.Kind == record.Closed
}

func hostileAnswer(x *observed) []Problem {
	const want = "an answer or a refusal, and no 5xx"
	if x.answered() {
		return problem("status", want, fmt.Sprint(x.Response.Status))
	}
	return problem("connection", want, x.Err.Msg)
}
