package conformance

import (
	"strings"

	"fmaspec/conformance/record"
)

// hidden returns the value of a setting with variables in the place of secrets.
func (s *secrets) hidden(of record.Setting) string {
	value := of.Value
	switch of.Flag {
	case "header":
		name, text, _ := strings.Cut(value, ":")
		if f := (record.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(text)}); !ordinary(f) {
			value = f.Name + ": $" + headerVariable(f.Name)
		}
	case "proxy":
		scheme, rest, _ := strings.Cut(value, "://")
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			value = scheme + "://$PROXY_USER:$PROXY_PASSWORD" + rest[at:]
		}
	case "token-url":
		if strings.ContainsAny(value, "@?#") {
			value = "$FMASPEC_TOKEN_URL"
		}
	case "token-command":
		value = "$FMASPEC_TOKEN_COMMAND"
	case "unprivileged-token-command":
		value = "$FMASPEC_UNPRIVILEGED_TOKEN_COMMAND"
	}
	return s.variables().Replace(value)
}

// settings are those of the run, as a report holds them.
func (r *binding) settings() []record.Setting {
	out, kinds := []record.Setting{}, record.SettingKinds()
	for _, s := range r.options.Settings {
		if kind := kinds[s.Flag]; kind == record.Carried || kind == record.Hidden {
			out = append(out, record.Setting{Flag: s.Flag, Value: r.secrets.hidden(s)})
		}
	}
	return out
}
