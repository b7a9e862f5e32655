package guard

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// An action is what a lenient server does because of a request.
type action struct {
	method, operation string
	machines, files   []string // that somebody has
}

// A letter is a request as a lenient server takes it: it may be sure of nothing.
type letter struct {
	method  string
	targets []string
	header  [][2]string // names in small letters
	bodies  [][]byte
}

// allActions are those of a server that reads every request out of bytes that any
// server may: it ends lines at whatever looks like an end, obeys no length, or any
// of several, and goes on reading behind the end.
func allActions(b []byte) (out []action) {
	for _, l := range letters(b) {
		out = append(out, l.actions()...)
	}
	return out
}

var (
	numbers     = regexp.MustCompile(`[0-9]+`)
	word        = regexp.MustCompile(`^[A-Za-z]+$`)
	parameters  = regexp.MustCompile(`;[^/]*`)
	requestLine = regexp.MustCompile(`^[\s\x00]*([A-Za-z][A-Za-z_-]*)[\s\x00]+(\S+)`)
)

// letters are the requests that begin at any line of the bytes.
func letters(b []byte) (out []letter) {
	type line struct {
		text string
		end  int // behind its line end
	}
	var lines []line
	from := 0
	for from < len(b) {
		at := bytes.IndexFunc(b[from:], func(r rune) bool {
			return strings.ContainsRune(
				"\r\n\x0b\x0c\x1c\x1d\x1e\u2028\u2029\u0085", r)
		})
		if raw := bytes.IndexByte(b[from:], 0x85); raw >= 0 && (at < 0 || raw < at) {
			at = raw
		}
		if at < 0 {
			break
		}
		end := from + at + 1
		switch {
		case bytes.HasPrefix(b[end-1:], []byte("\r\n")):
			end++
		case b[end-1] == 0xe2:
			end += 2
		case b[end-1] == 0xc2:
			end++
		}
		lines = append(lines, line{string(b[from : from+at]), end})
		from = end
	}
	lines = append(lines, line{string(b[from:]), len(b)})
	for i, first := range lines {
		found := requestLine.FindStringSubmatch(first.text)
		if found == nil {
			continue
		}
		l := letter{method: found[1], targets: []string{found[2]}}
		end := len(b)
		for _, next := range lines[i+1:] {
			if strings.Trim(next.text, " \t\x00") == "" {
				end = next.end
				break
			}
			// folded: a part of the field before, or one of its own
			if n := len(l.header); n > 0 && strings.ContainsAny(next.text[:1], " \t") {
				l.header = append(l.header, [2]string{l.header[n-1][0], l.header[n-1][1] + " " +
					strings.TrimSpace(next.text)})
			}
			name, value, _ := strings.Cut(next.text, ":")
			l.header = append(l.header, [2]string{strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_",
				"-"), strings.TrimSpace(value)})
		}
		rest := b[end:]
		l.bodies = append(l.bodies, rest, loosely(rest))
		for _, f := range l.header {
			if f[0] != "content-length" {
				continue
			}
			for _, number := range numbers.FindAllString(f[1], -1) {
				if n, err := strconv.Atoi(number); err == nil && n < len(rest) {
					l.bodies = append(l.bodies, rest[:n])
				}
			}
		}
		out = append(out, l)
	}
	return out
}

var chunkLine = regexp.MustCompile(`(?m)^[ \t]*(?:0[xX])?\+?[0-9A-Fa-f]+[ \t]*(?:;[^\r\n]*)?\r?\n`)

// loosely takes lines that look like the sizes of chunks out of a body.
func loosely(b []byte) []byte {
	out := chunkLine.ReplaceAll(b, nil)
	out = bytes.ReplaceAll(out, []byte("\r\n"), nil)
	return bytes.ReplaceAll(out, []byte("\n"), nil)
}

var (
	overrides = []string{"x-http-method-override", "x-http-method", "x-method-override", "x-original-method", "method",
		"-method"}
	rewrites = []string{"x-original-url", "x-rewrite-url", "x-original-uri", "x-forwarded-uri", "x-forwarded-path",
		"x-forwarded-prefix", "x-request-uri", "destination"}
	machinery  = []string{"x-machine-id", "x-machine", "machine", "machine-id", "x-ms-machine"}
	fileFields = []string{"x-sha1", "sha1", "x-file-sha1"}
)

