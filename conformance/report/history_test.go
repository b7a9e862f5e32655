package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// run is the sample as it was on a day of December 2017, with one requirement of that outcome.
func runOf(day int, change func(r *record.Report)) *record.Report {
	r := sample()
	r.Baseline = nil
	r.Started = time.Date(2017, 12, day, 10, 0, 0, 0, time.UTC)
	if change != nil {
		change(r)
	}
	return r
}

// with sets what a run says of action.types: "broken", "kept", "undecided", or "absent".
func with(state string) func(*record.Report) {
	return func(r *record.Report) {
		i := slices.IndexFunc(r.Requirements, func(q record.RequirementResult) bool { return q.ID == "action.types" })
		q := &r.Requirements[i]
		switch state {
		case "kept":
			q.State, q.Outcome, q.Findings = "exercised", record.Passed, 0
		case "undecided":
			q.State, q.Outcome, q.Findings = "declared", record.Inconclusive, 0
		case "absent":
			r.Requirements = slices.Delete(r.Requirements, i, i+1)
		case "interrupted":
			q.State, q.Outcome, q.Findings = "exercised", record.Passed, 0
			r.Verdict, r.Interrupted = record.Unjudged, true
		}
	}
}

// past reads runs as a folder of reports has them.
func past(t *testing.T, runs ...*record.Report) []*report.Past {
	t.Helper()
	out := []*report.Past{}
	for _, r := range runs {
		p, err := report.ReadPast(strings.NewReader(render(t, "json", r, report.Style{})))
		require.NoError(t, err)
		require.True(t, p.Started().Equal(r.Started))
		out = append(out, p)
	}
	return out
}

func TestHTMLSaysSinceWhenARequirementIsBroken(t *testing.T) {
	for _, row := range []struct {
		states []string // from the first of December on; the last is that of the report
		want   string
	}{
		{[]string{"broken"}, "not known: there is no earlier report"},
		{[]string{"kept", "broken"}, "new: it was kept on 2017-12-01 10:00 UTC"},
		{[]string{"broken", "kept", "broken", "broken", "broken"},
			"since 2017-12-03 10:00 UTC, in 3 reports; kept on 2017-12-02 10:00 UTC"},
		{[]string{"broken", "broken"}, "since 2017-12-01 10:00 UTC or earlier: that is the first report"},
		{[]string{"kept", "undecided", "broken", "broken"},
			"at least since 2017-12-03 10:00 UTC: the report of 2017-12-02 10:00 UTC does not tell; it was kept on " +
				"2017-12-01 10:00 UTC"},
		{[]string{"broken", "interrupted", "undecided", "broken"},
			"at least since 2017-12-04 10:00 UTC: the report of 2017-12-03 10:00 UTC does not tell; it was broken " +
				"before too, on 2017-12-01 10:00 UTC"},
		{[]string{"absent", "broken"}, "at least since 2017-12-02 10:00 UTC: the report of 2017-12-01 10:00 UTC does " +
			"not tell"},
		{[]string{"interrupted", "broken"}, "at least since 2017-12-02 10:00 UTC: the report of 2017-12-01 10:00 UTC " +
			"does not tell"},
	} {
		var runs []*record.Report
		for i, state := range row.states {
			runs = append(runs, runOf(i+1, with(state)))
		}
		all := past(t, runs...) // with that of the report itself, as a folder has it
		slices.Reverse(all)     // the order does not matter
		page := shown(render(t, "html", runs[len(runs)-1], report.Style{History: all}))
		first := between(page, `<code>action.types</code>`, `</li>`)
		require.Contains(t, first, row.want, row.states)
	}
}

