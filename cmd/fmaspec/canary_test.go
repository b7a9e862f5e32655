package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/report"
)

// canaries are secrets of every kind, each a word that stands nowhere else.
func canaries() map[string]string {
	return map[string]string{
		"token":        jwt(claims{"aud": graph, "canary": "CANARY-token"}),
		"unprivileged": "CANARY/unprivileged+token==",
		"security":     "CANARY/security+admin==",
		"global":       "CANARY-global.admin~token",
		"invalid":      "CANARY.invalid~token",
		"secret":       "CANARY&client<secret>\"7",
		"old":          "CANARY.token~of-the-old-one",
		"header":       "CANARY header value; x=1",
		"proxy":        "CANARY-proxy-password",
		"cookie":       "CANARY-cookie-of-the-server",
		"query":        "CANARY%2Bsignature%3D",
		"other":        jwt(claims{"sub": "CANARY-somebody-else"}),
	}
}

// An echo is a server that echoes whatever it receives, in every place that an
// answer has, one way a request.
type echo struct {
	canary map[string]string
	n      chan int
}

func newEcho() *echo {
	n := make(chan int)
	go func() {
		for i := 0; ; i++ {
			n <- i
		}
	}()
	return &echo{canaries(), n}
}

func (s *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	received := r.Header.Get("Authorization") + " " + r.Header.Get("X-Api-Key") + " " + r.URL.String() + " " +
		string(body)
	leaks := received + " " + s.canary["other"] + " https://files.example/a?se=2026&sig=" + s.canary["query"]
	w.Header().Set("Content-Type", "application/json")
	text, _ := json.Marshal(map[string]any{"error": map[string]string{"code": "x", "message": leaks}})
	oneLine := strings.Map(func(r rune) rune { return map[bool]rune{true: '_', false: r}[r < ' ' || r > '~'] }, leaks)
	switch n := <-s.n; n % 12 {
	case 0:
		w.Header().Set("X-Echo", oneLine)
		w.WriteHeader(400)
		w.Write(text)
	case 1:
		w.Header().Set("Set-Cookie", "session="+s.canary["cookie"]+"; Path=/; HttpOnly")
		w.WriteHeader(401)
		w.Write(text)
	case 2:
		w.Header().Set("Location", "https://elsewhere.example/?access_token="+url.QueryEscape(received)+"&code="+
			s.canary["query"])
		w.WriteHeader(307)
	case 3:
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(400)
		z := gzip.NewWriter(w)
		z.Write(text)
		z.Close()
	case 4:
		w.WriteHeader(201)
		fmt.Fprintf(w, `{"id":%q,"requestor":%q}`, base64.StdEncoding.EncodeToString([]byte(received)),
			base64.RawURLEncoding.EncodeToString([]byte(s.canary["token"])))
	case 5:
		w.WriteHeader(500)
		fmt.Fprintf(w, "panic: %s\ngoroutine 1 [running]:", url.QueryEscape(s.canary["token"]))
	case 6, 7, 8, 9: // below HTTP
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		io.WriteString(c, map[int]string{
			6: s.canary["token"] + " garbage " + leaks + "\r\n",
			7: "HTTP/1.1 " + oneLine + "\r\n\r\n",
			8: "HTTP/1.1 201 Created\r\nContent-Length: 9999999\r\n\r\n" + leaks +
				s.canary["token"][:len(s.canary["token"])-3],
			9: "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + s.canary["token"] + "\r\n" + leaks +
				"\r\n",
		}[n%12])
	case 10:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="`+s.canary["token"]+`"`)
		w.WriteHeader(401)
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(403)
		fmt.Fprintf(w, "<p>%s</p>", strings.ReplaceAll(leaks, "&", "&amp;"))
	}
}

// spelt are the ways in which a canary may be given away.
func spelt(canary string) []string {
	quoted, _ := json.Marshal(canary)
	out := []string{
		canary, url.QueryEscape(canary), url.PathEscape(canary), strings.Trim(string(quoted), `"`),
		base64.StdEncoding.EncodeToString([]byte(canary)), base64.RawURLEncoding.EncodeToString([]byte(canary)),
		"CANARY", // of a JWT the claims are coded, so the whole has to be looked for
	}
	if len(canary) > 40 {
		out = append(out, canary[:40], canary[len(canary)-20:])
	}
	return out
}

// everyReport are flags that write a report in each format.
func everyReport(name string) (out []string) {
	for _, f := range report.Formats() {
		out = append(out, "-report", f.Name+"="+name+"."+f.Name+f.Extension)
	}
	return append(out, "-report", "json="+name+".json")
}

