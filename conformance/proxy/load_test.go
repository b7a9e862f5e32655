package proxy_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/internal/hostile"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
)

var exchanges = flag.Int("exchanges", 2000, "the number of exchanges of the load loop")

// TestNoByteIsAlteredUnderLoad compares hashes at both ends.
func TestNoByteIsAlteredUnderLoad(t *testing.T) {
	all := *exchanges
	if testing.Short() {
		all = min(all, 400)
	}
	for _, enforce := range []bool{false, true} {
		s := through(t, server(t, echo), func(o *proxy.Options) { o.Enforce = enforce })
		const clients = 16
		var wait sync.WaitGroup
		failed := make(chan error, clients)
		for n := range clients {
			c := client(t, n%4 == 3)
			c.Transport.(*http.Transport).MaxIdleConnsPerHost = 1
			wait.Go(func() {
				for i := n; i < all; i += clients {
					if err := echoed(t.Context(), c, s.url, i); err != nil {
						failed <- fmt.Errorf("exchange %d: %w", i, err)
						return
					}
				}
			})
		}
		wait.Wait()
		close(failed)
		require.NoError(t, <-failed)
		require.NoError(t, s.stop())
		n := s.Counts()
		require.EqualValues(t, all, n.Passed)
		require.EqualValues(t, n.Passed, n.NotApplicable+n.Judged+n.NotJudgedTotal(), "want each exchange counted")
		require.Zero(t, n.UpstreamErrors)
	}
}

// echoed sends a body whose size and content i decides, and compares the hashes of what arrived.
func echoed(ctx context.Context, c *http.Client, url string, i int) error {
	want := random(uint64(i), 1+(i*7919)%20_000)
	path := "/other"
	if i%3 == 0 {
		path = documented
	}
	method := "POST"
	r, err := http.NewRequestWithContext(ctx, method, url+path, bytes.NewReader(want))
	if err != nil {
		return err
	}
	if i%2 == 0 {
		r.URL.RawQuery = "chunked"
		r.Body, r.ContentLength = io.NopCloser(unsized{bytes.NewReader(want)}), -1
	}
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusBadRequest: // refused, as it is no JSON
		return nil
	case answer.Header.Get("X-Hash") != hash(want):
		return fmt.Errorf("the request was altered: want %d bytes", len(want))
	case hash(got) != hash(want):
		return fmt.Errorf("the answer was altered: want %d bytes, got %d", len(want), len(got))
	}
	return nil
}

const (
	token        = "test-token-0d5ac7"
	unprivileged = "test-unprivileged-9c1e"
	unknown      = "00000000000000000000000000000000000000ff"
)

// honest is a server that keeps the contract.
func honest() http.Handler {
	return reference.New(reference.Config{Token: token, UnprivilegedToken: unprivileged, UnknownMachine: unknown})
}

// run runs cases of the suite against a URL.
func run(t *testing.T, url, pattern string, timeout time.Duration) *record.Report {
	t.Helper()
	s, err := suite()
	require.NoError(t, err)
	r, err := s.Run(t.Context(), conformance.Target{URL: url, Token: token, UnprivilegedToken: unprivileged,
		InvalidToken: "test-invalid-77aa", UnknownMachine: unknown},
		conformance.Options{Run: pattern, Timeout: timeout, Parallel: 8})
	require.NoError(t, err)
	return r
}

// outcomes returns the outcome of each case.
func outcomes(r *record.Report) map[string]string {
	out := map[string]string{}
	for _, c := range r.Cases {
		out[c.ID] = c.Outcome.String()
	}
	return out
}

func TestARunThroughTheProxyHasTheSameVerdict(t *testing.T) {
	const pattern = "^requestSample/body/"
	for _, name := range []string{"", "answers-200", "drops-id"} {
		h := honest()
		if name != "" {
			f, ok := reference.FindFault(name)
			require.True(t, ok, name)
			h = f.Wrap(h)
		}
		upstream := server(t, h.ServeHTTP)
		direct := run(t, upstream, pattern, conformance.DefaultTimeout)
		s := through(t, upstream)
		passed := run(t, s.url, pattern, conformance.DefaultTimeout)
		require.NoError(t, s.stop())
		require.NotEmpty(t, direct.Cases)
		require.Equal(t, direct.Verdict, passed.Verdict, name)
		require.Equal(t, outcomes(direct), outcomes(passed), name)
		require.Positive(t, s.Counts().Judged)
	}
}

