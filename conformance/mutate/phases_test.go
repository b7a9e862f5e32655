package mutate

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

//go:embed testdata/later.golden
var laterKillers string

const laterHead = "# The cases that suffice, with their controls, to catch each fault of a phase behind the written " +
	"cases: fault, phase, cases.\n" +
	"# Written by make golden-matrix; a fault whose phase has no cases yet has none.\n"

// laterPhases returns the phases behind that of the written cases, in order.
func laterPhases(t *testing.T, suite *conformance.Suite) []Phase {
	with, err := generate.Coverage(suite)
	require.NoError(t, err)
	return []Phase{{Name: reference.Coverage, Suite: with.Suite,
		Of: func(c *conformance.Case) bool { return c.Generator == generate.Generator }}}
}

// The faults of later phases are judged by the cases that are known to find them, with
// their controls.
func TestAFewCasesCatchEachLaterFault(t *testing.T) {
	if testing.Short() && raceEnabled {
		t.Skip("TestAFewCasesCatchEachFault takes a sample, of which this is more")
	}
	suite := load(t)
	phases := laterPhases(t, suite)
	if *update {
		known := outcomes(laterKillers)
		if *rewrite {
			clear(known)
		}
		write(t, "testdata/later.golden", laterKillers, laterKillersText(t, Faulty(suite), phases, known))
		return
	}
	require.Empty(t, uncaught(t, phases, Faulty(suite), laterKillers), staleMatrix)
}

// uncaught lists the faults of these phases that have no line in the list of killers, or that
// their cases do not catch.
func uncaught(t *testing.T, phases []Phase, faults []Subject, golden string) (out []string) {
	t.Helper()
	lines := outcomes(golden)
	for _, p := range phases {
		faults := OfPhase(faults, p.Name)
		problems := make([]string, len(faults))
		concurrently(faults, 2*runtime.GOMAXPROCS(0), func(i int) {
			s := faults[i]
			words := strings.Fields(lines[s.Name])
			switch {
			case len(words) < 2 || words[0] != p.Name:
				problems[i] = fmt.Sprintf("%s: testdata/later.golden has no case of the phase %s that catches "+
					"it", s.Name,
					p.Name)
			case !caught(t, p.Suite, s, words[1:]).Rightly():
				problems[i] = fmt.Sprintf("%s (%s): %s do not catch it", s.Name, s.Says, strings.Join(words[1:], " "))
			}
		})
		out = append(out, slices.DeleteFunc(problems, func(text string) bool { return text == "" })...)
	}
	return out
}

// laterKillersText writes the list of killers of the later phases, in the order of the faults.
// Faults with cases that are known, and that catch them still, are not run against the whole
// phase again.
func laterKillersText(t *testing.T, faults []Subject, phases []Phase, known map[string]string) string {
	t.Helper()
	cases := map[string]string{}
	for _, p := range phases {
		again := slices.DeleteFunc(OfPhase(faults, p.Name), func(s Subject) bool {
			words := strings.Fields(known[s.Name])
			if len(words) < 2 || words[0] != p.Name || !caught(t, p.Suite, s, words[1:]).Rightly() {
				return false
			}
			cases[s.Name] = " " + strings.Join(words[1:], " ")
			return true
		})
		rows, err := Matrix(t.Context(), p.Suite, again, Options{Only: p.cases()})
		require.NoError(t, err)
		for _, r := range rows {
			few := slices.Collect(slices.Chunk(r.Cases[:min(len(r.Cases), 5)], 1))
			few = append(few, r.Cases[:min(len(r.Cases), 6)], append(usual(p.Suite), r.Cases[:min(len(r.Cases), 1)]...))
			few = append(few, append(apartMachines(p.Suite), kindred(p.Suite, r.Cases)...))
			for _, some := range few {
				if len(some) > 0 && caught(t, p.Suite, r.Subject, some).Rightly() {
					cases[r.Name] = " " + strings.Join(some, " ")
					break
				}
			}
			if cases[r.Name] == "" {
				t.Errorf("%s (%s) survives the phase %s, or a few of its cases, broken %v", r.Name, r.Says, p.Name,
					r.Broken)
			}
		}
	}
	var b strings.Builder
	b.WriteString(laterHead)
	for _, s := range faults {
		if s.PhaseOf() != Written {
			fmt.Fprintf(&b, "%s  %s%s\n", s.Name, s.Phase, cases[s.Name])
		}
	}
	return b.String()
}

// usual returns a few accepted cases of each operation: next to their answers, another one shows that it differs from
// the others.
func usual(suite *conformance.Suite) (out []string) {
	of := map[string]int{}
	for _, c := range suite.Cases {
		if of[c.Operation] < 4 && strings.Contains(c.ID, "/valid/") && c.Steps[0].Expect == conformance.Accepted {
			out = append(out, c.ID)
			of[c.Operation]++
		}
	}
	return out
}

