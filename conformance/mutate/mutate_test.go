package mutate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/report"
)

var (
	update = flag.Bool("update", false, "bring the files of testdata up to date: run the whole suite against those "+
		"faults whose lines are missing or outdated")
	rewrite = flag.Bool("whole", false, "with -update: run the whole suite against every fault, and rewrite the "+
		"files of testdata")
)

// The matrix holds few objects for long and makes many: the garbage collector
// runs less often here.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// builtIn is the suite that the tests share: a Suite is not changed after Load.
var builtIn = sync.OnceValues(func() (*conformance.Suite, error) { return conformance.Load(conformance.Contract{}) })

func load(t *testing.T) *conformance.Suite {
	t.Helper()
	suite, err := builtIn()
	require.NoError(t, err)
	return suite
}

// written returns the faults that the written cases have to find.
func written(suite *conformance.Suite) []Subject { return OfPhase(Faulty(suite), Written) }

// whole makes the matrix once for all tests, and verifies a record for each line of it
// with the race detector on, only of a part of it (see race_test.go).
var whole = sync.OnceValues(func() (*Result, error) {
	suite, err := builtIn()
	if err != nil {
		return nil, err
	}
	if raceEnabled {
		return Run(context.Background(), suite, sampled(written(suite), 12), sampled(Honest(), 8), true, Options{})
	}
	verified := representatives(recorded)
	return Run(context.Background(), suite, written(suite), Honest(), false,
		Options{Report: func(s Subject, r *record.Report) error {
			if !verified(s, r) {
				return nil
			}
			return borneOut(suite, r)
		}})
})

// representatives returns a function that reports whether the record of a run is
// one to verify: that of the first fault with each line of the golden matrix, that
// of each fault whose line is not in it, and that of the first honest server with
// each list of deviations.
func representatives(golden string) func(Subject, *record.Report) bool {
	first, known := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(golden) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !known[rest] {
			first[name], known[rest] = true, true
		}
	}
	for _, s := range Honest() {
		deviates := "honest  " + strings.Join(s.Deviates, ",")
		if !known[deviates] {
			first[s.Name], known[deviates] = true, true
		}
	}
	return func(s Subject, r *record.Report) bool {
		return first[s.Name] || len(s.Breaks) > 0 && !known[row(s, r).line()]
	}
}

// borneOut writes a report, reads it, and judges its exchanges again, by the engines alone: what
// the run took for valid in one pass has to be so for them.
func borneOut(suite *conformance.Suite, r *record.Report) error {
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		return err
	}
	read, err := report.ReadJSON(&b)
	if err != nil {
		return err
	}
	v, err := suite.Thorough().Verify(read)
	if err == nil && len(v.Differences) > 0 {
		err = fmt.Errorf("the record is does not match its exchanges at %d places, first %+v", len(v.Differences),
			v.Differences[0])
	}
	return err
}

// sampled returns every nth subject, and those that have to do with state: these
// are the ones at which our own code is busy at several ends.
func sampled(all []Subject, n int) (out []Subject) {
	for i, s := range all {
		if i%n == 0 || s.Intermittent || slices.Contains(s.Breaks, "state.isolated") {
			out = append(out, s)
		}
	}
	return out
}

func matrix(t *testing.T) *Result {
	t.Helper()
	switch {
	case testing.Short():
		t.Skip("the whole matrix takes minutes; TestAFewCasesCatchEachFault makes the short one")
	case *update && !*rewrite:
		t.Skip("the lines that are missing or outdated are made, and no others")
	}
	m, err := whole()
	require.NoError(t, err)
	return m
}

func TestEveryFaultIsCaughtForARequirementThatItBreaks(t *testing.T) {
	m := matrix(t)
	require.GreaterOrEqual(t, len(m.Faults), 24)
	for _, r := range m.Faults {
		if !r.Rightly() {
			t.Errorf("%s (%s)\nwant broken, at the level %s: %v\ngot  %s, broken: %v", r.Name, r.Says, r.Level,
				r.Breaks, verdictText(r), r.Broken)
		}
	}
}

