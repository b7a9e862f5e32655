package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"fmaspec/conformance/record"
)

// What of a request a diff shows: a body beyond it is cut, and so is a longer line.
const (
	diffBody = 2 << 10 // bytes
	diffLine = 400     // columns
	diffRows = 80      // lines of a request
)

// A requestDiff is what was changed in a request against that of the control.
type requestDiff struct {
	Of    string // which exchange, if the case has several
	Lines []diffLineOf
	Same  bool // nothing but what is drawn anew for each request
}

// A diffLineOf is a line of a diff: Mark is "-" for one of the control, "+" for one of the request,
// "~" for one that differs only by what is drawn anew, and " " for one of both.
type diffLineOf struct {
	Mark, Class         string
	Head, Changed, Tail string
}

// diffOf returns what was changed in the request of a failing case against its control, or nil: the
// case passed, has no control, or one of them is not in the report.
func (p *htmlPage) diffOf(c *record.CaseResult) *requestDiff {
	if c.Control == "" || len(c.Findings) == 0 || len(c.Exchanges) == 0 {
		return nil
	}
	at, known := p.byID[c.Control]
	if !known || len(p.Report.Cases[at].Exchanges) == 0 {
		return nil
	}
	x := c.Exchange(c.Findings[0].Step)
	if x == nil {
		x = &c.Exchanges[0]
	}
	control := &p.Report.Cases[at].Exchanges[0].Request
	out := &requestDiff{Lines: diffed(control, &x.Request)}
	if len(c.Exchanges) > 1 {
		out.Of = fmt.Sprintf("exchange %d of %d", x.Step+1, len(c.Exchanges))
	}
	out.Same = true
	for _, line := range out.Lines {
		out.Same = out.Same && line.Mark != "+" && line.Mark != "-"
	}
	return out
}

// A requestLine is a line of a request, with what is left of it when what is drawn anew is not.
type requestLine struct{ text, key string }

// drawn is what each request has other values of: see {{sha1}} and {{comment}}.
var drawn = regexp.MustCompile(`\bfmaspec-[0-9a-f]{16}\b|\b[0-9a-f]{40}\b`)

// linesOf returns the lines of a request: its first line, its fields, and its body. follows says
// that a Content-Length is only what follows from the body.
func linesOf(r *record.Request, follows bool) (out []requestLine) {
	add := func(text, key string) {
		out = append(out, requestLine{clip(safe(text), diffLine), key})
	}
	plain := func(text string) string { return drawn.ReplaceAllString(text, "…") }
	first := r.Method + " " + target(*r)
	add(first, plain(first))
	for _, f := range r.Header {
		text := f.Name + ": " + f.Value
		key := plain(text)
		if follows && strings.EqualFold(f.Name, "Content-Length") {
			key = f.Name
		}
		add(text, key)
	}
	add("", "")
	body := string(r.Body)
	cut := len(body) > diffBody
	if cut {
		body = string(r.Body[:startBefore(r.Body, diffBody)])
	}
	if !utf8.ValidString(body) && isDump([]byte(body)) {
		body = dumped([]byte(body)[:min(len(body), diffBody/4)])
		cut = true
	}
	for line := range strings.SplitSeq(body, "\n") {
		add(line, plain(line))
		if len(out) == diffRows {
			cut = true
			break
		}
	}
	if cut {
		text := "… of " + count(len(r.Body), "byte")
		add(text, text)
	}
	return out
}

// measured reports whether the Content-Length of a request is the length of its body.
func measured(r *record.Request) bool {
	n := 0
	for _, f := range r.Header {
		if strings.EqualFold(f.Name, "Content-Length") {
			if n++; f.Value != strconv.Itoa(len(r.Body)) {
				return false
			}
		}
	}
	return n == 1
}

// diffed returns the lines of two requests as a unified diff.
func diffed(before, after *record.Request) (out []diffLineOf) {
	follows := measured(before) && measured(after)
	a, b := linesOf(before, follows), linesOf(after, follows)
	// longest[i][j] is the number of lines that a[i:] and b[j:] have in common, in their order.
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); a[i].key == b[j].key {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	var gone, came []string
	flush := func() {
		for i, text := range gone {
			other := ""
			if i < len(came) {
				other = came[i]
			}
			out = append(out, marked("-", "gone", text, other))
		}
		for i, text := range came {
			other := ""
			if i < len(gone) {
				other = gone[i]
			}
			out = append(out, marked("+", "added", text, other))
		}
		gone, came = nil, nil
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i].key == b[j].key:
			flush()
			line := diffLineOf{Mark: " ", Class: "both", Head: b[j].text}
			if a[i].text != b[j].text {
				line.Mark, line.Class = "~", "drawn"
			}
			out = append(out, line)
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1]:
			gone = append(gone, a[i].text)
			i++
		default:
			came = append(came, b[j].text)
			j++
		}
	}
	flush()
	return out
}

// marked returns a line with what differs from the other one in its middle.
func marked(mark, class, text, other string) diffLineOf {
	out := diffLineOf{Mark: mark, Class: class}
	if other == "" {
		out.Changed = text
		return out
	}
	t, o := []rune(text), []rune(other)
	head := 0
	for head < len(t) && head < len(o) && t[head] == o[head] {
		head++
	}
	for head > 0 && head < len(t) && inWord(t[head-1]) { // whole words are easier to read
		head--
	}
	tail := 0
	for tail < len(t)-head && tail < len(o)-head && t[len(t)-1-tail] == o[len(o)-1-tail] {
		tail++
	}
	for tail > 0 && inWord(t[len(t)-tail]) {
		tail--
	}
	out.Head, out.Changed, out.Tail = string(t[:head]), string(t[head:len(t)-tail]), string(t[len(t)-tail:])
	return out
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
