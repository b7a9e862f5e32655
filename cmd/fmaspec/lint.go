package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"fmaspec/conformance"
)

func lintCommand() command {
	return command{
		name: "lint", operands: "[FOLDER…]",
		short: "check the cases of a folder for mistakes",
		about: "Reads every .http file of the folders, as fmaspec run -fixtures does, or if none is named, of those " +
			"that the settings file or the variable names. It reports each problem with file, line and remedy: " +
			"syntax errors, a requirement of the folder whose level is not that of its strongest clause, and " +
			"mistakes that a run would not notice, such as a refused request that differs from its control in more " +
			"than one way, so that its refusal does not show which difference matters. Nothing is sent.\n" +
			"The exit code is 0 if there is no problem, and 2 if there is one or a folder cannot be read.",
		examples: []string{"fmaspec lint my-cases", "fmaspec lint -builtin=false my-cases"},
		flags: func(set *flag.FlagSet) work {
			from := &library{}
			set.BoolVar(&from.builtin, "builtin", true, "allow the suite's own cases as controls for the cases of "+
				"the folders; -builtin=false reads only the folders")
			set.Var(&from.folders, "fixtures", "the `FOLDER` to check if no operand names one; may be repeated")
			return func(_ context.Context, e *env, operands []string) error {
				switch {
				case len(operands) == 0 && len(from.folders) == 0:
					return errors.New("no folder; name one that contains .http files")
				case len(operands) > 0 && e.onlyHere(set, "fixtures"):
					return errors.New("-fixtures: folders are named as operands too; name all in one way")
				case len(operands) > 0:
					from.folders = operands
				}
				return lint(e, from)
			}
		},
	}
}

// lint writes the problems to stdout, one per line.
func lint(e *env, from *library) error {
	suite, _, err := from.load()
	var broken *fixtureError
	var p page
	found := 0
	switch {
	case errors.As(err, &broken):
		p.line("%v", broken)
	case err != nil:
		return errors.New(strings.TrimPrefix(err.Error(), "-fixtures "))
	default:
		all := suite.Lint()
		for _, f := range all {
			p.line("%v", f)
		}
		if found = len(all); found == 0 {
			p.line("%s, nothing found", counted(ownFiles(suite), "case"))
		}
	}
	if _, err := io.WriteString(e.stdout, p.String()); err != nil {
		return unwritten("the findings were not written", err)
	}
	switch {
	case broken != nil:
		return errors.New("the cases cannot be used; fix the errors listed above")
	case found > 0:
		return fmt.Errorf("%s; fix what is listed above", counted(found, "finding"))
	}
	return nil
}

// ownFiles counts the files with a user's cases: one for several operations counts once.
func ownFiles(suite *conformance.Suite) int {
	files := map[string]bool{}
	for _, c := range suite.Cases {
		if c.Own() {
			files[c.File] = true
		}
	}
	return len(files)
}
