package compare

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"fmaspec/conformance/record"
)

// A Style says how text for people is laid out. The zero Style is plain text laid
// out for 100 columns, in which a longer line is not cut.
type Style struct {
	Color   bool // with ANSI colours
	Width   int  // columns, to which lines are cut; 0 where it is no terminal's, and fewer than 40 count as 40
	Verbose bool // every case, nothing grouped
	Quiet   bool // the totals and the verdict alone
}

// Console writes a comparison as text: differences in judging, the cases by kind, the answers
// of another shape, the totals, and the verdict as the last line. Cases that have changed in
// the same way are grouped.
func Console(w io.Writer, c *Comparison, style Style) error {
	p := &page{Style: style}
	if !p.Quiet {
		p.sides(c)
		p.different(c)
		p.changes(c)
		p.shapes(c)
	}
	p.totals(c)
	text, code := c.verdictText()
	if p.Color {
		code = bold + code
	}
	head, reason, _ := strings.Cut(text, ": ")
	p.uncut(span{code, fmt.Sprintf("%s: %s → %s: %s", head, sideText(c.Old), sideText(c.New), reason)})
	_, err := io.WriteString(w, p.String())
	return err
}

// sideText returns the target of a report: its URL, and its name if it has one.
func sideText(s Side) string {
	if s.Name != "" && s.Name != s.Target {
		return strings.TrimSpace(s.Target + " (" + s.Name + ")")
	}
	return s.Target
}

func (p *page) sides(c *Comparison) {
	for _, side := range []struct {
		name string
		of   Side
	}{{"old", c.Old}, {"new", c.New}} {
		p.line(span{dim, side.name + "      "}, span{bold, sideText(side.of)})
		p.line(span{"", fmt.Sprintf("         %s, %d of %s judged, %s, %s", verdictWord(side.of),
			side.of.Judged, count(side.of.Of, "case"), side.of.Suite,
			side.of.Started.UTC().Format(time.DateTime+" UTC"))})
	}
	p.line()
}

// verdictWord returns the verdict of a run for a sentence.
func verdictWord(s Side) string {
	switch s.Verdict {
	case "":
		return "no verdict"
	case record.Conformant, record.NotConformant:
		return record.VerdictUnder(s.OwnRules, strings.ReplaceAll(string(s.Verdict), "-", " "))
	}
	return strings.ReplaceAll(string(s.Verdict), "-", " ")
}

func (p *page) different(c *Comparison) {
	for i, d := range c.Different {
		if i == 0 {
			p.line(span{bold, "judged differently: this may explain differences"})
		}
		p.line(span{yellow, fmt.Sprintf("  %-10s", d.What)},
			span{"", fmt.Sprintf("%s → %s", shortly(d.Old), shortly(d.New))}, span{dim, "   " + d.Means + d.lessText()})
	}
	for _, note := range c.Notes {
		p.line(span{yellow, "  " + note})
	}
	if len(c.Different)+len(c.Notes) > 0 {
		p.line()
	}
}

// lessText returns a remark if the new report was judged less thoroughly, or "".
func (d *Difference) lessText() string {
	switch {
	case d.Accepted:
		return "; less, which is accepted"
	case d.Less:
		return "; less"
	}
	return ""
}

// shortly returns a value of a [Difference] in short form.
func shortly(value string) string {
	if value == "" {
		return "none"
	}
	if len(value) == 64 && !strings.ContainsFunc(value,
		func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) {
		return value[:12] + "…" // of a hash
	}
	return brief(value)
}

// A bundle is a group of cases that have changed in the same way.
type bundle struct {
	Change
	ids []string
}

// bundles groups equal changes of one kind.
func bundles(changes []Change) (out []*bundle) {
	have := map[string]*bundle{}
	for _, c := range changes {
		key := []string{string(c.Kind), fmt.Sprint(c.Regression), c.Old, c.New}
		if c.Old != "" && c.New != "" { // a case on one side only has no other difference
			key = append(key, c.OldReason, c.NewReason)
			key = append(append(append(key, problems(c.Added)...), ""), problems(c.Gone)...)
		}
		id := strings.Join(key, "\x00")
		b := have[id]
		if b == nil {
			b = &bundle{Change: c}
			have[id] = b
			out = append(out, b)
		}
		b.ids = append(b.ids, c.Case)
	}
	return out
}

// bundled groups changes, unless every case is to be shown.
func (p *page) bundled(changes []Change) (out []*bundle) {
	if !p.Verbose {
		return bundles(changes)
	}
	for _, c := range changes {
		out = append(out, &bundle{Change: c})
	}
	return out
}

// problem returns what findings of the same violation at several steps have in common.
func problem(f record.Finding) string {
	return strings.Join([]string{f.Check, f.Requirement, folded(f.Place), f.Want}, "\x01")
}

// problems returns the problems of findings, each once.
func problems(list []record.Finding) (out []string) {
	for _, f := range list {
		out = append(out, problem(f))
	}
	return sorted(out)
}

// plainest returns the first finding of each problem.
func plainest(list []record.Finding) (out []record.Finding) {
	shown := map[string]bool{}
	for _, f := range list {
		if p := problem(f); !shown[p] {
			shown[p] = true
			out = append(out, f)
		}
	}
	return out
}