func TestNoHonestServerHasAFinding(t *testing.T) {
	for _, r := range matrix(t).Variants {
		if len(r.Deviates) > 0 {
			continue
		}
		require.Empty(t, r.Findings, "%s: %s", r.Name, r.Says)
		require.Equal(t, record.Conformant, r.Verdict, "%s: %s", r.Name, r.Reason)
	}
}

func TestAServerThatDeviatesIsFoundToAndForNothingElse(t *testing.T) {
	for _, r := range matrix(t).Variants {
		if len(r.Deviates) == 0 {
			continue
		}
		require.Equal(t, r.Deviates, r.Broken, "%s: %s", r.Name, r.Says)
		require.Equal(t, []Mode{Strict}, r.Modes, "%s: %s", r.Name, r.Says)
	}
}

func TestInferredFaultsAreFoundAtNoStrongerLevel(t *testing.T) {
	about := []string{"time.utc-z", "request.grammar", "refusal.no-action", "response.names-unique",
		"action.instances-filled", "refusal.media-type", "refusal.method-forbidden", "error.form", "error.inside"}
	seen := map[string]bool{}
	for _, r := range matrix(t).Faults {
		if slices.Contains(about, r.Breaks[0]) || r.Name == "redirects-missing-type" {
			seen[r.Breaks[0]] = true
			require.Equal(t, []Mode{Strict}, r.Modes, "%s: %s, broken %v", r.Name, r.Says, r.Broken)
		}
	}
	if !raceEnabled {
		require.Len(t, seen, len(about)+1)
	}
}

func TestTheSuiteHasNoProblems(t *testing.T) {
	require.Empty(t, matrix(t).Problems())
}

// unknownTo lists what faults and variants break or deviate from, and the catalogue does
// not have.
func unknownTo(suite *conformance.Suite, faults []reference.Fault, variants []reference.Variant) (out []string) {
	say := func(what, name, id, where string) {
		if suite.Requirement(id) == nil {
			out = append(out, fmt.Sprintf("the %s %s names %q, which is no requirement; correct its row in "+
				"conformance/reference/%s*.go, or add the requirement to fixtures/requirements", what, name, id, where))
		}
	}
	for _, f := range faults {
		for _, id := range f.Breaks {
			say("fault", f.Name, id, "faults_")
		}
	}
	for _, v := range variants {
		for _, id := range v.Deviates {
			say("variant", v.Name, id, "variant")
		}
	}
	return out
}

func TestFaultsAndVariantsNameRequirementsThatThereAre(t *testing.T) {
	suite := load(t)
	require.Empty(t, unknownTo(suite, reference.Faults(), reference.Variants()))
	for _, f := range reference.Faults() {
		require.NotEmpty(t, f.Breaks, f.Name)
		require.Equal(t, suite.Requirement(f.Breaks[0]).Level.String(), Level(suite, f), f.Name)
	}
	require.Equal(t, []string{
		`the fault sings names "action.song", which is no requirement; correct its row in conformance/reference/faults_*.go, or add the requirement to fixtures/requirements`,
		`the variant hums names "action.hum", which is no requirement; correct its row in conformance/reference/variant*.go, or add the requirement to fixtures/requirements`,
	}, unknownTo(suite, []reference.Fault{{Name: "sings", Breaks: []string{"action.song"}}},
		[]reference.Variant{{Name: "hums", Deviates: []string{"action.hum"}}}))
	require.Empty(t, Level(suite, reference.Fault{Breaks: []string{"action.song"}}))
	require.Empty(t, Level(suite, reference.Fault{}))
}

