package main

import (
	"cmp"
	"context"
	"flag"
	"runtime"
	"runtime/debug"

	"fmaspec/conformance"
)

func versionCommand() command {
	return command{
		name:  "version",
		short: "print the versions of suite, contract and Go",
		about: "The contract is a hash of the OpenAPI document and the schemas, the fixtures a hash of the " +
			"requirements and the cases: two runs with the same version and hashes sent and judged the same.",
		flags: func(*flag.FlagSet) work {
			return func(_ context.Context, e *env, _ []string) error {
				contract, fixtures := conformance.Contract{}.Hashes()
				info, _ := debug.ReadBuildInfo()
				var p page
				p.line("fmaspec   %s", conformance.Version)
				p.line("contract  %s", contract)
				p.line("fixtures  %s", fixtures)
				p.line("go        %s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
				p.line("revision  %s", cmp.Or(revision(info), "not known"))
				return e.put("the version", p.String())
			}
		},
	}
}

// revision returns the commit that a binary was built from, or "".
func revision(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	out := settings["vcs.revision"]
	if out != "" && settings["vcs.modified"] == "true" {
		out += ", with changes"
	}
	return out
}
