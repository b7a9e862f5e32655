package report_test

import (
	"fmt"
	"strings"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// Every format is rendered from a record.
func ExampleGitHub() {
	const id = "requestSample/valid/accepts-plain-request"
	r := &record.Report{
		Target: record.TargetInfo{Name: "http://127.0.0.1:8080"}, Verdict: record.NotConformant,
		Totals: record.Totals{Total: 1, Failed: 1, Findings: 1},
		Cases: []record.CaseResult{{
			ID: id, Title: "Accepts a plain request.", Operation: "requestSample", Outcome: record.Failed,
			File: "fixtures/cases/plain.http", Line: 8,
			Findings: []record.Finding{{
				Key: "media-type " + id + "#0 header Content-Type", Case: id, Check: "media-type",
				Requirement: "response.media-type", Level: record.Documented, Place: "header Content-Type",
				Want: "application/json", Got: `"text/html"`,
			}},
		}},
	}
	var out strings.Builder
	if err := report.GitHub(&out, r, report.Style{}); err != nil {
		fmt.Println(err)
		return
	}
	annotation, _, _ := strings.Cut(out.String(), "%0A") // a line break within it
	fmt.Println(annotation)
	// Output:
	// ::error file=fixtures/cases/plain.http,line=8,title=media-type at header Content-Type::want application/json
}

func ExampleFind() {
	f, err := report.Find("junit")
	fmt.Println(f.Name, err)
	// Output: junit <nil>
}
