package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// renderFlags are the settings of fmaspec report.
type renderFlags struct {
	layout
	merge   mergeFlags
	format  string
	reports reportFlags
	history historyFlags
	site    string
	merging func(name string) bool // reports whether a flag of merge was given for this call
}

func reportCommand() command {
	return command{
		name:     "report",
		operands: "FILE | merge FILE... | -site FOLDER DIR...",
		short:    "render the report of a recorded run in any format",
		about: "Reads a report that fmaspec run -report json=FILE has written, and renders it. Nothing is sent. The " +
			"file - is standard input.\n" +
			"The exit code is 0 if every report was written, whatever the verdict is.\n" +
			"With merge, the reports of the shards of one run (fmaspec run -shard) become the report of the whole " +
			"run: the exchanges are judged again, together, and histograms of a load are merged exactly. Then the " +
			"exit code is that of the run. Of a load, a report keeps a part of the exchanges: relations between " +
			"answers of different shards are not judged then, and the report names them.\n" +
			"The formats:\n" + formatList(),
		examples: []string{
			"fmaspec report results.json",
			"fmaspec report -format markdown results.json",
			"fmaspec report -report html=results.html -report har=results.har results.json",
			"fmaspec report -history reports -report html=results.html results.json",
			"fmaspec report -site results alice/ bob/ carol.json",
			"fmaspec report merge -report json=whole.json shard-1.json shard-2.json",
		},
		flags: func(set *flag.FlagSet) work {
			f := &renderFlags{layout: newLayout()}
			set.StringVar(&f.format, "format", "", "write the report to stdout in this `FORMAT`, by default console; "+
				"with -report, nothing goes to stdout unless this names a format")
			f.reports.flags(set)
			f.history.flags(set, false)
			set.StringVar(&f.site, "site", "", "write a page of results into this `FOLDER`, which is made if there is "+
				"none: the implementations of all reports in the folders and files that are named, side by side, with "+
				"the HTML report and the badge of each")
			f.merge.flags(set)
			f.layout.flags(set)
			return func(ctx context.Context, e *env, operands []string) error {
				f.merging = func(name string) bool { return e.onlyHere(set, name) }
				return f.render(ctx, e, operands)
			}
		},
	}
}

// formatList returns a line of a list for each format.
func formatList() string {
	var lines []string
	for _, f := range report.Formats() {
		lines = append(lines, "  "+f.Name+" "+f.Doc)
	}
	return strings.Join(lines, "\n")
}

func (f *renderFlags) render(_ context.Context, e *env, operands []string) error {
	if f.site != "" {
		if len(operands) == 0 {
			return errors.New("-site: no report; name folders of JSON reports, or the reports")
		}
		return f.writeSite(e, operands)
	}
	if f.format == "site" {
		return errors.New("-format site: a page of several reports is no format of one; pass -site FOLDER")
	}
	merges := len(operands) > 0 && operands[0] == mergeOperand
	ofMerge := []string{"fixtures", "builtin", "baseline"}
	switch at := slices.IndexFunc(ofMerge, f.merging); {
	case !merges && at >= 0:
		return fmt.Errorf("-%s is of merge, and a report has its findings already; drop it", ofMerge[at])
	case !merges && len(operands) != 1:
		return fmt.Errorf("%d files; name the one that -report json=FILE has written", len(operands))
	}
	outputs, err := f.reports.outputs()
	if err != nil {
		return err
	}
	if err := f.layout.validate(); err != nil {
		return err
	}
	stdout := slices.ContainsFunc(outputs, func(o output) bool { return o.file == "-" })
	switch {
	case f.format != "" && stdout:
		return fmt.Errorf("-format %s: -report writes to stdout too; drop one", f.format)
	case f.format != "" || len(outputs) == 0:
		name := f.format
		if name == "" {
			name = "console"
		}
		format, err := report.Find(name)
		if err != nil {
			return fmt.Errorf("-%w", err)
		}
		outputs = append(outputs, output{format, "-"})
	}
	var r *record.Report
	if merges {
		r, err = f.merge.merged(e, operands[1:])
	} else {
		r, err = e.readReport(operands[0])
	}
	if err != nil {
		return err
	}
	if err := f.history.read(e, false); err != nil {
		return err
	}
	if err := f.layout.write(e, r, f.history.shown(e.located(outputs))); err != nil {
		return &exit{exitUnjudged, err.Error()}
	}
	if merges {
		return verdictExit(r)
	}
	return nil
}
