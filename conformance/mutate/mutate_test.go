package mutate

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

// caught runs the suite against each subject: first the plain requests alone,
// and the whole suite only against those that answer these soundly. What a part
// of the suite finds, the whole finds too.
func caught(t *testing.T, suite *conformance.Suite, subjects []Subject) []Row {
	t.Helper()
	var plain []string
	for _, c := range suite.Cases {
		if strings.HasSuffix(c.ID, "/valid/accepts-plain-request") {
			plain = append(plain, c.ID)
		}
	}
	require.Len(t, plain, len(suite.Operations))
	rows, err := Matrix(t.Context(), suite, subjects, Options{Run: conformance.Options{Only: plain, Strict: true}})
	require.NoError(t, err)
	var rest []Subject
	var done []Row
	for _, r := range rows {
		if r.Rightly() && right(r) {
			done = append(done, r)
		} else {
			rest = append(rest, r.Subject)
		}
	}
	whole, err := Matrix(t.Context(), suite, rest, Options{Run: conformance.Options{Strict: true}})
	require.NoError(t, err)
	return append(done, whole...)
}

// right tells that the fault is caught at its level for a requirement it names.
func right(r Row) bool {
	return slices.ContainsFunc(r.Findings, func(f conformance.Finding) bool {
		return slices.Contains(r.Breaks, f.Requirement) && f.Level.String() == r.Level
	})
}

func TestEveryFaultIsCaughtForARequirementThatItNames(t *testing.T) {
	suite, err := conformance.Load()
	require.NoError(t, err)
	subjects := Faulty()
	require.GreaterOrEqual(t, len(subjects), 24)
	rows := caught(t, suite, subjects)
	fired, proven := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		if r.Verdict != conformance.NotConformant || !right(r) {
			t.Errorf("%s (%s)\nwant broken, at the level %s: %v\ngot  %s, broken: %v %s", r.Name, r.Says, r.Level, r.Breaks, r.Verdict, r.Caught, r.Report.Reason)
		}
		for _, c := range r.Checks {
			fired[c] = true
		}
		for _, id := range r.Caught {
			if slices.Contains(r.Breaks, id) {
				proven[id] = true
			}
		}
		for _, id := range r.Breaks {
			require.NotNil(t, suite.Requirement(id), "%s names the requirement %s", r.Name, id)
		}
		require.Equal(t, suite.Requirement(r.Breaks[0]).Level.String(), r.Level, "%s: want the level of %s", r.Name, r.Breaks[0])
	}
	for _, c := range suite.Checks() {
		require.True(t, fired[c.Name], "no fault trips the check %s; add a row to the faults of the reference server", c.Name)
	}
	for _, q := range suite.Requirements {
		require.True(t, proven[q.ID], "no fault breaks %s; add a row to the faults of the reference server", q.ID)
	}
}

func TestNoHonestServerHasAFinding(t *testing.T) {
	suite, err := conformance.Load()
	require.NoError(t, err)
	subjects := Honest()
	require.GreaterOrEqual(t, len(subjects), 30)
	rows, err := Matrix(t.Context(), suite, subjects, Options{Run: conformance.Options{Strict: true}})
	require.NoError(t, err)
	for _, r := range rows {
		require.Empty(t, r.Findings, "%s: %s", r.Name, r.Says)
		require.Equal(t, conformance.Conformant, r.Verdict, "%s: %s", r.Name, r.Report.Reason)
	}
}

func TestAFaultThatIsNoneIsNotCaught(t *testing.T) {
	suite, err := conformance.Load()
	require.NoError(t, err)
	none := Subject{Name: "none", Breaks: []string{"response.created"}, Level: "documented", Wrap: func(h http.Handler) http.Handler { return h }}
	rows := caught(t, suite, []Subject{none})
	require.False(t, rows[0].Rightly())
	require.Equal(t, conformance.Conformant, rows[0].Verdict)
}
