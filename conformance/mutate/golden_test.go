package mutate

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// sufficient lists for each fault the few cases that catch it, with their
// controls; "all" where it takes the whole suite.
//
//go:embed testdata/killers.golden
var sufficient string

const killersHead = "# The cases that suffice, with their controls, to catch each fault: one where one does, and " +
	"\"all\" where it takes the whole suite.\n" +
	"# Written by make golden-matrix.\n"

const staleMatrix = "run make golden-matrix, and look at what changed"

func TestTheGoldenMatrixIsCurrent(t *testing.T) {
	if raceEnabled {
		t.Skip("a sample is no matrix")
	}
	m := matrix(t)
	if *update {
		write(t, "testdata/matrix.golden", recorded, m.Golden())
		write(t, "testdata/killers.golden", sufficient, killersText(load(t), killersOfAll(t, load(t), m.Faults)))
		return
	}
	require.Equal(t, lines(recorded), lines(m.Golden()), staleMatrix)
	seen := map[string]Row{}
	for _, r := range m.Faults {
		seen[r.Name] = r
	}
	line := outcomes(recorded)
	for name, cases := range killers(sufficient) {
		r := seen[name]
		if slices.Equal(cases, everything) || r.Intermittent || containsAll(r.Cases, cases) {
			continue
		}
		// Which case finds a server that remembers, hangs on the order in which requests
		// that are sent at once arrive. Sent alone, the case finds it.
		require.True(t, shows(caught(t, load(t), r.Subject, cases), line[name]), "%s: %v of testdata/killers.golden "+
			"find it neither in a whole run nor alone; %s", name, cases, staleMatrix)
	}
}

// The golden files of the matrix are brought up to date without the whole matrix:
// faults that are new, that have another level, or that the few cases do not catch
// for what their line says any more are run against the whole suite; lines of
// faults that are gone go.
func TestTheGoldenMatrixIsBroughtUpToDate(t *testing.T) {
	if !*update || *rewrite {
		t.Skip("only with -update, and without -whole")
	}
	suite := load(t)
	line, cases := outcomes(recorded), killers(sufficient)
	faults := written(suite)
	rows := make([]Row, len(faults))
	texts := make([]string, len(faults))
	var again atomic.Int64
	concurrently(faults, 2*runtime.GOMAXPROCS(0), func(i int) {
		s := faults[i]
		texts[i] = line[s.Name]
		if shows(caught(t, suite, s, cases[s.Name]), line[s.Name]) {
			return
		}
		again.Add(1)
		rows[i] = caught(t, suite, s, everything)
		texts[i] = rows[i].line()
	})
	golden := goldenHead
	for i, s := range faults {
		golden += s.Name + "  " + texts[i] + "\n"
		if rows[i].Name != "" {
			cases[s.Name] = killersOf(t, suite, rows[i])
		}
	}
	write(t, "testdata/matrix.golden", recorded, golden)
	write(t, "testdata/killers.golden", sufficient, killersText(suite, cases))
	t.Logf("the whole suite ran against %d of %d faults; make golden-matrix runs it against all", again.Load(),
		len(faults))
}

// The short matrix: the few cases that killers.golden names for a fault catch it, or
// else the whole suite does, and find nothing of what it breaks that its line in the
// golden matrix does not have.
func TestAFewCasesCatchEachFault(t *testing.T) {
	if *update {
		t.Skip("being rewritten")
	}
	suite := load(t)
	line, cases := outcomes(recorded), killers(sufficient)
	faults := slices.DeleteFunc(written(suite), func(s Subject) bool { return s.Intermittent })
	if testing.Short() && raceEnabled {
		faults = sampled(faults, 32)
	}
	concurrently(faults, 2*runtime.GOMAXPROCS(0), func(i int) {
		s := faults[i]
		r := caught(t, suite, s, cases[s.Name])
		if !shows(r, line[s.Name]) { // a server that remembers shows it by the order of requests
			r = caught(t, suite, s, everything)
		}
		if !shows(r, line[s.Name]) {
			t.Errorf("%s (%s): %v do not find what the golden matrix has\nwant %s\ngot  %s, broken %v; %s",
				s.Name, s.Says, cases[s.Name], line[s.Name], r.line(), r.Broken, staleMatrix)
		}
	})
}

