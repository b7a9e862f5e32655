// Package load compares loads of fmaspec with those of vegeta, against one server in one run.
// It is a module of its own, for vegeta is no part of the suite.
package load

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

const (
	token   = "a-token-for-the-comparison"
	machine = "/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/"
)

// A measured load.
type measured struct {
	Throughput float64
	Requests   int64
	Latency    []struct {
		P50 int64 `json:"p50_ns"`
		P90 int64 `json:"p90_ns"`
		P95 int64 `json:"p95_ns"`
		P99 int64 `json:"p99_ns"`
	}
}

// started starts the embedded server, and returns its URL.
func started(t *testing.T, command string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(command, "serve", "-listen", "127.0.0.1:0", "-token-file", file)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	text := make([]byte, 4096)
	n, err := out.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text[:n]))
}

// built builds the command.
func built(t *testing.T) string {
	t.Helper()
	command := filepath.Join(t.TempDir(), "fmaspec")
	build := exec.Command("go", "build", "-o", command, "./cmd/fmaspec")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return command
}

// ours puts a target under load with fmaspec.
func ours(t *testing.T, command, target string, args ...string) measured {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	run := exec.Command(command, append([]string{"run", "-url", target, "-q", "-generate", "none", "-run",
		"/valid/accepts-plain-request$", "-mix", "accepted=1", "-report", "json=" + file}, args...)...)
	run.Env = append(os.Environ(), "FMASPEC_TOKEN="+token)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r struct{ Load measured }
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r.Load
}

// theirs puts a target under load with vegeta: the same requests, without a judge. A rate of 0 is
// as fast as the target answers.
func theirs(target string, rate int, workers uint64, duration time.Duration) vegeta.Metrics {
	var n atomic.Int64
	targeter := func(t *vegeta.Target) error {
		operation := []string{"requestSample", "stopAndQuarantineFile"}[n.Add(1)%2]
		t.Method, t.URL = http.MethodPost, target+machine+operation
		t.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
		t.Body = fmt.Appendf(nil, `{"Comment":"a comment","Sha1":"%040x"}`, n.Load())
		return nil
	}
	attacker := vegeta.NewAttacker(vegeta.Workers(workers), vegeta.MaxWorkers(workers),
		vegeta.Connections(int(workers)))
	var m vegeta.Metrics
	for result := range attacker.Attack(targeter, vegeta.Rate{Freq: rate, Per: time.Second}, duration, "load") {
		m.Add(result)
	}
	m.Close()
	return m
}

// delayed passes requests on to a server, and answers after delays of a known distribution: half
// of them take 10 ms, 45 of 100 take 30 ms, and 5 of 100 take 120 ms.
func delayed(t *testing.T, target string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch i := n.Add(1) * 37 % 100; {
		case i < 50:
			time.Sleep(10 * time.Millisecond)
		case i < 95:
			time.Sleep(30 * time.Millisecond)
		default:
			time.Sleep(120 * time.Millisecond)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestPercentilesAgree compares percentiles at one rate with those of vegeta. Both histograms have
// a resolution; the machine adds noise to each, which the bound of 5 ms is for.
func TestPercentilesAgree(t *testing.T) {
	command := built(t)
	target := delayed(t, started(t, command))
	our := ours(t, command, target, "-duration", "10s", "-rate", "100/s", "-workers", "64").Latency[0]
	their := theirs(target, 100, 64, 10*time.Second).Latencies
	for _, row := range []struct {
		name  string
		our   int64
		their time.Duration
		want  time.Duration
	}{
		{"p50", our.P50, their.P50, 0}, {"p90", our.P90, their.P90, 30 * time.Millisecond},
		{"p95", our.P95, their.P95, 0}, {"p99", our.P99, their.P99, 120 * time.Millisecond},
	} {
		t.Logf("%s: fmaspec %v, vegeta %v", row.name, time.Duration(row.our).Round(100*time.Microsecond),
			row.their.Round(100*time.Microsecond))
		// At p50 and p95 the distribution has a step, so that either side of it is right.
		if row.want == 0 {
			continue
		}
		if d := math.Abs(float64(row.our) - float64(row.their)); d > 5e6+0.01*float64(row.their) {
			t.Errorf("%s: fmaspec %v and vegeta %v differ", row.name, time.Duration(row.our), row.their)
		}
		if time.Duration(row.our) < row.want {
			t.Errorf("%s: %v, and the server takes %v", row.name, time.Duration(row.our), row.want)
		}
	}
}

// TestRatio prints the rate of a judged load in that of vegeta, which judges nothing, in turn.
func TestRatio(t *testing.T) {
	command := built(t)
	target := started(t, command)
	var judged, bare float64
	for range 3 {
		our := ours(t, command, target, "-duration", "5s", "-workers", "64").Throughput
		their := theirs(target, 0, 64, 5*time.Second).Throughput
		t.Logf("fmaspec %.0f/s, all judged; vegeta %.0f/s: %.2f", our, their, our/their)
		judged, bare = judged+our, bare+their
	}
	t.Logf("of vegeta: %.2f", judged/bare)
}
