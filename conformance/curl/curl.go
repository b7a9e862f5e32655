// Package curl writes the curl command that sends a recorded request again.
package curl

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"fmaspec/conformance/internal/httpfile"
	"fmaspec/conformance/record"
)

// longBody is the length of a body from which a record may lack it.
const longBody = 4 << 10

// curlBody is the length up to which a body is written into a command line.
const curlBody = 8 << 10

// Command returns a command for a POSIX shell that sends the request of an exchange
// again, with shell variables in the place of secrets, or why there is none. It is
// made from the report alone, which may be nil. Both are "" where nobody can send
// to the target.
func Command(r *record.Report, x *record.ExchangeResult) (command, why string) {
	if r == nil {
		r = &record.Report{}
	}
	if x.Response == nil && x.Error == "" {
		return "", "it was cut off in the middle of its body, which curl cannot do"
	}
	request := x.Request
	request.Header = slices.Clone(request.Header)
	for i, f := range request.Header {
		if scheme, rest, found := strings.Cut(f.Value, " "); found && strings.EqualFold(f.Name, "Authorization") &&
			len(rest) > 2 && strings.Trim(rest, "*") == "" { // struck out of recorded traffic
			request.Header[i].Value = scheme + " $FMASPEC_TOKEN"
		}
	}
	return line(request, r.Target, r.Settings, slices.Contains(x.Lacks, record.WireForm))
}

// A curlCommand is a command line under way.
type curlCommand struct{ strings.Builder }

func (b *curlCommand) add(option string, values ...string) {
	b.WriteString(" " + option)
	for _, v := range values {
		b.WriteString(" " + quote(v))
	}
}

// Line is [Command] for a request that was not cut off.
func Line(r record.Request, t record.TargetInfo, settings []record.Setting) (command, why string) {
	return line(r, t, settings, false)
}

// line is [Line]. Of a request whose form on the wire the record does not hold, curl adds the fields of the
// framing by itself.
func line(r record.Request, t record.TargetInfo, settings []record.Setting, framed bool) (command, why string) {
	if t.URL == record.InMemory {
		return "", ""
	}
	if u, err := url.Parse(r.URL); err != nil && !strings.Contains(r.URL, "://") || u != nil &&
		(u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "") || !httpfile.IsToken(r.Method) {
		return "", "it is no request of HTTP"
	}
	data, why := curlData(r, t.Protocol)
	if why != "" {
		return "", why
	}
	b := &curlCommand{}
	b.WriteString("curl -sS -i")
	b.reach(r, t, settings)
	chunked := record.HasHeader(r.Header, "Transfer-Encoding") && t.Protocol != "HTTP/2"
	length := record.HeaderValue(r.Header, "Content-Length")
	withData := len(data) > 0 || chunked || length != nil && *length == "0" && r.Method == "POST"
	switch {
	case r.Method == "HEAD" && !withData:
		b.add("-I")
	case r.Method == "HEAD": // curl waits for a body that does not come
		b.add("-m 5 -X HEAD")
	case r.Method != "POST" || !withData:
		b.add("-X", r.Method)
	}
	if why := b.fields(r, len(data), withData, chunked, framed); why != "" {
		return "", why
	}
	switch {
	case withData && strings.HasPrefix(string(data), "@"): // curl would take it for a file
		b.add("--data-raw", string(data))
	case withData:
		b.add("--data-binary", string(data))
	}
	if r.Version == "1.0" {
		b.WriteString(" --http1.0")
	}
	if r.Absolute {
		b.add("--request-target", r.URL)
		server, _ := origin(r.URL)
		b.WriteString(" " + quote(server+"/"))
		return b.String(), ""
	}
	b.url(r.URL, t.Proxy != "" && t.Protocol != "HTTP/2" && strings.HasPrefix(r.URL, "http:"))
	return b.String(), ""
}

