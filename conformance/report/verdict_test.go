package report_test

import (
	"strings"
	"testing"

	"fmaspec/conformance"
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
		target   conformance.TargetInfo
		baseline *conformance.BaselineResult
		want     string
	}{
		{conformance.TargetInfo{URL: "http://a", Name: "http://a"}, nil, "conformant: http://a"},
		{conformance.TargetInfo{URL: "http://a"}, nil, "conformant: http://a"},
		{conformance.TargetInfo{Name: "a handler"}, nil, "conformant: a handler"},
		{conformance.TargetInfo{URL: "http://a", Name: "fmaspec's own server"}, nil, "conformant: http://a (fmaspec's own server)"},
		{conformance.TargetInfo{}, nil, "conformant"},
		{conformance.TargetInfo{URL: "http://a"}, &conformance.BaselineResult{File: "x: y", Verdict: conformance.Conformant}, "conformant with x: y: http://a: 0 known findings"},
	} {
		r := &conformance.Report{Verdict: conformance.Conformant, Target: row.target, Baseline: row.baseline}
		for _, format := range []string{"console", "github"} {
			lines := strings.Split(strings.TrimSuffix(render(t, format, r, report.Style{Quiet: true}), "\n"), "\n")
			if got := lines[len(lines)-1]; got != row.want {
				t.Errorf("%s: want %q, got %q", format, row.want, got)
			}
		}
	}
}
