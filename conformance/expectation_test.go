package conformance_test

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
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
		})), conformance.Options{Run: "/valid/accepts-(expect-continue|plain-request)$|-before-body$"})
		c := caseOf(t, r, "requestSample/valid/accepts-expect-continue")
		require.Equal(t, outcome, c.Outcome, status)
		require.Equal(t, outcome == record.Inconclusive, r.Verdict == record.Conformant, status)
		if outcome == record.Inconclusive {
			require.Contains(t, c.Reason, "with 417")
		}
	}
}

// A server that is busy when the head comes, and has the body by the time that it reads it, sends no 100.
func TestOnlyAServerThatNeverSendsContinueIsFound(t *testing.T) {
	fault, ok := reference.FindFault("waits-for-body-without-continue")
	require.True(t, ok)
	for name, handler := range map[string]http.Handler{"never": fault.Wrap(honest()), "once": muteOnce{honest()}} {
		r := borne(t, target(handler), conformance.Options{
			Run: "requestSample/(valid/accepts-expect-continue|auth/.*-before-body)$"})
		if name == "once" {
			require.Equal(t, record.Conformant, r.Verdict)
			require.Equal(t, 3, r.Totals.Passed)
			continue
		}
		require.Equal(t, record.NotConformant, r.Verdict)
		for _, c := range r.Cases {
			if strings.HasSuffix(c.ID, "plain-request") {
				continue
			}
			require.Len(t, c.Findings, 1, c.ID)
			require.Equal(t, "http.continue", c.Findings[0].Requirement)
			require.Contains(t, c.Findings[0].Got, "neither 100 (Continue) nor an answer came within 2s of the head")
			require.Equal(t, "no-continue", c.Exchanges[0].Alone)
		}
	}
}

// A muteOnce has a listener that drops the first 100 (Continue).
type muteOnce struct{ http.Handler }

func (muteOnce) Listen(l net.Listener) net.Listener { return &muteListener{Listener: l} }

type muteListener struct {
	net.Listener
	dropped atomic.Bool
}

func (l *muteListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return muteConn{c, l}, err
}

type muteConn struct {
	net.Conn
	of *muteListener
}

func (c muteConn) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte("HTTP/1.1 100 ")) && c.of.dropped.CompareAndSwap(false, true) {
		return len(b), nil
	}
	return c.Conn.Write(b)
}