func TestHTMLComparesWithReportsOfTheSameKindAlone(t *testing.T) {
	now := runOf(20, nil)
	all := past(t, runOf(1, nil), runOf(2, func(r *record.Report) { r.Target.Name = "another" }),
		runOf(3, func(r *record.Report) { r.Suite.Contract = "another" }),
		runOf(4, func(r *record.Report) { r.Suite.Run = "another" }),
		runOf(5, func(r *record.Report) { r.Suite.Strict = true }),
		runOf(6, func(r *record.Report) { r.Subject = record.ClientSubject }), runOf(21, nil), now)
	page := shown(render(t, "html", now, report.Style{History: all}))
	require.Contains(t, page, "Compared with 1 earlier report of this target, contract and choice of cases. Left out: "+
		"1 at another level, 1 not earlier, 1 of another contract, 1 of another subject, 1 of another target, 1 of "+
		"other cases.")
	require.Contains(t, page, "<summary>2 runs</summary>")
	require.Equal(t, 2, strings.Count(page, `<svg class="chart"`))

	alone := shown(render(t, "html", now, report.Style{}))
	require.NotContains(t, alone, `id="trend"`)
	require.Contains(t, alone, "This report alone does not tell")
	none := shown(render(t, "html", now, report.Style{History: []*report.Past{}}))
	require.Contains(t, none, "There is no earlier report that it can be compared with.")
	require.Equal(t, render(t, "json", now, report.Style{}), render(t, "json", now, report.Style{History: all}),
		"the history is no part of the record")
}

func TestHTMLSaysHowMuchIsNew(t *testing.T) {
	for state, want := range map[string]string{
		"kept":   "1 of 3 new since 2017-12-01 10:00 UTC; the oldest is in the report of 2017-12-01 10:00 UTC.",
		"broken": "Nothing is new since 2017-12-01 10:00 UTC; the oldest is in the report of 2017-12-01 10:00 UTC.",
	} {
		page := shown(render(t, "html", runOf(2, nil), report.Style{History: past(t, runOf(1, with(state)))}))
		require.Contains(t, page, want)
	}
}

func TestHTMLNamesWhatWasRepaired(t *testing.T) {
	page := shown(render(t, "html", runOf(2, with("kept")), report.Style{History: past(t, runOf(1, with("broken")))}))
	require.Contains(t, page, `Repaired since the report before: <a href="#requirement-action.types">action.types</a>.`)
}

func TestHTMLDrawsAtMostFortyRuns(t *testing.T) {
	var runs []*report.Past
	for i := range 60 {
		r := runOf(1, nil)
		r.Started = r.Started.Add(time.Duration(i) * time.Minute)
		if i == 30 {
			r.Verdict = record.Unjudged
		}
		runs = append(runs, report.PastOf(r))
	}
	page := render(t, "html", runOf(2, nil), report.Style{History: runs})
	require.Contains(t, page, "<summary>40 runs</summary>")
	require.Equal(t, 2, strings.Count(page, `<rect class="bar now"`))
	require.Equal(t, 2, strings.Count(page, `<rect class="away"`), "a run without a verdict is none of zero")
}

func TestReadPastReadsNoFurtherThanItMust(t *testing.T) {
	text := render(t, "json", sample(), report.Style{})
	head, _, found := strings.Cut(text, `"cases": [`+"\n")
	require.True(t, found)
	_, err := report.ReadPast(strings.NewReader(head + `"cases": [ cut off`))
	require.NoError(t, err)
	// The order of the members is that of the writer.
	_, err = report.ReadPast(strings.NewReader(`{"cases": [{"id": 7}], ` + strings.TrimPrefix(head, "{") +
		`"cases": []}`))
	require.NoError(t, err)
	for _, row := range []struct{ text, want string }{
		{"", "it ends too early"},
		{"[]", "it is no JSON object"},
		{"<html>", "invalid character"},
		{`{"a": 1}`, `it is no report: it has no member "$schema"`},
		{head[:200], "it ends too early"},
		{strings.Replace(text, report.Schema, "https://example.com", 1), "its $schema is not " + report.Schema},
		{strings.Replace(text, `"started": "2017`, `"started": "x`, 1), "it is no report: "},
		{strings.Replace(text, `"level": "documented"`, `"level": "hearsay"`, 1), `unknown level "hearsay"`},
	} {
		_, err := report.ReadPast(strings.NewReader(row.text))
		require.ErrorContains(t, err, row.want)
	}
}

