package report_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

func TestHTMLTellsTheSampleAsAgreed(t *testing.T) {
	got := render(t, "html", sample(), report.Style{})
	for _, name := range []string{"html/page.css", "html/page.js"} {
		own, err := os.ReadFile(name)
		require.NoError(t, err)
		if !strings.Contains(got, ">"+string(own)+"<") {
			t.Fatalf("want %s in the page, byte for byte", name)
		}
		got = strings.Replace(got, string(own), name, 1)
	}
	got = regexp.MustCompile(`sha256-[^;]*(&#43;[^;]*)*&#39;`).ReplaceAllString(got, "sha256-…&#39;")
	golden(t, "report.html", got)
}

// between returns what stands between two texts, "" where it does not.
func between(text, from, to string) string {
	_, rest, found := strings.Cut(text, from)
	inside, _, closed := strings.Cut(rest, to)
	if !found || !closed {
		return ""
	}
	return inside
}

func TestHTMLLetsNothingRunButItsOwn(t *testing.T) {
	page := render(t, "html",
		everywhere(`"><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">`),
		report.Style{})
	policy := html.UnescapeString(between(page, `<meta http-equiv="Content-Security-Policy" content="`, `"`))
	for _, element := range []string{"style", "script"} {
		text := between(page, "<"+element+">", "</"+element+">")
		require.NotEmpty(t, text)
		sum := sha256.Sum256([]byte(text))
		if want := element + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"';"; !strings.Contains(policy, want) {
			t.Errorf("want %s in the policy, got %s", want, policy)
		}
		if n := strings.Count(page, "<"+element); n != 1 {
			t.Errorf("want one <%s>, got %d", element, n)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
		t.Errorf("want everything else forbidden, got %s", policy)
	}
	loads := []string{"img", "iframe", "object", "embed", "base", "frame", "audio", "video", "source", "image"}
	for _, m := range regexp.MustCompile(`<([a-zA-Z]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*>`).FindAllStringSubmatch(page,
		-1) {
		if slices.Contains(loads, m[1]) {
			t.Errorf("want no element that loads anything, got %s", m[0])
		}
		for _, a := range regexp.MustCompile(`\s+([a-z-]+)(?:="([^"]*)")?`).FindAllStringSubmatch(m[2], -1) {
			if name, value := a[1], a[2]; strings.HasPrefix(name, "on") || name == "src" || name == "style" ||
				name == "href" && value[0] != '#' && value != "data:," {
				t.Errorf("want no attribute that runs or loads anything, got %s", m[0])
			}
		}
	}
}

func TestHTMLLinksOnlyToWhatIsThere(t *testing.T) {
	r := sample()
	r.Cases[0].ID = r.Cases[1].ID // two cases of one id keep apart
	r.Cases[2].Control = "no such case"
	for name, r := range map[string]*record.Report{"sample": r, "hostile": everywhere(hostile)} {
		page := render(t, "html", r, report.Style{})
		there := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			id := html.UnescapeString(m[1])
			if there[id] || strings.ContainsAny(id, " \n") {
				t.Errorf("%s: want every id once and in one word, got %q again", name, id)
			}
			there[id] = true
		}
		links := 0
		for _, m := range regexp.MustCompile(` href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			to := html.UnescapeString(m[1])
			if to == "data:," || strings.HasPrefix(to, "#requirement=") {
				continue
			}
			links++
			if id, local := strings.CutPrefix(to, "#"); !local || !there[id] {
				t.Errorf("%s: want a place on the page, got a link to %q", name, to)
			}
		}
		if links < 60 {
			t.Errorf("%s: want links between findings, requirements and cases, got %d", name, links)
		}
	}
}

// oneCase is a report of one case that got one answer, with findings at these places.
func oneCase(answer *record.Response, places ...string) *record.Report {
	c := record.CaseResult{ID: "op/case", Operation: "op", Outcome: record.Failed,
		Exchanges: []record.ExchangeResult{{Response: answer, Request: record.Request{Method: "POST",
			URL: "http://127.0.0.1/"}}}}
	for _, place := range places {
		c.Findings = append(c.Findings, record.Finding{Case: c.ID, Check: "check", Place: place,
			Level: record.Documented})
	}
	return &record.Report{Cases: []record.CaseResult{c}}
}

// shown reduces markup to what the tests look at: «1» is the note of the first
// finding, [ ] a mark, ( ) one round what lacks something, and { } an escape.
func shown(markup string) string {
	for _, row := range [][2]string{
		{`<pre class="body[^>]*>\n`, ""}, {`<a class="note"[^>]* data-n="(\d+)"[^>]*></a>`, "«$1»"},
		{`<mark class="lacks">(.*?)</mark>`, "($1)"}, {`<mark>`, "["}, {`</mark>`, "]"},
		{`<span class="esc">(.*?)</span>`, "{$1}"}, {`<p class="none">(.*?)</p>`, "$1|"}, {`</?(b|p|pre)( [^>]*)?>`,
			""},
	} {
		markup = regexp.MustCompile(`(?s)`+row[0]).ReplaceAllString(markup, row[1])
	}
	return html.UnescapeString(markup)
}

// cameBody is the answer's body as a page shows it.
func cameBody(t *testing.T, r *record.Report) string {
	t.Helper()
	came := between(render(t, "html", r, report.Style{}), `<div class="came">`, "</div>\n</div>")
	_, body, found := strings.Cut(came, `</pre>`)
	require.True(t, found, "%.300s", came)
	return strings.TrimSpace(shown(body))
}

func TestHTMLMarksTheValueThatAFindingPointsTo(t *testing.T) {
	for _, row := range []struct {
		body   string
		places []string
		want   string
		why    string
	}{
		{`{"a": 7, "b": "c"}`, []string{"/a"}, `{"a": «1»[7], "b": "c"}`, "a number"},
		{`{"a": 7, "b": "c"}`, []string{"/b", "/a"}, `{"a": «2»[7], "b": «1»["c"]}`,
			"two members, reported in another order"},
		{`{"a":{"b":[1,{"c":null}]}}`, []string{"/a/b/1/c"}, `{"a":{"b":[1,{"c":«1»[null]}]}}`, "deep inside"},
		{`{"a":{"b":1}}`, []string{"/a", "/a/b"}, `{"a":«1»[{"b":«2»[1]}]}`, "a value and one in it"},
		{`{"a":7}`, []string{"/a", "/a"}, `{"a":«1»«2»[7]}`, "two findings about one value"},
		{`{"a":7}`, []string{"/b"}, `«1»({)"a":7(})`, "the object that lacks a member"},
		{`{"a":7}`, []string{"/b", "/c"}, `«1»«2»({)"a":7(})`, "two members that are missing"},
		{`{"a":{"x":1}}`, []string{"/a/b"}, `{"a":«1»({)"x":1(})}`, "the nearest object"},
		{`{"a":{"x":1}}`, []string{"/a", "/a/b"}, `{"a":«1»[«2»({)"x":1(})]}`, "an object, and a member that it lacks"},
		{`{"a":[]}`, []string{"/a/0/b"}, `{"a":«1»([)(])}`, "an array without the item"},
		{`{"a":"text"}`, []string{"/a/b"}, `{"a":«1»("text")}`, "a value that has no members"},
		{`{"a/b":{"c~d":1,"":2}}`, []string{"/a~1b/c~0d", "/a~1b/"}, `{"a/b":{"c~d":«1»[1],"":«2»[2]}}`,
			"names that are escaped, and an empty one"},
		{`{"\u0061":1}`, []string{"/a"}, `{"\u0061":«1»[1]}`, "a name that the body escapes"},
		{`{"a":1,"a":2}`, []string{"/a"}, `{"a":1,"a":«1»[2]}`, "a name twice: the one that counts"},
		{"\n {\n\t\"a\" : 1 }", []string{"/a"}, "{\n{\\t}\"a\" : «1»[1] }", "white space"},
		{"\ufeff{\"a\":1}", []string{"/a"}, `{\ufeff}{"a":«1»[1]}`, "behind a byte order mark"},
		{`{"a":1,"b":{"c":`, []string{"/a", "/b/c", "/b/d"}, `{"a":«1»[1],"b":«2»«3»({)"c":`,
			"what ends too early: found up to there"},
		{`{"a":1,"b":"tex`, []string{"/b"}, `{"a":1,"b":«1»["tex]`, "a value that ends too early"},
		{`{"a":1,}`, []string{"/a", "/z"}, `«2»({)"a":«1»[1],}`, "a fault after the value"},
		{`[1,2`, []string{"/1"}, `[1,«1»[2]`, "an item of an array that ends too early"},
		{`<p>no</p>`, []string{"/a"}, "«1»The body as a whole:\n<p>no</p>", "no JSON: the body as a whole"},
		{`7`, []string{"/a"}, "«1»(7)", "no object"},
		{`{"a":1}`, []string{"body", "/a"}, "«1»The body as a whole:\n{\"a\":«2»[1]}", "the body, and a value in it"},
		{``, []string{"body"}, "«1»The body as a whole:\nno body|", "no body"},
		{`{"a":"` + "\x7f\xff" + `"}`, []string{"/a"},
			`not UTF-8, invalid bytes are shown as escapes|{"a":«1»["{\x7f\xff}"]}`, "escapes in a mark"},
		{"\n\n{}", nil, "{}", "line breaks before the body"},
	} {
		got := cameBody(t, oneCase(&record.Response{Status: 201, Body: record.Body(row.body)}, row.places...))
		if got != row.want {
			t.Errorf("%s: %s at %q\nwant %s\ngot  %s", row.why, row.body, row.places, row.want, got)
		}
	}
}

func TestHTMLMarksWhatHasNoPlaceInTheBody(t *testing.T) {
	answer := &record.Response{Status: 500, Proto: "HTTP/1.1",
		Header: http.Header{"Content-Type": {"text/plain", "text/html"}}}
	for _, row := range []struct {
		x     record.ExchangeResult
		place string
		want  string
		why   string
	}{
		{record.ExchangeResult{Response: answer}, "status", "«1»[HTTP/1.1 500 Internal Server Error]\n",
			"the status line"},
		{record.ExchangeResult{Response: answer}, "header content-type", "«1»[Content-Type: text/plain]\n",
			"the header, in any letter case"},
		{record.ExchangeResult{Response: answer}, "header WWW-Authenticate", "«1»(WWW-Authenticate: did not come)\n",
			"a header that is not there"},
		{record.ExchangeResult{Response: answer, Error: "it ended", ErrorKind: record.Cut}, "connection",
			"«1»On the wire (cut): it ended\n", "what went wrong on the wire"},
		{record.ExchangeResult{Response: answer}, "connection", "«1»The exchange as a whole:\n",
			"nothing in particular"},
		{record.ExchangeResult{Response: answer}, "elsewhere", "«1»The exchange as a whole:\n",
			"a place that nobody knows"},
		{record.ExchangeResult{}, "status", "«1»No answer came.\n", "no answer"},
		{record.ExchangeResult{Error: "refused"}, "/id", "«1»On the wire: refused\n", "no answer, and why"},
	} {
		r := oneCase(nil, row.place)
		r.Cases[0].Exchanges[0] = row.x
		if got := shown(render(t, "html", r, report.Style{})); !strings.Contains(got, row.want) ||
			strings.Count(got, "«1»") != 1 {
			t.Errorf("%s: want %q once, got\n%s", row.why, row.want, between(got, "</summary>", "</main>"))
		}
	}
}

func TestHTMLKeepsAFindingWithoutItsExchange(t *testing.T) {
	for _, step := range []int{-1, 1, 99} {
		r := oneCase(&record.Response{Status: 200}, "status")
		r.Cases[0].Findings[0].Step = step
		got := shown(render(t, "html", r, report.Style{}))
		if !strings.Contains(got, "check at <code>status</code>") || strings.Contains(got, "«") {
			t.Errorf("step %d: want the finding and no note, got\n%s", step, between(got, "<ol", "</ol>"))
		}
	}
}

func TestHTMLTellsTheCircumstancesOfAnExchange(t *testing.T) {
	r := oneCase(&record.Response{Status: 201, Truncated: true, Shortened: true})
	x := &r.Cases[0].Exchanges[0]
	x.Retries, x.Inert, x.Leaked, x.Action, x.Elapsed = 2, true, true, "c083f601", 1500*time.Microsecond
	got := render(t, "html", r, report.Style{})
	for _, want := range []string{
		"<h5>Exchange: 201 Created in 1.5ms</h5>",
		"The target postponed the request, with 429 or 503; it was sent again 2 times.",
		"The answer is longer than the limit: only its beginning was read and judged.",
		"The whole answer was judged; it is too long for a record, which keeps only its beginning.",
		"The answer named the action c083f601.",
		"Machine and file do not exist, so that nothing could take effect.",
		"The answer contained a secret, which was redacted.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q, got\n%s", want, between(got, "<details class=\"exchange\"", "</details>"))
		}
	}
}

