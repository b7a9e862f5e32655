package conformancetest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/report"
)

// A failing test cannot be run inside a passing one, so the tests below build
// testdata/door and docs/example as modules of their own and read what "go
// test" says of them.

// event is one line of go test -json.
type event struct{ Action, Test, Output string }

// result is what go test said of one run.
type result struct {
	outcome map[string]string // pass, fail or skip of each test
	output  map[string]string // what each test printed
	all     string
}

// subtests returns the names below a test that ended in the outcome, sorted;
// without an outcome, all of them.
func (r result) subtests(test, outcome string) (out []string) {
	for name, o := range r.outcome {
		if id, below := strings.CutPrefix(name, test+"/"); below && (outcome == "" || o == outcome) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	require.NoError(t, err)
	return dir
}

// module copies a folder to a place of its own, where its fmaspec is this one.
func module(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); errors.Is(err, os.ErrNotExist) {
		// It begins as a copy of ours, for then every module that it needs is at hand.
		for _, name := range []string{"go.mod", "go.sum"} {
			data, err := os.ReadFile(filepath.Join(root(t), name))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		}
		goCommand(t, dir, "mod", "edit", "-module", "door", "-require", "fmaspec@v0.0.0")
	}
	goCommand(t, dir, "mod", "edit", "-replace", "fmaspec="+root(t))
	return dir
}

// command runs in dir, offline, with none of the settings of the user who runs this test.
func command(t *testing.T, dir string, env []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FMASPEC_") && !strings.HasPrefix(v, "EXAMPLE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local",
		"FMASPEC_GENERATE=none")
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	out, err := command(t, dir, nil, "go", args...).CombinedOutput()
	require.NoError(t, err, "go %s:\n%s", strings.Join(args, " "), out)
}

// read runs the command and reads the events that it prints.
func read(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	r := result{outcome: map[string]string{}, output: map[string]string{}}
	for d := json.NewDecoder(&stdout); ; {
		var e event
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err, "stderr: %s", stderr.String())
		}
		switch e.Action {
		case "output":
			r.output[e.Test] += e.Output
			r.all += e.Output
		case "pass", "fail", "skip":
			r.outcome[e.Test] = e.Action
		}
	}
	require.NotEmpty(t, r.outcome, "want test events, got none; stderr: %s; stdout: %s", stderr.String(), r.all)
	return r
}

// door is the built testdata/door, once for all tests.
var door struct {
	once   sync.Once
	binary string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if door.binary != "" {
		os.Remove(door.binary)
	}
	os.Exit(code)
}

// knock runs the tests of testdata/door that match the pattern.
func knock(t *testing.T, pattern string, env ...string) result {
	t.Helper()
	door.once.Do(func() {
		dir := module(t, "testdata/door")
		f, err := os.CreateTemp("", "door-*.test")
		require.NoError(t, err)
		require.NoError(t, f.Close())
		goCommand(t, dir, "test", "-c", "-o", f.Name(), ".")
		door.binary = f.Name()
	})
	require.NotEmpty(t, door.binary, "the door was not built; see the test that tried")
	return read(t, command(t, t.TempDir(), env, "go", "tool", "test2json", door.binary, "-test.v=test2json",
		"-test.timeout=2m", "-test.run="+pattern))
}

// builtIn is the suite that the tests share: a Suite is not changed after Load.
var builtIn = sync.OnceValues(func() (*conformance.Suite, error) { return conformance.Load(conformance.Contract{}) })

func suite(t *testing.T) *conformance.Suite {
	t.Helper()
	s, err := builtIn()
	require.NoError(t, err)
	return s
}

