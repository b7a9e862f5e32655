package conformance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// passed returns an exchange as a record of traffic holds it.
func passed(after time.Duration, status int, change ...func(*record.Exchange)) record.Exchange {
	var x record.Exchange
	x.Started, x.Elapsed = clientNoon.Add(after), time.Millisecond
	x.Request = record.Request{Method: "POST", URL: sampleURL, Body: record.Body(sampleBody), Header: []record.Field{
		{Name: "Authorization", Value: "Bearer 0123456789abcdef"}, {Name: "Content-Type", Value: "application/json"}}}
	x.Response = &record.Response{Status: status, Proto: "HTTP/1.1", Header: http.Header{}}
	for _, f := range change {
		f(&x)
	}
	return x
}

// recordedRun runs some cases against a conforming server, and returns the record.
func recordedRun(t *testing.T, suite *conformance.Suite) (r, head *record.Report, all []record.Exchange) {
	t.Helper()
	server := httptest.NewServer(reference.New(reference.Config{Token: "test-token-0d5ac7"}))
	t.Cleanup(server.Close)
	var mu sync.Mutex
	p, err := suite.Plan(t.Context(), conformance.Target{URL: server.URL, Token: "test-token-0d5ac7"},
		conformance.Options{Run: "^requestSample/(valid|state)/", Seed: "1", Record: func(x record.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, x)
		}})
	require.NoError(t, err)
	r, err = p.Run(t.Context())
	require.NoError(t, err)
	return r, p.Head(), all
}

func sending(body string) func(*record.Exchange) {
	return func(x *record.Exchange) { x.Request.Body = record.Body(body) }
}

func TestARecordedRequestThatIsAcceptedIsChargedForWhatItBreaks(t *testing.T) {
	s := load(t)
	const file = "8d25682b3a82af25b42dc90291c35ff3293daa68"
	for _, row := range []struct{ body, want string }{
		{`{"Comment":"x"}`, "request.sha1-required"},
		{`{"Sha1":"` + file + `"}`, "request.comment-required"},
		{`{"Comment":"x","sha1":"` + file + `"}`, "request.name-case"},
		{`{"Comment":"x","SHA1":"` + file + `"}`, "request.name-case"},
		{`{"comment":"x","sha1":"` + file + `"}`, "request.name-case"},
		{`{"comment":"x"}`, "request.sha1-required"},
	} {
		got := ""
		for _, f := range s.Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusCreated,
			sending(row.body))).Server {
			if f.Place == "status" {
				got = f.Requirement
			}
		}
		require.Equal(t, row.want, got, row.body)
	}
}

func TestClientsOfRecordsAreToldApart(t *testing.T) {
	busy := func(x *record.Exchange) { x.Response.Header.Set("Retry-After", "60") }
	other := func(x *record.Exchange) { x.Request.Header[0].Value = "Bearer fedcba9876543210" }
	elsewhere := func(x *record.Exchange) { x.Request.URL = "https://elsewhere.example" + samplePath }
	struck := func(value string) func(*record.Exchange) {
		return func(x *record.Exchange) { x.Request.Header[0].Value = value }
	}
	for _, row := range []struct {
		why    string
		change func(*record.Exchange)
		both   bool // requests are changed, or else the second alone
		want   string
	}{
		{"the same client on the same server", func(*record.Exchange) {}, false, "waits-after-429"},
		{"another token of the same length", other, false, ""},
		{"another server", elsewhere, false, ""},
		{"another token in both", other, true, "waits-after-429"},
		{"a token that is struck out, which may be another", struck("Bearer ********"), true, ""},
		{"a mark without a scheme", struck("[redacted]"), true, ""},
		{"no credentials in the record", func(x *record.Exchange) {
			x.Request.Header, x.Lacks = x.Request.Header[1:], []record.Part{record.Credentials}
		}, true, ""},
	} {
		w := load(t).Watch(conformance.WatchOptions{})
		w.Note(passed(0, http.StatusTooManyRequests, busy, func(x *record.Exchange) {
			if row.both {
				row.change(x)
			}
		}))
		got := ""
		for _, f := range w.Note(passed(time.Second, http.StatusForbidden, row.change)).Client {
			got = f.Case[strings.LastIndexByte(f.Case, '/')+1:]
		}
		require.Equal(t, row.want, got, row.why)
	}
}