func TestDeviationsAreFromInferredRequirements(t *testing.T) {
	suite, deviating := load(t), 0
	for _, v := range reference.Variants() {
		for _, id := range v.Deviates {
			require.Equal(t, record.Inferred, suite.Requirement(id).Level, "%s deviates from %s", v.Name, id)
			deviating++
		}
	}
	require.GreaterOrEqual(t, deviating, 7)
}

// The bells: each kind of problem is planted, and must be reported.

func none(h http.Handler) http.Handler { return h }

// lying answers 500 to everything.
func lying(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	})
}

// plain are the options of a run with a single case, which suffices for a bell.
func single() Options { return Options{Only: []string{"requestSample/valid/accepts-plain-request"}} }

func TestAFaultThatSurvivesIsAProblem(t *testing.T) {
	survivor := Subject{Name: "planted", Says: "does nothing wrong", Breaks: []string{"response.created"},
		Level: "documented", Wrap: none}
	m, err := Run(t.Context(), load(t), []Subject{survivor}, nil, true, single())
	require.NoError(t, err)
	require.Equal(t, []string{"fault planted survives: it does nothing wrong, and the suite says conformant; write a " +
		"case in fixtures/cases or a check in conformance/checks_*.go that finds it"}, m.Problems())
	require.Equal(t, Counts{Faults: 1}, Counts{Faults: m.Counts().Faults, Caught: m.Counts().Caught,
		Rightly: m.Counts().Rightly})
}

func TestAFaultThatIsCaughtForAnotherReasonIsAProblem(t *testing.T) {
	other := Subject{Name: "planted", Says: "answers 500", Breaks: []string{"action.type"}, Level: "documented",
		Wrap: lying}
	m, err := Run(t.Context(), load(t), []Subject{other}, nil, true, single())
	require.NoError(t, err)
	require.Len(t, m.Problems(), 1)
	require.Contains(t, m.Problems()[0], "fault planted is caught for another reason: it answers 500; want broken, "+
		"at the level documented, one of action.type; got not-conformant, broken response.created")
}

func TestAFaultThatIsCaughtAtAnotherLevelIsAProblem(t *testing.T) {
	r := Row{Subject: Subject{Name: "planted", Breaks: []string{"time.order", "action.type"}, Level: "inferred"}}
	report := &record.Report{Verdict: record.NotConformant, Cases: []record.CaseResult{{Findings: []record.Finding{
		{Requirement: "action.type", Level: record.Documented, Check: "type-name", Case: "x/y"},
	}}}}
	m := &Result{Narrowed: true, Faults: []Row{row(r.Subject, report)}}
	require.Len(t, m.Problems(), 1)
	require.Contains(t, m.Problems()[0], "fault planted is caught for another reason")
}

func TestAFalseAlarmIsAProblem(t *testing.T) {
	m, err := Run(t.Context(), load(t), nil, []Subject{{Name: "planted", Says: "answers 500", Wrap: lying}}, true,
		single())
	require.NoError(t, err)
	require.Len(t, m.Problems(), 1)
	require.Contains(t, m.Problems()[0], "variant planted conforms and has a finding: it answers 500, and created "+
		"finds response.created broken in requestSample/valid/accepts-plain-request, status: want 201, got 500")
	require.Equal(t, 1, m.Counts().FalseAlarms)
}

