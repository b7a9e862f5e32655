package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fmaspec/conformance"
	"fmaspec/conformance/k6"
	"fmaspec/conformance/nearest"
	"fmaspec/conformance/report"
)

// exportFlags are the settings of fmaspec export.
type exportFlags struct {
	folder string
	quiet  bool
}

func exportCommand() command {
	return command{
		name: "export", operands: "k6",
		short: "write the cases as a script for a load tool",
		about: "fmaspec export k6 writes a script for k6: the accepting and refusing cases, with checks of the " +
			"status, the media type, the members and their types, and the relations that one answer shows, and with " +
			"thresholds. It holds no secret: the script reads URL and tokens from the environment. The cases that " +
			"k6 cannot send are counted on stderr and at the head of the script.\n" +
			"With -o the folder also has testrun.yaml, which runs the script by k6-operator on several machines. " +
			"docs/k6.md describes the settings of the script, and what it does not find.",
		examples: []string{
			"fmaspec export k6 > fmaspec.js",
			"fmaspec export k6 -o load",
		},
		flags: func(set *flag.FlagSet) work {
			f := &exportFlags{}
			set.StringVar(&f.folder, "o", "", "write the files to this `FOLDER`, each atomically; without it the "+
				"script goes to stdout")
			set.BoolVar(&f.quiet, "q", false, "do not report what was left out")
			return f.export
		},
	}
}

func (f *exportFlags) export(_ context.Context, e *env, operands []string) error {
	const tool = "k6"
	switch {
	case len(operands) == 0:
		return errors.New("no tool is named; run fmaspec export k6")
	case operands[0] != tool:
		return fmt.Errorf("%s: unknown tool%s; the only one is %s", operands[0],
			nearest.Hint(operands[0], []string{tool}), tool)
	case len(operands) > 1:
		return fmt.Errorf("%s: one tool takes one script; leave %s out, or pass -o FOLDER", tool, operands[1])
	}
	suite, err := conformance.Load(conformance.Contract{})
	if err != nil {
		return &fixtureError{err}
	}
	script, err := k6.Build(suite, k6.Options{})
	if err != nil {
		return err
	}
	if err := f.write(e, script); err != nil {
		return err
	}
	if !f.quiet {
		var left page
		left.line("%s; %s left out:", counted(len(script.Cases), "case"), counted(len(script.LeftOut), "case"))
		for _, r := range script.Reasons() {
			left.line("  %4d  %s", r.Cases, r.Why)
		}
		io.WriteString(e.stderr, left.String())
	}
	return nil
}

// write writes the script to stdout, or the files to the folder.
func (f *exportFlags) write(e *env, script *k6.Script) error {
	if f.folder == "" {
		return e.put("the script", string(script.Text))
	}
	if err := os.MkdirAll(f.folder, 0o755); err != nil {
		return fmt.Errorf("%s: %w; name a folder that can be written", f.folder, reason(err))
	}
	for _, file := range []struct {
		name string
		text []byte
	}{{k6.FileName, script.Text}, {k6.TestRunName, k6.TestRun()}} {
		name := filepath.Join(f.folder, file.name)
		if err := report.WriteWhole(name, func(w io.Writer) error {
			_, err := w.Write(file.text)
			return err
		}); err != nil {
			return fmt.Errorf("%s: %w; name a folder that can be written", name, reason(err))
		}
	}
	return nil
}
