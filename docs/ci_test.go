package docs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fmaspec/conformance/reference"
)

// The recipes.
const (
	gateFile     = "docs/ci/gate.sh"
	gitlabFile   = "docs/ci/gitlab-ci.yml"
	workflowFile = "docs/ci/github-workflow.yml"
	dockerFile   = "docs/ci/Dockerfile"
	actionFile   = ".github/actions/fmaspec/action.yml"

	ciToken = "a-token-for-the-recipes-5d1f"
)

// reportNames are what every recipe leaves, whatever the verdict is.
var reportNames = []string{"results.html", "results.json", "results.sarif", "results.xml"}

// Servers to judge, by what a run against them exits with.

func honest(t *testing.T) string { return serving(t, issuing()) }

func faulty(t *testing.T) string {
	fault, ok := reference.FindFault("drops-id")
	require.True(t, ok)
	return serving(t, fault.Wrap(issuing()))
}

func absent(t *testing.T) string {
	server := httptest.NewServer(nil)
	server.Close()
	return server.URL
}

// hostile speaks to the reader of the log of a job.
func hostile(t *testing.T) string {
	return serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, "{\"id\": \"\n::error::said by the server\n##[error]said by the server\n\"}")
	}))
}

func issuing() http.Handler { return reference.New(reference.Config{Token: ciToken}) }

func serving(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// A shellRun is a script that has ended.
type shellRun struct {
	code int
	log  string
}

// bash runs a file as the two services do, in a folder, with these variables and
// none that a user has set for targets of his own.
func bash(t *testing.T, dir, file string, env []string, args ...string) shellRun {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash to run the recipes with")
	}
	c := in(dir, "bash", append([]string{"--noprofile", "--norc", "-eo", "pipefail", file}, args...)...)
	c.Env = append(plain(), env...)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return shellRun{c.ProcessState.ExitCode(), string(out)}
}

// plain is the environment without what would set up a run, which sends the written
// cases alone: recipes are about exit codes and files, and not about what is sent.
// Nothing is compiled with cgo.
func plain() []string {
	return append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "FMASPEC") || strings.HasPrefix(v, "GITHUB_") || strings.HasPrefix(v, "MAKE") ||
			strings.HasPrefix(v, "RESULTS=")
	}), writtenAlone, withoutCgo)
}

const (
	writtenAlone = "FMASPEC_GENERATE=none"
	withoutCgo   = "CGO_ENABLED=0"
)

func absolute(t *testing.T, file string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, file))
	require.NoError(t, err)
	return path
}

// written returns the reports in a folder that are not empty.
func written(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		if strings.HasPrefix(f.Name(), "results.") && info.Size() > 0 {
			names = append(names, f.Name())
		}
	}
	return names
}

// earlier is the command as the recipes build it, by go build, which leaves alone
// what is up to date: only the first of a recipe's runs has to link it. The recipes run
// without cgo, as the Dockerfile has it, and after this, so that the packages are compiled
// once for all of them.
var earlier = sync.OnceValues(func() ([]byte, error) {
	binary, err := build()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(filepath.Dir(binary), "recipe")
	c := in(root, "go", "build", "-trimpath", "-buildvcs=false", "-o", file, "./cmd/fmaspec")
	c.Env = append(os.Environ(), withoutCgo)
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return os.ReadFile(file)
})

// compiled waits until the packages of the command are compiled, as the recipes ask for.
func compiled(t *testing.T) {
	t.Helper()
	_, err := earlier()
	require.NoError(t, err)
}

// cached puts the command where a recipe is about to build it.
func cached(t *testing.T, file string) {
	t.Helper()
	data, err := earlier()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, data, 0o755))
}

// Gate.

func TestTheGateExitsAsTheRunDoes(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs a recipe of docs/ci.md")
	}
	t.Parallel()
	binary, err := build()
	require.NoError(t, err)
	for _, row := range []struct {
		why     string
		url     func(*testing.T) string
		env     []string
		args    []string
		code    int
		reports bool
		want    string
	}{
		{"conformant", honest, nil, nil, 0, true, "\nconformant: http://"},
		{"not conformant", faulty, nil, nil, 1, true, "\nnot conformant: "},
		{"nobody answers", absent, nil, nil, 3, true, "could not judge"},
		{"misuse", honest, nil, []string{"-level", "none"}, 2, false, "unknown level"},
		{"a flag with a blank in it", honest, nil, []string{"-run", "no such case"}, 2, false, "no such case"},
		{"it could act on somebody's machine", func(*testing.T) string { return "https://tenant.invalid" }, nil,
			[]string{"-accept-risk", "requestSample"}, 4, false, "not loopback"},
		{"no target", func(*testing.T) string { return "" }, nil, nil, 2, false, "gate: FMASPEC_URL is not set"},
		{"no command", honest, []string{"FMASPEC=no-such-command"}, nil, 2, false, "gate: there is no command " +
			"no-such-command"},
		{"no folder", honest, []string{"RESULTS=taken/results"}, nil, 2, false, "gate: there can be no folder " +
			"taken/results"},
	} {
		t.Run(strings.ReplaceAll(row.why, " ", "-"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "taken"), nil, 0o644))
			require.NoError(t, os.Mkdir(filepath.Join(dir, "results"), 0o755))
			for _, name := range reportNames {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "results", name), []byte("of an earlier run"),
					0o644))
			}
			env := append([]string{"FMASPEC=" + binary, "FMASPEC_URL=" + row.url(t), "FMASPEC_TOKEN=" + ciToken},
				row.env...)
			got := bash(t, dir, absolute(t, gateFile), env, row.args...)
			if got.code != row.code || !strings.Contains(got.log, row.want) {
				t.Errorf("want exit code %d and %q\ngot  %d and\n%s", row.code, row.want, got.code, got.log)
			}
			if row.env != nil || row.want == "gate: FMASPEC_URL is not set" {
				return
			}
			var want []string
			if row.reports {
				want = reportNames
			}
			if names := written(t, filepath.Join(dir, "results")); !slices.Equal(names, want) {
				t.Errorf("want the reports %q\ngot  %q", want, names)
			}
		})
	}
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(read(t, file)), into), file)
}

