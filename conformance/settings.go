package conformance

import (
	"fmaspec/conformance/record"
)

// settings are those of the run, as a report holds them.
func (r *binding) settings() []record.Setting {
	out, kinds := []record.Setting{}, record.SettingKinds()
	for _, s := range r.options.Settings {
		if kind := kinds[s.Flag]; kind == record.Carried || kind == record.Hidden {
			out = append(out, record.Setting{Flag: s.Flag, Value: r.secrets.Setting(s)})
		}
	}
	return out
}
