package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"fmaspec/conformance"
	"fmaspec/conformance/record"
)

// fixtureError holds all errors in the files of a suite, one per line.
type fixtureError struct{ error }

// library holds the flags that name the sources of cases.
type library struct {
	folders list
	builtin bool
}

func (l *library) flags(set *flag.FlagSet) {
	set.Var(&l.folders, "fixtures", "add the cases of a `FOLDER` of .http files of your own; may be repeated")
	set.BoolVar(&l.builtin, "builtin", true, "use the suite's own cases; -builtin=false uses only those of -fixtures")
}

func (l *library) sources() (out []conformance.Source, err error) {
	if l.builtin {
		out = append(out, conformance.BuiltIn())
	}
	for _, dir := range l.folders {
		switch info, err := os.Stat(dir); {
		case err != nil:
			return nil, fmt.Errorf("-fixtures %s: %w; name a folder of .http files", dir, reason(err))
		case !info.IsDir():
			return nil, fmt.Errorf("-fixtures %s: not a folder; name a folder of .http files", dir)
		}
		out = append(out, conformance.Source{FS: os.DirFS(dir), Name: filepath.ToSlash(filepath.Clean(dir)), Own: true})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("-builtin=false leaves no case; add -fixtures with a folder of .http files")
	}
	return out, nil
}

func (l *library) load() (*conformance.Suite, []conformance.Source, error) {
	sources, err := l.sources()
	if err != nil {
		return nil, nil, err
	}
	suite, err := conformance.Load(conformance.Contract{}, sources...)
	if err != nil {
		return nil, nil, &fixtureError{err}
	}
	return suite, sources, nil
}

// withRules returns the suite under the own rules of a settings file.
func withRules(suite *conformance.Suite, rules []record.OwnRule) (*conformance.Suite, error) {
	ruled, err := suite.WithRules(rules...)
	if err != nil {
		return nil, &settingsError{err}
	}
	return ruled, nil
}