// requireClean fails where a text holds a secret, and shows the place.
func requireClean(t *testing.T, text, secret, where string) {
	t.Helper()
	if at := strings.Index(text, secret); at >= 0 {
		t.Fatalf("%s: …%s…", where, text[max(at-100, 0):min(at+len(secret)+60, len(text))])
	}
}

func TestNoSecretIsInAnythingThatIsWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes every form of output of many runs")
	}
	canary := canaries()
	echoing := httptest.NewServer(newEcho())
	defer echoing.Close()
	// A token endpoint that gives the secret back, and one that issues the canary.
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		_, basic, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/refuses" {
			w.WriteHeader(400)
			json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": "not " +
				r.PostForm.Get("client_secret") + basic + canary["token"]})
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"access_token": canary["token"], "token_type": "Bearer",
			"expires_in": 3600})
	}))
	defer tokens.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(407)
		fmt.Fprintf(w, "not with %s", r.Header.Get("Proxy-Authorization"))
	}))
	defer proxy.Close()

	dir := t.TempDir()
	t.Chdir(dir)
	inputs := map[string]string{"token.txt": canary["token"], "secret.txt": canary["secret"],
		"headers.txt": "X-Api-Key: " + canary["header"], "two-lines.txt": canary["token"] + "\n" + canary["token"]}
	for name, text := range inputs {
		require.NoError(t, os.WriteFile(name, []byte(text+"\n"), 0o600))
	}
	environ := []string{
		"PATH=" + os.Getenv("PATH"), tokenVariable + "=" + canary["token"], unprivilegedVariable + "=" +
			canary["unprivileged"], invalidVariable + "=" + canary["invalid"],
		securityAdminVariable + "=" + canary["security"], globalAdminVariable + "=" + canary["global"],
		clientSecretVariable + "=" + canary["secret"], oldTokenVariable + "=" + canary["old"],
		"FMASPEC_HEADER_FILE=headers.txt", "FMASPEC_TIMEOUT=2s",
		"FMASPEC_GENERATE=none",
	}
	withProxy := strings.Replace(proxy.URL, "http://", "http://user:"+canary["proxy"]+"@", 1)
	tenant := []string{"-url", "http://tenant.example", "-resolve", "tenant.example:80:" +
		strings.TrimPrefix(echoing.URL, "http://")}
	armed := []string{"-accept-risk=requestSample,stopAndQuarantineFile", "-machine", "m1", "-sha1",
		"87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "-max-actions", "60", "-yes"}
	rows := [][]string{
		append([]string{"run", "-url", echoing.URL, "-v", "-baseline", "accepted.txt", "-baseline-update"},
			everyReport("all")...),
		append([]string{"report", "-v", "-format", "console", "all.json"}, everyReport("again")...),
		{"report", "-site", ".", "all.json"},
		{"report", "-history", ".", "-report", "html=past.html", "all.json"},
		{"verify", "all.json"},
		{"run", "-url", echoing.URL, "-report", "json=-", "-strict", "-color=always", "-generate", "coverage"},
		{"run", "-url", echoing.URL, "-http2", "-report", "json=two.json"},
		append([]string{"run", "-v", "-report", "json=tenant.json"}, append(tenant, armed...)...),
		append([]string{"run", "-dry-run"}, append(tenant, armed...)...),
		{"run", "-url", echoing.URL, "-dry-run"},
		{"compare", "-v", "all.json", echoing.URL},
		{"compare", "-v", "-format", "json", echoing.URL, echoing.URL},
		{"compare", "-v", "-format", "markdown", "-save-old", "old.json", "-save-new", "new.json", "-resolve",
			"tenant.example:80:" + strings.TrimPrefix(echoing.URL, "http://"), "http://tenant.example", echoing.URL},
		{"journal"},
		{"journal", "-json"},
		{"run", "-url", echoing.URL, "-proxy", withProxy, "-run", "accepts-plain", "-v"},
		{"run", "-url", "http://tenant.example", "-proxy", withProxy, "-run", "refuses-missing-auth", "-v", "-report",
			"json=proxy.json"},
		{"run", "-url", "https://tenant.example", "-proxy", withProxy, "-run", "refuses-missing-auth", "-v"},
		{"run", "-url", "http://user:" + canary["secret"] + "@127.0.0.1:1"},
		{"run", "-url", echoing.URL + "/?token=" + url.QueryEscape(canary["token"])},
		{"run", "-url", echoing.URL, "-token-file", canary["token"]},
		{"run", "-url", echoing.URL, "-token-file", "two-lines.txt"},
		{"run", "-url", echoing.URL, "-header", "X-Key " + canary["header"]},
		{"run", "-url", echoing.URL, "-token-command", "echo 'failed with " + canary["token"] +
			"' >&2; cat token.txt >&2; exit 3"},
		{"run", "-url", echoing.URL, "-token-command", "cat token.txt; cat token.txt"},
		{"run", "-url", echoing.URL, "-token-url", tokens.URL + "/refuses", "-client-id", "app", "-client-secret-file",
			"secret.txt"},
		{"run", "-url", echoing.URL, "-token-url", tokens.URL, "-client-id", "app", "-run", "/auth/", "-v"},
		{"auth", "check"},
		{"auth", "check", "-json"},
		{"auth", "check", "-token-command", "cat token.txt"},
		{"auth", "check", "-token-url", tokens.URL, "-client-id", "app"},
		{"auth", "check", "-token-url", tokens.URL + "/refuses", "-client-id", "app"},
	}
	var written bytes.Buffer
	for _, args := range rows {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), &env{args, strings.NewReader(""), &stdout, &stderr, environ, noTerminal})
		require.NotZero(t, stdout.Len()+stderr.Len(), "%q wrote nothing", args)
		if args[0] == "journal" {
			require.Zero(t, code, "want a journal: %s", stderr.String())
		}
		// What a user gives as an argument is not hidden from that user's own eyes
		// where it is repeated as the argument that it is.
		fmt.Fprintf(&written, "\n$ row %q\n%s%s\nexit %d\n", args[0], stdout.String(), stderr.String(), code)
		for name, value := range canary {
			for _, s := range spelt(value) {
				requireClean(t, stdout.String(), s, fmt.Sprintf("%s in the output of %q", name, args))
				requireClean(t, stderr.String(), s, fmt.Sprintf("%s in the messages of %q", name, args))
			}
		}
	}
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || inputs[d.Name()] != "" {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		for name, value := range canary {
			for _, s := range spelt(value) {
				requireClean(t, string(data), s, fmt.Sprintf("%s in %s", name, d.Name()))
			}
		}
		unpacked(t, data, canary)
		return err
	}))
	require.GreaterOrEqual(t, files, 22, "want reports and a journal")
	require.Contains(t, written.String(), "$FMASPEC_TOKEN", "want the variable in the place of the token")
}

