package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/client"
	"fmaspec/conformance/report"
)

// calls sends the requests of a client to a server.
func (s *serving) calls(t *testing.T, name string) {
	t.Helper()
	all := slices.Concat(client.Variants(), client.Faults())
	i := slices.IndexFunc(all, func(c client.Client) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	all[i].Run(t.Context(), client.Setting{URL: s.url, Token: testToken, Machine: "fb9ab6be3965095a09c057be7c90f0a2",
		HTTP: &http.Client{Transport: transport}})
}

func TestServeJudgesItsClients(t *testing.T) {
	for _, row := range []struct {
		why     string
		clients []string
		args    []string
		code    int
		report  string // a part of the report
	}{
		{"an honest client conforms", []string{"plain"}, nil, exitConformant, "\nconformant: http"},
		{"a faulty one does not", []string{"omits-sha1"}, nil, exitClient, " (clients): 1 of 25 requirements broken, " +
			"4 not exercised; 2 of 56 cases failed"},
		{"one faulty client among honest ones is found", []string{"plain", "calls-by-put", "plain"}, nil, exitClient,
			"requestSample/client/documented-method"},
		{"no request means no verdict", nil, nil, exitUnjudged, "no request came that could be judged"},
		{"a deviation passes", []string{"sends-md5"}, nil, exitConformant, "DEV requestSample/client/sha1-format"},
		{"and fails with -strict", []string{"sends-md5"}, []string{"-strict"}, exitClient,
			"FAIL requestSample/client/sha1-format"},
		{"and is not looked for with -level", []string{"sends-md5"}, []string{"-strict", "-level", "documented"},
			exitConformant, "\nconformant: http"},
		{"a client that comes back at once is found", []string{"repeats-at-once-after-429"},
			[]string{"-strict", "-trouble", "throttled-every-third"}, exitClient,
			"requestSample/client/waits-after-429"},
		{"so is one that causes an action twice", []string{"repeats-lost-request"},
			[]string{"-strict", "-trouble", "loses-every-third-answer"}, exitClient,
			"requestSample/client/effect-once"},
		{"a path that nobody serves is a finding", []string{"misspells-path"}, nil, exitClient,
			"requestSample/client/documented-path"},
		{"the faults of the server are not the client's", []string{"plain"}, []string{"-fault", "answers-200",
			"-fault", "drops-id"}, exitConformant, "\nconformant: http"},
		{"-q prints the verdict alone", []string{"omits-sha1"}, []string{"-q"}, exitClient, "56 cases: "},
	} {
		t.Run(row.why, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "clients.json")
			s := serve(t, []string{tokenVariable + "=" + testToken}, append([]string{"-listen", "127.0.0.1:0",
				"-judge-clients", "-report", "json=" + file}, row.args...)...)
			for _, name := range row.clients {
				s.calls(t, name)
			}
			code := s.stop()
			if code != row.code || !strings.Contains("\n"+s.report, row.report) {
				t.Errorf("want exit code %d and %q, got %d and\n%s", row.code, row.report, code, s.report)
			}
			written, err := os.ReadFile(file)
			require.NoError(t, err)
			got, err := report.ParseJSON(written)
			require.NoError(t, err)
			require.Equal(t, "clients", got.Target.Name)
			require.Equal(t, s.url, got.Target.URL)
			require.NotContains(t, s.report+string(written), testToken)
		})
	}
}

func TestServeSeesHowClientsFrameTheirBodies(t *testing.T) {
	const head = "POST " + servedPath + " HTTP/1.1\r\nHost: h\r\n" +
		"Authorization: Bearer " + testToken + "\r\nContent-Type: application/json\r\nConnection: close\r\n"
	const body = `{"Comment":"x","Sha1":"8d25682b3a82af25b42dc90291c35ff3293daa68"}`
	chunked := fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	for _, row := range []struct {
		rest   string
		code   int
		report string
	}{
		{chunked, exitConformant, "\nconformant: "},
		{length + "\r\n" + body, exitConformant, "\nconformant: "},
		{length + chunked, exitClient, "FAIL requestSample/client/framing"},
		{length + length + "\r\n" + body, exitClient, "FAIL requestSample/client/single-fields"},
	} {
		s := serve(t, []string{tokenVariable + "=" + testToken}, "-listen", "127.0.0.1:0", "-judge-clients")
		c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(c, head+row.rest)
		require.NoError(t, err)
		answer, err := io.ReadAll(c)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.Contains(t, string(answer), "201 Created")
		require.Equal(t, row.code, s.stop(), row.rest)
		require.Contains(t, "\n"+s.report, row.report)
	}
}

func TestJudgingClientsNeedsItsFlag(t *testing.T) {
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"-report", "json=x"}, "serve: -report: nothing is judged; add -judge-clients\n"},
		{[]string{"-strict"}, "serve: -strict: nothing is judged; add -judge-clients\n"},
		{[]string{"-level", "documented"}, "serve: -level: nothing is judged; add -judge-clients\n"},
		{[]string{"-judge-clients", "-report", "json=-"},
			"serve: -report: stdout begins with the URL of the server; name a file\n"},
		{[]string{"-judge-clients", "-report", "junit"},
			"serve: -report junit: no file; give FORMAT=FILE, such as junit=report.xml\n"},
	} {
		stderr := &lockedBuffer{}
		code := run(context.Background(), &env{append([]string{"serve"}, row.args...), strings.NewReader(""),
			io.Discard,
			stderr, nil, noTerminal})
		require.Equal(t, exitMisuse, code, row.args)
		require.Equal(t, row.want, stderr.String())
	}
}

func TestVariablesForOtherCommandsDoNotKeepServeFromServing(t *testing.T) {
	s := serve(t, []string{"FMASPEC_STRICT=true", "FMASPEC_LEVEL=standard", "FMASPEC_REPORT=json=run.json"}, "-listen",
		"127.0.0.1:0")
	require.Equal(t, exitConformant, s.stop())
	require.NoFileExists(t, "run.json")
}

func TestAReportOnClientsThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "reports")
	require.NoError(t, os.Mkdir(folder, 0o755))
	s := serve(t, []string{tokenVariable + "=" + testToken}, "-listen", "127.0.0.1:0", "-judge-clients", "-report",
		"json="+filepath.Join(folder, "clients.json"))
	s.calls(t, "plain")
	require.NoError(t, os.Remove(folder))
	require.Equal(t, exitUnjudged, s.stop())
	require.Contains(t, s.stderr.String(), "the verdict was: conformant")
}