func TestHTMLShowsEveryByteOfABody(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(`{"a":1}`))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	gzipped := http.Header{"Content-Encoding": {" GZIP"}}
	for _, row := range []struct {
		body   string
		header http.Header
		place  string
		want   string
		why    string
	}{
		{"a\tb\r\nc\x00\x7f\u202e\u00a0\ufffd", nil, "", `a{\t}b{\r}` + "\n" + `c{\x00\x7f\u202e\u00a0\ufffd}`,
			"controls, and what turns the direction"},
		{`\x00 &lt; <b>`, nil, "", `\x00 &lt; <b>`, "what only looks like an escape stays text"},
		{"caf\xe9", nil, "", `not UTF-8, invalid bytes are shown as escapes|caf{\xe9}`, "text of another coding"},
		{"\x00\x01\xff\xfe\xffAB<\n", nil, "", "not UTF-8, shown byte by byte|000000  00 01 ff fe ff 41 42 3c " +
			"0a                       .....AB<.", "bytes"},
		{"\xff\xfe\xff", nil, "/a", "«1»The body as a whole:\nnot UTF-8, shown byte by byte|000000  ff fe " +
			"ff                                         ...", "bytes that are to be JSON"},
		{packed.String(), gzipped, "/a", fmt.Sprintf(`shown unpacked, %d bytes came|{"a":«1»[1]}`, packed.Len()),
			"packed text"},
		{packed.String()[:len(packed.String())-9], gzipped, "", fmt.Sprintf(`shown unpacked, %d bytes came|{"a":1}`,
			packed.Len()-9), "packed text that ends too early"},
		{`{"a":1}`, gzipped, "/a", `{"a":«1»[1]}`, "text that is said to be packed"},
	} {
		var places []string
		if row.place != "" {
			places = []string{row.place}
		}
		got := cameBody(t, oneCase(&record.Response{Status: 200, Header: row.header, Body: record.Body(row.body)},
			places...))
		if got != row.want {
			t.Errorf("%s:\nwant %q\ngot  %q", row.why, row.want, got)
		}
	}
}

