package conformance_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// BenchmarkRun times a whole run on loopback in turn with a bare net/http loop
// that sends the same requests, as many at once, and reads the answers. The
// figure to quote is their ratio, "x-bare"; both take turns, so that a machine
// that slows down slows both.
func BenchmarkRun(b *testing.B) {
	s, err := conformance.Load(conformance.Contract{})
	require.NoError(b, err)
	server := httptest.NewServer(honest())
	defer server.Close()
	byPort := target(nil)
	byPort.URL = server.URL
	o := conformance.Options{Seed: "bench", Parallel: conformance.DefaultParallel}
	first, err := s.Run(b.Context(), byPort, o)
	require.NoError(b, err)
	require.Equal(b, record.Conformant, first.Verdict)
	bare := bareLoop(b, first)
	bare()

	var suite, loop time.Duration
	for b.Loop() {
		from := time.Now()
		if _, err := s.Run(b.Context(), byPort, o); err != nil {
			b.Fatal(err)
		}
		suite += time.Since(from)
		from = time.Now()
		bare()
		loop += time.Since(from)
	}
	b.ReportMetric(float64(suite)/float64(loop), "x-bare")
	b.ReportMetric(float64(suite.Microseconds())/float64(b.N)/float64(first.Totals.Requests), "µs/exchange")
}

// bareLoop returns a function that sends every request of a report again.
func bareLoop(b *testing.B, r *record.Report) func() {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conformance.DefaultParallel,
		DisableCompression: true}}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	secrets := strings.NewReplacer("$FMASPEC_INVALID_TOKEN", invalid, "$FMASPEC_UNPRIVILEGED_TOKEN", unprivileged,
		"$FMASPEC_TOKEN", token)
	var all []record.Request
	for _, c := range r.Cases {
		for _, e := range c.Exchanges {
			if e.Response != nil {
				all = append(all, e.Request)
			}
		}
	}
	send := func(q record.Request) {
		request, err := http.NewRequest(q.Method, secrets.Replace(q.URL), bytes.NewReader(q.Body))
		if err != nil {
			b.Error(err)
			return
		}
		for _, f := range q.Header {
			if f.Name != "Content-Length" && f.Name != "Host" && !strings.EqualFold(f.Name, "Transfer-Encoding") &&
				!strings.EqualFold(f.Name, "Expect") {
				request.Header.Add(f.Name, secrets.Replace(f.Value))
			}
		}
		answer, err := client.Do(request)
		if err != nil {
			b.Error(err)
			return
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	return func() {
		next := make(chan record.Request)
		var workers sync.WaitGroup
		for range conformance.DefaultParallel {
			workers.Go(func() {
				for q := range next {
					send(q)
				}
			})
		}
		for _, q := range all {
			next <- q
		}
		close(next)
		workers.Wait()
	}
}

// BenchmarkStart times what each command that judges does first.
func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conformance.Load(conformance.Contract{}); err != nil {
			b.Fatal(err)
		}
	}
}
