package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/proxy"
	"fmaspec/conformance/record"
)

// A saying judge says what it was set to say.
type saying struct {
	findings  func(record.Exchange) (server, client []record.Finding)
	verdict   record.Verdict
	ofClients record.Verdict
}

func (s saying) Note(x record.Exchange) conformance.Verdict {
	v := conformance.Verdict{Operation: "requestSample", Exchange: x}
	if s.findings != nil {
		v.Server, v.Client = s.findings(x)
	}
	return v
}

func (s saying) Report() *record.Report {
	r := &record.Report{Verdict: s.verdict}
	if s.ofClients != "" {
		r.Client = &record.Report{Verdict: s.ofClients}
	}
	return r
}

// A proxying is a proxy command under way in this process.
type proxying struct {
	url            string
	stdout, stderr *lockedBuffer
	stop           func() int // ends it and returns the exit code
}

var listening = regexp.MustCompile(`listening on (\S+), passing on`)

// proxies starts a proxy command to an upstream. Without a judge the suite judges.
func proxies(t *testing.T, j proxy.Judge, terminal bool, upstream string, args ...string) *proxying {
	t.Helper()
	set := flag.NewFlagSet("proxy", flag.ContinueOnError)
	f := newProxyFlags(set)
	_, err := parse(set, append([]string{"-upstream", upstream, "-listen", "127.0.0.1:0", "-proxy", "none"}, args...))
	require.NoError(t, err)
	if j != nil {
		f.judge = func(*conformance.Suite, conformance.WatchOptions) proxy.Judge { return j }
	}
	p := &proxying{stdout: &lockedBuffer{}, stderr: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	is := func(of any) (int, bool) { return 100, terminal && of == p.stderr }
	go func() {
		e := &env{nil, strings.NewReader(""), p.stdout, p.stderr, nil, is}
		ended <- e.fail("proxy", f.proxy(ctx, e, nil))
	}()
	p.stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { p.stop() })
	for {
		if found := listening.FindStringSubmatch(p.stderr.String()); found != nil {
			p.url = found[1]
			return p
		}
		select {
		case code := <-ended:
			ended <- code
			require.Fail(t, "the proxy ended", "%d: %s", code, p.stderr)
		default:
			runtime.Gosched()
		}
	}
}

// send posts a good request, and returns the status and the body of the answer.
func (p *proxying) send(t *testing.T, query string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", p.url+servedPath+query, strings.NewReader(goodBody))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body)
}

func upstreamOf(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(honest())
	t.Cleanup(s.Close)
	return s.URL
}

func TestProxyExitCodes(t *testing.T) {
	const ok, not, open = record.Conformant, record.NotConformant, record.Unjudged
	upstream := upstreamOf(t)
	for _, row := range []struct {
		server, client record.Verdict
		failOn         string
		sends          bool
		want           int
	}{
		{ok, ok, "any", true, 0},
		{ok, "", "any", true, 0},
		{not, ok, "any", true, 1},
		{not, not, "any", true, 1},
		{ok, not, "any", true, 5},
		{open, not, "any", true, 5},
		{open, ok, "any", true, 3},
		{open, open, "any", true, 3},
		{open, "", "any", false, 3},
		{ok, open, "any", true, 0},
		{ok, open, "client", true, 3},
		{ok, "", "client", true, 3},
		{open, ok, "client", true, 0},
		{not, ok, "client", true, 0},
		{not, not, "client", true, 5},
		{ok, not, "server", true, 0},
		{not, not, "server", true, 1},
		{not, not, "none", true, 0},
		{open, open, "none", false, 0},
	} {
		p := proxies(t, saying{verdict: row.server, ofClients: row.client}, false, upstream, "-fail-on", row.failOn)
		if row.sends {
			status, _ := p.send(t, "")
			require.Equal(t, http.StatusCreated, status)
		}
		require.Equal(t, row.want, p.stop(), "%+v: %s", row, p.stderr)
		require.NotEmpty(t, p.stdout.String(), "want the report on stdout")
	}
}

func finding(side string) record.Finding {
	return record.Finding{Check: "status", Requirement: "response.created", Level: record.Documented, Place: "/a",
		Want: "201 of the " + side, Got: "\x1b[2J200"}
}

func both(record.Exchange) (server, client []record.Finding) {
	return []record.Finding{finding("server")}, []record.Finding{finding("client")}
}

