package conformance_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// A 431 says that there is a limit, and nothing of the request.
func TestALimitOnFieldsIsNoFinding(t *testing.T) {
	for status, outcome := range map[int]record.Outcome{
		http.StatusRequestHeaderFieldsTooLarge: record.Inconclusive, http.StatusBadRequest: record.Failed,
	} {
		server := honest()
		r := run(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept") == "*/*" {
				w.WriteHeader(status)
				return
			}
			server.ServeHTTP(w, r)
		})), conformance.Options{Run: "/valid/accepts-(any-accept|plain-request)$"})
		c := caseOf(t, r, "requestSample/valid/accepts-any-accept")
		require.Equal(t, outcome, c.Outcome, status)
		require.Equal(t, outcome == record.Inconclusive, r.Verdict == record.Conformant, status)
		if outcome == record.Inconclusive {
			require.Contains(t, c.Reason, "answered 431")
		}
	}
	// Who limits the plain request takes none.
	r := run(t, target(refusing(http.StatusRequestHeaderFieldsTooLarge)), conformance.Options{
		Run: "/valid/accepts-plain-request$"})
	require.Equal(t, record.NotConformant, r.Verdict)
}

// A 417 says that expectations are not supported, and nothing of the request.
func TestAnExpectationNeedNotBeMetAndIsRefusedByNoOtherStatus(t *testing.T) {
	for status, outcome := range map[int]record.Outcome{
		http.StatusExpectationFailed: record.Inconclusive, http.StatusBadRequest: record.Failed,
	} {
		server := honest()
		r := run(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Expect") != "" {
				w.WriteHeader(status)
				return
			}
			server.ServeHTTP(w, r)
		})), conformance.Options{Run: "/valid/accepts-(expect-continue|plain-request)$"})
		c := caseOf(t, r, "requestSample/valid/accepts-expect-continue")
		require.Equal(t, outcome, c.Outcome, status)
		require.Equal(t, outcome == record.Inconclusive, r.Verdict == record.Conformant, status)
		if outcome == record.Inconclusive {
			require.Contains(t, c.Reason, "with 417")
		}
	}
}