func TestHTMLCutsLongBodies(t *testing.T) {
	for _, row := range []struct {
		body, place, about, end, why string
	}{
		{strings.Repeat("a", 32<<10), "", "The body", "aaa", "as long as is shown"},
		{strings.Repeat("a", 33<<10), "", "the first 32768 bytes of 33792 bytes", "aaa", "longer"},
		{"a" + strings.Repeat("é", 20<<10), "", "the first 32767 bytes of 40961 bytes", "éé",
			"no half character at the end"},
		{strings.Repeat("\xff", 5000), "", "not UTF-8, shown byte by byte; the first 4096 bytes of 5000 bytes",
			"................", "a dump"},
		{`{"a":"` + strings.Repeat("a", 40<<10) + `","b":1}`, "/a", "the first 32768 bytes of 40974 bytes", "aaa]",
			"a mark that goes on beyond"},
		{`{"a":"` + strings.Repeat("a", 40<<10) + `","b":1}`, "/b", "the first 32768 bytes of 40974 bytes", "aaa«1»[]",
			"a mark beyond: its note stands at the end"},
	} {
		var places []string
		if row.place != "" {
			places = []string{row.place}
		}
		got := cameBody(t, oneCase(&record.Response{Status: 200, Body: record.Body(row.body)}, places...))
		got = strings.TrimSpace(strings.TrimSuffix(got, "</details>"))
		if !strings.Contains(got, row.about) || !strings.HasSuffix(got, row.end) {
			t.Errorf("%s: want %q and at its end %q, got %.120q … %q", row.why, row.about, row.end, got,
				got[max(0, len(got)-60):])
		}
	}
}

