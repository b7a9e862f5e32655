package report_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	want, err := os.ReadFile(path)
	if *update && (err != nil || string(want) != got) {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		want, err = os.ReadFile(path)
	}
	require.NoError(t, err, "run the test with -update to write it")
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), rewrite with -update:\n%s", path, diff)
	}
}

// hostile is what a server might send to confuse a terminal or a parser: markup,
// the end of a CDATA section, quotes, control characters, right-to-left text and
// an override, an 8-bit escape, and bytes that are not UTF-8.
const hostile = "<&\"]]>' \x1b[31mred\x1b]0;title\a\x00\r\b\x7f\t\u009b2J \u202eevil\u2066 שלום \u200b\ufeff\ufffe \xff\xc3 {{x}} \\x41"

// sample is one report with every outcome. Each call returns a fresh one.
func sample() *conformance.Report {
	const created = 3 * time.Millisecond
	began := time.Date(2017, 12, 4, 13, 13, 26, 300000000, time.UTC)
	ask := func(body string) conformance.Request {
		return conformance.Request{
			Method: "POST",
			URL:    "http://127.0.0.1:8080/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample",
			Header: []conformance.Field{{Name: "Host", Value: "127.0.0.1:8080"}, {Name: "User-Agent", Value: "fmaspec/0.1.0"}, {Name: "Accept", Value: "application/json"},
				{Name: "authorization", Value: "Bearer $FMASPEC_TOKEN"}, {Name: "Content-Type", Value: "application/json"}, {Name: "Content-Length", Value: fmt.Sprint(len(body))}},
			Body: conformance.Body(body),
		}
	}
	answer := func(status int, kind, body string) *conformance.Response {
		return &conformance.Response{Status: status, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {kind}, "Date": {"Mon, 04 Dec 2017 13:13:26 GMT"}}, Body: conformance.Body(body)}
	}
	const body = `{"Comment": "fmaspec", "Sha1": "000000000000000000000000000000000000c0de"}`
	exchange := func(r *conformance.Response) conformance.ExchangeResult {
		return conformance.ExchangeResult{Request: ask(body), Response: r, Started: began, Elapsed: created}
	}
	find := func(id string, step int, check, requirement string, level conformance.Level, place, want, got string) conformance.Finding {
		return conformance.Finding{Key: fmt.Sprintf("%s %s#%d %s", check, id, step, place), Case: id, Step: step, Check: check,
			Requirement: requirement, Level: level, Place: place, Want: want, Got: got}
	}
	number := `{"id": "c083f601-012f-4955-b4cc-fab50fb69d79", "fileInstances": [{"filePath": "C:\\a", "status": 7}]}`
	const (
		plain  = "requestSample/valid/accepts-plain-request"
		order  = "requestSample/valid/accepts-other-order"
		third  = "requestSample/valid/accepts-white-space"
		wild   = "stopAndQuarantineFile/body/refuses-number-for-sha1"
		blank  = "requestSample/body/refuses-blank-comment"
		cut    = "stopAndQuarantineFile/valid/accepts-plain-request"
		cutToo = "stopAndQuarantineFile/valid/accepts-other-order"
		doubt  = "stopAndQuarantineFile/body/refuses-missing-comment"
		late   = "stopAndQuarantineFile/state/refuses-in-turn"
		role   = "requestSample/auth/refuses-reader"
		good   = "requestSample/auth/refuses-missing-authorization"
	)
	seven := func(id string) conformance.Finding {
		return find(id, 0, "types", "action.types", conformance.Documented, "/fileInstances/0/status", "a string", "7")
	}
	known := seven(third)
	known.Known = &conformance.Known{Reason: "the mock knows <no> words yet & \"says\" so", Owner: "team@example.com", Expires: "2018-01-31", Line: 1}
	refusal := exchange(answer(500, "text/html; charset=\"\x1b[2J\"", hostile))
	refusal.Request = ask(`{"Comment": "fmaspec", "Sha1": 7}` + "\xff\xfe")
	refusal.Response.Truncated, refusal.Inert, refusal.Leaked = true, true, true
	second := exchange(answer(201, "application/json", number))
	second.Step, second.Response.Shortened, second.Action = 1, true, "c083f601-012f-4955-b4cc-fab50fb69d79"
	broken := conformance.ExchangeResult{Request: ask(body), Response: answer(201, "application/json", `{"id": "c083`), Error: "the answer ended after 12 of 618 bytes", ErrorKind: conformance.Cut, Started: began, Elapsed: created}

	return &conformance.Report{
		Schema: report.Schema,
		Suite: conformance.SuiteInfo{Name: "fmaspec", Version: "v0.1.0", Contract: "5f0c2a9d41e7b38806d1c4f2a7e95b3d1f60c8e2a4b79d035e1f8c6a2b4d7e90",
			Fixtures: "c1d5e0a7b2984f36d7a1c05e9b8324f60a7de1935b4c82f6e09d3a7b51c8f204", Cases: 348, Run: "valid|body|auth|state", Skip: "", Level: conformance.Inferred, Seed: "7f3a", Repeat: 1, Parallel: 4, Timeout: "10s"},
		Environment: conformance.Environment{Go: "go1.26.0", OS: "linux", Arch: "amd64", Processors: 2},
		Target:      conformance.TargetInfo{URL: "http://127.0.0.1:8080", Name: "server <under> \"test\"", Machine: "fb9ab6be3965095a09c057be7c90f0a2", UnknownMachine: "0000000000000000000000000000000000000404", Sha1: "87662bc3d60e4200ceaf7aae249d1c343f4b83c9", Protocol: "HTTP/2", Insecure: true, Proxy: "proxy:3128"},
		Settings:    []conformance.Setting{{Flag: "ca", Value: "my authority.pem"}, {Flag: "header", Value: "X-Api-Key: $HEADER_X_API_KEY"}, {Flag: "strict", Value: "false"}},
		Safety:      conformance.SafetyInfo{Armed: []string{"requestSample"}, MaxActions: 4, Actions: 3},
		Pace:        conformance.PaceInfo{Retries: 2, Waited: 4 * time.Second},
		Started:     time.Date(2017, 12, 4, 13, 13, 26, 210652400, time.UTC), Elapsed: 314 * time.Millisecond,
		Verdict: conformance.NotConformant,
		Totals: conformance.Totals{Total: 11, Passed: 1, Deviated: 1, Failed: 4, Errored: 2, Inconclusive: 1, Skipped: 1, NotApplicable: 1,
			Requests: 11, Findings: 7},
		Baseline: &conformance.BaselineResult{File: "accepted.baseline", Entries: 4, Known: 1, Verdict: conformance.NotConformant, Problems: []conformance.BaselineProblem{
			{Kind: "expired", Key: "refused " + blank + "#0 status", Line: 9, Text: "it was accepted until 2017-11-30; mend it, or renew the entry"},
			{Kind: "new", Key: "types " + order + "#0 /fileInstances/0/status", Text: "no entry accepts it; mend it, or add an entry"},
			{Kind: "unmatched", Key: "types requestSample/valid/accepts-plane-request#0 /status", Line: 13, Text: "the suite has no such case (did you mean \"" + plain + "\"?); mend or remove the entry"},
			{Kind: "vanished", Key: "created " + plain + "#0 status", Line: 5, Text: "the finding is gone; remove the entry"},
		}},
		Operations: []conformance.OperationInfo{
			{ID: "requestSample", Method: "POST", Path: "/testwdatppreview/machines/{id}/requestSample", File: "openapi/fmaspec.openapi.yaml", Line: 30},
			{ID: "stopAndQuarantineFile", Method: "POST", Path: "/testwdatppreview/machines/{id}/stopAndQuarantineFile", File: "openapi/fmaspec.openapi.yaml", Line: 90},
		},
		Requirements: []conformance.RequirementResult{
			{Requirement: conformance.Requirement{ID: "auth.required", Level: conformance.Documented, Document: "both documents", Section: "Request headers",
				Clauses: []conformance.Clause{{Document: "both documents", Section: "Request headers", Basis: "table", Lines: []conformance.Places{
					{Document: "Stop and quarantine file API", Spans: []conformance.Span{{From: 42, To: 42}}}, {Document: "Request sample API", Spans: []conformance.Span{{From: 7, To: 7}, {From: 39, To: 40}}},
				}}},
				Says: "refuses a request without Authorization", File: "fixtures/requirements/documented.yaml", Line: 3}, State: "exercised", Outcome: conformance.Passed, Cases: 1},
			{Requirement: conformance.Requirement{ID: "action.types", Level: conformance.Documented, Document: "both documents", Section: `"Response" and its example`,
				Says: "gives each member the JSON type of the examples", File: "fixtures/requirements/documented.yaml", Line: 9}, State: "exercised", Outcome: conformance.Failed, Cases: 3, Findings: 4},
			{Requirement: conformance.Requirement{ID: "request.comment-required", Level: conformance.Documented, Document: "both documents", Section: "Request body",
				Says: "refuses a body without Comment", File: "fixtures/requirements/documented.yaml", Line: 15}, State: "declared", Outcome: conformance.Inconclusive},
			{Requirement: conformance.Requirement{ID: "auth.role", Level: conformance.Documented, Document: "both documents", Section: "Permissions",
				Says: "refuses a token without the roles", Waived: "needs a second token", File: "fixtures/requirements/documented.yaml", Line: 21}, State: "declared", Outcome: conformance.Skipped},
			{Requirement: conformance.Requirement{ID: "refusal.no-server-error", Level: conformance.Standard, Document: "RFC 9110", Section: "15.6",
				Clauses: []conformance.Clause{{Document: "RFC 9110", Section: "15.6", Basis: "definition"}},
				Says:    "never refuses with a server error", File: "fixtures/requirements/standard.yaml", Line: 3}, State: "exercised", Outcome: conformance.Failed, Cases: 1, Findings: 2},
			{Requirement: conformance.Requirement{ID: "request.comment-blank", Level: conformance.Inferred, Document: "both documents", Section: "Request body",
				Says: "refuses a blank Comment", Because: "a comment that says nothing is none", File: "fixtures/requirements/inferred.yaml", Line: 3}, State: "exercised", Outcome: conformance.Deviated, Cases: 1, Findings: 1},
		},
		Cases: []conformance.CaseResult{
			{ID: good, Title: "Refuses a request without Authorization.", Operation: "requestSample", Proves: []string{"auth.required"}, Control: plain,
				File: "fixtures/cases/auth/refuses-missing-authorization.http", Line: 5, Outcome: conformance.Passed, Findings: []conformance.Finding{},
				Exchanges: []conformance.ExchangeResult{exchange(answer(401, "application/json", `{}`))}},
			{ID: role, Title: "Refuses a token without the roles.", Operation: "requestSample", Proves: []string{"auth.role"}, Control: plain,
				File: "fixtures/cases/auth/refuses-reader.http", Line: 5, Outcome: conformance.NotApplicable, Reason: "needs unprivileged-token",
				Findings: []conformance.Finding{}, Exchanges: []conformance.ExchangeResult{}},
			{ID: blank, Title: "Refuses a blank Comment.", Operation: "requestSample", Proves: []string{"request.comment-blank"}, Control: plain,
				File: "fixtures/cases/body/refuses-blank-comment.http", Line: 6, Outcome: conformance.Deviated,
				Findings:  []conformance.Finding{find(blank, 0, "refused", "request.comment-blank", conformance.Inferred, "status", "400 or 422", "201")},
				Exchanges: []conformance.ExchangeResult{exchange(answer(201, "application/json", number))}},
			{ID: order, Title: "Accepts the members in another order.", Operation: "requestSample", Proves: []string{"action.types"},
				File: "fixtures/cases/valid/accepts-other-order.http", Line: 5, Outcome: conformance.Failed, Findings: []conformance.Finding{seven(order)},
				Exchanges: []conformance.ExchangeResult{exchange(answer(201, "application/json", number))}},
			{ID: plain, Title: "Accepts a plain request.", Operation: "requestSample", Proves: []string{"action.types"},
				File: "fixtures/cases/valid/accepts-plain-request.http", Line: 5, Outcome: conformance.Failed, Findings: []conformance.Finding{seven(plain)},
				Exchanges: []conformance.ExchangeResult{exchange(answer(201, "application/json", number))}},
			{ID: third, Title: "Accepts white space between the members.", Operation: "requestSample", Proves: []string{"action.types"},
				File: "fixtures/cases/valid/accepts-white-space.http", Line: 5, Outcome: conformance.Failed, Findings: []conformance.Finding{known},
				Exchanges: []conformance.ExchangeResult{exchange(answer(201, "application/json", number))}},
			{ID: doubt, Title: "Refuses a body without Comment.", Operation: "stopAndQuarantineFile", Proves: []string{"request.comment-required"}, Control: cut,
				File: "fixtures/cases/body/refuses-missing-comment.http", Line: 5, Outcome: conformance.Inconclusive, Reason: "its control was not accepted either",
				Findings: []conformance.Finding{}, Exchanges: []conformance.ExchangeResult{exchange(answer(400, "application/json", `{}`))}},
			{ID: wild, Title: "Refuses a number for Sha1.", Operation: "stopAndQuarantineFile", Proves: []string{"refusal.no-server-error"}, Control: cut,
				File: "fixtures/cases/body/refuses-number-for-sha1.http", Line: 7, Outcome: conformance.Failed,
				Findings: []conformance.Finding{
					find(wild, 0, "no-server-error", "refusal.no-server-error", conformance.Standard, "status", "a status below 500", "500 "+strings.ToValidUTF8(hostile, "?")),
					find(wild, 0, "no-server-error", "refusal.no-server-error", conformance.Standard, "header Content-Type", "no page of the server's", strings.ToValidUTF8(hostile, "?")),
					find(wild, 1, "types", "action.types", conformance.Documented, "/fileInstances/0/status", "a string", "7"),
				},
				Exchanges: []conformance.ExchangeResult{refusal, second}},
			{ID: late, Title: "Refuses the second of two requests in turn.", Operation: "stopAndQuarantineFile", Proves: []string{"request.comment-required"},
				File: "fixtures/cases/state/refuses-in-turn.http", Line: 5, Outcome: conformance.Skipped, Reason: "the run was interrupted",
				Findings: []conformance.Finding{}, Exchanges: []conformance.ExchangeResult{}},
			{ID: cutToo, Title: "Accepts the members in another order.", Operation: "stopAndQuarantineFile", Proves: []string{"action.types"},
				File: "fixtures/cases/valid/accepts-other-order.http", Line: 5, Outcome: conformance.Errored, Reason: "the answer did not come whole",
				Findings: []conformance.Finding{}, Exchanges: []conformance.ExchangeResult{broken}},
			{ID: cut, Title: "Accepts a plain request.", Operation: "stopAndQuarantineFile", Proves: []string{"action.types"},
				File: "fixtures/cases/valid/accepts-plain-request.http", Line: 5, Outcome: conformance.Errored, Reason: "the answer did not come whole",
				Findings: []conformance.Finding{}, Exchanges: []conformance.ExchangeResult{broken,
					{Step: 1, Request: ask(""), Error: "connect: connection refused", ErrorKind: conformance.Unreachable, Started: began, Elapsed: created}}},
		},
	}
}
