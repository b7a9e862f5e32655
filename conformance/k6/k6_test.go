package k6_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fmaspec/conformance"
	"fmaspec/conformance/k6"
	"fmaspec/conformance/load"
	"fmaspec/schemas"
)

var update = flag.Bool("update", false, "rewrite the golden file, and with k6 the table of docs/k6.md")

func built(t *testing.T) (*conformance.Suite, *k6.Script) {
	t.Helper()
	suite, err := conformance.Load(conformance.Contract{})
	require.NoError(t, err)
	script, err := k6.Build(suite, k6.Options{})
	require.NoError(t, err)
	return suite, script
}

func TestEachCaseIsInTheScriptOrLeftOutWithAReason(t *testing.T) {
	suite, script := built(t)
	all := slices.Clone(script.Cases)
	for _, o := range script.LeftOut {
		require.NotEmpty(t, o.Why, o.Case)
		all = append(all, o.Case)
	}
	slices.Sort(all)
	var want []string
	for _, c := range suite.Cases {
		want = append(want, c.ID)
	}
	require.Equal(t, want, all)
	for _, id := range script.Cases {
		i := slices.IndexFunc(suite.Cases, func(c *conformance.Case) bool { return c.ID == id })
		c := suite.Cases[i]
		require.Empty(t, load.Unfit(c), id)
		for _, s := range c.Steps {
			require.NotEqual(t, conformance.Either, s.Expect, id)
		}
		require.Contains(t, string(script.Text), `{"id":"`+id+`"`)
	}
}

func TestTheScriptIsTheSameEachTime(t *testing.T) {
	_, first := built(t)
	_, again := built(t)
	require.True(t, bytes.Equal(first.Text, again.Text), "the script changes from one building to the next")
	require.Less(t, len(first.Text), 1<<20, "a ConfigMap has room for 1 MiB")
}

// The golden file has what is left out, and two rows of the script.
func TestTheGoldenFileIsCurrent(t *testing.T) {
	_, script := built(t)
	var b strings.Builder
	fmt.Fprintf(&b, "%d cases\n\nleft out:\n", len(script.Cases))
	for _, o := range script.LeftOut {
		fmt.Fprintf(&b, "  %s: %s\n", o.Case, o.Why)
	}
	for _, id := range []string{"requestSample/valid/accepts-plain-request", "requestSample/method/refuses-get",
		"stopAndQuarantineFile/state/accepts-both-operations-in-turn"} {
		row := regexp.MustCompile(`(?m)^  \{"id":"` + id + `".*$`).Find(script.Text)
		require.NotEmpty(t, row, id)
		fmt.Fprintf(&b, "\n%s\n", row)
	}
	const golden = "testdata/script.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s is stale (-want +got); run go test ./conformance/k6 -update, and review it:\n%s", golden, diff)
	}
}

// parses reports whether Node reads a script as a module.
func parses(t *testing.T, text []byte) error {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node in PATH, which parses JavaScript")
	}
	file := filepath.Join(t.TempDir(), "script.mjs")
	require.NoError(t, os.WriteFile(file, text, 0o644))
	if out, err := exec.Command(node, "--check", file).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func TestTheScriptIsJavaScript(t *testing.T) {
	_, script := built(t)
	require.NoError(t, parses(t, script.Text))
	require.Error(t, parses(t, append(script.Text, "const = ;"...)))
	for _, mark := range []string{"/*version*/", "/*contract*/", "/*cases*/", "// left out\n"} {
		require.NotContains(t, string(script.Text), mark)
	}
}

// A credential of a request is a variable, or one that a case writes down because nobody is to
// accept it.
func TestTheScriptHoldsNoToken(t *testing.T) {
	_, script := built(t)
	literal := regexp.MustCompile(`"Authorization":\["([^"]*)"\]`)
	found := map[string]bool{}
	for _, m := range literal.FindAllSubmatch(script.Text, -1) {
		found[string(m[1])] = true
	}
	for value := range found {
		scheme, rest, _ := strings.Cut(value, " ")
		require.False(t, strings.EqualFold(scheme, "bearer") && strings.TrimSpace(rest) != "", value)
	}
	require.NotEmpty(t, found)
	require.Contains(t, string(script.Text), `"Authorization":["Bearer ",{"v":"token"}]`)
}

