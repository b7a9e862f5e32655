package main

import (
	"fmt"
	"io"
)

// unwritten is the error of a command whose results stdout did not take: what the
// command came to is not known to anybody.
func unwritten(what string, err error) error {
	return &exit{exitUnjudged, fmt.Sprintf("stdout: %s: %v; see that there is room, and that whoever reads it goes on", what, err)}
}

// put writes the results of a command, what is named in the error.
func (e *env) put(what, text string) error {
	if _, err := io.WriteString(e.stdout, text); err != nil {
		return unwritten(what+" was not written", err)
	}
	return nil
}
