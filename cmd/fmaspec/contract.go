package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"fmaspec/conformance/nearest"
	"fmaspec/conformance/report"
	"fmaspec/openapi"
)

// contractFlags are the settings of fmaspec contract.
type contractFlags struct{ format, version, file string }

// A contractForm is an output format of the contract, with its -format name and its file name
// extensions.
type contractForm struct {
	name    string
	endings []string
	write   func(*openapi.Bundle) ([]byte, error)
}

var contractForms = []contractForm{
	{"yaml", []string{".yaml", ".yml"}, (*openapi.Bundle).YAML},
	{"json", []string{".json"}, (*openapi.Bundle).JSON},
	{"markdown", []string{".md", ".markdown"}, (*openapi.Bundle).Markdown},
}

func contractCommand() command {
	return command{
		name:  "contract",
		short: "print the contract, for tools or as a page to read",
		about: "Without flags: the OpenAPI 3.1 description of the two operations with the schemas of their bodies in " +
			"one document, for code generators, linters and mock servers. x-level is the level of a part: " +
			"documented, standard or inferred.\n" +
			"The format markdown is a page to read: each operation with the tables and examples of its document.",
		examples: []string{
			"fmaspec contract -o openapi.yaml",
			"fmaspec contract -openapi 3.0 -format json",
			"fmaspec contract -format markdown",
		},
		flags: func(set *flag.FlagSet) work {
			f := &contractFlags{}
			set.StringVar(&f.format, "format", "", "print it in this `FORMAT`: yaml, json or markdown; the default "+
				"is the extension of the -o file, or yaml")
			set.StringVar(&f.version, "openapi", "3.1", "describe it in this `VERSION` of OpenAPI: 3.1, or 3.0 for "+
				"tools that do not read 3.1")
			set.StringVar(&f.file, "o", "-", "write it to this `FILE`, atomically; - is stdout")
			return f.contract
		},
	}
}

func (f *contractFlags) contract(_ context.Context, e *env, _ []string) error {
	form, err := f.form()
	if err != nil {
		return err
	}
	if f.version != "3.1" && f.version != "3.0" {
		return fmt.Errorf("-openapi %q: unknown version; want 3.1 or 3.0", f.version)
	}
	if f.version != "3.1" && form.name == "markdown" {
		return fmt.Errorf("-openapi %s: a Markdown page has no OpenAPI version; leave the flag out", f.version)
	}
	if f.file == "" {
		return fmt.Errorf("-o: no file; name one, or - for stdout")
	}
	b, err := openapi.NewBundle()
	if err == nil && f.version == "3.0" {
		b, err = b.Downgrade()
	}
	if err != nil {
		return err
	}
	text, err := form.write(b)
	if err != nil {
		return err
	}
	if f.file == "-" {
		return e.put("the contract", string(text))
	}
	if err := report.WriteWhole(f.file, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return fmt.Errorf("%s: %w; name a file that can be written", f.file, reason(err))
	}
	return nil
}

// form returns the requested form.
func (f *contractFlags) form() (contractForm, error) {
	var names []string
	ending := strings.ToLower(filepath.Ext(f.file))
	for _, form := range contractForms {
		if form.name == f.format || f.format == "" && slices.Contains(form.endings, ending) {
			return form, nil
		}
		names = append(names, form.name)
	}
	if f.format == "" && (ending == "" || f.file == "-") {
		return contractForms[0], nil
	}
	if f.format == "" {
		return contractForm{}, fmt.Errorf("-o %s: the extension %s is not that of a format; pass -format, one of %s",
			f.file, ending, strings.Join(names, ", "))
	}
	return contractForm{}, fmt.Errorf("-format %q: unknown format%s; formats are %s", f.format,
		nearest.Hint(f.format, names), strings.Join(names, ", "))
}
