package kubernetes

import (
	"regexp"
	"testing"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A testRun has the fields of TestRun in api/v1alpha1 of k6-operator 1.x that our manifest has. The
// module of the operator would bring its controller along.
type testRun struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata,omitempty"`
	Spec            struct {
		Parallelism int32 `json:"parallelism"`
		Script      struct {
			ConfigMap struct {
				Name string `json:"name"`
				File string `json:"file,omitempty"`
			} `json:"configMap,omitempty"`
		} `json:"script"`
		Runner struct {
			Env     []core.EnvVar        `json:"env,omitempty"`
			EnvFrom []core.EnvFromSource `json:"envFrom,omitempty"`
		} `json:"runner,omitempty"`
	} `json:"spec,omitempty"`
}

const testRunManifest = "../../conformance/k6/testrun.yaml"

func TestTheTestRunKeepsTheTypeOfTheOperator(t *testing.T) {
	run, err := decode[testRun](read(t, testRunManifest))
	if err != nil {
		t.Fatal(err)
	}
	script := read(t, "../../conformance/k6/script.js")
	spec := run.Spec
	switch {
	case run.APIVersion != "k6.io/v1alpha1" || run.Kind != "TestRun" || run.Name == "":
		t.Errorf("want a TestRun of k6.io/v1alpha1 with a name, got %s %s %q", run.APIVersion, run.Kind, run.Name)
	case spec.Parallelism < 2:
		t.Errorf("want several runners, got %d", spec.Parallelism)
	case spec.Script.ConfigMap.Name == "" || spec.Script.ConfigMap.File != "fmaspec.js":
		t.Errorf("want the script from a ConfigMap, got %+v", spec.Script)
	case len(spec.Runner.EnvFrom) != 1 || spec.Runner.EnvFrom[0].SecretRef == nil:
		t.Error("want the tokens from a Secret")
	}
	for _, v := range spec.Runner.Env {
		// The script reads its settings by name; K6_ are those of k6 itself.
		if named := regexp.MustCompile(`\b` + v.Name + `\b`); v.Name[:3] != "K6_" && !named.MatchString(script) {
			t.Errorf("want the script to read %s", v.Name)
		}
	}
}

func TestABrokenTestRunIsRefused(t *testing.T) {
	refuses[testRun](t, testRunManifest, map[string]string{
		"parallelism: 4": "parallelism: four",
		"configMap:":     "configmaps:",
		"envFrom:":       "env_from:",
		"secretRef:":     "secret:",
		"value: '400'":   "value: 400",
	})
}
