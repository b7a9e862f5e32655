package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/report"
)

// written is the report as a file holds it.
func written(t *testing.T, r *record.Report) *record.Report {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.JSON(&b, r))
	out, err := report.ReadJSON(&b)
	require.NoError(t, err)
	return out
}

func TestVerifyBearsOutAnHonestRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite seven times, and verifies each run")
	}
	t.Parallel()
	suite := load(t)
	for _, o := range []conformance.Options{{}, {Repeat: 3, Parallel: 4}, {Level: record.Documented, Skip: "auth/"},
		{Strict: true, Run: "^requestSample/body"}} {
		r, err := suite.Run(t.Context(), conformance.Target{Handler: reference.New(
			reference.Config{Token: "fmaspec-made-up-token"}), Token: "fmaspec-made-up-token",
			InvalidToken: "an-expired-token", UnknownMachine: "0123", OtherMachine: "4567"}, o)
		require.NoError(t, err)
		v, err := suite.Verify(written(t, r))
		require.NoError(t, err)
		require.Empty(t, v.Differences)
		taken, absent := places(v, "kept in part"), places(v, "without an exchange")
		for _, one := range taken { // of repetitions that found nothing, long bodies are not kept
			require.Regexp(t, "(huge|very-long)-comment#[1-9]", one)
		}
		for _, one := range absent {
			require.Regexp(t, "FMASPEC_(UNPRIVILEGED|SECURITY_ADMIN|GLOBAL_ADMIN)_TOKEN", one)
		}
		require.Equal(t, r.Totals.Requests, v.Exchanges+len(taken))
		require.Equal(t, r.Totals.Total, v.Cases+len(absent))
	}
}

// places are those of the exceptions of one kind.
func places(v *conformance.Verification, what string) (out []string) {
	for _, e := range v.Exceptions {
		if strings.Contains(e.What, what) {
			out = append(out, e.Places...)
		}
	}
	return out
}

// recordOf returns the record of a run of a few cases on a server with a fault, as a file has it.
func recordOf(t *testing.T, suite *conformance.Suite, fault string, o conformance.Options) *record.Report {
	t.Helper()
	r, err := suite.Run(t.Context(), target(faulty(t, fault)), o)
	require.NoError(t, err)
	require.Equal(t, record.NotConformant, r.Verdict)
	return written(t, r)
}

