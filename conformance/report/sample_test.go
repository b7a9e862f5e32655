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

	"fmaspec/conformance/record"
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
const hostile = "<&\"]]>' \x1b[31mred\x1b]0;title\a\x00\r\b\x7f\t\u009b2J \u202eevil\u2066 שלום \u200b\ufeff\ufffe " +
	"\xff\xc3 {{x}} \\x41"

// sample is one report with every outcome. Each call returns a fresh one.
func sample() *record.Report {
	const created = 3 * time.Millisecond
	began := time.Date(2017, 12, 4, 13, 13, 26, 300000000, time.UTC)
	ask := func(body string) record.Request {
		return record.Request{
			Method: "POST",
			URL:    "http://127.0.0.1:8080/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample",
			Header: []record.Field{{Name: "Host", Value: "127.0.0.1:8080"},
				{Name: "User-Agent", Value: "fmaspec/0.1.0"}, {Name: "Accept", Value: "application/json"},
				{Name: "authorization", Value: "Bearer $FMASPEC_TOKEN"}, {Name: "Content-Type",
					Value: "application/json"}, {Name: "Content-Length", Value: fmt.Sprint(len(body))}},
			Body: record.Body(body),
		}
	}
	answer := func(status int, kind, body string) *record.Response {
		return &record.Response{Status: status, Proto: "HTTP/1.1", Header: http.Header{"Content-Type": {kind},
			"Date": {"Mon, 04 Dec 2017 13:13:26 GMT"}}, Body: record.Body(body)}
	}
	const body = `{"Comment": "fmaspec", "Sha1": "000000000000000000000000000000000000c0de"}`
	exchange := func(r *record.Response) record.ExchangeResult {
		return record.ExchangeResult{Request: ask(body), Response: r, Started: began, Elapsed: created}
	}
	find := func(id string, step int, check, requirement string, level record.Level, place, want,
		got string) record.Finding {
		return record.Finding{Key: fmt.Sprintf("%s %s#%d %s", check, id, step, place), Case: id, Step: step,
			Check:       check,
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
	seven := func(id string) record.Finding {
		return find(id, 0, "types", "action.types", record.Documented, "/fileInstances/0/status", "a string", "7")
	}
	known := seven(third)
	known.Known = &record.Known{Reason: "the mock knows <no> words yet & \"says\" so", Owner: "team@example.com",
		Expires: "2018-01-31", Line: 1}
	refusal := exchange(answer(500, "text/html; charset=\"\x1b[2J\"", hostile))
	refusal.Request = ask(`{"Comment": "fmaspec", "Sha1": 7}` + "\xff\xfe")
	refusal.Response.Truncated, refusal.Inert, refusal.Leaked = true, true, true
	second := exchange(answer(201, "application/json", number))
	second.Step, second.Response.Shortened, second.Action = 1, true, "c083f601-012f-4955-b4cc-fab50fb69d79"
	broken := record.ExchangeResult{Request: ask(body), Response: answer(201, "application/json", `{"id": "c083`),
		Error: "the answer ended after 12 of 618 bytes", ErrorKind: record.Cut, Started: began, Elapsed: created}

	return &record.Report{
		Schema: report.Schema,
		Suite: record.SuiteInfo{Name: "fmaspec", Version: "v0.1.0",
			Contract: "5f0c2a9d41e7b38806d1c4f2a7e95b3d1f60c8e2a4b79d035e1f8c6a2b4d7e90",
			Fixtures: "c1d5e0a7b2984f36d7a1c05e9b8324f60a7de1935b4c82f6e09d3a7b51c8f204", Cases: 348,
			Run: "valid|body|auth|state", Skip: "", Level: record.Inferred, Seed: "7f3a", Repeat: 1, Parallel: 4,
			Timeout: "10s"},
		Environment: record.Environment{Go: "go1.26.0", OS: "linux", Arch: "amd64", Processors: 2},
		Target: record.TargetInfo{URL: "http://127.0.0.1:8080", Name: "server <under> \"test\"",
			Machine: "fb9ab6be3965095a09c057be7c90f0a2", UnknownMachine: "0000000000000000000000000000000000000404",
			File: "87662bc3d60e4200ceaf7aae249d1c343f4b83c9", Protocol: "HTTP/2", Insecure: true, Proxy: "proxy:3128"},
		Settings: []record.Setting{{Flag: "ca", Value: "my authority.pem"},
			{Flag: "header", Value: "X-Api-Key: $HEADER_X_API_KEY"}, {Flag: "strict", Value: "false"}},
		Safety:  record.SafetyInfo{Armed: []string{"requestSample"}, MaxActions: 4, Actions: 3},
		Pace:    record.PaceInfo{Retries: 2, Waited: 4 * time.Second},
		Started: time.Date(2017, 12, 4, 13, 13, 26, 210652400, time.UTC), Elapsed: 314 * time.Millisecond,
		Verdict: record.NotConformant,
		Totals: record.Totals{Total: 11, Passed: 1, Deviated: 1, Failed: 4, Errored: 2, Inconclusive: 1, Skipped: 1,
			NotApplicable: 1,
			Requests:      11, Findings: 7},
		Coverage: &record.Coverage{Least: 50, Places: 2, Met: 1, Rows: []record.CoverageRow{
			{Operation: "requestSample", Place: "body /Comment type",
				Written:   record.CoverageCount{Valid: 2, Invalid: 1},
				Generated: record.CoverageCount{Valid: 40, Invalid: 30}},
			{Operation: "requestSample", Place: "header Authorization: scheme",
				Written: record.CoverageCount{Valid: 2}},
			{Operation: "requestSample", Place: "header Content-Type: parameter",
				Open:      "JSON defines no parameter (RFC 8259 11)",
				Generated: record.CoverageCount{Valid: 3}},
		}},
		Baseline: &record.BaselineResult{File: "accepted.baseline", Entries: 4, Known: 1, Verdict: record.NotConformant,
			Problems: []record.BaselineProblem{
				{Kind: "expired", Key: "refused " + blank + "#0 status", Line: 9, Text: "it was accepted until " +
					"2017-11-30; mend it, or renew the entry"},
				{Kind: "new", Key: "types " + order + "#0 /fileInstances/0/status", Text: "no entry accepts it; mend " +
					"it, or add an entry"},
				{Kind: "unmatched", Key: "types requestSample/valid/accepts-plane-request#0 /status", Line: 13,
					Text: "the suite has no such case (did you mean \"" + plain + "\"?); mend or remove the entry"},
				{Kind: "vanished", Key: "created " + plain + "#0 status", Line: 5, Text: "the finding is gone; " +
					"remove the entry"},
			}},
		Operations: []record.OperationInfo{
			{ID: "requestSample", Method: "POST", Path: "/testwdatppreview/machines/{id}/requestSample",
				File: "openapi/fmaspec.openapi.yaml", Line: 30},
			{ID: "stopAndQuarantineFile", Method: "POST", Path: "/testwdatppreview/machines/{id}/stopAndQuarantineFile",
				File: "openapi/fmaspec.openapi.yaml", Line: 90},
		},
		Requirements: []record.RequirementResult{
			{Requirement: record.Requirement{ID: "auth.required", Level: record.Documented, Document: "both documents",
				Section: "Request headers",
				Clauses: []record.Clause{{Document: "both documents", Section: "Request headers", Basis: "table",
					Lines: []record.Places{
						{Document: "Stop and quarantine file API", Spans: []record.Span{{From: 42, To: 42}}},
						{Document: "Request sample API", Spans: []record.Span{{From: 7, To: 7}, {From: 39, To: 40}}},
					}}},
				Says: "refuses a request without Authorization", File: "fixtures/requirements/documented.yaml",
				Line: 3}, State: "exercised", Outcome: record.Passed, Cases: 1},
			{Requirement: record.Requirement{ID: "action.types", Level: record.Documented, Document: "both documents",
				Section: `"Response" and its example`,
				Says:    "gives each member the JSON type of the examples",
				File:    "fixtures/requirements/documented.yaml", Line: 9}, State: "exercised", Outcome: record.Failed,
				Cases: 3, Findings: 4},
			{Requirement: record.Requirement{ID: "request.comment-required", Level: record.Documented,
				Document: "both documents", Section: "Request body",
				Says: "refuses a body without Comment", File: "fixtures/requirements/documented.yaml", Line: 15},
				State: "declared", Outcome: record.Inconclusive},
			{Requirement: record.Requirement{ID: "auth.role", Level: record.Documented, Document: "both documents",
				Section: "Permissions",
				Says:    "refuses a token without the roles", Waived: "needs a second token",
				File: "fixtures/requirements/documented.yaml", Line: 21}, State: "declared", Outcome: record.Skipped},
			{Requirement: record.Requirement{ID: "refusal.no-server-error", Level: record.Standard,
				Document: "RFC 9110", Section: "15.6",
				Clauses: []record.Clause{{Document: "RFC 9110", Section: "15.6", Basis: "definition"}},
				Says:    "never refuses with a server error", File: "fixtures/requirements/standard.yaml", Line: 3},
				State: "exercised", Outcome: record.Failed, Cases: 1, Findings: 2},
			{Requirement: record.Requirement{ID: "request.comment-blank", Level: record.Inferred,
				Document: "both documents", Section: "Request body",
				Says: "refuses a blank Comment", Because: "a comment that says nothing is none",
				File: "fixtures/requirements/inferred.yaml", Line: 3}, State: "exercised", Outcome: record.Deviated,
				Cases: 1, Findings: 1},
		},
		Cases: []record.CaseResult{
			{ID: good, Title: "Refuses a request without Authorization.", Operation: "requestSample",
				Proves: []string{"auth.required"}, Control: plain,
				File: "fixtures/cases/auth/refuses-missing-authorization.http", Line: 5, Outcome: record.Passed,
				Findings:  []record.Finding{},
				Exchanges: []record.ExchangeResult{exchange(answer(401, "application/json", `{}`))}},
			{ID: role, Title: "Refuses a token without the roles.", Operation: "requestSample",
				Proves: []string{"auth.role"}, Control: plain,
				File: "fixtures/cases/auth/refuses-reader.http", Line: 5, Outcome: record.NotApplicable,
				Reason:   "needs unprivileged-token",
				Findings: []record.Finding{}, Exchanges: []record.ExchangeResult{}},
			{ID: blank, Title: "Refuses a blank Comment.", Operation: "requestSample",
				Proves: []string{"request.comment-blank"}, Control: plain,
				File: "fixtures/cases/body/refuses-blank-comment.http", Line: 6, Outcome: record.Deviated,
				Findings: []record.Finding{find(blank, 0, "refused", "request.comment-blank", record.Inferred,
					"status", "400 or 422", "201")},
				Exchanges: []record.ExchangeResult{exchange(answer(201, "application/json", number))}},
			{ID: order, Title: "Accepts the members in another order.", Operation: "requestSample",
				Proves: []string{"action.types"},
				File:   "fixtures/cases/valid/accepts-other-order.http", Line: 5, Outcome: record.Failed,
				Findings:  []record.Finding{seven(order)},
				Exchanges: []record.ExchangeResult{exchange(answer(201, "application/json", number))}},
			{ID: plain, Title: "Accepts a plain request.", Operation: "requestSample", Proves: []string{"action.types"},
				File: "fixtures/cases/valid/accepts-plain-request.http", Line: 5, Outcome: record.Failed,
				Findings:  []record.Finding{seven(plain)},
				Exchanges: []record.ExchangeResult{exchange(answer(201, "application/json", number))}},
			{ID: third, Title: "Accepts white space between the members.", Operation: "requestSample",
				Proves: []string{"action.types"},
				File:   "fixtures/cases/valid/accepts-white-space.http", Line: 5, Outcome: record.Failed,
				Findings:  []record.Finding{known},
				Exchanges: []record.ExchangeResult{exchange(answer(201, "application/json", number))}},
			{ID: doubt, Title: "Refuses a body without Comment.", Operation: "stopAndQuarantineFile",
				Proves: []string{"request.comment-required"}, Control: cut,
				File: "fixtures/cases/body/refuses-missing-comment.http", Line: 5, Outcome: record.Inconclusive,
				Reason:   "its control was not accepted either",
				Findings: []record.Finding{}, Exchanges: []record.ExchangeResult{exchange(
					answer(400, "application/json", `{}`))}},
			{ID: wild, Title: "Refuses a number for Sha1.", Operation: "stopAndQuarantineFile",
				Proves: []string{"refusal.no-server-error"}, Control: cut,
				File: "fixtures/cases/body/refuses-number-for-sha1.http", Line: 7, Outcome: record.Failed,
				Findings: []record.Finding{
					find(wild, 0, "no-server-error", "refusal.no-server-error", record.Standard, "status",
						"a status below 500", "500 "+strings.ToValidUTF8(hostile, "?")),
					find(wild, 0, "no-server-error", "refusal.no-server-error", record.Standard, "header Content-Type",
						"no page of the server's", strings.ToValidUTF8(hostile, "?")),
					find(wild, 1, "types", "action.types", record.Documented, "/fileInstances/0/status", "a string",
						"7"),
				},
				Exchanges: []record.ExchangeResult{refusal, second}},
			{ID: late, Title: "Refuses the second of two requests in turn.", Operation: "stopAndQuarantineFile",
				Proves: []string{"request.comment-required"},
				File:   "fixtures/cases/state/refuses-in-turn.http", Line: 5, Outcome: record.Skipped,
				Reason:   "the run was interrupted",
				Findings: []record.Finding{}, Exchanges: []record.ExchangeResult{}},
			{ID: cutToo, Title: "Accepts the members in another order.", Operation: "stopAndQuarantineFile",
				Proves: []string{"action.types"},
				File:   "fixtures/cases/valid/accepts-other-order.http", Line: 5, Outcome: record.Errored,
				Reason:   "the answer did not come whole",
				Findings: []record.Finding{}, Exchanges: []record.ExchangeResult{broken}},
			{ID: cut, Title: "Accepts a plain request.", Operation: "stopAndQuarantineFile",
				Proves: []string{"action.types"},
				File:   "fixtures/cases/valid/accepts-plain-request.http", Line: 5, Outcome: record.Errored,
				Reason:   "the answer did not come whole",
				Findings: []record.Finding{}, Exchanges: []record.ExchangeResult{broken,
					{Step: 1, Request: ask(""), Error: "connect: connection refused", ErrorKind: record.Unreachable,
						Started: began, Elapsed: created}}},
		},
	}
}
