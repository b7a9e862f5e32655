package docs_test

import (
	"bufio"
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
	"fmaspec/conformance/client"
	"fmaspec/conformance/generate"
	"fmaspec/conformance/mutate"
	"fmaspec/conformance/record"
	"fmaspec/conformance/reference"
	"fmaspec/conformance/report"
)

var update = flag.Bool("update", false, "rewrite the generated pages, and the output of commands in all pages")

const root = ".."

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if binaryPath != "" {
		os.RemoveAll(filepath.Dir(binaryPath))
	}
	os.Exit(code)
}

// The command, built once.
var binaryPath string

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fmaspec-docs-")
	if err != nil {
		return "", err
	}
	binaryPath = filepath.Join(dir, "fmaspec")
	out, err := in(root, "go", "build", "-buildvcs=false", "-o", binaryPath, "./cmd/fmaspec").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binaryPath, nil
})

func in(dir, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = dir
	return c
}

func fmaspec(t *testing.T, args ...string) string {
	t.Helper()
	path, err := build()
	require.NoError(t, err)
	out, err := in(root, path, args...).Output()
	require.NoError(t, err, "fmaspec %s", strings.Join(args, " "))
	return string(out)
}

// builtIn is the suite that the tests share: a Suite is not changed after Load.
var builtIn = sync.OnceValues(func() (*conformance.Suite, error) { return conformance.Load(conformance.Contract{}) })

func load(t *testing.T) *conformance.Suite {
	t.Helper()
	suite, err := builtIn()
	require.NoError(t, err)
	return suite
}

func read(t *testing.T, page string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, page))
	require.NoError(t, err)
	return string(data)
}

// write writes a page where it changes.
func write(t *testing.T, page, text string) {
	t.Helper()
	if old, err := os.ReadFile(filepath.Join(root, page)); err == nil && string(old) == text {
		return
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, page), []byte(text), 0o644))
}

// pages are the README and everything under docs.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.md")
	require.NoError(t, err)
	out := []string{"README.md"}
	for _, name := range found {
		out = append(out, "docs/"+name)
	}
	return out
}

// Generated pages and parts.

const generated = "<!-- Generated from the tables by `go test ./docs -update`; do not edit. -->\n\n"

func TestGeneratedPagesAreCurrent(t *testing.T) {
	suite := load(t)
	for page, text := range map[string]string{
		"docs/requirements.md": requirementsPage(suite),
		"docs/sources.md":      sourcesPage(suite),
		"docs/checks.md":       checksPage(suite),
		"docs/generated.md":    generatedPage(t, suite),
		"docs/faults.md":       faultsPage(suite),
		"docs/commands.md":     commandsPage(t),
		"docs/fields.md":       fieldsPage(),
		"docs/contract.md":     generated + fmaspec(t, "contract", "-format", "markdown"),
	} {
		if *update {
			write(t, page, text)
		}
		if read(t, page) != text {
			t.Errorf("%s is stale; run go test ./docs -update", page)
		}
	}
}

func requirementsPage(suite *conformance.Suite) string {
	var b strings.Builder
	b.WriteString("# Requirements\n\n" + generated)
	b.WriteString("The requirements on an implementation, with their sources and cases. `fmaspec explain ID` prints " +
		"the same for one; [sources.md](sources.md) has all sources in one table, and the requirements of each line " +
		"of the two documents.\n" +
		"A case stands under a requirement that it lists in its `proves`; a check stands under one that it " +
		"charges.\n\n")
	for _, l := range record.Levels() {
		fmt.Fprintf(&b, "- [%s](#%s): %s; %s\n", l, l, prose(l.Meaning()), strings.ReplaceAll(l.Consequence(),
			"-strict", "`-strict`"))
	}
	b.WriteString("- [contradictions](#contradictions): where the documents disagree, and the ruling of the suite\n")
	for _, l := range record.Levels() {
		fmt.Fprintf(&b, "\n## %s%s\n", strings.ToUpper(l.String()[:1]), l.String()[1:])
		for _, r := range suite.Requirements {
			if r.Level != l {
				continue
			}
			fmt.Fprintf(&b, "\n### `%s`\n\nAn implementation %s.\n\n", r.ID, prose(r.Says))
			b.WriteString("- stated in\n")
			for _, c := range r.Clauses {
				fmt.Fprintf(&b, "  - %s\n", prose(c.String()))
			}
			if r.Because != "" {
				fmt.Fprintf(&b, "- because %s\n", prose(r.Because))
			}
			if r.Waived != "" {
				fmt.Fprintf(&b, "- no case proves it: %s\n", prose(r.Waived))
			}
			fmt.Fprintf(&b, "- judged by %s\n", code(chargers(suite, r.ID)))
			if cases := proving(suite, r.ID); len(cases) <= 8 {
				fmt.Fprintf(&b, "- proven by %s\n", code(cases))
			} else {
				fmt.Fprintf(&b, "- proven by %d cases:\n\n  <details><summary>their names</summary>\n\n  %s\n\n  "+
					"</details>\n", len(cases), code(cases))
			}
		}
	}
	b.WriteString("\n## Contradictions\n\nWhere the documents disagree, the suite follows a ruling, and something " +
		"tests each ruling.\n")
	for _, c := range suite.Contradictions {
		fmt.Fprintf(&b, "\n### `%s`\n\n%s.\n\n- where: %s\n- ruling: %s\n- pinned by %s\n", c.ID, prose(first(c.What)),
			prose(strings.Join(c.Where, "; ")), prose(c.Ruling), pins(c.Pinned))
	}
	return b.String()
}