func TestHTMLOffersOnlyCommandsThatDoWhatTheySay(t *testing.T) {
	for _, row := range []struct {
		id, url, name, want, why string
	}{
		{"op/a-b", "http://127.0.0.1:1", "own", "fmaspec run -run '^op/a-b$'", "the server has a name of its own"},
		{"op/a-b", "http://127.0.0.1:1", "http://127.0.0.1:1", "fmaspec run -url http://127.0.0.1:1 -run '^op/a-b$'",
			"the server is named by its URL"},
		{"op/a.b", "", "", `fmaspec run -run '^op/a\.b$'`, "a character that means something in a pattern"},
		{"op/'; rm -rf ~; '", "", "", `fmaspec run -run '^op/'\''; rm -rf ~; '\''$'`, "a quote ends no word"},
		{"op/a", "http://x/;touch y", "http://x/;touch y", `fmaspec run -url 'http://x/;touch y' -run '^op/a$'`,
			"a URL that a shell would read"},
		{"op/\u202ea", "", "", "", "an escape would name another case"},
		{"op/a", record.InMemory, "", "", "nobody can send there"},
	} {
		r := oneCase(nil)
		r.Cases[0].ID, r.Target.URL, r.Target.Name = row.id, row.url, row.name
		got := html.UnescapeString(between(render(t, "html", r, report.Style{}), `Run it again: <code class="copy">`,
			"</code>"))
		if got != row.want {
			t.Errorf("%s: want %q, got %q", row.why, row.want, got)
		}
	}
	r := oneCase(nil)
	r.Target.URL, r.Cases[0].Exchanges[0].Error = "http://127.0.0.1", "no answer came"
	for _, row := range []struct{ url, want string }{
		{"http://127.0.0.1/", "&#39;http://127.0.0.1/&#39;</pre>"},
		{"file:///etc/passwd", "There is no curl command to send it again: it is no request of HTTP."},
		{"-K/etc/passwd", "There is no curl command to send it again: it is no request of HTTP."},
	} {
		r.Cases[0].Exchanges[0].Request.URL = row.url
		if got := render(t, "html", r, report.Style{}); !strings.Contains(got, row.want) {
			t.Errorf("%q: want %s", row.url, row.want)
		}
	}
}

