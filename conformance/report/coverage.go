package report

import (
	"fmt"
	"strings"

	"fmaspec/conformance/record"
)

// coverageFailed returns the sentence of a run that its coverage fails, or "". It stands apart
// from the verdict: the target may keep the contract all the same. A run without a verdict fails
// for that.
func coverageFailed(r *record.Report) string {
	c := r.Coverage
	if !c.Fails() || deciding(r) == record.Unjudged {
		return ""
	}
	return fmt.Sprintf("coverage fails the run: %s, and -min-coverage asks for %d %%", c, c.Least)
}

// missedText returns a place that was not met both ways, and the way that is missing.
func missedText(row record.CoverageRow) string {
	return fmt.Sprintf("%s %s: no %s request", row.Operation, row.Place, row.Lacks())
}

// missedTexts returns the places that were not met both ways, at most twenty.
func missedTexts(r *record.Report) (out []string) {
	missed := r.Coverage.Missed()
	for _, row := range missed[:min(len(missed), shownProblems)] {
		out = append(out, missedText(row))
	}
	if more := len(missed) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("… and %d more", more))
	}
	return out
}

// Coverage returns how many places were met, and those that were not: all of them, or the first
// twenty where the style is not verbose. It is "" for a report without coverage. All lines but
// the last end in "\n".
func Coverage(r *record.Report, style Style) string {
	p := &page{Style: style}
	p.coverage(r)
	return strings.TrimSuffix(p.String(), "\n")
}

// coverage adds the lines of [Coverage].
func (p *page) coverage(r *record.Report) {
	c := r.Coverage
	if c == nil {
		return
	}
	code := ""
	if coverageFailed(r) != "" {
		code = red
	}
	p.line(span{code, "coverage: " + c.String()})
	missed := c.Missed()
	for i, row := range missed {
		if i == shownProblems && !p.Verbose {
			p.line(span{dim, fmt.Sprintf("  … and %d more", len(missed)-i)})
			break
		}
		p.line(span{"", "  not met: " + missedText(row)})
	}
}

// showsCoverage reports whether the console has the coverage: where it was asked for, where it
// fails the run, and in a verbose report.
func (p *page) showsCoverage(r *record.Report) bool {
	return coverageFailed(r) != "" || r.Coverage != nil && !p.Quiet && (p.Verbose || r.Coverage.Least > 0)
}

// mdCoverage lists the places in a folded block.
func mdCoverage(r *record.Report) string {
	c := r.Coverage
	if c == nil {
		return ""
	}
	head := mdRow("operation", "place", "valid, written", "generated", "invalid, written", "generated",
		"remark") +
		mdRow("---", "---", "--:", "--:", "--:", "--:", "---")
	rows := fit(len(c.Rows), coverageRoom-len(head), func(i int) string {
		row := &c.Rows[i]
		return mdRow(mdCell(clip(row.Operation, 80)), mdProse(clip(row.Place, 120)),
			fmt.Sprint(row.Written.Valid), fmt.Sprint(row.Generated.Valid), fmt.Sprint(row.Written.Invalid),
			fmt.Sprint(row.Generated.Invalid), mdProse(clip(coverageNote(row), 200)))
	})
	says := c.String()
	if sentence := coverageFailed(r); sentence != "" {
		says = sentence
	}
	text := "\n### Coverage\n\nPlaces: " + mdProse(says) + "."
	return text + " " + coverageMeaning + "\n" + mdFolded(count(len(c.Rows), "place"), head+strings.Join(rows, "")+
		rest(len(c.Rows)-len(rows), "place"))
}

// coverageMeaning says what the numbers count.
const coverageMeaning = "Counted are cases that were sent and judged, each once at a place; a place that is open " +
	"cannot be met invalid, and is not one of those."

// coverageNote returns what there is to say of a place: that it is open, or what is missing.
func coverageNote(row *record.CoverageRow) string {
	switch {
	case row.Open != "":
		return "open: " + row.Open
	case row.Lacks() != "":
		return "not met: no " + row.Lacks() + " request"
	}
	return ""
}

// CoverageHeading and the like return what the HTML report says of the coverage.
func (p *htmlPage) CoverageHeading() string {
	if sentence := coverageFailed(p.Report); sentence != "" {
		return sentence
	}
	return p.Coverage.String()
}

func (p *htmlPage) CoverageTone() string {
	if coverageFailed(p.Report) != "" {
		return "bad"
	}
	return ""
}

func (p *htmlPage) CoverageMeaning() string { return coverageMeaning }

func (p *htmlPage) CoverageNote(row record.CoverageRow) string { return coverageNote(&row) }
