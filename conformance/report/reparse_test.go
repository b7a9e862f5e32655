package report_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"fmaspec/conformance/record"
	"fmaspec/conformance/report"
)

// referring is text that GitHub or another Markdown renderer may interpret.
const referring = "](javascript:x) ![x](http://e.example/x.png) <img src=x> " +
	"</code></details><script>alert(1)</script> @octocat \\@octocat #123 org/repo#1 GH-12 " +
	"https://e.example www.e.example a@b.example | \\| \\\\| ` `` ``` \\` ~~~ \n# h\n- x\n\n> q :shipit: $x$ **b** " +
	"_i_ ~~s~~ &lt; &#64; <!-- [x]: http://e [^1] " +
	"\n::error::x\r\n  ::stop-commands::x\n##[add-mask]x ##[stop-commands]x %0A::error::x %250A 0123456789abcdef"

// A formatReader is a format as its readers see it: parse returns all text of a
// rendering, unescaped, or says why it is none.
type formatReader struct {
	parse    func(text string) (string, error)
	style    report.Style
	cases    func(record.CaseResult) bool // whose ids it carries
	findings func(record.Finding) bool    // whose check and place it carries
	keys     bool                         // and their keys
}

// formatReaders has one for every format.
func formatReaders() map[string]formatReader {
	every := func(record.CaseResult) bool { return true }
	all := func(record.Finding) bool { return true }
	fresh := func(f record.Finding) bool { return f.Known == nil }
	none := func(record.CaseResult) bool { return false }
	return map[string]formatReader{
		"badge":   {parse: parseXML, cases: none},
		"console": {parse: parseConsole, style: report.Style{Verbose: true, Width: 400}, cases: every, findings: all},
		"github": {parse: parseGitHub, findings: fresh, cases: func(c record.CaseResult) bool {
			return slices.ContainsFunc(c.Findings, fresh) || c.Outcome == record.Errored
		}},
		"har":   {parse: parseJSON, cases: func(c record.CaseResult) bool { return len(c.Exchanges) > 0 }},
		"html":  {parse: parseHTML, cases: every, findings: all},
		"json":  {parse: parseRecord, cases: every, findings: all, keys: true},
		"junit": {parse: parseXML, cases: every, findings: all},
		"xunit": {parse: parseXML, cases: every, findings: all},
		"markdown": {parse: parseMarkdown, findings: all,
			cases: func(c record.CaseResult) bool { return c.Outcome != record.Passed }},
		"sarif": {parse: parseJSON, findings: all, keys: true,
			cases: func(c record.CaseResult) bool { return len(c.Findings) > 0 }},
	}
}

func TestEveryFormatCanBeReadAgain(t *testing.T) {
	t.Parallel()
	for _, f := range report.Formats() {
		as, known := formatReaders()[f.Name]
		if !known {
			t.Errorf("%s: want a reader for it in this test, got none", f.Name)
			continue
		}
		for name, r := range map[string]*record.Report{
			"hostile": baselineOf(everywhere(hostile), hostile), "referring": baselineOf(everywhere(referring),
				referring), "lines": everywhere("\n\n\n"), "nothing": everywhere(""), "empty": {},
		} {
			if _, err := as.parse(render(t, f.Name, r, as.style)); err != nil {
				t.Errorf("%s: %s: want it read again, got %v", f.Name, name, err)
			}
		}
		r := sample()
		text, err := as.parse(render(t, f.Name, r, as.style))
		if err != nil {
			t.Errorf("%s: want it read again, got %v", f.Name, err)
			continue
		}
		if !strings.Contains(strings.ToLower(strings.ReplaceAll(text, "-", " ")), "not conformant") {
			t.Errorf("%s: want the verdict, got\n%s", f.Name, text)
		}
		for _, c := range r.Cases {
			if as.cases(c) && !strings.Contains(text, c.ID) {
				t.Errorf("%s: want the case %s, got\n%s", f.Name, c.ID, text)
			}
			for _, found := range c.Findings {
				if as.findings == nil || !as.findings(found) {
					continue
				}
				if !strings.Contains(text, found.Check) || !strings.Contains(text, found.Place) {
					t.Errorf("%s: want %s at %s of %s, got\n%s", f.Name, found.Check, found.Place, c.ID, text)
				}
				if as.keys && !strings.Contains(text, found.Key) {
					t.Errorf("%s: want the key %q, got\n%s", f.Name, found.Key, text)
				}
			}
		}
	}
}

