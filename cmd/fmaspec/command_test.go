package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/reference"
)

// A result is what a command left behind.
type result struct {
	code           int
	stdout, stderr string
}

// noTerminal says that nothing is a terminal.
func noTerminal(any) (int, bool) { return 0, false }

// call runs a command in this process, with no variables but the given ones. No cases are generated unless they
// ask for it: a test of something else need not send them.
func call(ctx context.Context, environ []string, args ...string) result {
	var stdout, stderr bytes.Buffer
	environ = append([]string{variable("generate") + "=" + generateNone}, environ...)
	code := run(ctx, &env{args, strings.NewReader(""), &stdout, &stderr, environ, noTerminal})
	return result{code, stdout.String(), stderr.String()}
}

func TestHelpFitsEveryTerminal(t *testing.T) {
	texts := map[string]string{"overview": overview()}
	for _, c := range commands() {
		texts[c.name] = helpOn(c)
	}
	for name, text := range texts {
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if n := len([]rune(line)); n > helpWidth {
				t.Errorf("help %s: want at most %d columns, got %d: %s", name, helpWidth, n, line)
			}
			if strings.ContainsAny(line, "\t\x1b") || strings.TrimRight(line, " ") != line {
				t.Errorf("help %s: want no tabs, escapes or blanks at the end, got %q", name, line)
			}
		}
	}
}

func TestHelpExplainsEveryFlag(t *testing.T) {
	for _, c := range commands() {
		text, set := helpOn(c), flagSet(c)
		c.flags(set)
		require.NotEmpty(t, c.short, c.name)
		require.NotEmpty(t, c.about, c.name)
		set.VisitAll(func(f *flag.Flag) {
			require.NotEmpty(t, f.Usage, f.Name)
			row := regexp.MustCompile(`(?m)^  -` + f.Name + `( .*)? ` + variable(f.Name) + `$`)
			if !row.MatchString(text) {
				t.Errorf("help %s: want a line with -%s and %s, got none", c.name, f.Name, variable(f.Name))
			}
		})
	}
}

func TestExamplesInHelpParse(t *testing.T) {
	for _, c := range commands() {
		for _, example := range c.examples {
			line, _, _ := strings.Cut(example, " | ")
			words := strings.Fields(strings.ReplaceAll(line, "'", ""))
			require.Equal(t, "fmaspec", words[0])
			named, err := findCommand(words[1])
			require.NoError(t, err, example)
			set := flagSet(named)
			named.flags(set)
			if _, err := parse(set, words[2:]); err != nil {
				t.Errorf("the example %q: %v", example, err)
			}
		}
	}
}

func TestEveryFlagIsFilledFromItsVariable(t *testing.T) {
	samples := []string{"true", "7", "7s", "standard", "never", "none", "enforce", "5/s",
		"accepted=2", "2/5", "github", "sample"} // one of them fits each flag
	for _, c := range commands() {
		names := []string{}
		set := flagSet(c)
		c.flags(set)
		set.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
		for _, name := range names {
			filled := slices.ContainsFunc(samples, func(sample string) bool {
				set := flagSet(c)
				c.flags(set)
				if set.Lookup(name).DefValue == sample {
					sample = "false"
				}
				e := &env{environ: []string{variable(name) + "=other", variable(name) + "=" + sample}}
				return e.fill(set) == nil && set.Lookup(name).Value.String() == sample
			})
			if !filled {
				t.Errorf("%s -%s: want a value from %s, got none", c.name, name, variable(name))
			}
		}
	}
}

func TestFlagWinsOverItsVariable(t *testing.T) {
	c, err := findCommand("run")
	require.NoError(t, err)
	set := flagSet(c)
	c.flags(set)
	_, err = parse(set, []string{"-seed", "flag"})
	require.NoError(t, err)
	e := &env{environ: []string{"FMASPEC_SEED=variable", "FMASPEC_MACHINE=variable", "FMASPEC_SKIP="}}
	require.NoError(t, e.fill(set))
	for name, want := range map[string]string{"seed": "flag", "machine": "variable", "skip": ""} {
		if got := set.Lookup(name).Value.String(); got != want {
			t.Errorf("-%s: want %q, got %q", name, want, got)
		}
	}
}

