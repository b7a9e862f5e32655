package term_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"fmaspec/conformance/term"
)

func TestSafeShowsWhatATerminalWouldObey(t *testing.T) {
	for _, row := range []struct{ text, want, why string }{
		{"plain text", "plain text", "nothing to escape"},
		{"שלום", "שלום", "right-to-left letters are text"},
		{"\x1b[2J", `\x1b[2J`, "the escape character starts a command"},
		{"\x00\a\x7f", `\x00\x07\x7f`, "control characters"},
		{"\u009b2J", `\u009b2J`, "the 8-bit form of an escape sequence"},
		{"\u202eabc\u2066", `\u202eabc\u2066`, "overrides and isolates change the reading direction"},
		{"a\u200bb\ufeff", `a\u200bb\ufeff`, "invisible characters"},
		{"a\nb\r\tc", `a\nb\r\tc`, "an item keeps to its line"},
		{"\xff\xc3(", `\xff\xc3(`, "bytes that are not UTF-8"},
		{"\ufffd", `\ufffd`, "the replacement character is not mistaken for a broken byte"},
		{"\u2028\u00a0", `\u2028\u00a0`, "other line breaks and blanks"},
		{"\U000e0041", `\U000e0041`, "tag characters are invisible"},
	} {
		if got := term.Safe(row.text); got != row.want {
			t.Errorf("want %s, got %s: %s", row.want, got, row.why)
		}
	}
}

func TestSafeEscapesWhatABuildServerWouldObey(t *testing.T) {
	for _, row := range []struct{ text, want, why string }{
		{"##vso[task.complete result=Succeeded]", `#\x23vso[task.complete result=Succeeded]`, "Azure Pipelines"},
		{"got ##[error]x", `got #\x23[error]x`, "Azure Pipelines and GitHub obey it within a line"},
		{"###[", `##\x23[`, "signs that overlap"},
		{"##a##b[", `##a#\x23b[`, "a sign behind one that is none"},
		{"### a request of a file", "### a request of a file", "signs without a bracket"},
		{"##teamcity[testFailed name='x']", `#\x23teamcity[testFailed name='x']`, "TeamCity"},
		{"::set-output name=a::b", `\x3a:set-output name=a::b`, "GitHub Actions"},
		{"  ::error::x", `  \x3a:error::x`, "GitHub Actions, behind blanks"},
		{"\t::error::x", `\t::error::x`, "an escape is no blank"},
		{"at [::1]:80", "at [::1]:80", "an address within a line is none"},
		{"section_start:1560896352:my[collapsed=true]\r\x1b[0Kx",
			`section\x5fstart:1560896352:my[collapsed=true]\r\x1b[0Kx`, "GitLab"},
		{"section_end:1560896352:my", `section\x5fend:1560896352:my`, "GitLab"},
		{"travis_fold:start:x", `travis\x5ffold:start:x`, "Travis CI"},
		{"travis_time:end:x", `travis\x5ftime:end:x`, "Travis CI"},
		{"[[ATTACHMENT|/etc/passwd]]", `[\x5bATTACHMENT|/etc/passwd]]`, "Jenkins attaches a file"},
		{"[[PROPERTY|level=none]]", `[\x5bPROPERTY|level=none]]`, "a property of a test case"},
		{"[[[ATTACHMENT|x]]", `[[\x5bATTACHMENT|x]]`, "signs that overlap"},
		{"--- group", `\x2d-- group`, "Buildkite"},
		{"+++ group", `\x2b++ group`, "Buildkite"},
		{"~~~ group", `\x7e~~ group`, "Buildkite"},
		{"^^^ +++", `\x5e^^ +++`, "Buildkite"},
		{"a --- b", "a --- b", "a dash within a line"},
		{"a # b", "a # b", "one sign alone"},
	} {
		if got := term.Safe(row.text); got != row.want {
			t.Errorf("want %s, got %s: %s", row.want, got, row.why)
		}
	}
}