// apartMachines returns the cases that show that the two machines of the user are kept apart.
func apartMachines(suite *conformance.Suite) (out []string) {
	for _, c := range suite.Cases {
		if c.Name == "state/accepts-two-machines-in-turn" {
			out = append(out, c.ID)
		}
	}
	return out
}

// kindred returns the cases about machines, of all operations, of the group that the first of these cases is of.
func kindred(suite *conformance.Suite, cases []string) (out []string) {
	if len(cases) == 0 {
		return nil
	}
	group := path.Dir(suite.Case(cases[0]).Name)
	for _, c := range suite.Cases {
		if path.Dir(c.Name) == group && strings.Contains(path.Base(c.Name), "machine") {
			out = append(out, c.ID)
		}
	}
	return out
}

// laterNames returns the first two columns of a list of killers.
func laterNames(text string) (out []string) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] != "#" {
			out = append(out, words[0]+" "+words[1])
		}
	}
	return out
}

func TestTheListOfLaterFaultsIsCurrent(t *testing.T) {
	if *update {
		t.Skip("being rewritten")
	}
	var want []string
	for _, s := range Faulty(load(t)) {
		if s.PhaseOf() != Written {
			want = append(want, s.Name+" "+s.Phase)
		}
	}
	require.NotEmpty(t, want)
	require.Equal(t, want, laterNames(laterKillers), "run make golden")
}

// Honest servers pass the cases of later phases: every sixteenth of them, and none with
// -short.
func TestLaterPhasesBlameNoHonestServer(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs every generated case")
	}
	suite := load(t)
	for _, p := range laterPhases(t, suite) {
		rows, err := Matrix(t.Context(), p.Suite, append(Honest()[:1], Sampled(Honest())...), Options{Only: p.cases()})
		require.NoError(t, err)
		for _, r := range rows {
			if alarmed(r) {
				t.Errorf("%s (%s): want conformant in the phase %s, got %s, broken %v", r.Name, r.Says, p.Name,
					verdictText(r), r.Broken)
			}
		}
	}
}

func TestFaultsAreOfAKnownPhase(t *testing.T) {
	seen := map[string]int{}
	for _, f := range reference.Faults() {
		seen[f.Phase]++
	}
	require.ElementsMatch(t, []string{"", reference.Coverage, reference.Exploration, reference.Unfound},
		slices.Collect(maps.Keys(seen)))
	require.Greater(t, seen[reference.Coverage]+seen[reference.Exploration], 200)
}

// The bells of the phases.

// plantedPhases are two phases: the written cases, and as the second those of one group.
func plantedPhases(suite *conformance.Suite) []Phase {
	return []Phase{
		{Name: Written, Suite: suite, Of: func(c *conformance.Case) bool {
			return c.Name == "valid/accepts-plain-request"
		}},
		{Name: reference.Coverage, Suite: suite, Of: func(c *conformance.Case) bool {
			return strings.HasPrefix(c.Name, "valid/accepts-u")
		}},
	}
}

// crashing returns a fault of a phase that answers 500 to requests with such a Content-Type.
func crashing(name, phase, mediaType string) Subject {
	return Subject{Name: name, Says: "answers 500 to " + mediaType, Breaks: []string{"request.media-type-case"},
		Level: "standard", Phase: phase, Wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.Header.Get("Content-Type"), mediaType) {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				h.ServeHTTP(w, r)
			})
		}}
}

func runPlanted(t *testing.T, faults, variants []Subject, choice Choice) *Result {
	t.Helper()
	suite := load(t)
	m, err := RunPhases(t.Context(), plantedPhases(suite), faults, variants, true, choice, single())
	require.NoError(t, err)
	return m
}

func TestEachPhaseHasItsShare(t *testing.T) {
	created := Subject{Name: "fails", Says: "answers 500", Breaks: []string{"response.created"}, Level: "documented",
		Wrap: lying}
	upper := crashing("capitals", reference.Coverage, "APPLICATION/")
	hidden := crashing("hidden", reference.Exploration, "application/never")
	for _, row := range []struct {
		choice Choice
		shares []string
		caught map[string][]string
		why    string
	}{
		{Needed, []string{"written 1/3", "coverage 1/2"},
			map[string][]string{"fails": {"written"}, "capitals": {"coverage"}, "hidden": {}},
			"a fault that is found goes to no later phase"},
		{All, []string{"written 1/3", "coverage 2/3"},
			map[string][]string{"fails": {"written", "coverage"}, "capitals": {"coverage"}, "hidden": {}},
			"every phase judges all"},
		{Written, []string{"written 1/3"}, map[string][]string{"fails": {"written"}, "capitals": {}, "hidden": {}},
			"the written cases alone"},
		{"coverage", []string{"coverage 2/3"},
			map[string][]string{"fails": {"coverage"}, "capitals": {"coverage"}, "hidden": {}},
			"the later cases alone"},
	} {
		m := runPlanted(t, []Subject{created, upper, hidden}, nil, row.choice)
		var shares []string
		for _, s := range m.Phases {
			shares = append(shares, fmt.Sprintf("%s %d/%d", s.Phase, s.Caught, s.Judged))
		}
		require.Equal(t, row.shares, shares, row.why)
		got := map[string][]string{}
		for _, r := range slices.Concat(m.Faults, m.Later) {
			got[r.Name] = r.Phases
		}
		require.Equal(t, row.caught, got, row.why)
		require.Empty(t, m.Problems(), row.why)
	}
}

