package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"fmaspec/conformance/report"
	"fmaspec/conformance/term"
	"fmaspec/docs"
	"fmaspec/schemas"
)

//go:embed starter
var starter embed.FS

// The files that fmaspec init writes.
const (
	schemaName  = ".fmaspec.schema.json"
	casesFolder = "fmaspec-cases"
	firstCase   = "accepts-a-request-of-mine.http"
	gitlabName  = ".gitlab-ci.yml"
)

// initFlags are the settings of fmaspec init.
type initFlags struct {
	ci            choice
	suite, schema string
	keep          bool
}

func initCommand() command {
	return command{
		name:  "init",
		short: "write a settings file, a first case and a workflow",
		about: "Writes into this folder " + configName + ", which has every setting with its default and what it " +
			"does, all but one of them off; its schema, by which editors complete it; and " + casesFolder + " with a " +
			"first case. With -ci it writes the workflow of a build service too. It asks nothing and overwrites " +
			"nothing: if one of the files exists, none is written.\n" +
			"docs/settings.md describes the settings file, and docs/ci.md the workflows.",
		examples: []string{
			"fmaspec init",
			"fmaspec init -ci github -suite OWNER/NAME@v1",
			"fmaspec init -ci shell -keep",
			"fmaspec init -schema .fmaspec.schema.json",
		},
		flags: func(set *flag.FlagSet) work {
			f := &initFlags{ci: choice{"none", []string{"none", "github", "gitlab", "shell"}}}
			set.Var(&f.ci, "ci", "write the workflow of a `SERVICE` too: github, gitlab, shell or none")
			set.StringVar(&f.suite, "suite", "", "with -ci, take fmaspec from this `PLACE`: for github its repository "+
				"and version, as OWNER/NAME@VERSION; for gitlab the folder of a submodule")
			set.BoolVar(&f.keep, "keep", false, "leave files that exist as they are, and write the others")
			set.StringVar(&f.schema, "schema", "", "write only the schema of the settings file to this `FILE`, in "+
				"place of an older one; - is stdout")
			return f.write
		},
	}
}

// A starterFile is a file that fmaspec init writes.
type starterFile struct {
	name string // with slashes
	text []byte
	mode fs.FileMode
	says string
}

func (f *initFlags) write(_ context.Context, e *env, _ []string) error {
	if f.schema != "" {
		return f.writeSchema(e)
	}
	if f.suite != "" && f.ci.value != "github" && f.ci.value != "gitlab" {
		return errors.New("-suite: only the workflows of github and gitlab take fmaspec from a repository; add -ci " +
			"with one of them, or drop it")
	}
	files, next, err := f.files()
	if err != nil {
		return err
	}
	var p page
	written, err := writeNew(files, f.keep)
	if err != nil {
		return err
	}
	for _, file := range files {
		did := "wrote"
		if !slices.Contains(written, file.name) {
			did = "kept "
		}
		p.line("%s %-44s %s", did, file.name, file.says)
	}
	p.line("")
	for _, line := range next {
		p.line("%s", line)
	}
	return e.put("what was written", p.String())
}

func (f *initFlags) writeSchema(e *env) error {
	if f.ci.value != "none" || f.keep {
		return errors.New("-schema: only the schema is written; drop -ci and -keep")
	}
	text, err := settingsSchema()
	if err != nil {
		return err
	}
	if f.schema == "-" {
		return e.put("the schema", string(text))
	}
	if err := report.WriteWhole(f.schema, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return fmt.Errorf("-schema %s: %w; name a file that can be written", f.schema, reason(err))
	}
	return nil
}

func settingsSchema() ([]byte, error) { return fs.ReadFile(schemas.FS(), "settings.schema.json") }

// files returns the files to write, and what to do next.
func (f *initFlags) files() (files []starterFile, next []string, err error) {
	text, err := starterSettings()
	if err != nil {
		return nil, nil, err
	}
	schema, err := settingsSchema()
	if err != nil {
		return nil, nil, err
	}
	first, err := fs.ReadFile(starter, "starter/"+firstCase)
	if err != nil {
		return nil, nil, err
	}
	files = []starterFile{
		{configName, text, 0o644, "the settings, each with its default"},
		{schemaName, schema, 0o644, "by which editors complete them"},
		{casesFolder + "/" + firstCase, first, 0o644, "a case of your own"},
	}
	next = []string{"next: fmaspec run", "      judges the embedded server; set url in " + configName +
		" to judge yours, and FMASPEC_TOKEN to its token"}
	w, err := f.workflow()
	if err == nil && w != nil {
		files, next = append(files, w.file), append(next, w.next...)
	}
	return files, next, err
}