// baselineOf puts text in every place of a baseline that a stranger can fill.
func baselineOf(r *record.Report, text string) *record.Report {
	b := r.Baseline
	b.File, b.Reason = text, text
	for i := range b.Problems {
		p := &b.Problems[i]
		p.Kind, p.Key, p.Text = text, text, text
	}
	for i := range r.Cases {
		for j := range r.Cases[i].Findings {
			if k := r.Cases[i].Findings[j].Known; k != nil {
				k.Reason, k.Owner, k.Expires = text, text, text
			}
		}
	}
	return r
}

// TestTheReadersMissNoBreach breaks good renderings, and sees each reader complain.
func TestTheReadersMissNoBreach(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ format, from, to, want, why string }{
		{"console", "not conformant", "\x1b[2Jnot conformant", `'\x1b'`, "an escape sequence"},
		{"json", `"seed": "7f3a"`, `"seed": "7f3a`, "not JSON", "a string without its end"},
		{"json", `"seed": "7f3a"`, `"sneed": "7f3a"`, "unknown member", "another shape"},
		{"junit", "</testsuites>", "", "EOF", "an element without its end"},
		{"junit", "<testcase ", "<testcase & ", "XML", "an attribute that is none"},
		{"junit", "</testsuites>", "</testsuites>\n]]><x>", "XML", "something behind the end"},
		{"github", "::warning ", "got\n::warning ", "is no command", "a line break in a message"},
		{"github", "::warning ", "::add-mask ", `"add-mask"`, "another command"},
		{"github", "line=5,", "line=0,", "line 0", "a line that no file has"},
		{"github", "line=5,", "line=5,x=,", "property", "a property without a value"},
		{"github", "line=5,", "", "without a line", "a file without a line"},
		{"github", "\nnot conformant", "\n##[add-mask]not conformant", "is a command", "the verdict is one"},
		{"github", "\nnot conformant", "\n::notice::not conformant", "is a command", "the verdict is one"},
		{"github", "::notice ", strings.Repeat("::notice title=x::x\n", 10) + "::notice ", "11 notice",
			"more than GitHub shows"},
		{"markdown", "- **want** ", "- **want** <b>", `"<"`, "markup"},
		{"markdown", "- **want** ", "- **want** [x](http://e) ", `"["`, "a link"},
		{"markdown", "- **want** ", "- **want** @octocat ", "@", "a mention"},
		{"markdown", "- **want** ", "- **want** \\@octocat ", "@", "an escape does not stop a mention"},
		{"markdown", "- **want** ", "- **want** org/repo#1 ", "#1", "a reference"},
		{"markdown", "- **want** ", "- **want** https://e.example ", "://", "an address"},
		{"markdown", "- **want** ", "- **want** 0123456789abcdef ", "0123456789abcdef", "a commit"},
		{"markdown", "- **want** ", "- **want** a_b ", `"_"`, "emphasis"},
		{"markdown", "- **want** ", "- **want ", "begins with", "strong text without its end"},
		{"markdown", "- **want** ", "- **want** **", `"**" without its end`, "strong text without its end"},
		{"markdown", "- **want** ", "- **want** ` ", "code without its end", "a backtick"},
		{"markdown", "- **want** ", "- **want** &copy; ", `"&"`, "an entity"},
		{"markdown", "- **want** ", "want ", "begins with", "a block that is not ours"},
		{"markdown", "- **want** ", "- **want** \n    ", "begins with", "a line break"},
		{"markdown", "- **want** ", "- **want** \n# x\n", "begins with", "a heading that is not ours"},
		{"markdown", "| expired |", "| expired | | |", "cells", "a bar in a table"},
		{"markdown", "| --- |", "| x |", "delimiter", "a table without its second row"},
		{"markdown", "</details>", "", "details", "an element without its end"},
		{"markdown", "<details>", "<details open>", "begins with", "markup that is not ours"},
		{"markdown", "```text\n", "```text\n````\n", "fence", "a longer fence inside"},
		{"markdown", "- **want** ", "- **want** \u202e", `'\u202e'`, "an override"},
		{"html", "</body>", "<p></body>", "p", "an element without its end"},
		{"html", "</body>", "</p></body>", "p", "an end without its element"},
		{"html", "</body>", "<p title=\"></p></body>", "end", "an attribute without its end"},
		{"badge", "</svg>", "", "", "an image without its end"},
		{"har", "{", "{,", "invalid", "no JSON"},
		{"sarif", "{", "{,", "invalid", "no JSON"},
	} {
		as := formatReaders()[row.format]
		text := render(t, row.format, sample(), as.style)
		broken := strings.Replace(text, row.from, row.to, 1)
		require.NotEqual(t, text, broken, "%s: %s: the row changes nothing", row.format, row.why)
		if _, err := as.parse(broken); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %s: want an error with %q, got %v", row.format, row.why, row.want, err)
		}
	}
}

