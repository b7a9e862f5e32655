package conformance_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

const (
	sampleURL  = "https://graph.example" + samplePath
	sampleBody = `{"Comment":"a comment","Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"}`
)

var clientNoon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// noted returns an exchange of a client, with a good request unless change says otherwise, that
// began so long after noon and took a millisecond.
func noted(after time.Duration, status int, change ...func(*conformance.Exchange)) *conformance.Exchange {
	x := &conformance.Exchange{Sent: conformance.Sent{Started: clientNoon.Add(after), Request: record.Request{
		Method: "POST", URL: sampleURL, Body: record.Body(sampleBody), Header: []record.Field{{Name: "authorization",
			Value: "Bearer $FMASPEC_TOKEN"}, {Name: "content-type", Value: "application/json"}}}},
		Response: &record.Response{Status: status, Proto: "HTTP/1.1", Header: http.Header{}},
		Elapsed:  time.Millisecond}
	for _, f := range change {
		f(x)
	}
	return x
}

func answering(name, value string) func(*conformance.Exchange) {
	return func(x *conformance.Exchange) { x.Response.Header.Set(name, value) }
}

func body(text string) func(*conformance.Exchange) {
	return func(x *conformance.Exchange) { x.Request.Body = record.Body(text) }
}

func bearing(token string) func(*conformance.Exchange) {
	return func(x *conformance.Exchange) { x.Request.Header[0].Value = "Bearer " + token }
}

func lacking(parts ...record.Part) func(*conformance.Exchange) {
	return func(x *conformance.Exchange) { x.Lacks = parts }
}

func lost(x *conformance.Exchange) {
	x.Err = &record.WireError{Kind: record.Cancelled, Msg: "the client went away"}
}

// rulesBroken notes exchanges and returns the rules that the findings are of.
func rulesBroken(j *conformance.ClientJudge, all ...*conformance.Exchange) (out []string) {
	for _, x := range all {
		for _, f := range j.Note(x) {
			out = append(out, f.Case[strings.LastIndexByte(f.Case, '/')+1:])
		}
	}
	return out
}

