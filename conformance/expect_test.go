package conformance_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// What a case expects counts, whatever requirement it is to prove.
func TestAViolatedExpectationIsAFindingUnderEveryRequirement(t *testing.T) {
	const request = "POST {{path}}\nAuthorization: Bearer {{token}}\nContent-Type: application/json\n\n"
	rows := []struct {
		name, expect, head, answer string
	}{
		{"accepted-answered-400", "accepted", request + `{"Sha1": "{{sha1}}"}`, "400"},
		{"refused-answered-201", "refused 400", request + `{"Comment": "{{comment}}", "Sha1": "{{sha1}}"}`, "201"},
		{"refused-answered-404", "refused 400", request + `{"Comment": "404", "Sha1": "{{sha1}}"}`, "404"},
		{"refused-answered-204", "refused 400", request + `{"Comment": "204", "Sha1": "{{sha1}}"}`, "204"},
		{"accepted-answered-204", "accepted", request + `{"Comment": "204", "Sha1": "{{sha1}}"}`, "204"},
	}
	files := fstest.MapFS{}
	requirements := load(t).Requirements
	for _, q := range requirements {
		for _, r := range rows {
			name := strings.ReplaceAll(q.ID, ".", "-") + "-" + r.name
			files[name+".http"] = &fstest.MapFile{Data: fmt.Appendf(nil, "# Has %s for %s.\n# operation: "+
				"requestSample\n# proves: %s\n# expect: %s\n%s\n", r.name, q.ID, q.ID, r.expect, r.head)}
		}
		// The first request of several, and one behind another.
		files[strings.ReplaceAll(q.ID, ".", "-")+"-twice.http"] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"# Has two for %s.\n# operation: requestSample\n# proves: %s\n# expect: refused 400\n%s\n\n### again\n# "+
				"expect: refused 422\n%s\n", q.ID, q.ID, rows[1].head, rows[2].head)}
	}
	suite, err := conformance.Load(conformance.Contract{}, conformance.Source{FS: files, Name: "own", Own: true})
	require.NoError(t, err)
	honest := honest()
	served := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := peek(r)
		switch {
		case strings.Contains(body, `"404"`):
			w.WriteHeader(http.StatusNotFound)
		case strings.Contains(body, `"204"`):
			w.WriteHeader(http.StatusNoContent)
		default:
			honest.ServeHTTP(w, r)
		}
	})
	r, err := suite.Run(t.Context(), target(served), conformance.Options{Strict: true})
	require.NoError(t, err)
	require.Len(t, r.Cases, len(requirements)*(len(rows)+1))
	for _, c := range r.Cases {
		require.Equal(t, record.Failed, c.Outcome, "%s: want a case that fails, got %s %s", c.ID, c.Outcome, c.Reason)
		steps := map[int]bool{}
		for _, f := range c.Findings {
			steps[f.Step] = true
		}
		require.Len(t, steps, len(c.Exchanges), "%s: want a finding of each answer", c.ID)
	}
}

// peek reads a request's body and puts it back.
func peek(r *http.Request) string {
	data, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(data))
	return string(data)
}

func TestAnExpectationIsChargedToTheStrongestRequirement(t *testing.T) {
	own := fstest.MapFS{"refuses-a.http": {Data: []byte("# Refuses a.\n# operation: requestSample\n# proves: " +
		"error.form, action.members, http.framing\n# expect: refused 409\nPOST {{path}}\nAuthorization: Bearer " +
		"{{token}}\nContent-Type: application/json\n\n{\"Sha1\": \"{{sha1}}\"}\n")}}
	suite, err := conformance.Load(conformance.Contract{}, conformance.Source{FS: own, Name: "own", Own: true})
	require.NoError(t, err)
	r, err := suite.Run(t.Context(), target(honest()), conformance.Options{})
	require.NoError(t, err)
	require.Equal(t, record.NotConformant, r.Verdict)
	require.Len(t, r.Cases[0].Findings, 1)
	f := r.Cases[0].Findings[0]
	require.Equal(t, []string{"refusal-status", "action.members", "documented", "409", "400"},
		[]string{f.Check, f.Requirement, f.Level.String(), f.Want, f.Got})
}

func TestAnExpectationCountsWhereIsolationIsTakenBack(t *testing.T) {
	// The server asks nobody for the role, so that it remembers nothing: the case
	// behind an accepted request still has its finding.
	r := run(t, target(faulty(t, "asks-for-no-role")), conformance.Options{Run: "requestSample/.*user-without-role"})
	require.NotContains(t, broken(r), "state.isolated")
	c := caseOf(t, r, "requestSample/state/refuses-user-without-role-behind-an-accepted-request")
	require.Equal(t, record.Failed, c.Outcome)
	require.Equal(t, "refusal.status-role", c.Findings[0].Requirement)
	require.Equal(t, record.Standard, c.Findings[0].Level)
}

// Findings that fail a case come before those that do not.
func TestFindingsThatFailTheCaseComeFirst(t *testing.T) {
	r := run(t, target(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		w.Write([]byte(`{"error":{"code":500}}`))
	})), conformance.Options{Run: "requestSample/media/answers-missing-content-type"})
	require.Equal(t, []string{"refusal.no-server-error no-server-error status", "error.form error-form /error/code",
		"error.form error-form /error/message"}, lines(r.Cases[0].Findings))
	require.Equal(t, "an answer or a refusal, and no 5xx", r.Cases[0].Findings[0].Want, "want no blame of a request "+
		"that is at no fault")
	strict := run(t, target(faulty(t, "errs-without-code")),
		conformance.Options{Run: "requestSample/body/refuses-missing-comment", Strict: true})
	require.Equal(t, record.Failed, strict.Cases[0].Outcome)
}
