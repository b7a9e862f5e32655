package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A listener is a server that records every byte that it receives.
type listener struct {
	*httptest.Server
	mu   sync.Mutex
	text bytes.Buffer
}

func newListener(t *testing.T) *listener {
	l := &listener{}
	h := honest()
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		r.Header.Write(&l.text)
		l.text.WriteString(r.URL.String() + "\n" + string(body) + "\n")
		l.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			r.Header.Set("Authorization", "Bearer "+testToken) // any will do: one that is refused ends the comparison
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) heard() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// armed lets one operation take effect on a target that is not this machine.
func armed(t *testing.T) []string {
	return []string{"-yes", "-accept-risk=requestSample", "-machine", "1e5bc9d7e413ddd7", "-sha1",
		"87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "-journal", filepath.Join(t.TempDir(), "journal.ndjson")}
}

func TestCompareSendsCredentialsToTheirServerAlone(t *testing.T) {
	const token, reader, expired, header, oldToken = "new-token-11a7", "new-reader-22b8", "new-expired-33c9",
		"new-header-44d0", "old-token-55e1"
	own := []string{token, reader, expired, header}
	for _, row := range []struct {
		old, new string // "local", "elsewhere" or "file"
		oldToken bool
		toOld    []string
		toNew    []string
		code     int
		why      string
	}{
		{"local", "local", false, own, own, exitConformant, "both are on this machine"},
		{"local", "local", true, []string{oldToken, reader, expired, header}, own, exitConformant,
			"OLD has a token of its own all the same"},
		{"local", "elsewhere", false, nil, own, exitConformant, "a server on this machine is sent a made-up token"},
		{"local", "elsewhere", true, []string{oldToken}, own, exitConformant, "or its own"},
		{"elsewhere", "local", true, []string{oldToken}, own, exitConformant, "what is for this machine stays here"},
		{"elsewhere", "local", false, nil, nil, exitMisuse, "there is none for OLD"},
		{"elsewhere", "elsewhere", false, own, own, exitConformant, "both are one server"},
		{"elsewhere", "file", false, own, nil, exitConformant, "there is one server alone"},
		{"file", "elsewhere", true, nil, own, exitConformant, "OLD is a file"},
	} {
		old, current := newListener(t), newListener(t)
		environ := []string{tokenVariable + "=" + token, unprivilegedVariable + "=" + reader, invalidVariable + "=" +
			expired, "FMASPEC_HEADER=X-Api-Key: " + header}
		if row.oldToken {
			environ = append(environ, oldTokenVariable+"="+oldToken)
		}
		args := append([]string{"compare", "-run",
			"^requestSample/(auth/refuses-(invalid|user|basic)|valid/accepts-plain)"}, armed(t)...)
		file := filepath.Join(t.TempDir(), "r.json")
		operand := func(what string, l *listener) string {
			switch what {
			case "file":
				got := call(t.Context(), nil, "run", "-q", "-report", "json="+file)
				require.Equal(t, exitConformant, got.code, got.stderr)
				return file
			case "elsewhere":
				args = append(args, "-resolve", "tenant.example:80:"+l.Listener.Addr().String())
				return "http://Tenant.example"
			}
			return l.URL
		}
		if row.old == "elsewhere" && row.new == "elsewhere" {
			args = append(args, "-resolve", "tenant.example:80:"+old.Listener.Addr().String(), "http://tenant.example",
				"http://TENANT.example:80/")
			current = old
		} else {
			args = append(args, operand(row.old, old), operand(row.new, current))
		}
		got := call(t.Context(), environ, args...)
		// What these servers make of the tokens does not matter here.
		if got.code == exitMisuse != (row.code == exitMisuse) || got.code == exitUnsafe {
			t.Errorf("%s, %s: want exit code %d, got %d: %s\n%s", row.old, row.new, row.code, got.code, row.why,
				got.stderr)
		}
		for _, side := range []struct {
			name   string
			l      *listener
			wanted []string
		}{{"OLD", old, row.toOld}, {"NEW", current, row.toNew}} {
			for _, secret := range append(own, oldToken) {
				want := false
				for _, w := range side.wanted {
					want = want || w == secret
				}
				if heard := strings.Contains(side.l.heard(), secret); heard != want {
					t.Errorf("%s, %s: want %s sent %s %v, got %v: %s", row.old, row.new, side.name, secret, want, heard,
						row.why)
				}
			}
		}
		for _, secret := range append(own, oldToken) {
			requireClean(t, got.stdout+got.stderr, secret, row.why)
		}
	}
}

func TestCompareSaysWhatOldIsNotSent(t *testing.T) {
	old, current := newListener(t), newListener(t)
	got := call(t.Context(), []string{tokenVariable + "=new-token-11a7", unprivilegedVariable + "=new-reader-22b8",
		invalidVariable + "=new-expired-33c9"}, append([]string{"compare"}, append(armed(t),
		"-run", "^requestSample/auth/refuses-(invalid|user)", "-header", "X-Api-Key: new-header-44d0", "-resolve",
		"tenant.example:80:"+current.Listener.Addr().String(), old.URL, "http://tenant.example")...)...)
	require.Contains(t, got.stderr, "OLD is another server than NEW, so these are not sent to it: the unprivileged "+
		"token, the invalid token, the fields of -header and -header-file\n")
	require.Contains(t, got.stderr, "no token was given for OLD, so a generated one is sent\n")
	require.Contains(t, got.stdout, "not-applicable", "its cases do not apply, which is reported")
}

func TestALoopbackNameThatIsDialledElsewhereIsElsewhere(t *testing.T) {
	l := newListener(t)
	got := call(t.Context(), []string{tokenVariable + "=new-token-11a7"}, "compare", "-resolve",
		"localhost:80:192.0.2.1", "http://localhost", l.URL)
	require.Equal(t, exitMisuse, got.code)
	require.Contains(t, got.stderr, "compare: OLD http://localhost: no token, and the token of NEW is not sent to "+
		"another server; ")
	require.Empty(t, l.heard())
}

func TestAnInterruptedComparisonSendsNewNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		honest().ServeHTTP(w, r)
	}))
	defer old.Close()
	current := newListener(t)
	file := filepath.Join(t.TempDir(), "old.json")
	got := call(ctx, []string{tokenVariable + "=" + testToken}, "compare", "-parallel", "1", "-save-old", file, old.URL,
		current.URL)
	require.Equal(t, exitUnjudged, got.code)
	require.Contains(t, got.stderr, "could not be judged: the run was interrupted; nothing was sent to NEW\n")
	require.Empty(t, got.stdout)
	require.Empty(t, current.heard())
	_, err := os.Stat(file)
	require.NoError(t, err, "what was found out is kept")
}

func TestAComparisonThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.json")
	require.Equal(t, exitConformant, call(t.Context(), nil, "run", "-q", "-run", "valid/accepts-plain", "-report",
		"json="+file).code)
	for _, format := range []string{"text", "json", "markdown"} {
		var stderr bytes.Buffer
		code := run(t.Context(), &env{[]string{"compare", "-format", format, file, file}, strings.NewReader(""),
			failingWriter{}, &stderr, nil, noTerminal})
		require.Equal(t, exitUnjudged, code)
		require.Contains(t, stderr.String(), "compare: stdout: the comparison was not written: ")
		require.Contains(t, stderr.String(), "\nits result was: same\n")
	}
}

func TestCompareReadsNoReportFromATerminal(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), &env{[]string{"compare", "-", "-q"}, strings.NewReader(""), &stdout, &stderr, nil,
		noTerminal})
	require.Equal(t, exitMisuse, code)
	stderr.Reset()
	code = run(t.Context(), &env{[]string{"compare", "-", "http://127.0.0.1:1"}, strings.NewReader(""), &stdout,
		&stderr, nil, func(any) (int, bool) { return 80, true }})
	require.Equal(t, exitMisuse, code)
	require.Contains(t, stderr.String(), "compare: OLD: standard input is a terminal; ")
}

func TestASaveThatFailsIsTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports")
	require.NoError(t, os.Mkdir(dir, 0o755))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		os.RemoveAll(dir)
		honest().ServeHTTP(w, r)
	}))
	defer server.Close()
	got := call(t.Context(), []string{tokenVariable + "=" + testToken}, "compare", "-run", "valid/accepts-plain",
		"-save-new", filepath.Join(dir, "r.json"), server.URL, server.URL)
	require.Equal(t, exitUnjudged, got.code)
	require.Contains(t, got.stderr, "the json report was not written: ")
}
