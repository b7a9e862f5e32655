package proxy_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
)

const (
	documented = "/testwdatppreview/machines/fb9ab6be3965095a09c057be7c90f0a2/requestSample"
	goodBody   = `{"Comment":"a comment","Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"}`
)

var suite = sync.OnceValues(func() (*conformance.Suite, error) { return conformance.Load(conformance.Contract{}) })

// A judge keeps what it is given, and says what it was set to say.
type judge struct {
	verdict func(record.Exchange) conformance.Verdict

	mu   sync.Mutex
	seen []record.Exchange
}

func (j *judge) Note(x record.Exchange) conformance.Verdict {
	j.mu.Lock()
	j.seen = append(j.seen, x)
	j.mu.Unlock()
	if j.verdict != nil {
		return j.verdict(x)
	}
	return conformance.Verdict{Operation: "requestSample", Exchange: x}
}

func (j *judge) Report() *record.Report { return &record.Report{} }

func (j *judge) exchanges() []record.Exchange {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.seen)
}

// A setup is a proxy between a server and clients.
type setup struct {
	*proxy.Proxy
	t     *testing.T
	url   string
	judge *judge
	stop  func() error
}

// options returns those of a proxy to a server.
func options(t *testing.T, upstream string, j proxy.Judge) proxy.Options {
	t.Helper()
	s, err := suite()
	require.NoError(t, err)
	u, err := url.Parse(upstream)
	require.NoError(t, err)
	transport := proxy.NewTransport(u, conformance.Transport{})
	t.Cleanup(transport.CloseIdleConnections)
	return proxy.Options{Upstream: u, Transport: transport, Suite: s, Judge: j}
}

// never is a limit that no test waits for, but the end of the test.
func never(time.Duration) <-chan time.Time { return nil }

// through starts a proxy to an upstream, whose options may be changed.
func through(t *testing.T, upstream string, change ...func(*proxy.Options)) *setup {
	t.Helper()
	j := &judge{}
	o := options(t, upstream, j)
	o.After = never
	o.Until = func(time.Duration) (context.Context, context.CancelFunc) {
		return context.WithCancel(context.Background())
	}
	for _, f := range change {
		f(&o)
	}
	p, err := proxy.New(o)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Serve(ctx, l) }()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { stop() })
	return &setup{p, t, "http://" + l.Addr().String(), j, stop}
}

// server starts an upstream in HTTP/1.1 and, in clear text, HTTP/2.
func server(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Config.DisableGeneralOptionsHandler = true
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// client returns a client that changes nothing of what it sends and gets.
func client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true, Protocols: new(http.Protocols),
		TLSClientConfig: &tls.Config{}}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// do sends a request and returns the answer with its body.
func do(t *testing.T, c *http.Client, method, url string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	answer, err := c.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(got)
}

// post sends a good request.
func (s *setup) post(c *http.Client, header ...string) (*http.Response, string) {
	return do(s.t, c, "POST", s.url+documented, strings.NewReader(goodBody), append(header,
		"Authorization: Bearer secret-77", "Content-Type: application/json")...)
}

// until waits until something holds.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	deadline, is := t.Deadline()
	for !holds() {
		if is && time.Until(deadline) < time.Second {
			t.Fatal("it did not hold in the time of the test")
		}
		runtime.Gosched()
	}
}

// created answers as the operations do.
func created(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"id":"1"}`)
}

// breaking says that the server broke something.
func breaking(level record.Level) func(record.Exchange) conformance.Verdict {
	return func(x record.Exchange) conformance.Verdict {
		return conformance.Verdict{Operation: "requestSample", Exchange: x, Server: []record.Finding{{
			Check: "status", Requirement: "response.created", Level: level, Place: "status", Want: "201", Got: "200"}}}
	}
}

// passedLimit has the end of a proxy wait for nothing.
func passedLimit(o *proxy.Options) {
	o.Until = func(time.Duration) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx, cancel
	}
}

// serving serves a handler for a benchmark.
func serving(b *testing.B, h http.Handler) (url string, stop func()) {
	b.Helper()
	s := httptest.NewServer(h)
	return s.URL, s.Close
}
