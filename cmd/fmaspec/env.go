package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/term"
)

// An env is all that a command knows of the process it runs in, so that tests
// can run it without one.
type env struct {
	args     []string // without the program's name
	stdin    io.Reader
	stdout   io.Writer                           // results
	stderr   io.Writer                           // everything else
	environ  []string                            // "NAME=value", the last of a name wins
	terminal func(of any) (columns int, is bool) // of stdin, stdout or stderr
}

// terminal tells whether a stream is a terminal, and how wide it is.
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

// The variables that hold secrets. They have no flag: whoever may list the
// processes of a machine can read their arguments.
const (
	tokenVariable        = "FMASPEC_TOKEN"
	unprivilegedVariable = "FMASPEC_UNPRIVILEGED_TOKEN"
	invalidVariable      = "FMASPEC_INVALID_TOKEN"
)

// tokenLimit bounds what is read of a token file, which may be a device.
const tokenLimit = 64 << 10

// secret returns the token in a file that a flag names, or in a variable, or "".
// No error holds any of it.
func (e *env) secret(flag, file, variable string) (string, error) {
	place, token := variable, ""
	if file == "" {
		token, _ = e.lookup(variable)
	} else {
		place = "-" + flag // without its value: somebody may have given the token itself
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("%s: %w; name a readable file that holds the bare token", place, reason(err))
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, tokenLimit))
		if err != nil {
			return "", fmt.Errorf("%s: %w; name a readable file that holds the bare token", place, reason(err))
		}
		if token = strings.TrimRight(string(data), "\r\n"); token == "" {
			return "", fmt.Errorf("%s: the file is empty; put the bare token in it", place)
		}
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("%s: it holds a blank, a line break or another character that no header can carry; give the bare token", place)
	}
	return token, nil
}

// reason is what went wrong with a file, without the path and the system call.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