func TestAnHonestServerPassesWithASubtestForEachCase(t *testing.T) {
	t.Parallel()
	var want []string
	for _, c := range suite(t).Cases {
		want = append(want, c.ID)
	}
	require.Greater(t, len(want), 100)
	for _, test := range []struct{ name, why string }{
		{"TestHandler", "a handler is judged in memory"},
		{"TestURL", "a server is judged by its URL, though it closes before the subtests go on"},
		{"TestTokenOfTheEnvironment", "a test that sets variables may have parallel subtests"},
		{"TestInParallel", "a parallel test may judge"},
	} {
		r := knock(t, "^"+test.name+"$")
		require.Equal(t, "pass", r.outcome[test.name], "%s:\n%s", test.why, r.all)
		require.Equal(t, want, r.subtests(test.name, ""), test.why)
		require.Empty(t, r.subtests(test.name, "fail"), test.why)
		require.Greater(t, len(r.subtests(test.name, "pass")), 100, test.why)
	}
}

// durations differ from run to run, and so do the lengths of lines they stand in.
var durations = regexp.MustCompile(`[0-9.]+(ns|µs|ms|s)\b`)

func TestAFaultyServerFailsInItsCasesWithTheConsolesWords(t *testing.T) {
	t.Parallel()
	fault, found := reference.FindFault("omits-allow")
	require.True(t, found)
	handler := fault.Wrap(reference.New(reference.Config{Token: "door-token"}))
	whole, err := suite(t).Run(t.Context(), conformance.Target{Handler: handler, Token: "door-token"},
		conformance.Options{Strict: true, Seed: "door"})
	require.NoError(t, err)

	r := knock(t, "^TestStrict$", "DOOR_FAULT=omits-allow")
	require.Equal(t, "fail", r.outcome["TestStrict"], r.all)
	var want []string
	grouped, shown := report.Group(whole), false
	for _, c := range whole.Cases {
		if c.Outcome != record.Failed {
			continue
		}
		want = append(want, c.ID)
		text, full := grouped.Text(c.ID, report.Style{})
		shown = shown || full
		text = durations.ReplaceAllString(text, "T")
		var got []string
		for line := range strings.Lines(durations.ReplaceAllString(r.output["TestStrict/"+c.ID], "T")) {
			got = append(got, strings.TrimPrefix(line, "        ")) // as package testing indents it
		}
		require.Contains(t, strings.Join(got, ""), text)
	}
	require.True(t, shown, "want a problem in full")
	require.Equal(t, want, r.subtests("TestStrict", "fail"))
	for _, line := range strings.Split(report.Summary(whole, report.Style{}), "\n") {
		if !durations.MatchString(line) {
			require.Contains(t, r.output["TestStrict"], line)
		}
	}
	require.Contains(t, r.output["TestStrict/requestSample/method/refuses-delete"],
		"go test -run '^TestStrict$/^requestSample$/^method$/^refuses-delete$'")
}

func TestASelectionIsSentWithItsControls(t *testing.T) {
	t.Parallel()
	r := knock(t, "TestCounted/requestSample/auth")
	require.Equal(t, "pass", r.outcome["TestCounted"], r.all)
	got := r.subtests("TestCounted", "")
	require.Greater(t, len(got), 5)
	for _, id := range got {
		// Nothing stands between, for a case is one subtest however many slashes its id has.
		require.Regexp(t, "^requestSample/auth", id)
	}

	r = knock(t, "^TestCounted$/^requestSample$/^auth$/^refuses-basic-credentials$")
	require.Equal(t, []string{"requestSample/auth/refuses-basic-credentials"}, r.subtests("TestCounted", "pass"))
	require.Contains(t, r.output["TestCounted"], "requests: 2", "want the case and its control")

	r = knock(t, "TestCounted/no/such/case")
	require.Contains(t, r.output["TestCounted"], "requests: 0", "want nothing sent where nothing is selected")
}

func TestOptionsNarrowASelection(t *testing.T) {
	t.Parallel()
	r := knock(t, "^TestNarrowed$")
	require.Equal(t, "pass", r.outcome["TestNarrowed"], r.all)
	got := r.subtests("TestNarrowed", "pass")
	require.Contains(t, got, "requestSample/method/refuses-delete")
	require.Contains(t, got, "requestSample/valid/accepts-plain-request", "want the control too")
	require.NotContains(t, got, "requestSample/method/refuses-get")
}

