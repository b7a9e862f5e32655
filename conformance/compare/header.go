package compare

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// A fieldRule defines what is compared of a header field. For fields without a rule only the
// presence is compared.
type fieldRule struct {
	name  string
	value func([]string) string // what is compared of its values; nil if the field is not compared
	why   string
}

func fieldRules() []fieldRule {
	const framing, moment, way = "it frames this one answer", "it depends on the time", "it depends on the path, not " +
		"the target"
	return []fieldRule{
		{"Content-Type", mediaType, "clients need it to parse the body"},
		{"Content-Encoding", words, "clients need it to decode the body"},
		{"Content-Language", words, "it is the language of messages"},
		{"Cache-Control", words, "it controls caches"},
		{"Pragma", words, "it controls older caches"},
		{"Vary", words, "it lists the header fields that select the answer"},
		{"Allow", words, "it lists the methods"},
		{"Www-Authenticate", schemes, "clients choose by the schemes; the rest may vary per answer"},
		{"Odata-Version", words, "it defines the format of the body"},
		{"X-Content-Type-Options", words, "it has one value"},

		{"Content-Length", nil, framing},
		{"Transfer-Encoding", nil, framing},
		{"Trailer", nil, framing},
		{"Connection", nil, way},
		{"Keep-Alive", nil, way},
		{"Proxy-Connection", nil, way},
		{"Upgrade", nil, way},
		{"Via", nil, way},
		{"Alt-Svc", nil, way},
		{"Strict-Transport-Security", nil, "it is sent only over TLS"},
		{"Date", nil, moment},
		{"Age", nil, moment},
		{"Expires", nil, moment},
		{"Last-Modified", nil, moment},
		{"Etag", nil, moment},
		{"Retry-After", nil, "it depends on the load of the target"},
		{"Set-Cookie", nil, "it is sent once per client, and is for browsers"},
	}
}

// mediaType returns a media type and its parameters in normal form.
func mediaType(values []string) string {
	all := strings.Join(values, ", ")
	name, parameters, err := mime.ParseMediaType(all)
	if err != nil {
		return strings.TrimSpace(all)
	}
	if charset, there := parameters["charset"]; there {
		parameters["charset"] = strings.ToLower(charset)
	}
	return cmp.Or(mime.FormatMediaType(name, parameters), all)
}

// words returns a list in normal form: lower case, sorted, each item once.
func words(values []string) string {
	var out []string
	for item := range strings.SplitSeq(strings.ToLower(strings.Join(values, ",")), ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}

// schemes lists the authentication schemes of challenges (RFC 9110 11.6.1).
func schemes(values []string) string {
	var out []string
	for _, part := range unquotedParts(strings.Join(values, ",")) {
		if first, _, _ := strings.Cut(strings.TrimSpace(part), " "); first != "" && !strings.Contains(first, "=") {
			out = append(out, first)
		}
	}
	return words(out)
}

// unquotedParts splits text at commas outside of quotes.
func unquotedParts(text string) (out []string) {
	inside, from := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case inside && text[i] == '\\':
			i++
		case text[i] == '"':
			inside = !inside
		case text[i] == ',' && !inside:
			out, from = append(out, text[from:i]), i+1
		}
	}
	return append(out, text[from:])
}

// leastCut is the size up to which a report keeps a header completely.
const leastCut = 2 << 10

// wholeHeader reports whether no field was cut off in a report.
func wholeHeader(h http.Header, shortened bool) bool {
	size := 0
	for name, values := range h {
		for _, v := range values {
			size += len(name) + len(v) + 32
		}
	}
	return !shortened || size < leastCut
}
