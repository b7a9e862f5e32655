package conformancetest

import (
	"flag"
	"regexp"
	"strings"
)

// A matcher decides which subtests "go test" runs, in the same way as package testing by its
// flags -run and -skip. If the two disagree, a subtest without a result judges its case by
// itself.
type matcher struct{ run, skip [][]*regexp.Regexp }

// selection returns the matcher of this process.
func selection() matcher {
	value := func(name string) string {
		if f := flag.Lookup(name); f != nil {
			return f.Value.String()
		}
		return ""
	}
	return matcher{patterns(value("test.run")), patterns(value("test.skip"))}
}

// patterns parses a pattern: alternatives separated by |, each with elements separated by /. A
// malformed one matches everything; package testing has refused it already.
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

// blankless replaces blanks as package testing does.
func blankless(r rune) rune {
	if r == ' ' {
		return '_'
	}
	return r
}

// parted splits a pattern at a character outside of brackets and parentheses.
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

// selects reports whether the subtest with that full name runs.
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
		// Only a full match of the pattern is skipped, with its subtests.
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