// GitLab.

func TestTheGitLabJobLeavesWhatItNames(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs a recipe of docs/ci.md")
	}
	t.Parallel()
	var jobs map[string]struct {
		Image     string
		Variables map[string]string
		Script    []string
		Artifacts struct {
			When    string
			Paths   []string
			Reports struct{ JUnit string }
		}
	}
	readYAML(t, gitlabFile, &jobs)
	job, ok := jobs["fmaspec"]
	require.True(t, ok)
	require.Equal(t, "always", job.Artifacts.When)
	for _, row := range []struct {
		why  string
		url  func(*testing.T) string
		code int
	}{{"conformant", honest, 0}, {"not conformant", faulty, 1}, {"nobody answers", absent, 3}} {
		t.Run(strings.ReplaceAll(row.why, " ", "-"), func(t *testing.T) {
			t.Parallel()
			project := t.TempDir()
			env := []string{"CI_PROJECT_DIR=" + project}
			for name, value := range job.Variables {
				env = append(env, name+"="+strings.ReplaceAll(value, "$CI_PROJECT_DIR", project))
			}
			// As it is where the suite is a submodule of the project.
			env = append(env, "SUITE="+absolute(t, "."), "FMASPEC_URL="+row.url(t), "FMASPEC_TOKEN="+ciToken)
			compiled(t)
			if row.code > 0 {
				cached(t, filepath.Join(project, "bin", "fmaspec"))
			}
			script := filepath.Join(t.TempDir(), "script.sh")
			require.NoError(t, os.WriteFile(script, []byte(strings.Join(job.Script, "\n")+"\n"), 0o644))
			got := bash(t, project, script, env)
			if got.code != row.code {
				t.Errorf("want exit code %d, got %d\n%s", row.code, got.code, got.log)
			}
			junit, err := os.ReadFile(filepath.Join(project, job.Artifacts.Reports.JUnit))
			require.NoError(t, err, got.log)
			require.True(t, bytes.HasPrefix(junit, []byte("<?xml")), "%.100s", junit)
			require.Equal(t, []string{"results/"}, job.Artifacts.Paths)
			require.Equal(t, reportNames, written(t, filepath.Join(project, "results")))
		})
	}
}

// Pins.

// unpinned returns what a recipe takes from elsewhere without a version: actions
// by their tag or hash, images by their whole version.
func unpinned(text string) (out []string) {
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:- )?uses: (\S+)`).FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[1], "./") && !regexp.MustCompile(
			`^[\w.-]+/[\w./-]+@(v\d+(\.\d+)*|[0-9a-f]{40})$`).MatchString(m[1]) {
			out = append(out, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:FROM|image:) (\S+)`).FindAllStringSubmatch(text, -1) {
		if m[1] != "scratch" && !regexp.MustCompile(`:\d+\.\d+\.\d+(-[\w.]+)?(@sha256:[0-9a-f]{64})?$`).MatchString(
			m[1]) {
			out = append(out, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*runs-on: (\S+-latest)`).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestTheRecipesArePinned(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, file := range []string{gitlabFile, workflowFile, dockerFile, actionFile} {
		text := read(t, file)
		seen += len(regexp.MustCompile(`(?m)^\s*(?:(?:- )?uses:|FROM|image:) `).FindAllString(text, -1))
		require.Empty(t, unpinned(text), file)
	}
	require.GreaterOrEqual(t, seen, 6)
	require.Equal(t, []string{"a/b", "a/b@main", "golang", "golang:1.26", "ubuntu-latest"},
		unpinned("- uses: a/b\n  uses: a/b@main\n- uses: a/b@v4\n- uses: ./x\nFROM golang AS x\nimage: "+
			"golang:1.26\nFROM golang:1.26.1-bookworm\nruns-on: ubuntu-latest\n"))
}

// The images build the suite: their Go is not older than go.mod asks for.
func TestTheImagesHaveTheGoThatTheModuleAsksFor(t *testing.T) {
	t.Parallel()
	asked := regexp.MustCompile(`(?m)^go (\d+)\.(\d+)`).FindStringSubmatch(read(t, "go.mod"))
	require.NotNil(t, asked)
	for _, file := range []string{gitlabFile, dockerFile} {
		has := regexp.MustCompile(`golang:(\d+)\.(\d+)\.`).FindStringSubmatch(read(t, file))
		require.NotNil(t, has, file)
		require.Equal(t, asked[1:], has[1:], file)
	}
}