func TestAKeywordThatTheScriptDoesNotJudgeIsAnError(t *testing.T) {
	suite, _ := built(t)
	const name, keyword = "instant.schema.json", "not"
	files := fstest.MapFS{}
	names, err := fs.Glob(schemas.FS(), "*.schema.json")
	require.NoError(t, err)
	for _, n := range names {
		data, err := fs.ReadFile(schemas.FS(), n)
		require.NoError(t, err)
		if n == name {
			data = bytes.Replace(data, []byte("{"), []byte(`{"`+keyword+`": {"const": "x"},`), 1)
		}
		files[n] = &fstest.MapFile{Data: data}
	}
	_, err = k6.Build(suite, k6.Options{Schemas: files})
	require.ErrorContains(t, err, `schemas/instant.schema.json: the script for k6 does not judge the keyword "not"; `+
		`add it to`)
}

// Nothing of the two documents is in the code: an invented contract has a script too.
func TestAnInventedContractHasAScript(t *testing.T) {
	root := os.DirFS(filepath.Join("..", "testdata", "invented"))
	sub := func(name string) fs.FS {
		out, err := fs.Sub(root, name)
		require.NoError(t, err)
		return out
	}
	contract := conformance.Contract{OpenAPI: sub("openapi"), Schemas: sub("schemas"), Fixtures: sub("fixtures")}
	suite, err := conformance.Load(contract)
	require.NoError(t, err)
	script, err := k6.Build(suite, k6.Options{Schemas: contract.Schemas})
	require.NoError(t, err)
	require.NotEmpty(t, script.Cases)
	require.NoError(t, parses(t, script.Text))
	for _, word := range []string{"Sha1", "FileMachineAction", "machineId", "requestSample", "testwdatppreview"} {
		require.NotContains(t, string(script.Text), word)
	}
	for _, op := range suite.Operations {
		require.Contains(t, string(script.Text),
			fmt.Sprintf(`%q:{"method":%q,"success":%d`, op.ID, op.Method, op.Success))
	}
}

// The resource names the files and the settings of the script.
func TestTheTestRunIsOfTheScript(t *testing.T) {
	_, script := built(t)
	var run struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Spec       struct {
			Parallelism int
			Script      struct {
				ConfigMap struct{ Name, File string } `yaml:"configMap"`
			}
			Runner struct {
				EnvFrom []struct {
					SecretRef struct{ Name string } `yaml:"secretRef"`
				} `yaml:"envFrom"`
				Env []struct{ Name, Value string }
			}
		}
		Metadata struct{ Name string }
	}
	d := yaml.NewDecoder(bytes.NewReader(k6.TestRun()))
	d.KnownFields(true)
	require.NoError(t, d.Decode(&run))
	require.Equal(t, "k6.io/v1alpha1 TestRun", run.APIVersion+" "+run.Kind)
	require.Equal(t, k6.FileName, run.Spec.Script.ConfigMap.File)
	require.Greater(t, run.Spec.Parallelism, 1)
	require.NotEmpty(t, run.Spec.Runner.EnvFrom[0].SecretRef.Name)
	for _, e := range run.Spec.Runner.Env {
		if strings.HasPrefix(e.Name, "K6_") {
			continue
		}
		require.Regexp(t, `setting\('`+e.Name+`'\)|__ENV\.`+e.Name, string(script.Text),
			"the script has no setting %s", e.Name)
		if slices.Contains([]string{"ACCEPT_RISK", "MACHINE", "SHA1"}, e.Name) {
			require.Empty(t, e.Value, "a resource as it is written lets nothing take effect")
		}
	}
}
