package proxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
)

func value(header []record.Field, name string) string {
	for _, f := range header {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

func TestTheJudgeGetsWhatPassed(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("X-A", "1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "an answer")
		w.Header().Set("X-Sum", "9")
	})
	s := through(t, upstream+"/gate")
	answer, body := do(t, client(t, false), "POST", s.url+documented+"?q=1", strings.NewReader(goodBody), "X-B: 2",
		"X-B: 3")
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	require.Equal(t, "an answer", body)
	require.NoError(t, s.stop())
	seen := s.judge.exchanges()
	require.Len(t, seen, 1)
	x := seen[0]
	require.Equal(t, "POST", x.Request.Method)
	require.Equal(t, upstream+"/gate"+documented+"?q=1", x.Request.URL)
	require.Equal(t, strings.TrimPrefix(s.url, "http://"), value(x.Request.Header, "Host"))
	require.Contains(t, x.Request.Header, record.Field{Name: "X-B", Value: "3"})
	require.Equal(t, goodBody, string(x.Request.Body))
	require.Empty(t, x.Lacks)
	require.Empty(t, x.ErrorKind)
	require.Equal(t, http.StatusCreated, x.Response.Status)
	require.Equal(t, "HTTP/1.1", x.Response.Proto)
	require.Equal(t, "an answer", string(x.Response.Body))
	require.False(t, x.Response.Truncated)
	require.Equal(t, "1", x.Response.Header.Get("X-A"))
	require.Contains(t, x.Response.Unkept, record.Field{Name: "trailer X-Sum", Value: "9"})
	require.Contains(t, x.Response.Unkept, record.Field{Name: "interim answer", Value: "Link: </a>"})
	require.Contains(t, x.Response.Unkept, record.Field{Name: "status line", Value: "201 Created"})
	require.False(t, x.Started.IsZero())
}

func TestOnlyDocumentedPathsAreJudged(t *testing.T) {
	s, c := through(t, server(t, created)), client(t, false)
	for _, path := range []string{"/", "/testwdatppreview/machines/x", "/testwdatppreview/machines/x/requestSample/y",
		documented + "/"} {
		do(t, c, "POST", s.url+path, strings.NewReader(goodBody))
	}
	for _, path := range []string{documented, "/any/prefix" + documented} {
		do(t, c, "GET", s.url+path, nil) // another method is the client's own violation
	}
	require.NoError(t, s.stop())
	require.Len(t, s.judge.exchanges(), 2)
	n := s.Counts()
	require.EqualValues(t, 6, n.Passed)
	require.EqualValues(t, 4, n.NotApplicable)
	require.EqualValues(t, 2, n.Judged)
}

func TestAnUnendingBodyIsNotKept(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		block := make([]byte, 32<<10)
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	const limit = 100_000
	s := through(t, upstream, func(o *proxy.Options) { o.BodyLimit = limit })
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+documented, strings.NewReader(goodBody))
	require.NoError(t, err)
	answer, err := client(t, false).Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	_, err = io.CopyN(io.Discard, answer.Body, 50*limit)
	require.NoError(t, err)
	until(t, func() bool { return s.Counts().Judged == 1 }) // it is judged although it goes on
	x := s.judge.exchanges()[0]
	require.True(t, x.Response.Truncated)
	require.Len(t, x.Response.Body, limit)
	require.Equal(t, record.TooLong, x.ErrorKind)
	_, err = io.CopyN(io.Discard, answer.Body, 50*limit)
	require.NoError(t, err)
}

func TestALongRequestPassesAndIsNotKept(t *testing.T) {
	s := through(t, server(t, echo), func(o *proxy.Options) { o.BodyLimit = 1000 })
	want := strings.Repeat("x", 5000)
	_, got := do(t, client(t, false), "POST", s.url+documented, strings.NewReader(want))
	require.Equal(t, want, got)
	require.NoError(t, s.stop())
	x := s.judge.exchanges()[0]
	require.Equal(t, []record.Part{record.RequestBody}, x.Lacks)
	require.Empty(t, x.Request.Body)
}