func TestClientsAreJudgedAcrossRequests(t *testing.T) {
	s := load(t)
	second := time.Second
	type exchanges = []*conformance.Exchange
	seconds := answering("Retry-After", "5")
	date := answering("Retry-After", clientNoon.Add(5*second).Format(http.TimeFormat))
	other := body(strings.Replace(sampleBody, "a comment", "another", 1))
	for _, row := range []struct {
		why  string
		all  exchanges
		want []string
	}{
		{"a request after the time is right", exchanges{noted(0, 429, seconds), noted(6*second, 201)}, nil},
		{"one before it is not", exchanges{noted(0, 429, seconds), noted(4*second, 201)}, []string{"waits-after-429"}},
		{"a date counts as well", exchanges{noted(0, 429, date), noted(4*second, 201)}, []string{"waits-after-429"}},
		{"after the date all is right", exchanges{noted(0, 429, date), noted(5*second, 201)}, nil},
		{"the clock of the server counts where it is ahead", exchanges{noted(0, 429, answering("Retry-After",
			clientNoon.Add(time.Hour).Format(http.TimeFormat)), answering("Date", clientNoon.Add(time.Hour-
			5*second).Format(http.TimeFormat))), noted(6*second, 201)}, nil},
		{"another request has to wait after 429", exchanges{noted(0, 429, seconds), noted(second, 201, other)},
			[]string{"waits-after-429"}},
		{"another request need not wait after 503", exchanges{noted(0, 503, seconds), noted(second, 201, other)}, nil},
		{"the same one has to", exchanges{noted(0, 503, seconds), noted(second, 201)}, []string{"waits-after-503"}},
		{"another client need not wait", exchanges{noted(0, 429, seconds), noted(second, 201, bearing("$OTHER"))}, nil},
		{"a request under way need not", exchanges{noted(second, 429, seconds), noted(0, 201)}, nil},
		{"without Retry-After nothing is asked for", exchanges{noted(0, 429), noted(second, 201)}, nil},
		{"nonsense asks for nothing", exchanges{noted(0, 429, answering("Retry-After", "soon")), noted(second, 201)},
			nil},
		{"nor does a century", exchanges{noted(0, 429, answering("Retry-After", "3153600000")), noted(second, 201)},
			nil},
		{"a 201 with Retry-After asks for nothing", exchanges{noted(0, 201, seconds), noted(second, 201)}, nil},
		{"without times nothing is judged", exchanges{noted(0, 429, seconds, lacking(record.Times)),
			noted(second, 201, lacking(record.Times))}, nil},

		{"a request may be refused three times", exchanges{noted(0, 403), noted(second, 403), noted(2*second, 403)},
			nil},
		{"and not be sent a fourth time", exchanges{noted(0, 403), noted(second, 403), noted(2*second, 403),
			noted(3*second, 403)}, []string{"stops-after-refusal"}},
		{"an acceptance in between counts anew", exchanges{noted(0, 404), noted(second, 404), noted(2*second, 201),
			noted(3*second, 404), noted(4*second, 404)}, nil},
		{"a day later too", exchanges{noted(0, 404), noted(second, 404), noted(2*second, 404),
			noted(24*time.Hour, 404)}, nil},
		{"a failure of the server is no refusal", exchanges{noted(0, 500), noted(second, 500), noted(2*second, 500),
			noted(3*second, 500)}, nil},
		{"without bodies it is not known what is the same", exchanges{noted(0, 400, lacking(record.RequestBody)),
			noted(second, 400, lacking(record.RequestBody)), noted(2*second, 400, lacking(record.RequestBody)),
			noted(3*second, 400, lacking(record.RequestBody))}, nil},

		{"a second action after a lost answer", exchanges{noted(0, 201, lost), noted(second, 201)},
			[]string{"effect-once"}},
		{"with another comment too", exchanges{noted(0, 201, lost), noted(second, 201, other)},
			[]string{"effect-once"}},
		{"an answer that arrived is not repeated by accident", exchanges{noted(0, 201), noted(second, 201)}, nil},
		{"a refusal of the repetition is no second action", exchanges{noted(0, 201, lost), noted(second, 400)}, nil},
		{"after ten minutes it is a new wish", exchanges{noted(0, 201, lost), noted(10*time.Minute, 201)}, nil},
		{"what was refused had no effect", exchanges{noted(0, 400, lost), noted(second, 201)}, nil},
		{"of another client it is another wish", exchanges{noted(0, 201, lost), noted(second, 201, bearing("$OTHER"))},
			nil},
	} {
		t.Run(row.why, func(t *testing.T) {
			got := rulesBroken(s.JudgeClients(conformance.ClientOptions{}), row.all...)
			if !slices.Equal(row.want, got) {
				t.Errorf("want findings of %v, got %v", row.want, got)
			}
		})
	}
}

func TestWhatARecordLacksIsNotJudged(t *testing.T) {
	s := load(t)
	bare := func(x *conformance.Exchange) { x.Request.Header, x.Request.Body = nil, nil }
	for _, row := range []struct {
		why   string
		lacks []record.Part
		want  []string
	}{
		{"a whole record shows all", nil, []string{"authorization", "body-object"}},
		{"credentials may be left out", []record.Part{record.Credentials}, []string{"body-object"}},
		{"so may the header", []record.Part{record.RequestHeader}, []string{"body-object"}},
		{"and the body", []record.Part{record.RequestBody}, []string{"authorization"}},
		{"and all", []record.Part{record.RequestHeader, record.RequestBody, record.Times}, nil},
	} {
		got := rulesBroken(s.JudgeClients(conformance.ClientOptions{}), noted(0, 401, bare, lacking(row.lacks...)))
		if !slices.Equal(row.want, got) {
			t.Errorf("%s: want findings of %v, got %v", row.why, row.want, got)
		}
	}
}

