package main

import (
	"flag"

	"fmaspec/conformance/record"
)

// settings returns the flags that were set, also by a variable, and that a report records. A
// repeated flag has one setting per value.
func settings(set *flag.FlagSet) (out []record.Setting) {
	kinds := record.SettingKinds()
	set.Visit(func(f *flag.Flag) {
		if kind := kinds[f.Name]; kind != record.Carried && kind != record.Hidden {
			return
		}
		values := []string{f.Value.String()}
		value := f.Value
		if wrapped, ok := value.(explained); ok {
			value = wrapped.Value
		}
		switch several := value.(type) {
		case *list:
			values = *several
		case *lines:
			values = *several
		}
		for _, v := range values {
			out = append(out, record.Setting{Flag: f.Name, Value: v})
		}
	})
	return out
}

// ownFlags returns the flags whose values are for one target only, and are not sent to the
// other target of a comparison.
func ownFlags() []string {
	return []string{"header", "header-file", "token-file", "token-command", "token-url", "client-id",
		"client-secret-file", "scope", "resource", "audience",
		"unprivileged-token-file", "unprivileged-token-command", "security-admin-token-file", "global-admin-token-file",
		"invalid-token-file"}
}
