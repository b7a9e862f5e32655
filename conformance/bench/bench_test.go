package bench

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/load"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

const (
	token   = "bench-token-5f0c1d"
	machine = "7b1f4967d9728e5aa3c06a9e617a22a4a5a17378"
)

// ratios are those of one alternative to another, one of each turn.
type ratios []float64

// report adds the median, the least and the greatest of the ratios to a benchmark.
func (r ratios) report(b *testing.B, unit string) {
	b.Helper()
	slices.Sort(r)
	b.ReportMetric(r[len(r)/2], unit)
	b.ReportMetric(r[0], unit+"-min")
	b.ReportMetric(r[len(r)-1], unit+"-max")
}

// suite loads the contract.
func suite(b *testing.B) *conformance.Suite {
	b.Helper()
	s, err := conformance.Load(conformance.Contract{})
	require.NoError(b, err)
	return s
}

// serve starts the reference server.
func serve(b *testing.B) conformance.Target {
	b.Helper()
	server := httptest.NewServer(reference.New(reference.Config{Token: token}))
	b.Cleanup(server.Close)
	return conformance.Target{URL: server.URL, Token: token, Machine: machine}
}

// plain are the options of a run of cases that a bare client of net/http can send too.
func plain() conformance.Options {
	return conformance.Options{Seed: "bench", Run: "/valid/|/body/|/auth/|/file/"}
}

// BenchmarkLoad compares a load, each answer of which is judged, with a bare loop of net/http
// that sends the same requests and reads the answers, at 1, 8 and 64 connections. of-bare is the
// rate of the load in that of the loop.
func BenchmarkLoad(b *testing.B) {
	for _, row := range []struct {
		name    string
		workers int
	}{{"at-1", 1}, {"at-8", 8}, {"at-64", 64}} {
		b.Run(row.name, func(b *testing.B) {
			const slice = 3 * time.Second
			s, target := suite(b), serve(b)
			requests := requestsOf(b, s, target)
			var ofBare ratios
			var judged, bare float64
			for b.Loop() {
				plan, err := s.Plan(b.Context(), target, plain())
				require.NoError(b, err)
				o := load.Options{Duration: slice, Workers: row.workers, Seed: "bench"}
				r, err := load.Run(b.Context(), plan, o)
				require.NoError(b, err)
				require.Empty(b, r.Load.Flips)
				require.Empty(b, r.Load.Errors)
				rate := bareRate(requests, row.workers, slice)
				ofBare = append(ofBare, r.Load.Throughput/rate)
				judged, bare = judged+r.Load.Throughput, bare+rate
			}
			ofBare.report(b, "of-bare")
			b.ReportMetric(judged/float64(b.N), "judged/s")
			b.ReportMetric(bare/float64(b.N), "bare/s")
		})
	}
}

// requestsOf returns the requests that a load of the plain cases sends, once each.
func requestsOf(b *testing.B, s *conformance.Suite, target conformance.Target) (out []func() *http.Request) {
	b.Helper()
	plan, err := s.Plan(b.Context(), target, plain())
	require.NoError(b, err)
	fit := map[string]bool{}
	for _, c := range plan.Sent() {
		fit[c.ID] = load.Unfit(c) == "" && c.Steps[len(c.Steps)-1].Expect != conformance.Either
	}
	for _, q := range plan.Requests {
		if !fit[q.Case] {
			continue
		}
		header := http.Header{}
		for _, f := range q.Request.Header {
			if f.Name != "Content-Length" && f.Name != "Host" {
				header.Add(f.Name, strings.ReplaceAll(f.Value, "$FMASPEC_TOKEN", token))
			}
		}
		out = append(out, func() *http.Request {
			request, err := http.NewRequest(q.Request.Method, q.Request.URL, bytes.NewReader(q.Request.Body))
			if err != nil {
				return nil
			}
			request.Header = header
			return request
		})
	}
	return out
}

