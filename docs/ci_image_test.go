package docs_test

import (
	"debug/elf"
	"fmt"
	"io/fs"
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
)

// An instruction is one of a Dockerfile: "RUN", and what stands behind it.
type instruction struct{ name, rest string }

func instructions(t *testing.T) (out []instruction) {
	t.Helper()
	for line := range strings.Lines(read(t, dockerFile)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		require.False(t, strings.HasSuffix(line, `\`), "keep instructions on one line, or teach this test: %s", line)
		name, rest, _ := strings.Cut(line, " ")
		out = append(out, instruction{name, strings.TrimSpace(rest)})
	}
	return out
}

// argument returns the last instruction of a name.
func argument(t *testing.T, name string) string {
	t.Helper()
	found := ""
	for _, i := range instructions(t) {
		if i.name == name {
			found = i.rest
		}
	}
	require.NotEmpty(t, found, "the Dockerfile has no %s", name)
	return found
}

// words reads what is written as a JSON array, which YAML reads too.
func words(t *testing.T, text string) (out []string) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(text), &out))
	return out
}

// image builds what the Dockerfile builds, from what its ignore file lets through,
// and returns the folder in which it stands as in the image's /.
func image(t *testing.T) string {
	t.Helper()
	src, out := t.TempDir(), t.TempDir()
	for line := range strings.Lines(read(t, dockerFile+".dockerignore")) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "!")
		if !ok {
			continue
		}
		from := absolute(t, name)
		require.NoError(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			inside, err := filepath.Rel(absolute(t, "."), path)
			require.NoError(t, err)
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(src, inside)), 0o755))
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			return os.WriteFile(filepath.Join(src, inside), data, 0o644)
		}))
	}
	ran, from := 0, ""
	for _, i := range instructions(t) {
		switch i.name {
		case "FROM":
			from = i.rest
		case "RUN":
			ran++
			line := regexp.MustCompile(`^(--\S+ +)*`).ReplaceAllString(i.rest, "")
			script := filepath.Join(t.TempDir(), "run.sh")
			require.NoError(t, os.WriteFile(script, []byte(line+"\n"), 0o644))
			got := bash(t, src, script, nil)
			require.Zero(t, got.code, "%s\n%s", line, got.log)
		case "COPY":
			if from != "scratch" {
				continue
			}
			parts := strings.Fields(regexp.MustCompile(`^(--\S+ +)*`).ReplaceAllString(i.rest, ""))
			require.Len(t, parts, 2, i.rest)
			inside, built := strings.CutPrefix(parts[0], "/src/")
			if !built {
				require.Equal(t, "/etc/ssl/certs/ca-certificates.crt", parts[0], "what is not built here")
				continue
			}
			require.NoError(t, os.Rename(filepath.Join(src, inside), filepath.Join(out, parts[1])))
		}
	}
	require.Equal(t, 1, ran)
	return out
}

func TestTheImage(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs a recipe of docs/ci.md")
	}
	t.Parallel()
	compiled(t)
	at := image(t)
	t.Run("holds-a-static-binary", func(t *testing.T) { isStatic(t, at) })
	t.Run("needs-no-environment", func(t *testing.T) { needsNothing(t, at) })
	t.Run("writes-to-results-alone", func(t *testing.T) { writesToResultsAlone(t, at) })
}

func isStatic(t *testing.T, at string) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED: the binary is of this system, and only Linux has images")
	}
	binary := filepath.Join(at, words(t, argument(t, "ENTRYPOINT"))[0])
	file, err := elf.Open(binary)
	require.NoError(t, err)
	defer file.Close()
	for _, p := range file.Progs {
		require.NotEqual(t, elf.PT_INTERP, p.Type, "want a binary that no loader has to be there for")
	}
	// Certificates lie where Go looks for them.
	require.Contains(t, read(t, dockerFile), "/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n")
}

func needsNothing(t *testing.T, at string) {
	binary := filepath.Join(at, words(t, argument(t, "ENTRYPOINT"))[0])
	for _, row := range []struct {
		why  string
		env  []string
		code int
	}{
		{"conformant", []string{"FMASPEC_URL=" + honest(t), "FMASPEC_TOKEN=" + ciToken, writtenAlone}, 0},
		{"not conformant", []string{"FMASPEC_URL=" + faulty(t), "FMASPEC_TOKEN=" + ciToken, writtenAlone}, 1},
		{"nobody named a target", []string{argument(t, "ENV")}, 2},
	} {
		dir := t.TempDir()
		c := in(dir, binary, words(t, argument(t, "CMD"))...)
		c.Env = row.env
		out, err := c.CombinedOutput()
		if code := c.ProcessState.ExitCode(); code != row.code {
			t.Errorf("%s: want exit code %d, got %d (%v)\n%s", row.why, row.code, code, err, out)
		}
		if row.code < 2 && !slices.Equal(written(t, dir), reportNames) {
			t.Errorf("%s: want the reports %q, got %q", row.why, reportNames, written(t, dir))
		}
	}
}

// A container without Docker: another root, read-only but for /results, and a user
// who has no name and no home.
func writesToResultsAlone(t *testing.T, at string) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("NOT TESTED: a read-only root takes root on Linux; docker run --read-only shows the same")
	}
	if out, err := exec.Command("unshare", "--mount", "chroot", "--userspec=65532:65532", "/",
		"true").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: unshare and chroot make no read-only root here: %v %s", err, out)
	}
	user := argument(t, "USER")
	require.Regexp(t, `^[1-9][0-9]*:[1-9][0-9]*$`, user, "want a user by number, who is not root")
	open(t, at)
	require.NoError(t, os.Chown(filepath.Join(at, "results"), 65532, 65532))
	const script = `set -eu
mount --make-rprivate /
mount --bind "$1" "$1"
mount --bind "$1/results" "$1/results"
mount -o remount,bind,ro "$1"
user=$2; at=$1; shift 2
exec chroot --userspec="$user" "$at" "$@"
`
	for _, row := range []struct {
		why, url, dir string
		code          int
		want          string
	}{
		{"conformant", honest(t), "", 0, "\nconformant: http://"},
		{"not conformant", faulty(t), "", 1, "\nnot conformant: "},
		{"reports that go elsewhere", honest(t), "/", 3, "read-only file system"},
	} {
		args := append(words(t, argument(t, "ENTRYPOINT")), words(t, argument(t, "CMD"))...)
		for i, a := range args {
			format, file, ok := strings.Cut(a, "=")
			if ok { // as WORKDIR has it
				args[i] = format + "=" + filepath.Join("/", argument(t, "WORKDIR"), file)
				if row.dir != "" {
					args[i] = format + "=" + filepath.Join(row.dir, file)
				}
			}
		}
		c := exec.Command("unshare", append([]string{"--mount", "sh", "-c", script, "sh", at, user}, args...)...)
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "FMASPEC_URL=" + row.url,
			"FMASPEC_TOKEN=" + ciToken, writtenAlone}
		out, err := c.CombinedOutput()
		if code := c.ProcessState.ExitCode(); code != row.code || !strings.Contains(string(out), row.want) {
			t.Errorf("%s: want exit code %d and %q\ngot  %d (%v) and\n%s", row.why, row.code, row.want, code, err, out)
		}
		if row.dir == "" && !slices.Equal(written(t, filepath.Join(at, "results")), reportNames) {
			t.Errorf("%s: want the reports %q, got %q", row.why, reportNames, written(t, filepath.Join(at, "results")))
		}
	}
}

// open lets every user walk to a folder, which t.TempDir keeps to its owner.
func open(t *testing.T, dir string) {
	t.Helper()
	for at := dir; at != filepath.Dir(at) && strings.HasPrefix(at, os.TempDir()) &&
		at != filepath.Clean(os.TempDir()); at = filepath.Dir(at) {
		require.NoError(t, os.Chmod(at, 0o755))
	}
}

func TestTheImageIsBuiltAndRunByDocker(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command and runs a recipe of docs/ci.md")
	}
	t.Parallel()
	if out, err := exec.Command("docker", "info").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: no docker daemon answers: %v %.300s", err, out)
	}
	for _, i := range instructions(t) {
		if name, _, _ := strings.Cut(i.rest, " "); i.name == "FROM" && name != "scratch" {
			if out, err := exec.Command("docker", "pull", "-q", name).CombinedOutput(); err != nil {
				t.Skipf("NOT TESTED: docker gets no %s: %v %.300s", name, err, out)
			}
		}
	}
	const tag = "fmaspec-docs-test"
	out, err := in(root, "docker", "build", "-q", "-f", dockerFile, "-t", tag, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Cleanup(func() { exec.Command("docker", "rmi", "-f", tag).Run() })
	for url, want := range map[string]int{honest(t): 0, faulty(t): 1, "": 2} {
		results := filepath.Join(t.TempDir(), "results")
		require.NoError(t, os.Mkdir(results, 0o777))
		args := []string{"run", "--rm", "--read-only", "--network=host", "--user",
			fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()), "-v", results + ":/results", "-e", "FMASPEC_TOKEN=" +
				ciToken}
		if url != "" {
			args = append(args, "-e", "FMASPEC_URL="+url)
		}
		c := exec.Command("docker", append(args, tag)...)
		out, err := c.CombinedOutput()
		if code := c.ProcessState.ExitCode(); code != want {
			t.Errorf("want exit code %d, got %d (%v)\n%s", want, code, err, out)
		}
		if want < 2 && !slices.Equal(written(t, results), reportNames) {
			t.Errorf("want the reports %q, got %q", reportNames, written(t, results))
		}
	}
}
