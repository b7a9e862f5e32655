package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fmaspec/conformance"
)

const releaseConfig = ".ci/release/goreleaser.yaml"

// released is what the tests read of the configuration of a release.
type released struct {
	Builds []struct {
		Main         string
		Env          []string
		Flags        []string
		Goos, Goarch []string
		Time         string `yaml:"mod_timestamp"`
	}
	Archives []struct {
		BuildsInfo struct{ Mtime string } `yaml:"builds_info"`
		Files      []struct {
			Src  string
			Info struct{ Mtime string }
		}
	}
	SBOMs []struct {
		Artifacts string
		Args      []string
	} `yaml:"sboms"`
	Checksum struct{ Algorithm string }
}

// unlike lists what keeps a release from being the same twice, or incomplete.
func (r released) unlike(exists func(pattern string) bool) (out []string) {
	const commit = "{{ .Env.FMASPEC_COMMIT_"
	for _, b := range r.Builds {
		if !slices.Contains(b.Flags, "-trimpath") {
			out = append(out, "a build without -trimpath has the folder in it")
		}
		if !slices.Contains(b.Env, "CGO_ENABLED=0") {
			out = append(out, "a build with cgo depends on the machine")
		}
		if !strings.HasPrefix(b.Time, commit) {
			out = append(out, "a build without the time of the commit")
		}
		if len(b.Goos)*len(b.Goarch) != 6 {
			out = append(out, "not six platforms")
		}
	}
	for _, a := range r.Archives {
		if !strings.HasPrefix(a.BuildsInfo.Mtime, commit) {
			out = append(out, "a binary in an archive without the time of the commit")
		}
		for _, f := range a.Files {
			if !strings.HasPrefix(f.Info.Mtime, commit) {
				out = append(out, f.Src+" without the time of the commit")
			}
			if !exists(f.Src) {
				out = append(out, f.Src+" does not exist")
			}
		}
	}
	for _, s := range r.SBOMs {
		if !slices.Contains(s.Args, "-noserial") || !slices.Contains(s.Args, "-notimestamp") {
			out = append(out, "a list of modules with a serial number or a time of its own")
		}
	}
	if len(r.Builds) != 1 || len(r.Archives) != 1 || len(r.SBOMs) != 1 || r.Checksum.Algorithm != "sha256" {
		out = append(out, "a part is missing")
	}
	return out
}

func TestAReleaseIsTheSameTwice(t *testing.T) {
	exists := func(pattern string) bool {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		return err == nil && len(found) > 0 || strings.Contains(pattern, "extras")
	}
	var r released
	require.NoError(t, yaml.Unmarshal([]byte(read(t, releaseConfig)), &r))
	require.Empty(t, r.unlike(exists))

	broken := r
	broken.Builds = slices.Clone(r.Builds)
	broken.Builds[0].Flags, broken.Builds[0].Env, broken.Builds[0].Time, broken.Builds[0].Goos = nil, nil, "", nil
	broken.SBOMs, broken.Checksum.Algorithm = nil, "md5"
	require.Len(t, broken.unlike(func(string) bool { return false }), 5+len(r.Archives[0].Files))
}

func TestTheScriptOfReleasesKnowsTheVersion(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it is a script of bash")
	}
	script := read(t, ".ci/release/run")
	line := regexp.MustCompile(`(?m)^version\(\) \{.*\}$`).FindString(script)
	require.NotEmpty(t, line)
	out, err := in(root, "bash", "-c", line+"\nversion .").Output()
	require.NoError(t, err)
	require.Equal(t, conformance.Version+"\n", string(out))
	for _, args := range [][]string{{}, {"publsh"}} {
		said, err := in(root, "bash", append([]string{".ci/release/run"}, args...)...).CombinedOutput()
		require.Error(t, err)
		require.Equal(t, "release: want snapshot, twice or publish\n", string(said))
	}
}

func TestACheckoutIsInstalled(t *testing.T) {
	if testing.Short() {
		t.Skip("it links the command")
	}
	require.Contains(t, read(t, "docs/release.md"), "```sh\ngo install ./cmd/fmaspec\n```")
	bin := t.TempDir()
	install := in(root, "go", "install", "-buildvcs=false", "./cmd/fmaspec")
	install.Env = append(os.Environ(), "GOBIN="+bin)
	said, err := install.CombinedOutput()
	require.NoError(t, err, "%s", said)
	name := "fmaspec"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	out, err := exec.Command(filepath.Join(bin, name), "version").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "fmaspec   "+conformance.Version+"\n")
}

// What a page says of make is a target.
func TestTheTargetsOfReleasesExist(t *testing.T) {
	makefile := read(t, "Makefile")
	targets := regexp.MustCompile(`make ([a-z-]+)`).FindAllStringSubmatch(read(t, "docs/release.md"), -1)
	require.NotEmpty(t, targets)
	for _, target := range targets {
		require.Contains(t, makefile, "\n.PHONY: "+target[1]+"\n", "docs/release.md names make %s", target[1])
	}
	require.Contains(t, read(t, ".github/workflows/ci.yml"), "      - run: make release-twice\n")
	require.Contains(t, read(t, ".github/workflows/ci.yml"), "      - run: make cross\n")
	require.Contains(t, read(t, ".ci/run"), " make windows ")
}
