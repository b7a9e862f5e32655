package main

import (
	"flag"
	"testing"

	"fmaspec/conformance/record"
)

func TestEveryFlagOfRunHasAKind(t *testing.T) {
	kinds := record.SettingKinds()
	set := flagSet(runCommand())
	runCommand().flags(set)
	set.VisitAll(func(f *flag.Flag) {
		if kinds[f.Name] == 0 {
			t.Errorf("want -%s in record.SettingKinds: is it carried into the report, hidden in part, or dropped?",
				f.Name)
		}
		delete(kinds, f.Name)
	})
	for name := range kinds {
		t.Errorf("want no kind for -%s, which is no flag of fmaspec run", name)
	}
}