func TestARecordHasRemediesOfItsOwn(t *testing.T) {
	w := load(t).Watch(conformance.WatchOptions{})
	w.Note(passed(0, http.StatusServiceUnavailable))
	require.Contains(t, w.Report().Reason, "reports a temporary state, and proves nothing; record it again when")
	w = load(t).Watch(conformance.WatchOptions{})
	w.Broken(record.Source{File: "a.ndjson", Line: 3}, "the line is no JSON; repair it")
	require.Contains(t, w.Report().Reason, "the one entry could not be read; a.ndjson:3")
	require.Contains(t, w.Report().Reason, "the line is no JSON; repair it")
}

// The suite is no client, also where a record does not hold the run, as a HAR.
func TestTheRequestsOfARunAreNoneOfAClient(t *testing.T) {
	for id, client := range map[string]bool{
		"": true, "requestSample/recorded/accepts": true, "requestSample/client/authorization": true,
		"requestSample/auth/refuses-missing-token": false, "requestSample/values/accepts-comment": false,
	} {
		w := load(t).Watch(conformance.WatchOptions{})
		v := w.Note(passed(0, http.StatusUnauthorized, func(x *record.Exchange) {
			x.Case, x.Request.Header = id, nil
		}))
		require.Equal(t, client, len(v.Client) > 0, id)
		require.Equal(t, client, w.Report().Client != nil, id)
	}
}

func TestFieldsWithCredentialsAreStruckOut(t *testing.T) {
	const secret = "8Zk3mXw7Lp2QvT5n"
	for _, name := range []string{"X-Api-Key", "x-functions-key", "X-Auth", "X-Auth-Key", "x-csrf", "X-XSRF-Token",
		"DPoP", "x-amz-security-token", "Proxy-Authentication-Info", "X-Forwarded-Access-Token",
		"X-Ms-Token-Aad-Id-Token", "x-ms-token-aad-access-token"} {
		v := load(t).Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusForbidden, func(x *record.Exchange) {
			x.Request.Header = append(x.Request.Header, record.Field{Name: name, Value: secret})
			x.Response.Header.Set(name, secret)
			x.Response.Body = record.Body("not " + secret)
		}))
		text := fmt.Sprint(v.Exchange.Request.Header, v.Exchange.Response.Header, string(v.Exchange.Response.Body))
		require.NotContains(t, text, secret, name)
	}
}

func TestFieldsThatNameUsersAreStruckOutAlone(t *testing.T) {
	const user = "somebody@contoso.example"
	for _, name := range []string{"x-ms-client-principal", "X-Ms-Client-Principal-Name"} {
		v := load(t).Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusForbidden, func(x *record.Exchange) {
			x.Request.Header = append(x.Request.Header, record.Field{Name: name, Value: user})
			x.Response.Body = record.Body(user + " may not do this")
		}))
		require.NotContains(t, fmt.Sprint(v.Exchange.Request.Header), user, name)
		require.Contains(t, string(v.Exchange.Response.Body), user, name)
		require.Empty(t, v.Server)
	}
}

func TestSecretsInBodiesAndQueriesAreStruckOut(t *testing.T) {
	const secret = "8Zk3mXw7Lp2QvT5n"
	for _, text := range []string{"Bearer " + secret, "password=" + secret, "client_secret=" + secret, "access_token=" +
		secret, "password: " + secret, "token=" + secret, "sessionId=" + secret, "private_key=" + secret} {
		v := load(t).Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusForbidden, func(x *record.Exchange) {
			x.Request.URL += "?" + strings.ReplaceAll(text, " ", "%20")
			x.Request.Body = record.Body(`{"Comment":"` + text + `"}`)
			x.Response.Body = record.Body(text)
		}))
		require.NotContains(t, fmt.Sprintf("%s %s %s %v", v.Exchange.Request.URL, v.Exchange.Request.Body,
			v.Exchange.Response.Body, v), secret, text)
	}
}

