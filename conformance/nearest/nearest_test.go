package nearest_test

import (
	"testing"

	"fmaspec/conformance/nearest"
)

func TestNearestSuggestsTheMistypedName(t *testing.T) {
	fields := []string{"operation", "proves", "expect", "control", "send", "times"}
	for _, row := range []struct{ word, want, why string }{
		{"prove", "proves", "one character is missing"},
		{"opertaion", "operation", "two characters are swapped"},
		{"Expect", "expect", "letter case does not count"},
		{"expects", "expect", "one character too many"},
		{"effect", "expect", "two replacements are still near"},
		{"priority", "", "nothing is near enough to be meant"},
		{"", "", "an empty word means no name"},
		{"x", "", "nor does a word of which nothing would be left"},
		{"tend", "send", "the first of equally near names wins"},
	} {
		if got := nearest.Nearest(row.word, fields); got != row.want {
			t.Errorf("Nearest(%q): want %q, got %q: %s", row.word, row.want, got, row.why)
		}
	}
}

func TestNearestIsGenerousWithLongNames(t *testing.T) {
	cases := []string{"body/refuses-missing-comment", "auth/refuses-missing-authorization"}
	if got := nearest.Nearest("body/refuse-comment-missing", cases); got != "" {
		t.Errorf("want no suggestion beyond a third of the word, got %q", got)
	}
	if got := nearest.Nearest("refuses-missing-comment", cases); got != cases[0] {
		t.Errorf("want %q, got %q", cases[0], got)
	}
}

func TestNearestOfNothingIsNothing(t *testing.T) {
	if got := nearest.Nearest("proves", nil); got != "" {
		t.Errorf("want \"\", got %q", got)
	}
}

func TestNearestForgivesTypingErrors(t *testing.T) {
	known := []string{"run", "report", "url", "parallel", "unprivileged-token-file", "drops-id"}
	for _, row := range []struct{ word, want, why string }{
		{"rnu", "run", "two letters are swapped"},
		{"paralel", "parallel", "one is missing"},
		{"Parallell", "parallel", "letter case does not count"},
		{"drop-id", "drops-id", "one is missing in the middle"},
		{"unpriviledged-tokens-file", "unprivileged-token-file", "long words may have more errors"},
		{"privileged", "unprivileged-token-file", "a part of the name will do"},
		{"frobnicate", "", "nothing is near"},
		{"x", "", "a single letter means nothing"},
		{"", "", "nor does none"},
	} {
		if got := nearest.Nearest(row.word, known); got != row.want {
			t.Errorf("Nearest(%q): want %q, got %q: %s", row.word, row.want, got, row.why)
		}
	}
}

func TestAHintFollowsTheWord(t *testing.T) {
	if got := nearest.Hint("rum", []string{"run"}); got != ` (did you mean "run"?)` {
		t.Errorf("got %q", got)
	}
	if got := nearest.Hint("frobnicate", []string{"run"}); got != "" {
		t.Errorf("want no hint, got %q", got)
	}
}
