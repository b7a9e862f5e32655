// Package compare compares two reports. It reports regressions, improvements, and differences
// in shape between conforming answers. A comparison uses only the two reports. Values that
// vary between requests, such as times, ids, comments and hashes, are never a difference: a
// server that is compared with itself has none.
package compare

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// A Comparison is the result of comparing two reports, in stable order.
type Comparison struct {
	Verdict   Verdict      `json:"verdict"`
	Reason    string       `json:"reason"` // of the verdict, one sentence without a full stop
	Old       Side         `json:"old"`
	New       Side         `json:"new"`
	Different []Difference `json:"different"` // differences in how they were judged, which may explain the changes
	Notes     []string     `json:"notes"`     // remarks, one sentence each
	Totals    Totals       `json:"totals"`
	Changes   []Change     `json:"changes"` // of cases, by kind in the order of [Kinds], then by id
	Shapes    []Shape      `json:"shapes"`  // of answers, by what, then by place

	strictShape bool
	accepted    []string
}

// A Verdict is the result of a comparison.
type Verdict string

// The verdicts.
const (
	Same       Verdict = "same"       // nothing differs
	Changed    Verdict = "changed"    // something differs, but there is no regression
	Regression Verdict = "regression" // there is a regression
	Unjudged   Verdict = "unjudged"   // too little was judged for a verdict
)

// A Side is one of the two reports.
type Side struct {
	Target   string       `json:"target"` // its URL
	Name     string       `json:"name"`
	Suite    string       `json:"suite"` // name and version
	Contract string       `json:"contract"`
	Fixtures string       `json:"fixtures"`
	Level    record.Level `json:"level"`
	Strict   bool         `json:"strict"`
	// by which the run was judged
	OwnRules    []record.OwnRule `json:"own_rules,omitempty"`
	Seed        string           `json:"seed"`
	Started     time.Time        `json:"started"`
	Verdict     record.Verdict   `json:"verdict"`
	Reason      string           `json:"reason,omitempty"` // of the verdict
	Interrupted bool             `json:"interrupted"`
	Cases       int              `json:"cases"`  // in the report
	Of          int              `json:"of"`     // in its suite
	Judged      int              `json:"judged"` // passed, deviated or failed
}

// A Difference is one way in which the two reports were judged differently.
type Difference struct {
	What  string `json:"what"`
	Old   string `json:"old"`
	New   string `json:"new"`
	Means string `json:"means"` // its possible effect

	Less     bool `json:"less"`     // the new report was judged less thoroughly
	Accepted bool `json:"accepted"` // accepted by [Options.AcceptLess]
}

// Totals are the numbers of what was compared. Cases are those in both reports.
type Totals struct {
	Cases       int `json:"cases"`
	Judged      int `json:"judged"` // of them, in both
	Same        int `json:"same"`   // those without a change
	Answers     int `json:"answers"`
	Regressions int `json:"regressions"` // changes, and with [Options.StrictShape] shapes
	MoreShapes  int `json:"more_shapes"` // beyond those that are listed
}

// Options set what counts as a regression.
type Options struct {
	StrictShape bool     // count differences in shape
	AcceptLess  []string // accepted ways of judging less: names of [Lesses]
}

// Compare compares a report with an older one. It neither retains nor changes them. Findings
// that a baseline accepts count like all others.
func Compare(old, current *record.Report, o Options) *Comparison {
	c := &Comparison{strictShape: o.StrictShape, accepted: o.AcceptLess, Old: sideOf(old), New: sideOf(current),
		Different: []Difference{}, Notes: []string{}, Changes: []Change{}, Shapes: []Shape{}}
	for _, row := range circumstances() {
		if was, is := row.of(old, current); was != is {
			less := row.less != nil && row.less(old, current)
			c.Different = append(c.Different, Difference{row.what, was, is, row.means, less, less &&
				c.accepts(row.what)})
		}
	}
	c.Notes = append(c.Notes, notes("old", old)...)
	c.Notes = append(c.Notes, notes("new", current)...)
	c.cases(old, current)
	shapes := newShapes()
	shapes.reported = reportedPlaces(old, current)
	eachPair(old, current, func(a, b *record.CaseResult) { shapes.pair(a, b, old.Suite.Repeat, current.Suite.Repeat) })
	c.Shapes, c.Totals.MoreShapes = shapes.list()
	c.Totals.Answers = shapes.answers
	for _, change := range c.Changes {
		if change.Regression {
			c.Totals.Regressions++
		}
	}
	c.notAsked(old, current)
	if o.StrictShape {
		c.Totals.Regressions += len(c.Shapes) + c.Totals.MoreShapes
	}
	c.Verdict, c.Reason = c.verdict()
	return c
}

