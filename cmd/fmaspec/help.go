package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
)

// helpWidth is the maximum number of columns of help.
const helpWidth = 79

func helpCommand() command {
	return command{
		name: "help", operands: "[COMMAND]",
		short:    "show help on fmaspec or on one of its commands",
		about:    "Without a command: what fmaspec is, its commands, variables and exit codes.",
		examples: []string{"fmaspec help run"},
		flags: func(*flag.FlagSet) work {
			return func(_ context.Context, e *env, operands []string) error {
				switch len(operands) {
				case 0:
					return e.put("the help", overview())
				case 1:
					c, err := findCommand(operands[0])
					if err != nil {
						return err
					}
					return e.put("the help", helpOn(c))
				}
				return fmt.Errorf("unexpected argument %q; name one command", operands[1])
			}
		},
	}
}

// overview returns the help on fmaspec as a whole.
func overview() string {
	var p page
	p.paragraph("", "fmaspec tests whether a server conforms to the contract of two HTTP actions: stop and "+
		"quarantine a file on a machine, and request a sample of it. It sends requests, checks every answer, and "+
		"reports each problem with its place and the requirement that it breaks.")
	p.heading("Usage")
	p.line("  fmaspec COMMAND [FLAGS]")
	p.heading("Commands")
	for _, c := range commands() {
		p.line("  %-10s %s", c.name, c.short)
	}
	p.heading("First steps")
	p.line("  fmaspec run                             judge the embedded server")
	p.line("  fmaspec init                            write a settings file and a case")
	p.line("  fmaspec run -url http://127.0.0.1:8080  judge your server on this machine")
	p.line("  fmaspec auth check                      describe the credentials")
	p.line("  fmaspec list cases                      list the cases")
	p.line("  fmaspec help run                        describe every flag")
	p.heading("Variables")
	p.paragraph("  ", "Every flag has a variable, which applies if the flag is not given: that of -accept-risk is "+
		"FMASPEC_ACCEPT_RISK. An empty variable counts as unset, except that FMASPEC_URL and FMASPEC_ALLOW_LIST must "+
		"not be empty. For a flag that may be repeated, the variable holds one value per line, or values separated "+
		"by commas; the help of the flag says which. Secrets have variables and files, but no flag:")
	p.line("")
	p.line("  %-28s  the bearer token of a user who may act", tokenVariable)
	p.line("  %-28s  the token of a user who may not act", unprivilegedVariable)
	p.line("  %-28s  the token of a security administrator", securityAdminVariable)
	p.line("  %-28s  the token of a global administrator", globalAdminVariable)
	p.line("  %-28s  a token that must be refused", invalidVariable)
	p.line("  %-28s  the client secret for a token endpoint", clientSecretVariable)
	p.line("  %-28s  the bearer token for OLD in fmaspec compare", oldTokenVariable)
	p.line("  %-28s  the password of -client-key or of PKCS#12", keyPasswordVariable)
	p.line("  %-28s  if not empty, no colours (also with TERM=dumb)", "NO_COLOR")
	p.heading("Settings file")
	p.paragraph("  ", "The commands that judge take settings from "+configName+" in the working directory or the "+
		"nearest folder above it, up to the root of a repository: its keys are the names of the flags. A flag beats "+
		"its variable, and a variable beats the file. fmaspec init writes one; docs/settings.md describes it.")
	p.heading("Exit codes")
	p.exitCodes()
	return p.String()
}

// exitCodes adds the meaning of each exit code.
func (p *page) exitCodes() {
	p.line("  0  conformant, or the command succeeded")
	p.line("  1  not conformant, or less coverage than -min-coverage asks for")
	p.line("  2  misuse: invalid flag, variable, fixture, or no token for another machine")
	p.line("  3  could not judge: unreachable, token refused, interrupted, inconclusive")
	p.line("  4  refused for safety: it could act on a real machine; nothing was sent")
	p.line("  5  the clients do not conform, and the server does")
}

// separator describes how the variable of a repeatable flag separates values.
func separator(value flag.Value) string {
	switch value.(type) {
	case *list:
		return "; in the variable one per line, or separated by commas, with \\, for a comma in a value"
	case *lines:
		return "; in the variable one per line; commas are part of the value"
	}
	return ""
}

// withDefault returns the default of a flag in words, or "" where its text says what it means.
func withDefault(f *flag.Flag) string {
	if slices.Contains([]string{"", "false", "true", "0", "0s"}, f.DefValue) {
		return ""
	}
	return " (default " + f.DefValue + ")"
}

// usage returns the form of a command, and whether it has flags, which are those of set.
func (c command) usage(set *flag.FlagSet) (form string, some bool) {
	form = "fmaspec " + c.name
	set.VisitAll(func(*flag.Flag) { some = true })
	if some {
		form += " [FLAGS]"
	}
	return strings.TrimRight(form+" "+c.operands, " "), some
}

// listItem splits a line of a list, which is "  NAME TEXT" among the paragraphs of a command.
func listItem(part string) (name, text string, ok bool) {
	item, ok := strings.CutPrefix(part, "  ")
	name, text, _ = strings.Cut(item, " ")
	return name, strings.TrimSpace(text), ok
}

// helpOn returns the help on one command.
func helpOn(c command) string {
	var p page
	p.line("fmaspec %s: %s", c.name, c.short)
	p.heading("Usage")
	set := flagSet(c)
	c.flags(set)
	usage, some := c.usage(set)
	p.line("  %s", usage)
	listed := false
	for part := range strings.SplitSeq(c.about, "\n") {
		name, text, item := listItem(part)
		if !item || !listed {
			p.line("")
		}
		if listed = item; item {
			p.field(name, text)
		} else {
			p.paragraph("", part)
		}
	}
	if some {
		p.heading("Flags (with one dash or two) and their variables")
	}
	set.VisitAll(func(f *flag.Flag) {
		operand, text := flag.UnquoteUsage(f)
		p.line("%s", fmt.Sprintf("  %-38s ", strings.TrimRight("-"+f.Name+" "+operand, " "))+variable(f.Name))
		p.paragraph("      ", text+withDefault(f)+separator(f.Value))
	})
	if len(c.examples) > 0 {
		p.heading("Examples")
	}
	for _, example := range c.examples {
		p.line("  %s", example)
	}
	if c.name == "run" {
		p.heading("Exit codes")
		p.exitCodes()
	}
	return p.String()
}
