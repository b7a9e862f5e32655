package report

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// MarkdownLimit is the maximum number of bytes, and so of characters, of a Markdown summary. A
// comment on GitHub may have 65,536 characters; the rest is left to the program that posts it.
const MarkdownLimit = 60_000

// The space for lists, in bytes. Problems have the rest.
const (
	baselineRoom    = 10_000
	unjudgedRoom    = 8_000
	requirementRoom = 14_000
	coverageRoom    = 8_000
	restRoom        = 120 // of the line with the number of items that were left out
	commandRoom     = 2_000
)

// Markdown writes a summary for a comment, a wiki, or the step summary of a workflow, in
// GitHub's dialect: the verdict and the totals, the result of the baseline, each problem once
// with the requirement that it breaks, what could not be judged, the requirements, the coverage,
// and the settings of the run. It has at most [MarkdownLimit] bytes, and counts what it leaves out for
// that. Text from a server cannot become markup, a link, a mention or a reference.
func Markdown(w io.Writer, r *record.Report) error {
	head, tail := mdHead(r), mdSetting(r)
	head += mdPanics(r)
	baseline, unjudged, requirements := mdBaseline(r), mdUnjudged(r), mdRequirements(r)
	requirements += mdCoverage(r) + mdLoad(r)
	room := MarkdownLimit - len(head) - len(baseline) - len(unjudged) - len(requirements) - len(tail)
	_, err := io.WriteString(w, head+baseline+mdProblems(r, room)+unjudged+requirements+tail)
	return err
}

func mdHead(r *record.Report) string {
	verdict, text := gate(r)
	title := "Could not judge"
	switch verdict {
	case record.Conformant:
		title = verdictName("Conformant", r)
	case record.NotConformant:
		title = verdictName("Not conformant", r)
	}
	title += ": " + mdCode(clip(r.Target.URL, 200))
	if name := r.Target.Name; name != "" && name != r.Target.URL {
		title += " " + mdProse(clip("("+name+")", 120))
	}
	p := &page{}
	if p.standings(r); p.Len() > 0 {
		p.WriteString("\n") // the cases are a paragraph of their own
	}
	p.outcomes(r)
	alone := ""
	if r.Baseline != nil {
		without, _ := verdictText(r)
		alone = "The run alone: " + mdProse(clip(without, 400)) + "\n\n"
	}
	return "## " + title + "\n\nVerdict: " + mdProse(clip(text, 400)) + "\n\n" + alone + p.String() + mdOwnRules(r)
}

func mdBaseline(r *record.Report) string {
	b := r.Baseline
	if b == nil {
		return ""
	}
	entries := "1 entry"
	if b.Entries != 1 {
		entries = fmt.Sprintf("%d entries", b.Entries)
	}
	text := fmt.Sprintf("\n### Baseline\n\nThe file %s with %s: %s accepted, %s.\n", mdCode(clip(b.File, 120)), entries,
		count(b.Known, "finding"), count(len(b.Problems), "problem"))
	if len(b.Problems) == 0 {
		return text
	}
	text += "\n" + mdRow("problem", "finding", "line", "what is wrong and what to do") +
		mdRow("---", "---", "--:", "---")
	rows := fit(len(b.Problems), baselineRoom-len(text), func(i int) string {
		p, line := b.Problems[i], ""
		if p.Line > 0 {
			line = fmt.Sprint(p.Line)
		}
		return mdRow(mdProse(clip(p.Kind, 40)), mdCell(clip(p.Key, 240)), line, mdProse(clip(p.Text, 300)))
	})
	return text + strings.Join(rows, "") + rest(len(b.Problems)-len(rows), "problem")
}

