package load_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/load"
	"fmaspec/conformance/reference"
)

// BenchmarkLoad compares a load of 64 workers, each answer judged, with a bare net/http loop that
// sends the same requests and reads the answers, in turn. The figure to quote is "of-bare": the
// rate of the load in that of the loop.
func BenchmarkLoad(b *testing.B) {
	const workers, slice = 64, 4 * time.Second
	s, err := builtIn()
	require.NoError(b, err)
	server := httptest.NewServer(reference.New(reference.Config{Token: token}))
	defer server.Close()
	target := conformance.Target{URL: server.URL, Token: token, Machine: machine}
	requests := requestsOf(b, s, target)
	var judged, bare float64
	for b.Loop() {
		plan, err := s.Plan(b.Context(), target, benchOptions())
		require.NoError(b, err)
		r, err := load.Run(b.Context(), plan, load.Options{Duration: slice, Workers: workers, Seed: "bench"})
		require.NoError(b, err)
		require.Empty(b, r.Load.Flips)
		require.Empty(b, r.Load.Errors)
		judged += r.Load.Throughput
		bare += bareRate(b, requests, workers, slice)
	}
	b.ReportMetric(judged/float64(b.N), "judged/s")
	b.ReportMetric(bare/float64(b.N), "bare/s")
	b.ReportMetric(judged/bare, "of-bare")
}

// benchOptions are those of the load that is compared.
func benchOptions() conformance.Options {
	return conformance.Options{Seed: "bench", Run: "/valid/|/body/|/auth/|/file/"}
}

// requestsOf returns the requests that a load of the same cases sends, once each.
func requestsOf(b *testing.B, s *conformance.Suite, target conformance.Target) (out []func() *http.Request) {
	b.Helper()
	plan, err := s.Plan(b.Context(), target, benchOptions())
	require.NoError(b, err)
	fit := map[string]bool{}
	for _, c := range plan.Sent() {
		fit[c.ID] = load.Unfit(c) == "" && c.Steps[len(c.Steps)-1].Expect != conformance.Either
	}
	for _, q := range plan.Requests {
		if !fit[q.Case] {
			continue
		}
		out = append(out, func() *http.Request {
			request, err := http.NewRequest(q.Request.Method, q.Request.URL, bytes.NewReader(q.Request.Body))
			if err != nil {
				return nil
			}
			for _, f := range q.Request.Header {
				if f.Name != "Content-Length" && f.Name != "Host" {
					request.Header.Add(f.Name, strings.ReplaceAll(f.Value, "$FMASPEC_TOKEN", token))
				}
			}
			return request
		})
	}
	return out
}

// bareRate is how many answers a second a bare loop reads.
func bareRate(b *testing.B, requests []func() *http.Request, workers int, slice time.Duration) float64 {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	var all sync.WaitGroup
	from := time.Now()
	for range workers {
		all.Go(func() {
			for time.Since(from) < slice {
				i := n.Add(1)
				request := requests[int(i)%len(requests)]()
				if request == nil {
					continue
				}
				answer, err := client.Do(request)
				if err != nil {
					continue
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
	all.Wait()
	return float64(n.Load()) / time.Since(from).Seconds()
}
