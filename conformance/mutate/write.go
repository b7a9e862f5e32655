package mutate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// WriteJSON writes the whole result, with its problems, as one indented JSON object. The
// members are those of [Result], and "problems". Two runs of the same suite differ only in the
// cases that find faults which depend on the order of requests, on time or on chance.
func (m *Result) WriteJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(struct {
		*Result
		Problems []string `json:"problems"`
	}{m, append([]string{}, m.Problems()...)})
}

// Summary returns the result in one line.
func (m *Result) Summary(elapsed time.Duration) string {
	c := m.Counts()
	return fmt.Sprintf("%d faults: %d caught, %d for a requirement they break; %d conforming servers: %d with a "+
		"finding; %d checks: %d fired; %d requirements: %d proven; in %.1fs",
		c.Faults, c.Caught, c.Rightly, c.Variants, c.FalseAlarms, c.Checks, c.Fired, c.Requirements, c.Proven,
		elapsed.Seconds())
}

// WriteMarkdown writes the result as a page: totals, problems, and tables of faults,
// conforming servers, checks and requirements.
func (m *Result) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	c := m.Counts()
	modes := m.ByMode()
	b.WriteString("# The suite against known servers\n\n")
	fmt.Fprintf(&b, "| | | |\n|---|---:|---|\n"+
		"| faults | %d | %d caught, %d of them for a requirement that they break |\n"+
		"| | | fail a run with `-level documented`: %d, by default: %d, with `-strict`: %d |\n"+
		"| conforming servers | %d | %d with a finding |\n"+
		"| checks | %d | %d fired |\n"+
		"| requirements | %d | %d proven |\n",
		c.Faults, c.Caught, c.Rightly, modes[DocumentedAlone], modes[Default], modes[Strict],
		c.Variants, c.FalseAlarms, c.Checks, c.Fired, c.Requirements, c.Proven)
	fmt.Fprintf(&b, "\nContract `%s`, judged down to the level %s.\n", m.Contract, m.Level)
	if problems := m.Problems(); len(problems) > 0 {
		b.WriteString("\n## Problems\n\n")
		for _, p := range problems {
			fmt.Fprintf(&b, "- %s\n", plain(p))
		}
	}
	b.WriteString("\n## Faults\n\n| fault | level | breaks | caught for | checks | cases " +
		"|\n|---|---|---|---|---|---|\n")
	for _, r := range m.Faults {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", r.Name, r.Level, code(r.Breaks), code(r.Proves),
			code(r.Checks), someOf(r.Cases))
	}
	b.WriteString("\n## Faults with findings for other requirements\n\nEither the fault has another effect, or a " +
		"check reports too much.\n\n| fault | breaks | other findings |\n|---|---|---|\n")
	for _, r := range m.Faults {
		if more := r.Beyond(); len(more) > 0 {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Name, code(r.Breaks), code(more))
		}
	}
	m.writePhases(&b)
	b.WriteString("\n## Conforming servers\n\n| server | it | findings |\n|---|---|---|\n")
	for _, r := range m.Variants {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Name, plain(r.Says), code(r.Broken))
	}
	b.WriteString("\n## Checks\n\n| check | tripped by |\n|---|---|\n")
	for _, k := range m.Checks {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k.Name, someOf(k.Faults))
	}
	b.WriteString("\n## Requirements\n\n| requirement | level | proven by |\n|---|---|---|\n")
	for _, q := range m.Requirements {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", q.ID, q.Level, someOf(q.Faults))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writePhases writes what each phase finds, and which phases find each fault.
func (m *Result) writePhases(b *strings.Builder) {
	if len(m.Phases) == 0 {
		return
	}
	b.WriteString("\n## Phases\n\nWhat the cases of each phase find alone, with their controls.\n\n| phase | cases | " +
		"faults judged | caught | share | conforming servers | with a finding |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range m.Phases {
		fmt.Fprintf(b, "| %s | %d | %d | %d | %.1f %% | %d | %d |\n", s.Phase, s.Cases, s.Judged, s.Caught, s.Percent(),
			s.Variants, m.alarmsOf(s))
	}
	b.WriteString("\n| fault | found by the latest in | caught in |\n|---|---|---|\n")
	for _, r := range slices.Concat(m.Faults, m.Later) {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", r.Name, r.PhaseOf(), cmp.Or(strings.Join(r.Phases, ", "), "none"))
	}
}

// someOf returns the number of names, and the first.
func someOf(names []string) string {
	switch len(names) {
	case 0:
		return "none"
	case 1:
		return code(names)
	}
	return fmt.Sprintf("%d, first %s", len(names), code(names[:1]))
}

// code returns names in code spans.
func code(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

// plain escapes Markdown in a text.
func plain(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "$", `\$`, "`", "\\`", "\n", " ").Replace(
		text)
}