// A starterWorkflow is the workflow of a build service, and what to do with it.
type starterWorkflow struct {
	file starterFile
	next []string
}

// workflow returns the recipe of docs/ci for the chosen service, or nil.
func (f *initFlags) workflow() (*starterWorkflow, error) {
	const variables = "then set FMASPEC_URL and, masked, FMASPEC_TOKEN in the settings of the project"
	recipes := map[string]struct{ from, to, own, with, says string }{
		"github": {"ci/github-workflow.yml", ".github/workflows/fmaspec.yml", "uses: ./.github/actions/fmaspec\n",
			"uses: %s/.github/actions/fmaspec@%s\n", "a workflow that judges FMASPEC_URL"},
		"gitlab": {"ci/gitlab-ci.yml", gitlabName, "    SUITE: .\n", "    SUITE: %s\n",
			"a job that judges FMASPEC_URL"},
		"shell": {"ci/gate.sh", "fmaspec-gate.sh", "", "", "for any other service: it judges FMASPEC_URL"},
	}
	r, known := recipes[f.ci.value]
	if !known {
		return nil, nil
	}
	text, err := fs.ReadFile(docs.Recipes(), r.from)
	if err != nil {
		return nil, err
	}
	w := &starterWorkflow{file: starterFile{name: r.to, mode: 0o644, says: r.says}}
	switch f.ci.value {
	case "shell":
		w.file.mode = 0o755
		w.next = []string{"ci:   FMASPEC_URL=https://server.example ./" + r.to + " -strict",
			"      which judges FMASPEC_URL alone, whatever url is in " + configName}
	case "github":
		repository, version, found := strings.Cut(f.suite, "@")
		if f.suite != "" && (!found || version == "" || strings.Count(repository, "/") != 1) {
			return nil, fmt.Errorf("-suite %s: want the repository of fmaspec and a version, as OWNER/NAME@VERSION",
				f.suite)
		}
		if r.with = fmt.Sprintf(r.with, repository, version); f.suite == "" {
			w.next = []string{"ci:   in " + r.to + ", name the repository of fmaspec after uses, unless this is it"}
		}
		w.next = append(w.next, "ci:   "+variables)
	case "gitlab":
		if r.with = fmt.Sprintf(r.with, f.suite); f.suite == "" {
			w.next = []string{"ci:   in the job, set SUITE to the folder of fmaspec's submodule, if it is one"}
		}
		// A pipeline of the user's own includes the job.
		if there, err := os.ReadFile(gitlabName); err == nil && !strings.Contains(string(there), "/docs/ci/gate.sh") {
			w.file.name = "fmaspec" + gitlabName
			w.next = append(w.next, "ci:   add to "+gitlabName+":  include: "+w.file.name)
		}
		w.next = append(w.next, "ci:   "+variables)
	}
	w.file.text = []byte(strings.ReplaceAll(string(text), "docs/ci/gate.sh [FLAG", "./"+r.to+" [FLAG"))
	if f.suite != "" {
		if strings.Count(string(text), r.own) != 1 {
			return nil, fmt.Errorf("-suite %s: the recipe docs/%s does not say where fmaspec is; drop the flag, and "+
				"edit the workflow", f.suite, r.from)
		}
		w.file.text = []byte(strings.Replace(string(text), r.own, r.with, 1))
	}
	return w, nil
}

// writeNew writes files that do not exist, and returns their names. If one exists that is not to
// be kept, or one cannot be written, there is none of them afterwards.
func writeNew(files []starterFile, keep bool) (written []string, err error) {
	var there []string
	var missing []starterFile
	for _, file := range files {
		switch _, err := os.Lstat(filepath.FromSlash(file.name)); {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, file)
		case err != nil:
			return nil, fmt.Errorf("%s: %w, and nothing was written; make its folder one that can be written",
				file.name, reason(err))
		default:
			there = append(there, file.name)
		}
	}
	if len(there) > 0 && !keep {
		return nil, fmt.Errorf("%s: %s, and nothing was written; move what you do not need away, or pass -keep to "+
			"write only the files that are missing", strings.Join(there, ", "), exists(len(there)))
	}
	var made []string // files and folders, in order
	defer func() {
		if err != nil {
			for _, name := range slices.Backward(made) {
				os.Remove(name)
			}
		}
	}()
	for _, file := range missing {
		name := filepath.FromSlash(file.name)
		folders, err := makeFolders(filepath.Dir(name))
		made = append(made, folders...)
		if err == nil {
			made = append(made, name)
			err = report.WriteWhole(name, func(w io.Writer) error { _, err := w.Write(file.text); return err })
		}
		if err == nil && file.mode != 0o644 {
			err = os.Chmod(name, file.mode)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w, and nothing was written; make its folder one that can be written",
				file.name, reason(err))
		}
		written = append(written, file.name)
	}
	return written, nil
}

