package baseline_test

import (
	"fmt"
	"strings"
	"time"

	"fmaspec/conformance/baseline"
	"fmaspec/conformance/record"
)

func ExampleBaseline_Apply() {
	const file = `media-type requestSample/valid/accepts-plain-request#0 header Content-Type
  reason: the gateway sets it; ticket 4711
  owner: platform
`
	accepted, err := baseline.Parse("baseline.txt", strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	const id = "requestSample/valid/accepts-plain-request"
	report := &record.Report{Cases: []record.CaseResult{{
		ID: id, Outcome: record.Failed,
		Findings: []record.Finding{{
			Key: "media-type " + id + "#0 header Content-Type", Case: id, Check: "media-type",
			Requirement: "response.media-type", Level: record.Documented, Place: "header Content-Type",
			Want: "application/json", Got: `"text/html"`,
		}},
	}}}
	suite := baseline.Suite{Checks: []baseline.Check{{Name: "media-type"}}, Cases: []string{id}}
	accepted.Apply(report, suite, time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC))
	fmt.Println(report.Cases[0].Findings[0].Known.Owner, "accepts it;", len(report.Baseline.Problems), "problems")
	// Output: platform accepts it; 0 problems
}