// mdProblems returns the problems within the space. If not everything fits, exchanges are left
// out before problems.
func mdProblems(r *record.Report, room int) string {
	all := gather(r)
	room -= restRoom // of the exchanges
	blocks := fit(len(all), room, func(i int) string {
		if i > 0 && all[i].title() == all[i-1].title() {
			return mdProblem(r, all[i])
		}
		return "\n### " + all[i].title() + "\n" + mdProblem(r, all[i])
	})
	left := rest(len(all)-len(blocks), "problem")
	room -= len(strings.Join(blocks, "")) + len(left)
	type exchange struct {
		first *record.CaseResult
		step  int
	}
	shown, hidden := map[exchange]bool{}, 0 // each once, even with several problems
	var b strings.Builder
	for i, block := range blocks {
		b.WriteString(block)
		at := exchange{all[i].first, all[i].finding.Step}
		if shown[at] {
			continue
		}
		shown[at] = true
		details := mdExchange(r, at.first, at.step)
		if len(details) > room {
			hidden++
			continue
		}
		b.WriteString(details)
		room -= len(details)
	}
	return b.String() + rest(hidden, "exchange") + left
}

func mdProblem(r *record.Report, g *gathered) string {
	f := g.finding
	var b strings.Builder
	fmt.Fprintf(&b, "\n#### %s at %s\n\n", mdCode(clip(f.Check, 80)), mdCode(clip(f.Place, 200)))
	item := func(name, text string) { fmt.Fprintf(&b, "- **%s** %s\n", name, text) }
	item("want", mdCode(clip(f.Want, 300)))
	item("got", mdCode(clip(f.Got, 300)))
	by := f.Level.String() + " " + mdCode(clip(f.Requirement, 120))
	req := requirement(r, f.Requirement)
	if req != nil {
		by += mdSource(req)
		if req.Says != "" {
			by += ": " + mdProse(subjectOf(r)+" "+clip(saysUnder(r, req.ID, req.Says), 400))
		}
	}
	item("breaks", by)
	if req != nil && req.Because != "" {
		item("because", mdProse(clip(req.Because, 400)))
	}
	if k := f.Known; k != nil {
		until := ""
		if k.Expires != "" {
			until = " until " + mdProse(clip(k.Expires, 40))
		}
		item("accepted", fmt.Sprintf("by %s%s, in line %d of the baseline: %s", mdProse(clip(k.Owner, 120)), until,
			k.Line, mdProse(clip(k.Reason, 300))))
	}
	item("in", count(len(g.cases), "case")+": "+mdIDs(g.cases))
	if g.first.File != "" {
		item("first at", mdCode(fmt.Sprintf("%s:%d", clip(g.first.File, 200), g.first.Line)))
	}
	return b.String()
}

// mdExchange returns request and response in a folded block, or "" if that step was not sent.
func mdExchange(r *record.Report, c *record.CaseResult, step int) string {
	x := c.Exchange(step)
	if x == nil {
		return ""
	}
	p := &page{commands: commandRoom}
	p.exchange(r, c, x)
	if command := again(r, c); command != "" && len(command) <= commandRoom {
		p.uncut("  again   ", command)
	}
	return mdFolded("Request and response of the first of these cases", mdFence(p.String()))
}

func mdUnjudged(r *record.Report) string {
	all := unprovenOf(r)
	if len(all) == 0 {
		return ""
	}
	text := "\n### Not judged\n\n"
	items := fit(len(all), unjudgedRoom-len(text), func(i int) string {
		u := all[i]
		return fmt.Sprintf("- **%s** %s, in %s: %s\n", words(u.outcome), mdProse(clip(u.reason, 400)),
			count(len(u.cases), "case"), mdIDs(u.ids()))
	})
	text += strings.Join(items, "") + rest(len(all)-len(items), "reason")
	if i := slices.IndexFunc(all, func(u *unproven) bool { return u.outcome == record.Errored }); i >= 0 {
		first := all[i].cases[0]
		if details := mdExchange(r, first, troubled(first)); len(text)+len(details) <= unjudgedRoom {
			text += details
		}
	}
	return text
}

