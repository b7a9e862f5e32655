package main

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/mutate"
)

// selftest runs the command against planted servers.
func selftest(ctx context.Context, f *selftestFlags) result {
	var stdout, stderr bytes.Buffer
	e := &env{nil, strings.NewReader(""), &stdout, &stderr, nil, noTerminal}
	code := e.fail("selftest", f.selftest(ctx, e, nil))
	return result{code, stdout.String(), stderr.String()}
}

func keep(h http.Handler) http.Handler { return h }

func fail500(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	})
}

func TestSelftestFailsWhereTheSuiteCannotTell(t *testing.T) {
	survivor := mutate.Subject{Name: "planted", Says: "does nothing wrong", Breaks: []string{"action.id"},
		Level: "inferred", Wrap: keep}
	blamed := mutate.Subject{Name: "innocent", Says: "is said to be honest", Wrap: fail500}
	for _, row := range []struct {
		flags selftestFlags
		want  string
		row   string
		why   string
	}{
		{selftestFlags{faults: []mutate.Subject{survivor}, chosenFaults: list{"planted"}},
			`(?m)^fault planted survives: it does nothing wrong, `, `(?m)^SURVIVES  planted  `,
			"a fault that nobody sees"},
		{selftestFlags{faults: []mutate.Subject{}, variants: []mutate.Subject{blamed},
			chosenVariants: list{"innocent"}},
			`(?m)^variant innocent conforms and has a finding: `, `(?m)^BLAMED  innocent  `,
			"an honest server that is blamed"},
		{selftestFlags{faults: []mutate.Subject{}, variants: mutate.Honest()[:1]}, `(?m)^check members never fired `,
			`(?m)^honest  reference`,
			"no fault, so no check fires"},
		{selftestFlags{faults: []mutate.Subject{}, variants: mutate.Honest()[:1]},
			`(?m)^requirement action.members is proven by no fault`,
			`(?m)^honest  reference`, "no fault, so nothing is proven"},
	} {
		row.flags.verbose = true
		got := selftest(t.Context(), &row.flags)
		require.Equal(t, exitNotConformant, got.code, "%s: %s", row.why, got.stderr)
		require.Regexp(t, regexp.MustCompile(row.want), got.stdout, row.why)
		require.Regexp(t, regexp.MustCompile(row.row), got.stdout, row.why)
		require.Regexp(t, `(?m)^self-test failed: [0-9]+ problems? above$`, got.stdout)
	}
}

func TestAnInterruptedSelftestIsNoSuccess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := selftest(ctx, &selftestFlags{variants: mutate.Honest()})
	require.Equal(t, result{exitUnjudged, "", "selftest: interrupted; there is no result before every server was " +
		"judged\n"}, got)
}

func TestSelftestShowsProgressOnATerminal(t *testing.T) {
	var stdout, stderr bytes.Buffer
	is := func(of any) (int, bool) { return 80, of == &stderr }
	code := run(t.Context(), &env{[]string{"selftest", "-variant", "reference"}, strings.NewReader(""), &stdout,
		&stderr, nil, is})
	require.Equal(t, exitConformant, code)
	require.Equal(t, "\r1/1 servers\r           \r", stderr.String())
}

func TestARequirementIsDeclaredExercisedOrProven(t *testing.T) {
	r := call(t.Context(), nil, "list", "requirements", "-json")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, `"state": "proven"`)
	if strings.Contains(r.stdout, `"state": "exercised"`) {
		t.Error("want each requirement proven by a line of conformance/mutate/testdata/matrix.golden, got one " +
			"that is " +
			"not (fmaspec list requirements); add a fault, run make golden, and once more, as the binary has the file")
	}

	r = call(t.Context(), nil, "run", "-run", "requestSample/valid/accepts-plain-request", "-report", "json=-")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, `"state": "proven"`)
	require.Contains(t, r.stdout, `"state": "declared"`, "what this run did not ask for stays so")
}

func TestOwnCasesAloneLeaveRequirementsDeclared(t *testing.T) {
	r := call(t.Context(), nil, "list", "requirements", "-builtin=false", "-fixtures", "testdata/own")
	require.Equal(t, 0, r.code, r.stderr)
	require.Regexp(t, `(?m)^response.created +documented  proven `, r.stdout)
	require.Regexp(t, `(?m)^auth.role +documented  declared `, r.stdout)
}
