package conformance_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

// rebuilt is an exchange of a report as anyone can make it again.
func rebuilt(t *testing.T, suite *conformance.Suite, c *record.CaseResult,
	x *record.ExchangeResult) *conformance.Exchange {
	t.Helper()
	it := suite.Case(c.ID)
	require.NotNil(t, it, c.ID)
	out := &conformance.Exchange{
		Sent: conformance.Sent{Case: it, Step: x.Step % len(it.Steps), Round: x.Step / len(it.Steps),
			Request: x.Request, Started: x.Started, Marks: filesIn(x.Request)},
		Response: x.Response, Elapsed: x.Elapsed, Retries: x.Retries, Leaked: x.Leaked, TokenIn: x.TokenIn,
	}
	if x.Error != "" {
		out.Err = &record.WireError{Kind: x.ErrorKind, Msg: x.Error}
	}
	return out
}

// filesIn returns the hashes that a request holds, as the marks that they are of requests with a
// file of their own.
func filesIn(r record.Request) []string {
	return regexp.MustCompile(`[0-9a-f]{40}`).FindAllString(strings.ToLower(string(r.Body)), -1)
}

// alone are the findings of a case on one of its exchanges that no relation to
// other exchanges made.
func alone(suite *conformance.Suite, c *record.CaseResult, step int) (out []record.Finding) {
	across := map[string]bool{}
	for _, check := range suite.Checks() {
		across[check.Name] = check.Across()
	}
	for _, f := range c.Findings {
		if f.Step == step && !across[f.Check] {
			out = append(out, f)
		}
	}
	return out
}

func TestJudgeFindsWhatARunFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the whole suite against many servers")
	}
	t.Parallel()
	suite := load(t)
	servers := map[string]http.Handler{"the honest server": honest()}
	for i, f := range reference.Faults() {
		// those of framing keep a run waiting
		if f.Breaks[0] != "http.framing" && i%60 == 0 || f.Name == "errs-with-token" || f.Name == "answers-307" {
			servers[f.Name] = f.Wrap(honest())
		}
	}
	for name, h := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, target(h), conformance.Options{Repeat: 2, Run: "^requestSample/"})
			judged := 0
			for i := range r.Cases {
				c := &r.Cases[i]
				// Where an exchange proves nothing, the run leaves findings out that Judge has.
				whole := c.Outcome == record.Passed || c.Outcome == record.Deviated || c.Outcome == record.Failed
				several := slices.ContainsFunc(c.Exchanges, func(x record.ExchangeResult) bool { return x.Step > 0 })
				for j := range c.Exchanges {
					x := &c.Exchanges[j]
					if x.Response != nil && x.Response.Status >= 502 && x.Response.Status <= 504 {
						continue // a state that passes, until other requests were answered
					}
					if !whole || x.Response != nil && x.Response.Shortened || len(x.Request.Body) == 0 && x.Step > 0 {
						continue // not all of it is in the record
					}
					judged++
					it := rebuilt(t, suite, c, x)
					var own []record.Finding
					for _, f := range suite.Judge(it).Findings {
						if f.Requirement != "state.isolated" { // a run takes some of these back
							own = append(own, f)
						}
					}
					want := alone(suite, c, x.Step)
					for k := range want {
						if want[k].Requirement == "state.isolated" || want[k].Check == "refuses" && several {
							continue // a run charges it to what the request is charged to by itself
						}
						require.Contains(t, own, want[k])
					}
					for k := range own {
						if c.Control == "" || !slices.Contains([]string{"created", "served", "accepts",
							"refusal-status", "no-server-error"}, own[k].Check) {
							require.Contains(t, want, own[k])
						}
					}
				}
			}
			require.Greater(t, judged, 30)
		})
	}
}

func TestJudgeKnowsWhatTheCaseSent(t *testing.T) {
	suite := load(t)
	plain := suite.Case("requestSample/valid/accepts-plain-request")
	good := example(t, "request-sample")

	x := recorded(201, "application/json", good)
	x.Case = plain
	require.Empty(t, suite.Judge(x).Findings)
	x.Request.Body = record.Body(`{"Comment": "c", "Sha1": "0000000000000000000000000000000000000000"}`)
	require.Equal(t, []string{"action.sha1 sha1-echo /sha1"}, lines(suite.Judge(x).Findings),
		"want the echo compared also where the caller sets the case")
	x.Request.Body = record.Body(`{"Comment": "c", "Sh\u00611": "\u0030000000000000000000000000000000000000000"}`)
	require.Equal(t, []string{"action.sha1 sha1-echo /sha1"}, lines(suite.Judge(x).Findings), "want escapes read")
	x.Request.Body = record.Body(`{"Sha1": "0000000000000000000000000000000000000000", "Comment": "c", "Sha1": "1"}`)
	require.Empty(t, suite.Judge(x).Findings, "want a member that stands twice to ask for no echo")

	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write([]byte(good))
	w.Close()
	x = recorded(201, "application/json", zipped.String())
	x.Case = suite.Case("requestSample/valid/accepts-gzip")
	x.Response.Header.Set("Content-Encoding", "gzip")
	x.Request.Header = []record.Field{{Name: "Accept-Encoding", Value: "gzip"}}
	require.Empty(t, suite.Judge(x).Findings, "want a coding that was asked for to be fine")
	x.Response.Header.Set("Content-Encoding", "x-gzip")
	require.Empty(t, suite.Judge(x).Findings, "want the other name of gzip to be fine")
	x.Request.Header = nil
	require.Empty(t, suite.Judge(x).Findings, "want every coding to be fine where the request names none")
	x.Response.Header.Set("Content-Encoding", "br")
	require.Empty(t, suite.Judge(x).Findings)
	require.Equal(t, "the body could not be judged: its Content-Encoding is br, which cannot be undone here",
		suite.Judge(x).Unjudged)
	for _, accepted := range [][]string{{"identity"}, {"identity", "deflate"}, {"gzip;q=0", "x-gzip;q=0.0, *"}, {""}} {
		x.Request.Header = nil
		for _, value := range accepted {
			x.Request.Header = append(x.Request.Header, record.Field{Name: "Accept-Encoding", Value: value})
		}
		x.Response.Header.Set("Content-Encoding", "gzip")
		require.Equal(t, []string{"http.framing coding-asked-for header Content-Encoding"},
			lines(suite.Judge(x).Findings), accepted)
	}
	x.Request.Header = []record.Field{{Name: "Accept-Encoding", Value: "identity"},
		{Name: "Accept-Encoding", Value: "gzip"}}
	require.Empty(t, suite.Judge(x).Findings, "want two fields to be one list")
}