func TestAJudgeThatNeverReturnsDelaysNothing(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	var limit atomic.Bool
	s := through(t, server(t, created), func(o *proxy.Options) {
		o.Queue = 3
		o.Judge = &judge{verdict: func(x record.Exchange) conformance.Verdict {
			<-release
			return conformance.Verdict{}
		}}
		o.Until = func(time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			if limit.Load() {
				cancel()
			}
			limit.Store(true) // the judge is waited for in vain
			return ctx, cancel
		}
	})
	c := client(t, false)
	for range 50 {
		answer, _ := s.post(c)
		require.Equal(t, http.StatusCreated, answer.StatusCode)
	}
	require.ErrorContains(t, s.stop(), "the judge did not end in time")
	n := s.Counts()
	require.EqualValues(t, 50, n.Passed)
	require.EqualValues(t, 0, n.Judged)
	require.EqualValues(t, 50, n.NotJudgedTotal(), "%v", n.NotJudged)
	require.Positive(t, n.NotJudged[proxy.QueueFull])
	require.Positive(t, n.NotJudged[proxy.Ended])
	limited, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Report(limited)
	if err != nil {
		require.ErrorContains(t, err, "did not report in time")
	}
}

func TestAJudgeThatPanicsBreaksNothing(t *testing.T) {
	for _, enforce := range []bool{false, true} {
		var n atomic.Int64
		s := through(t, server(t, created), func(o *proxy.Options) {
			o.Enforce = enforce
			o.Judge = &judge{verdict: func(x record.Exchange) conformance.Verdict {
				if n.Add(1)%2 == 0 {
					panic("a fault of the judge")
				}
				return conformance.Verdict{Operation: "requestSample", Exchange: x}
			}}
			o.Each = func(conformance.Verdict) {
				if n.Load() == 3 {
					panic("a fault of what reports")
				}
			}
		})
		c := client(t, false)
		for range 10 {
			answer, body := s.post(c)
			require.Equal(t, http.StatusCreated, answer.StatusCode)
			require.Equal(t, `{"id":"1"}`, body)
		}
		require.NoError(t, s.stop())
		counts := s.Counts()
		require.EqualValues(t, 5, counts.Judged)
		require.EqualValues(t, 5, counts.NotJudged[proxy.Panicked])
		require.EqualValues(t, 1, counts.Unreported)
		if enforce {
			require.EqualValues(t, 5, counts.Unenforced[proxy.Dropped])
		}
	}
}

func TestTheCopiesTogetherAreBounded(t *testing.T) {
	hold, began := make(chan struct{}), make(chan struct{}, 100)
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		began <- struct{}{}
		<-hold
		created(w, r)
	})
	s := through(t, upstream, func(o *proxy.Options) { o.Memory = 10_000 })
	body := strings.Repeat("x", 4000)
	done := make(chan int, 5)
	for range 5 {
		go func() {
			r, _ := http.NewRequestWithContext(t.Context(), "POST", s.url+documented, strings.NewReader(body))
			answer, err := client(t, false).Do(r)
			if err != nil {
				done <- 0
				return
			}
			answer.Body.Close()
			done <- answer.StatusCode
		}()
	}
	for range 5 {
		<-began
	}
	close(hold)
	for range 5 {
		require.Equal(t, http.StatusCreated, <-done)
	}
	require.NoError(t, s.stop())
	n := s.Counts()
	require.EqualValues(t, 3, n.NotJudged[proxy.NoMemory], "%v", n.NotJudged)
	require.EqualValues(t, 2, n.Judged)
}

func TestAnIncompleteAnswerIsNotedAsSuch(t *testing.T) {
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		if r.Header.Get("X-Wait") != "" {
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	})
	s := through(t, upstream)
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+documented, strings.NewReader(goodBody))
	require.NoError(t, err)
	answer, err := client(t, false).Do(r)
	require.NoError(t, err)
	_, err = io.ReadAll(answer.Body)
	require.Error(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	r = r.Clone(ctx)
	r.Body = io.NopCloser(strings.NewReader(goodBody))
	r.Header.Set("X-Wait", "1")
	answer, err = client(t, false).Do(r)
	require.NoError(t, err)
	cancel()
	answer.Body.Close()
	until(t, func() bool { return s.Counts().Judged == 2 })
	require.NoError(t, s.stop())
	seen := s.judge.exchanges()
	require.Equal(t, record.Cut, seen[0].ErrorKind)
	require.Equal(t, "half", string(seen[0].Response.Body))
	require.Equal(t, record.Cancelled, seen[1].ErrorKind)
}