// of returns the changes of a kind.
func (c *Comparison) of(k Kind) []Change {
	return slices.DeleteFunc(slices.Clone(c.Changes), func(x Change) bool { return x.Kind != k })
}

// someFindings is the maximum number of findings of a case that are shown.
const someFindings = 4

func (p *page) changes(c *Comparison) {
	for _, k := range Kinds() {
		changes := c.of(k.Kind)
		if len(changes) == 0 {
			continue
		}
		code := ""
		if slices.ContainsFunc(changes, func(x Change) bool { return x.Regression }) {
			code = red
		} else if k.Kind == NewlyPassing {
			code = green
		}
		p.line(span{bold + code, fmt.Sprintf("%s %s", count(len(changes), "case"), k.Title)}, span{dim, "   " + k.Doc})
		for _, b := range p.bundled(changes) {
			p.bundle(b, code)
		}
		p.line()
	}
}

func (p *page) bundle(b *bundle, code string) {
	became := b.New
	if b.Old != "" && b.New != "" {
		became = b.Old + " → " + b.New
	} else if b.New == "" {
		became = b.Old
	}
	if !b.Regression && slices.ContainsFunc(Kinds(), func(k KindInfo) bool {
		return k.Kind == b.Kind &&
			k.Worsen != "never"
	}) {
		became += ", no regression"
	}
	p.line(span{code, "  " + b.Case}, span{dim, "   " + became})
	if b.Old != "" && b.New != "" {
		p.findings("+", b.Added, red)
		p.findings("-", b.Gone, green)
		if b.NewReason != "" {
			p.line(span{dim, "    because "}, span{"", b.NewReason})
		} else if b.OldReason != "" {
			p.line(span{dim, "    it was not judged because "}, span{"", b.OldReason})
		}
	}
	p.others(b.ids)
}

// others names the other cases of a group.
func (p *page) others(ids []string) {
	if len(ids) < 2 {
		return
	}
	p.line(span{dim, fmt.Sprintf("    and %s, such as %s", count(len(ids)-1, "more case"), ids[1])})
}

func (p *page) findings(mark string, list []record.Finding, code string) {
	if !p.Verbose {
		list = plainest(list)
	}
	for i, f := range list {
		if i == someFindings && !p.Verbose {
			p.line(span{dim, fmt.Sprintf("    %s … and %s", mark, count(len(list)-i, "more finding"))})
			return
		}
		p.line(span{code, "    " + mark + " " + f.Check},
			span{"", fmt.Sprintf("   %s   want %s   got %s", f.Place, f.Want, f.Got)},
			span{dim, fmt.Sprintf("   %s, %s", f.Requirement, f.Level)})
		if p.Verbose {
			p.uncut(span{dim, "      " + f.Key})
		}
	}
}

func (p *page) shapes(c *Comparison) {
	if len(c.Shapes) == 0 {
		return
	}
	p.line(span{bold, count(len(c.Shapes)+c.Totals.MoreShapes, "difference") + " in the shape of answers"},
		span{dim, "   if neither side has a finding"})
	for _, s := range c.Shapes {
		p.line(span{yellow, "  " + s.Place}, span{"", "   " + stated(s.Old) + " → " + stated(s.New)})
		if !p.Verbose {
			p.line(span{dim, "    " + where(s) + ", such as " + s.Cases[0]})
			continue
		}
		p.line(span{dim, "    " + where(s)})
		for _, id := range s.Cases {
			p.line(span{dim, "    " + id})
		}
	}
	if c.Totals.MoreShapes > 0 {
		p.line(span{"", fmt.Sprintf("  … and %d more", c.Totals.MoreShapes)})
	}
	p.line()
}

// stated returns the values at a place as text.
func stated(words []string) string {
	plain := map[string]string{
		absent: "missing", present: "there", empty: "empty", "null": "null", "boolean": "a boolean",
		"number": "a number",
		"string": "a string", "array": "an array", "object": "an object",
	}
	var out []string
	for _, word := range words {
		out = append(out, cmp.Or(plain[word], word))
	}
	return strings.Join(out, " or ")
}

// where returns the number of cases, and their statuses.
func where(s Shape) string {
	text := count(len(s.Cases), "case")
	if len(s.Statuses) == 0 {
		return text
	}
	var statuses []string
	for i, status := range s.Statuses {
		if i == mostValues {
			statuses = append(statuses, "…")
			break
		}
		statuses = append(statuses, strconv.Itoa(status))
	}
	return text + " answered " + strings.Join(statuses, ", ")
}

func (p *page) totals(c *Comparison) {
	t := c.Totals
	text := fmt.Sprintf("%s in both reports, %d judged in both, %d the same; %s compared", count(t.Cases, "case"),
		t.Judged, t.Same, count(t.Answers, "answer"))
	p.uncut(span{"", text})
}

// verdictText is the last line: what the comparison comes to, and why.
func (c *Comparison) verdictText() (text, code string) {
	switch c.Verdict {
	case Same:
		return "the same: " + c.Reason, green
	case Changed:
		return "no regression: " + c.Reason, green
	case Regression:
		return "regression: " + c.Reason, red
	}
	return "could not compare: " + c.Reason, yellow
}