func TestOtherPathsAreNotTheContractsBusiness(t *testing.T) {
	s := load(t)
	elsewhere := noted(0, 200, func(x *conformance.Exchange) { x.Request.URL = "https://graph.example/v1.0/me" })
	j := s.JudgeClients(conformance.ClientOptions{})
	require.Empty(t, j.Note(elsewhere))
	r := j.Report()
	require.Equal(t, record.Unjudged, r.Verdict)
	require.Contains(t, r.Reason, "no request came that could be judged; let the client call /testwdatppreview/")
	j = s.JudgeClients(conformance.ClientOptions{AllPaths: true})
	require.Equal(t, []string{"documented-path"}, rulesBroken(j, elsewhere))
	require.Equal(t, record.NotConformant, j.Report().Verdict)

	for target, call := range map[string]bool{"GET /": false, "HEAD /": false, "GET /favicon.ico": false,
		"POST /": true, "GET /health": true} {
		j = s.JudgeClients(conformance.ClientOptions{AllPaths: true})
		method, path, _ := strings.Cut(target, " ")
		got := rulesBroken(j, noted(0, 404, func(x *conformance.Exchange) {
			x.Request.Method, x.Request.URL, x.Request.Body = method, "http://127.0.0.1:8080"+path, nil
		}))
		require.Equal(t, call, slices.Contains(got, "documented-path"), target)
		require.Equal(t, call, j.Report().Verdict == record.NotConformant, target)
	}

	j = s.JudgeClients(conformance.ClientOptions{})
	require.Equal(t, []string{"documented-method"}, rulesBroken(j, noted(0, 405,
		func(x *conformance.Exchange) { x.Request.Method = "PUT" })), "another method is the business of the contract")

	withheld := noted(0, 201, func(x *conformance.Exchange) {
		x.Response, x.Err, x.Request.Body = nil, &record.WireError{Kind: record.Withheld}, nil
	})
	require.Empty(t, j.Note(withheld), "what was not sent breaks nothing")
}

func TestALevelLeavesWeakerRulesOut(t *testing.T) {
	s := load(t)
	for level, strict := range map[record.Level]bool{record.Documented: true, record.Standard: false,
		record.Inferred: true} {
		j := s.JudgeClients(conformance.ClientOptions{Level: level, Strict: strict})
		got := j.Note(noted(0, 400, body(`{"Comment":" ","Sha1":"0"}`)))
		r := j.Report()
		require.Equal(t, level == record.Inferred, len(got) > 0, level)
		require.Equal(t, level == record.Inferred, r.Verdict == record.NotConformant, level)
		for _, q := range r.Requirements {
			require.LessOrEqual(t, q.Level, level)
		}
	}
}

func TestAJudgeOfClientsKeepsNoMoreTheLongerItGoesOn(t *testing.T) {
	j := load(t).JudgeClients(conformance.ClientOptions{})
	var group sync.WaitGroup
	const each, workers = 1500, 4
	for w := range workers {
		group.Go(func() {
			for n := range each {
				j.Note(noted(time.Duration(n)*time.Second, 403, bearing(fmt.Sprint(w, n)), body(fmt.Sprintf(
					`{"Comment":"%d %d"}`, w, n))))
			}
		})
	}
	group.Wait()
	r := j.Report()
	require.Equal(t, each*workers, r.Totals.Requests)
	i := slices.IndexFunc(r.Cases,
		func(c record.CaseResult) bool { return c.ID == "requestSample/client/sha1-required" })
	c := r.Cases[i]
	require.Len(t, c.Exchanges, 16)
	require.Len(t, c.Findings, 16)
	require.Equal(t, each*workers-16, c.Dropped)
	for n, f := range c.Findings {
		require.Equal(t, n, f.Step)
		require.NotNil(t, c.Exchange(f.Step))
		require.Equal(t, "request-body requestSample/client/sha1-required#0 /Sha1", f.Key)
	}
}