func TestADeviationThatIsNotFoundIsAProblem(t *testing.T) {
	planted := Row{Subject: Subject{Name: "planted", Says: "does nothing", Deviates: []string{"time.utc-z"}},
		Verdict: record.Conformant}
	require.Equal(t, []string{"variant planted is not found to deviate from time.utc-z: it does nothing; write a " +
		"case or a check that finds it, or remove the requirement from its list"},
		(&Result{Level: "inferred", Variants: []Row{planted}}).Problems())
	require.Empty(t, (&Result{Level: "standard", Variants: []Row{planted}}).Problems(), "nobody looked for it")
	planted.Broken, planted.Verdict = []string{"time.utc-z"}, record.NotConformant
	require.Empty(t, (&Result{Level: "inferred", Variants: []Row{planted}}).Problems())
	require.Zero(t, (&Result{Variants: []Row{planted}}).Counts().FalseAlarms)
	planted.Broken = []string{"action.id", "time.utc-z"}
	planted.Findings = []record.Finding{{Requirement: "time.utc-z"}, {Requirement: "action.id", Check: "id-form",
		Case: "x/y", Place: "/id", Want: "a UUID", Got: "7"}}
	require.Equal(t, []string{"variant planted conforms and has a finding: it does nothing, and id-form finds " +
		"action.id broken in x/y, /id: want a UUID, got 7; correct the check or the case"},
		(&Result{Level: "inferred", Variants: []Row{planted}}).Problems())
	require.Equal(t, 1, (&Result{Variants: []Row{planted}}).Counts().FalseAlarms)
}

func TestAnHonestServerThatCannotBeJudgedIsAProblem(t *testing.T) {
	m := &Result{Narrowed: true, Variants: []Row{{Subject: Subject{Name: "planted", Says: "is slow"},
		Verdict: record.Unjudged, Reason: "no case was conclusive"}}}
	require.Equal(t, []string{"variant planted conforms and is not found conformant: it is slow, and the suite says " +
		"unjudged (no case was conclusive)"}, m.Problems())
}

func TestAConformingServerIsJudgedOnceForEachSeed(t *testing.T) {
	const plain = "requestSample/valid/accepts-plain-request"
	judged := 0
	fails := func(at int, breaks ...string) Subject {
		return Subject{Name: "planted", Says: "is odd", Breaks: breaks, Wrap: func(h http.Handler) http.Handler {
			if judged++; judged != at {
				return h
			}
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
		}}
	}
	for _, row := range []struct {
		why          string
		subject      Subject
		seeds, times int
		seed         string
	}{
		{"the third seed gives a false alarm", fails(3), 5, 3, "3"},
		{"no seed does", fails(0), 4, 4, ""},
		{"no number of seeds is given", fails(0), 0, 1, ""},
		{"a fault is judged once", fails(0, "response.created"), 4, 1, ""},
	} {
		judged = 0
		rows, err := Matrix(t.Context(), load(t), []Subject{row.subject}, Options{Level: record.Inferred,
			Only: []string{plain}, Seeds: row.seeds})
		require.NoError(t, err, row.why)
		require.Equal(t, row.times, judged, row.why)
		require.Equal(t, row.seed, rows[0].Seed, row.why)
		problems := strings.Join((&Result{Narrowed: true, Variants: rows}).Problems(), "\n")
		require.Equal(t, row.seed != "", strings.Contains(problems, ", with the seed 3; correct"), row.why)
	}
}