func TestTheEndWaitsForActiveExchanges(t *testing.T) {
	began, hold := make(chan struct{}), make(chan struct{})
	s := through(t, server(t, func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-hold
		created(w, r)
	}))
	status := make(chan int, 1)
	go func() {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", s.url+documented, strings.NewReader(goodBody))
		answer, err := client(t, false).Do(r)
		if err != nil {
			status <- 0
			return
		}
		answer.Body.Close()
		status <- answer.StatusCode
	}()
	<-began
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	until(t, func() bool { // nothing more is accepted
		_, err := http.Get(s.url)
		return err != nil
	})
	close(hold)
	require.Equal(t, http.StatusCreated, <-status)
	require.NoError(t, <-ended)
	require.Len(t, s.judge.exchanges(), 1)
}

// problems reads an answer of the proxy's own.
func problems(t *testing.T, answer *http.Response, body string) (out struct {
	Type, Title, Detail string
	Status              int
	Violations          []struct{ Requirement, Level, Place, Want, Got string }
}) {
	t.Helper()
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal([]byte(body), &out), body)
	require.Equal(t, answer.StatusCode, out.Status)
	return out
}

func TestAViolatingRequestIsRefused(t *testing.T) {
	var reached atomic.Int64
	upstream := server(t, func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		created(w, r)
	})
	for _, http2 := range []bool{false, true} {
		reached.Store(0)
		s := through(t, upstream+"/gate", func(o *proxy.Options) { o.Enforce = true })
		c := client(t, http2)
		answer, _ := s.post(c)
		require.Equal(t, http.StatusCreated, answer.StatusCode)
		require.EqualValues(t, 1, reached.Load())
		const token = "secret-77"
		answer, body := do(t, c, "POST", s.url+"/in/front"+documented, strings.NewReader(`{"Sha1":"x"}`),
			"Authorization: Bearer "+token, "Content-Type: application/json")
		require.Equal(t, http.StatusBadRequest, answer.StatusCode)
		p := problems(t, answer, body)
		require.Equal(t, "the request breaks the contract", p.Title)
		require.Len(t, p.Violations, 1, "want nothing inferred: %s", body)
		require.Equal(t, "request.comment-required", p.Violations[0].Requirement)
		require.Equal(t, "documented", p.Violations[0].Level)
		require.Equal(t, "/Comment", p.Violations[0].Place)
		require.NotEmpty(t, p.Violations[0].Want)
		require.NotEmpty(t, p.Violations[0].Got)
		require.NotContains(t, body, token)
		require.EqualValues(t, 1, reached.Load(), "want a refused request to reach nobody")
		// What is beyond the limit passes, and so does what is no operation's.
		long := `{"x":"` + strings.Repeat("x", 2<<20) + `"}`
		answer, _ = do(t, c, "POST", s.url+documented, strings.NewReader(long))
		require.Equal(t, http.StatusCreated, answer.StatusCode)
		answer, _ = do(t, c, "POST", s.url+"/other", strings.NewReader(`{`))
		require.Equal(t, http.StatusCreated, answer.StatusCode)
		require.NoError(t, s.stop())
		n := s.Counts()
		require.EqualValues(t, 1, n.RefusedRequests)
		require.EqualValues(t, 1, n.Unenforced[proxy.TooLong])
		seen := s.judge.exchanges()
		require.Equal(t, record.Refused, seen[1].ErrorKind)
		require.Equal(t, `{"Sha1":"x"}`, string(seen[1].Request.Body))
	}
}

func TestStrictEnforcesWhatIsInferred(t *testing.T) {
	for _, strict := range []bool{false, true} {
		s := through(t, server(t, created), func(o *proxy.Options) { o.Enforce, o.Strict = true, strict })
		answer, _ := do(t, client(t, false), "POST", s.url+documented, strings.NewReader(`{"Comment":"a","Sha1":"x"}`),
			"Authorization: Bearer x", "Content-Type: application/json")
		require.Equal(t, map[bool]int{false: 201, true: 400}[strict], answer.StatusCode)
	}
}