func parseConsole(text string) (string, error) {
	for _, c := range text {
		if c != '\n' && !unicode.IsPrint(c) {
			return "", fmt.Errorf("console: the character %q", c)
		}
	}
	return text, nil
}

// parseRecord reads the record twice: as we do, and as anybody does.
func parseRecord(text string) (string, error) {
	if _, err := report.ReadJSON(strings.NewReader(text)); err != nil && !strings.Contains(text, `"verdict": ""`) {
		return "", err
	}
	return parseJSON(text)
}

// parseJSON returns every string of one JSON text, names of members too.
func parseJSON(text string) (string, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	var all []string
	depth := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && depth == 0 && all != nil {
			return strings.Join(all, "\n"), nil
		}
		if err != nil {
			return "", fmt.Errorf("json: invalid: %w", err)
		}
		switch token := token.(type) {
		case json.Delim:
			depth += map[json.Delim]int{'{': 1, '[': 1, '}': -1, ']': -1}[token]
		case string:
			all = append(all, token)
		}
	}
}

func parseXML(text string) (string, error) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	var all []string
	depth, roots := 0, 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && roots == 1 {
			return strings.Join(all, "\n"), nil
		}
		if err != nil {
			return "", fmt.Errorf("xml: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				roots++
			}
			values := map[string]string{}
			for _, a := range token.Attr {
				values[a.Name.Local] = a.Value
				all = append(all, a.Value)
			}
			all = append(all, values["classname"]+"/"+values["name"])
		case xml.EndElement:
			depth--
		case xml.CharData:
			all = append(all, string(token))
		}
	}
}

// pageVoids are the elements of HTML that have no end.
var pageVoids = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
	"wbr"}