func TestVerifyNamesWhatTheExchangesDoNotBearOut(t *testing.T) {
	t.Parallel()
	suite := load(t)
	const plain, refused = "requestSample/valid/accepts-plain-request",
		"requestSample/auth/refuses-missing-authorization"
	for _, row := range []struct {
		why, place, recorded, found string
		change                      func(*record.Report)
	}{
		{"a failure told as a pass", "case " + plain, "passed", "failed",
			func(r *record.Report) { of(r, plain).Outcome = record.Passed }},
		{"a pass told as a failure", "case " + refused, "failed", "passed", func(r *record.Report) {
			of(r, refused).Outcome = record.Failed
		}},
		{"a finding left out", "finding created " + plain + "#0 status", "absent", "documented response.created " +
			"(created) at answer 1: want 201, got 200", func(r *record.Report) { of(r, plain).Findings = nil }},
		{"a finding made up", "finding made " + plain + "#0 up", "documented action.id (made) at answer 1: want " +
			"this, got that", "not found", func(r *record.Report) {
			c := of(r, plain)
			c.Findings = append(c.Findings, record.Finding{Key: "made " + plain + "#0 up", Case: plain, Check: "made",
				Requirement: "action.id", Level: record.Documented, Place: "up", Want: "this", Got: "that"})
		}},
		{"a finding mildened", "finding created " + plain + "#0 status", "inferred response.created (created) at " +
			"answer 1: want 201, got 200", "not found",
			func(r *record.Report) { of(r, plain).Findings[0].Level = record.Inferred }},
		{"another status", "case " + plain, "failed", "passed",
			func(r *record.Report) { of(r, plain).Exchanges[0].Response.Status = 201 }},
		{"another request body", "exchange " + plain + "#0 request body", "{}", "",
			func(r *record.Report) { of(r, plain).Exchanges[0].Request.Body = []byte("{}") }},
		{"another method", "exchange " + plain + "#0 method", "GET", "POST",
			func(r *record.Report) { of(r, plain).Exchanges[0].Request.Method = "GET" }},
		{"another form of the target", "exchange " + plain + "#0 form of the target", "absolute: true",
			"absolute: false", func(r *record.Report) { of(r, plain).Exchanges[0].Request.Absolute = true }},
		{"another URL", "exchange " + plain + "#0 URL", "http://in-memory/", "",
			func(r *record.Report) { of(r, plain).Exchanges[0].Request.URL = "http://in-memory/" }},
		{"no token sent", "exchange " + plain + "#0 header Authorization", "absent, another, or not in its place",
			"Bearer $FMASPEC_TOKEN", func(r *record.Report) {
				x := &of(r, plain).Exchanges[0]
				x.Request.Header = slices.DeleteFunc(x.Request.Header,
					func(f record.Field) bool { return f.Name == "Authorization" })
			}},
		{"a case left out", "case " + plain, "absent", "one that a run with these settings selects",
			func(r *record.Report) {
				r.Cases = slices.DeleteFunc(r.Cases, func(c record.CaseResult) bool { return c.ID == plain })
			}},
		{"a case told twice", "case " + plain, "recorded twice", "one case",
			func(r *record.Report) { r.Cases = append(r.Cases, *of(r, plain)) }},
		{"a case that was not selected", "case requestSample/other/x", "one of the run", "none that a run with these " +
			"settings selects", func(r *record.Report) {
			c := *of(r, plain)
			c.ID = "requestSample/other/x"
			r.Cases = append(r.Cases, c)
		}},
		{"another title", "case " + plain, "Is a teapot.", "",
			func(r *record.Report) { of(r, plain).Title = "Is a teapot." }},
		{"an exchange left out", "case " + plain, "failed", "a case of which exchanges are missing",
			func(r *record.Report) { of(r, plain).Exchanges = nil }},
		{"a failure told as not applicable", "case " + plain, "not-applicable: needs a token of its own",
			"a case of which exchanges are missing", func(r *record.Report) {
				c := of(r, plain)
				c.Outcome, c.Reason, c.Findings, c.Exchanges = record.NotApplicable, "needs a token of its own", nil,
					nil
			}},
		{"an exchange too many", "exchange " + plain + "#1", "one of the run", "none that a run with these settings " +
			"makes, or not in its place", func(r *record.Report) {
			c := of(r, plain)
			more := c.Exchanges[0]
			more.Step = 1
			c.Exchanges = append(c.Exchanges, more)
		}},
		{"an exchange twice", "exchange " + plain + "#0", "one of the run", "none that a run with these settings " +
			"makes, or not in its place", func(r *record.Report) {
			c := of(r, plain)
			c.Exchanges = append(c.Exchanges, c.Exchanges[0])
		}},
		{"another verdict", "verdict", "conformant", "not-conformant",
			func(r *record.Report) { r.Verdict = record.Conformant }},
		{"other totals", "totals", "", "", func(r *record.Report) { r.Totals.Failed-- }},
		{"a requirement whitewashed", "requirement response.created", "", "", func(r *record.Report) {
			for i := range r.Requirements {
				r.Requirements[i].Outcome = record.Passed
			}
		}},
		{"a requirement left out", "requirements", "", "",
			func(r *record.Report) { r.Requirements = r.Requirements[1:] }},
		{"another line of an operation", "operations", "", "", func(r *record.Report) { r.Operations[0].Line++ }},
		{"a secret that did not come", "exchange " + refused + "#0 leaked", "true", "an answer in which nothing was " +
			"struck out", func(r *record.Report) { of(r, refused).Exchanges[0].Leaked = true }},
		{"a token that did not come", "exchange " + refused + "#0 token_in", "body", "an answer in which nothing was " +
			"struck out", func(r *record.Report) { of(r, refused).Exchanges[0].TokenIn = []string{"body"} }},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			r := recordOf(t, suite, "answers-200",
				conformance.Options{Run: "^requestSample/(valid/accepts-plain|auth/refuses-missing-auth)"})
			row.change(r)
			v, err := suite.Verify(r)
			require.NoError(t, err)
			for _, d := range v.Differences {
				if d.Place == row.place && (row.recorded == "" || d.Recorded == row.recorded) &&
					(row.found == "" || d.Found == row.found) {
					return
				}
			}
			t.Errorf("want a difference at %q: %q, and %q; got %q", row.place, row.recorded, row.found, v.Differences)
		})
	}
}

