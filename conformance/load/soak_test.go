package load_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/load"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

var soak = flag.Int64("soak", 0, "how many cases TestSoak sends to each server; 0 for a short soak")

// A sample is what a process uses at a time.
type sample struct {
	done              int64
	resident          int // bytes
	files, goroutines int
}

// sampled returns what this process uses.
func sampled(done int64) sample {
	s := sample{done: done, goroutines: runtime.NumGoroutine()}
	if data, err := os.ReadFile("/proc/self/statm"); err == nil {
		pages, _ := strconv.Atoi(strings.Fields(string(data))[1])
		s.resident = pages * os.Getpagesize()
	}
	files, _ := os.ReadDir("/proc/self/fd")
	s.files = len(files)
	return s
}

// middle is the median of a number of samples.
func middle[T cmp.Ordered](all []sample, of func(sample) T) T {
	var values []T
	for _, s := range all {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// TestSoak judges every answer of a long load: nothing that the suite holds grows with it, the
// honest server never flips, and a fault of one answer in 100,000 is found and shown. By
// default it is short; make soak makes it long.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("it sends thousands of requests")
	}
	const filled = 200_000
	resident := func(s sample) int { return s.resident }
	n := cmp.Or(*soak, 3_000)
	in := min(100_000, n/3)
	for name, h := range map[string]http.Handler{
		"honest": reference.New(reference.Config{Token: token}),
		"errs once in " + strconv.FormatInt(in, 10): erring(in),
	} {
		server := httptest.NewServer(h)
		s, err := builtIn()
		require.NoError(t, err)
		plan, err := s.Plan(t.Context(), conformance.Target{URL: server.URL, Token: token, Machine: machine},
			conformance.Options{Seed: "soak"})
		require.NoError(t, err)
		var samples []sample
		o := load.Options{Duration: 100 * time.Hour, Cases: n, Workers: 64, Seed: "soak"}
		o.Live = func(now load.Now) { samples = append(samples, sampled(now.Requests)) }
		r, err := load.Run(t.Context(), plan, o)
		require.NoError(t, err)
		server.Close()
		l := r.Load
		t.Logf("%s: %d exchanges judged in %v, %.0f a second", name, l.Judged, l.Elapsed.Round(time.Second),
			l.Throughput)
		require.GreaterOrEqual(t, l.Judged, n)
		require.Empty(t, l.Errors)
		text, err := json.Marshal(r)
		require.NoError(t, err)
		require.Less(t, len(text), 32<<20, "a report does not grow with the load")
		if name == "honest" {
			require.Equal(t, record.Conformant, r.Verdict)
			require.Empty(t, l.Flips)
		} else {
			require.Equal(t, record.NotConformant, r.Verdict)
			require.NotEmpty(t, l.Flips)
			require.NotContains(t, string(l.Flips[0].Exchange.Response.Body), `"id"`)
			require.Equal(t, 201, l.Flips[0].Exchange.Response.Status)
		}
		if *soak == 0 {
			continue
		}
		// What a session remembers of answers fills first: 65,536 values of each check.
		samples = slices.DeleteFunc(samples, func(s sample) bool { return s.done < filled })
		tenth := len(samples) / 10
		require.Positive(t, tenth, "give -soak more than %d", filled)
		for i := range 10 {
			t.Logf("%s: resident %d MiB in tenth %d", name, middle(samples[i*tenth:(i+1)*tenth], resident)>>20, i+1)
		}
		first, last := samples[:tenth], samples[len(samples)-tenth:]
		t.Logf("%s: resident %d MiB in the first tenth, %d MiB in the last; files %d and %d; goroutines %d and %d",
			name, middle(first, resident)>>20, middle(last, resident)>>20,
			middle(first, func(s sample) int { return s.files }), middle(last, func(s sample) int { return s.files }),
			middle(first, func(s sample) int { return s.goroutines }),
			middle(last, func(s sample) int { return s.goroutines }))
		require.InEpsilon(t, middle(first, resident), middle(last, resident), 0.1)
		require.InDelta(t, middle(first, func(s sample) int { return s.files }),
			middle(last, func(s sample) int { return s.files }), 16)
		require.InDelta(t, middle(first, func(s sample) int { return s.goroutines }),
			middle(last, func(s sample) int { return s.goroutines }), 64)
	}
}

// erring leaves the id out of one accepted answer in n requests.
func erring(n int64) http.Handler {
	h := reference.New(reference.Config{Token: token})
	var count atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) < n {
			h.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		body := answer.Body.String()
		if answer.Code == http.StatusCreated && strings.Contains(body, `"id"`) {
			count.Store(0)
			body = strings.Replace(body, `"id"`, `"identity"`, 1)
		}
		for name, values := range answer.Header() {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(answer.Code)
		w.Write([]byte(body))
	})
}