// mdRequirements counts the requirements by level and lists them, the kept ones in a folded block.
func mdRequirements(r *record.Report) string {
	if len(r.Requirements) == 0 {
		return ""
	}
	text := "\n### Requirements\n\n" + mdRow("level", "kept", "broken", "deviated", "undecided",
		"not exercised") + mdRow("---", "--:", "--:", "--:", "--:", "--:")
	var by [standings][]*record.RequirementResult
	for _, level := range record.Levels() {
		var n standingCount
		for i := range r.Requirements {
			if q := &r.Requirements[i]; q.Level == level {
				s := standingOf(*q, r.Suite.Strict)
				n[s]++
				by[s] = append(by[s], q)
			}
		}
		if n.all() > 0 {
			text += mdRow(level.String(), fmt.Sprint(n[kept]), fmt.Sprint(n[broken]), fmt.Sprint(n[deviated]),
				fmt.Sprint(n[undecided]), fmt.Sprint(n[notExercised]))
		}
	}
	table := func(all []*record.RequirementResult, room int) string {
		head := mdRow("requirement", "level", "standing", "cases", "findings", subjectOf(r)) +
			mdRow("---", "---", "---", "--:", "--:", "---")
		rows := fit(len(all), room-len(head), func(i int) string { return mdRequirement(r, all[i]) })
		return head + strings.Join(rows, "") + rest(len(all)-len(rows), "requirement")
	}
	if open := slices.Concat(by[broken], by[deviated], by[undecided], by[notExercised]); len(open) > 0 {
		text += "\n" + table(open, requirementRoom-len(text))
	}
	if done := by[kept]; len(done) > 0 {
		text += mdFolded(count(len(done), "requirement")+" kept", table(done, requirementRoom-len(text)))
	}
	return text
}

func mdRequirement(r *record.Report, q *record.RequirementResult) string {
	says := mdProse(clip(saysUnder(r, q.ID, q.Says), 300)) + mdSource(&q.Requirement)
	if q.Waived != "" {
		says += "; not tested: " + mdProse(clip(q.Waived, 200))
	}
	standing := standingOf(*q, r.Suite.Strict)
	words := standing.String()
	if standing == broken {
		words = "**" + words + "**"
	}
	return mdRow(mdCell(clip(q.ID, 120)), q.Level.String(), words, fmt.Sprint(q.Cases), fmt.Sprint(q.Findings), says)
}

func mdSource(q *record.Requirement) string {
	source := cite(q.Document, q.Section)
	if source == "" {
		return ""
	}
	return " (" + mdProse(clip(source, 200)) + ")"
}

// mdSetting returns the settings of the run: enough to repeat it, and to see whether two runs
// can be compared.
func mdSetting(r *record.Report) string {
	var b strings.Builder
	b.WriteString("\n### Setting\n\n")
	item := func(name string, parts ...string) {
		if parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" }); len(parts) > 0 {
			fmt.Fprintf(&b, "- **%s** %s\n", name, strings.Join(parts, ", "))
		}
	}
	named := func(name, value string) string {
		if value == "" {
			return ""
		}
		return name + mdCode(clip(value, 200))
	}
	s, t, e := r.Suite, r.Target, r.Environment
	level, only := s.Level.String(), ""
	if len(s.Only) > 0 {
		only = "only " + count(len(s.Only), "case") + " by name"
	}
	if s.Strict {
		level += ", strict"
	}
	item("suite", named("", strings.TrimSpace(s.Name+" "+s.Version)), fmt.Sprintf("%d of %s", len(r.Cases),
		count(s.Cases, "case")), named("run ", s.Run), named("skip ", s.Skip), only, "level "+level)
	item("contract", named("SHA-256 ", s.Contract))
	item("fixtures", named("SHA-256 ", s.Fixtures))
	item("sending", named("seed ", s.Seed), fmt.Sprintf("repeat %d", s.Repeat), fmt.Sprintf("parallel %d", s.Parallel),
		named("timeout ", s.Timeout))
	item("target", named("", t.URL), named("machine ", t.Machine), named("unknown machine ", t.UnknownMachine),
		named("other machine ", t.OtherMachine),
		named("file ", t.File), named("", t.Protocol), named("by the proxy ", t.Proxy))
	p := &page{}
	p.circumstances(r)
	for line := range strings.Lines(p.String()) {
		item("note", strings.TrimSuffix(line, "\n"))
	}
	item("run", named("started ", r.Started.UTC().Format("2006-01-02 15:04:05 UTC")), "took "+seconds(r.Elapsed),
		named("", e.Go), named("", strings.Trim(e.OS+"/"+e.Arch, "/")), count(e.Processors, "processor"))
	return b.String()
}

