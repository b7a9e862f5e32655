package conformance_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/record"
)

// otherStatus is the honest server with another status in the place of one.
func otherStatus(instead map[int]int) http.Handler {
	h := honest()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&statusWriter{w, instead}, r)
	})
}

type statusWriter struct {
	http.ResponseWriter
	instead map[int]int
}

func (w *statusWriter) WriteHeader(status int) {
	if other := w.instead[status]; other != 0 {
		status = other
	}
	w.ResponseWriter.WriteHeader(status)
}

// withCoverage is the suite with its generated cases.
func withCoverage(t *testing.T) *conformance.Suite {
	t.Helper()
	out, err := generate.Coverage(load(t))
	require.NoError(t, err)
	return out.Suite
}

func judgedBy(t *testing.T, h http.Handler, rules ...record.OwnRule) *record.Report {
	t.Helper()
	suite, err := withCoverage(t).WithRules(rules...)
	require.NoError(t, err)
	r, err := suite.Run(t.Context(), target(h), conformance.Options{
		Run: "^requestSample/(valid|body|auth|coverage/(open-violations|machine))/"})
	require.NoError(t, err)
	v, err := withCoverage(t).Verify(r)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
	return r
}

func TestAnOwnRuleAcceptsOtherStatuses(t *testing.T) {
	conflicts := otherStatus(map[int]int{400: 409})
	without := judgedBy(t, conflicts)
	require.Equal(t, record.NotConformant, without.Verdict)
	require.Contains(t, broken(without), "refusal.status-body")

	rule := record.OwnRule{Requirement: "refusal.status-body", Statuses: []int{422, 409, 400},
		Reason: "the gateway answers 409", Place: "fmaspec.yaml:7"}
	with := judgedBy(t, conflicts, rule)
	require.NotContains(t, broken(with), "refusal.status-body")
	require.Equal(t, []record.OwnRule{{Requirement: "refusal.status-body", Was: record.Standard,
		Statuses: []int{400, 409, 422}, Counted: []int{400, 422}, Reason: "the gateway answers 409",
		Place: "fmaspec.yaml:7"}}, with.Suite.OwnRules)
	require.Equal(t, "refusal.status-body counts 400, 409 or 422 in place of 400 or 422",
		with.Suite.OwnRules[0].Change())
	require.Equal(t, record.Conformant, judgedBy(t, honest(), rule).Verdict, "want no finding on who needs no rule")
}

func TestAnOwnRuleNarrowsTheStatuses(t *testing.T) {
	rule := record.OwnRule{Requirement: "refusal.status-body", Statuses: []int{422}, Reason: "clients match 422 alone"}
	require.Contains(t, broken(judgedBy(t, honest(), rule)), "refusal.status-body", "the server answers 400")
	r := judgedBy(t, otherStatus(map[int]int{400: 422}), rule)
	require.NotContains(t, broken(r), "refusal.status-body", "want those statuses to count that a case adds")
}

func TestAnOwnRuleChangesTheLevel(t *testing.T) {
	h := faulty(t, "answers-200")
	id := "response.created"
	before := judgedBy(t, h)
	require.Equal(t, record.NotConformant, before.Verdict)
	require.Equal(t, []string{id}, broken(before))

	milder := judgedBy(t, h, record.OwnRule{Requirement: id, Level: "inferred", Reason: "an old mock"})
	require.Equal(t, record.Conformant, milder.Verdict, milder.Reason)
	require.Equal(t, []string{id}, broken(milder))
	require.Positive(t, milder.Totals.Deviated)
	require.Equal(t, id+" is inferred in place of documented", milder.Suite.OwnRules[0].Change())

	off := judgedBy(t, h, record.OwnRule{Requirement: id, Level: "off", Reason: "an old mock"})
	require.Equal(t, record.Conformant, off.Verdict)
	require.Zero(t, off.Totals.Findings)
	for _, q := range off.Requirements {
		require.NotEqual(t, id, q.ID, "want no row for a requirement that is not judged")
	}
	require.Equal(t, id+" is off in place of documented", off.Suite.OwnRules[0].Change())
}

func TestAnOwnRuleSwitchesOffWhatAnswersShowTogether(t *testing.T) {
	h := faulty(t, "answers-first-machine-id")
	before := judgedBy(t, h)
	var rules []record.OwnRule
	for _, id := range broken(before) {
		rules = append(rules, record.OwnRule{Requirement: id, Level: "off", Reason: "the mock answers from a file"})
	}
	require.NotEmpty(t, rules)
	require.Zero(t, judgedBy(t, h, rules...).Totals.Findings)
}

