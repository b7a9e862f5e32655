// Package kubernetes tests that the Job of docs/ci is what Kubernetes takes, and the TestRun that
// fmaspec export k6 writes what k6-operator takes. It is a module of its own, for the types of
// Kubernetes are large.
package kubernetes

import (
	"errors"
	"os"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const manifest = "../../docs/ci/kubernetes-job.yaml"

// decode reads a manifest into a type from which the schema of Kubernetes or of an operator is
// generated. A field that it does not have, or of another type, is an error.
func decode[T any](text string) (*T, error) {
	data, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return nil, err
	}
	var object T
	strict, err := json.UnmarshalStrict(data, &object)
	return &object, errors.Join(append(strict, err)...)
}

// read returns a file.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheJobKeepsTheSchema(t *testing.T) {
	job, err := decode[batch.Job](read(t, manifest))
	if err != nil {
		t.Fatal(err)
	}
	spec := job.Spec
	switch {
	case job.APIVersion != "batch/v1" || job.Kind != "Job" || job.Name == "":
		t.Errorf("want a Job of batch/v1 with a name, got %s %s %q", job.APIVersion, job.Kind, job.Name)
	case spec.CompletionMode == nil || *spec.CompletionMode != batch.IndexedCompletion:
		t.Error("want completionMode Indexed")
	case spec.Completions == nil || spec.Parallelism == nil || *spec.Completions != *spec.Parallelism:
		t.Error("want as many pods at once as there are parts")
	case spec.Template.Spec.RestartPolicy != core.RestartPolicyNever:
		t.Errorf("want restartPolicy Never, got %q", spec.Template.Spec.RestartPolicy)
	case len(spec.Template.Spec.Containers) != 1:
		t.Error("want one container")
	}
	mounts := map[string]bool{}
	for _, v := range spec.Template.Spec.Volumes {
		mounts[v.Name] = true
	}
	for _, m := range spec.Template.Spec.Containers[0].VolumeMounts {
		if !mounts[m.Name] {
			t.Errorf("want a volume %s", m.Name)
		}
	}
}

func TestABrokenJobIsRefused(t *testing.T) {
	refuses[batch.Job](t, manifest, map[string]string{
		"completionMode: Indexed": "completionmode: Indexed",
		"completions: 5":          "completions: five",
		"restartPolicy: Never":    "restartPolicies: Never",
		"memory: 512Mi":           "memory: lots",
		"command: [":              "commands: [",
	})
}

// refuses tests that a manifest is refused with each of these texts in place of its key.
func refuses[T any](t *testing.T, path string, breaks map[string]string) {
	t.Helper()
	text := read(t, path)
	for good, bad := range breaks {
		broken := strings.Replace(text, good, bad, 1)
		if broken == text {
			t.Errorf("the manifest has no %q to break", good)
		}
		if _, err := decode[T](broken); err == nil {
			t.Errorf("want %q refused", bad)
		}
	}
}