// chargers are the checks that charge a requirement; where none names it, those
// that charge whatever a case is to prove.
func chargers(suite *conformance.Suite, id string) (out []string) {
	for _, c := range suite.Checks() {
		if slices.Contains(c.Requirements, id) {
			out = append(out, c.Name)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, c := range suite.Checks() {
		if len(c.Requirements) == 0 {
			out = append(out, c.Name)
		}
	}
	return out
}

// proving are the names of the case files that list a requirement.
func proving(suite *conformance.Suite, id string) (out []string) {
	for _, c := range suite.Cases {
		if slices.Contains(c.Proves, id) {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func pins(pinned []string) string {
	var out []string
	for _, pin := range pinned {
		kind, name, _ := strings.Cut(pin, " ")
		out = append(out, kind+" `"+name+"`")
	}
	return strings.Join(out, ", ")
}

func checksPage(suite *conformance.Suite) string {
	var b strings.Builder
	b.WriteString("# Checks\n\n" + generated)
	b.WriteString("What is checked in every answer. Each check finds at least one of the [faults](faults.md).\n\n| " +
		"check | what is checked | reports |\n|---|---|---|\n")
	for _, c := range suite.Checks() {
		charges := code(c.Requirements)
		if len(c.Requirements) == 0 {
			charges = "the requirement that the case tests"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, prose(c.Doc), charges)
	}
	return b.String()
}

func generatedPage(t *testing.T, suite *conformance.Suite) string {
	result, err := generate.Coverage(suite)
	require.NoError(t, err)
	requests, counts := 0, map[string]int{}
	for _, c := range result.Suite.Cases {
		if c.Generator != "" {
			requests += len(c.Steps)
			counts[strings.Split(c.Name, "/")[1]]++
		}
	}
	var b strings.Builder
	b.WriteString("# Generated cases\n\n" + generated)
	fmt.Fprintf(&b, "Written cases show what their authors thought of. `fmaspec run` adds %d cases (%d requests) that "+
		"are derived from the contract, where the target is on this machine: the coverage phase. `-generate none` "+
		"leaves them out, `-generate coverage` sends them to another target too, under the same guard, budget, rate "+
		"and journal as all others. `fmaspec list generated` lists them, `fmaspec explain "+
		"coverage/hash-form/sha1-39-digits` "+
		"shows one.\n\n"+
		"Each case is the plain accepted request of its operation with one change, and has that request as its "+
		"control. The body is validated by the schema of the request when the case is made: it has no violation, or "+
		"the one that the case is about. The same contract gives the same cases; the values of `{{sha1}}` and "+
		"`{{comment}}` depend on the seed.\n\n"+
		"They are sent after the written cases, for at most one minute, or four times as long as the written cases "+
		"took, where that is longer. What a slow target leaves no time for is skipped, and the verdict says so.\n\n"+
		"Two folders hold two changes at once. In `pairs`, each form that is accepted by itself meets each form of "+
		"every other dimension in some case (a covering array of strength two). In `violations`, each kind of "+
		"violation meets each of these forms. `open-pairs` and `open-violations` do the same with a few forms that a "+
		"server may refuse. All of these but `pairs` are dealt out to the operations. The single forms are controls "+
		"too, so that a form that a server does "+
		"not accept is reported once; so is one that rides along in a pair, which another operation is sent alone. "+
		"What is expected of a pair has the level of the weakest requirement that it "+
		"rests on.\n\n"+
		"What a group of cases proves is data of the contract, in "+
		"[groups.yaml](../fixtures/requirements/groups.yaml); what its cases are is a function in "+
		"[conformance/generate](../conformance/generate/).\n\n"+
		"| group | cases | expected | what its cases are | proves |\n|---|---:|---|---|---|\n", result.Cases, requests)
	for _, g := range generate.Groups() {
		for _, of := range suite.Groups {
			if of.Name == g.Name {
				fmt.Fprintf(&b, "| `%s` | %d | %v | %s | %s |\n", g.Name, counts[g.Name], of.Expect, prose(g.Says),
					code(of.Proves))
			}
		}
	}
	for _, folder := range []struct{ name, says string }{{"pairs", "several forms at once"},
		{"open-pairs", "forms that a server may refuse, with others"},
		{"violations", "a violation in a request of another form"},
		{"open-violations", "a violation in a request of a form that a server may refuse"}} {
		fmt.Fprintf(&b, "| `%s` | %d | | %s | what the single cases prove |\n", folder.name, counts[folder.name],
			folder.says)
	}
	b.WriteString("\n`keyword` stands for the requirement of the keyword of the request's schema that a case breaks.\n")
	return b.String()
}

func faultsPage(suite *conformance.Suite) string {
	var b strings.Builder
	b.WriteString("# Faults and variants\n\n" + generated)
	b.WriteString("A fault breaks the contract in one way: `fmaspec serve -fault NAME`. The suite has to find each, " +
		"for a requirement that it breaks.\n" +
		"A variant keeps the contract in another way: `fmaspec serve -variant NAME`. The suite must find nothing " +
		"there, also with `-strict`, but that it deviates from the inferred requirements that it is listed with.\n\n")
	for _, l := range record.Levels() {
		fmt.Fprintf(&b, "- [faults against %s requirements](#%s)\n", l, l)
	}
	phases := []string{reference.Coverage, reference.Exploration}
	for _, phase := range phases {
		fmt.Fprintf(&b, "- [faults for the phase %s](#%s)\n", phase, phase)
	}
	fmt.Fprintf(&b, "- [faults that no phase finds](#%s)\n", reference.Unfound)
	b.WriteString("- [variants](#variants)\n")
	for _, l := range record.Levels() {
		fmt.Fprintf(&b, "\n## %s%s\n\n| fault | it | breaks |\n|---|---|---|\n", strings.ToUpper(l.String()[:1]),
			l.String()[1:])
		for _, f := range reference.Faults() {
			if mutate.Level(suite, f) != l.String() || f.Phase != "" {
				continue
			}
			says := prose(f.Says)
			if f.Waits {
				says += " (only seen by a client with a timeout)"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, says, code(f.Breaks))
		}
	}
	for _, phase := range append(phases, reference.Unfound) {
		found := "No written case finds them: the cases of the phase have to."
		if phase == reference.Unfound {
			found = "Neither a written case nor a generated one finds them: a run says that such a server conforms."
		}
		fmt.Fprintf(&b, "\n## %s%s\n\nFaults that show for one input condition, or for two together. %s\n\n"+
			"| fault | level | it | breaks |\n|---|---|---|---|\n", strings.ToUpper(phase[:1]), phase[1:], found)
		for _, f := range reference.Faults() {
			if f.Phase == phase {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, mutate.Level(suite, f), prose(f.Says),
					code(f.Breaks))
			}
		}
	}
	b.WriteString("\n## Variants\n\n| variant | it | deviates from |\n|---|---|---|\n")
	for _, v := range reference.Variants() {
		deviates := ""
		if len(v.Deviates) > 0 {
			deviates = code(v.Deviates)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, prose(v.Says), deviates)
	}
	return b.String()
}

func code(names []string) string {
	return "`" + strings.Join(names, "`, `") + "`"
}

// prose keeps Markdown from reading signs in a text.
func prose(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "$", `\$`, "`", "\\`").Replace(text)
}

func first(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func TestPagesHoldWhatTheTablesHold(t *testing.T) {
	suite := load(t)
	for _, part := range []struct{ page, name, text string }{
		{"README.md", "index", index(nav(t))},
		{"docs/how-it-can-tell.md", "numbers", numbers(t, suite)},
		{"README.md", "levels", levelsTable()},
		{"docs/decisions.md", "unobservable", unobservable(suite)},
		{"README.md", "exit-codes", exitCodes(t)},
		{"docs/reports.md", "formats", formats()},
		{"docs/fixtures.md", "kinds", kindsTable()},
		{settingsPage, "settings", settingsTable(t)},
		{"docs/clients.md", "client-rules", clientRules(suite)},
		{"docs/clients.md", "client-requirements", clientRequirements(suite)},
		{"docs/clients.md", "client-faults", clients(client.Faults())},
		{"docs/clients.md", "client-variants", clients(client.Variants())},
	} {
		page := read(t, part.page)
		begin, end := "<!-- "+part.name+":begin -->\n", "<!-- "+part.name+":end -->"
		before, rest, ok := strings.Cut(page, begin)
		require.True(t, ok, "%s has no mark %s", part.page, begin)
		held, after, ok := strings.Cut(rest, end)
		require.True(t, ok, "%s has no mark %s", part.page, end)
		if *update {
			write(t, part.page, before+begin+part.text+end+after)
			held = part.text
		}
		if held != part.text {
			t.Errorf("%s: %s are stale; run go test ./docs -update\nwant %s\ngot  %s", part.page, part.name, part.text,
				held)
		}
	}
}

func clientRules(suite *conformance.Suite) string {
	var b strings.Builder
	b.WriteString("| rule | a conforming client | requirement | level |\n|---|---|---|---|\n")
	for _, r := range suite.ClientRules() {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", r.Name, prose(r.Says), r.Requirement,
			suite.Requirement(r.Requirement).Level)
	}
	return b.String()
}

func clientRequirements(suite *conformance.Suite) string {
	var b strings.Builder
	for _, r := range suite.ClientRequirements {
		fmt.Fprintf(&b, "### `%s`\n\nA client %s.\n\n- level: %s\n- stated in\n", r.ID, prose(r.Says), r.Level)
		for _, c := range r.Clauses {
			fmt.Fprintf(&b, "  - %s\n", prose(c.String()))
		}
		if r.Because != "" {
			fmt.Fprintf(&b, "- because %s\n", prose(r.Because))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// clients lists faulty or honest clients.
func clients(all []client.Client) string {
	var b strings.Builder
	broken := slices.ContainsFunc(all, func(c client.Client) bool { return len(c.Breaks) > 0 })
	b.WriteString("| client | it |")
	if broken {
		b.WriteString(" breaks |")
	}
	b.WriteString("\n|---|---|")
	if broken {
		b.WriteString("---|")
	}
	b.WriteString("\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| `%s` | %s |", c.Name, prose(c.Says))
		if broken {
			fmt.Fprintf(&b, " %s |", code(c.Breaks))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func kindsTable() string {
	var b strings.Builder
	b.WriteString("| kind | what it is to the code |\n|---|---|\n")
	for _, k := range conformance.Kinds() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k.Kind, prose(k.Doc))
	}
	return b.String()
}

func formats() string {
	var b strings.Builder
	b.WriteString("| format | |\n|---|---|\n")
	for _, f := range report.Formats() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Name, prose(f.Doc))
	}
	return b.String()
}

func numbers(t *testing.T, suite *conformance.Suite) string {
	result, err := generate.Coverage(suite)
	require.NoError(t, err)
	files, levels := map[string]bool{}, map[record.Level]int{}
	for _, c := range suite.Cases {
		files[c.File] = true
	}
	for _, r := range suite.Requirements {
		levels[r.Level]++
	}
	later := 0
	for _, f := range reference.Faults() {
		if f.Phase != "" {
			later++
		}
	}
	return fmt.Sprintf("| | | |\n|---|---:|---|\n"+
		"| requirements | %d | what the contract requires: %d documented, %d standard, %d inferred "+
		"([list](requirements.md)) |\n"+
		"| cases | %d | test cases, from %d files ([how to write one](fixtures.md)) |\n"+
		"| generated cases | %d | derived from the contract, for targets on this machine "+
		"([groups](generated.md)) |\n"+
		"| checks | %d | what is checked in an answer ([list](checks.md)) |\n"+
		"| faults | %d | servers that break the contract in one way; each is found for a requirement that it breaks "+
		"([list](faults.md)) |\n"+
		"| conditional faults | %d | servers that break the contract for a rare input only, which generated "+
		"cases have to "+
		"find ([list](faults.md#coverage)) |\n"+
		"| variants | %d | servers that keep the contract in another way; some deviate from an inferred requirement "+
		"([list](faults.md#variants)) |\n"+
		"| contradictions | %d | places where the documents disagree, each with a ruling "+
		"([list](requirements.md#contradictions)) |\n",
		len(suite.Requirements), levels[record.Documented], levels[record.Standard],
		levels[record.Inferred],
		len(suite.Cases), len(files), result.Cases, len(suite.Checks()), len(reference.Faults())-later, later,
		len(reference.Variants()),
		len(suite.Contradictions))
}

// exitCodes makes a table of what help says.
func exitCodes(t *testing.T) string {
	_, list, ok := strings.Cut(fmaspec(t, "help"), "Exit codes:\n")
	require.True(t, ok, "help has no exit codes")
	out := "| exit code | meaning |\n|---:|---|\n"
	for line := range strings.Lines(list) {
		n, says, ok := strings.Cut(strings.TrimSpace(line), "  ")
		require.True(t, ok, line)
		out += fmt.Sprintf("| %s | %s |\n", n, says)
	}
	return out
}

// Commands.

// A block is a fenced block with a mark before it, which says what a test does
// with it. In a block of the language console, each line that begins with "$ " is a
// command, and what follows is its output; a block of the language sh is a script,
// which has to end with 0, and whose output no page shows:
//
//	run         run it, and compare the output
//	run there   the same, with the variables that the last served server printed
//	run on the tenant   the same, with the variables of that section, against two hosts of its own
//	serve       start a server on a free port, and compare what it says first
//	start       start the one command, which is to listen on port 8080, and let it run
//	try         start each command on a free port, and stop it when it prints its address
//	variables   the variables of run there, where no server printed them
//	make test   compare the packages, without running it
//	file NAME   write it to this file, for the commands that follow
//	not run: REASON   leave it alone
//
// The commands of a page run in a folder of its own, next to a folder fmaspec, which is
// this checkout. In the place of port 8080 they have the port of the server that was
// started last, or a free one.
type block struct {
	mark       string
	lang       string
	text       string
	begin, end int // of the text in the page
}

var marked = regexp.MustCompile("(?m)^<!-- (run|run there|run on the tenant|serve|start|try|variables|make test|" +
	"file \\S+|not run: .+) -->\n```(\\w+)\n((?s:.*?))^```$")

func blocks(page string) (out []block) {
	for _, at := range marked.FindAllStringSubmatchIndex(page, -1) {
		out = append(out, block{page[at[2]:at[3]], page[at[4]:at[5]], page[at[6]:at[7]], at[6], at[7]})
	}
	return out
}

var fenced = regexp.MustCompile("(?ms)^(<!-- [^\n]* -->\n)?^```(\\w*)\n(.*?)^```$")

// unmarked lists the blocks with commands that no mark says what to do with.
func unmarked(page string) (out []string) {
	for _, m := range fenced.FindAllStringSubmatch(page, -1) {
		first, _, _ := strings.Cut(m[3], "\n")
		typed := m[2] == "sh" || m[2] == "console" ||
			m[2] == "" && regexp.MustCompile(`^(\$ |fmaspec |make |go |cd |curl )`).MatchString(first)
		if typed && !marked.MatchString(m[0]) && !strings.HasPrefix(m[1], "<!-- variables of the tenant -->") {
			out = append(out, first)
		}
	}
	return out
}

func TestEveryCommandOfAPageIsMarked(t *testing.T) {
	for _, page := range pages(t) {
		for _, line := range unmarked(read(t, page)) {
			t.Errorf("%s: the block that begins with %q has no mark; write <!-- run -->, or <!-- not run: REASON -->, "+
				"in the line before it", page, line)
		}
	}
}

func TestAnUnmarkedCommandIsSeen(t *testing.T) {
	for text, want := range map[string][]string{
		"```sh\nfmaspec run\n```\n":                       {"fmaspec run"},
		"```console\n$ fmaspec run\n```\n":                {"$ fmaspec run"},
		"```\n$ fmaspec run\n```\n":                       {"$ fmaspec run"},
		"```\nfmaspec run\n```\n":                         {"fmaspec run"},
		"<!-- a note -->\n```sh\nls\n```\n":               {"ls"},
		"<!-- run -->\n```sh\nls\n```\n":                  nil,
		"<!-- not run: no Docker -->\n```sh\nls\n```\n":   nil,
		"<!-- not run: -->\n```sh\nls\n```\n":             {"ls"},
		"```\nPOST /machines\n```\n```json\n{}\n```\n":    nil,
		"<!-- run -->\n```sh\nls\n```\n```sh\npwd\n```\n": {"pwd"},
	} {
		require.Equal(t, want, unmarked(text), text)
	}
}

// A command is one "$ " line of a block, with the output under it.
type command struct{ line, output string }

func commands(text string) (out []command) {
	for line := range strings.Lines(text) {
		if after, ok := strings.CutPrefix(line, "$ "); ok {
			out = append(out, command{line: strings.TrimSuffix(after, "\n")})
		} else if len(out) > 0 {
			out[len(out)-1].output += line
		}
	}
	return out
}

// environment is what the commands of pages run with.
func environment(t *testing.T) []string {
	path, err := build()
	require.NoError(t, err)
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "FMASPEC_") || strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "GOFLAGS=")
	})
	// The modules are those of go.sum here, which has been compared with the database of sums.
	return append(env, "PATH="+filepath.Dir(path)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"GOFLAGS=-buildvcs=false", "GOSUMDB=off")
}