func TestOptionsHoldOwnRules(t *testing.T) {
	rules := []record.OwnRule{{Requirement: "response.created", Level: "off", Reason: "an old mock"}}
	o := conformance.Options{Rules: rules, Run: few("^requestSample/valid/")}
	require.Equal(t, record.Conformant, run(t, target(faulty(t, "answers-200")), o).Verdict)

	ruled, err := load(t).WithRules(rules...)
	require.NoError(t, err)
	_, err = ruled.Plan(t.Context(), target(honest()), o)
	require.ErrorContains(t, err, "the suite has own rules already; give all of them at once")
}

func TestOwnRulesWithErrorsAreReportedAtOnce(t *testing.T) {
	_, err := load(t).WithRules(
		record.OwnRule{Requirement: "refusal.status-bod", Level: "off", Reason: "r", Place: "fmaspec.yaml:1"},
		record.OwnRule{Requirement: "refusal.status-body", Place: "fmaspec.yaml:2"},
		record.OwnRule{Requirement: "refusal.status-body", Level: "off", Reason: "r", Place: "fmaspec.yaml:3"},
		record.OwnRule{Requirement: "response.created", Statuses: []int{200}, Reason: "r", Place: "fmaspec.yaml:4"},
		record.OwnRule{Requirement: "refusal.status-auth", Statuses: []int{401, 200}, Reason: "r",
			Place: "fmaspec.yaml:5"},
		record.OwnRule{Requirement: "error.form", Level: "of", Reason: "r", Place: "fmaspec.yaml:6"},
		record.OwnRule{Requirement: "operation.exists", Level: "documented", Reason: "r", Place: "fmaspec.yaml:7"},
		record.OwnRule{Requirement: "refusal.status-role", Statuses: []int{404, 403}, Reason: "r"},
	)
	require.Error(t, err)
	require.Equal(t, []string{
		`fmaspec.yaml:1: unknown requirement "refusal.status-bod" (did you mean "refusal.status-body"?); fmaspec list ` +
			`requirements lists them`,
		`fmaspec.yaml:2: the rule on refusal.status-body: it has no reason; say why the requirement is judged in ` +
			`another way`,
		`fmaspec.yaml:2: the rule on refusal.status-body: it changes nothing; give a level, or statuses`,
		`fmaspec.yaml:3: the rule on refusal.status-body: there is one at fmaspec.yaml:2 too; write one rule with both ` +
			`changes`,
		`fmaspec.yaml:4: the rule on response.created: it is not on the status of a refusal, so that it takes no ` +
			`statuses; those that do are ` + strings.Join(aboutStatus(t), ", "),
		`fmaspec.yaml:5: the rule on refusal.status-auth: 200 is no status of a refusal; give numbers from 400 to 599`,
		`fmaspec.yaml:6: the rule on error.form: unknown level "of"; levels are documented, standard, inferred, off`,
		`fmaspec.yaml:7: the rule on operation.exists: the requirement is documented already; take the level out`,
		`own rule: the rule on refusal.status-role: these statuses count already; take them out`,
	}, strings.Split(err.Error(), "\n"))
}

func aboutStatus(t *testing.T) (ids []string) {
	t.Helper()
	suite := load(t)
	for _, r := range suite.Requirements {
		if slices.Contains([]conformance.Kind{conformance.RefusalStatus, conformance.RefusalBody,
			conformance.RefusalRole}, suite.KindOf(r.ID)) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func TestOwnRulesOfAReportAreThoseThatItWasJudgedBy(t *testing.T) {
	rule := record.OwnRule{Requirement: "response.created", Level: "off", Reason: "an old mock"}
	r := judgedBy(t, honest(), rule)
	r.Suite.OwnRules[0].Was = record.Inferred
	v, err := withCoverage(t).Verify(r)
	require.NoError(t, err)
	require.NotEmpty(t, v.Differences, "want a level that was never that of the requirement to be found")

	r.Suite.OwnRules[0].Requirement = "no.such"
	_, err = withCoverage(t).Verify(r)
	require.ErrorContains(t, err, "the own rules of the report are not those of a run")
}
