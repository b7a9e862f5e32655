package main

import (
	"fmt"
	"io"
)

// unwritten returns the error of a command whose results could not be written to stdout.
func unwritten(what string, err error) error {
	return &exit{exitUnjudged, fmt.Sprintf("stdout: %s: %v; check the free space, and that the reader of the pipe is "+
		"still running", what, err)}
}

// put writes the results of a command. The error names them as what.
func (e *env) put(what, text string) error {
	if _, err := io.WriteString(e.stdout, text); err != nil {
		return unwritten(what+" was not written", err)
	}
	return nil
}
