package compare_test

import (
	"fmt"

	"fmaspec/conformance/compare"
	"fmaspec/conformance/record"
)

func ExampleCompare() {
	const id = "requestSample/valid/accepts-plain-request"
	// Reports are read with report.ReadJSON; these are made by hand.
	of := func(outcome record.Outcome, verdict record.Verdict, totals record.Totals) *record.Report {
		return &record.Report{
			Suite:  record.SuiteInfo{Name: "fmaspec", Version: "0.1.0", Cases: 1, Level: record.Inferred, Repeat: 1},
			Safety: record.SafetyInfo{Local: true}, Verdict: verdict, Totals: totals,
			Cases: []record.CaseResult{{ID: id, Operation: "requestSample", Outcome: outcome}},
		}
	}
	before := of(record.Passed, record.Conformant, record.Totals{Total: 1, Passed: 1})
	after := of(record.Failed, record.NotConformant, record.Totals{Total: 1, Failed: 1, Findings: 1})
	c := compare.Compare(before, after, compare.Options{})
	for _, change := range c.Changes {
		fmt.Println(change.Kind, change.Case)
	}
	fmt.Println(c.Verdict, c.Reason)
	// Output:
	// newly-failing requestSample/valid/accepts-plain-request
	// regression 1 case newly failing
}
