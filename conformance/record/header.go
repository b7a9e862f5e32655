package record

import (
	"slices"
	"strings"
)

// HasHeader reports whether a field of a name is there, in any letter case.
func HasHeader(header []Field, name string) bool { return HeaderValue(header, name) != nil }

// HeaderValue returns the value of the first field of a name, or nil.
func HeaderValue(header []Field, name string) *string {
	for i := range header {
		if strings.EqualFold(header[i].Name, name) {
			return &header[i].Value
		}
	}
	return nil
}

// HeaderValues returns the values of all fields of a name.
func HeaderValues(header []Field, name string) (out []string) {
	for _, f := range header {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.Value)
		}
	}
	return out
}

// SettingOf returns the last value of a flag, or "".
func SettingOf(settings []Setting, flag string) string {
	for _, s := range slices.Backward(settings) {
		if s.Flag == flag {
			return s.Value
		}
	}
	return ""
}