func TestJudgeJudgesAnExchangeAnewEachTime(t *testing.T) {
	suite := load(t)
	x := recorded(201, "application/json", example(t, "request-sample"))
	require.Empty(t, suite.Judge(x).Findings)
	x.Response = recorded(500, "text/plain", "").Response
	require.Equal(t, []string{"refusal.no-server-error no-server-error status"}, lines(suite.Judge(x).Findings),
		"want the new answer judged")
	x.Response = recorded(201, "application/json", `{}`).Response
	require.NotEmpty(t, suite.Judge(x).Findings)
	x.Response = recorded(201, "application/json", example(t, "request-sample")).Response
	require.Empty(t, suite.Judge(x).Findings)
}

func TestJudgeTakesACaseThatIsMadeLikeOneOfTheSuite(t *testing.T) {
	suite := load(t)
	own := conformance.Case{ID: "requestSample/mine", Operation: "requestSample",
		Proves: []string{"request.comment-required"},
		Steps:  []conformance.Step{{Expect: conformance.Refused, Statuses: []int{400}, Index: 1, Method: "POST"}}}
	x := recorded(201, "application/json", example(t, "request-sample"))
	x.Case = &own
	require.Equal(t, []string{"request.comment-required refuses status"}, lines(suite.Judge(x).Findings))
	x.Response = recorded(404, "application/json", "").Response
	require.NotEmpty(t, suite.Judge(x).Findings, "want a status that does not count charged to the case")
}

func TestJudgeWritesToNothing(t *testing.T) {
	suite := load(t)
	x := recorded(400, "application/json", `{"error": {"code": 1}}`)
	x.Case = suite.Case("requestSample/body/refuses-missing-comment")
	before, err := json.Marshal(x)
	require.NoError(t, err)
	want := suite.Judge(x).Findings
	require.NotEmpty(t, want)
	var all sync.WaitGroup
	for range 8 { // the race detector sees what is written
		all.Go(func() {
			for range 20 {
				if got := suite.Judge(x).Findings; len(got) != len(want) || got[0] != want[0] {
					t.Errorf("want %v, got %v", want, got)
				}
			}
		})
	}
	all.Wait()
	after, err := json.Marshal(x)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

// FuzzJudgeChangesNothing judges an exchange with any request and answer twice: the two
// judgements are the same, and the exchange is bit for bit what it was.
func FuzzJudgeChangesNothing(f *testing.F) {
	f.Add(201, "application/json", "", `{"Comment": "c", "Sha1": "8d25682b3a82af25b42dc90291c35ff3293daa68"}`,
		`{"id": "1"}`, uint8(0))
	f.Add(201, "application/json; charset=utf-8", "gzip", `{}`, "\x1f\x8b", uint8(1))
	f.Add(400, "application/problem+json", "identity", "", `{"error": {"code": 1, "code": "x"}}`, uint8(2))
	f.Add(401, "text/plain", "", "x", "at Object.<anonymous> (/app/index.js:1:1)", uint8(3))
	f.Add(201, "application/json", "", `{"Sha1": "a", "Sha1": "b"}`, "\xEF\xBB\xBF{\"id\": 1, \"id\": 2}", uint8(4))
	suite := load(f)
	f.Fuzz(func(t *testing.T, status int, media, coding, request, body string, of uint8) {
		build := func() *conformance.Exchange {
			x := recorded(status, media, body)
			x.Response.Header.Set("Content-Encoding", coding)
			x.Response.Header["Www-Authenticate"] = []string{media, coding}
			x.Request.Body = record.Body(request)
			x.Request.Header = []record.Field{{Name: "Accept-Encoding", Value: coding}, {Name: "Host", Value: media}}
			x.Marks = []string{request, body}
			if of%2 == 1 {
				x.Case = suite.Cases[int(of)%len(suite.Cases)]
			}
			return x
		}
		x := build()
		first, second := suite.Judge(x), suite.Judge(x)
		require.Equal(t, first, second, "want the same judgement of the same exchange")
		require.Equal(t, build(), x, "want an exchange that is judged unchanged")
	})
}