func TestAnAnswerMaySetTheCookieThatWasSent(t *testing.T) {
	const secret = "8Zk3mXw7Lp2QvT5n"
	refused := func(body string) []record.Finding {
		return load(t).Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusForbidden, func(x *record.Exchange) {
			x.Request.Header = append(x.Request.Header, record.Field{Name: "Cookie", Value: "ARRAffinity=" + secret})
			x.Response.Header.Set("Set-Cookie", "ARRAffinity="+secret+"; Path=/")
			x.Response.Body = record.Body(body)
		})).Server
	}
	require.Empty(t, refused(""))
	require.Len(t, refused("not with "+secret), 1)
}

func TestClientsBehindAPathPrefixAreJudged(t *testing.T) {
	v := load(t).Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusBadRequest, sending(`{"Comment":"x"}`),
		func(x *record.Exchange) {
			x.Request.URL = strings.Replace(sampleURL, "/testwdatp", "/a/b/testwdatp", 1)
		}))
	require.Len(t, v.Client, 1)
	require.Equal(t, "request.sha1-required", v.Client[0].Requirement)
}

func TestARequestWithoutAnAnswerIsNoEvidence(t *testing.T) {
	for _, kind := range []record.WireKind{"", record.Closed, record.Cut, record.Silent, record.Malformed} {
		v := load(t).Watch(conformance.WatchOptions{}).Note(passed(0, 0, func(x *record.Exchange) {
			x.Response, x.Error, x.ErrorKind = nil, "reset", kind
		}))
		require.Empty(t, v.Server, kind)
		require.NotEmpty(t, v.Unjudged, kind)
	}
	for msg, found := range map[string]bool{"the head of the answer is not HTTP: its first line is not one": true,
		"not an HTTP answer: it begins with SSH":                  true,
		"the connection was closed inside the head of the answer": false} {
		v := load(t).Watch(conformance.WatchOptions{}).Note(passed(0, 0, func(x *record.Exchange) {
			x.Response, x.Error, x.ErrorKind = nil, msg, record.Malformed
		}))
		require.Equal(t, found, len(v.Server) == 1 && v.Server[0].Requirement == "http.framing", msg)
		require.Equal(t, found, v.Unjudged == "", msg)
	}
}

func TestManyRecordsOfOneRunNeedNoMoreMemory(t *testing.T) {
	suite := load(t)
	run, head, all := recordedRun(t, suite)
	w := suite.Watch(conformance.WatchOptions{})
	for range 5 {
		require.NoError(t, w.Begin(head))
		for _, x := range all {
			w.Note(x)
		}
	}
	again := w.Report()
	sent := map[string]int{}
	for _, c := range run.Cases {
		sent[c.ID] = len(c.Exchanges)
	}
	require.Equal(t, run.Verdict, again.Verdict)
	require.Equal(t, 5*len(all), again.Traffic.Exchanges)
	for _, c := range again.Cases {
		require.Equal(t, sent[c.ID], len(c.Exchanges), c.ID)
	}
}

