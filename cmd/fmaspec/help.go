package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
)

// helpWidth is the number of columns that help fits in.
const helpWidth = 79

func helpCommand() command {
	return command{
		name: "help", operands: "[COMMAND]",
		short:    "tell what fmaspec or one of its commands does",
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

// overview is the help on fmaspec as a whole.
func overview() string {
	var p page
	p.paragraph("", "fmaspec judges whether a server keeps the contract of two HTTP actions: stop and quarantine a file on a machine, and request a sample of it. It sends requests, looks at every answer, and says what is wrong, where, and which requirement is broken.")
	p.heading("Usage")
	p.line("  fmaspec COMMAND [FLAGS]")
	p.heading("Commands")
	for _, c := range commands() {
		p.line("  %-9s %s", c.name, c.short)
	}
	p.heading("First steps")
	p.line("  fmaspec run                             judge the server that is built in")
	p.line("  fmaspec run -url http://127.0.0.1:8080  judge one of yours on this machine")
	p.line("  fmaspec auth check                      see what credentials there are")
	p.line("  fmaspec list cases                      see what is asked of it")
	p.line("  fmaspec help run                        see every flag")
	p.heading("Variables")
	p.paragraph("  ", "Every flag has a variable, which counts where the flag is not given: -accept-risk has FMASPEC_ACCEPT_RISK. An empty variable counts as not set, but for FMASPEC_URL and FMASPEC_ALLOW_LIST, which name something or are unset. Where a flag may be repeated, the variable holds one value a line, or values with commas between them; its help says which. Secrets have variables and files, and no flag:")
	p.line("")
	p.line("  %-28s  the bearer token of a user who may act", tokenVariable)
	p.line("  %-28s  that of a user who may not", unprivilegedVariable)
	p.line("  %-28s  that of a user who is security administrator", securityAdminVariable)
	p.line("  %-28s  that of a user who is global administrator", globalAdminVariable)
	p.line("  %-28s  one that no server may accept", invalidVariable)
	p.line("  %-28s  the secret with which a token endpoint is asked", clientSecretVariable)
	p.line("  %-28s  the bearer token for OLD in fmaspec compare", oldTokenVariable)
	p.line("  %-28s  no colours, where not empty; nor with TERM=dumb", "NO_COLOR")
	p.heading("Exit codes")
	p.exitCodes()
	return p.String()
}

// exitCodes adds what each exit code says.
func (p *page) exitCodes() {
	p.line("  0  conformant, or the command did what it was asked for")
	p.line("  1  not conformant")
	p.line("  2  misuse: a flag, a variable, a fixture; nothing was sent")
	p.line("  3  could not judge: unreachable, no token, interrupted, nothing conclusive")
	p.line("  4  refused for safety: it could act on somebody's machine; nothing was sent")
}

// separator says how the values of a flag that may be repeated stand in its variable.
func separator(value flag.Value) string {
	switch value.(type) {
	case *list:
		return "; in the variable one a line, or with commas between them and \\, for a comma in a value"
	case *lines:
		return "; in the variable one a line, and commas belong to the value"
	}
	return ""
}

// helpOn is the help on one command.
func helpOn(c command) string {
	var p page
	p.line("fmaspec %s: %s", c.name, c.short)
	p.heading("Usage")
	set := flagSet(c)
	c.flags(set)
	usage, some := "  fmaspec "+c.name, false
	set.VisitAll(func(*flag.Flag) { some = true })
	if some {
		usage += " [FLAGS]"
	}
	p.line("%s", strings.TrimRight(usage+" "+c.operands, " "))
	for part := range strings.SplitSeq(c.about, "\n") {
		p.line("")
		p.paragraph("", part)
	}
	if some {
		p.heading("Flags (with one dash or two) and their variables")
	}
	set.VisitAll(func(f *flag.Flag) {
		operand, text := flag.UnquoteUsage(f)
		p.line("%s", fmt.Sprintf("  %-38s ", strings.TrimRight("-"+f.Name+" "+operand, " "))+variable(f.Name))
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "true" {
			text += " (default " + f.DefValue + ")"
		}
		p.paragraph("      ", text+separator(f.Value))
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