// newShell returns a shell in a folder next to the checkout.
func newShell(t *testing.T, page string, env []string) *shell {
	above := t.TempDir()
	checkout, err := filepath.Abs(root)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(checkout, filepath.Join(above, "fmaspec")))
	dir := filepath.Join(above, "my-service")
	require.NoError(t, os.Mkdir(dir, 0o755))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer free.Close()
	_, port, err := net.SplitHostPort(free.Addr().String())
	require.NoError(t, err)
	return &shell{t: t, page: page, env: env, dir: dir, port: port}
}

func TestCommandsPrintWhatPagesShow(t *testing.T) {
	for _, name := range pages(t) {
		if len(blocks(read(t, name))) > 0 {
			t.Run(strings.TrimSuffix(filepath.Base(name), ".md"), func(t *testing.T) {
				t.Parallel()
				printsWhatItShows(t, name)
			})
		}
	}
}

// printsWhatItShows runs the marked commands of a page. Where it has the variables of a tenant, two
// hosts play that one.
func printsWhatItShows(t *testing.T, name string) {
	t.Helper()
	if testing.Short() && !*update {
		t.Skip("it builds the command, and runs each command of the page")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash to run the commands with")
	}
	page := read(t, name)
	s := newShell(t, name, environment(t))
	named := variables(page)
	var hosts *tenant
	if named != nil {
		hosts = newTenant(t)
		s.tenant = append(hosts.env, named...)
	}
	defer s.stop()
	fresh := page
	for _, b := range slices.Backward(run(s, blocks(page))) {
		fresh = fresh[:b.begin] + b.text + fresh[b.end:]
	}
	if *update && fresh != page {
		write(t, name, fresh)
	}
	if named != nil {
		require.Len(t, hosts.effective(), 2, "want what the page arms, and nothing else, to have arrived")
	}
}

