package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// Console writes a report as text: the reason if there is no verdict, panics of a handler that
// was judged in memory, findings by case, worst outcome first, then the cases that could not
// be judged, the requirements by level, the totals, and the verdict as the last line. If
// several cases have the same problem, the most direct one is shown in full and the others are
// named below it. If a baseline was applied, cases that fail only by known findings come last,
// problems of the baseline are listed, and the last line is the verdict of run and baseline
// together.
func Console(w io.Writer, r *record.Report, style Style) error {
	p := &page{Style: style}
	p.report(r)
	if r.Client != nil {
		p.line()
		p.line(span{bold, "The clients"})
		p.line()
		p.report(r.Client)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// report adds a report.
func (p *page) report(r *record.Report) {
	if !p.Quiet {
		p.first(r)
		p.panics(r)
		p.cases(r)
		p.findings(r)
		p.unjudged(r)
		p.requirements(r)
	}
	p.load(r)
	p.circumstances(r)
	if p.showsCoverage(r) {
		p.coverage(r)
	}
	p.ownRules(r.Suite.OwnRules)
	p.totals(r)
	p.baseline(r)
	p.verdict(r)
}

// first adds what a reader needs first: why there is no verdict, or the cause of some of the
// findings.
func (p *page) first(r *record.Report) {
	text, code := "", ""
	switch {
	case r.Verdict == record.Unjudged:
		text, code = runLine(r)
	case r.Verdict == record.NotConformant && r.Reason != "":
		text, code = r.Reason, yellow
	default:
		return
	}
	const rows = 20 // of a terminal
	if p.Width > 0 {
		p.block("", text, rows)
	} else {
		p.uncutSpan(code, text)
	}
	p.line()
}

// cases lists every case with its outcome, if that was requested.
func (p *page) cases(r *record.Report) {
	if !p.Verbose || len(r.Cases) == 0 {
		return
	}
	for _, c := range r.Cases {
		label := labelOf(&c, r)
		p.line(span{label.code, fmt.Sprintf("%-12s", label.text)}, span{"", " " + c.ID}, span{dim, "   " + c.Title})
	}
	p.line()
}

func (p *page) findings(r *record.Report) {
	worth := worthTelling(r)
	g := groupsOf(worth)
	for _, c := range worth {
		if p.Verbose || g.isFirst(c) {
			p.caseText(c, r, g)
			p.line()
		}
	}
}

// worthTelling returns the cases to report, in order.
func worthTelling(r *record.Report) (worth []*record.CaseResult) {
	add := func(are func(*record.CaseResult) bool) {
		from := len(worth)
		for i := range r.Cases {
			if c := &r.Cases[i]; are(c) && len(problemsOf(c)) > 0 {
				worth = append(worth, c)
			}
		}
		slices.SortStableFunc(worth[from:], func(a, b *record.CaseResult) int {
			return cmp.Compare(directness(a),
				directness(b))
		})
	}
	for _, o := range []record.Outcome{record.Failed, record.Deviated, record.Errored,
		record.Inconclusive, record.Passed, record.Skipped, record.NotApplicable} {
		add(func(c *record.CaseResult) bool { return c.Outcome == o && !known(c, r) })
	}
	add(func(c *record.CaseResult) bool { return known(c, r) })
	return worth
}

// unjudged summarizes, by reason, the cases that prove nothing.
func (p *page) unjudged(r *record.Report) {
	type why struct {
		outcome record.Outcome
		reason  string
	}
	var order []why
	ids := map[why][]string{}
	for _, o := range []record.Outcome{record.Inconclusive, record.Skipped, record.NotApplicable} {
		for _, c := range r.Cases {
			if c.Outcome != o {
				continue
			}
			key := why{o, c.Reason}
			if ids[key] == nil {
				order = append(order, key)
			}
			ids[key] = append(ids[key], c.ID)
		}
	}
	if len(order) == 0 {
		return
	}
	p.line(span{bold, "not judged"})
	for _, key := range order {
		p.line(span{yellow, fmt.Sprintf("  %-14s", words(key.outcome))},
			span{"", fmt.Sprintf("%4d   %s", len(ids[key]), key.reason)})
		if p.Verbose {
			for _, id := range ids[key] {
				p.line(span{dim, "                       " + id})
			}
		}
	}
	p.line()
}

// words returns the name of an outcome for a sentence.
func words(o record.Outcome) string { return strings.ReplaceAll(o.String(), "-", " ") }

// requirements adds the table by level, and the requirements that were broken.
func (p *page) requirements(r *record.Report) {
	if len(r.Requirements) == 0 {
		return
	}
	p.line(span{bold, "requirements   kept  broken  deviated  undecided  not exercised"})
	for _, level := range record.Levels() {
		var n standingCount
		for _, q := range r.Requirements {
			if q.Level == level {
				n[standingOf(q, r.Suite.Strict)]++
			}
		}
		if n.all() == 0 {
			continue
		}
		where := func(s standing, code string) string {
			if n[s] == 0 {
				return ""
			}
			return code
		}
		p.line(span{"", fmt.Sprintf("  %-11s", level)}, span{green, fmt.Sprintf("%6d", n[kept])},
			span{where(broken, red), fmt.Sprintf("%8d", n[broken])},
			span{where(deviated, yellow), fmt.Sprintf("%10d", n[deviated])},
			span{"", fmt.Sprintf("%11d%15d", n[undecided], n[notExercised])})
	}
	for _, s := range []standing{broken, deviated} {
		for _, q := range r.Requirements {
			if standingOf(q, r.Suite.Strict) == s {
				p.line(span{"", fmt.Sprintf("  %s: %s (%s, %s)", s, q.ID, q.Level, count(q.Findings, "finding"))})
			}
		}
	}
	if p.Verbose {
		for _, q := range r.Requirements {
			if s := standingOf(q, r.Suite.Strict); s == notExercised {
				p.line(span{dim, strings.TrimSuffix(fmt.Sprintf("  not exercised: %s (%s) %s", q.ID, q.Level, q.Waived),
					" ")})
			} else if s == undecided {
				p.line(span{dim, fmt.Sprintf("  undecided: %s (%s)", q.ID, q.Level)})
			}
		}
	}
	p.line()
}

// circumstances adds remarks on the run that matter for its totals.
func (p *page) circumstances(r *record.Report) {
	if r.Target.Insecure {
		p.line(span{yellow, "the target's certificate was not verified (-insecure)"})
	}
	if r.Pace.Retries > 0 {
		p.line(span{"", fmt.Sprintf("the target postponed %s, for %s in total; they were sent again",
			count(r.Pace.Retries, "request"), seconds(r.Pace.Waited))})
	}
	if x := r.Exploration; x != nil {
		p.line(span{"", explorationText(*x)})
	}
	if t := r.Traffic; t != nil {
		p.line(span{"", trafficText(*t)})
	}
	if m := r.Merged; m != nil {
		p.line(span{"", mergedText(*m)})
	}
	if len(r.Safety.Armed) > 0 {
		p.line(span{"", fmt.Sprintf("%s that could take effect, of at most %d; the journal has each",
			count(r.Safety.Actions, "request"), r.Safety.MaxActions)})
	}
}

// mergedText says what a report was put together from.
func mergedText(m record.MergedInfo) string {
	text := "merged from " + count(m.Shards, "shard")
	if len(m.Apart) > 0 {
		text += "; within each shard alone were judged: " + strings.Join(m.Apart, ", ")
	}
	return text
}

// explorationText counts the cases that were drawn.
func explorationText(x record.Exploration) string {
	text := "exploration: " + count(x.Drawn, "case") + " drawn"
	if x.Asked > 0 {
		text += fmt.Sprintf(" of %d asked for", x.Asked)
	}
	text += fmt.Sprintf(", %d sent", x.Sent)
	for _, part := range []struct {
		n    int
		text string
	}{
		{x.Left, "left out by -run and -skip"}, {x.Unsent, "not sent as a whole"},
		{x.Drawn - x.Sent - x.Left - x.Unsent, "that nobody can judge"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.text)
		}
	}
	return text + fmt.Sprintf("; causes of failure: %d", x.Causes)
}

// trafficText counts the exchanges of recorded or passing traffic.
func trafficText(t record.TrafficInfo) string {
	text := count(t.Exchanges, "exchange") + ": " + fmt.Sprintf("%d judged", t.Exchanges-t.Other-t.Unjudged-t.Dropped)
	for _, part := range []struct {
		n    int
		text string
	}{
		{t.Unjudged, "no evidence"}, {t.Other, "on other paths"},
		{t.Dropped, "not judged, for the judge was busy"}, {t.Broken, "more that cannot be read"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.text)
		}
	}
	if t.Cut {
		text += "; a record ends in the middle of an entry"
	}
	return text
}

