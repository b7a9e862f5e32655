package redact

import (
	"strings"

	"fmaspec/conformance/record"
)

// Setting returns the value of a setting with variables in the place of the secrets.
func (s *Secrets) Setting(of record.Setting) string {
	value := of.Value
	switch of.Flag {
	case "header":
		name, text, _ := strings.Cut(value, ":")
		if f := (record.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(text)}); !IsOrdinary(f) {
			value = f.Name + ": $" + HeaderVariable(f.Name)
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
