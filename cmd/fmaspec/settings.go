package main

import (
	"flag"

	"fmaspec/conformance/record"
)

// settings are the flags that were set, by a variable too, as far as a report holds
// them. A flag that was repeated is there once for each of its values.
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

// ownFlags are those whose values are for one target, and are not sent to another
// that it is compared with.
func ownFlags() []string {
	return []string{"header", "header-file", "token-file", "token-command", "token-url", "client-id", "client-secret-file", "scope", "resource", "audience",
		"unprivileged-token-file", "unprivileged-token-command", "security-admin-token-file", "global-admin-token-file", "invalid-token-file"}
}