func TestProxyWritesALineForEachFinding(t *testing.T) {
	p := proxies(t, saying{findings: both, verdict: record.NotConformant}, false, upstreamOf(t))
	status, _ := p.send(t, "?sig=secret-77")
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, 1, p.stop())
	for _, side := range []string{"server", "client"} {
		require.Contains(t, p.stderr.String(), "\nPOST "+servedPath+" 201: "+side+": body /a: want 201 of the "+side+
			`, got \x1b[2J200 — response.created (documented, `)
	}
	require.Contains(t, p.stderr.String(), "\n1 exchange passed: 1 judged, 0 not judged, 0 on no documented path\n")
	require.NotContains(t, p.stderr.String(), "secret-77")
	require.NotContains(t, p.stderr.String(), testToken)
	quiet := proxies(t, saying{findings: both, verdict: record.NotConformant}, false, upstreamOf(t), "-q")
	quiet.send(t, "")
	require.Equal(t, 1, quiet.stop())
	require.NotContains(t, quiet.stderr.String(), "want 201")
}

func TestProxyCountsOnATerminal(t *testing.T) {
	p := proxies(t, saying{findings: both, verdict: record.Conformant}, true, upstreamOf(t))
	p.send(t, "")
	p.stop()
	const first = "\r0 passed, 0 active, 0 judged, findings: 0 server, 0 client; 0 not judged"
	require.Contains(t, p.stderr.String(), first)
	require.Contains(t, p.stderr.String(), "\r"+strings.Repeat(" ", len(first)-1)+"\rPOST ", "want it erased before a "+
		"finding")
}

func TestProxyEnforces(t *testing.T) {
	p := proxies(t, saying{findings: both, verdict: record.NotConformant}, false, upstreamOf(t), "-mode", "enforce")
	status, body := p.send(t, "")
	require.Equal(t, http.StatusBadGateway, status)
	require.Contains(t, body, `"requirement":"response.created","level":"documented"`)
	require.Equal(t, 1, p.stop())
	require.Contains(t, p.stderr.String(), "\n0 requests refused, 1 answer replaced; 0 messages passed on without "+
		"the judge\n")
}