// reach adds how the target is reached.
func (b *curlCommand) reach(r record.Request, t record.TargetInfo, settings []record.Setting) {
	secure := strings.HasPrefix(r.URL, "https:")
	if t.Insecure {
		b.add("-k")
	}
	for _, row := range []struct{ flag, option string }{{"ca", "--cacert"}, {"client-cert", "--cert"},
		{"client-key", "--key"}} {
		if value := record.SettingOf(settings, row.flag); value != "" {
			b.add(row.option, value)
		}
	}
	if record.SettingOf(settings, "client-cert") != "" && record.SettingOf(settings, "client-key") == "" {
		b.add("--cert-type", "P12") // which has its key
	}
	switch {
	case t.Protocol == "HTTP/2" && secure:
		b.add("--http2")
	case t.Protocol == "HTTP/2":
		b.add("--http2-prior-knowledge")
	case secure:
		b.add("--http1.1") // curl would ask for HTTP/2
	}
	tunnel := t.Proxy != "" && (secure || t.Protocol == "HTTP/2")
	proxy := record.SettingOf(settings, "proxy")
	switch {
	case t.Proxy != "":
		b.add("-x", "http://"+t.Proxy)
		if user, _, found := strings.Cut(strings.TrimPrefix(proxy, "http://"), "@"); found {
			b.add("--proxy-user", user)
		}
		if tunnel {
			b.add("-p")
		} else {
			b.add("-H", "Proxy-Connection:") // which curl sends by itself
		}
	case proxy == "none":
		b.add("--noproxy", "*")
	}
	if t.Proxy != "" && !tunnel {
		return // the proxy looks the name up
	}
	for _, from := range slices.Sorted(maps.Keys(t.Resolve)) {
		to := t.Resolve[from]
		_, port, _ := net.SplitHostPort(from)
		address, dialled, _ := net.SplitHostPort(to)
		if port == dialled && !tunnel {
			if strings.Contains(address, ":") {
				address = "[" + address + "]"
			}
			b.add("--resolve", from+":"+address)
			continue
		}
		b.add("--connect-to", from+":"+to)
	}
}

// curlData returns the body as curl is given it, or why it cannot be.
func curlData(r record.Request, protocol string) (data []byte, why string) {
	data = r.Body
	if codings := record.HeaderValues(r.Header, "Transfer-Encoding"); len(codings) > 0 && protocol != "HTTP/2" {
		// curl frames chunks by itself: one for all, in small digits.
		content, ok := oneChunk(r.Body)
		if len(codings) > 1 || !strings.EqualFold(codings[0], "chunked") || !ok {
			return nil, "curl frames chunks in its own way, and would send other bytes"
		}
		data = content
	}
	if n, err := strconv.Atoi(strings.Join(record.HeaderValues(r.Header, "Content-Length"), ",")); err == nil &&
		len(r.Body) == 0 && n > longBody {
		return nil, "its body of " + strconv.Itoa(n) + " bytes is not in the record"
	}
	if len(data) > curlBody {
		return nil, fmt.Sprintf("its body of %d bytes is too long for a command", len(r.Body))
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, "its body holds a zero byte, which no command line can"
	}
	return data, ""
}

// oneChunk returns the content of a chunked body that is framed as curl frames it.
func oneChunk(body []byte) (content []byte, ok bool) {
	const end = "0\r\n\r\n"
	size, rest, found := bytes.Cut(body, []byte("\r\n"))
	if string(body) == end {
		return nil, true
	}
	n, err := strconv.ParseUint(string(size), 16, 31)
	if err != nil || !found || uint64(len(rest)) != n+uint64(len("\r\n"+end)) || string(rest[n:]) != "\r\n"+end ||
		string(size) != strconv.FormatUint(n, 16) {
		return nil, false
	}
	return rest[:n], true
}

// fields adds the header fields that curl does not send by itself, and keeps it from
// those that were not sent.
func (b *curlCommand) fields(r record.Request, length int, withData, chunked, framed bool) (why string) {
	var host string
	if u, err := url.Parse(r.URL); err == nil {
		host = u.Host
	}
	hosts := record.HeaderValues(r.Header, "Host")
	if len(hosts) > 1 {
		return "curl sends one Host field, and there are several"
	}
	sent := map[string]bool{}
	for _, f := range r.Header {
		name := strings.ToLower(f.Name)
		sent[name] = true
		switch {
		case !httpfile.IsToken(f.Name):
			return "the field name " + strconv.Quote(f.Name) + " is none, which curl does not send"
		case strings.ContainsFunc(f.Value, func(r rune) bool { return r == 0 || r == '\r' || r == '\n' }):
			return "the field " + strconv.Quote(f.Name) + " holds a line break or a zero byte, which curl does not send"
		case name == "host" && f.Value == host:
		case name == "content-length" && f.Value == strconv.Itoa(length) && withData && !chunked:
		case f.Value == "":
			b.add("-H", f.Name+";")
		default:
			b.add("-H", f.Name+": "+f.Value)
		}
	}
	for _, row := range []struct {
		name string
		own  bool // curl sends it by itself
	}{
		{"Host", !framed}, {"User-Agent", true}, {"Accept", true}, {"Content-Type", withData},
		{"Content-Length", withData && !chunked && !framed}, {"Expect", length > expectLength},
	} {
		if row.own && !sent[strings.ToLower(row.name)] {
			b.add("-H", row.name+":")
		}
	}
	return ""
}

// expectLength is the length of a body from which some releases of curl ask with
// Expect before they send it.
const expectLength = 1000

// plainTarget is what curl takes as a URL, and sends, as it is.
var plainTarget = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,;$&?!~*'()-]*$`)

// origin cuts a URL behind its authority.
func origin(text string) (origin, target string) {
	scheme, rest, _ := strings.Cut(text, "://")
	at := strings.IndexAny(rest, "/?#")
	if at < 0 {
		at = len(rest)
	}
	return scheme + "://" + rest[:at], rest[at:]
}

