package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/traffic"
)

func TestAReportOfACheckReplacesNoFileThatItReads(t *testing.T) {
	read := filepath.Join(t.TempDir(), "a.har")
	require.NoError(t, os.WriteFile(read, []byte("{}"), 0o600))
	one := []output{{file: filepath.Join(filepath.Dir(read), ".", "a.har")}}
	require.ErrorContains(t, trafficOutputs{server: one}.spare([]string{"-", read}), "would replace the traffic")
	require.ErrorContains(t, trafficOutputs{client: one}.spare([]string{read}), "would replace the traffic")
	require.NoError(t, trafficOutputs{server: []output{{file: read + ".html"}, {file: "-"}}}.spare([]string{"-", read}))
}

func TestTheProgressOfACheckSaysHowMuchIsLeft(t *testing.T) {
	const mega = 1 << 20
	for _, row := range []struct {
		done, size int64
		known      bool
		took       time.Duration
		want       string
	}{
		{10 * mega, 40 * mega, true, 2 * time.Second, "25 %, 10.0 MiB, 5.0 MiB/s, 6s left"},
		{40 * mega, 40 * mega, true, 8 * time.Second, "100 %, 40.0 MiB, 5.0 MiB/s, 0s left"},
		{10 * mega, 0, false, 2 * time.Second, "10.0 MiB, 5.0 MiB/s"},
		{0, 40 * mega, true, time.Second, "0.0 MiB, 0.0 MiB/s"},
	} {
		require.Equal(t, row.want, progressText(row.done, row.size, row.known, row.took))
	}
}

// recordedSecrets returns an exchange with a canary in every place of it.
func recordedSecrets(status int) record.Exchange {
	plain := "password=CANARY-1&client_secret=CANARY-2&access_token=CANARY-3 Bearer CANARY-4 Basic CANARY-5"
	inURL := "access_token=CANARY-6&password=CANARY-7&client_secret=CANARY-8&sig=CANARY-9"
	var x record.Exchange
	x.Started, x.Elapsed = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Second
	x.Request = record.Request{Method: "POST", URL: "https://user:CANARY-10@h" + servedPath + "?" + inURL,
		Body: record.Body(`{"Comment":"` + plain + `","password":"CANARY-11"}`)}
	for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key",
		"X-Ms-Client-Principal", "X-Ms-Client-Principal-Name", "X-Ms-Token-Aad-Access-Token",
		"X-Forwarded-Access-Token", "X-Amz-Security-Token"} {
		value := "CANARY-of-" + name
		switch name {
		case "Authorization", "Proxy-Authorization":
			value = "Bearer " + value
		case "Cookie":
			value = "a=" + value
		}
		x.Request.Header = append(x.Request.Header, record.Field{Name: name, Value: value})
	}
	x.Response = &record.Response{Status: status, Proto: "HTTP/1.1", Body: record.Body(`{"error":{"code":"x",` +
		`"message":"` + plain + ` CANARY-of-Authorization"},"clientSecret":"CANARY-12"}`), Header: http.Header{
		"Content-Type": {"application/json"}, "Set-Cookie": {"s=CANARY-13; Path=/"}, "X-More": {plain},
		"Location": {"https://h/?code=CANARY-14"}}}
	return x
}

func TestNoSecretOfARecordIsInAnythingThatIsWritten(t *testing.T) {
	dir := t.TempDir()
	var text bytes.Buffer
	for _, status := range []int{201, 400, 403, 500} {
		require.NoError(t, traffic.Write(&text, recordedSecrets(status)))
	}
	lost := recordedSecrets(0)
	lost.Response, lost.Error = nil, "dial https://user:CANARY-15@h/?password=CANARY-16: refused"
	require.NoError(t, traffic.Write(&text, lost))
	text.WriteString(`{"request":{"method":"POST","url":"https://h/?access_token=CANARY-17","header":7},"response":null}` +
		"\n{broken password=CANARY-18\n")
	name := filepath.Join(dir, "a.ndjson")
	require.NoError(t, os.WriteFile(name, text.Bytes(), 0o600))
	args := append([]string{"check", "-v", "-strict"}, everyReport(filepath.Join(dir, "server"))...)
	for i, arg := range everyReport(filepath.Join(dir, "client")) {
		if i%2 == 0 {
			arg = "-client-report"
		}
		args = append(args, arg)
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), &env{append(args, name), strings.NewReader(""), &stdout, &stderr, nil, noTerminal})
	require.Equal(t, exitNotConformant, code, stderr.String())
	requireClean(t, stdout.String()+stderr.String(), "CANARY", "the output")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Greater(t, len(files), 10)
	for _, f := range files {
		if f.Name() == "a.ndjson" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		requireClean(t, string(data), "CANARY", f.Name())
	}
}
