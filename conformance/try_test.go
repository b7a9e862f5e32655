package conformance_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// tried starts a session with the plain case of one operation, and returns a case that the
// plan does not have.
func tried(t *testing.T, h http.Handler, o conformance.Options) (*conformance.Session, *conformance.Case) {
	t.Helper()
	suite := load(t)
	o.Run = "^requestSample/valid/accepts-plain-request$"
	plan, err := suite.Plan(t.Context(), conformance.Target{Handler: h, Token: "a-token-of-this-test"}, o)
	require.NoError(t, err)
	s, err := plan.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { s.Close(context.Background()) })
	like := *suite.Case("requestSample/valid/accepts-unicode-comment")
	like.ID = "requestSample/beside/unicode"
	return s, &like
}

func TestACaseThatIsTriedIsInTheReportOnceItIsKept(t *testing.T) {
	fails := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	s, c := tried(t, fails, conformance.Options{})
	s.DoAll(t.Context())
	got, err := s.Try(t.Context(), c)
	require.NoError(t, err)
	require.Len(t, got.Exchanges, 1)
	require.NotEmpty(t, got.Findings)
	require.Equal(t, c.ID, got.Findings[0].Case)
	require.Len(t, s.Report().Cases, 1)

	require.NoError(t, s.Keep(t.Context(), c, got.Exchanges))
	require.ErrorContains(t, s.Keep(t.Context(), c, got.Exchanges), "give this one another id")
	report := s.Close(t.Context())
	require.Len(t, report.Cases, 2)
	require.Equal(t, c.ID, report.Cases[0].ID, "the cases are in the order of their ids")
	require.Equal(t, got.Exchanges[0].Request, report.Cases[0].Exchanges[0].Request)

	_, err = s.Try(t.Context(), c)
	require.ErrorContains(t, err, "the session is closed")
	require.ErrorContains(t, s.Keep(t.Context(), c, got.Exchanges), "the session is closed")
}

func TestTheAnswersOfTriesAreComparedWithOthers(t *testing.T) {
	h := reference.New(reference.Config{Token: "a-token-of-this-test",
		NewID: func() string { return "5a5a0dee-bb32-4de3-a9b7-b1a32f4f5a9c" }})
	s, c := tried(t, h, conformance.Options{})
	s.DoAll(t.Context())
	got, err := s.Try(t.Context(), c)
	require.NoError(t, err)
	require.Len(t, got.Findings, 1)
	require.Equal(t, "ids-fresh", got.Findings[0].Check)
}

func TestATryIsSentUnderTheGuardOfItsSession(t *testing.T) {
	suite := load(t)
	plan, err := suite.Plan(t.Context(), conformance.Target{URL: "https://elsewhere.example", Token: "a-token"},
		conformance.Options{Run: "^requestSample/body/refuses-missing-comment$"})
	require.NoError(t, err)
	s, err := plan.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { s.Close(context.Background()) })
	like := *suite.Case("requestSample/valid/accepts-request-sample-example")
	like.ID = "requestSample/beside/example"
	_, err = s.Try(t.Context(), &like)
	var not *conformance.NotSentError
	require.ErrorAs(t, err, &not)
	require.Equal(t, record.Skipped, not.Outcome)
}