// bareRate is how many answers a second a bare loop reads.
func bareRate(requests []func() *http.Request, workers int, slice time.Duration) float64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var next, done atomic.Int64
	var all sync.WaitGroup
	from := time.Now()
	for range workers {
		all.Go(func() {
			for time.Since(from) < slice {
				request := requests[int(next.Add(1))%len(requests)]()
				if request == nil {
					continue
				}
				answer, err := client.Do(request)
				if err != nil {
					continue
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(from).Seconds()
}

// BenchmarkStart times a run of the written cases against the embedded server: until the contract is
// loaded, until the first request, and until the report is there.
func BenchmarkStart(b *testing.B) {
	var loaded, first, end []float64
	for b.Loop() {
		from := time.Now()
		since := func() float64 { return float64(time.Since(from).Microseconds()) / 1e3 }
		s, err := conformance.Load(conformance.Contract{})
		require.NoError(b, err)
		loaded = append(loaded, since())
		var once sync.Once
		honest := reference.New(reference.Config{Token: token})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			once.Do(func() { first = append(first, since()) })
			honest.ServeHTTP(w, r)
		}))
		target := conformance.Target{URL: server.URL, Token: token, Machine: machine}
		r, err := s.Run(b.Context(), target, conformance.Options{Seed: "bench"})
		require.NoError(b, err)
		require.Equal(b, record.Conformant, r.Verdict)
		end = append(end, since())
		server.Close()
	}
	for unit, all := range map[string][]float64{"ms-to-load": loaded, "ms-to-first-request": first, "ms-to-end": end} {
		slices.Sort(all)
		b.ReportMetric(all[len(all)/2], unit)
	}
}

// BenchmarkGrowth sends 10 and 100 times as many cases in a session, to a conforming server and to
// one in whose every answer something is wrong: x-time-10 is how many times as long 10 times as
// many take, and x-memory-10 what the session then holds in that of the first.
func BenchmarkGrowth(b *testing.B) {
	const once = 300
	faulty := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(answer.Code)
			w.Write(bytes.Replace(answer.Body.Bytes(), []byte(`"status":"`), []byte(`"status":"not `), 1))
		})
	}
	for _, row := range []struct {
		name string
		wrap func(http.Handler) http.Handler
	}{{"exchanges", func(h http.Handler) http.Handler { return h }}, {"findings", faulty}} {
		b.Run(row.name, func(b *testing.B) {
			s := suite(b)
			var ten, hundred, ten1, hundred1 ratios
			for b.Loop() {
				server := httptest.NewServer(row.wrap(reference.New(reference.Config{Token: token})))
				target := conformance.Target{URL: server.URL, Token: token, Machine: machine}
				plan, err := s.Plan(b.Context(), target, plain())
				require.NoError(b, err)
				session, err := plan.Start(b.Context())
				require.NoError(b, err)
				w := session.Worker()
				cases := slices.DeleteFunc(plan.Sent(), func(c *conformance.Case) bool { return load.Unfit(c) != "" })
				send := func(n int) time.Duration {
					from := time.Now()
					for i := range n {
						a, err := w.Do(b.Context(), cases[i%len(cases)])
						require.NoError(b, err)
						a.Keep()
					}
					return time.Since(from)
				}
				send(once) // connections, and what is made when it is first needed
				t1 := send(once)
				m1 := held()
				t10 := send(10 * once)
				m10 := held()
				t100 := send(100 * once)
				m100 := held()
				ten = append(ten, float64(t10)/float64(t1))
				hundred = append(hundred, float64(t100)/float64(t1))
				ten1, hundred1 = append(ten1, m10/m1), append(hundred1, m100/m1)
				w.Close()
				session.Close(b.Context())
				server.Close()
			}
			ten.report(b, "x-time-10")
			hundred.report(b, "x-time-100")
			ten1.report(b, "x-memory-10")
			hundred1.report(b, "x-memory-100")
		})
	}
}

// held is the memory in use, in bytes.
func held() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
