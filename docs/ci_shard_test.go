package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The recipes of shards.
const (
	shardFile  = "docs/ci/shard.sh"
	shardsFile = "docs/ci/shards.yml"
	jobFile    = "docs/ci/kubernetes-job.yaml"
)

// A job is what the manifest says of a run.
type job struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		CompletionMode string `yaml:"completionMode"`
		Completions    int
		Parallelism    int
		BackoffLimit   int `yaml:"backoffLimit"`
		Template       struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Command, Args []string
					Env           []struct {
						Name, Value string
						ValueFrom   map[string]any `yaml:"valueFrom"`
					}
				}
			}
		}
	}
}

// TestTheJobIsRunDry runs what each pod of the manifest runs, with its index, its arguments and
// its environment, against a server on this machine, and merges the reports.
func TestTheJobIsRunDry(t *testing.T) {
	if testing.Short() {
		t.Skip("it judges a server five times")
	}
	binary, err := build()
	require.NoError(t, err)
	data, err := os.ReadFile(absolute(t, jobFile))
	require.NoError(t, err)
	var j job
	require.NoError(t, yaml.Unmarshal(data, &j))
	require.Equal(t, "Indexed", j.Spec.CompletionMode)
	require.Equal(t, j.Spec.Completions, j.Spec.Parallelism, "the parts of a load run at the same time")
	container := j.Spec.Template.Spec.Containers[0]
	require.Equal(t, []string{"/usr/local/bin/" + filepath.Base(shardFile)}, container.Command)
	for name, url := range map[string]string{"honest": honest(t), "faulty": faulty(t)} {
		results := t.TempDir()
		environ := []string{"FMASPEC=" + binary, "FMASPEC_URL=" + url, "FMASPEC_TOKEN=" + ciToken}
		for _, v := range container.Env {
			switch v.Name {
			case "FMASPEC_URL", "FMASPEC_TOKEN":
			case "RESULTS":
				require.Equal(t, "/results", v.Value)
				environ = append(environ, "RESULTS="+results)
			default:
				environ = append(environ, v.Name+"="+v.Value)
			}
		}
		args := slices.Clone(container.Args)
		args[slices.Index(args, "-duration")+1] = "1s"
		args[slices.Index(args, "-workers")+1] = "2"
		args = append(args, "-run", "/valid/|/body/")
		var reports []string
		for i := range j.Spec.Completions {
			got := bash(t, results, absolute(t, shardFile),
				append(slices.Clone(environ), fmt.Sprintf("JOB_COMPLETION_INDEX=%d", i)), args...)
			require.Zero(t, got.code, got.log)
			reports = append(reports, filepath.Join(results, fmt.Sprintf("shard-%d.json", i+1)))
		}
		merge := in(results, binary, append([]string{"report", "merge", "-format", "json"}, reports...)...)
		merge.Env = plain()
		out, err := merge.Output()
		var merged struct {
			Verdict string
			Merged  struct{ Shards int }
			Load    struct{ Workers int }
		}
		require.NoError(t, json.Unmarshal(out, &merged))
		require.Equal(t, j.Spec.Completions, merged.Merged.Shards)
		require.Equal(t, 2*j.Spec.Completions, merged.Load.Workers)
		if name == "honest" {
			require.NoError(t, err)
			require.Equal(t, "conformant", merged.Verdict)
			continue
		}
		require.Equal(t, 1, merge.ProcessState.ExitCode())
		require.Equal(t, "not-conformant", merged.Verdict)
	}
}

func TestAShardSaysWhatItLacks(t *testing.T) {
	const url = "FMASPEC_URL=http://127.0.0.1:1"
	for _, row := range []struct {
		environ []string
		says    string
	}{
		{nil, "FMASPEC_URL is not set"},
		{[]string{url}, "FMASPEC_SEED is not set"},
		{[]string{url, "FMASPEC_SEED=s"}, "FMASPEC_SHARD is not set"},
		{[]string{url, "FMASPEC_SEED=s", "JOB_COMPLETION_INDEX=0"}, "SHARDS is not set"},
		{[]string{url, "FMASPEC_SEED=s", "FMASPEC_SHARD=1/2", "FMASPEC=/nowhere"}, "there is no command /nowhere"},
	} {
		got := bash(t, t.TempDir(), absolute(t, shardFile), row.environ)
		require.Equal(t, 2, got.code)
		require.Contains(t, got.log, row.says)
	}
}

// TestTheWorkflowOfShardsHasEachPartOnce compares the parts that the workflow names with their
// number.
func TestTheWorkflowOfShardsHasEachPartOnce(t *testing.T) {
	data, err := os.ReadFile(absolute(t, shardsFile))
	require.NoError(t, err)
	var workflow struct {
		Jobs struct {
			Shard struct {
				Strategy struct {
					Matrix struct{ Shard []string }
				}
				Steps []struct{ Run string }
			}
			Merge struct{ Needs string }
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &workflow))
	parts := workflow.Jobs.Shard.Strategy.Matrix.Shard
	for i, part := range parts {
		require.Equal(t, fmt.Sprintf("%d/%d", i+1, len(parts)), part)
	}
	require.Equal(t, "shard", workflow.Jobs.Merge.Needs)
	require.True(t, slices.ContainsFunc(workflow.Jobs.Shard.Steps, func(s struct{ Run string }) bool {
		return s.Run == shardFile
	}))
}