func of(r *record.Report, id string) *record.CaseResult {
	return &r.Cases[slices.IndexFunc(r.Cases, func(c record.CaseResult) bool { return c.ID == id })]
}

func TestVerifyTellsNothingOfAnotherSuite(t *testing.T) {
	t.Parallel()
	suite := load(t)
	for _, row := range []struct {
		want   string
		change func(*record.Report)
	}{
		{"the report is of version 0.0.9, and this suite of " + conformance.Version + "; verify it with that version " +
			"of fmaspec", func(r *record.Report) { r.Suite.Version = "0.0.9" }},
		{"the report is of contract none, and this suite of " + suite.Contract + "; verify it with the fmaspec that " +
			"wrote it", func(r *record.Report) { r.Suite.Contract = "" }},
		{"the report is of fixtures 0, and this suite of " + suite.Fixtures + "; name with -fixtures the folders " +
			"that the run named, as they were, or use the fmaspec that wrote it",
			func(r *record.Report) { r.Suite.Fixtures = "0" }},
		{`-run "(" : missing`, func(r *record.Report) { r.Suite.Run = "(" }},
	} {
		r := recordOf(t, suite, "answers-200", conformance.Options{Run: "^requestSample/valid/accepts-plain"})
		row.change(r)
		_, err := suite.Verify(r)
		var misuse *conformance.UsageError
		require.ErrorAs(t, err, &misuse)
		if r.Suite.Run != "(" {
			require.EqualError(t, err, row.want)
		}
	}
}

func TestVerifyTakesOverWhatTheRecordHoldsOnlyInPart(t *testing.T) {
	t.Parallel()
	suite := load(t)
	long := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		fmt.Fprintf(w, `{"long": "%s"}`, strings.Repeat("x", 100<<10))
	})
	r, err := suite.Run(t.Context(), target(long), conformance.Options{Run: "^requestSample/valid/accepts-plain"})
	require.NoError(t, err)
	r = written(t, r)
	require.True(t, r.Cases[0].Exchanges[0].Response.Shortened)
	require.False(t, r.Cases[0].Exchanges[0].Response.Truncated)
	v, err := suite.Verify(r)
	require.NoError(t, err)
	require.Empty(t, v.Differences)
	require.Equal(t, []string{"requestSample/valid/accepts-plain-request#0"}, places(v, "1 answer kept in part"))
}

func TestVerifyBearsOutARunThatWasStopped(t *testing.T) {
	t.Parallel()
	suite := load(t)
	ctx, stop := context.WithCancel(t.Context())
	server := reference.New(reference.Config{Token: token})
	var served atomic.Int32
	r, err := suite.Run(ctx, target(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if served.Add(1) == 40 {
			stop()
		}
		server.ServeHTTP(w, q)
	})), conformance.Options{})
	require.NoError(t, err)
	require.True(t, r.Interrupted)
	v, err := suite.Verify(written(t, r))
	require.NoError(t, err)
	require.Empty(t, v.Differences)
	require.NotEmpty(t, places(v, "without an exchange"))
	require.NotEmpty(t, places(v, "a run that was interrupted"))
}