func TestProxyRecords(t *testing.T) {
	dir := t.TempDir()
	lines, har := filepath.Join(dir, "a.ndjson"), filepath.Join(dir, "a.har")
	require.NoError(t, os.WriteFile(lines, []byte(`{"cut":`), 0o600))
	require.NoError(t, os.WriteFile(har, []byte("old"), 0o600))
	p := proxies(t, saying{findings: both, verdict: record.Conformant}, false, upstreamOf(t), "-record",
		"ndjson="+lines, "-record", "har="+har, "-report", "json="+filepath.Join(dir, "r.json"))
	for i := range 3 {
		p.send(t, fmt.Sprintf("?n=%d", i))
	}
	for { // lines are there as exchanges end, the HAR at the end
		data, err := os.ReadFile(lines)
		require.NoError(t, err)
		if bytes.Count(data, []byte("\n")) == 4 {
			break
		}
		runtime.Gosched()
	}
	old, err := os.ReadFile(har)
	require.NoError(t, err)
	require.Equal(t, "old", string(old))
	require.Equal(t, 0, p.stop(), p.stderr)
	require.FileExists(t, filepath.Join(dir, "r.json"))
	data, err := os.ReadFile(lines)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(data, []byte("{\"cut\":\n{")), "want a cut line to be ended")
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		var x record.Exchange
		require.NoError(t, json.Unmarshal([]byte(line), &x))
		require.True(t, strings.HasSuffix(x.Request.URL, fmt.Sprintf("?n=%d", i)), x.Request.URL)
		require.Equal(t, goodBody, string(x.Request.Body))
		require.Equal(t, http.StatusCreated, x.Response.Status)
	}
	if runtime.GOOS != "windows" { // both hold the same, for their owner alone
		fresh := filepath.Join(dir, "fresh")
		p := proxies(t, saying{verdict: record.Conformant}, false, upstreamOf(t), "-record", "ndjson="+fresh+".ndjson",
			"-record", "har="+fresh+".har")
		p.send(t, "")
		require.Equal(t, 0, p.stop(), p.stderr)
		for _, name := range []string{fresh + ".ndjson", fresh + ".har"} {
			info, err := os.Stat(name)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
		}
	}
	data, err = os.ReadFile(har)
	require.NoError(t, err)
	var file struct {
		Log struct {
			Version string
			Comment string
			Pages   []any
			Entries []struct {
				Pageref  *string
				Request  struct{ Method, URL string }
				Response struct{ Status int }
				Findings []string `json:"_findings"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(data, &file), "%s", data)
	require.Equal(t, "1.2", file.Log.Version)
	require.True(t, strings.HasPrefix(file.Log.Comment, "exchanges that passed through fmaspec proxy to http://127"),
		file.Log.Comment)
	require.Len(t, file.Log.Entries, 3)
	for i, entry := range file.Log.Entries {
		require.Nil(t, entry.Pageref)
		require.Equal(t, "POST", entry.Request.Method)
		require.True(t, strings.HasSuffix(entry.Request.URL, fmt.Sprintf("?n=%d", i)))
		require.Equal(t, http.StatusCreated, entry.Response.Status)
		require.Len(t, entry.Findings, 2)
	}
}

func TestARecordThatCannotBeWrittenIsReported(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	for _, format := range []string{"ndjson", "har"} {
		p := proxies(t, saying{verdict: record.Conformant}, false, upstreamOf(t), "-record", format+"=/dev/full")
		status, _ := p.send(t, "")
		require.Equal(t, http.StatusCreated, status, "want what passes to pass")
		require.Equal(t, 3, p.stop())
		require.Contains(t, p.stderr.String(), "/dev/full: ")
		require.Contains(t, p.stderr.String(), "no space left on device")
	}
}

func TestProxyServesItsStatusElsewhere(t *testing.T) {
	p := proxies(t, saying{verdict: record.Conformant}, false, upstreamOf(t), "-status", "127.0.0.1:0")
	p.send(t, "")
	at := regexp.MustCompile(`status page on (\S+)`).FindStringSubmatch(p.stderr.String())
	require.NotNil(t, at)
	for path, want := range map[string]string{"": "<h1>fmaspec proxy</h1>", "metrics": "fmaspec_proxy_passed_total ",
		"healthz": "ok\n"} {
		answer, err := http.Get(at[1] + path)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		answer.Body.Close()
		require.Contains(t, string(body), want)
	}
	require.Equal(t, 0, p.stop())
	_, err := http.Get(at[1])
	require.Error(t, err, "want it to end with the proxy")
}

func TestProxyServesTLS(t *testing.T) {
	i := newIssuer(t)
	certificate, key := i.issue(t, "proxy")
	file := filepath.Join(t.TempDir(), "both.pem")
	require.NoError(t, os.WriteFile(file, []byte(certificate+key), 0o600))
	p := proxies(t, saying{verdict: record.Conformant}, false, upstreamOf(t), "-tls-cert", file, "-tls-key", file)
	require.True(t, strings.HasPrefix(p.url, "https://"), p.url)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(i.pem)))
	for _, http2 := range []bool{false, true} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: http2}
		if !http2 {
			transport.Protocols = new(http.Protocols)
			transport.Protocols.SetHTTP1(true)
		}
		answer, err := (&http.Client{Transport: transport}).Post(p.url+servedPath, "application/json",
			strings.NewReader(goodBody))
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
		require.Equal(t, map[bool]int{false: 1, true: 2}[http2], answer.ProtoMajor)
		transport.CloseIdleConnections()
	}
	require.Equal(t, 0, p.stop())
}

func TestProxyReachesItsUpstreamByTheFlagsOfRun(t *testing.T) {
	s := httptest.NewTLSServer(honest())
	t.Cleanup(s.Close)
	refused := proxies(t, saying{verdict: record.Conformant}, false, s.URL)
	status, _ := refused.send(t, "")
	require.Equal(t, http.StatusBadGateway, status, "want an unknown certificate to be refused")
	_, body := refused.send(t, "")
	require.Contains(t, body, "Its certificate is not trusted, so that it did not get the request.")
	require.NotContains(t, body, "127.0.0.1")
	refused.stop()
	require.Contains(t, refused.stderr.String(), "2 were answered 502 by the proxy, because the upstream gave no "+
		"answer (not-trusted 2)\n")
	const why = "the target's certificate is not trusted: x509: certificate signed by unknown authority; name the " +
		"authority that signed it with -ca\n"
	require.Equal(t, 1, strings.Count(refused.stderr.String(), "no answer from the upstream: "+why), refused.stderr)
	p := proxies(t, saying{verdict: record.Conformant}, false, s.URL, "-insecure")
	status, _ = p.send(t, "")
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, 0, p.stop())
}

func TestAProxyOfItselfIsRefused(t *testing.T) {
	for text, want := range map[string]bool{
		"http://127.0.0.1:8081": true, "http://localhost:8081/x": true, "http://127.0.0.1:8080": false,
		"https://127.0.0.1": false, "http://192.0.2.1:8081": false, "http://[::1]:8081": false,
	} {
		u, err := url.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, sameAddress(u, "127.0.0.1:8081"), text)
		// Who listens everywhere listens on this machine too.
		everywhere := want || u.Host == "[::1]:8081"
		require.Equal(t, everywhere, sameAddress(u, "[::]:8081"), text)
		require.Equal(t, everywhere, sameAddress(u, "0.0.0.0:8081"), text)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	l.Close()
	got := call(t.Context(), nil, "proxy", "-upstream", "http://"+address, "-listen", address)
	require.Equal(t, 2, got.code)
	require.Contains(t, got.stderr, "this is where the proxy listens; name another server, or another -listen")
}

func TestProxyWarnsWhereOthersCanReachIt(t *testing.T) {
	var stderr bytes.Buffer
	l, err := (&proxyFlags{}).open(&env{stderr: &stderr}, "listen", "0.0.0.0:0")
	require.NoError(t, err)
	defer l.Close()
	require.Regexp(t, `^proxy: warning: \S+ can be reached from other machines; use -listen 127\.0\.0\.1:\d+ to `,
		stderr.String())
	require.Regexp(t, `^127\.0\.0\.1:\d+$`, reachable(l.Addr()))
}

func TestAnAddressWithoutAPortIsSaidToHaveNone(t *testing.T) {
	for _, row := range []struct{ address, want string }{
		{"0.0.0.0", "proxy: -listen 0.0.0.0: it has no port; give 0.0.0.0:8080, or port 0 for a free one\n"},
		{"::1", "proxy: -listen ::1: it has no port; give [::1]:8080, or port 0 for a free one\n"},
		{"localhost", "proxy: -listen localhost: it has no port; give localhost:8080, or port 0 for a free one\n"},
	} {
		got := call(t.Context(), nil, "proxy", "-upstream", "http://127.0.0.1:1", "-listen", row.address)
		require.Equal(t, exitMisuse, got.code)
		require.Equal(t, row.want, got.stderr)
	}
}

func TestProxyReportsOnItsClients(t *testing.T) {
	page := filepath.Join(t.TempDir(), "clients.html")
	for _, mode := range []string{"observe", "enforce"} {
		p := proxies(t, nil, false, upstreamOf(t), "-client-report", "html="+page, "-mode", mode)
		r, err := http.NewRequestWithContext(t.Context(), "POST", p.url+servedPath, strings.NewReader(`{"Comment":"x"}`))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+testToken)
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusBadRequest, answer.StatusCode)
		require.Equal(t, exitClient, p.stop(), mode)
		judged := map[string]string{"observe": "1 judged", "enforce": "0 judged, 1 no evidence"}[mode]
		require.Contains(t, p.stderr.String(), "1 exchange passed: "+judged+", 0 not judged")
		require.Contains(t, p.stdout.String(), "1 exchange: "+judged)
		require.Contains(t, p.stdout.String(), "FAIL requestSample/client/sha1-required")
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Contains(t, string(text), "requestSample/client/sha1-required")
		require.NoError(t, os.Remove(page))
	}
}

// TestProxyWritesNoToken has the suite judge, which strikes secrets out of what it returns.
func TestProxyWritesNoToken(t *testing.T) {
	dir := t.TempDir()
	lines, har, json := filepath.Join(dir, "a.ndjson"), filepath.Join(dir, "a.har"), filepath.Join(dir, "a.json")
	p := proxies(t, nil, false, upstreamOf(t), "-record", "ndjson="+lines, "-record", "har="+har, "-report",
		"json="+json)
	status, _ := p.send(t, "?sig=secret-77aa90")
	require.Equal(t, http.StatusCreated, status)
	p.stop()
	all := p.stdout.String() + p.stderr.String()
	for _, file := range []string{lines, har, json} {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		all += string(data)
	}
	require.Contains(t, all, servedPath)
	require.NotContains(t, all, testToken)
	require.NotContains(t, all, "secret-77aa90")
}
