package mutate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

func TestFaultsAreFoundAtNoStrongerLevelThanThatOfWhatTheyBreak(t *testing.T) {
	require.Empty(t, matrix(t).mislevelled())
}

func TestEachRequirementHasAFaultThatIsFoundAtJustItsLevel(t *testing.T) {
	if raceEnabled {
		t.Skip("a sample has not every fault")
	}
	for _, q := range matrix(t).Requirements {
		require.NotEmpty(t, q.Exact, "%s, %s: its faults are %v", q.ID, q.Level, q.Faults)
	}
}

// Each requirement fails a run at its own level, and the run passes at every
// stronger one; a run that is not strict passes what breaks an inferred one.
func TestEachRequirementFailsARunAtItsLevelAlone(t *testing.T) {
	if raceEnabled {
		t.Skip("a sample has not every fault")
	}
	m := matrix(t)
	suite := load(t)
	for _, q := range m.Requirements {
		t.Run(q.ID, func(t *testing.T) {
			require.NotEmpty(t, q.Exact)
			fault := m.Faults[slices.IndexFunc(m.Faults, func(r Row) bool { return r.Name == q.Exact[0] })]
			only := enough(t, suite, fault, q.ID)
			for _, run := range ways(q.Level) {
				run.options.Only = only
				r := examined(t, suite, fault, run.options)
				require.Equal(t, run.fails, r.Verdict == record.NotConformant, "%s: a run %s is %s", fault.Name,
					run.name, verdictText(r))
				require.Equal(t, run.finds, slices.Contains(r.Broken, q.ID), "%s: a run %s finds %v", fault.Name,
					run.name, r.Broken)
				if !run.fails && !fault.Waits { // where there is no answer, nothing but its absence is judged
					require.Equal(t, record.Conformant, r.Verdict, "%s: a run %s is %s", fault.Name, run.name,
						verdictText(r))
				}
			}
		})
	}
}

// A way of running the suite, and what it has to come to.
type way struct {
	name         string
	options      conformance.Options
	finds, fails bool
}

// ways are those in which to run against a fault that breaks a requirement of a
// level and nothing stronger.
func ways(level string) (out []way) {
	for _, l := range record.Levels() {
		weak := l == record.Inferred
		found := l.String() == level
		out = append(out, way{fmt.Sprintf("at the level %s", l), conformance.Options{Level: l}, found, found && !weak})
		if weak {
			out = append(out, way{"that is strict", conformance.Options{Level: l, Strict: true}, found, found})
		}
		if found {
			break
		}
	}
	return out
}

// enough returns some cases that find the requirement broken by a fault; nil, for
// all, where it takes more than a few.
func enough(t *testing.T, suite *conformance.Suite, fault Row, id string) []string {
	t.Helper()
	some := slices.Clone(fault.Cases[:min(len(fault.Cases), 6)])
	for _, c := range suite.Cases {
		if c.Name == "valid/accepts-plain-request" && !slices.Contains(some, c.ID) {
			some = append(some, c.ID)
		}
	}
	if r := examined(t, suite, fault, conformance.Options{Strict: true, Only: some}); slices.Contains(r.Broken, id) {
		return some
	}
	return nil
}

// examined runs the suite against a subject.
func examined(t *testing.T, suite *conformance.Suite, s Row, o conformance.Options) Row {
	t.Helper()
	if o.Only == nil {
		o.Skip = huge(suite)
	}
	report, err := suite.Run(t.Context(), target(s.Subject), withTimeout(s.Subject, o))
	require.NoError(t, err)
	return row(s.Subject, report)
}

// The bells of the exam.

// examinee is a fault that breaks these requirements, found at these levels.
func examinee(breaks []string, findings ...record.Finding) *Result {
	at := map[string]record.Level{"d": record.Documented, "s": record.Standard, "i": record.Inferred}
	s := Subject{Name: "planted", Says: "does it", Breaks: breaks, Level: at[breaks[0]].String()}
	for i := range findings {
		f := &findings[i]
		f.Level, f.Check, f.Case, f.Place, f.Want, f.Got = at[f.Requirement], "c", "x/y", "body", "a", "b"
	}
	report := &record.Report{Verdict: record.NotConformant, Cases: []record.CaseResult{{Findings: findings}}}
	return &Result{Level: "inferred", Faults: []Row{row(s, report)}, levels: at}
}

