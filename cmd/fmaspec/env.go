package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"fmaspec/conformance"
	"fmaspec/conformance/credential"
)

// An env is the environment of a command, so that tests can run it without a process.
type env struct {
	args     []string // without the program's name
	stdin    io.Reader
	stdout   io.Writer                           // results
	stderr   io.Writer                           // everything else
	environ  []string                            // "NAME=value", the last of a name wins
	terminal func(of any) (columns int, is bool) // of stdin, stdout or stderr
}

// terminal reports whether a stream is a terminal, and its width.
func terminal(of any) (columns int, is bool) {
	f, ok := of.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, _ = term.GetSize(int(f.Fd()))
	return columns, true
}

// lookup returns a variable; an empty one counts as not set.
func (e *env) lookup(name string) (value string, set bool) {
	for _, entry := range e.environ {
		if n, v, _ := strings.Cut(entry, "="); n == name {
			value = v
		}
	}
	return value, value != ""
}

// defines reports whether a variable is set, even if it is empty.
func (e *env) defines(name string) bool {
	return slices.ContainsFunc(e.environ, func(entry string) bool { return strings.HasPrefix(entry, name+"=") })
}

// names reports whether the command line has a flag.
func (e *env) names(flag string) bool {
	return slices.ContainsFunc(e.args, func(arg string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		return strings.HasPrefix(arg, "-") && name == flag
	})
}

// The variables that hold secrets. They have no flag, because other users of a machine can
// read the arguments of processes.
const (
	tokenVariable         = "FMASPEC_TOKEN"
	unprivilegedVariable  = "FMASPEC_UNPRIVILEGED_TOKEN"
	securityAdminVariable = "FMASPEC_SECURITY_ADMIN_TOKEN"
	globalAdminVariable   = "FMASPEC_GLOBAL_ADMIN_TOKEN"
	invalidVariable       = "FMASPEC_INVALID_TOKEN"
	clientSecretVariable  = "FMASPEC_CLIENT_SECRET"
	oldTokenVariable      = "FMASPEC_OLD_TOKEN"
	keyPasswordVariable   = "FMASPEC_CLIENT_KEY_PASSWORD"
)

// secretVariables returns the variables that have no flag.
func secretVariables() []string {
	var out []string
	for _, k := range conformance.Tokens() {
		out = append(out, k.Env())
	}
	return append(out, clientSecretVariable, oldTokenVariable, keyPasswordVariable)
}

// tokenLimit is the most that is read of a token file, which may be a device.
const tokenLimit = 64 << 10

// secret returns the token in a file that a flag names, or in a variable, or "". No error
// contains any part of it.
func (e *env) secret(flag, file, variable string) (string, error) {
	place, token, err := e.hidden(flag, file, variable, "token")
	if err == nil && token != "" {
		if err = credential.Bare(token); err != nil {
			if file != "" { // it was read, so that it is no secret itself
				place += " " + file
			}
			err = fmt.Errorf("%s: %w", place, err)
		}
	}
	if err != nil {
		return "", err
	}
	return token, nil
}

// hidden returns what is in a file that a flag names, or in a variable, without the
// line break at its end, and the place. The file - is standard input.
func (e *env) hidden(flag, file, variable, what string) (place, value string, err error) {
	if file == "" {
		value, _ = e.lookup(variable)
		return variable, value, nil
	}
	place = "-" + flag // without its value, which may be the secret itself
	from := e.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return place, "", fmt.Errorf("%s: %w; name a readable file that contains only the %s", place, reason(err),
				what)
		}
		defer f.Close()
		from = f
	} else if _, is := e.terminal(e.stdin); is {
		return place, "", fmt.Errorf("%s: standard input is a terminal, which would show the %s; pipe it in, or "+
			"name a file", place, what)
	}
	data, err := io.ReadAll(io.LimitReader(from, tokenLimit+1))
	if err == nil && len(data) <= tokenLimit {
		if data, err = decoded(data); err != nil {
			return place, "", fmt.Errorf("%s: %w", place, err)
		}
	}
	value = strings.TrimRight(string(data), "\r\n")
	switch {
	case err != nil:
		return place, "", fmt.Errorf("%s: %w; name a readable file that contains only the %s", place, reason(err), what)
	case value == "":
		return place, "", fmt.Errorf("%s: the file is empty; write only the %s into it", place, what)
	case len(data) > tokenLimit:
		return place, "", fmt.Errorf("%s: longer than %d KiB; give only the %s", place, tokenLimit>>10, what)
	}
	return place, value, nil
}

// reason returns the error without the path and the system call.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