func TestWhatNothingShowsIsAProblem(t *testing.T) {
	valid := func() *Result {
		return &Result{
			Level: "inferred",
			Faults: []Row{{Subject: Subject{Name: "f", Breaks: []string{"r"}}, Verdict: record.NotConformant,
				Broken: []string{"r"}, Proves: []string{"r"}, AtLevel: true, Checks: []string{"c"}}},
			Checks: []Check{{"c", []string{"f"}}}, Requirements: []Requirement{{"r", "documented", []string{"f"},
				[]string{"f"}}},
		}
	}
	require.Empty(t, valid().Problems())
	for _, row := range []struct {
		spoil func(*Result)
		want  string
		why   string
	}{
		{func(m *Result) { m.Checks[0].Faults = nil }, "check c never fired for a requirement that a fault breaks; " +
			"add a fault that trips it to conformance/reference/faults_*.go", "a check that cannot fire is none"},
		{func(m *Result) { m.Requirements[0].Faults = nil }, "requirement r is proven by no fault; add one that " +
			"breaks it to conformance/reference/faults_*.go", "nobody knows whether it is judged"},
		{func(m *Result) { m.Requirements[0].Exact = nil }, "requirement r is documented, and no fault with it as " +
			"first requirement is found at that level and at no stronger one; add one that breaks only this " +
			"requirement to conformance/reference/faults_*.go, or correct the other findings",
			"its level is not shown"},
		{func(m *Result) { m.Faults[0].AtLevel = false; m.Faults[0].Broken = nil }, "fault f survives: it , and the " +
			"suite says not-conformant; write a case in fixtures/cases or a check in conformance/checks_*.go that " +
			"finds it", "the suite is blind"},
		{func(m *Result) { m.Waivers = []Waiver{{"check", "c", "why not"}} }, "waiver of check c is stale: the suite " +
			"finds it; remove the waiver", "the check fired"},
		{func(m *Result) { m.Waivers = []Waiver{{"fault", "f", "why not"}} }, "waiver of fault f is stale: the suite " +
			"finds it; remove the waiver", "the fault was caught"},
		{func(m *Result) { m.Waivers = []Waiver{{"requirement", "r", "why not"}} }, "waiver of requirement r is " +
			"stale: the suite finds it; remove the waiver", "it is proven"},
		{func(m *Result) { m.Waivers = []Waiver{{"level", "r", "why not"}} }, "waiver of level r is stale: the suite " +
			"finds it; remove the waiver", "its level is shown"},
		{func(m *Result) { m.Waivers = []Waiver{{"check", "d", "why not"}} }, "waiver of check d: unknown name; " +
			"remove the waiver", "a typing error waives nothing"},
		{func(m *Result) { m.Checks[0].Faults = nil; m.Waivers = []Waiver{{"check", "c", ""}} },
			"waiver of check c has no reason; give one", "a waiver says why"},
	} {
		m := valid()
		row.spoil(m)
		require.Equal(t, []string{row.want}, m.Problems(), row.why)
	}
	for _, row := range []struct {
		spoil  func(*Result)
		waiver Waiver
	}{
		{func(m *Result) { m.Checks[0].Faults = nil }, Waiver{"check", "c", "why"}},
		{func(m *Result) { m.Requirements[0].Faults = nil; m.Requirements[0].Exact = nil },
			Waiver{"requirement", "r", "why"}},
		{func(m *Result) { m.Requirements[0].Exact = nil }, Waiver{"level", "r", "why"}},
		{func(m *Result) { m.Faults[0].AtLevel = false }, Waiver{"fault", "f", "why"}},
	} {
		m := valid()
		row.spoil(m)
		require.NotEmpty(t, m.Problems())
		m.Waivers = []Waiver{row.waiver}
		require.Empty(t, m.Problems(), "waived: %v", row.waiver)
	}
	m := valid()
	m.Checks[0].Faults, m.Requirements[0].Faults, m.Narrowed = nil, nil, true
	require.Empty(t, m.Problems(), "a narrowed matrix says nothing of coverage")
}

func TestModesFollowTheStrongestFinding(t *testing.T) {
	for level, want := range map[record.Level][]Mode{
		record.Documented: {DocumentedAlone, Default, Strict},
		record.Standard:   {Default, Strict},
		record.Inferred:   {Strict},
	} {
		report := &record.Report{Cases: []record.CaseResult{{Findings: []record.Finding{
			{Level: record.Inferred}, {Level: level}, {Level: record.Inferred},
		}}}}
		require.Equal(t, want, row(Subject{}, report).Modes, level)
	}
}

func TestALevelLeavesWeakerFaultsOut(t *testing.T) {
	faults := []Subject{
		{Name: "strong", Breaks: []string{"response.created"}, Level: "documented", Wrap: lying},
		{Name: "weak", Breaks: []string{"error.form"}, Level: "inferred", Wrap: lying},
	}
	o := single()
	o.Level = record.Documented
	m, err := Run(t.Context(), load(t), faults, nil, true, o)
	require.NoError(t, err)
	require.Len(t, m.Faults, 1)
	require.Empty(t, m.Problems())
	for _, q := range m.Requirements {
		require.Equal(t, "documented", q.Level)
	}
	require.Less(t, len(m.Checks), len(load(t).Checks()))
}

