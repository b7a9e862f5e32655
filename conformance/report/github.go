package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"fmaspec/conformance/record"
)

// The limits of GitHub for one step and for one annotation.
const (
	annotationsShown = 10    // of each kind: errors, warnings, notices
	annotationText   = 4_000 // bytes; of a message GitHub keeps 4,096 characters
	annotationTitle  = 200   // columns; of a title it keeps 255
	annotationLine   = 600   // columns of a line of a message
	annotationFile   = 1_000 // bytes; longer paths are left out
)

// An annotation is a message that GitHub shows at a line of a file.
type annotation struct {
	file  string
	line  int
	title string
	text  []string // lines
}

// GitHub writes workflow commands, which GitHub shows as annotations, and the verdict as a
// plain last line. Each problem is one annotation at the first case that has it: an error if
// it fails the run or is new to the baseline, a warning if it is a deviation. Other problems
// of the baseline, and cases that could not be judged, are errors. Known findings are counted
// in one notice, and a conformant run is one notice. GitHub shows ten of each kind: if there
// are more, the tenth summarizes the rest. A run that is not conformant has at least one
// error. No text of a server can be a command. GitHub reads a path relative to the root of the
// repository: an annotation of a file that [Style.Locate] does not find there has no path.
func GitHub(w io.Writer, r *record.Report, style Style) error {
	errors, warnings := ghProblems(r)
	var notices []annotation
	verdict, _ := gate(r)
	text, _ := verdictLine(r)
	if verdict == record.Conformant {
		p := &page{}
		p.totals(r)
		notices = append(notices, annotation{title: verdictName("conformant", r),
			text: []string{text, strings.TrimSpace(p.String())}})
	} else if len(errors) == 0 {
		errors = append(errors, annotation{title: "verdict", text: []string{text}})
	}
	for _, a := range asides(r) {
		errors = append(errors, annotation{title: a.title, text: append([]string{a.sentence}, a.lines...)})
	}
	if n := knownFindings(r); n > 0 {
		notices = append(notices, annotation{title: count(n, "known finding"),
			text: []string{"accepted by the baseline, and not shown here"}})
	}
	var b strings.Builder
	for _, kind := range []struct {
		command string
		all     []annotation
	}{{"error", errors}, {"warning", warnings}, {"notice", notices}} {
		for _, a := range atMost(annotationsShown, kind.all) {
			a.file = style.locate(a.file)
			b.WriteString(a.command(kind.command))
		}
	}
	b.WriteString(ghLine(text, annotationText) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func ghProblems(r *record.Report) (errors, warnings []annotation) {
	added := map[string]string{} // the message of the baseline on new findings, by key
	var accepted []record.BaselineProblem
	if r.Baseline != nil {
		accepted = r.Baseline.Problems
	}
	for _, p := range accepted {
		if p.Kind == "new" {
			added[p.Key] = p.Text
		}
	}
	shown := map[string]bool{}
	for _, g := range gather(r) {
		if g.known {
			continue
		}
		a := ghProblem(r, g)
		says := ""
		for _, key := range g.keys {
			if text, is := added[key]; is {
				says = cmp.Or(says, "new: "+text)
				shown[key] = true
			}
		}
		if says != "" {
			a.text = append(a.text, says)
		}
		if g.breaks || says != "" {
			errors = append(errors, a)
		} else {
			warnings = append(warnings, a)
		}
	}
	for _, p := range accepted {
		if shown[p.Key] && p.Kind == "new" {
			continue
		}
		a := annotation{title: "baseline: " + p.Kind, text: []string{p.Text, "finding " + p.Key}}
		if p.Kind != "new" {
			a.file, a.line = r.Baseline.File, p.Line
		}
		errors = append(errors, a)
	}
	for _, u := range unprovenOf(r) {
		first := u.cases[0]
		a := annotation{file: first.File, line: first.Line, text: []string{"because " + u.reason, ghIn(u.ids())}}
		switch u.outcome {
		case record.Failed:
			a.title = "failed: " + first.ID
			errors = append(errors, a)
		case record.Deviated:
			a.title = "deviated: " + first.ID
			warnings = append(warnings, a)
		case record.Errored:
			a.title = "not judged: " + first.ID
			errors = append(errors, a)
		}
	}
	return errors, warnings
}

func ghProblem(r *record.Report, g *gathered) annotation {
	f := g.finding
	by := "breaks " + f.Requirement + " (" + f.Level.String() + ")"
	if req := requirement(r, f.Requirement); req != nil {
		if source := cite(req.Document, req.Section); source != "" {
			by += ", " + source
		}
		if req.Says != "" {
			by += ": an implementation " + saysUnder(r, req.ID, req.Says)
		}
	}
	a := annotation{file: g.first.File, line: g.first.Line, title: f.Check + " at " + f.Place,
		text: []string{"want " + f.Want, "got  " + f.Got, by, ghIn(g.cases)}}
	if command := again(r, g.first); command != "" && ghLine("again: "+command, annotationLine) == "again: "+command {
		a.text = append(a.text, "again: "+command) // a cut or escaped command would do something else
	}
	return a
}

// ghIn returns the ids of the first cases.
func ghIn(ids []string) string {
	const most = 5
	text := "in " + count(len(ids), "case") + ": " + strings.Join(ids[:min(most, len(ids))], ", ")
	if more := len(ids) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func knownFindings(r *record.Report) (n int) {
	for _, c := range r.Cases {
		for _, f := range c.Findings {
			if f.Known != nil {
				n++
			}
		}
	}
	return n
}

// atMost returns at most n annotations: if there are more, the last one names the others.
func atMost(n int, all []annotation) []annotation {
	if len(all) <= n {
		return all
	}
	last := annotation{title: fmt.Sprintf("and %d more", len(all)-n+1)}
	for _, a := range all[n-1:] {
		line := a.title
		if a.file != "" {
			line += fmt.Sprintf(" (%s:%d)", a.file, max(1, a.line))
		}
		last.text = append(last.text, line)
	}
	return append(slices.Clone(all[:n-1]), last)
}

// command is the annotation as a line that the runner obeys.
func (a annotation) command(name string) string {
	var properties []string
	if file := safe(strings.TrimPrefix(a.file, "./")); file != "" && len(file) <= annotationFile {
		properties = append(properties, "file="+ghProperty.Replace(file), fmt.Sprintf("line=%d", max(1, a.line)))
	}
	properties = append(properties, "title="+ghProperty.Replace(ghLine(a.title, annotationTitle)))
	return "::" + name + " " + strings.Join(properties, ",") + "::" + ghData.Replace(a.message()) + "\n"
}

// message is the lines of an annotation, as many as GitHub keeps whole.
func (a annotation) message() string {
	const restRoom = 40
	var b strings.Builder
	for i, line := range a.text {
		line = ghLine(line, annotationLine)
		if b.Len()+len(line) > annotationText-restRoom {
			fmt.Fprintf(&b, "… and %s", count(len(a.text)-i, "more line"))
			break
		}
		b.WriteString(line + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// How the runner wants data and properties escaped.
var (
	ghData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	ghProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// ghLine returns s as one line without commands, cut to the columns.
func ghLine(s string, columns int) string { return clip(s, columns) }

// A gathered is a problem with all its findings. Findings that the baseline accepts are
// gathered separately.
type gathered struct {
	known   bool
	breaks  bool               // it fails the run, unless it is known
	finding record.Finding     // the one that is shown
	first   *record.CaseResult // its case
	cases   []string           // ids of all cases with it, that one first
	keys    []string           // of all findings
}

// gather returns every problem once: those that fail a run, those that do not, and those that
// are known; each group ordered by level, the strongest first, and then as in the console.
func gather(r *record.Report) []*gathered {
	var all []*gathered
	at := map[problem]*gathered{}
	for _, c := range byWeight(r) {
		for _, f := range c.Findings {
			p := problemOf(f)
			g := at[p]
			if g == nil {
				g = &gathered{known: f.Known != nil, finding: f, first: c}
				at[p] = g
				all = append(all, g)
			}
			g.breaks = g.breaks || fails(r, &f)
			g.keys = append(g.keys, f.Key)
			if len(g.cases) == 0 || g.cases[len(g.cases)-1] != c.ID {
				g.cases = append(g.cases, c.ID)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *gathered) int {
		return cmp.Or(cmp.Compare(a.class(), b.class()), cmp.Compare(a.finding.Level, b.finding.Level))
	})
	return all
}

// class returns the position of a gathered problem in the report, title the heading of its class.
func (g *gathered) class() int {
	switch {
	case g.known:
		return 2
	case !g.breaks:
		return 1
	}
	return 0
}

func (g *gathered) title() string { return [...]string{"Failed", "Deviated", "Known"}[g.class()] }

// byWeight returns the cases with findings, worst outcome first, and of the same outcome the
// most direct first.
func byWeight(r *record.Report) []*record.CaseResult {
	rank := []record.Outcome{record.Failed, record.Deviated, record.Errored,
		record.Inconclusive, record.Passed, record.Skipped, record.NotApplicable}
	var cases []*record.CaseResult
	for i := range r.Cases {
		if c := &r.Cases[i]; len(c.Findings) > 0 {
			cases = append(cases, c)
		}
	}
	slices.SortStableFunc(cases, func(a, b *record.CaseResult) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, a.Outcome), slices.Index(rank, b.Outcome)),
			cmp.Compare(directness(a), directness(b)))
	})
	return cases
}

// unproven holds the cases with one outcome for one reason.
type unproven struct {
	outcome record.Outcome
	reason  string
	cases   []*record.CaseResult
}

// unprovenOf returns the cases that no finding explains: those that failed or deviated without
// one, then those that could not be judged.
func unprovenOf(r *record.Report) []*unproven {
	type key struct {
		outcome record.Outcome
		reason  string
	}
	rank := []record.Outcome{record.Failed, record.Deviated, record.Errored,
		record.Inconclusive, record.Skipped, record.NotApplicable}
	var all []*unproven
	at := map[key]*unproven{}
	for i := range r.Cases {
		c := &r.Cases[i]
		k := key{c.Outcome, cmp.Or(c.Reason, "the report gives no reason")}
		switch {
		case c.Outcome == record.Passed:
			continue
		case c.Outcome == record.Failed || c.Outcome == record.Deviated:
			if len(c.Findings) > 0 {
				continue
			}
			k.reason = "it is called " + c.Outcome.String() + " without a finding"
		case !slices.Contains(rank, c.Outcome):
			k.outcome = record.Errored // an unknown outcome is never a pass
		}
		if at[k] == nil {
			at[k] = &unproven{outcome: k.outcome, reason: k.reason}
			all = append(all, at[k])
		}
		at[k].cases = append(at[k].cases, c)
	}
	slices.SortStableFunc(all, func(a, b *unproven) int {
		return cmp.Compare(slices.Index(rank, a.outcome), slices.Index(rank, b.outcome))
	})
	return all
}

func (u *unproven) ids() (ids []string) {
	for _, c := range u.cases {
		ids = append(ids, c.ID)
	}
	return ids
}

// gate returns the deciding verdict and its text: of the run with its baseline if there is
// one, else of the run. The text also says what else fails the run.
func gate(r *record.Report) (record.Verdict, string) {
	if r.Baseline != nil {
		text, _ := baselineText(r)
		return r.Baseline.Verdict, withAsides(text, r)
	}
	text, _ := verdictText(r)
	return r.Verdict, withAsides(text, r)
}