func TestFlagsMayStandBehindOperands(t *testing.T) {
	for _, row := range []struct {
		args, operands []string
		json           bool
		why            string
	}{
		{[]string{"-json", "cases"}, []string{"cases"}, true, "in front"},
		{[]string{"cases", "-json"}, []string{"cases"}, true, "behind"},
		{[]string{"a", "--json=true", "b"}, []string{"a", "b"}, true, "between"},
		{[]string{"a", "--", "-json"}, []string{"a", "-json"}, false, "two dashes end the flags"},
		{[]string{"--", "-json"}, []string{"-json"}, false, "also at once"},
		{nil, nil, false, "nothing is nothing"},
	} {
		set := flag.NewFlagSet("x", flag.ContinueOnError)
		json := set.Bool("json", false, "")
		operands, err := parse(set, row.args)
		require.NoError(t, err, row.why)
		if !slices.Equal(operands, row.operands) || *json != row.json {
			t.Errorf("%q: want %q %v, got %q %v: %s", row.args, row.operands, row.json, operands, *json, row.why)
		}
	}
}

func TestListsAreJSONAndEverythingInThemIsExplained(t *testing.T) {
	suite, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	faults := reference.Faults()
	for _, k := range kinds {
		got := call(t.Context(), nil, "list", k.name, "-json")
		require.Equal(t, 0, got.code, got.stderr)
		var objects []map[string]any
		require.NoError(t, json.Unmarshal([]byte(got.stdout), &objects), k.name)
		require.NotEmpty(t, objects, k.name)
		text := call(t.Context(), nil, "list", k.name)
		if want, lines := len(objects), strings.Count(text.stdout, "\n"); lines != want {
			t.Errorf("list %s: want %d lines, as many as objects, got %d", k.name, want, lines)
		}
		for i, o := range objects {
			if k.name == "generated" && i%191 != 0 {
				continue // each is explained alike
			}
			id, _ := o["id"].(string)
			if id == "" {
				id, _ = o["name"].(string)
			}
			require.NotEmpty(t, id, "%s: %v", k.name, o)
			x := &explainer{suite: suite, sources: []conformance.Source{conformance.BuiltIn()}, table: faults}
			if err := x.explain(&env{stdout: io.Discard}, id); err != nil {
				t.Errorf("explain %s: %v", id, err)
			}
			if k.name == "cases" && !regexp.MustCompile(`(?m)^    [A-Z]+ \S`).MatchString(x.String()) {
				t.Errorf("explain %s: want the request, got %s", id, x)
			}
		}
	}
}

func TestAnEmptyListIsAnEmptyArray(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, (&listFlags{json: true}).print(&env{stdout: &out}, nil))
	if got := out.String(); got != "[]\n" {
		t.Errorf("want [], got %q", got)
	}
}

func TestTextFromFilesCannotCommandTheTerminal(t *testing.T) {
	var p page
	p.line("    %s", "a\x1b[2Jb\tc\u202ed\n::error::e")
	p.line("%s%s", "  ", "::set-output name=a::b")
	if got, want := p.String(), `    a\x1b[2Jb\tc\u202ed\n::error::e`+"\n"+`  \x3a:set-output name=a::b`+
		"\n"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

// A serving is a serve command under way in this process.
type serving struct {
	url    string
	stderr *lockedBuffer
	report string     // what it wrote to stdout behind the URL, when it has ended
	stop   func() int // ends it and returns the exit code
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve starts a serve command and waits for the line that says it is ready.
func serve(t *testing.T, environ []string, args ...string) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stdout, ready := io.Pipe()
	s := &serving{stderr: &lockedBuffer{}}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, &env{append([]string{"serve"}, args...), strings.NewReader(""), ready, s.stderr, environ,
			noTerminal})
		ready.Close()
	}()
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	require.NoError(t, err, "%s", s.stderr)
	s.url = strings.TrimSuffix(line, "\n")
	s.stop = sync.OnceValue(func() int {
		cancel()
		rest, _ := io.ReadAll(lines)
		if s.report = string(rest); !slices.Contains(args, "-judge-clients") {
			require.Empty(t, s.report, "the URL is the only line on stdout")
		}
		return <-ended
	})
	t.Cleanup(func() { s.stop() })
	return s
}

// exports reads the shell commands that a serving printed.
func (s *serving) exports() (environ []string) {
	for line := range strings.Lines(s.stderr.String()) {
		if entry, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			environ = append(environ, entry)
		}
	}
	return environ
}

func TestServePrintsAllThatARunNeeds(t *testing.T) {
	s := serve(t, nil, "-listen", "127.0.0.1:0")
	require.Regexp(t, `^http://127\.0\.0\.1:[1-9][0-9]*$`, s.url)
	environ := s.exports()
	require.Len(t, environ, 8)
	got := call(t.Context(), environ, "run")
	if got.code != exitConformant || !strings.Contains(got.stdout, " 0 skipped, 0 not applicable") {
		t.Errorf("want every case conformant, got %d:\n%s%s", got.code, got.stdout, got.stderr)
	}
	require.Equal(t, 0, s.stop())
	log := s.stderr.String()
	for _, want := range []string{
		"\nPOST /testwdatppreview/machines/" + conformance.DefaultMachine + "/requestSample 201\n",
		"\nGET /testwdatppreview/machines/" + conformance.DefaultMachine + "/stopAndQuarantineFile 405\n",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("want the line %q, got none", want)
		}
	}
	if strings.Contains(log, "?") {
		t.Error("want no query in the log, which may hold a token, got one")
	}
}

