package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"fmaspec/conformance"
	"fmaspec/conformance/nearest"
)

// The exit codes.
const (
	exitConformant    = 0
	exitNotConformant = 1
	exitMisuse        = 2 // nothing was sent
	exitUnjudged      = 3
	exitUnsafe        = 4 // nothing was sent
	exitClient        = 5 // the server keeps the contract, and a client does not
)

// A command is one subcommand of fmaspec. Each has its own file and a row in commands.
type command struct {
	name     string
	operands string                   // what follows the flags, for help; "" for a command without operands
	short    string                   // what it does, one line
	about    string                   // a line for each paragraph that help shows, or "  NAME TEXT" in a list
	examples []string                 // command lines
	flags    func(*flag.FlagSet) work // defines the flags and returns what uses them
}

// work runs a command after its flags are set. Its error is written to stderr and decides the
// exit code.
type work func(ctx context.Context, e *env, operands []string) error

// commands returns the table, in the order of help.
func commands() []command {
	return []command{runCommand(), initCommand(), compareCommand(), reportCommand(), verifyCommand(), checkCommand(),
		proxyCommand(), serveCommand(), selftestCommand(), authCommand(), journalCommand(), pactCommand(),
		lintCommand(), listCommand(), explainCommand(), contractCommand(), exportCommand(), completionCommand(),
		manCommand(), versionCommand(),
		helpCommand()}
}

func findCommand(name string) (command, error) {
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	return command{}, fmt.Errorf("unknown command %q%s; commands are %s", name, nearest.Hint(name, names),
		strings.Join(names, ", "))
}

// An exit is an error with an exit code. If the message is empty, nothing more is written.
type exit struct {
	code int
	msg  string
}

func (e *exit) Error() string { return e.msg }

// exitCode returns the exit code for an error. An error without a code is misuse.
func exitCode(err error) int {
	var own *exit
	var unsafe *conformance.SafetyError
	switch {
	case err == nil:
		return exitConformant
	case errors.As(err, &own):
		return own.code
	case errors.As(err, &unsafe):
		return exitUnsafe
	}
	return exitMisuse
}

// run executes the command that the arguments name and returns the exit code.
func run(ctx context.Context, e *env) int {
	if len(e.args) == 0 {
		io.WriteString(e.stderr, overview())
		return exitMisuse
	}
	name, rest := e.args[0], e.args[1:]
	switch strings.TrimLeft(name, "-") {
	case "h", "help":
		name = "help"
	case "version":
		name = "version"
	}
	c, err := findCommand(name)
	if err != nil {
		return e.fail("fmaspec", err)
	}
	set := flagSet(c)
	do := c.flags(set)
	explainErrors(set)
	operands, err := parse(set, rest)
	if errors.Is(err, flag.ErrHelp) {
		return e.fail(c.name, e.put("the help", helpOn(c)))
	}
	if err == nil {
		if c.name != "completion" { // which a shell calls while somebody types
			e.warn()
		}
		err = cmp.Or(unnamed(set), e.fill(set))
	}
	if err == nil {
		err = e.settle(set)
	}
	if err == nil && c.operands == "" && len(operands) > 0 {
		err = fmt.Errorf("unexpected argument %q; %s takes only flags, see fmaspec help %s", operands[0], c.name,
			c.name)
	}
	if err == nil {
		err = settingsOf(set).complete(e, set, do(ctx, e, operands))
	}
	return e.fail(c.name, err)
}

func flagSet(c command) *flag.FlagSet {
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	if readsSettings(c.name) {
		settingsFlags(set)
	}
	return set
}

// fail writes an error, prefixed with the place, and returns its exit code. Text from a server
// or a file is escaped. An error that already names places in files is written without prefix.
func (e *env) fail(place string, err error) int {
	var files *fixtureError
	var file *settingsError
	switch {
	case err == nil || err.Error() == "":
	case errors.As(err, &files):
		io.WriteString(e.stderr, harmless(fmt.Sprintf("%v\n%s: the fixtures cannot be used; fix the errors listed "+
			"above\n", err, place)))
	case errors.As(err, &file):
		io.WriteString(e.stderr, harmless(fmt.Sprintf("%v\n%s: the settings cannot be used; correct what is listed "+
			"above, or pass -config %s\n", err, place, noConfig)))
	default:
		io.WriteString(e.stderr, harmless(fmt.Sprintf("%s: %v\n", place, err)))
	}
	return exitCode(err)
}
