package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// An outcome is what a run found.
type outcome struct {
	cases    int
	broken   map[string]broken
	withheld int // cases whose answer proves nothing
}

// broken is a requirement that was broken.
type broken struct {
	level, example, place, want, got string
	cases                            int
}

// read reads a report in JSON.
func read(path string) (o outcome, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return o, err
	}
	var report struct {
		Cases []struct {
			ID, Outcome, Control string
			Proves               []string
			Findings             []struct{ Requirement, Level, Place, Want, Got string }
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return o, err
	}
	o = outcome{cases: len(report.Cases), broken: map[string]broken{}}
	for _, c := range report.Cases {
		if c.Outcome == "errored" {
			return o, fmt.Errorf("the case %s is errored; find out what the server did", c.ID)
		}
		if c.Outcome == "inconclusive" {
			o.withheld++
		}
		counted := map[string]bool{}
		for _, f := range c.Findings {
			b, seen := o.broken[f.Requirement]
			if !seen || plainer(c.ID, b.example) {
				b.level, b.example, b.place, b.want, b.got = f.Level, c.ID, f.Place, f.Want, f.Got
			}
			if !counted[f.Requirement] {
				b.cases++
				counted[f.Requirement] = true
			}
			o.broken[f.Requirement] = b
		}
	}
	return o, nil
}

// plainer reports whether the case a shows the same more plainly than b: a written one, or else the first by name.
func plainer(a, b string) bool {
	if x, y := strings.Contains(a, "/coverage/"), strings.Contains(b, "/coverage/"); x != y {
		return y
	}
	return a < b
}

var levels = []string{"documented", "standard", "inferred"}

// page returns the generated part of docs/stacks.md.
func page(stacks []Stack, judged map[string]outcome) string {
	var b strings.Builder
	b.WriteString("| stack | version | documented | standard | inferred | cases with a finding |\n" +
		"|---|---|---|---|---|---:|\n")
	for _, s := range stacks {
		o := judged[s.Name]
		fmt.Fprintf(&b, "| [%s](#%s) | %s |", s.Stack, s.Name, s.Version)
		total := 0
		for _, level := range levels {
			var ids []string
			for _, id := range slices.Sorted(maps.Keys(s.Breaks)) {
				if levelOf(s, id, judged) == level {
					ids = append(ids, "`"+id+"`")
				}
			}
			b.WriteString(" " + strings.Join(ids, ", ") + " |")
		}
		for id, found := range o.broken {
			if s.Sometimes[id] == "" {
				total += found.cases
			}
		}
		fmt.Fprintf(&b, " %d |\n", total)
	}
	for _, s := range stacks {
		section(&b, s, judged)
	}
	return b.String()
}

// levelOf returns the level of a requirement that some run has met, or that a run may not meet.
func levelOf(s Stack, id string, judged map[string]outcome) string {
	if level := s.Sometimes[id]; level != "" {
		return level
	}
	for _, o := range judged {
		if found, ok := o.broken[id]; ok {
			return found.level
		}
	}
	return ""
}

func section(b *strings.Builder, s Stack, judged map[string]outcome) {
	o := judged[s.Name]
	fmt.Fprintf(b, "\n### %s\n\n%s, %s.\n\n", s.Name, s.Stack, s.Version)
	if o.withheld > 0 {
		fmt.Fprintf(b, "Of %d cases %d are inconclusive: another finding, or what a server need not read, leaves them "+
			"nothing to show.\n\n", o.cases, o.withheld)
	}
	b.WriteString("| requirement | level | cases | for example | why |\n|---|---|---:|---|---|\n")
	ids := slices.Sorted(maps.Keys(s.Breaks))
	slices.SortStableFunc(ids, func(x, y string) int {
		return slices.Index(levels, levelOf(s, x, judged)) - slices.Index(levels, levelOf(s, y, judged))
	})
	for _, id := range ids {
		found := o.broken[id]
		cases, example := fmt.Sprint(found.cases), fmt.Sprintf("`%s`: %s, want %s, got %s", found.example, found.place,
			cell(found.want), cell(short(steady(s, found.got))))
		if s.Sometimes[id] != "" {
			cases, example = "some", "not in every run"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", id, levelOf(s, id, judged), cases, example, s.Breaks[id])
	}
	switch {
	case len(s.Mend) == 0:
		b.WriteString("\nThere is no mend.\n")
	case len(s.Left) == 0:
		b.WriteString("\nWith these lines of its [source](../.ci/stacks/" + s.Dir + "/) nothing is left:\n")
	default:
		b.WriteString("\nWith these lines of its [source](../.ci/stacks/" + s.Dir + "/) the rest is mended:\n")
	}
	if len(s.Mend) > 0 {
		fmt.Fprintf(b, "\n```%s\n%s\n```\n", language(s.Dir), strings.Join(s.Mend, "\n"))
	}
	if s.Mended != "" {
		fmt.Fprintf(b, "\nThe mended server is started by `%s`.\n", s.Mended)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Left)) {
		fmt.Fprintf(b, "\nLeft is `%s`: %s\n", id, s.Left[id])
	}
}

func language(dir string) string {
	name, _, _ := strings.Cut(dir, "/")
	if name == "node" {
		return "js"
	}
	if name == "proxies" {
		return ""
	}
	return name
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

func short(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return text
}

// steady is what came, without what differs from run to run.
func steady(s Stack, got string) string {
	switch {
	case strings.HasPrefix(got, `"20`) && strings.HasSuffix(got, `Z"`):
		return "nine digits of a second"
	case strings.Contains(got, "message of a crash"):
		return "a stack trace"
	case strings.HasPrefix(got, "at least ") && strings.Contains(got, " bytes came behind "):
		return "more bytes behind it"
	}
	return got
}

// record compares the page, or writes it.
func record(path, outcome string, update bool) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const begin, end = "<!-- stacks:begin -->\n", "<!-- stacks:end -->"
	head, rest, ok := strings.Cut(string(data), begin)
	_, foot, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no lines %s and %s; put them back", path, strings.TrimSpace(begin), end)
	}
	now := head + begin + outcome + end + foot
	if update {
		return os.WriteFile(path, []byte(now), 0o644)
	}
	if now == string(data) {
		return nil
	}
	before, after := strings.Split(string(data), "\n"), strings.Split(now, "\n")
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			return fmt.Errorf("%s:%d: the outcome is not the recorded one; check each finding by the documents, "+
				"then run .ci/stacks/run -update\n- %s\n+ %s", path, i+1, before[i], after[i])
		}
	}
	return fmt.Errorf("%s: the outcome is shorter or longer than the recorded one; run .ci/stacks/run -update", path)
}