func TestHTMLShowsWhatWasChangedAgainstTheControl(t *testing.T) {
	const control, id = "requestSample/valid/accepts-plain-request", "requestSample/body/refuses-number-for-sha1"
	fresh := func(n int) string { return fmt.Sprintf("%040x", n) }
	request := func(auth, body string) []record.ExchangeResult {
		return []record.ExchangeResult{{Request: record.Request{Method: "POST", URL: "http://a/b/requestSample",
			Header: []record.Field{{Name: "Host", Value: "a"}, {Name: "Authorization", Value: auth},
				{Name: "Content-Length", Value: fmt.Sprint(len(body))}}, Body: record.Body(body)}}}
	}
	good := `{"Comment": "fmaspec-00000000000000aa", "Sha1": "` + fresh(1) + `"}`
	for _, row := range []struct{ why, auth, body, want string }{
		{"a field", "Basic <x>", `{"Comment": "fmaspec-00000000000000bb", "Sha1": "` + fresh(2) + `"}`,
			`  POST /b/requestSample
  Host: a
- Authorization: <b>Bearer $FMASPEC_TOKEN</b>
+ Authorization: <b>Basic <x></b>
  Content-Length: 91
  ` + `
~ {"Comment": "fmaspec-00000000000000bb", "Sha1": "` + fresh(2) + `"}
`},
		{"the body, from which its length follows", "Bearer $FMASPEC_TOKEN",
			`{"Comment": "fmaspec-00000000000000bb", "Sha1": 7}`, `  POST /b/requestSample
  Host: a
  Authorization: Bearer $FMASPEC_TOKEN
~ Content-Length: 50
  ` + `
- {"Comment": "fmaspec-<b>00000000000000aa", "Sha1": "` + fresh(1) + `"</b>}
+ {"Comment": "fmaspec-<b>00000000000000bb", "Sha1": 7</b>}
`},
		{"nothing", "Bearer $FMASPEC_TOKEN", `{"Comment": "fmaspec-00000000000000bb", "Sha1": "` + fresh(2) + `"}`, ""},
	} {
		r := &record.Report{Verdict: record.NotConformant, Cases: []record.CaseResult{
			{ID: id, Operation: "requestSample", Outcome: record.Failed, Control: control,
				Findings:  []record.Finding{{Case: id, Check: "refused", Place: "status"}},
				Exchanges: request(row.auth, row.body)},
			{ID: control, Operation: "requestSample", Outcome: record.Passed,
				Exchanges: request("Bearer $FMASPEC_TOKEN", good)}}}
		page := render(t, "html", r, report.Style{})
		if row.want == "" {
			require.Contains(t, page, "The request is that of the control, but for", row.why)
			continue
		}
		require.Equal(t, 1, strings.Count(page, `<pre class="diff">`), "only what failed has one")
		got := between(page, `<pre class="diff">`+"\n", "</pre>")
		got = strings.NewReplacer("</span>", "", `<span class="both">`, "", `<span class="drawn">`, "",
			`<span class="gone">`, "", `<span class="added">`, "", "<b>", "«", "</b>", "»").Replace(got)
		got = strings.NewReplacer("«", "<b>", "»", "</b>").Replace(shown(got))
		require.Equal(t, row.want, got, row.why)

		r.Cases = r.Cases[:1] // the control was not sent, or left out
		require.NotContains(t, render(t, "html", r, report.Style{}), `<pre class="diff">`)
	}
}

func TestHTMLOfTenThousandCasesIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes a large page")
	}
	r := sample()
	failed, passed := r.Cases[7], r.Cases[0]
	failed.Control = passed.ID
	r.Cases = nil
	for i := range 10_000 {
		c := passed
		if i%10 == 0 {
			c = failed
		}
		c.ID = fmt.Sprintf("%s/case-%05d", c.Operation, i)
		long := slices.Clone(c.Exchanges)
		for j := range long {
			if long[j].Response != nil {
				copied := *long[j].Response
				copied.Body = record.Body(bytes.Repeat([]byte("x"), 4<<10))
				long[j].Response = &copied
			}
		}
		c.Exchanges = long
		r.Cases = append(r.Cases, c)
	}
	r.Totals.Total = len(r.Cases)
	var n counter
	require.NoError(t, report.HTML(&n, r, report.Style{}))
	require.Less(t, int(n), 64<<20, "bytes of the page")
	t.Logf("%d MiB", n>>20)
}

// counter counts what is written to it.
type counter int

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}