func TestServeKeepsTokensThatItWasGiven(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("from-a-file-5512\r\n"), 0o600))
	s := serve(t, []string{unprivilegedVariable + "=from-a-variable-77"}, "-listen", "127.0.0.1:0", "-token-file", file,
		"-unknown-machine", testMachine, "-q")
	exports := s.exports()
	require.Equal(t, "FMASPEC_URL="+s.url, exports[0])
	var madeUp []string
	for _, entry := range exports[1:] {
		name, _, _ := strings.Cut(entry, "=")
		madeUp = append(madeUp, name)
	}
	require.Equal(t, []string{securityAdminVariable, globalAdminVariable, invalidVariable,
		variable("other-machine")}, madeUp,
		"nothing else was made up")
	got := call(t.Context(), []string{tokenVariable + "=from-a-file-5512", unprivilegedVariable +
		"=from-a-variable-77"},
		"run", "-url", s.url, "-unknown-machine", testMachine)
	require.Equal(t, exitConformant, got.code, got.stdout)
	require.Equal(t, 0, s.stop())
	for _, secret := range []string{"from-a-file-5512", "from-a-variable-77"} {
		if all := s.stderr.String() + got.stdout + got.stderr; strings.Contains(all, secret) {
			t.Errorf("want no token in any output, got %s", all)
		}
	}
	if strings.Contains(s.stderr.String(), "POST ") {
		t.Errorf("want no line for a request with -q, got %s", s.stderr)
	}
}

func TestServeServesFaultsAndVariants(t *testing.T) {
	for _, row := range []struct {
		flags []string
		want  int
		why   string
	}{
		{[]string{"-fault", "drops-id"}, exitNotConformant, "a fault breaks the contract"},
		{[]string{"-fault", "drops-id,answers-200"}, exitNotConformant, "so do two"},
		{[]string{"-variant", "reversed-members"}, exitConformant, "a variant keeps it"},
		{[]string{"-variant", "reversed-members", "-fault", "drops-id"}, exitNotConformant,
			"a variant does not hide a fault"},
	} {
		s := serve(t, nil, append([]string{"-listen", "127.0.0.1:0"}, row.flags...)...)
		got := call(t.Context(), s.exports(), "run", "-run", "valid/accepts-plain-request")
		if got.code != row.want {
			t.Errorf("%q: want exit code %d, got %d: %s\n%s", row.flags, row.want, got.code, row.why, got.stdout)
		}
		require.Equal(t, 0, s.stop())
	}
}

func TestServeWarnsWhereOthersCanReachIt(t *testing.T) {
	s := serve(t, nil, "-listen", "0.0.0.0:0")
	require.Regexp(t,
		`(?m)^serve: warning: .* can be reached from other machines; use -listen 127\.0\.0\.1:[0-9]+ to prevent that$`,
		s.stderr.String())
	require.Regexp(t, `^http://127\.0\.0\.1:[0-9]+$`, s.url)
	loopback := serve(t, nil, "-listen", "127.0.0.1:0")
	require.NotContains(t, loopback.stderr.String(), "warning")
}

func TestServeSaysThatAnAddressIsTaken(t *testing.T) {
	s := serve(t, nil, "-listen", "127.0.0.1:0")
	got := call(t.Context(), nil, "serve", "-listen", strings.TrimPrefix(s.url, "http://"))
	require.Equal(t, exitMisuse, got.code)
	require.Regexp(t, `^serve: -listen 127.*in use; give a free address`, got.stderr)
	require.Empty(t, got.stdout)
}

func TestASignalStopsTheServer(t *testing.T) {
	c := exec.Command("fmaspec", "serve", "-listen", "127.0.0.1:0")
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	_, err = bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	if err := c.Wait(); err != nil {
		t.Errorf("want exit code 0 after an interrupt, got %v", err)
	}
}

func TestAnInterruptedRunIsNoSuccess(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := newCounter(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		honest().ServeHTTP(w, r)
	}))
	defer c.Close()
	got := call(ctx, []string{tokenVariable + "=" + testToken}, "run", "-url", c.URL, "-parallel", "1")
	require.Equal(t, exitUnjudged, got.code)
	require.Regexp(t, `(?m)^could not judge: http://\S+: the run was interrupted`, got.stdout)
	if n := c.sent.Load(); n != 1 {
		t.Errorf("want 1 request before the interruption, got %d", n)
	}
}