// actions are what the letter has a server do that obeys whatever it finds.
func (l letter) actions() (out []action) {
	method := strings.ToUpper(l.method)
	var machines, files, texts []string
	targets := slices.Clone(l.targets)
	for _, f := range l.header {
		switch {
		case slices.Contains(overrides, f[0]):
			method = strings.ToUpper(f[1])
		case slices.Contains(rewrites, f[0]):
			targets = append(targets, f[1])
		case slices.Contains(machinery, f[0]):
			machines = append(machines, f[1])
		case slices.Contains(fileFields, f[0]):
			files = append(files, hashes(strings.Join(decoded([]byte(f[1]), 2), " "))...)
		}
	}
	called := map[string][]string{} // by operation, the paths that name it
	for _, target := range targets {
		for _, p := range paths(target) {
			for _, operation := range []string{"requestSample", "stopAndQuarantineFile"} {
				if strings.Contains(p, strings.ToLower(operation)) {
					called[operation] = append(called[operation], p)
				}
			}
		}
	}
	if len(called) == 0 {
		return nil
	}
	seen := map[string]bool{}
	for _, body := range l.bodies {
		if !seen[string(body)] {
			seen[string(body)] = true
			texts = append(texts, decoded(body, 0)...)
		}
	}
	if len(texts) > 200 {
		texts = texts[:200]
	}
	parameter := func(name, value string) {
		switch name = strings.ToLower(name); {
		case strings.Contains(name, "method") && word.MatchString(value):
			method = strings.ToUpper(value)
		case strings.Contains(name, "machine") || name == "id" || name == "device":
			machines = append(machines, value)
		case strings.Contains(name, "sha1") || name == "hash":
			files = append(files, hashes(value)...)
		}
	}
	for _, target := range slices.Clone(targets) {
		_, query, _ := strings.Cut(target, "?")
		for part := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
			name, value, _ := strings.Cut(part, "=")
			parameter(pathUnescaped(name), pathUnescaped(value))
		}
	}
	for _, text := range texts {
		for _, found := range members.FindAllStringSubmatch(text, -1) {
			parameter(found[1], found[2])
		}
		files = append(files, hashes(text)...)
	}
	if slices.Contains([]string{"GET", "HEAD", "OPTIONS", "TRACE"}, method) {
		return nil
	}
	for operation, paths := range called {
		for _, p := range paths {
			a := action{method: method, operation: operation}
			segments := strings.Split(p, "/")
			all := slices.Clone(machines)
			for i, s := range segments {
				if s == "machines" && i+1 < len(segments) {
					all = append(all, segments[i+1])
				}
			}
			a.machines, a.files = somebodys(all), somebodys(files)
			if len(a.machines)+len(a.files) > 0 {
				out = append(out, a)
			}
		}
	}
	return out
}

var members = regexp.MustCompile(
	`["']?([A-Za-z_-]*(?:[Mm]ethod|[Mm]achine|[Ss]ha1|MACHINE|SHA1)[A-Za-z_-]*|id|ID|device|hash)["']?\s*[=:]\s*["']?([^"'&,;\s{}<>]+)`)

