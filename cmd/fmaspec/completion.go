package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"slices"
	"strings"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/term"
)

// The scripts are thin: what completes a word, fmaspec itself says, from its tables of commands and
// flags and from the suite, so that a script fits every later version.
//
//go:embed shells
var shellScripts embed.FS

// A shell is one that there is a script for.
type shell struct{ name, script, install string }

func shells() []shell {
	return []shell{
		{"bash", "fmaspec.bash", "fmaspec completion bash >~/.local/share/bash-completion/completions/fmaspec"},
		{"zsh", "fmaspec.zsh", "fmaspec completion zsh >~/.zfunc/_fmaspec  # a folder in fpath"},
		{"fish", "fmaspec.fish", "fmaspec completion fish >~/.config/fish/completions/fmaspec.fish"},
		{"powershell", "fmaspec.ps1", "fmaspec completion powershell | Out-String | Invoke-Expression  # in $PROFILE"},
	}
}

func shellNames() (names []string) {
	for _, s := range shells() {
		names = append(names, s.name)
	}
	return names
}

// askWords is the operand with which a script asks what completes a word.
const askWords = "words"

func completionCommand() command {
	about := "Prints a script for a shell that completes commands, flags, their values, and the ids of cases, " +
		"requirements, checks and faults. The examples install it; once is enough."
	var examples []string
	for _, s := range shells() {
		examples = append(examples, s.install)
	}
	return command{
		name: "completion", operands: "SHELL",
		short: "print a script that completes command lines in a shell",
		about: about + "\nThe script asks \"fmaspec completion " + askWords + " -- WORD…\" what completes the last " +
			"word: the first line of the answer is values, parts (of words that go on), files or folders, the last " +
			"two with what stands before the name in the word; the others are words, each with a tab " +
			"and a description.",
		examples: append(examples, "fmaspec completion "+askWords+" -- run -report j"),
		flags: func(*flag.FlagSet) work {
			return func(_ context.Context, e *env, operands []string) error {
				if len(operands) == 0 {
					return fmt.Errorf("no shell; name one of %s", strings.Join(shellNames(), ", "))
				}
				if operands[0] == askWords {
					return e.put("the answer", complete(operands[1:]).String())
				}
				at := slices.IndexFunc(shells(), func(s shell) bool { return s.name == operands[0] })
				switch {
				case at < 0:
					return fmt.Errorf("unknown shell %q%s; name one of %s", operands[0],
						nearest.Hint(operands[0], shellNames()), strings.Join(shellNames(), ", "))
				case len(operands) > 1:
					return fmt.Errorf("unexpected argument %q; name one shell", operands[1])
				}
				script, err := shellScripts.ReadFile("shells/" + shells()[at].script)
				if err != nil {
					return fmt.Errorf("%w; that is an error of fmaspec: please report it", err)
				}
				return e.put("the script", string(script))
			}
		},
	}
}

// An answer says what completes a word.
type answer struct {
	kind   string // values, parts, files or folders
	before string // of files and folders: what stands before the name in the word
	words  []candidate
}

// A candidate is a word that may be meant.
type candidate struct{ word, says string }

