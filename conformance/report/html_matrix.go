package report

import (
	"fmt"

	"fmaspec/conformance/record"
)

// The maximum numbers of operations with a column, and of cases that a cell names. The suite
// has two operations; a report can have any number.
const (
	matrixColumns = 8
	matrixLinks   = 20
)

// A matrixLevel is the part of the matrix with the requirements of one level.
type matrixLevel struct {
	Level string
	Rows  []matrixRow
}

// A matrixRow is a requirement with its result for each operation.
type matrixRow struct {
	record.RequirementResult
	Anchor, Cite string
	Whole        matrixCell
	Cells        []matrixCell
}

// A matrixCell is the result of the cases of one operation for one requirement.
type matrixCell struct {
	Column      string // its heading
	Operation   string // "" for several
	Words, Tone string
	Cases       int // that test it or have a finding about it
	Findings    int
	Links       []htmlLink // the first of these cases, those with findings before others
	More        int

	worst  record.Outcome
	judged bool
	known  int
	others []htmlLink // cases without a finding against it
}

// Columns returns the operations that have a column in the matrix.
func (p *htmlPage) Columns() []string {
	if len(p.operations) <= matrixColumns {
		return p.operations
	}
	return append(p.operations[:matrixColumns-1:matrixColumns-1],
		fmt.Sprintf("%d others", len(p.operations)-matrixColumns+1))
}

// Span returns the number of columns, including that of the requirements.
func (p *htmlPage) Span() int { return len(p.Columns()) + 1 }

// AllOperations returns every operation in the report.
func (p *htmlPage) AllOperations() []string { return p.operations }

// Matrix returns the results of each requirement for each operation, by level.
func (p *htmlPage) Matrix() (out []matrixLevel) {
	headings := p.Columns()
	columns := len(headings)
	rows := make([]matrixRow, len(p.Report.Requirements))
	for i, q := range p.Report.Requirements {
		q.Says = saysUnder(p.Report, q.ID, q.Says)
		rows[i] = matrixRow{RequirementResult: q, Anchor: anchor("requirement", q.ID),
			Cite: cite(q.Document, q.Section), Cells: make([]matrixCell, columns)}
		for j := range rows[i].Cells {
			rows[i].Cells[j].Column = headings[j]
			if j < matrixColumns-1 || len(p.operations) <= matrixColumns {
				rows[i].Cells[j].Operation = p.operations[j]
			}
		}
	}
	for i := range p.Report.Cases {
		c := &p.Report.Cases[i]
		column := min(p.columns[c.Operation], columns-1)
		against := map[int]int{}
		for _, f := range c.Findings {
			if at, known := p.requirements[f.Requirement]; known {
				against[at]++
				rows[at].Cells[column].Findings++
				if f.Known != nil {
					rows[at].Cells[column].known++
				}
			}
		}
		proves := map[int]bool{}
		for _, id := range c.Proves {
			if at, known := p.requirements[id]; known && !proves[at] {
				proves[at] = true
				rows[at].Cells[column].proven(c, against[at] > 0)
			}
		}
		for at := range against {
			cell := &rows[at].Cells[column]
			if cell.Links = named(cell.Links, c); !proves[at] {
				cell.Cases++
			}
		}
	}
	var unknown matrixLevel
	levels := map[record.Level]*matrixLevel{}
	for _, l := range record.Levels() {
		levels[l] = &matrixLevel{Level: l.String()}
	}
	for i := range rows {
		rows[i].conclude(p.Suite.Strict)
		part := levels[rows[i].Level]
		if part == nil {
			part, unknown.Level = &unknown, "of no known level"
		}
		part.Rows = append(part.Rows, rows[i])
	}
	for _, l := range record.Levels() {
		if len(levels[l].Rows) > 0 {
			out = append(out, *levels[l])
		}
	}
	if len(unknown.Rows) > 0 {
		out = append(out, unknown)
	}
	return out
}

// proven counts a case that tests the requirement of the cell.
func (m *matrixCell) proven(c *record.CaseResult, against bool) {
	m.Cases++
	switch c.Outcome {
	case record.Passed, record.Deviated, record.Failed:
		m.judged = true
	case record.Inconclusive, record.Errored:
		m.worst = max(m.worst, c.Outcome)
	}
	if !against {
		m.others = named(m.others, c)
	}
}

// named adds a case to those that a cell names, up to the limit.
func named(links []htmlLink, c *record.CaseResult) []htmlLink {
	if len(links) == matrixLinks {
		return links
	}
	return append(links, htmlLink{c.ID, anchor("case", c.ID)})
}

// conclude sets the texts of the cells of a row, as the console has them.
func (r *matrixRow) conclude(strict bool) {
	r.Whole.Words, r.Whole.Tone = standingWords(standingOf(r.RequirementResult, strict))
	for i := range r.Cells {
		m := &r.Cells[i]
		q := record.RequirementResult{Requirement: r.Requirement, State: "declared", Outcome: m.worst,
			Findings: m.Findings}
		if m.judged {
			q.State, q.Outcome = "exercised", record.Passed
		}
		if m.Words, m.Tone = standingWords(standingOf(q, strict)); m.Cases == 0 {
			m.Words, m.Tone = "no case", "none"
		}
		if m.Findings > 0 && m.known == m.Findings {
			m.Words += ", accepted"
		}
		m.Links = append(m.Links, m.others[:min(len(m.others), matrixLinks-len(m.Links))]...)
		m.More = m.Cases - len(m.Links)
	}
}

// standingWords returns the name of a standing, and its CSS class.
func standingWords(s standing) (words, tone string) {
	return s.String(), [...]string{"good", "bad", "unsure", "unsure", "none"}[s]
}