func sideOf(r *record.Report) Side {
	return Side{
		Target: r.Target.URL, Name: r.Target.Name,
		Suite: r.Suite.Name + " " + r.Suite.Version, Contract: r.Suite.Contract, Fixtures: r.Suite.Fixtures,
		Level: r.Suite.Level, Strict: r.Suite.Strict, OwnRules: r.Suite.OwnRules,
		Seed:    r.Suite.Seed,
		Started: r.Started, Verdict: r.Verdict, Reason: r.Reason, Interrupted: r.Interrupted,
		Cases: len(r.Cases), Of: r.Suite.Cases, Judged: r.Totals.Passed + r.Totals.Deviated + r.Totals.Failed,
	}
}

// notes returns remarks on how much of its suite a report has.
func notes(side string, r *record.Report) (out []string) {
	if r.Filtered() {
		out = append(out, fmt.Sprintf("the %s report has %d of the %d cases of its suite", side, len(r.Cases),
			r.Suite.Cases))
	}
	if r.Interrupted {
		out = append(out, fmt.Sprintf("the %s run was interrupted, and its part is compared", side))
	}
	return out
}

// eachPair calls f for each case of both reports, by id.
func eachPair(old, current *record.Report, f func(a, b *record.CaseResult)) {
	byID := casesOf(current)
	for i := range old.Cases {
		if b := byID[old.Cases[i].ID]; b != nil {
			f(&old.Cases[i], b)
		}
	}
}

func casesOf(r *record.Report) map[string]*record.CaseResult {
	out := map[string]*record.CaseResult{}
	for i := range r.Cases {
		out[r.Cases[i].ID] = &r.Cases[i]
	}
	return out
}

// verdict returns the verdict of a comparison and its reason. If too little was judged the
// verdict is [Unjudged]: half a run, or one that was judged less thoroughly, is no evidence
// that there is no regression.
func (c *Comparison) verdict() (Verdict, string) {
	worse, rest := c.counts()
	for _, side := range []struct {
		name string
		of   Side
	}{{"old", c.Old}, {"new", c.New}} {
		if side.of.Judged == 0 {
			return Unjudged, fmt.Sprintf("the %s report has no case that was judged: %s", side.name,
				cmp.Or(side.of.Reason, "it gives no reason"))
		}
	}
	switch {
	case c.Totals.Judged == 0:
		return Unjudged, "no case was judged in both reports"
	case worse != "" && rest != "":
		return Regression, worse + "; besides, " + rest
	case worse != "":
		return Regression, worse
	case c.Old.Interrupted || c.New.Interrupted:
		return Unjudged, "a run was interrupted; there is no regression in its part"
	}
	if less := c.less(); less != "" {
		return Unjudged, "the new report was judged less thoroughly than the old one: " + less +
			"; judge it in the same way, or accept the difference with -accept-less"
	}
	if fails := c.failsUnknown(); fails > 0 {
		return Unjudged, count(fails, "case") + " fails that the old report did not judge, so it is unknown whether " +
			"it is a regression"
	}
	if rest == "" {
		return Same, "no difference"
	}
	return Changed, rest
}

// failsUnknown returns the number of failing cases that the old report did not judge.
func (c *Comparison) failsUnknown() (n int) {
	for _, change := range c.Changes {
		if change.Kind == JudgedNow && change.New == record.Failed.String() {
			n++
		}
	}
	return n
}

// counts returns texts with the numbers of changes that are regressions, and of those that are
// not, "" for none.
func (c *Comparison) counts() (worse, rest string) {
	var regressions, others []string
	for _, k := range Kinds() {
		bad, n := 0, 0
		for _, change := range c.of(k.Kind) {
			if n++; change.Regression {
				bad++
			}
		}
		if bad > 0 {
			regressions = append(regressions, count(bad, "case")+" "+k.Title)
		}
		if n > bad {
			others = append(others, count(n-bad, "case")+" "+k.Title)
		}
	}
	if n := len(c.Shapes) + c.Totals.MoreShapes; n > 0 {
		text := count(n, "difference") + " in the shape of answers"
		if c.strictShape {
			regressions = append(regressions, text)
		} else {
			others = append(others, text)
		}
	}
	return strings.Join(regressions, ", "), strings.Join(others, ", ")
}