// Honest servers pass the plain requests, or deviate as they are known to.
func TestAFewCasesBlameNoHonestServer(t *testing.T) {
	suite := load(t)
	var plain []string
	for _, c := range suite.Cases {
		if c.Name == "valid/accepts-plain-request" {
			plain = append(plain, c.ID)
		}
	}
	require.NotEmpty(t, plain)
	servers := Honest()
	if testing.Short() && raceEnabled {
		servers = sampled(servers, 8)
	}
	concurrently(servers, 2*runtime.GOMAXPROCS(0), func(i int) {
		r := caught(t, suite, servers[i], plain)
		if len(r.Blamed()) > 0 || len(r.Broken) == 0 && r.Verdict != record.Conformant {
			t.Errorf("%s (%s): want conformant, got %s, broken %v", r.Name, r.Says, verdictText(r), r.Broken)
		}
	})
}

// caught runs some cases of the suite against a subject.
func caught(t *testing.T, suite *conformance.Suite, s Subject, cases []string) Row {
	t.Helper()
	o := conformance.Options{Strict: true, Only: cases}
	if len(cases) == 0 || slices.Equal(cases, everything) {
		o.Only, o.Skip = nil, huge(suite)
	}
	report, err := suite.Run(t.Context(), target(s), withTimeout(s, o))
	if err != nil {
		t.Errorf("%s: %v", s.Name, err)
		return Row{Subject: s}
	}
	r := row(s, report)
	if o.Only == nil && !r.Rightly() && huge(suite) != "" {
		o.Skip = ""
		if report, err = suite.Run(t.Context(), target(s), withTimeout(s, o)); err == nil {
			r = row(s, report)
		}
	}
	return r
}

// shows reports whether a run with some cases catches a fault for what the golden
// matrix says of it: at its level, by requirements and checks that its line has.
func shows(r Row, line string) bool {
	columns := strings.Fields(line)
	switch {
	case !r.Rightly() || len(columns) < 2 || columns[0] != r.Level:
		return false
	case r.Intermittent:
		return columns[1] == "caught"
	}
	return len(columns) == 3 && subset(r.Proves, columns[1]) && subset(r.Checks, columns[2])
}

func subset(words []string, list string) bool { return containsAll(strings.Split(list, ","), words) }

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(w string) bool { return !slices.Contains(all, w) })
}

// everything stands for the whole suite in the list of killers.
var everything = []string{"all"}

// killersOf returns few cases that catch the fault of a row, which a whole run made.
func killersOf(t *testing.T, suite *conformance.Suite, r Row) []string {
	if r.Intermittent {
		return everything
	}
	for _, c := range r.Cases[:min(len(r.Cases), 5)] {
		if shows(caught(t, suite, r.Subject, []string{c}), r.line()) {
			return []string{c}
		}
	}
	if some := r.Cases[:min(len(r.Cases), 6)]; len(some) > 1 && shows(caught(t, suite, r.Subject, some), r.line()) {
		return some
	}
	return everything
}

func killersOfAll(t *testing.T, suite *conformance.Suite, rows []Row) map[string][]string {
	found := make([][]string, len(rows))
	subjects := make([]Subject, len(rows))
	for i, r := range rows {
		subjects[i] = r.Subject
	}
	concurrently(subjects, 2*runtime.GOMAXPROCS(0), func(i int) { found[i] = killersOf(t, suite, rows[i]) })
	out := map[string][]string{}
	for i, r := range rows {
		out[r.Name] = found[i]
	}
	return out
}

// killersText writes the list of killers, in the order of the faults.
func killersText(suite *conformance.Suite, cases map[string][]string) string {
	var b strings.Builder
	b.WriteString(killersHead)
	for _, s := range written(suite) {
		fmt.Fprintf(&b, "%s  %s\n", s.Name, strings.Join(cases[s.Name], " "))
	}
	return b.String()
}

// killers reads the list of killers.
func killers(text string) map[string][]string {
	out := map[string][]string{}
	for name, rest := range outcomes(text) {
		out[name] = strings.Fields(rest)
	}
	return out
}

