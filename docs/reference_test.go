package docs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance"
)

// commandsPage has each command with its flags and variables, as help describes them.
func commandsPage(t *testing.T) string {
	var b strings.Builder
	b.WriteString("# Commands and flags\n\n" + generated)
	b.WriteString("What `fmaspec help COMMAND` prints, for every command. The [exit " +
		"codes](../README.md#levels-outcomes-exit-codes) are in the README, the formats of reports in " +
		"[reports](reports.md).\n\n| command | |\n|---|---|\n")
	list := commandList(t)
	for _, c := range list {
		fmt.Fprintf(&b, "| [`%s`](#fmaspec-%s) | %s |\n", c[0], c[0], prose(c[1]))
	}
	b.WriteString("\n## Variables\n\n" + paragraphs(between(t, fmaspec(t, "help")+"\n\n", "Variables:\n",
		"\n\nExit codes:")))
	for _, c := range list {
		fmt.Fprintf(&b, "\n## fmaspec %s\n\n%s", c[0], commandHelpPage(fmaspec(t, "help", c[0])))
	}
	return b.String()
}

// commandList returns the commands that help lists, each with what it does.
func commandList(t *testing.T) (out [][2]string) {
	t.Helper()
	for line := range strings.Lines(between(t, fmaspec(t, "help"), "Commands:\n", "\n\n")) {
		name, says, ok := strings.Cut(strings.TrimSpace(line), " ")
		require.True(t, ok, line)
		out = append(out, [2]string{name, strings.TrimSpace(says)})
	}
	return out
}

func between(t *testing.T, text, begin, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, begin)
	require.True(t, ok, "help has no %q", begin)
	part, _, ok := strings.Cut(rest, end)
	require.True(t, ok, "help has no %q behind %q", end, begin)
	return part
}

var (
	helpTitle = regexp.MustCompile(`^(?:\w[\w ]* )?(Usage|Examples|Flags|First steps)[^\n]*:$`)
	helpFlag  = regexp.MustCompile(`^  (-\S+(?: \S+)?)(?:\s+(FMASPEC_\w+))?$`)
)

// commandHelpPage turns the help of a command into Markdown: the flags into a table, what is
// to be typed into a block, and all else into paragraphs.
func commandHelpPage(help string) string {
	var b strings.Builder
	title, rest, _ := strings.Cut(help, "\n")
	if _, says, ok := strings.Cut(title, ": "); ok {
		b.WriteString(first(prose(says)) + ".\n\n")
	}
	section, text := "", ""
	flush := func() {
		switch {
		case strings.TrimSpace(text) == "":
		case section == "Flags":
			b.WriteString(flagsTable(text))
		case section == "Usage" || section == "Examples":
			b.WriteString("```text\n" + strings.Trim(outdent(text), "\n") + "\n```\n\n")
		default:
			b.WriteString(paragraphs(text))
		}
		text = ""
	}
	for line := range strings.Lines(rest) {
		if m := helpTitle.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			flush()
			section = m[1]
			if section == "Examples" {
				b.WriteString("Examples:\n\n")
			}
			continue
		}
		if section != "" && line != "\n" && !strings.HasPrefix(line, "  ") {
			flush()
			section = ""
		}
		text += line
	}
	flush()
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func outdent(text string) string { return regexp.MustCompile(`(?m)^  `).ReplaceAllString(text, "") }

// paragraphs keeps indented lines as a block, and writes the others as prose.
func paragraphs(text string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		lines := strings.Split(part, "\n")
		aligned := false
		for _, l := range lines {
			aligned = aligned || regexp.MustCompile(`^ *\S+  +\S`).MatchString(l)
		}
		if aligned {
			b.WriteString("```text\n" + part + "\n```\n\n")
			continue
		}
		b.WriteString(flagsInCode(prose(strings.Join(strings.Fields(part), " "))) + "\n\n")
	}
	return b.String()
}

// flagsInCode sets names of flags and variables, and quoted commands, as code.
func flagsInCode(text string) string {
	text = regexp.MustCompile(`"(fmaspec [^"]+)"`).ReplaceAllString(text, "`$1`")
	text = regexp.MustCompile(`FMASPEC(\\_[A-Z0-9]+)+`).ReplaceAllStringFunc(text, func(v string) string {
		return "`" + strings.ReplaceAll(v, `\_`, "_") + "`"
	})
	return regexp.MustCompile(`(^|[ (])(-[a-z][a-z0-9-]*)\b`).ReplaceAllString(text, "$1`$2`")
}

// flagsTable makes a table of the flags of a help.
func flagsTable(text string) string {
	var b strings.Builder
	b.WriteString("| flag | variable | |\n|---|---|---|\n")
	var flag, variable, says string
	row := func() {
		if flag != "" {
			v := ""
			if variable != "" {
				v = "`" + variable + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", flag, v, flagsInCode(prose(strings.TrimSpace(says))))
		}
		says = ""
	}
	for line := range strings.Lines(text) {
		if m := helpFlag.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			row()
			flag, variable = m[1], m[2]
			continue
		}
		says += " " + strings.TrimSpace(line)
	}
	row()
	return b.String() + "\n"
}

// Each flag of each help is a row, so that no form of help that the page does not know is lost.
func TestNoFlagIsLostOnThePageOfCommands(t *testing.T) {
	page := commandsPage(t)
	for command, flags := range known(t).flags {
		if command == "" {
			continue
		}
		_, section, ok := strings.Cut(page, "\n## fmaspec "+command+"\n")
		require.True(t, ok, command)
		section, _, _ = strings.Cut(section, "\n## ")
		for _, f := range flags {
			require.Regexp(t, "(?m)^\\| `-"+f+"[0-9]*(`| )", section, "%s -%s", command, f)
		}
	}
}

func TestTheHelpOfACommandAsAPage(t *testing.T) {
	require.Equal(t, "Judge a server.\n\n```text\nfmaspec run [FLAGS]\n```\n\nSends `fmaspec x` with `-q` to "+
		"`FMASPEC_A_B`.\n\n| flag | variable | |\n|---|---|---|\n| `-a N` | `FMASPEC_A` | do a\\|b, with `-q` |\n"+
		"| `-v` |  | more |\n\nExamples:\n\n```text\nfmaspec run -q\n```\n",
		commandHelpPage("fmaspec run: judge a server\n\nUsage:\n  fmaspec run [FLAGS]\n\nSends \"fmaspec x\" with -q\n"+
			"to FMASPEC_A_B.\n\nFlags (with one dash or two) and their variables:\n  -a N                FMASPEC_A\n"+
			"      do a|b,\n      with -q\n  -v\n      more\n\nExamples:\n  fmaspec run -q\n"))
}

// fieldsPage has each field of a report with what vouches for it.
func fieldsPage() string {
	var b strings.Builder
	b.WriteString("# Fields of a report\n\n" + generated)
	b.WriteString("Every field of the JSON report, which [a schema](../schemas/report.schema.json) describes, and\n" +
		"what [`fmaspec verify`](reports.md#verify-a-report) finds out about it. `[]` is each element of a list,\n" +
		"`{}` a member of any name.\n\n" +
		"| field | verified | why |\n|---|---|---|\n")
	for _, f := range conformance.ReportFields() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Path, f.Source, prose(f.Why))
	}
	return b.String()
}