func TestAFaultThatOnlyAHugeBodyShowsIsCaught(t *testing.T) {
	suite := load(t)
	require.NotEmpty(t, huge(suite))
	fragile := Subject{Name: "planted", Says: "breaks under a huge body", Breaks: []string{"request.hostile-json"},
		Level: "inferred", Wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength > 100_000 {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				h.ServeHTTP(w, r)
			})
		}}
	last := 0
	m, err := Run(t.Context(), suite, []Subject{fragile}, nil, true,
		Options{Progress: func(done, total int) { last = total - done }})
	require.NoError(t, err)
	require.Empty(t, m.Problems())
	require.Zero(t, last)
}

func TestSelectedTellsUnknownNames(t *testing.T) {
	got, unknown := Selected(written(load(t)), []string{"drops-id", "answers-200", "nonsense"})
	require.Equal(t, []string{"answers-200", "drops-id"}, []string{got[0].Name, got[1].Name})
	require.Equal(t, []string{"nonsense"}, unknown)
}

func TestAMatrixThatIsInterruptedIsNone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, load(t), written(load(t))[:3], nil, true, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestProgressIsToldAfterEachSubject(t *testing.T) {
	var got []int
	o := single()
	o.Progress = func(done, total int) {
		require.Equal(t, 3, total)
		got = append(got, done)
	}
	_, err := Run(t.Context(), load(t), written(load(t))[:3], nil, true, o)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, got)
}

func TestResultsAreWrittenWithTheirProblems(t *testing.T) {
	faults, _ := Selected(written(load(t)), []string{"answers-200"})
	faults = append(faults, Subject{Name: "more", Says: "answers 500", Breaks: []string{"action.id"}, Level: "inferred",
		Wrap: lying})
	faults = append(faults, Subject{Name: "planted", Says: "does | nothing", Breaks: []string{"action.id"},
		Level: "inferred", Wrap: none})
	m, err := Run(t.Context(), load(t), faults, Honest()[:1], true, single())
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, m.WriteJSON(&text))
	var back struct {
		Result
		Problems []string
	}
	require.NoError(t, json.Unmarshal(text.Bytes(), &back))
	require.Equal(t, m.Problems(), back.Problems)
	require.Equal(t, []string{"requestSample/valid/accepts-plain-request"}, back.Faults[0].Cases)
	require.Equal(t, []Mode{DocumentedAlone, Default, Strict}, back.Faults[0].Modes)
	require.True(t, back.Narrowed)

	text.Reset()
	require.NoError(t, m.WriteMarkdown(&text))
	require.Contains(t, text.String(), "| `answers-200` | documented | `response.created` | `response.created` | "+
		"`created` | `requestSample/valid/accepts-plain-request` |\n")
	require.Contains(t, text.String(), "- fault planted survives: it does \\| nothing, ")
	require.Contains(t, text.String(), "| `more` | `action.id` | `response.created` |\n")
	require.Contains(t, text.String(), "| `response.created` | documented | `answers-200` |\n")
	require.Contains(t, text.String(), "| `reference` | answers as the documents say | none |\n")
	require.Contains(t, m.Summary(1500000000), "3 faults: 2 caught, 1 for a requirement they break; 1 conforming "+
		"servers: 0 with a finding; ")
}

func TestAReportThatIsRefusedEndsTheMatrix(t *testing.T) {
	refused := errors.New("does not match")
	_, err := Matrix(t.Context(), load(t), Honest()[:1],
		Options{Only: []string{"requestSample/valid/accepts-plain-request"},
			Report: func(_ Subject, r *record.Report) error {
				require.Len(t, r.Cases, 1)
				return refused
			}})
	require.ErrorIs(t, err, refused)
}
