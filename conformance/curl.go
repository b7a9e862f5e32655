package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// curlBody is the length up to which a body is written into a command line.
const curlBody = 8 << 10

// curl returns a command for a POSIX shell that sends the request again, or ""
// where nobody can send there, or the body is too long for a command. Secrets stand in it as shell variables.
func curl(r Request, t Target, secrets []Field) string {
	if t.Handler != nil || len(r.Body) > curlBody {
		return ""
	}
	var b strings.Builder
	b.WriteString("curl -sS -i")
	if t.Transport.Insecure {
		b.WriteString(" -k")
	}
	if t.Transport.HTTP2 {
		b.WriteString(map[bool]string{true: " --http2", false: " --http2-prior-knowledge"}[strings.HasPrefix(t.URL, "https:")])
	}
	for _, from := range slices.Sorted(maps.Keys(t.Transport.Resolve)) {
		b.WriteString(" --connect-to " + quote(from+":"+t.Transport.Resolve[from], nil))
	}
	if r.Method == "HEAD" {
		b.WriteString(" -I")
	} else if r.Method != "POST" || len(r.Body) == 0 {
		b.WriteString(" -X " + r.Method)
	}
	sent := map[string]bool{}
	for _, f := range r.Header {
		name := strings.ToLower(f.Name)
		sent[name] = true
		switch {
		case name == "content-length" || name == "host" && strings.HasPrefix(t.URL[strings.Index(t.URL, "://")+3:]+"/", f.Value+"/"):
		case f.Value == "":
			b.WriteString(" -H " + quote(f.Name+";", nil))
		default:
			b.WriteString(" -H " + quote(f.Name+": "+f.Value, secrets))
		}
	}
	for _, name := range []string{"Host", "User-Agent", "Accept"} {
		if !sent[strings.ToLower(name)] {
			b.WriteString(" -H " + quote(name+":", nil))
		}
	}
	if len(r.Body) > 0 {
		if !sent["content-type"] {
			b.WriteString(" -H 'Content-Type:'")
		}
		b.WriteString(" --data-binary " + quote(string(r.Body), secrets))
	}
	b.WriteString(" " + quote(r.URL, secrets))
	return b.String()
}

// quote writes text as one word of a shell. Text with control characters or
// bytes that are not UTF-8 needs a shell that knows $'…'.
func quote(text string, secrets []Field) string {
	for _, s := range secrets {
		if before, after, found := strings.Cut(text, s.Value); found {
			// "$NAME" stands outside the single quotes.
			return joinWords(quote(before, secrets), `"$`+s.Name+`"`, quote(after, secrets))
		}
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7F || r == 0xFEFF }) {
		var b strings.Builder
		b.WriteString("$'")
		for i := range len(text) {
			switch c := text[i]; {
			case c == '\'' || c == '\\':
				b.WriteString(`\` + string(c))
			case c < ' ' || c >= 0x7F:
				fmt.Fprintf(&b, `\x%02x`, c)
			default:
				b.WriteByte(c)
			}
		}
		return b.String() + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// joinWords joins quoted pieces into one word, without the empty ones.
func joinWords(pieces ...string) string {
	var b strings.Builder
	for _, p := range pieces {
		if p != "''" {
			b.WriteString(p)
		}
	}
	return b.String()
}
