package main

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/reference"
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
		row.flags.verbose, row.flags.options.Seeds = true, 1
		got := selftest(t.Context(), &row.flags)
		require.Equal(t, exitNotConformant, got.code, "%s: %s", row.why, got.stderr)
		require.Regexp(t, regexp.MustCompile(row.want), got.stdout, row.why)
		require.Regexp(t, regexp.MustCompile(row.row), got.stdout, row.why)
		require.Regexp(t, `(?m)^self-test failed: [0-9]+ problems? above$`, got.stdout)
	}
}

func TestSelftestFailsWhereALaterPhaseCannotTell(t *testing.T) {
	suite, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	plain := func(c *conformance.Case) bool { return c.Name == "valid/accepts-plain-request" }
	later := []mutate.Phase{{Name: mutate.Written, Suite: suite, Of: plain},
		{Name: reference.Coverage, Suite: suite, Of: plain}}
	planted := func(wrap func(http.Handler) http.Handler) mutate.Subject {
		return mutate.Subject{Name: "planted", Says: "does it", Breaks: []string{"response.created"},
			Level: "documented",
			Phase: reference.Coverage, Wrap: wrap}
	}
	for _, row := range []struct {
		fault mutate.Subject
		phase string
		code  int
		lines []string
		why   string
	}{
		{planted(keep), "coverage", exitNotConformant, []string{`fault planted survives the phase coverage: `,
			`SURVIVES  planted  is of coverage  in no phase$`,
			`the phase coverage alone catches 0 of 1 faults \(0.0 %\), by 2 cases; 0 conforming servers: `},
			"its phase does not find it"},
		{planted(fail500), "coverage", exitConformant, []string{`caught  planted  is of coverage  in coverage$`,
			`the phase coverage alone catches 1 of 1 faults \(100.0 %\), by 2 cases; `, `self-test passed$`},
			"it does"},
		{planted(fail500), "all", exitNotConformant,
			[]string{`fault planted is of the phase coverage, and the phase written finds it: `,
				`caught  planted  is of coverage  in written,coverage$`}, "it is of the phase before"},
	} {
		got := selftest(t.Context(), &selftestFlags{faults: []mutate.Subject{row.fault}, chosenFaults: list{"planted"},
			phases: later, phase: row.phase, options: mutate.Options{Seeds: 1}})
		require.Equal(t, row.code, got.code, "%s: %s%s", row.why, got.stdout, got.stderr)
		for _, line := range row.lines {
			require.Regexp(t, `(?m)^`+line, got.stdout, row.why)
		}
	}
}

func TestAnInterruptedSelftestIsNoSuccess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := selftest(ctx, &selftestFlags{variants: mutate.Honest(), options: mutate.Options{Seeds: 1}})
	require.Equal(t, result{exitUnjudged, "", "selftest: interrupted after 0 servers, with 0 false alarms; there is " +
		"no result before every server was judged\n"}, got)
}

func TestAnInterruptedSelftestKeepsItsFalseAlarms(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	last := mutate.Subject{Name: "last", Says: "interrupts the self-test", Wrap: func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() })
	}}
	got := selftest(ctx, &selftestFlags{faults: []mutate.Subject{}, variants: []mutate.Subject{
		{Name: "innocent", Says: "is said to be honest", Wrap: fail500}, last},
		options: mutate.Options{Parallel: 1, Seeds: 1}})
	require.Equal(t, exitUnjudged, got.code)
	require.Regexp(t, `\Avariant innocent conforms and has a finding: it is said to be honest, and .*\n\z`, got.stdout)
	require.Equal(t, "selftest: interrupted after 1 server, with 1 false alarm; there is no result before every "+
		"server was judged\n", got.stderr)
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