func TestAMachineMayHaveMoreNames(t *testing.T) {
	const long, short = "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f", "fb9ab6be3965095a09c057be7c90f0a2"
	differ := func(machines ...string) (out int) {
		w := load(t).Watch(conformance.WatchOptions{})
		for i, machine := range machines {
			file := fmt.Sprintf("%040x", i+1)
			w.Note(passed(time.Duration(i)*time.Minute, http.StatusCreated, sending(`{"Comment":"x","Sha1":"`+file+`"}`),
				func(x *record.Exchange) {
					x.Request.URL = "https://h/testwdatppreview/machines/" + machine + "/requestSample"
					x.Response.Header.Set("Content-Type", "application/json")
					x.Response.Body = record.Body(`{"id":"` + fmt.Sprintf("%032x", i+1) + `","machineId":"` + long + `"}`)
				}))
		}
		for _, c := range w.Report().Cases {
			for _, f := range c.Findings {
				if f.Requirement == "action.machine-differs" {
					out++
				}
			}
		}
		return out
	}
	require.Zero(t, differ(long, "desktop-0123"))
	require.Zero(t, differ(long, "pc.contoso.example"))
	require.Zero(t, differ(long, short))
	require.Zero(t, differ("desktop-0123", "desktop-4567"))
	require.Equal(t, 1, differ(long, strings.Repeat("0a", 20)))
	require.Equal(t, 1, differ(short, strings.Repeat("0a", 16)))
}

func TestAnExchangeOnAnotherPathIsNoVerdict(t *testing.T) {
	w := load(t).Watch(conformance.WatchOptions{})
	require.Zero(t, w.Note(passed(0, http.StatusOK, func(x *record.Exchange) {
		x.Request.URL = "https://h/token"
	})))
	require.Equal(t, 1, w.Report().Traffic.Other)
}

func TestVerifyRefusesAReportOnClients(t *testing.T) {
	s := load(t)
	w := s.Watch(conformance.WatchOptions{})
	w.Note(passed(0, http.StatusForbidden))
	_, err := s.Verify(w.Report().Client)
	var usage *conformance.UsageError
	require.ErrorAs(t, err, &usage)
	require.ErrorContains(t, err, "on clients")
}

// accepting answers with an action on the file of the request, which may be changed.
func accepting(t *testing.T, change map[string]any) func(*record.Exchange) {
	t.Helper()
	return func(x *record.Exchange) {
		at := x.Started.Format(time.RFC3339Nano)
		action := map[string]any{
			"@odata.context": "https://api.securitycenter.windows.com/testwdatppreview/$metadata#" +
				"FileMachineActions/$entity",
			"id": "5382f7ea-7557-4ab7-9782-d50480024a4e", "type": "RequestSample",
			"requestor": "analyst@contoso.com", "requestorComment": "x", "status": "Pending", "sha1": aFile,
			"fileId": aFile, "machineId": "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f", "creationDateTimeUtc": at,
			"lastUpdateDateTimeUtc": at, "fileInstances": []any{},
		}
		for name, value := range change {
			action[name] = value
		}
		body, err := json.Marshal(action)
		require.NoError(t, err)
		x.Request.Body = record.Body(`{"Comment":"x","Sha1":"` + aFile + `"}`)
		x.Response.Header.Set("Content-Type", "application/json")
		x.Response.Header.Set("Date", x.Started.Format(http.TimeFormat))
		x.Response.Body = body
	}
}

const aFile = "1d25682b3a82af25b42dc90291c35ff3293daa61"

