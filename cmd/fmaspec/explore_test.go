package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/reference"
)

// longPercent returns the URL of a server that answers 500 to comments with a percent sign
// that are longer than 20 bytes.
func longPercent(t *testing.T) (url string) {
	t.Helper()
	honest := reference.New(reference.Config{Token: "a-token-of-this-test", UnknownMachine: "x"})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var members struct{ Comment string }
		_ = json.Unmarshal(body, &members)
		if strings.Contains(members.Comment, "%") && len(members.Comment) > 20 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		honest.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestWhatAnExplorationFindsIsReportedAndSavedAndSentFirstTheNextTime(t *testing.T) {
	url, dir := longPercent(t), filepath.Join(t.TempDir(), "saved")
	environ, json := []string{tokenVariable + "=a-token-of-this-test"}, filepath.Join(dir, "..", "report.json")
	args := func(more ...string) []string {
		return append([]string{"run", "-url", url, "-seed", "a", "-run", "accepts-plain-request$|/explore/", "-strict"},
			more...)
	}
	got := call(t.Context(), environ, args("-generate", "explore", "-n", "128", "-save", dir, "-report",
		"json="+json)...)
	require.Equal(t, exitNotConformant, got.code, got.stderr)
	require.Contains(t, got.stderr, "explored 128 generated cases from the seed a; causes of failure: 1\n")
	require.Contains(t, got.stderr, "  curl -sS -i ")
	require.Contains(t, got.stderr, "send it again with -fixtures "+dir)
	again := regexp.MustCompile(`again +fmaspec (run .*)`).FindStringSubmatch(got.stdout)
	require.NotNil(t, again, got.stdout)
	require.Contains(t, again[1], " -fixtures "+dir+" ")
	require.NotContains(t, again[1], "-generate", "the case is saved: nothing has to be drawn")
	require.Contains(t, got.stdout, "exploration: 128 cases drawn of 128 asked for, ")
	require.Contains(t, got.stdout, "; causes of failure: 1\n")
	require.Contains(t, got.stdout, "Accepts the smallest request that was found to break ")
	verified := call(t.Context(), nil, "verify", json)
	require.Equal(t, exitUnjudged, verified.code, verified.stdout+verified.stderr)
	require.Contains(t, verified.stdout, "the report matches its exchanges, except: 1 case made up during the run, "+
		"which are not judged again, ")
	files, err := filepath.Glob(filepath.Join(dir, "explore", "*.http"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Regexp(t, `"Comment":"a*%a*"`, string(text))

	got = call(t.Context(), environ, args("-fixtures", dir)...)
	require.Equal(t, exitNotConformant, got.code, got.stderr)
	require.Contains(t, got.stdout, "/explore/")

	got = call(t.Context(), environ, args("-fixtures", dir, "-generate", "explore", "-n", "128", "-save", dir)...)
	require.Equal(t, exitNotConformant, got.code, got.stderr)
	require.Contains(t, got.stderr, "causes of failure: 1\n")
	require.NotContains(t, got.stderr, "saved ")
}

func TestAnUnsavedCaseIsDrawnAgainByTheCommandForIt(t *testing.T) {
	t.Chdir(t.TempDir())
	url, environ := longPercent(t), []string{tokenVariable + "=a-token-of-this-test"}
	got := call(t.Context(), environ, "run", "-url", url, "-run", "accepts-plain-request$|/explore/", "-generate",
		"explore", "-n", "128", "-save", "", "-seed", "a")
	require.Equal(t, exitNotConformant, got.code, got.stderr)
	again := regexp.MustCompile(`again +fmaspec (run .*)`).FindStringSubmatch(got.stdout)
	require.NotNil(t, again, got.stdout)
	require.Contains(t, again[1], " -seed a -n 128 -save '' -run 'accepts-plain-request$|/explore/'")
	args := strings.Fields(strings.ReplaceAll(again[1], "'", ""))
	i := slices.Index(args, "-save")
	repeated := call(t.Context(), environ, slices.Insert(args, i+1, "")...)
	require.Equal(t, exitNotConformant, repeated.code, repeated.stderr)
	require.Contains(t, repeated.stdout, again[1])
}

func TestAnExplorationWithoutAFindingIsInTheReport(t *testing.T) {
	json := filepath.Join(t.TempDir(), "report.json")
	got := call(t.Context(), nil, "run", "-run", "accepts-plain-request$|/explore/", "-generate", "explore", "-n", "9",
		"-save", "", "-report", "json="+json)
	require.Equal(t, exitConformant, got.code, got.stderr)
	require.Contains(t, got.stdout, "exploration: 9 cases drawn of 9 asked for, 9 sent; causes of failure: 0\n")
	text, err := os.ReadFile(json)
	require.NoError(t, err)
	require.Regexp(t, `"exploration": \{\s*"asked": 9,\s*"drawn": 9,\s*"sent": 9,\s*"causes": 0\s*\}`, string(text))
	verified := call(t.Context(), nil, "verify", json)
	require.Equal(t, exitConformant, verified.code, verified.stdout+verified.stderr)
}

func TestAPatternOfExploredCasesAloneNamesACaseToBeginWith(t *testing.T) {
	got := call(t.Context(), nil, "run", "-generate", "explore", "-n", "9", "-save", "", "-run",
		"^requestSample/explore/")
	require.Equal(t, exitMisuse, got.code)
	require.Contains(t, got.stderr,
		"-run \"^requestSample/explore/\": matches explored cases alone, and an exploration "+
			"begins with a case of the suite; give -run '(^requestSample/explore/)|/valid/accepts-plain-request$'")
	got = call(t.Context(), nil, "run", "-generate", "explore", "-n", "9", "-save", "", "-run",
		"(^requestSample/explore/)|/valid/accepts-plain-request$")
	require.Equal(t, exitConformant, got.code, got.stderr)
}

func TestWhatCannotBeSavedIsReportedAllTheSame(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	got := call(t.Context(), []string{tokenVariable + "=a-token-of-this-test"}, "run", "-url", longPercent(t), "-seed",
		"a", "-run", "accepts-plain-request$|/explore/", "-generate", "explore", "-n", "128", "-save", file)
	require.Equal(t, exitUnjudged, got.code, got.stderr)
	require.Contains(t, got.stdout, "/explore/")
	require.Contains(t, got.stderr, "not a directory; name a folder that can be written to")
}

func TestAnExplorationOfAnotherMachineHasToBeArmed(t *testing.T) {
	got := call(t.Context(), []string{tokenVariable + "=a-token-of-this-test"}, "run", "-url",
		"https://elsewhere.example", "-generate", "explore")
	require.Equal(t, exitUnsafe, got.code)
	require.Contains(t, got.stderr, "-generate explore: https://elsewhere.example is not loopback, and no operation "+
		"is armed")
}

func TestFlagsOfAnExplorationNeedOne(t *testing.T) {
	for _, row := range []struct{ args, want string }{
		{"-n 5", "-n, -for and -save are of an exploration; add -generate explore"},
		{"-for 5s", "-n, -for and -save are of an exploration; add -generate explore"},
		{"-save x", "-n, -for and -save are of an exploration; add -generate explore"},
		{"-generate explore -n -1", "-n -1: must not be negative; give 1 or more"},
		{"-generate explore -for -1s", "-for -1s: must not be negative; give a time such as 30s"},
	} {
		got := call(t.Context(), nil, append([]string{"run"}, strings.Fields(row.args)...)...)
		require.Equal(t, exitMisuse, got.code, row.args)
		require.Contains(t, got.stderr, row.want)
	}
}