// url adds where to. The request line that a proxy reads holds all of it.
func (b *curlCommand) url(text string, whole bool) {
	origin, target := origin(text)
	switch {
	case whole && !plainTarget.MatchString(target):
		b.add("--request-target", text)
		text = origin + "/"
	case !plainTarget.MatchString(target) || !strings.HasPrefix(target, "/"):
		b.add("--request-target", cmp.Or(target, "/"))
		text = origin + "/"
	case dots.MatchString(target):
		b.add("--path-as-is")
	}
	b.WriteString(" " + quote(text))
}

// dots are what curl would take out of a path.
var dots = regexp.MustCompile(`(?i)/(\.|%2e){1,2}([/?]|$)`)

// plainWord is text that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// ShellWord writes text of a record as one word of a shell, in quotes where it needs
// them. The variables that stand for secrets are left for the shell to replace. Text
// with bytes that do not show needs a shell that knows $'…'.
func ShellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return quote(text)
}

// quote is [ShellWord] with quotes in any event.
func quote(text string) string {
	if all := record.SecretVariables(text); len(all) > 0 {
		at := all[0] // "$NAME" stands outside the single quotes
		return joinWords(quote(text[:at[0]]), `"`+expanded(text[at[0]:at[1]])+`"`, quote(text[at[1]:]))
	}
	// Neither what a terminal obeys nor what a build server does is left as it is.
	if strings.Contains(text, "##") || strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsPrint(r) ||
			r == utf8.RuneError
	}) {
		var b strings.Builder
		b.WriteString("$'")
		for i := range len(text) {
			switch c := text[i]; {
			case c == '\'' || c == '\\':
				b.WriteString(`\` + string(c))
			case c < ' ' || c >= 0x7F || c == '#':
				fmt.Fprintf(&b, `\x%02x`, c)
			default:
				b.WriteByte(c)
			}
		}
		return b.String() + "'"
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// expanded returns what a shell makes the value of a variable of: of a value that is derived
// from the token, the token's own variable.
func expanded(variable string) string {
	if text, ok := map[string]string{
		"$FMASPEC_SHORTER_TOKEN": `${FMASPEC_TOKEN%?}`,
		"$FMASPEC_TAIL_TOKEN":    `${FMASPEC_TOKEN#?}`,
		"$FMASPEC_ALTERED_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | sed -E -e 's/[^0](...)$/0\1/' -e t -e 's/0(...)$/1\1/')`,
		"$FMASPEC_MIDDLE_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | awk '{i = int((length($0) - 1) / 2) + 1; ` +
			`c = substr($0, i, 1) == "0" ? "1" : "0"; printf "%s%s%s", substr($0, 1, i - 1), c, substr($0, i + 1)}')`,
		"$FMASPEC_FIRST_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | sed -E -e 's/^[^x]/x/' -e t -e 's/^x/y/')`,
		"$FMASPEC_EXCHANGED_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | awk '{for (i = 2; i < length($0); i++) ` +
			`if (substr($0, i, 1) != substr($0, i + 1, 1)) {printf "%s%s%s%s", substr($0, 1, i - 1), ` +
			`substr($0, i + 1, 1), substr($0, i, 1), substr($0, i + 2); exit}}')`,
		"$FMASPEC_REVERSED_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | awk '{for (i = length($0); i > 0; i--) ` +
			`printf "%s", substr($0, i, 1)}')`,
		"$FMASPEC_BASE64_TOKEN":      `$(printf %s "$FMASPEC_TOKEN" | base64 | tr -d '\n')`,
		"$FMASPEC_HEXADECIMAL_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | od -An -v -tx1 | tr -d ' \n')`,
		"$FMASPEC_ESCAPED_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | od -An -v -tx1 | tr -d '\n' | tr a-f A-F | ` +
			`sed 's/ /%/g')`,
		"$FMASPEC_BASIC_USER_TOKEN": `$(printf %s: "$FMASPEC_TOKEN" | base64 | tr -d '\n')`,
		"$FMASPEC_BASIC_TOKEN":      `$(printf x:%s "$FMASPEC_TOKEN" | base64 | tr -d '\n')`,
		"$FMASPEC_STRANGER_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | awk '{printf "%s", substr($0, 1, ` +
			`int(length($0) / 3))}')$(printf %s "$FMASPEC_TOKEN" | awk '{printf "%s", substr($0, ` +
			`int(length($0) / 3) + 1)}' | tr A-Za-z0-9 N-ZA-Mn-za-m5-90-4)`,
		"$FMASPEC_SWAPPED_TOKEN": `$(printf %s "$FMASPEC_TOKEN" | tr A-Za-z a-zA-Z)`,
	}[variable]; ok {
		return text
	}
	return variable
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
