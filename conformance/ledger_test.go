package conformance_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// These tests pin rulings of fixtures/requirements/contradictions.yaml.

// changed judges the example answer of requestSample with one thing otherwise.
func changed(t *testing.T, change func(*conformance.Exchange)) []string {
	t.Helper()
	x := recorded(201, "application/json", example(t, "request-sample"))
	change(x)
	return lines(load(t).Judge(x).Findings)
}

// replaced changes the body, which has to have what is replaced.
func replaced(t *testing.T, old, new string) func(*conformance.Exchange) {
	return func(x *conformance.Exchange) {
		t.Helper()
		require.Contains(t, string(x.Response.Body), old)
		x.Response.Body = record.Body(strings.ReplaceAll(string(x.Response.Body), old, new))
	}
}

func TestAnAnswerMaySayThatTheAPIIsDeprecated(t *testing.T) {
	require.Empty(t, changed(t, func(x *conformance.Exchange) {
		x.Response.Header.Set("Deprecation", "@1512691200")
		x.Response.Header.Set("Sunset", "Fri, 31 Dec 2027 23:59:59 GMT")
	}))
	require.Empty(t, changed(t, func(*conformance.Exchange) {}), "want nothing asked where it does not")
}

func TestRequestsGoToThePathWithAVersionAndWithoutAHostInTheTarget(t *testing.T) {
	var mu sync.Mutex
	targets := map[string]bool{}
	server := honest()
	r, err := load(t).Run(t.Context(), target(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		targets[q.Method+" "+q.RequestURI+" "+q.Proto] = q.Host != "" && q.Host != "graph.microsoft.com"
		mu.Unlock()
		server.ServeHTTP(w, q)
	})), conformance.Options{Run: "/valid/accepts-(request-sample|stop-and-quarantine)-example$"})
	require.NoError(t, err)
	require.Equal(t, record.Conformant, r.Verdict)
	require.Len(t, targets, 2)
	for sent, host := range targets {
		require.Regexp(t, `^POST /testwdatppreview/machines/[^/]+/(requestSample|stopAndQuarantineFile) HTTP/1\.1$`,
			sent)
		require.True(t, host, "want the target's own host")
	}
}

func TestSha1IsSpelledAsTheExampleAnswerSpellsIt(t *testing.T) {
	require.Contains(t, changed(t, replaced(t, `"sha1"`, `"Sha1"`)), "action.members members /sha1")
}

func TestLocationIsNotAskedFor(t *testing.T) {
	require.Empty(t, changed(t, func(x *conformance.Exchange) { require.Empty(t, x.Response.Header.Get("Location")) }))
	require.Empty(t, changed(t, func(x *conformance.Exchange) {
		x.Response.Header.Set("Location", "/testwdatppreview/filemachineactions/c083f601-012f-4955-b4cc-fab50fb69d79")
	}))
	server := honest()
	r, err := load(t).Run(t.Context(), target(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		server.ServeHTTP(withoutLocation{w}, q)
	})), conformance.Options{Run: "^requestSample/valid/", Strict: true})
	require.NoError(t, err)
	require.Equal(t, record.Conformant, r.Verdict)
	require.Zero(t, r.Totals.Findings)
}

// withoutLocation takes Location out of an answer.
type withoutLocation struct{ http.ResponseWriter }

func (w withoutLocation) WriteHeader(status int) {
	w.Header().Del("Location")
	w.ResponseWriter.WriteHeader(status)
}

func TestTheFirstAnswerMayHaveAnyKnownStatus(t *testing.T) {
	for _, status := range []string{"InProgress", "Pending", "Succeeded", "Failed", "TimeOut", "Cancelled"} {
		require.Empty(t, changed(t, replaced(t, `"status": "InProgress"`, `"status": "`+status+`"`)), status)
	}
	require.Equal(t, []string{"action.status status-known /status", "action.status status-known " +
		"/fileInstances/0/status"},
		changed(t, replaced(t, `"status": "InProgress"`, `"status": "Elsewhere"`)))
}

func TestStrayBlanksOfTheExamplesMayStayOrGo(t *testing.T) {
	require.Empty(t, changed(t, replaced(t, `"Analyst@contoso.com "`, `"Analyst@contoso.com"`)))
	require.Empty(t, changed(t, replaced(t, `C:\\Windows\\System32\\conhost.exe`,
		`C:\\Users\\ testUser \\Downloads\\elma.exe`)))
	require.Empty(t, changed(t, replaced(t, `C:\\Windows\\System32\\conhost.exe`,
		`C:\\Users\\testUser\\Downloads\\elma.exe`)))
}

func TestAFileMachineActionIsWhatTheExamplesShowAndMayBeMore(t *testing.T) {
	require.Empty(t, changed(t, replaced(t, `"type":`, `"computerDnsName": "pc", "type":`)))
	require.Equal(t, []string{"action.members members /requestor"},
		changed(t, replaced(t, `"requestor":`, `"requester":`)))
}
