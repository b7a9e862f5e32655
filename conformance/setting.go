package conformance

import (
	"slices"
	"strings"
)

// A Setting is a flag of a run as the user set it, so that a report can say how the
// run is made again. A variable stands for what may be a secret.
type Setting struct {
	Flag  string `json:"flag"`  // without its dash
	Value string `json:"value"` // secrets as "$NAME", where NAME is a shell variable
}

// A SettingKind says what becomes of a flag of fmaspec run in a report.
type SettingKind int

// The kinds of settings.
const (
	Carried SettingKind = iota + 1 // its value stands in the report
	Hidden                         // it may hold a secret: a variable stands for the value, or for a part of it
	Dropped                        // it says nothing of what was sent and how it was judged, or the report holds it elsewhere
)

// SettingKinds returns the kind of every flag of fmaspec run that a report may name,
// by the flag's name. No other flag stands in a report.
func SettingKinds() map[string]SettingKind {
	out := map[string]SettingKind{}
	for kind, flags := range map[SettingKind]string{
		Carried: "fixtures builtin token-file unprivileged-token-file security-admin-token-file global-admin-token-file invalid-token-file unknown-machine client-id client-secret-file scope resource audience " +
			"ca client-cert client-key insecure resolve http2 header-file user-agent request-id machine level strict repeat parallel timeout seed " +
			"sha1 accept-risk max-actions journal allow-list rate retry wait",
		Hidden:  "header proxy token-command unprivileged-token-command token-url",
		Dropped: "url run skip report baseline baseline-update sign-key v q color yes dry-run",
	} {
		for flag := range strings.FieldsSeq(flags) {
			out[flag] = kind
		}
	}
	return out
}

// hidden returns the value of a setting with variables in the place of secrets.
func (s *secrets) hidden(of Setting) string {
	value := of.Value
	switch of.Flag {
	case "header":
		name, text, _ := strings.Cut(value, ":")
		if f := (Field{strings.TrimSpace(name), strings.TrimSpace(text)}); !ordinary(f) {
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
func (r *runner) settings() []Setting {
	out, kinds := []Setting{}, SettingKinds()
	for _, s := range r.options.Settings {
		if kind := kinds[s.Flag]; kind == Carried || kind == Hidden {
			out = append(out, Setting{s.Flag, r.secrets.hidden(s)})
		}
	}
	return out
}

// settingOf returns the last value of a flag, or "".
func settingOf(settings []Setting, flag string) string {
	for _, s := range slices.Backward(settings) {
		if s.Flag == flag {
			return s.Value
		}
	}
	return ""
}
