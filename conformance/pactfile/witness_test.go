package pactfile

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/fixtures"
	"fmaspec/schemas"
)

// A pact is found to be stricter than the contract by answers that keep it. Here
// the suite itself says that they do.
func TestWitnessesKeepTheContract(t *testing.T) {
	t.Parallel()
	suite, k := load(t), checker(t)
	now := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	judge := func(operation string, w actual) []record.Finding {
		header := http.Header{}
		for name, value := range w.fields {
			header.Set(name, value)
		}
		var body []byte
		if !w.none {
			body, _ = json.Marshal(w.body)
		}
		return suite.Judge(&conformance.Exchange{
			Sent: conformance.Sent{Started: now, Request: record.Request{
				Method: "POST", URL: "http://127.0.0.1" + operation,
				Header: []record.Field{{Name: "Authorization", Value: "Bearer x"}},
				Body:   []byte(`{"Comment": "x", "Sha1": "` + Sha1 + `"}`),
			}},
			Response: &record.Response{Status: w.status, Header: header, Body: body},
		}).Findings
	}
	for _, op := range suite.Operations {
		a, err := newAnswer(schemas.FS(), fixtures.FS(), op)
		require.NoError(t, err)
		all := k.conforming(op, a.witnesses(Sha1)) // what a schema does not allow is no answer that keeps it
		require.Greater(t, len(all), 30, "every row has a member to change")
		for _, w := range all {
			found := judge(op.PathFor(Machine), w.actual)
			for _, f := range found {
				if !w.inferred || f.Level != record.Inferred {
					t.Errorf("%s %s: want an answer that keeps the contract, got %+v", op.ID, w.member, f)
				}
			}
			across := slices.ContainsFunc(suite.Checks(), func(c conformance.Check) bool {
				return c.Across() &&
					slices.Contains(c.Requirements, w.requirement)
			})
			if w.inferred && len(found) == 0 && !across { // a run alone finds what shows over many answers
				t.Errorf("%s %s: want a finding of an inferred requirement, got none; the row is no inferred one",
					op.ID, w.member)
			}
			for _, f := range found {
				if f.Requirement != w.requirement {
					t.Errorf("%s %s: want %s, got %s", op.ID, w.member, w.requirement, f.Requirement)
				}
			}
		}
	}
	for _, status := range []int{400, 401, 403, 404, 405, 415, 422} {
		for n, w := range refusals(status) {
			for _, f := range judge(suite.Operations[0].PathFor(Machine), w.actual) {
				t.Errorf("%d, %d: want a refusal that keeps the contract, got %+v", status, n, f)
			}
		}
	}
}

// An answer that does not keep the contract would be seen among them.
func TestTheJudgeOfWitnessesRings(t *testing.T) {
	t.Parallel()
	suite := load(t)
	found := suite.Judge(&conformance.Exchange{
		Sent: conformance.Sent{Started: time.Now(), Request: record.Request{
			Method: "POST", URL: "http://127.0.0.1" + suite.Operations[0].PathFor(Machine),
			Body: []byte(fmt.Sprintf(`{"Comment": "x", "Sha1": %q}`, Sha1)),
		}},
		Response: &record.Response{Status: 201, Header: http.Header{"Content-Type": {"application/json"}},
			Body: []byte(`{"id": 7}`)},
	}).Findings
	require.NotEmpty(t, found)
}