func TestAReportThatCannotBeWrittenIsToldWithTheVerdict(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports")
	require.NoError(t, os.Mkdir(dir, 0o755))
	c := newCounter(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		os.RemoveAll(dir)
		honest().ServeHTTP(w, r)
	}))
	defer c.Close()
	got := call(t.Context(), []string{tokenVariable + "=" + testToken}, "run", "-run", "valid/accepts-plain", "-url",
		c.URL, "-report", "json="+filepath.Join(dir, "r.json"))
	require.Equal(t, exitUnjudged, got.code)
	require.Contains(t, got.stdout, "\nconformant: http://")
	require.Contains(t, got.stderr, "the json report was not written")
	require.Contains(t, got.stderr, "the verdict was: conformant")
}

// A failingWriter is a stdout that cannot be written to.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAStdoutThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	var stderr bytes.Buffer
	code := run(t.Context(), &env{[]string{"run", "-q", "-run", "valid/accepts-plain"}, strings.NewReader(""),
		failingWriter{}, &stderr, nil, noTerminal})
	require.Equal(t, exitUnjudged, code)
	require.Contains(t, stderr.String(), "run: stdout: the report was not written: ")
}

func TestNoOutputHoldsAToken(t *testing.T) {
	const privileged, unprivileged = "secret-token-2f7c11", "secret-other-90ab3e"
	// The worst target repeats what it was sent wherever it can.
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "you sent %s to %s", r.Header.Get("Authorization"), r.URL)
	}))
	defer echo.Close()
	dir := t.TempDir()
	got := call(t.Context(), []string{tokenVariable + "=" + privileged, unprivilegedVariable + "=" + unprivileged},
		"run", "-v", "-url", echo.URL,
		"-report", "json="+dir+"/r.json", "-report", "junit="+dir+"/r.xml,console="+dir+"/r.txt")
	require.Equal(t, exitNotConformant, got.code, got.stderr)
	outputs := map[string]string{"stdout": got.stdout, "stderr": got.stderr}
	for _, name := range []string{"r.json", "r.xml", "r.txt"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		outputs[name] = string(data)
	}
	for name, text := range outputs {
		for _, secret := range []string{privileged, unprivileged} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s: want no token, got %q", name, text[max(0, at-80):at+len(secret)])
			}
		}
	}
	require.Contains(t, outputs["r.json"], "$FMASPEC_TOKEN", "the place of the token is marked")
}

func TestProgressIsShownOnTerminalsAlone(t *testing.T) {
	for _, row := range []struct {
		terminal bool
		args     []string
		want     bool
		why      string
	}{
		{true, nil, true, "a terminal shows it"},
		{false, nil, false, "a file does not want it"},
		{true, []string{"-q"}, false, "nor does who wants quiet"},
	} {
		var stdout, stderr bytes.Buffer
		is := func(of any) (int, bool) { return 100, row.terminal && of == &stderr }
		args := append([]string{"run", "-run", "valid/accepts-plain-request"}, row.args...)
		code := run(t.Context(), &env{args, strings.NewReader(""), &stdout, &stderr, []string{"NO_COLOR=1"}, is})
		require.Equal(t, 0, code, stderr.String())
		progress := regexp.MustCompile(`\r2/2 cases; requirements broken:  0; cases failed: 0 *\r {19,}\r`)
		if got := progress.MatchString(stderr.String()); got != row.want { // after a longer line where it is slow
			t.Errorf("want progress that is cleared %v, got %v: %s\n%q", row.want, got, row.why, stderr.String())
		}
		if strings.ContainsAny(stdout.String(), "\r\x1b") {
			t.Errorf("want plain text on stdout, got %q", stdout.String())
		}
	}
}

func TestColoursFollowFlagVariableAndTerminal(t *testing.T) {
	for _, row := range []struct {
		when     string
		environ  []string
		terminal bool
		want     bool
		why      string
	}{
		{"auto", nil, true, true, "a terminal has colours"},
		{"auto", nil, false, false, "a file has none"},
		{"auto", []string{"NO_COLOR=1"}, true, false, "NO_COLOR is respected"},
		{"auto", []string{"NO_COLOR="}, true, true, "an empty NO_COLOR counts as not set"},
		{"auto", []string{"TERM=dumb"}, true, false, "a dumb terminal has none"},
		{"auto", []string{"TERM=xterm"}, true, true, "another has"},
		{"always", []string{"NO_COLOR=1"}, false, true, "the flag wins"},
		{"always", []string{"TERM=dumb"}, true, true, "the flag wins"},
		{"never", nil, true, false, "the flag wins here too"},
	} {
		f := &runFlags{layout: layout{color: choice{value: row.when}}}
		e := &env{environ: row.environ, terminal: func(any) (int, bool) { return 132, row.terminal }}
		style := f.style(e, io.Discard)
		if style.Color != row.want {
			t.Errorf("-color %s: want %v, got %v: %s", row.when, row.want, style.Color, row.why)
		}
	}
}