func TestAFailedControlFailsTheTestThoughItWasNotSelected(t *testing.T) {
	t.Parallel()
	r := knock(t, "^TestHandler$/^requestSample$/^auth$/^refuses-basic-credentials$", "DOOR_FAULT=answers-299")
	require.Equal(t, "fail", r.outcome["TestHandler"], r.all)
	require.Empty(t, r.subtests("TestHandler", "fail"))
	require.Contains(t, r.output["TestHandler"], "the control of selected cases")
	require.Contains(t, r.output["TestHandler"], "FAIL requestSample/valid/accepts-plain-request")
}

func TestADeviationIsLoggedAndFailsOnlyWhenStrict(t *testing.T) {
	t.Parallel()
	const id = "requestSample/method/refuses-get"
	r := knock(t, "^(TestHandler|TestStrict)$/^requestSample$/^method$/^refuses-get$", "DOOR_FAULT=errs-without-code")
	require.Equal(t, "pass", r.outcome["TestHandler/"+id], r.all)
	require.Contains(t, r.output["TestHandler/"+id], "DEV "+id)
	require.Contains(t, r.output["TestHandler/"+id], "error.form")
	require.Equal(t, "pass", r.outcome["TestHandler"])
	require.Equal(t, "fail", r.outcome["TestStrict/"+id])
	require.Contains(t, r.output["TestStrict/"+id], "FAIL "+id)
}

func TestTooLittleCoverageFailsTheTestAndNoSubtest(t *testing.T) {
	t.Parallel()
	r := knock(t, "^(TestCovered|TestCoveredEnough)$")
	require.Equal(t, "fail", r.outcome["TestCovered"], r.all)
	require.Empty(t, r.subtests("TestCovered", "fail"))
	require.Contains(t, r.output["TestCovered"], "less was met than the 100 % that MinCoverage asks for\n")
	require.Contains(t, r.output["TestCovered"], "not met: requestSample body type: no invalid request")
	require.Equal(t, "pass", r.outcome["TestCoveredEnough"], r.output["TestCoveredEnough"])
	// What "go test -run" selects is not measured.
	r = knock(t, "^TestCovered$/^requestSample$/^method$/^refuses-get$")
	require.Equal(t, "pass", r.outcome["TestCovered"], r.all)
}

func TestWhatCannotBeJudgedNeverPasses(t *testing.T) {
	t.Parallel()
	r := knock(t,
		"^(TestWithoutToken|TestUnarmed|TestUnloadableCases|TestUnknownPattern|TestUnreachable|TestNothingProven)$")
	for _, row := range []struct{ name, says, why string }{
		{"TestWithoutToken", "FMASPEC_TOKEN", "a remote target needs a token"},
		{"TestUnarmed", "192.0.2.1 is not loopback", "nothing may take effect on another machine unless it is armed"},
		{"TestUnloadableCases", "mine/broken.http:1", "cases that cannot be read are nobody's pass"},
		{"TestUnknownPattern", "refuses-missing-comment", "a pattern that matches nothing is a slip of the pen"},
		{"TestUnreachable", "connection refused", "a server that is not there keeps no contract"},
		{"TestNothingProven", "the token was refused (401) wherever a request is to be accepted",
			"a server that refuses all proves nothing by it"},
	} {
		require.Equal(t, "fail", r.outcome[row.name], row.why)
		said := r.output[row.name]
		for _, id := range r.subtests(row.name, "") {
			said += r.output[row.name+"/"+id]
		}
		require.Contains(t, said, row.says, row.why)
	}
	for _, name := range []string{"TestWithoutToken", "TestUnarmed", "TestUnreachable"} {
		require.Empty(t, r.subtests(name, "pass"), "%s has nothing to pass", name)
	}
	for _, name := range []string{"TestWithoutToken", "TestUnarmed"} {
		require.Empty(t, r.subtests(name, "fail"), "want what %s got wrong reported once, not once per case", name)
	}
}

func TestTheExampleOfTheDocumentationHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and tests the example module")
	}
	t.Parallel()
	example := filepath.Join(root(t), "docs", "example")
	main, err := os.ReadFile(filepath.Join(root(t), "go.sum"))
	require.NoError(t, err)
	own, err := os.ReadFile(filepath.Join(example, "go.sum"))
	require.NoError(t, err)
	const renew = "renew what the example needs: cp go.sum docs/example/go.sum && cd docs/example && go test -mod=mod ."
	require.Equal(t, string(main), string(own), "want docs/example/go.sum in step with go.sum; %s", renew)

	dir := module(t, example)
	readonly := []string{"GOFLAGS=-mod=readonly"}
	out, err := command(t, dir, readonly, "go", "vet", ".").CombinedOutput()
	require.NoError(t, err, "%s; %s", out, renew)
	vetted := []string{"GOFLAGS=-mod=readonly -vet=off -ldflags=-w"}
	r := read(t, command(t, dir, vetted, "go", "test", "-count=1", "-json", "."))
	for _, test := range []string{"TestContract", "TestContractByURL"} {
		require.Equal(t, "pass", r.outcome[test], r.all)
		require.Greater(t, len(r.subtests(test, "pass")), 100)
	}

	r = read(t, command(t, dir, append(vetted, "EXAMPLE_BUG=status"), "go", "test", "-json", "-run", "^TestContract$",
		"."))
	require.Equal(t, "fail", r.outcome["TestContract"], r.all)
	plain := "requestSample/valid/accepts-plain-request"
	require.Equal(t, "fail", r.outcome["TestContract/"+plain])
	require.Contains(t, r.output["TestContract/"+plain], "response.created")
	require.Contains(t, r.output["TestContract/"+plain], "want 201   got 200")
}

// output runs tests of testdata/door as go test does without -v, and returns what is
// printed, without what differs from run to run.
func output(t *testing.T, pattern string, env ...string) []string {
	t.Helper()
	knock(t, "^$") // builds it
	out, err := command(t, t.TempDir(), env, door.binary, "-test.timeout=2m", "-test.run="+pattern).CombinedOutput()
	require.Error(t, err, "want a failing test")
	return strings.Split(durations.ReplaceAllString(strings.TrimSuffix(string(out), "\n"), "T"), "\n")
}

// at returns the first line with the text, or fails.
func at(t *testing.T, lines []string, text string) int {
	t.Helper()
	i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, text) })
	require.GreaterOrEqual(t, i, 0, "want %q in\n%s", text, strings.Join(lines[:min(len(lines), 60)], "\n"))
	return i
}

func TestAPanicOfTheHandlerIsToldFirstAndOnce(t *testing.T) {
	t.Parallel()
	lines := output(t, "^TestPanics$", "DOOR_PANICS=1")
	require.Less(t, at(t, lines, "PANIC of the handler"), 4)
	require.Less(t, at(t, lines, "assignment to entry in nil map"), 5)
	require.Less(t, at(t, lines, "door.TestPanics.func1"), 7)
	require.Less(t, at(t, lines, "door_test.go:"), 8)
	require.Less(t, at(t, lines, "probable cause: the handler panicked in "), 13)
	all := strings.Join(lines, "\n")
	require.Equal(t, 1, strings.Count(all, "assignment to entry in nil map"))
	require.Equal(t, 1, strings.Count(all, "sent    "), "want one exchange for one problem")
	cases := len(suite(t).Cases)
	require.Less(t, len(lines), 2*cases)
	require.Less(t, len(all), 200*cases)

	few := output(t, "^TestPanics$")
	require.Less(t, at(t, few, "PANIC of the handler"), 4)
	at(t, few, "in requestSample/")
}