// What a page shows wrongly is reported, and so is a script that fails.
func TestACommandThatPrintsOrEndsOtherwiseIsSeen(t *testing.T) {
	if *update {
		t.Skip("nothing is compared where pages are written")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash to run the commands with")
	}
	env := environment(t)
	for text, want := range map[string]string{
		"<!-- run -->\n```console\n$ echo a\na\n```\n":                                          "",
		"<!-- run -->\n```console\n$ echo a\nb\n```\n":                                          "got\na",
		"<!-- run -->\n```sh\ntrue\n```\n":                                                      "",
		"<!-- run -->\n```sh\necho said; false\ntrue\n```\n":                                    "exits with 1\nsaid",
		"<!-- file f.txt -->\n```text\nb\n```\n<!-- run -->\n```console\n$ cat f.txt\na\n```\n": "got\nb",
		"<!-- not run: x -->\n```sh\nfalse\n```\n":                                              "",
	} {
		s := newShell(t, "a page", env)
		seen := ""
		s.wrong = func(what string) { seen += what }
		run(s, blocks(text))
		if want == "" {
			require.Empty(t, seen, text)
		} else {
			require.Contains(t, seen, want, text)
		}
	}
}

// run does what the marks say and returns the blocks as they should be.
func run(s *shell, all []block) (out []block) {
	for _, b := range all {
		want := commands(b.text)
		var got []command
		env := map[string][]string{"run there": s.there, "run on the tenant": s.tenant}[b.mark]
		name, file := strings.CutPrefix(b.mark, "file ")
		switch {
		case file:
			require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, name), []byte(s.ours(b.text)), 0o644))
			continue
		case strings.HasPrefix(b.mark, "not run: "):
			continue
		case b.mark == "variables":
			for _, v := range regexp.MustCompile(`(?m)^export (\w+=\S+)`).FindAllStringSubmatch(s.ours(b.text), -1) {
				s.there = append(s.there, v[1])
			}
			continue
		case b.mark == "start":
			s.start(strings.TrimSpace(b.text))
			continue
		case b.mark == "try" && b.lang == "sh":
			for line := range strings.Lines(b.text) {
				s.listen(command{line: strings.TrimSpace(line)}, nil)
				s.stop()
			}
			continue
		case b.mark == "try":
			require.Len(s.t, want, 1)
			got = s.listen(want[0], nil)
			s.stop()
		case b.lang == "sh":
			s.script(b.text, env)
			continue
		case b.mark == "make test":
			s.packages(b.text)
			continue
		case b.mark == "serve":
			require.Len(s.t, want, 1)
			got = s.serve(want[0])
		default:
			got = s.run(want, env)
			for i := range got {
				if b.mark == "run there" {
					got[i].output = usual.ReplaceAllString(got[i].output, usualAddress)
				}
			}
		}
		if got == nil {
			continue
		}
		text := ""
		for i, c := range got {
			if like(want[i].output, c.output) {
				c.output = want[i].output
			} else if !*update || strings.Contains("\n"+want[i].output, "\n…\n") {
				s.report(fmt.Sprintf("%s: $ %s\nwant\n%s\ngot\n%s\nrun go test ./docs -update, unless the command "+
					"is wrong", s.page, c.line, want[i].output, c.output))
			}
			text += "$ " + c.line + "\n" + c.output
		}
		b.text = text
		out = append(out, b)
	}
	return out
}

