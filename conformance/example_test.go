package conformance_test

import (
	"context"
	"fmt"
	"net/http"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

func ExampleLoad() {
	// The zero Contract is the embedded one; further sources add cases to the suite's own.
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, op := range suite.Operations {
		fmt.Println(op.ID)
	}
	fmt.Println(suite.Requirement("response.created").Level)
	// Output:
	// requestSample
	// stopAndQuarantineFile
	// documented
}

func ExampleSuite_Run() {
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		fmt.Println(err)
		return
	}
	target := conformance.Target{Handler: reference.New(reference.Config{Token: "a-token"}), Token: "a-token"}
	report, err := suite.Run(context.Background(), target, conformance.Options{
		Run: "^requestSample/body/refuses-missing-comment$", // with its control
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range report.Cases {
		fmt.Println(c.ID, c.Outcome)
	}
	fmt.Println(report.Verdict)
	// Output:
	// requestSample/body/refuses-missing-comment passed
	// requestSample/valid/accepts-plain-request passed
	// conformant
}

// A session sends a case as often as the caller asks, here a load of one case.
func ExampleSession() {
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		fmt.Println(err)
		return
	}
	const id = "requestSample/valid/accepts-plain-request"
	ctx := context.Background()
	target := conformance.Target{Handler: reference.New(reference.Config{Token: "a-token"}), Token: "a-token"}
	plan, err := suite.Plan(ctx, target, conformance.Options{Run: "^" + id + "$"})
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := plan.Start(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	findings := 0
	for range 100 {
		made, err := session.Do(ctx, suite.Case(id))
		if err != nil {
			fmt.Println(err)
			break
		}
		for _, x := range made {
			findings += len(x.Findings)
		}
	}
	report := session.Close(ctx)
	fmt.Println(report.Totals.Requests, "requests,", findings, "findings,", report.Verdict)
	// Output: 100 requests, 0 findings, conformant
}

// An exchange may come from any source, such as a log. Without a Case it may be
// accepted or refused.
func ExampleSuite_Judge() {
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		fmt.Println(err)
		return
	}
	judgement := suite.Judge(&conformance.Exchange{
		Sent: conformance.Sent{Request: record.Request{
			Method: "POST",
			URL: "https://graph.example/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2" +
				"/requestSample",
			Header: []record.Field{{Name: "Content-Type", Value: "application/json"}},
			Body: record.Body(
				`{"Comment": "Alert 32123", "Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`),
		}},
		Response: &record.Response{
			Status: http.StatusCreated, Proto: "HTTP/1.1",
			Header: http.Header{"Content-Type": {"text/html"}, "Date": {"Mon, 04 Dec 2017 13:13:26 GMT"}},
			Body:   record.Body(`{"id": 7}`),
		},
	})
	for _, f := range judgement.Findings {
		if f.Check == "media-type" {
			fmt.Printf("%s breaks %s (%s): want %s, got %s\n", f.Place, f.Requirement, f.Level, f.Want, f.Got)
		}
	}
	// Output: header Content-Type breaks response.media-type (documented): want application/json, got "text/html"
}

// Whether a report follows from the exchanges in it.
func ExampleSuite_Verify() {
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		fmt.Println(err)
		return
	}
	target := conformance.Target{Handler: reference.New(reference.Config{Token: "a-token"}), Token: "a-token"}
	report, err := suite.Run(context.Background(), target, conformance.Options{
		Run: "^requestSample/valid/accepts-plain-request$",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	report.Totals.Passed++ // a forgery
	verification, err := suite.Verify(report)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(verification.Exchanges, "exchange judged again")
	for _, d := range verification.Differences {
		fmt.Println("does not follow:", d.Place)
	}
	// Output:
	// 1 exchange judged again
	// does not follow: totals
}
