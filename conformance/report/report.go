// Package report renders a [record.Report]: as text for a terminal, as the
// JSON record, and as JUnit XML for build servers.
//
// Every rendering is made from the report alone, so that a recorded report can
// be told again later in another format. Text that came from a server is made
// harmless before it is printed: whatever a terminal could obey is shown as an
// escape such as \x1b or \u202e.
package report

import (
	"fmt"
	"io"
	"strings"

	"fmaspec/conformance/record"
	"fmaspec/internal/nearest"
)

// A Style says how text for people is laid out. The zero Style is plain text laid
// out for 100 columns, in which a longer line is not cut. Formats for machines
// ignore it.
type Style struct {
	Color   bool // with ANSI colours
	Width   int  // columns, to which lines are cut; 0 where it is no terminal's, and fewer than 40 count as 40
	Verbose bool // every case and every finding, nothing grouped, longer bodies
	Quiet   bool // the totals and the verdict alone

	// Locate returns the path by which whoever reads the report finds a file of the
	// record, such as one from the root of a repository, or "" where it is not there.
	// Where it is nil, files are as the record has them. Formats for machines that
	// show a place in a file ask it: github, junit.
	Locate func(file string) string
}

// locate returns the path that is shown of a file of the record, or "".
func (s Style) locate(file string) string {
	if file == "" || s.Locate == nil {
		return file
	}
	return s.Locate(file)
}

// A Format is one way to tell a report.
type Format struct {
	Name      string // as it is chosen by: "junit"
	Doc       string // what it is for, one sentence
	Extension string // of a file in this format, with its dot
	Write     func(io.Writer, *record.Report, Style) error
}

// Formats returns all formats, sorted by name.
func Formats() []Format {
	return []Format{
		{"console", "Text for people: findings first, then requirements, totals and the verdict.", ".txt", Console},
		{"github", "Workflow commands that GitHub shows as annotations beside the lines they are about.", ".txt", GitHub},
		{"har", "HTTP Archive 1.2 of all exchanges, as browsers and proxies read it.", ".har", plain(HAR)},
		{"html", "One self-contained page for people: verdict, requirements, and every case with what was sent and what came.", ".html", plain(HTML)},
		{"json", "The complete record, from which every other format can be rendered.", ".json", plain(JSON)},
		{"junit", "JUnit XML as build servers read it, one suite an operation, with the file and the line of each case.", ".xml", JUnit},
		{"markdown", "A summary for a pull request, a wiki, or the step summary of a workflow.", ".md", plain(Markdown)},
		{"sarif", "SARIF 2.1.0, which code hosts show in a diff: each finding at the line of its case.", ".sarif", plain(SARIF)},
		{"xunit", "JUnit XML without file and line, which the xUnit plugin of Jenkins refuses.", ".xml", plain(XUnit)},
	}
}

// plain makes a writer of a format for machines, which has no style.
func plain(write func(io.Writer, *record.Report) error) func(io.Writer, *record.Report, Style) error {
	return func(w io.Writer, r *record.Report, _ Style) error { return write(w, r) }
}

// Find returns the format of that name. The error of an unknown name suggests
// the nearest one and lists them all.
func Find(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("format %q: no such format%s; formats are %s", name, nearest.Hint(name, names), strings.Join(names, ", "))
}