func TestAViolatingAnswerIsReplaced(t *testing.T) {
	for _, row := range []struct {
		level  record.Level
		strict bool
		want   int
	}{
		{record.Documented, false, http.StatusBadGateway},
		{record.Standard, false, http.StatusBadGateway},
		{record.Inferred, false, http.StatusCreated},
		{record.Inferred, true, http.StatusBadGateway},
	} {
		for _, http2 := range []bool{false, true} {
			s := through(t, server(t, created), func(o *proxy.Options) {
				o.Enforce, o.Strict = true, row.strict
				o.Judge = &judge{verdict: breaking(row.level)}
			})
			answer, body := s.post(client(t, http2))
			require.Equal(t, row.want, answer.StatusCode)
			if row.want == http.StatusBadGateway {
				p := problems(t, answer, body)
				require.Equal(t, "the answer breaks the contract", p.Title)
				require.Len(t, p.Violations, 1)
				require.Equal(t, "response.created", p.Violations[0].Requirement)
				require.Equal(t, row.level.String(), p.Violations[0].Level)
				require.Equal(t, "201", p.Violations[0].Want)
				require.Equal(t, "200", p.Violations[0].Got)
				require.NotContains(t, body, `"id"`)
				require.EqualValues(t, 1, s.Counts().ReplacedAnswers)
			}
			require.EqualValues(t, 1, s.Counts().Server)
			require.NoError(t, s.stop())
		}
	}
}

// TestObservingReplacesNothing pairs with the two tests above.
func TestObservingReplacesNothing(t *testing.T) {
	s := through(t, server(t, created), func(o *proxy.Options) {
		o.Judge = &judge{verdict: breaking(record.Documented)}
	})
	answer, body := do(t, client(t, false), "POST", s.url+documented, strings.NewReader("{"))
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	require.Equal(t, `{"id":"1"}`, body)
	require.NoError(t, s.stop())
	require.EqualValues(t, 1, s.Counts().Server)
}

func TestEnforcingGivesUpInTime(t *testing.T) {
	passed := make(chan time.Time)
	close(passed)
	soon := func(time.Duration) <-chan time.Time { return passed }
	t.Run("a judge that does not answer", func(t *testing.T) {
		release := make(chan struct{})
		s := through(t, server(t, created), func(o *proxy.Options) {
			o.Enforce = true
			calls := 0
			o.After = func(d time.Duration) <-chan time.Time { // request, answer, and verdict
				if calls++; calls == 3 {
					return passed
				}
				return nil
			}
			o.Judge = &judge{verdict: func(x record.Exchange) conformance.Verdict {
				<-release
				return breaking(record.Documented)(x)
			}}
		})
		answer, body := s.post(client(t, false))
		require.Equal(t, http.StatusCreated, answer.StatusCode)
		require.Equal(t, `{"id":"1"}`, body)
		close(release)
		require.NoError(t, s.stop())
		require.EqualValues(t, 1, s.Counts().Unenforced[proxy.TooLate])
	})
	t.Run("an answer that goes on", func(t *testing.T) {
		hold := make(chan struct{})
		s := through(t, server(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "first")
			_ = http.NewResponseController(w).Flush()
			<-hold
			_, _ = io.WriteString(w, " second")
		}), func(o *proxy.Options) { o.Enforce, o.After = true, soon })
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+documented, nil)
		require.NoError(t, err)
		r.Method = "POST"
		r.Header.Set("Authorization", "Bearer x")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(goodBody)), int64(len(goodBody))
		answer, err := client(t, false).Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		first := make([]byte, 5)
		_, err = io.ReadFull(answer.Body, first)
		require.NoError(t, err)
		close(hold)
		rest, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, "first second", string(first)+string(rest))
		require.NoError(t, s.stop())
		require.Positive(t, s.Counts().Unenforced[proxy.TooLate])
	})
	t.Run("an answer beyond the limit", func(t *testing.T) {
		want := strings.Repeat("x", 5000)
		s := through(t, server(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, want)
		}), func(o *proxy.Options) { o.Enforce, o.BodyLimit = true, 1000 })
		answer, body := s.post(client(t, false))
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Equal(t, want, body)
		require.NoError(t, s.stop())
		require.EqualValues(t, 1, s.Counts().Unenforced[proxy.TooLong])
	})
}

