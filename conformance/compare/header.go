package compare

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// A fieldRule says what is compared of a header field. Of fields without a rule it
// is that they are there.
type fieldRule struct {
	name  string
	value func([]string) string // what is compared of its values; nil where the field is left out
	why   string
}

func fieldRules() []fieldRule {
	const framing, moment, way = "it frames this one answer", "it is about the moment", "it is about the way, not the target"
	return []fieldRule{
		{"Content-Type", mediaType, "clients read the body by it"},
		{"Content-Encoding", words, "clients unpack the body by it"},
		{"Content-Language", words, "it says for whom messages are written"},
		{"Cache-Control", words, "it says what may be kept"},
		{"Pragma", words, "it says so to older caches"},
		{"Vary", words, "it says what the answer depends on"},
		{"Allow", words, "it lists the methods"},
		{"Www-Authenticate", schemes, "its schemes are what a client can do; the rest may be made for each answer"},
		{"Odata-Version", words, "it says how the body is to be read"},
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
		{"Strict-Transport-Security", nil, "it is sent over TLS alone"},
		{"Date", nil, moment},
		{"Age", nil, moment},
		{"Expires", nil, moment},
		{"Last-Modified", nil, moment},
		{"Etag", nil, moment},
		{"Retry-After", nil, "it is about how busy the target is"},
		{"Set-Cookie", nil, "it is sent once to who keeps it, and is for browsers"},
	}
}

// mediaType writes a media type and its parameters in one way.
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

// words writes a list in one way: small letters, in order, each once.
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

// unquotedParts cuts text at the commas that stand outside of quotes.
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

// leastCut is the size under which a record holds every field of an answer, for
// only longer headers are shortened.
const leastCut = 2 << 10

// wholeHeader tells that no field was cut off in a record.
func wholeHeader(h http.Header, shortened bool) bool {
	size := 0
	for name, values := range h {
		for _, v := range values {
			size += len(name) + len(v) + 32
		}
	}
	return !shortened || size < leastCut
}