func TestManyFailuresAreToldInGroups(t *testing.T) {
	t.Parallel()
	lines := output(t, "^TestTwoBugs$")
	require.Less(t, at(t, lines, "not conformant: "), 3)
	require.Less(t, at(t, lines, "documented  response.created   "), 7)
	require.Less(t, at(t, lines, " findings, as in requestSample/valid/accepts-plain-request"), 7)
	require.Less(t, at(t, lines, "documented  action.members   "), 7)
	require.Less(t, at(t, lines, "--- FAIL: TestTwoBugs/requestSample/valid/accepts-plain-request "), 9,
		"what shows the problem comes before what names it")
	all := strings.Join(lines, "\n")
	require.Equal(t, 1, strings.Count(all, "sent    "), "want one exchange for two problems of one case")
	require.Less(t, len(lines), len(suite(t).Cases), "want fewer lines than there are cases")
	require.Less(t, at(t, lines, "response.created, action.members as in requestSample/valid/accepts-plain-request"),
		60)
	order := func(lines []string) (out []string) {
		for _, line := range lines {
			if strings.Contains(line, "--- FAIL") || strings.Contains(line, " as in ") ||
				strings.Contains(line, "want ") {
				out = append(out, line)
			}
		}
		return out
	}
	for range 2 {
		if again := output(t, "^TestTwoBugs$"); !slices.Equal(order(lines), order(again)) {
			t.Errorf("want the same lines in the same order each time")
		}
	}

	// Alone, each is reported in full.
	const other = "requestSample/valid/accepts-any-accept"
	alone := knock(t, "^TestTwoBugs$/^requestSample$/^valid$/^accepts-any-accept$")
	require.Equal(t, []string{other}, alone.subtests("TestTwoBugs", "fail"))
	require.Contains(t, alone.output["TestTwoBugs/"+other], "want 201   got 200")
	require.Contains(t, alone.output["TestTwoBugs/"+other], "  sent    POST ")
}

func TestAWrongTokenIsNamedFirst(t *testing.T) {
	t.Parallel()
	lines := output(t, "^TestNothingProven$")
	require.Less(t, at(t, lines, "the token was refused (401) wherever a request is to be accepted"), 4)
	require.Less(t, len(lines), 60)
}

func TestAURLIsNotJudgedWhereItsResultMayBeCached(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts go test")
	}
	t.Parallel()
	var sent atomic.Int64
	var broken atomic.Bool
	const token = "a-token-that-the-server-issued"
	good := reference.New(reference.Config{Token: token})
	fault, found := reference.FindFault("drops-id")
	require.True(t, found)
	bad := fault.Wrap(good)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		if broken.Load() {
			bad.ServeHTTP(w, r)
			return
		}
		good.ServeHTTP(w, r)
	}))
	defer server.Close()
	dir := module(t, filepath.Join(root(t), "docs", "example"))
	test := func(args ...string) (string, error) {
		env := []string{"GOFLAGS=-mod=readonly -vet=off -ldflags=-w", "EXAMPLE_URL=" + server.URL}
		cmd := command(t, dir, env, "go", append([]string{"test"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NotContains(t, string(out), "(cached)")
		return string(out), err
	}
	const byURL = "-run=^TestContractByURL$"
	for range 2 {
		out, err := test(byURL, ".")
		require.Error(t, err, "want no result that may be cached")
		require.Contains(t, out, "fmaspec: nothing was sent: go test may repeat a cached result for "+server.URL+
			", because it does not know when the server there changes; run go test -count=1")
		require.Zero(t, sent.Load(), "want nothing sent")
	}
	out, err := test("-count=1", byURL, ".")
	require.NoError(t, err, out)
	require.NotZero(t, sent.Swap(0))
	out, err = test(byURL) // by folder, which is never cached
	require.NoError(t, err, out)
	require.NotZero(t, sent.Swap(0))

	broken.Store(true)
	out, err = test("-count=1", byURL, ".")
	require.Error(t, err)
	require.Contains(t, out, "action.members")
	out, err = test(byURL, ".")
	require.Error(t, err)
	require.Contains(t, out, "run go test -count=1")
	server.Close()
	out, err = test("-count=1", byURL, ".")
	require.Error(t, err)
	require.Contains(t, out, "connection refused")

	// A handler is part of the test.
	out, err = test("-run=^TestContract$", ".")
	require.NoError(t, err, out)
}