// parseHTML returns the text and the attributes of a page in which every element
// has its end, which is stricter than HTML.
func parseHTML(text string) (string, error) {
	const doctype = "!doctype html>"
	var all, open []string
	for text != "" {
		before, after, markup := strings.Cut(text, "<")
		all = append(all, html.UnescapeString(before))
		if text = after; !markup {
			break
		}
		switch {
		case strings.HasPrefix(text, "!--"):
			_, rest, found := strings.Cut(text, "-->")
			if !found {
				return "", errors.New("html: a comment without its end")
			}
			text = rest
			continue
		case strings.EqualFold(text[:min(len(doctype), len(text))], doctype):
			text = text[len(doctype):]
			continue
		}
		tag := pageTag.FindStringSubmatch(text)
		if tag == nil {
			return "", fmt.Errorf("html: a tag without its end: <%.60s", text)
		}
		text = text[len(tag[0]):]
		name := strings.ToLower(tag[2])
		for _, a := range pageAttribute.FindAllStringSubmatch(tag[3], -1) {
			all = append(all, html.UnescapeString(strings.Trim(a[1], `"'`)))
		}
		switch {
		case slices.Contains(pageVoids, name) || strings.HasSuffix(tag[3], "/"):
		case tag[1] == "":
			open = append(open, name)
			if name == "script" || name == "style" {
				_, rest, found := strings.Cut(text, "</"+name)
				if !found {
					return "", fmt.Errorf("html: %s without its end", name)
				}
				text = "</" + name + rest
			}
		case len(open) == 0 || open[len(open)-1] != name:
			return "", fmt.Errorf("html: </%s> where %q are open", name, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return "", fmt.Errorf("html: %q without their ends", open)
	}
	return strings.Join(all, "\n"), nil
}

var (
	pageTag = regexp.MustCompile(
		`^(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=` + "`" +
			`]+))?)*\s*/?)>`)
	pageAttribute = regexp.MustCompile(`=\s*("[^"]*"|'[^']*'|[^\s"'<>]+)`)
)

// A command of a workflow, as GitHub's runner reads it.
type workflowCommand struct {
	name       string
	properties map[string]string
	data       string
}

// workflowCommandOf reads one line of a step's output by the runner's rules: "::"
// at its start but for white space, or "##[" anywhere.
func workflowCommandOf(line string) (c workflowCommand, is bool) {
	commands := []string{"error", "warning", "notice", "debug", "group", "endgroup", "echo", "add-mask", "add-matcher",
		"remove-matcher",
		"add-path", "set-env", "set-output", "save-state", "stop-commands"}
	inData := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	inProperty := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	info, data, is := "", "", false
	separator := ","
	if start, found := strings.CutPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::"); found {
		info, data, is = strings.Cut(start, "::")
	}
	if name, _, _ := strings.Cut(info, " "); !is || !slices.Contains(commands, strings.ToLower(name)) {
		_, start, _ := strings.Cut(line, "##[")
		info, data, is = strings.Cut(start, "]")
		separator = ";"
	}
	name, rest, _ := strings.Cut(info, " ")
	if !is || !slices.Contains(commands, strings.ToLower(name)) {
		return c, false
	}
	c = workflowCommand{name, map[string]string{}, inData.Replace(data)}
	for _, property := range strings.Split(strings.TrimSpace(rest), separator) {
		key, value, _ := strings.Cut(property, "=")
		c.properties[key] = inProperty.Replace(value)
	}
	return c, true
}

// workflowCommands reads annotations and the line behind them.
func workflowCommands(text string) (commands []workflowCommand, last string, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	shown := map[string]int{}
	for i, line := range lines {
		c, is := workflowCommandOf(line)
		switch {
		case i == len(lines)-1 && is:
			return nil, "", fmt.Errorf("github: the last line is a command: %s", line)
		case i == len(lines)-1:
			return commands, line, nil
		case !is:
			return nil, "", fmt.Errorf("github: line %d is no command: %s", i+1, line)
		case !slices.Contains([]string{"error", "warning", "notice"}, c.name):
			return nil, "", fmt.Errorf("github: line %d is the command %q", i+1, c.name)
		}
		for key, value := range c.properties {
			if !slices.Contains([]string{"file", "line", "title"}, key) || value == "" ||
				strings.Contains(value, "\n") {
				return nil, "", fmt.Errorf("github: line %d has the property %q with the value %q", i+1, key, value)
			}
		}
		if (c.properties["file"] == "") != (c.properties["line"] == "") {
			return nil, "", fmt.Errorf("github: line %d has a file without a line, or a line without a file: %s", i+1,
				line)
		}
		if n := c.properties["line"]; n != "" && (strings.Trim(n, "0123456789") != "" || n[0] == '0') {
			return nil, "", fmt.Errorf("github: line %d is about line %s", i+1, n)
		}
		if len(c.data) == 0 || len(c.data) > 4096 || len([]rune(c.properties["title"])) > 255 {
			return nil, "", fmt.Errorf("github: line %d has %d bytes, of which GitHub keeps 4096", i+1, len(c.data))
		}
		if shown[c.name]++; shown[c.name] > 10 {
			return nil, "", fmt.Errorf("github: %d %ss, of which GitHub shows 10", shown[c.name], c.name)
		}
		commands = append(commands, c)
	}
	return commands, "", nil
}

func parseGitHub(text string) (string, error) {
	commands, last, err := workflowCommands(text)
	if err != nil {
		return "", err
	}
	var all []string
	for _, c := range commands {
		all = append(all, c.properties["file"]+":"+c.properties["line"], c.properties["title"], c.data)
	}
	all = append(all, last)
	text = strings.Join(all, "\n")
	for _, line := range strings.Split(text, "\n") {
		// What is shown in the log is not read again, but might be elsewhere.
		if _, is := workflowCommandOf(line); is {
			return "", fmt.Errorf("github: the text holds a command: %s", line)
		}
	}
	return parseConsole(text)
}

// parseMarkdown returns a summary in which there is no markup but what we write:
// stricter than Markdown, and by GitHub's rules for tables and references.
func parseMarkdown(text string) (string, error) {
	if _, err := parseConsole(text); err != nil {
		return "", err
	}
	if n := len(text); n > report.MarkdownLimit {
		return "", fmt.Errorf("markdown: %d bytes, of at most %d", n, report.MarkdownLimit)
	}
	fence, folded, cells, row := "", 0, 0, 0
	for i, line := range strings.Split(text, "\n") {
		fail := func(format string, args ...any) error {
			return fmt.Errorf("markdown: line %d: "+format+": %s", append(append([]any{i + 1}, args...), line)...)
		}
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence != "" && line == fence:
			fence = ""
			continue
		case fence != "" && strings.Contains(line, fence):
			return "", fail("a fence within a fence")
		case fence != "":
			continue
		case len(ticks) >= 3 && line == ticks+"text":
			fence = ticks
			continue
		}
		if !strings.HasPrefix(line, "|") {
			cells, row = 0, 0
		}
		switch {
		case line == "<details>":
			folded++
		case line == "</details>":
			folded--
		case mdSummary.MatchString(line), line == "":
		case strings.HasPrefix(line, "|"):
			parts := strings.Split(strings.TrimSuffix(line[1:], "|"), "|") // code or not, each one counts
			row++
			switch {
			case row == 1:
				cells = len(parts)
			case len(parts) != cells:
				return "", fail("%d cells, of %d", len(parts), cells)
			case row == 2 && !mdDelimiter.MatchString(line):
				return "", fail("no delimiter")
			}
			for _, part := range parts {
				if err := mdInline(part); err != nil {
					return "", fail("%w", err)
				}
			}
		case mdBegin.MatchString(line):
			if err := mdInline(mdBegin.ReplaceAllString(line, "")); err != nil {
				return "", fail("%w", err)
			}
		default:
			return "", fail("a block that begins with %.10q", line)
		}
	}
	switch {
	case fence != "":
		return "", errors.New("markdown: a fence without its end")
	case folded != 0:
		return "", fmt.Errorf("markdown: %d details without their end", folded)
	}
	return text, nil
}