func TestHandlerJudgesWhatPasses(t *testing.T) {
	const token = "token-0123456789-abcdef"
	now := clientNoon
	j := load(t).JudgeClients(conformance.ClientOptions{AllPaths: true, Now: func() time.Time { return now }})
	server := httptest.NewUnstartedServer(j.Handler(reference.New(reference.Config{Token: token})))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	send := func(body io.Reader, header ...string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+samplePath, body)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Cookie", "session=secret-of-a-session-01")
		for i := 0; i < len(header); i += 2 {
			r.Header[header[i]] = []string{header[i+1]}
		}
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, "HTTP/2.0", answer.Proto)
	}
	send(strings.NewReader(sampleBody))
	send(io.MultiReader(strings.NewReader(sampleBody))) // in pieces, without a length
	require.Zero(t, j.Report().Totals.Findings)
	long := strings.Replace(sampleBody, "a comment", strings.Repeat("x", 2<<20), 1)
	send(strings.NewReader(long))
	require.Zero(t, j.Report().Totals.Findings, "a body beyond what is kept is not judged")
	send(strings.NewReader(`{"Comment":"`+token+`"}`), "X-More", token)
	r := j.Report()
	require.Equal(t, 4, r.Totals.Requests)
	require.Equal(t, 1, r.Totals.Findings)
	i := slices.IndexFunc(r.Cases, func(c record.CaseResult) bool { return len(c.Findings) > 0 })
	x := r.Cases[i].Exchanges[0]
	require.Equal(t, server.URL+samplePath, x.Request.URL)
	require.Equal(t, http.StatusBadRequest, x.Response.Status)
	text := fmt.Sprintf("%+v", r)
	require.NotContains(t, text, token)
	require.NotContains(t, text, "secret-of-a-session-01")
}

func TestAClientThatGoesAwayLosesTheAnswer(t *testing.T) {
	j := load(t).JudgeClients(conformance.ClientOptions{})
	carriedOut, noted := make(chan struct{}), make(chan struct{}, 2)
	h := reference.New(reference.Config{Token: "token-0123456789"})
	judged := j.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if r.Header.Get("X-Leaves") != "" {
			close(carriedOut)
			<-r.Context().Done()
		}
	}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { noted <- struct{}{} }()
		judged.ServeHTTP(w, r)
	}))
	defer server.Close()
	send := func(leaves bool) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+samplePath,
			strings.NewReader(sampleBody))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer token-0123456789")
		if !leaves {
			answer, err := server.Client().Do(r)
			require.NoError(t, err)
			answer.Body.Close()
			return
		}
		r.Header.Set("X-Leaves", "yes")
		transport := &http.Transport{}
		cancelled, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			<-carriedOut
			cancel()
		}()
		_, err = transport.RoundTrip(r.WithContext(cancelled))
		require.Error(t, err)
		<-noted // before the next request is sent
	}
	send(true)
	send(false)
	server.Close() // waits until both are noted
	require.Equal(t, record.Deviated, outcomeOf(j.Report(), "requestSample/client/effect-once"))
}

func outcomeOf(r *record.Report, id string) record.Outcome {
	i := slices.IndexFunc(r.Cases, func(c record.CaseResult) bool { return c.ID == id })
	return r.Cases[i].Outcome
}

func TestTheCatalogueOfClientsIsChecked(t *testing.T) {
	own := func(text string) error {
		_, err := conformance.Load(conformance.Contract{}, conformance.Source{Own: true, Name: "mine",
			FS: fstest.MapFS{"requirements/clients.yaml": {Data: []byte(text)},
				"cases/a.http": {Data: []byte("")}}})
		return err
	}
	const clause = "\n  clauses:\n    - {document: RFC 9110, section: \"5.3\", basis: MUST}\n"
	for _, row := range []struct{ text, want string }{
		{"- of: auth.requird\n  says: sends it\n",
			`mine/requirements/clients.yaml:1: unknown requirement "auth.requird" ` +
				`(did you mean "auth.required"?)`},
		{"- of: action.id\n", "the client's side of action.id has no says; give one"},
		{"- of: action.id\n  says: a\n  level: inferred\n",
			"the client's side of action.id has what that requirement has; give no more than of and says"},
		{"- of: auth.required\n  says: a\n- of: auth.required\n  says: b\n",
			"the client's side of auth.required is there twice; keep one"},
		{"- id: client.mine\n  level: standard\n  says: a\n  waived: no" + clause,
			"the requirement client.mine is on " +
				"clients, which have no kind, no milder-of and no waiver; take them away"},
		{"- id: client.mine\n  level: documented\n  says: a" + clause, "the requirement client.mine is documented, " +
			"and its " +
			"strongest clause carries no more than standard"},
		{"- id: client.mine\n  level: standard\n  says: a\n", "the requirement client.mine has no clauses"},
		{"- id: client.tls\n  level: standard\n  says: a" + clause, "the requirement client.tls is at "},
	} {
		err := own(row.text)
		require.ErrorContains(t, err, row.want)
	}
}
