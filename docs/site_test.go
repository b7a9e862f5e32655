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
	"go.yaml.in/yaml/v3"
)

// A navSection is a part of the site's menu, with the titles and files of its pages.
type navSection struct {
	title string
	pages [][2]string
}

// nav reads the menu of the site, but for its first page.
func nav(t *testing.T) (out []navSection) {
	t.Helper()
	var file struct{ Nav []map[string]yaml.Node }
	// Only nav is read: what else the file has may be of Python.
	_, text, ok := strings.Cut(read(t, ".ci/site/mkdocs.yml"), "\nnav:\n")
	require.True(t, ok, ".ci/site/mkdocs.yml has no nav")
	text = "nav:\n" + regexp.MustCompile(`(?m)^\w`).Split(text, 2)[0]
	require.NoError(t, yaml.Unmarshal([]byte(text), &file))
	for _, entry := range file.Nav {
		for title, node := range entry {
			if node.Kind != yaml.SequenceNode {
				continue
			}
			section := navSection{title: title}
			for _, item := range node.Content {
				section.pages = append(section.pages, [2]string{item.Content[0].Value, item.Content[1].Value})
			}
			out = append(out, section)
		}
	}
	return out
}

// index is the list of all pages in the README.
func index(sections []navSection) string {
	var b strings.Builder
	for _, s := range sections {
		var links []string
		for _, p := range s.pages {
			links = append(links, fmt.Sprintf("[%s](docs/%s)", p[0], p[1]))
		}
		fmt.Fprintf(&b, "- %s: %s\n", s.title, strings.Join(links, ", "))
	}
	return b.String()
}

// offMenu lists the pages that no menu has, and the entries that are no page.
func offMenu(sections []navSection, files []string) (out []string) {
	var listed []string
	for _, s := range sections {
		for _, p := range s.pages {
			listed = append(listed, p[1])
			if !slices.Contains(files, p[1]) {
				out = append(out, p[1]+" is in nav and is no page")
			}
		}
	}
	for _, f := range files {
		if n := len(slices.DeleteFunc(slices.Clone(listed), func(l string) bool { return l != f })); n != 1 {
			out = append(out, fmt.Sprintf("%s is in nav %d times", f, n))
		}
	}
	return out
}

func TestEveryPageIsInTheMenuOnce(t *testing.T) {
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	for _, what := range offMenu(nav(t), files) {
		t.Errorf(".ci/site/mkdocs.yml: %s; correct nav", what)
	}
	some := []navSection{{"A", [][2]string{{"x", "x.md"}, {"x", "x.md"}, {"n", "nowhere.md"}}}}
	require.Equal(t, []string{"nowhere.md is in nav and is no page", "x.md is in nav 2 times",
		"y.md is in nav 0 times"}, offMenu(some, []string{"x.md", "y.md"}))
}

// What builds the site is pinned with its hashes, and what is installed is what it names.
func TestTheGeneratorOfTheSiteIsPinned(t *testing.T) {
	pinned := read(t, ".ci/site/requirements.txt")
	for line := range strings.Lines(read(t, ".ci/site/requirements.in")) {
		require.Contains(t, "\n"+pinned, "\n"+strings.TrimSpace(line)+" \\\n    --hash=sha256:")
	}
	require.NotContains(t, pinned, "--find-links")
}

// The tests that run what the README shows in a pipeline take this place for a job's.
func readmeJob(t *testing.T, service string) (dir string, env []string) {
	t.Helper()
	s := newShell(t, "README.md", nil)
	for _, b := range blocks(read(t, "README.md")) {
		if b.mark == "file contract.sh" {
			require.NoError(t, os.WriteFile(filepath.Join(s.dir, "contract.sh"), []byte(s.ours(b.text)), 0o644))
		}
	}
	checkout, err := filepath.Abs(root)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(checkout, filepath.Join(s.dir, "fmaspec")))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "accepted.txt"), []byte("# nothing\n"), 0o644))
	text := "#!/bin/sh\nunset FMASPEC_URL\nFMASPEC_TOKEN=a-token-it-knows exec fmaspec serve -listen 127.0.0.1:" +
		s.port + " " + service + " >/dev/null 2>&1\n"
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "my-service"), []byte(text), 0o755))
	bin := t.TempDir()
	cached(t, filepath.Join(bin, "fmaspec"))
	return s.dir, []string{"GOBIN=" + bin, "GOFLAGS=-buildvcs=false -trimpath",
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
}

func TestTheJobsOfTheREADMEEndAsTheRunDoes(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command, and runs the jobs of the README")
	}
	t.Parallel()
	compiled(t)
	page := read(t, "README.md")
	block := func(name string) []byte {
		m := regexp.MustCompile("(?s)<!-- ci " + name + " -->\n```yaml\n(.*?)```").FindStringSubmatch(page)
		require.NotNil(t, m, "the README has no job for %s", name)
		require.Empty(t, unpinned(m[1]), name)
		return []byte(m[1])
	}
	var gitlab map[string]struct {
		Script    []string
		Artifacts struct {
			Paths   []string
			Reports struct{ JUnit string }
		}
	}
	require.NoError(t, yaml.Unmarshal(block("gitlab"), &gitlab))
	var github []struct{ Run string }
	require.NoError(t, yaml.Unmarshal(block("github"), &github))
	scripts := map[string]string{"gitlab": strings.Join(gitlab["contract"].Script, "\n")}
	for _, step := range github {
		scripts["github"] += step.Run + "\n"
	}
	for name, script := range scripts {
		for service, code := range map[string]int{"": 0, "-fault drops-id": 1} {
			t.Run(strings.TrimSpace(name+" "+service), func(t *testing.T) {
				t.Parallel()
				dir, env := readmeJob(t, service)
				file := filepath.Join(dir, "script.sh")
				require.NoError(t, os.WriteFile(file, []byte(script), 0o644))
				got := bash(t, dir, file, env)
				require.Equal(t, code, got.code, got.log)
				for _, report := range append(gitlab["contract"].Artifacts.Paths,
					gitlab["contract"].Artifacts.Reports.JUnit) {
					require.FileExists(t, filepath.Join(dir, report), got.log)
				}
			})
		}
	}
}