func TestLinesKeepsLineBreaksAlone(t *testing.T) {
	const text = "first\r\n::error::second\n\x1b[2Jthird\rfourth\n"
	const want = "first\n" + `\x3a:error::second` + "\n" + `\x1b[2Jthird\rfourth` + "\n"
	if got := term.Lines(text); got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestClipCutsLongText(t *testing.T) {
	for _, row := range []struct {
		text, want string
		columns    int
	}{
		{"abcdef", "abc…", 3},
		{"abc", "abc", 3},
		{"日本語", "日…", 3},
		{strings.Repeat("\x1b", 1<<20), `\x1b\x1…`, 7},
	} {
		if got := term.Clip(row.text, row.columns); got != row.want {
			t.Errorf("%.20q: want %q, got %q", row.text, row.want, got)
		}
	}
	if got, want := term.ClipLines("abcdef\r\n::error", 5), "abcde…\n"+`\x3a:…`; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

func TestSplitCountsWideCharactersTwice(t *testing.T) {
	for _, row := range []struct {
		text, head, tail string
		width            int
	}{
		{"abcdef", "abc", "def", 3},
		{"日本語", "日", "本語", 3},
		{"abc", "abc", "", 3},
		{"", "", "", 3},
	} {
		if head, tail := term.Split(row.text, row.width); head != row.head || tail != row.tail {
			t.Errorf("%q: want %q and %q, got %q and %q", row.text, row.head, row.tail, head, tail)
		}
	}
}

// harmful lists what no line of output may hold.
var harmful = []string{"section_start:", "section_end:", "travis_fold:", "travis_time:", "[[ATTACHMENT|", "[[PROPERTY|"}

var logging = regexp.MustCompile(`##[A-Za-z]*\[`)

func check(t *testing.T, from, got string) {
	t.Helper()
	if !utf8.ValidString(got) {
		t.Errorf("%q: want UTF-8, got %q", from, got)
	}
	for _, line := range strings.Split(got, "\n") {
		for _, r := range line {
			if !term.Printable(r) {
				t.Errorf("%q: want printable characters alone, got %U", from, r)
			}
		}
		for _, sign := range harmful {
			if strings.Contains(line, sign) {
				t.Errorf("%q: want no %s, got %q", from, sign, got)
			}
		}
		if logging.MatchString(line) {
			t.Errorf("%q: want no logging command, got %q", from, got)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("%q: want no line that begins with ::, got %q", from, got)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, seed := range []string{"", "text", "\x1b[0m", "\xff", "\u202e\ufffd\U000e0041", "##vso[", "#\n#", " ::x",
		"a\n::x\r\n", "section_start:1:a\r", "[[[PROPERTY|", "travis_fold:", "--- a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := term.Safe(text)
		check(t, text, got)
		if strings.Contains(got, "\n") {
			t.Errorf("%q: want one line, got %q", text, got)
		}
		if again := term.Safe(got); again != got {
			t.Errorf("%q: want safe text unchanged, got %q", got, again)
		}
		check(t, text, "  "+got)
		lines := term.Lines(text)
		check(t, text, lines)
		if strings.Count(lines, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q: want as many lines, got %q", text, lines)
		}
		head, tail := term.Split(got, 7)
		if term.Columns(head) > 7 || head+tail != got {
			t.Errorf("%q: want two halves of it, the first within 7 columns, got %q and %q", got, head, tail)
		}
		raw, err := json.MarshalIndent(map[string][]string{text: {text, "x"}}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		safe := term.JSON(raw)
		check(t, text, string(safe))
		var want, have any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(safe, &have); err != nil {
			t.Fatalf("%q: want JSON, got %s: %v", text, safe, err)
		}
		if !reflect.DeepEqual(want, have) {
			t.Errorf("%q: want the same values, got %s", text, safe)
		}
	})
}
