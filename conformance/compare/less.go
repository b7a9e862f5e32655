package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// A circumstance is a property of a run on which its findings depend.
type circumstance struct {
	what  string
	of    func(old, current *record.Report) (was, is string)
	means string
	less  func(old, current *record.Report) bool // called if they differ; nil if the cases show it
}

// each compares a value of both reports.
func each(of func(*record.Report) string) func(old, current *record.Report) (was, is string) {
	return func(old, current *record.Report) (was, is string) { return of(old), of(current) }
}

// unknowable is for circumstances without an order of thoroughness.
func unknowable(_, _ *record.Report) bool { return true }

func circumstances() []circumstance {
	return []circumstance{
		{"suite", each(func(r *record.Report) string { return r.Suite.Name + " " + r.Suite.Version }),
			"another suite may judge the same answer differently", unknowable},
		{"contract", each(func(r *record.Report) string { return r.Suite.Contract }), "the OpenAPI document or a " +
			"schema differs", unknowable},
		{"fixtures", each(func(r *record.Report) string { return r.Suite.Fixtures }), "a case or a requirement differs",
			unknowable},
		{"level", each(func(r *record.Report) string { return r.Suite.Level.String() }), "findings of a weaker level " +
			"are missing on one side",
			func(old, current *record.Report) bool { return current.Suite.Level < old.Suite.Level }},
		{"strict", each(func(r *record.Report) string { return fmt.Sprint(r.Suite.Strict) }),
			"cases that deviate on one side fail on the other",
			func(old, _ *record.Report) bool { return old.Suite.Strict }},
		{"own-rules", each(func(r *record.Report) string { return record.RulesText(r.Suite.OwnRules) }),
			"a requirement was judged by other rules of the user",
			func(_, current *record.Report) bool { return len(current.Suite.OwnRules) > 0 }},
		{"run", each(func(r *record.Report) string { return r.Suite.Run }), "other cases were chosen", nil},
		{"skip", each(func(r *record.Report) string { return r.Suite.Skip }), "other cases were left out", nil},
		{"only", each(func(r *record.Report) string { return strings.Join(r.Suite.Only, ", ") }),
			"other cases were chosen by name", nil},
		{"repeat", each(func(r *record.Report) string { return fmt.Sprint(r.Suite.Repeat) }),
			"more repetitions find more intermittent failures",
			func(old, current *record.Report) bool { return current.Suite.Repeat < old.Suite.Repeat }},
		{"timeout", each(func(r *record.Report) string { return r.Suite.Timeout }), "an answer that is late on one " +
			"side is in time on the other", moreTime},
		{"protocol", each(func(r *record.Report) string { return r.Target.Protocol }), "some cases are only for one " +
			"protocol", unknowable},
		{"insecure", each(func(r *record.Report) string { return fmt.Sprint(r.Target.Insecure) }),
			"the certificate was verified only on one side",
			func(_, current *record.Report) bool { return current.Target.Insecure }},
		{"armed", each(armed), "requests that could take effect were sent only to one side", armedForLess},
		{"requirements", weaker, "a requirement is missing, waived, or at a weaker level", unknowable},
	}
}

// casesRow is the name that accepts missing cases.
const casesRow = "cases"

// A LessInfo is one way in which a report can be judged less thoroughly than an older one.
type LessInfo struct{ Name, Doc string }

// Lesses returns all ways, in the order of the report.
func Lesses() []LessInfo {
	out := []LessInfo{{casesRow, "cases that were judged are missing"}}
	for _, row := range circumstances() {
		if row.less != nil {
			out = append(out, LessInfo{row.what, row.means})
		}
	}
	return out
}

func (c *Comparison) accepts(what string) bool { return slices.Contains(c.accepted, what) }

// less describes how the new report was judged less thoroughly, without what is accepted, or
// returns "". Missing cases are regressions and not included.
func (c *Comparison) less() string {
	var parts []string
	for _, d := range c.Different {
		if d.Less && !d.Accepted {
			parts = append(parts, fmt.Sprintf("%s (%s → %s)", d.What, shortly(d.Old), shortly(d.New)))
		}
	}
	return strings.Join(parts, ", ")
}

// notAsked marks the arming as less if it kept a case from being sent although the same
// operations were armed.
func (c *Comparison) notAsked(old, current *record.Report) {
	if current.Interrupted || len(c.of(NotAsked)) == 0 {
		return
	}
	for i := range c.Different {
		if d := &c.Different[i]; d.What == "armed" {
			d.Less, d.Accepted = true, c.accepts(d.What)
		}
	}
}

// armed returns what a run was allowed to cause.
func armed(r *record.Report) string {
	switch {
	case r.Safety.Local:
		return "all, on this machine"
	case len(r.Safety.Armed) == 0:
		return "nothing"
	}
	return fmt.Sprintf("%s, at most %d", strings.Join(r.Safety.Armed, ", "), r.Safety.MaxActions)
}

// armedForLess reports whether an operation of the old report was armed there, and
// is not in the new one.
func armedForLess(old, current *record.Report) bool {
	if current.Safety.Local {
		return false
	}
	was := old.Safety.Armed
	if old.Safety.Local {
		was = nil
		for _, o := range old.Operations {
			was = append(was, o.ID)
		}
		if len(was) == 0 { // the report does not say, so none is known to be missing
			return true
		}
	}
	return slices.ContainsFunc(was, func(operation string) bool {
		return !slices.Contains(current.Safety.Armed,
			operation)
	})
}

// moreTime reports whether answers had more time in the new report than in the old
// one. A time that cannot be read counts as more.
func moreTime(old, current *record.Report) bool {
	was, err := time.ParseDuration(old.Suite.Timeout)
	is, bad := time.ParseDuration(current.Suite.Timeout)
	return err != nil || bad != nil || is > was
}

// weaker returns the requirements of the old report that the new one lacks, has at a weaker
// level, or alone waives.
func weaker(old, current *record.Report) (was, is string) {
	now := map[string]record.RequirementResult{}
	for _, q := range current.Requirements {
		now[q.ID] = q
	}
	var before, after []string
	for _, q := range old.Requirements {
		found, there := now[q.ID]
		became := ""
		switch {
		case !there && q.Level <= current.Suite.Level: // a narrower level is reported by itself
			became = "missing"
		case there && found.Level > q.Level:
			became = found.Level.String()
		case there && found.Waived != "" && q.Waived == "":
			became = "waived"
		default:
			continue
		}
		before, after = append(before, q.ID+" "+q.Level.String()), append(after, became)
	}
	return strings.Join(before, ", "), strings.Join(after, ", ")
}