type shell struct {
	t      *testing.T
	page   string
	env    []string
	there  []string // variables of the server
	tenant []string // variables of the tenant
	dir    string
	server *exec.Cmd
	port   string       // in the place of 8080
	wrong  func(string) // where it is not nil, what is called in place of t.Error
}

// ours is a text of a page with the port that the shell has in the place of 8080.
func (s *shell) ours(text string) string {
	if s.port == "" {
		return text
	}
	return regexp.MustCompile(`\b8080\b`).ReplaceAllString(text, s.port)
}

func (s *shell) report(what string) {
	if s.wrong != nil {
		s.wrong(what)
		return
	}
	s.t.Error(what)
}

// script runs a script, which has to end with 0.
func (s *shell) script(text string, env []string) {
	c := in(s.dir, "bash", "-eu", "-o", "pipefail", "-c", s.ours(text))
	c.Env = append(slices.Clone(s.env), env...)
	if out, err := c.CombinedOutput(); err != nil {
		s.report(fmt.Sprintf("%s: the script exits with %d\n%s\nof\n%s\ncorrect the page", s.page,
			c.ProcessState.ExitCode(), out, text))
	}
}

// run runs the commands in one shell: make in the checkout, all else in a folder
// of its own. Nil says that one of them cannot be run here.
func (s *shell) run(list []command, env []string) (out []command) {
	script := ""
	dir := s.dir
	for _, c := range list {
		if strings.HasPrefix(c.line, "make ") {
			if _, err := exec.LookPath("make"); err != nil {
				s.t.Log("no make; not run: " + c.line)
				return nil
			}
			dir = root
		}
		script += s.ours(c.line) + "\ncode=$?; printf '\\036'; (exit $code)\n" // $? stays as the command left it
	}
	sh := in(dir, "bash", "-c", script)
	sh.Env = append(slices.Clone(s.env), env...)
	printed, _ := sh.CombinedOutput()
	parts := strings.Split(string(printed), "\036")
	for i, c := range list {
		require.Less(s.t, i, len(parts), "the shell ended before: %s", c.line)
		out = append(out, command{c.line, parts[i]})
	}
	return out
}