func TestARepeatedCallLeavesTheOthersJudged(t *testing.T) {
	created := clientNoon.Format(time.RFC3339Nano) // of the first call
	same := map[string]any{"creationDateTimeUtc": created}
	for _, row := range []struct {
		why     string
		later   []record.Exchange
		verdict record.Verdict
		broken  string
	}{
		{"a repetition is open", []record.Exchange{passed(time.Second, http.StatusOK, accepting(t, same))},
			record.Conformant, ""},
		{"also with a text", []record.Exchange{passed(time.Second, http.StatusOK, accepting(t, same),
			func(x *record.Exchange) { x.Response.Body = record.Body(`{"message":"is under way"}`) })}, record.Conformant, ""},
		{"and as a conflict", []record.Exchange{passed(time.Second, http.StatusConflict, accepting(t, same),
			func(x *record.Exchange) { x.Response.Body = record.Body(`{}`) })}, record.Conformant, ""},
		{"what it carries is not", []record.Exchange{passed(time.Second, http.StatusOK, accepting(t, same),
			accepting(t, map[string]any{"creationDateTimeUtc": created, "status": 17}))}, record.NotConformant,
			"action.types"},
		{"nor its fields", []record.Exchange{passed(time.Second, http.StatusOK, accepting(t, same),
			func(x *record.Exchange) { x.Response.Header.Set("Date", "yesterday") })}, record.NotConformant,
			"http.date"},
	} {
		for _, first := range []bool{true, false} { // the one that counts comes before, or after
			w := load(t).Watch(conformance.WatchOptions{})
			all := append([]record.Exchange{passed(0, http.StatusCreated, accepting(t, nil))}, row.later...)
			if !first { // about another file, which was asked for before the record begins
				other := func(x *record.Exchange) {
					text := strings.NewReplacer(aFile, strings.Repeat("2b", 20), "5382f7ea", "6382f7ea", created,
						"2020-01-01T00:00:00Z")
					x.Request.Body = record.Body(text.Replace(string(x.Request.Body)))
					x.Response.Body = record.Body(text.Replace(string(x.Response.Body)))
				}
				all = nil
				for _, x := range row.later {
					other(&x)
					all = append(all, x)
				}
				all = append(all, passed(time.Minute, http.StatusCreated, accepting(t, nil)))
			}
			for _, x := range all {
				w.Note(x)
			}
			r := w.Report()
			require.Equal(t, row.verdict, r.Verdict, "%s, %v: %s", row.why, first, r.Reason)
			broken := ""
			for _, q := range r.Requirements {
				if q.Outcome == record.Failed {
					broken += q.ID
				}
			}
			require.Equal(t, row.broken, broken, row.why)
		}
	}
	w := load(t).Watch(conformance.WatchOptions{})
	old := accepting(t, map[string]any{"creationDateTimeUtc": "2020-01-01T00:00:00Z"})
	for i := range 3 {
		w.Note(passed(time.Duration(i)*time.Second, http.StatusOK, old))
	}
	require.Equal(t, record.Unjudged, w.Report().Verdict, "want repetitions alone to prove nothing")
	require.Equal(t, 3, w.Report().Traffic.Unjudged)
	// The verdict of a repetition, by which a proxy decides, is that of the report.
	w = load(t).Watch(conformance.WatchOptions{})
	require.Empty(t, w.Note(passed(0, http.StatusCreated, accepting(t, nil))).Server)
	v := w.Note(passed(time.Second, http.StatusOK, accepting(t, same)))
	require.Empty(t, v.Server)
	require.Contains(t, v.Unjudged, "the request may repeat one that was made before")
	v = load(t).Watch(conformance.WatchOptions{}).Note(passed(0, http.StatusOK, accepting(t, nil)))
	require.Len(t, v.Server, 1)
}

// A first call is to be answered as documented. Where the record does not show that a call is the first
// one, an answer may say that it repeats another, but only by the action or a text.
func TestAnAnswerThatSaysNothingIsNoneToARepetition(t *testing.T) {
	const message = `{"message":"is under way"}`
	for _, row := range []struct {
		status int
		body   string
		broken bool
	}{
		{http.StatusOK, "<html>Sign in</html>", true}, {http.StatusOK, "", true}, {http.StatusOK, "{}", true},
		{http.StatusOK, `{"ok":true}`, true}, {http.StatusOK, "[]", true}, {http.StatusAccepted, "", true},
		{http.StatusOK, message, false}, {http.StatusAccepted, message, false},
		{http.StatusAlreadyReported, "", false},
	} {
		silent := func(x *record.Exchange) { x.Response.Body = record.Body(row.body) }
		w := load(t).Watch(conformance.WatchOptions{})
		v := w.Note(passed(0, row.status, accepting(t, nil), silent))
		require.Equal(t, row.broken, slices.ContainsFunc(v.Server, func(f record.Finding) bool {
			return f.Requirement == "response.created"
		}), "%d %s", row.status, row.body)
		v = w.Note(passed(time.Second, row.status, accepting(t, nil), silent))
		require.NotEmpty(t, v.Unjudged, "%d %s, again", row.status, row.body)
		require.Equal(t, row.broken, w.Report().Verdict == record.NotConformant, "%d %s", row.status, row.body)
	}
}