func TestAFaultThatItsPhaseDoesNotFindIsAProblem(t *testing.T) {
	hidden := crashing("hidden", reference.Coverage, "application/never")
	m := runPlanted(t, []Subject{hidden}, nil, Needed)
	require.Equal(t, []string{"fault hidden survives the phase coverage: it answers 500 to application/never, " +
		"and the " +
		"suite says conformant; add what shows it to the generator, or correct the phase of its row in " +
		"conformance/reference/faults_conditional.go"}, m.Problems())
	hidden.Phase = reference.Exploration
	m = runPlanted(t, []Subject{hidden}, nil, Needed)
	require.Empty(t, m.Problems(), "its phase was not run")
	require.Contains(t, m.PhaseLines(), "1 faults wait for the phase exploration, which was not run")
}

func TestAFaultThatAnEarlierPhaseFindsIsAProblem(t *testing.T) {
	early := crashing("early", reference.Exploration, "APPLICATION/")
	require.Equal(t, []string{"fault early is of the phase exploration, and the phase coverage finds it: it " +
		"answers 500 " +
		"to APPLICATION/; correct the phase of its row in conformance/reference/faults_conditional.go"},
		runPlanted(t, []Subject{early}, nil, Needed).Problems())
	early = crashing("early", reference.Coverage, "application/json")
	early.Breaks, early.Level = []string{"response.created"}, "documented"
	require.Equal(t, []string{"fault early is of the phase coverage, and the phase written finds it: it answers " +
		"500 to " +
		"application/json; correct the phase of its row in conformance/reference/faults_conditional.go"},
		runPlanted(t, []Subject{early}, nil, All).Problems())
}

func TestAFaultThatItsPhaseFindsForAnotherReasonIsAProblem(t *testing.T) {
	other := crashing("other", reference.Coverage, "APPLICATION/")
	other.Breaks, other.Level = []string{"action.type"}, "documented"
	problems := runPlanted(t, []Subject{other}, nil, Needed).Problems()
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "fault other is caught for another reason by the phase coverage: it answers "+
		"500 to "+
		"APPLICATION/; want broken, at the level documented, one of action.type; got not-conformant, broken ")
}

func TestAFalseAlarmOfALaterPhaseIsAProblem(t *testing.T) {
	innocent := crashing("innocent", "", "APPLICATION/")
	innocent.Breaks, innocent.Level = nil, ""
	m := runPlanted(t, nil, []Subject{innocent}, All)
	problems := m.Problems()
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "variant innocent conforms and is not found conformant by the phase coverage: it "+
		"answers 500 to APPLICATION/, and the suite says not-conformant: accepts finds request.media-type-case "+
		"broken in ")
	require.Contains(t, m.PhaseLines()[1], "1 conforming servers: 1 with a finding")
	require.Contains(t, m.PhaseLines()[0], "1 conforming servers: 0 with a finding")
}

func TestAnUnknownPhaseIsAnError(t *testing.T) {
	_, err := RunPhases(t.Context(), plantedPhases(load(t)), nil, nil, true, "dreams", single())
	require.EqualError(t, err, "phase dreams: there are no cases of it; give one of written, coverage, or all")
}

func TestALevelLeavesWeakerLaterFaultsOut(t *testing.T) {
	o := single()
	o.Level = 1
	m, err := RunPhases(t.Context(), plantedPhases(load(t)),
		[]Subject{crashing("weak", reference.Coverage, "APPLICATION/")}, nil, true, Needed, o)
	require.NoError(t, err)
	require.Empty(t, m.Later)
	require.Empty(t, m.Problems())
}