var (
	mdSummary = regexp.MustCompile(`^<summary>[A-Za-z0-9 ,]+</summary>$`)
	mdBegin   = regexp.MustCompile(
		`^(## (Conformant|Not conformant|Could not judge): |### (Baseline|Failed|Deviated|Known|Not judged|Requirements|Coverage|Setting)$|` +
			`#### |- \*\*[a-z ]+\*\* |Verdict: |Places: |The run alone: |The file |` +
			`[0-9]+ of [0-9]+ requirements? broken, |[0-9]+ cases?: |… and [0-9]+ more )`)
	mdDelimiter = regexp.MustCompile(`^\|( -+:? \|)+$`)
	mdEntity    = regexp.MustCompile(`^&(lt|gt|amp|#124);`)
	mdReference = regexp.MustCompile(`(?i)@|#[0-9]|gh-[0-9]|://|www\.|\$|:[a-z0-9_+-]+:|\b[0-9a-f]{7,}\b`)
)

// codeSpan is the length of the code span at the start of a text, whose end is the
// next run of as many backticks, or 0 where it has none.
func codeSpan(text string) int {
	run := func(s string) int { return len(s) - len(strings.TrimLeft(s, "`")) }
	ticks := run(text)
	for at := ticks; at < len(text); at++ {
		if n := run(text[at:]); n == ticks {
			return at + n
		} else if n > 0 {
			at += n - 1
		}
	}
	return 0
}

// mdInline says what in a line of Markdown is more than text, code, **strong
// text** and the entities that we write.
func mdInline(line string) error {
	var shown strings.Builder // without code
	strong := 0
	for i := 0; i < len(line); i++ {
		switch rest := line[i:]; {
		case rest[0] == '\\' && len(rest) > 1 && strings.ContainsRune("\\`*_{}[]#~", rune(rest[1])):
			shown.WriteByte(rest[1])
			i++
		case rest[0] == '`':
			length := codeSpan(rest)
			if length == 0 {
				return errors.New("code without its end")
			}
			i += length - 1
			shown.WriteByte(' ')
		case strings.HasPrefix(rest, "**"):
			strong++
			i++
		case rest[0] == '&':
			entity := mdEntity.FindString(rest)
			if entity == "" {
				return fmt.Errorf("%q as it is", rest[:1])
			}
			shown.WriteString(html.UnescapeString(entity))
			i += len(entity) - 1
		case strings.ContainsRune("\\*_{}[]<>~|", rune(rest[0])):
			return fmt.Errorf("%q as it is", rest[:1])
		default:
			shown.WriteByte(rest[0])
		}
	}
	if strong%2 != 0 {
		return fmt.Errorf("%q without its end", "**")
	}
	if reference := mdReference.FindString(shown.String()); reference != "" {
		return fmt.Errorf("the reference %s", reference)
	}
	return nil
}
