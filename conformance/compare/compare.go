// Package compare holds two reports against each other and says what has become
// worse, what has become better, and where answers that both conform look
// different.
//
// A comparison is made from the two records alone. What varies by nature, such as
// times, ids, comments and hashes, is never a difference: a server that is
// compared with itself shows none.
package compare

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// A Comparison is what two reports come to beside each other, in stable order.
type Comparison struct {
	Verdict   Verdict      `json:"verdict"`
	Reason    string       `json:"reason"` // of the verdict, one sentence without a full stop
	Old       Side         `json:"old"`
	New       Side         `json:"new"`
	Different []Difference `json:"different"` // how they were judged, where that is not the same: what follows may be due to it
	Notes     []string     `json:"notes"`     // what else a reader has to know, one sentence each
	Totals    Totals       `json:"totals"`
	Changes   []Change     `json:"changes"` // of cases, by kind in the order of [Kinds], then by id
	Shapes    []Shape      `json:"shapes"`  // of answers, by what, then by place

	strictShape bool
	accepted    []string
}

// A Verdict is what a comparison comes to.
type Verdict string

// The verdicts.
const (
	Same       Verdict = "same"       // nothing differs
	Changed    Verdict = "changed"    // something differs, and nothing has become worse
	Regression Verdict = "regression" // something has become worse
	Unjudged   Verdict = "unjudged"   // too little was judged to tell
)

// A Side is one of the two reports.
type Side struct {
	Target      string         `json:"target"` // its URL
	Name        string         `json:"name"`
	Suite       string         `json:"suite"` // name and version
	Contract    string         `json:"contract"`
	Fixtures    string         `json:"fixtures"`
	Level       record.Level   `json:"level"`
	Strict      bool           `json:"strict"`
	Seed        string         `json:"seed"`
	Started     time.Time      `json:"started"`
	Verdict     record.Verdict `json:"verdict"`
	Reason      string         `json:"reason,omitempty"` // of the verdict
	Interrupted bool           `json:"interrupted"`
	Cases       int            `json:"cases"`  // in the report
	Of          int            `json:"of"`     // in its suite
	Judged      int            `json:"judged"` // passed, deviated or failed
}

// A Difference is one way in which the two were not judged alike.
type Difference struct {
	What  string `json:"what"`
	Old   string `json:"old"`
	New   string `json:"new"`
	Means string `json:"means"` // what may come of it

	Less     bool `json:"less"`     // the new report was judged by less than the old one
	Accepted bool `json:"accepted"` // that is wanted, by [Options.AcceptLess]
}

// Totals counts what was compared. Cases are those that are in both reports.
type Totals struct {
	Cases       int `json:"cases"`
	Judged      int `json:"judged"` // of them, in both
	Same        int `json:"same"`   // of them, those without a change
	Answers     int `json:"answers"`
	Regressions int `json:"regressions"` // changes, and with [Options.StrictShape] shapes
	MoreShapes  int `json:"more_shapes"` // beyond those that are listed
}

// Options set what counts as a regression.
type Options struct {
	StrictShape bool     // answers of another shape do
	AcceptLess  []string // by which less the new report may be judged: names of [Lesses]
}

// Compare holds a report against an older one. It keeps nothing of them and
// changes neither. What a baseline accepts counts like every other finding.
func Compare(old, current *record.Report, o Options) *Comparison {
	c := &Comparison{strictShape: o.StrictShape, accepted: o.AcceptLess, Old: sideOf(old), New: sideOf(current), Different: []Difference{}, Notes: []string{}, Changes: []Change{}, Shapes: []Shape{}}
	for _, row := range circumstances() {
		if was, is := row.of(old, current); was != is {
			less := row.less != nil && row.less(old, current)
			c.Different = append(c.Different, Difference{row.what, was, is, row.means, less, less && c.accepts(row.what)})
		}
	}
	c.Notes = append(c.Notes, notes("old", old)...)
	c.Notes = append(c.Notes, notes("new", current)...)
	c.cases(old, current)
	shapes := newShapes()
	eachPair(old, current, func(a, b *record.CaseResult) { shapes.pair(a, b, old.Suite.Repeat, current.Suite.Repeat) })
	c.Shapes, c.Totals.MoreShapes = shapes.told()
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
		Level: r.Suite.Level, Strict: r.Suite.Strict, Seed: r.Suite.Seed,
		Started: r.Started, Verdict: r.Verdict, Reason: r.Reason, Interrupted: r.Interrupted,
		Cases: len(r.Cases), Of: r.Suite.Cases, Judged: r.Totals.Passed + r.Totals.Deviated + r.Totals.Failed,
	}
}

// notes says how much of a suite a report holds.
func notes(side string, r *record.Report) (out []string) {
	if r.Filtered() {
		out = append(out, fmt.Sprintf("the %s report has %d of the %d cases of its suite", side, len(r.Cases), r.Suite.Cases))
	}
	if r.Interrupted {
		out = append(out, fmt.Sprintf("the %s run was interrupted, and is compared as far as it went", side))
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

// verdict sums a comparison up. Where too little was judged nothing is said: half
// a run, or one by less than the old one, is no evidence that nothing has become
// worse.
func (c *Comparison) verdict() (Verdict, string) {
	worse, rest := c.counts()
	for _, side := range []struct {
		name string
		of   Side
	}{{"old", c.Old}, {"new", c.New}} {
		if side.of.Judged == 0 {
			return Unjudged, fmt.Sprintf("the %s report has no case that was judged: %s", side.name, cmp.Or(side.of.Reason, "it gives no reason"))
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
		return Unjudged, "a run was interrupted; as far as it went, nothing has become worse"
	}
	if less := c.less(); less != "" {
		return Unjudged, "the new report was judged by less than the old one: " + less + "; judge it alike, or say that this is wanted with -accept-less"
	}
	if fails := c.failsUnknown(); fails > 0 {
		return Unjudged, count(fails, "case") + " fails that the old report did not judge, so that nobody knows whether it has become worse"
	}
	if rest == "" {
		return Same, "no difference"
	}
	return Changed, rest
}

// failsUnknown returns how many cases fail of which the old report knows nothing.
func (c *Comparison) failsUnknown() (n int) {
	for _, change := range c.Changes {
		if change.Kind == JudgedNow && change.New == record.Failed.String() {
			n++
		}
	}
	return n
}

// counts words how many changes of each kind are regressions, and how many are
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