func TestTheExamOfLevelsRings(t *testing.T) {
	d, s, i := record.Finding{Requirement: "d"}, record.Finding{Requirement: "s"}, record.Finding{Requirement: "i"}
	const (
		tooStrong = "fault planted is found at the level %s, and breaks nothing stronger than %s: it does it, and c " +
			"finds %s broken in x/y, body: want a, got b; correct the check or the case, or name the requirement"
		inVain = "fault planted is inferred, and names %s, which is never found broken: it does it; remove that from " +
			"its list"
	)
	for _, row := range []struct {
		why  string
		m    *Result
		want []string
	}{
		{"at its own level", examinee([]string{"s"}, s), nil},
		{"and at a weaker one", examinee([]string{"s"}, i, s), nil},
		{"at a stronger one, which it names", examinee([]string{"s", "d"}, s, d), nil},
		{"at a stronger one that nobody finds, which a judge may name", examinee([]string{"s", "d"}, s), nil},
		{"not at all", examinee([]string{"s"}), nil},
		{"at a stronger one", examinee([]string{"s"}, s, d),
			[]string{fmt.Sprintf(tooStrong, "documented", "standard", "d")}},
		{"an inferred one at a stronger one", examinee([]string{"i"}, i, s),
			[]string{fmt.Sprintf(tooStrong, "standard", "inferred", "s")}},
		{"an inferred one that names what is found", examinee([]string{"i", "s"}, i, s), nil},
		{"an inferred one that names what nobody finds", examinee([]string{"i", "s", "d"}, i),
			[]string{fmt.Sprintf(inVain, "s, d")}},
	} {
		require.Equal(t, row.want, row.m.mislevelled(), row.why)
	}
	m := examinee([]string{"i", "s"}, i)
	m.Narrowed = true
	require.Empty(t, m.mislevelled(), "some cases were left out")
	require.Contains(t, examinee([]string{"s"}, s, d).Problems(), fmt.Sprintf(tooStrong, "documented", "standard", "d"))
}

func TestARequirementThatThereIsNotIsAProblem(t *testing.T) {
	s := record.Finding{Requirement: "s"}
	const (
		named = "fault planted names x, which is no requirement; correct its row in " +
			"conformance/reference/faults_*.go, or add the requirement to fixtures/requirements"
		charged = "check c charges x, which is no requirement; correct its row in conformance/checks_*.go, or add " +
			"the requirement to fixtures/requirements"
	)
	require.Contains(t, examinee([]string{"s", "x"}, s).Problems(), named)
	require.Contains(t, examinee([]string{"s"}, record.Finding{Requirement: "x"}).Problems(), charged)
	// One mistake is one problem: that the fault is not found as it should be has no remedy of its own.
	problems := examinee([]string{"x"}, record.Finding{Requirement: "x"}).Problems()
	require.Equal(t, []string{named, charged}, problems[:2])
	require.NotContains(t, strings.Join(problems, "\n"), "fault planted is caught for another reason")
	require.NotContains(t, strings.Join(examinee([]string{"x"}).Problems(), "\n"), "fault planted survives")
	m := &Result{Variants: []Row{{Subject: Subject{Name: "v", Deviates: []string{"x"}}}},
		levels: map[string]record.Level{}}
	require.Contains(t, m.Problems(), "variant v names x, which is no requirement; correct its row in "+
		"conformance/reference/variants_*.go, or add the requirement to fixtures/requirements")
}

func TestExactFaultsAreAboutTheRequirementAndFoundAtItsLevel(t *testing.T) {
	d, s, i := record.Finding{Requirement: "d"}, record.Finding{Requirement: "s"}, record.Finding{Requirement: "i"}
	for _, row := range []struct {
		why  string
		m    *Result
		want []string
	}{
		{"alone", examinee([]string{"s"}, s), []string{"planted"}},
		{"with something weaker", examinee([]string{"s"}, s, i), []string{"planted"}},
		{"with something stronger", examinee([]string{"s", "d"}, s, d), []string{}},
		{"about something else", examinee([]string{"i", "s"}, s), []string{}},
		{"not found", examinee([]string{"s"}, i), []string{}},
	} {
		require.Equal(t, row.want, exact(row.m.Faults, "s", record.Standard), row.why)
	}
	m := examinee([]string{"s"}, s)
	m.Faults[0].Intermittent = true
	require.Empty(t, exact(m.Faults, "s", record.Standard), "it shows by chance")
}

func TestTheWaysOfTheExamGoUpToTheLevel(t *testing.T) {
	var got []string
	for _, w := range ways("standard") {
		got = append(got, fmt.Sprintf("%s %v %v", w.name, w.finds, w.fails))
	}
	require.Equal(t, []string{"at the level documented false false", "at the level standard true true"}, got)
	require.Len(t, ways("documented"), 1)
	require.Len(t, ways("inferred"), 4)
}