// usual makes the page show the port that a reader will see.
var usual = regexp.MustCompile(`127\.0\.0\.1:\d+`)

const usualAddress = "127.0.0.1:8080"

// serve starts a server, and reads up to its URL, which it prints when it is ready.
func (s *shell) serve(c command) []command {
	s.there = nil
	got := s.listen(c, func(line string) {
		if v, ok := strings.CutPrefix(line, "export "); ok {
			s.there = append(s.there, strings.TrimSpace(v))
		}
	})
	require.NotEmpty(s.t, s.there, "%s printed no variables:\n%s", c.line, got[0].output)
	return got
}

// ready matches the line of a server that can be reached, with its port.
var ready = regexp.MustCompile(`(?m)^(?:listening on )?https?://[^\s:]+(?::(\d+))?`)

// listen starts a command on a free port, and reads up to the line with its address.
func (s *shell) listen(c command, line func(string)) []command {
	s.stop()
	sh := in(s.dir, "bash", "-c", "exec "+s.ours(c.line)+" 2>&1")
	sh.Env = append(slices.Clone(s.env), "FMASPEC_LISTEN=127.0.0.1:0")
	out, err := sh.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, sh.Start())
	s.server = sh
	late := time.AfterFunc(time.Minute, func() { sh.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewReader(out)
	text := ""
	for !ready.MatchString(text) {
		next, err := lines.ReadString('\n')
		require.NoError(s.t, err, "%s printed only:\n%s", c.line, text)
		text += next
		if line != nil {
			line(next)
		}
	}
	s.port = cmp.Or(ready.FindStringSubmatch(text)[1], s.port)
	go io.Copy(io.Discard, lines)
	return []command{{c.line, usual.ReplaceAllString(text, usualAddress)}}
}

// start starts a command that listens on the port of the shell, and waits until it does.
func (s *shell) start(line string) {
	name, _, _ := strings.Cut(line, " ")
	if _, err := exec.LookPath(name); err != nil {
		s.t.Skip("no " + name + " to start: " + line)
	}
	s.stop()
	s.server = in(s.dir, "bash", "-c", "exec "+s.ours(line))
	s.server.Env = s.env
	require.NoError(s.t, s.server.Start())
	require.Eventually(s.t, func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, time.Minute, 50*time.Millisecond, "%s: nothing listens on port %s", line, s.port)
}

func (s *shell) stop() {
	if s.server != nil {
		s.server.Process.Kill()
		s.server.Wait()
	}
	s.server = nil
}

// packages compares the packages that a summary of go test shows with those that
// there are.
func (s *shell) packages(text string) {
	list, err := in(root, "go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}ok{{else}}?{{end}} {{.ImportPath}}",
		"./...").Output()
	require.NoError(s.t, err)
	want := strings.Split(strings.TrimSpace(string(list)), "\n")
	var got []string
	for _, line := range regexp.MustCompile(`(?m)^(ok|\?) +\t(\S+)`).FindAllStringSubmatch(text, -1) {
		got = append(got, line[1]+" "+line[2])
	}
	slices.Sort(want)
	slices.Sort(got)
	got = slices.Compact(got) // one of them is tested twice, with and without the race detector
	if !slices.Equal(want, got) {
		s.t.Errorf("%s: $ make test does not show the packages that there are; paste its output\nwant "+
			"%q\ngot  %q", s.page, want, got)
	}
}

// noise is what differs from run to run.
var noise = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\b[0-9.]+(ns|µs|ms|s)\b`), "SPAN"}, // before the next row takes away where it ends
	{regexp.MustCompile(`\n {10}`), ""},                     // a text that goes on in the next line
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`fmaspec-[0-9a-f]{16}`), "COMMENT"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`[0-9a-f]{40}`), "HASH"},
	{regexp.MustCompile(`\b[0-9a-f]{16}\b`), "SEED"},
	{regexp.MustCompile(`[0-9a-f]{8}( \(2\))?\.(exe|partial)`), "FILE"},
	{regexp.MustCompile(`(seed|contract)( +)[0-9a-f]{12,}`), "$1$2HEX"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?`), "TIME"},
	{regexp.MustCompile(`\b\d+ (s|min)\b`), "SPAN"},
	{regexp.MustCompile(`\b[A-Z2-7]{26}\b`), "TOKEN"},
	{regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]+`), "TOKEN"},
}

func normal(text string) string {
	for _, n := range noise {
		text = n.pattern.ReplaceAllString(text, n.with)
	}
	return text
}

// like reports whether an output is the one shown. A line "…" stands for any lines.
func like(want, got string) bool {
	parts := strings.Split("\n"+normal(want), "\n…\n")
	got = "\n" + normal(got)
	for i, part := range parts {
		if i > 0 {
			part = "\n" + part
		}
		at := strings.Index(got, part)
		switch {
		case len(parts) == 1:
			return got == part
		case i == 0 && at != 0, at < 0, i == len(parts)-1 && !strings.HasSuffix(got, part):
			return false
		}
		got = got[at+len(part):]
		if i < len(parts)-1 {
			got = "\n" + strings.TrimPrefix(got, "\n")
		}
	}
	return true
}

func TestLikeSeesADifferenceAndPassesOverNoise(t *testing.T) {
	for _, row := range []struct {
		want, got string
		like      bool
		why       string
	}{
		{"a\n", "a\n", true, "the same"},
		{"a\n", "b\n", false, "another line"},
		{"a\n", "a\nb\n", false, "a line more"},
		{"350 cases in 0.08s\n", "350 cases in 1.20s\n", true, "another time"},
		{"350 cases in 0.08s\n", "351 cases in 0.08s\n", false, "another number"},
		{"seed 97fc1baf2937e917\n", "seed 07fc1baf2937e917\n", true, "another seed"},
		{"a\n…\nc\n", "a\nb\nb\nc\n", true, "lines left out"},
		{"a\n…\nc\n", "a\nb\nb\nd\n", false, "another end"},
		{"a\n…\nc\n", "b\nc\n", false, "another beginning"},
		{"a\n…\n", "a\nb\n", true, "the end left out"},
		{"in 0.08s\n          b\n", "in 1.20s\n          b\n", true, "another time before an indented line"},
	} {
		require.Equal(t, row.like, like(row.want, row.got), row.why)
	}
}

// Flags, variables, names.

var (
	fence     = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	span      = regexp.MustCompile("`([^`\n]+)`")
	flagName  = regexp.MustCompile(`(?:^|\s)--?([a-z][a-z-]*)`)
	flagHelp  = regexp.MustCompile(`(?m)^  -([a-z][a-z-]*)`)
	variable  = regexp.MustCompile(`\bFMASPEC_[A-Z_]+`)
	invoked   = regexp.MustCompile("(?:^|[\\s/`])fmaspec ([a-z]+)\\b([^\n|&;]*)")
	served    = regexp.MustCompile(`-(fault|variant)[ =]([a-z0-9][a-z0-9-]*)`)
	exitsWith = regexp.MustCompile(`(?i)\bexit(?:s with|s| code|ed)? (\d+)`)
)

// aKnown is what the command says of itself.
type aKnown struct {
	flags     map[string][]string // by command
	variables []string
	names     map[string][]string // by "fault" and "variant"
	codes     []string
}

func known(t *testing.T) aKnown {
	k := aKnown{flags: map[string][]string{}, names: map[string][]string{}}
	commands := []string{""}
	for _, c := range commandList(t) {
		commands = append(commands, c[0])
	}
	require.Contains(t, commands, "run")
	for _, c := range commands {
		k.flags[c] = nil
		text := fmaspec(t, strings.Fields("help "+c)...)
		for _, f := range flagHelp.FindAllStringSubmatch(text, -1) {
			k.flags[c] = append(k.flags[c], f[1])
		}
		k.variables = append(k.variables, variable.FindAllString(text, -1)...)
	}
	for _, f := range reference.Faults() {
		k.names["fault"] = append(k.names["fault"], f.Name)
	}
	for _, v := range reference.Variants() {
		k.names["variant"] = append(k.names["variant"], v.Name)
	}
	k.names["variant"] = append(k.names["variant"], "reference") // of fmaspec selftest, the server itself
	for _, row := range regexp.MustCompile(`(?m)^\| (\d) \|`).FindAllStringSubmatch(exitCodes(t), -1) {
		k.codes = append(k.codes, row[1])
	}
	return k
}

// unknown lists what a page says of the command that is not so. own are flags
// of other commands, such as go test, that the page speaks of.
func (k aKnown) unknown(page string, own ...string) (out []string) {
	var all []string
	for _, flags := range k.flags {
		all = append(all, flags...)
	}
	for _, call := range invoked.FindAllStringSubmatch(page, -1) {
		if _, is := k.flags[call[1]]; !is {
			continue // a word behind the name
		}
		line, _, _ := strings.Cut(call[2], "`")
		line, _, _ = strings.Cut(line, " -- ") // behind it are operands
		for _, f := range flagName.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(k.flags[call[1]], f[1]) {
				out = append(out, fmt.Sprintf("fmaspec %s has no flag -%s", call[1], f[1]))
			}
		}
	}
	for _, s := range span.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		if f := flagName.FindStringSubmatch(s[1]); f != nil && strings.HasPrefix(s[1], "-") &&
			!slices.Contains(all, f[1]) && !slices.Contains(own, f[1]) {
			out = append(out, fmt.Sprintf("no command has a flag -%s", f[1]))
		}
	}
	for _, v := range variable.FindAllString(page, -1) {
		if !slices.Contains(k.variables, v) {
			out = append(out, "no command reads "+v)
		}
	}
	for _, s := range served.FindAllStringSubmatch(page, -1) {
		if !slices.Contains(k.names[s[1]], s[2]) {
			out = append(out, fmt.Sprintf("no %s is called %s", s[1], s[2]))
		}
	}
	for _, e := range exitsWith.FindAllStringSubmatch(page, -1) {
		if !slices.Contains(k.codes, e[1]) {
			out = append(out, "no exit code is "+e[1])
		}
	}
	return out
}

