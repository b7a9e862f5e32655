package report

import (
	"fmt"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// brokenShown is how many broken requirements the first screen names.
const brokenShown = 6

// Ship answers on the first screen whether it is safe to ship: in a word, and what speaks for
// caution.
func (p *htmlPage) Ship() (out struct{ Word, Tone, Why string }) {
	verdict, _ := gate(p.Report)
	n := countStandings(p.Report)
	open := n.others(undecided, notExercised)
	switch {
	case verdict == record.NotConformant || p.Asides():
		out.Word, out.Tone = "No", "bad"
	case verdict != record.Conformant:
		out.Word, out.Tone, out.Why = "Not known", "unsure", "this run is no evidence for or against it"
	case open != "" || judgedText(p.Report) != "":
		out.Word, out.Tone, out.Why = "Yes, as to what was judged", "good", "not all of the contract was"
		if open != "" {
			out.Why = "of the requirements, " + open
		}
	default:
		out.Word, out.Tone = "Yes", "good"
	}
	if p.Baseline != nil && verdict == record.Conformant && n[broken] > 0 {
		out.Why = strings.TrimPrefix(out.Why+"; ", "; ") + "what is broken is accepted by the baseline"
	}
	return out
}

// A broken is a requirement that is broken, on the first screen.
type htmlBroken struct {
	ID, Says, Level, Anchor, Since string
	Case                           htmlLink // the first case that shows it
	Findings                       int
	New, Weak                      bool
	from                           time.Time // since when, by the earlier reports
}

// brokenOf returns the broken requirements, the strongest first; those that fail no run come last.
func (p *htmlPage) brokenOf() (out []htmlBroken) {
	first := map[string]string{}
	for _, c := range byWeight(p.Report) {
		for _, f := range c.Findings {
			if first[f.Requirement] == "" {
				first[f.Requirement] = c.ID
			}
		}
	}
	for _, s := range []standing{broken, deviated} {
		for _, level := range record.Levels() {
			for i := range p.Report.Requirements {
				q := &p.Report.Requirements[i]
				if q.Level != level || standingOf(*q, p.Suite.Strict) != s {
					continue
				}
				b := htmlBroken{ID: q.ID, Says: saysUnder(p.Report, q.ID, q.Says), Level: q.Level.String(),
					Anchor: anchor("requirement", q.ID), Findings: q.Findings, Weak: s == deviated}
				if id := first[q.ID]; id != "" {
					b.Case = htmlLink{id, anchor("case", id)}
				}
				if p.history != nil {
					at := p.history.since(q.ID)
					b.Since, b.New, b.from = at.Text, at.New, at.From
				}
				out = append(out, b)
			}
		}
	}
	return out
}

// FirstBroken returns those that the first screen names, and MoreBroken how many others there are.
func (p *htmlPage) FirstBroken() []htmlBroken {
	return p.broken[:min(len(p.broken), brokenShown)]
}

func (p *htmlPage) MoreBroken() int { return max(0, len(p.broken)-brokenShown) }

// BrokenText counts the broken requirements.
func (p *htmlPage) BrokenText() string {
	n := countStandings(p.Report)
	if n[broken]+n[deviated] == 0 {
		return "Nothing that was judged."
	}
	text := n.brokenText()
	if n[deviated] > 0 {
		text += fmt.Sprintf(", %d deviated", n[deviated])
	}
	return text + "."
}

// SinceText says on the first screen since when something has been broken, as a whole.
func (p *htmlPage) SinceText() string {
	h := p.history
	all := p.broken
	switch {
	case h == nil:
		return "This report alone does not tell: fmaspec report -history FOLDER compares it with earlier ones."
	case len(h.past) == 0:
		return "There is no earlier report that it can be compared with."
	case len(all) == 0:
		if n := len(h.mended()); n > 0 {
			return fmt.Sprintf("%s repaired since %s.", count(n, "requirement"), day(h.past[len(h.past)-1].Started()))
		}
		return fmt.Sprintf("Compared with %s, the first of %s.", count(len(h.past), "earlier report"),
			day(h.past[0].Started()))
	}
	fresh := 0
	oldest := p.Started
	for _, b := range all {
		if b.New {
			fresh++
		}
		if b.from.Before(oldest) {
			oldest = b.from
		}
	}
	last := day(h.past[len(h.past)-1].Started())
	text := fmt.Sprintf("%d of %d new since %s", fresh, len(all), last)
	switch fresh {
	case 0:
		text = "Nothing is new since " + last
	case len(all):
		text = "All of it is new since " + last
	}
	if oldest.Before(p.Started) {
		text += "; the oldest is in the report of " + day(oldest)
	}
	if n := len(h.mended()); n > 0 {
		text += fmt.Sprintf("; %d repaired", n)
	}
	return text + "."
}

// HasHistory reports whether there are earlier runs to show.
func (p *htmlPage) HasHistory() bool { return p.history != nil }

// Trend returns the charts of the trend, none where there is nothing to compare with.
func (p *htmlPage) Trend() []trendChart {
	if p.history == nil || len(p.history.past) == 0 {
		return nil
	}
	return p.history.charts()
}

// TrendRows returns the runs of the trend, the last one first.
func (p *htmlPage) TrendRows() []trendRow { return p.history.rows() }

// TrendNote says which reports of the folder were compared with.
func (p *htmlPage) TrendNote() string {
	h := p.history
	text := "Compared with " + count(len(h.past), "earlier report") + " of this target, contract and choice of cases."
	if len(h.past) >= trendRuns {
		text += fmt.Sprintf(" The last %d runs are shown.", trendRuns)
	}
	if len(h.left) > 0 {
		text += " Left out: " + strings.Join(h.left, ", ") + "."
	}
	return text
}

// Mended returns the requirements that were broken in the report before and are kept now.
func (p *htmlPage) Mended() (out []htmlLink) {
	for _, id := range p.history.mended() {
		out = append(out, p.requirementLink(id))
	}
	return out
}

// Standings returns the numbers of requirements by standing, broken ones first.
func (p *htmlPage) Standings() (out []struct {
	Class, Words string
	N            int
}) {
	n := countStandings(p.Report)
	for _, row := range []struct {
		s     standing
		class string
	}{{broken, "failed"}, {deviated, "deviated"}, {kept, "passed"}, {undecided, "inconclusive"},
		{notExercised, "skipped"}} {
		out = append(out, struct {
			Class, Words string
			N            int
		}{row.class, row.s.String(), n[row.s]})
	}
	return out
}