func TestStatus(t *testing.T) {
	s := through(t, server(t, created), func(o *proxy.Options) {
		o.Judge = &judge{verdict: func(x record.Exchange) conformance.Verdict {
			v := breaking(record.Documented)(x)
			v.Server[0].Got = `<script>alert("x")</script>`
			return v
		}}
	})
	c := client(t, false)
	for range 30 {
		do(t, c, "POST", s.url+documented+"?sig=secret-77", strings.NewReader(goodBody),
			"Authorization: Bearer secret-77")
	}
	do(t, c, "GET", s.url+"/", nil)
	until(t, func() bool { return s.Counts().Judged == 30 && s.Counts().Passed == 31 })
	about := server(t, s.Status().ServeHTTP)
	answer, page := do(t, c, "GET", about+"/-/", nil)
	require.Equal(t, "text/html; charset=utf-8", answer.Header.Get("Content-Type"))
	require.Contains(t, page, `<th scope="row">passed</th><td class="n">31</td>`)
	require.Contains(t, page, `<th scope="row">findings against the server</th><td class="n">30</td>`)
	require.Contains(t, page, "&lt;script&gt;")
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "secret-77")
	require.Equal(t, 20, strings.Count(page, "response.created"), "want the last findings alone")
	_, metrics := do(t, c, "GET", about+"/-/metrics", nil)
	for _, line := range []string{
		"fmaspec_proxy_passed_total 31",
		`fmaspec_proxy_exchanges_total{operation="",outcome="not-applicable"} 1`,
		`fmaspec_proxy_exchanges_total{operation="requestSample",outcome="server"} 30`,
		`fmaspec_proxy_findings_total{requirement="response.created",side="server"} 30`,
		fmt.Sprintf(`fmaspec_proxy_body_bytes_total{message="request"} %d`, 30*len(goodBody)),
		`fmaspec_proxy_body_bytes_total{message="answer"} 310`,
		"fmaspec_proxy_in_flight 0",
		"fmaspec_proxy_upstream_errors_total 0",
		"fmaspec_proxy_broken_requests_total 0",
		`fmaspec_proxy_exchanges_total{operation="requestSample",outcome="both"} 0`,
		`fmaspec_proxy_findings_total{requirement="http.framing",side="server"} 0`,
		`fmaspec_proxy_findings_total{requirement="client.framing",side="client"} 0`,
		`fmaspec_proxy_not_judged_total{reason="queue-full"} 0`,
		`fmaspec_proxy_unenforced_total{reason="too-late"} 0`,
		`fmaspec_proxy_no_answer_total{reason="not-trusted"} 0`,
		`fmaspec_proxy_unserved_total{status="417"} 0`,
		`fmaspec_proxy_delay_seconds_count{message="request"} 31`,
	} {
		require.Contains(t, metrics, "\n"+line+"\n")
	}
	_, ok := do(t, c, "GET", about+"/-/healthz", nil)
	require.Equal(t, "ok\n", ok)
	for _, other := range []string{"/", "/-/x"} {
		answer, _ := do(t, c, "GET", about+other, nil)
		require.Equal(t, http.StatusNotFound, answer.StatusCode)
	}
	// The pages are the proxy's only at their own address.
	answer, _ = do(t, c, "GET", s.url+"/-/healthz", nil)
	require.Equal(t, http.StatusCreated, answer.StatusCode)
}

func TestOptionsThatCannotBe(t *testing.T) {
	good := options(t, "http://127.0.0.1:1", &judge{})
	for _, row := range []struct {
		change func(*proxy.Options)
		want   string
	}{
		{func(o *proxy.Options) { o.Upstream = nil }, "no upstream"},
		{func(o *proxy.Options) { o.Upstream.Scheme = "ftp" }, "no upstream"},
		{func(o *proxy.Options) { o.Upstream.RawQuery = "a" }, "only scheme, host and path"},
		{func(o *proxy.Options) { o.Transport = nil }, "no transport"},
		{func(o *proxy.Options) { o.Judge = nil }, "no judge"},
		{func(o *proxy.Options) { o.Suite = nil }, "no suite"},
		{func(o *proxy.Options) { o.Queue = -1 }, "negative"},
	} {
		o := good
		u := *good.Upstream
		o.Upstream = &u
		row.change(&o)
		_, err := proxy.New(o)
		require.ErrorContains(t, err, row.want)
	}
}

func TestEnforcementLetsBrowsersAsk(t *testing.T) {
	var reached atomic.Int64
	upstream := server(t, func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		w.WriteHeader(http.StatusNoContent)
	})
	s := through(t, upstream, func(o *proxy.Options) { o.Enforce = true })
	c := client(t, false)
	answer, _ := do(t, c, "OPTIONS", s.url+documented, nil, "Access-Control-Request-Method: POST")
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	answer, _ = do(t, c, "OPTIONS", s.url+documented, nil)
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	require.EqualValues(t, 1, reached.Load())
	require.NoError(t, s.stop())
}
