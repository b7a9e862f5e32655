package conformancetest

import (
	"flag"
	"regexp"
	"strings"
)

// A matcher says which subtests "go test" runs, as package testing does by its
// flags -run and -skip. Where the two should disagree, a subtest that runs without
// a result judges its own case alone.
type matcher struct{ run, skip [][]*regexp.Regexp }

// selection is the matcher of this process.
func selection() matcher {
	value := func(name string) string {
		if f := flag.Lookup(name); f != nil {
			return f.Value.String()
		}
		return ""
	}
	return matcher{patterns(value("test.run")), patterns(value("test.skip"))}
}

// patterns reads a pattern: alternatives between |, each with elements between /.
// One that cannot be read matches all; package testing has refused it already.
func patterns(text string) (out [][]*regexp.Regexp) {
	if text == "" {
		return nil
	}
	for _, alternative := range parted(text, '|') {
		var elements []*regexp.Regexp
		for _, element := range parted(alternative, '/') {
			compiled, err := regexp.Compile(strings.Map(blankless, element))
			if err != nil {
				return nil
			}
			elements = append(elements, compiled)
		}
		out = append(out, elements)
	}
	return out
}

// blankless writes the blanks of a name or a pattern as package testing does.
func blankless(r rune) rune {
	if r == ' ' {
		return '_'
	}
	return r
}

// parted cuts a pattern at a sign that stands outside of brackets and parentheses.
func parted(text string, at byte) (out []string) {
	square, round, from := 0, 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '[':
			square++
		case c == ']':
			square = max(square-1, 0)
		case c == '(' && square == 0:
			round++
		case c == ')' && square == 0:
			round--
		case c == '\\':
			i++
		case c == at && square == 0 && round == 0:
			out, from = append(out, text[from:i]), i+1
		}
	}
	return append(out, text[from:])
}

// selects reports whether the subtest of that full name runs.
func (m matcher) selects(name string) bool {
	elements := strings.Split(strings.Map(blankless, name), "/")
	matches := func(pattern []*regexp.Regexp) (matched, whole bool) {
		for i, element := range elements {
			if i >= len(pattern) {
				break
			}
			if !pattern[i].MatchString(element) {
				return false, false
			}
		}
		return true, len(elements) >= len(pattern)
	}
	for _, pattern := range m.skip {
		// Only what matches the whole pattern is skipped, and what is below it.
		if matched, whole := matches(pattern); matched && whole {
			return false
		}
	}
	if m.run == nil {
		return true
	}
	for _, pattern := range m.run {
		if matched, _ := matches(pattern); matched {
			return true
		}
	}
	return false
}