func TestAServerErrorToAValidRequestIsNoRefusal(t *testing.T) {
	charged := func(status int, change ...func(*record.Exchange)) (out []string) {
		for _, f := range load(t).Watch(conformance.WatchOptions{}).Note(passed(0, status, change...)).Server {
			out = append(out, f.Requirement)
		}
		return out
	}
	require.Equal(t, []string{"response.created"}, charged(500))
	require.Equal(t, []string{"refusal.status-body", "refusal.no-server-error"}, charged(500,
		sending(`{"Comment":"x","Sha1":"xyz"}`)))
	require.Equal(t, []string{"refusal.no-server-error"}, charged(500, func(x *record.Exchange) {
		x.Request.Body, x.Lacks = nil, []record.Part{record.RequestBody} // which may be at fault
	}))
	require.Empty(t, charged(503))
}

func TestAViolationIsCountedHoweverOftenItCame(t *testing.T) {
	const n = 30 // more than are kept
	w := load(t).Watch(conformance.WatchOptions{})
	for i := range n {
		w.Note(passed(time.Duration(i)*time.Minute, http.StatusBadRequest, sending(`{"Comment":"x"}`)))
		w.Note(passed(time.Duration(i)*time.Minute, http.StatusCreated, accepting(t, map[string]any{"status": 17})))
	}
	r := w.Report()
	count := func(r *record.Report, id string) (findings, times int) {
		for _, c := range r.Cases {
			for _, f := range c.Findings {
				if f.Requirement == id {
					findings, times = findings+1, times+f.Count()
				}
			}
		}
		return findings, times
	}
	for _, row := range []struct {
		of *record.Report
		id string
	}{{r, "action.types"}, {r.Client, "request.sha1-required"}} {
		findings, times := count(row.of, row.id)
		require.Less(t, findings, n)
		require.Equal(t, n, times, row.id)
		at := slices.IndexFunc(row.of.Requirements, func(q record.RequirementResult) bool { return q.ID == row.id })
		require.Equal(t, n, row.of.Requirements[at].Findings)
	}
}

func TestACaseOfARecordedRequestIsNamedAfterWhatItBreaks(t *testing.T) {
	title := func(body string) (id, title string) {
		w := load(t).Watch(conformance.WatchOptions{})
		w.Note(passed(0, http.StatusBadRequest, sending(body)))
		cases := w.Report().Cases
		require.Len(t, cases, 1)
		return cases[0].ID, cases[0].Title
	}
	id, says := title(`{"Comment":"x","Sha1":"xyz"}`)
	require.Equal(t, "requestSample/recorded/breaks-request-sha1-format", id)
	require.Contains(t, says, "Refuses a recorded request: an implementation ")
	id, says = title(`{"Comment":"x"}`)
	require.Equal(t, "requestSample/recorded/refuses-missing-sha1", id)
	require.Equal(t, "Refuses a body without Sha1.", says)
}

func TestARuleSaysWhatTheRecordLacks(t *testing.T) {
	w := load(t).Watch(conformance.WatchOptions{})
	w.Note(passed(0, http.StatusBadRequest, func(x *record.Exchange) {
		x.Lacks = []record.Part{record.WireForm, record.Credentials}
	}))
	reasons := map[string]string{}
	for _, c := range w.Report().Client.Cases {
		reasons[c.ID] = c.Reason
	}
	require.Equal(t, "no record of a request holds what the rule judges by: the framing",
		reasons["requestSample/client/framing"])
	require.Equal(t, "no record of a request holds what the rule judges by: the credentials",
		reasons["requestSample/client/bearer"])
	require.Equal(t, "no request called the operation", reasons["stopAndQuarantineFile/client/framing"])
	require.Empty(t, reasons["requestSample/client/sha1-required"])
}