func TestPhasesAreWritten(t *testing.T) {
	m := runPlanted(t, []Subject{crashing("capitals", reference.Coverage, "APPLICATION/")}, nil, All)
	var b strings.Builder
	require.NoError(t, m.WriteMarkdown(&b))
	require.Regexp(t, `\n\| coverage \| [0-9]+ \| 1 \| 1 \| 100\.0 % \| 0 \| 0 \|\n`, b.String())
	require.Contains(t, b.String(), "\n| `capitals` | coverage | coverage |\n")
	b.Reset()
	require.NoError(t, m.WriteJSON(&b))
	require.Regexp(t, `"phase": "coverage",\s+"cases": [0-9]+,\s+"judged": 1,\s+"caught": 1`, b.String())
	require.Regexp(t, `"phases": \[\s+"coverage"\s+\]`, b.String())
}

func TestALaterFaultWithoutItsCaseIsListed(t *testing.T) {
	phases := plantedPhases(load(t))[1:]
	faults := []Subject{crashing("capitals", reference.Coverage, "APPLICATION/")}
	const catches = "requestSample/valid/accepts-upper-case-media-type"
	require.Empty(t, uncaught(t, phases, faults, "capitals  coverage "+catches+"\n"))
	require.Equal(t, []string{"capitals: testdata/later.golden has no case of the phase coverage that catches it"},
		uncaught(t, phases, faults, "capitals  coverage\n"))
	require.Equal(t, []string{"capitals (answers 500 to APPLICATION/): " +
		"requestSample/valid/accepts-upper-case-sha1 do " +
		"not catch it"}, uncaught(t, phases, faults,
		"capitals  coverage requestSample/valid/accepts-upper-case-sha1\n"))
}

func TestAPhaseMayMakeItsOwnReport(t *testing.T) {
	suite := load(t)
	phases := append(plantedPhases(suite), Phase{Name: reference.Exploration, Suite: suite,
		Judge: func(_ context.Context, target conformance.Target, _ conformance.Options) (*record.Report, error) {
			return &record.Report{Verdict: record.NotConformant, Cases: []record.CaseResult{{Findings: []record.Finding{
				{Requirement: "request.media-type-case", Level: record.Standard, Check: "accepts", Case: target.Name},
			}}}}, nil
		}})
	m, err := RunPhases(t.Context(), phases, []Subject{crashing("hidden", reference.Exploration, "application/never")},
		nil, true, Needed, single())
	require.NoError(t, err)
	require.Equal(t, []string{"exploration"}, m.Later[0].Phases)
	require.Equal(t, []string{"hidden"}, m.Later[0].Cases)
	require.Empty(t, m.Problems())
}

func TestASlowPhaseIsRunWhereItIsAskedFor(t *testing.T) {
	suite := load(t)
	phases := append(plantedPhases(suite), Phase{Name: reference.Exploration, Suite: suite, Slow: true,
		Judge: func(context.Context, conformance.Target, conformance.Options) (*record.Report, error) {
			return &record.Report{Verdict: record.Conformant}, nil
		}})
	faults := []Subject{crashing("hidden", reference.Exploration, "application/never")}
	for _, row := range []struct {
		narrowed bool
		choice   Choice
		want     bool
	}{{false, Needed, false}, {true, Needed, true}, {false, reference.Exploration, true}, {false, All, true}} {
		m, err := RunPhases(t.Context(), phases, faults, nil, row.narrowed, row.choice, single())
		require.NoError(t, err)
		require.Equal(t, row.want, slices.ContainsFunc(m.Phases, func(s Share) bool {
			return s.Phase == reference.Exploration
		}), "%+v", row)
		require.Equal(t, row.want, m.Later[0].Due, "%+v: want a fault that waits where its phase is not run", row)
	}
}

func TestTheCasesOfLaterFaultsAreBroughtUpToDate(t *testing.T) {
	phases := plantedPhases(load(t))[1:]
	faults := []Subject{crashing("capitals", reference.Coverage, "APPLICATION/"),
		crashing("waiting", reference.Exploration, "application/never")}
	const one, other = "requestSample/valid/accepts-upper-case-media-type",
		"stopAndQuarantineFile/valid/accepts-upper-case-media-type"
	for _, row := range []struct{ known, want, why string }{
		{"", "coverage " + one, "a new fault"},
		{"coverage " + other, "coverage " + other, "a case that catches it still"},
		{"coverage requestSample/valid/accepts-upper-case-sha1", "coverage " + one, "a case that does not any more"},
		{"exploration " + other, "coverage " + one, "a fault of another phase"},
	} {
		got := laterKillersText(t, faults, phases, map[string]string{"capitals": row.known})
		require.Equal(t, laterHead+"capitals  "+row.want+"\nwaiting  exploration\n", got, row.why)
	}
}

func TestASampleOfServersIsSmallAndAlwaysTheSame(t *testing.T) {
	all := Honest()
	some := Sampled(all)
	require.NotEmpty(t, some)
	require.Less(t, len(some), len(all)/6)
	require.Equal(t, len(some), len(Sampled(slices.Concat(some, all[:0]))))
}
