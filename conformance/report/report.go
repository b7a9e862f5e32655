// Package report renders a [record.Report]: as text for a terminal, as the
// JSON record, and as JUnit XML for build servers.
//
// Every rendering is made from the report alone, so that a recorded report can be rendered
// later in another format. Text from a server is made safe before it is printed: control
// sequences are shown as escapes such as \x1b or \u202e.
package report

import (
	"fmt"
	"io"
	"strings"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/record"
)

// A Style holds the settings of text output. The zero Style is plain text for 100 columns, in
// which a longer line is not cut. Formats for programs ignore it.
type Style struct {
	Color   bool // with ANSI colours
	Width   int  // columns, to which lines are cut; 0 if it is not a terminal, and fewer than 40 count as 40
	Verbose bool // every case and every finding, nothing grouped, longer bodies
	Quiet   bool // only the totals and the verdict

	Settings string // the name of the settings file, which the header shows; "" for none

	// Locate returns the path of a file of the report for the reader of the output, such as a path
	// from the root of a repository, or "" if the file is not there. If it is nil, paths are those
	// of the report. The formats github and junit use it.
	Locate func(file string) string

	// History holds what is known of earlier runs, in any order; those of other targets, contracts and
	// choices of cases are left out. It is nil where there is no history. The format html shows it.
	History []*Past
}

// locate returns the path that is shown for a file of the report, or "".
func (s Style) locate(file string) string {
	if file == "" || s.Locate == nil {
		return file
	}
	return s.Locate(file)
}

// A Format is an output format of reports.
type Format struct {
	Name      string // such as "junit"
	Doc       string // description, one sentence
	Extension string // of a file in this format, with its dot
	Write     func(io.Writer, *record.Report, Style) error
}

// Formats returns all formats, sorted by name.
func Formats() []Format {
	return []Format{
		{"badge", "An SVG image of the verdict: conformant, 12 of 69 broken, or not judged.", ".svg", plain(Badge)},
		{"console", "Plain text: findings first, then requirements, totals and the verdict.", ".txt", Console},
		{"github", "Workflow commands that GitHub shows as annotations of the lines they are about.", ".txt",
			GitHub},
		{"har", "HTTP Archive 1.2 of all exchanges, as browsers and proxies read it.", ".har", plain(HAR)},
		{"html", "One self-contained page: verdict, requirements, and every case with its requests and responses.",
			".html", HTML},
		{"json", "The complete record, from which every other format can be rendered.", ".json", plain(JSON)},
		{"junit", "JUnit XML for build servers, one suite per operation, with the file and the line of each case.",
			".xml", JUnit},
		{"markdown", "A summary for a pull request, a wiki, or the step summary of a workflow.", ".md",
			plain(Markdown)},
		{"sarif", "SARIF 2.1.0, which code hosts show in a diff: each finding at the line of its case.", ".sarif",
			plain(SARIF)},
		{"xunit", "JUnit XML without file and line, for the xUnit plugin of Jenkins.", ".xml", plain(XUnit)},
	}
}

// plain adapts the writer of a format without style.
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
	return Format{}, fmt.Errorf("format %q: unknown format%s; formats are %s", name, nearest.Hint(name, names),
		strings.Join(names, ", "))
}