func (a answer) String() string {
	var b strings.Builder
	b.WriteString(term.Safe(strings.TrimRight(a.kind+" "+a.before, " ")) + "\n")
	for _, w := range a.words {
		b.WriteString(term.Safe(w.word))
		if w.says != "" {
			b.WriteString("\t" + term.Safe(w.says))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// offered returns the candidates that begin as a word does, after a text that the word has
// already, such as "-report=".
func offered(kind, before, begun string, all []candidate) answer {
	a := answer{kind: kind}
	for _, c := range all {
		if strings.HasPrefix(c.word, begun) {
			a.words = append(a.words, candidate{before + c.word, c.says})
		}
	}
	return a
}

// complete returns what completes the last of the words that follow the program.
func complete(words []string) answer {
	if len(words) == 0 {
		words = []string{""}
	}
	last := strings.Trim(words[len(words)-1], `"'`)
	if len(words) == 1 {
		return offered("values", "", last, commandCandidates())
	}
	c, err := findCommand(words[0])
	if err != nil {
		return answer{kind: "values"}
	}
	set := flagSet(c)
	c.flags(set)
	line := readLine(set, words[1:len(words)-1])
	name, value, given := strings.Cut(last, "=")
	bare := strings.TrimLeft(name, "-")
	switch {
	case line.open != nil: // the flag before has no value yet
		return completeValue(c, line, line.open, "", last)
	case line.ended || !strings.HasPrefix(last, "-") || last == "-" && !line.flags:
		return completeOperand(c, line, last)
	case given && set.Lookup(bare) != nil:
		return completeValue(c, line, set.Lookup(bare), name+"=", value)
	}
	dashes := last[:len(last)-len(strings.TrimLeft(last, "-"))]
	return offered("values", dashes, strings.TrimLeft(last, "-"), flagCandidates(set))
}

// A commandLine is what is known of the words before the one that is completed.
type commandLine struct {
	open     *flag.Flag // which the next word gives a value
	flags    bool       // the command has some
	ended    bool       // by --
	operands []string
	folders  []string // of -fixtures
}

func readLine(set *flag.FlagSet, words []string) (line commandLine) {
	set.VisitAll(func(*flag.Flag) { line.flags = true })
	for _, word := range words {
		name, value, given := strings.Cut(strings.TrimLeft(word, "-"), "=")
		switch {
		case line.open != nil:
			line.value(line.open.Name, word)
			line.open = nil
		case line.ended || !strings.HasPrefix(word, "-") || word == "-":
			line.operands = append(line.operands, word)
		case word == "--":
			line.ended = true
		case given:
			line.value(name, value)
		case set.Lookup(name) != nil && !isSwitch(set.Lookup(name)):
			line.open = set.Lookup(name)
		}
	}
	return line
}

// value notes what is needed of the value of a flag.
func (l *commandLine) value(flag, value string) {
	if flag == "fixtures" {
		l.folders = append(l.folders, value)
	}
}

// isSwitch reports whether a flag needs no value.
func isSwitch(f *flag.Flag) bool {
	b, is := f.Value.(interface{ IsBoolFlag() bool })
	return is && b.IsBoolFlag()
}

func commandCandidates() (all []candidate) {
	for _, c := range commands() {
		all = append(all, candidate{c.name, c.short})
	}
	return all
}

func flagCandidates(set *flag.FlagSet) (all []candidate) {
	set.VisitAll(func(f *flag.Flag) {
		_, usage := flag.UnquoteUsage(f)
		all = append(all, candidate{f.Name, glance(usage)})
	})
	return all
}

// glanceLength is how many characters of the description of a flag are shown.
const glanceLength = 70

// glance returns the beginning of a description.
func glance(text string) string {
	for _, end := range []string{"; ", ": "} {
		text, _, _ = strings.Cut(text, end)
	}
	if runes := []rune(text); len(runes) > glanceLength {
		return string(runes[:glanceLength-1]) + "…"
	}
	return text
}

// completeValue completes the value of a flag, of which some is there.
func completeValue(c command, line commandLine, f *flag.Flag, before, begun string) answer {
	if _, several := f.Value.(*list); several {
		if at := strings.LastIndexByte(begun, ','); at >= 0 {
			before, begun = before+begun[:at+1], begun[at+1:]
		}
	}
	return valuesOf(c, f).answer(line, before, begun)
}

// completeOperand completes a word that is no flag.
func completeOperand(c command, line commandLine, begun string) answer {
	rows := operandValues()[c.name]
	if len(rows) == 0 {
		return answer{kind: "values"}
	}
	return rows[min(len(line.operands), len(rows)-1)].answer(line, "", begun)
}
