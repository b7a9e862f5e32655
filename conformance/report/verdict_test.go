package report_test

import (
	"strings"
	"testing"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// named is a verdict line as it stands in a report on the sample's target.
func named(text string) string {
	head, rest, found := strings.Cut(text, ": ")
	head += `: http://127.0.0.1:8080 (server <under> "test")`
	if found {
		head += ": " + rest
	}
	return head
}

func TestVerdictLineNamesTheTarget(t *testing.T) {
	for _, row := range []struct {
		target   record.TargetInfo
		baseline *record.BaselineResult
		want     string
	}{
		{record.TargetInfo{URL: "http://a", Name: "http://a"}, nil, "conformant: http://a"},
		{record.TargetInfo{URL: "http://a"}, nil, "conformant: http://a"},
		{record.TargetInfo{Name: "a handler"}, nil, "conformant: a handler"},
		{record.TargetInfo{URL: "http://a", Name: "fmaspec's own server"}, nil, "conformant: http://a (fmaspec's own " +
			"server)"},
		{record.TargetInfo{}, nil, "conformant"},
		{record.TargetInfo{URL: "http://a"}, &record.BaselineResult{File: "x: y", Verdict: record.Conformant},
			"conformant with x: y: http://a: 0 known findings"},
	} {
		r := &record.Report{Verdict: record.Conformant, Target: row.target, Baseline: row.baseline}
		for _, format := range []string{"console", "github"} {
			lines := strings.Split(strings.TrimSuffix(render(t, format, r, report.Style{Quiet: true}), "\n"), "\n")
			if got := lines[len(lines)-1]; got != row.want {
				t.Errorf("%s: want %q, got %q", format, row.want, got)
			}
		}
	}
}