func TestTheSeedInTheHeaderRepeatsARun(t *testing.T) {
	bodies := func(args ...string) (sent []string, header string) {
		var mu sync.Mutex
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			sent = append(sent, string(body))
			mu.Unlock()
			w.WriteHeader(http.StatusCreated)
		}))
		defer server.Close()
		got := call(t.Context(), nil, append([]string{"run", "-run", "valid/accepts-plain-request", "-url", server.URL},
			args...)...)
		slices.Sort(sent)
		return sent, got.stderr
	}
	first, header := bodies()
	require.Len(t, first, 2)
	seed := regexp.MustCompile(`seed (\w+)`).FindStringSubmatch(header)
	require.NotNil(t, seed, header)
	if again, _ := bodies("-seed", seed[1]); !slices.Equal(first, again) {
		t.Errorf("want %q again, got %q", first, again)
	}
	if other, _ := bodies(); slices.Equal(first, other) {
		t.Errorf("want other values without the seed, got %q", other)
	}
}

func TestSecretIsTheBareToken(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	for _, row := range []struct{ file, variable, want, err, why string }{
		{"", "", "", "", "none is none"},
		{"", "abc", "abc", "", "from the variable"},
		{file("abc"), "", "abc", "", "from a file"},
		{file("abc\n"), "", "abc", "", "an editor's line break goes"},
		{file("abc\r\n"), "", "abc", "", "another editor's too"},
		{file("abc"), "def", "abc", "", "the file counts"},
		{file(""), "def", "", "-token-file: the file is empty", "an empty file is a mistake"},
		{file("a b"), "", "", " it has a blank", "no header carries it as one token"},
		{file("a\nb\n"), "", "", " it has a blank", "two lines are not one token"},
		{"", "a\x00b", "", tokenVariable + ": it has a blank", "nor does a control character go"},
		{t.TempDir(), "", "", "-token-file: is a directory", "a folder is no file"},
		{"nowhere", "", "", "-token-file: no such file", "the name is not repeated: it may be the token"},
	} {
		e := &env{environ: []string{tokenVariable + "=" + row.variable}}
		got, err := e.secret("token-file", row.file, tokenVariable)
		if row.err == "" {
			require.NoError(t, err, row.why)
		} else {
			require.ErrorContains(t, err, row.err, row.why)
			require.NotContains(t, err.Error(), "nowhere")
		}
		if got != row.want {
			t.Errorf("want %q, got %q: %s", row.want, got, row.why)
		}
	}
}

func TestVersionNamesTheCommit(t *testing.T) {
	info := func(settings ...debug.BuildSetting) *debug.BuildInfo { return &debug.BuildInfo{Settings: settings} }
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123abcd"}
	for _, row := range []struct {
		info      *debug.BuildInfo
		want, why string
	}{
		{nil, "", "a binary without build information"},
		{info(), "", "a build outside a checkout"},
		{info(commit), "0123abcd", "a clean checkout"},
		{info(commit, debug.BuildSetting{Key: "vcs.modified", Value: "false"}), "0123abcd",
			"a clean checkout that says so"},
		{info(commit, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), "0123abcd, with changes",
			"work in progress"},
	} {
		if got := revision(row.info); got != row.want {
			t.Errorf("want %q, got %q: %s", row.want, got, row.why)
		}
	}
}

func TestAWaitingRequestDoesNotKeepTheServerFromStopping(t *testing.T) {
	waiting := func() (name string) {
		for _, f := range reference.Faults() {
			if f.Waits {
				return f.Name
			}
		}
		return ""
	}()
	require.NotEmpty(t, waiting)
	s := serve(t, nil, "-listen", "127.0.0.1:0", "-fault", waiting)
	environ := append(s.exports(), "FMASPEC_TIMEOUT="+(50*time.Millisecond).String())
	got := call(t.Context(), environ, "run", "-run", "requestSample/valid/accepts-plain-request")
	require.Equal(t, exitNotConformant, got.code, got.stdout)
	require.Equal(t, 0, s.stop())
}
