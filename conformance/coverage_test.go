package conformance_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/record"
)

// placed returns the row of a place.
func placed(t *testing.T, c *record.Coverage, operation, place string) record.CoverageRow {
	t.Helper()
	i := slices.IndexFunc(c.Rows, func(r record.CoverageRow) bool {
		return r.Operation == operation && r.Place == place
	})
	require.GreaterOrEqual(t, i, 0, "want a row for %s %s", operation, place)
	return c.Rows[i]
}

func TestWrittenCasesMeetEveryPlaceOfTheContract(t *testing.T) {
	t.Parallel()
	c := run(t, target(honest()), conformance.Options{MinCoverage: 100}).Coverage
	require.Empty(t, c.Missed())
	require.Equal(t, c.Places, c.Met)
	require.False(t, c.Fails())
	for _, place := range []string{"body type", "body /Comment pattern", "body /Sha1 required", "body JSON text",
		"header Authorization: scheme", "header Content-Type: media type"} {
		row := placed(t, c, "stopAndQuarantineFile", place)
		require.Positive(t, row.Written.Valid, place)
		require.Positive(t, row.Written.Invalid, place)
		require.Zero(t, row.Generated, place)
	}
	row := placed(t, c, "requestSample", "header Content-Type: one field")
	require.Positive(t, row.Valid())
	require.Zero(t, row.Invalid(), "want no case that is to be refused for want of Content-Type")
	require.Contains(t, row.Open, "RFC 9110 8.3")
	require.Empty(t, row.Lacks(), "want a place that is open not missed")
	created := placed(t, c, "requestSample", "status 201")
	require.Positive(t, created.Valid())
	require.Zero(t, created.Invalid())
}

func TestGeneratedCasesAreCountedApart(t *testing.T) {
	t.Parallel()
	with, err := generate.Coverage(load(t))
	require.NoError(t, err)
	r, err := with.Suite.Run(t.Context(), target(honest()), conformance.Options{
		Run: "^requestSample/(valid/accepts-plain-request|coverage/(type|scheme)/)"})
	require.NoError(t, err)
	row := placed(t, r.Coverage, "requestSample", "body /Sha1 type")
	require.Equal(t, record.CoverageCount{Valid: 1}, row.Written)
	require.Positive(t, row.Generated.Invalid)
	require.Zero(t, row.Generated.Valid)
	require.Equal(t, "valid or invalid", placed(t, r.Coverage, "stopAndQuarantineFile", "body type").Lacks())
}

func TestACaseThatIsLeftOutShowsAsNotMet(t *testing.T) {
	t.Parallel()
	c := run(t, target(honest()), conformance.Options{MinCoverage: 100,
		Skip: "^requestSample/(auth|state)/refuses-user-without-role"}).Coverage
	missed := c.Missed()
	require.Len(t, missed, 1)
	require.Equal(t, "requestSample header Authorization: token of a user with the role",
		missed[0].Operation+" "+missed[0].Place)
	require.Equal(t, "invalid", missed[0].Lacks())
	require.True(t, c.Fails())
	require.Equal(t, c.Places-1, c.Met)
}

func TestCoverageCountsOnlyWhatWasJudged(t *testing.T) {
	t.Parallel()
	status := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	for name, row := range map[string]struct {
		target conformance.Target
		met    func(record.CoverageRow) bool
		why    string
	}{
		"refuses everything": {target(status(http.StatusBadRequest)),
			func(r record.CoverageRow) bool { return r.Invalid() > 0 && r.Open == "" },
			"a refusal whose control is refused too proves nothing"},
		"is overloaded": {target(status(http.StatusTooManyRequests)),
			func(r record.CoverageRow) bool { return r.Valid()+r.Invalid() > 0 }, "a 429 is not judged"},
		"lacks the other tokens": {conformance.Target{Handler: honest(), Token: token},
			func(r record.CoverageRow) bool {
				return r.Place == "header Authorization: token that was issued" && r.Invalid() > 0
			}, "the cases were not sent"},
	} {
		c := run(t, row.target, conformance.Options{Run: "^requestSample/(auth|body|valid)/"}).Coverage
		for _, r := range c.Rows {
			if row.met(r) {
				t.Errorf("%s: want nothing met, since %s, got %+v", name, row.why, r)
			}
		}
	}
}