// totals adds the numbers of requirements and, below them, of cases.
func (p *page) totals(r *record.Report) {
	p.standings(r)
	p.outcomes(r)
}

// standings adds the numbers of requirements by standing, if there are any.
func (p *page) standings(r *record.Report) {
	if len(r.Requirements) == 0 {
		return
	}
	text, code := standingsText(r), ""
	if countStandings(r)[broken] > 0 {
		code = red
	}
	first, rest, _ := strings.Cut(text, ", ")
	p.paint(code, first)
	p.paint("", ", "+rest)
	p.WriteString("\n")
}

// outcomes adds the numbers of cases by outcome.
func (p *page) outcomes(r *record.Report) {
	t := r.Totals
	part := func(n int, word, code string) span {
		if n == 0 {
			code = ""
		}
		return span{code, fmt.Sprintf("%d %s", n, word)}
	}
	spans := []span{{"", count(t.Total, "case") + ": "}}
	for i, s := range []span{
		part(t.Passed, "passed", green), part(t.Deviated, "deviated", yellow), part(t.Failed, "failed", red),
		part(t.Errored, "errored", red),
		part(t.Inconclusive, "inconclusive", yellow), part(t.Skipped, "skipped", ""),
		part(t.NotApplicable, "not applicable", ""),
	} {
		if i > 0 {
			spans = append(spans, span{"", ", "})
		}
		spans = append(spans, s)
	}
	spans = append(spans, span{"", fmt.Sprintf("; %s in %s", count(t.Requests, "request"), seconds(r.Elapsed))})
	// The totals are never cut: they are copied and parsed.
	for _, s := range spans {
		p.paint(s.code, s.text)
	}
	p.WriteString("\n")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

// shownProblems is how many problems of one kind are listed.
const shownProblems = 20

// baseline adds the verdict of the run alone, and every problem of its baseline.
func (p *page) baseline(r *record.Report) {
	b := r.Baseline
	if b == nil || p.Quiet {
		return
	}
	alone, _ := verdictText(r)
	entries := "1 entry"
	if b.Entries != 1 {
		entries = fmt.Sprintf("%d entries", b.Entries)
	}
	p.line()
	p.uncut("the run   ", alone)
	p.line(span{dim, "baseline  "}, span{"", strings.Join(
		append([]string{b.File + ": " + entries, count(b.Known, "finding") + " known"}, kinds(b)...), ", ")})
	shown := map[string]int{}
	for _, q := range b.Problems {
		if shown[q.Kind]++; shown[q.Kind] > shownProblems && !p.Verbose {
			continue
		}
		p.uncut(fmt.Sprintf("  %-10s ", safe(q.Kind)), q.Key)
		text := q.Text
		if q.Line > 0 {
			text = fmt.Sprintf("%s:%d: %s", b.File, q.Line, q.Text)
		}
		p.block(strings.Repeat(" ", 13), text, 4)
	}
	for _, text := range kinds(b) {
		_, kind, _ := strings.Cut(text, " ")
		if more := shown[kind] - shownProblems; more > 0 && !p.Verbose {
			p.line(span{dim, fmt.Sprintf("  … and %d more %s", more, kind)})
		}
	}
	p.line()
}

// kinds counts the problems of a baseline by kind, in their order.
func kinds(b *record.BaselineResult) (out []string) {
	n := map[string]int{}
	var order []string
	for _, p := range b.Problems {
		if n[p.Kind]++; n[p.Kind] == 1 {
			order = append(order, p.Kind)
		}
	}
	for _, kind := range order {
		out = append(out, fmt.Sprintf("%d %s", n[kind], kind))
	}
	return out
}

// baselineText returns the last line of a run with a baseline.
func baselineText(r *record.Report) (text, code string) {
	b := r.Baseline
	switch b.Verdict {
	case record.Conformant:
		text, code = fmt.Sprintf("conformant with %s: %s", b.File, count(b.Known, "known finding")), green
		if b.Reason != "" {
			text += "; " + b.Reason
		}
	case record.NotConformant:
		text, code = fmt.Sprintf("not conformant with %s: %s; %s", b.File, cmp.Or(strings.Join(kinds(b), ", "),
			"no problem is listed"), count(b.Known, "known finding")), red
		if b.Reason != "" {
			text += "; " + b.Reason
		}
	default:
		return "could not judge: " + cmp.Or(b.Reason, "the report gives no reason"), yellow
	}
	if len(r.Suite.OwnRules) > 0 {
		text = verdictName(text+";", r)
	}
	return text, code
}

// verdict adds the last line.
func (p *page) verdict(r *record.Report) {
	text, code := verdictLine(r)
	if code != "" && p.Color {
		code = bold + code
	}
	p.paint(code, safe(text))
	p.WriteString("\n")
}

// verdictText returns the last line: the verdict of the run, what was judged, and why. The numbers
// of requirements come before those of cases.
func verdictText(r *record.Report) (text, code string) {
	switch r.Verdict {
	case record.Conformant:
		text, code = verdictName("conformant", r), green
		var what []string
		if len(r.Requirements) > 0 {
			what = append(what, countStandings(r).keptText())
		}
		for _, part := range []string{judgedText(r), r.Reason} {
			if part != "" {
				what = append(what, part)
			}
		}
		if len(what) > 0 {
			text += ": " + strings.Join(what, "; ")
		}
	case record.NotConformant:
		n := countStandings(r)
		text, code = verdictName("not conformant", r)+": "+n.brokenText(), red
		if rest := n.others(undecided, notExercised); rest != "" {
			text += ", " + rest
		}
		text += fmt.Sprintf("; %d of %s failed", r.Totals.Failed, count(r.Totals.Total, "case"))
		if r.Reason != "" {
			text += "; " + r.Reason
		}
	default:
		reason := r.Reason
		if reason == "" {
			reason = "the report gives no reason"
		}
		text, code = "could not judge: "+reason, yellow
	}
	return text, code
}

// Header writes the target, the suite's version and contract, the level, how many of the
// suite's cases are selected, and the seed that repeats the run.
func Header(w io.Writer, suite record.SuiteInfo, target record.TargetInfo, selected, total int, style Style) error {
	p := &page{Style: style}
	if p.Quiet {
		return nil
	}
	where := target.URL
	if target.Name != "" && target.Name != target.URL {
		where = strings.TrimSpace(where + " (" + target.Name + ")")
	}
	on := ""
	if target.Machine != "" {
		on += "   machine " + target.Machine
	}
	p.line(span{dim, "target   "}, span{bold, where}, span{"", on})
	if target.File != "" {
		p.line(span{dim, "file     "}, span{"", target.File})
	}
	var way []string
	if target.Protocol == "HTTP/2" {
		way = append(way, "HTTP/2")
	}
	if target.Proxy != "" {
		way = append(way, "by the proxy "+target.Proxy)
	}
	if target.Insecure {
		way = append(way, "certificate not verified")
	}
	if len(way) > 0 {
		p.line(span{dim, "way      "}, span{"", strings.Join(way, ", ")})
	}
	if p.Settings != "" {
		p.line(span{dim, "settings "}, span{"", p.Settings})
	}
	contract, _ := split(suite.Contract, 12)
	p.line(span{dim, "suite    "}, span{"", suite.Name + " " + suite.Version + "   contract " + contract})
	level := suite.Level.String()
	if suite.Strict {
		level += ", strict"
	}
	p.line(span{dim, "level    "}, span{"", level})
	p.ownRules(suite.OwnRules)
	cases := count(selected, "case")
	if selected != total {
		cases = fmt.Sprintf("%d of %s", selected, count(total, "case"))
	}
	if len(suite.Generated) > 0 {
		cases += ", with those of generated " + strings.Join(suite.Generated, " and ")
	}
	p.line(span{dim, "cases    "}, span{"", cases + "   seed " + suite.Seed})
	p.line()
	_, err := io.WriteString(w, p.String())
	return err
}

// ProgressLine returns the progress counter of a run, without a line break or control characters: the
// caller that owns a terminal writes "\r" before it. broken is the number of requirements that
// answers have broken so far. Successive lines of one run have the same length or grow.
func ProgressLine(done, total, failed, broken int) string {
	digits := len(fmt.Sprint(total))
	return fmt.Sprintf("%*d/%d cases; requirements broken: %2d; cases failed: %*d", digits, done, total, broken, digits,
		failed)
}