func exists(n int) string {
	if n == 1 {
		return "it exists"
	}
	return "they exist"
}

// makeFolders makes a folder and those above it, and returns the ones that did not exist.
func makeFolders(name string) (made []string, err error) {
	if info, err := os.Stat(name); err == nil {
		if !info.IsDir() {
			return nil, fmt.Errorf("%s is no folder", name)
		}
		return nil, nil
	}
	if made, err = makeFolders(filepath.Dir(name)); err != nil {
		return made, err
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		return made, err
	}
	return append(made, name), nil
}

// A settingsGroup is a heading of the settings file with its keys.
type settingsGroup struct {
	title string
	keys  string // separated by blanks
}

// settingsGroups returns every key but those that the head of the file has.
func settingsGroups() []settingsGroup {
	return []settingsGroup{
		{"The target", "url machine unknown-machine other-machine wait timeout ca client-cert client-key " +
			"client-key-password-file insecure http2 proxy resolve header header-file user-agent request-id"},
		{"Credentials", "token-command token-file token-url client-id client-secret-file scope resource audience " +
			"unprivileged-token-command unprivileged-token-file security-admin-token-file global-admin-token-file " +
			"invalid-token-file"},
		{"What is sent, and how it is judged", "builtin level strict run skip generate repeat seed min-coverage " +
			"baseline fail-fast"},
		{"Pace", "parallel rate retry"},
		{"What is written", "report record history sign-key color q v"},
		{"What may take effect on another machine", "accept-risk sha1 max-actions allow-list journal"},
		{"Random cases, with generate: explore", "n for save"},
		{"Load", "duration workers ramp warm-up mix stop-on-failure max-p99 max-errors max-flips min-throughput"},
		{"For fmaspec compare alone", "accept-less strict-shape old-token-file"},
		{"For fmaspec proxy and fmaspec check alone", "upstream mode fail-on status tls-cert tls-key body-limit " +
			"queue preserve-host forwarded via"},
	}
}

// starterSettings returns the text of a settings file with all settings.
func starterSettings() ([]byte, error) {
	head, err := fs.ReadFile(starter, "starter/head.yaml")
	if err != nil {
		return nil, err
	}
	tail, err := fs.ReadFile(starter, "starter/tail.yaml")
	if err != nil {
		return nil, err
	}
	keys := map[string]*settingKey{}
	for _, k := range settingKeys() {
		keys[k.name] = k
	}
	var b strings.Builder
	b.Write(head)
	for _, g := range settingsGroups() {
		fmt.Fprintf(&b, "\n# ---- %s ----\n", g.title)
		for name := range strings.FieldsSeq(g.keys) {
			k := keys[name]
			if k == nil {
				return nil, fmt.Errorf("-%s: no command takes it from the settings file; remove it from settingsGroups",
					name)
			}
			text, err := k.starter()
			if err != nil {
				return nil, err
			}
			b.WriteString("\n" + text)
		}
	}
	b.Write(tail)
	return []byte(b.String()), nil
}

// starter returns the lines of a key that is off: what it does, and a value.
func (k *settingKey) starter() (string, error) {
	example := settingExamples()[k.name]
	switch {
	case example == "" && k.flag.DefValue == "":
		return "", fmt.Errorf("-%s: no default and no example; add a row to settingExamples", k.name)
	case example == "":
		return k.says("The default:") + fmt.Sprintf("#%s: %s\n", k.name, k.spelled(k.flag.DefValue)), nil
	case !k.several:
		return k.says("For example:") + fmt.Sprintf("#%s: %s\n", k.name, k.spelled(example)), nil
	}
	text := k.says("For example:") + fmt.Sprintf("#%s:\n", k.name)
	for value := range strings.SplitSeq(example, "\n") {
		text += "#  - " + k.spelled(value) + "\n"
	}
	return text, nil
}

// says returns what the flag does, as comments.
func (k *settingKey) says(value string) string {
	_, usage := flag.UnquoteUsage(k.flag)
	usage, _, _ = strings.Cut(usage, "; may be repeated")
	return term.Paragraph("# ", strings.ToUpper(usage[:1])+usage[1:]+". "+value, starterWidth)
}

// starterWidth is the maximum number of columns of comments.
const starterWidth = 100

// spelled is a value as YAML has it.
func (k *settingKey) spelled(value string) string {
	if k.kind != textSetting {
		return value
	}
	text, err := yaml.Marshal(value)
	if err != nil {
		return value
	}
	return strings.TrimSuffix(string(text), "\n")
}