// unpacked looks into what a report holds in base64, which may be packed.
func unpacked(t *testing.T, data []byte, canary map[string]string) {
	t.Helper()
	for _, part := range bytes.Split(data, []byte(`"base64": "`))[1:] {
		coded, _, _ := bytes.Cut(part, []byte(`"`))
		raw, err := base64.StdEncoding.DecodeString(string(coded))
		require.NoError(t, err)
		all := raw
		if z, err := gzip.NewReader(bytes.NewReader(raw)); err == nil {
			more, _ := io.ReadAll(z)
			all = append(slices.Clone(raw), more...)
		}
		for name, value := range canary {
			require.False(t, bytes.Contains(all, []byte(value)), "%s in a body", name)
		}
	}
}

func TestServeShowsNoTokenThatItWasGiven(t *testing.T) {
	canary := canaries()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	stderr := &lockedBuffer{}
	ended := make(chan int)
	go func() {
		ended <- run(ctx, &env{[]string{"serve", "-listen", "127.0.0.1:0"}, strings.NewReader(""), in, stderr, []string{
			tokenVariable + "=" + canary["token"], unprivilegedVariable + "=" + canary["unprivileged"],
			securityAdminVariable + "=" + canary["security"], globalAdminVariable + "=" + canary["global"],
		}, noTerminal})
	}()
	line := make([]byte, 100)
	n, err := out.Read(line)
	require.NoError(t, err)
	go io.Copy(io.Discard, out)
	at := strings.TrimSpace(string(line[:n]))
	for _, authorization := range []string{"Bearer " + canary["token"], "Bearer " + canary["unprivileged"], "Bearer " +
		canary["security"], "Bearer " + canary["global"], "Basic " + canary["token"], canary["token"]} {
		r, err := http.NewRequest("POST", at+"/testwdatppreview/machines/m/requestSample?access_token="+
			url.QueryEscape(canary["token"]), strings.NewReader(`{"Comment": "`+canary["token"]+`"}`))
		require.NoError(t, err)
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Cookie", "session="+canary["cookie"])
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		answer.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	require.Zero(t, <-ended)
	for name, value := range canary {
		for _, s := range spelt(value) {
			requireClean(t, stderr.String(), s, name+" in the log")
		}
	}
	require.Contains(t, stderr.String(), "requestSample", "want the requests in the log")
}
