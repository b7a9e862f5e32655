package conformance_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

func TestTheStatusNamesTheSlowestCase(t *testing.T) {
	clock := newFakeClock()
	var status atomic.Pointer[func() conformance.Status]
	var seen []conformance.Status
	h := honest()
	o := clock.options(conformance.Options{Parallel: 1, Run: "^requestSample/valid/accepts-plain-request$",
		Observe: func(of func() conformance.Status) { status.Store(&of) }})
	r := run(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clock.sleep(r.Context(), 7*time.Second)
		seen = append(seen, (*status.Load())())
		h.ServeHTTP(w, r)
	})), o)
	require.Equal(t, record.Conformant, r.Verdict, r.Reason)
	require.Equal(t, []conformance.Status{{Total: 1, Slowest: "requestSample/valid/accepts-plain-request",
		For: 7 * time.Second}}, seen)
	require.Equal(t, conformance.Status{Done: 1, Total: 1}, (*status.Load())())
}