// somebodys are the ids that are not made up of zeros in front.
func somebodys(ids []string) (out []string) {
	for _, id := range ids {
		id = strings.ToLower(strings.Trim(pathUnescaped(id), " \t\"'"))
		if id != "" && !strings.HasPrefix(id, "000000000") && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// paths are the paths that a target may lead to, in small letters.
func paths(target string) (out []string) {
	target, _, _ = strings.Cut(target, "?")
	for _, t := range []string{target, pathUnescaped(target), pathUnescaped(pathUnescaped(pathUnescaped(target)))} {
		t = strings.ToLower(strings.ReplaceAll(t, `\`, "/"))
		t, _, _ = strings.Cut(t, "?")
		if _, rest, absolute := strings.Cut(t, "://"); absolute {
			t = rest
		}
		bare := parameters.ReplaceAllString(t, "")
		out = append(out, t, bare, path.Clean("/"+t), path.Clean("/"+bare))
	}
	return out
}

func pathUnescaped(s string) string {
	for range 4 {
		next, err := url.PathUnescape(s)
		if err != nil || next == s {
			break
		}
		s = next
	}
	return s
}

var (
	unicode4 = regexp.MustCompile(
		`\\+[uU]0*([0-9A-Fa-f]{2})\b|\\+u00([0-9A-Fa-f]{2})|\\+x([0-9A-Fa-f]{2})|\\+u\{0*([0-9A-Fa-f]{2})\}|%u00([0-9A-Fa-f]{2})|%([0-9A-Fa-f]{2})`)
	octals = regexp.MustCompile(`\\+0?([0-7]{2,3})`)
	loose  = regexp.MustCompile(
		`[ \t\-:._]|\\\r?\n|\\[rnt]|<!--.*?-->|<!\[CDATA\[|\]\]>|[\x{200b}-\x{200f}\x{feff}\x{ad}\x{2060}]`)
	strings1 = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	codes    = regexp.MustCompile(`[A-Za-z0-9+/_-]{20,}={0,2}`)
	shifted  = regexp.MustCompile(`\+([A-Za-z0-9/]{3,})-`)
	quoted   = regexp.MustCompile(`=([0-9A-F]{2})`)
)

// hashes are what a text names as a file, also in pieces.
func hashes(text string) (out []string) {
	out = runs(text)
	for _, s := range strings1.FindAllStringSubmatch(text, -1) {
		if value := loose.ReplaceAllString(s[1], ""); len(value) < 100 {
			out = append(out, runs(value)...)
		}
	}
	return out
}

// runs are the first 40 of so many hexadecimal digits or more.
func runs(text string) (out []string) {
	from := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && strings.IndexByte("0123456789abcdefABCDEF", text[i]) >= 0 {
			continue
		}
		if i-from >= 40 {
			out = append(out, text[from:from+40])
		}
		from = i + 1
	}
	return out
}

// decoded are the texts that a body may stand for.
func decoded(body []byte, depth int) (out []string) {
	if depth == 4 || len(body) > 1<<16 {
		return nil
	}
	text := string(body)
	out = append(out, text)
	try := func(next string) {
		if next != "" && next != text {
			out = append(out, decoded([]byte(next), depth+1)...)
		}
	}
	if bytes.HasPrefix(body, []byte("\x1f\x8b")) {
		if r, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			plain, _ := io.ReadAll(io.LimitReader(r, 1<<16))
			try(string(plain))
		}
	}
	if len(body) > 2 && body[0] == 0x78 {
		if r, err := zlib.NewReader(bytes.NewReader(body)); err == nil {
			plain, _ := io.ReadAll(io.LimitReader(r, 1<<16))
			try(string(plain))
		}
	}
	if depth == 0 && !strings.HasPrefix(text, "{") && bytes.ContainsFunc(body,
		func(r rune) bool { return r > 0x7F || r < ' ' }) {
		if plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), 1<<16)); err == nil {
			try(string(plain))
		}
	}
	if strings.Contains(text, "\x00") {
		try(strings.ReplaceAll(text, "\x00", ""))
	}
	if strings.ContainsAny(text, `\%`) {
		try(unicode4.ReplaceAllStringFunc(text, func(s string) string {
			n, _ := strconv.ParseUint(strings.Trim(s[len(s)-min(2, len(s)):], "}"), 16, 8)
			if strings.HasSuffix(s, "}") {
				n, _ = strconv.ParseUint(s[len(s)-3:len(s)-1], 16, 8)
			}
			return string(rune(n))
		}))
		try(octals.ReplaceAllStringFunc(text, func(s string) string {
			n, _ := strconv.ParseUint(strings.TrimLeft(s, `\`), 8, 8)
			return string(rune(n))
		}))
	}
	if strings.Contains(text, "&") {
		try(html.UnescapeString(text))
	}
	if strings.Contains(text, "+") {
		try(shifted.ReplaceAllStringFunc(text, func(s string) string {
			units, _ := base64.RawStdEncoding.DecodeString(s[1 : len(s)-1])
			var wide []uint16
			for i := 0; i+1 < len(units); i += 2 {
				wide = append(wide, uint16(units[i])<<8|uint16(units[i+1]))
			}
			return string(utf16.Decode(wide))
		}))
	}
	if strings.Contains(text, "quoted-printable") {
		try(quoted.ReplaceAllStringFunc(text, func(s string) string {
			n, _ := strconv.ParseUint(s[1:], 16, 8)
			return string(rune(n))
		}))
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 0xFF10 && r <= 0xFF46 }) {
		try(strings.Map(func(r rune) rune {
			if r >= 0xFF01 && r <= 0xFF5E {
				return r - 0xFEE0
			}
			return r
		}, text))
	}
	for _, found := range codes.FindAllString(text, 20) {
		for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if plain, err := coding.DecodeString(strings.TrimRight(found, "=")); err == nil &&
				!bytes.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r > 'z'+4 }) {
				try(string(plain))
			}
		}
	}
	var value any
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), &value) == nil {
		walk(value, func(s string) { try(s) })
		if plain, err := json.Marshal(value); err == nil {
			try(string(plain))
		}
	}
	return out
}

// walk tells of every string in a JSON value, and of those of an array as one.
func walk(value any, tell func(string)) {
	switch v := value.(type) {
	case string:
		tell(v)
	case []any:
		joined := ""
		for _, item := range v {
			walk(item, tell)
			if s, is := item.(string); is {
				joined += s
			}
		}
		tell(joined)
	case map[string]any:
		for name, item := range v {
			tell(name)
			walk(item, tell)
		}
	}
}