func TestPagesSpeakOnlyOfWhatTheCommandHas(t *testing.T) {
	k := known(t)
	for _, page := range pages(t) {
		// l is of man, the others are of go.
		for _, what := range k.unknown(read(t, page), "update", "replace", "race", "count", "short", "l") {
			t.Errorf("%s: %s; correct the page", page, what)
		}
	}
}

func TestWhatTheCommandDoesNotHaveIsSeen(t *testing.T) {
	k := known(t)
	for text, want := range map[string]string{
		"`fmaspec run -cases x`":          "fmaspec run has no flag -cases",
		"`fmaspec serve -parallel`":       "fmaspec serve has no flag -parallel",
		"pass `-colour`":                  "no command has a flag -colour",
		"set FMASPEC_TOCKEN":              "no command reads FMASPEC_TOCKEN",
		"`fmaspec serve -fault dropz-id`": "no fault is called dropz-id",
		"it exits with 6":                 "no exit code is 6",
	} {
		require.Equal(t, []string{want}, k.unknown(text), text)
	}
	require.Empty(t, k.unknown("`fmaspec run -strict -level standard`, `-machine ID`, FMASPEC_URL, exit code 3"))
}

// Links.

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// broken lists the links of a page that lead nowhere in the repository.
func broken(repository, page, text string) (out []string) {
	for _, l := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		if strings.Contains(l[1], "://") {
			continue
		}
		path, anchor, _ := strings.Cut(l[1], "#")
		at := filepath.Join(repository, page)
		if path != "" {
			at = filepath.Join(filepath.Dir(at), path)
		}
		data, err := os.ReadFile(at)
		if _, exists := os.Stat(at); exists != nil {
			out = append(out, l[1]+" leads nowhere")
		} else if anchor != "" && (err != nil || !slices.Contains(anchors(string(data)), anchor)) {
			out = append(out, l[1]+" names no heading")
		}
	}
	return out
}