func TestHTMLSaysOfEveryCellWhatItsCasesSay(t *testing.T) {
	accepted := &record.Known{Reason: "known"}
	for _, row := range []struct {
		outcome  record.Outcome
		proves   bool
		findings []record.Finding
		level    record.Level
		strict   bool
		want     string
		why      string
	}{
		{record.Passed, true, nil, record.Documented, false, "good kept 1 case", "proven"},
		{record.Failed, true, nil, record.Documented, false, "good kept 1 case", "the case failed against another " +
			"requirement"},
		{record.Failed, true, []record.Finding{{Requirement: "q"}}, record.Documented, false,
			"bad broken 1 case, 1 finding", "broken"},
		{record.Failed, false, []record.Finding{{Requirement: "q"}, {Requirement: "q"}}, record.Standard, false,
			"bad broken 1 case, 2 findings", "broken by a case that was to prove something else"},
		{record.Failed, true, []record.Finding{{Requirement: "q", Known: accepted}}, record.Documented, false,
			"bad broken, accepted 1 case, 1 finding", "accepted"},
		{record.Failed, true, []record.Finding{{Requirement: "q", Known: accepted}, {Requirement: "q"}},
			record.Documented, false, "bad broken 1 case, 2 findings", "accepted in part"},
		{record.Deviated, true, []record.Finding{{Requirement: "q"}}, record.Inferred, false,
			"unsure deviated 1 case, 1 finding", "an inferred one"},
		{record.Failed, true, []record.Finding{{Requirement: "q"}}, record.Inferred, true,
			"bad broken 1 case, 1 finding", "an inferred one of a strict run"},
		{record.Inconclusive, true, nil, record.Documented, false, "unsure undecided 1 case",
			"the answer proves nothing"},
		{record.Errored, true, nil, record.Documented, false, "unsure undecided 1 case", "could not be judged"},
		{record.Skipped, true, nil, record.Documented, false, "none not exercised 1 case", "not sent"},
		{record.Passed, false, nil, record.Documented, false, "none no case", "about something else"},
	} {
		r := &record.Report{
			Suite:        record.SuiteInfo{Strict: row.strict},
			Requirements: []record.RequirementResult{{Requirement: record.Requirement{ID: "q", Level: row.level}}},
			Cases: []record.CaseResult{{ID: "op/case", Operation: "op", Outcome: row.outcome,
				Findings: row.findings}},
		}
		if row.proves {
			r.Cases[0].Proves = []string{"q", "q", "unknown"}
		}
		cell := between(render(t, "html", r, report.Style{}), "<td class=", "</td>")
		cell, _, _ = strings.Cut(cell, "</summary>")
		cell = strings.ReplaceAll(cell, `<span class="column">op</span>`, "")
		got := strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>|[">]`).ReplaceAllString(cell, " ")), " ")
		if got != row.want {
			t.Errorf("%s: want %q, got %q", row.why, row.want, got)
		}
	}
}

func TestHTMLKeepsAMatrixOfManyOperationsNarrow(t *testing.T) {
	r := &record.Report{Requirements: []record.RequirementResult{{Requirement: record.Requirement{ID: "q",
		Level: record.Documented}}}}
	for i := range 400 {
		r.Cases = append(r.Cases, record.CaseResult{ID: fmt.Sprintf("op%d/case", i), Operation: fmt.Sprintf("op%d", i),
			Outcome: record.Passed, Proves: []string{"q"}})
	}
	page := render(t, "html", r, report.Style{})
	if n := strings.Count(page, "<td "); n != 8 {
		t.Errorf("want 8 columns, got %d", n)
	}
	for _, want := range []string{`<bdi>393 others</bdi>`, "393 cases", "and 373 more cases",
		`<option value="op399">`} {
		if !strings.Contains(page, want) {
			t.Errorf("want %s in the page", want)
		}
	}
}

func TestHTMLTellsCasesOfEveryOutcomeWorstFirst(t *testing.T) {
	page := render(t, "html", sample(), report.Style{})
	var got []string
	for _, m := range regexp.MustCompile(`<h3 id="heading-([a-z-]+)">`).FindAllStringSubmatch(page, -1) {
		got = append(got, m[1])
	}
	if want := []string{"failed", "errored", "deviated", "inconclusive", "passed", "skipped",
		"not-applicable"}; !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	r := oneCase(nil)
	r.Cases[0].Outcome = 0
	if page := render(t, "html", r, report.Style{}); !strings.Contains(page, `data-outcome="other"`) {
		t.Error("want a case without an outcome too, got none")
	}
}

func TestHTMLOfTrafficCountsExchangesAndNotTheCasesOfTheSuite(t *testing.T) {
	r := sample()
	r.Traffic = &record.TrafficInfo{Exchanges: 1}
	got := shown(render(t, "html", r, report.Style{}))
	require.NotContains(t, got, "cases were chosen")
	require.Contains(t, got, "1 exchange: 1 judged.")
}

func TestHTMLTellsHowTheRunWas(t *testing.T) {
	r := sample()
	r.Interrupted, r.Suite.Strict, r.Suite.Repeat = true, true, 3
	got := shown(render(t, "html", r, report.Style{}))
	for _, want := range []string{
		"<h1>Not conformant</h1>", "3 of 6 requirements broken, 1 undecided, 1 not exercised; 4 of 11 cases failed",
		"The run was stopped before its end.", "Only 11 of the suite's 348 cases were chosen.",
		"The target's certificate was not verified (-insecure).", "Requests were sent through a proxy: proxy:3128.",
		"The target postponed 2 requests, for 4.00s in total",
		"Armed were requestSample: 3 requests that could take effect, of at most 4.", "inferred, strict",
		"<dt>Repeated</dt><dd><bdi>3</bdi>", "7f3a", "go1.26.0 linux/amd64",
		"2017-12-04 13:13:26 UTC", "0.31s, 11 requests", r.Suite.Contract, r.Suite.Fixtures, "accepted.baseline",
		"has 4 entries, which accept 1 finding of 7",
		"expired <code>refused requestSample/body/refuses-blank-comment#0 status</code> <span>line 9</span>",
		`accepted: the mock knows <no> words yet & "says" so; team@example.com, until 2018-01-31 (line 1 of the list)`,
		`Source: both documents, "Response" and its example (documented, `, "because a comment that says nothing " +
			"is none", "no case proves it: needs a second token",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in the page", want)
		}
	}
	r.Baseline.Problems, r.Baseline.Verdict, r.Baseline.Reason = nil, record.Unjudged, "nothing was sent"
	got = shown(render(t, "html", r, report.Style{}))
	if !strings.Contains(got, "could not judge: nothing was sent") || !strings.Contains(got, "Run and file agree.") {
		t.Errorf("want the other verdict and that they agree, got\n%s", between(got, `<section id="accepted"`,
			"</section>"))
	}
}

func TestHTMLOfAnEmptyReportStillHasAVerdict(t *testing.T) {
	got := render(t, "html", &record.Report{}, report.Style{})
	for _, want := range []string{"<h1>Could not judge</h1>", "the report gives no reason",
		"<p>The report has none.</p>"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q, got\n%s", want, got)
		}
	}
}

// pieceWriter notes how a page came.
type pieceWriter struct{ pieces, longest int }

func (w *pieceWriter) Write(p []byte) (int, error) {
	w.pieces++
	w.longest = max(w.longest, len(p))
	return len(p), nil
}

func TestHTMLIsWrittenCaseByCase(t *testing.T) {
	r := sample()
	one := r.Cases[7]
	r.Cases = nil
	for i := range 1000 {
		one.ID = fmt.Sprint("op/", i)
		r.Cases = append(r.Cases, one)
	}
	var w pieceWriter
	require.NoError(t, report.HTML(&w, r, report.Style{}))
	if w.pieces < 1000 || w.longest > 64<<10 {
		t.Errorf("want many small pieces, got %d, the longest of %d bytes", w.pieces, w.longest)
	}
}