func TestRepetitionsDoNotAddToTheCoverage(t *testing.T) {
	t.Parallel()
	o := conformance.Options{Run: "^requestSample/(body|valid)/"}
	once := run(t, target(honest()), o).Coverage
	o.Repeat = 3
	require.Equal(t, once, run(t, target(honest()), o).Coverage)

	// Nor do the exchanges of a session that are not kept.
	plan, err := load(t).Plan(t.Context(), target(honest()), conformance.Options{Run: o.Run})
	require.NoError(t, err)
	s, err := plan.Start(t.Context())
	require.NoError(t, err)
	s.DoAll(t.Context())
	for _, c := range load(t).Cases {
		if c.ID == "requestSample/valid/accepts-plain-request" {
			for range 20 {
				_, err := s.Do(t.Context(), c)
				require.NoError(t, err)
			}
		}
	}
	require.Equal(t, once, s.Close(t.Context()).Coverage)
}

func TestALevelLeavesOutThePlacesOfWeakerRequirements(t *testing.T) {
	t.Parallel()
	c := run(t, target(honest()), conformance.Options{Level: record.Documented}).Coverage
	for _, r := range c.Rows {
		require.NotContains(t, r.Place, "pattern", "the patterns are inferred")
	}
	require.Positive(t, placed(t, c, "requestSample", "body /Sha1 type").Invalid())
}

func TestStatusesThatDoNotCountAreMetInvalid(t *testing.T) {
	t.Parallel()
	r := run(t, target(faulty(t, "answers-200")), conformance.Options{Run: "^requestSample/valid/"})
	require.Positive(t, placed(t, r.Coverage, "requestSample", "status 200").Invalid())
	require.Zero(t, placed(t, r.Coverage, "requestSample", "status 201").Valid())
}

func TestCoverageOfAnotherContractIsOfItsOwnKeywords(t *testing.T) {
	t.Parallel()
	suite, err := conformance.Load(invented())
	require.NoError(t, err)
	for _, op := range suite.Operations {
		_, rules := suite.RequestSchema(op)
		plan, err := suite.Plan(t.Context(), target(http.NotFoundHandler()), conformance.Options{})
		require.NoError(t, err)
		s, err := plan.Start(t.Context())
		require.NoError(t, err)
		c := s.Close(t.Context()).Coverage
		for _, rule := range rules {
			place := "body " + rule.Pointer + " " + rule.Keyword
			if rule.Pointer == "" {
				place = "body " + rule.Keyword
			}
			row := placed(t, c, op.ID, place)
			require.Equal(t, "valid or invalid", row.Lacks(), "nothing was sent")
		}
	}
}

func TestAPercentageOfCoverageIsOneOfAHundred(t *testing.T) {
	for _, percent := range []int{-1, 101} {
		_, err := load(t).Plan(t.Context(), target(honest()), conformance.Options{MinCoverage: percent})
		var misuse *conformance.UsageError
		require.ErrorAs(t, err, &misuse)
		require.ErrorContains(t, err, "give a percentage from 1 to 100, or 0 for none")
	}
}

func TestVerifyComparesTheCoverage(t *testing.T) {
	t.Parallel()
	suite := load(t)
	whole, err := suite.Run(t.Context(), target(honest()), conformance.Options{
		Run: "^requestSample/(valid/accepts-plain|body/refuses-number)", MinCoverage: 90,
		Settings: []record.Setting{{Flag: "min-coverage", Value: "90"}}})
	require.NoError(t, err)
	require.True(t, whole.Coverage.Fails())
	for why, forge := range map[string]func(*record.Report){
		"":                 func(*record.Report) {},
		"a row":            func(r *record.Report) { r.Coverage.Rows[0].Generated.Invalid++ },
		"a row is gone":    func(r *record.Report) { r.Coverage.Rows = r.Coverage.Rows[1:] },
		"what was met":     func(r *record.Report) { r.Coverage.Met = r.Coverage.Places },
		"what was asked":   func(r *record.Report) { r.Coverage.Least = 0 },
		"no percentage":    func(r *record.Report) { r.Coverage.Least = 101 },
		"all of it":        func(r *record.Report) { r.Coverage = nil },
		"a place is open":  func(r *record.Report) { r.Coverage.Rows[0].Open = "so it is" },
		"another place":    func(r *record.Report) { r.Coverage.Rows[0].Place = "body /Comment" },
		"other statistics": func(r *record.Report) { r.Coverage.Places-- },
	} {
		r := written(t, whole)
		forge(r)
		v, err := suite.Verify(r)
		require.NoError(t, err, why)
		require.Equal(t, why == "", len(v.Differences) == 0, "%s: %v", why, v.Differences)
	}
}
