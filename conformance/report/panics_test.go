package report_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// panicked is the sample with a panic of the handler.
func panicked() *record.Report {
	r := sample()
	r.Panics = []record.Panic{{
		Value: "PANIC-VALUE " + hostile + "\n::error::x\n##vso[task.complete]", Requests: 7, Case: r.Cases[1].ID,
		Stack: []string{"main.serve /src/main.go:17", "net/http.HandlerFunc.ServeHTTP /go/server.go:2286"},
	}}
	return r
}

func TestFormatsForPeopleShowAPanicFirst(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ format, before string }{
		{"console", "FAIL "}, {"markdown", "### Failed"}, {"html", "<section id=\"requirements\""}, {"junit", ""},
	} {
		f, err := report.Find(row.format)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, f.Write(&b, panicked(), report.Style{}))
		text := b.String()
		at := strings.Index(text, "PANIC-VALUE")
		require.GreaterOrEqual(t, at, 0, row.format)
		require.Equal(t, 1, strings.Count(text, "PANIC-VALUE"), row.format)
		require.Contains(t, text, "main.serve", row.format)
		require.Contains(t, text, "/src/main.go:17", row.format)
		require.Contains(t, text, "in 7 requests, whose connections were closed without an answer; first in ",
			row.format)
		require.NotContains(t, text, "##vso[", row.format)
		require.NotContains(t, text, "\n::error", row.format)
		if row.before != "" {
			require.Less(t, at, strings.Index(text, row.before), row.format)
		}
	}
}

func TestJUnitHasAPanicInTheCaseThatMetItFirst(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := panicked()
	require.NoError(t, report.JUnit(&b, r, report.Style{}))
	var suites struct {
		Suites []struct {
			Cases []struct {
				Class string `xml:"classname,attr"`
				Name  string `xml:"name,attr"`
				Err   string `xml:"system-err"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &suites))
	var with []string
	for _, s := range suites.Suites {
		for _, c := range s.Cases {
			if c.Err != "" {
				with = append(with, c.Class+"/"+c.Name)
			}
		}
	}
	require.Equal(t, []string{r.Panics[0].Case}, with)
}

func TestTheRecordKeepsPanics(t *testing.T) {
	t.Parallel()
	var b, again bytes.Buffer
	r := panicked()
	r.Panics = append(r.Panics, record.Panic{Value: "without a frame", Requests: 1, Case: r.Cases[2].ID})
	require.NoError(t, report.JSON(&b, r))
	read, err := report.ReadJSON(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	require.Len(t, read.Panics, 2)
	require.Equal(t, r.Panics[0].Stack, read.Panics[0].Stack)
	require.NoError(t, report.JSON(&again, read))
	require.Equal(t, b.String(), again.String())
}

func TestASummaryNamesTheCause(t *testing.T) {
	t.Parallel()
	control := func(id string, x record.ExchangeResult) record.CaseResult {
		return record.CaseResult{ID: id, Outcome: record.Failed, Exchanges: []record.ExchangeResult{x}}
	}
	answered := func(statuses ...int) *record.Report {
		r := &record.Report{Verdict: record.NotConformant}
		for i, status := range statuses {
			id := string(rune('a' + i))
			x := record.ExchangeResult{Response: &record.Response{Status: status}}
			if status == 0 {
				x = record.ExchangeResult{Error: "connection refused"}
			}
			r.Cases = append(r.Cases, control(id, x), record.CaseResult{ID: "of-" + id, Control: id,
				Outcome: record.Inconclusive})
		}
		r.Totals.Requests = len(statuses)
		return r
	}
	reasoned := answered(401, 401)
	reasoned.Reason = "the token has expired"
	some := answered(201, 201, 401)
	some.Panics = []record.Panic{{Value: "x", Requests: 1}}
	all := answered(0, 0)
	all.Panics = []record.Panic{{Value: "x", Requests: 2}}
	for _, row := range []struct {
		r         *record.Report
		want, why string
	}{
		{answered(401, 401), "every valid request was answered 401 Unauthorized; is the token one that the target " +
			"accepts, and has not expired?", "the token"},
		{answered(404, 404), "every valid request was answered 404 Not Found; does the target serve these paths, and " +
			"know the machine and the file?", "the path"},
		{answered(418, 418), "every valid request was answered 418 I'm a teapot; see what the target says of it",
			"a status without a hint"},
		{answered(0, 0), "no valid request was answered: connection refused", "nobody there"},
		{answered(201, 401), "", "one was accepted"},
		{answered(200, 200), "", "they were accepted"},
		{answered(), "", "no control was sent"},
		{reasoned, "", "the verdict gives the reason itself"},
		{some, "", "a panic here and there explains not most of it"},
		{all, "the handler panicked in 2 requests; see above", "it always panics"},
	} {
		if got := report.Cause(row.r); got != row.want {
			t.Errorf("want %q, got %q: %s", row.want, got, row.why)
		}
		if row.want != "" {
			require.Contains(t, report.Summary(row.r, report.Style{}), "probable cause: "+row.want)
		}
	}
}