// outcomes reads a golden file of the matrix: what it has of each fault.
func outcomes(golden string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(golden) {
		if name, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok && !strings.HasPrefix(line, "#") {
			out[name] = rest
		}
	}
	return out
}

// write writes a golden file where it changes.
func write(t *testing.T, name, old, text string) {
	t.Helper()
	if old != text {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

// missingLines lists the rows that a golden matrix lacks: of a fault, of a check that some
// fault has to trip, and of a requirement that some fault is about. Each names the file to
// edit.
func missingLines(suite *conformance.Suite, checks []conformance.Check, faults []Subject,
	golden string) (out []string) {
	const again, table = "make golden", "conformance/reference/faults_*.go"
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	at := map[string]string{} // level, by fault
	tripped, proven := map[string]bool{}, map[string][]string{}
	for line := range strings.Lines(golden) {
		columns := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(columns) < 3 {
			continue
		}
		at[columns[0]] = columns[1]
		if len(columns) == 4 {
			for id := range strings.SplitSeq(columns[2], ",") {
				proven[id] = append(proven[id], columns[0])
			}
			for check := range strings.SplitSeq(columns[3], ",") {
				tripped[check] = true
			}
		}
	}
	for _, f := range faults {
		switch level := at[f.Name]; {
		case f.Level == "": // the first requirement of its row is none, which is reported for the row
		case level == "":
			say("conformance/mutate/testdata/matrix.golden has no line for the fault %s; run %s", f.Name, again)
		case level != f.Level:
			say("conformance/mutate/testdata/matrix.golden has the fault %s as %s, and what it breaks is %s; run %s",
				f.Name, level, f.Level, again)
		}
		delete(at, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(at)) {
		say("conformance/mutate/testdata/matrix.golden has a line for %s, which is no fault; run %s", name, again)
	}
	for _, c := range checks {
		if !tripped[c.Name] {
			say("the check %s is tripped by no fault; add one to %s, then run %s", c.Name, table, again)
		}
	}
	for _, q := range suite.Requirements {
		about := func(f Subject) bool { return f.Breaks[0] == q.ID && slices.Contains(proven[q.ID], f.Name) }
		if !slices.ContainsFunc(faults, about) {
			say("the requirement %s (%s:%d) is proven by no fault that is about it; add one to %s, then run %s", q.ID,
				q.File, q.Line, table, again)
		}
	}
	return out
}

func TestTheGoldenMatrixHasALineForEachFault(t *testing.T) {
	if *update {
		t.Skip("being rewritten")
	}
	suite := load(t)
	require.Empty(t, missingLines(suite, suite.Checks(), written(suite), recorded))
	for id := range Proven() {
		require.NotNil(t, suite.Requirement(id), "%s is no requirement", id)
	}
	var names []string
	for _, s := range written(suite) {
		names = append(names, s.Name)
	}
	var lined []string
	for _, line := range lines(recorded) {
		if !strings.HasPrefix(line, "#") {
			lined = append(lined, strings.Fields(line)[0])
		}
	}
	require.Equal(t, names, lined, "want the order of the table; run make golden")
}

func TestAMissingRowNamesTheFileToEdit(t *testing.T) {
	suite := load(t)
	faults := written(suite)
	without := func(drop func(line string) bool) (out string) {
		for line := range strings.Lines(recorded) {
			if !drop(line) {
				out += line
			}
		}
		return out
	}
	named := func(name string) func(string) bool {
		return func(line string) bool { return strings.HasPrefix(line, name+"  ") }
	}
	for _, row := range []struct {
		why    string
		checks []conformance.Check
		faults []Subject
		golden string
		want   string
	}{
		{"a fault without a line", suite.Checks(), append(slices.Clone(faults),
			Subject{Name: "sings", Level: "inferred", Breaks: []string{"action.id"}}), recorded,
			"conformance/mutate/testdata/matrix.golden has no line for the fault sings; run make golden"},
		{"a fault that moved to another level", suite.Checks(), faults,
			strings.Replace(recorded, "\nanswers-200  documented", "\nanswers-200  inferred", 1),
			"conformance/mutate/testdata/matrix.golden has the fault answers-200 as inferred, and what it breaks is " +
				"documented; run make golden"},
		{"a fault that is gone", suite.Checks(), slices.DeleteFunc(slices.Clone(faults),
			func(s Subject) bool { return s.Name == "answers-200" }), recorded,
			"conformance/mutate/testdata/matrix.golden has a line for answers-200, which is no fault; run make golden"},
		{"a check that no fault trips", append(slices.Clone(suite.Checks()), conformance.Check{Name: "hums"}), faults,
			recorded,
			"the check hums is tripped by no fault; add one to conformance/reference/faults_*.go, then run " +
				"make golden"},
		{"a requirement without a fault", suite.Checks(), slices.DeleteFunc(slices.Clone(faults),
			func(s Subject) bool { return s.Breaks[0] == "action.requestor" }),
			without(func(line string) bool {
				return slices.ContainsFunc(faults, func(s Subject) bool {
					return s.Breaks[0] == "action.requestor" &&
						named(s.Name)(line)
				})
			}),
			fmt.Sprintf("the requirement action.requestor (%s:%d) is proven by no fault that is about it; add one to "+
				"conformance/reference/faults_*.go, then run make golden",
				suite.Requirement("action.requestor").File, suite.Requirement("action.requestor").Line)},
	} {
		require.Contains(t, missingLines(suite, row.checks, row.faults, row.golden), row.want, row.why)
	}
	misspelt := slices.Clone(faults)
	misspelt[0].Breaks, misspelt[0].Level = []string{"no.such"}, ""
	require.NotContains(t, strings.Join(missingLines(suite, suite.Checks(), misspelt, recorded), "\n"),
		"the fault "+misspelt[0].Name+" as", "want the misspelt requirement reported for its row alone")
}

// The bells of the golden files.

func TestALineThatAFewCasesDoNotShowIsOutdated(t *testing.T) {
	r := Row{
		Subject: Subject{Name: "planted", Breaks: []string{"r", "s"}, Level: "documented"},
		Verdict: record.NotConformant, AtLevel: true,
		Broken: []string{"r"}, Proves: []string{"r"}, Checks: []string{"c"},
	}
	for _, row := range []struct {
		why   string
		spoil func(*Row)
		line  string
		want  bool
	}{
		{"the same", func(*Row) {}, "documented  r  c", true},
		{"part of what a whole run finds", func(*Row) {}, "documented  r,s  b,c", true},
		{"it survives", func(r *Row) { r.AtLevel = false }, "documented  r  c", false},
		{"another level", func(*Row) {}, "standard  r  c", false},
		{"another requirement", func(*Row) {}, "documented  s  c", false},
		{"another check", func(*Row) {}, "documented  r  b", false},
		{"no line", func(*Row) {}, "", false},
		{"it was only caught", func(*Row) {}, "documented  caught", false},
		{"it is caught by chance", func(r *Row) { r.Intermittent = true }, "documented  caught", true},
	} {
		got := r
		row.spoil(&got)
		require.Equal(t, row.want, shows(got, row.line), row.why)
	}
}

func TestARecordForEachLineOfTheMatrixIsVerified(t *testing.T) {
	verified := representatives("# head\na  documented  r  c\nb  documented  r  c\nd  standard  caught\n")
	report := func(requirement string) *record.Report {
		return &record.Report{Verdict: record.NotConformant, Cases: []record.CaseResult{{Findings: []record.Finding{
			{Requirement: requirement, Level: record.Documented, Check: "c", Case: "x/y"},
		}}}}
	}
	fault := func(name string) Subject { return Subject{Name: name, Breaks: []string{"r", "s"}, Level: "documented"} }
	require.True(t, verified(fault("a"), report("r")), "the first of its line")
	require.False(t, verified(fault("b"), report("r")), "the second of the same line")
	require.True(t, verified(fault("b"), report("s")), "a line that the golden matrix does not have")
	require.True(t, verified(fault("d"), report("r")), "the first of another line")
	require.True(t, verified(fault("new"), report("s")), "a new fault with a line of its own")
	require.True(t, verified(Subject{Name: "reference"}, report("r")), "the first honest server")
	deviating := 0
	for _, s := range Honest() {
		if verified(s, report("r")) && len(s.Deviates) > 0 {
			deviating++
		}
	}
	require.NotZero(t, deviating, "the first honest server with each list of deviations")
}