// fit returns as many of n items as there is space for, with a line about the others if some
// are left out.
func fit(n, room int, item func(int) string) (items []string) {
	used := 0
	for i := range n {
		items = append(items, item(i))
		if used += len(items[i]); used <= room {
			continue
		}
		for len(items) > 0 && used > room-restRoom {
			used -= len(items[len(items)-1])
			items = items[:len(items)-1]
		}
		break
	}
	return items
}

// rest returns the line with the number of items that were left out.
func rest(n int, noun string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("\n… and %s, for which there is no room here; the JSON report has all.\n",
		count(n, "more "+noun))
}

// mdIDs returns the ids of the first cases.
func mdIDs(ids []string) string {
	const most = 5
	var out []string
	for _, id := range ids[:min(most, len(ids))] {
		out = append(out, mdCode(clip(id, 160)))
	}
	text := strings.Join(out, ", ")
	if more := len(ids) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// mdReferring matches text that GitHub turns into a link, a mention, a reference, a picture or
// a formula after parsing Markdown, so that escapes have no effect.
var mdReferring = regexp.MustCompile(`(?i)@|#[0-9]|gh-[0-9]|://|mailto:|xmpp:|www\.|:[a-z0-9_+-]+:|\$|\b[0-9a-f]{7,}\b`)

var mdEscaper = strings.NewReplacer(`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `{`, `\{`, `}`, `\}`, `[`, `\[`, `]`,
	`\]`, `#`, `\#`,
	`~`, `\~`, `<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`, `|`, `&#124;`)

// mdProse returns safe text for the middle of a line. Text with a reference becomes code as a
// whole, which GitHub does not change.
func mdProse(s string) string {
	if mdReferring.MatchString(s) {
		return mdCell(s)
	}
	return mdEscaper.Replace(s)
}

// mdCode returns safe text as a code span.
func mdCode(s string) string {
	if s == "" {
		return "(empty)"
	}
	pad := ""
	if strings.ContainsAny(s[:1]+s[len(s)-1:], "` ") {
		pad = " "
	}
	ticks := strings.Repeat("`", ticksIn(s)+1)
	return ticks + pad + s + pad + ticks
}

// mdCell returns safe text as code in a table cell. A | is written outside of code, because
// parsers differ on a backslash before it.
func mdCell(s string) string {
	parts := strings.Split(s, "|")
	for i, part := range parts {
		if part != "" || len(parts) == 1 {
			parts[i] = mdCode(part)
		}
	}
	return strings.Join(parts, "&#124;")
}

// mdRow returns a table row. The cells are Markdown.
func mdRow(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// mdFence returns a code block, with a fence that is longer than any inside.
func mdFence(text string) string {
	ticks := strings.Repeat("`", max(3, ticksIn(text)+1))
	return ticks + "text\n" + strings.TrimSuffix(text, "\n") + "\n" + ticks + "\n"
}

// ticksIn returns the length of the longest run of backticks.
func ticksIn(s string) (longest int) {
	for run := 0; s != ""; s = s[1:] {
		if run++; s[0] != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// mdFolded is Markdown that is shown when its summary is clicked on.
func mdFolded(summary, text string) string {
	return "\n<details>\n<summary>" + summary + "</summary>\n\n" + text + "\n</details>\n"
}
