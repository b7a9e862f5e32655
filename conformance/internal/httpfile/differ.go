package httpfile

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// Differences names the things in which one request differs from another as they are
// written: the method (with the body and its Content-Type, where there is no body then),
// the target, each header field, and the body.
func Differences(a, b Request) (out []string) {
	bodiless := false
	if a.Method != b.Method {
		out = append(out, "method")
		bodiless = !a.HasBody
	}
	if a.Target != b.Target {
		out = append(out, "target")
	}
	if !bytes.Equal(a.Body, b.Body) && !bodiless {
		out = append(out, "body")
	}
	values := func(r Request) map[string]string {
		all := map[string]string{}
		for _, h := range r.Header {
			all[strings.ToLower(h.Key)] += h.Key + ": " + h.Value + "\n"
		}
		if bodiless {
			delete(all, "content-type")
		}
		return all
	}
	in, of := values(a), values(b)
	both := maps.Clone(in)
	maps.Copy(both, of)
	for _, header := range slices.Sorted(maps.Keys(both)) {
		if in[header] != of[header] {
			out = append(out, "header "+header)
		}
	}
	return out
}
