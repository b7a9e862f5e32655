package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type action struct {
	Inputs map[string]struct {
		Required bool
		Default  string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	ID, If, Uses, Run, Shell string
	With, Env                map[string]string
}

// A runner does with a composite action what GitHub's does, as far as this one
// goes: steps in order, conditions, variables, and the files through which steps
// say something.
type runner struct {
	t         *testing.T
	action    action
	workspace string
	temp      string
	path      string // of the action
	env       []string
	inputs    map[string]string
	outputs   map[string]string // "steps.ID.outputs.NAME"
	failed    bool
	code      int      // of the step that failed last
	logs      []string // of each step
	summary   string
	used      []string // actions, in order
}

func newRunner(t *testing.T, inputs map[string]string) *runner {
	r := &runner{t: t, workspace: t.TempDir(), temp: t.TempDir(), path: absolute(t, filepath.Dir(actionFile)),
		inputs: map[string]string{}, outputs: map[string]string{}}
	readYAML(t, actionFile, &r.action)
	require.Equal(t, "composite", r.action.Runs.Using)
	for name, input := range r.action.Inputs {
		r.inputs[name] = input.Default
	}
	for name, value := range inputs {
		require.Contains(t, r.action.Inputs, name)
		r.inputs[name] = value
	}
	return r
}

func (r *runner) run() {
	for i, s := range r.action.Runs.Steps {
		if !r.due(s.If) {
			continue
		}
		if s.Uses != "" {
			r.used = append(r.used, s.Uses+" "+r.fill(s.With["path"]))
			continue
		}
		require.Equal(r.t, "bash", s.Shell, "step %d", i)
		require.NotContains(r.t, s.Run, "${{", "step %d: want inputs to come in as variables", i)
		script, output, summary := filepath.Join(r.temp, fmt.Sprintf("step-%d.sh", i)),
			filepath.Join(r.temp, fmt.Sprintf("output-%d", i)), filepath.Join(r.temp, fmt.Sprintf("summary-%d", i))
		for file, text := range map[string]string{script: s.Run, output: "", summary: ""} {
			require.NoError(r.t, os.WriteFile(file, []byte(text), 0o644))
		}
		env := append(slices.Clone(r.env), "GITHUB_ACTION_PATH="+r.path, "GITHUB_WORKSPACE="+r.workspace,
			"RUNNER_TEMP="+r.temp, "GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+summary)
		for name, value := range s.Env {
			env = append(env, name+"="+r.fill(value))
		}
		got := bash(r.t, r.workspace, script, env)
		r.logs = append(r.logs, got.log)
		if got.code != 0 {
			r.failed, r.code = true, got.code
		}
		said, err := os.ReadFile(output)
		require.NoError(r.t, err)
		for line := range strings.Lines(string(said)) {
			name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			require.True(r.t, ok, "step %d: GITHUB_OUTPUT: %q", i, line)
			r.outputs["steps."+s.ID+".outputs."+name] = value
		}
		log, err := os.ReadFile(summary)
		require.NoError(r.t, err)
		r.summary += string(log)
	}
}

// due reports whether a step is run. A condition without always() also asks that
// nothing has failed.
func (r *runner) due(condition string) bool {
	if !strings.Contains(condition, "always()") && r.failed {
		return false
	}
	for term := range strings.SplitSeq(condition, " && ") {
		left, right, compares := strings.Cut(term, " != ")
		switch {
		case term == "", term == "always()":
		case compares && right == "''":
			if r.value(left) == "" {
				return false
			}
		default:
			r.t.Fatalf("if: %s: teach the runner of this test that term", term)
		}
	}
	return true
}

var expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)

func (r *runner) fill(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		return r.value(
			expression.FindStringSubmatch(e)[1])
	})
}

func (r *runner) value(name string) string {
	kind, rest, _ := strings.Cut(name, ".")
	switch {
	case kind == "inputs":
		require.Contains(r.t, r.inputs, rest)
		return r.inputs[rest]
	case kind == "steps":
		return r.outputs[name]
	case name == "github.action_path":
		return r.path
	}
	r.t.Fatalf("%s: teach the runner of this test that name", name)
	return ""
}

func (r *runner) output(name string) string { return r.fill(r.action.Outputs[name].Value) }

func TestTheActionTellsWhatItFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs a recipe of docs/ci.md")
	}
	t.Parallel()
	upload := "actions/upload-artifact@v4 results"
	for _, row := range []struct {
		why     string
		url     func(*testing.T) string
		inputs  map[string]string
		code    int
		verdict string
		reports []string
		log     string // in the log of the reporting step
		summary string
	}{
		{"conformant", honest, nil, 0, "conformant", reportNames, "", "conformant"},
		{"not conformant", faulty, nil, 1, "not-conformant", reportNames, "::error ", "not conformant"},
		{"nobody answers", absent, nil, 3, "unjudged", reportNames, "::error ", "could not judge"},
		{"flags, one a line", honest, map[string]string{"args": "-run\n^requestSample/valid/\n\n-strict\n"}, 0,
			"conformant", reportNames, "", "conformant"},
		{"a flag that there is none of", honest, map[string]string{"args": "-no-such-flag"}, 2, "", nil,
			"::error title=fmaspec::Nothing was judged: exit code 2.", "exit code 2"},
		{"an input that would be a command", honest, map[string]string{"args": "$(touch done); `touch done`",
			"machine": "'; touch done; '"}, 2, "", nil, "::error title=fmaspec::", "exit code 2"},
		{"no URL", func(*testing.T) string { return "" }, nil, 2, "", nil, "::error title=fmaspec::", "exit code 2"},
	} {
		t.Run(strings.ReplaceAll(row.why, " ", "-"), func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, row.inputs)
			r.inputs["url"] = row.url(t)
			r.env = []string{"FMASPEC_TOKEN=" + ciToken}
			compiled(t)
			if row.why != "conformant" {
				cached(t, filepath.Join(r.temp, "fmaspec", "fmaspec"))
			}
			r.run()
			require.Len(t, r.logs, 4, "want the build, the run, the report, and the end")
			if r.code != row.code || r.output("verdict") != row.verdict || r.output("report") != "results" {
				t.Errorf("want exit code %d, verdict %q, report %q\ngot  %d, %q, %q and\n%s", row.code, row.verdict,
					"results", r.code, r.output("verdict"), r.output("report"), strings.Join(r.logs, "\n"))
			}
			if got := written(t, filepath.Join(r.workspace, "results")); !slices.Equal(got, row.reports) {
				t.Errorf("want the reports %q\ngot  %q", row.reports, got)
			}
			if log := r.logs[2]; !strings.Contains(log, row.log) || row.log == "" && strings.Contains(log, "::error") {
				t.Errorf("want the log to have %q\ngot  %s", row.log, log)
			}
			if !strings.Contains(strings.ToLower(r.summary), row.summary) {
				t.Errorf("want a summary with %q\ngot  %s", row.summary, r.summary)
			}
			if !slices.Contains(r.used, upload) {
				t.Errorf("want %s\ngot  %q", upload, r.used)
			}
			require.NoFileExists(t, filepath.Join(r.workspace, "done"))
			require.NotContains(t, strings.Join(r.logs, "")+r.summary, ciToken)
		})
	}
}

func TestTheActionTakesABaseline(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs a recipe of docs/ci.md")
	}
	t.Parallel()
	binary, err := build()
	require.NoError(t, err)
	for _, row := range []struct {
		why  string
		url  func(*testing.T) string
		code int
	}{{"what is known", faulty, 0}, {"what is known is gone", honest, 1}} {
		r := newRunner(t, map[string]string{"url": row.url(t), "baseline": "known.baseline"})
		r.env = []string{"FMASPEC_TOKEN=" + ciToken}
		cached(t, filepath.Join(r.temp, "fmaspec", "fmaspec"))
		file := filepath.Join(r.workspace, "known.baseline")
		record := in(r.workspace, binary, "run", "-q", "-url", faulty(t), "-baseline", file, "-baseline-update")
		record.Env = append(plain(), r.env...)
		out, _ := record.CombinedOutput()
		text, err := os.ReadFile(file)
		require.NoError(t, err, "%s", out)
		explained := strings.NewReplacer("reason: ?", "reason: the recipes need one that is known", "owner: ?",
			"owner: docs").Replace(string(text))
		require.NoError(t, os.WriteFile(file, []byte(explained), 0o644))
		r.run()
		if r.code != row.code {
			t.Errorf("%s: want exit code %d, got %d\n%.3000s", row.why, row.code, r.code, strings.Join(r.logs, "\n"))
		}
	}
}

func TestTheActionFailsWhereTheSuiteDoesNotBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs a recipe of docs/ci.md")
	}
	t.Parallel()
	r := newRunner(t, map[string]string{"url": "http://127.0.0.1:1"})
	r.path = filepath.Join(t.TempDir(), "a/b/c")
	require.NoError(t, os.MkdirAll(r.path, 0o755))
	r.run()
	if want := []string{"actions/setup-go@v5 "}; !slices.Equal(r.used, want) || len(r.logs) != 2 || r.code != 3 {
		t.Errorf("want %q, 2 scripts and exit code 3\ngot  %q, %d and %d\n%s", want, r.used, len(r.logs), r.code,
			r.logs)
	}
}

// The runner obeys lines such as ::error::, wherever they come from.
func TestAServerDoesNotSpeakToTheRunner(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs a recipe of docs/ci.md")
	}
	t.Parallel()
	r := newRunner(t, map[string]string{"url": hostile(t), "args": "-v\n-generate\nnone"})
	r.env = []string{"FMASPEC_TOKEN=" + ciToken}
	cached(t, filepath.Join(r.temp, "fmaspec", "fmaspec"))
	r.run()
	require.Equal(t, 1, r.code, r.logs)
	log := strings.Split(strings.TrimSpace(r.logs[1]), "\n")
	word, ok := strings.CutPrefix(log[0], "::stop-commands::")
	require.True(t, ok, log[0])
	require.Len(t, word, 32)
	require.Equal(t, "::"+word+"::", log[len(log)-1])
	require.Contains(t, r.logs[1], "said by the server", "want a server that is heard at all")
	for _, line := range log[1 : len(log)-1] {
		require.NotContains(t, line, word)
	}
	for line := range strings.Lines(r.logs[2]) {
		if command, _, ok := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(line, "::") &&
			(!ok || !slices.Contains([]string{"::error", "::warning", "::notice"}, command)) {
			t.Errorf("want annotations of the suite alone, got %s", line)
		}
		require.NotContains(t, line, "##[")
	}
}

func TestTheExampleWorkflowUsesTheActionThatThereIs(t *testing.T) {
	t.Parallel()
	var workflow struct {
		Jobs map[string]struct{ Steps []actionStep }
	}
	readYAML(t, workflowFile, &workflow)
	r := newRunner(t, nil)
	seen := 0
	for _, job := range workflow.Jobs {
		for _, s := range job.Steps {
			if s.Uses != "./"+filepath.Dir(actionFile) {
				continue
			}
			seen++
			for name := range s.With {
				require.Contains(t, r.action.Inputs, name)
			}
			for name, input := range r.action.Inputs {
				require.True(t, !input.Required || s.With[name] != "", "want the input %s", name)
			}
		}
	}
	require.Equal(t, 1, seen)
}