// TestHostileUpstreamsLeaveNothing runs a case through the proxy to each hostile server. The run
// ends, and so does the proxy, with every exchange counted.
func TestHostileUpstreamsLeaveNothing(t *testing.T) {
	t.Cleanup(func() { // when the subtests have ended
		until(t, func() bool { return !strings.Contains(stacks(), "fmaspec/conformance/proxy.") })
	})
	for i, b := range hostile.Behaviours() {
		if b.Stuck || testing.Short() && i%9 != 0 {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			h, err := hostile.Start(b, honest())
			require.NoError(t, err)
			t.Cleanup(h.Stop)
			s := through(t, h.URL, passedLimit, func(o *proxy.Options) {
				o.Transport = proxy.NewTransport(o.Upstream, conformance.Transport{RootCAs: h.Roots, HTTP2: b.HTTP2})
				o.Enforce = i%2 == 1
				o.BodyLimit = 64 << 10
			})
			timeout := 3 * time.Second
			if b.Waits {
				timeout = 300 * time.Millisecond
			}
			run(t, s.url, "^"+hostile.Operation+"/"+b.Expect.Case+"$", timeout)
			_ = s.stop() // an exchange may be active beyond the limit
			until(t, func() bool { return s.Counts().InFlight == 0 })
			n := s.Counts()
			require.Positive(t, n.Passed)
			require.Empty(t, h.Strayed())
		})
	}
}

// stacks returns the stacks of all goroutines.
func stacks() string {
	all := make([]byte, 16<<20)
	return string(all[:runtime.Stack(all, true)])
}

// BenchmarkProxy compares one exchange on a documented path: to the server, through a plain
// httputil.ReverseProxy, and through this proxy in both modes with the judge of the suite.
func BenchmarkProxy(b *testing.B) {
	s, err := suite()
	require.NoError(b, err)
	upstream, stop := serving(b, honest())
	defer stop()
	u, err := url.Parse(upstream)
	require.NoError(b, err)
	took := map[string][]time.Duration{}
	bench := func(name string, h http.Handler) {
		b.Run(name, func(b *testing.B) {
			at, stop := upstream, func() {}
			if h != nil {
				at, stop = serving(b, h)
			}
			defer stop()
			transport := &http.Transport{DisableCompression: true}
			defer transport.CloseIdleConnections()
			c := &http.Client{Transport: transport}
			b.ReportAllocs()
			for b.Loop() {
				r, err := http.NewRequestWithContext(b.Context(), "POST", at+documented, strings.NewReader(goodBody))
				if err != nil {
					b.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Content-Type", "application/json")
				answer, err := c.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode != http.StatusCreated {
					b.Fatalf("want 201, got %d", answer.StatusCode)
				}
			}
			took[name] = append(took[name], b.Elapsed()/time.Duration(b.N))
			if plain := took["plain"]; name != "direct" && len(plain) > 0 {
				b.ReportMetric(float64(slices.Min(took[name]))/float64(slices.Min(plain)), "of-plain")
			}
		})
	}
	own := func(enforce bool) (*proxy.Proxy, func()) {
		o := proxy.Options{Upstream: u, Transport: proxy.NewTransport(u, conformance.Transport{}), Suite: s,
			Judge: s.Watch(conformance.WatchOptions{}), Enforce: enforce}
		p, err := proxy.New(o)
		require.NoError(b, err)
		return p, func() { _ = p.Close(context.Background()) }
	}
	observe, endObserve := own(false)
	defer endObserve()
	enforce, endEnforce := own(true)
	defer endEnforce()
	bench("direct", nil)
	bench("plain", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) },
		Transport: proxy.NewTransport(u, conformance.Transport{})})
	bench("observe", observe)
	bench("enforce", enforce)
}