// anchors are the names that headings get.
func anchors(page string) (out []string) {
	for _, h := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(h[1]), "")
		out = append(out, strings.ReplaceAll(name, " ", "-"))
	}
	return out
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, what := range broken(root, page, read(t, page)) {
			t.Errorf("%s: %s; correct the link", page, what)
		}
	}
}

func TestABrokenLinkIsSeen(t *testing.T) {
	text := "[a](docs/nowhere.md) [b](docs/checks.md#nothing) [c](docs/checks.md#checks) [d](https://example.com/x)"
	require.Equal(t, []string{"docs/nowhere.md leads nowhere", "docs/checks.md#nothing names no heading"},
		broken(root, "README.md", text))
}

// Tests that rulings name.

// testNames are the test functions in a tree.
func testNames(t *testing.T, tree string) map[string]bool {
	names := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != tree && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(data, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	require.NoError(t, err)
	return names
}

func missingPins(list []conformance.Contradiction, tests map[string]bool) (out []string) {
	for _, c := range list {
		for _, pin := range c.Pinned {
			if name, ok := strings.CutPrefix(pin, "test "); ok && !tests[name] {
				out = append(out, fmt.Sprintf("%s:%d: %s is pinned by %s, which is no test", c.File, c.Line, c.ID,
					name))
			}
			name, ok := strings.CutPrefix(pin, "variant ")
			if ok && !slices.ContainsFunc(reference.Variants(),
				func(v reference.Variant) bool { return v.Name == name }) {
				out = append(out, fmt.Sprintf("%s:%d: %s is pinned by %s, which is no variant", c.File, c.Line, c.ID,
					name))
			}
		}
	}
	return out
}

func TestTestsThatPinRulingsExist(t *testing.T) {
	tests := testNames(t, root)
	require.True(t, tests["TestTestsThatPinRulingsExist"])
	require.Empty(t, missingPins(load(t).Contradictions, tests))
	made := []conformance.Contradiction{{ID: "x", Pinned: []string{"test TestOfNothingAtAll", "variant nothing-at-all"},
		File: "f", Line: 7}}
	require.Equal(t, []string{"f:7: x is pinned by TestOfNothingAtAll, which is no test",
		"f:7: x is pinned by nothing-at-all, which is no variant"}, missingPins(made, tests))
}

// Makefile.

func TestEveryTargetIsExplainedAndPhony(t *testing.T) {
	data := []byte(read(t, "Makefile"))
	targets := regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):(.*)$`).FindAllSubmatch(data, -1)
	require.GreaterOrEqual(t, len(targets), 9)
	for _, target := range targets {
		require.True(t, bytes.Contains(target[2], []byte("## ")), "%s has no ## text for make help", target[1])
		require.True(t, bytes.Contains(data, []byte(".PHONY: "+string(target[1])+"\n")), "%s is not phony", target[1])
	}
}
